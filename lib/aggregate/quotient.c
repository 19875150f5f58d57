/*
 * Exact division and rounding. Owns nothing, guards nothing.
 *
 * The quotient is computed to 64 bits by long division with two digits of 32 bits (Knuth, TAOCP
 * vol. 2, 4.3.1, algorithm D), what is left only tells that there is more; one rounding to the type
 * follows.
 */
#include "aggregate/quotient.h"
#include "aggregate/elements.h"
#include <assert.h>

/* Number of leading zeros; x is not 0. */
static int leading_zeros(uint64_t x)
{
#if defined(__GNUC__)
    return __builtin_clzll(x);
#else
    int n = 0;
    for (int s = 32; s > 0; s /= 2)
        if (!(x >> (64 - s))) {
            n += s;
            x <<= s;
        }
    return n;
#endif
}

/* Shift left until the top bit of high is set. */
static void normalise(flr__wide *w)
{
    if (w->high == 0) {
        w->high = w->low;
        w->low = 0;
        w->exponent -= 64;
        if (w->high == 0)
            return;
    }
    int n = leading_zeros(w->high);
    if (n > 0) {
        w->high = w->high << n | w->low >> (64 - n);
        w->low <<= n;
        w->exponent -= n;
    }
}

flr__wide flr__wide_from_bins(const int64_t t[3], int e)
{
    const int64_t unit = INT64_C(1) << 40;
    flr__wide w = {0, 0, e, false, false};
    int64_t top = 0;
    uint64_t digit[3] = {0, 0, 0};
    /*
     * Digits below the top one are made non-negative, so the sign of the top one is the sign of
     * all; a second turn negates.
     */
    for (int turn = 0; turn < 2; turn++) {
        int64_t carry = 0;
        for (int k = 2; k > 0; k--) {
            int64_t x = (w.negative ? -t[k] : t[k]) + carry;
            int64_t low = x & (unit - 1);
            carry = (x - low) / unit;
            digit[k] = (uint64_t)low;
        }
        top = (w.negative ? -t[0] : t[0]) + carry;
        if (top >= 0)
            break;
        w.negative = true;
    }
    assert(top >= 0);
    digit[0] = (uint64_t)top;
    uint64_t above = digit[0] >> 48;
    w.high = digit[0] << 16 | digit[1] >> 24;
    w.low = (digit[1] & 0xffffffu) << 40 | digit[2];
    if (above) {
        int n = 64 - leading_zeros(above);
        w.more = (w.low << (64 - n)) != 0;
        w.low = w.low >> n | w.high << (64 - n);
        w.high = w.high >> n | above << (64 - n);
        w.exponent += n;
    }
    normalise(&w);
    return w;
}

flr__wide flr__wide_from_double(double x)
{
    uint64_t bits = flr__double_bits(x), mantissa = bits & UINT64_C(0xfffffffffffff);
    int exponent = (int)(bits >> 52 & 0x7ff);
    flr__wide w = {0, 0, 0, bits >> 63 != 0, false};
    if (exponent > 0)
        mantissa |= UINT64_C(1) << 52;
    else
        exponent = 1;
    w.low = mantissa;
    w.exponent = exponent - 1075;
    normalise(&w);
    return w;
}

flr__divisor flr__divisor_from_wide(const flr__wide *w)
{
    flr__divisor d = {w->negative ? 0 : w->high, w->exponent + 64};
    return d;
}

/* (high * 2^64 + low) / d for high < d and a d with its top bit set; *rest is the remainder. */
static uint64_t divide(uint64_t high, uint64_t low, uint64_t d, uint64_t *rest)
{
    uint64_t d1 = d >> 32, d0 = d & UINT32_MAX, quotient = 0;
    for (int i = 0; i < 2; i++) {
        uint64_t next = i == 0 ? low >> 32 : low & UINT32_MAX;
        uint64_t q = high / d1, r = high - q * d1;
        while (q > UINT32_MAX || q * d0 > (r << 32 | next)) {
            q--;
            r += d1;
            if (r > UINT32_MAX)
                break;
        }
        high = (high << 32 | next) - q * d; /* modulo 2^64; the true difference fits */
        quotient = quotient << 32 | q;
    }
    *rest = high;
    return quotient;
}

/* q / 2^shift to the nearest, ties to even; `more`: q is a little more than that. */
static uint64_t round_off(uint64_t q, int shift, bool more)
{
    if (shift > 64)
        return 0;
    uint64_t kept = shift == 64 ? 0 : q >> shift;
    uint64_t half = UINT64_C(1) << (shift - 1), below = q & (half - 1);
    bool up = (q & half) && (below != 0 || more || (kept & 1));
    return kept + up;
}

/* q * 2^e as an IEEE 754 number with `stored` bits of mantissa and `width` bits of exponent. */
static uint64_t to_float(uint64_t q, int e, bool more, bool negative, int stored, int width)
{
    int bias = (1 << (width - 1)) - 1;
    int top = 63 - leading_zeros(q) + e;
    int lowest =
        (top < 1 - bias ? 1 - bias : top) - stored; /* exponent of the last bit that is kept */
    uint64_t infinite = ((UINT64_C(1) << width) - 1) << stored;
    uint64_t bits;
    if (top > bias) {
        bits = infinite - 1;
    } else {
        /*
         * the leading bit of a normal number adds one to the exponent, and so does a carry out of
         * the mantissa
         */
        bits = ((uint64_t)(lowest + stored + bias - 1) << stored) + round_off(q, lowest - e, more);
        if (bits >= infinite)
            bits = infinite - 1;
    }
    return bits | (uint64_t)negative << (stored + width);
}

static uint64_t to_integer(uint64_t q, int e, bool more, bool negative, uint64_t lowest,
                           uint64_t highest)
{
    uint64_t bound = negative ? lowest : highest;
    uint64_t magnitude = e > 0 ? UINT64_MAX : e == 0 ? q : round_off(q, -e, more);
    if (magnitude > bound)
        magnitude = bound;
    return negative ? 0 - magnitude : magnitude;
}

uint64_t flr__wide_divide(const flr__wide *w, flr__divisor d, int type)
{
    if (w->high == 0)
        return 0;
    uint64_t high = w->high, low = w->low, rest;
    int e = w->exponent;
    bool more = w->more;
    if (high >= d.mantissa) {
        more |= low & 1;
        low = low >> 1 | high << 63;
        high >>= 1;
        e++;
    }
    uint64_t q = divide(high, low, d.mantissa, &rest);
    e -= d.exponent;
    if (!(q >> 63)) { /* a 64th bit, so that the largest integers are rounded right */
        bool bit = rest >= d.mantissa - rest;
        q = q << 1 | bit;
        rest = bit ? rest - (d.mantissa - rest) : rest << 1;
        e--;
    }
    more |= rest != 0;
    switch (type) {
    case FLR_TYPE_F16:
        return to_float(q, e, more, w->negative, 10, 5);
    case FLR_TYPE_F32:
        return to_float(q, e, more, w->negative, 23, 8);
    case FLR_TYPE_F64:
        return to_float(q, e, more, w->negative, 52, 11);
    case FLR_TYPE_BF16:
        return to_float(q, e, more, w->negative, 7, 8);
    case FLR_TYPE_I8:
        return to_integer(q, e, more, w->negative, 128, 127);
    case FLR_TYPE_I16:
        return to_integer(q, e, more, w->negative, 32768, 32767);
    case FLR_TYPE_I32:
        return to_integer(q, e, more, w->negative, UINT64_C(1) << 31, INT32_MAX);
    case FLR_TYPE_I64:
        return to_integer(q, e, more, w->negative, UINT64_C(1) << 63, INT64_MAX);
    case FLR_TYPE_U8:
        return to_integer(q, e, more, w->negative, 0, 255);
    default:
        return to_integer(q, e, more, w->negative, 0, 1);
    }
}
