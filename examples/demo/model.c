/* Weights to values and back. */
#include "model.h"
#include <string.h>

int model_make(const double weights[WEIGHTS], flr_value **model)
{
    static const int64_t shape[2] = {FEATURES, CLASSES};
    flr_blob *blob = NULL;
    flr_value *tensor = NULL, *map = NULL;
    int status = flr_blob_new_copy(weights, WEIGHTS * sizeof *weights, &blob);
    if (status == 0)
        status = flr_value_new_tensor(FLR_TYPE_F64, 2, shape, blob, &tensor);
    if (status == 0)
        status = flr_value_new_map(&map);
    if (status == 0)
        status = flr_map_set(&map, "weights", tensor);
    if (status < 0) {
        flr_value_unref(tensor); /* on success it belongs to the map */
        flr_value_unref(map);
    } else {
        *model = map;
    }
    flr_blob_unref(blob);
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
    flr_value *model = NULL;
    flr_shareable *message = NULL;
    int status = model_read(flr_shareable_get(data, "model"), weights);
    if (status < 0)
        return status;
    softmax_train(weights, samples, LOCAL_STEPS, LEARNING_RATE);
    status = model_make(weights, &model);
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
