/* The runner's own auxiliary topics and its answer to get_stats. Rows LC-02, AX-04 to AX-06, ST-01. */
#include "base/abi.h"
#include "runner/internal.h"
#include <string.h>

#define TOPIC_SYNC       "__sync_runner__"
#define TOPIC_HEARTBEAT  "__job_heartbeat__"
#define TOPIC_TASK_CHECK "__task_check__"

/* Credits the client that sent this message, as DC-04 allows. */
static int credit_sender(flr_runner *r, flr_context *context, const char *reason,
                         flr__client **client)
{
    const char *name =
        flr_value_get_text(flr__context_own(context->peer, FLR__S_IDENTITY_NAME), "");
    int64_t now = flr_clock_get_now(r->site.clock);
    flr__runner_decide(r, now);
    flr__client *c = flr__clients_find(&r->clients, name);
    if (flr__peer_is_of_job(r, context) && atomic_load(&r->status) != FLR_STATUS_DONE) {
        c = flr__clients_get(&r->clients, name);
        if (c == NULL)
            return FLR_E_NOMEM;
        flr__runner_credit(r, context, c, reason, now);
    }
    *client = c;
    return 0;
}

/* Sync and heartbeat: heard, nothing more; the reply is OK. */
static int handle_alive(void *self, flr_context *context, const char *topic,
                        const flr_shareable *request, flr_shareable **reply)
{
    flr__client *client;
    const char *reason =
        strcmp(topic, TOPIC_SYNC) == 0 ? FLR_REASON_SYNC_RUNNER : FLR_REASON_JOB_HEARTBEAT;
    (void)request;
    (void)reply;
    return credit_sender(self, context, reason, &client);
}

static int reply_with(const char *rc, const char *error, flr_shareable **reply)
{
    int status = flr_shareable_new_reply(rc, NULL, reply);
    if (status == 0 && error != NULL) {
        status = flr_shareable_set_header_text(*reply, FLR_HEADER_ERROR, error);
        if (status < 0) {
            flr_shareable_unref(*reply);
            *reply = NULL;
        }
    }
    return status;
}

/* Ask the communicator of the open workflow, inside the gate. */
static int check(flr_runner *r, flr_context *context, const char *client, const char *id,
                 int *found)
{
    flr_workflow *w = atomic_load(&r->current);
    flr__host_frame frame;
    if (w->communicator.process_task_check == NULL)
        return 0;
    int status = flr__communicator_enter(r, w, &frame);
    if (status < 0)
        return status;
    flr__context_clear_detail(context);
    status = flr__callback_status(
        w->communicator.process_task_check(w->communicator_self, context, client, id, found));
    flr__communicator_leave(w, &frame);
    if (status < 0 && status != FLR_E_NOT_READY) {
        *found = FLR_CHECK_UNKNOWN;
        flr__runner_count(r, FLR__COUNTER(communicator_failures));
        flr__log_failure(r, context, FLR_LOG_EXCEPTION, "process_task_check", status);
    }
    return status == FLR_E_NOMEM || status == FLR_E_REENTRANT || status == FLR_E_NOT_READY ? status
                                                                                           : 0;
}

static int handle_task_check(void *self, flr_context *context, const char *topic,
                             const flr_shareable *request, flr_shareable **reply)
{
    static const char *const causes[] = {"unknown", NULL,        "already received",
                                         "closed",  "not yours", "unknown"};
    flr_runner *r = self;
    flr__client *client;
    int found = FLR_CHECK_UNKNOWN;
    (void)topic;
    int status = credit_sender(r, context, FLR_REASON_TASK_CHECK, &client);
    if (status < 0)
        return status;
    const char *id = flr_value_get_text(flr__shareable_header(request, FLR__STR(TASK_ID)), "");
    if (*id == '\0')
        return reply_with(FLR_RC_BAD_REQUEST_DATA, NULL, reply);
    const char *name =
        flr_value_get_text(flr__context_own(context->peer, FLR__S_IDENTITY_NAME), "");
    uint32_t hash = flr__hash32(name, strlen(name));
    /* PS-09: what a client worked out across the restart is not to be dropped too early. */
    if (atomic_load(&r->resuming) && atomic_load(&r->status) != FLR_STATUS_DONE)
        return reply_with(FLR_RC_SERVER_NOT_READY, NULL, reply);
    if (atomic_load(&r->status) != FLR_STATUS_STARTED ||
        !flr__gate_enter(&r->gate, hash, FLR__GATE_OPEN))
        return reply_with(FLR_RC_TASK_UNKNOWN, "no workflow", reply);
    status = check(r, context, name, id, &found);
    flr__gate_leave(&r->gate, hash);
    if (status == FLR_E_NOT_READY)
        return reply_with(FLR_RC_SERVER_NOT_READY, NULL, reply);
    if (status < 0)
        return status;
    if (found == FLR_CHECK_OK)
        return reply_with(FLR_RC_OK, NULL, reply);
    return reply_with(FLR_RC_TASK_UNKNOWN,
                      causes[found > FLR_CHECK_UNKNOWN || found < FLR_CHECK_OK ? 0 : found], reply);
}

int flr__builtin_register(flr_runner *r)
{
    int status = flr__aux_register(&r->site, TOPIC_SYNC, handle_alive, r);
    if (status == 0)
        status = flr__aux_register(&r->site, TOPIC_HEARTBEAT, handle_alive, r);
    if (status == 0)
        status = flr__aux_register(&r->site, TOPIC_TASK_CHECK, handle_task_check, r);
    return status;
}

int flr_runner_process_aux(flr_runner *runner, const char *client, const char *topic,
                           flr_context *context, const flr_shareable *request,
                           const flr_shareable **reply)
{
    if (topic == NULL || *topic == '\0' || reply == NULL)
        return FLR_E_INVAL;
    int status = flr__runner_check_call(runner, client, context);
    if (status < 0)
        return status;
    status = flr__aux_process(&runner->site, client, topic, context, request, reply);
    flr__runner_end_call(context);
    return status;
}

/* ST-01: what the runner itself contributes. */
static int contribute(flr_runner *r, flr_context *context)
{
    static const char *const names[] = {"init", "started", "done"};
    flr_value *property = NULL, *group = NULL;
    if (flr_context_get(context, FLR_PROP_STATS_COLLECTOR, &property) < 0)
        return 0; /* nobody asked */
    flr_collector *collector = flr_value_get_pointer(property, "flr_collector");
    int status = collector == NULL ? FLR_E_INVAL : 0;
    /* inside the gate the workflow stays */
    if (status == 0 && flr__gate_enter(&r->gate, 0, FLR__GATE_OPEN)) {
        flr_workflow *w = atomic_load(&r->current);
        status = flr_value_new_map(&group);
        if (status == 0)
            status = flr_map_set_text(&group, "job_id", r->site.job->text);
        if (status == 0)
            status = flr_map_set_text(&group, "status", names[atomic_load(&r->status)]);
        if (status == 0)
            status = flr_map_set_text(&group, "workflow", w->id->text);
        flr__gate_leave(&r->gate, 0);
        if (status == 0)
            status = flr_collector_set(collector, "ServerRunner", group);
    }
    flr_value_unref(group);
    flr_value_unref(property);
    return status;
}

int flr__runner_hear(flr__site *site, const flr__str *event, flr_context *context)
{
    flr_runner *r = (flr_runner *)site;
    if (event->index == FLR__S_EV_GET_STATS)
        return contribute(r, context);
    if (event->index != FLR__S_EV_FATAL_SYSTEM_ERROR || atomic_load(&r->ended))
        return 0;
    const char *reason =
        flr_value_get_text(flr__context_own(context, FLR__S_EVENT_DATA), "no reason given");
    flr__sticky_put(site, FLR__S_FATAL_SYSTEM_ERROR, flr__value_bool(true), 0);
    flr_context_log(context, FLR_LOG_ERROR, "fatal system error: %s", reason);
    atomic_store(&r->panicked, true);
    flr_runner_abort(r, 0);
    return 0;
}
