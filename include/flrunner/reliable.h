/**
 * @file reliable.h
 * Reliable requests between sites: a request is handled once, and its reply arrives, although single messages get lost on the way in either direction.
 * They travel over auxiliary messages (aux.h) and are the same on the server and on a client.
 *
 * The sender repeats its request until the receiver says that it has it, and then asks for the reply until it is there. The receiver handles the
 * request on a thread of its own (in step mode inside step), sends the reply, and keeps it until the sender has it. Both are available from the
 * begin of a run (before `_start_run`) to its end.
 *
 * What one client can make the receiver keep is bounded: 1024 transactions that are not over (a request beyond gets `SERVICE_UNAVAILABLE`), and the
 * ids of 32768 that are (beyond, its oldest ones are forgotten before their time).
 */
#ifndef FLRUNNER_RELIABLE_H
#define FLRUNNER_RELIABLE_H

#include <flrunner/aux.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- topics, headers, operations and statuses of the messages that carry them ---- */
#define FLR_RELIABLE_TOPIC_REQUEST "RM.RELIABLE_REQUEST"
#define FLR_RELIABLE_TOPIC_REPLY "RM.RELIABLE_REPLY"
#define FLR_RELIABLE_HEADER_OP "rm.op"                           /**< text */
#define FLR_RELIABLE_HEADER_TOPIC "rm.topic"                     /**< text */
#define FLR_RELIABLE_HEADER_TX_ID "rm.tx_id"                     /**< text */
#define FLR_RELIABLE_HEADER_PER_MSG_TIMEOUT "rm.per_msg_timeout" /**< real, seconds */
#define FLR_RELIABLE_HEADER_TX_TIMEOUT "rm.tx_timeout"           /**< real, seconds */
#define FLR_RELIABLE_HEADER_STATUS "rm.status"                   /**< text */
#define FLR_RELIABLE_OP_REQUEST "req"
#define FLR_RELIABLE_OP_QUERY "query"
#define FLR_RELIABLE_OP_REPLY "reply"
#define FLR_RELIABLE_OP_CONFIRM "confirm"
#define FLR_RELIABLE_OP_CANCEL "cancel"
#define FLR_RELIABLE_STATUS_IN_PROCESS "in_process"
#define FLR_RELIABLE_STATUS_IN_REPLY "in_reply"
#define FLR_RELIABLE_STATUS_NOT_RECEIVED "not_received"
#define FLR_RELIABLE_STATUS_REPLIED "replied"
#define FLR_RELIABLE_STATUS_ABORTED "aborted"
#define FLR_RELIABLE_STATUS_DUPLICATE "dup_request"

/* ------------------------------------------------------------------ handling */

/**
 * Handles the requests of one topic, each once.
 *
 * @param context  [view until return] as in flr_aux_handler; its abort signal (flr_context_get_abort_signal()) is @p cancel
 * @param topic    [borrow]
 * @param request  [borrow] frozen
 * @param cancel   [borrow] triggered when nobody waits for the reply any more, and when the run ends: stop early
 * @param reply    [out] a reference passes to the library on 0; preset to NULL, which means an empty `OK`
 * @returns 0, or a code: the sender gets `EXECUTION_EXCEPTION` with the header `__error__`
 * @threads the library's, as many at once as configured; in step mode the one that steps   @callbacks may call the library   @since 1.0
 */
typedef int (*flr_reliable_handler)(void *self, flr_context *context, const char *topic, const flr_shareable *request,
                                    flr_signal *cancel, flr_shareable **reply);

/**
 * Register the handler of a topic, for the whole run. It also answers plain auxiliary messages of that topic.
 *
 * @param topic    [copy] 1 to FLR_NAME_MAX bytes
 * @param self     [keep until the run is freed]
 * @returns 0, or FLR_E_INVAL, FLR_E_LIMIT, FLR_E_EXISTS (the topic has a handler), FLR_E_STATE (before the run has begun, after its end, or a context
 *          without an engine), FLR_E_NOMEM
 * @threads the context's   @callbacks may be called inside any callback, first in `_start_run` handlers   @blocks never
 * @since 1.0
 */
FLR_API int flr_context_register_reliable(flr_context *context, const char *topic, flr_reliable_handler handler, void *self);

/* ------------------------------------------------------------------ sending */

/** How a reliable request is sent. Filled with defaults by flr_reliable_options_init(). */
typedef struct flr_reliable_options {
    uint32_t struct_size; /**< sizeof(flr_reliable_options); set by flr_reliable_options_init() */
    uint32_t flags;       /**< FLR_AUX_FLAG_* */
    /** Seconds that a single message may take, > 0; default 2.0. */
    double per_message_timeout;
    /**
     * Seconds that the whole exchange may take, the handling included; default 600.0. Not above per_message_timeout, 0 too: one plain auxiliary
     * message is sent, and nothing is repeated.
     */
    double transaction_timeout;
    /* ---- end of 1.0 ---- */
} flr_reliable_options;

/** Fill a struct with its defaults. @param size sizeof(flr_reliable_options) of the host's header; NULL does nothing   @since 1.0 */
FLR_API void flr_reliable_options_init(flr_reliable_options *options, size_t size);

/**
 * Called once with the reply. What failed on the way is a reply too: return code `COMMUNICATION_ERROR` (not reached, or no reply in time),
 * `EXECUTION_EXCEPTION` (the handler failed, or its result is lost), `TOPIC_UNKNOWN`, `SERVICE_UNAVAILABLE`, `TASK_ABORTED` (the abort signal, or the end of
 * the run here), most with the header `__error__`. A plain message (a transaction_timeout not above per_message_timeout) that fails becomes what
 * flr_aux_send_get_reply() says, or `TASK_ABORTED`. A stepped run that is freed before its end completes what is under way then.
 *
 * @param reply  [view until return] frozen; a reference may be taken
 * @threads any, also inside flr_context_send_reliable(), before it returns   @callbacks may call the library   @since 1.0
 */
typedef void (*flr_reliable_done)(void *self, flr_shareable *reply);

/**
 * Send a request; do not wait for the reply.
 *
 * @param target   [copy] the site to reach: a client's name, or on a client the server's
 * @param topic    [copy] 1 to FLR_NAME_MAX bytes
 * @param request  [borrow] a copy is sent, with headers of its own
 * @param options  [copy] NULL: the defaults
 * @param abort    [borrow] a reference is taken; when it is triggered the exchange ends at once; NULL: only the run's own signal does that
 * @param done     called exactly once if this returns 0, else never
 * @param self     [keep until done has returned]
 * @returns 0, or FLR_E_INVAL (also a per_message_timeout that is not positive), FLR_E_LIMIT, FLR_E_ABI, FLR_E_NOMEM; FLR_E_NOTSUP the engine cannot send;
 *          FLR_E_STATE before the run has begun, after its end, or a context without an engine
 * @threads the context's   @callbacks may be called inside any callback   @blocks never
 * @since 1.0
 */
FLR_API int flr_context_send_reliable(flr_context *context, const char *target, const char *topic, const flr_shareable *request,
                                      const flr_reliable_options *options, flr_signal *abort, flr_reliable_done done, void *self);

/**
 * Send a request and wait for the reply.
 *
 * @param reply  [out, flr_shareable_unref] as for flr_reliable_done
 * @returns 0 and a reply, or as flr_context_send_reliable(); FLR_E_NOTSUP also on the thread that steps the run
 * @threads the context's   @callbacks where blocking is acceptable   @blocks until there is a reply
 * @since 1.0
 */
FLR_API int flr_context_send_reliable_and_wait(flr_context *context, const char *target, const char *topic, const flr_shareable *request,
                                               const flr_reliable_options *options, flr_signal *abort, flr_shareable **reply);

#ifdef __cplusplus
}
#endif
#endif
