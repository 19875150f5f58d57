/* What a client makes of an executor's result: the reply. Rows CL-14, CL-17, CL-18. */
#include "clienthost.h"
#include "support/suite.h"

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
    ck_assert_ptr_nonnull(strstr(h->audit, "submit result: EXECUTION_EXCEPTION|"));
    ck_assert_ptr_null(strstr(h->audit, "submit result OK")); /* one line, of what was sent */
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
    tcase_add_loop_test(tests, cl_17_audit, 0, 4);
    tcase_add_loop_test(tests, cl_18_whatever_the_outcome, 0, 2);
    tcase_add_test(tests, cl_18_breaks_in_another_way);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
