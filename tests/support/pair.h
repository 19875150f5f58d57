/*
 * Two runs, "left" and "right", that know each other only through auxiliary messages, over a network that loses, repeats and reorders them.
 * Stepped under a manual clock, or run on threads under the system's clock, then with threads that deliver. The network's lock guards
 * its queue, its dice and `stopping`.
 */
#ifndef TESTS_PAIR_H
#define TESTS_PAIR_H

#include "base/id.h"
#include <flrunner.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#define PAIR_CARRIERS 2

typedef struct pair pair;

typedef struct pair_site {
    pair *pair;
    const char *name;
    flr_runner *runner;
    flr_context *context; /* the test's own thread sends with it */
    flr_context *inbound; /* stepped: messages arrive with it */
    pthread_t thread;
    int run_status;
    int32_t state, result; /* stepped: of the last step */
    int64_t wait;
    atomic_bool started;
} pair_site;

typedef struct pair_message {
    flr_aux_send *send;
    int to;
    struct pair_message *next;
} pair_message;

struct pair {
    pair_site sites[2];
    flr_clock *clock;
    bool threads;
    flr_reliable_handler handler; /* of the topic "work", on both; self is the pair */
    atomic_bool ending;           /* the workflows are to end */
    pthread_t carriers[PAIR_CARRIERS];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pair_message *first, **last;
    size_t count;
    bool stopping;
    unsigned loss; /* of 100: each of a message and its reply; half as many are repeated */
    flr__rng dice;
};

/* Both runs are within their workflow then. */
pair *pair_begin(bool threads, uint64_t seed, unsigned loss, double interval,
                 flr_reliable_handler handler);
/* Stepped: deliver what is on its way, step both, and move the clock to the next instant when nothing else can be done. */
void pair_turn(pair *p);
void pair_abort(pair *p, int site); /* its run ends; any thread */
void pair_end(pair *p);             /* both end; everything is released */

#endif
