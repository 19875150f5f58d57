/*
 * Processing one task, from the answer to a pull to the reply that is submitted: checks, data filters, executor, result filters, headers. On the loop's
 * thread and in its context. Rows CL-07, CL-09 to CL-19, CL-36.
 */
#include "base/abi.h"
#include "client/internal.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DATA_ID(data) flr__shareable_header((data), FLR__STR(TASK_ID))
#define AUDIT_REF(data)                                                                            \
    flr_value_get_text(flr__shareable_header((data), FLR__STR(AUDIT_EVENT_ID)), "")

void flr__work_drop(flr_client_runner *c)
{
    flr__client_task *t = &c->task;
    flr__execution_end(t->execution);
    flr_value_unref(t->id);
    flr_shareable_unref(t->data);
    flr_shareable_unref(t->filtered);
    flr_shareable_unref(t->result);
    flr__free(t->name);
    memset(t, 0, sizeof *t);
}

/* ---- the answer to a pull ---- */

/* A number of seconds > 0, or text that is one; else 0. */
static double read_seconds(const flr_value *value)
{
    const char *text = flr_value_get_text(value, NULL);
    double seconds = flr_value_get_real(value, 0.0);
    if (text != NULL) {
        char *end;
        seconds = strtod(text, &end);
        if (end == text || *end != '\0')
            return 0.0;
    }
    return isfinite(seconds) && seconds > 0.0 ? seconds : 0.0;
}

flr__client_outcome flr__work_take(flr_client_runner *c, const flr__call_answer *answer,
                                   int64_t *wait)
{
    flr__client_task *t = &c->task;
    const flr_value *header;
    *wait = 0;
    if (answer->kind == FLR_ANSWER_END_RUN)
        return FLR__OUT_END_RUN;
    if (answer->data != NULL) {
        double least = read_seconds(
            flr__shareable_header(answer->data, FLR__STR(MIN_GET_TASK_TIMEOUT_HEADER)));
        c->min_timeout = least > c->min_timeout ? least : c->min_timeout;
        header = flr__shareable_header(answer->data, FLR__STR(WAIT_TIME));
        flr__seconds(read_seconds(header), wait);
    }
    if (answer->kind == FLR_ANSWER_TRY_AGAIN)
        return FLR__OUT_TRY_AGAIN;
    t->name = flr__strdup(answer->name);
    if (t->name == NULL)
        return FLR__OUT_FAILED; /* the server sends it again */
    t->data = flr_shareable_ref(answer->data);
    if (t->data != NULL)
        t->id = flr_value_ref(DATA_ID(t->data));
    return FLR__OUT_TASK;
}

static const char *task_id(const flr__client_task *t)
{
    return flr_value_get_text(t->id, "");
}

/* ---- before the executor ---- */

/* CL-13, CL-15: this job must not go on here. */
static void mark_unsafe(flr_client_runner *c, const char *who)
{
    flr__sticky_put(&c->site, FLR__S_JOB_IS_UNSAFE, flr__value_bool(true), 0);
    flr_context_log(c->context, FLR_LOG_ERROR, "%s says that the job is unsafe", who);
}

static bool is_unsafe(flr_client_runner *c)
{
    flr_value *mark = flr__context_find(c->context, FLR__S_JOB_IS_UNSAFE);
    bool unsafe = flr_value_get_bool(mark, 0) != 0;
    flr_value_unref(mark);
    return unsafe;
}

/* CL-11: the properties of the task, and the audit line of its arrival. */
static int dress(flr_client_runner *c)
{
    flr__client_task *t = &c->task;
    char id[FLR__ID_TEXT];
    flr_value *name;
    int status = flr_value_new_text(t->name, &name);
    if (status < 0)
        return status;
    flr__context_put_message(c->context, FLR__S_TASK_DATA, flr_shareable_ref(t->data), 0);
    flr__context_put(c->context, FLR__S_TASK_NAME, name, 0);
    flr__context_put(c->context, FLR__S_TASK_ID,
                     t->id == NULL ? flr__value_nil() : flr_value_ref(t->id), 0);
    t->dressed = true;
    flr_context_audit(c->context, AUDIT_REF(t->data), "received task from server", id);
    return 0;
}

/* CL-09: what the server says of itself. A return code if it may not give this task. */
static const char *check_peer(flr_client_runner *c, int *status)
{
    const flr_value *peer = flr__shareable_header(c->task.data, FLR__STR(PEER_CTX));
    *status = 0;
    if (peer == NULL)
        return FLR_RC_MISSING_PEER_CONTEXT;
    if (flr_value_get_kind(peer) != FLR_VALUE_MAP)
        return FLR_RC_BAD_PEER_CONTEXT;
    *status = flr_context_set_peer_props(c->context, peer);
    if (*status < 0)
        return FLR_RC_BAD_PEER_CONTEXT;
    const char *job = flr_context_get_job_id(flr_context_get_peer(c->context));
    return job != NULL && strcmp(job, c->site.job->text) == 0 ? NULL : FLR_RC_RUN_MISMATCH;
}

/* CL-15, CL-19: what a failed filter makes of the reply. */
static const char *filter_failed(flr_client_runner *c, int status, const char *what, const char *rc)
{
    char text[FLR__DETAIL_MAX + 64];
    flr__status_describe(&c->site, status, flr_context_get_detail(c->context), text, sizeof text);
    flr_context_log(c->context, FLR_LOG_EXCEPTION, "a %s filter failed: %s", what, text);
    if (status == FLR_E_UNSAFE_JOB) {
        mark_unsafe(c, "a filter");
        return FLR_RC_UNSAFE_JOB;
    }
    return flr_signal_is_triggered(c->task.execution->abort) ? FLR_RC_TASK_ABORTED : rc;
}

static int filter_data(flr_client_runner *c)
{
    flr__client_task *t = &c->task;
    t->filtered = flr_shareable_ref(t->data);
    FLR__FIRE(c->context, EV_BEFORE_TASK_DATA_FILTER);
    flr__context_clear_detail(c->context);
    int status = flr__filters_apply(c->context, &c->site.data_chains, false, FLR_FILTER_IN, t->name,
                                    &t->filtered);
    if (status < 0) {
        t->rc = filter_failed(c, status, "data", FLR_RC_TASK_DATA_FILTER_ERROR);
        return status;
    }
    flr__context_put_message(c->context, FLR__S_TASK_DATA, flr_shareable_ref(t->filtered), 0);
    FLR__FIRE(c->context, EV_AFTER_TASK_DATA_FILTER);
    return 0;
}

static flr__client_outcome reply_with(flr_client_runner *c, const char *rc)
{
    c->task.rc = rc;
    return FLR__OUT_REPLY;
}

/* CL-36: the server lost what it was given in a crash. */
static bool was_delivered(const flr_client_runner *c)
{
    return c->delivered != NULL && strcmp(c->delivered_id, task_id(&c->task)) == 0 &&
           strcmp(c->delivered_name, c->task.name) == 0;
}

flr__client_outcome flr__work_prepare(flr_client_runner *c)
{
    flr__client_task *t = &c->task;
    const char *rc;
    int status;
    if (was_delivered(c)) {
        t->result = flr_shareable_ref(c->delivered);
        return FLR__OUT_RESUBMIT;
    }
    if (is_unsafe(c))
        return reply_with(c, FLR_RC_UNSAFE_JOB);
    if (flr__execution_new(c, t->name, &t->execution) < 0)
        return reply_with(c, FLR_RC_EXECUTION_EXCEPTION);
    if (t->data == NULL)
        return reply_with(c, FLR_RC_BAD_TASK_DATA);
    if (dress(c) < 0)
        return reply_with(c, FLR_RC_EXECUTION_EXCEPTION);
    rc = check_peer(c, &status);
    if (status == FLR_E_NOMEM)
        rc = FLR_RC_EXECUTION_EXCEPTION;
    if (rc != NULL)
        return reply_with(c, rc);
    t->executor = flr__executors_find(&c->executors, t->name);
    if (t->executor == NULL)
        return reply_with(c, FLR_RC_TASK_UNKNOWN);
    status = filter_data(c);
    if (status < 0)
        return status == FLR_E_UNSAFE_JOB ? FLR__OUT_UNSAFE : FLR__OUT_REPLY;
    return FLR__OUT_EXECUTE;
}

/* ---- the executor ---- */

void flr__work_execute(flr_client_runner *c)
{
    flr__client_task *t = &c->task;
    const char *name = t->executor->component->name->text;
    char id[FLR__ID_TEXT], line[FLR_NAME_MAX + 32];
    flr_shareable *data = t->filtered;
    t->filtered = NULL;
    FLR__FIRE(c->context, EV_BEFORE_TASK_EXECUTION);
    snprintf(line, sizeof line, "invoked executor %s", name);
    flr_context_audit(c->context, AUDIT_REF(t->data), line, id);
    flr__client_count(c, &c->stats.executed);
    flr__execution_begin(t->execution, t->executor, c->context, data);
    flr_shareable_unref(data);
}

bool flr__work_is_executed(flr_client_runner *c)
{
    return flr__execution_is_done(c->task.execution) ||
           flr_signal_is_triggered(c->task.execution->abort);
}

/* CL-13: the return code of what is no good result, or NULL. */
static const char *judge(flr_client_runner *c)
{
    flr__client_task *t = &c->task;
    const flr_execution *x = t->execution;
    char text[FLR__DETAIL_MAX + 64];
    if (flr_signal_is_triggered(x->abort))
        return FLR_RC_TASK_ABORTED;
    if (x->status == 0)
        return x->result == NULL ? FLR_RC_EXECUTION_RESULT_ERROR : NULL;
    flr__status_describe(&c->site, x->status, flr_context_get_detail(c->context), text,
                         sizeof text);
    flr_context_log(c->context, FLR_LOG_EXCEPTION, "executor %s failed: %s",
                    t->executor->component->name->text, text);
    if (x->status != FLR_E_UNSAFE_JOB)
        return FLR_RC_EXECUTION_EXCEPTION;
    mark_unsafe(c, t->executor->component->name->text);
    return FLR_RC_UNSAFE_JOB;
}

/* ---- after the executor ---- */

/* CL-14: filters see the executor's own message only as a copy. */
static int filter_result(flr_client_runner *c)
{
    flr__client_task *t = &c->task;
    int status = flr_shareable_copy(t->execution->result, NULL, &t->result);
    if (status < 0) {
        t->rc = FLR_RC_EXECUTION_EXCEPTION;
        return status;
    }
    flr__context_put_message(c->context, FLR__S_TASK_RESULT, flr_shareable_ref(t->result), 0);
    FLR__FIRE(c->context, EV_AFTER_TASK_EXECUTION);
    FLR__FIRE(c->context, EV_BEFORE_TASK_RESULT_FILTER);
    flr__context_clear_detail(c->context);
    status = flr__filters_apply(c->context, &c->site.result_chains, true, FLR_FILTER_OUT, t->name,
                                &t->result);
    if (status < 0) {
        t->rc = filter_failed(c, status, "result", FLR_RC_TASK_RESULT_FILTER_ERROR);
        return status;
    }
    flr__context_put_message(c->context, FLR__S_TASK_RESULT, flr_shareable_ref(t->result), 0);
    FLR__FIRE(c->context, EV_AFTER_TASK_RESULT_FILTER);
    return 0;
}

/* CL-17: the audit line of the end; its id goes out with the reply. */
static int audit_end(flr_client_runner *c)
{
    const flr__client_task *t = &c->task;
    char id[FLR__ID_TEXT] = "", line[FLR_NAME_MAX];
    const char *rc = flr_shareable_get_rc(t->result);
    snprintf(line, sizeof line,
             strcmp(rc, FLR_RC_OK) == 0 ? "submit result OK" : "submit result: %.200s", rc);
    flr_context_audit(c->context, AUDIT_REF(t->data), line, id);
    return flr_shareable_set_header_text(t->result, FLR_HEADER_AUDIT_EVENT_ID, id);
}

/* CL-18, CL-22: what every attempt to submit it carries. */
static int address(flr_client_runner *c)
{
    flr__client_task *t = &c->task;
    const flr_value *jar = t->data == NULL ? NULL : flr_shareable_get_cookie_jar(t->data);
    char root[FLR__ID_TEXT];
    int status = 0;
    if (jar != NULL)
        status = flr__shareable_put(t->result, FLR__STR(COOKIE_JAR), jar);
    if (status == 0)
        status = flr_shareable_set_header_text(t->result, FLR_HEADER_TASK_NAME, t->name);
    if (status == 0)
        status = t->id == NULL ? flr_shareable_set_header_text(t->result, FLR_HEADER_TASK_ID, "")
                               : flr__shareable_put(t->result, FLR__STR(TASK_ID), t->id);
    flr__site_new_id(&c->site, root);
    if (status == 0)
        status = flr_shareable_set_header_text(t->result, FLR_HEADER_MSG_ROOT_ID, root);
    if (status == 0)
        status =
            flr_shareable_set_header_real(t->result, FLR_HEADER_MSG_ROOT_TTL, c->submit_timeout);
    /* Last: a result that is too large for its headers is replaced, and has one line all the same. */
    return status == 0 && t->dressed ? audit_end(c) : status;
}

/* A result that somebody else holds gets its headers in a copy. */
static int make_own(flr__client_task *t)
{
    flr_shareable *copy;
    if (!flr_shareable_is_frozen(t->result))
        return 0;
    int status = flr_shareable_copy(t->result, NULL, &copy);
    if (status < 0)
        return status;
    flr_shareable_unref(t->result);
    t->result = copy;
    return 0;
}

static int make_reply(flr_client_runner *c, const char *rc)
{
    flr__client_task *t = &c->task;
    flr_shareable_unref(t->result);
    t->result = NULL;
    return flr_shareable_new_reply(rc, NULL, &t->result);
}

int flr__work_finish(flr_client_runner *c)
{
    flr__client_task *t = &c->task;
    int status = 0;
    if (t->dressed)
        flr__context_drop(c->context, FLR__S_TASK_DATA);
    if (t->rc == NULL)
        t->rc = judge(c);
    if (t->rc == NULL)
        filter_result(c); /* what failed is in t->rc */
    flr__context_drop(c->context, FLR__S_TASK_RESULT);
    status = t->rc != NULL ? make_reply(c, t->rc) : make_own(t);
    if (status == 0)
        status = address(c);
    if (status < 0 && make_reply(c, FLR_RC_EXECUTION_EXCEPTION) == 0)
        status = address(
            c); /* CL-18: it broke in another way, a result too large for its headers above all */
    flr__execution_end(t->execution);
    t->execution = NULL;
    if (status == 0)
        flr_shareable_freeze(t->result);
    return status;
}
