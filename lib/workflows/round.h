/*
 * What one round of a ready-made workflow was like: who contributed with which weight, what was
 * left out and why.
 */
#ifndef FLR_LIB_ROUND_H
#define FLR_LIB_ROUND_H

#include "base/alloc.h"
#include <flrunner/workflows.h>

typedef struct flr__contribution {
    const char *client; /* the task's view: it outlives the round */
    double weight;
    flr_shareable *result; /* without its model, frozen */
} flr__contribution;

struct flr_round {
    uint64_t number, total;
    double seconds;
    flr__contribution *items;
    size_t count, capacity;
    uint64_t refused[FLR_REFUSED_COUNT];
};

void flr__round_begin(flr_round *round,
                      uint64_t number); /* forgets what was there, keeps the memory */
void flr__round_free(flr_round *round);
int flr__round_reserve(flr_round *round); /* room for one more contribution: 0 or FLR_E_NOMEM */
void flr__round_add(flr_round *round, const char *client, double weight,
                    flr_shareable *result); /* reserved before; [give] */
void flr__round_sort(flr_round *round);     /* contributions by name */
/* "2 good contributions, 3 needed; left out: 1 for its return code, ..." */
void flr__round_describe(const flr_round *round, uint64_t needed, char *text, size_t size);

#endif
