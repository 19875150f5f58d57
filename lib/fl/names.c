/*
 * Names of numbers that hosts see: outcomes, final status of tasks, log levels. Constant tables;
 * nothing to guard.
 */
#include <flrunner/communicator.h>
#include <flrunner/log.h>

const char *flr_outcome_get_name(int outcome)
{
    static const char *const names[] = {
        [FLR_OUTCOME_ACCEPTED] = "ACCEPTED",
        [FLR_OUTCOME_DUPLICATE] = "DUPLICATE",
        [FLR_OUTCOME_LATE] = "LATE",
        [FLR_OUTCOME_UNKNOWN_TASK] = "UNKNOWN_TASK",
        [FLR_OUTCOME_WRONG_CLIENT] = "WRONG_CLIENT",
        [FLR_OUTCOME_WRONG_TASK_NAME] = "WRONG_TASK_NAME",
        [FLR_OUTCOME_WRONG_WORKFLOW] = "WRONG_WORKFLOW",
        [FLR_OUTCOME_WRONG_JOB] = "WRONG_JOB",
        [FLR_OUTCOME_NO_PEER] = "NO_PEER",
        [FLR_OUTCOME_NOT_RUNNING] = "NOT_RUNNING",
        [FLR_OUTCOME_FATAL_RETURN_CODE] = "FATAL_RETURN_CODE",
        [FLR_OUTCOME_FAILED] = "FAILED",
    };

    return outcome < FLR_OUTCOME_ACCEPTED || outcome > FLR_OUTCOME_FAILED ? "?" : names[outcome];
}

const char *flr_task_status_get_name(int status)
{
    static const char *const names[] = {
        [FLR_TASK_STANDING] = "standing",       [FLR_TASK_OK] = "ok",
        [FLR_TASK_TIMEOUT] = "timeout",         [FLR_TASK_ERROR] = "error",
        [FLR_TASK_CANCELLED] = "cancelled",     [FLR_TASK_ABORTED] = "aborted",
        [FLR_TASK_CLIENT_DEAD] = "client_dead",
    };

    return status < FLR_TASK_STANDING || status > FLR_TASK_CLIENT_DEAD ? "?" : names[status];
}

const char *flr_log_get_level_name(int level)
{
    switch (level) {
    case FLR_LOG_DEBUG:
        return "debug";
    case FLR_LOG_INFO:
        return "info";
    case FLR_LOG_WARNING:
        return "warning";
    case FLR_LOG_ERROR:
        return "error";
    case FLR_LOG_EXCEPTION:
        return "exception";
    case FLR_LOG_CRITICAL:
        return "critical";
    default:
        return "?";
    }
}
