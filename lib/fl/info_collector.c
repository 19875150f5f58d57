/*
 * The ready-made component that keeps the last text per origin and kind of log event, and asks for
 * group statistics. Its lock guards everything in it. Row ST-06.
 */
#include "base/lock.h"
#include "data/value.h"
#include "fl/context.h"
#include <flrunner/stats.h>
#include <string.h>

enum { KINDS = 4 };

static const struct {
    const char *key, *event;
} kinds[KINDS] = {
    {"critical", FLR_EVENT_CRITICAL_LOG},
    {"error", FLR_EVENT_ERROR_LOG},
    {"warning", FLR_EVENT_WARNING_LOG},
    {"exception", FLR_EVENT_EXCEPTION_LOG},
};

struct flr_info_collector {
    flr__mutex lock;         /* rank STATS */
    bool running;            /* between `_start_run` and `_end_run` */
    flr__site *site;         /* of the run; not held: it outlives its components */
    flr_value *texts[KINDS]; /* maps of origins, never NULL */
};

int flr_info_collector_new(flr_info_collector **collector)
{
    flr_info_collector *c;

    if (collector == NULL)
        return FLR_E_INVAL;
    c = flr__zalloc(sizeof *c);
    if (c == NULL)
        return FLR_E_NOMEM;
    if (flr__mutex_init(&c->lock, FLR__RANK_STATS) < 0) {
        flr__free(c);
        return FLR_E_NOMEM;
    }
    for (size_t i = 0; i < KINDS; i++)
        c->texts[i] = flr__value_empty_map();
    *collector = c;
    return 0;
}

void flr_info_collector_free(flr_info_collector *collector)
{
    if (collector == NULL)
        return;
    for (size_t i = 0; i < KINDS; i++)
        flr_value_unref(collector->texts[i]);
    flr__mutex_destroy(&collector->lock);
    flr__free(collector);
}

/* ---- hearing ---- */

/* Forget everything; from now on texts are kept, or no longer (site NULL). */
static void reset(flr_info_collector *c, flr__site *site)
{
    flr_value *old[KINDS];

    flr__mutex_lock(&c->lock);
    for (size_t i = 0; i < KINDS; i++) {
        old[i] = c->texts[i];
        c->texts[i] = flr__value_empty_map();
    }
    c->running = site != NULL;
    c->site = site;
    flr__mutex_unlock(&c->lock);
    for (size_t i = 0; i < KINDS; i++)
        flr_value_unref(old[i]);
}

static const char *text_of(const flr_context *context, unsigned slot, const char *missing)
{
    const char *text = flr_value_get_text(flr__context_own(context, slot), missing);

    return *text == '\0' ? missing : text;
}

static int make_entry(const flr_context *context, flr_value **entry)
{
    int status = flr__map_new(2, entry);

    if (status < 0)
        return status;
    status = flr_map_set_text(entry, "text", text_of(context, FLR__S_EVENT_DATA, ""));
    if (status == 0)
        status = flr_map_set_int(entry, "time", flr_clock_get_calendar(context->site->clock));
    if (status < 0)
        flr_value_unref(*entry);
    return status;
}

static int keep(flr_info_collector *c, size_t kind, const flr_context *context)
{
    flr_value *entry;
    int status = make_entry(context, &entry);
    bool kept = false;

    if (status < 0)
        return status;
    flr__mutex_lock(&c->lock);
    if (c->running) {
        status =
            flr_map_set(&c->texts[kind], text_of(context, FLR__S_EVENT_ORIGIN, "general"), entry);
        kept = status == 0;
    }
    flr__mutex_unlock(&c->lock);
    if (!kept)
        flr_value_unref(entry);
    return status;
}

static int handle_event(void *self, const char *event, flr_context *context)
{
    if (strcmp(event, FLR_EVENT_START_RUN) == 0)
        reset(self, context->site);
    else if (strcmp(event, FLR_EVENT_END_RUN) == 0)
        reset(self, NULL);
    else
        for (size_t i = 0; i < KINDS; i++)
            if (strcmp(event, kinds[i].event) == 0)
                return keep(self, i, context);
    return 0;
}

static void destroy(void *self)
{
    flr_info_collector_free(self);
}

const flr_component_ops *flr_info_collector_get_ops(void)
{
    static const char *const events[] = {
        FLR_EVENT_START_RUN,
        FLR_EVENT_END_RUN,
        FLR_EVENT_CRITICAL_LOG,
        FLR_EVENT_ERROR_LOG,
        FLR_EVENT_WARNING_LOG,
        FLR_EVENT_EXCEPTION_LOG,
        NULL,
    };
    static const flr_component_ops ops = {
        .struct_size = sizeof ops,
        .handle_event = handle_event,
        .events = events,
        .destroy = destroy,
    };

    return &ops;
}

/* ---- asking ---- */

/* A map of what the four hold; takes them over. */
static int join(flr_value *texts[KINDS], flr_value **info)
{
    flr_value *map;
    int status = flr__map_new(KINDS, &map);
    size_t i = 0;

    for (; i < KINDS && status == 0; i++) {
        status = flr_map_set(&map, kinds[i].key, texts[i]);
        if (status < 0) {
            flr_value_unref(map);
            break;
        }
    }
    for (; i < KINDS; i++)
        flr_value_unref(texts[i]);
    if (status == 0)
        *info = map;
    return status;
}

int flr_info_collector_get(flr_info_collector *collector, flr_value **info)
{
    flr_value *texts[KINDS];
    bool running;

    if (collector == NULL || info == NULL)
        return FLR_E_INVAL;
    flr__mutex_lock(&collector->lock);
    running = collector->running;
    for (size_t i = 0; i < KINDS; i++)
        texts[i] = running ? flr_value_ref(collector->texts[i]) : NULL;
    flr__mutex_unlock(&collector->lock);
    if (!running)
        return flr_value_new_map(info);
    return join(texts, info);
}

static void release_collector(void *pointer)
{
    flr_collector_unref(pointer);
}

/* [give always] collector */
static int fire(flr_context *context, flr_collector *collector)
{
    flr_value *value;
    int status = flr_value_new_pointer("flr_collector", collector, release_collector, &value);

    if (status < 0) {
        flr_collector_unref(collector);
        return status;
    }
    flr__context_put(context, FLR__S_STATS_COLLECTOR, value, 0);
    return flr__fire(context, FLR__STR(EV_GET_STATS));
}

int flr_info_collector_get_stats(flr_info_collector *collector, flr_value **groups)
{
    flr_collector *stats;
    flr_context *context;
    flr__site *site;
    int status;

    if (collector == NULL || groups == NULL)
        return FLR_E_INVAL;
    flr__mutex_lock(&collector->lock);
    site = collector->site;
    flr__mutex_unlock(&collector->lock);
    if (site == NULL)
        return flr_value_new_map(groups);
    context = flr__context_new(site);
    if (context == NULL)
        return FLR_E_NOMEM;
    status = flr_collector_new(&stats);
    if (status == 0) {
        status = fire(context, flr_collector_ref(stats));
        if (status == 0)
            *groups = flr_value_ref(flr_collector_get(stats));
        flr_collector_unref(stats);
    }
    flr__context_free(context);
    return status;
}
