/* Sequential relay: legs that are given up, results that come late, and how it ends. Rows SR-07 to
 * SR-10; of relays BD-17, BD-22. */
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

/* ---- SR-07 ---- */

START_TEST(sr_07_given_up_after_the_result_timeout)
{
    flr_task *task = relayed("121", STATIC, 0, 5.0);
    char again[40];

    boardhost_advance(&h, 2.0);
    ck_assert_str_eq(asks(1), "t");
    boardhost_advance(&h, 4.0);
    ck_assert_str_eq(boardhost_take(&h, 1, again), ids[1]); /* which does not postpone it */
    boardhost_advance(&h, 0.999);
    ck_assert_str_eq(boardhost_states(task), "site-1:open");
    boardhost_advance(&h, 0.001);
    ck_assert_str_eq(boardhost_states(task), "site-1:given_up");
    ck_assert_str_eq(boardhost_check(&h, 1, ids[1]), "OK"); /* it would still be accepted */
    ck_assert_str_eq(asks(1), "NO_BLOCK"); /* not sent again; its other leg is not next */
    serves(2);
    ck_assert_str_eq(asks(1), "t");
    ck_assert_str_ne(ids[1], again);
    ck_assert_str_eq(boardhost_trace(&h),
                     "before(site-1) after(site-1) before(site-1) after(site-1) before(site-2) "
                     "after(site-2) received(site-2) before(site-1) after(site-1)");
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_07_whoever_comes_first_sees_it)
{
    flr_task *task = relayed("12", STATIC, 0, 5.0);

    ck_assert_str_eq(asks(1), "t");
    ck_assert_int_eq(flr_clock_advance(h.clock, 4.999999999), 0);
    ck_assert_str_eq(asks(2), "BLOCK");
    ck_assert_int_eq(flr_clock_advance(h.clock, 0.000000001), 0); /* nobody steps */
    ck_assert_str_eq(asks(2), "t");
    ck_assert_str_eq(boardhost_states(task), "site-1:given_up site-2:open");
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_07_step_comes_for_it)
{
    flr_task *task = relayed("12", STATIC, 0, 5.0);
    flr_step_result result;

    boardhost_advance(&h, 1.0);
    ck_assert_str_eq(asks(1), "t");
    boardhost_advance(&h, 2.0);
    flr_step_result_init(&result, sizeof result);
    ck_assert_int_eq(flr_runner_step(h.runner, &result), 0);
    ck_assert_int_eq(result.wait_ns, 3 * SECOND);
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_07_without_a_result_timeout_no_limit)
{
    flr_task *task = relayed("12", STATIC, 10.0, 0);

    ck_assert_str_eq(asks(1), "t");
    boardhost_advance(&h, 1e6); /* SR-11 is for waiting legs only */
    ck_assert_str_eq(boardhost_states(task), "site-1:open");
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    flr_task_unref(task);
}
END_TEST

/* The time passes and its client dies while the result is looked at. */
static int take_long(void *self, flr_assignment *a, flr_context *context)
{
    if (strcmp(flr_assignment_get_client(a), "site-1") == 0) {
        ck_assert_int_eq(flr_clock_advance(h.clock, 10.0), 0);
        boardhost_dead(&h, 1);
        boardhost_heartbeat(&h, 2);
    }
    return boardhost_received(self, a, context);
}

START_TEST(sr_07_not_while_its_result_is_processed)
{
    flr_task_options o;
    flr_task *task;

    boardhost_task_options(&h, &o);
    o.result_received = take_long;
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_relay(&h, task, "12", STATIC, FLR_ORDER_SEQUENTIAL, 0, 5.0), 0);
    boardhost_trace(&h);
    serves(1);
    ck_assert_str_eq(boardhost_states(task), "site-1:answered");
    boardhost_step(&h);
    serves(2);
    ck_assert_str_eq(boardhost_trace(&h),
                     "before(site-1) after(site-1) received(site-1) before(site-2) after(site-2) "
                     "received(site-2) done(t,ok)");
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_09_nor_with_the_last_leg)
{
    flr_task_options o;
    flr_task *task;

    boardhost_init(&h, 2);
    h.grace = h.lead = 0;
    boardhost_begin(&h);
    boardhost_task_options(&h, &o);
    o.result_received = take_long;
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_relay(&h, task, "1", STATIC, FLR_ORDER_SEQUENTIAL, 2.0, 5.0), 0);
    ck_assert_str_eq(asks(1), "t");
    boardhost_trace(&h);
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_trace(&h), "received(site-1) done(t,ok)");
    flr_task_unref(task);
    end();
}
END_TEST

/* Ask for a client inside a callback of client 1's submission: its own context is in use. */
static void ask_inside(int client)
{
    const flr_answer *answer = NULL;

    ck_assert_int_eq(flr_runner_process_task_request(h.runner, boardhost_name(client),
                                                     boardhost_context(&h, 8), &answer),
                     0);
    boardhost_note(&h, "%d:%s", client, flr_answer_get_name(answer));
}

static int received_and_asked(void *self, flr_assignment *a, flr_context *context)
{
    (void)self, (void)a, (void)context;
    ask_inside(1);
    ask_inside(2);
    return 0;
}

START_TEST(bd_17_while_a_result_is_processed)
{
    flr_task_options o;
    flr_task *task, *later;

    boardhost_task_options(&h, &o);
    o.before_task_sent = o.after_task_sent = NULL;
    later = boardhost_task(&h, "later", &o);
    o.result_received = received_and_asked;
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_relay(&h, task, "112", STATIC, FLR_ORDER_SEQUENTIAL, 0, 0), 0);
    ck_assert_int_eq(boardhost_broadcast(&h, later, FLR_TARGETS_LIST, 2, 0, 0), 0);
    boardhost_take(&h, 1, ids[1]);
    boardhost_trace(&h);
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    /* nothing of this task for its own client, neither again nor anew; 2 is held back */
    ck_assert_str_eq(boardhost_trace(&h), "1:later 2:__try_again__");
    flr_task_unref(task);
    flr_task_unref(later);
}
END_TEST

static int received_and_asked_by_1(void *self, flr_assignment *a, flr_context *context)
{
    ask_inside(1);
    return boardhost_received(self, a, context);
}

START_TEST(bd_17_while_a_late_result_is_processed)
{
    flr_task_options o;
    flr_task *task, *later;

    boardhost_task_options(&h, &o);
    o.before_task_sent = o.after_task_sent = NULL;
    later = boardhost_task(&h, "later", &o);
    o.result_received = received_and_asked_by_1;
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_relay(&h, task, "11", STATIC, FLR_ORDER_SEQUENTIAL, 0, 5.0), 0);
    ck_assert_int_eq(boardhost_broadcast(&h, later, FLR_TARGETS_LIST, 1, 0, 0), 0);
    boardhost_take(&h, 1, ids[1]);
    boardhost_advance(&h, 5.0);
    boardhost_trace(&h);
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_trace(&h), "1:later received(site-1,late)");
    ck_assert_int_eq(flr_task_cancel(later, 0), 0);
    ck_assert_str_eq(asks(1), "t"); /* its second leg was not lost by that */
    ck_assert_str_eq(boardhost_states(task), "site-1:answered site-1:open");
    flr_task_unref(task);
    flr_task_unref(later);
}
END_TEST

/* ---- SR-08 ---- */

START_TEST(sr_08_a_late_result_changes_nothing_else)
{
    flr_task *task = relayed("123", STATIC, 10.0, 5.0);

    ck_assert_str_eq(asks(1), "t");
    boardhost_advance(&h, 6.0);
    ck_assert_str_eq(asks(2), "t");
    boardhost_trace(&h);
    boardhost_advance(&h, 1.0);
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_trace(&h), "received(site-1,late)");
    ck_assert_str_eq(boardhost_states(task), "site-1:answered site-2:open");
    ck_assert_str_eq(boardhost_check(&h, 1, ids[1]), "already received");
    ck_assert_int_eq(answers(1), FLR_OUTCOME_DUPLICATE);
    ck_assert_str_eq(asks(3), "BLOCK");
    ck_assert_int_eq(answers(2), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_trace(&h), "received(site-2)");
    serves(3);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_08_nor_the_window)
{
    flr_task *task = relayed("1234", STATIC, 10.0, 5.0);

    ck_assert_str_eq(asks(1), "t");
    boardhost_advance(&h, 14.0); /* given up at 5 */
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    boardhost_advance(&h, 0.999);
    ck_assert_str_eq(asks(3), "NO_BLOCK");
    boardhost_advance(&h, 0.001);
    ck_assert_str_eq(asks(4), "NO_BLOCK");
    ck_assert_str_eq(asks(3), "t");
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_08_after_the_end_it_is_late)
{
    flr_task *task = relayed("12", STATIC, 0, 5.0);

    ck_assert_str_eq(asks(1), "t");
    boardhost_advance(&h, 5.0);
    serves(2);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    ck_assert_str_eq(boardhost_states(task), "site-1:closed site-2:answered");
    boardhost_trace(&h);
    ck_assert_str_eq(boardhost_check(&h, 1, ids[1]), "closed");
    ck_assert_int_eq(answers(1), FLR_OUTCOME_LATE);
    ck_assert_int_eq(answers(1), FLR_OUTCOME_DUPLICATE);
    ck_assert_str_eq(boardhost_trace(&h), "unknown(site-1,t)");
    flr_task_unref(task);
}
END_TEST

/* ---- SR-09 ---- */

START_TEST(sr_09_the_owner_is_disconnected)
{
    flr_task *task = relayed("121", STATIC, 0, 0);
    char old[40];

    ck_assert_str_eq(asks(1), "t");
    snprintf(old, sizeof old, "%s", ids[1]);
    boardhost_dead(&h, 1);
    ck_assert_str_eq(boardhost_states(task), "site-1:given_up");
    ck_assert_str_eq(asks(1), "NO_BLOCK"); /* back, but that leg is gone */
    ck_assert_str_eq(asks(2), "t");
    ck_assert_str_eq(asks(1), "BLOCK");
    boardhost_trace(&h);
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_trace(&h), "received(site-1,late)");
    ck_assert_str_eq(boardhost_states(task), "site-1:answered site-2:open");
    ck_assert_int_eq(answers(2), FLR_OUTCOME_ACCEPTED);
    serves(1);
    ck_assert_str_ne(ids[1], old);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_09_not_within_the_grace_period)
{
    flr_task *task;

    boardhost_init(&h, 4);
    boardhost_begin(&h); /* 60 s, the default */
    task = relayed("12", STATIC, 0, 0);
    ck_assert_str_eq(asks(1), "t");
    boardhost_dead(&h, 1);
    boardhost_advance(&h, 59.999);
    ck_assert_str_eq(boardhost_states(task), "site-1:open");
    boardhost_heartbeat(&h, 1);
    boardhost_advance(&h, 100.0);
    ck_assert_str_eq(boardhost_states(task), "site-1:open");
    boardhost_dead(&h, 1);
    boardhost_advance(&h, 60.0);
    ck_assert_str_eq(boardhost_states(task), "site-1:given_up");
    flr_task_unref(task);
    end();
}
END_TEST

/* ---- SR-10 ---- */

START_TEST(sr_10_ok_whatever_came_of_earlier_legs)
{
    flr_task *task = relayed("12345", STATIC | FLR_TARGETS_FLAG_ALLOW_UNKNOWN, 10.0, 5.0);

    ck_assert_str_eq(asks(1), "t");
    boardhost_advance(&h, 15.0); /* 1 given up at 5 */
    serves(3);                   /* 2 skipped */
    ck_assert_str_eq(asks(4), "t");
    boardhost_dead(&h, 4); /* given up */
    boardhost_trace(&h);
    serves(5);
    ck_assert_str_eq(boardhost_trace(&h),
                     "before(site-5) after(site-5) received(site-5) done(t,ok)");
    ck_assert_str_eq(boardhost_states(task),
                     "site-1:closed site-3:answered site-4:closed site-5:answered");
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_10_timeout)
{
    flr_task *task = relayed("12", STATIC, 0, 5.0);

    serves(1);
    ck_assert_str_eq(asks(2), "t");
    ends_in(task, 5.0, FLR_TASK_TIMEOUT); /* no lead time for that */
    ck_assert_str_eq(boardhost_states(task), "site-1:answered site-2:closed");
    ck_assert_int_eq(answers(2), FLR_OUTCOME_LATE);
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_10_client_dead_even_if_it_is_back)
{
    flr_task *task = relayed("12", STATIC, 0, 0);

    serves(1);
    ck_assert_str_eq(asks(2), "t");
    boardhost_advance(&h, 6.0);
    boardhost_dead(&h, 2);
    boardhost_advance(&h, 4.0);
    ck_assert_str_eq(asks(2), "NO_BLOCK");
    ck_assert_str_eq(asks(1), "NO_BLOCK");
    ends_in(task, 20.0, FLR_TASK_CLIENT_DEAD);
    ck_assert_uint_eq(boardhost_stats(&h).tasks_client_dead, 1);
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_10_a_late_result_before_that_gives_ok)
{
    flr_task *task = relayed("12", STATIC, 0, 0);

    serves(1);
    ck_assert_str_eq(asks(2), "t");
    boardhost_dead(&h, 2);
    boardhost_advance(&h, 29.999);
    boardhost_trace(&h);
    ck_assert_int_eq(answers(2), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_trace(&h), "received(site-2,late) done(t,ok)");
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_10_a_late_result_of_an_earlier_leg_does_not)
{
    flr_task *task = relayed("12", STATIC, 0, 5.0);

    ck_assert_str_eq(asks(1), "t");
    boardhost_advance(&h, 5.0); /* given up */
    ck_assert_str_eq(asks(2), "t");
    boardhost_advance(&h, 1.0);
    boardhost_dead(&h, 2);
    boardhost_advance(&h, 4.0);
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    ends_in(task, 20.0, FLR_TASK_CLIENT_DEAD);
    ck_assert_str_eq(boardhost_states(task), "site-1:answered site-2:closed");
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_10_somebody_joins_before_that)
{
    flr_task *task = relayed("12", 0, 0, 0);

    serves(1);
    ck_assert_str_eq(asks(2), "t");
    boardhost_dead(&h, 2);
    boardhost_advance(&h, 20.0);
    ck_assert_str_eq(asks(3), "t");
    boardhost_advance(&h, 100.0);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    ck_assert_int_eq(answers(3), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_10_client_dead_at_once_without_a_lead_time)
{
    flr_task *task;

    boardhost_init(&h, 4);
    h.grace = h.lead = 0;
    boardhost_begin(&h);
    task = relayed("12", STATIC, 0, 0);
    ck_assert_str_eq(asks(1), "t");
    boardhost_dead(&h, 1); /* not the last leg */
    serves(2);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
    task = relayed("12", STATIC, 0, 0);
    serves(1);
    ck_assert_str_eq(asks(2), "t");
    boardhost_trace(&h);
    boardhost_dead(&h, 2);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_CLIENT_DEAD);
    boardhost_step(&h);
    ck_assert_str_eq(boardhost_trace(&h), "done(t,client_dead)");
    flr_task_unref(task);
    end();
}
END_TEST

/* ---- BD-22 ---- */

static int unreadable(void *self, flr_assignment *a, flr_context *context)
{
    (void)self, (void)a;
    return flr_context_fail(context, -20005, "unreadable");
}

START_TEST(bd_22_a_result_that_cannot_be_taken)
{
    flr_task_options o;
    flr_task *task;

    boardhost_task_options(&h, &o);
    o.result_received = unreadable;
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_relay(&h, task, "12", STATIC, FLR_ORDER_SEQUENTIAL, 0, 0), 0);
    ck_assert_str_eq(asks(1), "t");
    boardhost_trace(&h);
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_trace(&h), "done(t,error)");
    ck_assert_str_eq(boardhost_states(task), "site-1:answered");
    ck_assert_int_eq(flr_task_get_error(task), -20005);
    ck_assert_str_eq(asks(2), "NO_BLOCK");
    flr_task_unref(task);
}
END_TEST

int main(void)
{
    const TTest *const rows[] = {
        sr_07_given_up_after_the_result_timeout,
        sr_07_whoever_comes_first_sees_it,
        sr_07_step_comes_for_it,
        sr_07_without_a_result_timeout_no_limit,
        sr_07_not_while_its_result_is_processed,
        bd_17_while_a_result_is_processed,
        bd_17_while_a_late_result_is_processed,
        sr_08_a_late_result_changes_nothing_else,
        sr_08_nor_the_window,
        sr_08_after_the_end_it_is_late,
        sr_09_the_owner_is_disconnected,
        sr_10_ok_whatever_came_of_earlier_legs,
        sr_10_timeout,
        sr_10_client_dead_even_if_it_is_back,
        sr_10_a_late_result_before_that_gives_ok,
        sr_10_a_late_result_of_an_earlier_leg_does_not,
        sr_10_somebody_joins_before_that,
        bd_22_a_result_that_cannot_be_taken,
    };
    const TTest *const own[] = {
        sr_09_nor_with_the_last_leg,
        sr_09_not_within_the_grace_period,
        sr_10_client_dead_at_once_without_a_lead_time,
    };
    Suite *suite = suite_create("end of a relay");
    TCase *tcase = tcase_create("rows"), *alone = tcase_create("own host");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, rows);
    SUITE_ADD(alone, own);
    suite_add_tcase(suite, tcase);
    suite_add_tcase(suite, alone);
    return suite_run(suite);
}
