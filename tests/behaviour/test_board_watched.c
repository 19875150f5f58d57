/* A board that is asked for its progress while other threads work on it: row ST-05. */
#include "boardshow.h"
#include "support/suite.h"

#include <check.h>
#include <sched.h>
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

/* ---- other threads ---- */

/* Submit as this client; the outcome, or the code. For any thread. */
static int submit_as(flr_context *context, int who, const char *id)
{
    flr_shareable *result;
    int outcome = 0, status = flr_shareable_new(&result);

    if (status == 0) {
        status = flr_runner_process_submission(h.runner, boardhost_name(who), context, "t", id,
                                               result, &outcome);
        flr_shareable_unref(result);
    }
    return status < 0 ? status : outcome;
}

static flr_context *second_context;
static pthread_t second;
static int second_outcome;

static void *submit_second(void *self)
{
    (void)self;
    second_outcome = submit_as(second_context, 2, ids[2]);
    return NULL;
}

/* The second client's result waits for the turn, which this callback has, until the task is over. */
static int overtake(void *self, flr_assignment *a, flr_context *context)
{
    (void)self, (void)context;
    boardhost_trace(&h);
    ck_assert_int_eq(pthread_create(&second, NULL, submit_second, NULL), 0);
    while (strcmp(boardhost_check(&h, 2, ids[2]), "already received") != 0) {
        sched_yield();
    }
    ck_assert_str_eq(boardshow_totals(&h), "standing:1 scheduled:1 clients:3 outstanding:3 sent:3");
    ck_assert_str_eq(boardshow_tasks(&h), "t#0 targets:3 sent:3 outstanding:3");
    ck_assert_str_eq(boardshow_missing(&h, 0), "site-1 site-2 site-3");
    ck_assert_str_eq(boardshow_client(&h, 1), "heard:1000 open:1");
    ck_assert_str_eq(boardshow_client(&h, 2), "heard:1000 open:1");
    boardshow_adds_up(&h);
    ck_assert_int_eq(flr_task_cancel(flr_assignment_get_task(a), 0), 0);
    ck_assert_str_eq(boardshow_tasks(&h), "");
    ck_assert_str_eq(boardshow_client(&h, 1), "heard:1000");
    ck_assert_uint_eq(boardshow_get_totals(&h).outstanding, 0);
    boardhost_note(&h, "overtaken");
    return 0;
}

START_TEST(st_05_a_result_that_waits_too_long_is_late_and_nothing_else)
{
    flr_task_options o;
    flr_task *task;

    flr_task_options_init(&o, sizeof o);
    o.result_received = overtake;
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_LIST, 3, 0, 0), 0);
    for (int i = 1; i <= 3; i++) {
        takes(i);
    }
    second_context = boardhost_context(&h, 8); /* that of client 2 is used meanwhile */
    ck_assert_int_eq(answers(1, "t"), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(pthread_join(second, NULL), 0);
    ck_assert_int_eq(second_outcome, FLR_OUTCOME_LATE);
    ck_assert_ptr_nonnull(strstr(boardhost_trace(&h), "overtaken"));
    ck_assert_str_eq(boardshow_client(&h, 1), "heard:1000 results:1");
    ck_assert_str_eq(boardshow_client(&h, 2), "heard:1000 late:1");
    ck_assert_str_eq(boardshow_totals(&h),
                     "scheduled:1 clients:3 sent:3 results:1 late:1 cancelled:1");
    boardshow_adds_up(&h);
    flr_task_unref(task);
}
END_TEST

#define ROUNDS 300

typedef struct worker {
    pthread_t thread;
    flr_context *context;
    int who;
    atomic_bool finished;
    int failures;
} worker;

/* Ask and answer, over and over, with a re-send now and then. */
static void *work(void *self)
{
    worker *w = self;

    for (int i = 0; i < ROUNDS; i++) {
        const flr_answer *answer;
        char id[40];

        for (int k = 0; k < (i % 5 == 0 ? 2 : 1); k++) {
            if (flr_runner_process_task_request(h.runner, boardhost_name(w->who), w->context,
                                                &answer) < 0 ||
                flr_answer_get_kind(answer) != FLR_ANSWER_TASK) {
                w->failures++;
            }
        }
        snprintf(id, sizeof id, "%s", flr_answer_get_id(answer));
        if (submit_as(w->context, w->who, id) != FLR_OUTCOME_ACCEPTED) {
            w->failures++;
        }
    }
    atomic_store(&w->finished, true);
    return NULL;
}

static int check_counts(void *self, const flr_task_info *info)
{
    (void)self;
    ck_assert_uint_eq(info->sent, info->answered + info->given_up + info->outstanding);
    ck_assert_uint_le(info->outstanding, 2);
    return 0;
}

static int check_client(void *self, const flr_client_info *info)
{
    (void)self;
    ck_assert_uint_le(info->open, 1);
    ck_assert_uint_le(info->results, ROUNDS);
    return 0;
}

/* `key` in a printed line, before or behind the beginning of the tasks. */
static uint64_t number_in(const char *line, const char *key)
{
    const char *found = strstr(line, key);

    ck_assert_msg(found != NULL, "%s in %s", key, line);
    return strtoull(found + strlen(key), NULL, 10);
}

START_TEST(st_05_snapshots_are_consistent_while_others_work)
{
    worker workers[2] = {{.who = 1}, {.who = 2}};
    flr_task_options o;
    flr_task *task;

    flr_task_options_init(&o, sizeof o);
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_forever(&h, task, FLR_TARGETS_LIST, 2), 0);
    for (int i = 0; i < 2; i++) {
        workers[i].context = boardhost_context(&h, workers[i].who);
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    while (!atomic_load(&workers[0].finished) || !atomic_load(&workers[1].finished)) {
        const char *line = boardshow_printed(&h, 0), *first = strstr(line, "\"tasks\":[");
        flr_board_totals t = boardshow_get_totals(&h);

        ck_assert_uint_eq(number_in(line, "\"outstanding\":"),
                          number_in(first, "\"outstanding\":"));
        ck_assert_uint_eq(number_in(line, "\"sent\":"), number_in(first, "\"sent\":"));
        ck_assert_uint_eq(number_in(line, "\"results\":"), number_in(first, "\"answered\":"));
        ck_assert_uint_eq(t.sent, t.outstanding + t.results);
        ck_assert_int_eq(flr_board_visit_tasks(h.board, check_counts, NULL), 0);
        ck_assert_int_eq(flr_board_visit_clients(h.board, check_client, NULL), 0);
    }
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(pthread_join(workers[i].thread, NULL), 0);
        ck_assert_int_eq(workers[i].failures, 0);
    }
    ck_assert_str_eq(boardshow_totals(&h),
                     "standing:1 scheduled:1 clients:2 sent:600 resends:120 results:600");
    boardshow_adds_up(&h);
    flr_task_unref(task);
}
END_TEST

int main(void)
{
    const TTest *const begun[] = {
        st_05_a_result_that_waits_too_long_is_late_and_nothing_else,
        st_05_snapshots_are_consistent_while_others_work,
    };
    Suite *suite = suite_create("progress under way");
    TCase *with = tcase_create("begun");

    tcase_add_checked_fixture(with, begin, end);
    SUITE_ADD(with, begun);
    suite_add_tcase(suite, with);
    return suite_run(suite);
}
