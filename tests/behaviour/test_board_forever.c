/*
 * Broadcast forever: who gets it, how it ends, what is kept of it. Rows BC-09, BC-10, BC-12, BD-32.
 * Its data and callbacks are in test_board_forever_payload.c and test_board_forever_callbacks.c.
 */
#include "boardhost.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static boardhost h;

/* Three clients; a fourth is known and never dead, so no policy is violated. */
static void begin(void)
{
    boardhost_init(&h, 3);
    h.grace = 0;
    boardhost_begin(&h);
    ck_assert_int_eq(flr_runner_add_client(h.runner, "site-4", NULL), 0);
}

static void end(void)
{
    boardhost_close(&h);
    boardhost_free(&h);
}

static void expect(const char *trace)
{
    ck_assert_str_eq(boardhost_trace(&h), trace);
}

static void expect_status(const flr_task *task, int status)
{
    ck_assert_str_eq(flr_task_status_get_name(flr_task_get_status(task)),
                     flr_task_status_get_name(status));
}

/* Results and end trace, hand-outs do not. */
static void quiet_options(flr_task_options *o)
{
    boardhost_task_options(&h, o);
    o->before_task_sent = o->after_task_sent = NULL;
}

/* To clients 1 to n, or OPEN with n 0. */
static flr_task *forever(int n, flr_task_options *o)
{
    flr_task_options quiet;
    flr_task *task;

    quiet_options(&quiet);
    task = boardhost_task(&h, "t", o == NULL ? &quiet : o);
    ck_assert_int_eq(boardhost_forever(&h, task, n == 0 ? FLR_TARGETS_OPEN : FLR_TARGETS_LIST, n),
                     0);
    boardhost_trace(&h);
    return task;
}

static void die(int client)
{
    boardhost_dead(&h, client);
    boardhost_step(&h);
}

/* ---- BC-10 ---- */

START_TEST(bc_10_again_and_again)
{
    flr_task *task = boardhost_task(&h, "t", NULL);
    char ids[3][40], again[40];

    ck_assert_int_eq(flr_task_get_kind(task), 0);
    ck_assert_int_eq(boardhost_forever(&h, task, FLR_TARGETS_LIST, 2), 0);
    ck_assert_int_eq(flr_task_get_kind(task), FLR_KIND_FOREVER);
    boardhost_trace(&h);
    for (int i = 0; i < 3; i++) {
        boardhost_take(&h, 1, ids[i]);
        expect("before(site-1) after(site-1)");
        boardhost_take(&h, 1, again); /* not answered yet */
        ck_assert_str_eq(again, ids[i]);
        expect("before(site-1) after(site-1)");
        ck_assert_int_eq(boardhost_answer(&h, 1, "t", again, i), FLR_OUTCOME_ACCEPTED);
        expect("received(site-1)");
        for (int j = 0; j < i; j++) {
            ck_assert_str_ne(ids[i], ids[j]);
        }
    }
    ck_assert_uint_eq(boardhost_stats(&h).resends, 3);
    ck_assert_ptr_null(boardhost_ask(&h, 3)); /* no target */
    expect_status(task, FLR_TASK_STANDING);
    flr_task_unref(task);
}
END_TEST

/* Each client for itself, and never an end by results. */
START_TEST(bc_10_results_never_end_it)
{
    flr_task *task = forever(2, NULL);

    for (int i = 0; i < 50; i++) {
        ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    }
    ck_assert_int_eq(boardhost_serve(&h, 2), FLR_OUTCOME_ACCEPTED);
    boardhost_advance(&h, 100000.0);
    ck_assert_int_eq(boardhost_serve(&h, 2), FLR_OUTCOME_ACCEPTED);
    expect_status(task, FLR_TASK_STANDING);
    ck_assert_uint_eq(flr_board_get_count(h.board), 1);
    ck_assert_uint_eq(boardhost_stats(&h).accepted, 52);
    flr_task_unref(task);
}
END_TEST

START_TEST(bc_10_without_options_a_snapshot)
{
    flr_task_options o;
    flr_task *task;

    quiet_options(&o);
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(flr_board_broadcast_forever(h.board, task, NULL, NULL), 0);
    for (int round = 0; round < 2; round++) {
        for (int i = 1; i <= 3; i++) {
            ck_assert_int_eq(boardhost_serve(&h, i), FLR_OUTCOME_ACCEPTED);
        }
    }
    ck_assert_ptr_null(boardhost_ask(&h, 5)); /* nobody's list names it */
    flr_task_unref(task);
}
END_TEST

START_TEST(bc_10_open)
{
    flr_task *task = forever(0, NULL);

    for (int i = 8; i >= 5; i--) { /* nobody of them is known */
        ck_assert_int_eq(boardhost_serve(&h, i), FLR_OUTCOME_ACCEPTED);
        ck_assert_int_eq(boardhost_serve(&h, i), FLR_OUTCOME_ACCEPTED);
    }
    for (int i = 1; i <= 8; i++) {
        if (i != 4) {
            die(i);
        }
    }
    boardhost_trace(&h);
    boardhost_advance(&h, 10000.0); /* never client_dead */
    expect("");
    expect_status(task, FLR_TASK_STANDING);
    ck_assert_int_eq(flr_task_cancel(task, 0), 0);
    expect("done(t,cancelled)");
    ck_assert_ptr_null(boardhost_ask(&h, 8));
    flr_task_unref(task);
}
END_TEST

START_TEST(bc_10_ends_by_its_timeout)
{
    flr_task_options o;
    flr_task *task;
    char answered[40], open[40];

    quiet_options(&o);
    o.timeout = 10.0;
    task = forever(2, &o);
    boardhost_take(&h, 1, answered);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", answered, 1), FLR_OUTCOME_ACCEPTED);
    boardhost_take(&h, 2, open);
    boardhost_advance(&h, 9.999);
    expect("received(site-1)");
    boardhost_advance(&h, 0.001);
    expect("done(t,timeout)");
    expect_status(task, FLR_TASK_TIMEOUT);
    ck_assert_ptr_null(boardhost_ask(&h, 1));
    ck_assert_str_eq(boardhost_check(&h, 1, answered), "already received");
    ck_assert_str_eq(boardhost_check(&h, 2, open), "closed");
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", answered, 1), FLR_OUTCOME_DUPLICATE);
    ck_assert_int_eq(boardhost_answer(&h, 2, "t", open, 1), FLR_OUTCOME_LATE);
    ck_assert_int_eq(boardhost_answer(&h, 2, "t", open, 1), FLR_OUTCOME_DUPLICATE);
    ck_assert_str_eq(boardhost_states(task), "site-1:answered site-2:closed");
    flr_task_unref(task);
}
END_TEST

static int cancel_at_three(void *self, flr_assignment *a, flr_context *context)
{
    flr_shareable *result = flr_assignment_get_result(a);
    int64_t x = flr_value_get_int(flr_shareable_get(result, "x"), -1);

    flr_shareable_unref(result);
    boardhost_received(self, a, context);
    return x == 3 ? flr_task_cancel(flr_assignment_get_task(a), FLR_TASK_OK) : 0;
}

/* The controller has enough: its status is the final one. */
START_TEST(bc_10_cancelled_by_its_own_callback)
{
    flr_task_options o;
    flr_task *task;

    quiet_options(&o);
    o.result_received = cancel_at_three;
    task = forever(3, &o);
    for (int i = 1; i <= 3; i++) { /* the result is the client's number */
        ck_assert_int_eq(boardhost_serve(&h, i), FLR_OUTCOME_ACCEPTED);
    }
    expect("received(site-1) received(site-2) received(site-3) done(t,ok)");
    expect_status(task, FLR_TASK_OK);
    ck_assert_ptr_null(boardhost_ask(&h, 1));
    ck_assert_str_eq(boardhost_states(task), "site-1:answered site-2:answered site-3:answered");
    flr_task_unref(task);
}
END_TEST

/* _i 0: a LIST, 1: a SNAPSHOT; whether they have answered does not matter, nor that they can again
 * be heard later. */
START_TEST(bc_10_client_dead_when_no_target_is_live)
{
    flr_task_options o;
    flr_task *task;
    char id[40];

    h.clients = 2;
    quiet_options(&o);
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(
        boardhost_forever(&h, task, _i == 0 ? FLR_TARGETS_LIST : FLR_TARGETS_SNAPSHOT, 2), 0);
    if (_i == 1) {
        ck_assert_int_eq(flr_runner_add_client(h.runner, "site-4", NULL), 0);
    }
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    boardhost_take(&h, 1, id);
    ck_assert_int_eq(boardhost_serve(&h, 2), FLR_OUTCOME_ACCEPTED);
    boardhost_trace(&h);
    die(1);
    die(2);
    boardhost_advance(&h, 29.0); /* the lead time is 30 s */
    boardhost_heartbeat(&h, 2);
    boardhost_advance(&h, 1000.0);
    expect(""); /* 2 is live */
    expect_status(task, FLR_TASK_STANDING);
    ck_assert_str_eq(boardhost_states(task), "site-1:open site-2:answered");
    die(2);
    expect("done(t,client_dead)");
    expect_status(task, FLR_TASK_CLIENT_DEAD);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 1), FLR_OUTCOME_LATE);
    ck_assert_ptr_null(boardhost_ask(&h, 1));
    flr_task_unref(task);
}
END_TEST

START_TEST(bc_10_client_dead_not_before_the_lead_time)
{
    flr_task *task = forever(2, NULL);

    die(2);
    die(1);
    boardhost_advance(&h, 29.999);
    expect("");
    boardhost_advance(&h, 0.001);
    expect("done(t,client_dead)");
    expect_status(task, FLR_TASK_CLIENT_DEAD);
    flr_task_unref(task);
}
END_TEST

/* Tasks before it come first, tasks behind it are never reached by its targets. */
START_TEST(bc_10_among_other_tasks)
{
    flr_task_options o;
    flr_task *first, *task, *last;

    quiet_options(&o);
    first = boardhost_task(&h, "first", &o);
    ck_assert_int_eq(boardhost_broadcast(&h, first, FLR_TARGETS_LIST, 3, 0, 0), 0);
    task = forever(2, NULL);
    last = boardhost_task(&h, "last", &o);
    ck_assert_int_eq(boardhost_broadcast(&h, last, FLR_TARGETS_LIST, 3, 0, 0), 0);
    ck_assert_str_eq(flr_answer_get_name(boardhost_ask(&h, 1)), "first");
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    for (int i = 0; i < 3; i++) {
        ck_assert_str_eq(flr_answer_get_name(boardhost_ask(&h, 1)), "t");
        ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    }
    ck_assert_int_eq(boardhost_serve(&h, 3), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(flr_answer_get_name(boardhost_ask(&h, 3)), "last");
    ck_assert_int_eq(flr_task_cancel(task, 0), 0);
    ck_assert_str_eq(flr_answer_get_name(boardhost_ask(&h, 1)), "last");
    flr_task_unref(first);
    flr_task_unref(task);
    flr_task_unref(last);
}
END_TEST

static int schedule(flr_task *task, int64_t mode, const char *const *targets, size_t count,
                    uint32_t flags)
{
    flr_forever_options o;

    flr_forever_options_init(&o, sizeof o);
    o.mode = mode;
    o.targets = targets;
    o.target_count = count;
    o.flags = flags;
    return flr_board_broadcast_forever(h.board, task, &o, NULL);
}

START_TEST(bc_10_arguments)
{
    static const char *const names[] = {"site-1", "site-9", "site-1"};
    static const char *const empty[] = {"site-1", ""};
    flr_task *task = boardhost_task(&h, "t", NULL);
    flr_forever_options o;
    char id[40];

    ck_assert_int_eq(flr_board_broadcast_forever(NULL, task, NULL, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_board_broadcast_forever(h.board, NULL, NULL, NULL), FLR_E_INVAL);
    ck_assert_int_eq(schedule(task, FLR_TARGETS_LIST, NULL, 0, 0), FLR_E_INVAL); /* BD-04 */
    ck_assert_int_eq(schedule(task, FLR_TARGETS_DEFAULT, names, 0, 0), FLR_E_INVAL);
    ck_assert_int_eq(schedule(task, FLR_TARGETS_SNAPSHOT, names, 1, 0), FLR_E_INVAL);
    ck_assert_int_eq(schedule(task, FLR_TARGETS_OPEN, names, 1, 0), FLR_E_INVAL);
    ck_assert_int_eq(schedule(task, 9, NULL, 0, 0), FLR_E_INVAL);
    ck_assert_int_eq(schedule(task, FLR_TARGETS_LIST, empty, 2, 0), FLR_E_INVAL);
    ck_assert_int_eq(schedule(task, FLR_TARGETS_OPEN, NULL, 0, 8), FLR_E_INVAL);
    ck_assert_int_eq(schedule(task, FLR_TARGETS_LIST, names, 3, 0), FLR_E_NOTFOUND); /* BD-05 */
    flr_forever_options_init(&o, sizeof o);
    o.struct_size = 3;
    ck_assert_int_eq(flr_board_broadcast_forever(h.board, task, &o, NULL), FLR_E_ABI);
    ck_assert_int_eq(flr_task_get_kind(task), 0); /* nothing was scheduled */
    ck_assert_uint_eq(flr_board_get_count(h.board), 0);
    ck_assert_int_eq(schedule(task, FLR_TARGETS_LIST, names, 3, FLR_TARGETS_FLAG_ALLOW_UNKNOWN), 0);
    ck_assert_int_eq(schedule(task, FLR_TARGETS_LIST, names, 1, 0), FLR_E_STATE); /* BD-02 */
    boardhost_take(&h, 1, id);
    ck_assert_ptr_null(boardhost_ask(&h, 2));
    h.clients = 0; /* BD-05: nobody is known */
    flr_task *nobody = boardhost_task(&h, "u", NULL);
    ck_assert_int_eq(schedule(nobody, FLR_TARGETS_SNAPSHOT, NULL, 0, 0), FLR_E_NOTFOUND);
    flr_task_unref(nobody);
    flr_task_unref(task);
}
END_TEST

/* ---- BC-09: a client that dies with it open ---- */

START_TEST(bc_09_open_until_its_client_returns)
{
    flr_task *task = forever(2, NULL);
    char first[40], second[40], again[40];

    boardhost_take(&h, 1, first);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", first, 1), FLR_OUTCOME_ACCEPTED);
    boardhost_take(&h, 1, second);
    die(1);
    ck_assert_str_eq(boardhost_states(task), "site-1:open");
    boardhost_take(&h, 1, again);
    ck_assert_str_eq(again, second);
    die(1);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", second, 1), FLR_OUTCOME_ACCEPTED);
    expect("received(site-1) received(site-1)"); /* and not as late replies */
    boardhost_take(&h, 1, again);
    ck_assert_str_ne(again, second);
    flr_task_unref(task);
}
END_TEST

/* ---- BC-12 ---- */

/* "CLIENT=x CLIENT=-": the results as they are kept. */
static int add_result(void *self, flr_assignment *a)
{
    char *text = self;
    flr_shareable *result = flr_assignment_get_result(a);
    size_t used = strlen(text);

    if (result == NULL) {
        snprintf(text + used, 128 - used, "%s%s=-", used > 0 ? " " : "",
                 flr_assignment_get_client(a));
    } else {
        snprintf(text + used, 128 - used, "%s%s=%d", used > 0 ? " " : "",
                 flr_assignment_get_client(a),
                 (int)flr_value_get_int(flr_shareable_get(result, "x"), -1));
    }
    flr_shareable_unref(result);
    return 0;
}

static void expect_results(flr_task *task, const char *expected)
{
    char text[128] = "";

    ck_assert_int_eq(flr_task_visit_assignments(task, add_result, text), 0);
    ck_assert_str_eq(text, expected);
}

/* In the order in which what is visited was handed out. */
START_TEST(bc_12_only_the_latest_of_each_client)
{
    flr_task_options o;
    flr_task *task;
    char id[40];

    quiet_options(&o);
    o.result_received = NULL; /* results stay, BD-21 */
    task = forever(3, &o);
    ck_assert_str_eq(boardhost_states(task), "");
    for (int i = 1; i <= 3; i++) {
        boardhost_take(&h, i, id);
    }
    ck_assert_str_eq(boardhost_states(task), "site-1:open site-2:open site-3:open");
    for (int i = 1; i <= 3; i++) {
        ck_assert_int_eq(boardhost_serve(&h, i), FLR_OUTCOME_ACCEPTED);
    }
    expect_results(task, "site-1=1 site-2=2 site-3=3");
    boardhost_take(&h, 2, id);
    ck_assert_str_eq(boardhost_states(task), "site-1:answered site-3:answered site-2:open");
    expect_results(task, "site-1=1 site-3=3 site-2=-");
    ck_assert_int_eq(boardhost_answer(&h, 2, "t", id, 20), FLR_OUTCOME_ACCEPTED);
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    }
    expect_results(task, "site-3=3 site-2=20 site-1=1");
    ck_assert_int_eq(flr_task_cancel(task, 0), 0);
    expect_results(task, "site-3=3 site-2=20 site-1=1"); /* until it is released */
    flr_task_unref(task);
}
END_TEST

typedef struct sighting {
    char id[40];
    uint64_t sent;
    int64_t first, last, received;
} sighting;

static int look(void *self, flr_assignment *a)
{
    sighting *s = self;

    snprintf(s->id, sizeof s->id, "%s", flr_assignment_get_id(a));
    s->sent = flr_assignment_get_send_count(a);
    s->first = flr_assignment_get_first_sent(a);
    s->last = flr_assignment_get_last_sent(a);
    s->received = flr_assignment_get_received(a);
    return 0;
}

/* BD-12, BD-14: each hand-out is a record of its own. */
START_TEST(bc_12_a_new_record_each_time)
{
    flr_task *task = forever(1, NULL);
    sighting s;
    char id[40];

    boardhost_take(&h, 1, id);
    boardhost_advance(&h, 1.0);
    boardhost_take(&h, 1, id);
    boardhost_advance(&h, 1.0);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 1), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(flr_task_visit_assignments(task, look, &s), 0);
    ck_assert_str_eq(s.id, id);
    ck_assert_uint_eq(s.sent, 2);
    ck_assert_int_eq(s.first, 1000 * SECOND);
    ck_assert_int_eq(s.last, 1001 * SECOND);
    ck_assert_int_eq(s.received, 1002 * SECOND);
    boardhost_advance(&h, 1.0);
    boardhost_take(&h, 1, id);
    ck_assert_int_eq(flr_task_visit_assignments(task, look, &s), 0);
    ck_assert_str_eq(s.id, id);
    ck_assert_uint_eq(s.sent, 1);
    ck_assert_int_eq(s.first, 1003 * SECOND);
    ck_assert_int_eq(s.last, 1003 * SECOND);
    ck_assert_int_eq(s.received, FLR_TIME_NONE);
    flr_task_unref(task);
}
END_TEST

START_TEST(bc_12_earlier_ones_are_remembered)
{
    flr_task *task = forever(2, NULL);
    char ids[4][40];

    for (int i = 0; i < 4; i++) {
        boardhost_take(&h, 1, ids[i]);
        ck_assert_int_eq(boardhost_answer(&h, 1, "t", ids[i], i), FLR_OUTCOME_ACCEPTED);
    }
    boardhost_trace(&h);
    for (int i = 0; i < 4; i++) {
        ck_assert_str_eq(boardhost_check(&h, 1, ids[i]), "already received");
        ck_assert_int_eq(boardhost_answer(&h, 1, "t", ids[i], i), FLR_OUTCOME_DUPLICATE);
    }
    expect("");
    /* SB-15: of another client, or with another name, a remembered id means nothing */
    ck_assert_int_eq(boardhost_answer(&h, 2, "t", ids[0], 1), FLR_OUTCOME_UNKNOWN_TASK);
    ck_assert_int_eq(boardhost_answer(&h, 1, "u", ids[0], 1), FLR_OUTCOME_UNKNOWN_TASK);
    expect("unknown(site-2,t) unknown(site-1,u)");
    /* SB-17: the latest is the standing task's */
    ck_assert_int_eq(boardhost_answer(&h, 2, "t", ids[3], 1), FLR_OUTCOME_WRONG_CLIENT);
    ck_assert_int_eq(boardhost_answer(&h, 1, "u", ids[3], 1), FLR_OUTCOME_WRONG_TASK_NAME);
    flr_task_unref(task);
}
END_TEST

/* ---- BD-32 ---- */

static void remember(uint64_t count)
{
    flr_board_options o;

    flr_board_options_init(&o, sizeof o);
    o.completed_memory = count;
    ck_assert_int_eq(flr_board_set_options(h.board, &o), 0);
}

START_TEST(bd_32_as_many_earlier_ones_as_configured)
{
    remember(2);
    flr_task *task = forever(2, NULL);
    char ids[4][40], other[40];

    for (int i = 0; i < 4; i++) { /* moves on three times */
        boardhost_take(&h, 1, ids[i]);
        ck_assert_int_eq(boardhost_answer(&h, 1, "t", ids[i], i), FLR_OUTCOME_ACCEPTED);
    }
    ck_assert_str_eq(boardhost_check(&h, 1, ids[0]), "unknown");
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", ids[0], 1), FLR_OUTCOME_UNKNOWN_TASK);
    for (int i = 1; i < 4; i++) {
        ck_assert_str_eq(boardhost_check(&h, 1, ids[i]), "already received");
        ck_assert_int_eq(boardhost_answer(&h, 1, "t", ids[i], 1), FLR_OUTCOME_DUPLICATE);
    }
    boardhost_take(&h, 2, other); /* the number is the board's, not the client's */
    ck_assert_int_eq(boardhost_answer(&h, 2, "t", other, 1), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(boardhost_serve(&h, 2), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_check(&h, 1, ids[1]), "unknown");
    ck_assert_str_eq(boardhost_check(&h, 1, ids[2]), "already received");
    ck_assert_str_eq(boardhost_check(&h, 2, other), "already received");
    /* at the end what is latest is remembered, and pushes those out */
    ck_assert_int_eq(flr_task_cancel(task, 0), 0);
    ck_assert_str_eq(boardhost_check(&h, 1, ids[2]), "unknown");
    ck_assert_str_eq(boardhost_check(&h, 2, other), "unknown");
    ck_assert_str_eq(boardhost_check(&h, 1, ids[3]), "already received");
    flr_task_unref(task);
}
END_TEST

START_TEST(bd_32_none)
{
    remember(0);
    flr_task *task = forever(1, NULL);
    char id[40], next[40];

    boardhost_take(&h, 1, id);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 1), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 1), FLR_OUTCOME_DUPLICATE);
    boardhost_take(&h, 1, next); /* moved on */
    ck_assert_str_eq(boardhost_check(&h, 1, id), "unknown");
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 1), FLR_OUTCOME_UNKNOWN_TASK);
    ck_assert_str_eq(boardhost_check(&h, 1, next), "OK");
    ck_assert_int_eq(flr_task_cancel(task, 0), 0);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", next, 1), FLR_OUTCOME_UNKNOWN_TASK);
    flr_task_unref(task);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        bc_10_again_and_again,
        bc_10_results_never_end_it,
        bc_10_without_options_a_snapshot,
        bc_10_open,
        bc_10_ends_by_its_timeout,
        bc_10_cancelled_by_its_own_callback,
        bc_10_client_dead_not_before_the_lead_time,
        bc_10_among_other_tasks,
        bc_10_arguments,
        bc_09_open_until_its_client_returns,
        bc_12_only_the_latest_of_each_client,
        bc_12_a_new_record_each_time,
        bc_12_earlier_ones_are_remembered,
        bd_32_as_many_earlier_ones_as_configured,
        bd_32_none,
    };
    Suite *suite = suite_create("board, broadcast forever");
    TCase *tcase = tcase_create("forever");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, tests);
    tcase_add_loop_test(tcase, bc_10_client_dead_when_no_target_is_live, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
