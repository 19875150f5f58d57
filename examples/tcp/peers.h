/*
 * The server's connections: accepts them, has them say who they are, keeps their deadlines and the
 * limit of how many there are, and hands over the frames of those that were accepted.
 *
 * A connection that says nothing costs one of HALF_OPEN slots until its hello is due; when all of
 * those are taken, the oldest one gives way, so nobody can keep clients out by connecting.
 */
#ifndef TCP_PEERS_H
#define TCP_PEERS_H

#include "connection.h"
#include "hello.h"

#define HALF_OPEN 64

enum peer_state { PEER_HELLO, PEER_OPEN, PEER_CLOSING, PEER_GONE };

struct peer {
    struct peer *next, *previous;
    struct connection connection;
    enum peer_state state;
    char name[TOKEN_NAME]; /* authenticated; "" before */
    uint32_t jobs;         /* bit i: it takes part in job i; the server's */
    uint8_t hello[HELLO_BYTES];
    size_t got;       /* bytes of the hello */
    int64_t deadline; /* of the hello, or of closing; NEVER: none */
    uint32_t watched; /* events that epoll watches */
};

/* What the owner does with them; each may drop peers. */
struct peers_ops {
    /* The frame is the peers' again on return. */
    void (*received)(void *self, struct peer *peer, flr_frame *frame);
    /* Its queue has room again. */
    void (*drained)(void *self, struct peer *peer);
    /* An accepted one is no more. Replaced 1: there is a new connection of the same client. */
    void (*lost)(void *self, struct peer *peer, int replaced);
    void (*log)(void *self, const char *name, const char *text);
};

struct peers_options {
    const struct tokens *tokens;
    size_t max_clients;
    double hello_time; /* seconds until a hello is complete */
    struct connection_times times;
    flr_frame_limits limits;
};

struct peers {
    struct peers_options options;
    const struct peers_ops *ops;
    void *self;
    int epoll, listener;
    struct peer *first, *last; /* in the order of connecting */
    struct peer *gone;         /* freed at the end of the turn: events may still point to them */
    size_t half_open, open;
    struct budget budget;
    size_t waiting;     /* for the budget, at most */
    int64_t next_check; /* no deadline is before */
    int64_t listen_at;  /* there were no descriptors: listen again then; NEVER: listening */
};

/* Takes over the listener always. 0, or -1: see errno. */
int peers_open(struct peers *peers, int epoll, int listener, size_t budget,
               const struct peers_options *options, const struct peers_ops *ops, void *self);
/* Closes everything, says nothing. */
void peers_close(struct peers *peers);
/* No new ones from now on. */
void peers_stop_listening(struct peers *peers);

/* An event of epoll: its pointer is a struct peer, or these peers for the listener. */
void peers_handle_event(struct peers *peers, void *pointer, uint32_t events, int64_t now);
/* Deadlines and the dead; once a turn. Returns when to come again at the latest. */
int64_t peers_check(struct peers *peers, int64_t now);

/* The connection of a client; NULL. */
struct peer *peers_find(const struct peers *peers, const char *name);
/* Queue a frame and send what can be sent. As connection_send; a failed connection is dropped. */
int peers_send(struct peers *peers, struct peer *peer, flr_frame *frame, int64_t now);
/* Say why (an FLR_FRAME_ERROR of id 0), send what is queued, then close. */
void peers_refuse(struct peers *peers, struct peer *peer, int code, const char *why, int64_t now);
/* Close at once. */
void peers_drop(struct peers *peers, struct peer *peer, const char *why, int replaced);

#endif
