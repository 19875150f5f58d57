/*
 * What the owners of a site (server runner, client runner) do alike: components and callbacks that come after it was made, its scope, and the frame of an inbound
 * message. The caller's lock guards subscriptions.
 */
#include "base/abi.h"
#include "fl/context.h"

int flr__site_add_component(flr__site *site, const char *id, const flr_component_ops *ops,
                            void *self)
{
    flr__component *c;
    if (flr__components_find(&site->components, id, 0) != NULL)
        return FLR_E_EXISTS;
    int status = flr__component_new(id, FLR__COMPONENT, ops, self, &c);
    if (status < 0)
        return status;
    status = flr__components_add(&site->components, c);
    if (status == 0) {
        status = flr__bus_rebuild(site);
        if (status < 0)
            site->components.count--;
    }
    if (status < 0)
        flr__component_free(c, false);
    return status;
}

int flr__site_subscribe(flr__site *site, flr__mutex *lock, const char *component, const char *event,
                        flr_event_handler handler, void *self)
{
    int status = flr__check_name(component, site->name_max);
    if (status < 0)
        return status;
    flr__component *c = flr__components_find(&site->components, component, 0);
    if (c == NULL)
        return FLR_E_NOTFOUND;
    flr__mutex_lock(lock);
    size_t before = c->callback_count;
    status = flr__component_add_callback(c, event, handler, self);
    if (status == 0 && c->callback_count > before) {
        status = flr__bus_rebuild(site);
        if (status < 0) /* the lists are as they were; so is the component */
            flr__str_unref(c->callbacks[--c->callback_count].event);
    }
    flr__mutex_unlock(lock);
    return status;
}

int flr__site_show_scope(flr__site *site)
{
    flr_value *object, *name;
    if (site->scope == NULL)
        return 0;
    int status = flr_value_new_text(flr_scope_get_name(site->scope), &name);
    if (status < 0)
        return status;
    status = flr_value_new_pointer("flr_scope", site->scope, NULL, &object); /* the site holds it */
    if (status < 0) {
        flr_value_unref(name);
        return status;
    }
    flr__sticky_put(site, FLR__S_SCOPE_OBJECT, object, 0);
    flr__sticky_put(site, FLR__S_EFFECTIVE_JOB_SCOPE_NAME, name, 0);
    return 0;
}

int flr__call_check(flr__site *site, const char *peer, flr_context *context)
{
    if (context == NULL || context->site != site)
        return FLR_E_INVAL;
    int status = flr__check_name(peer, site->name_max);
    if (status < 0)
        return status;
    if (atomic_exchange_explicit(&context->busy, true, memory_order_acquire))
        return FLR_E_STATE;
    flr__context_drop_views(context);
    return 0;
}

void flr__call_done(flr_context *context)
{
    context->client = NULL;
    context->now = FLR_TIME_NONE;
    atomic_store_explicit(&context->busy, false, memory_order_release);
}
