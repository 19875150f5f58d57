/*
 * Components that record what they hear, for tests of events: one site and one context per test,
 * made and released by the fixture. Used by one thread, but for the site itself.
 */
#ifndef FLR_TESTS_RECORDER_H
#define FLR_TESTS_RECORDER_H

#include "site.h"

typedef struct recorder recorder;
struct recorder {
    const char *name; /* its id */
    int status;       /* what its handler returns unless there is `act` */
    int (*act)(recorder *r, const char *event, flr_context *context);
    size_t calls, destroyed;
    /* at the last call: the properties of the event ("-": absent), and the detail text */
    char id[40], data[2600], origin[64], scope[64], event[64], detail[64];
    flr_shareable *message; /* the data, if it was a message */
    int64_t depth;
};

extern test_site *site;
extern flr_context *context;
extern char recorder_journal[512]; /* names of the recorders in the order of their calls */

void recorder_setup(void);
void recorder_teardown(void);

int recorder_hear(void *self, const char *event, flr_context *c);
void recorder_destroy(void *self);
/* Add it as a component that hears these events (NULL: all) under this name (NULL: its id). */
void recorder_add_named(recorder *r, const char *const *events, const char *shown);
void recorder_add(recorder *r);

/* A property as text ("-": absent, "*": no text) or number (-1: absent, -2: no number). */
void recorder_text(const flr_context *c, const char *key, char *to, size_t size);
int64_t recorder_number(const flr_context *c, const char *key);
void recorder_set_text(flr_context *c, const char *key, const char *text);

#endif
