/*
 * Frames out of a stream of bytes. No lock: a reader belongs to one thread at a time.
 *
 * A frame comes in three stages: its prefix, the rest up to its first segment, the segments. Memory
 * for a stage is taken when its first byte is asked for, after what came before was checked. A stage
 * that is full and was not checked for want of memory is checked again by the next call.
 */
#include "wire/frame.h"

#include "base/abi.h"
#include <string.h>

typedef enum stage { STAGE_PREFIX, STAGE_HEAD, STAGE_BODY } stage;

struct flr_frame_reader {
    flr_frame_limits limits;
    flr__layout layout; /* from STAGE_HEAD on */
    stage stage;
    size_t wanted, got; /* bytes of this stage */
    bool placed;        /* there is a place that was not added to yet */
    int broken;         /* 0, or what is wrong with the stream */
    flr__fault fault;
    uint8_t prefix[FLR_FRAME_PREFIX];
    uint8_t *head;  /* prefix, table, header and the gap after them; NULL: not made yet */
    flr_blob *body; /* the segments; NULL: not made yet */
    uint8_t *place; /* of the body */
};

int flr_frame_reader_new(const flr_frame_limits *limits, flr_frame_reader **reader)
{
    flr_frame_limits most;
    flr_frame_reader *r;
    int status;

    if (reader == NULL) {
        return FLR_E_INVAL;
    }
    status = flr__limits_import(&most, limits);
    if (status != 0) {
        return status;
    }
    r = flr__zalloc(sizeof *r);
    if (r == NULL) {
        return FLR_E_NOMEM;
    }
    r->limits = most;
    r->wanted = FLR_FRAME_PREFIX;
    r->fault.reason = "";
    *reader = r;
    return 0;
}

void flr_frame_reader_free(flr_frame_reader *reader)
{
    if (reader != NULL) {
        flr__free(reader->head);
        flr_blob_unref(reader->body);
        flr__free(reader);
    }
}

static void begin_stage(flr_frame_reader *r, stage next, size_t wanted)
{
    r->stage = next;
    r->wanted = wanted;
    r->got = 0;
}

/* Memory for the stage. 0 or FLR_E_NOMEM. */
static int prepare(flr_frame_reader *r)
{
    void *bytes;
    int status;

    if (r->stage == STAGE_HEAD && r->head == NULL) {
        r->head = flr__alloc(r->layout.start);
        if (r->head == NULL) {
            return FLR_E_NOMEM;
        }
        memcpy(r->head, r->prefix, FLR_FRAME_PREFIX);
    }
    if (r->stage == STAGE_BODY && r->body == NULL) {
        status = flr_blob_new(r->layout.size - r->layout.start, &r->body, &bytes);
        if (status != 0) {
            return status;
        }
        r->place = bytes;
    }
    return 0;
}

static uint8_t *place_of(flr_frame_reader *r)
{
    switch (r->stage) {
    case STAGE_PREFIX:
        return r->prefix + r->got;
    case STAGE_HEAD:
        return r->head + FLR_FRAME_PREFIX + r->got;
    default:
        return r->place + r->got;
    }
}

int flr_frame_reader_get_space(flr_frame_reader *reader, void **space, size_t *size)
{
    int status;

    if (reader == NULL || space == NULL || size == NULL) {
        return FLR_E_INVAL;
    }
    if (reader->broken < 0) {
        return reader->broken;
    }
    if (reader->got == reader->wanted) {
        return FLR_E_NOMEM; /* the frame is all here, and waits for memory */
    }
    status = prepare(reader);
    if (status != 0) {
        return status;
    }
    reader->placed = true;
    *space = place_of(reader);
    *size = reader->wanted - reader->got;
    return 0;
}

/* ---- full stages ---- */

static int finish_prefix(flr_frame_reader *r)
{
    int status = flr__layout_read(r->prefix, FLR_FRAME_PREFIX, &r->limits, &r->layout, &r->fault);

    if (status == 0) {
        begin_stage(r, STAGE_HEAD, r->layout.start - FLR_FRAME_PREFIX);
    }
    return status;
}

/* The frame is all here. */
static int finish_frame(flr_frame_reader *r, flr_frame **frame)
{
    flr_frame *f = NULL;
    int status = flr__layout_check_gaps(r->head, r->place, &r->layout, &r->fault);

    if (status == 0) {
        status = flr__frame_read(r->head, &r->layout, r->body, r->layout.start, &r->limits, &f,
                                 &r->fault);
    }
    if (status != 0) {
        return status;
    }
    f->head = f->own_head = r->head;
    f->head_size = r->layout.start;
    if (r->body != NULL) {
        f->stretches[0] = (flr__stretch){r->layout.start, r->body};
        f->count = 1;
    }
    r->head = NULL;
    r->body = NULL;
    begin_stage(r, STAGE_PREFIX, FLR_FRAME_PREFIX);
    *frame = f;
    return 0;
}

static int finish_head(flr_frame_reader *r, flr_frame **frame)
{
    int status = flr__layout_check_head(r->head, &r->layout, &r->fault);

    if (status == 0 && r->layout.size > r->layout.start) {
        begin_stage(r, STAGE_BODY, r->layout.size - r->layout.start);
        return 0;
    }
    if (status == 0 && r->layout.count > 0 && r->body == NULL) { /* all its segments are empty */
        void *bytes;

        status = flr_blob_new(0, &r->body, &bytes);
        r->place = status == 0 ? bytes : NULL;
    }
    return status != 0 ? status : finish_frame(r, frame);
}

static int finish_stage(flr_frame_reader *r, flr_frame **frame)
{
    switch (r->stage) {
    case STAGE_PREFIX:
        return finish_prefix(r);
    case STAGE_HEAD:
        return finish_head(r, frame);
    default:
        return finish_frame(r, frame);
    }
}

/* A part of a magic, or of a version, may already tell. */
static int check_begin(flr_frame_reader *r)
{
    flr__layout unused;

    return r->stage != STAGE_PREFIX
               ? 0
               : flr__layout_read(r->prefix, r->got, &r->limits, &unused, &r->fault);
}

/* Bytes were written to the place. */
static int advance(flr_frame_reader *r, size_t got, flr_frame **frame)
{
    int status;

    r->placed = false;
    r->got += got;
    status = r->got < r->wanted ? check_begin(r) : finish_stage(r, frame);
    if (status != 0 && status != FLR_E_NOMEM) {
        r->broken = status;
        flr__free(r->head);
        flr_blob_unref(r->body);
        r->head = NULL;
        r->body = NULL;
    }
    return status;
}

int flr_frame_reader_add(flr_frame_reader *reader, size_t got, flr_frame **frame)
{
    bool full;

    if (reader == NULL || frame == NULL) {
        return FLR_E_INVAL;
    }
    *frame = NULL;
    if (reader->broken < 0) {
        return reader->broken;
    }
    full = reader->got == reader->wanted;
    if (!reader->placed && !full) {
        return FLR_E_STATE;
    }
    if (got > reader->wanted - reader->got) {
        return FLR_E_INVAL;
    }
    return advance(reader, got, frame);
}

int flr_frame_reader_put(flr_frame_reader *reader, const void *data, size_t size, size_t *taken,
                         flr_frame **frame)
{
    size_t rest;
    int status = 0;

    if (reader == NULL || (data == NULL && size > 0) || taken == NULL || frame == NULL) {
        return FLR_E_INVAL;
    }
    *frame = NULL;
    *taken = 0;
    if (reader->broken < 0) {
        return reader->broken;
    }
    if (reader->got == reader->wanted) {
        status = advance(reader, 0, frame);
    }
    while (status == 0 && *frame == NULL && *taken < size) {
        status = prepare(reader);
        if (status != 0) {
            break;
        }
        rest = reader->wanted - reader->got;
        rest = size - *taken < rest ? size - *taken : rest;
        memcpy(place_of(reader), (const uint8_t *)data + *taken, rest);
        *taken += rest;
        status = advance(reader, rest, frame);
    }
    return status;
}

/* ---- asking ---- */

size_t flr_frame_reader_get_pending(const flr_frame_reader *reader)
{
    if (reader == NULL) {
        return 0;
    }
    switch (reader->stage) {
    case STAGE_PREFIX:
        return reader->got;
    case STAGE_HEAD:
        return FLR_FRAME_PREFIX + reader->got;
    default:
        return reader->layout.start + reader->got;
    }
}

size_t flr_frame_reader_get_need(const flr_frame_reader *reader)
{
    return reader == NULL || reader->stage == STAGE_PREFIX ? 0 : reader->layout.size;
}

int flr_frame_reader_get_fault(const flr_frame_reader *reader, flr_frame_fault *fault)
{
    flr_frame_fault known;
    int status;

    if (reader == NULL) {
        return FLR_E_INVAL;
    }
    status = flr__abi_import(&known, sizeof known, fault, sizeof known, 0);
    if (status == 0) {
        fault->offset = reader->fault.offset;
        fault->reason = reader->fault.reason;
    }
    return status;
}
