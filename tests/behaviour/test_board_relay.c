/* Sequential relay: arguments, the order of the legs, and who joins. Rows SR-01 to SR-03; of relays
 * BD-03 to BD-05, BD-08, BD-09, BD-29. */
#include "boardhost.h"
#include "support/suite.h"

#include <check.h>
#include <math.h>
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

static int relay_to(flr_task *task, const char *const *targets, size_t count, int64_t mode,
                    uint32_t flags)
{
    flr_relay_options o;

    flr_relay_options_init(&o, sizeof o);
    o.flags = flags;
    o.targets = targets;
    o.target_count = count;
    o.mode = mode;
    return flr_board_relay(h.board, task, &o, boardhost_context(&h, 8));
}

/* ---- SR-01, BD-04, BD-05: arguments ---- */

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
    double window, result;
    int expected;
} bad;

static const bad bad_cases[] = {
    {.flags = STATIC, .expected = FLR_E_INVAL}, /* no list and no mode */
    {.flags = STATIC, .mode = FLR_TARGETS_LIST, .expected = FLR_E_INVAL},
    {.targets = two, .flags = STATIC, .expected = FLR_E_INVAL}, /* an empty list */
    {.targets = two, .mode = FLR_TARGETS_LIST, .flags = STATIC, .expected = FLR_E_INVAL},
    {.mode = FLR_TARGETS_OPEN, .flags = STATIC, .expected = FLR_E_INVAL},
    {.mode = FLR_TARGETS_OPEN, .flags = STATIC, .order = FLR_ORDER_ANY, .expected = FLR_E_INVAL},
    {.flags = STATIC, .order = FLR_ORDER_ANY, .expected = FLR_E_INVAL},
    {.count = 2, .expected = FLR_E_INVAL},
    {two, 2, FLR_TARGETS_OPEN, 0, 0, 0, 0, FLR_E_INVAL},
    {two, 2, FLR_TARGETS_SNAPSHOT, 0, 0, 0, 0, FLR_E_INVAL},
    {.mode = 4, .expected = FLR_E_INVAL},
    {two, 2, -1, 0, 0, 0, 0, FLR_E_INVAL},
    {two, 2, (INT64_C(1) << 32) + 1, 0, 0, 0, 0, FLR_E_INVAL},
    {two, 2, 0, 2, 0, 0, 0, FLR_E_INVAL},
    {two, 2, 0, -1, 0, 0, 0, FLR_E_INVAL},
    {two, 2, 0, INT64_C(1) << 32, 0, 0, 0, FLR_E_INVAL},
    {two, 2, 0, 0, 4, 0, 0, FLR_E_INVAL},
    {two, 2, 0, 0, 1u << 31, 0, 0, FLR_E_INVAL},
    {two, 2, 0, 0, 0, -0.001, 0, FLR_E_INVAL},
    {two, 2, 0, 0, 0, (double)NAN, 0, FLR_E_INVAL},
    {two, 2, 0, 0, 0, (double)INFINITY, 0, FLR_E_INVAL},
    {two, 2, 0, 0, 0, -(double)INFINITY, 0, FLR_E_INVAL},
    {two, 2, 0, FLR_ORDER_ANY, 0, -1.0, 0, FLR_E_INVAL},
    {two, 2, 0, FLR_ORDER_ANY, 0, (double)NAN, 0, FLR_E_INVAL},
    {two, 2, 0, 0, 0, 0, -0.001, FLR_E_INVAL},
    {two, 2, 0, 0, 0, 0, (double)NAN, FLR_E_INVAL},
    {two, 2, 0, 0, 0, 0, (double)INFINITY, FLR_E_INVAL},
    {two, 2, 0, FLR_ORDER_ANY, 0, 0, -(double)INFINITY, FLR_E_INVAL},
    {two, 2, 0, 0, 0, 60.001, 0, FLR_E_INVAL}, /* longer than the task's timeout */
    {two, 2, 0, 0, 0, 0, 60.001, FLR_E_INVAL},
    {two, 2, 0, FLR_ORDER_ANY, 0, 60.001, 0, FLR_E_INVAL},
    {two, 2, 0, FLR_ORDER_ANY, 0, 0, 60.001, FLR_E_INVAL},
    {hole, 2, 0, 0, 0, 0, 0, FLR_E_INVAL},
    {empty, 2, 0, 0, 0, 0, 0, FLR_E_INVAL},
    {too_long, 2, 0, 0, 0, 0, 0, FLR_E_LIMIT},
    {stranger, 2, 0, 0, 0, 0, 0, FLR_E_NOTFOUND},
    {stranger, 2, 0, FLR_ORDER_ANY, STATIC, 0, 0, FLR_E_NOTFOUND},
};

START_TEST(sr_01_bad_arguments_schedule_nothing)
{
    flr_task_options options;
    flr_relay_options o;
    flr_task *task;

    memset(longest, 'x', 256);
    for (size_t i = 0; i < sizeof bad_cases / sizeof *bad_cases; i++) {
        const bad *c = &bad_cases[i];
        int status;

        boardhost_task_options(&h, &options);
        options.timeout = 60.0;
        task = boardhost_task(&h, "t", &options);
        flr_relay_options_init(&o, sizeof o);
        o.flags = c->flags;
        o.targets = c->targets;
        o.target_count = c->count;
        o.mode = c->mode;
        o.order = c->order;
        o.task_assignment_timeout = c->window;
        o.task_result_timeout = c->result;
        status = flr_board_relay(h.board, task, &o, boardhost_context(&h, 8));
        ck_assert_msg(status == c->expected, "case %zu: %s", i, flr_status_get_name(status));
        ck_assert_str_ne(flr_context_get_detail(h.contexts[8]), "");
        ck_assert_uint_eq(flr_board_get_count(h.board), 0);
        ck_assert_int_eq(flr_task_get_kind(task), 0);
        ck_assert_int_eq(boardhost_relay(&h, task, "12", STATIC, FLR_ORDER_SEQUENTIAL, 60.0, 60.0),
                         0);
        ck_assert_int_eq(flr_task_cancel(task, 0), 0);
        flr_task_unref(task);
    }
}
END_TEST

START_TEST(sr_01_pointers_sizes_and_reused_tasks)
{
    flr_task *task = boardhost_task(&h, "t", NULL), *other;
    flr_relay_options o;

    flr_relay_options_init(NULL, sizeof o);
    flr_relay_options_init(&o, sizeof o);
    ck_assert_int_eq(flr_board_relay(NULL, task, &o, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_board_relay(h.board, NULL, &o, NULL), FLR_E_INVAL);
    o.struct_size = 4;
    ck_assert_int_eq(flr_board_relay(h.board, task, &o, NULL), FLR_E_ABI);
    ck_assert_uint_eq(flr_board_get_count(h.board), 0);
    o.struct_size = sizeof o;
    ck_assert_int_eq(flr_board_relay(h.board, task, &o, NULL), 0);
    ck_assert_int_eq(flr_task_get_kind(task), FLR_KIND_RELAY);
    ck_assert_int_eq(flr_board_relay(h.board, task, &o, NULL), FLR_E_STATE);
    ck_assert_uint_eq(flr_board_get_count(h.board), 1);
    ck_assert_int_eq(flr_task_cancel(task, 0), 0);
    ck_assert_int_eq(flr_board_relay(h.board, task, &o, NULL), FLR_E_STATE); /* for once */
    ck_assert_uint_eq(flr_board_get_count(h.board), 0);
    other = boardhost_task(&h, "t", NULL);
    o.order = FLR_ORDER_ANY;
    ck_assert_int_eq(flr_board_relay(h.board, other, &o, NULL), 0);
    ck_assert_int_eq(flr_task_get_kind(other), FLR_KIND_RELAY_ANY);
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
    ck_assert_int_eq(flr_board_relay(h.board, task, NULL, NULL), FLR_E_STATE);
    ck_assert_uint_eq(flr_board_get_count(h.board), 0);
    flr_task_unref(task);
    boardhost_free(&h);
}
END_TEST

START_TEST(bd_05_unknown_targets_need_the_flag)
{
    flr_task *task = boardhost_task(&h, "t", NULL);
    static const char *const list[] = {"stranger", "site-1"};

    ck_assert_int_eq(relay_to(task, list, 2, 0, 0), FLR_E_NOTFOUND);
    ck_assert_ptr_nonnull(strstr(flr_context_get_detail(h.contexts[8]), "stranger"));
    ck_assert_uint_eq(flr_board_get_count(h.board), 0);
    ck_assert_int_eq(relay_to(task, list, 2, 0, STATIC | FLR_TARGETS_FLAG_ALLOW_UNKNOWN), 0);
    ck_assert_str_eq(asks(1), "NO_BLOCK"); /* nobody has said that the stranger is gone */
    ck_assert_int_eq(flr_runner_handle_dead_job(h.runner, "stranger"), 0);
    ck_assert_str_eq(asks(1), "t");
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_04_a_snapshot_in_the_engines_order)
{
    flr_task *task = boardhost_task(&h, "t", NULL);

    h.clients = 2;
    ck_assert_int_eq(relay_to(task, NULL, 0, FLR_TARGETS_SNAPSHOT, STATIC), 0);
    ck_assert_int_eq(flr_runner_add_client(h.runner, "site-4", NULL), 0);
    ck_assert_str_eq(asks(4), "NO_BLOCK");
    serves(1);
    serves(2);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_04_by_default_a_dynamic_snapshot)
{
    flr_task *task = boardhost_task(&h, "t", NULL);

    h.clients = 2;
    ck_assert_int_eq(flr_board_relay(h.board, task, NULL, NULL), 0);
    ck_assert_str_eq(asks(3), "NO_BLOCK"); /* it joins */
    serves(1);
    serves(2);
    serves(3);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_05_a_snapshot_of_nobody)
{
    flr_task *task = boardhost_task(&h, "t", NULL);

    h.clients = 0;
    ck_assert_int_eq(relay_to(task, NULL, 0, FLR_TARGETS_SNAPSHOT, STATIC), FLR_E_NOTFOUND);
    ck_assert_uint_eq(flr_board_get_count(h.board), 0);
    ck_assert_int_eq(relay_to(task, NULL, 0, FLR_TARGETS_SNAPSHOT, 0), 0); /* it waits */
    boardhost_advance(&h, 1e6);
    ck_assert_int_eq(flr_runner_add_client(h.runner, "site-7", NULL), 0);
    ck_assert_int_eq(flr_runner_remove_client(h.runner, "site-7"), 0);
    boardhost_step(&h);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    serves(8);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

/* ---- SR-02: the order ---- */

START_TEST(sr_02_leg_by_leg_in_list_order)
{
    flr_task *task = relayed("1213", STATIC, 0, 0);
    char first[40], again[40];

    ck_assert_str_eq(asks(2), "NO_BLOCK"); /* SR-06: listed, outside the window */
    ck_assert_str_eq(asks(3), "NO_BLOCK");
    ck_assert_str_eq(asks(1), "t");
    snprintf(first, sizeof first, "%s", ids[1]);
    ck_assert_str_eq(boardhost_take(&h, 1, again), first); /* BD-06 */
    ck_assert_str_eq(asks(2), "BLOCK");
    ck_assert_str_eq(asks(3), "BLOCK");
    ck_assert_str_eq(asks(4), "NO_BLOCK"); /* SR-03: no target */
    ck_assert_int_eq(boardhost_answer(&h, 2, "t", ids[1], 0), FLR_OUTCOME_WRONG_CLIENT);
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(asks(1), "NO_BLOCK"); /* its second leg is not next */
    ck_assert_str_eq(asks(3), "NO_BLOCK");
    serves(2);
    ck_assert_str_eq(asks(1), "t");
    ck_assert_str_ne(ids[1], first);
    ck_assert_str_eq(boardhost_check(&h, 1, first), "already received");
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", first, 0), FLR_OUTCOME_DUPLICATE);
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    serves(3);
    ck_assert_str_eq(boardhost_trace(&h), "before(site-1) after(site-1) "
                                          "before(site-1) after(site-1) received(site-1) "
                                          "before(site-2) after(site-2) received(site-2) "
                                          "before(site-1) after(site-1) received(site-1) "
                                          "before(site-3) after(site-3) received(site-3) "
                                          "done(t,ok)");
    ck_assert_str_eq(boardhost_states(task),
                     "site-1:answered site-2:answered site-1:answered site-3:answered");
    ck_assert_uint_eq(boardhost_stats(&h).tasks_ok, 1);
    flr_task_unref(task);
}
END_TEST

/* ---- SR-03: who joins ---- */

START_TEST(sr_03_whoever_asks_gets_a_last_leg)
{
    flr_task *task = relayed("1", 0, 0, 0);

    ck_assert_str_eq(asks(3), "NO_BLOCK"); /* listed now, behind 1 */
    ck_assert_str_eq(asks(3), "NO_BLOCK"); /* and not twice */
    ck_assert_str_eq(asks(1), "t");
    ck_assert_str_eq(asks(2), "BLOCK"); /* listed as well */
    ck_assert_str_eq(asks(8), "BLOCK"); /* nobody has to know it */
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(asks(1), "NO_BLOCK"); /* its leg is done, it gets no other */
    ck_assert_str_eq(asks(2), "NO_BLOCK");
    serves(3);
    serves(2);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    serves(8);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    ck_assert_str_eq(boardhost_states(task),
                     "site-1:answered site-3:answered site-2:answered site-8:answered");
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_03_an_empty_dynamic_list_waits)
{
    for (int open = 0; open < 2; open++) {
        flr_task *task = boardhost_task(&h, "t", NULL);

        if (open) {
            ck_assert_int_eq(relay_to(task, NULL, 0, FLR_TARGETS_OPEN, 0), 0);
        } else {
            ck_assert_int_eq(relay_to(task, two, 0, FLR_TARGETS_LIST, 0), 0);
        }
        boardhost_advance(&h, 1e6);
        boardhost_dead(&h, 4);
        boardhost_step(&h);
        ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
        ck_assert_str_eq(asks(2), "t"); /* joins and is next */
        ck_assert_str_eq(asks(3), "BLOCK");
        ck_assert_int_eq(answers(2), FLR_OUTCOME_ACCEPTED);
        serves(3);
        ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
        flr_task_unref(task);
    }
}
END_TEST

START_TEST(sr_03_only_whom_the_search_reaches)
{
    flr_task *before = boardhost_task(&h, "before", NULL), *task;

    ck_assert_int_eq(boardhost_relay(&h, before, "12", STATIC, FLR_ORDER_SEQUENTIAL, 0, 0), 0);
    task = relayed("3", 0, 0, 0);
    ck_assert_str_eq(asks(1), "before");
    ck_assert_str_eq(asks(1), "before"); /* a re-send */
    ck_assert_str_eq(asks(2), "BLOCK");  /* by the first relay */
    serves(3);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK); /* neither 1 nor 2 joined */
    flr_task_unref(before);
    flr_task_unref(task);
}
END_TEST

static int ask_in_done(void *self, flr_task *task, flr_context *context)
{
    (void)task, (void)context;
    boardhost_note(self, "2:%s", boardhost_decision(self, 2, NULL));
    return 0;
}

START_TEST(sr_03_the_end_freezes_the_list)
{
    flr_task_options o;
    flr_task *task;

    boardhost_task_options(&h, &o);
    o.before_task_sent = o.after_task_sent = NULL;
    o.task_done = ask_in_done;
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_relay(&h, task, "1", 0, FLR_ORDER_SEQUENTIAL, 0, 0), 0);
    boardhost_trace(&h);
    serves(1);
    ck_assert_str_eq(boardhost_trace(&h), "received(site-1) 2:NO_BLOCK");
    ck_assert_str_eq(asks(3), "NO_BLOCK");
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    ck_assert_str_eq(boardhost_states(task), "site-1:answered");
    flr_task_unref(task);
}
END_TEST

START_TEST(sr_03_static_refuses)
{
    flr_task *task = relayed("1", STATIC, 0, 0);

    ck_assert_str_eq(asks(3), "NO_BLOCK");
    ck_assert_str_eq(asks(1), "t");
    ck_assert_str_eq(asks(3), "NO_BLOCK");
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

/* ---- BD-08, BD-09, BD-29 ---- */

START_TEST(bd_08_non_blocking)
{
    flr_task_options o;
    flr_task *task;

    boardhost_task_options(&h, &o);
    o.flags = FLR_TASK_FLAG_NON_BLOCKING;
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_relay(&h, task, "12", 0, FLR_ORDER_SEQUENTIAL, 0, 0), 0);
    ck_assert_str_eq(asks(1), "t");
    ck_assert_str_eq(asks(2), "NO_BLOCK");
    ck_assert_str_eq(asks(3), "NO_BLOCK"); /* it joins all the same */
    ck_assert_int_eq(answers(1), FLR_OUTCOME_ACCEPTED);
    serves(2);
    serves(3);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_08_a_block_hides_no_resend)
{
    flr_task *task = relayed("12", STATIC, 0, 0), *other = boardhost_task(&h, "other", NULL);
    char id[40], again[40];

    ck_assert_int_eq(boardhost_broadcast(&h, other, 0, 0, 0, 0), 0);
    boardhost_take(&h, 2, id);
    ck_assert_str_eq(asks(1), "t");
    ck_assert_str_eq(boardhost_take(&h, 2, again), id);
    ck_assert_int_eq(boardhost_answer(&h, 2, "other", id, 0), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(asks(2), "BLOCK");
    flr_task_unref(task);
    flr_task_unref(other);
}
END_TEST

static int64_t model; /* as it travels */

static int put_model(void *self, flr_assignment *a, flr_context *context)
{
    (void)self, (void)context;
    return flr_shareable_set_int(flr_assignment_get_data(a), "model", model);
}

static int take_model(void *self, flr_assignment *a, flr_context *context)
{
    flr_shareable *result = flr_assignment_get_result(a);

    (void)self, (void)context;
    model += flr_value_get_int(flr_shareable_get(result, "x"), 0);
    flr_shareable_unref(result);
    return flr_assignment_set_result(a, NULL);
}

START_TEST(bd_09_the_model_travels)
{
    static const int64_t expected[] = {100, 101, 103};
    flr_task_options o;
    flr_task *task;

    model = 100;
    boardhost_task_options(&h, &o);
    o.before_task_sent = put_model;
    o.result_received = take_model;
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_relay(&h, task, "123", STATIC, FLR_ORDER_SEQUENTIAL, 0, 0), 0);
    for (int i = 1; i <= 3; i++) {
        const flr_answer *answer = boardhost_ask(&h, i);
        const flr_value *got = flr_shareable_get(flr_answer_get_data(answer), "model");

        ck_assert_int_eq(flr_value_get_int(got, 0), expected[i - 1]);
        snprintf(ids[i], sizeof ids[i], "%s", flr_answer_get_id(answer));
        ck_assert_int_eq(answers(i), FLR_OUTCOME_ACCEPTED);
    }
    ck_assert_int_eq(model, 106);
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_29_the_task_times_out)
{
    for (int taken = 0; taken < 2; taken++) {
        flr_task_options o;
        flr_task *task;

        boardhost_task_options(&h, &o);
        o.timeout = 15.0;
        task = boardhost_task(&h, "t", &o);
        ck_assert_int_eq(boardhost_relay(&h, task, "123", STATIC, FLR_ORDER_SEQUENTIAL, 10.0, 15.0),
                         0);
        if (taken) {
            boardhost_advance(&h, 1.0);
            ck_assert_str_eq(asks(1), "t");
        }
        boardhost_trace(&h);
        boardhost_advance(&h, taken ? 13.999 : 14.999);
        ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
        boardhost_advance(&h, 0.001);
        ck_assert_str_eq(boardhost_trace(&h), "done(t,timeout)");
        ck_assert_str_eq(boardhost_states(task), taken ? "site-1:closed" : "");
        flr_task_unref(task);
    }
    ck_assert_int_eq(answers(1), FLR_OUTCOME_LATE);
}
END_TEST

int main(void)
{
    const TTest *const rows[] = {
        sr_01_bad_arguments_schedule_nothing,
        sr_01_pointers_sizes_and_reused_tasks,
        bd_05_unknown_targets_need_the_flag,
        bd_04_a_snapshot_in_the_engines_order,
        bd_04_by_default_a_dynamic_snapshot,
        bd_05_a_snapshot_of_nobody,
        sr_02_leg_by_leg_in_list_order,
        sr_03_whoever_asks_gets_a_last_leg,
        sr_03_an_empty_dynamic_list_waits,
        sr_03_only_whom_the_search_reaches,
        sr_03_the_end_freezes_the_list,
        sr_03_static_refuses,
        bd_08_non_blocking,
        bd_08_a_block_hides_no_resend,
        bd_09_the_model_travels,
        bd_29_the_task_times_out,
    };
    const TTest *const own[] = {
        bd_03_not_after_the_workflow,
    };
    Suite *suite = suite_create("board relay");
    TCase *tcase = tcase_create("rows"), *alone = tcase_create("own host");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, rows);
    SUITE_ADD(alone, own);
    suite_add_tcase(suite, tcase);
    suite_add_tcase(suite, alone);
    return suite_run(suite);
}
