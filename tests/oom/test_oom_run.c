/*
 * A whole job without memory: two rounds of FedAvg over three virtual clients, with filters,
 * events, audit and saved states, made and simulated anew for each allocation that fails, once
 * or from then on. It ends, with 0, FLR_E_NOMEM or what a lack of memory leads to; nothing is
 * left; a job that says it completed has the model of one that had all memory, bit for bit.
 */
#include "failalloc.h"
#include "support/suite.h"

#include <check.h>
#include <flrunner.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENTS 3
#define ROUNDS  2

typedef struct job {
    flr_clock *clock;
    flr_local *local;
    flr_config *config;
    flr_workflow *fedavg;
    flr_runner *runner;
    flr_info_collector *info;
    flr_value *model;  /* what came out */
    int rounds;        /* calls of on_round */
    int destroyed;     /* of the two components */
    int components;    /* that were handed over */
    const void *state; /* to restore first; NULL: none */
    size_t state_size;
    int threads;      /* clients are threads, and time is the system's */
    flr_state *saved; /* the one persisted after the first round */
} job;

/*
 * ---------------------------------------------------------------- callbacks: they pass the code
 * of what fails
 */

static int train(void *self, const char *client, const char *name, const flr_shareable *data,
                 flr_signal *abort, flr_shareable **result)
{
    static const int64_t shape[] = {4};
    const flr_value *model = flr_shareable_get(data, "model"), *w = flr_map_get(model, "w");
    const float *old = flr_tensor_get_data(w);
    float fresh[4];
    flr_value *map = NULL;
    int index = client[strlen(client) - 1] - '0';
    (void)self;
    (void)name;
    (void)abort;
    for (int i = 0; i < 4; i++)
        fresh[i] = old[i] * 0.9f + (float)(index + i) / 7.0f;
    int status = flr_value_new_map(&map);
    if (status == 0)
        status = flr_map_set_tensor(&map, "w", FLR_TYPE_F32, 1, shape, fresh);
    if (status == 0)
        status = flr_shareable_new(result);
    if (status == 0 && (status = flr_shareable_set(*result, "model", map)) == 0)
        map = NULL;
    flr_value_unref(map);
    if (status == 0)
        status = flr_shareable_set_int(*result, "num_samples", 10 + index);
    return status;
}

static int persist(void *self, const flr_state *state, int completed)
{
    job *j = self;
    if (completed == 0 && j->rounds == 1) {
        flr_state_unref(j->saved);
        j->saved = flr_state_ref(state);
    }
    return 0;
}

static int audit(void *self, const flr_audit_record *record)
{
    (void)self;
    (void)record;
    return 0;
}

static void take_log(void *self, int level, const char *line)
{
    (void)self;
    (void)level;
    (void)line;
}

static int pass(void *self, flr_context *context, flr_shareable *message, flr_shareable **output)
{
    (void)self;
    (void)context;
    *output = flr_shareable_ref(message);
    return 0;
}

/* A filter that makes a message of its own. */
static int replace(void *self, flr_context *context, flr_shareable *message, flr_shareable **output)
{
    (void)self;
    (void)context;
    return flr_shareable_copy(message, NULL, output);
}

static int on_round(void *self, const flr_round *round, const flr_value *model)
{
    job *j = self;
    (void)model;
    j->rounds++;
    return flr_round_get_contributor_count(round) == CLIENTS ? 0 : -20001;
}

static int hear(void *self, const char *event, flr_context *context)
{
    flr_value *number = NULL;
    int status;
    (void)self;
    if (strcmp(event, FLR_EVENT_START_RUN) != 0)
        return 0;
    status = flr_value_new_int(70000, &number);
    if (status == 0 &&
        (status = flr_context_set_prop(context, "seen", number,
                                       FLR_PROP_FLAG_PUBLIC | FLR_PROP_FLAG_STICKY)) < 0)
        flr_value_unref(number);
    return status;
}

static int save(void *self, flr_context *context, flr_value **state)
{
    (void)self;
    (void)context;
    return flr_value_new_text("the state of the component", state);
}

static int restore(void *self, flr_context *context, const flr_value *state)
{
    (void)self;
    (void)context;
    return strcmp(flr_value_get_text(state, ""), "the state of the component") == 0 ? 0 : -20002;
}

static void destroy(void *self)
{
    ((job *)self)->destroyed++;
}

/* ---------------------------------------------------------------- the job */

static int make_local(job *j)
{
    flr_engine_ops engine;
    flr_local_options options;
    char name[24];
    flr_engine_ops_init(&engine, sizeof engine);
    engine.persist = persist;
    engine.audit = audit;
    engine.log = take_log;
    flr_local_options_init(&options, sizeof options);
    options.engine = &engine;
    options.engine_self = j;
    options.seed = 7;
    options.max_delay = 2.0;
    int status = j->threads != 0 ? flr_clock_new_system(&j->clock)
                                 : flr_clock_new_manual(1000000000, 1000000000, &j->clock);
    if (status == 0)
        status = flr_local_new(&options, &j->local);
    for (int i = 0; status == 0 && i < CLIENTS; i++) {
        snprintf(name, sizeof name, "site-%d", i);
        status = flr_local_add_client(j->local, name, train, j);
    }
    return status;
}

static int add_workflow(job *j)
{
    static const int64_t shape[] = {4};
    static const float first[] = {0.1f, 0.2f, 0.3f, 0.4f};
    flr_fedavg_options options;
    flr_value *model = NULL;
    flr_fedavg_options_init(&options, sizeof options);
    options.rounds = ROUNDS;
    options.min_clients = CLIENTS;
    options.train_timeout = 60.0;
    options.wait_for_clients_timeout = 60.0;
    options.on_round = on_round;
    options.self = j;
    int status = flr_value_new_map(&model);
    if (status == 0)
        status = flr_map_set_tensor(&model, "w", FLR_TYPE_F32, 1, shape, first);
    options.initial_model = model;
    if (status == 0)
        status = flr_fedavg_new(&options, &j->fedavg);
    flr_value_unref(model);
    if (status < 0)
        return status;
    status = flr_config_add_workflow(j->config, "train", flr_workflow_ref(j->fedavg));
    if (status < 0)
        flr_workflow_unref(j->fedavg);
    return status;
}

static int add_components(job *j)
{
    flr_component_ops ops;
    flr_component_ops_init(&ops, sizeof ops);
    ops.handle_event = hear;
    ops.save = save;
    ops.restore = restore;
    ops.destroy = destroy;
    int status = flr_config_add_component(j->config, "ears", &ops, j);
    j->components += status == 0;
    if (status == 0)
        status = flr_info_collector_new(&j->info);
    if (status < 0)
        return status;
    status = flr_config_add_component(j->config, "info", flr_info_collector_get_ops(), j->info);
    if (status < 0)
        flr_info_collector_free(j->info);
    return status;
}

static int add_filters(job *j)
{
    flr_filter_ops ops;
    flr_filter_ops_init(&ops, sizeof ops);
    ops.process = pass;
    int status = flr_config_add_data_filter(j->config, "*", &ops, j);
    ops.process = replace;
    ops.flags = FLR_FILTER_FLAG_CONCURRENT;
    if (status == 0)
        status = flr_config_add_data_filter(j->config, "train", &ops, j);
    return status == 0 ? flr_config_add_result_filter(j->config, "train", &ops, j) : status;
}

static int make_runner(job *j)
{
    int status = flr_config_new(&j->config);
    if (status == 0)
        status = flr_config_set_clock(j->config, j->clock);
    if (status == 0)
        status = flr_config_set_seed(j->config, 3);
    if (status == 0 && j->threads != 0)
        status = flr_config_set_task_request_interval(j->config, 0.002);
    if (status == 0)
        status = flr_config_set_log_level(j->config, FLR_LOG_DEBUG);
    if (status == 0)
        status = add_workflow(j);
    if (status == 0)
        status = add_components(j);
    if (status == 0)
        status = add_filters(j);
    if (status == 0)
        status = flr_runner_new(j->config, "job-1", flr_local_get_engine_ops(j->local), j->local,
                                &j->runner);
    if (status == 0)
        j->config = NULL;
    return status;
}

static void drop(job *j)
{
    flr_runner_free(j->runner);
    flr_config_free(j->config);
    flr_workflow_unref(j->fedavg);
    flr_local_free(j->local);
    flr_clock_unref(j->clock);
    flr_value_unref(j->model);
    flr_state_unref(j->saved);
}

static int simulate(job *j)
{
    int status = j->threads != 0 ? flr_local_run(j->local, j->runner)
                                 : flr_local_simulate(j->local, j->runner, j->clock);
    /* NOMEM before anything happened: the run is still to be made */
    if (status == FLR_E_NOMEM && flr_runner_get_status(j->runner) == FLR_STATUS_INIT)
        return status;
    ck_assert_int_ne(flr_runner_get_status(j->runner), FLR_STATUS_STARTED);
    int again = flr_runner_run(
        j->runner); /* a client's abort may have come before a run that then could not begin */
    ck_assert(again == FLR_E_STATE ||
              (again == FLR_E_NOMEM && status == FLR_E_NOMEM && j->threads != 0));
    return status;
}

static int work(job *j)
{
    int status = make_local(j);
    if (status == 0)
        status = make_runner(j);
    if (status == 0 && j->state != NULL)
        status = flr_runner_restore(j->runner, j->state, j->state_size);
    if (status == 0)
        status = simulate(j);
    if (status == 0)
        status = flr_fedavg_get_model(j->fedavg, &j->model);
    return status;
}

/* ---------------------------------------------------------------- the sweep */

/*
 * What a run without memory may end with: the failing callback's or step's own code; a client's
 * result that could not be made is one contribution too few; a component whose state could not
 * be restored says so itself; what the abort of a client leads to.
 */
static int is_allowed(int status)
{
    return status == 0 || status == FLR_E_NOMEM || status == FLR_E_LIMIT || status == FLR_E_ABORTED;
}

/* One run; how many allocations were made to fail. It counts as completed in *completed. */
static size_t try_at(job j, size_t k, int once, const flr_value *expected, size_t *completed)
{
    const char *how = once ? "only it" : "all from it on";
    size_t bytes = failalloc_get_live_bytes(), blocks = failalloc_get_live_count();
    if (once)
        failalloc_fail_at(k);
    else
        failalloc_fail_from(k);
    int status = work(&j);
    size_t failures = failalloc_get_failures();
    failalloc_reset();
    ck_assert_msg(is_allowed(status) && (status == 0 || failures > 0),
                  "allocation %zu (%s): the code was %s", k, how, flr_status_get_name(status));
    if (status == 0) {
        ck_assert_msg(flr_value_equals(j.model, expected), "allocation %zu (%s): another model", k,
                      how);
        ck_assert_int_eq(j.rounds, j.state == NULL ? ROUNDS : ROUNDS - 1);
        ++*completed;
    }
    drop(&j);
    ck_assert_msg(j.destroyed == j.components, "allocation %zu (%s): destroyed %d of %d", k, how,
                  j.destroyed, j.components);
    ck_assert_msg(failalloc_get_live_bytes() == bytes && failalloc_get_live_count() == blocks,
                  "allocation %zu (%s, %s): %zu bytes in %zu blocks are left", k, how,
                  flr_status_get_name(status), failalloc_get_live_bytes() - bytes,
                  failalloc_get_live_count() - blocks);
    return failures;
}

static void sweep(job j, size_t by, const flr_value *expected)
{
    size_t completed = 0, k = 1;
    while (try_at(j, k, 1, expected, &completed) > 0)
        k += by;
    ck_assert_uint_gt(completed, 1); /* one lost allocation does not always cost the run */
    for (size_t from = 1; from < k; from += by)
        try_at(j, from, 0, expected, &completed);
    try_at(j, 0, 1, expected, &completed); /* a new one, with memory again */
}

/* A run with all memory: its model, and the bytes of the state after its first round. */
static void reference(flr_value **model, void **state, size_t *size)
{
    job j = {0};
    ck_assert_int_eq(work(&j), 0);
    ck_assert_int_eq(j.rounds, ROUNDS);
    *model = flr_value_ref(j.model);
    *size = flr_state_get_size(j.saved);
    *state = malloc(*size);
    ck_assert_int_eq(flr_state_copy(j.saved, *state, *size), 0);
    drop(&j);
}

START_TEST(oom_run)
{
    flr_value *model;
    void *state;
    size_t size;
    reference(&model, &state, &size);
    const job jobs[] = {{0},
                        {.state = state, .state_size = size},
                        {.threads = 1}}; /* new; from the second round; with threads */
    sweep(jobs[_i], _i == 2 ? 5 : 1, model);
    free(state);
    flr_value_unref(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oom run");
    TCase *tcase = tcase_create("oom");

    if (failalloc_install() < 0)
        return EXIT_FAILURE;
    tcase_set_timeout(tcase, 50);
    tcase_add_loop_test(tcase, oom_run, 0, 3);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
