/*
 * The lifecycle of a run as a plain state machine: it says what to do next, and is told how that went. Rows LC-04 to LC-30. It takes no lock,
 * reads no clock and calls nobody; the shell (drive.c) does what it says.
 */
#ifndef FLR_LIB_LIFECYCLE_H
#define FLR_LIB_LIFECYCLE_H

#include "fl/readiness.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum flr__action {
    FLR__ACT_SETUP,     /* sticky properties of the run */
    FLR__ACT_START_RUN, /* fire `_start_run` */
    FLR__ACT_PERSIST_BEGIN,
    FLR__ACT_LIST_CLIENTS,
    FLR__ACT_STARTED,    /* status `started`, unless it is `done` already */
    FLR__ACT_INITIALIZE, /* of the workflow `index`: sticky `__workflow__`, initialize_run */
    FLR__ACT_START,
    FLR__ACT_START_WORKFLOW, /* fire */
    FLR__ACT_LIST_AGAIN,     /* before the gate opens */
    FLR__ACT_CHECK_POLICY,   /* panic if the deployment policy is violated */
    FLR__ACT_OPEN,
    FLR__ACT_CONTROL,
    FLR__ACT_PANIC, /* with the detail of what failed */
    FLR__ACT_CLOSE,
    FLR__ACT_STOP,
    FLR__ACT_FINALIZE,
    FLR__ACT_END_WORKFLOW, /* fire */
    FLR__ACT_DONE,         /* status `done`; fatal flag if `fatal` */
    FLR__ACT_ABOUT_TO_END, /* fire */
    FLR__ACT_SEND_END,
    FLR__ACT_PERSIST_END,
    FLR__ACT_CHECK_READY, /* fire; report ready or not */
    FLR__ACT_WAIT_READY,  /* until `readiness.at` */
    FLR__ACT_END_RUN,     /* fire */
    FLR__ACT_CLEANUP,
    FLR__ACT_ENDED /* nothing more: `result` */
} flr__action;

typedef struct flr__lifecycle {
    flr__action action;  /* what to do next */
    size_t index, count; /* present workflow; number of workflows */
    int result;          /* of the run so far: the first cause */
    bool start_failed;   /* a step before the workflows failed */
    bool called_stop_pending, called_finalize_pending,
        fired_start; /* what the close of the present workflow must balance */
    bool fatal;      /* the fatal flag is to be set */
    flr__readiness readiness;
} flr__lifecycle;

/* How the action went. */
typedef struct flr__report {
    int status;    /* of what was called */
    bool aborted;  /* the abort signal is triggered by now */
    bool cold;     /* a cold abort was asked for by now */
    bool panicked; /* `_fatal_system_error` reached the runner by now */
    bool ready;    /* CHECK_READY: nobody voted against it */
    int64_t now;
} flr__report;

void flr__lifecycle_init(flr__lifecycle *l, size_t first, size_t count, int64_t ready_timeout,
                         int64_t ready_interval);
/* The present action is done: decide the next one. */
void flr__lifecycle_report(flr__lifecycle *l, const flr__report *report);

#endif
