/*
 * Mutexes with a rank. A debug build (FLR_DEBUG_LOCKS) keeps the ranks that a thread holds and stops (assert) if a lock of the same or a
 * lower rank is taken while a higher or equal one is held; host calls are refused then (hostcall.c asks flr__locks_held).
 * Ranks: taken in ascending order.
 */
#ifndef FLR_LIB_LOCK_H
#define FLR_LIB_LOCK_H

#include <pthread.h>
#include <stdbool.h>

#if defined(__clang__) && defined(FLR_TSA)
#define FLR__CAPABILITY(name) __attribute__((capability(name)))
#define FLR__ACQUIRE(...) __attribute__((acquire_capability(__VA_ARGS__)))
#define FLR__RELEASE(...) __attribute__((release_capability(__VA_ARGS__)))
#define FLR__REQUIRES(...) __attribute__((requires_capability(__VA_ARGS__)))
#define FLR__NO_TSA __attribute__((no_thread_safety_analysis))
#else
#define FLR__CAPABILITY(name)
#define FLR__ACQUIRE(...)
#define FLR__RELEASE(...)
#define FLR__REQUIRES(...)
#define FLR__NO_TSA
#endif

enum {
    FLR__RANK_RUNNER = 10,    /* runner: lifecycle, driver queue */
    FLR__RANK_DECIDE = 15,    /* runner: what is due is decided by one thread at a time */
    FLR__RANK_BOARD = 20,     /* board: scheduling */
    FLR__RANK_STRIPE = 30,    /* board: one client stripe; all of them in order count as one */
    FLR__RANK_RULE = 35,      /* board: batons, deadlines, notices */
    FLR__RANK_TASK = 40,      /* board: remembered assignments, turn of one task */
    FLR__RANK_CLIENTS = 50,   /* runner: one stripe of the client table, watch list */
    FLR__RANK_MANAGER = 60,   /* contexts: sticky properties */
    FLR__RANK_CHANGES = 63,   /* events: one change of the components at a time */
    FLR__RANK_BUS = 65,       /* events: list of handlers */
    FLR__RANK_RELIABLE = 68,  /* reliable messages: transactions, exchanges */
    FLR__RANK_CONTROLLER = 70,/* workflows: a controller's own state */
    FLR__RANK_STORE = 72,     /* a file store: one call at a time */
    FLR__RANK_STATS = 75,     /* counters, generators */
    FLR__RANK_SIGNAL = 80,    /* a tree of signals; a clock */
    FLR__RANK_WAKER = 90      /* wakers: leaves of the leaves */
};

typedef struct FLR__CAPABILITY("mutex") flr__mutex {
    pthread_mutex_t m;
    int rank;
} flr__mutex;

int flr__mutex_init(flr__mutex *m, int rank); /* 0 or FLR_E_NOMEM */
void flr__mutex_destroy(flr__mutex *m);
void flr__mutex_lock(flr__mutex *m) FLR__ACQUIRE(m);
void flr__mutex_unlock(flr__mutex *m) FLR__RELEASE(m);
void flr__mutex_lock_next(flr__mutex *m) FLR__ACQUIRE(m); /* as lock, but the same rank may be held: for "all stripes, in order" */

/* Debug builds: how many locks this thread holds; else 0. */
unsigned flr__locks_held(void);

#endif
