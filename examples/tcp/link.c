#include "link.h"
#include "net.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GREETING_TIME 10.0 /* seconds to be connected and accepted */
#define FIRST_PAUSE   0.1  /* seconds; doubled with each attempt that fails */
#define STEADY_TIME   10.0 /* seconds: a connection that lasted so long was a good one */

struct pending {
    struct pending *next;
    flr_request *request; /* a reference */
    int64_t id;
    int sent;
};

/* ---- calls ---- */

/* Take a call out and report how it went: a code, or 0 and the answer (NULL: nobody waits for one). */
static void finish(struct link *link, struct pending *previous, int code, const flr_frame *answer)
{
    struct pending *pending = previous ? previous->next : link->first;
    if (previous)
        previous->next = pending->next;
    else
        link->first = pending->next;
    if (link->last == pending)
        link->last = previous;
    if (answer)
        flr_request_answer_frame(pending->request, answer);
    else if (code < 0)
        flr_request_fail(pending->request, code);
    flr_request_unref(pending->request);
    free(pending);
}

/* Reporting may make new calls, which are added at the end. */
static void fail_calls(struct link *link, int code, int only_sent)
{
    struct pending *previous = NULL, *pending = link->first;
    for (int64_t last = link->last_id; pending && pending->id <= last;) {
        struct pending *next = pending->next;
        if (pending->sent || !only_sent) {
            finish(link, previous, code, NULL);
            next = previous ? previous->next : link->first;
        } else {
            previous = pending;
        }
        pending = next;
    }
}

static int is_answered(const flr_request *request)
{
    return flr_request_get_kind(request) != FLR_REQUEST_AUX || flr_request_get_timeout(request) > 0;
}

int link_request(struct link *link, flr_request *request)
{
    if (link->state == LINK_DENIED)
        return FLR_E_DENIED;
    if (link->state != LINK_UP && !is_answered(request))
        return FLR_E_IO; /* nobody would miss it, and they would pile up */
    struct pending *pending = malloc(sizeof *pending);
    if (!pending)
        return FLR_E_NOMEM;
    pending->next = NULL;
    pending->request = flr_request_ref(request);
    pending->id = ++link->last_id;
    pending->sent = 0;
    if (link->last)
        link->last->next = pending;
    else
        link->first = pending;
    link->last = pending;
    return 0;
}

static int send_call(struct link *link, struct pending *pending, int64_t now)
{
    flr_frame *frame = NULL;
    int64_t id = is_answered(pending->request) ? pending->id : 0;
    int status = flr_request_encode(pending->request, id, &frame);
    if (status == 0)
        status = connection_send(&link->connection, frame, now);
    flr_frame_unref(frame);
    return status;
}

/* Send what waits, as long as there is room; drop what nobody waits for any more. */
static void send_calls(struct link *link, int64_t now)
{
    struct pending *previous = NULL, *pending = link->first;
    while (pending) {
        int over = flr_request_is_over(pending->request) && is_answered(pending->request);
        int status = 0;
        if (!over && !pending->sent && link->state == LINK_UP &&
            !connection_is_full(&link->connection)) {
            status = send_call(link, pending, now);
            pending->sent = 1;
            over = status < 0 || !is_answered(pending->request);
        }
        if (over)
            finish(link, previous, status, NULL);
        else
            previous = pending;
        pending = previous ? previous->next : link->first;
    }
}

static void take_answer(struct link *link, const flr_envelope *envelope, const flr_frame *frame)
{
    struct pending *previous = NULL;
    for (struct pending *at = link->first; at; previous = at, at = at->next)
        if (at->id == envelope->id && at->sent) {
            finish(link, previous, 0, frame);
            return;
        }
    if (envelope->kind == FLR_FRAME_ERROR && envelope->id == 0) /* the last words of the server */
        link->ops->log(link->self,
                       flr_value_get_text(flr_map_get(envelope->extra, "reason"), "an error"));
}

/* ---- the connection ---- */

static double get_first_pause(const struct link *link)
{
    return link->options.longest_pause < FIRST_PAUSE ? link->options.longest_pause : FIRST_PAUSE;
}

/* Pauses are drawn at random: clients that lost a server together do not come back together. */
static double draw_pause(struct link *link)
{
    link->random ^= link->random << 13; /* G. Marsaglia, Xorshift RNGs, 2003 */
    link->random ^= link->random >> 7;
    link->random ^= link->random << 17;
    return link->pause * (0.5 + 0.5 * (double)(link->random >> 11) / 9007199254740992.0);
}

static void lose(struct link *link, const char *why, int64_t now)
{
    if (link->down_since == NEVER)
        link->down_since = now;
    if (link->state == LINK_UP) {
        connection_close(&link->connection);
        /* Not sooner: two clients of one name would throw each other out without a pause. */
        if (now >= moment_after(link->up_since, STEADY_TIME))
            link->pause = get_first_pause(link);
    } else if (link->fd >= 0) {
        close(link->fd);
    }
    link->fd = -1;
    link->state = LINK_DOWN;
    link->retry_at = moment_after(now, draw_pause(link));
    double longest = link->options.longest_pause;
    link->pause = link->pause < longest / 2 ? 2 * link->pause : longest;
    link->ops->log(link->self, why);
    fail_calls(link, FLR_E_IO, 1);
}

static void begin(struct link *link, int64_t now)
{
    char error[512];
    link->fd = net_dial(link->options.host, link->options.port, error, sizeof error);
    if (link->fd < 0) {
        lose(link, error, now);
        return;
    }
    link->state = LINK_CONNECTING;
    link->deadline = moment_after(now, GREETING_TIME);
}

static void greet(struct link *link, int64_t now)
{
    uint8_t hello[HELLO_BYTES];
    int failure = net_finish(link->fd);
    if (failure != 0) {
        lose(link, strerror(failure), now);
        return;
    }
    hello_write(link->options.token, hello);
    /* So few bytes always fit into the buffer of a new socket. */
    ssize_t sent = send(link->fd, hello, sizeof hello, MSG_NOSIGNAL);
    token_wipe(hello, sizeof hello);
    if (sent != (ssize_t)sizeof hello) {
        lose(link, "the server went away", now);
        return;
    }
    link->state = LINK_GREETING;
    link->got = 0;
}

static void become_up(struct link *link, int64_t now)
{
    int status = connection_open(&link->connection, link->fd, &link->options.limits,
                                 &link->options.times, NULL);
    if (status < 0) {
        lose(link, flr_status_get_text(status), now);
        return;
    }
    link->fd = -1; /* it belongs to the connection */
    link->state = LINK_UP;
    link->down_since = NEVER;
    link->up_since = now;
    link->ops->log(link->self, "connected");
}

static void become_denied(struct link *link)
{
    close(link->fd);
    link->fd = -1;
    link->state = LINK_DENIED;
    fail_calls(link, FLR_E_DENIED, 0);
}

static void read_greeting(struct link *link, int64_t now)
{
    ssize_t got = read(link->fd, link->answer + link->got, HELLO_ANSWER - link->got);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        lose(link, "the server closed the connection", now);
        return;
    }
    link->got += (size_t)got;
    if (link->got < HELLO_ANSWER)
        return;
    switch (hello_read_answer(link->answer)) {
    case HELLO_ACCEPTED:
        become_up(link, now);
        break;
    case HELLO_REFUSED:
        become_denied(link);
        break;
    case HELLO_FULL:
        lose(link, "the server has as many clients as it allows", now);
        break;
    default:
        lose(link, "this is no server of ours", now);
        break;
    }
}

static void read_frame(struct link *link, int64_t now)
{
    flr_envelope envelope;
    flr_frame *frame;
    int status = connection_receive(&link->connection, now, &frame);
    if (status < 0) {
        lose(link,
             status == CONNECTION_CLOSED ? "the server closed the connection"
                                         : flr_status_get_text(status),
             now);
        return;
    }
    if (!frame)
        return;
    flr_envelope_init(&envelope, sizeof envelope);
    flr_frame_get_envelope(frame, &envelope);
    if (envelope.kind == FLR_FRAME_AUX_REQUEST)
        link->ops->received(link->self, frame);
    else
        take_answer(link, &envelope, frame);
    flr_frame_unref(frame);
    connection_done(&link->connection);
}

/* ---- for the loop ---- */

void link_open(struct link *link, const struct link_options *options, const struct link_ops *ops,
               void *self, int64_t now)
{
    memset(link, 0, sizeof *link);
    link->options = *options;
    link->ops = ops;
    link->self = self;
    link->fd = link->connection.fd = -1;
    link->retry_at = link->down_since = now;
    link->pause = get_first_pause(link);
    link->random = (uint64_t)now ^ (uint64_t)getpid() << 32 ^ 1;
}

void link_close(struct link *link)
{
    fail_calls(link, FLR_E_IO, 0);
    while (link->first) /* made by callbacks of those that failed */
        finish(link, NULL, FLR_E_IO, NULL);
    if (link->state == LINK_UP)
        connection_close(&link->connection);
    else if (link->fd >= 0)
        close(link->fd);
    link->fd = -1;
    link->state = LINK_DOWN;
}

int link_send(struct link *link, flr_frame *frame, int64_t now)
{
    return link->state == LINK_UP ? connection_send(&link->connection, frame, now) : FLR_E_IO;
}

int link_get_poll(const struct link *link, short *events)
{
    *events = POLLIN;
    if (link->state == LINK_UP) {
        /* It reads also if its queue is full: else both sides might wait for the other to read. */
        if (connection_wants_write(&link->connection))
            *events |= POLLOUT;
        return link->connection.fd;
    }
    if (link->state == LINK_CONNECTING)
        *events = POLLOUT;
    return link->fd;
}

void link_handle_poll(struct link *link, short events, int64_t now)
{
    if (events == 0)
        return;
    if (link->state == LINK_CONNECTING)
        greet(link, now);
    else if (link->state == LINK_GREETING)
        read_greeting(link, now);
    else if (link->state == LINK_UP && (events & (POLLIN | POLLHUP | POLLERR)))
        read_frame(link, now);
}

int64_t link_run(struct link *link, int64_t now)
{
    int64_t deadline = NEVER;
    if (link->state == LINK_DOWN && link->retry_at <= now)
        begin(link, now);
    send_calls(link, now);
    if (link->state == LINK_UP && connection_flush(&link->connection, now) < 0)
        lose(link, "the server closed the connection", now);
    if (link->state == LINK_UP)
        deadline = connection_get_deadline(&link->connection);
    else if (link->state == LINK_CONNECTING || link->state == LINK_GREETING)
        deadline = link->deadline;
    if (deadline <= now)
        lose(link, "the server is too slow", now);
    return link->state == LINK_DOWN ? link->retry_at : deadline;
}

int64_t link_get_down_since(const struct link *link)
{
    return link->down_since;
}

int link_is_flushed(const struct link *link)
{
    return link->state != LINK_UP || !connection_wants_write(&link->connection);
}
