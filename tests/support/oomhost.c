/* The host of oomhost.h. */
#include "oomhost.h"

#include <string.h>

oomhost host;

/* ---------------------------------------------------------------- callbacks */

static int list_clients(void *self, flr_client_list *list)
{
    int status = flr_client_list_add(list, "site-1", NULL);
    (void)self;
    if (status == 0)
        status = flr_client_list_add(list, "site-2", "site-1");
    if (status == 0)
        status = flr_client_list_add(list, "site-3", "site-1");
    return status;
}

static int send_aux(void *self, flr_aux_send *send)
{
    int status = 0;
    (void)self;
    for (size_t i = 0; status == 0 && i < flr_aux_send_get_target_count(send); i++) {
        flr_shareable *reply = NULL;
        status = flr_shareable_new_reply(FLR_RC_OK, NULL, &reply);
        if (status == 0)
            status = flr_aux_send_reply(send, i, reply);
        flr_shareable_unref(reply);
    }
    return status;
}

static int persist(void *self, const flr_state *state, int completed)
{
    flr_state *old = host.state;
    (void)self;
    (void)completed;
    host.state = flr_state_ref(state);
    flr_state_unref(old);
    return 0;
}

static int audit(void *self, const flr_audit_record *record)
{
    (void)self;
    return flr_audit_record_get_id(record)[0] == '\0' ? FLR_E_INVAL : 0;
}

static int hear(void *self, const char *event, flr_context *context)
{
    (void)self;
    (void)event;
    (void)context;
    host.heard++;
    return 0;
}

static int save(void *self, flr_context *context, flr_value **state)
{
    (void)self;
    (void)context;
    return flr_value_new_int(host.saved, state);
}

static int restore(void *self, flr_context *context, const flr_value *state)
{
    (void)self;
    (void)context;
    host.saved = flr_value_get_int(state, -1);
    return 0;
}

static void destroy(void *self)
{
    (void)self;
    host.destroyed++;
}

static int start(void *self, flr_context *context)
{
    (void)self;
    return flr_context_get_board(context, &host.board);
}

static int step(void *self, flr_context *context, int64_t now, int64_t *due, int *ended)
{
    flr_signal *abort = flr_context_get_abort_signal(context);
    (void)self;
    (void)now;
    (void)due;
    *ended = host.end || flr_signal_is_triggered(abort);
    flr_signal_unref(abort);
    return 0;
}

static int pass(void *self, flr_context *context, flr_shareable *message, flr_shareable **output)
{
    (void)self;
    (void)context;
    *output = flr_shareable_ref(message);
    return 0;
}

/* ---------------------------------------------------------------- parts */

int oomhost_component(int (*add)(const char *id, const flr_component_ops *ops, void *self))
{
    static const char *const events[] = {FLR_EVENT_START_RUN, FLR_EVENT_END_RUN,
                                         FLR_EVENT_WARNING_LOG, "an event of the test", NULL};
    flr_component_ops ops;
    flr_component_ops_init(&ops, sizeof ops);
    ops.name = "the ears of the test";
    ops.handle_event = hear;
    ops.events = events;
    ops.save = save;
    ops.restore = restore;
    ops.destroy = destroy;
    return add("ears", &ops, &host);
}

int oomhost_controller(flr_controller_ops *ops)
{
    flr_controller_ops_init(ops, sizeof *ops);
    ops->step = step;
    ops->start = start;
    return 0;
}

static int add_component(const char *id, const flr_component_ops *ops, void *self)
{
    return flr_config_add_component(host.config, id, ops, self);
}

static int add_filters(void)
{
    flr_filter_ops ops;
    flr_filter_ops_init(&ops, sizeof ops);
    ops.process = pass;
    int status = flr_filter_new(&ops, NULL, &host.filter);
    if (status == 0)
        status = flr_scope_new("strict", &host.scope);
    if (status == 0)
        status = flr_scope_add_data_filter(host.scope, FLR_FILTER_OUT, host.filter);
    if (status == 0)
        status = flr_config_add_scope(host.config, host.scope);
    if (status == 0)
        status = flr_config_set_job_scope(host.config, "strict");
    if (status == 0)
        status = flr_config_add_data_filter(host.config, "tr*", &ops, NULL);
    if (status == 0)
        status = flr_config_add_result_filter(host.config, "*", &ops, NULL);
    return status;
}

int oomhost_configure(void)
{
    flr_controller_ops controller;
    int status = flr_config_new(&host.config);
    if (status == 0)
        status = flr_config_set_seed(host.config, 1);
    if (status == 0)
        status = flr_config_set_clock(host.config, host.clock);
    if (status == 0)
        status = flr_config_set_identity(host.config, "the server");
    if (status == 0)
        status = flr_config_set_log_level(host.config, FLR_LOG_DEBUG);
    if (status == 0)
        status = oomhost_component(add_component);
    if (status == 0)
        status = oomhost_controller(&controller);
    if (status == 0)
        status = flr_config_add_controller(host.config, "wf", &controller, &host, NULL, NULL);
    return status == 0 ? add_filters() : status;
}

static void take_log(void *self, int level, const char *line)
{
    (void)self;
    (void)level;
    (void)line;
}

int oomhost_make(void)
{
    flr_engine_ops ops;
    flr_engine_ops_init(&ops, sizeof ops);
    ops.list_clients = list_clients;
    ops.send_aux = send_aux;
    ops.persist = persist;
    ops.audit = audit;
    ops.log = take_log;
    int status = flr_runner_new(host.config, "job-1", &ops, &host, &host.runner);
    if (status == 0)
        host.config = NULL;
    return status;
}

flr_value *oomhost_props(void)
{
    flr_value *props = NULL;
    ck_assert_int_eq(flr_value_new_map(&props), 0);
    ck_assert_int_eq(flr_map_set_text(&props, FLR_PROP_RUN_NUM, "job-1"), 0);
    ck_assert_int_eq(flr_map_set_text(&props, FLR_PROP_IDENTITY_NAME, "liar"), 0);
    return props;
}

/* ---------------------------------------------------------------- with memory */

void oomhost_build_clock(void)
{
    ck_assert_int_eq(flr_clock_new_manual(1000000000, 1000000000, &host.clock), 0);
}

void oomhost_build_config(void)
{
    flr_filter_ops ops;
    oomhost_build_clock();
    ck_assert_int_eq(flr_config_new(&host.config), 0);
    flr_filter_ops_init(&ops, sizeof ops);
    ops.process = pass;
    ck_assert_int_eq(flr_filter_new(&ops, NULL, &host.filter), 0);
    ck_assert_int_eq(flr_filter_chain_new(&host.chain), 0);
    ck_assert_int_eq(flr_filter_chain_add(host.chain, host.filter), 0);
    ck_assert_int_eq(flr_scope_new("strict", &host.scope), 0);
}

void oomhost_build_runner(void)
{
    oomhost_build_clock();
    ck_assert_int_eq(oomhost_configure(), 0);
    ck_assert_int_eq(oomhost_make(), 0);
    ck_assert_int_eq(flr_runner_new_context(host.runner, &host.context), 0);
}

void oomhost_build_open(void)
{
    oomhost_build_runner();
    oomhost_step();
    ck_assert_ptr_nonnull(host.board);
    oomhost_reset();
}

static flr_step_result step_once(void)
{
    flr_step_result result;
    flr_step_result_init(&result, sizeof result);
    do
        ck_assert_int_eq(flr_runner_step(host.runner, &result), 0);
    while (result.state == FLR_STEP_RUNNING && result.wait_ns == 0);
    host.over = result.state == FLR_STEP_ENDED;
    return result;
}

void oomhost_step(void)
{
    step_once();
}

void oomhost_reset(void)
{
    flr_value *props = oomhost_props();
    ck_assert_int_eq(flr_context_reset(host.context), 0);
    ck_assert_int_eq(flr_context_set_peer_props(host.context, props), 0);
    flr_value_unref(props);
}

void oomhost_finish(void)
{
    flr_step_result result;
    if (host.over)
        return;
    host.end = true;
    flr_runner_abort(host.runner, 0);
    result = step_once();
    while (result.state == FLR_STEP_RUNNING) {
        ck_assert_int_gt(result.wait_ns, 0);
        ck_assert_int_eq(
            flr_clock_advance_to(host.clock, flr_clock_get_now(host.clock) + result.wait_ns), 0);
        result = step_once();
    }
}

void oomhost_drop(void)
{
    if (host.runner != NULL)
        oomhost_finish();
    flr_context_free(host.context);
    flr_runner_free(host.runner);
    flr_config_free(host.config);
    flr_workflow_unref(host.workflow);
    flr_filter_unref(host.filter);
    flr_filter_chain_unref(host.chain);
    flr_scope_unref(host.scope);
    flr_state_unref(host.state);
    flr_clock_unref(host.clock);
    memset(&host, 0, sizeof host);
}
