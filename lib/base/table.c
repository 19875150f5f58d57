/* Hash table, linear probing with backward-shift deletion, at most three quarters full. The owner's lock guards it. */
#include "base/table.h"
#include <string.h>

#define MIN_CAPACITY 8

/* Spreads the bits: stripes have used some of them up. */
static size_t place(const flr__table *t, uint32_t hash)
{
    return (size_t)((uint64_t)hash * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (t->capacity - 1);
}

void flr__table_init(flr__table *t, flr__table_match match)
{
    *t = (flr__table){.match = match};
}

void flr__table_free(flr__table *t)
{
    flr__free(t->slots);
    flr__table_init(t, t->match);
}

static void put(flr__table *t, void *item, uint32_t hash)
{
    size_t i = place(t, hash);
    while (t->slots[i].item != NULL)
        i = (i + 1) & (t->capacity - 1);
    t->slots[i].item = item;
    t->slots[i].hash = hash;
}

int flr__table_reserve(flr__table *t, size_t count)
{
    size_t capacity = t->capacity > 0 ? t->capacity : MIN_CAPACITY;
    while (count > capacity / 4 * 3) {
        if (capacity > SIZE_MAX / 2)
            return FLR_E_NOMEM;
        capacity *= 2;
    }
    if (capacity == t->capacity)
        return 0;
    struct flr__table_slot *fresh = flr__zalloc_array(capacity, sizeof *fresh);
    if (fresh == NULL)
        return FLR_E_NOMEM;
    flr__table old = *t;
    t->slots = fresh;
    t->capacity = capacity;
    for (size_t i = 0; i < old.capacity; i++)
        if (old.slots[i].item != NULL)
            put(t, old.slots[i].item, old.slots[i].hash);
    flr__free(old.slots);
    return 0;
}

static size_t find(const flr__table *t, const void *key, size_t size, uint32_t hash)
{
    if (t->count == 0)
        return SIZE_MAX;
    for (size_t i = place(t, hash); t->slots[i].item != NULL; i = (i + 1) & (t->capacity - 1))
        if (t->slots[i].hash == hash && t->match(t->slots[i].item, key, size))
            return i;
    return SIZE_MAX;
}

void *flr__table_get(const flr__table *t, const void *key, size_t size, uint32_t hash)
{
    size_t i = find(t, key, size, hash);
    return i == SIZE_MAX ? NULL : t->slots[i].item;
}

int flr__table_add(flr__table *t, void *item, uint32_t hash)
{
    int status = flr__table_reserve(t, t->count + 1);
    if (status < 0)
        return status;
    put(t, item, hash);
    t->count++;
    return 0;
}

void *flr__table_remove(flr__table *t, const void *key, size_t size, uint32_t hash)
{
    size_t hole = find(t, key, size, hash);
    if (hole == SIZE_MAX)
        return NULL;
    void *item = t->slots[hole].item;
    size_t mask = t->capacity - 1;
    for (size_t i = (hole + 1) & mask; t->slots[i].item != NULL; i = (i + 1) & mask) {
        /* may move into the hole if its own place does not lie behind it */
        if (((i - place(t, t->slots[i].hash)) & mask) >= ((i - hole) & mask)) {
            t->slots[hole] = t->slots[i];
            hole = i;
        }
    }
    t->slots[hole].item = NULL;
    t->count--;
    return item;
}

void *flr__table_next(const flr__table *t, size_t *position)
{
    while (*position < t->capacity) {
        void *item = t->slots[(*position)++].item;
        if (item != NULL)
            return item;
    }
    return NULL;
}
