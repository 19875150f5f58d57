/* Clients that have something to answer and are not heard: the heartbeat timeout. Row DC-07. */
#include "boardhost.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT 10.0

static boardhost h;

static int hear(void *self, const char *event, flr_context *context)
{
    bool gone = strcmp(event, FLR_EVENT_CLIENT_DISCONNECTED) == 0;
    flr_value *name = NULL;

    (void)self;
    if (gone || strcmp(event, FLR_EVENT_CLIENT_RECONNECTED) == 0) {
        ck_assert_int_eq(
            flr_context_get(context,
                            gone ? "_disconnected_client_name" : "_reconnected_client_name", &name),
            0);
        boardhost_note(&h, "%s(%s)", gone ? "gone" : "back", flr_value_get_text(name, "?"));
        flr_value_unref(name);
    }
    return 0;
}

static void add_ears(flr_config *config)
{
    flr_component_ops ears;

    flr_component_ops_init(&ears, sizeof ears);
    ears.handle_event = hear;
    ck_assert_int_eq(flr_config_add_component(config, "ears", &ears, NULL), 0);
}

static void with_timeout(flr_config *config)
{
    add_ears(config);
    ck_assert_int_eq(flr_config_set_heartbeat_timeout(config, TIMEOUT), 0);
}

/* The clock stands at 1000 s. Client 4 gets no task: no policy is ever violated. */
static void begin(double grace, double lead, void (*configure)(flr_config *config))
{
    boardhost_init(&h, 4);
    h.grace = grace;
    h.lead = lead;
    h.configure = configure;
    boardhost_begin(&h);
}

static void end(void)
{
    boardhost_close(&h);
    boardhost_free(&h);
}

static flr_task *make_task(const char *name, double timeout)
{
    flr_task_options o;

    boardhost_task_options(&h, &o);
    o.before_task_sent = o.after_task_sent = o.result_received = NULL;
    o.timeout = timeout;
    return boardhost_task(&h, name, &o);
}

/* To clients 1 to n, everybody must answer. */
static flr_task *broadcast(const char *name, int n, double timeout)
{
    flr_task *task = make_task(name, timeout);

    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_LIST, n, 0, 0), 0);
    boardhost_trace(&h);
    return task;
}

static void expect(const char *trace)
{
    ck_assert_str_eq(boardhost_trace(&h), trace);
}

/* When it was disconnected, seconds; 0: it is live. */
static double disconnect_time(int client)
{
    int64_t when = 0;
    int status = flr_board_get_disconnect_time(h.board, boardhost_name(client), &when);

    ck_assert(status == 0 || status == FLR_E_NOTFOUND);
    return (double)when / 1e9;
}

START_TEST(dc_07_silent_with_an_open_assignment)
{
    begin(5.0, 1000.0, with_timeout);
    flr_task *task = broadcast("t", 2, 0);
    char id[40];

    boardhost_advance(&h, 3.0);
    boardhost_take(&h, 1, id); /* heard at 1003; 2 never asks */
    boardhost_advance(&h, 14.999);
    expect("");
    ck_assert_double_eq(disconnect_time(1), 0);
    boardhost_advance(&h, 0.001);
    expect("gone(site-1)");
    ck_assert_double_eq(disconnect_time(1), 1018.0);
    boardhost_advance(&h, 10000.0);
    ck_assert_double_eq(disconnect_time(1), 1018.0);
    ck_assert_double_eq(disconnect_time(2), 0);
    ck_assert_uint_eq(boardhost_stats(&h).disconnections, 1);
    expect(""); /* 2 is live, and awaited */
    ck_assert_str_eq(boardhost_states(task), "site-1:open");
    flr_task_unref(task);
    end();
}
END_TEST

enum { BY_HEARTBEAT, BY_CHECK, BY_REQUEST, BY_SUBMISSION, WAYS };

static void be_heard(int way, const char *id)
{
    char again[40];

    switch (way) {
    case BY_HEARTBEAT:
        boardhost_heartbeat(&h, 1);
        break;
    case BY_CHECK:
        ck_assert_str_eq(boardhost_check(&h, 1, id), "OK");
        break;
    case BY_REQUEST:
        ck_assert_str_eq(boardhost_take(&h, 1, again), id);
        break;
    default:
        ck_assert_int_eq(boardhost_answer(&h, 1, "t", "nonsense", 1), FLR_OUTCOME_UNKNOWN_TASK);
    }
}

/* _i: the way in which it is heard. */
START_TEST(dc_07_every_credit_renews_it)
{
    begin(0, 1000.0, with_timeout);
    flr_task *task = broadcast("t", 2, 0);
    char id[40];

    boardhost_take(&h, 1, id);
    for (int i = 0; i < 5; i++) {
        boardhost_advance(&h, 9.0);
        be_heard(_i, id);
    }
    boardhost_trace(&h);
    boardhost_advance(&h, 9.999);
    expect("");
    boardhost_advance(&h, 0.001);
    expect("gone(site-1)");
    ck_assert_double_eq(disconnect_time(1), 1055.0);
    flr_task_unref(task);
    end();
}
END_TEST

/* Nothing open any more: answered, ended, or given up. */
START_TEST(dc_07_nothing_to_answer)
{
    begin(0, 1e6, with_timeout);
    flr_task *answered = broadcast("a", 3, 0), *cancelled = broadcast("c", 2, 0);
    char id[40];

    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(boardhost_serve(&h, 2), FLR_OUTCOME_ACCEPTED);
    boardhost_take(&h, 2, id); /* of the second */
    ck_assert_int_eq(flr_task_cancel(cancelled, 0), 0);
    boardhost_step(&h);
    expect("done(c,cancelled)");
    boardhost_advance(&h, 10000.0);
    expect("");
    boardhost_take(&h, 3, id); /* heard again after all that time: counts from now */
    boardhost_advance(&h, 9.999);
    expect("");
    boardhost_advance(&h, 0.001);
    expect("gone(site-3)");
    flr_task_unref(answered);
    flr_task_unref(cancelled);
    end();
}
END_TEST

/* The second assignment, minutes after the first. */
START_TEST(dc_07_each_assignment)
{
    begin(0, 1000.0, with_timeout);
    flr_task *first = broadcast("a", 2, 0), *second = broadcast("b", 2, 0);
    char id[40];

    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    boardhost_advance(&h, 300.0);
    boardhost_take(&h, 1, id);
    boardhost_advance(&h, 6.0);
    ck_assert_int_eq(boardhost_answer(&h, 1, "b", id, 1), FLR_OUTCOME_ACCEPTED);
    boardhost_advance(&h, 300.0);
    expect("");
    flr_task_unref(first);
    flr_task_unref(second);
    end();
}
END_TEST

START_TEST(dc_07_off_by_default)
{
    begin(0, 0, add_ears);
    flr_task *task = broadcast("t", 1, 0);
    char id[40];

    boardhost_take(&h, 1, id);
    boardhost_advance(&h, 1000000.0);
    expect("");
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    flr_task_unref(task);
    end();
}
END_TEST

/* Reported before: the first report counts. */
START_TEST(dc_07_on_the_watch_list_already)
{
    begin(60.0, 1e6, with_timeout);
    flr_task *task = broadcast("t", 1, 0);
    char id[40];

    boardhost_take(&h, 1, id);
    boardhost_advance(&h, 3.0);
    boardhost_dead(&h, 1);
    boardhost_advance(&h, 59.999);
    expect("");
    boardhost_advance(&h, 0.001);
    expect("gone(site-1)");
    ck_assert_double_eq(disconnect_time(1), 1063.0);
    boardhost_advance(&h, 10000.0);
    expect(""); /* once */
    flr_task_unref(task);
    end();
}
END_TEST

/* Silent, listed, heard within the grace period; then silent for good. */
START_TEST(dc_07_off_the_watch_list_again)
{
    begin(60.0, 1000.0, with_timeout);
    flr_task *task = broadcast("t", 1, 0);
    char id[40];

    boardhost_take(&h, 1, id);
    boardhost_advance(&h, 69.0);
    boardhost_heartbeat(&h, 1); /* 1069 */
    boardhost_advance(&h, 69.999);
    expect("");
    boardhost_advance(&h, 0.001);
    expect("gone(site-1)");
    ck_assert_double_eq(disconnect_time(1), 1139.0);
    flr_task_unref(task);
    end();
}
END_TEST

START_TEST(dc_07_back_and_silent_again)
{
    begin(0, 1000.0, with_timeout);
    flr_task *task = broadcast("t", 1, 0);
    char id[40], again[40];

    boardhost_take(&h, 1, id);
    boardhost_advance(&h, 10.0);
    expect("gone(site-1)");
    boardhost_advance(&h, 5.0);
    boardhost_take(&h, 1, again); /* BC-09 */
    ck_assert_str_eq(again, id);
    expect("back(site-1)");
    boardhost_advance(&h, 9.999);
    expect("");
    boardhost_advance(&h, 0.001);
    expect("gone(site-1)");
    boardhost_heartbeat(&h, 1); /* without asking: it has still something to answer */
    boardhost_advance(&h, 10.0);
    expect("back(site-1) gone(site-1)");
    ck_assert_double_eq(disconnect_time(1), 1035.0);
    flr_task_unref(task);
    end();
}
END_TEST

/* Nothing polls: for whom is gone already no deadline is left, until it is heard again. */
START_TEST(dc_07_no_deadline_for_who_is_gone)
{
    begin(0, 0, with_timeout);
    flr_task *task = broadcast("t", 2, 0);
    flr_step_result result;
    char id[40];

    boardhost_take(&h, 1, id);
    boardhost_advance(&h, 10.0);
    expect("gone(site-1)");
    for (int i = 0; i < 2; i++) {
        flr_step_result_init(&result, sizeof result);
        ck_assert_int_eq(flr_runner_step(h.runner, &result), 0);
        ck_assert_int_eq(result.wait_ns, i == 0 ? -1 : 10 * SECOND);
        boardhost_heartbeat(&h, 1);
        boardhost_step(&h);
    }
    flr_task_unref(task);
    end();
}
END_TEST

/* An assignment that is given up needs no answer any more. */
START_TEST(dc_07_a_send_moves_on)
{
    begin(0, 1000.0, with_timeout);
    flr_task *task = make_task("t", 0);
    char id[40], other[40];

    ck_assert_int_eq(boardhost_send(&h, task, "12", FLR_ORDER_ANY, 0), 0);
    boardhost_take(&h, 1, id);
    boardhost_advance(&h, 9.999);
    ck_assert_ptr_null(boardhost_ask(&h, 2));
    boardhost_advance(&h, 0.001);
    boardhost_take(&h, 2, other);
    ck_assert_str_eq(boardhost_states(task), "site-1:given_up site-2:open");
    boardhost_heartbeat(&h, 1);
    for (int i = 0; i < 5; i++) {
        boardhost_advance(&h, 9.0);
        boardhost_heartbeat(&h, 2);
    }
    expect("gone(site-1) back(site-1)");
    flr_task_unref(task);
    end();
}
END_TEST

START_TEST(dc_07_a_broadcast_forever)
{
    begin(0, 0, with_timeout);
    flr_task *task = make_task("t", 0);
    char id[40];

    ck_assert_int_eq(boardhost_forever(&h, task, FLR_TARGETS_LIST, 1), 0);
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    boardhost_advance(&h, 1000.0); /* answered: it need not come back at once */
    expect("");
    boardhost_take(&h, 1, id);
    boardhost_advance(&h, 9.999);
    expect("");
    boardhost_advance(&h, 0.001);
    expect("gone(site-1) done(t,client_dead)");
    flr_task_unref(task);
    end();
}
END_TEST

/* As if it had been reported when it became silent, however late that is noticed: _i 0 by the
 * driver, 1 by a message. */
START_TEST(dc_07_noticed_late)
{
    begin(5.0, 0, with_timeout);
    flr_task *before = broadcast("before", 1, 14.0), *task = broadcast("t", 1, 0),
             *after = broadcast("after", 3, 16.0);
    char id[40];

    boardhost_take(&h, 1, id);
    ck_assert_int_eq(flr_clock_advance(h.clock, 500.0), 0);
    if (_i == 1) {
        ck_assert_ptr_null(boardhost_ask(&h, 3));
        ck_assert_int_eq(flr_task_get_status(before), FLR_TASK_TIMEOUT);
        ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_CLIENT_DEAD);
        ck_assert_int_eq(flr_task_get_status(after), FLR_TASK_TIMEOUT);
        expect("");
    }
    boardhost_step(&h);
    expect("done(before,timeout) gone(site-1) done(t,client_dead) done(after,timeout)");
    ck_assert_double_eq(disconnect_time(1), 1015.0);
    flr_task_unref(before);
    flr_task_unref(task);
    flr_task_unref(after);
    end();
}
END_TEST

/* The message comes when it was silent for exactly that long: it meets the state after that. */
START_TEST(dc_07_heard_at_the_last_moment)
{
    begin(0, 1000.0, with_timeout);
    flr_task *task = broadcast("t", 1, 0);
    char id[40];

    boardhost_take(&h, 1, id);
    ck_assert_int_eq(flr_clock_advance(h.clock, 9.999999999), 0);
    boardhost_heartbeat(&h, 1);
    expect("");
    ck_assert_int_eq(flr_clock_advance(h.clock, TIMEOUT), 0);
    boardhost_heartbeat(&h, 1);
    expect("gone(site-1) back(site-1)");
    boardhost_step(&h);
    expect("");
    flr_task_unref(task);
    end();
}
END_TEST

/* Several silent ones, each since its own time; all noticed at once. */
START_TEST(dc_07_in_the_order_of_their_silence)
{
    begin(0, 1000.0, with_timeout);
    flr_task *task = broadcast("t", 3, 0);
    char id[40];

    boardhost_take(&h, 3, id);
    boardhost_advance(&h, 1.0);
    boardhost_take(&h, 1, id);
    boardhost_advance(&h, 1.0);
    boardhost_take(&h, 2, id);
    boardhost_advance(&h, 1.0);
    boardhost_heartbeat(&h, 3);
    boardhost_advance(&h, 100.0);
    expect("gone(site-1) gone(site-2) gone(site-3)");
    ck_assert_double_eq(disconnect_time(1), 1011.0);
    ck_assert_double_eq(disconnect_time(2), 1012.0);
    ck_assert_double_eq(disconnect_time(3), 1013.0);
    flr_task_unref(task);
    end();
}
END_TEST

/* At one instant silence comes before a report made then: it is listed first. */
START_TEST(dc_07_before_a_report_at_the_same_instant)
{
    begin(_i == 0 ? 0 : 5.0, 1000.0, with_timeout);
    flr_task *task = broadcast("t", 2, 0);
    char id[40];

    boardhost_take(&h, 2, id);
    ck_assert_int_eq(flr_clock_advance(h.clock, TIMEOUT), 0);
    boardhost_dead(&h, 1);
    boardhost_advance(&h, 5.0);
    expect("gone(site-2) gone(site-1)");
    flr_task_unref(task);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        dc_07_silent_with_an_open_assignment,
        dc_07_nothing_to_answer,
        dc_07_each_assignment,
        dc_07_off_by_default,
        dc_07_on_the_watch_list_already,
        dc_07_off_the_watch_list_again,
        dc_07_back_and_silent_again,
        dc_07_no_deadline_for_who_is_gone,
        dc_07_a_send_moves_on,
        dc_07_a_broadcast_forever,
        dc_07_heard_at_the_last_moment,
        dc_07_in_the_order_of_their_silence,
    };
    Suite *suite = suite_create("board, silent clients");
    TCase *tcase = tcase_create("silent");

    SUITE_ADD(tcase, tests);
    tcase_add_loop_test(tcase, dc_07_every_credit_renews_it, 0, WAYS);
    tcase_add_loop_test(tcase, dc_07_noticed_late, 0, 2);
    tcase_add_loop_test(tcase, dc_07_before_a_report_at_the_same_instant, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
