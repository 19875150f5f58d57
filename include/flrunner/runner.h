/**
 * @file runner.h
 * Configuration and the server runner.
 *
 * Thread safety of the whole library:
 *
 *     function group                          | thread           | inside a callback | blocks
 *     ----------------------------------------+------------------+-------------------+-----------------------------------------
 *     flr_config_*, flr_workflow_*            | one at a time    | yes               | never
 *     flr_runner_new, _free, _ref             | any              | yes               | never
 *     flr_runner_run                          | any, once        | no                | until the run has ended
 *     flr_runner_step                         | any, one a time  | no (REENTRANT)    | never (but as long as callbacks do)
 *     flr_runner_process_task_request         | any, a context   | see its text      | for filters, communicators not concurrent
 *     flr_runner_process_submission           | each             | see its text      | as above, and for the turn of its task
 *     flr_runner_process_aux                  |                  | yes               | as long as the topic's handler does
 *     flr_runner_handle_dead_job, _abort,     | any              | yes               | never
 *       _wake, _add_client, _remove_client    |                  |                   |
 *     flr_runner_get_*, _visit_clients        | any              | yes               | never
 *     flr_runner_save                         | any              | not in save       | while another save is under way
 *     flr_runner_persist                      | any              | not in save or    | while another persist is under way
 *                                             |                  | persist           |
 *     flr_context_*                           | the context's    | yes               | firing: as long as handlers do
 *     flr_board_*, flr_task_* (board.h)       | any              | yes               | flr_task_wait, _and_wait; refused in callbacks
 *     values, shareables (changing)           | one at a time    | yes               | never
 *     values, shareables (frozen), blobs      | any              | yes               | never
 *     signals, clocks                         | any              | yes               | flr_signal_wait only
 *
 * No function is async-signal-safe. A forked child must not use inherited handles.
 */
#ifndef FLRUNNER_RUNNER_H
#define FLRUNNER_RUNNER_H

#include <flrunner/communicator.h>
#include <flrunner/controller.h>
#include <flrunner/engine.h>
#include <flrunner/filter.h>
#include <flrunner/stats.h>
#include <flrunner/step.h>
#include <flrunner/wire.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a run is made of, until a runner is made from it. */
typedef struct flr_config flr_config;
/** A workflow: a controller with its communicator, reference counted. */
typedef struct flr_workflow flr_workflow;

/* ------------------------------------------------------------------ workflows */

/**
 * Make a workflow from a controller and a communicator.
 *
 * @param controller         [copy]
 * @param controller_self    [give on 0 | keep on error] destroyed with the workflow
 * @param communicator       [copy] NULL: a new board (board.h)
 * @param communicator_self  [give on 0 | keep on error]
 * @param workflow           [out, flr_workflow_unref, or passed to flr_config_add_workflow]
 * @returns 0, or FLR_E_INVAL (a required member is missing), FLR_E_ABI, FLR_E_LIMIT, FLR_E_NOMEM. Which member it was, flr_config_add_controller tells
 * @since 1.0
 */
FLR_API int flr_workflow_new(const flr_controller_ops *controller, void *controller_self,
                             const flr_communicator_ops *communicator, void *communicator_self, flr_workflow **workflow);
FLR_API flr_workflow *flr_workflow_ref(flr_workflow *workflow);
/** Drop a reference; the last one destroys controller and communicator. NULL is fine.   @threads any   @since 1.0 */
FLR_API void flr_workflow_unref(flr_workflow *workflow);

/* ------------------------------------------------------------------ configuration */

/** Make a configuration with the documented defaults. @param config [out, flr_config_free or spent by flr_runner_new] @returns 0, or FLR_E_INVAL, FLR_E_NOMEM   @since 1.0 */
FLR_API int flr_config_new(flr_config **config);
/** Release a configuration that no runner was made from, with all that was handed to it; NULL is fine.   @since 1.0 */
FLR_API void flr_config_free(flr_config *config);
/** Get the text that says why the last call with this configuration failed. @returns [view until the next call] "" if it did not   @since 1.0 */
FLR_API const char *flr_config_get_detail(const flr_config *config);

/** Set how long a client without a task waits before it asks again, seconds; 0: the default 2.0. @returns 0 or FLR_E_INVAL   @since 1.0 */
FLR_API int flr_config_set_task_request_interval(flr_config *config, double seconds);
/** Set after which silence a client with an open assignment counts as dead, seconds; 0 (default): never. @returns 0 or FLR_E_INVAL   @since 1.0 */
FLR_API int flr_config_set_heartbeat_timeout(flr_config *config, double seconds);
/** Set how long after a dead-client report a client becomes disconnected, seconds; default 60.0; 0: at once. @returns 0 or FLR_E_INVAL   @since 1.0 */
FLR_API int flr_config_set_dead_client_grace_period(flr_config *config, double seconds);
/** Set how old a task must be before dead clients can end it, seconds; default 30.0; 0: at once. @returns 0 or FLR_E_INVAL   @since 1.0 */
FLR_API int flr_config_set_dead_client_check_lead_time(flr_config *config, double seconds);
/** Set how many known clients must be live, default 1; fewer after a disconnection end the run with a panic. @returns 0 or FLR_E_INVAL   @since 1.0 */
FLR_API int flr_config_set_min_sites(flr_config *config, size_t count);
/** Set known clients that must be live; a disconnected one ends the run with a panic. @param clients [copy] NULL-terminated; may be empty (default). @returns 0, or FLR_E_INVAL, FLR_E_LIMIT, FLR_E_NOMEM   @since 1.0 */
FLR_API int flr_config_set_required_sites(flr_config *config, const char *const *clients);
/** Set how long the end of the run waits for components that are not ready, and how often it asks; seconds; 0: the defaults 5.0 and 0.5. @returns 0 or FLR_E_INVAL   @since 1.0 */
FLR_API int flr_config_set_end_run_readiness(flr_config *config, double timeout, double interval);
/** Set reliable messages (reliable.h): how many handlers run at once (default 20; in step mode always one), and how often a sender repeats itself, seconds (default 2.0); 0: the defaults. @returns 0 or FLR_E_INVAL   @since 1.0 */
FLR_API int flr_config_set_reliable(flr_config *config, size_t workers, double query_interval);
/** Set the return codes of results that end the job. @param codes [copy] NULL-terminated; may be empty. Default RUN_MISMATCH, TASK_UNKNOWN, UNSAFE_JOB. @returns 0, or FLR_E_INVAL, FLR_E_LIMIT, FLR_E_NOMEM   @since 1.0 */
FLR_API int flr_config_set_fatal_return_codes(flr_config *config, const char *const *codes);
/** Set the clock. @param clock [borrow] a reference is taken; default: the system clock @returns 0 or FLR_E_INVAL   @since 1.0 */
FLR_API int flr_config_set_clock(flr_config *config, flr_clock *clock);
/** Set the seed of run secret and ids: the same seed gives the same ids. For tests and replays only; default: the system's generator. @returns 0 or FLR_E_INVAL   @since 1.0 */
FLR_API int flr_config_set_seed(flr_config *config, uint64_t seed);
/** Set this server's identity name. @param name [copy] "" (default) for none @returns 0, or FLR_E_INVAL, FLR_E_LIMIT, FLR_E_NOMEM   @since 1.0 */
FLR_API int flr_config_set_identity(flr_config *config, const char *name);
/** Set the lowest level that is logged, FLR_LOG_*; default FLR_LOG_INFO. @returns 0 or FLR_E_INVAL   @since 1.0 */
FLR_API int flr_config_set_log_level(flr_config *config, int level);
/** Set secure mode: logs and error headers name codes but hide details. @param on 0 (default) or 1 @returns 0 or FLR_E_INVAL   @since 1.0 */
FLR_API int flr_config_set_secure(flr_config *config, int on);
/** Set limits: nested firings (default 20), bytes of names (default and maximum FLR_NAME_MAX); 0: the default. @returns 0 or FLR_E_INVAL   @since 1.0 */
FLR_API int flr_config_set_limits(flr_config *config, size_t event_depth, size_t name_bytes);
/** Set what a result may hold at most: levels, values, payload bytes; 0: the maxima of value.h. A larger one is FAILED before any filter. @returns 0 or FLR_E_INVAL   @since 1.0 */
FLR_API int flr_config_set_result_limits(flr_config *config, size_t depth, size_t count, size_t bytes);
/** Set whether a saved state may lack a component that can restore, or hold one that is not there. @param on 0 (default) or 1 @returns 0 or FLR_E_INVAL   @since 1.0 */
FLR_API int flr_config_set_allow_state_mismatch(flr_config *config, int on);

/**
 * Add a component; it hears events in the order of addition.
 *
 * @param id    [copy] unique among components and workflows
 * @param ops   [copy]
 * @param self  [give on 0 | keep on error]
 * @returns 0, or FLR_E_INVAL, FLR_E_LIMIT, FLR_E_EXISTS, FLR_E_ABI, FLR_E_NOMEM
 * @since 1.0
 */
FLR_API int flr_config_add_component(flr_config *config, const char *id, const flr_component_ops *ops, void *self);

/**
 * Register a callback of a component for one named event; it replaces the component's general handler for that event.
 *
 * @param component  [borrow] the id of a component or workflow (its controller) that was added
 * @param handler    called with @p self; the same pair twice counts once
 * @param self       [keep until the runner is freed]
 * @returns 0, or FLR_E_INVAL, FLR_E_LIMIT, FLR_E_NOTFOUND, FLR_E_NOMEM
 * @since 1.0
 */
FLR_API int flr_config_subscribe(flr_config *config, const char *component, const char *event, flr_event_handler handler, void *self);

/** Add a workflow; they run in the order of addition. @param id [copy] unique, as above @param workflow [give on 0 | keep on error] stays valid until the runner is freed @returns as flr_config_add_component(); FLR_E_STATE if it was added before   @since 1.0 */
FLR_API int flr_config_add_workflow(flr_config *config, const char *id, flr_workflow *workflow);

/** Make a workflow as flr_workflow_new() does and add it; flr_config_get_detail() names a missing member. @returns as both   @since 1.0 */
FLR_API int flr_config_add_controller(flr_config *config, const char *id, const flr_controller_ops *controller,
                                      void *controller_self, const flr_communicator_ops *communicator,
                                      void *communicator_self);

/**
 * Configure a chain for task data or for results. On a server data go `out` and results come `in`; chains for other directions
 * are kept and not used. All chains whose pattern matches apply, in the order of configuration.
 *
 * @param task       [copy] a task name, or a pattern in which `*` is any run of characters
 * @param direction  FLR_FILTER_IN, FLR_FILTER_OUT or FLR_FILTER_INOUT
 * @param chain      [borrow] a reference is taken; it cannot be changed any more
 * @returns 0, or FLR_E_INVAL, FLR_E_LIMIT, FLR_E_EXISTS (this text has a chain for the direction), FLR_E_NOMEM
 * @since 1.0
 */
FLR_API int flr_config_add_data_filters(flr_config *config, const char *task, int direction, flr_filter_chain *chain);
FLR_API int flr_config_add_result_filters(flr_config *config, const char *task, int direction, flr_filter_chain *chain);

/** Configure a chain of one filter in the server's direction. @param ops [copy] @param self [give on 0 | keep on error] @returns as flr_filter_new() and flr_config_add_data_filters()   @since 1.0 */
FLR_API int flr_config_add_data_filter(flr_config *config, const char *task, const flr_filter_ops *ops, void *self);
FLR_API int flr_config_add_result_filter(flr_config *config, const char *task, const flr_filter_ops *ops, void *self);

/** Add a privacy scope of this site. @param scope [borrow] a reference is taken @returns 0, or FLR_E_INVAL, FLR_E_EXISTS, FLR_E_NOMEM   @since 1.0 */
FLR_API int flr_config_add_scope(flr_config *config, flr_scope *scope);
/** Set the scope for jobs that name none. @param name [copy] an added scope @returns 0, or FLR_E_INVAL, FLR_E_LIMIT, FLR_E_NOTFOUND, FLR_E_NOMEM   @since 1.0 */
FLR_API int flr_config_set_default_scope(flr_config *config, const char *name);
/** Set the scope that the job asks for; "" (default): the default scope. @param name [copy] @returns 0, or FLR_E_INVAL, FLR_E_LIMIT, FLR_E_NOMEM   @since 1.0 */
FLR_API int flr_config_set_job_scope(flr_config *config, const char *name);

/* ------------------------------------------------------------------ the runner */

/* ---- status of a run ---- */
#define FLR_STATUS_INIT 0    /**< "init" */
#define FLR_STATUS_STARTED 1 /**< "started" */
#define FLR_STATUS_DONE 2    /**< "done"; final */

/**
 * Make a runner.
 *
 * @param config       [give on 0 | keep on error] spent; on error flr_config_get_detail() says why
 * @param job_id       [copy] 1 to FLR_NAME_MAX bytes
 * @param engine       [copy]
 * @param engine_self  [keep until the last reference, call and context of the runner is gone]
 * @param runner       [out, flr_runner_free]
 * @returns 0, or FLR_E_INVAL, FLR_E_LIMIT, FLR_E_ABI, FLR_E_NOTFOUND (scope), FLR_E_NOMEM, FLR_E_IO (no random numbers to be had)
 * @threads any   @callbacks may be called inside any callback   @blocks never
 * @since 1.0
 */
FLR_API int flr_runner_new(flr_config *config, const char *job_id, const flr_engine_ops *engine, void *engine_self, flr_runner **runner);

/** Drop the host's reference; NULL is fine. It does not abort: flr_runner_run() and contexts hold their own. Components are destroyed when the last is gone. A stepped run that has not ended is given up then: nothing of it is called any more but destroy.   @threads any   @since 1.0 */
FLR_API void flr_runner_free(flr_runner *runner);

/** Make a context for messages; one per transport thread, reset for each message. @param context [out, flr_context_free] it holds the runner @returns 0, or FLR_E_INVAL, FLR_E_NOMEM   @threads any   @since 1.0 */
FLR_API int flr_runner_new_context(flr_runner *runner, flr_context **context);

/** Add a component before the first run or step. Arguments and results as flr_config_add_component(); FLR_E_STATE when too late.   @since 1.0 */
FLR_API int flr_runner_add_component(flr_runner *runner, const char *id, const flr_component_ops *ops, void *self);
/** Register a callback for an event, at any time; a firing under way does not call it. Arguments and results as flr_config_subscribe().   @threads any   @since 1.0 */
FLR_API int flr_runner_subscribe(flr_runner *runner, const char *component, const char *event, flr_event_handler handler, void *self);

/**
 * Run the job on this thread, from the first event to the last.
 *
 * @returns 0 if every workflow completed; the code of what failed first; FLR_E_ABORTED; FLR_E_STATE a run was begun before;
 *          FLR_E_THREAD or FLR_E_NOMEM before anything happened. flr_runner_get_detail() has the text
 * @threads any, once   @callbacks no   @blocks until the run has ended
 * @since 1.0
 */
FLR_API int flr_runner_run(flr_runner *runner);

/**
 * Do what can be done now, and say how it stands. Never waits.
 *
 * @param result  [out] initialised
 * @returns 0, or FLR_E_INVAL, FLR_E_ABI; FLR_E_NOTSUP a controller has only control_flow; FLR_E_REENTRANT inside a callback;
 *          FLR_E_STATE another step is under way, or the run has ended, or was begun with flr_runner_run(); FLR_E_NOMEM at the first step
 * @threads any, one at a time   @callbacks no   @blocks as long as callbacks do
 * @since 1.0
 */
FLR_API int flr_runner_step(flr_runner *runner, flr_step_result *result);

/* ---- answers to a task request ---- */

/** The answer to a task request: [view until its context is reset, used again or freed]. */
typedef struct flr_answer flr_answer;
/** Get the kind, FLR_ANSWER_*.   @since 1.0 */
FLR_API int flr_answer_get_kind(const flr_answer *answer);
/** Get the task name; `__try_again__` and `__end_run__` for the other kinds. @returns [view as the answer]   @since 1.0 */
FLR_API const char *flr_answer_get_name(const flr_answer *answer);
/** Get the task id; "" for the other kinds. @returns [view as the answer]   @since 1.0 */
FLR_API const char *flr_answer_get_id(const flr_answer *answer);
/** Get the message to send, frozen; NULL for END_RUN. @returns [view as the answer] take a reference to send later   @since 1.0 */
FLR_API const flr_shareable *flr_answer_get_data(const flr_answer *answer);
/** Get the time after which the client should ask again, seconds; 0 for END_RUN.   @since 1.0 */
FLR_API double flr_answer_get_wait_time(const flr_answer *answer);

/**
 * Answer a client's request for a task.
 *
 * @param client   [borrow] the authenticated client
 * @param context  [borrow] made with flr_runner_new_context(), reset, with the peer properties of the message
 * @param answer   [out, view until the context is reset, used again or freed]
 * @returns 0 and an answer, or FLR_E_INVAL, FLR_E_LIMIT (name), FLR_E_NOMEM, FLR_E_REENTRANT, FLR_E_STATE (the context is in use
 *          by another call)
 * @threads any, each with its own context   @blocks for filters and communicators in use
 * @callbacks yes; FLR_E_REENTRANT inside a task callback or a filter if the task has send callbacks or is filtered
 * @since 1.0
 */
FLR_API int flr_runner_process_task_request(flr_runner *runner, const char *client, flr_context *context, const flr_answer **answer);

/**
 * Hand a client's result to the open workflow.
 *
 * @param client     [borrow] the authenticated client
 * @param context    [borrow] as above
 * @param task_name  [borrow] the header `__task_name__` of the message; NULL counts as unknown
 * @param task_id    [borrow] the cookie `__task_id__` of the message; NULL counts as unknown
 * @param result     [borrow] a reference to its parts may be taken; itself it is not changed
 * @param outcome    [out] FLR_OUTCOME_*
 * @returns 0 and an outcome, or FLR_E_INVAL, FLR_E_LIMIT (client name), FLR_E_NOMEM, FLR_E_REENTRANT: the assignment is as it was;
 *          FLR_E_STATE (the context is in use by another call)
 * @threads any, each with its own context   @blocks for filters, communicators and task callbacks in use
 * @callbacks yes; FLR_E_REENTRANT inside a task callback, a filter or process_result_of_unknown_task
 * @since 1.0
 */
FLR_API int flr_runner_process_submission(flr_runner *runner, const char *client, flr_context *context, const char *task_name,
                                          const char *task_id, const flr_shareable *result, int *outcome);

/**
 * Answer an auxiliary message.
 *
 * @param client   [borrow] the authenticated client
 * @param topic    [borrow]
 * @param context  [borrow] as above; its peer context is made from the message
 * @param request  [borrow] may be NULL
 * @param reply    [out, view until the context is reset, used again or freed] never NULL on 0
 * @returns 0, or FLR_E_INVAL, FLR_E_LIMIT (client name), FLR_E_NOMEM, FLR_E_STATE (the context is in use by another call)
 * @threads any, each with its own context   @callbacks may be called inside any callback   @blocks as long as the handler does
 * @since 1.0
 */
FLR_API int flr_runner_process_aux(flr_runner *runner, const char *client, const char *topic, flr_context *context,
                                   const flr_shareable *request, const flr_shareable **reply);

/**
 * Answer a frame of a client, whatever it asks for: a task request, a submission or an auxiliary message.
 *
 * @param client   [borrow] the authenticated client; what the frame says is not looked at
 * @param context  [borrow] as above; it is reset, and what was kept in it is released with the next frame
 * @param request  [borrow] a frame of kind FLR_FRAME_TASK_REQUEST, _SUBMISSION or _AUX_REQUEST
 * @param reply    [out, flr_frame_unref] the frame to send back, with the request's id; NULL if that is 0
 * @returns 0 and a reply, which is of kind FLR_FRAME_ERROR with FLR_E_INVAL for a request of another kind or without what it needs; or as the call that
 *          belongs to the kind: FLR_E_NOMEM and FLR_E_REENTRANT leave everything as it was
 * @threads any, each with its own context   @callbacks, @blocks as the call that belongs to the kind
 * @since 1.0
 */
FLR_API int flr_runner_process_frame(flr_runner *runner, const char *client, flr_context *context, const flr_frame *request, flr_frame **reply);

/** Report a client's job as dead; it becomes disconnected after the grace period unless it is heard before. @returns 0, or FLR_E_INVAL, FLR_E_LIMIT, FLR_E_NOMEM   @threads any   @blocks never   @since 1.0 */
FLR_API int flr_runner_handle_dead_job(flr_runner *runner, const char *client);

/** Abort the run: every wait ends at once, the end sequence follows. @param cold 1: without END_RUN message and last persist @returns 0, or FLR_E_INVAL   @threads any   @blocks never   @since 1.0 */
FLR_API int flr_runner_abort(flr_runner *runner, int cold);

/** Have the open workflow's controller stepped soon. @returns 0, or FLR_E_INVAL   @threads any   @blocks never   @since 1.0 */
FLR_API int flr_runner_wake(flr_runner *runner);

/** Add a client to the known ones. @param parent [copy] NULL: none @returns 0, or FLR_E_INVAL, FLR_E_LIMIT, FLR_E_EXISTS (known already), FLR_E_NOMEM   @threads any   @since 1.0 */
FLR_API int flr_runner_add_client(flr_runner *runner, const char *client, const char *parent);
/** Take a client off the known ones. @returns 0, or FLR_E_INVAL, FLR_E_LIMIT, FLR_E_NOTFOUND   @threads any   @since 1.0 */
FLR_API int flr_runner_remove_client(flr_runner *runner, const char *client);

/** Sees one known client. @param last_heard, disconnected  nanoseconds of the run's clock, FLR_TIME_NONE if never @returns 0 to go on, else visiting ends with it   @since 1.0 */
typedef int (*flr_client_visitor)(void *self, const char *client, const char *parent, int64_t last_heard, int64_t disconnected);
/** Visit the known clients in order, outside all locks. @returns 0, what the visitor returned, or FLR_E_INVAL, FLR_E_NOMEM   @threads any   @since 1.0 */
FLR_API int flr_runner_visit_clients(flr_runner *runner, flr_client_visitor visitor, void *self);

/** Get the status of the run, FLR_STATUS_*.   @threads any   @since 1.0 */
FLR_API int flr_runner_get_status(const flr_runner *runner);
/** Get the index of the present (or next) workflow; the number of workflows once all are completed.   @threads any   @since 1.0 */
FLR_API size_t flr_runner_get_workflow_index(const flr_runner *runner);
/** Get the job id. @returns [view while the runner lives]   @threads any   @since 1.0 */
FLR_API const char *flr_runner_get_job_id(const flr_runner *runner);
/** Get the run's abort signal. @returns [view while the runner lives]   @threads any   @since 1.0 */
FLR_API flr_signal *flr_runner_get_abort_signal(const flr_runner *runner);
/** Take a consistent snapshot of the counters. @param stats [out] initialised @returns 0, or FLR_E_INVAL, FLR_E_ABI   @threads any   @blocks never   @since 1.0 */
FLR_API int flr_runner_get_stats(const flr_runner *runner, flr_stats *stats);
/** Copy the text that says why the run failed, cut to @p size - 1 bytes; "" if it did not. @returns 0, or FLR_E_INVAL   @threads any   @since 1.0 */
FLR_API int flr_runner_get_detail(const flr_runner *runner, char *text, size_t size);

/** Take the run's state now. @param state [out, flr_state_unref] @returns 0, or FLR_E_INVAL, FLR_E_REENTRANT (inside save or persist), FLR_E_NOMEM, what a save callback returned   @threads any   @since 1.0 */
FLR_API int flr_runner_save(flr_runner *runner, flr_state **state);
/** Take the run's state and hand it to the engine's persist. @returns as flr_runner_save(), or what persist returned; 0 without persist   @threads any   @since 1.0 */
FLR_API int flr_runner_persist(flr_runner *runner);
/**
 * Return to a saved state, before run or step.
 *
 * @param data  [borrow] the bytes of a state of this job
 * @returns 0, or FLR_E_STATE; FLR_E_NOTFOUND NULL or empty bytes, or a component without entry or entry without component (the
 *          detail names it); FLR_E_CORRUPT; FLR_E_NOTSUP a newer format; FLR_E_INVAL another job or too many workflows; FLR_E_NOMEM; what a
 *          restore callback returned: then run and step are FLR_E_STATE until a restore succeeds
 * @threads one   @callbacks no   @blocks never
 * @since 1.0
 */
FLR_API int flr_runner_restore(flr_runner *runner, const void *data, size_t size);

#ifdef __cplusplus
}
#endif
#endif
