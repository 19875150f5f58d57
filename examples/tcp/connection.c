#include "connection.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define READS       16              /* of one turn */
#define PARTS       64              /* of one write */
#define QUEUE_COUNT 32              /* frames of a queue */
#define QUEUE_BYTES (1024 * 1024)   /* of a queue, unless it is a single frame */
#define SMALL       ((size_t)16384) /* bytes of a frame that need not wait for the budget */

struct outgoing {
    struct outgoing *next;
    flr_frame *frame;
};

int connection_open(struct connection *connection, int fd, const flr_frame_limits *limits,
                    const struct connection_times *times, struct budget *budget)
{
    memset(connection, 0, sizeof *connection);
    connection->fd = -1;
    int status = flr_frame_reader_new(limits, &connection->reader);
    if (status < 0)
        return status;
    connection->fd = fd;
    connection->times = times;
    connection->budget = budget;
    connection->begun = connection->received = NEVER;
    return 0;
}

/* ---- receiving ---- */

void connection_done(struct connection *connection)
{
    if (connection->reserved > 0)
        budget_give_back(connection->budget, connection->reserved);
    connection->reserved = 0;
}

/* 1: the frame under way has its part of the budget, or does not need one. */
static int is_admitted(struct connection *connection)
{
    size_t need = flr_frame_reader_get_need(connection->reader);
    if (!connection->budget || connection->reserved > 0 || need <= SMALL)
        return 1;
    if (!budget_take(connection->budget, need))
        return 0;
    connection->reserved = need;
    return 1;
}

int connection_resume(struct connection *connection, int64_t now)
{
    if (!connection->waits || !is_admitted(connection))
        return !connection->waits;
    connection->waits = 0;
    connection->begun = connection->received = now; /* it was our delay, not the other side's */
    return 1;
}

int connection_receive(struct connection *connection, int64_t now, flr_frame **frame)
{
    *frame = NULL;
    for (int i = 0; i < READS && !connection->waits; i++) {
        void *space;
        size_t size;
        int status = flr_frame_reader_get_space(connection->reader, &space, &size);
        if (status < 0)
            return status;
        ssize_t got = read(connection->fd, space, size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return 0;
        if (got == 0 || (got < 0 && errno == ECONNRESET))
            return CONNECTION_CLOSED;
        if (got < 0)
            return FLR_E_IO;
        if (connection->begun == NEVER)
            connection->begun = now;
        connection->received = now;
        status = flr_frame_reader_add(connection->reader, (size_t)got, frame);
        if (status < 0)
            return status;
        if (*frame) {
            connection->begun = connection->received = NEVER;
            return 0;
        }
        connection->waits = !is_admitted(connection);
    }
    return 0;
}

/* ---- sending ---- */

int connection_is_full(const struct connection *connection)
{
    return connection->count >= QUEUE_COUNT ||
           (connection->count > 0 && connection->bytes >= QUEUE_BYTES);
}

int connection_send(struct connection *connection, flr_frame *frame, int64_t now)
{
    if (connection_is_full(connection))
        return FLR_E_LIMIT;
    struct outgoing *outgoing = malloc(sizeof *outgoing);
    if (!outgoing)
        return FLR_E_NOMEM;
    outgoing->next = NULL;
    outgoing->frame = flr_frame_ref(frame);
    if (connection->last)
        connection->last->next = outgoing;
    else
        connection->first = outgoing;
    connection->last = outgoing;
    if (connection->count++ == 0)
        connection->sent = now;
    connection->bytes += flr_frame_get_size(frame);
    return 0;
}

static void drop_first(struct connection *connection)
{
    struct outgoing *outgoing = connection->first;
    connection->first = outgoing->next;
    if (!connection->first)
        connection->last = NULL;
    connection->count--;
    connection->bytes -= flr_frame_get_size(outgoing->frame);
    connection->offset = 0;
    flr_frame_unref(outgoing->frame);
    free(outgoing);
}

/* One write of the first frame. 1: something was sent. */
static int write_some(struct connection *connection)
{
    const void *data[PARTS];
    size_t sizes[PARTS];
    struct iovec parts[PARTS];
    struct msghdr message;
    size_t count =
        flr_frame_get_parts(connection->first->frame, connection->offset, data, sizes, PARTS);
    for (size_t i = 0; i < count; i++) {
        memcpy(&parts[i].iov_base, &data[i], sizeof data[i]); /* which writing does not change */
        parts[i].iov_len = sizes[i];
    }
    memset(&message, 0, sizeof message);
    message.msg_iov = parts;
    message.msg_iovlen = count;
    /* As writev, but without SIGPIPE: a program that copies this need not care about signals. */
    ssize_t sent = sendmsg(connection->fd, &message, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR)
        return 1;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return 0;
    if (sent < 0)
        return errno == EPIPE || errno == ECONNRESET ? CONNECTION_CLOSED : FLR_E_IO;
    connection->offset += (size_t)sent;
    return 1;
}

int connection_flush(struct connection *connection, int64_t now)
{
    while (connection->first) {
        int status = write_some(connection);
        if (status <= 0)
            return status;
        connection->sent = now;
        if (connection->offset == flr_frame_get_size(connection->first->frame))
            drop_first(connection);
    }
    return 0;
}

void connection_close(struct connection *connection)
{
    while (connection->first)
        drop_first(connection);
    connection_done(connection);
    flr_frame_reader_free(connection->reader);
    connection->reader = NULL;
    if (connection->fd >= 0)
        close(connection->fd);
    connection->fd = -1;
    connection->waits = 0;
}

/* ---- what it waits for ---- */

int connection_wants_read(const struct connection *connection)
{
    return !connection->waits && !connection_is_full(connection);
}

int connection_wants_write(const struct connection *connection)
{
    return connection->count > 0;
}

int64_t connection_get_deadline(const struct connection *connection)
{
    int64_t deadline = NEVER;
    if (connection->count > 0)
        deadline = moment_after(connection->sent, connection->times->stall);
    if (connection->begun != NEVER && connection_wants_read(connection)) {
        deadline =
            moment_earlier(deadline, moment_after(connection->begun, connection->times->frame));
        deadline =
            moment_earlier(deadline, moment_after(connection->received, connection->times->stall));
    }
    return deadline;
}
