/* Calls of the host's controllers and communicators, bracketed. Turnstiles let one thread at a time into what is not concurrent. */
#include "base/abi.h"
#include "runner/internal.h"

int flr__call_component(flr_runner *r, int (*fn)(void *, flr_context *), void *self,
                        flr_context *context, enum flr__host_kind kind, const void *object)
{
    flr__host_frame frame;
    flr__context_clear_detail(context);
    flr__host_enter(&frame, kind, &r->site, object);
    int status = flr__callback_status(fn(self, context));
    flr__host_leave(&frame);
    return status;
}

bool flr__communicator_try_enter(flr_runner *r, flr_workflow *w)
{
    (void)r;
    return w->communicator_turn == NULL || flr__turnstile_try(w->communicator_turn);
}

int flr__communicator_enter(flr_runner *r, flr_workflow *w, flr__host_frame *frame)
{
    if (w->communicator_turn != NULL) {
        /* Waiting here for one's own thread would never end. */
        if (flr__host_inside(FLR__HOST_COMMUNICATOR, &r->site, w))
            return FLR_E_REENTRANT;
        flr__turnstile_enter(w->communicator_turn);
    }
    flr__host_enter(frame, FLR__HOST_COMMUNICATOR, &r->site, w);
    return 0;
}

void flr__communicator_leave(flr_workflow *w, flr__host_frame *frame)
{
    flr_runner *r = (flr_runner *)(uintptr_t)frame->site; /* a site is its owner */
    flr__host_leave(frame);
    if (w->communicator_turn == NULL)
        return;
    flr__turnstile_leave(w->communicator_turn);
    if (atomic_load(&r->advance_missed) && atomic_exchange(&r->advance_missed, false))
        flr__runner_kick(r);
}

void flr__log_failure(flr_runner *r, flr_context *context, int level, const char *what, int status)
{
    if (!flr_context_log_is_on(context, level))
        return;
    char text[FLR__DETAIL_MAX + 64];
    flr__status_describe(&r->site, status, flr_context_get_detail(context), text, sizeof text);
    flr_context_log(context, level, "%s failed: %s", what, text);
}
