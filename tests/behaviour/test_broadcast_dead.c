/* Broadcast and death. Rows BC-06 to BC-09. */
#include "boardhost.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static boardhost h;

/* The clock stands at 1000 s. Client 4 is never a target and never dead: no policy is violated. */
static void begin(double grace, double lead)
{
    boardhost_init(&h, 4);
    h.grace = grace;
    h.lead = lead;
    boardhost_begin(&h);
}

static void end(void)
{
    boardhost_close(&h);
    boardhost_free(&h);
}

/* Its results and its end trace, its hand-outs do not. */
static flr_task *make_task(void)
{
    flr_task_options o;

    boardhost_task_options(&h, &o);
    o.before_task_sent = o.after_task_sent = NULL;
    return boardhost_task(&h, "t", &o);
}

/* To clients 1 to n. */
static flr_task *broadcast(int n, uint64_t min, double wait)
{
    flr_task *task = make_task();

    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_LIST, n, min, wait), 0);
    boardhost_trace(&h);
    return task;
}

static void die(int client)
{
    boardhost_dead(&h, client);
    boardhost_step(&h);
}

/* The status now, and what was traced since the last time. */
static void expect(const flr_task *task, int status, const char *trace)
{
    ck_assert_str_eq(boardhost_trace(&h), trace);
    ck_assert_str_eq(flr_task_status_get_name(flr_task_get_status(task)),
                     flr_task_status_get_name(status));
}

/* ---- BC-06, BC-07: some answers are enough ---- */

START_TEST(bc_06_open_is_never_client_dead)
{
    begin(0, 0);
    flr_task *task = make_task();
    char id[40];

    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_OPEN, 0, 2, 10.0), 0);
    for (int i = 1; i <= 3; i++) {
        boardhost_take(&h, i, id);
        die(i);
    }
    boardhost_advance(&h, 10000.0);
    expect(task, FLR_TASK_STANDING, "");
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(boardhost_serve(&h, 2), FLR_OUTCOME_ACCEPTED);
    die(1);
    die(2); /* whoever asks could still answer */
    expect(task, FLR_TASK_STANDING, "received(site-1) received(site-2)");
    boardhost_advance(&h, 9.999);
    expect(task, FLR_TASK_STANDING, "");
    boardhost_advance(&h, 0.001);
    expect(task, FLR_TASK_OK, "done(t,ok)");
    flr_task_unref(task);
    end();
}
END_TEST

START_TEST(bc_07_too_few_are_left)
{
    begin(0, 0);
    flr_task *task = broadcast(3, 2, 0);
    char id[40];

    boardhost_take(&h, 3, id);
    die(1); /* it never asked */
    expect(task, FLR_TASK_STANDING, "");
    boardhost_advance(&h, 1000.0);
    expect(task, FLR_TASK_STANDING, "");
    die(2);
    expect(task, FLR_TASK_CLIENT_DEAD, "done(t,client_dead)");
    ck_assert_uint_eq(flr_board_get_count(h.board), 0);
    ck_assert_uint_eq(boardhost_stats(&h).tasks_client_dead, 1);
    ck_assert_str_eq(boardhost_states(task), "site-3:closed");
    ck_assert_str_eq(boardhost_check(&h, 3, id), "closed");
    ck_assert_int_eq(boardhost_answer(&h, 3, "t", id, 1), FLR_OUTCOME_LATE);
    ck_assert_int_eq(boardhost_answer(&h, 3, "t", id, 1), FLR_OUTCOME_DUPLICATE);
    ck_assert_ptr_null(boardhost_ask(&h, 1));
    expect(task, FLR_TASK_CLIENT_DEAD, "unknown(site-3,t)");
    flr_task_unref(task);
    end();
}
END_TEST

START_TEST(bc_07_answers_count_whatever_became_of_their_clients)
{
    begin(0, 0);
    flr_task *task = broadcast(3, 2, 0), *other = broadcast(3, 2, 0);

    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    die(1);
    die(2); /* 1 answer, 1 live */
    expect(task, FLR_TASK_STANDING, "received(site-1) received(site-1)");
    ck_assert_int_eq(boardhost_serve(&h, 3), FLR_OUTCOME_ACCEPTED);
    expect(task, FLR_TASK_OK, "received(site-3) done(t,ok)");
    die(3); /* 1 answer, nobody left */
    expect(other, FLR_TASK_CLIENT_DEAD, "done(t,client_dead)");
    flr_task_unref(task);
    flr_task_unref(other);
    end();
}
END_TEST

START_TEST(bc_07_enough_answers_and_nobody_live_to_wait_for)
{
    begin(0, 1000.0); /* no lead time: it is ok */
    flr_task *task = broadcast(3, 1, 100.0);

    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    die(2);
    boardhost_advance(&h, 50.0);
    expect(task, FLR_TASK_STANDING, "received(site-1)");
    boardhost_heartbeat(&h, 2);
    die(3); /* 2 is back */
    expect(task, FLR_TASK_STANDING, "");
    die(1); /* it has answered */
    expect(task, FLR_TASK_STANDING, "");
    die(2);
    expect(task, FLR_TASK_OK, "done(t,ok)");
    flr_task_unref(task);
    end();
}
END_TEST

/* The other way round: the last live one gives the answer that was missing. */
START_TEST(bc_07_the_missing_answer_when_nobody_else_is_live)
{
    begin(0, 1000.0);
    flr_task *task = broadcast(3, 1, 100.0);

    die(2);
    die(3);
    expect(task, FLR_TASK_STANDING, "");
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    expect(task, FLR_TASK_OK, "received(site-1) done(t,ok)");
    flr_task_unref(task);
    end();
}
END_TEST

START_TEST(bc_07_the_wait_goes_on_for_a_live_one)
{
    begin(0, 0);
    flr_task *task = broadcast(3, 1, 100.0);

    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    die(1);
    die(2);
    boardhost_advance(&h, 99.999);
    expect(task, FLR_TASK_STANDING, "received(site-1)");
    boardhost_advance(&h, 0.001);
    expect(task, FLR_TASK_OK, "done(t,ok)");
    flr_task_unref(task);
    end();
}
END_TEST

/* ---- BC-08: everybody must answer ---- */

START_TEST(bc_08_live_ones_are_waited_for)
{
    begin(0, 0);
    flr_task *task = broadcast(3, 0, 0);

    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    die(2);
    boardhost_advance(&h, 10000.0);
    expect(task, FLR_TASK_STANDING, "received(site-1)");
    die(3);
    expect(task, FLR_TASK_CLIENT_DEAD, "done(t,client_dead)");
    flr_task_unref(task);
    end();
}
END_TEST

/* The last live one answers: what is missing now can only come from a dead one. */
START_TEST(bc_08_a_result_leaves_only_dead_ones)
{
    begin(0, 0);
    flr_task *task = broadcast(2, 0, 0);

    die(2);
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    expect(task, FLR_TASK_CLIENT_DEAD, "received(site-1) done(t,client_dead)");
    ck_assert_ptr_null(boardhost_ask(&h, 2));
    flr_task_unref(task);
    end();
}
END_TEST

START_TEST(bc_08_all_answered_is_ok_however_dead_they_are)
{
    begin(0, 0);
    flr_task *task = broadcast(2, 0, 0);
    char one[40], two[40];

    boardhost_take(&h, 1, one);
    boardhost_take(&h, 2, two);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", one, 1), FLR_OUTCOME_ACCEPTED);
    die(1);
    expect(task, FLR_TASK_STANDING, "received(site-1)");
    ck_assert_int_eq(boardhost_answer(&h, 2, "t", two, 1), FLR_OUTCOME_ACCEPTED);
    expect(task, FLR_TASK_OK, "received(site-2) done(t,ok)");
    flr_task_unref(task);
    end();
}
END_TEST

static int refuse_site_1(flr_context *context, flr_shareable *message)
{
    (void)message;
    return strcmp(flr_context_get_identity(flr_context_get_peer(context)), "site-1") == 0 ? FLR_E_IO
                                                                                          : 0;
}

/* BD-24: the server has answered in the place of client 1. */
START_TEST(bc_08_answered_in_its_place_is_answered)
{
    boardhost_init(&h, 4);
    h.grace = h.lead = 0;
    h.filter = refuse_site_1;
    boardhost_begin(&h);
    flr_task *task = broadcast(2, 0, 0), *other = broadcast(2, 1, 100.0);

    ck_assert_ptr_null(boardhost_ask(&h, 1)); /* task */
    ck_assert_ptr_null(boardhost_ask(&h, 1)); /* other */
    expect(task, FLR_TASK_STANDING, "received(site-1) received(site-1)");
    die(2);
    expect(task, FLR_TASK_CLIENT_DEAD, "done(t,client_dead) done(t,ok)");
    ck_assert_int_eq(flr_task_get_status(other), FLR_TASK_OK);
    flr_task_unref(task);
    flr_task_unref(other);
    end();
}
END_TEST

/* ---- BC-09 ---- */

START_TEST(bc_09_a_returning_client_gets_it_again)
{
    begin(0, 1000.0);
    flr_task *task = broadcast(2, 0, 0);
    char first[40], second[40];

    boardhost_take(&h, 1, first);
    die(1);
    ck_assert_str_eq(boardhost_states(task), "site-1:open");
    boardhost_take(&h, 1, second);
    ck_assert_str_eq(second, first);
    ck_assert_uint_eq(boardhost_stats(&h).resends, 1);
    ck_assert_uint_eq(boardhost_stats(&h).reconnections, 1);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", second, 1), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_states(task), "site-1:answered");
    expect(task, FLR_TASK_STANDING, "received(site-1)");
    flr_task_unref(task);
    end();
}
END_TEST

/* It has worked on, and answers: not as a late reply, for nobody took its place. */
START_TEST(bc_09_or_answers_it)
{
    begin(0, 1000.0);
    flr_task *task = broadcast(1, 0, 0);
    char id[40];

    boardhost_take(&h, 1, id);
    die(1);
    boardhost_advance(&h, 500.0);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 1), FLR_OUTCOME_ACCEPTED);
    expect(task, FLR_TASK_OK, "received(site-1) done(t,ok)");
    flr_task_unref(task);
    end();
}
END_TEST

START_TEST(bc_09_dead_before_it_asked)
{
    begin(0, 1000.0);
    flr_task *task = broadcast(1, 0, 0);
    char id[40];

    die(1);
    ck_assert_str_eq(boardhost_states(task), "");
    boardhost_take(&h, 1, id);
    ck_assert_str_eq(boardhost_check(&h, 1, id), "OK");
    die(1);
    ck_assert_str_eq(boardhost_check(&h, 1, id), "OK"); /* its answer would be taken */
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 1), FLR_OUTCOME_ACCEPTED);
    expect(task, FLR_TASK_OK, "received(site-1) done(t,ok)");
    flr_task_unref(task);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        bc_06_open_is_never_client_dead,
        bc_07_too_few_are_left,
        bc_07_answers_count_whatever_became_of_their_clients,
        bc_07_enough_answers_and_nobody_live_to_wait_for,
        bc_07_the_missing_answer_when_nobody_else_is_live,
        bc_07_the_wait_goes_on_for_a_live_one,
        bc_08_live_ones_are_waited_for,
        bc_08_a_result_leaves_only_dead_ones,
        bc_08_all_answered_is_ok_however_dead_they_are,
        bc_08_answered_in_its_place_is_answered,
        bc_09_a_returning_client_gets_it_again,
        bc_09_or_answers_it,
        bc_09_dead_before_it_asked,
    };
    Suite *suite = suite_create("broadcast, dead clients");
    TCase *tcase = tcase_create("dead");

    SUITE_ADD(tcase, tests);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
