/* See messages.h. */
#include "messages.h"

#include <stdio.h>
#include <string.h>

static flr_filter_ops ops_of(filter_process process, uint32_t flags)
{
    flr_filter_ops ops;
    flr_filter_ops_init(&ops, sizeof ops);
    ops.process = process;
    ops.flags = flags;
    return ops;
}

void add_data_filter(world *w, const char *task, filter_process process, uint32_t flags)
{
    flr_filter_ops ops = ops_of(process, flags);
    ck_assert_int_eq(flr_config_add_data_filter(w->config, task, &ops, w), 0);
}

void add_result_filter(world *w, const char *task, filter_process process, uint32_t flags)
{
    flr_filter_ops ops = ops_of(process, flags);
    ck_assert_int_eq(flr_config_add_result_filter(w->config, task, &ops, w), 0);
}

void open_world(world *w)
{
    world_start(w);
    world_step(w);
    world_clear(w);
}

const flr_answer *ask_as_is(world *w, const char *client)
{
    const flr_answer *answer = NULL;
    ck_assert_int_eq(flr_runner_process_task_request(w->runner, client, w->context, &answer), 0);
    return answer;
}

const flr_answer *ask_with_job(world *w, const char *client, const char *job)
{
    world_peer(w, w->context, job);
    return ask_as_is(w, client);
}

void expect_try_again(const flr_answer *answer)
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

void expect_end_run(const flr_answer *answer)
{
    ck_assert_int_eq(flr_answer_get_kind(answer), FLR_ANSWER_END_RUN);
    ck_assert_str_eq(flr_answer_get_name(answer), "__end_run__");
    ck_assert_str_eq(flr_answer_get_id(answer), "");
    ck_assert_ptr_null(flr_answer_get_data(answer));
    ck_assert_double_eq(flr_answer_get_wait_time(answer), 0);
}

void expect_task(const flr_answer *answer, const char *id)
{
    ck_assert_int_eq(flr_answer_get_kind(answer), FLR_ANSWER_TASK);
    ck_assert_str_eq(flr_answer_get_name(answer), "train");
    ck_assert_str_eq(flr_answer_get_id(answer), id);
}

const char *answer_header(const flr_answer *answer, const char *key)
{
    return flr_value_get_text(flr_shareable_get_header(flr_answer_get_data(answer), key), "-");
}

int submit_with_job(world *w, const char *client, const char *job)
{
    flr_shareable *result;
    int outcome = 0;
    world_peer(w, w->context, job);
    ck_assert_int_eq(flr_shareable_new(&result), 0);
    ck_assert_int_eq(flr_runner_process_submission(w->runner, client, w->context, "train", "id",
                                                   result, &outcome),
                     0);
    flr_shareable_unref(result);
    return outcome;
}

int note_active(world_workflow *f, flr_context *context, const char *client, const char *reason)
{
    (void)context;
    world_note(f->world, "active(%s,%s)", client, reason);
    return 0;
}

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

int64_t last_heard(world *w, const char *client)
{
    heard h = {client, -2};
    ck_assert_int_eq(flr_runner_visit_clients(w->runner, find_heard, &h), 0);
    return h.when;
}

bool prop_is_set(const flr_context *context, const char *key)
{
    flr_value *value = NULL;
    int status = flr_context_get(context, key, &value);
    flr_value_unref(value);
    return status == 0;
}

stage held_stage = STAGE_INIT;
int held_begin, held_go;

void hold_filters(void)
{
    held_begin = stage_get(&held_stage) + 1;
    held_go = held_begin + 1;
}

int held_filter(void *self, flr_context *context, flr_shareable *message, flr_shareable **output)
{
    (void)self, (void)context;
    stage_reach(&held_stage, held_begin);
    stage_await(&held_stage, held_go);
    *output = flr_shareable_ref(message);
    return 0;
}
