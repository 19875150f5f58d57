/*
 * Values as bytes: MessagePack (msgpack.org spec, 2013) for everything but large payloads, which
 * stay in their blobs as segments. Saved states use it, frames will. Tensors and bytes are ext
 * types; the byte layout stands in codec.c.
 */
#ifndef FLR_LIB_CODEC_H
#define FLR_LIB_CODEC_H

#include <flrunner/value.h>

/* MessagePack ext types; their bodies are laid out in codec.c. */
enum {
    FLR__EXT_BYTES = 1,
    FLR__EXT_BYTES_SEGMENT = 2,
    FLR__EXT_TENSOR = 3,
    FLR__EXT_TENSOR_SEGMENT = 4
};

typedef struct flr__encoded {
    flr_blob *head;   /* the MessagePack bytes */
    flr_blob **blobs; /* the payloads that it refers to, in order; each held */
    size_t count;
} flr__encoded;

typedef struct flr__decode_limits {
    /* maxima of one tree; bytes as flr_value_get_bytes() counts */
    size_t depth, count, text, bytes;
} flr__decode_limits;

/* Payloads of at least inline_max bytes become segments. A pointer value anywhere: FLR_E_INVAL.
 * FLR_E_LIMIT: too large for any memory. FLR_E_NOMEM. */
int flr__encode(const flr_value *value, size_t inline_max, flr__encoded *out);
void flr__encoded_free(flr__encoded *e);

/* Read one value that fills data exactly; payloads are the `segments` (count of them, each used
 * in order, exactly once). FLR_E_CORRUPT with *offset at the item that is bad, or at size if
 * bytes are missing; FLR_E_LIMIT; FLR_E_NOMEM. limits may be NULL: the fixed maxima; offset
 * too. No allocation exceeds what the bytes can justify. */
int flr__decode(const uint8_t *data, size_t size, flr_blob *const *segments, size_t count,
                const flr__decode_limits *limits, flr_value **value, size_t *offset);

uint32_t flr__crc32c(uint32_t crc, const void *data, size_t size); /* Castagnoli; start with 0 */

#endif
