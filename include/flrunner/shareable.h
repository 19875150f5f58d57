/**
 * @file shareable.h
 * The message between server and clients: headers, cookies, return code, peer properties and a body.
 *
 * A shareable is reference counted (atomically). Until it is frozen one thread at a time may change it; frozen, it never
 * changes again and may be read on any number of threads. The library freezes what it shares: a task's payload at scheduling, replies
 * and answers that it keeps. Copies share the body and all blobs (copy-on-write).
 *
 * Reading never fails: an absent header, or one of the wrong kind, reads as the caller's default.
 */
#ifndef FLRUNNER_SHAREABLE_H
#define FLRUNNER_SHAREABLE_H

#include <flrunner/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A message. */
typedef struct flr_shareable flr_shareable;

/* ---- header keys ---- */
#define FLR_HEADER_RC "__rc__"                             /**< text: return code */
#define FLR_HEADER_COOKIE_JAR "__cookie_jar__"             /**< map: what the receiver must send back */
#define FLR_HEADER_PEER_PROPS "__peer_props__"             /**< map: the sender's public properties */
#define FLR_HEADER_PEER_CTX "__peer_ctx__"                 /**< map: the sender's public properties, in answers and replies */
#define FLR_HEADER_REPLY_IS_LATE "__reply_is_late__"       /**< bool */
#define FLR_HEADER_TASK_NAME "__task_name__"               /**< text */
#define FLR_HEADER_TASK_ID "__task_id__"                   /**< text */
#define FLR_HEADER_AUDIT_EVENT_ID "__audit_event_id__"     /**< text */
#define FLR_HEADER_TASK_OPERATOR "__task_operator__"       /**< map */
#define FLR_HEADER_ERROR "__error__"                       /**< text */
#define FLR_HEADER_MSG_ROOT_ID "__msg_root_id__"           /**< text */
#define FLR_HEADER_MSG_ROOT_TTL "__msg_root_ttl__"         /**< real, seconds */
#define FLR_HEADER_WAIT_TIME "__wait_time__"               /**< real, seconds */
#define FLR_HEADER_MIN_GET_TASK_TIMEOUT "min_get_task_timeout" /**< real, seconds */
#define FLR_HEADER_TOPIC "__topic__"                       /**< reserved, not interpreted */
#define FLR_HEADER_CONTENT_TYPE "__content_type__"         /**< reserved, not interpreted */
#define FLR_HEADER_WORKFLOW "__workflow__"                 /**< reserved, not interpreted */
#define FLR_HEADER_TARGETS "_targets"                      /**< list of text or nil: targets of a federation event */

/* ---- cookies ---- */
#define FLR_COOKIE_WORKFLOW "__workflow__" /**< text: the workflow that sent the task */
#define FLR_COOKIE_TASK_ID "__task_id__"   /**< text */

/* ---- return codes ---- */
#define FLR_RC_OK "OK"
#define FLR_RC_BAD_PEER_CONTEXT "BAD_PEER_CONTEXT"
#define FLR_RC_BAD_REQUEST_DATA "BAD_REQUEST_DATA"
#define FLR_RC_BAD_TASK_DATA "BAD_TASK_DATA"
#define FLR_RC_COMMUNICATION_ERROR "COMMUNICATION_ERROR"
#define FLR_RC_TIMEOUT "TIMEOUT"
#define FLR_RC_ERROR "ERROR"
#define FLR_RC_EXECUTION_EXCEPTION "EXECUTION_EXCEPTION"
#define FLR_RC_EXECUTION_RESULT_ERROR "EXECUTION_RESULT_ERROR"
#define FLR_RC_HANDLER_EXCEPTION "HANDLER_EXCEPTION"
#define FLR_RC_MISSING_PEER_CONTEXT "MISSING_PEER_CONTEXT"
#define FLR_RC_RUN_MISMATCH "RUN_MISMATCH"
#define FLR_RC_TASK_ABORTED "TASK_ABORTED"
#define FLR_RC_TASK_DATA_FILTER_ERROR "TASK_DATA_FILTER_ERROR"
#define FLR_RC_TASK_RESULT_FILTER_ERROR "TASK_RESULT_FILTER_ERROR"
#define FLR_RC_TASK_UNKNOWN "TASK_UNKNOWN"
#define FLR_RC_TASK_UNSUPPORTED "TASK_UNSUPPORTED"
#define FLR_RC_TOPIC_UNKNOWN "TOPIC_UNKNOWN"
#define FLR_RC_UNSAFE_JOB "UNSAFE_JOB"
#define FLR_RC_EARLY_TERMINATION "EARLY_TERMINATION"
#define FLR_RC_SERVER_NOT_READY "SERVER_NOT_READY"
#define FLR_RC_SERVICE_UNAVAILABLE "SERVICE_UNAVAILABLE"
#define FLR_RC_EMPTY_RESULT "EMPTY_RESULT"
#define FLR_RC_MODEL_UNRECOGNIZED "MODEL_UNRECOGNIZED"
#define FLR_RC_VALIDATE_TYPE_UNKNOWN "VALIDATE_TYPE_UNKNOWN"

/**
 * Make a message without headers and with an empty body (a map).
 *
 * @param message  [out, flr_shareable_unref]
 * @returns 0, or FLR_E_INVAL, FLR_E_NOMEM
 * @threads any   @callbacks may be called inside any callback   @blocks never
 * @since 1.0
 */
FLR_API int flr_shareable_new(flr_shareable **message);

/**
 * Make a reply: an empty message with a return code and optional headers.
 *
 * @param rc       [copy] FLR_RC_* or a code of the host's own, non-empty
 * @param headers  [borrow] a map whose entries become headers; NULL: none
 * @param message  [out, flr_shareable_unref]
 * @returns 0, or FLR_E_INVAL (also if @p headers is no map), FLR_E_NOMEM
 * @since 1.0
 */
FLR_API int flr_shareable_new_reply(const char *rc, const flr_value *headers, flr_shareable **message);

/**
 * Make a full copy: it shares the body and all blobs and has its own headers. The copy is not frozen.
 *
 * @param message  [borrow]
 * @param without  [borrow] NULL, or a NULL-terminated array of header keys to leave out
 * @param copy     [out, flr_shareable_unref]
 * @returns 0, or FLR_E_INVAL, FLR_E_NOMEM
 * @since 1.0
 */
FLR_API int flr_shareable_copy(const flr_shareable *message, const char *const *without, flr_shareable **copy);

/** Make a copy of the body only, without headers. Arguments and results as flr_shareable_copy().   @since 1.0 */
FLR_API int flr_shareable_copy_body(const flr_shareable *message, flr_shareable **copy);

/** Take one more reference. @returns @p message (NULL for NULL)   @threads any   @since 1.0 */
FLR_API flr_shareable *flr_shareable_ref(const flr_shareable *message);

/** Drop a reference; NULL is fine.   @threads any   @since 1.0 */
FLR_API void flr_shareable_unref(flr_shareable *message);

/** Freeze: from now on every setter gives FLR_E_STATE and any thread may read. NULL is fine.   @since 1.0 */
FLR_API void flr_shareable_freeze(flr_shareable *message);

/** Tell whether the message is frozen.   @since 1.0 */
FLR_API int flr_shareable_is_frozen(const flr_shareable *message);

/** Get all headers. @returns [view until the headers change or the message is released] a map, never NULL but for NULL   @since 1.0 */
FLR_API const flr_value *flr_shareable_get_headers(const flr_shareable *message);

/** Get one header. @returns [view, as above] NULL if absent   @since 1.0 */
FLR_API const flr_value *flr_shareable_get_header(const flr_shareable *message, const char *key);

/**
 * Set a header.
 *
 * @param key    [copy] non-empty
 * @param value  [give on 0 | keep on error]
 * @returns 0, or FLR_E_INVAL, FLR_E_LIMIT, FLR_E_NOMEM, FLR_E_STATE (frozen)
 * @since 1.0
 */
FLR_API int flr_shareable_set_header(flr_shareable *message, const char *key, flr_value *value);

/** Set a header to a new text. @returns as flr_shareable_set_header()   @since 1.0 */
FLR_API int flr_shareable_set_header_text(flr_shareable *message, const char *key, const char *text);

/** Set a header to a new real. @returns as flr_shareable_set_header()   @since 1.0 */
FLR_API int flr_shareable_set_header_real(flr_shareable *message, const char *key, double number);

/** Set a header to a new int. @returns as flr_shareable_set_header()   @since 1.0 */
FLR_API int flr_shareable_set_header_int(flr_shareable *message, const char *key, int64_t number);

/** Remove a header. @returns 0, or FLR_E_INVAL, FLR_E_NOTFOUND, FLR_E_NOMEM, FLR_E_STATE   @since 1.0 */
FLR_API int flr_shareable_remove_header(flr_shareable *message, const char *key);

/** Get the return code: the header FLR_HEADER_RC; "OK" if absent, "ERROR" if it is not text.   @since 1.0 */
FLR_API const char *flr_shareable_get_rc(const flr_shareable *message);

/** Set the return code. @returns as flr_shareable_set_header_text()   @since 1.0 */
FLR_API int flr_shareable_set_rc(flr_shareable *message, const char *rc);

/** Get the cookie jar. @returns [view] a map; NULL if there is none or it is no map   @since 1.0 */
FLR_API const flr_value *flr_shareable_get_cookie_jar(const flr_shareable *message);

/** Get a cookie. @returns [view] NULL if absent   @since 1.0 */
FLR_API const flr_value *flr_shareable_get_cookie(const flr_shareable *message, const char *key);

/** Set a cookie; the first one makes the jar. @returns as flr_shareable_set_header()   @since 1.0 */
FLR_API int flr_shareable_set_cookie(flr_shareable *message, const char *key, flr_value *value);

/** Get the peer properties. @returns [view] a map; NULL if there are none or they are no map   @since 1.0 */
FLR_API const flr_value *flr_shareable_get_peer_props(const flr_shareable *message);

/** Get one peer property. @returns [view] NULL if absent   @since 1.0 */
FLR_API const flr_value *flr_shareable_get_peer_prop(const flr_shareable *message, const char *key);

/** Get the body. @returns [view until the body changes or the message is released] a map, never NULL but for NULL   @since 1.0 */
FLR_API const flr_value *flr_shareable_get_body(const flr_shareable *message);

/** Get a value of the body. @returns [view, as above] NULL if absent   @since 1.0 */
FLR_API const flr_value *flr_shareable_get(const flr_shareable *message, const char *key);

/**
 * Set a value of the body.
 *
 * @param key    [copy] non-empty; "__headers__" is no valid key
 * @param value  [give on 0 | keep on error]
 * @returns 0, or FLR_E_INVAL, FLR_E_LIMIT, FLR_E_NOMEM, FLR_E_STATE (frozen)
 * @since 1.0
 */
FLR_API int flr_shareable_set(flr_shareable *message, const char *key, flr_value *value);

/** Set a value of the body to a new scalar. @returns as flr_shareable_set()   @since 1.0 */
FLR_API int flr_shareable_set_text(flr_shareable *message, const char *key, const char *text);
FLR_API int flr_shareable_set_real(flr_shareable *message, const char *key, double number);
FLR_API int flr_shareable_set_int(flr_shareable *message, const char *key, int64_t number);

/** Remove a value of the body. @returns 0, or FLR_E_INVAL, FLR_E_NOTFOUND, FLR_E_NOMEM, FLR_E_STATE   @since 1.0 */
FLR_API int flr_shareable_remove(flr_shareable *message, const char *key);

/**
 * Replace the whole body.
 *
 * @param body  [give on 0 | keep on error] a map without the key "__headers__"
 * @returns 0, or FLR_E_INVAL, FLR_E_STATE (frozen)
 * @since 1.0
 */
FLR_API int flr_shareable_set_body(flr_shareable *message, flr_value *body);

#ifdef __cplusplus
}
#endif
#endif
