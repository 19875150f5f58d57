/* Who is told that there may be something to fetch, by sends and relays. Row BD-16. Notices may be
 * spurious, so each test asks whether the needed one is among them. */
#include "boardhost.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATIC FLR_RELAY_FLAG_STATIC

static boardhost h;
static char ids[BOARDHOST_CLIENTS + 1][40]; /* of what each client was given last */

/* Whoever is reported dead is disconnected at once. */
static void begin(void)
{
    boardhost_init(&h, 4);
    h.grace = 0;
    h.trace_ready = true;
    boardhost_begin(&h);
    boardhost_trace(&h);
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
    return task;
}

static flr_task *relayed(const char *list, uint32_t flags, int order, double window)
{
    flr_task *task = boardhost_task(&h, "t", NULL);

    ck_assert_int_eq(boardhost_relay(&h, task, list, flags, order, window, 5.0), 0);
    return task;
}

/* Told since the last question; the driver's notices are out. */
static bool told(int client)
{
    boardhost_step(&h);
    return boardhost_told(boardhost_trace(&h), client);
}

/* It asks and gets nothing. */
static void in_vain(int client)
{
    ck_assert_ptr_null(boardhost_ask(&h, client));
}

static void takes(int client)
{
    boardhost_take(&h, client, ids[client]);
}

static void answers(int client)
{
    ck_assert_int_eq(boardhost_answer(&h, client, "t", ids[client], 0), FLR_OUTCOME_ACCEPTED);
    boardhost_step(&h);
}

/* A task behind all others, for clients 1 to 3. */
static flr_task *later(void)
{
    flr_task *task = boardhost_task(&h, "later", NULL);

    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_LIST, 3, 0, 0), 0);
    return task;
}

static const char *gets(int client)
{
    const flr_answer *answer = boardhost_ask(&h, client);

    return answer == NULL ? "" : flr_answer_get_name(answer);
}

/* ---- sends ---- */

START_TEST(bd_16_a_send_in_any_order)
{
    flr_task *task = sent("12", FLR_ORDER_ANY, 0);
    const char *trace = boardhost_trace(&h);

    ck_assert(boardhost_told(trace, 1));
    ck_assert(boardhost_told(trace, 2));
    takes(1);
    in_vain(2);
    boardhost_trace(&h);
    boardhost_dead(&h, 1);
    ck_assert(told(2)); /* a re-assignment */
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_16_a_window_that_grows)
{
    flr_task *task = sent("123", FLR_ORDER_SEQUENTIAL, 10.0);
    flr_step_result result;

    ck_assert(boardhost_told(boardhost_trace(&h), 1));
    in_vain(2);
    in_vain(3);
    boardhost_advance(&h, 4.0);
    flr_step_result_init(&result, sizeof result);
    ck_assert_int_eq(flr_runner_step(h.runner, &result), 0);
    ck_assert_int_gt(result.wait_ns, 0);
    ck_assert_int_le(result.wait_ns, 6 * SECOND); /* nobody else would tell them */
    boardhost_trace(&h);
    boardhost_advance(&h, 6.0);
    ck_assert(told(2));
    boardhost_advance(&h, 10.0);
    ck_assert(told(3));
    ck_assert_str_eq(gets(3), "t");
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_16_a_reassignment_inside_the_window)
{
    flr_task *task = sent("1234", FLR_ORDER_SEQUENTIAL, 10.0);

    boardhost_advance(&h, 15.0);
    takes(1);
    in_vain(2);
    in_vain(4);
    boardhost_trace(&h);
    boardhost_dead(&h, 1);
    ck_assert(told(2)); /* it was in the window all the time */
    boardhost_advance(&h, 5.0);
    ck_assert(told(4)); /* which goes on as before */
    ck_assert_str_eq(gets(4), "t");
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_16_the_first_target_dies_before_it_asks)
{
    flr_task *task = sent("12", FLR_ORDER_SEQUENTIAL, 0);

    in_vain(2);
    boardhost_trace(&h);
    boardhost_dead(&h, 1);
    ck_assert(told(2));
    ck_assert_str_eq(gets(2), "t");
    flr_task_unref(task);
}
END_TEST

/* 2 is held back from the task behind the send: until 1 takes it, or it ends. */
START_TEST(bd_16_a_send_that_no_longer_blocks)
{
    for (int how = 0; how < 2; how++) {
        flr_task *task = sent("12", FLR_ORDER_SEQUENTIAL, 0), *behind = later();

        in_vain(2);
        boardhost_trace(&h);
        if (how == 0) {
            takes(1);
        } else {
            ck_assert_int_eq(flr_task_cancel(task, 0), 0);
        }
        ck_assert(told(2));
        ck_assert_str_eq(gets(2), "later");
        ck_assert_int_eq(flr_board_cancel_all(h.board, 0), 0);
        flr_task_unref(task);
        flr_task_unref(behind);
    }
}
END_TEST

START_TEST(bd_16_a_send_that_the_next_target_takes)
{
    flr_task *task = sent("123", FLR_ORDER_SEQUENTIAL, 0), *behind = later();

    boardhost_dead(&h, 1);
    in_vain(3); /* it waits for 2 */
    boardhost_trace(&h);
    takes(2);
    ck_assert(told(3));
    ck_assert_str_eq(gets(3), "later");
    flr_task_unref(task);
    flr_task_unref(behind);
}
END_TEST

static int schedule_early(boardhost *host, flr_context *context)
{
    flr_task *a = boardhost_task(host, "a", NULL), *b = boardhost_task(host, "b", NULL);

    (void)context;
    ck_assert_int_eq(boardhost_send(host, a, "21", FLR_ORDER_SEQUENTIAL, 10.0), 0);
    ck_assert_int_eq(boardhost_relay(host, b, "34", STATIC, FLR_ORDER_SEQUENTIAL, 0, 0), 0);
    flr_task_unref(a);
    flr_task_unref(b);
    boardhost_note(host, "scheduled");
    return 0;
}

START_TEST(bd_16_when_the_gate_opens)
{
    const char *trace;

    boardhost_init(&h, 4);
    h.trace_ready = true;
    h.start = schedule_early;
    boardhost_begin(&h);
    trace = strstr(boardhost_trace(&h), "scheduled");
    ck_assert_ptr_nonnull(trace);
    ck_assert(boardhost_told(trace, 2));
    ck_assert(boardhost_told(trace, 3));
    end();
}
END_TEST

/* ---- relays ---- */

START_TEST(bd_16_the_next_leg)
{
    flr_task *task = relayed("123", STATIC, FLR_ORDER_SEQUENTIAL, 10.0);

    ck_assert(boardhost_told(boardhost_trace(&h), 1));
    in_vain(2);
    takes(1);
    in_vain(2);
    boardhost_trace(&h);
    answers(1);
    ck_assert(told(2)); /* a result */
    takes(2);
    in_vain(3);
    boardhost_trace(&h);
    boardhost_advance(&h, 5.0);
    ck_assert(told(3)); /* given up by the result timeout */
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_16_the_window_of_a_relay)
{
    flr_task *task = relayed("1234", STATIC, FLR_ORDER_SEQUENTIAL, 10.0);

    in_vain(2);
    in_vain(3);
    in_vain(4);
    boardhost_trace(&h);
    boardhost_advance(&h, 10.0);
    ck_assert(told(2));
    boardhost_dead(&h, 2); /* passed over */
    ck_assert(told(3));
    boardhost_advance(&h, 10.0);
    ck_assert(told(4));
    ck_assert_str_eq(gets(4), "t");
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_16_the_owner_of_a_leg_dies)
{
    for (int order = FLR_ORDER_SEQUENTIAL; order <= FLR_ORDER_ANY; order++) {
        flr_task *task = relayed("12", STATIC, order, 0);

        takes(1);
        in_vain(2);
        boardhost_trace(&h);
        boardhost_dead(&h, 1);
        ck_assert(told(2));
        ck_assert_str_eq(gets(2), "t");
        ck_assert_int_eq(flr_task_cancel(task, 0), 0);
        flr_task_unref(task);
    }
}
END_TEST

START_TEST(bd_16_a_relay_in_any_order)
{
    flr_task *task = relayed("1223", STATIC, FLR_ORDER_ANY, 0);
    const char *trace = boardhost_trace(&h);

    for (int i = 1; i <= 3; i++) {
        ck_assert(boardhost_told(trace, i));
    }
    takes(2);
    in_vain(1);
    in_vain(3);
    boardhost_trace(&h);
    answers(2);
    trace = boardhost_trace(&h);
    ck_assert(boardhost_told(trace, 1));
    ck_assert(boardhost_told(trace, 3));
    takes(1);
    in_vain(2);
    boardhost_trace(&h);
    boardhost_advance(&h, 5.0); /* given up */
    ck_assert(told(2));
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_16_whoever_may_join)
{
    flr_task *task;

    in_vain(4); /* before there was anything */
    task = relayed("", 0, FLR_ORDER_SEQUENTIAL, 0);
    ck_assert(told(4));
    ck_assert_int_eq(flr_task_cancel(task, 0), 0);
    flr_task_unref(task);
    boardhost_trace(&h);
    task = relayed("1", 0, FLR_ORDER_ANY, 0);
    ck_assert(told(4));
    takes(1);
    in_vain(4); /* joins */
    boardhost_trace(&h);
    answers(1);
    ck_assert(told(4));
    ck_assert_str_eq(gets(4), "t");
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_16_who_joined_is_next)
{
    flr_task *task = relayed("1", 0, FLR_ORDER_SEQUENTIAL, 0);

    in_vain(4);
    takes(1);
    boardhost_trace(&h);
    answers(1);
    ck_assert(told(4));
    ck_assert_str_eq(gets(4), "t");
    flr_task_unref(task);
}
END_TEST

/* Ask for client 1 inside a callback of its submission: its own context is in use. */
static int ask_meanwhile(void *self, flr_assignment *a, flr_context *context)
{
    const flr_answer *answer = NULL;

    (void)a, (void)context;
    ck_assert_int_eq(
        flr_runner_process_task_request(h.runner, "site-1", boardhost_context(&h, 8), &answer), 0);
    ck_assert_int_eq(flr_answer_get_kind(answer), FLR_ANSWER_TRY_AGAIN);
    boardhost_trace(self);
    return 0;
}

START_TEST(bd_16_refused_while_its_result_was_processed)
{
    for (int late = 0; late < 2; late++) {
        flr_task_options o;
        flr_task *task;

        boardhost_task_options(&h, &o);
        o.before_task_sent = o.after_task_sent = NULL;
        o.result_received = ask_meanwhile;
        task = boardhost_task(&h, "t", &o);
        ck_assert_int_eq(boardhost_relay(&h, task, "11", STATIC, FLR_ORDER_SEQUENTIAL, 0, 5.0), 0);
        takes(1);
        boardhost_advance(&h, late ? 5.0 : 4.0);
        answers(1);
        ck_assert(told(1));
        ck_assert_str_eq(gets(1), "t");
        ck_assert_int_eq(flr_task_cancel(task, 0), 0);
        flr_task_unref(task);
    }
}
END_TEST

/* 3 is held back from the task behind the relay while a leg is open. */
START_TEST(bd_16_a_relay_that_no_longer_blocks)
{
    for (int how = 0; how < 4; how++) {
        flr_task *task = relayed("123", STATIC, FLR_ORDER_SEQUENTIAL, 0), *behind = later();

        takes(1);
        in_vain(3);
        boardhost_trace(&h);
        switch (how) {
        case 0:
            answers(1);
            break;
        case 1:
            boardhost_dead(&h, 1);
            break;
        case 2:
            boardhost_advance(&h, 5.0);
            break;
        default:
            ck_assert_int_eq(flr_task_cancel(task, 0), 0);
        }
        ck_assert_msg(told(3), "case %d", how);
        ck_assert_str_eq(gets(3), "later");
        ck_assert_int_eq(flr_board_cancel_all(h.board, 0), 0);
        flr_task_unref(task);
        flr_task_unref(behind);
    }
}
END_TEST

int main(void)
{
    const TTest *const rows[] = {
        bd_16_a_send_in_any_order,
        bd_16_a_window_that_grows,
        bd_16_a_reassignment_inside_the_window,
        bd_16_the_first_target_dies_before_it_asks,
        bd_16_a_send_that_no_longer_blocks,
        bd_16_a_send_that_the_next_target_takes,
        bd_16_the_next_leg,
        bd_16_the_window_of_a_relay,
        bd_16_the_owner_of_a_leg_dies,
        bd_16_a_relay_in_any_order,
        bd_16_whoever_may_join,
        bd_16_who_joined_is_next,
        bd_16_refused_while_its_result_was_processed,
        bd_16_a_relay_that_no_longer_blocks,
    };
    const TTest *const own[] = {
        bd_16_when_the_gate_opens,
    };
    Suite *suite = suite_create("board, notices");
    TCase *tcase = tcase_create("rows"), *alone = tcase_create("own host");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, rows);
    SUITE_ADD(alone, own);
    suite_add_tcase(suite, tcase);
    suite_add_tcase(suite, alone);
    return suite_run(suite);
}
