/*
 * Frames: microseconds to encode and to decode a message of 1 KiB, and how far the peak of a process's memory grows when a model of 100 MB is encoded and walked, or received and decoded. Every
 * figure of memory is measured in a process of its own.
 */
#include "bench.h"
#include <stdlib.h>
#include <string.h>

#define KIB 1024
#define MB  1000000

/* A result: the headers that one has, and a payload. */
static flr_shareable *make_message(size_t bytes)
{
    flr_shareable *message;
    flr_value *value, *jar;
    flr_blob *blob;
    void *place;
    bench_check(flr_shareable_new(&message), "message");
    bench_check(flr_shareable_set_header_text(message, FLR_HEADER_TASK_NAME, "train"), "header");
    bench_check(flr_shareable_set_header_text(message, FLR_HEADER_TASK_ID,
                                              "0123456789abcdef0123456789abcdef"),
                "header");
    bench_check(flr_value_new_map(&jar), "jar");
    bench_check(flr_map_set_text(&jar, FLR_COOKIE_TASK_ID, "0123456789abcdef0123456789abcdef"),
                "cookie");
    bench_check(flr_shareable_set_header(message, FLR_HEADER_COOKIE_JAR, jar), "jar");
    bench_check(flr_blob_new(bytes, &blob, &place), "payload");
    memset(place, 1, bytes);
    bench_check(flr_value_new_bytes(blob, &value), "payload");
    flr_blob_unref(blob);
    bench_check(flr_shareable_set(message, "model", value), "body");
    flr_shareable_freeze(message);
    return message;
}

static flr_frame *encode(const flr_shareable *message)
{
    flr_envelope e;
    flr_frame *frame;
    flr_envelope_init(&e, sizeof e);
    e.kind = FLR_FRAME_SUBMISSION;
    e.id = 1;
    e.job = "job-1";
    e.client = "site-1";
    e.task = "train";
    e.task_id = "0123456789abcdef0123456789abcdef";
    e.message = message;
    bench_check(flr_frame_encode(&e, &frame), "encode");
    return frame;
}

/* The bytes of a frame, as if they had been received. */
static flr_blob *bytes_of(const flr_frame *frame)
{
    flr_blob *blob;
    void *place;
    size_t size = flr_frame_get_size(frame);
    bench_check(flr_blob_new(size, &blob, &place), "buffer");
    bench_check(flr_frame_copy(frame, place, size), "copy");
    return blob;
}

static long turns(void)
{
    return bench_quick ? 50000 : 500000;
}

static double encode_us(long size)
{
    flr_shareable *message = make_message((size_t)size);
    double begin = bench_now();
    for (long i = 0; i < turns(); i++)
        flr_frame_unref(encode(message));
    double seconds = bench_now() - begin;
    flr_shareable_unref(message);
    return seconds * 1e6 / (double)turns();
}

static double decode_us(long size)
{
    flr_shareable *message = make_message((size_t)size);
    flr_frame *frame = encode(message);
    flr_blob *bytes = bytes_of(frame);
    double begin = bench_now();
    for (long i = 0; i < turns(); i++) {
        flr_frame *decoded;
        bench_check(flr_frame_decode(bytes, NULL, &decoded, NULL), "decode");
        flr_frame_unref(decoded);
    }
    double seconds = bench_now() - begin;
    flr_blob_unref(bytes);
    flr_frame_unref(frame);
    flr_shareable_unref(message);
    return seconds * 1e6 / (double)turns();
}

/* What a transport does: writev with whatever is left. */
static size_t walk(const flr_frame *frame)
{
    const void *data[8];
    size_t sizes[8], at = 0, count;
    volatile unsigned char sink = 0;
    while ((count = flr_frame_get_parts(frame, at, data, sizes, 8)) > 0)
        for (size_t i = 0; i < count; i++) {
            sink ^= *(const unsigned char *)data[i];
            at += sizes[i];
        }
    return at;
}

static double encode_growth(long megabytes)
{
    flr_shareable *message = make_message((size_t)megabytes * MB);
    double before = bench_memory("VmHWM");
    flr_frame *frame = encode(message);
    if (walk(frame) != flr_frame_get_size(frame))
        bench_check(-1, "parts");
    double after = bench_memory("VmHWM");
    flr_frame_unref(frame);
    flr_shareable_unref(message);
    return (after - before) / KIB;
}

static double decode_growth(long megabytes)
{
    flr_shareable *message = make_message((size_t)megabytes * MB);
    flr_frame *frame = encode(message), *decoded;
    flr_blob *bytes = bytes_of(frame);
    flr_envelope e;
    double before = bench_memory("VmHWM");
    bench_check(flr_frame_decode(bytes, NULL, &decoded, NULL), "decode");
    flr_envelope_init(&e, sizeof e);
    bench_check(flr_frame_get_envelope(decoded, &e), "envelope");
    const flr_blob *model = flr_value_get_blob(flr_shareable_get(e.message, "model"));
    if (flr_blob_get_size(model) != (size_t)megabytes * MB)
        bench_check(-1, "model");
    double after = bench_memory("VmHWM");
    flr_frame_unref(decoded);
    flr_blob_unref(bytes);
    flr_frame_unref(frame);
    flr_shareable_unref(message);
    return (after - before) / KIB;
}

const figure frame_figures[] = {
    FIGURE("encode_us_1k", "us", NULL, encode_us, KIB, NULL),
    FIGURE("decode_us_1k", "us", NULL, decode_us, KIB, NULL),
    FIGURE_ALONE("encode_growth_100mb", "MiB", NULL, encode_growth, 100, NULL),
    FIGURE_ALONE("decode_growth_100mb", "MiB", NULL, decode_growth, 100, NULL),
    FIGURE_END,
};
