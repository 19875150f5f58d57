/**
 * @file context.h
 * FL contexts: the properties that travel with a message or a step of the run, and what a component does through
 * them: fire events, fail with detail, log, audit, find other components.
 *
 * A property has a privacy (public properties are shown to peers) and a stickiness (sticky properties belong to the run: set in one
 * context, they are seen at once in every context of the same runner). A non-sticky property hides a sticky one of
 * the same key in its own context.
 *
 * A context is used by one thread at a time. Callbacks get one from the library, [view until they return]; a transport thread makes
 * its own once (flr_runner_new_context) and resets it for each message.
 */
#ifndef FLRUNNER_CONTEXT_H
#define FLRUNNER_CONTEXT_H

#include <flrunner/event.h>
#include <flrunner/log.h>
#include <flrunner/shareable.h>
#include <flrunner/signal.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A context. */
typedef struct flr_context flr_context;
/** The server runner (runner.h). */
typedef struct flr_runner flr_runner;

/* ---- property keys ---- */
#define FLR_PROP_MANAGER "__manager__"                     /**< pointer */
#define FLR_PROP_ENGINE "__engine__"                       /**< pointer "engine": the engine's self */
#define FLR_PROP_RUNNER "__runner__"                       /**< pointer "flr_runner" */
#define FLR_PROP_RUN_NUM "__run_num__"                     /**< text: the job id */
#define FLR_PROP_IDENTITY_NAME "__identity_name__"         /**< text */
#define FLR_PROP_PEER_CTX "__peer_ctx__"                   /**< pointer "flr_context" */
#define FLR_PROP_WORKFLOW "__workflow__"                   /**< text */
#define FLR_PROP_TASK_NAME "__task_name__"                 /**< text */
#define FLR_PROP_TASK_ID "__task_id__"                     /**< text */
#define FLR_PROP_TASK_DATA "__task_data__"                 /**< pointer "flr_shareable" */
#define FLR_PROP_TASK_RESULT "__task_result__"             /**< pointer "flr_shareable" */
#define FLR_PROP_IS_RESEND "__is_resend__"                 /**< bool */
#define FLR_PROP_RUN_ABORT_SIGNAL "__run_abort_signal__"   /**< pointer "flr_signal" */
#define FLR_PROP_RUN_ABORT_REQUESTED "__run_abort_requested__" /**< bool */
#define FLR_PROP_FATAL_SYSTEM_ERROR "__fatal_system_error__"   /**< bool: the fatal flag */
#define FLR_PROP_EVENT_ID "__event_id__"                   /**< text */
#define FLR_PROP_EVENT_DATA "__event_data__"               /**< any */
#define FLR_PROP_EVENT_ORIGIN "__event_origin__"           /**< text */
#define FLR_PROP_EVENT_SCOPE "__event_scope__"             /**< text */
#define FLR_PROP_EXCEPTIONS "__exceptions__"               /**< list of maps component, code, detail */
#define FLR_PROP_EVENT_DEPTH "###event_depth"              /**< int */
#define FLR_PROP_NOT_READY_TO_END_RUN "not_ready_to_end_run__" /**< bool or number */
#define FLR_PROP_FILTER_DIR "__filter_dir__"               /**< text "in" or "out" */
#define FLR_PROP_SCOPE_OBJECT "__scope_object__"           /**< pointer "flr_scope" */
#define FLR_PROP_EFFECTIVE_JOB_SCOPE_NAME "__effective_job_scope_name__" /**< text */
#define FLR_PROP_JOB_IS_UNSAFE "__job_is_unsafe__"         /**< bool */
#define FLR_PROP_CUSTOM_PROPS "__custom_props__"           /**< map */
#define FLR_PROP_SHAREABLE "__shareable__"                 /**< pointer "flr_shareable" */
#define FLR_PROP_CLIENT_HIERARCHY "__client_hierarchy__"   /**< list of maps name, children */
#define FLR_PROP_MIN_GET_TASK_TIMEOUT "__min_get_task_timeout__" /**< real, seconds */
#define FLR_PROP_DISCONNECTED_CLIENT_NAME "_disconnected_client_name" /**< text */
#define FLR_PROP_RECONNECTED_CLIENT_NAME "_reconnected_client_name"   /**< text */
#define FLR_PROP_STATS_COLLECTOR "info_collector.stats_collector"     /**< pointer "flr_collector" */
#define FLR_PROP_JOB_META "__job_meta__"                   /**< the host's own */

/* ---- flags of a property; 0 is private and non-sticky ---- */
#define FLR_PROP_FLAG_PUBLIC 1u
#define FLR_PROP_FLAG_STICKY 2u

/**
 * Make a copy with the same manager; values are shared.
 *
 * @param copy  [out, flr_context_free]
 * @returns 0, or FLR_E_INVAL, FLR_E_NOMEM
 * @since 1.0
 */
FLR_API int flr_context_clone(const flr_context *context, flr_context **copy);

/** Release a context that the caller made, with all views that came from it; NULL is fine.   @since 1.0 */
FLR_API void flr_context_free(flr_context *context);

/**
 * Make a context as new: own properties, peer context, detail and the views of the last answer are dropped. Only for contexts that
 * the caller made; allocates nothing.
 *
 * @returns 0, or FLR_E_INVAL NULL; FLR_E_STATE a context of the library, or one in use by a call
 * @since 1.0
 */
FLR_API int flr_context_reset(flr_context *context);

/**
 * Set a property, private and sticky.
 *
 * @param key    [copy] 1 to FLR_NAME_MAX bytes
 * @param value  [give on 0 | keep on error] NULL sets nil
 * @returns 0, or FLR_E_INVAL, FLR_E_LIMIT (key), FLR_E_EXISTS (the key is set with another privacy or stickiness; the value stays), FLR_E_NOMEM
 * @threads the context's   @callbacks may be called inside any callback   @blocks never
 * @since 1.0
 */
FLR_API int flr_context_set(flr_context *context, const char *key, flr_value *value);

/** Set a property with the given FLR_PROP_FLAG_*. @returns as flr_context_set(); FLR_E_INVAL also for unknown flags   @since 1.0 */
FLR_API int flr_context_set_prop(flr_context *context, const char *key, flr_value *value, uint32_t flags);

/**
 * Get a property: the context's own, else the sticky one.
 *
 * @param value  [out, flr_value_unref] a reference
 * @returns 0, or FLR_E_INVAL, FLR_E_NOTFOUND, FLR_E_NOMEM (only for values that are made when asked for: pointers to contexts and messages, the hierarchy)
 * @since 1.0
 */
FLR_API int flr_context_get(const flr_context *context, const char *key, flr_value **value);

/** Get a property with its FLR_PROP_FLAG_*, wherever it was set. Arguments and results as flr_context_get().   @since 1.0 */
FLR_API int flr_context_get_prop(const flr_context *context, const char *key, flr_value **value, uint32_t *flags);

/**
 * Remove a property: the context's own entry, or if there is none the sticky one, for all contexts.
 *
 * @param force  1 is needed for keys that begin with "__"
 * @returns 0, or FLR_E_INVAL (also a "__" key without force), FLR_E_NOTFOUND
 * @since 1.0
 */
FLR_API int flr_context_remove(flr_context *context, const char *key, int force);

/** Get all public properties, sticky ones too. @param map [out, flr_value_unref] @returns 0, or FLR_E_INVAL, FLR_E_NOMEM   @since 1.0 */
FLR_API int flr_context_get_public(const flr_context *context, flr_value **map);

/**
 * Get the public properties for a peer: those that have a wire form; each key that is left out gives a warning.
 *
 * @param map  [out, flr_value_unref]
 * @returns 0, or FLR_E_INVAL, FLR_E_NOMEM
 * @since 1.0
 */
FLR_API int flr_context_get_public_for_wire(flr_context *context, flr_value **map);

/**
 * Replace the context's own public properties; private ones and public sticky ones stay. A key that is set otherwise is left
 * out, with a warning.
 *
 * @param map  [borrow] the new ones
 * @returns 0, or FLR_E_INVAL NULL or no map; FLR_E_NOMEM
 * @since 1.0
 */
FLR_API int flr_context_set_public(flr_context *context, const flr_value *map);

/** Set a custom property (kept in one private non-sticky map). @param value [give on 0 | keep on error] @returns as flr_context_set()   @since 1.0 */
FLR_API int flr_context_set_custom(flr_context *context, const char *key, flr_value *value);

/** Get a custom property. @param value [out, flr_value_unref] @returns 0, or FLR_E_INVAL, FLR_E_NOTFOUND   @since 1.0 */
FLR_API int flr_context_get_custom(const flr_context *context, const char *key, flr_value **value);

/**
 * Set the peer context: what the other side sent of itself with this message.
 *
 * @param props  [borrow] a map: all become public, non-sticky properties of the peer context; NULL removes the peer context
 * @returns 0, or FLR_E_INVAL no map; FLR_E_NOMEM
 * @since 1.0
 */
FLR_API int flr_context_set_peer_props(flr_context *context, const flr_value *props);

/** Get the peer context. @returns [view until the context is reset, freed or its peer props are set] NULL if there is none   @since 1.0 */
FLR_API flr_context *flr_context_get_peer(const flr_context *context);

/** Get the engine's self. @returns [view] NULL in a peer context   @since 1.0 */
FLR_API void *flr_context_get_engine(const flr_context *context);

/** Get the job id from the context's own entries. @returns [view until the property changes] NULL if missing   @since 1.0 */
FLR_API const char *flr_context_get_job_id(const flr_context *context);

/** Get the identity from the context's own entries. @returns [view until the property changes] "" if missing   @since 1.0 */
FLR_API const char *flr_context_get_identity(const flr_context *context);

/** Get the run's abort signal, wherever it was set. @returns [out, flr_signal_unref] a reference; NULL if missing   @since 1.0 */
FLR_API flr_signal *flr_context_get_abort_signal(const flr_context *context);

/** Get the server runner that this context belongs to. @returns [view while the context lives] NULL on the client side or in a peer context   @since 1.0 */
FLR_API flr_runner *flr_context_get_runner(const flr_context *context);

/** Get the clock of the run. @returns [view while the context lives] NULL in a peer context   @since 1.0 */
FLR_API flr_clock *flr_context_get_clock(const flr_context *context);

/** Get the task name, task id or workflow id property as text. @returns [view until the property changes] NULL if missing   @since 1.0 */
FLR_API const char *flr_context_get_task_name(const flr_context *context);
FLR_API const char *flr_context_get_task_id(const flr_context *context);

/**
 * Attach a detail text to the context and return the code, for callbacks that fail:
 * `return flr_context_fail(ctx, FLR_E_IO, "cannot open %s", path);`. The last text before the callback returns counts.
 *
 * @param code    returned as it is
 * @param format  [borrow] printf style; the text is cut at 511 bytes
 * @returns @p code
 * @since 1.0
 */
FLR_API int flr_context_fail(flr_context *context, int code, const char *format, ...) FLR_PRINTF(3, 4);

/** Get the detail text that a failed call left in this context. @returns [view until the next call with this context] "" if there is none   @since 1.0 */
FLR_API const char *flr_context_get_detail(const flr_context *context);

/**
 * Fire an event: call every handler that subscribed to it, in order of the components, on this thread. Handlers' failures are
 * logged and kept in `__exceptions__`; they do not fail the firing.
 *
 * @param event  [copy] non-empty name
 * @returns 0, or FLR_E_INVAL, FLR_E_LIMIT (nested too deep), FLR_E_STATE (a context without an engine), FLR_E_NOMEM
 * @threads the context's   @callbacks may be called inside any callback   @blocks as long as handlers do
 * @since 1.0
 */
FLR_API int flr_context_fire(flr_context *context, const char *event);

/**
 * Fire an event for the federation: locally, with scope `federation` and the targets in the header `_targets`; components that reach
 * other sites forward it.
 *
 * @param data     [borrow] becomes `__event_data__` (pointer "flr_shareable"); its header `_targets` is set, so it must not be frozen
 * @param targets  [borrow] a list of texts; NULL: everybody
 * @returns as flr_context_fire(); FLR_E_INVAL also if @p data is NULL or @p targets no list
 * @since 1.0
 */
FLR_API int flr_context_fire_federation(flr_context *context, const char *event, flr_shareable *data, const flr_value *targets);

/**
 * End the run because of a fatal error: `__event_data__` = reason, then `_fatal_system_error` is fired. Never fails for want of
 * memory: the run is aborted in any case.
 *
 * @returns 0, or FLR_E_INVAL
 * @since 1.0
 */
FLR_API int flr_context_panic(flr_context *context, const char *reason);

/**
 * Write a log line. Warning, error and critical also fire the log event of that level.
 *
 * @param level   FLR_LOG_*
 * @param format  [borrow] printf style; formatted only if the level is on; cut at 2047 bytes
 * @since 1.0
 */
FLR_API void flr_context_log(flr_context *context, int level, const char *format, ...) FLR_PRINTF(3, 4);

/** Tell whether this level reaches the sink or a log event that somebody hears.   @since 1.0 */
FLR_API int flr_context_log_is_on(const flr_context *context, int level);

/**
 * Write an audit line through the engine.
 *
 * @param reference  [borrow] the id of the audit event that led to this one; NULL or "": none
 * @param message    [borrow] non-empty
 * @param id         [out] 33 bytes: the id of the line, or "" without an auditor or if it failed
 * @returns 0, or FLR_E_INVAL
 * @since 1.0
 */
FLR_API int flr_context_audit(flr_context *context, const char *reference, const char *message, char *id);

/** Find a component by its id. @returns [view while the run lives] its self; NULL if there is none   @since 1.0 */
FLR_API void *flr_context_find_component(const flr_context *context, const char *id);

#ifdef __cplusplus
}
#endif
#endif
