/*
 * Blocks that are kept, by kind: one for each multiple of the unit. Each thread takes them from its lane and puts them there, in two
 * stacks, so that it goes to the depot only for a whole one, or with one. Nobody ever waits: a lane or a depot that another thread is
 * using this moment is left alone, and malloc serves. No thread owns anything, so none leaves anything behind. The idea is that of
 * Bonwick and Adams, "Magazines and Vmem" (USENIX 2001).
 */
#include "base/block.h"
#include <stdatomic.h>

#if defined(__SANITIZE_ADDRESS__) || defined(FLR_DEBUG_LOCKS)
#define KEEP 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define KEEP 0
#endif
#endif
#ifndef KEEP
#define KEEP 1
#endif

#if KEEP
#define KINDS       (FLR__BLOCK_MAX / FLR__BLOCK_UNIT)
#define STACK       32                /* blocks */
#define DEPOT_BYTES ((size_t)4 << 20) /* of all kinds together */

typedef struct block {
    struct block *next;
    struct block *next_stack; /* of the depot: the first block of the next one */
} block;

typedef struct stack {
    block *first;
    unsigned count;
} stack;

typedef struct lane {
    atomic_bool busy;
    bool used;          /* something was released here */
    atomic_size_t live; /* blocks taken less blocks released; changed by who is busy with it */
    struct {
        stack top, spare; /* the spare one is full or empty, but for what a drop leaves */
    } of[KINDS];
} lane;

static struct {
    _Alignas(128) lane lane; /* no cache line, nor the one fetched with it, is another's */
} lanes[FLR__LANES];
static _Atomic(uint64_t) used_lanes; /* a bit each */
_Static_assert(FLR__LANES == 64, "one bit for each lane");

static struct {
    _Alignas(128) atomic_bool busy;
    _Atomic(block *) stacks; /* full ones; changed by who is busy with it */
} depots[KINDS];
static struct {
    _Alignas(128) atomic_size_t bytes;
} in_depots;

static inline bool take(atomic_bool *busy)
{
    return !atomic_exchange_explicit(busy, true, memory_order_acquire);
}

static inline void count(lane *l, size_t change)
{
    atomic_store_explicit(&l->live, atomic_load_explicit(&l->live, memory_order_relaxed) + change,
                          memory_order_relaxed);
}

static inline void give_back(atomic_bool *busy)
{
    atomic_store_explicit(busy, false, memory_order_release);
}

static size_t stack_bytes(size_t kind)
{
    return (kind + 1) * FLR__BLOCK_UNIT * STACK;
}

/* To malloc again. It was counted off when it was released. */
static void drop(block *first)
{
    while (first != NULL) {
        block *b = first;
        first = b->next;
        flr__alloc_count(1);
        flr__free(b);
    }
}

/* A full stack; NULL: none. */
static block *from_depot(size_t kind)
{
    block *first = NULL;
    if (atomic_load_explicit(&depots[kind].stacks, memory_order_relaxed) == NULL ||
        !take(&depots[kind].busy))
        return NULL;
    first = atomic_load_explicit(&depots[kind].stacks, memory_order_relaxed);
    if (first != NULL)
        atomic_store_explicit(&depots[kind].stacks, first->next_stack, memory_order_relaxed);
    give_back(&depots[kind].busy);
    if (first != NULL)
        atomic_fetch_sub_explicit(&in_depots.bytes, stack_bytes(kind), memory_order_relaxed);
    return first;
}

/* A full stack; dropped if there are enough of them. */
static void to_depot(size_t kind, block *first)
{
    size_t bytes = stack_bytes(kind);
    if (atomic_fetch_add_explicit(&in_depots.bytes, bytes, memory_order_relaxed) + bytes <=
            DEPOT_BYTES &&
        take(&depots[kind].busy)) {
        first->next_stack = atomic_load_explicit(&depots[kind].stacks, memory_order_relaxed);
        atomic_store_explicit(&depots[kind].stacks, first, memory_order_relaxed);
        give_back(&depots[kind].busy);
        return;
    }
    atomic_fetch_sub_explicit(&in_depots.bytes, bytes, memory_order_relaxed);
    drop(first);
}

static void swap(stack *a, stack *b)
{
    stack was = *a;
    *a = *b;
    *b = was;
}

static block *pop(lane *l, size_t kind)
{
    stack *top = &l->of[kind].top, *spare = &l->of[kind].spare;
    if (top->count == 0 && spare->count > 0)
        swap(top, spare);
    if (top->count == 0) {
        top->first = from_depot(kind);
        top->count = top->first == NULL ? 0 : STACK;
    }
    block *b = top->first;
    if (b != NULL) {
        top->first = b->next;
        top->count--;
        /* The next one will be wanted soon, and was perhaps released by another thread. */
        flr__fetch(top->first, (kind + 1) * FLR__BLOCK_UNIT);
    }
    return b;
}

/* What has to go to the depot for it; NULL: nothing. */
static block *push(lane *l, size_t kind, block *b)
{
    stack *top = &l->of[kind].top, *spare = &l->of[kind].spare;
    block *full = NULL;
    if (top->count == STACK) {
        swap(top, spare);
        if (top->count == STACK) {
            full = top->first;
            *top = (stack){NULL, 0};
        }
    }
    b->next = top->first;
    top->first = b;
    top->count++;
    return full;
}

/* Its kind, unless it is nothing to be kept. */
static bool is_kept(size_t bytes, size_t *kind)
{
    *kind = flr__block_units(bytes) - 1;
    return bytes > 0 && *kind < KINDS && !flr__alloc_is_hosts();
}

void *flr__block_alloc(size_t bytes)
{
    size_t kind;
    if (!is_kept(bytes, &kind))
        return flr__alloc(bytes);
    lane *own = &lanes[flr__lane()].lane;
    block *b = NULL;
    if (take(&own->busy)) {
        b = pop(own, kind);
        if (b != NULL)
            count(own, 1);
        give_back(&own->busy);
    }
    return b != NULL ? b : flr__alloc((kind + 1) * FLR__BLOCK_UNIT);
}

void flr__block_free(void *old, size_t bytes)
{
    size_t kind;
    if (old == NULL || !is_kept(bytes, &kind)) {
        flr__free(old);
        return;
    }
    unsigned number = flr__lane();
    lane *own = &lanes[number].lane;
    if (!take(&own->busy)) {
        flr__free(old);
        return;
    }
    if (!own->used) {
        own->used = true;
        atomic_fetch_or(&used_lanes, UINT64_C(1) << number);
    }
    block *full = push(own, kind, old);
    count(own, SIZE_MAX); /* less one */
    give_back(&own->busy);
    if (full != NULL)
        to_depot(kind, full);
}

size_t flr__blocks_live(void)
{
    size_t sum = 0;
    for (size_t i = 0; i < FLR__LANES; i++)
        sum += atomic_load_explicit(&lanes[i].lane.live, memory_order_relaxed);
    return sum;
}

static void drop_lane(lane *l)
{
    block *kept[2 * KINDS];
    if (!take(&l->busy))
        return;
    for (size_t kind = 0; kind < KINDS; kind++) {
        kept[2 * kind] = l->of[kind].top.first;
        kept[2 * kind + 1] = l->of[kind].spare.first;
        l->of[kind].top = l->of[kind].spare = (stack){NULL, 0};
    }
    give_back(&l->busy);
    for (size_t i = 0; i < 2 * KINDS; i++)
        drop(kept[i]);
}

void flr__blocks_drop(void)
{
    uint64_t used = atomic_load(&used_lanes);
    for (size_t i = 0; i < FLR__LANES; i++)
        if ((used >> i & 1) != 0)
            drop_lane(&lanes[i].lane);
    for (size_t kind = 0; kind < KINDS; kind++)
        for (block *first; (first = from_depot(kind)) != NULL;)
            drop(first);
}

#else

void *flr__block_alloc(size_t bytes)
{
    return flr__alloc(bytes);
}

void flr__block_free(void *old, size_t bytes)
{
    (void)bytes;
    flr__free(old);
}

size_t flr__blocks_live(void)
{
    return 0;
}

void flr__blocks_drop(void)
{
}

#endif
