/*
 * Reliable messages as a part of a site: their life, the lock, the driver's part. The lock guards what internal.h says; hosts and
 * auxiliary messages are called without it. Rows RM-01, LC-04, LC-15.
 */
#include "base/abi.h"
#include "reliable/internal.h"
#include <string.h>

/* ---- what the files share ---- */

static int64_t due_locked(const flr__reliable *r)
{
    const flr__due *first = flr__heap_first(&r->dues);
    const flr__rx_tx *waiting = r->stepped ? flr__receiver_first(&r->receiver) : NULL;
    int64_t due = flr__receiver_due(&r->receiver);
    if (first != NULL && first->at < due)
        due = first->at;
    if (waiting != NULL && waiting->arrived < due)
        due = waiting->arrived;
    return due;
}

int64_t flr__reliable_lock(flr__reliable *r) FLR__NO_TSA
{
    flr__mutex_lock(&r->lock);
    return due_locked(r);
}

void flr__reliable_unlock(flr__reliable *r, int64_t before) FLR__NO_TSA
{
    bool nearer = due_locked(r) < before;
    flr__mutex_unlock(&r->lock);
    if (nearer && r->site->wake_driver != NULL)
        r->site->wake_driver(r->site);
}

int64_t flr__reliable_now(const flr__reliable *r)
{
    return flr_clock_get_now(r->site->clock);
}

int flr__reliable_of(const flr_context *context, flr__reliable **r)
{
    bool on;
    if (context->site == NULL || context->site->reliable == NULL)
        return FLR_E_STATE;
    *r = context->site->reliable;
    flr__mutex_lock(&(*r)->lock);
    on = (*r)->state == FLR__RELIABLE_ON;
    flr__mutex_unlock(&(*r)->lock);
    return on ? 0 : FLR_E_STATE;
}

const char *flr__reliable_text(const flr_shareable *message, const char *key)
{
    return flr_value_get_text(flr_shareable_get_header(message, key), "");
}

const char *flr__reliable_sender(const flr_context *context)
{
    return flr_value_get_text(flr__context_own(context->peer, FLR__S_IDENTITY_NAME), "");
}

int flr__reliable_label(flr_shareable *message, const char *op, const char *id, const char *topic)
{
    int status = flr_shareable_set_header_text(message, FLR_RELIABLE_HEADER_OP, op);
    if (status == 0)
        status = flr_shareable_set_header_text(message, FLR_RELIABLE_HEADER_TX_ID, id);
    if (status == 0)
        status = flr_shareable_set_header_text(message, FLR_RELIABLE_HEADER_TOPIC, topic);
    return status;
}

/* ---- making and releasing ---- */

/* What is on its way is over when its abort signal is triggered; also that of the run. */
void flr__reliable_on_abort(flr__site *site)
{
    flr__send_end(site->reliable, false, false);
}

static int make_failure(const char *rc, const char *error, flr_shareable **failure)
{
    int status = flr_shareable_new_reply(rc, NULL, failure);
    if (status == 0 && error != NULL)
        status = flr_shareable_set_header_text(*failure, FLR_HEADER_ERROR, error);
    flr_shareable_freeze(*failure);
    return status;
}

static int make_failures(flr__reliable *r)
{
    static const struct {
        flr__tx_end end;
        const char *rc, *error;
    } failures[] = {
        {FLR__TX_NOT_RECEIVED, FLR_RC_EXECUTION_EXCEPTION,
         "the receiver does not know the request"},
        {FLR__TX_GIVEN_UP, FLR_RC_EXECUTION_EXCEPTION, "the receiver has given the request up"},
        {FLR__TX_NO_TOPIC, FLR_RC_TOPIC_UNKNOWN, "the receiver has no handler of the topic"},
        {FLR__TX_UNAVAILABLE, FLR_RC_SERVICE_UNAVAILABLE, "the receiver takes no request now"},
        {FLR__TX_TIMED_OUT, FLR_RC_TIMEOUT, NULL}, /* of a plain message; others have their own */
        {FLR__TX_UNSENT, FLR_RC_COMMUNICATION_ERROR, NULL},
        {FLR__TX_ABORTED, FLR_RC_TASK_ABORTED, "aborted"},
    };
    int status = 0;
    for (size_t i = 0; i < sizeof failures / sizeof failures[0] && status == 0; i++)
        status = make_failure(failures[i].rc, failures[i].error, &r->failures[failures[i].end]);
    /* What a handler's failure becomes if there is no memory to say more. */
    if (status == 0)
        status = make_failure(FLR_RC_EXECUTION_EXCEPTION, flr_status_get_name(FLR_E_NOMEM),
                              &r->failures[FLR__TX_UNDER_WAY]);
    return status;
}

static int make_signal(flr__reliable *r, flr_signal *abort)
{
    int status = flr_signal_new(abort, r->site->clock, &r->stop);
    if (status < 0)
        return status;
    status = flr_value_new_pointer("flr_signal", flr_signal_ref(r->stop), flr__signal_release,
                                   &r->stop_value);
    if (status < 0) {
        flr_signal_unref(r->stop);
        return status;
    }
    r->watch = flr__watch_new(r->stop, r->site, r->owner_refs, flr__reliable_on_abort);
    return r->watch == NULL ? FLR_E_NOMEM : 0;
}

static void free_parts(flr__reliable *r)
{
    flr__watch_end(r->watch);
    flr__handle_free(r);
    flr__send_free(r);
    for (size_t i = 0; i < sizeof r->failures / sizeof r->failures[0]; i++)
        flr_shareable_unref(r->failures[i]);
    flr__context_free(r->step_context);
    flr_value_unref(r->stop_value);
    flr_signal_unref(r->stop);
    flr__waker_destroy(&r->worker_waker);
    flr__mutex_destroy(&r->lock);
    flr__free(r);
}

int flr__reliable_new(flr__site *site, size_t workers, int64_t interval, flr_signal *abort,
                      atomic_size_t *refs)
{
    flr__reliable *r = flr__zalloc(sizeof *r);
    if (r == NULL)
        return FLR_E_NOMEM;
    if (flr__mutex_init(&r->lock, FLR__RANK_RELIABLE) < 0)
        goto fail;
    if (flr__waker_init(&r->worker_waker) < 0)
        goto fail_lock;
    r->site = site;
    r->owner_refs = refs;
    r->worker_max = workers;
    r->interval = interval;
    flr__handle_init(r);
    flr__send_init(r);
    int status = make_signal(r, abort);
    if (status == 0)
        status = make_failures(r);
    if (status < 0) {
        free_parts(r);
        return status;
    }
    site->reliable = r;
    return 0;
fail_lock:
    flr__mutex_destroy(&r->lock);
fail:
    flr__free(r);
    return FLR_E_NOMEM;
}

/* From now on nothing new begins. false: it was not enabled, or is closed already. */
static bool shut(flr__reliable *r)
{
    flr__mutex_lock(&r->lock);
    bool on = r->state == FLR__RELIABLE_ON;
    r->state = FLR__RELIABLE_CLOSED;
    flr__mutex_unlock(&r->lock);
    return on;
}

void flr__reliable_free(flr__site *site)
{
    flr__reliable *r = site->reliable;
    if (r == NULL)
        return;
    if (shut(r)) { /* a stepped run that was given up */
        flr__send_end(r, true, true);
        flr__handle_drop_all(r);
    }
    site->reliable = NULL;
    free_parts(r);
}

/* ---- begin and end ---- */

static int register_topics(flr__reliable *r)
{
    int status = flr__aux_register(r->site, FLR_RELIABLE_TOPIC_REQUEST, flr__handle_request, r);
    if (status < 0)
        return status;
    status = flr__aux_register(r->site, FLR_RELIABLE_TOPIC_REPLY, flr__send_take_reply, r);
    if (status < 0)
        flr__aux_unregister(r->site, FLR_RELIABLE_TOPIC_REQUEST);
    return status;
}

int flr__reliable_enable(flr__site *site, bool stepped)
{
    flr__reliable *r = site->reliable;
    flr__mutex_lock(&r->lock);
    bool done = r->state != FLR__RELIABLE_OFF;
    flr__mutex_unlock(&r->lock);
    if (done)
        return 0;
    if (stepped && r->step_context == NULL) {
        r->step_context = flr__context_new_weak(site);
        if (r->step_context == NULL)
            return FLR_E_NOMEM;
    }
    int status = register_topics(r);
    if (status < 0)
        return status;
    flr__mutex_lock(&r->lock);
    r->stepped = stepped;
    r->state = FLR__RELIABLE_ON;
    flr__mutex_unlock(&r->lock);
    return 0;
}

void flr__reliable_close(flr__site *site)
{
    flr__reliable *r = site->reliable;
    flr__mutex_lock(&r->lock);
    bool on = r->state == FLR__RELIABLE_ON;
    flr__mutex_unlock(&r->lock);
    if (!on || !shut(r))
        return;
    flr__send_end(r, true, false);
    flr_signal_trigger(r->stop, flr_value_ref(flr__value_bool(true))); /* handlers stop */
    flr__handle_drop_all(r);
    flr__handle_join(r);
}

/* ---- the driver ---- */

int64_t flr__reliable_due(flr__site *site)
{
    flr__reliable *r = site->reliable;
    int64_t due = flr__reliable_lock(r);
    flr__mutex_unlock(&r->lock);
    return due;
}

void flr__reliable_advance(flr__site *site, int64_t now)
{
    flr__handle_advance(site->reliable, now);
    flr__send_advance(site->reliable, now);
}

bool flr__reliable_step(flr__site *site)
{
    return flr__handle_step(site->reliable);
}
