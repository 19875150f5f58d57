/*
 * Public properties as a whole: listing them, for peers too, and replacing them. No lock: a
 * context is used by one thread at a time.
 */
#include "fl/props.h"

#define BIT(slot) (UINT64_C(1) << (slot))

/* map[key] = value; the reference passes over in any case. */
static int add(flr_value **map, const flr__str *key, flr_value *value)
{
    int status = flr__map_set(map, key, value);

    if (status < 0) {
        flr_value_unref(value);
    }
    return status;
}

static int add_slots(const flr_context *context, flr_value **map)
{
    int status = 0;

    for (uint64_t rest = context->used; status == 0 && rest != 0; rest &= rest - 1) {
        unsigned slot = (unsigned)__builtin_ctzll(rest);
        const flr__slot *s = &context->slots[slot];
        flr_value *value = NULL;

        if ((s->flags & FLR_PROP_FLAG_PUBLIC) == 0) {
            continue;
        }
        if (s->state == 2) {
            status = flr__message_value(s->u.message, &value);
        } else {
            value = flr_value_ref(s->u.value);
        }
        if (status == 0) {
            status = add(map, flr__str_wellknown(slot), value);
        }
    }
    return status;
}

static int add_others(const flr_context *context, flr_value **map)
{
    const flr_value *others =
        context->others == NULL ? NULL : context->others->maps[FLR_PROP_FLAG_PUBLIC];
    int status = 0;

    for (size_t i = 0; status == 0 && i < flr_value_get_size(others); i++) {
        const flr__str *key = flr__map_key(others, i);

        if (flr__slot_of(key) == 0) {
            status = add(map, key, flr_value_ref(flr_map_get_at(others, i)));
        }
    }
    return status;
}

int flr_context_get_public(const flr_context *context, flr_value **map)
{
    flr_value *all;
    int status;

    if (context == NULL || map == NULL) {
        return FLR_E_INVAL;
    }
    status = flr__map_new(4, &all);
    if (status < 0) {
        return status;
    }
    status = add_slots(context, &all);
    if (status == 0) {
        status = add_others(context, &all);
    }
    if (status == 0 && context->site != NULL) {
        status = flr__sticky_add_public(context->site, context, &all);
    }
    if (status < 0) {
        flr_value_unref(all);
        return status;
    }
    *map = all;
    return 0;
}

/* ---- for the wire ---- */

/* Whether a tree is without pointers. */
static bool has_wire_form(const flr_value *value)
{
    struct {
        const flr_value *tree;
        size_t next;
    } stack[FLR_VALUE_MAX_DEPTH];
    size_t depth = 0;

    for (;;) {
        int kind = flr_value_get_kind(value);

        if (kind == FLR_VALUE_POINTER) {
            return false;
        }
        if (flr_value_get_size(value) > 0) {
            stack[depth].tree = value;
            stack[depth++].next = 0;
        }
        while (depth > 0 && stack[depth - 1].next >= flr_value_get_size(stack[depth - 1].tree)) {
            depth--;
        }
        if (depth == 0) {
            return true;
        }
        value = stack[depth - 1].tree;
        value = flr_value_get_kind(value) == FLR_VALUE_LIST
                    ? flr_list_get(value, stack[depth - 1].next)
                    : flr_map_get_at(value, stack[depth - 1].next);
        stack[depth - 1].next++;
    }
}

static int copy_wire(const flr_value *all, flr_value **wire)
{
    int status = flr__map_new(flr_value_get_size(all), wire);

    for (size_t i = 0; status == 0 && i < flr_value_get_size(all); i++) {
        const flr_value *value = flr_map_get_at(all, i);

        if (has_wire_form(value)) {
            status = add(wire, flr__map_key(all, i), flr_value_ref(value));
            if (status < 0) {
                flr_value_unref(*wire);
            }
        }
    }
    return status;
}

int flr_context_get_public_for_wire(flr_context *context, flr_value **map)
{
    flr_value *all, *wire;
    size_t left_out = 0;
    int status;

    if (context == NULL || map == NULL) {
        return FLR_E_INVAL;
    }
    status = flr_context_get_public(context, &all);
    if (status < 0) {
        return status;
    }
    for (size_t i = 0; i < flr_value_get_size(all); i++) {
        left_out += has_wire_form(flr_map_get_at(all, i)) ? 0 : 1;
    }
    if (left_out == 0) {
        *map = all;
        return 0;
    }
    status = copy_wire(all, &wire);
    for (size_t i = 0; status == 0 && i < flr_value_get_size(all); i++) {
        if (!has_wire_form(flr_map_get_at(all, i))) {
            flr_context_log(context, FLR_LOG_WARNING,
                            "property \"%s\" has no wire form and is left out",
                            flr_map_get_key(all, i));
        }
    }
    if (status == 0) {
        *map = wire;
    }
    flr_value_unref(all);
    return status;
}

/* ---- replacing ---- */

/*
 * Whether a new public property may have this key: own public ones that are not sticky make room
 * for it.
 */
static bool may_replace(const flr_context *context, const flr__str *name)
{
    flr__key key = {name->text, flr__slot_of(name)};

    return name->size <= flr__key_max(context) && !flr__key_is_made(context, &key) &&
           flr__check_present(context, &key, FLR_PROP_FLAG_PUBLIC) == 0;
}

static void warn_left_out(flr_context *context, const flr_value *map)
{
    for (size_t i = 0; i < flr_value_get_size(map); i++) {
        if (!may_replace(context, flr__map_key(map, i))) {
            flr_context_log(context, FLR_LOG_WARNING,
                            "public property \"%s\" is set otherwise and is left out",
                            flr_map_get_key(map, i));
        }
    }
}

static int select_others(const flr_context *context, const flr_value *map, flr_value **fresh)
{
    int status = 0;

    *fresh = flr__value_empty_map();
    for (size_t i = 0; status == 0 && i < flr_value_get_size(map); i++) {
        const flr__str *key = flr__map_key(map, i);

        if (flr__slot_of(key) == 0 && may_replace(context, key)) {
            status = add(fresh, key, flr_value_ref(flr_map_get_at(map, i)));
        }
    }
    if (status < 0) {
        flr_value_unref(*fresh);
    }
    return status;
}

static void replace_slots(flr_context *context, const flr_value *map)
{
    for (unsigned slot = 1; slot < FLR__SLOTS; slot++) {
        const flr__str *key = flr__str_wellknown(slot);
        const flr_value *value = flr__map_get(map, key);

        if (value != NULL && may_replace(context, key)) {
            flr__context_put_as_set(context, slot, flr_value_ref(value), FLR_PROP_FLAG_PUBLIC);
        } else if (value == NULL && (context->used & BIT(slot)) != 0 &&
                   context->slots[slot].flags == FLR_PROP_FLAG_PUBLIC) {
            flr__context_drop(context, slot);
        }
    }
}

int flr_context_set_public(flr_context *context, const flr_value *map)
{
    flr_value *held, *fresh, *old;
    flr__prop_map *others;
    int status;

    if (context == NULL) {
        return FLR_E_INVAL;
    }
    if (flr_value_get_kind(map) != FLR_VALUE_MAP) {
        return flr__context_refuse(context, FLR_E_INVAL, "map");
    }
    held = flr_value_ref(map); /* it may be a property itself */
    warn_left_out(context, held);
    status = select_others(context, held, &fresh);
    if (status == 0) {
        replace_slots(context, held);
        others = flr__context_others(context);
        old = others->maps[FLR_PROP_FLAG_PUBLIC];
        others->maps[FLR_PROP_FLAG_PUBLIC] = flr_value_get_size(fresh) == 0 ? NULL : fresh;
        context->others = flr__prop_map_is_empty(others) ? NULL : others;
        flr_value_unref(old);
    }
    flr_value_unref(held);
    return status;
}
