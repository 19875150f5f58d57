/*
 * How a run begins and how workflows follow each other: rows LC-01 to LC-11, LC-27. Where a loop index is used, 0 steps the run and 1 runs it.
 */
#include "world.h"
#include <stdio.h>
#include <string.h>

#define BEGIN "_start_run persist(0)"
#define ONE   " initialize_run start _start_workflow control stop finalize_run _end_workflow"
#define TWO   " initialize_run2 start2 _start_workflow control2 stop2 finalize_run2 _end_workflow"
#define END   " _about_to_end_run aux:__end_run__ persist(1) _check_end_run_readiness _end_run"
#define MINE  (-20001)

static world *begin(int workflows, bool run)
{
    world *w = world_new(workflows);
    for (int i = 0; i < workflows; i++)
        w->workflows[i].with_flow = run;
    world_start(w);
    return w;
}

static const char *rc_of_aux(world *w, const char *topic)
{
    return flr_shareable_get_rc(world_aux(w, "a", topic, NULL));
}

/* ---------------------------------------------------------------- LC-01 to LC-03 */

START_TEST(lc_01_a_new_runner)
{
    world *w = begin(1, false);
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

static int answer_mine(void *self, flr_context *context, const char *topic, const flr_shareable *request, flr_shareable **reply)
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
    static const char *const others[] = {"__end_run__", "__task_ready__", "RM.RELIABLE_REQUEST", "RM.RELIABLE_REPLY", "mine"};
    world *w = begin(1, false), *v = begin(1, false);
    ck_assert_str_eq(rc_of_aux(w, "__sync_runner__"), "OK");
    ck_assert_str_eq(rc_of_aux(w, "__job_heartbeat__"), "OK");
    ck_assert_str_eq(rc_of_aux(w, "__task_check__"), "BAD_REQUEST_DATA");
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        ck_assert_int_eq(flr_context_register_aux(w->context, own[i], answer_mine, NULL), FLR_E_EXISTS);
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

static int no_result(void *self, flr_context *context, const char *client, const char *task, const char *id, flr_shareable *result,
                     int *outcome)
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

static int add_listening_workflow(world *w, const char *id, listener *controller_self, listener *communicator_self)
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
    return flr_config_add_controller(w->config, id, &controller, controller_self, &communicator, communicator_self);
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
    listener first = {w, "first"}, controller = {w, "controller"}, communicator = {w, "communicator"}, middle = {w, "middle"},
             last = {w, "last"};
    flr_component_ops_init(&ops, sizeof ops);
    ops.handle_event = hear_letter;
    ck_assert_int_eq(flr_config_add_component(w->config, "z", &ops, &first), 0);
    ck_assert_int_eq(add_listening_workflow(w, "y", &controller, &communicator), 0);
    ck_assert_int_eq(flr_config_add_component(w->config, "a", &ops, &middle), 0);
    world_start(w);
    ck_assert_int_eq(flr_runner_add_component(w->runner, "0", &ops, &last), 0);
    ck_assert_int_eq(flr_context_fire(w->context, "mine"), 0);
    ck_assert_str_eq(world_trace(w), "first:mine/0 controller:mine/0 communicator:mine/0 middle:mine/0 mine last:mine/0");
    /* the runner hears the panic after all of them: to each it is still `init` */
    world_clear(w);
    ck_assert_int_eq(flr_context_panic(w->context, "why"), 0);
    ck_assert_str_eq(world_trace(w), "first:_fatal_system_error/0 controller:_fatal_system_error/0 communicator:_fatal_system_error/0 "
                                     "middle:_fatal_system_error/0 _fatal_system_error last:_fatal_system_error/0");
    ck_assert_int_eq(flr_runner_get_status(w->runner), FLR_STATUS_DONE);
    world_free(w);
}
END_TEST

/* ---------------------------------------------------------------- LC-04 to LC-06 */

static int see_client(void *self, const char *client, const char *parent, int64_t last_heard, int64_t disconnected)
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

static bool is_private_sticky(flr_context *context, const char *key, const char *kind, const void *pointer)
{
    flr_value *value = NULL;
    uint32_t flags = 99;
    bool is = flr_context_get_prop(context, key, &value, &flags) == 0 && flags == FLR_PROP_FLAG_STICKY &&
              flr_value_get_pointer(value, kind) == pointer;
    flr_value_unref(value);
    return is;
}

static int see_start(world *w, const char *event, flr_context *context)
{
    if (strcmp(event, "_start_run") == 0 && is_private_sticky(context, "__runner__", "flr_runner", w->runner) &&
        is_private_sticky(context, "__run_abort_signal__", "flr_signal", flr_runner_get_abort_signal(w->runner)))
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
    world *w = begin(1, _i != 0);
    w->on_event = see_start;
    w->on_persist = see_persist;
    w->on_list = see_list;
    w->trace_lists = true;
    w->workflows[0].on_initialize = see_initialize;
    ck_assert_int_eq(flr_context_get(w->context, "__runner__", &value), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr_context_get(w->context, "__run_abort_signal__", &value), FLR_E_NOTFOUND);
    ck_assert_int_eq(world_complete(w, _i != 0), 0);
    ck_assert_ptr_eq(strstr(world_trace(w), "_start_run properties /0 persist(0) /0 list_clients /0 initialize_run /1 <a> <b> start"),
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

#define FAILED_BEGIN(aux) "_start_run persist(0) list_clients _about_to_end_run fatal=1/2" aux " persist(1) _check_end_run_readiness _end_run"

START_TEST(lc_05_persist_fails)
{
    world *w = begin(2, _i != 0);
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
    world *w = begin(2, _i != 0);
    w->list_status = 5; /* a positive value counts as FLR_E_CALLBACK; nobody is known then, and nobody is told of the end */
    w->on_event = see_flag;
    w->trace_lists = true;
    ck_assert_int_eq(world_complete(w, _i != 0), FLR_E_CALLBACK);
    ck_assert_str_eq(world_trace(w), FAILED_BEGIN(""));
    world_free(w);
}
END_TEST

START_TEST(lc_05_both_fail)
{
    world *w = begin(0, _i != 0);
    w->on_persist = fail_first_persist;
    w->list_status = MINE - 1;
    w->on_event = see_flag;
    w->trace_lists = true;
    ck_assert_int_eq(world_complete(w, _i != 0), MINE);
    ck_assert_str_eq(world_trace(w), FAILED_BEGIN(""));
    world_free(w);
}
END_TEST

static void draw(const flr_value *trees, char *to, size_t room)
{
    for (size_t i = 0; i < flr_value_get_size(trees); i++) {
        const flr_value *tree = flr_list_get(trees, i);
        ck_assert_uint_eq(flr_value_get_size(tree), 2);
        snprintf(to + strlen(to), room - strlen(to), "%s(", flr_value_get_text(flr_map_get(tree, "name"), "?"));
        draw(flr_map_get(tree, "children"), to, room);
        snprintf(to + strlen(to), room - strlen(to), ")");
    }
}

static const char *hierarchy(world *w)
{
    static char text[1024];
    flr_value *value;
    uint32_t flags;
    ck_assert_int_eq(flr_context_get_prop(w->context, "__client_hierarchy__", &value, &flags), 0);
    ck_assert_uint_eq(flags, FLR_PROP_FLAG_STICKY);
    ck_assert_int_eq(flr_value_get_kind(value), FLR_VALUE_LIST);
    text[0] = '\0';
    draw(value, text, sizeof text);
    flr_value_unref(value);
    return text;
}

START_TEST(lc_06_client_hierarchy)
{
    static const char *const names[] = {"c", "a", "b", "d", "e", "f", "g", "h", "i"};
    static const char *const parents[] = {"b", NULL, "a", "nobody", "f", "e", "g", "e", ""};
    world *w = begin(1, false);
    memcpy(w->clients, names, sizeof names);
    memcpy(w->parents, parents, sizeof parents);
    w->client_count = 9;
    world_step(w);
    ck_assert_str_eq(hierarchy(w), "a(b(c()))d()e(h())f()g()i()");
    /* built anew when the table has changed */
    ck_assert_int_eq(flr_runner_add_client(w->runner, "j", "i"), 0);
    ck_assert_int_eq(flr_runner_remove_client(w->runner, "a"), 0);
    ck_assert_str_eq(hierarchy(w), "b(c())d()e(h())f()g()i(j())");
    world_request(w, "k"); /* a credited client is known */
    ck_assert_str_eq(hierarchy(w), "b(c())d()e(h())f()g()i(j())k()");
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
}
END_TEST

/* ---------------------------------------------------------------- LC-07 to LC-09 */

/* Records the mark that this context has, and leaves another. */
static void mark(world *w, flr_context *context, const char *text)
{
    flr_value *old = NULL, *value;
    flr_context_get(context, "mark", &old);
    world_note(w, "<%s>", flr_value_get_text(old, "-"));
    flr_value_unref(old);
    ck_assert_int_eq(flr_value_new_text(text, &value), 0);
    ck_assert_int_eq(flr_context_set_prop(context, "mark", value, 0), 0);
}

static bool is_of_workflow(const world_workflow *wf, flr_context *context)
{
    char id[8];
    flr_value *value = NULL;
    uint32_t flags = 0;
    snprintf(id, sizeof id, "wf%d", wf->number);
    flr_context_get_prop(context, "__workflow__", &value, &flags);
    bool is = strcmp(flr_value_get_text(value, ""), id) == 0 && flags == FLR_PROP_FLAG_STICKY;
    flr_value_unref(value);
    return is && pthread_equal(pthread_self(), *(pthread_t *)wf->world->user);
}

#define MARKING(name, text)                                                                                                   \
    static int name(world_workflow *wf, flr_context *context)                                                                 \
    {                                                                                                                         \
        if (!is_of_workflow(wf, context))                                                                                     \
            world_note(wf->world, "wrong-workflow-or-thread");                                                                \
        mark(wf->world, context, text);                                                                                       \
        return 0;                                                                                                             \
    }
MARKING(mark_initialize, "initialize")
MARKING(mark_start, "start")
MARKING(mark_control, "control")
MARKING(mark_stop, "stop")
MARKING(mark_finalize, "finalize")

static int mark_event(world *w, const char *event, flr_context *context)
{
    if (strcmp(event, "_start_workflow") == 0 || strcmp(event, "_end_workflow") == 0)
        mark(w, context, event);
    return 0;
}

static int mark_flow(world_workflow *wf, flr_signal *abort, flr_context *context)
{
    if (abort != flr_runner_get_abort_signal(wf->world->runner))
        world_note(wf->world, "wrong-signal");
    return mark_control(wf, context);
}

static void *run_here(void *self)
{
    world *w = self;
    pthread_t me = pthread_self();
    w->user = &me;
    w->run_status = flr_runner_run(w->runner);
    return NULL;
}

START_TEST(lc_07_lc_09_contexts_threads_and_properties)
{
    world *w = begin(2, _i != 0);
    pthread_t me = pthread_self(), runs;
    w->on_event = mark_event;
    for (int i = 0; i < 2; i++) {
        world_workflow *wf = &w->workflows[i];
        wf->on_initialize = mark_initialize;
        wf->on_start = mark_start;
        wf->on_control = mark_control;
        wf->on_flow = mark_flow;
        wf->on_stop = mark_stop;
        wf->on_finalize = mark_finalize;
        wf->ended = true;
    }
    w->user = &me;
    if (_i == 0) {
        ck_assert_int_eq(world_finish(w), 0);
    } else {
        ck_assert_int_eq(pthread_create(&runs, NULL, run_here, w), 0);
        pthread_join(runs, NULL);
        ck_assert_int_eq(w->run_status, 0);
    }
    ck_assert_str_eq(world_trace(w),
                     BEGIN " initialize_run <-> start <initialize> _start_workflow <start> control <-> stop <-> "
                           "finalize_run <stop> _end_workflow <finalize> "
                           "initialize_run2 <-> start2 <initialize> _start_workflow <start> control2 <-> stop2 <-> "
                           "finalize_run2 <stop> _end_workflow <finalize>" END);
    world_free(w);
}
END_TEST

/* Records whether a request meets the workflow, and asserts what else holds without an open one. */
static void probe(world *w)
{
    flr_shareable *request;
    size_t before = strlen(w->trace);
    uint64_t unserved = world_stats(w).answer_try_no_workflow;
    bool open = flr_answer_get_kind(world_request(w, "a")) == FLR_ANSWER_TASK;
    if (open) {
        world_note(w, "<open>");
        return;
    }
    ck_assert_uint_eq(world_stats(w).answer_try_no_workflow, unserved + 1);
    ck_assert_int_eq(world_submit(w, "a", "train", "id-a", NULL), FLR_OUTCOME_NOT_RUNNING);
    ck_assert_int_eq(flr_shareable_new(&request), 0);
    ck_assert_int_eq(flr_shareable_set_header_text(request, "__task_id__", "id-a"), 0);
    const flr_shareable *reply = world_aux(w, "a", "__task_check__", request);
    ck_assert_str_eq(flr_shareable_get_rc(reply), "TASK_UNKNOWN");
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get_header(reply, "__error__"), ""), "no workflow");
    flr_shareable_unref(request);
    ck_assert_uint_eq(strlen(w->trace), before); /* no events */
    world_note(w, "<shut>");
}

static int probe_in(world_workflow *wf, flr_context *context)
{
    (void)context;
    probe(wf->world);
    return 0;
}

static int probe_list(world *w)
{
    if (flr_runner_get_status(w->runner) == FLR_STATUS_STARTED)
        probe(w);
    return 0;
}

static int probe_event(world *w, const char *event, flr_context *context)
{
    (void)context;
    if (strcmp(event, "_start_workflow") == 0 || strcmp(event, "_end_workflow") == 0)
        probe(w);
    return 0;
}

START_TEST(lc_08_no_open_workflow)
{
    world *w = begin(2, false);
    w->on_event = probe_event;
    w->on_list = probe_list;
    for (int i = 0; i < 2; i++) {
        world_workflow *wf = &w->workflows[i];
        wf->on_initialize = wf->on_start = wf->on_control = wf->on_stop = wf->on_finalize = probe_in;
        wf->on_request = world_offer_train;
        wf->ended = true;
    }
    ck_assert_int_eq(world_finish(w), 0);
#define ASKED " _before_process_task_request _after_process_task_request _before_task_data_filter _after_task_data_filter <open>"
    ck_assert_str_eq(world_trace(w), BEGIN " initialize_run <shut> start <shut> _start_workflow <shut> <shut> control" ASKED
                                           " stop <shut> finalize_run <shut> _end_workflow <shut> "
                                           "initialize_run2 <shut> start2 <shut> _start_workflow <shut> <shut> control2" ASKED
                                           " stop2 <shut> finalize_run2 <shut> _end_workflow <shut>" END);
    world_free(w);
}
END_TEST

/* A request that stays inside the communicator until `hold` is triggered. */
typedef struct guest {
    world *world;
    flr_signal *hold;
    flr_context *context;
    pthread_t thread;
    int status;
} guest;

static int stay(world_workflow *wf, flr_context *context, const char *client, flr_offer *offer)
{
    guest *g = wf->user;
    (void)context;
    (void)offer;
    if (strcmp(client, "guest") != 0)
        return 0;
    world_note(wf->world, "<in>");
    flr_signal_wait(g->hold, -1.0);
    world_note(wf->world, "<out>");
    return 0;
}

static void *visit(void *self)
{
    guest *g = self;
    const flr_answer *answer;
    world_peer(g->world, g->context, WORLD_JOB);
    g->status = flr_runner_process_task_request(g->world->runner, "guest", g->context, &answer);
    return NULL;
}

static void enter(guest *g, world *w)
{
    g->world = w;
    w->workflows[0].user = g;
    w->workflows[0].on_request = stay;
    ck_assert_int_eq(flr_signal_new(NULL, NULL, &g->hold), 0);
    ck_assert_int_eq(flr_runner_new_context(w->runner, &g->context), 0);
}

static void leave(guest *g)
{
    pthread_join(g->thread, NULL);
    flr_context_free(g->context);
    flr_signal_unref(g->hold);
    ck_assert_int_eq(g->status, 0);
}

START_TEST(lc_09_closing_waits_for_those_inside_stepping)
{
    guest g;
    world *w = begin(1, false);
    enter(&g, w);
    world_step(w);
    world_clear(w);
    ck_assert_int_eq(pthread_create(&g.thread, NULL, visit, &g), 0);
    world_await(w, "<in>", 1);
    w->workflows[0].ended = true;
    flr_runner_wake(w->runner);
    flr_step_result result = world_step(w);
    ck_assert_int_eq(result.state, FLR_STEP_RUNNING);
    ck_assert_int_eq(result.wait_ns, -1);
    ck_assert_str_eq(world_trace(w), "_before_process_task_request <in>");
    /* newcomers are refused meanwhile */
    ck_assert_int_eq(flr_answer_get_kind(world_request(w, "a")), FLR_ANSWER_TRY_AGAIN);
    ck_assert_uint_eq(world_stats(w).answer_try_no_workflow, 1);
    int wakeups = w->wakeups;
    flr_signal_trigger(g.hold, NULL);
    world_await_wakeups(w, wakeups + 1);
    leave(&g);
    ck_assert_int_eq(world_finish(w), 0);
    ck_assert_str_eq(world_trace(w), "_before_process_task_request <in> <out> _after_process_task_request stop finalize_run _end_workflow" END);
    world_free(w);
}
END_TEST

/* Returns with somebody inside, who is released by the test only after that. */
static int return_with_guest(world_workflow *wf, flr_signal *abort, flr_context *context)
{
    (void)abort;
    (void)context;
    world_await(wf->world, "<in>", 1);
    world_note(wf->world, "<returns>");
    return 0;
}

START_TEST(lc_09_closing_waits_for_those_inside_running)
{
    guest g;
    world *w = begin(1, true);
    enter(&g, w);
    w->workflows[0].on_flow = return_with_guest;
    world_run(w);
    world_await(w, "control", 1);
    ck_assert_int_eq(pthread_create(&g.thread, NULL, visit, &g), 0);
    world_await(w, "<returns>", 1);
    flr_signal_trigger(g.hold, NULL);
    ck_assert_int_eq(world_join(w), 0);
    leave(&g);
    ck_assert_str_eq(world_trace(w), BEGIN " initialize_run start _start_workflow control _before_process_task_request <in> <returns> <out> "
                                           "_after_process_task_request stop finalize_run _end_workflow" END);
    world_free(w);
}
END_TEST

/* ---------------------------------------------------------------- LC-10, LC-11, LC-27 */

START_TEST(lc_10_balance)
{
    /* bits of the loop: initialize_run, start, stop, finalize_run fail; run instead of step */
    world *w = begin(2, (_i & 16) != 0);
    world_workflow *wf = &w->workflows[0];
    wf->initialize_status = _i & 1 ? MINE : 0;
    wf->start_status = _i & 2 ? MINE - 1 : 0;
    wf->stop_status = _i & 4 ? MINE - 2 : 0;
    wf->finalize_status = _i & 8 ? MINE - 3 : 0;
    int result = world_complete(w, (_i & 16) != 0);
    if (_i & 1) {
        ck_assert_int_eq(result, MINE);
        ck_assert_str_eq(world_trace(w), BEGIN " initialize_run _fatal_system_error finalize_run" END);
    } else if (_i & 2) {
        ck_assert_int_eq(result, MINE - 1);
        ck_assert_str_eq(world_trace(w), BEGIN " initialize_run start _fatal_system_error stop finalize_run" END);
    } else {
        ck_assert_int_eq(result, 0);
        ck_assert_str_eq(world_trace(w), BEGIN ONE TWO END);
    }
    ck_assert_uint_eq(flr_runner_get_workflow_index(w->runner), _i & 3 ? 0 : 2);
    world_free(w);
}
END_TEST

START_TEST(lc_10_failures_while_closing_are_logged_as_errors)
{
    world *w = begin(1, false);
    w->workflows[0].stop_status = MINE;
    w->workflows[0].finalize_status = FLR_E_IO;
    w->workflows[0].detail = "the disk is full";
    w->trace_log_events = true;
    world_step(w);
    world_clear(w);
    ck_assert_int_eq(world_finish(w), 0);
    ck_assert_str_eq(world_trace(w), "stop _error_log_available finalize_run _error_log_available _end_workflow" END);
    ck_assert_ptr_nonnull(strstr(w->log, "stop failed: FLR_E_HOST: the disk is full"));
    ck_assert_ptr_nonnull(strstr(w->log, "finalize_run failed: FLR_E_IO: the disk is full"));
    world_free(w);
}
END_TEST

static int abort_at(world *w, const char *event, flr_context *context)
{
    (void)context;
    if (strcmp(event, w->user) == 0)
        flr_runner_abort(w->runner, 0);
    return 0;
}

START_TEST(lc_11_an_abort_while_it_ends_keeps_the_index)
{
    world *w = begin(2, _i != 0);
    w->on_event = abort_at;
    w->user = "_end_workflow";
    ck_assert_int_eq(world_complete(w, _i != 0), FLR_E_ABORTED);
    ck_assert_uint_eq(flr_runner_get_workflow_index(w->runner), 0);
    ck_assert_str_eq(world_trace(w), BEGIN ONE END);
    world_free(w);
}
END_TEST

static int note_index(world_workflow *wf, flr_context *context)
{
    (void)context;
    world_note(wf->world, "<%zu>", flr_runner_get_workflow_index(wf->world->runner));
    return 0;
}

START_TEST(lc_11_the_index)
{
    world *w = begin(2, _i != 0);
    w->workflows[0].on_initialize = w->workflows[1].on_initialize = note_index;
    w->workflows[0].on_finalize = w->workflows[1].on_finalize = note_index;
    ck_assert_int_eq(world_complete(w, _i != 0), 0);
    ck_assert_str_eq(world_trace(w),
                     BEGIN " initialize_run <0> start _start_workflow control stop finalize_run <0> _end_workflow"
                           " initialize_run2 <1> start2 _start_workflow control2 stop2 finalize_run2 <1> _end_workflow" END);
    ck_assert_uint_eq(flr_runner_get_workflow_index(w->runner), 2);
    world_free(w);
}
END_TEST

START_TEST(lc_27_in_full)
{
    world *w = begin(_i / 2, _i % 2 != 0);
    ck_assert_int_eq(world_complete(w, _i % 2 != 0), 0);
    ck_assert_str_eq(world_trace(w), _i / 2 == 0 ? BEGIN END : _i / 2 == 1 ? BEGIN ONE END : BEGIN ONE TWO END);
    ck_assert_int_eq(flr_runner_get_status(w->runner), FLR_STATUS_DONE);
    world_free(w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lifecycle");
    TCase *c = tcase_create("lifecycle");
    tcase_add_test(c, lc_01_a_new_runner);
    tcase_add_test(c, lc_01_the_secret_is_drawn);
    tcase_add_test(c, lc_02_three_aux_handlers);
    tcase_add_test(c, lc_03_ids);
    tcase_add_test(c, lc_03_order_of_listeners);
    tcase_add_loop_test(c, lc_04_how_a_run_begins, 0, 2);
    tcase_add_loop_test(c, lc_05_persist_fails, 0, 2);
    tcase_add_loop_test(c, lc_05_listing_fails, 0, 2);
    tcase_add_loop_test(c, lc_05_both_fail, 0, 2);
    tcase_add_test(c, lc_06_client_hierarchy);
    tcase_add_loop_test(c, lc_07_lc_09_contexts_threads_and_properties, 0, 2);
    tcase_add_test(c, lc_08_no_open_workflow);
    tcase_add_test(c, lc_09_closing_waits_for_those_inside_stepping);
    tcase_add_test(c, lc_09_closing_waits_for_those_inside_running);
    tcase_add_loop_test(c, lc_10_balance, 0, 32);
    tcase_add_test(c, lc_10_failures_while_closing_are_logged_as_errors);
    tcase_add_loop_test(c, lc_11_an_abort_while_it_ends_keeps_the_index, 0, 2);
    tcase_add_loop_test(c, lc_11_the_index, 0, 2);
    tcase_add_loop_test(c, lc_27_in_full, 0, 6);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
