/* Wakers. `count` and `waiters` are atomic and ordered against each other; the lock only covers falling asleep and waking who sleeps. */
#include "base/wait.h"
#include "base/clock.h"
#include <errno.h>
#include <time.h>

int flr__waker_init(flr__waker *w)
{
    pthread_condattr_t attributes;
    if (flr__mutex_init(&w->lock, FLR__RANK_WAKER) < 0)
        return FLR_E_NOMEM;
    if (pthread_condattr_init(&attributes) != 0)
        goto fail_lock;
    int failed = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (failed == 0)
        failed = pthread_cond_init(&w->cond, &attributes);
    pthread_condattr_destroy(&attributes);
    if (failed != 0)
        goto fail_lock;
    atomic_init(&w->count, 0);
    atomic_init(&w->waiters, 0);
    return 0;
fail_lock:
    flr__mutex_destroy(&w->lock);
    return FLR_E_NOMEM;
}

void flr__waker_destroy(flr__waker *w)
{
    pthread_cond_destroy(&w->cond);
    flr__mutex_destroy(&w->lock);
}

uint64_t flr__waker_ticket(flr__waker *w)
{
    return atomic_load(&w->count);
}

void flr__waker_notify(flr__waker *w)
{
    /* Count first, look for waiters second; a waiter announces itself first and looks at the count second: one sees the other. */
    atomic_fetch_add(&w->count, 1);
    if (atomic_load(&w->waiters) == 0)
        return;
    flr__mutex_lock(&w->lock);
    pthread_cond_broadcast(&w->cond);
    flr__mutex_unlock(&w->lock);
}

/* Under the lock: until the ticket is old or the deadline of the system's clock has passed. */
static int wait_system(flr__waker *w, uint64_t ticket, int64_t deadline)
{
    if (deadline < 0)
        deadline = 0; /* long past; a negative timespec would be refused */
    struct timespec until = {(time_t)(deadline / 1000000000), (long)(deadline % 1000000000)};
    while (atomic_load(&w->count) == ticket) {
        if (deadline == FLR_TIME_NONE)
            pthread_cond_wait(&w->cond, &w->lock.m);
        else if (pthread_cond_timedwait(&w->cond, &w->lock.m, &until) == ETIMEDOUT)
            return atomic_load(&w->count) == ticket ? FLR_E_TIMEDOUT : 0;
    }
    return 0;
}

int flr__waker_wait(flr__waker *w, uint64_t ticket, flr_clock *clock, int64_t deadline)
{
    flr__clock_link link;
    bool manual = flr__clock_is_manual(clock) && deadline != FLR_TIME_NONE;
    int status = 0;
    if (manual)
        flr__clock_attach(clock, &link,
                          w); /* from here on a move of the clock makes the ticket old */
    atomic_fetch_add(&w->waiters, 1);
    if (manual && deadline <= flr_clock_get_now(clock)) {
        status = atomic_load(&w->count) == ticket ? FLR_E_TIMEDOUT : 0;
    } else {
        flr__mutex_lock(&w->lock);
        status = wait_system(w, ticket, manual ? FLR_TIME_NONE : deadline);
        flr__mutex_unlock(&w->lock);
    }
    atomic_fetch_sub(&w->waiters, 1);
    if (manual)
        flr__clock_detach(clock, &link);
    return status;
}
