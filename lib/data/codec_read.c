/*
 * Bytes to values: the reader for what codec.c writes. No lock: it builds a tree that nobody else
 * knows yet.
 *
 * Every byte is taken as hostile. A length is believed only if that many bytes are there, also
 * counting what the containers still open have been promised, so all allocations together stay
 * within a small multiple of the bytes. Besides what codec.c writes it takes longer forms of
 * numbers and lengths, float 32, and bin as bytes.
 */
#include "data/codec.h"

#include "base/text.h"
#include "data/node.h"
#include <assert.h>
#include <string.h>

/* The fewest bytes of an element, and of a key with its value. */
enum { LIST_ITEM_MIN = 1, MAP_ENTRY_MIN = 3 };

typedef struct frame {
    flr_value *container;
    const flr__str *key; /* of the value that comes next; held */
    uint64_t left;       /* children that are still to come */
} frame;

typedef struct reader {
    const uint8_t *data;
    size_t size, at;
    size_t item;   /* where the current item began */
    uint64_t owed; /* bytes that the open containers still need at least */
    flr_blob *const *segments;
    size_t segment_count, segments_used;
    flr__decode_limits limits;
    size_t values, bytes; /* so far */
    size_t bad;
    frame stack[FLR_VALUE_MAX_DEPTH];
    size_t depth;
} reader;

static int corrupt(reader *r, size_t where)
{
    r->bad = where;
    return FLR_E_CORRUPT;
}

static int over_limit(reader *r)
{
    r->bad = r->item;
    return FLR_E_LIMIT;
}

/* Whether `size` more bytes are there. */
static int need(reader *r, uint64_t size)
{
    return size <= r->size - r->at ? 0 : corrupt(r, r->size);
}

/* A big-endian number of 1, 2, 4 or 8 bytes. */
static int read_number(reader *r, size_t size, uint64_t *number)
{
    uint64_t n = 0;
    int status = need(r, size);

    if (status == 0) {
        for (size_t i = 0; i < size; i++) {
            n = n << 8 | r->data[r->at++];
        }
        *number = n;
    }
    return status;
}

/* Account for payload bytes of the tree. */
static int count_bytes(reader *r, uint64_t size)
{
    if (size > r->limits.bytes - r->bytes) {
        return over_limit(r);
    }
    r->bytes += (size_t)size;
    return 0;
}

/* ---- numbers and text ---- */

static int read_uint(reader *r, size_t size, flr_value **value)
{
    uint64_t n;
    int status = read_number(r, size, &n);

    if (status < 0) {
        return status;
    }
    return n > INT64_MAX ? corrupt(r, r->item) : flr_value_new_int((int64_t)n, value);
}

static int read_int(reader *r, size_t size, flr_value **value)
{
    uint64_t n, sign = UINT64_C(1) << (8 * size - 1);
    int status = read_number(r, size, &n);

    if (status < 0) {
        return status;
    }
    n = (n ^ sign) - sign; /* extends the sign */
    return flr_value_new_int(n <= INT64_MAX ? (int64_t)n : -(int64_t)(~n) - 1, value);
}

static int read_real(reader *r, size_t size, flr_value **value)
{
    uint64_t bits;
    uint32_t low;
    double real;
    float single;
    int status = read_number(r, size, &bits);

    if (status < 0) {
        return status;
    }
    if (size == sizeof single) {
        low = (uint32_t)bits;
        memcpy(&single, &low, sizeof single);
        real = single;
    } else {
        memcpy(&real, &bits, sizeof real);
    }
    return flr_value_new_real(real, value);
}

static int read_text(reader *r, uint64_t size, flr_value **value)
{
    int status = need(r, size);

    if (status < 0) {
        return status;
    }
    if (size > r->limits.text) {
        return over_limit(r);
    }
    status = count_bytes(r, size);
    if (status == 0) {
        status = flr_value_new_text_sized((const char *)r->data + r->at, (size_t)size, value);
    }
    r->at += (size_t)size;
    return status == FLR_E_INVAL ? corrupt(r, r->item) : status;
}

/* ---- bytes and tensors ---- */

/* The payload behind an ext head: inline, `size` bytes, or a segment. [out, flr_blob_unref] */
static int read_blob(reader *r, bool is_segment, uint64_t size, flr_blob **blob)
{
    uint64_t index = 0, length = size;
    int status = 0;

    if (is_segment) {
        if (size != 4 + 8) {
            return corrupt(r, r->item);
        }
        status = read_number(r, 4, &index);
        if (status == 0) {
            status = read_number(r, 8, &length);
        }
        if (status == 0 && (index != r->segments_used || index >= r->segment_count ||
                            flr_blob_get_size(r->segments[index]) != length)) {
            status = corrupt(r, r->item);
        }
    }
    if (status == 0) {
        status = count_bytes(r, length);
    }
    if (status < 0) {
        return status;
    }
    if (is_segment) {
        *blob = flr_blob_ref(r->segments[r->segments_used++]);
        return 0;
    }
    status = flr_blob_new_copy(r->data + r->at, (size_t)size, blob);
    r->at += (size_t)size;
    return status;
}

static int read_bytes(reader *r, bool is_segment, uint64_t size, flr_value **value)
{
    flr_blob *blob = NULL;
    int status = read_blob(r, is_segment, size, &blob);

    if (status == 0) {
        status = flr_value_new_bytes(blob, value);
        flr_blob_unref(blob);
    }
    return status;
}

static int read_tensor(reader *r, bool is_segment, uint64_t size, flr_value **value)
{
    int64_t shape[FLR_VALUE_MAX_RANK];
    uint64_t type = 0, rank = 0, dim = 0;
    flr_blob *blob = NULL;
    int status;

    if (size < 2) {
        return corrupt(r, r->item);
    }
    status = read_number(r, 1, &type);
    if (status == 0) {
        status = read_number(r, 1, &rank);
    }
    if (status < 0) {
        return status;
    }
    if (rank > FLR_VALUE_MAX_RANK) {
        return over_limit(r);
    }
    if (size - 2 < 8 * rank) {
        return corrupt(r, r->item);
    }
    for (size_t i = 0; i < rank; i++) {
        status = read_number(r, 8, &dim);
        if (status < 0) {
            return status;
        }
        if (dim > INT64_MAX) {
            return corrupt(r, r->item);
        }
        shape[i] = (int64_t)dim;
    }
    status = read_blob(r, is_segment, size - 2 - 8 * rank, &blob);
    if (status == 0) {
        status = flr_value_new_tensor((int)type, (size_t)rank, shape, blob, value);
        flr_blob_unref(blob);
    }
    return status == FLR_E_INVAL ? corrupt(r, r->item) : status;
}

/* An ext of `size` bytes behind its type. */
static int read_ext(reader *r, uint64_t size, flr_value **value)
{
    uint64_t type = 0;
    int status = read_number(r, 1, &type);

    if (status == 0) {
        status = need(r, size);
    }
    if (status < 0) {
        return status;
    }
    switch (type) {
    case FLR__EXT_BYTES:
    case FLR__EXT_BYTES_SEGMENT:
        return read_bytes(r, type == FLR__EXT_BYTES_SEGMENT, size, value);
    case FLR__EXT_TENSOR:
    case FLR__EXT_TENSOR_SEGMENT:
        return read_tensor(r, type == FLR__EXT_TENSOR_SEGMENT, size, value);
    default:
        return corrupt(r, r->item);
    }
}

/* ---- containers ---- */

/* Open a list or map of `size` children. An empty one is complete: *value; else *value stays
 * NULL. */
static int open_container(reader *r, bool is_map, uint64_t size, flr_value **value)
{
    uint64_t least = size * (is_map ? MAP_ENTRY_MIN : LIST_ITEM_MIN);
    flr_value *made = NULL;
    int status;

    if (size == 0) {
        *value = is_map ? flr__value_empty_map() : flr__value_empty_list();
        return 0;
    }
    status = need(r, least + r->owed);
    if (status < 0) {
        return status;
    }
    if (size > r->limits.count - r->values || r->depth + 1 >= r->limits.depth) {
        return over_limit(r);
    }
    status = is_map ? flr__map_new((size_t)size, &made) : flr__list_new((size_t)size, &made);
    if (status < 0) {
        return status;
    }
    r->owed += least;
    r->stack[r->depth++] = (frame){made, NULL, size};
    return 0;
}

/* Read the key of the next entry of the map on top. */
static int read_key(reader *r, frame *top)
{
    uint64_t head = 0, size = 0;
    const char *text;
    int status;

    r->item = r->at;
    status = read_number(r, 1, &head);
    if (status == 0 && head >= 0xa0 && head <= 0xbf) {
        size = head & 31;
    } else if (status == 0 && head >= 0xd9 && head <= 0xdb) {
        status = read_number(r, (size_t)1 << (head - 0xd9), &size);
    } else if (status == 0) {
        status = corrupt(r, r->item);
    }
    if (status == 0) {
        status = need(r, size);
    }
    if (status < 0) {
        return status;
    }
    if (size > FLR_VALUE_MAX_KEY) {
        return over_limit(r);
    }
    text = (const char *)r->data + r->at;
    r->at += (size_t)size;
    if (size == 0 || !flr__utf8_is_valid(text, (size_t)size)) {
        return corrupt(r, r->item);
    }
    status = count_bytes(r, size);
    if (status < 0) {
        return status;
    }
    top->key = flr__str_new(text, (size_t)size);
    if (top->key == NULL) {
        return FLR_E_NOMEM;
    }
    return flr__map_get(top->container, top->key) == NULL ? 0 : corrupt(r, r->item);
}

/* Get ready for the next child of the container on top. */
static int begin_child(reader *r)
{
    frame *top = &r->stack[r->depth - 1];

    top->left--;
    if (top->container->kind == FLR_VALUE_LIST) {
        r->owed -= LIST_ITEM_MIN;
        return 0;
    }
    r->owed -= MAP_ENTRY_MIN;
    return read_key(r, top);
}

/* ---- one item ---- */

/* Items with a code of their own, 0xc0 to 0xdf. */
static int read_coded(reader *r, unsigned code, flr_value **value)
{
    static const uint8_t sizes[32] = {/* of the number behind the code */
                                      0, 0, 0, 0, 1, 2, 4, 1, 2, 4, 4, 8, 1, 2, 4, 8,
                                      1, 2, 4, 8, 0, 0, 0, 0, 0, 1, 2, 4, 2, 4, 2, 4};
    size_t width = sizes[code - 0xc0];
    uint64_t size = 0;
    int status;

    switch (code) {
    case 0xc0:
        *value = flr__value_nil();
        return 0;
    case 0xc2:
    case 0xc3:
        *value = flr__value_bool(code == 0xc3);
        return 0;
    case 0xca:
    case 0xcb:
        return read_real(r, width, value);
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
        return read_uint(r, width, value);
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
        return read_int(r, width, value);
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
        return read_ext(r, UINT64_C(1) << (code - 0xd4), value);
    case 0xc1:
        return corrupt(r, r->item);
    default:
        break;
    }
    status = read_number(r, width, &size);
    if (status < 0) {
        return status;
    }
    if (code >= 0xdc) {
        return open_container(r, code >= 0xde, size, value);
    }
    if (code >= 0xd9) {
        return read_text(r, size, value);
    }
    if (code >= 0xc7) {
        return read_ext(r, size, value);
    }
    status = need(r, size);
    return status < 0 ? status : read_bytes(r, false, size, value);
}

/* Read one item: a value, or the head of a container, which is then on top of the stack and
 * *value stays NULL. */
static int read_item(reader *r, flr_value **value)
{
    unsigned head;

    *value = NULL;
    r->item = r->at;
    if (r->at >= r->size) {
        return corrupt(r, r->size);
    }
    if (r->values >= r->limits.count || r->depth >= r->limits.depth) {
        return over_limit(r);
    }
    r->values++;
    head = r->data[r->at++];
    if (head >= 0xc0 && head < 0xe0) {
        return read_coded(r, head, value);
    }
    if (head < 0x80) {
        return flr_value_new_int(head, value);
    }
    if (head >= 0xe0) {
        return flr_value_new_int((int64_t)head - 256, value);
    }
    if (head >= 0xa0) {
        return read_text(r, head & 31, value);
    }
    return open_container(r, head < 0x90, head & 15, value);
}

/* ---- the tree ---- */

/* Put a complete value into the container on top, and each container that this completes into
 * the one below. When the tree is complete *value is its root, else NULL. [give always] */
static int add_up(reader *r, flr_value **value)
{
    while (*value != NULL && r->depth > 0) {
        frame *top = &r->stack[r->depth - 1];
        int status;

        if (top->container->kind == FLR_VALUE_LIST) {
            status = flr_list_add(&top->container, *value);
        } else {
            status = flr__map_set(&top->container, top->key, *value);
            flr__str_unref(top->key);
            top->key = NULL;
        }
        if (status < 0) {
            flr_value_unref(*value);
            *value = NULL;
            r->bad = r->item;
            return status;
        }
        *value = NULL;
        if (top->left == 0) {
            *value = top->container;
            r->depth--;
        }
    }
    return 0;
}

static void close_all(reader *r)
{
    while (r->depth > 0) {
        frame *top = &r->stack[--r->depth];

        if (top->key != NULL) {
            flr__str_unref(top->key);
        }
        flr_value_unref(top->container);
    }
}

static int read_tree(reader *r, flr_value **value)
{
    int status;

    for (;;) {
        status = read_item(r, value);
        if (status == 0) {
            status = add_up(r, value);
        }
        if (status < 0 || *value != NULL) {
            return status;
        }
        status = begin_child(r);
        if (status < 0) {
            return status;
        }
    }
}

static size_t at_most(size_t limit, size_t maximum)
{
    return limit < maximum ? limit : maximum;
}

static flr__decode_limits effective(const flr__decode_limits *limits)
{
    flr__decode_limits most = {FLR_VALUE_MAX_DEPTH, FLR_VALUE_MAX_COUNT, FLR_VALUE_MAX_TEXT,
                               SIZE_MAX};

    if (limits != NULL) {
        most.depth = at_most(limits->depth, most.depth);
        most.count = at_most(limits->count, most.count);
        most.text = at_most(limits->text, most.text);
        most.bytes = limits->bytes;
    }
    return most;
}

int flr__decode(const uint8_t *data, size_t size, flr_blob *const *segments, size_t count,
                const flr__decode_limits *limits, flr_value **value, size_t *offset)
{
    reader r = {.data = data, .size = size, .segments = segments, .segment_count = count};
    flr_value *root = NULL;
    int status;

    r.limits = effective(limits);
    status = read_tree(&r, &root);
    if (status == 0 && r.at != r.size) {
        status = corrupt(&r, r.at);
    }
    if (status == 0 && r.segments_used != count) {
        status = corrupt(&r, r.size);
    }
    if (offset != NULL) {
        *offset = status == 0 ? size : r.bad;
    }
    if (status < 0) {
        close_all(&r);
        flr_value_unref(root);
        return status;
    }
    assert(r.depth == 0 && r.owed == 0);
    *value = root;
    return 0;
}
