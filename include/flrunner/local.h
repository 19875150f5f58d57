/**
 * @file local.h
 * A whole federation in one process: an engine whose clients are functions. For tests, simulation and embedding. It uses the same public
 * calls as any host.
 */
#ifndef FLRUNNER_LOCAL_H
#define FLRUNNER_LOCAL_H

#include <flrunner/runner.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The engine. */
typedef struct flr_local flr_local;

/**
 * A client: does one task.
 *
 * @param client     [borrow] its name
 * @param task_name  [borrow]
 * @param data       [borrow] the task's message, frozen
 * @param abort      [borrow] the run's abort signal: stop early when it is triggered
 * @param result     [out] a reference passes to the engine; NULL on 0 sends an empty result
 * @returns 0; a negative code sends a result with return code EXECUTION_EXCEPTION
 * @threads threads: the client's own; virtual: the one of flr_local_simulate()
 */
typedef int (*flr_local_client)(void *self, const char *client, const char *task_name, const flr_shareable *data,
                                flr_signal *abort, flr_shareable **result);

/** Options of a local engine. Filled with defaults by flr_local_options_init(). */
typedef struct flr_local_options {
    uint32_t struct_size; /**< sizeof(flr_local_options) */
    uint32_t flags;       /**< 0 */
    /** [copy] optional: its members persist, audit and log are called with engine_self; its other members are not used */
    const flr_engine_ops *engine;
    /** [keep until the engine is freed] */
    void *engine_self;
    /** Simulation: seed of the order in which virtual clients act and of their delays; default 0. */
    uint64_t seed;
    /** Simulation: a virtual client takes between these many seconds for a task, drawn evenly; defaults 0 and 0. */
    double min_delay, max_delay;
    /* ---- end of 1.0 ---- */
} flr_local_options;

/** Fill with defaults. @param size sizeof(flr_local_options) of the host's header; NULL does nothing   @since 1.0 */
FLR_API void flr_local_options_init(flr_local_options *options, size_t size);

/** Make an engine. @param options [borrow] NULL: defaults @param local [out, flr_local_free] @returns 0, or FLR_E_INVAL, FLR_E_ABI, FLR_E_NOMEM   @since 1.0 */
FLR_API int flr_local_new(const flr_local_options *options, flr_local **local);
/** Release an engine after its runner was freed; NULL is fine.   @since 1.0 */
FLR_API void flr_local_free(flr_local *local);

/**
 * Add a client, before the engine runs.
 *
 * @param name    [copy] 1 to FLR_NAME_MAX bytes, not used before
 * @param client  what it does
 * @param self    [keep until the engine is freed]
 * @returns 0, or FLR_E_INVAL, FLR_E_LIMIT, FLR_E_EXISTS, FLR_E_STATE, FLR_E_NOMEM
 * @since 1.0
 */
FLR_API int flr_local_add_client(flr_local *local, const char *name, flr_local_client client, void *self);

/** Get the engine's vtable, to make a runner with the engine as self. @returns [view while the engine lives] NULL for NULL   @since 1.0 */
FLR_API const flr_engine_ops *flr_local_get_engine_ops(const flr_local *local);

/**
 * Run a job: one thread per client, flr_runner_run() on this one; all threads are joined before it returns.
 *
 * @param runner  [borrow] made with this engine
 * @returns what flr_runner_run() returned, or FLR_E_INVAL, FLR_E_STATE, FLR_E_THREAD; FLR_E_NOMEM nothing ran, or a client
 *          ran out of memory and the run was aborted
 * @threads any   @callbacks no   @blocks until the run has ended
 * @since 1.0
 */
FLR_API int flr_local_run(flr_local *local, flr_runner *runner);

/**
 * Run a job on this thread alone: virtual clients, flr_runner_step(), and a manual clock that jumps to the next thing that is
 * due. The same seed gives the same events in the same order.
 *
 * @param runner  [borrow] made with this engine and with @p clock
 * @param clock   [borrow] a manual clock
 * @returns the result of the run, or FLR_E_INVAL, FLR_E_NOTSUP (a system clock, or a controller without step), FLR_E_STATE,
 *          FLR_E_NOMEM (as flr_local_run()); FLR_E_LIMIT nothing is due any more and the run has not ended: it would wait for
 *          ever. It may be aborted and simulated to its end, or freed as it is
 * @threads any   @callbacks no   @blocks until the run has ended
 * @since 1.0
 */
FLR_API int flr_local_simulate(flr_local *local, flr_runner *runner, flr_clock *clock);

#ifdef __cplusplus
}
#endif
#endif
