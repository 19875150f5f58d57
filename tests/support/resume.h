/*
 * A small FedAvg run that can be stopped and gone on with: two clients, three rounds, a model with a small tensor and one that is a segment of its own in a saved state, a component that saves a
 * number. Stepped, manual clock, one thread; fails the test of Check that it runs in.
 */
#ifndef FLR_TESTS_RESUME_H
#define FLR_TESTS_RESUME_H

#include <flrunner.h>

#define RESUME_ROUNDS 3
#define RESUME_JOB    "job-1"

typedef struct resume {
    /* the test may set these before resume_begin */
    flr_file_store *models; /* NULL: none are written */
    const char *model_name; /* NULL: the default */
    uint64_t model_every;
    void (*on_round)(void);   /* after each round, before its model is written; NULL */
    void (*on_persist)(void); /* when persist is called; NULL */
    /* read only */
    flr_clock *clock;
    flr_runner *runner;
    flr_workflow *fedavg;
    flr_context *context;
    int64_t number;   /* the component's: grows with each save */
    int64_t restored; /* what it was given; -1: nothing */
    void *kept;       /* the state that persist was given last; NULL: none */
    size_t kept_size;
    flr_step_result last;
} resume;

void resume_init(resume *r);
void resume_begin(resume *r); /* the runner, before its first step */
void resume_free(resume *r);  /* all; the test may begin again after resume_init */
/* Until nothing can be done now. */
void resume_step(resume *r);
/* Each client gets its task of the round and answers; then resume_step. */
void resume_play_round(resume *r);
/* From the first step or from a restored state to the end, which must be a good one. */
void resume_play(resume *r);
/* The model; released by the caller. */
flr_value *resume_model(const resume *r);
/* The bytes of a run that was stopped after so many rounds, 0 to RESUME_ROUNDS (completed); freed by the caller. */
void *resume_state(int rounds, size_t *size);

#endif
