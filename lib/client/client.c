/*
 * The client runner as an object: making, sharing and freeing it, what is added before a run, aborting, and reading how it stands. The client's lock guards
 * counters and detail text; the rest is atomic or set before it is shared.
 */
#include "base/abi.h"
#include "client/internal.h"
#include "reliable/reliable.h"
#include <string.h>

/* ---- notices and counters ---- */

void flr__client_notify(flr_client_runner *c)
{
    flr__waker_notify(&c->run_waker);
    /* The stepping thread sees its own changes; everybody else has it called. */
    if (atomic_load(&c->mode) == FLR__MODE_STEP && c->host.wakeup != NULL &&
        !flr__host_inside(FLR__HOST_STEP, &c->site, NULL))
        c->host.wakeup(c->site.engine_self);
}

void flr__client_count(flr_client_runner *c, uint64_t *counter)
{
    flr__mutex_lock(&c->lock);
    ++*counter;
    flr__mutex_unlock(&c->lock);
}

void flr__client_set_detail(flr_client_runner *c, const char *detail)
{
    flr__mutex_lock(&c->lock);
    if (c->detail[0] == '\0') /* the first cause */
        strncat(c->detail, detail, sizeof c->detail - 1);
    flr__mutex_unlock(&c->lock);
}

/* ---- references ---- */

static void client_free(flr_client_runner *c)
{
    flr__watch_end(c->watch);
    flr__client_finish(c);
    flr__reliable_free(&c->site);
    flr__executors_free(&c->executors);
    flr__site_free(&c->site);
    flr_shareable_unref(c->delivered);
    flr__free(c->delivered_id);
    flr__free(c->delivered_name);
    flr_shareable_unref(c->empty);
    flr_value_unref(c->abort_value);
    flr_signal_unref(c->abort);
    flr__str_unref(c->parent);
    flr__waker_destroy(&c->driver_waker);
    flr__waker_destroy(&c->run_waker);
    flr__mutex_destroy(&c->changes_lock);
    flr__mutex_destroy(&c->lock);
    flr__free(c);
}

static void retain(flr__site *site)
{
    atomic_fetch_add_explicit(&((flr_client_runner *)site)->refs, 1, memory_order_relaxed);
}

static void release(flr__site *site)
{
    flr_client_runner *c = (flr_client_runner *)site;
    if (atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) == 1)
        client_free(c);
}

void flr_client_runner_free(flr_client_runner *client)
{
    if (client == NULL)
        return;
    atomic_store(&client->freed, true);
    flr__client_give_up(client);
    release(&client->site);
}

static void on_abort(flr__site *site)
{
    flr__client_notify((flr_client_runner *)site);
}

static void wake_driver(flr__site *site)
{
    flr_client_runner *c = (flr_client_runner *)site;
    flr__waker_notify(&c->driver_waker);
    if (atomic_load(&c->mode) == FLR__MODE_STEP)
        flr__client_notify(c);
}

/* Messages to everybody go to the parent: a client knows nobody else. */
static int list_targets(flr__site *site, int (*add)(void *self, const flr__str *name), void *self)
{
    return add(self, ((flr_client_runner *)site)->parent);
}

/* ---- options ---- */

void flr_client_options_init(flr_client_options *options, size_t size)
{
    flr_client_options d;
    uint32_t whole;
    flr__abi_init(options, size);
    if (options == NULL)
        return;
    memset(&d, 0, sizeof d);
    d.parent = "server";
    d.sync_timeout = 2.0;
    d.max_sync_timeout = 60.0;
    d.fetch_interval = 0.5;
    d.task_check_timeout = 5.0;
    d.task_check_interval = 5.0;
    d.heartbeat_interval = 10.0;
    d.readiness_timeout = 5.0;
    d.readiness_interval = 0.5;
    d.reliable_interval = 2.0;
    d.reliable_workers = 20;
    d.log_level = FLR_LOG_INFO;
    d.event_depth = 20;
    d.name_bytes = FLR_NAME_MAX;
    whole = options->struct_size;
    memcpy(options, &d, whole < sizeof d ? whole : sizeof d);
    options->struct_size = whole;
}

void flr_client_engine_ops_init(flr_client_engine_ops *ops, size_t size)
{
    flr__abi_init(ops, size);
}

/* A time of the options, 0 being the default. */
static int take_time(double given, double usual, double *seconds, int64_t *nanoseconds)
{
    int64_t ns;
    double s = given == 0.0 ? usual : given;
    int status = flr__seconds(s, &ns);
    if (status == 0 && seconds != NULL)
        *seconds = s;
    if (status == 0 && nanoseconds != NULL)
        *nanoseconds = ns == 0 && s > 0.0 ? 1 : ns;
    return status;
}

static int take_times(flr_client_runner *c, const flr_client_options *o)
{
    flr__client_times *t = &c->times;
    int bad = 0;
    t->sync_pause = 500000000;
    bad |= take_time(o->sync_timeout, 2.0, &c->sync_timeout, NULL);
    bad |= take_time(o->max_sync_timeout, 60.0, NULL, &t->max_sync);
    bad |= take_time(o->get_task_timeout, 0.0, &c->get_task_timeout, NULL);
    bad |= take_time(o->fetch_interval, 0.5, NULL, &t->fetch);
    bad |= take_time(o->task_check_timeout, 5.0, &c->check_timeout, NULL);
    bad |= take_time(o->task_check_interval, 5.0, NULL, &t->check_interval);
    bad |= take_time(o->submit_timeout, 0.0, &c->submit_timeout, NULL);
    bad |= take_time(o->submit_time, 0.0, NULL, &t->submit);
    bad |= take_time(o->heartbeat_interval, 10.0, NULL, &c->heartbeat_interval);
    bad |= take_time(o->readiness_timeout, 5.0, NULL, &t->ready_timeout);
    bad |= take_time(o->readiness_interval, 0.5, NULL, &t->ready_interval);
    return bad == 0 ? 0 : FLR_E_INVAL;
}

static const char *text_or(const char *text, const char *missing)
{
    return text == NULL || *text == '\0' ? missing : text;
}

/* A name that may be missing. */
static int check_optional(const char *name)
{
    return name == NULL || *name == '\0' ? 0 : flr__check_name(name, FLR_NAME_MAX);
}

static int check_options(const flr_client_options *o)
{
    int status = check_optional(o->identity);
    if (status == 0)
        status = check_optional(o->parent);
    if (status == 0)
        status = check_optional(o->default_scope);
    if (status == 0)
        status = check_optional(o->job_scope);
    if (status == 0 &&
        (o->name_bytes > FLR_NAME_MAX || o->log_level < FLR_LOG_DEBUG ||
         o->log_level > FLR_LOG_CRITICAL || (o->scope_count > 0 && o->scopes == NULL)))
        status = FLR_E_INVAL;
    return status;
}

/* FI-08, FI-09: the effective scope, held; NULL: no policy. */
static int choose_scope(const flr_client_options *o, flr_scope **scope)
{
    flr__scopes scopes = {NULL, 0, 0, NULL};
    int status = 0;
    for (size_t i = 0; i < o->scope_count && status == 0; i++)
        status = o->scopes[i] == NULL ? FLR_E_INVAL : flr__scopes_add(&scopes, o->scopes[i]);
    if (status == 0 && *text_or(o->default_scope, "") != '\0')
        status = flr__scopes_set_default(&scopes, o->default_scope);
    if (status == 0)
        status = flr__scopes_choose(&scopes, text_or(o->job_scope, ""), scope);
    if (status == 0)
        flr_scope_ref(*scope);
    flr__scopes_free(&scopes);
    return status;
}

/* ---- making one ---- */

static int make_locks(flr_client_runner *c)
{
    if (flr__mutex_init(&c->lock, FLR__RANK_STATS) < 0)
        return FLR_E_NOMEM;
    if (flr__mutex_init(&c->changes_lock, FLR__RANK_CHANGES) < 0)
        goto fail_lock;
    if (flr__waker_init(&c->run_waker) < 0)
        goto fail_changes;
    if (flr__waker_init(&c->driver_waker) < 0)
        goto fail_run;
    return 0;
fail_run:
    flr__waker_destroy(&c->run_waker);
fail_changes:
    flr__mutex_destroy(&c->changes_lock);
fail_lock:
    flr__mutex_destroy(&c->lock);
    return FLR_E_NOMEM;
}

static int make_site(flr_client_runner *c, const flr_client_options *o, const char *job)
{
    flr_engine_ops engine;
    flr_clock *clock = flr_clock_ref(o->clock);
    int status = clock == NULL ? flr_clock_new_system(&clock) : 0;
    flr_engine_ops_init(&engine, sizeof engine);
    engine.send_aux = flr__client_send_aux;
    engine.audit = c->host.audit;
    engine.log = c->host.log;
    if (status == 0)
        status = flr__site_init(&c->site, &engine, c->site.engine_self, job,
                                text_or(o->identity, ""), clock);
    flr_clock_unref(clock);
    return status;
}

static void fill_site(flr_client_runner *c, const flr_client_options *o, flr_scope *scope)
{
    flr__site *s = &c->site;
    s->log_level = o->log_level;
    s->secure = (o->flags & FLR_CLIENT_FLAG_SECURE) != 0;
    s->event_depth = o->event_depth == 0 ? 20 : o->event_depth;
    s->name_max = o->name_bytes == 0 ? FLR_NAME_MAX : o->name_bytes;
    s->scope = scope;
    s->list_targets = list_targets;
    s->wake_driver = wake_driver;
    if ((o->flags & FLR_CLIENT_FLAG_SEEDED) != 0)
        flr__rng_seed(&s->ids, o->seed, "ids");
    c->resubmit = (o->flags & FLR_CLIENT_FLAG_NO_RESUBMIT) == 0;
}

static int make_signal(flr_client_runner *c)
{
    int status = flr_signal_new(NULL, c->site.clock, &c->abort);
    if (status < 0)
        return status;
    c->watch = flr__watch_new(c->abort, &c->site, &c->refs, on_abort);
    if (c->watch == NULL)
        return FLR_E_NOMEM;
    status = flr_value_new_pointer("flr_signal", flr_signal_ref(c->abort), flr__signal_release,
                                   &c->abort_value);
    if (status < 0)
        flr_signal_unref(c->abort);
    return status;
}

static int make_parts(flr_client_runner *c, const flr_client_options *o)
{
    int64_t interval = 0;
    const char *parent = text_or(o->parent, "server");
    int status = take_time(o->reliable_interval, 2.0, NULL, &interval);
    if (status < 0)
        return status;
    c->parent = flr__str_new(parent, strlen(parent));
    status = c->parent == NULL ? FLR_E_NOMEM : flr_shareable_new(&c->empty);
    if (status == 0) {
        flr_shareable_freeze(c->empty);
        status = make_signal(c);
    }
    if (status == 0)
        status = flr__site_show_scope(&c->site);
    if (status == 0)
        status = flr__reliable_new(&c->site, o->reliable_workers == 0 ? 20 : o->reliable_workers,
                                   interval, c->abort, &c->refs);
    if (status == 0)
        status = flr__client_register_topics(c);
    return status;
}

int flr_client_runner_new(const flr_client_options *options, const char *job_id,
                          const flr_client_engine_ops *engine, void *engine_self,
                          flr_client_runner **client)
{
    flr_client_options o;
    flr_client_engine_ops ops;
    flr_scope *scope = NULL;
    flr_client_options_init(&o, sizeof o);
    int status = client == NULL ? FLR_E_INVAL : flr__check_name(job_id, FLR_NAME_MAX);
    if (status == 0 && options != NULL)
        status = flr__abi_import(&o, sizeof o, options, sizeof o,
                                 FLR_CLIENT_FLAG_SECURE | FLR_CLIENT_FLAG_SEEDED |
                                     FLR_CLIENT_FLAG_NO_RESUBMIT);
    if (status == 0)
        status = flr__abi_import(&ops, sizeof ops, engine, sizeof ops, 0);
    if (status == 0)
        status = ops.request == NULL ? FLR_E_INVAL : check_options(&o);
    if (status < 0)
        return status;
    flr_client_runner *c = flr__zalloc(sizeof *c);
    if (c == NULL)
        return FLR_E_NOMEM;
    atomic_init(&c->refs, 1);
    atomic_init(&c->heartbeat_at, FLR_TIME_NONE);
    c->host = ops;
    c->site.engine_self = engine_self;
    c->site.retain = retain;
    c->site.release = release;
    c->site.bus.owner_handler = flr__client_hear;
    status = take_times(c, &o);
    if (status == 0)
        status = choose_scope(&o, &scope);
    if (status == 0)
        status = make_locks(c);
    if (status < 0)
        goto fail;
    status = make_site(c, &o, job_id);
    if (status < 0)
        goto fail_locks;
    fill_site(c, &o, scope);
    status = make_parts(c, &o);
    if (status < 0) {
        client_free(c);
        return status;
    }
    *client = c;
    return 0;
fail_locks:
    flr__waker_destroy(&c->driver_waker);
    flr__waker_destroy(&c->run_waker);
    flr__mutex_destroy(&c->changes_lock);
    flr__mutex_destroy(&c->lock);
fail:
    flr_scope_unref(scope);
    flr__free(c);
    return status;
}

int flr_client_runner_new_context(flr_client_runner *client, flr_context **context)
{
    if (client == NULL || context == NULL)
        return FLR_E_INVAL;
    flr_context *made = flr__context_new(&client->site);
    if (made == NULL)
        return FLR_E_NOMEM;
    made->own = true;
    *context = made;
    return 0;
}

/* ---- before a run ---- */

/* What may be added: 0, FLR_E_INVAL, FLR_E_LIMIT, FLR_E_STATE. */
static int check_adding(flr_client_runner *c, const char *name)
{
    if (c == NULL)
        return FLR_E_INVAL;
    int status = flr__check_name(name, c->site.name_max);
    return status == 0 && atomic_load(&c->mode) != FLR__MODE_NONE ? FLR_E_STATE : status;
}

int flr_client_runner_add_component(flr_client_runner *client, const char *id,
                                    const flr_component_ops *ops, void *self)
{
    int status = ops == NULL ? FLR_E_INVAL : check_adding(client, id);
    return status < 0 ? status : flr__site_add_component(&client->site, id, ops, self);
}

int flr_client_runner_subscribe(flr_client_runner *client, const char *component, const char *event,
                                flr_event_handler handler, void *self)
{
    return client == NULL ? FLR_E_INVAL
                          : flr__site_subscribe(&client->site, &client->changes_lock, component,
                                                event, handler, self);
}

int flr_client_runner_add_executor(flr_client_runner *client, const char *task,
                                   const flr_executor_ops *ops, void *self)
{
    int status = check_adding(client, task);
    return status < 0 ? status : flr__executors_add(&client->executors, task, ops, self);
}

int flr_client_runner_add_data_filters(flr_client_runner *client, const char *task, int direction,
                                       flr_filter_chain *chain)
{
    int status = check_adding(client, task);
    return status < 0 ? status : flr__chains_add(&client->site.data_chains, task, direction, chain);
}

int flr_client_runner_add_result_filters(flr_client_runner *client, const char *task, int direction,
                                         flr_filter_chain *chain)
{
    int status = check_adding(client, task);
    return status < 0 ? status
                      : flr__chains_add(&client->site.result_chains, task, direction, chain);
}

int flr_client_runner_add_data_filter(flr_client_runner *client, const char *task,
                                      const flr_filter_ops *ops, void *self)
{
    int status = check_adding(client, task);
    return status < 0
               ? status
               : flr__chains_add_filter(&client->site.data_chains, task, FLR_FILTER_IN, ops, self);
}

int flr_client_runner_add_result_filter(flr_client_runner *client, const char *task,
                                        const flr_filter_ops *ops, void *self)
{
    int status = check_adding(client, task);
    return status < 0 ? status
                      : flr__chains_add_filter(&client->site.result_chains, task, FLR_FILTER_OUT,
                                               ops, self);
}

/* ---- notices, abort, reading ---- */

int flr_client_runner_task_ready(flr_client_runner *client)
{
    if (client == NULL)
        return FLR_E_INVAL;
    atomic_store(&client->ready, true);
    flr__client_notify(client);
    return 0;
}

void flr__client_stop(flr_client_runner *c, bool requested)
{
    if (atomic_load(&c->closed))
        return;
    atomic_store(requested ? &c->requested : &c->ended, true);
    if (!flr_signal_is_triggered(c->abort))
        flr_signal_trigger(c->abort, flr_value_ref(flr__value_bool(true)));
    flr__client_notify(c);
}

int flr_client_runner_abort(flr_client_runner *client)
{
    if (client == NULL)
        return FLR_E_INVAL;
    flr__client_stop(client, true);
    return 0;
}

const char *flr_client_runner_get_job_id(const flr_client_runner *client)
{
    return client == NULL ? "" : client->site.job->text;
}

flr_signal *flr_client_runner_get_abort_signal(const flr_client_runner *client)
{
    return client == NULL ? NULL : client->abort;
}

void flr_client_stats_init(flr_client_stats *stats, size_t size)
{
    flr__abi_init(stats, size);
}

int flr_client_runner_get_stats(const flr_client_runner *client, flr_client_stats *stats)
{
    flr_client_runner *c = (flr_client_runner *)(uintptr_t)client;
    flr_client_stats now;
    if (client == NULL)
        return FLR_E_INVAL;
    int status = flr__abi_import(&now, sizeof now, stats, sizeof now, 0);
    if (status < 0)
        return status;
    uint32_t size = stats->struct_size;
    flr__mutex_lock(&c->lock);
    now = c->stats;
    flr__mutex_unlock(&c->lock);
    memcpy(stats, &now, size < sizeof now ? size : sizeof now);
    stats->struct_size = size;
    return 0;
}

int flr_client_runner_get_detail(const flr_client_runner *client, char *text, size_t size)
{
    flr_client_runner *c = (flr_client_runner *)(uintptr_t)client;
    if (client == NULL || text == NULL || size == 0)
        return FLR_E_INVAL;
    text[0] = '\0';
    flr__mutex_lock(&c->lock);
    strncat(text, c->detail, size - 1);
    flr__mutex_unlock(&c->lock);
    return 0;
}
