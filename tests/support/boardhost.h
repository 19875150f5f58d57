/*
 * A host for tests of the board: a stepped runner with a manual clock, one workflow whose
 * controller keeps going until it is told to end, clients site-1, site-2, ... It traces what
 * happens as one text, guarded by its lock; the rest belongs to the test's thread.
 */
#ifndef FLR_TESTS_BOARDHOST_H
#define FLR_TESTS_BOARDHOST_H

#include <flrunner/board.h>
#include <flrunner/stats.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdatomic.h>

#define BOARDHOST_CLIENTS 8
#define BOARDHOST_LEGS    16 /* at most in the list of a send or a relay */
#define SECOND            INT64_C(1000000000)

typedef struct boardhost {
    flr_clock *clock;
    flr_runner *runner;
    flr_board *board;
    flr_context *contexts[BOARDHOST_CLIENTS + 1]; /* of client 1 to ..., made when first used */
    size_t clients;                               /* that list_clients names */
    atomic_bool end;                              /* the controller's next step ends the workflow */
    int start_status;
    /* what the test may set before boardhost_begin */
    void (*configure)(flr_config *config);
    int (*start)(struct boardhost *h, flr_context *context); /* inside the controller's start */
    int (*unknown)(const char *client, const char *name,
                   const char *id); /* process_result_of_unknown_task; its return */
    int (*filter)(flr_context *context, flr_shareable *message); /* data filter; its return */
    int (*control)(struct boardhost *h, flr_signal *abort,
                   flr_context *context); /* run mode: control_flow */
    bool run_mode;                        /* begin does not step; the test calls flr_runner_run */
    bool trace_events;
    bool trace_ready;
    uint64_t seed;
    flr_state *state; /* restored before the first step; boardhost_free releases it */
    double grace, lead; /* dead-client grace period and check lead time; negative: the default */
    const char *job, *workflow;
    pthread_mutex_t lock;
    char trace[8192];
} boardhost;

/* Defaults: seed 1, the library's grace period and lead time. Then the test sets members, then begin. */
void boardhost_init(boardhost *h, size_t clients);
void boardhost_begin(boardhost *h); /* makes the runner and steps until the gate is open */
/* As if the process died now and another one began: the state of this moment, the same tests' settings. */
void boardhost_restart(boardhost *h);
void boardhost_step(boardhost *h);
void boardhost_advance(boardhost *h, double seconds); /* the clock; then a step */
void boardhost_close(boardhost *h);                   /* ends the workflow and the run */
void boardhost_free(boardhost *h); /* also after a run that never ended normally */

void boardhost_note(boardhost *h, const char *format, ...)
    FLR_PRINTF(2, 3);                      /* add to the trace, with a blank before it */
const char *boardhost_trace(boardhost *h); /* and begin a new one; valid until the next */

const char *boardhost_name(int client);
flr_context *boardhost_context(boardhost *h, int client); /* reset, with peer properties */
/* A client asks; NULL: no task. Valid until its context is used again. */
const flr_answer *boardhost_ask(boardhost *h, int client);
/* The id of the task it got, copied; fails the test if it got none. */
const char *boardhost_take(boardhost *h, int client, char id[40]);
/* A client answers with body {"x": x}: the outcome. */
int boardhost_answer(boardhost *h, int client, const char *name, const char *id, int64_t x);
/* Ask and answer; the outcome, 0 if there was no task. */
int boardhost_serve(boardhost *h, int client);
/* `__error__` of the task check's reply, or "OK", or "not ready". */
const char *boardhost_check(boardhost *h, int client, const char *id);
/* Its job is reported dead; whoever wants the callbacks that follow steps. */
void boardhost_dead(boardhost *h, int client);
void boardhost_heartbeat(boardhost *h, int client); /* heard, without asking for a task */

/* A task named `name` with body {"model": 7}; all callbacks trace. Released by the caller. */
flr_task *boardhost_task(boardhost *h, const char *name, flr_task_options *options);
void boardhost_task_options(
    boardhost *h, flr_task_options *options); /* the defaults of the above: payload NULL */
flr_shareable *boardhost_payload(void);
/* Schedule it as a SNAPSHOT, LIST (names of clients 1 to n) or OPEN; min and wait as in the
 * options. */
int boardhost_broadcast(boardhost *h, flr_task *task, int mode, int n, uint64_t min, double wait);
int boardhost_forever(boardhost *h, flr_task *task, int mode, int n);
/* To a list of client numbers, "1213"; NULL: no list. FLR_ORDER_*; seconds as in the options. */
int boardhost_send(boardhost *h, flr_task *task, const char *list, int order,
                   double assignment_timeout);
int boardhost_relay(boardhost *h, flr_task *task, const char *list, uint32_t flags, int order,
                    double assignment_timeout, double result_timeout);
/* What the standing tasks say to a client that asks now: the name of the task it got, "NO_BLOCK"
 * if it came as far as a probe scheduled behind all of them (gone afterwards), else "BLOCK". id:
 * of what it got, unchanged otherwise. */
const char *boardhost_decision(boardhost *h, int client, char id[40]);
/* The assignments in hand-out order: "site-1:answered site-2:open". Valid until the next. */
const char *boardhost_states(flr_task *task);
/* A trace with trace_ready: did it tell this client, or everybody, to ask? */
bool boardhost_told(const char *trace, int client);

flr_stats boardhost_stats(boardhost *h);

/* Callbacks that trace and return 0; self is the host. A result with the header of a late reply
 * traces as received(NAME,late). */
int boardhost_before(void *self, flr_assignment *a, flr_context *context);
int boardhost_after(void *self, flr_assignment *a, flr_context *context);
int boardhost_received(void *self, flr_assignment *a, flr_context *context);
int boardhost_done(void *self, flr_task *task, flr_context *context);

#endif
