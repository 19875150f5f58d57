/* The federation that the bench serves: see bench.h. */
#include "bench.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOREIGNER "foreigner"

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

static flr_shareable *heartbeat_of(const flr_value *peer)
{
    flr_shareable *s;
    bench_check(flr_shareable_new(&s), "heartbeat");
    bench_check(flr_shareable_set_header(s, FLR_HEADER_PEER_PROPS, flr_value_ref(peer)),
                "heartbeat");
    flr_shareable_freeze(s);
    return s;
}

/* ---- its engine ---- */

static int list_clients(void *self, flr_client_list *list)
{
    federation *f = self;
    int status = 0;
    for (long i = 0; status == 0 && i < f->count; i++)
        status = flr_client_list_add(list, f->names[i], NULL);
    return status == 0 && f->options.foreign > 0 ? flr_client_list_add(list, FOREIGNER, NULL)
                                                 : status;
}

/* A host would pass it on; here it is only made. */
static void task_ready(void *self, const char *client)
{
    (void)self;
    (void)client;
}

/* ---- its tasks ---- */

static int broadcast(federation *f, flr_task *task, const char *const *targets, size_t count)
{
    flr_broadcast_options options;
    flr_broadcast_options_init(&options, sizeof options);
    options.targets = targets;
    options.target_count = count;
    return flr_board_broadcast(f->board, task, &options, NULL);
}

static int broadcast_forever(federation *f, flr_task *task, const char *const *targets,
                             size_t count)
{
    flr_forever_options options;
    flr_forever_options_init(&options, sizeof options);
    options.targets = targets;
    options.target_count = count;
    return flr_board_broadcast_forever(f->board, task, &options, NULL);
}

static int send_to_one(federation *f, flr_task *task, const char *const *targets, size_t count)
{
    flr_send_options options;
    flr_send_options_init(&options, sizeof options);
    options.targets = targets;
    options.target_count = count;
    return flr_board_send(f->board, task, &options, NULL);
}

static int relay(federation *f, flr_task *task, const char *const *targets, size_t count)
{
    flr_relay_options options;
    flr_relay_options_init(&options, sizeof options);
    options.flags = FLR_RELAY_FLAG_STATIC;
    options.targets = targets;
    options.target_count = count;
    return flr_board_relay(f->board, task, &options, NULL);
}

flr_task *federation_schedule(federation *f, int kind, const char *const *targets, long count)
{
    flr_task_options options;
    flr_task *task;
    int status;
    flr_task_options_init(&options, sizeof options);
    options.name = "train";
    options.payload = f->payload;
    bench_check(flr_task_new(&options, &task), "task");
    if (kind == FLR_KIND_FOREVER)
        status = broadcast_forever(f, task, targets, (size_t)count);
    else if (kind == FLR_KIND_SEND)
        status = send_to_one(f, task, targets, (size_t)count);
    else if (kind == FLR_KIND_RELAY)
        status = relay(f, task, targets, (size_t)count);
    else
        status = broadcast(f, task, targets, (size_t)count);
    bench_check(status, "scheduling");
    return task;
}

/* ---- its controller ---- */

static int start(void *self, flr_context *context)
{
    static const char *const foreigner[] = {FOREIGNER};
    federation *f = self;
    bench_check(flr_context_get_board(context, &f->board), "board");
    for (long i = 0; i < f->options.foreign; i++)
        flr_task_unref(federation_schedule(f, f->options.foreign_kind, foreigner, 1));
    return 0;
}

static void schedule_round(federation *f)
{
    if (f->options.kind != FLR_KIND_SEND) {
        flr_task_unref(federation_schedule(f, f->options.kind, f->targets, f->count));
        return;
    }
    for (long i = 0; i < f->count; i++)
        flr_task_unref(federation_schedule(f, FLR_KIND_SEND, &f->targets[i], 1));
}

static int step(void *self, flr_context *context, int64_t now, int64_t *due, int *ended)
{
    federation *f = self;
    (void)context, (void)now, (void)due, (void)ended;
    if (f->options.kind != 0 && flr_board_get_count(f->board) == (size_t)f->options.foreign) {
        schedule_round(f);
        f->rounds++;
    }
    return 0;
}

/* ---- its life ---- */

static void make_runner(federation *f)
{
    flr_config *config;
    flr_engine_ops engine;
    flr_controller_ops controller;
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_clients;
    engine.task_ready = f->options.notices ? task_ready : NULL;
    flr_controller_ops_init(&controller, sizeof controller);
    controller.start = start;
    controller.step = step;
    bench_check(flr_config_new(&config), "config");
    if (f->options.configure != NULL)
        f->options.configure(config, f->options.self);
    bench_check(flr_config_add_controller(config, "bench", &controller, f, NULL, NULL),
                "controller");
    bench_check(flr_runner_new(config, "bench", &engine, f, &f->runner), "runner");
    bench_check(flr_runner_new_context(f->runner, &f->context), "context");
}

/* What clients send. */
static void make_messages(federation *f)
{
    f->result = message_of_1k();
    bench_check(flr_value_new_map(&f->peer), "peer");
    bench_check(flr_map_set_text(&f->peer, FLR_PROP_RUN_NUM, "bench"), "peer");
}

void federation_share(const federation *f, federation *own)
{
    *own = *f;
    make_messages(own);
}

void federation_unshare(federation *own)
{
    flr_shareable_unref(own->result);
    flr_value_unref(own->peer);
}

federation *federation_new(const federation_options *options)
{
    federation *f = calloc(1, sizeof *f);
    f->options = *options;
    f->count = options->count;
    f->names = calloc((size_t)f->count, sizeof *f->names);
    f->targets = calloc((size_t)f->count, sizeof *f->targets);
    for (long i = 0; i < f->count; i++) {
        f->targets[i] = f->names[i];
        snprintf(f->names[i], sizeof f->names[i], "site-%u", (unsigned)i % 10000000);
    }
    f->payload = message_of_1k();
    make_messages(f);
    f->beat = heartbeat_of(f->peer);
    make_runner(f);
    return f;
}

void federation_free(federation *f)
{
    flr_context_free(f->context);
    flr_runner_free(f->runner);
    flr_shareable_unref(f->payload);
    flr_shareable_unref(f->result);
    flr_shareable_unref(f->beat);
    flr_value_unref(f->peer);
    free(f->targets);
    free(f->names);
    free(f);
}

bool federation_step(federation *f)
{
    long rounds = f->rounds;
    flr_step_result result;
    flr_step_result_init(&result, sizeof result);
    do
        bench_check(flr_runner_step(f->runner, &result), "step");
    while (result.state == FLR_STEP_RUNNING && result.wait_ns == 0);
    bench_check(result.result, "the run");
    return f->rounds > rounds;
}

/* ---- what its clients send ---- */

bool federation_request(federation *f, flr_context *context, long i, char *id)
{
    const flr_answer *answer;
    flr_context_reset(context);
    flr_context_set_peer_props(context, f->peer);
    bench_check(flr_runner_process_task_request(f->runner, f->names[i], context, &answer),
                "request");
    if (flr_answer_get_kind(answer) != FLR_ANSWER_TASK)
        return false;
    strcpy(id, flr_answer_get_id(answer));
    return true;
}

void federation_submit(federation *f, flr_context *context, long i, const char *id)
{
    int outcome;
    flr_context_reset(context);
    flr_context_set_peer_props(context, f->peer);
    bench_check(flr_runner_process_submission(f->runner, f->names[i], context, "train", id,
                                              f->result, &outcome),
                "submission");
    if (outcome != FLR_OUTCOME_ACCEPTED)
        bench_check(-1, "a result was not accepted");
}

bool federation_pair(federation *f, flr_context *context, long i)
{
    char id[64];
    if (!federation_request(f, context, i, id))
        return false;
    federation_submit(f, context, i, id);
    return true;
}

void federation_heartbeat(federation *f, flr_context *context, long i)
{
    const flr_shareable *reply;
    flr_context_reset(context);
    bench_check(flr_runner_process_aux(f->runner, f->names[i], "__job_heartbeat__", context,
                                       f->beat, &reply),
                "heartbeat");
    if (strcmp(flr_shareable_get_rc(reply), FLR_RC_OK) != 0)
        bench_check(-1, "a heartbeat was refused");
}
