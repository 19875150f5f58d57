#include "peers.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"

#define CLOSING_TIME 2.0  /* seconds for the last bytes of a connection that is refused */
#define LISTEN_PAUSE 0.25 /* seconds without listening when there are no descriptors left */
#define CHECK_PERIOD 0.05 /* seconds: looking at all connections costs something */

/* ---- what epoll watches ---- */

static int watch(struct peers *peers, int operation, int fd, uint32_t events, void *pointer)
{
    struct epoll_event event;
    memset(&event, 0, sizeof event);
    event.events = events;
    event.data.ptr = pointer;
    return epoll_ctl(peers->epoll, operation, fd, &event);
}

static uint32_t wanted_events(const struct peer *peer)
{
    uint32_t events = 0;
    if (peer->state != PEER_OPEN || connection_wants_read(&peer->connection))
        events |= EPOLLIN;
    if (connection_wants_write(&peer->connection))
        events |= EPOLLOUT;
    return events;
}

/* To be called whenever something about a peer may have changed. */
static void update(struct peers *peers, struct peer *peer)
{
    if (peer->state == PEER_GONE)
        return;
    uint32_t events = wanted_events(peer);
    if (events != peer->watched &&
        watch(peers, EPOLL_CTL_MOD, peer->connection.fd, events, peer) < 0) {
        peers_drop(peers, peer, strerror(errno), 0);
        return;
    }
    peer->watched = events;
    peers->next_check = moment_earlier(peers->next_check, peer->deadline);
    peers->next_check =
        moment_earlier(peers->next_check, connection_get_deadline(&peer->connection));
}

/* ---- beginning and end of a connection ---- */

static void link_peer(struct peers *peers, struct peer *peer)
{
    peer->previous = peers->last;
    if (peers->last)
        peers->last->next = peer;
    else
        peers->first = peer;
    peers->last = peer;
}

static void unlink_peer(struct peers *peers, struct peer *peer)
{
    if (peer->previous)
        peer->previous->next = peer->next;
    else
        peers->first = peer->next;
    if (peer->next)
        peer->next->previous = peer->previous;
    else
        peers->last = peer->previous;
}

static void leave_state(struct peers *peers, struct peer *peer)
{
    if (peer->state == PEER_HELLO)
        peers->half_open--;
    if (peer->state == PEER_OPEN)
        peers->open--;
}

static void say(struct peers *peers, const struct peer *peer, const char *text)
{
    peers->ops->log(peers->self, peer->name[0] ? peer->name : "(unknown)", text);
}

void peers_drop(struct peers *peers, struct peer *peer, const char *why, int replaced)
{
    if (peer->state == PEER_GONE)
        return;
    enum peer_state state = peer->state;
    leave_state(peers, peer);
    peer->state = PEER_GONE;
    connection_close(&peer->connection); /* which takes it out of epoll, too */
    unlink_peer(peers, peer);
    peer->next = peers->gone;
    peers->gone = peer;
    if (why)
        say(peers, peer, why);
    if (state == PEER_OPEN)
        peers->ops->lost(peers->self, peer, replaced);
}

static void drop_oldest_half_open(struct peers *peers)
{
    for (struct peer *peer = peers->first; peer; peer = peer->next)
        if (peer->state == PEER_HELLO) {
            peers_drop(peers, peer, "gave way: it has not said who it is", 0);
            return;
        }
}

static void add_peer(struct peers *peers, int fd, int64_t now)
{
    struct peer *peer = calloc(1, sizeof *peer);
    if (!peer || connection_open(&peer->connection, fd, &peers->options.limits,
                                 &peers->options.times, &peers->budget) < 0) {
        free(peer);
        close(fd); /* out of memory: the client will try again */
        return;
    }
    peer->watched = EPOLLIN;
    if (watch(peers, EPOLL_CTL_ADD, fd, EPOLLIN, peer) < 0) {
        connection_close(&peer->connection);
        free(peer);
        return;
    }
    peer->deadline = moment_after(now, peers->options.hello_time);
    if (peers->half_open == HALF_OPEN)
        drop_oldest_half_open(peers);
    peers->half_open++;
    link_peer(peers, peer);
    update(peers, peer);
}

/* ---- listening ---- */

static void accept_all(struct peers *peers, int64_t now)
{
    for (int i = 0; i < HALF_OPEN; i++) { /* those that are connected have their turn, too */
        int fd = net_accept(peers->listener);
        if (fd >= 0) {
            add_peer(peers, fd, now);
            continue;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return;
        /* Without descriptors or memory the listener would stay readable, and the loop spin. */
        if ((errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) &&
            watch(peers, EPOLL_CTL_MOD, peers->listener, 0, peers) == 0) {
            peers->ops->log(peers->self, "(listener)", strerror(errno));
            peers->listen_at = moment_after(now, LISTEN_PAUSE);
            return;
        }
        /* Else that connection was gone before it was accepted. */
    }
}

void peers_stop_listening(struct peers *peers)
{
    if (peers->listener >= 0)
        close(peers->listener);
    peers->listener = -1;
    peers->listen_at = NEVER;
}

/* ---- the hello ---- */

static int send_answer(struct peer *peer, char answer)
{
    uint8_t bytes[HELLO_ANSWER];
    hello_write_answer(answer, bytes);
    /* So few bytes always fit into the buffer of a new socket. */
    return send(peer->connection.fd, bytes, sizeof bytes, MSG_NOSIGNAL) == (ssize_t)sizeof bytes
               ? 0
               : -1;
}

/* Nothing is read from it any more but its end. */
static void begin_closing(struct peers *peers, struct peer *peer, int64_t now)
{
    enum peer_state state = peer->state;
    leave_state(peers, peer);
    peer->state = PEER_CLOSING;
    peer->deadline = moment_after(now, CLOSING_TIME);
    connection_done(&peer->connection);
    if (state == PEER_OPEN)
        peers->ops->lost(peers->self, peer, 0);
}

static void accept_hello(struct peers *peers, struct peer *peer)
{
    struct peer *old = peers_find(peers, peer->name);
    if (old) /* what is left of a connection whose client is here again */
        peers_drop(peers, old, "replaced by a new connection", 1);
    if (send_answer(peer, HELLO_ACCEPTED) < 0) {
        peers_drop(peers, peer, "cannot be answered", 0);
        return;
    }
    leave_state(peers, peer);
    peer->state = PEER_OPEN;
    peers->open++;
    peer->deadline = NEVER;
    say(peers, peer, "connected"); /* it takes part in a job when its first frame for it comes */
}

static void judge_hello(struct peers *peers, struct peer *peer, int64_t now)
{
    struct token claim;
    hello_read(peer->hello, &claim);
    int known = tokens_check(peers->options.tokens, &claim);
    token_wipe(claim.secret, sizeof claim.secret);
    token_wipe(peer->hello, sizeof peer->hello);
    char refusal = 0;
    if (known) /* else it is any bytes at all, and has no business in a log */
        memcpy(peer->name, claim.name, TOKEN_NAME);
    if (!known)
        refusal = HELLO_REFUSED;
    else if (peers->open >= peers->options.max_clients && !peers_find(peers, claim.name))
        refusal = HELLO_FULL;
    if (!refusal) {
        accept_hello(peers, peer);
        return;
    }
    say(peers, peer,
        known ? "turned away: as many clients as are allowed" : "refused: wrong token");
    if (send_answer(peer, refusal) < 0)
        peers_drop(peers, peer, NULL, 0);
    else {
        shutdown(peer->connection.fd, SHUT_WR);
        begin_closing(peers, peer, now);
    }
}

static void read_hello(struct peers *peers, struct peer *peer, int64_t now)
{
    ssize_t got = read(peer->connection.fd, peer->hello + peer->got, HELLO_BYTES - peer->got);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        peers_drop(peers, peer, "left before it said who it is", 0);
        return;
    }
    peer->got += (size_t)got;
    if (!hello_is_possible(peer->hello, peer->got))
        peers_drop(peers, peer, "closed: it does not begin with a hello", 0);
    else if (peer->got == HELLO_BYTES)
        judge_hello(peers, peer, now);
}

/* ---- frames ---- */

/* The error frame says what the log says: who sent these bytes may want to mend something. */
static int make_error(int code, const char *why, flr_frame **frame)
{
    flr_envelope envelope;
    flr_value *extra = NULL;
    flr_envelope_init(&envelope, sizeof envelope);
    envelope.kind = FLR_FRAME_ERROR;
    envelope.code = code;
    int status = flr_value_new_map(&extra);
    if (status == 0)
        status = flr_map_set_text(&extra, "reason", why);
    envelope.extra = extra;
    if (status == 0)
        status = flr_frame_encode(&envelope, frame);
    flr_value_unref(extra);
    return status;
}

static void finish_closing(struct peers *peers, struct peer *peer, int64_t now)
{
    if (connection_flush(&peer->connection, now) < 0)
        peers_drop(peers, peer, NULL, 0);
    else if (!connection_wants_write(&peer->connection))
        shutdown(peer->connection.fd, SHUT_WR);
}

void peers_refuse(struct peers *peers, struct peer *peer, int code, const char *why, int64_t now)
{
    flr_frame *frame = NULL;
    char text[256];
    snprintf(text, sizeof text, "closed: %s: %s", flr_status_get_name(code), why);
    say(peers, peer, text);
    if (make_error(code, why, &frame) == 0)
        connection_send(&peer->connection, frame, now); /* if it does not fit, it is not told */
    flr_frame_unref(frame);
    begin_closing(peers, peer, now);
    finish_closing(peers, peer, now);
    update(peers, peer);
}

static void receive_failed(struct peers *peers, struct peer *peer, int status, int64_t now)
{
    flr_frame_fault fault;
    char why[160];
    if (status != FLR_E_CORRUPT && status != FLR_E_NOTSUP && status != FLR_E_LIMIT) {
        peers_drop(peers, peer,
                   status == CONNECTION_CLOSED ? "disconnected" : flr_status_get_text(status), 0);
        return;
    }
    flr_frame_fault_init(&fault, sizeof fault);
    flr_frame_reader_get_fault(peer->connection.reader, &fault);
    snprintf(why, sizeof why, "byte %llu of the frame: %s", (unsigned long long)fault.offset,
             fault.reason);
    peers_refuse(peers, peer, status, why, now);
}

static void read_frames(struct peers *peers, struct peer *peer, int64_t now)
{
    flr_frame *frame;
    int waited = peer->connection.waits;
    int status = connection_receive(&peer->connection, now, &frame);
    if (status < 0) {
        receive_failed(peers, peer, status, now);
        return;
    }
    if (!waited && peer->connection.waits)
        peers->waiting++;
    if (!frame)
        return;
    peers->ops->received(peers->self, peer, frame);
    flr_frame_unref(frame);
    connection_done(&peer->connection);
}

/* What comes after a refusal is thrown away: unread bytes would destroy the answer on its way. */
static void read_end(struct peers *peers, struct peer *peer)
{
    char bytes[4096];
    ssize_t got = read(peer->connection.fd, bytes, sizeof bytes);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        peers_drop(peers, peer, NULL, 0);
}

static void handle_output(struct peers *peers, struct peer *peer, int64_t now)
{
    int was_full = connection_is_full(&peer->connection);
    int status = connection_flush(&peer->connection, now);
    if (status < 0)
        peers_drop(peers, peer, "disconnected", 0);
    else if (was_full && !connection_is_full(&peer->connection))
        peers->ops->drained(peers->self, peer);
}

void peers_handle_event(struct peers *peers, void *pointer, uint32_t events, int64_t now)
{
    struct peer *peer = pointer;
    if (pointer == peers) {
        if (peers->listener >= 0)
            accept_all(peers, now);
        return;
    }
    if (peer->state == PEER_OPEN && (events & EPOLLOUT))
        handle_output(peers, peer, now);
    if (peer->state == PEER_CLOSING && (events & EPOLLOUT))
        finish_closing(peers, peer, now);
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        if (peer->state == PEER_HELLO)
            read_hello(peers, peer, now);
        else if (peer->state == PEER_CLOSING)
            read_end(peers, peer);
        else if (peer->state == PEER_OPEN && connection_wants_read(&peer->connection))
            read_frames(peers, peer, now);
        else if (peer->state == PEER_OPEN && (events & (EPOLLHUP | EPOLLERR)))
            peers_drop(peers, peer, "disconnected", 0); /* it is not read from, so it says it so */
    }
    update(peers, peer);
}

/* ---- the world outside of events ---- */

struct peer *peers_find(const struct peers *peers, const char *name)
{
    for (struct peer *peer = peers->first; peer; peer = peer->next)
        if (peer->state == PEER_OPEN && strcmp(peer->name, name) == 0)
            return peer;
    return NULL;
}

int peers_send(struct peers *peers, struct peer *peer, flr_frame *frame, int64_t now)
{
    if (peer->state != PEER_OPEN)
        return FLR_E_IO;
    int status = connection_send(&peer->connection, frame, now);
    if (status < 0)
        return status;
    status = connection_flush(&peer->connection, now);
    if (status < 0)
        peers_drop(peers, peer, "disconnected", 0);
    update(peers, peer);
    return status;
}

/* Those that came first have waited longest for the budget. */
static void resume_waiting(struct peers *peers, int64_t now)
{
    if (peers->waiting == 0)
        return;
    peers->waiting = 0;
    for (struct peer *peer = peers->first, *next; peer; peer = next) {
        next = peer->next;
        if (!peer->connection.waits)
            continue;
        if (connection_resume(&peer->connection, now))
            update(peers, peer);
        else
            peers->waiting++;
    }
}

static void check_deadlines(struct peers *peers, int64_t now)
{
    int64_t earliest = NEVER;
    for (struct peer *peer = peers->first, *next; peer; peer = next) {
        next = peer->next;
        int64_t deadline =
            moment_earlier(peer->deadline, connection_get_deadline(&peer->connection));
        if (deadline <= now)
            peers_drop(peers, peer,
                       peer->state == PEER_HELLO     ? "closed: no hello in time"
                       : peer->state == PEER_CLOSING ? NULL
                                                     : "closed: too slow",
                       0);
        else
            earliest = moment_earlier(earliest, deadline);
    }
    peers->next_check = earliest;
    if (earliest != NEVER && earliest < moment_after(now, CHECK_PERIOD))
        peers->next_check = moment_after(now, CHECK_PERIOD);
}

static void bury(struct peers *peers)
{
    while (peers->gone) {
        struct peer *peer = peers->gone;
        peers->gone = peer->next;
        free(peer);
    }
}

int64_t peers_check(struct peers *peers, int64_t now)
{
    if (peers->next_check <= now)
        check_deadlines(peers, now);
    resume_waiting(peers, now);
    if (peers->listen_at <= now) {
        peers->listen_at = NEVER;
        if (watch(peers, EPOLL_CTL_MOD, peers->listener, EPOLLIN, peers) < 0)
            peers->listen_at = moment_after(now, LISTEN_PAUSE);
    }
    bury(peers);
    return moment_earlier(peers->next_check, peers->listen_at);
}

int peers_open(struct peers *peers, int epoll, int listener, size_t budget,
               const struct peers_options *options, const struct peers_ops *ops, void *self)
{
    memset(peers, 0, sizeof *peers);
    peers->options = *options;
    peers->ops = ops;
    peers->self = self;
    peers->epoll = epoll;
    peers->listener = listener;
    peers->budget.limit = budget;
    peers->next_check = peers->listen_at = NEVER;
    return watch(peers, EPOLL_CTL_ADD, listener, EPOLLIN, peers);
}

void peers_close(struct peers *peers)
{
    while (peers->first) {
        struct peer *peer = peers->first;
        unlink_peer(peers, peer);
        connection_close(&peer->connection);
        free(peer);
    }
    bury(peers);
    peers_stop_listening(peers);
}
