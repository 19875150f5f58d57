/**
 * @file step.h
 * How a run stands that is driven step by step, on the server and on a client.
 */
#ifndef FLRUNNER_STEP_H
#define FLRUNNER_STEP_H

#include <flrunner/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- state of a stepped run ---- */
#define FLR_STEP_RUNNING 0
#define FLR_STEP_ENDED 1

/** How a stepped run stands. */
typedef struct flr_step_result {
    uint32_t struct_size; /**< sizeof(flr_step_result); set by flr_step_result_init() */
    uint32_t flags;       /**< 0 */
    int64_t wait_ns;      /**< come back after so many nanoseconds at the latest; 0: at once; -1: only when `wakeup` says so */
    int32_t state;        /**< FLR_STEP_* */
    int32_t result;       /**< ended: what run would have returned; else 0 */
    /* ---- end of 1.0 ---- */
} flr_step_result;

/** Fill a struct with its defaults. @param size sizeof(flr_step_result) of the host's header; NULL does nothing   @since 1.0 */
FLR_API void flr_step_result_init(flr_step_result *result, size_t size);

#ifdef __cplusplus
}
#endif
#endif
