/* Results and task checks of clients that worked across a restart of the server. Row PS-09. */
#include "boardhost.h"
#include "support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static boardhost h;

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

/* The task of this number: after a restart the workflow schedules it again. */
static flr_task *task_of(const char *name, int64_t number)
{
    flr_task_options options;

    boardhost_task_options(&h, &options);
    options.number = number;
    return boardhost_task(&h, name, &options);
}

static flr_task *broadcast(const char *name, int64_t number, int mode)
{
    flr_task *task = task_of(name, number);
    bool open = mode == FLR_TARGETS_OPEN;

    ck_assert_int_eq(
        boardhost_broadcast(&h, task, mode, mode == FLR_TARGETS_LIST ? 3 : 0, open ? 2 : 0, 0), 0);
    return task;
}

static flr_task *sent_to_whoever_asks(void)
{
    flr_task *task = task_of("t", 0);
    flr_send_options options;

    flr_send_options_init(&options, sizeof options);
    options.mode = FLR_TARGETS_OPEN;
    options.order = FLR_ORDER_ANY;
    ck_assert_int_eq(flr_board_send(h.board, task, &options, NULL), 0);
    return task;
}

static flr_task *sent(int64_t number, const char *list, int order)
{
    flr_task *task = task_of("t", number);

    ck_assert_int_eq(boardhost_send(&h, task, list, order, 0), 0);
    return task;
}

/* The process ends; what it left in memory is gone. */
static void restart(flr_task *task)
{
    flr_task_unref(task);
    boardhost_restart(&h);
    boardhost_trace(&h);
}

static const int modes[] = {FLR_TARGETS_SNAPSHOT, FLR_TARGETS_LIST, FLR_TARGETS_OPEN};

START_TEST(ps_09_a_result_of_the_broadcast_is_accepted_once)
{
    int mode = modes[_i];
    char id[40], again[40];

    begin();
    flr_task *task = broadcast("t", 0, mode);
    boardhost_take(&h, 1, id);
    restart(task);
    task = broadcast("t", 0, mode);
    boardhost_trace(&h);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 5), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_trace(&h), "received(site-1)"); /* no send callbacks */
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 5), FLR_OUTCOME_DUPLICATE);
    ck_assert_str_eq(boardhost_states(task), "site-1:answered");
    ck_assert_ptr_null(boardhost_ask(&h, 1));
    boardhost_take(&h, 2, again);
    ck_assert_int_eq(boardhost_answer(&h, 2, "t", again, 6), FLR_OUTCOME_ACCEPTED);
    flr_task_unref(task);
    end();
}
END_TEST

static int see_count(void *self, flr_assignment *assignment)
{
    (void)self;
    ck_assert_uint_eq(flr_assignment_get_send_count(assignment), 0);
    ck_assert_int_eq(flr_assignment_get_first_sent(assignment), FLR_TIME_NONE);
    ck_assert_int_eq(flr_assignment_get_last_sent(assignment), FLR_TIME_NONE);
    return 0;
}

START_TEST(ps_09_a_task_check_counts_as_handed_out_but_not_as_sent)
{
    char id[40], again[40];

    begin();
    flr_task *task = broadcast("t", 0, modes[_i]);
    boardhost_take(&h, 1, id);
    restart(task);
    task = broadcast("t", 0, modes[_i]);
    ck_assert_str_eq(boardhost_check(&h, 1, id), "OK");
    ck_assert_str_eq(boardhost_states(task), "site-1:open");
    ck_assert_int_eq(flr_task_visit_assignments(task, see_count, NULL), 0);
    ck_assert_str_eq(boardhost_check(&h, 1, id), "OK");
    boardhost_take(&h, 1, again); /* who lost it gets it */
    ck_assert_str_eq(again, id);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 5), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_check(&h, 1, id), "already received");
    ck_assert_str_eq(boardhost_states(task), "site-1:answered");
    flr_task_unref(task);
    end();
}
END_TEST

START_TEST(ps_09_a_send_is_taken_by_the_result)
{
    int order = _i == 0 ? FLR_ORDER_SEQUENTIAL : FLR_ORDER_ANY;
    char id[40];

    begin();
    flr_task *task = sent(0, "12", order);
    boardhost_take(&h, 1, id);
    restart(task);
    task = sent(0, "12", order);
    ck_assert_str_eq(boardhost_check(&h, 1, id), "OK");
    ck_assert_ptr_null(boardhost_ask(&h, 2)); /* taken */
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 5), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 5), FLR_OUTCOME_DUPLICATE);
    flr_task_unref(task);
    end();
}
END_TEST

START_TEST(ps_09_an_open_send_is_joined)
{
    char id[40];

    begin();
    flr_task *task = sent_to_whoever_asks();
    boardhost_take(&h, 3, id);
    restart(task);
    task = sent_to_whoever_asks();
    ck_assert_int_eq(boardhost_answer(&h, 3, "t", id, 5), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
    end();
}
END_TEST

START_TEST(ps_09_a_send_that_another_has_taken_is_not)
{
    char id[40], other[40];

    begin();
    flr_task *task = sent(0, "12", FLR_ORDER_ANY);
    boardhost_take(&h, 1, id);
    restart(task);
    task = sent(0, "12", FLR_ORDER_ANY);
    boardhost_take(&h, 2, other);
    ck_assert_str_eq(boardhost_check(&h, 1, id), "unknown");
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 5), FLR_OUTCOME_UNKNOWN_TASK);
    ck_assert_str_eq(boardhost_states(task), "site-2:open");
    flr_task_unref(task);
    end();
}
END_TEST

/* Two tasks stand for everybody; the client has got both, in their order, and answered neither. */
START_TEST(ps_09_what_was_handed_out_before_an_open_task_is_open_too)
{
    char first[40], second[40], id[40];

    begin();
    flr_task *a = broadcast("a", 0, FLR_TARGETS_OPEN), *b = broadcast("b", 1, FLR_TARGETS_OPEN);
    boardhost_take(&h, 1, first);
    ck_assert_int_eq(boardhost_answer(&h, 1, "a", first, 1), FLR_OUTCOME_ACCEPTED);
    boardhost_take(&h, 1, second);
    flr_task_unref(a);
    restart(b);
    a = broadcast("a", 0, FLR_TARGETS_OPEN);
    b = broadcast("b", 1, FLR_TARGETS_OPEN);
    ck_assert_int_eq(boardhost_answer(&h, 1, "b", second, 2), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_states(a), "site-1:open"); /* its result was lost with the process */
    boardhost_take(&h, 1, id);
    ck_assert_str_eq(id, first);
    ck_assert_int_eq(boardhost_answer(&h, 1, "a", first, 1), FLR_OUTCOME_ACCEPTED);
    flr_task_unref(a);
    flr_task_unref(b);
    end();
}
END_TEST

START_TEST(ps_09_only_this_clients_id_of_a_task_of_this_name)
{
    char id[40];

    begin();
    flr_task *task = broadcast("t", 0, FLR_TARGETS_SNAPSHOT);
    boardhost_take(&h, 1, id);
    restart(task);
    task = broadcast("t", 0, FLR_TARGETS_SNAPSHOT);
    flr_task *other = broadcast("u", 1, FLR_TARGETS_SNAPSHOT);
    ck_assert_int_eq(boardhost_answer(&h, 2, "t", id, 5), FLR_OUTCOME_UNKNOWN_TASK);
    ck_assert_int_eq(boardhost_answer(&h, 1, "u", id, 5), FLR_OUTCOME_UNKNOWN_TASK);
    ck_assert_int_eq(boardhost_answer(&h, 1, "", id, 5), FLR_OUTCOME_UNKNOWN_TASK);
    ck_assert_str_eq(boardhost_check(&h, 2, id), "unknown");
    ck_assert_str_eq(boardhost_states(task), "");
    ck_assert_str_eq(boardhost_states(other), "");
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 5), FLR_OUTCOME_ACCEPTED);
    flr_task_unref(task);
    flr_task_unref(other);
    end();
}
END_TEST

START_TEST(ps_09_ids_of_relays_and_of_broadcasts_forever_mean_nothing_to_the_next_run)
{
    char id[40];

    begin();
    flr_task *task = task_of("t", 0);
    ck_assert_int_eq(_i == 0 ? boardhost_forever(&h, task, FLR_TARGETS_SNAPSHOT, 0)
                             : boardhost_relay(&h, task, "12", 0, FLR_ORDER_ANY, 0, 0),
                     0);
    boardhost_take(&h, 1, id);
    restart(task);
    task = task_of("t", 0);
    ck_assert_int_eq(_i == 0 ? boardhost_forever(&h, task, FLR_TARGETS_SNAPSHOT, 0)
                             : boardhost_relay(&h, task, "12", 0, FLR_ORDER_ANY, 0, 0),
                     0);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 5), FLR_OUTCOME_UNKNOWN_TASK);
    ck_assert_str_eq(boardhost_check(&h, 1, id), "unknown");
    ck_assert_int_eq(flr_task_cancel(task, 0), 0);
    flr_task_unref(task);
    end();
}
END_TEST

START_TEST(ps_09_a_check_before_anything_is_scheduled_is_made_again)
{
    char id[40];

    begin();
    flr_task *task = broadcast("t", 0, FLR_TARGETS_SNAPSHOT);
    boardhost_take(&h, 1, id);
    restart(task);
    ck_assert_str_eq(boardhost_check(&h, 1, id), "not ready");
    task = broadcast("u", 1, FLR_TARGETS_SNAPSHOT);
    ck_assert_str_eq(boardhost_check(&h, 1, id), "unknown");
    flr_task_unref(task);
    end();
}
END_TEST

START_TEST(ps_09_a_task_that_ended_before_the_result_came_is_over)
{
    char id[40];

    begin();
    flr_task *task = broadcast("t", 0, FLR_TARGETS_SNAPSHOT);
    boardhost_take(&h, 1, id);
    restart(task);
    task = broadcast("t", 0, FLR_TARGETS_SNAPSHOT);
    ck_assert_int_eq(flr_task_cancel(task, 0), 0);
    ck_assert_str_eq(boardhost_check(&h, 1, id), "unknown");
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 5), FLR_OUTCOME_UNKNOWN_TASK);
    flr_task_unref(task);
    end();
}
END_TEST

/* A run that was not restored does not look at all. */
START_TEST(ps_09_only_in_a_restored_run)
{
    char id[40];

    begin();
    flr_task *task = broadcast("t", 0, FLR_TARGETS_SNAPSHOT);
    boardhost_take(&h, 1, id);
    flr_task_unref(task);
    boardhost_close(&h);
    boardhost_free(&h);
    begin(); /* the same seed: it would give the same ids */
    task = broadcast("t", 0, FLR_TARGETS_SNAPSHOT);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 5), FLR_OUTCOME_UNKNOWN_TASK);
    ck_assert_str_eq(boardhost_check(&h, 1, id), "unknown");
    flr_task_unref(task);
    end();
}
END_TEST

/* A client that came back with a result and is disconnected then is missed like any other. */
START_TEST(ps_09_a_client_that_was_readmitted_can_be_lost)
{
    char id[40];

    begin();
    flr_task *task = sent(0, "12", FLR_ORDER_SEQUENTIAL);
    boardhost_take(&h, 1, id);
    restart(task);
    task = sent(0, "12", FLR_ORDER_SEQUENTIAL);
    ck_assert_str_eq(boardhost_check(&h, 1, id), "OK");
    boardhost_dead(&h, 1);
    boardhost_step(&h);
    boardhost_take(&h, 2, id);
    ck_assert_int_eq(boardhost_answer(&h, 2, "t", id, 5), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("board, restored");
    TCase *tests = tcase_create("restored");

    tcase_add_loop_test(tests, ps_09_a_result_of_the_broadcast_is_accepted_once, 0, 3);
    tcase_add_loop_test(tests, ps_09_a_task_check_counts_as_handed_out_but_not_as_sent, 0, 3);
    tcase_add_loop_test(tests, ps_09_a_send_is_taken_by_the_result, 0, 2);
    tcase_add_test(tests, ps_09_an_open_send_is_joined);
    tcase_add_test(tests, ps_09_a_send_that_another_has_taken_is_not);
    tcase_add_test(tests, ps_09_what_was_handed_out_before_an_open_task_is_open_too);
    tcase_add_test(tests, ps_09_only_this_clients_id_of_a_task_of_this_name);
    tcase_add_loop_test(
        tests, ps_09_ids_of_relays_and_of_broadcasts_forever_mean_nothing_to_the_next_run, 0, 2);
    tcase_add_test(tests, ps_09_a_check_before_anything_is_scheduled_is_made_again);
    tcase_add_test(tests, ps_09_a_task_that_ended_before_the_result_came_is_over);
    tcase_add_test(tests, ps_09_only_in_a_restored_run);
    tcase_add_test(tests, ps_09_a_client_that_was_readmitted_can_be_lost);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
