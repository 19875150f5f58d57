/* Requests, submissions and task checks of a run whose communicator is a board: whole traces. Rows
 * RQ-01, RQ-17, RQ-19, RQ-20, SB-01, SB-13 to SB-19, SB-21 to SB-24, FI-06. */
#include "boardhost.h"
#include "failalloc.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASKED                                                                                      \
    "_before_process_task_request before(site-1) after(site-1) _after_process_task_request"
#define SENT    ASKED " _before_task_data_filter _after_task_data_filter"
#define ARRIVED "_before_task_result_filter _after_task_result_filter _before_process_submission"
#define UNKNOWN(who)                                                                               \
    " _before_process_result_of_unknown_task unknown(" who ",train)"                               \
    " _after_process_result_of_unknown_task"

static boardhost h;
static flr_task *task;

static void begin(void)
{
    h.trace_events = true;
    boardhost_begin(&h);
    boardhost_trace(&h);
}

/* For tests that need no more than the defaults. */
static void setup(void)
{
    boardhost_init(&h, 3);
}

static void teardown(void)
{
    flr_task_unref(task);
    task = NULL;
    boardhost_close(&h);
    boardhost_free(&h);
}

static void schedule(flr_task_options *options, int n)
{
    task = boardhost_task(&h, "train", options);
    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_LIST, n, 0, 0), 0);
}

static void expect(const char *trace)
{
    ck_assert_str_eq(boardhost_trace(&h), trace);
}

/* ---- requests ---- */

START_TEST(rq_17_served)
{
    char id[40], again[40];
    h.lead = 1000;
    begin();
    schedule(NULL, 1);
    boardhost_take(&h, 1, id);
    expect(SENT);
    boardhost_take(&h, 1, again); /* a re-send is the same */
    expect(SENT);
    ck_assert_str_eq(id, again);
    ck_assert_uint_eq(boardhost_stats(&h).resends, 1);
    ck_assert_uint_eq(boardhost_stats(&h).answer_task, 2);
    ck_assert_int_eq(flr_runner_handle_dead_job(h.runner, "site-1"), 0);
    boardhost_advance(&h, 60);
    expect("_client_disconnected");
    boardhost_take(&h, 1, again);
    expect("_client_reconnected " SENT);
}
END_TEST

static int fail_filter(flr_context *context, flr_shareable *message)
{
    (void)message;
    return flr_context_fail(context, FLR_E_IO, "no key");
}

static int note_rc(void *self, flr_assignment *a, flr_context *context)
{
    flr_shareable *result = flr_assignment_get_result(a);
    (void)context;
    boardhost_note(self, "received(%s,%s)", flr_assignment_get_client(a),
                   flr_shareable_get_rc(result));
    flr_shareable_unref(result);
    return 0;
}

START_TEST(rq_19_data_filter_failed)
{
    flr_task_options options;
    h.filter = fail_filter;
    begin();
    boardhost_task_options(&h, &options);
    options.result_received = note_rc;
    schedule(&options, 2);
    ck_assert_ptr_null(boardhost_ask(&h, 1));
    expect(ASKED " _before_task_data_filter received(site-1,TASK_DATA_FILTER_ERROR)");
    ck_assert_ptr_null(boardhost_ask(&h, 2)); /* the last target: this ends the task */
    expect("_before_process_task_request before(site-2) after(site-2) _after_process_task_request "
           "_before_task_data_filter received(site-2,TASK_DATA_FILTER_ERROR) done(train,ok)");
    ck_assert_uint_eq(boardhost_stats(&h).answer_try_filter, 2);
    ck_assert_ptr_null(boardhost_ask(&h, 1));
    expect("_before_process_task_request _after_process_task_request"); /* never again */
}
END_TEST

static int fail_before(void *self, flr_assignment *a, flr_context *context)
{
    boardhost_before(self, a, context);
    return flr_context_fail(context, FLR_E_IO, "not today");
}

START_TEST(rq_20_send_callback_failed)
{
    for (int i = 0; i < 2; i++) {
        flr_task_options options;
        begin();
        boardhost_task_options(&h, &options);
        if (i == 0)
            options.before_task_sent = fail_before;
        else
            options.after_task_sent = fail_before; /* traces "before" as well */
        schedule(&options, 1);
        ck_assert_ptr_null(boardhost_ask(&h, 1));
        expect(i == 0 ? "_before_process_task_request before(site-1) after(site-1) "
                        "done(train,error) _after_process_task_request"
                      : "_before_process_task_request before(site-1) before(site-1) "
                        "done(train,error) _after_process_task_request");
        ck_assert_uint_eq(boardhost_stats(&h).answer_try_no_task, 1);
        ck_assert_int_eq(flr_runner_get_status(h.runner), FLR_STATUS_STARTED);
        if (i == 0) {
            teardown();
            setup();
        }
    }
}
END_TEST

static int get_count(void *self, flr_assignment *a)
{
    (void)a;
    ++*(int *)self;
    return 0;
}

/* A request that runs out of memory at any point: what was recorded stays open and is sent at the
 * next one. */
START_TEST(rq_01_no_memory)
{
    failalloc_install();
    for (int callbacks = 0; callbacks < 2; callbacks++)
        for (size_t k = 1;; k++) {
            flr_task_options options;
            const flr_answer *answer = NULL;
            char id[40], later[40];
            int count = 0;
            setup();
            begin();
            boardhost_task_options(&h, &options);
            if (!callbacks)
                options.before_task_sent = options.after_task_sent = NULL;
            schedule(&options, 1);
            flr_context *context = boardhost_context(&h, 1);
            failalloc_fail_at(k);
            int status = flr_runner_process_task_request(h.runner, "site-1", context, &answer);
            bool over = failalloc_get_failures() == 0;
            failalloc_reset();
            ck_assert(status == 0 || status == FLR_E_NOMEM);
            if (status == 0 && flr_answer_get_kind(answer) == FLR_ANSWER_TASK)
                snprintf(id, sizeof id, "%s", flr_answer_get_id(answer));
            else
                boardhost_take(&h, 1, id);
            boardhost_take(&h, 1, later);
            ck_assert_str_eq(id, later);
            ck_assert_int_eq(flr_task_visit_assignments(task, get_count, &count), 0);
            ck_assert_int_eq(count, 1);
            ck_assert_int_eq(boardhost_answer(&h, 1, "train", id, 1), FLR_OUTCOME_ACCEPTED);
            teardown();
            if (over)
                break;
        }
    ck_assert_uint_eq(failalloc_get_live_bytes(), 0);
    failalloc_uninstall();
    setup();
    begin();
}
END_TEST

/* A submission that runs out of memory leaves the assignment open. */
START_TEST(sb_01_no_memory)
{
    failalloc_install();
    for (size_t k = 1;; k++) {
        flr_shareable *result;
        char id[40];
        int outcome = 0;
        setup();
        begin();
        schedule(NULL, 1);
        boardhost_take(&h, 1, id);
        flr_context *context = boardhost_context(&h, 1);
        ck_assert_int_eq(flr_shareable_new(&result), 0);
        failalloc_fail_at(k);
        int status = flr_runner_process_submission(h.runner, "site-1", context, "train", id, result,
                                                   &outcome);
        bool over = failalloc_get_failures() == 0;
        failalloc_reset();
        if (status == FLR_E_NOMEM) {
            ck_assert_str_eq(boardhost_check(&h, 1, id), "OK");
            ck_assert_int_eq(boardhost_answer(&h, 1, "train", id, 1), FLR_OUTCOME_ACCEPTED);
        } else {
            ck_assert_int_eq(status, 0);
            ck_assert_int_eq(outcome, FLR_OUTCOME_ACCEPTED);
        }
        flr_shareable_unref(result);
        teardown();
        if (over)
            break;
    }
    ck_assert_uint_eq(failalloc_get_live_bytes(), 0);
    failalloc_uninstall();
    setup();
    begin();
}
END_TEST

static int nested_status;

static int call_inside(void *self, flr_task *done, flr_context *context)
{
    boardhost *host = self;
    const flr_answer *answer = NULL;
    flr_shareable *result;
    int outcome;
    (void)done, (void)context;
    ck_assert_int_eq(flr_shareable_new(&result), 0);
    nested_status = flr_runner_process_submission(
        host->runner, "site-2", boardhost_context(host, 2), "train", "", result, &outcome);
    flr_shareable_unref(result);
    ck_assert_int_eq(nested_status, FLR_E_REENTRANT);
    nested_status = flr_runner_process_task_request(host->runner, "site-2",
                                                    boardhost_context(host, 2), &answer);
    return 0;
}

/* RQ-01, SB-01, BD-18: from a task callback, whatever the task. */
START_TEST(rq_01_reentrant_from_a_task_callback)
{
    flr_task_options options;
    flr_task *other, *plain;
    char id[40];
    begin();
    boardhost_task_options(&h, &options);
    options.task_done = call_inside;
    schedule(&options, 1);
    other = boardhost_task(&h, "other", NULL); /* with send callbacks */
    ck_assert_int_eq(boardhost_broadcast(&h, other, FLR_TARGETS_OPEN, 0, 9, 0), 0);
    boardhost_take(&h, 1, id);
    ck_assert_int_eq(boardhost_answer(&h, 1, "train", id, 1), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(nested_status, FLR_E_REENTRANT);
    flr_task_cancel(other, 0);
    flr_task_unref(other);
    flr_task_unref(task);
    schedule(&options, 1);
    boardhost_task_options(&h, &options);
    options.before_task_sent = options.after_task_sent = NULL;
    plain = boardhost_task(&h, "plain", &options); /* without: nobody waits */
    ck_assert_int_eq(boardhost_broadcast(&h, plain, FLR_TARGETS_OPEN, 0, 9, 0), 0);
    boardhost_take(&h, 1, id);
    ck_assert_int_eq(boardhost_answer(&h, 1, "train", id, 1), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(nested_status, 0);
    flr_task_unref(plain);
}
END_TEST

/* ---- submissions ---- */

START_TEST(sb_13_21_accepted)
{
    char one[40], two[40];
    begin();
    schedule(NULL, 2);
    boardhost_take(&h, 1, one);
    boardhost_take(&h, 2, two);
    boardhost_trace(&h);
    ck_assert_int_eq(boardhost_answer(&h, 1, "train", one, 1), FLR_OUTCOME_ACCEPTED);
    expect(ARRIVED " received(site-1) _after_process_submission");
    ck_assert_int_eq(boardhost_answer(&h, 2, "train", two, 1), FLR_OUTCOME_ACCEPTED);
    expect(ARRIVED " received(site-2) done(train,ok) _after_process_submission");
}
END_TEST

static int fail_received(void *self, flr_assignment *a, flr_context *context)
{
    boardhost_received(self, a, context);
    return FLR_E_IO;
}

START_TEST(sb_13_result_received_fails)
{
    flr_task_options options;
    char id[40];
    begin();
    boardhost_task_options(&h, &options);
    options.result_received = fail_received;
    schedule(&options, 2);
    boardhost_take(&h, 1, id);
    boardhost_trace(&h);
    ck_assert_int_eq(boardhost_answer(&h, 1, "train", id, 1), FLR_OUTCOME_ACCEPTED);
    expect(ARRIVED " received(site-1) done(train,error) _after_process_submission");
    ck_assert_int_eq(flr_runner_get_status(h.runner), FLR_STATUS_STARTED);
}
END_TEST

START_TEST(sb_14_19_22_duplicate)
{
    char id[40];
    begin();
    schedule(NULL, 2);
    boardhost_take(&h, 1, id);
    boardhost_answer(&h, 1, "train", id, 1);
    for (int i = 0; i < 3; i++) {
        boardhost_trace(&h);
        ck_assert_int_eq(boardhost_answer(&h, 1, "train", id, 1), FLR_OUTCOME_DUPLICATE);
        expect(ARRIVED " _after_process_submission");
    }
    flr_task_cancel(task, 0); /* remembered as answered: still a duplicate */
    boardhost_trace(&h);
    ck_assert_int_eq(boardhost_answer(&h, 1, "train", id, 1), FLR_OUTCOME_DUPLICATE);
    expect(ARRIVED " _after_process_submission");
}
END_TEST

START_TEST(sb_15_19_24_unknown_task)
{
    static const char *const strange[] = {"", "?", "0123456789abcdef0123456789abcdef",
                                          "0123456789ABCDEF0123456789ABCDEF",
                                          "0123456789abcdef0123456789abcdef0"};
    char id[40];
    begin();
    schedule(NULL, 2);
    boardhost_trace(&h);
    for (size_t i = 0; i < 2 * sizeof strange / sizeof strange[0]; i++) {
        ck_assert_int_eq(boardhost_answer(&h, 1, "train", strange[i / 2], 1),
                         FLR_OUTCOME_UNKNOWN_TASK);
        expect(ARRIVED UNKNOWN("site-1") " _after_process_submission");
    }
    boardhost_take(&h, 1, id);
    flr_task_cancel(task, 0);
    boardhost_trace(&h);
    for (int i = 0; i < 2; i++) { /* remembered, for another client or another task name */
        ck_assert_int_eq(boardhost_answer(&h, 2, "train", id, 1), FLR_OUTCOME_UNKNOWN_TASK);
        expect(ARRIVED UNKNOWN("site-2") " _after_process_submission");
        ck_assert_int_eq(boardhost_answer(&h, 1, "tame", id, 1), FLR_OUTCOME_UNKNOWN_TASK);
        expect(ARRIVED " _before_process_result_of_unknown_task unknown(site-1,tame)"
                       " _after_process_result_of_unknown_task _after_process_submission");
    }
    ck_assert_int_eq(boardhost_answer(&h, 1, "train", id, 1), FLR_OUTCOME_LATE); /* untouched */
}
END_TEST

START_TEST(sb_16_19_24_late)
{
    char id[40];
    begin();
    schedule(NULL, 2);
    boardhost_take(&h, 1, id);
    flr_task_cancel(task, 0);
    boardhost_trace(&h);
    ck_assert_int_eq(boardhost_answer(&h, 1, "train", id, 1), FLR_OUTCOME_LATE);
    expect(ARRIVED UNKNOWN("site-1") " _after_process_submission");
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(boardhost_answer(&h, 1, "train", id, 1), FLR_OUTCOME_DUPLICATE);
        expect(ARRIVED " _after_process_submission");
    }
}
END_TEST

START_TEST(sb_17_19_22_23_wrong_client_and_name)
{
    char id[40];
    begin();
    schedule(NULL, 2);
    boardhost_take(&h, 1, id);
    boardhost_trace(&h);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(boardhost_answer(&h, 2, "train", id, 1), FLR_OUTCOME_WRONG_CLIENT);
        expect(ARRIVED " _after_process_submission");
        ck_assert_int_eq(boardhost_answer(&h, 2, "tame", id, 1),
                         FLR_OUTCOME_WRONG_CLIENT); /* the client is looked at first */
        expect(ARRIVED " _after_process_submission");
        ck_assert_int_eq(boardhost_answer(&h, 1, "tame", id, 1), FLR_OUTCOME_WRONG_TASK_NAME);
        expect(ARRIVED " _after_process_submission");
    }
    ck_assert_str_eq(boardhost_check(&h, 1, id), "OK"); /* still open */
    ck_assert_int_eq(boardhost_answer(&h, 1, "train", id, 1), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(boardhost_answer(&h, 1, "tame", id, 1),
                     FLR_OUTCOME_WRONG_TASK_NAME); /* the name before the assignment's state */
    ck_assert_int_eq(boardhost_answer(&h, 2, "train", id, 1), FLR_OUTCOME_WRONG_CLIENT);
}
END_TEST

static int fail_unknown(const char *client, const char *name, const char *id)
{
    (void)client, (void)name, (void)id;
    return FLR_E_IO;
}

START_TEST(sb_18_24_unknown_handler_fails)
{
    char id[40];
    h.unknown = fail_unknown;
    begin();
    schedule(NULL, 2);
    boardhost_take(&h, 1, id);
    flr_task_cancel(task, 0);
    boardhost_trace(&h);
    ck_assert_int_eq(boardhost_answer(&h, 1, "train", id, 1), FLR_OUTCOME_FAILED);
    expect(ARRIVED UNKNOWN("site-1") " _after_process_submission");
    /* it counts as delivered all the same */
    ck_assert_int_eq(boardhost_answer(&h, 1, "train", id, 1), FLR_OUTCOME_DUPLICATE);
    ck_assert_uint_eq(boardhost_stats(&h).failed, 1);
    ck_assert_int_eq(flr_runner_get_status(h.runner), FLR_STATUS_STARTED);
}
END_TEST

static int refuse_result(void *self, flr_context *context, flr_shareable *message,
                         flr_shareable **output)
{
    (void)self, (void)context, (void)message, (void)output;
    return FLR_E_IO;
}

static void add_refusing_filter(flr_config *config)
{
    flr_filter_ops ops;
    flr_filter_ops_init(&ops, sizeof ops);
    ops.process = refuse_result;
    ck_assert_int_eq(flr_config_add_result_filter(config, "train", &ops, NULL), 0);
}

/* SB-12: it is delivered all the same, and counts as a response. */
START_TEST(sb_21_result_filter_fails)
{
    flr_task_options options;
    char id[40];
    h.configure = add_refusing_filter;
    begin();
    boardhost_task_options(&h, &options);
    options.result_received = note_rc;
    schedule(&options, 1);
    boardhost_take(&h, 1, id);
    boardhost_trace(&h);
    ck_assert_int_eq(boardhost_answer(&h, 1, "train", id, 1), FLR_OUTCOME_ACCEPTED);
    expect(ARRIVED " received(site-1,TASK_RESULT_FILTER_ERROR) done(train,ok) "
                   "_after_process_submission");
}
END_TEST

/* SB-07: the assignment of a fatal result is untouched. */
START_TEST(sb_07_assignment_untouched)
{
    flr_shareable *result;
    flr_context *context;
    char id[40];
    int outcome = 0;
    begin();
    schedule(NULL, 1);
    boardhost_take(&h, 1, id);
    boardhost_trace(&h);
    context = boardhost_context(&h, 1);
    ck_assert_int_eq(flr_shareable_new_reply(FLR_RC_UNSAFE_JOB, NULL, &result), 0);
    ck_assert_int_eq(
        flr_runner_process_submission(h.runner, "site-1", context, "train", id, result, &outcome),
        0);
    flr_shareable_unref(result);
    ck_assert_int_eq(outcome, FLR_OUTCOME_FATAL_RETURN_CODE);
    expect("_fatal_system_error");
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    atomic_store(&h.end, true);
    boardhost_step(&h);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_ABORTED);
}
END_TEST

/* ---- filters ---- */

static int filtered;

static int change_message(flr_context *context, flr_shareable *message)
{
    (void)context;
    /* nobody's changes but its own */
    ck_assert_int_eq(flr_value_get_int(flr_shareable_get(message, "model"), 0), 7);
    ck_assert_ptr_null(flr_shareable_get_header(message, "noise"));
    ck_assert_int_eq(flr_shareable_set_int(message, "model", 100 + filtered), 0);
    ck_assert_int_eq(flr_shareable_set_header_int(message, "noise", filtered), 0);
    filtered++;
    return 0;
}

START_TEST(fi_06_filters_work_on_the_clients_own_copy)
{
    flr_task_options options;
    flr_shareable *payload = boardhost_payload();
    const flr_answer *answer;
    h.filter = change_message;
    filtered = 0;
    begin();
    boardhost_task_options(&h, &options);
    options.payload = payload;
    schedule(&options, 3);
    for (int i = 0; i < 4; i++) { /* the last one is a re-send */
        answer = boardhost_ask(&h, i == 3 ? 1 : i + 1);
        ck_assert_ptr_nonnull(answer);
        const flr_shareable *data = flr_answer_get_data(answer);
        ck_assert_int_eq(flr_value_get_int(flr_shareable_get(data, "model"), 0), 100 + i);
    }
    ck_assert_int_eq(filtered, 4);
    ck_assert_int_eq(flr_value_get_int(flr_shareable_get(payload, "model"), 0), 7);
    flr_shareable_unref(payload);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("messages of a board");
    TCase *one = tcase_create("messages");
    tcase_set_timeout(one, 30);
    tcase_add_checked_fixture(one, setup, teardown);
    tcase_add_test(one, rq_01_no_memory);
    tcase_add_test(one, rq_01_reentrant_from_a_task_callback);
    tcase_add_test(one, rq_17_served);
    tcase_add_test(one, rq_19_data_filter_failed);
    tcase_add_test(one, rq_20_send_callback_failed);
    tcase_add_test(one, sb_01_no_memory);
    tcase_add_test(one, sb_07_assignment_untouched);
    tcase_add_test(one, sb_13_21_accepted);
    tcase_add_test(one, sb_13_result_received_fails);
    tcase_add_test(one, sb_14_19_22_duplicate);
    tcase_add_test(one, sb_15_19_24_unknown_task);
    tcase_add_test(one, sb_16_19_24_late);
    tcase_add_test(one, sb_17_19_22_23_wrong_client_and_name);
    tcase_add_test(one, sb_18_24_unknown_handler_fails);
    tcase_add_test(one, sb_21_result_filter_fails);
    tcase_add_test(one, fi_06_filters_work_on_the_clients_own_copy);
    suite_add_tcase(suite, one);
    return suite_run(suite);
}
