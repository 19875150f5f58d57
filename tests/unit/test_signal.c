/*
 * Tests of abort signals: rows SH-06, SH-07. Threads of a test only record; they are joined before
 * anything is asserted about what they did.
 */
#include "support/failalloc.h"
#include "support/suite.h"
#include "base/wait.h"

#include <check.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>

static flr_clock *clock_at(int64_t now)
{
    flr_clock *clock = NULL;

    ck_assert_int_eq(flr_clock_new_manual(now, 1000, &clock), 0);
    return clock;
}

static flr_signal *signal_of(flr_signal *parent, flr_clock *clock)
{
    flr_signal *s = NULL;

    ck_assert_int_eq(flr_signal_new(parent, clock, &s), 0);
    return s;
}

static flr_value *value_of(int64_t number)
{
    flr_value *v = NULL;

    ck_assert_int_eq(flr_value_new_int(number, &v), 0);
    return v;
}

/* The number that the signal was triggered with; -1: none. */
static int64_t number_of(flr_signal *s)
{
    flr_value *v = flr_signal_get_value(s);
    int64_t number = v != NULL ? flr_value_get_int(v, -2) : -1;

    flr_value_unref(v);
    return number;
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

/* ---- SH-06 ---- */

START_TEST(sh_06_trigger_stores_value_and_time)
{
    flr_clock *clock = clock_at(10);
    flr_signal *s = signal_of(NULL, clock);

    ck_assert_int_eq(flr_signal_is_triggered(s), 0);
    ck_assert_ptr_null(flr_signal_get_value(s));
    ck_assert_int_eq(flr_signal_get_time(s), FLR_TIME_NONE);
    ck_assert_int_eq(flr_signal_trigger(s, value_of(1)), 0);
    ck_assert_int_eq(flr_signal_is_triggered(s), 1);
    ck_assert_int_eq(number_of(s), 1);
    ck_assert_int_eq(flr_signal_get_time(s), 10);
    flr_clock_advance_to(clock, 20);
    ck_assert_int_eq(flr_signal_trigger(s, value_of(2)), 0); /* a later one overwrites both */
    ck_assert_int_eq(number_of(s), 2);
    ck_assert_int_eq(flr_signal_get_time(s), 20);
    flr_clock_advance_to(clock, 30);
    ck_assert_int_eq(flr_signal_trigger(s, NULL), 0);
    ck_assert_int_eq(number_of(s), -1);
    ck_assert_int_eq(flr_signal_get_time(s), 30);
    ck_assert_int_eq(flr_signal_is_triggered(s), 1);
    flr_signal_unref(s);
    flr_clock_unref(clock);
}
END_TEST

START_TEST(sh_06_ancestors_trigger_but_keep_value_and_time)
{
    flr_clock *clock = clock_at(10), *other = clock_at(70);
    flr_signal *top = signal_of(NULL, clock), *middle = signal_of(top, NULL);
    flr_signal *leaf = signal_of(middle, other), *side = signal_of(top, NULL);

    flr_signal_trigger(middle, value_of(5));
    ck_assert_int_eq(flr_signal_is_triggered(top), 0);
    ck_assert_int_eq(flr_signal_is_triggered(side), 0);
    ck_assert_int_eq(flr_signal_is_triggered(middle), 1);
    ck_assert_int_eq(flr_signal_is_triggered(leaf), 1);
    ck_assert_int_eq(number_of(leaf), -1);
    ck_assert_int_eq(flr_signal_get_time(leaf), FLR_TIME_NONE);
    ck_assert_int_eq(flr_signal_get_time(middle), 10); /* the parent's clock */
    flr_signal_trigger(leaf, NULL);
    ck_assert_int_eq(flr_signal_get_time(leaf), 70); /* its own */
    flr_signal_reset(leaf);
    ck_assert_int_eq(flr_signal_is_triggered(leaf), 1); /* the ancestor still is */
    ck_assert_int_eq(flr_signal_get_time(leaf), FLR_TIME_NONE);
    flr_signal_trigger(top, NULL);
    flr_signal_reset(middle);
    ck_assert_int_eq(number_of(middle), -1);
    ck_assert_int_eq(flr_signal_is_triggered(leaf), 1);
    ck_assert_int_eq(flr_signal_is_triggered(side), 1);
    flr_signal_reset(top);
    ck_assert_int_eq(flr_signal_is_triggered(leaf), 0);
    flr_signal_unref(top); /* children hold their parents */
    flr_signal_unref(middle);
    flr_signal_unref(side);
    flr_signal_trigger(leaf, value_of(1));
    ck_assert_int_eq(number_of(leaf), 1);
    flr_signal_unref(leaf);
    flr_clock_unref(clock);
    flr_clock_unref(other);
}
END_TEST

START_TEST(sh_06_arguments)
{
    flr_signal_unref(NULL);
    flr_signal_reset(NULL);
    ck_assert_ptr_null(flr_signal_ref(NULL));
    ck_assert_int_eq(flr_signal_new(NULL, NULL, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_signal_trigger(NULL, value_of(1)), FLR_E_INVAL); /* the value is taken */
    ck_assert_int_eq(flr_signal_is_triggered(NULL), 0);
    ck_assert_ptr_null(flr_signal_get_value(NULL));
    ck_assert_int_eq(flr_signal_get_time(NULL), FLR_TIME_NONE);
}
END_TEST

static int make_and_trigger(void *self)
{
    flr_signal *top = NULL, *child = NULL;
    int status = flr_signal_new(NULL, self, &top);

    if (status == 0)
        status = flr_signal_new(top, NULL, &child);
    flr_signal_unref(top);
    flr_signal_unref(child);
    return status;
}

START_TEST(sh_06_memory)
{
    flr_clock *clock = clock_at(0);
    flr_signal *top = signal_of(NULL, clock), *child = signal_of(top, NULL);
    flr_value *v = value_of(9);

    failalloc_fail_from(1);
    ck_assert_int_eq(flr_signal_trigger(top, v), 0);
    ck_assert_int_eq(flr_signal_is_triggered(child), 1);
    ck_assert_int_eq(number_of(top), 9);
    ck_assert_int_eq(flr_signal_wait(child, -1.0), 0);
    flr_signal_reset(top);
    ck_assert_uint_eq(failalloc_get_calls(), 0);
    failalloc_reset();
    flr_signal_unref(top);
    flr_signal_unref(child);
    ck_assert_ptr_null(failalloc_sweep(make_and_trigger, clock, NULL));
    flr_clock_unref(clock);
}
END_TEST

START_TEST(sh_06_long_lines_of_signals_go_without_recursion)
{
    flr_signal *s = signal_of(NULL, NULL);

    for (int i = 0; i < 100000; i++) {
        flr_signal *child = signal_of(s, NULL);
        flr_signal_unref(s);
        s = child;
    }
    ck_assert_int_eq(flr_signal_is_triggered(s), 0);
    flr_signal_unref(s);
}
END_TEST

/* ---- observers ---- */

typedef struct observer {
    flr_signal *signal;
    int notices, releases;
    bool drops; /* its signal, in the notice */
} observer;

static void observe(void *self)
{
    observer *o = self;

    o->notices++;
    flr_signal_get_time(o->signal); /* takes the tree's lock: nobody may hold it now */
    if (o->drops) {
        o->drops = false;
        flr_signal_unref(o->signal);
    }
}

static void observer_gone(void *self)
{
    ((observer *)self)->releases++;
}

START_TEST(observers_hear_of_each_trigger_above_them)
{
    observer o[4] = {{NULL, 0, 0, false}};
    flr_signal *top = signal_of(NULL, NULL);

    o[0].signal = top;
    o[1].signal = signal_of(top, NULL);
    o[2].signal = signal_of(o[1].signal, NULL);
    o[3].signal = signal_of(top, NULL);
    for (int i = 0; i < 4; i++)
        flr__signal_set_observer(o[i].signal, observe, observer_gone, &o[i]);
    flr_signal_trigger(o[1].signal, NULL);
    ck_assert(o[0].notices == 0 && o[1].notices == 1 && o[2].notices == 1 && o[3].notices == 0);
    o[2].drops = true; /* the last reference, in the middle of the round */
    flr_signal_trigger(top, NULL);
    flr_signal_trigger(top, NULL);
    ck_assert(o[0].notices == 2 && o[1].notices == 3 && o[2].notices == 2 && o[3].notices == 2);
    ck_assert(o[2].releases == 1 && o[0].releases + o[1].releases + o[3].releases == 0);
    flr_signal_reset(top);
    ck_assert_int_eq(o[0].notices, 2);
    flr_signal_unref(o[1].signal);
    flr_signal_unref(o[3].signal);
    flr_signal_unref(top);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(o[i].releases, 1);
}
END_TEST

#define CHURNS 5000

typedef struct watched {
    atomic_int state; /* 0 alive, 1 released */
    atomic_int *wrong;
} watched;

static void watched_notice(void *self)
{
    watched *w = self;
    if (atomic_load(&w->state) != 0)
        atomic_fetch_add(w->wrong, 1);
}

static void watched_gone(void *self)
{
    watched *w = self;
    if (atomic_fetch_add(&w->state, 1) != 0)
        atomic_fetch_add(w->wrong, 1);
}

typedef struct churn {
    flr_signal *parent;
    watched *all;
    atomic_int wrong;
    atomic_bool done;
} churn;

static void *make_and_drop(void *self)
{
    churn *c = self;
    for (int i = 0; i < CHURNS; i++) {
        flr_signal *s;
        if (flr_signal_new(c->parent, NULL, &s) < 0)
            continue;
        flr__signal_set_observer(s, watched_notice, watched_gone, &c->all[i]);
        flr_signal_unref(s);
    }
    atomic_store(&c->done, true);
    return NULL;
}

START_TEST(observers_are_not_called_after_their_release)
{
    churn c = {.parent = signal_of(NULL, NULL), .all = calloc(CHURNS, sizeof(watched))};

    ck_assert_ptr_nonnull(c.all);
    for (int i = 0; i < CHURNS; i++)
        c.all[i].wrong = &c.wrong;
    pthread_t thread = start(make_and_drop, &c);
    while (!atomic_load(&c.done))
        flr_signal_trigger(c.parent, NULL);
    finish(thread);
    ck_assert_int_eq(atomic_load(&c.wrong), 0);
    for (int i = 0; i < CHURNS; i++)
        ck_assert_int_eq(atomic_load(&c.all[i].state), 1);
    flr_signal_unref(c.parent);
    free(c.all);
}
END_TEST

/* A value whose release needs the tree's lock. */
START_TEST(values_are_dropped_outside_the_lock)
{
    flr_signal *top = signal_of(NULL, NULL);
    flr_value *v;

    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(
            flr_value_new_pointer("signal", signal_of(top, NULL), flr__signal_release, &v), 0);
        flr_signal_trigger(top, v);
        if (i == 0)
            flr_signal_trigger(top, NULL);
        else
            flr_signal_reset(top);
    }
    flr_signal_unref(top);
}
END_TEST

/* ---- SH-07 ---- */

START_TEST(sh_07_wait_without_waiting)
{
    flr_clock *clock = clock_at(5);
    flr_signal *top = signal_of(NULL, clock), *s = signal_of(top, NULL);

    ck_assert_int_eq(flr_signal_wait(NULL, 1.0), FLR_E_INVAL);
    ck_assert_int_eq(flr_signal_wait(s, NAN), FLR_E_INVAL);
    ck_assert_int_eq(flr_signal_wait(s, INFINITY), FLR_E_INVAL);
    ck_assert_int_eq(flr_signal_wait(s, -INFINITY), FLR_E_INVAL);
    ck_assert_int_eq(flr_signal_wait(s, 0.0), FLR_E_TIMEDOUT);
    flr_signal_trigger(top, NULL);
    ck_assert_int_eq(flr_signal_wait(s, 0.0), 0);
    ck_assert_int_eq(flr_signal_wait(s, 1.0), 0);
    ck_assert_int_eq(flr_signal_wait(s, -1.0), 0);
    flr_signal_reset(top);
    ck_assert_int_eq(flr_signal_wait(s, 0.0), FLR_E_TIMEDOUT);
    flr_signal_unref(s);
    s = signal_of(NULL, NULL); /* on the system's clock */
    ck_assert_int_eq(flr_signal_wait(s, 1e-6), FLR_E_TIMEDOUT);
    flr_signal_unref(s);
    flr_signal_unref(top);
    flr_clock_unref(clock);
}
END_TEST

typedef struct waiter {
    flr_signal *signal;
    double timeout;
    int status;
    atomic_bool done;
} waiter;

static void *wait_for_it(void *self)
{
    waiter *w = self;
    w->status = flr_signal_wait(w->signal, w->timeout);
    atomic_store(&w->done, true);
    return NULL;
}

START_TEST(sh_07_trigger_of_an_ancestor_wakes_all)
{
    flr_clock *clock = clock_at(0);
    flr_signal *top = signal_of(NULL, clock), *middle = signal_of(top, NULL);
    flr_signal *leaf = signal_of(middle, NULL), *of[] = {top, middle, leaf, leaf, middle, top};
    waiter waiters[6];
    pthread_t threads[6];

    for (int i = 0; i < 6; i++) {
        waiters[i] = (waiter){.signal = of[i], .timeout = i % 2 == 0 ? -1.0 : 3.0, .status = 1};
        threads[i] = start(wait_for_it, &waiters[i]);
    }
    flr_signal_trigger(top, NULL);
    for (int i = 0; i < 6; i++) {
        finish(threads[i]);
        ck_assert_int_eq(waiters[i].status, 0);
    }
    flr_signal_unref(top);
    flr_signal_unref(middle);
    flr_signal_unref(leaf);
    flr_clock_unref(clock);
}
END_TEST

START_TEST(sh_07_deadline_on_the_signals_clock)
{
    flr_clock *clock = clock_at(0);
    flr_signal *top = signal_of(NULL, clock), *s = signal_of(top, NULL);
    flr_signal *other = signal_of(top, NULL);
    waiter w = {.signal = s, .timeout = 5.0, .status = 1};
    pthread_t thread = start(wait_for_it, &w);

    flr_signal_trigger(other, NULL); /* does not concern it */
    while (!atomic_load(&w.done)) {  /* its five seconds begin when it gets there */
        ck_assert_int_eq(flr_clock_advance(clock, 1.0), 0);
        sched_yield();
    }
    finish(thread);
    ck_assert_int_eq(w.status, FLR_E_TIMEDOUT);
    ck_assert_int_ge(flr_clock_get_now(clock), INT64_C(5000000000));
    flr_signal_unref(other);
    flr_signal_unref(s);
    flr_signal_unref(top);
    flr_clock_unref(clock);
}
END_TEST

START_TEST(sh_07_a_trigger_that_is_reset_at_once_still_wakes)
{
    flr_signal *top = signal_of(NULL, NULL);
    waiter w = {.signal = signal_of(top, NULL), .timeout = -1.0, .status = 1};
    pthread_t thread = start(wait_for_it, &w);

    while (!atomic_load(&w.done)) {
        flr_signal_trigger(top, NULL);
        flr_signal_reset(top);
        sched_yield();
    }
    finish(thread);
    ck_assert_int_eq(w.status, 0);
    flr_signal_unref(w.signal);
    flr_signal_unref(top);
}
END_TEST

START_TEST(sh_07_links_notify_while_attached)
{
    flr_signal *top = signal_of(NULL, NULL), *s = signal_of(top, NULL),
               *side = signal_of(top, NULL);
    flr__signal_link a, b;
    flr__waker w;

    ck_assert_int_eq(flr__waker_init(&w), 0);
    uint64_t ticket = flr__waker_ticket(&w);
    failalloc_fail_from(1);
    flr__signal_attach(s, &a, &w);
    flr__signal_attach(side, &b, &w);
    flr_signal_trigger(s, NULL);
    ck_assert_uint_eq(flr__waker_ticket(&w), ticket + 1);
    flr_signal_trigger(top, NULL);
    ck_assert_uint_eq(flr__waker_ticket(&w), ticket + 3);
    flr__signal_detach(&a);
    flr_signal_trigger(s, NULL);
    ck_assert_uint_eq(flr__waker_ticket(&w), ticket + 3);
    flr_signal_trigger(side, NULL);
    ck_assert_uint_eq(flr__waker_ticket(&w), ticket + 4);
    flr__signal_detach(&b);
    flr_signal_trigger(top, NULL);
    ck_assert_uint_eq(flr__waker_ticket(&w), ticket + 4);
    failalloc_reset();
    flr__waker_destroy(&w);
    flr_signal_unref(s);
    flr_signal_unref(side);
    flr_signal_unref(top);
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
        sh_06_trigger_stores_value_and_time,
        sh_06_ancestors_trigger_but_keep_value_and_time,
        sh_06_arguments,
        sh_06_memory,
        sh_06_long_lines_of_signals_go_without_recursion,
        observers_hear_of_each_trigger_above_them,
        observers_are_not_called_after_their_release,
        values_are_dropped_outside_the_lock,
        sh_07_wait_without_waiting,
        sh_07_trigger_of_an_ancestor_wakes_all,
        sh_07_deadline_on_the_signals_clock,
        sh_07_a_trigger_that_is_reset_at_once_still_wakes,
        sh_07_links_notify_while_attached,
    };
    Suite *suite = suite_create("signals");
    TCase *tcase = tcase_create("all");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, tests);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
