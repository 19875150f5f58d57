/* What the figures of the bench share: a registry, a federation without a network, and clocks. */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <flrunner.h>
#include <stdbool.h>

typedef struct figure {
    const char *id, *unit;        /* a unit "X/s" is a rate, any other a cost */
    const char *reference;        /* id of the figure that it is compared with; NULL: none */
    double (*measure)(long size); /* one repeat */
    long size;                    /* its argument: N, T, ... */
    const char *series;           /* figures of one series print a growth exponent; NULL: none */
    bool alone;                   /* each repeat in a process of its own: it looks at its memory */
} figure;

#define FIGURE(id, unit, reference, measure, size, series)                                         \
    {                                                                                              \
        id, unit, reference, measure, size, series, false                                          \
    }
#define FIGURE_ALONE(id, unit, reference, measure, size, series)                                   \
    {                                                                                              \
        id, unit, reference, measure, size, series, true                                           \
    }
#define FIGURE_END                                                                                 \
    {                                                                                              \
        NULL, NULL, NULL, NULL, 0, NULL, false                                                     \
    }

/* Each ends with FIGURE_END. */
extern const figure dispatch_figures[], relay_figures[], outstanding_figures[], scale_figures[],
    round_figures[], memory_figures[], frame_figures[], save_figures[];
extern bool bench_quick;

double bench_now(void);                         /* seconds, monotonic */
void bench_check(int status, const char *what); /* ends the program if status is negative */
void bench_sort(double *values, long count);
/* KiB, of this process: "VmRSS" is what it occupies, "VmHWM" the most that it ever did. */
double bench_memory(const char *field);

/* ---- a federation: one workflow with tasks for n clients, stepped by the caller ---- */
typedef struct federation_options {
    long count; /* clients site-0, site-1, ... */
    /* FLR_KIND_* of the tasks that its rounds schedule: one for all clients, or a send for each. 0: none */
    int kind;
    long foreign;     /* tasks for one other client, scheduled first and never answered */
    int foreign_kind; /* FLR_KIND_* */
    bool notices;     /* the engine is told who has something to fetch */
    void (*configure)(flr_config *config, void *self); /* NULL: defaults */
    void *self;                                        /* of configure */
} federation_options;

typedef struct federation {
    federation_options options;
    flr_runner *runner;
    flr_board *board; /* from the first step on */
    flr_context *context;
    flr_value *peer;                        /* properties that clients send */
    flr_shareable *payload, *result, *beat; /* 1 KiB each; a heartbeat */
    char (*names)[16];
    const char **targets; /* the same, as a list */
    long count;
    long rounds; /* scheduled so far */
} federation;

federation *federation_new(const federation_options *options);
void federation_free(federation *f);
/* The same for another thread, whose clients send messages of their own: f's parts, but peer and result. */
void federation_share(const federation *f, federation *own);
void federation_unshare(federation *own);
/* Steps until nothing can be done now: a round whose tasks have ended is followed by the next. true: so it was. One thread at a time. */
bool federation_step(federation *f);
/* One more task, of any kind, on any thread after the first step. Released by the caller. */
flr_task *federation_schedule(federation *f, int kind, const char *const *targets, long count);
/* A request of client i in this context. true: it got a task. id: at least 33 bytes */
bool federation_request(federation *f, flr_context *context, long i, char *id);
/* Its result; it must be accepted. */
void federation_submit(federation *f, flr_context *context, long i, const char *id);
/* Both. true: there was a task. */
bool federation_pair(federation *f, flr_context *context, long i);
void federation_heartbeat(federation *f, flr_context *context, long i);

/* ---- dispatch.c: pairs per second, of all clients in turn; the federation is released ---- */
double bench_pairs_1t(const federation_options *options);
double
bench_pairs_2t(const federation_options *options); /* two threads, half of the clients each */

#endif
