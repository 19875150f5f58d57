/* See resume.h. */
#include "resume.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define LARGE 600 /* doubles: too many to be inline */

static const char *const names[] = {"north", "south"};
#define CLIENTS 2

void resume_init(resume *r)
{
    memset(r, 0, sizeof *r);
    r->restored = -1;
}

/* ---- the host ---- */

static int list_clients(void *self, flr_client_list *list)
{
    int status = 0;
    (void)self;
    for (int i = 0; status == 0 && i < CLIENTS; i++)
        status = flr_client_list_add(list, names[i], NULL);
    return status;
}

static int persist(void *self, const flr_state *state, int completed)
{
    resume *r = self;
    (void)completed;
    if (r->on_persist != NULL)
        r->on_persist();
    free(r->kept);
    r->kept_size = flr_state_get_size(state);
    r->kept = malloc(r->kept_size);
    ck_assert_ptr_nonnull(r->kept);
    ck_assert_int_eq(flr_state_copy(state, r->kept, r->kept_size), 0);
    return 0;
}

static int on_round(void *self, const flr_round *round, const flr_value *model)
{
    const resume *r = self;
    (void)round;
    (void)model;
    if (r->on_round != NULL)
        r->on_round();
    return 0;
}

static int save(void *self, flr_context *context, flr_value **state)
{
    resume *r = self;
    (void)context;
    return flr_value_new_int(++r->number, state);
}

static int restore(void *self, flr_context *context, const flr_value *state)
{
    resume *r = self;
    (void)context;
    r->number = r->restored = flr_value_get_int(state, -1);
    return 0;
}

static flr_value *initial_model(void)
{
    static const int64_t small[] = {2, 3}, large[] = {LARGE};
    static const float zeros[6];
    double numbers[LARGE];
    flr_value *model;
    for (int i = 0; i < LARGE; i++)
        numbers[i] = 1.0 / (1 + i);
    ck_assert_int_eq(flr_value_new_map(&model), 0);
    ck_assert_int_eq(flr_map_set_tensor(&model, "large", FLR_TYPE_F64, 1, large, numbers), 0);
    ck_assert_int_eq(flr_map_set_tensor(&model, "small", FLR_TYPE_F32, 2, small, zeros), 0);
    return model;
}

void resume_begin(resume *r)
{
    flr_fedavg_options options;
    flr_component_ops component;
    flr_engine_ops engine;
    flr_config *config;
    flr_value *model = initial_model();
    ck_assert_int_eq(flr_clock_new_manual(0, 0, &r->clock), 0);
    flr_fedavg_options_init(&options, sizeof options);
    options.initial_model = model;
    options.rounds = RESUME_ROUNDS;
    options.min_clients = CLIENTS;
    options.on_round = on_round;
    options.self = r;
    options.models = r->models;
    options.model_every = r->model_every;
    if (r->model_name != NULL)
        options.model_name = r->model_name;
    ck_assert_int_eq(flr_fedavg_new(&options, &r->fedavg), 0);
    flr_value_unref(model);
    flr_component_ops_init(&component, sizeof component);
    component.save = save;
    component.restore = restore;
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_clients;
    engine.persist = persist;
    ck_assert_int_eq(flr_config_new(&config), 0);
    ck_assert_int_eq(flr_config_set_clock(config, r->clock), 0);
    ck_assert_int_eq(flr_config_set_seed(config, 5), 0);
    ck_assert_int_eq(flr_config_add_component(config, "counter", &component, r), 0);
    ck_assert_int_eq(flr_config_add_workflow(config, "fedavg", r->fedavg), 0);
    ck_assert_int_eq(flr_runner_new(config, RESUME_JOB, &engine, r, &r->runner), 0);
    ck_assert_int_eq(flr_runner_new_context(r->runner, &r->context), 0);
    flr_step_result_init(&r->last, sizeof r->last);
}

void resume_free(resume *r)
{
    flr_context_free(r->context);
    flr_runner_free(r->runner);
    flr_clock_unref(r->clock);
    free(r->kept);
    resume_init(r);
}

/* ---- playing ---- */

void resume_step(resume *r)
{
    do {
        flr_step_result_init(&r->last, sizeof r->last);
        ck_assert_int_eq(flr_runner_step(r->runner, &r->last), 0);
    } while (r->last.state == FLR_STEP_RUNNING && r->last.wait_ns == 0);
}

/* The model that client i makes of this one. */
static flr_value *trained(const flr_value *model, int i)
{
    static const int64_t small[] = {2, 3}, large[] = {LARGE};
    const float *f = flr_tensor_get_data(flr_map_get(model, "small"));
    const double *d = flr_tensor_get_data(flr_map_get(model, "large"));
    float few[6];
    double many[LARGE];
    flr_value *made;
    for (int k = 0; k < 6; k++)
        few[k] = f[k] + 0.25F * (float)(i + k);
    for (int k = 0; k < LARGE; k++)
        many[k] = d[k] * 1.1 + 0.3 * i;
    ck_assert_int_eq(flr_value_new_map(&made), 0);
    ck_assert_int_eq(flr_map_set_tensor(&made, "small", FLR_TYPE_F32, 2, small, few), 0);
    ck_assert_int_eq(flr_map_set_tensor(&made, "large", FLR_TYPE_F64, 1, large, many), 0);
    return made;
}

static void reset_context(resume *r)
{
    flr_value *props;
    ck_assert_int_eq(flr_context_reset(r->context), 0);
    ck_assert_int_eq(flr_value_new_map(&props), 0);
    ck_assert_int_eq(flr_map_set_text(&props, FLR_PROP_RUN_NUM, RESUME_JOB), 0);
    ck_assert_int_eq(flr_context_set_peer_props(r->context, props), 0);
    flr_value_unref(props);
}

static void serve(resume *r, int i)
{
    const flr_answer *answer;
    flr_shareable *result;
    char name[64], id[64];
    int outcome;
    reset_context(r);
    ck_assert_int_eq(flr_runner_process_task_request(r->runner, names[i], r->context, &answer), 0);
    ck_assert_int_eq(flr_answer_get_kind(answer), FLR_ANSWER_TASK);
    strcpy(name, flr_answer_get_name(answer));
    strcpy(id, flr_answer_get_id(answer));
    ck_assert_int_eq(flr_shareable_new(&result), 0);
    ck_assert_int_eq(
        flr_shareable_set(result, "model",
                          trained(flr_shareable_get(flr_answer_get_data(answer), "model"), i)),
        0);
    ck_assert_int_eq(flr_shareable_set_int(result, "num_samples", 2 + i), 0);
    reset_context(r);
    ck_assert_int_eq(
        flr_runner_process_submission(r->runner, names[i], r->context, name, id, result, &outcome),
        0);
    ck_assert_int_eq(outcome, FLR_OUTCOME_ACCEPTED);
    flr_shareable_unref(result);
}

void resume_play_round(resume *r)
{
    for (int i = 0; i < CLIENTS; i++)
        serve(r, i);
    resume_step(r);
}

void resume_play(resume *r)
{
    resume_step(r);
    for (int i = 0; r->last.state != FLR_STEP_ENDED && i < RESUME_ROUNDS; i++)
        resume_play_round(r);
    ck_assert_int_eq(r->last.state, FLR_STEP_ENDED);
    ck_assert_int_eq(r->last.result, 0);
}

flr_value *resume_model(const resume *r)
{
    flr_value *model;
    ck_assert_int_eq(flr_fedavg_get_model(r->fedavg, &model), 0);
    return model;
}

void *resume_state(int rounds, size_t *size)
{
    resume r;
    void *bytes;
    resume_init(&r);
    resume_begin(&r);
    resume_step(&r);
    for (int i = 0; i < rounds; i++)
        resume_play_round(&r);
    bytes = r.kept;
    *size = r.kept_size;
    r.kept = NULL;
    resume_free(&r);
    ck_assert_ptr_nonnull(bytes);
    return bytes;
}
