/*
 * Which filters a message meets: the effective scope's, then the job's chains whose pattern
 * matches its task. Everything here is constant while messages pass; no lock. Rows FI-01 to FI-05.
 */
#include "base/abi.h"
#include "fl/context.h"
#include "fl/filter.h"
#include <string.h>

/* Static texts: every message that is filtered names one. */
int flr__filters_init(flr__site *site)
{
    site->filter_dirs[0] = flr__value_in_or_out(false);
    site->filter_dirs[1] = flr__value_in_or_out(true);
    return 0;
}

void flr__filters_free(flr__site *site)
{
    site->filter_dirs[0] = site->filter_dirs[1] = NULL;
}

/* ---- configuration ---- */

int flr__chains_add(flr__chains *chains, const char *pattern, int direction,
                    flr_filter_chain *chain)
{
    flr__chain_entry *entry;
    const flr__str *text;
    int status = flr__check_name(pattern, FLR_NAME_MAX);

    if (status < 0)
        return status;
    if (chain == NULL || direction < FLR_FILTER_IN || direction > FLR_FILTER_INOUT)
        return FLR_E_INVAL;
    for (size_t i = 0; i < chains->count; i++) {
        entry = &chains->items[i];
        if ((entry->direction & direction) != 0 && flr__str_is(entry->pattern, pattern))
            return FLR_E_EXISTS;
    }
    status =
        flr__grow((void **)&chains->items, &chains->capacity, chains->count, sizeof *chains->items);
    if (status < 0)
        return status;
    text = flr__str_new(pattern, strlen(pattern));
    if (text == NULL)
        return FLR_E_NOMEM;
    entry = &chains->items[chains->count++];
    entry->pattern = text;
    entry->direction = direction;
    entry->chain = flr_filter_chain_ref(chain);
    flr__filter_chain_use(chain);
    return 0;
}

/* The filter must not destroy self if the chain cannot be configured. */
int flr__chains_add_filter(flr__chains *chains, const char *pattern, int direction,
                           const flr_filter_ops *ops, void *self)
{
    flr_filter_chain *chain = NULL;
    flr_filter *filter = NULL;
    int status = flr_filter_new(ops, self, &filter);

    if (status < 0)
        return status;
    status = flr_filter_chain_new(&chain);
    if (status == 0)
        status = flr_filter_chain_add(chain, filter);
    if (status == 0)
        status = flr__chains_add(chains, pattern, direction, chain);
    if (status < 0)
        flr__filter_disown(filter);
    flr_filter_chain_unref(chain);
    flr_filter_unref(filter);
    return status;
}

void flr__chains_free(flr__chains *chains)
{
    for (size_t i = 0; i < chains->count; i++) {
        flr__str_unref(chains->items[i].pattern);
        flr_filter_chain_unref(chains->items[i].chain);
    }
    flr__free(chains->items);
    memset(chains, 0, sizeof *chains);
}

/* ---- messages ---- */

static bool applies(const flr__chain_entry *entry, int direction, const char *task_name)
{
    return (entry->direction & direction) != 0 && flr__glob_match(entry->pattern->text, task_name);
}

int flr__filters_apply(flr_context *context, const flr__chains *job, bool results, int direction,
                       const char *task_name, flr_shareable **message)
{
    flr__site *site = context->site;
    int status;

    flr__context_put(context, FLR__S_FILTER_DIR,
                     flr_value_ref(site->filter_dirs[direction == FLR_FILTER_OUT]), 0);
    status =
        flr__filter_list_apply(flr__scope_list(site->scope, results), context, direction, message);
    for (size_t i = 0; i < job->count && status == 0; i++)
        if (applies(&job->items[i], direction, task_name))
            status = flr__filter_list_apply(flr__filter_chain_list(job->items[i].chain), context,
                                            direction, message);
    return status;
}

bool flr__filters_any(const flr__site *site, const flr__chains *job, bool results, int direction,
                      const char *task_name)
{
    if (flr__filter_list_any(flr__scope_list(site->scope, results), direction))
        return true;
    for (size_t i = 0; i < job->count; i++)
        if (applies(&job->items[i], direction, task_name) &&
            flr__filter_list_any(flr__filter_chain_list(job->items[i].chain), direction))
            return true;
    return false;
}
