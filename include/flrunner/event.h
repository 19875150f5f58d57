/**
 * @file event.h
 * The names of the events that the library fires. Firing and failing are calls on a context (context.h), hearing
 * is a member of a component (component.h).
 */
#ifndef FLRUNNER_EVENT_H
#define FLRUNNER_EVENT_H

#include <flrunner/base.h>

/* ---- server, in the order of a run ---- */
#define FLR_EVENT_START_RUN "_start_run"
#define FLR_EVENT_START_WORKFLOW "_start_workflow"
#define FLR_EVENT_BEFORE_PROCESS_TASK_REQUEST "_before_process_task_request"
#define FLR_EVENT_AFTER_PROCESS_TASK_REQUEST "_after_process_task_request"
#define FLR_EVENT_BEFORE_TASK_DATA_FILTER "_before_task_data_filter"
#define FLR_EVENT_AFTER_TASK_DATA_FILTER "_after_task_data_filter"
#define FLR_EVENT_BEFORE_TASK_RESULT_FILTER "_before_task_result_filter"
#define FLR_EVENT_AFTER_TASK_RESULT_FILTER "_after_task_result_filter"
#define FLR_EVENT_BEFORE_PROCESS_SUBMISSION "_before_process_submission"
#define FLR_EVENT_BEFORE_PROCESS_RESULT_OF_UNKNOWN_TASK "_before_process_result_of_unknown_task"
#define FLR_EVENT_AFTER_PROCESS_RESULT_OF_UNKNOWN_TASK "_after_process_result_of_unknown_task"
#define FLR_EVENT_AFTER_PROCESS_SUBMISSION "_after_process_submission"
/** Property `_disconnected_client_name` of the context names the client. */
#define FLR_EVENT_CLIENT_DISCONNECTED "_client_disconnected"
/** Property `_reconnected_client_name` of the context names the client. */
#define FLR_EVENT_CLIENT_RECONNECTED "_client_reconnected"
/** Ends the run; `__event_data__` is the reason. */
#define FLR_EVENT_FATAL_SYSTEM_ERROR "_fatal_system_error"
#define FLR_EVENT_END_WORKFLOW "_end_workflow"
#define FLR_EVENT_ABOUT_TO_END_RUN "_about_to_end_run"
/** A handler that returns FLR_E_NOT_READY delays the end of the run. */
#define FLR_EVENT_CHECK_END_RUN_READINESS "_check_end_run_readiness"
#define FLR_EVENT_END_RUN "_end_run"

/* ---- client side also ---- */
#define FLR_EVENT_ABOUT_TO_START_RUN "_about_to_start_run"
#define FLR_EVENT_BEFORE_PULL_TASK "_before_pull_task"
#define FLR_EVENT_AFTER_PULL_TASK "_after_pull_task"
#define FLR_EVENT_BEFORE_TASK_EXECUTION "_before_task_execution"
#define FLR_EVENT_AFTER_TASK_EXECUTION "_after_task_execution"
#define FLR_EVENT_BEFORE_SEND_TASK_RESULT "_before_send_task_result"
#define FLR_EVENT_AFTER_SEND_TASK_RESULT "_after_send_task_result"
#define FLR_EVENT_ABORT_TASK "_abort_task"

/* ---- others ---- */
/** Asks everybody for statistics: property `info_collector.stats_collector` holds a collector (stats.h). */
#define FLR_EVENT_GET_STATS "info_collector.get_stats"
#define FLR_EVENT_DEBUG_LOG "_debug_log_available"
#define FLR_EVENT_INFO_LOG "_info_log_available"
#define FLR_EVENT_WARNING_LOG "_warning_log_available"
#define FLR_EVENT_ERROR_LOG "_error_log_available"
#define FLR_EVENT_EXCEPTION_LOG "_exception_log_available"
#define FLR_EVENT_CRITICAL_LOG "_critical_log_available"

#define FLR_EVENT_SCOPE_LOCAL "local"
#define FLR_EVENT_SCOPE_FEDERATION "federation"

#endif
