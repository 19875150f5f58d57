/*
 * What is called on a client runner, without memory: 0 or FLR_E_NOMEM; after the latter nothing has changed, and the same call succeeds. What ends,
 * drops or reads something needs none. Whole runs have a file of their own.
 */
#include "failalloc.h"
#include "oomcase.h"
#include "oomclient.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

static oomclient t;

static int handle_aux(void *self, flr_context *context, const char *topic,
                      const flr_shareable *message, flr_shareable **reply)
{
    (void)self, (void)context, (void)topic, (void)message;
    return flr_shareable_new_reply("DONE", NULL, reply);
}

static void drop_t(void)
{
    oomclient_drop(&t);
}

static void build_parts(void)
{
    memset(&t, 0, sizeof t);
    oomclient_begin(&t);
    ck_assert_int_eq(oomclient_make_parts(&t), 0);
}

static void build_runner(void)
{
    build_parts();
    ck_assert_int_eq(oomclient_make_runner(&t), 0);
}

static void build_ears(void)
{
    build_runner();
    ck_assert_int_eq(oomclient_add_component(&t, "ears"), 0);
}

static void build_all(void)
{
    memset(&t, 0, sizeof t);
    oomclient_begin(&t);
    ck_assert_int_eq(oomclient_make(&t), 0);
}

static int call_new(void)
{
    return oomclient_make_runner(&t);
}

static void no_client(void)
{
    ck_assert_ptr_null(t.client);
}

static int call_add_component(void)
{
    return oomclient_add_component(&t, "ears");
}

static void not_destroyed(void)
{
    ck_assert_int_eq(t.destroyed, 0);
}

static int call_subscribe(void)
{
    return flr_client_runner_subscribe(t.client, "ears", "an event of the test", oomclient_on_start,
                                       &t);
}

static int call_add_executor(void)
{
    return oomclient_add_executor(&t, "a task", false);
}

static int call_add_data_filters(void)
{
    return flr_client_runner_add_data_filters(t.client, "a task", FLR_FILTER_IN, t.chain);
}

static int call_add_result_filters(void)
{
    return flr_client_runner_add_result_filters(t.client, "a task", FLR_FILTER_OUT, t.chain);
}

static int add_filter(int (*add)(flr_client_runner *, const char *, const flr_filter_ops *, void *))
{
    flr_component_ops component;
    flr_filter_ops ops;
    flr_component_ops_init(&component, sizeof component);
    component.destroy = oomclient_destroy;
    flr_filter_ops_init(&ops, sizeof ops);
    ops.component = &component;
    ops.process = oomclient_replace;
    int status = add(t.client, "a task", &ops, &t);
    t.components += status == 0;
    return status;
}

static int call_add_data_filter(void)
{
    return add_filter(flr_client_runner_add_data_filter);
}

static int call_add_result_filter(void)
{
    return add_filter(flr_client_runner_add_result_filter);
}

static int call_new_context(void)
{
    return flr_client_runner_new_context(t.client, &t.context);
}

static int call_first_step(void)
{
    flr_step_result result;
    flr_step_result_init(&result, sizeof result);
    return flr_client_runner_step(t.client, &result);
}

static void not_begun(void)
{
    ck_assert_int_eq(atomic_load(&t.requests), 0);
    ck_assert_int_eq(oomclient_add_component(&t, "not too late"), 0);
}

/* ---- messages ---- */

static int call_register_aux(void)
{
    return flr_context_register_aux(t.context, "a topic", handle_aux, &t);
}

static void build_topic(void)
{
    build_all();
    ck_assert_int_eq(call_register_aux(), 0);
}

static int process(const char *topic, const char *rc)
{
    const flr_shareable *reply = NULL;
    int status = flr_context_reset(t.context);
    if (status == 0)
        status =
            flr_client_runner_process_aux(t.client, "server", topic, t.context, t.incoming, &reply);
    /* a handler that lacks memory is a failing handler: the sender asks again */
    if (status == 0 && (failalloc_get_failures() == 0 ||
                        strcmp(flr_shareable_get_rc(reply), FLR_RC_HANDLER_EXCEPTION) != 0))
        ck_assert_str_eq(flr_shareable_get_rc(reply), rc);
    return status;
}

static int process_topic(void)
{
    return process("a topic", "DONE");
}

static int process_unknown(void)
{
    return process("another topic", FLR_RC_TOPIC_UNKNOWN);
}

static int process_task_ready(void)
{
    return process("__task_ready__", FLR_RC_OK);
}

static int process_end_run(void)
{
    return process("__end_run__", FLR_RC_OK);
}

static int process_frame(void)
{
    flr_frame *frame = NULL, *reply = NULL;
    flr_envelope e;
    flr_envelope_init(&e, sizeof e);
    e.kind = FLR_FRAME_AUX_REQUEST;
    e.id = 7;
    e.topic = "a topic";
    e.message = t.incoming;
    int status = flr_frame_encode(&e, &frame);
    if (status == 0)
        status = flr_client_runner_process_frame(t.client, "server", t.context, frame, &reply);
    ck_assert_int_eq(status < 0, reply == NULL);
    if (status == 0) {
        ck_assert_int_eq(flr_frame_get_envelope(reply, &e), 0);
        ck_assert_uint_eq(e.kind, FLR_FRAME_AUX_REPLY);
        ck_assert_int_eq(e.id, 7);
    }
    flr_frame_unref(reply);
    flr_frame_unref(frame);
    return status;
}

static int get_statistics(void)
{
    flr_value *groups = NULL;
    int status = flr_info_collector_get_stats(t.info, &groups);
    if (status == 0 && failalloc_get_failures() == 0)
        ck_assert_str_eq(
            flr_value_get_text(flr_map_get(flr_map_get(groups, "ClientRunner"), "job_id"), ""),
            "job-1");
    flr_value_unref(groups);
    return status;
}

/* ---- calls to the server ---- */

static void build_held(int kind)
{
    build_all();
    t.hold = kind;
    for (int turn = 0; t.held == NULL; turn++) {
        ck_assert_int_eq(call_first_step(), 0);
        ck_assert_int_lt(turn, 100);
    }
}

static void build_held_pull(void)
{
    build_held(FLR_REQUEST_TASK);
}

static void build_held_submission(void)
{
    build_held(FLR_REQUEST_SUBMISSION);
}

static void build_held_aux(void)
{
    build_held(FLR_REQUEST_AUX);
}

static void build_held_pull_frames(void)
{
    build_held_pull();
    t.frames = true;
}

static void build_held_submission_frames(void)
{
    build_held_submission();
    t.frames = true;
}

static void build_held_aux_frames(void)
{
    build_held_aux();
    t.frames = true;
}

static int encode(void)
{
    flr_frame *frame = NULL;
    int status = flr_request_encode(t.held, 1, &frame);
    ck_assert_int_eq(status < 0, frame == NULL);
    flr_frame_unref(frame);
    return status;
}

static int answer(void)
{
    int status = oomclient_answer(&t, t.held);
    if (status == 0)
        ck_assert(flr_request_is_over(t.held));
    return status;
}

/* Whether it was answered, or failed for want of memory: the run goes on to its good end. */
static void drop_held(void)
{
    t.frames = false;
    t.hold = 0;
    flr_request_unref(t.held);
    t.held = NULL;
    ck_assert_int_eq(oomclient_play(&t), 0);
    oomclient_check_tasks(&t);
    oomclient_drop(&t);
}

static const oomcase cases[] = {
    {"new", build_parts, call_new, no_client, drop_t},
    {"add_component", build_runner, call_add_component, not_destroyed, drop_t},
    {"subscribe", build_ears, call_subscribe, not_destroyed, drop_t},
    {"add_executor", build_runner, call_add_executor, not_destroyed, drop_t},
    {"add_data_filters", build_runner, call_add_data_filters, NULL, drop_t},
    {"add_result_filters", build_runner, call_add_result_filters, NULL, drop_t},
    {"add_data_filter", build_runner, call_add_data_filter, not_destroyed, drop_t},
    {"add_result_filter", build_runner, call_add_result_filter, not_destroyed, drop_t},
    {"new_context", build_runner, call_new_context, NULL, drop_t},
    {"step, first", build_all, call_first_step, not_begun, drop_t},
    {"register_aux", build_all, call_register_aux, NULL, drop_t},
    {"process_aux", build_topic, process_topic, NULL, drop_t},
    {"process_aux, unknown", build_topic, process_unknown, NULL, drop_t},
    {"process_aux, task ready", build_all, process_task_ready, NULL, drop_t},
    {"process_aux, end run", build_all, process_end_run, NULL, drop_t},
    {"process_frame", build_topic, process_frame, NULL, drop_t},
    {"statistics", build_held_pull, get_statistics, NULL, drop_held},
    {"encode, pull", build_held_pull, encode, NULL, drop_held},
    {"encode, submission", build_held_submission, encode, NULL, drop_held},
    {"encode, aux", build_held_aux, encode, NULL, drop_held},
    {"answer, pull", build_held_pull, answer, NULL, drop_held},
    {"answer, submission", build_held_submission, answer, NULL, drop_held},
    {"answer, aux", build_held_aux, answer, NULL, drop_held},
    {"answer, pull, frames", build_held_pull_frames, answer, NULL, drop_held},
    {"answer, submission, frames", build_held_submission_frames, answer, NULL, drop_held},
    {"answer, aux, frames", build_held_aux_frames, answer, NULL, drop_held},
};

START_TEST(oom_client_call)
{
    oomcase_sweep(&cases[_i]);
}
END_TEST

/* What ends something, reads something or drops something works without any memory. */
START_TEST(oom_client_no_memory_needed)
{
    flr_client_stats stats;
    char text[64];
    flr_client_stats_init(&stats, sizeof stats);
    build_held_pull();
    failalloc_fail_from(1);
    ck_assert_int_eq(flr_client_runner_task_ready(t.client), 0);
    ck_assert_int_eq(flr_client_runner_get_stats(t.client, &stats), 0);
    ck_assert_int_eq(flr_client_runner_get_detail(t.client, text, sizeof text), 0);
    ck_assert_int_eq(flr_request_fail(t.held, FLR_E_IO), 0);
    flr_request_unref(t.held);
    t.held = NULL;
    ck_assert_uint_eq(failalloc_get_failures(), 0);
    failalloc_reset();
    drop_held();

    build_all();
    t.tasks[0].accepted = true; /* the other one's executor is the one that waits */
    for (int turn = 0; atomic_load(&t.execution) == NULL; turn++) {
        ck_assert_int_eq(call_first_step(), 0);
        ck_assert_int_lt(turn, 100);
    }
    failalloc_fail_from(1);
    ck_assert_int_eq(flr_client_runner_abort(t.client), 0);
    ck_assert_int_eq(flr_execution_finish(atomic_load(&t.execution), FLR_E_ABORTED, NULL), 0);
    flr_execution_unref(atomic_exchange(&t.execution, NULL));
    ck_assert_uint_eq(failalloc_get_failures(), 0);
    /* The end sequence itself comes to its end without memory. */
    flr_step_result result;
    flr_step_result_init(&result, sizeof result);
    ck_assert_int_eq(flr_client_runner_step(t.client, &result), 0);
    ck_assert_int_eq(result.state, FLR_STEP_ENDED);
    ck_assert_int_eq(result.result, FLR_E_ABORTED);
    oomclient_drop(&t);
    failalloc_reset();
}
END_TEST

int main(void)
{
    if (failalloc_install() < 0)
        return EXIT_FAILURE;
    Suite *suite = suite_create("oom client");
    TCase *tests = tcase_create("calls");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, oom_client_call, 0, OOMCASE_COUNT(cases));
    tcase_add_test(tests, oom_client_no_memory_needed);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
