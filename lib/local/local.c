/* Owns flr_local: its clients, and the engine that a runner sees. Guarded as local.h says. */
#include "local/local.h"
#include "base/abi.h"
#include "base/str.h"
#include <string.h>

/* ---- the engine ---- */

static int list_clients(void *self, flr_client_list *list)
{
    flr_local *local = self;
    int status = 0;
    for (size_t i = 0; i < local->count && !status; i++)
        status = flr_client_list_add(list, local->clients[i]->name, NULL);
    return status;
}

/* Tell a client that the run is over. */
static void end_client(flr__local_client *c)
{
    atomic_store(&c->over, true);
    flr__waker_notify(&c->waker);
}

static void answer_target(flr_local *local, flr_aux_send *send, size_t i)
{
    flr__local_client *c = flr__local_find(local, flr_aux_send_get_target(send, i));
    bool end = strcmp(flr_aux_send_get_topic(send), "__end_run__") == 0;
    flr_shareable *reply;
    if (!c) {
        flr_aux_send_fail(send, i, FLR_E_IO);
        return;
    }
    if (end)
        end_client(c);
    if (flr_aux_send_get_timeout(send) <= 0)
        return;
    int status = flr_shareable_new_reply(end ? FLR_RC_OK : FLR_RC_TOPIC_UNKNOWN, NULL, &reply);
    if (status < 0) {
        flr_aux_send_fail(send, i, status);
        return;
    }
    flr_aux_send_reply(send, i, reply);
    flr_shareable_unref(reply);
}

static int send_aux(void *self, flr_aux_send *send)
{
    size_t count = flr_aux_send_get_target_count(send);
    for (size_t i = 0; i < count; i++)
        answer_target(self, send, i);
    return 0;
}

static int persist(void *self, const flr_state *state, int completed)
{
    flr_local *local = self;
    return local->host.persist(local->host_self, state, completed);
}

static int audit(void *self, const flr_audit_record *record)
{
    flr_local *local = self;
    return local->host.audit(local->host_self, record);
}

static void write_log(void *self, int level, const char *line)
{
    flr_local *local = self;
    local->host.log(local->host_self, level, line);
}

static void wakeup(void *self)
{
    flr_local *local = self;
    atomic_store(&local->stepping, true);
}

static void notice(flr_local *local, flr__local_client *c)
{
    int state = atomic_load(&local->state);
    if (state == FLR__LOCAL_SIMULATION) {
        flr__mutex_lock(&local->lock);
        flr__local_notice(c);
        flr__mutex_unlock(&local->lock);
    } else if (state == FLR__LOCAL_THREADS) {
        flr__waker_notify(&c->waker);
    }
}

static void task_ready(void *self, const char *client)
{
    flr_local *local = self;
    if (client) {
        flr__local_client *c = flr__local_find(local, client);
        if (c)
            notice(local, c);
        return;
    }
    for (size_t i = 0; i < local->count; i++)
        notice(local, local->clients[i]);
}

/* ---- making one ---- */

void flr_local_options_init(flr_local_options *options, size_t size)
{
    if (options)
        flr__abi_init(options, size);
}

static bool matches(const void *item, const void *key, size_t size)
{
    const flr__local_client *c = item;
    return strlen(c->name) == size && memcmp(c->name, key, size) == 0;
}

static int read_options(flr_local *local, const flr_local_options *options)
{
    flr_local_options o;
    int status = flr__abi_import(&o, sizeof o, options, sizeof o, 0);
    if (!status && o.engine)
        status = flr__abi_import(&local->host, sizeof local->host, o.engine, sizeof local->host, 0);
    if (!status)
        status = flr__seconds(o.min_delay, &local->min_delay);
    if (!status)
        status = flr__seconds(o.max_delay, &local->max_delay);
    if (!status && local->min_delay > local->max_delay)
        status = FLR_E_INVAL;
    local->host_self = o.engine_self;
    local->seed = o.seed;
    return status;
}

static void set_ops(flr_local *local)
{
    flr_engine_ops *ops = &local->ops;
    flr_engine_ops_init(ops, sizeof *ops);
    ops->list_clients = list_clients;
    ops->send_aux = send_aux;
    ops->wakeup = wakeup;
    ops->task_ready = task_ready;
    if (local->host.persist)
        ops->persist = persist;
    if (local->host.audit)
        ops->audit = audit;
    if (local->host.log)
        ops->log = write_log;
}

int flr_local_new(const flr_local_options *options, flr_local **local)
{
    if (!local)
        return FLR_E_INVAL;
    flr_local *l = flr__zalloc(sizeof *l);
    if (!l)
        return FLR_E_NOMEM;
    int status = options ? read_options(l, options) : 0;
    if (!status)
        status = flr__mutex_init(&l->lock, FLR__RANK_RUNNER);
    if (status < 0) {
        flr__free(l);
        return status;
    }
    flr__table_init(&l->names, matches);
    flr__heap_init(&l->heap);
    set_ops(l);
    *local = l;
    return 0;
}

static void free_client(flr__local_client *c)
{
    if (!c)
        return;
    flr__free(c->name);
    flr__free(c);
}

void flr_local_free(flr_local *local)
{
    if (!local)
        return;
    for (size_t i = 0; i < local->count; i++) {
        flr__waker_destroy(&local->clients[i]->waker);
        free_client(local->clients[i]);
    }
    flr__free(local->clients);
    flr__table_free(&local->names);
    flr__heap_free(&local->heap);
    flr__mutex_destroy(&local->lock);
    flr__free(local);
}

flr__local_client *flr__local_find(flr_local *local, const char *name)
{
    size_t size = strlen(name);
    return flr__table_get(&local->names, name, size, flr__hash32(name, size));
}

int flr_local_add_client(flr_local *local, const char *name, flr_local_client client, void *self)
{
    if (!local || !client)
        return FLR_E_INVAL;
    int status = flr__check_name(name, FLR_NAME_MAX);
    if (status < 0)
        return status;
    if (atomic_load(&local->state) != FLR__LOCAL_IDLE)
        return FLR_E_STATE;
    if (flr__local_find(local, name))
        return FLR_E_EXISTS;
    void *clients = local->clients;
    status = flr__grow(&clients, &local->capacity, local->count, sizeof *local->clients);
    local->clients = clients;
    flr__local_client *c = status < 0 ? NULL : flr__zalloc(sizeof *c);
    if (!c)
        return FLR_E_NOMEM;
    c->local = local;
    c->work = client;
    c->self = self;
    c->hash = flr__hash32(name, strlen(name));
    c->name = flr__strdup(name);
    if (!c->name || flr__waker_init(&c->waker) < 0)
        goto fail;
    if (flr__table_add(&local->names, c, c->hash) < 0) {
        flr__waker_destroy(&c->waker);
        goto fail;
    }
    local->clients[local->count++] = c;
    return 0;
fail:
    free_client(c);
    return FLR_E_NOMEM;
}

const flr_engine_ops *flr_local_get_engine_ops(const flr_local *local)
{
    return local ? &local->ops : NULL;
}

/* ---- what both kinds of run have in common ---- */

static int claim(flr_local *local, enum flr__local_state state)
{
    flr__mutex_lock(&local->lock);
    bool idle = atomic_load(&local->state) == FLR__LOCAL_IDLE;
    if (idle)
        atomic_store(&local->state, (int)state);
    flr__mutex_unlock(&local->lock);
    return idle ? 0 : FLR_E_STATE;
}

static int make_contexts(flr_local *local)
{
    int status = 0;
    for (size_t i = 0; i < local->count && !status; i++) {
        flr__local_client *c = local->clients[i];
        status = flr_runner_new_context(local->runner, &c->context);
        atomic_store(&c->over, false);
        c->asleep = c->noticed = false;
    }
    return status;
}

/* The runner's engine must be this one; its clock is found the same way. */
static int meet_runner(flr_local *local)
{
    flr_context *context;
    int status = flr_runner_new_context(local->runner, &context);
    if (status < 0)
        return status;
    if (flr_context_get_engine(context) != local)
        status = FLR_E_INVAL;
    local->clock = flr_context_get_clock(context);
    flr_context_free(context);
    return status;
}

int flr__local_begin(flr_local *local, flr_runner *runner, enum flr__local_state state)
{
    int status = claim(local, state);
    if (status < 0)
        return status;
    local->runner = runner;
    atomic_store(&local->begun, false);
    atomic_store(&local->over, false);
    atomic_store(&local->failure, 0);
    status = meet_runner(local);
    if (!status)
        status = make_contexts(local);
    if (!status)
        status = flr_value_new_map(&local->peer_props);
    if (!status)
        status =
            flr_map_set_text(&local->peer_props, FLR_PROP_RUN_NUM, flr_runner_get_job_id(runner));
    if (status < 0)
        flr__local_end(local);
    return status;
}

void flr__local_end(flr_local *local)
{
    for (size_t i = 0; i < local->count; i++) {
        flr__local_client *c = local->clients[i];
        flr__local_drop(c);
        flr_context_free(c->context);
        c->context = NULL;
    }
    flr_value_unref(local->peer_props);
    local->peer_props = NULL;
    local->runner = NULL;
    local->clock = NULL;
    flr__mutex_lock(&local->lock);
    atomic_store(&local->state, FLR__LOCAL_IDLE);
    flr__mutex_unlock(&local->lock);
}
