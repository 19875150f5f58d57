/* Frames inside lib/wire: what makes them and what they are made of. */
#ifndef FLR_LIB_WIRE_FRAME_H
#define FLR_LIB_WIRE_FRAME_H

#include "wire/layout.h"
#include <stdatomic.h>

/* Bytes of a frame that stand in a blob: a segment, or all segments of a received frame. */
typedef struct flr__stretch {
    size_t offset; /* from the frame's first byte; between two there are zeros */
    flr_blob *blob;
} flr__stretch;

struct flr_frame {
    atomic_size_t refs;
    /* texts are never NULL; maps and message are held */
    flr_envelope envelope;
    size_t size;
    const uint8_t *head; /* the first head_size bytes, which are in */
    size_t head_size;
    void *own_head;  /* memory of its own, */
    flr_blob *bytes; /* or this blob, or else the frame's own allocation */
    size_t count;
    flr__stretch stretches[];
};

/* The texts of an envelope, in the order of flr_envelope. */
enum { FLR__FRAME_TEXTS = 5 };
typedef struct flr__frame_texts {
    const char *text[FLR__FRAME_TEXTS]; /* NULL only if the size is 0 */
    size_t size[FLR__FRAME_TEXTS];
} flr__frame_texts;

/* With room for stretches and, after its texts, for so many bytes, at *bytes; the rest of it is empty.
 * NULL: out of memory. */
flr_frame *flr__frame_new(const flr__frame_texts *texts, size_t stretches, size_t size,
                          uint8_t **bytes);

/*
 * Decode the header of a frame whose head was checked. whole has its segments, and begins at offset
 * start; NULL: there are none. Fills in envelope and size of the frame only.
 */
int flr__frame_read(const uint8_t *head, const flr__layout *l, flr_blob *whole, size_t start,
                    const flr_frame_limits *limits, flr_frame **frame, flr__fault *fault);

/* Keys of the header; those of texts stand in the order of flr_envelope. */
enum {
    FLR__KEY_KIND,
    FLR__KEY_CODE,
    FLR__KEY_ID,
    FLR__KEY_TIME,
    FLR__KEY_JOB,
    FLR__KEY_CLIENT,
    FLR__KEY_TOPIC,
    FLR__KEY_TASK,
    FLR__KEY_TASK_ID,
    FLR__KEY_PEER,
    FLR__KEY_EXTRA,
    FLR__KEY_HEADERS,
    FLR__KEY_BODY,
    FLR__KEY_COUNT
};
typedef struct flr__frame_key {
    char text[8];
    uint8_t size;
} flr__frame_key;
extern const flr__frame_key flr__frame_keys[FLR__KEY_COUNT];

enum { FLR__FRAME_KIND_MAX = 65535 };

/* A time that a frame may have. */
bool flr__frame_time_is_valid(double time);

#endif
