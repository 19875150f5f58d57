/* The client's way to a task: registrations, sync, heartbeats, pulls. Rows CL-01 to CL-09. */
#include "clienthost.h"
#include <check.h>
#include <string.h>

static clienthost h;

static void setup(void)
{
    clienthost_init(&h);
}

static void teardown(void)
{
    clienthost_free(&h);
}

/* A client that has synced and found nothing to do. */
static void begin(void)
{
    clienthost_begin(&h);
    clienthost_step(&h);
    clienthost_trace(&h);
}

/* ---- CL-01, CL-02 ---- */

START_TEST(cl_01_its_handlers)
{
    clienthost_begin(&h);
    ck_assert_str_eq(clienthost_send(&h, "__task_ready__"), FLR_RC_OK);
    ck_assert_str_eq(clienthost_send(&h, "__end_run__"), FLR_RC_OK);
    ck_assert_str_eq(clienthost_send(&h, "__sync_runner__"), FLR_RC_TOPIC_UNKNOWN);
    ck_assert_str_eq(flr_client_runner_get_job_id(h.client), CLIENTHOST_JOB);
}
END_TEST

START_TEST(cl_01_calls_go_to_the_parent)
{
    h.options.parent = _i == 0 ? NULL : "relay-7";
    h.hold = FLR_REQUEST_AUX;
    clienthost_begin(&h);
    clienthost_step(&h);
    ck_assert_str_eq(flr_request_get_target(h.held), _i == 0 ? "server" : "relay-7");
}
END_TEST

START_TEST(cl_01_a_run_is_for_once)
{
    flr_component_ops component;
    begin();
    ck_assert_int_eq(flr_client_runner_run(h.client), FLR_E_STATE);
    flr_component_ops_init(&component, sizeof component);
    ck_assert_int_eq(flr_client_runner_add_component(h.client, "late", &component, NULL),
                     FLR_E_STATE);
    clienthost_pull_with(&h, FLR_ANSWER_END_RUN, NULL, NULL);
    ck_assert_int_eq(clienthost_end(&h), 0);
    ck_assert_int_eq(flr_client_runner_step(h.client, &h.last), FLR_E_STATE);
    ck_assert_int_eq(flr_client_runner_run(h.client), FLR_E_STATE);
}
END_TEST

static int two(void *self, flr_context *context, const char *name, const flr_shareable *data,
               flr_signal *abort, flr_shareable **result)
{
    (void)context, (void)name, (void)data, (void)abort;
    clienthost_note(&h, "%s", (const char *)self);
    return flr_shareable_new(result);
}

static int add(const char *task, const char *word)
{
    flr_executor_ops ops;
    flr_executor_ops_init(&ops, sizeof ops);
    ops.execute = two;
    return flr_client_runner_add_executor(h.client, task, &ops, (void *)(uintptr_t)word);
}

static void add_executors(clienthost *host)
{
    (void)host;
    ck_assert_int_eq(add("eval*", "pattern-1"), 0);
    ck_assert_int_eq(add("evaluate", "exact"), 0);
    ck_assert_int_eq(add("*uate2", "pattern-2"), 0);
    ck_assert_int_eq(add("evaluate", "again"), FLR_E_EXISTS);
    ck_assert_int_eq(add("eval*", "again"), FLR_E_EXISTS);
}

START_TEST(cl_02_the_name_itself_then_patterns_in_order)
{
    static const struct {
        const char *task, *found;
    } cases[] = {{"evaluate", "exact"},
                 {"evaluate2", "pattern-1"},
                 {"eval", "pattern-1"},
                 {"fluate2", "pattern-2"}};
    h.configure = add_executors;
    begin();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char id[8] = {(char)('a' + (int)i)};
        clienthost_task(&h, cases[i].task, id);
        ck_assert_int_eq(flr_client_runner_task_ready(h.client), 0);
        clienthost_step(&h);
        ck_assert_ptr_nonnull(strstr(clienthost_trace(&h), cases[i].found));
    }
    clienthost_task(&h, "other", "z");
    ck_assert_int_eq(flr_client_runner_task_ready(h.client), 0);
    clienthost_step(&h);
    ck_assert_str_eq(clienthost_rc(&h), FLR_RC_TASK_UNKNOWN);
}
END_TEST

/* ---- CL-03, CL-04 ---- */

START_TEST(cl_03_syncs_at_once_then_half_a_second_after_each_failure)
{
    h.syncs[0] = NULL;
    h.syncs[1] = FLR_RC_ERROR;
    h.sync_count = 2;
    clienthost_begin(&h);
    clienthost_step(&h);
    ck_assert_str_eq(clienthost_trace(&h), "sync");
    ck_assert(h.timeout == 2.0);
    ck_assert(h.optional);
    ck_assert(!h.secure);
    ck_assert_int_eq(h.last.wait_ns, SECOND / 2);
    clienthost_advance(&h, 0.25);
    ck_assert_str_eq(clienthost_trace(&h), "");
    clienthost_advance(&h, 0.25);
    ck_assert_str_eq(clienthost_trace(&h), "sync");
    clienthost_advance(&h, 0.5);
    ck_assert_str_eq(clienthost_trace(&h), "sync pull");
}
END_TEST

START_TEST(cl_03_no_attempt_begins_after_the_limit)
{
    for (size_t i = 0; i < CLIENTHOST_ANSWERS; i++)
        h.syncs[i] = NULL;
    h.sync_count = CLIENTHOST_ANSWERS;
    h.options.max_sync_timeout = 1.75;
    h.events = true;
    clienthost_begin(&h);
    ck_assert_int_eq(clienthost_end(&h), FLR_E_TIMEDOUT);
    ck_assert_str_eq(clienthost_trace(&h), "sync sync sync sync"); /* at 0, 0.5, 1, 1.5; no event */
}
END_TEST

START_TEST(cl_03_a_late_ok_is_an_ok)
{
    h.options.max_sync_timeout = 1.0;
    h.options.sync_timeout = 5.0;
    h.hold = FLR_REQUEST_AUX;
    clienthost_begin(&h);
    clienthost_step(&h);
    h.hold = 0;
    clienthost_advance(&h, 3.0);
    ck_assert_str_eq(clienthost_trace(&h), "held");
    flr_shareable *reply;
    ck_assert_int_eq(flr_shareable_new_reply(FLR_RC_OK, NULL, &reply), 0);
    ck_assert_int_eq(flr_request_answer_aux(h.held, reply), 0);
    flr_shareable_unref(reply);
    clienthost_step(&h);
    ck_assert_str_eq(clienthost_trace(&h), "pull");
}
END_TEST

START_TEST(cl_03_an_abort_ends_it)
{
    h.events = true;
    if (_i == 0)
        h.hold = FLR_REQUEST_AUX;
    else
        h.sync_count = 1; /* a failure: it waits for the next attempt */
    clienthost_begin(&h);
    clienthost_step(&h);
    ck_assert_int_eq(flr_client_runner_abort(h.client), 0);
    clienthost_step(&h);
    ck_assert_int_eq(h.last.state, FLR_STEP_ENDED);
    ck_assert_int_eq(h.last.result, FLR_E_ABORTED);
    ck_assert_str_eq(clienthost_trace(&h), _i == 0 ? "held" : "sync");
}
END_TEST

static int see_signal(void *self, const char *event, flr_context *context)
{
    flr_value *value = NULL;
    (void)self, (void)event;
    bool there = flr_context_get(context, FLR_PROP_RUN_ABORT_SIGNAL, &value) == 0;
    clienthost_note(&h, there && flr_value_get_pointer(value, "flr_signal") ==
                                     flr_client_runner_get_abort_signal(h.client)
                            ? "signal"
                            : "none");
    flr_value_unref(value);
    return 0;
}

static void subscribe(clienthost *host)
{
    static const char *const events[] = {FLR_EVENT_ABOUT_TO_START_RUN, FLR_EVENT_START_RUN};
    flr_component_ops component;
    flr_component_ops_init(&component, sizeof component);
    ck_assert_int_eq(flr_client_runner_add_component(host->client, "eyes", &component, NULL), 0);
    for (size_t i = 0; i < 2; i++)
        ck_assert_int_eq(
            flr_client_runner_subscribe(host->client, "eyes", events[i], see_signal, NULL), 0);
}

START_TEST(cl_04_the_start_of_the_run)
{
    h.configure = subscribe;
    h.events = true;
    clienthost_begin(&h);
    clienthost_step(&h);
    ck_assert_str_eq(clienthost_trace(&h), "sync [_about_to_start_run] none [_start_run] signal "
                                           "[_before_pull_task] pull [_after_pull_task]");
}
END_TEST

/* ---- CL-05 ---- */

START_TEST(cl_05_heartbeats)
{
    h.heartbeats = true;
    h.options.heartbeat_interval = 2.0;
    h.options.fetch_interval = 100.0;
    clienthost_begin(&h);
    clienthost_step(&h);
    const char *trace = clienthost_trace(&h);
    ck_assert_ptr_nonnull(strstr(trace, "heartbeat")); /* at once, after the sync */
    ck_assert(strncmp(trace, "sync", 4) == 0);
    ck_assert_int_eq(h.last.wait_ns, 2 * SECOND);
    for (int i = 0; i < 3; i++) {
        clienthost_advance(&h, 1.0);
        ck_assert_str_eq(clienthost_trace(&h), "");
        clienthost_advance(&h, 1.0);
        ck_assert_str_eq(clienthost_trace(&h), "heartbeat");
    }
    ck_assert_uint_eq(clienthost_stats(&h).heartbeats, 4);
    /* also while an executor is at work, and while nobody answers them */
    clienthost_task(&h, "later", "a");
    ck_assert_int_eq(flr_client_runner_task_ready(h.client), 0);
    clienthost_step(&h);
    h.hold = FLR_REQUEST_AUX;
    h.holds = "__job_heartbeat__";
    ck_assert_str_eq(clienthost_trace(&h), "pull execute(later)");
    clienthost_advance(&h, 2.0);
    ck_assert_str_eq(clienthost_trace(&h), "held");
    ck_assert(flr_request_get_timeout(h.held) == 0.0);
    ck_assert(flr_request_is_optional(h.held));
    ck_assert_str_eq(flr_request_get_target(h.held), "server");
    clienthost_advance(&h, 2.0);
    ck_assert_str_eq(clienthost_trace(&h), "held");
    /* and never once the run is over */
    ck_assert_int_eq(flr_client_runner_abort(h.client), 0);
    clienthost_end(&h);
    ck_assert_str_eq(clienthost_trace(&h), "");
}
END_TEST

/* ---- CL-06 to CL-08 ---- */

static flr_shareable *with_header(const char *key, flr_value *value)
{
    flr_shareable *data;
    ck_assert_int_eq(flr_shareable_new(&data), 0);
    ck_assert_int_eq(flr_shareable_set_header(data, key, value), 0);
    return data;
}

static flr_value *real(double x)
{
    flr_value *value;
    ck_assert_int_eq(flr_value_new_real(x, &value), 0);
    return value;
}

static flr_value *text(const char *x)
{
    flr_value *value;
    ck_assert_int_eq(flr_value_new_text(x, &value), 0);
    return value;
}

static void pull(void)
{
    ck_assert_int_eq(flr_client_runner_task_ready(h.client), 0);
    clienthost_step(&h);
    ck_assert_str_eq(clienthost_trace(&h), "pull");
}

START_TEST(cl_06_the_timeout_of_a_pull_is_only_raised)
{
    static const struct {
        double number;
        const char *text;
        double then;
    } cases[] = {{4.0, NULL, 4.0}, {2.0, NULL, 4.0},     {0, "7.5", 7.5}, {0, "fast", 7.5},
                 {-1, NULL, 7.5},  {0, "8 apples", 7.5}, {9.0, NULL, 9.0}};
    h.options.get_task_timeout = 3.0;
    begin();
    ck_assert(h.timeout == 3.0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        clienthost_pull_with(
            &h, FLR_ANSWER_TRY_AGAIN, NULL,
            with_header(FLR_HEADER_MIN_GET_TASK_TIMEOUT,
                        cases[i].text != NULL ? text(cases[i].text) : real(cases[i].number)));
        pull();
        pull();
        ck_assert_msg(h.timeout == cases[i].then, "case %zu: %f", i, h.timeout);
    }
}
END_TEST

START_TEST(cl_06_without_a_timeout_the_least_that_is_heard_counts)
{
    begin();
    ck_assert(h.timeout == 0.0);
    pull();
    ck_assert_str_eq(flr_value_get_text(flr_map_get(h.peer, FLR_PROP_IDENTITY_NAME), ""), "site-1");
    ck_assert_str_eq(flr_value_get_text(flr_map_get(h.peer, FLR_PROP_RUN_NUM), ""), CLIENTHOST_JOB);
}
END_TEST

START_TEST(cl_06_a_pull_times_out)
{
    h.options.get_task_timeout = 3.0;
    h.hold = FLR_REQUEST_TASK;
    h.events = true;
    begin();
    ck_assert_int_eq(h.last.wait_ns, 3 * SECOND);
    clienthost_advance(&h, 3.0);
    ck_assert_str_eq(clienthost_trace(&h), "[_after_pull_task]");
    ck_assert(flr_request_is_over(h.held));
    ck_assert_uint_eq(clienthost_stats(&h).pull_failures, 1);
    clienthost_advance(&h, 0.5);
    ck_assert_str_eq(clienthost_trace(&h), "[_before_pull_task] held");
    ck_assert_int_eq(flr_client_runner_abort(h.client), 0); /* the run's signal ends it */
    clienthost_step(&h);
    ck_assert(flr_request_is_over(h.held));
}
END_TEST

START_TEST(cl_07_when_the_next_pull_comes)
{
    h.options.fetch_interval = 3.0;
    begin();
    ck_assert_int_eq(h.last.wait_ns, 3 * SECOND); /* TRY_AGAIN without a time */
    clienthost_pull_with(&h, FLR_ANSWER_TRY_AGAIN, NULL,
                         with_header(FLR_HEADER_WAIT_TIME, real(1.5)));
    pull();
    ck_assert_int_eq(h.last.wait_ns, SECOND + SECOND / 2);
    clienthost_advance(&h, 1.4);
    ck_assert_str_eq(clienthost_trace(&h), "");
    clienthost_pull_with(&h, FLR_E_IO, NULL, NULL); /* a failure */
    clienthost_advance(&h, 0.1);
    ck_assert_str_eq(clienthost_trace(&h), "pull");
    ck_assert_int_eq(h.last.wait_ns, 3 * SECOND);
    clienthost_task(&h, "train", "a");
    clienthost_task(&h, "train", "b");
    clienthost_advance(&h, 3.0);
    ck_assert_str_eq(clienthost_trace(&h), "pull execute(train) check(a) submit(train,a,OK) "
                                           "pull execute(train) check(b) submit(train,b,OK) pull");
    flr_client_stats stats = clienthost_stats(&h);
    ck_assert_uint_eq(stats.pulls, 6);
    ck_assert_uint_eq(stats.pull_failures, 1);
    ck_assert_uint_eq(stats.tasks, 2);
    ck_assert_uint_eq(stats.executed, 2);
    ck_assert_uint_eq(stats.delivered, 2);
}
END_TEST

START_TEST(cl_07_end_run_ends_the_loop)
{
    begin();
    clienthost_pull_with(&h, FLR_ANSWER_END_RUN, NULL, NULL);
    pull();
    ck_assert(flr_signal_is_triggered(flr_client_runner_get_abort_signal(h.client)));
    ck_assert_int_eq(clienthost_end(&h), 0);
    ck_assert_str_eq(clienthost_trace(&h), "");
}
END_TEST

START_TEST(cl_08_a_notice_ends_the_wait)
{
    h.options.fetch_interval = 100.0;
    begin();
    clienthost_advance(&h, 1.0);
    ck_assert_str_eq(clienthost_trace(&h), "");
    if (_i == 0)
        ck_assert_int_eq(flr_client_runner_task_ready(h.client), 0);
    else
        ck_assert_str_eq(clienthost_send(&h, "__task_ready__"), FLR_RC_OK);
    clienthost_step(&h);
    ck_assert_str_eq(clienthost_trace(&h), "pull");
    clienthost_step(&h); /* one notice, one pull */
    ck_assert_str_eq(clienthost_trace(&h), "");
}
END_TEST

START_TEST(cl_08_a_notice_during_the_pull_counts)
{
    h.options.fetch_interval = 100.0;
    h.hold = FLR_REQUEST_TASK;
    begin();
    ck_assert_int_eq(flr_client_runner_task_ready(h.client), 0);
    h.hold = 0;
    ck_assert_int_eq(flr_request_answer_task(h.held, FLR_ANSWER_TRY_AGAIN, NULL, NULL), 0);
    clienthost_step(&h);
    ck_assert_str_eq(clienthost_trace(&h), "pull");
}
END_TEST

START_TEST(cl_08_the_runs_signal_ends_the_wait)
{
    h.options.fetch_interval = 100.0;
    h.events = true;
    begin();
    ck_assert_str_eq(clienthost_send(&h, "__end_run__"), FLR_RC_OK);
    clienthost_step(&h);
    ck_assert_str_eq(clienthost_trace(&h),
                     "[_about_to_end_run] [_check_end_run_readiness] [_end_run]");
    ck_assert_int_eq(h.last.state, FLR_STEP_ENDED);
}
END_TEST

static void see_task(clienthost *host, flr_context *context, flr_signal *abort)
{
    flr_context *peer = flr_context_get_peer(context);
    (void)abort;
    clienthost_note(host, "peer(%s)", peer == NULL ? "-" : flr_context_get_job_id(peer));
}

START_TEST(cl_09_the_id_and_the_peer_come_from_the_headers)
{
    h.inside = see_task;
    begin();
    ck_assert_str_eq(clienthost_do(&h, "id-7"),
                     "pull execute(train) peer(job-1) check(id-7) submit(train,id-7,OK) pull");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client, pulls");
    TCase *tests = tcase_create("pulls");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, cl_01_its_handlers);
    tcase_add_loop_test(tests, cl_01_calls_go_to_the_parent, 0, 2);
    tcase_add_test(tests, cl_01_a_run_is_for_once);
    tcase_add_test(tests, cl_02_the_name_itself_then_patterns_in_order);
    tcase_add_test(tests, cl_03_syncs_at_once_then_half_a_second_after_each_failure);
    tcase_add_test(tests, cl_03_no_attempt_begins_after_the_limit);
    tcase_add_test(tests, cl_03_a_late_ok_is_an_ok);
    tcase_add_loop_test(tests, cl_03_an_abort_ends_it, 0, 2);
    tcase_add_test(tests, cl_04_the_start_of_the_run);
    tcase_add_test(tests, cl_05_heartbeats);
    tcase_add_test(tests, cl_06_the_timeout_of_a_pull_is_only_raised);
    tcase_add_test(tests, cl_06_without_a_timeout_the_least_that_is_heard_counts);
    tcase_add_test(tests, cl_06_a_pull_times_out);
    tcase_add_test(tests, cl_07_when_the_next_pull_comes);
    tcase_add_test(tests, cl_07_end_run_ends_the_loop);
    tcase_add_loop_test(tests, cl_08_a_notice_ends_the_wait, 0, 2);
    tcase_add_test(tests, cl_08_a_notice_during_the_pull_counts);
    tcase_add_test(tests, cl_08_the_runs_signal_ends_the_wait);
    tcase_add_test(tests, cl_09_the_id_and_the_peer_come_from_the_headers);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
