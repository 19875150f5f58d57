/*
 * Log lines: with the prefix of a context (row EV-11) or without one, to the engine's sink and as
 * log events. Lines are made on the stack: that needs no memory and so cannot fail. No state, no
 * lock.
 */
#include "fl/props.h"

#include "base/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_MAX 2048 /* with its NUL */
#define FIELD_MAX   255  /* of a name in the prefix: a peer's may be anything */
#define FIELDS      8

typedef struct line {
    size_t size;
    char text[FIELDS * (FIELD_MAX + 16) + MESSAGE_MAX];
} line;

/* ---- hostile text ---- */

void flr__utf8_clean(char *text)
{
    char *p = text;

    if (flr__utf8_is_valid(text, strlen(text))) {
        return;
    }
    while (*p != '\0') {
        size_t left = strnlen(p, 4), size = 1;

        while (size <= left && !flr__utf8_is_valid(p, size)) {
            size++;
        }
        if (size > left) {
            *p = '?';
            size = 1;
        }
        p += size;
    }
}

int flr__text_value(const char *text, flr_value **value)
{
    size_t size = strlen(text);
    char *copy;
    int status;

    if (flr__utf8_is_valid(text, size)) {
        return flr_value_new_text_sized(text, size, value);
    }
    copy = flr__strndup(text, size);
    if (copy == NULL) {
        return FLR_E_NOMEM;
    }
    flr__utf8_clean(copy);
    status = flr_value_new_text_sized(copy, size, value);
    flr__free(copy);
    return status;
}

/* One line stays one line. */
static void clean(line *l)
{
    for (char *p = l->text; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f) {
            *p = ' ';
        }
    }
    flr__utf8_clean(l->text);
}

/* ---- making a line ---- */

static void add(line *l, const char *key, const char *text)
{
    int size = snprintf(l->text + l->size, sizeof l->text - l->size, "%s%s=%.*s",
                        l->size == 1 ? "" : ", ", key, FIELD_MAX, text);

    if (size > 0) {
        l->size += (size_t)size;
    }
}

/* A property that may be sticky; left out if it is no text. */
static void add_found(line *l, const char *key, const flr_context *context, unsigned slot)
{
    flr_value *value = flr__context_find(context, slot);
    const char *text = flr_value_get_text(value, NULL);

    if (text != NULL) {
        add(l, key, text);
    }
    flr_value_unref(value);
}

static const char *or_unknown(const char *text)
{
    return text == NULL || text[0] == '\0' ? "?" : text;
}

static void add_prefix(line *l, const flr_context *context)
{
    const flr_context *peer = flr_context_get_peer(context);
    const flr_shareable *result = flr__context_own_message(context, FLR__S_TASK_RESULT);

    l->size = 1;
    l->text[0] = '[';
    add(l, "identity", flr_context_get_identity(context));
    add(l, "run", or_unknown(flr_context_get_job_id(context)));
    add_found(l, "wf", context, FLR__S_WORKFLOW);
    if (peer != NULL) {
        add(l, "peer", or_unknown(flr_context_get_identity(peer)));
        add(l, "peer_run", or_unknown(flr_context_get_job_id(peer)));
    }
    if (result != NULL) {
        add(l, "peer_rc", flr_shareable_get_rc(result));
    }
    add_found(l, "task_name", context, FLR__S_TASK_NAME);
    add_found(l, "task_id", context, FLR__S_TASK_ID);
    memcpy(l->text + l->size, "]: ", 4);
    l->size += 3;
}

FLR_PRINTF(2, 0)
static void add_message(line *l, const char *format, va_list args)
{
    l->text[l->size] = '\0';
    if (vsnprintf(l->text + l->size, MESSAGE_MAX, format, args) < 0) {
        l->text[l->size] = '\0';
    }
    clean(l);
}

/* ---- where lines go ---- */

bool flr__site_log_is_on(const flr__site *site, int level)
{
    return site->engine.log != NULL && level >= site->log_level &&
           flr_log_get_level_name(level)[0] != '?';
}

static void write_line(const flr__site *site, int level, const char *text)
{
    flr__host_frame frame;

    flr__host_enter(&frame, FLR__HOST_ENGINE, site, site->engine_self);
    site->engine.log(site->engine_self, level, text);
    flr__host_leave(&frame);
}

void flr__site_log(flr__site *site, int level, const char *format, ...)
{
    va_list args;
    line l;

    if (!flr__site_log_is_on(site, level)) {
        return;
    }
    l.size = 0;
    va_start(args, format);
    add_message(&l, format, args);
    va_end(args);
    write_line(site, level, l.text);
}

/* The log event of a level; FLR__S_NONE: it has none that is fired by default. */
static unsigned event_of(int level)
{
    switch (level) {
    case FLR_LOG_WARNING:
        return FLR__S_EV_WARNING_LOG;
    case FLR_LOG_ERROR:
        return FLR__S_EV_ERROR_LOG;
    case FLR_LOG_CRITICAL:
        return FLR__S_EV_CRITICAL_LOG;
    default:
        return FLR__S_NONE;
    }
}

static unsigned bit_of(unsigned event)
{
    return event == FLR__S_EV_WARNING_LOG ? 1u : event == FLR__S_EV_ERROR_LOG ? 2u : 4u;
}

/*
 * Whether a line of this level fires its event here. A handler of that very event which logs again
 * does not fire it anew.
 */
static bool fires(const flr_context *context, int level)
{
    unsigned event = event_of(level);

    return event != FLR__S_NONE && context->site != NULL && flr__bus_hears(context->site, event) &&
           (flr__context_block_of(context)->log_events & bit_of(event)) == 0;
}

/* Whose sink takes the lines of this context: a peer context's owner. */
static const flr__site *sink_of(const flr_context *context)
{
    return context->site != NULL ? context->site : flr__context_block_of(context)->context.site;
}

static void fire(flr_context *context, int level, const char *text)
{
    flr__context_block *block = flr__context_block_of(context);
    unsigned event = event_of(level), bit = bit_of(event);
    flr__slot data = {{.value = NULL}, 1, 0, false};
    flr__firing how = {.by_host = true, .keep_exceptions = true, .data = &data};

    if (flr_value_new_text(text, &data.u.value) < 0) {
        return;
    }
    block->log_events |= bit;
    flr__bus_fire(context, flr__str_wellknown(event), &how);
    block->log_events &= ~bit;
    flr_value_unref(data.u.value);
}

int flr_context_log_is_on(const flr_context *context, int level)
{
    const flr__site *site = context == NULL ? NULL : sink_of(context);

    return site != NULL && (flr__site_log_is_on(site, level) || fires(context, level));
}

void flr_context_log(flr_context *context, int level, const char *format, ...)
{
    va_list args;
    line l;

    if (format == NULL || !flr_context_log_is_on(context, level)) {
        return;
    }
    add_prefix(&l, context);
    va_start(args, format);
    add_message(&l, format, args);
    va_end(args);
    if (flr__site_log_is_on(sink_of(context), level)) {
        write_line(sink_of(context), level, l.text);
    }
    if (fires(context, level)) {
        fire(context, level, l.text);
    }
}

void flr__context_log_quiet(const flr_context *context, int level, const char *format, ...)
{
    const flr__site *site = sink_of(context);
    va_list args;
    line l;

    if (site == NULL || !flr__site_log_is_on(site, level)) {
        return;
    }
    add_prefix(&l, context);
    va_start(args, format);
    add_message(&l, format, args);
    va_end(args);
    write_line(site, level, l.text);
}

void flr__status_describe(const flr__site *site, int status, const char *detail, char *text,
                          size_t size)
{
    const char *name = flr_status_get_name(status);

    if (site->secure || detail == NULL || detail[0] == '\0') {
        snprintf(text, size, "%s", name);
    } else {
        snprintf(text, size, "%s: %s", name, detail);
    }
}
