/*
 * The receiving side: inbound messages, handlers and those who run them, sending results. receiver.c decides under the lock; what it
 * leaves is released, and handlers are told, without it. Rows RM-02, RM-05 to RM-09, RM-13 to RM-15.
 */
#include "base/abi.h"
#include "reliable/internal.h"
#include <string.h>

/* The handler of a topic; lives as long as the site's owner. */
typedef struct handler {
    flr_reliable_handler function;
    void *self;
    flr__reliable *reliable;
    const flr__str *topic;
} handler;

/* A transaction. What it holds is taken out under the lock when it is over. */
typedef struct job {
    flr__rx_tx tx; /* first: a transaction is its job */
    flr__reliable *reliable;
    const handler *handler; /* NULL: a cancel that came before its request */
    const flr__str *client;
    double message_timeout;
    flr_shareable *request; /* frozen */
    flr_shareable *result;  /* frozen; NULL: none yet */
    flr_signal *cancel;     /* child of `stop` */
    flr_value *cancel_value;
    char id[];
} job;

/* A message of the topic RM.RELIABLE_REQUEST. */
typedef struct message {
    const char *client, *id, *topic;
    double message_timeout;
    int64_t timeout; /* nanoseconds; 0: not given, or wrong */
    const flr_shareable *shareable;
} message;

/* A thread that runs handlers. */
typedef struct flr__rx_worker {
    flr__reliable *reliable;
    flr_context *context;
    pthread_t thread;
    struct flr__rx_worker *next;
} flr__rx_worker;

static bool match_handler(const void *item, const void *key, size_t size)
{
    const handler *h = item;
    return h->topic->size == size && memcmp(h->topic->text, key, size) == 0;
}

void flr__handle_init(flr__reliable *r)
{
    flr__table_init(&r->handlers, match_handler);
    flr__receiver_init(&r->receiver, FLR__RX_OPEN_MAX, FLR__RX_REMEMBER_MAX);
}

static void handler_free(handler *h)
{
    flr__str_unref(h->topic);
    flr__free(h);
}

void flr__handle_free(flr__reliable *r)
{
    size_t position = 0;
    handler *h;
    while ((h = flr__table_next(&r->handlers, &position)) != NULL)
        handler_free(h);
    flr__table_free(&r->handlers);
    flr__receiver_free(&r->receiver);
}

/* ---- jobs ---- */

static void job_free(job *j)
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

static job *job_new(flr__reliable *r, const message *m)
{
    size_t size = strlen(m->id) + 1;
    job *j = flr__zalloc(sizeof *j + size);
    if (j == NULL)
        return NULL;
    memcpy(j->id, m->id, size);
    j->tx.id = j->id;
    j->tx.timeout = m->timeout;
    j->reliable = r;
    return j;
}

/* What a request needs: nothing is allocated for its cancel and its end any more. */
static int fill(job *j, const message *m)
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
        if (status < 0)
            flr_signal_unref(j->cancel);
    }
    return status;
}

/* What events left, taken out under the lock. */
typedef struct waste {
    flr_shareable *request, *result;
    flr_signal *cancel;
    flr_value *cancel_value;
    bool stop;
    job *forgotten;
} waste;

static waste collect(const flr__rx_left *left)
{
    waste w = {.stop = left->stop, .forgotten = (job *)(void *)left->forgotten};
    job *j = (job *)(void *)left->over;
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

/* Without the lock. */
static void dispose(const waste *w)
{
    if (w->stop)
        flr_signal_trigger(w->cancel, flr_value_ref(flr__value_bool(true)));
    flr_shareable_unref(w->request);
    flr_shareable_unref(w->result);
    flr_value_unref(w->cancel_value);
    flr_signal_unref(w->cancel);
    job_free(w->forgotten);
}

/* ---- handlers ---- */

static int call(const handler *h, flr_context *context, const flr_shareable *request,
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

/* Of a plain auxiliary message. */
static int handle_plain(void *self, flr_context *context, const char *topic,
                        const flr_shareable *request, flr_shareable **reply)
{
    const handler *h = self;
    flr__reliable *r;
    flr_shareable *copy;
    (void)topic;
    if (flr__reliable_of(context, &r) < 0)
        return flr_shareable_new_reply(FLR_RC_SERVICE_UNAVAILABLE, NULL, reply);
    int status = flr_shareable_copy(request, NULL, &copy);
    if (status < 0)
        return status;
    flr_shareable_freeze(copy);
    status = call(h, context, copy, h->reliable->stop, reply);
    flr_shareable_unref(copy);
    return status;
}

static handler *handler_new(flr__reliable *r, const char *topic, flr_reliable_handler function,
                            void *self)
{
    handler *h = flr__zalloc(sizeof *h);
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
static int add_handler(flr__reliable *r, handler *h)
{
    flr__mutex_lock(&r->lock);
    int status = flr__table_reserve(&r->handlers, r->handlers.count + r->promised + 1);
    if (status == 0)
        r->promised++;
    flr__mutex_unlock(&r->lock);
    if (status < 0)
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
    if (status < 0)
        return status;
    handler *h = handler_new(r, topic, function, self);
    if (h == NULL)
        return FLR_E_NOMEM;
    status = add_handler(r, h);
    if (status < 0)
        handler_free(h);
    return status;
}

/* ---- running one ---- */

static int accept_peer(flr_context *context, const job *j, const flr_shareable *request,
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
static flr_shareable *make_failure(flr_context *context, const job *j, int status)
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
static flr_shareable *run_handler(flr_context *context, const job *j, const flr_shareable *request,
                                  const flr_value *cancel)
{
    flr_shareable *made = NULL;
    flr__context_clear(context);
    int status = accept_peer(context, j, request, cancel);
    if (status == 0)
        status =
            call(j->handler, context, request, flr_value_get_pointer(cancel, "flr_signal"), &made);
    if (status == 0 && made == NULL)
        status = flr_shareable_new_reply(FLR_RC_OK, NULL, &made);
    if (status < 0)
        made = make_failure(context, j, status);
    flr_shareable_freeze(made);
    return made;
}

static void pushed(job *j, bool acknowledged)
{
    flr__reliable *r = j->reliable;
    flr__rx_left left = {0};
    int64_t now = flr__reliable_now(r), before = flr__reliable_lock(r);
    flr__receiver_pushed(&r->receiver, &j->tx, acknowledged, now, &left);
    waste w = collect(&left);
    flr__reliable_unlock(r, before);
    dispose(&w);
}

static void on_pushed(void *self, flr_aux_send *send)
{
    const char *rc = flr_shareable_get_rc(flr__aux_reply_of(send, 0));
    pushed(self, flr__aux_code_of(send, 0) == 0 && strcmp(rc, FLR_RC_OK) == 0);
}

/* The result with the headers that say whose it is. */
static int dress(const char *id, const char *topic, const flr_shareable *result,
                 flr_shareable **dressed)
{
    flr_shareable *copy;
    int status = flr_shareable_copy(result, NULL, &copy);
    if (status < 0)
        return status;
    status = flr__reliable_label(copy, FLR_RELIABLE_OP_REPLY, id, topic);
    if (status == 0)
        *dressed = copy;
    else
        flr_shareable_unref(copy);
    return status;
}

static void push(flr_context *context, job *j, const flr_shareable *result)
{
    const char *target = j->client->text;
    flr__aux_options options = {&target, 1, j->message_timeout, true, false};
    flr_shareable *dressed = NULL;
    flr__context_clear(context); /* what the handler set in it is its own */
    int status = dress(j->id, j->handler->topic->text, result, &dressed);
    if (status == 0)
        status = flr__aux_start(context, FLR_RELIABLE_TOPIC_REPLY, dressed, &options, on_pushed, j,
                                NULL);
    flr_shareable_unref(dressed);
    if (status < 0)
        pushed(j, false); /* it is fetched by a query */
}

/* One that was taken; who takes it holds what the handler gets. */
typedef struct taken {
    job *job;
    flr_shareable *request;
    flr_value *cancel;
} taken;

static bool take_locked(flr__reliable *r, taken *t)
{
    t->job = r->state == FLR__RELIABLE_ON ? (job *)(void *)flr__receiver_take(&r->receiver) : NULL;
    if (t->job == NULL)
        return false;
    t->request = flr_shareable_ref(t->job->request);
    t->cancel = flr_value_ref(t->job->cancel_value);
    return true;
}

static void handle(flr_context *context, const taken *t)
{
    flr__rx_left left = {0};
    job *j = t->job;
    flr__reliable *r = j->reliable;
    flr_shareable *result = run_handler(context, j, t->request, t->cancel);
    int64_t now = flr__reliable_now(r), before = flr__reliable_lock(r);
    j->result = flr_shareable_ref(result);
    bool wanted = flr__receiver_finished(&r->receiver, &j->tx, now, &left);
    waste w = collect(&left);
    flr__reliable_unlock(r, before);
    dispose(&w);
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
static int start_worker(flr__reliable *r)
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
static bool want_worker_locked(flr__reliable *r, size_t waiting)
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
static int ensure_worker(flr__reliable *r)
{
    flr__mutex_lock(&r->lock);
    bool wanted = r->worker_count == 0 && want_worker_locked(r, 1);
    flr__mutex_unlock(&r->lock);
    return wanted ? start_worker(r) : 0;
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

/* ---- inbound messages ---- */

static int reply_status(flr__rx_answer answer, flr_shareable **reply)
{
    static const char *const statuses[] = {
        FLR_RELIABLE_STATUS_IN_PROCESS,   FLR_RELIABLE_STATUS_IN_REPLY,
        FLR_RELIABLE_STATUS_NOT_RECEIVED, FLR_RELIABLE_STATUS_REPLIED,
        FLR_RELIABLE_STATUS_ABORTED,      FLR_RELIABLE_STATUS_DUPLICATE};
    flr_shareable *made;
    if (answer == FLR__RX_FULL)
        return flr_shareable_new_reply(FLR_RC_SERVICE_UNAVAILABLE, NULL, reply);
    int status = flr_shareable_new_reply(FLR_RC_OK, NULL, &made);
    if (status < 0)
        return status;
    status = flr_shareable_set_header_text(made, FLR_RELIABLE_HEADER_STATUS, statuses[answer]);
    if (status == 0)
        *reply = made;
    else
        flr_shareable_unref(made);
    return status;
}

/* The handler of a topic. NULL: none. */
static const handler *find_handler(flr__reliable *r, const char *topic)
{
    size_t size = strlen(topic);
    flr__mutex_lock(&r->lock);
    const handler *h = flr__table_get(&r->handlers, topic, size, flr__hash32(topic, size));
    flr__mutex_unlock(&r->lock);
    return h;
}

/* Take it in, or say how it stands. *unused: what was not taken over. */
static int take_in(flr__reliable *r, const message *m, job *fresh, job **unused,
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
        more = want_worker_locked(r, r->receiver.waiting);
    } else if (status == 0 && *answer == FLR__RX_RESULT) {
        *result = flr_shareable_ref(((job *)(void *)tx)->result);
    }
    flr__reliable_unlock(r, before);
    flr__waker_notify(&r->worker_waker);
    if (more)
        start_worker(r); /* without it those that there are take longer */
    return status;
}

static int answer_request(flr__reliable *r, const message *m, flr_shareable **reply)
{
    flr__rx_answer answer = FLR__RX_FULL;
    flr_shareable *result = NULL;
    const handler *h;
    if (m->timeout == 0 || m->message_timeout <= 0.0)
        return FLR_E_INVAL;
    h = find_handler(r, m->topic);
    if (h == NULL)
        return flr_shareable_new_reply(FLR_RC_TOPIC_UNKNOWN, NULL, reply);
    int status = ensure_worker(r);
    job *fresh = status < 0 ? NULL : job_new(r, m);
    if (fresh == NULL)
        return status < 0 ? status : FLR_E_NOMEM;
    job *unused = fresh;
    fresh->handler = h;
    status = fill(fresh, m);
    if (status == 0)
        status = take_in(r, m, fresh, &unused, &answer, &result);
    job_free(unused);
    if (status == 0)
        status = result == NULL ? reply_status(answer, reply)
                                : dress(m->id, h->topic->text, result, reply);
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
        const job *j = (job *)(void *)tx;
        result = flr_shareable_ref(j->result);
        topic = j->handler->topic->text; /* handlers stay */
    }
    flr__mutex_unlock(&r->lock);
    if (result == NULL)
        return reply_status(answer, reply);
    int status = dress(m->id, topic, result, reply);
    flr_shareable_unref(result);
    return status;
}

static int answer_confirm(flr__reliable *r, const message *m, flr_shareable **reply)
{
    flr__rx_left left = {0};
    int64_t now = flr__reliable_now(r), before = flr__reliable_lock(r);
    flr__rx_answer answer = flr__receiver_confirm(&r->receiver, m->client, m->id, now, &left);
    waste w = collect(&left);
    flr__reliable_unlock(r, before);
    dispose(&w);
    return reply_status(answer, reply);
}

static int answer_cancel(flr__reliable *r, const message *m, flr_shareable **reply)
{
    flr__rx_left left = {0};
    bool kept = false;
    flr__rx_answer answer = FLR__RX_FULL;
    job *fresh = m->timeout > 0 ? job_new(r, m) : NULL;
    int64_t now = flr__reliable_now(r), before = flr__reliable_lock(r);
    if (r->state == FLR__RELIABLE_ON)
        answer = flr__receiver_cancel(&r->receiver, m->client, m->id,
                                      fresh == NULL ? NULL : &fresh->tx, now, &kept, &left);
    waste w = collect(&left);
    flr__reliable_unlock(r, before);
    dispose(&w);
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
    waste w = collect(&left);
    flr__mutex_unlock(&r->lock);
    dispose(&w);
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
