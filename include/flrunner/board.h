/**
 * @file board.h
 * The ready-made communicator: tasks; broadcast, send, relay; wait, cancel; whom is everybody waiting for.
 *
 * A controller makes a task, schedules it on its workflow's board (flr_context_get_board), and is told through callbacks, or waits.
 * Each client that asks gets an assignment: one hand-out of one task with its own task id. A re-send keeps the assignment.
 *
 *     kind               given to                                         ends with FLR_TASK_OK when
 *     broadcast          each target once                                 all targets, or min_responses and a wait, have answered
 *     broadcast forever  each target again and again                      never: cancel it, or give it a timeout
 *     send               one of the targets                               the first result is in
 *     relay              one target after the other, each once per leg    the last leg is answered
 *
 * A client that asks gets a re-send of what it has not answered yet; else the standing tasks are asked in scheduling order: each gives
 * itself to the client, has nothing for it, or (sequential send, relays) holds it back until its turn comes.
 *
 * Dead clients: the host reports them (flr_runner_handle_dead_job), or heartbeats stay away (flr_config_set_heartbeat_timeout); after the
 * grace period a client is disconnected until it is heard again. A send or a relay then moves on to the next target; a task that nobody
 * live can progress ends with FLR_TASK_CLIENT_DEAD, but not before dead_client_check_lead_time has passed since its scheduling.
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
/** One hand-out of a task to a client; lives as long as its task; of a broadcast forever until the client gets its next one. */
typedef struct flr_assignment flr_assignment;

/* ---- states of an assignment ---- */
#define FLR_ASSIGNMENT_OPEN 1     /**< result awaited */
#define FLR_ASSIGNMENT_ANSWERED 2 /**< result received */
#define FLR_ASSIGNMENT_GIVEN_UP 3 /**< no longer waited for; its result is still taken */
#define FLR_ASSIGNMENT_CLOSED 4   /**< ended without its answer */

/* ---- kinds of tasks ---- */
#define FLR_KIND_BROADCAST 1 /**< flr_board_broadcast() */
#define FLR_KIND_FOREVER 2   /**< flr_board_broadcast_forever() */
#define FLR_KIND_SEND 3      /**< flr_board_send(), sequential */
#define FLR_KIND_SEND_ANY 4  /**< flr_board_send(), any */
#define FLR_KIND_RELAY 5     /**< flr_board_relay(), sequential */
#define FLR_KIND_RELAY_ANY 6 /**< flr_board_relay(), any */

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
/** Get the kind, FLR_KIND_*; 0 before it was scheduled.   @threads any   @since 1.0 */
FLR_API int flr_task_get_kind(const flr_task *task);
/** Get the self of its callbacks.   @since 1.0 */
FLR_API void *flr_task_get_self(const flr_task *task);
/** Get a property. @param value [out, flr_value_unref] @returns 0, or FLR_E_INVAL, FLR_E_NOTFOUND   @threads any   @since 1.0 */
FLR_API int flr_task_get_prop(const flr_task *task, const char *key, flr_value **value);
/** Set a property. @param value [give on 0 | keep on error] @returns 0, or FLR_E_INVAL (also a key that begins with "__"), FLR_E_LIMIT, FLR_E_NOMEM   @threads any   @since 1.0 */
FLR_API int flr_task_set_prop(flr_task *task, const char *key, flr_value *value);
/** Get the status: FLR_TASK_STANDING before and while it stands, else the final one; flr_task_status_get_name() says it in words.   @threads any   @since 1.0 */
FLR_API int flr_task_get_status(const flr_task *task);
/** Get the code of the failure that ended it with FLR_TASK_ERROR; 0 otherwise.   @threads any   @since 1.0 */
FLR_API int flr_task_get_error(const flr_task *task);
/** Copy the detail text of that failure, cut to @p size - 1 bytes. @returns 0, or FLR_E_INVAL   @threads any   @since 1.0 */
FLR_API int flr_task_get_detail(const flr_task *task, char *text, size_t size);
/** Sees one assignment. @returns 0 to go on, else visiting ends with it   @since 1.0 */
typedef int (*flr_assignment_visitor)(void *self, flr_assignment *assignment);
/** Visit the assignments in hand-out order, outside all locks; of a broadcast forever the latest of each client. @returns 0, what the visitor returned, or FLR_E_INVAL, FLR_E_NOMEM   @threads any   @since 1.0 */
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

/** Flag of all four kinds: targets that are no known clients are allowed. */
#define FLR_TARGETS_FLAG_ALLOW_UNKNOWN 1u
/** Flag of a relay: only listed clients take part. Without it a client that asks and is not listed gets a leg behind the last one. */
#define FLR_RELAY_FLAG_STATIC 2u

/* ---- orders of a send or a relay ---- */
#define FLR_ORDER_SEQUENTIAL 0 /**< in the order of the list, through a window that opens with time */
#define FLR_ORDER_ANY 1        /**< whoever asks first */

/** How a broadcast is given out. Filled with defaults by flr_broadcast_options_init(). */
typedef struct flr_broadcast_options {
    uint32_t struct_size; /**< sizeof(flr_broadcast_options) */
    uint32_t flags;       /**< FLR_TARGETS_FLAG_ALLOW_UNKNOWN */
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

/** How a broadcast forever is given out. Filled with defaults by flr_forever_options_init(). */
typedef struct flr_forever_options {
    uint32_t struct_size; /**< sizeof(flr_forever_options) */
    uint32_t flags;       /**< FLR_TARGETS_FLAG_ALLOW_UNKNOWN */
    /** [copy] client names; NULL: none given. Repeated names count once. */
    const char *const *targets;
    size_t target_count;
    /** FLR_TARGETS_*; the default without a list is SNAPSHOT. */
    int64_t mode;
    /* ---- end of 1.0 ---- */
} flr_forever_options;

/** Fill with defaults. @param size sizeof(flr_forever_options) of the host's header; NULL does nothing   @since 1.0 */
FLR_API void flr_forever_options_init(flr_forever_options *options, size_t size);

/**
 * Give a task to many clients again and again: each request of a target after its answer is a new assignment with a new id.
 *
 * It ends only by its timeout, by being cancelled, or, with targets, with FLR_TASK_CLIENT_DEAD when none is live. The payload may be replaced
 * while it stands (flr_task_set_payload). Of each client only the latest assignment is kept, so results do not pile up.
 * Arguments, errors and threads are those of flr_board_broadcast().
 *
 * @since 1.0
 */
FLR_API int flr_board_broadcast_forever(flr_board *board, flr_task *task, const flr_forever_options *options, flr_context *context);

/**
 * Replace the payload of a standing broadcast forever: every hand-out and re-send from now on carries the new one.
 *
 * A controller that must know what a result is based on puts a cookie into the payload.
 *
 * @param payload  [borrow] frozen now, shared by all clients
 * @param context  [borrow] optional: takes the detail text of an error
 * @returns 0; FLR_E_INVAL; FLR_E_STATE another kind, never scheduled, or ended; FLR_E_LIMIT, FLR_E_NOMEM
 * @threads any   @blocks never
 * @since 1.0
 */
FLR_API int flr_task_set_payload(flr_task *task, flr_shareable *payload, flr_context *context);

/** How a send is given out. Filled with defaults by flr_send_options_init(). */
typedef struct flr_send_options {
    uint32_t struct_size; /**< sizeof(flr_send_options) */
    uint32_t flags;       /**< FLR_TARGETS_FLAG_ALLOW_UNKNOWN */
    /** [copy] client names; repeated names count once. Required, unless mode is SNAPSHOT or OPEN. */
    const char *const *targets;
    size_t target_count;
    /** FLR_TARGETS_*; OPEN only with FLR_ORDER_ANY. */
    int64_t mode;
    int64_t order; /**< FLR_ORDER_*; the default is FLR_ORDER_SEQUENTIAL */
    /**
     * Seconds, sequential only: the first live target may take the task at once, and one more live target each time so many have passed since
     * scheduling. 0 (default): the first live target only. Not longer than a task timeout other than 0.
     */
    double task_assignment_timeout;
    /* ---- end of 1.0 ---- */
} flr_send_options;

/** Fill with defaults. @param size sizeof(flr_send_options) of the host's header; NULL does nothing   @since 1.0 */
FLR_API void flr_send_options_init(flr_send_options *options, size_t size);

/**
 * Give a task to one client: its first result ends the task.
 *
 * At most one assignment is open. If its client is disconnected it is given up and the next eligible live target may take the task;
 * a result that the former owner sends all the same is taken (header `__reply_is_late__`) and ends the task too.
 *
 * @param options  [borrow] required: there is no default for the targets
 * @returns as flr_board_broadcast()
 * @threads as flr_board_broadcast()   @blocks never
 * @since 1.0
 */
FLR_API int flr_board_send(flr_board *board, flr_task *task, const flr_send_options *options, flr_context *context);

/** How a relay is given out. Filled with defaults by flr_relay_options_init(). */
typedef struct flr_relay_options {
    uint32_t struct_size; /**< sizeof(flr_relay_options) */
    uint32_t flags;       /**< FLR_TARGETS_FLAG_ALLOW_UNKNOWN, FLR_RELAY_FLAG_STATIC */
    /** [copy] client names, one leg each; they may repeat. Required for a static relay, unless mode is SNAPSHOT. */
    const char *const *targets;
    size_t target_count;
    /** FLR_TARGETS_*; the default without a list is SNAPSHOT. OPEN is a dynamic relay that begins with no leg at all. */
    int64_t mode;
    int64_t order; /**< FLR_ORDER_*; the default is FLR_ORDER_SEQUENTIAL */
    /**
     * Seconds, sequential only: the next leg of a live target may be taken at once, and one more each time so many have passed since the leg
     * before it was answered or given up; taking a later leg skips those before it. When nobody asks, the waiting legs are given up after
     * one such time more than there are waiting legs of live targets. 0 (default): the next live leg only, without limit.
     */
    double task_assignment_timeout;
    /** Seconds from the first hand-out of a leg until it is given up; 0 (default): no limit. Neither is longer than a task timeout other than 0. */
    double task_result_timeout;
    /* ---- end of 1.0 ---- */
} flr_relay_options;

/** Fill with defaults. @param size sizeof(flr_relay_options) of the host's header; NULL does nothing   @since 1.0 */
FLR_API void flr_relay_options_init(flr_relay_options *options, size_t size);

/**
 * Give a task to one client after the other, leg by leg: sequentially in the order of the list, or to whoever asks, as often as it is listed.
 *
 * At most one leg is open; it is given up when its client is disconnected or task_result_timeout has passed. It ends when no leg is open or
 * waiting: FLR_TASK_OK if the leg handed out last is answered, else FLR_TASK_TIMEOUT or FLR_TASK_CLIENT_DEAD, as that leg was given up.
 * Between the legs the model travels in the results: before_task_sent puts what result_received took into the next client's copy.
 *
 * @param options  [borrow] NULL: defaults
 * @returns as flr_board_broadcast()
 * @threads as flr_board_broadcast()   @blocks never
 * @since 1.0
 */
FLR_API int flr_board_relay(flr_board *board, flr_task *task, const flr_relay_options *options, flr_context *context);

/**
 * Schedule, then flr_task_wait() without a deadline.
 *
 * A code of a callback that ended the task with FLR_TASK_ERROR is not the result: the status says so, and context gets the detail text.
 *
 * @param abort  [borrow] NULL: only the run's
 * @returns as both; where waiting is not allowed, nothing is scheduled
 * @since 1.0
 */
FLR_API int flr_board_broadcast_and_wait(flr_board *board, flr_task *task, const flr_broadcast_options *options, flr_signal *abort,
                                         flr_context *context, int *status);
FLR_API int flr_board_broadcast_forever_and_wait(flr_board *board, flr_task *task, const flr_forever_options *options, flr_signal *abort,
                                                 flr_context *context, int *status);
FLR_API int flr_board_send_and_wait(flr_board *board, flr_task *task, const flr_send_options *options, flr_signal *abort,
                                    flr_context *context, int *status);
FLR_API int flr_board_relay_and_wait(flr_board *board, flr_task *task, const flr_relay_options *options, flr_signal *abort,
                                     flr_context *context, int *status);

/**
 * Wait until a task has ended and its task_done has returned.
 *
 * @param abort    [borrow] ends the task with FLR_TASK_ABORTED when triggered; NULL: only the run's signal does
 * @param timeout  seconds; negative: no limit
 * @param status   [out] the final status; may be NULL
 * @returns 0; FLR_E_ABORTED a signal of this call ended it; FLR_E_TIMEDOUT it still stands, or its task_done has not returned; FLR_E_STATE never scheduled;
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

/* ---- whom is everybody waiting for ---- */

/** What stands on a board, and what has come of it since the workflow began; a consistent snapshot. */
typedef struct flr_board_totals {
    uint32_t struct_size; /**< sizeof(flr_board_totals) */
    uint32_t flags;       /**< 0 */
    uint64_t standing;    /**< tasks */
    uint64_t scheduled;   /**< tasks, ended ones too */
    uint64_t clients;     /**< with records: targets, and whoever got or sent something */
    uint64_t outstanding; /**< open assignments */
    /* hand-outs and results, counted as clients see them */
    uint64_t sent;       /**< new assignments */
    uint64_t resends;    /**< sent again */
    uint64_t results;    /**< accepted, late replies to given-up assignments among them */
    uint64_t duplicates; /**< results that were there already */
    uint64_t late;       /**< first results for what had ended or was closed */
    uint64_t rejected;   /**< unknown ids, other clients' ids, wrong task names */
    /* ended tasks by final status; a task_done that fails turns it into an error */
    uint64_t ok, timeout, error, cancelled, aborted, client_dead;
    /* ---- end of 1.0 ---- */
} flr_board_totals;

/** One standing task; its counts are consistent. Text is valid during the visit. */
typedef struct flr_task_info {
    uint32_t struct_size;   /**< sizeof(flr_task_info) */
    uint32_t flags;         /**< 0 */
    const char *name;
    int64_t kind;           /**< FLR_KIND_* */
    int64_t number;
    int64_t age;            /**< nanoseconds since scheduling */
    int64_t time_left;      /**< nanoseconds until its timeout; FLR_TIME_NONE: it has none */
    uint64_t targets;       /**< clients listed, or legs of a relay, with those that joined it; 0 of any other OPEN task */
    uint64_t sent;          /**< assignments, without re-sends */
    uint64_t answered;      /**< by clients, or by the server in their place */
    uint64_t given_up;      /**< and not answered since */
    uint64_t outstanding;   /**< open assignments: as many clients as flr_board_visit_outstanding() names */
    /* ---- end of 1.0 ---- */
} flr_task_info;

/** One client with records on a board, consistent in itself. Text is valid during the visit. Counts are of this workflow. */
typedef struct flr_client_info {
    uint32_t struct_size; /**< sizeof(flr_client_info) */
    uint32_t flags;       /**< 0 */
    const char *name;
    int64_t last_heard;   /**< nanoseconds of the run's clock; FLR_TIME_NONE: never */
    int64_t disconnected; /**< when; FLR_TIME_NONE: it is live */
    uint64_t open;        /**< open assignments */
    uint64_t results, resends, duplicates, late, rejected; /**< as in flr_board_totals */
    /* ---- end of 1.0 ---- */
} flr_client_info;

/** Fill with zeros. @param size sizeof(flr_board_totals) of the host's header; NULL does nothing   @since 1.0 */
FLR_API void flr_board_totals_init(flr_board_totals *totals, size_t size);

/**
 * Copy the totals of the workflow under way, or of the last one.
 *
 * @param totals  [out] filled with flr_board_totals_init() by the caller
 * @returns 0, or FLR_E_INVAL, FLR_E_ABI
 * @threads any   @callbacks may be called inside any callback   @blocks never   @since 1.0
 */
FLR_API int flr_board_get_totals(const flr_board *board, flr_board_totals *totals);

/** Sees one task. @param info [view until it returns] @returns 0 to go on, else visiting ends with it   @since 1.0 */
typedef int (*flr_task_visitor)(void *self, const flr_task_info *info);
/** Sees one client by name. @returns 0 to go on, else visiting ends with it   @since 1.0 */
typedef int (*flr_name_visitor)(void *self, const char *client);
/** Sees one client. @param info [view until it returns] @returns 0 to go on, else visiting ends with it   @since 1.0 */
typedef int (*flr_client_info_visitor)(void *self, const flr_client_info *info);

/**
 * Visit the standing tasks in scheduling order, outside all locks. Costs a copy of their counts.
 *
 * @returns 0, what the visitor returned, or FLR_E_INVAL, FLR_E_NOMEM
 * @threads any   @callbacks may be called inside any callback   @blocks never   @since 1.0
 */
FLR_API int flr_board_visit_tasks(flr_board *board, flr_task_visitor visitor, void *self);

/**
 * Visit the clients that have an open assignment of a standing task, in hand-out order, outside all locks.
 *
 * @param number  of the task, as flr_task_info says
 * @returns as flr_board_visit_tasks(), or FLR_E_NOTFOUND no such task stands
 * @threads any   @callbacks may be called inside any callback   @blocks never   @since 1.0
 */
FLR_API int flr_board_visit_outstanding(flr_board *board, int64_t number, flr_name_visitor visitor, void *self);

/**
 * Visit the clients with records, in no order, outside all locks; copied in bounded chunks. The workflow does not end before it returns.
 *
 * @returns 0, what the visitor returned, or FLR_E_INVAL
 * @threads any   @callbacks may be called inside any callback   @blocks never   @since 1.0
 */
FLR_API int flr_board_visit_clients(flr_board *board, flr_client_info_visitor visitor, void *self);

/** Flag: without the list of clients, whose length is the federation's. */
#define FLR_BOARD_PRINT_FLAG_BRIEF 1u

/**
 * Print all of it as one line of JSON, for a status page or a log.
 *
 *     {"workflow": its id,
 *      "totals": {the members of flr_board_totals from `standing` to `client_dead`},
 *      "tasks": [{"name", "kind", "number", "age", "time_left", "targets", "sent", "answered", "given_up", "outstanding",
 *                 "outstanding_clients": [names in hand-out order, at most 100 of them]}, in scheduling order],
 *      "clients": [{"name", "silent", "disconnected", "open", "results", "resends", "duplicates", "late", "rejected"}, in no order]}
 *
 * The kind is "broadcast", "forever", "send", "send_any", "relay" or "relay_any". Times are seconds: time_left is null without a timeout;
 * silent is the time since the client was heard, null: never; disconnected the time since it was, null: it is live. Totals and tasks are
 * of one moment; names and clients are listed after it. Without a workflow under way tasks and clients are empty.
 *
 * @param flags  FLR_BOARD_PRINT_FLAG_*
 * @param text   [out, flr_blob_unref] UTF-8, without a newline or a NUL at its end
 * @returns 0, or FLR_E_INVAL, FLR_E_NOMEM
 * @threads any   @callbacks may be called inside any callback   @blocks never   @since 1.0
 */
FLR_API int flr_board_print(flr_board *board, uint32_t flags, flr_blob **text);

#ifdef __cplusplus
}
#endif
#endif
