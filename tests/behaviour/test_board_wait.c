/* Scheduling a send or a relay and waiting for it, in run mode; and where that is not allowed. Rows
 * BD-19, BD-22, BD-28. Each test runs once for a send, once for a relay. */
#include "boardhost.h"
#include "support/suite.h"

#include <check.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static boardhost h;

enum { SEND, RELAY, KINDS };

static const char *const list[] = {"site-1", "site-2"};
static const char *const strangers[] = {"stranger"};

/* To clients 1 and 2 in list order, or to a stranger. */
static int schedule_and_wait(int kind, flr_task *task, bool strange, flr_signal *abort,
                             flr_context *context, int *status)
{
    if (kind == SEND) {
        flr_send_options o;

        flr_send_options_init(&o, sizeof o);
        o.targets = strange ? strangers : list;
        o.target_count = strange ? 1 : 2;
        return flr_board_send_and_wait(h.board, task, &o, abort, context, status);
    } else {
        flr_relay_options o;

        flr_relay_options_init(&o, sizeof o);
        o.flags = FLR_RELAY_FLAG_STATIC;
        o.targets = strange ? strangers : list;
        o.target_count = strange ? 1 : 2;
        return flr_board_relay_and_wait(h.board, task, &o, abort, context, status);
    }
}

/* ---- waiting in control_flow, on a thread of its own; the test's thread plays the clients ---- */

typedef struct waiting {
    int kind;
    bool strange; /* a target that nobody knows */
    int result, status;
    size_t count; /* of standing tasks afterwards */
    char detail[64];
    flr_task *task;
    flr_signal *signal;
    pthread_t thread;
    int run_result;
    atomic_bool ready;
} waiting;

static waiting w;

static int wait_in_control_flow(boardhost *host, flr_signal *abort, flr_context *context)
{
    (void)abort;
    atomic_store(&w.ready, true);
    w.result = schedule_and_wait(w.kind, w.task, w.strange, w.signal, context, &w.status);
    w.count = flr_board_get_count(host->board);
    snprintf(w.detail, sizeof w.detail, "%s", flr_context_get_detail(context));
    return 0;
}

static void *run(void *self)
{
    (void)self;
    w.run_result = flr_runner_run(h.runner);
    return NULL;
}

static void start(int kind, int (*received)(void *, flr_assignment *, flr_context *), bool strange)
{
    flr_task_options o;

    boardhost_init(&h, 3);
    memset(&w, 0, sizeof w);
    w.kind = kind;
    w.strange = strange;
    w.status = 77;
    h.grace = h.lead = 0;
    h.run_mode = true;
    h.control = wait_in_control_flow;
    boardhost_begin(&h);
    boardhost_task_options(&h, &o);
    o.before_task_sent = o.after_task_sent = NULL;
    o.result_received = received;
    w.task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(flr_signal_new(NULL, h.clock, &w.signal), 0);
    ck_assert_int_eq(pthread_create(&w.thread, NULL, run, NULL), 0);
}

static void start_waiting(int kind, int (*received)(void *, flr_assignment *, flr_context *))
{
    start(kind, received, false);
    while (!atomic_load(&w.ready) || flr_board_get_count(h.board) == 0) {
        sched_yield();
    }
}

static void finish(void)
{
    pthread_join(w.thread, NULL);
    flr_task_unref(w.task);
    flr_signal_unref(w.signal);
    boardhost_free(&h);
}

START_TEST(bd_28_until_task_done_has_returned)
{
    start_waiting(_i, NULL);
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    if (_i == RELAY) {
        ck_assert_int_eq(boardhost_serve(&h, 2), FLR_OUTCOME_ACCEPTED);
    }
    finish();
    ck_assert_int_eq(w.result, 0);
    ck_assert_int_eq(w.status, FLR_TASK_OK);
    ck_assert_int_eq(w.run_result, 0);
    ck_assert_str_eq(h.trace, "done(t,ok)");
}
END_TEST

START_TEST(bd_28_the_runs_abort)
{
    start_waiting(_i, NULL);
    ck_assert_int_eq(flr_runner_abort(h.runner, 0), 0);
    finish();
    ck_assert_int_eq(w.result, FLR_E_ABORTED);
    ck_assert_int_eq(w.status, FLR_TASK_ABORTED);
    ck_assert_int_eq(w.run_result, FLR_E_ABORTED);
    ck_assert_str_eq(h.trace, "done(t,aborted)");
}
END_TEST

START_TEST(bd_28_the_calls_signal)
{
    char id[40];

    start_waiting(_i, NULL);
    boardhost_take(&h, 1, id);
    flr_signal_trigger(w.signal, NULL);
    finish();
    ck_assert_int_eq(w.result, FLR_E_ABORTED);
    ck_assert_int_eq(w.status, FLR_TASK_ABORTED);
    ck_assert_int_eq(w.run_result, 0);
}
END_TEST

START_TEST(bd_28_cancelled_by_somebody_else)
{
    start_waiting(_i, NULL);
    ck_assert_int_eq(flr_task_cancel(w.task, 0), 0);
    finish();
    ck_assert_int_eq(w.result, 0);
    ck_assert_int_eq(w.status, FLR_TASK_CANCELLED);
}
END_TEST

/* The driver ends it. Lead time and grace period are 0. */
START_TEST(bd_28_nobody_is_left)
{
    start_waiting(_i, NULL);
    boardhost_dead(&h, 1);
    boardhost_dead(&h, 2);
    finish();
    ck_assert_int_eq(w.result, 0);
    ck_assert_int_eq(w.status, FLR_TASK_CLIENT_DEAD);
    ck_assert_int_eq(w.run_result, 0);
    ck_assert_str_eq(h.trace, "done(t,client_dead)");
}
END_TEST

static int unreadable(void *self, flr_assignment *a, flr_context *context)
{
    (void)self, (void)a;
    return flr_context_fail(context, -20005, "unreadable");
}

START_TEST(bd_22_status_and_detail_of_a_failed_callback)
{
    start_waiting(_i, unreadable);
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    finish();
    ck_assert_int_eq(w.result, 0);
    ck_assert_int_eq(w.status, FLR_TASK_ERROR);
    ck_assert_str_eq(w.detail, "unreadable");
    ck_assert_int_eq(w.run_result, 0);
}
END_TEST

START_TEST(bd_28_arguments_are_refused_before_it_waits)
{
    start(_i, NULL, true);
    finish();
    ck_assert_int_eq(w.result, FLR_E_NOTFOUND);
    ck_assert_ptr_nonnull(strstr(w.detail, "stranger"));
    ck_assert_uint_eq(w.count, 0);
    ck_assert_int_eq(w.status, 77); /* untouched */
    ck_assert_str_eq(h.trace, "");
}
END_TEST

/* ---- where waiting is not allowed ---- */

static int kind_in_callback;

static void try_inside(boardhost *host, flr_context *context)
{
    flr_task *task = boardhost_task(host, "inner", NULL);
    size_t before = flr_board_get_count(host->board);
    int status = schedule_and_wait(kind_in_callback, task, false, NULL, context, NULL);

    boardhost_note(host, "%s more:%zu", flr_status_get_name(status),
                   flr_board_get_count(host->board) - before);
    flr_task_unref(task);
}

static int wait_in_before(void *self, flr_assignment *a, flr_context *context)
{
    (void)a;
    try_inside(self, context);
    return 0;
}

static int wait_in_done(void *self, flr_task *task, flr_context *context)
{
    (void)task;
    try_inside(self, context);
    return 0;
}

START_TEST(bd_19_not_in_callbacks_of_a_task)
{
    flr_task_options o;
    flr_task *task;

    boardhost_init(&h, 3);
    boardhost_begin(&h);
    kind_in_callback = _i;
    boardhost_task_options(&h, &o);
    o.before_task_sent = wait_in_before;
    o.after_task_sent = NULL;
    o.result_received = wait_in_before;
    o.task_done = wait_in_done;
    task = boardhost_task(&h, "outer", &o);
    ck_assert_int_eq(boardhost_send(&h, task, "3", FLR_ORDER_SEQUENTIAL, 0), 0);
    boardhost_trace(&h);
    ck_assert_int_eq(boardhost_serve(&h, 3), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_trace(&h), "FLR_E_REENTRANT more:0 FLR_E_REENTRANT more:0 "
                                          "FLR_E_REENTRANT more:0");
    flr_task_unref(task);
    boardhost_close(&h);
    boardhost_free(&h);
}
END_TEST

static int wait_in_start(boardhost *host, flr_context *context)
{
    try_inside(host, context);
    return 0;
}

START_TEST(bd_19_not_on_the_stepping_thread)
{
    boardhost_init(&h, 3);
    kind_in_callback = _i;
    h.start = wait_in_start;
    boardhost_begin(&h);
    ck_assert_str_eq(boardhost_trace(&h), "FLR_E_NOTSUP more:0");
    boardhost_close(&h);
    boardhost_free(&h);
}
END_TEST

START_TEST(bd_19_not_in_start_of_a_run)
{
    boardhost_init(&h, 3);
    kind_in_callback = _i;
    h.run_mode = true;
    h.start = wait_in_start;
    boardhost_begin(&h);
    ck_assert_int_eq(flr_runner_run(h.runner), 0);
    ck_assert_str_eq(boardhost_trace(&h), "FLR_E_REENTRANT more:0");
    boardhost_free(&h);
}
END_TEST

START_TEST(bd_28_pointers)
{
    flr_task *task;
    int status = 77;

    boardhost_init(&h, 3);
    boardhost_begin(&h);
    task = boardhost_task(&h, "t", NULL);
    ck_assert_int_eq(flr_board_send_and_wait(NULL, task, NULL, NULL, NULL, &status), FLR_E_INVAL);
    ck_assert_int_eq(flr_board_send_and_wait(h.board, NULL, NULL, NULL, NULL, &status),
                     FLR_E_INVAL);
    ck_assert_int_eq(flr_board_send_and_wait(h.board, task, NULL, NULL, NULL, &status),
                     FLR_E_INVAL); /* no default for the targets */
    ck_assert_int_eq(flr_board_relay_and_wait(NULL, task, NULL, NULL, NULL, &status), FLR_E_INVAL);
    ck_assert_int_eq(flr_board_relay_and_wait(h.board, NULL, NULL, NULL, NULL, &status),
                     FLR_E_INVAL);
    ck_assert_int_eq(status, 77);
    ck_assert_uint_eq(flr_board_get_count(h.board), 0);
    flr_task_unref(task);
    boardhost_close(&h);
    boardhost_free(&h);
}
END_TEST

int main(void)
{
    const TTest *const both[] = {
        bd_28_until_task_done_has_returned,
        bd_28_the_runs_abort,
        bd_28_the_calls_signal,
        bd_28_cancelled_by_somebody_else,
        bd_28_nobody_is_left,
        bd_22_status_and_detail_of_a_failed_callback,
        bd_28_arguments_are_refused_before_it_waits,
        bd_19_not_in_callbacks_of_a_task,
        bd_19_not_on_the_stepping_thread,
        bd_19_not_in_start_of_a_run,
    };
    Suite *suite = suite_create("board, waiting");
    TCase *tcase = tcase_create("send and relay");

    for (size_t i = 0; i < sizeof both / sizeof *both; i++) {
        tcase_add_loop_test(tcase, both[i], SEND, KINDS);
    }
    tcase_add_test(tcase, bd_28_pointers);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
