/*
 * Scalars, text, bytes and pointers as values; references, sizes and equality of all kinds. No
 * lock: these never change, and a list or map is only changed by the one who holds it alone
 * (container.c).
 */
#include "data/node.h"

#include "base/text.h"
#include <string.h>

/* clang-format off */
#define IMMORTAL(k) {.count = 1, .kind = (k), .depth = 1, .holding = FLR__IMMORTAL}
#define TEXT(t) {.v = {.count = 1, .kind = FLR_VALUE_TEXT, .depth = 1, .holding = FLR__IMMORTAL, .bytes = sizeof(t) - 1}, .text = (t)}
/* clang-format on */

static const flr_value nil_node = IMMORTAL(FLR_VALUE_NIL);
static const flr__number false_node = {.v = IMMORTAL(FLR_VALUE_BOOL), .truth = false};
static const flr__number true_node = {.v = IMMORTAL(FLR_VALUE_BOOL), .truth = true};
static const flr__list empty_list = {.v = IMMORTAL(FLR_VALUE_LIST)};
static const flr__map empty_map = {.v = IMMORTAL(FLR_VALUE_MAP)};
static const flr__text_node empty_text = TEXT("");
static const flr__text_node in_text = TEXT("in");
static const flr__text_node out_text = TEXT("out");

/* ---- nodes and references ---- */

void *flr__node_new(size_t size, int kind)
{
    flr_value *v = flr__block_alloc(size);

    if (v != NULL) {
        atomic_init(&v->refs, 1);
        v->count = 1;
        v->kind = (uint8_t)kind;
        v->depth = 1;
        v->holding = FLR__COUNTED;
        v->bytes = 0;
        v->units = size > FLR__BLOCK_MAX ? 0 : (uint8_t)flr__block_units(size);
    }
    return v;
}

void flr__node_free(flr_value *v)
{
    if (v->units > 0) {
        flr__block_free(v, (size_t)v->units * FLR__BLOCK_UNIT);
    } else {
        flr__free(v);
    }
}

flr_value *flr_value_ref(const flr_value *value)
{
    return value == NULL ? NULL : flr__node_ref(value);
}

/* Nobody holds any of them: they become nodes as any other, the root to be released. */
static flr_value *dissolve(flr__group *group)
{
    flr_value *root = group->members[0];

    for (size_t i = 0; i < group->count; i++) {
        group->members[i]->holding = FLR__COUNTED;
        atomic_init(&group->members[i]->refs, 1);
    }
    flr__free(group);
    return root;
}

static inline void bury(flr_value *v, flr_value **dead)
{
    v->dead = *dead;
    *dead = v;
}

/* Drop one reference; if it was the last one, the node joins those to be released. */
static inline void drop(flr_value *v, flr_value **dead)
{
    if (v->holding == FLR__COUNTED) {
        if (!flr__refs_drop(&v->refs)) {
            return;
        }
    } else if (v->holding == FLR__GROUPED && flr__spread_unref(&v->group->refs, 1)) {
        v = dissolve(v->group);
    } else {
        return;
    }
    bury(v, dead);
}

static void release_list(flr__list *l, flr_value **dead)
{
    for (size_t i = 0; i < l->size; i++) {
        drop(l->items[i], dead);
    }
    if (l->items != l->room) {
        flr__free(l->items);
    }
}

static void release_map(flr__map *m, flr_value **dead)
{
    flr__group *group = NULL; /* nodes of one group stand together: they are dropped at once */
    size_t grouped = 0;

    for (size_t i = 0; i < m->size; i++) {
        flr_value *v = m->entries[i].value;

        flr__str_unref(m->entries[i].key);
        if (v->holding == FLR__GROUPED && (group == NULL || v->group == group)) {
            group = v->group;
            grouped++;
        } else {
            drop(v, dead);
        }
    }
    if (group != NULL && flr__spread_unref(&group->refs, grouped)) {
        bury(dissolve(group), dead);
    }
    if (m->entries != m->room) {
        flr__free(m->entries);
    }
    flr__free(m->index);
}

/* Let go of what a node holds; values among it join the dead. */
static void release_node(flr_value *v, flr_value **dead)
{
    flr__pointer *p;

    switch (v->kind) {
    case FLR_VALUE_TEXT:
        if (((flr__text_node *)v)->str != NULL) {
            flr__str_unref(((flr__text_node *)v)->str);
        }
        break;
    case FLR_VALUE_BYTES:
        flr_blob_unref(((flr__bytes_node *)v)->blob);
        break;
    case FLR_VALUE_TENSOR:
        flr_blob_unref(((flr__tensor *)v)->blob);
        break;
    case FLR_VALUE_LIST:
        release_list((flr__list *)v, dead);
        break;
    case FLR_VALUE_MAP:
        release_map((flr__map *)v, dead);
        break;
    case FLR_VALUE_POINTER:
        p = (flr__pointer *)v;
        if (p->release != NULL) {
            p->release(p->pointer);
        }
        break;
    default:
        break;
    }
    flr__node_free(v);
}

static void release_all(flr_value *dead)
{
    while (dead != NULL) {
        flr_value *v = dead;

        dead = v->dead;
        release_node(v, &dead);
    }
}

void flr_value_unref(flr_value *value)
{
    flr_value *dead = NULL;

    if (value == NULL) {
        return;
    }
    drop(value, &dead);
    if (dead != NULL) {
        release_all(dead);
    }
}

/* ---- groups ---- */

flr_value *flr__node_copy_scalar(const flr_value *v)
{
    const flr__text_node *t = (const flr__text_node *)v;
    flr_value *copy = NULL;

    if (v->kind == FLR_VALUE_TEXT) {
        return flr_value_new_text_sized(t->text, v->bytes, &copy) < 0 ? NULL : copy;
    }
    copy = flr__node_new(sizeof(flr__number), v->kind);
    if (copy != NULL) {
        ((flr__number *)copy)->integer = ((const flr__number *)v)->integer;
    }
    return copy;
}

int flr__map_new_spread(const flr_value *map, bool scalars, flr_value **spread)
{
    flr_value *copy;
    flr__group *group;
    flr__map *m;
    size_t size;
    int status = flr__map_copy(map, 0, &copy);

    if (status < 0) {
        return status;
    }
    m = (flr__map *)copy;
    if (!flr__size_mul(m->size + 1, sizeof group->members[0], &size) ||
        !flr__size_add(size, sizeof *group, &size) || (group = flr__alloc(size)) == NULL) {
        flr_value_unref(copy);
        return FLR_E_NOMEM;
    }
    flr__spread_init(&group->refs);
    group->count = 1;
    group->members[0] = copy;
    for (size_t i = 0; scalars && i < m->size; i++) {
        flr_value *old = m->entries[i].value, *own;
        bool scalar = old->kind == FLR_VALUE_INT || old->kind == FLR_VALUE_REAL ||
                      old->kind == FLR_VALUE_TEXT;

        /* What there is no memory for is counted as before. */
        if (scalar && (own = flr__node_copy_scalar(old)) != NULL) {
            m->entries[i].value = own;
            group->members[group->count++] = own;
            flr_value_unref(old);
        }
    }
    for (size_t i = 0; i < group->count; i++) {
        group->members[i]->holding = FLR__GROUPED;
        group->members[i]->group = group;
    }
    *spread = copy;
    return 0;
}

void flr__value_end_spread(flr_value *value)
{
    if (flr__spread_end(&value->group->refs)) {
        flr_value_unref(dissolve(value->group));
    }
}

/* ---- constructors ---- */

flr_value *flr__value_nil(void)
{
    return (flr_value *)&nil_node;
}

flr_value *flr__value_bool(bool truth)
{
    return (flr_value *)(truth ? &true_node.v : &false_node.v);
}

flr_value *flr__value_empty_list(void)
{
    return (flr_value *)&empty_list.v;
}

flr_value *flr__value_empty_map(void)
{
    return (flr_value *)&empty_map.v;
}

flr_value *flr__value_empty_text(void)
{
    return (flr_value *)&empty_text.v;
}

flr_value *flr__value_in_or_out(bool out)
{
    return (flr_value *)(out ? &out_text.v : &in_text.v);
}

static int give(flr_value *made, flr_value **value)
{
    if (value == NULL) {
        return FLR_E_INVAL;
    }
    *value = made;
    return 0;
}

int flr_value_new_nil(flr_value **value)
{
    return give(flr__value_nil(), value);
}

int flr_value_new_bool(int truth, flr_value **value)
{
    return give(flr__value_bool(truth != 0), value);
}

/* The empty containers are shared like anything else: the first change makes a node with room. */
int flr_value_new_list(flr_value **value)
{
    return give(flr__value_empty_list(), value);
}

int flr_value_new_map(flr_value **value)
{
    return give(flr__value_empty_map(), value);
}

int flr_value_new_int(int64_t number, flr_value **value)
{
    flr__number *n;

    if (value == NULL) {
        return FLR_E_INVAL;
    }
    n = flr__node_new(sizeof *n, FLR_VALUE_INT);
    if (n == NULL) {
        return FLR_E_NOMEM;
    }
    n->integer = number;
    *value = &n->v;
    return 0;
}

int flr_value_new_real(double number, flr_value **value)
{
    flr__number *n;

    if (value == NULL) {
        return FLR_E_INVAL;
    }
    n = flr__node_new(sizeof *n, FLR_VALUE_REAL);
    if (n == NULL) {
        return FLR_E_NOMEM;
    }
    n->real = number;
    *value = &n->v;
    return 0;
}

int flr_value_new_text(const char *text, flr_value **value)
{
    return text == NULL ? FLR_E_INVAL : flr_value_new_text_sized(text, strlen(text), value);
}

int flr_value_new_text_sized(const char *text, size_t size, flr_value **value)
{
    flr__text_node *t;

    if (text == NULL || value == NULL) {
        return FLR_E_INVAL;
    }
    if (size > FLR_VALUE_MAX_TEXT) {
        return FLR_E_LIMIT;
    }
    if (!flr__utf8_is_valid(text, size)) {
        return FLR_E_INVAL;
    }
    t = flr__node_new(sizeof *t + size + 1, FLR_VALUE_TEXT);
    if (t == NULL) {
        return FLR_E_NOMEM;
    }
    memcpy(t->own, text, size);
    t->own[size] = '\0';
    t->text = t->own;
    t->str = NULL;
    t->v.bytes = size;
    *value = &t->v;
    return 0;
}

int flr__value_new_str(const flr__str *text, flr_value **value)
{
    flr__text_node *t = flr__node_new(sizeof *t, FLR_VALUE_TEXT);

    if (t == NULL) {
        return FLR_E_NOMEM;
    }
    t->str = flr__str_ref(text);
    t->text = text->text;
    t->v.bytes = text->size;
    *value = &t->v;
    return 0;
}

int flr_value_new_bytes(flr_blob *blob, flr_value **value)
{
    flr__bytes_node *b;

    if (blob == NULL || value == NULL) {
        return FLR_E_INVAL;
    }
    b = flr__node_new(sizeof *b, FLR_VALUE_BYTES);
    if (b == NULL) {
        return FLR_E_NOMEM;
    }
    b->blob = flr_blob_ref(blob);
    b->v.bytes = flr_blob_get_size(blob);
    *value = &b->v;
    return 0;
}

int flr_value_new_pointer(const char *kind, void *pointer, void (*release)(void *pointer),
                          flr_value **value)
{
    flr__pointer *p;
    size_t size;

    if (kind == NULL || kind[0] == '\0' || pointer == NULL || value == NULL) {
        return FLR_E_INVAL;
    }
    size = strlen(kind);
    if (size > FLR_NAME_MAX) {
        return FLR_E_LIMIT;
    }
    if (!flr__utf8_is_valid(kind, size)) {
        return FLR_E_INVAL;
    }
    p = flr__node_new(sizeof *p + size + 1, FLR_VALUE_POINTER);
    if (p == NULL) {
        return FLR_E_NOMEM;
    }
    p->pointer = pointer;
    p->release = release;
    memcpy(p->kind, kind, size + 1);
    *value = &p->v;
    return 0;
}

/* ---- reading ---- */

static bool is(const flr_value *v, int kind)
{
    return v != NULL && v->kind == kind;
}

int flr_value_get_kind(const flr_value *value)
{
    return value == NULL ? FLR_VALUE_NIL : value->kind;
}

size_t flr_value_get_depth(const flr_value *value)
{
    return value == NULL ? 0 : value->depth;
}

size_t flr_value_get_count(const flr_value *value)
{
    return value == NULL ? 0 : value->count;
}

size_t flr_value_get_bytes(const flr_value *value)
{
    return value == NULL ? 0 : value->bytes;
}

int flr_value_get_bool(const flr_value *value, int missing)
{
    return is(value, FLR_VALUE_BOOL) ? ((const flr__number *)value)->truth : missing;
}

int64_t flr_value_get_int(const flr_value *value, int64_t missing)
{
    return is(value, FLR_VALUE_INT) ? ((const flr__number *)value)->integer : missing;
}

double flr_value_get_real(const flr_value *value, double missing)
{
    if (is(value, FLR_VALUE_INT)) {
        return (double)((const flr__number *)value)->integer;
    }
    return is(value, FLR_VALUE_REAL) ? ((const flr__number *)value)->real : missing;
}

const char *flr_value_get_text(const flr_value *value, const char *missing)
{
    return is(value, FLR_VALUE_TEXT) ? ((const flr__text_node *)value)->text : missing;
}

flr_blob *flr_value_get_blob(const flr_value *value)
{
    if (is(value, FLR_VALUE_TENSOR)) {
        return ((const flr__tensor *)value)->blob;
    }
    return is(value, FLR_VALUE_BYTES) ? ((const flr__bytes_node *)value)->blob : NULL;
}

void *flr_value_get_pointer(const flr_value *value, const char *kind)
{
    const flr__pointer *p = (const flr__pointer *)value;

    if (!is(value, FLR_VALUE_POINTER) || kind == NULL || strcmp(p->kind, kind) != 0) {
        return NULL;
    }
    return p->pointer;
}

/* ---- equality ---- */

static bool blobs_equal(const flr_blob *a, const flr_blob *b)
{
    size_t size = flr_blob_get_size(a);

    if (a == b) {
        return true;
    }
    return size == flr_blob_get_size(b) &&
           (size == 0 || memcmp(flr_blob_get_data(a), flr_blob_get_data(b), size) == 0);
}

static bool tensors_equal(const flr__tensor *a, const flr__tensor *b)
{
    return a->type == b->type && a->rank == b->rank &&
           memcmp(a->shape, b->shape, a->rank * sizeof a->shape[0]) == 0 &&
           blobs_equal(a->blob, b->blob);
}

/* Compare two nodes of one kind without their children. */
static bool nodes_equal(const flr_value *a, const flr_value *b)
{
    const flr__pointer *p = (const flr__pointer *)a, *q = (const flr__pointer *)b;

    switch (a->kind) {
    case FLR_VALUE_BOOL:
        return ((const flr__number *)a)->truth == ((const flr__number *)b)->truth;
    case FLR_VALUE_INT:
        return ((const flr__number *)a)->integer == ((const flr__number *)b)->integer;
    case FLR_VALUE_REAL:
        return memcmp(&((const flr__number *)a)->real, &((const flr__number *)b)->real,
                      sizeof(double)) == 0;
    case FLR_VALUE_TEXT:
        return memcmp(((const flr__text_node *)a)->text, ((const flr__text_node *)b)->text,
                      a->bytes) == 0;
    case FLR_VALUE_BYTES:
        return blobs_equal(((const flr__bytes_node *)a)->blob, ((const flr__bytes_node *)b)->blob);
    case FLR_VALUE_TENSOR:
        return tensors_equal((const flr__tensor *)a, (const flr__tensor *)b);
    case FLR_VALUE_POINTER:
        return p->pointer == q->pointer && strcmp(p->kind, q->kind) == 0;
    default:
        return flr_value_get_size(a) == flr_value_get_size(b);
    }
}

static bool heads_equal(const flr_value *a, const flr_value *b)
{
    return a->kind == b->kind && a->count == b->count && a->depth == b->depth &&
           a->bytes == b->bytes && nodes_equal(a, b);
}

struct pair {
    const flr_value *a, *b;
    size_t next;
};

/* Step to the next children of a pair of equal heads; false if their keys differ. */
static bool next_children(struct pair *at, const flr_value **a, const flr_value **b)
{
    size_t i = at->next++;

    if (at->a->kind == FLR_VALUE_LIST) {
        *a = ((const flr__list *)at->a)->items[i];
        *b = ((const flr__list *)at->b)->items[i];
        return true;
    }
    *a = ((const flr__map *)at->a)->entries[i].value;
    *b = ((const flr__map *)at->b)->entries[i].value;
    return flr__str_equals(((const flr__map *)at->a)->entries[i].key,
                           ((const flr__map *)at->b)->entries[i].key);
}

int flr_value_equals(const flr_value *a, const flr_value *b)
{
    struct pair stack[FLR_VALUE_MAX_DEPTH];
    size_t depth = 0;

    if (a == b) {
        return 1;
    }
    if (a == NULL || b == NULL || !heads_equal(a, b)) {
        return 0;
    }
    stack[depth++] = (struct pair){a, b, 0};
    while (depth > 0) {
        struct pair *top = &stack[depth - 1];

        if (top->next >= flr_value_get_size(top->a)) {
            depth--;
            continue;
        }
        if (!next_children(top, &a, &b)) {
            return 0;
        }
        if (a == b) {
            continue;
        }
        if (!heads_equal(a, b)) {
            return 0;
        }
        if (a->count > 1) {
            stack[depth++] = (struct pair){a, b, 0};
        }
    }
    return 1;
}
