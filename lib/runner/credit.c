/* Hearing of clients: credits, reports of dead ones, and telling the open workflow's communicator. Rows DC-01 to DC-05. */
#include "base/abi.h"
#include "runner/internal.h"
#include <string.h>

void flr__runner_fire_disconnected(flr_runner *r, flr_context *context, flr__client *c)
{
    flr_value *name;
    flr__runner_count(r, FLR__COUNTER(disconnections));
    if (!flr__bus_hears(&r->site, FLR__S_EV_CLIENT_DISCONNECTED))
        return;
    if (flr__value_new_str(c->name, &name) < 0) {
        flr__site_log(&r->site, FLR_LOG_ERROR, "client %s is disconnected; no memory to tell it",
                      c->name->text);
        return;
    }
    flr__context_put(context, FLR__S_DISCONNECTED_CLIENT_NAME, name, 0);
    flr__fire(context, FLR__STR(EV_CLIENT_DISCONNECTED));
    flr__context_drop(context, FLR__S_DISCONNECTED_CLIENT_NAME);
}

static void fire_reconnected(flr_runner *r, flr_context *context, flr__client *c, bool unannounced)
{
    flr_value *name;
    if (unannounced) { /* this thread was quicker than the driver: both events, in their order */
        flr_context *fresh = flr__context_new(&r->site);
        if (fresh != NULL)
            flr__runner_fire_disconnected(r, fresh, c);
        flr__context_free(fresh);
    }
    flr__runner_count(r, FLR__COUNTER(reconnections));
    if (!flr__bus_hears(&r->site, FLR__S_EV_CLIENT_RECONNECTED))
        return;
    if (flr__value_new_str(c->name, &name) < 0) {
        flr__site_log(&r->site, FLR_LOG_ERROR, "client %s is back; no memory to tell it",
                      c->name->text);
        return;
    }
    flr__context_put(context, FLR__S_RECONNECTED_CLIENT_NAME, name, 0);
    flr__fire(context, FLR__STR(EV_CLIENT_RECONNECTED));
}

/* Tell the communicator, if it wants to know and a workflow is under way. Fails only where the caller cannot help it: logged. */
static void tell_active(flr_runner *r, flr_context *context, flr__client *c, const char *reason)
{
    flr__host_frame frame;
    flr_workflow *w = atomic_load(&r->current);
    if (w == NULL || w->communicator.client_is_active == NULL ||
        !flr__gate_enter(&r->gate, c->name->hash, FLR__GATE_TELL))
        return;
    w = atomic_load(&r->current); /* inside the gate it cannot change */
    if (w != NULL && w->communicator.client_is_active != NULL &&
        flr__communicator_enter(r, w, &frame) == 0) {
        flr__context_clear_detail(context);
        int status = flr__callback_status(
            w->communicator.client_is_active(w->communicator_self, context, c->name->text, reason));
        flr__communicator_leave(w, &frame);
        if (status < 0) {
            flr__runner_count(r, FLR__COUNTER(communicator_failures));
            flr__log_failure(r, context, FLR_LOG_ERROR, "client_is_active", status);
        }
    }
    flr__gate_leave(&r->gate, c->name->hash);
}

/* It was reported or disconnected: that it is back is decided like what is due, so that its tasks saw it go. */
static bool bring_back(flr_runner *r, flr__client *c, int64_t now, bool *unannounced)
{
    flr_workflow *w = atomic_load(&r->current);
    flr__mutex_lock(&r->decide_lock);
    bool was = flr__clients_credit(&r->clients, c, now, unannounced);
    if (w != NULL && w->hooks != NULL)
        w->hooks->client_changed(w->board, c, now);
    flr__mutex_unlock(&r->decide_lock);
    if (w != NULL && w->hooks != NULL)
        w->hooks->after(w->board);
    return was;
}

void flr__runner_clients_changed(flr_runner *r)
{
    flr_workflow *w = atomic_load(&r->current);
    int64_t now = flr_clock_get_now(r->site.clock);
    if (w == NULL || w->hooks == NULL)
        return;
    flr__runner_decide(r, now);
    flr__mutex_lock(&r->decide_lock);
    w->hooks->clients_listed(w->board, now);
    flr__mutex_unlock(&r->decide_lock);
    flr__runner_decide(r, now);
}

void flr__runner_credit(flr_runner *r, flr_context *context, flr__client *c, const char *reason,
                        int64_t now)
{
    bool unannounced;
    if (atomic_load(&r->status) == FLR_STATUS_DONE)
        return;
    if (!atomic_load(&c->known) && flr__clients_add(&r->clients, c->name->text, NULL) == 0) {
        flr__sticky_drop(&r->site, FLR__S_CLIENT_HIERARCHY); /* to be built anew when read */
        flr_runner_wake(r);                                  /* controllers wait for clients */
    }
    if (!atomic_load(&c->watched) && atomic_load(&c->disconnected) == FLR_TIME_NONE)
        atomic_store_explicit(&c->last_heard, now, memory_order_relaxed); /* almost always */
    else if (bring_back(r, c, now, &unannounced))
        fire_reconnected(r, context, c, unannounced);
    tell_active(r, context, c, reason);
}

/* A dead-client report for the communicator. */
static int tell_dead(flr_runner *r, flr_workflow *w, flr_context *context, flr__client *c,
                     int64_t when)
{
    flr__host_frame frame;
    int status = flr__communicator_enter(r, w, &frame);
    if (status < 0)
        return status;
    flr__context_clear_detail(context);
    status = w->communicator.process_dead_client_report(w->communicator_self, context,
                                                        c->name->text, when);
    flr__communicator_leave(w, &frame);
    status = flr__callback_status(status);
    if (status < 0) {
        flr__runner_count(r, FLR__COUNTER(communicator_failures));
        flr__log_failure(r, context, FLR_LOG_ERROR, "process_dead_client_report", status);
    }
    return status;
}

int flr__runner_tell_watched(flr_runner *r, flr_workflow *w, flr_context *context)
{
    flr__client **list;
    size_t count;
    if (w->communicator.process_dead_client_report == NULL)
        return 0;
    int status = flr__clients_watched(&r->clients, &list, &count);
    for (size_t i = 0; i < count; i++)
        tell_dead(r, w, context, list[i], list[i]->reported);
    flr__free(list);
    return status;
}

static void tell_report(flr_runner *r, flr_context *context, flr__client *c, int64_t now)
{
    if (!flr__gate_enter(&r->gate, c->name->hash, FLR__GATE_TELL))
        return;
    flr_workflow *w = atomic_load(&r->current);
    if (w != NULL && w->communicator.process_dead_client_report != NULL)
        tell_dead(r, w, context, c, now);
    flr__gate_leave(&r->gate, c->name->hash);
}

int flr_runner_handle_dead_job(flr_runner *runner, const char *client)
{
    if (runner == NULL)
        return FLR_E_INVAL;
    int status = flr__check_name(client, runner->site.name_max);
    if (status < 0 || atomic_load(&runner->status) == FLR_STATUS_DONE)
        return status;
    flr__client *c = flr__clients_get(&runner->clients, client);
    flr_context *context = c == NULL ? NULL : flr__context_new(&runner->site);
    if (context == NULL)
        return FLR_E_NOMEM;
    int64_t now = flr_clock_get_now(runner->site.clock);
    flr__runner_decide(runner, now);
    if (flr__clients_report(&runner->clients, c, now)) {
        flr__runner_count(runner, FLR__COUNTER(dead_reports));
        tell_report(runner, context, c, now);
        flr__runner_decide(runner, now); /* without a grace period it is disconnected by now */
        flr__runner_due(runner, atomic_load(&runner->clients.due));
    }
    flr__context_free(context);
    return 0;
}
