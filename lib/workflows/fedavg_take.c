/* Taking contributions of FedAvg, and its saved state. Guarded as fedavg.h says. */
#include "workflows/fedavg.h"
#include <string.h>

int flr__fedavg_check(const flr__fedavg *f, const flr_shareable *result, const flr_value **model,
                      double *weight)
{
    if (strcmp(flr_shareable_get_rc(result), FLR_RC_OK) != 0)
        return FLR_REFUSED_RETURN_CODE;
    *model = flr_shareable_get(result, "model");
    if (flr_value_get_kind(*model) != FLR_VALUE_MAP)
        return FLR_REFUSED_NO_MODEL;
    int cause = flr__model_compare(f->base, *model);
    if (cause)
        return cause;
    *weight = flr_value_get_real(flr_shareable_get(result, "num_samples"), 0);
    if (!(*weight > 0) || *weight - *weight != 0)
        return FLR_REFUSED_SAMPLES;
    return flr__model_sum_check(&f->sums, f->base, *model, *weight);
}

/* What is kept of a result: everything but its model. */
static int copy_without_model(const flr_shareable *result, flr_shareable **copy)
{
    int status = flr_shareable_copy(result, NULL, copy);
    if (status < 0)
        return status;
    status = flr_shareable_remove(*copy, "model");
    if (status < 0 && status != FLR_E_NOTFOUND) {
        flr_shareable_unref(*copy);
        return status;
    }
    flr_shareable_freeze(*copy);
    return 0;
}

int flr__fedavg_take(flr__fedavg *f, const char *client, const flr_shareable *result)
{
    const flr_value *model = NULL;
    flr_shareable *rest = NULL;
    double weight = 0;
    int cause = result ? flr__fedavg_check(f, result, &model, &weight) : FLR_REFUSED_NO_MODEL;
    if (cause >= 0) {
        f->record.refused[cause]++;
        return 0;
    }
    int status = flr__round_reserve(&f->record);
    if (!status)
        status = flr__model_sum_reserve(&f->sums);
    if (!status)
        status = copy_without_model(result, &rest);
    if (status < 0)
        return status;
    flr__model_sum_add(&f->sums, f->base, model, weight);
    flr__round_add(&f->record, client, weight, rest);
    return 0;
}

int flr__fedavg_save(void *self, flr_context *context, flr_value **state)
{
    flr__fedavg *f = self;
    flr_value *map = NULL, *model;
    uint64_t round;
    (void)context;
    flr__mutex_lock(&f->lock);
    model = flr_value_ref(f->model);
    round = f->round;
    flr__mutex_unlock(&f->lock);
    int status = flr_value_new_map(&map);
    if (!status)
        status = flr_map_set_int(&map, "round", (int64_t)round);
    if (!status)
        status = flr_map_set(&map, "model", model);
    if (status < 0) {
        flr_value_unref(model);
        flr_value_unref(map);
        return status;
    }
    *state = map;
    return 0;
}

int flr__fedavg_restore(void *self, flr_context *context, const flr_value *state)
{
    flr__fedavg *f = self;
    const flr_value *model = flr_map_get(state, "model");
    int64_t round = flr_value_get_int(flr_map_get(state, "round"), -1);
    if (round < 0 || flr_value_get_kind(model) != FLR_VALUE_MAP)
        return flr_context_fail(context, FLR_E_CORRUPT, "the saved state is none of FedAvg");
    if ((uint64_t)round > f->options.rounds)
        return flr_context_fail(context, FLR_E_INVAL,
                                "saved in round %lld of a workflow of %llu rounds",
                                (long long)round, (unsigned long long)f->options.rounds);
    if (flr__model_compare(f->model, model) != 0)
        return flr_context_fail(
            context, FLR_E_INVAL,
            "the saved model has other names, shapes or types than the initial one");
    flr__mutex_lock(&f->lock);
    flr_value *old = f->model;
    f->model = flr_value_ref(model);
    f->round = (uint64_t)round;
    flr__mutex_unlock(&f->lock);
    flr_value_unref(old);
    return 0;
}
