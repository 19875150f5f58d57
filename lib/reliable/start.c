/*
 * Starting exchanges, and waiting for them: checks the arguments, makes what the exchange needs to its end. Rows RM-02 to RM-04, RM-15.
 */
#include "base/abi.h"
#include "reliable/exchange.h"
#include <stdio.h>
#include <string.h>

/* RM-04. */
static int make_request(flr__exchange *x, const flr_shareable *request)
{
    const flr_value *root = flr__shareable_header(request, FLR__STR(MSG_ROOT_ID));
    int status = flr_shareable_copy(request, NULL, &x->request);
    if (status == 0 && !x->plain) {
        status = flr__reliable_label(x->request, FLR_RELIABLE_OP_REQUEST, x->id, x->topic->text);
        if (status == 0)
            status = flr_shareable_set_header_real(x->request, FLR_RELIABLE_HEADER_PER_MSG_TIMEOUT,
                                                   x->message_timeout);
        if (status == 0)
            status = flr_shareable_set_header_real(x->request, FLR_RELIABLE_HEADER_TX_TIMEOUT,
                                                   x->timeout);
        if (status == 0 && *flr_value_get_text(root, "") == '\0')
            status = flr_shareable_set_header_text(x->request, FLR_HEADER_MSG_ROOT_ID, x->id);
        if (status == 0)
            status = flr_shareable_set_header_real(x->request, FLR_HEADER_MSG_ROOT_TTL,
                                                   x->message_timeout);
    }
    flr_shareable_freeze(x->request);
    return status;
}

/* ---- starting ---- */

/* What the receivers see of the sender: the public properties of the context that it is sent from. */
static int copy_public(flr_context *from, flr_context *to)
{
    flr_value *map, *present;
    int status = flr_context_get_public_for_wire(from, &map);
    if (status != 0)
        return status;
    for (size_t i = 0; status == 0 && i < flr_value_get_size(map); i++) {
        const char *key = flr_map_get_key(map, i);
        if (flr_context_get(to, key, &present) == 0) {
            flr_value_unref(present);
            continue; /* of the site, or sticky */
        }
        flr_value *value = flr_value_ref(flr_map_get_at(map, i));
        status = flr_context_set_prop(to, key, value, FLR_PROP_FLAG_PUBLIC);
        if (status != 0)
            flr_value_unref(value);
        status = status == FLR_E_NOMEM ? status : 0;
    }
    flr_value_unref(map);
    return status;
}

static int make_late_reply(flr__exchange *x)
{
    char text[64];
    int status = flr_shareable_new_reply(FLR_RC_COMMUNICATION_ERROR, NULL, &x->late_reply);
    snprintf(text, sizeof text, "max tx timeout (%g) reached", x->timeout);
    if (status == 0)
        status = flr_shareable_set_header_text(x->late_reply, FLR_HEADER_ERROR, text);
    flr_shareable_freeze(x->late_reply);
    return status;
}

static int watch(flr__exchange *x, flr_signal *abort)
{
    flr__reliable *r = x->reliable;
    int status = flr_signal_new(abort, r->site->clock, &x->abort);
    if (status != 0)
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

static int fill(flr__exchange *x, const start *s)
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
static int enlist(flr__exchange *x, const start *s)
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
        flr__exchange_hold(x);
        if (flr__exchange_is_aborted(x))
            flr__sender_abort(&x->core);
        else
            send = flr__sender_begin(&x->core, &s->times, now);
        flr__exchange_note_locked(x, send);
    }
    flr__reliable_unlock(r, before);
    return status;
}

/* 0 and a reference, or why it could not be begun. */
static int begin(const start *s, flr_reliable_done done, void *self, flr__exchange **begun)
{
    flr__exchange *x = flr__zalloc(sizeof *x);
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
    if (status != 0) {
        flr__exchange_drop(x);
        return status;
    }
    if (flr__exchange_is_aborted(x)) /* it was triggered before it could be found */
        flr__send_end(s->reliable, false, false);
    flr__exchange_work(x);
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
    if (status != 0)
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
    if (status != 0)
        return status;
    s->times.interval = s->reliable->interval;
    return s->context->site->engine.send_aux == NULL ? FLR_E_NOTSUP : 0;
}

int flr_context_send_reliable(flr_context *context, const char *target, const char *topic,
                              const flr_shareable *request, const flr_reliable_options *options,
                              flr_signal *abort, flr_reliable_done done, void *self)
{
    start s = {.context = context, .target = target, .topic = topic, .request = request};
    flr__exchange *x;
    s.abort = abort;
    int status = done == NULL ? FLR_E_INVAL : check(&s, options);
    if (status == 0)
        status = begin(&s, done, self, &x);
    if (status == 0)
        flr__exchange_drop(x);
    return status;
}

/* ---- waiting ---- */

/* Who waits acts on the exchange's times too: it may be the driver itself. */
static void await(flr__exchange *x)
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
            flr__exchange_advance(x, flr__reliable_now(r));
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
    flr__exchange *x;
    s.abort = abort;
    int status = reply == NULL ? FLR_E_INVAL : check(&s, options);
    if (status != 0)
        return status;
    if (flr__host_inside(FLR__HOST_STEP, context->site, NULL))
        return FLR_E_NOTSUP;
    status = begin(&s, NULL, NULL, &x);
    if (status != 0)
        return status;
    await(x);
    *reply = flr_shareable_ref(x->reply);
    flr__exchange_drop(x);
    return 0;
}
