/* Relay in any order: whoever asks, as often as it is listed. Rows AR-01 to AR-04; of this kind BD-08,
 * BD-09. Its arguments are in test_board_relay.c. */
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

    ck_assert_int_eq(boardhost_relay(&h, task, list, flags, FLR_ORDER_ANY, window, result_timeout),
                     0);
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

/* ---- AR-01: arguments, who is served how often ---- */

START_TEST(ar_01_served_as_often_as_listed)
{
    flr_task *task = relayed("1123", STATIC, 0, 0);
    char first[40];

    ck_assert_str_eq(asks(4), "NO_BLOCK"); /* no target */
    serves(2);
    ck_assert_str_eq(asks(2), "NO_BLOCK"); /* once only */
    serves(1);
    snprintf(first, sizeof first, "%s", ids[1]);
    serves(1);
    ck_assert_str_ne(ids[1], first);
    ck_assert_str_eq(asks(1), "NO_BLOCK");
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    serves(3);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    ck_assert_str_eq(boardhost_states(task),
                     "site-2:answered site-1:answered site-1:answered site-3:answered");
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", first, 0), FLR_OUTCOME_DUPLICATE);
    flr_task_unref(task);
}
END_TEST

START_TEST(ar_01_there_is_no_window)
{
    flr_task *task = relayed("123", STATIC, 10.0, 0);

    serves(3); /* at once */
    boardhost_advance(&h, 1e6);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING); /* AR-04: nothing like SR-11 */
    serves(1);                                                      /* nothing was skipped */
    serves(2);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(ar_01_whoever_asks_joins)
{
    flr_task *task = relayed("1", 0, 0, 0);

    serves(3);
    ck_assert_str_eq(asks(3), "NO_BLOCK"); /* listed, and done */
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    ck_assert_str_eq(asks(1), "t");
    ck_assert_str_eq(asks(8), "BLOCK"); /* listed now, its turn comes */
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    serves(8);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    ck_assert_str_eq(boardhost_states(task), "site-3:answered site-1:answered site-8:answered");
    ck_assert_str_eq(asks(2), "NO_BLOCK"); /* the list is frozen */
    flr_task_unref(task);
}
END_TEST

START_TEST(ar_01_an_empty_list_waits)
{
    flr_task *task = relayed("", 0, 0, 0);

    boardhost_advance(&h, 1e6);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    serves(2);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(ar_01_by_default_a_dynamic_snapshot)
{
    flr_relay_options o;
    flr_task *task = boardhost_task(&h, "t", NULL);

    h.clients = 2;
    flr_relay_options_init(&o, sizeof o);
    o.order = FLR_ORDER_ANY;
    ck_assert_int_eq(flr_board_relay(h.board, task, &o, NULL), 0);
    serves(2);
    serves(3); /* it joins */
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    serves(1);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

/* ---- AR-02 ---- */

START_TEST(ar_02_at_most_one_leg_is_open)
{
    flr_task *task = relayed("1122", STATIC, 0, 0);
    char again[40];

    serves(2);
    ck_assert_str_eq(asks(1), "t");
    ck_assert_str_eq(asks(2), "BLOCK");
    ck_assert_str_eq(asks(3), "NO_BLOCK");
    ck_assert_str_eq(boardhost_take(&h, 1, again), ids[1]); /* BD-06 */
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    serves(2);
    ck_assert_str_eq(asks(1), "t");
    ck_assert_str_eq(asks(2), "NO_BLOCK"); /* it has no occurrence left */
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_08_non_blocking)
{
    flr_task_options o;
    flr_task *task;

    boardhost_task_options(&h, &o);
    o.flags = FLR_TASK_FLAG_NON_BLOCKING;
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_relay(&h, task, "12", 0, FLR_ORDER_ANY, 0, 0), 0);
    ck_assert_str_eq(asks(2), "t");
    ck_assert_str_eq(asks(1), "NO_BLOCK");
    ck_assert_str_eq(asks(3), "NO_BLOCK"); /* it joins all the same */
    ck_assert_int_eq(answers(2), FLR_OUTCOME_ACCEPTED);
    serves(3);
    serves(1);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

static int put_client(void *self, flr_assignment *a, flr_context *context)
{
    (void)self, (void)context;
    return flr_shareable_set_text(flr_assignment_get_data(a), "for", flr_assignment_get_client(a));
}

START_TEST(bd_09_data_for_the_client)
{
    flr_task_options o;
    flr_task *task;

    boardhost_task_options(&h, &o);
    o.before_task_sent = put_client;
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_relay(&h, task, "21", STATIC, FLR_ORDER_ANY, 0, 0), 0);
    for (int i = 1; i <= 2; i++) {
        const flr_answer *answer = boardhost_ask(&h, i);
        const flr_value *got = flr_shareable_get(flr_answer_get_data(answer), "for");

        ck_assert_str_eq(flr_value_get_text(got, ""), boardhost_name(i));
        snprintf(ids[i], sizeof ids[i], "%s", flr_answer_get_id(answer));
        ck_assert_int_eq(answers(i), FLR_OUTCOME_ACCEPTED);
    }
    flr_task_unref(task);
}
END_TEST

/* ---- AR-03: given up ---- */

START_TEST(ar_03_the_result_timeout)
{
    flr_task *task = relayed("122", STATIC, 0, 5.0);
    char again[40];

    ck_assert_str_eq(asks(1), "t");
    boardhost_advance(&h, 4.0);
    ck_assert_str_eq(boardhost_take(&h, 1, again), ids[1]); /* which does not postpone it */
    ck_assert_int_eq(flr_clock_advance(h.clock, 0.999), 0);
    ck_assert_str_eq(asks(2), "BLOCK");
    ck_assert_int_eq(flr_clock_advance(h.clock, 0.001), 0);
    ck_assert_str_eq(asks(1), "NO_BLOCK"); /* its only occurrence is used up */
    ck_assert_str_eq(asks(2), "t");
    boardhost_trace(&h);
    ck_assert_str_eq(boardhost_check(&h, 1, ids[1]), "OK");
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_trace(&h), "received(site-1,late)");
    ck_assert_str_eq(boardhost_states(task), "site-1:answered site-2:open");
    ck_assert_int_eq(answers(2), FLR_OUTCOME_ACCEPTED);
    serves(2);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(ar_03_it_uses_up_its_occurrence)
{
    flr_task *task = relayed("121", STATIC, 0, 5.0);
    char old[40];

    ck_assert_str_eq(asks(1), "t");
    snprintf(old, sizeof old, "%s", ids[1]);
    boardhost_advance(&h, 5.0);
    serves(1); /* the other one */
    ck_assert_str_ne(ids[1], old);
    ck_assert_str_eq(asks(1), "NO_BLOCK");
    boardhost_trace(&h);
    serves(2); /* and nothing keeps it standing */
    ck_assert_str_eq(boardhost_trace(&h),
                     "before(site-2) after(site-2) received(site-2) done(t,ok)");
    ck_assert_str_eq(boardhost_states(task), "site-1:closed site-1:answered site-2:answered");
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", old, 0), FLR_OUTCOME_LATE);
    flr_task_unref(task);
}
END_TEST

START_TEST(ar_03_the_owner_is_disconnected)
{
    flr_task *task = relayed("112", STATIC, 0, 0);

    ck_assert_str_eq(asks(1), "t");
    boardhost_dead(&h, 1);
    ck_assert_str_eq(boardhost_states(task), "site-1:given_up");
    ck_assert_str_eq(asks(2), "t");
    ck_assert_str_eq(asks(1), "BLOCK"); /* back, with one left */
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(asks(1), "BLOCK");
    ck_assert_int_eq(answers(2), FLR_OUTCOME_ACCEPTED);
    serves(1);
    ck_assert_str_eq(asks(1), "NO_BLOCK");
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    ck_assert_str_eq(boardhost_states(task), "site-1:answered site-2:answered site-1:answered");
    flr_task_unref(task);
}
END_TEST

/* ---- AR-04: the end ---- */

START_TEST(ar_04_timeout)
{
    flr_task *task = relayed("12", STATIC, 0, 5.0);

    serves(2);
    ck_assert_str_eq(asks(1), "t");
    ends_in(task, 5.0, FLR_TASK_TIMEOUT);
    ck_assert_int_eq(answers(1), FLR_OUTCOME_LATE);
    flr_task_unref(task);
}
END_TEST

START_TEST(ar_04_client_dead_with_the_last_leg)
{
    flr_task *task = relayed("12", STATIC, 0, 0);

    serves(2);
    ck_assert_str_eq(asks(1), "t");
    boardhost_advance(&h, 10.0);
    boardhost_dead(&h, 1);
    ck_assert_str_eq(asks(1), "NO_BLOCK"); /* back, but it is not made to do it twice */
    ends_in(task, 20.0, FLR_TASK_CLIENT_DEAD);
    flr_task_unref(task);
}
END_TEST

START_TEST(ar_04_a_late_result_before_that_gives_ok)
{
    flr_task *task = relayed("12", STATIC, 0, 0);

    serves(2);
    ck_assert_str_eq(asks(1), "t");
    boardhost_dead(&h, 1);
    boardhost_advance(&h, 29.0);
    boardhost_trace(&h);
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_trace(&h), "received(site-1,late) done(t,ok)");
    flr_task_unref(task);
}
END_TEST

START_TEST(ar_04_no_occurrence_left_of_a_live_target)
{
    flr_task *task = relayed("1232", STATIC, 0, 0);

    serves(1);
    serves(2);
    boardhost_dead(&h, 2);
    boardhost_advance(&h, 10.0);
    boardhost_dead(&h, 3);
    ends_in(task, 20.0, FLR_TASK_CLIENT_DEAD); /* 1 is live, but has done its part */
    flr_task_unref(task);
}
END_TEST

START_TEST(ar_04_a_return_prevents_it)
{
    flr_task *task = relayed("12", STATIC, 0, 0);

    boardhost_dead(&h, 1);
    boardhost_dead(&h, 2);
    boardhost_advance(&h, 29.0);
    boardhost_heartbeat(&h, 2);
    boardhost_advance(&h, 1e6);
    serves(2);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_CLIENT_DEAD); /* what is left is of 1 */
    flr_task_unref(task);
}
END_TEST

START_TEST(ar_04_a_dynamic_one_waits_for_whoever_could_join)
{
    flr_task *task = relayed("123", 0, 0, 0);

    serves(1);
    boardhost_dead(&h, 2);
    boardhost_dead(&h, 3);
    boardhost_advance(&h, 1e6); /* for 4 */
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    boardhost_trace(&h);
    boardhost_dead(&h, 4);
    boardhost_step(&h);
    ck_assert_str_eq(boardhost_trace(&h), "done(t,client_dead)");
    flr_task_unref(task);
}
END_TEST

/* 3 joins and has its part, 1 as well; what is left is of 2, which is gone. */
START_TEST(ar_04_who_has_joined_cannot_join_again)
{
    for (int known = 3; known <= 4; known++) {
        flr_task *task;

        boardhost_init(&h, (size_t)known);
        h.grace = 0;
        boardhost_begin(&h);
        task = relayed("12", 0, 0, 0);
        serves(3);
        serves(1);
        boardhost_dead(&h, 2);
        if (known == 3) {
            ends_in(task, 30.0, FLR_TASK_CLIENT_DEAD);
        } else {
            boardhost_dead(&h, 3);
            boardhost_advance(&h, 1000.0); /* 4 could, still */
            ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
        }
        flr_task_unref(task);
        end();
    }
}
END_TEST

START_TEST(ar_04_the_tasks_timeout)
{
    flr_task_options o;
    flr_task *task;

    boardhost_task_options(&h, &o);
    o.timeout = 1000.0;
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_relay(&h, task, "123", 0, FLR_ORDER_ANY, 10.0, 0), 0);
    serves(2);
    ck_assert_str_eq(asks(1), "t");
    ends_in(task, 1000.0, FLR_TASK_TIMEOUT);
    ck_assert_str_eq(boardhost_states(task), "site-2:answered site-1:closed");
    flr_task_unref(task);
}
END_TEST

int main(void)
{
    const TTest *const rows[] = {
        ar_01_served_as_often_as_listed,
        ar_01_there_is_no_window,
        ar_01_whoever_asks_joins,
        ar_01_an_empty_list_waits,
        ar_01_by_default_a_dynamic_snapshot,
        ar_02_at_most_one_leg_is_open,
        bd_08_non_blocking,
        bd_09_data_for_the_client,
        ar_03_the_result_timeout,
        ar_03_it_uses_up_its_occurrence,
        ar_03_the_owner_is_disconnected,
        ar_04_timeout,
        ar_04_client_dead_with_the_last_leg,
        ar_04_a_late_result_before_that_gives_ok,
        ar_04_no_occurrence_left_of_a_live_target,
        ar_04_a_return_prevents_it,
        ar_04_a_dynamic_one_waits_for_whoever_could_join,
        ar_04_the_tasks_timeout,
    };
    const TTest *const own[] = {
        ar_04_who_has_joined_cannot_join_again,
    };
    Suite *suite = suite_create("relay in any order");
    TCase *tcase = tcase_create("rows"), *alone = tcase_create("own host");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, rows);
    SUITE_ADD(alone, own);
    suite_add_tcase(suite, tcase);
    suite_add_tcase(suite, alone);
    return suite_run(suite);
}
