/*
 * The executor: trains on the rows of one island. Each training may be made to last longer, for
 * demonstrations: it is begun, and finished by the loop when its time has come.
 */
#ifndef TCP_TRAINER_H
#define TCP_TRAINER_H

#include "../demo/softmax.h"
#include "moment.h"
#include <flrunner/client_runner.h>

struct trainer {
    const struct samples *samples;
    const char *name; /* for the log */
    double delay;     /* seconds */
    int quiet;
    flr_execution *execution; /* what is being worked on, a reference; NULL */
    int64_t due;
};

/* The trainer must live as long as the client. */
int trainer_add(struct trainer *trainer, flr_client_runner *client);
/* Finish what is to be finished. Returns when to come again. */
int64_t trainer_run(struct trainer *trainer, int64_t now);
/* Give up what is under way. */
void trainer_close(struct trainer *trainer);

#endif
