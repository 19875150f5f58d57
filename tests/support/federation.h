/*
 * A federation of real threads on the system clock: transports that play clients, a reporter of
 * dead clients, meddlers that read, cancel, add and remove, and controllers that schedule every
 * kind of task at once. What a thread does is drawn from its own generator; everything is bounded
 * by the number of tasks, and nobody sleeps. Threads only record; fed_play says what was wrong.
 */
#ifndef FLR_TESTS_FEDERATION_H
#define FLR_TESTS_FEDERATION_H

#include <flrunner/board.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define FED_JOB        "federation"
#define FED_TRANSPORTS 8
#define FED_CLIENTS    (2 * FED_TRANSPORTS) /* two for each transport */
#define FED_GUESTS     3                    /* known now and then, never heard */
#define FED_MEDDLERS   2
#define FED_TASKS      400
#define FED_WORKFLOWS  2
#define FED_OUTCOMES   16
#define FED_CALLBACK   (FLR_E_HOST - 3) /* what a callback that fails returns */

/* How the run ends. */
enum fed_end {
    FED_END_ITSELF,
    FED_END_WARM, /* an abort at some moment */
    FED_END_COLD,
    FED_END_PANIC,
    FED_END_FATAL,    /* a result with a job-fatal return code */
    FED_END_FAILURE,  /* of a controller */
    FED_END_GIVEN_UP, /* step mode: nobody steps any more */
    FED_ENDS
};

/* What becomes of the host's reference of the runner; contexts hold it all the time. */
enum fed_free { FED_FREE_FIRST, FED_FREE_MEANWHILE, FED_FREE_LAST };

typedef struct fed_options {
    uint64_t seed;
    bool steps;   /* flr_runner_step, else flr_runner_run */
    bool notices; /* clients ask only when task_ready told them to; their tasks have no timeouts */
    enum fed_end end;
    unsigned tasks; /* at most, of both workflows */
} fed_options;

typedef struct federation federation;

/* One task and what its callbacks saw. */
typedef struct fed_task {
    federation *f;
    unsigned index, traits; /* FED_TRAIT_* */
    char name[16];
    _Atomic(flr_task *) task; /* a reference held to the end; NULL: not made yet */
    atomic_int inside;        /* callbacks running: never two */
    atomic_int before, after, received, closed, done, destroyed;
    atomic_int accepted; /* outcomes that transports got */
    /* Plain on purpose: only callbacks of this task touch these, so the thread sanitizer sees
     * whether its turn keeps them apart. */
    unsigned calls, answered_at_done;
    unsigned enough; /* so many answers end it at once; 0: no such number. Its scheduler's */
    int64_t model;
} fed_task;

#define FED_TRAIT_SEND     1u /* before_task_sent and after_task_sent */
#define FED_TRAIT_RECEIVED 2u /* result_received */
#define FED_TRAIT_QUOTA    4u /* its own callback cancels it after some results */
#define FED_TRAIT_TIMEOUT  8u /* it has one: it will end in any case */

/* A transport thread, and what it still has to answer. */
typedef struct fed_held {
    unsigned client;
    char name[16], id[40], workflow[16];
    bool used;
} fed_held;

#define FED_HELD 6

typedef struct fed_thread {
    federation *f;
    unsigned number;
    uint64_t stream; /* of its random numbers */
    flr_context *context;
    flr_value *props; /* of a peer */
    fed_held held[FED_HELD];
    pthread_t thread;
} fed_thread;

/* A controller: one of the workflows. */
typedef struct fed_control {
    federation *f;
    unsigned number;
    unsigned share;   /* no more tasks than this from this workflow and those before */
    flr_board *board; /* NULL: it was not started */
} fed_control;

struct federation {
    fed_options options;
    /* drawn */
    unsigned transports, clients, task_count;
    double grace, lead, heartbeat;
    uint64_t memory;
    uint32_t board_flags;
    enum fed_free when_free;
    unsigned abort_at, free_at; /* ticks */
    bool abort_early;           /* by a thread of its own, before anything else */
    bool calm;                  /* only clients and controllers act: whoever waits must be told */
    bool guests;                /* are listed */
    bool cancels_rest;          /* the controller cancels what has no timeout, else leaves it */

    flr_runner *runner; /* held by contexts */
    flr_info_collector *collector;
    flr_signal *signal; /* ends waiting, now and then */
    flr_context *late;  /* the last one, of the test's thread */
    atomic_bool owned;  /* the host's reference is still there */
    atomic_bool over;   /* the run: threads may end */
    atomic_uint ticks;
    atomic_uint streams; /* of random numbers, drawn by threads of the library */
    int result;
    bool given_up;

    fed_control controls[FED_WORKFLOWS];
    fed_task tasks[FED_TASKS];
    atomic_uint made, limit; /* of tasks: so far, and at most for now */

    /* recorded */
    atomic_int wrong;
    char text[256]; /* of what was wrong first */
    atomic_uint answers[4], outcomes[FED_OUTCOMES], aux;
    atomic_uint callback_failures, handler_failures, unknown_failures, data_failures,
        result_failures;
    atomic_uint unknown_calls, fatals, disconnected, reconnected, destroyed;
    atomic_int in_control, in_data_filter, in_unknown[FED_WORKFLOWS];
    /* plain on purpose, as above: of the non-concurrent filter, controller and handler */
    unsigned filtered, unknown[FED_WORKFLOWS], controlled;

    pthread_mutex_t lock; /* guards text and all below */
    pthread_cond_t changed;
    bool woken, ended;
    uint64_t news[FED_CLIENTS], news_for_all;
    fed_held shared[FED_HELD]; /* results that any transport may send */
    unsigned resting, gone;    /* threads that have played their part, that have let go */
    bool may_go;
    fed_thread threads[FED_TRANSPORTS + FED_MEDDLERS + 2];
    unsigned thread_count;
    pthread_t runner_thread;
};

/* ---- federation.c ---- */
/* Give the library an allocator that only counts; before any object of it exists. */
int fed_install_allocator(void);
/* Play it to its end. NULL, or what was wrong: a static buffer. */
const char *fed_play(const fed_options *options);
/* A number below n, of this thread's generator. */
unsigned fed_random(federation *f, unsigned n);
bool fed_chance(federation *f, unsigned one_in);
void fed_seed(federation *f, uint64_t stream); /* this thread's generator */
void fed_wrong(federation *f, const char *format, ...) FLR_PRINTF(2, 3);
/* Something happened: at a tick that was drawn, the run is aborted or the host's reference goes. */
void fed_tick(federation *f, flr_context *context);
const char *fed_client(unsigned i);
const char *fed_guest(unsigned i);
/* Only these results (0 and those listed, a list ended by 1) are right. */
int fed_expect(federation *f, const char *call, int status, const int *allowed);
#define FED_EXPECT(f, call, ...) fed_expect((f), #call, (call), (const int[]){__VA_ARGS__, 1})

void fed_wake_stepper(federation *f);

/* ---- federation_host.c ---- */
void fed_fill_engine(federation *f, flr_engine_ops *engine);
int fed_add_parts(federation *f, flr_config *config);
void fed_let_listing_fail(bool fails); /* list_clients, when this thread asks for a SNAPSHOT */

/* ---- federation_check.c ---- */
void fed_check(federation *f);       /* all threads have come to rest; the runner is still there */
void fed_check_tasks(federation *f); /* nothing of the runner is left */

/* ---- federation_task.c ---- */
/* Make a task of some kind and schedule it; NULL: there shall be no more. waited: NULL where waiting
 * is not allowed; set if it was scheduled and waited for in one. */
fed_task *fed_schedule(federation *f, flr_board *board, flr_context *context, bool *waited);
fed_task *fed_some_task(federation *f); /* one of those made; NULL: there is none */
flr_task *fed_task_of(const fed_task *t);
int fed_make_shareable(int64_t x, flr_shareable **message); /* body {"x": x} */

/* ---- federation_client.c ---- */
void *fed_transport(void *thread);
void fed_ready(void *federation, const char *client); /* task_ready */
int fed_heartbeat(federation *f, flr_context *context, const flr_value *props, const char *client);

/* ---- federation_control.c ---- */
int fed_add_workflows(federation *f, flr_config *config);

/* ---- federation_meddle.c ---- */
void *fed_meddler(void *thread);
void *fed_reporter(void *thread);
void *fed_aborter(void *thread);

#endif
