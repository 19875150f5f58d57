/* The models of a FedAvg as files: after every so many rounds, and at the end. */
#include "base/abi.h"
#include "store/store.h"
#include "workflows/fedavg.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int flr__fedavg_check_files(const flr_fedavg_options *o)
{
    if (o->models == NULL) {
        return o->model_every == 0 ? 0 : FLR_E_INVAL;
    }
    /* No file could hold it, which would else be found after the work is done. */
    if (flr_map_get(o->initial_model, "__metadata__") != NULL) {
        return FLR_E_INVAL;
    }
    /* Behind the name stand "-" and the number of rounds, and the whole is a file's name, too. */
    return strnlen(o->model_name, FLR__FILE_NAME_MAX) > FLR__FILE_NAME_MAX - 21
               ? FLR_E_LIMIT
               : flr__check_file_name(o->model_name);
}

/* What the model is of. */
static int describe(const flr__fedavg *f, flr_context *context, flr_value **metadata)
{
    flr_value *map = NULL, *workflow = NULL;
    char rounds[24];
    int status = flr_value_new_map(&map);

    snprintf(rounds, sizeof rounds, "%" PRIu64, f->round);
    flr_context_get(context, FLR_PROP_WORKFLOW, &workflow);
    if (status == 0) {
        status = flr_map_set_text(&map, "job", flr_context_get_job_id(context));
    }
    if (status == 0) {
        status = flr_map_set_text(&map, "workflow", flr_value_get_text(workflow, ""));
    }
    if (status == 0) {
        status = flr_map_set_text(&map, "round", rounds);
    }
    flr_value_unref(workflow);
    if (status != 0) {
        flr_value_unref(map);
        return status;
    }
    *metadata = map;
    return 0;
}

static int write_file(const flr__fedavg *f, flr_context *context, const char *name,
                      const flr_value *metadata)
{
    char why[FLR__WHY_MAX];
    int status = flr_file_store_save_model(f->options.models, name, f->model, metadata);

    if (status == 0) {
        return 0;
    }
    flr_file_store_get_detail(f->options.models, why, sizeof why);
    return flr_context_fail(context, status, "the model %s could not be written: %s", name,
                            why[0] == '\0' ? flr_status_get_text(status) : why);
}

int flr__fedavg_keep_model(const flr__fedavg *f, flr_context *context)
{
    const flr_fedavg_options *o = &f->options;
    bool now = o->models != NULL && o->model_every > 0 && f->round % o->model_every == 0,
         end = o->models != NULL && f->round == o->rounds;
    flr_value *metadata;
    char name[FLR__FILE_PATH_MAX];
    int status;

    if (!now && !end) {
        return 0;
    }
    status = describe(f, context, &metadata);
    if (status != 0) {
        return flr_context_fail(context, status, "no memory for the model's metadata");
    }
    if (now) {
        snprintf(name, sizeof name, "%s-%" PRIu64, o->model_name, f->round);
        status = write_file(f, context, name, metadata);
    }
    if (status == 0 && end) {
        status = write_file(f, context, o->model_name, metadata);
    }
    flr_value_unref(metadata);
    return status;
}
