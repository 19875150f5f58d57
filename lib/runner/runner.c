/*
 * The server runner as an object: making, sharing and freeing it, aborting, and reading how it stands. The answer lock guards the detail text;
 * the rest is atomic or set before the runner is shared.
 */
#include "base/abi.h"
#include "base/block.h"
#include "reliable/reliable.h"
#include "runner/internal.h"
#include <string.h>

/* ---------------------------------------------------------------- what the board uses */

flr__site *flr__runner_site(flr_runner *r)
{
    return &r->site;
}
flr__clients *flr__runner_clients(flr_runner *r)
{
    return &r->clients;
}
const uint8_t *flr__runner_secret(const flr_runner *r)
{
    return r->secret;
}
bool flr__runner_is_aborted(const flr_runner *r)
{
    return flr_signal_is_triggered(r->abort) != 0;
}
int64_t flr__runner_lead_time(const flr_runner *r)
{
    return r->settings.lead_time;
}
uint64_t flr__runner_begun(const flr_runner *r)
{
    return atomic_load(&((flr_runner *)r)->begun);
}

int64_t flr__runner_heartbeat_timeout(const flr_runner *r)
{
    return r->settings.heartbeat_timeout;
}
flr_workflow *flr__runner_workflow(flr_runner *r)
{
    return atomic_load(&r->current);
}
bool flr__runner_gate_is_open(const flr_runner *r)
{
    return flr__gate_level(&r->gate) == FLR__GATE_OPEN;
}

void flr__runner_count2(flr_runner *r, uint32_t hash, size_t first, size_t second)
{
    flr__counters_add(&r->counters, hash, first, second);
}

void flr__runner_count(flr_runner *r, size_t counter)
{
    flr__counters_add(&r->counters, 0, counter, FLR__NO_COUNTER);
}

void flr__runner_notify(flr_runner *r)
{
    flr__waker_notify(&r->run_waker);
    /* The stepping thread sees its own changes; everybody else has it called. */
    if (atomic_load(&r->mode) == FLR__MODE_STEP && r->site.engine.wakeup != NULL &&
        !flr__host_inside(FLR__HOST_STEP, &r->site, NULL))
        r->site.engine.wakeup(r->site.engine_self);
}

static void want(flr_runner *r, unsigned reason)
{
    atomic_fetch_or(&r->wanted, reason);
    flr__runner_notify(r);
}

void flr__runner_task_ended(flr_runner *r)
{
    want(r, FLR__WANT_TASK);
}

void flr__runner_task_ready(flr_runner *r, const char *client)
{
    if (r->site.engine.task_ready != NULL)
        r->site.engine.task_ready(r->site.engine_self, client);
}

int flr_runner_wake(flr_runner *runner)
{
    if (runner == NULL)
        return FLR_E_INVAL;
    want(runner, FLR__WANT_WAKE);
    return 0;
}

/* ---------------------------------------------------------------- references */

void flr__runner_ref(flr_runner *r)
{
    atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
}

/* The abort signal was triggered, by whomever. */
static void on_abort(flr__site *site)
{
    want((flr_runner *)site, FLR__WANT_ABORT);
}

static void free_parts(flr_runner *r)
{
    flr__clients_free(&r->clients);
    flr__counters_free(&r->counters);
    flr__turnstile_destroy(&r->saving);
    flr__turnstile_destroy(&r->driving);
    flr__waker_destroy(&r->driver_waker);
    flr__waker_destroy(&r->run_waker);
    flr__mutex_destroy(&r->decide_lock);
    flr__mutex_destroy(&r->changes_lock);
    flr__mutex_destroy(&r->answer_lock);
}

static void runner_free(flr_runner *r)
{
    flr__watch_end(r->watch);
    /* A stepped run may be given up before its end: nothing is called then but destroy. */
    flr_workflow *unfinished = atomic_load(&r->current);
    atomic_store(&r->mode, FLR__MODE_NONE);
    if (unfinished != NULL && unfinished->hooks != NULL)
        unfinished->hooks->abandon(unfinished->board);
    flr__drive_finish(r);
    flr__reliable_free(&r->site);
    for (size_t i = 0; i < r->workflow_count; i++)
        flr_workflow_unref(r->workflows[i]);
    flr__free(r->workflows);
    flr__site_free(&r->site);
    flr__answer_cache_free(r);
    flr__names_free(&r->settings.fatal_codes);
    flr__names_free(&r->settings.required_sites);
    flr_value_unref(r->abort_value);
    flr_value_unref(r->wait_value);
    flr_value_unref(r->empty_text);
    flr_signal_unref(r->abort);
    free_parts(r);
    flr__free(r);
    flr__blocks_drop();
}

void flr__runner_unref(flr_runner *r)
{
    if (atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) == 1)
        runner_free(r);
}

void flr_runner_free(flr_runner *runner)
{
    if (runner != NULL)
        flr__runner_unref(runner);
}

static void site_retain(flr__site *site)
{
    flr__runner_ref((flr_runner *)site);
}
static void site_release(flr__site *site)
{
    flr__runner_unref((flr_runner *)site);
}
static void site_count(flr__site *site, size_t counter)
{
    flr__runner_count((flr_runner *)site, counter);
}

static void site_count_aux(flr__site *site, const char *rc)
{
    static const struct {
        const char *rc;
        size_t counter;
    } known[] = {
        {FLR_RC_OK, FLR__COUNTER(aux_ok)},
        {FLR_RC_BAD_REQUEST_DATA, FLR__COUNTER(aux_bad_request)},
        {FLR_RC_TOPIC_UNKNOWN, FLR__COUNTER(aux_topic_unknown)},
        {FLR_RC_MISSING_PEER_CONTEXT, FLR__COUNTER(aux_no_peer)},
        {FLR_RC_BAD_PEER_CONTEXT, FLR__COUNTER(aux_no_peer)},
        {FLR_RC_HANDLER_EXCEPTION, FLR__COUNTER(aux_handler_failed)},
    };
    size_t counter = FLR__COUNTER(aux_other);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(rc, known[i].rc) == 0)
            counter = known[i].counter;
    flr__runner_count((flr_runner *)site, counter);
}

static void site_wake_driver(flr__site *site)
{
    flr_runner *r = (flr_runner *)site;
    flr__waker_notify(&r->driver_waker);
    if (atomic_load(&r->mode) == FLR__MODE_STEP)
        flr__runner_notify(r);
}

static flr_value *site_build(flr__site *site, unsigned slot)
{
    flr_value *value = NULL;
    if (slot == FLR__S_CLIENT_HIERARCHY && flr__runner_hierarchy((flr_runner *)site, &value) < 0)
        return NULL;
    return value;
}

static int site_list_targets(flr__site *site, int (*add)(void *self, const flr__str *name),
                             void *self)
{
    flr__client **list;
    size_t count;
    int status = flr__clients_list(&((flr_runner *)site)->clients, &list, &count);
    for (size_t i = 0; status == 0 && i < count; i++)
        status = add(self, list[i]->name);
    flr__free(list);
    return status;
}

/* ---------------------------------------------------------------- making one */

static int make_secret(flr_runner *r, const flr_config *config)
{
    flr__rng rng;
    if (config->seeded)
        flr__rng_seed(&rng, config->seed, "run secret");
    else if (flr__rng_seed_system(&rng) < 0)
        return FLR_E_IO;
    for (size_t i = 0; i < sizeof r->secret; i += 8) {
        uint64_t word = flr__rng_next(&rng);
        memcpy(&r->secret[i], &word, 8);
    }
    if (config->seeded)
        flr__rng_seed(&r->site.ids, config->seed, "ids");
    else
        r->site.ids = rng;
    return 0;
}

static int make_signal(flr_runner *r)
{
    int status = flr_signal_new(NULL, r->site.clock, &r->abort);
    if (status < 0)
        return status;
    r->watch = flr__watch_new(r->abort, &r->site, &r->refs, on_abort);
    return r->watch == NULL ? FLR_E_NOMEM : 0;
}

static int make_values(flr_runner *r)
{
    int status = flr_value_new_pointer("flr_runner", r, NULL, &r->site.runner_value);
    if (status == 0) {
        status = flr_value_new_pointer("flr_signal", flr_signal_ref(r->abort), flr__signal_release,
                                       &r->abort_value);
        if (status < 0)
            flr_signal_unref(r->abort);
    }
    if (status == 0)
        status = flr_value_new_real(r->settings.request_interval, &r->wait_value);
    if (status == 0)
        status = flr_value_new_text("", &r->empty_text);
    return status;
}

/* The parts that need no configuration. Undone by runner_free once all are there. */
static int make_parts(flr_runner *r, const flr_config *config)
{
    if (flr__mutex_init(&r->answer_lock, FLR__RANK_STATS) < 0)
        return FLR_E_NOMEM;
    if (flr__mutex_init(&r->changes_lock, FLR__RANK_CHANGES) < 0)
        goto fail_answer;
    if (flr__mutex_init(&r->decide_lock, FLR__RANK_DECIDE) < 0)
        goto fail_changes;
    if (flr__waker_init(&r->run_waker) < 0)
        goto fail_lock;
    if (flr__waker_init(&r->driver_waker) < 0)
        goto fail_run;
    if (flr__turnstile_init(&r->driving) < 0)
        goto fail_driver;
    if (flr__turnstile_init(&r->saving) < 0)
        goto fail_driving;
    if (flr__counters_init(&r->counters) < 0)
        goto fail_saving;
    if (flr__clients_init(&r->clients, config->settings.grace) < 0)
        goto fail_counters;
    return 0;
fail_counters:
    flr__counters_free(&r->counters);
fail_saving:
    flr__turnstile_destroy(&r->saving);
fail_driving:
    flr__turnstile_destroy(&r->driving);
fail_driver:
    flr__waker_destroy(&r->driver_waker);
fail_run:
    flr__waker_destroy(&r->run_waker);
fail_lock:
    flr__mutex_destroy(&r->decide_lock);
fail_changes:
    flr__mutex_destroy(&r->changes_lock);
fail_answer:
    flr__mutex_destroy(&r->answer_lock);
    return FLR_E_NOMEM;
}

static void fill_site(flr_runner *r, const flr_config *config, flr_scope *scope)
{
    flr__site *s = &r->site;
    s->runner = r;
    s->log_level = config->log_level;
    s->secure = config->secure;
    s->event_depth = config->event_depth;
    s->name_max = config->name_max;
    s->scope = flr_scope_ref(scope);
    s->retain = site_retain;
    s->release = site_release;
    s->list_targets = site_list_targets;
    s->count = site_count;
    s->count_aux = site_count_aux;
    s->wake_driver = site_wake_driver;
    s->build = site_build;
    s->bus.owner_handler = flr__runner_hear;
}

/* Takes over what the configuration holds; cannot fail, so it comes last. */
static void take_over(flr_runner *r, flr_config *config)
{
    memset(&config->settings.fatal_codes, 0, sizeof config->settings.fatal_codes);
    memset(&config->settings.required_sites, 0, sizeof config->settings.required_sites);
    r->workflows = config->workflows;
    r->workflow_count = config->workflow_count;
    config->workflows = NULL;
    config->workflow_count = 0;
}

/* Components and chains are the site's while it is tried; they go back if it fails. */
static void lend(flr__site *s, flr_config *config)
{
    s->components = config->components;
    s->data_chains = config->data_chains;
    s->result_chains = config->result_chains;
    memset(&config->components, 0, sizeof config->components);
    memset(&config->data_chains, 0, sizeof config->data_chains);
    memset(&config->result_chains, 0, sizeof config->result_chains);
}

static void give_back(flr__site *s, flr_config *config)
{
    config->components = s->components;
    config->data_chains = s->data_chains;
    config->result_chains = s->result_chains;
    memset(&s->components, 0, sizeof s->components);
    memset(&s->data_chains, 0, sizeof s->data_chains);
    memset(&s->result_chains, 0, sizeof s->result_chains);
}

static int build(flr_runner *r, flr_config *config, const char *job_id,
                 const flr_engine_ops *engine, void *engine_self, flr_scope *scope)
{
    flr_clock *clock = flr_clock_ref(config->clock);
    int status = clock == NULL ? flr_clock_new_system(&clock) : 0;
    if (status == 0)
        status = flr__site_init(&r->site, engine, engine_self, job_id,
                                config->identity == NULL ? "" : config->identity, clock);
    flr_clock_unref(clock);
    if (status < 0) {
        free_parts(r);
        flr__free(r);
        return status;
    }
    fill_site(r, config, scope);
    lend(&r->site, config);
    status = make_secret(r, config);
    if (status == 0)
        status = make_signal(r);
    if (status == 0)
        status = make_values(r);
    if (status == 0)
        status = flr__site_show_scope(&r->site);
    if (status == 0)
        status = flr__reliable_new(&r->site, r->settings.reliable_workers,
                                   r->settings.reliable_interval, r->abort, &r->refs);
    if (status == 0)
        status = flr__builtin_register(r);
    if (status == 0)
        status = flr__bus_rebuild(&r->site);
    if (status < 0) {
        give_back(&r->site, config);
        memset(&r->settings.fatal_codes, 0, sizeof r->settings.fatal_codes);
        memset(&r->settings.required_sites, 0, sizeof r->settings.required_sites);
        runner_free(r);
        return status;
    }
    return 0;
}

int flr_runner_new(flr_config *config, const char *job_id, const flr_engine_ops *engine,
                   void *engine_self, flr_runner **runner)
{
    flr_engine_ops ops;
    flr_scope *scope = NULL;
    if (config == NULL)
        return FLR_E_INVAL;
    config->detail[0] = '\0';
    int status = runner == NULL ? FLR_E_INVAL : flr__check_name(job_id, config->name_max);
    if (status < 0) {
        flr__config_fail(config, "%s: %s", runner == NULL ? "runner" : "job_id",
                         flr_status_get_text(status));
        return status;
    }
    status = flr__abi_import(&ops, sizeof ops, engine, sizeof ops, 0);
    if (status == 0 && ops.list_clients == NULL)
        status = FLR_E_INVAL;
    if (status < 0) {
        flr__config_fail(config, "engine: %s",
                         engine == NULL || status != FLR_E_INVAL
                             ? flr_status_get_text(status)
                             : "the member list_clients is required");
        return status;
    }
    status = flr__scopes_choose(&config->scopes, config->job_scope == NULL ? "" : config->job_scope,
                                &scope);
    if (status < 0) {
        flr__config_fail(config, "scope: \"%s\" is not allowed here",
                         config->job_scope == NULL ? "" : config->job_scope);
        return status;
    }
    flr_runner *r = flr__zalloc(sizeof *r);
    status = r == NULL ? FLR_E_NOMEM : make_parts(r, config);
    if (status < 0) {
        flr__free(r);
    } else {
        atomic_init(&r->refs, 1);
        r->settings = config->settings;
        atomic_init(&r->communicator_due, FLR_TIME_NONE);
        atomic_init(&r->policy_at, FLR_TIME_NONE);
        r->step_due = FLR_TIME_NONE;
        flr__gate_init(&r->gate, flr__runner_gate_left, r);
        status = build(r, config, job_id, &ops, engine_self, scope);
    }
    if (status < 0) {
        flr__config_fail(config, "%s", flr_status_get_text(status));
        return status;
    }
    take_over(r, config);
    flr_config_free(config);
    *runner = r;
    return 0;
}

void flr__runner_gate_left(void *self)
{
    flr__runner_notify(self);
}

int flr_runner_new_context(flr_runner *runner, flr_context **context)
{
    if (runner == NULL || context == NULL)
        return FLR_E_INVAL;
    flr_context *c = flr__context_new(&runner->site);
    if (c == NULL)
        return FLR_E_NOMEM;
    c->own = true;
    *context = c;
    return 0;
}

int flr_runner_add_component(flr_runner *runner, const char *id, const flr_component_ops *ops,
                             void *self)
{
    if (runner == NULL || ops == NULL)
        return FLR_E_INVAL;
    int status = flr__check_name(id, runner->site.name_max);
    if (status < 0)
        return status;
    if (atomic_load(&runner->mode) != FLR__MODE_NONE)
        return FLR_E_STATE;
    return flr__site_add_component(&runner->site, id, ops, self);
}

int flr_runner_subscribe(flr_runner *runner, const char *component, const char *event,
                         flr_event_handler handler, void *self)
{
    return runner == NULL ? FLR_E_INVAL
                          : flr__site_subscribe(&runner->site, &runner->changes_lock, component,
                                                event, handler, self);
}

/* ---------------------------------------------------------------- calls of transport threads */

int flr__runner_check_call(flr_runner *r, const char *client, flr_context *context)
{
    if (r == NULL || context == NULL || context->site != &r->site)
        return FLR_E_INVAL;
    const flr__client *last = context->own_values->client;
    /* The client of its last call has a name that was checked. */
    int status = last != NULL && client != NULL && strcmp(last->name->text, client) == 0
                     ? 0
                     : flr__check_name(client, r->site.name_max);
    if (status < 0)
        return status;
    if (atomic_exchange_explicit(&context->busy, true, memory_order_acquire))
        return FLR_E_STATE;
    flr__context_drop_views(context);
    return 0;
}

void flr__runner_end_call(flr_context *context)
{
    context->client = NULL;
    context->now = FLR_TIME_NONE;
    atomic_store_explicit(&context->busy, false, memory_order_release);
}

/* ---------------------------------------------------------------- abort and reading */

int flr_runner_abort(flr_runner *runner, int cold)
{
    if (runner == NULL)
        return FLR_E_INVAL;
    if (atomic_load(&runner->ended))
        return 0;
    flr__runner_decide(runner, flr_clock_get_now(runner->site.clock)); /* what was due before it */
    if (cold)
        atomic_store(&runner->cold, true);
    atomic_store(&runner->status, FLR_STATUS_DONE);
    if (!atomic_exchange(&runner->stopped, true))
        flr_signal_trigger(runner->abort, flr_value_ref(flr__value_bool(true)));
    flr__runner_notify(runner);
    return 0;
}

int flr_runner_get_status(const flr_runner *runner)
{
    return runner == NULL ? FLR_STATUS_INIT : atomic_load(&runner->status);
}

size_t flr_runner_get_workflow_index(const flr_runner *runner)
{
    return runner == NULL ? 0 : atomic_load(&runner->index);
}

const char *flr_runner_get_job_id(const flr_runner *runner)
{
    return runner == NULL ? "" : runner->site.job->text;
}

flr_signal *flr_runner_get_abort_signal(const flr_runner *runner)
{
    return runner == NULL ? NULL : runner->abort;
}

int flr_runner_get_stats(const flr_runner *runner, flr_stats *stats)
{
    flr_stats sums;
    if (runner == NULL)
        return FLR_E_INVAL;
    int status = flr__abi_import(&sums, sizeof sums, stats, sizeof sums, 0);
    if (status < 0)
        return status;
    uint32_t size = stats->struct_size;
    flr__counters_get((flr__counters *)(uintptr_t)&runner->counters, &sums);
    memcpy(stats, &sums, size < sizeof sums ? size : sizeof sums);
    stats->struct_size = size;
    return 0;
}

void flr__runner_set_detail(flr_runner *r, const char *detail)
{
    flr__mutex_lock(&r->answer_lock);
    if (r->detail[0] == '\0') /* the first cause */
        strncat(r->detail, detail, sizeof r->detail - 1);
    flr__mutex_unlock(&r->answer_lock);
}

int flr_runner_get_detail(const flr_runner *runner, char *text, size_t size)
{
    if (runner == NULL || text == NULL || size == 0)
        return FLR_E_INVAL;
    flr_runner *r = (flr_runner *)(uintptr_t)runner;
    text[0] = '\0';
    flr__mutex_lock(&r->answer_lock);
    strncat(text, r->detail, size - 1);
    flr__mutex_unlock(&r->answer_lock);
    return 0;
}
