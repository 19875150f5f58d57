/* A client has an executor do a task, and judges what comes of it. Rows CL-12, CL-13. */
#include "clienthost.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- CL-12 ---- */

/* What the last one gave: compared as a pointer only. */
static const void *given;

static int add_one(void *self, flr_context *context, flr_shareable *message, flr_shareable **output)
{
    int64_t x = flr_value_get_int(flr_shareable_get(message, "x"), 0);
    clienthost_note(self, "filter(%s,%d)", clienthost_prop(context, FLR_PROP_FILTER_DIR), (int)x);
    ck_assert_int_eq(flr_shareable_copy(message, NULL, output), 0);
    ck_assert_int_eq(flr_shareable_set_int(*output, "x", x + 1), 0);
    given = *output;
    return 0;
}

static const void *task_data(const flr_context *context)
{
    flr_value *property = NULL;
    if (flr_context_get(context, FLR_PROP_TASK_DATA, &property) < 0)
        return NULL;
    const void *data = flr_value_get_pointer(property, "flr_shareable");
    flr_value_unref(property);
    return data;
}

static int look_at_data(clienthost *h, const char *event, flr_context *context)
{
    if (strcmp(event, FLR_EVENT_AFTER_TASK_DATA_FILTER) == 0 ||
        strcmp(event, FLR_EVENT_BEFORE_TASK_EXECUTION) == 0) {
        ck_assert_ptr_eq(task_data(context), given);
        clienthost_note(h, "(%s)", clienthost_prop(context, FLR_PROP_TASK_DATA));
    }
    if (strcmp(event, FLR_EVENT_AFTER_TASK_EXECUTION) == 0 ||
        strcmp(event, FLR_EVENT_BEFORE_SEND_TASK_RESULT) == 0)
        clienthost_note(h, "(%s)", clienthost_prop(context, FLR_PROP_TASK_DATA));
    return 0;
}

static int check_arguments(clienthost *h, flr_context *context, const flr_shareable *data,
                           flr_signal *abort, flr_shareable **result)
{
    (void)abort;
    ck_assert_ptr_eq(data, given);
    ck_assert_ptr_eq(task_data(context), given);
    ck_assert_int_eq(flr_shareable_is_frozen(data), 1);
    clienthost_note(h, "(%d)", (int)flr_value_get_int(flr_shareable_get(data, "x"), 0));
    *result = clienthost_result(1);
    return 0;
}

START_TEST(cl_12_order)
{
    clienthost *h = clienthost_new("task end");
    clienthost_make(h);
    ck_assert_int_eq(clienthost_add(h, "tr*", "trainer", _i), 0);
    clienthost_filter_data(h, add_one);
    h->with_audit = true;
    h->on_event = look_at_data;
    h->on_execute = check_arguments;
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, T_BEGIN T_PULL
                      "audit _before_task_data_filter filter(in,7) _after_task_data_filter "
                      "(message) _before_task_execution (message) audit trainer(train) (8) "
                      "_after_task_execution (-) _before_task_result_filter "
                      "_after_task_result_filter audit _before_send_task_result (-) "
                      "check(id-1) submit(train,id-1,OK) _after_send_task_result " T_PULL T_END);
    ck_assert_ptr_nonnull(strstr(h->audit, "\ninvoked executor trainer|audit-of-server|train|"));
    clienthost_free(h);
}
END_TEST

/* An executor without a name of its own goes by what it is for. */
static int execute_nothing(void *self, flr_context *context, const char *name,
                           const flr_shareable *data, flr_signal *abort, flr_shareable **result)
{
    (void)self, (void)context, (void)data, (void)abort;
    ck_assert_str_eq(name, "train");
    *result = clienthost_result(1);
    return 0;
}

START_TEST(cl_12_name_of_the_executor)
{
    clienthost *h = clienthost_new("task end");
    flr_executor_ops ops;
    clienthost_make(h);
    flr_executor_ops_init(&ops, sizeof ops);
    ops.execute = execute_nothing;
    ck_assert_int_eq(flr_client_runner_add_executor(h->client, "tr*", &ops, h), 0);
    ck_assert_int_eq(clienthost_finish(h), 0);
    ck_assert_ptr_nonnull(strstr(h->audit, "\ninvoked executor tr*|audit-of-server|train|"));
    clienthost_free(h);
}
END_TEST

/* ---- CL-13 ---- */

static const struct {
    int status;
    bool result, aborted;
    const char *rc;
} outcomes[] = {
    {0, true, false, "OK"},
    {0, false, false, "EXECUTION_RESULT_ERROR"},
    {FLR_E_IO, false, false, "EXECUTION_EXCEPTION"},
    {FLR_E_IO, true, false, "EXECUTION_EXCEPTION"},
    {FLR_E_ABORTED, false, false, "EXECUTION_EXCEPTION"},
    {FLR_E_HOST - 5, false, false, "EXECUTION_EXCEPTION"},
    {FLR_E_UNSAFE_JOB, false, false, "UNSAFE_JOB"},
    {0, true, true, "TASK_ABORTED"},
    {0, false, true, "TASK_ABORTED"},
    {FLR_E_IO, false, true, "TASK_ABORTED"},
    {FLR_E_UNSAFE_JOB, false, true, "TASK_ABORTED"},
};
enum { OUTCOMES = sizeof outcomes / sizeof outcomes[0] };

static int have_outcome(clienthost *h, flr_context *context, const flr_shareable *data,
                        flr_signal *abort, flr_shareable **result)
{
    int i = *(int *)h->user % OUTCOMES;
    (void)context, (void)data;
    if (outcomes[i].aborted)
        ck_assert_int_eq(flr_signal_trigger(abort, NULL), 0);
    if (outcomes[i].result)
        *result = clienthost_result(1);
    return outcomes[i].status;
}

/* Both kinds of executors; the run goes on after each of them. */
START_TEST(cl_13_outcomes)
{
    bool unsafe = strcmp(outcomes[_i % OUTCOMES].rc, "UNSAFE_JOB") == 0;
    clienthost *h = clienthost_new("task end");
    char expected[1024];
    clienthost_make(h);
    ck_assert_int_eq(clienthost_add(h, "train", "trainer", _i >= OUTCOMES), 0);
    clienthost_filter_result(h, clienthost_pass);
    h->user = &_i;
    h->on_execute = have_outcome;
    ck_assert_int_eq(clienthost_finish(h), 0);
    const char *rc = outcomes[_i % OUTCOMES].rc;
    snprintf(expected, sizeof expected,
             T_BEGIN T_PULL T_DATA T_EXECUTE
             "%s_before_send_task_result check(id-1) submit(train,id-1,%s) "
             "_after_send_task_result " T_PULL T_END,
             strcmp(rc, "OK") != 0 ? ""
                                   : "_after_task_execution _before_task_result_filter filter "
                                     "_after_task_result_filter ",
             rc);
    clienthost_expect(h, expected);
    ck_assert_str_eq(clienthost_prop(h->context, FLR_PROP_JOB_IS_UNSAFE), unsafe ? "true s" : "-");
    ck_assert_int_eq(strstr(h->log, "trainer says that the job is unsafe") != NULL, unsafe);
    clienthost_free(h);
}
END_TEST

static int unsafe_once(clienthost *h, flr_context *context, const flr_shareable *data,
                       flr_signal *abort, flr_shareable **result)
{
    (void)context, (void)data, (void)abort;
    *result = clienthost_result(1);
    return h->tasks == 1 ? FLR_E_UNSAFE_JOB : 0;
}

/* From then on nothing of this job is executed here. */
START_TEST(cl_13_unsafe_from_then_on)
{
    clienthost *h = clienthost_usual("task task task:other end");
    ck_assert_int_eq(clienthost_add(h, "other", "other", false), 0);
    h->on_execute = unsafe_once;
    h->without_events = true;
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, "sync pull trainer(train) check(id-1) submit(train,id-1,UNSAFE_JOB) pull "
                         "check(id-2) submit(train,id-2,UNSAFE_JOB) pull check(id-3) "
                         "submit(other,id-3,UNSAFE_JOB) pull");
    clienthost_free(h);
}
END_TEST

/* An execution that nobody can finish any more has failed. */
START_TEST(cl_13_nobody_finishes_it)
{
    clienthost *h = clienthost_new("task end");
    clienthost_make(h);
    ck_assert_int_eq(clienthost_add(h, "train", "trainer", true), 0);
    h->without_events = true;
    clienthost_step(h);
    flr_execution_unref(h->execution);
    h->execution = NULL;
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, "sync pull trainer(train) check(id-1) "
                         "submit(train,id-1,EXECUTION_EXCEPTION) pull");
    clienthost_free(h);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client execute");
    TCase *tests = tcase_create("rows");
    tcase_add_loop_test(tests, cl_12_order, 0, 2);
    tcase_add_test(tests, cl_12_name_of_the_executor);
    tcase_add_loop_test(tests, cl_13_outcomes, 0, 2 * OUTCOMES);
    tcase_add_test(tests, cl_13_unsafe_from_then_on);
    tcase_add_test(tests, cl_13_nobody_finishes_it);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
