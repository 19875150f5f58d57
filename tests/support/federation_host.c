/* What a federation's host gives the library: the engine, a component that hears all, filters. */
#include "federation.h"

#include <sched.h>
#include <string.h>

/* ---------------------------------------------------------------- the engine */

static _Thread_local bool listing_fails; /* who schedules asks for it */

void fed_let_listing_fail(bool fails)
{
    listing_fails = fails;
}

static int list_clients(void *self, flr_client_list *list)
{
    federation *f = self;
    unsigned first = fed_random(f, f->clients);
    int status = 0;

    if (listing_fails) {
        return FED_CALLBACK;
    }
    for (unsigned i = 0; status == 0 && i < f->clients; i++) {
        unsigned client = (first + i) % f->clients;
        status = flr_client_list_add(list, fed_client(client), client < 2 ? NULL : fed_client(0));
    }
    for (unsigned i = 0; status == 0 && f->guests && i < fed_random(f, FED_GUESTS + 1); i++) {
        status = flr_client_list_add(list, fed_guest(i), "site-1");
    }
    return status;
}

static int send_aux(void *self, flr_aux_send *send)
{
    federation *f = self;

    for (size_t i = 0; i < flr_aux_send_get_target_count(send); i++) {
        FED_EXPECT(f, flr_aux_send_fail(send, i, FLR_E_IO), 0);
    }
    return 0;
}

static void wakeup(void *self)
{
    fed_wake_stepper(self);
}

static void ignore_notice(void *self, const char *client)
{
    (void)self, (void)client;
}

static void take_log(void *self, int level, const char *line)
{
    (void)self, (void)level, (void)line;
}

static int audit(void *self, const flr_audit_record *record)
{
    federation *f = self;

    return flr_audit_record_get_line(record)[0] != '[' || fed_chance(f, 50) ? FLR_E_IO : 0;
}

void fed_fill_engine(federation *f, flr_engine_ops *engine)
{
    flr_engine_ops_init(engine, sizeof *engine);
    engine->list_clients = list_clients;
    engine->send_aux = send_aux;
    engine->wakeup = f->options.steps ? wakeup : NULL;
    engine->log = take_log;
    engine->audit = fed_chance(f, 2) ? audit : NULL;
    if (f->options.notices) {
        engine->task_ready = fed_ready;
    } else {
        engine->task_ready = fed_chance(f, 2) ? ignore_notice : NULL;
    }
}

/* ---------------------------------------------------------------- components */

static int fail(atomic_uint *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
    return FED_CALLBACK;
}

static int hear(void *self, const char *event, flr_context *context)
{
    federation *f = self;

    if (strcmp(event, FLR_EVENT_CLIENT_DISCONNECTED) == 0) {
        atomic_fetch_add_explicit(&f->disconnected, 1, memory_order_relaxed);
    } else if (strcmp(event, FLR_EVENT_CLIENT_RECONNECTED) == 0) {
        atomic_fetch_add_explicit(&f->reconnected, 1, memory_order_relaxed);
    } else if (strcmp(event, FLR_EVENT_FATAL_SYSTEM_ERROR) == 0) {
        atomic_fetch_add_explicit(&f->fatals, 1, memory_order_relaxed);
    } else if (strcmp(event, FLR_EVENT_CHECK_END_RUN_READINESS) == 0 && fed_chance(f, 3)) {
        return FLR_E_NOT_READY;
    }
    fed_tick(f, context);
    return fed_chance(f, 80) ? fail(&f->handler_failures) : 0;
}

static void destroy(void *self)
{
    federation *f = self;

    atomic_fetch_add_explicit(&f->destroyed, 1, memory_order_relaxed);
}

/* Not concurrent: one message at a time. */
static int filter_data(void *self, flr_context *context, flr_shareable *message,
                       flr_shareable **output)
{
    federation *f = self;
    int status = 0;

    if (atomic_fetch_add_explicit(&f->in_data_filter, 1, memory_order_relaxed) != 0) {
        fed_wrong(f, "two calls of the data filter at once");
    }
    f->filtered++;
    fed_tick(f, context);
    sched_yield();
    if (fed_chance(f, f->calm ? 12 : 60)) {
        status = fail(&f->data_failures);
    } else if (fed_chance(f, 4)) { /* a message of its own */
        FED_EXPECT(f, flr_shareable_copy(message, NULL, output), 0);
        flr_shareable_freeze(*output);
    } else {
        FED_EXPECT(f, flr_shareable_set_int(message, "filtered", f->filtered), 0);
        *output = flr_shareable_ref(message);
    }
    atomic_fetch_sub_explicit(&f->in_data_filter, 1, memory_order_relaxed);
    return status;
}

static int filter_result(void *self, flr_context *context, flr_shareable *message,
                         flr_shareable **output)
{
    federation *f = self;

    fed_tick(f, context);
    if (fed_chance(f, 60)) {
        return fail(&f->result_failures);
    }
    *output = flr_shareable_ref(message);
    return 0;
}

int fed_add_parts(federation *f, flr_config *config)
{
    flr_component_ops component;
    flr_filter_ops filter;
    int status;

    flr_component_ops_init(&component, sizeof component);
    component.handle_event = hear;
    component.destroy = destroy;
    status = flr_config_add_component(config, "ears", &component, f);
    if (status == 0) {
        status = flr_info_collector_new(&f->collector);
    }
    if (status == 0) {
        status =
            flr_config_add_component(config, "info", flr_info_collector_get_ops(), f->collector);
    }
    flr_filter_ops_init(&filter, sizeof filter);
    filter.process = filter_data;
    if (status == 0 && fed_chance(f, 2)) {
        status = flr_config_add_data_filter(config, "*", &filter, f);
    }
    filter.flags = FLR_FILTER_FLAG_CONCURRENT;
    filter.process = filter_result;
    if (status == 0 && fed_chance(f, 2)) {
        status = flr_config_add_result_filter(config, "task-*1", &filter, f);
    }
    return status;
}
