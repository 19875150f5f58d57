/*
 * One job of the server: federated averaging of the penguins, stepped by the server's loop, and the
 * task requests that are held open because there is nothing to do yet. With a directory for its state
 * it goes on where a server that was killed has stopped.
 *
 * A client asks once and is answered when there is a task, so none polls. Held requests are bounded:
 * one per connection and job, none larger than HOLD_BYTES, none longer than the hold time.
 */
#ifndef TCP_JOB_H
#define TCP_JOB_H

#include "../demo/islands.h"
#include "calls.h"
#include "keeper.h"
#include "members.h"
#include "peers.h"
#include <flrunner.h>

#define HOLD_BYTES ((size_t)65536)

struct held;

struct job_options {
    const char *id;
    uint32_t bit;     /* in peer.jobs */
    int prefix, loud; /* lines begin with the id; log what is no problem, too */
    uint64_t rounds, min_clients;
    size_t model_bytes; /* of zeros, besides what is trained */
    double hold_time;
    const char *directory;          /* of its state; NULL: none */
    const struct samples *held_out; /* to print accuracies on */
    struct peers *peers;
    struct calls *calls;
};

struct job {
    struct job_options options;
    flr_file_store *store;   /* NULL: it keeps nothing */
    enum keeper_found found; /* at the start */
    flr_runner *runner;      /* NULL: the job was done before */
    flr_context *context;    /* one per transport thread: there is one */
    int64_t step_at;         /* when to step again; NEVER: when the library says so */
    int ended, result;       /* what the run returned */
    struct members members;
    struct held *first, *last;
    uint64_t notices;  /* of tasks that are ready */
    int due;           /* some held request may be answered now */
    int64_t expire_at; /* no held request is to be answered earlier for its age */
};

/* 0, or -1 with one line of text. The job must stay where it is. */
int job_open(struct job *job, const struct job_options *options, char *error, unsigned error_size);
void job_close(struct job *job);
/* Do what can be done now. Returns when to come again. */
int64_t job_run(struct job *job, int64_t now);
/* It has ended, and clients that took part before a restart have not come back to hear that. */
int job_awaits(const struct job *job);
/* The clients were told: of a job that has completed nothing but the model is kept. 0, or -1 as above. */
int job_finish(struct job *job, char *error, unsigned error_size);
/* End the run early: clients are told. */
void job_abort(struct job *job);
/* A client's request, for this job. */
void job_receive(struct job *job, struct peer *peer, flr_frame *frame, int64_t now);
/* The peer is gone; replaced 1: the client itself is not. */
void job_forget(struct job *job, struct peer *peer, int replaced);
/* The peer's queue has room again. */
void job_drained(struct job *job);

#endif
