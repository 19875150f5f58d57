/*
 * Federated averaging as a state machine: wait for clients, broadcast, take contributions, average.
 * Owns flr__fedavg; fedavg.h says what guards what.
 */
#include "workflows/fedavg.h"
#include "base/abi.h"
#include "runner/workflow.h"
#include <string.h>

#define DEFAULT_TASK_NAME "train"
#define DEFAULT_MODEL_NAME "model"

void flr_fedavg_options_init(flr_fedavg_options *options, size_t size)
{
    if (!options)
        return;
    flr__abi_init(options, size);
    options->task_name = DEFAULT_TASK_NAME;
    options->model_name = DEFAULT_MODEL_NAME;
    options->rounds = 5;
    options->min_clients = 1;
    options->wait_time_after_min_received = 10.0;
}

/* ---- the task of a round ---- */

static int on_result(void *self, flr_assignment *assignment, flr_context *context)
{
    flr__fedavg *f = self;
    const char *client = flr_assignment_get_client(assignment);
    flr_shareable *result = flr_assignment_get_result(assignment);
    int status = flr__fedavg_take(f, client, result);
    flr_shareable_unref(result);
    if (status < 0)
        return flr_context_fail(context, status, "the contribution of %s could not be added",
                                client);
    return flr_assignment_set_result(assignment, NULL);
}

static void set_ended(flr__fedavg *f, bool ended)
{
    flr__mutex_lock(&f->lock);
    f->ended = ended;
    flr__mutex_unlock(&f->lock);
}

static int on_done(void *self, flr_task *task, flr_context *context)
{
    (void)task;
    (void)context;
    set_ended(self, true);
    return 0;
}

static int make_payload(const flr__fedavg *f, flr_shareable **payload)
{
    flr_shareable *message;
    flr_value *model = flr_value_ref(f->base);
    int status = flr_shareable_new(&message);
    if (status < 0) {
        flr_value_unref(model);
        return status;
    }
    status = flr_shareable_set(message, "model", model);
    if (status < 0)
        flr_value_unref(model);
    if (!status)
        status = flr_shareable_set_header_int(message, "current_round", (int64_t)f->round);
    if (!status)
        status = flr_shareable_set_header_int(message, "num_rounds", (int64_t)f->options.rounds);
    if (status < 0)
        flr_shareable_unref(message);
    else
        *payload = message;
    return status;
}

static int make_task(flr__fedavg *f, flr_task **task)
{
    flr_task_options options;
    flr_shareable *payload;
    int status = make_payload(f, &payload);
    if (status < 0)
        return status;
    flr_task_options_init(&options, sizeof options);
    options.name = f->options.task_name;
    options.payload = payload;
    options.timeout = f->options.train_timeout;
    options.number = (int64_t)f->round;
    options.result_received = on_result;
    options.task_done = on_done;
    options.self = f;
    status = flr_task_new(&options, task);
    flr_shareable_unref(payload);
    return status;
}

/* Schedule the round's task. The round's model is that of the last completed one. */
static int begin_round(flr__fedavg *f, flr_context *context, int64_t now)
{
    flr_broadcast_options options;
    flr_board *board;
    flr_task *task;
    int status = flr_context_get_board(context, &board);
    if (status < 0)
        return status;
    flr_value_unref(f->base);
    f->base = flr_value_ref(f->model);
    flr__model_sum_clear(&f->sums);
    flr__round_begin(&f->record, f->round);
    status = make_task(f, &task);
    if (status < 0)
        return status;
    flr_broadcast_options_init(&options, sizeof options);
    options.mode = FLR_TARGETS_SNAPSHOT;
    options.min_responses = f->options.min_clients;
    options.wait_time_after_min_received = f->options.wait_time_after_min_received;
    if (f->options.train_timeout > 0 &&
        options.wait_time_after_min_received > f->options.train_timeout)
        options.wait_time_after_min_received = f->options.train_timeout;
    /* before it is scheduled: its callbacks may run at once, on other threads */
    set_ended(f, false);
    f->task = task;
    f->began = now;
    status = flr_board_broadcast(board, task, &options, context);
    if (status < 0) {
        f->task = NULL;
        flr_task_unref(task);
    }
    return status;
}

/* ---- the end of a round ---- */

/* Whether the task's end allows a new model; the code that ends the workflow otherwise. */
static int judge_round(flr__fedavg *f, flr_context *context)
{
    char text[400];
    int status = flr_task_get_status(f->task);
    if (status == FLR_TASK_ERROR) {
        int code = flr_task_get_error(f->task);
        flr_task_get_detail(f->task, text, sizeof text);
        return flr_context_fail(context, code < 0 ? code : FLR_E_CALLBACK, "round %llu: %s",
                                (unsigned long long)f->round, text[0] ? text : "its task failed");
    }
    if (status == FLR_TASK_ABORTED)
        return FLR_E_ABORTED;
    if (f->record.count >= f->options.min_clients)
        return 0;
    flr__round_describe(&f->record, f->options.min_clients, text, sizeof text);
    return flr_context_fail(context, FLR_E_LIMIT, "%s (the task ended with %s)", text,
                            flr_task_status_get_name(status));
}

static void publish(flr__fedavg *f, flr_value *model)
{
    flr__mutex_lock(&f->lock);
    flr_value *old = f->model;
    f->model = model;
    f->round++;
    flr__mutex_unlock(&f->lock);
    flr_value_unref(old);
}

static void release_task(flr__fedavg *f)
{
    flr__round_begin(&f->record, f->round); /* its names are the task's */
    flr_task_unref(f->task);
    f->task = NULL;
}

static int end_round(flr__fedavg *f, flr_context *context, int64_t now)
{
    flr_value *model = NULL;
    int status = judge_round(f, context);
    if (!status) {
        status = flr__model_sum_finish(&f->sums, f->base, &model);
        if (status < 0)
            flr_context_fail(context, status, "round %llu: the model could not be averaged",
                             (unsigned long long)f->round);
    }
    if (status < 0)
        return status;
    f->record.seconds = (double)(now - f->began) * 1e-9;
    flr__round_sort(&f->record);
    publish(f, model);
    if (f->options.on_round) {
        status = flr__callback_status(f->options.on_round(f->options.self, &f->record, model));
        if (status < 0)
            flr_context_fail(context, status, "on_round failed after round %llu",
                             (unsigned long long)f->record.number);
    }
    if (!status)
        status = flr__fedavg_keep_model(f, context);
    if (!status) {
        status = flr_runner_persist(flr_context_get_runner(context));
        if (status < 0)
            flr_context_fail(context, status, "round %llu could not be saved",
                             (unsigned long long)f->record.number);
    }
    release_task(f);
    return status;
}

/* ---- the controller ---- */

static int count_client(void *self, const char *client, const char *parent, int64_t last_heard,
                        int64_t disconnected)
{
    uint64_t *count = self; /* [0] so far, [1] needed */
    (void)client;
    (void)parent;
    (void)last_heard;
    (void)disconnected;
    return ++count[0] >= count[1]; /* that will do */
}

/* Whether enough clients are known; 0 with *due set if not, or the code that ends the wait. */
static int await_clients(flr__fedavg *f, flr_context *context, int64_t now, int64_t *due,
                         bool *enough)
{
    uint64_t known[2] = {0, f->options.min_clients};
    int64_t limit;
    int status = flr_runner_visit_clients(flr_context_get_runner(context), count_client, known);
    if (status < 0)
        return status;
    *enough = known[0] >= known[1];
    if (*enough || f->options.wait_for_clients_timeout <= 0)
        return 0;
    if (f->wait_until == 0) {
        status = flr__seconds(f->options.wait_for_clients_timeout, &limit);
        if (status < 0)
            return status;
        f->wait_until = flr__time_add(now, limit);
    }
    if (now >= f->wait_until)
        return flr_context_fail(context, FLR_E_TIMEDOUT,
                                "%llu clients known after %g s, %llu needed",
                                (unsigned long long)known[0], f->options.wait_for_clients_timeout,
                                (unsigned long long)known[1]);
    *due = f->wait_until;
    return 0;
}

static int open_round(flr__fedavg *f, flr_context *context, int64_t now, int64_t *due)
{
    bool enough = false;
    int status = await_clients(f, context, now, due, &enough);
    if (status < 0 || !enough)
        return status;
    status = begin_round(f, context, now);
    if (status != FLR_E_NOTFOUND && status != FLR_E_INVAL) {
        if (!status)
            f->wait_until = 0;
        return status;
    }
    /*
     * the board asks the engine anew who is there: if fewer are left than were known a moment ago,
     * go on waiting
     */
    int again = await_clients(f, context, now, due, &enough);
    if (again < 0)
        return again;
    return enough ? status : 0;
}

static bool task_is_done(flr__fedavg *f)
{
    flr__mutex_lock(&f->lock);
    bool ended = f->ended;
    flr__mutex_unlock(&f->lock);
    return ended;
}

static int fedavg_step(void *self, flr_context *context, int64_t now, int64_t *due, int *ended)
{
    flr__fedavg *f = self;
    int status = 0;
    if (flr_signal_is_triggered(flr_runner_get_abort_signal(flr_context_get_runner(context)))) {
        *ended = 1;
        return 0;
    }
    if (f->task) {
        if (!task_is_done(f))
            return 0;
        status = end_round(f, context, now);
    }
    if (!status && f->round == f->options.rounds)
        *ended = 1;
    else if (!status)
        status = open_round(f, context, now, due);
    return status;
}

static int fedavg_start(void *self, flr_context *context)
{
    flr__fedavg *f = self;
    int status = flr__model_sum_init(&f->sums, f->model, (int)f->options.integers,
                                     (int)f->options.accumulator);
    if (status < 0)
        return flr_context_fail(context, status, "no memory for the accumulators of the model");
    return 0;
}

/*
 * Nobody contributes any more: the gate has closed. A task that still stands is ended by its board
 * afterwards.
 */
static int fedavg_stop(void *self, flr_context *context)
{
    flr__fedavg *f = self;
    (void)context;
    release_task(f);
    flr__model_sum_free(&f->sums);
    flr_value_unref(f->base);
    f->base = NULL;
    return 0;
}

static void fedavg_destroy(void *self)
{
    flr__fedavg *f = self;
    release_task(f);
    flr__round_free(&f->record);
    flr__model_sum_free(&f->sums);
    flr_value_unref(f->base);
    flr_value_unref(f->model);
    flr__mutex_destroy(&f->lock);
    flr__free((char *)f->options.task_name);
    flr__free((char *)f->options.model_name);
    flr_file_store_unref(f->options.models);
    flr__free(f);
}

/* ---- making one ---- */

static int check_options(const flr_fedavg_options *o)
{
    int64_t ignored;
    if (o->rounds < 1 || o->rounds > INT64_MAX - 1 || o->min_clients < 1)
        return FLR_E_INVAL;
    if (o->integers < FLR_INTEGERS_KEEP || o->integers > FLR_INTEGERS_REFUSE)
        return FLR_E_INVAL;
    if (o->accumulator != FLR_ACCUMULATOR_REPRODUCIBLE && o->accumulator != FLR_ACCUMULATOR_FLOAT64)
        return FLR_E_INVAL;
    if (flr__seconds(o->wait_time_after_min_received, &ignored) < 0)
        return FLR_E_INVAL;
    if (flr__seconds(o->train_timeout, &ignored) < 0)
        return FLR_E_INVAL;
    if (flr__seconds(o->wait_for_clients_timeout, &ignored) < 0)
        return FLR_E_INVAL;
    if (!strcmp(o->task_name, FLR_TASK_NAME_TRY_AGAIN) ||
        !strcmp(o->task_name, FLR_TASK_NAME_END_RUN))
        return FLR_E_INVAL;
    int status = flr__check_name(o->task_name, FLR_NAME_MAX);
    if (!status)
        status = flr__fedavg_check_files(o);
    return status < 0 ? status : flr__model_check(o->initial_model, (int)o->integers);
}

static int make_workflow(flr__fedavg *f, flr_workflow **workflow)
{
    flr_component_ops component;
    flr_controller_ops controller;
    flr_component_ops_init(&component, sizeof component);
    component.name = "fedavg";
    component.save = flr__fedavg_save;
    component.restore = flr__fedavg_restore;
    component.destroy = fedavg_destroy;
    flr_controller_ops_init(&controller, sizeof controller);
    controller.component = &component;
    controller.step = fedavg_step;
    controller.start = fedavg_start;
    controller.stop = fedavg_stop;
    return flr_workflow_new(&controller, f, NULL, NULL, workflow);
}

int flr_fedavg_new(const flr_fedavg_options *options, flr_workflow **workflow)
{
    flr_fedavg_options o;
    if (!workflow)
        return FLR_E_INVAL;
    int status = flr__abi_import(&o, sizeof o, options, sizeof o, 0);
    if (status < 0)
        return status;
    if (!o.task_name)
        o.task_name = DEFAULT_TASK_NAME;
    if (!o.model_name)
        o.model_name = DEFAULT_MODEL_NAME;
    status = check_options(&o);
    if (status < 0)
        return status;
    flr__fedavg *f = flr__zalloc(sizeof *f);
    if (!f)
        return FLR_E_NOMEM;
    status = flr__mutex_init(&f->lock, FLR__RANK_CONTROLLER);
    if (status < 0) {
        flr__free(f);
        return status;
    }
    f->options = o;
    f->options.task_name = flr__strdup(o.task_name);
    f->options.model_name = flr__strdup(o.model_name);
    f->options.models = flr_file_store_ref(o.models);
    f->options.initial_model = NULL;
    f->model = flr_value_ref(o.initial_model);
    f->record.total = o.rounds;
    status = f->options.task_name && f->options.model_name ? make_workflow(f, workflow)
                                                           : FLR_E_NOMEM;
    if (status < 0)
        fedavg_destroy(f);
    return status;
}

int flr_fedavg_get_model(flr_workflow *workflow, flr_value **model)
{
    if (!workflow || !model || workflow->controller.step != fedavg_step)
        return FLR_E_INVAL;
    flr__fedavg *f = workflow->controller_self;
    flr__mutex_lock(&f->lock);
    *model = flr_value_ref(f->model);
    flr__mutex_unlock(&f->lock);
    return 0;
}
