/*
 * A client's one connection to its server: made, made again after a loss, and the calls on their way.
 *
 * Calls that were sent when the connection is lost have failed; the library repeats what matters. Calls
 * that begin while there is no connection wait for the next one, unless their own time is over first.
 */
#ifndef TCP_LINK_H
#define TCP_LINK_H

#include "connection.h"
#include "hello.h"
#include <flrunner/client_runner.h>

enum link_state { LINK_DOWN, LINK_CONNECTING, LINK_GREETING, LINK_UP, LINK_DENIED };

struct pending;

struct link_ops {
    /* The server's own message. */
    void (*received)(void *self, flr_frame *frame);
    void (*log)(void *self, const char *text);
};

struct link_options {
    const char *host, *port;
    const struct token *token;
    struct connection_times times;
    flr_frame_limits limits;
    double longest_pause; /* seconds between attempts to connect */
};

struct link {
    struct link_options options;
    const struct link_ops *ops;
    void *self;
    enum link_state state;
    int fd; /* of a connection that is being made; then it belongs to `connection` */
    struct connection connection;
    uint8_t answer[HELLO_ANSWER]; /* to the hello */
    size_t got;
    int64_t deadline; /* of connecting and of the answer */
    int64_t retry_at, up_since, down_since;
    double pause; /* seconds before the next attempt, at most */
    uint64_t random;
    struct pending *first, *last; /* calls, in the order of their ids */
    int64_t last_id;
};

void link_open(struct link *link, const struct link_options *options, const struct link_ops *ops,
               void *self, int64_t now);
/* All calls have failed. */
void link_close(struct link *link);

/* Carry a call; a reference is taken. 0, FLR_E_NOMEM, FLR_E_DENIED, FLR_E_IO. */
int link_request(struct link *link, flr_request *request);
/* Send a frame that is no call. Without a connection: FLR_E_IO. */
int link_send(struct link *link, flr_frame *frame, int64_t now);

/* What to poll; the descriptor is -1 if there is none. */
int link_get_poll(const struct link *link, short *events);
void link_handle_poll(struct link *link, short events, int64_t now);
/* Connect, send what waits, keep deadlines. Returns when to come again. */
int64_t link_run(struct link *link, int64_t now);
/* Since when the server cannot be reached; NEVER: it can. */
int64_t link_get_down_since(const struct link *link);
int link_is_flushed(const struct link *link);

#endif
