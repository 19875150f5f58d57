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
#include "data/msgpack.h"
#include "data/node.h"
#include <assert.h>
#include <string.h>

/* The fewest bytes of an element, and of a key with its value. */
enum { LIST_ITEM_MIN = 1, MAP_ENTRY_MIN = 3 };

static const char too_many[] = "more values than allowed",
                  too_deep[] = "nested deeper than allowed";

typedef flr__reader reader;

int flr__read_corrupt(reader *r, size_t where, const char *reason)
{
    r->bad = where;
    r->reason = reason;
    return FLR_E_CORRUPT;
}

int flr__read_over(reader *r, const char *reason)
{
    r->bad = r->item;
    r->reason = reason;
    return FLR_E_LIMIT;
}

int flr__read_need(reader *r, uint64_t size)
{
    return size <= r->size - r->at ? 0 : flr__read_corrupt(r, r->size, "the bytes end too soon");
}

int flr__read_number(reader *r, size_t size, uint64_t *number)
{
    uint64_t n = 0;
    int status = flr__read_need(r, size);

    if (status == 0) {
        for (size_t i = 0; i < size; i++) {
            n = n << 8 | r->data[r->at++];
        }
        *number = n;
    }
    return status;
}

int flr__read_count_bytes(reader *r, uint64_t size)
{
    if (size > r->limits.bytes - r->bytes) {
        return flr__read_over(r, "more bytes of payload than allowed");
    }
    r->bytes += (size_t)size;
    return 0;
}

int64_t flr__sign_extend(uint64_t n, size_t size)
{
    uint64_t sign = UINT64_C(1) << (8 * size - 1);

    n = (n ^ sign) - sign;
    return n <= INT64_MAX ? (int64_t)n : -(int64_t)(~n) - 1;
}

double flr__real_of(uint64_t bits, size_t size)
{
    uint32_t low = (uint32_t)bits;
    double real;
    float single;

    if (size == sizeof single) {
        memcpy(&single, &low, sizeof single);
        return single;
    }
    memcpy(&real, &bits, sizeof real);
    return real;
}

/* ---- numbers and text ---- */

static int read_uint(reader *r, size_t size, flr_value **value)
{
    uint64_t n;
    int status = flr__read_number(r, size, &n);

    if (status != 0) {
        return status;
    }
    if (n > INT64_MAX) {
        return flr__read_corrupt(r, r->item, FLR__LARGE_INT);
    }
    return flr_value_new_int((int64_t)n, value);
}

static int read_int(reader *r, size_t size, flr_value **value)
{
    uint64_t n;
    int status = flr__read_number(r, size, &n);

    if (status != 0) {
        return status;
    }
    return flr_value_new_int(flr__sign_extend(n, size), value);
}

static int read_real(reader *r, size_t size, flr_value **value)
{
    uint64_t bits;
    int status = flr__read_number(r, size, &bits);

    return status != 0 ? status : flr_value_new_real(flr__real_of(bits, size), value);
}

static int read_text(reader *r, uint64_t size, flr_value **value)
{
    int status = flr__read_need(r, size);

    if (status != 0) {
        return status;
    }
    if (size > r->limits.text) {
        return flr__read_over(r, "a text longer than allowed");
    }
    if (size == 0) {
        *value = flr__value_empty_text();
        return 0;
    }
    status = flr__read_count_bytes(r, size);
    if (status == 0) {
        status = flr_value_new_text_sized((const char *)r->data + r->at, (size_t)size, value);
    }
    r->at += (size_t)size;
    return status == FLR_E_INVAL ? flr__read_corrupt(r, r->item, FLR__NOT_UTF8) : status;
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
    status = flr__read_need(r, least + r->owed);
    if (status != 0) {
        return status;
    }
    if (size > r->limits.count - r->values) {
        return flr__read_over(r, too_many);
    }
    if (r->depth + 1 >= r->limits.depth) {
        return flr__read_over(r, too_deep);
    }
    status = is_map ? flr__map_new((size_t)size, &made) : flr__list_new((size_t)size, &made);
    if (status != 0) {
        return status;
    }
    r->owed += least;
    r->stack[r->depth++] = (flr__reader_level){made, NULL, size};
    return 0;
}

/* Read the key of the next entry of the map on top. */
static int read_key(reader *r, flr__reader_level *top)
{
    const char *text;
    size_t size;
    int status = flr__read_chars(r, &text, &size, "a key that is no text");

    if (status != 0) {
        return status;
    }
    if (size > FLR_VALUE_MAX_KEY) {
        return flr__read_over(r, "a key of more than 65535 bytes");
    }
    if (size == 0) {
        return flr__read_corrupt(r, r->item, "an empty key");
    }
    status = flr__read_count_bytes(r, size);
    if (status != 0) {
        return status;
    }
    top->key = flr__str_new(text, size);
    if (top->key == NULL) {
        return FLR_E_NOMEM;
    }
    if (flr__map_get(top->container, top->key) != NULL) {
        return flr__read_corrupt(r, r->item, "a key twice in one map");
    }
    return 0;
}

/* Get ready for the next child of the container on top. */
static int begin_child(reader *r)
{
    flr__reader_level *top = &r->stack[r->depth - 1];

    assert(top->container != NULL);
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
        return flr__read_ext(r, UINT64_C(1) << (code - 0xd4), value);
    case 0xc1:
        return flr__read_corrupt(r, r->item, FLR__UNUSED_CODE);
    default:
        break;
    }
    status = flr__read_number(r, width, &size);
    if (status != 0) {
        return status;
    }
    if (code >= 0xdc) {
        return open_container(r, code >= 0xde, size, value);
    }
    if (code >= 0xd9) {
        return read_text(r, size, value);
    }
    if (code >= 0xc7) {
        return flr__read_ext(r, size, value);
    }
    status = flr__read_need(r, size);
    return status != 0 ? status : flr__read_bytes(r, false, size, value);
}

/* Read one item: a value, or the head of a container, which is then on top of the stack and
 * *value stays NULL. */
static int read_item(reader *r, flr_value **value)
{
    unsigned head;

    *value = NULL;
    r->item = r->at;
    if (r->at >= r->size) {
        return flr__read_need(r, 1);
    }
    if (r->values >= r->limits.count) {
        return flr__read_over(r, too_many);
    }
    if (r->depth >= r->limits.depth) {
        return flr__read_over(r, too_deep);
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
        flr__reader_level *top = &r->stack[r->depth - 1];
        int status;

        if (top->container->kind == FLR_VALUE_LIST) {
            status = flr_list_add(&top->container, *value);
        } else {
            status = flr__map_set(&top->container, top->key, *value);
            flr__str_unref(top->key);
            top->key = NULL;
        }
        if (status != 0) {
            flr_value_unref(*value);
            *value = NULL;
            r->bad = r->item;
            r->reason = "a tree larger than any";
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
        flr__reader_level *top = &r->stack[--r->depth];

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
        if (status != 0 || *value != NULL) {
            return status;
        }
        status = begin_child(r);
        if (status != 0) {
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

void flr__reader_init(reader *r, const uint8_t *data, size_t size, const flr__segments *segments,
                      const flr__decode_limits *limits)
{
    r->data = data;
    r->size = size;
    r->at = r->item = 0;
    r->owed = 0;
    r->segments = *segments;
    r->segments_used = 0;
    r->limits = effective(limits);
    r->values = r->bytes = 0;
    r->bad = 0;
    r->reason = "";
    r->depth = 0;
}

int flr__read_value(reader *r, flr_value **value)
{
    flr_value *root = NULL;
    int status = read_tree(r, &root);

    if (status != 0) {
        close_all(r);
        flr_value_unref(root);
        return status;
    }
    assert(r->depth == 0 && r->owed == 0);
    *value = root;
    return 0;
}

int flr__read_end(reader *r)
{
    if (r->at != r->size) {
        return flr__read_corrupt(r, r->at, "bytes after the last value");
    }
    if (r->segments_used != r->segments.count) {
        return flr__read_corrupt(r, r->size, "a segment that is not referred to");
    }
    return 0;
}

int flr__decode(const uint8_t *data, size_t size, flr_blob *const *segments, size_t count,
                const flr__decode_limits *limits, flr_value **value, size_t *offset)
{
    flr__segments apart = {.blobs = segments, .count = count};
    flr_value *root = NULL;
    reader r;
    int status;

    flr__reader_init(&r, data, size, &apart, limits);
    status = flr__read_value(&r, &root);
    if (status == 0) {
        status = flr__read_end(&r);
    }
    if (offset != NULL) {
        *offset = status == 0 ? size : r.bad;
    }
    if (status != 0) {
        flr_value_unref(root);
        return status;
    }
    *value = root;
    return 0;
}
