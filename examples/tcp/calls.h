/* Auxiliary messages that went to clients and whose replies are waited for, by the id of their frame. */
#ifndef TCP_CALLS_H
#define TCP_CALLS_H

#include "moment.h"
#include <flrunner/engine.h>

struct peer;
struct call;

struct calls {
    struct call *first;
    int64_t last_id;
};

/* The id for the frame, > 0; FLR_E_NOMEM. */
int64_t calls_add(struct calls *calls, flr_aux_send *send, size_t target, const struct peer *peer,
                  int64_t now);
/* A reply came. One that nobody waits for, or of another client, is nothing. */
void calls_answer(struct calls *calls, const struct peer *peer, int64_t id, const flr_frame *reply);
/* The peer is gone: its calls have failed. */
void calls_forget(struct calls *calls, const struct peer *peer);
/* Drop those that nobody waits for any more. Returns when to come again. */
int64_t calls_check(struct calls *calls, int64_t now);
void calls_free(struct calls *calls);

#endif
