/*
 * Tensors as values: element types, shapes, and the check that a shape and its bytes agree. No
 * lock: tensors never change.
 */
#include "data/node.h"

#include <string.h>

static const struct {
    const char *name;
    uint8_t size;
} types[] = {
    [FLR_TYPE_F16] = {"float16", 2}, [FLR_TYPE_F32] = {"float32", 4},
    [FLR_TYPE_F64] = {"float64", 8}, [FLR_TYPE_BF16] = {"bfloat16", 2},
    [FLR_TYPE_I8] = {"int8", 1},     [FLR_TYPE_I16] = {"int16", 2},
    [FLR_TYPE_I32] = {"int32", 4},   [FLR_TYPE_I64] = {"int64", 8},
    [FLR_TYPE_U8] = {"uint8", 1},    [FLR_TYPE_BOOL] = {"bool", 1},
};

static bool is_type(int type)
{
    return type >= FLR_TYPE_F16 && type <= FLR_TYPE_BOOL;
}

size_t flr_type_get_size(int type)
{
    return is_type(type) ? types[type].size : 0;
}

const char *flr_type_get_name(int type)
{
    return is_type(type) ? types[type].name : "?";
}

/* The number of elements of a shape; false if it does not fit, or a dimension is negative. */
static bool count_elements(size_t rank, const int64_t *shape, size_t *elements)
{
    size_t product = 1;
    bool fits = true, empty = false;

    for (size_t i = 0; i < rank; i++) {
        if (shape[i] < 0) {
            return false;
        }
        empty = empty || shape[i] == 0;
#if SIZE_MAX < INT64_MAX
        fits = fits && shape[i] <= (int64_t)SIZE_MAX;
#endif
        fits = fits && flr__size_mul(product, (size_t)shape[i], &product);
    }
    /* One empty dimension makes it empty, however large the others are. */
    *elements = empty ? 0 : product;
    return fits || empty;
}

int flr_value_new_tensor(int type, size_t rank, const int64_t *shape, flr_blob *blob,
                         flr_value **value)
{
    flr__tensor *t;
    size_t elements, bytes;

    if (blob == NULL || value == NULL || !is_type(type) || (shape == NULL && rank > 0)) {
        return FLR_E_INVAL;
    }
    if (rank > FLR_VALUE_MAX_RANK) {
        return FLR_E_LIMIT;
    }
    if (!count_elements(rank, shape, &elements) ||
        !flr__size_mul(elements, types[type].size, &bytes) || bytes != flr_blob_get_size(blob)) {
        return FLR_E_INVAL;
    }
    t = flr__node_new(sizeof *t + rank * sizeof t->shape[0], FLR_VALUE_TENSOR);
    if (t == NULL) {
        return FLR_E_NOMEM;
    }
    t->v.bytes = bytes;
    t->blob = flr_blob_ref(blob);
    t->elements = elements;
    t->type = (uint8_t)type;
    t->rank = (uint8_t)rank;
    if (rank > 0) {
        memcpy(t->shape, shape, rank * sizeof t->shape[0]);
    }
    *value = &t->v;
    return 0;
}

static const flr__tensor *as_tensor(const flr_value *value)
{
    return value != NULL && value->kind == FLR_VALUE_TENSOR ? (const flr__tensor *)value : NULL;
}

int flr_tensor_get_type(const flr_value *value)
{
    const flr__tensor *t = as_tensor(value);

    return t == NULL ? 0 : t->type;
}

size_t flr_tensor_get_rank(const flr_value *value)
{
    const flr__tensor *t = as_tensor(value);

    return t == NULL ? 0 : t->rank;
}

int64_t flr_tensor_get_dim(const flr_value *value, size_t i)
{
    const flr__tensor *t = as_tensor(value);

    return t == NULL || i >= t->rank ? -1 : t->shape[i];
}

size_t flr_tensor_get_elements(const flr_value *value)
{
    const flr__tensor *t = as_tensor(value);

    return t == NULL ? 0 : t->elements;
}

const void *flr_tensor_get_data(const flr_value *value)
{
    const flr__tensor *t = as_tensor(value);

    return t == NULL ? NULL : flr_blob_get_data(t->blob);
}

int flr_map_set_tensor(flr_value **map, const char *key, int type, size_t rank,
                       const int64_t *shape, const void *data)
{
    size_t elements, bytes;
    flr_value *tensor;
    flr_blob *blob;
    int status;

    if (!is_type(type) || (shape == NULL && rank > 0)) {
        return FLR_E_INVAL;
    }
    if (rank > FLR_VALUE_MAX_RANK) {
        return FLR_E_LIMIT;
    }
    if (!count_elements(rank, shape, &elements) ||
        !flr__size_mul(elements, types[type].size, &bytes) || (data == NULL && bytes > 0)) {
        return FLR_E_INVAL;
    }
    status = flr_blob_new_copy(data, bytes, &blob);
    if (status < 0) {
        return status;
    }
    status = flr_value_new_tensor(type, rank, shape, blob, &tensor);
    flr_blob_unref(blob);
    if (status == 0) {
        status = flr_map_set(map, key, tensor);
        if (status < 0) {
            flr_value_unref(tensor);
        }
    }
    return status;
}
