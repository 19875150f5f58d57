/**
 * @file aux.h
 * Auxiliary messages for components: answer a topic, send to a topic of other sites. They travel beside the tasks, through the engine's
 * send_aux (engine.h) and flr_runner_process_aux (runner.h), and are the same on the server and on a client.
 */
#ifndef FLRUNNER_AUX_H
#define FLRUNNER_AUX_H

#include <flrunner/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------ answering */

/**
 * Answers the messages of one topic.
 *
 * @param context  [view until return] its peer context is made from the message, with `__identity_name__` = the authenticated sender
 * @param topic    [borrow]
 * @param request  [borrow]
 * @param reply    [out] a reference passes to the library on 0; headers are added and it is frozen, so it must not be in use elsewhere
 *                 unless it is frozen already (then a copy is sent). Preset to NULL, which means an empty `OK`
 * @returns 0, or a code: the sender gets `HANDLER_EXCEPTION`
 * @threads any, several at once   @callbacks may call the library   @since 1.0
 */
typedef int (*flr_aux_handler)(void *self, flr_context *context, const char *topic, const flr_shareable *request,
                               flr_shareable **reply);

/**
 * Register the handler of a topic, for the whole run.
 *
 * @param topic    [copy] 1 to FLR_NAME_MAX bytes
 * @param self     [keep until the run is freed]
 * @returns 0, or FLR_E_INVAL, FLR_E_LIMIT, FLR_E_EXISTS (the topic has a handler), FLR_E_STATE (a context without an engine), FLR_E_NOMEM
 * @threads any   @callbacks may be called inside any callback   @blocks never
 * @since 1.0
 */
FLR_API int flr_context_register_aux(flr_context *context, const char *topic, flr_aux_handler handler, void *self);

/* ------------------------------------------------------------------ sending */

#define FLR_AUX_FLAG_OPTIONAL 1u /**< a failure is of no importance: logged as debug, not as error */
#define FLR_AUX_FLAG_SECURE 2u   /**< to be encrypted for its receiver */

/** How a message is sent. Filled with defaults by flr_aux_options_init(). */
typedef struct flr_aux_options {
    uint32_t struct_size; /**< sizeof(flr_aux_options); set by flr_aux_options_init() */
    uint32_t flags;       /**< FLR_AUX_FLAG_* */
    /** [copy] names; NULL (default): all clients. Repeated names count once. */
    const char *const *targets;
    size_t target_count;
    /** Seconds to wait for replies; 0 (default): do not wait, there are no replies. */
    double timeout;
    /* ---- end of 1.0 ---- */
} flr_aux_options;

/** Fill a struct with its defaults. @param size sizeof(flr_aux_options) of the host's header; NULL does nothing   @since 1.0 */
FLR_API void flr_aux_options_init(flr_aux_options *options, size_t size);

/**
 * Called once when every target has replied or failed, or the timeout is over; flr_aux_send_get_reply() has the replies.
 *
 * @param send  [view until return] a reference may be taken
 * @threads any, also inside flr_context_send_aux(), before it returns   @callbacks may call the library   @since 1.0
 */
typedef void (*flr_aux_done)(void *self, flr_aux_send *send);

/**
 * Send a message; do not wait for the replies.
 *
 * @param topic    [copy] 1 to FLR_NAME_MAX bytes
 * @param request  [borrow] a copy is sent, with the headers `__peer_props__` (the context's public properties), `__msg_root_id__` and
 *                 `__msg_root_ttl__` (the timeout), the last two only if it has none
 * @param options  [copy] NULL: the defaults
 * @param done     called exactly once if this returns 0, else never; may be NULL if the timeout is 0
 * @param self     [keep until done has returned]
 * @returns 0, or FLR_E_INVAL, FLR_E_LIMIT, FLR_E_ABI, FLR_E_NOMEM; FLR_E_NOTSUP the engine cannot send; FLR_E_STATE a context without an
 *          engine, or there is a timeout and the run has ended; what send_aux returned before any target was reported (logged)
 * @threads the context's   @callbacks may be called inside any callback   @blocks never
 * @since 1.0
 */
FLR_API int flr_context_send_aux(flr_context *context, const char *topic, const flr_shareable *request,
                                 const flr_aux_options *options, flr_aux_done done, void *self);

/**
 * Send a message and wait for the replies.
 *
 * @param topic, request, options  as above
 * @param abort    [borrow] ends the waiting early; NULL: nothing does
 * @param replies  [out, flr_value_unref] a map of target to pointer "flr_shareable"; NULL if the timeout is 0
 * @returns 0 and a reply per target, or as above; FLR_E_NOTSUP also on the thread that steps the run, if there is a timeout; FLR_E_ABORTED
 * @threads the context's   @callbacks where blocking is acceptable   @blocks until replied, timed out or aborted
 * @since 1.0
 */
FLR_API int flr_context_send_aux_and_wait(flr_context *context, const char *topic, const flr_shareable *request,
                                          const flr_aux_options *options, flr_signal *abort, flr_value **replies);

/**
 * Get a target's reply, once done was called. A failure is a reply too: `TIMEOUT`, `COMMUNICATION_ERROR`, `EXECUTION_EXCEPTION` or `ERROR`.
 *
 * @returns [view while a reference to @p send is held] frozen; NULL before, beyond the last target, and with a timeout of 0
 * @threads any   @since 1.0
 */
FLR_API const flr_shareable *flr_aux_send_get_reply(const flr_aux_send *send, size_t target);

#ifdef __cplusplus
}
#endif
#endif
