/*
 * "What are you doing?": a frame of the host's own kind, answered with a line of JSON per job, the
 * board's snapshot in it. Any authenticated client may ask; who only asks needs a token of its own,
 * because a second connection of a client replaces the first.
 */
#ifndef TCP_STATUS_H
#define TCP_STATUS_H

#include "job.h"
#include "token.h"

#define STATUS_REQUEST FLR_FRAME_HOST
#define STATUS_ANSWER  (FLR_FRAME_HOST + 1)

/* The answer to a request with this id. [out, flr_frame_unref] */
int status_make(const struct job *jobs, size_t count, int64_t id, flr_frame **answer);
/* Ask a running server, and print what it says. 0; -1 with one line of text. */
int status_ask(const char *host, const char *port, const struct token *token, char *error,
               unsigned error_size);

#endif
