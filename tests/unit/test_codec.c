/* Tests of the codec: every form, round trips, determinism, hostile bytes, limits, allocation
 * failures; CRC-32C vectors. */
#include "data/codec.h"

#include "base/alloc.h"
#include "data/value.h"
#include "data_fault.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The way of processors without an instruction for it, under another name. */
uint32_t crc32c_portable(uint32_t crc, const void *data, size_t size);
#define flr__crc32c crc32c_portable
#define FLR_PORTABLE_CRC32C
#include "data/crc32c.c"
#include "support/suite.h"
#undef flr__crc32c

static int decode(const void *bytes, size_t size, flr_value **v)
{
    *v = NULL;
    return flr__decode(bytes, size, NULL, 0, NULL, v, NULL);
}

/* Encode without segments. [out, flr_blob_unref] */
static flr_blob *encode(const flr_value *v)
{
    flr__encoded e;
    flr_blob *head;

    ck_assert_int_eq(flr__encode(v, SIZE_MAX, &e), 0);
    ck_assert_uint_eq(e.count, 0);
    head = flr_blob_ref(e.head);
    flr__encoded_free(&e);
    return head;
}

/* v must encode to exactly these bytes and come back from them. [give] */
static void check_bytes(flr_value *v, const void *bytes, size_t size)
{
    flr_blob *b = encode(v);
    flr_value *back;

    ck_assert_uint_eq(flr_blob_get_size(b), size);
    ck_assert(memcmp(flr_blob_get_data(b), bytes, size) == 0);
    ck_assert_int_eq(decode(bytes, size, &back), 0);
    ck_assert_int_eq(flr_value_equals(v, back), 1);
    flr_value_unref(back);
    flr_value_unref(v);
    flr_blob_unref(b);
}

#define CHECK_BYTES(v, literal) check_bytes(v, literal, sizeof literal - 1)

static flr_value *number(int64_t n)
{
    flr_value *v;

    ck_assert_int_eq(flr_value_new_int(n, &v), 0);
    return v;
}

static flr_value *real(double n)
{
    flr_value *v;

    ck_assert_int_eq(flr_value_new_real(n, &v), 0);
    return v;
}

static flr_value *text(const char *s)
{
    flr_value *v;

    ck_assert_int_eq(flr_value_new_text(s, &v), 0);
    return v;
}

static flr_value *bytes_of(const void *data, size_t size)
{
    flr_blob *b;
    flr_value *v;

    ck_assert_int_eq(flr_blob_new_copy(data, size, &b), 0);
    ck_assert_int_eq(flr_value_new_bytes(b, &v), 0);
    flr_blob_unref(b);
    return v;
}

static flr_value *tensor_of(const void *data, size_t size)
{
    const int64_t shape[] = {2, (int64_t)size / 4};
    flr_blob *b;
    flr_value *v;

    ck_assert_int_eq(flr_blob_new_copy(data, size, &b), 0);
    ck_assert_int_eq(flr_value_new_tensor(FLR_TYPE_I16, 2, shape, b, &v), 0);
    flr_blob_unref(b);
    return v;
}

/* One of everything, some of it nested. */
static flr_value *sample(void)
{
    static const char data[] = "0123456789abcdef0123456789abcdef";
    flr_value *m, *l, *inner;

    flr_value_new_map(&m);
    flr_value_new_map(&inner);
    flr_value_new_list(&l);
    ck_assert_int_eq(flr_list_add(&l, number(-1000)), 0);
    ck_assert_int_eq(flr_list_add(&l, real(-0.0)), 0);
    ck_assert_int_eq(flr_list_add(&l, flr__value_bool(true)), 0);
    ck_assert_int_eq(flr_list_add(&l, tensor_of(data, 16)), 0);
    ck_assert_int_eq(flr_map_set(&inner, "list", l), 0);
    ck_assert_int_eq(flr_map_set(&inner, "nil", flr__value_nil()), 0);
    for (int i = 0; i < 12; i++) {
        char key[32];

        snprintf(key, sizeof key, "k%d", i);
        ck_assert_int_eq(flr_map_set_int(&inner, key, (int64_t)1 << (5 * i)), 0);
    }
    ck_assert_int_eq(flr_map_set(&m, "inner", inner), 0);
    ck_assert_int_eq(flr_map_set(&m, "t\xc3\xa4xt", text("gr\xc3\xbc\xc3\x9f")), 0);
    ck_assert_int_eq(flr_map_set(&m, "bytes", bytes_of(data, 20)), 0);
    ck_assert_int_eq(flr_map_set(&m, "tensor", tensor_of(data, 32)), 0);
    ck_assert_int_eq(flr_map_set(&m, "small", bytes_of(data, 1)), 0);
    return m;
}

START_TEST(scalars_have_their_shortest_form)
{
    CHECK_BYTES(flr__value_nil(), "\xc0");
    CHECK_BYTES(flr__value_bool(false), "\xc2");
    CHECK_BYTES(flr__value_bool(true), "\xc3");
    CHECK_BYTES(number(0), "\x00");
    CHECK_BYTES(number(127), "\x7f");
    CHECK_BYTES(number(128), "\xcc\x80");
    CHECK_BYTES(number(255), "\xcc\xff");
    CHECK_BYTES(number(256), "\xcd\x01\x00");
    CHECK_BYTES(number(65536), "\xce\x00\x01\x00\x00");
    CHECK_BYTES(number(4294967296), "\xcf\x00\x00\x00\x01\x00\x00\x00\x00");
    CHECK_BYTES(number(INT64_MAX), "\xcf\x7f\xff\xff\xff\xff\xff\xff\xff");
    CHECK_BYTES(number(-1), "\xff");
    CHECK_BYTES(number(-32), "\xe0");
    CHECK_BYTES(number(-33), "\xd0\xdf");
    CHECK_BYTES(number(-128), "\xd0\x80");
    CHECK_BYTES(number(-129), "\xd1\xff\x7f");
    CHECK_BYTES(number(-32769), "\xd2\xff\xff\x7f\xff");
    CHECK_BYTES(number(INT64_MIN), "\xd3\x80\x00\x00\x00\x00\x00\x00\x00");
    CHECK_BYTES(real(1.5), "\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00");
    CHECK_BYTES(real(-INFINITY), "\xcb\xff\xf0\x00\x00\x00\x00\x00\x00");
    CHECK_BYTES(text(""), "\xa0");
    CHECK_BYTES(text("abc"), "\xa3"
                             "abc");
}
END_TEST

START_TEST(containers_and_payloads_have_their_shortest_form)
{
    flr_value *l, *m;

    flr_value_new_list(&l);
    flr_value_new_map(&m);
    CHECK_BYTES(flr_value_ref(l), "\x90");
    CHECK_BYTES(flr_value_ref(m), "\x80");
    ck_assert_int_eq(flr_list_add(&l, flr__value_nil()), 0);
    ck_assert_int_eq(flr_map_set(&m, "a", l), 0);
    CHECK_BYTES(m, "\x81\xa1"
                   "a\x91\xc0");
    CHECK_BYTES(bytes_of("", 0), "\xc7\x00\x01");
    CHECK_BYTES(bytes_of("x", 1), "\xd4\x01x");
    CHECK_BYTES(bytes_of("xyz", 3), "\xc7\x03\x01xyz");
    CHECK_BYTES(tensor_of("abcd", 4),
                "\xc7\x16\x03\x06\x02"
                "\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x01"
                "abcd");
}
END_TEST

START_TEST(long_forms_round_trip)
{
    static const size_t sizes[] = {15, 16, 17, 31, 32, 255, 256, 65535, 65536, 70000};
    flr_value *l, *back, *v;
    flr_blob *b;
    char *chars = malloc(70001);

    memset(chars, 'c', 70001);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        flr_value_new_list(&l);
        ck_assert_int_eq(flr_value_new_text_sized(chars, sizes[i], &v), 0);
        ck_assert_int_eq(flr_list_add(&l, v), 0);
        ck_assert_int_eq(flr_list_add(&l, bytes_of(chars, sizes[i])), 0);
        for (size_t k = 0; k < sizes[i]; k++) {
            ck_assert_int_eq(flr_list_add(&l, flr__value_nil()), 0);
        }
        b = encode(l);
        ck_assert_int_eq(decode(flr_blob_get_data(b), flr_blob_get_size(b), &back), 0);
        ck_assert_int_eq(flr_value_equals(l, back), 1);
        flr_value_unref(back);
        flr_value_unref(l);
        flr_blob_unref(b);
    }
    free(chars);
}
END_TEST

START_TEST(large_maps_round_trip)
{
    flr_value *m, *back;
    flr_blob *b;

    flr_value_new_map(&m);
    for (int i = 0; i < 70000; i++) {
        char key[32];

        snprintf(key, sizeof key, "%x", i);
        ck_assert_int_eq(flr_map_set(&m, key, flr__value_nil()), 0);
    }
    b = encode(m);
    ck_assert_int_eq(decode(flr_blob_get_data(b), flr_blob_get_size(b), &back), 0);
    ck_assert_int_eq(flr_value_equals(m, back), 1);
    ck_assert_ptr_nonnull(flr_map_get(back, "1116f"));
    flr_value_unref(back);
    flr_value_unref(m);
    flr_blob_unref(b);
}
END_TEST

START_TEST(equal_values_give_equal_bytes)
{
    flr_value *a = sample(), *b = sample();
    flr_blob *x = encode(a), *y = encode(b);

    ck_assert_uint_eq(flr_blob_get_size(x), flr_blob_get_size(y));
    ck_assert(memcmp(flr_blob_get_data(x), flr_blob_get_data(y), flr_blob_get_size(x)) == 0);
    flr_value_unref(a);
    flr_value_unref(b);
    flr_blob_unref(x);
    flr_blob_unref(y);
}
END_TEST

START_TEST(segments_travel_by_reference)
{
    flr_value *v = sample(), *back = NULL;
    flr__encoded e;
    const uint8_t *head;
    size_t size, offset;

    ck_assert_int_eq(flr__encode(v, 16, &e), 0);
    ck_assert_uint_eq(e.count, 3);
    head = flr_blob_get_data(e.head);
    size = flr_blob_get_size(e.head);
    ck_assert_int_eq(flr__decode(head, size, e.blobs, 3, NULL, &back, &offset), 0);
    ck_assert_uint_eq(offset, size);
    ck_assert_int_eq(flr_value_equals(v, back), 1);
    ck_assert_ptr_eq(flr_value_get_blob(flr_map_get(v, "bytes")),
                     flr_value_get_blob(flr_map_get(back, "bytes")));
    flr_value_unref(back);
    back = NULL;
    /* one too few, one too many, two in each other's place */
    ck_assert_int_eq(flr__decode(head, size, e.blobs, 2, NULL, &back, &offset), FLR_E_CORRUPT);
    {
        flr_blob *more[4] = {e.blobs[0], e.blobs[1], e.blobs[2], e.blobs[0]};
        flr_blob *swapped[3] = {e.blobs[0], e.blobs[2], e.blobs[1]};

        ck_assert_int_eq(flr__decode(head, size, more, 4, NULL, &back, &offset), FLR_E_CORRUPT);
        ck_assert_uint_eq(offset, size);
        ck_assert_int_eq(flr__decode(head, size, swapped, 3, NULL, &back, &offset), FLR_E_CORRUPT);
    }
    ck_assert_ptr_null(back);
    flr__encoded_free(&e);
    flr_value_unref(v);
}
END_TEST

START_TEST(a_segment_is_used_once)
{
    static const char reused[] =
        "\x92\xc7\x0c\x02\0\0\0\0\0\0\0\0\0\0\0\x03\xc7\x0c\x02\0\0\0\0\0\0\0\0\0\0\0\x03";
    static const char skipped[] = "\xc7\x0c\x02\0\0\0\x01\0\0\0\0\0\0\0\x03";
    static const char wrong_size[] = "\xc7\x0c\x02\0\0\0\0\0\0\0\0\0\0\0\x04";
    static const char good[] = "\xc7\x0c\x02\0\0\0\0\0\0\0\0\0\0\0\x03";
    flr_blob *b, *two[2];
    flr_value *v = NULL;
    size_t offset;

    ck_assert_int_eq(flr_blob_new_copy("abc", 3, &b), 0);
    two[0] = two[1] = b;
    ck_assert_int_eq(
        flr__decode((const uint8_t *)reused, sizeof reused - 1, two, 1, NULL, &v, &offset),
        FLR_E_CORRUPT);
    ck_assert_uint_eq(offset, 16);
    ck_assert_int_eq(
        flr__decode((const uint8_t *)reused, sizeof reused - 1, two, 2, NULL, &v, NULL),
        FLR_E_CORRUPT);
    ck_assert_int_eq(
        flr__decode((const uint8_t *)skipped, sizeof skipped - 1, two, 2, NULL, &v, NULL),
        FLR_E_CORRUPT);
    ck_assert_int_eq(
        flr__decode((const uint8_t *)wrong_size, sizeof wrong_size - 1, two, 1, NULL, &v, NULL),
        FLR_E_CORRUPT);
    ck_assert_int_eq(flr__decode((const uint8_t *)good, sizeof good - 1, two, 1, NULL, &v, NULL),
                     0);
    ck_assert_ptr_eq(flr_value_get_blob(v), b);
    flr_value_unref(v);
    flr_blob_unref(b);
}
END_TEST

START_TEST(pointers_have_no_wire_form)
{
    int thing = 0;
    flr_value *l, *p;
    flr__encoded e;

    ck_assert_int_eq(flr_value_new_pointer("kind", &thing, NULL, &p), 0);
    ck_assert_int_eq(flr__encode(p, SIZE_MAX, &e), FLR_E_INVAL);
    flr_value_new_list(&l);
    ck_assert_int_eq(flr_list_add(&l, bytes_of("abc", 3)), 0);
    ck_assert_int_eq(flr_list_add(&l, p), 0);
    ck_assert_int_eq(flr__encode(l, 1, &e), FLR_E_INVAL);
    ck_assert_int_eq(flr__encode(NULL, 1, &e), FLR_E_INVAL);
    flr_value_unref(l);
}
END_TEST

#define ACCEPTS(literal, expected)                                                                 \
    do {                                                                                           \
        flr_value *back_, *want_ = (expected);                                                     \
        ck_assert_int_eq(decode(literal, sizeof literal - 1, &back_), 0);                          \
        ck_assert_int_eq(flr_value_equals(back_, want_), 1);                                       \
        flr_value_unref(back_);                                                                    \
        flr_value_unref(want_);                                                                    \
    } while (0)

START_TEST(longer_forms_are_accepted)
{
    flr_value *m, *l;

    flr_value_new_map(&m);
    flr_value_new_list(&l);
    ACCEPTS("\xcc\x05", number(5));
    ACCEPTS("\xd0\x05", number(5));
    ACCEPTS("\xcf\0\0\0\0\0\0\0\x05", number(5));
    ACCEPTS("\xd3\xff\xff\xff\xff\xff\xff\xff\xff", number(-1));
    ACCEPTS("\xd1\x7f\xff", number(32767));
    ACCEPTS("\xca\x3f\xc0\0\0", real(1.5));
    ACCEPTS("\xdb\0\0\0\x01z", text("z"));
    ACCEPTS("\xdd\0\0\0\0", l);
    ACCEPTS("\xdf\0\0\0\0", m);
    ACCEPTS("\xc4\x02hi", bytes_of("hi", 2));
    ACCEPTS("\xc9\0\0\0\x01\x01h", bytes_of("h", 1));
}
END_TEST

#define CORRUPT(literal, at)                                                                       \
    do {                                                                                           \
        flr_value *v_ = NULL;                                                                      \
        size_t offset_ = 0;                                                                        \
        ck_assert_int_eq(flr__decode((const uint8_t *)literal, sizeof literal - 1, NULL, 0, NULL,  \
                                     &v_, &offset_),                                               \
                         FLR_E_CORRUPT);                                                           \
        ck_assert_ptr_null(v_);                                                                    \
        ck_assert_uint_eq(offset_, at);                                                            \
    } while (0)

START_TEST(what_is_wrong_is_corrupt_where_it_is)
{
    CORRUPT("", 0);
    CORRUPT("\xc1", 0);
    CORRUPT("\x01\x02", 1);                               /* something follows */
    CORRUPT("\xcf\x80\0\0\0\0\0\0\0", 0);                 /* beyond int64 */
    CORRUPT("\x92\x01\xa1\xff", 2);                       /* no UTF-8 */
    CORRUPT("\xa2z\0", 0);                                /* NUL in text */
    CORRUPT("\x82\xa1k\x01\xa1k\x02", 4);                 /* the same key twice */
    CORRUPT("\x81\x01\x02\x03", 1);                       /* key of another kind */
    CORRUPT("\x81\xa0\x01\x02", 1);                       /* empty key */
    CORRUPT("\x81\xa1\xff\x01", 1);                       /* key without UTF-8 */
    CORRUPT("\xd4\x05x", 0);                              /* unknown ext */
    CORRUPT("\xd6\xff\0\0\0\0", 0);                       /* MessagePack's timestamps */
    CORRUPT("\xc7\x01\x03\x01", 0);                       /* a tensor without rank */
    CORRUPT("\xc7\x03\x03\x09\x00x\x01", 6);              /* a good tensor, then something */
    CORRUPT("\xc7\x04\x03\x09\x00xy", 0);                 /* two elements for one */
    CORRUPT("\xc7\x03\x03\x63\x00x", 0);                  /* unknown element type */
    CORRUPT("\xc7\x03\x03\x09\x01x", 0);                  /* shape cut off */
    CORRUPT("\xc7\x0a\x03\x09\x01\xff\0\0\0\0\0\0\0", 0); /* negative dimension */
    CORRUPT("\xc7\x0c\x02\0\0\0\0\0\0\0\0\0\0\0\0", 0);   /* a segment that is not there */
    CORRUPT("\xdd\xff\xff\xff\xff\x01\x01", 7);           /* a list that cannot be there */
    CORRUPT("\xdf\0\0\0\x02\xa1k\x01\xa1", 9);
    CORRUPT("\xdb\xff\xff\xff\xffxx", 7);
    CORRUPT("\xc9\xff\xff\xff\xff\x01xx", 8);
}
END_TEST

START_TEST(nested_promises_are_added_up)
{
    /* Each list promises all the bytes that are left; only the first can be believed. */
    uint8_t bytes[600];
    flr_value *v;

    memset(bytes, 0xc0, sizeof bytes);
    for (size_t i = 0; i + 3 <= 60; i += 3) {
        bytes[i] = 0xdc;
        bytes[i + 1] = 1;
        bytes[i + 2] = 0;
    }
    fault_reset();
    ck_assert_int_eq(decode(bytes, sizeof bytes, &v), FLR_E_CORRUPT);
    ck_assert_int_le(atomic_load(&fault_bytes), 16 * (long)sizeof bytes);
}
END_TEST

START_TEST(limits_are_kept)
{
    static const char nested[] = "\x91\x91\x91\xc0", words[] = "\x92\xa3"
                                                               "abc\xa3"
                                                               "def";
    flr__decode_limits limits = {4, 4, 3, 6};
    flr_value *v = NULL;
    size_t offset;

#define TRY(bytes)                                                                                 \
    flr__decode((const uint8_t *)bytes, sizeof bytes - 1, NULL, 0, &limits, &v, &offset)
    ck_assert_int_eq(TRY(nested), 0);
    flr_value_unref(v);
    ck_assert_int_eq(TRY(words), 0);
    flr_value_unref(v);
    limits.depth = 3;
    ck_assert_int_eq(TRY(nested), FLR_E_LIMIT);
    ck_assert_uint_eq(offset, 2);
    limits.depth = 4;
    limits.count = 3;
    ck_assert_int_eq(TRY(nested), FLR_E_LIMIT);
    ck_assert_int_eq(TRY(words), 0);
    flr_value_unref(v);
    limits.text = 2;
    ck_assert_int_eq(TRY(words), FLR_E_LIMIT);
    limits.text = 3;
    limits.bytes = 5;
    ck_assert_int_eq(TRY(words), FLR_E_LIMIT);
    ck_assert_uint_eq(offset, 5);
    limits = (flr__decode_limits){0, 0, 0, 0};
    ck_assert_int_eq(TRY(words), FLR_E_LIMIT);
#undef TRY
}
END_TEST

START_TEST(depth_is_bounded_whatever_comes)
{
    uint8_t bytes[100];
    flr_value *v;

    memset(bytes, 0x91, sizeof bytes);
    ck_assert_int_eq(decode(bytes, sizeof bytes, &v), FLR_E_LIMIT);
    bytes[FLR_VALUE_MAX_DEPTH - 1] = 0xc0;
    ck_assert_int_eq(decode(bytes, FLR_VALUE_MAX_DEPTH, &v), 0);
    ck_assert_uint_eq(flr_value_get_depth(v), FLR_VALUE_MAX_DEPTH);
    flr_value_unref(v);
    bytes[FLR_VALUE_MAX_DEPTH - 1] = 0x90;
    ck_assert_int_eq(decode(bytes, FLR_VALUE_MAX_DEPTH, &v), 0);
    flr_value_unref(v);
}
END_TEST

/* Decode a copy of exactly this size (so that a sanitizer sees each byte too many); whatever it
 * says, nothing leaks. */
static int decode_exactly(const uint8_t *data, size_t size, const flr__encoded *e)
{
    uint8_t *copy = malloc(size == 0 ? 1 : size);
    long live = atomic_load(&fault_live);
    flr_value *v = NULL;
    size_t offset = SIZE_MAX;
    int status;

    memcpy(copy, data, size);
    status = flr__decode(copy, size, e->blobs, e->count, NULL, &v, &offset);
    free(copy);
    if (status == 0) {
        flr__encoded again;

        ck_assert_int_eq(flr__encode(v, 16, &again), 0);
        flr__encoded_free(&again);
    } else {
        ck_assert(status == FLR_E_CORRUPT || status == FLR_E_LIMIT);
        ck_assert_ptr_null(v);
        ck_assert_uint_le(offset, size);
    }
    flr_value_unref(v);
    ck_assert_int_eq(atomic_load(&fault_live), live);
    return status;
}

START_TEST(truncation_at_every_byte_is_corrupt)
{
    flr_value *v = sample();
    flr__encoded e;

    ck_assert_int_eq(flr__encode(v, 16, &e), 0);
    for (size_t size = 0; size < flr_blob_get_size(e.head); size++) {
        ck_assert_int_eq(decode_exactly(flr_blob_get_data(e.head), size, &e), FLR_E_CORRUPT);
    }
    ck_assert_int_eq(decode_exactly(flr_blob_get_data(e.head), flr_blob_get_size(e.head), &e), 0);
    flr__encoded_free(&e);
    flr_value_unref(v);
}
END_TEST

START_TEST(flipped_bits_do_no_harm)
{
    flr_value *v = sample();
    flr__encoded e;
    uint8_t *bytes;
    size_t size;
    uint32_t rng = 1;

    ck_assert_int_eq(flr__encode(v, 16, &e), 0);
    size = flr_blob_get_size(e.head);
    bytes = malloc(size);
    memcpy(bytes, flr_blob_get_data(e.head), size);
    for (size_t i = 0; i < 8 * size; i++) {
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
        decode_exactly(bytes, size, &e);
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    for (int round = 0; round < 3000; round++) {
        for (size_t i = 0; i < 3; i++) {
            rng = rng * 1664525u + 1013904223u;
            bytes[(rng >> 8) % size] = (uint8_t)(rng >> 4);
        }
        decode_exactly(bytes, size, &e);
        if (round % 8 == 7) {
            memcpy(bytes, flr_blob_get_data(e.head), size);
        }
    }
    free(bytes);
    flr__encoded_free(&e);
    flr_value_unref(v);
}
END_TEST

static flr_value *oom_value;

static int encode_and_decode(void)
{
    flr__encoded e = {NULL, NULL, 0};
    flr_value *back = NULL;
    int status = flr__encode(oom_value, 16, &e);

    if (status == 0) {
        status = flr__decode(flr_blob_get_data(e.head), flr_blob_get_size(e.head), e.blobs, e.count,
                             NULL, &back, NULL);
    }
    flr_value_unref(back);
    flr__encoded_free(&e);
    return status;
}

START_TEST(every_failed_allocation_is_reported_and_leaks_nothing)
{
    oom_value = sample();
    fault_loop(encode_and_decode);
    flr_value_unref(oom_value);
}
END_TEST

START_TEST(crc32c_matches_the_published_vectors)
{
    uint8_t bytes[32]; /* RFC 3720, appendix B.4 */
    char long_text[1000];
    uint32_t whole;

    ck_assert_uint_eq(flr__crc32c(0, "", 0), 0);
    ck_assert_uint_eq(flr__crc32c(0, "123456789", 9), 0xe3069283u);
    memset(bytes, 0, 32);
    ck_assert_uint_eq(flr__crc32c(0, bytes, 32), 0x8a9136aau);
    memset(bytes, 0xff, 32);
    ck_assert_uint_eq(flr__crc32c(0, bytes, 32), 0x62a8ab43u);
    for (int i = 0; i < 32; i++) {
        bytes[i] = (uint8_t)i;
    }
    ck_assert_uint_eq(flr__crc32c(0, bytes, 32), 0x46dd794eu);
    for (size_t i = 0; i < sizeof long_text; i++) {
        long_text[i] = (char)(i * 7);
    }
    whole = flr__crc32c(0, long_text, sizeof long_text);
    ck_assert_uint_eq(crc32c_portable(0, long_text, sizeof long_text), whole);
    ck_assert_uint_eq(crc32c_portable(0, "123456789", 9), 0xe3069283u);
    for (size_t cut = 0; cut <= sizeof long_text; cut += 13) {
        uint32_t crc = flr__crc32c(0, long_text, cut);

        ck_assert_uint_eq(flr__crc32c(crc, long_text + cut, sizeof long_text - cut), whole);
    }
}
END_TEST

static long live_before;

static void setup(void)
{
    fault_reset();
    live_before = atomic_load(&fault_live);
}

static void teardown(void)
{
    ck_assert_int_eq(atomic_load(&fault_live), live_before);
}

int main(void)
{
    Suite *suite = suite_create("codec");
    TCase *tests = tcase_create("codec");

    if (fault_install() != 0) {
        return 1;
    }
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, scalars_have_their_shortest_form);
    tcase_add_test(tests, containers_and_payloads_have_their_shortest_form);
    tcase_add_test(tests, long_forms_round_trip);
    tcase_add_test(tests, large_maps_round_trip);
    tcase_add_test(tests, equal_values_give_equal_bytes);
    tcase_add_test(tests, segments_travel_by_reference);
    tcase_add_test(tests, a_segment_is_used_once);
    tcase_add_test(tests, pointers_have_no_wire_form);
    tcase_add_test(tests, longer_forms_are_accepted);
    tcase_add_test(tests, what_is_wrong_is_corrupt_where_it_is);
    tcase_add_test(tests, nested_promises_are_added_up);
    tcase_add_test(tests, limits_are_kept);
    tcase_add_test(tests, depth_is_bounded_whatever_comes);
    tcase_add_test(tests, truncation_at_every_byte_is_corrupt);
    tcase_add_test(tests, flipped_bits_do_no_harm);
    tcase_add_test(tests, every_failed_allocation_is_reported_and_leaks_nothing);
    tcase_add_test(tests, crc32c_matches_the_published_vectors);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
