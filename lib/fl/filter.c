/*
 * Filters and chains: making them, and passing a message through one. Filters and chains are
 * constant once configured, so no lock guards them; a filter that is not concurrent has a
 * turnstile. Rows FI-05, FI-07.
 */
#include "fl/filter.h"

#include "base/abi.h"
#include "base/turnstile.h"
#include "fl/context.h"
#include <string.h>

struct flr_filter {
    atomic_size_t refs;
    flr_filter_ops ops;   /* component is NULL: what is used of it follows */
    const flr__str *name; /* NULL: none */
    void (*destroy)(void *self);
    void *self;
    flr__turnstile turn; /* not concurrent: who is inside */
};

struct flr_filter_chain {
    atomic_size_t refs;
    atomic_bool used;
    flr__filter_list list;
};

/* ---- filters ---- */

static bool is_serial(const flr_filter *f)
{
    return (f->ops.flags & FLR_FILTER_FLAG_CONCURRENT) == 0;
}

/* Of the component only name and destroy are used. */
static int import_component(flr_filter *f, const flr_component_ops *from)
{
    flr_component_ops ops;
    int status;

    if (from == NULL)
        return 0;
    status = flr__abi_import(&ops, sizeof ops, from, sizeof ops, 0);
    if (status < 0)
        return status;
    if (ops.name != NULL) {
        status = flr__check_name(ops.name, FLR_NAME_MAX);
        if (status < 0)
            return status;
        f->name = flr__str_new(ops.name, strlen(ops.name));
        if (f->name == NULL)
            return FLR_E_NOMEM;
    }
    f->destroy = ops.destroy;
    return 0;
}

int flr_filter_new(const flr_filter_ops *ops, void *self, flr_filter **filter)
{
    flr_filter_ops imported;
    flr_filter *f;
    int status;

    if (filter == NULL)
        return FLR_E_INVAL;
    status = flr__abi_import(&imported, sizeof imported, ops, sizeof imported,
                             FLR_FILTER_FLAG_CONCURRENT);
    if (status < 0)
        return status;
    if (imported.process == NULL)
        return FLR_E_INVAL;
    f = flr__zalloc(sizeof *f);
    if (f == NULL)
        return FLR_E_NOMEM;
    atomic_init(&f->refs, 1);
    f->ops = imported;
    f->ops.component = NULL;
    f->self = self;
    status = import_component(f, imported.component);
    if (status == 0 && is_serial(f))
        status = flr__turnstile_init(&f->turn);
    if (status < 0) {
        flr__str_unref(f->name);
        flr__free(f);
        return status;
    }
    *filter = f;
    return 0;
}

void flr__filter_disown(flr_filter *filter)
{
    filter->destroy = NULL;
}

flr_filter *flr_filter_ref(flr_filter *filter)
{
    if (filter != NULL)
        atomic_fetch_add_explicit(&filter->refs, 1, memory_order_relaxed);
    return filter;
}

void flr_filter_unref(flr_filter *filter)
{
    if (filter == NULL || atomic_fetch_sub_explicit(&filter->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (filter->destroy != NULL)
        filter->destroy(filter->self);
    if (is_serial(filter))
        flr__turnstile_destroy(&filter->turn);
    flr__str_unref(filter->name);
    flr__free(filter);
}

/* ---- passing a message ---- */

/* Who is inside a filter may not wait for a turn: the one who has it might wait for ours. */
static int take_turn(flr_filter *f)
{
    if (!is_serial(f) || flr__turnstile_try(&f->turn))
        return 0;
    if (flr__host_inside(FLR__HOST_FILTER, NULL, NULL))
        return FLR_E_REENTRANT;
    flr__turnstile_enter(&f->turn);
    return 0;
}

/* A filter may change its message in place: one that the filter before it has frozen is copied. */
static int make_private(flr_shareable **message)
{
    flr_shareable *copy;
    int status;

    if (!flr_shareable_is_frozen(*message))
        return 0;
    status = flr_shareable_copy(*message, NULL, &copy);
    if (status < 0)
        return status;
    flr_shareable_unref(*message);
    *message = copy;
    return 0;
}

static int call_filter(flr_filter *f, flr_context *context, flr_shareable **message)
{
    flr__host_frame frame;
    flr_shareable *output = NULL;
    int status = take_turn(f);

    if (status < 0)
        return status;
    flr__context_clear_detail(context);
    context->now = FLR_TIME_NONE;
    flr__host_enter(&frame, FLR__HOST_FILTER, context->site, f);
    status = flr__callback_status(f->ops.process(f->self, context, *message, &output));
    flr__host_leave(&frame);
    if (is_serial(f))
        flr__turnstile_leave(&f->turn);
    if (status < 0) {
        flr_shareable_unref(output); /* what it set before it failed is the library's all the same */
        return status;
    }
    if (output == NULL)
        return flr_context_fail(context, FLR_E_CALLBACK, "filter %s gave no message",
                                f->name != NULL ? f->name->text : "without a name");
    flr_shareable_unref(*message);
    *message = output;
    return 0;
}

int flr__filter_list_add(flr__filter_list *list, int direction, flr_filter *filter)
{
    int status =
        flr__grow((void **)&list->items, &list->capacity, list->count, sizeof *list->items);

    if (status < 0)
        return status;
    list->items[list->count].filter = flr_filter_ref(filter);
    list->items[list->count].direction = direction;
    list->count++;
    return 0;
}

void flr__filter_list_free(flr__filter_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        flr_filter_unref(list->items[i].filter);
    flr__free(list->items);
    memset(list, 0, sizeof *list);
}

bool flr__filter_list_any(const flr__filter_list *list, int direction)
{
    for (size_t i = 0; list != NULL && i < list->count; i++)
        if ((list->items[i].direction & direction) != 0)
            return true;
    return false;
}

int flr__filter_list_apply(const flr__filter_list *list, flr_context *context, int direction,
                           flr_shareable **message)
{
    int status = 0;

    for (size_t i = 0; list != NULL && i < list->count && status == 0; i++) {
        if ((list->items[i].direction & direction) == 0)
            continue;
        status = make_private(message);
        if (status == 0)
            status = call_filter(list->items[i].filter, context, message);
    }
    if (status < 0) {
        flr_shareable_unref(*message);
        *message = NULL;
    }
    return status;
}

/* ---- chains ---- */

int flr_filter_chain_new(flr_filter_chain **chain)
{
    flr_filter_chain *c;

    if (chain == NULL)
        return FLR_E_INVAL;
    c = flr__zalloc(sizeof *c);
    if (c == NULL)
        return FLR_E_NOMEM;
    atomic_init(&c->refs, 1);
    atomic_init(&c->used, false);
    *chain = c;
    return 0;
}

flr_filter_chain *flr_filter_chain_ref(flr_filter_chain *chain)
{
    if (chain != NULL)
        atomic_fetch_add_explicit(&chain->refs, 1, memory_order_relaxed);
    return chain;
}

void flr_filter_chain_unref(flr_filter_chain *chain)
{
    if (chain == NULL || atomic_fetch_sub_explicit(&chain->refs, 1, memory_order_acq_rel) != 1)
        return;
    flr__filter_list_free(&chain->list);
    flr__free(chain);
}

int flr_filter_chain_add(flr_filter_chain *chain, flr_filter *filter)
{
    if (chain == NULL || filter == NULL)
        return FLR_E_INVAL;
    if (atomic_load(&chain->used))
        return FLR_E_STATE;
    return flr__filter_list_add(&chain->list, FLR_FILTER_INOUT, filter);
}

void flr__filter_chain_use(flr_filter_chain *chain)
{
    atomic_store(&chain->used, true);
}

const flr__filter_list *flr__filter_chain_list(const flr_filter_chain *chain)
{
    return &chain->list;
}
