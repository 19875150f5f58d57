/*
 * Values as JSON text, for logs and status lines. No lock.
 */
#include "data/node.h"

#include "base/text.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* JSON has a point for decimals; printf has whatever the host's locale says, of any number of
 * bytes. */
static void print_real(flr__text *out, double real)
{
    char text[64];
    size_t size = 0;
    bool in_point = false;

    if (!isfinite(real)) {
        flr__text_add(out, "null");
        return;
    }
    snprintf(text, sizeof text, "%.17g", real);
    for (const char *p = text; *p != '\0'; p++) {
        bool is_plain = strchr("0123456789+-e", *p) != NULL;

        if (is_plain) {
            text[size++] = *p;
        } else if (!in_point) {
            text[size++] = '.';
        }
        in_point = !is_plain;
    }
    flr__text_add_sized(out, text, size);
}

static void print_tensor(flr__text *out, const flr__tensor *t)
{
    flr__text_addf(out, "{\"type\":\"%s\",\"shape\":[", flr_type_get_name(t->type));
    for (size_t i = 0; i < t->rank; i++) {
        flr__text_addf(out, "%s%" PRId64, i == 0 ? "" : ",", t->shape[i]);
    }
    flr__text_add(out, "]}");
}

/* One value without its children; of a container the opening bracket. */
static void print_node(flr__text *out, const flr_value *v)
{
    switch (v->kind) {
    case FLR_VALUE_BOOL:
        flr__text_add(out, ((const flr__number *)v)->truth ? "true" : "false");
        break;
    case FLR_VALUE_INT:
        flr__text_addf(out, "%" PRId64, ((const flr__number *)v)->integer);
        break;
    case FLR_VALUE_REAL:
        print_real(out, ((const flr__number *)v)->real);
        break;
    case FLR_VALUE_TEXT:
        flr__text_add_json(out, ((const flr__text_node *)v)->text);
        break;
    case FLR_VALUE_BYTES:
        flr__text_addf(out, "{\"bytes\":%zu}", v->bytes);
        break;
    case FLR_VALUE_TENSOR:
        print_tensor(out, (const flr__tensor *)v);
        break;
    case FLR_VALUE_POINTER:
        flr__text_add_json(out, ((const flr__pointer *)v)->kind);
        break;
    case FLR_VALUE_LIST:
        flr__text_add(out, "[");
        break;
    case FLR_VALUE_MAP:
        flr__text_add(out, "{");
        break;
    default:
        flr__text_add(out, "null");
        break;
    }
}

struct position {
    const flr_value *container;
    size_t next;
};

static const flr_value *print_up_to_child(flr__text *out, struct position *at)
{
    const flr__entry *e;

    if (at->next > 0) {
        flr__text_add(out, ",");
    }
    if (at->container->kind == FLR_VALUE_LIST) {
        return ((const flr__list *)at->container)->items[at->next++];
    }
    e = &((const flr__map *)at->container)->entries[at->next++];
    flr__text_add_json(out, e->key->text);
    flr__text_add(out, ":");
    return e->value;
}

static bool is_container(const flr_value *v)
{
    return v->kind == FLR_VALUE_LIST || v->kind == FLR_VALUE_MAP;
}

void flr__value_print_json(struct flr__text *out, const flr_value *v)
{
    struct position stack[FLR_VALUE_MAX_DEPTH];
    size_t depth = 0;

    v = v == NULL ? flr__value_nil() : v;
    print_node(out, v);
    if (is_container(v)) {
        stack[depth++] = (struct position){v, 0};
    }
    while (depth > 0) {
        struct position *top = &stack[depth - 1];

        if (top->next >= flr_value_get_size(top->container)) {
            flr__text_add(out, top->container->kind == FLR_VALUE_LIST ? "]" : "}");
            depth--;
            continue;
        }
        v = print_up_to_child(out, top);
        print_node(out, v);
        if (is_container(v)) {
            stack[depth++] = (struct position){v, 0};
        }
    }
}
