/*
 * The shell around the core: does what it says, on the thread that runs or steps. Nothing here waits: an action that must wait says until when, and run (waiting) or step
 * (returning) go on from there. Rows CL.
 */
#include "base/abi.h"
#include "client/internal.h"
#include "reliable/reliable.h"
#include <string.h>

#define TOPIC_SYNC       "__sync_runner__"
#define TOPIC_TASK_CHECK "__task_check__"

static int64_t now_of(const flr_client_runner *c)
{
    return flr_clock_get_now(c->site.clock);
}

static bool is_stopped(const flr_client_runner *c)
{
    return flr_signal_is_triggered(c->abort) != 0;
}

/* The run ends as an abort: one was asked for, or somebody triggered the signal although the server had not ended it. */
static bool is_abort(const flr_client_runner *c)
{
    return atomic_load(&c->requested) || (is_stopped(c) && !atomic_load(&c->ended));
}

static bool is_running(flr_client_runner *c)
{
    flr__mutex_lock(&c->lock);
    bool running = c->running != NULL;
    flr__mutex_unlock(&c->lock);
    return running;
}

/* ---- calls of the loop ---- */

/* Whether the present call has come to its end, or is not waited for any more because the run ends. */
static bool is_answered(const flr_client_runner *c)
{
    return flr__call_is_over(&c->call) || (is_stopped(c) && !c->core.unsafe);
}

/* Ask for a task. The peer's knowledge of this client is what is public now. */
static int begin_pull(flr_client_runner *c)
{
    double timeout = c->get_task_timeout;
    if (timeout != 0.0 && c->min_timeout > timeout)
        timeout = c->min_timeout;
    flr__work_drop(c);
    flr__context_clear(c->context);
    FLR__FIRE(c->context, EV_BEFORE_PULL_TASK);
    atomic_store(&c->ready, false); /* a notice from now on counts */
    return flr__call_pull(c, c->context, timeout, &c->call);
}

static flr__client_outcome end_pull(flr_client_runner *c, int status, int64_t *wait)
{
    char text[96];
    flr__client_outcome outcome = FLR__OUT_FAILED;
    if (status == 0)
        outcome = flr__work_take(c, flr__call_get_answer(&c->call), wait);
    else if (!is_stopped(c)) {
        flr__status_describe(&c->site, status, NULL, text, sizeof text);
        flr_context_log(c->context, FLR_LOG_INFO, "asking for a task failed: %s", text);
    }
    flr__client_count(c, &c->stats.pulls);
    if (outcome == FLR__OUT_FAILED)
        flr__client_count(c, &c->stats.pull_failures);
    if (outcome == FLR__OUT_TASK)
        flr__client_count(c, &c->stats.tasks);
    FLR__FIRE(c->context, EV_AFTER_PULL_TASK);
    return outcome;
}

static int begin_sync(flr_client_runner *c)
{
    flr__context_clear(c->context);
    return flr__call_aux(c, c->context, TOPIC_SYNC, c->empty, c->sync_timeout, &c->call);
}

static const char *task_id(const flr_client_runner *c)
{
    return flr_value_get_text(c->task.id, "");
}

static int begin_check(flr_client_runner *c)
{
    flr_shareable *request;
    int status = flr_shareable_new(&request);
    if (status < 0)
        return status;
    status = flr_shareable_set_header_text(request, FLR_HEADER_TASK_ID, task_id(c));
    if (status == 0)
        status =
            flr__call_aux(c, c->context, TOPIC_TASK_CHECK, request, c->check_timeout, &c->call);
    flr_shareable_unref(request);
    return status;
}

/* CL-21. */
static flr__client_outcome judge_check(flr_client_runner *c, int status)
{
    static const char *const again[] = {FLR_RC_COMMUNICATION_ERROR, FLR_RC_SERVER_NOT_READY,
                                        FLR_RC_TIMEOUT, FLR_RC_SERVICE_UNAVAILABLE,
                                        FLR_RC_HANDLER_EXCEPTION};
    if (status < 0)
        return status == FLR_E_DENIED ? FLR__OUT_DROP : FLR__OUT_RETRY;
    const flr_shareable *reply = flr__call_get_reply(&c->call);
    const char *rc = flr_shareable_get_rc(reply);
    for (size_t i = 0; i < sizeof again / sizeof again[0]; i++)
        if (strcmp(rc, again[i]) == 0)
            return FLR__OUT_RETRY;
    if (strcmp(rc, FLR_RC_TASK_UNKNOWN) != 0)
        return FLR__OUT_GO_ON;
    const char *cause = flr_value_get_text(flr__shareable_header(reply, FLR__STR(ERROR)), "");
    return strcmp(cause, "already received") == 0 ? FLR__OUT_DELIVERED : FLR__OUT_DROP;
}

static int begin_submit(flr_client_runner *c)
{
    double timeout = c->submit_timeout;
    if (c->core.unsafe && timeout == 0.0)
        timeout = c->check_timeout; /* an abort waits for it: not for ever */
    return flr__call_submit(c, c->context, c->task.name, task_id(c), c->task.result, timeout,
                            &c->call);
}

static flr__client_outcome judge_submit(int status)
{
    if (status == 0)
        return FLR__OUT_DELIVERED;
    return status == FLR_E_DENIED ? FLR__OUT_DROP : FLR__OUT_RETRY;
}

/* CL-36: what was delivered last is kept; its id is kept as the last task id. */
static void keep_delivered(flr_client_runner *c)
{
    if (!c->resubmit || c->core.resubmit || *task_id(c) == '\0')
        return;
    char *id = flr__strdup(task_id(c)), *name = flr__strdup(c->task.name);
    flr_shareable_unref(c->delivered);
    flr__free(c->delivered_id);
    flr__free(c->delivered_name);
    bool whole = id != NULL && name != NULL;
    if (!whole) {
        flr__free(id);
        flr__free(name);
    }
    c->delivered = whole ? flr_shareable_ref(c->task.result) : NULL;
    c->delivered_id = whole ? id : NULL;
    c->delivered_name = whole ? name : NULL;
}

static void end_submission(flr_client_runner *c)
{
    uint64_t attempts = c->core.attempts;
    flr__mutex_lock(&c->lock);
    c->stats.submit_retries += attempts > 1 ? attempts - 1 : 0;
    if (c->core.delivered) {
        c->stats.delivered++;
        c->stats.resubmitted += c->core.resubmit;
    } else {
        c->stats.dropped++;
    }
    flr__mutex_unlock(&c->lock);
    if (c->core.delivered)
        keep_delivered(c);
    else
        flr_context_log(c->context, FLR_LOG_INFO, "result of task \"%.64s\" was not delivered",
                        c->task.name);
    FLR__FIRE(c->context, EV_AFTER_SEND_TASK_RESULT);
    flr__work_drop(c);
}

/* ---- the run's own steps ---- */

static void fire_abort_task(flr_client_runner *c)
{
    flr__context_clear(c->context);
    flr__context_put(c->context, FLR__S_RUN_ABORT_REQUESTED, flr__value_bool(is_abort(c)), 0);
    FLR__FIRE(c->context, EV_ABORT_TASK);
}

static void close_run(flr_client_runner *c)
{
    atomic_store(&c->closed, true);
    flr__reliable_close(&c->site);
    flr__aux_close(&c->site);
}

static void note_failure(flr_client_runner *c, int status, const char *what)
{
    char text[FLR__DETAIL_MAX + 64];
    flr__status_describe(&c->site, status, flr_context_get_detail(c->context), text, sizeof text);
    flr__client_set_detail(c, text);
    flr_context_log(c->context, FLR_LOG_ERROR, "%s: %s", what, text);
}

static int enable(flr_client_runner *c)
{
    flr__context_clear(c->context);
    int status = flr__reliable_enable(&c->site, atomic_load(&c->mode) == FLR__MODE_STEP);
    if (status < 0)
        note_failure(c, status, "reliable messages");
    return status;
}

/* Begin the call of the present action unless it is under way; whether it is at its end, then *status says how it went. */
static bool call(flr_client_runner *c, int (*begin)(flr_client_runner *c), int *status)
{
    if (c->call.send == NULL) {
        *status = begin(c);
        if (*status < 0)
            return true;
    }
    if (!is_answered(c))
        return false;
    *status = flr__call_is_over(&c->call) ? flr__call_status(&c->call) : FLR_E_ABORTED;
    return true;
}

static bool act_call(flr_client_runner *c, flr__client_report *report)
{
    int status = 0;
    switch (c->core.action) {
    case FLR__CLIENT_SYNC:
        if (!call(c, begin_sync, &status))
            return false;
        if (status == 0 &&
            strcmp(flr_shareable_get_rc(flr__call_get_reply(&c->call)), FLR_RC_OK) != 0)
            status = FLR_E_STATE; /* not ready */
        report->status = status;
        break;
    case FLR__CLIENT_PULL:
        if (!call(c, begin_pull, &status))
            return false;
        report->outcome = end_pull(c, status, &report->wait);
        break;
    case FLR__CLIENT_CHECK:
        if (!call(c, begin_check, &status))
            return false;
        report->outcome = judge_check(c, status);
        break;
    default:
        if (!call(c, begin_submit, &status))
            return false;
        report->outcome = judge_submit(status);
        break;
    }
    flr__call_end(&c->call);
    return true;
}

/* A pause ends when its time has come, or the run. */
static bool is_paused(const flr_client_runner *c, int64_t *due)
{
    *due = c->core.until;
    return !is_stopped(c) && now_of(c) < *due;
}

/* Do the present action. true: it is done, as the report says; false: it waits, until *due. */
static bool act(flr_client_runner *c, flr__client_report *report, int64_t *due)
{
    switch (c->core.action) {
    case FLR__CLIENT_SYNC:
    case FLR__CLIENT_PULL:
    case FLR__CLIENT_CHECK:
    case FLR__CLIENT_SUBMIT:
        return act_call(c, report);
    case FLR__CLIENT_PAUSE_SYNC:
    case FLR__CLIENT_PAUSE_SUBMIT:
        return !is_paused(c, due);
    case FLR__CLIENT_PAUSE_PULL:
        return atomic_load(&c->ready) || !is_paused(c, due);
    case FLR__CLIENT_ENABLE:
        report->status = enable(c);
        break;
    case FLR__CLIENT_ABOUT_TO_START:
        FLR__FIRE(c->context, EV_ABOUT_TO_START_RUN);
        break;
    case FLR__CLIENT_SETUP:
        flr__sticky_put(&c->site, FLR__S_RUN_ABORT_SIGNAL, flr_value_ref(c->abort_value), 0);
        break;
    case FLR__CLIENT_START_RUN:
        FLR__FIRE(c->context, EV_START_RUN);
        atomic_store(&c->heartbeat_at, now_of(c));
        c->site.wake_driver(&c->site);
        break;
    case FLR__CLIENT_PREPARE:
        report->outcome = flr__work_prepare(c);
        break;
    case FLR__CLIENT_EXECUTE:
        if (c->task.execution->data == NULL)
            flr__work_execute(c);
        return flr__work_is_executed(c);
    case FLR__CLIENT_FINISH:
        report->status = flr__work_finish(c);
        break;
    case FLR__CLIENT_BEFORE_SEND:
        FLR__FIRE(c->context, EV_BEFORE_SEND_TASK_RESULT);
        report->status = c->task.result == NULL ? FLR_E_NOMEM : 0;
        break;
    case FLR__CLIENT_AFTER_SEND:
        end_submission(c);
        break;
    case FLR__CLIENT_STOP:
        flr__client_stop(c, c->core.unsafe);
        break;
    case FLR__CLIENT_ABORT_TASK:
        fire_abort_task(c);
        break;
    case FLR__CLIENT_ABOUT_TO_END:
        flr__context_clear(c->context);
        FLR__FIRE(c->context, EV_ABOUT_TO_END_RUN);
        break;
    case FLR__CLIENT_CHECK_READY:
        report->ready = flr__readiness_ask(c->context, c->core.readiness.deadline);
        break;
    case FLR__CLIENT_WAIT_READY:
        *due = c->core.readiness.at;
        return now_of(c) >= *due;
    case FLR__CLIENT_END_RUN:
        FLR__FIRE(c->context, EV_END_RUN);
        break;
    case FLR__CLIENT_CLOSE:
        close_run(c);
        break;
    case FLR__CLIENT_ENDED:
        break;
    }
    return true;
}

/* One action. true: go on at once; false: wait until *due, or a notice. */
static bool drive(flr_client_runner *c, int64_t *due)
{
    flr__client_report report = {0};
    *due = FLR_TIME_NONE;
    if (!act(c, &report, due))
        return *due != FLR_TIME_NONE && *due <= now_of(c);
    report.stopped = is_stopped(c);
    report.requested = is_abort(c);
    report.running = is_running(c);
    report.now = now_of(c);
    flr__client_core_report(&c->core, &report);
    return true;
}

static int begin(flr_client_runner *c)
{
    c->context = flr__context_new_weak(&c->site);
    c->driver_context = flr__context_new_weak(&c->site);
    if (c->context == NULL || c->driver_context == NULL) {
        flr__client_finish(c);
        return FLR_E_NOMEM;
    }
    flr__client_core_init(&c->core, &c->times);
    flr__client_core_begin(&c->core, now_of(c));
    return 0;
}

void flr__client_finish(flr_client_runner *c)
{
    flr__call_end(&c->call);
    flr__work_drop(c);
    flr__context_free(c->context);
    flr__context_free(c->driver_context);
    c->context = c->driver_context = NULL;
}

/* Whoever sets `stepping` first finishes it: this call, or the end of the step that is under way. No step follows: `stepping` stays. */
void flr__client_give_up(flr_client_runner *c)
{
    if (atomic_load(&c->mode) == FLR__MODE_STEP && !atomic_exchange(&c->stepping, true))
        flr__client_finish(c);
}

static int result_of(flr_client_runner *c)
{
    int status = c->core.result;
    if (status < 0)
        flr__client_set_detail(c, flr_status_get_text(status)); /* unless there is a better text */
    return status;
}

int flr_client_runner_run(flr_client_runner *client)
{
    int none = FLR__MODE_NONE;
    flr__signal_link link;
    if (client == NULL)
        return FLR_E_INVAL;
    if (!atomic_compare_exchange_strong(&client->mode, &none, FLR__MODE_RUN))
        return FLR_E_STATE;
    int status = begin(client);
    if (status == 0) {
        status = flr__client_driver_start(client);
        if (status < 0)
            flr__client_finish(client);
    }
    if (status < 0) {
        atomic_store(&client->mode, FLR__MODE_NONE);
        return status;
    }
    client->site.retain(&client->site);
    flr__signal_attach(client->abort, &link, &client->run_waker);
    while (client->core.action != FLR__CLIENT_ENDED) {
        int64_t due;
        uint64_t ticket = flr__waker_ticket(&client->run_waker);
        if (!drive(client, &due))
            flr__waker_wait(&client->run_waker, ticket, client->site.clock, due);
    }
    flr__signal_detach(&link);
    flr__client_driver_stop(client);
    status = result_of(client);
    flr__client_finish(client);
    client->site.release(&client->site);
    return status;
}

/* Everything that can be done now; how long to wait then: nanoseconds, or -1. */
static int64_t step(flr_client_runner *c)
{
    flr__host_frame frame;
    int64_t due;
    bool more;
    flr__host_enter(&frame, FLR__HOST_STEP, &c->site, NULL);
    do {
        flr__client_drive_timers(c);
        more = flr__reliable_step(&c->site);
        due = FLR_TIME_NONE;
        while (c->core.action != FLR__CLIENT_ENDED && drive(c, &due)) {
            flr__client_drive_timers(c); /* what came due while an executor was at work */
            more = true;
        }
    } while (more && c->core.action != FLR__CLIENT_ENDED);
    flr__host_leave(&frame);
    int64_t now = now_of(c), timers = flr__client_timers_due(c);
    due = timers < due ? timers : due;
    if (due == FLR_TIME_NONE)
        return -1;
    return due > now ? due - now : 0;
}

int flr_client_runner_step(flr_client_runner *client, flr_step_result *result)
{
    flr_step_result out;
    int none = FLR__MODE_NONE;
    if (client == NULL)
        return FLR_E_INVAL;
    int status = flr__abi_import(&out, sizeof out, result, sizeof out, 0);
    if (status < 0)
        return status;
    for (const flr__host_frame *f = flr__host_innermost(); f != NULL; f = f->outer)
        if (f->site == &client->site)
            return FLR_E_REENTRANT;
    if (atomic_exchange(&client->stepping, true))
        return FLR_E_STATE;
    client->site.retain(&client->site); /* a callback may drop the host's */
    if (atomic_compare_exchange_strong(&client->mode, &none, FLR__MODE_STEP)) {
        status = begin(client);
        if (status < 0)
            atomic_store(&client->mode, FLR__MODE_NONE);
    } else if (none == FLR__MODE_RUN || client->core.action == FLR__CLIENT_ENDED) {
        status = FLR_E_STATE;
    }
    if (status == 0) {
        result->wait_ns = step(client);
        result->state = FLR_STEP_RUNNING;
        result->result = 0;
        if (client->core.action == FLR__CLIENT_ENDED) {
            result->state = FLR_STEP_ENDED;
            result->result = result_of(client);
            result->wait_ns = 0;
            flr__client_finish(client);
        }
    }
    atomic_store(&client->stepping, false);
    if (atomic_load(&client->freed))
        flr__client_give_up(client);
    client->site.release(&client->site);
    return status;
}
