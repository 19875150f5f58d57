/*
 * The smallest complete host: three clients in this process, federated averaging, the model.
 *
 * Each client has measured something a few times and shows nobody its numbers: it moves the model
 * half-way to their mean. The server averages what comes back, weighted by the number of samples.
 */
#include <flrunner.h>
#include <stdio.h>

#define TRY(call)                                                                                  \
    do {                                                                                           \
        if ((status = (call)) < 0) goto end;                                                       \
    } while (0)

struct site { const char *name; int count; double values[4]; };

/* A model: a map with one tensor, here a single number. */
static int make_model(double number, flr_value **model)
{
    flr_blob *blob = NULL;
    flr_value *tensor = NULL;
    int status;
    TRY(flr_blob_new_copy(&number, sizeof number, &blob));
    TRY(flr_value_new_tensor(FLR_TYPE_F64, 0, NULL, blob, &tensor));
    TRY(flr_value_new_map(model));
    TRY(flr_map_set(model, "mean", tensor));
    tensor = NULL; /* it belongs to the map */
end:
    flr_value_unref(tensor);
    flr_blob_unref(blob);
    return status;
}

static double read_model(const flr_value *model)
{
    return *(const double *)flr_blob_get_data(flr_value_get_blob(flr_map_get(model, "mean")));
}

/* A client's task. The result: a model, and the number of samples that it is based on. */
static int train(void *self, const char *client, const char *task, const flr_shareable *data,
                 flr_signal *abort, flr_shareable **result)
{
    const struct site *site = self;
    double mean = 0, old = read_model(flr_shareable_get(data, "model"));
    flr_value *model = NULL;
    int status;
    (void)client, (void)task, (void)abort;
    for (int i = 0; i < site->count; i++) mean += site->values[i] / site->count;
    TRY(make_model(old + 0.5 * (mean - old), &model));
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
        {"north", 4, {9.0, 9.5, 8.7, 9.2}},
        {"east", 2, {10.1, 10.3}},
        {"south", 3, {8.1, 8.4, 8.0}},
    };
    flr_local *engine = NULL; /* a federation in one process; your host brings its own transport */
    flr_workflow *fedavg = NULL, *added;
    flr_config *config = NULL;
    flr_runner *runner = NULL;
    flr_value *start = NULL, *model = NULL;
    flr_fedavg_options options;
    int status;

    TRY(flr_local_new(NULL, &engine));
    for (int i = 0; i < 3; i++) TRY(flr_local_add_client(engine, sites[i].name, train, &sites[i]));
    TRY(make_model(0, &start));
    flr_fedavg_options_init(&options, sizeof options);
    options.initial_model = start;
    options.rounds = 20;
    options.min_clients = 3;
    TRY(flr_fedavg_new(&options, &fedavg));
    TRY(flr_config_new(&config));
    TRY(flr_config_add_workflow(config, "train", fedavg));
    added = fedavg; /* it belongs to the configuration now, and is valid as long as the runner */
    fedavg = NULL;
    TRY(flr_runner_new(config, "job-1", flr_local_get_engine_ops(engine), engine, &runner));
    config = NULL; /* it belongs to the runner */
    TRY(flr_local_run(engine, runner));
    TRY(flr_fedavg_get_model(added, &model));
    printf("mean of all: %.4f\n", read_model(model));
end:
    if (status < 0) fprintf(stderr, "failed: %s\n", flr_status_get_text(status));
    flr_value_unref(model);
    flr_value_unref(start);
    flr_workflow_unref(fedavg);
    flr_config_free(config);
    flr_runner_free(runner);
    flr_local_free(engine);
    return status < 0;
}
