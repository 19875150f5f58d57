/**
 * @file controller.h
 * Workflow controllers: what decides which work is given out and when the workflow is over.
 */
#ifndef FLRUNNER_CONTROLLER_H
#define FLRUNNER_CONTROLLER_H

#include <flrunner/component.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Flag: process_result_of_unknown_task may be called by several threads at once. */
#define FLR_CONTROLLER_FLAG_CONCURRENT 1u

/**
 * The vtable of a controller. At least one of control_flow and step is required. A member that fails ends the workflow and the
 * run; it may attach a detail with flr_context_fail().
 */
typedef struct flr_controller_ops {
    uint32_t struct_size; /**< sizeof(flr_controller_ops); set by flr_controller_ops_init() */
    uint32_t flags;       /**< FLR_CONTROLLER_FLAG_* */
    /** [copy] optional */
    const flr_component_ops *component;
    /** Run the workflow and return when it is over; may block (wait for tasks), and returns soon when @p abort is triggered. Used by flr_runner_run(). */
    int (*control_flow)(void *self, flr_signal *abort, flr_context *context);
    /**
     * Do what can be done now, never wait. Called when the workflow opens, when one of its tasks has ended, at its due time, when an abort
     * signal triggers, and after flr_runner_wake(); never twice at once.
     *
     * @param now    nanoseconds of the run's clock
     * @param due    [out] when to be called again at the latest; preset to FLR_TIME_NONE
     * @param ended  [out] 1: the workflow is over; preset to 0
     */
    int (*step)(void *self, flr_context *context, int64_t now, int64_t *due, int *ended);
    /** Optional. Before the workflow opens: here tasks may be scheduled already. */
    int (*start)(void *self, flr_context *context);
    /** Optional. After the workflow has closed; called exactly if start was. */
    int (*stop)(void *self, flr_context *context);
    /** Optional. Take a result that belongs to no standing task (late, or of an unknown id). @param result [borrow] */
    int (*process_result_of_unknown_task)(void *self, flr_context *context, const char *client, const char *task_name,
                                          const char *task_id, const flr_shareable *result);
    /* ---- end of 1.0 ---- */
} flr_controller_ops;

/** Fill a vtable with its defaults. @param size sizeof(flr_controller_ops) of the host's header; NULL does nothing   @since 1.0 */
FLR_API void flr_controller_ops_init(flr_controller_ops *ops, size_t size);

#ifdef __cplusplus
}
#endif
#endif
