/* What stands on a board and what has come of it, counted: row ST-05. */
#include "boardshow.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static boardhost h;
static char ids[BOARDHOST_CLIENTS + 1][40]; /* of what each client was given last */

static void begin(void)
{
    boardhost_init(&h, 3);
    h.grace = 0;
    boardhost_begin(&h);
}

static void end(void)
{
    boardhost_close(&h);
    boardhost_free(&h);
}

static void takes(int who)
{
    boardhost_take(&h, who, ids[who]);
}

static int answers(int who, const char *name)
{
    return boardhost_answer(&h, who, name, ids[who], who);
}

static flr_task *timed(const char *name, double timeout)
{
    flr_task_options o;

    boardhost_task_options(&h, &o);
    o.timeout = timeout;
    return boardhost_task(&h, name, &o);
}

static flr_task *broadcast(const char *name, int n)
{
    flr_task *task = boardhost_task(&h, name, NULL);

    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_LIST, n, 0, 0), 0);
    return task;
}

/* ---- tasks ---- */

static void schedule_each_kind(flr_task *list[6])
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "f"};

    for (int i = 0; i < 6; i++) {
        list[i] = boardhost_task(&h, names[i], NULL);
    }
    ck_assert_int_eq(boardhost_broadcast(&h, list[0], FLR_TARGETS_SNAPSHOT, 0, 0, 0), 0);
    ck_assert_int_eq(boardhost_forever(&h, list[1], FLR_TARGETS_LIST, 2), 0);
    ck_assert_int_eq(boardhost_send(&h, list[2], "12", FLR_ORDER_SEQUENTIAL, 0), 0);
    ck_assert_int_eq(boardhost_send(&h, list[3], "1", FLR_ORDER_ANY, 0), 0);
    ck_assert_int_eq(
        boardhost_relay(&h, list[4], "1213", FLR_RELAY_FLAG_STATIC, FLR_ORDER_SEQUENTIAL, 0, 0), 0);
    ck_assert_int_eq(boardhost_relay(&h, list[5], "33333", 0, FLR_ORDER_ANY, 0, 0), 0);
}

static int show_kind(void *self, const flr_task_info *info)
{
    boardshow_item(self);
    boardshow_add(self, "%d:%s:%g", (int)info->kind, info->name, (double)info->age / 1e9);
    if (info->time_left != FLR_TIME_NONE) {
        boardshow_add(self, "+%g", (double)info->time_left / 1e9);
    }
    return 0;
}

START_TEST(st_05_kind_age_and_time_left)
{
    flr_task *list[6], *late = timed("late", 3.0);
    boardshow s = {.text = ""};

    schedule_each_kind(list);
    boardhost_advance(&h, 1.5);
    ck_assert_int_eq(boardhost_broadcast(&h, late, FLR_TARGETS_OPEN, 0, 1, 0), 0);
    boardhost_advance(&h, 2.0);
    ck_assert_int_eq(flr_board_visit_tasks(h.board, show_kind, &s), 0);
    ck_assert_str_eq(s.text, "1:a:3.5 2:b:3.5 3:c:3.5 4:d:3.5 5:e:3.5 6:f:3.5 1:late:2+1");
    for (int i = 0; i < 6; i++) {
        flr_task_unref(list[i]);
    }
    flr_task_unref(late);
}
END_TEST

/* ---- what becomes of assignments ---- */

START_TEST(st_05_each_outcome_is_counted_once)
{
    flr_task *task = broadcast("t", 3);

    takes(1);
    takes(2);
    takes(2);
    ck_assert_str_eq(boardshow_totals(&h),
                     "standing:1 scheduled:1 clients:3 outstanding:2 sent:2 resends:1");
    ck_assert_int_eq(answers(1, "t"), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(answers(1, "t"), FLR_OUTCOME_DUPLICATE);
    ck_assert_int_eq(answers(1, "t"), FLR_OUTCOME_DUPLICATE);
    boardhost_advance(&h, 1.0);
    ck_assert_int_eq(boardhost_answer(&h, 3, "t", ids[2], 3), FLR_OUTCOME_WRONG_CLIENT);
    ck_assert_int_eq(boardhost_answer(&h, 3, "t", "no id at all", 3), FLR_OUTCOME_UNKNOWN_TASK);
    ck_assert_int_eq(boardhost_answer(&h, 3, "t", "00112233445566778899aabbccddeeff", 3),
                     FLR_OUTCOME_UNKNOWN_TASK);
    ck_assert_int_eq(answers(2, "another"), FLR_OUTCOME_WRONG_TASK_NAME);
    ck_assert_str_eq(boardshow_tasks(&h), "t#0 targets:3 sent:2 answered:1 outstanding:1");
    ck_assert_str_eq(boardshow_missing(&h, 0), "site-2");
    ck_assert_str_eq(boardshow_client(&h, 1), "heard:1000 results:1 duplicates:2");
    ck_assert_str_eq(boardshow_client(&h, 2), "heard:1001 open:1 resends:1 rejected:1");
    ck_assert_str_eq(boardshow_client(&h, 3), "heard:1001 rejected:3");
    boardshow_adds_up(&h);
    ck_assert_int_eq(flr_task_cancel(task, 0), 0);
    ck_assert_str_eq(boardshow_client(&h, 2),
                     "heard:1001 resends:1 rejected:1"); /* nothing is awaited */
    ck_assert_int_eq(answers(2, "t"), FLR_OUTCOME_LATE);
    ck_assert_int_eq(answers(2, "t"), FLR_OUTCOME_DUPLICATE);
    ck_assert_str_eq(boardshow_client(&h, 2),
                     "heard:1001 resends:1 duplicates:1 late:1 rejected:1");
    ck_assert_str_eq(boardshow_totals(&h),
                     "scheduled:1 clients:3 sent:2 resends:1 results:1 duplicates:3 "
                     "late:1 rejected:4 cancelled:1");
    boardshow_adds_up(&h);
    flr_task_unref(task);
}
END_TEST

START_TEST(st_05_who_only_sent_something_has_a_record)
{
    ck_assert_int_eq(boardhost_answer(&h, 2, "t", "00112233445566778899aabbccddeeff", 2),
                     FLR_OUTCOME_UNKNOWN_TASK);
    ck_assert_str_eq(boardshow_totals(&h), "clients:1 rejected:1");
    ck_assert_ptr_nonnull(boardshow_client(&h, 2));
    ck_assert_str_eq(boardshow_client(&h, 2), "heard:1000 rejected:1");
    boardshow_adds_up(&h);
}
END_TEST

START_TEST(st_05_no_record_of_what_was_not_scheduled)
{
    flr_task *task = boardhost_task(&h, "t", NULL), *open = boardhost_task(&h, "open", NULL);

    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_LIST, 2, 3, 0), FLR_E_INVAL);
    ck_assert_str_eq(boardshow_totals(&h), "");
    ck_assert_ptr_null(boardshow_client(&h, 1));
    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_LIST, 2, 2, 0), 0);
    ck_assert_str_eq(boardshow_totals(&h), "standing:1 scheduled:1 clients:2");
    ck_assert_str_eq(boardshow_client(&h, 1), "");
    ck_assert_int_eq(boardhost_broadcast(&h, open, FLR_TARGETS_OPEN, 0, 1, 0), 0);
    ck_assert_str_eq(boardshow_totals(&h), "standing:2 scheduled:2 clients:2");
    boardshow_adds_up(&h);
    flr_task_unref(task);
    flr_task_unref(open);
}
END_TEST

START_TEST(st_05_who_gets_an_open_task_has_a_record)
{
    flr_task *task = boardhost_task(&h, "t", NULL);

    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_OPEN, 0, 5, 0), 0);
    ck_assert_ptr_null(boardshow_client(&h, 5));
    takes(5);
    takes(2);
    ck_assert_str_eq(boardshow_tasks(&h), "t#0 sent:2 outstanding:2");
    ck_assert_str_eq(boardshow_missing(&h, 0), "site-5 site-2");
    ck_assert_str_eq(boardshow_client(&h, 5), "heard:1000 open:1");
    ck_assert_int_eq(answers(5, "t"), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardshow_missing(&h, 0), "site-2");
    ck_assert_str_eq(boardshow_totals(&h),
                     "standing:1 scheduled:1 clients:2 outstanding:1 sent:2 results:1");
    boardshow_adds_up(&h);
    flr_task_unref(task);
}
END_TEST

START_TEST(st_05_several_tasks)
{
    flr_task *one = broadcast("t", 2), *two = broadcast("t", 3);

    for (int i = 1; i <= 2; i++) {
        takes(i);
        ck_assert_int_eq(answers(i, "t"), FLR_OUTCOME_ACCEPTED);
        takes(i);
    }
    takes(3);
    ck_assert_str_eq(boardshow_tasks(&h), "t#1 targets:3 sent:3 outstanding:3");
    ck_assert_str_eq(boardshow_missing(&h, 1), "site-1 site-2 site-3");
    ck_assert_int_eq(flr_board_visit_outstanding(h.board, 0, boardshow_name, NULL), FLR_E_NOTFOUND);
    ck_assert_str_eq(boardshow_totals(&h),
                     "standing:1 scheduled:2 clients:3 outstanding:3 sent:5 results:2 ok:1");
    boardshow_adds_up(&h);
    flr_task_unref(one);
    flr_task_unref(two);
}
END_TEST

START_TEST(st_05_forever)
{
    flr_task *task = boardhost_task(&h, "t", NULL);

    ck_assert_int_eq(boardhost_forever(&h, task, FLR_TARGETS_LIST, 3), 0);
    for (int round = 0; round < 3; round++) {
        takes(1);
        takes(1); /* again */
        ck_assert_int_eq(answers(1, "t"), FLR_OUTCOME_ACCEPTED);
        ck_assert_int_eq(answers(1, "t"), FLR_OUTCOME_DUPLICATE);
    }
    takes(3);
    takes(2);
    takes(1);
    ck_assert_str_eq(boardshow_tasks(&h), "t#0 targets:3 sent:6 answered:3 outstanding:3");
    ck_assert_str_eq(boardshow_missing(&h, 0), "site-3 site-2 site-1");
    ck_assert_str_eq(boardshow_client(&h, 1), "heard:1000 open:1 results:3 resends:3 duplicates:3");
    boardshow_adds_up(&h);
    ck_assert_int_eq(answers(2, "t"), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardshow_missing(&h, 0), "site-3 site-1");
    boardshow_adds_up(&h);
    flr_task_unref(task);
}
END_TEST

START_TEST(st_05_relay_with_legs_given_up)
{
    flr_task *task = boardhost_task(&h, "t", NULL);

    ck_assert_int_eq(
        boardhost_relay(&h, task, "1231", FLR_RELAY_FLAG_STATIC, FLR_ORDER_SEQUENTIAL, 0, 5.0), 0);
    takes(1);
    ck_assert_str_eq(boardshow_missing(&h, 0), "site-1");
    boardhost_advance(&h, 5.0);
    ck_assert_str_eq(boardshow_tasks(&h), "t#0 targets:4 sent:1 given_up:1");
    ck_assert_str_eq(boardshow_missing(&h, 0), "");
    ck_assert_str_eq(boardshow_client(&h, 1), "heard:1000");
    takes(2);
    ck_assert_str_eq(boardshow_tasks(&h), "t#0 targets:4 sent:2 given_up:1 outstanding:1");
    boardshow_adds_up(&h);
    boardhost_dead(&h, 2);
    ck_assert_str_eq(boardshow_tasks(&h), "t#0 targets:4 sent:2 given_up:2");
    ck_assert_str_eq(boardshow_client(&h, 2), "heard:1005 gone:1005");
    takes(3);
    ck_assert_str_eq(boardshow_missing(&h, 0), "site-3");
    boardshow_adds_up(&h);
    ck_assert_int_eq(answers(1, "t"), FLR_OUTCOME_ACCEPTED); /* of a leg that was given up */
    ck_assert_str_eq(boardshow_tasks(&h),
                     "t#0 targets:4 sent:3 answered:1 given_up:1 outstanding:1");
    ck_assert_str_eq(boardshow_client(&h, 1), "heard:1005 results:1");
    boardshow_adds_up(&h);
    ck_assert_int_eq(answers(3, "t"), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardshow_tasks(&h), "t#0 targets:4 sent:3 answered:2 given_up:1");
    ck_assert_str_eq(boardshow_totals(&h), "standing:1 scheduled:1 clients:3 sent:3 results:2");
    boardshow_adds_up(&h);
    flr_task_unref(task);
}
END_TEST

START_TEST(st_05_legs_that_join_a_relay)
{
    flr_relay_options o;
    flr_task *listed = boardhost_task(&h, "listed", NULL), *open = boardhost_task(&h, "open", NULL);

    ck_assert_int_eq(boardhost_relay(&h, listed, "1", 0, FLR_ORDER_SEQUENTIAL, 0, 0), 0);
    boardhost_ask(&h, 2); /* joins, and waits for its turn */
    ck_assert_str_eq(boardshow_tasks(&h), "listed#0 targets:2");
    ck_assert_int_eq(flr_task_cancel(listed, 0), 0);
    flr_relay_options_init(&o, sizeof o);
    o.mode = FLR_TARGETS_OPEN;
    o.order = FLR_ORDER_ANY;
    ck_assert_int_eq(flr_board_relay(h.board, open, &o, NULL), 0);
    ck_assert_str_eq(boardshow_tasks(&h), "open#1");
    takes(3);
    ck_assert_str_eq(boardshow_tasks(&h), "open#1 targets:1 sent:1 outstanding:1");
    boardshow_adds_up(&h);
    flr_task_unref(listed);
    flr_task_unref(open);
}
END_TEST

START_TEST(st_05_send_whose_owner_is_gone)
{
    flr_task *task = boardhost_task(&h, "t", NULL), *open = boardhost_task(&h, "open", NULL);
    flr_send_options o;

    ck_assert_int_eq(boardhost_send(&h, task, "12", FLR_ORDER_SEQUENTIAL, 0), 0);
    takes(1);
    ck_assert_str_eq(boardshow_tasks(&h), "t#0 targets:2 sent:1 outstanding:1");
    boardhost_advance(&h, 2.0);
    boardhost_dead(&h, 1);
    ck_assert_str_eq(boardshow_tasks(&h), "t#0 targets:2 sent:1 given_up:1");
    ck_assert_str_eq(boardshow_client(&h, 1), "heard:1000 gone:1002");
    takes(2);
    ck_assert_str_eq(boardshow_missing(&h, 0), "site-2");
    boardshow_adds_up(&h);
    ck_assert_int_eq(answers(1, "t"), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardshow_client(&h, 1), "heard:1002 results:1");
    ck_assert_str_eq(boardshow_client(&h, 2), "heard:1002"); /* closed */
    ck_assert_str_eq(boardshow_totals(&h), "scheduled:1 clients:2 sent:2 results:1 ok:1");
    ck_assert_int_eq(answers(2, "t"), FLR_OUTCOME_LATE);
    ck_assert_str_eq(boardshow_client(&h, 2), "heard:1002 late:1");
    flr_send_options_init(&o, sizeof o);
    o.mode = FLR_TARGETS_OPEN;
    o.order = FLR_ORDER_ANY;
    ck_assert_int_eq(flr_board_send(h.board, open, &o, NULL), 0);
    takes(3);
    ck_assert_str_eq(boardshow_tasks(&h), "open#1 sent:1 outstanding:1");
    boardshow_adds_up(&h);
    flr_task_unref(task);
    flr_task_unref(open);
}
END_TEST

static int refuse(flr_context *context, flr_shareable *message)
{
    (void)context, (void)message;
    return -20001;
}

START_TEST(st_05_answered_in_the_clients_place)
{
    flr_task *task;

    boardhost_init(&h, 3);
    h.filter = refuse;
    boardhost_begin(&h);
    task = broadcast("t", 2);
    ck_assert_ptr_null(boardhost_ask(&h, 1));
    ck_assert_str_eq(boardshow_tasks(&h), "t#0 targets:2 sent:1 answered:1");
    ck_assert_str_eq(boardshow_missing(&h, 0), "");
    ck_assert_str_eq(boardshow_client(&h, 1), "heard:1000");
    ck_assert_str_eq(boardshow_totals(&h), "standing:1 scheduled:1 clients:2 sent:1");
    boardshow_adds_up(&h);
    flr_task_unref(task);
    end();
}
END_TEST

/* ---- how tasks end ---- */

static int fail_send(void *self, flr_assignment *a, flr_context *context)
{
    (void)self, (void)a, (void)context;
    return -20002;
}

static int fail_done(void *self, flr_task *task, flr_context *context)
{
    (void)self, (void)task, (void)context;
    boardhost_trace(&h);
    boardhost_note(&h, "%s", boardshow_totals(&h));
    return -20003;
}

START_TEST(st_05_ended_tasks_by_final_status)
{
    static const int statuses[] = {FLR_TASK_OK,        FLR_TASK_TIMEOUT, FLR_TASK_ERROR,
                                   FLR_TASK_CANCELLED, FLR_TASK_ABORTED, FLR_TASK_CLIENT_DEAD};
    flr_task_options o;
    flr_task *task;

    for (int i = 0; i < 6; i++) {
        for (int times = 0; times <= i; times++) {
            task = broadcast("t", 1);
            ck_assert_int_eq(flr_task_cancel(task, statuses[i]), 0);
            flr_task_unref(task);
        }
    }
    ck_assert_str_eq(boardshow_totals(&h),
                     "scheduled:21 clients:1 ok:1 timeout:2 error:3 cancelled:4 "
                     "aborted:5 client_dead:6");
    boardhost_task_options(&h, &o);
    o.task_done = fail_done;
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_LIST, 1, 0, 0), 0);
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_trace(&h), "scheduled:22 clients:1 sent:1 ok:2 timeout:2 error:3 "
                                          "cancelled:4 aborted:5 client_dead:6");
    ck_assert_str_eq(boardshow_totals(&h), "scheduled:22 clients:1 sent:1 results:1 ok:1 timeout:2 "
                                           "error:4 cancelled:4 aborted:5 client_dead:6");
    flr_task_unref(task);
    boardhost_task_options(&h, &o);
    o.before_task_sent = fail_send;
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_LIST, 1, 0, 0), 0);
    ck_assert_ptr_null(boardhost_ask(&h, 1));
    flr_task_unref(task);
    ck_assert_str_eq(boardshow_totals(&h),
                     "scheduled:23 clients:1 sent:1 results:1 ok:1 timeout:2 error:5 "
                     "cancelled:4 aborted:5 client_dead:6");
    boardshow_adds_up(&h);
}
END_TEST

/* Nobody has come since, and its task_done is still to be made. */
START_TEST(st_05_what_is_due_does_not_stand)
{
    flr_task *task = timed("t", 10.0);

    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_LIST, 1, 0, 0), 0);
    takes(1);
    ck_assert_int_eq(flr_clock_advance(h.clock, 10.0), 0);
    ck_assert_str_eq(boardshow_tasks(&h), "");
    ck_assert_str_eq(boardshow_totals(&h), "scheduled:1 clients:1 sent:1 timeout:1");
    ck_assert_str_eq(boardshow_client(&h, 1), "heard:1000");
    ck_assert_ptr_null(strstr(boardhost_trace(&h), "done("));
    boardhost_step(&h);
    ck_assert_str_eq(boardhost_trace(&h), "done(t,timeout)");
    ck_assert_str_eq(boardshow_totals(&h), "scheduled:1 clients:1 sent:1 timeout:1");
    flr_task_unref(task);
    for (int call = 0; call < 4; call++) { /* whichever is the first to look */
        task = timed("t", 10.0);
        ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_LIST, 1, 0, 0), 0);
        takes(1);
        ck_assert_int_eq(flr_clock_advance(h.clock, 10.0), 0);
        if (call == 0) {
            ck_assert_str_eq(boardshow_totals(&h), "scheduled:2 clients:1 sent:2 timeout:2");
        } else if (call == 1) {
            ck_assert_int_eq(flr_board_visit_outstanding(h.board, 2, boardshow_name, NULL),
                             FLR_E_NOTFOUND);
        } else if (call == 2) {
            ck_assert_str_eq(boardshow_client(&h, 1), "heard:1030");
        } else {
            ck_assert_ptr_nonnull(strstr(boardshow_printed(&h, 0),
                                         "\"tasks\":[],\"clients\":[{\"name\":"
                                         "\"site-1\",\"silent\":10,"));
        }
        boardhost_step(&h);
        flr_task_unref(task);
    }
    boardshow_adds_up(&h);
}
END_TEST

START_TEST(st_05_after_the_workflow_its_totals_remain)
{
    static const char last[] =
        "{\"workflow\":\"wf\",\"totals\":{\"standing\":0,\"scheduled\":2,\"clients\":0,"
        "\"outstanding\":0,\"sent\":2,\"resends\":0,\"results\":1,\"duplicates\":1,\"late\":0,"
        "\"rejected\":0,\"ok\":1,\"timeout\":0,\"error\":0,\"cancelled\":1,\"aborted\":0,"
        "\"client_dead\":0},\"tasks\":[],\"clients\":[]}";
    flr_task *one = broadcast("t", 1), *two = broadcast("t", 2);

    takes(1);
    ck_assert_int_eq(answers(1, "t"), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(answers(1, "t"), FLR_OUTCOME_DUPLICATE);
    takes(2);
    boardhost_close(&h);
    ck_assert_str_eq(boardshow_totals(&h),
                     "scheduled:2 sent:2 results:1 duplicates:1 ok:1 cancelled:1");
    ck_assert_str_eq(boardshow_tasks(&h), "");
    ck_assert_ptr_null(boardshow_client(&h, 1));
    ck_assert_int_eq(flr_board_visit_outstanding(h.board, 1, boardshow_name, NULL), FLR_E_NOTFOUND);
    ck_assert_str_eq(boardshow_printed(&h, 0), last);
    ck_assert_int_eq(boardhost_broadcast(&h, one, FLR_TARGETS_LIST, 1, 0, 0), FLR_E_STATE);
    ck_assert_str_eq(boardshow_printed(&h, 0), last);
    flr_task_unref(one);
    flr_task_unref(two);
}
END_TEST

/* ---- arguments ---- */

static int see_client(void *self, const flr_client_info *info)
{
    (void)self, (void)info;
    return 0;
}

START_TEST(st_05_arguments)
{
    flr_board_totals t;
    flr_blob *text = (flr_blob *)&h;

    flr_board_totals_init(&t, sizeof t);
    ck_assert_int_eq(flr_board_get_totals(NULL, &t), FLR_E_INVAL);
    ck_assert_int_eq(flr_board_get_totals(h.board, NULL), FLR_E_INVAL);
    t.flags = 1;
    ck_assert_int_eq(flr_board_get_totals(h.board, &t), FLR_E_INVAL);
    ck_assert_int_eq(flr_board_visit_tasks(NULL, boardshow_task, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_board_visit_tasks(h.board, NULL, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_board_visit_outstanding(NULL, 0, boardshow_name, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_board_visit_outstanding(h.board, 0, NULL, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_board_visit_outstanding(h.board, 0, boardshow_name, NULL), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr_board_visit_outstanding(h.board, -1, boardshow_name, NULL),
                     FLR_E_NOTFOUND);
    ck_assert_int_eq(flr_board_visit_clients(NULL, see_client, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_board_visit_clients(h.board, NULL, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_board_print(NULL, 0, &text), FLR_E_INVAL);
    ck_assert_int_eq(flr_board_print(h.board, 0, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_board_print(h.board, 2, &text), FLR_E_INVAL);
    ck_assert_int_eq(flr_board_print(h.board, 3, &text), FLR_E_INVAL);
    ck_assert_int_eq(flr_board_print(h.board, UINT32_C(1) << 31, &text), FLR_E_INVAL);
    ck_assert_ptr_eq(text, (flr_blob *)&h);
    flr_board_totals_init(NULL, sizeof t);
}
END_TEST

/* A struct of this size from another host's header, and one byte of it; in a block of its own. */
static int totals_of_size(size_t size, size_t place, unsigned char byte, flr_board_totals *copy)
{
    unsigned char *bytes = malloc(size);
    uint32_t given;
    int status;

    ck_assert_ptr_nonnull(bytes);
    flr_board_totals_init((void *)bytes, size);
    if (place > 0) {
        bytes[place] = byte;
    }
    status = flr_board_get_totals(h.board, (void *)bytes);
    memcpy(&given, bytes, sizeof given);
    ck_assert_uint_eq(given, size);
    for (size_t i = sizeof *copy; i < size; i++) {
        ck_assert_uint_eq(bytes[i], i == place ? byte : 0);
    }
    memset(copy, 0, sizeof *copy);
    memcpy(copy, bytes, size < sizeof *copy ? size : sizeof *copy);
    free(bytes);
    return status;
}

START_TEST(st_05_totals_of_other_versions)
{
    flr_board_totals t;
    flr_task *task = broadcast("t", 2);

    takes(1);
    ck_assert_int_eq(totals_of_size(sizeof t, 0, 0, &t), 0);
    ck_assert_uint_eq(t.clients, 2);
    ck_assert_int_eq(totals_of_size(sizeof t - 8, 0, 0, &t), FLR_E_ABI);
    ck_assert_uint_eq(t.clients, 0);
    ck_assert_int_eq(totals_of_size(8, 0, 0, &t), FLR_E_ABI);
    ck_assert_int_eq(totals_of_size(sizeof t + 4, 0, 0, &t), FLR_E_ABI);
    ck_assert_int_eq(totals_of_size(sizeof t + 16, 0, 0, &t), 0);
    ck_assert_uint_eq(t.standing, 1);
    ck_assert_uint_eq(t.outstanding, 1);
    ck_assert_uint_eq(t.sent, 1);
    ck_assert_int_eq(totals_of_size(sizeof t + 16, sizeof t + 15, 1, &t), FLR_E_ABI);
    ck_assert_uint_eq(t.sent, 0);
    ck_assert_int_eq(totals_of_size(sizeof t, sizeof t - 1, 0xff, &t), 0); /* only overwritten */
    ck_assert_uint_eq(t.client_dead, 0);
    flr_task_unref(task);
}
END_TEST

int main(void)
{
    const TTest *const begun[] = {
        st_05_kind_age_and_time_left,
        st_05_each_outcome_is_counted_once,
        st_05_who_only_sent_something_has_a_record,
        st_05_no_record_of_what_was_not_scheduled,
        st_05_who_gets_an_open_task_has_a_record,
        st_05_several_tasks,
        st_05_forever,
        st_05_relay_with_legs_given_up,
        st_05_legs_that_join_a_relay,
        st_05_send_whose_owner_is_gone,
        st_05_ended_tasks_by_final_status,
        st_05_what_is_due_does_not_stand,
        st_05_after_the_workflow_its_totals_remain,
        st_05_arguments,
        st_05_totals_of_other_versions,
    };
    const TTest *const own[] = {
        st_05_answered_in_the_clients_place,
    };
    Suite *suite = suite_create("whom everybody is waiting for");
    TCase *with = tcase_create("begun"), *without = tcase_create("own");

    tcase_add_checked_fixture(with, begin, end);
    SUITE_ADD(with, begun);
    SUITE_ADD(without, own);
    suite_add_tcase(suite, with);
    suite_add_tcase(suite, without);
    return suite_run(suite);
}
