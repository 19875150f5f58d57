/**
 * @file component.h
 * Components: what event handlers, filters, controllers, communicators and executors have in common.
 */
#ifndef FLRUNNER_COMPONENT_H
#define FLRUNNER_COMPONENT_H

#include <flrunner/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Hears one event.
 *
 * @param event    [borrow] its name
 * @param context  [view until return] the context in which it was fired
 * @returns 0 or a code; a failure is logged and recorded, nothing else. FLR_E_NOT_READY is a vote in `_check_end_run_readiness`
 * @threads any, several at once   @callbacks may call the library   @since 1.0
 */
typedef int (*flr_event_handler)(void *self, const char *event, flr_context *context);

/**
 * The common vtable. All members are optional. Other vtables point to one with their member `component`.
 * It is copied at registration; `self` is the one that is registered with it.
 */
typedef struct flr_component_ops {
    uint32_t struct_size; /**< sizeof(flr_component_ops); set by flr_component_ops_init() */
    uint32_t flags;       /**< 0 */
    /** [copy] Origin of its events and its name in logs; NULL: its id. */
    const char *name;
    /** Hears events; NULL: none. */
    flr_event_handler handle_event;
    /** [copy] NULL-terminated array of the events that handle_event wants; NULL: all. */
    const char *const *events;
    /**
     * Describe a state to which this component can return alone; called at any time, on any thread, never twice at once.
     * @param state  [out] a reference passes to the library; values of kind pointer are refused
     */
    int (*save)(void *self, flr_context *context, flr_value **state);
    /** Return to a saved state, before the run begins. @param state [borrow] */
    int (*restore)(void *self, flr_context *context, const flr_value *state);
    /** The last call ever made on self, exactly once; must not call the library with objects of the same runner. */
    void (*destroy)(void *self);
    /* ---- end of 1.0 ---- */
} flr_component_ops;

/** Fill a vtable with its defaults. @param size sizeof(flr_component_ops) of the host's header; NULL does nothing   @since 1.0 */
FLR_API void flr_component_ops_init(flr_component_ops *ops, size_t size);

#ifdef __cplusplus
}
#endif
#endif
