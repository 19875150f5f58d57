/*
 * The local engine from inside. Clients and options are constant while a run is under way. `lock`
 * (rank RUNNER: it is taken while no other is held) guards state, the heap and what says so below.
 * A client's message side (context, pending result) belongs to its thread, or to the one that
 * simulates.
 */
#ifndef FLR_LIB_LOCAL_H
#define FLR_LIB_LOCAL_H

#include "base/heap.h"
#include "base/id.h"
#include "base/table.h"
#include "base/wait.h"
#include "fl/hostcall.h"
#include <flrunner/local.h>

enum flr__local_state { FLR__LOCAL_IDLE, FLR__LOCAL_THREADS, FLR__LOCAL_SIMULATION };

/* What a client has to hand in. */
typedef struct flr__pending {
    flr_shareable *result; /* NULL: nothing */
    char *name, *id;
} flr__pending;

typedef struct flr__local_client {
    flr_local *local;
    char *name;
    uint32_t hash;
    flr_local_client work;
    void *self;
    /* a run */
    flr_context *context;
    flr__pending pending;
    flr__waker waker; /* threads: a task may be ready, or the run is over */
    pthread_t thread;
    atomic_bool over; /* told so by END_RUN; read by its owner at each turn, whom the waker wakes */
    flr__due due;     /* simulation, under lock: when it acts next */
    bool asleep;      /* simulation, under lock: it waits for a task, a notice lets it act now */
    bool noticed;     /* simulation, under lock: a notice came while it was acting */
} flr__local_client;

struct flr_local {
    flr_engine_ops ops;  /* what the runner gets */
    flr_engine_ops host; /* what is forwarded */
    void *host_self;
    uint64_t seed;
    int64_t min_delay, max_delay;
    flr__local_client **clients;
    size_t count, capacity;
    flr__table names;
    flr__mutex lock;
    atomic_int state; /* flr__local_state; changed under lock, read by notices without */
    /* a run */
    flr_runner *runner;
    flr_clock *clock;      /* a view of the run's */
    flr_value *peer_props; /* shared by all clients */
    atomic_bool begun;     /* threads: clients may ask; partner: the waker of each client */
    atomic_bool over;      /* the run has ended; partner: the same */
    atomic_int failure;    /* the code of the first client that gave up, and aborted the run */
    atomic_bool stepping; /* simulation: `wakeup` was called since the last step */
    flr__heap heap;
    flr__rng rng;
};

flr__local_client *flr__local_find(flr_local *local, const char *name);

/*
 * One turn of a client, and what comes next. A client that cannot go on (out of memory, above all)
 * aborts the run: in one process nobody else would make up for it.
 */
enum flr__local_turn {
    FLR__TURN_WAIT, /* for a notice, or *wait seconds */
    FLR__TURN_WORK, /* go on at once */
    FLR__TURN_OVER
};
/* Ask for a task and do it: then there is a pending result (WORK). */
enum flr__local_turn flr__local_ask(flr__local_client *c, double *wait);
/* Hand in the pending result. */
enum flr__local_turn flr__local_submit(flr__local_client *c);
void flr__local_drop(flr__local_client *c); /* the pending result */

/* Contexts, peer properties, checks: everything that can fail before a run. end undoes it. */
int flr__local_begin(flr_local *local, flr_runner *runner, enum flr__local_state state);
void flr__local_end(flr_local *local);

/* simulate.c: a notice for one client, under the lock. */
void flr__local_notice(flr__local_client *c);

#endif
