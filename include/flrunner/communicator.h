/**
 * @file communicator.h
 * Communicators: what turns a workflow's tasks into answers and takes results. The board (board.h) is the ready-made one; a
 * host can bring its own.
 */
#ifndef FLRUNNER_COMMUNICATOR_H
#define FLRUNNER_COMMUNICATOR_H

#include <flrunner/component.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- outcomes of a submission ---- */
#define FLR_OUTCOME_ACCEPTED 1
#define FLR_OUTCOME_DUPLICATE 2
#define FLR_OUTCOME_LATE 3
#define FLR_OUTCOME_UNKNOWN_TASK 4
#define FLR_OUTCOME_WRONG_CLIENT 5
#define FLR_OUTCOME_WRONG_TASK_NAME 6
#define FLR_OUTCOME_WRONG_WORKFLOW 7
#define FLR_OUTCOME_WRONG_JOB 8
#define FLR_OUTCOME_NO_PEER 9
#define FLR_OUTCOME_NOT_RUNNING 10
#define FLR_OUTCOME_FATAL_RETURN_CODE 11
#define FLR_OUTCOME_FAILED 12
/** Get an outcome's name ("ACCEPTED"); "?" for another number.   @threads any   @since 1.0 */
FLR_API const char *flr_outcome_get_name(int outcome);

/* ---- what a task check finds ---- */
#define FLR_CHECK_OK 1               /**< a result would be accepted now */
#define FLR_CHECK_ALREADY_RECEIVED 2 /**< "already received" */
#define FLR_CHECK_CLOSED 3           /**< "closed" */
#define FLR_CHECK_NOT_YOURS 4        /**< "not yours" */
#define FLR_CHECK_UNKNOWN 5          /**< "unknown" */

/* ---- final status of a task ---- */
#define FLR_TASK_STANDING 0 /**< not final */
#define FLR_TASK_OK 1
#define FLR_TASK_TIMEOUT 2
#define FLR_TASK_ERROR 3
#define FLR_TASK_CANCELLED 4
#define FLR_TASK_ABORTED 5
#define FLR_TASK_CLIENT_DEAD 6
/** Get a final status' name ("ok", "client_dead"...); "standing" for 0; "?" for another number.   @threads any   @since 1.0 */
FLR_API const char *flr_task_status_get_name(int status);

/* ---- reasons of activity, as text ---- */
#define FLR_REASON_GET_TASK "getTask"
#define FLR_REASON_SUBMIT_TASK_RESULT "submitTaskResult"
#define FLR_REASON_SYNC_RUNNER "syncRunner"
#define FLR_REASON_JOB_HEARTBEAT "jobHeartbeat"
#define FLR_REASON_TASK_CHECK "taskCheck"

/** Takes the task that a communicator offers to a client. */
typedef struct flr_offer flr_offer;

/**
 * Offer a task, inside process_task_request; a second call replaces the first.
 *
 * @param name     [copy] 1 to FLR_NAME_MAX bytes; FLR_TASK_NAME_TRY_AGAIN or "" withdraws the offer
 * @param task_id  [copy] 1 to FLR_NAME_MAX bytes
 * @param data     [give on 0 | keep on error] this client's own message, not frozen; NULL: an empty one
 * @returns 0, or FLR_E_INVAL, FLR_E_LIMIT, FLR_E_NOMEM
 * @since 1.0
 */
FLR_API int flr_offer_set(flr_offer *offer, const char *name, const char *task_id, flr_shareable *data);

/* ---- special task names ---- */
#define FLR_TASK_NAME_TRY_AGAIN "__try_again__"
#define FLR_TASK_NAME_END_RUN "__end_run__"

/** Flag: the members that messages meet may be called by several threads at once. Without it one thread at a time enters it. */
#define FLR_COMMUNICATOR_FLAG_CONCURRENT 1u

/** The vtable of a communicator. */
typedef struct flr_communicator_ops {
    uint32_t struct_size; /**< sizeof(flr_communicator_ops); set by flr_communicator_ops_init() */
    uint32_t flags;       /**< FLR_COMMUNICATOR_FLAG_* */
    /** [copy] optional */
    const flr_component_ops *component;
    /** Required. Give this client something to do with flr_offer_set(), or nothing. */
    int (*process_task_request)(void *self, flr_context *context, const char *client, flr_offer *offer);
    /**
     * Required. Take a client's result, filtered already.
     *
     * @param result   [borrow] a reference may be taken; it is the library's copy and may be changed during the call
     * @param outcome  [out] ACCEPTED, DUPLICATE, LATE, UNKNOWN_TASK, WRONG_CLIENT or WRONG_TASK_NAME; preset to ACCEPTED
     */
    int (*process_submission)(void *self, flr_context *context, const char *client, const char *task_name,
                              const char *task_id, flr_shareable *result, int *outcome);
    /** Optional. Before the workflow starts. */
    int (*initialize_run)(void *self, flr_context *context);
    /** Optional. After the workflow has closed; called exactly if initialize_run was. */
    int (*finalize_run)(void *self, flr_context *context);
    /**
     * Optional. Tell what a result of this client for this id would meet now.
     *
     * @param found  [out] FLR_CHECK_*
     * @returns 0, or FLR_E_NOT_READY: it cannot be told yet, the client asks again; other codes are logged and count as FLR_CHECK_UNKNOWN
     */
    int (*process_task_check)(void *self, flr_context *context, const char *client, const char *task_id, int *found);
    /** Optional. The data of a task that was just offered could not be filtered: the client will not get it. */
    int (*handle_exception)(void *self, flr_context *context, const char *task_id);
    /** Optional. A client was reported dead. @param when nanoseconds of the run's clock */
    int (*process_dead_client_report)(void *self, flr_context *context, const char *client, int64_t when);
    /** Optional. A client was heard. @param reason FLR_REASON_* */
    int (*client_is_active)(void *self, flr_context *context, const char *client, const char *reason);
    /** Optional. Number of standing tasks. */
    int (*count)(void *self, size_t *tasks);
    /** Optional. End every standing task. @param status a final FLR_TASK_* status */
    int (*cancel_all)(void *self, flr_context *context, int status);
    /** Optional. When a client was disconnected, nanoseconds; FLR_E_NOTFOUND if it is not. */
    int (*disconnect_time)(void *self, const char *client, int64_t *when);
    /**
     * Optional. Act on deadlines that are due; called by the driver.
     * @param due  [out] the next deadline; preset to FLR_TIME_NONE
     */
    int (*advance)(void *self, flr_context *context, int64_t now, int64_t *due);
    /* ---- end of 1.0 ---- */
} flr_communicator_ops;

/** Fill a vtable with its defaults. @param size sizeof(flr_communicator_ops) of the host's header; NULL does nothing   @since 1.0 */
FLR_API void flr_communicator_ops_init(flr_communicator_ops *ops, size_t size);

#ifdef __cplusplus
}
#endif
#endif
