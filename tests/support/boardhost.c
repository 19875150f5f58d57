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
    h->grace = h->lead = -1.0;
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
    if (h->grace >= 0) {
        ck_assert_int_eq(flr_config_set_dead_client_grace_period(config, h->grace), 0);
    }
    if (h->lead >= 0) {
        ck_assert_int_eq(flr_config_set_dead_client_check_lead_time(config, h->lead), 0);
    }
    if (h->configure != NULL) {
        h->configure(config);
    }
    return config;
}

/* ---- life ---- */

static void restore(boardhost *h)
{
    size_t size = flr_state_get_size(h->state);
    void *bytes = malloc(size);

    ck_assert_ptr_nonnull(bytes);
    ck_assert_int_eq(flr_state_copy(h->state, bytes, size), 0);
    ck_assert_int_eq(flr_runner_restore(h->runner, bytes, size), 0);
    free(bytes);
}

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
    if (h->state != NULL) {
        restore(h);
    }
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

static void give_up(boardhost *h)
{
    for (size_t i = 0; i <= BOARDHOST_CLIENTS; i++) {
        flr_context_free(h->contexts[i]);
        h->contexts[i] = NULL;
    }
    flr_runner_free(h->runner);
    flr_clock_unref(h->clock);
}

void boardhost_restart(boardhost *h)
{
    flr_state_unref(h->state);
    ck_assert_int_eq(flr_runner_save(h->runner, &h->state), 0);
    give_up(h);
    boardhost_begin(h);
}

void boardhost_free(boardhost *h)
{
    give_up(h);
    flr_state_unref(h->state);
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

/* The reply to an auxiliary message of this client; id: header of the task id, NULL: none. */
static const flr_shareable *send_aux(boardhost *h, int client, const char *topic, const char *id)
{
    flr_shareable *request;
    const flr_shareable *reply = NULL;
    flr_value *props;

    ck_assert_int_eq(flr_shareable_new(&request), 0);
    ck_assert_int_eq(flr_value_new_map(&props), 0);
    ck_assert_int_eq(flr_map_set_text(&props, FLR_PROP_RUN_NUM, h->job), 0);
    ck_assert_int_eq(flr_shareable_set_header(request, FLR_HEADER_PEER_PROPS, props), 0);
    if (id != NULL) {
        ck_assert_int_eq(flr_shareable_set_header_text(request, FLR_HEADER_TASK_ID, id), 0);
    }
    ck_assert_int_eq(flr_runner_process_aux(h->runner, boardhost_name(client), topic,
                                            boardhost_context(h, client), request, &reply),
                     0);
    flr_shareable_unref(request);
    return reply;
}

const char *boardhost_check(boardhost *h, int client, const char *id)
{
    static char cause[64];
    const flr_shareable *reply = send_aux(h, client, "__task_check__", id);

    if (strcmp(flr_shareable_get_rc(reply), FLR_RC_OK) == 0) {
        return "OK";
    }
    if (strcmp(flr_shareable_get_rc(reply), FLR_RC_SERVER_NOT_READY) == 0) {
        return "not ready";
    }
    ck_assert_str_eq(flr_shareable_get_rc(reply), FLR_RC_TASK_UNKNOWN);
    snprintf(cause, sizeof cause, "%s",
             flr_value_get_text(flr_shareable_get_header(reply, FLR_HEADER_ERROR), "?"));
    return cause;
}

void boardhost_dead(boardhost *h, int client)
{
    ck_assert_int_eq(flr_runner_handle_dead_job(h->runner, boardhost_name(client)), 0);
}

void boardhost_heartbeat(boardhost *h, int client)
{
    ck_assert_str_eq(flr_shareable_get_rc(send_aux(h, client, "__job_heartbeat__", NULL)),
                     FLR_RC_OK);
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
    flr_shareable *result = flr_assignment_get_result(a);
    const flr_value *late = flr_shareable_get_header(result, FLR_HEADER_REPLY_IS_LATE);

    (void)context;
    boardhost_note(self, "received(%s%s)", flr_assignment_get_client(a),
                   late == NULL                  ? ""
                   : flr_value_get_bool(late, 0) ? ",late"
                                                 : ",?");
    flr_shareable_unref(result);
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

int boardhost_forever(boardhost *h, flr_task *task, int mode, int n)
{
    const char *names[BOARDHOST_CLIENTS];
    flr_forever_options options;

    flr_forever_options_init(&options, sizeof options);
    options.mode = mode;
    for (int i = 0; i < n; i++) {
        names[i] = boardhost_name(i + 1);
    }
    if (mode == FLR_TARGETS_LIST) {
        options.targets = names;
        options.target_count = (size_t)n;
    }
    return flr_board_broadcast_forever(h->board, task, &options, NULL);
}

static size_t list_names(const char *list, const char *names[BOARDHOST_LEGS])
{
    size_t count = list == NULL ? 0 : strlen(list);

    ck_assert_uint_le(count, BOARDHOST_LEGS);
    for (size_t i = 0; i < count; i++) {
        names[i] = boardhost_name(list[i] - '0');
    }
    return count;
}

int boardhost_send(boardhost *h, flr_task *task, const char *list, int order,
                   double assignment_timeout)
{
    const char *names[BOARDHOST_LEGS];
    flr_send_options options;

    flr_send_options_init(&options, sizeof options);
    options.target_count = list_names(list, names);
    options.targets = list == NULL ? NULL : names;
    options.order = order;
    options.task_assignment_timeout = assignment_timeout;
    return flr_board_send(h->board, task, &options, NULL);
}

int boardhost_relay(boardhost *h, flr_task *task, const char *list, uint32_t flags, int order,
                    double assignment_timeout, double result_timeout)
{
    const char *names[BOARDHOST_LEGS];
    flr_relay_options options;

    flr_relay_options_init(&options, sizeof options);
    options.flags = flags;
    options.target_count = list_names(list, names);
    options.targets = list == NULL ? NULL : names;
    options.order = order;
    options.task_assignment_timeout = assignment_timeout;
    options.task_result_timeout = result_timeout;
    return flr_board_relay(h->board, task, &options, NULL);
}

const char *boardhost_decision(boardhost *h, int client, char id[40])
{
    static char name[FLR_NAME_MAX + 1];
    const char *target = boardhost_name(client);
    flr_broadcast_options options;
    flr_task_options quiet;
    flr_task *probe;
    const flr_answer *answer;

    flr_task_options_init(&quiet, sizeof quiet);
    probe = boardhost_task(h, "probe", &quiet);
    flr_broadcast_options_init(&options, sizeof options);
    options.flags = FLR_TARGETS_FLAG_ALLOW_UNKNOWN;
    options.targets = &target;
    options.target_count = 1;
    ck_assert_int_eq(flr_board_broadcast(h->board, probe, &options, NULL), 0);
    answer = boardhost_ask(h, client);
    snprintf(name, sizeof name, "%s", answer == NULL ? "BLOCK" : flr_answer_get_name(answer));
    if (strcmp(name, "probe") == 0) {
        snprintf(name, sizeof name, "NO_BLOCK");
    } else if (answer != NULL && id != NULL) {
        snprintf(id, 40, "%s", flr_answer_get_id(answer));
    }
    ck_assert_int_eq(flr_task_cancel(probe, 0), 0);
    flr_task_unref(probe);
    return name;
}

typedef struct states {
    char text[512];
    size_t used;
} states;

static int add_state(void *self, flr_assignment *a)
{
    static const char *const names[] = {"?", "open", "answered", "given_up", "closed"};
    states *s = self;
    int written =
        snprintf(s->text + s->used, sizeof s->text - s->used, "%s%s:%s", s->used > 0 ? " " : "",
                 flr_assignment_get_client(a), names[flr_assignment_get_state(a)]);

    ck_assert(written > 0 && (size_t)written < sizeof s->text - s->used);
    s->used += (size_t)written;
    return 0;
}

const char *boardhost_states(flr_task *task)
{
    static states s;

    s = (states){.text = ""};
    ck_assert_int_eq(flr_task_visit_assignments(task, add_state, &s), 0);
    return s.text;
}

bool boardhost_told(const char *trace, int client)
{
    char own[64];

    snprintf(own, sizeof own, "ready(%s)", boardhost_name(client));
    return strstr(trace, "ready(*)") != NULL || strstr(trace, own) != NULL;
}

flr_stats boardhost_stats(boardhost *h)
{
    flr_stats stats;

    flr_stats_init(&stats, sizeof stats);
    ck_assert_int_eq(flr_runner_get_stats(h->runner, &stats), 0);
    return stats;
}
