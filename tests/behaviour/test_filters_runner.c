/* Filters and privacy scopes as a run meets them. Rows FI-01 to FI-05, FI-07 to FI-09; FI-06 needs
 * a board: test_messages_board.c. */
#include "caller.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A filter that notes its name and the direction, and adds to "n" of the body. */
typedef struct noter {
    world *world;
    const char *name;
    int add;
    int status; /* what it returns; without an output if not 0, or if `mute` */
    bool mute;
    int destroyed;
} noter;

static int note(void *self, flr_context *context, flr_shareable *message, flr_shareable **output)
{
    noter *f = self;
    flr_value *direction = NULL;
    uint32_t flags = 9;
    int64_t n = flr_value_get_int(flr_shareable_get(message, "n"), 0);
    ck_assert_int_eq(flr_context_get_prop(context, "__filter_dir__", &direction, &flags), 0);
    ck_assert_uint_eq(flags, 0);
    world_note(f->world, "%s(%s,%d)", f->name, flr_value_get_text(direction, "-"), (int)n);
    flr_value_unref(direction);
    ck_assert_int_eq(flr_shareable_set_int(message, "n", n + f->add), 0);
    if (f->status == 0 && !f->mute)
        *output = flr_shareable_ref(message);
    return f->status;
}

static void note_destroy(void *self)
{
    ((noter *)self)->destroyed++;
}

static flr_filter *filter_of(noter *f)
{
    flr_component_ops component;
    flr_filter_ops ops;
    flr_filter *filter;
    flr_component_ops_init(&component, sizeof component);
    component.destroy = note_destroy;
    flr_filter_ops_init(&ops, sizeof ops);
    ops.component = &component;
    ops.process = note;
    ck_assert_int_eq(flr_filter_new(&ops, f, &filter), 0);
    return filter;
}

static flr_filter_chain *chain_of(noter *first, noter *second)
{
    flr_filter_chain *chain;
    noter *both[] = {first, second};
    ck_assert_int_eq(flr_filter_chain_new(&chain), 0);
    for (int i = 0; i < 2; i++) {
        if (both[i] == NULL)
            continue;
        flr_filter *filter = filter_of(both[i]);
        ck_assert_int_eq(flr_filter_chain_add(chain, filter), 0);
        flr_filter_unref(filter);
    }
    return chain;
}

static int add_chain(world *w, bool results, const char *task, int direction, noter *f)
{
    flr_filter_chain *chain = chain_of(f, NULL);
    int status = results ? flr_config_add_result_filters(w->config, task, direction, chain)
                         : flr_config_add_data_filters(w->config, task, direction, chain);
    flr_filter_chain_unref(chain);
    return status;
}

static void add_scope(world *w, const char *name, noter *data_in, noter *data_out,
                      noter *results_in, noter *results_out)
{
    flr_scope *scope;
    flr_filter *filter;
    ck_assert_int_eq(flr_scope_new(name, &scope), 0);
#define ADD(kind, direction, noter)                                                                \
    if ((noter) != NULL) {                                                                         \
        filter = filter_of(noter);                                                                 \
        ck_assert_int_eq(flr_scope_add_##kind##_filter(scope, direction, filter), 0);              \
        flr_filter_unref(filter);                                                                  \
    }
    ADD(data, FLR_FILTER_IN, data_in)
    ADD(data, FLR_FILTER_OUT, data_out)
    ADD(result, FLR_FILTER_IN, results_in)
    ADD(result, FLR_FILTER_OUT, results_out)
    ck_assert_int_eq(flr_config_add_scope(w->config, scope), 0);
    flr_scope_unref(scope);
}

static const char *task_name = "train";

static int offer(world_workflow *f, flr_context *context, const char *client, flr_offer *out)
{
    flr_shareable *data;
    (void)f, (void)context, (void)client;
    ck_assert_int_eq(flr_shareable_new(&data), 0);
    return flr_offer_set(out, task_name, "id", data);
}

static int64_t arrived;

static int take(world_workflow *f, flr_context *context, const char *client, const char *task,
                const char *id, flr_shareable *result, int *outcome)
{
    (void)f, (void)context, (void)client, (void)task, (void)id, (void)outcome;
    arrived = flr_value_get_int(flr_shareable_get(result, "n"), -1);
    return 0;
}

static int no_events(world *w, const char *event, flr_context *context)
{
    (void)context;
    size_t cut = strlen(w->trace) - strlen(event) - 1; /* as if it had not been recorded */
    w->trace[cut] = '\0';
    return 0;
}

static void open_world(world *w)
{
    task_name = "train";
    w->workflows[0].on_request = offer;
    w->workflows[0].on_submission = take;
    world_start(w);
    world_step(w);
    world_clear(w);
    w->on_event = no_events;
}

static int64_t request_n(world *w)
{
    const flr_answer *answer = world_request(w, "a");
    return flr_value_get_int(flr_shareable_get(flr_answer_get_data(answer), "n"), -1);
}

START_TEST(fi_01_scope_then_job)
{
    world *w = world_new(1);
    noter data[4] = {{w, "scope", 1, 0, 0, 0},
                     {w, "job", 2, 0, 0, 0},
                     {w, "job2", 4, 0, 0, 0},
                     {w, "wrong", 99, 0, 0, 0}};
    noter results[4] = {{w, "scope", 1, 0, 0, 0},
                        {w, "job", 2, 0, 0, 0},
                        {w, "job2", 4, 0, 0, 0},
                        {w, "wrong", 99, 0, 0, 0}};
    flr_filter_chain *chain = chain_of(&data[1], &data[2]);
    ck_assert_int_eq(flr_config_add_data_filters(w->config, "train", FLR_FILTER_OUT, chain), 0);
    flr_filter_chain_unref(chain);
    chain = chain_of(&results[1], &results[2]);
    ck_assert_int_eq(flr_config_add_result_filters(w->config, "train", FLR_FILTER_IN, chain), 0);
    flr_filter_chain_unref(chain);
    /* the other directions are not this side's */
    ck_assert_int_eq(add_chain(w, false, "train", FLR_FILTER_IN, &data[3]), 0);
    ck_assert_int_eq(add_chain(w, true, "train", FLR_FILTER_OUT, &results[3]), 0);
    add_scope(w, "private", &data[3], &data[0], &results[0], &results[3]);
    ck_assert_int_eq(flr_config_set_job_scope(w->config, "private"), 0);
    open_world(w);
    ck_assert_int_eq(request_n(w), 7);
    expect_trace(w, "scope(out,0) job(out,1) job2(out,3)");
    ck_assert_int_eq(world_submit(w, "a", "train", "id", NULL), FLR_OUTCOME_ACCEPTED);
    expect_trace(w, "scope(in,0) job(in,1) job2(in,3)");
    ck_assert_int_eq(arrived, 7);
    world_free(w);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(data[i].destroyed, 1);
        ck_assert_int_eq(results[i].destroyed, 1);
    }
}
END_TEST

static const flr_shareable *first_seen;

static int see_messages(world *w, const char *event, flr_context *context)
{
    flr_value *value = NULL;
    bool data = strstr(event, "_task_data_filter") != NULL;
    if (!data && strstr(event, "_task_result_filter") == NULL)
        return 0;
    ck_assert_int_eq(
        flr_context_get(context, data ? FLR_PROP_TASK_DATA : FLR_PROP_TASK_RESULT, &value), 0);
    const flr_shareable *message = flr_value_get_pointer(value, "flr_shareable");
    flr_value_unref(value);
    if (strncmp(event, "_before", 7) == 0) {
        first_seen = message;
        return 0;
    }
    world_note(w, message == first_seen ? "same" : "other");
    ck_assert_int_eq(flr_context_get(context, "__filter_dir__", &value), 0);
    world_note(w, "%s", flr_value_get_text(value, "-"));
    flr_value_unref(value);
    return 0;
}

START_TEST(fi_02_without_filters)
{
    world *w = world_new(1);
    open_world(w);
    w->on_event = see_messages;
    world_request(w, "a");
    ck_assert_ptr_nonnull(strstr(world_trace(w), "_after_task_data_filter same out"));
    world_clear(w);
    world_submit(w, "a", "train", "id", NULL);
    ck_assert_ptr_nonnull(strstr(world_trace(w), "_after_task_result_filter same in"));
    world_free(w);
}
END_TEST

START_TEST(fi_03_patterns)
{
    static const struct {
        const char *task, *trace;
    } cases[] = {
        {"train", "train all tr* *in t*i*n"},
        {"trains", "all tr*"},
        {"tin", "all *in t*i*n"},
        {"in", "all *in"},
        {"t", "all"},
        {"train?", "train? all tr*"},
        {"trainx", "all tr*"}, /* nothing but the star is special */
        {"Train", "all *in"},
        {"[t]", "all [t]"},
    };
    static const char *const patterns[] = {"train", "train?", "*", "tr*", "*in", "t*i*n", "[t]"};
    world *w = world_new(1);
    noter noters[7];
    char got[256];
    for (size_t i = 0; i < 7; i++) {
        noters[i] = (noter){w, strcmp(patterns[i], "*") == 0 ? "all" : patterns[i], 0, 0, 0, 0};
        ck_assert_int_eq(add_chain(w, false, patterns[i], FLR_FILTER_OUT, &noters[i]), 0);
    }
    open_world(w);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        task_name = cases[i].task;
        world_request(w, "a");
        got[0] = '\0';
        for (const char *p = world_trace(w); *p != '\0'; p += strcspn(p, " "), p += *p == ' ')
            snprintf(got + strlen(got), sizeof got - strlen(got), "%s%.*s", *got ? " " : "",
                     (int)strcspn(p, "("), p);
        ck_assert_str_eq(got, cases[i].trace);
        world_clear(w);
    }
    world_free(w);
}
END_TEST

START_TEST(fi_04_configuration)
{
    world *w = world_new(1);
    noter f[8];
    for (int i = 0; i < 8; i++)
        f[i] = (noter){w, "f", 0, 0, 0, 0};
    ck_assert_int_eq(add_chain(w, false, "train", FLR_FILTER_INOUT, &f[0]), 0);
    ck_assert_int_eq(add_chain(w, false, "train", FLR_FILTER_OUT, &f[1]), FLR_E_EXISTS);
    ck_assert_int_eq(add_chain(w, false, "train", FLR_FILTER_IN, &f[2]), FLR_E_EXISTS);
    ck_assert_int_eq(add_chain(w, false, "train", FLR_FILTER_INOUT, &f[3]), FLR_E_EXISTS);
    ck_assert_int_eq(add_chain(w, true, "train", FLR_FILTER_IN, &f[4]), 0); /* results: another */
    ck_assert_int_eq(add_chain(w, true, "train", FLR_FILTER_OUT, &f[5]), 0);
    ck_assert_int_eq(add_chain(w, false, "other", 0, &f[6]), FLR_E_INVAL);
    ck_assert_ptr_nonnull(strstr(flr_config_get_detail(w->config), "direction"));
    ck_assert_int_eq(add_chain(w, false, "other", 4, &f[6]), FLR_E_INVAL);
    ck_assert_int_eq(add_chain(w, false, "", FLR_FILTER_OUT, &f[7]), FLR_E_INVAL);
    ck_assert_int_eq(flr_config_add_data_filters(w->config, "x", FLR_FILTER_OUT, NULL),
                     FLR_E_INVAL);
    open_world(w);
    world_request(w, "a");
    expect_trace(w, "f(out,0)");
    world_submit(w, "a", "train", "id", NULL);
    expect_trace(w, "f(in,0)");
    world_free(w);
}
END_TEST

START_TEST(fi_05_a_failure_stops_the_chain)
{
    for (int mute = 0; mute < 2; mute++) {
        world *w = world_new(1);
        noter first = {w, "first", 1, mute ? 0 : FLR_E_IO, mute == 1, 0};
        noter second = {w, "second", 1, 0, 0, 0}, third = {w, "third", 1, 0, 0, 0};
        flr_filter_chain *chain = chain_of(&first, &second);
        ck_assert_int_eq(flr_config_add_data_filters(w->config, "train", FLR_FILTER_INOUT, chain),
                         0);
        ck_assert_int_eq(flr_config_add_result_filters(w->config, "train", FLR_FILTER_INOUT, chain),
                         0);
        flr_filter_chain_unref(chain);
        ck_assert_int_eq(add_chain(w, false, "*", FLR_FILTER_INOUT, &third), 0);
        open_world(w);
        ck_assert_int_eq(flr_answer_get_kind(world_request(w, "a")), FLR_ANSWER_TRY_AGAIN);
        expect_trace(w, "first(out,0)");
        ck_assert_int_eq(world_submit(w, "a", "train", "id", NULL), FLR_OUTCOME_ACCEPTED);
        expect_trace(w, "first(in,0)");
        ck_assert_int_eq(arrived, -1); /* without a body */
        world_free(w);
    }
}
END_TEST

/* ---- FI-07 ---- */

static stage filter_stage = STAGE_INIT;
static int inside_now, inside_most;

static int held(void *self, flr_context *context, flr_shareable *message, flr_shareable **output)
{
    (void)self;
    pthread_mutex_lock(&filter_stage.lock);
    inside_now++;
    inside_most = inside_now > inside_most ? inside_now : inside_most;
    pthread_mutex_unlock(&filter_stage.lock);
    if (strcmp(flr_context_get_identity(flr_context_get_peer(context)), "a") == 0) {
        stage_reach(&filter_stage, 1);
        stage_await(&filter_stage, 3);
    }
    pthread_mutex_lock(&filter_stage.lock);
    inside_now--;
    pthread_mutex_unlock(&filter_stage.lock);
    *output = flr_shareable_ref(message);
    return 0;
}

static int note_second(world *w, const char *event, flr_context *context)
{
    (void)w;
    if (strcmp(event, FLR_EVENT_BEFORE_TASK_DATA_FILTER) == 0 &&
        strcmp(flr_context_get_identity(flr_context_get_peer(context)), "b") == 0)
        stage_reach(&filter_stage, 2);
    return 0;
}

static int offer_by_client(world_workflow *f, flr_context *context, const char *client,
                           flr_offer *out)
{
    (void)f, (void)context;
    return flr_offer_set(out, strcmp(client, "c") == 0 ? "free" : "train", "id", NULL);
}

START_TEST(fi_07_one_thread_at_a_time)
{
    world *w = world_new(1);
    caller a, b;
    flr_filter_ops ops;
    flr_filter_ops_init(&ops, sizeof ops);
    ops.process = held;
    ck_assert_int_eq(flr_config_add_data_filter(w->config, "train", &ops, w), 0);
    w->workflows[0].on_request = offer_by_client;
    world_start(w);
    world_step(w);
    w->on_event = note_second;
    caller_request(&a, w, "a");
    stage_await(&filter_stage, 1);
    caller_request(&b, w, "b");
    stage_await(&filter_stage, 2);
    /* Who needs other filters, or none, does not wait. */
    ck_assert_int_eq(flr_answer_get_kind(world_request(w, "c")), FLR_ANSWER_TASK);
    ck_assert_int_eq(world_submit(w, "c", "train", "id", NULL), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(flr_shareable_get_rc(world_aux(w, "c", "__job_heartbeat__", NULL)), "OK");
    give_way(w);
    stage_reach(&filter_stage, 3);
    caller_join(&a);
    caller_join(&b);
    ck_assert_int_eq(inside_most, 1);
    ck_assert_int_eq(a.kind, FLR_ANSWER_TASK);
    ck_assert_int_eq(b.kind, FLR_ANSWER_TASK);
    world_free(w);
}
END_TEST

static int meet(void *self, flr_context *context, flr_shareable *message, flr_shareable **output)
{
    (void)self, (void)context;
    stage_step(&filter_stage);
    stage_await(&filter_stage, 12);
    *output = flr_shareable_ref(message);
    return 0;
}

START_TEST(fi_07_concurrent)
{
    world *w = world_new(1);
    caller a, b;
    flr_filter_ops ops;
    flr_filter_ops_init(&ops, sizeof ops);
    ops.process = meet;
    ops.flags = FLR_FILTER_FLAG_CONCURRENT;
    ck_assert_int_eq(flr_config_add_result_filter(w->config, "*", &ops, w), 0);
    world_start(w);
    world_step(w);
    stage_reach(&filter_stage, 10);
    caller_submit(&a, w, "a", "train", "id");
    caller_submit(&b, w, "b", "train", "id");
    caller_join(&a);
    caller_join(&b);
    ck_assert_int_eq(a.outcome, FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(b.outcome, FLR_OUTCOME_ACCEPTED);
    world_free(w);
}
END_TEST

/* ---- FI-08, FI-09 ---- */

static int list_nobody(void *self, flr_client_list *list)
{
    (void)self, (void)list;
    return 0;
}

/* Make a runner of a configuration with the scopes "one", "two": its status. NULL: that is not set.
 */
static int try_scopes(bool scopes, const char *fallback, const char *asked, char effective[32])
{
    world *w = world_new(0);
    flr_engine_ops engine;
    flr_runner *runner = NULL;
    flr_context *context;
    flr_value *value = NULL;
    uint32_t flags = 9;
    if (scopes) {
        add_scope(w, "one", NULL, NULL, NULL, NULL);
        add_scope(w, "two", NULL, NULL, NULL, NULL);
    }
    int status = fallback == NULL ? 0 : flr_config_set_default_scope(w->config, fallback);
    if (status == 0 && asked != NULL)
        status = flr_config_set_job_scope(w->config, asked);
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_nobody;
    effective[0] = '\0';
    if (status == 0)
        status = flr_runner_new(w->config, WORLD_JOB, &engine, w, &runner);
    if (status == 0) {
        w->config = NULL;
        ck_assert_int_eq(flr_runner_new_context(runner, &context), 0);
        if (flr_context_get_prop(context, "__effective_job_scope_name__", &value, &flags) == 0) {
            ck_assert_uint_eq(flags, FLR_PROP_FLAG_STICKY);
            snprintf(effective, 32, "%s", flr_value_get_text(value, "-"));
            flr_value_unref(value);
            ck_assert_int_eq(flr_context_get_prop(context, "__scope_object__", &value, &flags), 0);
            ck_assert_uint_eq(flags, FLR_PROP_FLAG_STICKY);
            ck_assert_str_eq(flr_scope_get_name(flr_value_get_pointer(value, "flr_scope")),
                             effective);
            flr_value_unref(value);
        }
        flr_context_free(context);
        flr_runner_free(runner);
    }
    world_free(w);
    return status;
}

START_TEST(fi_08_09_which_scope)
{
    static const struct {
        bool scopes;
        const char *fallback, *asked;
        int status;
        const char *effective;
    } cases[] = {
        {false, NULL, NULL, 0, ""}, /* no policy: every name is allowed */
        {false, NULL, "any", 0, ""},
        {false, "one", NULL, FLR_E_NOTFOUND, ""},
        {true, NULL, "one", 0, "one"},
        {true, NULL, "two", 0, "two"},
        {true, NULL, "three", FLR_E_NOTFOUND, ""},
        {true, NULL, "", FLR_E_NOTFOUND, ""}, /* no default to mean */
        {true, NULL, NULL, FLR_E_NOTFOUND, ""},
        {true, "two", "", 0, "two"},
        {true, "two", NULL, 0, "two"},
        {true, "two", "one", 0, "one"},
        {true, "two", "three", FLR_E_NOTFOUND, ""},
        {true, "three", "one", FLR_E_NOTFOUND, ""},
    };
    char effective[32];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int status = try_scopes(cases[i].scopes, cases[i].fallback, cases[i].asked, effective);
        ck_assert_msg(status == cases[i].status, "case %d: %d", (int)i, status);
        ck_assert_str_eq(effective, cases[i].effective);
    }
}
END_TEST

START_TEST(fi_08_name_used_twice)
{
    world *w = world_new(0);
    flr_scope *scope;
    add_scope(w, "one", NULL, NULL, NULL, NULL);
    ck_assert_int_eq(flr_scope_new("one", &scope), 0);
    ck_assert_int_eq(flr_config_add_scope(w->config, scope), FLR_E_EXISTS);
    flr_scope_unref(scope);
    world_free(w);
}
END_TEST

START_TEST(fi_09_configuration_stays_usable)
{
    world *w = world_new(1);
    flr_engine_ops engine;
    flr_runner *runner = NULL;
    add_scope(w, "one", NULL, NULL, NULL, NULL);
    ck_assert_int_eq(flr_config_set_job_scope(w->config, "two"), 0);
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_nobody;
    ck_assert_int_eq(flr_runner_new(w->config, WORLD_JOB, &engine, w, &runner), FLR_E_NOTFOUND);
    ck_assert_ptr_null(runner);
    ck_assert_ptr_nonnull(strstr(flr_config_get_detail(w->config), "two"));
    ck_assert_int_eq(flr_config_set_job_scope(w->config, "one"), 0);
    open_world(w); /* asserts that it can be made now */
    world_free(w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("filters of a run");
    TCase *one = tcase_create("filters");
    tcase_add_test(one, fi_01_scope_then_job);
    tcase_add_test(one, fi_02_without_filters);
    tcase_add_test(one, fi_03_patterns);
    tcase_add_test(one, fi_04_configuration);
    tcase_add_test(one, fi_05_a_failure_stops_the_chain);
    tcase_add_test(one, fi_07_one_thread_at_a_time);
    tcase_add_test(one, fi_07_concurrent);
    tcase_add_test(one, fi_08_09_which_scope);
    tcase_add_test(one, fi_08_name_used_twice);
    tcase_add_test(one, fi_09_configuration_stays_usable);
    suite_add_tcase(suite, one);
    return suite_run(suite);
}
