/* A client submits a result again and again: what ends it. Rows CL-23 to CL-25. */
#include "clienthost.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEGUN "sync@0 pull@0 trainer(train) "

/* ---- CL-23 ---- */

START_TEST(cl_23_again)
{
    clienthost *h = clienthost_timed("task end", "OK SERVER_NOT_READY OK ...", "fail return hold");
    ck_assert(clienthost_advance(h, 16.0));
    clienthost_answer(h, CLIENTHOST_SUBMIT, "fail");
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, BEGUN "check(id-1)@0 submit(train,id-1,OK)@0 check(id-1)@5 check(id-1)@10 "
                               "submit(train,id-1,OK)@10 check(id-1)@15 submit(train,id-1,OK)@15 "
                               "check(id-1)@21 submit(train,id-1,OK)@21 pull@21");
    clienthost_expect_counts(h, 1, 0, 4);
    clienthost_free(h);
}
END_TEST

/* A notice of a task is no reason to hurry, and what the next pull finds is news enough. */
START_TEST(cl_23_notice)
{
    clienthost *h = clienthost_timed("task again:100 end", "OK ...", "fail ok");
    ck_assert(clienthost_advance(h, 1.0));
    ck_assert_int_eq(flr_client_runner_task_ready(h->client), 0);
    ck_assert(clienthost_advance(h, 10.0));
    clienthost_expect(h, BEGUN "check(id-1)@0 submit(train,id-1,OK)@0 check(id-1)@5 "
                               "submit(train,id-1,OK)@5 pull@5");
    clienthost_free(h);
}
END_TEST

/* The server does not want it any more: it has it, or the task is over. */
START_TEST(cl_23_not_wanted_any_more)
{
    clienthost *h = clienthost_timed(
        "task end", _i == 0 ? "OK TASK_UNKNOWN:closed" : "OK TASK_UNKNOWN:already-received",
        "fail");
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, BEGUN "check(id-1)@0 submit(train,id-1,OK)@0 check(id-1)@5 pull@5");
    clienthost_expect_counts(h, _i == 1, _i == 0, 1);
    clienthost_free(h);
}
END_TEST

/* ---- CL-24 ---- */

START_TEST(cl_24_denied)
{
    clienthost *h = _i == 0   ? clienthost_timed("task end", "denied", "ok")
                    : _i == 1 ? clienthost_timed("task end", "OK", "denied")
                    : _i == 2 ? clienthost_timed("task end", "fail denied", "ok")
                              : clienthost_timed("task end", "OK OK", "fail denied");
    static const char *const traces[] = {
        BEGUN "check(id-1)@0 pull@0", BEGUN "check(id-1)@0 submit(train,id-1,OK)@0 pull@0",
        BEGUN "check(id-1)@0 check(id-1)@5 pull@5",
        BEGUN "check(id-1)@0 submit(train,id-1,OK)@0 check(id-1)@5 submit(train,id-1,OK)@5 pull@5"};
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, traces[_i]);
    clienthost_expect_counts(h, 0, 1, _i >= 2);
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
    clienthost *h = clienthost_timed("task end", checks[_i], submissions[_i]);
    ck_assert(clienthost_advance(h, 1.0));
    clienthost_expect(h, traces[_i]);
    ck_assert_int_eq(flr_client_runner_abort(h->client), 0);
    h->without_events = false;
    ck_assert(!clienthost_step(h));
    clienthost_expect(h, "_after_send_task_result _abort_task " T_END);
    clienthost_expect_counts(h, 0, 1, 0);
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
    clienthost_expect_counts(h, 0, 1, _i < 2 ? 2 - (uint64_t)_i : 0);
    clienthost_free(h);
}
END_TEST

START_TEST(cl_24_no_total_time)
{
    clienthost *h = clienthost_timed("task end", "OK ...", "fail ...");
    h->without_calls = true;
    ck_assert(clienthost_advance(h, 5000.0));
    h->script[CLIENTHOST_SUBMIT] = "ok";
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect_counts(h, 1, 0, 1001);
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
    clienthost *h = clienthost_timed("task end", "OK", "ok");
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
    clienthost_expect_counts(h, 0, 1, 0);
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
    clienthost *h = clienthost_timed("task end", "OK ...", "fail ok");
    h->script[CLIENTHOST_PULL] = "task task";
    h->on_event = end_before_send;
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, BEGUN "check(id-1)@0 submit(train,id-1,OK)@0 check(id-1)@5 "
                               "submit(train,id-1,OK)@5 pull@5 trainer(train)");
    clienthost_expect_counts(h, 1, 1, 1);
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
    clienthost *h = clienthost_timed("task end", "OK", "ok");
    h->on_request = end_at_check;
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, BEGUN "check(id-1)@0");
    clienthost_expect_counts(h, 0, 1, 0);
    clienthost_free(h);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client retry");
    TCase *tests = tcase_create("rows");
    tcase_add_test(tests, cl_23_again);
    tcase_add_test(tests, cl_23_notice);
    tcase_add_loop_test(tests, cl_23_not_wanted_any_more, 0, 2);
    tcase_add_loop_test(tests, cl_24_denied, 0, 4);
    tcase_add_loop_test(tests, cl_24_the_run_signal, 0, 4);
    tcase_add_loop_test(tests, cl_24_total_time, 0, 3);
    tcase_add_test(tests, cl_24_no_total_time);
    tcase_add_loop_test(tests, cl_25_over_before_the_submission, 0, 2);
    tcase_add_test(tests, cl_25_over_in_the_event_before);
    tcase_add_test(tests, cl_25_over_at_the_check);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
