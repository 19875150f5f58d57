/*
 * The public ABI as it was when this copy was taken: structs, function types, functions, constants. Written by freeze.py;
 * from 1.0 on it is only ever added to. layout.c gives the FROZEN_ macros their meaning.
 */

struct frozen_flr_allocator_ops {
    uint32_t struct_size;
    uint32_t flags;
    void *(*allocate)(void *self, size_t size);
    void *(*reallocate)(void *self, void *old, size_t size);
    void (*release)(void *self, void *old);
};
FROZEN_MEMBER(flr_allocator_ops, struct_size)
FROZEN_MEMBER(flr_allocator_ops, flags)
FROZEN_MEMBER(flr_allocator_ops, allocate)
FROZEN_MEMBER(flr_allocator_ops, reallocate)
FROZEN_MEMBER(flr_allocator_ops, release)
FROZEN_NEXT(flr_allocator_ops, struct_size, flags)
FROZEN_NEXT(flr_allocator_ops, flags, allocate)
FROZEN_NEXT(flr_allocator_ops, allocate, reallocate)
FROZEN_NEXT(flr_allocator_ops, reallocate, release)
FROZEN_STRUCT(flr_allocator_ops, release)

struct frozen_flr_aux_options {
    uint32_t struct_size;
    uint32_t flags;
    const char *const *targets;
    size_t target_count;
    double timeout;
};
FROZEN_MEMBER(flr_aux_options, struct_size)
FROZEN_MEMBER(flr_aux_options, flags)
FROZEN_MEMBER(flr_aux_options, targets)
FROZEN_MEMBER(flr_aux_options, target_count)
FROZEN_MEMBER(flr_aux_options, timeout)
FROZEN_NEXT(flr_aux_options, struct_size, flags)
FROZEN_NEXT(flr_aux_options, flags, targets)
FROZEN_NEXT(flr_aux_options, targets, target_count)
FROZEN_NEXT(flr_aux_options, target_count, timeout)
FROZEN_STRUCT(flr_aux_options, timeout)

struct frozen_flr_board_options {
    uint32_t struct_size;
    uint32_t flags;
    uint64_t completed_memory;
};
FROZEN_MEMBER(flr_board_options, struct_size)
FROZEN_MEMBER(flr_board_options, flags)
FROZEN_MEMBER(flr_board_options, completed_memory)
FROZEN_NEXT(flr_board_options, struct_size, flags)
FROZEN_NEXT(flr_board_options, flags, completed_memory)
FROZEN_STRUCT(flr_board_options, completed_memory)

struct frozen_flr_board_totals {
    uint32_t struct_size;
    uint32_t flags;
    uint64_t standing;
    uint64_t scheduled;
    uint64_t clients;
    uint64_t outstanding;
    uint64_t sent;
    uint64_t resends;
    uint64_t results;
    uint64_t duplicates;
    uint64_t late;
    uint64_t rejected;
    uint64_t ok, timeout, error, cancelled, aborted, client_dead;
};
FROZEN_MEMBER(flr_board_totals, struct_size)
FROZEN_MEMBER(flr_board_totals, flags)
FROZEN_MEMBER(flr_board_totals, standing)
FROZEN_MEMBER(flr_board_totals, scheduled)
FROZEN_MEMBER(flr_board_totals, clients)
FROZEN_MEMBER(flr_board_totals, outstanding)
FROZEN_MEMBER(flr_board_totals, sent)
FROZEN_MEMBER(flr_board_totals, resends)
FROZEN_MEMBER(flr_board_totals, results)
FROZEN_MEMBER(flr_board_totals, duplicates)
FROZEN_MEMBER(flr_board_totals, late)
FROZEN_MEMBER(flr_board_totals, rejected)
FROZEN_MEMBER(flr_board_totals, ok)
FROZEN_MEMBER(flr_board_totals, timeout)
FROZEN_MEMBER(flr_board_totals, error)
FROZEN_MEMBER(flr_board_totals, cancelled)
FROZEN_MEMBER(flr_board_totals, aborted)
FROZEN_MEMBER(flr_board_totals, client_dead)
FROZEN_NEXT(flr_board_totals, struct_size, flags)
FROZEN_NEXT(flr_board_totals, flags, standing)
FROZEN_NEXT(flr_board_totals, standing, scheduled)
FROZEN_NEXT(flr_board_totals, scheduled, clients)
FROZEN_NEXT(flr_board_totals, clients, outstanding)
FROZEN_NEXT(flr_board_totals, outstanding, sent)
FROZEN_NEXT(flr_board_totals, sent, resends)
FROZEN_NEXT(flr_board_totals, resends, results)
FROZEN_NEXT(flr_board_totals, results, duplicates)
FROZEN_NEXT(flr_board_totals, duplicates, late)
FROZEN_NEXT(flr_board_totals, late, rejected)
FROZEN_NEXT(flr_board_totals, rejected, ok)
FROZEN_NEXT(flr_board_totals, ok, timeout)
FROZEN_NEXT(flr_board_totals, timeout, error)
FROZEN_NEXT(flr_board_totals, error, cancelled)
FROZEN_NEXT(flr_board_totals, cancelled, aborted)
FROZEN_NEXT(flr_board_totals, aborted, client_dead)
FROZEN_STRUCT(flr_board_totals, client_dead)

struct frozen_flr_broadcast_options {
    uint32_t struct_size;
    uint32_t flags;
    const char *const *targets;
    size_t target_count;
    int64_t mode;
    uint64_t min_responses;
    double wait_time_after_min_received;
};
FROZEN_MEMBER(flr_broadcast_options, struct_size)
FROZEN_MEMBER(flr_broadcast_options, flags)
FROZEN_MEMBER(flr_broadcast_options, targets)
FROZEN_MEMBER(flr_broadcast_options, target_count)
FROZEN_MEMBER(flr_broadcast_options, mode)
FROZEN_MEMBER(flr_broadcast_options, min_responses)
FROZEN_MEMBER(flr_broadcast_options, wait_time_after_min_received)
FROZEN_NEXT(flr_broadcast_options, struct_size, flags)
FROZEN_NEXT(flr_broadcast_options, flags, targets)
FROZEN_NEXT(flr_broadcast_options, targets, target_count)
FROZEN_NEXT(flr_broadcast_options, target_count, mode)
FROZEN_NEXT(flr_broadcast_options, mode, min_responses)
FROZEN_NEXT(flr_broadcast_options, min_responses, wait_time_after_min_received)
FROZEN_STRUCT(flr_broadcast_options, wait_time_after_min_received)

struct frozen_flr_client_engine_ops {
    uint32_t struct_size;
    uint32_t flags;
    int (*request)(void *self, flr_request *request);
    int (*audit)(void *self, const flr_audit_record *record);
    void (*wakeup)(void *self);
    void (*log)(void *self, int level, const char *line);
};
FROZEN_MEMBER(flr_client_engine_ops, struct_size)
FROZEN_MEMBER(flr_client_engine_ops, flags)
FROZEN_MEMBER(flr_client_engine_ops, request)
FROZEN_MEMBER(flr_client_engine_ops, audit)
FROZEN_MEMBER(flr_client_engine_ops, wakeup)
FROZEN_MEMBER(flr_client_engine_ops, log)
FROZEN_NEXT(flr_client_engine_ops, struct_size, flags)
FROZEN_NEXT(flr_client_engine_ops, flags, request)
FROZEN_NEXT(flr_client_engine_ops, request, audit)
FROZEN_NEXT(flr_client_engine_ops, audit, wakeup)
FROZEN_NEXT(flr_client_engine_ops, wakeup, log)
FROZEN_STRUCT(flr_client_engine_ops, log)

struct frozen_flr_client_info {
    uint32_t struct_size;
    uint32_t flags;
    const char *name;
    int64_t last_heard;
    int64_t disconnected;
    uint64_t open;
    uint64_t results, resends, duplicates, late, rejected;
};
FROZEN_MEMBER(flr_client_info, struct_size)
FROZEN_MEMBER(flr_client_info, flags)
FROZEN_MEMBER(flr_client_info, name)
FROZEN_MEMBER(flr_client_info, last_heard)
FROZEN_MEMBER(flr_client_info, disconnected)
FROZEN_MEMBER(flr_client_info, open)
FROZEN_MEMBER(flr_client_info, results)
FROZEN_MEMBER(flr_client_info, resends)
FROZEN_MEMBER(flr_client_info, duplicates)
FROZEN_MEMBER(flr_client_info, late)
FROZEN_MEMBER(flr_client_info, rejected)
FROZEN_NEXT(flr_client_info, struct_size, flags)
FROZEN_NEXT(flr_client_info, flags, name)
FROZEN_NEXT(flr_client_info, name, last_heard)
FROZEN_NEXT(flr_client_info, last_heard, disconnected)
FROZEN_NEXT(flr_client_info, disconnected, open)
FROZEN_NEXT(flr_client_info, open, results)
FROZEN_NEXT(flr_client_info, results, resends)
FROZEN_NEXT(flr_client_info, resends, duplicates)
FROZEN_NEXT(flr_client_info, duplicates, late)
FROZEN_NEXT(flr_client_info, late, rejected)
FROZEN_STRUCT(flr_client_info, rejected)

struct frozen_flr_client_options {
    uint32_t struct_size;
    uint32_t flags;
    const char *identity;
    const char *parent;
    double sync_timeout;
    double max_sync_timeout;
    double get_task_timeout;
    double fetch_interval;
    double task_check_timeout;
    double task_check_interval;
    double submit_timeout;
    double submit_time;
    double heartbeat_interval;
    double readiness_timeout, readiness_interval;
    double reliable_interval;
    uint32_t reliable_workers;
    int32_t log_level;
    uint32_t event_depth;
    uint32_t name_bytes;
    uint64_t seed;
    flr_clock *clock;
    flr_scope *const *scopes;
    size_t scope_count;
    const char *default_scope, *job_scope;
};
FROZEN_MEMBER(flr_client_options, struct_size)
FROZEN_MEMBER(flr_client_options, flags)
FROZEN_MEMBER(flr_client_options, identity)
FROZEN_MEMBER(flr_client_options, parent)
FROZEN_MEMBER(flr_client_options, sync_timeout)
FROZEN_MEMBER(flr_client_options, max_sync_timeout)
FROZEN_MEMBER(flr_client_options, get_task_timeout)
FROZEN_MEMBER(flr_client_options, fetch_interval)
FROZEN_MEMBER(flr_client_options, task_check_timeout)
FROZEN_MEMBER(flr_client_options, task_check_interval)
FROZEN_MEMBER(flr_client_options, submit_timeout)
FROZEN_MEMBER(flr_client_options, submit_time)
FROZEN_MEMBER(flr_client_options, heartbeat_interval)
FROZEN_MEMBER(flr_client_options, readiness_timeout)
FROZEN_MEMBER(flr_client_options, readiness_interval)
FROZEN_MEMBER(flr_client_options, reliable_interval)
FROZEN_MEMBER(flr_client_options, reliable_workers)
FROZEN_MEMBER(flr_client_options, log_level)
FROZEN_MEMBER(flr_client_options, event_depth)
FROZEN_MEMBER(flr_client_options, name_bytes)
FROZEN_MEMBER(flr_client_options, seed)
FROZEN_MEMBER(flr_client_options, clock)
FROZEN_MEMBER(flr_client_options, scopes)
FROZEN_MEMBER(flr_client_options, scope_count)
FROZEN_MEMBER(flr_client_options, default_scope)
FROZEN_MEMBER(flr_client_options, job_scope)
FROZEN_NEXT(flr_client_options, struct_size, flags)
FROZEN_NEXT(flr_client_options, flags, identity)
FROZEN_NEXT(flr_client_options, identity, parent)
FROZEN_NEXT(flr_client_options, parent, sync_timeout)
FROZEN_NEXT(flr_client_options, sync_timeout, max_sync_timeout)
FROZEN_NEXT(flr_client_options, max_sync_timeout, get_task_timeout)
FROZEN_NEXT(flr_client_options, get_task_timeout, fetch_interval)
FROZEN_NEXT(flr_client_options, fetch_interval, task_check_timeout)
FROZEN_NEXT(flr_client_options, task_check_timeout, task_check_interval)
FROZEN_NEXT(flr_client_options, task_check_interval, submit_timeout)
FROZEN_NEXT(flr_client_options, submit_timeout, submit_time)
FROZEN_NEXT(flr_client_options, submit_time, heartbeat_interval)
FROZEN_NEXT(flr_client_options, heartbeat_interval, readiness_timeout)
FROZEN_NEXT(flr_client_options, readiness_timeout, readiness_interval)
FROZEN_NEXT(flr_client_options, readiness_interval, reliable_interval)
FROZEN_NEXT(flr_client_options, reliable_interval, reliable_workers)
FROZEN_NEXT(flr_client_options, reliable_workers, log_level)
FROZEN_NEXT(flr_client_options, log_level, event_depth)
FROZEN_NEXT(flr_client_options, event_depth, name_bytes)
FROZEN_NEXT(flr_client_options, name_bytes, seed)
FROZEN_NEXT(flr_client_options, seed, clock)
FROZEN_NEXT(flr_client_options, clock, scopes)
FROZEN_NEXT(flr_client_options, scopes, scope_count)
FROZEN_NEXT(flr_client_options, scope_count, default_scope)
FROZEN_NEXT(flr_client_options, default_scope, job_scope)
FROZEN_STRUCT(flr_client_options, job_scope)

struct frozen_flr_client_stats {
    uint32_t struct_size;
    uint32_t flags;
    uint64_t pulls;
    uint64_t pull_failures;
    uint64_t tasks;
    uint64_t executed;
    uint64_t delivered;
    uint64_t resubmitted;
    uint64_t dropped;
    uint64_t submit_retries;
    uint64_t heartbeats;
};
FROZEN_MEMBER(flr_client_stats, struct_size)
FROZEN_MEMBER(flr_client_stats, flags)
FROZEN_MEMBER(flr_client_stats, pulls)
FROZEN_MEMBER(flr_client_stats, pull_failures)
FROZEN_MEMBER(flr_client_stats, tasks)
FROZEN_MEMBER(flr_client_stats, executed)
FROZEN_MEMBER(flr_client_stats, delivered)
FROZEN_MEMBER(flr_client_stats, resubmitted)
FROZEN_MEMBER(flr_client_stats, dropped)
FROZEN_MEMBER(flr_client_stats, submit_retries)
FROZEN_MEMBER(flr_client_stats, heartbeats)
FROZEN_NEXT(flr_client_stats, struct_size, flags)
FROZEN_NEXT(flr_client_stats, flags, pulls)
FROZEN_NEXT(flr_client_stats, pulls, pull_failures)
FROZEN_NEXT(flr_client_stats, pull_failures, tasks)
FROZEN_NEXT(flr_client_stats, tasks, executed)
FROZEN_NEXT(flr_client_stats, executed, delivered)
FROZEN_NEXT(flr_client_stats, delivered, resubmitted)
FROZEN_NEXT(flr_client_stats, resubmitted, dropped)
FROZEN_NEXT(flr_client_stats, dropped, submit_retries)
FROZEN_NEXT(flr_client_stats, submit_retries, heartbeats)
FROZEN_STRUCT(flr_client_stats, heartbeats)

struct frozen_flr_communicator_ops {
    uint32_t struct_size;
    uint32_t flags;
    const flr_component_ops *component;
    int (*process_task_request)(void *self, flr_context *context, const char *client, flr_offer *offer);
    int (*process_submission)(void *self, flr_context *context, const char *client, const char *task_name, const char *task_id, flr_shareable *result, int *outcome);
    int (*initialize_run)(void *self, flr_context *context);
    int (*finalize_run)(void *self, flr_context *context);
    int (*process_task_check)(void *self, flr_context *context, const char *client, const char *task_id, int *found);
    int (*handle_exception)(void *self, flr_context *context, const char *task_id);
    int (*process_dead_client_report)(void *self, flr_context *context, const char *client, int64_t when);
    int (*client_is_active)(void *self, flr_context *context, const char *client, const char *reason);
    int (*count)(void *self, size_t *tasks);
    int (*cancel_all)(void *self, flr_context *context, int status);
    int (*disconnect_time)(void *self, const char *client, int64_t *when);
    int (*advance)(void *self, flr_context *context, int64_t now, int64_t *due);
};
FROZEN_MEMBER(flr_communicator_ops, struct_size)
FROZEN_MEMBER(flr_communicator_ops, flags)
FROZEN_MEMBER(flr_communicator_ops, component)
FROZEN_MEMBER(flr_communicator_ops, process_task_request)
FROZEN_MEMBER(flr_communicator_ops, process_submission)
FROZEN_MEMBER(flr_communicator_ops, initialize_run)
FROZEN_MEMBER(flr_communicator_ops, finalize_run)
FROZEN_MEMBER(flr_communicator_ops, process_task_check)
FROZEN_MEMBER(flr_communicator_ops, handle_exception)
FROZEN_MEMBER(flr_communicator_ops, process_dead_client_report)
FROZEN_MEMBER(flr_communicator_ops, client_is_active)
FROZEN_MEMBER(flr_communicator_ops, count)
FROZEN_MEMBER(flr_communicator_ops, cancel_all)
FROZEN_MEMBER(flr_communicator_ops, disconnect_time)
FROZEN_MEMBER(flr_communicator_ops, advance)
FROZEN_NEXT(flr_communicator_ops, struct_size, flags)
FROZEN_NEXT(flr_communicator_ops, flags, component)
FROZEN_NEXT(flr_communicator_ops, component, process_task_request)
FROZEN_NEXT(flr_communicator_ops, process_task_request, process_submission)
FROZEN_NEXT(flr_communicator_ops, process_submission, initialize_run)
FROZEN_NEXT(flr_communicator_ops, initialize_run, finalize_run)
FROZEN_NEXT(flr_communicator_ops, finalize_run, process_task_check)
FROZEN_NEXT(flr_communicator_ops, process_task_check, handle_exception)
FROZEN_NEXT(flr_communicator_ops, handle_exception, process_dead_client_report)
FROZEN_NEXT(flr_communicator_ops, process_dead_client_report, client_is_active)
FROZEN_NEXT(flr_communicator_ops, client_is_active, count)
FROZEN_NEXT(flr_communicator_ops, count, cancel_all)
FROZEN_NEXT(flr_communicator_ops, cancel_all, disconnect_time)
FROZEN_NEXT(flr_communicator_ops, disconnect_time, advance)
FROZEN_STRUCT(flr_communicator_ops, advance)

struct frozen_flr_component_ops {
    uint32_t struct_size;
    uint32_t flags;
    const char *name;
    flr_event_handler handle_event;
    const char *const *events;
    int (*save)(void *self, flr_context *context, flr_value **state);
    int (*restore)(void *self, flr_context *context, const flr_value *state);
    void (*destroy)(void *self);
};
FROZEN_MEMBER(flr_component_ops, struct_size)
FROZEN_MEMBER(flr_component_ops, flags)
FROZEN_MEMBER(flr_component_ops, name)
FROZEN_MEMBER(flr_component_ops, handle_event)
FROZEN_MEMBER(flr_component_ops, events)
FROZEN_MEMBER(flr_component_ops, save)
FROZEN_MEMBER(flr_component_ops, restore)
FROZEN_MEMBER(flr_component_ops, destroy)
FROZEN_NEXT(flr_component_ops, struct_size, flags)
FROZEN_NEXT(flr_component_ops, flags, name)
FROZEN_NEXT(flr_component_ops, name, handle_event)
FROZEN_NEXT(flr_component_ops, handle_event, events)
FROZEN_NEXT(flr_component_ops, events, save)
FROZEN_NEXT(flr_component_ops, save, restore)
FROZEN_NEXT(flr_component_ops, restore, destroy)
FROZEN_STRUCT(flr_component_ops, destroy)

struct frozen_flr_controller_ops {
    uint32_t struct_size;
    uint32_t flags;
    const flr_component_ops *component;
    int (*control_flow)(void *self, flr_signal *abort, flr_context *context);
    int (*step)(void *self, flr_context *context, int64_t now, int64_t *due, int *ended);
    int (*start)(void *self, flr_context *context);
    int (*stop)(void *self, flr_context *context);
    int (*process_result_of_unknown_task)(void *self, flr_context *context, const char *client, const char *task_name, const char *task_id, const flr_shareable *result);
};
FROZEN_MEMBER(flr_controller_ops, struct_size)
FROZEN_MEMBER(flr_controller_ops, flags)
FROZEN_MEMBER(flr_controller_ops, component)
FROZEN_MEMBER(flr_controller_ops, control_flow)
FROZEN_MEMBER(flr_controller_ops, step)
FROZEN_MEMBER(flr_controller_ops, start)
FROZEN_MEMBER(flr_controller_ops, stop)
FROZEN_MEMBER(flr_controller_ops, process_result_of_unknown_task)
FROZEN_NEXT(flr_controller_ops, struct_size, flags)
FROZEN_NEXT(flr_controller_ops, flags, component)
FROZEN_NEXT(flr_controller_ops, component, control_flow)
FROZEN_NEXT(flr_controller_ops, control_flow, step)
FROZEN_NEXT(flr_controller_ops, step, start)
FROZEN_NEXT(flr_controller_ops, start, stop)
FROZEN_NEXT(flr_controller_ops, stop, process_result_of_unknown_task)
FROZEN_STRUCT(flr_controller_ops, process_result_of_unknown_task)

struct frozen_flr_engine_ops {
    uint32_t struct_size;
    uint32_t flags;
    int (*list_clients)(void *self, flr_client_list *list);
    int (*send_aux)(void *self, flr_aux_send *send);
    int (*persist)(void *self, const flr_state *state, int completed);
    int (*audit)(void *self, const flr_audit_record *record);
    void (*wakeup)(void *self);
    void (*task_ready)(void *self, const char *client);
    void (*log)(void *self, int level, const char *line);
};
FROZEN_MEMBER(flr_engine_ops, struct_size)
FROZEN_MEMBER(flr_engine_ops, flags)
FROZEN_MEMBER(flr_engine_ops, list_clients)
FROZEN_MEMBER(flr_engine_ops, send_aux)
FROZEN_MEMBER(flr_engine_ops, persist)
FROZEN_MEMBER(flr_engine_ops, audit)
FROZEN_MEMBER(flr_engine_ops, wakeup)
FROZEN_MEMBER(flr_engine_ops, task_ready)
FROZEN_MEMBER(flr_engine_ops, log)
FROZEN_NEXT(flr_engine_ops, struct_size, flags)
FROZEN_NEXT(flr_engine_ops, flags, list_clients)
FROZEN_NEXT(flr_engine_ops, list_clients, send_aux)
FROZEN_NEXT(flr_engine_ops, send_aux, persist)
FROZEN_NEXT(flr_engine_ops, persist, audit)
FROZEN_NEXT(flr_engine_ops, audit, wakeup)
FROZEN_NEXT(flr_engine_ops, wakeup, task_ready)
FROZEN_NEXT(flr_engine_ops, task_ready, log)
FROZEN_STRUCT(flr_engine_ops, log)

struct frozen_flr_envelope {
    uint32_t struct_size;
    uint32_t flags;
    uint32_t kind;
    int32_t code;
    int64_t id;
    double time;
    const char *job, *client, *topic, *task, *task_id;
    const flr_value *peer, *extra;
    const flr_shareable *message;
};
FROZEN_MEMBER(flr_envelope, struct_size)
FROZEN_MEMBER(flr_envelope, flags)
FROZEN_MEMBER(flr_envelope, kind)
FROZEN_MEMBER(flr_envelope, code)
FROZEN_MEMBER(flr_envelope, id)
FROZEN_MEMBER(flr_envelope, time)
FROZEN_MEMBER(flr_envelope, job)
FROZEN_MEMBER(flr_envelope, client)
FROZEN_MEMBER(flr_envelope, topic)
FROZEN_MEMBER(flr_envelope, task)
FROZEN_MEMBER(flr_envelope, task_id)
FROZEN_MEMBER(flr_envelope, peer)
FROZEN_MEMBER(flr_envelope, extra)
FROZEN_MEMBER(flr_envelope, message)
FROZEN_NEXT(flr_envelope, struct_size, flags)
FROZEN_NEXT(flr_envelope, flags, kind)
FROZEN_NEXT(flr_envelope, kind, code)
FROZEN_NEXT(flr_envelope, code, id)
FROZEN_NEXT(flr_envelope, id, time)
FROZEN_NEXT(flr_envelope, time, job)
FROZEN_NEXT(flr_envelope, job, client)
FROZEN_NEXT(flr_envelope, client, topic)
FROZEN_NEXT(flr_envelope, topic, task)
FROZEN_NEXT(flr_envelope, task, task_id)
FROZEN_NEXT(flr_envelope, task_id, peer)
FROZEN_NEXT(flr_envelope, peer, extra)
FROZEN_NEXT(flr_envelope, extra, message)
FROZEN_STRUCT(flr_envelope, message)

struct frozen_flr_executor_ops {
    uint32_t struct_size;
    uint32_t flags;
    const flr_component_ops *component;
    int (*execute)(void *self, flr_context *context, const char *task_name, const flr_shareable *data, flr_signal *abort, flr_shareable **result);
    int (*start)(void *self, flr_context *context, flr_execution *execution);
};
FROZEN_MEMBER(flr_executor_ops, struct_size)
FROZEN_MEMBER(flr_executor_ops, flags)
FROZEN_MEMBER(flr_executor_ops, component)
FROZEN_MEMBER(flr_executor_ops, execute)
FROZEN_MEMBER(flr_executor_ops, start)
FROZEN_NEXT(flr_executor_ops, struct_size, flags)
FROZEN_NEXT(flr_executor_ops, flags, component)
FROZEN_NEXT(flr_executor_ops, component, execute)
FROZEN_NEXT(flr_executor_ops, execute, start)
FROZEN_STRUCT(flr_executor_ops, start)

struct frozen_flr_fedavg_options {
    uint32_t struct_size;
    uint32_t flags;
    const flr_value *initial_model;
    const char *task_name;
    uint64_t rounds;
    uint64_t min_clients;
    double wait_time_after_min_received;
    double train_timeout;
    double wait_for_clients_timeout;
    int64_t integers;
    int64_t accumulator;
    int (*on_round)(void *self, const flr_round *round, const flr_value *model);
    void *self;
    flr_file_store *models;
    const char *model_name;
    uint64_t model_every;
};
FROZEN_MEMBER(flr_fedavg_options, struct_size)
FROZEN_MEMBER(flr_fedavg_options, flags)
FROZEN_MEMBER(flr_fedavg_options, initial_model)
FROZEN_MEMBER(flr_fedavg_options, task_name)
FROZEN_MEMBER(flr_fedavg_options, rounds)
FROZEN_MEMBER(flr_fedavg_options, min_clients)
FROZEN_MEMBER(flr_fedavg_options, wait_time_after_min_received)
FROZEN_MEMBER(flr_fedavg_options, train_timeout)
FROZEN_MEMBER(flr_fedavg_options, wait_for_clients_timeout)
FROZEN_MEMBER(flr_fedavg_options, integers)
FROZEN_MEMBER(flr_fedavg_options, accumulator)
FROZEN_MEMBER(flr_fedavg_options, on_round)
FROZEN_MEMBER(flr_fedavg_options, self)
FROZEN_MEMBER(flr_fedavg_options, models)
FROZEN_MEMBER(flr_fedavg_options, model_name)
FROZEN_MEMBER(flr_fedavg_options, model_every)
FROZEN_NEXT(flr_fedavg_options, struct_size, flags)
FROZEN_NEXT(flr_fedavg_options, flags, initial_model)
FROZEN_NEXT(flr_fedavg_options, initial_model, task_name)
FROZEN_NEXT(flr_fedavg_options, task_name, rounds)
FROZEN_NEXT(flr_fedavg_options, rounds, min_clients)
FROZEN_NEXT(flr_fedavg_options, min_clients, wait_time_after_min_received)
FROZEN_NEXT(flr_fedavg_options, wait_time_after_min_received, train_timeout)
FROZEN_NEXT(flr_fedavg_options, train_timeout, wait_for_clients_timeout)
FROZEN_NEXT(flr_fedavg_options, wait_for_clients_timeout, integers)
FROZEN_NEXT(flr_fedavg_options, integers, accumulator)
FROZEN_NEXT(flr_fedavg_options, accumulator, on_round)
FROZEN_NEXT(flr_fedavg_options, on_round, self)
FROZEN_NEXT(flr_fedavg_options, self, models)
FROZEN_NEXT(flr_fedavg_options, models, model_name)
FROZEN_NEXT(flr_fedavg_options, model_name, model_every)
FROZEN_STRUCT(flr_fedavg_options, model_every)

struct frozen_flr_file_store_options {
    uint32_t struct_size;
    uint32_t flags;
    const char *directory;
    const char *name;
    uint64_t max_size;
};
FROZEN_MEMBER(flr_file_store_options, struct_size)
FROZEN_MEMBER(flr_file_store_options, flags)
FROZEN_MEMBER(flr_file_store_options, directory)
FROZEN_MEMBER(flr_file_store_options, name)
FROZEN_MEMBER(flr_file_store_options, max_size)
FROZEN_NEXT(flr_file_store_options, struct_size, flags)
FROZEN_NEXT(flr_file_store_options, flags, directory)
FROZEN_NEXT(flr_file_store_options, directory, name)
FROZEN_NEXT(flr_file_store_options, name, max_size)
FROZEN_STRUCT(flr_file_store_options, max_size)

struct frozen_flr_filter_ops {
    uint32_t struct_size;
    uint32_t flags;
    const flr_component_ops *component;
    int (*process)(void *self, flr_context *context, flr_shareable *message, flr_shareable **output);
};
FROZEN_MEMBER(flr_filter_ops, struct_size)
FROZEN_MEMBER(flr_filter_ops, flags)
FROZEN_MEMBER(flr_filter_ops, component)
FROZEN_MEMBER(flr_filter_ops, process)
FROZEN_NEXT(flr_filter_ops, struct_size, flags)
FROZEN_NEXT(flr_filter_ops, flags, component)
FROZEN_NEXT(flr_filter_ops, component, process)
FROZEN_STRUCT(flr_filter_ops, process)

struct frozen_flr_forever_options {
    uint32_t struct_size;
    uint32_t flags;
    const char *const *targets;
    size_t target_count;
    int64_t mode;
};
FROZEN_MEMBER(flr_forever_options, struct_size)
FROZEN_MEMBER(flr_forever_options, flags)
FROZEN_MEMBER(flr_forever_options, targets)
FROZEN_MEMBER(flr_forever_options, target_count)
FROZEN_MEMBER(flr_forever_options, mode)
FROZEN_NEXT(flr_forever_options, struct_size, flags)
FROZEN_NEXT(flr_forever_options, flags, targets)
FROZEN_NEXT(flr_forever_options, targets, target_count)
FROZEN_NEXT(flr_forever_options, target_count, mode)
FROZEN_STRUCT(flr_forever_options, mode)

struct frozen_flr_frame_fault {
    uint32_t struct_size;
    uint32_t flags;
    uint64_t offset;
    const char *reason;
};
FROZEN_MEMBER(flr_frame_fault, struct_size)
FROZEN_MEMBER(flr_frame_fault, flags)
FROZEN_MEMBER(flr_frame_fault, offset)
FROZEN_MEMBER(flr_frame_fault, reason)
FROZEN_NEXT(flr_frame_fault, struct_size, flags)
FROZEN_NEXT(flr_frame_fault, flags, offset)
FROZEN_NEXT(flr_frame_fault, offset, reason)
FROZEN_STRUCT(flr_frame_fault, reason)

struct frozen_flr_frame_limits {
    uint32_t struct_size;
    uint32_t flags;
    uint64_t bytes;
    uint64_t header;
    uint64_t segments;
    uint64_t depth;
    uint64_t count;
};
FROZEN_MEMBER(flr_frame_limits, struct_size)
FROZEN_MEMBER(flr_frame_limits, flags)
FROZEN_MEMBER(flr_frame_limits, bytes)
FROZEN_MEMBER(flr_frame_limits, header)
FROZEN_MEMBER(flr_frame_limits, segments)
FROZEN_MEMBER(flr_frame_limits, depth)
FROZEN_MEMBER(flr_frame_limits, count)
FROZEN_NEXT(flr_frame_limits, struct_size, flags)
FROZEN_NEXT(flr_frame_limits, flags, bytes)
FROZEN_NEXT(flr_frame_limits, bytes, header)
FROZEN_NEXT(flr_frame_limits, header, segments)
FROZEN_NEXT(flr_frame_limits, segments, depth)
FROZEN_NEXT(flr_frame_limits, depth, count)
FROZEN_STRUCT(flr_frame_limits, count)

struct frozen_flr_local_options {
    uint32_t struct_size;
    uint32_t flags;
    const flr_engine_ops *engine;
    void *engine_self;
    uint64_t seed;
    double min_delay, max_delay;
};
FROZEN_MEMBER(flr_local_options, struct_size)
FROZEN_MEMBER(flr_local_options, flags)
FROZEN_MEMBER(flr_local_options, engine)
FROZEN_MEMBER(flr_local_options, engine_self)
FROZEN_MEMBER(flr_local_options, seed)
FROZEN_MEMBER(flr_local_options, min_delay)
FROZEN_MEMBER(flr_local_options, max_delay)
FROZEN_NEXT(flr_local_options, struct_size, flags)
FROZEN_NEXT(flr_local_options, flags, engine)
FROZEN_NEXT(flr_local_options, engine, engine_self)
FROZEN_NEXT(flr_local_options, engine_self, seed)
FROZEN_NEXT(flr_local_options, seed, min_delay)
FROZEN_NEXT(flr_local_options, min_delay, max_delay)
FROZEN_STRUCT(flr_local_options, max_delay)

struct frozen_flr_relay_options {
    uint32_t struct_size;
    uint32_t flags;
    const char *const *targets;
    size_t target_count;
    int64_t mode;
    int64_t order;
    double task_assignment_timeout;
    double task_result_timeout;
};
FROZEN_MEMBER(flr_relay_options, struct_size)
FROZEN_MEMBER(flr_relay_options, flags)
FROZEN_MEMBER(flr_relay_options, targets)
FROZEN_MEMBER(flr_relay_options, target_count)
FROZEN_MEMBER(flr_relay_options, mode)
FROZEN_MEMBER(flr_relay_options, order)
FROZEN_MEMBER(flr_relay_options, task_assignment_timeout)
FROZEN_MEMBER(flr_relay_options, task_result_timeout)
FROZEN_NEXT(flr_relay_options, struct_size, flags)
FROZEN_NEXT(flr_relay_options, flags, targets)
FROZEN_NEXT(flr_relay_options, targets, target_count)
FROZEN_NEXT(flr_relay_options, target_count, mode)
FROZEN_NEXT(flr_relay_options, mode, order)
FROZEN_NEXT(flr_relay_options, order, task_assignment_timeout)
FROZEN_NEXT(flr_relay_options, task_assignment_timeout, task_result_timeout)
FROZEN_STRUCT(flr_relay_options, task_result_timeout)

struct frozen_flr_reliable_options {
    uint32_t struct_size;
    uint32_t flags;
    double per_message_timeout;
    double transaction_timeout;
};
FROZEN_MEMBER(flr_reliable_options, struct_size)
FROZEN_MEMBER(flr_reliable_options, flags)
FROZEN_MEMBER(flr_reliable_options, per_message_timeout)
FROZEN_MEMBER(flr_reliable_options, transaction_timeout)
FROZEN_NEXT(flr_reliable_options, struct_size, flags)
FROZEN_NEXT(flr_reliable_options, flags, per_message_timeout)
FROZEN_NEXT(flr_reliable_options, per_message_timeout, transaction_timeout)
FROZEN_STRUCT(flr_reliable_options, transaction_timeout)

struct frozen_flr_send_options {
    uint32_t struct_size;
    uint32_t flags;
    const char *const *targets;
    size_t target_count;
    int64_t mode;
    int64_t order;
    double task_assignment_timeout;
};
FROZEN_MEMBER(flr_send_options, struct_size)
FROZEN_MEMBER(flr_send_options, flags)
FROZEN_MEMBER(flr_send_options, targets)
FROZEN_MEMBER(flr_send_options, target_count)
FROZEN_MEMBER(flr_send_options, mode)
FROZEN_MEMBER(flr_send_options, order)
FROZEN_MEMBER(flr_send_options, task_assignment_timeout)
FROZEN_NEXT(flr_send_options, struct_size, flags)
FROZEN_NEXT(flr_send_options, flags, targets)
FROZEN_NEXT(flr_send_options, targets, target_count)
FROZEN_NEXT(flr_send_options, target_count, mode)
FROZEN_NEXT(flr_send_options, mode, order)
FROZEN_NEXT(flr_send_options, order, task_assignment_timeout)
FROZEN_STRUCT(flr_send_options, task_assignment_timeout)

struct frozen_flr_stats {
    uint32_t struct_size;
    uint32_t flags;
    uint64_t answer_task;
    uint64_t answer_try_not_started;
    uint64_t answer_try_no_peer;
    uint64_t answer_try_busy;
    uint64_t answer_try_no_workflow;
    uint64_t answer_try_no_task;
    uint64_t answer_try_failed;
    uint64_t answer_try_filter;
    uint64_t answer_end_done;
    uint64_t answer_end_job;
    uint64_t resends;
    uint64_t accepted, duplicate, late, unknown_task;
    uint64_t wrong_client, wrong_task_name, wrong_workflow, wrong_job;
    uint64_t no_peer, not_running, fatal_return_code, failed;
    uint64_t data_filter_failures, result_filter_failures;
    uint64_t aux_ok, aux_bad_request, aux_topic_unknown, aux_no_peer, aux_handler_failed, aux_other;
    uint64_t tasks_scheduled;
    uint64_t tasks_ok, tasks_timeout, tasks_error, tasks_cancelled, tasks_aborted, tasks_client_dead;
    uint64_t handler_failures, task_callback_failures, controller_failures, communicator_failures, engine_failures;
    uint64_t dead_reports, disconnections, reconnections;
    uint64_t persists;
};
FROZEN_MEMBER(flr_stats, struct_size)
FROZEN_MEMBER(flr_stats, flags)
FROZEN_MEMBER(flr_stats, answer_task)
FROZEN_MEMBER(flr_stats, answer_try_not_started)
FROZEN_MEMBER(flr_stats, answer_try_no_peer)
FROZEN_MEMBER(flr_stats, answer_try_busy)
FROZEN_MEMBER(flr_stats, answer_try_no_workflow)
FROZEN_MEMBER(flr_stats, answer_try_no_task)
FROZEN_MEMBER(flr_stats, answer_try_failed)
FROZEN_MEMBER(flr_stats, answer_try_filter)
FROZEN_MEMBER(flr_stats, answer_end_done)
FROZEN_MEMBER(flr_stats, answer_end_job)
FROZEN_MEMBER(flr_stats, resends)
FROZEN_MEMBER(flr_stats, accepted)
FROZEN_MEMBER(flr_stats, duplicate)
FROZEN_MEMBER(flr_stats, late)
FROZEN_MEMBER(flr_stats, unknown_task)
FROZEN_MEMBER(flr_stats, wrong_client)
FROZEN_MEMBER(flr_stats, wrong_task_name)
FROZEN_MEMBER(flr_stats, wrong_workflow)
FROZEN_MEMBER(flr_stats, wrong_job)
FROZEN_MEMBER(flr_stats, no_peer)
FROZEN_MEMBER(flr_stats, not_running)
FROZEN_MEMBER(flr_stats, fatal_return_code)
FROZEN_MEMBER(flr_stats, failed)
FROZEN_MEMBER(flr_stats, data_filter_failures)
FROZEN_MEMBER(flr_stats, result_filter_failures)
FROZEN_MEMBER(flr_stats, aux_ok)
FROZEN_MEMBER(flr_stats, aux_bad_request)
FROZEN_MEMBER(flr_stats, aux_topic_unknown)
FROZEN_MEMBER(flr_stats, aux_no_peer)
FROZEN_MEMBER(flr_stats, aux_handler_failed)
FROZEN_MEMBER(flr_stats, aux_other)
FROZEN_MEMBER(flr_stats, tasks_scheduled)
FROZEN_MEMBER(flr_stats, tasks_ok)
FROZEN_MEMBER(flr_stats, tasks_timeout)
FROZEN_MEMBER(flr_stats, tasks_error)
FROZEN_MEMBER(flr_stats, tasks_cancelled)
FROZEN_MEMBER(flr_stats, tasks_aborted)
FROZEN_MEMBER(flr_stats, tasks_client_dead)
FROZEN_MEMBER(flr_stats, handler_failures)
FROZEN_MEMBER(flr_stats, task_callback_failures)
FROZEN_MEMBER(flr_stats, controller_failures)
FROZEN_MEMBER(flr_stats, communicator_failures)
FROZEN_MEMBER(flr_stats, engine_failures)
FROZEN_MEMBER(flr_stats, dead_reports)
FROZEN_MEMBER(flr_stats, disconnections)
FROZEN_MEMBER(flr_stats, reconnections)
FROZEN_MEMBER(flr_stats, persists)
FROZEN_NEXT(flr_stats, struct_size, flags)
FROZEN_NEXT(flr_stats, flags, answer_task)
FROZEN_NEXT(flr_stats, answer_task, answer_try_not_started)
FROZEN_NEXT(flr_stats, answer_try_not_started, answer_try_no_peer)
FROZEN_NEXT(flr_stats, answer_try_no_peer, answer_try_busy)
FROZEN_NEXT(flr_stats, answer_try_busy, answer_try_no_workflow)
FROZEN_NEXT(flr_stats, answer_try_no_workflow, answer_try_no_task)
FROZEN_NEXT(flr_stats, answer_try_no_task, answer_try_failed)
FROZEN_NEXT(flr_stats, answer_try_failed, answer_try_filter)
FROZEN_NEXT(flr_stats, answer_try_filter, answer_end_done)
FROZEN_NEXT(flr_stats, answer_end_done, answer_end_job)
FROZEN_NEXT(flr_stats, answer_end_job, resends)
FROZEN_NEXT(flr_stats, resends, accepted)
FROZEN_NEXT(flr_stats, accepted, duplicate)
FROZEN_NEXT(flr_stats, duplicate, late)
FROZEN_NEXT(flr_stats, late, unknown_task)
FROZEN_NEXT(flr_stats, unknown_task, wrong_client)
FROZEN_NEXT(flr_stats, wrong_client, wrong_task_name)
FROZEN_NEXT(flr_stats, wrong_task_name, wrong_workflow)
FROZEN_NEXT(flr_stats, wrong_workflow, wrong_job)
FROZEN_NEXT(flr_stats, wrong_job, no_peer)
FROZEN_NEXT(flr_stats, no_peer, not_running)
FROZEN_NEXT(flr_stats, not_running, fatal_return_code)
FROZEN_NEXT(flr_stats, fatal_return_code, failed)
FROZEN_NEXT(flr_stats, failed, data_filter_failures)
FROZEN_NEXT(flr_stats, data_filter_failures, result_filter_failures)
FROZEN_NEXT(flr_stats, result_filter_failures, aux_ok)
FROZEN_NEXT(flr_stats, aux_ok, aux_bad_request)
FROZEN_NEXT(flr_stats, aux_bad_request, aux_topic_unknown)
FROZEN_NEXT(flr_stats, aux_topic_unknown, aux_no_peer)
FROZEN_NEXT(flr_stats, aux_no_peer, aux_handler_failed)
FROZEN_NEXT(flr_stats, aux_handler_failed, aux_other)
FROZEN_NEXT(flr_stats, aux_other, tasks_scheduled)
FROZEN_NEXT(flr_stats, tasks_scheduled, tasks_ok)
FROZEN_NEXT(flr_stats, tasks_ok, tasks_timeout)
FROZEN_NEXT(flr_stats, tasks_timeout, tasks_error)
FROZEN_NEXT(flr_stats, tasks_error, tasks_cancelled)
FROZEN_NEXT(flr_stats, tasks_cancelled, tasks_aborted)
FROZEN_NEXT(flr_stats, tasks_aborted, tasks_client_dead)
FROZEN_NEXT(flr_stats, tasks_client_dead, handler_failures)
FROZEN_NEXT(flr_stats, handler_failures, task_callback_failures)
FROZEN_NEXT(flr_stats, task_callback_failures, controller_failures)
FROZEN_NEXT(flr_stats, controller_failures, communicator_failures)
FROZEN_NEXT(flr_stats, communicator_failures, engine_failures)
FROZEN_NEXT(flr_stats, engine_failures, dead_reports)
FROZEN_NEXT(flr_stats, dead_reports, disconnections)
FROZEN_NEXT(flr_stats, disconnections, reconnections)
FROZEN_NEXT(flr_stats, reconnections, persists)
FROZEN_STRUCT(flr_stats, persists)

struct frozen_flr_step_result {
    uint32_t struct_size;
    uint32_t flags;
    int64_t wait_ns;
    int32_t state;
    int32_t result;
};
FROZEN_MEMBER(flr_step_result, struct_size)
FROZEN_MEMBER(flr_step_result, flags)
FROZEN_MEMBER(flr_step_result, wait_ns)
FROZEN_MEMBER(flr_step_result, state)
FROZEN_MEMBER(flr_step_result, result)
FROZEN_NEXT(flr_step_result, struct_size, flags)
FROZEN_NEXT(flr_step_result, flags, wait_ns)
FROZEN_NEXT(flr_step_result, wait_ns, state)
FROZEN_NEXT(flr_step_result, state, result)
FROZEN_STRUCT(flr_step_result, result)

struct frozen_flr_task_info {
    uint32_t struct_size;
    uint32_t flags;
    const char *name;
    int64_t kind;
    int64_t number;
    int64_t age;
    int64_t time_left;
    uint64_t targets;
    uint64_t sent;
    uint64_t answered;
    uint64_t given_up;
    uint64_t outstanding;
};
FROZEN_MEMBER(flr_task_info, struct_size)
FROZEN_MEMBER(flr_task_info, flags)
FROZEN_MEMBER(flr_task_info, name)
FROZEN_MEMBER(flr_task_info, kind)
FROZEN_MEMBER(flr_task_info, number)
FROZEN_MEMBER(flr_task_info, age)
FROZEN_MEMBER(flr_task_info, time_left)
FROZEN_MEMBER(flr_task_info, targets)
FROZEN_MEMBER(flr_task_info, sent)
FROZEN_MEMBER(flr_task_info, answered)
FROZEN_MEMBER(flr_task_info, given_up)
FROZEN_MEMBER(flr_task_info, outstanding)
FROZEN_NEXT(flr_task_info, struct_size, flags)
FROZEN_NEXT(flr_task_info, flags, name)
FROZEN_NEXT(flr_task_info, name, kind)
FROZEN_NEXT(flr_task_info, kind, number)
FROZEN_NEXT(flr_task_info, number, age)
FROZEN_NEXT(flr_task_info, age, time_left)
FROZEN_NEXT(flr_task_info, time_left, targets)
FROZEN_NEXT(flr_task_info, targets, sent)
FROZEN_NEXT(flr_task_info, sent, answered)
FROZEN_NEXT(flr_task_info, answered, given_up)
FROZEN_NEXT(flr_task_info, given_up, outstanding)
FROZEN_STRUCT(flr_task_info, outstanding)

struct frozen_flr_task_options {
    uint32_t struct_size;
    uint32_t flags;
    const char *name;
    flr_shareable *payload;
    const flr_value *operation;
    const flr_value *props;
    double timeout;
    int64_t number;
    int (*before_task_sent)(void *self, flr_assignment *assignment, flr_context *context);
    int (*after_task_sent)(void *self, flr_assignment *assignment, flr_context *context);
    int (*result_received)(void *self, flr_assignment *assignment, flr_context *context);
    int (*task_done)(void *self, flr_task *task, flr_context *context);
    void *self;
    void (*destroy)(void *self);
};
FROZEN_MEMBER(flr_task_options, struct_size)
FROZEN_MEMBER(flr_task_options, flags)
FROZEN_MEMBER(flr_task_options, name)
FROZEN_MEMBER(flr_task_options, payload)
FROZEN_MEMBER(flr_task_options, operation)
FROZEN_MEMBER(flr_task_options, props)
FROZEN_MEMBER(flr_task_options, timeout)
FROZEN_MEMBER(flr_task_options, number)
FROZEN_MEMBER(flr_task_options, before_task_sent)
FROZEN_MEMBER(flr_task_options, after_task_sent)
FROZEN_MEMBER(flr_task_options, result_received)
FROZEN_MEMBER(flr_task_options, task_done)
FROZEN_MEMBER(flr_task_options, self)
FROZEN_MEMBER(flr_task_options, destroy)
FROZEN_NEXT(flr_task_options, struct_size, flags)
FROZEN_NEXT(flr_task_options, flags, name)
FROZEN_NEXT(flr_task_options, name, payload)
FROZEN_NEXT(flr_task_options, payload, operation)
FROZEN_NEXT(flr_task_options, operation, props)
FROZEN_NEXT(flr_task_options, props, timeout)
FROZEN_NEXT(flr_task_options, timeout, number)
FROZEN_NEXT(flr_task_options, number, before_task_sent)
FROZEN_NEXT(flr_task_options, before_task_sent, after_task_sent)
FROZEN_NEXT(flr_task_options, after_task_sent, result_received)
FROZEN_NEXT(flr_task_options, result_received, task_done)
FROZEN_NEXT(flr_task_options, task_done, self)
FROZEN_NEXT(flr_task_options, self, destroy)
FROZEN_STRUCT(flr_task_options, destroy)

typedef int (*frozen_flr_assignment_visitor)(void *self, flr_assignment *assignment);
FROZEN_TYPE(flr_assignment_visitor)
typedef void (*frozen_flr_aux_done)(void *self, flr_aux_send *send);
FROZEN_TYPE(flr_aux_done)
typedef int (*frozen_flr_aux_handler)(void *self, flr_context *context, const char *topic, const flr_shareable *request, flr_shareable **reply);
FROZEN_TYPE(flr_aux_handler)
typedef void (*frozen_flr_blob_release)(void *self, const void *data, size_t size);
FROZEN_TYPE(flr_blob_release)
typedef int (*frozen_flr_client_info_visitor)(void *self, const flr_client_info *info);
FROZEN_TYPE(flr_client_info_visitor)
typedef int (*frozen_flr_client_visitor)(void *self, const char *client, const char *parent, int64_t last_heard, int64_t disconnected);
FROZEN_TYPE(flr_client_visitor)
typedef int (*frozen_flr_event_handler)(void *self, const char *event, flr_context *context);
FROZEN_TYPE(flr_event_handler)
typedef int (*frozen_flr_local_client)(void *self, const char *client, const char *task_name, const flr_shareable *data, flr_signal *abort, flr_shareable **result);
FROZEN_TYPE(flr_local_client)
typedef int (*frozen_flr_name_visitor)(void *self, const char *client);
FROZEN_TYPE(flr_name_visitor)
typedef void (*frozen_flr_reliable_done)(void *self, flr_shareable *reply);
FROZEN_TYPE(flr_reliable_done)
typedef int (*frozen_flr_reliable_handler)(void *self, flr_context *context, const char *topic, const flr_shareable *request, flr_signal *cancel, flr_shareable **reply);
FROZEN_TYPE(flr_reliable_handler)
typedef int (*frozen_flr_task_visitor)(void *self, const flr_task_info *info);
FROZEN_TYPE(flr_task_visitor)

void frozen_flr_allocator_ops_init(flr_allocator_ops *ops, size_t size);
FROZEN_FUNCTION(flr_allocator_ops_init)
int frozen_flr_allocator_set(const flr_allocator_ops *ops, void *self);
FROZEN_FUNCTION(flr_allocator_set)
void frozen_flr_allocator_trim(void);
FROZEN_FUNCTION(flr_allocator_trim)
const flr_shareable *frozen_flr_answer_get_data(const flr_answer *answer);
FROZEN_FUNCTION(flr_answer_get_data)
const char *frozen_flr_answer_get_id(const flr_answer *answer);
FROZEN_FUNCTION(flr_answer_get_id)
int frozen_flr_answer_get_kind(const flr_answer *answer);
FROZEN_FUNCTION(flr_answer_get_kind)
const char *frozen_flr_answer_get_name(const flr_answer *answer);
FROZEN_FUNCTION(flr_answer_get_name)
double frozen_flr_answer_get_wait_time(const flr_answer *answer);
FROZEN_FUNCTION(flr_answer_get_wait_time)
const char *frozen_flr_assignment_get_client(const flr_assignment *assignment);
FROZEN_FUNCTION(flr_assignment_get_client)
flr_shareable *frozen_flr_assignment_get_data(flr_assignment *assignment);
FROZEN_FUNCTION(flr_assignment_get_data)
int64_t frozen_flr_assignment_get_first_sent(const flr_assignment *assignment);
FROZEN_FUNCTION(flr_assignment_get_first_sent)
const char *frozen_flr_assignment_get_id(const flr_assignment *assignment);
FROZEN_FUNCTION(flr_assignment_get_id)
int64_t frozen_flr_assignment_get_last_sent(const flr_assignment *assignment);
FROZEN_FUNCTION(flr_assignment_get_last_sent)
int64_t frozen_flr_assignment_get_received(const flr_assignment *assignment);
FROZEN_FUNCTION(flr_assignment_get_received)
flr_shareable *frozen_flr_assignment_get_result(const flr_assignment *assignment);
FROZEN_FUNCTION(flr_assignment_get_result)
uint64_t frozen_flr_assignment_get_send_count(const flr_assignment *assignment);
FROZEN_FUNCTION(flr_assignment_get_send_count)
int frozen_flr_assignment_get_state(const flr_assignment *assignment);
FROZEN_FUNCTION(flr_assignment_get_state)
flr_task *frozen_flr_assignment_get_task(const flr_assignment *assignment);
FROZEN_FUNCTION(flr_assignment_get_task)
void *frozen_flr_assignment_get_user(const flr_assignment *assignment);
FROZEN_FUNCTION(flr_assignment_get_user)
int frozen_flr_assignment_set_result(flr_assignment *assignment, flr_shareable *result);
FROZEN_FUNCTION(flr_assignment_set_result)
void frozen_flr_assignment_set_user(flr_assignment *assignment, void *user);
FROZEN_FUNCTION(flr_assignment_set_user)
const char *frozen_flr_audit_record_get_id(const flr_audit_record *record);
FROZEN_FUNCTION(flr_audit_record_get_id)
const char *frozen_flr_audit_record_get_job(const flr_audit_record *record);
FROZEN_FUNCTION(flr_audit_record_get_job)
const char *frozen_flr_audit_record_get_line(const flr_audit_record *record);
FROZEN_FUNCTION(flr_audit_record_get_line)
const char *frozen_flr_audit_record_get_message(const flr_audit_record *record);
FROZEN_FUNCTION(flr_audit_record_get_message)
const char *frozen_flr_audit_record_get_reference(const flr_audit_record *record);
FROZEN_FUNCTION(flr_audit_record_get_reference)
const char *frozen_flr_audit_record_get_scope(const flr_audit_record *record);
FROZEN_FUNCTION(flr_audit_record_get_scope)
const char *frozen_flr_audit_record_get_task_id(const flr_audit_record *record);
FROZEN_FUNCTION(flr_audit_record_get_task_id)
const char *frozen_flr_audit_record_get_task_name(const flr_audit_record *record);
FROZEN_FUNCTION(flr_audit_record_get_task_name)
int64_t frozen_flr_audit_record_get_time(const flr_audit_record *record);
FROZEN_FUNCTION(flr_audit_record_get_time)
void frozen_flr_aux_options_init(flr_aux_options *options, size_t size);
FROZEN_FUNCTION(flr_aux_options_init)
int frozen_flr_aux_send_encode(const flr_aux_send *send, size_t target, int64_t id, flr_frame **frame);
FROZEN_FUNCTION(flr_aux_send_encode)
int frozen_flr_aux_send_fail(flr_aux_send *send, size_t target, int code);
FROZEN_FUNCTION(flr_aux_send_fail)
const flr_shareable *frozen_flr_aux_send_get_reply(const flr_aux_send *send, size_t target);
FROZEN_FUNCTION(flr_aux_send_get_reply)
const flr_shareable *frozen_flr_aux_send_get_request(const flr_aux_send *send);
FROZEN_FUNCTION(flr_aux_send_get_request)
const char *frozen_flr_aux_send_get_target(const flr_aux_send *send, size_t i);
FROZEN_FUNCTION(flr_aux_send_get_target)
size_t frozen_flr_aux_send_get_target_count(const flr_aux_send *send);
FROZEN_FUNCTION(flr_aux_send_get_target_count)
double frozen_flr_aux_send_get_timeout(const flr_aux_send *send);
FROZEN_FUNCTION(flr_aux_send_get_timeout)
const char *frozen_flr_aux_send_get_topic(const flr_aux_send *send);
FROZEN_FUNCTION(flr_aux_send_get_topic)
int frozen_flr_aux_send_is_optional(const flr_aux_send *send);
FROZEN_FUNCTION(flr_aux_send_is_optional)
int frozen_flr_aux_send_is_secure(const flr_aux_send *send);
FROZEN_FUNCTION(flr_aux_send_is_secure)
flr_aux_send *frozen_flr_aux_send_ref(flr_aux_send *send);
FROZEN_FUNCTION(flr_aux_send_ref)
int frozen_flr_aux_send_reply(flr_aux_send *send, size_t target, flr_shareable *reply);
FROZEN_FUNCTION(flr_aux_send_reply)
int frozen_flr_aux_send_reply_frame(flr_aux_send *send, size_t target, const flr_frame *reply);
FROZEN_FUNCTION(flr_aux_send_reply_frame)
void frozen_flr_aux_send_unref(flr_aux_send *send);
FROZEN_FUNCTION(flr_aux_send_unref)
const void *frozen_flr_blob_get_data(const flr_blob *blob);
FROZEN_FUNCTION(flr_blob_get_data)
size_t frozen_flr_blob_get_size(const flr_blob *blob);
FROZEN_FUNCTION(flr_blob_get_size)
int frozen_flr_blob_new(size_t size, flr_blob **blob, void **bytes);
FROZEN_FUNCTION(flr_blob_new)
int frozen_flr_blob_new_copy(const void *data, size_t size, flr_blob **blob);
FROZEN_FUNCTION(flr_blob_new_copy)
int frozen_flr_blob_new_slice(flr_blob *blob, size_t offset, size_t size, flr_blob **part);
FROZEN_FUNCTION(flr_blob_new_slice)
int frozen_flr_blob_new_wrap(const void *data, size_t size, flr_blob_release release, void *self, flr_blob **blob);
FROZEN_FUNCTION(flr_blob_new_wrap)
flr_blob *frozen_flr_blob_ref(flr_blob *blob);
FROZEN_FUNCTION(flr_blob_ref)
void frozen_flr_blob_unref(flr_blob *blob);
FROZEN_FUNCTION(flr_blob_unref)
int frozen_flr_board_broadcast(flr_board *board, flr_task *task, const flr_broadcast_options *options, flr_context *context);
FROZEN_FUNCTION(flr_board_broadcast)
int frozen_flr_board_broadcast_and_wait(flr_board *board, flr_task *task, const flr_broadcast_options *options, flr_signal *abort, flr_context *context, int *status);
FROZEN_FUNCTION(flr_board_broadcast_and_wait)
int frozen_flr_board_broadcast_forever(flr_board *board, flr_task *task, const flr_forever_options *options, flr_context *context);
FROZEN_FUNCTION(flr_board_broadcast_forever)
int frozen_flr_board_broadcast_forever_and_wait(flr_board *board, flr_task *task, const flr_forever_options *options, flr_signal *abort, flr_context *context, int *status);
FROZEN_FUNCTION(flr_board_broadcast_forever_and_wait)
int frozen_flr_board_cancel_all(flr_board *board, int status);
FROZEN_FUNCTION(flr_board_cancel_all)
size_t frozen_flr_board_get_count(const flr_board *board);
FROZEN_FUNCTION(flr_board_get_count)
int frozen_flr_board_get_disconnect_time(const flr_board *board, const char *client, int64_t *when);
FROZEN_FUNCTION(flr_board_get_disconnect_time)
int frozen_flr_board_get_totals(const flr_board *board, flr_board_totals *totals);
FROZEN_FUNCTION(flr_board_get_totals)
void frozen_flr_board_options_init(flr_board_options *options, size_t size);
FROZEN_FUNCTION(flr_board_options_init)
int frozen_flr_board_print(flr_board *board, uint32_t flags, flr_blob **text);
FROZEN_FUNCTION(flr_board_print)
int frozen_flr_board_relay(flr_board *board, flr_task *task, const flr_relay_options *options, flr_context *context);
FROZEN_FUNCTION(flr_board_relay)
int frozen_flr_board_relay_and_wait(flr_board *board, flr_task *task, const flr_relay_options *options, flr_signal *abort, flr_context *context, int *status);
FROZEN_FUNCTION(flr_board_relay_and_wait)
int frozen_flr_board_send(flr_board *board, flr_task *task, const flr_send_options *options, flr_context *context);
FROZEN_FUNCTION(flr_board_send)
int frozen_flr_board_send_and_wait(flr_board *board, flr_task *task, const flr_send_options *options, flr_signal *abort, flr_context *context, int *status);
FROZEN_FUNCTION(flr_board_send_and_wait)
int frozen_flr_board_set_options(flr_board *board, const flr_board_options *options);
FROZEN_FUNCTION(flr_board_set_options)
void frozen_flr_board_totals_init(flr_board_totals *totals, size_t size);
FROZEN_FUNCTION(flr_board_totals_init)
int frozen_flr_board_visit_clients(flr_board *board, flr_client_info_visitor visitor, void *self);
FROZEN_FUNCTION(flr_board_visit_clients)
int frozen_flr_board_visit_outstanding(flr_board *board, int64_t number, flr_name_visitor visitor, void *self);
FROZEN_FUNCTION(flr_board_visit_outstanding)
int frozen_flr_board_visit_tasks(flr_board *board, flr_task_visitor visitor, void *self);
FROZEN_FUNCTION(flr_board_visit_tasks)
void frozen_flr_broadcast_options_init(flr_broadcast_options *options, size_t size);
FROZEN_FUNCTION(flr_broadcast_options_init)
void frozen_flr_client_engine_ops_init(flr_client_engine_ops *ops, size_t size);
FROZEN_FUNCTION(flr_client_engine_ops_init)
int frozen_flr_client_list_add(flr_client_list *list, const char *name, const char *parent);
FROZEN_FUNCTION(flr_client_list_add)
void frozen_flr_client_options_init(flr_client_options *options, size_t size);
FROZEN_FUNCTION(flr_client_options_init)
int frozen_flr_client_runner_abort(flr_client_runner *client);
FROZEN_FUNCTION(flr_client_runner_abort)
int frozen_flr_client_runner_add_component(flr_client_runner *client, const char *id, const flr_component_ops *ops, void *self);
FROZEN_FUNCTION(flr_client_runner_add_component)
int frozen_flr_client_runner_add_data_filter(flr_client_runner *client, const char *task, const flr_filter_ops *ops, void *self);
FROZEN_FUNCTION(flr_client_runner_add_data_filter)
int frozen_flr_client_runner_add_data_filters(flr_client_runner *client, const char *task, int direction, flr_filter_chain *chain);
FROZEN_FUNCTION(flr_client_runner_add_data_filters)
int frozen_flr_client_runner_add_executor(flr_client_runner *client, const char *task, const flr_executor_ops *ops, void *self);
FROZEN_FUNCTION(flr_client_runner_add_executor)
int frozen_flr_client_runner_add_result_filter(flr_client_runner *client, const char *task, const flr_filter_ops *ops, void *self);
FROZEN_FUNCTION(flr_client_runner_add_result_filter)
int frozen_flr_client_runner_add_result_filters(flr_client_runner *client, const char *task, int direction, flr_filter_chain *chain);
FROZEN_FUNCTION(flr_client_runner_add_result_filters)
void frozen_flr_client_runner_free(flr_client_runner *client);
FROZEN_FUNCTION(flr_client_runner_free)
flr_signal *frozen_flr_client_runner_get_abort_signal(const flr_client_runner *client);
FROZEN_FUNCTION(flr_client_runner_get_abort_signal)
int frozen_flr_client_runner_get_detail(const flr_client_runner *client, char *text, size_t size);
FROZEN_FUNCTION(flr_client_runner_get_detail)
const char *frozen_flr_client_runner_get_job_id(const flr_client_runner *client);
FROZEN_FUNCTION(flr_client_runner_get_job_id)
int frozen_flr_client_runner_get_stats(const flr_client_runner *client, flr_client_stats *stats);
FROZEN_FUNCTION(flr_client_runner_get_stats)
int frozen_flr_client_runner_new(const flr_client_options *options, const char *job_id, const flr_client_engine_ops *engine, void *engine_self, flr_client_runner **client);
FROZEN_FUNCTION(flr_client_runner_new)
int frozen_flr_client_runner_new_context(flr_client_runner *client, flr_context **context);
FROZEN_FUNCTION(flr_client_runner_new_context)
int frozen_flr_client_runner_process_aux(flr_client_runner *client, const char *sender, const char *topic, flr_context *context, const flr_shareable *request, const flr_shareable **reply);
FROZEN_FUNCTION(flr_client_runner_process_aux)
int frozen_flr_client_runner_process_frame(flr_client_runner *client, const char *sender, flr_context *context, const flr_frame *request, flr_frame **reply);
FROZEN_FUNCTION(flr_client_runner_process_frame)
int frozen_flr_client_runner_run(flr_client_runner *client);
FROZEN_FUNCTION(flr_client_runner_run)
int frozen_flr_client_runner_step(flr_client_runner *client, flr_step_result *result);
FROZEN_FUNCTION(flr_client_runner_step)
int frozen_flr_client_runner_subscribe(flr_client_runner *client, const char *component, const char *event, flr_event_handler handler, void *self);
FROZEN_FUNCTION(flr_client_runner_subscribe)
int frozen_flr_client_runner_task_ready(flr_client_runner *client);
FROZEN_FUNCTION(flr_client_runner_task_ready)
void frozen_flr_client_stats_init(flr_client_stats *stats, size_t size);
FROZEN_FUNCTION(flr_client_stats_init)
int frozen_flr_clock_advance(flr_clock *clock, double seconds);
FROZEN_FUNCTION(flr_clock_advance)
int frozen_flr_clock_advance_to(flr_clock *clock, int64_t now);
FROZEN_FUNCTION(flr_clock_advance_to)
int64_t frozen_flr_clock_get_calendar(const flr_clock *clock);
FROZEN_FUNCTION(flr_clock_get_calendar)
int64_t frozen_flr_clock_get_now(const flr_clock *clock);
FROZEN_FUNCTION(flr_clock_get_now)
int frozen_flr_clock_new_manual(int64_t now, int64_t calendar, flr_clock **clock);
FROZEN_FUNCTION(flr_clock_new_manual)
int frozen_flr_clock_new_system(flr_clock **clock);
FROZEN_FUNCTION(flr_clock_new_system)
flr_clock *frozen_flr_clock_ref(flr_clock *clock);
FROZEN_FUNCTION(flr_clock_ref)
void frozen_flr_clock_unref(flr_clock *clock);
FROZEN_FUNCTION(flr_clock_unref)
int frozen_flr_collector_add(flr_collector *collector, const char *group, const flr_value *stats);
FROZEN_FUNCTION(flr_collector_add)
flr_collector *frozen_flr_collector_from_context(const flr_context *context);
FROZEN_FUNCTION(flr_collector_from_context)
const flr_value *frozen_flr_collector_get(const flr_collector *collector);
FROZEN_FUNCTION(flr_collector_get)
int frozen_flr_collector_new(flr_collector **collector);
FROZEN_FUNCTION(flr_collector_new)
flr_collector *frozen_flr_collector_ref(flr_collector *collector);
FROZEN_FUNCTION(flr_collector_ref)
int frozen_flr_collector_set(flr_collector *collector, const char *group, const flr_value *stats);
FROZEN_FUNCTION(flr_collector_set)
void frozen_flr_collector_unref(flr_collector *collector);
FROZEN_FUNCTION(flr_collector_unref)
void frozen_flr_communicator_ops_init(flr_communicator_ops *ops, size_t size);
FROZEN_FUNCTION(flr_communicator_ops_init)
void frozen_flr_component_ops_init(flr_component_ops *ops, size_t size);
FROZEN_FUNCTION(flr_component_ops_init)
int frozen_flr_config_add_component(flr_config *config, const char *id, const flr_component_ops *ops, void *self);
FROZEN_FUNCTION(flr_config_add_component)
int frozen_flr_config_add_controller(flr_config *config, const char *id, const flr_controller_ops *controller, void *controller_self, const flr_communicator_ops *communicator, void *communicator_self);
FROZEN_FUNCTION(flr_config_add_controller)
int frozen_flr_config_add_data_filter(flr_config *config, const char *task, const flr_filter_ops *ops, void *self);
FROZEN_FUNCTION(flr_config_add_data_filter)
int frozen_flr_config_add_data_filters(flr_config *config, const char *task, int direction, flr_filter_chain *chain);
FROZEN_FUNCTION(flr_config_add_data_filters)
int frozen_flr_config_add_result_filter(flr_config *config, const char *task, const flr_filter_ops *ops, void *self);
FROZEN_FUNCTION(flr_config_add_result_filter)
int frozen_flr_config_add_result_filters(flr_config *config, const char *task, int direction, flr_filter_chain *chain);
FROZEN_FUNCTION(flr_config_add_result_filters)
int frozen_flr_config_add_scope(flr_config *config, flr_scope *scope);
FROZEN_FUNCTION(flr_config_add_scope)
int frozen_flr_config_add_workflow(flr_config *config, const char *id, flr_workflow *workflow);
FROZEN_FUNCTION(flr_config_add_workflow)
void frozen_flr_config_free(flr_config *config);
FROZEN_FUNCTION(flr_config_free)
const char *frozen_flr_config_get_detail(const flr_config *config);
FROZEN_FUNCTION(flr_config_get_detail)
int frozen_flr_config_new(flr_config **config);
FROZEN_FUNCTION(flr_config_new)
int frozen_flr_config_set_allow_state_mismatch(flr_config *config, int on);
FROZEN_FUNCTION(flr_config_set_allow_state_mismatch)
int frozen_flr_config_set_clock(flr_config *config, flr_clock *clock);
FROZEN_FUNCTION(flr_config_set_clock)
int frozen_flr_config_set_dead_client_check_lead_time(flr_config *config, double seconds);
FROZEN_FUNCTION(flr_config_set_dead_client_check_lead_time)
int frozen_flr_config_set_dead_client_grace_period(flr_config *config, double seconds);
FROZEN_FUNCTION(flr_config_set_dead_client_grace_period)
int frozen_flr_config_set_default_scope(flr_config *config, const char *name);
FROZEN_FUNCTION(flr_config_set_default_scope)
int frozen_flr_config_set_end_run_readiness(flr_config *config, double timeout, double interval);
FROZEN_FUNCTION(flr_config_set_end_run_readiness)
int frozen_flr_config_set_fatal_return_codes(flr_config *config, const char *const *codes);
FROZEN_FUNCTION(flr_config_set_fatal_return_codes)
int frozen_flr_config_set_heartbeat_timeout(flr_config *config, double seconds);
FROZEN_FUNCTION(flr_config_set_heartbeat_timeout)
int frozen_flr_config_set_identity(flr_config *config, const char *name);
FROZEN_FUNCTION(flr_config_set_identity)
int frozen_flr_config_set_job_scope(flr_config *config, const char *name);
FROZEN_FUNCTION(flr_config_set_job_scope)
int frozen_flr_config_set_limits(flr_config *config, size_t event_depth, size_t name_bytes);
FROZEN_FUNCTION(flr_config_set_limits)
int frozen_flr_config_set_log_level(flr_config *config, int level);
FROZEN_FUNCTION(flr_config_set_log_level)
int frozen_flr_config_set_min_sites(flr_config *config, size_t count);
FROZEN_FUNCTION(flr_config_set_min_sites)
int frozen_flr_config_set_reliable(flr_config *config, size_t workers, double query_interval);
FROZEN_FUNCTION(flr_config_set_reliable)
int frozen_flr_config_set_required_sites(flr_config *config, const char *const *clients);
FROZEN_FUNCTION(flr_config_set_required_sites)
int frozen_flr_config_set_result_limits(flr_config *config, size_t depth, size_t count, size_t bytes);
FROZEN_FUNCTION(flr_config_set_result_limits)
int frozen_flr_config_set_secure(flr_config *config, int on);
FROZEN_FUNCTION(flr_config_set_secure)
int frozen_flr_config_set_seed(flr_config *config, uint64_t seed);
FROZEN_FUNCTION(flr_config_set_seed)
int frozen_flr_config_set_task_request_interval(flr_config *config, double seconds);
FROZEN_FUNCTION(flr_config_set_task_request_interval)
int frozen_flr_config_subscribe(flr_config *config, const char *component, const char *event, flr_event_handler handler, void *self);
FROZEN_FUNCTION(flr_config_subscribe)
int frozen_flr_context_audit(flr_context *context, const char *reference, const char *message, char *id);
FROZEN_FUNCTION(flr_context_audit)
int frozen_flr_context_clone(const flr_context *context, flr_context **copy);
FROZEN_FUNCTION(flr_context_clone)
int frozen_flr_context_fail(flr_context *context, int code, const char *format, ...);
FROZEN_FUNCTION(flr_context_fail)
void *frozen_flr_context_find_component(const flr_context *context, const char *id);
FROZEN_FUNCTION(flr_context_find_component)
int frozen_flr_context_fire(flr_context *context, const char *event);
FROZEN_FUNCTION(flr_context_fire)
int frozen_flr_context_fire_federation(flr_context *context, const char *event, flr_shareable *data, const flr_value *targets);
FROZEN_FUNCTION(flr_context_fire_federation)
void frozen_flr_context_free(flr_context *context);
FROZEN_FUNCTION(flr_context_free)
int frozen_flr_context_get(const flr_context *context, const char *key, flr_value **value);
FROZEN_FUNCTION(flr_context_get)
flr_signal *frozen_flr_context_get_abort_signal(const flr_context *context);
FROZEN_FUNCTION(flr_context_get_abort_signal)
int frozen_flr_context_get_board(const flr_context *context, flr_board **board);
FROZEN_FUNCTION(flr_context_get_board)
flr_clock *frozen_flr_context_get_clock(const flr_context *context);
FROZEN_FUNCTION(flr_context_get_clock)
int frozen_flr_context_get_custom(const flr_context *context, const char *key, flr_value **value);
FROZEN_FUNCTION(flr_context_get_custom)
const char *frozen_flr_context_get_detail(const flr_context *context);
FROZEN_FUNCTION(flr_context_get_detail)
void *frozen_flr_context_get_engine(const flr_context *context);
FROZEN_FUNCTION(flr_context_get_engine)
const char *frozen_flr_context_get_identity(const flr_context *context);
FROZEN_FUNCTION(flr_context_get_identity)
const char *frozen_flr_context_get_job_id(const flr_context *context);
FROZEN_FUNCTION(flr_context_get_job_id)
flr_context *frozen_flr_context_get_peer(const flr_context *context);
FROZEN_FUNCTION(flr_context_get_peer)
int frozen_flr_context_get_prop(const flr_context *context, const char *key, flr_value **value, uint32_t *flags);
FROZEN_FUNCTION(flr_context_get_prop)
int frozen_flr_context_get_public(const flr_context *context, flr_value **map);
FROZEN_FUNCTION(flr_context_get_public)
int frozen_flr_context_get_public_for_wire(flr_context *context, flr_value **map);
FROZEN_FUNCTION(flr_context_get_public_for_wire)
flr_runner *frozen_flr_context_get_runner(const flr_context *context);
FROZEN_FUNCTION(flr_context_get_runner)
const char *frozen_flr_context_get_task_id(const flr_context *context);
FROZEN_FUNCTION(flr_context_get_task_id)
const char *frozen_flr_context_get_task_name(const flr_context *context);
FROZEN_FUNCTION(flr_context_get_task_name)
void frozen_flr_context_log(flr_context *context, int level, const char *format, ...);
FROZEN_FUNCTION(flr_context_log)
int frozen_flr_context_log_is_on(const flr_context *context, int level);
FROZEN_FUNCTION(flr_context_log_is_on)
int frozen_flr_context_panic(flr_context *context, const char *reason);
FROZEN_FUNCTION(flr_context_panic)
int frozen_flr_context_register_aux(flr_context *context, const char *topic, flr_aux_handler handler, void *self);
FROZEN_FUNCTION(flr_context_register_aux)
int frozen_flr_context_register_reliable(flr_context *context, const char *topic, flr_reliable_handler handler, void *self);
FROZEN_FUNCTION(flr_context_register_reliable)
int frozen_flr_context_remove(flr_context *context, const char *key, int force);
FROZEN_FUNCTION(flr_context_remove)
int frozen_flr_context_reset(flr_context *context);
FROZEN_FUNCTION(flr_context_reset)
int frozen_flr_context_send_aux(flr_context *context, const char *topic, const flr_shareable *request, const flr_aux_options *options, flr_aux_done done, void *self);
FROZEN_FUNCTION(flr_context_send_aux)
int frozen_flr_context_send_aux_and_wait(flr_context *context, const char *topic, const flr_shareable *request, const flr_aux_options *options, flr_signal *abort, flr_value **replies);
FROZEN_FUNCTION(flr_context_send_aux_and_wait)
int frozen_flr_context_send_reliable(flr_context *context, const char *target, const char *topic, const flr_shareable *request, const flr_reliable_options *options, flr_signal *abort, flr_reliable_done done, void *self);
FROZEN_FUNCTION(flr_context_send_reliable)
int frozen_flr_context_send_reliable_and_wait(flr_context *context, const char *target, const char *topic, const flr_shareable *request, const flr_reliable_options *options, flr_signal *abort, flr_shareable **reply);
FROZEN_FUNCTION(flr_context_send_reliable_and_wait)
int frozen_flr_context_set(flr_context *context, const char *key, flr_value *value);
FROZEN_FUNCTION(flr_context_set)
int frozen_flr_context_set_custom(flr_context *context, const char *key, flr_value *value);
FROZEN_FUNCTION(flr_context_set_custom)
int frozen_flr_context_set_peer_props(flr_context *context, const flr_value *props);
FROZEN_FUNCTION(flr_context_set_peer_props)
int frozen_flr_context_set_prop(flr_context *context, const char *key, flr_value *value, uint32_t flags);
FROZEN_FUNCTION(flr_context_set_prop)
int frozen_flr_context_set_public(flr_context *context, const flr_value *map);
FROZEN_FUNCTION(flr_context_set_public)
void frozen_flr_controller_ops_init(flr_controller_ops *ops, size_t size);
FROZEN_FUNCTION(flr_controller_ops_init)
void frozen_flr_engine_ops_init(flr_engine_ops *ops, size_t size);
FROZEN_FUNCTION(flr_engine_ops_init)
void frozen_flr_envelope_init(flr_envelope *envelope, size_t size);
FROZEN_FUNCTION(flr_envelope_init)
int frozen_flr_execution_finish(flr_execution *execution, int status, flr_shareable *result);
FROZEN_FUNCTION(flr_execution_finish)
flr_signal *frozen_flr_execution_get_abort_signal(const flr_execution *execution);
FROZEN_FUNCTION(flr_execution_get_abort_signal)
const flr_shareable *frozen_flr_execution_get_data(const flr_execution *execution);
FROZEN_FUNCTION(flr_execution_get_data)
const char *frozen_flr_execution_get_task_name(const flr_execution *execution);
FROZEN_FUNCTION(flr_execution_get_task_name)
flr_execution *frozen_flr_execution_ref(flr_execution *execution);
FROZEN_FUNCTION(flr_execution_ref)
void frozen_flr_execution_unref(flr_execution *execution);
FROZEN_FUNCTION(flr_execution_unref)
void frozen_flr_executor_ops_init(flr_executor_ops *ops, size_t size);
FROZEN_FUNCTION(flr_executor_ops_init)
int frozen_flr_fedavg_get_model(flr_workflow *workflow, flr_value **model);
FROZEN_FUNCTION(flr_fedavg_get_model)
int frozen_flr_fedavg_new(const flr_fedavg_options *options, flr_workflow **workflow);
FROZEN_FUNCTION(flr_fedavg_new)
void frozen_flr_fedavg_options_init(flr_fedavg_options *options, size_t size);
FROZEN_FUNCTION(flr_fedavg_options_init)
int frozen_flr_file_store_get_detail(flr_file_store *store, char *text, size_t size);
FROZEN_FUNCTION(flr_file_store_get_detail)
int frozen_flr_file_store_load(flr_file_store *store, flr_blob **bytes, int *generation);
FROZEN_FUNCTION(flr_file_store_load)
int frozen_flr_file_store_load_model(flr_file_store *store, const char *name, flr_value **model, flr_value **metadata);
FROZEN_FUNCTION(flr_file_store_load_model)
int frozen_flr_file_store_new(const flr_file_store_options *options, flr_file_store **store);
FROZEN_FUNCTION(flr_file_store_new)
int frozen_flr_file_store_open(flr_file_store *store);
FROZEN_FUNCTION(flr_file_store_open)
void frozen_flr_file_store_options_init(flr_file_store_options *options, size_t size);
FROZEN_FUNCTION(flr_file_store_options_init)
flr_file_store *frozen_flr_file_store_ref(flr_file_store *store);
FROZEN_FUNCTION(flr_file_store_ref)
int frozen_flr_file_store_remove(flr_file_store *store);
FROZEN_FUNCTION(flr_file_store_remove)
int frozen_flr_file_store_save(flr_file_store *store, const flr_state *state);
FROZEN_FUNCTION(flr_file_store_save)
int frozen_flr_file_store_save_model(flr_file_store *store, const char *name, const flr_value *model, const flr_value *metadata);
FROZEN_FUNCTION(flr_file_store_save_model)
void frozen_flr_file_store_unref(flr_file_store *store);
FROZEN_FUNCTION(flr_file_store_unref)
int frozen_flr_filter_chain_add(flr_filter_chain *chain, flr_filter *filter);
FROZEN_FUNCTION(flr_filter_chain_add)
int frozen_flr_filter_chain_new(flr_filter_chain **chain);
FROZEN_FUNCTION(flr_filter_chain_new)
flr_filter_chain *frozen_flr_filter_chain_ref(flr_filter_chain *chain);
FROZEN_FUNCTION(flr_filter_chain_ref)
void frozen_flr_filter_chain_unref(flr_filter_chain *chain);
FROZEN_FUNCTION(flr_filter_chain_unref)
int frozen_flr_filter_new(const flr_filter_ops *ops, void *self, flr_filter **filter);
FROZEN_FUNCTION(flr_filter_new)
void frozen_flr_filter_ops_init(flr_filter_ops *ops, size_t size);
FROZEN_FUNCTION(flr_filter_ops_init)
flr_filter *frozen_flr_filter_ref(flr_filter *filter);
FROZEN_FUNCTION(flr_filter_ref)
void frozen_flr_filter_unref(flr_filter *filter);
FROZEN_FUNCTION(flr_filter_unref)
void frozen_flr_forever_options_init(flr_forever_options *options, size_t size);
FROZEN_FUNCTION(flr_forever_options_init)
int frozen_flr_frame_copy(const flr_frame *frame, void *buffer, size_t size);
FROZEN_FUNCTION(flr_frame_copy)
int frozen_flr_frame_decode(flr_blob *bytes, const flr_frame_limits *limits, flr_frame **frame, flr_frame_fault *fault);
FROZEN_FUNCTION(flr_frame_decode)
int frozen_flr_frame_encode(const flr_envelope *envelope, flr_frame **frame);
FROZEN_FUNCTION(flr_frame_encode)
void frozen_flr_frame_fault_init(flr_frame_fault *fault, size_t size);
FROZEN_FUNCTION(flr_frame_fault_init)
int frozen_flr_frame_get_envelope(const flr_frame *frame, flr_envelope *envelope);
FROZEN_FUNCTION(flr_frame_get_envelope)
size_t frozen_flr_frame_get_parts(const flr_frame *frame, size_t offset, const void **data, size_t *sizes, size_t max);
FROZEN_FUNCTION(flr_frame_get_parts)
size_t frozen_flr_frame_get_size(const flr_frame *frame);
FROZEN_FUNCTION(flr_frame_get_size)
void frozen_flr_frame_limits_init(flr_frame_limits *limits, size_t size);
FROZEN_FUNCTION(flr_frame_limits_init)
int frozen_flr_frame_measure(const void *data, size_t size, const flr_frame_limits *limits, size_t *need);
FROZEN_FUNCTION(flr_frame_measure)
int frozen_flr_frame_reader_add(flr_frame_reader *reader, size_t got, flr_frame **frame);
FROZEN_FUNCTION(flr_frame_reader_add)
void frozen_flr_frame_reader_free(flr_frame_reader *reader);
FROZEN_FUNCTION(flr_frame_reader_free)
int frozen_flr_frame_reader_get_fault(const flr_frame_reader *reader, flr_frame_fault *fault);
FROZEN_FUNCTION(flr_frame_reader_get_fault)
size_t frozen_flr_frame_reader_get_need(const flr_frame_reader *reader);
FROZEN_FUNCTION(flr_frame_reader_get_need)
size_t frozen_flr_frame_reader_get_pending(const flr_frame_reader *reader);
FROZEN_FUNCTION(flr_frame_reader_get_pending)
int frozen_flr_frame_reader_get_space(flr_frame_reader *reader, void **space, size_t *size);
FROZEN_FUNCTION(flr_frame_reader_get_space)
int frozen_flr_frame_reader_new(const flr_frame_limits *limits, flr_frame_reader **reader);
FROZEN_FUNCTION(flr_frame_reader_new)
int frozen_flr_frame_reader_put(flr_frame_reader *reader, const void *data, size_t size, size_t *taken, flr_frame **frame);
FROZEN_FUNCTION(flr_frame_reader_put)
flr_frame *frozen_flr_frame_ref(const flr_frame *frame);
FROZEN_FUNCTION(flr_frame_ref)
void frozen_flr_frame_unref(flr_frame *frame);
FROZEN_FUNCTION(flr_frame_unref)
void frozen_flr_info_collector_free(flr_info_collector *collector);
FROZEN_FUNCTION(flr_info_collector_free)
int frozen_flr_info_collector_get(flr_info_collector *collector, flr_value **info);
FROZEN_FUNCTION(flr_info_collector_get)
const flr_component_ops *frozen_flr_info_collector_get_ops(void);
FROZEN_FUNCTION(flr_info_collector_get_ops)
int frozen_flr_info_collector_get_stats(flr_info_collector *collector, flr_value **groups);
FROZEN_FUNCTION(flr_info_collector_get_stats)
int frozen_flr_info_collector_new(flr_info_collector **collector);
FROZEN_FUNCTION(flr_info_collector_new)
int frozen_flr_list_add(flr_value **list, flr_value *value);
FROZEN_FUNCTION(flr_list_add)
const flr_value *frozen_flr_list_get(const flr_value *list, size_t i);
FROZEN_FUNCTION(flr_list_get)
int frozen_flr_local_add_client(flr_local *local, const char *name, flr_local_client client, void *self);
FROZEN_FUNCTION(flr_local_add_client)
void frozen_flr_local_free(flr_local *local);
FROZEN_FUNCTION(flr_local_free)
const flr_engine_ops *frozen_flr_local_get_engine_ops(const flr_local *local);
FROZEN_FUNCTION(flr_local_get_engine_ops)
int frozen_flr_local_new(const flr_local_options *options, flr_local **local);
FROZEN_FUNCTION(flr_local_new)
void frozen_flr_local_options_init(flr_local_options *options, size_t size);
FROZEN_FUNCTION(flr_local_options_init)
int frozen_flr_local_run(flr_local *local, flr_runner *runner);
FROZEN_FUNCTION(flr_local_run)
int frozen_flr_local_simulate(flr_local *local, flr_runner *runner, flr_clock *clock);
FROZEN_FUNCTION(flr_local_simulate)
const char *frozen_flr_log_get_level_name(int level);
FROZEN_FUNCTION(flr_log_get_level_name)
const flr_value *frozen_flr_map_get(const flr_value *map, const char *key);
FROZEN_FUNCTION(flr_map_get)
const flr_value *frozen_flr_map_get_at(const flr_value *map, size_t i);
FROZEN_FUNCTION(flr_map_get_at)
const char *frozen_flr_map_get_key(const flr_value *map, size_t i);
FROZEN_FUNCTION(flr_map_get_key)
int frozen_flr_map_remove(flr_value **map, const char *key);
FROZEN_FUNCTION(flr_map_remove)
int frozen_flr_map_set(flr_value **map, const char *key, flr_value *value);
FROZEN_FUNCTION(flr_map_set)
int frozen_flr_map_set_bool(flr_value **map, const char *key, int truth);
FROZEN_FUNCTION(flr_map_set_bool)
int frozen_flr_map_set_int(flr_value **map, const char *key, int64_t number);
FROZEN_FUNCTION(flr_map_set_int)
int frozen_flr_map_set_real(flr_value **map, const char *key, double number);
FROZEN_FUNCTION(flr_map_set_real)
int frozen_flr_map_set_tensor(flr_value **map, const char *key, int type, size_t rank, const int64_t *shape, const void *data);
FROZEN_FUNCTION(flr_map_set_tensor)
int frozen_flr_map_set_text(flr_value **map, const char *key, const char *text);
FROZEN_FUNCTION(flr_map_set_text)
int frozen_flr_offer_set(flr_offer *offer, const char *name, const char *task_id, flr_shareable *data);
FROZEN_FUNCTION(flr_offer_set)
const char *frozen_flr_outcome_get_name(int outcome);
FROZEN_FUNCTION(flr_outcome_get_name)
void frozen_flr_relay_options_init(flr_relay_options *options, size_t size);
FROZEN_FUNCTION(flr_relay_options_init)
void frozen_flr_reliable_options_init(flr_reliable_options *options, size_t size);
FROZEN_FUNCTION(flr_reliable_options_init)
int frozen_flr_request_answer_aux(flr_request *request, flr_shareable *reply);
FROZEN_FUNCTION(flr_request_answer_aux)
int frozen_flr_request_answer_frame(flr_request *request, const flr_frame *answer);
FROZEN_FUNCTION(flr_request_answer_frame)
int frozen_flr_request_answer_submission(flr_request *request, int outcome);
FROZEN_FUNCTION(flr_request_answer_submission)
int frozen_flr_request_answer_task(flr_request *request, int kind, const char *name, flr_shareable *data);
FROZEN_FUNCTION(flr_request_answer_task)
int frozen_flr_request_encode(const flr_request *request, int64_t id, flr_frame **frame);
FROZEN_FUNCTION(flr_request_encode)
int frozen_flr_request_fail(flr_request *request, int code);
FROZEN_FUNCTION(flr_request_fail)
int frozen_flr_request_get_kind(const flr_request *request);
FROZEN_FUNCTION(flr_request_get_kind)
const flr_shareable *frozen_flr_request_get_message(const flr_request *request);
FROZEN_FUNCTION(flr_request_get_message)
const flr_value *frozen_flr_request_get_peer(const flr_request *request);
FROZEN_FUNCTION(flr_request_get_peer)
const char *frozen_flr_request_get_target(const flr_request *request);
FROZEN_FUNCTION(flr_request_get_target)
const char *frozen_flr_request_get_task_id(const flr_request *request);
FROZEN_FUNCTION(flr_request_get_task_id)
const char *frozen_flr_request_get_task_name(const flr_request *request);
FROZEN_FUNCTION(flr_request_get_task_name)
double frozen_flr_request_get_timeout(const flr_request *request);
FROZEN_FUNCTION(flr_request_get_timeout)
const char *frozen_flr_request_get_topic(const flr_request *request);
FROZEN_FUNCTION(flr_request_get_topic)
int frozen_flr_request_is_optional(const flr_request *request);
FROZEN_FUNCTION(flr_request_is_optional)
int frozen_flr_request_is_over(const flr_request *request);
FROZEN_FUNCTION(flr_request_is_over)
int frozen_flr_request_is_secure(const flr_request *request);
FROZEN_FUNCTION(flr_request_is_secure)
flr_request *frozen_flr_request_ref(flr_request *request);
FROZEN_FUNCTION(flr_request_ref)
void frozen_flr_request_unref(flr_request *request);
FROZEN_FUNCTION(flr_request_unref)
const char *frozen_flr_round_get_contributor(const flr_round *round, size_t i);
FROZEN_FUNCTION(flr_round_get_contributor)
size_t frozen_flr_round_get_contributor_count(const flr_round *round);
FROZEN_FUNCTION(flr_round_get_contributor_count)
uint64_t frozen_flr_round_get_number(const flr_round *round);
FROZEN_FUNCTION(flr_round_get_number)
uint64_t frozen_flr_round_get_refused(const flr_round *round, int cause);
FROZEN_FUNCTION(flr_round_get_refused)
const flr_shareable *frozen_flr_round_get_result(const flr_round *round, size_t i);
FROZEN_FUNCTION(flr_round_get_result)
double frozen_flr_round_get_seconds(const flr_round *round);
FROZEN_FUNCTION(flr_round_get_seconds)
uint64_t frozen_flr_round_get_total(const flr_round *round);
FROZEN_FUNCTION(flr_round_get_total)
double frozen_flr_round_get_weight(const flr_round *round, size_t i);
FROZEN_FUNCTION(flr_round_get_weight)
int frozen_flr_runner_abort(flr_runner *runner, int cold);
FROZEN_FUNCTION(flr_runner_abort)
int frozen_flr_runner_add_client(flr_runner *runner, const char *client, const char *parent);
FROZEN_FUNCTION(flr_runner_add_client)
int frozen_flr_runner_add_component(flr_runner *runner, const char *id, const flr_component_ops *ops, void *self);
FROZEN_FUNCTION(flr_runner_add_component)
void frozen_flr_runner_free(flr_runner *runner);
FROZEN_FUNCTION(flr_runner_free)
flr_signal *frozen_flr_runner_get_abort_signal(const flr_runner *runner);
FROZEN_FUNCTION(flr_runner_get_abort_signal)
int frozen_flr_runner_get_detail(const flr_runner *runner, char *text, size_t size);
FROZEN_FUNCTION(flr_runner_get_detail)
const char *frozen_flr_runner_get_job_id(const flr_runner *runner);
FROZEN_FUNCTION(flr_runner_get_job_id)
int frozen_flr_runner_get_stats(const flr_runner *runner, flr_stats *stats);
FROZEN_FUNCTION(flr_runner_get_stats)
int frozen_flr_runner_get_status(const flr_runner *runner);
FROZEN_FUNCTION(flr_runner_get_status)
size_t frozen_flr_runner_get_workflow_index(const flr_runner *runner);
FROZEN_FUNCTION(flr_runner_get_workflow_index)
int frozen_flr_runner_handle_dead_job(flr_runner *runner, const char *client);
FROZEN_FUNCTION(flr_runner_handle_dead_job)
int frozen_flr_runner_new(flr_config *config, const char *job_id, const flr_engine_ops *engine, void *engine_self, flr_runner **runner);
FROZEN_FUNCTION(flr_runner_new)
int frozen_flr_runner_new_context(flr_runner *runner, flr_context **context);
FROZEN_FUNCTION(flr_runner_new_context)
int frozen_flr_runner_persist(flr_runner *runner);
FROZEN_FUNCTION(flr_runner_persist)
int frozen_flr_runner_process_aux(flr_runner *runner, const char *client, const char *topic, flr_context *context, const flr_shareable *request, const flr_shareable **reply);
FROZEN_FUNCTION(flr_runner_process_aux)
int frozen_flr_runner_process_frame(flr_runner *runner, const char *client, flr_context *context, const flr_frame *request, flr_frame **reply);
FROZEN_FUNCTION(flr_runner_process_frame)
int frozen_flr_runner_process_submission(flr_runner *runner, const char *client, flr_context *context, const char *task_name, const char *task_id, const flr_shareable *result, int *outcome);
FROZEN_FUNCTION(flr_runner_process_submission)
int frozen_flr_runner_process_task_request(flr_runner *runner, const char *client, flr_context *context, const flr_answer **answer);
FROZEN_FUNCTION(flr_runner_process_task_request)
int frozen_flr_runner_remove_client(flr_runner *runner, const char *client);
FROZEN_FUNCTION(flr_runner_remove_client)
int frozen_flr_runner_restore(flr_runner *runner, const void *data, size_t size);
FROZEN_FUNCTION(flr_runner_restore)
int frozen_flr_runner_run(flr_runner *runner);
FROZEN_FUNCTION(flr_runner_run)
int frozen_flr_runner_save(flr_runner *runner, flr_state **state);
FROZEN_FUNCTION(flr_runner_save)
int frozen_flr_runner_step(flr_runner *runner, flr_step_result *result);
FROZEN_FUNCTION(flr_runner_step)
int frozen_flr_runner_subscribe(flr_runner *runner, const char *component, const char *event, flr_event_handler handler, void *self);
FROZEN_FUNCTION(flr_runner_subscribe)
int frozen_flr_runner_visit_clients(flr_runner *runner, flr_client_visitor visitor, void *self);
FROZEN_FUNCTION(flr_runner_visit_clients)
int frozen_flr_runner_wake(flr_runner *runner);
FROZEN_FUNCTION(flr_runner_wake)
int frozen_flr_scope_add_data_filter(flr_scope *scope, int direction, flr_filter *filter);
FROZEN_FUNCTION(flr_scope_add_data_filter)
int frozen_flr_scope_add_result_filter(flr_scope *scope, int direction, flr_filter *filter);
FROZEN_FUNCTION(flr_scope_add_result_filter)
const char *frozen_flr_scope_get_name(const flr_scope *scope);
FROZEN_FUNCTION(flr_scope_get_name)
int frozen_flr_scope_new(const char *name, flr_scope **scope);
FROZEN_FUNCTION(flr_scope_new)
flr_scope *frozen_flr_scope_ref(flr_scope *scope);
FROZEN_FUNCTION(flr_scope_ref)
void frozen_flr_scope_unref(flr_scope *scope);
FROZEN_FUNCTION(flr_scope_unref)
void frozen_flr_send_options_init(flr_send_options *options, size_t size);
FROZEN_FUNCTION(flr_send_options_init)
int frozen_flr_shareable_copy(const flr_shareable *message, const char *const *without, flr_shareable **copy);
FROZEN_FUNCTION(flr_shareable_copy)
int frozen_flr_shareable_copy_body(const flr_shareable *message, flr_shareable **copy);
FROZEN_FUNCTION(flr_shareable_copy_body)
void frozen_flr_shareable_freeze(flr_shareable *message);
FROZEN_FUNCTION(flr_shareable_freeze)
const flr_value *frozen_flr_shareable_get(const flr_shareable *message, const char *key);
FROZEN_FUNCTION(flr_shareable_get)
const flr_value *frozen_flr_shareable_get_body(const flr_shareable *message);
FROZEN_FUNCTION(flr_shareable_get_body)
const flr_value *frozen_flr_shareable_get_cookie(const flr_shareable *message, const char *key);
FROZEN_FUNCTION(flr_shareable_get_cookie)
const flr_value *frozen_flr_shareable_get_cookie_jar(const flr_shareable *message);
FROZEN_FUNCTION(flr_shareable_get_cookie_jar)
const flr_value *frozen_flr_shareable_get_header(const flr_shareable *message, const char *key);
FROZEN_FUNCTION(flr_shareable_get_header)
const flr_value *frozen_flr_shareable_get_headers(const flr_shareable *message);
FROZEN_FUNCTION(flr_shareable_get_headers)
const flr_value *frozen_flr_shareable_get_peer_prop(const flr_shareable *message, const char *key);
FROZEN_FUNCTION(flr_shareable_get_peer_prop)
const flr_value *frozen_flr_shareable_get_peer_props(const flr_shareable *message);
FROZEN_FUNCTION(flr_shareable_get_peer_props)
const char *frozen_flr_shareable_get_rc(const flr_shareable *message);
FROZEN_FUNCTION(flr_shareable_get_rc)
int frozen_flr_shareable_is_frozen(const flr_shareable *message);
FROZEN_FUNCTION(flr_shareable_is_frozen)
int frozen_flr_shareable_new(flr_shareable **message);
FROZEN_FUNCTION(flr_shareable_new)
int frozen_flr_shareable_new_reply(const char *rc, const flr_value *headers, flr_shareable **message);
FROZEN_FUNCTION(flr_shareable_new_reply)
flr_shareable *frozen_flr_shareable_ref(const flr_shareable *message);
FROZEN_FUNCTION(flr_shareable_ref)
int frozen_flr_shareable_remove(flr_shareable *message, const char *key);
FROZEN_FUNCTION(flr_shareable_remove)
int frozen_flr_shareable_remove_header(flr_shareable *message, const char *key);
FROZEN_FUNCTION(flr_shareable_remove_header)
int frozen_flr_shareable_set(flr_shareable *message, const char *key, flr_value *value);
FROZEN_FUNCTION(flr_shareable_set)
int frozen_flr_shareable_set_body(flr_shareable *message, flr_value *body);
FROZEN_FUNCTION(flr_shareable_set_body)
int frozen_flr_shareable_set_cookie(flr_shareable *message, const char *key, flr_value *value);
FROZEN_FUNCTION(flr_shareable_set_cookie)
int frozen_flr_shareable_set_header(flr_shareable *message, const char *key, flr_value *value);
FROZEN_FUNCTION(flr_shareable_set_header)
int frozen_flr_shareable_set_header_int(flr_shareable *message, const char *key, int64_t number);
FROZEN_FUNCTION(flr_shareable_set_header_int)
int frozen_flr_shareable_set_header_real(flr_shareable *message, const char *key, double number);
FROZEN_FUNCTION(flr_shareable_set_header_real)
int frozen_flr_shareable_set_header_text(flr_shareable *message, const char *key, const char *text);
FROZEN_FUNCTION(flr_shareable_set_header_text)
int frozen_flr_shareable_set_int(flr_shareable *message, const char *key, int64_t number);
FROZEN_FUNCTION(flr_shareable_set_int)
int frozen_flr_shareable_set_rc(flr_shareable *message, const char *rc);
FROZEN_FUNCTION(flr_shareable_set_rc)
int frozen_flr_shareable_set_real(flr_shareable *message, const char *key, double number);
FROZEN_FUNCTION(flr_shareable_set_real)
int frozen_flr_shareable_set_text(flr_shareable *message, const char *key, const char *text);
FROZEN_FUNCTION(flr_shareable_set_text)
void frozen_flr_shareable_unref(flr_shareable *message);
FROZEN_FUNCTION(flr_shareable_unref)
int64_t frozen_flr_signal_get_time(const flr_signal *signal);
FROZEN_FUNCTION(flr_signal_get_time)
flr_value *frozen_flr_signal_get_value(const flr_signal *signal);
FROZEN_FUNCTION(flr_signal_get_value)
int frozen_flr_signal_is_triggered(const flr_signal *signal);
FROZEN_FUNCTION(flr_signal_is_triggered)
int frozen_flr_signal_new(flr_signal *parent, flr_clock *clock, flr_signal **signal);
FROZEN_FUNCTION(flr_signal_new)
flr_signal *frozen_flr_signal_ref(flr_signal *signal);
FROZEN_FUNCTION(flr_signal_ref)
void frozen_flr_signal_reset(flr_signal *signal);
FROZEN_FUNCTION(flr_signal_reset)
int frozen_flr_signal_trigger(flr_signal *signal, flr_value *value);
FROZEN_FUNCTION(flr_signal_trigger)
void frozen_flr_signal_unref(flr_signal *signal);
FROZEN_FUNCTION(flr_signal_unref)
int frozen_flr_signal_wait(flr_signal *signal, double timeout);
FROZEN_FUNCTION(flr_signal_wait)
int frozen_flr_state_check(const void *data, size_t size);
FROZEN_FUNCTION(flr_state_check)
int frozen_flr_state_copy(const flr_state *state, void *buffer, size_t size);
FROZEN_FUNCTION(flr_state_copy)
const void *frozen_flr_state_get_segment(const flr_state *state, size_t i, size_t *size);
FROZEN_FUNCTION(flr_state_get_segment)
size_t frozen_flr_state_get_segment_count(const flr_state *state);
FROZEN_FUNCTION(flr_state_get_segment_count)
size_t frozen_flr_state_get_size(const flr_state *state);
FROZEN_FUNCTION(flr_state_get_size)
flr_state *frozen_flr_state_ref(const flr_state *state);
FROZEN_FUNCTION(flr_state_ref)
void frozen_flr_state_unref(flr_state *state);
FROZEN_FUNCTION(flr_state_unref)
void frozen_flr_stats_init(flr_stats *stats, size_t size);
FROZEN_FUNCTION(flr_stats_init)
const char *frozen_flr_status_get_name(int status);
FROZEN_FUNCTION(flr_status_get_name)
const char *frozen_flr_status_get_text(int status);
FROZEN_FUNCTION(flr_status_get_text)
void frozen_flr_step_result_init(flr_step_result *result, size_t size);
FROZEN_FUNCTION(flr_step_result_init)
int frozen_flr_task_cancel(flr_task *task, int status);
FROZEN_FUNCTION(flr_task_cancel)
int frozen_flr_task_get_detail(const flr_task *task, char *text, size_t size);
FROZEN_FUNCTION(flr_task_get_detail)
int frozen_flr_task_get_error(const flr_task *task);
FROZEN_FUNCTION(flr_task_get_error)
int frozen_flr_task_get_kind(const flr_task *task);
FROZEN_FUNCTION(flr_task_get_kind)
const char *frozen_flr_task_get_name(const flr_task *task);
FROZEN_FUNCTION(flr_task_get_name)
int64_t frozen_flr_task_get_number(const flr_task *task);
FROZEN_FUNCTION(flr_task_get_number)
int frozen_flr_task_get_prop(const flr_task *task, const char *key, flr_value **value);
FROZEN_FUNCTION(flr_task_get_prop)
void *frozen_flr_task_get_self(const flr_task *task);
FROZEN_FUNCTION(flr_task_get_self)
int frozen_flr_task_get_status(const flr_task *task);
FROZEN_FUNCTION(flr_task_get_status)
int frozen_flr_task_new(const flr_task_options *options, flr_task **task);
FROZEN_FUNCTION(flr_task_new)
void frozen_flr_task_options_init(flr_task_options *options, size_t size);
FROZEN_FUNCTION(flr_task_options_init)
flr_task *frozen_flr_task_ref(flr_task *task);
FROZEN_FUNCTION(flr_task_ref)
int frozen_flr_task_set_payload(flr_task *task, flr_shareable *payload, flr_context *context);
FROZEN_FUNCTION(flr_task_set_payload)
int frozen_flr_task_set_prop(flr_task *task, const char *key, flr_value *value);
FROZEN_FUNCTION(flr_task_set_prop)
const char *frozen_flr_task_status_get_name(int status);
FROZEN_FUNCTION(flr_task_status_get_name)
void frozen_flr_task_unref(flr_task *task);
FROZEN_FUNCTION(flr_task_unref)
int frozen_flr_task_visit_assignments(flr_task *task, flr_assignment_visitor visitor, void *self);
FROZEN_FUNCTION(flr_task_visit_assignments)
int frozen_flr_task_wait(flr_task *task, flr_signal *abort, double timeout, int *status);
FROZEN_FUNCTION(flr_task_wait)
const void *frozen_flr_tensor_get_data(const flr_value *value);
FROZEN_FUNCTION(flr_tensor_get_data)
int64_t frozen_flr_tensor_get_dim(const flr_value *value, size_t i);
FROZEN_FUNCTION(flr_tensor_get_dim)
size_t frozen_flr_tensor_get_elements(const flr_value *value);
FROZEN_FUNCTION(flr_tensor_get_elements)
size_t frozen_flr_tensor_get_rank(const flr_value *value);
FROZEN_FUNCTION(flr_tensor_get_rank)
int frozen_flr_tensor_get_type(const flr_value *value);
FROZEN_FUNCTION(flr_tensor_get_type)
const char *frozen_flr_type_get_name(int type);
FROZEN_FUNCTION(flr_type_get_name)
size_t frozen_flr_type_get_size(int type);
FROZEN_FUNCTION(flr_type_get_size)
int frozen_flr_value_equals(const flr_value *a, const flr_value *b);
FROZEN_FUNCTION(flr_value_equals)
flr_blob *frozen_flr_value_get_blob(const flr_value *value);
FROZEN_FUNCTION(flr_value_get_blob)
int frozen_flr_value_get_bool(const flr_value *value, int missing);
FROZEN_FUNCTION(flr_value_get_bool)
size_t frozen_flr_value_get_bytes(const flr_value *value);
FROZEN_FUNCTION(flr_value_get_bytes)
size_t frozen_flr_value_get_count(const flr_value *value);
FROZEN_FUNCTION(flr_value_get_count)
size_t frozen_flr_value_get_depth(const flr_value *value);
FROZEN_FUNCTION(flr_value_get_depth)
int64_t frozen_flr_value_get_int(const flr_value *value, int64_t missing);
FROZEN_FUNCTION(flr_value_get_int)
int frozen_flr_value_get_kind(const flr_value *value);
FROZEN_FUNCTION(flr_value_get_kind)
void *frozen_flr_value_get_pointer(const flr_value *value, const char *kind);
FROZEN_FUNCTION(flr_value_get_pointer)
double frozen_flr_value_get_real(const flr_value *value, double missing);
FROZEN_FUNCTION(flr_value_get_real)
size_t frozen_flr_value_get_size(const flr_value *value);
FROZEN_FUNCTION(flr_value_get_size)
const char *frozen_flr_value_get_text(const flr_value *value, const char *missing);
FROZEN_FUNCTION(flr_value_get_text)
int frozen_flr_value_new_bool(int truth, flr_value **value);
FROZEN_FUNCTION(flr_value_new_bool)
int frozen_flr_value_new_bytes(flr_blob *blob, flr_value **value);
FROZEN_FUNCTION(flr_value_new_bytes)
int frozen_flr_value_new_int(int64_t number, flr_value **value);
FROZEN_FUNCTION(flr_value_new_int)
int frozen_flr_value_new_list(flr_value **value);
FROZEN_FUNCTION(flr_value_new_list)
int frozen_flr_value_new_map(flr_value **value);
FROZEN_FUNCTION(flr_value_new_map)
int frozen_flr_value_new_nil(flr_value **value);
FROZEN_FUNCTION(flr_value_new_nil)
int frozen_flr_value_new_pointer(const char *kind, void *pointer, void (*release)(void *pointer), flr_value **value);
FROZEN_FUNCTION(flr_value_new_pointer)
int frozen_flr_value_new_real(double number, flr_value **value);
FROZEN_FUNCTION(flr_value_new_real)
int frozen_flr_value_new_tensor(int type, size_t rank, const int64_t *shape, flr_blob *blob, flr_value **value);
FROZEN_FUNCTION(flr_value_new_tensor)
int frozen_flr_value_new_text(const char *text, flr_value **value);
FROZEN_FUNCTION(flr_value_new_text)
int frozen_flr_value_new_text_sized(const char *text, size_t size, flr_value **value);
FROZEN_FUNCTION(flr_value_new_text_sized)
flr_value *frozen_flr_value_ref(const flr_value *value);
FROZEN_FUNCTION(flr_value_ref)
void frozen_flr_value_unref(flr_value *value);
FROZEN_FUNCTION(flr_value_unref)
int32_t frozen_flr_version_get(void);
FROZEN_FUNCTION(flr_version_get)
const char *frozen_flr_version_get_text(void);
FROZEN_FUNCTION(flr_version_get_text)
int frozen_flr_workflow_new(const flr_controller_ops *controller, void *controller_self, const flr_communicator_ops *communicator, void *communicator_self, flr_workflow **workflow);
FROZEN_FUNCTION(flr_workflow_new)
flr_workflow *frozen_flr_workflow_ref(flr_workflow *workflow);
FROZEN_FUNCTION(flr_workflow_ref)
void frozen_flr_workflow_unref(flr_workflow *workflow);
FROZEN_FUNCTION(flr_workflow_unref)

FROZEN_UNSIGNED(FLR_AUX_FLAG_OPTIONAL, UINT64_C(1))
FROZEN_UNSIGNED(FLR_AUX_FLAG_SECURE, UINT64_C(2))
FROZEN_INT(FLR_VERSION_MAJOR, 1)
FROZEN_INT(FLR_VERSION_MINOR, 0)
FROZEN_INT(FLR_VERSION_PATCH, 0)
FROZEN_INT(FLR_VERSION_NUMBER, 1000000)
FROZEN_INT(FLR_OK, 0)
FROZEN_INT(FLR_E_INVAL, -100)
FROZEN_INT(FLR_E_STATE, -101)
FROZEN_INT(FLR_E_REENTRANT, -102)
FROZEN_INT(FLR_E_ABI, -103)
FROZEN_INT(FLR_E_NOTSUP, -104)
FROZEN_INT(FLR_E_NOMEM, -200)
FROZEN_INT(FLR_E_LIMIT, -201)
FROZEN_INT(FLR_E_THREAD, -202)
FROZEN_INT(FLR_E_TIMEDOUT, -300)
FROZEN_INT(FLR_E_ABORTED, -301)
FROZEN_INT(FLR_E_NOTFOUND, -302)
FROZEN_INT(FLR_E_EXISTS, -303)
FROZEN_INT(FLR_E_CORRUPT, -304)
FROZEN_INT(FLR_E_IO, -305)
FROZEN_INT(FLR_E_NOT_READY, -306)
FROZEN_INT(FLR_E_UNSAFE_JOB, -307)
FROZEN_INT(FLR_E_DENIED, -308)
FROZEN_INT(FLR_E_CALLBACK, -400)
FROZEN_INT(FLR_E_HOST, -10000)
FROZEN_INT(FLR_NAME_MAX, 255)
FROZEN_INT(FLR_TIME_NONE, INT64_C(9223372036854775807))
FROZEN_INT(FLR_ASSIGNMENT_OPEN, 1)
FROZEN_INT(FLR_ASSIGNMENT_ANSWERED, 2)
FROZEN_INT(FLR_ASSIGNMENT_GIVEN_UP, 3)
FROZEN_INT(FLR_ASSIGNMENT_CLOSED, 4)
FROZEN_INT(FLR_KIND_BROADCAST, 1)
FROZEN_INT(FLR_KIND_FOREVER, 2)
FROZEN_INT(FLR_KIND_SEND, 3)
FROZEN_INT(FLR_KIND_SEND_ANY, 4)
FROZEN_INT(FLR_KIND_RELAY, 5)
FROZEN_INT(FLR_KIND_RELAY_ANY, 6)
FROZEN_UNSIGNED(FLR_TASK_FLAG_NON_BLOCKING, UINT64_C(1))
FROZEN_INT(FLR_TARGETS_DEFAULT, 0)
FROZEN_INT(FLR_TARGETS_LIST, 1)
FROZEN_INT(FLR_TARGETS_SNAPSHOT, 2)
FROZEN_INT(FLR_TARGETS_OPEN, 3)
FROZEN_UNSIGNED(FLR_TARGETS_FLAG_ALLOW_UNKNOWN, UINT64_C(1))
FROZEN_UNSIGNED(FLR_RELAY_FLAG_STATIC, UINT64_C(2))
FROZEN_INT(FLR_ORDER_SEQUENTIAL, 0)
FROZEN_INT(FLR_ORDER_ANY, 1)
FROZEN_UNSIGNED(FLR_BOARD_FLAG_CANCEL_ON_FILTER_ERROR, UINT64_C(1))
FROZEN_UNSIGNED(FLR_BOARD_PRINT_FLAG_BRIEF, UINT64_C(1))
FROZEN_INT(FLR_REQUEST_TASK, 1)
FROZEN_INT(FLR_REQUEST_SUBMISSION, 2)
FROZEN_INT(FLR_REQUEST_AUX, 3)
FROZEN_UNSIGNED(FLR_CLIENT_FLAG_SECURE, UINT64_C(1))
FROZEN_UNSIGNED(FLR_CLIENT_FLAG_SEEDED, UINT64_C(2))
FROZEN_UNSIGNED(FLR_CLIENT_FLAG_NO_RESUBMIT, UINT64_C(4))
FROZEN_INT(FLR_OUTCOME_ACCEPTED, 1)
FROZEN_INT(FLR_OUTCOME_DUPLICATE, 2)
FROZEN_INT(FLR_OUTCOME_LATE, 3)
FROZEN_INT(FLR_OUTCOME_UNKNOWN_TASK, 4)
FROZEN_INT(FLR_OUTCOME_WRONG_CLIENT, 5)
FROZEN_INT(FLR_OUTCOME_WRONG_TASK_NAME, 6)
FROZEN_INT(FLR_OUTCOME_WRONG_WORKFLOW, 7)
FROZEN_INT(FLR_OUTCOME_WRONG_JOB, 8)
FROZEN_INT(FLR_OUTCOME_NO_PEER, 9)
FROZEN_INT(FLR_OUTCOME_NOT_RUNNING, 10)
FROZEN_INT(FLR_OUTCOME_FATAL_RETURN_CODE, 11)
FROZEN_INT(FLR_OUTCOME_FAILED, 12)
FROZEN_INT(FLR_CHECK_OK, 1)
FROZEN_INT(FLR_CHECK_ALREADY_RECEIVED, 2)
FROZEN_INT(FLR_CHECK_CLOSED, 3)
FROZEN_INT(FLR_CHECK_NOT_YOURS, 4)
FROZEN_INT(FLR_CHECK_UNKNOWN, 5)
FROZEN_INT(FLR_TASK_STANDING, 0)
FROZEN_INT(FLR_TASK_OK, 1)
FROZEN_INT(FLR_TASK_TIMEOUT, 2)
FROZEN_INT(FLR_TASK_ERROR, 3)
FROZEN_INT(FLR_TASK_CANCELLED, 4)
FROZEN_INT(FLR_TASK_ABORTED, 5)
FROZEN_INT(FLR_TASK_CLIENT_DEAD, 6)
FROZEN_UNSIGNED(FLR_COMMUNICATOR_FLAG_CONCURRENT, UINT64_C(1))
FROZEN_UNSIGNED(FLR_PROP_FLAG_PUBLIC, UINT64_C(1))
FROZEN_UNSIGNED(FLR_PROP_FLAG_STICKY, UINT64_C(2))
FROZEN_UNSIGNED(FLR_CONTROLLER_FLAG_CONCURRENT, UINT64_C(1))
FROZEN_INT(FLR_FILTER_IN, 1)
FROZEN_INT(FLR_FILTER_OUT, 2)
FROZEN_INT(FLR_FILTER_INOUT, 3)
FROZEN_UNSIGNED(FLR_FILTER_FLAG_CONCURRENT, UINT64_C(1))
FROZEN_INT(FLR_LOG_DEBUG, 10)
FROZEN_INT(FLR_LOG_INFO, 20)
FROZEN_INT(FLR_LOG_WARNING, 30)
FROZEN_INT(FLR_LOG_ERROR, 40)
FROZEN_INT(FLR_LOG_EXCEPTION, 45)
FROZEN_INT(FLR_LOG_CRITICAL, 50)
FROZEN_INT(FLR_LOG_OFF, 100)
FROZEN_INT(FLR_STATUS_INIT, 0)
FROZEN_INT(FLR_STATUS_STARTED, 1)
FROZEN_INT(FLR_STATUS_DONE, 2)
FROZEN_INT(FLR_STEP_RUNNING, 0)
FROZEN_INT(FLR_STEP_ENDED, 1)
FROZEN_INT(FLR_VALUE_NIL, 0)
FROZEN_INT(FLR_VALUE_BOOL, 1)
FROZEN_INT(FLR_VALUE_INT, 2)
FROZEN_INT(FLR_VALUE_REAL, 3)
FROZEN_INT(FLR_VALUE_TEXT, 4)
FROZEN_INT(FLR_VALUE_BYTES, 5)
FROZEN_INT(FLR_VALUE_TENSOR, 6)
FROZEN_INT(FLR_VALUE_LIST, 7)
FROZEN_INT(FLR_VALUE_MAP, 8)
FROZEN_INT(FLR_VALUE_POINTER, 9)
FROZEN_INT(FLR_TYPE_F16, 1)
FROZEN_INT(FLR_TYPE_F32, 2)
FROZEN_INT(FLR_TYPE_F64, 3)
FROZEN_INT(FLR_TYPE_BF16, 4)
FROZEN_INT(FLR_TYPE_I8, 5)
FROZEN_INT(FLR_TYPE_I16, 6)
FROZEN_INT(FLR_TYPE_I32, 7)
FROZEN_INT(FLR_TYPE_I64, 8)
FROZEN_INT(FLR_TYPE_U8, 9)
FROZEN_INT(FLR_TYPE_BOOL, 10)
FROZEN_INT(FLR_VALUE_MAX_DEPTH, 32)
FROZEN_INT(FLR_VALUE_MAX_COUNT, 16777216)
FROZEN_INT(FLR_VALUE_MAX_KEY, 65535)
FROZEN_INT(FLR_VALUE_MAX_TEXT, 1073741824)
FROZEN_INT(FLR_VALUE_MAX_RANK, 16)
FROZEN_INT(FLR_FRAME_TASK_REQUEST, 1)
FROZEN_INT(FLR_FRAME_TASK_ANSWER, 2)
FROZEN_INT(FLR_FRAME_SUBMISSION, 3)
FROZEN_INT(FLR_FRAME_SUBMISSION_ANSWER, 4)
FROZEN_INT(FLR_FRAME_AUX_REQUEST, 5)
FROZEN_INT(FLR_FRAME_AUX_REPLY, 6)
FROZEN_INT(FLR_FRAME_ERROR, 7)
FROZEN_INT(FLR_FRAME_HOST, 128)
FROZEN_INT(FLR_ANSWER_TASK, 1)
FROZEN_INT(FLR_ANSWER_TRY_AGAIN, 2)
FROZEN_INT(FLR_ANSWER_END_RUN, 3)
FROZEN_INT(FLR_FRAME_SEGMENT, 4096)
FROZEN_INT(FLR_FRAME_PREFIX, 32)
FROZEN_INT(FLR_REFUSED_RETURN_CODE, 0)
FROZEN_INT(FLR_REFUSED_NO_MODEL, 1)
FROZEN_INT(FLR_REFUSED_NAMES, 2)
FROZEN_INT(FLR_REFUSED_SHAPE, 3)
FROZEN_INT(FLR_REFUSED_NOT_FINITE, 4)
FROZEN_INT(FLR_REFUSED_SAMPLES, 5)
FROZEN_INT(FLR_REFUSED_COUNT, 6)
FROZEN_INT(FLR_INTEGERS_KEEP, 0)
FROZEN_INT(FLR_INTEGERS_AVERAGE, 1)
FROZEN_INT(FLR_INTEGERS_REFUSE, 2)
FROZEN_INT(FLR_ACCUMULATOR_REPRODUCIBLE, 0)
FROZEN_INT(FLR_ACCUMULATOR_FLOAT64, 1)

/* What only a running program can compare. */
#define FROZEN_VALUES(TEXT, REAL) \
    TEXT(FLR_VERSION_STRING, "1.0.0") \
    TEXT(FLR_REASON_GET_TASK, "getTask") \
    TEXT(FLR_REASON_SUBMIT_TASK_RESULT, "submitTaskResult") \
    TEXT(FLR_REASON_SYNC_RUNNER, "syncRunner") \
    TEXT(FLR_REASON_JOB_HEARTBEAT, "jobHeartbeat") \
    TEXT(FLR_REASON_TASK_CHECK, "taskCheck") \
    TEXT(FLR_TASK_NAME_TRY_AGAIN, "__try_again__") \
    TEXT(FLR_TASK_NAME_END_RUN, "__end_run__") \
    TEXT(FLR_PROP_MANAGER, "__manager__") \
    TEXT(FLR_PROP_ENGINE, "__engine__") \
    TEXT(FLR_PROP_RUNNER, "__runner__") \
    TEXT(FLR_PROP_RUN_NUM, "__run_num__") \
    TEXT(FLR_PROP_IDENTITY_NAME, "__identity_name__") \
    TEXT(FLR_PROP_PEER_CTX, "__peer_ctx__") \
    TEXT(FLR_PROP_WORKFLOW, "__workflow__") \
    TEXT(FLR_PROP_TASK_NAME, "__task_name__") \
    TEXT(FLR_PROP_TASK_ID, "__task_id__") \
    TEXT(FLR_PROP_TASK_DATA, "__task_data__") \
    TEXT(FLR_PROP_TASK_RESULT, "__task_result__") \
    TEXT(FLR_PROP_IS_RESEND, "__is_resend__") \
    TEXT(FLR_PROP_RUN_ABORT_SIGNAL, "__run_abort_signal__") \
    TEXT(FLR_PROP_RUN_ABORT_REQUESTED, "__run_abort_requested__") \
    TEXT(FLR_PROP_FATAL_SYSTEM_ERROR, "__fatal_system_error__") \
    TEXT(FLR_PROP_EVENT_ID, "__event_id__") \
    TEXT(FLR_PROP_EVENT_DATA, "__event_data__") \
    TEXT(FLR_PROP_EVENT_ORIGIN, "__event_origin__") \
    TEXT(FLR_PROP_EVENT_SCOPE, "__event_scope__") \
    TEXT(FLR_PROP_EXCEPTIONS, "__exceptions__") \
    TEXT(FLR_PROP_EVENT_DEPTH, "###event_depth") \
    TEXT(FLR_PROP_NOT_READY_TO_END_RUN, "not_ready_to_end_run__") \
    TEXT(FLR_PROP_FILTER_DIR, "__filter_dir__") \
    TEXT(FLR_PROP_SCOPE_OBJECT, "__scope_object__") \
    TEXT(FLR_PROP_EFFECTIVE_JOB_SCOPE_NAME, "__effective_job_scope_name__") \
    TEXT(FLR_PROP_JOB_IS_UNSAFE, "__job_is_unsafe__") \
    TEXT(FLR_PROP_CUSTOM_PROPS, "__custom_props__") \
    TEXT(FLR_PROP_SHAREABLE, "__shareable__") \
    TEXT(FLR_PROP_CLIENT_HIERARCHY, "__client_hierarchy__") \
    TEXT(FLR_PROP_MIN_GET_TASK_TIMEOUT, "__min_get_task_timeout__") \
    TEXT(FLR_PROP_DISCONNECTED_CLIENT_NAME, "_disconnected_client_name") \
    TEXT(FLR_PROP_RECONNECTED_CLIENT_NAME, "_reconnected_client_name") \
    TEXT(FLR_PROP_STATS_COLLECTOR, "info_collector.stats_collector") \
    TEXT(FLR_PROP_JOB_META, "__job_meta__") \
    TEXT(FLR_EVENT_START_RUN, "_start_run") \
    TEXT(FLR_EVENT_START_WORKFLOW, "_start_workflow") \
    TEXT(FLR_EVENT_BEFORE_PROCESS_TASK_REQUEST, "_before_process_task_request") \
    TEXT(FLR_EVENT_AFTER_PROCESS_TASK_REQUEST, "_after_process_task_request") \
    TEXT(FLR_EVENT_BEFORE_TASK_DATA_FILTER, "_before_task_data_filter") \
    TEXT(FLR_EVENT_AFTER_TASK_DATA_FILTER, "_after_task_data_filter") \
    TEXT(FLR_EVENT_BEFORE_TASK_RESULT_FILTER, "_before_task_result_filter") \
    TEXT(FLR_EVENT_AFTER_TASK_RESULT_FILTER, "_after_task_result_filter") \
    TEXT(FLR_EVENT_BEFORE_PROCESS_SUBMISSION, "_before_process_submission") \
    TEXT(FLR_EVENT_BEFORE_PROCESS_RESULT_OF_UNKNOWN_TASK, "_before_process_result_of_unknown_task") \
    TEXT(FLR_EVENT_AFTER_PROCESS_RESULT_OF_UNKNOWN_TASK, "_after_process_result_of_unknown_task") \
    TEXT(FLR_EVENT_AFTER_PROCESS_SUBMISSION, "_after_process_submission") \
    TEXT(FLR_EVENT_CLIENT_DISCONNECTED, "_client_disconnected") \
    TEXT(FLR_EVENT_CLIENT_RECONNECTED, "_client_reconnected") \
    TEXT(FLR_EVENT_FATAL_SYSTEM_ERROR, "_fatal_system_error") \
    TEXT(FLR_EVENT_END_WORKFLOW, "_end_workflow") \
    TEXT(FLR_EVENT_ABOUT_TO_END_RUN, "_about_to_end_run") \
    TEXT(FLR_EVENT_CHECK_END_RUN_READINESS, "_check_end_run_readiness") \
    TEXT(FLR_EVENT_END_RUN, "_end_run") \
    TEXT(FLR_EVENT_ABOUT_TO_START_RUN, "_about_to_start_run") \
    TEXT(FLR_EVENT_BEFORE_PULL_TASK, "_before_pull_task") \
    TEXT(FLR_EVENT_AFTER_PULL_TASK, "_after_pull_task") \
    TEXT(FLR_EVENT_BEFORE_TASK_EXECUTION, "_before_task_execution") \
    TEXT(FLR_EVENT_AFTER_TASK_EXECUTION, "_after_task_execution") \
    TEXT(FLR_EVENT_BEFORE_SEND_TASK_RESULT, "_before_send_task_result") \
    TEXT(FLR_EVENT_AFTER_SEND_TASK_RESULT, "_after_send_task_result") \
    TEXT(FLR_EVENT_ABORT_TASK, "_abort_task") \
    TEXT(FLR_EVENT_GET_STATS, "info_collector.get_stats") \
    TEXT(FLR_EVENT_DEBUG_LOG, "_debug_log_available") \
    TEXT(FLR_EVENT_INFO_LOG, "_info_log_available") \
    TEXT(FLR_EVENT_WARNING_LOG, "_warning_log_available") \
    TEXT(FLR_EVENT_ERROR_LOG, "_error_log_available") \
    TEXT(FLR_EVENT_EXCEPTION_LOG, "_exception_log_available") \
    TEXT(FLR_EVENT_CRITICAL_LOG, "_critical_log_available") \
    TEXT(FLR_EVENT_SCOPE_LOCAL, "local") \
    TEXT(FLR_EVENT_SCOPE_FEDERATION, "federation") \
    TEXT(FLR_RELIABLE_TOPIC_REQUEST, "RM.RELIABLE_REQUEST") \
    TEXT(FLR_RELIABLE_TOPIC_REPLY, "RM.RELIABLE_REPLY") \
    TEXT(FLR_RELIABLE_HEADER_OP, "rm.op") \
    TEXT(FLR_RELIABLE_HEADER_TOPIC, "rm.topic") \
    TEXT(FLR_RELIABLE_HEADER_TX_ID, "rm.tx_id") \
    TEXT(FLR_RELIABLE_HEADER_PER_MSG_TIMEOUT, "rm.per_msg_timeout") \
    TEXT(FLR_RELIABLE_HEADER_TX_TIMEOUT, "rm.tx_timeout") \
    TEXT(FLR_RELIABLE_HEADER_STATUS, "rm.status") \
    TEXT(FLR_RELIABLE_OP_REQUEST, "req") \
    TEXT(FLR_RELIABLE_OP_QUERY, "query") \
    TEXT(FLR_RELIABLE_OP_REPLY, "reply") \
    TEXT(FLR_RELIABLE_OP_CONFIRM, "confirm") \
    TEXT(FLR_RELIABLE_OP_CANCEL, "cancel") \
    TEXT(FLR_RELIABLE_STATUS_IN_PROCESS, "in_process") \
    TEXT(FLR_RELIABLE_STATUS_IN_REPLY, "in_reply") \
    TEXT(FLR_RELIABLE_STATUS_NOT_RECEIVED, "not_received") \
    TEXT(FLR_RELIABLE_STATUS_REPLIED, "replied") \
    TEXT(FLR_RELIABLE_STATUS_ABORTED, "aborted") \
    TEXT(FLR_RELIABLE_STATUS_DUPLICATE, "dup_request") \
    TEXT(FLR_HEADER_RC, "__rc__") \
    TEXT(FLR_HEADER_COOKIE_JAR, "__cookie_jar__") \
    TEXT(FLR_HEADER_PEER_PROPS, "__peer_props__") \
    TEXT(FLR_HEADER_PEER_CTX, "__peer_ctx__") \
    TEXT(FLR_HEADER_REPLY_IS_LATE, "__reply_is_late__") \
    TEXT(FLR_HEADER_TASK_NAME, "__task_name__") \
    TEXT(FLR_HEADER_TASK_ID, "__task_id__") \
    TEXT(FLR_HEADER_AUDIT_EVENT_ID, "__audit_event_id__") \
    TEXT(FLR_HEADER_TASK_OPERATOR, "__task_operator__") \
    TEXT(FLR_HEADER_ERROR, "__error__") \
    TEXT(FLR_HEADER_MSG_ROOT_ID, "__msg_root_id__") \
    TEXT(FLR_HEADER_MSG_ROOT_TTL, "__msg_root_ttl__") \
    TEXT(FLR_HEADER_WAIT_TIME, "__wait_time__") \
    TEXT(FLR_HEADER_MIN_GET_TASK_TIMEOUT, "min_get_task_timeout") \
    TEXT(FLR_HEADER_TOPIC, "__topic__") \
    TEXT(FLR_HEADER_CONTENT_TYPE, "__content_type__") \
    TEXT(FLR_HEADER_WORKFLOW, "__workflow__") \
    TEXT(FLR_HEADER_TARGETS, "_targets") \
    TEXT(FLR_COOKIE_WORKFLOW, "__workflow__") \
    TEXT(FLR_COOKIE_TASK_ID, "__task_id__") \
    TEXT(FLR_RC_OK, "OK") \
    TEXT(FLR_RC_BAD_PEER_CONTEXT, "BAD_PEER_CONTEXT") \
    TEXT(FLR_RC_BAD_REQUEST_DATA, "BAD_REQUEST_DATA") \
    TEXT(FLR_RC_BAD_TASK_DATA, "BAD_TASK_DATA") \
    TEXT(FLR_RC_COMMUNICATION_ERROR, "COMMUNICATION_ERROR") \
    TEXT(FLR_RC_TIMEOUT, "TIMEOUT") \
    TEXT(FLR_RC_ERROR, "ERROR") \
    TEXT(FLR_RC_EXECUTION_EXCEPTION, "EXECUTION_EXCEPTION") \
    TEXT(FLR_RC_EXECUTION_RESULT_ERROR, "EXECUTION_RESULT_ERROR") \
    TEXT(FLR_RC_HANDLER_EXCEPTION, "HANDLER_EXCEPTION") \
    TEXT(FLR_RC_MISSING_PEER_CONTEXT, "MISSING_PEER_CONTEXT") \
    TEXT(FLR_RC_RUN_MISMATCH, "RUN_MISMATCH") \
    TEXT(FLR_RC_TASK_ABORTED, "TASK_ABORTED") \
    TEXT(FLR_RC_TASK_DATA_FILTER_ERROR, "TASK_DATA_FILTER_ERROR") \
    TEXT(FLR_RC_TASK_RESULT_FILTER_ERROR, "TASK_RESULT_FILTER_ERROR") \
    TEXT(FLR_RC_TASK_UNKNOWN, "TASK_UNKNOWN") \
    TEXT(FLR_RC_TASK_UNSUPPORTED, "TASK_UNSUPPORTED") \
    TEXT(FLR_RC_TOPIC_UNKNOWN, "TOPIC_UNKNOWN") \
    TEXT(FLR_RC_UNSAFE_JOB, "UNSAFE_JOB") \
    TEXT(FLR_RC_EARLY_TERMINATION, "EARLY_TERMINATION") \
    TEXT(FLR_RC_SERVER_NOT_READY, "SERVER_NOT_READY") \
    TEXT(FLR_RC_SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE") \
    TEXT(FLR_RC_EMPTY_RESULT, "EMPTY_RESULT") \
    TEXT(FLR_RC_MODEL_UNRECOGNIZED, "MODEL_UNRECOGNIZED") \
    TEXT(FLR_RC_VALIDATE_TYPE_UNKNOWN, "VALIDATE_TYPE_UNKNOWN")
