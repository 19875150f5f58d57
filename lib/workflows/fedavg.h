/*
 * FedAvg from inside. Options and tensors' form never change. `lock` (rank CONTROLLER) guards
 * model, round and ended: they are read by any thread. The accumulators and the round's record
 * belong to the turn of the standing task, and to the step once that task is done; `ended`, set
 * under the lock, hands them over. The rest belongs to whoever steps.
 */
#ifndef FLR_LIB_FEDAVG_H
#define FLR_LIB_FEDAVG_H

#include "base/lock.h"
#include "workflows/model_sum.h"
#include "workflows/round.h"

typedef struct flr__fedavg {
    /* the texts are copies, `models` a reference; initial_model is not used after creation */
    flr_fedavg_options options;
    flr__mutex lock;
    flr_value *model; /* of the last completed round; frozen by having more than one owner */
    uint64_t round;   /* the one in progress, or to be begun */
    bool ended;       /* the round's task is done */
    flr_value *base;  /* what the round under way started from: pattern of its contributions */
    flr__model_sum sums;
    flr_round record;
    flr_task *task;     /* NULL between rounds */
    int64_t began;      /* when the task was scheduled */
    int64_t wait_until; /* clients must be known by then; 0: not yet determined */
} flr__fedavg;

/*
 * Look at a whole result: -1 and the model and weight to be added, or the FLR_REFUSED_* that says
 * why it is left out.
 */
int flr__fedavg_check(const flr__fedavg *f, const flr_shareable *result, const flr_value **model,
                      double *weight);
/* Take a result, or count why not. In the task's turn. 0, FLR_E_NOMEM, FLR_E_LIMIT. */
int flr__fedavg_take(flr__fedavg *f, const char *client, const flr_shareable *result);

/* ---- model_files.c ---- */
int flr__fedavg_check_files(const flr_fedavg_options *options); /* 0, FLR_E_INVAL, FLR_E_LIMIT */
/* The round before f->round is complete, and nobody steps: write its model if it is to be written. */
int flr__fedavg_keep_model(const flr__fedavg *f, flr_context *context);

/* Saved state: the beginning of the round in progress. */
int flr__fedavg_save(void *self, flr_context *context, flr_value **state);
int flr__fedavg_restore(void *self, flr_context *context, const flr_value *state);

#endif
