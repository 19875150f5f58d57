/*
 * Privacy scopes: the site's own filters, and which scope a job gets. Constant once a runner uses
 * them; no lock. Rows FI-08, FI-09.
 */
#include "base/abi.h"
#include "fl/filter.h"
#include <string.h>

struct flr_scope {
    atomic_size_t refs;
    atomic_bool used;
    const flr__str *name;
    flr__filter_list data, results;
};

int flr_scope_new(const char *name, flr_scope **scope)
{
    flr_scope *s;
    int status = flr__check_name(name, FLR_NAME_MAX);

    if (status < 0)
        return status;
    if (scope == NULL)
        return FLR_E_INVAL;
    s = flr__zalloc(sizeof *s);
    if (s == NULL)
        return FLR_E_NOMEM;
    s->name = flr__str_new(name, strlen(name));
    if (s->name == NULL) {
        flr__free(s);
        return FLR_E_NOMEM;
    }
    atomic_init(&s->refs, 1);
    atomic_init(&s->used, false);
    *scope = s;
    return 0;
}

flr_scope *flr_scope_ref(flr_scope *scope)
{
    if (scope != NULL)
        atomic_fetch_add_explicit(&scope->refs, 1, memory_order_relaxed);
    return scope;
}

void flr_scope_unref(flr_scope *scope)
{
    if (scope == NULL || atomic_fetch_sub_explicit(&scope->refs, 1, memory_order_acq_rel) != 1)
        return;
    flr__filter_list_free(&scope->data);
    flr__filter_list_free(&scope->results);
    flr__str_unref(scope->name);
    flr__free(scope);
}

const char *flr_scope_get_name(const flr_scope *scope)
{
    return scope == NULL ? "" : scope->name->text;
}

static int add_filter(flr_scope *scope, bool results, int direction, flr_filter *filter)
{
    if (scope == NULL || filter == NULL || direction < FLR_FILTER_IN ||
        direction > FLR_FILTER_INOUT)
        return FLR_E_INVAL;
    if (atomic_load(&scope->used))
        return FLR_E_STATE;
    return flr__filter_list_add(results ? &scope->results : &scope->data, direction, filter);
}

int flr_scope_add_data_filter(flr_scope *scope, int direction, flr_filter *filter)
{
    return add_filter(scope, false, direction, filter);
}

int flr_scope_add_result_filter(flr_scope *scope, int direction, flr_filter *filter)
{
    return add_filter(scope, true, direction, filter);
}

const flr__filter_list *flr__scope_list(const flr_scope *scope, bool results)
{
    if (scope == NULL)
        return NULL;
    return results ? &scope->results : &scope->data;
}

/* ---- the scopes of a site ---- */

static flr_scope *find(const flr__scopes *scopes, const char *name)
{
    for (size_t i = 0; i < scopes->count; i++)
        if (flr__str_is(scopes->items[i]->name, name))
            return scopes->items[i];
    return NULL;
}

int flr__scopes_add(flr__scopes *scopes, flr_scope *scope)
{
    int status;

    if (scope == NULL)
        return FLR_E_INVAL;
    if (find(scopes, scope->name->text) != NULL)
        return FLR_E_EXISTS;
    status =
        flr__grow((void **)&scopes->items, &scopes->capacity, scopes->count, sizeof(flr_scope *));
    if (status < 0)
        return status;
    scopes->items[scopes->count++] = flr_scope_ref(scope);
    return 0;
}

int flr__scopes_set_default(flr__scopes *scopes, const char *name)
{
    const flr__str *text;
    int status = flr__check_name(name, FLR_NAME_MAX);

    if (status < 0)
        return status;
    text = flr__str_new(name, strlen(name));
    if (text == NULL)
        return FLR_E_NOMEM;
    flr__str_unref(scopes->default_name);
    scopes->default_name = text;
    return 0;
}

int flr__scopes_choose(const flr__scopes *scopes, const char *name, flr_scope **scope)
{
    flr_scope *chosen = NULL;

    if (scopes->default_name != NULL) {
        chosen = find(scopes, scopes->default_name->text);
        if (chosen == NULL)
            return FLR_E_NOTFOUND;
    }
    if (scopes->count != 0) {
        if (name != NULL && *name != '\0')
            chosen = find(scopes, name);
        if (chosen == NULL)
            return FLR_E_NOTFOUND;
        atomic_store(&chosen->used, true);
    }
    *scope = chosen;
    return 0;
}

void flr__scopes_free(flr__scopes *scopes)
{
    for (size_t i = 0; i < scopes->count; i++)
        flr_scope_unref(scopes->items[i]);
    flr__free(scopes->items);
    flr__str_unref(scopes->default_name);
    memset(scopes, 0, sizeof *scopes);
}
