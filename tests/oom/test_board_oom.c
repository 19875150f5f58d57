/*
 * A board without memory: each allocation of each call fails once, then all from one on. The call
 * gives 0 or FLR_E_NOMEM, nothing visible changed on the latter, a retry succeeds, nothing leaks;
 * and what ends tasks needs no memory at all.
 */
#include "boardhost.h"
#include "failalloc.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static boardhost h;
static flr_task *task;
static flr_task_options options;
static flr_broadcast_options targets;
static char id[40];
static int64_t answered;

typedef struct scenario {
    void (*build)(void);       /* after the host was begun, with memory */
    int (*call)(void);         /* without */
    void (*check)(int status); /* with memory again; of the first try */
    int (*retry)(void);        /* NULL: as call */
} scenario;

static void arm(bool once, size_t k)
{
    if (once) {
        failalloc_fail_at(k);
    } else {
        failalloc_fail_from(k);
    }
}

static void sweep(const scenario *s, bool filter, int (*refuse)(flr_context *, flr_shareable *))
{
    for (int once = 1; once >= 0; once--) {
        bool failed = true;

        for (size_t k = 1; failed; k++) {
            size_t before = failalloc_get_live_bytes();
            int status;

            ck_assert_uint_lt(k, 500);
            boardhost_init(&h, 3);
            h.filter = filter ? refuse : NULL;
            boardhost_begin(&h);
            boardhost_task_options(&h, &options);
            flr_broadcast_options_init(&targets, sizeof targets);
            task = NULL;
            s->build();
            boardhost_context(&h, 1);
            arm(once != 0, k);
            status = s->call();
            failed = failalloc_get_failures() > 0;
            failalloc_reset();
            ck_assert_msg(status == 0 || (failed && status == FLR_E_NOMEM), "k = %zu: %d", k,
                          status);
            s->check(status);
            if (status < 0) {
                boardhost_context(&h, 1);
                status = s->retry == NULL ? s->call() : s->retry();
                ck_assert_int_eq(status, 0);
            }
            flr_task_unref(task);
            boardhost_close(&h);
            boardhost_free(&h);
            ck_assert_uint_eq(failalloc_get_live_bytes(), before);
        }
    }
}

/* ---- making and scheduling ---- */

static flr_shareable *payload;

static void build_payload(void)
{
    payload = boardhost_payload();
    options.name = "t";
    options.payload = payload;
}

static int make_task(void)
{
    return flr_task_new(&options, &task);
}

static void check_task(int status)
{
    ck_assert(status < 0 ? task == NULL : task != NULL);
    if (status == 0) {
        flr_shareable_unref(payload);
    }
}

static int remake_task(void)
{
    int status = make_task();

    flr_shareable_unref(payload);
    return status;
}

START_TEST(oom_task_new)
{
    static const scenario s = {build_payload, make_task, check_task, remake_task};
    sweep(&s, false, NULL);
}
END_TEST

static const char *const two[] = {"site-1", "site-2"};
static const char *const strangers[] = {"a-stranger", "another"};

static void build_task(void)
{
    task = boardhost_task(&h, "t", &options);
}

static void build_list(void)
{
    build_task();
    targets.targets = two;
    targets.target_count = 2;
}

static void build_strangers(void)
{
    build_task();
    targets.targets = strangers;
    targets.target_count = 2;
    targets.flags = FLR_TARGETS_FLAG_ALLOW_UNKNOWN;
}

static void build_open(void)
{
    build_task();
    targets.mode = FLR_TARGETS_OPEN;
    targets.min_responses = 1;
}

static int broadcast(void)
{
    return flr_board_broadcast(h.board, task, &targets, h.contexts[1]);
}

static void check_scheduled(int status)
{
    ck_assert_uint_eq(flr_board_get_count(h.board), status == 0 ? 1 : 0);
    ck_assert_int_eq(flr_task_get_number(task), status == 0 ? 0 : -1);
    ck_assert_int_eq(flr_task_cancel(task, 0), status == 0 ? 0 : FLR_E_STATE);
}

START_TEST(oom_broadcast)
{
    static const scenario snapshot = {build_task, broadcast, check_scheduled, NULL};
    static const scenario list = {build_list, broadcast, check_scheduled, NULL};
    static const scenario unknown = {build_strangers, broadcast, check_scheduled, NULL};
    static const scenario open = {build_open, broadcast, check_scheduled, NULL};
    sweep(&snapshot, false, NULL);
    sweep(&list, false, NULL);
    sweep(&unknown, false, NULL);
    sweep(&open, false, NULL);
}
END_TEST

/* ---- requests and results ---- */

static void build_standing(void)
{
    build_task();
    ck_assert_int_eq(broadcast(), 0);
}

static void build_silent(void)
{
    options.before_task_sent = options.after_task_sent = NULL;
    options.result_received = NULL;
    build_standing();
}

static int request(void)
{
    const flr_answer *answer = NULL;

    return flr_runner_process_task_request(h.runner, "site-1", h.contexts[1], &answer);
}

static void check_served(int status)
{
    (void)status;
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    boardhost_take(&h, 1, id); /* the same assignment, if it was recorded */
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 1), FLR_OUTCOME_ACCEPTED);
}

static int nothing_left(void)
{
    return boardhost_ask(&h, 1) == NULL ? 0 : FLR_E_EXISTS;
}

START_TEST(oom_request)
{
    static const scenario with = {build_standing, request, check_served, nothing_left};
    static const scenario without = {build_silent, request, check_served, nothing_left};
    sweep(&with, false, NULL);
    sweep(&without, false, NULL);
}
END_TEST

static void build_taken(void)
{
    build_standing();
    boardhost_take(&h, 1, id);
}

static void build_silently_taken(void)
{
    build_silent();
    boardhost_take(&h, 1, id);
}

static int submit(void)
{
    static flr_shareable *result;
    int outcome = 0, status;

    failalloc_get_calls();
    if (flr_shareable_new(&result) < 0) {
        return FLR_E_NOMEM;
    }
    status =
        flr_runner_process_submission(h.runner, "site-1", h.contexts[1], "t", id, result, &outcome);
    flr_shareable_unref(result);
    answered = outcome;
    return status;
}

static void check_submitted(int status)
{
    if (status == 0) {
        ck_assert_int_eq(answered, FLR_OUTCOME_ACCEPTED);
        ck_assert_str_eq(boardhost_check(&h, 1, id), "already received");
    } else {
        ck_assert_str_eq(boardhost_check(&h, 1, id), "OK");
    }
}

START_TEST(oom_submission)
{
    static const scenario with = {build_taken, submit, check_submitted, NULL};
    static const scenario without = {build_silently_taken, submit, check_submitted, NULL};
    sweep(&with, false, NULL);
    sweep(&without, false, NULL);
}
END_TEST

static int refuse_all(flr_context *context, flr_shareable *message)
{
    (void)context, (void)message;
    return -20002;
}

/* The reply in the client's place may fail for want of memory: then the assignment is still open
 * and the next request tries again. */
static void check_refused(int status)
{
    (void)status;
    for (int i = 0; i < 2; i++) {
        ck_assert_ptr_null(boardhost_ask(&h, 1));
    }
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    boardhost_trace(&h);
    ck_assert_ptr_null(boardhost_ask(&h, 2));
    ck_assert_ptr_null(boardhost_ask(&h, 3));
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK); /* each of the three counted once */
}

START_TEST(oom_handle_exception)
{
    static const scenario s = {build_standing, request, check_refused, nothing_left};
    sweep(&s, true, refuse_all);
}
END_TEST

/* ---- ending needs no memory ---- */

static int end_everything(void)
{
    failalloc_fail_from(1);
    return flr_board_cancel_all(h.board, 0);
}

static void check_ended(int status)
{
    (void)status;
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_CANCELLED);
    ck_assert_ptr_nonnull(strstr(boardhost_trace(&h), "done(t,cancelled)"));
    ck_assert_str_eq(boardhost_check(&h, 1, id), "closed"); /* remembered */
}

START_TEST(oom_ending_needs_no_memory)
{
    boardhost_init(&h, 3);
    boardhost_begin(&h);
    boardhost_task_options(&h, &options);
    flr_broadcast_options_init(&targets, sizeof targets);
    build_taken();
    boardhost_take(&h, 2, id);
    boardhost_take(&h, 1, id);
    ck_assert_int_eq(end_everything(), 0);
    ck_assert_uint_eq(failalloc_get_calls(), 0);
    failalloc_reset();
    check_ended(0);
    flr_task_unref(task);
    boardhost_close(&h);
    boardhost_free(&h);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("board oom");
    TCase *tcase = tcase_create("oom");

    if (failalloc_install() < 0) {
        return EXIT_FAILURE;
    }
    tcase_set_timeout(tcase, 50);
    tcase_add_test(tcase, oom_task_new);
    tcase_add_test(tcase, oom_broadcast);
    tcase_add_test(tcase, oom_request);
    tcase_add_test(tcase, oom_submission);
    tcase_add_test(tcase, oom_handle_exception);
    tcase_add_test(tcase, oom_ending_needs_no_memory);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
