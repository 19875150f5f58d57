#include "keeper.h"
#include <stdio.h>
#include <string.h>

#define DETAIL 512

/* "CODE: detail", or only the code's text. */
static int explain(int code, const char *detail, char *error, unsigned error_size)
{
    snprintf(error, error_size, "%s%s%s", flr_status_get_text(code), *detail ? ": " : "", detail);
    return code;
}

static int explain_store(int code, flr_file_store *store, char *error, unsigned error_size)
{
    char detail[DETAIL] = "";
    flr_file_store_get_detail(store, detail, sizeof detail);
    return explain(code, detail, error, error_size);
}

int keeper_open(const char *directory, const char *job, flr_file_store **store, char *error,
                unsigned error_size)
{
    flr_file_store_options options;
    flr_file_store_options_init(&options, sizeof options);
    options.directory = directory;
    options.name = job;
    int status = flr_file_store_new(&options, store);
    if (status < 0)
        return explain(status, "of this name no state can be kept", error, error_size);
    status = flr_file_store_open(*store);
    return status < 0 ? explain_store(status, *store, error, error_size) : 0;
}

/* Nothing is left of a job that is done but its model. */
static int find_model(flr_file_store *store, const char *job, uint64_t rounds,
                      enum keeper_found *found, char *error, unsigned error_size)
{
    flr_value *model = NULL, *metadata = NULL;
    char number[24];
    int status = flr_file_store_load_model(store, job, &model, &metadata);
    *found = KEEPER_NOTHING;
    if (status == FLR_E_NOTFOUND)
        return 0;
    if (status < 0)
        return explain_store(status, store, error, error_size);
    snprintf(number, sizeof number, "%llu", (unsigned long long)rounds);
    if (strcmp(flr_value_get_text(flr_map_get(metadata, "job"), ""), job) == 0 &&
        strcmp(flr_value_get_text(flr_map_get(metadata, "round"), ""), number) == 0)
        *found = KEEPER_DONE;
    else
        status = explain(FLR_E_EXISTS, "the model of another run is in the way", error, error_size);
    flr_value_unref(model);
    flr_value_unref(metadata);
    return status;
}

int keeper_resume(flr_file_store *store, const char *job, uint64_t rounds, flr_runner *runner,
                  enum keeper_found *found, char *error, unsigned error_size)
{
    char detail[DETAIL] = "";
    flr_blob *bytes = NULL;
    int generation = 0;
    int status = flr_file_store_load(store, &bytes, &generation);
    if (status == FLR_E_NOTFOUND)
        return find_model(store, job, rounds, found, error, error_size);
    if (status < 0)
        return explain_store(status, store, error, error_size);
    status = flr_runner_restore(runner, flr_blob_get_data(bytes), flr_blob_get_size(bytes));
    flr_blob_unref(bytes);
    *found = generation == 0 ? KEEPER_NEWEST : KEEPER_PREVIOUS;
    if (status < 0) {
        flr_runner_get_detail(runner, detail, sizeof detail);
        explain(status, detail, error, error_size);
    }
    return status;
}
