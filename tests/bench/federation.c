/* The federation that the bench serves: see bench.h. */
#include "bench.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static flr_shareable *message_of_1k(void)
{
    static const char bytes[1024];
    flr_shareable *s;
    flr_blob *blob;
    flr_value *value;
    bench_check(flr_shareable_new(&s), "message");
    bench_check(flr_blob_new_copy(bytes, sizeof bytes, &blob), "blob");
    bench_check(flr_value_new_bytes(blob, &value), "bytes");
    bench_check(flr_shareable_set(s, "data", value), "body");
    flr_blob_unref(blob);
    return s;
}

static int list_clients(void *self, flr_client_list *list)
{
    federation *f = self;
    int status = 0;
    for (long i = 0; status == 0 && i < f->count; i++)
        status = flr_client_list_add(list, f->names[i], NULL);
    return status == 0 && f->foreign > 0 ? flr_client_list_add(list, "foreigner", NULL) : status;
}

static flr_task *make_task(federation *f)
{
    flr_task_options options;
    flr_task *task;
    flr_task_options_init(&options, sizeof options);
    options.name = "train";
    options.payload = f->payload;
    bench_check(flr_task_new(&options, &task), "task");
    return task;
}

/* To all clients but the foreigner, or to the foreigner alone. */
static int schedule(federation *f, flr_context *context, bool foreign)
{
    static const char *const foreigner[] = {"foreigner"};
    flr_board *board;
    flr_broadcast_options options;
    flr_broadcast_options_init(&options, sizeof options);
    options.targets = foreign ? foreigner : f->targets;
    options.target_count = foreign ? 1 : (size_t)f->count;
    bench_check(flr_context_get_board(context, &board), "board");
    flr_task *task = make_task(f);
    bench_check(flr_board_broadcast(board, task, &options, context), "broadcast");
    if (!foreign) {
        flr_task_unref(f->task);
        f->task = task;
    } else {
        flr_task_unref(task);
    }
    return 0;
}

static int start(void *self, flr_context *context)
{
    federation *f = self;
    for (long i = 0; i < f->foreign; i++)
        schedule(f, context, true);
    return 0;
}

static int step(void *self, flr_context *context, int64_t now, int64_t *due, int *ended)
{
    federation *f = self;
    (void)now;
    (void)due;
    flr_signal *abort = flr_context_get_abort_signal(context);
    *ended = flr_signal_is_triggered(abort);
    flr_signal_unref(abort);
    if (*ended || f->idle || (f->task != NULL && flr_task_get_status(f->task) == FLR_TASK_STANDING))
        return 0;
    if (f->rounds_left == 0)
        *ended = 1;
    else
        schedule(f, context, false);
    f->rounds_left -= f->rounds_left > 0;
    return 0;
}

federation *federation_new(long count, long foreign, bool idle)
{
    federation *f = calloc(1, sizeof *f);
    flr_config *config;
    flr_engine_ops engine;
    flr_controller_ops controller;
    f->names = calloc((size_t)count, sizeof *f->names);
    f->targets = calloc((size_t)count, sizeof *f->targets);
    f->count = count;
    f->foreign = foreign;
    f->idle = idle;
    f->rounds_left = -1;
    for (long i = 0; i < count; i++) {
        f->targets[i] = f->names[i];
        snprintf(f->names[i], sizeof f->names[i], "site-%u", (unsigned)i % 10000000);
    }
    f->payload = message_of_1k();
    f->result = message_of_1k();
    bench_check(flr_value_new_map(&f->peer), "peer");
    bench_check(flr_map_set_text(&f->peer, FLR_PROP_RUN_NUM, "bench"), "peer");
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_clients;
    flr_controller_ops_init(&controller, sizeof controller);
    controller.start = start;
    controller.step = step;
    bench_check(flr_config_new(&config), "config");
    bench_check(flr_config_add_controller(config, "bench", &controller, f, NULL, NULL),
                "controller");
    bench_check(flr_runner_new(config, "bench", &engine, f, &f->runner), "runner");
    bench_check(flr_runner_new_context(f->runner, &f->context), "context");
    return f;
}

void federation_free(federation *f)
{
    flr_task_unref(f->task);
    flr_context_free(f->context);
    flr_runner_free(f->runner);
    flr_shareable_unref(f->payload);
    flr_shareable_unref(f->result);
    flr_value_unref(f->peer);
    free(f->targets);
    free(f->names);
    free(f);
}

bool federation_step(federation *f)
{
    flr_step_result result;
    flr_step_result_init(&result, sizeof result);
    do
        bench_check(flr_runner_step(f->runner, &result), "step");
    while (result.state == FLR_STEP_RUNNING && result.wait_ns == 0);
    return result.state == FLR_STEP_ENDED;
}

bool federation_pair(federation *f, flr_context *context, long i)
{
    const flr_answer *answer;
    char id[64];
    int outcome;
    flr_context_reset(context);
    flr_context_set_peer_props(context, f->peer);
    bench_check(flr_runner_process_task_request(f->runner, f->names[i], context, &answer),
                "request");
    if (flr_answer_get_kind(answer) != FLR_ANSWER_TASK)
        return false;
    strcpy(id, flr_answer_get_id(answer));
    flr_context_reset(context);
    flr_context_set_peer_props(context, f->peer);
    bench_check(flr_runner_process_submission(f->runner, f->names[i], context, "train", id,
                                              f->result, &outcome),
                "submission");
    if (outcome != FLR_OUTCOME_ACCEPTED)
        bench_check(-1, "a result was not accepted");
    return true;
}
