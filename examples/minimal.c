/*
 * The smallest complete host: three clients in this process, federated averaging, the model.
 *
 * Each client has measured something a few times and shows nobody its numbers: it moves the model
 * half-way to their mean. The server averages what comes back, weighted by the number of samples.
 */
#include <flrunner.h>
#include <stdio.h>

#define TRY(call) if ((status = (call)) < 0) goto end

struct site { const char *name; int count; double values[4]; };

/* A client's work: from the task's model to a result with its own model and number of samples. */
static int train(void *self, const char *client, const char *task, const flr_shareable *data,
                 flr_signal *abort, flr_shareable **result)
{
    const struct site *site = self;
    double mean = 0, x = *(const double *)flr_tensor_get_data(flr_map_get(flr_shareable_get(data, "model"), "mean"));
    flr_value *model = NULL;
    int status;
    (void)client, (void)task, (void)abort;
    for (int i = 0; i < site->count; i++) mean += site->values[i] / site->count;
    x += 0.5 * (mean - x);
    TRY(flr_value_new_map(&model));
    TRY(flr_map_set_tensor(&model, "mean", FLR_TYPE_F64, 0, NULL, &x));
    TRY(flr_shareable_new(result));
    TRY(flr_shareable_set_int(*result, "num_samples", site->count));
    TRY(flr_shareable_set(*result, "model", model));
    model = NULL; /* it belongs to the result */
end:
    flr_value_unref(model);
    return status;
}

int main(void)
{
    static struct site sites[] = {
        {"north", 4, {9.0, 9.5, 8.7, 9.2}}, {"east", 2, {10.1, 10.3}}, {"south", 3, {8.1, 8.4, 8.0}}};
    const double zero = 0;
    flr_local *engine = NULL; /* clients and transport in one process; your host brings its own */
    flr_fedavg_options options;
    flr_workflow *fedavg = NULL, *owned = NULL;
    flr_config *config = NULL;
    flr_runner *runner = NULL;
    flr_value *model = NULL;
    char detail[256] = "";
    int status;

    TRY(flr_local_new(NULL, &engine));
    for (int i = 0; i < 3; i++) TRY(flr_local_add_client(engine, sites[i].name, train, &sites[i]));
    TRY(flr_value_new_map(&model));
    TRY(flr_map_set_tensor(&model, "mean", FLR_TYPE_F64, 0, NULL, &zero));
    flr_fedavg_options_init(&options, sizeof options);
    options.initial_model = model;
    options.rounds = 20;
    options.min_clients = 3;
    TRY(flr_fedavg_new(&options, &owned));
    TRY(flr_config_new(&config));
    TRY(flr_config_add_workflow(config, "train", owned));
    fedavg = owned, owned = NULL; /* it belongs to the configuration, and stays while the runner lives */
    TRY(flr_runner_new(config, "job-1", flr_local_get_engine_ops(engine), engine, &runner));
    config = NULL; /* spent */
    TRY(flr_local_run(engine, runner));
    flr_value_unref(model), model = NULL;
    TRY(flr_fedavg_get_model(fedavg, &model));
    printf("mean of all: %.4f\n", *(const double *)flr_tensor_get_data(flr_map_get(model, "mean")));
end:
    flr_runner_get_detail(runner, detail, sizeof detail);
    if (status < 0) fprintf(stderr, "failed: %s %s\n", flr_status_get_text(status), detail);
    flr_value_unref(model);
    flr_runner_free(runner);
    flr_config_free(config);
    flr_workflow_unref(owned);
    flr_local_free(engine);
    return status < 0;
}
