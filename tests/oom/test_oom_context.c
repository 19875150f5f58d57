/*
 * Contexts, auxiliary messages of components, boards and the makers of workflows and engines,
 * without memory: 0 or FLR_E_NOMEM; after the latter nothing has changed, and the same call
 * succeeds.
 */
#include "failalloc.h"
#include "oomcase.h"
#include "oomhost.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static flr_value *value, *out, *model;
static flr_context *copy;
static flr_shareable *message;
static flr_task *task;
static flr_collector *collector;
static flr_local *local;
static int replied;

static void drop(void)
{
    flr_context_free(copy);
    flr_value_unref(value);
    flr_value_unref(out);
    flr_value_unref(model);
    flr_shareable_unref(message);
    flr_task_unref(task);
    oomhost_drop();
    flr_collector_unref(collector);
    flr_local_free(local);
    value = out = model = NULL;
    copy = NULL;
    message = NULL;
    task = NULL;
    collector = NULL;
    local = NULL;
    replied = 0;
}

/* ---------------------------------------------------------------- properties */

static void build(void)
{
    oomhost_build_open();
    ck_assert_int_eq(flr_value_new_text("a value that is too long for any inline part", &value), 0);
    ck_assert_int_eq(flr_value_new_map(&model), 0);
    ck_assert_int_eq(flr_map_set_int(&model, "one", 1), 0);
    ck_assert_int_eq(flr_map_set_int(&model, "two", 70000), 0);
}

/* A context that has something of everything. */
static void build_full(void)
{
    static int somewhere;
    flr_value *v;
    build();
    ck_assert_int_eq(flr_value_new_int(70000, &v), 0);
    ck_assert_int_eq(flr_context_set_prop(host.context, "public", v, FLR_PROP_FLAG_PUBLIC), 0);
    ck_assert_int_eq(flr_value_new_int(70001, &v), 0);
    ck_assert_int_eq(flr_context_set_prop(host.context, "sticky", v,
                                          FLR_PROP_FLAG_PUBLIC | FLR_PROP_FLAG_STICKY),
                     0);
    ck_assert_int_eq(flr_value_new_pointer("of the test", &somewhere, NULL, &v), 0);
    ck_assert_int_eq(flr_context_set_prop(host.context, "pointer", v, FLR_PROP_FLAG_PUBLIC), 0);
    ck_assert_int_eq(flr_value_new_int(70002, &v), 0);
    ck_assert_int_eq(flr_context_set_custom(host.context, "custom", v), 0);
}

static void as_built(void)
{
    flr_value *v = NULL;
    ck_assert_ptr_null(copy);
    ck_assert_ptr_null(out);
    ck_assert_int_eq(flr_context_get(host.context, "new", &v), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr_context_get_custom(host.context, "new", &v), FLR_E_NOTFOUND);
    ck_assert_str_eq(flr_context_get_job_id(host.context), "job-1");
    ck_assert_ptr_nonnull(flr_context_get_peer(host.context));
    ck_assert_str_eq(flr_value_get_text(value, ""), "a value that is too long for any inline part");
}

static void as_built_full(void)
{
    flr_value *v = NULL;
    as_built();
    ck_assert_int_eq(flr_context_get(host.context, "public", &v), 0);
    ck_assert_int_eq(flr_value_get_int(v, 0), 70000);
    flr_value_unref(v);
    ck_assert_int_eq(flr_context_get(host.context, "sticky", &v), 0);
    ck_assert_int_eq(flr_value_get_int(v, 0), 70001);
    flr_value_unref(v);
    ck_assert_int_eq(flr_context_get_custom(host.context, "custom", &v), 0);
    ck_assert_int_eq(flr_value_get_int(v, 0), 70002);
    flr_value_unref(v);
}

static int clone_context(void)
{
    return flr_context_clone(host.context, &copy);
}

static int set_with(uint32_t flags)
{
    flr_value *again = flr_value_ref(value);
    int status = flr_context_set_prop(host.context, "new", again, flags);
    if (status < 0)
        flr_value_unref(again);
    return status;
}

static int set_private(void)
{
    return set_with(0);
}
static int set_public(void)
{
    return set_with(FLR_PROP_FLAG_PUBLIC);
}
static int set_public_sticky(void)
{
    return set_with(FLR_PROP_FLAG_PUBLIC | FLR_PROP_FLAG_STICKY);
}

static int set_plain(void)
{
    flr_value *again = flr_value_ref(value);
    int status = flr_context_set(host.context, "new", again);
    if (status < 0)
        flr_value_unref(again);
    return status;
}

static int set_refused(void)
{
    flr_value *again = flr_value_ref(value);
    int status = flr_context_set_prop(host.context, "public", again,
                                      0); /* CX-03: with a warning, which fires an event */
    if (status < 0)
        flr_value_unref(again);
    return status == FLR_E_EXISTS ? 0 : status;
}

static int set_custom(void)
{
    flr_value *again = flr_value_ref(value);
    int status = flr_context_set_custom(host.context, "new", again);
    if (status < 0)
        flr_value_unref(again);
    return status;
}

static int get_peer(void)
{
    return flr_context_get(host.context, FLR_PROP_PEER_CTX, &out);
}

static int get_prop(void)
{
    uint32_t flags = 0;
    return flr_context_get_prop(host.context, FLR_PROP_CLIENT_HIERARCHY, &out, &flags);
}

static int get_public(void)
{
    return flr_context_get_public(host.context, &out);
}
static int get_for_wire(void)
{
    return flr_context_get_public_for_wire(host.context, &out);
}
static int replace_public(void)
{
    return flr_context_set_public(host.context, model);
}
static int set_peer(void)
{
    return flr_context_set_peer_props(host.context, model);
}

/* Needs no memory: removing, resetting, reading, failing with detail. */
static int use_without_memory(void)
{
    int status = flr_context_remove(host.context, "public", 0);
    if (status == 0)
        status = flr_context_remove(host.context, "sticky", 0);
    if (flr_context_fail(host.context, FLR_E_IO, "a detail %d", 7) != FLR_E_IO ||
        strcmp(flr_context_get_detail(host.context), "a detail 7") != 0)
        return FLR_E_CALLBACK;
    flr_signal *abort = flr_context_get_abort_signal(host.context);
    flr_signal_unref(abort);
    if (flr_context_reset(host.context) < 0 || flr_runner_wake(host.runner) < 0 ||
        flr_runner_abort(host.runner, 0) < 0)
        return FLR_E_STATE;
    return status == 0 && failalloc_get_calls() > 0 ? FLR_E_STATE : status;
}

/* ---------------------------------------------------------------- events, log, audit */

static int fire(void)
{
    int before = host.heard, status = flr_context_fire(host.context, "an event of the test");
    if (status == 0)
        ck_assert_int_eq(host.heard, before + 1);
    return status;
}

static void build_federation(void)
{
    flr_value *name;
    build();
    ck_assert_int_eq(flr_shareable_new(&message), 0);
    ck_assert_int_eq(flr_value_new_list(&out), 0);
    ck_assert_int_eq(flr_value_new_text("site-1", &name), 0);
    ck_assert_int_eq(flr_list_add(&out, name), 0);
}

static int fire_federation(void)
{
    return flr_context_fire_federation(host.context, "an event of the test", message, out);
}

/* The run ends in any case. */
static int panic(void)
{
    int status =
        flr_context_panic(host.context, "no reason that would fit into a small inline text at all");
    if (status == 0)
        ck_assert_int_eq(flr_runner_get_status(host.runner), FLR_STATUS_DONE);
    return status == 0 ? 0 : FLR_E_CALLBACK;
}

static int write_log(void)
{
    for (int level = FLR_LOG_DEBUG; level <= FLR_LOG_CRITICAL; level += 5)
        flr_context_log(host.context, level, "a line of the log: %s", "with an argument");
    return 0;
}

static int audit(void)
{
    char id[33] = "x";
    int status = flr_context_audit(host.context, "a reference", "something happened", id);
    if (status == 0)
        ck_assert(strlen(id) == 32 || (id[0] == '\0' && failalloc_get_failures() > 0));
    return status;
}

static void build_stats(void)
{
    flr_value *pointer;
    build();
    ck_assert_int_eq(flr_collector_new(&collector), 0);
    ck_assert_int_eq(flr_value_new_pointer("flr_collector", collector, NULL, &pointer), 0);
    ck_assert_int_eq(flr_context_set_prop(host.context, FLR_PROP_STATS_COLLECTOR, pointer, 0), 0);
}

static int get_stats(void)
{
    int status = flr_context_fire(host.context, FLR_EVENT_GET_STATS);
    if (status == 0 && failalloc_get_failures() == 0)
        ck_assert_ptr_nonnull(flr_map_get(flr_collector_get(collector), "ServerRunner"));
    return status;
}

/* ---------------------------------------------------------------- auxiliary messages */

static int answer(void *self, flr_context *context, const char *topic, const flr_shareable *request,
                  flr_shareable **reply)
{
    (void)self;
    (void)context;
    (void)topic;
    (void)request;
    (void)reply;
    return 0;
}

static int register_aux(void)
{
    return flr_context_register_aux(host.context, "a topic of the test", answer, NULL);
}

static void build_message(void)
{
    build_full();
    ck_assert_int_eq(flr_shareable_new(&message), 0);
    ck_assert_int_eq(flr_shareable_set_int(message, "x", 70000), 0);
}

static void count_reply(void *self, flr_aux_send *send)
{
    (void)self;
    (void)send;
    replied++;
}

/*
 * A send that ran out of memory after it was accepted ends with failed replies: done is called
 * once all the same.
 */
static int send_aux(void)
{
    flr_aux_options options;
    flr_aux_options_init(&options, sizeof options);
    options.timeout = 5.0;
    replied = 0;
    int status = flr_context_send_aux(host.context, "a topic of the test", message, &options,
                                      count_reply, NULL);
    ck_assert_int_eq(replied, status == 0);
    return status;
}

static int send_and_forget(void)
{
    static const char *const targets[] = {"site-2", "site-3", "site-2"};
    flr_aux_options options;
    flr_aux_options_init(&options, sizeof options);
    options.targets = targets;
    options.target_count = 3;
    return flr_context_send_aux(host.context, "a topic of the test", message, &options, NULL, NULL);
}

/* ---------------------------------------------------------------- boards */

static void build_task(void)
{
    flr_task_options options;
    build();
    ck_assert_int_eq(flr_shareable_new(&message), 0);
    flr_task_options_init(&options, sizeof options);
    options.name = "train";
    options.payload = message;
    options.operation = model;
    options.props = model;
    ck_assert_int_eq(flr_task_new(&options, &task), 0);
}

static int board_options(void)
{
    flr_board_options options;
    flr_board_options_init(&options, sizeof options);
    options.completed_memory = 3;
    return flr_board_set_options(host.board, &options);
}

static int task_set_prop(void)
{
    flr_value *again = flr_value_ref(value);
    int status = flr_task_set_prop(task, "new", again);
    if (status < 0)
        flr_value_unref(again);
    return status;
}

static void no_prop(void)
{
    flr_value *v;
    ck_assert_int_eq(flr_task_get_prop(task, "new", &v), FLR_E_NOTFOUND);
}

static void build_given_out(void)
{
    const flr_answer *given;
    build_task();
    ck_assert_int_eq(flr_board_broadcast(host.board, task, NULL, host.context), 0);
    ck_assert_int_eq(flr_runner_process_task_request(host.runner, "site-1", host.context, &given),
                     0);
    ck_assert_int_eq(flr_answer_get_kind(given), FLR_ANSWER_TASK);
}

static int see(void *self, flr_assignment *assignment)
{
    ck_assert_str_eq(flr_assignment_get_client(assignment), "site-1");
    ++*(int *)self;
    return 0;
}

static int visit(void)
{
    int seen = 0, status = flr_task_visit_assignments(task, see, &seen);
    ck_assert_int_eq(seen, status == 0);
    return status;
}

/* ---------------------------------------------------------------- ready-made */

static void build_model(void)
{
    static const int64_t shape[] = {2, 2};
    static const float numbers[] = {1, 2, 3, 4};
    static const int64_t steps[] = {5};
    ck_assert_int_eq(flr_value_new_map(&model), 0);
    ck_assert_int_eq(flr_map_set_tensor(&model, "w", FLR_TYPE_F32, 2, shape, numbers), 0);
    ck_assert_int_eq(flr_map_set_tensor(&model, "steps", FLR_TYPE_I64, 0, NULL, steps), 0);
}

static int fedavg_new(void)
{
    flr_fedavg_options options;
    flr_fedavg_options_init(&options, sizeof options);
    options.initial_model = model;
    options.task_name = "a task name of the test";
    int status = flr_fedavg_new(&options, &host.workflow);
    if (status == 0)
        status = flr_fedavg_get_model(host.workflow, &out);
    return status;
}

static void no_workflow(void)
{
    ck_assert_ptr_null(host.workflow);
    ck_assert_ptr_null(out);
}

static int local_new(void)
{
    return flr_local_new(NULL, &local);
}

static int do_nothing(void *self, const char *client, const char *name, const flr_shareable *data,
                      flr_signal *abort, flr_shareable **result)
{
    (void)self;
    (void)client;
    (void)name;
    (void)data;
    (void)abort;
    (void)result;
    return 0;
}

static void build_local(void)
{
    char name[24];
    ck_assert_int_eq(local_new(), 0);
    ck_assert_ptr_nonnull(flr_local_get_engine_ops(local));
    for (int i = 0; i < 8; i++) { /* the next one makes its tables grow */
        snprintf(name, sizeof name, "site-%d", i);
        ck_assert_int_eq(flr_local_add_client(local, name, do_nothing, NULL), 0);
    }
}

static int local_add(void)
{
    return flr_local_add_client(local, "one more site", do_nothing, NULL);
}

/* ---------------------------------------------------------------- the sweep */

static const oomcase cases[] = {
    {"context_clone", build_full, clone_context, as_built_full, drop},
    {"context_set", build, set_plain, as_built, drop},
    {"context_set_prop, private", build_full, set_private, as_built_full, drop},
    {"context_set_prop, public", build_full, set_public, as_built_full, drop},
    {"context_set_prop, public sticky", build_full, set_public_sticky, as_built_full, drop},
    {"context_set_prop, refused", build_full, set_refused, as_built_full, drop},
    {"context_set_custom", build_full, set_custom, as_built_full, drop},
    {"context_set_custom, first", build, set_custom, as_built, drop},
    {"context_get, peer context", build, get_peer, as_built, drop},
    {"context_get_prop, hierarchy", build, get_prop, as_built, drop},
    {"context_get_public", build_full, get_public, as_built_full, drop},
    {"context_get_public_for_wire", build_full, get_for_wire, as_built_full, drop},
    {"context_set_public", build_full, replace_public, as_built_full, drop},
    {"context_set_peer_props", build_full, set_peer, as_built_full, drop},
    {"context, without memory", build_full, use_without_memory, NULL, drop},
    {"context_fire", build, fire, NULL, drop},
    {"context_fire_federation", build_federation, fire_federation, NULL, drop},
    {"context_panic", build, panic, NULL, drop},
    {"context_log", build, write_log, NULL, drop},
    {"context_audit", build, audit, NULL, drop},
    {"get_stats", build_stats, get_stats, NULL, drop},
    {"context_register_aux", build, register_aux, NULL, drop},
    {"context_send_aux", build_message, send_aux, as_built_full, drop},
    {"context_send_aux, not waited for", build_message, send_and_forget, as_built_full, drop},
    {"board_set_options", build, board_options, NULL, drop},
    {"task_set_prop", build_task, task_set_prop, no_prop, drop},
    {"task_visit_assignments", build_given_out, visit, NULL, drop},
    {"fedavg_new", build_model, fedavg_new, no_workflow, drop},
    {"local_new", NULL, local_new, NULL, drop},
    {"local_add_client", build_local, local_add, NULL, drop},
};

START_TEST(oom_context)
{
    oomcase_sweep(&cases[_i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oom context");
    TCase *tcase = tcase_create("oom");

    if (failalloc_install() < 0)
        return EXIT_FAILURE;
    tcase_set_timeout(tcase, 50);
    tcase_add_loop_test(tcase, oom_context, 0, OOMCASE_COUNT(cases));
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
