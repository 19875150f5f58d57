/*
 * Structs that cross the boundary, through the shared library and the public headers only: each is copied into a heap block of exactly the
 * size that it claims, so that a sanitizer sees an over-read; short, long with a zero tail, long with another tail, unknown flags,
 * required members missing.
 */
#include <check.h>
#include <flrunner.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int list_clients(void *self, flr_client_list *list)
{
    (void)self;
    return flr_client_list_add(list, "a", NULL);
}

static int step(void *self, flr_context *context, int64_t now, int64_t *due, int *ended)
{
    (void)self, (void)context, (void)now, (void)due;
    *ended = 1;
    return 0;
}

static int request(void *self, flr_context *context, const char *client, flr_offer *offer)
{
    (void)self, (void)context, (void)client, (void)offer;
    return 0;
}

static int submission(void *self, flr_context *context, const char *client, const char *task,
                      const char *id, flr_shareable *result, int *outcome)
{
    (void)self, (void)context, (void)client, (void)task, (void)id, (void)result, (void)outcome;
    return 0;
}

static int process(void *self, flr_context *context, flr_shareable *message, flr_shareable **output)
{
    (void)self, (void)context;
    *output = flr_shareable_ref(message);
    return 0;
}

static void *take(void *self, size_t size)
{
    (void)self;
    return malloc(size);
}

static void *resize(void *self, void *old, size_t size)
{
    (void)self;
    return realloc(old, size);
}

static void release(void *self, void *old)
{
    (void)self;
    free(old);
}

/* ---- one registration per struct: 0 or a code; what was made is undone ---- */

static int add_component(const void *ops)
{
    flr_config *config;
    ck_assert_int_eq(flr_config_new(&config), 0);
    int status = flr_config_add_component(config, "c", ops, NULL);
    flr_config_free(config);
    return status;
}

static int add_controller_with(const void *controller, const void *communicator)
{
    flr_config *config;
    ck_assert_int_eq(flr_config_new(&config), 0);
    int status = flr_config_add_controller(config, "w", controller, NULL, communicator, NULL);
    ck_assert((status < 0) == (*flr_config_get_detail(config) != '\0'));
    flr_config_free(config);
    return status;
}

static int add_controller(const void *ops)
{
    return add_controller_with(ops, NULL);
}

static int add_communicator(const void *ops)
{
    flr_controller_ops controller;
    flr_controller_ops_init(&controller, sizeof controller);
    controller.step = step;
    return add_controller_with(&controller, ops);
}

static int add_filter(const void *ops)
{
    flr_config *config;
    ck_assert_int_eq(flr_config_new(&config), 0);
    int status = flr_config_add_result_filter(config, "t", ops, NULL);
    flr_config_free(config);
    return status;
}

static int make_runner(const void *ops)
{
    flr_config *config;
    flr_runner *runner = NULL;
    ck_assert_int_eq(flr_config_new(&config), 0);
    int status = flr_runner_new(config, "j", ops, NULL, &runner);
    if (status < 0) {
        ck_assert(*flr_config_get_detail(config) != '\0');
        flr_config_free(config);
    }
    flr_runner_free(runner);
    return status;
}

static int set_allocator(const void *ops)
{
    int status = flr_allocator_set(ops, NULL);
    ck_assert_int_eq(flr_allocator_set(NULL, NULL), 0);
    return status;
}

static int make_task(const void *options)
{
    flr_task *task = NULL;
    int status = flr_task_new(options, &task);
    flr_task_unref(task);
    return status;
}

static int make_fedavg(const void *options)
{
    flr_workflow *workflow = NULL;
    int status = flr_fedavg_new(options, &workflow);
    flr_workflow_unref(workflow);
    return status;
}

static int make_local(const void *options)
{
    flr_local *local = NULL;
    int status = flr_local_new(options, &local);
    flr_local_free(local);
    return status;
}

static int get_stats(const void *stats)
{
    flr_config *config;
    flr_runner *runner;
    flr_engine_ops engine;
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_clients;
    ck_assert_int_eq(flr_config_new(&config), 0);
    ck_assert_int_eq(flr_runner_new(config, "j", &engine, NULL, &runner), 0);
    int status = flr_runner_get_stats(runner, (flr_stats *)(uintptr_t)stats);
    flr_runner_free(runner);
    return status;
}

static int take_step(const void *result)
{
    flr_config *config;
    flr_runner *runner;
    flr_engine_ops engine;
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_clients;
    ck_assert_int_eq(flr_config_new(&config), 0);
    ck_assert_int_eq(flr_runner_new(config, "j", &engine, NULL, &runner), 0);
    int status = flr_runner_step(runner, (flr_step_result *)(uintptr_t)result);
    flr_runner_free(runner);
    return status;
}

/* ---- all of them, well-formed ---- */

static union {
    flr_component_ops component;
    flr_controller_ops controller;
    flr_communicator_ops communicator;
    flr_filter_ops filter;
    flr_engine_ops engine;
    flr_allocator_ops allocator;
    flr_task_options task;
    flr_fedavg_options fedavg;
    flr_local_options local;
    flr_stats stats;
    flr_step_result step;
} good;
static flr_shareable *payload;
static flr_value *model;

static size_t good_component(void)
{
    flr_component_ops_init(&good.component, sizeof good.component);
    return sizeof good.component;
}
static size_t good_local(void)
{
    flr_local_options_init(&good.local, sizeof good.local);
    return sizeof good.local;
}
static size_t good_stats(void)
{
    flr_stats_init(&good.stats, sizeof good.stats);
    return sizeof good.stats;
}
static size_t good_step(void)
{
    flr_step_result_init(&good.step, sizeof good.step);
    return sizeof good.step;
}

static size_t good_controller(void)
{
    flr_controller_ops_init(&good.controller, sizeof good.controller);
    good.controller.step = step;
    return sizeof good.controller;
}

static size_t good_communicator(void)
{
    flr_communicator_ops_init(&good.communicator, sizeof good.communicator);
    good.communicator.process_task_request = request;
    good.communicator.process_submission = submission;
    return sizeof good.communicator;
}

static size_t good_filter(void)
{
    flr_filter_ops_init(&good.filter, sizeof good.filter);
    good.filter.process = process;
    return sizeof good.filter;
}

static size_t good_engine(void)
{
    flr_engine_ops_init(&good.engine, sizeof good.engine);
    good.engine.list_clients = list_clients;
    return sizeof good.engine;
}

static size_t good_allocator(void)
{
    flr_allocator_ops_init(&good.allocator, sizeof good.allocator);
    good.allocator.allocate = take;
    good.allocator.reallocate = resize;
    good.allocator.release = release;
    return sizeof good.allocator;
}

static size_t good_task(void)
{
    flr_task_options_init(&good.task, sizeof good.task);
    good.task.name = "t";
    good.task.payload = payload;
    return sizeof good.task;
}

static size_t good_fedavg(void)
{
    flr_fedavg_options_init(&good.fedavg, sizeof good.fedavg);
    good.fedavg.initial_model = model;
    return sizeof good.fedavg;
}

static const struct sized {
    const char *name;
    size_t (*fill)(void);
    int (*use)(const void *ops);
} all[] = {
    {"component", good_component, add_component},
    {"controller", good_controller, add_controller},
    {"communicator", good_communicator, add_communicator},
    {"filter", good_filter, add_filter},
    {"engine", good_engine, make_runner},
    {"allocator", good_allocator, set_allocator}, /* nothing of the library may be alive then */
    {"task", good_task, make_task},
    {"fedavg", good_fedavg, make_fedavg},
    {"local", good_local, make_local},
    {"stats", good_stats, get_stats},
    {"step", good_step, take_step},
};

static void make_parts(const struct sized *s)
{
    const float zero = 0;
    if (strcmp(s->name, "allocator") == 0)
        return;
    ck_assert_int_eq(flr_shareable_new(&payload), 0);
    ck_assert_int_eq(flr_value_new_map(&model), 0);
    ck_assert_int_eq(flr_map_set_tensor(&model, "w", FLR_TYPE_F32, 0, NULL, &zero), 0);
}

static void drop_parts(void)
{
    flr_shareable_unref(payload);
    flr_value_unref(model);
    payload = NULL;
    model = NULL;
}

/* Use a copy of the good struct that claims this size, its flags changed by xor, with this byte behind it. */
static int use_copy(const struct sized *s, size_t size, uint32_t flags, unsigned char tail)
{
    size_t whole = s->fill();
    unsigned char *copy = malloc(size);
    uint32_t head[2];
    ck_assert_ptr_nonnull(copy);
    memset(copy, tail, size);
    memcpy(copy, &good, size < whole ? size : whole);
    memcpy(head, copy, sizeof head);
    head[0] = (uint32_t)size;
    head[1] ^= flags;
    memcpy(copy, head, sizeof head);
    int status = s->use(copy);
    free(copy);
    return status;
}

START_TEST(every_struct_is_imported_with_care)
{
    const struct sized *s = &all[_i];
    make_parts(s);
    size_t size = s->fill();
    ck_assert_msg(use_copy(s, size, 0, 0) == 0, "%s", s->name);
    ck_assert_msg(use_copy(s, size - sizeof(void *), 0, 0) == FLR_E_ABI, "%s: short", s->name);
    ck_assert_msg(use_copy(s, size + 2 * sizeof(void *), 0, 0) == 0, "%s: long, zero", s->name);
    ck_assert_msg(use_copy(s, size + 2 * sizeof(void *), 0, 1) == FLR_E_ABI, "%s: long, not zero",
                  s->name);
    ck_assert_msg(use_copy(s, size + 1, 0, 0) == FLR_E_ABI, "%s: no multiple", s->name);
    ck_assert_msg(use_copy(s, 8192, 0, 0) == FLR_E_ABI, "%s: huge", s->name);
    ck_assert_msg(use_copy(s, size, 1u << 31, 0) == FLR_E_INVAL, "%s: flags", s->name);
    drop_parts();
}
END_TEST

/* The detail text names the member. */
static void refused(flr_config *config, int status, const char *member)
{
    ck_assert_int_eq(status, FLR_E_INVAL);
    ck_assert_msg(strstr(flr_config_get_detail(config), member) != NULL, "\"%s\" should name %s",
                  flr_config_get_detail(config), member);
}

START_TEST(required_members_are_named)
{
    flr_config *config;
    flr_runner *runner = NULL;
    flr_controller_ops controller;
    flr_communicator_ops communicator;
    flr_filter_ops filter;
    flr_engine_ops engine;
    ck_assert_int_eq(flr_config_new(&config), 0);
    flr_controller_ops_init(&controller, sizeof controller);
    refused(config, flr_config_add_controller(config, "w", &controller, NULL, NULL, NULL),
            "control_flow or step");
    controller.step = step;
    flr_communicator_ops_init(&communicator, sizeof communicator);
    refused(config, flr_config_add_controller(config, "w", &controller, NULL, &communicator, NULL),
            "process_task_request");
    communicator.process_task_request = request;
    refused(config, flr_config_add_controller(config, "w", &controller, NULL, &communicator, NULL),
            "process_submission");
    flr_filter_ops_init(&filter, sizeof filter);
    refused(config, flr_config_add_data_filter(config, "t", &filter, NULL), "process");
    flr_engine_ops_init(&engine, sizeof engine);
    refused(config, flr_runner_new(config, "j", &engine, NULL, &runner), "list_clients");
    ck_assert_ptr_null(runner);
    flr_config_free(config);
}
END_TEST

START_TEST(nulls_and_names)
{
    char longer[FLR_NAME_MAX + 2];
    flr_config *config;
    flr_component_ops ops;
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    flr_component_ops_init(&ops, sizeof ops);
    ck_assert_int_eq(flr_config_new(NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_config_new(&config), 0);
    ck_assert_int_eq(flr_config_add_component(NULL, "c", &ops, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_config_add_component(config, NULL, &ops, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_config_add_component(config, "", &ops, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_config_add_component(config, longer, &ops, NULL), FLR_E_LIMIT);
    ck_assert_int_eq(flr_config_add_component(config, "c", NULL, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_config_add_component(config, "c", &ops, NULL), 0);
    ck_assert_int_eq(flr_config_add_component(config, "c", &ops, NULL), FLR_E_EXISTS);
    ck_assert_int_eq(flr_config_set_task_request_interval(config, -1), FLR_E_INVAL);
    ck_assert_int_eq(
        flr_config_set_dead_client_grace_period(config, (double)UINT64_MAX / 0.0000001), 0);
    ck_assert_int_eq(flr_config_set_log_level(config, 7), FLR_E_INVAL);
    ck_assert_int_eq(flr_config_set_secure(config, 2), FLR_E_INVAL);
    flr_config_free(config);
    flr_config_free(NULL);
    flr_runner_free(NULL);
    flr_context_free(NULL);
    flr_workflow_unref(NULL);
    flr_task_unref(NULL);
    flr_value_unref(NULL);
    flr_shareable_unref(NULL);
    flr_local_free(NULL);
    ck_assert_int_eq(flr_runner_run(NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_abort(NULL, 0), FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_restore(NULL, "x", 1), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_reset(NULL), FLR_E_INVAL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vtables");
    TCase *tests = tcase_create("api");
    tcase_add_loop_test(tests, every_struct_is_imported_with_care, 0,
                        (int)(sizeof all / sizeof all[0]));
    tcase_add_test(tests, required_members_are_named);
    tcase_add_test(tests, nulls_and_names);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
