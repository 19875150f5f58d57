/* The world of tests/support/world.h. */
#include "world.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append(world *w, char *to, size_t room, const char *text, char end)
{
    pthread_mutex_lock(&w->lock);
    size_t used = strlen(to);
    ck_assert_uint_lt(used + strlen(text) + 3, room);
    if (used > 0 && to[used - 1] != end) /* world_trace took it away */
        to[used++] = end;
    snprintf(to + used, room - used, "%s%c", text, end);
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

void world_note(world *w, const char *format, ...)
{
    char word[512];
    va_list args;
    va_start(args, format);
    vsnprintf(word, sizeof word, format, args);
    va_end(args);
    append(w, w->trace, sizeof w->trace, word, ' ');
}

void world_clear(world *w)
{
    pthread_mutex_lock(&w->lock);
    w->trace[0] = '\0';
    pthread_mutex_unlock(&w->lock);
}

const char *world_trace(world *w)
{
    size_t used = strlen(w->trace);
    if (used > 0 && w->trace[used - 1] == ' ')
        w->trace[used - 1] = '\0';
    return w->trace;
}

/* How often the trace has the word. The caller holds the lock. */
static int count_of(const world *w, const char *word)
{
    int n = 0;
    size_t size = strlen(word);
    for (const char *p = w->trace; (p = strstr(p, word)) != NULL; p += size)
        n += (p == w->trace || p[-1] == ' ') && (p[size] == ' ' || p[size] == '\0');
    return n;
}

void world_await(world *w, const char *word, int count)
{
    pthread_mutex_lock(&w->lock);
    while (count_of(w, word) < count)
        pthread_cond_wait(&w->changed, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

int world_wakeups(world *w)
{
    pthread_mutex_lock(&w->lock);
    int wakeups = w->wakeups;
    pthread_mutex_unlock(&w->lock);
    return wakeups;
}

void world_await_wakeups(world *w, int count)
{
    pthread_mutex_lock(&w->lock);
    while (w->wakeups < count)
        pthread_cond_wait(&w->changed, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

static void note_of(world_workflow *wf, const char *what)
{
    if (wf->number == 1)
        world_note(wf->world, "%s", what);
    else
        world_note(wf->world, "%s%d", what, wf->number);
}

/* ---------------------------------------------------------------- engine */

static int list_clients(void *self, flr_client_list *list)
{
    world *w = self;
    for (int i = 0; i < w->client_count; i++)
        ck_assert_int_eq(flr_client_list_add(list, w->clients[i], w->parents[i]), 0);
    if (w->trace_lists)
        world_note(w, "list_clients");
    int own = w->on_list == NULL ? 0 : w->on_list(w);
    return own != 0 ? own : w->list_status;
}

static int send_aux(void *self, flr_aux_send *send)
{
    world *w = self;
    world_note(w, "aux:%s", flr_aux_send_get_topic(send));
    return w->on_send == NULL ? w->aux_status : w->on_send(w, send);
}

static int persist(void *self, const flr_state *state, int completed)
{
    world *w = self;
    world_note(w, "persist(%d)", completed);
    pthread_mutex_lock(&w->lock);
    flr_state *old = w->state;
    w->state = flr_state_ref(state);
    w->completed = completed != 0;
    pthread_mutex_unlock(&w->lock);
    flr_state_unref(old);
    int own = w->on_persist == NULL ? 0 : w->on_persist(w, completed);
    return own != 0 ? own : w->persist_status;
}

static int audit(void *self, const flr_audit_record *record)
{
    world *w = self;
    append(w, w->audit, sizeof w->audit, flr_audit_record_get_line(record), '\n');
    if (w->trace_audit)
        world_note(w, "audit");
    return w->audit_status;
}

static void wakeup(void *self)
{
    world *w = self;
    pthread_mutex_lock(&w->lock);
    w->wakeups++;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

static void take_log(void *self, int level, const char *line)
{
    world *w = self;
    (void)level;
    append(w, w->log, sizeof w->log, line, '\n');
}

/* ---------------------------------------------------------------- controller and communicator */

static int result_of(world_workflow *wf, flr_context *context, int status)
{
    return status < 0 && wf->detail != NULL ? flr_context_fail(context, status, "%s", wf->detail)
                                            : status;
}

#define HOOK(member, name, status)                                                                 \
    static int member(void *self, flr_context *context)                                            \
    {                                                                                              \
        world_workflow *wf = self;                                                                 \
        note_of(wf, #member);                                                                      \
        int own = wf->name == NULL ? 0 : wf->name(wf, context);                                    \
        return own != 0 ? own : result_of(wf, context, wf->status);                                \
    }
HOOK(initialize_run, on_initialize, initialize_status)
HOOK(finalize_run, on_finalize, finalize_status)
HOOK(start, on_start, start_status)
HOOK(stop, on_stop, stop_status)

static int step(void *self, flr_context *context, int64_t now, int64_t *due, int *ended)
{
    world_workflow *wf = self;
    (void)now;
    if (wf->steps++ == 0)
        note_of(wf, "control");
    int status = wf->on_control == NULL ? 0 : wf->on_control(wf, context);
    if (status == 0)
        status = result_of(wf, context, wf->control_status);
    flr_signal *abort = flr_context_get_abort_signal(context);
    *ended = wf->ended || flr_signal_is_triggered(abort);
    flr_signal_unref(abort);
    *due = wf->due;
    return status;
}

static int control_flow(void *self, flr_signal *abort, flr_context *context)
{
    world_workflow *wf = self;
    note_of(wf, "control");
    if (wf->on_flow != NULL)
        return wf->on_flow(wf, abort, context);
    int status = wf->on_control == NULL ? 0 : wf->on_control(wf, context);
    if (status == 0 && !wf->ended && wf->control_status == 0)
        flr_signal_wait(abort, -1.0);
    return status != 0 ? status : result_of(wf, context, wf->control_status);
}

static int advance(void *self, flr_context *context, int64_t now, int64_t *due)
{
    world_workflow *wf = self;
    return wf->on_advance == NULL ? 0 : wf->on_advance(wf, context, now, due);
}

static int request(void *self, flr_context *context, const char *client, flr_offer *offer)
{
    world_workflow *wf = self;
    return wf->on_request == NULL ? 0 : wf->on_request(wf, context, client, offer);
}

static int submission(void *self, flr_context *context, const char *client, const char *task,
                      const char *id, flr_shareable *result, int *outcome)
{
    world_workflow *wf = self;
    return wf->on_submission == NULL
               ? 0
               : wf->on_submission(wf, context, client, task, id, result, outcome);
}

static int check(void *self, flr_context *context, const char *client, const char *id, int *found)
{
    world_workflow *wf = self;
    if (wf->on_check == NULL)
        *found = FLR_CHECK_UNKNOWN;
    return wf->on_check == NULL ? 0 : wf->on_check(wf, context, client, id, found);
}

static int exception(void *self, flr_context *context, const char *id)
{
    world_workflow *wf = self;
    return wf->on_exception == NULL ? 0 : wf->on_exception(wf, context, id);
}

static int unknown(void *self, flr_context *context, const char *client, const char *task,
                   const char *id, const flr_shareable *result)
{
    world_workflow *wf = self;
    return wf->on_unknown == NULL ? 0 : wf->on_unknown(wf, context, client, task, id, result);
}

static int dead(void *self, flr_context *context, const char *client, int64_t when)
{
    world_workflow *wf = self;
    return wf->on_dead == NULL ? 0 : wf->on_dead(wf, context, client, when);
}

static int active(void *self, flr_context *context, const char *client, const char *reason)
{
    world_workflow *wf = self;
    return wf->on_active == NULL ? 0 : wf->on_active(wf, context, client, reason);
}

static void destroyed(void *self)
{
    ((world_workflow *)self)->destroyed++;
}

/* The property as text, a bool as "0" or "1"; "-" if it is not set. */
static void note_property(world *w, const char *before, const char *after, flr_context *context,
                          const char *key)
{
    flr_value *value = NULL;
    const char *text = "-";
    if (flr_context_get(context, key, &value) == 0)
        text = flr_value_get_text(value, flr_value_get_bool(value, 0) ? "1" : "0");
    world_note(w, "%s%s%s", before, text, after);
    flr_value_unref(value);
}

static int hear(void *self, const char *event, flr_context *context)
{
    world *w = self;
    if (w->trace_log_events || strstr(event, "_log_available") == NULL)
        world_note(w, "%s", event);
    if (w->trace_reasons && strcmp(event, FLR_EVENT_FATAL_SYSTEM_ERROR) == 0)
        note_property(w, "<", ">", context, FLR_PROP_EVENT_DATA);
    if (w->trace_reasons && strcmp(event, FLR_EVENT_ABOUT_TO_END_RUN) == 0)
        note_property(w, "fatal=", "", context, FLR_PROP_FATAL_SYSTEM_ERROR);
    return w->on_event == NULL ? 0 : w->on_event(w, event, context);
}

int world_offer_train(world_workflow *w, flr_context *context, const char *client, flr_offer *offer)
{
    char id[64];
    flr_shareable *data;
    (void)w;
    (void)context;
    snprintf(id, sizeof id, "id-%s", client);
    ck_assert_int_eq(flr_shareable_new(&data), 0);
    ck_assert_int_eq(flr_shareable_set_int(data, "n", 7), 0);
    return flr_offer_set(offer, "train", id, data);
}

/* ---------------------------------------------------------------- making one */

world *world_new(int workflows)
{
    world *w = calloc(1, sizeof *w);
    ck_assert_ptr_nonnull(w);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    ck_assert_int_eq(flr_clock_new_manual(1000000000, INT64_C(1767323045000000000), &w->clock), 0);
    ck_assert_int_eq(flr_config_new(&w->config), 0);
    ck_assert_int_eq(flr_config_set_clock(w->config, w->clock), 0);
    ck_assert_int_eq(flr_config_set_seed(w->config, 1), 0);
    w->clients[0] = "a";
    w->clients[1] = "b";
    w->client_count = 2;
    w->with_persist = w->with_aux = w->with_wakeup = true;
    w->workflow_count = workflows;
    for (int i = 0; i < workflows; i++) {
        w->workflows[i].world = w;
        w->workflows[i].number = i + 1;
        w->workflows[i].due = FLR_TIME_NONE;
    }
    return w;
}

static void add_workflow(world *w, int i)
{
    flr_component_ops component;
    flr_controller_ops controller;
    flr_communicator_ops communicator;
    char id[16];
    world_workflow *wf = &w->workflows[i];
    flr_component_ops_init(&component, sizeof component);
    component.destroy = destroyed;
    flr_controller_ops_init(&controller, sizeof controller);
    controller.component = &component;
    controller.step = wf->without_step ? NULL : step;
    controller.control_flow = wf->with_flow ? control_flow : NULL;
    controller.start = start;
    controller.stop = stop;
    controller.flags = w->concurrent_unknown ? FLR_CONTROLLER_FLAG_CONCURRENT : 0;
    controller.process_result_of_unknown_task = w->without_unknown ? NULL : unknown;
    flr_communicator_ops_init(&communicator, sizeof communicator);
    communicator.flags = w->serial ? 0 : FLR_COMMUNICATOR_FLAG_CONCURRENT;
    communicator.component = &component;
    communicator.process_task_request = request;
    communicator.process_submission = submission;
    communicator.initialize_run = initialize_run;
    communicator.finalize_run = finalize_run;
    communicator.process_task_check = w->without_check ? NULL : check;
    communicator.handle_exception = exception;
    communicator.process_dead_client_report = w->without_tell ? NULL : dead;
    communicator.client_is_active = w->without_tell ? NULL : active;
    communicator.advance = advance;
    snprintf(id, sizeof id, "wf%d", i + 1);
    ck_assert_int_eq(flr_config_add_controller(w->config, id, &controller, wf,
                                               wf->with_board ? NULL : &communicator, wf),
                     0);
}

void world_add_component(world *w)
{
    flr_component_ops ears;
    flr_component_ops_init(&ears, sizeof ears);
    ears.handle_event = hear;
    ck_assert_int_eq(flr_config_add_component(w->config, "ears", &ears, w), 0);
}

void world_start(world *w)
{
    flr_engine_ops engine;
    world_add_component(w);
    for (int i = 0; i < w->workflow_count; i++)
        add_workflow(w, i);
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_clients;
    engine.send_aux = w->with_aux ? send_aux : NULL;
    engine.persist = w->with_persist ? persist : NULL;
    engine.audit = w->with_audit ? audit : NULL;
    engine.wakeup = w->with_wakeup ? wakeup : NULL;
    engine.log = take_log;
    ck_assert_msg(flr_runner_new(w->config, WORLD_JOB, &engine, w, &w->runner) == 0, "%s",
                  flr_config_get_detail(w->config));
    w->config = NULL;
    ck_assert_int_eq(flr_runner_new_context(w->runner, &w->context), 0);
}

world *world_begin(int workflows, bool run)
{
    world *w = world_new(workflows);
    for (int i = 0; i < workflows; i++)
        w->workflows[i].with_flow = run;
    world_start(w);
    return w;
}

void world_free(world *w)
{
    bool started = w->runner != NULL;
    flr_config_free(w->config);
    flr_context_free(w->context);
    flr_runner_free(w->runner);
    flr_state_unref(w->state);
    flr_clock_unref(w->clock);
    for (int i = 0; started && i < w->workflow_count; i++)
        ck_assert_int_eq(w->workflows[i].destroyed, w->workflows[i].with_board ? 1 : 2);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->changed);
    free(w);
}

/* ---------------------------------------------------------------- driving */

flr_step_result world_step(world *w)
{
    flr_step_result result;
    flr_step_result_init(&result, sizeof result);
    do
        ck_assert_int_eq(flr_runner_step(w->runner, &result), 0);
    while (result.state == FLR_STEP_RUNNING && result.wait_ns == 0);
    return result;
}

flr_step_result world_advance(world *w, double seconds)
{
    ck_assert_int_eq(flr_clock_advance(w->clock, seconds), 0);
    return world_step(w);
}

int world_finish(world *w)
{
    for (int i = 0; i < w->workflow_count; i++)
        w->workflows[i].ended = true;
    flr_runner_wake(w->runner);
    flr_step_result result = world_step(w);
    for (int i = 0; i < 1000 && result.state == FLR_STEP_RUNNING; i++) {
        ck_assert_int_gt(result.wait_ns, 0);
        flr_clock_advance_to(w->clock, flr_clock_get_now(w->clock) + result.wait_ns);
        result = world_step(w);
    }
    ck_assert_int_eq(result.state, FLR_STEP_ENDED);
    return result.result;
}

static void *run_thread(void *self)
{
    world *w = self;
    w->run_status = flr_runner_run(w->runner);
    return NULL;
}

void world_run(world *w)
{
    ck_assert_int_eq(pthread_create(&w->thread, NULL, run_thread, w), 0);
}

int world_join(world *w)
{
    pthread_join(w->thread, NULL);
    return w->run_status;
}

int world_complete(world *w, bool run)
{
    if (!run)
        return world_finish(w);
    for (int i = 0; i < w->workflow_count; i++)
        w->workflows[i].ended = true;
    world_run(w);
    return world_join(w);
}

/* ---------------------------------------------------------------- messages */

static flr_value *peer_props(const char *job)
{
    flr_value *props = NULL;
    ck_assert_int_eq(flr_value_new_map(&props), 0);
    ck_assert_int_eq(flr_map_set_text(&props, "__run_num__", job), 0);
    ck_assert_int_eq(flr_map_set_text(&props, "__identity_name__", "liar"), 0);
    return props;
}

void world_peer(world *w, flr_context *context, const char *job)
{
    (void)w;
    ck_assert_int_eq(flr_context_reset(context), 0);
    if (job == NULL)
        return;
    flr_value *props = peer_props(job);
    ck_assert_int_eq(flr_context_set_peer_props(context, props), 0);
    flr_value_unref(props);
}

const flr_answer *world_request(world *w, const char *client)
{
    const flr_answer *answer = NULL;
    world_peer(w, w->context, WORLD_JOB);
    ck_assert_int_eq(flr_runner_process_task_request(w->runner, client, w->context, &answer), 0);
    return answer;
}

int world_submit_message(world *w, const char *client, const char *task, const char *id,
                         const flr_shareable *result)
{
    int outcome = 0;
    world_peer(w, w->context, WORLD_JOB);
    ck_assert_int_eq(
        flr_runner_process_submission(w->runner, client, w->context, task, id, result, &outcome),
        0);
    return outcome;
}

int world_submit(world *w, const char *client, const char *task, const char *id, const char *rc)
{
    flr_shareable *result;
    ck_assert_int_eq(flr_shareable_new(&result), 0);
    ck_assert_int_eq(flr_shareable_set_int(result, "x", 1), 0);
    if (rc != NULL)
        ck_assert_int_eq(flr_shareable_set_rc(result, rc), 0);
    int outcome = world_submit_message(w, client, task, id, result);
    flr_shareable_unref(result);
    return outcome;
}

const flr_shareable *world_aux(world *w, const char *client, const char *topic,
                               const flr_shareable *request)
{
    flr_shareable *message = NULL;
    const flr_shareable *reply = NULL;
    if (request == NULL)
        ck_assert_int_eq(flr_shareable_new(&message), 0);
    else
        ck_assert_int_eq(flr_shareable_copy(request, NULL, &message), 0);
    if (flr_shareable_get_header(message, FLR_HEADER_PEER_PROPS) == NULL)
        ck_assert_int_eq(
            flr_shareable_set_header(message, FLR_HEADER_PEER_PROPS, peer_props(WORLD_JOB)), 0);
    ck_assert_int_eq(flr_context_reset(w->context), 0);
    ck_assert_int_eq(flr_runner_process_aux(w->runner, client, topic, w->context, message, &reply),
                     0);
    ck_assert_ptr_nonnull(reply);
    flr_shareable_unref(message);
    return reply;
}

flr_stats world_stats(world *w)
{
    flr_stats stats;
    flr_stats_init(&stats, sizeof stats);
    ck_assert_int_eq(flr_runner_get_stats(w->runner, &stats), 0);
    return stats;
}
