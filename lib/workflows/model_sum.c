/* Owns flr__model_sum; whoever owns one guards it. */
#include "workflows/model_sum.h"
#include "base/alloc.h"
#include <string.h>

static bool is_averaged(int type, int integers)
{
    return flr__type_is_float(type) || integers == FLR_INTEGERS_AVERAGE;
}

int flr__model_check(const flr_value *model, int integers)
{
    size_t count = flr_value_get_size(model);
    if (flr_value_get_kind(model) != FLR_VALUE_MAP || count == 0)
        return FLR_E_INVAL;
    for (size_t i = 0; i < count; i++)
        if (flr_value_get_kind(flr_map_get_at(model, i)) != FLR_VALUE_TENSOR)
            return FLR_E_INVAL;
    for (size_t i = 0; i < count && integers == FLR_INTEGERS_REFUSE; i++)
        if (!flr__type_is_float(flr_tensor_get_type(flr_map_get_at(model, i))))
            return FLR_E_NOTSUP;
    return 0;
}

static bool same_form(const flr_value *a, const flr_value *b)
{
    size_t rank = flr_tensor_get_rank(a);
    if (flr_value_get_kind(b) != FLR_VALUE_TENSOR)
        return false;
    if (flr_tensor_get_type(a) != flr_tensor_get_type(b) || flr_tensor_get_rank(b) != rank)
        return false;
    for (size_t i = 0; i < rank; i++)
        if (flr_tensor_get_dim(a, i) != flr_tensor_get_dim(b, i))
            return false;
    return true;
}

int flr__model_compare(const flr_value *pattern, const flr_value *model)
{
    size_t count = flr_value_get_size(pattern);
    if (flr_value_get_size(model) != count)
        return FLR_REFUSED_NAMES;
    for (size_t i = 0; i < count; i++)
        if (!flr_map_get(model, flr_map_get_key(pattern, i)))
            return FLR_REFUSED_NAMES;
    for (size_t i = 0; i < count; i++)
        if (!same_form(flr_map_get_at(pattern, i), flr_map_get(model, flr_map_get_key(pattern, i))))
            return FLR_REFUSED_SHAPE;
    return 0;
}

int flr__model_sum_init(flr__model_sum *m, const flr_value *pattern, int integers, int accumulator)
{
    memset(m, 0, sizeof *m);
    m->integers = integers;
    m->count = flr_value_get_size(pattern);
    m->sums = flr__zalloc_array(m->count, sizeof *m->sums);
    if (!m->sums)
        goto fail;
    if (flr__sum_init(&m->weight, accumulator, 1) < 0)
        goto fail;
    for (size_t i = 0; i < m->count; i++) {
        const flr_value *tensor = flr_map_get_at(pattern, i);
        if (!is_averaged(flr_tensor_get_type(tensor), integers))
            continue;
        if (flr__sum_init(&m->sums[i], accumulator, flr_tensor_get_elements(tensor)) < 0)
            goto fail;
    }
    return 0;
fail:
    flr__model_sum_free(m);
    return FLR_E_NOMEM;
}

void flr__model_sum_free(flr__model_sum *m)
{
    for (size_t i = 0; m->sums && i < m->count; i++)
        flr__sum_free(&m->sums[i]);
    flr__sum_free(&m->weight);
    flr__free(m->sums);
    memset(m, 0, sizeof *m);
}

void flr__model_sum_clear(flr__model_sum *m)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->sums[i].base)
            flr__sum_clear(&m->sums[i]);
    flr__sum_clear(&m->weight);
}

static const void *data_of(const flr_value *tensor)
{
    return flr_blob_get_data(flr_value_get_blob(tensor));
}

int flr__model_sum_check(const flr__model_sum *m, const flr_value *pattern, const flr_value *model,
                         double weight)
{
    int cause = flr__model_compare(pattern, model);
    if (cause)
        return cause;
    for (size_t i = 0; i < m->count; i++) {
        const flr_value *tensor = flr_map_get(model, flr_map_get_key(pattern, i));
        int type = flr_tensor_get_type(tensor);
        /*
         * numbers that are not averaged are looked at all the same: a contribution is taken whole
         * or not at all
         */
        double factor = m->sums[i].base ? weight : 1.0;
        if (!flr__sum_check(type, data_of(tensor), flr_tensor_get_elements(tensor), factor))
            return FLR_REFUSED_NOT_FINITE;
    }
    return -1;
}

int flr__model_sum_reserve(flr__model_sum *m)
{
    int status = flr__sum_reserve(&m->weight);
    for (size_t i = 0; i < m->count && !status; i++)
        if (m->sums[i].base)
            status = flr__sum_reserve(&m->sums[i]);
    return status;
}

void flr__model_sum_add(flr__model_sum *m, const flr_value *pattern, const flr_value *model,
                        double weight)
{
    for (size_t i = 0; i < m->count; i++) {
        const flr_value *tensor = flr_map_get(model, flr_map_get_key(pattern, i));
        if (m->sums[i].base)
            flr__sum_add(&m->sums[i], flr_tensor_get_type(tensor), data_of(tensor), weight);
    }
    unsigned char bytes[sizeof weight]; /* as a tensor has it: little-endian */
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(flr__double_bits(weight) >> (8 * i));
    flr__sum_add(&m->weight, FLR_TYPE_F64, bytes, 1.0);
}

static int finish_tensor(const flr__sum *sum, flr__divisor divisor, const flr_value *old,
                         flr_value **tensor)
{
    int64_t shape[FLR_VALUE_MAX_RANK];
    size_t rank = flr_tensor_get_rank(old);
    int type = flr_tensor_get_type(old);
    flr_blob *blob;
    void *bytes;
    int status = flr_blob_new(flr_value_get_bytes(old), &blob, &bytes);
    if (status < 0)
        return status;
    for (size_t i = 0; i < rank; i++)
        shape[i] = flr_tensor_get_dim(old, i);
    status = flr__sum_finish(sum, divisor, type, bytes);
    if (!status)
        status = flr_value_new_tensor(type, rank, shape, blob, tensor);
    flr_blob_unref(blob);
    return status;
}

int flr__model_sum_finish(const flr__model_sum *m, const flr_value *old, flr_value **model)
{
    flr__divisor divisor;
    flr_value *map = NULL;
    int status = flr__sum_get_divisor(&m->weight, &divisor);
    if (!status)
        status = flr_value_new_map(&map);
    for (size_t i = 0; i < m->count && !status; i++) {
        const flr_value *before = flr_map_get_at(old, i);
        flr_value *tensor = NULL;
        if (m->sums[i].base)
            status = finish_tensor(&m->sums[i], divisor, before, &tensor);
        else
            tensor = flr_value_ref(before);
        if (!status)
            status = flr_map_set(&map, flr_map_get_key(old, i), tensor);
        if (status)
            flr_value_unref(tensor);
    }
    if (status) {
        flr_value_unref(map);
        return status;
    }
    *model = map;
    return 0;
}
