/* Models in a file store. */
#include "store/safetensors.h"
#include "store/store.h"

#define ENDING ".safetensors"

static const char no_name[] = "the name of the model cannot be that of a file";
static const char no_model[] =
    "a model is a map of text to tensor, and its metadata are one of text to text";

/* [locked] */
static int save(flr_file_store *s, const char *name, const flr__model_bytes *bytes)
{
    char path[FLR__FILE_PATH_MAX], temporary[FLR__FILE_PATH_MAX];
    int status;

    flr__store_name(path, name, ENDING);
    flr__store_name(temporary, s->name, ".tmp");
    status = flr__file_write(&s->directory, temporary, bytes->parts, bytes->count);
    if (status == 0) {
        status = flr__file_rename(&s->directory, temporary, path);
        if (status != 0) {
            flr__file_discard(&s->directory, temporary);
            return status == FLR_E_NOTFOUND ? FLR_E_IO : status;
        }
        status = flr__directory_sync(&s->directory);
    }
    return status;
}

int flr_file_store_save_model(flr_file_store *store, const char *name, const flr_value *model,
                              const flr_value *metadata)
{
    flr__model_bytes bytes;
    int status;

    if (store == NULL || model == NULL) {
        return FLR_E_INVAL;
    }
    status = flr__check_file_name(name);
    if (status != 0) {
        return flr__store_refuse(store, status, no_name);
    }
    status = flr__safetensors_write(model, metadata, &bytes);
    if (status != 0) {
        return flr__store_refuse(store, status, no_model);
    }
    status = flr__store_enter(store);
    if (status == 0) {
        status = save(store, name, &bytes);
        flr__store_leave(store);
    }
    flr__model_bytes_free(&bytes);
    return status;
}

/* [locked] */
static int load(flr_file_store *s, const char *name, flr_value **model, flr_value **metadata)
{
    char path[FLR__FILE_PATH_MAX];
    flr__model_fault fault;
    flr_blob *file;
    int status;

    flr__store_name(path, name, ENDING);
    status = flr__file_read(&s->directory, path, s->max_size, &file);
    if (status != 0) {
        return status;
    }
    status = flr__safetensors_read(file, model, metadata, &fault);
    flr_blob_unref(file);
    if (status != 0) {
        flr__store_say(s, "%s, byte %zu: %s", path, fault.at,
                       status == FLR_E_NOMEM ? "out of memory" : fault.why);
    }
    return status;
}

int flr_file_store_load_model(flr_file_store *store, const char *name, flr_value **model,
                              flr_value **metadata)
{
    flr_value *more = NULL;
    int status;

    if (store == NULL || model == NULL) {
        return FLR_E_INVAL;
    }
    status = flr__check_file_name(name);
    if (status != 0) {
        return flr__store_refuse(store, status, no_name);
    }
    status = flr__store_enter(store);
    if (status != 0) {
        return status;
    }
    status = load(store, name, model, &more);
    flr__store_leave(store);
    if (status == 0 && metadata != NULL) {
        *metadata = more;
    } else {
        flr_value_unref(more);
    }
    return status;
}
