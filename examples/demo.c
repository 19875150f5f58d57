/*
 * The demo: three islands train a classifier of penguins together, none shows its penguins to the
 * others.
 *
 *     demo [penguins.csv [directory for the learning curve]]
 *
 * Each island has two species at most, so alone it cannot learn the third. Every fifth of the 342
 * measured penguins is held out; the measurements are standardised by mean and deviation of all
 * training rows (two numbers per column, which federated statistics deliver). In each round every
 * island makes ten gradient steps on its own rows, beginning with the common model, and federated
 * averaging weighs the results by numbers of rows. The time of a round stands last in its line, in
 * a column of fixed width; everything else is the same in every run.
 */
#include "demo/islands.h"
#include "demo/model.h"
#include "demo/svg.h"
#include <errno.h>
#include <flrunner.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CURVE "learning-curve.svg"

struct demo {
    struct islands data;
    double accuracy[2 + ISLANDS][ROUNDS + 1]; /* FedAvg, pooled, each island alone; by round */
    double weights[2 + ISLANDS][WEIGHTS];
    FILE *curve;
    char curve_path[1024];
};

enum { FEDAVG, POOLED, ALONE };

/* One line; `why` may be empty. */
static int fail(const char *subject, const char *why)
{
    fflush(stdout);
    fprintf(stderr, "demo: %s%s%s\n", subject, why[0] ? ": " : "", why);
    return -1;
}

/*
 * Make the directory if need be (its parent too, which is enough for build/demo), and open the file
 * before any work is done.
 */
static int open_curve(struct demo *demo, const char *directory)
{
    char *path = demo->curve_path;
    int used = snprintf(path, sizeof demo->curve_path, "%s/" CURVE, directory);
    if (used < 0 || (size_t)used >= sizeof demo->curve_path)
        return fail("the directory's name", strerror(ENAMETOOLONG));
    for (char *slash = path + 1; *slash; slash++) {
        if (*slash != '/')
            continue;
        *slash = '\0';
        int failed = mkdir(path, 0777) < 0 && errno != EEXIST;
        *slash = '/';
        if (failed)
            break; /* opening the file says why */
    }
    demo->curve = fopen(path, "w");
    return demo->curve ? 0 : fail(path, strerror(errno));
}

/* ---- the federation ---- */

/* An island's task: ten steps from the common model. */
static int train(void *self, const char *client, const char *task, const flr_shareable *data,
                 flr_signal *abort, flr_shareable **result)
{
    (void)client;
    (void)task;
    (void)abort; /* ten steps take no time worth interrupting */
    return model_train(data, self, result);
}

static int on_round(void *self, const flr_round *round, const flr_value *model)
{
    struct demo *demo = self;
    double *weights = demo->weights[FEDAVG];
    uint64_t number = flr_round_get_number(round) + 1;
    int status = model_read(model, weights);
    if (status < 0)
        return status;
    demo->accuracy[FEDAVG][number] = softmax_accuracy(weights, &demo->data.held_out);
    printf("%5llu  %7zu  %6.4f  %6.1f %%  %8.3f ms\n", (unsigned long long)number,
           flr_round_get_contributor_count(round), softmax_loss(weights, &demo->data.held_out),
           demo->accuracy[FEDAVG][number], 1e3 * flr_round_get_seconds(round));
    return 0;
}

static int configure(struct demo *demo, flr_local *engine, flr_runner **runner)
{
    flr_fedavg_options options;
    flr_workflow *fedavg = NULL;
    flr_config *config = NULL;
    flr_value *start = NULL;
    int status = model_make(demo->weights[FEDAVG], &start);
    flr_fedavg_options_init(&options, sizeof options);
    options.initial_model = start;
    options.rounds = ROUNDS;
    options.min_clients = ISLANDS;
    options.on_round = on_round;
    options.self = demo;
    for (int i = 0; i < ISLANDS && status == 0; i++)
        status = flr_local_add_client(engine, island_names[i], train, &demo->data.islands[i]);
    if (status == 0)
        status = flr_fedavg_new(&options, &fedavg);
    if (status == 0)
        status = flr_config_new(&config);
    if (status == 0)
        status = flr_config_add_workflow(config, "fedavg", fedavg);
    if (status < 0)
        flr_workflow_unref(fedavg); /* on success it belongs to the configuration */
    if (status == 0)
        status =
            flr_runner_new(config, "penguins", flr_local_get_engine_ops(engine), engine, runner);
    if (status < 0)
        flr_config_free(config); /* on success it belongs to the runner */
    flr_value_unref(start);
    return status;
}

static int run_federation(struct demo *demo)
{
    flr_local *engine = NULL;
    flr_runner *runner = NULL;
    char detail[512] = "";
    printf("round  clients    loss  accuracy         time\n");
    int status = flr_local_new(NULL, &engine);
    if (status == 0)
        status = configure(demo, engine, &runner);
    if (status == 0)
        status = flr_local_run(engine, runner);
    if (status < 0) {
        flr_runner_get_detail(runner, detail, sizeof detail);
        fail(flr_status_get_text(status), detail);
    }
    flr_runner_free(runner);
    flr_local_free(engine);
    return status;
}

/* ---- the comparison ---- */

/* What the same number of steps does without a federation. */
static void train_without(struct demo *demo, int which, const struct samples *samples)
{
    for (int round = 1; round <= ROUNDS; round++) {
        softmax_train(demo->weights[which], samples, LOCAL_STEPS, LEARNING_RATE);
        demo->accuracy[which][round] = softmax_accuracy(demo->weights[which], &demo->data.held_out);
    }
}

static void print_row(const struct demo *demo, int which, const char *name, size_t rows)
{
    printf("%-16s  %4zu  %6.4f  %6.1f %%\n", name, rows,
           softmax_loss(demo->weights[which], &demo->data.held_out), demo->accuracy[which][ROUNDS]);
}

static void compare(struct demo *demo)
{
    char name[64];
    train_without(demo, POOLED, &demo->data.pooled);
    printf("\ntrained on        rows    loss  accuracy  (%zu held-out rows)\n",
           demo->data.held_out.count);
    for (int i = 0; i < ISLANDS; i++) {
        train_without(demo, ALONE + i, &demo->data.islands[i]);
        snprintf(name, sizeof name, "%s alone", island_names[i]);
        print_row(demo, ALONE + i, name, demo->data.islands[i].count);
    }
    print_row(demo, FEDAVG, "federation", demo->data.pooled.count);
    print_row(demo, POOLED, "all data pooled", demo->data.pooled.count);
}

static int draw_curve(struct demo *demo)
{
    struct svg_chart chart = {.title = "Penguins of three islands: accuracy on held-out rows",
                              .x_label = "round (10 gradient steps each)",
                              .y_label = "accuracy (%)",
                              .points = ROUNDS + 1,
                              .lines = 2 + ISLANDS};
    chart.line[0] = (struct svg_line){"federation", demo->accuracy[FEDAVG]};
    for (int i = 0; i < ISLANDS; i++)
        chart.line[1 + i] = (struct svg_line){island_names[i], demo->accuracy[ALONE + i]};
    chart.line[1 + ISLANDS] = (struct svg_line){"all pooled", demo->accuracy[POOLED]};
    int failed = svg_write_chart(demo->curve, &chart) < 0;
    failed |= fclose(demo->curve) != 0;
    demo->curve = NULL;
    if (failed)
        return fail(demo->curve_path, strerror(errno));
    printf("\nlearning curve: %s\n", demo->curve_path);
    return 0;
}

int main(int argc, char **argv)
{
    static struct demo demo; /* weights start at zero */
    char error[1200];
    if (argc > 3) {
        fprintf(stderr, "usage: %s [penguins.csv [directory]]\n", argv[0]);
        return 1;
    }
    int status = islands_load(argc > 1 ? argv[1] : "examples/data/penguins.csv", &demo.data, error,
                              sizeof error);
    if (status < 0)
        fail(error, "");
    else
        status = open_curve(&demo, argc > 2 ? argv[2] : "build/demo");
    for (int which = 0; status == 0 && which < 2 + ISLANDS; which++)
        demo.accuracy[which][0] = softmax_accuracy(demo.weights[which], &demo.data.held_out);
    if (status == 0)
        status = run_federation(&demo);
    if (status == 0)
        compare(&demo);
    if (status == 0)
        status = draw_curve(&demo);
    if (demo.curve)
        fclose(demo.curve);
    islands_free(&demo.data);
    return status < 0;
}
