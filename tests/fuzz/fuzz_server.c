/*
 * The server's inbound paths: a runner with standing tasks is given frames of four clients, reports and time. Whatever they hold, every call returns, a reply is a frame, and the
 * counters of answers and outcomes add up to the calls.
 */
#include "fuzzinput.h"
#include <assert.h>
#include <stddef.h>
#include <string.h>

#define JOB "job"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct world {
    fuzz_input in;
    flr_clock *clock;
    flr_runner *runner;
    flr_context *context;
    uint64_t requests, submissions;
} world;

static int list_clients(void *self, flr_client_list *list)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    (void)self;
    for (size_t i = 0; i < 4; i++)
        flr_client_list_add(list, names[i], NULL);
    return 0;
}

static int send_aux(void *self, flr_aux_send *send)
{
    world *w = self;
    for (size_t i = 0; i < flr_aux_send_get_target_count(send); i++) {
        flr_frame *frame = fuzz_byte(&w->in) % 2 ? fuzz_frame(&w->in) : NULL;
        if (frame == NULL || flr_aux_send_reply_frame(send, i, frame) < 0)
            flr_aux_send_fail(send, i, FLR_E_IO);
        flr_frame_unref(frame);
    }
    return 0;
}

static int echo(void *self, flr_context *context, const char *topic, const flr_shareable *request,
                flr_signal *cancel, flr_shareable **reply)
{
    (void)self, (void)context, (void)topic, (void)cancel;
    return flr_shareable_copy_body(request, reply);
}

static int schedule(flr_board *board, flr_context *context)
{
    flr_broadcast_options options;
    flr_task_options about;
    flr_shareable *payload = NULL;
    flr_task *task = NULL;
    flr_broadcast_options_init(&options, sizeof options);
    flr_task_options_init(&about, sizeof about);
    int status = flr_shareable_new(&payload);
    about.name = "train";
    about.payload = payload;
    if (status == 0)
        status = flr_task_new(&about, &task);
    if (status == 0)
        status = flr_board_broadcast(board, task, &options, context);
    flr_task_unref(task);
    flr_shareable_unref(payload);
    return status;
}

static int start(void *self, flr_context *context)
{
    flr_board *board = NULL;
    (void)self;
    flr_context_register_reliable(context, "echo", echo, NULL);
    int status = flr_context_get_board(context, &board);
    for (int i = 0; i < 2 && status == 0; i++)
        status = schedule(board, context);
    return status;
}

static int step(void *self, flr_context *context, int64_t now, int64_t *due, int *ended)
{
    (void)self, (void)context, (void)now, (void)due, (void)ended;
    return 0;
}

static void drive(world *w)
{
    flr_step_result result;
    flr_step_result_init(&result, sizeof result);
    flr_runner_step(w->runner, &result);
}

static const char *client_of(uint8_t byte)
{
    static const char *const names[] = {"a", "b", "c", "stranger"};
    return names[byte % 4];
}

static void take_frame(world *w)
{
    const char *client = client_of(fuzz_byte(&w->in));
    flr_frame *frame = fuzz_frame(&w->in), *reply = NULL;
    flr_envelope e;
    flr_envelope_init(&e, sizeof e);
    if (frame == NULL)
        return;
    flr_frame_get_envelope(frame, &e);
    int status = flr_runner_process_frame(w->runner, client, w->context, frame, &reply);
    assert(status == 0 && (reply == NULL) == (e.id == 0));
    w->requests += e.kind == FLR_FRAME_TASK_REQUEST;
    w->submissions += e.kind == FLR_FRAME_SUBMISSION && e.message != NULL;
    flr_frame_unref(reply);
    flr_frame_unref(frame);
}

/* A good request, so that there is something to answer. */
static void take_request(world *w)
{
    flr_value *peer = NULL;
    const flr_answer *answer;
    flr_context_reset(w->context);
    if (flr_value_new_map(&peer) == 0 && flr_map_set_text(&peer, "__run_num__", JOB) == 0)
        flr_context_set_peer_props(w->context, peer);
    flr_value_unref(peer);
    w->requests += flr_runner_process_task_request(w->runner, client_of(fuzz_byte(&w->in)),
                                                   w->context, &answer) == 0;
}

static int make(world *w)
{
    flr_controller_ops controller;
    flr_engine_ops engine;
    flr_config *config = NULL;
    flr_controller_ops_init(&controller, sizeof controller);
    controller.start = start;
    controller.step = step;
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_clients;
    engine.send_aux = send_aux;
    if (flr_clock_new_manual(0, 0, &w->clock) < 0 || flr_config_new(&config) < 0)
        return -1;
    flr_config_set_clock(config, w->clock);
    flr_config_set_seed(config, 1);
    flr_config_set_log_level(config, FLR_LOG_CRITICAL);
    flr_config_set_end_run_readiness(config, 0.001, 0.001);
    if (flr_config_add_controller(config, "wf", &controller, NULL, NULL, NULL) < 0 ||
        flr_runner_new(config, JOB, &engine, w, &w->runner) < 0) {
        flr_config_free(config);
        return -1;
    }
    return flr_runner_new_context(w->runner, &w->context);
}

static void check(const world *w)
{
    flr_stats s;
    flr_stats_init(&s, sizeof s);
    flr_runner_get_stats(w->runner, &s);
    assert(s.answer_task + s.answer_try_not_started + s.answer_try_no_peer + s.answer_try_busy +
               s.answer_try_no_workflow + s.answer_try_no_task + s.answer_try_failed +
               s.answer_try_filter + s.answer_end_done + s.answer_end_job ==
           w->requests);
    assert(s.accepted + s.duplicate + s.late + s.unknown_task + s.wrong_client + s.wrong_task_name +
               s.wrong_workflow + s.wrong_job + s.no_peer + s.not_running + s.fatal_return_code +
               s.failed ==
           w->submissions);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    world w = {{data, size}, NULL, NULL, NULL, 0, 0};
    if (make(&w) == 0) {
        drive(&w);
        while (w.in.size > 0) {
            switch (fuzz_byte(&w.in) % 8) {
            case 0:
                take_request(&w);
                break;
            case 1:
                drive(&w);
                break;
            case 2:
                flr_clock_advance(w.clock, fuzz_byte(&w.in) / 4.0);
                break;
            case 3:
                flr_runner_handle_dead_job(w.runner, client_of(fuzz_byte(&w.in)));
                break;
            default:
                take_frame(&w);
                break;
            }
        }
        drive(&w);
        check(&w);
    }
    flr_context_free(w.context);
    flr_runner_free(w.runner);
    flr_clock_unref(w.clock);
    return 0;
}
