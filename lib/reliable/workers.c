/*
 * Running handlers: on workers, which start when they are needed and are joined at the close, or inside step; and sending their results.
 * Rows RM-02, RM-05, RM-09, RM-15.
 */
#include "base/abi.h"
#include "reliable/handle.h"
#include <string.h>

/* A thread that runs handlers. */
typedef struct flr__rx_worker {
    flr__reliable *reliable;
    flr_context *context;
    pthread_t thread;
    struct flr__rx_worker *next;
} flr__rx_worker;

int flr__handle_call(const flr__rx_handler *h, flr_context *context, const flr_shareable *request,
                     flr_signal *cancel, flr_shareable **made)
{
    flr__host_frame frame;
    flr__context_clear_detail(context);
    flr__host_enter(&frame, FLR__HOST_AUX, h->reliable->site, h->self);
    int status =
        flr__callback_status(h->function(h->self, context, h->topic->text, request, cancel, made));
    flr__host_leave(&frame);
    return status;
}

/* ---- running one ---- */

static int accept_peer(flr_context *context, const flr__rx_job *j, const flr_shareable *request,
                       const flr_value *cancel)
{
    flr_value *name;
    int status = flr__value_new_str(j->client, &name);
    if (status < 0)
        return status;
    status =
        flr_context_set_peer_props(context, flr__shareable_header(request, FLR__STR(PEER_PROPS)));
    if (status < 0) {
        flr_value_unref(name);
        return status;
    }
    flr__context_put(context->peer, FLR__S_IDENTITY_NAME, name, FLR_PROP_FLAG_PUBLIC);
    /* What this context calls the abort signal is triggered with the run's, and at its end. */
    flr__context_put(context, FLR__S_RUN_ABORT_SIGNAL, flr_value_ref(cancel), 0);
    return 0;
}

/* RM-09. */
static flr_shareable *make_failure(flr_context *context, const flr__rx_job *j, int status)
{
    char text[FLR__DETAIL_MAX + 64];
    flr_shareable *failure = NULL;
    flr__status_describe(context->site, status, flr_context_get_detail(context), text, sizeof text);
    if (flr_context_log_is_on(context, FLR_LOG_EXCEPTION))
        flr_context_log(context, FLR_LOG_EXCEPTION, "the handler of reliable topic %s failed: %s",
                        j->handler->topic->text, text);
    if (flr_shareable_new_reply(FLR_RC_EXECUTION_EXCEPTION, NULL, &failure) == 0 &&
        flr_shareable_set_header_text(failure, FLR_HEADER_ERROR, text) == 0)
        return failure;
    flr_shareable_unref(failure);
    return flr_shareable_ref(j->reliable->failures[FLR__TX_UNDER_WAY]);
}

/* The result, frozen; never NULL. */
static flr_shareable *run_handler(flr_context *context, const flr__rx_job *j,
                                  const flr_shareable *request, const flr_value *cancel)
{
    flr_shareable *made = NULL;
    flr__context_clear(context);
    int status = accept_peer(context, j, request, cancel);
    if (status == 0)
        status = flr__handle_call(j->handler, context, request,
                                  flr_value_get_pointer(cancel, "flr_signal"), &made);
    if (status == 0 && made == NULL)
        status = flr_shareable_new_reply(FLR_RC_OK, NULL, &made);
    if (status < 0)
        made = make_failure(context, j, status);
    flr_shareable_freeze(made);
    return made;
}

static void pushed(flr__rx_job *j, bool acknowledged)
{
    flr__reliable *r = j->reliable;
    flr__rx_left left = {0};
    int64_t now = flr__reliable_now(r), before = flr__reliable_lock(r);
    flr__receiver_pushed(&r->receiver, &j->tx, acknowledged, now, &left);
    flr__rx_waste w = flr__handle_collect(&left);
    flr__reliable_unlock(r, before);
    flr__handle_dispose(&w);
}

static void on_pushed(void *self, flr_aux_send *send)
{
    const char *rc = flr_shareable_get_rc(flr__aux_reply_of(send, 0));
    pushed(self, flr__aux_code_of(send, 0) == 0 && strcmp(rc, FLR_RC_OK) == 0);
}

static void push(flr_context *context, flr__rx_job *j, const flr_shareable *result)
{
    const char *target = j->client->text;
    flr__aux_options options = {&target, 1, j->message_timeout, true, false};
    flr_shareable *dressed = NULL;
    flr__context_clear(context); /* what the handler set in it is its own */
    int status = flr__handle_dress(j->id, j->handler->topic->text, result, &dressed);
    if (status == 0)
        status = flr__aux_start(context, FLR_RELIABLE_TOPIC_REPLY, dressed, &options, on_pushed, j,
                                NULL);
    flr_shareable_unref(dressed);
    if (status < 0)
        pushed(j, false); /* it is fetched by a query */
}

/* One that was taken; who takes it holds what the handler gets. */
typedef struct taken {
    flr__rx_job *job;
    flr_shareable *request;
    flr_value *cancel;
} taken;

static bool take_locked(flr__reliable *r, taken *t)
{
    t->job = r->state == FLR__RELIABLE_ON ? (flr__rx_job *)(void *)flr__receiver_take(&r->receiver)
                                          : NULL;
    if (t->job == NULL)
        return false;
    t->request = flr_shareable_ref(t->job->request);
    t->cancel = flr_value_ref(t->job->cancel_value);
    return true;
}

static void handle(flr_context *context, const taken *t)
{
    flr__rx_left left = {0};
    flr__rx_job *j = t->job;
    flr__reliable *r = j->reliable;
    flr_shareable *result = run_handler(context, j, t->request, t->cancel);
    int64_t now = flr__reliable_now(r), before = flr__reliable_lock(r);
    j->result = flr_shareable_ref(result);
    bool wanted = flr__receiver_finished(&r->receiver, &j->tx, now, &left);
    flr__rx_waste w = flr__handle_collect(&left);
    flr__reliable_unlock(r, before);
    flr__handle_dispose(&w);
    if (wanted)
        push(context, j, result);
    flr__context_clear(context);
    flr_shareable_unref(result);
    flr_value_unref(t->cancel);
    flr_shareable_unref(t->request);
}

bool flr__handle_step(flr__reliable *r)
{
    taken t;
    flr__mutex_lock(&r->lock);
    bool any = r->stepped && take_locked(r, &t);
    flr__mutex_unlock(&r->lock);
    if (any)
        handle(r->step_context, &t);
    return any;
}

/* ---- workers ---- */

static void *worker_main(void *self)
{
    flr__rx_worker *w = self;
    flr__reliable *r = w->reliable;
    bool idle = true;
    for (;;) {
        taken t;
        uint64_t ticket = flr__waker_ticket(&r->worker_waker);
        flr__mutex_lock(&r->lock);
        r->idle += idle ? 0 : 1;
        idle = !take_locked(r, &t);
        r->idle -= idle ? 0 : 1;
        bool closed = r->state == FLR__RELIABLE_CLOSED;
        flr__mutex_unlock(&r->lock);
        if (!idle)
            handle(w->context, &t);
        else if (closed)
            return NULL;
        else
            flr__waker_wait(&r->worker_waker, ticket, r->site->clock, FLR_TIME_NONE);
    }
}

static flr__rx_worker *worker_new(flr__reliable *r)
{
    flr__rx_worker *w = flr__zalloc(sizeof *w);
    if (w == NULL)
        return NULL;
    w->reliable = r;
    w->context = flr__context_new_weak(r->site);
    if (w->context == NULL) {
        flr__free(w);
        return NULL;
    }
    return w;
}

static void worker_free(flr__rx_worker *w)
{
    flr__context_free(w->context);
    flr__free(w);
}

/* Its place is taken already. 0, FLR_E_NOMEM, FLR_E_THREAD. */
int flr__workers_start(flr__reliable *r)
{
    flr__rx_worker *w = worker_new(r);
    int status = w == NULL                                               ? FLR_E_NOMEM
                 : pthread_create(&w->thread, NULL, worker_main, w) == 0 ? 0
                                                                         : FLR_E_THREAD;
    flr__mutex_lock(&r->lock);
    r->starting--;
    if (status == 0) {
        w->next = r->workers;
        r->workers = w;
    } else {
        r->worker_count--;
        r->idle--;
    }
    flr__mutex_unlock(&r->lock);
    flr__waker_notify(&r->worker_waker);
    if (status < 0 && w != NULL)
        worker_free(w);
    return status;
}

/* Whether one more is needed so that `waiting` requests are taken at once; its place is taken then. */
bool flr__workers_want_locked(flr__reliable *r, size_t waiting)
{
    if (r->stepped || r->state != FLR__RELIABLE_ON || r->idle >= waiting ||
        r->worker_count >= r->worker_max)
        return false;
    r->worker_count++;
    r->idle++;
    r->starting++;
    return true;
}

/* There must be one before a request is taken in: nobody else would handle it. */
int flr__workers_ensure(flr__reliable *r)
{
    flr__mutex_lock(&r->lock);
    bool wanted = r->worker_count == 0 && flr__workers_want_locked(r, 1);
    flr__mutex_unlock(&r->lock);
    return wanted ? flr__workers_start(r) : 0;
}

void flr__handle_join(flr__reliable *r)
{
    flr__waker_notify(&r->worker_waker);
    for (;;) {
        uint64_t ticket = flr__waker_ticket(&r->worker_waker);
        flr__mutex_lock(&r->lock);
        bool starting = r->starting > 0;
        flr__rx_worker *w = r->workers;
        if (w != NULL)
            r->workers = w->next;
        flr__mutex_unlock(&r->lock);
        if (w != NULL) {
            pthread_join(w->thread, NULL);
            worker_free(w);
        } else if (!starting) {
            return;
        } else {
            flr__waker_wait(&r->worker_waker, ticket, r->site->clock, FLR_TIME_NONE);
        }
    }
}
