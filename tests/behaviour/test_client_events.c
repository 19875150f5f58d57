/* A client's run as a whole: its statistics, its events in order. Rows CL-32, CL-33. */
#include "clienthost.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

/* ---- CL-32 ---- */

static flr_info_collector *info;

static clienthost *with_info(const char *pulls)
{
    clienthost *h = clienthost_new(pulls);
    clienthost_make(h);
    ck_assert_int_eq(flr_info_collector_new(&info), 0);
    ck_assert_int_eq(
        flr_client_runner_add_component(h->client, "info", flr_info_collector_get_ops(), info), 0);
    ck_assert_int_eq(clienthost_add(h, "*", "trainer", true), 0);
    return h;
}

/* The group has these two and nothing else; `task` NULL: none is running. */
static void expect_group(const char *task)
{
    flr_value *groups = NULL;
    ck_assert_int_eq(flr_info_collector_get_stats(info, &groups), 0);
    const flr_value *group = flr_map_get(groups, "ClientRunner");
    const flr_value *tasks = flr_map_get(group, "current_tasks");
    ck_assert_uint_eq(flr_value_get_size(group), 2);
    ck_assert_str_eq(flr_value_get_text(flr_map_get(group, "job_id"), "-"), CLIENTHOST_JOB);
    ck_assert_int_eq(flr_value_get_kind(tasks), FLR_VALUE_LIST);
    ck_assert_uint_eq(flr_value_get_size(tasks), task != NULL);
    if (task != NULL)
        ck_assert_str_eq(flr_value_get_text(flr_list_get(tasks, 0), "-"), task);
    flr_value_unref(groups);
}

START_TEST(cl_32_statistics)
{
    clienthost *h = with_info("hold task:validate hold");
    clienthost_step(h);
    expect_group(NULL);
    clienthost_answer(h, CLIENTHOST_PULL, "task:train");
    clienthost_step(h);
    expect_group("train");
    clienthost_finish_task(h, 0);
    clienthost_step(h);
    expect_group("validate");
    clienthost_finish_task(h, FLR_E_IO);
    clienthost_step(h);
    expect_group(NULL);
    clienthost_free(h);
}
END_TEST

/* Whoever has a collector may ask; without one there is nothing to say. */
START_TEST(cl_32_the_event_itself)
{
    clienthost *h = clienthost_usual("hold");
    flr_collector *collector = NULL;
    flr_value *property = NULL;
    clienthost_step(h);
    ck_assert_int_eq(flr_collector_new(&collector), 0);
    ck_assert_int_eq(flr_value_new_pointer("flr_collector", collector, NULL, &property), 0);
    ck_assert_int_eq(flr_context_set_prop(h->context, FLR_PROP_STATS_COLLECTOR, property, 0), 0);
    ck_assert_int_eq(flr_context_fire(h->context, FLR_EVENT_GET_STATS), 0);
    const flr_value *group = flr_map_get(flr_collector_get(collector), "ClientRunner");
    ck_assert_str_eq(flr_value_get_text(flr_map_get(group, "job_id"), "-"), CLIENTHOST_JOB);
    ck_assert_int_eq(flr_context_reset(h->context), 0);
    ck_assert_int_eq(flr_context_fire(h->context, FLR_EVENT_GET_STATS), 0); /* without one */
    flr_collector_unref(collector);
    clienthost_free(h);
}
END_TEST

static int ask_at_abort(clienthost *h, const char *event, flr_context *context)
{
    (void)context;
    if (strcmp(event, FLR_EVENT_ABORT_TASK) == 0)
        expect_group("train");
    if (strcmp(event, FLR_EVENT_ABOUT_TO_END_RUN) == 0) {
        clienthost_finish_task(h, FLR_E_ABORTED);
        expect_group(NULL);
    }
    return 0;
}

/* An execution that nobody waits for any more is listed until its executor is done. */
START_TEST(cl_32_until_it_is_done)
{
    clienthost *h = with_info("task");
    h->on_event = ask_at_abort;
    clienthost_step(h);
    ck_assert_str_eq(clienthost_aux(h, "__end_run__"), FLR_RC_OK);
    ck_assert_int_eq(clienthost_finish(h), 0);
    ck_assert_ptr_null(h->execution);
    clienthost_expect(h, T_BEGIN T_PULL T_DATA T_EXECUTE
                      "_before_send_task_result "
                      "_after_send_task_result _abort_task info_collector.get_stats "
                      "_about_to_end_run info_collector.get_stats "
                      "_check_end_run_readiness _end_run");
    clienthost_free(h);
}
END_TEST

/* ---- CL-33 ---- */

#define ONE_TASK(id) T_PULL T_DATA T_EXECUTE T_RESULT T_SEND(id, "OK")

/* Stepped and run. */
START_TEST(cl_33_one_good_task)
{
    clienthost *h = clienthost_usual("task task end");
    ck_assert_int_eq(_i == 0 ? clienthost_finish(h) : flr_client_runner_run(h->client), 0);
    clienthost_expect(h,
                      "sync _about_to_start_run _start_run _before_pull_task pull _after_pull_task "
                      "_before_task_data_filter _after_task_data_filter _before_task_execution "
                      "trainer(train) _after_task_execution _before_task_result_filter "
                      "_after_task_result_filter _before_send_task_result check(id-1) "
                      "submit(train,id-1,OK) _after_send_task_result " ONE_TASK("id-2") T_PULL
                      "_about_to_end_run _check_end_run_readiness _end_run");
    clienthost_free(h);
}
END_TEST

static int abort_at_task(clienthost *h, const char *event, flr_context *context)
{
    (void)context;
    if (strcmp(event, FLR_EVENT_BEFORE_TASK_EXECUTION) == 0 && h->tasks == 2)
        ck_assert_int_eq(flr_client_runner_abort(h->client), 0);
    return 0;
}

START_TEST(cl_33_an_aborted_run)
{
    clienthost *h = clienthost_usual("task task end");
    h->on_event = abort_at_task;
    ck_assert_int_eq(_i == 0 ? clienthost_finish(h) : flr_client_runner_run(h->client),
                     FLR_E_ABORTED);
    clienthost_expect(h, T_BEGIN ONE_TASK("id-1") T_PULL T_DATA T_EXECUTE
                      "_before_send_task_result _after_send_task_result _abort_task " T_END);
    clienthost_free(h);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client events");
    TCase *tests = tcase_create("rows");
    tcase_add_test(tests, cl_32_statistics);
    tcase_add_test(tests, cl_32_the_event_itself);
    tcase_add_test(tests, cl_32_until_it_is_done);
    tcase_add_loop_test(tests, cl_33_one_good_task, 0, 2);
    tcase_add_loop_test(tests, cl_33_an_aborted_run, 0, 2);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
