/*
 * Starting auxiliary messages: checks the arguments, resolves the targets, completes the headers;
 * the library's and the host's way to send, with or without waiting. No lock of its own. Rows
 * AX-08, AX-09.
 */
#include "base/abi.h"
#include "base/table.h"
#include "fl/aux_send.h"
#include "fl/context.h"
#include <flrunner/aux.h>
#include <string.h>

/* ---- targets ---- */

/* Names in order, each once. */
typedef struct gathered {
    const flr__str **names;
    size_t count, capacity;
    flr__table seen; /* of flr__str */
} gathered;

static bool match(const void *item, const void *key, size_t size)
{
    const flr__str *name = item;

    return name->size == size && memcmp(name->text, key, size) == 0;
}

static void ungather(gathered *g)
{
    for (size_t i = 0; i < g->count; i++)
        flr__str_unref(g->names[i]);
    flr__free(g->names);
    flr__table_free(&g->seen);
}

static int gather(void *self, const flr__str *name)
{
    gathered *g = self;
    int status;

    if (flr__table_get(&g->seen, name->text, name->size, name->hash) != NULL)
        return 0;
    status = flr__grow((void **)&g->names, &g->capacity, g->count, sizeof *g->names);
    if (status == 0)
        status = flr__table_add(&g->seen, (void *)(uintptr_t)name, name->hash);
    if (status == 0)
        g->names[g->count++] = flr__str_ref(name);
    return status;
}

static int gather_given(const flr__site *site, const flr__aux_options *options, gathered *g)
{
    int status = 0;

    for (size_t i = 0; i < options->target_count && status == 0; i++) {
        const flr__str *name;

        status = flr__check_name(options->targets[i], site->name_max);
        if (status < 0)
            return status;
        name = flr__str_new(options->targets[i], strlen(options->targets[i]));
        if (name == NULL)
            return FLR_E_NOMEM;
        status = gather(g, name);
        flr__str_unref(name);
    }
    return status;
}

static int gather_targets(flr__site *site, const flr__aux_options *options, gathered *g)
{
    if (options->targets != NULL)
        return gather_given(site, options, g);
    return site->list_targets == NULL ? 0 : site->list_targets(site, gather, g);
}

/* ---- the request ---- */

static int add_header(flr_shareable *request, const flr__str *key, flr_value *value)
{
    int status = flr__shareable_set_header(request, key, value);

    if (status < 0)
        flr_value_unref(value);
    return status;
}

/* The root of a message that is part of a larger exchange is known already; so is how long that
 * may take. */
static int add_root(flr__site *site, flr_shareable *request, double timeout)
{
    const flr_value *id = flr__shareable_header(request, FLR__STR(MSG_ROOT_ID));
    const flr_value *ttl = flr__shareable_header(request, FLR__STR(MSG_ROOT_TTL));
    int kind = flr_value_get_kind(ttl);
    char text[FLR__ID_TEXT];
    int status = 0;

    if (*flr_value_get_text(id, "") == '\0') {
        flr__site_new_id(site, text);
        status = flr_shareable_set_header_text(request, FLR_HEADER_MSG_ROOT_ID, text);
    }
    if (status == 0 && kind != FLR_VALUE_REAL && kind != FLR_VALUE_INT)
        status = flr_shareable_set_header_real(request, FLR_HEADER_MSG_ROOT_TTL, timeout);
    return status;
}

static int make_request(flr_context *context, const flr_shareable *request, double timeout,
                        flr_shareable **made)
{
    flr_shareable *copy;
    flr_value *props;
    int status = flr_shareable_copy(request, NULL, &copy);

    if (status < 0)
        return status;
    status = flr_context_get_public_for_wire(context, &props);
    if (status == 0)
        status = add_header(copy, FLR__STR(PEER_PROPS), props);
    if (status == 0)
        status = add_root(context->site, copy, timeout);
    if (status < 0) {
        flr_shareable_unref(copy);
        return status;
    }
    flr_shareable_freeze(copy);
    *made = copy;
    return 0;
}

/* ---- starting ---- */

/* The arguments of one start. */
typedef struct start {
    flr_context *context;
    const char *topic;
    const flr_shareable *request;
    const flr__aux_options *options;
    flr__aux_way way;
    flr__aux_done done;
    void *self;
    int64_t wait; /* the timeout, nanoseconds */
} start;

static int check(start *s)
{
    const flr__aux_options *options = s->options;
    int status;

    if (s->context == NULL || s->request == NULL || options == NULL)
        return FLR_E_INVAL;
    if (s->context->site == NULL)
        return FLR_E_STATE;
    status = flr__check_name(s->topic, s->context->site->name_max);
    if (status == 0)
        status = flr__seconds(options->timeout, &s->wait);
    if (status < 0)
        return status;
    if (s->wait == 0 && options->timeout > 0.0)
        s->wait = 1; /* too short to be told from 0, but replies were asked for */
    if (options->targets == NULL && options->target_count != 0)
        return FLR_E_INVAL;
    if (s->wait != 0 && s->way != FLR__AUX_WAITED && s->done == NULL)
        return FLR_E_INVAL;
    for (size_t i = 0; i < options->target_count; i++) {
        status = flr__check_name(options->targets[i], s->context->site->name_max);
        if (status < 0)
            return status;
    }
    return 0;
}

static int make(const start *s, flr_aux_send **made)
{
    flr__site *site = s->context->site;
    gathered g = {NULL, 0, 0, {NULL, 0, 0, NULL}};
    const flr__str *topic = NULL;
    flr_shareable *request = NULL;
    flr_aux_send *send = NULL;
    int status;

    flr__table_init(&g.seen, match);
    status = gather_targets(site, s->options, &g);
    if (status == 0)
        status = make_request(s->context, s->request, s->options->timeout, &request);
    if (status < 0)
        goto out;
    topic = flr__str_new(s->topic, strlen(s->topic));
    if (topic != NULL)
        send = flr__aux_send_new(site, s->way, g.count);
    if (send == NULL) {
        status = FLR_E_NOMEM;
        goto out;
    }
    for (size_t i = 0; i < g.count; i++)
        flr__aux_send_add_target(send, g.names[i]);
    flr__aux_send_set(send, topic, request, s->options, s->done, s->self);
    *made = send;
out:
    flr__str_unref(topic);
    flr_shareable_unref(request);
    ungather(&g);
    return status;
}

/* AX-09: a send that fails is logged; how loud, the sender says. */
static void log_failure(const start *s, int status)
{
    int level = s->options->optional ? FLR_LOG_DEBUG : FLR_LOG_ERROR;
    char text[FLR__DETAIL_MAX + 64];

    if (!flr_context_log_is_on(s->context, level))
        return;
    flr__status_describe(s->context->site, status, NULL, text, sizeof text);
    flr_context_log(s->context, level, "aux message %s could not be sent: %s", s->topic, text);
}

static int run(start *s, flr_aux_send **send)
{
    flr_aux_send *made = NULL;
    int engine_status = 0;
    int status = check(s);

    if (status < 0)
        return status;
    if (s->context->site->engine.send_aux == NULL)
        status = FLR_E_NOTSUP;
    if (status == 0)
        status = make(s, &made);
    if (status == 0)
        status = flr__aux_send_launch(made, s->wait, &engine_status);
    if (status < 0 || engine_status < 0)
        log_failure(s, status < 0 ? status : engine_status);
    if (status == 0 && send != NULL)
        *send = made;
    else
        flr__aux_drop(made);
    return status;
}

int flr__aux_start(flr_context *context, const char *topic, const flr_shareable *request,
                   const flr__aux_options *options, flr__aux_done done, void *self,
                   flr_aux_send **send)
{
    start s = {context, topic, request, options, FLR__AUX_LIBRARY, done, self, 0};

    return run(&s, send);
}

/* ---- waiting ---- */

static void release_message(void *pointer)
{
    flr_shareable_unref(pointer);
}

static int collect(const flr_aux_send *send, flr_value **replies)
{
    size_t count = flr_aux_send_get_target_count(send);
    flr_value *map;
    int status = flr__map_new(count, &map);

    for (size_t i = 0; i < count && status == 0; i++) {
        flr_shareable *reply = flr_shareable_ref(flr__aux_reply_of(send, i));
        flr_value *value;

        status = flr_value_new_pointer("flr_shareable", reply, release_message, &value);
        if (status < 0) {
            flr_shareable_unref(reply);
            flr_value_unref(map);
            return status;
        }
        status = flr_map_set(&map, flr_aux_send_get_target(send, i), value);
        if (status < 0) {
            flr_value_unref(value);
            flr_value_unref(map);
        }
    }
    if (status == 0)
        *replies = map;
    return status;
}

int flr__aux_send_and_wait(flr_context *context, const char *topic, const flr_shareable *request,
                           const flr__aux_options *options, flr_signal *abort, flr_value **replies)
{
    start s = {context, topic, request, options, FLR__AUX_WAITED, NULL, NULL, 0};
    flr_aux_send *send = NULL;
    int status = replies == NULL ? FLR_E_INVAL : check(&s);

    if (status < 0)
        return status;
    if (s.wait != 0 && flr__host_inside(FLR__HOST_STEP, context->site, NULL))
        return FLR_E_NOTSUP;
    if (s.wait != 0 && flr_signal_is_triggered(abort))
        return FLR_E_ABORTED;
    status = run(&s, &send);
    if (status < 0)
        return status;
    if (s.wait == 0) {
        *replies = NULL;
    } else {
        status = flr__aux_send_await(send, abort);
        if (status == 0)
            status = collect(send, replies);
    }
    flr__aux_drop(send);
    return status;
}

/* ---- the host's way ---- */

void flr_aux_options_init(flr_aux_options *options, size_t size)
{
    flr__abi_init(options, size);
}

static int import_options(const flr_aux_options *from, flr__aux_options *to)
{
    flr_aux_options options;
    int status;

    memset(to, 0, sizeof *to);
    if (from == NULL)
        return 0;
    status = flr__abi_import(&options, sizeof options, from, sizeof options,
                             FLR_AUX_FLAG_OPTIONAL | FLR_AUX_FLAG_SECURE);
    if (status < 0)
        return status;
    to->targets = options.targets;
    to->target_count = options.target_count;
    to->timeout = options.timeout;
    to->optional = (options.flags & FLR_AUX_FLAG_OPTIONAL) != 0;
    to->secure = (options.flags & FLR_AUX_FLAG_SECURE) != 0;
    return 0;
}

int flr_context_send_aux(flr_context *context, const char *topic, const flr_shareable *request,
                         const flr_aux_options *options, flr_aux_done done, void *self)
{
    flr__aux_options imported;
    start s = {context, topic, request, &imported, FLR__AUX_HOST, done, self, 0};
    int status = import_options(options, &imported);

    return status < 0 ? status : run(&s, NULL);
}

int flr_context_send_aux_and_wait(flr_context *context, const char *topic,
                                  const flr_shareable *request, const flr_aux_options *options,
                                  flr_signal *abort, flr_value **replies)
{
    flr__aux_options imported;
    int status = import_options(options, &imported);

    return status < 0 ? status
                      : flr__aux_send_and_wait(context, topic, request, &imported, abort, replies);
}
