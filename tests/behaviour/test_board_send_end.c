/* A send whose owner is gone, its end, and what a host sees of it. Rows SE-05, SE-06; of send BD-09,
 * BD-10, BD-14, BD-17, BD-31. */
#include "boardhost.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static flr_task *sent(const char *list, int order, double window)
{
    flr_task *task = boardhost_task(&h, "t", NULL);

    ck_assert_int_eq(boardhost_send(&h, task, list, order, window), 0);
    boardhost_trace(&h);
    return task;
}

static int send_open(flr_task *task)
{
    flr_send_options o;

    flr_send_options_init(&o, sizeof o);
    o.mode = FLR_TARGETS_OPEN;
    o.order = FLR_ORDER_ANY;
    return flr_board_send(h.board, task, &o, NULL);
}

static const char *asks(int client)
{
    return boardhost_decision(&h, client, ids[client]);
}

static int answers(int client)
{
    return boardhost_answer(&h, client, "t", ids[client], client);
}

/* ---- SE-05: the owner is disconnected ---- */

START_TEST(se_05_given_up_and_taken_over)
{
    flr_task *task = sent("12", FLR_ORDER_SEQUENTIAL, 0);

    ck_assert_str_eq(asks(1), "t");
    ck_assert_str_eq(asks(2), "NO_BLOCK");
    boardhost_dead(&h, 1);
    ck_assert_str_eq(boardhost_states(task), "site-1:given_up");
    ck_assert_str_eq(asks(2), "t");
    ck_assert_str_ne(ids[2], ids[1]);
    ck_assert_str_eq(asks(1), "NO_BLOCK"); /* back again; never sent again */
    ck_assert_str_eq(boardhost_states(task), "site-1:given_up site-2:open");
    ck_assert_int_eq(answers(2), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_trace(&h), "before(site-1) after(site-1) before(site-2) "
                                          "after(site-2) received(site-2) done(t,ok)");
    ck_assert_str_eq(boardhost_states(task), "site-1:closed site-2:answered");
    ck_assert_str_eq(boardhost_check(&h, 1, ids[1]), "closed");
    ck_assert_int_eq(answers(1), FLR_OUTCOME_LATE);
    ck_assert_int_eq(answers(1), FLR_OUTCOME_DUPLICATE);
    ck_assert_str_eq(boardhost_trace(&h), "unknown(site-1,t)");
    flr_task_unref(task);
}
END_TEST

START_TEST(se_05_a_late_result_ends_it)
{
    flr_task *task = sent("12", FLR_ORDER_ANY, 0);

    ck_assert_str_eq(asks(1), "t");
    boardhost_dead(&h, 1);
    ck_assert_str_eq(asks(2), "t");
    ck_assert_str_eq(boardhost_check(&h, 1, ids[1]), "OK");
    boardhost_trace(&h);
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_trace(&h), "received(site-1,late) done(t,ok)");
    ck_assert_str_eq(boardhost_states(task), "site-1:answered site-2:closed");
    ck_assert_int_eq(answers(1), FLR_OUTCOME_DUPLICATE);
    ck_assert_str_eq(boardhost_check(&h, 2, ids[2]), "closed");
    ck_assert_int_eq(answers(2), FLR_OUTCOME_LATE);
    flr_task_unref(task);
}
END_TEST

START_TEST(se_05_the_former_owner_may_take_it_anew)
{
    for (int late = 0; late < 2; late++) {
        flr_task *task = sent("12", FLR_ORDER_SEQUENTIAL, 0);
        char old[40];

        ck_assert_str_eq(asks(1), "t");
        snprintf(old, sizeof old, "%s", ids[1]);
        boardhost_dead(&h, 1);
        ck_assert_str_eq(asks(1), "t");
        ck_assert_str_ne(ids[1], old);
        ck_assert_str_eq(asks(2), "NO_BLOCK");
        ck_assert_str_eq(boardhost_states(task), "site-1:given_up site-1:open");
        ck_assert_str_eq(boardhost_check(&h, 1, old), "OK"); /* both would be accepted */
        ck_assert_str_eq(boardhost_check(&h, 1, ids[1]), "OK");
        boardhost_trace(&h);
        ck_assert_int_eq(boardhost_answer(&h, 1, "t", late ? old : ids[1], 0),
                         FLR_OUTCOME_ACCEPTED);
        ck_assert_str_eq(boardhost_trace(&h),
                         late ? "received(site-1,late) done(t,ok)" : "received(site-1) done(t,ok)");
        ck_assert_str_eq(boardhost_states(task),
                         late ? "site-1:answered site-1:closed" : "site-1:closed site-1:answered");
        ck_assert_int_eq(boardhost_answer(&h, 1, "t", late ? ids[1] : old, 0), FLR_OUTCOME_LATE);
        flr_task_unref(task);
    }
}
END_TEST

START_TEST(se_05_the_window_goes_on)
{
    flr_task *task = sent("1234", FLR_ORDER_SEQUENTIAL, 10.0);

    ck_assert_str_eq(asks(1), "t");
    boardhost_advance(&h, 5.0);
    boardhost_dead(&h, 1);
    ck_assert_str_eq(asks(3), "BLOCK"); /* 2 only */
    boardhost_advance(&h, 4.999);
    ck_assert_str_eq(asks(3), "BLOCK");
    boardhost_advance(&h, 0.001); /* since scheduling, not since the death */
    ck_assert_str_eq(asks(4), "BLOCK");
    ck_assert_str_eq(asks(3), "t");
    flr_task_unref(task);
}
END_TEST

START_TEST(se_05_nobody_elses_death_matters)
{
    flr_task *task = sent("12", FLR_ORDER_SEQUENTIAL, 0);

    ck_assert_str_eq(asks(1), "t");
    boardhost_dead(&h, 2);
    boardhost_advance(&h, 100.0);
    ck_assert_str_eq(boardhost_states(task), "site-1:open");
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    flr_task_unref(task);
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
    ask_inside(1);
    ask_inside(2);
    return boardhost_received(self, a, context);
}

START_TEST(bd_17_while_a_late_result_is_processed)
{
    flr_task_options o;
    flr_task *task, *later;

    boardhost_task_options(&h, &o);
    o.before_task_sent = o.after_task_sent = NULL;
    later = boardhost_task(&h, "later", &o);
    o.result_received = received_and_asked;
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_send(&h, task, "12", FLR_ORDER_ANY, 0), 0);
    ck_assert_int_eq(boardhost_broadcast(&h, later, FLR_TARGETS_LIST, 1, 0, 0), 0);
    boardhost_take(&h, 1, ids[1]);
    boardhost_dead(&h, 1);
    boardhost_step(&h);
    boardhost_trace(&h);
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    /* nothing new for 1 meanwhile, but 2 may take it */
    ck_assert_str_eq(boardhost_trace(&h), "1:later 2:t received(site-1,late) done(t,ok)");
    ck_assert_str_eq(boardhost_states(task), "site-1:answered site-2:closed");
    flr_task_unref(task);
    flr_task_unref(later);
}
END_TEST

/* ---- SE-06 ---- */

START_TEST(se_06_client_dead_after_the_lead_time)
{
    for (int order = FLR_ORDER_SEQUENTIAL; order <= FLR_ORDER_ANY; order++) {
        flr_task *task = sent("12", order, 0);

        boardhost_dead(&h, 1);
        boardhost_dead(&h, 2);
        boardhost_advance(&h, 29.999);
        ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
        boardhost_advance(&h, 0.001);
        ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_CLIENT_DEAD);
        ck_assert_str_eq(boardhost_trace(&h), "done(t,client_dead)");
        flr_task_unref(task);
        boardhost_heartbeat(&h, 1);
        boardhost_heartbeat(&h, 2);
    }
    ck_assert_uint_eq(boardhost_stats(&h).tasks_client_dead, 2);
}
END_TEST

START_TEST(se_06_before_the_tasks_timeout_and_whatever_the_window_is)
{
    flr_task_options o;
    flr_task *task;

    boardhost_task_options(&h, &o);
    o.timeout = 1000.0;
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_send(&h, task, "123", FLR_ORDER_SEQUENTIAL, 500.0), 0);
    boardhost_trace(&h);
    for (int i = 1; i <= 3; i++) {
        boardhost_dead(&h, i);
    }
    boardhost_advance(&h, 29.999);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    boardhost_advance(&h, 0.001);
    ck_assert_str_eq(boardhost_trace(&h), "done(t,client_dead)");
    flr_task_unref(task);
}
END_TEST

START_TEST(se_06_dead_before_it_was_scheduled)
{
    flr_task *task;

    boardhost_dead(&h, 1);
    boardhost_advance(&h, 100.0);
    task = sent("1", FLR_ORDER_SEQUENTIAL, 0);
    boardhost_advance(&h, 29.0);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    boardhost_advance(&h, 1.0);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_CLIENT_DEAD);
    flr_task_unref(task);
}
END_TEST

START_TEST(se_06_a_return_prevents_it)
{
    flr_task *task = sent("12", FLR_ORDER_SEQUENTIAL, 0);

    ck_assert_str_eq(asks(1), "t");
    boardhost_dead(&h, 1);
    boardhost_dead(&h, 2);
    boardhost_advance(&h, 29.0);
    boardhost_heartbeat(&h, 1);
    boardhost_advance(&h, 1000.0);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    ck_assert_str_eq(asks(1), "t");
    boardhost_trace(&h);
    boardhost_dead(&h, 1); /* the lead time is over: at once */
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_CLIENT_DEAD);
    ck_assert_str_eq(boardhost_states(task), "site-1:closed site-1:closed");
    boardhost_step(&h);
    ck_assert_str_eq(boardhost_trace(&h), "done(t,client_dead)");
    ck_assert_int_eq(answers(1), FLR_OUTCOME_LATE);
    flr_task_unref(task);
}
END_TEST

START_TEST(se_06_a_result_prevents_it)
{
    flr_task *task = sent("12", FLR_ORDER_SEQUENTIAL, 0);

    ck_assert_str_eq(asks(1), "t");
    boardhost_dead(&h, 1);
    boardhost_dead(&h, 2);
    boardhost_advance(&h, 29.0);
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(se_06_never_of_an_open_one)
{
    flr_task *task = boardhost_task(&h, "t", NULL);

    ck_assert_int_eq(send_open(task), 0);
    ck_assert_str_eq(asks(1), "t");
    boardhost_dead(&h, 1);
    boardhost_heartbeat(&h, 1);
    for (int i = 1; i <= 3; i++) {
        boardhost_dead(&h, i); /* with the last one the run would end (DC-09) */
    }
    boardhost_advance(&h, 1e6);
    boardhost_heartbeat(&h, 1);
    boardhost_step(&h);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    ck_assert_str_eq(asks(7), "t");
    flr_task_unref(task);
}
END_TEST

static int die_meanwhile(void *self, flr_assignment *a, flr_context *context)
{
    boardhost_dead(&h, 1);
    boardhost_heartbeat(&h, 2);
    return boardhost_received(self, a, context);
}

START_TEST(bd_17_not_dead_while_its_result_is_processed)
{
    flr_task_options o;
    flr_task *task;

    boardhost_init(&h, 2);
    h.grace = h.lead = 0;
    boardhost_begin(&h);
    boardhost_task_options(&h, &o);
    o.result_received = die_meanwhile;
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_send(&h, task, "1", FLR_ORDER_SEQUENTIAL, 0), 0);
    ck_assert_str_eq(asks(1), "t");
    boardhost_trace(&h);
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_trace(&h), "received(site-1) done(t,ok)");
    flr_task_unref(task);
    end();
}
END_TEST

/* ---- BD-09, BD-10, BD-14 ---- */

static int name_the_client(void *self, flr_assignment *a, flr_context *context)
{
    (void)self, (void)context;
    return flr_shareable_set_header_text(flr_assignment_get_data(a), "for",
                                         flr_assignment_get_client(a));
}

START_TEST(bd_09_data_for_the_client)
{
    flr_task_options o;
    flr_task *task;

    boardhost_task_options(&h, &o);
    o.before_task_sent = name_the_client;
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_send(&h, task, "12", FLR_ORDER_SEQUENTIAL, 0), 0);
    for (int i = 1; i <= 2; i++) {
        const flr_shareable *data = flr_answer_get_data(boardhost_ask(&h, i));

        ck_assert_str_eq(flr_value_get_text(flr_shareable_get_header(data, "for"), ""),
                         boardhost_name(i));
        ck_assert_int_eq(flr_value_get_int(flr_shareable_get(data, "model"), 0), 7);
        boardhost_dead(&h, i);
    }
    flr_task_unref(task);
}
END_TEST

static int fail_to_send(void *self, flr_assignment *a, flr_context *context)
{
    (void)self, (void)a;
    return flr_context_fail(context, -20001, "not today");
}

START_TEST(bd_10_a_failing_send_callback)
{
    flr_task_options o;
    flr_task *task;

    boardhost_task_options(&h, &o);
    o.before_task_sent = fail_to_send;
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_send(&h, task, "12", FLR_ORDER_ANY, 0), 0);
    boardhost_trace(&h);
    ck_assert_ptr_null(boardhost_ask(&h, 2));
    ck_assert_str_eq(boardhost_trace(&h), "after(site-2) done(t,error)");
    ck_assert_str_eq(boardhost_states(task), ""); /* not recorded */
    ck_assert_int_eq(flr_task_get_error(task), -20001);
    flr_task_unref(task);
}
END_TEST

static int see(void *self, flr_assignment *a)
{
    *(flr_assignment **)self = a;
    return 0;
}

START_TEST(bd_14_what_a_given_up_assignment_shows)
{
    flr_task_options o;
    flr_task *task;
    flr_assignment *a = NULL;
    flr_shareable *result;

    boardhost_task_options(&h, &o);
    o.result_received = NULL;
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_send(&h, task, "12", FLR_ORDER_SEQUENTIAL, 0), 0);
    boardhost_advance(&h, 1.0);
    ck_assert_str_eq(asks(1), "t");
    boardhost_advance(&h, 1.0);
    boardhost_dead(&h, 1);
    ck_assert_int_eq(flr_task_visit_assignments(task, see, &a), 0);
    ck_assert_int_eq(flr_assignment_get_state(a), FLR_ASSIGNMENT_GIVEN_UP);
    ck_assert_str_eq(flr_assignment_get_client(a), "site-1");
    ck_assert_str_eq(flr_assignment_get_id(a), ids[1]);
    ck_assert_uint_eq(flr_assignment_get_send_count(a), 1);
    ck_assert_int_eq(flr_assignment_get_first_sent(a), 1001 * SECOND);
    ck_assert_int_eq(flr_assignment_get_last_sent(a), 1001 * SECOND);
    ck_assert_int_eq(flr_assignment_get_received(a), FLR_TIME_NONE);
    ck_assert_ptr_null(flr_assignment_get_result(a));
    boardhost_advance(&h, 1.0);
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(flr_assignment_get_state(a), FLR_ASSIGNMENT_ANSWERED);
    ck_assert_int_eq(flr_assignment_get_received(a), 1003 * SECOND);
    result = flr_assignment_get_result(a); /* it stays without a callback */
    ck_assert_int_eq(
        flr_value_get_bool(flr_shareable_get_header(result, FLR_HEADER_REPLY_IS_LATE), 0), 1);
    flr_shareable_unref(result);
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_31_finalisation_ends_it)
{
    flr_task *task;

    begin();
    task = sent("12", FLR_ORDER_SEQUENTIAL, 10.0);
    ck_assert_str_eq(asks(1), "t");
    boardhost_trace(&h);
    boardhost_close(&h);
    ck_assert_str_eq(boardhost_trace(&h), "done(t,cancelled)");
    ck_assert_str_eq(boardhost_states(task), "site-1:closed");
    flr_task_unref(task);
    boardhost_free(&h);
}
END_TEST

int main(void)
{
    const TTest *const rows[] = {
        se_05_given_up_and_taken_over,
        se_05_a_late_result_ends_it,
        se_05_the_former_owner_may_take_it_anew,
        se_05_the_window_goes_on,
        se_05_nobody_elses_death_matters,
        bd_17_while_a_late_result_is_processed,
        se_06_client_dead_after_the_lead_time,
        se_06_before_the_tasks_timeout_and_whatever_the_window_is,
        se_06_dead_before_it_was_scheduled,
        se_06_a_return_prevents_it,
        se_06_a_result_prevents_it,
        se_06_never_of_an_open_one,
        bd_09_data_for_the_client,
        bd_10_a_failing_send_callback,
        bd_14_what_a_given_up_assignment_shows,
    };
    const TTest *const own[] = {
        bd_17_not_dead_while_its_result_is_processed,
        bd_31_finalisation_ends_it,
    };
    Suite *suite = suite_create("end of a send");
    TCase *tcase = tcase_create("rows"), *alone = tcase_create("own host");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, rows);
    SUITE_ADD(alone, own);
    suite_add_tcase(suite, tcase);
    suite_add_tcase(suite, alone);
    return suite_run(suite);
}
