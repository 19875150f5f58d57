/*
 * Auxiliary topics: the table of handlers and the dispatch of a message. aux.lock guards the
 * table; handlers run without it. Rows AX-01 to AX-03, AX-07.
 */
#include "base/abi.h"
#include "fl/context.h"
#include <flrunner/aux.h>
#include <string.h>

typedef struct topic {
    const flr__str *name;
    flr__aux_handler handler;
    void *self;
} topic;

static bool match(const void *item, const void *key, size_t size)
{
    const topic *t = item;

    return t->name->size == size && memcmp(t->name->text, key, size) == 0;
}

/* ---- the table ---- */

/* In the order of the numbers in aux_send.c. */
static int make_failures(flr_shareable *failures[4])
{
    static const char *const codes[4] = {FLR_RC_TIMEOUT, FLR_RC_COMMUNICATION_ERROR,
                                         FLR_RC_EXECUTION_EXCEPTION, FLR_RC_ERROR};

    for (size_t i = 0; i < 4; i++) {
        int status = flr_shareable_new_reply(codes[i], NULL, &failures[i]);

        if (status < 0) {
            while (i-- > 0)
                flr_shareable_unref(failures[i]);
            return status;
        }
        flr_shareable_freeze(failures[i]);
    }
    return 0;
}

int flr__aux_init(flr__aux_table *aux)
{
    int status;

    flr__table_init(&aux->topics, match);
    flr__heap_init(&aux->pending);
    aux->order = 0;
    aux->closed = false;
    status = flr__mutex_init(&aux->lock, FLR__RANK_BUS);
    if (status < 0)
        return status;
    status = flr__mutex_init(&aux->send_lock, FLR__RANK_BUS);
    if (status < 0)
        goto fail_lock;
    status = make_failures(aux->failures);
    if (status < 0)
        goto fail_send_lock;
    return 0;
fail_send_lock:
    flr__mutex_destroy(&aux->send_lock);
fail_lock:
    flr__mutex_destroy(&aux->lock);
    return status;
}

static void free_topic(topic *t)
{
    if (t == NULL)
        return;
    flr__str_unref(t->name);
    flr__free(t);
}

void flr__aux_free(flr__aux_table *aux)
{
    size_t position = 0;
    topic *t;

    while ((t = flr__table_next(&aux->topics, &position)) != NULL)
        free_topic(t);
    flr__table_free(&aux->topics);
    for (size_t i = 0; i < 4; i++)
        flr_shareable_unref(aux->failures[i]);
    flr__heap_free(&aux->pending);
    flr__mutex_destroy(&aux->send_lock);
    flr__mutex_destroy(&aux->lock);
}

int flr__aux_register(flr__site *site, const char *name, flr__aux_handler handler, void *self)
{
    topic *t;
    int status = flr__check_name(name, site->name_max);

    if (status < 0)
        return status;
    if (handler == NULL)
        return FLR_E_INVAL;
    t = flr__alloc(sizeof *t);
    if (t == NULL)
        return FLR_E_NOMEM;
    t->handler = handler;
    t->self = self;
    t->name = flr__str_new(name, strlen(name));
    if (t->name == NULL) {
        flr__free(t);
        return FLR_E_NOMEM;
    }
    flr__mutex_lock(&site->aux.lock);
    if (flr__table_get(&site->aux.topics, t->name->text, t->name->size, t->name->hash) != NULL)
        status = FLR_E_EXISTS;
    else
        status = flr__table_add(&site->aux.topics, t, t->name->hash);
    flr__mutex_unlock(&site->aux.lock);
    if (status < 0)
        free_topic(t);
    return status;
}

int flr__aux_unregister(flr__site *site, const char *name)
{
    size_t size;
    topic *t;

    if (name == NULL || *name == '\0')
        return FLR_E_INVAL;
    size = strlen(name);
    flr__mutex_lock(&site->aux.lock);
    t = flr__table_remove(&site->aux.topics, name, size, flr__hash32(name, size));
    flr__mutex_unlock(&site->aux.lock);
    if (t == NULL)
        return FLR_E_NOTFOUND;
    free_topic(t);
    return 0;
}

int flr_context_register_aux(flr_context *context, const char *name, flr_aux_handler handler,
                             void *self)
{
    if (context == NULL)
        return FLR_E_INVAL;
    if (context->site == NULL)
        return FLR_E_STATE;
    return flr__aux_register(context->site, name, handler, self);
}

/* ---- dispatch ---- */

/* No name that is too long was ever registered, so such a topic is simply not found. */
static bool find_handler(flr__site *site, const char *name, flr__aux_handler *handler, void **self)
{
    size_t size = strlen(name);
    const topic *t;

    flr__mutex_lock(&site->aux.lock);
    t = flr__table_get(&site->aux.topics, name, size, flr__hash32(name, size));
    if (t != NULL) {
        *handler = t->handler;
        *self = t->self;
    }
    flr__mutex_unlock(&site->aux.lock);
    return t != NULL;
}

/* The peer context: what the sender says of itself, under the name that the host knows it by. */
static int accept_peer(flr_context *context, const char *client, const flr_value *props)
{
    flr_value *name;
    int status = flr_value_new_text(client, &name);

    if (status < 0)
        return status;
    status = flr_context_set_peer_props(context, props);
    if (status < 0) {
        flr_value_unref(name);
        return status;
    }
    flr__context_put(flr_context_get_peer(context), FLR__S_IDENTITY_NAME, name,
                     FLR_PROP_FLAG_PUBLIC);
    return 0;
}

static void log_failure(flr_context *context, const char *name, int status)
{
    char text[FLR__DETAIL_MAX + 64];

    if (!flr_context_log_is_on(context, FLR_LOG_EXCEPTION))
        return;
    flr__status_describe(context->site, status, flr_context_get_detail(context), text, sizeof text);
    flr_context_log(context, FLR_LOG_EXCEPTION, "the handler of topic %s failed: %s", name, text);
}

static int call_handler(flr_context *context, const char *name, flr__aux_handler handler,
                        void *self, const flr_shareable *request, flr_shareable **reply)
{
    flr__host_frame frame;
    flr_shareable *made = NULL;
    int status;

    flr__context_clear_detail(context);
    flr__host_enter(&frame, FLR__HOST_AUX, context->site, self);
    status = flr__callback_status(handler(self, context, name, request, &made));
    flr__host_leave(&frame);
    if (status < 0) {
        log_failure(context, name, status);
        return flr_shareable_new_reply(FLR_RC_HANDLER_EXCEPTION, NULL, reply);
    }
    if (made == NULL)
        return flr_shareable_new_reply(FLR_RC_OK, NULL, reply);
    if (made == request || flr_shareable_is_frozen(made)) {
        status =
            flr_shareable_copy(made, NULL, reply); /* somebody else's: the headers go into a copy */
        flr_shareable_unref(made);
        return status;
    }
    *reply = made;
    return 0;
}

/* AX-01: the reply, still without its headers. 0 or FLR_E_NOMEM. */
static int dispatch(flr__site *site, const char *client, const char *name, flr_context *context,
                    const flr_shareable *request, flr_shareable **reply)
{
    flr__aux_handler handler;
    const flr_value *props;
    void *self;
    int status;

    if (request == NULL)
        return flr_shareable_new_reply(FLR_RC_BAD_REQUEST_DATA, NULL, reply);
    if (!find_handler(site, name, &handler, &self))
        return flr_shareable_new_reply(FLR_RC_TOPIC_UNKNOWN, NULL, reply);
    props = flr__shareable_header(request, FLR__STR(PEER_PROPS));
    if (props != NULL && flr_value_get_kind(props) != FLR_VALUE_MAP)
        return flr_shareable_new_reply(FLR_RC_BAD_PEER_CONTEXT, NULL, reply);
    if (flr_value_get_size(props) == 0)
        return flr_shareable_new_reply(FLR_RC_MISSING_PEER_CONTEXT, NULL, reply);
    status = accept_peer(context, client, props);
    if (status == FLR_E_NOMEM)
        return status;
    if (status < 0)
        return flr_shareable_new_reply(FLR_RC_BAD_PEER_CONTEXT, NULL, reply);
    return call_handler(context, name, handler, self, request, reply);
}

/* [give always] A header that makes the reply too large is left out: what clients send must not
 * make the call fail. */
static int add_header(flr_context *context, flr_shareable *reply, const flr__str *key,
                      flr_value *value)
{
    int status = flr__shareable_set_header(reply, key, value);

    if (status < 0)
        flr_value_unref(value);
    if (status != FLR_E_LIMIT)
        return status;
    flr_context_log(context, FLR_LOG_WARNING,
                    "header %s left out of a reply: it would be too large", key->text);
    return 0;
}

static int add_headers(flr_context *context, const flr_shareable *request, flr_shareable *reply)
{
    const flr_value *jar = flr_shareable_get_cookie_jar(request);
    flr_value *own = NULL;
    int status = 0;

    if (jar != NULL)
        status = add_header(context, reply, FLR__STR(COOKIE_JAR), flr_value_ref(jar));
    if (status == 0)
        status = flr_context_get_public_for_wire(context, &own);
    return status < 0 ? status : add_header(context, reply, FLR__STR(PEER_CTX), own);
}

int flr__aux_process(flr__site *site, const char *client, const char *name, flr_context *context,
                     const flr_shareable *request, const flr_shareable **reply)
{
    flr_shareable *made = NULL, *old;
    int status;

    if (site == NULL || name == NULL || *name == '\0' || context == NULL || reply == NULL)
        return FLR_E_INVAL;
    status = flr__check_name(client, site->name_max);
    if (status == 0)
        status = dispatch(site, client, name, context, request, &made);
    if (status < 0)
        return status;
    status = add_headers(context, request, made);
    if (status < 0) {
        flr_shareable_unref(made);
        return status;
    }
    flr_shareable_freeze(made);
    if (site->count_aux != NULL)
        site->count_aux(site, flr_shareable_get_rc(made));
    old = context->reply;
    context->reply = made;
    flr_shareable_unref(old);
    *reply = made;
    return 0;
}
