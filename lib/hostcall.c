/*
 * Calling the host: owns the one thread-local pointer, this thread's innermost frame. Frames live
 * on the stacks of the callers and are seen by their own thread only, so no lock guards them.
 */
#include "fl/hostcall.h"

#include "base/lock.h"
#include <assert.h>
#include <stddef.h>

static _Thread_local flr__host_frame *innermost;

void flr__host_enter(flr__host_frame *frame, enum flr__host_kind kind, const void *site,
                     const void *object)
{
    /* Step is a mark, not a call of the host. */
    assert(kind == FLR__HOST_STEP || flr__locks_held() == 0);
    frame->outer = innermost;
    frame->site = site;
    frame->object = object;
    frame->kind = kind;
    innermost = frame;
}

void flr__host_leave(flr__host_frame *frame)
{
    assert(innermost == frame);
    innermost = frame->outer;
}

flr__host_frame *flr__host_innermost(void)
{
    return innermost;
}

bool flr__host_inside(enum flr__host_kind kind, const void *site, const void *object)
{
    for (const flr__host_frame *f = innermost; f != NULL; f = f->outer) {
        if (f->kind == kind && (site == NULL || f->site == site) &&
            (object == NULL || f->object == object)) {
            return true;
        }
    }
    return false;
}

bool flr__host_inside_turn(const void *site)
{
    return flr__host_inside(FLR__HOST_TASK, site, NULL) ||
           flr__host_inside(FLR__HOST_FILTER, site, NULL) ||
           flr__host_inside(FLR__HOST_UNKNOWN_TASK, site, NULL);
}

bool flr__host_may_wait(void)
{
    for (const flr__host_frame *f = innermost; f != NULL; f = f->outer) {
        if (f->kind != FLR__HOST_CONTROL_FLOW && f->kind != FLR__HOST_CLIENT &&
            f->kind != FLR__HOST_EXECUTOR) {
            return false;
        }
    }
    return true;
}
