/*
 * Properties of a context: the map of those without a slot; getting, setting and removing. No lock
 * of its own: a context is used by one thread at a time; sticky properties are guarded by the
 * manager (manager.c).
 */
#include "fl/props.h"

#include "base/abi.h"
#include <string.h>

#define BIT(slot)   (UINT64_C(1) << (slot))
#define KNOWN_FLAGS (FLR_PROP_FLAG_PUBLIC | FLR_PROP_FLAG_STICKY)
/* Every property must fit into a map. */
#define DEPTH_MAX   (FLR_VALUE_MAX_DEPTH - 1)

/* ---- properties without a slot ---- */

const flr_value *flr__prop_map_get(const flr__prop_map *m, const char *key, uint32_t *flags)
{
    for (uint32_t i = 0; i < 2; i++) {
        const flr_value *value = m->maps[i] == NULL ? NULL : flr_map_get(m->maps[i], key);

        if (value != NULL) {
            *flags = i;
            return value;
        }
    }
    return NULL;
}

/* As flr_map_set, for a map that is NULL while it is empty. */
static int map_set(flr_value **map, const char *key, flr_value *value)
{
    int status;

    if (*map == NULL) {
        *map = flr__value_empty_map();
    }
    status = flr_map_set(map, key, value);
    if (*map == flr__value_empty_map()) {
        *map = NULL;
    }
    return status;
}

int flr__prop_map_set(flr__prop_map *m, const char *key, flr_value *value, uint32_t flags)
{
    return map_set(&m->maps[flags & FLR_PROP_FLAG_PUBLIC], key, value);
}

int flr__prop_map_remove(flr__prop_map *m, const char *key)
{
    uint32_t i = 0;
    int status;

    if (flr__prop_map_get(m, key, &i) == NULL) {
        return FLR_E_NOTFOUND;
    }
    status = flr_map_remove(&m->maps[i], key);
    if (status == 0 && flr_value_get_size(m->maps[i]) == 0) {
        flr_value_unref(m->maps[i]);
        m->maps[i] = NULL;
    }
    return status;
}

bool flr__prop_map_is_empty(const flr__prop_map *m)
{
    return m->maps[0] == NULL && m->maps[1] == NULL;
}

void flr__prop_map_copy(flr__prop_map *to, const flr__prop_map *from)
{
    to->maps[0] = flr_value_ref(from->maps[0]);
    to->maps[1] = flr_value_ref(from->maps[1]);
}

void flr__prop_map_clear(flr__prop_map *m)
{
    flr__prop_map old = *m;

    memset(m, 0, sizeof *m);
    flr_value_unref(old.maps[0]);
    flr_value_unref(old.maps[1]);
}

/* ---- keys ---- */

unsigned flr__slot_of(const flr__str *key)
{
    return key->index < FLR__SLOTS ? key->index : 0;
}

flr__key flr__key_of(const char *text)
{
    size_t size = strlen(text);
    const flr__str *known = flr__str_find(text, size, flr__hash32(text, size));

    return (flr__key){text, known == NULL ? 0 : flr__slot_of(known)};
}

bool flr__key_is_made(const flr_context *context, const flr__key *key)
{
    return !flr__context_is_peer(context) &&
           (key->slot == FLR__S_PEER_CTX || key->slot == FLR__S_EVENT_DEPTH);
}

size_t flr__key_max(const flr_context *context)
{
    return context->site == NULL ? FLR_NAME_MAX : context->site->name_max;
}

/* ---- getting ---- */

bool flr__context_has_own(const flr_context *context, const flr__key *key, uint32_t *flags)
{
    *flags = 0;
    if (flr__key_is_made(context, key)) {
        return key->slot == FLR__S_PEER_CTX ? context->has_peer : context->depth > 0;
    }
    if (key->slot != 0) {
        *flags = context->slots[key->slot].flags;
        return (context->used & BIT(key->slot)) != 0;
    }
    return context->others != NULL && flr__prop_map_get(context->others, key->text, flags) != NULL;
}

static void release_message(void *message)
{
    flr_shareable_unref(message);
}

int flr__message_value(flr_shareable *message, flr_value **value)
{
    int status = flr_value_new_pointer("flr_shareable", message, release_message, value);

    if (status == 0) {
        flr_shareable_ref(message);
    }
    return status;
}

int flr__context_get_own(const flr_context *context, const flr__key *key, flr_value **value,
                         uint32_t *flags)
{
    const flr__slot *s = &context->slots[key->slot];

    if (!flr__context_has_own(context, key, flags)) {
        return FLR_E_NOTFOUND;
    }
    if (flr__key_is_made(context, key)) {
        return key->slot == FLR__S_PEER_CTX
                   ? flr_value_new_pointer("flr_context", context->peer, NULL, value)
                   : flr_value_new_int(context->depth, value);
    }
    if (key->slot == 0) {
        *value = flr_value_ref(flr__prop_map_get(context->others, key->text, flags));
        return 0;
    }
    if (s->state == 2) {
        return flr__message_value(s->u.message, value);
    }
    *value = flr_value_ref(s->u.value);
    return 0;
}

int flr_context_get_prop(const flr_context *context, const char *key, flr_value **value,
                         uint32_t *flags)
{
    flr__key k;
    int status;

    if (context == NULL || key == NULL || key[0] == '\0' || value == NULL || flags == NULL) {
        return FLR_E_INVAL;
    }
    k = flr__key_of(key);
    status = flr__context_get_own(context, &k, value, flags);
    if (status == FLR_E_NOTFOUND && context->site != NULL) {
        flr_value *sticky = flr__sticky_get(context->site, &k, flags);

        if (sticky != NULL) {
            *value = sticky;
            status = 0;
        } else if (k.slot == FLR__S_CLIENT_HIERARCHY && context->site->build != NULL) {
            status = FLR_E_NOMEM; /* it is there, but could not be made */
        }
    }
    return status;
}

int flr_context_get(const flr_context *context, const char *key, flr_value **value)
{
    uint32_t flags;

    return flr_context_get_prop(context, key, value, &flags);
}

/* ---- setting ---- */

/* Whether this context set the sticky property of this key itself. */
static bool is_marked(const flr_context *context, const flr__key *key)
{
    const flr__context_block *block = flr__context_block_of(context);

    if (key->slot != 0) {
        return (block->marks & BIT(key->slot)) != 0;
    }
    return block->marked != NULL && flr_map_get(block->marked, key->text) != NULL;
}

static int mark(flr_context *context, const flr__key *key)
{
    flr__context_block *block = flr__context_block_of(context);

    if (key->slot != 0) {
        block->marks |= BIT(key->slot);
        return 0;
    }
    return map_set(&block->marked, key->text, flr__value_nil());
}

/*
 * CX-03: what exists for a context is its own entry, or a sticky property that it set itself; one
 * that only others set may be hidden (CX-04). Sticky sets are also compared with the manager's
 * entry, when they are made.
 */
int flr__check_present(const flr_context *context, const flr__key *key, uint32_t flags)
{
    uint32_t present;
    flr_value *value;

    if (flr__context_has_own(context, key, &present)) {
        return present == flags ? 0 : FLR_E_EXISTS;
    }
    if (context->site == NULL || (flags & FLR_PROP_FLAG_STICKY) != 0 || !is_marked(context, key)) {
        return 0;
    }
    value = flr__sticky_get(context->site, key, &present);
    flr_value_unref(value);
    return value == NULL ? 0 : FLR_E_EXISTS;
}

static int check_set(flr_context *context, const char *key, const flr_value *value, uint32_t flags)
{
    flr__key k;
    int status = flr__check_name(key, flr__key_max(context));

    if (status < 0) {
        return flr__context_refuse(context, status, "key");
    }
    if ((flags & ~KNOWN_FLAGS) != 0) {
        return flr__context_refuse(context, FLR_E_INVAL, "flags");
    }
    if (flr_value_get_depth(value) > DEPTH_MAX) {
        return flr__context_refuse(context, FLR_E_LIMIT, "value");
    }
    k = flr__key_of(key);
    if (flr__key_is_made(context, &k)) {
        return flr_context_fail(context, FLR_E_INVAL, "key: \"%s\" is the library's", key);
    }
    if ((flags & FLR_PROP_FLAG_STICKY) != 0 && context->site == NULL) {
        return flr_context_fail(context, FLR_E_STATE, "flags: nothing is sticky without an engine");
    }
    return 0;
}

static bool holds_message(unsigned slot)
{
    return slot == FLR__S_TASK_DATA || slot == FLR__S_TASK_RESULT || slot == FLR__S_SHAREABLE ||
           slot == FLR__S_EVENT_DATA;
}

void flr__context_put_as_set(flr_context *context, unsigned slot, flr_value *value, uint32_t flags)
{
    flr_shareable *message = NULL;

    if (holds_message(slot)) {
        message = flr_value_get_pointer(value, "flr_shareable");
    }
    if (message == NULL) {
        flr__context_put(context, slot, value, flags);
    } else {
        flr__context_put_message(context, slot, flr_shareable_ref(message), flags);
        flr_value_unref(value);
    }
}

static int set_own(flr_context *context, const flr__key *key, flr_value *value, uint32_t flags)
{
    flr__prop_map *others = flr__context_others(context);
    int status;

    if (key->slot != 0) {
        flr__context_put_as_set(context, key->slot, value, flags);
        return 0;
    }
    status = flr__prop_map_set(others, key->text, value, flags);
    if (status == 0) {
        context->others = others;
    }
    return status;
}

static int set_sticky(flr_context *context, const flr__key *key, flr_value *value, uint32_t flags)
{
    uint32_t present;
    int status = mark(context, key);

    if (status < 0) {
        return status;
    }
    flr_value_ref(value);
    status = flr__sticky_set(context->site, key, value, flags);
    if (status == 0 && flr__context_has_own(context, key, &present)) {
        flr__context_put(context, key->slot, value,
                         flags); /* only slots have own entries that are sticky */
    } else {
        flr_value_unref(value);
    }
    return status;
}

int flr_context_set_prop(flr_context *context, const char *key, flr_value *value, uint32_t flags)
{
    flr_value *v = value == NULL ? flr__value_nil() : value;
    flr__key k;
    int status = context == NULL ? FLR_E_INVAL : check_set(context, key, v, flags);

    if (status < 0) {
        return status;
    }
    k = flr__key_of(key);
    status = flr__check_present(context, &k, flags);
    if (status == 0) {
        status = (flags & FLR_PROP_FLAG_STICKY) != 0 ? set_sticky(context, &k, v, flags)
                                                     : set_own(context, &k, v, flags);
    }
    if (status == FLR_E_EXISTS) {
        flr_context_log(
            context, FLR_LOG_WARNING,
            "property \"%s\" is set with another privacy or stickiness: its value stays", key);
        flr_context_fail(context, status, "key: \"%s\" is set with another privacy or stickiness",
                         key);
    }
    return status;
}

int flr_context_set(flr_context *context, const char *key, flr_value *value)
{
    return flr_context_set_prop(context, key, value, FLR_PROP_FLAG_STICKY);
}

/* ---- removing ---- */

static int remove_own(flr_context *context, const flr__key *key)
{
    int status;

    if (flr__key_is_made(context, key)) {
        return key->slot == FLR__S_PEER_CTX ? flr_context_set_peer_props(context, NULL)
                                            : flr__context_refuse(context, FLR_E_INVAL, "key");
    }
    if (key->slot != 0) {
        flr__context_drop(context, key->slot);
        return 0;
    }
    status = flr__prop_map_remove(context->others, key->text);
    if (flr__prop_map_is_empty(context->others)) {
        context->others = NULL;
    }
    return status;
}

int flr_context_remove(flr_context *context, const char *key, int force)
{
    flr__key k;
    uint32_t flags;

    if (context == NULL) {
        return FLR_E_INVAL;
    }
    if (key == NULL || key[0] == '\0' || (strncmp(key, "__", 2) == 0 && force == 0)) {
        return flr__context_refuse(context, FLR_E_INVAL, "key");
    }
    k = flr__key_of(key);
    if (flr__context_has_own(context, &k, &flags)) {
        return remove_own(context, &k);
    }
    return context->site == NULL ? FLR_E_NOTFOUND : flr__sticky_remove(context->site, &k);
}

/* ---- custom properties ---- */

int flr_context_set_custom(flr_context *context, const char *key, flr_value *value)
{
    const flr__key custom = {FLR_PROP_CUSTOM_PROPS, FLR__S_CUSTOM_PROPS};
    flr_value *map, *v = value == NULL ? flr__value_nil() : value;
    flr__slot *s;
    int status;

    if (context == NULL) {
        return FLR_E_INVAL;
    }
    status = flr__check_name(key, flr__key_max(context));
    if (status < 0) {
        return flr__context_refuse(context, status, "key");
    }
    if (flr_value_get_depth(v) > DEPTH_MAX - 1) {
        return flr__context_refuse(context, FLR_E_LIMIT, "value");
    }
    s = &context->slots[FLR__S_CUSTOM_PROPS];
    if (s->state == 1 && s->flags == 0 && flr_value_get_kind(s->u.value) == FLR_VALUE_MAP) {
        return flr_map_set(&s->u.value, key, v);
    }
    if (s->state != 0 || flr__check_present(context, &custom, 0) < 0) {
        return flr_context_fail(context, FLR_E_EXISTS, "key: \"%s\" is set otherwise", custom.text);
    }
    status = flr__map_new(2, &map);
    if (status == 0) {
        status = flr_map_set(&map, key, v);
        if (status < 0) {
            flr_value_unref(map);
        } else {
            flr__context_put(context, FLR__S_CUSTOM_PROPS, map, 0);
        }
    }
    return status;
}

int flr_context_get_custom(const flr_context *context, const char *key, flr_value **value)
{
    const flr_value *found;
    flr_value *map;

    if (context == NULL || key == NULL || key[0] == '\0' || value == NULL) {
        return FLR_E_INVAL;
    }
    map = flr__context_find(context, FLR__S_CUSTOM_PROPS);
    found = flr_map_get(map, key);
    if (found != NULL) {
        *value = flr_value_ref(found);
    }
    flr_value_unref(map);
    return found == NULL ? FLR_E_NOTFOUND : 0;
}
