/* Keyed hashes and random numbers. SipHash-2-4 (Aumasson, Bernstein 2012), 64 and 128 bits of output; xoshiro256** (Blackman, Vigna 2018). */
#ifndef FLR_LIB_ID_H
#define FLR_LIB_ID_H

#include <stddef.h>
#include <stdint.h>

typedef struct flr__siphash {
    uint64_t v[4];
    uint64_t tail; /* bytes not yet consumed, little-endian */
    uint64_t size; /* bytes so far */
} flr__siphash;

typedef struct flr__id {
    uint8_t bytes[16];
} flr__id;

#define FLR__ID_TEXT 33 /* 32 hexadecimal digits and NUL */

void flr__siphash128_begin(flr__siphash *h, const uint8_t key[16]);
void flr__siphash_bytes(flr__siphash *h, const void *data, size_t size);
void flr__siphash_text(flr__siphash *h, const char *text, size_t size); /* u32 length, then the bytes */
void flr__siphash_u64(flr__siphash *h, uint64_t number);
void flr__siphash128_end(flr__siphash *h, flr__id *out);
uint64_t flr__siphash64(const uint8_t key[16], const void *data, size_t size);

void flr__id_print(const flr__id *id, char text[FLR__ID_TEXT]);
int flr__id_parse(const char *text, flr__id *id); /* 0, or FLR_E_INVAL: not 32 lower-case hexadecimal digits */
int flr__id_equals(const flr__id *a, const flr__id *b);

/* A seeded generator; not for two threads at once. */
typedef struct flr__rng {
    uint64_t s[4];
} flr__rng;

void flr__rng_seed(flr__rng *rng, uint64_t seed, const char *purpose); /* one stream per purpose */
int flr__rng_seed_system(flr__rng *rng);                               /* getrandom; 0 or FLR_E_IO */
uint64_t flr__rng_next(flr__rng *rng);
uint64_t flr__rng_below(flr__rng *rng, uint64_t bound); /* 0 <= x < bound, unbiased */
double flr__rng_real(flr__rng *rng);                    /* 0 <= x < 1 */

#endif
