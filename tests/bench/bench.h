/* What the figures of the bench share: a registry, a federation without a network, and clocks. */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <flrunner.h>
#include <stdbool.h>

typedef struct figure {
    const char *id, *unit;
    const char *reference;        /* id of the figure that it is compared with; NULL: none */
    double (*measure)(long size); /* one repeat */
    long size;                    /* its argument: N, T, ... */
    const char *series;           /* figures of one series print a growth exponent; NULL: none */
} figure;

extern const figure dispatch_figures[], round_figures[],
    memory_figures[]; /* each ends with an id of NULL */
extern bool bench_quick;

double bench_now(void);                         /* seconds, monotonic */
void bench_check(int status, const char *what); /* ends the program if status is negative */

/* ---- a federation: one workflow that broadcasts one task after the other to n clients, stepped by the caller ---- */
typedef struct federation {
    flr_runner *runner;
    flr_context *context;
    flr_value *peer;                 /* properties that clients send */
    flr_shareable *payload, *result; /* 1 KiB each */
    char (*names)[16];
    const char **targets; /* the same, as a list */
    long count;
    long foreign; /* tasks for one other client, scheduled first and never answered */
    long
        rounds_left; /* tasks still to be scheduled; < 0: without end; 0: the workflow ends with the present one */
    flr_task *task;
    bool idle; /* schedule nothing */
} federation;

federation *federation_new(long count, long foreign, bool idle);
void federation_free(federation *f);
bool federation_step(
    federation *f); /* steps until nothing can be done now; true: the run has ended */
/* One request of client i in this context; if there is a task, its submission. true: there was one. */
bool federation_pair(federation *f, flr_context *context, long i);

#endif
