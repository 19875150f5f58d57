/* Whether the run may end: who is asked, and how often. See readiness.h; no lock. */
#include "fl/readiness.h"
#include "base/abi.h"

void flr__readiness_init(flr__readiness *r, int64_t timeout, int64_t interval)
{
    *r = (flr__readiness){timeout, interval, FLR_TIME_NONE, FLR_TIME_NONE};
}

void flr__readiness_begin(flr__readiness *r, int64_t now)
{
    if (r->deadline == FLR_TIME_NONE)
        r->deadline = flr__time_add(now, r->timeout);
}

bool flr__readiness_is_over(flr__readiness *r, bool ready, int64_t now)
{
    if (ready || now >= r->deadline)
        return true;
    r->at = flr__time_add(now, r->interval);
    if (r->at > r->deadline)
        r->at = r->deadline;
    return false;
}

/* A vote is a failure with FLR_E_NOT_READY, or the property. */
static bool is_refused(flr_context *context)
{
    flr_value *property = flr__context_find(context, FLR__S_NOT_READY_TO_END_RUN);
    flr_value *failures = flr__context_find(context, FLR__S_EXCEPTIONS);
    bool refused = flr_value_get_bool(property, 0) != 0 || flr_value_get_real(property, 0.0) != 0.0;
    for (size_t i = 0; !refused && i < flr_value_get_size(failures); i++)
        refused =
            flr_value_get_int(flr_map_get(flr_list_get(failures, i), "code"), 0) == FLR_E_NOT_READY;
    flr_value_unref(property);
    flr_value_unref(failures);
    return refused;
}

bool flr__readiness_ask(flr_context *context, int64_t deadline)
{
    flr__site *site = context->site;
    flr__context_drop(context, FLR__S_NOT_READY_TO_END_RUN);
    flr__context_drop(context, FLR__S_EXCEPTIONS);
    flr__sticky_drop(site, FLR__S_NOT_READY_TO_END_RUN);
    flr__sticky_drop(site, FLR__S_EXCEPTIONS);
    FLR__FIRE(context, EV_CHECK_END_RUN_READINESS);
    bool ready = !is_refused(context);
    if (!ready && flr_clock_get_now(site->clock) >= deadline)
        flr_context_log(context, FLR_LOG_WARNING,
                        "components are still not ready to end the run; it ends without them");
    return ready;
}
