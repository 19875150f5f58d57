/* Send: one of the targets, in list order through a window that grows with time, or whoever asks
 * first. Rows SE-01 to SE-04; of send BD-03, BD-04, BD-05, BD-08, BD-29. */
#include "boardhost.h"
#include "support/suite.h"

#include <check.h>
#include <math.h>
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

static const char *asks(int client)
{
    return boardhost_decision(&h, client, ids[client]);
}

static int answers(int client)
{
    return boardhost_answer(&h, client, "t", ids[client], client);
}

static int send_to(flr_task *task, const char *const *targets, size_t count, int64_t mode,
                   int64_t order, uint32_t flags)
{
    flr_send_options o;

    flr_send_options_init(&o, sizeof o);
    o.flags = flags;
    o.targets = targets;
    o.target_count = count;
    o.mode = mode;
    o.order = order;
    return flr_board_send(h.board, task, &o, boardhost_context(&h, 8));
}

/* ---- SE-01, BD-04, BD-05: arguments ---- */

static const char *const two[] = {"site-1", "site-2"};
static const char *const hole[] = {"site-1", NULL};
static const char *const empty[] = {"site-1", ""};
static const char *const stranger[] = {"site-1", "stranger"};
static char longest[257];
static const char *const too_long[] = {"site-1", longest};

typedef struct bad {
    const char *const *targets;
    size_t count;
    int64_t mode, order;
    uint32_t flags;
    double window;
    int expected;
} bad;

START_TEST(se_01_bad_arguments_schedule_nothing)
{
    static const bad cases[] = {
        {.expected = FLR_E_INVAL}, /* no list and no mode */
        {.mode = FLR_TARGETS_LIST, .expected = FLR_E_INVAL},
        {.targets = two, .expected = FLR_E_INVAL}, /* an empty list */
        {.targets = two, .mode = FLR_TARGETS_LIST, .expected = FLR_E_INVAL},
        {.count = 2, .mode = FLR_TARGETS_LIST, .expected = FLR_E_INVAL},
        {.order = FLR_ORDER_ANY, .expected = FLR_E_INVAL},
        {.mode = FLR_TARGETS_OPEN, .expected = FLR_E_INVAL}, /* only in any order */
        {two, 2, FLR_TARGETS_OPEN, FLR_ORDER_ANY, 0, 0, FLR_E_INVAL},
        {two, 2, FLR_TARGETS_SNAPSHOT, 0, 0, 0, FLR_E_INVAL},
        {.mode = 4, .expected = FLR_E_INVAL},
        {two, 2, -1, 0, 0, 0, FLR_E_INVAL},
        {two, 2, (INT64_C(1) << 32) + 1, 0, 0, 0, FLR_E_INVAL},
        {two, 2, 0, 2, 0, 0, FLR_E_INVAL},
        {two, 2, 0, -1, 0, 0, FLR_E_INVAL},
        {two, 2, 0, INT64_C(1) << 32, 0, 0, FLR_E_INVAL},
        {two, 2, 0, 0, FLR_RELAY_FLAG_STATIC, 0, FLR_E_INVAL},
        {two, 2, 0, 0, 1u << 31, 0, FLR_E_INVAL},
        {two, 2, 0, 0, 0, -0.001, FLR_E_INVAL},
        {two, 2, 0, 0, 0, (double)NAN, FLR_E_INVAL},
        {two, 2, 0, 0, 0, (double)INFINITY, FLR_E_INVAL},
        {two, 2, 0, 0, 0, -(double)INFINITY, FLR_E_INVAL},
        {two, 2, 0, FLR_ORDER_ANY, 0, -1.0, FLR_E_INVAL},
        {two, 2, 0, FLR_ORDER_ANY, 0, (double)NAN, FLR_E_INVAL},
        {two, 2, 0, 0, 0, 60.001, FLR_E_INVAL}, /* longer than the task's timeout */
        {two, 2, 0, FLR_ORDER_ANY, 0, 60.001, FLR_E_INVAL},
        {hole, 2, 0, 0, 0, 0, FLR_E_INVAL},
        {empty, 2, 0, 0, 0, 0, FLR_E_INVAL},
        {too_long, 2, 0, 0, 0, 0, FLR_E_LIMIT},
        {stranger, 2, 0, 0, 0, 0, FLR_E_NOTFOUND},
        {stranger, 2, 0, FLR_ORDER_ANY, 0, 0, FLR_E_NOTFOUND},
    };
    flr_task_options options;
    flr_send_options o;
    flr_task *task;

    memset(longest, 'x', 256);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const bad *c = &cases[i];
        int status;

        boardhost_task_options(&h, &options);
        options.timeout = 60.0;
        task = boardhost_task(&h, "t", &options);
        flr_send_options_init(&o, sizeof o);
        o.flags = c->flags;
        o.targets = c->targets;
        o.target_count = c->count;
        o.mode = c->mode;
        o.order = c->order;
        o.task_assignment_timeout = c->window;
        status = flr_board_send(h.board, task, &o, boardhost_context(&h, 8));
        ck_assert_msg(status == c->expected, "case %zu: %s", i, flr_status_get_name(status));
        ck_assert_str_ne(flr_context_get_detail(h.contexts[8]), "");
        ck_assert_uint_eq(flr_board_get_count(h.board), 0);
        ck_assert_int_eq(flr_task_get_kind(task), 0);
        ck_assert_int_eq(boardhost_send(&h, task, "12", FLR_ORDER_SEQUENTIAL, 60.0), 0);
        ck_assert_int_eq(flr_task_cancel(task, 0), 0);
        flr_task_unref(task);
    }
}
END_TEST

START_TEST(se_01_pointers_sizes_and_reused_tasks)
{
    flr_task *task = boardhost_task(&h, "t", NULL), *other;
    flr_task_options options;
    flr_send_options o;

    flr_send_options_init(NULL, sizeof o);
    flr_send_options_init(&o, sizeof o);
    o.targets = two;
    o.target_count = 2;
    ck_assert_int_eq(flr_board_send(NULL, task, &o, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_board_send(h.board, NULL, &o, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_board_send(h.board, task, NULL, NULL), FLR_E_INVAL);
    o.struct_size = 4;
    ck_assert_int_eq(flr_board_send(h.board, task, &o, NULL), FLR_E_ABI);
    ck_assert_uint_eq(flr_board_get_count(h.board), 0);
    o.struct_size = sizeof o;
    ck_assert_int_eq(flr_board_send(h.board, task, &o, NULL), 0);
    ck_assert_int_eq(flr_task_get_kind(task), FLR_KIND_SEND);
    ck_assert_int_eq(flr_board_send(h.board, task, &o, NULL), FLR_E_STATE);
    ck_assert_uint_eq(flr_board_get_count(h.board), 1);
    ck_assert_int_eq(flr_task_cancel(task, 0), 0);
    ck_assert_int_eq(flr_board_send(h.board, task, &o, NULL), FLR_E_STATE); /* for once */
    boardhost_task_options(&h, &options);
    options.number = 0; /* the first task had it */
    other = boardhost_task(&h, "t", &options);
    ck_assert_int_eq(flr_board_send(h.board, other, &o, NULL), FLR_E_EXISTS);
    ck_assert_uint_eq(flr_board_get_count(h.board), 0);
    flr_task_unref(other);
    other = boardhost_task(&h, "t", NULL);
    o.order = FLR_ORDER_ANY;
    ck_assert_int_eq(flr_board_send(h.board, other, &o, NULL), 0);
    ck_assert_int_eq(flr_task_get_kind(other), FLR_KIND_SEND_ANY);
    flr_task_unref(other);
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_03_not_after_the_workflow)
{
    flr_task *task;

    begin();
    boardhost_close(&h);
    task = boardhost_task(&h, "t", NULL);
    ck_assert_int_eq(boardhost_send(&h, task, "1", FLR_ORDER_ANY, 0), FLR_E_STATE);
    ck_assert_uint_eq(flr_board_get_count(h.board), 0);
    flr_task_unref(task);
    boardhost_free(&h);
}
END_TEST

START_TEST(bd_05_unknown_targets_need_the_flag)
{
    flr_task *task = boardhost_task(&h, "t", NULL);
    static const char *const first[] = {"stranger", "site-1"};

    ck_assert_int_eq(send_to(task, first, 2, 0, 0, 0), FLR_E_NOTFOUND);
    ck_assert_ptr_nonnull(strstr(flr_context_get_detail(h.contexts[8]), "stranger"));
    ck_assert_int_eq(send_to(task, first, 2, 0, 0, FLR_TARGETS_FLAG_ALLOW_UNKNOWN), 0);
    /* nobody has said that it is gone: it is the first live target */
    ck_assert_str_eq(asks(1), "BLOCK");
    ck_assert_int_eq(flr_runner_handle_dead_job(h.runner, "stranger"), 0);
    ck_assert_str_eq(asks(1), "t");
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_04_a_snapshot_in_the_engines_order)
{
    flr_task *task = boardhost_task(&h, "t", NULL);

    h.clients = 2;
    ck_assert_int_eq(send_to(task, NULL, 0, FLR_TARGETS_SNAPSHOT, 0, 0), 0);
    ck_assert_int_eq(flr_runner_add_client(h.runner, "site-4", NULL), 0);
    ck_assert_str_eq(asks(4), "NO_BLOCK"); /* it came later: no target */
    ck_assert_str_eq(asks(2), "BLOCK");
    ck_assert_str_eq(asks(1), "t");
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_05_a_snapshot_of_nobody)
{
    flr_task *task = boardhost_task(&h, "t", NULL);

    h.clients = 0;
    ck_assert_int_eq(send_to(task, NULL, 0, FLR_TARGETS_SNAPSHOT, 0, 0), FLR_E_NOTFOUND);
    ck_assert_int_eq(send_to(task, NULL, 0, FLR_TARGETS_SNAPSHOT, FLR_ORDER_ANY, 0),
                     FLR_E_NOTFOUND);
    ck_assert_uint_eq(flr_board_get_count(h.board), 0);
    ck_assert_int_eq(send_to(task, NULL, 0, FLR_TARGETS_OPEN, FLR_ORDER_ANY, 0), 0);
    flr_task_unref(task);
}
END_TEST

/* ---- SE-02, SE-03 ---- */

START_TEST(se_02_at_most_one_is_open_and_its_result_ends_it)
{
    flr_task *task = sent("12", FLR_ORDER_SEQUENTIAL, 10.0);
    char again[40];

    ck_assert_str_eq(asks(1), "t");
    boardhost_advance(&h, 15.0);
    ck_assert_str_eq(asks(2), "NO_BLOCK"); /* whatever the window is */
    ck_assert_str_eq(asks(3), "NO_BLOCK");
    ck_assert_str_eq(boardhost_take(&h, 1, again), ids[1]); /* BD-06 */
    ck_assert_int_eq(boardhost_answer(&h, 2, "t", ids[1], 0), FLR_OUTCOME_WRONG_CLIENT);
    ck_assert_int_eq(boardhost_answer(&h, 1, "u", ids[1], 0), FLR_OUTCOME_WRONG_TASK_NAME);
    ck_assert_str_eq(boardhost_states(task), "site-1:open");
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_trace(&h), "before(site-1) after(site-1) before(site-1) "
                                          "after(site-1) received(site-1) done(t,ok)");
    ck_assert_str_eq(boardhost_states(task), "site-1:answered");
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    ck_assert_uint_eq(flr_board_get_count(h.board), 0);
    ck_assert_int_eq(answers(1), FLR_OUTCOME_DUPLICATE);
    ck_assert_str_eq(asks(2), "NO_BLOCK");
    ck_assert_str_eq(boardhost_trace(&h), "");
    flr_task_unref(task);
}
END_TEST

START_TEST(se_03_the_first_that_asks)
{
    flr_task *task = sent("12", FLR_ORDER_ANY, 0);

    ck_assert_str_eq(asks(3), "NO_BLOCK"); /* no target */
    ck_assert_str_eq(asks(2), "t");
    ck_assert_str_eq(asks(1), "NO_BLOCK");
    ck_assert_int_eq(answers(2), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_trace(&h),
                     "before(site-2) after(site-2) received(site-2) done(t,ok)");
    flr_task_unref(task);
}
END_TEST

START_TEST(se_03_open_is_for_whoever_comes)
{
    flr_task *task = boardhost_task(&h, "t", NULL);

    ck_assert_int_eq(send_to(task, NULL, 0, FLR_TARGETS_OPEN, FLR_ORDER_ANY, 0), 0);
    ck_assert_str_eq(asks(8), "t"); /* nobody knew it */
    ck_assert_str_eq(asks(1), "NO_BLOCK");
    boardhost_dead(&h, 8);
    ck_assert_str_eq(asks(2), "t"); /* SE-05 */
    ck_assert_int_eq(answers(8), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_states(task), "site-8:answered site-2:closed");
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(se_03_a_snapshot)
{
    flr_task *task = boardhost_task(&h, "t", NULL);

    ck_assert_int_eq(send_to(task, NULL, 0, FLR_TARGETS_SNAPSHOT, FLR_ORDER_ANY, 0), 0);
    ck_assert_str_eq(asks(5), "NO_BLOCK");
    ck_assert_str_eq(asks(4), "t");
    flr_task_unref(task);
}
END_TEST

/* ---- SE-04: the window ---- */

START_TEST(se_04_one_more_each_time_from_scheduling)
{
    flr_task *task = sent("132", FLR_ORDER_SEQUENTIAL, 10.0);

    ck_assert_str_eq(asks(4), "NO_BLOCK"); /* no target */
    ck_assert_str_eq(asks(2), "BLOCK");
    ck_assert_str_eq(asks(3), "BLOCK");
    boardhost_advance(&h, 9.999);
    ck_assert_str_eq(asks(3), "BLOCK");
    boardhost_advance(&h, 0.001);
    ck_assert_str_eq(asks(2), "BLOCK");
    boardhost_advance(&h, 9.999);
    ck_assert_str_eq(asks(2), "BLOCK");
    ck_assert_int_eq(flr_clock_advance(h.clock, 0.001),
                     0); /* nobody steps: it counts all the same */
    ck_assert_str_eq(asks(2), "t");
    ck_assert_str_eq(asks(1), "NO_BLOCK");
    flr_task_unref(task);
}
END_TEST

START_TEST(se_04_the_second_in_its_time)
{
    flr_task *task = sent("132", FLR_ORDER_SEQUENTIAL, 10.0);

    boardhost_advance(&h, 10.0);
    ck_assert_str_eq(asks(3), "t");
    flr_task_unref(task);
}
END_TEST

START_TEST(se_04_without_a_timeout_the_first_only)
{
    flr_task *task = sent("21", FLR_ORDER_SEQUENTIAL, 0);

    boardhost_advance(&h, 1e6);
    ck_assert_str_eq(asks(1), "BLOCK");
    ck_assert_str_eq(asks(2), "t");
    flr_task_unref(task);
}
END_TEST

START_TEST(se_04_repeated_names_count_once)
{
    flr_task *task = sent("112132", FLR_ORDER_SEQUENTIAL, 10.0);

    boardhost_advance(&h, 10.0);
    ck_assert_str_eq(asks(3), "BLOCK");
    ck_assert_str_eq(asks(2), "t");
    flr_task_unref(task);
}
END_TEST

START_TEST(se_04_only_live_targets_count)
{
    flr_task *task = sent("1234", FLR_ORDER_SEQUENTIAL, 10.0);

    boardhost_dead(&h, 1);
    ck_assert_str_eq(asks(3), "BLOCK");
    boardhost_advance(&h, 10.0);
    ck_assert_str_eq(asks(4), "BLOCK"); /* 2 and 3 may */
    boardhost_dead(&h, 2);              /* 3 and 4 */
    boardhost_heartbeat(&h, 1);         /* 1 and 3: it is the first again */
    ck_assert_str_eq(asks(4), "BLOCK");
    boardhost_heartbeat(&h, 2); /* 1 and 2 */
    ck_assert_str_eq(asks(3), "BLOCK");
    boardhost_dead(&h, 1);
    ck_assert_str_eq(asks(3), "t");
    flr_task_unref(task);
}
END_TEST

START_TEST(se_04_who_asks_is_live)
{
    flr_task *task = sent("12", FLR_ORDER_SEQUENTIAL, 0);

    boardhost_dead(&h, 1);
    ck_assert_str_eq(asks(1), "t"); /* credited first: the first live target again */
    ck_assert_str_eq(asks(2), "NO_BLOCK");
    flr_task_unref(task);
}
END_TEST

START_TEST(se_04_odd_windows)
{
    flr_task *task = sent("12", FLR_ORDER_SEQUENTIAL, 1e300);

    boardhost_advance(&h, 1e9);
    ck_assert_str_eq(asks(2), "BLOCK");
    ck_assert_str_eq(asks(1), "t");
    flr_task_cancel(task, 0);
    flr_task_unref(task);
    task = sent("123", FLR_ORDER_SEQUENTIAL, 1e-9); /* very many windows have passed */
    boardhost_advance(&h, 1e9);
    ck_assert_str_eq(asks(3), "t");
    flr_task_cancel(task, 0);
    flr_task_unref(task);
    task = sent("12", FLR_ORDER_SEQUENTIAL, 1e-12); /* less than the clock can tell */
    ck_assert_str_eq(asks(1), "t");
    flr_task_unref(task);
}
END_TEST

/* ---- BD-08 ---- */

START_TEST(bd_08_non_blocking)
{
    flr_task_options o;
    flr_task *task;

    boardhost_task_options(&h, &o);
    o.flags = FLR_TASK_FLAG_NON_BLOCKING;
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_send(&h, task, "12", FLR_ORDER_SEQUENTIAL, 10.0), 0);
    ck_assert_str_eq(asks(2), "NO_BLOCK");
    boardhost_advance(&h, 10.0);
    ck_assert_str_eq(asks(2), "t"); /* its turn comes all the same */
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_08_a_block_hides_no_resend)
{
    flr_task *task = sent("123", FLR_ORDER_SEQUENTIAL, 0);
    flr_task *other = boardhost_task(&h, "other", NULL);
    char again[40], id[40];

    ck_assert_int_eq(boardhost_broadcast(&h, other, 0, 0, 0, 0), 0);
    ck_assert_str_eq(asks(1), "t");
    boardhost_take(&h, 3, id); /* the other one, while the first is in work */
    boardhost_dead(&h, 1);     /* now it waits for 2 */
    ck_assert_str_eq(boardhost_take(&h, 3, again), id);
    ck_assert_int_eq(boardhost_answer(&h, 3, "other", id, 0), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(asks(3), "BLOCK");
    flr_task_unref(task);
    flr_task_unref(other);
}
END_TEST

/* ---- BD-29 ---- */

START_TEST(bd_29_the_task_times_out_in_the_middle_of_a_window)
{
    flr_task_options o;
    flr_task *task;

    for (int taken = 0; taken < 2; taken++) {
        boardhost_task_options(&h, &o);
        o.timeout = 15.0;
        task = boardhost_task(&h, "t", &o);
        ck_assert_int_eq(boardhost_send(&h, task, "123", FLR_ORDER_SEQUENTIAL, 10.0), 0);
        if (taken) {
            ck_assert_str_eq(asks(1), "t");
        }
        boardhost_trace(&h);
        boardhost_advance(&h, 14.999);
        ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
        boardhost_advance(&h, 0.001);
        ck_assert_str_eq(boardhost_trace(&h), "done(t,timeout)");
        ck_assert_str_eq(boardhost_states(task), taken ? "site-1:closed" : "");
        ck_assert_str_eq(asks(2), "NO_BLOCK");
        flr_task_unref(task);
    }
    ck_assert_int_eq(answers(1), FLR_OUTCOME_LATE);
}
END_TEST

int main(void)
{
    const TTest *const rows[] = {
        se_01_bad_arguments_schedule_nothing,
        se_01_pointers_sizes_and_reused_tasks,
        bd_05_unknown_targets_need_the_flag,
        bd_04_a_snapshot_in_the_engines_order,
        bd_05_a_snapshot_of_nobody,
        se_02_at_most_one_is_open_and_its_result_ends_it,
        se_03_the_first_that_asks,
        se_03_open_is_for_whoever_comes,
        se_03_a_snapshot,
        se_04_one_more_each_time_from_scheduling,
        se_04_the_second_in_its_time,
        se_04_without_a_timeout_the_first_only,
        se_04_repeated_names_count_once,
        se_04_only_live_targets_count,
        se_04_who_asks_is_live,
        se_04_odd_windows,
        bd_08_non_blocking,
        bd_08_a_block_hides_no_resend,
        bd_29_the_task_times_out_in_the_middle_of_a_window,
    };
    const TTest *const own[] = {
        bd_03_not_after_the_workflow,
    };
    Suite *suite = suite_create("board send");
    TCase *tcase = tcase_create("rows"), *alone = tcase_create("own host");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, rows);
    SUITE_ADD(alone, own);
    suite_add_tcase(suite, tcase);
    suite_add_tcase(suite, alone);
    return suite_run(suite);
}
