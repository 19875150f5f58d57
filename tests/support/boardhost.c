/* See boardhost.h. */
#include "boardhost.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void boardhost_init(boardhost *h, size_t clients)
{
    memset(h, 0, sizeof *h);
    pthread_mutex_init(&h->lock, NULL);
    h->clients = clients;
    h->seed = 1;
    h->job = "job";
    h->workflow = "wf";
}

/* ---- trace ---- */

void boardhost_note(boardhost *h, const char *format, ...)
{
    va_list args;
    size_t used;

    pthread_mutex_lock(&h->lock);
    used = strlen(h->trace);
    if (used > 0 && used + 1 < sizeof h->trace) {
        h->trace[used++] = ' ';
    }
    va_start(args, format);
    vsnprintf(h->trace + used, sizeof h->trace - used, format, args);
    va_end(args);
    pthread_mutex_unlock(&h->lock);
}

const char *boardhost_trace(boardhost *h)
{
    static char copy[sizeof h->trace];

    pthread_mutex_lock(&h->lock);
    memcpy(copy, h->trace, sizeof copy);
    h->trace[0] = '\0';
    pthread_mutex_unlock(&h->lock);
    return copy;
}

/* ---- engine, controller, component, filter ---- */

static int list_clients(void *self, flr_client_list *list)
{
    boardhost *h = self;
    int status = 0;

    for (size_t i = 1; status == 0 && i <= h->clients; i++) {
        status = flr_client_list_add(list, boardhost_name((int)i), NULL);
    }
    return status;
}

static void task_ready(void *self, const char *client)
{
    boardhost *h = self;

    if (h->trace_ready) {
        boardhost_note(h, "ready(%s)", client == NULL ? "*" : client);
    }
}

static int controller_start(void *self, flr_context *context)
{
    boardhost *h = self;
    int status = flr_context_get_board(context, &h->board);

    return status == 0 && h->start != NULL ? h->start(h, context) : status;
}

static int controller_step(void *self, flr_context *context, int64_t now, int64_t *due, int *ended)
{
    boardhost *h = self;

    (void)context, (void)now, (void)due;
    *ended = atomic_load(&h->end);
    return 0;
}

static int controller_flow(void *self, flr_signal *abort, flr_context *context)
{
    boardhost *h = self;

    return h->control == NULL ? 0 : h->control(h, abort, context);
}

static int controller_unknown(void *self, flr_context *context, const char *client,
                              const char *name, const char *id, const flr_shareable *result)
{
    boardhost *h = self;

    (void)context, (void)result;
    boardhost_note(h, "unknown(%s,%s)", client, name == NULL ? "-" : name);
    return h->unknown == NULL ? 0 : h->unknown(client, name, id);
}

static int on_event(void *self, const char *event, flr_context *context)
{
    boardhost *h = self;

    (void)context;
    if (h->trace_events && strstr(event, "_log_available") == NULL) {
        boardhost_note(h, "%s", event);
    }
    return 0;
}

static int filter_process(void *self, flr_context *context, flr_shareable *message,
                          flr_shareable **output)
{
    boardhost *h = self;
    int status = h->filter(context, message);

    *output = status == 0 ? flr_shareable_ref(message) : NULL;
    return status;
}

static flr_config *make_config(boardhost *h)
{
    flr_component_ops listener;
    flr_controller_ops controller;
    flr_filter_ops filter;
    flr_config *config;

    ck_assert_int_eq(flr_config_new(&config), 0);
    ck_assert_int_eq(flr_config_set_clock(config, h->clock), 0);
    ck_assert_int_eq(flr_config_set_seed(config, h->seed), 0);
    ck_assert_int_eq(flr_config_set_log_level(config, FLR_LOG_CRITICAL), 0);
    flr_component_ops_init(&listener, sizeof listener);
    listener.handle_event = on_event;
    ck_assert_int_eq(flr_config_add_component(config, "listener", &listener, h), 0);
    flr_controller_ops_init(&controller, sizeof controller);
    controller.start = controller_start;
    controller.step = h->run_mode ? NULL : controller_step;
    controller.control_flow = controller_flow;
    controller.process_result_of_unknown_task = controller_unknown;
    ck_assert_int_eq(flr_config_add_controller(config, h->workflow, &controller, h, NULL, NULL), 0);
    if (h->filter != NULL) {
        flr_filter_ops_init(&filter, sizeof filter);
        filter.process = filter_process;
        ck_assert_int_eq(flr_config_add_data_filter(config, "*", &filter, h), 0);
    }
    if (h->configure != NULL) {
        h->configure(config);
    }
    return config;
}

/* ---- life ---- */

void boardhost_begin(boardhost *h)
{
    flr_engine_ops engine;
    flr_config *config;

    ck_assert_int_eq(flr_clock_new_manual(1000 * SECOND, 0, &h->clock), 0);
    config = make_config(h);
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_clients;
    engine.task_ready = task_ready;
    ck_assert_int_eq(flr_runner_new(config, h->job, &engine, h, &h->runner), 0);
    if (!h->run_mode) {
        boardhost_step(h);
    }
}

void boardhost_step(boardhost *h)
{
    flr_step_result result;

    do {
        flr_step_result_init(&result, sizeof result);
        ck_assert_int_eq(flr_runner_step(h->runner, &result), 0);
    } while (result.state == FLR_STEP_RUNNING && result.wait_ns == 0);
}

void boardhost_advance(boardhost *h, double seconds)
{
    ck_assert_int_eq(flr_clock_advance(h->clock, seconds), 0);
    boardhost_step(h);
}

void boardhost_close(boardhost *h)
{
    flr_step_result result;

    atomic_store(&h->end, true);
    ck_assert_int_eq(flr_runner_wake(h->runner), 0);
    for (int i = 0; i < 100; i++) {
        flr_step_result_init(&result, sizeof result);
        if (flr_runner_step(h->runner, &result) < 0 || result.state == FLR_STEP_ENDED) {
            return;
        }
    }
    ck_abort_msg("the run does not end");
}

void boardhost_free(boardhost *h)
{
    for (size_t i = 0; i <= BOARDHOST_CLIENTS; i++) {
        flr_context_free(h->contexts[i]);
    }
    flr_runner_free(h->runner);
    flr_clock_unref(h->clock);
    pthread_mutex_destroy(&h->lock);
}

/* ---- clients ---- */

const char *boardhost_name(int client)
{
    static const char *const names[] = {"site-0", "site-1", "site-2", "site-3", "site-4",
                                        "site-5", "site-6", "site-7", "site-8"};
    return names[client];
}

flr_context *boardhost_context(boardhost *h, int client)
{
    flr_value *props;
    flr_context **context = &h->contexts[client];

    if (*context == NULL) {
        ck_assert_int_eq(flr_runner_new_context(h->runner, context), 0);
    }
    ck_assert_int_eq(flr_context_reset(*context), 0);
    ck_assert_int_eq(flr_value_new_map(&props), 0);
    ck_assert_int_eq(flr_map_set_text(&props, FLR_PROP_RUN_NUM, h->job), 0);
    ck_assert_int_eq(flr_context_set_peer_props(*context, props), 0);
    flr_value_unref(props);
    return *context;
}

const flr_answer *boardhost_ask(boardhost *h, int client)
{
    const flr_answer *answer = NULL;

    ck_assert_int_eq(flr_runner_process_task_request(h->runner, boardhost_name(client),
                                                     boardhost_context(h, client), &answer),
                     0);
    return flr_answer_get_kind(answer) == FLR_ANSWER_TASK ? answer : NULL;
}

const char *boardhost_take(boardhost *h, int client, char id[40])
{
    const flr_answer *answer = boardhost_ask(h, client);

    ck_assert_msg(answer != NULL, "%s got no task", boardhost_name(client));
    snprintf(id, 40, "%s", flr_answer_get_id(answer));
    return id;
}

int boardhost_answer(boardhost *h, int client, const char *name, const char *id, int64_t x)
{
    flr_shareable *result;
    int outcome = 0;

    ck_assert_int_eq(flr_shareable_new(&result), 0);
    ck_assert_int_eq(flr_shareable_set_int(result, "x", x), 0);
    ck_assert_int_eq(flr_runner_process_submission(h->runner, boardhost_name(client),
                                                   boardhost_context(h, client), name, id, result,
                                                   &outcome),
                     0);
    flr_shareable_unref(result);
    return outcome;
}

int boardhost_serve(boardhost *h, int client)
{
    const flr_answer *answer = boardhost_ask(h, client);
    char name[256], id[40];

    if (answer == NULL) {
        return 0;
    }
    snprintf(name, sizeof name, "%s", flr_answer_get_name(answer));
    snprintf(id, sizeof id, "%s", flr_answer_get_id(answer));
    return boardhost_answer(h, client, name, id, client);
}

const char *boardhost_check(boardhost *h, int client, const char *id)
{
    static char cause[64];
    flr_shareable *request;
    const flr_shareable *reply = NULL;
    flr_value *props;

    ck_assert_int_eq(flr_shareable_new(&request), 0);
    ck_assert_int_eq(flr_value_new_map(&props), 0);
    ck_assert_int_eq(flr_map_set_text(&props, FLR_PROP_RUN_NUM, h->job), 0);
    ck_assert_int_eq(flr_shareable_set_header(request, FLR_HEADER_PEER_PROPS, props), 0);
    ck_assert_int_eq(flr_shareable_set_header_text(request, FLR_HEADER_TASK_ID, id), 0);
    ck_assert_int_eq(flr_runner_process_aux(h->runner, boardhost_name(client), "__task_check__",
                                            boardhost_context(h, client), request, &reply),
                     0);
    flr_shareable_unref(request);
    if (strcmp(flr_shareable_get_rc(reply), FLR_RC_OK) == 0) {
        return "OK";
    }
    ck_assert_str_eq(flr_shareable_get_rc(reply), FLR_RC_TASK_UNKNOWN);
    snprintf(cause, sizeof cause, "%s",
             flr_value_get_text(flr_shareable_get_header(reply, FLR_HEADER_ERROR), "?"));
    return cause;
}

/* ---- tasks ---- */

int boardhost_before(void *self, flr_assignment *a, flr_context *context)
{
    (void)context;
    boardhost_note(self, "before(%s)", flr_assignment_get_client(a));
    return 0;
}

int boardhost_after(void *self, flr_assignment *a, flr_context *context)
{
    (void)context;
    boardhost_note(self, "after(%s)", flr_assignment_get_client(a));
    return 0;
}

int boardhost_received(void *self, flr_assignment *a, flr_context *context)
{
    (void)context;
    boardhost_note(self, "received(%s)", flr_assignment_get_client(a));
    return 0;
}

int boardhost_done(void *self, flr_task *task, flr_context *context)
{
    (void)context;
    boardhost_note(self, "done(%s,%s)", flr_task_get_name(task),
                   flr_task_status_get_name(flr_task_get_status(task)));
    return 0;
}

flr_shareable *boardhost_payload(void)
{
    flr_shareable *payload;

    ck_assert_int_eq(flr_shareable_new(&payload), 0);
    ck_assert_int_eq(flr_shareable_set_int(payload, "model", 7), 0);
    return payload;
}

void boardhost_task_options(boardhost *h, flr_task_options *options)
{
    flr_task_options_init(options, sizeof *options);
    options->before_task_sent = boardhost_before;
    options->after_task_sent = boardhost_after;
    options->result_received = boardhost_received;
    options->task_done = boardhost_done;
    options->self = h;
}

flr_task *boardhost_task(boardhost *h, const char *name, flr_task_options *options)
{
    flr_task_options defaults;
    flr_shareable *payload = NULL;
    flr_task *task;

    if (options == NULL) {
        boardhost_task_options(h, &defaults);
        options = &defaults;
    }
    options->name = name;
    if (options->payload == NULL) {
        options->payload = payload = boardhost_payload();
    }
    ck_assert_int_eq(flr_task_new(options, &task), 0);
    if (payload != NULL) {
        flr_shareable_unref(payload);
        options->payload = NULL;
    }
    return task;
}

int boardhost_broadcast(boardhost *h, flr_task *task, int mode, int n, uint64_t min, double wait)
{
    const char *names[BOARDHOST_CLIENTS];
    flr_broadcast_options options;

    flr_broadcast_options_init(&options, sizeof options);
    options.mode = mode;
    for (int i = 0; i < n; i++) {
        names[i] = boardhost_name(i + 1);
    }
    if (mode == FLR_TARGETS_LIST) {
        options.targets = names;
        options.target_count = (size_t)n;
    }
    options.min_responses = min;
    options.wait_time_after_min_received = wait;
    return flr_board_broadcast(h->board, task, &options, NULL);
}

flr_stats boardhost_stats(boardhost *h)
{
    flr_stats stats;

    flr_stats_init(&stats, sizeof stats);
    ck_assert_int_eq(flr_runner_get_stats(h->runner, &stats), 0);
    return stats;
}
