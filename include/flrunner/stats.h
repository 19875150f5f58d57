/**
 * @file stats.h
 * What is this run doing: counters of the runner, group statistics that components contribute, and a ready-made component that
 * keeps the last messages of each kind.
 */
#ifndef FLRUNNER_STATS_H
#define FLRUNNER_STATS_H

#include <flrunner/component.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Counters of one run, a consistent snapshot (flr_runner_get_stats). All count from the creation of the runner.
 */
typedef struct flr_stats {
    uint32_t struct_size; /**< sizeof(flr_stats); set by flr_stats_init() */
    uint32_t flags;       /**< 0 */
    /* answers to task requests, by kind and cause; their sum is the number of requests answered */
    uint64_t answer_task;              /**< TASK, first hand-outs and re-sends */
    uint64_t answer_try_not_started;   /**< TRY_AGAIN: status init */
    uint64_t answer_try_no_peer;       /**< TRY_AGAIN: no peer context */
    uint64_t answer_try_busy;          /**< TRY_AGAIN: another request of the client is being served */
    uint64_t answer_try_no_workflow;   /**< TRY_AGAIN: no open workflow, or it closed meanwhile */
    uint64_t answer_try_no_task;       /**< TRY_AGAIN: the communicator has none */
    uint64_t answer_try_failed;        /**< TRY_AGAIN: the communicator failed */
    uint64_t answer_try_filter;        /**< TRY_AGAIN: a data filter failed */
    uint64_t answer_end_done;          /**< END_RUN: status done */
    uint64_t answer_end_job;           /**< END_RUN: wrong or missing job id */
    uint64_t resends;                  /**< re-sends among answer_task */
    /* submissions by outcome; their sum is the number of submissions */
    uint64_t accepted, duplicate, late, unknown_task;
    uint64_t wrong_client, wrong_task_name, wrong_workflow, wrong_job;
    uint64_t no_peer, not_running, fatal_return_code, failed;
    /* filters */
    uint64_t data_filter_failures, result_filter_failures;
    /* auxiliary messages by the return code of the reply */
    uint64_t aux_ok, aux_bad_request, aux_topic_unknown, aux_no_peer, aux_handler_failed, aux_other;
    /* tasks of boards by final status */
    uint64_t tasks_scheduled;
    uint64_t tasks_ok, tasks_timeout, tasks_error, tasks_cancelled, tasks_aborted, tasks_client_dead;
    /* callbacks of the host that failed: event handlers, task callbacks, controllers, communicators, engine */
    uint64_t handler_failures, task_callback_failures, controller_failures, communicator_failures, engine_failures;
    /* clients */
    uint64_t dead_reports, disconnections, reconnections;
    /* saved states handed to persist */
    uint64_t persists;
    /* ---- end of 1.0 ---- */
} flr_stats;

/** Fill a struct with zeros. @param size sizeof(flr_stats) of the host's header; NULL does nothing   @since 1.0 */
FLR_API void flr_stats_init(flr_stats *stats, size_t size);

/** Group statistics: a map of groups, each a map. Reference counted; one thread at a time may change it. */
typedef struct flr_collector flr_collector;

/** Make an empty collector. @param collector [out, flr_collector_unref] @returns 0, or FLR_E_INVAL, FLR_E_NOMEM   @since 1.0 */
FLR_API int flr_collector_new(flr_collector **collector);
FLR_API flr_collector *flr_collector_ref(flr_collector *collector);
FLR_API void flr_collector_unref(flr_collector *collector);
/** Replace a group. @param group [copy] @param stats [borrow] a map @returns 0, or FLR_E_INVAL, FLR_E_LIMIT, FLR_E_NOMEM   @since 1.0 */
FLR_API int flr_collector_set(flr_collector *collector, const char *group, const flr_value *stats);
/** Merge into a group key by key; later values win. Arguments as flr_collector_set().   @since 1.0 */
FLR_API int flr_collector_add(flr_collector *collector, const char *group, const flr_value *stats);
/** Get all groups. @returns [view until the collector changes] a map   @since 1.0 */
FLR_API const flr_value *flr_collector_get(const flr_collector *collector);
/** Find the collector of a context in which FLR_EVENT_GET_STATS is fired. @returns [view] NULL if there is none   @since 1.0 */
FLR_API flr_collector *flr_collector_from_context(const flr_context *context);

/** A component that keeps the last critical, error, warning and exception text per origin, and asks for group statistics. */
typedef struct flr_info_collector flr_info_collector;

/**
 * Make one. Add it with flr_info_collector_get_ops() and itself as self; it is released by its destroy.
 *
 * @param collector  [out, passes to the configuration it is added to, else flr_info_collector_free]
 * @returns 0, or FLR_E_INVAL, FLR_E_NOMEM
 * @since 1.0
 */
FLR_API int flr_info_collector_new(flr_info_collector **collector);
/** Release one that was added nowhere; NULL is fine.   @since 1.0 */
FLR_API void flr_info_collector_free(flr_info_collector *collector);
/** Get its vtable. @returns [view, for ever]   @since 1.0 */
FLR_API const flr_component_ops *flr_info_collector_get_ops(void);
/**
 * Copy what it holds: a map with `critical`, `error`, `warning`, `exception`, each a map of origins to maps `text`, `time` (calendar
 * nanoseconds). Empty before `_start_run` and after `_end_run`.
 *
 * @param info  [out, flr_value_unref]
 * @returns 0, or FLR_E_INVAL, FLR_E_NOMEM
 * @threads any   @since 1.0
 */
FLR_API int flr_info_collector_get(flr_info_collector *collector, flr_value **info);
/**
 * Ask everybody for group statistics: FLR_EVENT_GET_STATS is fired on this thread with a new collector. Empty before `_start_run`
 * and after `_end_run`.
 *
 * @param groups  [out, flr_value_unref] a map of groups, each a map
 * @returns 0, or FLR_E_INVAL, FLR_E_NOMEM
 * @threads any   @callbacks may be called inside any callback   @blocks as long as handlers do
 * @since 1.0
 */
FLR_API int flr_info_collector_get_stats(flr_info_collector *collector, flr_value **groups);

#ifdef __cplusplus
}
#endif
#endif
