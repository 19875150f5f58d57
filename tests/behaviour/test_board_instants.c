/*
 * Several deadlines due at once (general rule "Time"): oldest first; at one instant disconnections
 * in the order of their reports, then tasks in scheduling order, inside a task its own rule, its
 * timeout, client_dead. Rows BC-04, BC-07, BC-08, BD-29, DC-02, DC-08.
 */
#include "boardhost.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static boardhost h;

static int hear(void *self, const char *event, flr_context *context)
{
    flr_value *name = NULL;

    (void)self;
    if (strcmp(event, FLR_EVENT_CLIENT_DISCONNECTED) == 0) {
        ck_assert_int_eq(flr_context_get(context, "_disconnected_client_name", &name), 0);
        boardhost_note(&h, "gone(%s)", flr_value_get_text(name, "?"));
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

/* The clock stands at 1000 s, the grace period is 10 s. Client 4 is never dead: no policy is
 * violated. */
static void begin(double lead)
{
    boardhost_init(&h, 4);
    h.grace = 10.0;
    h.lead = lead;
    h.configure = add_ears;
    boardhost_begin(&h);
}

static void end(void)
{
    boardhost_close(&h);
    boardhost_free(&h);
}

/* A broadcast to clients given by number, "13"; only its end traces. */
static flr_task *broadcast(const char *name, const char *clients, uint64_t min, double wait,
                           double timeout)
{
    const char *names[BOARDHOST_CLIENTS];
    flr_broadcast_options options;
    flr_task_options o;
    flr_task *task;

    boardhost_task_options(&h, &o);
    o.before_task_sent = o.after_task_sent = o.result_received = NULL;
    o.timeout = timeout;
    task = boardhost_task(&h, name, &o);
    flr_broadcast_options_init(&options, sizeof options);
    for (size_t i = 0; clients[i] != '\0'; i++) {
        names[options.target_count++] = boardhost_name(clients[i] - '0');
    }
    options.targets = names;
    options.min_responses = min;
    options.wait_time_after_min_received = wait;
    ck_assert_int_eq(flr_board_broadcast(h.board, task, &options, NULL), 0);
    return task;
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

/* _i 0: the driver comes by much later; 1: a message before it, which meets the state after all of
 * them while their callbacks are still left to the driver. */
START_TEST(time_oldest_first)
{
    begin(0);
    flr_task *a = broadcast("a", "1", 0, 0, 5.0), *b = broadcast("b", "2", 0, 0, 0),
             *c = broadcast("c", "1", 0, 0, 20.0), *d = broadcast("d", "3", 0, 0, 0);

    boardhost_dead(&h, 2); /* gone at 1010 */
    boardhost_advance(&h, 4.0);
    boardhost_dead(&h, 3); /* gone at 1014 */
    ck_assert_int_eq(flr_clock_advance(h.clock, 100.0), 0);
    if (_i == 1) {
        ck_assert_ptr_null(boardhost_ask(&h, 1));
        expect_status(a, FLR_TASK_TIMEOUT);
        expect_status(b, FLR_TASK_CLIENT_DEAD);
        expect_status(c, FLR_TASK_TIMEOUT);
        expect_status(d, FLR_TASK_CLIENT_DEAD);
        ck_assert_uint_eq(flr_board_get_count(h.board), 0);
        expect("");
    }
    boardhost_step(&h);
    expect("done(a,timeout) gone(site-2) done(b,client_dead) gone(site-3) done(d,client_dead) "
           "done(c,timeout)");
    flr_task_unref(a);
    flr_task_unref(b);
    flr_task_unref(c);
    flr_task_unref(d);
    end();
}
END_TEST

/* One task with two deadlines that have both passed: the earlier decides. */
START_TEST(time_the_earlier_deadline_of_a_task)
{
    begin(0);
    flr_task *timeout = broadcast("t", "12", 0, 0, 9.0), *dead = broadcast("d", "12", 0, 0, 11.0),
             *waited = broadcast("w", "123", 1, 8.0, 9.0),
             *late = broadcast("l", "123", 1, 10.5, 10.25);

    for (int i = 0; i < 2; i++) { /* of w and l, at 1000 s */
        ck_assert_int_eq(boardhost_serve(&h, 3), FLR_OUTCOME_ACCEPTED);
    }
    boardhost_dead(&h, 1);
    boardhost_dead(&h, 2);
    boardhost_advance(&h, 500.0);
    /* l: answered enough, and at 1010 there is nobody left to wait for */
    expect("done(w,ok) done(t,timeout) gone(site-1) gone(site-2) done(d,client_dead) done(l,ok)");
    expect_status(timeout, FLR_TASK_TIMEOUT);
    expect_status(dead, FLR_TASK_CLIENT_DEAD);
    expect_status(waited, FLR_TASK_OK);
    expect_status(late, FLR_TASK_OK);
    flr_task_unref(timeout);
    flr_task_unref(dead);
    flr_task_unref(waited);
    flr_task_unref(late);
    end();
}
END_TEST

/* client_dead is due at the end of the lead time, 1030 s. */
START_TEST(time_the_lead_time_is_a_deadline_too)
{
    begin(30.0);
    flr_task *before = broadcast("a", "1", 0, 0, 29.999),
             *after = broadcast("b", "1", 0, 0, 30.001), *back = broadcast("c", "12", 0, 0, 0);

    boardhost_dead(&h, 1);
    boardhost_advance(&h, 9.0);
    boardhost_dead(&h, 2);
    boardhost_advance(&h, 15.0);
    expect("gone(site-1) gone(site-2)");
    ck_assert_int_eq(flr_clock_advance(h.clock, 500.0), 0);
    boardhost_heartbeat(&h, 1); /* too late */
    expect_status(before, FLR_TASK_TIMEOUT);
    expect_status(after, FLR_TASK_CLIENT_DEAD);
    expect_status(back, FLR_TASK_CLIENT_DEAD);
    boardhost_step(&h);
    expect("done(a,timeout) done(b,client_dead) done(c,client_dead)");
    flr_task_unref(before);
    flr_task_unref(after);
    flr_task_unref(back);
    end();
}
END_TEST

START_TEST(time_disconnections_in_the_order_of_the_reports)
{
    begin(0);
    flr_task *task = broadcast("t", "123", 2, 0, 0);

    boardhost_dead(&h, 3);
    boardhost_dead(&h, 1);
    boardhost_dead(&h, 2);
    boardhost_dead(&h, 3);
    boardhost_advance(&h, 10.0);
    expect("gone(site-3) gone(site-1) gone(site-2) done(t,client_dead)");
    flr_task_unref(task);
    end();
}
END_TEST

/* All events of the instant come first, then the tasks: the first two need only one of the
 * disconnections, the last needs both. */
START_TEST(time_tasks_after_all_events_of_the_instant)
{
    begin(0);
    flr_task *one = broadcast("one", "1", 0, 0, 0), *two = broadcast("two", "2", 0, 0, 0),
             *both = broadcast("both", "12", 0, 0, 0);

    boardhost_dead(&h, 2);
    boardhost_dead(&h, 1);
    boardhost_advance(&h, 10.0);
    expect("gone(site-2) gone(site-1) done(one,client_dead) done(two,client_dead) "
           "done(both,client_dead)");
    flr_task_unref(one);
    flr_task_unref(two);
    flr_task_unref(both);
    end();
}
END_TEST

/* Three tasks end at 1010 s for three causes, scheduled in each order: _i is the order. */
START_TEST(time_tasks_in_scheduling_order)
{
    static const char orders[6][4] = {"dtw", "dwt", "tdw", "twd", "wdt", "wtd"};
    flr_task *tasks[3];
    char expected[128] = "gone(site-2)";

    begin(0);
    for (size_t i = 0; i < 3; i++) {
        switch (orders[_i][i]) {
        case 'd': /* nobody can progress it */
            tasks[i] = broadcast("d", "2", 0, 0, 0);
            strcat(expected, " done(d,client_dead)");
            break;
        case 't':
            tasks[i] = broadcast("t", "3", 0, 0, 10.0);
            strcat(expected, " done(t,timeout)");
            break;
        default: /* client 1 answers; the wait for 3 ends */
            tasks[i] = broadcast("w", "13", 1, 10.0, 0);
            strcat(expected, " done(w,ok)");
        }
    }
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    boardhost_dead(&h, 2);
    boardhost_advance(&h, 9.999);
    expect("");
    if (_i % 2 == 0) {
        boardhost_advance(&h, 0.001);
    } else {
        boardhost_advance(&h, 1000.0);
    }
    expect(expected);
    for (size_t i = 0; i < 3; i++) {
        flr_task_unref(tasks[i]);
    }
    end();
}
END_TEST

/* All at 1010 s, inside one task. */
START_TEST(time_inside_a_task)
{
    begin(0);
    flr_task *waited = broadcast("waited", "13", 1, 10.0, 10.0),
             *nobody_left = broadcast("nobody_left", "12", 1, 500.0, 10.0),
             *timeout = broadcast("timeout", "2", 0, 0, 10.0);

    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    boardhost_dead(&h, 2);
    boardhost_advance(&h, 9.999);
    expect("");
    boardhost_advance(&h, _i == 0 ? 0.001 : 1000.0);
    expect("gone(site-2) done(waited,ok) done(nobody_left,ok) done(timeout,timeout)");
    flr_task_unref(waited);
    flr_task_unref(nobody_left);
    flr_task_unref(timeout);
    end();
}
END_TEST

/* The lead time and the timeout end together: the timeout comes first. */
START_TEST(time_timeout_before_client_dead_at_the_lead_time)
{
    begin(30.0);
    flr_task *same = broadcast("same", "1", 0, 0, 30.0), *none = broadcast("none", "1", 0, 0, 0);

    boardhost_dead(&h, 1);
    boardhost_advance(&h, 29.999);
    expect("gone(site-1)");
    boardhost_advance(&h, 0.001);
    expect("done(same,timeout) done(none,client_dead)");
    flr_task_unref(same);
    flr_task_unref(none);
    end();
}
END_TEST

/* A result at the deadline itself comes after it. */
START_TEST(time_a_message_at_the_deadline_is_late)
{
    begin(0);
    flr_task *timeout = broadcast("t", "1", 0, 0, 10.0), *dead = broadcast("d", "2", 0, 0, 0);
    char one[40], two[40];

    boardhost_take(&h, 1, one);
    boardhost_take(&h, 2, two);
    boardhost_dead(&h, 2);
    ck_assert_int_eq(flr_clock_advance(h.clock, 10.0), 0);
    ck_assert_str_eq(boardhost_check(&h, 1, one), "closed");
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", one, 1), FLR_OUTCOME_LATE);
    ck_assert_int_eq(boardhost_answer(&h, 2, "d", two, 1), FLR_OUTCOME_LATE);
    expect_status(timeout, FLR_TASK_TIMEOUT);
    expect_status(dead, FLR_TASK_CLIENT_DEAD);
    boardhost_trace(&h);
    boardhost_step(&h);
    expect("done(t,timeout) done(d,client_dead)");
    flr_task_unref(timeout);
    flr_task_unref(dead);
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("board, several deadlines");
    TCase *tcase = tcase_create("instants");

    tcase_add_loop_test(tcase, time_oldest_first, 0, 2);
    tcase_add_test(tcase, time_the_earlier_deadline_of_a_task);
    tcase_add_test(tcase, time_the_lead_time_is_a_deadline_too);
    tcase_add_test(tcase, time_disconnections_in_the_order_of_the_reports);
    tcase_add_test(tcase, time_tasks_after_all_events_of_the_instant);
    tcase_add_loop_test(tcase, time_tasks_in_scheduling_order, 0, 6);
    tcase_add_loop_test(tcase, time_inside_a_task, 0, 2);
    tcase_add_test(tcase, time_timeout_before_client_dead_at_the_lead_time);
    tcase_add_test(tcase, time_a_message_at_the_deadline_is_late);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
