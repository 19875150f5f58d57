/*
 * What writes and reads MessagePack item by item: for the codec of whole trees (codec.h) and for the
 * headers of frames. Seen by lib/data and lib/wire only. No lock: on one thread's stack.
 */
#ifndef FLR_LIB_DATA_MSGPACK_H
#define FLR_LIB_DATA_MSGPACK_H

#include "base/str.h"
#include "data/codec.h"

/* ---- writing ---- */

/* Bytes and segments for which there is no room are only counted: then it is done again. */
typedef struct flr__writer {
    uint8_t *data;
    size_t room, size;
    flr_blob **blobs; /* borrowed from the values */
    size_t blob_room, count;
    size_t inline_max;
    bool overflow;
} flr__writer;

void flr__put_int(flr__writer *w, int64_t n);
void flr__put_real(flr__writer *w, double number);
void flr__put_text(flr__writer *w, const char *text, size_t size);
void flr__put_map(flr__writer *w, size_t size);
/* FLR_E_INVAL: a pointer is in it; FLR_E_LIMIT: too large for any memory */
int flr__put_tree(flr__writer *w, const flr_value *value);

/* ---- reading ---- */

/* The payloads that stand apart: blobs, or parts of one. */
typedef struct flr__segments {
    flr_blob *const *blobs; /* NULL: they are parts of `whole` */
    flr_blob *whole;
    const uint8_t *table; /* of each part u64 offset and size, little-endian; they lie in whole */
    uint64_t start;       /* offset of the first byte of whole */
    size_t count;
} flr__segments;

/* A list or map that is being read. */
typedef struct flr__reader_level {
    flr_value *container;
    const flr__str *key; /* of the value that comes next; held */
    uint64_t left;       /* children that are still to come */
} flr__reader_level;

typedef struct flr__reader {
    const uint8_t *data;
    size_t size, at;
    size_t item;   /* where the current item began */
    uint64_t owed; /* bytes that the open containers still need at least */
    flr__segments segments;
    size_t segments_used;
    flr__decode_limits limits;
    size_t values, bytes; /* so far */
    size_t bad;           /* where and why it failed */
    const char *reason;
    size_t depth;
    flr__reader_level stack[FLR_VALUE_MAX_DEPTH]; /* set up to depth */
} flr__reader;

/* All of these: 0, FLR_E_CORRUPT or FLR_E_LIMIT with r->bad and r->reason, or FLR_E_NOMEM. */

/* limits may be NULL: the fixed maxima */
void flr__reader_init(flr__reader *r, const uint8_t *data, size_t size,
                      const flr__segments *segments, const flr__decode_limits *limits);
int flr__read_value(flr__reader *r, flr_value **value);
int flr__read_map_size(flr__reader *r, uint64_t *size);
/* A text where it stands; what: the reason if it is none. */
int flr__read_chars(flr__reader *r, const char **text, size_t *size, const char *what);
int flr__read_int(flr__reader *r, int64_t *number);
int flr__read_real(flr__reader *r, double *number); /* an int, too */
/* Whatever comes next; its segments count as used, it needs no memory. */
int flr__skip_value(flr__reader *r);
/* Nothing may be left: no byte, no segment. */
int flr__read_end(flr__reader *r);

/* ---- shared by codec_read.c, codec_payload.c and codec_item.c ---- */
int flr__read_corrupt(flr__reader *r, size_t where, const char *reason);
int flr__read_over(flr__reader *r, const char *reason); /* FLR_E_LIMIT, at the current item */
int flr__read_need(flr__reader *r, uint64_t size);      /* so many more bytes must be there */
int flr__read_number(flr__reader *r, size_t size, uint64_t *number); /* big-endian */
int flr__read_count_bytes(flr__reader *r, uint64_t size);
int flr__read_bytes(flr__reader *r, bool is_segment, uint64_t size, flr_value **value);
int flr__read_ext(flr__reader *r, uint64_t size, flr_value **value);
int flr__read_reference(flr__reader *r, size_t *segment); /* to the next segment */
int flr__skip_ext(flr__reader *r, uint64_t size);
int64_t flr__sign_extend(uint64_t n, size_t size);
double flr__real_of(uint64_t bits, size_t size); /* IEEE 754 binary32 or binary64 */
#define FLR__NOT_UTF8    "a text that is not UTF-8"
#define FLR__LARGE_INT   "an integer above 2^63 - 1"
#define FLR__UNUSED_CODE "a byte that begins no value"

#endif
