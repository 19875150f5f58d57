/* A client runner is made, and driven to its end once; which executor a task finds. Rows CL-01, CL-02. */
#include "clienthost.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

/* ---- CL-01 ---- */

static int handle_nothing(void *self, flr_context *context, const char *topic,
                          const flr_shareable *request, flr_shareable **reply)
{
    (void)self, (void)context, (void)topic, (void)request, (void)reply;
    return 0;
}

START_TEST(cl_01_topics)
{
    clienthost *h = clienthost_usual("hold");
    ck_assert_str_eq(clienthost_aux(h, "__task_ready__"), FLR_RC_OK);
    ck_assert_str_eq(clienthost_aux(h, "another"), FLR_RC_TOPIC_UNKNOWN);
    ck_assert_int_eq(flr_context_register_aux(h->context, "another", handle_nothing, h), 0);
    ck_assert_str_eq(clienthost_aux(h, "another"), FLR_RC_OK);
    ck_assert_int_eq(flr_context_register_aux(h->context, "__task_ready__", handle_nothing, h),
                     FLR_E_EXISTS);
    ck_assert_int_eq(flr_context_register_aux(h->context, "__end_run__", handle_nothing, h),
                     FLR_E_EXISTS);
    ck_assert_str_eq(clienthost_aux(h, "__end_run__"), FLR_RC_OK);
    clienthost_free(h);
}
END_TEST

static int note_after(void *self, const char *event, flr_context *context)
{
    (void)context;
    if (strcmp(event, FLR_EVENT_START_RUN) == 0)
        clienthost_note(self, "second");
    return 0;
}

START_TEST(cl_01_component_ids)
{
    clienthost *h = clienthost_usual("hold");
    flr_component_ops ops;
    flr_component_ops_init(&ops, sizeof ops);
    ops.handle_event = note_after;
    ck_assert_int_eq(flr_client_runner_add_component(h->client, "", &ops, h), FLR_E_INVAL);
    ck_assert_int_eq(flr_client_runner_add_component(h->client, "ears", &ops, h), FLR_E_EXISTS);
    ck_assert_int_eq(flr_client_runner_add_component(h->client, "second", &ops, h), 0);
    ck_assert_int_eq(flr_client_runner_add_component(h->client, "second", &ops, h), FLR_E_EXISTS);
    clienthost_step(h);
    clienthost_expect(h, "sync _about_to_start_run _start_run second _before_pull_task pull");
    ck_assert_int_eq(flr_client_runner_add_component(h->client, "third", &ops, h), FLR_E_STATE);
    ck_assert_int_eq(clienthost_add(h, "late", "late", false), FLR_E_STATE);
    clienthost_free(h);
}
END_TEST

static const char *expected_target;

static void check_target(clienthost *h, clienthost_call call, flr_request *request)
{
    (void)call;
    ck_assert_str_eq(flr_request_get_target(request), expected_target);
    h->user = request;
}

/* What `parent` says, and where all calls go then. */
static const char *const parents[][2] = {{NULL, "server"}, {"", "server"}, {"relay-2", "relay-2"}};

START_TEST(cl_01_parent)
{
    clienthost *h = clienthost_new("task end");
    h->options.parent = parents[_i][0];
    expected_target = parents[_i][1];
    h->on_request = check_target;
    clienthost_make(h);
    ck_assert_int_eq(clienthost_add(h, "train", "trainer", false), 0);
    ck_assert_int_eq(clienthost_finish(h), 0);
    ck_assert_uint_eq(clienthost_stats(h).delivered, 1);
    ck_assert_uint_eq(clienthost_stats(h).heartbeats, 1);
    ck_assert_ptr_nonnull(h->user);
    clienthost_free(h);
}
END_TEST

START_TEST(cl_01_parent_by_default)
{
    flr_client_options options;
    memset(&options, 0, sizeof options);
    flr_client_options_init(&options, sizeof options);
    ck_assert_str_eq(options.parent, "server");
}
END_TEST

START_TEST(cl_01_run_once)
{
    clienthost *h = clienthost_usual("end");
    ck_assert_int_eq(flr_client_runner_run(h->client), 0);
    clienthost_expect(h, T_BEGIN T_PULL T_END);
    ck_assert_int_eq(flr_client_runner_run(h->client), FLR_E_STATE);
    ck_assert_int_eq(flr_client_runner_step(h->client, &h->result), FLR_E_STATE);
    clienthost_expect(h, "");
    clienthost_free(h);
}
END_TEST

START_TEST(cl_01_step_once)
{
    clienthost *h = clienthost_usual("hold");
    ck_assert(clienthost_step(h));
    ck_assert_int_eq(flr_client_runner_run(h->client), FLR_E_STATE);
    clienthost_answer(h, CLIENTHOST_PULL, "end");
    ck_assert(!clienthost_step(h));
    ck_assert_int_eq(h->result.result, 0);
    clienthost_expect(h, T_BEGIN T_PULL T_END);
    flr_step_result result = h->result;
    ck_assert_int_eq(flr_client_runner_step(h->client, &result), FLR_E_STATE);
    ck_assert_int_eq(flr_client_runner_run(h->client), FLR_E_STATE);
    clienthost_expect(h, "");
    clienthost_free(h);
}
END_TEST

/* The code of a step of this client, wherever it is made. */
static void *step_elsewhere(void *self)
{
    clienthost *h = self;
    flr_step_result result;
    flr_step_result_init(&result, sizeof result);
    h->status = flr_client_runner_step(h->client, &result);
    return NULL;
}

static int step_inside(clienthost *h, const char *event, flr_context *context)
{
    pthread_t thread;
    (void)context;
    if (strcmp(event, FLR_EVENT_START_RUN) != 0)
        return 0;
    step_elsewhere(h);
    clienthost_note(h, "%s", flr_status_get_name(h->status));
    if (pthread_create(&thread, NULL, step_elsewhere, h) != 0)
        ck_abort_msg("no thread");
    pthread_join(thread, NULL);
    clienthost_note(h, "%s", flr_status_get_name(h->status));
    clienthost_note(h, "%s", flr_status_get_name(flr_client_runner_run(h->client)));
    return 0;
}

START_TEST(cl_01_step_inside_and_beside)
{
    clienthost *h = clienthost_usual("end");
    h->on_event = step_inside;
    ck_assert_int_eq(_i == 0 ? clienthost_finish(h) : flr_client_runner_run(h->client), 0);
    clienthost_expect(h, T_BEGIN "FLR_E_REENTRANT FLR_E_STATE FLR_E_STATE " T_PULL T_END);
    clienthost_free(h);
}
END_TEST

/* How long a step says to wait, and who wakes it. */
START_TEST(cl_01_step_waits)
{
    clienthost *h = clienthost_new("hold again:3 hold");
    h->with_wakeup = true;
    h->script[CLIENTHOST_SYNC] = "fail OK";
    clienthost_make(h);
    ck_assert(clienthost_step(h));
    ck_assert_int_eq(h->result.wait_ns, 500000000);
    ck_assert(clienthost_advance(h, 0.5));
    ck_assert_int_eq(h->result.wait_ns, INT64_C(10000000000)); /* the next heartbeat */
    ck_assert_int_eq(h->wakeups, 0);
    clienthost_answer(h, CLIENTHOST_PULL, "again:0.25");
    ck_assert_int_eq(h->wakeups, 1);
    ck_assert(clienthost_step(h));
    ck_assert_int_eq(h->result.wait_ns, 250000000);
    ck_assert_int_eq(flr_client_runner_abort(h->client), 0);
    ck_assert_int_ge(h->wakeups, 2);
    ck_assert(!clienthost_step(h));
    ck_assert_int_eq(h->result.wait_ns, 0);
    ck_assert_int_eq(h->result.result, FLR_E_ABORTED);
    clienthost_free(h);
}
END_TEST

/* ---- CL-02 ---- */

START_TEST(cl_02_which_executor)
{
    clienthost *h = clienthost_new(
        "task:train task:train-2 task:trip task:tea task:t? task:txn task:validate task:alien");
    clienthost_make(h);
    ck_assert_int_eq(clienthost_add(h, "t?", "question", false), 0);
    ck_assert_int_eq(clienthost_add(h, "tr*", "first", false), 0);
    ck_assert_int_eq(clienthost_add(h, "t*", "second", false), 0);
    ck_assert_int_eq(clienthost_add(h, "train", "exact", false), 0);
    ck_assert_int_eq(clienthost_add(h, "v*d*e", "third", true), 0);
    h->without_events = true;
    clienthost_step(h);
    clienthost_finish_task(h, 0);
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, "sync pull exact(train) check(id-1) submit(train,id-1,OK) "
                         "pull first(train-2) check(id-2) submit(train-2,id-2,OK) "
                         "pull first(trip) check(id-3) submit(trip,id-3,OK) "
                         "pull second(tea) check(id-4) submit(tea,id-4,OK) "
                         "pull question(t?) check(id-5) submit(t?,id-5,OK) "
                         "pull second(txn) check(id-6) submit(txn,id-6,OK) "
                         "pull third(validate) check(id-7) submit(validate,id-7,OK) "
                         "pull check(id-8) submit(alien,id-8,TASK_UNKNOWN) pull");
    clienthost_free(h);
}
END_TEST

START_TEST(cl_02_given_twice)
{
    clienthost *h = clienthost_usual("task:trace end");
    ck_assert_int_eq(clienthost_add(h, "train", "other", false), FLR_E_EXISTS);
    ck_assert_int_eq(clienthost_add(h, "tr*", "pattern", false), 0);
    ck_assert_int_eq(clienthost_add(h, "tr*", "other", true), FLR_E_EXISTS);
    h->without_events = h->without_calls = true;
    ck_assert_int_eq(clienthost_finish(h), 0);
    clienthost_expect(h, "pattern(trace)");
    clienthost_free(h);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client make");
    TCase *tests = tcase_create("rows");
    tcase_add_test(tests, cl_01_topics);
    tcase_add_test(tests, cl_01_component_ids);
    tcase_add_loop_test(tests, cl_01_parent, 0, 3);
    tcase_add_test(tests, cl_01_parent_by_default);
    tcase_add_test(tests, cl_01_run_once);
    tcase_add_test(tests, cl_01_step_once);
    tcase_add_loop_test(tests, cl_01_step_inside_and_beside, 0, 2);
    tcase_add_test(tests, cl_01_step_waits);
    tcase_add_test(tests, cl_02_which_executor);
    tcase_add_test(tests, cl_02_given_twice);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
