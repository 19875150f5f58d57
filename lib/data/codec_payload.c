/*
 * Bytes and tensors in MessagePack, as codec.c lays them out, and the segments that they refer to. No
 * lock: see codec_read.c.
 */
#include "data/msgpack.h"
#include "data/value.h"

#include <string.h>

/* What a payload that stands apart is said to be: u32 segment, u64 size. */
enum { REFERENCE_SIZE = 4 + 8 };

static uint64_t get_u64(const uint8_t *p)
{
    uint64_t n = 0;

    for (size_t i = 8; i-- > 0;) {
        n = n << 8 | p[i];
    }
    return n;
}

static uint64_t segment_size(const flr__segments *s, size_t i)
{
    return s->blobs != NULL ? flr_blob_get_size(s->blobs[i]) : get_u64(s->table + 16 * i + 8);
}

/* [out, flr_blob_unref] */
static int get_segment(const flr__segments *s, size_t i, flr_blob **blob)
{
    if (s->blobs != NULL) {
        *blob = flr_blob_ref(s->blobs[i]);
        return 0;
    }
    return flr_blob_new_slice(s->whole, (size_t)(get_u64(s->table + 16 * i) - s->start),
                              (size_t)segment_size(s, i), blob);
}

int flr__read_reference(flr__reader *r, size_t *segment)
{
    uint64_t index = 0, size = 0;
    int status = flr__read_number(r, 4, &index);

    if (status == 0) {
        status = flr__read_number(r, 8, &size);
    }
    if (status != 0) {
        return status;
    }
    if (index >= r->segments.count) {
        return flr__read_corrupt(r, r->item, "a segment that is not there");
    }
    if (index != r->segments_used) {
        return flr__read_corrupt(r, r->item, "segments that are not referred to in order");
    }
    if (segment_size(&r->segments, (size_t)index) != size) {
        return flr__read_corrupt(r, r->item, "another size than that of the segment");
    }
    *segment = r->segments_used++;
    return 0;
}

/* The payload behind an ext head: `size` bytes here, or a segment. [out, flr_blob_unref] */
static int read_blob(flr__reader *r, bool is_segment, uint64_t size, flr_blob **blob)
{
    size_t segment = 0;
    int status;

    if (!is_segment) {
        status = flr__read_count_bytes(r, size);
        if (status == 0) {
            status = flr_blob_new_copy(r->data + r->at, (size_t)size, blob);
        }
        r->at += (size_t)size;
        return status;
    }
    if (size != REFERENCE_SIZE) {
        return flr__read_corrupt(r, r->item, "a reference to a segment with a wrong length");
    }
    status = flr__read_reference(r, &segment);
    if (status == 0) {
        status = flr__read_count_bytes(r, segment_size(&r->segments, segment));
    }
    return status != 0 ? status : get_segment(&r->segments, segment, blob);
}

int flr__read_bytes(flr__reader *r, bool is_segment, uint64_t size, flr_value **value)
{
    flr_blob *blob = NULL;
    int status = read_blob(r, is_segment, size, &blob);

    if (status == 0) {
        status = flr_value_new_bytes(blob, value);
        flr_blob_unref(blob);
    }
    return status;
}

static int read_shape(flr__reader *r, uint64_t rank, int64_t *shape)
{
    uint64_t dim = 0;

    for (size_t i = 0; i < rank; i++) {
        int status = flr__read_number(r, 8, &dim);

        if (status != 0) {
            return status;
        }
        if (dim > INT64_MAX) {
            return flr__read_corrupt(r, r->item, "a negative dimension");
        }
        shape[i] = (int64_t)dim;
    }
    return 0;
}

static int read_tensor(flr__reader *r, bool is_segment, uint64_t size, flr_value **value)
{
    int64_t shape[FLR_VALUE_MAX_RANK];
    size_t element;
    flr_blob *blob = NULL;
    int type, status;
    uint64_t rank;

    if (size < 2) {
        return flr__read_corrupt(r, r->item, "a tensor without type and rank");
    }
    type = r->data[r->at++];
    rank = r->data[r->at++];
    element = flr_type_get_size(type);
    if (element == 0) {
        return flr__read_corrupt(r, r->item, "an unknown type of elements");
    }
    if (rank > FLR_VALUE_MAX_RANK) {
        return flr__read_over(r, "a tensor of more than 16 dimensions");
    }
    if (size - 2 < 8 * rank) {
        return flr__read_corrupt(r, r->item, "a tensor without all its dimensions");
    }
    status = read_shape(r, rank, shape);
    if (status == 0) {
        status = read_blob(r, is_segment, size - 2 - 8 * rank, &blob);
    }
    if (status == 0) {
        status = flr__blob_align(&blob, element);
    }
    if (status == 0) {
        status = flr_value_new_tensor(type, (size_t)rank, shape, blob, value);
    }
    flr_blob_unref(blob);
    return status == FLR_E_INVAL
               ? flr__read_corrupt(r, r->item, "a shape that does not fit the size")
               : status;
}

int flr__read_ext(flr__reader *r, uint64_t size, flr_value **value)
{
    uint64_t type = 0;
    int status = flr__read_number(r, 1, &type);

    if (status == 0) {
        status = flr__read_need(r, size);
    }
    if (status != 0) {
        return status;
    }
    switch (type) {
    case FLR__EXT_BYTES:
    case FLR__EXT_BYTES_SEGMENT:
        return flr__read_bytes(r, type == FLR__EXT_BYTES_SEGMENT, size, value);
    case FLR__EXT_TENSOR:
    case FLR__EXT_TENSOR_SEGMENT:
        return read_tensor(r, type == FLR__EXT_TENSOR_SEGMENT, size, value);
    default:
        return flr__read_corrupt(r, r->item, "an unknown ext type");
    }
}

/* ---- without making values ---- */

int flr__skip_ext(flr__reader *r, uint64_t size)
{
    uint64_t type = 0;
    size_t end, segment;
    int status = flr__read_number(r, 1, &type);

    if (status == 0) {
        status = flr__read_need(r, size);
    }
    if (status != 0) {
        return status;
    }
    end = r->at + (size_t)size;
    if (type == FLR__EXT_BYTES_SEGMENT || type == FLR__EXT_TENSOR_SEGMENT) {
        if (size < REFERENCE_SIZE || (type == FLR__EXT_BYTES_SEGMENT && size > REFERENCE_SIZE)) {
            return flr__read_corrupt(r, r->item, "a reference to a segment with a wrong length");
        }
        r->at = end - REFERENCE_SIZE;
        status = flr__read_reference(r, &segment);
    }
    r->at = end;
    return status;
}
