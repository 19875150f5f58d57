/*
 * The sending side: exchanges, their messages and completions. sender.c decides under the lock; one thread at a time carries out what it
 * decided for an exchange (`acting`), so that its messages go out in order, and whoever comes meanwhile leaves that to it. Rows RM-02 to
 * RM-04, RM-10 to RM-13, RM-15.
 *
 * References to an exchange: one while it is under way, one per message, one of who works on it or waits for it. It does not hold its
 * site: its messages do, and a site that is freed ends what is left.
 */
#include "base/abi.h"
#include "fl/aux_send.h"
#include "reliable/exchange.h"
#include <string.h>

/* A message on its way. */
typedef struct flight {
    flr__exchange *exchange;
    flr__tx_message message;
    uint64_t number;
} flight;

static bool match(const void *item, const void *id, size_t size)
{
    const flr__exchange *x = item;
    return strlen(x->id) == size && memcmp(x->id, id, size) == 0;
}

void flr__send_init(flr__reliable *r)
{
    flr__table_init(&r->exchanges, match);
    flr__heap_init(&r->dues);
}

void flr__send_free(flr__reliable *r)
{
    flr__table_free(&r->exchanges);
    flr__heap_free(&r->dues);
}

/* ---- references ---- */

flr__exchange *flr__exchange_hold(flr__exchange *x)
{
    atomic_fetch_add_explicit(&x->refs, 1, memory_order_relaxed);
    return x;
}

void flr__exchange_drop(flr__exchange *x)
{
    if (x == NULL || atomic_fetch_sub_explicit(&x->refs, 1, memory_order_acq_rel) != 1)
        return;
    flr__watch_end(x->watch);
    flr__context_free(x->context);
    flr_signal_unref(x->abort);
    flr_shareable_unref(x->request);
    flr_shareable_unref(x->late_reply);
    flr_shareable_unref(x->reply);
    flr__str_unref(x->target);
    flr__str_unref(x->topic);
    if (x->waited)
        flr__waker_destroy(&x->waker);
    flr__free(x);
}

/* ---- the core; under the lock ---- */

/* After each event: what is to be sent, when to come again, whether it is over. */
void flr__exchange_note_locked(flr__exchange *x, bool send)
{
    flr__reliable *r = x->reliable;
    x->unsent = send || (x->unsent && x->core.end == FLR__TX_UNDER_WAY);
    flr__heap_set(&r->dues, &x->due, x->core.due);
    if (x->core.end != FLR__TX_UNDER_WAY) /* a reply that comes now is not waited for */
        flr__table_remove(&r->exchanges, x->id, strlen(x->id), x->hash);
    if (x->waited)
        flr__waker_notify(&x->waker);
}

bool flr__exchange_is_aborted(const flr__exchange *x)
{
    return flr_signal_is_triggered(x->abort) || flr_signal_is_triggered(x->reliable->stop);
}

/* ---- messages ---- */

/* A query, confirm or cancel. */
static int make_note(const flr__exchange *x, flr__tx_message message, flr_shareable **made)
{
    static const char *const ops[] = {[FLR__TX_QUERY] = FLR_RELIABLE_OP_QUERY,
                                      [FLR__TX_CONFIRM] = FLR_RELIABLE_OP_CONFIRM,
                                      [FLR__TX_CANCEL] = FLR_RELIABLE_OP_CANCEL};
    int status = flr_shareable_new(made);
    if (status == 0)
        status = flr__reliable_label(*made, ops[message], x->id, x->topic->text);
    if (status == 0) /* a cancel may overtake its request: it says how long to remember that */
        status = flr_shareable_set_header_real(*made, FLR_RELIABLE_HEADER_TX_TIMEOUT, x->timeout);
    if (status == 0)
        status = flr_shareable_set_header_text(*made, FLR_HEADER_MSG_ROOT_ID, x->id);
    return status;
}

static int start_message(flr__exchange *x, flr__tx_message message, double timeout,
                         flr__aux_done done, void *self, flr_aux_send **send)
{
    const char *target = x->target->text;
    const char *topic = message == FLR__TX_PLAIN ? x->topic->text : FLR_RELIABLE_TOPIC_REQUEST;
    flr__aux_options options = {&target, 1, timeout,
                                timeout == 0.0 || (x->flags & FLR_AUX_FLAG_OPTIONAL) != 0,
                                (x->flags & FLR_AUX_FLAG_SECURE) != 0};
    flr_shareable *made = NULL;
    int status = 0;
    if (message != FLR__TX_PLAIN && message != FLR__TX_REQUEST)
        status = make_note(x, message, &made);
    if (status == 0)
        status = flr__aux_start(x->context, topic, made == NULL ? x->request : made, &options, done,
                                self, send);
    flr_shareable_unref(made);
    return status;
}

/* ---- replies ---- */

static const char *const private_headers[] = {FLR_RELIABLE_HEADER_OP,
                                              FLR_RELIABLE_HEADER_TX_ID,
                                              FLR_RELIABLE_HEADER_TOPIC,
                                              FLR_HEADER_PEER_PROPS,
                                              FLR_HEADER_MSG_ROOT_ID,
                                              FLR_HEADER_MSG_ROOT_TTL,
                                              NULL};

/* The result as the handler made it, with `__peer_ctx__` like any reply, whichever way it came. */
static int undress(const flr_shareable *message, flr_shareable **result)
{
    const flr_value *peer = flr_shareable_get_peer_props(message);
    flr_shareable *copy;
    int status = flr_shareable_copy(message, private_headers, &copy);
    if (status < 0)
        return status;
    if (peer != NULL)
        status = flr__shareable_put(copy, FLR__STR(PEER_CTX), peer);
    if (status < 0) {
        flr_shareable_unref(copy);
        return status;
    }
    flr_shareable_freeze(copy);
    *result = copy;
    return 0;
}

static bool is_result(const flr__exchange *x, const flr_shareable *message)
{
    return strcmp(flr__reliable_text(message, FLR_RELIABLE_HEADER_OP), FLR_RELIABLE_OP_REPLY) ==
               0 &&
           strcmp(flr__reliable_text(message, FLR_RELIABLE_HEADER_TX_ID), x->id) == 0;
}

static flr__tx_heard classify_status(const char *status)
{
    static const struct {
        const char *status;
        flr__tx_heard heard;
    } known[] = {{FLR_RELIABLE_STATUS_IN_PROCESS, FLR__TX_ACKED},
                 {FLR_RELIABLE_STATUS_IN_REPLY, FLR__TX_ACKED},
                 {FLR_RELIABLE_STATUS_REPLIED, FLR__TX_ACKED},
                 {FLR_RELIABLE_STATUS_DUPLICATE, FLR__TX_ACKED},
                 {FLR_RELIABLE_STATUS_NOT_RECEIVED, FLR__TX_SAYS_NOT_RECEIVED},
                 {FLR_RELIABLE_STATUS_ABORTED, FLR__TX_SAYS_ABORTED}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(status, known[i].status) == 0)
            return known[i].heard;
    return FLR__TX_LOST;
}

/* *result: a reference, if it is one. */
static flr__tx_heard classify(const flight *f, const flr_aux_send *send, flr_shareable **result)
{
    const flr__exchange *x = f->exchange;
    const flr_shareable *reply = flr__aux_reply_of(send, 0);
    const char *rc = flr_shareable_get_rc(reply);
    if (f->message == FLR__TX_PLAIN) {
        *result = flr_shareable_ref(reply);
        return FLR__TX_SAYS_RESULT;
    }
    if (flr__aux_code_of(send, 0) < 0)
        return FLR__TX_LOST;
    if (is_result(x, reply))
        return undress(reply, result) < 0 ? FLR__TX_LOST : FLR__TX_SAYS_RESULT;
    if (strcmp(rc, FLR_RC_TOPIC_UNKNOWN) == 0)
        return FLR__TX_SAYS_UNKNOWN;
    if (strcmp(rc, FLR_RC_SERVICE_UNAVAILABLE) == 0)
        return FLR__TX_SAYS_UNAVAILABLE;
    return strcmp(rc, FLR_RC_OK) == 0
               ? classify_status(flr__reliable_text(reply, FLR_RELIABLE_HEADER_STATUS))
               : FLR__TX_LOST;
}

/* ---- acting ---- */

/* [give] result */
static void hear(flr__exchange *x, uint64_t number, flr__tx_heard heard, flr_shareable *result)
{
    flr__reliable *r = x->reliable;
    int64_t now = flr__reliable_now(r), before = flr__reliable_lock(r);
    bool open = x->core.end == FLR__TX_UNDER_WAY;
    bool send = flr__sender_heard(&x->core, number, heard, now);
    if (open) {
        flr__exchange_note_locked(x, send);
        if (x->core.end == FLR__TX_RESULT) {
            x->reply = result;
            result = NULL;
        }
    }
    flr__reliable_unlock(r, before);
    flr_shareable_unref(result);
    flr__exchange_work(x);
}

static void on_message(void *self, flr_aux_send *send)
{
    flight *f = self;
    flr_shareable *result = NULL;
    flr__tx_heard heard = classify(f, send, &result);
    hear(f->exchange, f->number, heard, result);
    flr__exchange_drop(f->exchange);
    flr__free(f);
}

/* The message that the core wants sent. */
static void send_message(flr__exchange *x, flr__tx_message message, uint64_t number)
{
    flr__reliable *r = x->reliable;
    flr_aux_send *send = NULL;
    flight *f = flr__alloc(sizeof *f);
    int status = FLR_E_NOMEM;
    if (f != NULL) {
        *f = (flight){flr__exchange_hold(x), message, number};
        status = start_message(x, message, x->message_timeout, on_message, f, &send);
    }
    if (status < 0) {
        if (f != NULL)
            flr__exchange_drop(x);
        flr__free(f);
        hear(x, number, FLR__TX_LOST, NULL);
        return;
    }
    flr__mutex_lock(&r->lock);
    x->send = send;
    flr__mutex_unlock(&r->lock);
}

/* It is over: nobody else touches it any more, but who waits for it. */
static void finish(flr__exchange *x, flr_aux_send *send, flr_shareable *reply)
{
    flr__reliable *r = x->reliable;
    flr__host_frame frame;
    flr__aux_cancel(send);
    flr__aux_drop(send);
    if (x->core.farewell != FLR__TX_NOTHING && !x->quiet)
        start_message(x, x->core.farewell, 0.0, NULL, NULL, NULL);
    flr__watch_end(x->watch);
    x->watch = NULL;
    flr__context_free(x->context);
    x->context = NULL;
    if (reply == NULL)
        reply = flr_shareable_ref(x->core.end == FLR__TX_TIMED_OUT && x->late_reply != NULL
                                      ? x->late_reply
                                      : r->failures[x->core.end]);
    if (x->waited) {
        flr__mutex_lock(&r->lock);
        x->reply = reply;
        x->finished = true;
        flr__waker_notify(&x->waker);
        flr__mutex_unlock(&r->lock);
    } else {
        flr__host_enter(&frame, FLR__HOST_AUX, r->site, x);
        x->done(x->self, reply);
        flr__host_leave(&frame);
        flr_shareable_unref(reply);
    }
    flr__exchange_drop(x);
}

/* Carry out what the core decided, unless another thread does. The caller holds a reference. */
void flr__exchange_work(flr__exchange *x)
{
    flr__reliable *r = x->reliable;
    flr__mutex_lock(&r->lock);
    if (x->acting) {
        flr__mutex_unlock(&r->lock);
        return;
    }
    x->acting = true;
    /* A message that is not under way any more is let go at once: it holds the site. */
    while (x->core.end == FLR__TX_UNDER_WAY &&
           (x->unsent || (x->send != NULL && x->core.message == FLR__TX_NOTHING))) {
        flr__tx_message message = x->unsent ? x->core.message : FLR__TX_NOTHING;
        uint64_t number = x->core.number;
        flr_aux_send *old = x->send;
        x->unsent = false;
        x->send = NULL;
        flr__mutex_unlock(&r->lock);
        flr__aux_cancel(old);
        flr__aux_drop(old);
        if (message != FLR__TX_NOTHING)
            send_message(x, message, number);
        flr__mutex_lock(&r->lock);
    }
    if (x->core.end == FLR__TX_UNDER_WAY) {
        x->acting = false;
        flr__mutex_unlock(&r->lock);
        return;
    }
    /* It stays `acting`: this is the end of it. */
    flr_aux_send *send = x->send;
    flr_shareable *reply = x->reply;
    x->send = NULL;
    x->reply = NULL;
    flr__mutex_unlock(&r->lock);
    finish(x, send, reply);
}

/* ---- pushed replies, time, the end ---- */

static flr__exchange *find_locked(flr__reliable *r, const char *id, const char *sender)
{
    size_t size = strlen(id);
    flr__exchange *x = flr__table_get(&r->exchanges, id, size, flr__hash32(id, size));
    return x != NULL && strcmp(x->target->text, sender) == 0 ? flr__exchange_hold(x) : NULL;
}

int flr__send_take_reply(void *self, flr_context *context, const char *topic,
                         const flr_shareable *request, flr_shareable **reply)
{
    flr__reliable *r = self;
    const char *op = flr__reliable_text(request, FLR_RELIABLE_HEADER_OP);
    const char *id = flr__reliable_text(request, FLR_RELIABLE_HEADER_TX_ID);
    flr_shareable *result = NULL;
    (void)topic;
    if (strcmp(op, FLR_RELIABLE_OP_REPLY) != 0)
        return flr_shareable_new_reply(FLR_RC_BAD_REQUEST_DATA, NULL, reply);
    flr__mutex_lock(&r->lock);
    flr__exchange *x = find_locked(r, id, flr__reliable_sender(context));
    flr__mutex_unlock(&r->lock);
    if (x == NULL)
        return 0; /* nobody waits for it */
    int status = undress(request, &result);
    if (status == 0) {
        int64_t before = flr__reliable_lock(r);
        if (flr__sender_pushed(&x->core)) {
            flr__exchange_note_locked(x, false);
            x->reply = result;
            result = NULL;
        }
        flr__reliable_unlock(r, before);
        flr_shareable_unref(result);
        flr__exchange_work(x);
    }
    flr__exchange_drop(x);
    return status;
}

void flr__exchange_advance(flr__exchange *x, int64_t now)
{
    flr__reliable *r = x->reliable;
    int64_t before = flr__reliable_lock(r);
    if (x->core.end == FLR__TX_UNDER_WAY)
        flr__exchange_note_locked(x, flr__sender_time(&x->core, now));
    flr__reliable_unlock(r, before);
    flr__exchange_work(x);
}

void flr__send_advance(flr__reliable *r, int64_t now)
{
    for (;;) {
        flr__mutex_lock(&r->lock);
        flr__due *first = flr__heap_first(&r->dues);
        flr__exchange *x = first != NULL && first->at <= now
                               ? flr__exchange_hold((flr__exchange *)(void *)first)
                               : NULL;
        flr__mutex_unlock(&r->lock);
        if (x == NULL)
            return;
        flr__exchange_advance(x, now);
        flr__exchange_drop(x);
    }
}

void flr__send_end(flr__reliable *r, bool all, bool quiet)
{
    for (;;) {
        size_t position = 0;
        flr__mutex_lock(&r->lock);
        flr__exchange *x = flr__table_next(&r->exchanges, &position);
        while (x != NULL && !all && !flr__exchange_is_aborted(x))
            x = flr__table_next(&r->exchanges, &position);
        if (x != NULL) {
            flr__exchange_hold(x);
            x->quiet = quiet;
            flr__sender_abort(&x->core);
            flr__exchange_note_locked(x, false);
        }
        flr__mutex_unlock(&r->lock);
        if (x == NULL)
            return;
        flr__exchange_work(x);
        flr__exchange_drop(x);
    }
}
