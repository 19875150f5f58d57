/*
 * Frames: encoding an envelope, references, and the bytes as parts. No lock: a frame does not change
 * once it is made, its count is atomic.
 */
#include "wire/frame.h"

#include "base/abi.h"
#include "base/text.h"
#include "data/msgpack.h"
#include <math.h>
#include <string.h>

const flr__frame_key flr__frame_keys[FLR__KEY_COUNT] = {
    [FLR__KEY_KIND] = {"kind", 4},       [FLR__KEY_CODE] = {"code", 4},
    [FLR__KEY_ID] = {"id", 2},           [FLR__KEY_TIME] = {"time", 4},
    [FLR__KEY_JOB] = {"job", 3},         [FLR__KEY_CLIENT] = {"client", 6},
    [FLR__KEY_TOPIC] = {"topic", 5},     [FLR__KEY_TASK] = {"task", 4},
    [FLR__KEY_TASK_ID] = {"task_id", 7}, [FLR__KEY_PEER] = {"peer", 4},
    [FLR__KEY_EXTRA] = {"extra", 5},     [FLR__KEY_HEADERS] = {"headers", 7},
    [FLR__KEY_BODY] = {"body", 4},
};

static const char nothing[] = "";

void flr_envelope_init(flr_envelope *envelope, size_t size)
{
    flr__abi_init(envelope, size);
}

bool flr__frame_time_is_valid(double time)
{
    return isfinite(time) && time >= 0.0;
}

/* ---- making and releasing ---- */

flr_frame *flr__frame_new(const flr__frame_texts *texts, size_t stretches, size_t size,
                          uint8_t **bytes)
{
    const char *copies[FLR__FRAME_TEXTS];
    size_t total = sizeof(flr_frame), array, text_size = 0;
    flr_frame *f;
    char *to;

    for (size_t i = 0; i < FLR__FRAME_TEXTS; i++) {
        text_size += texts->size[i] == 0 ? 0 : texts->size[i] + 1;
    }
    if (!flr__size_mul(stretches, sizeof f->stretches[0], &array) ||
        !flr__size_add(total, array, &total) || !flr__size_add(total, text_size, &total) ||
        !flr__size_add(total, size, &total) || (f = flr__alloc(total)) == NULL) {
        return NULL;
    }
    memset(f, 0, sizeof *f);
    atomic_init(&f->refs, 1);
    to = (char *)f + sizeof *f + array;
    for (size_t i = 0; i < FLR__FRAME_TEXTS; i++) {
        copies[i] = nothing;
        if (texts->size[i] > 0) {
            copies[i] = memcpy(to, texts->text[i], texts->size[i]);
            to[texts->size[i]] = '\0';
            to += texts->size[i] + 1;
        }
    }
    flr_envelope_init(&f->envelope, sizeof f->envelope);
    f->envelope.job = copies[0];
    f->envelope.client = copies[1];
    f->envelope.topic = copies[2];
    f->envelope.task = copies[3];
    f->envelope.task_id = copies[4];
    *bytes = (uint8_t *)to;
    return f;
}

flr_frame *flr_frame_ref(const flr_frame *frame)
{
    flr_frame *f = (flr_frame *)frame;

    if (f != NULL) {
        atomic_fetch_add_explicit(&f->refs, 1, memory_order_relaxed);
    }
    return f;
}

void flr_frame_unref(flr_frame *frame)
{
    if (frame == NULL || atomic_fetch_sub_explicit(&frame->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    flr_value_unref((flr_value *)frame->envelope.peer);
    flr_value_unref((flr_value *)frame->envelope.extra);
    flr_shareable_unref((flr_shareable *)frame->envelope.message);
    for (size_t i = 0; i < frame->count; i++) {
        flr_blob_unref(frame->stretches[i].blob);
    }
    flr_blob_unref(frame->bytes);
    flr__free(frame->own_head);
    flr__free(frame);
}

/* ---- encoding ---- */

/* Most headers are shorter than this, and most messages have fewer segments: they are written once. */
enum { SCRATCH_BYTES = 4096, SCRATCH_SEGMENTS = 64 };

static int check_texts(const flr_envelope *e, flr__frame_texts *texts)
{
    const char *const given[FLR__FRAME_TEXTS] = {e->job, e->client, e->topic, e->task, e->task_id};

    for (size_t i = 0; i < FLR__FRAME_TEXTS; i++) {
        texts->text[i] = given[i];
        texts->size[i] = 0;
        if (given[i] != NULL && given[i][0] != '\0') {
            int status = flr__check_name(given[i], FLR_NAME_MAX);

            if (status != 0) {
                return status;
            }
            texts->size[i] = strlen(given[i]);
        }
    }
    return 0;
}

static bool is_map_or_null(const flr_value *v)
{
    return v == NULL || flr_value_get_kind(v) == FLR_VALUE_MAP;
}

static int check_envelope(const flr_envelope *e, flr__frame_texts *texts)
{
    if (e->kind == 0 || e->kind > FLR__FRAME_KIND_MAX || e->id < 0 ||
        !flr__frame_time_is_valid(e->time) || !is_map_or_null(e->peer) ||
        !is_map_or_null(e->extra)) {
        return FLR_E_INVAL;
    }
    return check_texts(e, texts);
}

static void put_key(flr__writer *w, size_t key)
{
    flr__put_text(w, flr__frame_keys[key].text, flr__frame_keys[key].size);
}

static int put_map(flr__writer *w, size_t key, const flr_value *map)
{
    if (map == NULL) {
        return 0;
    }
    put_key(w, key);
    return flr__put_tree(w, map);
}

static size_t count_keys(const flr_envelope *e, const flr__frame_texts *texts)
{
    size_t count = 1;

    count += e->code != 0;
    count += e->id != 0;
    count += e->time != 0.0;
    for (size_t i = 0; i < FLR__FRAME_TEXTS; i++) {
        count += texts->size[i] > 0;
    }
    count += e->peer != NULL;
    count += e->extra != NULL;
    return count + (e->message != NULL ? 2 : 0);
}

/* The header. FLR_E_INVAL, FLR_E_LIMIT. */
static int put_header(flr__writer *w, const flr_envelope *e, const flr__frame_texts *texts)
{
    int status;

    flr__put_map(w, count_keys(e, texts));
    put_key(w, FLR__KEY_KIND);
    flr__put_int(w, e->kind);
    if (e->code != 0) {
        put_key(w, FLR__KEY_CODE);
        flr__put_int(w, e->code);
    }
    if (e->id != 0) {
        put_key(w, FLR__KEY_ID);
        flr__put_int(w, e->id);
    }
    if (e->time != 0.0) {
        put_key(w, FLR__KEY_TIME);
        flr__put_real(w, e->time);
    }
    for (size_t i = 0; i < FLR__FRAME_TEXTS; i++) {
        if (texts->size[i] > 0) {
            put_key(w, FLR__KEY_JOB + i);
            flr__put_text(w, texts->text[i], texts->size[i]);
        }
    }
    status = put_map(w, FLR__KEY_PEER, e->peer);
    if (status == 0) {
        status = put_map(w, FLR__KEY_EXTRA, e->extra);
    }
    if (status == 0) {
        status = put_map(w, FLR__KEY_HEADERS, flr_shareable_get_headers(e->message));
    }
    if (status == 0) {
        status = put_map(w, FLR__KEY_BODY, flr_shareable_get_body(e->message));
    }
    return status == 0 && w->overflow ? FLR_E_LIMIT : status;
}

/* What the sizes come to; FLR_E_LIMIT. */
static int lay_out(const flr__writer *w, flr__layout *l)
{
    size_t table;

    if (w->size > UINT32_MAX || w->count > UINT32_MAX ||
        !flr__size_mul(w->count, FLR__FRAME_ENTRY, &table) ||
        !flr__size_add(table, FLR_FRAME_PREFIX, &table) ||
        !flr__size_add(table, w->size, &l->head)) {
        return FLR_E_LIMIT;
    }
    l->header = w->size;
    l->count = w->count;
    l->size = l->head;
    return 0;
}

/* Write the table and give each segment its place. FLR_E_LIMIT. */
static int place_segments(flr_frame *f, uint8_t *head, flr_blob *const *blobs, flr__layout *l)
{
    for (size_t i = 0; i < l->count; i++) {
        size_t offset, size = flr_blob_get_size(blobs[i]);

        if (!flr__frame_align(l->size, &offset) || !flr__size_add(offset, size, &l->size)) {
            return FLR_E_LIMIT;
        }
        flr__layout_write_entry(head, i, offset, size);
        f->stretches[i] = (flr__stretch){offset, flr_blob_ref(blobs[i])};
        f->count++;
    }
    return 0;
}

/* The header is in w, or only counted: then it is written again. */
static int fill(flr_frame *f, uint8_t *head, const flr__writer *w, const flr_envelope *e,
                const flr__frame_texts *texts, flr__layout *l)
{
    uint8_t *header = head + l->head - l->header;
    flr_blob **blobs = w->blobs;
    int status = 0;

    if (w->size <= w->room) {
        memcpy(header, w->data, w->size);
    }
    if (w->size > w->room || w->count > w->blob_room) {
        flr__writer again = {.data = header, .room = l->header, .inline_max = w->inline_max};

        if (w->count > w->blob_room) {
            blobs = flr__alloc_array(w->count, sizeof blobs[0]);
            if (blobs == NULL) {
                return FLR_E_NOMEM;
            }
        }
        again.blobs = blobs;
        again.blob_room = w->count;
        (void)put_header(&again, e, texts);
    }
    status = place_segments(f, head, blobs, l);
    if (blobs != w->blobs) {
        flr__free(blobs);
    }
    return status;
}

static void hold_envelope(flr_frame *f, const flr_envelope *e)
{
    f->envelope.kind = e->kind;
    f->envelope.code = e->code;
    f->envelope.id = e->id;
    f->envelope.time = e->time;
    f->envelope.peer = flr_value_ref(e->peer);
    f->envelope.extra = flr_value_ref(e->extra);
    f->envelope.message = flr_shareable_ref(e->message);
}

int flr_frame_encode(const flr_envelope *envelope, flr_frame **frame)
{
    uint8_t bytes[SCRATCH_BYTES], *head;
    flr_blob *blobs[SCRATCH_SEGMENTS];
    flr__writer w = {.data = bytes,
                     .room = sizeof bytes,
                     .blobs = blobs,
                     .blob_room = SCRATCH_SEGMENTS,
                     .inline_max = FLR_FRAME_SEGMENT};
    flr__frame_texts texts;
    flr_envelope e;
    flr__layout l;
    flr_frame *f;
    int status;

    if (frame == NULL) {
        return FLR_E_INVAL;
    }
    status = flr__abi_import(&e, sizeof e, envelope, sizeof e, 0);
    if (status == 0) {
        status = check_envelope(&e, &texts);
    }
    if (status == 0) {
        status = put_header(&w, &e, &texts);
    }
    if (status == 0) {
        status = lay_out(&w, &l);
    }
    if (status != 0) {
        return status;
    }
    f = flr__frame_new(&texts, l.count, l.head, &head);
    if (f == NULL) {
        return FLR_E_NOMEM;
    }
    status = fill(f, head, &w, &e, &texts, &l);
    if (status != 0) {
        flr_frame_unref(f);
        return status;
    }
    flr__layout_write(head, &l);
    hold_envelope(f, &e);
    f->head = head;
    f->head_size = l.head;
    f->size = l.size;
    *frame = f;
    return 0;
}

/* ---- reading a frame ---- */

size_t flr_frame_get_size(const flr_frame *frame)
{
    return frame == NULL ? 0 : frame->size;
}

int flr_frame_get_envelope(const flr_frame *frame, flr_envelope *envelope)
{
    flr_envelope known;
    int status;

    if (frame == NULL) {
        return FLR_E_INVAL;
    }
    status = flr__abi_import(&known, sizeof known, envelope, sizeof known, 0);
    if (status != 0) {
        return status;
    }
    known = frame->envelope;
    known.struct_size = envelope->struct_size;
    memcpy(envelope, &known, sizeof known);
    return 0;
}

/* Where an array of parts is filled. */
typedef struct part_list {
    const void **data;
    size_t *sizes;
    size_t count, max;
    size_t at; /* the next byte that is wanted */
} part_list;

/* `size` bytes from offset on, of which those before at are not wanted. */
static void add_part(part_list *list, const void *data, size_t offset, size_t size)
{
    size_t skip = list->at - offset;

    if (skip >= size || list->count == list->max) {
        return;
    }
    list->data[list->count] = (const uint8_t *)data + skip;
    list->sizes[list->count] = size - skip;
    list->count++;
    list->at = offset + size;
}

/* The first stretch that ends after the offset. */
static size_t find_stretch(const flr_frame *f, size_t offset)
{
    size_t low = 0, high = f->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const flr__stretch *s = &f->stretches[middle];

        if (s->offset + flr_blob_get_size(s->blob) > offset) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

size_t flr_frame_get_parts(const flr_frame *frame, size_t offset, const void **data, size_t *sizes,
                           size_t max)
{
    static const uint8_t zeros[FLR__FRAME_ALIGN];
    part_list list = {data, sizes, 0, max, offset};

    if (frame == NULL || data == NULL || sizes == NULL || offset >= frame->size) {
        return 0;
    }
    if (offset < frame->head_size) {
        add_part(&list, frame->head, 0, frame->head_size);
    }
    for (size_t i = find_stretch(frame, offset); i < frame->count && list.count < max; i++) {
        const flr__stretch *s = &frame->stretches[i];
        const flr__stretch *last = s - 1;
        size_t end = i == 0 ? frame->head_size : last->offset + flr_blob_get_size(last->blob);

        if (list.at < s->offset) {
            add_part(&list, zeros, end, s->offset - end);
        }
        add_part(&list, flr_blob_get_data(s->blob), s->offset, flr_blob_get_size(s->blob));
    }
    return list.count;
}

int flr_frame_copy(const flr_frame *frame, void *buffer, size_t size)
{
    enum { AT_ONCE = 16 };
    const void *data[AT_ONCE];
    size_t sizes[AT_ONCE], count, at = 0;

    if (frame == NULL || buffer == NULL) {
        return FLR_E_INVAL;
    }
    if (size < frame->size) {
        return FLR_E_LIMIT;
    }
    while ((count = flr_frame_get_parts(frame, at, data, sizes, AT_ONCE)) > 0) {
        for (size_t i = 0; i < count; i++) {
            memcpy((uint8_t *)buffer + at, data[i], sizes[i]);
            at += sizes[i];
        }
    }
    return 0;
}
