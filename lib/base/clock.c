/* Clocks. A manual clock's lock guards its list of waiters; its time is atomic, so that reading it costs a load. */
#include "base/clock.h"
#include "base/abi.h"
#include <time.h>

struct flr_clock {
    atomic_size_t refs;
    bool manual;
    atomic_int_fast64_t now; /* manual */
    int64_t calendar_offset; /* manual: calendar time minus monotonic time */
    flr__mutex lock;         /* manual */
    flr__clock_link *waiters;
};

static int64_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int clock_new(bool manual, int64_t now, int64_t calendar, flr_clock **clock)
{
    if (clock == NULL)
        return FLR_E_INVAL;
    flr_clock *c = flr__zalloc(sizeof *c);
    if (c == NULL || flr__mutex_init(&c->lock, FLR__RANK_SIGNAL) < 0) {
        flr__free(c);
        return FLR_E_NOMEM;
    }
    atomic_init(&c->refs, 1);
    atomic_init(&c->now, now);
    c->manual = manual;
    c->calendar_offset = calendar - now;
    *clock = c;
    return 0;
}

int flr_clock_new_system(flr_clock **clock)
{
    return clock_new(false, 0, 0, clock);
}

int flr_clock_new_manual(int64_t now, int64_t calendar, flr_clock **clock)
{
    if (now < 0 || now >= FLR_TIME_NONE / 2 || calendar < 0 || calendar >= FLR_TIME_NONE / 2)
        return FLR_E_INVAL;
    return clock_new(true, now, calendar, clock);
}

flr_clock *flr_clock_ref(flr_clock *clock)
{
    if (clock != NULL)
        atomic_fetch_add_explicit(&clock->refs, 1, memory_order_relaxed);
    return clock;
}

void flr_clock_unref(flr_clock *clock)
{
    if (clock == NULL || atomic_fetch_sub_explicit(&clock->refs, 1, memory_order_acq_rel) != 1)
        return;
    flr__mutex_destroy(&clock->lock);
    flr__free(clock);
}

int64_t flr_clock_get_now(const flr_clock *clock)
{
    return clock == NULL || !clock->manual ? read_clock(CLOCK_MONOTONIC) : atomic_load(&clock->now);
}

int64_t flr_clock_get_calendar(const flr_clock *clock)
{
    return clock == NULL || !clock->manual ? read_clock(CLOCK_REALTIME)
                                           : atomic_load(&clock->now) + clock->calendar_offset;
}

bool flr__clock_is_manual(const flr_clock *clock)
{
    return clock != NULL && clock->manual;
}

static int move_locked(flr_clock *clock, int64_t now) FLR__REQUIRES(&clock->lock)
{
    if (now >= FLR_TIME_NONE / 2)
        return FLR_E_LIMIT;
    if (now < atomic_load(&clock->now))
        return FLR_E_INVAL;
    atomic_store(&clock->now, now);
    for (flr__clock_link *link = clock->waiters; link != NULL; link = link->next)
        flr__waker_notify(link->waker);
    return 0;
}

int flr_clock_advance_to(flr_clock *clock, int64_t now)
{
    if (clock == NULL)
        return FLR_E_INVAL;
    if (!clock->manual)
        return FLR_E_NOTSUP;
    flr__mutex_lock(&clock->lock);
    int status = move_locked(clock, now);
    flr__mutex_unlock(&clock->lock);
    return status;
}

int flr_clock_advance(flr_clock *clock, double seconds)
{
    int64_t by;
    if (clock == NULL || flr__seconds(seconds, &by) < 0)
        return FLR_E_INVAL;
    if (!clock->manual)
        return FLR_E_NOTSUP;
    flr__mutex_lock(&clock->lock); /* two threads that advance at once both count */
    int status = move_locked(clock, flr__time_add(atomic_load(&clock->now), by));
    flr__mutex_unlock(&clock->lock);
    return status;
}

void flr__clock_attach(flr_clock *clock, flr__clock_link *link, flr__waker *waker)
{
    link->waker = waker;
    if (!flr__clock_is_manual(clock))
        return;
    flr__mutex_lock(&clock->lock);
    link->next = clock->waiters;
    link->back = &clock->waiters;
    if (link->next != NULL)
        link->next->back = &link->next;
    clock->waiters = link;
    flr__mutex_unlock(&clock->lock);
}

void flr__clock_detach(flr_clock *clock, flr__clock_link *link)
{
    if (!flr__clock_is_manual(clock))
        return;
    flr__mutex_lock(&clock->lock);
    *link->back = link->next;
    if (link->next != NULL)
        link->next->back = link->back;
    flr__mutex_unlock(&clock->lock);
}
