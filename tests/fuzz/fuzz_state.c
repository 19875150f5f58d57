/*
 * Saved states: bytes are checked, read, and given to a run that shall return to them. What is read is written and read again as the same bytes; a run that took a state saves one that another run
 * takes as well and saves equal, and goes on from it; a run that refused one is none the worse: it takes a good one. An input is the bytes as they are, or with their checksums mended, or the head
 * and segments, or what a head says: so that the inside is reached.
 */
#include "data/codec.h"
#include "fuzzinput.h"
#include "store/state.h"
#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define JOB     "job"
#define REFUSED (FLR_E_HOST - 1)
#define PREFIX  24 /* of a state, before the sizes of its segments */
#define SUMS    8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bytes of a state; free(data). */
typedef struct bytes {
    uint8_t *data;
    size_t size;
} bytes;

static bytes bytes_new(size_t size)
{
    bytes b = {malloc(size > 0 ? size : 1), size};
    if (b.data == NULL)
        abort();
    return b;
}

static bytes copy_state(flr_state *state)
{
    bytes b = bytes_new(flr_state_get_size(state));
    assert(flr_state_copy(state, b.data, b.size) == 0);
    flr_state_unref(state);
    return b;
}

static void check_same(bytes a, bytes b)
{
    assert(a.size == b.size && memcmp(a.data, b.data, a.size) == 0);
}

/* ---- making a state ---- */

static void put(uint8_t *to, uint64_t number, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (uint8_t)(number >> 8 * i);
}

static void mend(bytes b)
{
    size_t n, sizes;
    if (b.size < PREFIX + SUMS)
        return;
    n = b.data[12] | (size_t)b.data[13] << 8;
    sizes = PREFIX + 8 * n;
    if (sizes + SUMS > b.size)
        return;
    put(b.data + sizes, flr__crc32c(0, b.data, sizes), 4);
    put(b.data + sizes + 4, flr__crc32c(0, b.data + sizes + SUMS, b.size - sizes - SUMS), 4);
}

static bytes raw(fuzz_input *in)
{
    bytes b = bytes_new(in->size);
    if (in->size > 0)
        memcpy(b.data, in->data, in->size);
    return b;
}

/* The sizes of up to three segments, then the head, then the segments. */
static bytes assembled(fuzz_input *in)
{
    size_t n = fuzz_byte(in) % 4, sizes[3] = {0}, segments = 0;
    for (size_t i = 0; i < n; i++) {
        sizes[i] = fuzz_byte(in);
        segments += sizes[i];
    }
    if (segments > in->size) /* none is as large as that */
        n = segments = 0;
    bytes b = bytes_new(PREFIX + 8 * n + SUMS + in->size);
    memcpy(b.data, "FLRSTATE", 8);
    put(b.data + 8, 1, 4);
    put(b.data + 12, n, 4);
    put(b.data + 16, in->size - segments, 8);
    for (size_t i = 0; i < n; i++)
        put(b.data + PREFIX + 8 * i, sizes[i], 8);
    if (in->size > 0)
        memcpy(b.data + PREFIX + 8 * n + SUMS, in->data, in->size);
    mend(b);
    return b;
}

static void set(flr_value **map, const char *key, flr_value *value)
{
    assert(flr_map_set(map, key, value) == 0);
}

static flr_value *number(int64_t n)
{
    flr_value *value = NULL;
    assert(flr_value_new_int(n, &value) == 0);
    return value;
}

static flr_value *text(const char *s)
{
    flr_value *value = NULL;
    if (flr_value_new_text(s, &value) < 0)
        assert(flr_value_new_nil(&value) == 0);
    return value;
}

static const int64_t numbers[] = {0, 1, 2, 3, -1, INT64_MAX - 1, INT64_MAX, INT64_MIN};

static flr_value *some_number(fuzz_input *in)
{
    return number(numbers[fuzz_byte(in) % 8]);
}

/* Any value, what FedAvg saves, or what a board saves. */
static flr_value *state_of(fuzz_input *in)
{
    flr_value *state = NULL, *model = NULL;
    float x[2];
    int kind = fuzz_byte(in) % 3;
    if (kind == 0)
        return fuzz_value(in);
    if (kind == 2) {
        assert(flr_value_new_map(&state) == 0);
        set(&state, "next", some_number(in));
        return state;
    }
    for (size_t i = 0; i < 2; i++)
        x[i] = (float)fuzz_byte(in) - 100;
    assert(flr_value_new_map(&model) == 0 && flr_value_new_map(&state) == 0);
    assert(flr_map_set_tensor(&model, "x", FLR_TYPE_F32, 1, (int64_t[]){2}, x) == 0);
    set(&state, "round", number(fuzz_byte(in)));
    set(&state, "model", model);
    return state;
}

static void add_entry(fuzz_input *in, flr_value **entries, flr_value *kind, flr_value *id)
{
    flr_value *entry = NULL;
    assert(flr_value_new_map(&entry) == 0);
    set(&entry, "kind", kind);
    set(&entry, "id", id);
    set(&entry, "state", state_of(in));
    assert(flr_list_add(entries, entry) == 0);
}

/* A head as a run saves it, with other values, and more or fewer entries, now and then. */
static bytes described(fuzz_input *in)
{
    static const char *const ids[] = {"keeper", "fedavg", "fedavg", "wf"};
    static const int kinds[] = {1, 2, 3, 3};
    flr_value *head = NULL, *entries = NULL, *secret = NULL;
    flr_blob *blob = NULL;
    flr_state *state = NULL;
    void *to;
    char buffer[301];
    size_t odd = fuzz_byte(in), count = fuzz_byte(in) % 5;
    assert(flr_value_new_map(&head) == 0 && flr_value_new_list(&entries) == 0);
    assert(flr_blob_new(odd & 1 ? odd : 16, &blob, &to) == 0);
    memset(to, 7, flr_blob_get_size(blob));
    assert(flr_value_new_bytes(blob, &secret) == 0);
    flr_blob_unref(blob);
    set(&head, "job", odd & 2 ? text(fuzz_text(in, buffer)) : text(JOB));
    set(&head, "index", some_number(in));
    set(&head, "begun", some_number(in));
    set(&head, "secret", secret);
    for (size_t i = 0; i < 4 && (odd & 8) == 0; i++)
        add_entry(in, &entries, number(kinds[i]), text(ids[i]));
    for (size_t i = 0; i < count; i++)
        add_entry(in, &entries, some_number(in), text(fuzz_word(in, ids, 4, buffer)));
    set(&head, "entries", odd & 4 ? fuzz_value(in) : flr_value_ref(entries));
    flr_value_unref(entries);
    assert(flr__state_new(head, &state) == 0);
    flr_value_unref(head);
    return copy_state(state);
}

/* ---- a run ---- */

typedef struct world {
    bool lenient; /* components and entries need not match */
    flr_clock *clock;
    flr_runner *runner;
    flr_context *context;
    flr_workflow *fedavg;
    flr_value *kept;
} world;

static int list_clients(void *self, flr_client_list *list)
{
    (void)self;
    return flr_client_list_add(list, "a", NULL);
}

static int keeper_save(void *self, flr_context *context, flr_value **state)
{
    world *w = self;
    (void)context;
    *state = flr_value_ref(w->kept);
    return 0;
}

static int keeper_restore(void *self, flr_context *context, const flr_value *state)
{
    world *w = self;
    if (strcmp(flr_value_get_text(state, ""), "refuse") == 0)
        return flr_context_fail(context, REFUSED, "the keeper refuses");
    flr_value_unref(w->kept);
    w->kept = flr_value_ref(state);
    return 0;
}

static int step(void *self, flr_context *context, int64_t now, int64_t *due, int *ended)
{
    (void)self, (void)context, (void)now, (void)due;
    *ended = 1;
    return 0;
}

static void add_workflows(world *w, flr_config *config)
{
    static const float start[2] = {1, 2};
    flr_fedavg_options options;
    flr_controller_ops controller;
    flr_value *model = NULL;
    assert(flr_value_new_map(&model) == 0);
    assert(flr_map_set_tensor(&model, "x", FLR_TYPE_F32, 1, (int64_t[]){2}, start) == 0);
    flr_fedavg_options_init(&options, sizeof options);
    options.initial_model = model;
    options.rounds = 2;
    assert(flr_fedavg_new(&options, &w->fedavg) == 0);
    flr_value_unref(model);
    assert(flr_config_add_workflow(config, "fedavg", w->fedavg) == 0);
    flr_controller_ops_init(&controller, sizeof controller);
    controller.step = step;
    assert(flr_config_add_controller(config, "wf", &controller, NULL, NULL, NULL) == 0);
}

static void world_make(world *w, bool lenient)
{
    flr_engine_ops engine;
    flr_component_ops keeper;
    flr_config *config = NULL;
    *w = (world){.lenient = lenient};
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_clients;
    flr_component_ops_init(&keeper, sizeof keeper);
    keeper.save = keeper_save;
    keeper.restore = keeper_restore;
    assert(flr_clock_new_manual(0, 0, &w->clock) == 0 && flr_config_new(&config) == 0);
    flr_config_set_clock(config, w->clock);
    flr_config_set_seed(config, 1);
    flr_config_set_log_level(config, FLR_LOG_CRITICAL);
    flr_config_set_end_run_readiness(config, 0.001, 0.001);
    flr_config_set_allow_state_mismatch(config, lenient);
    assert(flr_config_add_component(config, "keeper", &keeper, w) == 0);
    add_workflows(w, config);
    assert(flr_runner_new(config, JOB, &engine, w, &w->runner) == 0);
    assert(flr_runner_new_context(w->runner, &w->context) == 0);
}

static void world_drop(world *w)
{
    flr_context_free(w->context);
    flr_runner_free(w->runner);
    flr_value_unref(w->kept);
    flr_clock_unref(w->clock);
}

static bytes save(world *w)
{
    flr_state *state = NULL;
    assert(flr_runner_save(w->runner, &state) == 0);
    return copy_state(state);
}

/* What the run saves now another one takes, and saves as well. */
static void check_saved(world *w)
{
    world other;
    bytes first = save(w), second;
    world_make(&other, w->lenient);
    int status = flr_runner_restore(other.runner, first.data, first.size);
    assert(status == 0);
    second = save(&other);
    check_same(first, second);
    world_drop(&other);
    free(first.data);
    free(second.data);
}

/* The client does its task: the model comes back as it is. */
static void serve(world *w)
{
    const flr_answer *answer = NULL;
    flr_value *peer = NULL;
    flr_shareable *result = NULL;
    int outcome;
    flr_context_reset(w->context);
    assert(flr_value_new_map(&peer) == 0);
    assert(flr_map_set_text(&peer, FLR_PROP_RUN_NUM, JOB) == 0);
    assert(flr_context_set_peer_props(w->context, peer) == 0);
    flr_value_unref(peer);
    assert(flr_runner_process_task_request(w->runner, "a", w->context, &answer) == 0);
    if (flr_answer_get_kind(answer) != FLR_ANSWER_TASK)
        return;
    assert(flr_shareable_copy_body(flr_answer_get_data(answer), &result) == 0);
    assert(flr_shareable_set_int(result, "num_samples", 1) == 0);
    char name[FLR_NAME_MAX + 1] = {0}, id[40] = {0};
    strncpy(name, flr_answer_get_name(answer), sizeof name - 1);
    strncpy(id, flr_answer_get_id(answer), sizeof id - 1);
    assert(flr_runner_process_submission(w->runner, "a", w->context, name, id, result, &outcome) ==
           0);
    assert(outcome == FLR_OUTCOME_ACCEPTED);
    flr_shareable_unref(result);
}

/* To the end, which is near. */
static void play(world *w)
{
    flr_value *model = NULL;
    flr_step_result result;
    int status = 0, turns = 0;
    flr_step_result_init(&result, sizeof result);
    do {
        status = flr_runner_step(w->runner, &result);
        assert(status == 0 && turns++ < 20);
        serve(w);
        flr_clock_advance(w->clock, 1.0);
    } while (result.state == FLR_STEP_RUNNING);
    assert(result.result == 0);
    assert(flr_fedavg_get_model(w->fedavg, &model) == 0);
    assert(flr_value_get_size(model) == 1 &&
           flr_tensor_get_type(flr_map_get(model, "x")) == FLR_TYPE_F32 &&
           flr_tensor_get_elements(flr_map_get(model, "x")) == 2);
    flr_value_unref(model);
}

/* ---- what an input is for ---- */

static uint64_t get(const uint8_t *from, size_t count)
{
    uint64_t value = 0;
    for (size_t i = count; i-- > 0;)
        value = value << 8 | from[i];
    return value;
}

/* The sizes that whole bytes say are theirs; none is larger than all. */
static void check_sizes(bytes b)
{
    uint64_t n = get(b.data + 12, 4), sum = PREFIX + 8 * n + SUMS + get(b.data + 16, 8);
    assert(get(b.data + 16, 8) < b.size);
    for (size_t i = 0; i < n; i++) {
        uint64_t one = get(b.data + PREFIX + 8 * i, 8);
        assert(one < b.size);
        sum += one;
    }
    assert(sum == b.size);
}

static void check_bytes(bytes b)
{
    flr_blob *whole = NULL;
    flr_value *head = NULL;
    flr_state *first = NULL, *second = NULL;
    assert(flr_blob_new_copy(b.data, b.size, &whole) == 0);
    int checked = flr_state_check(b.data, b.size);
    int status = b.size > 0 ? flr__state_read(whole, &head) : checked;
    flr_blob_unref(whole);
    assert(checked == 0 || status == checked);
    if (checked == 0)
        check_sizes(b);
    if (status < 0)
        return;
    assert(flr__state_new(head, &first) == 0);
    flr_value_unref(head);
    bytes one = copy_state(first);
    assert(flr_state_check(one.data, one.size) == 0);
    assert(flr_blob_new_copy(one.data, one.size, &whole) == 0);
    assert(flr__state_read(whole, &head) == 0);
    flr_blob_unref(whole);
    assert(flr__state_new(head, &second) == 0);
    flr_value_unref(head);
    bytes other = copy_state(second);
    check_same(one, other);
    free(one.data);
    free(other.data);
}

static void restore(bytes b, bool lenient)
{
    world w, fresh;
    world_make(&w, lenient);
    int status = flr_runner_restore(w.runner, b.data, b.size);
    assert(status == 0 || flr_state_check(b.data, b.size) == 0 ||
           status == flr_state_check(b.data, b.size));
    if (status < 0) {
        flr_step_result result;
        flr_step_result_init(&result, sizeof result);
        assert(status != REFUSED || flr_runner_step(w.runner, &result) == FLR_E_STATE);
        world_make(&fresh, lenient);
        bytes good = save(&fresh);
        assert(flr_runner_restore(w.runner, good.data, good.size) == 0);
        bytes again = save(&w);
        check_same(good, again);
        world_drop(&fresh);
        free(good.data);
        free(again.data);
    }
    assert(flr_runner_get_workflow_index(w.runner) <= 2);
    check_saved(&w);
    play(&w);
    check_saved(&w);
    world_drop(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {data, size};
    uint8_t kind = fuzz_byte(&in);
    bytes b = kind % 4 == 3 ? described(&in) : kind % 4 == 2 ? assembled(&in) : raw(&in);
    if (kind % 4 == 1)
        mend(b);
    check_bytes(b);
    if (flr_state_check(b.data, b.size) == 0)
        restore(b, (kind & 4) != 0);
    free(b.data);
    return 0;
}
