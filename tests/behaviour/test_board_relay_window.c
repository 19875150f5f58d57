/* Sequential relay: the window over its legs, and who is given which of them. Rows SR-04 to SR-06. */
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

/* ---- SR-04: the window ---- */

START_TEST(sr_04_window_grows_with_time)
{
    flr_task *task = relayed("1234", STATIC, 10.0, 0);

    boardhost_advance(&h, 9.999);
    ck_assert_str_eq(asks(2), "NO_BLOCK");
    ck_assert_int_eq(flr_clock_advance(h.clock, 0.001), 0); /* without a step */
    ck_assert_str_eq(asks(3), "NO_BLOCK");
    ck_assert_str_eq(asks(2), "t");
    ck_assert_str_eq(asks(1), "BLOCK");
    ck_assert_int_eq(answers(2), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(asks(1), "NO_BLOCK"); /* skipped for good */
    serves(3);
    serves(4);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_04_without_a_timeout_one_leg)
{
    flr_task *task = relayed("12", STATIC, 0, 0);

    boardhost_advance(&h, 1e6);
    ck_assert_str_eq(asks(2), "NO_BLOCK");
    ck_assert_str_eq(asks(1), "t");
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_04_it_counts_legs_not_clients)
{
    flr_task *task = relayed("11213", STATIC, 10.0, 0);

    boardhost_advance(&h, 10.0); /* 1 1 */
    ck_assert_str_eq(asks(2), "NO_BLOCK");
    boardhost_advance(&h, 10.0); /* 1 1 2 */
    ck_assert_str_eq(asks(3), "NO_BLOCK");
    ck_assert_str_eq(asks(2), "t");
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_04_never_more_than_there_is)
{
    flr_task *task = relayed("123", STATIC, 1e-6, 0);

    ck_assert_str_eq(asks(3), "NO_BLOCK");
    ck_assert_int_eq(flr_clock_advance(h.clock, 3e-6), 0); /* SR-11 comes with the next one */
    serves(3);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK); /* 1 and 2 were skipped */
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_04_disconnected_targets_are_passed_over)
{
    flr_task *task = relayed("12342", STATIC, 10.0, 0);

    boardhost_dead(&h, 1);
    boardhost_dead(&h, 2);
    ck_assert_str_eq(asks(4), "NO_BLOCK"); /* the window is 1 2 3 */
    boardhost_advance(&h, 10.0);           /* 1 2 3 4 */
    boardhost_heartbeat(&h, 2);            /* 1 2 3: two of live ones */
    ck_assert_str_eq(asks(4), "NO_BLOCK");
    serves(3); /* and 4 2 are left */
    ck_assert_str_eq(asks(2), "NO_BLOCK");
    boardhost_dead(&h, 4);
    serves(2);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_04_passed_over_but_back_in_time)
{
    flr_task *task = relayed("123", STATIC, 0, 0);

    boardhost_dead(&h, 1);
    boardhost_dead(&h, 2);
    ck_assert_str_eq(asks(2), "t"); /* live by asking; now 1 is skipped */
    ck_assert_int_eq(answers(2), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(asks(1), "NO_BLOCK");
    serves(3);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_04_the_window_ends_with_its_last_live_leg)
{
    flr_task *task = relayed("123", STATIC, 0, 0);

    boardhost_dead(&h, 2);
    ck_assert_str_eq(asks(3), "NO_BLOCK"); /* 1 is live: 2 is not in it */
    serves(1);
    ck_assert_str_eq(asks(3), "t"); /* 2 3 */
    ck_assert_int_eq(answers(3), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_04_odd_windows)
{
    flr_task *task = relayed("1234", STATIC, 1e300, 0);

    boardhost_advance(&h, 1e9);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    ck_assert_str_eq(asks(2), "NO_BLOCK");
    serves(1);
    flr_task_cancel(task, 0);
    flr_task_unref(task);
    task = relayed("1234", STATIC, 4e9, 0); /* five of them are more than the clock can count */
    boardhost_advance(&h, 1e9);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    ck_assert_str_eq(asks(2), "NO_BLOCK");
    serves(1);
    flr_task_cancel(task, 0);
    flr_task_unref(task);
    task = relayed("12", STATIC, 1e-12, 0); /* less than the clock can tell */
    ck_assert_str_eq(asks(2), "NO_BLOCK");
    serves(1);
    flr_task_unref(task);
}
END_TEST

/* ---- SR-05: since when ---- */

START_TEST(sr_05_since_the_previous_result)
{
    flr_task *task = relayed("1234", STATIC, 10.0, 0);

    boardhost_advance(&h, 7.0);
    ck_assert_str_eq(asks(1), "t");
    boardhost_advance(&h, 1.0);
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    boardhost_advance(&h, 9.999);
    ck_assert_str_eq(asks(3), "NO_BLOCK");
    boardhost_advance(&h, 0.001);
    ck_assert_str_eq(asks(4), "NO_BLOCK");
    ck_assert_str_eq(asks(3), "t");
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_05_since_it_was_given_up_however_late_that_is_seen)
{
    flr_task *task = relayed("1234", STATIC, 10.0, 5.0);

    boardhost_advance(&h, 2.0);
    ck_assert_str_eq(asks(1), "t");                          /* given up at 7 */
    ck_assert_int_eq(flr_clock_advance(h.clock, 14.999), 0); /* to 16.999 at once */
    ck_assert_str_eq(asks(3), "NO_BLOCK");
    ck_assert_int_eq(flr_clock_advance(h.clock, 0.001), 0);
    ck_assert_str_eq(asks(4), "NO_BLOCK");
    ck_assert_str_eq(asks(3), "t");
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_05_since_the_disconnection)
{
    flr_task *task;

    boardhost_init(&h, 4);
    h.grace = 10.0;
    boardhost_begin(&h);
    task = relayed("1234", STATIC, 10.0, 0);
    ck_assert_str_eq(asks(1), "t");
    boardhost_advance(&h, 2.0);
    boardhost_dead(&h, 1);                                   /* disconnected at 12 */
    ck_assert_int_eq(flr_clock_advance(h.clock, 19.999), 0); /* to 21.999 at once */
    ck_assert_str_eq(asks(3), "NO_BLOCK");
    ck_assert_int_eq(flr_clock_advance(h.clock, 0.001), 0);
    ck_assert_str_eq(asks(4), "NO_BLOCK");
    ck_assert_str_eq(asks(3), "t");
    flr_task_unref(task);
    end();
}
END_TEST

/* ---- SR-06: who gets which leg ---- */

START_TEST(sr_06_the_first_leg_inside_the_window)
{
    flr_task *task = relayed("1212", STATIC, 10.0, 0);

    boardhost_advance(&h, 30.0); /* 1 2 1 2 */
    serves(2);                   /* the second leg, not the fourth */
    ck_assert_str_eq(asks(2), "NO_BLOCK");
    serves(1);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    serves(2);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_06_every_other_listed_client_is_held_back)
{
    flr_task *task = relayed("123", STATIC, 0, 0);

    serves(1);
    ck_assert_str_eq(asks(2), "t");
    ck_assert_str_eq(asks(1), "BLOCK"); /* listed, though its leg is done */
    ck_assert_str_eq(asks(3), "BLOCK");
    ck_assert_str_eq(asks(4), "NO_BLOCK");
    ck_assert_int_eq(answers(2), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(asks(1), "NO_BLOCK");
    ck_assert_str_eq(asks(2), "NO_BLOCK");
    flr_task_unref(task);
}
END_TEST

int main(void)
{
    const TTest *const rows[] = {
        sr_04_window_grows_with_time,
        sr_04_without_a_timeout_one_leg,
        sr_04_it_counts_legs_not_clients,
        sr_04_never_more_than_there_is,
        sr_04_disconnected_targets_are_passed_over,
        sr_04_passed_over_but_back_in_time,
        sr_04_the_window_ends_with_its_last_live_leg,
        sr_04_odd_windows,
        sr_05_since_the_previous_result,
        sr_05_since_it_was_given_up_however_late_that_is_seen,
        sr_06_the_first_leg_inside_the_window,
        sr_06_every_other_listed_client_is_held_back,
    };
    const TTest *const own[] = {
        sr_05_since_the_disconnection,
    };
    Suite *suite = suite_create("window of a relay");
    TCase *tcase = tcase_create("rows"), *alone = tcase_create("own host");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, rows);
    SUITE_ADD(alone, own);
    suite_add_tcase(suite, tcase);
    suite_add_tcase(suite, alone);
    return suite_run(suite);
}
