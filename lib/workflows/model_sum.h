/*
 * Weighted averages of models: maps of text to tensor with the names, shapes and types of a
 * pattern. One accumulator per tensor, and one for the total weight.
 */
#ifndef FLR_LIB_MODEL_SUM_H
#define FLR_LIB_MODEL_SUM_H

#include "aggregate/sum.h"
#include <flrunner/workflows.h>

typedef struct flr__model_sum {
    int integers;   /* FLR_INTEGERS_* */
    size_t count;   /* tensors, in the pattern's order */
    flr__sum *sums; /* those of tensors that are kept stay zeroed */
    flr__sum weight;
} flr__model_sum;

/*
 * A map of at least one entry, all tensors; with FLR_INTEGERS_REFUSE only float ones. 0,
 * FLR_E_INVAL, FLR_E_NOTSUP.
 */
int flr__model_check(const flr_value *model, int integers);
/*
 * Whether two models have the same names, shapes and types. 0, or FLR_REFUSED_NAMES or
 * FLR_REFUSED_SHAPE.
 */
int flr__model_compare(const flr_value *pattern, const flr_value *model);

int flr__model_sum_init(flr__model_sum *m, const flr_value *pattern, int integers,
                        int accumulator);    /* 0 or FLR_E_NOMEM */
void flr__model_sum_free(flr__model_sum *m); /* a zeroed one is fine */
void flr__model_sum_clear(flr__model_sum *m);

/* Whether weight * model can be added: -1, or the FLR_REFUSED_* that says why not. */
int flr__model_sum_check(const flr__model_sum *m, const flr_value *pattern, const flr_value *model,
                         double weight);
int flr__model_sum_reserve(
    flr__model_sum *m); /* one more addition cannot fail: 0, FLR_E_NOMEM, FLR_E_LIMIT */
void flr__model_sum_add(flr__model_sum *m, const flr_value *pattern, const flr_value *model,
                        double weight);
/*
 * The average; tensors that are kept come from `old`. 0, FLR_E_LIMIT (nothing was added, or an
 * overflow), FLR_E_NOMEM.
 */
int flr__model_sum_finish(const flr__model_sum *m, const flr_value *old, flr_value **model);

#endif
