/* Writing a model: the header as text, the tensors where they are. No state. */
#include "store/safetensors.h"

#include "base/alloc.h"
#include "base/text.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH 8 /* bytes of the header's length, which is a multiple of so many */

static const char *const names[] = {
    [FLR_TYPE_F16] = "F16",   [FLR_TYPE_F32] = "F32", [FLR_TYPE_F64] = "F64",
    [FLR_TYPE_BF16] = "BF16", [FLR_TYPE_I8] = "I8",   [FLR_TYPE_I16] = "I16",
    [FLR_TYPE_I32] = "I32",   [FLR_TYPE_I64] = "I64", [FLR_TYPE_U8] = "U8",
    [FLR_TYPE_BOOL] = "BOOL"};
#define NAMES (sizeof names / sizeof names[0])

const char *flr__safetensors_name(int type)
{
    return (size_t)type < NAMES ? names[type] : NULL; /* a negative one is beyond the end, too */
}

int flr__safetensors_type(const char *name)
{
    for (int type = 1; (size_t)type < NAMES; type++) {
        if (names[type] != NULL && strcmp(names[type], name) == 0) {
            return type;
        }
    }
    return 0;
}

/* ---- the order of the tensors ---- */

typedef struct entry {
    const char *name;
    const flr_value *tensor;
    size_t element;
} entry;

/* Large elements first, so that all are aligned. */
static int by_place(const void *a, const void *b)
{
    const entry *x = a, *y = b;

    if (x->element != y->element) {
        return x->element > y->element ? -1 : 1;
    }
    return strcmp(x->name, y->name);
}

static int list_tensors(const flr_value *model, entry *entries)
{
    size_t count = flr_value_get_size(model);

    for (size_t i = 0; i < count; i++) {
        const flr_value *tensor = flr_map_get_at(model, i);
        const char *name = flr_map_get_key(model, i);

        if (flr_value_get_kind(tensor) != FLR_VALUE_TENSOR || strcmp(name, "__metadata__") == 0) {
            return FLR_E_INVAL;
        }
        entries[i] = (entry){name, tensor, flr_type_get_size(flr_tensor_get_type(tensor))};
    }
    qsort(entries, count, sizeof *entries, by_place);
    return 0;
}

/* ---- the header ---- */

static int add_metadata(flr__text *t, const flr_value *metadata)
{
    for (size_t i = 0; i < flr_value_get_size(metadata); i++) {
        const char *text = flr_value_get_text(flr_map_get_at(metadata, i), NULL);

        if (text == NULL) {
            return FLR_E_INVAL;
        }
        flr__text_add(t, i == 0 ? "\"__metadata__\":{" : ",");
        flr__text_add_json(t, flr_map_get_key(metadata, i));
        flr__text_add(t, ":");
        flr__text_add_json(t, text);
    }
    flr__text_add(t, flr_value_get_size(metadata) > 0 ? "}" : "");
    return 0;
}

static void add_tensor(flr__text *t, const entry *e, size_t begin)
{
    size_t bytes = flr_blob_get_size(flr_value_get_blob(e->tensor));

    flr__text_add_json(t, e->name);
    flr__text_addf(t, ":{\"dtype\":\"%s\",\"shape\":[",
                   flr__safetensors_name(flr_tensor_get_type(e->tensor)));
    for (size_t i = 0; i < flr_tensor_get_rank(e->tensor); i++) {
        flr__text_addf(t, "%s%" PRId64, i == 0 ? "" : ",", flr_tensor_get_dim(e->tensor, i));
    }
    flr__text_addf(t, "],\"data_offsets\":[%zu,%zu]}", begin, begin + bytes);
}

static int make_header(flr__text *t, const flr_value *metadata, const entry *entries, size_t count)
{
    size_t begin = 0;
    int status;

    flr__text_add_sized(t, "\0\0\0\0\0\0\0", LENGTH);
    flr__text_add(t, "{");
    status = add_metadata(t, metadata);
    for (size_t i = 0; i < count; i++) {
        flr__text_add(t, i > 0 || flr_value_get_size(metadata) > 0 ? "," : "");
        add_tensor(t, &entries[i], begin);
        begin += flr_blob_get_size(flr_value_get_blob(entries[i].tensor));
    }
    flr__text_add(t, "}");
    while (t->status == 0 && t->size % LENGTH != 0) {
        flr__text_add(t, " ");
    }
    if (status == 0) {
        status = t->status;
    }
    for (size_t i = 0; status == 0 && i < LENGTH; i++) {
        t->data[i] = (char)((uint64_t)(t->size - LENGTH) >> (8 * i));
    }
    return status;
}

int flr__safetensors_write(const flr_value *model, const flr_value *metadata, flr__model_bytes *out)
{
    size_t count = flr_value_get_size(model);
    flr__text head = {0};
    flr__chunk *parts;
    entry *entries;
    int status;

    if (flr_value_get_kind(model) != FLR_VALUE_MAP ||
        (metadata != NULL && flr_value_get_kind(metadata) != FLR_VALUE_MAP)) {
        return FLR_E_INVAL;
    }
    entries = flr__alloc_array(count + 1, sizeof *entries);
    parts = flr__alloc_array(count + 1, sizeof *parts);
    status = entries == NULL || parts == NULL ? FLR_E_NOMEM : list_tensors(model, entries);
    if (status == 0) {
        status = make_header(&head, metadata, entries, count);
    }
    if (status != 0) {
        flr__text_free(&head);
        flr__free(parts);
        flr__free(entries);
        return status;
    }
    parts[0] = (flr__chunk){head.data, head.size};
    for (size_t i = 0; i < count; i++) {
        const flr_blob *blob = flr_value_get_blob(entries[i].tensor);

        parts[i + 1] = (flr__chunk){flr_blob_get_data(blob), flr_blob_get_size(blob)};
    }
    flr__free(entries);
    *out = (flr__model_bytes){head.data, parts, count + 1};
    return 0;
}

void flr__model_bytes_free(flr__model_bytes *bytes)
{
    flr__free(bytes->head);
    flr__free(bytes->parts);
}
