/*
 * A whole federation whose every message is a frame: a stepped server, three stepped clients, one manual clock, and a network that is a function. What arrives was decoded from a copy of the bytes,
 * so both ends share nothing. Single-threaded.
 */
#include "support/suite.h"

#include <check.h>
#include <flrunner.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CLIENTS 3
#define JOB     "job-1"
#define ROUNDS  5

typedef struct site site;
typedef struct world world;

struct site {
    world *world;
    const char *name;
    double value;
    int64_t samples;
    flr_client_runner *client;
    flr_context *context;
    int64_t ids;
    int executed;
    int lose; /* so many of its next calls fail */
    int32_t state, result;
};

struct world {
    flr_clock *clock;
    flr_runner *runner;
    flr_context *context;
    flr_workflow *fedavg;
    site sites[CLIENTS];
    int notices;
    size_t bytes;
};

/* The bytes of a frame, as they would arrive: [out] */
static flr_frame *pass(world *w, const flr_frame *frame)
{
    flr_blob *blob;
    flr_frame *arrived = NULL;
    void *bytes;
    size_t size = flr_frame_get_size(frame);
    ck_assert_int_eq(flr_blob_new(size, &blob, &bytes), 0);
    ck_assert_int_eq(flr_frame_copy(frame, bytes, size), 0);
    ck_assert_int_eq(flr_frame_decode(blob, NULL, &arrived, NULL), 0);
    flr_blob_unref(blob);
    w->bytes += size;
    return arrived;
}

/* ---- the clients' engine ---- */

static int request(void *self, flr_request *r)
{
    site *s = self;
    flr_frame *frame = NULL, *arrived, *reply = NULL, *back;
    int64_t id = flr_request_get_kind(r) == FLR_REQUEST_AUX && flr_request_get_timeout(r) == 0.0
                     ? 0
                     : ++s->ids;
    if (s->lose > 0) {
        s->lose--;
        return FLR_E_IO;
    }
    ck_assert_str_eq(flr_request_get_target(r), "server");
    ck_assert_int_eq(flr_request_encode(r, id, &frame), 0);
    arrived = pass(s->world, frame);
    flr_frame_unref(frame);
    ck_assert_int_eq(
        flr_runner_process_frame(s->world->runner, s->name, s->world->context, arrived, &reply), 0);
    flr_frame_unref(arrived);
    ck_assert_int_eq(reply == NULL, id == 0);
    if (reply == NULL)
        return 0;
    back = pass(s->world, reply);
    flr_frame_unref(reply);
    ck_assert_int_eq(flr_request_answer_frame(r, back), 0);
    flr_frame_unref(back);
    return 0;
}

/* A task's model moves half-way to the client's own number. */
static int train(void *self, flr_context *context, const char *task, const flr_shareable *data,
                 flr_signal *abort, flr_shareable **result)
{
    site *s = self;
    flr_value *model = NULL;
    double x;
    (void)context, (void)abort;
    ck_assert_str_eq(task, "train");
    x = *(const double *)flr_tensor_get_data(flr_map_get(flr_shareable_get(data, "model"), "x"));
    x += 0.5 * (s->value - x);
    ck_assert_int_eq(flr_value_new_map(&model), 0);
    ck_assert_int_eq(flr_map_set_tensor(&model, "x", FLR_TYPE_F64, 0, NULL, &x), 0);
    ck_assert_int_eq(flr_shareable_new(result), 0);
    ck_assert_int_eq(flr_shareable_set(*result, "model", model), 0);
    ck_assert_int_eq(flr_shareable_set_int(*result, "num_samples", s->samples), 0);
    s->executed++;
    return 0;
}

/* ---- the server's engine ---- */

static int list_clients(void *self, flr_client_list *list)
{
    world *w = self;
    for (int i = 0; i < CLIENTS; i++)
        flr_client_list_add(list, w->sites[i].name, NULL);
    return 0;
}

static site *site_of(world *w, const char *name)
{
    for (int i = 0; i < CLIENTS; i++)
        if (strcmp(w->sites[i].name, name) == 0)
            return &w->sites[i];
    return NULL;
}

static int send_aux(void *self, flr_aux_send *send)
{
    world *w = self;
    for (size_t i = 0; i < flr_aux_send_get_target_count(send); i++) {
        site *s = site_of(w, flr_aux_send_get_target(send, i));
        flr_frame *frame = NULL, *arrived, *reply = NULL;
        ck_assert_int_eq(flr_aux_send_encode(send, i, 7, &frame), 0);
        arrived = pass(w, frame);
        flr_frame_unref(frame);
        ck_assert_int_eq(
            flr_client_runner_process_frame(s->client, "server", s->context, arrived, &reply), 0);
        flr_frame_unref(arrived);
        arrived = pass(w, reply);
        flr_frame_unref(reply);
        ck_assert_int_eq(flr_aux_send_reply_frame(send, i, arrived), 0);
        flr_frame_unref(arrived);
    }
    return 0;
}

static void task_ready(void *self, const char *client)
{
    world *w = self;
    (void)client;
    w->notices++;
}

/* ---- the world ---- */

static void add_client(world *w, int i, const char *name, double value, int64_t samples)
{
    flr_client_options options;
    flr_client_engine_ops engine;
    flr_executor_ops executor;
    site *s = &w->sites[i];
    s->world = w;
    s->name = name;
    s->value = value;
    s->samples = samples;
    flr_client_options_init(&options, sizeof options);
    options.identity = name;
    options.clock = w->clock;
    flr_client_engine_ops_init(&engine, sizeof engine);
    engine.request = request;
    flr_executor_ops_init(&executor, sizeof executor);
    executor.execute = train;
    ck_assert_int_eq(flr_client_runner_new(&options, JOB, &engine, s, &s->client), 0);
    ck_assert_int_eq(flr_client_runner_add_executor(s->client, "train", &executor, s), 0);
    ck_assert_int_eq(flr_client_runner_new_context(s->client, &s->context), 0);
}

static void add_server(world *w)
{
    flr_engine_ops engine;
    flr_fedavg_options train_options;
    flr_config *config = NULL;
    flr_value *model = NULL;
    const double zero = 0;
    ck_assert_int_eq(flr_value_new_map(&model), 0);
    ck_assert_int_eq(flr_map_set_tensor(&model, "x", FLR_TYPE_F64, 0, NULL, &zero), 0);
    flr_fedavg_options_init(&train_options, sizeof train_options);
    train_options.initial_model = model;
    train_options.rounds = ROUNDS;
    train_options.min_clients = CLIENTS;
    ck_assert_int_eq(flr_fedavg_new(&train_options, &w->fedavg), 0);
    flr_value_unref(model);
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_clients;
    engine.send_aux = send_aux;
    engine.task_ready = task_ready;
    ck_assert_int_eq(flr_config_new(&config), 0);
    ck_assert_int_eq(flr_config_set_clock(config, w->clock), 0);
    ck_assert_int_eq(flr_config_add_workflow(config, "fedavg", w->fedavg), 0);
    ck_assert_int_eq(flr_runner_new(config, JOB, &engine, w, &w->runner), 0);
    ck_assert_int_eq(flr_runner_new_context(w->runner, &w->context), 0);
}

static world *world_begin(void)
{
    world *w = calloc(1, sizeof *w);
    ck_assert_ptr_nonnull(w);
    ck_assert_int_eq(flr_clock_new_manual(0, 0, &w->clock), 0);
    add_client(w, 0, "north", 9.0, 4);
    add_client(w, 1, "east", 10.0, 2);
    add_client(w, 2, "south", 8.0, 3);
    add_server(w);
    return w;
}

/* Until all are at their end. */
static int world_play(world *w)
{
    int32_t state = FLR_STEP_RUNNING, result = 0;
    for (int turn = 0; turn < 10000; turn++) {
        bool ended = state == FLR_STEP_ENDED;
        if (!ended) {
            flr_step_result r;
            flr_step_result_init(&r, sizeof r);
            ck_assert_int_eq(flr_runner_step(w->runner, &r), 0);
            state = r.state;
            result = r.result;
        }
        for (int i = 0; i < CLIENTS; i++) {
            flr_step_result r;
            site *s = &w->sites[i];
            if (s->state == FLR_STEP_ENDED)
                continue;
            flr_step_result_init(&r, sizeof r);
            ck_assert_int_eq(flr_client_runner_step(s->client, &r), 0);
            s->state = r.state;
            s->result = r.result;
            ended = ended && s->state == FLR_STEP_ENDED;
        }
        if (ended)
            return result;
        flr_clock_advance(w->clock, 0.25);
    }
    ck_abort_msg("it does not end");
    return 0;
}

static double model_of(world *w)
{
    flr_value *model = NULL;
    ck_assert_int_eq(flr_fedavg_get_model(w->fedavg, &model), 0);
    double x = *(const double *)flr_tensor_get_data(flr_map_get(model, "x"));
    flr_value_unref(model);
    return x;
}

static void world_free(world *w)
{
    for (int i = 0; i < CLIENTS; i++) {
        flr_context_free(w->sites[i].context);
        flr_client_runner_free(w->sites[i].client);
    }
    flr_context_free(w->context);
    flr_runner_free(w->runner);
    flr_clock_unref(w->clock);
    free(w);
}

/* Five times half-way to the weighted mean. */
static void check_model(world *w)
{
    double mean = (4 * 9.0 + 2 * 10.0 + 3 * 8.0) / 9;
    ck_assert_double_eq_tol(model_of(w), mean * (1 - 1 / 32.0), 1e-12);
}

START_TEST(cl_33_a_federation_over_frames)
{
    world *w = world_begin();
    ck_assert_int_eq(world_play(w), 0);
    check_model(w);
    for (int i = 0; i < CLIENTS; i++) {
        flr_client_stats stats;
        flr_client_stats_init(&stats, sizeof stats);
        ck_assert_int_eq(w->sites[i].result, 0);
        ck_assert_int_eq(w->sites[i].executed, ROUNDS);
        ck_assert_int_eq(flr_client_runner_get_stats(w->sites[i].client, &stats), 0);
        ck_assert_uint_eq(stats.delivered, ROUNDS);
        ck_assert_uint_eq(stats.dropped, 0);
    }
    ck_assert_int_gt(w->notices, 0);
    world_free(w);
}
END_TEST

/* Calls that are lost are made again; nothing is counted twice. */
START_TEST(cl_23_a_federation_over_frames_that_get_lost)
{
    world *w = world_begin();
    for (int i = 0; i < CLIENTS; i++)
        w->sites[i].lose = 3 + i;
    ck_assert_int_eq(world_play(w), 0);
    check_model(w);
    for (int i = 0; i < CLIENTS; i++)
        ck_assert_int_eq(w->sites[i].executed, ROUNDS);
    world_free(w);
}
END_TEST

/* A stepped client that is dropped in mid-call is released with what it was doing. */
START_TEST(cl_35_dropped_in_mid_run)
{
    world *w = world_begin();
    flr_step_result r;
    flr_step_result_init(&r, sizeof r);
    w->sites[0].lose = 1;
    ck_assert_int_eq(flr_client_runner_step(w->sites[0].client, &r), 0);
    ck_assert_int_eq(flr_runner_step(w->runner, &r), 0);
    ck_assert_int_eq(flr_client_runner_step(w->sites[1].client, &r), 0);
    ck_assert_int_eq(r.state, FLR_STEP_RUNNING);
    world_free(w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("federation over frames");
    TCase *c = tcase_create("federation over frames");
    tcase_add_test(c, cl_33_a_federation_over_frames);
    tcase_add_test(c, cl_23_a_federation_over_frames_that_get_lost);
    tcase_add_test(c, cl_35_dropped_in_mid_run);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
