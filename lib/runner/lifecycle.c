/* The lifecycle of a run: which action follows which. See lifecycle.h. */
#include "runner/lifecycle.h"
#include "base/abi.h"
#include <flrunner/base.h>

void flr__lifecycle_init(flr__lifecycle *l, size_t first, size_t count, int64_t ready_timeout,
                         int64_t ready_interval)
{
    *l = (flr__lifecycle){.action = FLR__ACT_SETUP, .index = first, .count = count};
    flr__readiness_init(&l->readiness, ready_timeout, ready_interval);
}

/* The first cause decides what the run returns. */
static void fail(flr__lifecycle *l, int status)
{
    if (l->result == 0)
        l->result = status;
}

/* A step before the workflows failed: the others still happen, no workflow does. */
static void note_start(flr__lifecycle *l, const flr__report *report)
{
    if (report->status < 0) {
        fail(l, report->status);
        l->start_failed = true;
    }
}

static flr__action next_workflow(const flr__lifecycle *l, const flr__report *report)
{
    return l->start_failed || report->aborted || l->index >= l->count ? FLR__ACT_DONE
                                                                      : FLR__ACT_INITIALIZE;
}

/* What a workflow still owes, in this order. */
static flr__action unwind(flr__lifecycle *l, flr__action after)
{
    if (after < FLR__ACT_STOP && l->called_stop_pending)
        return FLR__ACT_STOP;
    if (after < FLR__ACT_FINALIZE && l->called_finalize_pending)
        return FLR__ACT_FINALIZE;
    return l->fired_start ? FLR__ACT_END_WORKFLOW : FLR__ACT_DONE;
}

/* A step of the workflow is over: go on, close, or panic first. A failure after an abort counts as the abort. */
static flr__action go_on(flr__lifecycle *l, const flr__report *report, flr__action next)
{
    if (report->status < 0 && !report->aborted) {
        fail(l, report->status);
        return FLR__ACT_PANIC;
    }
    return report->aborted ? FLR__ACT_CLOSE : next;
}

static flr__action end_of_workflow(flr__lifecycle *l, const flr__report *report)
{
    if (!report->aborted)
        l->index++;
    return next_workflow(l, report);
}

static flr__action begin_end(flr__lifecycle *l, const flr__report *report)
{
    if (report->aborted)
        fail(l, FLR_E_ABORTED);
    return FLR__ACT_ABOUT_TO_END;
}

static flr__action next_of(flr__lifecycle *l, const flr__report *r)
{
    switch (l->action) {
    case FLR__ACT_SETUP:
        note_start(l, r);
        return FLR__ACT_START_RUN;
    case FLR__ACT_START_RUN:
        return FLR__ACT_PERSIST_BEGIN;
    case FLR__ACT_PERSIST_BEGIN:
        note_start(l, r);
        return FLR__ACT_LIST_CLIENTS;
    case FLR__ACT_LIST_CLIENTS:
        note_start(l, r);
        return FLR__ACT_STARTED;
    case FLR__ACT_STARTED:
        return next_workflow(l, r);
    case FLR__ACT_INITIALIZE:
        l->called_finalize_pending = true;
        l->called_stop_pending = l->fired_start = false;
        return go_on(l, r, FLR__ACT_START);
    case FLR__ACT_START:
        l->called_stop_pending = true;
        return go_on(l, r, FLR__ACT_START_WORKFLOW);
    case FLR__ACT_START_WORKFLOW:
        l->fired_start = true;
        return r->aborted ? FLR__ACT_CLOSE : FLR__ACT_LIST_AGAIN;
    case FLR__ACT_LIST_AGAIN:
        return go_on(l, r, FLR__ACT_CHECK_POLICY);
    case FLR__ACT_CHECK_POLICY:
        return r->aborted ? FLR__ACT_CLOSE : FLR__ACT_OPEN;
    case FLR__ACT_OPEN:
        return FLR__ACT_CONTROL;
    case FLR__ACT_CONTROL:
        return go_on(l, r, FLR__ACT_CLOSE);
    case FLR__ACT_PANIC:
        return FLR__ACT_CLOSE;
    case FLR__ACT_CLOSE:
        return unwind(l, FLR__ACT_CLOSE);
    case FLR__ACT_STOP:
        return unwind(l, FLR__ACT_STOP);
    case FLR__ACT_FINALIZE:
        return l->fired_start ? FLR__ACT_END_WORKFLOW : end_of_workflow(l, r);
    case FLR__ACT_END_WORKFLOW:
        return end_of_workflow(l, r);
    case FLR__ACT_DONE:
        return begin_end(l, r);
    case FLR__ACT_ABOUT_TO_END:
        return r->cold ? FLR__ACT_CHECK_READY : FLR__ACT_SEND_END;
    case FLR__ACT_SEND_END:
        return FLR__ACT_PERSIST_END; /* cold came too late */
    case FLR__ACT_PERSIST_END:
        if (r->status < 0)
            fail(l, r->status);
        return FLR__ACT_CHECK_READY;
    case FLR__ACT_CHECK_READY:
        return flr__readiness_is_over(&l->readiness, r->ready, r->now) ? FLR__ACT_END_RUN
                                                                       : FLR__ACT_WAIT_READY;
    case FLR__ACT_WAIT_READY:
        return FLR__ACT_CHECK_READY;
    case FLR__ACT_END_RUN:
        return FLR__ACT_CLEANUP;
    case FLR__ACT_CLEANUP:
    case FLR__ACT_ENDED:
        return FLR__ACT_ENDED;
    }
    return FLR__ACT_ENDED;
}

void flr__lifecycle_report(flr__lifecycle *l, const flr__report *report)
{
    if (report->panicked && l->action >= FLR__ACT_DONE && l->action < FLR__ACT_END_RUN)
        fail(l, FLR_E_ABORTED);
    flr__action next = next_of(l, report);
    if (next == FLR__ACT_DONE && (l->start_failed || l->index < l->count))
        l->fatal = true;
    if (next == FLR__ACT_CHECK_READY)
        flr__readiness_begin(&l->readiness, report->now);
    l->action = next;
}
