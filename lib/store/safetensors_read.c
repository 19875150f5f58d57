/*
 * Reading a model. Every byte is taken as hostile: the header is read once, from left to right, by a parser for just this kind of
 * JSON, without recursion; what it says of tensors is checked against the bytes that are there before a tensor is made. No state.
 */
#include "store/safetensors.h"

#include "base/alloc.h"
#include "base/text.h"
#include "data/value.h"
#include <stdlib.h>
#include <string.h>

#define LENGTH     8
#define HEADER_MAX 100000000 /* as other readers have it */

/* Where a tensor's bytes are, counted from the end of the header. */
typedef struct extent {
    size_t begin, end;
} extent;

typedef struct reader {
    flr_blob *file;
    const unsigned char *p;
    size_t at, end; /* of the header */
    size_t data;    /* bytes behind it */
    flr__text text, dtype;
    extent *extents;
    size_t count, capacity;
    flr_value *model, *metadata;
    flr__model_fault *fault;
} reader;

static int bad(reader *r, const char *why)
{
    *r->fault = (flr__model_fault){why, r->at};
    return FLR_E_CORRUPT;
}

/* ---- JSON ---- */

static void skip_blanks(reader *r)
{
    while (r->at < r->end && strchr(" \t\r\n", r->p[r->at]) != NULL && r->p[r->at] != '\0') {
        r->at++;
    }
}

/* Whether this comes next; passed over then. */
static bool take(reader *r, char c)
{
    skip_blanks(r);
    if (r->at < r->end && r->p[r->at] == (unsigned char)c) {
        r->at++;
        return true;
    }
    return false;
}

static int need(reader *r, char c, const char *why)
{
    return take(r, c) ? 0 : bad(r, why);
}

/* Four hexadecimal digits. */
static int read_unit(reader *r, uint32_t *unit)
{
    static const char digits[] = "0123456789abcdef";

    *unit = 0;
    for (int i = 0; i < 4; i++, r->at++) {
        int c = r->at < r->end ? r->p[r->at] : 0;
        const char *digit = c == 0 ? NULL : strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c);

        if (digit == NULL) {
            return bad(r, "an escape without four digits");
        }
        *unit = *unit << 4 | (uint32_t)(digit - digits);
    }
    return 0;
}

static void add_code(flr__text *t, uint32_t code)
{
    char utf8[4];
    size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};

    for (size_t i = size - 1; i > 0; i--) {
        utf8[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    utf8[0] = (char)(first[size] | code);
    flr__text_add_sized(t, utf8, size);
}

/* Behind "\u". */
static int read_code(reader *r, flr__text *out)
{
    uint32_t code, low;
    int status = read_unit(r, &code);

    if (status == 0 && code >= 0xd800 && code < 0xdc00) {
        if (r->end - r->at < 2 || r->p[r->at] != '\\' || r->p[r->at + 1] != 'u') {
            return bad(r, "half a surrogate pair");
        }
        r->at += 2;
        status = read_unit(r, &low);
        if (status == 0 && (low < 0xdc00 || low > 0xdfff)) {
            return bad(r, "half a surrogate pair");
        }
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    if (status == 0) {
        add_code(out, code); /* what is no text is found with the whole */
    }
    return status;
}

static int read_escape(reader *r, flr__text *out)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *letter;
    char c = r->at < r->end ? (char)r->p[r->at++] : '\0';

    if (c == 'u') {
        return read_code(r, out);
    }
    letter = c == '\0' ? NULL : strchr(letters, c);
    if (letter == NULL) {
        return bad(r, "an unknown escape");
    }
    flr__text_add_sized(out, &meant[letter - letters], 1);
    return 0;
}

/* A string into `out`. */
static int read_string(reader *r, flr__text *out)
{
    int status = need(r, '"', "no string where one must be");

    flr__text_clear(out);
    flr__text_add(out, "");
    while (status == 0) {
        size_t begin = r->at;

        while (r->at < r->end && r->p[r->at] >= 0x20 && r->p[r->at] != '"' && r->p[r->at] != '\\') {
            r->at++;
        }
        flr__text_add_sized(out, (const char *)r->p + begin, r->at - begin);
        if (r->at == r->end || r->p[r->at] < 0x20) {
            return bad(r, "a string without an end");
        }
        if (r->p[r->at++] == '"') {
            break;
        }
        status = read_escape(r, out);
    }
    if (status == 0) {
        status = out->status;
    }
    if (status == 0 && !flr__utf8_is_valid(out->data, out->size)) {
        return bad(r, "a string that is not UTF-8");
    }
    return status;
}

static int read_number(reader *r, uint64_t *number)
{
    size_t begin;

    skip_blanks(r);
    *number = 0;
    for (begin = r->at; r->at < r->end && r->p[r->at] >= '0' && r->p[r->at] <= '9'; r->at++) {
        unsigned digit = (unsigned)r->p[r->at] - '0';

        if (*number > ((uint64_t)INT64_MAX - digit) / 10) {
            return bad(r, "a number that is too large");
        }
        *number = *number * 10 + digit;
    }
    if (r->at == begin) {
        return bad(r, "no number where one must be");
    }
    return r->p[begin] == '0' && r->at - begin > 1 ? bad(r, "a number that begins with 0") : 0;
}

/* Between two children of an object or array: 1: one more comes, 0: it is closed. */
static int next_child(reader *r, bool first, char close)
{
    if (take(r, close)) {
        return 0;
    }
    return first || take(r, ',') ? 1 : bad(r, "no comma where one must be");
}

/* ---- what it says ---- */

typedef struct tensor {
    int type;
    size_t rank, element;
    int64_t shape[FLR_VALUE_MAX_RANK];
    extent extent;
    unsigned seen; /* bits: of dtype, shape, data_offsets */
} tensor;

static int read_dtype(reader *r, tensor *t)
{
    int status = read_string(r, &r->dtype);

    if (status != 0) {
        return status;
    }
    t->type = flr__safetensors_type(r->dtype.data);
    t->element = flr_type_get_size(t->type);
    if (t->type == 0) {
        bad(r, "a type that is not supported");
        return FLR_E_NOTSUP;
    }
    return 0;
}

static int read_shape(reader *r, tensor *t)
{
    int more, status = need(r, '[', "a shape that is no array");

    while (status == 0 && (more = next_child(r, t->rank == 0, ']')) != 0) {
        uint64_t number = 0;

        if (more < 0) {
            return more;
        }
        if (t->rank == FLR_VALUE_MAX_RANK) {
            bad(r, "a shape of more than 16 dimensions");
            return FLR_E_LIMIT;
        }
        status = read_number(r, &number);
        t->shape[t->rank++] = (int64_t)number;
    }
    return status;
}

static int read_offsets(reader *r, tensor *t)
{
    uint64_t begin = 0, end = 0;
    int status = need(r, '[', "offsets that are no array");

    status = status != 0 ? status : read_number(r, &begin);
    status = status != 0 ? status : need(r, ',', "offsets that are no pair");
    status = status != 0 ? status : read_number(r, &end);
    status = status != 0 ? status : need(r, ']', "offsets that are no pair");
    if (status == 0 && (begin > end || end > r->data)) {
        return bad(r, "offsets outside of the file");
    }
    t->extent = (extent){(size_t)begin, (size_t)end};
    return status;
}

static int read_member(reader *r, tensor *t)
{
    static const char *const members[] = {"dtype", "shape", "data_offsets"};
    static int (*const readers[])(reader *, tensor *) = {read_dtype, read_shape, read_offsets};
    int status = read_string(r, &r->dtype);

    for (size_t i = 0; status == 0 && i < sizeof members / sizeof members[0]; i++) {
        if (strcmp(r->dtype.data, members[i]) == 0) {
            if ((t->seen & 1U << i) != 0) {
                return bad(r, "a member twice");
            }
            t->seen |= 1U << i;
            status = need(r, ':', "no colon where one must be");
            return status != 0 ? status : readers[i](r, t);
        }
    }
    return status != 0 ? status : bad(r, "an unknown member");
}

/* Its blob: a view, or a copy if the file has it misaligned. */
static int make_tensor(reader *r, const tensor *t, flr_value **value)
{
    size_t size = t->extent.end - t->extent.begin;
    flr_blob *blob;
    int status = flr_blob_new_slice(r->file, r->end + t->extent.begin, size, &blob);

    if (status == 0 && size > 0) {
        status = flr__blob_align(&blob, t->element);
        if (status != 0) {
            flr_blob_unref(blob);
        }
    }
    if (status == 0) {
        status = flr_value_new_tensor(t->type, t->rank, t->shape, blob, value);
        flr_blob_unref(blob);
    }
    return status == FLR_E_INVAL ? bad(r, "a shape that does not fit its bytes") : status;
}

/* The name is in r->text. */
static int read_tensor(reader *r)
{
    tensor t = {0};
    flr_value *value = NULL;
    void *extents = r->extents;
    int more, status = need(r, '{', "a tensor that is no object");

    for (bool first = true; status == 0 && (more = next_child(r, first, '}')) != 0; first = false) {
        status = more < 0 ? more : read_member(r, &t);
    }
    if (status != 0) {
        return status;
    }
    if (t.seen != 7) {
        return bad(r, "a tensor without type, shape or offsets");
    }
    if (flr_map_get(r->model, r->text.data) != NULL) {
        return bad(r, "a tensor twice");
    }
    status = flr__grow(&extents, &r->capacity, r->count, sizeof(extent));
    r->extents = extents;
    if (status == 0) {
        r->extents[r->count++] = t.extent;
        status = make_tensor(r, &t, &value);
    }
    if (status == 0) {
        status = flr_map_set(&r->model, r->text.data, value);
        if (status != 0) {
            flr_value_unref(value);
        }
    }
    return status == FLR_E_INVAL ? bad(r, "a tensor without a name") : status;
}

static int read_metadata(reader *r)
{
    int more, status = need(r, '{', "metadata that are no object");

    if (status == 0 && flr_value_get_size(r->metadata) > 0) {
        return bad(r, "metadata twice");
    }
    for (bool first = true; status == 0 && (more = next_child(r, first, '}')) != 0; first = false) {
        status = more < 0 ? more : read_string(r, &r->text);
        status = status != 0 ? status : need(r, ':', "no colon where one must be");
        status = status != 0 ? status : read_string(r, &r->dtype);
        if (status == 0 && flr_map_get(r->metadata, r->text.data) != NULL) {
            return bad(r, "a key of the metadata twice");
        }
        if (status == 0) {
            status = flr_map_set_text(&r->metadata, r->text.data, r->dtype.data);
        }
    }
    return status == FLR_E_INVAL ? bad(r, "metadata without a key") : status;
}

static int read_header(reader *r)
{
    int more, status = need(r, '{', "a header that is no object");

    for (bool first = true; status == 0 && (more = next_child(r, first, '}')) != 0; first = false) {
        status = more < 0 ? more : read_string(r, &r->text);
        status = status != 0 ? status : need(r, ':', "no colon where one must be");
        if (status == 0) {
            bool is_metadata = strcmp(r->text.data, "__metadata__") == 0;

            status = is_metadata ? read_metadata(r) : read_tensor(r);
        }
    }
    skip_blanks(r);
    return status == 0 && r->at < r->end ? bad(r, "something behind the header") : status;
}

/* ---- the file ---- */

static int by_begin(const void *a, const void *b)
{
    const extent *x = a, *y = b;

    if (x->begin != y->begin) {
        return x->begin < y->begin ? -1 : 1;
    }
    return x->end < y->end ? -1 : x->end > y->end;
}

/* Every byte behind the header belongs to exactly one tensor. */
static int check_extents(reader *r)
{
    size_t end = 0;

    if (r->count > 0) {
        qsort(r->extents, r->count, sizeof *r->extents, by_begin);
    }
    for (size_t i = 0; i < r->count; i++) {
        if (r->extents[i].begin != end) {
            r->at = r->end + end;
            return bad(r, r->extents[i].begin < end ? "tensors that overlap"
                                                    : "a gap between tensors");
        }
        end = r->extents[i].end;
    }
    r->at = r->end + end;
    return end == r->data ? 0 : bad(r, "bytes behind the last tensor");
}

static int begin(reader *r, size_t size)
{
    uint64_t length = 0;
    int status;

    if (size < LENGTH) {
        return bad(r, "shorter than 8 bytes");
    }
    for (size_t i = 0; i < LENGTH; i++) {
        length |= (uint64_t)r->p[i] << (8 * i);
    }
    if (length > size - LENGTH) {
        return bad(r, "a header longer than the file");
    }
    if (length > HEADER_MAX) {
        bad(r, "a header of more than 100,000,000 bytes");
        return FLR_E_LIMIT;
    }
    r->at = LENGTH;
    r->end = LENGTH + (size_t)length;
    r->data = size - r->end;
    status = flr_value_new_map(&r->model);
    return status != 0 ? status : flr_value_new_map(&r->metadata);
}

int flr__safetensors_read(flr_blob *file, flr_value **model, flr_value **metadata,
                          flr__model_fault *fault)
{
    reader r = {.file = file, .p = flr_blob_get_data(file), .fault = fault};
    int status;

    *fault = (flr__model_fault){"", 0};
    status = begin(&r, flr_blob_get_size(file));
    if (status == 0) {
        status = read_header(&r);
    }
    if (status == 0) {
        status = check_extents(&r);
    }
    flr__text_free(&r.text);
    flr__text_free(&r.dtype);
    flr__free(r.extents);
    if (status == 0) {
        *model = r.model;
        *metadata = r.metadata;
        return 0;
    }
    if (status == FLR_E_LIMIT && fault->why[0] == '\0') {
        bad(&r, "more than a value can hold");
    }
    flr_value_unref(r.model);
    flr_value_unref(r.metadata);
    return status;
}
