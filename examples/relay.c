/*
 * A workflow of your own on the ready-made board: a value travels from site to site, twice round, and each site moves it
 * half-way to its own mean (cyclic training). Halfway through, the host prints whom everybody is waiting for.
 *
 *     cc relay.c $(pkg-config --cflags --libs libflrunner)
 */
#include <flrunner.h>
#include <stdio.h>

#define TRY(call) if ((status = (call)) < 0) goto end

/* What a site does with the task: it takes x and gives it back, half-way to its own mean. */
static int move(void *self, const char *client, const char *task, const flr_shareable *data,
                flr_signal *abort, flr_shareable **result)
{
    double x = flr_value_get_real(flr_shareable_get(data, "x"), 0.0), mean = *(const double *)self;
    int status;

    (void)client, (void)task, (void)abort;
    TRY(flr_shareable_new(result));
    TRY(flr_shareable_set_real(*result, "x", x + 0.5 * (mean - x)));
end:
    return status;
}

/* ---- the workflow ---- */

typedef struct cyclic {
    double x; /* touched in the task's callbacks only, which never overlap */
} cyclic;

/* Before a leg is handed out: the client's own copy of the payload gets the present value. */
static int before_sent(void *self, flr_assignment *assignment, flr_context *context)
{
    const cyclic *c = self;

    (void)context;
    return flr_shareable_set_real(flr_assignment_get_data(assignment), "x", c->x);
}

static int received(void *self, flr_assignment *assignment, flr_context *context)
{
    cyclic *c = self;
    flr_shareable *result = flr_assignment_get_result(assignment);
    flr_board *board = NULL;
    flr_blob *text = NULL;

    c->x = flr_value_get_real(flr_shareable_get(result, "x"), c->x);
    flr_shareable_unref(result);
    printf("after %-5s %.4f\n", flr_assignment_get_client(assignment), c->x);
    if (flr_context_get_board(context, &board) == 0 &&
        flr_board_print(board, FLR_BOARD_PRINT_FLAG_BRIEF, &text) == 0) {
        printf("%.*s\n", (int)flr_blob_get_size(text), (const char *)flr_blob_get_data(text));
    }
    flr_blob_unref(text);
    return 0;
}

static int control_flow(void *self, flr_signal *abort, flr_context *context)
{
    static const char *const legs[] = {"north", "east", "south", "north", "east", "south"};
    flr_task_options task_options;
    flr_relay_options relay;
    flr_shareable *payload = NULL;
    flr_board *board;
    flr_task *task = NULL;
    int status, how;

    TRY(flr_context_get_board(context, &board));
    TRY(flr_shareable_new(&payload));
    flr_task_options_init(&task_options, sizeof task_options);
    task_options.name = "move";
    task_options.payload = payload;
    task_options.timeout = 60.0;
    task_options.before_task_sent = before_sent;
    task_options.result_received = received;
    task_options.self = self;
    TRY(flr_task_new(&task_options, &task));
    flr_relay_options_init(&relay, sizeof relay);
    relay.flags = FLR_RELAY_FLAG_STATIC;
    relay.targets = legs;
    relay.target_count = sizeof legs / sizeof *legs;
    relay.task_result_timeout = 10.0; /* a site that takes longer is passed over */
    TRY(flr_board_relay_and_wait(board, task, &relay, abort, context, &how));
    if (how != FLR_TASK_OK) {
        status = flr_context_fail(context, FLR_E_TIMEDOUT, "the relay ended: %s",
                                  flr_task_status_get_name(how));
    }
end:
    flr_task_unref(task);
    flr_shareable_unref(payload);
    return status;
}

int main(void)
{
    static double means[] = {9.1, 10.2, 8.2};
    cyclic workflow = {0.0};
    flr_controller_ops controller;
    flr_local *engine = NULL;
    flr_config *config = NULL;
    flr_runner *runner = NULL;
    char detail[256] = "";
    int status;

    TRY(flr_local_new(NULL, &engine));
    TRY(flr_local_add_client(engine, "north", move, &means[0]));
    TRY(flr_local_add_client(engine, "east", move, &means[1]));
    TRY(flr_local_add_client(engine, "south", move, &means[2]));
    TRY(flr_config_new(&config));
    flr_controller_ops_init(&controller, sizeof controller);
    controller.control_flow = control_flow;
    TRY(flr_config_add_controller(config, "cyclic", &controller, &workflow, NULL, NULL)); /* a new board */
    TRY(flr_runner_new(config, "job-1", flr_local_get_engine_ops(engine), engine, &runner));
    config = NULL; /* spent */
    TRY(flr_local_run(engine, runner));
    printf("in the end  %.4f\n", workflow.x);
end:
    flr_runner_get_detail(runner, detail, sizeof detail);
    if (status < 0) fprintf(stderr, "failed: %s %s\n", flr_status_get_text(status), detail);
    flr_runner_free(runner);
    flr_config_free(config);
    flr_local_free(engine);
    return status < 0;
}
