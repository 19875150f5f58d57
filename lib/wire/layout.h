/*
 * The bytes of a frame before its segments: prefix and table, as flrunner/wire.h lays them out. Written
 * and read byte by byte, so that the order of bytes in memory does not matter. No state.
 */
#ifndef FLR_LIB_WIRE_LAYOUT_H
#define FLR_LIB_WIRE_LAYOUT_H

#include "base/alloc.h"
#include <flrunner/wire.h>

enum { FLR__FRAME_ENTRY = 16, FLR__FRAME_ALIGN = 64 };

/* What a prefix says, checked. */
typedef struct flr__layout {
    size_t header, count, size; /* bytes of the header, segments, bytes of the frame */
    size_t head;                /* bytes of prefix, table and header */
    size_t start;               /* where the first segment begins; without segments the end */
} flr__layout;

typedef struct flr__fault {
    uint64_t offset;
    const char *reason; /* static; "": none */
} flr__fault;

/* The default for each member that is 0; FLR_E_ABI. limits may be NULL. */
int flr__limits_import(flr_frame_limits *to, const flr_frame_limits *limits);
/* FLR_E_CORRUPT; *fault says why */
int flr__frame_corrupt(flr__fault *fault, uint64_t offset, const char *reason);

/* The next multiple of 64; false: above SIZE_MAX. */
bool flr__frame_align(size_t at, size_t *aligned);

/* Head of a frame: l.header, l.count, l.size are given; head has the table and the header already. */
void flr__layout_write(uint8_t *head, const flr__layout *l);
void flr__layout_write_entry(uint8_t *head, size_t i, uint64_t offset, uint64_t size);

/*
 * Check what there is of a prefix. 0 and, if it is all there, *l; FLR_E_CORRUPT, FLR_E_NOTSUP,
 * FLR_E_LIMIT.
 */
int flr__layout_read(const uint8_t *data, size_t size, const flr_frame_limits *limits,
                     flr__layout *l, flr__fault *fault);
/* Check l.head bytes, the first of a frame: the checksum and the table. FLR_E_CORRUPT. */
int flr__layout_check_head(const uint8_t *head, const flr__layout *l, flr__fault *fault);
/* Check what stands before and between the segments. head: l.start bytes; body: those from there on.
 * FLR_E_CORRUPT. */
int flr__layout_check_gaps(const uint8_t *head, const uint8_t *body, const flr__layout *l,
                           flr__fault *fault);

#endif
