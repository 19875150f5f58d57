/* A client's result: return codes, headers, filters, and what the communicator makes of it. Rows
 * SB-07 to SB-12, SB-15, SB-16, SB-18, SB-20, SB-22 to SB-24. */
#include "messages.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILTERED  "_before_task_result_filter _after_task_result_filter"
#define DELIVERED FILTERED " _before_process_submission taken _after_process_submission"

static int taken_outcome = FLR_OUTCOME_ACCEPTED, taken_status;
static char taken_name[300], taken_id[300], taken_client[300];
static flr_shareable *taken_result; /* a reference */

static int take(world_workflow *f, flr_context *context, const char *client, const char *task,
                const char *id, flr_shareable *result, int *outcome)
{
    ck_assert_int_eq(*outcome, FLR_OUTCOME_ACCEPTED); /* preset */
    world_note(f->world, "taken");
    snprintf(taken_client, sizeof taken_client, "%s", client);
    snprintf(taken_name, sizeof taken_name, "%s", task);
    snprintf(taken_id, sizeof taken_id, "%s", id);
    flr_shareable_unref(taken_result);
    taken_result = flr_shareable_ref(result);
    *outcome = taken_outcome;
    return taken_status < 0 ? flr_context_fail(context, taken_status, "no room") : taken_status;
}

static int unknown_status;

static int note_unknown(world_workflow *f, flr_context *context, const char *client,
                        const char *task, const char *id, const flr_shareable *result)
{
    ck_assert_ptr_nonnull(result);
    world_note(f->world, "unknown(%s,%s,%s)", client, task, id);
    return unknown_status < 0 ? flr_context_fail(context, unknown_status, "who is that") : 0;
}

static void setup(void)
{
    taken_outcome = FLR_OUTCOME_ACCEPTED;
    taken_status = unknown_status = 0;
}

static void teardown(void)
{
    flr_shareable_unref(taken_result);
    taken_result = NULL;
}

static void open_taking(world *w)
{
    for (int i = 0; i < w->workflow_count; i++) {
        w->workflows[i].on_submission = take;
        w->workflows[i].on_unknown = note_unknown;
    }
    open_world(w);
}

static world *opened(void)
{
    world *w = world_new(1);
    open_taking(w);
    return w;
}

static uint64_t sum_of_outcomes(const flr_stats *s)
{
    return s->accepted + s->duplicate + s->late + s->unknown_task + s->wrong_client +
           s->wrong_task_name + s->wrong_workflow + s->wrong_job + s->no_peer + s->not_running +
           s->fatal_return_code + s->failed;
}

static stage inside = STAGE_INIT;

static char panic_reason[512];

static int keep_reason(world *w, const char *event, flr_context *context)
{
    flr_value *data = NULL;
    (void)w;
    if (strcmp(event, FLR_EVENT_FATAL_SYSTEM_ERROR) == 0 &&
        flr_context_get(context, FLR_PROP_EVENT_DATA, &data) == 0)
        snprintf(panic_reason, sizeof panic_reason, "%s", flr_value_get_text(data, "-"));
    flr_value_unref(data);
    return 0;
}

START_TEST(sb_07_fatal_return_codes)
{
    static const char *const fatal[] = {FLR_RC_RUN_MISMATCH, FLR_RC_TASK_UNKNOWN,
                                        FLR_RC_UNSAFE_JOB};
    char expected[200];
    for (size_t i = 0; i < 3; i++) {
        world *w = world_new(1);
        w->on_event = keep_reason;
        w->workflows[0].on_active = note_active;
        open_taking(w);
        ck_assert_int_eq(world_submit(w, "a", "train", "id", fatal[i]),
                         FLR_OUTCOME_FATAL_RETURN_CODE);
        expect_trace(w, "active(a,submitTaskResult) _fatal_system_error"); /* credited before */
        snprintf(expected, sizeof expected,
                 "Aborted job job-1 due to fatal return code %s from client a", fatal[i]);
        ck_assert_str_eq(panic_reason, expected);
        ck_assert_int_eq(world_finish(w), FLR_E_ABORTED);
        world_free(w);
    }
}
END_TEST

START_TEST(sb_07_configured_set)
{
    static const char *const mine[] = {"HOUSE_ON_FIRE", NULL}, *const none[] = {NULL};
    world *w = world_new(1);
    ck_assert_int_eq(flr_config_set_fatal_return_codes(w->config, mine), 0);
    open_taking(w);
    ck_assert_int_eq(world_submit(w, "a", "train", "id", FLR_RC_UNSAFE_JOB), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(world_submit(w, "a", "train", "id", "HOUSE_ON_FIRE"),
                     FLR_OUTCOME_FATAL_RETURN_CODE);
    world_free(w);
    w = world_new(1);
    ck_assert_int_eq(flr_config_set_fatal_return_codes(w->config, none), 0);
    open_taking(w);
    ck_assert_int_eq(world_submit(w, "a", "train", "id", FLR_RC_UNSAFE_JOB), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(world_submit(w, "a", "train", "id", "HOUSE_ON_FIRE"), FLR_OUTCOME_ACCEPTED);
    world_free(w);
}
END_TEST

START_TEST(sb_08_other_return_codes)
{
    static const char *const codes[] = {FLR_RC_OK,      FLR_RC_ERROR,
                                        FLR_RC_TIMEOUT, FLR_RC_EXECUTION_EXCEPTION,
                                        "ANY_OTHER",    FLR_RC_TASK_ABORTED};
    world *w = opened();
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        ck_assert_int_eq(world_submit(w, "a", "train", "id", codes[i]), FLR_OUTCOME_ACCEPTED);
        expect_trace(w, DELIVERED);
        ck_assert_str_eq(flr_shareable_get_rc(taken_result), codes[i]);
    }
    world_free(w);
}
END_TEST

START_TEST(sb_09_headers_are_overwritten)
{
    world *w = opened();
    flr_shareable *result;
    flr_value *forged;
    ck_assert_int_eq(flr_shareable_new(&result), 0);
    ck_assert_int_eq(flr_shareable_set_header_text(result, "__task_name__", "forged"), 0);
    ck_assert_int_eq(flr_shareable_set_header_text(result, "__task_id__", "forged"), 0);
    ck_assert_int_eq(flr_value_new_map(&forged), 0);
    ck_assert_int_eq(flr_map_set_text(&forged, "__identity_name__", "b"), 0);
    ck_assert_int_eq(flr_shareable_set_header(result, "__peer_props__", forged), 0);
    ck_assert_int_eq(flr_shareable_set_header_text(result, "own", "kept"), 0);
    flr_shareable_freeze(result); /* the host's message itself is not changed */
    ck_assert_int_eq(world_submit_message(w, "a", "train", "id-9", result), FLR_OUTCOME_ACCEPTED);
#define HEADER(key) flr_value_get_text(flr_shareable_get_header(taken_result, key), "-")
    ck_assert_str_eq(HEADER("__task_name__"), "train");
    ck_assert_str_eq(HEADER("__task_id__"), "id-9");
    ck_assert_str_eq(HEADER("own"), "kept");
    const flr_value *props = flr_shareable_get_peer_props(taken_result);
    ck_assert_str_eq(flr_value_get_text(flr_map_get(props, "__identity_name__"), "-"), "a");
    ck_assert_str_eq(flr_value_get_text(flr_map_get(props, "__run_num__"), "-"), "job-1");
    ck_assert_uint_eq(flr_value_get_size(props), 2); /* public ones only */
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get_header(result, "__task_name__"), "-"),
                     "forged");
    flr_shareable_unref(result);
    world_free(w);
}
END_TEST

static int submit_with_cookie(world *w, const char *workflow)
{
    flr_shareable *result;
    flr_value *value;
    ck_assert_int_eq(flr_shareable_new(&result), 0);
    ck_assert_int_eq(
        workflow == NULL ? flr_value_new_int(1, &value) : flr_value_new_text(workflow, &value), 0);
    ck_assert_int_eq(flr_shareable_set_cookie(result, "__workflow__", value), 0);
    int outcome = world_submit_message(w, "a", "train", "id", result);
    flr_shareable_unref(result);
    return outcome;
}

START_TEST(sb_10_workflow_cookie)
{
    world *w = world_new(2);
    open_taking(w);
    ck_assert_int_eq(submit_with_cookie(w, "wf1"), FLR_OUTCOME_ACCEPTED);
    expect_trace(w, DELIVERED);
    ck_assert_int_eq(submit_with_cookie(w, "wf2"), FLR_OUTCOME_WRONG_WORKFLOW);
    ck_assert_int_eq(submit_with_cookie(w, ""), FLR_OUTCOME_WRONG_WORKFLOW);
    expect_trace(w, "");
    ck_assert_uint_eq(world_stats(w).wrong_workflow, 2);
    ck_assert_int_eq(submit_with_cookie(w, NULL), FLR_OUTCOME_ACCEPTED); /* no text: none */
    w->workflows[0].ended = true;
    flr_runner_wake(w->runner);
    world_step(w);
    world_clear(w);
    ck_assert_int_eq(submit_with_cookie(w, "wf1"), FLR_OUTCOME_WRONG_WORKFLOW);
    expect_trace(w, "");
    ck_assert_int_eq(submit_with_cookie(w, "wf2"), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(world_submit(w, "a", "train", "id", NULL), FLR_OUTCOME_ACCEPTED);
    world_free(w);
}
END_TEST

/* ---- SB-11, SB-12 ---- */

static int note_result(world *w, const char *event, flr_context *context)
{
    flr_value *value = NULL;
    if (strstr(event, "_log_available") != NULL ||
        flr_context_get(context, FLR_PROP_TASK_RESULT, &value) < 0)
        return 0;
    const flr_shareable *result = flr_value_get_pointer(value, "flr_shareable");
    world_note(w, "x=%d", (int)flr_value_get_int(flr_shareable_get(result, "x"), 0));
    flr_value_unref(value);
    return 0;
}

static int double_it(void *self, flr_context *context, flr_shareable *message,
                     flr_shareable **output)
{
    flr_shareable *copy;
    (void)context;
    world_note(self, "filter");
    ck_assert_int_eq(flr_shareable_copy(message, NULL, &copy), 0);
    ck_assert_int_eq(
        flr_shareable_set_int(copy, "x", 2 * flr_value_get_int(flr_shareable_get(message, "x"), 0)),
        0);
    flr_shareable_freeze(copy);
    *output = copy;
    return 0;
}

static int change_result(world_workflow *f, flr_context *context, const char *client,
                         const char *task, const char *id, flr_shareable *result, int *outcome)
{
    ck_assert_int_eq(flr_value_get_int(flr_shareable_get(result, "x"), 0), 4);
    ck_assert_int_eq(flr_shareable_set_header_text(result, "mine", "yes"), 0); /* it may */
    return take(f, context, client, task, id, result, outcome);
}

START_TEST(sb_11_filters_and_delivery)
{
    world *w = world_new(1);
    flr_filter_ops ops;
    w->on_event = note_result;
    add_result_filter(w, "*", double_it, 0);
    flr_filter_ops_init(&ops, sizeof ops);
    ops.process = double_it;
    ck_assert_int_eq(flr_config_add_result_filter(w->config, "train", &ops, w), 0);
    ck_assert_int_eq(flr_config_add_data_filter(w->config, "train", &ops, w), 0); /* not for it */
    open_taking(w);
    w->workflows[0].on_submission = change_result;
    ck_assert_int_eq(world_submit(w, "a", "train", "id", NULL), FLR_OUTCOME_ACCEPTED);
    expect_trace(w, "_before_task_result_filter x=1 filter filter _after_task_result_filter x=4 "
                    "_before_process_submission x=4 taken _after_process_submission x=4");
    world_free(w);
}
END_TEST

static int refuse(void *self, flr_context *context, flr_shareable *message, flr_shareable **output)
{
    (void)output;
    world_note(self, "refused");
    ck_assert_int_eq(flr_shareable_set_int(message, "x", 5), 0); /* what it spoils is not seen */
    ck_assert_int_eq(flr_shareable_set_header_text(message, "spoiled", "yes"), 0);
    ck_assert_int_eq(flr_shareable_remove_header(message, "kept"), 0);
    return flr_context_fail(context, -10001, "too personal");
}

static int swallow(void *self, flr_context *context, flr_shareable *message, flr_shareable **output)
{
    (void)context, (void)message, (void)output;
    world_note(self, "swallowed");
    return 0;
}

START_TEST(sb_12_filter_fails)
{
    for (int i = 0; i < 2; i++) {
        world *w = world_new(1);
        flr_shareable *result;
        flr_value *cookie;
        add_result_filter(w, "*", i == 0 ? refuse : swallow, 0);
        w->on_event = note_result;
        open_taking(w);
        ck_assert_int_eq(flr_shareable_new(&result), 0);
        ck_assert_int_eq(flr_shareable_set_int(result, "x", 1), 0);
        ck_assert_int_eq(flr_shareable_set_header_text(result, "kept", "yes"), 0);
        ck_assert_int_eq(flr_value_new_text("wf1", &cookie), 0);
        ck_assert_int_eq(flr_shareable_set_cookie(result, "__workflow__", cookie), 0);
        ck_assert_int_eq(world_submit_message(w, "a", "train", "id-9", result),
                         FLR_OUTCOME_ACCEPTED);
        flr_shareable_unref(result);
        expect_trace(w, i == 0 ? "_before_task_result_filter x=1 refused "
                                 "_after_task_result_filter x=0 _before_process_submission x=0 "
                                 "taken _after_process_submission x=0"
                               : "_before_task_result_filter x=1 swallowed "
                                 "_after_task_result_filter x=0 _before_process_submission x=0 "
                                 "taken _after_process_submission x=0");
        ck_assert_str_eq(flr_shareable_get_rc(taken_result), "TASK_RESULT_FILTER_ERROR");
        ck_assert_uint_eq(flr_value_get_size(flr_shareable_get_body(taken_result)), 0);
        ck_assert_str_eq(HEADER("kept"), "yes");
        ck_assert_str_eq(HEADER("spoiled"), "-");
        ck_assert_str_eq(HEADER("__task_name__"), "train");
        ck_assert_str_eq(HEADER("__task_id__"), "id-9");
        ck_assert_str_eq(
            flr_value_get_text(flr_shareable_get_cookie(taken_result, "__workflow__"), "-"), "wf1");
        ck_assert_str_eq(
            flr_value_get_text(flr_shareable_get_peer_prop(taken_result, "__identity_name__"), "-"),
            "a");
        ck_assert_uint_eq(world_stats(w).result_filter_failures, 1);
        ck_assert_uint_eq(world_stats(w).accepted, 1);
        if (i == 0)
            ck_assert_ptr_nonnull(strstr(w->log, "too personal"));
        world_free(w);
    }
}
END_TEST

/* ---- SB-15, SB-16, SB-18 to SB-25: what the runner makes of a communicator's outcome ---- */

#define BEGUN FILTERED " _before_process_submission taken"
#define UNKNOWN                                                                                    \
    " _before_process_result_of_unknown_task unknown(a,train,id) "                                 \
    "_after_process_result_of_unknown_task"

START_TEST(sb_15_unknown_task)
{
    world *w = opened();
    taken_outcome = FLR_OUTCOME_UNKNOWN_TASK;
    ck_assert_int_eq(world_submit(w, "a", "train", "id", NULL), FLR_OUTCOME_UNKNOWN_TASK);
    expect_trace(w, BEGUN UNKNOWN " _after_process_submission");
    taken_outcome = FLR_OUTCOME_LATE; /* SB-16 */
    ck_assert_int_eq(world_submit(w, "a", "train", "id", NULL), FLR_OUTCOME_LATE);
    expect_trace(w, BEGUN UNKNOWN " _after_process_submission");
    world_free(w);
    w = world_new(1);
    w->without_unknown = true;
    open_taking(w);
    ck_assert_int_eq(world_submit(w, "a", "train", "id", NULL), FLR_OUTCOME_LATE);
    expect_trace(w, BEGUN " _before_process_result_of_unknown_task "
                          "_after_process_result_of_unknown_task _after_process_submission");
    world_free(w);
}
END_TEST

START_TEST(sb_18_failed)
{
    static const int strange[] = {0,
                                  -1,
                                  77,
                                  FLR_OUTCOME_WRONG_WORKFLOW,
                                  FLR_OUTCOME_WRONG_JOB,
                                  FLR_OUTCOME_NO_PEER,
                                  FLR_OUTCOME_NOT_RUNNING,
                                  FLR_OUTCOME_FATAL_RETURN_CODE,
                                  FLR_OUTCOME_FAILED};
    world *w = opened();
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        taken_outcome = strange[i];
        ck_assert_int_eq(world_submit(w, "a", "train", "id", NULL), FLR_OUTCOME_FAILED);
        expect_trace(w, DELIVERED);
    }
    taken_outcome = FLR_OUTCOME_LATE;
    taken_status = -20000;
    ck_assert_int_eq(world_submit(w, "a", "train", "id", NULL), FLR_OUTCOME_FAILED);
    expect_trace(w, DELIVERED); /* SB-23; whatever outcome it had set */
    ck_assert_ptr_nonnull(strstr(w->log, "no room"));
    taken_status = 1; /* positive: failed, too */
    ck_assert_int_eq(world_submit(w, "a", "train", "id", NULL), FLR_OUTCOME_FAILED);
    taken_status = 0;
    unknown_status = FLR_E_IO;
    world_clear(w);
    for (taken_outcome = FLR_OUTCOME_LATE; taken_outcome <= FLR_OUTCOME_UNKNOWN_TASK;
         taken_outcome++) {
        ck_assert_int_eq(world_submit(w, "a", "train", "id", NULL), FLR_OUTCOME_FAILED);
        expect_trace(w, BEGUN UNKNOWN " _after_process_submission"); /* SB-24 */
    }
    ck_assert_ptr_nonnull(strstr(w->log, "who is that"));
    ck_assert_uint_eq(world_stats(w).failed, 13);
    ck_assert_int_eq(flr_runner_get_status(w->runner), FLR_STATUS_STARTED); /* the run goes on */
    world_free(w);
}
END_TEST

START_TEST(sb_22_23_dropped_by_the_communicator)
{
    static const int dropped[] = {FLR_OUTCOME_DUPLICATE, FLR_OUTCOME_WRONG_CLIENT,
                                  FLR_OUTCOME_WRONG_TASK_NAME};
    world *w = opened();
    for (size_t i = 0; i < 3; i++) {
        taken_outcome = dropped[i];
        ck_assert_int_eq(world_submit(w, "a", "train", "id", NULL), dropped[i]);
        expect_trace(w, DELIVERED);
    }
    world_free(w);
}
END_TEST

START_TEST(sb_23_no_memory)
{
    world *w = opened();
    static const int codes[] = {FLR_E_NOMEM, FLR_E_REENTRANT};
    flr_shareable *result;
    ck_assert_int_eq(flr_shareable_new(&result), 0);
    for (size_t i = 0; i < 2; i++) {
        int outcome = 77;
        taken_status = codes[i];
        world_peer(w, w->context, WORLD_JOB);
        ck_assert_int_eq(flr_runner_process_submission(w->runner, "a", w->context, "train", "id",
                                                       result, &outcome),
                         codes[i]);
        ck_assert_int_eq(outcome, 77);
        expect_trace(w, BEGUN);
    }
    flr_stats stats = world_stats(w);
    ck_assert_uint_eq(sum_of_outcomes(&stats), 0);
    flr_shareable_unref(result);
    world_free(w);
}
END_TEST

static int unknown_now, unknown_most, unknown_meet;

static int meet_in_unknown(world_workflow *f, flr_context *context, const char *client,
                           const char *task, const char *id, const flr_shareable *result)
{
    (void)f, (void)context, (void)task, (void)id, (void)result;
    pthread_mutex_lock(&inside.lock);
    unknown_now++;
    unknown_most = unknown_now > unknown_most ? unknown_now : unknown_most;
    pthread_mutex_unlock(&inside.lock);
    if (unknown_meet) {
        stage_step(&inside);
        stage_await(&inside, 2);
    } else if (strcmp(client, "a") == 0) {
        stage_reach(&inside, 1);
        stage_await(&inside, 3);
    }
    pthread_mutex_lock(&inside.lock);
    unknown_now--;
    pthread_mutex_unlock(&inside.lock);
    return 0;
}

/* Client b stands before the controller at stage 2. */
static int note_second(world *w, const char *event, flr_context *context)
{
    (void)w;
    if (strcmp(event, FLR_EVENT_BEFORE_PROCESS_RESULT_OF_UNKNOWN_TASK) == 0 && !unknown_meet &&
        strcmp(flr_context_get_identity(flr_context_get_peer(context)), "b") == 0)
        stage_reach(&inside, 2);
    return 0;
}

static int always_unknown(world_workflow *f, flr_context *context, const char *client,
                          const char *task, const char *id, flr_shareable *result, int *outcome)
{
    (void)f, (void)context, (void)client, (void)task, (void)id, (void)result;
    *outcome = FLR_OUTCOME_UNKNOWN_TASK;
    return 0;
}

START_TEST(sb_20_unknown_tasks_one_by_one)
{
    for (unknown_meet = 0; unknown_meet < 2; unknown_meet++) {
        world *w = world_new(1);
        caller a, b;
        w->concurrent_unknown = unknown_meet == 1; /* then both are inside at once */
        w->on_event = note_second;
        open_taking(w);
        w->workflows[0].on_submission = always_unknown;
        w->workflows[0].on_unknown = meet_in_unknown;
        inside.reached = unknown_now = unknown_most = 0;
        caller_submit(&a, w, "a", "train", "id");
        stage_await(&inside, 1);
        caller_submit(&b, w, "b", "train", "id");
        stage_await(&inside, 2);
        give_way(w);
        stage_reach(&inside, 3);
        caller_join(&a);
        caller_join(&b);
        ck_assert_int_eq(unknown_most, unknown_meet + 1);
        ck_assert_int_eq(a.outcome, FLR_OUTCOME_UNKNOWN_TASK);
        ck_assert_int_eq(b.outcome, FLR_OUTCOME_UNKNOWN_TASK);
        world_free(w);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("submission: delivery");
    TCase *delivery = tcase_create("delivery");
    tcase_add_checked_fixture(delivery, setup, teardown);
    tcase_add_test(delivery, sb_07_fatal_return_codes);
    tcase_add_test(delivery, sb_07_configured_set);
    tcase_add_test(delivery, sb_08_other_return_codes);
    tcase_add_test(delivery, sb_09_headers_are_overwritten);
    tcase_add_test(delivery, sb_10_workflow_cookie);
    tcase_add_test(delivery, sb_11_filters_and_delivery);
    tcase_add_test(delivery, sb_12_filter_fails);
    tcase_add_test(delivery, sb_15_unknown_task);
    tcase_add_test(delivery, sb_18_failed);
    tcase_add_test(delivery, sb_22_23_dropped_by_the_communicator);
    tcase_add_test(delivery, sb_23_no_memory);
    tcase_add_test(delivery, sb_20_unknown_tasks_one_by_one);
    suite_add_tcase(suite, delivery);
    return suite_run(suite);
}
