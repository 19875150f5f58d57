/*
 * Firing events, and panic. A firing lives on the stack of its thread, as does the context it is
 * made in; no lock is held while a handler runs.
 */
#include "fl/props.h"

#include "base/abi.h"
#include <flrunner/stats.h>
#include <string.h>

/* The properties that belong to a firing. */
static const unsigned event_slots[] = {FLR__S_EVENT_ID, FLR__S_EVENT_DATA, FLR__S_EVENT_ORIGIN,
                                       FLR__S_EVENT_SCOPE};
enum { ID, DATA, ORIGIN, SCOPE, PROPS };

typedef struct firing {
    flr_context *context;
    const flr__str *event;
    flr__slot before[PROPS]; /* what the context held */
    flr__slot now[PROPS];    /* what each handler meets */
    flr_value *failures;
} firing;

/* The component whose code this thread is inside of; NULL: none. */
static const flr__component *firing_component(const flr_context *context)
{
    const flr__host_frame *frame = flr__host_innermost();
    enum flr__component_kind kind = FLR__CONTROLLER;
    const flr__component *c;
    flr_value *workflow;

    if (frame == NULL || frame->site != context->site) {
        return NULL;
    }
    switch (frame->kind) {
    case FLR__HOST_EVENT:
    case FLR__HOST_EXECUTOR:
        return frame->object;
    case FLR__HOST_COMMUNICATOR:
        kind = FLR__COMMUNICATOR;
        break;
    case FLR__HOST_TASK:
    case FLR__HOST_UNKNOWN_TASK:
    case FLR__HOST_CONTROL_FLOW:
    case FLR__HOST_CONTROLLER:
        break;
    default:
        return NULL;
    }
    workflow = flr__context_find(context, FLR__S_WORKFLOW);
    c = flr__components_find(&context->site->components, flr_value_get_text(workflow, ""), kind);
    flr_value_unref(workflow);
    return c;
}

static void set_value(flr__slot *slot, flr_value *value)
{
    slot->u.value = value;
    slot->state = value == NULL ? 0 : 1;
    slot->flags = 0;
}

/*
 * The properties of this firing; what memory does not allow is missing unless the firing is
 * strict.
 */
static int prepare(firing *f, const flr__firing *how)
{
    flr__site *site = f->context->site;
    const flr__component *c = how->by_host ? firing_component(f->context) : NULL;
    flr_value *id = NULL, *origin = NULL;
    char text[FLR__ID_TEXT];
    int status;

    flr__site_new_id(site, text);
    status = flr_value_new_text(text, &id);
    if (status == 0 && c != NULL) {
        status = flr__value_new_str(c->name, &origin);
    } else if (c == NULL) {
        origin = flr_value_ref(site->event_texts[site->runner != NULL ? 0 : 1]);
    }
    if (status < 0 && how->strict) {
        flr_value_unref(id);
        flr_value_unref(origin);
        return status;
    }
    set_value(&f->now[ID], id);
    set_value(&f->now[ORIGIN], origin);
    set_value(&f->now[SCOPE], flr_value_ref(site->event_texts[how->federation ? 3 : 2]));
    for (size_t i = 0; i < PROPS; i++) {
        flr__context_take(f->context, event_slots[i], &f->before[i]);
    }
    flr__slot_copy(&f->now[DATA], how->data != NULL ? how->data : &f->before[DATA]);
    f->now[DATA].flags = 0;
    return 0;
}

static bool is_as(const flr__slot *a, const flr__slot *b)
{
    return a->state == b->state && a->flags == b->flags &&
           (a->state == 0 || (const void *)a->u.value == (const void *)b->u.value);
}

static void set_back(firing *f)
{
    for (size_t i = 0; i < PROPS; i++) {
        if (!is_as(&f->context->slots[event_slots[i]], &f->now[i])) {
            flr__slot copy;

            flr__slot_copy(&copy, &f->now[i]);
            flr__context_give(f->context, event_slots[i], &copy);
        }
    }
}

static void restore(firing *f)
{
    for (size_t i = 0; i < PROPS; i++) {
        flr__context_give(f->context, event_slots[i], &f->before[i]);
        flr__slot_release(&f->now[i]);
    }
}

static int make_failure(const flr__site *site, const flr__str *name, int status, const char *detail,
                        flr_value **out)
{
    flr_value *failure = NULL, *text = NULL;
    int code = flr__map_new(3, &failure);

    if (code == 0) {
        code = flr__value_new_str(name, &text);
    }
    if (code == 0) {
        code = flr_map_set(&failure, "component", text);
        text = code == 0 ? NULL : text;
    }
    if (code == 0) {
        code = flr_map_set_int(&failure, "code", status);
    }
    if (code == 0) {
        code = flr__text_value(site->secure ? "" : detail, &text);
    }
    if (code == 0) {
        code = flr_map_set(&failure, "detail", text);
        text = code == 0 ? NULL : text;
    }
    if (code < 0) {
        flr_value_unref(text);
        flr_value_unref(failure);
        return code;
    }
    *out = failure;
    return 0;
}

static void record(firing *f, const flr__str *name, int status)
{
    flr_context *context = f->context;
    flr__site *site = context->site;
    bool vote = status == FLR_E_NOT_READY && f->event->index == FLR__S_EV_CHECK_END_RUN_READINESS;
    const char *detail = flr_context_get_detail(context);
    char text[FLR__DETAIL_MAX + 64];
    flr_value *failure;

    flr__status_describe(site, status, detail, text, sizeof text);
    flr__context_log_quiet(context, vote ? FLR_LOG_INFO : FLR_LOG_ERROR,
                           "component %s failed to handle event %s: %s", name->text, f->event->text,
                           text);
    if (!vote && site->count != NULL) {
        site->count(site, offsetof(flr_stats, handler_failures));
    }
    if (make_failure(site, name, status, detail, &failure) == 0) {
        if (f->failures == NULL) {
            f->failures = flr__value_empty_list();
        }
        if (flr_list_add(&f->failures, failure) == 0) {
            return;
        }
        flr_value_unref(failure);
    }
    if (vote) { /* a vote is never lost: this way needs no memory */
        flr__context_put(context, FLR__S_NOT_READY_TO_END_RUN, flr__value_bool(true), 0);
    }
}

static void call(firing *f, const flr__listener *l)
{
    flr__host_frame frame;
    int status;

    set_back(f);
    flr__context_clear_detail(f->context);
    flr__host_enter(&frame, FLR__HOST_EVENT, f->context->site, l->component);
    status = flr__callback_status(l->handler(l->self, f->event->text, f->context));
    flr__host_leave(&frame);
    if (status < 0) {
        record(f, l->component->name, status);
    }
}

static void call_owner(firing *f)
{
    flr__site *site = f->context->site;
    const flr__str *name;
    int status;

    set_back(f);
    flr__context_clear_detail(f->context);
    status = flr__callback_status(site->bus.owner_handler(site, f->event, f->context));
    if (status < 0) {
        name = flr__str_new("runner", 6);
        record(f, name == NULL ? f->event : name, status);
        flr__str_unref(name);
    }
}

static void call_all(firing *f, const flr__listeners *listeners, flr__firing *how)
{
    flr_context *context = f->context;
    bool busy = atomic_exchange(&context->busy, true);

    context->now = FLR_TIME_NONE;
    context->depth++;
    for (size_t i = 0; i < listeners->count; i++) {
        call(f, &listeners->items[i]);
    }
    if (flr__bus_owner_hears(&context->site->bus, f->event->index)) {
        call_owner(f);
        how->owner_called = true;
    }
    context->depth--;
    atomic_store(&context->busy, busy);
}

int flr__bus_fire(flr_context *context, const flr__str *event, flr__firing *how)
{
    firing f = {.context = context, .event = event};
    flr__site *site = context->site;
    flr__listeners *listeners;
    char detail[FLR__DETAIL_MAX];
    int status = 0;

    if (site == NULL) {
        flr__context_log_quiet(context, FLR_LOG_ERROR,
                               "event %s is fired in a context without an engine", event->text);
        return FLR_E_STATE;
    }
    listeners = flr__bus_snapshot(site, event);
    if (listeners == NULL) {
        return 0;
    }
    if ((size_t)context->depth > site->event_depth) {
        status = FLR_E_LIMIT;
    } else {
        status = prepare(&f, how);
    }
    if (status == 0) {
        /* A handler that fires or logs after it has said why it will fail keeps its words. */
        memcpy(detail, context->detail, sizeof detail);
        call_all(&f, listeners, how);
        memcpy(context->detail, detail, sizeof detail);
        restore(&f);
        if (how->keep_exceptions) {
            flr_value_unref(f.failures);
        } else if (f.failures != NULL) {
            flr__context_put(context, FLR__S_EXCEPTIONS, f.failures, 0);
        } else {
            flr__context_drop(context, FLR__S_EXCEPTIONS);
        }
    }
    flr__listeners_unref(listeners);
    return status;
}

int flr__fire(flr_context *context, const flr__str *event)
{
    flr__firing how = {0};

    return flr__bus_fire(context, event, &how);
}

/* ---- firing by hosts ---- */

static int fire_by_name(flr_context *context, const char *event, flr__firing *how)
{
    flr__site *site = context->site;
    const flr__str *name;
    size_t size;
    int status = flr__check_name(event, site == NULL ? FLR_NAME_MAX : site->name_max);

    if (status < 0) {
        return flr__context_refuse(context, status, "event");
    }
    size = strlen(event);
    name = flr__str_find(event, size, flr__hash32(event, size));
    if (name == NULL) {
        if (site != NULL && !atomic_load(&site->bus.others)) {
            return 0;
        }
        name = flr__str_new(event, size);
        if (name == NULL) {
            return FLR_E_NOMEM;
        }
    }
    how->by_host = true;
    how->strict = true;
    status = flr__bus_fire(context, name, how);
    flr__str_unref(name);
    if (status == FLR_E_LIMIT) {
        flr_context_fail(context, status, "event: %s is fired at a depth of more than %zu", event,
                         site->event_depth);
    }
    return status;
}

int flr_context_fire(flr_context *context, const char *event)
{
    flr__firing how = {0};

    return context == NULL ? FLR_E_INVAL : fire_by_name(context, event, &how);
}

static bool are_targets(const flr_value *targets)
{
    if (targets != NULL && flr_value_get_kind(targets) != FLR_VALUE_LIST) {
        return false;
    }
    for (size_t i = 0; i < flr_value_get_size(targets); i++) {
        if (flr_value_get_kind(flr_list_get(targets, i)) != FLR_VALUE_TEXT) {
            return false;
        }
    }
    return true;
}

int flr_context_fire_federation(flr_context *context, const char *event, flr_shareable *data,
                                const flr_value *targets)
{
    flr__slot slot = {{.message = data}, 2, 0, false};
    flr__firing how = {.federation = true, .data = &slot};
    flr_value *header;
    int status;

    if (context == NULL) {
        return FLR_E_INVAL;
    }
    status = flr__check_name(event, context->site == NULL ? FLR_NAME_MAX : context->site->name_max);
    if (status < 0) {
        return flr__context_refuse(context, status, "event");
    }
    if (data == NULL || !are_targets(targets)) {
        return flr__context_refuse(context, FLR_E_INVAL, data == NULL ? "data" : "targets");
    }
    if (context->site != NULL) {
        header = targets == NULL ? flr__value_nil() : flr_value_ref(targets);
        status = flr__shareable_set_header(data, FLR__STR(TARGETS), header);
        if (status < 0) {
            flr_value_unref(header);
            return flr__context_refuse(context, status, "data");
        }
    }
    return fire_by_name(context, event, &how);
}

/* ---- panic ---- */

static void panic(flr_context *context, const char *reason, bool by_host)
{
    flr__firing how = {.by_host = by_host};
    flr__site *site = context->site;
    flr_value *text;

    if (flr__text_value(reason, &text) == 0) {
        flr__context_put(context, FLR__S_EVENT_DATA, text, 0);
    } else {
        flr__context_drop(context, FLR__S_EVENT_DATA);
    }
    flr__bus_fire(context, FLR__STR(EV_FATAL_SYSTEM_ERROR), &how);
    /* Fired too deep: the components do not hear it, but the run ends all the same. */
    if (!how.owner_called && site->bus.owner_handler != NULL) {
        site->bus.owner_handler(site, FLR__STR(EV_FATAL_SYSTEM_ERROR), context);
    }
}

void flr__panic(flr_context *context, const char *reason)
{
    panic(context, reason, false);
}

int flr_context_panic(flr_context *context, const char *reason)
{
    if (context == NULL) {
        return FLR_E_INVAL;
    }
    if (reason == NULL || reason[0] == '\0') {
        return flr__context_refuse(context, FLR_E_INVAL, "reason");
    }
    if (context->site == NULL) {
        flr__context_log_quiet(context, FLR_LOG_ERROR, "panic in a context without an engine");
        return FLR_E_STATE;
    }
    panic(context, reason, true);
    return 0;
}
