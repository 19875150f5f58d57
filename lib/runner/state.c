/*
 * Saved state: taking it, handing it to persist, returning to it. Rows PS-01 to PS-06. One save or persist at a time (the turnstile
 * `saving`); requests do not wait for it. lib/store/state.c makes bytes of it.
 *
 * The head is a map: `job`, `index`, `begun` (runs), `secret` (bytes) and `entries`, a list of maps `kind` (1 component, 2 controller, 3 communicator), `id`,
 * `state`, in the order of the components.
 */
#include "base/abi.h"
#include "runner/internal.h"
#include "store/state.h"
#include <string.h>

/* ---------------------------------------------------------------- taking one */

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
    flr_context *context = flr__context_new(&r->site);
    int status = context == NULL ? FLR_E_NOMEM : flr_value_new_list(&entries);
    for (size_t i = 0; status == 0 && i < r->site.components.count; i++)
        status = save_entry(r, context, r->site.components.items[i], &entries);
    flr__context_free(context);
    if (status == 0)
        status = describe(r, entries, &head);
    flr_value_unref(entries);
    if (status == 0)
        status = flr__state_new(head, out);
    flr_value_unref(head);
    return status;
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
    if (job == NULL || index < 0 || flr_value_get_int(flr_map_get(head, "begun"), -1) < 0 ||
        flr_value_get_kind(entries) != FLR_VALUE_LIST ||
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

/* The tree holds its bytes. */
static int read_copy(const void *data, size_t size, flr_value **head)
{
    flr_blob *whole;
    int status = flr_blob_new_copy(data, size, &whole);
    if (status != 0)
        return status;
    status = flr__state_read(whole, head);
    flr_blob_unref(whole);
    return status;
}

bool flr__runner_is_restored(const flr_runner *r)
{
    return atomic_load(&((flr_runner *)r)->restored);
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
    int status = read_copy(data, size, &head);
    if (status == 0)
        status = check_head(runner, head);
    if (status == 0)
        status = restore_components(runner, flr_map_get(head, "entries"));
    if (status == 0) {
        memcpy(runner->secret, flr_blob_get_data(flr_value_get_blob(flr_map_get(head, "secret"))),
               sizeof runner->secret);
        atomic_store(&runner->index, (size_t)flr_value_get_int(flr_map_get(head, "index"), 0));
        atomic_store(&runner->begun, (uint64_t)flr_value_get_int(flr_map_get(head, "begun"), 0));
        atomic_store(&runner->restored, true);
        atomic_store(&runner->resuming, true);
        atomic_store(&runner->restore_failed, false);
        refuse(runner, 0, "", "");
    }
    flr_value_unref(head);
    return status;
}
