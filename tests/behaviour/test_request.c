/* A client's request for a task: the checks, the communicator, the answers without a task. Rows
 * RQ-01 to RQ-09, RQ-16, RQ-18; a board's are in test_messages_board.c. */
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

static uint64_t sum_of_answers(const flr_stats *s)
{
    return s->answer_task + s->answer_try_not_started + s->answer_try_no_peer + s->answer_try_busy +
           s->answer_try_no_workflow + s->answer_try_no_task + s->answer_try_failed +
           s->answer_try_filter + s->answer_end_done + s->answer_end_job;
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

/* The status, the peer, the job: each comes before the next, whatever is wrong behind it. Credit
 * comes before the reservation, the reservation before the open workflow. */
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
    stage_await(&held_stage, held_begin);
    flr_clock_advance(w->clock, 1);
    expect_try_again(world_request(w, "a")); /* credit before reservation */
    ck_assert_uint_eq(world_stats(w).answer_try_busy, 1);
    ck_assert_int_eq(last_heard(w, "a"), flr_clock_get_now(w->clock));
    world_finish(w); /* on_stop asks: nothing is open, but busy was looked at before */
    ck_assert_int_eq(nested_kind, FLR_ANSWER_TRY_AGAIN);
    ck_assert_uint_eq(world_stats(w).answer_try_busy, 2);
    ck_assert_uint_eq(world_stats(w).answer_try_no_workflow, 0);
    stage_reach(&held_stage, held_go);
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
    stage_await(&held_stage, held_begin);
    world_clear(w);
    expect_try_again(world_request(w, "a"));
    expect_trace(w, "");
    stage_reach(&held_stage, held_go);
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

static int note_properties(world *w, const char *event, flr_context *context)
{
    if (strstr(event, "_process_task_request") != NULL)
        world_note(w, "%d%d%d%d", prop_is_set(context, FLR_PROP_TASK_NAME),
                   prop_is_set(context, FLR_PROP_TASK_ID), prop_is_set(context, FLR_PROP_TASK_DATA),
                   prop_is_set(context, FLR_PROP_IS_RESEND));
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
        expect_trace(w, "_before_process_task_request 0000 asked 0000 _after_process_task_request "
                        "0000 " FILTERED " audit");
        ck_assert(prop_is_set(w->context, FLR_PROP_TASK_NAME));
        flr_value *resend;
        ck_assert_int_eq(flr_value_new_bool(1, &resend), 0);
        ck_assert_int_eq(flr_context_set_prop(w->context, FLR_PROP_IS_RESEND, resend, 0), 0);
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

/* ---- RQ-16, RQ-18 ---- */

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
    TCase *order = tcase_create("order");
    tcase_add_test(order, rq_01_arguments);
    tcase_add_test(order, rq_01_offers);
    tcase_add_test(order, rq_02_order_of_checks);
    tcase_add_test(order, rq_03_status);
    tcase_add_test(order, rq_04_peer_context);
    tcase_add_test(order, rq_05_identity_and_credit);
    tcase_add_test(order, rq_06_one_request_of_a_client_at_a_time);
    tcase_add_test(order, rq_06_filters_included);
    tcase_add_test(order, rq_07_events_around_the_communicator);
    tcase_add_test(order, rq_08_no_task);
    tcase_add_test(order, rq_09_wait_time);
    tcase_add_test(order, rq_16_from_inside);
    tcase_add_test(order, rq_01_reentrant_from_a_filter);
    tcase_add_test(order, rq_18_unserved);
    tcase_add_test(order, rq_18_no_open_workflow);
    suite_add_tcase(suite, order);
    return suite_run(suite);
}
