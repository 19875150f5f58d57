/* Interned strings. The well-known ones are constant and found through a constant table; the others count their references. */
#include "base/str.h"
#include "base/wellknown_table.h"
#include <string.h>

/* The same layout as flr__str, with the characters in place. */
#define X(name, literal)                                                                           \
    static const struct {                                                                          \
        _Atomic(uint32_t) refs;                                                                    \
        uint32_t hash, size;                                                                       \
        uint16_t index;                                                                            \
        char text[sizeof(literal)];                                                                \
    } known_##name = {1, FLR__HASH_##name, sizeof(literal) - 1, FLR__S_##name, literal};
FLR__WELLKNOWN(X)
#undef X

const void *const flr__known[FLR__S_COUNT] = {NULL,
#define X(name, literal) &known_##name,
                                              FLR__WELLKNOWN(X)
#undef X
};

uint32_t flr__hash32(const void *data, size_t size)
{
    const unsigned char *p =
        data; /* FNV-1a; what hostile keys must not reach is hashed with a key elsewhere */
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < size; i++)
        h = (h ^ p[i]) * 16777619u;
    return h;
}

const flr__str *flr__str_find(const char *text, size_t size, uint32_t hash)
{
    for (unsigned i = hash % FLR__WELLKNOWN_SLOTS; wellknown_slots[i] != 0;
         i = (i + 1) % FLR__WELLKNOWN_SLOTS) {
        const flr__str *s = flr__known[wellknown_slots[i]];
        if (s->hash == hash && s->size == size && memcmp(s->text, text, size) == 0)
            return s;
    }
    return NULL;
}

const flr__str *flr__str_new(const char *text, size_t size)
{
    uint32_t hash = flr__hash32(text, size);
    const flr__str *found = flr__str_find(text, size, hash);
    if (found != NULL)
        return found;
    flr__str *s = flr__alloc(offsetof(flr__str, text) + size + 1);
    if (s == NULL)
        return NULL;
    atomic_init(&s->refs, 1);
    s->hash = hash;
    s->size = (uint32_t)size;
    s->index = 0;
    if (size > 0)
        memcpy(s->text, text, size);
    s->text[size] = '\0';
    return s;
}

void flr__str_release(const flr__str *s, size_t count)
{
    flr__str *own = (flr__str *)(uintptr_t)s;
    uint32_t n = (uint32_t)count;
    if (atomic_load_explicit(&own->refs, memory_order_acquire) == n ||
        atomic_fetch_sub_explicit(&own->refs, n, memory_order_acq_rel) == n)
        flr__free(own);
}

bool flr__str_equals(const flr__str *a, const flr__str *b)
{
    if (a == b)
        return true;
    if (a->index != 0 && b->index != 0)
        return false;
    return a->hash == b->hash && a->size == b->size && memcmp(a->text, b->text, a->size) == 0;
}

bool flr__str_is(const flr__str *s, const char *text)
{
    return strcmp(s->text, text) == 0;
}
