/* Filters of a client that fail, and the end of a run that one of them wants. Rows CL-15, CL-16, CL-19. */
#include "clienthost.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- CL-15, CL-19: filters that fail ---- */

typedef enum way { FAIL, YIELD_NOTHING, UNSAFE, ABORT_AND_FAIL, ABORT_AND_UNSAFE } way;
static way filter_way;

static int fail_filter(void *self, flr_context *context, flr_shareable *message,
                       flr_shareable **output)
{
    clienthost *h = self;
    (void)message, (void)output;
    clienthost_note(h, "filter");
    if (filter_way == ABORT_AND_FAIL || filter_way == ABORT_AND_UNSAFE)
        ck_assert_int_eq(flr_client_runner_abort(h->client), 0);
    if (filter_way == YIELD_NOTHING)
        return 0;
    if (filter_way == UNSAFE || filter_way == ABORT_AND_UNSAFE)
        return flr_context_fail(context, FLR_E_UNSAFE_JOB, "not here");
    return flr_context_fail(context, FLR_E_IO, "no disk");
}

static int look_for_data(clienthost *h, const char *event, flr_context *context)
{
    if (strcmp(event, FLR_EVENT_BEFORE_SEND_TASK_RESULT) == 0)
        clienthost_note(h, "(%s)", clienthost_prop(context, FLR_PROP_TASK_DATA));
    return 0;
}

static const struct {
    way way;
    int result;
    const char *trace; /* from the reply on */
    const char *rc;    /* of the reply, as it is audited */
} data_faults[] = {
    {FAIL, 0,
     "_before_send_task_result (-) check(id-1) submit(train,id-1,TASK_DATA_FILTER_ERROR) "
     "_after_send_task_result " T_PULL T_END,
     "TASK_DATA_FILTER_ERROR"},
    {YIELD_NOTHING, 0,
     "_before_send_task_result (-) check(id-1) submit(train,id-1,TASK_DATA_FILTER_ERROR) "
     "_after_send_task_result " T_PULL T_END,
     "TASK_DATA_FILTER_ERROR"},
    {UNSAFE, FLR_E_ABORTED,
     "_before_send_task_result (-) check(id-1) submit(train,id-1,UNSAFE_JOB) "
     "_after_send_task_result _abort_task " T_END,
     "UNSAFE_JOB"},
    {ABORT_AND_FAIL, FLR_E_ABORTED,
     "_before_send_task_result (-) _after_send_task_result _abort_task " T_END, "TASK_ABORTED"},
    {ABORT_AND_UNSAFE, FLR_E_ABORTED,
     "_before_send_task_result (-) check(id-1) submit(train,id-1,UNSAFE_JOB) "
     "_after_send_task_result _abort_task " T_END,
     "UNSAFE_JOB"},
};

START_TEST(cl_15_data_filter_fails)
{
    bool unsafe = strcmp(data_faults[_i].rc, "UNSAFE_JOB") == 0;
    clienthost *h = clienthost_usual("task end");
    char expected[1024];
    clienthost_filter_data(h, fail_filter);
    filter_way = data_faults[_i].way;
    h->on_event = look_for_data;
    ck_assert_int_eq(clienthost_finish(h), data_faults[_i].result);
    snprintf(expected, sizeof expected, T_BEGIN T_PULL "_before_task_data_filter filter %s",
             data_faults[_i].trace);
    clienthost_expect(h, expected);
    snprintf(expected, sizeof expected, "\nsubmit result: %s|audit-of-server|train|",
             data_faults[_i].rc);
    ck_assert_ptr_nonnull(strstr(h->audit, expected));
    ck_assert_str_eq(clienthost_prop(h->context, FLR_PROP_JOB_IS_UNSAFE), unsafe ? "true s" : "-");
    ck_assert_ptr_nonnull(strstr(h->log, "a data filter failed: "));
    clienthost_free(h);
}
END_TEST

static const struct {
    way way;
    int result;
    const char *trace, *rc;
} result_faults[] = {
    {FAIL, 0, T_SEND("id-1", "TASK_RESULT_FILTER_ERROR") T_PULL T_END, "TASK_RESULT_FILTER_ERROR"},
    {YIELD_NOTHING, 0, T_SEND("id-1", "TASK_RESULT_FILTER_ERROR") T_PULL T_END,
     "TASK_RESULT_FILTER_ERROR"},
    {UNSAFE, 0, T_SEND("id-1", "UNSAFE_JOB") T_PULL T_END, "UNSAFE_JOB"},
    {ABORT_AND_FAIL, FLR_E_ABORTED,
     "_before_send_task_result _after_send_task_result _abort_task " T_END, "TASK_ABORTED"},
    {ABORT_AND_UNSAFE, FLR_E_ABORTED,
     "_before_send_task_result _after_send_task_result _abort_task " T_END, "UNSAFE_JOB"},
};

START_TEST(cl_19_result_filter_fails)
{
    bool unsafe = strcmp(result_faults[_i].rc, "UNSAFE_JOB") == 0;
    clienthost *h = clienthost_usual("task end");
    char expected[1024];
    clienthost_filter_result(h, fail_filter);
    filter_way = result_faults[_i].way;
    ck_assert_int_eq(clienthost_finish(h), result_faults[_i].result);
    snprintf(expected, sizeof expected,
             T_BEGIN T_PULL T_DATA T_EXECUTE
             "_after_task_execution _before_task_result_filter filter %s",
             result_faults[_i].trace);
    clienthost_expect(h, expected);
    snprintf(expected, sizeof expected, "\nsubmit result: %s|audit-of-server|train|",
             result_faults[_i].rc);
    ck_assert_ptr_nonnull(strstr(h->audit, expected));
    ck_assert_str_eq(clienthost_prop(h->context, FLR_PROP_JOB_IS_UNSAFE), unsafe ? "true s" : "-");
    clienthost_free(h);
}
END_TEST

/* The task's own signal counts, too, without an end of the run. */
static flr_signal *task_signal;

static int trigger_later(clienthost *h, flr_context *context, const flr_shareable *data,
                         flr_signal *abort, flr_shareable **result)
{
    (void)h, (void)context, (void)data;
    task_signal = abort;
    *result = clienthost_result(1);
    return 0;
}

static int trigger_and_fail(void *self, flr_context *context, flr_shareable *message,
                            flr_shareable **output)
{
    (void)self, (void)context, (void)message, (void)output;
    ck_assert_int_eq(flr_signal_trigger(task_signal, NULL), 0);
    return FLR_E_IO;
}

START_TEST(cl_19_the_task_was_aborted)
{
    clienthost *h = clienthost_usual("task end");
    clienthost_filter_result(h, trigger_and_fail);
    h->on_execute = trigger_later;
    h->without_events = true;
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, "sync pull trainer(train) check(id-1) submit(train,id-1,TASK_ABORTED) "
                         "pull");
    clienthost_free(h);
}
END_TEST

/* An unsafe result ends nothing, but the job is marked. */
START_TEST(cl_19_unsafe_goes_on)
{
    clienthost *h = clienthost_usual("task task end");
    clienthost_filter_result(h, fail_filter);
    filter_way = UNSAFE;
    h->without_events = true;
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, "sync pull trainer(train) filter check(id-1) "
                         "submit(train,id-1,UNSAFE_JOB) pull check(id-2) "
                         "submit(train,id-2,UNSAFE_JOB) pull");
    clienthost_free(h);
}
END_TEST

/* ---- CL-16 ---- */

static void look_at_signal(clienthost *h, clienthost_call call, flr_request *request)
{
    (void)request;
    if (call == CLIENTHOST_CHECK || call == CLIENTHOST_SUBMIT)
        clienthost_note(h, flr_signal_is_triggered(flr_client_runner_get_abort_signal(h->client))
                               ? "(over)"
                               : "(on)");
}

static clienthost *unsafe_client(void)
{
    clienthost *h = clienthost_usual("task end");
    clienthost_filter_data(h, fail_filter);
    filter_way = UNSAFE;
    h->on_request = look_at_signal;
    h->without_events = h->with_times = true;
    return h;
}

/* Only when it is delivered the run signal is triggered. */
START_TEST(cl_16_submitted_first)
{
    clienthost *h = unsafe_client();
    h->script[CLIENTHOST_CHECK] = "SERVER_NOT_READY OK OK";
    h->script[CLIENTHOST_SUBMIT] = "fail hold";
    ck_assert(clienthost_advance(h, 11.0));
    clienthost_expect(h, "sync@0 pull@0 filter check(id-1)@0 (on) check(id-1)@5 (on) "
                         "submit(train,id-1,UNSAFE_JOB)@5 (on) check(id-1)@10 (on) "
                         "submit(train,id-1,UNSAFE_JOB)@10 (on)");
    ck_assert_int_eq(flr_signal_is_triggered(flr_client_runner_get_abort_signal(h->client)), 0);
    clienthost_answer(h, CLIENTHOST_SUBMIT, "ok");
    h->without_events = false;
    ck_assert_int_eq(clienthost_finish(h), FLR_E_ABORTED);
    clienthost_expect(h, "_after_send_task_result _abort_task " T_END);
    ck_assert_uint_eq(clienthost_stats(h).delivered, 1);
    clienthost_free(h);
}
END_TEST

/* It ends, too, if the reply is refused, or not wanted. */
START_TEST(cl_16_not_wanted)
{
    clienthost *h = unsafe_client();
    h->script[_i == 0 ? CLIENTHOST_CHECK : CLIENTHOST_SUBMIT] = _i == 0 ? "TASK_UNKNOWN" : "denied";
    ck_assert_int_eq(clienthost_finish(h), FLR_E_ABORTED);
    clienthost_expect(h, _i == 0 ? "sync@0 pull@0 filter check(id-1)@0 (on)"
                                 : "sync@0 pull@0 filter check(id-1)@0 (on) "
                                   "submit(train,id-1,UNSAFE_JOB)@0 (on)");
    ck_assert_uint_eq(clienthost_stats(h).dropped, 1);
    clienthost_free(h);
}
END_TEST

/* CL-24 holds for it, too: an abort ends its retries, not what is under way. */
START_TEST(cl_16_abort_meanwhile)
{
    clienthost *h = unsafe_client();
    h->script[CLIENTHOST_SUBMIT] = "hold";
    ck_assert(clienthost_advance(h, 1.0));
    ck_assert_int_eq(flr_client_runner_abort(h->client), 0);
    ck_assert(clienthost_advance(h, 1.0));
    ck_assert_int_eq(flr_request_is_over(h->last[CLIENTHOST_SUBMIT]), 0);
    clienthost_answer(h, CLIENTHOST_SUBMIT, _i == 0 ? "ok" : "fail");
    ck_assert(!clienthost_step(h));
    ck_assert_int_eq(h->result.result, FLR_E_ABORTED);
    clienthost_expect(
        h, "sync@0 pull@0 filter check(id-1)@0 (on) submit(train,id-1,UNSAFE_JOB)@0 (on)");
    ck_assert_uint_eq(clienthost_stats(h).delivered, _i == 0);
    clienthost_free(h);
}
END_TEST

/* Without a timeout of its own it has that of a check: an abort does not wait for ever. */
START_TEST(cl_16_not_for_ever)
{
    clienthost *h = unsafe_client();
    h->script[CLIENTHOST_SUBMIT] = "hold";
    ck_assert(clienthost_advance(h, 1.0));
    ck_assert_int_eq(flr_client_runner_abort(h->client), 0);
    ck_assert(clienthost_advance(h, 3.5));
    ck_assert(!clienthost_advance(h, 0.5));
    ck_assert_int_eq(h->result.result, FLR_E_ABORTED);
    clienthost_expect_counts(h, 0, 1, 0);
    clienthost_free(h);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client filter");
    TCase *tests = tcase_create("rows");
    tcase_add_loop_test(tests, cl_15_data_filter_fails, 0, 5);
    tcase_add_loop_test(tests, cl_19_result_filter_fails, 0, 5);
    tcase_add_test(tests, cl_19_the_task_was_aborted);
    tcase_add_test(tests, cl_19_unsafe_goes_on);
    tcase_add_test(tests, cl_16_submitted_first);
    tcase_add_loop_test(tests, cl_16_not_wanted, 0, 2);
    tcase_add_loop_test(tests, cl_16_abort_meanwhile, 0, 2);
    tcase_add_test(tests, cl_16_not_for_ever);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
