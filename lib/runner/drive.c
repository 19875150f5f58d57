/*
 * The shell around the lifecycle: does what it says, on the thread that runs or steps. Nothing here waits for a notice or a time: an action
 * that must wait says until when, and run (waiting) or step (returning) go on from there.
 */
#include "base/abi.h"
#include "reliable/reliable.h"
#include "runner/internal.h"
#include <stdio.h>

int flr__drive_begin(flr_runner *r)
{
    r->context = flr__context_new_weak(&r->site);
    r->control_context = flr__context_new_weak(&r->site);
    r->driver_context = flr__context_new_weak(&r->site);
    if (r->context == NULL || r->control_context == NULL || r->driver_context == NULL) {
        flr__drive_finish(r);
        return FLR_E_NOMEM;
    }
    if (atomic_load(&r->begun) < INT64_MAX) /* else its state could not be restored */
        atomic_fetch_add(&r->begun, 1);
    flr__lifecycle_init(&r->life, atomic_load(&r->index), r->workflow_count,
                        r->settings.ready_timeout, r->settings.ready_interval);
    return 0;
}

void flr__drive_finish(flr_runner *r)
{
    flr__context_free(r->context);
    flr__context_free(r->control_context);
    flr__context_free(r->driver_context);
    r->context = r->control_context = r->driver_context = NULL;
}

static flr_workflow *present(const flr_runner *r)
{
    return r->workflows[r->life.index];
}

static int fire(flr_runner *r, const flr__str *event)
{
    return flr__bus_hears(&r->site, event->index) ? flr__fire(r->context, event) : 0;
}

/* ---------------------------------------------------------------- the run's own steps */

/* LC-04, LC-05: the status is that of enabling reliable messages. */
static int setup(flr_runner *r)
{
    flr__context_clear(r->context);
    int status = flr__reliable_enable(&r->site, atomic_load(&r->mode) == FLR__MODE_STEP);
    if (status < 0) {
        flr__log_failure(r, r->context, FLR_LOG_ERROR, "enabling reliable messages", status);
        flr__runner_set_detail(r, "reliable messages could not be enabled");
    }
    flr__sticky_put(&r->site, FLR__S_RUN_ABORT_SIGNAL, flr_value_ref(r->abort_value), 0);
    flr__sticky_put(&r->site, FLR__S_RUNNER, flr_value_ref(r->site.runner_value), 0);
    return status;
}

static void become_started(flr_runner *r)
{
    int init = FLR_STATUS_INIT;
    if (atomic_compare_exchange_strong(&r->status, &init, FLR_STATUS_STARTED)) {
        flr__clients_start(&r->clients, flr_clock_get_now(r->site.clock));
        flr__runner_due(r, atomic_load(&r->clients.due));
    }
}

static void become_done(flr_runner *r)
{
    atomic_store(&r->status, FLR_STATUS_DONE);
    if (r->life.fatal)
        flr__sticky_put(&r->site, FLR__S_FATAL_SYSTEM_ERROR, flr__value_bool(true), 0);
    flr__context_clear(r->context);
}

static void send_end_run(flr_runner *r)
{
    flr__aux_options options = {NULL, 0, 0.0, true, false};
    flr_shareable *empty = NULL;
    if (flr_shareable_new(&empty) ==
        0) /* a failure is logged by who sends; clients hear of the end at their next request */
        flr__aux_start(r->context, "__end_run__", empty, &options, NULL, NULL, NULL);
    flr_shareable_unref(empty);
}

/* ---------------------------------------------------------------- the steps of a workflow */

static int call_communicator(flr_runner *r, int (*fn)(void *, flr_context *), flr_context *context)
{
    flr__host_frame frame;
    flr_workflow *w = present(r);
    if (fn == NULL)
        return 0;
    int status = flr__communicator_enter(r, w, &frame);
    if (status < 0)
        return status;
    flr__context_clear_detail(context);
    status = flr__callback_status(fn(w->communicator_self, context));
    flr__communicator_leave(w, &frame);
    return status;
}

static void set_advance_allowed(flr_runner *r, bool allowed)
{
    flr__turnstile_enter(&r->driving); /* the driver is not inside the communicator now */
    r->advance_allowed = allowed;
    flr__turnstile_leave(&r->driving);
    flr__waker_notify(&r->driver_waker);
}

static int initialize(flr_runner *r)
{
    flr_workflow *w = present(r);
    flr__context_clear(r->context);
    flr__sticky_put(&r->site, FLR__S_WORKFLOW, flr_value_ref(w->id_value), 0);
    atomic_store(&r->current, w);
    int status = call_communicator(r, w->communicator.initialize_run, r->context);
    if (status == 0) {
        set_advance_allowed(r, true);
        flr__gate_set(&r->gate, FLR__GATE_TELL);
        status = flr__runner_tell_watched(r, w, r->context);
    }
    return status;
}

static int start(flr_runner *r)
{
    flr_workflow *w = present(r);
    return w->controller.start == NULL
               ? 0
               : flr__call_component(r, w->controller.start, w->controller_self, r->context,
                                     FLR__HOST_CONTROLLER, w);
}

/* The controller's step, if there is a reason. 1: ended; 0: it waits until *due. */
static int step_controller(flr_runner *r, int64_t *due)
{
    flr_workflow *w = present(r);
    flr__host_frame frame;
    int64_t now = flr_clock_get_now(r->site.clock);
    unsigned wanted = atomic_exchange(&r->wanted, 0);
    int ended = 0;
    if (wanted == 0 && r->step_due > now) {
        *due = r->step_due;
        return 0;
    }
    r->step_due = FLR_TIME_NONE;
    flr__context_clear(r->control_context);
    flr__host_enter(&frame, FLR__HOST_CONTROLLER, &r->site, w);
    int status = flr__callback_status(
        w->controller.step(w->controller_self, r->control_context, now, &r->step_due, &ended));
    flr__host_leave(&frame);
    if (status < 0 || ended)
        return status < 0 ? status : 1;
    *due = atomic_load(&r->wanted) != 0 ? now : r->step_due;
    return 0;
}

/* 1: the workflow is over; 0: it waits until *due; negative: it failed. */
static int control(flr_runner *r, int64_t *due)
{
    flr_workflow *w = present(r);
    flr__host_frame frame;
    if (w->controller.control_flow == NULL || atomic_load(&r->mode) == FLR__MODE_STEP)
        return step_controller(r, due);
    flr__context_clear(r->control_context);
    flr__host_enter(&frame, FLR__HOST_CONTROL_FLOW, &r->site, w);
    int status = flr__callback_status(
        w->controller.control_flow(w->controller_self, r->abort, r->control_context));
    flr__host_leave(&frame);
    return status < 0 ? status : 1;
}

static void open_gate(flr_runner *r)
{
    r->step_due = FLR_TIME_NONE;
    atomic_fetch_or(&r->wanted, FLR__WANT_OPENED);
    flr__gate_set(&r->gate, FLR__GATE_OPEN);
    atomic_store(&r->resuming, false);
    flr__runner_task_ready(r, NULL); /* tasks that were scheduled before */
}

static void log_close(flr_runner *r, const char *what, int status)
{
    if (status == 0)
        return;
    flr__runner_count(r, FLR__COUNTER(controller_failures));
    flr__log_failure(r, r->context, FLR_LOG_ERROR, what, status);
}

static int stop(flr_runner *r)
{
    flr_workflow *w = present(r);
    flr__context_clear(r->context);
    int status = w->controller.stop == NULL
                     ? 0
                     : flr__call_component(r, w->controller.stop, w->controller_self, r->context,
                                           FLR__HOST_CONTROLLER, w);
    log_close(r, "stop", status);
    return 0;
}

static int finalize(flr_runner *r)
{
    flr_workflow *w = present(r);
    if (!r->life.called_stop_pending)
        flr__context_clear(r->context);
    set_advance_allowed(r, false);
    int status = call_communicator(r, w->communicator.finalize_run, r->context);
    atomic_store(&r->current, NULL);
    atomic_store(&r->communicator_due, FLR_TIME_NONE);
    if (status < 0)
        flr__runner_count(r, FLR__COUNTER(communicator_failures));
    if (status < 0)
        flr__log_failure(r, r->context, FLR_LOG_ERROR, "finalize_run", status);
    return 0;
}

/* A failure of the workflow: logged; a panic unless an abort came first. The text becomes the run's detail. */
static void note_failure(flr_runner *r, flr_context *context, int status, bool aborted)
{
    const char *detail = flr_context_get_detail(context);
    flr__log_failure(r, context, FLR_LOG_EXCEPTION, "the workflow", status);
    if (!aborted)
        flr__runner_set_detail(r, *detail != '\0' && !r->site.secure ? detail
                                                                     : flr_status_get_name(status));
}

static void panic(flr_runner *r)
{
    char detail[FLR__DETAIL_MAX], reason[FLR__DETAIL_MAX + FLR_NAME_MAX + 64];
    flr_runner_get_detail(r, detail, sizeof detail);
    snprintf(reason, sizeof reason, "Exception in workflow %s: %s", present(r)->id->text, detail);
    flr__context_clear(r->control_context);
    flr__panic(r->control_context, reason);
}

/* ---------------------------------------------------------------- one action */

/* Does the present action. true: done, with its status; false: it waits until *due. */
static bool act(flr_runner *r, flr__report *report, int64_t *due)
{
    int status = 0;
    flr_context *failing = r->context;
    switch (r->life.action) {
    case FLR__ACT_SETUP:
        report->status = setup(r);
        return true;
    case FLR__ACT_START_RUN:
        fire(r, FLR__STR(EV_START_RUN));
        break;
    case FLR__ACT_PERSIST_BEGIN:
        report->status = flr__runner_persist_completed(r, false);
        return true;
    case FLR__ACT_LIST_CLIENTS:
        report->status = flr__runner_list_clients(r);
        return true;
    case FLR__ACT_STARTED:
        become_started(r);
        break;
    case FLR__ACT_INITIALIZE:
        status = initialize(r);
        break;
    case FLR__ACT_START:
        status = start(r);
        break;
    case FLR__ACT_START_WORKFLOW:
        fire(r, FLR__STR(EV_START_WORKFLOW));
        break;
    case FLR__ACT_LIST_AGAIN:
        flr__context_clear_detail(r->context);
        status = flr__runner_list_clients(r);
        break;
    case FLR__ACT_CHECK_POLICY:
        if (!flr__runner_check_policy(r, r->context))
            return false;
        break;
    case FLR__ACT_OPEN:
        open_gate(r);
        break;
    case FLR__ACT_CONTROL:
        failing = r->control_context;
        status = control(r, due);
        if (status == 0)
            return false;
        status = status > 0 ? 0 : status;
        break;
    case FLR__ACT_PANIC:
        panic(r);
        break;
    case FLR__ACT_CLOSE:
        flr__gate_set(&r->gate, FLR__GATE_SHUT);
        return flr__gate_is_empty(&r->gate);
    case FLR__ACT_STOP:
        stop(r);
        break;
    case FLR__ACT_FINALIZE:
        finalize(r);
        break;
    case FLR__ACT_END_WORKFLOW:
        fire(r, FLR__STR(EV_END_WORKFLOW));
        break;
    case FLR__ACT_DONE:
        become_done(r);
        break;
    case FLR__ACT_ABOUT_TO_END:
        fire(r, FLR__STR(EV_ABOUT_TO_END_RUN));
        break;
    case FLR__ACT_SEND_END:
        send_end_run(r);
        break;
    case FLR__ACT_PERSIST_END:
        report->status = flr__runner_persist_completed(r, true);
        return true;
    case FLR__ACT_CHECK_READY:
        report->ready = flr__readiness_ask(r->context, r->life.readiness.deadline);
        break;
    case FLR__ACT_WAIT_READY:
        *due = r->life.readiness.at;
        return flr_clock_get_now(r->site.clock) >= *due;
    case FLR__ACT_END_RUN:
        fire(r, FLR__STR(EV_END_RUN));
        break;
    case FLR__ACT_CLEANUP:
        atomic_store(&r->ended, true);
        flr__reliable_close(&r->site);
        flr__aux_close(&r->site);
        break;
    case FLR__ACT_ENDED:
        break;
    }
    report->aborted = flr__runner_is_aborted(r);
    if (status < 0)
        note_failure(r, failing, status, report->aborted);
    report->status = status;
    return true;
}

bool flr__drive(flr_runner *r, int64_t *due)
{
    flr__report report = {0};
    *due = FLR_TIME_NONE;
    if (!act(r, &report, due))
        return *due != FLR_TIME_NONE && *due <= flr_clock_get_now(r->site.clock);
    if (report.status == 0) /* a failure was judged when it happened */
        report.aborted = flr__runner_is_aborted(r);
    report.cold = atomic_load(&r->cold);
    report.panicked = atomic_load(&r->panicked);
    report.now = flr_clock_get_now(r->site.clock);
    flr__lifecycle_report(&r->life, &report);
    atomic_store(&r->index, r->life.index);
    return true;
}

/* ---------------------------------------------------------------- run */

int flr_runner_run(flr_runner *runner)
{
    int none = FLR__MODE_NONE;
    if (runner == NULL)
        return FLR_E_INVAL;
    if (atomic_load(&runner->restore_failed) ||
        !atomic_compare_exchange_strong(&runner->mode, &none, FLR__MODE_RUN))
        return FLR_E_STATE;
    flr__signal_link link;
    int status = flr__drive_begin(runner);
    if (status == 0) {
        status = flr__driver_start(runner);
        if (status < 0)
            flr__drive_finish(runner);
    }
    if (status < 0) {
        atomic_store(&runner->mode, FLR__MODE_NONE);
        return status;
    }
    flr__runner_ref(runner);
    flr__signal_attach(runner->abort, &link, &runner->run_waker);
    while (runner->life.action != FLR__ACT_ENDED) {
        int64_t due;
        uint64_t ticket = flr__waker_ticket(&runner->run_waker);
        if (!flr__drive(runner, &due))
            flr__waker_wait(&runner->run_waker, ticket, runner->site.clock, due);
    }
    flr__signal_detach(&link);
    flr__driver_stop(runner);
    status = runner->life.result;
    flr__drive_finish(runner);
    flr__runner_unref(runner);
    return status;
}

/* ---------------------------------------------------------------- step */

/* The first step: what it refuses, it refuses before anything happened. */
static int begin_steps(flr_runner *r)
{
    int none = FLR__MODE_NONE;
    for (size_t i = 0; i < r->workflow_count; i++)
        if (r->workflows[i]->controller.step == NULL)
            return FLR_E_NOTSUP;
    if (!atomic_compare_exchange_strong(&r->mode, &none, FLR__MODE_STEP))
        return FLR_E_STATE;
    int status = flr__drive_begin(r);
    if (status < 0)
        atomic_store(&r->mode, FLR__MODE_NONE);
    return status;
}

/* Everything that can be done now; how long to wait then: nanoseconds, or -1. */
static int64_t step(flr_runner *r)
{
    flr__host_frame frame;
    int64_t due;
    flr__host_enter(&frame, FLR__HOST_STEP, &r->site, NULL);
    do {
        flr__driver_act(r);
        due = FLR_TIME_NONE;
        while (r->life.action != FLR__ACT_ENDED && flr__drive(r, &due)) {
        }
    } while (r->life.action != FLR__ACT_ENDED && atomic_load(&r->kicked));
    flr__host_leave(&frame);
    int64_t now = flr_clock_get_now(r->site.clock),
            deadlines = flr__driver_due(r); /* also those that came up just now */
    due = deadlines < due ? deadlines : due;
    if (atomic_load(&r->wanted) != 0 && r->life.action == FLR__ACT_CONTROL)
        return 0;
    if (due == FLR_TIME_NONE)
        return -1;
    return due > now ? due - now : 0;
}

int flr_runner_step(flr_runner *runner, flr_step_result *result)
{
    flr_step_result out;
    if (runner == NULL)
        return FLR_E_INVAL;
    int status = flr__abi_import(&out, sizeof out, result, sizeof out, 0);
    if (status < 0)
        return status;
    for (const flr__host_frame *f = flr__host_innermost(); f != NULL; f = f->outer)
        if (f->site == &runner->site)
            return FLR_E_REENTRANT;
    if (atomic_load(&runner->restore_failed) || atomic_exchange(&runner->stepping, true))
        return FLR_E_STATE;
    if (atomic_load(&runner->mode) == FLR__MODE_NONE)
        status = begin_steps(runner);
    else if (atomic_load(&runner->mode) == FLR__MODE_RUN || runner->life.action == FLR__ACT_ENDED)
        status = FLR_E_STATE;
    flr__runner_ref(runner); /* a callback may drop the host's */
    if (status == 0) {
        result->wait_ns = step(runner);
        result->state = FLR_STEP_RUNNING;
        result->result = 0;
        if (runner->life.action == FLR__ACT_ENDED) {
            result->state = FLR_STEP_ENDED;
            result->result = runner->life.result;
            result->wait_ns = 0;
            flr__drive_finish(runner);
        }
    }
    atomic_store(&runner->stepping, false);
    flr__runner_unref(runner);
    return status;
}
