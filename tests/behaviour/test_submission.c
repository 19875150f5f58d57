/* A client's result, until it is known to be one of this run. Rows SB-01 to SB-06, SB-25; a board's
 * are in test_messages_board.c. */
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

/* ---- SB-01 to SB-03 ---- */

START_TEST(sb_01_arguments)
{
    world *w = opened(), *other = opened();
    flr_shareable *result;
    int outcome = 77;
    char too_long[257];
    memset(too_long, 'x', 256);
    too_long[256] = '\0';
    ck_assert_int_eq(flr_shareable_new(&result), 0);
    world_peer(w, w->context, WORLD_JOB);
#define SUBMIT(runner, client, context, result, outcome)                                           \
    flr_runner_process_submission(runner, client, context, "t", "i", result, outcome)
    ck_assert_int_eq(SUBMIT(NULL, "a", w->context, result, &outcome), FLR_E_INVAL);
    ck_assert_int_eq(SUBMIT(w->runner, "a", NULL, result, &outcome), FLR_E_INVAL);
    ck_assert_int_eq(SUBMIT(w->runner, "a", other->context, result, &outcome), FLR_E_INVAL);
    ck_assert_int_eq(SUBMIT(w->runner, "a", w->context, NULL, &outcome), FLR_E_INVAL);
    ck_assert_int_eq(SUBMIT(w->runner, "a", w->context, result, NULL), FLR_E_INVAL);
    ck_assert_int_eq(SUBMIT(w->runner, NULL, w->context, result, &outcome), FLR_E_INVAL);
    ck_assert_int_eq(SUBMIT(w->runner, "", w->context, result, &outcome), FLR_E_INVAL);
    ck_assert_int_eq(SUBMIT(w->runner, too_long, w->context, result, &outcome), FLR_E_LIMIT);
    ck_assert_int_eq(outcome, 77);
    expect_trace(w, "");
    flr_stats stats = world_stats(w);
    ck_assert_uint_eq(sum_of_outcomes(&stats), 0);
    flr_shareable_unref(result);
    world_free(other);
    world_free(w);
}
END_TEST

/* Strange names and ids are unknown ones, not errors. */
START_TEST(sb_01_names)
{
    world *w = opened();
    char too_long[300];
    memset(too_long, 'x', sizeof too_long - 1);
    too_long[sizeof too_long - 1] = '\0';
    ck_assert_int_eq(world_submit(w, "a", NULL, NULL, NULL), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(taken_name, "");
    ck_assert_str_eq(taken_id, "");
    ck_assert_int_eq(world_submit(w, "a", "", "", NULL), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(world_submit(w, "a", too_long, too_long, NULL), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(world_submit(w, "a", "\xff\xfe", "\xc0\x80", NULL), FLR_OUTCOME_ACCEPTED);
    ck_assert_ptr_null(flr_context_get_task_name(w->context));
    world_free(w);
}
END_TEST

/* A peer that nests its properties as deep as values go: its result fails, not the call. */
START_TEST(sb_01_hostile_peer)
{
    world *w = opened();
    flr_value *props, *deep, *next;
    flr_shareable *result;
    int outcome = 0;
    ck_assert_int_eq(flr_value_new_list(&deep), 0);
    while (flr_value_get_depth(deep) < FLR_VALUE_MAX_DEPTH - 1) {
        ck_assert_int_eq(flr_value_new_list(&next), 0);
        ck_assert_int_eq(flr_list_add(&next, deep), 0);
        deep = next;
    }
    ck_assert_int_eq(flr_value_new_map(&props), 0);
    ck_assert_int_eq(flr_map_set_text(&props, "__run_num__", WORLD_JOB), 0);
    ck_assert_int_eq(flr_map_set(&props, "deep", deep), 0);
    ck_assert_int_eq(flr_context_reset(w->context), 0);
    ck_assert_int_eq(flr_context_set_peer_props(w->context, props), 0);
    ck_assert_int_eq(flr_shareable_new(&result), 0);
    ck_assert_int_eq(
        flr_runner_process_submission(w->runner, "a", w->context, "train", "id", result, &outcome),
        0);
    ck_assert_int_eq(outcome, FLR_OUTCOME_FAILED);
    flr_shareable_unref(result);
    flr_value_unref(props);
    world_free(w);
}
END_TEST

/* Every outcome is counted, and logged with its cause. */
START_TEST(sb_01_counted_and_logged)
{
    world *w = opened();
    w->log[0] = '\0';
    for (taken_outcome = 1; taken_outcome <= FLR_OUTCOME_WRONG_TASK_NAME; taken_outcome++)
        ck_assert_int_eq(world_submit(w, "a", "train", "id", NULL), taken_outcome);
    submit_with_job(w, "a", NULL);
    submit_with_job(w, "a", "other");
    taken_status = FLR_E_IO;
    world_submit(w, "a", "train", "id", NULL);
    world_submit(w, "a", "train", "id", FLR_RC_UNSAFE_JOB);
    world_submit(w, "a", "train", "id", NULL);
    flr_stats s = world_stats(w);
    ck_assert_uint_eq(s.accepted, 1);
    ck_assert_uint_eq(s.duplicate, 1);
    ck_assert_uint_eq(s.late, 1);
    ck_assert_uint_eq(s.unknown_task, 1);
    ck_assert_uint_eq(s.wrong_client, 1);
    ck_assert_uint_eq(s.wrong_task_name, 1);
    ck_assert_uint_eq(s.no_peer, 1);
    ck_assert_uint_eq(s.wrong_job, 1);
    ck_assert_uint_eq(s.failed, 1);
    ck_assert_uint_eq(s.fatal_return_code, 1);
    ck_assert_uint_eq(s.not_running, 1);
    ck_assert_uint_eq(sum_of_outcomes(&s), 11);
    static const char *const causes[] = {
        "is accepted",           "is a duplicate",        "is late",
        "is of an unknown task", "another client's task", "wrong task name",
        "no peer context",       "of another job",        "is failed",
        "fatal return code",     "no workflow is open"};
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++)
        ck_assert_msg(strstr(w->log, causes[i]) != NULL, "not logged: %s", causes[i]);
    world_free(w);
}
END_TEST

/* Each check comes before the next: what is wrong later does not show. */
START_TEST(sb_02_order_of_checks)
{
    world *w = world_new(1);
    flr_shareable *result;
    int outcome = 0;
    w->with_audit = w->trace_audit = true;
    w->workflows[0].on_active = note_active;
    world_start(w);
    ck_assert_int_eq(submit_with_job(w, "a", NULL), FLR_OUTCOME_NOT_RUNNING); /* gate before peer */
    expect_trace(w, "");
    w->workflows[0].on_submission = take;
    world_step(w);
    world_clear(w);
    ck_assert_int_eq(flr_shareable_new(&result), 0);
    ck_assert_int_eq(flr_shareable_set_rc(result, FLR_RC_UNSAFE_JOB), 0);
    flr_value *text;
    ck_assert_int_eq(flr_value_new_text("wf9", &text), 0);
    ck_assert_int_eq(flr_shareable_set_cookie(result, "__workflow__", text), 0);
    world_peer(w, w->context, NULL);
#define SUBMIT_IT()                                                                                \
    ck_assert_int_eq(flr_runner_process_submission(w->runner, "a", w->context, "train", "id",      \
                                                   result, &outcome),                              \
                     0)
    SUBMIT_IT();
    ck_assert_int_eq(outcome, FLR_OUTCOME_NO_PEER); /* peer before return code; audit before peer */
    expect_trace(w, "audit");
    world_peer(w, w->context, "other");
    SUBMIT_IT();
    ck_assert_int_eq(outcome, FLR_OUTCOME_WRONG_JOB); /* job before credit and return code */
    expect_trace(w, "audit");
    ck_assert_int_eq(last_heard(w, "a"), FLR_TIME_NONE);
    ck_assert_int_eq(flr_runner_get_status(w->runner), FLR_STATUS_STARTED);
    world_peer(w, w->context, WORLD_JOB);
    SUBMIT_IT();
    ck_assert_int_eq(outcome, FLR_OUTCOME_FATAL_RETURN_CODE); /* before the cookie; credit before */
    expect_trace(w, "audit active(a,submitTaskResult) _fatal_system_error");
    flr_shareable_unref(result);
    world_free(w);
}
END_TEST

static int submit_between(world_workflow *f, flr_context *context)
{
    (void)context;
    ck_assert_int_eq(world_submit(f->world, "a", "train", "id", NULL), FLR_OUTCOME_NOT_RUNNING);
    ck_assert(!prop_is_set(f->world->context, FLR_PROP_TASK_RESULT));
    world_note(f->world, "between");
    return 0;
}

START_TEST(sb_03_not_running)
{
    world *w = world_new(2);
    w->with_audit = w->trace_audit = true;
    w->with_aux = w->with_persist = false;
    for (int i = 0; i < 2; i++) {
        w->workflows[i].on_submission = take;
        w->workflows[i].on_active = note_active;
        w->workflows[i].on_initialize = w->workflows[i].on_start = submit_between;
        w->workflows[i].on_stop = w->workflows[i].on_finalize = submit_between;
    }
    world_start(w);
    ck_assert_int_eq(world_submit(w, "a", "train", "id", NULL), FLR_OUTCOME_NOT_RUNNING);
    ck_assert(!prop_is_set(w->context, FLR_PROP_TASK_NAME));
    expect_trace(w, "");
    ck_assert_int_eq(world_finish(w), 0);
    expect_trace(w, "_start_run initialize_run between start between _start_workflow control "
                    "stop between finalize_run between _end_workflow initialize_run2 between "
                    "start2 between _start_workflow control2 stop2 between finalize_run2 between "
                    "_end_workflow _about_to_end_run _check_end_run_readiness _end_run");
    ck_assert_int_eq(world_submit(w, "a", "train", "id", NULL), FLR_OUTCOME_NOT_RUNNING);
    ck_assert_int_eq(last_heard(w, "a"), FLR_TIME_NONE);
    ck_assert_uint_eq(world_stats(w).not_running, 10);
    world_free(w);
}
END_TEST

START_TEST(sb_03_aborted)
{
    world *w = opened();
    flr_runner_abort(w->runner, 0); /* the gate is still open */
    ck_assert_int_eq(world_submit(w, "a", "train", "id", NULL), FLR_OUTCOME_NOT_RUNNING);
    expect_trace(w, "");
    world_free(w);
}
END_TEST

static stage inside = STAGE_INIT;

static int held_submission(world_workflow *f, flr_context *context, const char *client,
                           const char *task, const char *id, flr_shareable *result, int *outcome)
{
    (void)context, (void)client, (void)task, (void)id, (void)result, (void)outcome;
    stage_reach(&inside, 1);
    stage_await(&inside, 2);
    world_note(f->world, "taken");
    return 0;
}

/* A submission inside the gate is finished before its workflow is finalised; others do not get in
 * meanwhile. */
START_TEST(sb_03_gate_closing)
{
    world *w = world_new(1);
    caller a;
    w->workflows[0].on_submission = held_submission;
    world_start(w);
    world_step(w);
    world_clear(w);
    inside.reached = 0;
    caller_submit(&a, w, "a", "train", "id");
    stage_await(&inside, 1);
    w->workflows[0].ended = true;
    flr_runner_wake(w->runner);
    flr_step_result stand = world_step(w);
    ck_assert_int_eq(stand.state, FLR_STEP_RUNNING);
    ck_assert_int_eq(stand.wait_ns, -1); /* only the last to leave can change this */
    ck_assert_int_eq(world_submit(w, "b", "train", "id", NULL), FLR_OUTCOME_NOT_RUNNING);
    pthread_mutex_lock(&w->lock);
    int before = w->wakeups;
    pthread_mutex_unlock(&w->lock);
    stage_reach(&inside, 2);
    caller_join(&a);
    ck_assert_int_eq(a.outcome, FLR_OUTCOME_ACCEPTED);
    ck_assert_int_gt(w->wakeups, before);
    ck_assert_int_eq(world_finish(w), 0);
    expect_trace(w, FILTERED " _before_process_submission taken _after_process_submission stop "
                             "finalize_run _end_workflow _about_to_end_run aux:__end_run__ "
                             "persist(1) _check_end_run_readiness _end_run");
    world_free(w);
}
END_TEST

/* ---- SB-04 to SB-10 ---- */

static void expect_text(const flr_context *context, const char *key, const char *text)
{
    flr_value *value = NULL;
    uint32_t flags = 9;
    ck_assert_int_eq(flr_context_get_prop(context, key, &value, &flags), 0);
    ck_assert_str_eq(flr_value_get_text(value, "-"), text);
    ck_assert_uint_eq(flags, 0);
    flr_value_unref(value);
}

static void expect_message(const flr_context *context, const char *key)
{
    flr_value *value = NULL;
    uint32_t flags = 9;
    ck_assert_int_eq(flr_context_get_prop(context, key, &value, &flags), 0);
    const flr_shareable *message = flr_value_get_pointer(value, "flr_shareable");
    ck_assert_int_eq(flr_value_get_int(flr_shareable_get(message, "x"), 0), 1);
    ck_assert_uint_eq(flags, 0);
    flr_value_unref(value);
}

static int check_arrival(world *w, const char *event, flr_context *context)
{
    if (strcmp(event, FLR_EVENT_BEFORE_TASK_RESULT_FILTER) != 0)
        return 0;
    expect_text(context, "__task_name__", "train");
    expect_text(context, "__task_id__", "id-9");
    expect_message(context, "__task_result__");
    expect_message(flr_context_get_peer(context), "__shareable__");
    world_note(w, "checked");
    return 0;
}

/* The audit line behind its id and time: from "[S:" on; and what is between them. */
static const char *tail_of(const world *w, const char *reference)
{
    ck_assert_int_eq(strncmp(w->audit, "[E:", 3), 0);
    ck_assert_int_eq(w->audit[35], ']');
    const char *rest = w->audit + 36;
    if (reference != NULL) {
        ck_assert_int_eq(strncmp(rest, reference, strlen(reference)), 0);
        rest += strlen(reference);
    }
    ck_assert_int_eq(strncmp(rest, "[T:2026-01-02T03:04:05", 22), 0);
    rest = strstr(rest, "][S:");
    ck_assert_ptr_nonnull(rest);
    return rest + 1;
}

START_TEST(sb_04_properties_and_audit)
{
    world *w = world_new(1);
    flr_shareable *result;
    w->with_audit = w->trace_audit = true;
    w->on_event = check_arrival;
    open_taking(w);
    world_submit(w, "a", "train", "id-9", NULL);
    expect_trace(w, "audit _before_task_result_filter checked _after_task_result_filter "
                    "_before_process_submission taken _after_process_submission");
    ck_assert_str_eq(tail_of(w, NULL),
                     "[S:?][J:job-1][A:train#id-9]received result from client 'a'\n");
    w->audit[0] = '\0';
    ck_assert_int_eq(flr_shareable_new(&result), 0);
    ck_assert_int_eq(flr_shareable_set_int(result, "x", 1), 0);
    ck_assert_int_eq(flr_shareable_set_header_text(result, FLR_HEADER_AUDIT_EVENT_ID, "abc"), 0);
    world_submit_message(w, "a", "train", "id-9", result);
    ck_assert_str_eq(tail_of(w, "[R:abc]"),
                     "[S:?][J:job-1][A:train#id-9]received result from client 'a'\n");
    flr_shareable_unref(result);
    w->audit[0] = '\0';
    world_clear(w);
    submit_with_job(w, "b", NULL); /* written for what is dropped, too */
    ck_assert_str_eq(tail_of(w, NULL),
                     "[S:?][J:job-1][A:train#id]received result from client 'b'\n");
    expect_trace(w, "audit");
    ck_assert(prop_is_set(w->context, FLR_PROP_TASK_RESULT));
    world_free(w);
}
END_TEST

START_TEST(sb_05_peer_and_job)
{
    world *w = opened();
    w->workflows[0].on_active = note_active;
    ck_assert_int_eq(submit_with_job(w, "a", NULL), FLR_OUTCOME_NO_PEER);
    ck_assert_int_eq(submit_with_job(w, "a", "job-2"), FLR_OUTCOME_WRONG_JOB);
    ck_assert_int_eq(submit_with_job(w, "a", ""), FLR_OUTCOME_WRONG_JOB);
    flr_value *props;
    flr_shareable *result;
    int outcome = 0;
    ck_assert_int_eq(flr_value_new_map(&props), 0);
    ck_assert_int_eq(flr_shareable_new(&result), 0);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(flr_context_set_peer_props(w->context, props), 0);
        ck_assert_int_eq(flr_runner_process_submission(w->runner, "a", w->context, "train", "id",
                                                       result, &outcome),
                         0);
        ck_assert_int_eq(outcome, FLR_OUTCOME_WRONG_JOB);
        ck_assert_int_eq(flr_map_set_int(&props, "__run_num__", 1), 0);
    }
    flr_shareable_unref(result);
    flr_value_unref(props);
    expect_trace(w, "");
    ck_assert_int_eq(last_heard(w, "a"), FLR_TIME_NONE);
    world_free(w);
}
END_TEST

START_TEST(sb_06_identity_and_credit)
{
    world *w = opened();
    w->workflows[0].on_active = note_active;
    flr_clock_advance(w->clock, 3);
    ck_assert_int_eq(world_submit(w, "a", "train", "id", NULL), FLR_OUTCOME_ACCEPTED);
    expect_trace(w, "active(a,submitTaskResult) " DELIVERED);
    ck_assert_str_eq(flr_context_get_identity(flr_context_get_peer(w->context)), "a");
    ck_assert_int_eq(last_heard(w, "a"), INT64_C(4000000000));
    ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, "a"), 0);
    world_advance(w, 60);
    world_clear(w);
    ck_assert_int_eq(world_submit(w, "a", "train", "id", NULL), FLR_OUTCOME_ACCEPTED);
    expect_trace(w, "_client_reconnected active(a,submitTaskResult) " DELIVERED);
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

static flr_context *nested_context;
static int nested_status;

static void submit_inside(world *w)
{
    flr_shareable *result;
    int outcome;
    ck_assert_int_eq(flr_shareable_new(&result), 0);
    world_peer(w, nested_context, WORLD_JOB);
    nested_status = flr_runner_process_submission(w->runner, "b", nested_context, "train", "id",
                                                  result, &outcome);
    flr_shareable_unref(result);
}

static int submit_from_unknown(world_workflow *f, flr_context *context, const char *client,
                               const char *task, const char *id, const flr_shareable *result)
{
    (void)context, (void)client, (void)task, (void)id, (void)result;
    submit_inside(f->world);
    return 0;
}

static int submit_from_filter(void *self, flr_context *context, flr_shareable *message,
                              flr_shareable **output)
{
    (void)context;
    submit_inside(self);
    *output = flr_shareable_ref(message);
    return 0;
}

static int submit_from_event(world *w, const char *event, flr_context *context)
{
    (void)context;
    if (strcmp(event, FLR_EVENT_BEFORE_TASK_RESULT_FILTER) == 0 && nested_status == 9) {
        nested_status = 0;
        submit_inside(w);
    }
    return 0;
}

START_TEST(sb_01_reentrant)
{
    world *w = opened();
    ck_assert_int_eq(flr_runner_new_context(w->runner, &nested_context), 0);
    taken_outcome = FLR_OUTCOME_UNKNOWN_TASK;
    w->workflows[0].on_unknown = submit_from_unknown;
    ck_assert_int_eq(world_submit(w, "a", "train", "id", NULL), FLR_OUTCOME_UNKNOWN_TASK);
    ck_assert_int_eq(nested_status, FLR_E_REENTRANT);
    flr_context_free(nested_context);
    world_free(w);
    taken_outcome = FLR_OUTCOME_ACCEPTED;
    w = world_new(1);
    add_result_filter(w, "*", submit_from_filter, FLR_FILTER_FLAG_CONCURRENT);
    open_taking(w);
    ck_assert_int_eq(flr_runner_new_context(w->runner, &nested_context), 0);
    nested_status = 0;
    ck_assert_int_eq(world_submit(w, "a", "train", "id", NULL), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(nested_status, FLR_E_REENTRANT);
    flr_context_free(nested_context);
    world_free(w);
    w = opened(); /* an event handler is no such place */
    w->on_event = submit_from_event;
    ck_assert_int_eq(flr_runner_new_context(w->runner, &nested_context), 0);
    nested_status = 9;
    ck_assert_int_eq(world_submit(w, "a", "train", "id", NULL), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(nested_status, 0);
    ck_assert_uint_eq(world_stats(w).accepted, 2);
    flr_context_free(nested_context);
    world_free(w);
}
END_TEST

START_TEST(sb_25_events_of_the_dropped)
{
    world *w = world_new(1);
    world_start(w);
    ck_assert_int_eq(submit_with_job(w, "a", WORLD_JOB), FLR_OUTCOME_NOT_RUNNING);
    expect_trace(w, "");
    world_step(w);
    world_clear(w);
    ck_assert_int_eq(submit_with_job(w, "a", NULL), FLR_OUTCOME_NO_PEER);
    ck_assert_int_eq(submit_with_job(w, "a", "other"), FLR_OUTCOME_WRONG_JOB);
    ck_assert_int_eq(submit_with_cookie(w, "wf7"), FLR_OUTCOME_WRONG_WORKFLOW);
    expect_trace(w, "");
    ck_assert_int_eq(world_submit(w, "a", "train", "id", FLR_RC_TASK_UNKNOWN),
                     FLR_OUTCOME_FATAL_RETURN_CODE);
    expect_trace(w, "_fatal_system_error");
    world_free(w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("submission");
    TCase *arrival = tcase_create("arrival");
    tcase_add_checked_fixture(arrival, setup, teardown);
    tcase_add_test(arrival, sb_01_arguments);
    tcase_add_test(arrival, sb_01_names);
    tcase_add_test(arrival, sb_01_hostile_peer);
    tcase_add_test(arrival, sb_01_counted_and_logged);
    tcase_add_test(arrival, sb_02_order_of_checks);
    tcase_add_test(arrival, sb_03_not_running);
    tcase_add_test(arrival, sb_03_aborted);
    tcase_add_test(arrival, sb_03_gate_closing);
    tcase_add_test(arrival, sb_04_properties_and_audit);
    tcase_add_test(arrival, sb_05_peer_and_job);
    tcase_add_test(arrival, sb_06_identity_and_credit);
    tcase_add_test(arrival, sb_01_reentrant);
    tcase_add_test(arrival, sb_25_events_of_the_dropped);
    suite_add_tcase(suite, arrival);
    return suite_run(suite);
}
