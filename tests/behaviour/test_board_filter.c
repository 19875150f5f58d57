/* A data filter that fails, in sends and relays: the server answers in the client's place. Rows
 * BD-16, BD-24, RQ-19. */
#include "boardhost.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATIC FLR_RELAY_FLAG_STATIC

static boardhost h;
static char ids[BOARDHOST_CLIENTS + 1][40]; /* of what each client was given last */
static char seen[40];                       /* the id that result_received saw last */
static int refused;                         /* the filter fails on messages to this client */
static double takes;                        /* so many seconds later */

/* Other tasks pass: they tell what becomes of the client's request. */
static int refuse(flr_context *context, flr_shareable *message)
{
    const char *client = flr_context_get_identity(flr_context_get_peer(context));
    const char *task =
        flr_value_get_text(flr_shareable_get_header(message, FLR_HEADER_TASK_NAME), "");

    if (strcmp(client, boardhost_name(refused)) != 0 || strcmp(task, "t") != 0) {
        return 0;
    }
    ck_assert_int_eq(flr_clock_advance(h.clock, takes), 0);
    return -20002;
}

static void begin_with(size_t clients)
{
    boardhost_init(&h, clients);
    h.grace = 0;
    h.filter = refuse;
    refused = 1;
    takes = 0;
    boardhost_begin(&h);
}

static void begin(void)
{
    begin_with(3);
}

static void end(void)
{
    boardhost_close(&h);
    boardhost_free(&h);
}

static const char *header_text(const flr_shareable *message, const char *key)
{
    return flr_value_get_text(flr_shareable_get_header(message, key), "");
}

static int received(void *self, flr_assignment *a, flr_context *context)
{
    flr_shareable *result = flr_assignment_get_result(a);

    (void)context;
    boardhost_note(self, "received(%s,%s)", flr_assignment_get_client(a),
                   flr_shareable_get_rc(result));
    snprintf(seen, sizeof seen, "%s", flr_assignment_get_id(a));
    ck_assert_str_eq(header_text(result, FLR_HEADER_TASK_NAME), "t");
    ck_assert_str_eq(header_text(result, FLR_HEADER_TASK_ID), seen);
    flr_shareable_unref(result);
    return 0;
}

static flr_task *made(void)
{
    flr_task_options o;

    boardhost_task_options(&h, &o);
    o.result_received = received;
    return boardhost_task(&h, "t", &o);
}

static flr_task *sent(const char *list, int order)
{
    flr_task *task = made();

    ck_assert_int_eq(boardhost_send(&h, task, list, order, 0), 0);
    boardhost_trace(&h);
    return task;
}

static flr_task *relayed(const char *list, uint32_t flags, int order)
{
    flr_task *task = made();

    ck_assert_int_eq(boardhost_relay(&h, task, list, flags, order, 0, 0), 0);
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

static void serves(int client)
{
    ck_assert_str_eq(asks(client), "t");
    ck_assert_int_eq(answers(client), FLR_OUTCOME_ACCEPTED);
}

/* What the client sends all the same is late, once. */
static void comes_late(int client)
{
    char late[40];

    snprintf(late, sizeof late, "unknown(%s,t)", boardhost_name(client));
    boardhost_trace(&h);
    ck_assert_str_eq(boardhost_check(&h, client, seen), "closed");
    ck_assert_int_eq(boardhost_answer(&h, client, "t", seen, 0), FLR_OUTCOME_LATE);
    ck_assert_int_eq(boardhost_answer(&h, client, "t", seen, 0), FLR_OUTCOME_DUPLICATE);
    ck_assert_str_eq(boardhost_trace(&h), late);
}

START_TEST(bd_24_a_send_ends_ok)
{
    for (int order = FLR_ORDER_SEQUENTIAL; order <= FLR_ORDER_ANY; order++) {
        flr_task *task = sent("12", order);

        ck_assert_ptr_null(boardhost_ask(&h, 1));
        ck_assert_str_eq(boardhost_trace(&h), "before(site-1) after(site-1) "
                                              "received(site-1,TASK_DATA_FILTER_ERROR) done(t,ok)");
        ck_assert_str_eq(boardhost_states(task), "site-1:closed");
        ck_assert_str_eq(asks(2), "NO_BLOCK");
        comes_late(1);
        flr_task_unref(task);
    }
    ck_assert_uint_eq(boardhost_stats(&h).tasks_ok, 2);
}
END_TEST

START_TEST(bd_24_an_option_cancels_it)
{
    flr_board_options o;
    flr_task *task;

    flr_board_options_init(&o, sizeof o);
    o.flags = FLR_BOARD_FLAG_CANCEL_ON_FILTER_ERROR;
    ck_assert_int_eq(flr_board_set_options(h.board, &o), 0);
    for (int relay = 0; relay < 2; relay++) {
        task = relay ? relayed("12", STATIC, FLR_ORDER_SEQUENTIAL) : sent("12", FLR_ORDER_ANY);
        ck_assert_ptr_null(boardhost_ask(&h, 1));
        ck_assert_str_eq(boardhost_trace(&h), "before(site-1) after(site-1) done(t,cancelled)");
        ck_assert_str_eq(boardhost_states(task), "site-1:closed");
        flr_task_unref(task);
    }
}
END_TEST

START_TEST(bd_24_the_waiting_legs_of_the_client_are_skipped)
{
    flr_task *task = relayed("12131", STATIC, FLR_ORDER_SEQUENTIAL);

    ck_assert_ptr_null(boardhost_ask(&h, 1));
    ck_assert_str_eq(boardhost_trace(&h), "before(site-1) after(site-1) "
                                          "received(site-1,TASK_DATA_FILTER_ERROR)");
    ck_assert_str_eq(boardhost_states(task), "site-1:closed");
    comes_late(1);
    ck_assert_str_eq(asks(1), "NO_BLOCK");
    ck_assert_str_eq(asks(2), "t");
    ck_assert_str_eq(asks(3), "BLOCK");
    ck_assert_str_eq(asks(1), "NO_BLOCK"); /* it is no longer held back */
    ck_assert_int_eq(answers(2), FLR_OUTCOME_ACCEPTED);
    refused = 0;
    ck_assert_str_eq(asks(1), "NO_BLOCK"); /* whatever the filter would say now */
    serves(3);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    ck_assert_str_eq(boardhost_states(task), "site-1:closed site-2:answered site-3:answered");
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_24_the_last_leg_counts_as_answered)
{
    for (int order = FLR_ORDER_SEQUENTIAL; order <= FLR_ORDER_ANY; order++) {
        flr_task *task = relayed("21", STATIC, order);

        serves(2);
        boardhost_trace(&h);
        ck_assert_ptr_null(boardhost_ask(&h, 1));
        ck_assert_str_eq(boardhost_trace(&h), "before(site-1) after(site-1) "
                                              "received(site-1,TASK_DATA_FILTER_ERROR) done(t,ok)");
        flr_task_unref(task);
    }
}
END_TEST

START_TEST(bd_24_nothing_but_legs_of_the_client)
{
    for (int order = FLR_ORDER_SEQUENTIAL; order <= FLR_ORDER_ANY; order++) {
        flr_task *task = relayed("111", STATIC, order);

        ck_assert_ptr_null(boardhost_ask(&h, 1));
        ck_assert_str_eq(boardhost_trace(&h), "before(site-1) after(site-1) "
                                              "received(site-1,TASK_DATA_FILTER_ERROR) done(t,ok)");
        flr_task_unref(task);
    }
}
END_TEST

START_TEST(bd_24_its_occurrences_are_gone_in_any_order)
{
    flr_task *task = relayed("112", STATIC, FLR_ORDER_ANY);

    ck_assert_ptr_null(boardhost_ask(&h, 1));
    ck_assert_str_eq(asks(1), "NO_BLOCK");
    ck_assert_str_eq(asks(2), "t");
    ck_assert_str_eq(asks(1), "NO_BLOCK");
    ck_assert_int_eq(answers(2), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_24_nobody_joins_twice)
{
    flr_task *task = relayed("2", 0, FLR_ORDER_ANY);

    ck_assert_ptr_null(boardhost_ask(&h, 1)); /* joins, and the filter fails */
    ck_assert_str_eq(asks(1), "NO_BLOCK");
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    serves(2);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

/* 1 is live, but not for this task, so nobody is left when 2 is gone. */
START_TEST(bd_24_the_client_is_not_live_for_the_task)
{
    for (int order = FLR_ORDER_SEQUENTIAL; order <= FLR_ORDER_ANY; order++) {
        flr_task *task;

        begin_with(2);
        task = relayed("121", 0, order);
        ck_assert_ptr_null(boardhost_ask(&h, 1));
        boardhost_dead(&h, 2);
        boardhost_trace(&h);
        boardhost_advance(&h, 29.999);
        ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
        boardhost_heartbeat(&h, 1);
        boardhost_advance(&h, 0.001);
        ck_assert_str_eq(boardhost_trace(&h), "done(t,client_dead)");
        flr_task_unref(task);
        end();
    }
}
END_TEST

START_TEST(bd_24_neither_its_death_nor_its_return_counts)
{
    flr_task *task;

    begin_with(5);
    task = made();
    ck_assert_int_eq(boardhost_relay(&h, task, "121345", STATIC, FLR_ORDER_SEQUENTIAL, 10.0, 0), 0);
    ck_assert_ptr_null(boardhost_ask(&h, 1));
    boardhost_advance(&h, 10.0); /* the window is 2 1 3, two of them count */
    boardhost_dead(&h, 1);
    ck_assert_str_eq(asks(4), "NO_BLOCK");
    boardhost_heartbeat(&h, 1);
    ck_assert_str_eq(asks(4), "NO_BLOCK");
    boardhost_trace(&h);
    boardhost_advance(&h, 39.999); /* so do four in SR-11 */
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    boardhost_advance(&h, 0.001);
    ck_assert_str_eq(boardhost_trace(&h), "done(t,ok)");
    flr_task_unref(task);
    end();
}
END_TEST

START_TEST(bd_24_nothing_happens_if_it_is_no_longer_open)
{
    flr_task *task = made();

    takes = 6.0;
    ck_assert_int_eq(boardhost_relay(&h, task, "121", STATIC, FLR_ORDER_SEQUENTIAL, 0, 5.0), 0);
    boardhost_trace(&h);
    ck_assert_ptr_null(boardhost_ask(&h, 1));
    ck_assert_str_eq(boardhost_trace(&h), "before(site-1) after(site-1)");
    ck_assert_str_eq(boardhost_states(task), "site-1:given_up");
    refused = 0;
    serves(2);
    serves(1); /* its other leg still waits */
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_16_the_client_is_told_of_later_tasks)
{
    for (int kind = 0; kind < 4; kind++) {
        int order = kind % 2 == 0 ? FLR_ORDER_SEQUENTIAL : FLR_ORDER_ANY;
        flr_task *task = kind < 2 ? sent("12", order) : relayed("112", STATIC, order);
        flr_task *later = boardhost_task(&h, "later", NULL);

        ck_assert_int_eq(boardhost_broadcast(&h, later, FLR_TARGETS_LIST, 1, 0, 0), 0);
        h.trace_ready = true;
        boardhost_trace(&h);
        ck_assert_ptr_null(boardhost_ask(&h, 1));
        ck_assert_msg(boardhost_told(boardhost_trace(&h), 1), "kind %d", kind);
        ck_assert_str_eq(flr_answer_get_name(boardhost_ask(&h, 1)), "later");
        h.trace_ready = false;
        ck_assert_int_eq(flr_board_cancel_all(h.board, 0), 0);
        flr_task_unref(task);
        flr_task_unref(later);
    }
}
END_TEST

START_TEST(rq_19_events)
{
    flr_task *task = sent("1", FLR_ORDER_SEQUENTIAL);

    h.trace_events = true;
    ck_assert_ptr_null(boardhost_ask(&h, 1));
    h.trace_events = false;
    ck_assert_str_eq(
        boardhost_trace(&h),
        "_before_process_task_request before(site-1) after(site-1) _after_process_task_request "
        "_before_task_data_filter received(site-1,TASK_DATA_FILTER_ERROR) done(t,ok)");
    flr_task_unref(task);
}
END_TEST

int main(void)
{
    const TTest *const rows[] = {
        bd_24_a_send_ends_ok,
        bd_24_an_option_cancels_it,
        bd_24_the_waiting_legs_of_the_client_are_skipped,
        bd_24_the_last_leg_counts_as_answered,
        bd_24_nothing_but_legs_of_the_client,
        bd_24_its_occurrences_are_gone_in_any_order,
        bd_24_nobody_joins_twice,
        bd_24_nothing_happens_if_it_is_no_longer_open,
        bd_16_the_client_is_told_of_later_tasks,
        rq_19_events,
    };
    const TTest *const own[] = {
        bd_24_the_client_is_not_live_for_the_task,
        bd_24_neither_its_death_nor_its_return_counts,
    };
    Suite *suite = suite_create("board, failing filters");
    TCase *tcase = tcase_create("rows"), *alone = tcase_create("own host");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, rows);
    SUITE_ADD(alone, own);
    suite_add_tcase(suite, tcase);
    suite_add_tcase(suite, alone);
    return suite_run(suite);
}
