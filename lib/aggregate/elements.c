/* Tensor elements from and to numbers of this machine. Owns nothing, guards nothing. */
#include "aggregate/elements.h"
#include <string.h>

#if defined(__BYTE_ORDER__) && defined(__ORDER_BIG_ENDIAN__) &&                                    \
    __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define FLR__BIG_ENDIAN 1
#else
#define FLR__BIG_ENDIAN 0
#endif

bool flr__type_is_float(int type)
{
    return type == FLR_TYPE_F16 || type == FLR_TYPE_F32 || type == FLR_TYPE_F64 ||
           type == FLR_TYPE_BF16;
}

/* Copies elements into an array in this machine's byte order; the rest of the block is zero. */
static void fetch(void *to, const void *data, size_t first, size_t count, size_t size)
{
    const unsigned char *from = (const unsigned char *)data + first * size;
    unsigned char *bytes = to;
    memcpy(bytes, from, count * size);
    memset(bytes + count * size, 0, (FLR__BLOCK - count) * size);
    for (size_t i = 0; FLR__BIG_ENDIAN && i < count; i++)
        for (size_t a = 0, b = size - 1; a < b; a++, b--) {
            unsigned char swap = bytes[i * size + a];
            bytes[i * size + a] = bytes[i * size + b];
            bytes[i * size + b] = swap;
        }
}

static double from_half(uint16_t half)
{
    uint64_t sign = (uint64_t)(half >> 15) << 63, mantissa = half & 0x3ffu;
    unsigned exponent = (half >> 10) & 31u;
    if (exponent == 0) {
        double x = (double)mantissa * 0x1p-24;
        return sign ? -x : x;
    }
    if (exponent == 31)
        return flr__double_from_bits(sign | UINT64_C(0x7ff0000000000000) | mantissa << 42);
    return flr__double_from_bits(sign | (uint64_t)(exponent + 1008) << 52 | mantissa << 42);
}

static void load_f32(const void *data, size_t first, size_t count, double *restrict x)
{
    float t[FLR__BLOCK];
    fetch(t, data, first, count, sizeof t[0]);
    for (size_t i = 0; i < FLR__BLOCK; i++)
        x[i] = (double)t[i];
}

static void load_16(const void *data, size_t first, size_t count, bool brain, double *restrict x)
{
    uint16_t t[FLR__BLOCK];
    fetch(t, data, first, count, sizeof t[0]);
    if (!brain) {
        for (size_t i = 0; i < FLR__BLOCK; i++)
            x[i] = from_half(t[i]);
        return;
    }
    uint32_t wide[FLR__BLOCK];
    float f[FLR__BLOCK];
    for (size_t i = 0; i < FLR__BLOCK; i++)
        wide[i] = (uint32_t)t[i] << 16;
    memcpy(f, wide, sizeof f);
    for (size_t i = 0; i < FLR__BLOCK; i++)
        x[i] = (double)f[i];
}

static void load_i64(const void *data, size_t first, size_t count, enum flr__part part,
                     double *restrict x)
{
    int64_t t[FLR__BLOCK];
    fetch(t, data, first, count, sizeof t[0]);
    for (size_t i = 0; i < FLR__BLOCK; i++) {
        int64_t low = (int64_t)((uint64_t)t[i] & UINT32_MAX);
        if (part == FLR__PART_HIGH)
            x[i] = (double)(t[i] - low);
        else if (part == FLR__PART_LOW)
            x[i] = (double)low;
        else
            x[i] = (double)t[i];
    }
}

static void load_i32(const void *data, size_t first, size_t count, double *restrict x)
{
    int32_t t[FLR__BLOCK];
    fetch(t, data, first, count, sizeof t[0]);
    for (size_t i = 0; i < FLR__BLOCK; i++)
        x[i] = (double)t[i];
}

static void load_i16(const void *data, size_t first, size_t count, double *restrict x)
{
    int16_t t[FLR__BLOCK];
    fetch(t, data, first, count, sizeof t[0]);
    for (size_t i = 0; i < FLR__BLOCK; i++)
        x[i] = (double)t[i];
}

static void load_8(int type, const void *data, size_t first, size_t count, double *restrict x)
{
    const unsigned char *bytes = (const unsigned char *)data + first;
    for (size_t i = 0; i < count; i++) {
        int byte = bytes[i];
        if (type == FLR_TYPE_BOOL)
            byte = byte != 0;
        else if (type == FLR_TYPE_I8 && byte > 127)
            byte -= 256;
        x[i] = (double)byte;
    }
    for (size_t i = count; i < FLR__BLOCK; i++)
        x[i] = 0.0;
}

void flr__elements_load(int type, const void *data, size_t first, size_t count, enum flr__part part,
                        double x[FLR__BLOCK])
{
    switch (type) {
    case FLR_TYPE_F32:
        load_f32(data, first, count, x);
        break;
    case FLR_TYPE_F64:
        fetch(x, data, first, count, sizeof x[0]);
        break;
    case FLR_TYPE_F16:
        load_16(data, first, count, false, x);
        break;
    case FLR_TYPE_BF16:
        load_16(data, first, count, true, x);
        break;
    case FLR_TYPE_I64:
        load_i64(data, first, count, part, x);
        break;
    case FLR_TYPE_I32:
        load_i32(data, first, count, x);
        break;
    case FLR_TYPE_I16:
        load_i16(data, first, count, x);
        break;
    default:
        load_8(type, data, first, count, x);
        break;
    }
}

void flr__element_store(int type, void *data, size_t index, uint64_t bits)
{
    size_t size = flr_type_get_size(type);
    unsigned char *bytes = (unsigned char *)data + index * size;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(bits >> (8 * i));
}
