/*
 * FedAvg: rows FA-01 to FA-05, PS-08. A host of the test's own drives the run by step, under a
 * manual clock.
 */
#include "support/suite.h"

#include <check.h>
#include <flrunner.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)
#define ID     64

struct fed {
    flr_clock *clock;
    flr_runner *runner;
    flr_workflow *fedavg;
    flr_context *context;
    flr_shareable *data; /* of the last task */
    const char *known[4];
    size_t count;
    int persists, persist_code;
    int save_at; /* keep the state of this call of persist */
    void *saved;
    size_t saved_size;
    flr_step_result step;
    int begun;
};

/* What on_round saw. */
struct seen {
    int calls, code;
    uint64_t number, total, refused[FLR_REFUSED_COUNT];
    size_t count;
    char names[4][16];
    double weights[4], seconds, metric;
    int with_model;
    flr_value *model;
};

static int list_clients(void *self, flr_client_list *list)
{
    struct fed *fed = self;
    int status = 0;
    for (size_t i = 0; i < fed->count && !status; i++)
        status = flr_client_list_add(list, fed->known[i], NULL);
    return status;
}

static int persist(void *self, const flr_state *state, int completed)
{
    struct fed *fed = self;
    (void)completed;
    if (fed->persists++ == fed->save_at) {
        fed->saved_size = flr_state_get_size(state);
        fed->saved = malloc(fed->saved_size);
        ck_assert_int_eq(flr_state_copy(state, fed->saved, fed->saved_size), 0);
    }
    return fed->persist_code && fed->persists > 1 ? fed->persist_code : 0;
}

static int on_round(void *self, const flr_round *round, const flr_value *model)
{
    struct seen *seen = self;
    seen->calls++;
    seen->number = flr_round_get_number(round);
    seen->total = flr_round_get_total(round);
    seen->count = flr_round_get_contributor_count(round);
    seen->seconds = flr_round_get_seconds(round);
    for (int i = 0; i < FLR_REFUSED_COUNT; i++)
        seen->refused[i] = flr_round_get_refused(round, i);
    for (size_t i = 0; i < seen->count && i < 4; i++) {
        snprintf(seen->names[i], sizeof seen->names[i], "%s", flr_round_get_contributor(round, i));
        seen->weights[i] = flr_round_get_weight(round, i);
        seen->with_model |= flr_shareable_get(flr_round_get_result(round, i), "model") != NULL;
        seen->metric =
            flr_value_get_real(flr_shareable_get(flr_round_get_result(round, i), "metric"), -1);
    }
    ck_assert_ptr_null(flr_round_get_contributor(round, seen->count));
    ck_assert_ptr_null(flr_round_get_result(round, seen->count));
    flr_value_unref(seen->model);
    seen->model = flr_value_ref(model);
    return seen->code;
}

/* ---- values ---- */

static flr_value *tensor(int type, size_t n, const void *numbers)
{
    flr_blob *blob;
    flr_value *value;
    int64_t shape[1] = {(int64_t)n};
    ck_assert_int_eq(flr_blob_new_copy(numbers, n * flr_type_get_size(type), &blob), 0);
    ck_assert_int_eq(flr_value_new_tensor(type, 1, shape, blob, &value), 0);
    flr_blob_unref(blob);
    return value;
}

static flr_value *model_of(const char *name, flr_value *only)
{
    flr_value *map;
    ck_assert_int_eq(flr_value_new_map(&map), 0);
    ck_assert_int_eq(flr_map_set(&map, name, only), 0);
    return map;
}

static flr_value *pair(double a, double b)
{
    const double numbers[2] = {a, b};
    return model_of("w", tensor(FLR_TYPE_F64, 2, numbers));
}

static const double *numbers_of(const flr_value *model)
{
    return flr_blob_get_data(flr_value_get_blob(flr_map_get(model, "w")));
}

/* ---- the host ---- */

static void setup(struct fed *fed, size_t clients, flr_fedavg_options *options)
{
    static const char *const names[4] = {"a", "b", "c", "d"};
    memset(fed, 0, sizeof *fed);
    fed->count = clients;
    fed->save_at = -1;
    for (size_t i = 0; i < 4; i++)
        fed->known[i] = names[i];
    ck_assert_int_eq(flr_clock_new_manual(SECOND, 0, &fed->clock), 0);
    flr_step_result_init(&fed->step, sizeof fed->step);
    flr_fedavg_options_init(options, sizeof *options);
    options->rounds = 2;
}

static void begin(struct fed *fed, const flr_fedavg_options *options)
{
    flr_config *config;
    flr_engine_ops engine;
    ck_assert_int_eq(flr_fedavg_new(options, &fed->fedavg), 0);
    ck_assert_int_eq(flr_config_new(&config), 0);
    ck_assert_int_eq(flr_config_set_clock(config, fed->clock), 0);
    ck_assert_int_eq(flr_config_set_seed(config, 7), 0);
    ck_assert_int_eq(flr_config_add_workflow(config, "fedavg", fed->fedavg), 0);
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_clients;
    engine.persist = persist;
    ck_assert_int_eq(flr_runner_new(config, "job", &engine, fed, &fed->runner), 0);
    ck_assert_int_eq(flr_runner_new_context(fed->runner, &fed->context), 0);
}

/* Step until there is nothing to do now. */
static void step(struct fed *fed)
{
    if (fed->step.state == FLR_STEP_ENDED)
        return;
    fed->begun = 1;
    do
        ck_assert_int_eq(flr_runner_step(fed->runner, &fed->step), 0);
    while (fed->step.state == FLR_STEP_RUNNING && fed->step.wait_ns == 0);
}

/* A run that was begun is brought to its end: it holds the runner until then. */
static void end(struct fed *fed)
{
    if (fed->begun && fed->step.state != FLR_STEP_ENDED) {
        ck_assert_int_eq(flr_runner_abort(fed->runner, 1), 0);
        step(fed);
        ck_assert_int_eq(fed->step.state, FLR_STEP_ENDED);
    }
    flr_shareable_unref(fed->data);
    flr_context_free(fed->context);
    flr_runner_free(fed->runner);
    flr_clock_unref(fed->clock);
    free(fed->saved);
}

static void peer(struct fed *fed)
{
    flr_value *props;
    ck_assert_int_eq(flr_value_new_map(&props), 0);
    ck_assert_int_eq(flr_map_set_text(&props, FLR_PROP_RUN_NUM, "job"), 0);
    ck_assert_int_eq(flr_context_reset(fed->context), 0);
    ck_assert_int_eq(flr_context_set_peer_props(fed->context, props), 0);
    flr_value_unref(props);
}

static int ask(struct fed *fed, const char *client, char id[ID])
{
    const flr_answer *answer;
    peer(fed);
    ck_assert_int_eq(flr_runner_process_task_request(fed->runner, client, fed->context, &answer),
                     0);
    snprintf(id, ID, "%s", flr_answer_get_id(answer));
    flr_shareable_unref(fed->data);
    fed->data = flr_shareable_ref(flr_answer_get_data(answer));
    return flr_answer_get_kind(answer);
}

/* Takes over model and samples, which may be NULL. */
static int submit(struct fed *fed, const char *client, const char *id, const char *rc,
                  flr_value *model, flr_value *samples)
{
    flr_shareable *result;
    int outcome;
    ck_assert_int_eq(flr_shareable_new_reply(rc, NULL, &result), 0);
    if (model)
        ck_assert_int_eq(flr_shareable_set(result, "model", model), 0);
    if (samples)
        ck_assert_int_eq(flr_shareable_set(result, "num_samples", samples), 0);
    ck_assert_int_eq(flr_shareable_set_real(result, "metric", 0.25), 0);
    peer(fed);
    ck_assert_int_eq(flr_runner_process_submission(fed->runner, client, fed->context, "train", id,
                                                   result, &outcome),
                     0);
    flr_shareable_unref(result);
    return outcome;
}

static flr_value *real(double number)
{
    flr_value *value;
    ck_assert_int_eq(flr_value_new_real(number, &value), 0);
    return value;
}

static void answer(struct fed *fed, const char *client, flr_value *model, double samples)
{
    char id[ID];
    ck_assert_int_eq(ask(fed, client, id), FLR_ANSWER_TASK);
    ck_assert_int_eq(submit(fed, client, id, FLR_RC_OK, model, real(samples)),
                     FLR_OUTCOME_ACCEPTED);
}

static void expect_end(struct fed *fed, int code)
{
    step(fed);
    ck_assert_int_eq(fed->step.state, FLR_STEP_ENDED);
    ck_assert_int_eq(fed->step.result, code);
}

static void expect_detail(struct fed *fed, const char *part)
{
    char text[512];
    ck_assert_int_eq(flr_runner_get_detail(fed->runner, text, sizeof text), 0);
    ck_assert_msg(strstr(text, part) != NULL, "\"%s\" is not in \"%s\"", part, text);
}

/* ---- FA-01 ---- */

START_TEST(fa_01_rounds)
{
    struct fed fed;
    flr_fedavg_options o;
    char id[ID];
    setup(&fed, 2, &o);
    flr_value *initial = pair(1, 2);
    o.initial_model = initial;
    o.min_clients = 2;
    begin(&fed, &o);
    step(&fed);
    for (int64_t round = 0; round < 2; round++) {
        ck_assert_int_eq(ask(&fed, "a", id), FLR_ANSWER_TASK);
        ck_assert_str_eq(
            flr_value_get_text(flr_shareable_get_header(fed.data, FLR_HEADER_TASK_NAME), ""),
            "train");
        ck_assert_int_eq(flr_value_get_int(flr_shareable_get_header(fed.data, "current_round"), -1),
                         round);
        ck_assert_int_eq(flr_value_get_int(flr_shareable_get_header(fed.data, "num_rounds"), -1),
                         2);
        ck_assert(numbers_of(flr_shareable_get(fed.data, "model"))[0] == (round ? 4.0 : 1.0));
        ck_assert_int_eq(submit(&fed, "a", id, FLR_RC_OK, pair(2, 0), real(1)),
                         FLR_OUTCOME_ACCEPTED);
        answer(&fed, "b", pair(5, 0), 2);
        if (round == 0)
            step(&fed);
    }
    expect_end(&fed, 0);
    ck_assert_int_eq(ask(&fed, "a", id), FLR_ANSWER_END_RUN);
    flr_value_unref(initial);
    end(&fed);
}
END_TEST

START_TEST(fa_01_waits_until_clients_are_known)
{
    struct fed fed;
    flr_fedavg_options o;
    char id[ID];
    setup(&fed, 1, &o);
    flr_value *initial = pair(1, 2);
    o.initial_model = initial;
    o.min_clients = 2;
    o.task_name = "learn";
    begin(&fed, &o);
    step(&fed);
    ck_assert_int_eq(fed.step.state, FLR_STEP_RUNNING);
    ck_assert_int_eq(fed.step.wait_ns, -1);
    ck_assert_int_eq(ask(&fed, "a", id), FLR_ANSWER_TRY_AGAIN);
    fed.count = 2;
    ck_assert_int_eq(flr_runner_add_client(fed.runner, "b", NULL), 0);
    step(&fed);
    ck_assert_int_eq(ask(&fed, "b", id), FLR_ANSWER_TASK);
    ck_assert_str_eq(
        flr_value_get_text(flr_shareable_get_header(fed.data, FLR_HEADER_TASK_NAME), ""), "learn");
    ck_assert_int_eq(flr_runner_abort(fed.runner, 0), 0);
    expect_end(&fed, FLR_E_ABORTED);
    flr_value_unref(initial);
    end(&fed);
}
END_TEST

/* Known by asking, but not to the engine: the snapshot has fewer, so the wait goes on. */
START_TEST(fa_01_waits_when_the_snapshot_is_too_small)
{
    struct fed fed;
    flr_fedavg_options o;
    char id[ID];
    setup(&fed, 1, &o);
    flr_value *initial = pair(1, 2);
    o.initial_model = initial;
    o.min_clients = 2;
    begin(&fed, &o);
    step(&fed);
    ck_assert_int_eq(ask(&fed, "b", id), FLR_ANSWER_TRY_AGAIN);
    step(&fed);
    ck_assert_int_eq(fed.step.state, FLR_STEP_RUNNING);
    ck_assert_int_eq(ask(&fed, "a", id), FLR_ANSWER_TRY_AGAIN);
    fed.count = 2;
    ck_assert_int_eq(ask(&fed, "b", id), FLR_ANSWER_TRY_AGAIN);
    step(&fed);
    ck_assert_int_eq(ask(&fed, "b", id), FLR_ANSWER_TASK);
    flr_value_unref(initial);
    end(&fed);
}
END_TEST

START_TEST(fa_01_wait_for_clients_has_a_limit)
{
    struct fed fed;
    flr_fedavg_options o;
    setup(&fed, 1, &o);
    flr_value *initial = pair(1, 2);
    o.initial_model = initial;
    o.min_clients = 2;
    o.wait_for_clients_timeout = 5;
    begin(&fed, &o);
    step(&fed);
    ck_assert_int_eq(fed.step.wait_ns, 5 * SECOND);
    ck_assert_int_eq(flr_clock_advance(fed.clock, 4.5), 0);
    step(&fed);
    ck_assert_int_eq(fed.step.wait_ns, SECOND / 2);
    ck_assert_int_eq(flr_clock_advance(fed.clock, 0.5), 0);
    expect_end(&fed, FLR_E_TIMEDOUT);
    expect_detail(&fed, "1 clients known after 5 s, 2 needed");
    flr_value_unref(initial);
    end(&fed);
}
END_TEST

START_TEST(fa_01_minimum_and_wait_time)
{
    struct fed fed;
    struct seen seen = {0};
    flr_fedavg_options o;
    setup(&fed, 3, &o);
    flr_value *initial = pair(1, 2);
    o.initial_model = initial;
    o.min_clients = 2;
    o.rounds = 1;
    o.wait_time_after_min_received = 3;
    o.on_round = on_round;
    o.self = &seen;
    begin(&fed, &o);
    step(&fed);
    answer(&fed, "c", pair(1, 1), 1);
    answer(&fed, "a", pair(3, 3), 1);
    step(&fed);
    ck_assert_int_eq(fed.step.wait_ns, 3 * SECOND);
    ck_assert_int_eq(flr_clock_advance(fed.clock, 3), 0);
    expect_end(&fed, 0);
    ck_assert_uint_eq(seen.count, 2);
    ck_assert(seen.seconds == 3.0);
    ck_assert(numbers_of(seen.model)[0] == 2.0);
    flr_value_unref(seen.model);
    flr_value_unref(initial);
    end(&fed);
}
END_TEST

START_TEST(fa_01_round_timeout)
{
    struct fed fed;
    flr_fedavg_options o;
    setup(&fed, 2, &o);
    flr_value *initial = pair(1, 2);
    o.initial_model = initial;
    o.min_clients = 2;
    o.train_timeout = 2;
    begin(&fed, &o);
    step(&fed);
    answer(&fed, "a", pair(3, 3), 1);
    ck_assert_int_eq(flr_clock_advance(fed.clock, 2), 0);
    expect_end(&fed, FLR_E_LIMIT);
    expect_detail(&fed, "round 0: 1 good contribution, 2 needed (the task ended with timeout)");
    flr_value_unref(initial);
    end(&fed);
}
END_TEST

START_TEST(fa_01_bad_options)
{
    flr_fedavg_options good, o;
    flr_workflow *workflow = NULL;
    flr_value *model = pair(1, 2), *empty, *number = real(1), *mixed = pair(1, 2);
    char overlong[FLR_NAME_MAX + 2];
    const int32_t one = 1;
    memset(overlong, 'x', sizeof overlong - 1);
    overlong[sizeof overlong - 1] = '\0';
    ck_assert_int_eq(flr_value_new_map(&empty), 0);
    ck_assert_int_eq(flr_map_set(&mixed, "n", tensor(FLR_TYPE_I32, 1, &one)), 0);
    flr_fedavg_options_init(NULL, sizeof good);
    flr_fedavg_options_init(&good, sizeof good);
    ck_assert_uint_eq(good.struct_size, sizeof good);
    ck_assert_str_eq(good.task_name, "train");
    ck_assert_uint_eq(good.rounds, 5);
    ck_assert_uint_eq(good.min_clients, 1);
    ck_assert(good.wait_time_after_min_received == 10.0);
    good.initial_model = model;
    ck_assert_int_eq(flr_fedavg_new(&good, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_fedavg_new(NULL, &workflow), FLR_E_INVAL);
#define REFUSED(code, change)                                                                      \
    do {                                                                                           \
        o = good;                                                                                  \
        change;                                                                                    \
        ck_assert_int_eq(flr_fedavg_new(&o, &workflow), code);                                     \
        ck_assert_ptr_null(workflow);                                                              \
    } while (0)
    REFUSED(FLR_E_INVAL, o.initial_model = NULL);
    REFUSED(FLR_E_INVAL, o.initial_model = empty);
    REFUSED(FLR_E_INVAL, o.initial_model = number);
    REFUSED(FLR_E_INVAL, o.task_name = "");
    REFUSED(FLR_E_INVAL, o.task_name = "__end_run__");
    REFUSED(FLR_E_LIMIT, o.task_name = overlong);
    REFUSED(FLR_E_INVAL, o.rounds = 0);
    REFUSED(FLR_E_INVAL, o.min_clients = 0);
    REFUSED(FLR_E_INVAL, o.train_timeout = -1);
    REFUSED(FLR_E_INVAL, o.wait_time_after_min_received = NAN);
    REFUSED(FLR_E_INVAL, o.wait_for_clients_timeout = INFINITY);
    REFUSED(FLR_E_INVAL, o.integers = 3);
    REFUSED(FLR_E_INVAL, o.accumulator = 2);
    REFUSED(FLR_E_INVAL, o.flags = 1);
    REFUSED(FLR_E_ABI, o.struct_size = 8);
    REFUSED(FLR_E_NOTSUP, (o.initial_model = mixed, o.integers = FLR_INTEGERS_REFUSE));
#undef REFUSED
    flr_value_unref(model);
    flr_value_unref(empty);
    flr_value_unref(number);
    flr_value_unref(mixed);
}
END_TEST

/* ---- FA-02 ---- */

/* What is refused, one client per cause; client d is good. */
static void refuse(int cause, const char *rc, flr_value *model, flr_value *samples)
{
    struct fed fed;
    struct seen seen = {0};
    flr_fedavg_options o;
    char id[ID];
    setup(&fed, 2, &o);
    flr_value *initial = pair(1, 2);
    o.initial_model = initial;
    o.rounds = 1;
    o.on_round = on_round;
    o.self = &seen;
    begin(&fed, &o);
    step(&fed);
    ck_assert_int_eq(ask(&fed, "a", id), FLR_ANSWER_TASK);
    ck_assert_int_eq(submit(&fed, "a", id, rc, model, samples), FLR_OUTCOME_ACCEPTED);
    answer(&fed, "b", pair(8, 9), 4);
    expect_end(&fed, 0);
    ck_assert_int_eq(seen.calls, 1);
    ck_assert_uint_eq(seen.count, 1);
    for (int i = 0; i < FLR_REFUSED_COUNT; i++)
        ck_assert_uint_eq(seen.refused[i], i == cause);
    ck_assert(numbers_of(seen.model)[0] == 8.0 && numbers_of(seen.model)[1] == 9.0);
    flr_value_unref(seen.model);
    flr_value_unref(initial);
    end(&fed);
}

START_TEST(fa_02_refused_contributions)
{
    const double three[3] = {1, 2, 3};
    const float floats[2] = {1, 2};
    flr_value *text, *two = pair(1, 2);
    refuse(FLR_REFUSED_RETURN_CODE, FLR_RC_EXECUTION_EXCEPTION, pair(1, 1), real(1));
    refuse(FLR_REFUSED_NO_MODEL, FLR_RC_OK, NULL, real(1));
    refuse(FLR_REFUSED_NO_MODEL, FLR_RC_OK, real(3), real(1));
    refuse(FLR_REFUSED_NAMES, FLR_RC_OK, model_of("v", tensor(FLR_TYPE_F64, 3, three)), real(1));
    ck_assert_int_eq(flr_map_set(&two, "more", tensor(FLR_TYPE_F64, 3, three)), 0);
    refuse(FLR_REFUSED_NAMES, FLR_RC_OK, two, real(1));
    refuse(FLR_REFUSED_SHAPE, FLR_RC_OK, model_of("w", tensor(FLR_TYPE_F64, 3, three)), real(1));
    refuse(FLR_REFUSED_SHAPE, FLR_RC_OK, model_of("w", tensor(FLR_TYPE_F32, 2, floats)), real(1));
    refuse(FLR_REFUSED_SHAPE, FLR_RC_OK, model_of("w", real(1)), real(1));
    refuse(FLR_REFUSED_NOT_FINITE, FLR_RC_OK, pair(1, NAN), real(1));
    refuse(FLR_REFUSED_NOT_FINITE, FLR_RC_OK, pair(-INFINITY, 1), real(1));
    refuse(FLR_REFUSED_NOT_FINITE, FLR_RC_OK, pair(1e300, 1), real(1e100));
    refuse(FLR_REFUSED_SAMPLES, FLR_RC_OK, pair(1, 1), NULL);
    refuse(FLR_REFUSED_SAMPLES, FLR_RC_OK, pair(1, 1), real(0));
    refuse(FLR_REFUSED_SAMPLES, FLR_RC_OK, pair(1, 1), real(-1));
    refuse(FLR_REFUSED_SAMPLES, FLR_RC_OK, pair(1, 1), real(INFINITY));
    ck_assert_int_eq(flr_value_new_text("12", &text), 0);
    refuse(FLR_REFUSED_SAMPLES, FLR_RC_OK, pair(1, 1), text);
}
END_TEST

/* Two tensors, the second one bad: nothing of the first is added. */
START_TEST(fa_02_whole_or_not_at_all)
{
    struct fed fed;
    flr_fedavg_options o;
    const double zero = 0, bad = NAN, big = 1000;
    flr_value *model;
    char id[ID];
    setup(&fed, 2, &o);
    flr_value *initial = model_of("w", tensor(FLR_TYPE_F64, 1, &zero)),
              *wrong = model_of("w", tensor(FLR_TYPE_F64, 1, &big));
    ck_assert_int_eq(flr_map_set(&initial, "z", tensor(FLR_TYPE_F64, 1, &zero)), 0);
    ck_assert_int_eq(flr_map_set(&wrong, "z", tensor(FLR_TYPE_F64, 1, &bad)), 0);
    flr_value *right = flr_value_ref(initial);
    o.initial_model = initial;
    o.rounds = 1;
    begin(&fed, &o);
    step(&fed);
    ck_assert_int_eq(ask(&fed, "a", id), FLR_ANSWER_TASK);
    ck_assert_int_eq(submit(&fed, "a", id, FLR_RC_OK, wrong, real(1)), FLR_OUTCOME_ACCEPTED);
    answer(&fed, "b", right, 1);
    expect_end(&fed, 0);
    ck_assert_int_eq(flr_fedavg_get_model(fed.fedavg, &model), 0);
    ck_assert(flr_value_equals(model, initial));
    flr_value_unref(model);
    flr_value_unref(initial);
    end(&fed);
}
END_TEST

/* ---- FA-03 ---- */

static flr_value *mixed_model(double w, int32_t n, uint8_t b)
{
    flr_value *map;
    ck_assert_int_eq(flr_value_new_map(&map), 0);
    ck_assert_int_eq(flr_map_set(&map, "b", tensor(FLR_TYPE_BOOL, 1, &b)), 0);
    ck_assert_int_eq(flr_map_set(&map, "w", tensor(FLR_TYPE_F64, 1, &w)), 0);
    ck_assert_int_eq(flr_map_set(&map, "n", tensor(FLR_TYPE_I32, 1, &n)), 0);
    return map;
}

static flr_value *average_mixed(int64_t integers, int64_t accumulator)
{
    struct fed fed;
    flr_fedavg_options o;
    flr_value *model;
    setup(&fed, 2, &o);
    flr_value *initial = mixed_model(0, 100, 0);
    o.initial_model = initial;
    o.rounds = 1;
    o.integers = integers;
    o.accumulator = accumulator;
    begin(&fed, &o);
    step(&fed);
    answer(&fed, "b", mixed_model(1, 1, 1), 1);
    answer(&fed, "a", mixed_model(2, 2, 1), 1);
    expect_end(&fed, 0);
    ck_assert_int_eq(flr_fedavg_get_model(fed.fedavg, &model), 0);
    flr_value_unref(initial);
    end(&fed);
    return model;
}

START_TEST(fa_03_integers)
{
    flr_value *kept = mixed_model(1.5, 100, 0), *averaged = mixed_model(1.5, 2, 1);
    for (int64_t accumulator = 0; accumulator < 2; accumulator++) {
        flr_value *got = average_mixed(FLR_INTEGERS_KEEP, accumulator);
        ck_assert(flr_value_equals(got, kept));
        flr_value_unref(got);
        got = average_mixed(FLR_INTEGERS_AVERAGE, accumulator);
        ck_assert(flr_value_equals(got, averaged));
        flr_value_unref(got);
    }
    flr_value_unref(kept);
    flr_value_unref(averaged);
}
END_TEST

START_TEST(fa_03_order_of_arrival_does_not_matter)
{
    static const char *const orders[6] = {"abc", "acb", "bac", "bca", "cab", "cba"};
    flr_value *first = NULL;
    for (int i = 0; i < 6; i++) {
        struct fed fed;
        flr_fedavg_options o;
        flr_value *model;
        setup(&fed, 3, &o);
        flr_value *initial = pair(1, 2);
        o.initial_model = initial;
        o.rounds = 1;
        o.min_clients = 3;
        begin(&fed, &o);
        step(&fed);
        for (int k = 0; k < 3; k++) {
            char client[2] = {orders[i][k], '\0'};
            double x = client[0] == 'a' ? 1e16 : client[0] == 'b' ? 0.1 : -1e16;
            answer(&fed, client, pair(x, 1 / (x + 3)), client[0] - 'a' + 0.7);
        }
        expect_end(&fed, 0);
        ck_assert_int_eq(flr_fedavg_get_model(fed.fedavg, &model), 0);
        if (first)
            ck_assert(flr_value_equals(model, first));
        else
            first = flr_value_ref(model);
        flr_value_unref(model);
        flr_value_unref(initial);
        end(&fed);
    }
    flr_value_unref(first);
}
END_TEST

/* ---- FA-04 ---- */

START_TEST(fa_04_too_few_good_ones)
{
    struct fed fed;
    struct seen seen = {0};
    flr_fedavg_options o;
    flr_value *model;
    char id[ID];
    setup(&fed, 4, &o);
    flr_value *initial = pair(1, 2);
    o.initial_model = initial;
    o.min_clients = 3;
    o.on_round = on_round;
    o.self = &seen;
    begin(&fed, &o);
    step(&fed);
    answer(&fed, "a", pair(1, 1), 1);
    answer(&fed, "b", pair(1, NAN), 1);
    answer(&fed, "c", pair(NAN, 1), 1);
    ck_assert_int_eq(ask(&fed, "d", id), FLR_ANSWER_TASK);
    ck_assert_int_eq(submit(&fed, "d", id, FLR_RC_ERROR, NULL, NULL), FLR_OUTCOME_ACCEPTED);
    expect_end(&fed, FLR_E_LIMIT);
    expect_detail(
        &fed,
        "round 0: 1 good contribution, 3 needed; left out: "
                  "1 return code not OK, 2 a number not finite");
    ck_assert_int_eq(seen.calls, 0);
    ck_assert_int_eq(flr_fedavg_get_model(fed.fedavg, &model), 0);
    ck_assert(flr_value_equals(model, initial));
    flr_value_unref(model);
    flr_value_unref(initial);
    end(&fed);
}
END_TEST

/* ---- FA-05 ---- */

START_TEST(fa_05_on_round_and_persist)
{
    struct fed fed;
    struct seen seen = {0};
    flr_fedavg_options o;
    flr_value *model;
    setup(&fed, 3, &o);
    flr_value *initial = pair(1, 2);
    o.initial_model = initial;
    o.on_round = on_round;
    o.self = &seen;
    begin(&fed, &o);
    ck_assert_int_eq(flr_fedavg_get_model(fed.fedavg, &model), 0);
    ck_assert(flr_value_equals(model, initial));
    flr_value_unref(model);
    step(&fed);
    ck_assert_int_eq(fed.persists, 1);
    for (uint64_t round = 0; round < 2; round++) {
        answer(&fed, "c", pair(3, 1), 3);
        ck_assert_int_eq(flr_clock_advance(fed.clock, 0.5), 0);
        answer(&fed, "a", pair(1, 1), 1);
        answer(&fed, "b", pair(2, 1), 2);
        step(&fed);
        ck_assert_int_eq(seen.calls, (int)round + 1);
        ck_assert_uint_eq(seen.number, round);
        ck_assert_uint_eq(seen.total, 2);
        ck_assert_uint_eq(seen.count, 3);
        ck_assert(seen.seconds == 0.5);
        ck_assert_str_eq(seen.names[0], "a");
        ck_assert_str_eq(seen.names[1], "b");
        ck_assert_str_eq(seen.names[2], "c");
        ck_assert(seen.weights[0] == 1 && seen.weights[1] == 2 && seen.weights[2] == 3);
        ck_assert_int_eq(seen.with_model, 0);
        ck_assert(seen.metric == 0.25);
        ck_assert_int_eq(flr_fedavg_get_model(fed.fedavg, &model), 0);
        ck_assert(flr_value_equals(model, seen.model));
        ck_assert(numbers_of(model)[0] == 14.0 / 6.0);
        flr_value_unref(model);
        ck_assert_int_eq(fed.persists, round == 0 ? 2 : 4); /* the last one is that of the end */
    }
    expect_end(&fed, 0);
    flr_value_unref(seen.model);
    flr_value_unref(initial);
    end(&fed);
}
END_TEST

START_TEST(fa_05_on_round_fails)
{
    for (int turn = 0; turn < 2; turn++) {
        struct fed fed;
        struct seen seen = {0};
        flr_fedavg_options o;
        setup(&fed, 1, &o);
        flr_value *initial = pair(1, 2);
        o.initial_model = initial;
        o.on_round = on_round;
        o.self = &seen;
        seen.code = turn ? -12345 : 3;
        begin(&fed, &o);
        step(&fed);
        answer(&fed, "a", pair(3, 1), 3);
        expect_end(&fed, turn ? -12345 : FLR_E_CALLBACK);
        expect_detail(&fed, "on_round failed after round 0");
        flr_value_unref(seen.model);
        flr_value_unref(initial);
        end(&fed);
    }
}
END_TEST

START_TEST(fa_05_persist_fails)
{
    struct fed fed;
    flr_fedavg_options o;
    setup(&fed, 1, &o);
    flr_value *initial = pair(1, 2);
    o.initial_model = initial;
    fed.persist_code = FLR_E_IO;
    begin(&fed, &o);
    step(&fed);
    answer(&fed, "a", pair(3, 1), 3);
    expect_end(&fed, FLR_E_IO);
    expect_detail(&fed, "round 0 could not be saved");
    flr_value_unref(initial);
    end(&fed);
}
END_TEST

static int no_step(void *self, flr_context *context, int64_t now, int64_t *due, int *ended)
{
    (void)self;
    (void)context;
    (void)now;
    (void)due;
    *ended = 1;
    return 0;
}

START_TEST(fa_05_model_of_another_workflow)
{
    flr_controller_ops ops;
    flr_workflow *other;
    flr_value *model = NULL;
    flr_controller_ops_init(&ops, sizeof ops);
    ops.step = no_step;
    ck_assert_int_eq(flr_workflow_new(&ops, NULL, NULL, NULL, &other), 0);
    ck_assert_int_eq(flr_fedavg_get_model(other, &model), FLR_E_INVAL);
    ck_assert_int_eq(flr_fedavg_get_model(NULL, &model), FLR_E_INVAL);
    ck_assert_int_eq(flr_fedavg_get_model(other, NULL), FLR_E_INVAL);
    flr_workflow_unref(other);
}
END_TEST

/* ---- saved state ---- */

/*
 * A run that is stopped in its second round goes on there, with the same ids, and ends with the
 * same model.
 */
START_TEST(ps_08_restored_run_continues_at_its_round)
{
    struct fed one, two;
    flr_fedavg_options o;
    char id[ID], again[ID];
    flr_value *model, *same;
    setup(&one, 2, &o);
    flr_value *initial = pair(1, 2);
    o.initial_model = initial;
    o.rounds = 3;
    o.min_clients = 2;
    one.save_at = 1;
    begin(&one, &o);
    step(&one);
    answer(&one, "a", pair(1, 1), 1);
    answer(&one, "b", pair(2, 2), 2);
    step(&one);
    ck_assert_ptr_nonnull(one.saved);
    ck_assert_int_eq(ask(&one, "a", id), FLR_ANSWER_TASK);

    flr_fedavg_options p;
    setup(&two, 2, &p);
    p = o;
    begin(&two, &p);
    ck_assert_int_eq(flr_runner_restore(two.runner, one.saved, one.saved_size), 0);
    ck_assert_int_eq(flr_fedavg_get_model(two.fedavg, &model), 0);
    ck_assert_int_eq(flr_fedavg_get_model(one.fedavg, &same), 0);
    ck_assert(flr_value_equals(model, same));
    flr_value_unref(model);
    flr_value_unref(same);
    step(&two);
    ck_assert_int_eq(ask(&two, "a", again), FLR_ANSWER_TASK);
    ck_assert_int_eq(flr_value_get_int(flr_shareable_get_header(two.data, "current_round"), -1), 1);
    ck_assert_str_eq(id, again);

    for (int i = 0; i < 2; i++) {
        struct fed *fed = i ? &two : &one;
        for (int round = 1; round < 3; round++) {
            answer(fed, "a", pair(0.3, round), 1);
            answer(fed, "b", pair(0.7, round), 3);
            step(fed);
        }
        expect_end(fed, 0);
    }
    ck_assert_int_eq(flr_fedavg_get_model(one.fedavg, &model), 0);
    ck_assert_int_eq(flr_fedavg_get_model(two.fedavg, &same), 0);
    ck_assert(flr_value_equals(model, same));
    flr_value_unref(model);
    flr_value_unref(same);
    flr_value_unref(initial);
    end(&one);
    end(&two);
}
END_TEST

START_TEST(ps_08_state_of_another_model)
{
    struct fed one, two;
    flr_fedavg_options o, p;
    const double numbers[3] = {1, 2, 3};
    setup(&one, 1, &o);
    flr_value *initial = pair(1, 2), *other = model_of("w", tensor(FLR_TYPE_F64, 3, numbers));
    o.initial_model = initial;
    one.save_at = 0;
    begin(&one, &o);
    step(&one);
    setup(&two, 1, &p);
    p.initial_model = other;
    begin(&two, &p);
    ck_assert_int_eq(flr_runner_restore(two.runner, one.saved, one.saved_size), FLR_E_INVAL);
    flr_value_unref(initial);
    flr_value_unref(other);
    end(&one);
    end(&two);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fedavg");
    TCase *c = tcase_create("fedavg");
    tcase_add_test(c, fa_01_rounds);
    tcase_add_test(c, fa_01_waits_until_clients_are_known);
    tcase_add_test(c, fa_01_waits_when_the_snapshot_is_too_small);
    tcase_add_test(c, fa_01_wait_for_clients_has_a_limit);
    tcase_add_test(c, fa_01_minimum_and_wait_time);
    tcase_add_test(c, fa_01_round_timeout);
    tcase_add_test(c, fa_01_bad_options);
    tcase_add_test(c, fa_02_refused_contributions);
    tcase_add_test(c, fa_02_whole_or_not_at_all);
    tcase_add_test(c, fa_03_integers);
    tcase_add_test(c, fa_03_order_of_arrival_does_not_matter);
    tcase_add_test(c, fa_04_too_few_good_ones);
    tcase_add_test(c, fa_05_on_round_and_persist);
    tcase_add_test(c, fa_05_on_round_fails);
    tcase_add_test(c, fa_05_persist_fails);
    tcase_add_test(c, fa_05_model_of_another_workflow);
    tcase_add_test(c, ps_08_restored_run_continues_at_its_round);
    tcase_add_test(c, ps_08_state_of_another_model);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
