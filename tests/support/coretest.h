/*
 * The board's core for unit tests: clients and tasks made by hand, and what the board's shell does
 * with them, without its locks, callbacks and threads. Clients are named by their digit: "0" is
 * site-0. What goes wrong in here fails the test that called.
 */
#ifndef FLR_TESTS_CORETEST_H
#define FLR_TESTS_CORETEST_H

#include "board/core.h"

#define CORETEST_CLIENTS 8
#define CORETEST_SECOND  INT64_C(1000000000)

typedef struct coretest {
    flr__core *core;
    flr__clients table;                     /* no grace period; all clients are known and live */
    flr__client *clients[CORETEST_CLIENTS]; /* site-0, site-1, ... */
    flr__core_task **tasks;                 /* all that were scheduled */
    size_t task_count, task_capacity;
    char news[256], verdicts[CORETEST_CLIENTS + 1];
} coretest;

/* A task to be scheduled; what is left out is zero. */
typedef struct coretest_options {
    const flr__policy *policy;
    const char *list; /* digits of clients, in order; NULL: OPEN */
    size_t min_responses;
    int64_t wait, timeout;        /* nanoseconds; timeout 0: none */
    int64_t step, result_timeout; /* of a send or relay */
    bool dynamic, non_blocking;
} coretest_options;

/* What a request has chosen and not yet recorded. */
typedef struct coretest_offer {
    flr__choice choice;
    flr_assignment *a; /* NULL: nothing for this client */
} coretest_offer;

/* The memory of ids holds 100; no lead time, no heartbeat timeout, nobody wants news. */
void coretest_begin(coretest *c);
void coretest_end(coretest *c); /* everything is released, and nothing else is left */

flr__board_client *coretest_client(coretest *c, int i);
flr__core_task *coretest_schedule(coretest *c, const char *name, const coretest_options *o,
                                  int64_t now);
/* The same in two steps: its targets are linked, then it stands. One at a time may come. */
flr__core_task *coretest_come(coretest *c, const char *name, const coretest_options *o);
void coretest_stand(coretest *c, flr__core_task *t, int64_t timeout, int64_t now);
int coretest_status(const flr__core_task *t); /* FLR_TASK_* */
/* This client's target of it; NULL: there is none. */
flr__target *coretest_target(const flr__core_task *t, const flr__board_client *bc);
/* What the task says to a client: FLR__SEND, FLR__BLOCK, or FLR__NO_BLOCK; nobody joins. */
int coretest_verdict(coretest *c, flr__core_task *t, int i, int64_t now);

/* The same of clients 0, 1, ..., a character for each: S(END), B(LOCK), or "-". A view. */
const char *coretest_verdicts(coretest *c, flr__core_task *t, int count, int64_t now);
/* It stands at this time; it stands until then, and is what ends; it has ended at this time. */
void coretest_stands(coretest *c, const flr__core_task *t, int64_t now);
void coretest_ends(coretest *c, const flr__core_task *t, int64_t at, int status);
void coretest_ended(const flr__core_task *t, int64_t at, int status);

/* A request: choose, then record. ask does both; NULL: nothing was handed out. */
coretest_offer coretest_choose(coretest *c, int i, int64_t now);
bool coretest_record(coretest *c, coretest_offer *offer, int64_t now); /* false: it was dropped */
flr_assignment *coretest_ask(coretest *c, int i, int64_t now);

flr__record *coretest_find(coretest *c, const char *id);                  /* NULL: unknown */
int coretest_claim(coretest *c, int i, const char *name, const char *id); /* FLR_OUTCOME_* */
int coretest_check(coretest *c, int i, const char *id);                   /* FLR_CHECK_* */
/* What follows a claim whose result nobody is shown, with a state FLR_ASSIGNMENT_*. true: its client
 * is told (see core.h). */
bool coretest_deliver(coretest *c, flr_assignment *a, int state, int64_t now);
/* A submission: claim, and deliver what was accepted. FLR_OUTCOME_* */
int coretest_submit(coretest *c, int i, const char *name, const char *id, int64_t now);
/* BD-24: the open assignment is closed in its client's place. */
void coretest_close(coretest *c, flr_assignment *a, int64_t now);

/* The client is reported and disconnected at once; is heard. Tasks are not looked at yet. */
void coretest_lose(coretest *c, int i, int64_t now);
void coretest_regain(coretest *c, int i, int64_t now);
size_t coretest_expire(coretest *c, int64_t now); /* end all that is due; how many it were */

/* Settle a task that has ended, and forget what is too much. One that keeps the latest of each
 * target only is not settled in hand-out order. */
void coretest_settle(coretest *c, flr__core_task *t);

/* All notices so far: digits of clients, "*" for everybody, divided by blanks. A view. */
const char *coretest_news(coretest *c);

#endif
