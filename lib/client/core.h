/*
 * A client's run as a plain state machine: it says what to do next, and is told how that went. Rows CL-03 to CL-07, CL-16, CL-20 to CL-27, CL-34. It takes no lock, reads
 * no clock and calls nobody; the shell (drive.c) does what it says.
 */
#ifndef FLR_LIB_CLIENT_CORE_H
#define FLR_LIB_CLIENT_CORE_H

#include "fl/readiness.h"

typedef enum flr__client_action {
    FLR__CLIENT_SYNC,           /* send the message, wait for its reply */
    FLR__CLIENT_PAUSE_SYNC,     /* until `until` */
    FLR__CLIENT_ENABLE,         /* reliable messages */
    FLR__CLIENT_ABOUT_TO_START, /* fire */
    FLR__CLIENT_SETUP,          /* sticky properties of the run */
    FLR__CLIENT_START_RUN,      /* fire */
    FLR__CLIENT_PULL,           /* between its two events: ask for a task, wait for the answer */
    FLR__CLIENT_PAUSE_PULL,     /* until `until`, or a notice */
    FLR__CLIENT_PREPARE,        /* checks and data filters */
    FLR__CLIENT_EXECUTE,        /* wait for the executor */
    FLR__CLIENT_FINISH,         /* result filters, the reply's headers */
    FLR__CLIENT_BEFORE_SEND,    /* fire */
    FLR__CLIENT_CHECK,          /* send the task check, wait for its reply */
    FLR__CLIENT_SUBMIT,         /* send the result, wait for its answer */
    FLR__CLIENT_PAUSE_SUBMIT,   /* until `until` */
    FLR__CLIENT_AFTER_SEND,     /* fire */
    FLR__CLIENT_STOP,           /* trigger the run's signal; `requested`: as an abort */
    FLR__CLIENT_ABORT_TASK,     /* fire */
    FLR__CLIENT_ABOUT_TO_END,   /* fire */
    FLR__CLIENT_CHECK_READY,    /* fire; report ready or not */
    FLR__CLIENT_WAIT_READY,     /* until `readiness.at` */
    FLR__CLIENT_END_RUN,        /* fire */
    FLR__CLIENT_CLOSE,
    FLR__CLIENT_ENDED /* nothing more: `result` */
} flr__client_action;

/* How an action went, where there is more to say than a status. */
typedef enum flr__client_outcome {
    FLR__OUT_NONE,
    /* PULL */
    FLR__OUT_FAILED,
    FLR__OUT_TRY_AGAIN,
    FLR__OUT_END_RUN,
    FLR__OUT_TASK,
    /* PREPARE */
    FLR__OUT_EXECUTE,
    FLR__OUT_REPLY,    /* there is a reply already */
    FLR__OUT_UNSAFE,   /* the same, and the run ends when it is submitted */
    FLR__OUT_RESUBMIT, /* the result that was delivered last is submitted again */
    /* CHECK, SUBMIT */
    FLR__OUT_GO_ON,     /* submit it */
    FLR__OUT_DELIVERED, /* the server has it, now or since an attempt whose answer was lost */
    FLR__OUT_DROP,
    FLR__OUT_RETRY
} flr__client_outcome;

/* Durations, nanoseconds. */
typedef struct flr__client_times {
    int64_t sync_pause, max_sync, fetch, check_interval;
    int64_t submit; /* 0: no limit */
    int64_t ready_timeout, ready_interval;
} flr__client_times;

typedef struct flr__client_core {
    flr__client_action action; /* what to do next */
    flr__client_times times;
    int result;               /* of the run, once ENDED */
    int64_t until;            /* of a pause */
    int64_t sync_end;         /* no attempt to sync begins after it; FLR_TIME_NONE: not begun */
    int64_t submit_end;       /* FLR_TIME_NONE: no limit */
    bool unsafe;              /* the present reply says so: it goes out, then the run ends */
    bool resubmit, delivered; /* of the present result */
    uint64_t attempts;        /* to submit it */
    flr__readiness readiness;
} flr__client_core;

typedef struct flr__client_report {
    int status;
    flr__client_outcome outcome;
    int64_t wait;   /* TRY_AGAIN: nanoseconds, 0: not said */
    bool stopped;   /* the run's signal is triggered by now */
    bool requested; /* as an abort, not because the server ended the run */
    bool running;   /* an executor is still at work */
    bool ready;
    int64_t now;
} flr__client_report;

void flr__client_core_init(flr__client_core *core, const flr__client_times *times);
/* The first step of all: the time to sync begins. */
void flr__client_core_begin(flr__client_core *core, int64_t now);
/* The present action is done: decide the next one. */
void flr__client_core_report(flr__client_core *core, const flr__client_report *report);

#endif
