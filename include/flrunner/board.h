/**
 * @file board.h
 * The ready-made communicator: tasks, broadcast, wait, cancel.
 *
 * A controller makes a task, schedules it on its workflow's board (flr_context_get_board), and is told through callbacks, or waits.
 * Each client that asks gets an assignment: one hand-out of one task with its own task id. A re-send keeps the assignment.
 *
 * All functions may be called on any thread, in any callback unless they say otherwise. Callbacks of one task never overlap.
 */
#ifndef FLRUNNER_BOARD_H
#define FLRUNNER_BOARD_H

#include <flrunner/runner.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A board; belongs to its workflow. */
typedef struct flr_board flr_board;
/** A task, reference counted. */
typedef struct flr_task flr_task;
/** One hand-out of a task to a client; lives as long as its task. */
typedef struct flr_assignment flr_assignment;

/* ---- states of an assignment ---- */
#define FLR_ASSIGNMENT_OPEN 1     /**< result awaited */
#define FLR_ASSIGNMENT_ANSWERED 2 /**< result received */
#define FLR_ASSIGNMENT_GIVEN_UP 3 /**< no longer waited for; its result is still taken */
#define FLR_ASSIGNMENT_CLOSED 4   /**< ended without its answer */

/* ---- flags of a task ---- */
/** While this task holds back a client for later, later tasks may still be given to it. */
#define FLR_TASK_FLAG_NON_BLOCKING 1u

/** What a task is made of. Filled with defaults by flr_task_options_init(). */
typedef struct flr_task_options {
    uint32_t struct_size; /**< sizeof(flr_task_options) */
    uint32_t flags;       /**< FLR_TASK_FLAG_* */
    /** [copy] required; 1 to FLR_NAME_MAX bytes, not `__try_again__` or `__end_run__` */
    const char *name;
    /** [borrow] required; frozen at scheduling, shared by all clients */
    flr_shareable *payload;
    /** [borrow] a map that goes out as header `__task_operator__`; NULL: none */
    const flr_value *operation;
    /** [borrow] a map of properties for the callbacks, keys not beginning with "__"; NULL: none */
    const flr_value *props;
    /** Seconds from scheduling until the task ends with FLR_TASK_TIMEOUT; 0 (default): never. */
    double timeout;
    /** Task number in its workflow, above all used before; -1 (default): the next one. */
    int64_t number;
    /** Before each hand-out: may change the client's own copy (flr_assignment_get_data). A failure ends the task with FLR_TASK_ERROR. */
    int (*before_task_sent)(void *self, flr_assignment *assignment, flr_context *context);
    /** After it, in every case; name and data are fixed by now. */
    int (*after_task_sent)(void *self, flr_assignment *assignment, flr_context *context);
    /** For each result: may change, replace or drop it. Without it results stay in their assignments. */
    int (*result_received)(void *self, flr_assignment *assignment, flr_context *context);
    /** Exactly once for each scheduled task, after all its other callbacks, with a fresh context. */
    int (*task_done)(void *self, flr_task *task, flr_context *context);
    /** [keep until the task is released] passed to the four */
    void *self;
    /** Optional: called once with self when the task is released. Must not call the library. */
    void (*destroy)(void *self);
    /* ---- end of 1.0 ---- */
} flr_task_options;

/** Fill with defaults. @param size sizeof(flr_task_options) of the host's header; NULL does nothing   @since 1.0 */
FLR_API void flr_task_options_init(flr_task_options *options, size_t size);

/**
 * Make a task.
 *
 * @param options  [copy]
 * @param task     [out, flr_task_unref]
 * @returns 0, or FLR_E_INVAL, FLR_E_LIMIT, FLR_E_ABI, FLR_E_NOMEM (destroy is not called then)
 * @since 1.0
 */
FLR_API int flr_task_new(const flr_task_options *options, flr_task **task);
FLR_API flr_task *flr_task_ref(flr_task *task);
/** Drop a reference; NULL is fine. A scheduled task is held by its board until its task_done has returned.   @threads any   @since 1.0 */
FLR_API void flr_task_unref(flr_task *task);

/** Get the name. @returns [view while the task lives]   @since 1.0 */
FLR_API const char *flr_task_get_name(const flr_task *task);
/** Get the number; -1 before scheduling if none was given.   @since 1.0 */
FLR_API int64_t flr_task_get_number(const flr_task *task);
/** Get the self of its callbacks.   @since 1.0 */
FLR_API void *flr_task_get_self(const flr_task *task);
/** Get a property. @param value [out, flr_value_unref] @returns 0, or FLR_E_INVAL, FLR_E_NOTFOUND   @threads any   @since 1.0 */
FLR_API int flr_task_get_prop(const flr_task *task, const char *key, flr_value **value);
/** Set a property. @param value [give on 0 | keep on error] @returns 0, or FLR_E_INVAL (also a key that begins with "__"), FLR_E_LIMIT, FLR_E_NOMEM   @threads any   @since 1.0 */
FLR_API int flr_task_set_prop(flr_task *task, const char *key, flr_value *value);
/** Get the status: FLR_TASK_STANDING before and while it stands, else the final one.   @threads any   @since 1.0 */
FLR_API int flr_task_get_status(const flr_task *task);
/** Get the code of the failure that ended it with FLR_TASK_ERROR; 0 otherwise.   @threads any   @since 1.0 */
FLR_API int flr_task_get_error(const flr_task *task);
/** Copy the detail text of that failure, cut to @p size - 1 bytes. @returns 0, or FLR_E_INVAL   @threads any   @since 1.0 */
FLR_API int flr_task_get_detail(const flr_task *task, char *text, size_t size);
/** Sees one assignment. @returns 0 to go on, else visiting ends with it   @since 1.0 */
typedef int (*flr_assignment_visitor)(void *self, flr_assignment *assignment);
/** Visit the assignments in hand-out order, outside all locks. @returns 0, what the visitor returned, or FLR_E_INVAL, FLR_E_NOMEM   @threads any   @since 1.0 */
FLR_API int flr_task_visit_assignments(flr_task *task, flr_assignment_visitor visitor, void *self);

/** Get the client. @returns [view while the task lives]   @since 1.0 */
FLR_API const char *flr_assignment_get_client(const flr_assignment *assignment);
FLR_API flr_task *flr_assignment_get_task(const flr_assignment *assignment);
/** Get the task id, 32 lower-case hexadecimal digits. @returns [view while the task lives]   @since 1.0 */
FLR_API const char *flr_assignment_get_id(const flr_assignment *assignment);
/** Get how often it was sent.   @since 1.0 */
FLR_API uint64_t flr_assignment_get_send_count(const flr_assignment *assignment);
/** Get times, nanoseconds of the run's clock; FLR_TIME_NONE if not yet.   @since 1.0 */
FLR_API int64_t flr_assignment_get_first_sent(const flr_assignment *assignment);
FLR_API int64_t flr_assignment_get_last_sent(const flr_assignment *assignment);
FLR_API int64_t flr_assignment_get_received(const flr_assignment *assignment);
/** Get the state, FLR_ASSIGNMENT_*.   @since 1.0 */
FLR_API int flr_assignment_get_state(const flr_assignment *assignment);
/** Get the result. @returns [out, flr_shareable_unref] a reference; NULL if there is none   @threads any   @since 1.0 */
FLR_API flr_shareable *flr_assignment_get_result(const flr_assignment *assignment);
/** Replace (or with NULL drop) the result; only inside result_received. @param result [borrow] a reference is taken @returns 0, or FLR_E_INVAL, FLR_E_STATE   @since 1.0 */
FLR_API int flr_assignment_set_result(flr_assignment *assignment, flr_shareable *result);
/** Get the client's own copy of the message, to be changed; only inside before_task_sent, else NULL. @returns [view until it returns]   @since 1.0 */
FLR_API flr_shareable *flr_assignment_get_data(flr_assignment *assignment);
/** A pointer for callbacks, NULL at first. One thread at a time.   @since 1.0 */
FLR_API void *flr_assignment_get_user(const flr_assignment *assignment);
FLR_API void flr_assignment_set_user(flr_assignment *assignment, void *user);

/* ---- target modes ---- */
#define FLR_TARGETS_DEFAULT 0  /**< LIST if a list is given, else what the kind of task documents */
#define FLR_TARGETS_LIST 1     /**< the given clients */
#define FLR_TARGETS_SNAPSHOT 2 /**< the clients known at scheduling */
#define FLR_TARGETS_OPEN 3     /**< whoever asks while the task stands */

/** Flag: targets that are no known clients are allowed. */
#define FLR_BROADCAST_FLAG_ALLOW_UNKNOWN 1u

/** How a broadcast is given out. Filled with defaults by flr_broadcast_options_init(). */
typedef struct flr_broadcast_options {
    uint32_t struct_size; /**< sizeof(flr_broadcast_options) */
    uint32_t flags;       /**< FLR_BROADCAST_FLAG_* */
    /** [copy] client names; NULL: none given. Repeated names count once. */
    const char *const *targets;
    size_t target_count;
    /** FLR_TARGETS_*; the default without a list is SNAPSHOT. */
    int64_t mode;
    /** Responses after which the wait begins; 0 (default): every target must answer. OPEN needs at least 1. */
    uint64_t min_responses;
    /** Seconds to wait for others after that; default 0. */
    double wait_time_after_min_received;
    /* ---- end of 1.0 ---- */
} flr_broadcast_options;

/** Fill with defaults. @param size sizeof(flr_broadcast_options) of the host's header; NULL does nothing   @since 1.0 */
FLR_API void flr_broadcast_options_init(flr_broadcast_options *options, size_t size);

/**
 * Find the board of the context's workflow.
 *
 * @param board  [out, view while the workflow lives]
 * @returns 0, or FLR_E_INVAL; FLR_E_STATE no workflow is under way; FLR_E_NOTSUP its communicator is no board
 * @threads any   @since 1.0
 */
FLR_API int flr_context_get_board(const flr_context *context, flr_board **board);

/** Options of a board. */
#define FLR_BOARD_FLAG_CANCEL_ON_FILTER_ERROR 1u /**< a data filter that fails cancels the whole task */
typedef struct flr_board_options {
    uint32_t struct_size; /**< sizeof(flr_board_options) */
    uint32_t flags;       /**< FLR_BOARD_FLAG_* */
    uint64_t completed_memory; /**< assignments of ended tasks that are remembered; default 10000 */
    /* ---- end of 1.0 ---- */
} flr_board_options;
/** Fill with defaults. @param size sizeof(flr_board_options) of the host's header; NULL does nothing   @since 1.0 */
FLR_API void flr_board_options_init(flr_board_options *options, size_t size);
/** Set options, before the first task of the workflow is scheduled. @returns 0, or FLR_E_INVAL, FLR_E_ABI, FLR_E_STATE, FLR_E_NOMEM   @since 1.0 */
FLR_API int flr_board_set_options(flr_board *board, const flr_board_options *options);

/**
 * Give a task to many clients.
 *
 * @param task     [borrow] a reference is held while it stands
 * @param options  [borrow] NULL: defaults
 * @param context  [borrow] optional: takes the detail text of an error
 * @returns 0; FLR_E_INVAL; FLR_E_NOTFOUND an unknown target (the detail names it), or nobody is known; FLR_E_STATE scheduled
 *          before, or the workflow is not under way; FLR_E_EXISTS the task's number; FLR_E_LIMIT, FLR_E_ABI, FLR_E_NOMEM
 * @threads any, from the controller's start until the workflow's end   @blocks never
 * @since 1.0
 */
FLR_API int flr_board_broadcast(flr_board *board, flr_task *task, const flr_broadcast_options *options, flr_context *context);

/** flr_board_broadcast(), then flr_task_wait() without a deadline. @param abort [borrow] NULL: only the run's @returns as both   @since 1.0 */
FLR_API int flr_board_broadcast_and_wait(flr_board *board, flr_task *task, const flr_broadcast_options *options, flr_signal *abort,
                                         flr_context *context, int *status);

/**
 * Wait until a task has ended and its task_done has returned.
 *
 * @param abort    [borrow] ends the task with FLR_TASK_ABORTED when triggered; NULL: only the run's signal does
 * @param timeout  seconds; negative: no limit
 * @param status   [out] the final status; may be NULL
 * @returns 0; FLR_E_ABORTED a signal of this call ended it; FLR_E_TIMEDOUT it still stands; FLR_E_STATE never scheduled;
 *          FLR_E_REENTRANT inside a callback other than control_flow; FLR_E_NOTSUP on the stepping thread; FLR_E_INVAL
 * @threads any   @callbacks control_flow only   @blocks yes
 * @since 1.0
 */
FLR_API int flr_task_wait(flr_task *task, flr_signal *abort, double timeout, int *status);

/** End a task at once. @param status a final FLR_TASK_*; 0: FLR_TASK_CANCELLED @returns 0 (also if it has ended), or FLR_E_INVAL, FLR_E_STATE never scheduled   @blocks never   @since 1.0 */
FLR_API int flr_task_cancel(flr_task *task, int status);
/** End every standing task. @returns as flr_task_cancel()   @blocks never   @since 1.0 */
FLR_API int flr_board_cancel_all(flr_board *board, int status);
/** Get the number of standing tasks, exact at any moment.   @since 1.0 */
FLR_API size_t flr_board_get_count(const flr_board *board);
/** Get when a client was disconnected, nanoseconds of the run's clock. @returns 0, or FLR_E_INVAL, FLR_E_LIMIT, FLR_E_NOTFOUND it is not   @since 1.0 */
FLR_API int flr_board_get_disconnect_time(const flr_board *board, const char *client, int64_t *when);

#ifdef __cplusplus
}
#endif
#endif
