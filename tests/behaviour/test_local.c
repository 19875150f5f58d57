/*
 * The local engine: clients as threads and virtual clients give the same model bit for bit, the
 * same seed gives the same events (DESIGN: same bits every time). Rows FA-03, LC-16, LC-18, PS-01,
 * ST-08 as far as the engine has a part in them.
 */
#include "support/suite.h"

#include <check.h>
#include <flrunner.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define SITES  5
#define WIDTH  100
#define SECOND INT64_C(1000000000)

struct federation {
    flr_local *local;
    flr_clock *clock; /* manual; NULL: the system's */
    flr_workflow *fedavg;
    flr_runner *runner;
    flr_value *initial;
};

/* What virtual clients did, in order. */
struct journal {
    char text[4096];
    size_t size;
    flr_clock *clock;
    int fail; /* 1: every call fails; 2: gives no result */
    flr_runner *abort;
    int cold;
    atomic_int calls;
};

static flr_value *model_of(const double *numbers)
{
    const int64_t shape[1] = {WIDTH};
    flr_blob *blob;
    flr_value *tensor, *map;
    ck_assert_int_eq(flr_blob_new_copy(numbers, WIDTH * sizeof *numbers, &blob), 0);
    ck_assert_int_eq(flr_value_new_tensor(FLR_TYPE_F64, 1, shape, blob, &tensor), 0);
    flr_blob_unref(blob);
    ck_assert_int_eq(flr_value_new_map(&map), 0);
    ck_assert_int_eq(flr_map_set(&map, "w", tensor), 0);
    return map;
}

/*
 * A training that leaves no bit of the model alone. Called on threads: it asserts nothing that the
 * test itself does not need.
 */
static int train(void *self, const char *client, const char *task, const flr_shareable *data,
                 flr_signal *abort, flr_shareable **result)
{
    struct journal *journal = self;
    const double *old =
        flr_blob_get_data(flr_value_get_blob(flr_map_get(flr_shareable_get(data, "model"), "w")));
    double numbers[WIDTH];
    int number = client[1] - '0';
    (void)abort;
    if (strcmp(task, "train") != 0)
        return FLR_E_INVAL;
    if (journal) {
        atomic_fetch_add(&journal->calls, 1);
        if (journal->clock)
            journal->size += (size_t)snprintf(journal->text + journal->size,
                                              sizeof journal->text - journal->size, "%s@%lld ",
                                              client, (long long)flr_clock_get_now(journal->clock));
        if (journal->abort)
            flr_runner_abort(journal->abort, journal->cold);
        if (journal->fail)
            return journal->fail == 1 ? FLR_E_IO : 0;
    }
    for (int i = 0; i < WIDTH; i++)
        numbers[i] = old[i] * 0.9 + (i + 1) * 0.1 / (number + 3.7) * (i % 2 ? 1 : -1e-5);
    if (flr_shareable_new(result) < 0)
        return FLR_E_NOMEM;
    flr_value *model = model_of(numbers);
    int status = flr_shareable_set(*result, "model", model);
    if (status < 0)
        flr_value_unref(model);
    return status < 0 ? status : flr_shareable_set_real(*result, "num_samples", number + 0.3);
}

static void setup(struct federation *f, int manual, const flr_local_options *options,
                  struct journal *journal, uint64_t min_clients)
{
    static const char *const names[SITES] = {"s1", "s2", "s3", "s4", "s5"};
    double zeros[WIDTH] = {0};
    flr_fedavg_options train_options;
    flr_config *config;
    memset(f, 0, sizeof *f);
    ck_assert_int_eq(flr_local_new(options, &f->local), 0);
    for (int i = 0; i < SITES; i++)
        ck_assert_int_eq(flr_local_add_client(f->local, names[i], train, journal), 0);
    f->initial = model_of(zeros);
    flr_fedavg_options_init(&train_options, sizeof train_options);
    train_options.initial_model = f->initial;
    train_options.rounds = 6;
    train_options.min_clients = min_clients;
    ck_assert_int_eq(flr_fedavg_new(&train_options, &f->fedavg), 0);
    ck_assert_int_eq(flr_config_new(&config), 0);
    if (manual) {
        ck_assert_int_eq(flr_clock_new_manual(SECOND, 0, &f->clock), 0);
        ck_assert_int_eq(flr_config_set_clock(config, f->clock), 0);
    }
    ck_assert_int_eq(flr_config_add_workflow(config, "fedavg", f->fedavg), 0);
    ck_assert_int_eq(
        flr_runner_new(config, "job", flr_local_get_engine_ops(f->local), f->local, &f->runner), 0);
}

static void teardown(struct federation *f)
{
    flr_runner_free(f->runner);
    flr_local_free(f->local);
    flr_clock_unref(f->clock);
    flr_value_unref(f->initial);
}

static flr_value *get_model(const struct federation *f)
{
    flr_value *model;
    ck_assert_int_eq(flr_fedavg_get_model(f->fedavg, &model), 0);
    return model;
}

START_TEST(fa_03_threads_and_virtual_clients_give_the_same_bits)
{
    struct federation f;
    flr_value *first = NULL;
    for (int turn = 0; turn < 12; turn++) {
        flr_local_options o;
        flr_local_options_init(&o, sizeof o);
        o.seed = (uint64_t)turn;
        o.min_delay = turn % 3;
        o.max_delay = 2 + turn;
        setup(&f, turn % 2, &o, NULL, SITES);
        ck_assert_int_eq(turn % 2 ? flr_local_simulate(f.local, f.runner, f.clock)
                                  : flr_local_run(f.local, f.runner),
                         0);
        flr_value *model = get_model(&f);
        ck_assert(!flr_value_equals(model, f.initial));
        if (first)
            ck_assert(flr_value_equals(model, first));
        else
            first = flr_value_ref(model);
        flr_value_unref(model);
        teardown(&f);
    }
    flr_value_unref(first);
}
END_TEST

static void simulate_with_seed(uint64_t seed, struct journal *journal, int64_t *took)
{
    struct federation f;
    flr_local_options o;
    flr_local_options_init(&o, sizeof o);
    o.seed = seed;
    o.min_delay = 1;
    o.max_delay = 5;
    memset(journal, 0, sizeof *journal);
    setup(&f, 1, &o, journal, 3);
    journal->clock = f.clock;
    ck_assert_int_eq(flr_local_simulate(f.local, f.runner, f.clock), 0);
    *took = flr_clock_get_now(f.clock);
    teardown(&f);
}

START_TEST(local_same_seed_same_events)
{
    static struct journal a, b, c;
    int64_t at, bt, ct;
    simulate_with_seed(1, &a, &at);
    simulate_with_seed(1, &b, &bt);
    simulate_with_seed(2, &c, &ct);
    ck_assert_str_eq(a.text, b.text);
    ck_assert_int_eq(at, bt);
    ck_assert_str_ne(a.text, c.text);
    ck_assert_int_ge(at, SECOND + 6 * SECOND);
    ck_assert_int_le(at, SECOND + 6 * 5 * SECOND + 6 * SECOND);
}
END_TEST

/*
 * A client whose function fails answers EXECUTION_EXCEPTION; one without a result an empty one.
 * Both end the round at once.
 */
START_TEST(local_clients_that_fail)
{
    for (int fail = 1; fail <= 2; fail++)
        for (int manual = 0; manual < 2; manual++) {
            struct federation f;
            struct journal journal = {.fail = fail};
            char detail[256];
            setup(&f, manual, NULL, &journal, SITES);
            int status = manual ? flr_local_simulate(f.local, f.runner, f.clock)
                                : flr_local_run(f.local, f.runner);
            ck_assert_int_eq(status, FLR_E_LIMIT);
            flr_runner_get_detail(f.runner, detail, sizeof detail);
            ck_assert_ptr_nonnull(
                strstr(detail, fail == 1 ? "5 return code not OK" : "5 no model"));
            ck_assert_int_eq(atomic_load(&journal.calls), SITES);
            teardown(&f);
        }
}
END_TEST

/* Aborted before it is begun: the simulation makes the end sequence. */
START_TEST(local_aborted_before)
{
    struct federation f;
    setup(&f, 1, NULL, NULL, SITES);
    flr_runner_abort(f.runner, 0);
    ck_assert_int_eq(flr_local_simulate(f.local, f.runner, f.clock), FLR_E_ABORTED);
    teardown(&f);
}
END_TEST

/* Without clients and without a limit the run would wait for ever. */
START_TEST(local_without_clients)
{
    double zeros[WIDTH] = {0};
    flr_value *initial = model_of(zeros);
    flr_fedavg_options o;
    flr_workflow *fedavg;
    flr_config *config;
    flr_local *local;
    flr_runner *runner;
    flr_clock *clock;
    flr_fedavg_options_init(&o, sizeof o);
    o.initial_model = initial;
    for (int turn = 0; turn < 2; turn++) {
        o.wait_for_clients_timeout = turn ? 3 : 0;
        ck_assert_int_eq(flr_clock_new_manual(0, 0, &clock), 0);
        ck_assert_int_eq(flr_local_new(NULL, &local), 0);
        ck_assert_int_eq(flr_fedavg_new(&o, &fedavg), 0);
        ck_assert_int_eq(flr_config_new(&config), 0);
        ck_assert_int_eq(flr_config_set_clock(config, clock), 0);
        ck_assert_int_eq(flr_config_add_workflow(config, "fedavg", fedavg), 0);
        ck_assert_int_eq(
            flr_runner_new(config, "job", flr_local_get_engine_ops(local), local, &runner), 0);
        ck_assert_int_eq(flr_local_simulate(local, runner, clock),
                         turn ? FLR_E_TIMEDOUT : FLR_E_LIMIT);
        if (turn == 0) { /* the run is under way: it can be aborted, and simulated to its end */
            ck_assert_int_eq(flr_runner_abort(runner, 0), 0);
            ck_assert_int_eq(flr_local_simulate(local, runner, clock), FLR_E_ABORTED);
        }
        flr_runner_free(runner);
        flr_local_free(local);
        flr_clock_unref(clock);
    }
    flr_value_unref(initial);
}
END_TEST

/* An abort from inside a client ends every wait, warm (END_RUN message) and cold (without it). */
START_TEST(lc_18_abort_ends_waiting_clients)
{
    for (int turn = 0; turn < 4; turn++) {
        struct federation f;
        struct journal journal = {.cold = turn / 2};
        setup(&f, turn % 2, NULL, &journal, SITES);
        journal.abort = f.runner;
        int status = turn % 2 ? flr_local_simulate(f.local, f.runner, f.clock)
                              : flr_local_run(f.local, f.runner);
        ck_assert_int_eq(status, FLR_E_ABORTED);
        teardown(&f);
    }
}
END_TEST

/* ---- what is forwarded ---- */

struct sink {
    atomic_int persists, completed, audits, logs;
};

static int persist(void *self, const flr_state *state, int completed)
{
    struct sink *sink = self;
    atomic_fetch_add(&sink->persists, 1);
    atomic_fetch_add(&sink->completed, completed);
    return flr_state_get_size(state) > 0 ? 0 : FLR_E_INVAL;
}

static int audit(void *self, const flr_audit_record *record)
{
    struct sink *sink = self;
    atomic_fetch_add(&sink->audits, 1);
    return flr_audit_record_get_line(record)[0] == '[' ? 0 : FLR_E_INVAL;
}

static void write_log(void *self, int level, const char *line)
{
    struct sink *sink = self;
    (void)level;
    (void)line;
    atomic_fetch_add(&sink->logs, 1);
}

START_TEST(ps_01_persist_audit_and_log_are_forwarded)
{
    for (int manual = 0; manual < 2; manual++) {
        struct federation f;
        struct sink sink = {0};
        flr_engine_ops engine;
        flr_local_options o;
        flr_engine_ops_init(&engine, sizeof engine);
        engine.persist = persist;
        engine.audit = audit;
        engine.log = write_log;
        flr_local_options_init(&o, sizeof o);
        o.engine = &engine;
        o.engine_self = &sink;
        setup(&f, manual, &o, NULL, SITES);
        ck_assert_int_eq(manual ? flr_local_simulate(f.local, f.runner, f.clock)
                                : flr_local_run(f.local, f.runner),
                         0);
        ck_assert_int_eq(atomic_load(&sink.persists), 1 + 6 + 1);
        ck_assert_int_eq(atomic_load(&sink.completed), 1);
        ck_assert_int_ge(atomic_load(&sink.audits), 2 * 6 * SITES);
        ck_assert_int_gt(atomic_load(&sink.logs), 0);
        teardown(&f);
    }
}
END_TEST

/* ---- arguments ---- */

START_TEST(local_bad_arguments)
{
    struct federation f, g;
    flr_local_options o;
    flr_local *local = NULL;
    char overlong[FLR_NAME_MAX + 2];
    memset(overlong, 'x', sizeof overlong - 1);
    overlong[sizeof overlong - 1] = '\0';
    flr_local_options_init(NULL, sizeof o);
    flr_local_options_init(&o, sizeof o);
    ck_assert_uint_eq(o.struct_size, sizeof o);
    ck_assert_int_eq(flr_local_new(&o, NULL), FLR_E_INVAL);
    o.min_delay = 2;
    ck_assert_int_eq(flr_local_new(&o, &local), FLR_E_INVAL);
    o.min_delay = NAN;
    ck_assert_int_eq(flr_local_new(&o, &local), FLR_E_INVAL);
    o.min_delay = 0;
    o.flags = 4;
    ck_assert_int_eq(flr_local_new(&o, &local), FLR_E_INVAL);
    ck_assert_ptr_null(local);

    setup(&f, 1, NULL, NULL, SITES);
    setup(&g, 1, NULL, NULL, SITES);
    ck_assert_int_eq(flr_local_add_client(NULL, "x", train, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_local_add_client(f.local, NULL, train, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_local_add_client(f.local, "", train, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_local_add_client(f.local, "x", NULL, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_local_add_client(f.local, overlong, train, NULL), FLR_E_LIMIT);
    ck_assert_int_eq(flr_local_add_client(f.local, "s1", train, NULL), FLR_E_EXISTS);
    ck_assert_ptr_null(flr_local_get_engine_ops(NULL));
    ck_assert_int_eq(flr_local_run(NULL, f.runner), FLR_E_INVAL);
    ck_assert_int_eq(flr_local_run(f.local, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_local_run(f.local, g.runner), FLR_E_INVAL);
    ck_assert_int_eq(flr_local_simulate(f.local, f.runner, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_local_simulate(f.local, f.runner, g.clock), FLR_E_INVAL);
    ck_assert_int_eq(flr_local_simulate(f.local, g.runner, g.clock), FLR_E_INVAL);
    flr_clock *system;
    ck_assert_int_eq(flr_clock_new_system(&system), 0);
    ck_assert_int_eq(flr_local_simulate(f.local, f.runner, system), FLR_E_NOTSUP);
    flr_clock_unref(system);
    ck_assert_int_eq(flr_local_simulate(f.local, f.runner, f.clock), 0);
    ck_assert_int_eq(flr_local_simulate(f.local, f.runner, f.clock), FLR_E_STATE);
    ck_assert_int_eq(flr_local_run(f.local, f.runner), FLR_E_STATE);
    teardown(&f);
    teardown(&g);
    flr_local_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("local");
    TCase *c = tcase_create("local");
    tcase_add_test(c, fa_03_threads_and_virtual_clients_give_the_same_bits);
    tcase_add_test(c, local_same_seed_same_events);
    tcase_add_test(c, local_clients_that_fail);
    tcase_add_test(c, local_aborted_before);
    tcase_add_test(c, local_without_clients);
    tcase_add_test(c, lc_18_abort_ends_waiting_clients);
    tcase_add_test(c, ps_01_persist_audit_and_log_are_forwarded);
    tcase_add_test(c, local_bad_arguments);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
