/*
 * The hash index of a map with many entries: open addressing, from keys to places. No lock: it
 * belongs to its map.
 *
 * Keys come from clients, so the hash is keyed: SipHash with a key of this index. A small index
 * takes its key from addresses; one that is large enough for collisions to hurt takes it from the
 * system.
 */
#include "data/node.h"

#include "base/id.h"
#include <assert.h>
#include <string.h>

#define FIRST_CAPACITY      32
#define SYSTEM_KEY_CAPACITY 256 /* from here on the key is random */

typedef struct slot {
    uint32_t place; /* + 1; 0: empty */
    uint32_t hash;
} slot;

struct flr__map_index {
    uint8_t key[16];
    size_t capacity; /* a power of two, at least 4/3 of the entries */
    slot slots[];
};

static uint32_t hash_of(const flr__map_index *x, const char *text, size_t size)
{
    return (uint32_t)flr__siphash64(x->key, text, size);
}

static flr__map_index *index_alloc(size_t capacity)
{
    flr__map_index *x;
    size_t size;

    if (!flr__size_mul(capacity, sizeof x->slots[0], &size) ||
        !flr__size_add(size, sizeof *x, &size) || (x = flr__zalloc(size)) == NULL) {
        return NULL;
    }
    x->capacity = capacity;
    return x;
}

/* The slot that holds this place, or the first empty one. */
static size_t probe(const flr__map_index *x, uint32_t hash, uint32_t place)
{
    size_t i = hash & (x->capacity - 1);

    while (x->slots[i].place != 0 && x->slots[i].place != place + 1) {
        i = (i + 1) & (x->capacity - 1);
    }
    return i;
}

static void insert(flr__map_index *x, uint32_t hash, size_t place)
{
    /* UINT32_MAX is no place (FLR_VALUE_MAX_COUNT is far below): this finds the empty slot. */
    x->slots[probe(x, hash, UINT32_MAX - 1)] = (slot){(uint32_t)place + 1, hash};
}

size_t flr__index_find(const flr__map *m, const char *text, size_t size)
{
    const flr__map_index *x = m->index;
    uint32_t hash = hash_of(x, text, size);

    for (size_t i = hash & (x->capacity - 1); x->slots[i].place != 0;
         i = (i + 1) & (x->capacity - 1)) {
        const flr__str *key = m->entries[x->slots[i].place - 1].key;

        if (x->slots[i].hash == hash && key->size == size && memcmp(key->text, text, size) == 0) {
            return x->slots[i].place - 1;
        }
    }
    return SIZE_MAX;
}

/* Choose the key of a new index. Without randomness from the system the addresses have to do. */
static void choose_key(flr__map_index *x, const flr__map *m)
{
    uint64_t words[2] = {(uint64_t)(uintptr_t)x,
                         (uint64_t)(uintptr_t)m ^ UINT64_C(0x9e3779b97f4a7c15)};
    flr__rng rng;

    if (x->capacity >= SYSTEM_KEY_CAPACITY && flr__rng_seed_system(&rng) == 0) {
        words[0] ^= flr__rng_next(&rng);
        words[1] ^= flr__rng_next(&rng);
    }
    memcpy(x->key, words, sizeof x->key);
}

int flr__index_reserve(flr__map *m, size_t count)
{
    const flr__map_index *old = m->index;
    size_t capacity = old == NULL ? FIRST_CAPACITY : old->capacity;
    flr__map_index *x;

    assert(count <= FLR_VALUE_MAX_COUNT);
    while (capacity / 4 * 3 < count) {
        capacity *= 2;
    }
    if (old != NULL && old->capacity == capacity) {
        return 0;
    }
    x = index_alloc(capacity);
    if (x == NULL) {
        return FLR_E_NOMEM;
    }
    if (old != NULL && (old->capacity >= SYSTEM_KEY_CAPACITY || capacity < SYSTEM_KEY_CAPACITY)) {
        memcpy(x->key, old->key, sizeof x->key);
        for (size_t i = 0; i < old->capacity; i++) {
            if (old->slots[i].place != 0) {
                insert(x, old->slots[i].hash, old->slots[i].place - 1);
            }
        }
    } else {
        choose_key(x, m);
        for (size_t i = 0; i < m->size; i++) {
            insert(x, hash_of(x, m->entries[i].key->text, m->entries[i].key->size), i);
        }
    }
    flr__free(m->index);
    m->index = x;
    return 0;
}

void flr__index_add(flr__map *m, size_t place)
{
    const flr__str *key = m->entries[place].key;

    insert(m->index, hash_of(m->index, key->text, key->size), place);
}

void flr__index_remove(flr__map *m, size_t place)
{
    flr__map_index *x = m->index;
    const flr__str *key = m->entries[place].key;
    size_t mask = x->capacity - 1;
    size_t hole = probe(x, hash_of(x, key->text, key->size), (uint32_t)place);

    assert(x->slots[hole].place == place + 1);
    /* Move up what was pushed past the hole, so that no search ends there too early. */
    for (size_t i = (hole + 1) & mask; x->slots[i].place != 0; i = (i + 1) & mask) {
        size_t home = x->slots[i].hash & mask;

        if (((i - home) & mask) >= ((i - hole) & mask)) {
            x->slots[hole] = x->slots[i];
            hole = i;
        }
    }
    x->slots[hole].place = 0;
    for (size_t i = 0; i < x->capacity; i++) {
        if (x->slots[i].place > place + 1) {
            x->slots[i].place--;
        }
    }
}

flr__map_index *flr__index_copy(const flr__map_index *index)
{
    flr__map_index *x = index_alloc(index->capacity);

    if (x != NULL) {
        memcpy(x->key, index->key, sizeof x->key);
        memcpy(x->slots, index->slots, index->capacity * sizeof x->slots[0]);
    }
    return x;
}
