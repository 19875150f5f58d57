/*
 * For tests of wrong arguments: how to say what a call should give, and a run in the middle of its
 * only workflow, on a board, with the client "a". Each test program has its own; one thread.
 */
#ifndef FLR_TESTS_API_SWEEP_H
#define FLR_TESTS_API_SWEEP_H

#include <check.h>
#include <flrunner.h>
#include <string.h>

static char longer[FLR_NAME_MAX + 2]; /* one byte too long for a name */

#define IS(call, code)   ck_assert_msg((call) == (code), #call " should be " #code)
#define INVAL(call)      IS(call, FLR_E_INVAL)
#define LIMIT(call)      IS(call, FLR_E_LIMIT)
#define NOTHING(call)    ck_assert_msg((call) == NULL, #call " should be NULL")
#define ZERO(call)       ck_assert_msg((call) == 0, #call " should be 0")
#define TEXT(call, text) ck_assert_msg(strcmp((call), (text)) == 0, #call " should be \"" text "\"")

/* A run in the middle of its only workflow, on a board. */
static struct {
    flr_config *config;
    flr_clock *clock;
    flr_runner *runner;
    flr_context *context, *foreign; /* foreign: of another runner */
    flr_runner *other;
    flr_board *board;
    flr_shareable *message;
    flr_value *map;
    flr_task *task;
    int ended;
} h;

static int list_clients(void *self, flr_client_list *list)
{
    (void)self;
    INVAL(flr_client_list_add(NULL, "a", NULL));
    INVAL(flr_client_list_add(list, NULL, NULL));
    INVAL(flr_client_list_add(list, "", NULL));
    LIMIT(flr_client_list_add(list, longer, NULL));
    LIMIT(flr_client_list_add(list, "a", longer));
    ZERO(flr_client_list_add(list, "a", ""));
    IS(flr_client_list_add(list, "a", NULL), FLR_E_EXISTS);
    return 0;
}

static int send_aux(void *self, flr_aux_send *send)
{
    flr_shareable *reply;
    (void)self;
    ZERO(flr_shareable_new(&reply));
    INVAL(flr_aux_send_reply(NULL, 0, reply));
    INVAL(flr_aux_send_reply(send, 0, NULL));
    INVAL(flr_aux_send_reply(send, flr_aux_send_get_target_count(send), reply));
    INVAL(flr_aux_send_fail(NULL, 0, FLR_E_IO));
    INVAL(flr_aux_send_fail(send, flr_aux_send_get_target_count(send), FLR_E_IO));
    INVAL(flr_aux_send_fail(send, 0, 0));
    INVAL(flr_aux_send_fail(send, 0, 1));
    NOTHING(flr_aux_send_get_target(send, flr_aux_send_get_target_count(send)));
    NOTHING(flr_aux_send_get_reply(send, 0));
    flr_shareable_unref(reply);
    return 0;
}

static int start(void *self, flr_context *context)
{
    (void)self;
    return flr_context_get_board(context, &h.board);
}

static int step(void *self, flr_context *context, int64_t now, int64_t *due, int *ended)
{
    flr_signal *abort = flr_context_get_abort_signal(context);
    (void)self, (void)now, (void)due;
    *ended = h.ended != 0 || flr_signal_is_triggered(abort);
    flr_signal_unref(abort);
    return 0;
}

static flr_runner *make_runner(flr_clock *clock)
{
    flr_controller_ops controller;
    flr_engine_ops engine;
    flr_config *config;
    flr_runner *runner = NULL;
    ZERO(flr_config_new(&config));
    ZERO(flr_config_set_clock(config, clock));
    flr_controller_ops_init(&controller, sizeof controller);
    controller.step = step;
    controller.start = start;
    ZERO(flr_config_add_controller(config, "wf", &controller, NULL, NULL, NULL));
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_clients;
    engine.send_aux = send_aux;
    ZERO(flr_runner_new(config, "job-1", &engine, NULL, &runner));
    return runner;
}

static flr_step_result step_once(flr_runner *runner)
{
    flr_step_result result;
    flr_step_result_init(&result, sizeof result);
    do
        ZERO(flr_runner_step(runner, &result));
    while (result.state == FLR_STEP_RUNNING && result.wait_ns == 0);
    return result;
}

static void setup(void)
{
    flr_task_options options;
    memset(&h, 0, sizeof h);
    memset(longer, 'x', sizeof longer - 1);
    ZERO(flr_clock_new_manual(1, 1, &h.clock));
    ZERO(flr_config_new(&h.config));
    h.other = make_runner(h.clock);
    ZERO(flr_runner_new_context(h.other, &h.foreign));
    h.runner = make_runner(h.clock);
    ZERO(flr_runner_new_context(h.runner, &h.context));
    step_once(h.runner);
    ZERO(flr_shareable_new(&h.message));
    ZERO(flr_value_new_map(&h.map));
    flr_task_options_init(&options, sizeof options);
    options.name = "train";
    options.payload = h.message;
    ZERO(flr_task_new(&options, &h.task));
}

static void teardown(void)
{
    flr_step_result result;
    h.ended = 1;
    flr_runner_abort(h.runner, 0);
    result = step_once(h.runner);
    while (result.state == FLR_STEP_RUNNING) {
        ZERO(flr_clock_advance_to(h.clock, flr_clock_get_now(h.clock) + result.wait_ns));
        result = step_once(h.runner);
    }
    flr_task_unref(h.task);
    flr_value_unref(h.map);
    flr_shareable_unref(h.message);
    flr_context_free(h.context);
    flr_context_free(h.foreign);
    flr_runner_free(h.runner);
    flr_runner_free(h.other);
    flr_config_free(h.config);
    flr_clock_unref(h.clock);
}

#endif
