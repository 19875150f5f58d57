/* Saved state: rows PS-01 to PS-06, through the runner. */
#include "world.h"

#include "data/codec.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

/* A component that saves a number. */
typedef struct keeper {
    world *world;
    const char *name;
    int64_t number;
    int saves, restores;
    int save_status, restore_status;
    int again; /* what flr_runner_persist gave inside save */
    bool reenter;
} keeper;

static int keeper_save(void *self, flr_context *context, flr_value **state)
{
    keeper *k = self;
    flr_state *nested = NULL;
    (void)context;
    k->saves++;
    if (k->reenter) {
        k->again = flr_runner_persist(k->world->runner);
        ck_assert_int_eq(flr_runner_save(k->world->runner, &nested), FLR_E_REENTRANT);
    }
    return k->save_status < 0 ? k->save_status : flr_value_new_int(k->number, state);
}

static int keeper_restore(void *self, flr_context *context, const flr_value *state)
{
    keeper *k = self;
    world_note(k->world, "restore:%s", k->name);
    if (k->restore_status < 0)
        return flr_context_fail(context, k->restore_status, "no room for %s", k->name);
    k->number = flr_value_get_int(state, -1);
    k->restores++;
    return 0;
}

static void add_keeper(world *w, keeper *k, const char *name)
{
    flr_component_ops ops;
    flr_component_ops_init(&ops, sizeof ops);
    ops.save = keeper_save;
    ops.restore = keeper_restore;
    k->world = w;
    k->name = name;
    ck_assert_int_eq(flr_config_add_component(w->config, name, &ops, k), 0);
}

typedef struct bytes {
    unsigned char *data;
    size_t size;
} bytes;

static bytes flat(const flr_state *state)
{
    bytes b = {NULL, flr_state_get_size(state)};
    b.data = malloc(b.size);
    ck_assert_ptr_nonnull(b.data);
    ck_assert_int_eq(flr_state_copy(state, b.data, b.size), 0);
    ck_assert_int_eq(flr_state_copy(state, b.data, b.size - 1), FLR_E_LIMIT);
    return b;
}

static bytes save(world *w)
{
    flr_state *state = NULL;
    ck_assert_int_eq(flr_runner_save(w->runner, &state), 0);
    bytes b = flat(state);
    flr_state_unref(state);
    return b;
}

START_TEST(ps_01_persist_at_begin_end_and_on_request)
{
    world *w = world_new(1);
    keeper k = {.number = 5};
    add_keeper(w, &k, "k");
    world_start(w);
    world_step(w);
    ck_assert_uint_eq(world_stats(w).persists, 1);
    ck_assert_int_eq(k.saves, 1);
    world_clear(w);
    ck_assert_int_eq(flr_runner_persist(w->runner), 0);
    ck_assert_str_eq(world_trace(w), "persist(0)");
    w->persist_status = FLR_E_IO; /* a failure is the asking call's code, nothing else */
    ck_assert_int_eq(flr_runner_persist(w->runner), FLR_E_IO);
    w->persist_status = 0;
    k.reenter = true;
    ck_assert_int_eq(flr_runner_persist(w->runner), 0);
    ck_assert_int_eq(k.again, FLR_E_REENTRANT);
    k.reenter = false;
    ck_assert_int_eq(world_finish(w), 0);
    ck_assert(w->completed);
    ck_assert_ptr_nonnull(strstr(world_trace(w), "persist(1)"));
    world_free(w);
}
END_TEST

START_TEST(ps_01_without_persist_nothing_is_saved)
{
    world *w = world_new(1);
    keeper k = {.number = 5};
    w->with_persist = false;
    add_keeper(w, &k, "k");
    world_start(w);
    world_step(w);
    ck_assert_int_eq(flr_runner_persist(w->runner), 0);
    ck_assert_int_eq(world_finish(w), 0);
    ck_assert_int_eq(k.saves, 0);
    world_free(w);
}
END_TEST

/* Several threads ask at once: persist sees states one at a time, each newer than the one before. */
typedef struct order {
    world *world;
    int64_t last;
    int inside, overlaps, disorders;
} order;

static int rising_save(void *self, flr_context *context, flr_value **state)
{
    static int64_t count; /* one test, one run; calls do not overlap */
    (void)self;
    (void)context;
    return flr_value_new_int(++count, state);
}

static int checking_persist(void *self, const flr_state *state, int completed)
{
    order *o = self;
    (void)completed;
    o->overlaps += o->inside++ != 0;
    flr_value *head = NULL;
    size_t offset, head_size;
    const void *head_bytes = flr_state_get_segment(state, 1, &head_size);
    ck_assert_int_eq(flr__decode(head_bytes, head_size, NULL, 0, NULL, &head, &offset), 0);
    const flr_value *entry = flr_list_get(flr_map_get(head, "entries"), 0);
    int64_t number = flr_value_get_int(flr_map_get(entry, "state"), -1);
    o->disorders += number <= o->last;
    o->last = number;
    o->inside--;
    flr_value_unref(head);
    return 0;
}

static void *ask_often(void *self)
{
    for (int i = 0; i < 50; i++)
        if (flr_runner_persist(self) != 0)
            return self;
    return NULL;
}

static int list_nobody(void *self, flr_client_list *list)
{
    (void)self;
    (void)list;
    return 0;
}

START_TEST(ps_01_calls_do_not_overlap_and_keep_their_order)
{
    flr_config *config;
    flr_runner *runner;
    flr_engine_ops engine;
    flr_component_ops ops;
    order o = {0};
    pthread_t threads[4];
    flr_component_ops_init(&ops, sizeof ops);
    ops.save = rising_save;
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_nobody;
    engine.persist = checking_persist;
    ck_assert_int_eq(flr_config_new(&config), 0);
    ck_assert_int_eq(flr_config_add_component(config, "rising", &ops, &o), 0);
    ck_assert_int_eq(flr_runner_new(config, "j", &engine, &o, &runner), 0);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_often, runner), 0);
    for (int i = 0; i < 4; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
    }
    ck_assert_int_eq(o.overlaps, 0);
    ck_assert_int_eq(o.disorders, 0);
    ck_assert_int_gt(o.last, 199);
    flr_runner_free(runner);
}
END_TEST

START_TEST(ps_02_state_has_job_index_secret_and_entries)
{
    world *w = world_new(2);
    keeper k = {.number = 77};
    flr_state *state = NULL;
    flr_value *head = NULL;
    size_t size, offset;
    add_keeper(w, &k, "k");
    world_start(w);
    w->workflows[0].ended = true;
    world_step(w);
    ck_assert_int_eq(flr_runner_save(w->runner, &state), 0);
    ck_assert_int_eq(memcmp(flr_state_get_segment(state, 0, &size), "FLRSTATE\1\0\0\0", 12), 0);
    const void *encoded = flr_state_get_segment(state, 1, &size);
    ck_assert_int_eq(flr__decode(encoded, size, NULL, 0, NULL, &head, &offset), 0);
    ck_assert_str_eq(flr_value_get_text(flr_map_get(head, "job"), ""), WORLD_JOB);
    ck_assert_int_eq(flr_value_get_int(flr_map_get(head, "index"), -1), 1);
    ck_assert_uint_eq(flr_blob_get_size(flr_value_get_blob(flr_map_get(head, "secret"))), 16);
    const flr_value *entries = flr_map_get(head, "entries");
    ck_assert_uint_eq(flr_value_get_size(entries), 1); /* only who has a save callback */
    ck_assert_str_eq(flr_value_get_text(flr_map_get(flr_list_get(entries, 0), "id"), ""), "k");
    ck_assert_int_eq(flr_value_get_int(flr_map_get(flr_list_get(entries, 0), "state"), 0), 77);
    flr_value_unref(head);
    flr_state_unref(state);
    k.save_status = FLR_E_IO; /* a failing callback: its code, no state */
    state = NULL;
    ck_assert_int_eq(flr_runner_save(w->runner, &state), FLR_E_IO);
    ck_assert_ptr_null(state);
    k.save_status = 0;
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
}
END_TEST

/* ---- refusals ---- */

static world *fresh(keeper *k, int workflows)
{
    world *w = world_new(workflows);
    if (k != NULL)
        add_keeper(w, k, "k");
    world_start(w);
    return w;
}

static bytes saved_by(int workflows, const char *component)
{
    world *w = world_new(workflows);
    keeper k = {.number = 9};
    add_keeper(w, &k, component);
    world_start(w);
    bytes b = save(w);
    world_free(w);
    return b;
}

/* The checksum of the fixed part covers what is changed: put it right again. */
static void sign(bytes b)
{
    uint32_t segments = (uint32_t)b.data[12] | (uint32_t)b.data[13] << 8;
    size_t at = 24 + 8 * (size_t)segments;
    uint32_t crc = flr__crc32c(0, b.data, at);
    for (int i = 0; i < 4; i++)
        b.data[at + (size_t)i] = (unsigned char)(crc >> (8 * i));
}

START_TEST(ps_03_refuses_what_is_no_whole_state)
{
    keeper k = {.number = 1};
    bytes b = saved_by(1, "k");
    world *w = fresh(&k, 1);
    ck_assert_int_eq(flr_runner_restore(w->runner, NULL, 0), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr_runner_restore(w->runner, b.data, 0), FLR_E_NOTFOUND);
    for (size_t size = 1; size < b.size; size++)
        ck_assert_int_eq(flr_runner_restore(w->runner, b.data, size), FLR_E_CORRUPT);
    for (size_t i = 0; i < b.size; i++)
        for (int bit = 0; bit < 8; bit++) {
            b.data[i] ^= (unsigned char)(1 << bit);
            ck_assert_int_eq(flr_runner_restore(w->runner, b.data, b.size), FLR_E_CORRUPT);
            b.data[i] ^= (unsigned char)(1 << bit);
        }
    unsigned char *longer = calloc(1, b.size + 1);
    memcpy(longer, b.data, b.size);
    ck_assert_int_eq(flr_runner_restore(w->runner, longer, b.size + 1), FLR_E_CORRUPT);
    free(longer);
    b.data[8] = 2; /* a newer format, in itself right */
    sign(b);
    ck_assert_int_eq(flr_runner_restore(w->runner, b.data, b.size), FLR_E_NOTSUP);
    b.data[8] = 1;
    sign(b);
    ck_assert_int_eq(k.number, 1); /* nothing has changed by any of these */
    ck_assert_int_eq(k.restores, 0);
    ck_assert_int_eq(flr_runner_restore(w->runner, b.data, b.size), 0);
    ck_assert_int_eq(k.number, 9);
    world_step(w);
    ck_assert_int_eq(flr_runner_restore(w->runner, b.data, b.size), FLR_E_STATE);
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
    free(b.data);
}
END_TEST

START_TEST(ps_03_refuses_what_does_not_fit)
{
    char detail[256];
    bytes two = saved_by(2, "k"), other = saved_by(1, "other");
    keeper k = {.number = 1};
    /* the index of a completed run of two workflows is beyond a run of one */
    world *done = world_new(2);
    keeper d = {.number = 2};
    add_keeper(done, &d, "k");
    world_start(done);
    ck_assert_int_eq(world_finish(done), 0);
    bytes beyond = save(done);
    world_free(done);
    world *w = fresh(&k, 1);
    ck_assert_int_eq(flr_runner_restore(w->runner, beyond.data, beyond.size), FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_restore(w->runner, other.data, other.size), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr_runner_get_detail(w->runner, detail, sizeof detail), 0);
    ck_assert_msg(strstr(detail, "k") != NULL, "%s", detail);
    ck_assert_int_eq(k.restores, 0);
    world_free(w);
    w = fresh(NULL, 1); /* an entry without its component */
    ck_assert_int_eq(flr_runner_restore(w->runner, other.data, other.size), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr_runner_get_detail(w->runner, detail, sizeof detail), 0);
    ck_assert_msg(strstr(detail, "other") != NULL, "%s", detail);
    world_free(w);
    w = world_new(1);
    ck_assert_int_eq(flr_config_set_allow_state_mismatch(w->config, 1), 0);
    add_keeper(w, &k, "k");
    world_start(w);
    ck_assert_int_eq(flr_runner_restore(w->runner, other.data, other.size), 0);
    ck_assert_int_eq(k.number, 1);
    world_free(w);
    free(two.data);
    free(other.data);
    free(beyond.data);
}
END_TEST

START_TEST(ps_03_refuses_another_job)
{
    bytes b = saved_by(1, "k");
    world *w = world_new(0);
    flr_engine_ops engine;
    flr_runner *runner;
    keeper k = {.number = 1};
    add_keeper(w, &k, "k");
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_nobody;
    ck_assert_int_eq(flr_runner_new(w->config, "job-2", &engine, NULL, &runner), 0);
    w->config = NULL;
    ck_assert_int_eq(flr_runner_restore(runner, b.data, b.size), FLR_E_INVAL);
    ck_assert_int_eq(k.restores, 0);
    flr_runner_free(runner);
    world_free(w);
    free(b.data);
}
END_TEST

START_TEST(ps_04_restores_in_order_and_a_failure_bars_the_run)
{
    world *w = world_new(1);
    keeper a = {.number = 1}, b = {.number = 2};
    add_keeper(w, &a, "first");
    add_keeper(w, &b, "second");
    world_start(w);
    bytes state = save(w);
    b.restore_status = FLR_E_IO;
    ck_assert_int_eq(flr_runner_restore(w->runner, state.data, state.size), FLR_E_IO);
    ck_assert_str_eq(world_trace(w), "restore:first restore:second");
    flr_step_result result;
    flr_step_result_init(&result, sizeof result);
    ck_assert_int_eq(flr_runner_step(w->runner, &result), FLR_E_STATE);
    ck_assert_int_eq(flr_runner_run(w->runner), FLR_E_STATE);
    ck_assert_uint_eq(flr_runner_get_workflow_index(w->runner), 0);
    b.restore_status = 0;
    ck_assert_int_eq(flr_runner_restore(w->runner, state.data, state.size), 0);
    world_step(w);
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
    free(state.data);
}
END_TEST

START_TEST(ps_05_continues_with_the_saved_workflow)
{
    world *w = world_new(2);
    world_start(w);
    w->workflows[0].ended = true;
    world_step(w);
    bytes middle = save(w);
    ck_assert_int_eq(world_finish(w), 0);
    bytes done = save(w);
    world_free(w);

    w = world_new(2);
    world_start(w);
    ck_assert_int_eq(flr_runner_restore(w->runner, middle.data, middle.size), 0);
    ck_assert_uint_eq(flr_runner_get_workflow_index(w->runner), 1);
    ck_assert_int_eq(world_finish(w), 0);
    ck_assert_str_eq(
        world_trace(w),
        "_start_run persist(0) initialize_run2 start2 _start_workflow control2 stop2 finalize_run2 "
        "_end_workflow _about_to_end_run aux:__end_run__ persist(1) _check_end_run_readiness _end_run");
    world_free(w);

    w = world_new(2);
    world_start(w);
    ck_assert_int_eq(flr_runner_restore(w->runner, done.data, done.size), 0);
    ck_assert_int_eq(world_finish(w), 0);
    ck_assert_str_eq(world_trace(w),
                     "_start_run persist(0) _about_to_end_run aux:__end_run__ persist(1) "
                     "_check_end_run_readiness _end_run");
    world_free(w);
    free(middle.data);
    free(done.data);
}
END_TEST

START_TEST(ps_06_round_trip)
{
    keeper k = {.number = 123};
    bytes first = saved_by(1, "k");
    world *w = fresh(&k, 1);
    ck_assert_int_eq(flr_runner_restore(w->runner, first.data, first.size), 0);
    bytes second = save(w);
    ck_assert_uint_eq(first.size, second.size);
    ck_assert_mem_eq(first.data, second.data, first.size);
    world_free(w);
    free(first.data);
    free(second.data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("state");
    TCase *tests = tcase_create("PS");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, ps_01_persist_at_begin_end_and_on_request);
    tcase_add_test(tests, ps_01_without_persist_nothing_is_saved);
    tcase_add_test(tests, ps_01_calls_do_not_overlap_and_keep_their_order);
    tcase_add_test(tests, ps_02_state_has_job_index_secret_and_entries);
    tcase_add_test(tests, ps_03_refuses_what_is_no_whole_state);
    tcase_add_test(tests, ps_03_refuses_what_does_not_fit);
    tcase_add_test(tests, ps_03_refuses_another_job);
    tcase_add_test(tests, ps_04_restores_in_order_and_a_failure_bars_the_run);
    tcase_add_test(tests, ps_05_continues_with_the_saved_workflow);
    tcase_add_test(tests, ps_06_round_trip);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
