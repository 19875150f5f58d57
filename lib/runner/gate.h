/*
 * The gate of the open workflow. Messages enter and leave with an atomic each, in parallel; closing refuses newcomers and tells when the
 * last one inside has left. Striped, so that threads do not share a cache line.
 */
#ifndef FLR_LIB_GATE_H
#define FLR_LIB_GATE_H

#include "base/wait.h"

#define FLR__GATE_STRIPES 16

enum {
    FLR__GATE_SHUT = 0,
    FLR__GATE_TELL = 1,
    FLR__GATE_OPEN = 2
}; /* TELL: only what a communicator is told (DC-05) */

typedef struct flr__gate {
    struct {
        atomic_size_t inside;
        char padding[64 - sizeof(atomic_size_t)];
    } stripes[FLR__GATE_STRIPES]; /* a cache line each */
    atomic_int level;
    void (*left)(void *self); /* the last one has left a gate that was being shut; outside locks */
    void *self;
} flr__gate;

void flr__gate_init(flr__gate *g, void (*left)(void *self), void *self);
/* true: inside, until left with the same hash. level: the least that the gate must be open. */
bool flr__gate_enter(flr__gate *g, uint32_t hash, int level);
void flr__gate_leave(flr__gate *g, uint32_t hash);
void flr__gate_set(flr__gate *g, int level);
int flr__gate_level(const flr__gate *g);
bool flr__gate_is_empty(const flr__gate *g); /* meaningful once it is shut */

#endif
