/*
 * Wrong arguments for the client runner, through the shared library and the public headers only: each gives its documented code, changes nothing
 * and writes no output. A stepped client whose calls are kept until the test answers them.
 */
#include "sweep.h"

#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

static struct {
    flr_client_runner *client, *other; /* other: of another run, never begun */
    flr_context *context, *foreign;    /* foreign: of the other one */
    flr_request *held[4];              /* by FLR_REQUEST_*: the last one, until it is answered */
    flr_request *kept;                 /* of the first auxiliary message, which is over */
    flr_execution *execution;
    flr_shareable *task, *ok;
    int inside;    /* callbacks look at the client */
    int looked;    /* how often they did */
    int destroyed; /* of what was given to a client */
} c;

/* What must not be called inside a callback of the client, and that the rest may. */
static void look_inside(flr_context *context, int mode_step)
{
    flr_step_result result;
    flr_client_stats stats;
    flr_aux_options options;
    flr_reliable_options reliable;
    flr_value *replies = NULL;
    flr_shareable *reply = NULL;
    if (!c.inside)
        return;
    c.looked++;
    flr_step_result_init(&result, sizeof result);
    IS(flr_client_runner_step(c.client, &result), FLR_E_REENTRANT);
    IS(flr_client_runner_run(c.client), FLR_E_STATE);
    flr_client_stats_init(&stats, sizeof stats);
    ZERO(flr_client_runner_get_stats(c.client, &stats));
    ZERO(flr_client_runner_task_ready(c.client));
    if (context == NULL || !mode_step)
        return;
    flr_aux_options_init(&options, sizeof options);
    options.timeout = 1.0;
    IS(flr_context_send_aux_and_wait(context, "t", h.message, &options, NULL, &replies),
       FLR_E_NOTSUP);
    flr_reliable_options_init(&reliable, sizeof reliable);
    IS(flr_context_send_reliable_and_wait(context, "server", "t", h.message, &reliable, NULL,
                                          &reply),
       FLR_E_NOTSUP);
    ck_assert(replies == NULL && reply == NULL);
}

static int take_request(void *self, flr_request *request)
{
    int kind = flr_request_get_kind(request);
    (void)self;
    look_inside(NULL, 1);
    if (kind == FLR_REQUEST_AUX) {
        if (c.kept == NULL)
            c.kept = flr_request_ref(request);
        return flr_request_answer_aux(request, c.ok);
    }
    NOTHING(c.held[kind]);
    c.held[kind] = flr_request_ref(request);
    return 0;
}

static int handle_event(void *self, const char *event, flr_context *context)
{
    (void)self, (void)event;
    look_inside(context, 1);
    return 0;
}

static int filter(void *self, flr_context *context, flr_shareable *message, flr_shareable **output)
{
    (void)self;
    look_inside(context, 1);
    *output = flr_shareable_ref(message);
    return 0;
}

static int handle_aux(void *self, flr_context *context, const char *topic,
                      const flr_shareable *request, flr_shareable **reply)
{
    (void)self, (void)topic, (void)request, (void)reply;
    look_inside(context, 0);
    return 0;
}

static int start_task(void *self, flr_context *context, flr_execution *execution)
{
    (void)self;
    look_inside(context, 1);
    c.execution = flr_execution_ref(execution);
    return 0;
}

static int execute_task(void *self, flr_context *context, const char *task,
                        const flr_shareable *data, flr_signal *abort, flr_shareable **result)
{
    (void)self, (void)context, (void)task, (void)data, (void)abort, (void)result;
    return 0;
}

static void count_destroyed(void *self)
{
    (void)self;
    c.destroyed++;
}

static flr_client_engine_ops good_engine(void)
{
    flr_client_engine_ops engine;
    flr_client_engine_ops_init(&engine, sizeof engine);
    engine.request = take_request;
    return engine;
}

static flr_client_options good_options(void)
{
    flr_client_options options;
    flr_client_options_init(&options, sizeof options);
    options.clock = h.clock;
    options.flags = FLR_CLIENT_FLAG_SEEDED;
    return options;
}

static int make(const flr_client_options *options)
{
    flr_client_engine_ops engine = good_engine();
    flr_client_runner *client = NULL;
    int status = flr_client_runner_new(options, "job-1", &engine, NULL, &client);
    ck_assert_int_eq(status < 0, client == NULL);
    flr_client_runner_free(client);
    return status;
}

static flr_step_result play(void)
{
    flr_step_result result;
    flr_step_result_init(&result, sizeof result);
    do
        ZERO(flr_client_runner_step(c.client, &result));
    while (result.state == FLR_STEP_RUNNING && result.wait_ns == 0);
    return result;
}

/* The data of a task of the job, as a server sends it. */
static flr_shareable *make_task(void)
{
    flr_shareable *task = NULL;
    flr_value *peer = NULL;
    ZERO(flr_shareable_new(&task));
    ZERO(flr_value_new_map(&peer));
    ZERO(flr_map_set_text(&peer, FLR_PROP_RUN_NUM, "job-1"));
    ZERO(flr_shareable_set_header(task, FLR_HEADER_PEER_CTX, peer));
    ZERO(flr_shareable_set_header_text(task, FLR_HEADER_TASK_ID, "id-1"));
    return task;
}

static void setup_client(void)
{
    flr_client_engine_ops engine = good_engine();
    flr_client_options options;
    flr_executor_ops executor;
    setup();
    memset(&c, 0, sizeof c);
    options = good_options();
    flr_executor_ops_init(&executor, sizeof executor);
    executor.start = start_task;
    ZERO(flr_shareable_new_reply(FLR_RC_OK, NULL, &c.ok));
    c.task = make_task();
    ZERO(flr_client_runner_new(&options, "job-1", &engine, NULL, &c.client));
    ZERO(flr_client_runner_new(&options, "job-2", &engine, NULL, &c.other));
    ZERO(flr_client_runner_add_executor(c.client, "train", &executor, NULL));
    ZERO(flr_client_runner_new_context(c.client, &c.context));
    ZERO(flr_client_runner_new_context(c.other, &c.foreign));
}

static void teardown_client(void)
{
    flr_step_result result;
    flr_step_result_init(&result, sizeof result);
    ZERO(flr_client_runner_abort(c.client));
    if (flr_client_runner_step(c.client, &result) == 0)
        while (result.state == FLR_STEP_RUNNING) {
            ZERO(flr_clock_advance(h.clock, 1.0));
            ZERO(flr_client_runner_step(c.client, &result));
        }
    for (int i = 0; i < 4; i++)
        flr_request_unref(c.held[i]);
    flr_request_unref(c.kept);
    flr_execution_unref(c.execution);
    flr_context_free(c.context);
    flr_context_free(c.foreign);
    flr_client_runner_free(c.client);
    flr_client_runner_free(c.other);
    flr_shareable_unref(c.task);
    flr_shareable_unref(c.ok);
    teardown();
}

/* The task's executor has begun. */
static void play_to_execution(void)
{
    play();
    ZERO(flr_request_answer_task(c.held[FLR_REQUEST_TASK], FLR_ANSWER_TASK, "train", c.task));
    flr_request_unref(c.held[FLR_REQUEST_TASK]);
    c.held[FLR_REQUEST_TASK] = NULL;
    play();
    ck_assert_ptr_nonnull(c.execution);
}

/* Its result is on its way. */
static void play_to_submission(void)
{
    play_to_execution();
    ZERO(flr_execution_finish(c.execution, 0, h.message));
    play();
    ck_assert_ptr_nonnull(c.held[FLR_REQUEST_SUBMISSION]);
}

/* ---------------------------------------------------------------- making one */

START_TEST(arguments_of_new)
{
    flr_client_options options = good_options();
    flr_client_engine_ops engine = good_engine();
    flr_client_runner *client = NULL;
    INVAL(flr_client_runner_new(&options, NULL, &engine, NULL, &client));
    INVAL(flr_client_runner_new(&options, "", &engine, NULL, &client));
    INVAL(flr_client_runner_new(&options, "\xff", &engine, NULL, &client));
    LIMIT(flr_client_runner_new(&options, longer, &engine, NULL, &client));
    INVAL(flr_client_runner_new(&options, "job", NULL, NULL, &client));
    INVAL(flr_client_runner_new(&options, "job", &engine, NULL, NULL));
    engine.request = NULL;
    INVAL(flr_client_runner_new(&options, "job", &engine, NULL, &client));
    NOTHING(client);
    engine = good_engine();
    ZERO(flr_client_runner_new(NULL, "job", &engine, NULL, &client)); /* the defaults */
    flr_client_runner_free(client);
    flr_client_runner_free(NULL);
    flr_client_options_init(NULL, sizeof options);
    flr_client_engine_ops_init(NULL, sizeof engine);
    flr_executor_ops_init(NULL, sizeof(flr_executor_ops));
    flr_client_stats_init(NULL, sizeof(flr_client_stats));
    flr_step_result_init(NULL, sizeof(flr_step_result));
}
END_TEST

START_TEST(numbers_of_the_options)
{
    static const double wrong[] = {-1.0, -1e-9, NAN, INFINITY, -INFINITY};
    static const size_t times[] = {
        offsetof(flr_client_options, sync_timeout),
        offsetof(flr_client_options, max_sync_timeout),
        offsetof(flr_client_options, get_task_timeout),
        offsetof(flr_client_options, fetch_interval),
        offsetof(flr_client_options, task_check_timeout),
        offsetof(flr_client_options, task_check_interval),
        offsetof(flr_client_options, submit_timeout),
        offsetof(flr_client_options, submit_time),
        offsetof(flr_client_options, heartbeat_interval),
        offsetof(flr_client_options, readiness_timeout),
        offsetof(flr_client_options, readiness_interval),
        offsetof(flr_client_options, reliable_interval),
    };
    flr_client_options options;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        static const double right[] = {0.0, 1e-12, 1e300};
        for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++) {
            options = good_options();
            memcpy((char *)&options + times[i], &wrong[k], sizeof wrong[k]);
            ck_assert_msg(make(&options) == FLR_E_INVAL, "time %zu: %g", i, wrong[k]);
        }
        for (size_t k = 0; k < sizeof right / sizeof right[0]; k++) {
            options = good_options();
            memcpy((char *)&options + times[i], &right[k], sizeof right[k]);
            ck_assert_msg(make(&options) == 0, "time %zu: %g", i, right[k]);
        }
    }
#define WITH(code, change)                                                                         \
    options = good_options();                                                                      \
    change;                                                                                        \
    IS(make(&options), code)
    WITH(FLR_E_INVAL, options.log_level = FLR_LOG_DEBUG - 1);
    WITH(FLR_E_INVAL, options.log_level = FLR_LOG_CRITICAL + 1);
    WITH(FLR_E_INVAL, options.name_bytes = FLR_NAME_MAX + 1);
    WITH(FLR_E_INVAL, options.flags = 8u);
    WITH(0, options.name_bytes = 0);
    WITH(0, options.event_depth = 0);
    WITH(0, options.reliable_workers = 0);
    WITH(0, options.clock = NULL);
}
END_TEST

START_TEST(names_of_the_options)
{
    flr_client_options options;
    flr_scope *one = NULL, *same = NULL;
    ZERO(flr_scope_new("s", &one));
    ZERO(flr_scope_new("s", &same));
    flr_scope *const single[] = {one}, *const twice[] = {one, same}, *const missing[] = {one, NULL};
    WITH(FLR_E_LIMIT, options.identity = longer);
    WITH(FLR_E_INVAL, options.identity = "\xff");
    WITH(FLR_E_LIMIT, options.parent = longer);
    WITH(FLR_E_INVAL, options.parent = "\xff");
    WITH(FLR_E_LIMIT, options.default_scope = longer);
    WITH(FLR_E_LIMIT, options.job_scope = longer);
    WITH(0, (options.identity = NULL, options.parent = NULL));
    WITH(0, (options.identity = "", options.parent = ""));
    WITH(0, options.job_scope = "of no policy");
    WITH(FLR_E_NOTFOUND, options.default_scope = "s");
    WITH(FLR_E_INVAL, options.scope_count = 1);
    WITH(FLR_E_INVAL, (options.scopes = missing, options.scope_count = 2, options.job_scope = "s"));
    WITH(FLR_E_EXISTS, (options.scopes = twice, options.scope_count = 2, options.job_scope = "s"));
    WITH(FLR_E_NOTFOUND, (options.scopes = single, options.scope_count = 1));
    WITH(FLR_E_NOTFOUND,
         (options.scopes = single, options.scope_count = 1, options.job_scope = "t"));
    WITH(FLR_E_NOTFOUND,
         (options.scopes = single, options.scope_count = 1, options.default_scope = "t"));
    WITH(0, (options.scopes = single, options.scope_count = 1, options.default_scope = "s"));
    WITH(0, (options.scopes = single, options.scope_count = 1, options.job_scope = "s"));
    flr_scope_unref(one);
    flr_scope_unref(same);
}
END_TEST

/* ---------------------------------------------------------------- what is added */

START_TEST(arguments_of_adding)
{
    flr_component_ops component;
    flr_executor_ops executor;
    flr_filter_ops ops;
    flr_filter_chain *chain = NULL;
    flr_client_runner *client = c.other;
    flr_component_ops_init(&component, sizeof component);
    component.destroy = count_destroyed;
    INVAL(flr_client_runner_add_component(NULL, "c", &component, NULL));
    INVAL(flr_client_runner_add_component(client, NULL, &component, NULL));
    INVAL(flr_client_runner_add_component(client, "", &component, NULL));
    INVAL(flr_client_runner_add_component(client, "\xff", &component, NULL));
    LIMIT(flr_client_runner_add_component(client, longer, &component, NULL));
    INVAL(flr_client_runner_add_component(client, "c", NULL, NULL));
    ZERO(flr_client_runner_add_component(client, "c", &component, NULL));
    IS(flr_client_runner_add_component(client, "c", &component, NULL), FLR_E_EXISTS);
    INVAL(flr_client_runner_subscribe(NULL, "c", "e", handle_event, NULL));
    INVAL(flr_client_runner_subscribe(client, NULL, "e", handle_event, NULL));
    INVAL(flr_client_runner_subscribe(client, "", "e", handle_event, NULL));
    INVAL(flr_client_runner_subscribe(client, "c", NULL, handle_event, NULL));
    INVAL(flr_client_runner_subscribe(client, "c", "", handle_event, NULL));
    INVAL(flr_client_runner_subscribe(client, "c", "e", NULL, NULL));
    LIMIT(flr_client_runner_subscribe(client, longer, "e", handle_event, NULL));
    LIMIT(flr_client_runner_subscribe(client, "c", longer, handle_event, NULL));
    IS(flr_client_runner_subscribe(client, "nobody", "e", handle_event, NULL), FLR_E_NOTFOUND);

    flr_executor_ops_init(&executor, sizeof executor);
    executor.component = &component;
    INVAL(flr_client_runner_add_executor(client, "t", &executor, NULL)); /* neither of both */
    executor.execute = execute_task;
    INVAL(flr_client_runner_add_executor(NULL, "t", &executor, NULL));
    INVAL(flr_client_runner_add_executor(client, NULL, &executor, NULL));
    INVAL(flr_client_runner_add_executor(client, "", &executor, NULL));
    INVAL(flr_client_runner_add_executor(client, "\xff", &executor, NULL));
    LIMIT(flr_client_runner_add_executor(client, longer, &executor, NULL));
    INVAL(flr_client_runner_add_executor(client, "t", NULL, NULL));
    ZERO(flr_client_runner_add_executor(client, "t", &executor, NULL));
    IS(flr_client_runner_add_executor(client, "t", &executor, NULL), FLR_E_EXISTS);
    ZERO(flr_client_runner_add_executor(client, "t*", &executor, NULL));
    IS(flr_client_runner_add_executor(client, "t*", &executor, NULL), FLR_E_EXISTS);
    component.struct_size -= 8;
    IS(flr_client_runner_add_executor(client, "u", &executor, NULL), FLR_E_ABI);

    flr_filter_ops_init(&ops, sizeof ops);
    ops.process = filter;
    ZERO(flr_filter_chain_new(&chain));
    for (int result = 0; result < 2; result++) {
        int (*add)(flr_client_runner *, const char *, int, flr_filter_chain *) =
            result ? flr_client_runner_add_result_filters : flr_client_runner_add_data_filters;
        int (*add_one)(flr_client_runner *, const char *, const flr_filter_ops *, void *) =
            result ? flr_client_runner_add_result_filter : flr_client_runner_add_data_filter;
        INVAL(add(NULL, "t", FLR_FILTER_IN, chain));
        INVAL(add(client, NULL, FLR_FILTER_IN, chain));
        INVAL(add(client, "", FLR_FILTER_IN, chain));
        LIMIT(add(client, longer, FLR_FILTER_IN, chain));
        INVAL(add(client, "t", 0, chain));
        INVAL(add(client, "t", 4, chain));
        INVAL(add(client, "t", FLR_FILTER_IN, NULL));
        ZERO(add(client, "t", FLR_FILTER_INOUT, chain));
        IS(add(client, "t", FLR_FILTER_IN, chain), FLR_E_EXISTS);
        INVAL(add_one(NULL, "u", &ops, NULL));
        INVAL(add_one(client, NULL, &ops, NULL));
        INVAL(add_one(client, "", &ops, NULL));
        LIMIT(add_one(client, longer, &ops, NULL));
        INVAL(add_one(client, "u", NULL, NULL));
        IS(add_one(client, "t", &ops, NULL), FLR_E_EXISTS);
        ZERO(add_one(client, "u", &ops, NULL));
    }
    flr_filter_chain_unref(chain);
    /* What was refused is the caller's still. */
    flr_context_free(c.foreign);
    c.foreign = NULL;
    ck_assert_int_eq(c.destroyed, 0);
    flr_client_runner_free(c.other);
    c.other = NULL;
    ck_assert_int_eq(c.destroyed, 3);
}
END_TEST

START_TEST(too_late_to_add)
{
    flr_component_ops component;
    flr_executor_ops executor;
    flr_filter_ops ops;
    flr_filter_chain *chain = NULL;
    flr_component_ops_init(&component, sizeof component);
    flr_executor_ops_init(&executor, sizeof executor);
    executor.execute = execute_task;
    flr_filter_ops_init(&ops, sizeof ops);
    ops.process = filter;
    ZERO(flr_filter_chain_new(&chain));
    ZERO(flr_client_runner_add_component(c.client, "c", &component, NULL));
    play();
    IS(flr_client_runner_add_component(c.client, "d", &component, NULL), FLR_E_STATE);
    IS(flr_client_runner_add_executor(c.client, "d", &executor, NULL), FLR_E_STATE);
    IS(flr_client_runner_add_data_filters(c.client, "d", FLR_FILTER_IN, chain), FLR_E_STATE);
    IS(flr_client_runner_add_result_filters(c.client, "d", FLR_FILTER_OUT, chain), FLR_E_STATE);
    IS(flr_client_runner_add_data_filter(c.client, "d", &ops, NULL), FLR_E_STATE);
    IS(flr_client_runner_add_result_filter(c.client, "d", &ops, NULL), FLR_E_STATE);
    ZERO(flr_client_runner_subscribe(c.client, "c", "e", handle_event, NULL)); /* at any time */
    flr_filter_chain_unref(chain);
}
END_TEST

/* ---------------------------------------------------------------- running */

START_TEST(arguments_of_a_run)
{
    flr_step_result result;
    flr_client_stats stats;
    char text[8];
    flr_step_result_init(&result, sizeof result);
    flr_client_stats_init(&stats, sizeof stats);
    INVAL(flr_client_runner_run(NULL));
    INVAL(flr_client_runner_step(NULL, &result));
    INVAL(flr_client_runner_step(c.client, NULL));
    result.struct_size = 8;
    IS(flr_client_runner_step(c.client, &result), FLR_E_ABI);
    flr_step_result_init(&result, sizeof result);
    result.flags = 1;
    INVAL(flr_client_runner_step(c.client, &result));
    INVAL(flr_client_runner_task_ready(NULL));
    INVAL(flr_client_runner_abort(NULL));
    INVAL(flr_client_runner_new_context(NULL, &c.foreign));
    INVAL(flr_client_runner_new_context(c.client, NULL));
    TEXT(flr_client_runner_get_job_id(NULL), "");
    NOTHING(flr_client_runner_get_abort_signal(NULL));
    TEXT(flr_client_runner_get_job_id(c.client), "job-1");
    ZERO(flr_signal_is_triggered(flr_client_runner_get_abort_signal(c.client)));
    INVAL(flr_client_runner_get_stats(NULL, &stats));
    INVAL(flr_client_runner_get_stats(c.client, NULL));
    stats.struct_size = 8;
    IS(flr_client_runner_get_stats(c.client, &stats), FLR_E_ABI);
    INVAL(flr_client_runner_get_detail(NULL, text, sizeof text));
    INVAL(flr_client_runner_get_detail(c.client, NULL, 1));
    INVAL(flr_client_runner_get_detail(c.client, text, 0));
    ZERO(flr_client_runner_get_detail(c.client, text, 1));
    TEXT(text, "");
    NOTHING(c.kept); /* none of these began a run */
}
END_TEST

static void *step_elsewhere(void *status)
{
    flr_step_result result;
    flr_step_result_init(&result, sizeof result);
    *(int *)status = flr_client_runner_step(c.client, &result);
    return NULL;
}

/* Another thread's step, while one is under way. */
static int second_step(void *self, const char *event, flr_context *context)
{
    pthread_t thread;
    (void)event, (void)context;
    pthread_create(&thread, NULL, step_elsewhere, self);
    pthread_join(thread, NULL);
    return 0;
}

START_TEST(the_order_of_a_run)
{
    flr_component_ops component;
    flr_step_result result;
    char text[64];
    int elsewhere = 0;
    flr_component_ops_init(&component, sizeof component);
    ZERO(flr_client_runner_add_component(c.client, "c", &component, NULL));
    ZERO(flr_client_runner_subscribe(c.client, "c", FLR_EVENT_START_RUN, second_step, &elsewhere));
    play();
    ck_assert_int_eq(elsewhere, FLR_E_STATE);
    IS(flr_client_runner_run(c.client), FLR_E_STATE); /* begun with a step */
    ZERO(flr_client_runner_abort(c.client));
    result = play();
    ck_assert_int_eq(result.state, FLR_STEP_ENDED);
    ck_assert_int_eq(result.result, FLR_E_ABORTED);
    IS(flr_client_runner_step(c.client, &result), FLR_E_STATE);
    IS(flr_client_runner_run(c.client), FLR_E_STATE);
    ZERO(flr_client_runner_task_ready(c.client));
    ZERO(flr_client_runner_abort(c.client));
    ZERO(flr_client_runner_get_detail(c.client, text, sizeof text));
    ck_assert_str_ne(text, "");
    ZERO(flr_client_runner_get_detail(c.client, text, 4));
    ck_assert_uint_eq(strlen(text), 3);
}
END_TEST

START_TEST(inside_callbacks)
{
    static const char *const events[] = {
        FLR_EVENT_ABOUT_TO_START_RUN,      FLR_EVENT_START_RUN,
        FLR_EVENT_BEFORE_PULL_TASK,        FLR_EVENT_AFTER_PULL_TASK,
        FLR_EVENT_BEFORE_TASK_EXECUTION,   FLR_EVENT_AFTER_TASK_EXECUTION,
        FLR_EVENT_BEFORE_SEND_TASK_RESULT, FLR_EVENT_AFTER_SEND_TASK_RESULT,
        FLR_EVENT_ABOUT_TO_END_RUN,        FLR_EVENT_END_RUN,
        FLR_EVENT_CHECK_END_RUN_READINESS,
    };
    flr_component_ops component;
    flr_filter_ops ops;
    const flr_shareable *reply = NULL;
    flr_value *peer = NULL;
    flr_component_ops_init(&component, sizeof component);
    flr_filter_ops_init(&ops, sizeof ops);
    ops.process = filter;
    ZERO(flr_client_runner_add_component(c.client, "c", &component, NULL));
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        ZERO(flr_client_runner_subscribe(c.client, "c", events[i], handle_event, NULL));
    ZERO(flr_client_runner_add_data_filter(c.client, "*", &ops, NULL));
    ZERO(flr_client_runner_add_result_filter(c.client, "*", &ops, NULL));
    ZERO(flr_context_register_aux(c.context, "topic", handle_aux, NULL));
    c.inside = 1;
    play_to_submission();
    ZERO(flr_request_answer_submission(c.held[FLR_REQUEST_SUBMISSION], FLR_OUTCOME_ACCEPTED));
    play();
    int before = c.looked;
    ZERO(flr_value_new_map(&peer));
    ZERO(flr_map_set_text(&peer, FLR_PROP_RUN_NUM, "job-1"));
    ZERO(flr_shareable_set_header(h.message, FLR_HEADER_PEER_PROPS, peer));
    ZERO(flr_client_runner_process_aux(c.client, "server", "topic", c.context, h.message, &reply));
    ck_assert_int_eq(c.looked, before + 1);
    ZERO(flr_client_runner_abort(c.client));
    ck_assert_int_eq(play().state, FLR_STEP_ENDED);
    /* events, two filters, executor, handler; sync, heartbeat, pull, check, submission, pull */
    ck_assert_int_ge(c.looked, 11 + 2 + 2 + 1 + 1 + 6);
}
END_TEST

static struct {
    int begun, run_status, step_status;
} running;

static int run_inside(void *self, flr_request *request)
{
    flr_step_result result;
    (void)self;
    flr_step_result_init(&result, sizeof result);
    if (running.begun++ == 0) {
        running.run_status = flr_client_runner_run(c.other);
        running.step_status = flr_client_runner_step(c.other, &result);
        ZERO(flr_client_runner_abort(c.other));
    }
    return flr_request_fail(request, FLR_E_IO);
}

/* run once more, and step, inside a callback of run and after it. */
START_TEST(a_run_in_a_run)
{
    flr_client_engine_ops engine = good_engine();
    flr_step_result result;
    flr_client_options options = good_options();
    flr_step_result_init(&result, sizeof result);
    memset(&running, 0, sizeof running);
    flr_context_free(c.foreign);
    c.foreign = NULL;
    flr_client_runner_free(c.other);
    engine.request = run_inside;
    ZERO(flr_client_runner_new(&options, "job-2", &engine, NULL, &c.other));
    IS(flr_client_runner_run(c.other), FLR_E_ABORTED);
    ck_assert_int_eq(running.begun, 1);
    ck_assert_int_eq(running.run_status, FLR_E_STATE);
    ck_assert_int_eq(running.step_status, FLR_E_REENTRANT);
    IS(flr_client_runner_run(c.other), FLR_E_STATE);
    IS(flr_client_runner_step(c.other, &result), FLR_E_STATE);
}
END_TEST

/* ---------------------------------------------------------------- messages */

START_TEST(arguments_of_messages)
{
    const flr_shareable *reply = NULL;
    flr_frame *frame = NULL, *answer = NULL;
    flr_envelope e;
    flr_envelope_init(&e, sizeof e);
    e.kind = FLR_FRAME_AUX_REQUEST;
    e.id = 1;
    e.topic = "t";
    e.message = h.message;
    ZERO(flr_frame_encode(&e, &frame));
#define AUX(client, sender, topic, context, to)                                                    \
    flr_client_runner_process_aux(client, sender, topic, context, h.message, to)
    INVAL(AUX(NULL, "server", "t", c.context, &reply));
    INVAL(AUX(c.client, NULL, "t", c.context, &reply));
    INVAL(AUX(c.client, "", "t", c.context, &reply));
    INVAL(AUX(c.client, "\xff", "t", c.context, &reply));
    LIMIT(AUX(c.client, longer, "t", c.context, &reply));
    INVAL(AUX(c.client, "server", NULL, c.context, &reply));
    INVAL(AUX(c.client, "server", "", c.context, &reply));
    INVAL(AUX(c.client, "server", "t", NULL, &reply));
    INVAL(AUX(c.client, "server", "t", c.foreign, &reply));
    INVAL(AUX(c.client, "server", "t", h.context, &reply));
    INVAL(AUX(c.client, "server", "t", c.context, NULL));
    NOTHING(reply);
    ZERO(AUX(c.client, "server", longer, c.context, &reply)); /* nobody has such a topic */
    TEXT(flr_shareable_get_rc(reply), FLR_RC_TOPIC_UNKNOWN);
    INVAL(flr_client_runner_process_frame(NULL, "server", c.context, frame, &answer));
    INVAL(flr_client_runner_process_frame(c.client, NULL, c.context, frame, &answer));
    INVAL(flr_client_runner_process_frame(c.client, "", c.context, frame, &answer));
    LIMIT(flr_client_runner_process_frame(c.client, longer, c.context, frame, &answer));
    INVAL(flr_client_runner_process_frame(c.client, "server", NULL, frame, &answer));
    INVAL(flr_client_runner_process_frame(c.client, "server", c.foreign, frame, &answer));
    INVAL(flr_client_runner_process_frame(c.client, "server", h.context, frame, &answer));
    INVAL(flr_client_runner_process_frame(c.client, "server", c.context, NULL, &answer));
    INVAL(flr_client_runner_process_frame(c.client, "server", c.context, frame, NULL));
    NOTHING(answer);
    ZERO(flr_client_runner_process_frame(c.client, "server", c.context, frame, &answer));
    ck_assert_ptr_nonnull(answer);
    flr_frame_unref(answer);
    flr_frame_unref(frame);
}
END_TEST

static void answers_with(flr_request *request, uint32_t kind, int32_t code, const char *task)
{
    flr_envelope e;
    flr_frame *frame = NULL;
    flr_envelope_init(&e, sizeof e);
    e.kind = kind;
    e.code = code;
    e.task = task;
    ZERO(flr_frame_encode(&e, &frame));
    ZERO(flr_request_answer_frame(request, frame));
    flr_frame_unref(frame);
}

START_TEST(arguments_of_requests)
{
    flr_frame *frame = NULL;
    NOTHING(flr_request_ref(NULL));
    flr_request_unref(NULL);
    ZERO(flr_request_get_kind(NULL));
    TEXT(flr_request_get_target(NULL), "");
    TEXT(flr_request_get_topic(NULL), "");
    TEXT(flr_request_get_task_name(NULL), "");
    TEXT(flr_request_get_task_id(NULL), "");
    NOTHING(flr_request_get_message(NULL));
    NOTHING(flr_request_get_peer(NULL));
    ck_assert(flr_request_get_timeout(NULL) == 0.0);
    ZERO(flr_request_is_optional(NULL));
    ZERO(flr_request_is_secure(NULL));
    ck_assert(flr_request_is_over(NULL));
    INVAL(flr_request_answer_task(NULL, FLR_ANSWER_END_RUN, NULL, NULL));
    INVAL(flr_request_answer_submission(NULL, FLR_OUTCOME_ACCEPTED));
    INVAL(flr_request_answer_aux(NULL, c.ok));
    INVAL(flr_request_fail(NULL, FLR_E_IO));
    INVAL(flr_request_encode(NULL, 1, &frame));
    INVAL(flr_request_answer_frame(NULL, NULL));

    play();
    flr_request *pull = c.held[FLR_REQUEST_TASK];
    TEXT(flr_request_get_target(pull), "server");
    TEXT(flr_request_get_topic(pull), "");
    TEXT(flr_request_get_task_name(pull), "");
    TEXT(flr_request_get_task_id(pull), "");
    NOTHING(flr_request_get_message(pull));
    ck_assert_ptr_nonnull(flr_request_get_peer(pull));
    ZERO(flr_request_is_over(pull));
    INVAL(flr_request_encode(pull, -1, &frame));
    INVAL(flr_request_encode(pull, 1, NULL));
    INVAL(flr_request_answer_frame(pull, NULL));
    INVAL(flr_request_answer_submission(pull, FLR_OUTCOME_ACCEPTED));
    INVAL(flr_request_answer_aux(pull, c.ok));
    INVAL(flr_request_answer_task(pull, 0, "train", NULL));
    INVAL(flr_request_answer_task(pull, FLR_ANSWER_END_RUN + 1, "train", NULL));
    INVAL(flr_request_answer_task(pull, FLR_ANSWER_TASK, NULL, NULL));
    INVAL(flr_request_answer_task(pull, FLR_ANSWER_TASK, "", NULL));
    INVAL(flr_request_answer_task(pull, FLR_ANSWER_TASK, "\xff", NULL));
    INVAL(flr_request_answer_task(pull, FLR_ANSWER_TASK, longer, NULL));
    INVAL(flr_request_fail(pull, 0));
    INVAL(flr_request_fail(pull, 1));
    NOTHING(frame);
    ZERO(flr_request_is_over(pull));                                /* none of these was a report */
    answers_with(pull, FLR_FRAME_TASK_ANSWER, FLR_ANSWER_TASK, ""); /* a task without a name */
    ck_assert(flr_request_is_over(pull));
    ZERO(flr_request_answer_task(pull, FLR_ANSWER_END_RUN, NULL, NULL)); /* too late */
    ZERO(flr_request_fail(pull, FLR_E_IO));
    ZERO(flr_request_encode(pull, 1, &frame)); /* over or not */
    flr_frame_unref(frame);
    flr_request_unref(pull);
    c.held[FLR_REQUEST_TASK] = NULL;
    play();
    flr_client_stats stats;
    flr_client_stats_init(&stats, sizeof stats);
    ZERO(flr_client_runner_get_stats(c.client, &stats));
    ck_assert_uint_eq(stats.pulls, 1);
    ck_assert_uint_eq(stats.pull_failures, 1);
}
END_TEST

START_TEST(arguments_of_submissions)
{
    play_to_submission();
    flr_request *r = c.held[FLR_REQUEST_SUBMISSION];
    TEXT(flr_request_get_topic(r), "");
    TEXT(flr_request_get_task_name(r), "train");
    TEXT(flr_request_get_task_id(r), "id-1");
    ck_assert(flr_shareable_is_frozen(flr_request_get_message(r)));
    INVAL(flr_request_answer_task(r, FLR_ANSWER_END_RUN, NULL, NULL));
    INVAL(flr_request_answer_aux(r, c.ok));
    INVAL(flr_request_answer_submission(r, -1));
    INVAL(flr_request_answer_submission(r, FLR_OUTCOME_FAILED + 1));
    ZERO(flr_request_is_over(r));
    ZERO(flr_request_answer_submission(r, 0));
    ck_assert(flr_request_is_over(r));
    /* An auxiliary message that is over. */
    TEXT(flr_request_get_topic(c.kept), "__sync_runner__");
    NOTHING(flr_request_get_peer(c.kept));
    INVAL(flr_request_answer_aux(c.kept, NULL));
    INVAL(flr_request_answer_task(c.kept, FLR_ANSWER_END_RUN, NULL, NULL));
    INVAL(flr_request_answer_submission(c.kept, 0));
    ZERO(flr_request_answer_aux(c.kept, c.ok));
}
END_TEST

/* What a frame says wrong is the other side's mistake, not the host's. */
START_TEST(frames_that_answer_wrongly)
{
    static const struct {
        uint32_t kind;
        int32_t code;
    } wrong[] = {{FLR_FRAME_SUBMISSION_ANSWER, 99},  {FLR_FRAME_SUBMISSION_ANSWER, -1},
                 {FLR_FRAME_TASK_ANSWER, 2},         {FLR_FRAME_AUX_REPLY, 0},
                 {FLR_FRAME_TASK_REQUEST, 0},        {FLR_FRAME_HOST, 0},
                 {FLR_FRAME_ERROR, FLR_E_NOT_READY}, {FLR_FRAME_ERROR, 0}};
    flr_client_stats stats;
    play_to_submission();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        flr_request *r = c.held[FLR_REQUEST_SUBMISSION];
        c.held[FLR_REQUEST_SUBMISSION] = NULL;
        ck_assert_ptr_nonnull(r);
        answers_with(r, wrong[i].kind, wrong[i].code, NULL);
        ck_assert(flr_request_is_over(r));
        flr_request_unref(r);
        play();
        NOTHING(c.held[FLR_REQUEST_SUBMISSION]);
        ZERO(flr_clock_advance(h.clock, 5.0));
        play();
    }
    answers_with(c.held[FLR_REQUEST_SUBMISSION], FLR_FRAME_ERROR, FLR_E_DENIED, NULL);
    play();
    flr_client_stats_init(&stats, sizeof stats);
    ZERO(flr_client_runner_get_stats(c.client, &stats));
    ck_assert_uint_eq(stats.submit_retries, sizeof wrong / sizeof wrong[0]);
    ck_assert_uint_eq(stats.dropped, 1);
    ck_assert_uint_eq(stats.delivered, 0);
}
END_TEST

START_TEST(arguments_of_executions)
{
    NOTHING(flr_execution_ref(NULL));
    flr_execution_unref(NULL);
    TEXT(flr_execution_get_task_name(NULL), "");
    NOTHING(flr_execution_get_data(NULL));
    NOTHING(flr_execution_get_abort_signal(NULL));
    INVAL(flr_execution_finish(NULL, 0, h.message));
    play_to_execution();
    flr_execution *x = c.execution;
    TEXT(flr_execution_get_task_name(x), "train");
    ck_assert(flr_shareable_is_frozen(flr_execution_get_data(x)));
    ZERO(flr_signal_is_triggered(flr_execution_get_abort_signal(x)));
    INVAL(flr_execution_finish(x, 1, h.message));
    play();
    NOTHING(c.held[FLR_REQUEST_SUBMISSION]); /* it is at work still */
    ZERO(flr_execution_finish(x, 0, NULL));
    ZERO(flr_execution_finish(x, 0, h.message)); /* the first one counted */
    INVAL(flr_execution_finish(x, 1, h.message));
    play();
    TEXT(flr_shareable_get_rc(flr_request_get_message(c.held[FLR_REQUEST_SUBMISSION])),
         FLR_RC_EXECUTION_RESULT_ERROR);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arguments of the client runner");
    TCase *tests = tcase_create("api");
    tcase_add_checked_fixture(tests, setup_client, teardown_client);
    tcase_add_test(tests, arguments_of_new);
    tcase_add_test(tests, numbers_of_the_options);
    tcase_add_test(tests, names_of_the_options);
    tcase_add_test(tests, arguments_of_adding);
    tcase_add_test(tests, too_late_to_add);
    tcase_add_test(tests, arguments_of_a_run);
    tcase_add_test(tests, the_order_of_a_run);
    tcase_add_test(tests, inside_callbacks);
    tcase_add_test(tests, a_run_in_a_run);
    tcase_add_test(tests, arguments_of_messages);
    tcase_add_test(tests, arguments_of_requests);
    tcase_add_test(tests, arguments_of_submissions);
    tcase_add_test(tests, frames_that_answer_wrongly);
    tcase_add_test(tests, arguments_of_executions);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
