/*
 * The world of one schedule: random numbers, the trace, the failure, and the host's side of the
 * library: engine, controller, a component that hears events, and steps under the manual clock.
 */
#include "sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- random numbers, trace, failure ---- */

uint32_t sim_below(sim *s, uint32_t n)
{
    uint64_t z = s->random += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z >> 33) % n);
}

bool sim_chance(sim *s, uint32_t percent)
{
    return sim_below(s, 100) < percent;
}

void sim_note(sim *s, const char *format, ...)
{
    char text[400];
    va_list args;

    if (!s->tracing && !s->hashing) {
        return;
    }
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (const char *c = text; *c != '\0'; c++) {
        s->hash = (s->hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3); /* FNV-1a */
    }
    if (s->tracing) {
        fprintf(stderr, "%4llu %8.2f %*s%s\n", (unsigned long long)s->event,
                (double)(flr_clock_get_now(s->clock) - SIM_BEGIN) / 1e9, 2 * s->depth, "", text);
    }
}

void sim_fail(sim *s, const char *row, const char *format, ...)
{
    size_t used;
    va_list args;

    if (s->failed) {
        return;
    }
    s->failed = true;
    snprintf(s->failure, sizeof s->failure,
             "event %llu, %.2f s: %s: ", (unsigned long long)s->event,
             (double)(flr_clock_get_now(s->clock) - SIM_BEGIN) / 1e9, row);
    used = strlen(s->failure);
    va_start(args, format);
    vsnprintf(s->failure + used, sizeof s->failure - used, format, args);
    va_end(args);
    sim_note(s, "FAILED: %s", s->failure);
}

void sim_expect(sim *s, bool holds, const char *row, const char *what)
{
    if (!holds) {
        sim_fail(s, row, "%s", what);
    }
}

void sim_expect_int(sim *s, int64_t got, int64_t expected, const char *row, const char *what)
{
    if (got != expected) {
        sim_fail(s, row, "%s: expected %lld, got %lld", what, (long long)expected, (long long)got);
    }
}

int sim_client_of(const sim *s, const char *name)
{
    for (int i = 0; i < SIM_CLIENTS && name != NULL; i++) {
        if (strcmp(s->clients[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

sim_task *sim_find_number(sim *s, int64_t number)
{
    for (int i = s->first_task; i < s->task_count; i++) {
        if (s->tasks[i].number == number) {
            return &s->tasks[i];
        }
    }
    return NULL;
}

/* ---- contexts of messages ---- */

flr_context *sim_context(sim *s, int peer)
{
    flr_context **context = &s->contexts[s->messages++];
    flr_value *props = NULL;

    if (*context == NULL) {
        sim_expect_int(s, flr_runner_new_context(s->runner, context), 0, "CX", "new context");
    }
    sim_expect_int(s, flr_context_reset(*context), 0, "CX", "reset");
    if (peer != SIM_PEER_NONE) {
        sim_expect_int(s, flr_value_new_map(&props), 0, "CX", "new map");
        flr_map_set_text(&props, FLR_PROP_RUN_NUM, peer == SIM_PEER_OK ? SIM_JOB : "other");
        flr_map_set_text(&props, FLR_PROP_IDENTITY_NAME, "liar");
        sim_expect_int(s, flr_context_set_peer_props(*context, props), 0, "CX", "peer props");
        flr_value_unref(props);
    }
    return *context;
}

void sim_leave_context(sim *s)
{
    s->messages--;
}

/* ---- engine ---- */

static int list_clients(void *self, flr_client_list *list)
{
    sim *s = self;
    int status = 0;

    for (int i = 0; i < SIM_CLIENTS; i++) { /* LC-31: replaces the known set */
        s->clients[i].known = s->clients[i].listed;
        if (s->clients[i].listed && status == 0) {
            status = flr_client_list_add(list, s->clients[i].name, NULL);
        }
    }
    if (s->status == FLR_STATUS_INIT) { /* LC-04: what follows */
        s->status = FLR_STATUS_STARTED;
        s->started_at = flr_clock_get_now(s->clock);
    }
    return status;
}

static void wakeup(void *self)
{
    sim *s = self;

    s->woken = true;
}

static void task_ready(void *self, const char *client)
{
    sim *s = self;

    sim_note(s, "ready(%s)", client == NULL ? "*" : client);
    for (int i = 0; i < SIM_CLIENTS; i++) {
        if (client == NULL || strcmp(client, s->clients[i].name) == 0) {
            s->clients[i].quiet = false;
        }
    }
    for (sim_request *r = s->request; r != NULL; r = r->outer) {
        r->told = r->told || (r->before > 0 &&
                              (client == NULL || strcmp(client, s->clients[r->client].name) == 0));
    }
}

/* ---- controller ---- */

static int fail_workflow(sim *s, flr_context *context)
{
    if (!s->aborted) {
        s->result = FLR_E_HOST - 7;
        s->failing = true;
    }
    sim_note(s, "controller fails");
    return flr_context_fail(context, FLR_E_HOST - 7, "the controller's");
}

static void begin_workflow(sim *s)
{
    flr_board_options options;

    s->first_task = s->task_count;
    s->forgotten = s->remembered;
    s->totals_sent = 0;
    for (int i = 0; i < SIM_CLIENTS; i++) {
        s->clients[i].record = false;
        memset(&s->clients[i].counts, 0, sizeof s->clients[i].counts);
    }
    s->under_way = true;
    s->end = false;
    s->step_due = FLR_TIME_NONE;
    flr_board_options_init(&options, sizeof options);
    options.completed_memory = s->memory;
    options.flags = s->cancel_on_filter_error ? FLR_BOARD_FLAG_CANCEL_ON_FILTER_ERROR : 0;
    sim_expect_int(s, flr_board_set_options(s->board, &options), 0, "BD-32", "set_options");
}

static int controller_start(void *self, flr_context *context)
{
    sim *s = self;
    int status = flr_context_get_board(context, &s->board);

    sim_expect_int(s, status, 0, "BD-03", "flr_context_get_board");
    sim_note(s, "start of workflow %d", s->workflow);
    begin_workflow(s);
    for (int i = (int)sim_below(s, 3); i > 0; i--) {
        sim_schedule(s);
    }
    sim_nested(s, SIM_IN_CONTROL, context);
    if (!s->calm && s->profile->failing > 0 && sim_below(s, 1000) < 3) {
        return fail_workflow(s, context);
    }
    return 0;
}

static int controller_step(void *self, flr_context *context, int64_t now, int64_t *due, int *ended)
{
    sim *s = self;

    sim_settle(s);
    if (!s->open) { /* LC-32: its first step comes when the gate has opened */
        sim_expect(s, s->aborted || !sim_policy_is_violated(s), "DC-09",
                   "the gate opens though the policy is violated");
    }
    s->open = true;
    s->steps++;
    s->wanted = false;
    s->step_due = FLR_TIME_NONE;
    sim_expect_int(s, now, flr_clock_get_now(s->clock), "LC-32", "step's now");
    sim_note(s, "controller's step");
    sim_finish_silent(s, s->step_decisions, true);
    sim_nested(s, SIM_IN_CONTROL, context);
    if (!s->calm && sim_chance(s, 15)) {
        *due = s->step_due = now + (int64_t)(1 + sim_below(s, 20)) * SIM_NS / 2;
    }
    if (!s->calm && s->profile->failing > 0 && sim_below(s, 1000) < 2) {
        return fail_workflow(s, context);
    }
    *ended = s->end || s->aborted;
    return 0;
}

/* After stop comes finalize_run, and nothing of ours between. */
static int controller_stop(void *self, flr_context *context)
{
    sim *s = self;

    s->open = false;
    sim_note(s, "stop");
    sim_nested(s, SIM_IN_CONTROL, context);
    sim_settle(s);
    s->under_way = false;
    s->bulk++;
    for (int i = s->first_task; i < s->task_count; i++) {
        sim_end(&s->tasks[i], s->aborted ? FLR_TASK_ABORTED : FLR_TASK_CANCELLED, s->now,
                SIM_BY_CALL);
    }
    return 0;
}

/* ---- events ---- */

static int client_of_event(sim *s, flr_context *context, const char *key)
{
    flr_value *name = NULL;
    int client = -1;

    if (flr_context_get(context, key, &name) == 0) {
        client = sim_client_of(s, flr_value_get_text(name, NULL));
    }
    flr_value_unref(name);
    return client;
}

/* What ended before the client was gone comes before its event, the rest after it. */
static void check_place(sim *s, int64_t gone)
{
    uint64_t decision = 0;

    for (int i = s->first_task; i < s->task_count; i++) {
        const sim_task *t = &s->tasks[i];
        if (t->status == FLR_TASK_STANDING || t->by != SIM_BY_DRIVER || t->held ||
            t->ended >= gone) {
            continue;
        }
        decision = t->decision > decision ? t->decision : decision;
        sim_expect(s, t->done || !t->has_done, "General rules, Time",
                   "task_done comes after the event of a client gone later");
    }
    sim_finish_silent(s, decision, true);
}

static void on_disconnected(sim *s, flr_context *context)
{
    int client = client_of_event(s, context, FLR_PROP_DISCONNECTED_CLIENT_NAME);

    sim_note(s, "_client_disconnected %d", client);
    sim_expect(s, client >= 0, "DC-02", "_client_disconnected names nobody");
    /* unless it is back before the driver has told: then both, by the thread that heard it */
    sim_expect(s, s->stepping || client == s->expect_back, "DC-02",
               "_client_disconnected is the driver's");
    sim_settle(s); /* one that a callback reported just now, with a grace period of 0 */
    sim_expect(s, --s->pending_gone >= 0, "DC-02", "_client_disconnected too often");
    sim_expect(s, client < 0 || s->clients[client].untold, "DC-02", "_client_disconnected again");
    if (s->failed) {
        return;
    }
    s->clients[client].untold = false;
    if (s->stepping && s->bulk == 0 && !sim_is_live(s, client)) {
        check_place(s, s->clients[client].gone);
    }
    sim_nested(s, SIM_IN_EVENT, context);
}

static void on_reconnected(sim *s, flr_context *context)
{
    int client = client_of_event(s, context, FLR_PROP_RECONNECTED_CLIENT_NAME);

    sim_note(s, "_client_reconnected %d", client);
    sim_expect_int(s, client, s->expect_back, "DC-04", "who is reconnected");
    s->expect_back = -1;
    sim_nested(s, SIM_IN_EVENT, context);
}

static void on_fatal(sim *s)
{
    sim_note(s, "_fatal_system_error");
    sim_settle(s); /* what is due comes before the end */
    if (!s->panicking && !s->failing) {
        /* right before a gate opens, or after disconnections */
        bool opening = s->under_way && !s->open && sim_policy_is_violated(s);
        sim_expect(s, s->violated || opening, "DC-09", "_fatal_system_error without a cause");
        sim_expect(s, s->stepping, "DC-09", "the policy's panic is the driver's");
        s->violated = false;
        s->panic_made = true;
    }
    s->failing = false;
    s->aborted = true;
    s->wanted = true;
    s->status = FLR_STATUS_DONE;
    s->result = s->result == 0 ? FLR_E_ABORTED : s->result;
}

static void on_end_workflow(sim *s)
{
    sim_note(s, "_end_workflow");
    sim_check_ended(s, true);
    s->bulk = 0;
    s->open = false;
    s->workflow += !s->aborted;
}

static int on_event(void *self, const char *event, flr_context *context)
{
    sim *s = self;

    if (strcmp(event, FLR_EVENT_BEFORE_PROCESS_TASK_REQUEST) == 0) {
        sim_on_before_request(s, context);
    } else if (strcmp(event, FLR_EVENT_AFTER_PROCESS_TASK_REQUEST) == 0) {
        sim_on_after_request(s);
    } else if (strcmp(event, FLR_EVENT_BEFORE_PROCESS_SUBMISSION) == 0) {
        sim_on_before_submission(s, context);
    } else if (strcmp(event, FLR_EVENT_AFTER_PROCESS_SUBMISSION) == 0) {
        sim_on_after_submission(s);
    } else if (strcmp(event, FLR_EVENT_BEFORE_PROCESS_RESULT_OF_UNKNOWN_TASK) == 0) {
        sim_on_unknown_events(s, 1, 0);
    } else if (strcmp(event, FLR_EVENT_AFTER_PROCESS_RESULT_OF_UNKNOWN_TASK) == 0) {
        sim_on_unknown_events(s, 0, 1);
    } else if (strcmp(event, FLR_EVENT_CLIENT_DISCONNECTED) == 0) {
        on_disconnected(s, context);
    } else if (strcmp(event, FLR_EVENT_CLIENT_RECONNECTED) == 0) {
        on_reconnected(s, context);
    } else if (strcmp(event, FLR_EVENT_FATAL_SYSTEM_ERROR) == 0) {
        on_fatal(s);
    } else if (strcmp(event, FLR_EVENT_END_WORKFLOW) == 0) {
        on_end_workflow(s);
    } else if (strcmp(event, FLR_EVENT_ABOUT_TO_END_RUN) == 0) {
        s->status = FLR_STATUS_DONE;
    }
    return 0;
}

/* ---- the runner ---- */

static void add_parts(sim *s, flr_config *config)
{
    flr_component_ops listener;
    flr_controller_ops controller;
    flr_filter_ops filter;
    static const char *const ids[] = {"wf1", "wf2", "wf3"};
    int status = 0;

    flr_component_ops_init(&listener, sizeof listener);
    listener.handle_event = on_event;
    status |= flr_config_add_component(config, "listener", &listener, s);
    flr_controller_ops_init(&controller, sizeof controller);
    controller.start = controller_start;
    controller.step = controller_step;
    controller.stop = controller_stop;
    controller.process_result_of_unknown_task = sim_unknown;
    for (int i = 0; i < s->workflows; i++) {
        status |= flr_config_add_controller(config, ids[i], &controller, s, NULL, NULL);
    }
    flr_filter_ops_init(&filter, sizeof filter);
    filter.process = sim_filter_data;
    if (s->data_filter) {
        status |= flr_config_add_data_filter(config, "*", &filter, s);
    }
    filter.process = sim_filter_result;
    if (s->result_filter) {
        status |= flr_config_add_result_filter(config, "*", &filter, s);
    }
    sim_expect_int(s, status, 0, "LC-03", "configuration");
}

void sim_open_world(sim *s)
{
    const char *required[] = {s->required, NULL};
    flr_engine_ops engine;
    flr_config *config;
    int status = flr_clock_new_manual(SIM_BEGIN, 0, &s->clock);

    status |= flr_config_new(&config);
    status |= flr_config_set_clock(config, s->clock);
    status |= flr_config_set_seed(config, s->seed);
    status |= flr_config_set_log_level(config, FLR_LOG_CRITICAL);
    status |= flr_config_set_dead_client_grace_period(config, (double)s->grace / 1e9);
    status |= flr_config_set_dead_client_check_lead_time(config, (double)s->lead / 1e9);
    status |= flr_config_set_heartbeat_timeout(config, (double)s->heartbeat / 1e9);
    status |= flr_config_set_min_sites(config, s->min_sites);
    status |= flr_config_set_required_sites(config, required);
    add_parts(s, config);
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_clients;
    engine.task_ready = task_ready;
    engine.wakeup = wakeup;
    status |= flr_runner_new(config, SIM_JOB, &engine, s, &s->runner);
    sim_expect_int(s, status, 0, "LC-01", "a new runner");
}

void sim_close_world(sim *s)
{
    if (sim_chance(s, 50)) { /* tasks and contexts may outlive the host's reference */
        flr_runner_free(s->runner);
        s->runner = NULL;
    }
    for (int i = 0; i < s->task_count; i++) {
        flr_task_unref(s->tasks[i].task);
        s->tasks[i].task = NULL;
    }
    for (int i = 0; i < SIM_DEPTH; i++) {
        flr_context_free(s->contexts[i]);
        s->contexts[i] = NULL;
    }
    flr_runner_free(s->runner);
    s->runner = NULL;
    for (int i = 0; i < s->task_count; i++) {
        sim_expect_int(s, s->tasks[i].destroyed, 1, "board.h", "calls of a task's destroy");
    }
    flr_clock_unref(s->clock);
}

/* ---- steps ---- */

static void check_result(sim *s, const flr_step_result *result)
{
    s->ended = true;
    s->bulk = 0;
    s->under_way = s->open = false;
    s->violated = false;
    s->status = FLR_STATUS_DONE;
    sim_note(s, "the run has ended with %d", (int)result->result);
    sim_expect_int(s, result->result, s->result, "LC-23", "the run's result");
}

/* LC-26: nothing that is due may be slept over. */
static void check_wait(sim *s, int64_t wait)
{
    int64_t due = sim_next_due(s);

    due = s->open && s->step_due < due ? s->step_due : due;
    if (due != FLR_TIME_NONE && (wait < 0 || s->now + wait > due)) {
        sim_fail(s, "LC-26", "wait_ns %lld, but something is due in %lld", (long long)wait,
                 (long long)(due - s->now));
    }
}

static void check_step(sim *s, int64_t wait)
{
    sim_settle(s);
    sim_expect_int(s, s->pending_gone, 0, "DC-02", "_client_disconnected still to come");
    sim_expect(s, !s->violated || !sim_policy_is_violated(s), "DC-09", "a panic is missing");
    s->violated = false;
    sim_expect(s, !s->open || !s->wanted, "LC-32", "the controller was not stepped");
    sim_expect(s, !s->open || s->step_due > s->now, "LC-32", "the controller's due time passed");
    sim_expect(s, !s->aborted, "LC-28", "the run is aborted and does not end");
    check_wait(s, wait);
    sim_check_ended(s, true);
    sim_check_notices(s, true);
}

void sim_step(sim *s)
{
    flr_step_result result;
    int tries = 0;

    if (s->ended) {
        return;
    }
    sim_note(s, "step");
    s->begun = true;
    sim_settle(s);
    s->stepping = true;
    s->woken = s->moved = false;
    s->last_done = 0;
    s->step_decisions = s->decisions;
    do {
        flr_step_result_init(&result, sizeof result);
        sim_expect_int(s, flr_runner_step(s->runner, &result), 0, "LC-26", "flr_runner_step");
    } while (!s->failed && result.state == FLR_STEP_RUNNING && result.wait_ns == 0 && ++tries < 50);
    s->stepping = false;
    sim_expect(s, tries < 50, "LC-26", "step asks to be called at once again and again");
    if (result.state == FLR_STEP_ENDED) {
        check_result(s, &result);
        sim_check_ended(s, true);
    } else {
        check_step(s, result.wait_ns);
    }
}

void sim_advance(sim *s, int64_t by)
{
    sim_note(s, "the clock moves by %.2f", (double)by / 1e9);
    s->moved = true;
    sim_expect_int(s, flr_clock_advance_to(s->clock, flr_clock_get_now(s->clock) + by), 0, "clock",
                   "advance");
}
