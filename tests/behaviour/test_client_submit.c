/* A client submits a result: the check before, and what is sent. Rows CL-20 to CL-22. */
#include "clienthost.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEGUN "sync@0 pull@0 trainer(train) "

/* ---- CL-20 ---- */

START_TEST(cl_20_events)
{
    static const char *const checks[] = {"OK", "TASK_UNKNOWN", "denied"};
    static const char *const calls[] = {"check(id-1) submit(train,id-1,OK) ", "check(id-1) ",
                                        "check(id-1) "};
    clienthost *h = clienthost_timed("task end", checks[_i], "ok");
    char expected[512];
    h->without_events = h->with_times = false;
    ck_assert_int_eq(clienthost_finish(h), 0);
    snprintf(expected, sizeof expected,
             T_BEGIN T_PULL T_DATA T_EXECUTE T_RESULT
             "_before_send_task_result %s_after_send_task_result " T_PULL T_END,
             calls[_i]);
    clienthost_expect(h, expected);
    clienthost_expect_counts(h, _i == 0, _i > 0, 0);
    clienthost_free(h);
}
END_TEST

/* ---- CL-21 ---- */

START_TEST(cl_21_the_message)
{
    clienthost *h = clienthost_timed("task end", "hold", NULL);
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
    clienthost *h = clienthost_timed("task end", script, "ok");
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, then[codes[_i].then]);
    clienthost_expect_counts(h, codes[_i].then != 1, codes[_i].then == 1, codes[_i].then == 2);
    clienthost_free(h);
}
END_TEST

/* Whether the task is still wanted is asked before each attempt, as often as it takes. */
START_TEST(cl_21_no_reply)
{
    clienthost *h = clienthost_timed("task end", "hold hold OK", "ok");
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, BEGUN "check(id-1)@0 check(id-1)@10 check(id-1)@20 "
                               "submit(train,id-1,OK)@20 pull@20");
    clienthost_expect_counts(h, 1, 0, 2);
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
    clienthost *h = clienthost_timed("task end", "OK", "hold");
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
    clienthost *h = clienthost_timed("task end", "OK", "hold");
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
    clienthost_expect_counts(h, 1, 0, 1);
    clienthost_free(h);
}
END_TEST

/* Whatever the server made of it: 0 if the host does not know. */
START_TEST(cl_22_delivered_is_delivered)
{
    char word[32];
    snprintf(word, sizeof word, "outcome:%d", _i);
    clienthost *h = clienthost_timed("task end", "OK", word);
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, BEGUN "check(id-1)@0 submit(train,id-1,OK)@0 pull@0");
    clienthost_expect_counts(h, 1, 0, 0);
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
    clienthost *h = clienthost_timed("task end", "OK ...", "fail fail ok ok");
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
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
