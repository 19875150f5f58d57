/*
 * What reaches a client from outside: the topics that it answers, frames, and the events that it hears itself. Rows CL-01, CL-08, CL-26, CL-32. The client's lock guards the list of what
 * is running.
 */
#include "base/abi.h"
#include "client/internal.h"
#include <flrunner/stats.h>
#include <string.h>

#define TOPIC_END_RUN    "__end_run__"
#define TOPIC_TASK_READY "__task_ready__"

static int handle_end_run(void *self, flr_context *context, const char *topic,
                          const flr_shareable *request, flr_shareable **reply)
{
    (void)context, (void)topic, (void)request, (void)reply;
    flr__client_stop(self, false);
    return 0;
}

static int handle_task_ready(void *self, flr_context *context, const char *topic,
                             const flr_shareable *request, flr_shareable **reply)
{
    (void)context, (void)topic, (void)request, (void)reply;
    return flr_client_runner_task_ready(self);
}

int flr__client_register_topics(flr_client_runner *c)
{
    int status = flr__aux_register(&c->site, TOPIC_END_RUN, handle_end_run, c);
    return status < 0 ? status
                      : flr__aux_register(&c->site, TOPIC_TASK_READY, handle_task_ready, c);
}

int flr_client_runner_process_aux(flr_client_runner *client, const char *sender, const char *topic,
                                  flr_context *context, const flr_shareable *request,
                                  const flr_shareable **reply)
{
    if (client == NULL || topic == NULL || *topic == '\0' || reply == NULL)
        return FLR_E_INVAL;
    int status = flr__call_check(&client->site, sender, context);
    if (status < 0)
        return status;
    status = flr__aux_process(&client->site, sender, topic, context, request, reply);
    flr__call_done(context);
    return status;
}

/* ---- events ---- */

/* The names of what is running: [out] a list. */
static int list_running(flr_client_runner *c, flr_value **list)
{
    int status = flr_value_new_list(list);
    flr__mutex_lock(&c->lock);
    for (const flr_execution *x = c->running; x != NULL && status == 0; x = x->next) {
        flr_value *name;
        status = flr_value_new_text(x->name, &name);
        if (status == 0) {
            status = flr_list_add(list, name);
            if (status < 0)
                flr_value_unref(name);
        }
    }
    flr__mutex_unlock(&c->lock);
    return status;
}

/* CL-32. */
static int contribute(flr_client_runner *c, flr_context *context)
{
    flr_value *property = NULL, *group = NULL, *tasks = NULL;
    if (flr_context_get(context, FLR_PROP_STATS_COLLECTOR, &property) < 0)
        return 0; /* nobody asked */
    flr_collector *collector = flr_value_get_pointer(property, "flr_collector");
    int status = collector == NULL ? FLR_E_INVAL : flr_value_new_map(&group);
    if (status == 0)
        status = flr_map_set_text(&group, "job_id", c->site.job->text);
    if (status == 0)
        status = list_running(c, &tasks);
    if (status == 0) {
        status = flr_map_set(&group, "current_tasks", tasks);
        tasks = status == 0 ? NULL : tasks;
    }
    if (status == 0)
        status = flr_collector_set(collector, "ClientRunner", group);
    flr_value_unref(tasks);
    flr_value_unref(group);
    flr_value_unref(property);
    return status;
}

int flr__client_hear(flr__site *site, const flr__str *event, flr_context *context)
{
    flr_client_runner *c = (flr_client_runner *)site;
    if (event->index == FLR__S_EV_GET_STATS)
        return contribute(c, context);
    if (event->index != FLR__S_EV_FATAL_SYSTEM_ERROR || atomic_load(&c->closed))
        return 0;
    const char *reason =
        flr_value_get_text(flr__context_own(context, FLR__S_EVENT_DATA), "no reason given");
    flr__sticky_put(site, FLR__S_FATAL_SYSTEM_ERROR, flr__value_bool(true), 0);
    flr_context_log(context, FLR_LOG_ERROR, "fatal system error: %s", reason);
    flr__client_set_detail(c, site->secure ? "fatal system error" : reason);
    flr__client_stop(c, true);
    return 0;
}
