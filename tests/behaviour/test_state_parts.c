/*
 * Saved state, what it is made of: rows PS-02 to PS-04 for large values, controllers and
 * communicators, saving inside callbacks, and states that are right byte by byte and wrong in
 * what they say. The rest is in test_state.c.
 */
#include "world.h"

#include "data/codec.h"
#include "support/suite.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    return b;
}

/* A component, controller or communicator that keeps one value. */
typedef struct part {
    world *world; /* to note the calls in; NULL: nowhere */
    const char *name;
    flr_value *value;
    int status; /* what save returns instead, if not 0 */
    int restored;
} part;

static int part_save(void *self, flr_context *context, flr_value **state)
{
    part *p = self;
    (void)context;
    if (p->world != NULL)
        world_note(p->world, "save:%s", p->name);
    *state = flr_value_ref(p->value);
    return p->status;
}

static int part_restore(void *self, flr_context *context, const flr_value *state)
{
    part *p = self;
    (void)context;
    if (p->world != NULL)
        world_note(p->world, "restore:%s", p->name);
    p->restored++;
    flr_value_unref(p->value);
    p->value = flr_value_ref(state);
    return 0;
}

static void part_ops(flr_component_ops *ops, bool restores)
{
    flr_component_ops_init(ops, sizeof *ops);
    ops->save = part_save;
    ops->restore = restores ? part_restore : NULL;
}

static world *with_part(part *p, bool restores)
{
    flr_component_ops ops;
    world *w = world_new(1);
    part_ops(&ops, restores);
    p->name = "p";
    ck_assert_int_eq(flr_config_add_component(w->config, "p", &ops, p), 0);
    world_start(w);
    return w;
}

static void drop(world *w, part *p)
{
    world_free(w);
    if (p != NULL)
        flr_value_unref(p->value);
}

static bytes saved(world *w)
{
    flr_state *state = NULL;
    ck_assert_int_eq(flr_runner_save(w->runner, &state), 0);
    bytes b = flat(state);
    flr_state_unref(state);
    return b;
}

/* ---------------------------------------------------------------- large values */

#define LARGE (1u << 16)

static flr_value *large_value(const void **data)
{
    flr_blob *blob;
    flr_value *tensor, *map;
    void *room;
    static const int64_t shape[] = {LARGE / 4};
    ck_assert_int_eq(flr_blob_new(LARGE, &blob, &room), 0);
    for (unsigned i = 0; i < LARGE; i++)
        ((unsigned char *)room)[i] = (unsigned char)(i * 7u);
    ck_assert_int_eq(flr_value_new_tensor(FLR_TYPE_I32, 1, shape, blob, &tensor), 0);
    ck_assert_int_eq(flr_value_new_map(&map), 0);
    ck_assert_int_eq(flr_map_set(&map, "w", tensor), 0);
    *data = flr_blob_get_data(blob);
    flr_blob_unref(blob);
    return map;
}

START_TEST(ps_01_large_values_are_segments_over_the_same_memory)
{
    const void *data;
    size_t size = 0, total = 0;
    bool found = false;
    flr_state *state = NULL;
    part p = {.value = large_value(&data)}, q = {.value = NULL};
    world *w = with_part(&p, true);
    ck_assert_int_eq(flr_runner_save(w->runner, &state), 0);
    for (size_t i = 0; i < flr_state_get_segment_count(state); i++) {
        const void *at = flr_state_get_segment(state, i, &size);
        found = found || (at == data && size == LARGE);
        total += size;
    }
    ck_assert(found);
    ck_assert_uint_eq(total, flr_state_get_size(state));
    ck_assert_ptr_null(flr_state_get_segment(state, flr_state_get_segment_count(state), &size));
    bytes b = flat(state);
    flr_state_unref(state);
    world *other = with_part(&q, true);
    for (size_t at = b.size - LARGE; at < b.size;
         at += 4099) { /* in the payload too every bit counts */
        b.data[at] ^= 0x10;
        ck_assert_int_eq(flr_runner_restore(other->runner, b.data, b.size), FLR_E_CORRUPT);
        b.data[at] ^= 0x10;
        ck_assert_int_eq(flr_runner_restore(other->runner, b.data, at), FLR_E_CORRUPT);
    }
    ck_assert_int_eq(flr_runner_restore(other->runner, b.data, b.size), 0);
    memset(b.data, 0, b.size); /* what was restored does not depend on the caller's bytes */
    ck_assert(flr_value_equals(p.value, q.value));
    free(b.data);
    drop(w, &p);
    drop(other, &q);
}
END_TEST

/* ---------------------------------------------------------------- who saves */

static int one_step(void *self, flr_context *context, int64_t now, int64_t *due, int *ended)
{
    (void)self;
    (void)context;
    (void)now;
    (void)due;
    *ended = 1;
    return 0;
}

static int give_nothing(void *self, flr_context *context, const char *client, flr_offer *offer)
{
    (void)self;
    (void)context;
    (void)client;
    (void)offer;
    return 0;
}

static int take_anything(void *self, flr_context *context, const char *client, const char *task,
                         const char *id, flr_shareable *result, int *outcome)
{
    (void)self;
    (void)context;
    (void)client;
    (void)task;
    (void)id;
    (void)result;
    (void)outcome;
    return 0;
}

/*
 * A component "first", a workflow "wf" whose controller and communicator save, a component
 * "last".
 */
static world *with_three_kinds(part parts[4])
{
    static const char *const names[] = {"first", "controller", "communicator", "last"};
    flr_component_ops ops;
    flr_controller_ops controller;
    flr_communicator_ops communicator;
    world *w = world_new(0);
    part_ops(&ops, true);
    for (int i = 0; i < 4; i++) {
        parts[i] = (part){.world = w, .name = names[i]};
        ck_assert_int_eq(flr_value_new_text(names[i], &parts[i].value), 0);
    }
    ck_assert_int_eq(flr_config_add_component(w->config, "first", &ops, &parts[0]), 0);
    flr_controller_ops_init(&controller, sizeof controller);
    controller.component = &ops;
    controller.step = one_step;
    flr_communicator_ops_init(&communicator, sizeof communicator);
    communicator.component = &ops;
    communicator.process_task_request = give_nothing;
    communicator.process_submission = take_anything;
    ck_assert_int_eq(flr_config_add_controller(w->config, "wf", &controller, &parts[1],
                                               &communicator, &parts[2]),
                     0);
    ck_assert_int_eq(flr_config_add_component(w->config, "last", &ops, &parts[3]), 0);
    world_start(w);
    return w;
}

static void drop_three_kinds(world *w, part parts[4])
{
    world_free(w);
    for (int i = 0; i < 4; i++)
        flr_value_unref(parts[i].value);
}

START_TEST(ps_02_04_components_controllers_and_communicators_under_kind_and_id)
{
    part parts[4];
    world *w = with_three_kinds(parts);
    bytes b = saved(w);
    ck_assert_str_eq(world_trace(w), "save:first save:controller save:communicator save:last");
    drop_three_kinds(w, parts);
    w = with_three_kinds(parts);
    for (int i = 0; i < 4; i++) {
        flr_value_unref(parts[i].value);
        parts[i].value = NULL;
    }
    ck_assert_int_eq(flr_runner_restore(w->runner, b.data, b.size), 0);
    ck_assert_str_eq(world_trace(w),
                     "restore:first restore:controller restore:communicator restore:last");
    for (int i = 0; i < 4; i++)
        ck_assert_str_eq(flr_value_get_text(parts[i].value, "-"), parts[i].name); /* each its own */
    drop_three_kinds(w, parts);
    free(b.data);
}
END_TEST

START_TEST(ps_03_who_only_saves_has_its_entry)
{
    part p = {.value = NULL};
    ck_assert_int_eq(flr_value_new_int(5, &p.value), 0);
    world *w = with_part(&p, false);
    bytes b = saved(w);
    ck_assert_int_eq(flr_runner_restore(w->runner, b.data, b.size), 0);
    bytes again = saved(w);
    ck_assert_uint_eq(again.size, b.size);
    ck_assert_mem_eq(again.data, b.data, b.size);
    free(b.data);
    free(again.data);
    drop(w, &p);
}
END_TEST

START_TEST(ps_02_what_save_may_give)
{
    int thing = 0;
    part p = {.value = NULL};
    flr_state *state = NULL;
    world *w = with_part(&p, true);
    bytes b = saved(w); /* 0 without a value: nil */
    ck_assert_int_eq(flr_runner_restore(w->runner, b.data, b.size), 0);
    ck_assert_int_eq(p.restored, 1);
    ck_assert_int_eq(flr_value_get_kind(p.value), FLR_VALUE_NIL);
    free(b.data);
    p.status = 1; /* positive: a failure */
    ck_assert_int_eq(flr_runner_save(w->runner, &state), FLR_E_CALLBACK);
    p.status = -20000; /* the host's own code; what it set nevertheless is released */
    ck_assert_int_eq(flr_runner_save(w->runner, &state), -20000);
    p.status = 0;
    flr_value_unref(p.value);
    ck_assert_int_eq(flr_value_new_pointer("of the test", &thing, NULL, &p.value), 0);
    ck_assert_int_lt(flr_runner_save(w->runner, &state), 0);
    ck_assert_ptr_null(state);
    drop(w, &p);
}
END_TEST

/* ---------------------------------------------------------------- at any time */

static int saves; /* that succeeded, of save_here */

static int save_here(world *w)
{
    flr_state *state = NULL;
    int status = flr_runner_save(w->runner, &state);
    saves += status == 0 && state != NULL;
    flr_state_unref(state);
    return status;
}

static int save_at_event(world *w, const char *event, flr_context *context)
{
    (void)event;
    (void)context;
    return save_here(w);
}

static int save_in_request(world_workflow *wf, flr_context *context, const char *client,
                           flr_offer *offer)
{
    (void)context;
    (void)client;
    (void)offer;
    return save_here(wf->world);
}

static int save_in_submission(world_workflow *wf, flr_context *context, const char *client,
                              const char *task, const char *id, flr_shareable *result, int *outcome)
{
    (void)context;
    (void)client;
    (void)task;
    (void)id;
    (void)result;
    (void)outcome;
    return save_here(wf->world);
}

static int save_in_step(world_workflow *wf, flr_context *context)
{
    (void)context;
    return save_here(wf->world);
}

START_TEST(ps_02_saving_is_possible_in_any_callback)
{
    world *w = world_new(1);
    world_workflow *wf = &w->workflows[0];
    saves = 0;
    w->on_event = save_at_event;
    wf->on_request = save_in_request;
    wf->on_submission = save_in_submission;
    wf->on_initialize = wf->on_start = wf->on_control = wf->on_stop = wf->on_finalize =
        save_in_step;
    world_start(w);
    ck_assert_int_eq(save_here(w), 0); /* before the run */
    world_step(w);
    int before = saves;
    world_request(w, "a");
    ck_assert_int_eq(saves, before + 3); /* two events and the communicator */
    ck_assert_int_eq(world_submit(w, "a", "train", "x", NULL), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(saves, before + 8); /* four events and the communicator */
    ck_assert_int_eq(world_finish(w), 0);
    before = saves;
    ck_assert_int_eq(save_here(w), 0); /* and after it */
    ck_assert_int_eq(saves, before + 1);
    ck_assert_uint_eq(world_stats(w).handler_failures, 0);
    world_free(w);
}
END_TEST

/* A save callback that stays until it is told to leave. */
static atomic_int leave;

static int lingering_save(void *self, flr_context *context, flr_value **state)
{
    world *w = self;
    (void)context;
    world_note(w, "saving");
    pthread_mutex_lock(&w->lock);
    while (atomic_load(&leave) == 0)
        pthread_cond_wait(&w->changed, &w->lock);
    pthread_mutex_unlock(&w->lock);
    return flr_value_new_int(1, state);
}

static void *save_thread(void *self)
{
    flr_state *state = NULL;
    int status = flr_runner_save(((world *)self)->runner, &state);
    flr_state_unref(state);
    return status == 0 ? NULL : self;
}

START_TEST(ps_02_requests_do_not_wait_for_a_save)
{
    flr_component_ops ops;
    pthread_t thread;
    void *failed;
    world *w = world_new(1);
    atomic_store(&leave, 1);
    flr_component_ops_init(&ops, sizeof ops);
    ops.save = lingering_save;
    ck_assert_int_eq(flr_config_add_component(w->config, "slow", &ops, w), 0);
    w->workflows[0].on_request = world_offer_train;
    world_start(w);
    world_step(w);
    world_clear(w);
    atomic_store(&leave, 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, save_thread, w), 0);
    world_await(w, "saving", 1);
    ck_assert_int_eq(flr_answer_get_kind(world_request(w, "a")), FLR_ANSWER_TASK);
    ck_assert_int_eq(world_submit(w, "a", "train", "id-a", NULL), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(flr_shareable_get_rc(world_aux(w, "a", "__job_heartbeat__", NULL)), "OK");
    pthread_mutex_lock(&w->lock);
    atomic_store(&leave, 1);
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    pthread_join(thread, &failed);
    ck_assert_ptr_null(failed);
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
}
END_TEST

/* ---------------------------------------------------------------- right bytes, wrong contents */

static void put(unsigned char *to, uint64_t number, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (unsigned char)(number >> (8 * i));
}

/* A state with this head, and all its checksums as they should be. */
static bytes state_with(const flr_value *head)
{
    flr__encoded e;
    ck_assert_int_eq(flr__encode(head, 4096, &e), 0);
    ck_assert_uint_eq(e.count, 0);
    size_t size = flr_blob_get_size(e.head);
    bytes b = {calloc(1, 32 + size), 32 + size};
    memcpy(b.data, "FLRSTATE", 8);
    put(b.data + 8, 1, 4);
    put(b.data + 16, size, 8);
    memcpy(b.data + 32, flr_blob_get_data(e.head), size);
    put(b.data + 24, flr__crc32c(0, b.data, 24), 4);
    put(b.data + 28, flr__crc32c(0, b.data + 32, size), 4);
    flr__encoded_free(&e);
    return b;
}

/* What a head should be, but for one key: without it, or with a number in its place. */
static flr_value *head_but(const char *key, bool number)
{
    flr_value *head, *v;
    flr_blob *secret;
    ck_assert_int_eq(flr_value_new_map(&head), 0);
    ck_assert_int_eq(flr_map_set_text(&head, "job", WORLD_JOB), 0);
    ck_assert_int_eq(flr_map_set_int(&head, "index", 0), 0);
    ck_assert_int_eq(flr_map_set_int(&head, "begun", 1), 0);
    ck_assert_int_eq(flr_blob_new_copy("0123456789abcdef", 16, &secret), 0);
    ck_assert_int_eq(flr_value_new_bytes(secret, &v), 0);
    flr_blob_unref(secret);
    ck_assert_int_eq(flr_map_set(&head, "secret", v), 0);
    ck_assert_int_eq(flr_value_new_list(&v), 0);
    ck_assert_int_eq(flr_map_set(&head, "entries", v), 0);
    if (key != NULL && number)
        ck_assert_int_eq(flr_map_set_int(&head, key, -1), 0);
    else if (key != NULL)
        ck_assert_int_eq(flr_map_remove(&head, key), 0);
    return head;
}

static int restore_head(world *w, flr_value *head)
{
    bytes b = state_with(head);
    int status = flr_runner_restore(w->runner, b.data, b.size);
    free(b.data);
    flr_value_unref(head);
    return status;
}

START_TEST(ps_03_heads_that_say_nonsense)
{
    static const char *const keys[] = {"job", "index", "begun", "secret", "entries"};
    flr_value *v;
    world *w = world_begin(1, false);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        ck_assert_int_eq(restore_head(w, head_but(keys[i], false)), FLR_E_CORRUPT);
        ck_assert_int_eq(restore_head(w, head_but(keys[i], true)), FLR_E_CORRUPT);
    }
    ck_assert_int_eq(flr_value_new_list(&v), 0);
    ck_assert_int_eq(restore_head(w, v), FLR_E_CORRUPT); /* no map at all */
    v = head_but(NULL, false);
    ck_assert_int_eq(flr_map_set_int(&v, "index", 2), 0);
    ck_assert_int_eq(restore_head(w, v), FLR_E_INVAL);
    v = head_but(NULL, false);
    ck_assert_int_eq(flr_map_set_int(&v, "index", INT64_MAX), 0);
    ck_assert_int_eq(restore_head(w, v), FLR_E_INVAL);
    ck_assert_uint_eq(flr_runner_get_workflow_index(w->runner), 0);
    ck_assert_int_eq(restore_head(w, head_but(NULL, false)), 0);
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
}
END_TEST

START_TEST(ps_03_entries_that_say_nonsense)
{
    static const char *const ids[] = {"", "ears", "wf1", "wf1"};
    static const int64_t kinds[] = {1, 2, 1, 99}; /* no id; another kind; another kind; no kind */
    world *w = world_begin(1, false);
    for (size_t i = 0; i < 5; i++) {
        flr_value *head = head_but("entries", false), *list, *entry;
        ck_assert_int_eq(flr_value_new_list(&list), 0);
        ck_assert_int_eq(i < 4 ? flr_value_new_map(&entry) : flr_value_new_int(7, &entry), 0);
        if (i < 4) {
            ck_assert_int_eq(flr_map_set_int(&entry, "kind", kinds[i]), 0);
            ck_assert_int_eq(flr_map_set_text(&entry, "id", ids[i]), 0);
        }
        ck_assert_int_eq(flr_list_add(&list, entry), 0);
        ck_assert_int_eq(flr_map_set(&head, "entries", list), 0);
        ck_assert_int_eq(restore_head(w, head), FLR_E_NOTFOUND);
    }
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("parts of a state");
    TCase *tests = tcase_create("PS");
    tcase_add_test(tests, ps_01_large_values_are_segments_over_the_same_memory);
    tcase_add_test(tests, ps_02_04_components_controllers_and_communicators_under_kind_and_id);
    tcase_add_test(tests, ps_03_who_only_saves_has_its_entry);
    tcase_add_test(tests, ps_02_what_save_may_give);
    tcase_add_test(tests, ps_02_saving_is_possible_in_any_callback);
    tcase_add_test(tests, ps_02_requests_do_not_wait_for_a_save);
    tcase_add_test(tests, ps_03_heads_that_say_nonsense);
    tcase_add_test(tests, ps_03_entries_that_say_nonsense);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
