/* The gate: see gate.h. No lock; `inside` and `level` are each other's partners in a store-then-load pattern (sequentially consistent). */
#include "runner/gate.h"

void flr__gate_init(flr__gate *g, void (*left)(void *self), void *self)
{
    for (size_t i = 0; i < FLR__GATE_STRIPES; i++)
        atomic_init(&g->stripes[i].inside, 0);
    atomic_init(&g->level, FLR__GATE_SHUT);
    g->left = left;
    g->self = self;
}

bool flr__gate_enter(flr__gate *g, uint32_t hash, int level)
{
    /* Count first, look second; the closer stores the level first and counts second: one of the two sees the other. */
    atomic_fetch_add(&g->stripes[hash % FLR__GATE_STRIPES].inside, 1);
    if (atomic_load(&g->level) >= level)
        return true;
    flr__gate_leave(g, hash);
    return false;
}

void flr__gate_leave(flr__gate *g, uint32_t hash)
{
    size_t before = atomic_fetch_sub(&g->stripes[hash % FLR__GATE_STRIPES].inside, 1);
    if (before == 1 && atomic_load(&g->level) == FLR__GATE_SHUT)
        g->left(g->self);
}

void flr__gate_set(flr__gate *g, int level)
{
    atomic_store(&g->level, level);
}

int flr__gate_level(const flr__gate *g)
{
    return atomic_load(&g->level);
}

bool flr__gate_is_empty(const flr__gate *g)
{
    for (size_t i = 0; i < FLR__GATE_STRIPES; i++)
        if (atomic_load(&g->stripes[i].inside) != 0)
            return false;
    return true;
}
