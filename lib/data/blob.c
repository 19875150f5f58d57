/*
 * Blobs: immutable reference-counted bytes, owned, wrapped or a part of another blob. No lock: the
 * count is atomic, the rest never changes after construction.
 */
#include <flrunner/blob.h>

#include "base/alloc.h"
#include "data/value.h"
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

/* the bytes of an owning blob begin this far behind it: both are aligned to 64 then */
#define HEADER_SIZE 64

struct flr_blob {
    /* acquire-release on the way down: whoever releases has seen all that other holders did */
    atomic_size_t refs;
    const void *data;
    size_t size;
    flr_blob_release release;
    void *self;
    /* a slice: what it is a part of; never a slice itself, so releasing goes one level deep */
    flr_blob *whole;
    void *base; /* what to give back to the allocator */
};

_Static_assert(sizeof(flr_blob) <= HEADER_SIZE, "the header must fit before the bytes");

int flr_blob_new(size_t size, flr_blob **blob, void **bytes)
{
    flr_blob *b;
    size_t total;
    void *base;

    if (blob == NULL || bytes == NULL) {
        return FLR_E_INVAL;
    }
    if (!flr__size_add(size, HEADER_SIZE, &total) ||
        (b = flr__alloc_aligned(total, &base)) == NULL) {
        return FLR_E_NOMEM;
    }
    *b = (flr_blob){.data = (char *)b + HEADER_SIZE, .size = size, .base = base};
    atomic_init(&b->refs, 1);
    *blob = b;
    *bytes = (char *)b + HEADER_SIZE;
    return 0;
}

int flr_blob_new_copy(const void *data, size_t size, flr_blob **blob)
{
    void *bytes;
    int status;

    if (data == NULL && size > 0) {
        return FLR_E_INVAL;
    }
    status = flr_blob_new(size, blob, &bytes);
    if (status == 0 && size > 0) {
        memcpy(bytes, data, size);
    }
    return status;
}

/* A blob whose bytes are elsewhere. */
static flr_blob *new_view(const void *data, size_t size)
{
    flr_blob *b = flr__alloc(sizeof *b);

    if (b != NULL) {
        *b = (flr_blob){.data = data, .size = size, .base = b};
        atomic_init(&b->refs, 1);
    }
    return b;
}

int flr_blob_new_wrap(const void *data, size_t size, flr_blob_release release, void *self,
                      flr_blob **blob)
{
    flr_blob *b;

    if (blob == NULL || (data == NULL && size > 0)) {
        return FLR_E_INVAL;
    }
    b = new_view(data, size);
    if (b == NULL) {
        return FLR_E_NOMEM;
    }
    b->release = release;
    b->self = self;
    *blob = b;
    return 0;
}

int flr_blob_new_slice(flr_blob *blob, size_t offset, size_t size, flr_blob **part)
{
    flr_blob *b;

    if (blob == NULL || part == NULL || offset > blob->size || size > blob->size - offset) {
        return FLR_E_INVAL;
    }
    if (size == blob->size) {
        *part = flr_blob_ref(blob);
        return 0;
    }
    b = new_view(blob->data == NULL ? NULL : (const char *)blob->data + offset, size);
    if (b == NULL) {
        return FLR_E_NOMEM;
    }
    b->whole = flr_blob_ref(blob->whole != NULL ? blob->whole : blob);
    *part = b;
    return 0;
}

flr_blob *flr_blob_ref(flr_blob *blob)
{
    if (blob != NULL) {
        atomic_fetch_add_explicit(&blob->refs, 1, memory_order_relaxed);
    }
    return blob;
}

void flr_blob_unref(flr_blob *blob)
{
    while (blob != NULL && atomic_fetch_sub_explicit(&blob->refs, 1, memory_order_acq_rel) == 1) {
        flr_blob *whole = blob->whole;

        if (blob->release != NULL) {
            blob->release(blob->self, blob->data, blob->size);
        }
        flr__free(blob->base);
        blob = whole;
    }
}

const void *flr_blob_get_data(const flr_blob *blob)
{
    return blob == NULL ? NULL : blob->data;
}

size_t flr_blob_get_size(const flr_blob *blob)
{
    return blob == NULL ? 0 : blob->size;
}

int flr__blob_align(flr_blob **blob, size_t alignment)
{
    flr_blob *copy;
    int status;

    if ((uintptr_t)flr_blob_get_data(*blob) % alignment == 0) {
        return 0;
    }
    status = flr_blob_new_copy(flr_blob_get_data(*blob), flr_blob_get_size(*blob), &copy);
    if (status == 0) {
        flr_blob_unref(*blob);
        *blob = copy;
    }
    return status;
}
