/*
 * Prefix and table of frames: written, measured, checked. No lock: no state.
 */
#include "wire/layout.h"

#include "base/abi.h"
#include "data/codec.h"
#include <string.h>

/* Where the members of the prefix are. */
enum {
    AT_MAJOR = 4,
    AT_MINOR = 5,
    AT_FLAGS = 6,
    AT_HEADER = 8,
    AT_COUNT = 12,
    AT_SIZE = 16,
    AT_RESERVED = 24,
    AT_CRC = 28
};

enum { MAJOR = 1, MINOR = 0 };

static const uint8_t magic[4] = {'F', 'L', 'R', 'F'};

static uint64_t get(const uint8_t *p, size_t size)
{
    uint64_t n = 0;

    while (size-- > 0) {
        n = n << 8 | p[size];
    }
    return n;
}

static void put(uint8_t *p, uint64_t n, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        p[i] = (uint8_t)(n >> 8 * i);
    }
}

/* ---- limits and faults ---- */

void flr_frame_limits_init(flr_frame_limits *limits, size_t size)
{
    flr__abi_init(limits, size);
}

void flr_frame_fault_init(flr_frame_fault *fault, size_t size)
{
    static const char none[] = "";

    flr__abi_init(fault, size);
    if (fault != NULL && size >= sizeof *fault) {
        fault->reason = none;
    }
}

static uint64_t or_default(uint64_t n, uint64_t missing)
{
    return n == 0 ? missing : n;
}

int flr__limits_import(flr_frame_limits *to, const flr_frame_limits *limits)
{
    int status = 0;

    memset(to, 0, sizeof *to);
    if (limits != NULL) {
        status = flr__abi_import(to, sizeof *to, limits, sizeof *to, 0);
    }
    to->bytes = or_default(to->bytes, UINT64_C(1) << 30);
    to->header = or_default(to->header, UINT64_C(1) << 24);
    to->segments = or_default(to->segments, 65536);
    to->depth = or_default(to->depth, FLR_VALUE_MAX_DEPTH);
    to->count = or_default(to->count, FLR_VALUE_MAX_COUNT);
    return status;
}

static int fail(flr__fault *fault, int status, uint64_t offset, const char *reason)
{
    fault->offset = offset;
    fault->reason = reason;
    return status;
}

int flr__frame_corrupt(flr__fault *fault, uint64_t offset, const char *reason)
{
    return fail(fault, FLR_E_CORRUPT, offset, reason);
}

bool flr__frame_align(size_t at, size_t *aligned)
{
    if (!flr__size_add(at, FLR__FRAME_ALIGN - 1, aligned)) {
        return false;
    }
    *aligned &= ~(size_t)(FLR__FRAME_ALIGN - 1);
    return true;
}

/* ---- writing ---- */

static uint32_t checksum(const uint8_t *head, size_t size)
{
    uint32_t crc = flr__crc32c(0, head, AT_CRC);

    return flr__crc32c(crc, head + FLR_FRAME_PREFIX, size - FLR_FRAME_PREFIX);
}

void flr__layout_write(uint8_t *head, const flr__layout *l)
{
    memcpy(head, magic, sizeof magic);
    head[AT_MAJOR] = MAJOR;
    head[AT_MINOR] = MINOR;
    put(head + AT_FLAGS, 0, 2);
    put(head + AT_HEADER, l->header, 4);
    put(head + AT_COUNT, l->count, 4);
    put(head + AT_SIZE, l->size, 8);
    put(head + AT_RESERVED, 0, 4);
    put(head + AT_CRC, checksum(head, l->head), 4);
}

static uint8_t *entry_of(uint8_t *head, size_t i)
{
    return head + FLR_FRAME_PREFIX + FLR__FRAME_ENTRY * i;
}

void flr__layout_write_entry(uint8_t *head, size_t i, uint64_t offset, uint64_t size)
{
    put(entry_of(head, i), offset, 8);
    put(entry_of(head, i) + 8, size, 8);
}

/* ---- reading ---- */

/* Whatever a limit allows, it must fit into memory. */
static bool exceeds(uint64_t size, uint64_t limit)
{
    return size > limit || size > SIZE_MAX - FLR__FRAME_ALIGN;
}

static int read_sizes(const uint8_t *data, const flr_frame_limits *limits, flr__layout *l,
                      flr__fault *fault)
{
    uint64_t header = get(data + AT_HEADER, 4), count = get(data + AT_COUNT, 4);
    uint64_t size = get(data + AT_SIZE, 8), head = FLR_FRAME_PREFIX;

    if (exceeds(size, limits->bytes)) {
        return fail(fault, FLR_E_LIMIT, AT_SIZE, "a frame larger than allowed");
    }
    if (count > limits->segments) {
        return fail(fault, FLR_E_LIMIT, AT_COUNT, "more segments than allowed");
    }
    if (exceeds(FLR__FRAME_ENTRY * count + header, limits->header)) {
        return fail(fault, FLR_E_LIMIT, AT_HEADER, "table and header larger than allowed");
    }
    if (header == 0) {
        return fail(fault, FLR_E_CORRUPT, AT_HEADER, "an empty header");
    }
    head += FLR__FRAME_ENTRY * count + header;
    l->header = (size_t)header;
    l->count = (size_t)count;
    l->size = (size_t)size;
    l->head = l->start = (size_t)head;
    if (count > 0) {
        (void)flr__frame_align(l->head, &l->start); /* far below SIZE_MAX */
    }
    if (count == 0 ? size != head : size < l->start) {
        return fail(fault, FLR_E_CORRUPT, AT_SIZE, "a size that table and header do not fit");
    }
    return 0;
}

int flr__layout_read(const uint8_t *data, size_t size, const flr_frame_limits *limits,
                     flr__layout *l, flr__fault *fault)
{
    for (size_t i = 0; i < sizeof magic && i < size; i++) {
        if (data[i] != magic[i]) {
            return fail(fault, FLR_E_CORRUPT, i, "not the magic of a frame");
        }
    }
    if (size > AT_MAJOR && data[AT_MAJOR] != MAJOR) {
        return fail(fault, FLR_E_NOTSUP, AT_MAJOR, "another major version");
    }
    if (size < FLR_FRAME_PREFIX) {
        return 0;
    }
    if (get(data + AT_FLAGS, 2) != 0) {
        return fail(fault, FLR_E_CORRUPT, AT_FLAGS, "flags that are not 0");
    }
    if (get(data + AT_RESERVED, 4) != 0) {
        return fail(fault, FLR_E_CORRUPT, AT_RESERVED, "reserved bytes that are not 0");
    }
    return read_sizes(data, limits, l, fault);
}

int flr__layout_check_head(const uint8_t *head, const flr__layout *l, flr__fault *fault)
{
    size_t end = l->head;

    if (get(head + AT_CRC, 4) != checksum(head, l->head)) {
        return fail(fault, FLR_E_CORRUPT, AT_CRC, "a wrong checksum");
    }
    for (size_t i = 0; i < l->count; i++) {
        size_t at = FLR_FRAME_PREFIX + FLR__FRAME_ENTRY * i, begin = 0;
        uint64_t size = get(head + at + 8, 8);

        (void)flr__frame_align(end, &begin); /* end <= l->size, which leaves room for it */
        if (get(head + at, 8) != begin) {
            return fail(fault, FLR_E_CORRUPT, at, "a segment that is not in its place");
        }
        if (begin > l->size || size > l->size - begin) {
            return fail(fault, FLR_E_CORRUPT, at + 8, "a segment that ends after the frame");
        }
        end = begin + (size_t)size;
    }
    if (end != l->size) {
        return fail(fault, FLR_E_CORRUPT, AT_SIZE, "bytes after the last segment");
    }
    return 0;
}

/* bytes: those of the frame from `start` on. */
static int check_zeros(const uint8_t *bytes, size_t start, size_t at, size_t end, flr__fault *fault)
{
    for (; at < end; at++) {
        if (bytes[at - start] != 0) {
            return fail(fault, FLR_E_CORRUPT, at, "a gap that is not filled with zeros");
        }
    }
    return 0;
}

int flr__layout_check_gaps(const uint8_t *head, const uint8_t *body, const flr__layout *l,
                           flr__fault *fault)
{
    int status = check_zeros(head, 0, l->head, l->start, fault);
    size_t at = l->start;

    for (size_t i = 0; status == 0 && i < l->count; i++) {
        const uint8_t *entry = head + FLR_FRAME_PREFIX + FLR__FRAME_ENTRY * i;
        size_t begin = (size_t)get(entry, 8);

        status = check_zeros(body, l->start, at, begin, fault);
        at = begin + (size_t)get(entry + 8, 8);
    }
    return status;
}

/* ---- measuring ---- */

int flr_frame_measure(const void *data, size_t size, const flr_frame_limits *limits, size_t *need)
{
    flr_frame_limits most;
    flr__layout l;
    flr__fault fault;
    int status;

    if ((data == NULL && size > 0) || need == NULL) {
        return FLR_E_INVAL;
    }
    status = flr__limits_import(&most, limits);
    if (status == 0) {
        status = flr__layout_read(data, size, &most, &l, &fault);
    }
    if (status == 0) {
        *need = size < FLR_FRAME_PREFIX ? FLR_FRAME_PREFIX : l.size;
    }
    return status;
}
