/* A client's run: which action follows which. See core.h. */
#include "client/core.h"
#include "base/abi.h"
#include <flrunner/base.h>

void flr__client_core_init(flr__client_core *core, const flr__client_times *times)
{
    *core = (flr__client_core){.action = FLR__CLIENT_SYNC,
                               .times = *times,
                               .until = FLR_TIME_NONE,
                               .sync_end = FLR_TIME_NONE,
                               .submit_end = FLR_TIME_NONE};
    flr__readiness_init(&core->readiness, times->ready_timeout, times->ready_interval);
}

void flr__client_core_begin(flr__client_core *core, int64_t now)
{
    core->sync_end = flr__time_add(now, core->times.max_sync);
}

/* ---- sync ---- */

/* The run is over before it began: no event tells of it. */
static flr__client_action give_up(flr__client_core *core, int result)
{
    core->result = result;
    return FLR__CLIENT_ENDED;
}

/* The server may end the run before it was heard of. */
static flr__client_action stop_sync(flr__client_core *core, const flr__client_report *report)
{
    return give_up(core, report->requested ? FLR_E_ABORTED : 0);
}

static flr__client_action after_sync(flr__client_core *core, const flr__client_report *report)
{
    if (report->stopped)
        return stop_sync(core, report);
    if (report->status == 0)
        return FLR__CLIENT_ENABLE;
    core->until = flr__time_add(report->now, core->times.sync_pause);
    return core->until > core->sync_end ? give_up(core, FLR_E_TIMEDOUT) : FLR__CLIENT_PAUSE_SYNC;
}

/* ---- the end ---- */

/* The loop is over. What failed before decides the result, then whether it was an abort. */
static flr__client_action end(flr__client_core *core, const flr__client_report *report)
{
    if (core->result == 0 && report->requested)
        core->result = FLR_E_ABORTED;
    return report->running || report->requested ? FLR__CLIENT_ABORT_TASK : FLR__CLIENT_ABOUT_TO_END;
}

static flr__client_action readiness(flr__client_core *core, const flr__client_report *report)
{
    return flr__readiness_is_over(&core->readiness, report->ready, report->now)
               ? FLR__CLIENT_END_RUN
               : FLR__CLIENT_WAIT_READY;
}

/* ---- pulls ---- */

static flr__client_action pause_pull(flr__client_core *core, int64_t now, int64_t wait)
{
    core->until = flr__time_add(now, wait > 0 ? wait : core->times.fetch);
    return FLR__CLIENT_PAUSE_PULL;
}

static flr__client_action next_pull(flr__client_core *core, const flr__client_report *report)
{
    core->unsafe = core->resubmit = core->delivered = false;
    core->attempts = 0;
    return report->stopped ? end(core, report) : FLR__CLIENT_PULL;
}

static flr__client_action after_pull(flr__client_core *core, const flr__client_report *report)
{
    if (report->stopped)
        return end(core, report);
    switch (report->outcome) {
    case FLR__OUT_END_RUN:
        return FLR__CLIENT_STOP;
    case FLR__OUT_TASK:
        return FLR__CLIENT_PREPARE;
    case FLR__OUT_TRY_AGAIN:
        return pause_pull(core, report->now, report->wait);
    default:
        return pause_pull(core, report->now, 0);
    }
}

/* ---- submission ---- */

/* CL-25, CL-16: nothing is sent once the run is over, but for what says why this client ends it. */
static bool may_begin(const flr__client_core *core, const flr__client_report *report)
{
    return !report->stopped || core->unsafe;
}

static flr__client_action begin_submission(flr__client_core *core, const flr__client_report *report)
{
    if (report->status < 0 || !may_begin(core, report))
        return FLR__CLIENT_AFTER_SEND;
    core->submit_end =
        core->times.submit == 0 ? FLR_TIME_NONE : flr__time_add(report->now, core->times.submit);
    core->attempts = 1;
    return FLR__CLIENT_CHECK;
}

static flr__client_action retry(flr__client_core *core, const flr__client_report *report)
{
    core->until = flr__time_add(report->now, core->times.check_interval);
    if (report->stopped || core->until >= core->submit_end)
        return FLR__CLIENT_AFTER_SEND;
    return FLR__CLIENT_PAUSE_SUBMIT;
}

static flr__client_action after_attempt(flr__client_core *core, const flr__client_report *report)
{
    core->delivered = report->outcome == FLR__OUT_DELIVERED;
    return report->outcome == FLR__OUT_RETRY ? retry(core, report) : FLR__CLIENT_AFTER_SEND;
}

static flr__client_action after_check(flr__client_core *core, const flr__client_report *report)
{
    return report->outcome == FLR__OUT_GO_ON && may_begin(core, report)
               ? FLR__CLIENT_SUBMIT
               : after_attempt(core, report);
}

/* ---- all ---- */

static flr__client_action after_prepare(flr__client_core *core, const flr__client_report *report)
{
    core->unsafe = report->outcome == FLR__OUT_UNSAFE;
    core->resubmit = report->outcome == FLR__OUT_RESUBMIT;
    switch (report->outcome) {
    case FLR__OUT_EXECUTE:
        return FLR__CLIENT_EXECUTE;
    case FLR__OUT_RESUBMIT:
        return FLR__CLIENT_BEFORE_SEND;
    default:
        return FLR__CLIENT_FINISH;
    }
}

static flr__client_action next_of(flr__client_core *core, const flr__client_report *r)
{
    switch (core->action) {
    case FLR__CLIENT_SYNC:
        return after_sync(core, r);
    case FLR__CLIENT_PAUSE_SYNC:
        return r->stopped ? stop_sync(core, r) : FLR__CLIENT_SYNC;
    case FLR__CLIENT_ENABLE:
        core->result = r->status;
        return FLR__CLIENT_ABOUT_TO_START;
    case FLR__CLIENT_ABOUT_TO_START:
        return FLR__CLIENT_SETUP;
    case FLR__CLIENT_SETUP:
        return FLR__CLIENT_START_RUN;
    case FLR__CLIENT_START_RUN:
        return core->result < 0 ? FLR__CLIENT_STOP : next_pull(core, r);
    case FLR__CLIENT_PULL:
        return after_pull(core, r);
    case FLR__CLIENT_PAUSE_PULL:
        return next_pull(core, r);
    case FLR__CLIENT_PREPARE:
        return after_prepare(core, r);
    case FLR__CLIENT_EXECUTE:
        return FLR__CLIENT_FINISH;
    case FLR__CLIENT_FINISH:
        return FLR__CLIENT_BEFORE_SEND;
    case FLR__CLIENT_BEFORE_SEND:
        return begin_submission(core, r);
    case FLR__CLIENT_CHECK:
        return after_check(core, r);
    case FLR__CLIENT_SUBMIT:
        return after_attempt(core, r);
    case FLR__CLIENT_PAUSE_SUBMIT:
        if (r->stopped)
            return FLR__CLIENT_AFTER_SEND;
        core->attempts++;
        return FLR__CLIENT_CHECK;
    case FLR__CLIENT_AFTER_SEND:
        return core->unsafe ? FLR__CLIENT_STOP : next_pull(core, r);
    case FLR__CLIENT_STOP:
        return end(core, r);
    case FLR__CLIENT_ABORT_TASK:
        return FLR__CLIENT_ABOUT_TO_END;
    case FLR__CLIENT_ABOUT_TO_END:
        flr__readiness_begin(&core->readiness, r->now);
        return FLR__CLIENT_CHECK_READY;
    case FLR__CLIENT_CHECK_READY:
        return readiness(core, r);
    case FLR__CLIENT_WAIT_READY:
        return FLR__CLIENT_CHECK_READY;
    case FLR__CLIENT_END_RUN:
        if (core->result == 0 && r->requested) /* an abort while the run ends is one all the same */
            core->result = FLR_E_ABORTED;
        return FLR__CLIENT_CLOSE;
    case FLR__CLIENT_CLOSE:
    case FLR__CLIENT_ENDED:
        break;
    }
    return FLR__CLIENT_ENDED;
}

void flr__client_core_report(flr__client_core *core, const flr__client_report *report)
{
    core->action = next_of(core, report);
}
