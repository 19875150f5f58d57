/*
 * Binned sums: one block of FLR__BLOCK accumulators whose contents do not depend on the order of
 * additions.
 *
 * After J. Demmel and H. D. Nguyen, "Parallel Reproducible Summation", IEEE Trans. Computers 64(7),
 * 2015, with fold 3. The number line is cut into bins of 40 bits at absolute positions: bin j has
 * the unit u_j = 2^(40 j - 1124). An addend is split into slices, top down: slice j is what is left
 * of it, rounded to the nearest multiple of u_j. An accumulator keeps the sums of slices of three
 * neighbouring bins; the top one is the lowest for which every addend is below 2^39 u_j, so that
 * slices in all higher bins are zero. Slices depend on nothing but the addend, and sums of
 * multiples of a unit are exact: every order gives the same three integers. What is lost of an
 * addend is at most 2^-80 of the largest one, or 2^-1125.
 *
 * A sum of slices is kept as (1.5 * 2^52 + n) * u_j, n the integer, so that adding to it rounds to
 * multiples of u_j. That is 24 bytes per accumulator. After FLR__BINS_ROOM additions the integers
 * are carried into an array of int64, 24 bytes more, which is made only then. Addends and units are
 * kept times 2^64, those of the highest bins times 2^-176, so nothing underflows or overflows.
 */
#ifndef FLR_LIB_BINS_H
#define FLR_LIB_BINS_H

#include "aggregate/elements.h"
#include "aggregate/quotient.h"

#define FLR__FOLD 3
/* Additions between two carries: 2^11 slices of at most 2^39 units. */
#define FLR__BINS_ROOM 2048
/* Additions in all: the carried integers stay below 2^62. */
#define FLR__BINS_MAX (UINT64_C(1) << 22)

/* Sums of bins j, j - 1, j - 2; negative ones are kept times 2^-176 instead of 2^64. */
typedef struct flr__bins {
    double sum[FLR__FOLD][FLR__BLOCK];
} flr__bins;

typedef struct flr__carries {
    int64_t n[FLR__FOLD][FLR__BLOCK]; /* in units of the bin */
} flr__carries;

/* A weight as two factors: w * x * 2^64 is a * (b * x). */
typedef struct flr__factor {
    double a, b;
} flr__factor;

flr__factor flr__factor_of(double weight); /* finite and > 0 */

void flr__bins_clear(flr__bins *bins);
/*
 * Add weight * x for each of the block. weight * x must be finite. carries may be NULL (none were
 * made yet).
 */
void flr__bins_add(flr__bins *bins, flr__carries *carries, flr__factor weight,
                   const double x[FLR__BLOCK]);
/* Make room for FLR__BINS_ROOM more additions. */
void flr__bins_carry(flr__bins *bins, flr__carries *carries);
/* The exact sum of accumulator i's bins. */
flr__wide flr__bins_get(const flr__bins *bins, const flr__carries *carries, size_t i);
/*
 * The same as a double with an error of at most two units in its last place, times 2^-*exponent;
 * false: ask flr__bins_get.
 */
bool flr__bins_estimate(const flr__bins *bins, const flr__carries *carries, size_t i, double *sum,
                        int *exponent);

#endif
