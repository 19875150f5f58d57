/* The well-known strings, in groups; their order is of no meaning outside this process. */
#ifndef FLR_LIB_WELLKNOWN_H
#define FLR_LIB_WELLKNOWN_H

#define FLR__WELLKNOWN_HEADERS(X)                                                                                      \
    X(RC, "__rc__")                                                                                                    \
    X(COOKIE_JAR, "__cookie_jar__")                                                                                    \
    X(PEER_PROPS, "__peer_props__")                                                                                    \
    X(REPLY_IS_LATE, "__reply_is_late__")                                                                              \
    X(AUDIT_EVENT_ID, "__audit_event_id__")                                                                            \
    X(TASK_OPERATOR, "__task_operator__")                                                                              \
    X(ERROR, "__error__")                                                                                              \
    X(MSG_ROOT_ID, "__msg_root_id__")                                                                                  \
    X(MSG_ROOT_TTL, "__msg_root_ttl__")                                                                                \
    X(WAIT_TIME, "__wait_time__")                                                                                      \
    X(MIN_GET_TASK_TIMEOUT_HEADER, "min_get_task_timeout")                                                             \
    X(TARGETS, "_targets")                                                                                             \
    X(HEADERS, "__headers__")

/* Properties of a context. These come first in the list below, in this order: each has a slot in a context. */
#define FLR__WELLKNOWN_PROPS(X)                                                                                        \
    X(MANAGER, "__manager__")                                                                                          \
    X(ENGINE, "__engine__")                                                                                            \
    X(RUNNER, "__runner__")                                                                                            \
    X(RUN_NUM, "__run_num__")                                                                                          \
    X(IDENTITY_NAME, "__identity_name__")                                                                              \
    X(PEER_CTX, "__peer_ctx__")                                                                                        \
    X(WORKFLOW, "__workflow__")                                                                                        \
    X(TASK_NAME, "__task_name__")                                                                                      \
    X(TASK_ID, "__task_id__")                                                                                          \
    X(TASK_DATA, "__task_data__")                                                                                      \
    X(TASK_RESULT, "__task_result__")                                                                                  \
    X(IS_RESEND, "__is_resend__")                                                                                      \
    X(RUN_ABORT_SIGNAL, "__run_abort_signal__")                                                                        \
    X(RUN_ABORT_REQUESTED, "__run_abort_requested__")                                                                  \
    X(FATAL_SYSTEM_ERROR, "__fatal_system_error__")                                                                    \
    X(EVENT_ID, "__event_id__")                                                                                        \
    X(EVENT_DATA, "__event_data__")                                                                                    \
    X(EVENT_ORIGIN, "__event_origin__")                                                                                \
    X(EVENT_SCOPE, "__event_scope__")                                                                                  \
    X(EXCEPTIONS, "__exceptions__")                                                                                    \
    X(EVENT_DEPTH, "###event_depth")                                                                                   \
    X(NOT_READY_TO_END_RUN, "not_ready_to_end_run__")                                                                  \
    X(FILTER_DIR, "__filter_dir__")                                                                                    \
    X(SCOPE_OBJECT, "__scope_object__")                                                                                \
    X(EFFECTIVE_JOB_SCOPE_NAME, "__effective_job_scope_name__")                                                        \
    X(JOB_IS_UNSAFE, "__job_is_unsafe__")                                                                              \
    X(CUSTOM_PROPS, "__custom_props__")                                                                                \
    X(SHAREABLE, "__shareable__")                                                                                      \
    X(CLIENT_HIERARCHY, "__client_hierarchy__")                                                                        \
    X(MIN_GET_TASK_TIMEOUT, "__min_get_task_timeout__")                                                                \
    X(DISCONNECTED_CLIENT_NAME, "_disconnected_client_name")                                                           \
    X(RECONNECTED_CLIENT_NAME, "_reconnected_client_name")                                                             \
    X(STATS_COLLECTOR, "info_collector.stats_collector")

/* Events; each has a place in the event bus. */
#define FLR__WELLKNOWN_EVENTS(X)                                                                                       \
    X(EV_START_RUN, "_start_run")                                                                                      \
    X(EV_START_WORKFLOW, "_start_workflow")                                                                            \
    X(EV_BEFORE_PROCESS_TASK_REQUEST, "_before_process_task_request")                                                  \
    X(EV_AFTER_PROCESS_TASK_REQUEST, "_after_process_task_request")                                                    \
    X(EV_BEFORE_TASK_DATA_FILTER, "_before_task_data_filter")                                                          \
    X(EV_AFTER_TASK_DATA_FILTER, "_after_task_data_filter")                                                            \
    X(EV_BEFORE_TASK_RESULT_FILTER, "_before_task_result_filter")                                                      \
    X(EV_AFTER_TASK_RESULT_FILTER, "_after_task_result_filter")                                                        \
    X(EV_BEFORE_PROCESS_SUBMISSION, "_before_process_submission")                                                      \
    X(EV_BEFORE_PROCESS_RESULT_OF_UNKNOWN_TASK, "_before_process_result_of_unknown_task")                              \
    X(EV_AFTER_PROCESS_RESULT_OF_UNKNOWN_TASK, "_after_process_result_of_unknown_task")                                \
    X(EV_AFTER_PROCESS_SUBMISSION, "_after_process_submission")                                                        \
    X(EV_CLIENT_DISCONNECTED, "_client_disconnected")                                                                  \
    X(EV_CLIENT_RECONNECTED, "_client_reconnected")                                                                    \
    X(EV_FATAL_SYSTEM_ERROR, "_fatal_system_error")                                                                    \
    X(EV_END_WORKFLOW, "_end_workflow")                                                                                \
    X(EV_ABOUT_TO_END_RUN, "_about_to_end_run")                                                                        \
    X(EV_CHECK_END_RUN_READINESS, "_check_end_run_readiness")                                                          \
    X(EV_END_RUN, "_end_run")                                                                                          \
    X(EV_ABOUT_TO_START_RUN, "_about_to_start_run")                                                                    \
    X(EV_BEFORE_PULL_TASK, "_before_pull_task")                                                                        \
    X(EV_AFTER_PULL_TASK, "_after_pull_task")                                                                          \
    X(EV_BEFORE_TASK_EXECUTION, "_before_task_execution")                                                              \
    X(EV_AFTER_TASK_EXECUTION, "_after_task_execution")                                                                \
    X(EV_BEFORE_SEND_TASK_RESULT, "_before_send_task_result")                                                          \
    X(EV_AFTER_SEND_TASK_RESULT, "_after_send_task_result")                                                            \
    X(EV_ABORT_TASK, "_abort_task")                                                                                    \
    X(EV_GET_STATS, "info_collector.get_stats")                                                                        \
    X(EV_DEBUG_LOG, "_debug_log_available")                                                                            \
    X(EV_INFO_LOG, "_info_log_available")                                                                              \
    X(EV_WARNING_LOG, "_warning_log_available")                                                                        \
    X(EV_ERROR_LOG, "_error_log_available")                                                                            \
    X(EV_EXCEPTION_LOG, "_exception_log_available")                                                                    \
    X(EV_CRITICAL_LOG, "_critical_log_available")

#define FLR__WELLKNOWN_CODES(X)                                                                                        \
    X(RC_OK, "OK")                                                                                                     \
    X(RC_ERROR, "ERROR")                                                                                               \
    X(RC_TASK_UNKNOWN, "TASK_UNKNOWN")                                                                                 \
    X(RC_TASK_DATA_FILTER_ERROR, "TASK_DATA_FILTER_ERROR")                                                             \
    X(RC_TASK_RESULT_FILTER_ERROR, "TASK_RESULT_FILTER_ERROR")

#define FLR__WELLKNOWN(X)                                                                                              \
    FLR__WELLKNOWN_PROPS(X)                                                                                            \
    FLR__WELLKNOWN_HEADERS(X)                                                                                          \
    FLR__WELLKNOWN_EVENTS(X)                                                                                           \
    FLR__WELLKNOWN_CODES(X)

#endif
