/*
 * Executors: the table that finds one for a task, and one execution from its listing to its result. The table is constant once the run has begun; the client's lock guards the
 * list of what is running; the result of an execution is set once, by whoever claims it.
 */
#include "base/abi.h"
#include "base/text.h"
#include "client/internal.h"
#include <string.h>

void flr_executor_ops_init(flr_executor_ops *ops, size_t size)
{
    flr__abi_init(ops, size);
}

/* ---- the table ---- */

static bool is_pattern(const char *task)
{
    return strchr(task, '*') != NULL;
}

static int import(const flr_executor_ops *from, flr_executor_ops *to, flr_component_ops *used)
{
    flr_component_ops component;
    int status = flr__abi_import(to, sizeof *to, from, sizeof *to, 0);
    if (status == 0 && to->execute == NULL && to->start == NULL)
        status = FLR_E_INVAL;
    flr_component_ops_init(used, sizeof *used);
    if (status < 0 || to->component == NULL)
        return status;
    status = flr__abi_import(&component, sizeof component, to->component, sizeof component, 0);
    used->name = component.name;
    used->destroy = component.destroy;
    return status;
}

int flr__executors_add(flr__executors *e, const char *task, const flr_executor_ops *ops, void *self)
{
    flr_executor_ops imported;
    flr_component_ops used;
    flr__component *c;
    for (size_t i = 0; i < e->count; i++)
        if (flr__str_is(e->items[i].component->id, task))
            return FLR_E_EXISTS;
    int status = import(ops, &imported, &used);
    if (status == 0)
        status = flr__grow((void **)&e->items, &e->capacity, e->count, sizeof *e->items);
    if (status == 0)
        status = flr__component_new(task, FLR__COMPONENT, &used, self, &c);
    if (status < 0)
        return status;
    imported.component = NULL;
    e->items[e->count++] = (flr__executor){c, imported};
    return 0;
}

const flr__executor *flr__executors_find(const flr__executors *e, const char *task)
{
    const flr__executor *found = NULL;
    for (size_t i = 0; i < e->count; i++) {
        const char *id = e->items[i].component->id->text;
        if (strcmp(id, task) == 0)
            return &e->items[i];
        if (found == NULL && is_pattern(id) && flr__glob_match(id, task))
            found = &e->items[i];
    }
    return found;
}

void flr__executors_free(flr__executors *e)
{
    for (size_t i = 0; i < e->count; i++)
        flr__component_free(e->items[i].component, true);
    flr__free(e->items);
    *e = (flr__executors){NULL, 0, 0};
}

/* ---- one execution ---- */

static void drop(flr_execution *x)
{
    if (atomic_fetch_sub_explicit(&x->refs, 1, memory_order_acq_rel) != 1)
        return;
    flr_client_runner *c = x->client;
    flr_shareable_unref(x->data);
    flr_shareable_unref(x->result);
    flr_signal_unref(x->abort);
    flr__free(x->name);
    flr__free(x);
    c->site.release(&c->site);
}

static void unlist_locked(flr_execution *x)
{
    flr_execution **at = &x->client->running;
    while (*at != NULL && *at != x)
        at = &(*at)->next;
    if (*at != NULL)
        *at = x->next;
}

int flr__execution_new(flr_client_runner *c, const char *name, flr_execution **out)
{
    flr_execution *x = flr__zalloc(sizeof *x);
    if (x == NULL)
        return FLR_E_NOMEM;
    atomic_init(&x->refs, 1);
    x->name = flr__strdup(name);
    if (x->name == NULL || flr_signal_new(c->abort, c->site.clock, &x->abort) < 0) {
        flr__free(x->name);
        flr__free(x);
        return FLR_E_NOMEM;
    }
    x->client = c;
    c->site.retain(&c->site);
    flr__mutex_lock(&c->lock);
    x->next = c->running;
    c->running = x;
    flr__mutex_unlock(&c->lock);
    *out = x;
    return 0;
}

flr_execution *flr_execution_ref(flr_execution *execution)
{
    if (execution == NULL)
        return NULL;
    atomic_fetch_add_explicit(&execution->host_refs, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&execution->refs, 1, memory_order_relaxed);
    return execution;
}

void flr_execution_unref(flr_execution *execution)
{
    if (execution == NULL)
        return;
    if (atomic_fetch_sub_explicit(&execution->host_refs, 1, memory_order_acq_rel) == 1)
        flr_execution_finish(execution, FLR_E_CALLBACK, NULL); /* nobody can finish it any more */
    drop(execution);
}

const char *flr_execution_get_task_name(const flr_execution *execution)
{
    return execution == NULL ? "" : execution->name;
}

const flr_shareable *flr_execution_get_data(const flr_execution *execution)
{
    return execution == NULL ? NULL : execution->data;
}

flr_signal *flr_execution_get_abort_signal(const flr_execution *execution)
{
    return execution == NULL ? NULL : execution->abort;
}

int flr_execution_finish(flr_execution *execution, int status, flr_shareable *result)
{
    if (execution == NULL || status > 0)
        return FLR_E_INVAL;
    if (atomic_exchange(&execution->claimed, true))
        return 0;
    execution->status = status;
    execution->result = flr_shareable_ref(result);
    atomic_store(&execution->done, true);
    flr_client_runner *c = execution->client;
    flr__mutex_lock(&c->lock);
    if (execution->abandoned)
        unlist_locked(execution);
    flr__mutex_unlock(&c->lock);
    flr__client_notify(c);
    return 0;
}

bool flr__execution_is_done(const flr_execution *x)
{
    return atomic_load(&((flr_execution *)(uintptr_t)x)->done);
}

void flr__execution_begin(flr_execution *x, const flr__executor *executor, flr_context *context,
                          flr_shareable *data)
{
    flr__host_frame frame;
    flr_shareable *result = NULL;
    void *self = executor->component->self;
    flr_shareable_freeze(data);
    x->data = flr_shareable_ref(data);
    flr__context_clear_detail(context);
    flr_execution_ref(x); /* the call's: without another one of the host's it ends with it */
    flr__host_enter(&frame, FLR__HOST_EXECUTOR, context->site, executor->component);
    int status = flr__callback_status(
        executor->ops.start != NULL
            ? executor->ops.start(self, context, x)
            : executor->ops.execute(self, context, x->name, x->data, x->abort, &result));
    flr__host_leave(&frame);
    if (executor->ops.start == NULL || status < 0)
        flr_execution_finish(x, status, result);
    flr_shareable_unref(result);
    flr_execution_unref(x);
}

void flr__execution_end(flr_execution *x)
{
    if (x == NULL)
        return;
    flr__mutex_lock(&x->client->lock);
    x->abandoned = x->data != NULL && !flr__execution_is_done(x);
    if (!x->abandoned)
        unlist_locked(x);
    flr__mutex_unlock(&x->client->lock);
    drop(x);
}
