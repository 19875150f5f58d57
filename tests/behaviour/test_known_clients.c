/*
 * Which clients a run knows, and the hierarchy made of that: rows LC-06, LC-31. Where a loop index
 * is used, 0 steps the run and 1 runs it.
 */
#include "caller.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define END " _about_to_end_run aux:__end_run__ persist(1) _check_end_run_readiness _end_run"

static world *opened(void)
{
    world *w = world_new(1);
    world_start(w);
    world_step(w);
    world_clear(w);
    return w;
}

static void end_workflow(world *w, int i)
{
    w->workflows[i].ended = true;
    ck_assert_int_eq(flr_runner_wake(w->runner), 0);
    world_step(w);
}

/* The table as text: "a<parent:heard:gone", seconds, "-" for none; divided by blanks. */
typedef struct table_text {
    char text[512];
} table_text;

static void add_time(char *text, size_t size, int64_t time)
{
    size_t used = strlen(text);
    if (time == FLR_TIME_NONE)
        snprintf(text + used, size - used, ":-");
    else
        snprintf(text + used, size - used, ":%g", (double)time / 1e9);
}

static int add_client(void *self, const char *client, const char *parent, int64_t last_heard,
                      int64_t disconnected)
{
    table_text *t = self;
    size_t used = strlen(t->text);
    snprintf(t->text + used, sizeof t->text - used, "%s%s%s%s", used > 0 ? " " : "", client,
             parent == NULL ? "" : "<", parent == NULL ? "" : parent);
    add_time(t->text, sizeof t->text, last_heard);
    add_time(t->text, sizeof t->text, disconnected);
    return 0;
}

static void expect_table(world *w, const char *expected)
{
    table_text t = {""};
    ck_assert_int_eq(flr_runner_visit_clients(w->runner, add_client, &t), 0);
    ck_assert_str_eq(t.text, expected);
}

/* ---- LC-31 ---- */

START_TEST(lc_31_when_the_engine_is_asked)
{
    world *w = world_begin(2, _i != 0);
    w->trace_lists = true;
    ck_assert_int_eq(world_complete(w, _i != 0), 0);
    ck_assert_str_eq(
        world_trace(w),
        "_start_run persist(0) list_clients initialize_run start _start_workflow list_clients "
        "control stop finalize_run _end_workflow initialize_run2 start2 _start_workflow "
        "list_clients control2 stop2 finalize_run2 _end_workflow" END);
    world_free(w);
}
END_TEST

static int open_second_with_others(world_workflow *f, flr_context *context)
{
    (void)context;
    f->world->clients[0] = "c"; /* at the second opening the engine knows these */
    f->world->clients[1] = "a";
    f->world->parents[1] = "c";
    return 0;
}

START_TEST(lc_31_known_clients)
{
    world *w = world_new(2);
    w->workflows[1].on_start = open_second_with_others;
    world_start(w);
    expect_table(w, "");
    ck_assert_int_eq(flr_runner_add_client(w->runner, "early", NULL), 0);
    world_step(w);
    expect_table(w, "a:-:- b:-:-"); /* the engine's list replaces what was known */
    ck_assert_int_eq(flr_runner_add_client(w->runner, "d", "b"), 0); /* the host's changes */
    ck_assert_int_eq(flr_runner_add_client(w->runner, "d", "b"), FLR_E_EXISTS);
    ck_assert_int_eq(flr_runner_add_client(w->runner, "a", NULL), FLR_E_EXISTS);
    ck_assert_int_eq(flr_runner_remove_client(w->runner, "b"), 0);
    ck_assert_int_eq(flr_runner_remove_client(w->runner, "b"), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr_runner_remove_client(w->runner, "nobody"), FLR_E_NOTFOUND);
    expect_table(w, "a:-:- d<b:-:-");
    world_request(w, "e"); /* a credited client is known */
    expect_table(w, "a:-:- d<b:-:- e:1:-");
    world_aux(w, "f", "__job_heartbeat__", NULL);
    expect_table(w, "a:-:- d<b:-:- e:1:- f:1:-");
    end_workflow(w, 0); /* before each gate opens the set is replaced */
    expect_table(w, "c:-:- a<c:-:-");
    world_request(w, "e");
    expect_table(w, "c:-:- a<c:-:- e:1:-"); /* as it was known before */
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
}
END_TEST

START_TEST(lc_31_arguments)
{
    world *w = opened();
    char too_long[257];
    memset(too_long, 'x', 256);
    too_long[256] = '\0';
    ck_assert_int_eq(flr_runner_add_client(NULL, "x", NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_add_client(w->runner, NULL, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_add_client(w->runner, "", NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_add_client(w->runner, too_long, NULL), FLR_E_LIMIT);
    ck_assert_int_eq(flr_runner_add_client(w->runner, "x", too_long), FLR_E_LIMIT);
    ck_assert_int_eq(flr_runner_remove_client(NULL, "a"), FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_remove_client(w->runner, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_remove_client(w->runner, too_long), FLR_E_LIMIT);
    ck_assert_int_eq(flr_runner_handle_dead_job(NULL, "a"), FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, ""), FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, too_long), FLR_E_LIMIT);
    ck_assert_int_eq(flr_runner_visit_clients(w->runner, NULL, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_visit_clients(NULL, add_client, NULL), FLR_E_INVAL);
    expect_table(w, "a:-:- b:-:-");
    ck_assert_uint_eq(world_stats(w).dead_reports, 0);
    world_free(w);
}
END_TEST

static int schedule(world *w, int64_t mode)
{
    flr_board *board;
    flr_task_options options;
    flr_broadcast_options broadcast;
    flr_task *task;
    flr_shareable *payload;
    ck_assert_int_eq(flr_context_get_board(w->context, &board), 0);
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

/* Ask and answer until there is nothing more; how often. */
static int serve_all(world *w, const char *client)
{
    const flr_answer *answer;
    char id[40];
    int served = 0;
    while (flr_answer_get_kind(answer = world_request(w, client)) == FLR_ANSWER_TASK) {
        snprintf(id, sizeof id, "%s", flr_answer_get_id(answer));
        ck_assert_int_eq(world_submit(w, client, "train", id, NULL), FLR_OUTCOME_ACCEPTED);
        served++;
    }
    return served;
}

/* At each SNAPSHOT the engine is asked again, and only it; at no other scheduling. */
START_TEST(lc_31_asked_at_each_snapshot)
{
    world *w = world_new(1);
    w->workflows[0].with_board = true;
    world_start(w);
    w->trace_lists = true;
    world_step(w);
    world_clear(w);
    ck_assert_int_eq(flr_runner_add_client(w->runner, "host", NULL), 0);
    w->clients[1] = "late";
    ck_assert_int_eq(schedule(w, FLR_TARGETS_OPEN), 0);
    ck_assert_str_eq(world_trace(w), "");
    expect_table(w, "a:-:- b:-:- host:-:-");
    ck_assert_int_eq(schedule(w, FLR_TARGETS_SNAPSHOT), 0);
    ck_assert_str_eq(world_trace(w), "list_clients");
    expect_table(w, "a:-:- late:-:-");
    ck_assert_int_eq(serve_all(w, "host"), 1); /* the open task; no target of the other */
    ck_assert_int_eq(serve_all(w, "late"), 1); /* a target of the snapshot */
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
}
END_TEST

static int count_word(world *w, const char *word)
{
    int n = 0;
    for (const char *p = world_trace(w); (p = strstr(p, word)) != NULL; p += strlen(word)) {
        n++;
    }
    return n;
}

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
    expect_table(w, "a:-:- b:-:-"); /* who was known still is */
    world_free(w);
}
END_TEST

/* ---- LC-06 ---- */

static void add_trees(const flr_value *trees, char *text, size_t size)
{
    for (size_t i = 0; i < flr_value_get_size(trees); i++) {
        const flr_value *tree = flr_list_get(trees, i);
        const flr_value *children = flr_map_get(tree, "children");
        ck_assert_uint_eq(flr_value_get_size(tree), 2);
        ck_assert_int_eq(flr_value_get_kind(children), FLR_VALUE_LIST);
        size_t used = strlen(text);
        snprintf(text + used, size - used, "%s%s", i > 0 ? " " : "",
                 flr_value_get_text(flr_map_get(tree, "name"), "?"));
        if (flr_value_get_size(children) > 0) {
            strncat(text, "(", size - strlen(text) - 1);
            add_trees(children, text, size);
            strncat(text, ")", size - strlen(text) - 1);
        }
    }
}

static void expect_hierarchy(world *w, const char *expected)
{
    flr_value *trees = NULL;
    uint32_t flags = 9;
    char text[512] = "";
    ck_assert_int_eq(flr_context_get_prop(w->context, "__client_hierarchy__", &trees, &flags), 0);
    ck_assert_uint_eq(flags, FLR_PROP_FLAG_STICKY); /* private */
    ck_assert_int_eq(flr_value_get_kind(trees), FLR_VALUE_LIST);
    add_trees(trees, text, sizeof text);
    flr_value_unref(trees);
    ck_assert_str_eq(text, expected);
}

START_TEST(lc_06_hierarchy)
{
    static const char *const names[] = {"leaf", "root", "middle",  "orphan", "x",
                                        "y",    "self", "under-x", "leaf2",  "nameless"};
    static const char *const parents[] = {"middle", NULL,   "root", "nobody", "y",
                                          "x",      "self", "x",    "middle", ""};
    world *w = world_new(1);
    for (int i = 0; i < 10; i++) {
        w->clients[i] = names[i];
        w->parents[i] = parents[i];
    }
    w->client_count = 10;
    world_start(w);
    expect_hierarchy(w, "");
    world_step(w);
    /* in the table's order; missing, unknown and circular parents make roots */
    expect_hierarchy(w, "root(middle(leaf leaf2)) orphan x(under-x) y self nameless");
    expect_hierarchy(w, "root(middle(leaf leaf2)) orphan x(under-x) y self nameless");
    world_free(w);
}
END_TEST

START_TEST(lc_06_follows_the_table)
{
    world *w = opened();
    expect_hierarchy(w, "a b");
    ck_assert_int_eq(flr_runner_add_client(w->runner, "c", "b"), 0);
    expect_hierarchy(w, "a b(c)");
    ck_assert_int_eq(flr_runner_remove_client(w->runner, "b"), 0);
    expect_hierarchy(w, "a c");
    world_request(w, "d"); /* known by being heard */
    expect_hierarchy(w, "a c d");
    world_free(w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("known clients");
    TCase *known = tcase_create("known");
    tcase_add_loop_test(known, lc_31_when_the_engine_is_asked, 0, 2);
    tcase_add_test(known, lc_31_known_clients);
    tcase_add_test(known, lc_31_arguments);
    tcase_add_test(known, lc_31_asked_at_each_snapshot);
    tcase_add_loop_test(known, lc_31_listing_fails_before_a_gate_opens, 0, 2);
    tcase_add_test(known, lc_06_hierarchy);
    tcase_add_test(known, lc_06_follows_the_table);
    suite_add_tcase(suite, known);
    return suite_run(suite);
}
