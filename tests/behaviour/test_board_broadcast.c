/* Broadcast, and waiting for it in run mode. Rows BC-01 to BC-06, BD-19, BD-22, BD-28. */
#include "boardhost.h"
#include "support/suite.h"

#include <check.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static boardhost h;

static void begin(void)
{
    boardhost_init(&h, 3);
    boardhost_begin(&h);
}

static void end(void)
{
    boardhost_close(&h);
    boardhost_free(&h);
}

static flr_task *scheduled(int mode, int n, uint64_t min, double wait)
{
    flr_task *task = boardhost_task(&h, "t", NULL);

    ck_assert_int_eq(boardhost_broadcast(&h, task, mode, n, min, wait), 0);
    boardhost_trace(&h);
    return task;
}

START_TEST(bc_01_each_target_once_any_return_code_counts)
{
    flr_task *task = scheduled(FLR_TARGETS_LIST, 2, 0, 0);
    flr_shareable *result;
    char one[40];
    int outcome;

    ck_assert_ptr_null(boardhost_ask(&h, 3)); /* no target */
    boardhost_take(&h, 1, one);
    ck_assert_int_eq(flr_shareable_new_reply(FLR_RC_EXECUTION_EXCEPTION, NULL, &result), 0);
    ck_assert_int_eq(flr_runner_process_submission(h.runner, "site-1", boardhost_context(&h, 1),
                                                   "t", one, result, &outcome),
                     0);
    flr_shareable_unref(result);
    ck_assert_int_eq(outcome, FLR_OUTCOME_ACCEPTED);
    ck_assert_ptr_null(boardhost_ask(&h, 1)); /* not again */
    ck_assert_int_eq(boardhost_serve(&h, 2), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(bc_02_all_answered_is_ok_whatever_the_wait_is)
{
    flr_task *task = scheduled(FLR_TARGETS_SNAPSHOT, 0, 2, 1000.0);

    for (int i = 1; i <= 3; i++) {
        ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
        ck_assert_int_eq(boardhost_serve(&h, i), FLR_OUTCOME_ACCEPTED);
    }
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(bc_03_by_default_every_target_must_answer)
{
    flr_task *task = boardhost_task(&h, "t", NULL);

    ck_assert_int_eq(flr_board_broadcast(h.board, task, NULL, NULL), 0);
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(boardhost_serve(&h, 2), FLR_OUTCOME_ACCEPTED);
    boardhost_advance(&h, 10000.0);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    ck_assert_int_eq(boardhost_serve(&h, 3), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(bc_04_wait_after_min_responses)
{
    flr_task *task = scheduled(FLR_TARGETS_SNAPSHOT, 0, 1, 10.0);
    char late[40];

    ck_assert_int_eq(flr_clock_advance(h.clock, 3.0), 0);
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    boardhost_advance(&h, 5.0);
    boardhost_take(&h, 2, late); /* others may still fetch */
    ck_assert_int_eq(boardhost_answer(&h, 2, "t", late, 1), FLR_OUTCOME_ACCEPTED); /* and answer */
    boardhost_trace(&h);
    boardhost_advance(&h, 4.999);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    boardhost_advance(&h, 0.001);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    ck_assert_str_eq(boardhost_trace(&h), "done(t,ok)");
    flr_task_unref(task);
}
END_TEST

START_TEST(bc_04_no_wait)
{
    flr_task *task = scheduled(FLR_TARGETS_SNAPSHOT, 0, 2, 0.0);

    ck_assert_int_eq(boardhost_serve(&h, 3), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    ck_assert_ptr_null(boardhost_ask(&h, 2));
    flr_task_unref(task);
}
END_TEST

START_TEST(bc_05_more_responses_than_targets)
{
    flr_task *task = boardhost_task(&h, "t", NULL);

    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_SNAPSHOT, 0, 4, 0), FLR_E_INVAL);
    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_LIST, 2, 3, 0), FLR_E_INVAL);
    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_SNAPSHOT, 0, 3, -1.0), FLR_E_INVAL);
    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_SNAPSHOT, 0, 3, 0), 0);
    flr_task_unref(task);
}
END_TEST

START_TEST(bc_06_open)
{
    flr_task *task = boardhost_task(&h, "t", NULL);

    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_OPEN, 0, 0, 0), FLR_E_INVAL);
    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_OPEN, 0, 5, 0), 0);
    for (int i = 8; i >= 5; i--) { /* nobody of them is known */
        ck_assert_int_eq(boardhost_serve(&h, i), FLR_OUTCOME_ACCEPTED);
        ck_assert_ptr_null(boardhost_ask(&h, i));
        ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    }
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

/* ---- waiting, in run mode; the other thread plays clients and host ---- */

typedef struct waiting {
    int (*received)(void *self, flr_assignment *a, flr_context *context);
    int result, status;
    char detail[64];
    flr_task *task;
    flr_signal *signal;
    double timeout;
    pthread_t run;
    int run_result;
    atomic_bool ready;
} waiting;

static waiting w;

static int wait_in_control_flow(boardhost *host, flr_signal *abort, flr_context *context)
{
    (void)abort;
    atomic_store(&w.ready, true);
    w.result = w.timeout < 0 ? flr_board_broadcast_and_wait(host->board, w.task, NULL, w.signal,
                                                            context, &w.status)
                             : flr_board_broadcast(host->board, w.task, NULL, context);
    if (w.timeout >= 0) {
        w.result = flr_task_wait(w.task, w.signal, w.timeout, &w.status);
    }
    snprintf(w.detail, sizeof w.detail, "%s", flr_context_get_detail(context));
    return 0;
}

static void *run(void *self)
{
    (void)self;
    w.run_result = flr_runner_run(h.runner);
    return NULL;
}

static void start_waiting(int (*received)(void *, flr_assignment *, flr_context *), double timeout)
{
    flr_task_options o;

    boardhost_init(&h, 2);
    memset(&w, 0, sizeof w);
    w.timeout = timeout;
    h.run_mode = true;
    h.control = wait_in_control_flow;
    boardhost_begin(&h);
    boardhost_task_options(&h, &o);
    o.before_task_sent = o.after_task_sent = NULL;
    o.result_received = received;
    w.task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(flr_signal_new(NULL, h.clock, &w.signal), 0);
    ck_assert_int_eq(pthread_create(&w.run, NULL, run, NULL), 0);
    while (!atomic_load(&w.ready) || h.board == NULL || flr_board_get_count(h.board) == 0) {
        sched_yield();
    }
}

static void stop_waiting(void)
{
    pthread_join(w.run, NULL);
    flr_task_unref(w.task);
    flr_signal_unref(w.signal);
    boardhost_free(&h);
}

START_TEST(bd_28_wait_until_task_done_has_returned)
{
    start_waiting(NULL, -1.0);
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(boardhost_serve(&h, 2), FLR_OUTCOME_ACCEPTED);
    stop_waiting();
    ck_assert_int_eq(w.result, 0);
    ck_assert_int_eq(w.status, FLR_TASK_OK);
    ck_assert_int_eq(w.run_result, 0);
    ck_assert_str_eq(h.trace, "done(t,ok)");
}
END_TEST

START_TEST(bd_28_the_runs_abort_ends_it_too)
{
    start_waiting(NULL, -1.0);
    ck_assert_int_eq(flr_runner_abort(h.runner, 0), 0);
    stop_waiting();
    ck_assert_int_eq(w.result, FLR_E_ABORTED);
    ck_assert_int_eq(w.status, FLR_TASK_ABORTED);
    ck_assert_int_eq(w.run_result, FLR_E_ABORTED);
}
END_TEST

START_TEST(bd_28_the_calls_signal)
{
    start_waiting(NULL, -1.0);
    flr_signal_trigger(w.signal, NULL);
    stop_waiting();
    ck_assert_int_eq(w.result, FLR_E_ABORTED);
    ck_assert_int_eq(w.status, FLR_TASK_ABORTED);
    ck_assert_int_eq(w.run_result, 0);
}
END_TEST

START_TEST(bd_28_cancelled_by_somebody_else)
{
    start_waiting(NULL, -1.0);
    ck_assert_int_eq(flr_task_cancel(w.task, 0), 0);
    stop_waiting();
    ck_assert_int_eq(w.result, 0);
    ck_assert_int_eq(w.status, FLR_TASK_CANCELLED);
}
END_TEST

START_TEST(bd_28_the_deadline_leaves_the_task_standing)
{
    start_waiting(NULL, 5.0);
    while (flr_runner_get_status(h.runner) != FLR_STATUS_DONE) {
        flr_clock_advance(h.clock,
                          6.0); /* the wait may not have begun yet: time goes on until it is over */
        sched_yield();
    }
    flr_task_ref(w.task);
    flr_task *task = w.task;
    stop_waiting();
    ck_assert_int_eq(w.result, FLR_E_TIMEDOUT);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_CANCELLED); /* by finalize_run, later */
    flr_task_unref(task);
}
END_TEST

static int fail_received(void *self, flr_assignment *a, flr_context *context)
{
    (void)self, (void)a;
    return flr_context_fail(context, -20005, "unreadable");
}

START_TEST(bd_22_the_waiting_call_gets_status_and_detail)
{
    start_waiting(fail_received, -1.0);
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    stop_waiting();
    ck_assert_int_eq(w.result, 0);
    ck_assert_int_eq(w.status, FLR_TASK_ERROR);
    ck_assert_str_eq(w.detail, "unreadable");
    ck_assert_int_eq(w.run_result, 0);
}
END_TEST

static int wait_in_done(void *self, flr_task *task, flr_context *context)
{
    (void)context;
    boardhost_note(self, "wait:%s", flr_status_get_name(flr_task_wait(task, NULL, -1.0, NULL)));
    return 0;
}

START_TEST(bd_19_not_in_task_done)
{
    flr_task_options o;
    flr_task *task;

    boardhost_task_options(&h, &o);
    o.task_done = wait_in_done;
    task = boardhost_task(&h, "t", &o);
    boardhost_broadcast(&h, task, 0, 0, 0, 0);
    boardhost_trace(&h);
    flr_task_cancel(task, 0);
    ck_assert_str_eq(boardhost_trace(&h), "wait:FLR_E_REENTRANT");
    flr_task_unref(task);
}
END_TEST

static int wait_in_start(boardhost *host, flr_context *context)
{
    flr_task *task = boardhost_task(host, "t", NULL);

    boardhost_note(host, "wait:%s",
                   flr_status_get_name(
                       flr_board_broadcast_and_wait(host->board, task, NULL, NULL, context, NULL)));
    boardhost_note(host, "count:%zu", flr_board_get_count(host->board));
    flr_task_unref(task);
    return 0;
}

START_TEST(bd_19_not_on_the_stepping_thread)
{
    boardhost_init(&h, 2);
    h.start = wait_in_start;
    boardhost_begin(&h);
    ck_assert_str_eq(boardhost_trace(&h), "wait:FLR_E_NOTSUP count:0");
    end();
}
END_TEST

int main(void)
{
    const TTest *const rows[] = {
        bc_01_each_target_once_any_return_code_counts,
        bc_02_all_answered_is_ok_whatever_the_wait_is,
        bc_03_by_default_every_target_must_answer,
        bc_04_wait_after_min_responses,
        bc_04_no_wait,
        bc_05_more_responses_than_targets,
        bc_06_open,
        bd_19_not_in_task_done,
    };
    const TTest *const own[] = {
        bd_28_wait_until_task_done_has_returned,
        bd_28_the_runs_abort_ends_it_too,
        bd_28_the_calls_signal,
        bd_28_cancelled_by_somebody_else,
        bd_28_the_deadline_leaves_the_task_standing,
        bd_22_the_waiting_call_gets_status_and_detail,
        bd_19_not_on_the_stepping_thread,
    };
    Suite *suite = suite_create("board broadcast");
    TCase *tcase = tcase_create("rows"), *alone = tcase_create("own host");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, rows);
    SUITE_ADD(alone, own);
    suite_add_tcase(suite, tcase);
    suite_add_tcase(suite, alone);
    return suite_run(suite);
}
