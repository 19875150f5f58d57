/*
 * The smallest complete host: three clients in this process, federated averaging, the trained model.
 *
 * Each client has measured something a few times and shows nobody its numbers: it moves the model half-way to their mean. The server
 * averages what comes back, weighted by the number of samples, and so the model nears the mean of all.
 */
#include <flrunner.h>
#include <stdio.h>

struct site { const char *name; int count; double values[4]; };

/* A model: a map with one tensor, here a single number. */
static int make_model(double number, flr_value **model)
{
    flr_blob *blob = NULL;
    flr_value *tensor = NULL;
    int status = flr_blob_new_copy(&number, sizeof number, &blob);
    if (status == 0) status = flr_value_new_tensor(FLR_TYPE_F64, 0, NULL, blob, &tensor);
    if (status == 0) status = flr_value_new_map(model);
    if (status == 0) status = flr_map_set(model, "mean", tensor); /* on success the tensor belongs to the map */
    if (status < 0) flr_value_unref(tensor);
    flr_blob_unref(blob);
    return status;
}

static double read_model(const flr_value *model)
{
    return *(const double *)flr_blob_get_data(flr_value_get_blob(flr_map_get(model, "mean")));
}

/* What a client does with a task. The result is a model and the number of samples that it is based on. */
static int train(void *self, const char *client, const char *task, const flr_shareable *data, flr_signal *abort, flr_shareable **result)
{
    const struct site *site = self;
    double mean = 0, old = read_model(flr_shareable_get(data, "model"));
    flr_value *model = NULL;
    for (int i = 0; i < site->count; i++) mean += site->values[i] / site->count;
    int status = make_model(old + 0.5 * (mean - old), &model);
    if (status == 0) status = flr_shareable_new(result);
    if (status == 0) status = flr_shareable_set(*result, "model", model);
    if (status < 0) flr_value_unref(model);
    if (status == 0) status = flr_shareable_set_int(*result, "num_samples", site->count);
    (void)client, (void)task, (void)abort;
    return status;
}

int main(void)
{
    static struct site sites[] = {{"north", 4, {9.0, 9.5, 8.7, 9.2}}, {"east", 2, {10.1, 10.3}}, {"south", 3, {8.1, 8.4, 8.0}}};
    flr_local *engine = NULL;      /* a whole federation in one process; your host brings its own transport instead */
    flr_fedavg_options options;
    flr_workflow *fedavg = NULL;
    flr_config *config = NULL;
    flr_runner *runner = NULL;
    flr_value *start = NULL, *model = NULL;
    char detail[256] = "";

    int status = flr_local_new(NULL, &engine);
    for (size_t i = 0; status == 0 && i < 3; i++) status = flr_local_add_client(engine, sites[i].name, train, &sites[i]);
    if (status == 0) status = make_model(0, &start);
    flr_fedavg_options_init(&options, sizeof options);
    options.initial_model = start;
    options.rounds = 20;
    options.min_clients = 3;
    if (status == 0) status = flr_fedavg_new(&options, &fedavg);
    if (status == 0) status = flr_config_new(&config);
    if (status == 0) status = flr_config_add_workflow(config, "train", fedavg); /* on success the workflow belongs to the configuration */
    if (status < 0) flr_workflow_unref(fedavg);
    if (status == 0) status = flr_runner_new(config, "job-1", flr_local_get_engine_ops(engine), engine, &runner);
    if (status < 0) flr_config_free(config); /* on success it belongs to the runner */
    if (status == 0 && (status = flr_local_run(engine, runner)) < 0) flr_runner_get_detail(runner, detail, sizeof detail);
    if (status == 0) status = flr_fedavg_get_model(fedavg, &model);
    if (status == 0) printf("mean of all: %.4f\n", read_model(model));
    else fprintf(stderr, "failed: %s %s\n", flr_status_get_text(status), detail);
    flr_value_unref(model);
    flr_value_unref(start);
    flr_runner_free(runner);
    flr_local_free(engine);
    return status != 0;
}
