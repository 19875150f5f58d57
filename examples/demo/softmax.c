/* C. M. Bishop, Pattern Recognition and Machine Learning, Springer 2006, section 4.3.4. */
#include "softmax.h"
#include <math.h>
#include <string.h>

/*
 * The probabilities of the classes. The largest score is taken off first, so that exp() cannot
 * overflow.
 */
static void predict(const double *weights, const double *x, double p[CLASSES])
{
    double largest = -INFINITY, sum = 0;
    for (int c = 0; c < CLASSES; c++) {
        p[c] = 0;
        for (int f = 0; f < FEATURES; f++)
            p[c] += x[f] * weights[f * CLASSES + c];
        if (p[c] > largest)
            largest = p[c];
    }
    for (int c = 0; c < CLASSES; c++)
        sum += p[c] = exp(p[c] - largest);
    for (int c = 0; c < CLASSES; c++)
        p[c] /= sum;
}

static void add_gradient(double gradient[WEIGHTS], const double *weights, const struct sample *s)
{
    double p[CLASSES];
    predict(weights, s->x, p);
    p[s->y] -= 1;
    for (int f = 0; f < FEATURES; f++)
        for (int c = 0; c < CLASSES; c++)
            gradient[f * CLASSES + c] += s->x[f] * p[c];
}

void softmax_train(double weights[WEIGHTS], const struct samples *samples, int steps, double rate)
{
    for (int step = 0; step < steps; step++) {
        double gradient[WEIGHTS];
        memset(gradient, 0, sizeof gradient);
        for (size_t i = 0; i < samples->count; i++)
            add_gradient(gradient, weights, &samples->items[i]);
        for (int i = 0; i < WEIGHTS; i++)
            weights[i] -= rate * gradient[i] / (double)samples->count;
    }
}

double softmax_loss(const double weights[WEIGHTS], const struct samples *samples)
{
    double sum = 0;
    for (size_t i = 0; i < samples->count; i++) {
        double p[CLASSES];
        predict(weights, samples->items[i].x, p);
        sum -= log(p[samples->items[i].y]);
    }
    return sum / (double)samples->count;
}

double softmax_accuracy(const double weights[WEIGHTS], const struct samples *samples)
{
    size_t right = 0;
    for (size_t i = 0; i < samples->count; i++) {
        double p[CLASSES];
        int best = 0;
        predict(weights, samples->items[i].x, p);
        for (int c = 1; c < CLASSES; c++)
            if (p[c] > p[best])
                best = c;
        right += best == samples->items[i].y;
    }
    return 100.0 * (double)right / (double)samples->count;
}
