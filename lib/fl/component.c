/*
 * Components: making an entry from the host's vtable, the registry of a site, named callbacks, and
 * the initialisers of the vtables that have no file of their own. A registry is changed by one
 * thread before the first run and constant afterwards; no lock.
 */
#include "base/abi.h"
#include "fl/site.h"

#include <string.h>

void flr_component_ops_init(flr_component_ops *ops, size_t size)
{
    flr__abi_init(ops, size);
}

void flr_controller_ops_init(flr_controller_ops *ops, size_t size)
{
    flr__abi_init(ops, size);
}

void flr_communicator_ops_init(flr_communicator_ops *ops, size_t size)
{
    flr__abi_init(ops, size);
}

void flr_filter_ops_init(flr_filter_ops *ops, size_t size)
{
    flr__abi_init(ops, size);
}

void flr_engine_ops_init(flr_engine_ops *ops, size_t size)
{
    flr__abi_init(ops, size);
}

/* ---- one component ---- */

static int copy_name(const char *name, const flr__str **out)
{
    int status = flr__check_name(name, FLR_NAME_MAX);

    if (status < 0) {
        return status;
    }
    *out = flr__str_new(name, strlen(name));
    return *out == NULL ? FLR_E_NOMEM : 0;
}

/*
 * The names of the events that handle_event wants; one more place than names, so that none of them
 * is still an array.
 */
static int copy_events(flr__component *c, const char *const *events)
{
    size_t count = 0;

    while (events[count] != NULL) {
        count++;
    }
    c->events = flr__zalloc_array(count + 1, sizeof(*c->events));
    if (c->events == NULL) {
        return FLR_E_NOMEM;
    }
    for (; c->event_count < count; c->event_count++) {
        int status = copy_name(events[c->event_count], &c->events[c->event_count]);

        if (status < 0) {
            return status;
        }
    }
    return 0;
}

static int fill(flr__component *c, const char *id, const flr_component_ops *ops)
{
    int status = copy_name(id, &c->id);

    if (status == 0 && ops != NULL) {
        status = flr__abi_import(&c->ops, sizeof c->ops, ops, sizeof c->ops, 0);
    }
    if (status < 0) {
        return status;
    }
    if (c->ops.name == NULL) {
        c->name = flr__str_ref(c->id);
    } else {
        status = copy_name(c->ops.name, &c->name);
    }
    if (status == 0 && c->ops.events != NULL) {
        status = copy_events(c, c->ops.events);
    }
    /* The host's arrays may be gone after this call. */
    c->ops.name = c->name == NULL ? NULL : c->name->text;
    c->ops.events = NULL;
    return status;
}

int flr__component_new(const char *id, enum flr__component_kind kind, const flr_component_ops *ops,
                       void *self, flr__component **out)
{
    flr__component *c = flr__zalloc(sizeof *c);
    int status;

    if (c == NULL) {
        return FLR_E_NOMEM;
    }
    c->kind = kind;
    c->self = self;
    status = fill(c, id, ops);
    if (status < 0) {
        flr__component_free(c, false);
        return status;
    }
    *out = c;
    return 0;
}

void flr__component_free(flr__component *c, bool destroy)
{
    if (c == NULL) {
        return;
    }
    if (destroy && c->ops.destroy != NULL) {
        flr__host_frame frame;

        flr__host_enter(&frame, FLR__HOST_CONTROLLER, NULL, c);
        c->ops.destroy(c->self);
        flr__host_leave(&frame);
    }
    for (size_t i = 0; i < c->event_count; i++) {
        flr__str_unref(c->events[i]);
    }
    for (size_t i = 0; i < c->callback_count; i++) {
        flr__str_unref(c->callbacks[i].event);
    }
    flr__free((void *)c->events);
    flr__free(c->callbacks);
    if (c->name != NULL) {
        flr__str_unref(c->name);
    }
    if (c->id != NULL) {
        flr__str_unref(c->id);
    }
    flr__free(c);
}

int flr__component_add_callback(flr__component *c, const char *event, flr_event_handler handler,
                                void *self)
{
    const flr__str *name;
    void *array = c->callbacks;
    int status;

    if (handler == NULL) {
        return FLR_E_INVAL;
    }
    status = copy_name(event, &name);
    if (status < 0) {
        return status;
    }
    for (size_t i = 0; i < c->callback_count; i++) {
        const flr__component_callback *old = &c->callbacks[i];

        if (flr__str_equals(old->event, name) && old->handler == handler && old->self == self) {
            flr__str_unref(name);
            return 0;
        }
    }
    status = flr__grow(&array, &c->callback_capacity, c->callback_count, sizeof *c->callbacks);
    c->callbacks = array;
    if (status < 0) {
        flr__str_unref(name);
        return status;
    }
    c->callbacks[c->callback_count++] = (flr__component_callback){name, handler, self};
    return 0;
}

/* ---- the registry ---- */

int flr__components_add(flr__components *cs, flr__component *c)
{
    void *array = cs->items;
    int status = flr__grow(&array, &cs->capacity, cs->count, sizeof(*cs->items));

    cs->items = array;
    if (status == 0) {
        cs->items[cs->count++] = c;
    }
    return status;
}

flr__component *flr__components_find(const flr__components *cs, const char *id,
                                     enum flr__component_kind kind)
{
    for (size_t i = 0; i < cs->count; i++) {
        if ((kind == 0 || cs->items[i]->kind == kind) && flr__str_is(cs->items[i]->id, id)) {
            return cs->items[i];
        }
    }
    return NULL;
}

void flr__components_free(flr__components *cs)
{
    for (size_t i = 0; i < cs->count; i++) {
        flr__component_free(cs->items[i], true);
    }
    flr__free(cs->items);
    memset(cs, 0, sizeof *cs);
}
