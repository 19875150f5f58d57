/* Weights to values and back. */
#include "model.h"
#include <string.h>

static int set_weights(flr_value **model, const double weights[WEIGHTS])
{
    static const int64_t shape[2] = {FEATURES, CLASSES};
    return flr_map_set_tensor(model, "weights", FLR_TYPE_F64, 2, shape, weights);
}

int model_make(const double weights[WEIGHTS], flr_value **model)
{
    flr_value *map = NULL;
    int status = flr_value_new_map(&map);
    if (status == 0)
        status = set_weights(&map, weights);
    if (status < 0)
        flr_value_unref(map);
    else
        *model = map;
    return status;
}

int model_read(const flr_value *model, double weights[WEIGHTS])
{
    const flr_value *tensor = flr_map_get(model, "weights");
    if (flr_tensor_get_type(tensor) != FLR_TYPE_F64 || flr_tensor_get_elements(tensor) != WEIGHTS)
        return FLR_E_INVAL;
    memcpy(weights, flr_tensor_get_data(tensor), WEIGHTS * sizeof *weights);
    return 0;
}

int model_train(const flr_shareable *data, const struct samples *samples, flr_shareable **result)
{
    double weights[WEIGHTS];
    flr_shareable *message = NULL;
    const flr_value *received = flr_shareable_get(data, "model");
    int status = model_read(received, weights);
    if (status < 0)
        return status;
    softmax_train(weights, samples, LOCAL_STEPS, LEARNING_RATE);
    flr_value *model = flr_value_ref(received); /* setting makes it one of our own */
    status = set_weights(&model, weights);
    if (status == 0)
        status = flr_shareable_new(&message);
    if (status == 0)
        status = flr_shareable_set(message, "model", model);
    if (status < 0)
        flr_value_unref(model); /* on success it belongs to the message */
    if (status == 0)
        status = flr_shareable_set_int(message, "num_samples", (int64_t)samples->count);
    if (status < 0)
        flr_shareable_unref(message);
    else
        *result = message;
    return status;
}
