/* The counters behind flr_stats, striped; each addition is one short critical section, a snapshot takes all stripes. */
#ifndef FLR_LIB_COUNTERS_H
#define FLR_LIB_COUNTERS_H

#include "base/lock.h"
#include <flrunner/stats.h>

#define FLR__COUNTER_STRIPES 8
#define FLR__NO_COUNTER      0 /* offset 0 is struct_size, so it is free to mean none */

typedef struct flr__counters {
    struct {
        flr__mutex lock;
        flr_stats sums;
        char apart[64]; /* no cache line belongs to two stripes */
    } stripes[FLR__COUNTER_STRIPES];
} flr__counters;

int flr__counters_init(flr__counters *c);
void flr__counters_free(flr__counters *c);
/* Add 1 to one or two counters (offsets in flr_stats) at once. */
void flr__counters_add(flr__counters *c, uint32_t hash, size_t first, size_t second);
void flr__counters_get(flr__counters *c, flr_stats *out);

#endif
