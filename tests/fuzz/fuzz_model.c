/*
 * The reader of models: whatever it takes is written, and read again as the same tensors and texts, and the second writing gives the same bytes; what it refuses it refuses with a reason, at a place
 * in the file. An input is a file as it is, or its header and its tensors' bytes, to which the length is made.
 */
#include "store/safetensors.h"
#include <assert.h>
#include <flrunner.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes of a file as one block. [out] */
static flr_blob *join(const flr__model_bytes *file)
{
    flr_blob *blob = NULL;
    void *bytes;
    size_t size = 0;
    for (size_t i = 0; i < file->count; i++)
        size += file->parts[i].size;
    assert(flr_blob_new(size, &blob, &bytes) == 0);
    for (size_t i = 0; i < file->count; i++) {
        if (file->parts[i].size > 0)
            memcpy(bytes, file->parts[i].data, file->parts[i].size);
        bytes = (char *)bytes + file->parts[i].size;
    }
    return blob;
}

/* [out] the file that says this */
static flr_blob *written(const flr_value *model, const flr_value *metadata)
{
    flr__model_bytes file;
    int status = flr__safetensors_write(model, metadata, &file);
    assert(status == 0);
    flr_blob *blob = join(&file);
    flr__model_bytes_free(&file);
    return blob;
}

/* But for the order. */
static void check_equal(const flr_value *one, const flr_value *other)
{
    assert(flr_value_get_size(one) == flr_value_get_size(other));
    for (size_t i = 0; i < flr_value_get_size(one); i++)
        assert(
            flr_value_equals(flr_map_get_at(one, i), flr_map_get(other, flr_map_get_key(one, i))));
}

/* Each tensor may be read as what it is: its elements are where they must be. */
static void check_tensors(const flr_value *model)
{
    for (size_t i = 0; i < flr_value_get_size(model); i++) {
        const flr_value *t = flr_map_get_at(model, i);
        size_t element = flr_type_get_size(flr_tensor_get_type(t));
        size_t bytes = flr_blob_get_size(flr_value_get_blob(t));
        assert(element > 0 && flr_tensor_get_elements(t) * element == bytes);
        assert(bytes == 0 || (uintptr_t)flr_tensor_get_data(t) % element == 0);
    }
}

/* What was written has its elements where they must be, so that none was copied. */
static void check_views(const flr_value *model, const flr_blob *file)
{
    uintptr_t begin = (uintptr_t)flr_blob_get_data(file), end = begin + flr_blob_get_size(file);
    for (size_t i = 0; i < flr_value_get_size(model); i++) {
        const flr_value *t = flr_map_get_at(model, i);
        uintptr_t at = (uintptr_t)flr_tensor_get_data(t);
        assert(flr_tensor_get_elements(t) == 0 || (at >= begin && at < end));
    }
}

static void check_round_trip(const flr_value *model, const flr_value *metadata)
{
    flr_value *model_again = NULL, *metadata_again = NULL;
    flr__model_fault fault;
    flr_blob *first = written(model, metadata), *second;
    int status = flr__safetensors_read(first, &model_again, &metadata_again, &fault);
    assert(status == 0);
    check_equal(model, model_again);
    check_equal(metadata, metadata_again);
    check_views(model_again, first);
    second = written(model_again, metadata_again);
    assert(flr_blob_get_size(first) == flr_blob_get_size(second) &&
           memcmp(flr_blob_get_data(first), flr_blob_get_data(second), flr_blob_get_size(first)) ==
               0);
    flr_blob_unref(second);
    flr_blob_unref(first);
    flr_value_unref(model_again);
    flr_value_unref(metadata_again);
}

static void read_file(const uint8_t *data, size_t size)
{
    flr_value *model = NULL, *metadata = NULL;
    flr__model_fault fault;
    flr_blob *file = NULL;
    assert(flr_blob_new_wrap(data, size, NULL, NULL, &file) == 0);
    int status = flr__safetensors_read(file, &model, &metadata, &fault);
    flr_blob_unref(file);
    if (status == 0) {
        check_tensors(model);
        check_round_trip(model, metadata);
        flr_value_unref(model);
        flr_value_unref(metadata);
    } else {
        assert(status == FLR_E_CORRUPT || status == FLR_E_NOTSUP || status == FLR_E_LIMIT);
        assert(fault.why[0] != '\0' && fault.at <= size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t tensors = data[1];
    bool whole = data[0] % 2 == 0;
    data += 2;
    size -= 2;
    if (whole) {
        read_file(data, size);
        return 0;
    }
    tensors = tensors < size ? tensors : size;
    uint8_t *file = malloc(8 + size);
    if (file == NULL)
        return 0;
    for (size_t i = 0; i < 8; i++)
        file[i] = (uint8_t)((uint64_t)(size - tensors) >> 8 * i);
    if (size > 0)
        memcpy(file + 8, data, size);
    read_file(file, 8 + size);
    free(file);
    return 0;
}
