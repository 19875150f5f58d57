/*
 * A small world for tests: a fake engine, scripted controllers and communicators, a component that hears everything, and a trace of all
 * that was called, in order. The runner is stepped under a manual clock, or run on a thread.
 *
 * The trace holds one word per call or event, separated by blanks: `_start_run`, `persist(0)`, `list_clients`, `initialize_run`, `start`,
 * `control` (control_flow, or the first step), `stop`, `finalize_run`, `aux:__end_run__`, ... What belongs to workflow n > 1 has n behind it: `start2`.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include <check.h>
#include <flrunner.h>
#include <pthread.h>
#include <stdbool.h>

#define WORLD_WORKFLOWS 4
#define WORLD_CLIENTS 16
#define WORLD_JOB "job-1"

typedef struct world world;
typedef struct world_workflow world_workflow;

/* One scripted workflow. */
struct world_workflow {
    world *world;
    int number;                 /* from 1; its id is "wf1", "wf2" ... */
    bool ended;                 /* step and control_flow: over as soon as this is true, or at an abort */
    int steps;                  /* calls of step so far */
    int64_t due;                /* what step asks for; preset FLR_TIME_NONE */
    int destroyed;              /* calls of destroy: 1 of the controller's, 1 of the communicator's in the end */
    void *user;
    bool with_flow;             /* control_flow too: preset false. Set these three before world_start */
    bool without_step;          /* no step */
    bool with_board;            /* a board instead of the communicator below */
    int initialize_status, start_status, control_status, stop_status, finalize_status; /* what they return; preset 0 */
    const char *detail;         /* attached to the context by those that fail */
    /* Hooks, all optional, called after recording; a status of theirs that is not 0 is returned at once. */
    int (*on_initialize)(world_workflow *w, flr_context *context);
    int (*on_start)(world_workflow *w, flr_context *context);
    int (*on_control)(world_workflow *w, flr_context *context); /* each step, or once in control_flow */
    int (*on_flow)(world_workflow *w, flr_signal *abort, flr_context *context); /* control_flow; preset: on_control, then waits until ended or abort */
    int (*on_stop)(world_workflow *w, flr_context *context);
    int (*on_finalize)(world_workflow *w, flr_context *context);
    int (*on_request)(world_workflow *w, flr_context *context, const char *client, flr_offer *offer); /* preset: no task */
    int (*on_submission)(world_workflow *w, flr_context *context, const char *client, const char *task, const char *id, flr_shareable *result, int *outcome);
    int (*on_check)(world_workflow *w, flr_context *context, const char *client, const char *id, int *found);
    int (*on_exception)(world_workflow *w, flr_context *context, const char *id);
    int (*on_unknown)(world_workflow *w, flr_context *context, const char *client, const char *task, const char *id, const flr_shareable *result);
    int (*on_dead)(world_workflow *w, flr_context *context, const char *client, int64_t when);
    int (*on_active)(world_workflow *w, flr_context *context, const char *client, const char *reason);
    int (*on_advance)(world_workflow *w, flr_context *context, int64_t now, int64_t *due);
};

struct world {
    flr_clock *clock;           /* manual, at 1 s; calendar 2026-01-02T03:04:05Z */
    flr_config *config;         /* until world_start */
    flr_runner *runner;
    flr_context *context;       /* for messages of the test's own thread; world_* calls reset it */
    world_workflow workflows[WORLD_WORKFLOWS];
    int workflow_count;
    const char *clients[WORLD_CLIENTS]; /* what list_clients names; preset "a", "b" */
    const char *parents[WORLD_CLIENTS];
    int client_count;
    bool with_persist, with_aux, with_audit; /* preset true, true, false: set before world_start */
    bool with_wakeup;           /* preset true: counts wakeups */
    int list_status, persist_status, aux_status, audit_status; /* what the engine returns; preset 0 */
    int wakeups;
    flr_state *state;           /* the last one persisted; a reference */
    bool completed;
    char log[65536];            /* all log lines, a newline behind each */
    char audit[16384];          /* all audit lines, likewise */
    char trace[65536];
    pthread_mutex_t lock;       /* guards trace, log, audit, state */
    /* every event, after it was recorded; may return a status of its own. NULL: none */
    int (*on_event)(world *w, const char *event, flr_context *context);
    /* inside the engine's callbacks, after recording; a status of theirs that is not 0 is returned */
    int (*on_persist)(world *w, int completed);
    int (*on_list)(world *w);
    void *user;
    pthread_cond_t changed;     /* with lock: trace, wakeups */
    bool trace_lists;           /* record list_clients too; preset false */
    bool trace_reasons;         /* record `<REASON>` behind `_fatal_system_error`, `fatal=FLAG` behind `_about_to_end_run`; preset false */
    bool trace_log_events;      /* record log events too; preset false */
    /* all preset false or NULL, to be set before world_start */
    bool serial;                /* communicators are not concurrent */
    bool without_check, without_unknown; /* no process_task_check, no process_result_of_unknown_task */
    bool without_tell;          /* no process_dead_client_report, no client_is_active */
    bool concurrent_unknown;    /* controllers are declared concurrent */
    bool trace_audit;           /* record each audit line as `audit` */
    int (*on_send)(world *w, flr_aux_send *send); /* send_aux, after recording; its result is returned */
    pthread_t thread;
    int run_status;
};

world *world_new(int workflows);          /* a configuration with that many scripted workflows; communicators are host's own, concurrent */
void world_add_component(world *w);       /* done by world_start: the component "ears" hears all events */
world *world_begin(int workflows, bool run); /* world_new, with control_flow too if it will be run, and world_start */
void world_start(world *w);               /* makes the runner from the configuration */
void world_free(world *w);                /* everything; asserts that each destroy was called once */
void world_note(world *w, const char *format, ...) FLR_PRINTF(2, 3); /* append a word to the trace */
void world_clear(world *w);               /* forget the trace */
const char *world_trace(world *w);        /* the trace so far, without a blank at the end */
void world_await(world *w, const char *word, int count); /* wait until another thread has recorded the word so often */
int world_wakeups(world *w);              /* how often wakeup was called, while other threads may call it */
void world_await_wakeups(world *w, int count); /* wait for that many calls of wakeup in all */

/* Step until nothing can be done now. The result of the last step. */
flr_step_result world_step(world *w);
flr_step_result world_advance(world *w, double seconds); /* move the clock, then step */
int world_finish(world *w);               /* end every workflow, step (moving the clock if need be) to the end; the run's result */
void world_run(world *w);                 /* flr_runner_run on a thread */
int world_join(world *w);                 /* its result */
int world_complete(world *w, bool run);   /* world_finish, or with every workflow ended already world_run and world_join */

/* Messages on the test's own context: reset, peer properties of the job (identity "liar"), the call. */
void world_peer(world *w, flr_context *context, const char *job); /* job NULL: no peer context */
const flr_answer *world_request(world *w, const char *client);
int world_submit(world *w, const char *client, const char *task, const char *id, const char *rc); /* the outcome; a body {"x": 1} */
int world_submit_message(world *w, const char *client, const char *task, const char *id, const flr_shareable *result);
const flr_shareable *world_aux(world *w, const char *client, const char *topic, const flr_shareable *request); /* request gets `__peer_props__` if NULL or without */
flr_stats world_stats(world *w);
/* A hook for on_request: offers task "train", id "id-CLIENT", with a body {"n": 7}. */
int world_offer_train(world_workflow *w, flr_context *context, const char *client, flr_offer *offer);

#endif
