/*
 * Saved state: taking it, handing it to persist, returning to it. Rows PS-01 to PS-06. One save or persist at a time (the turnstile
 * `saving`); requests do not wait for it. The byte layout stands in flrunner/snapshot.h.
 *
 * The head is a map: `job`, `index`, `begun` (runs), `secret` (bytes) and `entries`, a list of maps `kind` (1 component, 2 controller, 3 communicator), `id`,
 * `state`, in the order of the components.
 */
#include "base/abi.h"
#include "data/codec.h"
#include "runner/internal.h"
#include <string.h>

#define FORMAT_VERSION 1
#define FIXED_PART     24 /* magic, version, segments, length of the head */
#define INLINE_MAX     4096

static const char magic[8] = {'F', 'L', 'R', 'S', 'T', 'A', 'T', 'E'};

struct flr_state {
    atomic_size_t refs;
    flr_blob *prefix;
    flr__encoded encoded; /* head, then the segments */
};

/* ---------------------------------------------------------------- the handle */

flr_state *flr_state_ref(const flr_state *state)
{
    flr_state *s = (flr_state *)(uintptr_t)state;
    if (s != NULL)
        atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

void flr_state_unref(flr_state *state)
{
    if (state == NULL || atomic_fetch_sub_explicit(&state->refs, 1, memory_order_acq_rel) != 1)
        return;
    flr_blob_unref(state->prefix);
    flr__encoded_free(&state->encoded);
    flr__free(state);
}

size_t flr_state_get_segment_count(const flr_state *state)
{
    return state == NULL ? 0 : state->encoded.count + 2;
}

static const flr_blob *segment(const flr_state *state, size_t i)
{
    if (i >= flr_state_get_segment_count(state))
        return NULL;
    return i == 0 ? state->prefix : i == 1 ? state->encoded.head : state->encoded.blobs[i - 2];
}

const void *flr_state_get_segment(const flr_state *state, size_t i, size_t *size)
{
    const flr_blob *b = segment(state, i);
    if (size != NULL)
        *size = flr_blob_get_size(b);
    return flr_blob_get_data(b);
}

size_t flr_state_get_size(const flr_state *state)
{
    size_t size = 0;
    for (size_t i = 0; i < flr_state_get_segment_count(state); i++)
        size += flr_blob_get_size(segment(state, i));
    return size;
}

int flr_state_copy(const flr_state *state, void *buffer, size_t size)
{
    unsigned char *to = buffer;
    if (state == NULL || buffer == NULL)
        return FLR_E_INVAL;
    if (size < flr_state_get_size(state))
        return FLR_E_LIMIT;
    for (size_t i = 0; i < flr_state_get_segment_count(state); i++) {
        const flr_blob *b = segment(state, i);
        if (flr_blob_get_size(b) > 0)
            memcpy(to, flr_blob_get_data(b), flr_blob_get_size(b));
        to += flr_blob_get_size(b);
    }
    return 0;
}

/* ---------------------------------------------------------------- taking one */

static void put(uint8_t *to, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        to[i] = (uint8_t)(number >> (8 * i));
}

static uint64_t get(const uint8_t *from, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes; i++)
        number |= (uint64_t)from[i] << (8 * i);
    return number;
}

static int make_prefix(flr_state *s)
{
    void *bytes;
    size_t lengths = FIXED_PART + 8 * s->encoded.count;
    int status = flr_blob_new(lengths + 8, &s->prefix, &bytes);
    if (status < 0)
        return status;
    uint8_t *p = bytes;
    memcpy(p, magic, sizeof magic);
    put(p + 8, FORMAT_VERSION, 4);
    put(p + 12, s->encoded.count, 4);
    put(p + 16, flr_blob_get_size(s->encoded.head), 8);
    uint32_t crc =
        flr__crc32c(0, flr_blob_get_data(s->encoded.head), flr_blob_get_size(s->encoded.head));
    for (size_t i = 0; i < s->encoded.count; i++) {
        put(p + FIXED_PART + 8 * i, flr_blob_get_size(s->encoded.blobs[i]), 8);
        crc = flr__crc32c(crc, flr_blob_get_data(s->encoded.blobs[i]),
                          flr_blob_get_size(s->encoded.blobs[i]));
    }
    put(p + lengths, flr__crc32c(0, p, lengths), 4);
    put(p + lengths + 4, crc, 4);
    return 0;
}

/* One component's entry, if it saves. */
static int save_entry(flr_runner *r, flr_context *context, const flr__component *c,
                      flr_value **entries)
{
    flr_value *state = NULL, *entry = NULL;
    flr__host_frame frame;
    if (c->ops.save == NULL)
        return 0;
    flr__context_clear(context);
    flr__host_enter(&frame, FLR__HOST_PERSIST, &r->site, c);
    int status = flr__callback_status(c->ops.save(c->self, context, &state));
    flr__host_leave(&frame);
    if (status < 0) {
        flr__log_failure(r, context, FLR_LOG_ERROR, "saving a component", status);
        flr_value_unref(state);
        return status;
    }
    if (state == NULL)
        state = flr__value_nil();
    status = flr_value_new_map(&entry);
    if (status == 0)
        status = flr_map_set_int(&entry, "kind", c->kind);
    if (status == 0)
        status = flr_map_set_text(&entry, "id", c->id->text);
    if (status == 0 && (status = flr_map_set(&entry, "state", state)) == 0)
        state = NULL;
    if (status == 0 && (status = flr_list_add(entries, entry)) == 0)
        entry = NULL;
    flr_value_unref(state);
    flr_value_unref(entry);
    return status;
}

static int describe(flr_runner *r, flr_value *entries, flr_value **out)
{
    flr_value *head = NULL, *secret = NULL;
    flr_blob *bytes = NULL;
    int status = flr_value_new_map(&head);
    if (status == 0)
        status = flr_blob_new_copy(r->secret, sizeof r->secret, &bytes);
    if (status == 0)
        status = flr_value_new_bytes(bytes, &secret);
    if (status == 0)
        status = flr_map_set_text(&head, "job", r->site.job->text);
    if (status == 0)
        status = flr_map_set_int(&head, "index", (int64_t)atomic_load(&r->index));
    if (status == 0)
        status = flr_map_set_int(&head, "begun", (int64_t)atomic_load(&r->begun));
    if (status == 0 && (status = flr_map_set(&head, "secret", secret)) == 0)
        secret = NULL;
    if (status == 0) {
        status = flr_map_set(&head, "entries", flr_value_ref(entries));
        if (status < 0)
            flr_value_unref(entries);
    }
    if (status < 0) {
        flr_value_unref(head);
        head = NULL;
    }
    flr_value_unref(secret);
    flr_blob_unref(bytes);
    *out = head;
    return status;
}

/* With `saving` taken. */
static int take_state(flr_runner *r, flr_state **out)
{
    flr_value *entries = NULL, *head = NULL;
    flr_state *s = NULL;
    flr_context *context = flr__context_new(&r->site);
    int status = context == NULL ? FLR_E_NOMEM : flr_value_new_list(&entries);
    for (size_t i = 0; status == 0 && i < r->site.components.count; i++)
        status = save_entry(r, context, r->site.components.items[i], &entries);
    flr__context_free(context);
    if (status == 0)
        status = describe(r, entries, &head);
    flr_value_unref(entries);
    if (status == 0 && (s = flr__zalloc(sizeof *s)) == NULL)
        status = FLR_E_NOMEM;
    if (status == 0) {
        atomic_init(&s->refs, 1);
        status = flr__encode(head, INLINE_MAX, &s->encoded);
        if (status < 0) {
            flr__free(s);
            s = NULL;
        }
    }
    flr_value_unref(head);
    if (status == 0)
        status = make_prefix(s);
    if (status < 0) {
        flr_state_unref(s);
        return status;
    }
    *out = s;
    return 0;
}

int flr_runner_save(flr_runner *runner, flr_state **state)
{
    if (runner == NULL || state == NULL)
        return FLR_E_INVAL;
    if (flr__host_inside(FLR__HOST_PERSIST, &runner->site, NULL))
        return FLR_E_REENTRANT;
    flr__runner_ref(runner); /* a callback may drop the host's reference */
    flr__turnstile_enter(&runner->saving);
    int status = take_state(runner, state);
    flr__turnstile_leave(&runner->saving);
    flr__runner_unref(runner);
    return status;
}

int flr__runner_persist_completed(flr_runner *r, bool completed)
{
    flr_state *state;
    flr__host_frame frame;
    if (r->site.engine.persist == NULL)
        return 0;
    if (flr__host_inside(FLR__HOST_PERSIST, &r->site, NULL))
        return FLR_E_REENTRANT;
    flr__turnstile_enter(
        &r->saving); /* so that persist sees the states in the order in which they were taken */
    int status = take_state(r, &state);
    if (status == 0) {
        flr__host_enter(&frame, FLR__HOST_PERSIST, &r->site, NULL);
        status =
            flr__callback_status(r->site.engine.persist(r->site.engine_self, state, completed));
        flr__host_leave(&frame);
        flr_state_unref(state);
        flr__runner_count(r, status < 0 ? FLR__COUNTER(engine_failures) : FLR__COUNTER(persists));
    }
    flr__turnstile_leave(&r->saving);
    if (status < 0)
        flr__site_log(&r->site, FLR_LOG_ERROR, "persist failed: %s", flr_status_get_name(status));
    return status;
}

int flr_runner_persist(flr_runner *runner)
{
    if (runner == NULL)
        return FLR_E_INVAL;
    flr__runner_ref(runner);
    int status = flr__runner_persist_completed(runner, false);
    flr__runner_unref(runner);
    return status;
}

/* ---------------------------------------------------------------- returning to one */

/* Checks the prefix; cuts the segments out of `whole`. *head: the MessagePack part. */
static int cut(flr_blob *whole, flr_blob ***segments, size_t *count, const uint8_t **head,
               size_t *head_size)
{
    const uint8_t *p = flr_blob_get_data(whole);
    size_t size = flr_blob_get_size(whole);
    if (size < FIXED_PART + 8 || memcmp(p, magic, sizeof magic) != 0)
        return FLR_E_CORRUPT;
    uint64_t n = get(p + 12, 4);
    if (n > (size - FIXED_PART - 8) / 8)
        return FLR_E_CORRUPT;
    size_t lengths = FIXED_PART + 8 * (size_t)n, at = lengths + 8;
    if (get(p + lengths, 4) != flr__crc32c(0, p, lengths))
        return FLR_E_CORRUPT;
    if (get(p + 8, 4) != FORMAT_VERSION)
        return get(p + 8, 4) > FORMAT_VERSION ? FLR_E_NOTSUP : FLR_E_CORRUPT;
    if (get(p + lengths + 4, 4) != flr__crc32c(0, p + at, size - at))
        return FLR_E_CORRUPT;
    uint64_t length = get(p + 16, 8);
    if (length > size - at)
        return FLR_E_CORRUPT;
    *head = p + at;
    *head_size = (size_t)length;
    at += (size_t)length;
    flr_blob **list = flr__zalloc_array(n > 0 ? (size_t)n : 1, sizeof(flr_blob *));
    if (list == NULL)
        return FLR_E_NOMEM;
    *segments = list;
    *count = (size_t)n;
    for (size_t i = 0; i < *count; i++) {
        length = get(p + FIXED_PART + 8 * i, 8);
        if (length > size - at)
            return FLR_E_CORRUPT;
        int status = flr_blob_new_slice(whole, at, (size_t)length, &list[i]);
        if (status < 0)
            return status;
        at += (size_t)length;
    }
    return at == size ? 0 : FLR_E_CORRUPT;
}

static int parse(const void *data, size_t size, flr_value **head)
{
    static const flr__decode_limits limits = {FLR_VALUE_MAX_DEPTH, FLR_VALUE_MAX_COUNT,
                                              FLR_VALUE_MAX_TEXT, SIZE_MAX};
    flr_blob *whole, **segments = NULL;
    const uint8_t *bytes = NULL;
    size_t count = 0, head_size = 0, offset;
    int status = flr_blob_new_copy(data, size, &whole);
    if (status < 0)
        return status;
    status = cut(whole, &segments, &count, &bytes, &head_size);
    if (status == 0)
        status = flr__decode(bytes, head_size, segments, count, &limits, head, &offset);
    for (size_t i = 0; i < count; i++)
        flr_blob_unref(segments[i]);
    flr__free(segments);
    flr_blob_unref(whole);
    return status;
}

static const flr_value *entry_of(const flr_value *entries, const flr__component *c)
{
    for (size_t i = 0; i < flr_value_get_size(entries); i++) {
        const flr_value *entry = flr_list_get(entries, i);
        if (flr_value_get_int(flr_map_get(entry, "kind"), 0) == (int64_t)c->kind &&
            strcmp(flr_value_get_text(flr_map_get(entry, "id"), ""), c->id->text) == 0)
            return entry;
    }
    return NULL;
}

static int refuse(flr_runner *r, int status, const char *what, const char *which)
{
    flr__mutex_lock(&r->answer_lock);
    r->detail[0] = '\0';
    strncat(r->detail, what, sizeof r->detail - 1);
    strncat(r->detail, which, sizeof r->detail - 1 - strlen(r->detail));
    flr__mutex_unlock(&r->answer_lock);
    return status;
}

/* Every entry has its component, and every component that restores its entry. */
static int match_entries(flr_runner *r, const flr_value *entries)
{
    const flr__components *cs = &r->site.components;
    if (r->settings.allow_state_mismatch)
        return 0;
    for (size_t i = 0; i < cs->count; i++)
        if (cs->items[i]->ops.restore != NULL && entry_of(entries, cs->items[i]) == NULL)
            return refuse(r, FLR_E_NOTFOUND, "the saved state has no entry for the component ",
                          cs->items[i]->id->text);
    for (size_t i = 0; i < flr_value_get_size(entries); i++) {
        const flr_value *entry = flr_list_get(entries, i);
        const char *id = flr_value_get_text(flr_map_get(entry, "id"), "");
        int64_t kind = flr_value_get_int(flr_map_get(entry, "kind"), 0);
        const flr__component *c =
            kind < FLR__COMPONENT || kind > FLR__COMMUNICATOR
                ? NULL
                : flr__components_find(cs, id, (enum flr__component_kind)kind);
        if (c == NULL) /* one that only saves has its entry, and does not want it */
            return refuse(r, FLR_E_NOTFOUND, "there is no component for the saved state of ", id);
    }
    return 0;
}

/* PS-03: all of it is checked before anything changes. */
static int check_head(flr_runner *r, const flr_value *head)
{
    const flr_blob *secret = flr_value_get_blob(flr_map_get(head, "secret"));
    const char *job = flr_value_get_text(flr_map_get(head, "job"), NULL);
    const flr_value *entries = flr_map_get(head, "entries");
    int64_t index = flr_value_get_int(flr_map_get(head, "index"), -1);
    if (job == NULL || index < 0 || flr_value_get_int(flr_map_get(head, "begun"), -1) < 0 || flr_value_get_kind(entries) != FLR_VALUE_LIST ||
        flr_blob_get_size(secret) != sizeof r->secret)
        return FLR_E_CORRUPT;
    if (strcmp(job, r->site.job->text) != 0)
        return refuse(r, FLR_E_INVAL, "the saved state is of another job: ", job);
    if ((uint64_t)index > r->workflow_count)
        return refuse(r, FLR_E_INVAL, "the saved state has more workflows than this run", "");
    return match_entries(r, entries);
}

static int restore_components(flr_runner *r, const flr_value *entries)
{
    flr_context *context = flr__context_new(&r->site);
    int status = context == NULL ? FLR_E_NOMEM : 0;
    for (size_t i = 0; status == 0 && i < r->site.components.count; i++) {
        const flr__component *c = r->site.components.items[i];
        const flr_value *entry = c->ops.restore == NULL ? NULL : entry_of(entries, c);
        flr__host_frame frame;
        if (entry == NULL)
            continue;
        flr__context_clear(context);
        flr__host_enter(&frame, FLR__HOST_PERSIST, &r->site, c);
        status =
            flr__callback_status(c->ops.restore(c->self, context, flr_map_get(entry, "state")));
        flr__host_leave(&frame);
        if (status < 0) {
            atomic_store(&r->restore_failed, true);
            refuse(r, status, flr_context_get_detail(context), "");
            flr__log_failure(r, context, FLR_LOG_ERROR, "restoring a component", status);
        }
    }
    flr__context_free(context);
    return status;
}

int flr_runner_restore(flr_runner *runner, const void *data, size_t size)
{
    flr_value *head = NULL;
    if (runner == NULL)
        return FLR_E_INVAL;
    if (atomic_load(&runner->mode) != FLR__MODE_NONE)
        return FLR_E_STATE;
    if (data == NULL || size == 0)
        return FLR_E_NOTFOUND;
    int status = parse(data, size, &head);
    if (status == 0)
        status = check_head(runner, head);
    if (status == 0)
        status = restore_components(runner, flr_map_get(head, "entries"));
    if (status == 0) {
        memcpy(runner->secret, flr_blob_get_data(flr_value_get_blob(flr_map_get(head, "secret"))),
               sizeof runner->secret);
        atomic_store(&runner->index, (size_t)flr_value_get_int(flr_map_get(head, "index"), 0));
        atomic_store(&runner->begun,
                     (uint64_t)flr_value_get_int(flr_map_get(head, "begun"), 0));
        atomic_store(&runner->restore_failed, false);
        refuse(runner, 0, "", "");
    }
    flr_value_unref(head);
    return status;
}
