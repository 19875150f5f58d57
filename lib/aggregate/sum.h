/*
 * Weighted sums of arrays, for averages: one accumulator per element, of two kinds.
 *
 * FLR_ACCUMULATOR_REPRODUCIBLE: binned sums (bins.h), 24 bytes per parameter, 48 from addition 2049
 * on; at most FLR__BINS_MAX additions. The same additions in any order give the same bits, and what
 * is lost of each is at most 2^-80 of the largest. FLR_ACCUMULATOR_FLOAT64: a binary64 sum, 8 bytes
 * per parameter; the last bits depend on the order.
 *
 * A product weight * x is rounded to binary64 once (an int64 is taken in two exact halves), the sum
 * divided by the total weight is rounded once to the element type. The total weight is a sum of one
 * element itself.
 */
#ifndef FLR_LIB_SUM_H
#define FLR_LIB_SUM_H

#include "aggregate/bins.h"
#include <flrunner/workflows.h>

typedef struct flr__sum {
    int kind; /* FLR_ACCUMULATOR_* */
    size_t count;
    uint64_t adds;           /* since the last clear; an int64 array counts twice */
    double *plain;           /* FLOAT64: count sums */
    flr__bins *bins;         /* REPRODUCIBLE: blocks */
    flr__carries *carries;   /* NULL until they are needed */
    void *base, *carry_base; /* the allocations */
} flr__sum;

int flr__sum_init(flr__sum *s, int kind, size_t count); /* cleared; 0 or FLR_E_NOMEM */
void flr__sum_free(flr__sum *s);                        /* a zeroed one is fine */
void flr__sum_clear(flr__sum *s);

/* Whether every element, and every product with the weight, is finite. weight > 0 and finite. */
bool flr__sum_check(int type, const void *x, size_t count, double weight);

/*
 * Make sure that one more addition cannot fail: 0, FLR_E_NOMEM, or FLR_E_LIMIT (too many
 * additions).
 */
int flr__sum_reserve(flr__sum *s);

/* Add weight * x, s->count elements; checked and reserved before. */
void flr__sum_add(flr__sum *s, int type, const void *x, double weight);

/* Element 0 as a divisor. 0; FLR_E_LIMIT: it is not above zero or not finite. */
int flr__sum_get_divisor(const flr__sum *s, flr__divisor *divisor);

/*
 * Write sum / divisor, rounded once, as elements of the type. 0; FLR_E_LIMIT: a binary64 sum has
 * overflowed.
 */
int flr__sum_finish(const flr__sum *s, flr__divisor divisor, int type, void *out);

#endif
