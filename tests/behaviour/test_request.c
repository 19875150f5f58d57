/* A client's request for a task, from the first check to the answer. Rows RQ-01 to RQ-16, RQ-18; a board's are in test_messages_board.c. */
#include "caller.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASKED    "_before_process_task_request _after_process_task_request"
#define FILTERED "_before_task_data_filter _after_task_data_filter"

static int note_active(world_workflow *f, flr_context *context, const char *client,
                       const char *reason)
{
    (void)context;
    world_note(f->world, "active(%s,%s)", client, reason);
    return 0;
}

static int note_exception(world_workflow *f, flr_context *context, const char *id)
{
    (void)context;
    world_note(f->world, "exception%d(%s)", f->number, id);
    return 0;
}

static void add_data_filter(world *w, const char *task,
                            int (*process)(void *, flr_context *, flr_shareable *,
                                           flr_shareable **),
                            uint32_t flags)
{
    flr_filter_ops ops;
    flr_filter_ops_init(&ops, sizeof ops);
    ops.process = process;
    ops.flags = flags;
    ck_assert_int_eq(flr_config_add_data_filter(w->config, task, &ops, w), 0);
}

/* Workflow 1 is open, and the trace is empty. */
static void open_world(world *w)
{
    world_start(w);
    world_step(w);
    world_clear(w);
}

static world *opened(void)
{
    world *w = world_new(1);
    w->with_audit = w->trace_audit = true;
    w->workflows[0].on_request = world_offer_train;
    open_world(w);
    return w;
}

static const flr_answer *ask_as_is(world *w, const char *client)
{
    const flr_answer *answer = NULL;
    ck_assert_int_eq(flr_runner_process_task_request(w->runner, client, w->context, &answer), 0);
    return answer;
}

static const flr_answer *ask_with_job(world *w, const char *client, const char *job)
{
    world_peer(w, w->context, job);
    return ask_as_is(w, client);
}

static void expect_try_again(const flr_answer *answer)
{
    ck_assert_int_eq(flr_answer_get_kind(answer), FLR_ANSWER_TRY_AGAIN);
    ck_assert_str_eq(flr_answer_get_name(answer), "__try_again__");
    ck_assert_str_eq(flr_answer_get_id(answer), "");
    ck_assert_ptr_nonnull(flr_answer_get_data(answer));
    ck_assert_double_eq(
        flr_value_get_real(flr_shareable_get_header(flr_answer_get_data(answer), "__wait_time__"),
                           -1),
        flr_answer_get_wait_time(answer));
    ck_assert_double_gt(flr_answer_get_wait_time(answer), 0);
}

static void expect_end_run(const flr_answer *answer)
{
    ck_assert_int_eq(flr_answer_get_kind(answer), FLR_ANSWER_END_RUN);
    ck_assert_str_eq(flr_answer_get_name(answer), "__end_run__");
    ck_assert_str_eq(flr_answer_get_id(answer), "");
    ck_assert_ptr_null(flr_answer_get_data(answer));
    ck_assert_double_eq(flr_answer_get_wait_time(answer), 0);
}

static void expect_task(const flr_answer *answer, const char *id)
{
    ck_assert_int_eq(flr_answer_get_kind(answer), FLR_ANSWER_TASK);
    ck_assert_str_eq(flr_answer_get_name(answer), "train");
    ck_assert_str_eq(flr_answer_get_id(answer), id);
}

static const char *header_text(const flr_answer *answer, const char *key)
{
    return flr_value_get_text(flr_shareable_get_header(flr_answer_get_data(answer), key), "-");
}

static uint64_t sum_of_answers(const flr_stats *s)
{
    return s->answer_task + s->answer_try_not_started + s->answer_try_no_peer + s->answer_try_busy +
           s->answer_try_no_workflow + s->answer_try_no_task + s->answer_try_failed +
           s->answer_try_filter + s->answer_end_done + s->answer_end_job;
}

/* When a client was last heard; -2: it is not known. */
typedef struct heard {
    const char *client;
    int64_t when;
} heard;

static int find_heard(void *self, const char *client, const char *parent, int64_t last_heard,
                      int64_t disconnected)
{
    heard *h = self;
    (void)parent, (void)disconnected;
    if (strcmp(client, h->client) == 0)
        h->when = last_heard;
    return 0;
}

static int64_t last_heard(world *w, const char *client)
{
    heard h = {client, -2};
    ck_assert_int_eq(flr_runner_visit_clients(w->runner, find_heard, &h), 0);
    return h.when;
}

/* ---- RQ-01 to RQ-05 ---- */

START_TEST(rq_01_arguments)
{
    world *w = opened(), *other = opened();
    const flr_answer *answer = NULL;
    char longest[257];
    memset(longest, 'x', sizeof longest);
    longest[255] = '\0';
    world_peer(w, w->context, WORLD_JOB);
    ck_assert_int_eq(flr_runner_process_task_request(NULL, "a", w->context, &answer), FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_process_task_request(w->runner, "a", NULL, &answer), FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_process_task_request(w->runner, "a", w->context, NULL),
                     FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_process_task_request(w->runner, NULL, w->context, &answer),
                     FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_process_task_request(w->runner, "", w->context, &answer),
                     FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_process_task_request(w->runner, "a", other->context, &answer),
                     FLR_E_INVAL);
    longest[255] = 'x';
    longest[256] = '\0';
    ck_assert_int_eq(flr_runner_process_task_request(w->runner, longest, w->context, &answer),
                     FLR_E_LIMIT);
    ck_assert_ptr_null(answer);
    expect_trace(w, "");
    flr_stats stats = world_stats(w);
    ck_assert_uint_eq(sum_of_answers(&stats), 0);
    longest[255] = '\0';
    ck_assert_int_eq(flr_answer_get_kind(ask_as_is(w, longest)), FLR_ANSWER_TASK);
    world_free(other);
    world_free(w);
}
END_TEST

static int offer_frozen(world_workflow *f, flr_context *context, const char *client,
                        flr_offer *offer)
{
    flr_shareable *data;
    (void)f, (void)context, (void)client;
    ck_assert_int_eq(flr_shareable_new(&data), 0);
    flr_shareable_freeze(data);
    int status = flr_offer_set(offer, "train", "id", data);
    ck_assert_int_eq(status, FLR_E_INVAL); /* kept on error */
    flr_shareable_unref(data);
    ck_assert_int_eq(flr_offer_set(offer, NULL, "id", NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_offer_set(offer, "train", NULL, NULL), FLR_E_INVAL);
    return status;
}

START_TEST(rq_01_offers)
{
    world *w = opened();
    ck_assert_int_eq(flr_offer_set(NULL, "train", "id", NULL), FLR_E_INVAL);
    w->workflows[0].on_request = offer_frozen;
    expect_try_again(world_request(w, "a"));
    ck_assert_uint_eq(world_stats(w).answer_try_failed, 1);
    world_free(w);
}
END_TEST

static world *nested;
static flr_context *nested_context;
static int nested_kind, nested_status;

/* A second request of the client that is being served, on this thread. */
static void request_inside(world *w, const char *client)
{
    const flr_answer *answer = NULL;
    nested_kind = 0;
    world_peer(w, nested_context, WORLD_JOB);
    nested_status = flr_runner_process_task_request(w->runner, client, nested_context, &answer);
    nested_kind = flr_answer_get_kind(answer);
}

static int request_after_close(world_workflow *f, flr_context *context)
{
    (void)context;
    request_inside(f->world, "a");
    return 0;
}

static stage filter_stage = STAGE_INIT;
static int filter_begin, filter_go; /* stage numbers */

/* Reaches filter_begin, waits for filter_go. */
static int held_filter(void *self, flr_context *context, flr_shareable *message,
                       flr_shareable **output)
{
    (void)self, (void)context;
    stage_reach(&filter_stage, filter_begin);
    stage_await(&filter_stage, filter_go);
    *output = flr_shareable_ref(message);
    return 0;
}

static void hold_filters(void)
{
    filter_begin = stage_get(&filter_stage) + 1;
    filter_go = filter_begin + 1;
}

/* The status, the peer, the job: each comes before the next, whatever is wrong behind it. Credit comes before the reservation, the reservation
 * before the open workflow. */
START_TEST(rq_02_order_of_checks)
{
    world *w = world_new(1);
    caller c;
    add_data_filter(w, "*", held_filter, 0);
    w->workflows[0].on_request = world_offer_train;
    w->workflows[0].on_stop = request_after_close;
    world_start(w);
    ck_assert_int_eq(flr_runner_new_context(w->runner, &nested_context), 0);
    ask_with_job(w, "a", NULL);
    ask_with_job(w, "a", "other");
    ck_assert_uint_eq(world_stats(w).answer_try_not_started, 2); /* status first */
    world_step(w);
    world_peer(w, w->context, "other");
    ck_assert_int_eq(flr_context_set_peer_props(w->context, NULL), 0);
    expect_try_again(ask_as_is(w, "a")); /* peer before job */
    ck_assert_uint_eq(world_stats(w).answer_try_no_peer, 1);
    ck_assert_int_eq(last_heard(w, "a"), FLR_TIME_NONE); /* job before credit */
    expect_end_run(ask_with_job(w, "a", "other"));
    ck_assert_int_eq(last_heard(w, "a"), FLR_TIME_NONE);
    hold_filters();
    caller_request(&c, w, "a");
    stage_await(&filter_stage, filter_begin);
    flr_clock_advance(w->clock, 1);
    expect_try_again(world_request(w, "a")); /* credit before reservation */
    ck_assert_uint_eq(world_stats(w).answer_try_busy, 1);
    ck_assert_int_eq(last_heard(w, "a"), flr_clock_get_now(w->clock));
    world_finish(w); /* on_stop asks: nothing is open, but busy was looked at before */
    ck_assert_int_eq(nested_kind, FLR_ANSWER_TRY_AGAIN);
    ck_assert_uint_eq(world_stats(w).answer_try_busy, 2);
    ck_assert_uint_eq(world_stats(w).answer_try_no_workflow, 0);
    stage_reach(&filter_stage, filter_go);
    caller_join(&c);
    ck_assert_int_eq(c.kind, FLR_ANSWER_END_RUN);
    flr_context_free(nested_context);
    world_free(w);
}
END_TEST

START_TEST(rq_03_status)
{
    world *w = world_new(1);
    w->workflows[0].on_request = world_offer_train;
    w->workflows[0].on_active = note_active;
    world_start(w);
    ck_assert_int_eq(flr_runner_add_client(w->runner, "a", NULL), 0);
    expect_try_again(ask_with_job(w, "a", WORLD_JOB));
    expect_try_again(ask_with_job(w, "a", NULL));
    expect_try_again(ask_with_job(w, "a", "other"));
    ck_assert_uint_eq(world_stats(w).answer_try_not_started, 3);
    ck_assert_int_eq(last_heard(w, "a"), FLR_TIME_NONE);
    expect_trace(w, "");
    world_step(w);
    world_clear(w);
    flr_runner_abort(w->runner, 0);
    expect_end_run(ask_with_job(w, "a", WORLD_JOB)); /* at once, though the gate is still open */
    expect_end_run(ask_with_job(w, "a", NULL));
    expect_end_run(ask_with_job(w, "a", "other"));
    ck_assert_uint_eq(world_stats(w).answer_end_done, 3);
    ck_assert_int_eq(last_heard(w, "a"), FLR_TIME_NONE);
    expect_trace(w, "");
    world_free(w);
}
END_TEST

START_TEST(rq_04_peer_context)
{
    world *w = opened();
    flr_value *props;
    w->workflows[0].on_active = note_active;
    expect_try_again(ask_with_job(w, "a", NULL));
    expect_end_run(ask_with_job(w, "a", ""));
    expect_end_run(ask_with_job(w, "a", "job-2"));
    expect_end_run(ask_with_job(w, "a", "job-1 "));
    ck_assert_int_eq(flr_context_reset(w->context), 0);
    ck_assert_int_eq(flr_value_new_map(&props), 0);
    ck_assert_int_eq(flr_context_set_peer_props(w->context, props), 0);
    expect_end_run(ask_as_is(w, "a")); /* missing */
    ck_assert_int_eq(flr_map_set_int(&props, FLR_PROP_RUN_NUM, 1), 0);
    ck_assert_int_eq(flr_context_set_peer_props(w->context, props), 0);
    expect_end_run(ask_as_is(w, "a")); /* of the wrong kind: as if missing */
    flr_value_unref(props);
    flr_stats stats = world_stats(w);
    ck_assert_uint_eq(stats.answer_try_no_peer, 1);
    ck_assert_uint_eq(stats.answer_end_job, 5);
    ck_assert_int_eq(last_heard(w, "a"), FLR_TIME_NONE);
    expect_trace(w, "");
    expect_end_run(ask_with_job(w, "newcomer", "job-2"));
    ck_assert_int_eq(last_heard(w, "newcomer"), -2);
    world_free(w);
}
END_TEST

static int note_peer(world_workflow *f, flr_context *context, const char *client, flr_offer *offer)
{
    (void)offer;
    world_note(f->world, "asked(%s,%s)", client,
               flr_context_get_identity(flr_context_get_peer(context)));
    return 0;
}

START_TEST(rq_05_identity_and_credit)
{
    world *w = opened();
    w->workflows[0].on_request = note_peer;
    w->workflows[0].on_active = note_active;
    flr_clock_advance(w->clock, 3);
    world_request(w, "a"); /* its peer context says "liar" */
    expect_trace(w, "active(a,getTask) _before_process_task_request asked(a,a) "
                    "_after_process_task_request");
    ck_assert_str_eq(flr_context_get_identity(flr_context_get_peer(w->context)), "a");
    ck_assert_int_eq(last_heard(w, "a"), INT64_C(4000000000));
    ck_assert_int_eq(last_heard(w, "liar"), -2);
    world_request(w, "newcomer");
    ck_assert_int_eq(last_heard(w, "newcomer"), INT64_C(4000000000));
    world_free(w);
}
END_TEST

/* ---- RQ-06 to RQ-09 ---- */

static int ask_again_inside(world *w, const char *event, flr_context *context)
{
    (void)context;
    if (strcmp(event, FLR_EVENT_BEFORE_PROCESS_TASK_REQUEST) == 0 && nested == w) {
        nested = NULL;
        request_inside(w, "a");
        world_note(w, "kind%d", nested_kind);
    }
    return 0;
}

static int ask_again_from_communicator(world_workflow *f, flr_context *context, const char *client,
                                       flr_offer *offer)
{
    request_inside(f->world, client);
    world_note(f->world, "kind%d", nested_kind);
    return world_offer_train(f, context, client, offer);
}

START_TEST(rq_06_one_request_of_a_client_at_a_time)
{
    world *w = opened();
    ck_assert_int_eq(flr_runner_new_context(w->runner, &nested_context), 0);
    nested = w;
    w->on_event = ask_again_inside;
    expect_task(world_request(w, "a"), "id-a");
    /* the one inside has no events of its own */
    expect_trace(w, "_before_process_task_request kind2 _after_process_task_request " FILTERED
                    " audit");
    w->workflows[0].on_request = ask_again_from_communicator;
    expect_task(world_request(w, "a"), "id-a");
    expect_trace(w, "_before_process_task_request kind2 _after_process_task_request " FILTERED
                    " audit");
    ck_assert_uint_eq(world_stats(w).answer_try_busy, 2);
    flr_context_free(nested_context);
    world_free(w);
}
END_TEST

START_TEST(rq_06_filters_included)
{
    world *w = world_new(1);
    caller a;
    w->workflows[0].on_request = world_offer_train;
    add_data_filter(w, "*", held_filter, FLR_FILTER_FLAG_CONCURRENT);
    open_world(w);
    hold_filters();
    caller_request(&a, w, "a");
    stage_await(&filter_stage, filter_begin);
    world_clear(w);
    expect_try_again(world_request(w, "a"));
    expect_trace(w, "");
    stage_reach(&filter_stage, filter_go);
    caller_join(&a);
    ck_assert_int_eq(a.kind, FLR_ANSWER_TASK);
    ck_assert_int_eq(flr_answer_get_kind(world_request(w, "a")), FLR_ANSWER_TASK); /* released */
    world_free(w);
}
END_TEST

static int answer_with; /* what the communicator below does */
enum {
    OFFER_NOTHING,
    OFFER_EMPTY,
    OFFER_TRY_AGAIN,
    OFFER_WITHDRAWN,
    OFFER_NO_DATA,
    FAIL,
    FAIL_AFTER_OFFER,
    FAIL_POSITIVE,
    OUT_OF_MEMORY,
    REENTRANT
};

static int offer_as_told(world_workflow *f, flr_context *context, const char *client,
                         flr_offer *offer)
{
    world_note(f->world, "asked");
    switch (answer_with) {
    case OFFER_EMPTY:
        return flr_offer_set(offer, "", "id", NULL);
    case OFFER_TRY_AGAIN:
        return flr_offer_set(offer, FLR_TASK_NAME_TRY_AGAIN, "id", NULL);
    case OFFER_WITHDRAWN:
        world_offer_train(f, context, client, offer);
        return flr_offer_set(offer, "", NULL, NULL);
    case OFFER_NO_DATA:
        return flr_offer_set(offer, "train", "id-a", NULL);
    case FAIL:
        return flr_context_fail(context, -20000, "the cupboard is bare");
    case FAIL_AFTER_OFFER:
        world_offer_train(f, context, client, offer);
        return FLR_E_IO;
    case FAIL_POSITIVE:
        return 1;
    case OUT_OF_MEMORY:
        return FLR_E_NOMEM;
    case REENTRANT:
        return FLR_E_REENTRANT;
    default:
        return 0;
    }
}

static bool is_set(const flr_context *context, const char *key)
{
    flr_value *value = NULL;
    int status = flr_context_get(context, key, &value);
    flr_value_unref(value);
    return status == 0;
}

static int note_properties(world *w, const char *event, flr_context *context)
{
    if (strstr(event, "_process_task_request") != NULL)
        world_note(w, "%d%d%d", is_set(context, FLR_PROP_TASK_NAME),
                   is_set(context, FLR_PROP_TASK_ID), is_set(context, FLR_PROP_TASK_DATA));
    return 0;
}

static int note_properties_inside(world_workflow *f, flr_context *context, const char *client,
                                  flr_offer *offer)
{
    world_note(f->world, "asked");
    note_properties(f->world, "_process_task_request", context);
    return world_offer_train(f, context, client, offer);
}

START_TEST(rq_07_events_around_the_communicator)
{
    world *w = opened();
    const flr_answer *answer = NULL;
    w->on_event = note_properties;
    w->workflows[0].on_request = note_properties_inside;
    world_peer(w, w->context, WORLD_JOB);
    for (int i = 0; i < 2; i++) { /* the second time the context still holds the first task's */
        expect_task(ask_as_is(w, "a"), "id-a");
        expect_trace(w, "_before_process_task_request 000 asked 000 _after_process_task_request "
                        "000 " FILTERED " audit");
        ck_assert(is_set(w->context, FLR_PROP_TASK_NAME));
    }
    w->on_event = NULL;
    w->workflows[0].on_request = offer_as_told;
    for (answer_with = OFFER_NOTHING; answer_with <= FAIL_POSITIVE; answer_with++) {
        bool task = answer_with == OFFER_NO_DATA;
        world_request(w, "a");
        expect_trace(
            w, task ? "_before_process_task_request asked _after_process_task_request " FILTERED
                      " audit"
                    : "_before_process_task_request asked _after_process_task_request");
    }
    for (answer_with = OUT_OF_MEMORY; answer_with <= REENTRANT; answer_with++) {
        world_peer(w, w->context, WORLD_JOB);
        ck_assert_int_eq(flr_runner_process_task_request(w->runner, "a", w->context, &answer),
                         answer_with == OUT_OF_MEMORY ? FLR_E_NOMEM : FLR_E_REENTRANT);
        expect_trace(w, "_before_process_task_request asked");
    }
    answer_with = OFFER_NO_DATA;
    expect_task(world_request(w, "a"), "id-a"); /* nothing of this keeps the client reserved */
    world_free(w);
}
END_TEST

START_TEST(rq_08_no_task)
{
    world *w = opened();
    w->workflows[0].on_request = offer_as_told;
    for (answer_with = OFFER_NOTHING; answer_with <= OFFER_WITHDRAWN; answer_with++) {
        expect_try_again(world_request(w, "a"));
        expect_trace(w, "_before_process_task_request asked _after_process_task_request");
    }
    ck_assert_uint_eq(world_stats(w).answer_try_no_task, 4);
    answer_with = OFFER_NO_DATA;
    const flr_answer *answer = world_request(w, "a");
    expect_task(answer, "id-a");
    ck_assert_uint_eq(flr_value_get_size(flr_shareable_get_body(flr_answer_get_data(answer))), 0);
    answer_with = FAIL;
    expect_try_again(world_request(w, "a"));
    ck_assert_ptr_nonnull(strstr(w->log, "the cupboard is bare"));
    ck_assert_ptr_nonnull(strstr(w->log, "process_task_request failed"));
    answer_with = FAIL_AFTER_OFFER;
    expect_try_again(world_request(w, "a"));
    answer_with = FAIL_POSITIVE;
    expect_try_again(world_request(w, "a"));
    ck_assert_uint_eq(world_stats(w).answer_try_failed, 3);
    ck_assert_uint_eq(world_stats(w).communicator_failures, 3);
    ck_assert_int_eq(flr_runner_get_status(w->runner), FLR_STATUS_STARTED); /* the run goes on */
    world_free(w);
}
END_TEST

static int set_wait_time(void *self, flr_context *context, flr_shareable *message,
                         flr_shareable **output)
{
    (void)self, (void)context;
    *output = flr_shareable_ref(message);
    return flr_shareable_set_header_real(message, FLR_HEADER_WAIT_TIME, 99);
}

START_TEST(rq_09_wait_time)
{
    for (int i = 0; i < 2; i++) {
        double expected = i == 0 ? 2.0 : 7.5;
        world *w = world_new(1);
        if (i == 1)
            ck_assert_int_eq(flr_config_set_task_request_interval(w->config, 7.5), 0);
        add_data_filter(w, "*", set_wait_time, 0);
        open_world(w);
        const flr_answer *answer = world_request(w, "a");
        expect_try_again(answer);
        ck_assert_double_eq(flr_answer_get_wait_time(answer), expected);
        w->workflows[0].on_request = world_offer_train;
        answer = world_request(w, "a");
        expect_task(answer, "id-a");
        ck_assert_double_eq(flr_answer_get_wait_time(answer), expected);
        ck_assert_double_eq(
            flr_value_get_real(
                flr_shareable_get_header(flr_answer_get_data(answer), "__wait_time__"), -1),
            expected);
        world_free(w);
    }
}
END_TEST

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
    ck_assert_str_eq(header_text(answer, "__task_id__"), "id-a");
    ck_assert_str_eq(header_text(answer, "__task_name__"), "train");
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
    stage_await(&filter_stage, filter_begin);
    ck_assert_int_eq(world_finish(w), 0);
    stage_reach(&filter_stage, filter_go);
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
    ck_assert_str_eq(header_text(answer, "__task_id__"), "id-a");
    world_free(w);
}
END_TEST

static int meeting_filter(void *self, flr_context *context, flr_shareable *message,
                          flr_shareable **output)
{
    (void)self, (void)context;
    stage_step(&filter_stage);
    stage_await(&filter_stage, filter_begin + 1); /* both are inside */
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
    filter_begin = stage_get(&filter_stage) + 1;
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
    ck_assert_str_eq(header_text(answer, "__audit_event_id__"), first);
    w->audit[0] = '\0';
    answer = world_request(w, "a"); /* again: a line of its own */
    split_line(w->audit, second);
    ck_assert_str_ne(first, second);
    ck_assert_str_eq(header_text(answer, "__audit_event_id__"), second);
    w->audit_status = FLR_E_IO; /* a failing auditor */
    answer = world_request(w, "a");
    expect_task(answer, "id-a");
    ck_assert_str_eq(header_text(answer, "__audit_event_id__"), "");
    world_free(w);
    w = world_new(1); /* none at all */
    w->workflows[0].on_request = world_offer_train;
    open_world(w);
    ck_assert_str_eq(header_text(world_request(w, "a"), "__audit_event_id__"), "");
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

/* The communicator of a workflow that has closed meanwhile hears nothing, nor does its successor. */
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
    stage_await(&filter_stage, filter_begin);
    w->workflows[0].ended = true;
    flr_runner_wake(w->runner);
    world_step(w);
    ck_assert_uint_eq(flr_runner_get_workflow_index(w->runner), 1);
    stage_reach(&filter_stage, filter_go);
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
    stage_await(&filter_stage, filter_begin);
    w->workflows[0].ended = true;
    flr_runner_wake(w->runner);
    world_step(w);
    stage_reach(&filter_stage, filter_go); /* the second workflow is open by now */
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

/* ---- RQ-16, RQ-18 ---- */

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

static int ask_for_other(world_workflow *f, flr_context *context, const char *client,
                         flr_offer *offer)
{
    (void)context, (void)offer;
    if (strcmp(client, "a") == 0)
        request_inside(f->world, "b");
    return 0;
}

/* Who is inside would wait for itself; in a concurrent one nobody waits. */
START_TEST(rq_16_from_inside)
{
    for (int serial = 0; serial < 2; serial++) {
        world *w = world_new(1);
        w->serial = serial == 1;
        w->workflows[0].on_request = ask_for_other;
        open_world(w);
        ck_assert_int_eq(flr_runner_new_context(w->runner, &nested_context), 0);
        expect_try_again(world_request(w, "a"));
        ck_assert_int_eq(nested_status, serial ? FLR_E_REENTRANT : 0);
        flr_context_free(nested_context);
        expect_try_again(world_request(w, "b")); /* not reserved any more */
        ck_assert_uint_eq(world_stats(w).answer_try_busy, 0);
        world_free(w);
    }
}
END_TEST

static int other_from_filter(void *self, flr_context *context, flr_shareable *message,
                             flr_shareable **output)
{
    if (strcmp(flr_context_get_identity(flr_context_get_peer(context)), "a") == 0)
        request_inside(self, "b");
    *output = flr_shareable_ref(message);
    return 0;
}

/* General rule "who waits": a request with filters from inside a filter, whatever the filter. */
START_TEST(rq_01_reentrant_from_a_filter)
{
    world *w = world_new(1);
    w->workflows[0].on_request = world_offer_train;
    add_data_filter(w, "tr*", other_from_filter, FLR_FILTER_FLAG_CONCURRENT);
    open_world(w);
    ck_assert_int_eq(flr_runner_new_context(w->runner, &nested_context), 0);
    expect_task(world_request(w, "a"), "id-a");
    ck_assert_int_eq(nested_status, FLR_E_REENTRANT);
    flr_context_free(nested_context);
    expect_task(world_request(w, "b"), "id-b"); /* sent now */
    world_free(w);
}
END_TEST

START_TEST(rq_18_unserved)
{
    world *w = world_new(1);
    world_start(w);
    world_request(w, "a"); /* RQ-03 */
    expect_trace(w, "");
    world_step(w);
    world_clear(w);
    world_request(w, "a");
    expect_trace(w, ASKED);
    ask_with_job(w, "a", NULL); /* RQ-04 */
    ask_with_job(w, "a", "other");
    expect_trace(w, "");
    ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, "a"), 0);
    world_advance(w, 60);
    expect_trace(w, "_client_disconnected");
    world_request(w, "a");
    expect_trace(w, "_client_reconnected " ASKED);
    flr_runner_abort(w->runner, 0);
    world_request(w, "a");
    expect_trace(w, "");
    world_free(w);
}
END_TEST

static int ask_between(world_workflow *f, flr_context *context)
{
    (void)context;
    expect_try_again(world_request(f->world, "a"));
    world_note(f->world, "between");
    return 0;
}

/* LC-08: no open workflow. */
START_TEST(rq_18_no_open_workflow)
{
    world *w = world_new(2);
    for (int i = 0; i < 2; i++) {
        w->workflows[i].on_request = world_offer_train;
        w->workflows[i].on_initialize = w->workflows[i].on_start = ask_between;
        w->workflows[i].on_stop = w->workflows[i].on_finalize = ask_between;
    }
    w->with_aux = w->with_persist = false;
    world_start(w);
    ck_assert_int_eq(world_finish(w), 0);
    ck_assert_uint_eq(world_stats(w).answer_try_no_workflow, 8);
    expect_trace(w, "_start_run initialize_run between start between _start_workflow control "
                    "stop between finalize_run between _end_workflow initialize_run2 between "
                    "start2 between _start_workflow control2 stop2 between finalize_run2 between "
                    "_end_workflow _about_to_end_run _check_end_run_readiness _end_run");
    world_free(w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("request");
    TCase *one = tcase_create("order"), *two = tcase_create("task");
    tcase_add_test(one, rq_01_arguments);
    tcase_add_test(one, rq_01_offers);
    tcase_add_test(one, rq_01_reentrant_from_a_filter);
    tcase_add_test(one, rq_02_order_of_checks);
    tcase_add_test(one, rq_03_status);
    tcase_add_test(one, rq_04_peer_context);
    tcase_add_test(one, rq_05_identity_and_credit);
    tcase_add_test(one, rq_06_one_request_of_a_client_at_a_time);
    tcase_add_test(one, rq_06_filters_included);
    tcase_add_test(one, rq_07_events_around_the_communicator);
    tcase_add_test(one, rq_08_no_task);
    tcase_add_test(one, rq_09_wait_time);
    tcase_add_test(two, rq_10_headers_cookies_properties);
    tcase_add_test(two, rq_10_the_gate_is_left);
    tcase_add_test(two, rq_11_filters);
    tcase_add_test(two, rq_11_in_parallel_for_different_clients);
    tcase_add_test(two, rq_12_audit);
    tcase_add_test(two, rq_13_filter_fails);
    tcase_add_test(two, rq_13_workflow_closed);
    tcase_add_test(two, rq_14_done_while_filtering);
    tcase_add_test(two, rq_14_closed_while_filtering);
    tcase_add_test(two, rq_15_peer_context_after_filtering);
    tcase_add_test(two, rq_15_of_this_context);
    tcase_add_test(two, rq_15_min_get_task_timeout);
    tcase_add_test(two, rq_16_one_thread_in_a_serial_communicator);
    tcase_add_test(two, rq_16_from_inside);
    tcase_add_test(two, rq_18_unserved);
    tcase_add_test(two, rq_18_no_open_workflow);
    suite_add_tcase(suite, one);
    suite_add_tcase(suite, two);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
