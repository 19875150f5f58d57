/*
 * Immutable reference-counted strings with their hash, and the well-known ones.
 *
 * A text that is in the well-known list is always represented by its static string, so two well-known strings are equal exactly
 * if their pointers are; comparing with a well-known one never looks at characters.
 */
#ifndef FLR_LIB_STR_H
#define FLR_LIB_STR_H

#include "base/alloc.h"
#include <stdatomic.h>

typedef struct flr__str {
    _Atomic(uint32_t) refs; /* not counted for well-known strings */
    uint32_t hash;          /* flr__hash32 of the characters */
    uint32_t size;          /* bytes without the NUL */
    uint16_t index;         /* well-known: its FLR__S_* number; else 0 */
    char text[];
} flr__str;

/* X(NAME, "text"): every key, header, property, event, topic and return code that the library itself handles. */
#include "base/wellknown.h"

enum {
    FLR__S_NONE = 0,
#define X(name, text) FLR__S_##name,
    FLR__WELLKNOWN(X)
#undef X
    FLR__S_COUNT
};

/* The static string of FLR__S_name. */
extern const void *const flr__known[FLR__S_COUNT];
static inline const flr__str *flr__str_wellknown(unsigned index)
{
    return flr__known[index];
}
#define FLR__STR(name) flr__str_wellknown(FLR__S_##name)

/* The well-known string with this text, or NULL. */
const flr__str *flr__str_find(const char *text, size_t size, uint32_t hash);

/* Intern: the well-known one, or a new one. NULL if out of memory. size <= UINT32_MAX - 64 is the caller's business. */
const flr__str *flr__str_new(const char *text, size_t size);
void flr__str_release(const flr__str *s, size_t count); /* drops so many counted references */
static inline void flr__str_ref_many(const flr__str *s, size_t count)
{
    if (s != NULL && s->index == 0)
        atomic_fetch_add_explicit(&((flr__str *)(uintptr_t)s)->refs, (uint32_t)count,
                                  memory_order_relaxed);
}
static inline void flr__str_unref_many(const flr__str *s, size_t count)
{
    if (s != NULL && s->index == 0)
        flr__str_release(s, count);
}
static inline const flr__str *flr__str_ref(const flr__str *s)
{
    flr__str_ref_many(s, 1);
    return s;
}
static inline void flr__str_unref(const flr__str *s)
{
    flr__str_unref_many(s, 1);
}
bool flr__str_equals(const flr__str *a, const flr__str *b);
bool flr__str_is(const flr__str *s, const char *text);

uint32_t flr__hash32(const void *data, size_t size);

#endif
