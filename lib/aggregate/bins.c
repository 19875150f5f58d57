/*
 * Binned sums of one block. Owns nothing; whoever owns the block guards it.
 *
 * The build must evaluate doubles as doubles, round to nearest, and neither contract nor
 * reassociate (-ffp-contract=off, no -ffast-math).
 */
#include "aggregate/bins.h"
#include <float.h>

#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0
#error "binned sums need double arithmetic without excess precision (-msse2 -mfpmath=sse)"
#endif

#define SIGN       UINT64_C(0x8000000000000000)
#define EXPONENT   UINT64_C(0x7ff0000000000000)
#define HALF       UINT64_C(0x0008000000000000) /* the mantissa of 1.5 */
#define WIDTH      40
#define LOWEST     (-1060) /* exponent of the unit of bin 0, as kept */
#define FLOOR_BIN  2       /* the lowest top bin */
#define PLAIN_BINS 50      /* the highest bin that is kept times 2^64 */
#define SHIFT      240     /* higher ones are kept times 2^-SHIFT of that: six bins */

flr__factor flr__factor_of(double weight)
{
    flr__factor f = {weight * 0x1p64, 1.0};
    if (weight >= 0x1p900) {
        f.a = weight * 0x1p-128;
        f.b = 0x1p192;
    }
    return f;
}

/* 1.5 * 2^52 units of a bin as it is kept: the sum of no slices. */
static double empty_bin(int j)
{
    bool shifted = j > PLAIN_BINS;
    int unit = LOWEST + WIDTH * j - (shifted ? SHIFT : 0);
    uint64_t bits = (uint64_t)(unit + 52 + 1023) << 52 | HALF;
    return flr__double_from_bits(shifted ? bits | SIGN : bits);
}

/* The number of the bin whose sum this is. */
static int bin_of_sum(double sum)
{
    uint64_t bits = flr__double_bits(sum);
    int unit = (int)((bits & EXPONENT) >> 52) - 1023 - 52;
    return (unit - LOWEST) / WIDTH + (bits & SIGN ? SHIFT / WIDTH : 0);
}

/* The lowest top bin that an addend allows; extra: the power of two that it was divided by. */
static int bin_of_addend(double p, int extra)
{
    int exponent = (int)((flr__double_bits(p) & EXPONENT) >> 52) - 1023 + extra;
    int above = exponent - (LOWEST + WIDTH - 1) + WIDTH; /* p < 2^(LOWEST + 40 j + 39) */
    return above < FLOOR_BIN * WIDTH ? FLOOR_BIN : above / WIDTH;
}

void flr__bins_clear(flr__bins *bins)
{
    for (size_t k = 0; k < FLR__FOLD; k++) {
        double empty = empty_bin(FLOOR_BIN - (int)k);
        for (size_t i = 0; i < FLR__BLOCK; i++)
            bins->sum[k][i] = empty;
    }
}

/*
 * With its last bit set an addend is never half-way between two multiples of a unit, so rounding it
 * does not depend on the sum.
 */
static inline double untie(double x)
{
    return flr__double_from_bits(flr__double_bits(x) | 1);
}

static inline double add_slice(double *sum, double x)
{
    double before = *sum, after = before + untie(x);
    *sum = after;
    return x - (after - before);
}

/*
 * Whether every addend goes into the bins that its accumulator has, and none of those is kept
 * shifted.
 */
static bool block_fits(const flr__bins *bins, const double *restrict p)
{
    uint64_t out = 0;
    for (size_t i = 0; i < FLR__BLOCK; i++) {
        uint64_t sum, addend;
        sum = flr__double_bits(bins->sum[0][i]);
        addend = flr__double_bits(p[i]) & ~SIGN;
        /*
         * positive doubles are ordered like their bits; the bound is 2^13 below the sum's power of
         * two
         */
        out |= sum | ~(addend - ((sum & EXPONENT) - (UINT64_C(13) << 52)));
    }
    return out >> 63 == 0;
}

static void add_block(flr__bins *bins, const double *restrict p)
{
    double *restrict s0 = bins->sum[0], *restrict s1 = bins->sum[1], *restrict s2 = bins->sum[2];
    for (size_t i = 0; i < FLR__BLOCK; i++) {
        double x = p[i];
        x = add_slice(&s0[i], x);
        x = add_slice(&s1[i], x);
        (void)add_slice(&s2[i], x);
    }
}

/* Move accumulator i up to top bin j; the sums of bins that fall off are dropped. */
static void raise_bins(flr__bins *bins, flr__carries *carries, size_t i, int j)
{
    int old = bin_of_sum(bins->sum[0][i]);
    for (int k = FLR__FOLD - 1; k >= 0; k--) {
        int from = k - (j - old);
        double sum = from >= 0 ? bins->sum[from][i] : empty_bin(j - k);
        /* all three are kept the same way, the one that the top bin has */
        if (j > PLAIN_BINS && sum > 0)
            sum *= -0x1p-240;
        bins->sum[k][i] = sum;
        if (carries)
            carries->n[k][i] = from >= 0 ? carries->n[from][i] : 0;
    }
}

static void add_one(flr__bins *bins, flr__carries *carries, size_t i, double p, double shifted)
{
    int j = p - p == 0 ? bin_of_addend(p, 0) : bin_of_addend(shifted, SHIFT);
    if (j > bin_of_sum(bins->sum[0][i]))
        raise_bins(bins, carries, i, j);
    if (bins->sum[0][i] > 0) {
        for (size_t k = 0; k < FLR__FOLD; k++)
            p = add_slice(&bins->sum[k][i], p);
        return;
    }
    for (size_t k = 0; k < FLR__FOLD; k++) {
        double sum = -bins->sum[k][i];
        shifted = add_slice(&sum, shifted);
        bins->sum[k][i] = -sum;
    }
}

void flr__bins_add(flr__bins *bins, flr__carries *carries, flr__factor weight,
                   const double x[FLR__BLOCK])
{
    double p[FLR__BLOCK];
    for (size_t i = 0; i < FLR__BLOCK; i++)
        p[i] = weight.a * (weight.b * x[i]);
    if (block_fits(bins, p)) {
        add_block(bins, p);
        return;
    }
    for (size_t i = 0; i < FLR__BLOCK; i++)
        add_one(bins, carries, i, p[i], weight.a * 0x1p-240 * (weight.b * x[i]));
}

/* The integer n of a sum; a sum is negative if it is kept shifted, its mantissa is the same. */
static int64_t integer_of(double sum)
{
    uint64_t bits = flr__double_bits(sum);
    return (int64_t)(bits & (HALF * 2 - 1)) - (int64_t)HALF;
}

void flr__bins_carry(flr__bins *bins, flr__carries *carries)
{
    for (size_t k = 0; k < FLR__FOLD; k++)
        for (size_t i = 0; i < FLR__BLOCK; i++) {
            uint64_t bits = flr__double_bits(bins->sum[k][i]);
            carries->n[k][i] += integer_of(bins->sum[k][i]);
            bins->sum[k][i] = flr__double_from_bits((bits & (SIGN | EXPONENT)) | HALF);
        }
}

/* The three integers, and the exponent of the lowest bin's unit. */
static int integers_of(const flr__bins *bins, const flr__carries *carries, size_t i,
                       int64_t t[FLR__FOLD])
{
    for (size_t k = 0; k < FLR__FOLD; k++)
        t[k] = integer_of(bins->sum[k][i]) + (carries ? carries->n[k][i] : 0);
    return LOWEST + WIDTH * (bin_of_sum(bins->sum[0][i]) - (FLR__FOLD - 1)) - 64;
}

flr__wide flr__bins_get(const flr__bins *bins, const flr__carries *carries, size_t i)
{
    int64_t t[FLR__FOLD];
    int unit = integers_of(bins, carries, i, t);
    return flr__wide_from_bins(t, unit);
}

bool flr__bins_estimate(const flr__bins *bins, const flr__carries *carries, size_t i, double *sum,
                        int *exponent)
{
    if (carries)
        return false;
    int64_t t[FLR__FOLD];
    *exponent = integers_of(bins, NULL, i, t);
    /* integers below 2^51, so each step rounds once, relative to its own result */
    double upper = (double)t[0] * 0x1p40 + (double)t[1];
    *sum = upper * 0x1p40 + (double)t[2];
    return true;
}
