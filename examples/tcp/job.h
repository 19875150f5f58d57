/*
 * One job of the server: federated averaging of the penguins, stepped by the server's loop, and the
 * task requests that are held open because there is nothing to do yet.
 *
 * A client asks once and is answered when there is a task, so none polls. Held requests are bounded:
 * one per connection and job, none larger than HOLD_BYTES, none longer than the hold time.
 */
#ifndef TCP_JOB_H
#define TCP_JOB_H

#include "../demo/islands.h"
#include "calls.h"
#include "peers.h"
#include <flrunner.h>

#define HOLD_BYTES ((size_t)65536)

struct held;
struct member;

struct job_options {
    const char *id;
    uint32_t bit;     /* in peer.jobs */
    int prefix, loud; /* lines begin with the id; log what is no problem, too */
    uint64_t rounds, min_clients;
    double hold_time;
    const struct samples *held_out; /* to print accuracies on */
    struct peers *peers;
    struct calls *calls;
};

struct job {
    struct job_options options;
    flr_runner *runner;
    flr_context *context;   /* one per transport thread: there is one */
    int64_t step_at;        /* when to step again; NEVER: when the library says so */
    int ended, result;      /* what the run returned */
    struct member *members; /* who takes part, there or not: as many as there are tokens at most */
    struct held *first, *last;
    uint64_t notices;  /* of tasks that are ready */
    int due;           /* some held request may be answered now */
    int64_t expire_at; /* no held request is to be answered earlier for its age */
};

/* 0 or a code of the library. The job must stay where it is. */
int job_open(struct job *job, const struct job_options *options);
void job_close(struct job *job);
/* Do what can be done now. Returns when to come again. */
int64_t job_run(struct job *job, int64_t now);
/* End the run early: clients are told. */
void job_abort(struct job *job);
/* A client's request, for this job. */
void job_receive(struct job *job, struct peer *peer, flr_frame *frame, int64_t now);
/* The peer is gone; replaced 1: the client itself is not. */
void job_forget(struct job *job, struct peer *peer, int replaced);
/* The peer's queue has room again. */
void job_drained(struct job *job);

#endif
