/* Which clients a run knows. Rows LC-06, LC-31. */
#include "boardhost.h"
#include "caller.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    world_step(w);
    expect_table(w, "a:-:- b:-:-");
    ck_assert_int_eq(flr_runner_add_client(w->runner, "d", "b"), 0); /* the host's changes */
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

/* At each SNAPSHOT the engine is asked again, and only it. */
START_TEST(lc_31_snapshot)
{
    boardhost h;
    boardhost_init(&h, 2);
    boardhost_begin(&h);
    ck_assert_int_eq(flr_runner_add_client(h.runner, "site-5", NULL), 0);
    h.clients = 3;
    flr_task *task = boardhost_task(&h, "train", NULL);
    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_SNAPSHOT, 0, 0, 0), 0);
    ck_assert_ptr_null(boardhost_ask(&h, 5));
    for (int i = 1; i <= 3; i++)
        ck_assert_int_eq(boardhost_serve(&h, i), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_OK);
    flr_task_unref(task);
    boardhost_close(&h);
    boardhost_free(&h);
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
                                        "y",    "self", "under-x", "leaf2"};
    static const char *const parents[] = {"middle", NULL,   "root", "nobody", "y",
                                          "x",      "self", "x",    "middle"};
    world *w = world_new(1);
    for (int i = 0; i < 9; i++) {
        w->clients[i] = names[i];
        w->parents[i] = parents[i];
    }
    w->client_count = 9;
    world_start(w);
    expect_hierarchy(w, "");
    world_step(w);
    /* in the table's order; missing, unknown and circular parents make roots */
    expect_hierarchy(w, "root(middle(leaf leaf2)) orphan x(under-x) y self");
    expect_hierarchy(w, "root(middle(leaf leaf2)) orphan x(under-x) y self");
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
    tcase_add_test(known, lc_31_known_clients);
    tcase_add_test(known, lc_31_arguments);
    tcase_add_test(known, lc_31_snapshot);
    tcase_add_test(known, lc_06_hierarchy);
    tcase_add_test(known, lc_06_follows_the_table);
    suite_add_tcase(suite, known);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
