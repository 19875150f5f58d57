/*
 * Tests of clocks, wakers, turnstiles and locks. Threads of a test only record; they are joined before anything is asserted about
 * what they did.
 */
#include "support/failalloc.h"
#include "support/suite.h"
#include "base/clock.h"
#include "base/turnstile.h"

#include <check.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

static flr_clock *clock_at(int64_t now)
{
    flr_clock *clock = NULL;

    ck_assert_int_eq(flr_clock_new_manual(now, 1000, &clock), 0);
    return clock;
}

static pthread_t start(void *(*body)(void *), void *self)
{
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, body, self), 0);
    return thread;
}

static void finish(pthread_t thread)
{
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

/* ---- clocks ---- */

START_TEST(system_clock_follows_the_system)
{
    flr_clock *clock;
    struct timespec t;

    ck_assert_int_eq(flr_clock_new_system(NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_clock_new_system(&clock), 0);
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t before = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec, now = flr_clock_get_now(clock);
    clock_gettime(CLOCK_MONOTONIC, &t);
    ck_assert(before <= now && now <= (int64_t)t.tv_sec * 1000000000 + t.tv_nsec);
    ck_assert_int_gt(flr_clock_get_calendar(clock), INT64_C(1600000000) * 1000000000);
    ck_assert(!flr__clock_is_manual(clock) && !flr__clock_is_manual(NULL));
    ck_assert_int_eq(flr_clock_advance(clock, 1.0), FLR_E_NOTSUP);
    ck_assert_int_eq(flr_clock_advance_to(clock, INT64_MAX), FLR_E_NOTSUP);
    ck_assert_ptr_eq(flr_clock_ref(clock), clock);
    flr_clock_unref(clock);
    flr_clock_unref(clock);
    flr_clock_unref(NULL);
    ck_assert_ptr_null(flr_clock_ref(NULL));
}
END_TEST

START_TEST(manual_clock_moves_when_told)
{
    flr_clock *clock = NULL;

    ck_assert_int_eq(flr_clock_new_manual(-1, 0, &clock), FLR_E_INVAL);
    ck_assert_int_eq(flr_clock_new_manual(0, 0, NULL), FLR_E_INVAL);
    ck_assert_ptr_null(clock);
    ck_assert_int_eq(flr_clock_new_manual(500, 2000, &clock), 0);
    ck_assert_int_eq(flr_clock_get_now(clock), 500);
    ck_assert_int_eq(flr_clock_get_calendar(clock), 2000);
    ck_assert_int_eq(flr_clock_advance(clock, 1.5), 0);
    ck_assert_int_eq(flr_clock_get_now(clock), 1500000500);
    ck_assert_int_eq(flr_clock_get_calendar(clock), 1500002000);
    ck_assert_int_eq(flr_clock_advance_to(clock, 1500000501), 0);
    ck_assert_int_eq(flr_clock_advance_to(clock, 1500000501), 0);
    ck_assert_int_eq(flr_clock_advance(clock, 0.0), 0);
    ck_assert_int_eq(flr_clock_advance_to(clock, 1500000500), FLR_E_INVAL);
    ck_assert_int_eq(flr_clock_advance(clock, -1.0), FLR_E_INVAL);
    ck_assert_int_eq(flr_clock_advance(clock, NAN), FLR_E_INVAL);
    ck_assert_int_eq(flr_clock_advance(clock, INFINITY), FLR_E_INVAL);
    ck_assert_int_eq(flr_clock_advance(NULL, 1.0), FLR_E_INVAL);
    ck_assert_int_eq(flr_clock_advance_to(NULL, 1), FLR_E_INVAL);
    ck_assert_int_eq(flr_clock_advance(clock, 1e300), FLR_E_LIMIT);
    ck_assert_int_eq(flr_clock_advance_to(clock, INT64_MAX), FLR_E_LIMIT);
    ck_assert_int_eq(flr_clock_get_now(clock), 1500000501);
    flr_clock_unref(clock);
}
END_TEST

#define ADVANCES 100000

typedef struct hands {
    flr_clock *clock;
    atomic_int ready; /* threads that have begun: neither is done before the other starts */
} hands;

static void *advance_often(void *self)
{
    hands *h = self;
    atomic_fetch_add(&h->ready, 1);
    while (atomic_load(&h->ready) < 2)
        sched_yield();
    for (int i = 0; i < ADVANCES; i++)
        flr_clock_advance(h->clock, 1e-9);
    return NULL;
}

START_TEST(manual_clock_loses_no_advance)
{
    hands h = {.clock = clock_at(0)};
    pthread_t a = start(advance_often, &h), b = start(advance_often, &h);

    finish(a);
    finish(b);
    ck_assert_int_eq(flr_clock_get_now(h.clock), 2 * ADVANCES);
    flr_clock_unref(h.clock);
}
END_TEST

/* ---- wakers ---- */

START_TEST(waker_keeps_a_notice_for_an_old_ticket)
{
    flr_clock *clock = clock_at(100);
    flr__waker w;

    ck_assert_int_eq(flr__waker_init(&w), 0);
    uint64_t ticket = flr__waker_ticket(&w);
    flr__waker_notify(&w);
    ck_assert_int_eq(flr__waker_wait(&w, ticket, NULL, FLR_TIME_NONE), 0);
    ck_assert_int_eq(flr__waker_wait(&w, ticket, NULL, 0), 0);
    ck_assert_int_eq(flr__waker_wait(&w, ticket, clock, FLR_TIME_NONE), 0);
    ck_assert_int_eq(flr__waker_wait(&w, ticket, clock, 100), 0); /* the notice goes first */
    ck_assert_int_eq(flr__waker_wait(&w, ticket, clock, 101), 0);
    ticket = flr__waker_ticket(&w);
    ck_assert_int_eq(flr__waker_wait(&w, ticket, clock, 100), FLR_E_TIMEDOUT);
    ck_assert_int_eq(flr__waker_wait(&w, ticket, clock, 99), FLR_E_TIMEDOUT);
    ck_assert_int_eq(flr__waker_wait(&w, ticket, NULL, 1), FLR_E_TIMEDOUT);
    ck_assert_int_eq(flr__waker_wait(&w, ticket, NULL, -1), FLR_E_TIMEDOUT);
    ck_assert_int_eq(flr__waker_wait(&w, ticket, NULL, flr_clock_get_now(NULL) + 1000),
                     FLR_E_TIMEDOUT);
    ck_assert_uint_eq(flr__waker_ticket(&w), ticket);
    flr__waker_destroy(&w);
    flr_clock_unref(clock);
}
END_TEST

#define ROUNDS 3000

/* Two threads that throw a ball; a lost notice would stop them for ever. */
typedef struct ball {
    flr__waker waker[2];
    atomic_uint at;
} ball;

static void *play(ball *b, unsigned me)
{
    for (unsigned i = me; i < ROUNDS; i += 2) {
        for (;;) {
            uint64_t ticket = flr__waker_ticket(&b->waker[me]);
            if (atomic_load(&b->at) == i)
                break;
            flr__waker_wait(&b->waker[me], ticket, NULL, FLR_TIME_NONE);
        }
        atomic_store(&b->at, i + 1);
        flr__waker_notify(&b->waker[1 - me]);
    }
    return NULL;
}

static void *play_odd(void *self)
{
    return play(self, 1);
}

START_TEST(waker_loses_no_notice)
{
    ball b;

    ck_assert_int_eq(flr__waker_init(&b.waker[0]), 0);
    ck_assert_int_eq(flr__waker_init(&b.waker[1]), 0);
    atomic_init(&b.at, 0);
    pthread_t other = start(play_odd, &b);
    play(&b, 0);
    finish(other);
    ck_assert_uint_eq(atomic_load(&b.at), ROUNDS);
    flr__waker_destroy(&b.waker[0]);
    flr__waker_destroy(&b.waker[1]);
}
END_TEST

typedef struct sleeper {
    flr__waker waker;
    flr_clock *clock;
    int64_t deadline, woke_at;
} sleeper;

static void *sleep_until(void *self)
{
    sleeper *s = self;
    for (;;) {
        uint64_t ticket = flr__waker_ticket(&s->waker);
        if (flr_clock_get_now(s->clock) >= s->deadline)
            break;
        flr__waker_wait(&s->waker, ticket, s->clock, s->deadline);
    }
    s->woke_at = flr_clock_get_now(s->clock);
    return NULL;
}

START_TEST(manual_clock_wakes_who_waits_for_it)
{
    flr_clock *clock = clock_at(0);
    sleeper sleepers[4];
    pthread_t threads[4];

    for (int i = 0; i < 4; i++) {
        sleepers[i] = (sleeper){.clock = clock, .deadline = 10 * (i + 1), .woke_at = -1};
        ck_assert_int_eq(flr__waker_init(&sleepers[i].waker), 0);
        threads[i] = start(sleep_until, &sleepers[i]);
    }
    for (int i = 1; i <= 4; i++)
        ck_assert_int_eq(flr_clock_advance_to(clock, 10 * i), 0);
    for (int i = 0; i < 4; i++) {
        finish(threads[i]);
        ck_assert_int_ge(sleepers[i].woke_at, sleepers[i].deadline);
        flr__waker_destroy(&sleepers[i].waker);
    }
    flr_clock_unref(clock);
}
END_TEST

/* ---- turnstiles, locks ---- */

typedef struct room {
    flr__turnstile door;
    int visits; /* whoever is inside */
} room;

static void *visit_often(void *self)
{
    room *r = self;
    for (int i = 0; i < 2000; i++) {
        flr__turnstile_enter(&r->door);
        r->visits++;
        flr__turnstile_leave(&r->door);
    }
    return NULL;
}

START_TEST(turnstile_lets_one_in)
{
    room r = {.visits = 0};

    ck_assert_int_eq(flr__turnstile_init(&r.door), 0);
    ck_assert(flr__turnstile_try(&r.door));
    ck_assert(!flr__turnstile_try(&r.door));
    flr__turnstile_leave(&r.door);
    pthread_t a = start(visit_often, &r), b = start(visit_often, &r);
    finish(a);
    finish(b);
    ck_assert_int_eq(r.visits, 4000);
    ck_assert(flr__turnstile_try(&r.door));
    flr__turnstile_leave(&r.door);
    flr__turnstile_destroy(&r.door);
}
END_TEST

START_TEST(locks_are_counted_in_debug_builds)
{
    flr__mutex low, stripe, next;

    ck_assert_int_eq(flr__mutex_init(&low, FLR__RANK_BOARD), 0);
    ck_assert_int_eq(flr__mutex_init(&stripe, FLR__RANK_STRIPE), 0);
    ck_assert_int_eq(flr__mutex_init(&next, FLR__RANK_STRIPE), 0);
    flr__mutex_lock(&low);
    flr__mutex_lock(&stripe);
    flr__mutex_lock_next(&next);
#ifdef FLR_DEBUG_LOCKS
    ck_assert_uint_eq(flr__locks_held(), 3);
#endif
    flr__mutex_unlock(&stripe); /* in any order */
    flr__mutex_unlock(&next);
    flr__mutex_unlock(&low);
    ck_assert_uint_eq(flr__locks_held(), 0);
    flr__mutex_destroy(&low);
    flr__mutex_destroy(&stripe);
    flr__mutex_destroy(&next);
}
END_TEST

/* ---- the program ---- */

static void begin(void)
{
    ck_assert_int_eq(failalloc_install(), 0);
}

static void end(void)
{
    failalloc_reset();
    ck_assert_uint_eq(failalloc_get_live_count(), 0);
    ck_assert_int_eq(failalloc_uninstall(), 0);
}

int main(void)
{
    const TTest *const tests[] = {
        system_clock_follows_the_system, manual_clock_moves_when_told,
        manual_clock_loses_no_advance,   waker_keeps_a_notice_for_an_old_ticket,
        waker_loses_no_notice,           manual_clock_wakes_who_waits_for_it,
        turnstile_lets_one_in,           locks_are_counted_in_debug_builds,
    };
    Suite *suite = suite_create("clocks and wakers");
    TCase *tcase = tcase_create("all");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, tests);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
