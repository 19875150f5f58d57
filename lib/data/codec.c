/*
 * Values to bytes. No lock: values do not change while they are encoded.
 *
 * The bytes are MessagePack in its shortest forms, all numbers big-endian, so equal values give
 * equal bytes:
 *
 *     nil, bool, int, text, list   as MessagePack has them
 *     map                          in the order of its entries; keys are text
 *     real                         float 64
 *     bytes                        ext 1: payload
 *                                  ext 2: u32 segment, u64 size of the payload
 *     tensor                       ext 3: u8 type, u8 rank, rank * i64 dimension, payload
 *                                  ext 4: u8 type, u8 rank, rank * i64 dimension,
 *                                         u32 segment, u64 size of the payload
 *
 * Ext 2 and 4 stand for payloads that are not in the bytes but travel beside them; segments count
 * from 0 in the order of the tree, one for each use. Element bytes of tensors are little-endian
 * as in memory (flrunner/value.h).
 */
#include "data/codec.h"

#include "data/msgpack.h"
#include "data/node.h"
#include <string.h>

#define INLINE_MAX 0x7fffffff /* an ext body of MessagePack has a 32-bit length */

typedef flr__writer writer;

/* The place of the next `size` bytes; NULL if they are only counted. */
static uint8_t *claim(writer *w, size_t size)
{
    size_t at = w->size;

    if (!flr__size_add(at, size, &w->size)) {
        w->overflow = true;
        return NULL;
    }
    return w->size <= w->room ? w->data + at : NULL;
}

static void put(writer *w, const void *bytes, size_t size)
{
    uint8_t *to = claim(w, size);

    if (to != NULL && size > 0) {
        memcpy(to, bytes, size);
    }
}

static void put_u8(writer *w, unsigned byte)
{
    uint8_t *to = claim(w, 1);

    if (to != NULL) {
        *to = (uint8_t)byte;
    }
}

/* `size` low bytes of number, big-endian, behind a code. */
static void put_coded(writer *w, unsigned code, uint64_t number, size_t size)
{
    uint8_t *to = claim(w, 1 + size);

    if (to != NULL) {
        to[0] = (uint8_t)code;
        for (size_t i = 0; i < size; i++) {
            to[1 + i] = (uint8_t)(number >> 8 * (size - 1 - i));
        }
    }
}

static void put_u64(writer *w, uint64_t number)
{
    put_coded(w, (unsigned)(number >> 56), number, 7);
}

static void put_u32(writer *w, uint32_t number)
{
    put_coded(w, number >> 24, number, 3);
}

void flr__put_int(writer *w, int64_t n)
{
    if (n >= -32 && n <= 127) {
        put_u8(w, (uint8_t)n);
    } else if (n >= 0) {
        if (n <= UINT8_MAX) {
            put_coded(w, 0xcc, (uint64_t)n, 1);
        } else if (n <= UINT16_MAX) {
            put_coded(w, 0xcd, (uint64_t)n, 2);
        } else if (n <= UINT32_MAX) {
            put_coded(w, 0xce, (uint64_t)n, 4);
        } else {
            put_coded(w, 0xcf, (uint64_t)n, 8);
        }
    } else if (n >= INT8_MIN) {
        put_coded(w, 0xd0, (uint64_t)n, 1);
    } else if (n >= INT16_MIN) {
        put_coded(w, 0xd1, (uint64_t)n, 2);
    } else if (n >= INT32_MIN) {
        put_coded(w, 0xd2, (uint64_t)n, 4);
    } else {
        put_coded(w, 0xd3, (uint64_t)n, 8);
    }
}

void flr__put_text(writer *w, const char *text, size_t size)
{
    if (size < 32) {
        put_u8(w, 0xa0 | (unsigned)size);
    } else if (size <= UINT8_MAX) {
        put_coded(w, 0xd9, size, 1);
    } else if (size <= UINT16_MAX) {
        put_coded(w, 0xda, size, 2);
    } else {
        put_coded(w, 0xdb, size, 4);
    }
    put(w, text, size);
}

void flr__put_real(writer *w, double number)
{
    uint64_t bits;

    memcpy(&bits, &number, sizeof bits);
    put_coded(w, 0xcb, bits, 8);
}

/* The head of a list (0x90, 0xdc) or map (0x80, 0xde). */
static void put_container(writer *w, unsigned small, unsigned code, size_t size)
{
    if (size < 16) {
        put_u8(w, small | (unsigned)size);
    } else if (size <= UINT16_MAX) {
        put_coded(w, code, size, 2);
    } else {
        put_coded(w, code + 1, size, 4);
    }
}

void flr__put_map(writer *w, size_t size)
{
    put_container(w, 0x80, 0xde, size);
}

static void put_ext(writer *w, unsigned type, size_t size)
{
    switch (size) {
    case 1:
        put_u8(w, 0xd4);
        break;
    case 2:
        put_u8(w, 0xd5);
        break;
    case 4:
        put_u8(w, 0xd6);
        break;
    case 8:
        put_u8(w, 0xd7);
        break;
    case 16:
        put_u8(w, 0xd8);
        break;
    default:
        if (size <= UINT8_MAX) {
            put_coded(w, 0xc7, size, 1);
        } else if (size <= UINT16_MAX) {
            put_coded(w, 0xc8, size, 2);
        } else {
            put_coded(w, 0xc9, size, 4);
        }
    }
    put_u8(w, type);
}

/* Bytes or a tensor: whatever describes the payload, then the payload or where it is. */
static void put_payload(writer *w, const flr_value *v)
{
    const flr__tensor *t = v->kind == FLR_VALUE_TENSOR ? (const flr__tensor *)v : NULL;
    flr_blob *blob = flr_value_get_blob(v);
    size_t size = flr_blob_get_size(blob);
    size_t shape = t == NULL ? 0 : 2 + 8 * (size_t)t->rank;
    bool is_segment = size >= w->inline_max || size > INLINE_MAX;

    if (is_segment) {
        put_ext(w, t == NULL ? FLR__EXT_BYTES_SEGMENT : FLR__EXT_TENSOR_SEGMENT, shape + 4 + 8);
    } else {
        put_ext(w, t == NULL ? FLR__EXT_BYTES : FLR__EXT_TENSOR, shape + size);
    }
    if (t != NULL) {
        put_u8(w, t->type);
        put_u8(w, t->rank);
        for (size_t i = 0; i < t->rank; i++) {
            put_u64(w, (uint64_t)t->shape[i]);
        }
    }
    if (!is_segment) {
        put(w, flr_blob_get_data(blob), size);
        return;
    }
    put_u32(w, (uint32_t)w->count);
    put_u64(w, size);
    if (w->count < w->blob_room) {
        w->blobs[w->count] = blob;
    }
    w->count++;
}

/* One value without its children. FLR_E_INVAL: it has no wire form. */
static int put_node(writer *w, const flr_value *v)
{
    switch (v->kind) {
    case FLR_VALUE_NIL:
        put_u8(w, 0xc0);
        return 0;
    case FLR_VALUE_BOOL:
        put_u8(w, ((const flr__number *)v)->truth ? 0xc3 : 0xc2);
        return 0;
    case FLR_VALUE_INT:
        flr__put_int(w, ((const flr__number *)v)->integer);
        return 0;
    case FLR_VALUE_REAL:
        flr__put_real(w, ((const flr__number *)v)->real);
        return 0;
    case FLR_VALUE_TEXT:
        flr__put_text(w, ((const flr__text_node *)v)->text, v->bytes);
        return 0;
    case FLR_VALUE_BYTES:
    case FLR_VALUE_TENSOR:
        put_payload(w, v);
        return 0;
    case FLR_VALUE_LIST:
        put_container(w, 0x90, 0xdc, ((const flr__list *)v)->size);
        return 0;
    case FLR_VALUE_MAP:
        flr__put_map(w, ((const flr__map *)v)->size);
        return 0;
    default:
        return FLR_E_INVAL;
    }
}

typedef struct place {
    const flr_value *container;
    size_t next;
} place;

/* The next child of a container; before a map's value its key is written. */
static const flr_value *next_child(writer *w, place *at)
{
    const flr__entry *e;

    if (at->container->kind == FLR_VALUE_LIST) {
        return ((const flr__list *)at->container)->items[at->next++];
    }
    e = &((const flr__map *)at->container)->entries[at->next++];
    flr__put_text(w, e->key->text, e->key->size);
    return e->value;
}

int flr__put_tree(writer *w, const flr_value *value)
{
    place stack[FLR_VALUE_MAX_DEPTH];
    size_t depth = 0;
    int status = put_node(w, value);

    if (flr_value_get_size(value) > 0) {
        stack[depth++] = (place){value, 0};
    }
    while (status == 0 && depth > 0) {
        place *top = &stack[depth - 1];

        if (top->next >= flr_value_get_size(top->container)) {
            depth--;
            continue;
        }
        value = next_child(w, top);
        status = put_node(w, value);
        if (flr_value_get_size(value) > 0) {
            stack[depth++] = (place){value, 0};
        }
    }
    return status < 0 || !w->overflow ? status : FLR_E_LIMIT;
}

int flr__encode(const flr_value *value, size_t inline_max, flr__encoded *out)
{
    flr__encoded e = {NULL, NULL, 0};
    writer w = {.inline_max = inline_max};
    void *bytes;
    int status;

    status = value == NULL || out == NULL ? FLR_E_INVAL : flr__put_tree(&w, value);
    if (status < 0) {
        return status;
    }
    status = flr_blob_new(w.size, &e.head, &bytes);
    if (status == 0 && w.count > 0) {
        e.blobs = flr__zalloc_array(w.count, sizeof e.blobs[0]);
        status = e.blobs == NULL ? FLR_E_NOMEM : 0;
    }
    if (status < 0) {
        flr__encoded_free(&e);
        return status;
    }
    w = (writer){.data = bytes,
                 .room = w.size,
                 .blobs = e.blobs,
                 .blob_room = w.count,
                 .inline_max = inline_max};
    (void)flr__put_tree(&w, value);
    e.count = w.count;
    for (size_t i = 0; i < e.count; i++) {
        flr_blob_ref(e.blobs[i]);
    }
    *out = e;
    return 0;
}

void flr__encoded_free(flr__encoded *e)
{
    for (size_t i = 0; i < e->count; i++) {
        flr_blob_unref(e->blobs[i]);
    }
    flr__free(e->blobs);
    flr_blob_unref(e->head);
    *e = (flr__encoded){NULL, NULL, 0};
}
