/**
 * @file filter.h
 * Filters change messages on their way: task data on its way out of the server, results on their way in (and the other way
 * round on a client). A chain is an ordered list of filters that is configured for a task name or pattern. Privacy scopes hold the
 * site's own chains, which come before the job's.
 */
#ifndef FLRUNNER_FILTER_H
#define FLRUNNER_FILTER_H

#include <flrunner/component.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- directions, as numbers in calls and as text in `__filter_dir__` ("in", "out") ---- */
#define FLR_FILTER_IN 1
#define FLR_FILTER_OUT 2
#define FLR_FILTER_INOUT 3 /**< configuration only: both */

/** Flag: process may be called by several threads at once. Without it the library calls one at a time. */
#define FLR_FILTER_FLAG_CONCURRENT 1u

/** The vtable of a filter. */
typedef struct flr_filter_ops {
    uint32_t struct_size; /**< sizeof(flr_filter_ops); set by flr_filter_ops_init() */
    uint32_t flags;       /**< FLR_FILTER_FLAG_* */
    /** [copy] optional; of it only name and destroy are used. A filter that needs events or saved state is also added as a component. */
    const flr_component_ops *component;
    /**
     * Required. Filter one message.
     *
     * @param message  [borrow] may be changed in place: it is this client's own copy
     * @param output   [out] the message to go on with: a reference passes to the library. To pass on the same one:
     *                 `*output = flr_shareable_ref(message)`
     * @returns 0, or a code: the chain stops (so it does for 0 without an output)
     * @threads any   @callbacks may call the library, but not submit, nor request tasks where filters or send callbacks are involved
     */
    int (*process)(void *self, flr_context *context, flr_shareable *message, flr_shareable **output);
    /* ---- end of 1.0 ---- */
} flr_filter_ops;

/** Fill a vtable with its defaults. @param size sizeof(flr_filter_ops) of the host's header; NULL does nothing   @since 1.0 */
FLR_API void flr_filter_ops_init(flr_filter_ops *ops, size_t size);

/** A filter: a vtable with its self, reference counted, usable in several chains. */
typedef struct flr_filter flr_filter;
/** An ordered list of filters, reference counted; not to be changed once configured. */
typedef struct flr_filter_chain flr_filter_chain;
/** A privacy scope: a name with chains for both kinds of messages. */
typedef struct flr_scope flr_scope;

/**
 * Make a filter.
 *
 * @param ops     [copy]
 * @param self    [give on 0 | keep on error] destroy is called when the last reference is dropped
 * @param filter  [out, flr_filter_unref]
 * @returns 0, or FLR_E_INVAL (also process missing), FLR_E_ABI, FLR_E_NOMEM
 * @threads any   @since 1.0
 */
FLR_API int flr_filter_new(const flr_filter_ops *ops, void *self, flr_filter **filter);
FLR_API flr_filter *flr_filter_ref(flr_filter *filter);
FLR_API void flr_filter_unref(flr_filter *filter);

/** Make an empty chain. @param chain [out, flr_filter_chain_unref] @returns 0, or FLR_E_INVAL, FLR_E_NOMEM   @since 1.0 */
FLR_API int flr_filter_chain_new(flr_filter_chain **chain);
FLR_API flr_filter_chain *flr_filter_chain_ref(flr_filter_chain *chain);
FLR_API void flr_filter_chain_unref(flr_filter_chain *chain);

/**
 * Append a filter.
 *
 * @param filter  [borrow] a reference is taken
 * @returns 0, or FLR_E_INVAL, FLR_E_NOMEM, FLR_E_STATE (the chain is configured already)
 * @since 1.0
 */
FLR_API int flr_filter_chain_add(flr_filter_chain *chain, flr_filter *filter);

/** Make a privacy scope. @param name [copy] 1 to FLR_NAME_MAX bytes @param scope [out, flr_scope_unref] @returns 0, or FLR_E_INVAL, FLR_E_LIMIT, FLR_E_NOMEM   @since 1.0 */
FLR_API int flr_scope_new(const char *name, flr_scope **scope);
FLR_API flr_scope *flr_scope_ref(flr_scope *scope);
FLR_API void flr_scope_unref(flr_scope *scope);
/** Get the name. @returns [view while the scope lives]   @since 1.0 */
FLR_API const char *flr_scope_get_name(const flr_scope *scope);

/**
 * Add a filter to a scope's chain for task data or for results; it applies to every task.
 *
 * @param direction  FLR_FILTER_IN, FLR_FILTER_OUT or FLR_FILTER_INOUT
 * @param filter     [borrow] a reference is taken
 * @returns 0, or FLR_E_INVAL, FLR_E_NOMEM, FLR_E_STATE (the scope is in use by a runner already)
 * @since 1.0
 */
FLR_API int flr_scope_add_data_filter(flr_scope *scope, int direction, flr_filter *filter);
FLR_API int flr_scope_add_result_filter(flr_scope *scope, int direction, flr_filter *filter);

#ifdef __cplusplus
}
#endif
#endif
