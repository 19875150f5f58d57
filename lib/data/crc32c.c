/*
 * CRC-32C (Castagnoli, polynomial 0x1EDC6F41 reflected; RFC 3720, appendix B.4), by the processor
 * where it can, else eight bytes at a time from tables (Kounavis, Berry 2005). No lock: no state.
 */
#include "data/codec.h"

#include "data/crc32c_table.h"
#include <string.h>

/* FLR_PORTABLE_CRC32C: tables only; a test compares the two ways. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(FLR_PORTABLE_CRC32C)
#include <nmmintrin.h>
#define HAVE_PROCESSOR 1

__attribute__((target("sse4.2"))) static uint32_t crc_by_processor(uint32_t crc, const uint8_t *p,
                                                                   size_t size)
{
    uint64_t wide = crc, word;

    for (; size >= sizeof word; p += sizeof word, size -= sizeof word) {
        memcpy(&word, p, sizeof word);
        wide = _mm_crc32_u64(wide, word);
    }
    crc = (uint32_t)wide;
    for (; size > 0; p++, size--) {
        crc = _mm_crc32_u8(crc, *p);
    }
    return crc;
}
#endif

static uint32_t load32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t crc_by_tables(uint32_t crc, const uint8_t *p, size_t size)
{
    for (; size >= 8; p += 8, size -= 8) {
        uint32_t low = crc ^ load32(p), high = load32(p + 4);

        crc = crc32c_table[7][low & 255] ^ crc32c_table[6][low >> 8 & 255] ^
              crc32c_table[5][low >> 16 & 255] ^ crc32c_table[4][low >> 24] ^
              crc32c_table[3][high & 255] ^ crc32c_table[2][high >> 8 & 255] ^
              crc32c_table[1][high >> 16 & 255] ^ crc32c_table[0][high >> 24];
    }
    for (; size > 0; p++, size--) {
        crc = crc >> 8 ^ crc32c_table[0][(crc ^ *p) & 255];
    }
    return crc;
}

uint32_t flr__crc32c(uint32_t crc, const void *data, size_t size)
{
#if defined(HAVE_PROCESSOR)
    if (__builtin_cpu_supports("sse4.2")) {
        return ~crc_by_processor(~crc, data, size);
    }
#endif
    return ~crc_by_tables(~crc, data, size);
}
