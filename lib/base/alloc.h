/* Allocation through the host's hook, with overflow-checked sizes. Every object of the library comes from here. */
#ifndef FLR_LIB_ALLOC_H
#define FLR_LIB_ALLOC_H

#include <flrunner/base.h>
#include <stdbool.h>
#include <stdint.h>

void *flr__alloc(size_t size);                             /* NULL if out of memory; size 0 counts as 1 */
void *flr__zalloc(size_t size);                            /* cleared */
void *flr__alloc_array(size_t count, size_t size);         /* NULL also if count * size overflows */
void *flr__zalloc_array(size_t count, size_t size);
void *flr__realloc_array(void *old, size_t count, size_t size);
void *flr__alloc_aligned(size_t size, void **base);        /* 64-byte aligned; release *base with flr__free */
void flr__free(void *old);
char *flr__strdup(const char *text);
char *flr__strndup(const char *text, size_t size);

/* false on overflow; *out is untouched then */
static inline bool flr__size_add(size_t a, size_t b, size_t *out)
{
    if (a > SIZE_MAX - b)
        return false;
    *out = a + b;
    return true;
}

static inline bool flr__size_mul(size_t a, size_t b, size_t *out)
{
    if (b != 0 && a > SIZE_MAX / b)
        return false;
    *out = a * b;
    return true;
}

/*
 * This thread's lane, below FLR__LANES. What many threads count at once is kept per lane, each in a cache line of its own; a thread keeps
 * its lane for life, and shares it with others only if there are many.
 */
#define FLR__LANES 64
unsigned flr__lane(void);

/* Objects that live are counted; for blocks that are kept, which no object is in. */
void flr__alloc_count(size_t change);
bool flr__alloc_is_hosts(void); /* the host has set an allocator */

/* Make room for one more element in a growing array: *array holds *capacity elements, count in use. 0 or FLR_E_NOMEM. */
int flr__grow(void **array, size_t *capacity, size_t count, size_t element);

#endif
