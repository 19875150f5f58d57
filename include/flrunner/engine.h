/**
 * @file engine.h
 * The engine: what the host supplies. Transport and persistence stay the host's; the library asks through this vtable.
 */
#ifndef FLRUNNER_ENGINE_H
#define FLRUNNER_ENGINE_H

#include <flrunner/context.h>
#include <flrunner/snapshot.h>
#include <flrunner/wire.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Collects the known clients while list_clients runs. */
typedef struct flr_client_list flr_client_list;
/** One auxiliary message to send, reference counted; may be answered on any thread. */
typedef struct flr_aux_send flr_aux_send;
/** One audit line with its parts. */
typedef struct flr_audit_record flr_audit_record;

/**
 * The vtable of an engine. Every member may be called on any thread, several at once unless it says otherwise.
 * wakeup and task_ready only signal (eventfd, pipe, condition variable) and must not call the library.
 */
typedef struct flr_engine_ops {
    uint32_t struct_size; /**< sizeof(flr_engine_ops); set by flr_engine_ops_init() */
    uint32_t flags;       /**< 0 */
    /** Required. Name every client that takes part: flr_client_list_add() for each, in the order that the library shall use. */
    int (*list_clients)(void *self, flr_client_list *list);
    /**
     * Optional. Send an auxiliary message: take a reference, queue it, return at once. Report replies and failures per target with
     * flr_aux_send_reply() and flr_aux_send_fail(), before returning or later. A failing return fails all targets not yet reported.
     * Without it: FLR_E_NOTSUP to who wants to send; the END_RUN message is left out.
     */
    int (*send_aux)(void *self, flr_aux_send *send);
    /** Optional. Keep a state of the run so that it survives this process; never twice at once, in the order of the states. @param completed 1: the run is done */
    int (*persist)(void *self, const flr_state *state, int completed);
    /** Optional. Keep an audit line. A failure leaves the audit id of the message empty. */
    int (*audit)(void *self, const flr_audit_record *record);
    /** Optional. The runner has something to do: call flr_runner_step() soon. Only in step mode. */
    void (*wakeup)(void *self);
    /** Optional. A task became available: to one client, or (@p client NULL) to everybody. Notices may be spurious or merged, never lost. */
    void (*task_ready)(void *self, const char *client);
    /** Optional. Take a log line (without a newline) of FLR_LOG_*. Must not call the library. */
    void (*log)(void *self, int level, const char *line);
    /* ---- end of 1.0 ---- */
} flr_engine_ops;

/** Fill a vtable with its defaults. @param size sizeof(flr_engine_ops) of the host's header; NULL does nothing   @since 1.0 */
FLR_API void flr_engine_ops_init(flr_engine_ops *ops, size_t size);

/**
 * Name a client, inside list_clients.
 *
 * @param name    [copy] 1 to FLR_NAME_MAX bytes
 * @param parent  [copy] the client above it in the hierarchy; NULL or "": none
 * @returns 0, or FLR_E_INVAL, FLR_E_LIMIT, FLR_E_EXISTS (named already), FLR_E_NOMEM
 * @since 1.0
 */
FLR_API int flr_client_list_add(flr_client_list *list, const char *name, const char *parent);

/** Take one more reference. @returns @p send   @threads any   @since 1.0 */
FLR_API flr_aux_send *flr_aux_send_ref(flr_aux_send *send);
/** Drop a reference; NULL is fine. Targets not reported by then count as failed with FLR_E_IO.   @threads any   @since 1.0 */
FLR_API void flr_aux_send_unref(flr_aux_send *send);
/** Get the topic. @returns [view while a reference is held]   @since 1.0 */
FLR_API const char *flr_aux_send_get_topic(const flr_aux_send *send);
/** Get the message, frozen, with the peer properties of the sender. @returns [view while a reference is held]   @since 1.0 */
FLR_API const flr_shareable *flr_aux_send_get_request(const flr_aux_send *send);
/** Get the number of targets; never 0: "all clients" has been resolved to names.   @since 1.0 */
FLR_API size_t flr_aux_send_get_target_count(const flr_aux_send *send);
/** Get a target's name. @returns [view while a reference is held] NULL beyond the last   @since 1.0 */
FLR_API const char *flr_aux_send_get_target(const flr_aux_send *send, size_t i);
/** Get the time to wait for replies in seconds; 0: nobody waits.   @since 1.0 */
FLR_API double flr_aux_send_get_timeout(const flr_aux_send *send);
/** Tell whether a failure is of no importance.   @since 1.0 */
FLR_API int flr_aux_send_is_optional(const flr_aux_send *send);
/** Tell whether the message should be encrypted for its receiver.   @since 1.0 */
FLR_API int flr_aux_send_is_secure(const flr_aux_send *send);

/**
 * Report a target's reply. The first report of a target counts; later ones, and those after the deadline, are ignored.
 *
 * @param target  index of the target
 * @param reply   [borrow] a reference is taken; it is frozen
 * @returns 0, or FLR_E_INVAL
 * @threads any   @callbacks may be called inside send_aux   @blocks never (a completion callback may run here)
 * @since 1.0
 */
FLR_API int flr_aux_send_reply(flr_aux_send *send, size_t target, flr_shareable *reply);

/** Report that a target could not be reached or did not answer. @param code a negative code @returns 0, or FLR_E_INVAL   @threads any   @since 1.0 */
FLR_API int flr_aux_send_fail(flr_aux_send *send, size_t target, int code);

/**
 * Encode the message for one of its targets: a frame of kind FLR_FRAME_AUX_REQUEST.
 *
 * @param id     [>= 0] for flr_envelope; 0 is right exactly if nobody waits (a timeout of 0)
 * @param frame  [out, flr_frame_unref]
 * @returns 0, or FLR_E_INVAL, FLR_E_NOMEM
 * @threads any   @callbacks may be called inside send_aux   @blocks never
 * @since 1.0
 */
FLR_API int flr_aux_send_encode(const flr_aux_send *send, size_t target, int64_t id, flr_frame **frame);

/**
 * Report a target's reply as it came: a frame of kind FLR_FRAME_AUX_REPLY, or FLR_FRAME_ERROR, which is a failure with its code. Another kind is FLR_E_IO.
 *
 * @returns 0, or FLR_E_INVAL, FLR_E_NOMEM (then it counts as failed with that code)
 * @threads any   @since 1.0
 */
FLR_API int flr_aux_send_reply_frame(flr_aux_send *send, size_t target, const flr_frame *reply);

/** Get the parts of an audit record. @returns [view until audit returns] text, never NULL   @since 1.0 */
FLR_API const char *flr_audit_record_get_line(const flr_audit_record *record);
FLR_API const char *flr_audit_record_get_id(const flr_audit_record *record);
FLR_API const char *flr_audit_record_get_reference(const flr_audit_record *record);
FLR_API const char *flr_audit_record_get_scope(const flr_audit_record *record);
FLR_API const char *flr_audit_record_get_job(const flr_audit_record *record);
FLR_API const char *flr_audit_record_get_task_name(const flr_audit_record *record);
FLR_API const char *flr_audit_record_get_task_id(const flr_audit_record *record);
FLR_API const char *flr_audit_record_get_message(const flr_audit_record *record);
/** Get the record's calendar time, nanoseconds since 1970-01-01T00:00:00Z.   @since 1.0 */
FLR_API int64_t flr_audit_record_get_time(const flr_audit_record *record);

#ifdef __cplusplus
}
#endif
#endif
