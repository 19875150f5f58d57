/*
 * Frames over one non-blocking socket: a reader, a queue of what is to be sent, and deadlines.
 *
 * Its memory is bounded: the frame being received (its limits, and a budget shared with others), and
 * the queue. Queued frames share their payloads with whoever else sends them, so a model that goes to
 * a thousand clients is in memory once.
 */
#ifndef TCP_CONNECTION_H
#define TCP_CONNECTION_H

#include "budget.h"
#include "moment.h"
#include <flrunner/wire.h>

/* A failure besides those of the library: the other side closed the connection. */
#define CONNECTION_CLOSED (FLR_E_HOST - 1)

/* Seconds; the same for all connections of a program. */
struct connection_times {
    double frame; /* from a frame's first byte to its last */
    double stall; /* without a byte of a frame that was begun, in either direction */
};

struct outgoing;

struct connection {
    int fd;
    const struct connection_times *times;
    struct budget *budget; /* NULL: none */
    flr_frame_reader *reader;
    size_t reserved;         /* bytes of the budget, for the frame that is being received */
    int waits;               /* for the budget: not read from meanwhile */
    int64_t begun, received; /* the first and the latest byte of that frame; NEVER: none */
    struct outgoing *first, *last;
    size_t offset, count, bytes; /* sent of the first frame; frames; bytes of all */
    int64_t sent;                /* the latest byte, or when the queue began */
};

/* Takes over the socket on 0, else it is still the caller's. `limits` is copied. */
int connection_open(struct connection *connection, int fd, const flr_frame_limits *limits,
                    const struct connection_times *times, struct budget *budget);
/* Closes the socket. One that is zeroed and whose fd is -1 may be closed. */
void connection_close(struct connection *connection);

/*
 * Read on. 0, with a frame [out, flr_frame_unref] or NULL: there is none yet. CONNECTION_CLOSED,
 * FLR_E_IO, FLR_E_NOMEM; FLR_E_CORRUPT, FLR_E_NOTSUP, FLR_E_LIMIT: no frame, ask the reader why. Not
 * more than some reads are done, so that others have their turn.
 */
int connection_receive(struct connection *connection, int64_t now, flr_frame **frame);
/* To be called when the frame that was received is done with: it gives back its part of the budget. */
void connection_done(struct connection *connection);
/* If it waits for the budget, try again. 1: it may be read from. */
int connection_resume(struct connection *connection, int64_t now);

/* Queue a frame; a reference is taken. FLR_E_LIMIT: the queue is full; FLR_E_NOMEM. */
int connection_send(struct connection *connection, flr_frame *frame, int64_t now);
/* Send what can be sent now. 0, FLR_E_IO, CONNECTION_CLOSED. */
int connection_flush(struct connection *connection, int64_t now);

/* A full queue is a reason to read no more requests, whose answers would have to be queued, too. */
int connection_is_full(const struct connection *connection);
int connection_wants_read(const struct connection *connection);
int connection_wants_write(const struct connection *connection);
/* When it counts as dead; NEVER if it is idle. */
int64_t connection_get_deadline(const struct connection *connection);

#endif
