/*
 * The file store: states in two generations, under a lock file. A new state is written beside them and renamed into place; the one before was renamed to be
 * the previous one just before that. So at any moment the newest or the previous file is whole, and what a save that returned left is the newest.
 *
 * The store's lock guards all but what is constant, and lets one call at a time use the directory.
 */
#include "store/store.h"

#include "base/abi.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_MAX (UINT64_C(4) << 30)

static const char newest[] = ".flr", previous[] = ".previous.flr", damaged[] = ".damaged.flr";

/* ---- life ---- */

void flr_file_store_options_init(flr_file_store_options *options, size_t size)
{
    if (options == NULL) {
        return;
    }
    flr__abi_init(options, size);
    options->name = "state";
    options->max_size = DEFAULT_MAX;
}

int flr__check_file_name(const char *name)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

    int status = flr__check_name(name, FLR__FILE_NAME_MAX);

    if (status != 0) {
        return status;
    }
    return name[0] != '.' && name[strspn(name, allowed)] == '\0' ? 0 : FLR_E_INVAL;
}

void flr__store_name(char path[FLR__FILE_PATH_MAX], const char *name, const char *ending)
{
    snprintf(path, FLR__FILE_PATH_MAX, "%s%s", name, ending);
}

/* A name whose newest generation would be another generation of a store beside it. */
static bool is_taken(const char *name)
{
    static const char *const endings[] = {".previous", ".damaged"};
    size_t size = strlen(name);

    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t length = strlen(endings[i]);

        if (size >= length && strcmp(name + size - length, endings[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void release(flr_file_store *s)
{
    flr__file_unlock(&s->held);
    flr__directory_close(&s->directory);
    flr__mutex_destroy(&s->lock);
    flr__free(s->path);
    flr__free(s->name);
    flr__free(s);
}

int flr_file_store_new(const flr_file_store_options *options, flr_file_store **store)
{
    flr_file_store_options o;
    flr_file_store *s;
    int status = store == NULL ? FLR_E_INVAL : flr__abi_import(&o, sizeof o, options, sizeof o, 0);

    if (status == 0 && (o.directory == NULL || o.directory[0] == '\0' || o.max_size == 0)) {
        status = FLR_E_INVAL;
    }
    if (status == 0) {
        status = flr__check_file_name(o.name);
    }
    if (status == 0 && is_taken(o.name)) {
        status = FLR_E_INVAL;
    }
    if (status != 0) {
        return status;
    }
    s = flr__zalloc(sizeof *s);
    if (s == NULL || flr__mutex_init(&s->lock, FLR__RANK_STORE) != 0) {
        flr__free(s);
        return FLR_E_NOMEM;
    }
    atomic_init(&s->refs, 1);
    s->path = flr__strdup(o.directory);
    s->name = flr__strdup(o.name);
    s->max_size = o.max_size;
    s->directory.fd = s->held = -1;
    if (s->path == NULL || s->name == NULL) {
        release(s);
        return FLR_E_NOMEM;
    }
    *store = s;
    return 0;
}

flr_file_store *flr_file_store_ref(flr_file_store *store)
{
    if (store != NULL) {
        atomic_fetch_add_explicit(&store->refs, 1, memory_order_relaxed);
    }
    return store;
}

void flr_file_store_unref(flr_file_store *store)
{
    if (store != NULL && atomic_fetch_sub_explicit(&store->refs, 1, memory_order_acq_rel) == 1) {
        release(store);
    }
}

/* ---- every call ---- */

static void forget_why(flr_file_store *s)
{
    s->directory.why[0] = '\0';
}

int flr__store_enter(flr_file_store *s) FLR__NO_TSA
{
    flr__mutex_lock(&s->lock);
    forget_why(s);
    if (s->held >= 0) {
        return 0;
    }
    flr__store_say(s, "the store is not open");
    flr__mutex_unlock(&s->lock);
    return FLR_E_STATE;
}

void flr__store_leave(flr_file_store *s) FLR__NO_TSA
{
    flr__mutex_unlock(&s->lock);
}

void flr__store_say(flr_file_store *s, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(s->directory.why, sizeof s->directory.why, format, args);
    va_end(args);
}

int flr__store_refuse(flr_file_store *s, int status, const char *why)
{
    flr__mutex_lock(&s->lock);
    flr__store_say(s, "%s", status == FLR_E_NOMEM ? "out of memory" : why);
    flr__mutex_unlock(&s->lock);
    return status;
}

int flr_file_store_get_detail(flr_file_store *store, char *text, size_t size)
{
    if (store == NULL || text == NULL || size == 0) {
        return FLR_E_INVAL;
    }
    flr__mutex_lock(&store->lock);
    snprintf(text, size, "%s", store->directory.why);
    flr__mutex_unlock(&store->lock);
    return 0;
}

/* ---- opening ---- */

/* [locked] */
static int take_hold(flr_file_store *s)
{
    char path[FLR__FILE_PATH_MAX];
    int status = flr__directory_open(&s->directory, s->path);

    if (status != 0) {
        return status;
    }
    flr__store_name(path, s->name, ".lock");
    status = flr__file_lock(&s->directory, path, &s->held);
    if (status != 0) {
        flr__directory_close(&s->directory);
    }
    return status;
}

int flr_file_store_open(flr_file_store *store)
{
    int status;

    if (store == NULL) {
        return FLR_E_INVAL;
    }
    flr__mutex_lock(&store->lock);
    forget_why(store);
    if (store->held >= 0) {
        flr__store_say(store, "the store is open already");
        status = FLR_E_STATE;
    } else {
        status = take_hold(store);
    }
    flr__mutex_unlock(&store->lock);
    return status;
}

/* ---- loading ---- */

/* [locked] A generation, if it is whole. FLR_E_CORRUPT, FLR_E_NOTSUP and what reading it may give. */
static int read_generation(flr_file_store *s, const char *ending, flr_blob **bytes)
{
    char path[FLR__FILE_PATH_MAX];
    flr_blob *blob;
    int status;

    flr__store_name(path, s->name, ending);
    status = flr__file_read(&s->directory, path, s->max_size, &blob);
    if (status != 0) {
        return status;
    }
    status = flr_state_check(flr_blob_get_data(blob), flr_blob_get_size(blob));
    if (status == 0) {
        *bytes = blob;
        return 0;
    }
    flr_blob_unref(blob);
    if (status == FLR_E_NOTSUP) {
        flr__store_say(s, "%s is of a newer format", path);
        return status;
    }
    flr__store_say(s, "%s is damaged", path); /* an empty one as well */
    return FLR_E_CORRUPT;
}

/* [locked] */
static int read_newest(flr_file_store *s, flr_blob **bytes)
{
    int status = read_generation(s, newest, bytes);

    s->checked = status == 0 || status == FLR_E_NOTFOUND || status == FLR_E_CORRUPT;
    s->damaged = status == FLR_E_CORRUPT;
    return status;
}

/* [locked] The newest one is damaged, or gone by a crash between two renames. */
static int read_previous(flr_file_store *s, int why, flr_blob **bytes)
{
    int status = read_generation(s, previous, bytes);

    if (status == 0) {
        flr__store_say(s, "%s%s is %s: %s%s is used", s->name, newest,
                       why == FLR_E_CORRUPT ? "damaged" : "missing", s->name, previous);
        return 0;
    }
    if (status != FLR_E_NOTFOUND) {
        return status;
    }
    if (why == FLR_E_CORRUPT) {
        flr__store_say(s, "%s%s is damaged, and there is no %s%s", s->name, newest, s->name,
                       previous);
        return FLR_E_CORRUPT;
    }
    flr__store_say(s, "no state was saved");
    return FLR_E_NOTFOUND;
}

int flr_file_store_load(flr_file_store *store, flr_blob **bytes, int *generation)
{
    int status, from = 0;

    if (store == NULL || bytes == NULL) {
        return FLR_E_INVAL;
    }
    status = flr__store_enter(store);
    if (status != 0) {
        return status;
    }
    status = read_newest(store, bytes);
    if (status == FLR_E_CORRUPT || status == FLR_E_NOTFOUND) {
        status = read_previous(store, status, bytes);
        from = 1;
    }
    flr__store_leave(store);
    if (status == 0 && generation != NULL) {
        *generation = from;
    }
    return status;
}

/* ---- saving ---- */

/* [locked] A damaged newest generation must not take the place of a whole previous one. */
static int find_out_damage(flr_file_store *s)
{
    flr_blob *bytes = NULL;
    int status = s->checked ? 0 : read_newest(s, &bytes);

    flr_blob_unref(bytes);
    /* One that cannot be read now is kept like a whole one. */
    return status == FLR_E_NOMEM ? status : 0;
}

/* [locked] The state is in the temporary file: it becomes the newest. */
static int put_in_place(flr_file_store *s, const char *temporary)
{
    char now[FLR__FILE_PATH_MAX], before[FLR__FILE_PATH_MAX];
    int status;

    flr__store_name(now, s->name, newest);
    flr__store_name(before, s->name, s->damaged ? damaged : previous);
    status = flr__file_rename(&s->directory, now, before);
    if (status != 0 && status != FLR_E_NOTFOUND) {
        return status;
    }
    forget_why(s); /* of the newest: that there is none yet, or what is wrong with it */
    if (flr__file_rename(&s->directory, temporary, now) != 0) {
        if (status == 0) {
            flr__file_rename_back(&s->directory, before, now);
        }
        return FLR_E_IO;
    }
    s->checked = true;
    s->damaged = false;
    return flr__directory_sync(&s->directory);
}

/* [locked] */
static int save(flr_file_store *s, const flr__chunk *parts, size_t count)
{
    char temporary[FLR__FILE_PATH_MAX];
    int status = find_out_damage(s);

    flr__store_name(temporary, s->name, ".tmp");
    if (status == 0) {
        status = flr__file_write(&s->directory, temporary, parts, count);
    }
    if (status == 0) {
        status = put_in_place(s, temporary);
        if (status != 0) {
            flr__file_discard(&s->directory, temporary);
        }
    }
    return status;
}

int flr_file_store_save(flr_file_store *store, const flr_state *state)
{
    size_t count = flr_state_get_segment_count(state);
    flr__chunk *parts;
    int status;

    if (store == NULL || state == NULL) {
        return FLR_E_INVAL;
    }
    parts = flr__alloc_array(count, sizeof *parts);
    if (parts == NULL) {
        return flr__store_refuse(store, FLR_E_NOMEM, "");
    }
    for (size_t i = 0; i < count; i++) {
        parts[i].data = flr_state_get_segment(state, i, &parts[i].size);
    }
    status = flr__store_enter(store);
    if (status == 0) {
        status = save(store, parts, count);
        flr__store_leave(store);
    }
    flr__free(parts);
    return status;
}

/* ---- removing ---- */

int flr_file_store_remove(flr_file_store *store)
{
    /* The newest last: a crash on the way leaves no older state in its place. */
    static const char *const endings[] = {damaged, previous, newest};
    int status = store == NULL ? FLR_E_INVAL : flr__store_enter(store);

    if (status != 0) {
        return status;
    }
    for (size_t i = 0; status == 0 && i < sizeof endings / sizeof endings[0]; i++) {
        char path[FLR__FILE_PATH_MAX];

        flr__store_name(path, store->name, endings[i]);
        status = flr__file_remove(&store->directory, path);
    }
    if (status == 0) {
        store->checked = true;
        store->damaged = false;
        status = flr__directory_sync(&store->directory);
    }
    flr__store_leave(store);
    return status;
}
