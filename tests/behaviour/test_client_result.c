/* What a client makes of a task once its filters and its executor have had their say: the reply. Rows CL-14 to CL-19. */
#include "clienthost.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A property that is a message, for comparing pointers; NULL. */
static const void *message_of(const flr_context *context, const char *key)
{
    flr_value *property = NULL;
    if (flr_context_get(context, key, &property) < 0)
        return NULL;
    const void *message = flr_value_get_pointer(property, "flr_shareable");
    flr_value_unref(property);
    return message;
}

static int64_t number_of(const flr_shareable *message, const char *key)
{
    return flr_value_get_int(flr_shareable_get(message, key), -1);
}

/* ---- CL-14 ---- */

static const void *executed, *filtered;

static int make_executed(clienthost *h, flr_context *context, const flr_shareable *data,
                         flr_signal *abort, flr_shareable **result)
{
    (void)h, (void)context, (void)data, (void)abort;
    *result = clienthost_result(5);
    executed = *result;
    return 0;
}

static int add_ten(void *self, flr_context *context, flr_shareable *message, flr_shareable **output)
{
    clienthost_note(self, "filter(%s,%d)", clienthost_prop(context, FLR_PROP_FILTER_DIR),
                    (int)number_of(message, "y"));
    ck_assert_ptr_ne(message, executed); /* the executor may keep its own */
    ck_assert_int_eq(flr_shareable_copy(message, NULL, output), 0);
    ck_assert_int_eq(flr_shareable_set_int(*output, "y", number_of(message, "y") + 10), 0);
    filtered = *output;
    return 0;
}

static int look_at_result(clienthost *h, const char *event, flr_context *context)
{
    const void *result = message_of(context, FLR_PROP_TASK_RESULT);
    if (strcmp(event, FLR_EVENT_AFTER_TASK_RESULT_FILTER) == 0)
        ck_assert_ptr_eq(result, filtered);
    clienthost_note(h, "(%s", clienthost_prop(context, FLR_PROP_TASK_RESULT));
    clienthost_note(h, "%d)", result == NULL ? 0 : (int)number_of(result, "y"));
    return 0;
}

START_TEST(cl_14_result_filters)
{
    clienthost *h = clienthost_usual("hold end");
    clienthost_filter_result(h, add_ten);
    h->on_execute = make_executed;
    clienthost_step(h);
    clienthost_expect(h, T_BEGIN "_before_pull_task pull");
    h->on_event = look_at_result;
    clienthost_answer(h, CLIENTHOST_PULL, "task");
    ck_assert(!clienthost_step(h));
    clienthost_expect(
        h, "_after_pull_task (- 0) _before_task_data_filter (- 0) _after_task_data_filter (- 0) "
           "_before_task_execution (- 0) trainer(train) _after_task_execution (message 5) "
           "_before_task_result_filter (message 5) filter(out,5) "
           "_after_task_result_filter (message 15) _before_send_task_result (- 0) check(id-1) "
           "submit(train,id-1,OK) _after_send_task_result (- 0) _before_pull_task (- 0) pull "
           "_after_pull_task (- 0) _about_to_end_run (- 0) _check_end_run_readiness (- 0) "
           "_end_run (- 0)");
    ck_assert_int_eq(number_of(clienthost_submitted(h), "y"), 15);
    clienthost_free(h);
}
END_TEST

static flr_shareable *kept;

static int give_kept(clienthost *h, flr_context *context, const flr_shareable *data,
                     flr_signal *abort, flr_shareable **result)
{
    (void)h, (void)context, (void)data, (void)abort;
    *result = flr_shareable_ref(kept);
    return 0;
}

/* The executor gives the same frozen message each time: neither filters nor headers get into it. */
START_TEST(cl_14_the_executors_own_message)
{
    clienthost *h = clienthost_usual("task task end");
    kept = clienthost_result(5);
    flr_shareable_freeze(kept);
    clienthost_filter_result(h, add_ten);
    h->on_execute = give_kept;
    ck_assert_int_eq(clienthost_finish(h), 0);
    ck_assert_int_eq(number_of(clienthost_submitted(h), "y"), 15);
    ck_assert_int_eq(number_of(kept, "y"), 5);
    ck_assert_str_eq(clienthost_header(kept, FLR_HEADER_TASK_ID), "-");
    flr_shareable_unref(kept);
    clienthost_free(h);
}
END_TEST

/* A code in the result's own header is a good result all the same. */
static int make_empty(clienthost *h, flr_context *context, const flr_shareable *data,
                      flr_signal *abort, flr_shareable **result)
{
    (void)h, (void)context, (void)data, (void)abort;
    return flr_shareable_new_reply(FLR_RC_EMPTY_RESULT, NULL, result);
}

START_TEST(cl_14_a_code_of_the_executor)
{
    clienthost *h = clienthost_usual("task end");
    h->on_execute = make_empty;
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, T_BEGIN T_PULL T_DATA T_EXECUTE T_RESULT T_SEND("id-1", "EMPTY_RESULT")
                             T_PULL T_END);
    ck_assert_ptr_nonnull(strstr(h->audit, "submit result: EMPTY_RESULT|"));
    clienthost_free(h);
}
END_TEST

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

/* ---- CL-17 ---- */

static int fail_to_execute(clienthost *h, flr_context *context, const flr_shareable *data,
                           flr_signal *abort, flr_shareable **result)
{
    (void)h, (void)context, (void)data, (void)abort, (void)result;
    return FLR_E_IO;
}

/* A task each: the line at its end, and whether there is one at all. */
START_TEST(cl_17_audit)
{
    static const char *const pulls[] = {"task end", "task:alien end", "task end", "bare end"};
    static const char *const lines[] = {"submit result OK|audit-of-server|train|",
                                        "submit result: TASK_UNKNOWN|audit-of-server|alien|",
                                        "submit result: EXECUTION_EXCEPTION|audit-of-server|train|",
                                        NULL};
    clienthost *h = clienthost_usual(pulls[_i]);
    char line[128] = "";
    h->on_execute = _i == 2 ? fail_to_execute : NULL;
    ck_assert_int_eq(clienthost_finish(h), 0);
    const char *id = clienthost_header(clienthost_submitted(h), FLR_HEADER_AUDIT_EVENT_ID);
    if (lines[_i] == NULL) {
        ck_assert_str_eq(h->audit, "");
        ck_assert_str_eq(id, "-");
    } else {
        snprintf(line, sizeof line, "\n%s%s\n", lines[_i], id);
        ck_assert_ptr_nonnull(strstr(h->audit, line));
        ck_assert_ptr_null(strstr(strstr(h->audit, line) + strlen(line), "|")); /* the last one */
        ck_assert_str_ne(id, "");
    }
    clienthost_free(h);
}
END_TEST

/* ---- CL-18 ---- */

static const flr_value *cookie(const flr_shareable *message, const char *key)
{
    return flr_map_get(flr_shareable_get_cookie_jar(message), key);
}

static int act_by_task(clienthost *h, flr_context *context, const flr_shareable *data,
                       flr_signal *abort, flr_shareable **result)
{
    (void)context, (void)data, (void)abort;
    *result = h->tasks == 1 ? clienthost_result(1) : NULL;
    return h->tasks == 3 ? FLR_E_UNSAFE_JOB : h->tasks == 2 ? FLR_E_IO : 0;
}

static void check_headers(clienthost *h, clienthost_call call, flr_request *request)
{
    const flr_shareable *m = flr_request_get_message(request);
    char id[16];
    if (call != CLIENTHOST_SUBMIT)
        return;
    snprintf(id, sizeof id, "id-%d", h->tasks);
    ck_assert_str_eq(flr_value_get_text(cookie(m, FLR_COOKIE_WORKFLOW), "-"), "wf1");
    ck_assert_str_eq(clienthost_header(m, FLR_HEADER_TASK_ID), id);
    ck_assert_str_eq(clienthost_header(m, FLR_HEADER_TASK_NAME),
                     flr_request_get_task_name(request));
    ck_assert_str_eq(flr_request_get_task_id(request), id);
}

/* Good, failed, unsafe, refused as unsafe, refused for its name. */
START_TEST(cl_18_whatever_the_outcome)
{
    clienthost *h = clienthost_usual(_i == 0 ? "task task task task end" : "task:alien end");
    h->on_execute = act_by_task;
    h->on_request = check_headers;
    h->without_events = true;
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(
        h, _i == 1 ? "sync pull check(id-1) submit(alien,id-1,TASK_UNKNOWN) pull"
                   : "sync pull trainer(train) check(id-1) submit(train,id-1,OK) pull "
                     "trainer(train) check(id-2) submit(train,id-2,EXECUTION_EXCEPTION) pull "
                     "trainer(train) check(id-3) submit(train,id-3,UNSAFE_JOB) pull check(id-4) "
                     "submit(train,id-4,UNSAFE_JOB) pull");
    clienthost_free(h);
}
END_TEST

/* A list of as many values as a tree may have but one: half of it twice, and so on. */
static flr_value *largest(void)
{
    flr_value *value = NULL;
    ck_assert_int_eq(flr_value_new_nil(&value), 0);
    while (flr_value_get_count(value) < FLR_VALUE_MAX_COUNT / 2) {
        flr_value *pair = NULL;
        ck_assert_int_eq(flr_value_new_list(&pair), 0);
        ck_assert_int_eq(flr_list_add(&pair, flr_value_ref(value)), 0);
        ck_assert_int_eq(flr_list_add(&pair, value), 0);
        value = pair;
    }
    return value;
}

/* There is no room for the headers of the reply. */
static int fill_headers(clienthost *h, flr_context *context, const flr_shareable *data,
                        flr_signal *abort, flr_shareable **result)
{
    (void)h, (void)context, (void)data, (void)abort;
    *result = clienthost_result(1);
    ck_assert_int_eq(flr_shareable_set_header(*result, "large", largest()), 0);
    return 0;
}

START_TEST(cl_18_breaks_in_another_way)
{
    clienthost *h = clienthost_usual("task end");
    h->on_execute = fill_headers;
    h->on_request = check_headers;
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, T_BEGIN T_PULL T_DATA T_EXECUTE T_RESULT T_SEND(
                             "id-1", "EXECUTION_EXCEPTION") T_PULL T_END);
    ck_assert_int_eq(number_of(clienthost_submitted(h), "y"), -1);
    clienthost_free(h);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client result");
    TCase *tests = tcase_create("rows");
    tcase_add_test(tests, cl_14_result_filters);
    tcase_add_test(tests, cl_14_the_executors_own_message);
    tcase_add_test(tests, cl_14_a_code_of_the_executor);
    tcase_add_loop_test(tests, cl_15_data_filter_fails, 0, 5);
    tcase_add_test(tests, cl_16_submitted_first);
    tcase_add_loop_test(tests, cl_16_not_wanted, 0, 2);
    tcase_add_loop_test(tests, cl_16_abort_meanwhile, 0, 2);
    tcase_add_loop_test(tests, cl_17_audit, 0, 4);
    tcase_add_loop_test(tests, cl_18_whatever_the_outcome, 0, 2);
    tcase_add_test(tests, cl_18_breaks_in_another_way);
    tcase_add_loop_test(tests, cl_19_result_filter_fails, 0, 5);
    tcase_add_test(tests, cl_19_the_task_was_aborted);
    tcase_add_test(tests, cl_19_unsafe_goes_on);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
