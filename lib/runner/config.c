/* Configuration: setters with their checks. A configuration is used by one thread; no lock. */
#include "base/abi.h"
#include "runner/internal.h"
#include <stdio.h>
#include <string.h>

static const char *const default_fatal_codes[] = {FLR_RC_RUN_MISMATCH, FLR_RC_TASK_UNKNOWN,
                                                  FLR_RC_UNSAFE_JOB, NULL};

void flr__config_fail(flr_config *config, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(config->detail, sizeof config->detail, format, args);
    va_end(args);
}

/* Says what is wrong with an argument. */
static int refuse(flr_config *config, int status, const char *argument)
{
    flr__config_fail(config, "%s: %s", argument, flr_status_get_text(status));
    return status;
}

#define BEGIN(config)                                                                              \
    do {                                                                                           \
        if ((config) == NULL)                                                                      \
            return FLR_E_INVAL;                                                                    \
        (config)->detail[0] = '\0';                                                                \
    } while (0)

int flr_config_new(flr_config **config)
{
    if (config == NULL)
        return FLR_E_INVAL;
    flr_config *c = flr__zalloc(sizeof *c);
    if (c == NULL)
        return FLR_E_NOMEM;
    c->settings.request_interval = 2.0;
    c->settings.grace = 60 * INT64_C(1000000000);
    c->settings.lead_time = 30 * INT64_C(1000000000);
    c->settings.min_sites = 1;
    c->settings.ready_timeout = 5 * INT64_C(1000000000);
    c->settings.ready_interval = INT64_C(500000000);
    c->settings.reliable_workers = 20;
    c->settings.reliable_interval = 2 * INT64_C(1000000000);
    c->settings.result_depth = FLR_VALUE_MAX_DEPTH;
    c->settings.result_count = FLR_VALUE_MAX_COUNT;
    c->settings.result_bytes = SIZE_MAX;
    c->log_level = FLR_LOG_INFO;
    c->event_depth = 20;
    c->name_max = FLR_NAME_MAX;
    int status = flr_config_set_fatal_return_codes(c, default_fatal_codes);
    if (status < 0) {
        flr_config_free(c);
        return status;
    }
    *config = c;
    return 0;
}

void flr__names_free(flr__names *names)
{
    for (size_t i = 0; i < names->count; i++)
        flr__str_unref(names->items[i]);
    flr__free((void *)names->items);
    memset(names, 0, sizeof *names);
}

void flr_config_free(flr_config *config)
{
    if (config == NULL)
        return;
    flr__components_free(&config->components);
    for (size_t i = 0; i < config->workflow_count; i++)
        flr_workflow_unref(config->workflows[i]);
    flr__free(config->workflows);
    flr__chains_free(&config->data_chains);
    flr__chains_free(&config->result_chains);
    flr__scopes_free(&config->scopes);
    flr__names_free(&config->settings.fatal_codes);
    flr__names_free(&config->settings.required_sites);
    flr_clock_unref(config->clock);
    flr__free(config->identity);
    flr__free(config->job_scope);
    flr__free(config);
}

const char *flr_config_get_detail(const flr_config *config)
{
    return config == NULL ? "" : config->detail;
}

/* ---------------------------------------------------------------- times */

static int set_time(flr_config *config, const char *name, double seconds, double fallback,
                    int64_t *to)
{
    int64_t time;
    int status = flr__seconds(seconds, &time);
    if (status == 0 && time == 0 && fallback > 0)
        status = flr__seconds(fallback, &time);
    if (status < 0)
        return refuse(config, status, name);
    *to = time;
    return 0;
}

int flr_config_set_task_request_interval(flr_config *config, double seconds)
{
    BEGIN(config);
    int64_t time;
    int status = set_time(config, "task_request_interval", seconds, 2.0, &time);
    if (status == 0)
        config->settings.request_interval = seconds > 0 ? seconds : 2.0;
    return status;
}

int flr_config_set_reliable(flr_config *config, size_t workers, double query_interval)
{
    BEGIN(config);
    int status = set_time(config, "query_interval", query_interval, 2.0,
                          &config->settings.reliable_interval);
    if (status == 0)
        config->settings.reliable_workers = workers == 0 ? 20 : workers;
    return status;
}

int flr_config_set_heartbeat_timeout(flr_config *config, double seconds)
{
    BEGIN(config);
    return set_time(config, "heartbeat_timeout", seconds, 0, &config->settings.heartbeat_timeout);
}

int flr_config_set_dead_client_grace_period(flr_config *config, double seconds)
{
    BEGIN(config);
    return set_time(config, "dead_client_grace_period", seconds, 0, &config->settings.grace);
}

int flr_config_set_dead_client_check_lead_time(flr_config *config, double seconds)
{
    BEGIN(config);
    return set_time(config, "dead_client_check_lead_time", seconds, 0, &config->settings.lead_time);
}

int flr_config_set_end_run_readiness(flr_config *config, double timeout, double interval)
{
    int64_t t, i;
    BEGIN(config);
    int status = set_time(config, "end_run_readiness_timeout", timeout, 5.0, &t);
    if (status == 0)
        status = set_time(config, "end_run_readiness_check_interval", interval, 0.5, &i);
    if (status < 0)
        return status;
    config->settings.ready_timeout = t;
    config->settings.ready_interval = i;
    return 0;
}

/* ---------------------------------------------------------------- scalars and texts */

/* Replace `names` by copies of these; nothing has changed if that fails. */
static int set_names(flr_config *config, const char *what, const char *const *given,
                     flr__names *names)
{
    flr__names fresh = {NULL, 0};
    size_t count = 0;
    if (given == NULL)
        return refuse(config, FLR_E_INVAL, what);
    while (given[count] != NULL) {
        int status = flr__check_name(given[count], FLR_NAME_MAX);
        if (status < 0)
            return refuse(config, status, what);
        count++;
    }
    fresh.items = flr__alloc_array(count > 0 ? count : 1, sizeof *fresh.items);
    if (fresh.items == NULL)
        return refuse(config, FLR_E_NOMEM, what);
    for (; fresh.count < count; fresh.count++) {
        fresh.items[fresh.count] = flr__str_new(given[fresh.count], strlen(given[fresh.count]));
        if (fresh.items[fresh.count] == NULL) {
            flr__names_free(&fresh);
            return refuse(config, FLR_E_NOMEM, what);
        }
    }
    flr__names_free(names);
    *names = fresh;
    return 0;
}

int flr_config_set_fatal_return_codes(flr_config *config, const char *const *codes)
{
    BEGIN(config);
    return set_names(config, "codes", codes, &config->settings.fatal_codes);
}

int flr_config_set_min_sites(flr_config *config, size_t count)
{
    BEGIN(config);
    config->settings.min_sites = count;
    return 0;
}

int flr_config_set_required_sites(flr_config *config, const char *const *clients)
{
    BEGIN(config);
    return set_names(config, "clients", clients, &config->settings.required_sites);
}

int flr_config_set_clock(flr_config *config, flr_clock *clock)
{
    BEGIN(config);
    if (clock == NULL)
        return refuse(config, FLR_E_INVAL, "clock");
    flr_clock_ref(clock);
    flr_clock_unref(config->clock);
    config->clock = clock;
    return 0;
}

int flr_config_set_seed(flr_config *config, uint64_t seed)
{
    BEGIN(config);
    config->seeded = true;
    config->seed = seed;
    return 0;
}

/* Replaces a text that may be empty. */
static int set_text(flr_config *config, const char *argument, const char *text, char **to)
{
    if (text == NULL)
        return refuse(config, FLR_E_INVAL, argument);
    int status = *text == '\0' ? 0 : flr__check_name(text, config->name_max);
    if (status < 0)
        return refuse(config, status, argument);
    char *copy = flr__strdup(text);
    if (copy == NULL)
        return refuse(config, FLR_E_NOMEM, argument);
    flr__free(*to);
    *to = copy;
    return 0;
}

int flr_config_set_identity(flr_config *config, const char *name)
{
    BEGIN(config);
    return set_text(config, "name", name, &config->identity);
}

int flr_config_set_job_scope(flr_config *config, const char *name)
{
    BEGIN(config);
    return set_text(config, "name", name, &config->job_scope);
}

int flr_config_set_log_level(flr_config *config, int level)
{
    BEGIN(config);
    if (level != FLR_LOG_OFF && strcmp(flr_log_get_level_name(level), "?") == 0)
        return refuse(config, FLR_E_INVAL, "level");
    config->log_level = level;
    return 0;
}

/* A flag is 0 or 1. */
static int set_flag(flr_config *config, int on, bool *to)
{
    if (on != 0 && on != 1)
        return refuse(config, FLR_E_INVAL, "on");
    *to = on == 1;
    return 0;
}

int flr_config_set_secure(flr_config *config, int on)
{
    BEGIN(config);
    return set_flag(config, on, &config->secure);
}

int flr_config_set_allow_state_mismatch(flr_config *config, int on)
{
    BEGIN(config);
    return set_flag(config, on, &config->settings.allow_state_mismatch);
}

int flr_config_set_limits(flr_config *config, size_t event_depth, size_t name_bytes)
{
    BEGIN(config);
    if (event_depth > 1000)
        return refuse(config, FLR_E_INVAL, "event_depth");
    if (name_bytes > FLR_NAME_MAX)
        return refuse(config, FLR_E_INVAL, "name_bytes");
    config->event_depth = event_depth > 0 ? event_depth : 20;
    config->name_max = name_bytes > 0 ? name_bytes : FLR_NAME_MAX;
    return 0;
}

int flr_config_set_result_limits(flr_config *config, size_t depth, size_t count, size_t bytes)
{
    BEGIN(config);
    if (depth > FLR_VALUE_MAX_DEPTH)
        return refuse(config, FLR_E_INVAL, "depth");
    if (count > FLR_VALUE_MAX_COUNT)
        return refuse(config, FLR_E_INVAL, "count");
    config->settings.result_depth = depth > 0 ? depth : FLR_VALUE_MAX_DEPTH;
    config->settings.result_count = count > 0 ? count : FLR_VALUE_MAX_COUNT;
    config->settings.result_bytes = bytes > 0 ? bytes : SIZE_MAX;
    return 0;
}

/* ---------------------------------------------------------------- components and workflows */

/* Components and workflows share one id space. */
static int check_id(flr_config *config, const char *id)
{
    int status = flr__check_name(id, config->name_max);
    if (status < 0)
        return refuse(config, status, "id");
    if (flr__components_find(&config->components, id, 0) != NULL) {
        flr__config_fail(config, "id: \"%s\" is used already", id);
        return FLR_E_EXISTS;
    }
    return 0;
}

int flr_config_add_component(flr_config *config, const char *id, const flr_component_ops *ops,
                             void *self)
{
    BEGIN(config);
    flr__component *c;
    int status = check_id(config, id);
    if (status < 0)
        return status;
    if (ops == NULL)
        return refuse(config, FLR_E_INVAL, "ops");
    status = flr__component_new(id, FLR__COMPONENT, ops, self, &c);
    if (status < 0)
        return refuse(config, status, "ops");
    status = flr__components_add(&config->components, c);
    if (status < 0) {
        flr__component_free(c, false);
        return refuse(config, status, "id");
    }
    return 0;
}

int flr_config_subscribe(flr_config *config, const char *component, const char *event,
                         flr_event_handler handler, void *self)
{
    BEGIN(config);
    int status = flr__check_name(component, config->name_max);
    if (status < 0)
        return refuse(config, status, "component");
    flr__component *c = flr__components_find(&config->components, component, 0);
    if (c == NULL) {
        flr__config_fail(config, "component: there is no \"%s\"", component);
        return FLR_E_NOTFOUND;
    }
    status = flr__component_add_callback(c, event, handler, self);
    return status < 0 ? refuse(config, status, handler == NULL ? "handler" : "event") : 0;
}

int flr__config_add_workflow(flr_config *config, const char *id, flr_workflow *workflow)
{
    int status = check_id(config, id);
    if (status < 0)
        return status;
    void *array = config->workflows;
    status = flr__grow(&array, &config->workflow_capacity, config->workflow_count,
                       sizeof *config->workflows);
    config->workflows = array;
    if (status < 0)
        return refuse(config, status, "workflow");
    status = flr__workflow_name(workflow, id);
    if (status < 0)
        return refuse(config, status, "workflow");
    status = flr__components_add(&config->components, workflow->controller_component);
    if (status == 0) {
        status = flr__components_add(&config->components, workflow->communicator_component);
        if (status < 0)
            config->components
                .count--; /* the controller, which was added last, goes back to the workflow */
    }
    if (status < 0)
        return refuse(config, status, "workflow");
    workflow->controller_component = workflow->communicator_component = NULL;
    atomic_store(&workflow->added, true);
    config->workflows[config->workflow_count++] = workflow;
    return 0;
}

int flr_config_add_workflow(flr_config *config, const char *id, flr_workflow *workflow)
{
    BEGIN(config);
    if (workflow == NULL)
        return refuse(config, FLR_E_INVAL, "workflow");
    return flr__config_add_workflow(config, id, workflow);
}

/* ---------------------------------------------------------------- filters and scopes */

static int add_chain(flr_config *config, flr__chains *chains, const char *task, int direction,
                     flr_filter_chain *chain)
{
    int status = flr__check_name(task, config->name_max);
    if (status < 0)
        return refuse(config, status, "task");
    if (chain == NULL)
        return refuse(config, FLR_E_INVAL, "chain");
    status = flr__chains_add(chains, task, direction, chain);
    return status < 0 ? refuse(config, status, status == FLR_E_INVAL ? "direction" : "task") : 0;
}

int flr_config_add_data_filters(flr_config *config, const char *task, int direction,
                                flr_filter_chain *chain)
{
    BEGIN(config);
    return add_chain(config, &config->data_chains, task, direction, chain);
}

int flr_config_add_result_filters(flr_config *config, const char *task, int direction,
                                  flr_filter_chain *chain)
{
    BEGIN(config);
    return add_chain(config, &config->result_chains, task, direction, chain);
}

/* A chain of one. */
static int add_filter(flr_config *config, flr__chains *chains, const char *task, int direction,
                      const flr_filter_ops *ops, void *self)
{
    if (ops != NULL && ops->struct_size >= sizeof *ops && ops->process == NULL) {
        flr__config_fail(config, "filter: the member process is required");
        return FLR_E_INVAL;
    }
    int status = flr__check_name(task, config->name_max);
    if (status < 0)
        return refuse(config, status, "task");
    status = flr__chains_add_filter(chains, task, direction, ops, self);
    return status < 0 ? refuse(config, status, status == FLR_E_EXISTS ? "task" : "ops") : 0;
}

int flr_config_add_data_filter(flr_config *config, const char *task, const flr_filter_ops *ops,
                               void *self)
{
    BEGIN(config);
    return add_filter(config, &config->data_chains, task, FLR_FILTER_OUT, ops, self);
}

int flr_config_add_result_filter(flr_config *config, const char *task, const flr_filter_ops *ops,
                                 void *self)
{
    BEGIN(config);
    return add_filter(config, &config->result_chains, task, FLR_FILTER_IN, ops, self);
}

int flr_config_add_scope(flr_config *config, flr_scope *scope)
{
    BEGIN(config);
    if (scope == NULL)
        return refuse(config, FLR_E_INVAL, "scope");
    int status = flr__scopes_add(&config->scopes, scope);
    return status < 0 ? refuse(config, status, "scope") : 0;
}

static bool has_scope(const flr__scopes *scopes, const char *name)
{
    for (size_t i = 0; i < scopes->count; i++)
        if (strcmp(flr_scope_get_name(scopes->items[i]), name) == 0)
            return true;
    return false;
}

int flr_config_set_default_scope(flr_config *config, const char *name)
{
    BEGIN(config);
    int status = flr__check_name(name, config->name_max);
    if (status == 0 && !has_scope(&config->scopes, name))
        status = FLR_E_NOTFOUND;
    if (status == 0)
        status = flr__scopes_set_default(&config->scopes, name);
    return status < 0 ? refuse(config, status, "name") : 0;
}
