/* A client submits results: the check before, the attempts, what ends them. Rows CL-20 to CL-25. */
#include "clienthost.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One task; the trace has calls with their times and nothing else. */
static clienthost *submitting(const char *checks, const char *submissions)
{
    clienthost *h = clienthost_usual("task end");
    h->script[CLIENTHOST_CHECK] = checks;
    h->script[CLIENTHOST_SUBMIT] = submissions;
    h->without_events = h->with_times = true;
    return h;
}

#define BEGUN "sync@0 pull@0 trainer(train) "

static void check_stats(const clienthost *h, uint64_t delivered, uint64_t dropped, uint64_t retries)
{
    flr_client_stats stats = clienthost_stats(h);
    ck_assert_uint_eq(stats.delivered, delivered);
    ck_assert_uint_eq(stats.dropped, dropped);
    ck_assert_uint_eq(stats.submit_retries, retries);
    ck_assert_int_eq(strstr(h->log, "was not delivered") != NULL, dropped > 0);
}

/* ---- CL-20 ---- */

START_TEST(cl_20_events)
{
    static const char *const checks[] = {"OK", "TASK_UNKNOWN", "denied"};
    static const char *const calls[] = {"check(id-1) submit(train,id-1,OK) ", "check(id-1) ",
                                        "check(id-1) "};
    clienthost *h = submitting(checks[_i], "ok");
    char expected[512];
    h->without_events = h->with_times = false;
    ck_assert_int_eq(clienthost_finish(h), 0);
    snprintf(expected, sizeof expected,
             T_BEGIN T_PULL T_DATA T_EXECUTE T_RESULT
             "_before_send_task_result %s_after_send_task_result " T_PULL T_END,
             calls[_i]);
    clienthost_expect(h, expected);
    check_stats(h, _i == 0, _i > 0, 0);
    clienthost_free(h);
}
END_TEST

/* ---- CL-21 ---- */

START_TEST(cl_21_the_message)
{
    clienthost *h = submitting("hold", NULL);
    clienthost_step(h);
    const flr_request *r = h->last[CLIENTHOST_CHECK];
    ck_assert_str_eq(flr_request_get_target(r), "server");
    ck_assert_str_eq(clienthost_header(flr_request_get_message(r), FLR_HEADER_TASK_ID), "id-1");
    ck_assert_double_eq(flr_request_get_timeout(r), 5.0);
    ck_assert_int_eq(flr_request_is_optional(r), 1);
    clienthost_free(h);
}
END_TEST

static const struct {
    const char *check;
    int then; /* 0: submit, 1: drop, 2: again */
} codes[] = {
    {"OK", 0},
    {"TASK_UNKNOWN", 1},
    {"TASK_UNKNOWN:closed", 1},
    {"TASK_UNKNOWN:not-yours", 1},
    {"COMMUNICATION_ERROR", 2},
    {"SERVER_NOT_READY", 2},
    {"TIMEOUT", 2},
    {"SERVICE_UNAVAILABLE", 2},
    {"HANDLER_EXCEPTION", 2},
    {"fail", 2},
    {"return", 2},
    {"TOPIC_UNKNOWN", 0},
    {"BAD_REQUEST_DATA", 0},
    {"ERROR", 0},
    {"EXECUTION_EXCEPTION", 0},
    {"a-code-of-its-own", 0},
};
enum { CODES = sizeof codes / sizeof codes[0] };

START_TEST(cl_21_what_the_check_says)
{
    static const char *const then[] = {
        BEGUN "check(id-1)@0 submit(train,id-1,OK)@0 pull@0", BEGUN "check(id-1)@0 pull@0",
        BEGUN "check(id-1)@0 check(id-1)@5 submit(train,id-1,OK)@5 pull@5"};
    char script[64];
    snprintf(script, sizeof script, "%s OK", codes[_i].check);
    clienthost *h = submitting(script, "ok");
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, then[codes[_i].then]);
    check_stats(h, codes[_i].then != 1, codes[_i].then == 1, codes[_i].then == 2);
    clienthost_free(h);
}
END_TEST

/* Whether the task is still wanted is asked before each attempt, as often as it takes. */
START_TEST(cl_21_no_reply)
{
    clienthost *h = submitting("hold hold OK", "ok");
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, BEGUN "check(id-1)@0 check(id-1)@10 check(id-1)@20 "
                               "submit(train,id-1,OK)@20 pull@20");
    check_stats(h, 1, 0, 2);
    clienthost_free(h);
}
END_TEST

START_TEST(cl_21_options)
{
    clienthost *h = clienthost_new("task end");
    h->options.task_check_timeout = 2.0;
    h->options.task_check_interval = 0.75;
    h->script[CLIENTHOST_CHECK] = "hold SERVER_NOT_READY OK";
    h->without_events = h->with_times = true;
    clienthost_make(h);
    ck_assert_int_eq(clienthost_add(h, "train", "trainer", false), 0);
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, BEGUN "check(id-1)@0 check(id-1)@2.75 check(id-1)@3.5 "
                               "submit(train,id-1,OK)@3.5 pull@3.5");
    clienthost_free(h);
}
END_TEST

/* ---- CL-22 ---- */

static int set_public(clienthost *h, const char *event, flr_context *context)
{
    flr_value *value = NULL;
    (void)h;
    if (strcmp(event, FLR_EVENT_BEFORE_SEND_TASK_RESULT) != 0)
        return 0;
    ck_assert_int_eq(flr_value_new_text("blue", &value), 0);
    ck_assert_int_eq(flr_context_set_prop(context, "color", value, FLR_PROP_FLAG_PUBLIC), 0);
    return 0;
}

static const char *peer_text(const flr_request *request, const char *key)
{
    return flr_value_get_text(flr_map_get(flr_request_get_peer(request), key), "-");
}

START_TEST(cl_22_what_it_carries)
{
    clienthost *h = submitting("OK", "hold");
    h->on_event = set_public;
    clienthost_step(h);
    const flr_request *r = h->last[CLIENTHOST_SUBMIT];
    const flr_shareable *m = flr_request_get_message(r);
    ck_assert_str_eq(flr_request_get_target(r), "server");
    ck_assert_str_eq(flr_request_get_task_name(r), "train");
    ck_assert_str_eq(flr_request_get_task_id(r), "id-1");
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get_cookie(m, FLR_COOKIE_WORKFLOW), "-"),
                     "wf1");
    ck_assert_str_eq(peer_text(r, FLR_PROP_RUN_NUM), CLIENTHOST_JOB);
    ck_assert_str_eq(peer_text(r, FLR_PROP_IDENTITY_NAME), "site-1");
    ck_assert_str_eq(peer_text(r, "color"), "blue");
    ck_assert_str_eq(peer_text(r, FLR_PROP_TASK_NAME), "-"); /* private */
    ck_assert_int_eq(flr_value_get_int(flr_shareable_get(m, "y"), 0), 14);
    ck_assert_int_eq(flr_request_is_optional(r), 0);
    ck_assert_double_eq(flr_request_get_timeout(r), 0.0); /* by default as long as it takes */
    ck_assert(clienthost_advance(h, 100000.0));
    ck_assert_int_eq(flr_request_is_over(r), 0);
    clienthost_free(h);
}
END_TEST

static int abort_task(clienthost *h, flr_context *context, const flr_shareable *data,
                      flr_signal *abort, flr_shareable **result)
{
    (void)h, (void)context, (void)data, (void)result;
    return flr_signal_trigger(abort, NULL);
}

static int fail_task(clienthost *h, flr_context *context, const flr_shareable *data,
                     flr_signal *abort, flr_shareable **result)
{
    (void)h, (void)context, (void)data, (void)abort, (void)result;
    return FLR_E_IO;
}

START_TEST(cl_22_optional_if_aborted)
{
    clienthost *h = submitting("OK", "hold");
    h->on_execute = _i == 0 ? abort_task : fail_task;
    clienthost_step(h);
    ck_assert_str_eq(flr_shareable_get_rc(clienthost_submitted(h)),
                     _i == 0 ? FLR_RC_TASK_ABORTED : FLR_RC_EXECUTION_EXCEPTION);
    ck_assert_int_eq(flr_request_is_optional(h->last[CLIENTHOST_SUBMIT]), _i == 0);
    clienthost_free(h);
}
END_TEST

START_TEST(cl_22_timeout)
{
    clienthost *h = clienthost_new("task end");
    h->options.submit_timeout = 3.0;
    h->script[CLIENTHOST_SUBMIT] = "hold ok";
    h->without_events = h->with_times = true;
    clienthost_make(h);
    ck_assert_int_eq(clienthost_add(h, "train", "trainer", false), 0);
    clienthost_step(h);
    ck_assert_double_eq(flr_request_get_timeout(h->last[CLIENTHOST_SUBMIT]), 3.0);
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, BEGUN "check(id-1)@0 submit(train,id-1,OK)@0 check(id-1)@8 "
                               "submit(train,id-1,OK)@8 pull@8");
    check_stats(h, 1, 0, 1);
    clienthost_free(h);
}
END_TEST

/* Whatever the server made of it: 0 if the host does not know. */
START_TEST(cl_22_delivered_is_delivered)
{
    char word[32];
    snprintf(word, sizeof word, "outcome:%d", _i);
    clienthost *h = submitting("OK", word);
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, BEGUN "check(id-1)@0 submit(train,id-1,OK)@0 pull@0");
    check_stats(h, 1, 0, 0);
    clienthost_free(h);
}
END_TEST

/* Of each submission. */
static char roots[4][64];
static int root_count;

static void keep_root(clienthost *h, clienthost_call call, flr_request *request)
{
    (void)h;
    if (call != CLIENTHOST_SUBMIT)
        return;
    ck_assert_int_lt(root_count, 4);
    snprintf(roots[root_count++], sizeof roots[0], "%s",
             clienthost_header(flr_request_get_message(request), FLR_HEADER_MSG_ROOT_ID));
}

START_TEST(cl_22_root_id)
{
    clienthost *h = submitting("OK ...", "fail fail ok ok");
    h->script[CLIENTHOST_PULL] = "task task end";
    h->on_request = keep_root;
    root_count = 0;
    ck_assert_int_eq(clienthost_finish(h), 0);
    ck_assert_int_eq(root_count, 4);
    ck_assert_str_ne(roots[0], "");
    ck_assert_str_ne(roots[0], "-");
    ck_assert_str_eq(roots[1], roots[0]);
    ck_assert_str_eq(roots[2], roots[0]);
    ck_assert_str_ne(roots[3], roots[0]);
    clienthost_free(h);
}
END_TEST

/* ---- CL-23 ---- */

START_TEST(cl_23_again)
{
    clienthost *h = submitting("OK SERVER_NOT_READY OK ...", "fail return hold");
    ck_assert(clienthost_advance(h, 16.0));
    clienthost_answer(h, CLIENTHOST_SUBMIT, "fail");
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, BEGUN "check(id-1)@0 submit(train,id-1,OK)@0 check(id-1)@5 check(id-1)@10 "
                               "submit(train,id-1,OK)@10 check(id-1)@15 submit(train,id-1,OK)@15 "
                               "check(id-1)@21 submit(train,id-1,OK)@21 pull@21");
    check_stats(h, 1, 0, 4);
    clienthost_free(h);
}
END_TEST

/* The server does not want it any more: it has it, or the task is over. */
START_TEST(cl_23_not_wanted_any_more)
{
    clienthost *h =
        submitting(_i == 0 ? "OK TASK_UNKNOWN:closed" : "OK TASK_UNKNOWN:already-received", "fail");
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, BEGUN "check(id-1)@0 submit(train,id-1,OK)@0 check(id-1)@5 pull@5");
    check_stats(h, _i == 1, _i == 0, 1);
    clienthost_free(h);
}
END_TEST

/* ---- CL-24 ---- */

START_TEST(cl_24_denied)
{
    clienthost *h = _i == 0   ? submitting("denied", "ok")
                    : _i == 1 ? submitting("OK", "denied")
                    : _i == 2 ? submitting("fail denied", "ok")
                              : submitting("OK OK", "fail denied");
    static const char *const traces[] = {
        BEGUN "check(id-1)@0 pull@0", BEGUN "check(id-1)@0 submit(train,id-1,OK)@0 pull@0",
        BEGUN "check(id-1)@0 check(id-1)@5 pull@5",
        BEGUN "check(id-1)@0 submit(train,id-1,OK)@0 check(id-1)@5 submit(train,id-1,OK)@5 pull@5"};
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, traces[_i]);
    check_stats(h, 0, 1, _i >= 2);
    clienthost_free(h);
}
END_TEST

/* During a check, during a submission, and between two attempts. */
START_TEST(cl_24_the_run_signal)
{
    static const char *const checks[] = {"hold", "OK", "fail", "OK"};
    static const char *const submissions[] = {"ok", "hold", "ok", "fail"};
    static const char *const traces[] = {
        BEGUN "check(id-1)@0", BEGUN "check(id-1)@0 submit(train,id-1,OK)@0", BEGUN "check(id-1)@0",
        BEGUN "check(id-1)@0 submit(train,id-1,OK)@0"};
    clienthost *h = submitting(checks[_i], submissions[_i]);
    ck_assert(clienthost_advance(h, 1.0));
    clienthost_expect(h, traces[_i]);
    ck_assert_int_eq(flr_client_runner_abort(h->client), 0);
    h->without_events = false;
    ck_assert(!clienthost_step(h));
    clienthost_expect(h, "_after_send_task_result _abort_task " T_END);
    check_stats(h, 0, 1, 0);
    for (int i = 0; i < CLIENTHOST_CALLS; i++)
        ck_assert(i == CLIENTHOST_BEAT || flr_request_is_over(h->last[i]));
    clienthost_free(h);
}
END_TEST

static const struct {
    double time;
    const char *trace;
} totals[] = {
    {12.0, BEGUN "check(id-1)@0 submit(train,id-1,OK)@0 check(id-1)@5 submit(train,id-1,OK)@5 "
                 "check(id-1)@10 submit(train,id-1,OK)@10 pull@10"},
    {10.0, BEGUN "check(id-1)@0 submit(train,id-1,OK)@0 check(id-1)@5 submit(train,id-1,OK)@5 "
                 "pull@5"},
    {1.0, BEGUN "check(id-1)@0 submit(train,id-1,OK)@0 pull@0"},
};

/* No attempt begins when the time is over. */
START_TEST(cl_24_total_time)
{
    clienthost *h = clienthost_new("task end");
    h->options.submit_time = totals[_i].time;
    h->script[CLIENTHOST_SUBMIT] = "fail ...";
    h->without_events = h->with_times = true;
    clienthost_make(h);
    ck_assert_int_eq(clienthost_add(h, "train", "trainer", false), 0);
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, totals[_i].trace);
    check_stats(h, 0, 1, _i < 2 ? 2 - (uint64_t)_i : 0);
    clienthost_free(h);
}
END_TEST

START_TEST(cl_24_no_total_time)
{
    clienthost *h = submitting("OK ...", "fail ...");
    h->without_calls = true;
    ck_assert(clienthost_advance(h, 5000.0));
    h->script[CLIENTHOST_SUBMIT] = "ok";
    ck_assert_int_eq(clienthost_finish(h), 0);
    check_stats(h, 1, 0, 1001);
    clienthost_free(h);
}
END_TEST

/* ---- CL-25 ---- */

static int end_run(clienthost *h, flr_context *context, const flr_shareable *data,
                   flr_signal *abort, flr_shareable **result)
{
    bool aborted = *(int *)h->user == 1;
    (void)context, (void)data, (void)abort;
    if (aborted)
        ck_assert_int_eq(flr_client_runner_abort(h->client), 0);
    else
        ck_assert_str_eq(clienthost_aux(h, "__end_run__"), FLR_RC_OK);
    *result = clienthost_result(1);
    return 0;
}

START_TEST(cl_25_over_before_the_submission)
{
    clienthost *h = submitting("OK", "ok");
    h->user = &_i;
    h->on_execute = end_run;
    h->without_events = h->with_times = false;
    ck_assert_int_eq(clienthost_finish(h), _i == 1 ? FLR_E_ABORTED : 0);
    char expected[512];
    snprintf(expected, sizeof expected,
             T_BEGIN T_PULL T_DATA T_EXECUTE
             "_before_send_task_result _after_send_task_result %s" T_END,
             _i == 1 ? "_abort_task " : "");
    clienthost_expect(h, expected);
    check_stats(h, 0, 1, 0);
    clienthost_free(h);
}
END_TEST

/* A handler of the event before it is early enough. */
static int end_before_send(clienthost *h, const char *event, flr_context *context)
{
    (void)context;
    if (strcmp(event, FLR_EVENT_BEFORE_SEND_TASK_RESULT) == 0 && h->tasks == 2)
        ck_assert_str_eq(clienthost_aux(h, "__end_run__"), FLR_RC_OK);
    return 0;
}

START_TEST(cl_25_over_in_the_event_before)
{
    clienthost *h = submitting("OK ...", "fail ok");
    h->script[CLIENTHOST_PULL] = "task task";
    h->on_event = end_before_send;
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, BEGUN "check(id-1)@0 submit(train,id-1,OK)@0 check(id-1)@5 "
                               "submit(train,id-1,OK)@5 pull@5 trainer(train)");
    check_stats(h, 1, 1, 1);
    clienthost_free(h);
}
END_TEST

static void end_at_check(clienthost *h, clienthost_call call, flr_request *request)
{
    (void)request;
    if (call == CLIENTHOST_CHECK)
        ck_assert_str_eq(clienthost_aux(h, "__end_run__"), FLR_RC_OK);
}

START_TEST(cl_25_over_at_the_check)
{
    clienthost *h = submitting("OK", "ok");
    h->on_request = end_at_check;
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, BEGUN "check(id-1)@0");
    check_stats(h, 0, 1, 0);
    clienthost_free(h);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client submit");
    TCase *tests = tcase_create("rows");
    tcase_add_loop_test(tests, cl_20_events, 0, 3);
    tcase_add_test(tests, cl_21_the_message);
    tcase_add_loop_test(tests, cl_21_what_the_check_says, 0, CODES);
    tcase_add_test(tests, cl_21_no_reply);
    tcase_add_test(tests, cl_21_options);
    tcase_add_test(tests, cl_22_what_it_carries);
    tcase_add_loop_test(tests, cl_22_optional_if_aborted, 0, 2);
    tcase_add_test(tests, cl_22_timeout);
    tcase_add_loop_test(tests, cl_22_delivered_is_delivered, 0, FLR_OUTCOME_FAILED + 1);
    tcase_add_test(tests, cl_22_root_id);
    tcase_add_test(tests, cl_23_again);
    tcase_add_loop_test(tests, cl_23_not_wanted_any_more, 0, 2);
    tcase_add_loop_test(tests, cl_24_denied, 0, 4);
    tcase_add_loop_test(tests, cl_24_the_run_signal, 0, 4);
    tcase_add_loop_test(tests, cl_24_total_time, 0, 3);
    tcase_add_test(tests, cl_24_no_total_time);
    tcase_add_loop_test(tests, cl_25_over_before_the_submission, 0, 2);
    tcase_add_test(tests, cl_25_over_in_the_event_before);
    tcase_add_test(tests, cl_25_over_at_the_check);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
