/*
 * A client runner whose host and whose server never allocate but through the library, and pass the code of what fails: for sweeps under failing
 * allocations. The server is a function; it has two tasks, "train" for an executor that returns and "score" for one that finishes later. Time is a
 * manual clock. A stepped run is used by one thread.
 */
#ifndef FLR_TESTS_OOMCLIENT_H
#define FLR_TESTS_OOMCLIENT_H

#include <check.h>
#include <flrunner.h>
#include <stdatomic.h>
#include <stdbool.h>

#define OOMCLIENT_TASKS     2
#define OOMCLIENT_COME_BACK 60 /* turns without memory */

typedef struct oomclient_task {
    const char *name, *id;
    int submissions;
    bool accepted;
    char rc[32];
    int64_t x;
} oomclient_task;

typedef struct oomclient {
    /* how */
    bool threads;  /* flr_client_runner_run, with time passing on another thread; else step */
    bool frames;   /* calls and answers are encoded */
    bool reliable; /* an executor sends a reliable message, and the server sends one */
    int hold;      /* FLR_REQUEST_*: the first call of this kind is not answered, but held */
    /* the host's */
    flr_clock *clock;
    flr_scope *scope;
    flr_filter *filter;
    flr_filter_chain *chain;
    flr_client_runner *client;
    flr_context *context;
    flr_info_collector *info;
    flr_shareable *incoming; /* a reliable request of the server's */
    _Atomic(flr_execution *) execution;
    flr_request *held;
    /* the server's; touched by the loop's calls only */
    oomclient_task tasks[OOMCLIENT_TASKS];
    int pulls;
    /* counted on any thread */
    atomic_int heartbeats, requests, sent, done, handled, pushed;
    int components, destroyed;
    bool acked;      /* the incoming request */
    size_t failures; /* of allocations, before there was memory again */
    int without;     /* turns since the first one */
    atomic_bool over;
} oomclient;

void oomclient_begin(oomclient *s); /* the server's tasks; all else is 0 */

/* 0 or a code: each makes what it names, and nothing else. */
int oomclient_make_parts(oomclient *s);  /* clock, filter, chain, scope */
int oomclient_make_runner(oomclient *s); /* of the parts */
int oomclient_add_component(oomclient *s, const char *id);
int oomclient_add_executor(oomclient *s, const char *name, bool starts);
int oomclient_make(oomclient *s); /* everything */

/* Callbacks; self is the struct. */
int oomclient_request(void *self, flr_request *r);
int oomclient_answer(oomclient *s, flr_request *r); /* as request, but nothing is held */
int oomclient_replace(void *self, flr_context *context, flr_shareable *message,
                      flr_shareable **output); /* a filter */
int oomclient_on_start(void *self, const char *event, flr_context *context);
void oomclient_destroy(void *self);

void oomclient_restore_memory(oomclient *s); /* and keep how many allocations failed */
void oomclient_act(oomclient *s, int turn);  /* what happens outside between two steps */
int oomclient_play(oomclient *s);            /* step to the end: its result */
void oomclient_check_tasks(
    const oomclient *s); /* no result is lost; it may be that there was no memory for one */
void oomclient_drop(
    oomclient *s); /* releases everything; each destroy and each completion was called once */

#endif
