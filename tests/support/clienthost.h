/*
 * A host of one client runner for tests: stepped (or run) under a manual clock, its calls to the server answered as scripts say, and a trace of all that was called, in order.
 *
 * The trace holds one word per call or event, separated by blanks: `sync`, `beat`, `check(ID)`, `pull`, `submit(TASK,ID,RC)`, `aux(TOPIC)`, `_start_run`, `trainer(TASK)` for
 * an executor of that name, and what tests note.
 *
 * A script is what the calls of one kind are answered, one word each, in order; `...` repeats the word before it. Behind its end: `OK`, `ok`, `end`.
 *     any   hold (not answered; the call is in `last`)  fail  denied  return (the host's function fails)
 *     sync, check, aux  a return code; behind a `:` the header `__error__`, `-` for a blank
 *     pull  task  task:NAME  task:NAME:ID  bare (a task without data)  again  again:SECONDS  end
 *     submit  ok  outcome:NUMBER
 */
#ifndef TESTS_CLIENTHOST_H
#define TESTS_CLIENTHOST_H

#include <check.h>
#include <flrunner.h>
#include <pthread.h>
#include <stdbool.h>

#define CLIENTHOST_JOB   "job-1"
#define CLIENTHOST_LATER (-1) /* of on_execute: the test finishes h->execution */

/* Parts of a trace. */
#define T_BEGIN   "sync _about_to_start_run _start_run "
#define T_PULL    "_before_pull_task pull _after_pull_task "
#define T_DATA    "_before_task_data_filter _after_task_data_filter "
#define T_EXECUTE "_before_task_execution trainer(train) "
#define T_RESULT  "_after_task_execution _before_task_result_filter _after_task_result_filter "
#define T_SEND(id, rc)                                                                             \
    "_before_send_task_result check(" id ") submit(train," id "," rc ") _after_send_task_result "
#define T_END "_about_to_end_run _check_end_run_readiness _end_run"

typedef enum clienthost_call {
    CLIENTHOST_SYNC,
    CLIENTHOST_BEAT,
    CLIENTHOST_CHECK,
    CLIENTHOST_PULL,
    CLIENTHOST_SUBMIT,
    CLIENTHOST_AUX,
    CLIENTHOST_CALLS
} clienthost_call;

typedef struct clienthost clienthost;
struct clienthost {
    flr_clock *clock;           /* manual, at 1 s */
    flr_client_options options; /* until clienthost_make; ids are seeded, identity "site-1" */
    flr_client_runner *client;
    flr_context *context;                 /* for messages of the test's own thread */
    const char *script[CLIENTHOST_CALLS]; /* what is left */
    flr_request *last[CLIENTHOST_CALLS];  /* a reference to the last call of each kind; NULL */
    flr_execution *execution; /* of an executor that starts; a reference until finished */
    flr_step_result result;   /* of the last step */
    /* What is recorded; preset: events and calls, but neither heartbeats nor audit lines. */
    bool without_events, without_calls, with_beats, with_audit;
    bool with_times;  /* calls have `@SECONDS` since the beginning behind them */
    bool with_wakeup; /* count wakeups; set before clienthost_make */
    int wakeups;
    int status; /* the test's own, as is */
    void *user;
    /* Hooks, all optional: each event, after recording; its status is returned. */
    int (*on_event)(clienthost *h, const char *event, flr_context *context);
    /* Each call, after recording, before the answer. */
    void (*on_request)(clienthost *h, clienthost_call call, flr_request *request);
    /* The data of a task or TRY_AGAIN before it goes out. */
    void (*on_data)(clienthost *h, flr_shareable *data);
    /* Each execution. Preset: a result {"y": 2 x}. */
    int (*on_execute)(clienthost *h, flr_context *context, const flr_shareable *data,
                      flr_signal *abort, flr_shareable **result);
    int tasks;            /* handed out */
    int destroyed, given; /* executors, filters and components */
    pthread_mutex_t lock; /* guards what follows, and wakeups */
    char trace[16384];
    char audit[8192]; /* `MESSAGE|REFERENCE|TASK|ID`, a newline behind each */
    char log[32768];
};

/* With this script of pulls; no runner yet. */
clienthost *clienthost_new(const char *pulls);
/* The runner, with the component "ears" that hears all events. */
void clienthost_make(clienthost *h);
/* Both, and the executor "trainer" of the task "train". */
clienthost *clienthost_usual(const char *pulls);
/* The same with scripts of checks and submissions (may be NULL). The trace has calls with their times and no events. */
clienthost *clienthost_timed(const char *pulls, const char *checks, const char *submissions);
void clienthost_free(clienthost *h);

/* Add an executor that executes, or starts, for a task name or pattern; `name` is its own. The code. */
int clienthost_add(clienthost *h, const char *task, const char *name, bool starts);
typedef int (*clienthost_filter)(void *h, flr_context *context, flr_shareable *message,
                                 flr_shareable **output);
/* Filters of all tasks, in the client's direction. */
void clienthost_filter_data(clienthost *h, clienthost_filter process);
void clienthost_filter_result(clienthost *h, clienthost_filter process);
/* One that hands the message on as it is; in the trace `filter`. */
int clienthost_pass(void *h, flr_context *context, flr_shareable *message, flr_shareable **output);

/* Step until nothing can be done now; whether it still runs. */
bool clienthost_step(clienthost *h);
/* Let time pass, stepping whenever something is due; whether it still runs. */
bool clienthost_advance(clienthost *h, double seconds);
/* Step and let time pass to the end; the run's result. */
int clienthost_finish(clienthost *h);
/* Seconds since the beginning. */
double clienthost_now(const clienthost *h);
/* Answer the last call of its kind with a word of a script. */
void clienthost_answer(clienthost *h, clienthost_call call, const char *word);
/* Finish h->execution, with the preset result if the status is 0. */
void clienthost_finish_task(clienthost *h, int status);
/* A message of the server's; the reply's code. */
const char *clienthost_aux(clienthost *h, const char *topic);

/* A word of the trace. */
void clienthost_note(clienthost *h, const char *format, ...) FLR_PRINTF(2, 3);
/* The trace so far is this, and is forgotten. */
void clienthost_expect(clienthost *h, const char *trace);
flr_client_stats clienthost_stats(const clienthost *h);
/* The counters are these, and the log says whether results were dropped. */
void clienthost_expect_counts(clienthost *h, uint64_t delivered, uint64_t dropped,
                              uint64_t retries);
/* The message of the last submission. */
const flr_shareable *clienthost_submitted(const clienthost *h);
/* A header's text; "-": none. */
const char *clienthost_header(const flr_shareable *message, const char *key);
/* A property as a word: "-" absent, its text, "true", "false", "message", or "*"; behind it its flags: `p` public, `s` sticky. */
const char *clienthost_prop(const flr_context *context, const char *key);
/* {"y": number} */
flr_shareable *clienthost_result(int64_t number);

#endif
