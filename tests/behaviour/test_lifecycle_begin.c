/*
 * A new runner and how a run begins: rows LC-01 to LC-05. Where a loop index is used, 0 steps the run and 1 runs it.
 */
#include "world.h"
#include "support/suite.h"
#include <string.h>

#define BEGIN "_start_run persist(0)"
#define ONE   " initialize_run start _start_workflow control stop finalize_run _end_workflow"
#define END   " _about_to_end_run aux:__end_run__ persist(1) _check_end_run_readiness _end_run"
#define MINE  (-20001)

static const char *rc_of_aux(world *w, const char *topic)
{
    return flr_shareable_get_rc(world_aux(w, "a", topic, NULL));
}

/* ---------------------------------------------------------------- LC-01 to LC-03 */

START_TEST(lc_01_a_new_runner)
{
    world *w = world_begin(1, false);
    flr_board *board;
    ck_assert_int_eq(flr_runner_get_status(w->runner), FLR_STATUS_INIT);
    ck_assert_uint_eq(flr_runner_get_workflow_index(w->runner), 0);
    ck_assert_int_eq(flr_signal_is_triggered(flr_runner_get_abort_signal(w->runner)), 0);
    ck_assert_int_eq(flr_context_get_board(w->context, &board), FLR_E_STATE);
    ck_assert_int_eq(flr_answer_get_kind(world_request(w, "a")), FLR_ANSWER_TRY_AGAIN);
    ck_assert_int_eq(world_submit(w, "a", "train", "id-a", NULL), FLR_OUTCOME_NOT_RUNNING);
    ck_assert_str_eq(world_trace(w), "");
    ck_assert_int_eq(world_finish(w), 0);
    ck_assert_str_eq(world_trace(w), BEGIN ONE END); /* not cold */
    world_free(w);
}
END_TEST

static int list_nobody(void *self, flr_client_list *list)
{
    (void)self;
    (void)list;
    return 0;
}

/* The state holds the run's secret. */
static size_t state_of(bool seeded, uint64_t seed, unsigned char *bytes, size_t room)
{
    flr_config *config;
    flr_engine_ops engine;
    flr_runner *runner;
    flr_state *state;
    ck_assert_int_eq(flr_config_new(&config), 0);
    if (seeded)
        ck_assert_int_eq(flr_config_set_seed(config, seed), 0);
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_nobody;
    ck_assert_int_eq(flr_runner_new(config, WORLD_JOB, &engine, NULL, &runner), 0);
    ck_assert_int_eq(flr_runner_save(runner, &state), 0);
    size_t size = flr_state_get_size(state);
    ck_assert_int_eq(flr_state_copy(state, bytes, room), 0);
    flr_state_unref(state);
    flr_runner_free(runner);
    return size;
}

START_TEST(lc_01_the_secret_is_drawn)
{
    unsigned char one[4096], same[4096], other[4096], system[2][4096];
    size_t size = state_of(true, 7, one, sizeof one);
    ck_assert_uint_eq(state_of(true, 7, same, sizeof same), size);
    ck_assert_uint_eq(state_of(true, 8, other, sizeof other), size);
    ck_assert_uint_eq(state_of(false, 0, system[0], sizeof system[0]), size);
    ck_assert_uint_eq(state_of(false, 0, system[1], sizeof system[1]), size);
    ck_assert_mem_eq(one, same, size);
    ck_assert_mem_ne(one, other, size);
    ck_assert_mem_ne(system[0], system[1], size);
}
END_TEST

static int answer_mine(void *self, flr_context *context, const char *topic,
                       const flr_shareable *request, flr_shareable **reply)
{
    (void)self;
    (void)context;
    (void)topic;
    (void)request;
    (void)reply;
    return 0;
}

START_TEST(lc_02_three_aux_handlers)
{
    static const char *const own[] = {"__sync_runner__", "__job_heartbeat__", "__task_check__"};
    static const char *const others[] = {"__end_run__", "__task_ready__", "RM.RELIABLE_REQUEST",
                                         "RM.RELIABLE_REPLY", "mine"};
    world *w = world_begin(1, false), *v = world_begin(1, false);
    ck_assert_str_eq(rc_of_aux(w, "__sync_runner__"), "OK");
    ck_assert_str_eq(rc_of_aux(w, "__job_heartbeat__"), "OK");
    ck_assert_str_eq(rc_of_aux(w, "__task_check__"), "BAD_REQUEST_DATA");
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        ck_assert_int_eq(flr_context_register_aux(w->context, own[i], answer_mine, NULL),
                         FLR_E_EXISTS);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        ck_assert_str_eq(rc_of_aux(w, others[i]), "TOPIC_UNKNOWN");
        ck_assert_int_eq(flr_context_register_aux(w->context, others[i], answer_mine, NULL), 0);
    }
    /* the other runner has its own table */
    ck_assert_str_eq(rc_of_aux(w, "mine"), "OK");
    ck_assert_str_eq(rc_of_aux(v, "mine"), "TOPIC_UNKNOWN");
    ck_assert_int_eq(flr_context_register_aux(v->context, "mine", answer_mine, NULL), 0);
    world_free(w);
    world_free(v);
}
END_TEST

/* Components that record their own letter. */
typedef struct listener {
    world *world;
    const char *letter;
} listener;

static int hear_letter(void *self, const char *event, flr_context *context)
{
    listener *l = self;
    (void)context;
    if (strstr(event, "_log_available") == NULL)
        world_note(l->world, "%s:%s/%d", l->letter, event, flr_runner_get_status(l->world->runner));
    return 0;
}

static int end_at_once(void *self, flr_context *context, int64_t now, int64_t *due, int *ended)
{
    (void)self;
    (void)context;
    (void)now;
    (void)due;
    *ended = 1;
    return 0;
}

static int no_task(void *self, flr_context *context, const char *client, flr_offer *offer)
{
    (void)self;
    (void)context;
    (void)client;
    (void)offer;
    return 0;
}

static int no_result(void *self, flr_context *context, const char *client, const char *task,
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

static int add_listening_workflow(world *w, const char *id, listener *controller_self,
                                  listener *communicator_self)
{
    flr_component_ops component;
    flr_controller_ops controller;
    flr_communicator_ops communicator;
    flr_component_ops_init(&component, sizeof component);
    component.handle_event = hear_letter;
    flr_controller_ops_init(&controller, sizeof controller);
    controller.component = &component;
    controller.step = end_at_once;
    flr_communicator_ops_init(&communicator, sizeof communicator);
    communicator.component = &component;
    communicator.process_task_request = no_task;
    communicator.process_submission = no_result;
    return flr_config_add_controller(w->config, id, &controller, controller_self, &communicator,
                                     communicator_self);
}

START_TEST(lc_03_ids)
{
    flr_component_ops ops;
    world *w = world_new(1);
    listener l = {w, "l"};
    flr_component_ops_init(&ops, sizeof ops);
    ck_assert_int_eq(flr_config_add_component(w->config, "one", &ops, NULL), 0);
    ck_assert_int_eq(flr_config_add_component(w->config, "", &ops, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_config_add_component(w->config, NULL, &ops, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_config_add_component(w->config, "one", &ops, NULL), FLR_E_EXISTS);
    ck_assert_int_eq(add_listening_workflow(w, "", &l, &l), FLR_E_INVAL);
    ck_assert_int_eq(add_listening_workflow(w, "one", &l, &l), FLR_E_EXISTS);
    world_start(w); /* adds "ears" and "wf1" */
    ck_assert_int_eq(flr_runner_add_component(w->runner, "", &ops, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_add_component(w->runner, "one", &ops, NULL), FLR_E_EXISTS);
    ck_assert_int_eq(flr_runner_add_component(w->runner, "wf1", &ops, NULL), FLR_E_EXISTS);
    ck_assert_int_eq(flr_runner_add_component(w->runner, "two", &ops, NULL), 0);
    ck_assert_int_eq(flr_runner_add_component(w->runner, "two", &ops, NULL), FLR_E_EXISTS);
    world_step(w);
    ck_assert_int_eq(flr_runner_add_component(w->runner, "three", &ops, NULL), FLR_E_STATE);
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
}
END_TEST

START_TEST(lc_03_order_of_listeners)
{
    flr_component_ops ops;
    world *w = world_new(0);
    listener first = {w, "first"}, controller = {w, "controller"},
             communicator = {w, "communicator"}, middle = {w, "middle"}, last = {w, "last"};
    flr_component_ops_init(&ops, sizeof ops);
    ops.handle_event = hear_letter;
    ck_assert_int_eq(flr_config_add_component(w->config, "z", &ops, &first), 0);
    ck_assert_int_eq(add_listening_workflow(w, "y", &controller, &communicator), 0);
    ck_assert_int_eq(flr_config_add_component(w->config, "a", &ops, &middle), 0);
    world_start(w);
    ck_assert_int_eq(flr_runner_add_component(w->runner, "0", &ops, &last), 0);
    ck_assert_int_eq(flr_context_fire(w->context, "mine"), 0);
    ck_assert_str_eq(
        world_trace(w),
        "first:mine/0 controller:mine/0 communicator:mine/0 middle:mine/0 mine last:mine/0");
    /* the runner hears the panic after all of them: to each it is still `init` */
    world_clear(w);
    ck_assert_int_eq(flr_context_panic(w->context, "why"), 0);
    ck_assert_str_eq(
        world_trace(w),
        "first:_fatal_system_error/0 controller:_fatal_system_error/0 communicator:_fatal_system_error/0 "
        "middle:_fatal_system_error/0 _fatal_system_error last:_fatal_system_error/0");
    ck_assert_int_eq(flr_runner_get_status(w->runner), FLR_STATUS_DONE);
    world_free(w);
}
END_TEST

/* ---------------------------------------------------------------- LC-04, LC-05 */

static int see_client(void *self, const char *client, const char *parent, int64_t last_heard,
                      int64_t disconnected)
{
    (void)parent;
    (void)last_heard;
    (void)disconnected;
    world_note(self, "<%s>", client);
    return 0;
}

static void note_status(world *w)
{
    world_note(w, "/%d", flr_runner_get_status(w->runner));
    ck_assert_int_eq(flr_runner_visit_clients(w->runner, see_client, w), 0);
}

static bool is_private_sticky(flr_context *context, const char *key, const char *kind,
                              const void *pointer)
{
    flr_value *value = NULL;
    uint32_t flags = 99;
    bool is = flr_context_get_prop(context, key, &value, &flags) == 0 &&
              flags == FLR_PROP_FLAG_STICKY && flr_value_get_pointer(value, kind) == pointer;
    flr_value_unref(value);
    return is;
}

static int see_start(world *w, const char *event, flr_context *context)
{
    if (strcmp(event, "_start_run") == 0 &&
        is_private_sticky(context, "__runner__", "flr_runner", w->runner) &&
        is_private_sticky(context, "__run_abort_signal__", "flr_signal",
                          flr_runner_get_abort_signal(w->runner)))
        world_note(w, "properties");
    note_status(w);
    return 0;
}

static int see_persist(world *w, int completed)
{
    (void)completed;
    note_status(w);
    return 0;
}

static int see_list(world *w)
{
    note_status(w);
    return 0;
}

static int see_initialize(world_workflow *wf, flr_context *context)
{
    (void)context;
    note_status(wf->world);
    return 0;
}

START_TEST(lc_04_how_a_run_begins)
{
    flr_value *value;
    world *w = world_begin(1, _i != 0);
    w->on_event = see_start;
    w->on_persist = see_persist;
    w->on_list = see_list;
    w->trace_lists = true;
    w->workflows[0].on_initialize = see_initialize;
    ck_assert_int_eq(flr_context_get(w->context, "__runner__", &value), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr_context_get(w->context, "__run_abort_signal__", &value), FLR_E_NOTFOUND);
    ck_assert_int_eq(world_complete(w, _i != 0), 0);
    ck_assert_ptr_eq(
        strstr(
            world_trace(w),
            "_start_run properties /0 persist(0) /0 list_clients /0 initialize_run /1 <a> <b> start"),
        world_trace(w));
    world_free(w);
}
END_TEST

static int fail_first_persist(world *w, int completed)
{
    (void)w;
    return completed ? 0 : MINE;
}

static int see_flag(world *w, const char *event, flr_context *context)
{
    flr_value *value = NULL;
    uint32_t flags = 0;
    if (strcmp(event, "_about_to_end_run") != 0)
        return 0;
    if (flr_context_get_prop(context, "__fatal_system_error__", &value, &flags) == 0)
        world_note(w, "fatal=%d/%u", flr_value_get_bool(value, -1), (unsigned)flags);
    flr_value_unref(value);
    return 0;
}

#define FAILED_BEGIN(aux)                                                                          \
    "_start_run persist(0) list_clients _about_to_end_run fatal=1/2" aux                           \
    " persist(1) _check_end_run_readiness _end_run"

START_TEST(lc_05_persist_fails)
{
    world *w = world_begin(2, _i != 0);
    w->on_persist = fail_first_persist;
    w->on_event = see_flag;
    w->trace_lists = true;
    ck_assert_int_eq(world_complete(w, _i != 0), MINE);
    ck_assert_str_eq(world_trace(w), FAILED_BEGIN(" aux:__end_run__"));
    ck_assert_uint_eq(flr_runner_get_workflow_index(w->runner), 0);
    world_free(w);
}
END_TEST

START_TEST(lc_05_listing_fails)
{
    world *w = world_begin(2, _i != 0);
    w->list_status =
        5; /* a positive value counts as FLR_E_CALLBACK; nobody is known then, and nobody is told of the end */
    w->on_event = see_flag;
    w->trace_lists = true;
    ck_assert_int_eq(world_complete(w, _i != 0), FLR_E_CALLBACK);
    ck_assert_str_eq(world_trace(w), FAILED_BEGIN(""));
    world_free(w);
}
END_TEST

START_TEST(lc_05_both_fail)
{
    world *w = world_begin(0, _i != 0);
    w->on_persist = fail_first_persist;
    w->list_status = MINE - 1;
    w->on_event = see_flag;
    w->trace_lists = true;
    ck_assert_int_eq(world_complete(w, _i != 0), MINE);
    ck_assert_str_eq(world_trace(w), FAILED_BEGIN(""));
    world_free(w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lifecycle, begin");
    TCase *c = tcase_create("lifecycle, begin");
    tcase_add_test(c, lc_01_a_new_runner);
    tcase_add_test(c, lc_01_the_secret_is_drawn);
    tcase_add_test(c, lc_02_three_aux_handlers);
    tcase_add_test(c, lc_03_ids);
    tcase_add_test(c, lc_03_order_of_listeners);
    tcase_add_loop_test(c, lc_04_how_a_run_begins, 0, 2);
    tcase_add_loop_test(c, lc_05_persist_fails, 0, 2);
    tcase_add_loop_test(c, lc_05_listing_fails, 0, 2);
    tcase_add_loop_test(c, lc_05_both_fail, 0, 2);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
