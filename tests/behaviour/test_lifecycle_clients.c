/*
 * Who is known to a run, and the hierarchy made of that: rows LC-06, LC-31. Where a loop index is used, 0 steps the run and 1 runs it.
 */
#include "world.h"
#include <stdio.h>
#include <string.h>

#define END " _about_to_end_run aux:__end_run__ persist(1) _check_end_run_readiness _end_run"

static int count_word(world *w, const char *word)
{
    int n = 0;
    for (const char *p = world_trace(w); (p = strstr(p, word)) != NULL; p += strlen(word))
        n++;
    return n;
}

/* ---------------------------------------------------------------- LC-06 */

static void draw(const flr_value *trees, char *to, size_t room)
{
    for (size_t i = 0; i < flr_value_get_size(trees); i++) {
        const flr_value *tree = flr_list_get(trees, i);
        ck_assert_uint_eq(flr_value_get_size(tree), 2);
        snprintf(to + strlen(to), room - strlen(to), "%s(",
                 flr_value_get_text(flr_map_get(tree, "name"), "?"));
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
    world *w = world_begin(1, false);
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

/* ---------------------------------------------------------------- LC-31 */

static int add_name(void *self, const char *client, const char *parent, int64_t last_heard,
                    int64_t disconnected)
{
    char *names = self;
    (void)last_heard;
    (void)disconnected;
    snprintf(names + strlen(names), 256 - strlen(names), "%s%s%s ", client,
             parent == NULL ? "" : "/", parent == NULL ? "" : parent);
    return 0;
}

static const char *known(world *w)
{
    static char names[256];
    names[0] = '\0';
    ck_assert_int_eq(flr_runner_visit_clients(w->runner, add_name, names), 0);
    return names;
}

START_TEST(lc_31_when_the_engine_is_asked)
{
    world *w = world_begin(2, _i != 0);
    w->trace_lists = true;
    ck_assert_int_eq(world_complete(w, _i != 0), 0);
    ck_assert_str_eq(
        world_trace(w),
        "_start_run persist(0) list_clients initialize_run start _start_workflow list_clients control stop "
        "finalize_run _end_workflow initialize_run2 start2 _start_workflow list_clients control2 stop2 "
        "finalize_run2 _end_workflow" END);
    world_free(w);
}
END_TEST

START_TEST(lc_31_who_is_known)
{
    world *w = world_begin(2, false);
    ck_assert_str_eq(known(w), "");
    ck_assert_int_eq(flr_runner_add_client(w->runner, "early", NULL), 0);
    world_step(w);
    ck_assert_str_eq(known(w), "a b "); /* the engine's list replaces it */
    ck_assert_int_eq(flr_runner_add_client(w->runner, "d", "b"), 0);
    ck_assert_int_eq(flr_runner_add_client(w->runner, "d", "b"), FLR_E_EXISTS);
    ck_assert_int_eq(flr_runner_add_client(w->runner, "", NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_remove_client(w->runner, "a"), 0);
    ck_assert_int_eq(flr_runner_remove_client(w->runner, "a"), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr_runner_remove_client(w->runner, "nobody"), FLR_E_NOTFOUND);
    ck_assert_str_eq(known(w), "b d/b ");
    world_request(w, "new"); /* credited, so known */
    world_aux(w, "newer", "__job_heartbeat__", NULL);
    ck_assert_str_eq(known(w), "b d/b new newer ");
    w->clients[0] = "c";
    w->clients[1] = "a";
    w->parents[0] = "a";
    w->workflows[0].ended = true;
    flr_runner_wake(w->runner);
    world_step(w);
    ck_assert_str_eq(known(w), "c/a a ");
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
}
END_TEST

static int schedule(world_workflow *wf, int64_t mode)
{
    flr_board *board;
    flr_task_options options;
    flr_broadcast_options broadcast;
    flr_task *task;
    flr_shareable *payload;
    ck_assert_int_eq(flr_context_get_board(wf->world->context, &board), 0);
    ck_assert_int_eq(flr_shareable_new(&payload), 0);
    flr_task_options_init(&options, sizeof options);
    options.name = "train";
    options.payload = payload;
    ck_assert_int_eq(flr_task_new(&options, &task), 0);
    flr_broadcast_options_init(&broadcast, sizeof broadcast);
    broadcast.mode = mode;
    broadcast.min_responses = 1;
    int status = flr_board_broadcast(board, task, &broadcast, NULL);
    flr_task_unref(task);
    flr_shareable_unref(payload);
    return status;
}

START_TEST(lc_31_asked_at_each_snapshot)
{
    world *w = world_new(1);
    w->workflows[0].with_board = true;
    world_start(w);
    w->trace_lists = true;
    world_step(w);
    world_clear(w);
    w->clients[1] = "late";
    ck_assert_int_eq(schedule(&w->workflows[0], FLR_TARGETS_OPEN), 0);
    ck_assert_str_eq(world_trace(w), "");
    ck_assert_str_eq(known(w), "a b ");
    ck_assert_int_eq(schedule(&w->workflows[0], FLR_TARGETS_SNAPSHOT), 0);
    ck_assert_str_eq(world_trace(w), "list_clients");
    ck_assert_str_eq(known(w), "a late ");
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
}
END_TEST

static int fail_second_list(world *w)
{
    return count_word(w, "list_clients") == 2 ? FLR_E_IO : 0;
}

START_TEST(lc_31_listing_fails_before_a_gate_opens)
{
    world *w = world_begin(1, _i != 0);
    w->trace_lists = true;
    w->on_list = fail_second_list;
    ck_assert_int_eq(world_complete(w, _i != 0), FLR_E_IO);
    ck_assert_str_eq(
        world_trace(w),
        "_start_run persist(0) list_clients initialize_run start _start_workflow list_clients "
        "_fatal_system_error stop finalize_run _end_workflow" END);
    ck_assert_str_eq(known(w), "a b "); /* who was known still is */
    world_free(w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lifecycle, clients");
    TCase *c = tcase_create("lifecycle, clients");
    tcase_add_test(c, lc_06_client_hierarchy);
    tcase_add_loop_test(c, lc_31_when_the_engine_is_asked, 0, 2);
    tcase_add_test(c, lc_31_who_is_known);
    tcase_add_test(c, lc_31_asked_at_each_snapshot);
    tcase_add_loop_test(c, lc_31_listing_fails_before_a_gate_opens, 0, 2);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
