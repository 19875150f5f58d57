/*
 * Group statistics: a map of groups, each a map. One thread at a time changes a collector; no
 * lock. Row ST-03.
 */
#include "base/abi.h"
#include "data/value.h"
#include <flrunner/stats.h>

struct flr_collector {
    atomic_size_t refs;
    flr_value *groups;
};

int flr_collector_new(flr_collector **collector)
{
    flr_collector *c;

    if (collector == NULL)
        return FLR_E_INVAL;
    c = flr__alloc(sizeof *c);
    if (c == NULL)
        return FLR_E_NOMEM;
    atomic_init(&c->refs, 1);
    c->groups = flr__value_empty_map();
    *collector = c;
    return 0;
}

flr_collector *flr_collector_ref(flr_collector *collector)
{
    if (collector != NULL)
        atomic_fetch_add_explicit(&collector->refs, 1, memory_order_relaxed);
    return collector;
}

void flr_collector_unref(flr_collector *collector)
{
    if (collector == NULL ||
        atomic_fetch_sub_explicit(&collector->refs, 1, memory_order_acq_rel) != 1)
        return;
    flr_value_unref(collector->groups);
    flr__free(collector);
}

static int check(const flr_collector *collector, const char *group, const flr_value *stats)
{
    if (collector == NULL || flr_value_get_kind(stats) != FLR_VALUE_MAP)
        return FLR_E_INVAL;
    return flr__check_name(group, FLR_NAME_MAX);
}

/* [give always] */
static int put(flr_value **map, const char *key, flr_value *value)
{
    int status = flr_map_set(map, key, value);

    if (status < 0)
        flr_value_unref(value);
    return status;
}

int flr_collector_set(flr_collector *collector, const char *group, const flr_value *stats)
{
    int status = check(collector, group, stats);

    return status < 0 ? status : put(&collector->groups, group, flr_value_ref(stats));
}

int flr_collector_add(flr_collector *collector, const char *group, const flr_value *stats)
{
    flr_value *merged;
    int status = check(collector, group, stats);

    if (status < 0)
        return status;
    merged = flr_value_ref(flr_map_get(collector->groups, group));
    if (merged == NULL)
        return put(&collector->groups, group, flr_value_ref(stats));
    for (size_t i = 0; i < flr_value_get_size(stats) && status == 0; i++)
        status = put(&merged, flr_map_get_key(stats, i), flr_value_ref(flr_map_get_at(stats, i)));
    if (status < 0) {
        flr_value_unref(merged);
        return status;
    }
    return put(&collector->groups, group, merged);
}

const flr_value *flr_collector_get(const flr_collector *collector)
{
    return collector == NULL ? NULL : collector->groups;
}

flr_collector *flr_collector_from_context(const flr_context *context)
{
    flr_value *value = NULL;
    flr_collector *collector;

    if (context == NULL || flr_context_get(context, FLR_PROP_STATS_COLLECTOR, &value) < 0)
        return NULL;
    collector = flr_value_get_pointer(value, "flr_collector");
    flr_value_unref(value);
    return collector;
}
