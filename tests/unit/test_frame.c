/*
 * Frames: what is written, byte by byte; that every byte counts; each kind of bad input with its code, offset and reason (the committed corpus of the fuzzer has one file for each);
 * streams in any pieces; limits; that payloads are shared and aligned. Single-threaded.
 */
#include "support/suite.h"

#include <check.h>
#include <flrunner.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CORPUS "tests/fuzz/corpus/frame/"

/* ---- support ---- */

static flr_blob *blob_of(const void *data, size_t size)
{
    flr_blob *blob = NULL;
    ck_assert_int_eq(flr_blob_new_copy(data, size, &blob), 0);
    return blob;
}

static flr_blob *load(const char *name)
{
    char path[256];
    unsigned char bytes[65536];
    snprintf(path, sizeof path, CORPUS "%s", name);
    FILE *f = fopen(path, "rb");
    ck_assert_msg(f != NULL, "%s is missing", path);
    size_t size = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    return blob_of(bytes, size);
}

static flr_envelope envelope(void)
{
    flr_envelope e;
    flr_envelope_init(&e, sizeof e);
    e.kind = FLR_FRAME_SUBMISSION;
    return e;
}

static flr_envelope envelope_of(const flr_frame *frame)
{
    flr_envelope e = envelope();
    ck_assert_int_eq(flr_frame_get_envelope(frame, &e), 0);
    return e;
}

static flr_frame *encode(const flr_envelope *e)
{
    flr_frame *frame = NULL;
    ck_assert_int_eq(flr_frame_encode(e, &frame), 0);
    return frame;
}

static flr_blob *bytes_of(const flr_frame *frame)
{
    flr_blob *blob;
    void *bytes;
    ck_assert_int_eq(flr_blob_new(flr_frame_get_size(frame), &blob, &bytes), 0);
    ck_assert_int_eq(flr_frame_copy(frame, bytes, flr_frame_get_size(frame)), 0);
    return blob;
}

static flr_frame *decode(flr_blob *bytes)
{
    flr_frame *frame = NULL;
    ck_assert_int_eq(flr_frame_decode(bytes, NULL, &frame, NULL), 0);
    return frame;
}

/* A message with payloads of these sizes as body "0", "1" ... */
static flr_shareable *message_with(const size_t *sizes, size_t count)
{
    flr_shareable *m = NULL;
    ck_assert_int_eq(flr_shareable_new(&m), 0);
    for (size_t i = 0; i < count; i++) {
        char key[24];
        flr_blob *blob;
        flr_value *value;
        void *bytes;
        ck_assert_int_eq(flr_blob_new(sizes[i], &blob, &bytes), 0);
        memset(bytes, (int)i + 1, sizes[i]);
        ck_assert_int_eq(flr_value_new_bytes(blob, &value), 0);
        flr_blob_unref(blob);
        snprintf(key, sizeof key, "%zu", i);
        ck_assert_int_eq(flr_shareable_set(m, key, value), 0);
    }
    return m;
}

static flr_blob *payload_of(const flr_envelope *e, const char *key)
{
    return flr_value_get_blob(flr_shareable_get(e->message, key));
}

/* ---- what is written ---- */

START_TEST(the_least_frame_byte_by_byte)
{
    static const unsigned char expected[] = {
        'F',  'L',  'R', 'F',                 /* magic */
        1,    0,                              /* version */
        0,    0,                              /* flags */
        7,    0,    0,   0,                   /* size of the header */
        0,    0,    0,   0,                   /* number of segments */
        39,   0,    0,   0,   0,   0,   0, 0, /* size of the frame */
        0,    0,    0,   0,                   /* reserved */
        0,    0,    0,   0,                   /* checksum: see below */
        0x81, 0xa4, 'k', 'i', 'n', 'd', 3,    /* {"kind": 3} */
    };
    flr_envelope e = envelope();
    flr_frame *frame = encode(&e);
    flr_blob *bytes = bytes_of(frame), *corpus = load("good-least");
    const unsigned char *p = flr_blob_get_data(bytes);
    ck_assert_uint_eq(flr_blob_get_size(bytes), sizeof expected);
    ck_assert_mem_eq(p, expected, 28);
    ck_assert_mem_eq(p + 32, expected + 32, 7);
    /* The same bytes were written by another program, with another implementation of the checksum. */
    ck_assert_uint_eq(flr_blob_get_size(corpus), sizeof expected);
    ck_assert_mem_eq(p, flr_blob_get_data(corpus), sizeof expected);
    flr_blob_unref(corpus);
    flr_blob_unref(bytes);
    flr_frame_unref(frame);
}
END_TEST

START_TEST(everything_that_an_envelope_says_comes_back)
{
    flr_envelope e = envelope();
    flr_value *peer = NULL, *extra = NULL;
    flr_shareable *m = message_with((size_t[]){3}, 1);
    ck_assert_int_eq(flr_value_new_map(&peer), 0);
    ck_assert_int_eq(flr_map_set_text(&peer, "__run_num__", "job-1"), 0);
    ck_assert_int_eq(flr_value_new_map(&extra), 0);
    ck_assert_int_eq(flr_map_set_int(&extra, "n", -5), 0);
    ck_assert_int_eq(flr_shareable_set_rc(m, "ERROR"), 0);
    e.kind = 65535;
    e.code = INT32_MIN;
    e.id = INT64_MAX;
    e.time = 0.1;
    e.job = "job-1", e.client = "Größe", e.topic = "t", e.task = "train", e.task_id = "id";
    e.peer = peer, e.extra = extra, e.message = m;
    flr_frame *frame = encode(&e);
    flr_blob *bytes = bytes_of(frame);
    flr_frame *frames[] = {frame, decode(bytes)};
    for (int i = 0; i < 2; i++) {
        flr_envelope o = envelope_of(frames[i]);
        ck_assert_uint_eq(o.kind, 65535);
        ck_assert_int_eq(o.code, INT32_MIN);
        ck_assert_int_eq(o.id, INT64_MAX);
        ck_assert_double_eq(o.time, 0.1);
        ck_assert_str_eq(o.job, "job-1");
        ck_assert_str_eq(o.client, "Größe");
        ck_assert_str_eq(o.topic, "t");
        ck_assert_str_eq(o.task, "train");
        ck_assert_str_eq(o.task_id, "id");
        ck_assert_str_eq(flr_value_get_text(flr_map_get(o.peer, "__run_num__"), ""), "job-1");
        ck_assert_int_eq(flr_value_get_int(flr_map_get(o.extra, "n"), 0), -5);
        ck_assert_str_eq(flr_shareable_get_rc(o.message), "ERROR");
        ck_assert_mem_eq(flr_blob_get_data(payload_of(&o, "0")), "\1\1\1", 3);
    }
    ck_assert(flr_shareable_is_frozen(envelope_of(frames[1]).message));
    flr_frame_unref(frames[1]);
    flr_frame_unref(frame);
    flr_blob_unref(bytes);
    flr_shareable_unref(m);
    flr_value_unref(extra);
    flr_value_unref(peer);
}
END_TEST

START_TEST(what_is_not_said_reads_as_nothing)
{
    flr_envelope e = envelope();
    flr_frame *frame = encode(&e);
    flr_blob *bytes = bytes_of(frame);
    flr_frame *back = decode(bytes);
    flr_envelope o = envelope_of(back);
    ck_assert_int_eq(o.code, 0);
    ck_assert_int_eq(o.id, 0);
    ck_assert_double_eq(o.time, 0.0);
    ck_assert_str_eq(o.job, "");
    ck_assert_str_eq(o.task_id, "");
    ck_assert_ptr_null(o.peer);
    ck_assert_ptr_null(o.extra);
    ck_assert_ptr_null(o.message);
    flr_frame_unref(back);
    flr_blob_unref(bytes);
    flr_frame_unref(frame);
}
END_TEST

START_TEST(what_cannot_be_encoded)
{
    char long_name[300];
    flr_envelope e;
    flr_frame *frame = NULL;
    flr_value *pointer = NULL, *map = NULL, *list = NULL;
    memset(long_name, 'n', 299);
    long_name[299] = '\0';
    ck_assert_int_eq(flr_value_new_pointer("p", long_name, NULL, &pointer), 0);
    ck_assert_int_eq(flr_value_new_map(&map), 0);
    ck_assert_int_eq(flr_map_set(&map, "p", pointer), 0);
    ck_assert_int_eq(flr_value_new_list(&list), 0);
#define REFUSED(code, change)                                                                      \
    e = envelope();                                                                                \
    change;                                                                                        \
    ck_assert_int_eq(flr_frame_encode(&e, &frame), code)
    REFUSED(FLR_E_INVAL, e.kind = 0);
    REFUSED(FLR_E_INVAL, e.kind = 65536);
    REFUSED(FLR_E_INVAL, e.id = -1);
    REFUSED(FLR_E_INVAL, e.time = -1);
    REFUSED(FLR_E_INVAL, e.time = (double)NAN);
    REFUSED(FLR_E_INVAL, e.time = (double)INFINITY);
    REFUSED(FLR_E_INVAL, e.job = "\xff");
    REFUSED(FLR_E_LIMIT, e.task = long_name);
    REFUSED(FLR_E_INVAL, e.peer = list);
    REFUSED(FLR_E_INVAL, e.extra = map);
    REFUSED(FLR_E_INVAL, e.flags = 1);
    REFUSED(FLR_E_ABI, e.struct_size = 8);
    ck_assert_ptr_null(frame);
    flr_value_unref(map);
    flr_value_unref(list);
}
END_TEST

/* ---- payloads ---- */

START_TEST(payloads_are_shared_and_aligned)
{
    static const size_t sizes[] = {FLR_FRAME_SEGMENT - 1, FLR_FRAME_SEGMENT, 5001, 0};
    flr_shareable *m = message_with(sizes, 4);
    flr_envelope e = envelope();
    const void *data[16];
    size_t parts_sizes[16], large = 0;
    e.message = m;
    flr_frame *frame = encode(&e);
    size_t count = flr_frame_get_parts(frame, 0, data, parts_sizes, 16);
    for (size_t i = 0; i < count; i++)
        for (size_t p = 1; p <= 2; p++) {
            char key[2] = {(char)('0' + p), '\0'};
            large += data[i] == flr_blob_get_data(payload_of(&e, key));
        }
    ck_assert_uint_eq(large, 2); /* sent from where they are */
    flr_blob *bytes = bytes_of(frame);
    flr_frame *back = decode(bytes);
    flr_envelope o = envelope_of(back);
    const unsigned char *begin = flr_blob_get_data(bytes);
    for (size_t p = 0; p < 4; p++) {
        char key[2] = {(char)('0' + p), '\0'};
        const unsigned char *at = flr_blob_get_data(payload_of(&o, key));
        ck_assert_uint_eq(flr_blob_get_size(payload_of(&o, key)), sizes[p]);
        for (size_t i = 0; i < sizes[p]; i++)
            ck_assert_uint_eq(at[i], p + 1);
        if (sizes[p] >= FLR_FRAME_SEGMENT) { /* a view into what was received */
            ck_assert(at > begin && at < begin + flr_blob_get_size(bytes));
            ck_assert_uint_eq((uintptr_t)at % 64, 0);
        }
    }
    flr_frame_unref(back);
    flr_blob_unref(bytes);
    flr_frame_unref(frame);
    flr_shareable_unref(m);
}
END_TEST

START_TEST(parts_from_any_position)
{
    flr_shareable *m = message_with((size_t[]){5000, 6000, 4097}, 3);
    flr_envelope e = envelope();
    e.message = m;
    flr_frame *frame = encode(&e);
    flr_blob *bytes = bytes_of(frame);
    const unsigned char *whole = flr_blob_get_data(bytes);
    size_t size = flr_frame_get_size(frame);
    for (size_t offset = 0; offset <= size + 1; offset++) {
        const void *data[3];
        size_t sizes[3], at = offset;
        size_t count = flr_frame_get_parts(frame, offset, data, sizes, 1 + offset % 3);
        ck_assert_uint_eq(count > 0, offset < size);
        for (size_t i = 0; i < count; i++) {
            ck_assert_uint_gt(sizes[i], 0);
            ck_assert_mem_eq(data[i], whole + at, sizes[i]);
            at += sizes[i];
        }
    }
    ck_assert_int_eq(flr_frame_copy(frame, (void *)(uintptr_t)whole, size - 1), FLR_E_LIMIT);
    flr_blob_unref(bytes);
    flr_frame_unref(frame);
    flr_shareable_unref(m);
}
END_TEST

/* ---- bad input ---- */

typedef struct bad {
    const char *name;
    int status;
    uint64_t offset;
    const char *reason;
} bad;

static const bad bads[] = {
    {"magic", FLR_E_CORRUPT, 3, "not the magic of a frame"},
    {"major", FLR_E_NOTSUP, 4, "another major version"},
    {"flags", FLR_E_CORRUPT, 6, "flags that are not 0"},
    {"reserved", FLR_E_CORRUPT, 24, "reserved bytes that are not 0"},
    {"checksum", FLR_E_CORRUPT, 28, "a wrong checksum"},
    {"total-too-small", FLR_E_CORRUPT, 16, "a size that table and header do not fit"},
    {"total-too-large", FLR_E_CORRUPT, 16, "a size that table and header do not fit"},
    {"total-immense", FLR_E_LIMIT, 16, "a frame larger than allowed"},
    {"header-size-immense", FLR_E_LIMIT, 8, "table and header larger than allowed"},
    {"segment-count-immense", FLR_E_LIMIT, 12, "more segments than allowed"},
    {"segment-misaligned", FLR_E_CORRUPT, 32, "a segment that is not in its place"},
    {"segment-overlaps", FLR_E_CORRUPT, 48, "a segment that is not in its place"},
    {"segment-beyond-the-end", FLR_E_CORRUPT, 56, "a segment that ends after the frame"},
    {"segment-size-immense", FLR_E_CORRUPT, 56, "a segment that ends after the frame"},
    {"segments-swapped", FLR_E_CORRUPT, 32, "a segment that is not in its place"},
    {"segment-twice", FLR_E_CORRUPT, 80, "segments that are not referred to in order"},
    {"segment-unused", FLR_E_CORRUPT, 55, "a segment that is not referred to"},
    {"segment-unknown", FLR_E_CORRUPT, 63, "a segment that is not there"},
    {"segment-of-another-size", FLR_E_CORRUPT, 63, "another size than that of the segment"},
    {"gap-not-zero", FLR_E_CORRUPT, 111, "a gap that is not filled with zeros"},
    {"bytes-after", FLR_E_CORRUPT, 235, "bytes after the frame"},
    {"cut-prefix", FLR_E_CORRUPT, 20, "fewer bytes than a prefix has"},
    {"cut-header", FLR_E_CORRUPT, 60, "fewer bytes than the frame has"},
    {"cut-segment", FLR_E_CORRUPT, 325, "fewer bytes than the frame has"},
    {"header-no-map", FLR_E_CORRUPT, 32, "a header that is no map"},
    {"header-trailing", FLR_E_CORRUPT, 39, "bytes after the last value"},
    {"header-empty", FLR_E_CORRUPT, 8, "an empty header"},
    {"duplicate-key", FLR_E_CORRUPT, 39, "a key twice in the header"},
    {"duplicate-key-in-body", FLR_E_CORRUPT, 48, "a key twice in one map"},
    {"key-no-text", FLR_E_CORRUPT, 33, "a key that is no text"},
    {"kind-missing", FLR_E_CORRUPT, 32, "a header without a kind"},
    {"kind-zero", FLR_E_CORRUPT, 38, "a number out of its range"},
    {"kind-text", FLR_E_CORRUPT, 38, "no int where there must be one"},
    {"id-negative", FLR_E_CORRUPT, 42, "a number out of its range"},
    {"code-too-large", FLR_E_CORRUPT, 44, "a number out of its range"},
    {"time-nan", FLR_E_CORRUPT, 44, "no time: negative, infinite or no number"},
    {"time-negative", FLR_E_CORRUPT, 44, "no time: negative, infinite or no number"},
    {"job-too-long", FLR_E_LIMIT, 43, "a text of more than 255 bytes"},
    {"job-not-utf8", FLR_E_CORRUPT, 43, "a text that is not UTF-8"},
    {"job-with-nul", FLR_E_CORRUPT, 43, "a text that is not UTF-8"},
    {"peer-no-map", FLR_E_CORRUPT, 44, "no map where there must be one"},
    {"body-with-headers-key", FLR_E_CORRUPT, 44, "a body with the key __headers__"},
    {"nested-40", FLR_E_LIMIT, 77, "nested deeper than allowed"},
    {"list-immense", FLR_E_CORRUPT, 52, "the bytes end too soon"},
    {"map-immense", FLR_E_CORRUPT, 52, "the bytes end too soon"},
    {"text-immense", FLR_E_CORRUPT, 52, "the bytes end too soon"},
    {"ext-immense", FLR_E_CORRUPT, 53, "the bytes end too soon"},
    {"ext-unknown", FLR_E_CORRUPT, 47, "an unknown ext type"},
    {"uint64-too-large", FLR_E_CORRUPT, 47, "an integer above 2^63 - 1"},
    {"tensor-type-0", FLR_E_CORRUPT, 47, "an unknown type of elements"},
    {"tensor-type-11", FLR_E_CORRUPT, 47, "an unknown type of elements"},
    {"tensor-rank-17", FLR_E_LIMIT, 47, "a tensor of more than 16 dimensions"},
    {"tensor-rank-beyond", FLR_E_CORRUPT, 47, "a tensor without all its dimensions"},
    {"tensor-negative", FLR_E_CORRUPT, 47, "a negative dimension"},
    {"tensor-overflow", FLR_E_CORRUPT, 47, "a shape that does not fit the size"},
    {"tensor-other-size", FLR_E_CORRUPT, 47, "a shape that does not fit the size"},
};

START_TEST(each_kind_of_bad_input)
{
    const bad *b = &bads[_i];
    flr_blob *bytes = load(b->name);
    flr_frame *frame = NULL;
    flr_frame_fault fault;
    flr_frame_fault_init(&fault, sizeof fault);
    ck_assert_str_eq(fault.reason == NULL ? "" : fault.reason, "");
    ck_assert_int_eq(flr_frame_decode(bytes, NULL, &frame, &fault), b->status);
    ck_assert_ptr_null(frame);
    ck_assert_str_eq(fault.reason, b->reason);
    ck_assert_uint_eq(fault.offset, b->offset);
    flr_blob_unref(bytes);
}
END_TEST

static const char *const goods[] = {"good-least",
                                    "good-rich",
                                    "good-segment",
                                    "good-segments",
                                    "good-empty-segment",
                                    "good-later-minor",
                                    "good-unknown-key",
                                    "float32",
                                    "bin"};

/* A frame that is cut anywhere is none; what is missing is asked for. */
START_TEST(cut_at_every_length)
{
    flr_blob *bytes = load(goods[_i]);
    const unsigned char *data = flr_blob_get_data(bytes);
    size_t size = flr_blob_get_size(bytes), need = 0;
    flr_frame_unref(decode(bytes));
    for (size_t cut = 0; cut < size; cut++) {
        flr_frame *frame = NULL;
        flr_blob *part = blob_of(data, cut);
        ck_assert_int_eq(flr_frame_decode(part, NULL, &frame, NULL), FLR_E_CORRUPT);
        ck_assert_int_eq(flr_frame_measure(data, cut, NULL, &need), 0);
        ck_assert_uint_eq(need, cut < FLR_FRAME_PREFIX ? FLR_FRAME_PREFIX : size);
        flr_blob_unref(part);
    }
    flr_blob_unref(bytes);
}
END_TEST

/* Each bit of prefix, table, header and gaps counts; only the payloads of segments are not checked. */
START_TEST(each_bit_counts)
{
    flr_blob *bytes = load("good-segments");
    size_t size = flr_blob_get_size(bytes);
    for (size_t bit = 0; bit < size * 8; bit++) {
        flr_frame *frame = NULL;
        flr_blob *copy;
        void *p;
        ck_assert_int_eq(flr_blob_new(size, &copy, &p), 0);
        memcpy(p, flr_blob_get_data(bytes), size);
        unsigned char *byte = (unsigned char *)p + bit / 8;
        bool payload = *byte == 1 || *byte == 2;
        *byte ^= (unsigned char)(1u << bit % 8);
        int status = flr_frame_decode(copy, NULL, &frame, NULL);
        if (bit / 8 >= 128 && payload)
            ck_assert_int_eq(status, 0);
        else
            ck_assert_int_lt(status, 0);
        flr_frame_unref(frame);
        flr_blob_unref(copy);
    }
    flr_blob_unref(bytes);
}
END_TEST

START_TEST(limits_may_be_lowered)
{
    flr_blob *bytes = load("good-segments");
    flr_frame *frame = NULL;
    flr_frame_limits l;
    uint64_t *members[] = {&l.bytes, &l.header, &l.segments, &l.depth, &l.count};
    uint64_t least[5];
    for (size_t i = 0; i < 5; i++) {
        for (uint64_t most = 1;; most++) {
            flr_frame_limits_init(&l, sizeof l);
            *members[i] = most;
            int status = flr_frame_decode(bytes, &l, &frame, NULL);
            if (status == 0) {
                least[i] = most;
                break;
            }
            ck_assert_int_eq(status, FLR_E_LIMIT);
        }
        flr_frame_unref(frame);
    }
    ck_assert_uint_eq(least[0], flr_blob_get_size(bytes));
    ck_assert_uint_lt(least[1], flr_blob_get_size(bytes));
    ck_assert_uint_eq(least[2], 2);
    ck_assert_uint_ge(least[3], 2);
    ck_assert_uint_ge(least[4], 3);
    flr_blob_unref(bytes);
}
END_TEST

/* ---- streams ---- */

/* Two frames in pieces of one size each, in both ways of reading. */
START_TEST(a_stream_in_pieces_of_every_size)
{
    flr_blob *one = load("good-segments"), *two = load("good-rich");
    size_t first = flr_blob_get_size(one), size = first + flr_blob_get_size(two);
    unsigned char *stream = malloc(size);
    memcpy(stream, flr_blob_get_data(one), first);
    memcpy(stream + first, flr_blob_get_data(two), size - first);
    for (size_t piece = 1; piece <= size; piece++)
        for (int way = 0; way < 2; way++) {
            flr_frame_reader *reader = NULL;
            size_t at = 0, frames = 0;
            ck_assert_int_eq(flr_frame_reader_new(NULL, &reader), 0);
            while (at < size) {
                flr_frame *frame = NULL;
                size_t some = piece < size - at ? piece : size - at, taken = 0;
                if (way == 0) {
                    ck_assert_int_eq(
                        flr_frame_reader_put(reader, stream + at, some, &taken, &frame), 0);
                } else {
                    void *space;
                    ck_assert_int_eq(flr_frame_reader_get_space(reader, &space, &taken), 0);
                    taken = some < taken ? some : taken;
                    memcpy(space, stream + at, taken);
                    ck_assert_int_eq(flr_frame_reader_add(reader, taken, &frame), 0);
                }
                at += taken;
                if (frame == NULL) {
                    size_t begun = at - (frames == 0 ? 0 : first);
                    ck_assert_uint_eq(flr_frame_reader_get_pending(reader), begun);
                    ck_assert_uint_eq(flr_frame_reader_get_need(reader),
                                      begun < FLR_FRAME_PREFIX ? 0
                                      : frames == 0            ? first
                                                               : size - first);
                    continue;
                }
                ck_assert_uint_eq(at, frames == 0 ? first : size);
                ck_assert_uint_eq(flr_frame_get_size(frame), frames == 0 ? first : size - first);
                flr_blob *again = bytes_of(frame); /* it can be passed on as it came */
                ck_assert_mem_eq(flr_blob_get_data(again), stream + at - flr_blob_get_size(again),
                                 flr_blob_get_size(again));
                flr_blob_unref(again);
                flr_frame_unref(frame);
                frames++;
            }
            ck_assert_uint_eq(frames, 2);
            flr_frame_reader_free(reader);
        }
    free(stream);
    flr_blob_unref(one);
    flr_blob_unref(two);
}
END_TEST

/* The reader says what the decoder says, and stays broken. */
START_TEST(a_broken_stream)
{
    const bad *b = &bads[_i];
    flr_blob *bytes = load(b->name);
    flr_frame_reader *reader = NULL;
    flr_frame *frame = NULL;
    flr_frame_fault fault;
    size_t taken, room;
    void *space;
    flr_frame_fault_init(&fault, sizeof fault);
    ck_assert_int_eq(flr_frame_reader_new(NULL, &reader), 0);
    int status = flr_frame_reader_put(reader, flr_blob_get_data(bytes), flr_blob_get_size(bytes),
                                      &taken, &frame);
    if (strncmp(b->name, "cut", 3) == 0) { /* more may come */
        ck_assert_int_eq(status, 0);
        ck_assert_ptr_null(frame);
        ck_assert_uint_gt(flr_frame_reader_get_pending(reader), 0);
    } else if (strcmp(b->name, "bytes-after") == 0) { /* the next frame's */
        ck_assert_int_eq(status, 0);
        ck_assert_ptr_nonnull(frame);
        ck_assert_uint_eq(taken, flr_blob_get_size(bytes) - 1);
    } else {
        ck_assert_int_eq(status, b->status);
        ck_assert_ptr_null(frame);
        ck_assert_int_eq(flr_frame_reader_get_space(reader, &space, &room), b->status);
        ck_assert_int_eq(flr_frame_reader_add(reader, 0, &frame), b->status);
        ck_assert_int_eq(flr_frame_reader_get_fault(reader, &fault), 0);
        ck_assert_str_eq(fault.reason, b->reason);
        ck_assert_uint_eq(fault.offset, b->offset);
    }
    flr_frame_unref(frame);
    flr_frame_reader_free(reader);
    flr_blob_unref(bytes);
}
END_TEST

START_TEST(the_order_of_calls)
{
    flr_frame_reader *reader = NULL;
    flr_frame *frame = NULL;
    size_t room;
    void *space;
    ck_assert_int_eq(flr_frame_reader_new(NULL, &reader), 0);
    ck_assert_int_eq(flr_frame_reader_add(reader, 0, &frame), FLR_E_STATE);
    ck_assert_int_eq(flr_frame_reader_get_space(reader, &space, &room), 0);
    ck_assert_uint_eq(room, FLR_FRAME_PREFIX);
    ck_assert_int_eq(flr_frame_reader_add(reader, room + 1, &frame), FLR_E_INVAL);
    flr_frame_reader_free(reader);
    flr_frame_reader_free(NULL);
    flr_frame_unref(NULL);
    ck_assert_uint_eq(flr_frame_get_size(NULL), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("frames");
    TCase *c = tcase_create("frames");
    int count = (int)(sizeof bads / sizeof bads[0]);
    tcase_add_test(c, the_least_frame_byte_by_byte);
    tcase_add_test(c, everything_that_an_envelope_says_comes_back);
    tcase_add_test(c, what_is_not_said_reads_as_nothing);
    tcase_add_test(c, what_cannot_be_encoded);
    tcase_add_test(c, payloads_are_shared_and_aligned);
    tcase_add_test(c, parts_from_any_position);
    tcase_add_loop_test(c, each_kind_of_bad_input, 0, count);
    tcase_add_loop_test(c, cut_at_every_length, 0, (int)(sizeof goods / sizeof goods[0]));
    tcase_add_test(c, each_bit_counts);
    tcase_add_test(c, limits_may_be_lowered);
    tcase_add_test(c, a_stream_in_pieces_of_every_size);
    tcase_add_loop_test(c, a_broken_stream, 0, count);
    tcase_add_test(c, the_order_of_calls);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
