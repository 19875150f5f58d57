/*
 * What the tests of requests, submissions and auxiliary messages of a world have in common. Used by
 * the test's thread, but for held_filter.
 */
#ifndef TESTS_MESSAGES_H
#define TESTS_MESSAGES_H

#include "caller.h"

typedef int (*filter_process)(void *self, flr_context *context, flr_shareable *message,
                              flr_shareable **output);

/* Configure a filter whose self is the world. */
void add_data_filter(world *w, const char *task, filter_process process, uint32_t flags);
void add_result_filter(world *w, const char *task, filter_process process, uint32_t flags);
/* Make the runner and step until its first workflow is open; the trace is empty then. */
void open_world(world *w);

/* Ask on the world's context: as it is; reset, with this job id (NULL: no peer context). */
const flr_answer *ask_as_is(world *w, const char *client);
const flr_answer *ask_with_job(world *w, const char *client, const char *job);
void expect_try_again(const flr_answer *answer);
void expect_end_run(const flr_answer *answer);
void expect_task(const flr_answer *answer, const char *id);           /* of the task "train" */
const char *answer_header(const flr_answer *answer, const char *key); /* "-": no text */

/* Submit an empty result for task "train", id "id", with this job id: the outcome. */
int submit_with_job(world *w, const char *client, const char *job);

/* A hook for on_active: notes `active(CLIENT,REASON)`. */
int note_active(world_workflow *f, flr_context *context, const char *client, const char *reason);
/* When a client was last heard; -2: it is not known. */
int64_t last_heard(world *w, const char *client);
bool prop_is_set(const flr_context *context, const char *key);

/* A filter that reaches held_begin of held_stage and waits for held_go; hold_filters sets these two
 * anew. */
extern stage held_stage;
extern int held_begin, held_go;
void hold_filters(void);
int held_filter(void *self, flr_context *context, flr_shareable *message, flr_shareable **output);

#endif
