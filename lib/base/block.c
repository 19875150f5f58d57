/*
 * Blocks that are kept, by class: one for each multiple of the unit. Each thread takes them from its lane and puts them there, in two
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
#define CLASSES     (FLR__BLOCK_MAX / FLR__BLOCK_UNIT)
#define STACK       32                /* blocks */
#define DEPOT_BYTES ((size_t)4 << 20) /* of all classes together */

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
    atomic_size_t live; /* blocks taken less blocks released; changed by who is busy with it */
    struct {
        stack top, spare; /* the spare one is full or empty, but for what a drop leaves */
    } of[CLASSES];
} lane;

static struct {
    _Alignas(128) lane lane; /* no cache line, nor the one fetched with it, is another's */
} lanes[FLR__LANES];

static struct {
    _Alignas(128) atomic_bool busy;
    _Atomic(block *) stacks; /* full ones; changed by who is busy with it */
} depots[CLASSES];
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

static size_t stack_bytes(size_t class)
{
    return (class + 1) * FLR__BLOCK_UNIT * STACK;
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
static block *from_depot(size_t class)
{
    block *first = NULL;
    if (atomic_load_explicit(&depots[class].stacks, memory_order_relaxed) == NULL ||
        !take(&depots[class].busy))
        return NULL;
    first = atomic_load_explicit(&depots[class].stacks, memory_order_relaxed);
    if (first != NULL)
        atomic_store_explicit(&depots[class].stacks, first->next_stack, memory_order_relaxed);
    give_back(&depots[class].busy);
    if (first != NULL)
        atomic_fetch_sub_explicit(&in_depots.bytes, stack_bytes(class), memory_order_relaxed);
    return first;
}

/* A full stack; dropped if there are enough of them. */
static void to_depot(size_t class, block *first)
{
    size_t bytes = stack_bytes(class);
    if (atomic_fetch_add_explicit(&in_depots.bytes, bytes, memory_order_relaxed) + bytes <=
            DEPOT_BYTES &&
        take(&depots[class].busy)) {
        first->next_stack = atomic_load_explicit(&depots[class].stacks, memory_order_relaxed);
        atomic_store_explicit(&depots[class].stacks, first, memory_order_relaxed);
        give_back(&depots[class].busy);
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

static block *pop(lane *l, size_t class)
{
    stack *top = &l->of[class].top, *spare = &l->of[class].spare;
    if (top->count == 0 && spare->count > 0)
        swap(top, spare);
    if (top->count == 0) {
        top->first = from_depot(class);
        top->count = top->first == NULL ? 0 : STACK;
    }
    block *b = top->first;
    if (b != NULL) {
        top->first = b->next;
        top->count--;
        /* The next one will be wanted soon, and was perhaps released by another thread. */
        flr__fetch(top->first, (class + 1) * FLR__BLOCK_UNIT);
    }
    return b;
}

/* What has to go to the depot for it; NULL: nothing. */
static block *push(lane *l, size_t class, block *b)
{
    stack *top = &l->of[class].top, *spare = &l->of[class].spare;
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

/* Its place by class, unless it is nothing to be kept. */
static bool is_kept(size_t bytes, size_t *class)
{
    *class = flr__block_units(bytes) - 1;
    return bytes > 0 && *class < CLASSES && !flr__alloc_is_hosts();
}

void *flr__block_alloc(size_t bytes)
{
    size_t class;
    if (!is_kept(bytes, &class))
        return flr__alloc(bytes);
    lane *own = &lanes[flr__lane()].lane;
    block *b = NULL;
    if (take(&own->busy)) {
        b = pop(own, class);
        if (b != NULL)
            count(own, 1);
        give_back(&own->busy);
    }
    return b != NULL ? b : flr__alloc((class + 1) * FLR__BLOCK_UNIT);
}

void flr__block_free(void *old, size_t bytes)
{
    size_t class;
    if (old == NULL || !is_kept(bytes, &class)) {
        flr__free(old);
        return;
    }
    lane *own = &lanes[flr__lane()].lane;
    if (!take(&own->busy)) {
        flr__free(old);
        return;
    }
    block *full = push(own, class, old);
    count(own, SIZE_MAX); /* less one */
    give_back(&own->busy);
    if (full != NULL)
        to_depot(class, full);
}

size_t flr__blocks_live(void)
{
    size_t sum = 0;
    for (size_t i = 0; i < FLR__LANES; i++)
        sum += atomic_load_explicit(&lanes[i].lane.live, memory_order_relaxed);
    return sum;
}

void flr__blocks_drop(void)
{
    for (size_t i = 0; i < FLR__LANES; i++) {
        lane *l = &lanes[i].lane;
        for (size_t class = 0; class < CLASSES && take(&l->busy); class ++) {
            block *top = l->of[class].top.first, *spare = l->of[class].spare.first;
            l->of[class].top = l->of[class].spare = (stack){NULL, 0};
            give_back(&l->busy);
            drop(top);
            drop(spare);
        }
    }
    for (size_t class = 0; class < CLASSES; class ++)
        for (block *first; (first = from_depot(class)) != NULL;)
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
