/*
 * Lists and maps: look-ups, and changes with copy-on-write. No lock: only the one holder of a node
 * changes it, and a node that somebody else holds is replaced by a copy of that one level first.
 *
 * Every change first checks the limits, then makes what it needs, and only then touches anything,
 * so a failure changes nothing.
 */
#include "data/node.h"

#include "base/text.h"
#include <assert.h>
#include <string.h>

/* entries or elements that the first change of an empty container makes room for */
#define FIRST_ROOM 4

/* What a container's cached numbers become. */
typedef struct totals {
    uint32_t count;
    size_t bytes;
} totals;

/* The totals of v with `added` in the place of `gone` (may be NULL) and more bytes of keys.
 * FLR_E_LIMIT. */
static inline int totals_after(const flr_value *v, const flr_value *added, const flr_value *gone,
                               size_t key_bytes, totals *t)
{
    size_t bytes = v->bytes - (gone == NULL ? 0 : gone->bytes);

    t->count = v->count + added->count - (gone == NULL ? 0 : gone->count);
    if (t->count > FLR_VALUE_MAX_COUNT || added->depth >= FLR_VALUE_MAX_DEPTH ||
        !flr__size_add(bytes, added->bytes, &bytes) || !flr__size_add(bytes, key_bytes, &bytes)) {
        return FLR_E_LIMIT;
    }
    t->bytes = bytes;
    return 0;
}

static inline uint8_t deeper(uint8_t depth, const flr_value *child)
{
    return child->depth >= depth ? (uint8_t)(child->depth + 1) : depth;
}

/* Room for a shared container's own copy: what is there, what comes now, and a little for what
 * comes next. */
static bool copy_room(size_t size, size_t extra, size_t *room)
{
    if (extra == 0) {
        *room = size;
        return true;
    }
    return flr__size_add(size, size / 4 + FIRST_ROOM, room);
}

/* ---- lists ---- */

static flr__list *as_list(const flr_value *v)
{
    return v != NULL && v->kind == FLR_VALUE_LIST ? (flr__list *)v : NULL;
}

static flr__list *list_alloc(size_t room)
{
    size_t size;
    flr__list *l;

    if (!flr__size_mul(room, sizeof l->room[0], &size) || !flr__size_add(size, sizeof *l, &size) ||
        (l = flr__node_new(size, FLR_VALUE_LIST)) == NULL) {
        return NULL;
    }
    l->items = l->room;
    l->size = 0;
    l->capacity = room;
    return l;
}

int flr__list_new(size_t room, flr_value **list)
{
    flr__list *l;

    if (room == 0) {
        *list = flr__value_empty_list();
        return 0;
    }
    l = list_alloc(room);
    if (l == NULL) {
        return FLR_E_NOMEM;
    }
    *list = &l->v;
    return 0;
}

/* Replace a shared list by a copy with room for one more. */
static int list_copy(flr_value **list)
{
    const flr__list *from = (const flr__list *)*list;
    size_t room;
    flr__list *to;

    if (!copy_room(from->size, 1, &room) || (to = list_alloc(room)) == NULL) {
        return FLR_E_NOMEM;
    }
    for (size_t i = 0; i < from->size; i++) {
        to->items[i] = flr_value_ref(from->items[i]);
    }
    to->size = from->size;
    to->v.count = from->v.count;
    to->v.depth = from->v.depth;
    to->v.bytes = from->v.bytes;
    flr_value_unref(*list);
    *list = &to->v;
    return 0;
}

/* Make room for one more in an array that may still be the node's own. 0 or FLR_E_NOMEM. */
static int grow(void **array, const void *room, size_t *capacity, size_t size, size_t element)
{
    void *bigger = NULL;
    size_t more = 0;

    if (size < *capacity) {
        return 0;
    }
    if (*array != room) {
        return flr__grow(array, capacity, size, element);
    }
    if (!flr__size_mul(size, 2, &more) || (bigger = flr__alloc_array(more, element)) == NULL) {
        return FLR_E_NOMEM;
    }
    memcpy(bigger, *array, size * element);
    *array = bigger;
    *capacity = more;
    return 0;
}

static int list_prepare(flr_value **list)
{
    flr__list *l = (flr__list *)*list;
    void *items = l->items;
    int status;

    if (flr__node_is_shared(*list)) {
        return list_copy(list);
    }
    status = grow(&items, l->room, &l->capacity, l->size, sizeof l->items[0]);
    l->items = items;
    return status;
}

int flr_list_add(flr_value **list, flr_value *value)
{
    flr__list *l;
    totals t;
    int status;

    if (list == NULL || value == NULL || as_list(*list) == NULL) {
        return FLR_E_INVAL;
    }
    if (value == *list && !flr__node_is_shared(value)) {
        return FLR_E_INVAL; /* one reference cannot be kept and given */
    }
    status = totals_after(*list, value, NULL, 0, &t);
    if (status == 0) {
        status = list_prepare(list);
    }
    if (status < 0) {
        return status;
    }
    l = (flr__list *)*list;
    l->items[l->size++] = value;
    l->v.count = t.count;
    l->v.bytes = t.bytes;
    l->v.depth = deeper(l->v.depth, value);
    return 0;
}

const flr_value *flr_list_get(const flr_value *list, size_t i)
{
    const flr__list *l = as_list(list);

    return l == NULL || i >= l->size ? NULL : l->items[i];
}

size_t flr_value_get_size(const flr_value *value)
{
    if (value != NULL && value->kind == FLR_VALUE_LIST) {
        return ((const flr__list *)value)->size;
    }
    return value != NULL && value->kind == FLR_VALUE_MAP ? ((const flr__map *)value)->size : 0;
}

/* ---- maps: look-ups ---- */

static flr__map *as_map(const flr_value *v)
{
    return v != NULL && v->kind == FLR_VALUE_MAP ? (flr__map *)v : NULL;
}

static size_t find_text(const flr__map *m, const char *text, size_t size, uint32_t hash)
{
    if (m->index != NULL) {
        return flr__index_find(m, text, size);
    }
    for (size_t i = 0; i < m->size; i++) {
        const flr__str *key = m->entries[i].key;

        if (key->hash == hash && key->size == size && memcmp(key->text, text, size) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

static inline size_t find_key(const flr__map *m, const flr__str *key)
{
    if (m->index != NULL || key->index == 0) {
        return find_text(m, key->text, key->size, key->hash);
    }
    /* A well-known text has one string only: its address decides. */
    for (size_t i = 0; i < m->size; i++) {
        if (m->entries[i].key == key) {
            return i;
        }
    }
    return SIZE_MAX;
}

const flr_value *flr__map_get(const flr_value *map, const flr__str *key)
{
    const flr__map *m = as_map(map);
    size_t place;

    if (m == NULL || key == NULL) {
        return NULL;
    }
    place = find_key(m, key);
    if (place == SIZE_MAX) {
        return NULL;
    }
    assert(m->entries != NULL); /* something was found in it */
    return m->entries[place].value;
}

static size_t find_chars(const flr__map *m, const char *key)
{
    size_t size = strlen(key);

    return size > FLR_VALUE_MAX_KEY ? SIZE_MAX : find_text(m, key, size, flr__hash32(key, size));
}

const flr_value *flr_map_get(const flr_value *map, const char *key)
{
    const flr__map *m = as_map(map);
    size_t place = m == NULL || key == NULL ? SIZE_MAX : find_chars(m, key);

    return place == SIZE_MAX ? NULL : m->entries[place].value;
}

const flr__str *flr__map_key(const flr_value *map, size_t i)
{
    const flr__map *m = as_map(map);

    return m == NULL || i >= m->size ? NULL : m->entries[i].key;
}

const char *flr_map_get_key(const flr_value *map, size_t i)
{
    const flr__str *key = flr__map_key(map, i);

    return key == NULL ? NULL : key->text;
}

const flr_value *flr_map_get_at(const flr_value *map, size_t i)
{
    const flr__map *m = as_map(map);

    return m == NULL || i >= m->size ? NULL : m->entries[i].value;
}

/* ---- maps: changes ---- */

static flr__map *map_alloc(size_t room)
{
    size_t size;
    flr__map *m;

    if (!flr__size_mul(room, sizeof m->room[0], &size) || !flr__size_add(size, sizeof *m, &size) ||
        (m = flr__node_new(size, FLR_VALUE_MAP)) == NULL) {
        return NULL;
    }
    m->entries = m->room;
    m->size = 0;
    m->capacity = room;
    m->index = NULL;
    return m;
}

int flr__map_new(size_t room, flr_value **map)
{
    flr__map *m;

    if (room == 0) {
        *map = flr__value_empty_map();
        return 0;
    }
    m = map_alloc(room);
    if (m == NULL) {
        return FLR_E_NOMEM;
    }
    *map = &m->v;
    return 0;
}

/* A copy of one level with so much room; NULL if out of memory. */
static flr__map *map_copy(const flr__map *from, size_t room)
{
    flr__map *to = map_alloc(room);
    size_t grouped = 0;

    if (to == NULL) {
        return NULL;
    }
    if (from->index != NULL && (to->index = flr__index_copy(from->index)) == NULL) {
        flr__node_free(&to->v);
        return NULL;
    }
    for (size_t i = 0; i < from->size; i++) {
        flr_value *v = from->entries[i].value;
        bool together = from->v.holding == FLR__GROUPED && v->holding == FLR__GROUPED &&
                        v->group == from->v.group;

        to->entries[i].key = flr__str_ref(from->entries[i].key);
        to->entries[i].value = together ? v : flr__node_ref(v);
        grouped += together ? 1 : 0;
    }
    if (grouped > 0) {
        flr__spread_ref(&from->v.group->refs, grouped);
    }
    to->size = from->size;
    to->v.count = from->v.count;
    to->v.depth = from->v.depth;
    to->v.bytes = from->v.bytes;
    return to;
}

int flr__map_copy(const flr_value *map, size_t room, flr_value **copy)
{
    const flr__map *from = (const flr__map *)map;
    size_t wanted;
    flr__map *to = flr__size_add(from->size, room, &wanted) ? map_copy(from, wanted) : NULL;

    if (to == NULL) {
        return FLR_E_NOMEM;
    }
    *copy = &to->v;
    return 0;
}

/* Room for one more entry. */
static int map_grow(flr__map *m)
{
    void *entries = m->entries;
    int status = grow(&entries, m->room, &m->capacity, m->size, sizeof m->entries[0]);

    m->entries = entries;
    if (status == 0 && m->size + 1 > FLR__MAP_LINEAR) {
        status = flr__index_reserve(m, m->size + 1);
    }
    return status;
}

/* Replace a shared map by the caller's own, with room for `extra` (0 or 1) more entries. */
static int map_unshare(flr_value **map, size_t extra)
{
    size_t room;
    flr__map *copy;
    int status;

    if (!copy_room(((const flr__map *)*map)->size, extra, &room) ||
        (copy = map_copy((const flr__map *)*map, room)) == NULL) {
        return FLR_E_NOMEM;
    }
    status = extra == 0 ? 0 : map_grow(copy);
    if (status < 0) {
        flr_value_unref(&copy->v);
        return status;
    }
    flr_value_unref(*map);
    *map = &copy->v;
    return 0;
}

/* Make *map the caller's own, with room for `extra` (0 or 1) more entries. */
static inline int map_prepare(flr_value **map, size_t extra)
{
    flr__map *m = (flr__map *)*map;

    if (flr__node_is_shared(*map)) {
        return map_unshare(map, extra);
    }
    return extra == 0 || (m->size < m->capacity && m->size < FLR__MAP_LINEAR) ? 0 : map_grow(m);
}

/* Find the depth anew after a child that was as deep as any has gone. */
static void map_update_depth(flr__map *m)
{
    m->v.depth = 1;
    for (size_t i = 0; i < m->size; i++) {
        m->v.depth = deeper(m->v.depth, m->entries[i].value);
    }
}

static inline int check_key(const flr__str *key)
{
    if (key == NULL || key->size == 0) {
        return FLR_E_INVAL;
    }
    return key->size > FLR_VALUE_MAX_KEY ? FLR_E_LIMIT : 0;
}

/* One reference cannot be kept and given. */
static inline bool is_itself(const flr_value *map, const flr_value *value)
{
    return value == map && !flr__node_is_shared(value);
}

/* Add an entry whose key is new. */
static inline int add_entry(flr_value **map, const flr__str *key, flr_value *value)
{
    flr__map *m;
    totals t;
    int status;

    if (is_itself(*map, value)) {
        return FLR_E_INVAL;
    }
    status = totals_after(*map, value, NULL, key->size, &t);
    if (status == 0) {
        status = map_prepare(map, 1);
    }
    if (status < 0) {
        return status;
    }
    m = (flr__map *)*map;
    m->v.count = t.count;
    m->v.bytes = t.bytes;
    m->v.depth = deeper(m->v.depth, value);
    m->entries[m->size] = (flr__entry){flr__str_ref(key), value};
    m->size++;
    if (m->index != NULL) {
        flr__index_add(m, m->size - 1);
    }
    return 0;
}

/* Give the entry at a place another value. */
static int replace_at(flr_value **map, size_t place, flr_value *value)
{
    flr__map *m = (flr__map *)*map;
    flr_value *gone = m->entries[place].value;
    uint8_t was;
    totals t;
    int status;

    if (is_itself(*map, value)) {
        return FLR_E_INVAL;
    }
    status = totals_after(*map, value, gone, 0, &t);
    if (status == 0) {
        status = map_prepare(map, 0);
    }
    if (status < 0) {
        return status;
    }
    m = (flr__map *)*map;
    m->v.count = t.count;
    m->v.bytes = t.bytes;
    was = gone->depth;
    m->entries[place].value = value;
    if (value->depth < was && was + 1 == m->v.depth) {
        map_update_depth(m);
    } else {
        m->v.depth = deeper(m->v.depth, value);
    }
    flr_value_unref(gone);
    return 0;
}

int flr__map_set(flr_value **map, const flr__str *key, flr_value *value)
{
    int status = check_key(key);
    size_t place;

    if (map == NULL || value == NULL || as_map(*map) == NULL) {
        return FLR_E_INVAL;
    }
    if (status < 0) {
        return status;
    }
    place = find_key((const flr__map *)*map, key);
    return place == SIZE_MAX ? add_entry(map, key, value) : replace_at(map, place, value);
}

int flr__map_put(flr_value **map, const flr__str *key, const flr_value *value)
{
    flr_value *own = flr_value_ref(value);
    int status = flr__map_set(map, key, own);

    if (status < 0) {
        flr_value_unref(own);
    }
    return status;
}

int flr_map_set(flr_value **map, const char *key, flr_value *value)
{
    const flr__str *str;
    size_t size, place;
    int status;

    if (map == NULL || key == NULL || key[0] == '\0' || value == NULL || as_map(*map) == NULL) {
        return FLR_E_INVAL;
    }
    size = strlen(key);
    if (size > FLR_VALUE_MAX_KEY) {
        return FLR_E_LIMIT;
    }
    place = find_text((const flr__map *)*map, key, size, flr__hash32(key, size));
    if (place != SIZE_MAX) {
        return replace_at(map, place, value);
    }
    if (!flr__utf8_is_valid(key, size)) {
        return FLR_E_INVAL;
    }
    str = flr__str_new(key, size);
    if (str == NULL) {
        return FLR_E_NOMEM;
    }
    status = add_entry(map, str, value);
    flr__str_unref(str);
    return status;
}

/* Set to what a constructor made: it is released if the map does not take it. */
static int set_new(flr_value **map, const char *key, int status, flr_value *made)
{
    if (status < 0) {
        return status;
    }
    status = flr_map_set(map, key, made);
    if (status < 0) {
        flr_value_unref(made);
    }
    return status;
}

int flr_map_set_bool(flr_value **map, const char *key, int truth)
{
    return flr_map_set(map, key, flr__value_bool(truth != 0));
}

int flr_map_set_int(flr_value **map, const char *key, int64_t number)
{
    flr_value *made = NULL;
    int status = flr_value_new_int(number, &made);

    return set_new(map, key, status, made);
}

int flr_map_set_real(flr_value **map, const char *key, double number)
{
    flr_value *made = NULL;
    int status = flr_value_new_real(number, &made);

    return set_new(map, key, status, made);
}

int flr_map_set_text(flr_value **map, const char *key, const char *text)
{
    flr_value *made = NULL;
    int status = flr_value_new_text(text, &made);

    return set_new(map, key, status, made);
}

int flr_map_remove(flr_value **map, const char *key)
{
    flr__map *m;
    flr__entry gone;
    size_t place;

    if (map == NULL || key == NULL || as_map(*map) == NULL) {
        return FLR_E_INVAL;
    }
    place = find_chars((const flr__map *)*map, key);
    if (place == SIZE_MAX) {
        return FLR_E_NOTFOUND;
    }
    if (map_prepare(map, 0) < 0) {
        return FLR_E_NOMEM;
    }
    m = (flr__map *)*map;
    gone = m->entries[place];
    if (m->index != NULL) {
        flr__index_remove(m, place);
    }
    m->size--;
    memmove(&m->entries[place], &m->entries[place + 1], (m->size - place) * sizeof m->entries[0]);
    m->v.count -= gone.value->count;
    m->v.bytes -= gone.value->bytes + gone.key->size;
    if (gone.value->depth + 1 == m->v.depth) {
        map_update_depth(m);
    }
    flr__str_unref(gone.key);
    flr_value_unref(gone.value);
    return 0;
}

/* ---- a map within a map ---- */

/* By way of a map of its own that is then set as a whole. */
static int set_inner_copy(flr_value **map, const flr__str *outer, const flr__str *key,
                          flr_value *value)
{
    const flr_value *old = flr__map_get(*map, outer);
    flr_value *inner = flr_value_ref(as_map(old) == NULL ? flr__value_empty_map() : old);
    int status = flr__map_set(&inner, key, flr_value_ref(value));

    if (status < 0) {
        flr_value_unref(value);
    } else {
        status = flr__map_set(map, outer, inner);
    }
    if (status < 0) {
        flr_value_unref(inner);
        return status;
    }
    flr_value_unref(value); /* the map holds the reference that was taken here */
    return 0;
}

int flr__map_set_inner(flr_value **map, const flr__str *outer, const flr__str *key,
                       flr_value *value)
{
    flr__map *m = as_map(*map);
    size_t place = m == NULL ? SIZE_MAX : find_key(m, outer);
    flr_value **inner = place == SIZE_MAX ? NULL : &m->entries[place].value;
    const flr_value *gone;
    totals t;
    int status = check_key(key);

    if (m == NULL || value == NULL || (value == *map && !flr__node_is_shared(value))) {
        return FLR_E_INVAL;
    }
    if (status < 0) {
        return status;
    }
    if (inner == NULL || as_map(*inner) == NULL || flr__node_is_shared(*map)) {
        return set_inner_copy(map, outer, key, value);
    }
    gone = flr__map_get(*inner, key);
    status = totals_after(*map, value, gone, gone == NULL ? key->size : 0, &t);
    if (status < 0 || value->depth + 1 >= FLR_VALUE_MAX_DEPTH) {
        return FLR_E_LIMIT;
    }
    status = flr__map_set(inner, key, value);
    if (status == 0) {
        m->v.count = t.count;
        m->v.bytes = t.bytes;
        map_update_depth(m);
    }
    return status;
}
