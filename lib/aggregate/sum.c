/* Weighted sums of arrays behind one interface. A sum belongs to one owner, who guards it. */
#include "aggregate/sum.h"
#include "base/alloc.h"
#include <string.h>

static size_t block_count(size_t count)
{
    return count / FLR__BLOCK + (count % FLR__BLOCK != 0);
}

/* How many elements of the array lie in block b. */
static size_t in_block(const flr__sum *s, size_t b)
{
    size_t left = s->count - b * FLR__BLOCK;
    return left < FLR__BLOCK ? left : FLR__BLOCK;
}

int flr__sum_init(flr__sum *s, int kind, size_t count)
{
    size_t unit = kind == FLR_ACCUMULATOR_FLOAT64 ? FLR__BLOCK * sizeof(double) : sizeof(flr__bins),
           size;
    memset(s, 0, sizeof *s);
    s->kind = kind;
    s->count = count;
    if (!flr__size_mul(block_count(count), unit, &size))
        return FLR_E_NOMEM;
    void *state = flr__alloc_aligned(size, &s->base);
    if (!state)
        return FLR_E_NOMEM;
    if (kind == FLR_ACCUMULATOR_FLOAT64)
        s->plain = state;
    else
        s->bins = state;
    flr__sum_clear(s);
    return 0;
}

void flr__sum_free(flr__sum *s)
{
    flr__free(s->base);
    flr__free(s->carry_base);
    memset(s, 0, sizeof *s);
}

void flr__sum_clear(flr__sum *s)
{
    size_t blocks = block_count(s->count);
    s->adds = 0;
    if (s->plain)
        memset(s->plain, 0, blocks * FLR__BLOCK * sizeof(double));
    for (size_t b = 0; s->bins && b < blocks; b++)
        flr__bins_clear(&s->bins[b]);
    flr__free(s->carry_base);
    s->carry_base = NULL;
    s->carries = NULL;
}

/* 1 in bit 63 for what is infinite or not a number. */
static uint64_t find_bad(const double *restrict x)
{
    const uint64_t exponent = UINT64_C(0x7ff0000000000000);
    uint64_t bad = 0;
    for (size_t i = 0; i < FLR__BLOCK; i++)
        bad |= (flr__double_bits(x[i]) & exponent) + (UINT64_C(1) << 52);
    return bad >> 63;
}

/* The largest magnitude that a finite element of the type can have, as a power of two. */
static double bound_of(int type)
{
    switch (type) {
    case FLR_TYPE_F16:
        return 0x1p16;
    case FLR_TYPE_F32:
    case FLR_TYPE_BF16:
        return 0x1p128;
    case FLR_TYPE_F64:
        return 0x1p1023 * 2; /* infinite: every weight from 0 on needs a look */
    default:
        return 0x1p64;
    }
}

bool flr__sum_check(int type, const void *x, size_t count, double weight)
{
    bool floats = flr__type_is_float(type), products = !(weight * bound_of(type) <= 0x1p1023);
    uint64_t bad = 0;
    if (!floats && !products)
        return true;
    for (size_t first = 0; first < count && !bad; first += FLR__BLOCK) {
        double block[FLR__BLOCK];
        size_t n = count - first < FLR__BLOCK ? count - first : FLR__BLOCK;
        flr__elements_load(type, x, first, n, FLR__PART_WHOLE, block);
        bad = find_bad(block);
        for (size_t i = 0; products && i < FLR__BLOCK; i++)
            block[i] *= weight;
        if (products)
            bad |= find_bad(block);
    }
    return !bad;
}

int flr__sum_reserve(flr__sum *s)
{
    size_t size;
    if (!s->bins || s->adds + 2 <= FLR__BINS_ROOM)
        return 0;
    if (s->adds + 2 > FLR__BINS_MAX)
        return FLR_E_LIMIT;
    if (s->carries)
        return 0;
    if (!flr__size_mul(block_count(s->count), sizeof *s->carries, &size))
        return FLR_E_NOMEM;
    flr__carries *carries = flr__alloc_aligned(size, &s->carry_base);
    if (!carries) {
        s->carry_base = NULL;
        return FLR_E_NOMEM;
    }
    memset(carries, 0, size);
    s->carries = carries;
    return 0;
}

static void add_part(flr__sum *s, int type, const void *x, double weight, enum flr__part part)
{
    size_t blocks = block_count(s->count);
    bool carry = s->carries && s->adds % (FLR__BINS_ROOM / 2) == 0;
    flr__factor factor = flr__factor_of(weight);
    for (size_t b = 0; b < blocks; b++) {
        double block[FLR__BLOCK];
        flr__elements_load(type, x, b * FLR__BLOCK, in_block(s, b), part, block);
        if (carry)
            flr__bins_carry(&s->bins[b], &s->carries[b]);
        flr__bins_add(&s->bins[b], s->carries ? &s->carries[b] : NULL, factor, block);
    }
    s->adds++;
}

static void add_plain(flr__sum *s, int type, const void *x, double weight)
{
    for (size_t first = 0; first < s->count; first += FLR__BLOCK) {
        double block[FLR__BLOCK], *restrict sums = s->plain + first;
        flr__elements_load(type, x, first, in_block(s, first / FLR__BLOCK), FLR__PART_WHOLE, block);
        for (size_t i = 0; i < FLR__BLOCK; i++)
            sums[i] += weight * block[i];
    }
}

void flr__sum_add(flr__sum *s, int type, const void *x, double weight)
{
    if (s->plain) {
        add_plain(s, type, x, weight);
    } else if (type == FLR_TYPE_I64) {
        add_part(s, type, x, weight, FLR__PART_HIGH);
        add_part(s, type, x, weight, FLR__PART_LOW);
    } else {
        add_part(s, type, x, weight, FLR__PART_WHOLE);
    }
}

static flr__wide wide_of(const flr__sum *s, size_t i)
{
    if (s->plain)
        return flr__wide_from_double(s->plain[i]);
    size_t b = i / FLR__BLOCK;
    return flr__bins_get(&s->bins[b], s->carries ? &s->carries[b] : NULL, i % FLR__BLOCK);
}

int flr__sum_get_divisor(const flr__sum *s, flr__divisor *divisor)
{
    if (s->plain && s->plain[0] - s->plain[0] != 0)
        return FLR_E_LIMIT;
    flr__wide w = wide_of(s, 0);
    *divisor = flr__divisor_from_wide(&w);
    return divisor->mantissa ? 0 : FLR_E_LIMIT;
}

/*
 * Most float32 quotients can be had without long division: a quotient of doubles is off by less
 * than eight units in its 53rd bit, so unless it is that near to the middle of two neighbours,
 * rounding it gives what rounding the exact quotient gives.
 */
static bool fast_float(const flr__sum *s, size_t i, double divisor, int divisor_exponent,
                       uint64_t *bits)
{
    double sum;
    int exponent = 0;
    size_t b = i / FLR__BLOCK;
    if (s->plain)
        sum = s->plain[i];
    else if (!flr__bins_estimate(&s->bins[b], s->carries ? &s->carries[b] : NULL, i % FLR__BLOCK,
                                 &sum, &exponent))
        return false;
    uint64_t q = flr__double_bits(sum / divisor);
    int top = (int)(q >> 52 & 0x7ff) + exponent - divisor_exponent;
    uint64_t tail = q & UINT64_C(0x1fffffff), middle = UINT64_C(0x10000000);
    if ((q & ~(UINT64_C(1) << 63)) == 0 || (q >> 52 & 0x7ff) < 64 || (q >> 52 & 0x7ff) > 1983)
        return false;
    if (top < 1023 - 126 || top >= 1023 + 127 || (tail > middle - 8 && tail < middle + 8))
        return false;
    float rounded =
        (float)flr__double_from_bits((q & UINT64_C(0x800fffffffffffff)) | (uint64_t)top << 52);
    uint32_t word;
    memcpy(&word, &rounded, sizeof word);
    *bits = word;
    return true;
}

int flr__sum_finish(const flr__sum *s, flr__divisor divisor, int type, void *out)
{
    /* the divisor as a double in [1, 2) times a power of two, for estimates */
    double estimate = (double)(divisor.mantissa >> 11) * 0x1p-52;
    int estimate_exponent = divisor.exponent + 63;
    for (size_t i = 0; i < s->count; i++) {
        uint64_t bits;
        if (s->plain && s->plain[i] - s->plain[i] != 0)
            return FLR_E_LIMIT;
        if (type != FLR_TYPE_F32 || !fast_float(s, i, estimate, estimate_exponent, &bits)) {
            flr__wide w = wide_of(s, i);
            bits = flr__wide_divide(&w, divisor, type);
        }
        flr__element_store(type, out, i, bits);
    }
    return 0;
}
