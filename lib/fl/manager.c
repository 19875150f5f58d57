/*
 * Sticky properties: they belong to a site and are seen by all its contexts. The manager's lock
 * guards them; values are released after it.
 */
#include "fl/props.h"

#include <string.h>

int flr__manager_init(flr__manager *m)
{
    memset(m->slots, 0, sizeof m->slots);
    m->others = NULL;
    atomic_init(&m->version, 0);
    return flr__mutex_init(&m->lock, FLR__RANK_MANAGER);
}

void flr__manager_free(flr__manager *m)
{
    for (size_t i = 0; i < FLR__SLOTS; i++) {
        flr_value_unref(m->slots[i].value);
    }
    if (m->others != NULL) {
        flr__prop_map_clear(m->others);
        flr__free(m->others);
    }
    flr__mutex_destroy(&m->lock);
}

/*
 * Readers of derived values take the version before they read: it is bumped after each change,
 * inside the lock.
 */
static void changed_locked(flr__manager *m)
{
    atomic_fetch_add_explicit(&m->version, 1, memory_order_release);
}

static const flr_value *find_locked(const flr__manager *m, const flr__key *key, uint32_t *flags)
{
    const flr_value *value;

    *flags = 0;
    if (key->slot != 0) {
        *flags = m->slots[key->slot].flags;
        return m->slots[key->slot].value;
    }
    value = m->others == NULL ? NULL : flr__prop_map_get(m->others, key->text, flags);
    *flags |= FLR_PROP_FLAG_STICKY;
    return value;
}

/* Some properties are made when first read. */
static flr_value *build(flr__site *site, unsigned slot, uint64_t version)
{
    flr__manager *m = &site->manager;
    flr_value *value = site->build(site, slot);

    if (value == NULL) {
        return NULL;
    }
    flr__mutex_lock(&m->lock);
    /* If anything was changed meanwhile the value may be out of date: it serves this once. */
    if (m->slots[slot].value == NULL && atomic_load(&m->version) == version) {
        m->slots[slot] = (flr__prop){flr_value_ref(value), FLR_PROP_FLAG_STICKY};
        changed_locked(m);
    }
    flr__mutex_unlock(&m->lock);
    return value;
}

flr_value *flr__sticky_get(flr__site *site, const flr__key *key, uint32_t *flags)
{
    flr__manager *m = &site->manager;
    flr_value *value;
    uint64_t version;

    flr__mutex_lock(&m->lock);
    version = atomic_load(&m->version);
    value = flr_value_ref(find_locked(m, key, flags));
    flr__mutex_unlock(&m->lock);
    if (value == NULL && key->slot == FLR__S_CLIENT_HIERARCHY && site->build != NULL) {
        *flags = FLR_PROP_FLAG_STICKY;
        value = build(site, key->slot, version);
    }
    return value;
}

/* A value for a key without a slot, which may need memory. */
static int set_other_locked(flr__manager *m, const char *key, flr_value *value, uint32_t flags)
{
    if (m->others == NULL) {
        m->others = flr__zalloc(sizeof *m->others);
        if (m->others == NULL) {
            return FLR_E_NOMEM;
        }
    }
    return flr__prop_map_set(m->others, key, value, flags & FLR_PROP_FLAG_PUBLIC);
}

int flr__sticky_set(flr__site *site, const flr__key *key, flr_value *value, uint32_t flags)
{
    flr__manager *m = &site->manager;
    flr_value *old;
    uint32_t present;
    int status = 0;

    flags |= FLR_PROP_FLAG_STICKY;
    flr__mutex_lock(&m->lock);
    old = flr_value_ref(find_locked(m, key, &present)); /* released after the lock */
    if (old != NULL && present != flags) {
        status = FLR_E_EXISTS;
    } else if (key->slot == 0) {
        status = set_other_locked(m, key->text, value, flags);
    } else {
        flr_value_unref(m->slots[key->slot].value); /* not the last reference: `old` is one */
        m->slots[key->slot] = (flr__prop){value, flags};
    }
    if (status == 0) {
        changed_locked(m);
    }
    flr__mutex_unlock(&m->lock);
    flr_value_unref(old);
    return status;
}

int flr__sticky_remove(flr__site *site, const flr__key *key)
{
    flr__manager *m = &site->manager;
    flr_value *old;
    uint32_t flags;
    int status = 0;

    flr__mutex_lock(&m->lock);
    old = flr_value_ref(find_locked(m, key, &flags));
    if (old == NULL) {
        status = FLR_E_NOTFOUND;
    } else if (key->slot == 0) {
        status = flr__prop_map_remove(m->others, key->text);
    } else {
        flr_value_unref(m->slots[key->slot].value);
        m->slots[key->slot] = (flr__prop){NULL, 0};
    }
    if (status == 0) {
        changed_locked(m);
    }
    flr__mutex_unlock(&m->lock);
    flr_value_unref(old);
    return status;
}

static void replace(flr__site *site, unsigned slot, flr__prop fresh)
{
    flr__manager *m = &site->manager;
    flr_value *old;

    flr__mutex_lock(&m->lock);
    old = m->slots[slot].value;
    m->slots[slot] = fresh;
    changed_locked(
        m); /* also if nothing was there: what is being built from older facts must not be kept */
    flr__mutex_unlock(&m->lock);
    flr_value_unref(old);
}

void flr__sticky_put(flr__site *site, unsigned slot, flr_value *value, uint32_t flags)
{
    replace(site, slot,
            (flr__prop){value == NULL ? flr__value_nil() : value, flags | FLR_PROP_FLAG_STICKY});
}

void flr__sticky_drop(flr__site *site, unsigned slot)
{
    replace(site, slot, (flr__prop){NULL, 0});
}

/* ---- public ones ---- */

static int add_one(const flr_context *context, const flr__str *name, const flr_value *value,
                   flr_value **map)
{
    flr__key key = {name->text, flr__slot_of(name)};
    flr_value *ref;
    uint32_t flags;
    int status;

    if (flr__context_has_own(context, &key, &flags)) {
        return 0;
    }
    ref = flr_value_ref(value);
    status = flr__map_set(map, name, ref);
    if (status < 0) {
        flr_value_unref(ref);
    }
    return status;
}

int flr__sticky_add_public(flr__site *site, const flr_context *context, flr_value **map)
{
    flr__manager *m = &site->manager;
    const flr_value *others;
    int status = 0;

    flr__mutex_lock(&m->lock);
    for (unsigned i = 1; status == 0 && i < FLR__SLOTS; i++) {
        if (m->slots[i].value != NULL && (m->slots[i].flags & FLR_PROP_FLAG_PUBLIC) != 0) {
            status = add_one(context, flr__str_wellknown(i), m->slots[i].value, map);
        }
    }
    others = m->others == NULL ? NULL : m->others->maps[FLR_PROP_FLAG_PUBLIC];
    for (size_t i = 0; status == 0 && i < flr_value_get_size(others); i++) {
        status = add_one(context, flr__map_key(others, i), flr_map_get_at(others, i), map);
    }
    flr__mutex_unlock(&m->lock);
    return status;
}
