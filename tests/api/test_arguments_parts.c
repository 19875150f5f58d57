/*
 * Wrong arguments for boards, contexts, auxiliary messages, signals, clocks, collectors and what is
 * ready-made, through the shared library and the public headers only: each gives its documented
 * code, changes nothing and writes no output. Getters and releasing functions bear NULL.
 */
#include "sweep.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

static int aux_handler(void *self, flr_context *context, const char *topic,
                       const flr_shareable *request, flr_shareable **reply)
{
    (void)self, (void)context, (void)topic, (void)request, (void)reply;
    return 0;
}

static int see_assignment(void *self, flr_assignment *assignment)
{
    (void)self, (void)assignment;
    return 0;
}

static int work(void *self, const char *client, const char *name, const flr_shareable *data,
                flr_signal *abort, flr_shareable **result)
{
    (void)self, (void)client, (void)name, (void)data, (void)abort, (void)result;
    return 0;
}

/* ---------------------------------------------------------------- boards */

START_TEST(arguments_of_tasks)
{
    flr_task_options o;
    flr_task *task = NULL;
    flr_value *v = NULL;
    char text[8];
    flr_task_options_init(NULL, sizeof o);
    flr_task_options_init(&o, sizeof o);
    o.payload = h.message;
    INVAL(flr_task_new(NULL, &task));
    INVAL(flr_task_new(&o, &task)); /* no name */
    o.name = "";
    INVAL(flr_task_new(&o, &task));
    o.name = longer;
    LIMIT(flr_task_new(&o, &task));
    o.name = FLR_TASK_NAME_TRY_AGAIN;
    INVAL(flr_task_new(&o, &task));
    o.name = FLR_TASK_NAME_END_RUN;
    INVAL(flr_task_new(&o, &task));
    o.name = "t";
    INVAL(flr_task_new(&o, NULL));
    o.payload = NULL;
    INVAL(flr_task_new(&o, &task));
    o.payload = h.message;
    o.flags = 2u;
    INVAL(flr_task_new(&o, &task));
    o.flags = 0;
    o.number = -2;
    INVAL(flr_task_new(&o, &task));
    o.number = -1;
    for (int i = 0; i < 3; i++) {
        o.timeout = i == 0 ? -1.0 : i == 1 ? NAN : INFINITY;
        INVAL(flr_task_new(&o, &task));
    }
    o.timeout = 0.0;
    ZERO(flr_value_new_int(1, &v));
    o.operation = v;
    INVAL(flr_task_new(&o, &task)); /* no map */
    o.operation = NULL;
    o.props = v;
    INVAL(flr_task_new(&o, &task));
    NOTHING(task);
    INVAL(flr_task_set_prop(NULL, "k", v));
    INVAL(flr_task_set_prop(h.task, NULL, v));
    INVAL(flr_task_set_prop(h.task, "", v));
    INVAL(flr_task_set_prop(h.task, "__k", v));
    LIMIT(flr_task_set_prop(h.task, longer, v));
    flr_value_unref(v);
    INVAL(flr_task_get_prop(NULL, "k", &v));
    INVAL(flr_task_get_prop(h.task, NULL, &v));
    INVAL(flr_task_get_prop(h.task, "k", NULL));
    IS(flr_task_get_prop(h.task, "k", &v), FLR_E_NOTFOUND);
    INVAL(flr_task_get_detail(NULL, text, sizeof text));
    INVAL(flr_task_get_detail(h.task, NULL, 1));
    INVAL(flr_task_get_detail(h.task, text, 0));
    INVAL(flr_task_visit_assignments(NULL, see_assignment, NULL));
    INVAL(flr_task_visit_assignments(h.task, NULL, NULL));
    INVAL(flr_task_wait(NULL, NULL, 0.0, NULL));
    INVAL(flr_task_wait(h.task, NULL, NAN, NULL));
    INVAL(flr_task_wait(h.task, NULL, INFINITY, NULL));
    IS(flr_task_wait(h.task, NULL, 0.0, NULL), FLR_E_STATE);
    INVAL(flr_task_cancel(NULL, 0));
    IS(flr_task_cancel(h.task, 0), FLR_E_STATE);
    INVAL(flr_assignment_set_result(NULL, NULL));
    NOTHING(flr_task_ref(NULL));
    flr_task_unref(NULL);
}
END_TEST

START_TEST(arguments_of_boards)
{
    static const char *const nobody[] = {"nobody"}, *const empty[] = {""}, *const hole[] = {NULL},
                             *const good[] = {"a"};
    const char *const too_long[] = {longer};
    flr_broadcast_options o;
    flr_board_options b;
    flr_board *board = NULL;
    int64_t when;
    int status = 0;
    flr_broadcast_options_init(NULL, sizeof o);
    flr_broadcast_options_init(&o, sizeof o);
    flr_board_options_init(NULL, sizeof b);
    flr_board_options_init(&b, sizeof b);
    INVAL(flr_context_get_board(NULL, &board));
    INVAL(flr_context_get_board(h.context, NULL));
    INVAL(flr_board_set_options(NULL, &b));
    INVAL(flr_board_set_options(h.board, NULL));
    b.flags = 2u;
    INVAL(flr_board_set_options(h.board, &b));
    INVAL(flr_board_broadcast(NULL, h.task, NULL, NULL));
    INVAL(flr_board_broadcast(h.board, NULL, NULL, NULL));
    INVAL(flr_board_broadcast_and_wait(NULL, h.task, NULL, NULL, NULL, &status));
    INVAL(flr_board_broadcast_and_wait(h.board, NULL, NULL, NULL, NULL, &status));
    o.flags = 2u;
    INVAL(flr_board_broadcast(h.board, h.task, &o, NULL));
    o.flags = 0;
    o.mode = 4;
    INVAL(flr_board_broadcast(h.board, h.task, &o, NULL));
    o.mode = FLR_TARGETS_LIST;
    INVAL(flr_board_broadcast(h.board, h.task, &o, NULL));
    o.targets = good;
    INVAL(flr_board_broadcast(h.board, h.task, &o, NULL)); /* none of them */
    o.target_count = 1;
    o.mode = FLR_TARGETS_SNAPSHOT;
    INVAL(flr_board_broadcast(h.board, h.task, &o, NULL));
    o.mode = FLR_TARGETS_OPEN;
    INVAL(flr_board_broadcast(h.board, h.task, &o, NULL));
    o.mode = FLR_TARGETS_DEFAULT;
    o.min_responses = 2;
    INVAL(flr_board_broadcast(h.board, h.task, &o, NULL));
    o.min_responses = 1;
    for (int i = 0; i < 3; i++) {
        o.wait_time_after_min_received = i == 0 ? -1.0 : i == 1 ? NAN : INFINITY;
        INVAL(flr_board_broadcast(h.board, h.task, &o, NULL));
    }
    o.wait_time_after_min_received = 0.0;
    o.targets = hole;
    INVAL(flr_board_broadcast(h.board, h.task, &o, NULL));
    o.targets = empty;
    INVAL(flr_board_broadcast(h.board, h.task, &o, NULL));
    o.targets = too_long;
    LIMIT(flr_board_broadcast(h.board, h.task, &o, NULL));
    o.targets = nobody;
    IS(flr_board_broadcast(h.board, h.task, &o, h.context), FLR_E_NOTFOUND);
    ck_assert_ptr_nonnull(strstr(flr_context_get_detail(h.context), "nobody"));
    INVAL(flr_board_cancel_all(NULL, 0));
    INVAL(flr_board_cancel_all(h.board, 7));
    ZERO(flr_board_get_count(NULL));
    ZERO(flr_board_get_count(h.board));
    INVAL(flr_board_get_disconnect_time(NULL, "a", &when));
    INVAL(flr_board_get_disconnect_time(h.board, NULL, &when));
    INVAL(flr_board_get_disconnect_time(h.board, "", &when));
    INVAL(flr_board_get_disconnect_time(h.board, "a", NULL));
    LIMIT(flr_board_get_disconnect_time(h.board, longer, &when));
    IS(flr_board_get_disconnect_time(h.board, "a", &when), FLR_E_NOTFOUND);
    ZERO(flr_board_broadcast(h.board, h.task, NULL, NULL));
    IS(flr_board_broadcast(h.board, h.task, NULL, NULL), FLR_E_STATE);
    INVAL(flr_task_cancel(h.task, 7));
    INVAL(flr_task_cancel(h.task, -1));
}
END_TEST

/* ---------------------------------------------------------------- contexts */

START_TEST(arguments_of_contexts)
{
    flr_context *copy = NULL;
    flr_value *v = NULL, *out = NULL;
    uint32_t flags = 0;
    char id[33];
    ZERO(flr_value_new_int(1, &v));
    INVAL(flr_context_clone(NULL, &copy));
    INVAL(flr_context_clone(h.context, NULL));
    INVAL(flr_context_reset(NULL));
    INVAL(flr_context_set(NULL, "k", v));
    INVAL(flr_context_set(h.context, NULL, v));
    INVAL(flr_context_set(h.context, "", v));
    LIMIT(flr_context_set(h.context, longer, v));
    INVAL(flr_context_set_prop(NULL, "k", v, 0));
    INVAL(flr_context_set_prop(h.context, "", v, 0));
    INVAL(flr_context_set_prop(h.context, "k", v, 4u));
    LIMIT(flr_context_set_prop(h.context, longer, v, 0));
    INVAL(flr_context_get(NULL, "k", &out));
    INVAL(flr_context_get(h.context, NULL, &out));
    INVAL(flr_context_get(h.context, "", &out));
    INVAL(flr_context_get(h.context, "k", NULL));
    IS(flr_context_get(h.context, "k", &out), FLR_E_NOTFOUND);
    IS(flr_context_get(h.context, longer, &out), FLR_E_NOTFOUND);
    INVAL(flr_context_get_prop(h.context, "k", &out, NULL));
    INVAL(flr_context_get_prop(h.context, "k", NULL, &flags));
    INVAL(flr_context_remove(NULL, "k", 0));
    INVAL(flr_context_remove(h.context, NULL, 0));
    INVAL(flr_context_remove(h.context, "", 0));
    INVAL(flr_context_remove(h.context, FLR_PROP_RUN_NUM, 0));
    IS(flr_context_remove(h.context, "k", 1), FLR_E_NOTFOUND);
    INVAL(flr_context_get_public(NULL, &out));
    INVAL(flr_context_get_public(h.context, NULL));
    INVAL(flr_context_get_public_for_wire(NULL, &out));
    INVAL(flr_context_get_public_for_wire(h.context, NULL));
    INVAL(flr_context_set_public(NULL, h.map));
    INVAL(flr_context_set_public(h.context, NULL));
    INVAL(flr_context_set_public(h.context, v));
    INVAL(flr_context_set_custom(NULL, "k", v));
    INVAL(flr_context_set_custom(h.context, "", v));
    LIMIT(flr_context_set_custom(h.context, longer, v));
    INVAL(flr_context_get_custom(NULL, "k", &out));
    INVAL(flr_context_get_custom(h.context, "k", NULL));
    IS(flr_context_get_custom(h.context, "k", &out), FLR_E_NOTFOUND);
    INVAL(flr_context_set_peer_props(NULL, h.map));
    INVAL(flr_context_set_peer_props(h.context, v));
    IS(flr_context_fail(NULL, FLR_E_IO, "x"), FLR_E_IO);
    INVAL(flr_context_fire(NULL, "e"));
    INVAL(flr_context_fire(h.context, NULL));
    INVAL(flr_context_fire(h.context, ""));
    INVAL(flr_context_fire_federation(h.context, "e", NULL, NULL));
    INVAL(flr_context_fire_federation(h.context, "e", h.message, v));
    INVAL(flr_context_fire_federation(h.context, "", h.message, NULL));
    INVAL(flr_context_panic(NULL, "x"));
    INVAL(flr_context_audit(NULL, NULL, "m", id));
    INVAL(flr_context_audit(h.context, NULL, NULL, id));
    INVAL(flr_context_audit(h.context, NULL, "", id));
    INVAL(flr_context_audit(h.context, NULL, "m", NULL));
    ck_assert(copy == NULL && out == NULL);
    flr_value_unref(v);
}
END_TEST

START_TEST(contexts_bear_null)
{
    flr_context_free(NULL);
    NOTHING(flr_context_get_peer(NULL));
    NOTHING(flr_context_get_engine(NULL));
    NOTHING(flr_context_get_job_id(NULL));
    TEXT(flr_context_get_identity(NULL), "");
    NOTHING(flr_context_get_abort_signal(NULL));
    NOTHING(flr_context_get_runner(NULL));
    NOTHING(flr_context_get_clock(NULL));
    NOTHING(flr_context_get_task_name(NULL));
    NOTHING(flr_context_get_task_id(NULL));
    TEXT(flr_context_get_detail(NULL), "");
    NOTHING(flr_context_find_component(NULL, "c"));
    NOTHING(flr_context_find_component(h.context, NULL));
    NOTHING(flr_context_find_component(h.context, "nobody"));
    NOTHING(flr_collector_from_context(NULL));
    ZERO(flr_context_log_is_on(NULL, FLR_LOG_CRITICAL));
    flr_context_log(NULL, FLR_LOG_ERROR, "%s", "x");
}
END_TEST

static void done(void *self, flr_aux_send *send)
{
    (void)self, (void)send;
}

START_TEST(arguments_of_aux)
{
    static const char *const empty[] = {""}, *const hole[] = {NULL};
    const char *const too_long[] = {longer};
    flr_aux_options o;
    flr_value *replies = NULL;
    flr_aux_options_init(NULL, sizeof o);
    flr_aux_options_init(&o, sizeof o);
    INVAL(flr_context_register_aux(NULL, "t", aux_handler, NULL));
    INVAL(flr_context_register_aux(h.context, NULL, aux_handler, NULL));
    INVAL(flr_context_register_aux(h.context, "", aux_handler, NULL));
    LIMIT(flr_context_register_aux(h.context, longer, aux_handler, NULL));
    INVAL(flr_context_register_aux(h.context, "t", NULL, NULL));
    IS(flr_context_register_aux(h.context, "__sync_runner__", aux_handler, NULL), FLR_E_EXISTS);
    INVAL(flr_context_send_aux(NULL, "t", h.message, NULL, NULL, NULL));
    INVAL(flr_context_send_aux(h.context, NULL, h.message, NULL, NULL, NULL));
    INVAL(flr_context_send_aux(h.context, "", h.message, NULL, NULL, NULL));
    LIMIT(flr_context_send_aux(h.context, longer, h.message, NULL, NULL, NULL));
    INVAL(flr_context_send_aux(h.context, "t", NULL, NULL, NULL, NULL));
    o.flags = 4u;
    INVAL(flr_context_send_aux(h.context, "t", h.message, &o, done, NULL));
    o.flags = 0;
    for (int i = 0; i < 3; i++) {
        o.timeout = i == 0 ? -1.0 : i == 1 ? NAN : INFINITY;
        INVAL(flr_context_send_aux(h.context, "t", h.message, &o, done, NULL));
    }
    o.timeout = 1.0;
    INVAL(flr_context_send_aux(h.context, "t", h.message, &o, NULL,
                               NULL)); /* nobody would hear the replies */
    o.target_count = 1;
    o.targets = hole;
    INVAL(flr_context_send_aux(h.context, "t", h.message, &o, done, NULL));
    o.targets = empty;
    INVAL(flr_context_send_aux(h.context, "t", h.message, &o, done, NULL));
    o.targets = too_long;
    LIMIT(flr_context_send_aux(h.context, "t", h.message, &o, done, NULL));
    INVAL(flr_context_send_aux_and_wait(NULL, "t", h.message, NULL, NULL, &replies));
    INVAL(flr_context_send_aux_and_wait(h.context, "", h.message, NULL, NULL, &replies));
    INVAL(flr_context_send_aux_and_wait(h.context, "t", NULL, NULL, NULL, &replies));
    INVAL(flr_context_send_aux_and_wait(h.context, "t", h.message, NULL, NULL, NULL));
    NOTHING(replies);
    ZERO(flr_context_send_aux(h.context, "t", h.message, NULL, NULL,
                              NULL)); /* send_aux has its own arguments to try */
    NOTHING(flr_aux_send_ref(NULL));
    flr_aux_send_unref(NULL);
    ZERO(flr_aux_send_get_target_count(NULL));
    NOTHING(flr_aux_send_get_reply(NULL, 0));
}
END_TEST

/*
 * ---------------------------------------------------------------- signals, clocks, collectors,
 * ready-made
 */

START_TEST(arguments_of_signals_and_clocks)
{
    flr_signal *signal = NULL;
    flr_clock *clock = NULL, *system;
    flr_allocator_ops ops;
    ZERO(flr_clock_new_system(&system));
    INVAL(flr_clock_new_system(NULL));
    INVAL(flr_clock_new_manual(0, 0, NULL));
    INVAL(flr_clock_new_manual(-1, 0, &clock));
    INVAL(flr_clock_new_manual(0, -1, &clock));
    NOTHING(clock);
    INVAL(flr_clock_advance(NULL, 1.0));
    INVAL(flr_clock_advance(h.clock, -1.0));
    INVAL(flr_clock_advance(h.clock, NAN));
    INVAL(flr_clock_advance(h.clock, INFINITY));
    INVAL(flr_clock_advance_to(NULL, 1));
    INVAL(flr_clock_advance_to(h.clock, 0));
    IS(flr_clock_advance(system, 1.0), FLR_E_NOTSUP);
    IS(flr_clock_advance_to(system, INT64_MAX), FLR_E_NOTSUP);
    IS(flr_clock_advance(h.clock, 1e18), FLR_E_LIMIT);
    IS(flr_clock_advance_to(h.clock, INT64_MAX), FLR_E_LIMIT);
    ck_assert_int_eq(flr_clock_get_now(h.clock), 1);
    NOTHING(flr_clock_ref(NULL));
    flr_clock_unref(NULL);
    INVAL(flr_signal_new(NULL, NULL, NULL));
    INVAL(flr_signal_trigger(NULL, NULL));
    INVAL(flr_signal_wait(NULL, 0.0));
    ZERO(flr_signal_new(NULL, NULL, &signal));
    INVAL(flr_signal_wait(signal, NAN));
    INVAL(flr_signal_wait(signal, INFINITY));
    INVAL(flr_signal_wait(signal, -INFINITY));
    flr_signal_reset(NULL);
    ZERO(flr_signal_is_triggered(NULL));
    NOTHING(flr_signal_get_value(NULL));
    IS(flr_signal_get_time(NULL), FLR_TIME_NONE);
    NOTHING(flr_signal_ref(NULL));
    flr_signal_unref(NULL);
    flr_signal_unref(signal);
    flr_clock_unref(system);
    flr_allocator_ops_init(NULL, sizeof ops);
    flr_allocator_ops_init(&ops, sizeof ops);
    INVAL(flr_allocator_set(&ops, NULL));
    IS(flr_allocator_set(NULL, NULL), FLR_E_STATE); /* there are objects */
}
END_TEST

START_TEST(arguments_of_collectors)
{
    flr_collector *c = NULL;
    flr_info_collector *info = NULL;
    flr_value *v = NULL, *out = NULL;
    ZERO(flr_value_new_int(1, &v));
    INVAL(flr_collector_new(NULL));
    ZERO(flr_collector_new(&c));
    for (int add = 0; add < 2; add++) {
        int (*put)(flr_collector *, const char *, const flr_value *) =
            add ? flr_collector_add : flr_collector_set;
        INVAL(put(NULL, "g", h.map));
        INVAL(put(c, NULL, h.map));
        INVAL(put(c, "", h.map));
        LIMIT(put(c, longer, h.map));
        INVAL(put(c, "g", NULL));
        INVAL(put(c, "g", v));
    }
    ZERO(flr_value_get_size(flr_collector_get(c)));
    NOTHING(flr_collector_get(NULL));
    NOTHING(flr_collector_ref(NULL));
    flr_collector_unref(NULL);
    INVAL(flr_info_collector_new(NULL));
    ZERO(flr_info_collector_new(&info));
    INVAL(flr_info_collector_get(NULL, &out));
    INVAL(flr_info_collector_get(info, NULL));
    INVAL(flr_info_collector_get_stats(NULL, &out));
    INVAL(flr_info_collector_get_stats(info, NULL));
    flr_info_collector_free(NULL);
    flr_info_collector_free(info);
    flr_collector_unref(c);
    flr_value_unref(v);
}
END_TEST

START_TEST(arguments_of_fedavg)
{
    static const int64_t shape[] = {1};
    static const float one[] = {1};
    flr_fedavg_options o;
    flr_workflow *workflow = NULL;
    flr_value *model = NULL, *out = NULL;
    flr_fedavg_options_init(NULL, sizeof o);
    flr_fedavg_options_init(&o, sizeof o);
    INVAL(flr_fedavg_new(NULL, &workflow));
    INVAL(flr_fedavg_new(&o, &workflow)); /* no model */
    o.initial_model = h.map;
    INVAL(flr_fedavg_new(&o, &workflow)); /* an empty one */
    ZERO(flr_value_new_map(&model));
    ZERO(flr_map_set_tensor(&model, "w", FLR_TYPE_F32, 1, shape, one));
    o.initial_model = model;
    INVAL(flr_fedavg_new(&o, NULL));
    o.flags = 1u;
    INVAL(flr_fedavg_new(&o, &workflow));
    o.flags = 0;
    o.rounds = 0;
    INVAL(flr_fedavg_new(&o, &workflow));
    o.rounds = 1;
    o.min_clients = 0;
    INVAL(flr_fedavg_new(&o, &workflow));
    o.min_clients = 1;
    o.integers = 3;
    INVAL(flr_fedavg_new(&o, &workflow));
    o.integers = 0;
    o.accumulator = 2;
    INVAL(flr_fedavg_new(&o, &workflow));
    o.accumulator = 0;
    o.task_name = "";
    INVAL(flr_fedavg_new(&o, &workflow));
    o.task_name = longer;
    LIMIT(flr_fedavg_new(&o, &workflow));
    o.task_name = "t";
    double *const durations[] = {&o.wait_time_after_min_received, &o.train_timeout,
                                 &o.wait_for_clients_timeout};
    for (size_t i = 0; i < 3; i++) {
        double good = *durations[i];
        for (int k = 0; k < 3; k++) {
            *durations[i] = k == 0 ? -1.0 : k == 1 ? NAN : INFINITY;
            INVAL(flr_fedavg_new(&o, &workflow));
        }
        *durations[i] = good;
    }
    NOTHING(workflow);
    ZERO(flr_fedavg_new(&o, &workflow));
    INVAL(flr_fedavg_get_model(NULL, &out));
    INVAL(flr_fedavg_get_model(workflow, NULL));
    ZERO(flr_round_get_contributor_count(NULL));
    NOTHING(flr_round_get_contributor(NULL, 0));
    NOTHING(flr_round_get_result(NULL, 0));
    ZERO(flr_round_get_refused(NULL, 0));
    flr_workflow_unref(workflow);
    flr_value_unref(model);
}
END_TEST

START_TEST(arguments_of_local)
{
    flr_local_options o;
    flr_local *local = NULL;
    flr_local_options_init(NULL, sizeof o);
    flr_local_options_init(&o, sizeof o);
    INVAL(flr_local_new(&o, NULL));
    o.flags = 1u;
    INVAL(flr_local_new(&o, &local));
    o.flags = 0;
    for (int k = 0; k < 3; k++) {
        o.min_delay = k == 0 ? -1.0 : k == 1 ? NAN : INFINITY;
        INVAL(flr_local_new(&o, &local));
    }
    o.min_delay = 2.0;
    o.max_delay = 1.0;
    INVAL(flr_local_new(&o, &local));
    NOTHING(local);
    ZERO(flr_local_new(NULL, &local));
    INVAL(flr_local_add_client(NULL, "a", work, NULL));
    INVAL(flr_local_add_client(local, NULL, work, NULL));
    INVAL(flr_local_add_client(local, "", work, NULL));
    LIMIT(flr_local_add_client(local, longer, work, NULL));
    INVAL(flr_local_add_client(local, "a", NULL, NULL));
    ZERO(flr_local_add_client(local, "a", work, NULL));
    IS(flr_local_add_client(local, "a", work, NULL), FLR_E_EXISTS);
    NOTHING(flr_local_get_engine_ops(NULL));
    INVAL(flr_local_run(NULL, h.runner));
    INVAL(flr_local_run(local, NULL));
    INVAL(flr_local_run(local, h.other)); /* made with another engine */
    INVAL(flr_local_simulate(NULL, h.other, h.clock));
    INVAL(flr_local_simulate(local, NULL, h.clock));
    INVAL(flr_local_simulate(local, h.other, NULL));
    INVAL(flr_local_simulate(local, h.other, h.clock));
    flr_local_free(NULL);
    flr_local_free(local);
}
END_TEST

/* What a getter gives for NULL is not always said; it must not be a crash. */
START_TEST(other_getters_bear_null)
{
    NOTHING(flr_answer_get_data(NULL));
    flr_answer_get_name(NULL);
    flr_answer_get_id(NULL);
    flr_assignment_get_client(NULL);
    NOTHING(flr_assignment_get_task(NULL));
    flr_assignment_get_id(NULL);
    ZERO(flr_assignment_get_send_count(NULL));
    IS(flr_assignment_get_first_sent(NULL), FLR_TIME_NONE);
    IS(flr_assignment_get_last_sent(NULL), FLR_TIME_NONE);
    IS(flr_assignment_get_received(NULL), FLR_TIME_NONE);
    flr_assignment_get_state(NULL);
    NOTHING(flr_assignment_get_result(NULL));
    NOTHING(flr_assignment_get_data(NULL));
    NOTHING(flr_assignment_get_user(NULL));
    flr_assignment_set_user(NULL, NULL);
    flr_task_get_name(NULL);
    flr_task_get_number(NULL);
    NOTHING(flr_task_get_self(NULL));
    flr_task_get_status(NULL);
    flr_task_get_error(NULL);
    flr_audit_record_get_line(NULL);
    flr_audit_record_get_id(NULL);
    flr_audit_record_get_reference(NULL);
    flr_audit_record_get_scope(NULL);
    flr_audit_record_get_job(NULL);
    flr_audit_record_get_task_name(NULL);
    flr_audit_record_get_task_id(NULL);
    flr_audit_record_get_message(NULL);
    flr_audit_record_get_time(NULL);
    flr_aux_send_get_topic(NULL);
    NOTHING(flr_aux_send_get_request(NULL));
    NOTHING(flr_aux_send_get_target(NULL, 0));
    ck_assert(flr_aux_send_get_timeout(NULL) == 0.0);
    ZERO(flr_aux_send_is_optional(NULL));
    ZERO(flr_aux_send_is_secure(NULL));
    ZERO(flr_round_get_number(NULL));
    ZERO(flr_round_get_total(NULL));
    ck_assert(flr_round_get_seconds(NULL) == 0.0 && flr_round_get_weight(NULL, 0) == 0.0);
    flr_scope_get_name(NULL);
    ck_assert_int_gt(flr_clock_get_calendar(NULL), 0); /* the system's */
    ck_assert_ptr_nonnull(flr_info_collector_get_ops());
    ck_assert_ptr_nonnull(flr_status_get_text(-1));
    ck_assert_int_eq(flr_version_get(), FLR_VERSION_NUMBER);
    TEXT(flr_version_get_text(), FLR_VERSION_STRING);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arguments of parts");
    TCase *tests = tcase_create("api");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, arguments_of_tasks);
    tcase_add_test(tests, arguments_of_boards);
    tcase_add_test(tests, arguments_of_contexts);
    tcase_add_test(tests, contexts_bear_null);
    tcase_add_test(tests, arguments_of_aux);
    tcase_add_test(tests, arguments_of_signals_and_clocks);
    tcase_add_test(tests, arguments_of_collectors);
    tcase_add_test(tests, arguments_of_fedavg);
    tcase_add_test(tests, arguments_of_local);
    tcase_add_test(tests, other_getters_bear_null);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
