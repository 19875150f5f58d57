/**
 * @file workflows.h
 * Ready-made workflows. They are state machines and run with flr_runner_run() and flr_runner_step().
 */
#ifndef FLRUNNER_WORKFLOWS_H
#define FLRUNNER_WORKFLOWS_H

#include <flrunner/board.h>
#include <flrunner/snapshot.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What one round was like: [view until on_round returns]. */
typedef struct flr_round flr_round;
/** Get the round, from 0.   @since 1.0 */
FLR_API uint64_t flr_round_get_number(const flr_round *round);
/** Get the number of rounds of the workflow.   @since 1.0 */
FLR_API uint64_t flr_round_get_total(const flr_round *round);
/** Get the number of clients whose contribution was taken.   @since 1.0 */
FLR_API size_t flr_round_get_contributor_count(const flr_round *round);
/** Get a contributor's name; contributors are sorted by name (bytes). @returns NULL beyond the last   @since 1.0 */
FLR_API const char *flr_round_get_contributor(const flr_round *round, size_t i);
/** Get a contributor's weight: its number of samples.   @since 1.0 */
FLR_API double flr_round_get_weight(const flr_round *round, size_t i);
/** Get a contributor's result without its model, for metrics. @returns [view] NULL beyond the last   @since 1.0 */
FLR_API const flr_shareable *flr_round_get_result(const flr_round *round, size_t i);
/** Get how long the round took, seconds of the run's clock.   @since 1.0 */
FLR_API double flr_round_get_seconds(const flr_round *round);

/* ---- why a contribution was left out ---- */
#define FLR_REFUSED_RETURN_CODE 0 /**< its return code is not OK */
#define FLR_REFUSED_NO_MODEL 1    /**< no map `model` */
#define FLR_REFUSED_NAMES 2       /**< other names of tensors */
#define FLR_REFUSED_SHAPE 3       /**< another shape or type */
#define FLR_REFUSED_NOT_FINITE 4  /**< a number that is not finite */
#define FLR_REFUSED_SAMPLES 5     /**< `num_samples` missing, not finite or not above 0 */
#define FLR_REFUSED_COUNT 6       /**< number of causes */
/** Get how many contributions were left out for a cause, FLR_REFUSED_*.   @since 1.0 */
FLR_API uint64_t flr_round_get_refused(const flr_round *round, int cause);

/* ---- integer and bool tensors ---- */
#define FLR_INTEGERS_KEEP 0    /**< keep the old value */
#define FLR_INTEGERS_AVERAGE 1 /**< average, rounded to the nearest, ties to even */
#define FLR_INTEGERS_REFUSE 2  /**< the initial model must not have any */

/* ---- accumulators ---- */
#define FLR_ACCUMULATOR_REPRODUCIBLE 0 /**< order-independent: the same bits whatever the order of arrival */
#define FLR_ACCUMULATOR_FLOAT64 1      /**< plain binary64 sums: faster, depends on the order of arrival in the last bits */

/**
 * Options of federated averaging (McMahan et al., AISTATS 2017, algorithm 1: the server's part). New model = sum of n_k x_k / sum of n_k per
 * element, n_k the number of samples of client k.
 *
 * Each round broadcasts a task to the clients known then: body `model` (a map of text to tensor), headers `current_round` (from 0) and
 * `num_rounds`. A result holds in its body `model` with the same names, shapes and types, and `num_samples`. A contribution is
 * checked whole before anything is added.
 */
typedef struct flr_fedavg_options {
    uint32_t struct_size; /**< sizeof(flr_fedavg_options) */
    uint32_t flags;       /**< 0 */
    /** [borrow] required: a map of text to tensor, at least one */
    const flr_value *initial_model;
    /** [copy] name of the task; default "train" */
    const char *task_name;
    /** Number of rounds, at least 1; default 5. */
    uint64_t rounds;
    /** Contributions that a round needs, at least 1; default 1. The first round waits until so many clients are known. */
    uint64_t min_clients;
    /** Seconds to wait for others after that many answers; default 10. */
    double wait_time_after_min_received;
    /** Seconds that a round may take; 0 (default): no limit. */
    double train_timeout;
    /** Seconds to wait for min_clients to be known; 0 (default): no limit; then FLR_E_TIMEDOUT. */
    double wait_for_clients_timeout;
    /** FLR_INTEGERS_*; default FLR_INTEGERS_KEEP */
    int64_t integers;
    /** FLR_ACCUMULATOR_*; default FLR_ACCUMULATOR_REPRODUCIBLE */
    int64_t accumulator;
    /**
     * Optional. After each round. A failure ends the run.
     * @param model  [borrow] the new model; take a reference to keep it
     */
    int (*on_round)(void *self, const flr_round *round, const flr_value *model);
    /** [keep until the workflow is released] passed to on_round */
    void *self;
    /** [keep, a reference] Optional: an open store that gets the model, with metadata `job`, `workflow`, `round` (number of completed rounds). A failure ends the run. */
    flr_file_store *models;
    /** [copy] name of the model in it; 1 to 43 bytes as the name of a file store's states; default "model": `model.safetensors` at the end of the last round */
    const char *model_name;
    /** Also each so many rounds, before the state is persisted: `model-ROUNDS.safetensors`; 0 (default): only at the end; needs `models`. */
    uint64_t model_every;
    /* ---- end of 1.0 ---- */
} flr_fedavg_options;

/** Fill with defaults. @param size sizeof(flr_fedavg_options) of the host's header; NULL does nothing   @since 1.0 */
FLR_API void flr_fedavg_options_init(flr_fedavg_options *options, size_t size);

/**
 * Make a FedAvg workflow. It asks for persist after each round; a restored run continues at the round that was under way.
 *
 * @param options   [copy]
 * @param workflow  [out, flr_workflow_unref, or passed to flr_config_add_workflow]
 * @returns 0, or FLR_E_INVAL, FLR_E_LIMIT, FLR_E_ABI, FLR_E_NOTSUP (integers refused, and there are some), FLR_E_NOMEM
 * @since 1.0
 */
FLR_API int flr_fedavg_new(const flr_fedavg_options *options, flr_workflow **workflow);

/**
 * Get the model of a FedAvg workflow: of the last completed round, at first the initial one.
 *
 * @param model  [out, flr_value_unref] a map of text to tensor
 * @returns 0, or FLR_E_INVAL (also another kind of workflow)
 * @threads any, at any time   @blocks never
 * @since 1.0
 */
FLR_API int flr_fedavg_get_model(flr_workflow *workflow, flr_value **model);

#ifdef __cplusplus
}
#endif
#endif
