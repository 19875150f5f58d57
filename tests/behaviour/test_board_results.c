/* What a board does with results and task checks. Rows BD-17 to BD-23, SB-13 to SB-24, AX-06. */
#include "boardhost.h"
#include "support/suite.h"

#include <check.h>
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

static flr_assignment *seen;
static char seen_id[40];

static flr_task *scheduled(const char *name,
                           int (*received)(void *, flr_assignment *, flr_context *), int mode,
                           int n, uint64_t min)
{
    flr_task_options o;
    flr_task *task;

    boardhost_task_options(&h, &o);
    o.before_task_sent = o.after_task_sent = NULL;
    o.result_received = received;
    task = boardhost_task(&h, name, &o);
    ck_assert_int_eq(boardhost_broadcast(&h, task, mode, n, min, 0), 0);
    boardhost_trace(&h);
    return task;
}

/* ---- BD-20, BD-21 ---- */

static int look_inside(void *self, flr_assignment *a, flr_context *context)
{
    flr_shareable *result = flr_assignment_get_result(a);

    (void)context;
    seen = a;
    ck_assert_int_eq(flr_value_get_int(flr_shareable_get(result, "x"), 0), 1); /* stored before */
    ck_assert_int_eq(flr_shareable_is_frozen(result), 0);                      /* may be changed */
    ck_assert_ptr_null(flr_shareable_get_header(result, FLR_HEADER_REPLY_IS_LATE));
    flr_shareable_unref(result);
    boardhost_note(self, "state:%d,received:%d,status:%d", flr_assignment_get_state(a),
                   flr_assignment_get_received(a) != FLR_TIME_NONE,
                   flr_task_get_status(flr_assignment_get_task(a)));
    boardhost_note(self, "check:%s", boardhost_check(&h, 3, flr_assignment_get_id(a)));
    return 0;
}

static int look_done(void *self, flr_task *task, flr_context *context)
{
    (void)context;
    boardhost_note(self, "done,state:%d,status:%d", flr_assignment_get_state(seen),
                   flr_task_get_status(task));
    return 0;
}

START_TEST(bd_20_order)
{
    flr_task_options o;
    flr_task *task;
    char id[40];

    boardhost_task_options(&h, &o);
    o.before_task_sent = o.after_task_sent = NULL;
    o.result_received = look_inside;
    o.task_done = look_done;
    task = boardhost_task(&h, "t", &o);
    boardhost_broadcast(&h, task, FLR_TARGETS_LIST, 1, 0, 0);
    boardhost_take(&h, 1, id);
    boardhost_trace(&h);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 1), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_trace(&h),
                     "state:1,received:0,status:0 check:not yours done,state:2,status:1");
    flr_task_unref(task);
}
END_TEST

static int find_first(void *self, flr_assignment *a)
{
    (void)self;
    seen = a;
    return 1;
}

static int replace(void *self, flr_assignment *a, flr_context *context)
{
    flr_shareable *other = boardhost_payload();

    (void)self, (void)context;
    ck_assert_int_eq(flr_assignment_set_result(a, other), 0);
    flr_shareable_unref(other);
    return 0;
}

static int keep_same(void *self, flr_assignment *a, flr_context *context)
{
    flr_shareable *same = flr_assignment_get_result(a);

    (void)self, (void)context;
    ck_assert_int_eq(flr_shareable_set_int(same, "x", 55), 0);
    ck_assert_int_eq(flr_assignment_set_result(a, same), 0);
    flr_shareable_unref(same);
    return 0;
}

static int drop(void *self, flr_assignment *a, flr_context *context)
{
    (void)self, (void)context;
    return flr_assignment_set_result(a, NULL);
}

/* What is left in the assignment: "model" or "x" of the result; -1 without one. */
static int64_t left_after(int (*received)(void *, flr_assignment *, flr_context *), const char *key)
{
    flr_task *task = scheduled("t", received, FLR_TARGETS_SNAPSHOT, 0, 0);
    flr_shareable *result;
    int64_t left = -1;
    char id[40];

    boardhost_take(&h, 1, id);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 5), FLR_OUTCOME_ACCEPTED);
    flr_task_visit_assignments(task, find_first, NULL);
    result = flr_assignment_get_result(seen);
    if (result != NULL) {
        left = flr_value_get_int(flr_shareable_get(result, key), 0);
        ck_assert_int_eq(flr_shareable_is_frozen(result), 1);
    }
    flr_shareable_unref(result);
    flr_task_cancel(task, 0);
    flr_task_unref(task);
    return left;
}

START_TEST(bd_21_results)
{
    ck_assert_int_eq(left_after(NULL, "x"), 5);                /* without a callback they stay */
    ck_assert_int_eq(left_after(boardhost_received, "x"), -1); /* else only what it put there */
    ck_assert_int_eq(left_after(replace, "model"), 7);
    ck_assert_int_eq(left_after(keep_same, "x"), 55);
    ck_assert_int_eq(left_after(drop, "x"), -1);
}
END_TEST

/* ---- BD-22 ---- */

static int fail_received(void *self, flr_assignment *a, flr_context *context)
{
    seen = a;
    boardhost_received(self, a, context);
    return flr_context_fail(context, -20003, "cannot read it");
}

START_TEST(bd_22_result_received_fails)
{
    flr_task *other = scheduled("other", boardhost_received, FLR_TARGETS_LIST, 1, 0);
    flr_task *task = scheduled("t", fail_received, FLR_TARGETS_SNAPSHOT, 0, 0);
    char one[40], two[40], detail[64];

    boardhost_take(&h, 2, two);
    boardhost_serve(&h, 1); /* other */
    boardhost_take(&h, 1, one);
    boardhost_trace(&h);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", one, 1), FLR_OUTCOME_ACCEPTED); /* SB-13 */
    ck_assert_str_eq(boardhost_trace(&h), "received(site-1) done(t,error)");
    ck_assert_int_eq(flr_assignment_get_state(seen), FLR_ASSIGNMENT_ANSWERED);
    ck_assert_int_eq(flr_task_get_error(task), -20003);
    flr_task_get_detail(task, detail, sizeof detail);
    ck_assert_str_eq(detail, "cannot read it");
    ck_assert_int_eq(boardhost_answer(&h, 2, "t", two, 1), FLR_OUTCOME_LATE);
    ck_assert_int_eq(flr_task_get_status(other), FLR_TASK_OK); /* BD-23 */
    ck_assert_int_eq(flr_runner_get_status(h.runner), FLR_STATUS_STARTED);
    ck_assert_uint_eq(boardhost_stats(&h).task_callback_failures, 1);
    flr_task_unref(task);
    flr_task_unref(other);
}
END_TEST

/* ---- BD-17 to BD-19, from inside ---- */

static int everything_inside(void *self, flr_assignment *a, flr_context *context)
{
    flr_task *task = flr_assignment_get_task(a), *more = boardhost_task(self, "more", NULL);
    flr_shareable *result;
    int outcome = 0;

    snprintf(seen_id, sizeof seen_id, "%s", flr_assignment_get_id(a));
    boardhost_note(self, "wait:%s", flr_status_get_name(flr_task_wait(task, NULL, 0.0, NULL)));
    boardhost_note(self, "and_wait:%s",
                   flr_status_get_name(
                       flr_board_broadcast_and_wait(h.board, more, NULL, NULL, context, NULL)));
    boardhost_note(self, "schedule:%d", flr_board_broadcast(h.board, more, NULL, context));
    flr_task_unref(more);
    boardhost_note(self, "count:%zu", flr_board_get_count(h.board));
    ck_assert_int_eq(flr_shareable_new(&result), 0);
    boardhost_note(self, "submit:%s",
                   flr_status_get_name(flr_runner_process_submission(h.runner, "site-2",
                                                                     boardhost_context(&h, 2), "t",
                                                                     seen_id, result, &outcome)));
    flr_shareable_unref(result);
    boardhost_note(self, "fire:%d", flr_context_fire(context, "mine"));
    boardhost_note(self, "cancel:%d", flr_task_cancel(task, 0));
    boardhost_note(self, "status:%d", flr_task_get_status(task));
    return 0;
}

START_TEST(bd_18_callbacks_may_schedule_cancel_fire_but_not_submit_or_wait)
{
    flr_task *task = scheduled("t", everything_inside, FLR_TARGETS_SNAPSHOT, 0, 0);
    char id[40];

    boardhost_take(&h, 1, id);
    boardhost_trace(&h);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 1), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(
        boardhost_trace(&h),
        "wait:FLR_E_REENTRANT and_wait:FLR_E_REENTRANT schedule:0 count:2 submit:FLR_E_REENTRANT "
        "fire:0 cancel:0 status:4 done(t,cancelled)");
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 1), FLR_OUTCOME_DUPLICATE);
    ck_assert_str_eq(boardhost_check(&h, 1, id), "already received");
    flr_task_unref(task);
}
END_TEST

static int look_from_inside(void *self, flr_assignment *a, flr_context *context)
{
    const flr_answer *answer = NULL;

    (void)context;
    boardhost_note(self, "check:%s", boardhost_check(&h, 1, flr_assignment_get_id(a)));
    flr_context *other;
    ck_assert_int_eq(flr_runner_new_context(h.runner, &other), 0);
    flr_value *props;
    ck_assert_int_eq(flr_value_new_map(&props), 0);
    ck_assert_int_eq(flr_map_set_text(&props, FLR_PROP_RUN_NUM, "job"), 0);
    ck_assert_int_eq(flr_context_set_peer_props(other, props), 0);
    flr_value_unref(props);
    ck_assert_int_eq(flr_runner_process_task_request(h.runner, "site-1", other, &answer), 0);
    boardhost_note(self, "asked:%s", flr_answer_get_name(answer));
    flr_context_free(other);
    return 0;
}

START_TEST(bd_17_while_claimed)
{
    flr_task *task = scheduled("t", look_from_inside, FLR_TARGETS_SNAPSHOT, 0, 0);
    char id[40];

    boardhost_take(&h, 1, id);
    /* the check uses the context of client 1, so the submission needs one of its own */
    flr_context *context;
    flr_value *props;
    flr_shareable *result;
    int outcome;
    ck_assert_int_eq(flr_runner_new_context(h.runner, &context), 0);
    ck_assert_int_eq(flr_value_new_map(&props), 0);
    ck_assert_int_eq(flr_map_set_text(&props, FLR_PROP_RUN_NUM, "job"), 0);
    ck_assert_int_eq(flr_context_set_peer_props(context, props), 0);
    flr_value_unref(props);
    ck_assert_int_eq(flr_shareable_new(&result), 0);
    boardhost_trace(&h);
    ck_assert_int_eq(
        flr_runner_process_submission(h.runner, "site-1", context, "t", id, result, &outcome), 0);
    ck_assert_int_eq(outcome, FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_trace(&h), "check:already received asked:__try_again__");
    flr_shareable_unref(result);
    flr_context_free(context);
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_19_waiting_arguments)
{
    flr_task *task = boardhost_task(&h, "t", NULL);
    int status;

    ck_assert_int_eq(flr_task_wait(NULL, NULL, 0.0, &status), FLR_E_INVAL);
    ck_assert_int_eq(flr_task_wait(task, NULL, 0.0, &status),
                     FLR_E_STATE); /* BD-28: never scheduled */
    boardhost_broadcast(&h, task, 0, 0, 0, 0);
    ck_assert_int_eq(flr_task_wait(task, NULL, 0.0 / 0.0, &status), FLR_E_INVAL);
    ck_assert_int_eq(flr_task_wait(task, NULL, 0.0, &status), FLR_E_TIMEDOUT);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    flr_task_cancel(task, FLR_TASK_OK);
    status = 0;
    ck_assert_int_eq(flr_task_wait(task, NULL, -1.0, &status), 0);
    ck_assert_int_eq(status, FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_28_a_signal_of_the_call_ends_the_task)
{
    flr_task *task = boardhost_task(&h, "t", NULL), *other = boardhost_task(&h, "u", NULL);
    flr_signal *signal;
    int status = 0;

    ck_assert_int_eq(flr_signal_new(NULL, h.clock, &signal), 0);
    boardhost_broadcast(&h, task, 0, 0, 0, 0);
    boardhost_broadcast(&h, other, 0, 0, 0, 0);
    boardhost_trace(&h);
    flr_signal_trigger(signal, NULL);
    ck_assert_int_eq(flr_task_wait(task, signal, -1.0, &status), FLR_E_ABORTED);
    ck_assert_int_eq(status, FLR_TASK_ABORTED);
    ck_assert_str_eq(boardhost_trace(&h), "done(t,aborted)");
    ck_assert_int_eq(flr_task_wait(task, NULL, -1.0, &status),
                     0); /* another call: not its signal */
    ck_assert_int_eq(status, FLR_TASK_ABORTED);
    ck_assert_int_eq(flr_task_get_status(other), FLR_TASK_STANDING);
    flr_task_cancel(other, FLR_TASK_ABORTED);
    ck_assert_int_eq(flr_task_wait(other, signal, -1.0, &status),
                     0); /* cancelled, not by a signal of this call */
    ck_assert_int_eq(status, FLR_TASK_ABORTED);
    flr_signal_unref(signal);
    flr_task_unref(task);
    flr_task_unref(other);
}
END_TEST

/* ---- SB ---- */

START_TEST(sb_14_sb_17_sb_19_outcomes_are_stable)
{
    flr_task *task = scheduled("t", boardhost_received, FLR_TARGETS_SNAPSHOT, 0, 0);
    char one[40], bogus[40];

    boardhost_take(&h, 1, one);
    snprintf(bogus, sizeof bogus, "%032x", 7);
    boardhost_trace(&h);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(boardhost_answer(&h, 2, "t", one, 1), FLR_OUTCOME_WRONG_CLIENT);
        ck_assert_int_eq(boardhost_answer(&h, 2, "x", one, 1), FLR_OUTCOME_WRONG_CLIENT);
        ck_assert_int_eq(boardhost_answer(&h, 1, "x", one, 1), FLR_OUTCOME_WRONG_TASK_NAME);
        ck_assert_int_eq(boardhost_answer(&h, 1, NULL, one, 1), FLR_OUTCOME_WRONG_TASK_NAME);
    }
    ck_assert_str_eq(boardhost_trace(&h), "");
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", one, 1), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_trace(&h), "received(site-1)");
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", one, 1), FLR_OUTCOME_DUPLICATE);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", one, 1), FLR_OUTCOME_DUPLICATE);
    ck_assert_str_eq(boardhost_trace(&h), "");
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", bogus, 1), FLR_OUTCOME_UNKNOWN_TASK);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", "", 1), FLR_OUTCOME_UNKNOWN_TASK);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", NULL, 1), FLR_OUTCOME_UNKNOWN_TASK);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", "no id at all", 1), FLR_OUTCOME_UNKNOWN_TASK);
    ck_assert_int_eq(boardhost_answer(&h, 8, "t", one, 1),
                     FLR_OUTCOME_WRONG_CLIENT); /* a stranger */
    ck_assert_str_eq(boardhost_trace(&h),
                     "unknown(site-1,t) unknown(site-1,t) unknown(site-1,t) unknown(site-1,t)");
    flr_task_unref(task);
}
END_TEST

START_TEST(sb_16_late_once)
{
    flr_task *task = scheduled("t", boardhost_received, FLR_TARGETS_SNAPSHOT, 0, 1);
    char one[40], two[40], three[40];

    boardhost_take(&h, 1, one);
    boardhost_take(&h, 2, two);
    boardhost_take(&h, 3, three);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", one, 1), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    boardhost_trace(&h);
    ck_assert_int_eq(boardhost_answer(&h, 2, "t", two, 1), FLR_OUTCOME_LATE);
    ck_assert_int_eq(boardhost_answer(&h, 2, "t", two, 1), FLR_OUTCOME_DUPLICATE);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", one, 1), FLR_OUTCOME_DUPLICATE);
    ck_assert_str_eq(boardhost_trace(&h), "unknown(site-2,t)");
    ck_assert_int_eq(boardhost_answer(&h, 2, "t", three, 1),
                     FLR_OUTCOME_UNKNOWN_TASK); /* SB-15: remembered for another */
    ck_assert_int_eq(boardhost_answer(&h, 3, "u", three, 1), FLR_OUTCOME_UNKNOWN_TASK);
    ck_assert_int_eq(boardhost_answer(&h, 3, "t", three, 1), FLR_OUTCOME_LATE);
    flr_task_unref(task);
}
END_TEST

static int fail_unknown(const char *client, const char *name, const char *id)
{
    (void)client, (void)name, (void)id;
    return -20004;
}

START_TEST(sb_18_a_failing_handler_counts_as_delivered)
{
    flr_task *task = scheduled("t", NULL, FLR_TARGETS_SNAPSHOT, 0, 0);
    char one[40];

    h.unknown = fail_unknown;
    boardhost_take(&h, 1, one);
    flr_task_cancel(task, 0);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", one, 1), FLR_OUTCOME_FAILED);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", one, 1), FLR_OUTCOME_DUPLICATE);
    flr_task_unref(task);
}
END_TEST

START_TEST(sb_21_sb_22_sb_24_events)
{
    flr_task *task = scheduled("t", boardhost_received, FLR_TARGETS_LIST, 2, 1);
    char one[40], two[40];

    boardhost_take(&h, 1, one);
    boardhost_take(&h, 2, two);
    h.trace_events = true;
    boardhost_trace(&h);
    boardhost_answer(&h, 2, "t", one, 1);
    ck_assert_str_eq(
        boardhost_trace(&h),
        "_before_task_result_filter _after_task_result_filter _before_process_submission "
        "_after_process_submission");
    boardhost_answer(&h, 1, "t", one, 1);
    ck_assert_str_eq(
        boardhost_trace(&h),
        "_before_task_result_filter _after_task_result_filter _before_process_submission "
        "received(site-1) done(t,ok) _after_process_submission");
    boardhost_answer(&h, 2, "t", two, 1);
    ck_assert_str_eq(
        boardhost_trace(&h),
        "_before_task_result_filter _after_task_result_filter _before_process_submission "
        "_before_process_result_of_unknown_task unknown(site-2,t) "
        "_after_process_result_of_unknown_task _after_process_submission");
    h.trace_events = false;
    flr_task_unref(task);
}
END_TEST

START_TEST(ax_06_task_checks)
{
    flr_task *task = scheduled("t", NULL, FLR_TARGETS_SNAPSHOT, 0, 0);
    char one[40], two[40], bogus[40];

    snprintf(bogus, sizeof bogus, "%032x", 7);
    boardhost_take(&h, 1, one);
    boardhost_take(&h, 2, two);
    ck_assert_str_eq(boardhost_check(&h, 1, one), "OK");
    ck_assert_str_eq(boardhost_check(&h, 1, one), "OK");
    ck_assert_str_eq(boardhost_check(&h, 2, one), "not yours");
    ck_assert_str_eq(boardhost_check(&h, 1, bogus), "unknown");
    ck_assert_str_eq(boardhost_check(&h, 1, "nonsense"), "unknown");
    boardhost_answer(&h, 1, "t", one, 1);
    ck_assert_str_eq(boardhost_check(&h, 1, one), "already received");
    flr_task_cancel(task, 0);
    ck_assert_str_eq(boardhost_check(&h, 1, one), "already received");
    ck_assert_str_eq(boardhost_check(&h, 2, two), "closed");
    flr_task_unref(task);
}
END_TEST

int main(void)
{
    const TTest *const rows[] = {
        bd_20_order,
        bd_21_results,
        bd_22_result_received_fails,
        bd_18_callbacks_may_schedule_cancel_fire_but_not_submit_or_wait,
        bd_17_while_claimed,
        bd_19_waiting_arguments,
        bd_28_a_signal_of_the_call_ends_the_task,
        sb_14_sb_17_sb_19_outcomes_are_stable,
        sb_16_late_once,
        sb_18_a_failing_handler_counts_as_delivered,
        sb_21_sb_22_sb_24_events,
        ax_06_task_checks,
    };
    Suite *suite = suite_create("board results");
    TCase *tcase = tcase_create("rows");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, rows);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
