/**
 * @file client_runner.h
 * The client side: pulls tasks from its server, runs executors, submits their results. Linked statically it brings in nothing of the server.
 *
 * The host gives it one function, `request`, which carries one call to another site, over any transport; wire.h makes a frame of it and takes
 * the answer's. It is driven by flr_client_runner_run() on a thread of the host's, or by flr_client_runner_step() from an event loop.
 *
 *     function group                              | thread          | inside a callback | blocks
 *     --------------------------------------------+-----------------+-------------------+-------------------------------------
 *     flr_client_runner_new, _free, _new_context  | any             | yes               | never
 *     flr_client_runner_add_*, _subscribe         | one at a time   | yes               | never
 *     flr_client_runner_run                       | any, once       | no                | until the run has ended
 *     flr_client_runner_step                      | any, one a time | no (REENTRANT)    | never (but as long as callbacks do)
 *     flr_client_runner_process_*                 | any, a context  | yes               | as long as the topic's handler does
 *     flr_client_runner_task_ready, _abort, _get_ | any             | yes               | never
 *     flr_request_*, flr_execution_*              | any             | yes               | never (but as long as completions do)
 */
#ifndef FLRUNNER_CLIENT_RUNNER_H
#define FLRUNNER_CLIENT_RUNNER_H

#include <flrunner/aux.h>
#include <flrunner/communicator.h>
#include <flrunner/filter.h>
#include <flrunner/reliable.h>
#include <flrunner/step.h>
#include <flrunner/wire.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A client's run of one job. */
typedef struct flr_client_runner flr_client_runner;

/* ------------------------------------------------------------------ calls to other sites */

/** One call to another site, reference counted; answered once, on any thread. */
typedef struct flr_request flr_request;

/* ---- kinds ---- */
#define FLR_REQUEST_TASK 1       /**< is there a task for me? */
#define FLR_REQUEST_SUBMISSION 2 /**< here is a result */
#define FLR_REQUEST_AUX 3        /**< an auxiliary message */

/** The vtable of a client's engine. Members may be called on any thread, several at once; wakeup only signals and must not call the library. */
typedef struct flr_client_engine_ops {
    uint32_t struct_size; /**< sizeof(flr_client_engine_ops); set by flr_client_engine_ops_init() */
    uint32_t flags;       /**< 0 */
    /**
     * Required. Make a call: take a reference, send it, return; report the answer with one of the flr_request_answer functions or flr_request_fail(),
     * before returning or later. In run mode it may as well wait for the answer before it returns, at the price that an abort waits for it. A
     * failing return is the report, unless there was one.
     */
    int (*request)(void *self, flr_request *request);
    /** Optional. Keep an audit line, as in engine.h. */
    int (*audit)(void *self, const flr_audit_record *record);
    /** Optional. The client has something to do: call flr_client_runner_step() soon. Only in step mode. */
    void (*wakeup)(void *self);
    /** Optional. Take a log line (without a newline) of FLR_LOG_*. Must not call the library. */
    void (*log)(void *self, int level, const char *line);
    /* ---- end of 1.0 ---- */
} flr_client_engine_ops;

/** Fill a vtable with its defaults. @param size sizeof(flr_client_engine_ops) of the host's header; NULL does nothing   @since 1.0 */
FLR_API void flr_client_engine_ops_init(flr_client_engine_ops *ops, size_t size);

/** Take one more reference. @returns @p request   @threads any   @since 1.0 */
FLR_API flr_request *flr_request_ref(flr_request *request);
/** Drop a reference; NULL is fine. With the last one, a call that was not reported counts as failed with FLR_E_IO.   @threads any   @since 1.0 */
FLR_API void flr_request_unref(flr_request *request);
/** Get the kind, FLR_REQUEST_*; 0 for NULL.   @since 1.0 */
FLR_API int flr_request_get_kind(const flr_request *request);
/** Get the site to reach. @returns [view while a reference is held]   @since 1.0 */
FLR_API const char *flr_request_get_target(const flr_request *request);
/** Get the topic of an auxiliary message. @returns [view while a reference is held] "" for other kinds   @since 1.0 */
FLR_API const char *flr_request_get_topic(const flr_request *request);
/** Get the task's name and id of a submission. @returns [view while a reference is held] "" for other kinds   @since 1.0 */
FLR_API const char *flr_request_get_task_name(const flr_request *request);
FLR_API const char *flr_request_get_task_id(const flr_request *request);
/** Get the message, frozen. @returns [view while a reference is held] NULL for FLR_REQUEST_TASK   @since 1.0 */
FLR_API const flr_shareable *flr_request_get_message(const flr_request *request);
/** Get this client's public properties: the peer context of the receiver. @returns [view while a reference is held] a map; NULL for FLR_REQUEST_AUX, whose message has them   @since 1.0 */
FLR_API const flr_value *flr_request_get_peer(const flr_request *request);
/** Get the time to wait for the answer, seconds; 0: as long as it takes, but for an auxiliary message nobody waits then. The library keeps the deadline.   @since 1.0 */
FLR_API double flr_request_get_timeout(const flr_request *request);
/** Tell whether a failure is of no importance.   @since 1.0 */
FLR_API int flr_request_is_optional(const flr_request *request);
/** Tell whether the message should be encrypted for its receiver.   @since 1.0 */
FLR_API int flr_request_is_secure(const flr_request *request);
/** Tell whether nobody waits for the answer any more: answered, timed out, or the run has ended. What was not sent yet need not be.   @threads any   @since 1.0 */
FLR_API int flr_request_is_over(const flr_request *request);

/**
 * Report the answer to FLR_REQUEST_TASK. The first report of a request counts; later ones, and those after it is over, are ignored.
 *
 * @param kind  FLR_ANSWER_*
 * @param name  [copy] TASK: the task's name; else not looked at, may be NULL
 * @param data  [borrow] a reference is taken; it is frozen. May be NULL
 * @returns 0, or FLR_E_INVAL (also a request of another kind); FLR_E_NOMEM, then it counts as failed with that code
 * @threads any   @callbacks may be called inside request   @blocks never
 * @since 1.0
 */
FLR_API int flr_request_answer_task(flr_request *request, int kind, const char *name, flr_shareable *data);

/** Report that FLR_REQUEST_SUBMISSION was delivered. @param outcome FLR_OUTCOME_*; 0: not known @returns 0, or FLR_E_INVAL   @threads any   @since 1.0 */
FLR_API int flr_request_answer_submission(flr_request *request, int outcome);

/** Report the reply to FLR_REQUEST_AUX. @param reply [borrow] a reference is taken; it is frozen @returns 0, or FLR_E_INVAL   @threads any   @since 1.0 */
FLR_API int flr_request_answer_aux(flr_request *request, flr_shareable *reply);

/**
 * Report that the other site could not be reached or did not answer.
 *
 * @param code  negative; FLR_E_DENIED: this client or its session is refused for good, which ends the retries of a submission
 * @returns 0, or FLR_E_INVAL   @threads any   @since 1.0
 */
FLR_API int flr_request_fail(flr_request *request, int code);

/**
 * Encode a call as a frame: FLR_FRAME_TASK_REQUEST, FLR_FRAME_SUBMISSION or FLR_FRAME_AUX_REQUEST.
 *
 * @param id     > 0, chosen by the host, to know the answer by; 0 for a call whose answer nobody waits for
 * @param frame  [out, flr_frame_unref]
 * @returns 0, or FLR_E_INVAL, FLR_E_NOMEM
 * @threads any   @callbacks may be called inside request   @blocks never
 * @since 1.0
 */
FLR_API int flr_request_encode(const flr_request *request, int64_t id, flr_frame **frame);

/**
 * Report the answer as it came: the frame of the kind that belongs to the request, or FLR_FRAME_ERROR, which is a failure with its code. Another kind is a
 * failure with FLR_E_IO.
 *
 * @returns 0, or FLR_E_INVAL; FLR_E_NOMEM, then it counts as failed with that code
 * @threads any   @since 1.0
 */
FLR_API int flr_request_answer_frame(flr_request *request, const flr_frame *answer);

/* ------------------------------------------------------------------ executors */

/** One task being worked on, reference counted; finished once, on any thread. */
typedef struct flr_execution flr_execution;

/** The vtable of an executor: one of execute and start is required; start is preferred if both are there. */
typedef struct flr_executor_ops {
    uint32_t struct_size; /**< sizeof(flr_executor_ops); set by flr_executor_ops_init() */
    uint32_t flags;       /**< 0 */
    /** [copy] optional; of it only name and destroy are used. An executor that needs events is also added as a component. */
    const flr_component_ops *component;
    /**
     * Do a task on this thread.
     *
     * @param context    [view until return]
     * @param task_name  [borrow]
     * @param data       [borrow] frozen
     * @param abort      [borrow] stop early when it is triggered: the result is not wanted any more
     * @param result     [out] a reference passes to the library on 0; preset to NULL, which counts as `EXECUTION_RESULT_ERROR`
     * @returns 0; FLR_E_UNSAFE_JOB: this job must not go on here; another code: `EXECUTION_EXCEPTION`
     * @threads the one that runs or steps   @callbacks may call the library
     */
    int (*execute)(void *self, flr_context *context, const char *task_name, const flr_shareable *data, flr_signal *abort,
                   flr_shareable **result);
    /**
     * Begin a task: take a reference, have it done elsewhere, return; flr_execution_finish() before returning or later.
     *
     * @param context  [view until return]
     * @returns 0, or a code as execute; then it must not be finished
     * @threads the one that runs or steps   @callbacks may call the library
     */
    int (*start)(void *self, flr_context *context, flr_execution *execution);
    /* ---- end of 1.0 ---- */
} flr_executor_ops;

/** Fill a vtable with its defaults. @param size sizeof(flr_executor_ops) of the host's header; NULL does nothing   @since 1.0 */
FLR_API void flr_executor_ops_init(flr_executor_ops *ops, size_t size);

/** Take one more reference. @returns @p execution   @threads any   @since 1.0 */
FLR_API flr_execution *flr_execution_ref(flr_execution *execution);
/** Drop a reference; NULL is fine. With the last one, a task that was not finished counts as failed with FLR_E_CALLBACK.   @threads any   @since 1.0 */
FLR_API void flr_execution_unref(flr_execution *execution);
/** Get the task's name. @returns [view while a reference is held]   @since 1.0 */
FLR_API const char *flr_execution_get_task_name(const flr_execution *execution);
/** Get the task's data, frozen. @returns [view while a reference is held]   @since 1.0 */
FLR_API const flr_shareable *flr_execution_get_data(const flr_execution *execution);
/** Get the signal that says the result is not wanted any more. @returns [view while a reference is held]   @since 1.0 */
FLR_API flr_signal *flr_execution_get_abort_signal(const flr_execution *execution);
/**
 * Say how a task went. The first call counts.
 *
 * @param status  0, or a code as in execute
 * @param result  [borrow] a reference is taken; NULL counts as `EXECUTION_RESULT_ERROR`
 * @returns 0, or FLR_E_INVAL (also a positive status)
 * @threads any   @callbacks may be called inside start   @blocks never
 * @since 1.0
 */
FLR_API int flr_execution_finish(flr_execution *execution, int status, flr_shareable *result);

/* ------------------------------------------------------------------ the runner */

#define FLR_CLIENT_FLAG_SECURE 1u      /**< logs and error headers name codes but hide details */
#define FLR_CLIENT_FLAG_SEEDED 2u      /**< ids come from `seed`: for tests and replays only */
#define FLR_CLIENT_FLAG_NO_RESUBMIT 4u /**< execute a task again whose result was delivered already, instead of delivering that again */

/** Options of a client. Filled with defaults by flr_client_options_init(). Times are seconds; 0 means the default unless it says otherwise. */
typedef struct flr_client_options {
    uint32_t struct_size; /**< sizeof(flr_client_options); set by flr_client_options_init() */
    uint32_t flags;       /**< FLR_CLIENT_FLAG_* */
    /** [copy] this client's name, shown to peers as `__identity_name__`; NULL or "" (default): none */
    const char *identity;
    /** [copy] the site that gives tasks; NULL or "": "server" */
    const char *parent;
    double sync_timeout;       /**< of one sync message; default 2.0 */
    double max_sync_timeout;   /**< no attempt to sync begins after this time; default 60.0 */
    double get_task_timeout;   /**< of one pull; 0 (default): none */
    double fetch_interval;     /**< until the next pull when the server does not say; default 0.5 */
    double task_check_timeout; /**< of one task check; default 5.0 */
    double task_check_interval; /**< between attempts to submit; default 5.0 */
    double submit_timeout;     /**< of one submission; 0 (default): none */
    double submit_time;        /**< total time of the attempts to submit one result; 0 (default): no limit */
    double heartbeat_interval; /**< default 10.0 */
    double readiness_timeout, readiness_interval; /**< how long the end of the run waits for components that are not ready, and how often it asks; defaults 5.0, 0.5 */
    double reliable_interval;  /**< how often a sender of reliable messages repeats itself; default 2.0 */
    uint32_t reliable_workers; /**< handlers of reliable messages at once; 0: the default 20; in step mode always one */
    int32_t log_level;         /**< lowest level that is logged, FLR_LOG_*; default FLR_LOG_INFO */
    uint32_t event_depth;      /**< nested firings; 0: the default 20 */
    uint32_t name_bytes;       /**< longest name; 0: the default and maximum FLR_NAME_MAX */
    uint64_t seed;             /**< see FLR_CLIENT_FLAG_SEEDED */
    /** [borrow] a reference is taken; NULL: the system clock */
    flr_clock *clock;
    /** [borrow] privacy scopes of this site, references are taken; none: no policy, every scope name is allowed */
    flr_scope *const *scopes;
    size_t scope_count;
    /** [copy] the scope for jobs that name none, and the one this job asks for; NULL or "": none */
    const char *default_scope, *job_scope;
    /* ---- end of 1.0 ---- */
} flr_client_options;

/** Fill a struct with its defaults. @param size sizeof(flr_client_options) of the host's header; NULL does nothing   @since 1.0 */
FLR_API void flr_client_options_init(flr_client_options *options, size_t size);

/**
 * Make a client runner.
 *
 * @param options      [copy] NULL: the defaults
 * @param job_id       [copy] 1 to FLR_NAME_MAX bytes
 * @param engine       [copy]
 * @param engine_self  [keep until the last reference, call, request and context of the runner is gone]
 * @param client       [out, flr_client_runner_free]
 * @returns 0, or FLR_E_INVAL (also without `request`, and for a time that is negative or no number), FLR_E_LIMIT, FLR_E_ABI, FLR_E_EXISTS (two scopes of a name), FLR_E_NOTFOUND (the
 *          scope is not allowed here), FLR_E_NOMEM, FLR_E_IO (no random numbers to be had)
 * @threads any   @callbacks may be called inside any callback   @blocks never
 * @since 1.0
 */
FLR_API int flr_client_runner_new(const flr_client_options *options, const char *job_id, const flr_client_engine_ops *engine, void *engine_self,
                                  flr_client_runner **client);
/** Drop the host's reference; NULL is fine. It does not abort: run, contexts and executions hold their own. A stepped run that has not ended is given up.   @threads any   @since 1.0 */
FLR_API void flr_client_runner_free(flr_client_runner *client);

/** Make a context for messages; one per transport thread. @param context [out, flr_context_free] it holds the runner @returns 0, or FLR_E_INVAL, FLR_E_NOMEM   @threads any   @since 1.0 */
FLR_API int flr_client_runner_new_context(flr_client_runner *client, flr_context **context);

/** Add a component, before run or step. Arguments and results as flr_config_add_component(); FLR_E_STATE when too late.   @since 1.0 */
FLR_API int flr_client_runner_add_component(flr_client_runner *client, const char *id, const flr_component_ops *ops, void *self);
/** Register a callback of a component for one named event, at any time. Arguments and results as flr_config_subscribe().   @threads any   @since 1.0 */
FLR_API int flr_client_runner_subscribe(flr_client_runner *client, const char *component, const char *event, flr_event_handler handler, void *self);

/**
 * Add an executor, before run or step. A task goes to the executor of its very name, else to the first pattern that matches.
 *
 * @param task  [copy] a task name, or a pattern in which `*` is any run of characters
 * @param ops   [copy]
 * @param self  [give on 0 | keep on error]
 * @returns 0, or FLR_E_INVAL (also neither execute nor start), FLR_E_LIMIT, FLR_E_EXISTS (this text has an executor), FLR_E_ABI, FLR_E_STATE (too late), FLR_E_NOMEM
 * @since 1.0
 */
FLR_API int flr_client_runner_add_executor(flr_client_runner *client, const char *task, const flr_executor_ops *ops, void *self);

/** Configure a chain, before run or step: on a client data come `in` and results go `out`. Arguments and results as flr_config_add_data_filters(); FLR_E_STATE when too late.   @since 1.0 */
FLR_API int flr_client_runner_add_data_filters(flr_client_runner *client, const char *task, int direction, flr_filter_chain *chain);
FLR_API int flr_client_runner_add_result_filters(flr_client_runner *client, const char *task, int direction, flr_filter_chain *chain);
/** Configure a chain of one filter in the client's direction. @param ops [copy] @param self [give on 0 | keep on error] @returns as flr_filter_new() and the above   @since 1.0 */
FLR_API int flr_client_runner_add_data_filter(flr_client_runner *client, const char *task, const flr_filter_ops *ops, void *self);
FLR_API int flr_client_runner_add_result_filter(flr_client_runner *client, const char *task, const flr_filter_ops *ops, void *self);

/**
 * Run this client on this thread: sync with the server, then pull and do tasks until the run ends.
 *
 * @returns 0 the server ended the run; FLR_E_ABORTED an abort, a fatal error or an unsafe data filter; FLR_E_TIMEDOUT the server was not reached;
 *          FLR_E_STATE a run was begun before; FLR_E_THREAD or FLR_E_NOMEM; the code of what failed unexpectedly
 * @threads any, once   @callbacks no   @blocks until the run has ended
 * @since 1.0
 */
FLR_API int flr_client_runner_run(flr_client_runner *client);

/**
 * Do what can be done now, and say how it stands. Never waits.
 *
 * @param result  [out] initialised
 * @returns 0, or FLR_E_INVAL, FLR_E_ABI; FLR_E_REENTRANT inside a callback of this client; FLR_E_STATE another step is under way, or the run has ended, or was
 *          begun with flr_client_runner_run(); FLR_E_NOMEM at the first step
 * @threads any, one at a time   @callbacks no   @blocks as long as callbacks do
 * @since 1.0
 */
FLR_API int flr_client_runner_step(flr_client_runner *client, flr_step_result *result);

/** Answer an auxiliary message of another site. Arguments and results as flr_runner_process_aux(). @param sender [borrow] the authenticated site   @since 1.0 */
FLR_API int flr_client_runner_process_aux(flr_client_runner *client, const char *sender, const char *topic, flr_context *context,
                                          const flr_shareable *request, const flr_shareable **reply);
/** Answer a frame of kind FLR_FRAME_AUX_REQUEST. Arguments and results as flr_runner_process_frame().   @since 1.0 */
FLR_API int flr_client_runner_process_frame(flr_client_runner *client, const char *sender, flr_context *context, const flr_frame *request,
                                            flr_frame **reply);

/** Say that the server has a task: the next pull follows at once. @returns 0, or FLR_E_INVAL   @threads any   @blocks never   @since 1.0 */
FLR_API int flr_client_runner_task_ready(flr_client_runner *client);
/** Abort the run: every wait ends at once, the end sequence follows. @returns 0, or FLR_E_INVAL   @threads any   @blocks never   @since 1.0 */
FLR_API int flr_client_runner_abort(flr_client_runner *client);

/** Get the job id. @returns [view while the runner lives]   @threads any   @since 1.0 */
FLR_API const char *flr_client_runner_get_job_id(const flr_client_runner *client);
/** Get the run's signal: triggered by an abort and by the end of the run. @returns [view while the runner lives]   @threads any   @since 1.0 */
FLR_API flr_signal *flr_client_runner_get_abort_signal(const flr_client_runner *client);

/** Counters of one client's run, a consistent snapshot. All count from its creation. */
typedef struct flr_client_stats {
    uint32_t struct_size; /**< sizeof(flr_client_stats); set by flr_client_stats_init() */
    uint32_t flags;       /**< 0 */
    uint64_t pulls;          /**< answered or failed */
    uint64_t pull_failures;  /**< among them */
    uint64_t tasks;          /**< received */
    uint64_t executed;       /**< given to an executor */
    uint64_t delivered;      /**< results that the server has */
    uint64_t resubmitted;    /**< among them: results that were delivered before */
    uint64_t dropped;        /**< results that were not delivered */
    uint64_t submit_retries; /**< attempts after the first */
    uint64_t heartbeats;     /**< sent */
    /* ---- end of 1.0 ---- */
} flr_client_stats;

/** Fill a struct with zeros. @param size sizeof(flr_client_stats) of the host's header; NULL does nothing   @since 1.0 */
FLR_API void flr_client_stats_init(flr_client_stats *stats, size_t size);
/** Take a snapshot of the counters. @param stats [out] initialised @returns 0, or FLR_E_INVAL, FLR_E_ABI   @threads any   @blocks never   @since 1.0 */
FLR_API int flr_client_runner_get_stats(const flr_client_runner *client, flr_client_stats *stats);
/** Copy the text that says why the run failed, cut to @p size - 1 bytes; "" if it did not. @returns 0, or FLR_E_INVAL   @threads any   @since 1.0 */
FLR_API int flr_client_runner_get_detail(const flr_client_runner *client, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
