/*
 * For tests of messages on a world (world.h): threads that each make one call of the runner, and
 * stages by which threads wait for each other. What a thread finds out it records; the test's
 * thread joins it and asserts. A stage's lock guards it.
 */
#ifndef TESTS_CALLER_H
#define TESTS_CALLER_H

#include "world.h"

/* A number that only grows. */
typedef struct stage {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int reached;
} stage;
#define STAGE_INIT                                                                                 \
    {                                                                                              \
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0                                     \
    }

void stage_reach(stage *s, int number); /* it is at least that from now on */
void stage_step(stage *s);              /* one more */
void stage_await(stage *s, int number); /* wait until it is at least that */
int stage_get(stage *s);

/* One call on a thread of its own, with a context of its own. */
typedef struct caller {
    world *world;
    const char *client;
    const char *task, *id, *topic; /* of a submission; of an auxiliary message */
    flr_context *context;
    pthread_t thread;
    int status, kind, outcome; /* what came of it, once joined */
    char rc[64];
} caller;

void caller_request(caller *c, world *w, const char *client);
void caller_submit(caller *c, world *w, const char *client, const char *task, const char *id);
void caller_aux(caller *c, world *w, const char *client, const char *topic);
void caller_join(caller *c); /* waits for the call; frees the context */

/* Work that lets other threads run: whoever does not wait where it must gets every chance to show
 * it. */
void give_way(world *w);

/* The trace so far is this, and is forgotten. */
void expect_trace(world *w, const char *expected);

#endif
