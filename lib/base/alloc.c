/*
 * The allocator hook, the only global state of the library. It is set while nobody else is inside the library; `live` counts allocations,
 * so that it cannot be changed under living objects. The count is spread over cache lines by address, so that threads do not meet in it.
 */
#include "base/alloc.h"
#include "base/abi.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define LIVE_STRIPES 16 /* 4 bits of a hash */

static flr_allocator_ops hook; /* allocate NULL: malloc and friends */
static void *hook_self;
static struct {
    atomic_size_t count;
    char padding[64 - sizeof(atomic_size_t)];
} live[LIVE_STRIPES];

static atomic_size_t *live_of(const void *p)
{
    return &live[((uintptr_t)p >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 60].count;
}

static bool any_live(void)
{
    size_t sum = 0;
    for (size_t i = 0; i < LIVE_STRIPES; i++)
        sum += atomic_load(&live[i].count);
    return sum != 0;
}

void flr_allocator_ops_init(flr_allocator_ops *ops, size_t size)
{
    flr__abi_init(ops, size);
}

int flr_allocator_set(const flr_allocator_ops *ops, void *self)
{
    flr_allocator_ops fresh = {0};
    if (ops != NULL) {
        int status = flr__abi_import(&fresh, sizeof fresh, ops, sizeof fresh, 0);
        if (status < 0)
            return status;
        if (fresh.allocate == NULL || fresh.reallocate == NULL || fresh.release == NULL)
            return FLR_E_INVAL;
    }
    if (any_live())
        return FLR_E_STATE;
    hook = fresh;
    hook_self = self;
    return 0;
}

void *flr__alloc(size_t size)
{
    size_t bytes = size > 0 ? size : 1;
    void *p = hook.allocate != NULL ? hook.allocate(hook_self, bytes) : malloc(bytes);
    if (p != NULL)
        atomic_fetch_add_explicit(live_of(p), 1, memory_order_relaxed);
    return p;
}

void *flr__zalloc(size_t size)
{
    void *p = flr__alloc(size);
    return p == NULL ? NULL : memset(p, 0, size);
}

void *flr__alloc_array(size_t count, size_t size)
{
    size_t bytes;
    return flr__size_mul(count, size, &bytes) ? flr__alloc(bytes) : NULL;
}

void *flr__zalloc_array(size_t count, size_t size)
{
    size_t bytes;
    return flr__size_mul(count, size, &bytes) ? flr__zalloc(bytes) : NULL;
}

void *flr__realloc_array(void *old, size_t count, size_t size)
{
    size_t bytes;
    if (!flr__size_mul(count, size, &bytes))
        return NULL;
    if (old == NULL)
        return flr__alloc(bytes);
    bytes = bytes > 0 ? bytes : 1;
    atomic_size_t *before = live_of(old);
    void *p =
        hook.reallocate != NULL ? hook.reallocate(hook_self, old, bytes) : realloc(old, bytes);
    if (p != NULL) {
        atomic_fetch_add_explicit(live_of(p), 1, memory_order_relaxed);
        atomic_fetch_sub_explicit(before, 1, memory_order_relaxed);
    }
    return p;
}

void *flr__alloc_aligned(size_t size, void **base)
{
    size_t bytes;
    if (!flr__size_add(size, 63, &bytes))
        return NULL;
    *base = flr__alloc(bytes);
    return *base == NULL ? NULL : (void *)(((uintptr_t)*base + 63) & ~(uintptr_t)63);
}

void flr__free(void *old)
{
    if (old == NULL)
        return;
    atomic_fetch_sub_explicit(live_of(old), 1, memory_order_relaxed);
    if (hook.release != NULL)
        hook.release(hook_self, old);
    else
        free(old);
}

char *flr__strndup(const char *text, size_t size)
{
    size_t bytes;
    char *copy = flr__size_add(size, 1, &bytes) ? flr__alloc(bytes) : NULL;
    if (copy == NULL)
        return NULL;
    if (size > 0)
        memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

char *flr__strdup(const char *text)
{
    return flr__strndup(text, strlen(text));
}

bool flr__size_add(size_t a, size_t b, size_t *out)
{
    if (a > SIZE_MAX - b)
        return false;
    *out = a + b;
    return true;
}

bool flr__size_mul(size_t a, size_t b, size_t *out)
{
    if (b != 0 && a > SIZE_MAX / b)
        return false;
    *out = a * b;
    return true;
}

int flr__grow(void **array, size_t *capacity, size_t count, size_t element)
{
    size_t wanted;
    if (count < *capacity)
        return 0;
    if (!flr__size_mul(count < 4 ? 4 : count, 2, &wanted))
        return FLR_E_NOMEM;
    void *fresh = flr__realloc_array(*array, wanted, element);
    if (fresh == NULL)
        return FLR_E_NOMEM;
    *array = fresh;
    *capacity = wanted;
    return 0;
}
