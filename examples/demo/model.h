/* The weights as the library's values: a model is a map with the tensor `weights`. */
#ifndef DEMO_MODEL_H
#define DEMO_MODEL_H

#include "softmax.h"
#include <flrunner/shareable.h>

/* What every round is made of: the same numbers in one process and in many. */
#define ROUNDS        20
#define LOCAL_STEPS   10
#define LEARNING_RATE 0.5

/* A new model with these weights. [out, flr_value_unref] */
int model_make(const double weights[WEIGHTS], flr_value **model);

/* The weights of a model. FLR_E_INVAL if it is not one of ours: it may have come from anywhere. */
int model_read(const flr_value *model, double weights[WEIGHTS]);

/*
 * A client's task: some steps from the model in the task's data, on the client's own rows. What that
 * model has besides the weights goes back as it came.
 * [out, flr_shareable_unref]
 */
int model_train(const flr_shareable *data, const struct samples *samples, flr_shareable **result);

#endif
