/*
 * The allocator hook, the only global state of the library. It is set while nobody else is inside the library; `live` counts allocations,
 * so that it cannot be changed under living objects. The count is spread over lanes, a cache line each, so that threads do not meet in it:
 * an allocation counts in the lane of the thread that makes it, a release in the lane of the thread that makes that.
 */
#include "base/alloc.h"
#include "base/abi.h"
#include "base/block.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Lanes below this one belong to one thread each; later threads share the rest, 4 bits of a hash. */
#define SHARED_LANES 48
_Static_assert(SHARED_LANES + 16 == FLR__LANES, "all lanes are in use");

/* Read at each allocation: on a cache line that nobody writes. */
static struct {
    _Alignas(128) flr_allocator_ops ops; /* allocate NULL: malloc and friends */
    void *self;
} hook;
static struct {
    _Alignas(128) atomic_size_t count;
} live[FLR__LANES];
static atomic_uint lanes_given;
static _Thread_local unsigned own_lane; /* + 1; 0: none yet */

static unsigned choose_lane(void)
{
    unsigned lane = SHARED_LANES;
    if (atomic_load_explicit(&lanes_given, memory_order_relaxed) < SHARED_LANES)
        lane = atomic_fetch_add_explicit(&lanes_given, 1, memory_order_relaxed);
    if (lane >= SHARED_LANES)
        lane = SHARED_LANES +
               (unsigned)(((uintptr_t)&own_lane >> 6) * UINT64_C(0x9e3779b97f4a7c15) >> 60);
    own_lane = lane + 1;
    return lane;
}

static inline unsigned lane_of_thread(void)
{
    return own_lane > 0 ? own_lane - 1 : choose_lane();
}

unsigned flr__lane(void)
{
    return lane_of_thread();
}

/* A lane may well go below 0: only the sum means something. */
void flr__alloc_count(size_t change)
{
    unsigned lane = lane_of_thread();
    atomic_size_t *count = &live[lane].count;
    if (lane < SHARED_LANES) /* nobody else writes it */
        atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + change,
                              memory_order_relaxed);
    else
        atomic_fetch_add_explicit(count, change, memory_order_relaxed);
}

static bool any_live(void)
{
    size_t sum = flr__blocks_live();
    for (size_t i = 0; i < FLR__LANES; i++)
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
    flr__blocks_drop();
    hook.ops = fresh;
    hook.self = self;
    return 0;
}

void flr_allocator_trim(void)
{
    flr__blocks_drop();
}

bool flr__alloc_is_hosts(void)
{
    return hook.ops.allocate != NULL;
}

void *flr__alloc(size_t size)
{
    size_t bytes = size > 0 ? size : 1;
    void *p = hook.ops.allocate != NULL ? hook.ops.allocate(hook.self, bytes) : malloc(bytes);
    if (p != NULL)
        flr__alloc_count(1);
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
    return hook.ops.reallocate != NULL ? hook.ops.reallocate(hook.self, old, bytes) : realloc(old, bytes);
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
    flr__alloc_count(SIZE_MAX); /* less one */
    if (hook.ops.release != NULL)
        hook.ops.release(hook.self, old);
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
