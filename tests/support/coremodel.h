/*
 * What the rows SE-02 to SE-06, SR-02 to SR-12, AR-01 to AR-04 and DC-06, DC-08 say of one send or
 * relay, computed anew from its list and its history whenever it is asked: slow, and with nothing
 * kept that the library keeps up to date step by step. Clients are numbers; time is in nanoseconds.
 */
#ifndef FLR_TESTS_COREMODEL_H
#define FLR_TESTS_COREMODEL_H

#include <flrunner/board.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COREMODEL_CLIENTS 8
#define COREMODEL_LEGS    64
#define COREMODEL_HANDS   64

/* What all models of a board share. */
typedef struct coremodel_clients {
    bool dead[COREMODEL_CLIENTS], known[COREMODEL_CLIENTS];
} coremodel_clients;

/* One hand-out. */
typedef struct coremodel_hand {
    int client;
    int64_t sent;
    int state;    /* FLR_ASSIGNMENT_* */
    bool claimed; /* its result is being processed */
    bool by_time; /* given up by the result timeout */
} coremodel_hand;

typedef struct coremodel {
    const coremodel_clients *clients;
    /* constant */
    bool relay, any, dynamic, open;
    int64_t scheduled, step, result_timeout, timeout_at, lead;
    /* the list and what has become of it */
    int legs[COREMODEL_LEGS];
    size_t leg_count, begin; /* begin: sequential relay, behind the leg handed out last */
    bool listed[COREMODEL_CLIENTS], barred[COREMODEL_CLIENTS];
    int64_t opened;     /* relay: the window */
    int64_t able_since; /* some waiting leg is one of a live target */
    bool able;
    coremodel_hand hands[COREMODEL_HANDS];
    size_t hand_count;
    int64_t time; /* decided up to */
    int status;   /* FLR_TASK_* */
    int64_t ended;
} coremodel;

/* The caller has set what is constant. list: digits of clients, deduplicated for a send. */
void coremodel_begin(coremodel *m, const char *list);

bool coremodel_is_live(const coremodel *m, int client);
int coremodel_holder(const coremodel *m); /* the hand that is open; -1: none */
/* The window of a sequential one: it would hold `wanted` legs of live targets, and ends at. */
size_t coremodel_wanted(const coremodel *m, int64_t now);
size_t coremodel_end(const coremodel *m, int64_t now);
/* Legs of a relay that wait; only those of live targets. */
size_t coremodel_waiting(const coremodel *m, bool live);
size_t coremodel_given_up(const coremodel *m);
size_t coremodel_lost(const coremodel *m); /* listed clients that are not live */
/* What it says to a client: 1 SEND, 2 BLOCK, 3 NO_BLOCK; if it could join, after it has. */
int coremodel_verdict(const coremodel *m, int client, int64_t now);
/* When time alone gives up what is open, or ends it, next; it may be past, then it is now. */
int64_t coremodel_due(const coremodel *m);

/* All that is due, each instant in its turn; after every other change, too. */
void coremodel_advance(coremodel *m, int64_t now);
void coremodel_join(coremodel *m, int client);
void coremodel_hand_out(coremodel *m, int client, int64_t now);
void coremodel_answer(coremodel *m, size_t hand, int state, int64_t now);
void coremodel_lose(coremodel *m, int client, int64_t now);

#endif
