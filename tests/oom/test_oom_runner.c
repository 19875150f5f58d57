/*
 * The configuration, the runner and what is called on it, without memory: 0 or FLR_E_NOMEM;
 * after the latter nothing has changed, and the same call succeeds. Contexts, boards and whole
 * runs have files of their own.
 */
#include "failalloc.h"
#include "oomcase.h"
#include "oomhost.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static flr_task *task;
static flr_shareable *message;
static char id[40];
static void *saved;
static size_t saved_size;
static int kept; /* what the visitor saw */

static void drop(void)
{
    flr_task_unref(task);
    flr_shareable_unref(message);
    oomhost_drop();
    free(saved);
    task = NULL;
    message = NULL;
    saved = NULL;
}

/* Components that were handed over are destroyed exactly once, in the end. */
static void drop_component(void)
{
    int *destroyed = &host.destroyed;
    flr_clock *clock = flr_clock_ref(host.clock);
    if (host.runner != NULL)
        oomhost_finish();
    flr_context_free(host.context);
    flr_runner_free(host.runner);
    flr_config_free(host.config);
    host.context = NULL;
    host.runner = NULL;
    host.config = NULL;
    ck_assert_int_eq(*destroyed, 1);
    flr_clock_unref(clock);
    drop();
}

static void not_destroyed(void)
{
    ck_assert_int_eq(host.destroyed, 0);
}

/* ---------------------------------------------------------------- configuration */

static int config_new(void)
{
    return flr_config_new(&host.config);
}

static int config_fatal_codes(void)
{
    static const char *const codes[] = {"ONE", "TWO", "A_RATHER_LONG_RETURN_CODE_OF_A_HOST", NULL};
    return flr_config_set_fatal_return_codes(host.config, codes);
}

static int config_identity(void)
{
    return flr_config_set_identity(host.config, "the server");
}

static int config_job_scope(void)
{
    return flr_config_set_job_scope(host.config, "strict");
}

static int add_to_config(const char *name, const flr_component_ops *ops, void *self)
{
    return flr_config_add_component(host.config, name, ops, self);
}

static int config_component(void)
{
    return oomhost_component(add_to_config);
}

static void build_component(void)
{
    oomhost_build_config();
    ck_assert_int_eq(config_component(), 0);
}

static int hear(void *self, const char *event, flr_context *context)
{
    (void)self;
    (void)event;
    (void)context;
    return 0;
}

static int config_subscribe(void)
{
    return flr_config_subscribe(host.config, "ears", "an event with a name of its own", hear, NULL);
}

static int workflow_new(void)
{
    flr_controller_ops ops;
    oomhost_controller(&ops);
    return flr_workflow_new(&ops, &host, NULL, NULL, &host.workflow);
}

static void build_workflow(void)
{
    oomhost_build_config();
    ck_assert_int_eq(workflow_new(), 0);
}

static int config_workflow(void)
{
    return flr_config_add_workflow(host.config, "wf", host.workflow);
}

static void drop_given_workflow(void)
{
    host.workflow = NULL; /* the configuration has it */
    drop();
}

static int config_controller(void)
{
    flr_controller_ops ops;
    oomhost_controller(&ops);
    return flr_config_add_controller(host.config, "wf", &ops, &host, NULL, NULL);
}

static int give_nothing(void *self, flr_context *context, const char *client, flr_offer *offer)
{
    (void)self;
    (void)context;
    (void)client;
    return flr_offer_set(offer, "", "", NULL);
}

static int take_nothing(void *self, flr_context *context, const char *client, const char *name,
                        const char *task_id, flr_shareable *result, int *outcome)
{
    (void)self;
    (void)context;
    (void)client;
    (void)name;
    (void)task_id;
    (void)result;
    (void)outcome;
    return 0;
}

static int config_communicator(void)
{
    flr_controller_ops controller;
    flr_communicator_ops ops;
    oomhost_controller(&controller);
    flr_communicator_ops_init(&ops, sizeof ops);
    ops.process_task_request = give_nothing;
    ops.process_submission = take_nothing;
    return flr_config_add_controller(host.config, "wf", &controller, &host, &ops, &host);
}

static int config_data_chain(void)
{
    return flr_config_add_data_filters(host.config, "train", FLR_FILTER_INOUT, host.chain);
}

static int config_result_chain(void)
{
    return flr_config_add_result_filters(host.config, "train", FLR_FILTER_INOUT, host.chain);
}

static int pass(void *self, flr_context *context, flr_shareable *in, flr_shareable **out)
{
    (void)self;
    (void)context;
    *out = flr_shareable_ref(in);
    return 0;
}

static int config_data_filter(void)
{
    flr_filter_ops ops;
    flr_filter_ops_init(&ops, sizeof ops);
    ops.process = pass;
    return flr_config_add_data_filter(host.config, "train", &ops, &host);
}

static int config_result_filter(void)
{
    flr_filter_ops ops;
    flr_filter_ops_init(&ops, sizeof ops);
    ops.process = pass;
    return flr_config_add_result_filter(host.config, "train", &ops, &host);
}

static int config_scope(void)
{
    return flr_config_add_scope(host.config, host.scope);
}

static void build_scope(void)
{
    oomhost_build_config();
    ck_assert_int_eq(config_scope(), 0);
}

static int config_default_scope(void)
{
    return flr_config_set_default_scope(host.config, "strict");
}

/* ---------------------------------------------------------------- making and extending a runner */

static void build_configured(void)
{
    oomhost_build_clock();
    ck_assert_int_eq(oomhost_configure(), 0);
}

static void no_runner(void)
{
    ck_assert_ptr_null(host.runner);
    ck_assert_int_eq(host.destroyed, 0);
    ck_assert_str_ne(flr_config_get_detail(host.config), "");
}

static int add_to_runner(const char *name, const flr_component_ops *ops, void *self)
{
    (void)name;
    return flr_runner_add_component(host.runner, "second", ops, self);
}

static int runner_add_component(void)
{
    return oomhost_component(add_to_runner);
}

static int runner_subscribe(void)
{
    return flr_runner_subscribe(host.runner, "ears", "another event of the test", hear, NULL);
}

static void build_without_context(void)
{
    oomhost_build_runner();
    flr_context_free(host.context);
    host.context = NULL;
}

static int runner_new_context(void)
{
    return flr_runner_new_context(host.runner, &host.context);
}

/*
 * The first step: FLR_E_NOMEM means that nothing has happened; what fails inside is the run's
 * result.
 */
static int runner_step(void)
{
    flr_step_result result;
    flr_step_result_init(&result, sizeof result);
    int status = flr_runner_step(host.runner, &result);
    host.over = status == 0 && result.state == FLR_STEP_ENDED;
    return status;
}

static void not_begun(void)
{
    ck_assert_int_eq(flr_runner_get_status(host.runner), FLR_STATUS_INIT);
    ck_assert_int_eq(host.heard, 0);
}

/* ---------------------------------------------------------------- clients */

static int look(void *self, const char *client, const char *parent, int64_t last_heard,
                int64_t disconnected)
{
    (void)self;
    (void)client;
    (void)parent;
    (void)last_heard;
    (void)disconnected;
    kept++;
    return 0;
}

static int count_clients(void)
{
    kept = 0;
    ck_assert_int_eq(flr_runner_visit_clients(host.runner, look, NULL), 0);
    return kept;
}

static void three_clients(void)
{
    flr_stats stats;
    ck_assert_int_eq(count_clients(), 3);
    flr_stats_init(&stats, sizeof stats);
    ck_assert_int_eq(flr_runner_get_stats(host.runner, &stats), 0);
    ck_assert_uint_eq(stats.dead_reports, 0);
}

static int visit_clients(void)
{
    return flr_runner_visit_clients(host.runner, look, NULL);
}

static int add_client(void)
{
    return flr_runner_add_client(host.runner, "a client of which nobody has heard",
                                 "and its parent");
}

static int remove_client(void)
{
    return flr_runner_remove_client(host.runner, "site-2");
}

static int handle_dead(void)
{
    return flr_runner_handle_dead_job(host.runner, "site-2");
}

static int handle_dead_stranger(void)
{
    return flr_runner_handle_dead_job(host.runner, "a client of which nobody has heard");
}

/* ---------------------------------------------------------------- messages */

static void build_standing(void)
{
    flr_task_options options;
    flr_shareable *payload;
    oomhost_build_open();
    ck_assert_int_eq(flr_shareable_new(&payload), 0);
    ck_assert_int_eq(flr_shareable_set_int(payload, "model", 70000), 0);
    flr_task_options_init(&options, sizeof options);
    options.name = "train";
    options.payload = payload;
    ck_assert_int_eq(flr_task_new(&options, &task), 0);
    ck_assert_int_eq(flr_board_broadcast(host.board, task, NULL, host.context), 0);
    flr_shareable_unref(payload);
}

static int request(void)
{
    const flr_answer *answer = NULL;
    int status = flr_runner_process_task_request(host.runner, "site-1", host.context, &answer);
    if (status == 0) {
        ck_assert_int_eq(flr_answer_get_kind(answer), FLR_ANSWER_TASK);
        ck_assert_str_eq(flr_answer_get_name(answer), "train");
        ck_assert_int_eq(
            flr_value_get_int(flr_shareable_get(flr_answer_get_data(answer), "model"), 0), 70000);
        snprintf(id, sizeof id, "%s", flr_answer_get_id(answer));
    }
    return status;
}

static int request_nothing(void)
{
    const flr_answer *answer = NULL;
    int status = flr_runner_process_task_request(host.runner, "site-1", host.context, &answer);
    if (status == 0)
        ck_assert_int_eq(flr_answer_get_kind(answer), FLR_ANSWER_TRY_AGAIN);
    return status;
}

static int request_stranger(void)
{
    const flr_answer *answer = NULL;
    return flr_runner_process_task_request(host.runner, "a client of which nobody has heard",
                                           host.context, &answer);
}

static void build_taken(void)
{
    build_standing();
    ck_assert_int_eq(request(), 0);
    oomhost_reset();
    ck_assert_int_eq(flr_shareable_new(&message), 0);
    ck_assert_int_eq(flr_shareable_set_int(message, "x", 70000), 0);
}

static int submit(void)
{
    int outcome = 0;
    int status = flr_runner_process_submission(host.runner, "site-1", host.context, "train", id,
                                               message, &outcome);
    if (status == 0)
        ck_assert_int_eq(outcome, FLR_OUTCOME_ACCEPTED);
    return status;
}

static int submit_unknown(void)
{
    int outcome = 0;
    int status = flr_runner_process_submission(host.runner, "site-1", host.context, "train",
                                               "an unknown id", message, &outcome);
    if (status == 0)
        ck_assert_int_eq(outcome, FLR_OUTCOME_UNKNOWN_TASK);
    return status;
}

static void still_expected(void)
{
    flr_stats stats;
    flr_stats_init(&stats, sizeof stats);
    ck_assert_int_eq(flr_runner_get_stats(host.runner, &stats), 0);
    ck_assert_uint_eq(stats.accepted + stats.unknown_task + stats.failed, 0);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
}

static void build_aux(void)
{
    build_standing();
    ck_assert_int_eq(request(), 0);
    oomhost_reset();
    ck_assert_int_eq(flr_shareable_new(&message), 0);
    ck_assert_int_eq(flr_shareable_set_header(message, FLR_HEADER_PEER_PROPS, oomhost_props()), 0);
    ck_assert_int_eq(flr_shareable_set_header_text(message, FLR_HEADER_TASK_ID, id), 0);
}

static int aux(const char *topic, const char *rc)
{
    const flr_shareable *reply = NULL;
    int status =
        flr_runner_process_aux(host.runner, "site-1", topic, host.context, message, &reply);
    /* a handler that lacks memory is a failing handler (AX-02): the client asks again */
    if (status == 0 && (failalloc_get_failures() == 0 ||
                        strcmp(flr_shareable_get_rc(reply), FLR_RC_HANDLER_EXCEPTION) != 0))
        ck_assert_str_eq(flr_shareable_get_rc(reply), rc);
    return status;
}

static int aux_sync(void)
{
    return aux("__sync_runner__", FLR_RC_OK);
}
static int aux_heartbeat(void)
{
    return aux("__job_heartbeat__", FLR_RC_OK);
}
static int aux_check(void)
{
    return aux("__task_check__", FLR_RC_OK);
}
static int aux_unknown(void)
{
    return aux("a topic without handler", FLR_RC_TOPIC_UNKNOWN);
}

/* ---------------------------------------------------------------- saved state */

static int runner_save(void)
{
    return flr_runner_save(host.runner, &host.state);
}

static void no_state(void)
{
    ck_assert_ptr_null(host.state);
}

static int runner_persist(void)
{
    return flr_runner_persist(host.runner);
}

static void build_saved(void)
{
    host.saved = 7;
    oomhost_build_runner();
    ck_assert_int_eq(runner_save(), 0);
    saved_size = flr_state_get_size(host.state);
    saved = malloc(saved_size);
    ck_assert_int_eq(flr_state_copy(host.state, saved, saved_size), 0);
    host.saved = 1;
}

static int runner_restore(void)
{
    int status = flr_runner_restore(host.runner, saved, saved_size);
    if (status == 0)
        ck_assert_int_eq(host.saved, 7);
    return status;
}

/* ---------------------------------------------------------------- the sweep */

static const oomcase cases[] = {
    {"config_new", NULL, config_new, NULL, drop},
    {"config_set_fatal_return_codes", oomhost_build_config, config_fatal_codes, NULL, drop},
    {"config_set_identity", oomhost_build_config, config_identity, NULL, drop},
    {"config_set_job_scope", oomhost_build_config, config_job_scope, NULL, drop},
    {"config_add_component", oomhost_build_config, config_component, not_destroyed, drop_component},
    {"config_subscribe", build_component, config_subscribe, not_destroyed, drop_component},
    {"workflow_new", oomhost_build_config, workflow_new, NULL, drop},
    {"config_add_workflow", build_workflow, config_workflow, NULL, drop_given_workflow},
    {"config_add_controller", oomhost_build_config, config_controller, NULL, drop},
    {"config_add_controller, own communicator", oomhost_build_config, config_communicator, NULL,
     drop},
    {"config_add_data_filters", oomhost_build_config, config_data_chain, NULL, drop},
    {"config_add_result_filters", oomhost_build_config, config_result_chain, NULL, drop},
    {"config_add_data_filter", oomhost_build_config, config_data_filter, NULL, drop},
    {"config_add_result_filter", oomhost_build_config, config_result_filter, NULL, drop},
    {"config_add_scope", oomhost_build_config, config_scope, NULL, drop},
    {"config_set_default_scope", build_scope, config_default_scope, NULL, drop},
    {"runner_new", build_configured, oomhost_make, no_runner, drop},
    {"runner_add_component", oomhost_build_runner, runner_add_component, not_destroyed, drop},
    {"runner_subscribe", oomhost_build_open, runner_subscribe, NULL, drop},
    {"runner_new_context", build_without_context, runner_new_context, NULL, drop},
    {"runner_step, first", oomhost_build_runner, runner_step, not_begun, drop},
    {"runner_visit_clients", oomhost_build_open, visit_clients, three_clients, drop},
    {"runner_add_client", oomhost_build_open, add_client, three_clients, drop},
    {"runner_remove_client", oomhost_build_open, remove_client, three_clients, drop},
    {"runner_handle_dead_job", oomhost_build_open, handle_dead, three_clients, drop},
    {"runner_handle_dead_job, stranger", oomhost_build_open, handle_dead_stranger, three_clients,
     drop},
    {"runner_process_task_request", build_standing, request, NULL, drop},
    {"runner_process_task_request, none", oomhost_build_open, request_nothing, three_clients, drop},
    {"runner_process_task_request, stranger", build_standing, request_stranger, NULL, drop},
    {"runner_process_submission", build_taken, submit, still_expected, drop},
    {"runner_process_submission, unknown", build_taken, submit_unknown, still_expected, drop},
    {"runner_process_aux, sync", build_aux, aux_sync, NULL, drop},
    {"runner_process_aux, heartbeat", build_aux, aux_heartbeat, NULL, drop},
    {"runner_process_aux, check", build_aux, aux_check, NULL, drop},
    {"runner_process_aux, unknown", build_aux, aux_unknown, NULL, drop},
    {"runner_save", oomhost_build_runner, runner_save, no_state, drop},
    {"runner_persist", oomhost_build_runner, runner_persist, no_state, drop},
    {"runner_restore", build_saved, runner_restore, NULL, drop},
};

START_TEST(oom_runner)
{
    oomcase_sweep(&cases[_i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oom runner");
    TCase *tcase = tcase_create("oom");

    if (failalloc_install() < 0)
        return EXIT_FAILURE;
    tcase_set_timeout(tcase, 50);
    tcase_add_loop_test(tcase, oom_runner, 0, OOMCASE_COUNT(cases));
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
