/*
 * The numbers of tensors as doubles: the elements of every type, in blocks. Little-endian and
 * possibly unaligned in memory.
 */
#ifndef FLR_LIB_ELEMENTS_H
#define FLR_LIB_ELEMENTS_H

#include <flrunner/value.h>
#include <stdbool.h>
#include <string.h>

/* Elements that are worked on at a time: a constant, so that compilers unroll and vectorise. */
#define FLR__BLOCK 64

/* What part of an int64 a double takes; other types are exact and have one part. */
enum flr__part { FLR__PART_WHOLE, FLR__PART_HIGH, FLR__PART_LOW };

/*
 * x[0..FLR__BLOCK): count elements beginning with number `first` of data, then zeros. high + low is
 * the exact int64.
 */
void flr__elements_load(int type, const void *data, size_t first, size_t count, enum flr__part part,
                        double x[FLR__BLOCK]);

/* Write one element's bits (the lowest bytes of `bits`). */
void flr__element_store(int type, void *data, size_t index, uint64_t bits);

bool flr__type_is_float(int type);
/* In the innermost loops. */
static inline uint64_t flr__double_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double flr__double_from_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

#endif
