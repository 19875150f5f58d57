/* A client takes a task: whether it may, and what is wrong with it. Rows CL-10, CL-11. */
#include "clienthost.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A task that gets a reply without being executed. */
#define T_REFUSED(id, rc) T_PULL T_SEND(id, rc)

static flr_info_collector *info;

static void add_info(clienthost *h)
{
    ck_assert_int_eq(flr_info_collector_new(&info), 0);
    ck_assert_int_eq(
        flr_client_runner_add_component(h->client, "info", flr_info_collector_get_ops(), info), 0);
}

/* The names of the running tasks, each with a blank behind it. */
static void list_running(char *text, size_t size)
{
    flr_value *groups = NULL;
    ck_assert_int_eq(flr_info_collector_get_stats(info, &groups), 0);
    const flr_value *tasks = flr_map_get(flr_map_get(groups, "ClientRunner"), "current_tasks");
    ck_assert_int_eq(flr_value_get_kind(tasks), FLR_VALUE_LIST);
    text[0] = '\0';
    for (size_t i = 0; i < flr_value_get_size(tasks); i++) {
        strncat(text, flr_value_get_text(flr_list_get(tasks, i), "?"), size - strlen(text) - 1);
        strncat(text, " ", size - strlen(text) - 1);
    }
    flr_value_unref(groups);
}

static int refuse(void *self, flr_context *context, flr_shareable *message, flr_shareable **output)
{
    (void)self, (void)context, (void)message, (void)output;
    return FLR_E_IO;
}

/* ---- CL-10 ---- */

static int mark_job(clienthost *h, const char *event, flr_context *context)
{
    flr_value *yes = NULL;
    if (strcmp(event, FLR_EVENT_START_RUN) != 0)
        return 0;
    clienthost_note(h, "marked");
    ck_assert_int_eq(flr_value_new_bool(1, &yes), 0);
    ck_assert_int_eq(
        flr_context_set_prop(context, FLR_PROP_JOB_IS_UNSAFE, yes, FLR_PROP_FLAG_STICKY), 0);
    return 0;
}

/* It comes before every other check, and the run goes on. */
START_TEST(cl_10_unsafe_job)
{
    clienthost *h = clienthost_usual("task bare task:alien end");
    h->on_event = mark_job;
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, T_BEGIN "marked " T_REFUSED("id-1", "UNSAFE_JOB") T_PULL
                      "_before_send_task_result check() submit(train,,UNSAFE_JOB) "
                      "_after_send_task_result " T_PULL
                      "_before_send_task_result check(id-3) submit(alien,id-3,UNSAFE_JOB) "
                      "_after_send_task_result " T_PULL T_END);
    ck_assert_uint_eq(clienthost_stats(h).executed, 0);
    ck_assert_str_eq(h->audit, "");
    clienthost_free(h);
}
END_TEST

static int look_at_list(clienthost *h, const char *event, flr_context *context)
{
    char text[64];
    (void)context;
    if (strcmp(event, FLR_EVENT_GET_STATS) == 0 ||
        strcmp(event, FLR_EVENT_ABOUT_TO_START_RUN) == 0 || strcmp(event, FLR_EVENT_START_RUN) == 0)
        return 0;
    list_running(text, sizeof text);
    clienthost_note(h, "%s[%s]", event, text);
    return 0;
}

static const struct {
    const char *pulls;
    int status;   /* of the executor */
    int filter;   /* 1: the data filter fails, 2: the result filter */
    bool started; /* the executor starts, and is finished by the test */
    const char *trace;
} listings[] = {
    {"task end", 0, 0, false,
     "_before_task_data_filter[train ] _after_task_data_filter[train ] "
     "_before_task_execution[train ] trainer(train) _after_task_execution[train ] "
     "_before_task_result_filter[train ] _after_task_result_filter[train ] "},
    {"task end", 0, 0, true,
     "_before_task_data_filter[train ] _after_task_data_filter[train ] "
     "_before_task_execution[train ] trainer(train) [train ] _after_task_execution[train ] "
     "_before_task_result_filter[train ] _after_task_result_filter[train ] "},
    {"task end", FLR_E_IO, 0, false,
     "_before_task_data_filter[train ] _after_task_data_filter[train ] "
     "_before_task_execution[train ] trainer(train) "},
    {"task end", FLR_E_IO, 0, true,
     "_before_task_data_filter[train ] _after_task_data_filter[train ] "
     "_before_task_execution[train ] trainer(train) [train ] "},
    {"task end", 0, 1, false, "_before_task_data_filter[train ] "},
    {"task end", 0, 2, false,
     "_before_task_data_filter[train ] _after_task_data_filter[train ] "
     "_before_task_execution[train ] trainer(train) _after_task_execution[train ] "
     "_before_task_result_filter[train ] "},
    {"task:alien end", 0, 0, false, ""},
    {"bare end", 0, 0, false, ""},
};

static int fail_as_told(clienthost *h, flr_context *context, const flr_shareable *data,
                        flr_signal *abort, flr_shareable **result)
{
    int status = listings[*(int *)h->user].status;
    (void)context, (void)data, (void)abort;
    if (listings[*(int *)h->user].started)
        return CLIENTHOST_LATER;
    *result = status < 0 ? NULL : clienthost_result(1);
    return status;
}

START_TEST(cl_10_listed_while_it_runs)
{
    clienthost *h = clienthost_new(listings[_i].pulls);
    char expected[1024], text[64];
    h->without_events = h->without_calls = true;
    clienthost_make(h);
    add_info(h);
    ck_assert_int_eq(clienthost_add(h, "train", "trainer", listings[_i].started), 0);
    if (listings[_i].filter == 1)
        clienthost_filter_data(h, refuse);
    if (listings[_i].filter == 2)
        clienthost_filter_result(h, refuse);
    h->user = &_i;
    h->on_execute = fail_as_told;
    h->on_event = look_at_list;
    if (listings[_i].started) {
        clienthost_step(h);
        list_running(text, sizeof text);
        clienthost_note(h, "[%s]", text);
        clienthost_finish_task(h, listings[_i].status);
    }
    ck_assert_int_eq(clienthost_finish(h), 0);
    snprintf(expected, sizeof expected,
             "_before_pull_task[] _after_pull_task[] %s_before_send_task_result[] "
             "_after_send_task_result[] _before_pull_task[] _after_pull_task[] "
             "_about_to_end_run[] _check_end_run_readiness[] _end_run[]",
             listings[_i].trace);
    clienthost_expect(h, expected);
    clienthost_free(h);
}
END_TEST

static int trigger_abort(clienthost *h, flr_context *context, const flr_shareable *data,
                         flr_signal *abort, flr_shareable **result)
{
    flr_signal *run = flr_client_runner_get_abort_signal(h->client);
    (void)context, (void)data;
    ck_assert_ptr_ne(abort, run);
    ck_assert_int_eq(flr_signal_is_triggered(abort), 0);
    if (h->tasks == 1) {
        ck_assert_int_eq(flr_signal_trigger(abort, NULL), 0);
        ck_assert_int_eq(flr_signal_is_triggered(run), 0);
    } else {
        ck_assert_int_eq(flr_client_runner_abort(h->client), 0);
        ck_assert_int_eq(flr_signal_is_triggered(abort), 1);
    }
    *result = clienthost_result(1);
    return 0;
}

/* The task's own signal ends the task, the run's ends both. */
START_TEST(cl_10_the_signal_is_a_child)
{
    clienthost *h = clienthost_new("task ...");
    h->without_events = true;
    h->on_execute = trigger_abort;
    clienthost_make(h);
    ck_assert_int_eq(clienthost_add(h, "train", "trainer", _i), 0);
    ck_assert_int_eq(clienthost_finish(h), FLR_E_ABORTED);
    clienthost_expect(h, "sync pull trainer(train) check(id-1) submit(train,id-1,TASK_ABORTED) "
                         "pull trainer(train)");
    clienthost_free(h);
}
END_TEST

/* ---- CL-11 ---- */

/* How the data is spoiled: each has the faults of all that come later, too. */
static void spoil(clienthost *h, flr_shareable *data)
{
    int how = *(int *)h->user;
    flr_value *value = NULL;
    if (how == 1) {
        ck_assert_int_eq(flr_shareable_remove_header(data, FLR_HEADER_PEER_CTX), 0);
    } else if (how == 2) {
        ck_assert_int_eq(flr_shareable_set_header_text(data, FLR_HEADER_PEER_CTX, "a text"), 0);
    } else if (how == 3 || how == 4) {
        ck_assert_int_eq(flr_value_new_map(&value), 0);
        if (how == 4)
            ck_assert_int_eq(flr_map_set_text(&value, FLR_PROP_RUN_NUM, "job-2"), 0);
        ck_assert_int_eq(flr_shareable_set_header(data, FLR_HEADER_PEER_CTX, value), 0);
    }
}

static int look_at_props(clienthost *h, const char *event, flr_context *context)
{
    if (strcmp(event, FLR_EVENT_BEFORE_SEND_TASK_RESULT) != 0)
        return 0;
    clienthost_note(h, "(%s", clienthost_prop(context, FLR_PROP_TASK_NAME));
    clienthost_note(h, "%s", clienthost_prop(context, FLR_PROP_TASK_ID));
    clienthost_note(h, "%s)", clienthost_prop(context, FLR_PROP_TASK_DATA));
    return 0;
}

static const struct {
    const char *pulls, *rc, *props;
} checks[] = {
    {"bare:alien end", "submit(alien,,BAD_TASK_DATA)", "(- - -)"},
    {"task:alien end", "submit(alien,id-1,MISSING_PEER_CONTEXT)", "(alien id-1 -)"},
    {"task:alien end", "submit(alien,id-1,BAD_PEER_CONTEXT)", "(alien id-1 -)"},
    {"task:alien end", "submit(alien,id-1,RUN_MISMATCH)", "(alien id-1 -)"},
    {"task:alien end", "submit(alien,id-1,RUN_MISMATCH)", "(alien id-1 -)"},
    {"task:alien end", "submit(alien,id-1,TASK_UNKNOWN)", "(alien id-1 -)"},
};

START_TEST(cl_11_checks_in_order)
{
    clienthost *h = clienthost_usual(checks[_i].pulls);
    char expected[1024];
    h->user = &_i;
    h->on_data = spoil;
    h->on_event = look_at_props;
    clienthost_filter_data(h, clienthost_pass);
    clienthost_filter_result(h, clienthost_pass);
    ck_assert_int_eq(clienthost_finish(h), 0);
    snprintf(expected, sizeof expected,
             T_BEGIN T_PULL
             "_before_send_task_result %s check(%s) %s _after_send_task_result " T_PULL T_END,
             checks[_i].props, _i == 0 ? "" : "id-1", checks[_i].rc);
    clienthost_expect(h, expected);
    ck_assert_int_eq(strstr(h->audit, "received task from server") != NULL, _i > 0);
    ck_assert_uint_eq(clienthost_stats(h).executed, 0);
    ck_assert_uint_eq(clienthost_stats(h).delivered, 1);
    clienthost_free(h);
}
END_TEST

static int look_at_filter(clienthost *h, const char *event, flr_context *context)
{
    flr_value *property = NULL;
    if (strcmp(event, FLR_EVENT_BEFORE_TASK_DATA_FILTER) != 0)
        return 0;
    clienthost_note(h, "(%s", clienthost_prop(context, FLR_PROP_TASK_NAME));
    clienthost_note(h, "%s", clienthost_prop(context, FLR_PROP_TASK_ID));
    clienthost_note(h, "%s)", clienthost_prop(context, FLR_PROP_TASK_DATA));
    ck_assert_int_eq(flr_context_get(context, FLR_PROP_TASK_DATA, &property), 0);
    const flr_shareable *data = flr_value_get_pointer(property, "flr_shareable");
    ck_assert_int_eq(flr_value_get_int(flr_shareable_get(data, "x"), 0), 7);
    flr_value_unref(property);
    return 0;
}

START_TEST(cl_11_properties_and_audit)
{
    clienthost *h = clienthost_usual("task end");
    h->on_event = look_at_filter;
    h->with_audit = true;
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(
        h, T_BEGIN T_PULL
        "audit _before_task_data_filter (train id-1 message) "
        "_after_task_data_filter _before_task_execution audit trainer(train) " T_RESULT
        "audit " T_SEND("id-1", "OK") T_PULL T_END);
    ck_assert_ptr_eq(strstr(h->audit, "received task from server|audit-of-server|train|"),
                     h->audit);
    clienthost_free(h);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client task");
    TCase *tests = tcase_create("rows");
    tcase_add_test(tests, cl_10_unsafe_job);
    tcase_add_loop_test(tests, cl_10_listed_while_it_runs, 0, 8);
    tcase_add_loop_test(tests, cl_10_the_signal_is_a_child, 0, 2);
    tcase_add_loop_test(tests, cl_11_checks_in_order, 0, 6);
    tcase_add_test(tests, cl_11_properties_and_audit);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
