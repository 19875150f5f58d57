/*
 * The receiving side: topics, inbound messages, transactions. receiver.c decides under the lock; what it leaves is released, and handlers
 * are told, without it. Rows RM-02, RM-05 to RM-08, RM-13, RM-14.
 */
#include "base/abi.h"
#include "reliable/handle.h"
#include <string.h>

/* A message of the topic RM.RELIABLE_REQUEST. */
typedef struct message {
    const char *client, *id, *topic;
    double message_timeout;
    int64_t timeout; /* nanoseconds; 0: not given, or wrong */
    const flr_shareable *shareable;
} message;

static bool match_handler(const void *item, const void *key, size_t size)
{
    const flr__rx_handler *h = item;
    return h->topic->size == size && memcmp(h->topic->text, key, size) == 0;
}

void flr__handle_init(flr__reliable *r)
{
    flr__table_init(&r->handlers, match_handler);
    flr__receiver_init(&r->receiver, FLR__RX_OPEN_MAX, FLR__RX_REMEMBER_MAX);
}

static void handler_free(flr__rx_handler *h)
{
    flr__str_unref(h->topic);
    flr__free(h);
}

void flr__handle_free(flr__reliable *r)
{
    size_t position = 0;
    flr__rx_handler *h;
    while ((h = flr__table_next(&r->handlers, &position)) != NULL)
        handler_free(h);
    flr__table_free(&r->handlers);
    flr__receiver_free(&r->receiver);
}

/* ---- jobs ---- */

static void job_free(flr__rx_job *j)
{
    if (j == NULL)
        return;
    flr_shareable_unref(j->request);
    flr_shareable_unref(j->result);
    flr_value_unref(j->cancel_value);
    flr_signal_unref(j->cancel);
    flr__str_unref(j->client);
    flr__free(j);
}

static flr__rx_job *job_new(flr__reliable *r, const message *m)
{
    size_t size = strlen(m->id) + 1;
    flr__rx_job *j = flr__zalloc(sizeof *j + size);
    if (j == NULL)
        return NULL;
    memcpy(j->id, m->id, size);
    j->tx.id = j->id;
    j->tx.timeout = m->timeout;
    j->reliable = r;
    return j;
}

/* What a request needs: nothing is allocated for its cancel and its end any more. */
static int fill(flr__rx_job *j, const message *m)
{
    j->message_timeout = m->message_timeout;
    j->client = flr__str_new(m->client, strlen(m->client));
    int status =
        j->client == NULL ? FLR_E_NOMEM : flr_shareable_copy(m->shareable, NULL, &j->request);
    if (status == 0) {
        flr_shareable_freeze(j->request);
        status = flr_signal_new(j->reliable->stop, NULL, &j->cancel);
    }
    if (status == 0) {
        status = flr_value_new_pointer("flr_signal", flr_signal_ref(j->cancel), flr__signal_release,
                                       &j->cancel_value);
        if (status != 0)
            flr_signal_unref(j->cancel);
    }
    return status;
}

flr__rx_waste flr__handle_collect(const flr__rx_left *left)
{
    flr__rx_waste w = {.stop = left->stop, .forgotten = (flr__rx_job *)(void *)left->forgotten};
    flr__rx_job *j = (flr__rx_job *)(void *)left->over;
    if (j == NULL)
        return w;
    w.request = j->request;
    w.result = j->result;
    w.cancel = j->cancel;
    w.cancel_value = j->cancel_value;
    j->request = j->result = NULL;
    j->cancel = NULL;
    j->cancel_value = NULL;
    return w;
}

void flr__handle_dispose(const flr__rx_waste *w)
{
    if (w->stop)
        flr_signal_trigger(w->cancel, flr_value_ref(flr__value_bool(true)));
    flr_shareable_unref(w->request);
    flr_shareable_unref(w->result);
    flr_value_unref(w->cancel_value);
    flr_signal_unref(w->cancel);
    job_free(w->forgotten);
}

/* The result with the headers that say whose it is. */
int flr__handle_dress(const char *id, const char *topic, const flr_shareable *result,
                      flr_shareable **dressed)
{
    flr_shareable *copy;
    int status = flr_shareable_copy(result, NULL, &copy);
    if (status != 0)
        return status;
    status = flr__reliable_label(copy, FLR_RELIABLE_OP_REPLY, id, topic);
    if (status == 0)
        *dressed = copy;
    else
        flr_shareable_unref(copy);
    return status;
}

/* ---- topics ---- */

/* Of a plain auxiliary message. */
static int handle_plain(void *self, flr_context *context, const char *topic,
                        const flr_shareable *request, flr_shareable **reply)
{
    const flr__rx_handler *h = self;
    flr__reliable *r;
    flr_shareable *copy;
    (void)topic;
    if (flr__reliable_of(context, &r) < 0)
        return flr_shareable_new_reply(FLR_RC_SERVICE_UNAVAILABLE, NULL, reply);
    int status = flr_shareable_copy(request, NULL, &copy);
    if (status != 0)
        return status;
    flr_shareable_freeze(copy);
    status = flr__handle_call(h, context, copy, h->reliable->stop, reply);
    flr_shareable_unref(copy);
    return status;
}

static flr__rx_handler *handler_new(flr__reliable *r, const char *topic,
                                    flr_reliable_handler function, void *self)
{
    flr__rx_handler *h = flr__zalloc(sizeof *h);
    if (h == NULL)
        return NULL;
    h->topic = flr__str_new(topic, strlen(topic));
    if (h->topic == NULL) {
        flr__free(h);
        return NULL;
    }
    h->function = function;
    h->self = self;
    h->reliable = r;
    return h;
}

/* Room is kept before the topic is registered, so that nothing fails afterwards. */
static int add_handler(flr__reliable *r, flr__rx_handler *h)
{
    flr__mutex_lock(&r->lock);
    int status = flr__table_reserve(&r->handlers, r->handlers.count + r->promised + 1);
    if (status == 0)
        r->promised++;
    flr__mutex_unlock(&r->lock);
    if (status != 0)
        return status;
    status = flr__aux_register(r->site, h->topic->text, handle_plain, h);
    flr__mutex_lock(&r->lock);
    r->promised--;
    if (status == 0)
        flr__table_add(&r->handlers, h, h->topic->hash);
    flr__mutex_unlock(&r->lock);
    return status;
}

int flr_context_register_reliable(flr_context *context, const char *topic,
                                  flr_reliable_handler function, void *self)
{
    flr__reliable *r;
    if (context == NULL || function == NULL)
        return FLR_E_INVAL;
    int status =
        flr__check_name(topic, context->site == NULL ? FLR_NAME_MAX : context->site->name_max);
    if (status == 0)
        status = flr__reliable_of(context, &r);
    if (status != 0)
        return status;
    flr__rx_handler *h = handler_new(r, topic, function, self);
    if (h == NULL)
        return FLR_E_NOMEM;
    status = add_handler(r, h);
    if (status != 0)
        handler_free(h);
    return status;
}

/* ---- inbound messages ---- */

static int reply_status(flr__rx_answer answer, flr_shareable **reply)
{
    static const char *const statuses[] = {
        FLR_RELIABLE_STATUS_IN_PROCESS,   FLR_RELIABLE_STATUS_IN_REPLY,
        FLR_RELIABLE_STATUS_NOT_RECEIVED, FLR_RELIABLE_STATUS_REPLIED,
        FLR_RELIABLE_STATUS_ABORTED,      FLR_RELIABLE_STATUS_DUPLICATE};
    flr_shareable *made = NULL;
    if ((size_t)answer >= sizeof statuses / sizeof statuses[0]) /* FLR__RX_FULL */
        return flr_shareable_new_reply(FLR_RC_SERVICE_UNAVAILABLE, NULL, reply);
    int status = flr_shareable_new_reply(FLR_RC_OK, NULL, &made);
    if (status != 0)
        return status;
    status = flr_shareable_set_header_text(made, FLR_RELIABLE_HEADER_STATUS, statuses[answer]);
    if (status == 0)
        *reply = made;
    else
        flr_shareable_unref(made);
    return status;
}

/* The handler of a topic. NULL: none. */
static const flr__rx_handler *find_handler(flr__reliable *r, const char *topic)
{
    size_t size = strlen(topic);
    flr__mutex_lock(&r->lock);
    const flr__rx_handler *h = flr__table_get(&r->handlers, topic, size, flr__hash32(topic, size));
    flr__mutex_unlock(&r->lock);
    return h;
}

/* Take it in, or say how it stands. *unused: what was not taken over. */
static int take_in(flr__reliable *r, const message *m, flr__rx_job *fresh, flr__rx_job **unused,
                   flr__rx_answer *answer, flr_shareable **result)
{
    flr__rx_tx *tx = NULL;
    bool more = false;
    int status = 0;
    int64_t now = flr__reliable_now(r), before = flr__reliable_lock(r);
    if (r->state != FLR__RELIABLE_ON)
        *answer = FLR__RX_FULL;
    else
        status = flr__receiver_request(&r->receiver, m->client, &fresh->tx, now, &tx, answer);
    if (status == 0 && tx == &fresh->tx) {
        *unused = NULL;
        more = flr__workers_want_locked(r, r->receiver.waiting);
    } else if (status == 0 && *answer == FLR__RX_RESULT) {
        *result = flr_shareable_ref(((flr__rx_job *)(void *)tx)->result);
    }
    flr__reliable_unlock(r, before);
    flr__waker_notify(&r->worker_waker);
    if (more)
        flr__workers_start(r); /* without it those that there are take longer */
    return status;
}

static int answer_request(flr__reliable *r, const message *m, flr_shareable **reply)
{
    flr__rx_answer answer = FLR__RX_FULL;
    flr_shareable *result = NULL;
    const flr__rx_handler *h;
    if (m->timeout == 0 || m->message_timeout <= 0.0)
        return FLR_E_INVAL;
    h = find_handler(r, m->topic);
    if (h == NULL)
        return flr_shareable_new_reply(FLR_RC_TOPIC_UNKNOWN, NULL, reply);
    int status = flr__workers_ensure(r);
    flr__rx_job *fresh = status != 0 ? NULL : job_new(r, m);
    if (fresh == NULL)
        return status != 0 ? status : FLR_E_NOMEM;
    flr__rx_job *unused = fresh;
    fresh->handler = h;
    status = fill(fresh, m);
    if (status == 0)
        status = take_in(r, m, fresh, &unused, &answer, &result);
    job_free(unused);
    if (status == 0)
        status = result == NULL ? reply_status(answer, reply)
                                : flr__handle_dress(m->id, h->topic->text, result, reply);
    flr_shareable_unref(result);
    return status;
}

static int answer_query(flr__reliable *r, const message *m, flr_shareable **reply)
{
    flr__rx_tx *tx;
    flr_shareable *result = NULL;
    const char *topic = "";
    flr__mutex_lock(&r->lock);
    flr__rx_answer answer = flr__receiver_query(&r->receiver, m->client, m->id, &tx);
    if (answer == FLR__RX_RESULT) {
        const flr__rx_job *j = (flr__rx_job *)(void *)tx;
        result = flr_shareable_ref(j->result);
        topic = j->handler->topic->text; /* handlers stay */
    }
    flr__mutex_unlock(&r->lock);
    if (answer != FLR__RX_RESULT)
        return reply_status(answer, reply);
    int status = flr__handle_dress(m->id, topic, result, reply);
    flr_shareable_unref(result);
    return status;
}

static int answer_confirm(flr__reliable *r, const message *m, flr_shareable **reply)
{
    flr__rx_left left = {0};
    int64_t now = flr__reliable_now(r), before = flr__reliable_lock(r);
    flr__rx_answer answer = flr__receiver_confirm(&r->receiver, m->client, m->id, now, &left);
    flr__rx_waste w = flr__handle_collect(&left);
    flr__reliable_unlock(r, before);
    flr__handle_dispose(&w);
    return reply_status(answer, reply);
}

static int answer_cancel(flr__reliable *r, const message *m, flr_shareable **reply)
{
    flr__rx_left left = {0};
    bool kept = false;
    flr__rx_answer answer = FLR__RX_FULL;
    flr__rx_job *fresh = m->timeout > 0 ? job_new(r, m) : NULL;
    int64_t now = flr__reliable_now(r), before = flr__reliable_lock(r);
    if (r->state == FLR__RELIABLE_ON)
        answer = flr__receiver_cancel(&r->receiver, m->client, m->id,
                                      fresh == NULL ? NULL : &fresh->tx, now, &kept, &left);
    flr__rx_waste w = flr__handle_collect(&left);
    flr__reliable_unlock(r, before);
    flr__handle_dispose(&w);
    if (!kept)
        job_free(fresh);
    return reply_status(answer, reply);
}

static int64_t read_time(const flr_shareable *request, const char *key, double *seconds)
{
    int64_t time;
    *seconds = flr_value_get_real(flr_shareable_get_header(request, key), 0.0);
    if (flr__seconds(*seconds, &time) < 0)
        return 0;
    return time == 0 && *seconds > 0.0 ? 1 : time;
}

static bool read_message(const flr_context *context, const flr_shareable *request, message *m)
{
    double seconds;
    m->shareable = request;
    m->client = flr__reliable_sender(context);
    m->id = flr__reliable_text(request, FLR_RELIABLE_HEADER_TX_ID);
    m->topic = flr__reliable_text(request, FLR_RELIABLE_HEADER_TOPIC);
    m->timeout = read_time(request, FLR_RELIABLE_HEADER_TX_TIMEOUT, &seconds);
    if (read_time(request, FLR_RELIABLE_HEADER_PER_MSG_TIMEOUT, &m->message_timeout) == 0)
        m->message_timeout = 0.0;
    if (m->message_timeout > seconds)
        m->message_timeout = seconds; /* the reply is of no use later */
    return *m->id != '\0' && strlen(m->id) <= FLR_NAME_MAX;
}

int flr__handle_request(void *self, flr_context *context, const char *topic,
                        const flr_shareable *request, flr_shareable **reply)
{
    static const struct {
        const char *op;
        int (*answer)(flr__reliable *r, const message *m, flr_shareable **reply);
    } ops[] = {{FLR_RELIABLE_OP_REQUEST, answer_request},
               {FLR_RELIABLE_OP_QUERY, answer_query},
               {FLR_RELIABLE_OP_CONFIRM, answer_confirm},
               {FLR_RELIABLE_OP_CANCEL, answer_cancel}};
    const char *op = flr__reliable_text(request, FLR_RELIABLE_HEADER_OP);
    flr__reliable *r = self;
    message m;
    (void)topic;
    flr__mutex_lock(&r->lock);
    bool closed = r->state == FLR__RELIABLE_CLOSED;
    flr__mutex_unlock(&r->lock);
    if (closed)
        return flr_shareable_new_reply(FLR_RC_SERVICE_UNAVAILABLE, NULL, reply);
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        if (strcmp(op, ops[i].op) == 0)
            return read_message(context, request, &m) ? ops[i].answer(r, &m, reply)
                                                      : FLR_E_INVAL; /* RM-08: HANDLER_EXCEPTION */
    return flr_shareable_new_reply(FLR_RC_BAD_REQUEST_DATA, NULL, reply);
}

/* ---- time, and the end ---- */

static bool next_waste(flr__reliable *r, bool (*next)(flr__receiver *, int64_t, flr__rx_left *),
                       int64_t now)
{
    flr__rx_left left = {0};
    flr__mutex_lock(&r->lock);
    bool any = next(&r->receiver, now, &left);
    flr__rx_waste w = flr__handle_collect(&left);
    flr__mutex_unlock(&r->lock);
    flr__handle_dispose(&w);
    return any;
}

void flr__handle_advance(flr__reliable *r, int64_t now)
{
    while (next_waste(r, flr__receiver_expire, now)) {
    }
}

static bool close_one(flr__receiver *receiver, int64_t now, flr__rx_left *left)
{
    (void)now;
    return flr__receiver_close(receiver, left);
}

void flr__handle_drop_all(flr__reliable *r)
{
    while (next_waste(r, close_one, 0)) {
    }
}
