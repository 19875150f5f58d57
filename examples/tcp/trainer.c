#include "trainer.h"
#include "../demo/model.h"
#include <stdio.h>

static void finish(struct trainer *trainer, int status, flr_shareable *result)
{
    flr_execution *execution = trainer->execution;
    trainer->execution = NULL;
    trainer->due = NEVER;
    flr_execution_finish(execution, status, result);
    flr_execution_unref(execution);
}

/* The library gives one task at a time. */
static int start(void *self, flr_context *context, flr_execution *execution)
{
    struct trainer *trainer = self;
    (void)context;
    if (trainer->execution)
        return FLR_E_STATE;
    if (!trainer->quiet)
        fprintf(
            stderr, "%s: round %lld begins\n", trainer->name,
            (long long)flr_value_get_int(
                flr_shareable_get_header(flr_execution_get_data(execution), "current_round"), -1) +
                1);
    trainer->execution = flr_execution_ref(execution);
    trainer->due = moment_after(moment_now(), trainer->delay);
    return 0;
}

int trainer_add(struct trainer *trainer, flr_client_runner *client)
{
    flr_executor_ops ops;
    flr_executor_ops_init(&ops, sizeof ops);
    ops.start = start;
    trainer->due = NEVER;
    return flr_client_runner_add_executor(client, "train", &ops, trainer);
}

int64_t trainer_run(struct trainer *trainer, int64_t now)
{
    flr_shareable *result = NULL;
    if (!trainer->execution)
        return NEVER;
    if (flr_signal_is_triggered(flr_execution_get_abort_signal(trainer->execution))) {
        finish(trainer, FLR_E_ABORTED, NULL);
        return NEVER;
    }
    if (trainer->due > now)
        return trainer->due;
    int status = model_train(flr_execution_get_data(trainer->execution), trainer->samples, &result);
    finish(trainer, status, result);
    flr_shareable_unref(result);
    return NEVER;
}

void trainer_close(struct trainer *trainer)
{
    if (trainer->execution)
        finish(trainer, FLR_E_ABORTED, NULL);
}
