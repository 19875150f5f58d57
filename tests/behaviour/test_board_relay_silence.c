/* Sequential relay: nobody asks, or nobody is left who could. Rows SR-11, SR-12; of relays
 * BD-25. */
#include "boardhost.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATIC FLR_RELAY_FLAG_STATIC

static boardhost h;
static char ids[BOARDHOST_CLIENTS + 1][40]; /* of what each client was given last */

/* Whoever is reported dead is disconnected at once; the lead time is the default, 30 s. */
static void begin(void)
{
    boardhost_init(&h, 4);
    h.grace = 0;
    boardhost_begin(&h);
}

static void end(void)
{
    boardhost_close(&h);
    boardhost_free(&h);
}

static flr_task *relayed(const char *list, uint32_t flags, double window, double result_timeout)
{
    flr_task *task = boardhost_task(&h, "t", NULL);

    ck_assert_int_eq(
        boardhost_relay(&h, task, list, flags, FLR_ORDER_SEQUENTIAL, window, result_timeout), 0);
    boardhost_trace(&h);
    return task;
}

static const char *asks(int client)
{
    return boardhost_decision(&h, client, ids[client]);
}

static int answers(int client)
{
    return boardhost_answer(&h, client, "t", ids[client], client);
}

/* The next leg is this client's: it takes and answers it. */
static void serves(int client)
{
    ck_assert_str_eq(asks(client), "t");
    ck_assert_int_eq(answers(client), FLR_OUTCOME_ACCEPTED);
}

/* It stands until so many seconds from now, and then it ends with this status. */
static void ends_in(flr_task *task, double seconds, int status)
{
    char done[40];

    boardhost_trace(&h);
    boardhost_advance(&h, seconds - 0.001);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    ck_assert_str_eq(boardhost_trace(&h), "");
    boardhost_advance(&h, 0.001);
    ck_assert_int_eq(flr_task_get_status(task), status);
    snprintf(done, sizeof done, "done(t,%s)", flr_task_status_get_name(status));
    ck_assert_str_eq(boardhost_trace(&h), done);
}

/* ---- SR-11: nobody asks ---- */

START_TEST(sr_11_nothing_was_handed_out)
{
    flr_task *task = relayed("123", STATIC, 10.0, 0);

    ends_in(task, 40.0, FLR_TASK_TIMEOUT);
    ck_assert_str_eq(boardhost_states(task), "");
    ck_assert_str_eq(asks(1), "NO_BLOCK");
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_11_whoever_comes_first_sees_it)
{
    flr_task *task = relayed("123", STATIC, 10.0, 0);

    ck_assert_int_eq(flr_clock_advance(h.clock, 40.0), 0);
    ck_assert_str_eq(asks(1), "NO_BLOCK");
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_TIMEOUT);
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_11_after_a_result_ok)
{
    flr_task *task = relayed("123", STATIC, 10.0, 0);

    boardhost_advance(&h, 5.0);
    serves(1);
    ends_in(task, 30.0, FLR_TASK_OK); /* two are waiting */
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_11_after_it_was_given_up_timeout_but_ok_with_a_late_result)
{
    for (int how = 0; how < 3; how++) {
        flr_task *task = relayed("123", STATIC, 10.0, how == 0 ? 0 : 5.0);

        ck_assert_str_eq(asks(1), "t");
        boardhost_advance(&h, 5.0);
        if (how == 0) {
            boardhost_dead(&h, 1);
        }
        ck_assert_str_eq(boardhost_states(task), "site-1:given_up");
        boardhost_advance(&h, 15.0);
        if (how == 2) {
            ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
        }
        ends_in(task, 15.0, how == 2 ? FLR_TASK_OK : FLR_TASK_TIMEOUT);
        flr_task_unref(task);
    }
}
END_TEST

START_TEST(sr_11_only_the_leg_handed_out_last_counts)
{
    flr_task *task = relayed("1234", STATIC, 10.0, 5.0);

    ck_assert_str_eq(asks(1), "t");
    boardhost_advance(&h, 5.0); /* given up */
    ck_assert_str_eq(asks(2), "t");
    boardhost_advance(&h, 5.0); /* given up as well */
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    ends_in(task, 30.0, FLR_TASK_TIMEOUT);
    flr_task_unref(task);
}
END_TEST

/* Whatever makes the library look at it. */
START_TEST(sr_11_not_while_a_leg_is_open)
{
    flr_task *task = relayed("12", STATIC, 10.0, 0);

    ck_assert_str_eq(asks(1), "t");
    boardhost_advance(&h, 1000.0);
    boardhost_dead(&h, 2);
    boardhost_step(&h);
    boardhost_heartbeat(&h, 2);
    boardhost_step(&h);
    ck_assert_str_eq(boardhost_states(task), "site-1:open");
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    serves(2);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_11_only_legs_of_live_targets_count)
{
    flr_task *task = relayed("123", STATIC, 10.0, 0);

    boardhost_dead(&h, 3);
    ends_in(task, 30.0, FLR_TASK_TIMEOUT);
    flr_task_unref(task);
    task = relayed("123", STATIC, 10.0, 0);
    boardhost_advance(&h, 25.0);
    boardhost_heartbeat(&h, 3); /* back in time: one more */
    ends_in(task, 15.0, FLR_TASK_TIMEOUT);
    flr_task_unref(task);
    task = relayed("123", STATIC, 10.0, 0);
    boardhost_advance(&h, 35.0);
    boardhost_trace(&h);
    boardhost_dead(&h, 3); /* one less: it is over already */
    boardhost_step(&h);
    ck_assert_str_eq(boardhost_trace(&h), "done(t,timeout)");
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_11_who_joins_counts)
{
    flr_task *task = relayed("1", 0, 10.0, 0);

    boardhost_advance(&h, 5.0);
    ck_assert_str_eq(asks(3), "NO_BLOCK");
    ends_in(task, 25.0, FLR_TASK_TIMEOUT);
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_11_not_of_an_empty_list)
{
    flr_task *task = relayed("", 0, 10.0, 0);

    boardhost_advance(&h, 1e6);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    serves(2);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_11_without_a_window_only_the_tasks_timeout)
{
    flr_task_options o;
    flr_task *task;

    boardhost_task_options(&h, &o);
    o.timeout = 1000.0;
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_relay(&h, task, "12", STATIC, FLR_ORDER_SEQUENTIAL, 0, 0), 0);
    serves(1);
    ends_in(task, 1000.0, FLR_TASK_TIMEOUT);
    flr_task_unref(task);
}
END_TEST

/* ---- SR-12 ---- */

START_TEST(sr_12_no_waiting_leg_of_a_live_target)
{
    for (int window = 0; window <= 10; window += 10) { /* SR-11 needs a live target */
        flr_task *task = relayed("123", STATIC, window, 0);

        serves(1);
        boardhost_dead(&h, 2);
        boardhost_dead(&h, 3);
        ends_in(task, 30.0, FLR_TASK_CLIENT_DEAD);
        flr_task_unref(task);
        boardhost_heartbeat(&h, 2);
        boardhost_heartbeat(&h, 3);
    }
}
END_TEST

START_TEST(sr_12_at_once_after_the_lead_time)
{
    flr_task *task = relayed("12", STATIC, 0, 0);

    boardhost_dead(&h, 1);
    boardhost_advance(&h, 100.0);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    boardhost_trace(&h);
    boardhost_dead(&h, 2);
    boardhost_step(&h);
    ck_assert_str_eq(boardhost_trace(&h), "done(t,client_dead)");
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_12_a_return_prevents_it)
{
    flr_task *task = relayed("12", STATIC, 0, 0);

    boardhost_dead(&h, 1);
    boardhost_dead(&h, 2);
    boardhost_advance(&h, 29.999);
    boardhost_heartbeat(&h, 2);
    boardhost_advance(&h, 1e6);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    serves(2); /* 1 is passed over */
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_12_a_dynamic_one_waits_for_whoever_could_join)
{
    flr_task *task = relayed("12", 0, 0, 0);

    boardhost_dead(&h, 1);
    boardhost_dead(&h, 2);
    boardhost_advance(&h, 1e6);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    serves(4);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_12_a_dynamic_one_that_nobody_could_join)
{
    flr_task *task = relayed("1234", 0, 0, 0);

    serves(1);
    for (int i = 2; i <= 4; i++) {
        boardhost_dead(&h, i);
    }
    ends_in(task, 30.0, FLR_TASK_CLIENT_DEAD); /* 1 is live, but has its leg */
    flr_task_unref(task);
}
END_TEST

/* 4 could join until it dies, or is no known client any more. */
START_TEST(sr_12_who_could_join_is_gone)
{
    for (int how = 0; how < 3; how++) {
        flr_task *task = relayed("12", 0, 0, 0), *other = boardhost_task(&h, "other", NULL);

        serves(1);
        boardhost_dead(&h, 2);
        boardhost_dead(&h, 3);
        boardhost_advance(&h, 100.0);
        ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
        boardhost_trace(&h);
        if (how == 0) {
            boardhost_dead(&h, 4);
        } else if (how == 1) {
            ck_assert_int_eq(flr_runner_remove_client(h.runner, "site-4"), 0);
        } else {
            h.clients = 3; /* asked anew for the snapshot */
            ck_assert_int_eq(boardhost_broadcast(&h, other, FLR_TARGETS_SNAPSHOT, 0, 0, 0), 0);
        }
        boardhost_step(&h);
        ck_assert_str_eq(boardhost_trace(&h), "done(t,client_dead)");
        flr_task_unref(task);
        flr_task_unref(other);
        for (int i = 2; i <= 4; i++) {
            boardhost_heartbeat(&h, i);
        }
    }
}
END_TEST

/* ---- at one instant ---- */

START_TEST(bd_25_its_own_rule_then_its_timeout_then_client_dead)
{
    flr_task_options o;
    flr_task *task;

    boardhost_task_options(&h, &o);
    o.timeout = 20.0;
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_relay(&h, task, "12", STATIC, FLR_ORDER_SEQUENTIAL, 10.0, 0), 0);
    serves(1);
    ends_in(task, 20.0, FLR_TASK_OK); /* silence, and the timeout */
    flr_task_unref(task);
    boardhost_task_options(&h, &o);
    o.timeout = 30.0;
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_relay(&h, task, "12", STATIC, FLR_ORDER_SEQUENTIAL, 0, 0), 0);
    serves(1);
    boardhost_dead(&h, 2);
    ends_in(task, 30.0, FLR_TASK_TIMEOUT); /* the timeout, and the lead time */
    flr_task_unref(task);
}
END_TEST

/* Each instant in its turn, however late they are seen. */
START_TEST(bd_25_the_earliest_instant_decides)
{
    flr_task_options o;
    flr_task *task;

    boardhost_task_options(&h, &o);
    o.timeout = 31.0;
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_relay(&h, task, "12", STATIC, FLR_ORDER_SEQUENTIAL, 10.0, 5.0), 0);
    ck_assert_str_eq(asks(1), "t"); /* given up at 5, silence until 25 */
    ck_assert_int_eq(flr_clock_advance(h.clock, 24.999), 0);
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    boardhost_trace(&h);
    boardhost_advance(&h, 1000.0);
    ck_assert_str_eq(boardhost_trace(&h), "done(t,ok)");
    flr_task_unref(task);
}
END_TEST

int main(void)
{
    const TTest *const rows[] = {
        sr_11_nothing_was_handed_out,
        sr_11_whoever_comes_first_sees_it,
        sr_11_after_a_result_ok,
        sr_11_after_it_was_given_up_timeout_but_ok_with_a_late_result,
        sr_11_only_the_leg_handed_out_last_counts,
        sr_11_not_while_a_leg_is_open,
        sr_11_only_legs_of_live_targets_count,
        sr_11_who_joins_counts,
        sr_11_not_of_an_empty_list,
        sr_11_without_a_window_only_the_tasks_timeout,
        sr_12_no_waiting_leg_of_a_live_target,
        sr_12_at_once_after_the_lead_time,
        sr_12_a_return_prevents_it,
        sr_12_a_dynamic_one_waits_for_whoever_could_join,
        sr_12_a_dynamic_one_that_nobody_could_join,
        sr_12_who_could_join_is_gone,
        bd_25_its_own_rule_then_its_timeout_then_client_dead,
        bd_25_the_earliest_instant_decides,
    };
    Suite *suite = suite_create("silence in a relay");
    TCase *tcase = tcase_create("rows");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, rows);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
