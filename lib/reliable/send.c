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
#include "reliable/internal.h"
#include <stdio.h>
#include <string.h>

typedef struct exchange {
    flr__due due; /* first: a due is its exchange */
    atomic_size_t refs;
    flr__reliable *reliable;
    /* constant */
    const flr__str *target, *topic;
    char id[FLR__ID_TEXT];
    uint32_t hash;
    uint32_t flags; /* FLR_AUX_FLAG_* */
    double message_timeout, timeout;
    flr_shareable *request;    /* frozen */
    flr_shareable *late_reply; /* what a timeout becomes; frozen */
    flr_signal *abort;         /* child of the given one; NULL: none was given */
    flr__watch *watch;
    flr_context *context; /* of who acts; NULL once it is over */
    bool plain, waited;
    flr_reliable_done done; /* unless waited */
    void *self;
    flr__waker waker; /* if waited */

    /* guarded by the lock */
    flr__sender core;
    bool acting;
    bool unsent;        /* core.message is a new one */
    bool quiet;         /* no message any more */
    bool finished;      /* waited: `reply` is there */
    flr_aux_send *send; /* of the message under way, or the last one */
    flr_shareable *reply;
} exchange;

/* A message on its way. */
typedef struct flight {
    exchange *exchange;
    flr__tx_message message;
    uint64_t number;
} flight;

static bool match(const void *item, const void *id, size_t size)
{
    const exchange *x = item;
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

static exchange *hold(exchange *x)
{
    atomic_fetch_add_explicit(&x->refs, 1, memory_order_relaxed);
    return x;
}

static void drop(exchange *x)
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
static void note_locked(exchange *x, bool send)
{
    flr__reliable *r = x->reliable;
    x->unsent = send || (x->unsent && x->core.end == FLR__TX_UNDER_WAY);
    flr__heap_set(&r->dues, &x->due, x->core.due);
    if (x->core.end != FLR__TX_UNDER_WAY) /* a reply that comes now is not waited for */
        flr__table_remove(&r->exchanges, x->id, strlen(x->id), x->hash);
    if (x->waited)
        flr__waker_notify(&x->waker);
}

static bool is_aborted(const exchange *x)
{
    return flr_signal_is_triggered(x->abort) || flr_signal_is_triggered(x->reliable->stop);
}

/* ---- messages ---- */

static int add_time(flr_shareable *message, const char *key, double seconds)
{
    return flr_shareable_set_header_real(message, key, seconds);
}

/* RM-04. */
static int make_request(exchange *x, const flr_shareable *request)
{
    const flr_value *root = flr__shareable_header(request, FLR__STR(MSG_ROOT_ID));
    int status = flr_shareable_copy(request, NULL, &x->request);
    if (status == 0 && !x->plain) {
        status = flr__reliable_label(x->request, FLR_RELIABLE_OP_REQUEST, x->id, x->topic->text);
        if (status == 0)
            status = add_time(x->request, FLR_RELIABLE_HEADER_PER_MSG_TIMEOUT, x->message_timeout);
        if (status == 0)
            status = add_time(x->request, FLR_RELIABLE_HEADER_TX_TIMEOUT, x->timeout);
        if (status == 0 && *flr_value_get_text(root, "") == '\0')
            status = flr_shareable_set_header_text(x->request, FLR_HEADER_MSG_ROOT_ID, x->id);
        if (status == 0)
            status = add_time(x->request, FLR_HEADER_MSG_ROOT_TTL, x->message_timeout);
    }
    flr_shareable_freeze(x->request);
    return status;
}

/* A query, confirm or cancel. */
static int make_note(const exchange *x, flr__tx_message message, flr_shareable **made)
{
    static const char *const ops[] = {[FLR__TX_QUERY] = FLR_RELIABLE_OP_QUERY,
                                      [FLR__TX_CONFIRM] = FLR_RELIABLE_OP_CONFIRM,
                                      [FLR__TX_CANCEL] = FLR_RELIABLE_OP_CANCEL};
    int status = flr_shareable_new(made);
    if (status == 0)
        status = flr__reliable_label(*made, ops[message], x->id, x->topic->text);
    if (status == 0) /* a cancel may overtake its request: it says how long to remember that */
        status = add_time(*made, FLR_RELIABLE_HEADER_TX_TIMEOUT, x->timeout);
    if (status == 0)
        status = flr_shareable_set_header_text(*made, FLR_HEADER_MSG_ROOT_ID, x->id);
    return status;
}

static int start_message(exchange *x, flr__tx_message message, double timeout, flr__aux_done done,
                         void *self, flr_aux_send **send)
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

static bool is_result(const exchange *x, const flr_shareable *message)
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
    const exchange *x = f->exchange;
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

static void work(exchange *x);

/* [give] result */
static void hear(exchange *x, uint64_t number, flr__tx_heard heard, flr_shareable *result)
{
    flr__reliable *r = x->reliable;
    int64_t now = flr__reliable_now(r), before = flr__reliable_lock(r);
    bool open = x->core.end == FLR__TX_UNDER_WAY;
    bool send = flr__sender_heard(&x->core, number, heard, now);
    if (open) {
        note_locked(x, send);
        if (x->core.end == FLR__TX_RESULT) {
            x->reply = result;
            result = NULL;
        }
    }
    flr__reliable_unlock(r, before);
    flr_shareable_unref(result);
    work(x);
}

static void on_message(void *self, flr_aux_send *send)
{
    flight *f = self;
    flr_shareable *result = NULL;
    flr__tx_heard heard = classify(f, send, &result);
    hear(f->exchange, f->number, heard, result);
    drop(f->exchange);
    flr__free(f);
}

/* The message that the core wants sent; the one before it is of no interest any more. */
static void send_message(exchange *x, flr__tx_message message, uint64_t number, flr_aux_send *old)
{
    flr__reliable *r = x->reliable;
    flr_aux_send *send = NULL;
    flight *f = flr__alloc(sizeof *f);
    int status = FLR_E_NOMEM;
    flr__aux_cancel(old);
    flr__aux_drop(old);
    if (f != NULL) {
        *f = (flight){hold(x), message, number};
        status = start_message(x, message, x->message_timeout, on_message, f, &send);
    }
    if (status < 0) {
        if (f != NULL)
            drop(x);
        flr__free(f);
        hear(x, number, FLR__TX_LOST, NULL);
        return;
    }
    flr__mutex_lock(&r->lock);
    x->send = send;
    flr__mutex_unlock(&r->lock);
}

/* It is over: nobody else touches it any more, but who waits for it. */
static void finish(exchange *x, flr_aux_send *send, flr_shareable *reply)
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
    drop(x);
}

/* Carry out what the core decided, unless another thread does. The caller holds a reference. */
static void work(exchange *x)
{
    flr__reliable *r = x->reliable;
    flr__mutex_lock(&r->lock);
    if (x->acting) {
        flr__mutex_unlock(&r->lock);
        return;
    }
    x->acting = true;
    while (x->core.end == FLR__TX_UNDER_WAY && x->unsent) {
        flr__tx_message message = x->core.message;
        uint64_t number = x->core.number;
        flr_aux_send *old = x->send;
        x->unsent = false;
        x->send = NULL;
        flr__mutex_unlock(&r->lock);
        send_message(x, message, number, old);
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

/* ---- starting ---- */

/* What the receivers see of the sender: the public properties of the context that it is sent from. */
static int copy_public(flr_context *from, flr_context *to)
{
    flr_value *map, *present;
    int status = flr_context_get_public_for_wire(from, &map);
    if (status < 0)
        return status;
    for (size_t i = 0; status == 0 && i < flr_value_get_size(map); i++) {
        const char *key = flr_map_get_key(map, i);
        if (flr_context_get(to, key, &present) == 0) {
            flr_value_unref(present);
            continue; /* of the site, or sticky */
        }
        flr_value *value = flr_value_ref(flr_map_get_at(map, i));
        status = flr_context_set_prop(to, key, value, FLR_PROP_FLAG_PUBLIC);
        if (status < 0)
            flr_value_unref(value);
        status = status == FLR_E_NOMEM ? status : 0;
    }
    flr_value_unref(map);
    return status;
}

static int make_late_reply(exchange *x)
{
    char text[64];
    int status = flr_shareable_new_reply(FLR_RC_COMMUNICATION_ERROR, NULL, &x->late_reply);
    snprintf(text, sizeof text, "max tx timeout (%g) reached", x->timeout);
    if (status == 0)
        status = flr_shareable_set_header_text(x->late_reply, FLR_HEADER_ERROR, text);
    flr_shareable_freeze(x->late_reply);
    return status;
}

static int watch(exchange *x, flr_signal *abort)
{
    flr__reliable *r = x->reliable;
    int status = flr_signal_new(abort, r->site->clock, &x->abort);
    if (status < 0)
        return status;
    x->watch = flr__watch_new(x->abort, r->site, r->owner_refs, flr__reliable_on_abort);
    return x->watch == NULL ? FLR_E_NOMEM : 0;
}

/* What a start was given. */
typedef struct start {
    flr_context *context;
    const char *target, *topic;
    const flr_shareable *request;
    flr_reliable_options options;
    flr__tx_times times;
    flr_signal *abort;
    flr__reliable *reliable;
} start;

static int fill(exchange *x, const start *s)
{
    x->plain = s->times.whole <= s->times.message;
    x->flags = s->options.flags;
    x->message_timeout = s->options.per_message_timeout;
    x->timeout = s->options.transaction_timeout;
    flr__site_new_id(x->reliable->site, x->id);
    x->hash = flr__hash32(x->id, strlen(x->id));
    x->target = flr__str_new(s->target, strlen(s->target));
    x->topic = flr__str_new(s->topic, strlen(s->topic));
    x->context = flr__context_new_weak(x->reliable->site);
    if (x->target == NULL || x->topic == NULL || x->context == NULL)
        return FLR_E_NOMEM;
    int status = copy_public(s->context, x->context);
    if (status == 0)
        status = make_request(x, s->request);
    if (status == 0 && !x->plain)
        status = make_late_reply(x);
    if (status == 0 && s->abort != NULL)
        status = watch(x, s->abort);
    return status;
}

/* Under way, unless it is aborted already. 0, FLR_E_NOMEM, FLR_E_STATE. */
static int enlist(exchange *x, const start *s)
{
    flr__reliable *r = x->reliable;
    int status = FLR_E_STATE;
    int64_t now = flr__reliable_now(r), before = flr__reliable_lock(r);
    if (r->state == FLR__RELIABLE_ON)
        status = flr__heap_reserve(&r->dues, r->dues.count + 1);
    if (status == 0)
        status = flr__table_add(&r->exchanges, x, x->hash);
    if (status == 0) {
        bool send = false;
        x->due.order = r->order++;
        hold(x);
        if (is_aborted(x))
            flr__sender_abort(&x->core);
        else
            send = flr__sender_begin(&x->core, &s->times, now);
        note_locked(x, send);
    }
    flr__reliable_unlock(r, before);
    return status;
}

/* 0 and a reference, or why it could not be begun. */
static int begin(const start *s, flr_reliable_done done, void *self, exchange **begun)
{
    exchange *x = flr__zalloc(sizeof *x);
    if (x == NULL)
        return FLR_E_NOMEM;
    if (done == NULL && flr__waker_init(&x->waker) < 0) {
        flr__free(x);
        return FLR_E_NOMEM;
    }
    atomic_init(&x->refs, 1);
    x->reliable = s->reliable;
    x->waited = done == NULL;
    x->done = done;
    x->self = self;
    int status = fill(x, s);
    if (status == 0)
        status = enlist(x, s);
    if (status < 0) {
        drop(x);
        return status;
    }
    if (is_aborted(x)) /* it was triggered before it could be found */
        flr__send_end(s->reliable, false, false);
    work(x);
    *begun = x;
    return 0;
}

void flr_reliable_options_init(flr_reliable_options *options, size_t size)
{
    flr_reliable_options defaults = {0, 0, 2.0, 600.0};
    flr__abi_init(options, size);
    if (options == NULL || options->struct_size < sizeof defaults)
        return;
    defaults.struct_size = options->struct_size;
    memcpy(options, &defaults, sizeof defaults);
}

static int take_options(start *s, const flr_reliable_options *options)
{
    flr_reliable_options *o = &s->options;
    int status = 0;
    flr_reliable_options_init(o, sizeof *o);
    if (options != NULL)
        status = flr__abi_import(o, sizeof *o, options, sizeof *o,
                                 FLR_AUX_FLAG_OPTIONAL | FLR_AUX_FLAG_SECURE);
    if (status == 0)
        status = flr__seconds(o->per_message_timeout, &s->times.message);
    if (status == 0)
        status = flr__seconds(o->transaction_timeout, &s->times.whole);
    if (status < 0)
        return status;
    if (o->per_message_timeout <= 0.0)
        return FLR_E_INVAL;
    if (s->times.message == 0)
        s->times.message = 1; /* too short to be told from 0 */
    return 0;
}

static int check(start *s, const flr_reliable_options *options)
{
    if (s->context == NULL || s->request == NULL)
        return FLR_E_INVAL;
    size_t most = s->context->site == NULL ? FLR_NAME_MAX : s->context->site->name_max;
    int status = flr__check_name(s->target, most);
    if (status == 0)
        status = flr__check_name(s->topic, most);
    if (status == 0)
        status = take_options(s, options);
    if (status == 0)
        status = flr__reliable_of(s->context, &s->reliable);
    if (status < 0)
        return status;
    s->times.interval = s->reliable->interval;
    return s->context->site->engine.send_aux == NULL ? FLR_E_NOTSUP : 0;
}

int flr_context_send_reliable(flr_context *context, const char *target, const char *topic,
                              const flr_shareable *request, const flr_reliable_options *options,
                              flr_signal *abort, flr_reliable_done done, void *self)
{
    start s = {.context = context, .target = target, .topic = topic, .request = request};
    exchange *x;
    s.abort = abort;
    int status = done == NULL ? FLR_E_INVAL : check(&s, options);
    if (status == 0)
        status = begin(&s, done, self, &x);
    if (status == 0)
        drop(x);
    return status;
}

/* ---- waiting ---- */

static void advance(exchange *x, int64_t now)
{
    flr__reliable *r = x->reliable;
    int64_t before = flr__reliable_lock(r);
    if (x->core.end == FLR__TX_UNDER_WAY)
        note_locked(x, flr__sender_time(&x->core, now));
    flr__reliable_unlock(r, before);
    work(x);
}

/* Who waits acts on the exchange's times too: it may be the driver itself. */
static void await(exchange *x)
{
    flr__reliable *r = x->reliable;
    for (;;) {
        uint64_t ticket = flr__waker_ticket(&x->waker);
        flr__mutex_lock(&r->lock);
        bool finished = x->finished;
        int64_t due = x->core.due;
        flr__mutex_unlock(&r->lock);
        if (finished)
            return;
        if (flr__reliable_now(r) >= due)
            advance(x, flr__reliable_now(r));
        else
            flr__waker_wait(&x->waker, ticket, r->site->clock, due);
    }
}

int flr_context_send_reliable_and_wait(flr_context *context, const char *target, const char *topic,
                                       const flr_shareable *request,
                                       const flr_reliable_options *options, flr_signal *abort,
                                       flr_shareable **reply)
{
    start s = {.context = context, .target = target, .topic = topic, .request = request};
    exchange *x;
    s.abort = abort;
    int status = reply == NULL ? FLR_E_INVAL : check(&s, options);
    if (status < 0)
        return status;
    if (flr__host_inside(FLR__HOST_STEP, context->site, NULL))
        return FLR_E_NOTSUP;
    status = begin(&s, NULL, NULL, &x);
    if (status < 0)
        return status;
    await(x);
    *reply = flr_shareable_ref(x->reply);
    drop(x);
    return 0;
}

/* ---- pushed replies, time, the end ---- */

static exchange *find_locked(flr__reliable *r, const char *id, const char *sender)
{
    size_t size = strlen(id);
    exchange *x = flr__table_get(&r->exchanges, id, size, flr__hash32(id, size));
    return x != NULL && strcmp(x->target->text, sender) == 0 ? hold(x) : NULL;
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
    exchange *x = find_locked(r, id, flr__reliable_sender(context));
    flr__mutex_unlock(&r->lock);
    if (x == NULL)
        return 0; /* nobody waits for it */
    int status = undress(request, &result);
    if (status == 0) {
        int64_t before = flr__reliable_lock(r);
        if (flr__sender_pushed(&x->core)) {
            note_locked(x, false);
            x->reply = result;
            result = NULL;
        }
        flr__reliable_unlock(r, before);
        flr_shareable_unref(result);
        work(x);
    }
    drop(x);
    return status;
}

void flr__send_advance(flr__reliable *r, int64_t now)
{
    for (;;) {
        flr__mutex_lock(&r->lock);
        flr__due *first = flr__heap_first(&r->dues);
        exchange *x = first != NULL && first->at <= now ? hold((exchange *)(void *)first) : NULL;
        flr__mutex_unlock(&r->lock);
        if (x == NULL)
            return;
        advance(x, now);
        drop(x);
    }
}

void flr__send_end(flr__reliable *r, bool all, bool quiet)
{
    for (;;) {
        size_t position = 0;
        flr__mutex_lock(&r->lock);
        exchange *x = flr__table_next(&r->exchanges, &position);
        while (x != NULL && !all && !is_aborted(x))
            x = flr__table_next(&r->exchanges, &position);
        if (x != NULL) {
            hold(x);
            x->quiet = quiet;
            flr__sender_abort(&x->core);
            note_locked(x, false);
        }
        flr__mutex_unlock(&r->lock);
        if (x == NULL)
            return;
        work(x);
        drop(x);
    }
}
