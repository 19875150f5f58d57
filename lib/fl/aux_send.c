/*
 * Sending auxiliary messages: one object per message, which the host reports to and which knows
 * when it is complete. aux.send_lock guards the state of every send and the heap of those with a
 * deadline; the host and completions are called without it. Rows AX-08, AX-09.
 *
 * A send is pending from its start until it is finished: all targets reported, the deadline has
 * passed, nobody is left who could report, it was given up. Exactly one thread finishes it, under
 * the lock, and completes it afterwards. References: the starter's, one while it is pending, the
 * host's; the last are also counted for themselves, because when they are gone nobody can report
 * any more.
 */
#include "base/abi.h"
#include "base/wait.h"
#include "fl/aux_send.h"
#include "fl/context.h"
#include <flrunner/aux.h>
#include <flrunner/stats.h>

typedef struct target {
    const flr__str *name;
    flr_shareable *reply; /* frozen; NULL: not reported yet */
    int code;
} target;

struct flr_aux_send {
    /* constant */
    flr__site *site;
    const flr__str *topic;
    flr_shareable *request;
    flr__aux_way way;
    bool optional, secure;
    double timeout;
    int64_t deadline; /* FLR_TIME_NONE: nobody waits for replies */
    flr__aux_done done;
    void *self;

    atomic_size_t refs;      /* all */
    atomic_size_t host_refs; /* of these, the host's: who could still report */
    flr__waker waker;        /* FLR__AUX_WAITED only */

    /* guarded by send_lock; what targets hold is constant once finished */
    flr__due due;
    bool finished;
    size_t unreported;
    size_t count; /* constant */
    target targets[];
};

/* ---- references ---- */

static flr_aux_send *hold(flr_aux_send *send)
{
    atomic_fetch_add_explicit(&send->refs, 1, memory_order_relaxed);
    return send;
}

void flr__aux_drop(flr_aux_send *send)
{
    flr__site *site;

    if (send == NULL || atomic_fetch_sub_explicit(&send->refs, 1, memory_order_acq_rel) != 1)
        return;
    site = send->site;
    for (size_t i = 0; i < send->count; i++) {
        flr__str_unref(send->targets[i].name);
        flr_shareable_unref(send->targets[i].reply);
    }
    if (send->way == FLR__AUX_WAITED)
        flr__waker_destroy(&send->waker);
    flr_shareable_unref(send->request);
    flr__str_unref(send->topic);
    flr__free(send);
    site->release(site);
}

flr_aux_send *flr_aux_send_ref(flr_aux_send *send)
{
    if (send == NULL)
        return NULL;
    atomic_fetch_add_explicit(&send->host_refs, 1, memory_order_relaxed);
    return hold(send);
}

/* ---- finishing; the lock is the site's send_lock ---- */

static flr_shareable *failure_reply(const flr__site *site, int code)
{
    switch (code) { /* the order of make_failures in aux.c */
    case FLR_E_TIMEDOUT:
        return flr_shareable_ref(site->aux.failures[0]);
    case FLR_E_IO:
        return flr_shareable_ref(site->aux.failures[1]);
    case FLR_E_CALLBACK:
        return flr_shareable_ref(site->aux.failures[2]);
    default:
        return flr_shareable_ref(site->aux.failures[3]);
    }
}

static void fail_target_locked(flr_aux_send *send, size_t i, int code)
{
    send->targets[i].reply = failure_reply(send->site, code);
    send->targets[i].code = code;
    send->unreported--;
}

static void finish_locked(flr_aux_send *send)
{
    send->finished = true;
    flr__heap_remove(&send->site->aux.pending, &send->due);
}

static void finish_failed_locked(flr_aux_send *send, int code)
{
    for (size_t i = 0; i < send->count; i++)
        if (send->targets[i].reply == NULL)
            fail_target_locked(send, i, code);
    finish_locked(send);
}

/* Tell whoever waits. */
static void announce(flr_aux_send *send)
{
    flr__host_frame frame;

    if (send->way == FLR__AUX_WAITED) {
        flr__waker_notify(&send->waker);
    } else if (send->done != NULL && send->way == FLR__AUX_HOST) {
        flr__host_enter(&frame, FLR__HOST_AUX, send->site, send);
        send->done(send->self, send);
        flr__host_leave(&frame);
    } else if (send->done != NULL) {
        send->done(send->self, send);
    }
}

/* By who finished it, without the lock; drops the reference that it had while pending. */
static void complete(flr_aux_send *send)
{
    announce(send);
    flr__aux_drop(send);
}

/* Everything not reported yet fails. */
static void fail_all(flr_aux_send *send, int code)
{
    flr__mutex *lock = &send->site->aux.send_lock;
    bool mine;

    flr__mutex_lock(lock);
    mine = !send->finished;
    if (mine)
        finish_failed_locked(send, code);
    flr__mutex_unlock(lock);
    if (mine)
        complete(send);
}

void flr_aux_send_unref(flr_aux_send *send)
{
    if (send == NULL)
        return;
    if (atomic_fetch_sub_explicit(&send->host_refs, 1, memory_order_acq_rel) == 1)
        fail_all(send, FLR_E_IO);
    flr__aux_drop(send);
}

void flr__aux_expire(flr_aux_send *send, int64_t now)
{
    if (now >= send->deadline)
        fail_all(send, FLR_E_TIMEDOUT);
}

void flr__aux_cancel(flr_aux_send *send)
{
    if (send != NULL)
        fail_all(send, FLR_E_ABORTED);
}

/* ---- reports ---- */

/* reply NULL: it failed with the code. */
static int report(flr_aux_send *send, size_t i, flr_shareable *reply, int code)
{
    flr__mutex *lock;
    int64_t now;
    bool last = false;

    if (send == NULL || i >= send->count)
        return FLR_E_INVAL;
    now = flr_clock_get_now(send->site->clock);
    lock = &send->site->aux.send_lock;
    flr__mutex_lock(lock);
    if (!send->finished && send->targets[i].reply == NULL && now < send->deadline) {
        if (reply == NULL) {
            fail_target_locked(send, i, code);
        } else {
            flr_shareable_freeze(reply);
            send->targets[i].reply = flr_shareable_ref(reply);
            send->unreported--;
        }
        last = send->unreported == 0;
        if (last)
            finish_locked(send);
    }
    flr__mutex_unlock(lock);
    if (last)
        complete(send);
    return 0;
}

int flr_aux_send_reply(flr_aux_send *send, size_t i, flr_shareable *reply)
{
    return reply == NULL ? FLR_E_INVAL : report(send, i, reply, 0);
}

int flr_aux_send_fail(flr_aux_send *send, size_t i, int code)
{
    return code >= 0 ? FLR_E_INVAL : report(send, i, NULL, code);
}

/* ---- accessors ---- */

const char *flr_aux_send_get_topic(const flr_aux_send *send)
{
    return send == NULL ? "" : send->topic->text;
}

const flr_shareable *flr_aux_send_get_request(const flr_aux_send *send)
{
    return send == NULL ? NULL : send->request;
}

size_t flr_aux_send_get_target_count(const flr_aux_send *send)
{
    return send == NULL ? 0 : send->count;
}

const char *flr_aux_send_get_target(const flr_aux_send *send, size_t i)
{
    return send == NULL || i >= send->count ? NULL : send->targets[i].name->text;
}

double flr_aux_send_get_timeout(const flr_aux_send *send)
{
    return send == NULL ? 0.0 : send->timeout;
}

int flr_aux_send_is_optional(const flr_aux_send *send)
{
    return send != NULL && send->optional;
}

int flr_aux_send_is_secure(const flr_aux_send *send)
{
    return send != NULL && send->secure;
}

static bool is_finished(const flr_aux_send *send)
{
    flr__mutex *lock = &send->site->aux.send_lock;
    bool finished;

    flr__mutex_lock(lock);
    finished = send->finished;
    flr__mutex_unlock(lock);
    return finished;
}

flr__site *flr__aux_site(const flr_aux_send *send)
{
    return send->site;
}

void *flr__aux_self(const flr_aux_send *send, flr__aux_done done)
{
    return send->done == done ? send->self : NULL;
}

bool flr__aux_is_over(const flr_aux_send *send, size_t i)
{
    flr__mutex *lock = &send->site->aux.send_lock;
    bool over;

    flr__mutex_lock(lock);
    over = send->finished || send->targets[i].reply != NULL;
    flr__mutex_unlock(lock);
    return over;
}

const flr_shareable *flr_aux_send_get_reply(const flr_aux_send *send, size_t i)
{
    if (send == NULL || i >= send->count || !is_finished(send))
        return NULL;
    return send->targets[i].reply;
}

const flr_shareable *flr__aux_reply_of(const flr_aux_send *send, size_t i)
{
    return flr_aux_send_get_reply(send, i);
}

int flr__aux_code_of(const flr_aux_send *send, size_t i)
{
    return flr_aux_send_get_reply(send, i) == NULL ? 0 : send->targets[i].code;
}

int64_t flr__aux_deadline(const flr_aux_send *send)
{
    return send->deadline;
}

/* ---- the driver ---- */

static flr_aux_send *send_of(flr__due *due)
{
    return (flr_aux_send *)(void *)((char *)due - offsetof(flr_aux_send, due));
}

int64_t flr__aux_due(flr__site *site)
{
    flr__due *first;
    int64_t at;

    flr__mutex_lock(&site->aux.send_lock);
    first = flr__heap_first(&site->aux.pending);
    at = first == NULL ? FLR_TIME_NONE : first->at;
    flr__mutex_unlock(&site->aux.send_lock);
    return at;
}

/* Fail the earliest send that is due by then; false: there is none. What is in the heap is
 * pending, so it has a reference. */
static bool fail_first(flr__site *site, int64_t until, int code)
{
    flr__due *first;
    flr_aux_send *send = NULL;

    flr__mutex_lock(&site->aux.send_lock);
    first = flr__heap_first(&site->aux.pending);
    if (first != NULL && first->at <= until) {
        send = send_of(first);
        finish_failed_locked(send, code);
    }
    flr__mutex_unlock(&site->aux.send_lock);
    if (send == NULL)
        return false;
    complete(send);
    return true;
}

void flr__aux_advance(flr__site *site, int64_t now)
{
    while (fail_first(site, now, FLR_E_TIMEDOUT)) {
    }
}

void flr__aux_close(flr__site *site)
{
    flr__mutex_lock(&site->aux.send_lock);
    site->aux.closed = true;
    flr__mutex_unlock(&site->aux.send_lock);
    while (fail_first(site, FLR_TIME_NONE, FLR_E_ABORTED)) {
    }
}

/* Hand the deadline to the driver. 0, FLR_E_NOMEM, FLR_E_STATE. */
static int enlist(flr_aux_send *send)
{
    flr__aux_table *aux = &send->site->aux;
    flr__due *first;
    bool nearer = false;
    int status = FLR_E_STATE;

    flr__mutex_lock(&aux->send_lock);
    if (!aux->closed)
        status = flr__heap_reserve(&aux->pending, aux->pending.count + 1);
    if (status == 0) {
        first = flr__heap_first(&aux->pending);
        nearer = first == NULL || send->deadline < first->at;
        send->due.order = aux->order++;
        flr__heap_set(&aux->pending, &send->due, send->deadline);
    }
    flr__mutex_unlock(&aux->send_lock);
    if (nearer && send->site->wake_driver != NULL)
        send->site->wake_driver(send->site);
    return status;
}

/* ---- making one ---- */

flr_aux_send *flr__aux_send_new(flr__site *site, flr__aux_way way, size_t count)
{
    flr_aux_send *send;
    size_t size;

    if (!flr__size_mul(count, sizeof(target), &size) || !flr__size_add(size, sizeof *send, &size))
        return NULL;
    send = flr__zalloc(size);
    if (send == NULL)
        return NULL;
    if (way == FLR__AUX_WAITED && flr__waker_init(&send->waker) < 0) {
        flr__free(send);
        return NULL;
    }
    atomic_init(&send->refs, 1);
    atomic_init(&send->host_refs, 0);
    send->way = way;
    send->site = site;
    site->retain(site);
    return send;
}

void flr__aux_send_add_target(flr_aux_send *send, const flr__str *name)
{
    send->targets[send->count++].name = flr__str_ref(name);
    send->unreported++;
}

void flr__aux_send_set(flr_aux_send *send, const flr__str *topic, flr_shareable *request,
                       const flr__aux_options *options, flr__aux_done done, void *self)
{
    send->topic = flr__str_ref(topic);
    send->request = flr_shareable_ref(request);
    send->optional = options->optional;
    send->secure = options->secure;
    send->timeout = options->timeout;
    send->done = done;
    send->self = self;
    send->deadline = FLR_TIME_NONE;
}

/* ---- handing it to the engine ---- */

/* The engine refused it. Whether it failed as a whole: then it is over without being complete. */
static bool refuse(flr_aux_send *send, int status)
{
    flr__mutex *lock = &send->site->aux.send_lock;
    bool whole, partly = false;

    flr__mutex_lock(lock);
    whole = !send->finished && send->unreported == send->count;
    if (whole) {
        finish_locked(send);
    } else if (!send->finished) {
        finish_failed_locked(send, status);
        partly = true;
    }
    flr__mutex_unlock(lock);
    if (whole)
        flr__aux_drop(send);
    if (partly)
        complete(send);
    return whole;
}

/* Inside, the call itself counts as a reference of the host's, which ends with it. */
static int call_engine(flr_aux_send *send)
{
    flr__site *site = send->site;
    flr__host_frame frame;
    int status;

    flr__host_enter(&frame, FLR__HOST_ENGINE, site, site->engine_self);
    status = flr__callback_status(site->engine.send_aux(site->engine_self, send));
    flr__host_leave(&frame);
    if (status < 0 && site->count != NULL)
        site->count(site, offsetof(flr_stats, engine_failures));
    return status;
}

/* Nobody waits: it is finished from the beginning, so reports are ignored. */
static int post(flr_aux_send *send)
{
    int status = 0;

    send->finished = true;
    if (send->count != 0) {
        flr_aux_send_ref(send);
        status = call_engine(send);
        flr_aux_send_unref(send);
    }
    if (status == 0)
        announce(send);
    return status;
}

int flr__aux_send_launch(flr_aux_send *send, int64_t wait, int *engine_status)
{
    int status = 0;

    *engine_status = 0;
    if (wait == 0 || send->count == 0)
        return *engine_status = post(send);
    send->deadline = flr__time_add(flr_clock_get_now(send->site->clock), wait);
    hold(send); /* while pending */
    flr_aux_send_ref(send);
    if (send->way != FLR__AUX_WAITED)
        status = enlist(send);
    if (status < 0) {
        send->finished = true;
        flr__aux_drop(send);
    } else {
        *engine_status = call_engine(send);
        if (*engine_status < 0 && refuse(send, *engine_status))
            status = *engine_status;
    }
    flr_aux_send_unref(send);
    return status;
}

/* ---- waiting ---- */

/* Given up by who waits; false: it is finished already. */
static bool forsake(flr_aux_send *send)
{
    flr__mutex *lock = &send->site->aux.send_lock;
    bool mine;

    flr__mutex_lock(lock);
    mine = !send->finished;
    send->finished = true;
    flr__mutex_unlock(lock);
    if (mine)
        flr__aux_drop(send);
    return mine;
}

int flr__aux_send_await(flr_aux_send *send, flr_signal *abort)
{
    flr__signal_link link;
    int status = 0;

    if (abort != NULL)
        flr__signal_attach(abort, &link, &send->waker);
    for (;;) {
        uint64_t ticket = flr__waker_ticket(&send->waker);

        if (is_finished(send))
            break;
        if (flr_signal_is_triggered(abort)) {
            status = forsake(send) ? FLR_E_ABORTED : 0;
            break;
        }
        flr__aux_expire(send, flr_clock_get_now(send->site->clock));
        flr__waker_wait(&send->waker, ticket, send->site->clock, send->deadline);
    }
    if (abort != NULL)
        flr__signal_detach(&link);
    return status;
}
