/*
 * Shareables: headers, cookies, return code, peer properties and body of a message. No lock: one
 * thread at a time changes a message until it is frozen; then nobody does.
 *
 * Both trees are values with copy-on-write, so a copy of a message is one allocation and two
 * references.
 */
#include "data/shareable.h"

#include "base/text.h"
#include "data/node.h"
#include <string.h>

struct flr_shareable {
    atomic_size_t refs;
    /* release when set, acquire when read: who sees it frozen sees the last change */
    atomic_bool frozen;
    bool spread;        /* its trees are spread, and end with it; set before it is shared */
    flr_value *headers; /* maps, never NULL */
    flr_value *body;
};

/* ---- making, copying, references ---- */

/* [give on success] both maps */
static flr_shareable *make(flr_value *headers, flr_value *body)
{
    flr_shareable *s = flr__block_alloc(sizeof *s);

    if (s != NULL) {
        atomic_init(&s->refs, 1);
        atomic_init(&s->frozen, false);
        s->spread = false;
        s->headers = headers;
        s->body = body;
    }
    return s;
}

int flr_shareable_new(flr_shareable **message)
{
    flr_shareable *s;

    if (message == NULL) {
        return FLR_E_INVAL;
    }
    s = make(flr__value_empty_map(), flr__value_empty_map());
    if (s == NULL) {
        return FLR_E_NOMEM;
    }
    *message = s;
    return 0;
}

int flr_shareable_new_reply(const char *rc, const flr_value *headers, flr_shareable **message)
{
    flr_shareable *s;
    int status;

    if (rc == NULL || rc[0] == '\0' || message == NULL ||
        (headers != NULL && headers->kind != FLR_VALUE_MAP)) {
        return FLR_E_INVAL;
    }
    s = make(headers == NULL ? flr__value_empty_map() : flr_value_ref(headers),
             flr__value_empty_map());
    if (s == NULL) {
        flr_value_unref((flr_value *)headers);
        return FLR_E_NOMEM;
    }
    status = flr_shareable_set_rc(s, rc);
    if (status < 0) {
        flr_shareable_unref(s);
        return status;
    }
    *message = s;
    return 0;
}

int flr__shareable_new_of(flr_value *headers, flr_value *body, flr_shareable **message)
{
    flr_shareable *s;

    if (flr_map_get(body, FLR__STR(HEADERS)->text) != NULL) {
        return FLR_E_INVAL;
    }
    s = make(headers, body);
    if (s == NULL) {
        return FLR_E_NOMEM;
    }
    flr_shareable_freeze(s);
    *message = s;
    return 0;
}

int flr_shareable_copy(const flr_shareable *message, const char *const *without,
                       flr_shareable **copy)
{
    flr_shareable *s;
    int status;

    if (message == NULL || copy == NULL) {
        return FLR_E_INVAL;
    }
    s = make(message->headers, message->body);
    if (s == NULL) {
        return FLR_E_NOMEM;
    }
    flr_value_ref(s->headers);
    flr_value_ref(s->body);
    for (; without != NULL && *without != NULL; without++) {
        status = flr_map_remove(&s->headers, *without);
        if (status < 0 && status != FLR_E_NOTFOUND) {
            flr_shareable_unref(s);
            return status;
        }
    }
    *copy = s;
    return 0;
}

int flr_shareable_copy_body(const flr_shareable *message, flr_shareable **copy)
{
    flr_shareable *s;

    if (message == NULL || copy == NULL) {
        return FLR_E_INVAL;
    }
    s = make(flr__value_empty_map(), message->body);
    if (s == NULL) {
        return FLR_E_NOMEM;
    }
    flr_value_ref(s->body);
    *copy = s;
    return 0;
}

flr_shareable *flr_shareable_ref(const flr_shareable *message)
{
    flr_shareable *s = (flr_shareable *)message;

    if (s != NULL) {
        atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    }
    return s;
}

void flr_shareable_unref(flr_shareable *message)
{
    if (message == NULL || !flr__refs_drop(&message->refs)) {
        return;
    }
    if (message->spread) {
        flr__value_end_spread(message->headers);
        flr__value_end_spread(message->body);
    } else {
        flr_value_unref(message->headers);
        flr_value_unref(message->body);
    }
    flr__block_free(message, sizeof *message);
}

void flr__shareable_fetch(const flr_shareable *s)
{
    flr__fetch(s, sizeof *s);
}

void flr__shareable_fetch_parts(const flr_shareable *s)
{
    if (s != NULL) {
        flr__fetch(s->headers, 4 * 64); /* a map with a few entries */
        flr__fetch(s->body, 1);
    }
}

int flr__shareable_copy_roomy(const flr_shareable *message, size_t room, flr_shareable **copy)
{
    flr_value *headers;
    flr_shareable *s;
    int status = flr__map_copy(message->headers, room, &headers);

    if (status < 0) {
        return status;
    }
    s = make(headers, message->body);
    if (s == NULL) {
        flr_value_unref(headers);
        return FLR_E_NOMEM;
    }
    flr_value_ref(s->body);
    *copy = s;
    return 0;
}

int flr__shareable_copy_spread(const flr_shareable *message, flr_shareable **copy)
{
    flr_value *headers, *body;
    flr_shareable *s;
    int status = flr__map_new_spread(message->headers, true, &headers);

    if (status < 0) {
        return status;
    }
    status = flr__map_new_spread(message->body, false, &body);
    if (status < 0) {
        flr__value_end_spread(headers);
        return status;
    }
    s = make(headers, body);
    if (s == NULL) {
        flr__value_end_spread(headers);
        flr__value_end_spread(body);
        return FLR_E_NOMEM;
    }
    s->spread = true;
    flr_shareable_freeze(s);
    *copy = s;
    return 0;
}

void flr_shareable_freeze(flr_shareable *message)
{
    /* What is frozen already is shared: leave its cache line alone. */
    if (message != NULL && !flr_shareable_is_frozen(message)) {
        atomic_store_explicit(&message->frozen, true, memory_order_release);
    }
}

int flr_shareable_is_frozen(const flr_shareable *message)
{
    return message != NULL &&
           atomic_load_explicit(&((flr_shareable *)message)->frozen, memory_order_acquire);
}

/* ---- headers ---- */

/* Whether the message may be changed now: 0, FLR_E_INVAL or FLR_E_STATE. */
static inline int check_change(const flr_shareable *s, const void *key, const void *value)
{
    if (s == NULL || key == NULL || value == NULL) {
        return FLR_E_INVAL;
    }
    return atomic_load_explicit(&((flr_shareable *)s)->frozen, memory_order_acquire) ? FLR_E_STATE
                                                                                     : 0;
}

/* Release what a constructor made unless the message has taken it. */
static int taken(int status, flr_value *made)
{
    if (status < 0) {
        flr_value_unref(made);
    }
    return status;
}

static const flr_value *map_or_null(const flr_value *v)
{
    return v != NULL && v->kind == FLR_VALUE_MAP ? v : NULL;
}

const flr_value *flr_shareable_get_headers(const flr_shareable *message)
{
    return message == NULL ? NULL : message->headers;
}

const flr_value *flr_shareable_get_header(const flr_shareable *message, const char *key)
{
    return message == NULL ? NULL : flr_map_get(message->headers, key);
}

const flr_value *flr__shareable_header(const flr_shareable *s, const flr__str *key)
{
    return s == NULL ? NULL : flr__map_get(s->headers, key);
}

int flr_shareable_set_header(flr_shareable *message, const char *key, flr_value *value)
{
    int status = check_change(message, key, value);

    return status < 0 ? status : flr_map_set(&message->headers, key, value);
}

int flr__shareable_set_header(flr_shareable *s, const flr__str *key, flr_value *value)
{
    int status = check_change(s, key, value);

    return status < 0 ? status : flr__map_set(&s->headers, key, value);
}

int flr_shareable_set_header_text(flr_shareable *message, const char *key, const char *text)
{
    flr_value *made = NULL;
    int status = check_change(message, key, text);

    if (status == 0) {
        status = flr_value_new_text(text, &made);
    }
    return status < 0 ? status : taken(flr_map_set(&message->headers, key, made), made);
}

int flr_shareable_set_header_real(flr_shareable *message, const char *key, double number)
{
    flr_value *made = NULL;
    int status = check_change(message, key, message);

    if (status == 0) {
        status = flr_value_new_real(number, &made);
    }
    return status < 0 ? status : taken(flr_map_set(&message->headers, key, made), made);
}

int flr_shareable_set_header_int(flr_shareable *message, const char *key, int64_t number)
{
    flr_value *made = NULL;
    int status = check_change(message, key, message);

    if (status == 0) {
        status = flr_value_new_int(number, &made);
    }
    return status < 0 ? status : taken(flr_map_set(&message->headers, key, made), made);
}

int flr_shareable_remove_header(flr_shareable *message, const char *key)
{
    int status = check_change(message, key, message);

    return status < 0 ? status : flr_map_remove(&message->headers, key);
}

const char *flr_shareable_get_rc(const flr_shareable *message)
{
    const flr_value *rc = flr__shareable_header(message, FLR__STR(RC));

    return rc == NULL ? FLR_RC_OK : flr_value_get_text(rc, FLR_RC_ERROR);
}

int flr_shareable_set_rc(flr_shareable *message, const char *rc)
{
    flr_value *made = NULL;
    int status = check_change(message, rc, message);

    if (status == 0 && rc[0] == '\0') {
        status = FLR_E_INVAL;
    }
    if (status == 0) {
        status = flr_value_new_text(rc, &made);
    }
    return status < 0 ? status : taken(flr__map_set(&message->headers, FLR__STR(RC), made), made);
}

/* ---- cookies and peer properties ---- */

const flr_value *flr_shareable_get_cookie_jar(const flr_shareable *message)
{
    return map_or_null(flr__shareable_header(message, FLR__STR(COOKIE_JAR)));
}

const flr_value *flr_shareable_get_cookie(const flr_shareable *message, const char *key)
{
    return flr_map_get(flr_shareable_get_cookie_jar(message), key);
}

const flr_value *flr__shareable_cookie(const flr_shareable *s, const flr__str *key)
{
    return flr__map_get(flr_shareable_get_cookie_jar(s), key);
}

int flr__shareable_set_cookie(flr_shareable *s, const flr__str *key, flr_value *value)
{
    int status = check_change(s, key, value);

    return status < 0 ? status : flr__map_set_inner(&s->headers, FLR__STR(COOKIE_JAR), key, value);
}

int flr_shareable_set_cookie(flr_shareable *message, const char *key, flr_value *value)
{
    const flr__str *str;
    size_t size;
    int status = check_change(message, key, value);

    if (status < 0) {
        return status;
    }
    size = strlen(key);
    if (size > FLR_VALUE_MAX_KEY) {
        return FLR_E_LIMIT;
    }
    if (size == 0 || !flr__utf8_is_valid(key, size)) {
        return FLR_E_INVAL;
    }
    str = flr__str_new(key, size);
    if (str == NULL) {
        return FLR_E_NOMEM;
    }
    status = flr__map_set_inner(&message->headers, FLR__STR(COOKIE_JAR), str, value);
    flr__str_unref(str);
    return status;
}

const flr_value *flr_shareable_get_peer_props(const flr_shareable *message)
{
    return map_or_null(flr__shareable_header(message, FLR__STR(PEER_PROPS)));
}

const flr_value *flr_shareable_get_peer_prop(const flr_shareable *message, const char *key)
{
    return flr_map_get(flr_shareable_get_peer_props(message), key);
}

/* ---- body ---- */

/* As check_change, and the key must be one that a body may have. */
static int check_body_change(const flr_shareable *s, const char *key, const void *value)
{
    int status = check_change(s, key, value);

    return status == 0 && flr__str_is(FLR__STR(HEADERS), key) ? FLR_E_INVAL : status;
}

const flr_value *flr_shareable_get_body(const flr_shareable *message)
{
    return message == NULL ? NULL : message->body;
}

const flr_value *flr_shareable_get(const flr_shareable *message, const char *key)
{
    return message == NULL ? NULL : flr_map_get(message->body, key);
}

int flr_shareable_set(flr_shareable *message, const char *key, flr_value *value)
{
    int status = check_body_change(message, key, value);

    return status < 0 ? status : flr_map_set(&message->body, key, value);
}

int flr_shareable_set_text(flr_shareable *message, const char *key, const char *text)
{
    flr_value *made = NULL;
    int status = check_body_change(message, key, text);

    if (status == 0) {
        status = flr_value_new_text(text, &made);
    }
    return status < 0 ? status : taken(flr_map_set(&message->body, key, made), made);
}

int flr_shareable_set_real(flr_shareable *message, const char *key, double number)
{
    flr_value *made = NULL;
    int status = check_body_change(message, key, message);

    if (status == 0) {
        status = flr_value_new_real(number, &made);
    }
    return status < 0 ? status : taken(flr_map_set(&message->body, key, made), made);
}

int flr_shareable_set_int(flr_shareable *message, const char *key, int64_t number)
{
    flr_value *made = NULL;
    int status = check_body_change(message, key, message);

    if (status == 0) {
        status = flr_value_new_int(number, &made);
    }
    return status < 0 ? status : taken(flr_map_set(&message->body, key, made), made);
}

int flr_shareable_remove(flr_shareable *message, const char *key)
{
    int status = check_change(message, key, message);

    return status < 0 ? status : flr_map_remove(&message->body, key);
}

int flr_shareable_set_body(flr_shareable *message, flr_value *body)
{
    flr_value *old;
    int status = check_change(message, body, body);

    if (status < 0) {
        return status;
    }
    if (map_or_null(body) == NULL || flr__map_get(body, FLR__STR(HEADERS)) != NULL) {
        return FLR_E_INVAL;
    }
    old = message->body;
    message->body = body;
    flr_value_unref(old);
    return 0;
}

int flr__shareable_put(flr_shareable *s, const flr__str *key, const flr_value *value)
{
    int status = check_change(s, key, value);

    return status < 0 ? status : flr__map_put(&s->headers, key, value);
}

int flr__shareable_put_cookie(flr_shareable *s, const flr__str *key, const flr_value *value)
{
    flr_value *own = flr_value_ref(value);
    int status = flr__shareable_set_cookie(s, key, own);
    if (status < 0)
        flr_value_unref(own);
    return status;
}
