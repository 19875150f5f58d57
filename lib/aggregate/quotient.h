/*
 * Exact quotients of wide integers, rounded once. What the end of a sum needs; no floating point
 * inside.
 */
#ifndef FLR_LIB_QUOTIENT_H
#define FLR_LIB_QUOTIENT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * (high * 2^64 + low, a little more if `more`) * 2^exponent, the top bit of high set; or zero: high
 * is 0.
 */
typedef struct flr__wide {
    uint64_t high, low;
    int exponent;
    bool negative, more;
} flr__wide;

/* t[0] * 2^(e + 80) + t[1] * 2^(e + 40) + t[2] * 2^e; magnitudes of t below 2^62. */
flr__wide flr__wide_from_bins(const int64_t t[3], int e);
flr__wide flr__wide_from_double(double x); /* finite */

/* A divisor > 0: mantissa * 2^exponent, the top bit of mantissa set. */
typedef struct flr__divisor {
    uint64_t mantissa;
    int exponent;
} flr__divisor;

/* Of a wide > 0; bits beyond the 64th are cut off. mantissa 0: it is not above 0. */
flr__divisor flr__divisor_from_wide(const flr__wide *w);

/*
 * w / d as bits of an element type: to the nearest, ties to even. What would lie outside of the
 * type's finite range becomes the nearest number inside; zero is +0.
 */
uint64_t flr__wide_divide(const flr__wide *w, flr__divisor d, int type);

#endif
