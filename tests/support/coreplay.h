/*
 * Several sends, relays and broadcasts that stand at once in a board's core, each send and relay with
 * its naive model: what a request would get by the rows, and whether core and models agree.
 */
#ifndef FLR_TESTS_COREPLAY_H
#define FLR_TESTS_COREPLAY_H

#include "coremodel.h"
#include "coretest.h"

#include <check.h>

#define COREPLAY_TASKS 4

/* A broadcast is one to whoever asks, once, and has no model. */
typedef struct coreplay_task {
    flr__core_task *t;
    bool is_broadcast;
    bool got[COREMODEL_CLIENTS]; /* of a broadcast */
    coremodel m;
    flr_assignment *hands[COREMODEL_HANDS]; /* as in the model */
} coreplay_task;

typedef struct coreplay {
    coretest c;
    coremodel_clients clients;
    coreplay_task tasks[COREPLAY_TASKS]; /* in scheduling order */
    size_t count;
    bool vain[COREMODEL_CLIENTS]; /* it asked, got nothing, and was not told since */
    int64_t now;
    unsigned seed, step; /* for complaints */
} coreplay;

/* Without a word of Check's when it holds: that costs more than all the rest. */
#define COREPLAY_AGREE(p, condition)                                                               \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            ck_abort_msg("seed %u, step %u: %s", (p)->seed, (p)->step, #condition);                \
        }                                                                                          \
    } while (0)

/* What a request gets. */
typedef struct coreplay_answer {
    int task; /* -1: nothing */
    int hand; /* a re-send; -1: a new one */
    bool joins;
} coreplay_answer;

bool coreplay_stands(const coreplay_task *task); /* as the model says */
int coreplay_verdict(const coreplay *p, const coreplay_task *task, int client);
/* BD-06, BD-07. join: who is reached by the search joins. */
coreplay_answer coreplay_search(coreplay *p, int client, bool join);

/* A task and its model, advanced up to now, agree. */
void coreplay_check_task(const coreplay *p, const coreplay_task *task);
/* So does what the core says to each client; asking it may make it catch up with time. */
void coreplay_check_verdicts(coreplay *p);
/* BD-16: nobody who asked in vain would be served now. Takes all notices. */
void coreplay_check_news(coreplay *p);

#endif
