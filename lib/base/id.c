/* SipHash-2-4 (Aumasson, Bernstein: "SipHash: a fast short-input PRF", INDOCRYPT 2012; 128-bit output as in the authors' reference) and
 * xoshiro256** 1.0 (Blackman, Vigna: "Scrambled linear pseudorandom number generators", 2018), seeded by splitmix64. */
#include "base/id.h"
#include <errno.h>
#include <flrunner/base.h>
#include <string.h>
#include <sys/random.h>

static uint64_t rotate(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

static uint64_t read64(const uint8_t *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
           (uint64_t)p[7] << 56;
}

static void write64(uint8_t *p, uint64_t x)
{
    /* written out, compilers make one store of it */
    p[0] = (uint8_t)x;
    p[1] = (uint8_t)(x >> 8);
    p[2] = (uint8_t)(x >> 16);
    p[3] = (uint8_t)(x >> 24);
    p[4] = (uint8_t)(x >> 32);
    p[5] = (uint8_t)(x >> 40);
    p[6] = (uint8_t)(x >> 48);
    p[7] = (uint8_t)(x >> 56);
}

static void rounds(uint64_t v[4], unsigned count)
{
    while (count-- > 0) {
        v[0] += v[1];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[0] = rotate(v[0], 32);
        v[2] += v[3];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[2] = rotate(v[2], 32);
    }
}

static void begin(flr__siphash *h, const uint8_t key[16])
{
    uint64_t k0 = read64(key), k1 = read64(key + 8);
    h->v[0] = k0 ^ UINT64_C(0x736f6d6570736575);
    h->v[1] = k1 ^ UINT64_C(0x646f72616e646f6d);
    h->v[2] = k0 ^ UINT64_C(0x6c7967656e657261);
    h->v[3] = k1 ^ UINT64_C(0x7465646279746573);
    h->tail = h->size = 0;
}

static void compress(flr__siphash *h, uint64_t m)
{
    h->v[3] ^= m;
    rounds(h->v, 2);
    h->v[0] ^= m;
}

void flr__siphash128_begin(flr__siphash *h, const uint8_t key[16])
{
    begin(h, key);
    h->v[1] ^= 0xee;
}

/* Up to eight more bytes: the low ones of `word`, whose other bytes are 0. */
static void add_word(flr__siphash *h, uint64_t word, size_t bytes)
{
    unsigned used = (unsigned)(h->size % 8);
    h->tail |= word << (8 * used);
    h->size += bytes;
    if (used + bytes >= 8) {
        compress(h, h->tail);
        h->tail = used == 0 ? 0 : word >> (64 - 8 * used);
    }
}

void flr__siphash_bytes(flr__siphash *h, const void *data, size_t size)
{
    const uint8_t *p = data;
    uint64_t rest = 0;
    for (; size >= 8; size -= 8, p += 8)
        add_word(h, read64(p), 8);
    for (size_t i = 0; i < size; i++)
        rest |= (uint64_t)p[i] << (8 * i);
    add_word(h, rest, size);
}

void flr__siphash_text(flr__siphash *h, const char *text, size_t size)
{
    add_word(h, (uint32_t)size, 4);
    flr__siphash_bytes(h, text, size);
}

void flr__siphash_u64(flr__siphash *h, uint64_t number)
{
    add_word(h, number, 8);
}

static uint64_t fold(flr__siphash *h)
{
    rounds(h->v, 4);
    return h->v[0] ^ h->v[1] ^ h->v[2] ^ h->v[3];
}

void flr__siphash128_end(flr__siphash *h, flr__id *out)
{
    compress(h, h->tail | h->size << 56);
    h->v[2] ^= 0xee;
    write64(out->bytes, fold(h));
    h->v[1] ^= 0xdd;
    write64(out->bytes + 8, fold(h));
}

uint64_t flr__siphash64(const uint8_t key[16], const void *data, size_t size)
{
    flr__siphash h;
    begin(&h, key);
    flr__siphash_bytes(&h, data, size);
    compress(&h, h.tail | h.size << 56);
    h.v[2] ^= 0xff;
    return fold(&h);
}

void flr__id_print(const flr__id *id, char text[FLR__ID_TEXT])
{
    /* Two digits at a time. */
#define ROW(h)                                                                                     \
    h "0" h "1" h "2" h "3" h "4" h "5" h "6" h "7" h "8" h "9" h "a" h "b" h "c" h "d" h "e" h "f"
    static const char digits[] = ROW("0") ROW("1") ROW("2") ROW("3") ROW("4") ROW("5") ROW("6")
        ROW("7") ROW("8") ROW("9") ROW("a") ROW("b") ROW("c") ROW("d") ROW("e") ROW("f");
#undef ROW
    for (size_t i = 0; i < 16; i++)
        memcpy(&text[2 * i], &digits[2 * id->bytes[i]], 2);
    text[32] = '\0';
}

/* The value of a lower-case hexadecimal digit, + 1; 0: it is none, as the NUL at the end of a short text. */
static const uint8_t digit_values[256] = {
    ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

int flr__id_parse(const char *text, flr__id *id)
{
    const unsigned char *p = (const unsigned char *)text;
    flr__id parsed;
    if (text == NULL)
        return FLR_E_INVAL;
    for (size_t i = 0; i < 16; i++) {
        unsigned high = digit_values[p[2 * i]], low = high == 0 ? 0 : digit_values[p[2 * i + 1]];
        if (low == 0)
            return FLR_E_INVAL;
        parsed.bytes[i] = (uint8_t)((high - 1) << 4 | (low - 1));
    }
    if (text[32] != '\0')
        return FLR_E_INVAL;
    *id = parsed;
    return 0;
}

int flr__id_equals(const flr__id *a, const flr__id *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static uint64_t splitmix(uint64_t *x)
{
    uint64_t z = *x += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

void flr__rng_seed(flr__rng *rng, uint64_t seed, const char *purpose)
{
    uint8_t key[16] = {0};
    write64(key, seed);
    uint64_t x = flr__siphash64(key, purpose, strlen(purpose));
    for (size_t i = 0; i < 4; i++)
        rng->s[i] = splitmix(&x);
}

int flr__rng_seed_system(flr__rng *rng)
{
    for (;;) {
        ssize_t got = getrandom(rng->s, sizeof rng->s, 0);
        if (got == (ssize_t)sizeof rng->s && (rng->s[0] | rng->s[1] | rng->s[2] | rng->s[3]) != 0)
            return 0;
        if (got < 0 && errno != EINTR)
            return FLR_E_IO;
    }
}

uint64_t flr__rng_next(flr__rng *rng)
{
    uint64_t *s = rng->s, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t flr__rng_below(flr__rng *rng, uint64_t bound)
{
    uint64_t lowest =
        (UINT64_MAX - bound + 1) % bound; /* 2^64 mod bound: below it lies the uneven rest */
    for (;;) {
        uint64_t x = flr__rng_next(rng);
        if (x >= lowest)
            return x % bound;
    }
}

double flr__rng_real(flr__rng *rng)
{
    return (double)(flr__rng_next(rng) >> 11) * 0x1.0p-53;
}
