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

static int start(void *self, flr_context *context, flr_execution *execution)
{
    (void)self, (void)context, (void)execution;
    return 0;
}

static int execute(void *self, flr_context *context, const char *task, const flr_shareable *data,
                   flr_signal *abort, flr_shareable **result)
{
    (void)self, (void)context, (void)task, (void)data, (void)abort, (void)result;
    return 0;
}

static void on_sent(void *self, flr_aux_send *send)
{
    (void)self, (void)send;
}

static void on_done(void *self, flr_shareable *reply)
{
    (void)self, (void)reply;
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

/* ---- of a client ---- */

/* The sync message is answered with OK, so that a step begins the run; nothing else is answered. */
static int answer_sync(void *self, flr_request *r)
{
    flr_shareable *reply;
    (void)self;
    if (strcmp(flr_request_get_topic(r), "__sync_runner__") != 0)
        return FLR_E_IO;
    ck_assert_int_eq(flr_shareable_new(&reply), 0);
    int status = flr_request_answer_aux(r, reply);
    flr_shareable_unref(reply);
    return status;
}

static flr_client_runner *client_with(const void *options)
{
    flr_client_engine_ops engine;
    flr_client_runner *client = NULL;
    flr_client_engine_ops_init(&engine, sizeof engine);
    engine.request = answer_sync;
    flr_client_runner_new(options, "j", &engine, NULL, &client);
    return client;
}

static int make_client(const void *engine)
{
    flr_client_runner *client = NULL;
    int status = flr_client_runner_new(NULL, "j", engine, NULL, &client);
    ck_assert_int_eq(status < 0, client == NULL);
    flr_client_runner_free(client);
    return status;
}

static int use_client_options(const void *options)
{
    flr_client_engine_ops engine;
    flr_client_runner *client = NULL;
    flr_client_engine_ops_init(&engine, sizeof engine);
    engine.request = answer_sync;
    int status = flr_client_runner_new(options, "j", &engine, NULL, &client);
    ck_assert_int_eq(status < 0, client == NULL);
    flr_client_runner_free(client);
    return status;
}

static int add_executor(const void *ops)
{
    flr_client_runner *client = client_with(NULL);
    int status = flr_client_runner_add_executor(client, "t", ops, NULL);
    flr_client_runner_free(client);
    return status;
}

/* An executor's own component is a struct of its own. */
static int add_executor_component(const void *component)
{
    flr_executor_ops ops;
    flr_executor_ops_init(&ops, sizeof ops);
    ops.start = start;
    ops.component = component;
    return add_executor(&ops);
}

static int get_client_stats(const void *stats)
{
    flr_client_runner *client = client_with(NULL);
    int status = flr_client_runner_get_stats(client, (flr_client_stats *)(uintptr_t)stats);
    flr_client_runner_free(client);
    return status;
}

static int step_client(const void *result)
{
    flr_client_runner *client = client_with(NULL);
    int status = flr_client_runner_step(client, (flr_step_result *)(uintptr_t)result);
    flr_client_runner_free(client);
    return status;
}

/* A message of a client whose run has begun, in either way. */
static int send_message(const flr_aux_options *aux, const flr_reliable_options *reliable)
{
    flr_client_runner *client = client_with(NULL);
    flr_context *context = NULL;
    flr_step_result result;
    flr_shareable *message = NULL;
    flr_step_result_init(&result, sizeof result);
    ck_assert_int_eq(flr_client_runner_step(client, &result), 0);
    ck_assert_int_eq(flr_client_runner_new_context(client, &context), 0);
    ck_assert_int_eq(flr_shareable_new(&message), 0);
    int status = aux != NULL ? flr_context_send_aux(context, "t", message, aux, on_sent, NULL)
                             : flr_context_send_reliable(context, "server", "t", message, reliable,
                                                         NULL, on_done, NULL);
    flr_shareable_unref(message);
    flr_context_free(context);
    flr_client_runner_free(client);
    return status;
}

static int send_aux(const void *options)
{
    return send_message(options, NULL);
}

static int send_reliable(const void *options)
{
    return send_message(NULL, options);
}

/* ---- of frames ---- */

static flr_frame *frame_of(const void *envelope, int *status)
{
    flr_frame *frame = NULL;
    *status = flr_frame_encode(envelope, &frame);
    ck_assert_int_eq(*status < 0, frame == NULL);
    return frame;
}

static flr_frame *small_frame(void)
{
    flr_envelope e;
    int status;
    flr_envelope_init(&e, sizeof e);
    e.kind = FLR_FRAME_HOST;
    return frame_of(&e, &status);
}

static int encode(const void *envelope)
{
    int status;
    flr_frame_unref(frame_of(envelope, &status));
    return status;
}

static int get_envelope(const void *envelope)
{
    flr_frame *frame = small_frame();
    int status = flr_frame_get_envelope(frame, (flr_envelope *)(uintptr_t)envelope);
    flr_frame_unref(frame);
    return status;
}

static int decode(const flr_frame_limits *limits, flr_frame_fault *fault)
{
    flr_frame *frame = small_frame(), *decoded = NULL;
    size_t size = flr_frame_get_size(frame);
    flr_blob *bytes;
    void *data;
    ck_assert_int_eq(flr_blob_new(size, &bytes, &data), 0);
    ck_assert_int_eq(flr_frame_copy(frame, data, size), 0);
    int status = flr_frame_decode(bytes, limits, &decoded, fault);
    ck_assert_int_eq(status < 0, decoded == NULL);
    flr_frame_unref(decoded);
    flr_frame_unref(frame);
    flr_blob_unref(bytes);
    return status;
}

/* All three that take limits agree. */
static int use_limits(const void *limits)
{
    flr_frame_reader *reader = NULL;
    size_t need = 0;
    int status = decode(limits, NULL);
    ck_assert_int_eq(flr_frame_measure("FLRF", 4, limits, &need), status);
    ck_assert_int_eq(flr_frame_reader_new(limits, &reader), status);
    flr_frame_reader_free(reader);
    return status;
}

/* Both that fill a fault agree. */
static int use_fault(const void *given)
{
    flr_frame_fault *fault = (flr_frame_fault *)(uintptr_t)given;
    flr_frame_reader *reader = NULL;
    ck_assert_int_eq(flr_frame_reader_new(NULL, &reader), 0);
    int status = decode(NULL, fault);
    ck_assert_int_eq(flr_frame_reader_get_fault(reader, fault), status);
    flr_frame_reader_free(reader);
    return status;
}

/* ---- of a file store ---- */

static int make_store(const void *options)
{
    flr_file_store *store = NULL;
    int status = flr_file_store_new(options, &store);
    ck_assert_int_eq(status < 0, store == NULL);
    flr_file_store_unref(store);
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
    flr_client_engine_ops client_engine;
    flr_client_options client_options;
    flr_client_stats client_stats;
    flr_executor_ops executor;
    flr_aux_options aux;
    flr_reliable_options reliable;
    flr_envelope envelope;
    flr_frame_limits limits;
    flr_frame_fault fault;
    flr_file_store_options store;
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

static size_t good_client_engine(void)
{
    flr_client_engine_ops_init(&good.client_engine, sizeof good.client_engine);
    good.client_engine.request = answer_sync;
    return sizeof good.client_engine;
}
static size_t good_client_options(void)
{
    flr_client_options_init(&good.client_options, sizeof good.client_options);
    return sizeof good.client_options;
}
static size_t good_client_stats(void)
{
    flr_client_stats_init(&good.client_stats, sizeof good.client_stats);
    return sizeof good.client_stats;
}
static size_t good_executor(void)
{
    flr_executor_ops_init(&good.executor, sizeof good.executor);
    good.executor.start = start;
    return sizeof good.executor;
}
static size_t good_aux(void)
{
    flr_aux_options_init(&good.aux, sizeof good.aux);
    return sizeof good.aux;
}
static size_t good_reliable(void)
{
    flr_reliable_options_init(&good.reliable, sizeof good.reliable);
    return sizeof good.reliable;
}
static size_t good_envelope(void)
{
    flr_envelope_init(&good.envelope, sizeof good.envelope);
    good.envelope.kind = FLR_FRAME_HOST;
    return sizeof good.envelope;
}
static size_t good_limits(void)
{
    flr_frame_limits_init(&good.limits, sizeof good.limits);
    return sizeof good.limits;
}
static size_t good_fault(void)
{
    flr_frame_fault_init(&good.fault, sizeof good.fault);
    return sizeof good.fault;
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

static size_t good_store(void)
{
    flr_file_store_options_init(&good.store, sizeof good.store);
    good.store.directory = "somewhere";
    return sizeof good.store;
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
    {"client engine", good_client_engine, make_client},
    {"client options", good_client_options, use_client_options},
    {"client stats", good_client_stats, get_client_stats},
    {"client step", good_step, step_client},
    {"executor", good_executor, add_executor},
    {"executor's component", good_component, add_executor_component},
    {"aux", good_aux, send_aux},
    {"reliable", good_reliable, send_reliable},
    {"envelope", good_envelope, encode},
    {"envelope, out", good_envelope, get_envelope},
    {"frame limits", good_limits, use_limits},
    {"frame fault", good_fault, use_fault},
    {"file store", good_store, make_store},
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

/* request is required, and one of execute and start; both may be there. */
START_TEST(members_of_a_client)
{
    flr_client_engine_ops engine;
    flr_executor_ops executor;
    flr_client_runner *client = NULL;
    flr_client_engine_ops_init(&engine, sizeof engine);
    ck_assert_int_eq(flr_client_runner_new(NULL, "j", &engine, NULL, &client), FLR_E_INVAL);
    ck_assert_ptr_null(client);
    flr_executor_ops_init(&executor, sizeof executor);
    ck_assert_int_eq(add_executor(&executor), FLR_E_INVAL);
    executor.execute = execute;
    ck_assert_int_eq(add_executor(&executor), 0);
    executor.start = start;
    ck_assert_int_eq(add_executor(&executor), 0);
    executor.execute = NULL;
    ck_assert_int_eq(add_executor(&executor), 0);
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
    tcase_add_test(tests, members_of_a_client);
    tcase_add_test(tests, nulls_and_names);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
