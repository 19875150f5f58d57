/*
 * The event bus: who hears which event. The bus lock guards the lists; a list never changes once it
 * is in its place, and a firing (fire.c) holds a reference of the one it began with. Whether a
 * well-known event has a list may be read without the lock.
 *
 * A list may be empty: then only the site's owner hears its event.
 */
#include "fl/props.h"

#include <string.h>

/* ---- lists ---- */

typedef struct named_event {
    const flr__str *event;
    flr__listeners *listeners;
} named_event;

static bool matches_event(const void *item, const void *key, size_t size)
{
    const flr__str *event = ((const named_event *)item)->event;

    return event->size == size && memcmp(event->text, key, size) == 0;
}

static flr__listeners *listeners_ref(flr__listeners *l)
{
    if (l != NULL) {
        atomic_fetch_add_explicit(&l->refs, 1, memory_order_relaxed);
    }
    return l;
}

void flr__listeners_unref(flr__listeners *l)
{
    if (l != NULL && atomic_fetch_sub_explicit(&l->refs, 1, memory_order_acq_rel) == 1) {
        flr__free(l);
    }
}

static bool wants(const flr__component *c, const flr__str *event)
{
    if (c->ops.handle_event == NULL) {
        return false;
    }
    if (c->events == NULL) {
        return true;
    }
    for (size_t i = 0; event != NULL && i < c->event_count; i++) {
        if (flr__str_equals(c->events[i], event)) {
            return true;
        }
    }
    return false;
}

/* How often a component hears an event (NULL: any that nobody named); to may be NULL. */
static size_t collect(const flr__component *c, const flr__str *event, flr__listener *to)
{
    size_t count = 0;

    for (size_t i = 0; event != NULL && i < c->callback_count; i++) {
        const flr__component_callback *cb = &c->callbacks[i];

        if (flr__str_equals(cb->event, event)) {
            if (to != NULL) {
                to[count] = (flr__listener){cb->handler, cb->self, c};
            }
            count++;
        }
    }
    if (count == 0 && wants(c, event)) {
        if (to != NULL) {
            to[0] = (flr__listener){c->ops.handle_event, c->self, c};
        }
        count = 1;
    }
    return count;
}

/* The list of one event; NULL with status 0: nobody hears it. */
static int make_list(const flr__components *cs, const flr__str *event, bool even_if_empty,
                     flr__listeners **out)
{
    flr__listeners *l;
    size_t count = 0, size;

    *out = NULL;
    for (size_t i = 0; i < cs->count; i++) {
        count += collect(cs->items[i], event, NULL);
    }
    if (count == 0 && !even_if_empty) {
        return 0;
    }
    if (!flr__size_mul(count, sizeof l->items[0], &size) ||
        !flr__size_add(size, sizeof *l, &size) || (l = flr__alloc(size)) == NULL) {
        return FLR_E_NOMEM;
    }
    atomic_init(&l->refs, 1);
    l->count = count;
    count = 0;
    for (size_t i = 0; i < cs->count; i++) {
        count += collect(cs->items[i], event, &l->items[count]);
    }
    *out = l;
    return 0;
}

/* ---- building all lists ---- */

typedef struct lists {
    flr__listeners *known[FLR__S_COUNT];
    flr__listeners *any;
    flr__table named;
} lists;

static void free_named(flr__table *named)
{
    size_t position = 0;
    named_event *n;

    while ((n = flr__table_next(named, &position)) != NULL) {
        flr__listeners_unref(n->listeners);
        flr__str_unref(n->event);
        flr__free(n);
    }
    flr__table_free(named);
}

static void free_lists(lists *all)
{
    for (size_t i = 0; i < FLR__S_COUNT; i++) {
        flr__listeners_unref(all->known[i]);
    }
    flr__listeners_unref(all->any);
    free_named(&all->named);
}

/* An event that some component named, and that has no list yet. */
static int add_named(const flr__components *cs, const flr__str *event, lists *all)
{
    named_event *n;
    int status;

    if (event->index != 0) {
        return all->known[event->index] != NULL
                   ? 0
                   : make_list(cs, event, false, &all->known[event->index]);
    }
    if (flr__table_get(&all->named, event->text, event->size, event->hash) != NULL) {
        return 0;
    }
    n = flr__zalloc(sizeof *n);
    if (n == NULL) {
        return FLR_E_NOMEM;
    }
    n->event = flr__str_ref(event);
    status = make_list(cs, event, true, &n->listeners);
    if (status == 0) {
        status = flr__table_add(&all->named, n, event->hash);
    }
    if (status < 0) {
        flr__listeners_unref(n->listeners);
        flr__str_unref(n->event);
        flr__free(n);
    }
    return status;
}

static int add_all_named(const flr__components *cs, lists *all)
{
    int status = 0;

    for (size_t i = 0; status == 0 && i < cs->count; i++) {
        const flr__component *c = cs->items[i];

        for (size_t k = 0; status == 0 && k < c->event_count; k++) {
            status = add_named(cs, c->events[k], all);
        }
        for (size_t k = 0; status == 0 && k < c->callback_count; k++) {
            status = add_named(cs, c->callbacks[k].event, all);
        }
    }
    return status;
}

bool flr__bus_owner_hears(const flr__bus *bus, unsigned event)
{
    return bus->owner_handler != NULL &&
           (event == FLR__S_EV_FATAL_SYSTEM_ERROR || event == FLR__S_EV_GET_STATS);
}

static int build(const flr__site *site, lists *all)
{
    int status;

    memset(all, 0, sizeof *all);
    flr__table_init(&all->named, matches_event);
    status = make_list(&site->components, NULL, false, &all->any);
    if (status == 0) {
        status = add_all_named(&site->components, all);
    }
    for (unsigned i = 1; status == 0 && i < FLR__S_COUNT; i++) {
        if (all->known[i] == NULL) {
            all->known[i] = listeners_ref(all->any);
        }
        if (all->known[i] == NULL && flr__bus_owner_hears(&site->bus, i)) {
            status = make_list(&site->components, flr__str_wellknown(i), true, &all->known[i]);
        }
    }
    if (status < 0) {
        free_lists(all);
    }
    return status;
}

int flr__bus_rebuild(flr__site *site)
{
    flr__bus *bus = &site->bus;
    lists fresh, old;
    int status = build(site, &fresh);

    if (status < 0) {
        return status;
    }
    flr__mutex_lock(&bus->lock);
    for (size_t i = 0; i < FLR__S_COUNT; i++) {
        old.known[i] = atomic_exchange(&bus->known[i], fresh.known[i]);
    }
    old.any = bus->any;
    old.named = bus->named;
    bus->any = fresh.any;
    bus->named = fresh.named;
    atomic_store(&bus->others, fresh.any != NULL || fresh.named.count > 0);
    flr__mutex_unlock(&bus->lock);
    free_lists(&old);
    return 0;
}

int flr__bus_init(flr__bus *bus)
{
    for (size_t i = 0; i < FLR__S_COUNT; i++) {
        atomic_init(&bus->known[i], NULL);
    }
    bus->any = NULL;
    flr__table_init(&bus->named, matches_event);
    atomic_init(&bus->others, false);
    return flr__mutex_init(&bus->lock, FLR__RANK_BUS);
}

void flr__bus_free(flr__bus *bus)
{
    for (size_t i = 0; i < FLR__S_COUNT; i++) {
        flr__listeners_unref(atomic_load(&bus->known[i]));
    }
    flr__listeners_unref(bus->any);
    free_named(&bus->named);
    flr__mutex_destroy(&bus->lock);
}

flr__listeners *flr__bus_snapshot(flr__site *site, const flr__str *event)
{
    flr__bus *bus = &site->bus;
    const named_event *n;
    flr__listeners *l;

    if (event->index != 0 ? !flr__bus_hears(site, event->index) : !atomic_load(&bus->others)) {
        return NULL;
    }
    flr__mutex_lock(&bus->lock);
    if (event->index != 0) {
        l = atomic_load(&bus->known[event->index]);
    } else {
        n = flr__table_get(&bus->named, event->text, event->size, event->hash);
        l = n == NULL ? bus->any : n->listeners;
    }
    l = listeners_ref(l);
    flr__mutex_unlock(&bus->lock);
    return l;
}
