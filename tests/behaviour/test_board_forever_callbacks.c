/*
 * A broadcast forever: its callbacks, its failures, visiting, waiting for it. Rows BD-10, BD-17,
 * BD-21, BD-22, BD-24, BD-28, BD-33.
 */
#include "boardhost.h"
#include "support/suite.h"

#include <check.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static boardhost h;

/* Three clients; a fourth is known and never dead, so no policy is violated. */
static void begin(void)
{
    boardhost_init(&h, 3);
    h.grace = 0;
    boardhost_begin(&h);
    ck_assert_int_eq(flr_runner_add_client(h.runner, "site-4", NULL), 0);
}

static void end(void)
{
    boardhost_close(&h);
    boardhost_free(&h);
}

static void expect(const char *trace)
{
    ck_assert_str_eq(boardhost_trace(&h), trace);
}

static void expect_status(const flr_task *task, int status)
{
    ck_assert_str_eq(flr_task_status_get_name(flr_task_get_status(task)),
                     flr_task_status_get_name(status));
}

/* Results and end trace, hand-outs do not. */
static void quiet_options(flr_task_options *o)
{
    boardhost_task_options(&h, o);
    o->before_task_sent = o->after_task_sent = NULL;
}

/* To clients 1 to n, or OPEN with n 0. */
static flr_task *forever(int n, flr_task_options *o)
{
    flr_task_options quiet;
    flr_task *task;

    quiet_options(&quiet);
    task = boardhost_task(&h, "t", o == NULL ? &quiet : o);
    ck_assert_int_eq(boardhost_forever(&h, task, n == 0 ? FLR_TARGETS_OPEN : FLR_TARGETS_LIST, n),
                     0);
    boardhost_trace(&h);
    return task;
}

/* ---- BD-10: send callbacks ---- */

static int calls;

static int fail_second(void *self, flr_assignment *a, flr_context *context)
{
    boardhost_note(self, "call%d(%s)", ++calls, flr_assignment_get_client(a));
    return calls == 2 ? flr_context_fail(context, -20001, "not today") : 0;
}

static int cancel_second(void *self, flr_assignment *a, flr_context *context)
{
    (void)context;
    boardhost_note(self, "call%d(%s)", ++calls, flr_assignment_get_client(a));
    return calls == 2 ? flr_task_cancel(flr_assignment_get_task(a), 0) : 0;
}

/* The second hand-out to a client does not happen; what it had before is still its latest.
 * _i 0: before fails, 1: after fails, 2: the task ends in before. */
START_TEST(bd_10_a_send_callback_ends_it)
{
    static const char *const traces[] = {"call2(site-1) after(site-1) done(t,error)",
                                         "before(site-1) call2(site-1) done(t,error)",
                                         "call2(site-1) after(site-1) done(t,cancelled)"};
    flr_task_options o;
    flr_task *task, *other;
    char detail[64];

    calls = 0;
    boardhost_task_options(&h, &o);
    if (_i == 1) {
        o.after_task_sent = fail_second;
    } else {
        o.before_task_sent = _i == 0 ? fail_second : cancel_second;
    }
    task = forever(2, &o);
    other = boardhost_task(&h, "other", NULL);
    ck_assert_int_eq(boardhost_broadcast(&h, other, FLR_TARGETS_LIST, 2, 0, 0), 0);
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    boardhost_trace(&h);
    ck_assert_ptr_null(boardhost_ask(&h, 1)); /* and no further search */
    expect(traces[_i]);
    ck_assert_str_eq(boardhost_states(task), "site-1:answered");
    ck_assert_int_eq(flr_task_get_error(task), _i == 2 ? 0 : -20001);
    ck_assert_int_eq(flr_task_get_detail(task, detail, sizeof detail), 0);
    ck_assert_str_eq(detail, _i == 2 ? "" : "not today");
    ck_assert_str_eq(flr_answer_get_name(boardhost_ask(&h, 1)), "other");
    flr_task_unref(task);
    flr_task_unref(other);
}
END_TEST

/* A re-send whose callback fails ends it too; what was out is closed. */
START_TEST(bd_10_a_resend_fails)
{
    flr_task_options o;
    flr_task *task;
    char id[40];

    calls = 0;
    quiet_options(&o);
    o.before_task_sent = fail_second;
    task = forever(2, &o);
    boardhost_take(&h, 1, id);
    ck_assert_ptr_null(boardhost_ask(&h, 1));
    expect("call1(site-1) call2(site-1) done(t,error)");
    expect_status(task, FLR_TASK_ERROR);
    ck_assert_str_eq(boardhost_states(task), "site-1:closed");
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 1), FLR_OUTCOME_LATE);
    flr_task_unref(task);
}
END_TEST

/* ---- BD-17, BD-20 to BD-22: results ---- */

/* A request of the client, on a context of its own: what it got. */
static const char *ask_aside(int client)
{
    flr_context *context;
    flr_value *props;
    const flr_answer *answer = NULL;
    const char *kind;

    ck_assert_int_eq(flr_runner_new_context(h.runner, &context), 0);
    ck_assert_int_eq(flr_value_new_map(&props), 0);
    ck_assert_int_eq(flr_map_set_text(&props, FLR_PROP_RUN_NUM, h.job), 0);
    ck_assert_int_eq(flr_context_set_peer_props(context, props), 0);
    flr_value_unref(props);
    ck_assert_int_eq(
        flr_runner_process_task_request(h.runner, boardhost_name(client), context, &answer), 0);
    kind = flr_answer_get_kind(answer) == FLR_ANSWER_TASK ? "task" : "none";
    flr_context_free(context);
    return kind;
}

static int ask_inside(void *self, flr_assignment *a, flr_context *context)
{
    (void)context;
    boardhost_note(self, "received(%s) own:%s other:%s", flr_assignment_get_client(a), ask_aside(1),
                   ask_aside(2));
    return 0;
}

START_TEST(bd_17_nothing_new_while_a_result_is_being_processed)
{
    flr_task_options o;
    flr_task *task;
    char id[40], next[40];

    quiet_options(&o);
    o.result_received = ask_inside;
    task = forever(2, &o);
    boardhost_take(&h, 1, id);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 1), FLR_OUTCOME_ACCEPTED);
    expect("received(site-1) own:none other:task");
    ck_assert_str_eq(boardhost_states(task), "site-1:answered site-2:open");
    boardhost_take(&h, 1, next);
    ck_assert_str_ne(next, id);
    flr_task_unref(task);
}
END_TEST

static int drop_result(void *self, flr_assignment *a, flr_context *context)
{
    boardhost_received(self, a, context);
    return flr_assignment_set_result(a, NULL);
}

static int has_result(void *self, flr_assignment *a)
{
    flr_shareable *result = flr_assignment_get_result(a);

    (void)self;
    flr_shareable_unref(result);
    return result != NULL;
}

START_TEST(bd_21_a_dropped_result_is_gone)
{
    flr_task_options o;
    flr_task *task;

    quiet_options(&o);
    o.result_received = drop_result;
    task = forever(2, &o);
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(flr_task_visit_assignments(task, has_result, NULL), 0);
    ck_assert_str_eq(boardhost_states(task), "site-1:answered");
    flr_task_unref(task);
}
END_TEST

static int fail_received(void *self, flr_assignment *a, flr_context *context)
{
    boardhost_received(self, a, context);
    return flr_context_fail(context, -20005, "unreadable");
}

START_TEST(bd_22_result_received_fails)
{
    flr_task_options o;
    flr_task *task;
    char open[40];

    quiet_options(&o);
    o.result_received = fail_received;
    task = forever(2, &o);
    boardhost_take(&h, 2, open);
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    expect("received(site-1) done(t,error)");
    ck_assert_int_eq(flr_task_get_error(task), -20005);
    ck_assert_str_eq(boardhost_states(task), "site-2:closed site-1:answered");
    ck_assert_int_eq(boardhost_answer(&h, 2, "t", open, 1), FLR_OUTCOME_LATE);
    flr_task_unref(task);
}
END_TEST

/* ---- BD-24: the data filter fails ---- */

static bool refuse;

static int refuse_site_1(flr_context *context, flr_shareable *message)
{
    (void)message;
    return refuse && strcmp(flr_context_get_identity(flr_context_get_peer(context)), "site-1") == 0
               ? FLR_E_IO
               : 0;
}

static int received_rc(void *self, flr_assignment *a, flr_context *context)
{
    flr_shareable *result = flr_assignment_get_result(a);

    (void)context;
    boardhost_note(self, "received(%s,%s)", flr_assignment_get_client(a),
                   flr_shareable_get_rc(result));
    flr_shareable_unref(result);
    return 0;
}

static int copy_id(void *self, flr_assignment *a)
{
    snprintf(self, 40, "%s", flr_assignment_get_id(a));
    return 0;
}

static flr_task *with_filter(int n)
{
    flr_task_options o;

    refuse = false;
    boardhost_init(&h, 3);
    h.grace = 0;
    h.filter = refuse_site_1;
    boardhost_begin(&h);
    quiet_options(&o);
    o.result_received = received_rc;
    return forever(n, &o);
}

/* _i 0: a new assignment, 1: a re-send. The client never gets the task again. */
START_TEST(bd_24_closed_in_the_clients_place)
{
    flr_task *task = with_filter(2);
    char first[40], id[40], sent[40] = "";

    boardhost_take(&h, 1, first);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", first, 1), FLR_OUTCOME_ACCEPTED);
    if (_i == 1) {
        boardhost_take(&h, 1, sent);
    }
    refuse = true;
    ck_assert_ptr_null(boardhost_ask(&h, 1));
    expect("received(site-1,OK) received(site-1,TASK_DATA_FILTER_ERROR)");
    refuse = false;
    ck_assert_str_eq(boardhost_states(task), "site-1:closed");
    ck_assert_int_eq(flr_task_visit_assignments(task, copy_id, id), 0);
    ck_assert_int_eq(strcmp(id, sent) == 0, _i == 1);
    ck_assert_ptr_null(boardhost_ask(&h, 1));
    ck_assert_str_eq(boardhost_check(&h, 1, id), "closed");
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 1), FLR_OUTCOME_LATE);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 1), FLR_OUTCOME_DUPLICATE);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", first, 1), FLR_OUTCOME_DUPLICATE);
    for (int i = 0; i < 3; i++) { /* the other goes on */
        ck_assert_int_eq(boardhost_serve(&h, 2), FLR_OUTCOME_ACCEPTED);
    }
    expect_status(task, FLR_TASK_STANDING);
    flr_task_unref(task);
    end();
}
END_TEST

/* It counts as not live: when the other target dies too, nobody is left. */
START_TEST(bd_24_counts_as_not_live)
{
    flr_task *task = with_filter(2);

    refuse = true;
    ck_assert_ptr_null(boardhost_ask(&h, 1));
    boardhost_advance(&h, 100.0);
    boardhost_heartbeat(&h, 1);
    expect("received(site-1,TASK_DATA_FILTER_ERROR)");
    boardhost_dead(&h, 2);
    boardhost_step(&h);
    expect("done(t,client_dead)");
    expect_status(task, FLR_TASK_CLIENT_DEAD);
    flr_task_unref(task);
    end();
}
END_TEST

START_TEST(bd_24_the_last_live_target)
{
    flr_task *task = with_filter(2);

    boardhost_advance(&h, 100.0);
    boardhost_dead(&h, 2);
    boardhost_step(&h);
    expect("");
    refuse = true;
    ck_assert_ptr_null(boardhost_ask(&h, 1));
    expect("received(site-1,TASK_DATA_FILTER_ERROR) done(t,client_dead)");
    flr_task_unref(task);
    end();
}
END_TEST

/* DC-08: not before the lead time, though nobody can return who would help. */
START_TEST(bd_24_the_only_target)
{
    flr_task *task = with_filter(1);

    refuse = true;
    ck_assert_ptr_null(boardhost_ask(&h, 1));
    expect("received(site-1,TASK_DATA_FILTER_ERROR)");
    boardhost_advance(&h, 29.999);
    expect_status(task, FLR_TASK_STANDING);
    boardhost_advance(&h, 0.001);
    expect("done(t,client_dead)");
    flr_task_unref(task);
    end();
}
END_TEST

START_TEST(bd_24_open)
{
    flr_task *task = with_filter(0);

    refuse = true;
    ck_assert_ptr_null(boardhost_ask(&h, 1));
    refuse = false;
    ck_assert_ptr_null(boardhost_ask(&h, 1));
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(boardhost_serve(&h, 2), FLR_OUTCOME_ACCEPTED);
    }
    boardhost_advance(&h, 10000.0);
    expect("received(site-1,TASK_DATA_FILTER_ERROR) received(site-2,OK) received(site-2,OK)");
    expect_status(task, FLR_TASK_STANDING);
    flr_task_unref(task);
    end();
}
END_TEST

/* ---- visiting ---- */

static int stop_at_second(void *self, flr_assignment *a)
{
    (void)a;
    return ++*(int *)self == 2 ? 42 : 0;
}

START_TEST(bd_33_visiting)
{
    flr_task *task = forever(3, NULL);
    int visited = 0;
    char id[40];

    for (int i = 3; i >= 1; i--) {
        boardhost_take(&h, i, id);
    }
    ck_assert_int_eq(flr_task_visit_assignments(NULL, stop_at_second, &visited), FLR_E_INVAL);
    ck_assert_int_eq(flr_task_visit_assignments(task, NULL, &visited), FLR_E_INVAL);
    ck_assert_int_eq(visited, 0);
    ck_assert_int_eq(flr_task_visit_assignments(task, stop_at_second, &visited), 42);
    ck_assert_int_eq(visited, 2);
    ck_assert_str_eq(boardhost_states(task), "site-3:open site-2:open site-1:open");
    flr_task_unref(task);
}
END_TEST

/* ---- BD-28: waiting for it, in run mode ---- */

static struct {
    flr_task *task;
    flr_signal *signal;
    int result, status, run_result;
    atomic_bool ready;
} waiting;

static int wait_for_ever(boardhost *host, flr_signal *abort, flr_context *context)
{
    (void)abort;
    atomic_store(&waiting.ready, true);
    waiting.result = flr_board_broadcast_forever_and_wait(host->board, waiting.task, NULL,
                                                          waiting.signal, context, &waiting.status);
    return 0;
}

static void *run(void *self)
{
    (void)self;
    waiting.run_result = flr_runner_run(h.runner);
    return NULL;
}

/* Cancelled, by its timeout, by the call's signal: _i. */
START_TEST(bd_28_waiting_until_it_is_ended)
{
    static const int statuses[] = {FLR_TASK_CANCELLED, FLR_TASK_TIMEOUT, FLR_TASK_ABORTED};
    static const char *const traces[] = {"received(site-1) received(site-1) done(t,cancelled)",
                                         "received(site-1) received(site-1) done(t,timeout)",
                                         "received(site-1) received(site-1) done(t,aborted)"};
    flr_task_options o;
    pthread_t thread;

    memset(&waiting, 0, sizeof waiting);
    boardhost_init(&h, 2);
    h.run_mode = true;
    h.control = wait_for_ever;
    boardhost_begin(&h);
    quiet_options(&o);
    o.timeout = 10.0;
    waiting.task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(flr_signal_new(NULL, h.clock, &waiting.signal), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, run, NULL), 0);
    while (!atomic_load(&waiting.ready) || flr_board_get_count(h.board) == 0) {
        sched_yield();
    }
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    if (_i == 0) {
        ck_assert_int_eq(flr_task_cancel(waiting.task, 0), 0);
    } else if (_i == 1) {
        ck_assert_int_eq(flr_clock_advance(h.clock, 10.0), 0);
    } else {
        flr_signal_trigger(waiting.signal, NULL);
    }
    pthread_join(thread, NULL);
    ck_assert_int_eq(waiting.result, _i == 2 ? FLR_E_ABORTED : 0);
    ck_assert_int_eq(waiting.status, statuses[_i]);
    ck_assert_int_eq(waiting.run_result, 0);
    ck_assert_str_eq(h.trace, traces[_i]);
    flr_task_unref(waiting.task);
    flr_signal_unref(waiting.signal);
    boardhost_free(&h);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        bd_10_a_resend_fails,
        bd_17_nothing_new_while_a_result_is_being_processed,
        bd_21_a_dropped_result_is_gone,
        bd_22_result_received_fails,
        bd_33_visiting,
    };
    Suite *suite = suite_create("board, callbacks of a broadcast forever");
    TCase *tcase = tcase_create("forever"), *own = tcase_create("own host");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, tests);
    tcase_add_loop_test(tcase, bd_10_a_send_callback_ends_it, 0, 3);
    tcase_add_loop_test(own, bd_24_closed_in_the_clients_place, 0, 2);
    tcase_add_test(own, bd_24_counts_as_not_live);
    tcase_add_test(own, bd_24_the_last_live_target);
    tcase_add_test(own, bd_24_the_only_target);
    tcase_add_test(own, bd_24_open);
    tcase_add_loop_test(own, bd_28_waiting_until_it_is_ended, 0, 3);
    suite_add_tcase(suite, tcase);
    suite_add_tcase(suite, own);
    return suite_run(suite);
}
