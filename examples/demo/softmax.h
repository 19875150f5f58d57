/*
 * Softmax regression (multinomial logistic regression), trained by full-batch gradient descent on
 * the mean cross-entropy.
 */
#ifndef DEMO_SOFTMAX_H
#define DEMO_SOFTMAX_H

#include <stddef.h>

#define FEATURES 5 /* four measurements and the bias, which is always 1 */
#define CLASSES  3

struct sample {
    double x[FEATURES];
    int y; /* its class */
};

struct samples {
    struct sample *items;
    size_t count;
};

/* weights[f * CLASSES + c]: what feature f says for class c */
#define WEIGHTS (FEATURES * CLASSES)

void softmax_train(double weights[WEIGHTS], const struct samples *samples, int steps, double rate);
double softmax_loss(const double weights[WEIGHTS],
                    const struct samples *samples); /* mean cross-entropy */
double softmax_accuracy(const double weights[WEIGHTS],
                        const struct samples *samples); /* share of right classes, in percent */

#endif
