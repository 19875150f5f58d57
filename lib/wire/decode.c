/*
 * The header of a received frame: from MessagePack to an envelope. No lock: the frame is nobody else's
 * yet.
 */
#include "wire/frame.h"

#include "base/abi.h"
#include "data/msgpack.h"
#include "data/shareable.h"
#include <string.h>

/* ---- what was read so far ---- */

typedef struct draft {
    flr__reader r;
    int64_t kind, code, id;
    double time;
    flr__frame_texts texts;
    flr_value *maps[4]; /* peer, extra, headers, body */
    uint32_t seen;      /* a bit per key */
} draft;

enum { PEER, EXTRA, HEADERS, BODY };

static void release_maps(draft *d)
{
    for (size_t i = 0; i < sizeof d->maps / sizeof d->maps[0]; i++) {
        flr_value_unref(d->maps[i]);
    }
}

/* Which key that is; FLR__KEY_COUNT: none that is known. Mostly it is the one after the last. */
static size_t find_key(const char *text, size_t size, size_t next)
{
    for (size_t i = 0; i < FLR__KEY_COUNT; i++, next++) {
        const flr__frame_key *key = &flr__frame_keys[next % FLR__KEY_COUNT];

        if (key->size == size && memcmp(key->text, text, size) == 0) {
            return next % FLR__KEY_COUNT;
        }
    }
    return FLR__KEY_COUNT;
}

/* ---- values of keys ---- */

static int read_in_range(draft *d, int64_t least, int64_t most, int64_t *number)
{
    int status = flr__read_int(&d->r, number);

    if (status == 0 && (*number < least || *number > most)) {
        status = flr__read_corrupt(&d->r, d->r.item, "a number out of its range");
    }
    return status;
}

static int read_time(draft *d)
{
    int status = flr__read_real(&d->r, &d->time);

    if (status == 0 && !flr__frame_time_is_valid(d->time)) {
        status = flr__read_corrupt(&d->r, d->r.item, "no time: negative, infinite or no number");
    }
    return status;
}

static int read_text(draft *d, size_t i)
{
    int status = flr__read_chars(&d->r, &d->texts.text[i], &d->texts.size[i],
                                 "no text where there must be one");

    if (status == 0 && d->texts.size[i] > FLR_NAME_MAX) {
        status = flr__read_over(&d->r, "a text of more than 255 bytes");
    }
    return status;
}

static int read_map(draft *d, size_t i)
{
    flr__reader *r = &d->r;
    int status = flr__read_need(r, 1);
    size_t begin = r->at;
    unsigned head;

    if (status < 0) {
        return status;
    }
    head = r->data[begin];
    if ((head < 0x80 || head > 0x8f) && head != 0xde && head != 0xdf) {
        return flr__read_corrupt(r, begin, "no map where there must be one");
    }
    status = flr__read_value(r, &d->maps[i]);
    if (status == 0 && i == BODY && flr__map_get(d->maps[i], FLR__STR(HEADERS)) != NULL) {
        status = flr__read_corrupt(r, begin, "a body with the key __headers__");
    }
    return status;
}

static int read_known(draft *d, size_t key)
{
    switch (key) {
    case FLR__KEY_KIND:
        return read_in_range(d, 1, FLR__FRAME_KIND_MAX, &d->kind);
    case FLR__KEY_CODE:
        return read_in_range(d, INT32_MIN, INT32_MAX, &d->code);
    case FLR__KEY_ID:
        return read_in_range(d, 0, INT64_MAX, &d->id);
    case FLR__KEY_TIME:
        return read_time(d);
    case FLR__KEY_PEER:
    case FLR__KEY_EXTRA:
    case FLR__KEY_HEADERS:
    case FLR__KEY_BODY:
        return read_map(d, key - FLR__KEY_PEER);
    default:
        return read_text(d, key - FLR__KEY_JOB);
    }
}

static int read_entries(draft *d, uint64_t entries)
{
    size_t next = 0;
    int status = 0;

    for (; status == 0 && entries > 0; entries--) {
        const char *text = NULL;
        size_t size = 0, key;

        status = flr__read_chars(&d->r, &text, &size, "a key that is no text");
        if (status < 0) {
            return status;
        }
        key = find_key(text, size, next);
        if (key == FLR__KEY_COUNT) {
            status = flr__skip_value(&d->r);
            continue;
        }
        if ((d->seen & UINT32_C(1) << key) != 0) {
            return flr__read_corrupt(&d->r, d->r.item, "a key twice in the header");
        }
        d->seen |= UINT32_C(1) << key;
        status = read_known(d, key);
        next = key + 1;
    }
    return status;
}

static int read_header(draft *d)
{
    uint64_t entries = 0;
    int status = flr__read_map_size(&d->r, &entries);

    if (status == 0) {
        status = read_entries(d, entries);
    }
    if (status == 0) {
        status = flr__read_end(&d->r);
    }
    if (status == 0 && (d->seen & UINT32_C(1) << FLR__KEY_KIND) == 0) {
        status = flr__read_corrupt(&d->r, 0, "a header without a kind");
    }
    return status;
}

/* ---- the envelope ---- */

static int make_message(draft *d, flr_shareable **message)
{
    flr_value *headers = d->maps[HEADERS], *body = d->maps[BODY];
    int status;

    if (headers == NULL && body == NULL) {
        return 0;
    }
    status = flr__shareable_new_of(headers == NULL ? flr__value_empty_map() : headers,
                                   body == NULL ? flr__value_empty_map() : body, message);
    if (status == 0) {
        d->maps[HEADERS] = d->maps[BODY] = NULL;
    }
    return status;
}

static int make_frame(draft *d, flr_frame **frame)
{
    uint8_t *unused;
    flr_shareable *message = NULL;
    flr_frame *f = flr__frame_new(&d->texts, 1, 0, &unused);
    int status = f == NULL ? FLR_E_NOMEM : make_message(d, &message);

    if (status < 0) {
        flr_frame_unref(f);
        return status;
    }
    f->envelope.kind = (uint32_t)d->kind;
    f->envelope.code = (int32_t)d->code;
    f->envelope.id = d->id;
    f->envelope.time = d->time;
    f->envelope.peer = d->maps[PEER];
    f->envelope.extra = d->maps[EXTRA];
    f->envelope.message = message;
    d->maps[PEER] = d->maps[EXTRA] = NULL;
    *frame = f;
    return 0;
}

static size_t at_most(uint64_t n)
{
    return n > SIZE_MAX ? SIZE_MAX : (size_t)n;
}

int flr__frame_read(const uint8_t *head, const flr__layout *l, flr_blob *whole, size_t start,
                    const flr_frame_limits *limits, flr_frame **frame, flr__fault *fault)
{
    const flr__segments segments = {
        .whole = whole, .table = head + FLR_FRAME_PREFIX, .start = start, .count = l->count};
    const flr__decode_limits most = {at_most(limits->depth), at_most(limits->count),
                                     FLR_VALUE_MAX_TEXT, SIZE_MAX};
    size_t at = l->head - l->header;
    draft d;
    int status;

    d.kind = d.code = d.id = 0;
    d.time = 0.0;
    d.texts = (flr__frame_texts){{NULL}, {0}};
    memset(d.maps, 0, sizeof d.maps);
    d.seen = 0;
    flr__reader_init(&d.r, head + at, l->header, &segments, &most);
    status = read_header(&d);
    if (status == FLR_E_CORRUPT || status == FLR_E_LIMIT) {
        fault->offset = at + d.r.bad;
        fault->reason = d.r.reason;
    }
    if (status == 0) {
        status = make_frame(&d, frame);
    }
    if (status == 0) {
        (*frame)->size = l->size;
    }
    release_maps(&d);
    return status;
}

/* ---- a frame in one piece ---- */

static int decode(flr_blob *bytes, const flr_frame_limits *limits, flr_frame **frame,
                  flr__fault *fault)
{
    const uint8_t *data = flr_blob_get_data(bytes);
    size_t size = flr_blob_get_size(bytes);
    flr__layout l;
    flr_frame *f;
    int status = flr__layout_read(data, size, limits, &l, fault);

    if (status == 0 && size < FLR_FRAME_PREFIX) {
        status = flr__frame_corrupt(fault, size, "fewer bytes than a prefix has");
    }
    if (status == 0 && size < l.size) {
        status = flr__frame_corrupt(fault, size, "fewer bytes than the frame has");
    }
    if (status == 0 && size > l.size) {
        status = flr__frame_corrupt(fault, l.size, "bytes after the frame");
    }
    if (status == 0) {
        status = flr__layout_check_head(data, &l, fault);
    }
    if (status == 0) {
        status = flr__layout_check_gaps(data, data + l.start, &l, fault);
    }
    if (status == 0) {
        status = flr__frame_read(data, &l, bytes, 0, limits, &f, fault);
    }
    if (status == 0) {
        f->head = data;
        f->head_size = size;
        f->bytes = flr_blob_ref(bytes);
        *frame = f;
    }
    return status;
}

int flr_frame_decode(flr_blob *bytes, const flr_frame_limits *limits, flr_frame **frame,
                     flr_frame_fault *fault)
{
    flr__fault found = {0, ""};
    flr_frame_limits most;
    flr_frame_fault known;
    int status;

    if (bytes == NULL || frame == NULL) {
        return FLR_E_INVAL;
    }
    status = flr__limits_import(&most, limits);
    if (status == 0 && fault != NULL) {
        status = flr__abi_import(&known, sizeof known, fault, sizeof known, 0);
    }
    if (status < 0) {
        return status;
    }
    status = decode(bytes, &most, frame, &found);
    if (fault != NULL) {
        fault->offset = found.offset;
        fault->reason = found.reason;
    }
    return status;
}
