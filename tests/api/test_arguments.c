/*
 * Wrong arguments for configuration and runner, through the shared library and the public headers
 * only: each gives its documented code, changes nothing and writes no output.
 */
#include "sweep.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

static int handler(void *self, const char *event, flr_context *context)
{
    (void)self, (void)event, (void)context;
    return 0;
}

static int process(void *self, flr_context *context, flr_shareable *message, flr_shareable **output)
{
    (void)self, (void)context;
    *output = flr_shareable_ref(message);
    return 0;
}

static int see_client(void *self, const char *client, const char *parent, int64_t heard,
                      int64_t gone)
{
    (void)self, (void)client, (void)parent, (void)heard, (void)gone;
    return 0;
}

/* ---------------------------------------------------------------- configuration */

START_TEST(arguments_of_config_settings)
{
    static const double wrong[] = {-1.0, -0.001, NAN, INFINITY, -INFINITY};
    static int (*const durations[])(flr_config *, double) = {
        flr_config_set_task_request_interval, flr_config_set_heartbeat_timeout,
        flr_config_set_dead_client_grace_period, flr_config_set_dead_client_check_lead_time};
    static const char *const empty_code[] = {"", NULL}, *const long_code[] = {longer, NULL};
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        INVAL(durations[i](NULL, 1.0));
        for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++) {
            INVAL(durations[i](h.config, wrong[k]));
            ck_assert_str_ne(flr_config_get_detail(h.config), "");
        }
        ZERO(durations[i](h.config, 0.0));
    }
    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++) {
        INVAL(flr_config_set_end_run_readiness(h.config, wrong[k], 0.5));
        INVAL(flr_config_set_end_run_readiness(h.config, 5.0, wrong[k]));
    }
    INVAL(flr_config_new(NULL));
    INVAL(flr_config_set_end_run_readiness(NULL, 1.0, 1.0));
    INVAL(flr_config_set_fatal_return_codes(NULL, empty_code));
    INVAL(flr_config_set_fatal_return_codes(h.config, NULL));
    INVAL(flr_config_set_fatal_return_codes(h.config, empty_code));
    LIMIT(flr_config_set_fatal_return_codes(h.config, long_code));
    INVAL(flr_config_set_clock(NULL, h.clock));
    INVAL(flr_config_set_clock(h.config, NULL));
    INVAL(flr_config_set_seed(NULL, 1));
    INVAL(flr_config_set_identity(NULL, "x"));
    INVAL(flr_config_set_identity(h.config, NULL));
    LIMIT(flr_config_set_identity(h.config, longer));
    INVAL(flr_config_set_log_level(NULL, FLR_LOG_INFO));
    INVAL(flr_config_set_log_level(h.config, 11));
    INVAL(flr_config_set_secure(NULL, 1));
    INVAL(flr_config_set_secure(h.config, 2));
    INVAL(flr_config_set_secure(h.config, -1));
    INVAL(flr_config_set_limits(NULL, 1, 1));
    INVAL(flr_config_set_limits(h.config, 20, FLR_NAME_MAX + 1));
    INVAL(flr_config_set_result_limits(NULL, 1, 1, 1));
    INVAL(flr_config_set_result_limits(h.config, FLR_VALUE_MAX_DEPTH + 1, 0, 0));
    INVAL(flr_config_set_result_limits(h.config, 0, FLR_VALUE_MAX_COUNT + 1, 0));
    INVAL(flr_config_set_allow_state_mismatch(NULL, 1));
    INVAL(flr_config_set_allow_state_mismatch(h.config, 2));
    TEXT(flr_config_get_detail(NULL), "");
}
END_TEST

START_TEST(arguments_of_config_parts)
{
    flr_component_ops component;
    flr_controller_ops controller;
    flr_filter_ops filter;
    flr_filter_chain *chain = NULL;
    flr_workflow *workflow = NULL;
    flr_scope *scope = NULL;
    flr_component_ops_init(&component, sizeof component);
    flr_controller_ops_init(&controller, sizeof controller);
    controller.step = step;
    flr_filter_ops_init(&filter, sizeof filter);
    filter.process = process;
    ZERO(flr_filter_chain_new(&chain));
    ZERO(flr_scope_new("s", &scope));
    ZERO(flr_workflow_new(&controller, NULL, NULL, NULL, &workflow));
    INVAL(flr_workflow_new(NULL, NULL, NULL, NULL, &workflow));
    INVAL(flr_workflow_new(&controller, NULL, NULL, NULL, NULL));
    INVAL(flr_config_add_workflow(NULL, "wf", workflow));
    INVAL(flr_config_add_workflow(h.config, NULL, workflow));
    INVAL(flr_config_add_workflow(h.config, "", workflow));
    LIMIT(flr_config_add_workflow(h.config, longer, workflow));
    INVAL(flr_config_add_workflow(h.config, "wf", NULL));
    INVAL(flr_config_add_controller(NULL, "wf", &controller, NULL, NULL, NULL));
    INVAL(flr_config_add_controller(h.config, NULL, &controller, NULL, NULL, NULL));
    INVAL(flr_config_add_controller(h.config, "", &controller, NULL, NULL, NULL));
    LIMIT(flr_config_add_controller(h.config, longer, &controller, NULL, NULL, NULL));
    INVAL(flr_config_add_controller(h.config, "wf", NULL, NULL, NULL, NULL));
    INVAL(flr_config_add_component(NULL, "c", &component, NULL));
    ZERO(flr_config_add_component(h.config, "c", &component, NULL));
    IS(flr_config_add_workflow(h.config, "c", workflow), FLR_E_EXISTS);
    INVAL(flr_config_subscribe(NULL, "c", "e", handler, NULL));
    INVAL(flr_config_subscribe(h.config, NULL, "e", handler, NULL));
    INVAL(flr_config_subscribe(h.config, "", "e", handler, NULL));
    INVAL(flr_config_subscribe(h.config, "c", NULL, handler, NULL));
    INVAL(flr_config_subscribe(h.config, "c", "", handler, NULL));
    INVAL(flr_config_subscribe(h.config, "c", "e", NULL, NULL));
    LIMIT(flr_config_subscribe(h.config, "c", longer, handler, NULL));
    IS(flr_config_subscribe(h.config, "nobody", "e", handler, NULL), FLR_E_NOTFOUND);
    for (int result = 0; result < 2; result++) {
        int (*add)(flr_config *, const char *, int, flr_filter_chain *) =
            result ? flr_config_add_result_filters : flr_config_add_data_filters;
        int (*add_one)(flr_config *, const char *, const flr_filter_ops *, void *) =
            result ? flr_config_add_result_filter : flr_config_add_data_filter;
        INVAL(add(NULL, "t", FLR_FILTER_IN, chain));
        INVAL(add(h.config, NULL, FLR_FILTER_IN, chain));
        INVAL(add(h.config, "", FLR_FILTER_IN, chain));
        LIMIT(add(h.config, longer, FLR_FILTER_IN, chain));
        INVAL(add(h.config, "t", 0, chain));
        INVAL(add(h.config, "t", 4, chain));
        INVAL(add(h.config, "t", FLR_FILTER_IN, NULL));
        INVAL(add_one(NULL, "t", &filter, NULL));
        INVAL(add_one(h.config, NULL, &filter, NULL));
        INVAL(add_one(h.config, "", &filter, NULL));
        LIMIT(add_one(h.config, longer, &filter, NULL));
        INVAL(add_one(h.config, "t", NULL, NULL));
    }
    INVAL(flr_config_add_scope(NULL, scope));
    INVAL(flr_config_add_scope(h.config, NULL));
    INVAL(flr_config_set_default_scope(NULL, "s"));
    INVAL(flr_config_set_default_scope(h.config, NULL));
    LIMIT(flr_config_set_default_scope(h.config, longer));
    IS(flr_config_set_default_scope(h.config, "s"), FLR_E_NOTFOUND);
    INVAL(flr_config_set_job_scope(NULL, "s"));
    INVAL(flr_config_set_job_scope(h.config, NULL));
    LIMIT(flr_config_set_job_scope(h.config, longer));
    flr_filter_chain_unref(chain);
    flr_scope_unref(scope);
    flr_workflow_unref(workflow);
}
END_TEST

START_TEST(arguments_of_filters)
{
    flr_filter_ops ops;
    flr_filter *filter = NULL;
    flr_filter_chain *chain = NULL;
    flr_scope *scope = NULL;
    flr_filter_ops_init(NULL, sizeof ops);
    flr_filter_ops_init(&ops, sizeof ops);
    ops.process = process;
    INVAL(flr_filter_new(NULL, NULL, &filter));
    INVAL(flr_filter_new(&ops, NULL, NULL));
    INVAL(flr_filter_chain_new(NULL));
    INVAL(flr_scope_new(NULL, &scope));
    INVAL(flr_scope_new("", &scope));
    LIMIT(flr_scope_new(longer, &scope));
    INVAL(flr_scope_new("s", NULL));
    ck_assert(filter == NULL && scope == NULL);
    ZERO(flr_filter_new(&ops, NULL, &filter));
    ZERO(flr_filter_chain_new(&chain));
    ZERO(flr_scope_new("s", &scope));
    INVAL(flr_filter_chain_add(NULL, filter));
    INVAL(flr_filter_chain_add(chain, NULL));
    INVAL(flr_scope_add_data_filter(NULL, FLR_FILTER_IN, filter));
    INVAL(flr_scope_add_data_filter(scope, 0, filter));
    INVAL(flr_scope_add_data_filter(scope, FLR_FILTER_IN, NULL));
    INVAL(flr_scope_add_result_filter(NULL, FLR_FILTER_IN, filter));
    INVAL(flr_scope_add_result_filter(scope, 4, filter));
    INVAL(flr_scope_add_result_filter(scope, FLR_FILTER_IN, NULL));
    NOTHING(flr_filter_ref(NULL));
    NOTHING(flr_filter_chain_ref(NULL));
    NOTHING(flr_scope_ref(NULL));
    NOTHING(flr_workflow_ref(NULL));
    flr_filter_unref(NULL);
    flr_filter_chain_unref(NULL);
    flr_scope_unref(NULL);
    flr_filter_unref(filter);
    flr_filter_chain_unref(chain);
    flr_scope_unref(scope);
}
END_TEST

/* ---------------------------------------------------------------- the runner */

START_TEST(arguments_of_runner_new)
{
    flr_engine_ops engine;
    flr_runner *runner = NULL;
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_clients;
    INVAL(flr_runner_new(NULL, "job", &engine, NULL, &runner));
    INVAL(flr_runner_new(h.config, NULL, &engine, NULL, &runner));
    INVAL(flr_runner_new(h.config, "", &engine, NULL, &runner));
    LIMIT(flr_runner_new(h.config, longer, &engine, NULL, &runner));
    INVAL(flr_runner_new(h.config, "job", NULL, NULL, &runner));
    INVAL(flr_runner_new(h.config, "job", &engine, NULL, NULL));
    NOTHING(runner);
    ZERO(flr_config_set_seed(h.config, 1)); /* it is still the caller's */
}
END_TEST

START_TEST(arguments_of_messages)
{
    const flr_answer *answer = NULL;
    const flr_shareable *reply = NULL;
    int outcome = 0;
    INVAL(flr_runner_process_task_request(NULL, "a", h.context, &answer));
    INVAL(flr_runner_process_task_request(h.runner, NULL, h.context, &answer));
    INVAL(flr_runner_process_task_request(h.runner, "", h.context, &answer));
    LIMIT(flr_runner_process_task_request(h.runner, longer, h.context, &answer));
    INVAL(flr_runner_process_task_request(h.runner, "a", NULL, &answer));
    INVAL(flr_runner_process_task_request(h.runner, "a", h.foreign, &answer));
    INVAL(flr_runner_process_task_request(h.runner, "a", h.context, NULL));
    NOTHING(answer);
    INVAL(flr_runner_process_submission(NULL, "a", h.context, "t", "i", h.message, &outcome));
    INVAL(flr_runner_process_submission(h.runner, NULL, h.context, "t", "i", h.message, &outcome));
    INVAL(flr_runner_process_submission(h.runner, "", h.context, "t", "i", h.message, &outcome));
    LIMIT(
        flr_runner_process_submission(h.runner, longer, h.context, "t", "i", h.message, &outcome));
    INVAL(flr_runner_process_submission(h.runner, "a", NULL, "t", "i", h.message, &outcome));
    INVAL(flr_runner_process_submission(h.runner, "a", h.foreign, "t", "i", h.message, &outcome));
    INVAL(flr_runner_process_submission(h.runner, "a", h.context, "t", "i", NULL, &outcome));
    INVAL(flr_runner_process_submission(h.runner, "a", h.context, "t", "i", h.message, NULL));
    ZERO(outcome);
    INVAL(flr_runner_process_aux(NULL, "a", "t", h.context, h.message, &reply));
    INVAL(flr_runner_process_aux(h.runner, NULL, "t", h.context, h.message, &reply));
    INVAL(flr_runner_process_aux(h.runner, "", "t", h.context, h.message, &reply));
    LIMIT(flr_runner_process_aux(h.runner, longer, "t", h.context, h.message, &reply));
    INVAL(flr_runner_process_aux(h.runner, "a", NULL, h.context, h.message, &reply));
    INVAL(flr_runner_process_aux(h.runner, "a", "", h.context, h.message, &reply));
    INVAL(flr_runner_process_aux(h.runner, "a", "t", NULL, h.message, &reply));
    INVAL(flr_runner_process_aux(h.runner, "a", "t", h.foreign, h.message, &reply));
    INVAL(flr_runner_process_aux(h.runner, "a", "t", h.context, h.message, NULL));
    NOTHING(reply);
    ZERO(flr_answer_get_kind(NULL));
    NOTHING(flr_answer_get_data(NULL));
    ck_assert(flr_answer_get_wait_time(NULL) == 0.0);
}
END_TEST

START_TEST(arguments_of_runner)
{
    flr_component_ops ops;
    flr_step_result result;
    flr_context *context = NULL;
    flr_state *state = NULL;
    flr_stats stats;
    char text[8];
    flr_component_ops_init(&ops, sizeof ops);
    flr_step_result_init(NULL, sizeof result);
    flr_step_result_init(&result, sizeof result);
    flr_stats_init(NULL, sizeof stats);
    flr_stats_init(&stats, sizeof stats);
    INVAL(flr_runner_new_context(NULL, &context));
    INVAL(flr_runner_new_context(h.runner, NULL));
    INVAL(flr_runner_add_component(NULL, "c", &ops, NULL));
    IS(flr_runner_add_component(h.runner, "c", &ops, NULL), FLR_E_STATE); /* it was stepped */
    INVAL(flr_runner_add_component(h.other, NULL, &ops, NULL));
    INVAL(flr_runner_add_component(h.other, "", &ops, NULL));
    LIMIT(flr_runner_add_component(h.other, longer, &ops, NULL));
    INVAL(flr_runner_add_component(h.other, "c", NULL, NULL));
    INVAL(flr_runner_subscribe(NULL, "wf", "e", handler, NULL));
    INVAL(flr_runner_subscribe(h.runner, NULL, "e", handler, NULL));
    INVAL(flr_runner_subscribe(h.runner, "wf", "", handler, NULL));
    INVAL(flr_runner_subscribe(h.runner, "wf", "e", NULL, NULL));
    LIMIT(flr_runner_subscribe(h.runner, "wf", longer, handler, NULL));
    IS(flr_runner_subscribe(h.runner, "nobody", "e", handler, NULL), FLR_E_NOTFOUND);
    INVAL(flr_runner_run(NULL));
    IS(flr_runner_run(h.runner), FLR_E_STATE);
    INVAL(flr_runner_step(NULL, &result));
    INVAL(flr_runner_step(h.runner, NULL));
    INVAL(flr_runner_handle_dead_job(NULL, "a"));
    INVAL(flr_runner_handle_dead_job(h.runner, NULL));
    INVAL(flr_runner_handle_dead_job(h.runner, ""));
    LIMIT(flr_runner_handle_dead_job(h.runner, longer));
    INVAL(flr_runner_abort(NULL, 0));
    INVAL(flr_runner_wake(NULL));
    INVAL(flr_runner_add_client(NULL, "b", NULL));
    INVAL(flr_runner_add_client(h.runner, NULL, NULL));
    INVAL(flr_runner_add_client(h.runner, "", NULL));
    LIMIT(flr_runner_add_client(h.runner, longer, NULL));
    LIMIT(flr_runner_add_client(h.runner, "b", longer));
    IS(flr_runner_add_client(h.runner, "a", NULL), FLR_E_EXISTS);
    INVAL(flr_runner_remove_client(NULL, "a"));
    INVAL(flr_runner_remove_client(h.runner, NULL));
    INVAL(flr_runner_remove_client(h.runner, ""));
    LIMIT(flr_runner_remove_client(h.runner, longer));
    IS(flr_runner_remove_client(h.runner, "b"), FLR_E_NOTFOUND);
    INVAL(flr_runner_visit_clients(NULL, see_client, NULL));
    INVAL(flr_runner_visit_clients(h.runner, NULL, NULL));
    INVAL(flr_runner_get_stats(NULL, &stats));
    INVAL(flr_runner_get_stats(h.runner, NULL));
    INVAL(flr_runner_get_detail(NULL, text, sizeof text));
    INVAL(flr_runner_get_detail(h.runner, NULL, 1));
    INVAL(flr_runner_get_detail(h.runner, text, 0));
    INVAL(flr_runner_save(NULL, &state));
    INVAL(flr_runner_save(h.runner, NULL));
    INVAL(flr_runner_persist(NULL));
    INVAL(flr_runner_restore(NULL, "x", 1));
    ck_assert(context == NULL && state == NULL);
    flr_runner_get_status(NULL);
    ZERO(flr_runner_get_workflow_index(NULL));
    flr_runner_get_job_id(NULL);
    NOTHING(flr_runner_get_abort_signal(NULL));
    flr_runner_free(NULL);
    NOTHING(flr_state_ref(NULL));
    flr_state_unref(NULL);
    ZERO(flr_state_get_size(NULL));
    ZERO(flr_state_get_segment_count(NULL));
    NOTHING(flr_state_get_segment(NULL, 0, NULL));
    INVAL(flr_state_copy(NULL, text, sizeof text));
    INVAL(flr_offer_set(NULL, "t", "i", NULL));
    TEXT(flr_outcome_get_name(0), "?");
    TEXT(flr_task_status_get_name(99), "?");
    TEXT(flr_status_get_name(-1), "FLR_E_?");
    TEXT(flr_log_get_level_name(3), "?");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arguments");
    TCase *tests = tcase_create("api");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, arguments_of_config_settings);
    tcase_add_test(tests, arguments_of_config_parts);
    tcase_add_test(tests, arguments_of_filters);
    tcase_add_test(tests, arguments_of_runner_new);
    tcase_add_test(tests, arguments_of_messages);
    tcase_add_test(tests, arguments_of_runner);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
