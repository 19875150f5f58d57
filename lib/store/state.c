/*
 * A state's bytes: a prefix that says how long everything is, the head, and the segments, which are shared with whoever described the
 * state. The layout stands in flrunner/snapshot.h. No lock: a state is immutable.
 */
#include "store/state.h"

#include "base/alloc.h"
#include "data/codec.h"
#include <stdatomic.h>
#include <string.h>

#define FORMAT_VERSION 1
#define FIXED_PART     24 /* magic, version, segments, length of the head */
#define CHECKSUMS      8
#define INLINE_MAX     4096

static const char magic[8] = {'F', 'L', 'R', 'S', 'T', 'A', 'T', 'E'};

struct flr_state {
    atomic_size_t refs;
    flr_blob *prefix;
    flr__encoded encoded; /* head, then the segments */
};

/* ---------------------------------------------------------------- the handle */

flr_state *flr_state_ref(const flr_state *state)
{
    flr_state *s = (flr_state *)(uintptr_t)state;
    if (s != NULL)
        atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

void flr_state_unref(flr_state *state)
{
    if (state == NULL || atomic_fetch_sub_explicit(&state->refs, 1, memory_order_acq_rel) != 1)
        return;
    flr_blob_unref(state->prefix);
    flr__encoded_free(&state->encoded);
    flr__free(state);
}

size_t flr_state_get_segment_count(const flr_state *state)
{
    return state == NULL ? 0 : state->encoded.count + 2;
}

static const flr_blob *segment(const flr_state *state, size_t i)
{
    if (i >= flr_state_get_segment_count(state))
        return NULL;
    return i == 0 ? state->prefix : i == 1 ? state->encoded.head : state->encoded.blobs[i - 2];
}

const void *flr_state_get_segment(const flr_state *state, size_t i, size_t *size)
{
    const flr_blob *b = segment(state, i);
    if (size != NULL)
        *size = flr_blob_get_size(b);
    return flr_blob_get_data(b);
}

size_t flr_state_get_size(const flr_state *state)
{
    size_t size = 0;
    for (size_t i = 0; i < flr_state_get_segment_count(state); i++)
        size += flr_blob_get_size(segment(state, i));
    return size;
}

int flr_state_copy(const flr_state *state, void *buffer, size_t size)
{
    unsigned char *to = buffer;
    if (state == NULL || buffer == NULL)
        return FLR_E_INVAL;
    if (size < flr_state_get_size(state))
        return FLR_E_LIMIT;
    for (size_t i = 0; i < flr_state_get_segment_count(state); i++) {
        const flr_blob *b = segment(state, i);
        if (flr_blob_get_size(b) > 0)
            memcpy(to, flr_blob_get_data(b), flr_blob_get_size(b));
        to += flr_blob_get_size(b);
    }
    return 0;
}

/* ---------------------------------------------------------------- writing */

static void put(uint8_t *to, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        to[i] = (uint8_t)(number >> (8 * i));
}

static uint64_t get(const uint8_t *from, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes; i++)
        number |= (uint64_t)from[i] << (8 * i);
    return number;
}

static int make_prefix(flr_state *s)
{
    void *bytes;
    size_t lengths = FIXED_PART + 8 * s->encoded.count;
    int status = flr_blob_new(lengths + 8, &s->prefix, &bytes);
    if (status < 0)
        return status;
    uint8_t *p = bytes;
    memcpy(p, magic, sizeof magic);
    put(p + 8, FORMAT_VERSION, 4);
    put(p + 12, s->encoded.count, 4);
    put(p + 16, flr_blob_get_size(s->encoded.head), 8);
    uint32_t crc =
        flr__crc32c(0, flr_blob_get_data(s->encoded.head), flr_blob_get_size(s->encoded.head));
    for (size_t i = 0; i < s->encoded.count; i++) {
        put(p + FIXED_PART + 8 * i, flr_blob_get_size(s->encoded.blobs[i]), 8);
        crc = flr__crc32c(crc, flr_blob_get_data(s->encoded.blobs[i]),
                          flr_blob_get_size(s->encoded.blobs[i]));
    }
    put(p + lengths, flr__crc32c(0, p, lengths), 4);
    put(p + lengths + 4, crc, 4);
    return 0;
}

int flr__state_new(const flr_value *head, flr_state **state)
{
    flr_state *s = flr__zalloc(sizeof *s);
    if (s == NULL)
        return FLR_E_NOMEM;
    atomic_init(&s->refs, 1);
    int status = flr__encode(head, INLINE_MAX, &s->encoded);
    if (status != 0) {
        flr__free(s);
        return status;
    }
    status = make_prefix(s);
    if (status != 0) {
        flr_state_unref(s);
        return status;
    }
    *state = s;
    return 0;
}

/* ---------------------------------------------------------------- reading */

/* What a prefix that fits its bytes says: offsets in them. */
typedef struct layout {
    size_t segments, head, head_size, first; /* first: of the first segment */
} layout;

static uint64_t segment_size(const uint8_t *p, size_t i)
{
    return get(p + FIXED_PART + 8 * i, 8);
}

/* The lengths, whose checksum is right, add up to the bytes that are there. */
static bool adds_up(const uint8_t *p, size_t size, layout *l)
{
    uint64_t length = get(p + 16, 8);
    if (length > size - l->head)
        return false;
    l->head_size = (size_t)length;
    l->first = l->head + l->head_size;
    size_t left = size - l->first;
    for (size_t i = 0; i < l->segments; i++) {
        if (segment_size(p, i) > left)
            return false;
        left -= (size_t)segment_size(p, i);
    }
    return left == 0;
}

static int check(const uint8_t *p, size_t size, layout *l)
{
    if (size < FIXED_PART + CHECKSUMS || memcmp(p, magic, sizeof magic) != 0)
        return FLR_E_CORRUPT;
    uint64_t n = get(p + 12, 4), version = get(p + 8, 4);
    if (n > (size - FIXED_PART - CHECKSUMS) / 8)
        return FLR_E_CORRUPT;
    size_t lengths = FIXED_PART + 8 * (size_t)n;
    if (get(p + lengths, 4) != flr__crc32c(0, p, lengths))
        return FLR_E_CORRUPT;
    if (version != FORMAT_VERSION)
        return version > FORMAT_VERSION ? FLR_E_NOTSUP : FLR_E_CORRUPT;
    *l = (layout){.segments = (size_t)n, .head = lengths + CHECKSUMS};
    if (!adds_up(p, size, l))
        return FLR_E_CORRUPT;
    return get(p + lengths + 4, 4) == flr__crc32c(0, p + l->head, size - l->head) ? 0
                                                                                  : FLR_E_CORRUPT;
}

int flr_state_check(const void *data, size_t size)
{
    layout l;
    if (data == NULL || size == 0)
        return FLR_E_NOTFOUND;
    return check(data, size, &l);
}

static int cut(flr_blob *whole, const layout *l, flr_blob **segments)
{
    size_t at = l->first;
    int status = 0;
    for (size_t i = 0; status == 0 && i < l->segments; i++) {
        size_t length = (size_t)segment_size(flr_blob_get_data(whole), i);
        status = flr_blob_new_slice(whole, at, length, &segments[i]);
        at += length;
    }
    return status;
}

int flr__state_read(flr_blob *whole, flr_value **head)
{
    static const flr__decode_limits limits = {FLR_VALUE_MAX_DEPTH, FLR_VALUE_MAX_COUNT,
                                              FLR_VALUE_MAX_TEXT, SIZE_MAX};
    const uint8_t *p = flr_blob_get_data(whole);
    layout l = {0};
    size_t offset;
    int status = check(p, flr_blob_get_size(whole), &l);
    if (status != 0)
        return status;
    flr_blob **segments = flr__zalloc_array(l.segments > 0 ? l.segments : 1, sizeof *segments);
    if (segments == NULL)
        return FLR_E_NOMEM;
    status = cut(whole, &l, segments);
    if (status == 0)
        status = flr__decode(p + l.head, l.head_size, segments, l.segments, &limits, head, &offset);
    for (size_t i = 0; i < l.segments; i++)
        flr_blob_unref(segments[i]);
    flr__free(segments);
    return status;
}
