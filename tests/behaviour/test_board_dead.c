/*
 * Dead clients and the tasks of a board: when it counts. Rows DC-06, DC-08. Broadcasts are in
 * test_broadcast_dead.c, silence in test_board_silent.c, several deadlines at once in
 * test_board_instants.c.
 */
#include "boardhost.h"
#include "support/suite.h"

#include <check.h>
#include <sched.h>
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

/* ---- DC-06 ---- */

START_TEST(dc_06_a_send_moves_on_without_lead_time)
{
    begin(0, 1000.0);
    flr_task *task = make_task();
    char id[40], other[40];

    ck_assert_int_eq(boardhost_send(&h, task, "123", FLR_ORDER_SEQUENTIAL, 0), 0);
    boardhost_take(&h, 1, id);
    ck_assert_ptr_null(boardhost_ask(&h, 2));
    die(2); /* passed over */
    die(1); /* given up */
    ck_assert_str_eq(boardhost_states(task), "site-1:given_up");
    boardhost_take(&h, 3, other);
    ck_assert_str_ne(id, other);
    ck_assert_str_eq(boardhost_states(task), "site-1:given_up site-3:open");
    expect(task, FLR_TASK_STANDING, "");
    flr_task_unref(task);
    end();
}
END_TEST

/* Given up at the moment of disconnection, however late somebody looks. */
START_TEST(dc_06_the_message_after_it_meets_the_state_after_it)
{
    begin(10.0, 1000.0);
    flr_task *task = make_task();
    char id[40];

    ck_assert_int_eq(boardhost_send(&h, task, "12", FLR_ORDER_ANY, 0), 0);
    boardhost_take(&h, 1, id);
    boardhost_dead(&h, 1);
    ck_assert_int_eq(flr_clock_advance(h.clock, 9.999), 0);
    ck_assert_ptr_null(boardhost_ask(&h, 2));
    ck_assert_int_eq(flr_clock_advance(h.clock, 0.001), 0);
    boardhost_take(&h, 2, id); /* the driver has not come by yet */
    ck_assert_str_eq(boardhost_states(task), "site-1:given_up site-2:open");
    flr_task_unref(task);
    end();
}
END_TEST

START_TEST(dc_06_the_latest_assignment_of_a_send)
{
    begin(0, 1000.0);
    flr_task *task = make_task();
    char first[40], second[40], other[40];

    ck_assert_int_eq(boardhost_send(&h, task, "12", FLR_ORDER_ANY, 0), 0);
    boardhost_take(&h, 1, first);
    die(1);
    boardhost_take(&h, 1, second); /* back again, and like any target */
    ck_assert_str_ne(first, second);
    ck_assert_str_eq(boardhost_states(task), "site-1:given_up site-1:open");
    die(1);
    ck_assert_str_eq(boardhost_states(task), "site-1:given_up site-1:given_up");
    boardhost_take(&h, 2, other);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", first, 1), FLR_OUTCOME_ACCEPTED);
    expect(task, FLR_TASK_OK, "received(site-1,late) done(t,ok)");
    ck_assert_str_eq(boardhost_check(&h, 1, second), "closed");
    ck_assert_str_eq(boardhost_check(&h, 2, other), "closed");
    flr_task_unref(task);
    end();
}
END_TEST

START_TEST(dc_06_the_latest_assignment_of_a_relay)
{
    begin(0, 1000.0);
    flr_task *task = make_task();
    char first[40], second[40], third[40];

    ck_assert_int_eq(
        boardhost_relay(&h, task, "121", FLR_RELAY_FLAG_STATIC, FLR_ORDER_SEQUENTIAL, 0, 0), 0);
    boardhost_take(&h, 1, first);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", first, 1), FLR_OUTCOME_ACCEPTED);
    boardhost_take(&h, 2, second);
    die(1); /* its latest is answered: nothing to give up */
    ck_assert_str_eq(boardhost_states(task), "site-1:answered site-2:open");
    boardhost_heartbeat(&h, 1);
    die(2);
    boardhost_take(&h, 1, third);
    ck_assert_str_eq(boardhost_states(task), "site-1:answered site-2:given_up site-1:open");
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", third, 1), FLR_OUTCOME_ACCEPTED);
    expect(task, FLR_TASK_OK, "received(site-1) received(site-1) done(t,ok)");
    flr_task_unref(task);
    end();
}
END_TEST

/* ---- DC-08 ---- */

/* When the host is asked to come back. */
static int64_t wait_ns(void)
{
    flr_step_result result;

    flr_step_result_init(&result, sizeof result);
    ck_assert_int_eq(flr_runner_step(h.runner, &result), 0);
    return result.wait_ns;
}

START_TEST(dc_08_not_before_the_lead_time)
{
    begin(0, 30.0);
    flr_task *task = broadcast(2, 0, 0);

    boardhost_advance(&h, 10.0);
    die(1);
    die(2);
    ck_assert_int_eq(wait_ns(), 20 * SECOND);
    boardhost_advance(&h, 19.999);
    expect(task, FLR_TASK_STANDING, "");
    boardhost_advance(&h, 0.001);
    expect(task, FLR_TASK_CLIENT_DEAD, "done(t,client_dead)");
    flr_task_unref(task);
    end();
}
END_TEST

START_TEST(dc_08_the_default_is_30_seconds)
{
    begin(0, -1.0);
    flr_task *task = broadcast(1, 0, 0);

    die(1);
    boardhost_advance(&h, 29.999);
    expect(task, FLR_TASK_STANDING, "");
    boardhost_advance(&h, 0.001);
    expect(task, FLR_TASK_CLIENT_DEAD, "done(t,client_dead)");
    flr_task_unref(task);
    end();
}
END_TEST

START_TEST(dc_08_at_once_after_it)
{
    begin(60.0, 30.0);
    flr_task *task = broadcast(2, 0, 0);

    boardhost_dead(&h, 1);
    boardhost_advance(&h, 1.0);
    boardhost_dead(&h, 2);
    boardhost_advance(&h, 59.0);
    expect(task, FLR_TASK_STANDING, ""); /* 2 is still awaited */
    boardhost_advance(&h, 0.999);
    expect(task, FLR_TASK_STANDING, "");
    boardhost_advance(&h, 0.001);
    expect(task, FLR_TASK_CLIENT_DEAD, "done(t,client_dead)");
    flr_task_unref(task);
    end();
}
END_TEST

START_TEST(dc_08_counts_from_each_tasks_scheduling)
{
    begin(0, 30.0);
    flr_task *task = broadcast(2, 0, 0), *later;

    boardhost_advance(&h, 20.0);
    later = broadcast(2, 0, 0);
    die(1);
    die(2);
    boardhost_advance(&h, 10.0);
    expect(task, FLR_TASK_CLIENT_DEAD, "done(t,client_dead)");
    boardhost_advance(&h, 19.999);
    expect(later, FLR_TASK_STANDING, "");
    boardhost_advance(&h, 0.001);
    expect(later, FLR_TASK_CLIENT_DEAD, "done(t,client_dead)");
    flr_task_unref(task);
    flr_task_unref(later);
    end();
}
END_TEST

START_TEST(dc_08_a_return_prevents_it)
{
    begin(0, 30.0);
    flr_task *task = broadcast(2, 0, 0);

    die(1);
    die(2);
    boardhost_advance(&h, 29.999);
    boardhost_heartbeat(&h, 2);
    boardhost_advance(&h, 0.001);
    expect(task, FLR_TASK_STANDING, "");
    boardhost_advance(&h, 1000.0);
    expect(task, FLR_TASK_STANDING, "");
    die(2); /* the lead time is long over */
    expect(task, FLR_TASK_CLIENT_DEAD, "done(t,client_dead)");
    flr_task_unref(task);
    end();
}
END_TEST

START_TEST(dc_08_a_return_that_did_not_last)
{
    begin(0, 30.0);
    flr_task *task = broadcast(2, 0, 0);

    die(1);
    die(2);
    boardhost_advance(&h, 10.0);
    boardhost_heartbeat(&h, 2);
    boardhost_advance(&h, 10.0);
    die(2);
    boardhost_advance(&h, 9.999);
    expect(task, FLR_TASK_STANDING, "");
    boardhost_advance(&h, 0.001);
    expect(task, FLR_TASK_CLIENT_DEAD, "done(t,client_dead)");
    flr_task_unref(task);
    end();
}
END_TEST

/* Client 1 is heard and answers, but only client 2 could progress the first task then. */
START_TEST(dc_08_a_result_prevents_it_if_it_helps)
{
    begin(0, 30.0);
    flr_task *all = broadcast(2, 0, 0), *one = broadcast(2, 1, 100.0);
    char id[40];

    boardhost_take(&h, 1, id);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 1), FLR_OUTCOME_ACCEPTED);
    boardhost_take(&h, 1, id);
    die(1);
    die(2);
    expect(one, FLR_TASK_STANDING, "received(site-1)");
    boardhost_advance(&h, 20.0);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 1), FLR_OUTCOME_ACCEPTED);
    expect(one, FLR_TASK_OK, "received(site-1) done(t,ok)");
    boardhost_advance(&h, 10.0);
    expect(all, FLR_TASK_CLIENT_DEAD, "done(t,client_dead)");
    flr_task_unref(all);
    flr_task_unref(one);
    end();
}
END_TEST

/* It is dead already when the task is scheduled: _i 0 with, 1 without lead time. */
START_TEST(dc_08_scheduled_for_dead_clients)
{
    begin(0, _i == 0 ? 30.0 : 0.0);
    die(1);
    die(2);
    flr_task *task = make_task();

    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_LIST, 2, 0, 0), 0);
    boardhost_step(&h);
    if (_i == 0) {
        boardhost_advance(&h, 29.999);
        expect(task, FLR_TASK_STANDING, "");
        boardhost_advance(&h, 0.001);
    }
    expect(task, FLR_TASK_CLIENT_DEAD, "done(t,client_dead)");
    flr_task_unref(task);
    end();
}
END_TEST

/* ---- run mode: a report ends the wait ---- */

static struct {
    flr_task *task;
    int result, status, run_result;
    atomic_bool ready;
} waiting;

static int wait_for_all(boardhost *host, flr_signal *abort, flr_context *context)
{
    const char *targets[] = {"site-1", "site-2"};
    flr_broadcast_options o;

    flr_broadcast_options_init(&o, sizeof o);
    o.targets = targets;
    o.target_count = 2;
    atomic_store(&waiting.ready, true);
    waiting.result = flr_board_broadcast_and_wait(host->board, waiting.task, &o, abort, context,
                                                  &waiting.status);
    return 0;
}

static void *run(void *self)
{
    (void)self;
    waiting.run_result = flr_runner_run(h.runner);
    return NULL;
}

/* _i 0: at the report itself; 1: at deadlines, by the driver; 2: by a result. */
START_TEST(dc_08_a_dead_client_ends_the_wait)
{
    pthread_t thread;

    boardhost_init(&h, 4);
    memset(&waiting, 0, sizeof waiting);
    h.run_mode = true;
    h.control = wait_for_all;
    h.grace = _i == 1 ? 60.0 : 0.0;
    h.lead = _i == 1 ? 100.0 : 0.0;
    boardhost_begin(&h);
    waiting.task = make_task();
    ck_assert_int_eq(pthread_create(&thread, NULL, run, NULL), 0);
    while (!atomic_load(&waiting.ready) || flr_board_get_count(h.board) == 0) {
        sched_yield();
    }
    boardhost_dead(&h, 1);
    ck_assert_int_eq(flr_task_get_status(waiting.task), FLR_TASK_STANDING);
    if (_i == 2) {
        ck_assert_int_eq(boardhost_serve(&h, 2), FLR_OUTCOME_ACCEPTED);
    } else {
        boardhost_dead(&h, 2);
    }
    if (_i == 1) {
        ck_assert_int_eq(flr_clock_advance(h.clock, 60.0), 0);
        ck_assert_int_eq(flr_task_get_status(waiting.task), FLR_TASK_STANDING);
        ck_assert_int_eq(flr_clock_advance(h.clock, 40.0), 0);
    }
    pthread_join(thread, NULL);
    ck_assert_int_eq(waiting.result, 0);
    ck_assert_int_eq(waiting.status, FLR_TASK_CLIENT_DEAD);
    ck_assert_int_eq(waiting.run_result, 0);
    ck_assert_str_eq(h.trace,
                     _i == 2 ? "received(site-2) done(t,client_dead)" : "done(t,client_dead)");
    flr_task_unref(waiting.task);
    boardhost_free(&h);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        dc_06_a_send_moves_on_without_lead_time,
        dc_06_the_message_after_it_meets_the_state_after_it,
        dc_06_the_latest_assignment_of_a_send,
        dc_06_the_latest_assignment_of_a_relay,
        dc_08_not_before_the_lead_time,
        dc_08_the_default_is_30_seconds,
        dc_08_at_once_after_it,
        dc_08_counts_from_each_tasks_scheduling,
        dc_08_a_return_prevents_it,
        dc_08_a_return_that_did_not_last,
        dc_08_a_result_prevents_it_if_it_helps,
    };
    Suite *suite = suite_create("board, dead clients");
    TCase *tcase = tcase_create("dead");

    SUITE_ADD(tcase, tests);
    tcase_add_loop_test(tcase, dc_08_scheduled_for_dead_clients, 0, 2);
    tcase_add_loop_test(tcase, dc_08_a_dead_client_ends_the_wait, 0, 3);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
