/* The printed line of a board, byte by byte: row ST-05. */
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

/* ---- the printed line ---- */

#define ZEROS                                                                                      \
    "\"standing\":0,\"scheduled\":0,\"clients\":0,\"outstanding\":0,\"sent\":0,\"resends\":0,"     \
    "\"results\":0,\"duplicates\":0,\"late\":0,\"rejected\":0,"
#define NO_END "\"ok\":0,\"timeout\":0,\"error\":0,\"cancelled\":0,\"aborted\":0,\"client_dead\":0"

START_TEST(st_05_an_empty_board)
{
    ck_assert_str_eq(boardshow_printed(&h, 0), "{\"workflow\":\"wf\",\"totals\":{" ZEROS NO_END
                                               "},\"tasks\":[],\"clients\":[]}");
    ck_assert_str_eq(boardshow_printed(&h, FLR_BOARD_PRINT_FLAG_BRIEF),
                     "{\"workflow\":\"wf\",\"totals\":{" ZEROS NO_END "},\"tasks\":[]}");
    ck_assert_str_eq(boardshow_totals(&h), "");
    ck_assert_str_eq(boardshow_tasks(&h), "");
    boardshow_adds_up(&h);
}
END_TEST

#define ONE_SENT                                                                                   \
    "{\"workflow\":\"wf\",\"totals\":{\"standing\":1,\"scheduled\":1,\"clients\":1,"               \
    "\"outstanding\":1,\"sent\":1,\"resends\":1,\"results\":0,\"duplicates\":0,\"late\":0,"        \
    "\"rejected\":0," NO_END "},\"tasks\":[{\"name\":\"t\",\"kind\":\"broadcast\",\"number\":0,"   \
    "\"age\":2.5,\"time_left\":7.5,\"targets\":1,\"sent\":1,\"answered\":0,\"given_up\":0,"        \
    "\"outstanding\":1,\"outstanding_clients\":[\"site-1\"]}]"

START_TEST(st_05_the_printed_line)
{
    flr_task *task = timed("t", 10.0);

    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_LIST, 1, 0, 0), 0);
    takes(1);
    boardhost_advance(&h, 0.25);
    takes(1);
    boardhost_advance(&h, 2.25);
    ck_assert_str_eq(boardshow_printed(&h, FLR_BOARD_PRINT_FLAG_BRIEF), ONE_SENT "}");
    ck_assert_str_eq(boardshow_printed(&h, 0),
                     ONE_SENT ",\"clients\":[{\"name\":\"site-1\",\"silent\":2.25,"
                              "\"disconnected\":null,\"open\":1,\"results\":0,\"resends\":1,"
                              "\"duplicates\":0,\"late\":0,\"rejected\":0}]}");
    boardhost_dead(&h, 1);
    boardhost_advance(&h, 0.000000001);
    ck_assert_ptr_nonnull(strstr(boardshow_printed(&h, 0), "\"silent\":2.250000001,"
                                                           "\"disconnected\":0.000000001,"));
    ck_assert_ptr_nonnull(
        strstr(boardshow_printed(&h, 0), "\"age\":2.500000001,\"time_left\":7.499999999,"));
    flr_task_unref(task);
}
END_TEST

START_TEST(st_05_times_that_are_not_there)
{
    flr_task *task = broadcast("t", 1);

    boardhost_advance(&h, 86400.0);
    ck_assert_ptr_nonnull(
        strstr(boardshow_printed(&h, 0), "\"age\":86400,\"time_left\":null,\"targets\":1,"));
    ck_assert_ptr_nonnull(strstr(boardshow_printed(&h, 0),
                                 "{\"name\":\"site-1\",\"silent\":null,\"disconnected\":null,"));
    flr_task_unref(task);
}
END_TEST

START_TEST(st_05_names_are_escaped)
{
    static const char *const stranger[] = {"\"a\\b\"\n\x01\xc3\xa9"};
    flr_broadcast_options o;
    flr_task *task;
    const flr_answer *answer;

    boardhost_init(&h, 1);
    h.workflow = "w\"f\"";
    boardhost_begin(&h);
    task = boardhost_task(&h, "t\t/", NULL);
    flr_broadcast_options_init(&o, sizeof o);
    o.flags = FLR_TARGETS_FLAG_ALLOW_UNKNOWN;
    o.targets = stranger;
    o.target_count = 1;
    ck_assert_int_eq(flr_board_broadcast(h.board, task, &o, NULL), 0);
    ck_assert_int_eq(
        flr_runner_process_task_request(h.runner, stranger[0], boardhost_context(&h, 1), &answer),
        0);
    ck_assert_int_eq(flr_answer_get_kind(answer), FLR_ANSWER_TASK);
    ck_assert_ptr_nonnull(
        strstr(boardshow_printed(&h, 0), "{\"workflow\":\"w\\\"f\\\"\",\"totals\":"));
    ck_assert_ptr_nonnull(
        strstr(boardshow_printed(&h, 0), "\"tasks\":[{\"name\":\"t\\t/\",\"kind\":"));
    ck_assert_ptr_nonnull(
        strstr(boardshow_printed(&h, 0),
               "\"outstanding_clients\":[\"\\\"a\\\\b\\\"\\n\\u0001\xc3\xa9\"]}],\"clients\":["
               "{\"name\":\"\\\"a\\\\b\\\"\\n\\u0001\xc3\xa9\",\"silent\":0,"));
    flr_task_unref(task);
    end();
}
END_TEST

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

START_TEST(st_05_each_kind)
{
    static const char *const parts[] = {
        "\"tasks\":[{\"name\":\"a\",\"kind\":\"broadcast\",\"number\":0,\"age\":0,"
        "\"time_left\":null,\"targets\":3,\"sent\":0,\"answered\":0,\"given_up\":0,"
        "\"outstanding\":0,\"outstanding_clients\":[]},",
        "},{\"name\":\"b\",\"kind\":\"forever\",\"number\":1,\"age\":0,\"time_left\":null,"
        "\"targets\":2,",
        "},{\"name\":\"c\",\"kind\":\"send\",\"number\":2,\"age\":0,\"time_left\":null,"
        "\"targets\":2,",
        "},{\"name\":\"d\",\"kind\":\"send_any\",\"number\":3,\"age\":0,\"time_left\":null,"
        "\"targets\":1,",
        "},{\"name\":\"e\",\"kind\":\"relay\",\"number\":4,\"age\":0,\"time_left\":null,"
        "\"targets\":4,",
        "},{\"name\":\"f\",\"kind\":\"relay_any\",\"number\":5,\"age\":0,\"time_left\":null,"
        "\"targets\":5,",
    };
    flr_task *list[6];
    const char *line;

    schedule_each_kind(list);
    line = boardshow_printed(&h, FLR_BOARD_PRINT_FLAG_BRIEF);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        line = strstr(line, parts[i]); /* in scheduling order */
        ck_assert_msg(line != NULL, "%s", parts[i]);
    }
    ck_assert_str_eq(boardshow_tasks(&h),
                     "a#0 targets:3 b#1 targets:2 c#2 targets:2 d#3 targets:1 e#4 targets:4 "
                     "f#5 targets:5");
    boardshow_adds_up(&h);
    for (int i = 0; i < 6; i++) {
        flr_task_unref(list[i]);
    }
}
END_TEST

/* ---- many names ---- */

static void ask_as(size_t number)
{
    const flr_answer *answer;
    char name[32];

    snprintf(name, sizeof name, "client-%zu", number);
    ck_assert_int_eq(
        flr_runner_process_task_request(h.runner, name, boardhost_context(&h, 1), &answer), 0);
    ck_assert_int_eq(flr_answer_get_kind(answer), FLR_ANSWER_TASK);
}

static flr_task *asked_by_many(size_t count)
{
    flr_task_options o;
    flr_task *task;

    flr_task_options_init(&o, sizeof o);
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_OPEN, 0, 1000, 0), 0);
    for (size_t i = 0; i < count; i++) {
        ask_as(i);
    }
    return task;
}

static int see_in_order(void *self, const char *name)
{
    size_t *next = self;
    char expected[32];

    snprintf(expected, sizeof expected, "client-%zu", *next);
    ck_assert_str_eq(name, expected);
    *next += 1;
    return 0;
}

START_TEST(st_05_at_most_100_names_are_printed)
{
    flr_task *task = asked_by_many(99);
    size_t next = 0;

    for (size_t count = 99; count <= 102; count++) {
        const char *list =
            strstr(boardshow_printed(&h, FLR_BOARD_PRINT_FLAG_BRIEF), "\"outstanding_clients\":[");
        char name[32];
        size_t names = 0;

        ck_assert_ptr_nonnull(list);
        list += strlen("\"outstanding_clients\":[");
        for (; *list != ']'; names++) {
            snprintf(name, sizeof name, "%s\"client-%zu\"", names == 0 ? "" : ",", names);
            ck_assert_int_eq(strncmp(list, name, strlen(name)), 0);
            list += strlen(name);
        }
        ck_assert_str_eq(list, "]}]}");
        ck_assert_uint_eq(names, count < 100 ? count : 100);
        ask_as(count);
    }
    ck_assert_int_eq(flr_board_visit_outstanding(h.board, 0, see_in_order, &next), 0);
    ck_assert_uint_eq(next, 103);
    flr_task_unref(task);
}
END_TEST

int main(void)
{
    const TTest *const begun[] = {
        st_05_an_empty_board,
        st_05_the_printed_line,
        st_05_times_that_are_not_there,
        st_05_each_kind,
        st_05_at_most_100_names_are_printed,
    };
    const TTest *const own[] = {
        st_05_names_are_escaped,
    };
    Suite *suite = suite_create("the printed board");
    TCase *with = tcase_create("begun"), *without = tcase_create("own");

    tcase_add_checked_fixture(with, begin, end);
    SUITE_ADD(with, begun);
    SUITE_ADD(without, own);
    suite_add_tcase(suite, with);
    suite_add_tcase(suite, without);
    return suite_run(suite);
}
