/* A client's request for a task: what becomes of the task that is offered. Rows RQ-10 to RQ-16. */
#include "messages.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASKED    "_before_process_task_request _after_process_task_request"
#define FILTERED "_before_task_data_filter _after_task_data_filter"

static world *opened(void)
{
    world *w = world_new(1);
    w->with_audit = w->trace_audit = true;
    w->workflows[0].on_request = world_offer_train;
    open_world(w);
    return w;
}

static int note_exception(world_workflow *f, flr_context *context, const char *id)
{
    (void)context;
    world_note(f->world, "exception%d(%s)", f->number, id);
    return 0;
}

/* ---- RQ-10 to RQ-14 ---- */

static const char *prop_text(const flr_context *context, const char *key, uint32_t *flags)
{
    static char text[64];
    flr_value *value = NULL;
    ck_assert_int_eq(flr_context_get_prop(context, key, &value, flags), 0);
    snprintf(text, sizeof text, "%s", flr_value_get_text(value, "-"));
    flr_value_unref(value);
    return text;
}

static flr_shareable *prop_message(const flr_context *context, const char *key)
{
    flr_value *value = NULL;
    ck_assert_int_eq(flr_context_get(context, key, &value), 0);
    flr_shareable *message = flr_value_get_pointer(value, "flr_shareable");
    ck_assert_ptr_nonnull(message);
    flr_value_unref(value); /* the context holds it */
    return message;
}

static int check_dress(world *w, const char *event, flr_context *context)
{
    uint32_t flags = 9;
    if (strcmp(event, FLR_EVENT_BEFORE_TASK_DATA_FILTER) != 0)
        return 0;
    ck_assert_str_eq(prop_text(context, "__task_name__", &flags), "train");
    ck_assert_uint_eq(flags, 0);
    ck_assert_str_eq(prop_text(context, "__task_id__", &flags), "id-a");
    ck_assert_uint_eq(flags, 0);
    flr_shareable *data = prop_message(context, "__task_data__");
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get_header(data, "__task_id__"), ""), "id-a");
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get_header(data, "__task_name__"), ""),
                     "train");
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get_cookie(data, "__workflow__"), ""), "wf1");
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get_cookie(data, "__task_id__"), ""), "id-a");
    ck_assert_int_eq(flr_value_get_int(flr_shareable_get(data, "n"), 0), 7);
    ck_assert_ptr_null(flr_shareable_get_header(data, FLR_HEADER_WAIT_TIME));
    world_note(w, "dressed");
    return 0;
}

START_TEST(rq_10_headers_cookies_properties)
{
    world *w = opened();
    w->on_event = check_dress;
    const flr_answer *answer = world_request(w, "a");
    expect_task(answer, "id-a");
    expect_trace(w, ASKED " _before_task_data_filter dressed _after_task_data_filter audit");
    ck_assert_str_eq(answer_header(answer, "__task_id__"), "id-a");
    ck_assert_str_eq(answer_header(answer, "__task_name__"), "train");
    const flr_shareable *data = flr_answer_get_data(answer);
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get_cookie(data, "__workflow__"), ""), "wf1");
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get_cookie(data, "__task_id__"), ""), "id-a");
    ck_assert_int_eq(flr_shareable_is_frozen(data), 1);
    world_free(w);
}
END_TEST

/* Then the gate is left: the workflow can close while a filter works. */
START_TEST(rq_10_the_gate_is_left)
{
    world *w = world_new(1);
    caller c;
    w->workflows[0].on_request = world_offer_train;
    add_data_filter(w, "*", held_filter, 0);
    open_world(w);
    hold_filters();
    caller_request(&c, w, "a");
    stage_await(&held_stage, held_begin);
    ck_assert_int_eq(world_finish(w), 0);
    stage_reach(&held_stage, held_go);
    caller_join(&c);
    ck_assert_int_eq(c.kind, FLR_ANSWER_END_RUN);
    world_free(w);
}
END_TEST

static int replace_message(void *self, flr_context *context, flr_shareable *message,
                           flr_shareable **output)
{
    flr_shareable *copy;
    world_note(self, "filter");
    ck_assert_ptr_eq(prop_message(context, "__task_data__"), message);
    ck_assert_int_eq(flr_shareable_copy(message, NULL, &copy), 0);
    ck_assert_int_eq(flr_shareable_set_int(copy, "n", 8), 0);
    flr_shareable_freeze(copy); /* the answer's headers go into a copy then */
    *output = copy;
    return 0;
}

static int note_data(world *w, const char *event, flr_context *context)
{
    if (strstr(event, "_task_data_filter") != NULL) {
        const flr_shareable *data = prop_message(context, "__task_data__");
        world_note(w, "n=%d", (int)flr_value_get_int(flr_shareable_get(data, "n"), 0));
    }
    return 0;
}

START_TEST(rq_11_filters)
{
    world *w = world_new(1);
    w->workflows[0].on_request = world_offer_train;
    w->on_event = note_data;
    add_data_filter(w, "train", replace_message, 0);
    open_world(w);
    const flr_answer *answer = world_request(w, "a");
    expect_trace(w, ASKED " _before_task_data_filter n=7 filter _after_task_data_filter n=8");
    expect_task(answer, "id-a");
    ck_assert_int_eq(flr_value_get_int(flr_shareable_get(flr_answer_get_data(answer), "n"), 0), 8);
    ck_assert_str_eq(answer_header(answer, "__task_id__"), "id-a");
    world_free(w);
}
END_TEST

static int meeting_filter(void *self, flr_context *context, flr_shareable *message,
                          flr_shareable **output)
{
    (void)self, (void)context;
    stage_step(&held_stage);
    stage_await(&held_stage, held_begin + 1); /* both are inside */
    *output = flr_shareable_ref(message);
    return 0;
}

START_TEST(rq_11_in_parallel_for_different_clients)
{
    world *w = world_new(1);
    caller a, b;
    w->workflows[0].on_request = world_offer_train;
    add_data_filter(w, "*", meeting_filter, FLR_FILTER_FLAG_CONCURRENT);
    open_world(w);
    held_begin = stage_get(&held_stage) + 1;
    caller_request(&a, w, "a");
    caller_request(&b, w, "b");
    caller_join(&a);
    caller_join(&b);
    ck_assert_int_eq(a.kind, FLR_ANSWER_TASK);
    ck_assert_int_eq(b.kind, FLR_ANSWER_TASK);
    world_free(w);
}
END_TEST

/* The id in an audit line "[E:id]...", and what follows it. */
static const char *split_line(const char *line, char id[33])
{
    ck_assert_int_eq(strncmp(line, "[E:", 3), 0);
    ck_assert_int_eq(line[35], ']');
    memcpy(id, line + 3, 32);
    id[32] = '\0';
    ck_assert_uint_eq(strspn(id, "0123456789abcdef"), 32);
    return line + 36;
}

static int refuse(void *self, flr_context *context, flr_shareable *message, flr_shareable **output)
{
    (void)message, (void)output;
    world_note(self, "refused");
    return flr_context_fail(context, -10001, "too secret");
}

START_TEST(rq_12_audit)
{
    static const char rest[] =
        "[T:2026-01-02T03:04:05.000000Z][S:?][J:job-1][A:train#id-a]sent task to client \"a\"";
    world *w = opened();
    char first[33], second[33];
    const flr_answer *answer = world_request(w, "a");
    const char *line = split_line(w->audit, first);
    const char *end = strchr(line, '\n');
    ck_assert_ptr_nonnull(end);
    ck_assert_str_eq(end, "\n"); /* one line */
    const char *time_end = strstr(line, "Z]");
    ck_assert_ptr_nonnull(time_end);
    ck_assert_int_eq(strncmp(line, rest, strlen("[T:2026-01-02T03:04:05")), 0);
    ck_assert_int_eq(strncmp(time_end, strstr(rest, "Z]"), (size_t)(end - time_end)), 0);
    ck_assert_uint_eq((size_t)(end - time_end), strlen(strstr(rest, "Z]")));
    ck_assert_str_eq(answer_header(answer, "__audit_event_id__"), first);
    w->audit[0] = '\0';
    answer = world_request(w, "a"); /* again: a line of its own */
    split_line(w->audit, second);
    ck_assert_str_ne(first, second);
    ck_assert_str_eq(answer_header(answer, "__audit_event_id__"), second);
    w->audit_status = FLR_E_IO; /* a failing auditor */
    answer = world_request(w, "a");
    expect_task(answer, "id-a");
    ck_assert_str_eq(answer_header(answer, "__audit_event_id__"), "");
    world_free(w);
    w = world_new(1); /* none at all */
    w->workflows[0].on_request = world_offer_train;
    open_world(w);
    ck_assert_str_eq(answer_header(world_request(w, "a"), "__audit_event_id__"), "");
    world_free(w);
}
END_TEST

static int swallow(void *self, flr_context *context, flr_shareable *message, flr_shareable **output)
{
    (void)context, (void)message, (void)output;
    world_note(self, "swallowed");
    return 0;
}

static flr_context *exception_context;

static int note_exception_context(world_workflow *f, flr_context *context, const char *id)
{
    exception_context = context;
    world_note(f->world, "exception(%s,%s)", id,
               flr_context_get_identity(flr_context_get_peer(context)));
    return 0;
}

START_TEST(rq_13_filter_fails)
{
    for (int i = 0; i < 2; i++) {
        world *w = world_new(1);
        w->with_audit = w->trace_audit = true;
        w->workflows[0].on_request = world_offer_train;
        w->workflows[0].on_exception = note_exception_context;
        add_data_filter(w, "*", i == 0 ? refuse : swallow, 0);
        open_world(w);
        exception_context = NULL;
        expect_try_again(world_request(w, "a"));
        ck_assert_ptr_eq(exception_context, w->context); /* this request's */
        expect_trace(w, i == 0 ? ASKED " _before_task_data_filter refused exception(id-a,a)"
                               : ASKED " _before_task_data_filter swallowed exception(id-a,a)");
        ck_assert_str_eq(w->audit, "");
        flr_stats stats = world_stats(w);
        ck_assert_uint_eq(stats.answer_try_filter, 1);
        ck_assert_uint_eq(stats.data_filter_failures, 1);
        ck_assert_int_eq(flr_runner_get_status(w->runner), FLR_STATUS_STARTED);
        if (i == 0)
            ck_assert_ptr_nonnull(strstr(w->log, "too secret"));
        world_request(w, "a"); /* not reserved any more */
        ck_assert_uint_eq(world_stats(w).answer_try_filter, 2);
        world_free(w);
    }
}
END_TEST

static int held_refusal(void *self, flr_context *context, flr_shareable *message,
                        flr_shareable **output)
{
    flr_shareable *same = NULL;
    held_filter(self, context, message, &same);
    flr_shareable_unref(same);
    (void)output;
    return FLR_E_IO;
}

/* The communicator of a workflow that has closed meanwhile hears nothing, nor does its successor.
 */
START_TEST(rq_13_workflow_closed)
{
    world *w = world_new(2);
    caller c;
    w->workflows[0].on_request = world_offer_train;
    w->workflows[0].on_exception = w->workflows[1].on_exception = note_exception;
    add_data_filter(w, "*", held_refusal, 0);
    open_world(w);
    hold_filters();
    caller_request(&c, w, "a");
    stage_await(&held_stage, held_begin);
    w->workflows[0].ended = true;
    flr_runner_wake(w->runner);
    world_step(w);
    ck_assert_uint_eq(flr_runner_get_workflow_index(w->runner), 1);
    stage_reach(&held_stage, held_go);
    caller_join(&c);
    ck_assert_int_eq(c.kind, FLR_ANSWER_TRY_AGAIN);
    ck_assert_uint_eq(world_stats(w).answer_try_filter, 1);
    ck_assert_ptr_null(strstr(world_trace(w), "exception"));
    world_free(w);
}
END_TEST

static int abort_inside(void *self, flr_context *context, flr_shareable *message,
                        flr_shareable **output)
{
    world *w = self;
    (void)context;
    flr_runner_abort(w->runner, 0);
    *output = flr_shareable_ref(message);
    return 0;
}

START_TEST(rq_14_done_while_filtering)
{
    world *w = world_new(1);
    w->with_audit = w->trace_audit = true;
    w->workflows[0].on_request = world_offer_train;
    add_data_filter(w, "*", abort_inside, 0);
    open_world(w);
    expect_end_run(world_request(w, "a"));
    expect_trace(w, ASKED " " FILTERED);
    ck_assert_str_eq(w->audit, "");
    world_free(w);
}
END_TEST

START_TEST(rq_14_closed_while_filtering)
{
    world *w = world_new(2);
    caller c;
    w->with_audit = w->trace_audit = true;
    w->workflows[0].on_request = world_offer_train;
    add_data_filter(w, "*", held_filter, 0);
    open_world(w);
    hold_filters();
    caller_request(&c, w, "a");
    stage_await(&held_stage, held_begin);
    w->workflows[0].ended = true;
    flr_runner_wake(w->runner);
    world_step(w);
    stage_reach(&held_stage, held_go); /* the second workflow is open by now */
    caller_join(&c);
    ck_assert_int_eq(c.kind, FLR_ANSWER_TRY_AGAIN);
    ck_assert_uint_eq(world_stats(w).answer_try_no_workflow, 1);
    ck_assert_str_eq(w->audit, "");
    world_free(w);
}
END_TEST

/* ---- RQ-15 ---- */

static int set_public(void *self, flr_context *context, flr_shareable *message,
                      flr_shareable **output)
{
    flr_value *value;
    (void)self;
    ck_assert_int_eq(flr_value_new_int(3, &value), 0);
    ck_assert_int_eq(flr_context_set_prop(context, "round", value, FLR_PROP_FLAG_PUBLIC), 0);
    ck_assert_int_eq(flr_value_new_text("hidden", &value), 0);
    ck_assert_int_eq(flr_context_set_prop(context, "private", value, 0), 0);
    ck_assert_int_eq(flr_value_new_pointer("thing", context, NULL, &value), 0);
    ck_assert_int_eq(flr_context_set_prop(context, "thing", value, FLR_PROP_FLAG_PUBLIC), 0);
    *output = flr_shareable_ref(message);
    return 0;
}

static void expect_peer(const flr_answer *answer, const char *key, const char *text)
{
    const flr_value *peer = flr_shareable_get_header(flr_answer_get_data(answer), "__peer_ctx__");
    ck_assert_int_eq(flr_value_get_kind(peer), FLR_VALUE_MAP);
    ck_assert_str_eq(flr_value_get_text(flr_map_get(peer, key), "-"), text);
}

START_TEST(rq_15_peer_context_after_filtering)
{
    world *w = world_new(1);
    w->workflows[0].on_request = world_offer_train;
    ck_assert_int_eq(flr_config_set_identity(w->config, "server"), 0);
    add_data_filter(w, "*", set_public, 0);
    open_world(w);
    const flr_answer *answer = world_request(w, "a");
    const flr_value *peer = flr_shareable_get_header(flr_answer_get_data(answer), "__peer_ctx__");
    expect_peer(answer, "__run_num__", "job-1");
    expect_peer(answer, "__identity_name__", "server");
    ck_assert_int_eq(flr_value_get_int(flr_map_get(peer, "round"), 0), 3);
    ck_assert_uint_eq(flr_value_get_size(peer), 3); /* nothing private, nothing without wire form */
    ck_assert_ptr_nonnull(strstr(w->log, "thing"));
    world_free(w);
}
END_TEST

static int change_identity(world *w, const char *event, flr_context *context)
{
    flr_value *value;
    if (w->workflows[0].user == NULL || strcmp(event, FLR_EVENT_AFTER_TASK_DATA_FILTER) != 0)
        return 0;
    ck_assert_int_eq(flr_value_new_text("other", &value), 0);
    ck_assert_int_eq(flr_context_set_prop(context, "__identity_name__", value, 1), 0);
    return 0;
}

/* What answers share must not show what one context changed for itself, and the other way round. */
START_TEST(rq_15_of_this_context)
{
    world *w = world_new(1);
    w->workflows[0].on_request = world_offer_train;
    w->on_event = change_identity;
    ck_assert_int_eq(flr_config_set_identity(w->config, "server"), 0);
    open_world(w);
    expect_peer(world_request(w, "a"), "__identity_name__", "server");
    w->workflows[0].user = w;
    expect_peer(world_request(w, "a"), "__identity_name__", "other");
    w->workflows[0].user = NULL;
    expect_peer(world_request(w, "a"), "__identity_name__", "server");
    world_free(w);
}
END_TEST

static double min_timeout(const flr_answer *answer)
{
    return flr_value_get_real(
        flr_shareable_get_header(flr_answer_get_data(answer), "min_get_task_timeout"), -1);
}

static void set_sticky(world *w, const char *key, double number, uint32_t flags)
{
    flr_value *value;
    ck_assert_int_eq(flr_value_new_real(number, &value), 0);
    ck_assert_int_eq(flr_context_set_prop(w->context, key, value, flags), 0);
}

START_TEST(rq_15_min_get_task_timeout)
{
    world *w = opened();
    ck_assert_double_eq(min_timeout(world_request(w, "a")), -1);
    set_sticky(w, "__min_get_task_timeout__", 30, FLR_PROP_FLAG_STICKY);
    ck_assert_double_eq(min_timeout(world_request(w, "a")), 30);
    w->workflows[0].on_request = NULL;
    ck_assert_double_eq(min_timeout(world_request(w, "a")), 30); /* TRY_AGAIN too */
    set_sticky(w, "__min_get_task_timeout__", 45, FLR_PROP_FLAG_STICKY);
    ck_assert_double_eq(min_timeout(world_request(w, "a")), 45);
    set_sticky(w, "shown", 1, FLR_PROP_FLAG_STICKY | FLR_PROP_FLAG_PUBLIC);
    w->workflows[0].on_request = world_offer_train;
    const flr_answer *answer = world_request(w, "a");
    const flr_value *peer = flr_shareable_get_header(flr_answer_get_data(answer), "__peer_ctx__");
    ck_assert_double_eq(flr_value_get_real(flr_map_get(peer, "shown"), 0), 1);
    ck_assert_int_eq(flr_context_remove(w->context, "__min_get_task_timeout__", 1), 0);
    ck_assert_double_eq(min_timeout(world_request(w, "a")), -1);
    world_free(w);
}
END_TEST

/* ---- RQ-16 ---- */

static stage inside = STAGE_INIT;
static int inside_now, inside_most;

/* The first one in holds until stage 2. */
static int held_request(world_workflow *f, flr_context *context, const char *client,
                        flr_offer *offer)
{
    (void)context, (void)offer;
    pthread_mutex_lock(&inside.lock);
    inside_now++;
    inside_most = inside_now > inside_most ? inside_now : inside_most;
    pthread_mutex_unlock(&inside.lock);
    if (strcmp(client, "a") == 0) {
        stage_reach(&inside, 1);
        stage_await(&inside, 3);
    }
    world_note(f->world, "served(%s)", client);
    pthread_mutex_lock(&inside.lock);
    inside_now--;
    pthread_mutex_unlock(&inside.lock);
    return 0;
}

/* Client b stands before the communicator at stage 2. */
static int note_second(world *w, const char *event, flr_context *context)
{
    (void)w;
    if (strcmp(event, FLR_EVENT_BEFORE_PROCESS_TASK_REQUEST) == 0 &&
        strcmp(flr_context_get_identity(flr_context_get_peer(context)), "b") == 0)
        stage_reach(&inside, 2);
    return 0;
}

START_TEST(rq_16_one_thread_in_a_serial_communicator)
{
    world *w = world_new(1);
    caller a, b;
    w->serial = w->without_tell = true;
    w->workflows[0].on_request = held_request;
    w->on_event = note_second;
    open_world(w);
    inside.reached = inside_now = inside_most = 0;
    caller_request(&a, w, "a");
    stage_await(&inside, 1);
    caller_request(&b, w, "b");
    stage_await(&inside, 2);
    /* What needs no workflow waits for nobody. */
    expect_try_again(ask_with_job(w, "c", NULL));
    expect_end_run(ask_with_job(w, "c", "other"));
    ck_assert_uint_eq(world_stats(w).answer_end_job, 1);
    give_way(w);
    ck_assert_int_eq(flr_runner_abort(w->runner, 0), 0);
    expect_end_run(ask_with_job(w, "c", WORLD_JOB));
    stage_reach(&inside, 3);
    caller_join(&a);
    caller_join(&b);
    ck_assert_int_eq(inside_most, 1);
    ck_assert_int_eq(a.kind, FLR_ANSWER_TRY_AGAIN);
    ck_assert_int_eq(b.kind, FLR_ANSWER_TRY_AGAIN);
    const char *trace = world_trace(w);
    ck_assert_ptr_nonnull(strstr(trace, "served(a)"));
    ck_assert(strstr(trace, "served(a)") < strstr(trace, "served(b)"));
    world_free(w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("request: the task");
    TCase *task = tcase_create("task");
    tcase_add_test(task, rq_10_headers_cookies_properties);
    tcase_add_test(task, rq_10_the_gate_is_left);
    tcase_add_test(task, rq_11_filters);
    tcase_add_test(task, rq_11_in_parallel_for_different_clients);
    tcase_add_test(task, rq_12_audit);
    tcase_add_test(task, rq_13_filter_fails);
    tcase_add_test(task, rq_13_workflow_closed);
    tcase_add_test(task, rq_14_done_while_filtering);
    tcase_add_test(task, rq_14_closed_while_filtering);
    tcase_add_test(task, rq_15_peer_context_after_filtering);
    tcase_add_test(task, rq_15_of_this_context);
    tcase_add_test(task, rq_15_min_get_task_timeout);
    tcase_add_test(task, rq_16_one_thread_in_a_serial_communicator);
    suite_add_tcase(suite, task);
    return suite_run(suite);
}
