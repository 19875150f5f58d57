#include "status.h"
#include "hello.h"
#include "net.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TIME_LIMIT 10.0 /* seconds for all of it */

/* ---- the server's part ---- */

static const char *state_name(const struct job *job)
{
    static const char *const names[] = {"init", "started", "done"};
    int status = flr_runner_get_status(job->runner);
    return status >= 0 && status <= FLR_STATUS_DONE ? names[status] : "unknown";
}

/* Between workflows there is no board, and of a job that was done before there is nothing. */
static int print_job(FILE *file, const struct job *job)
{
    flr_board *board;
    flr_blob *text = NULL;
    if (!job->runner) {
        fprintf(file, "{\"job\": \"%s\", \"status\": \"done\", \"board\": null}\n",
                job->options.id);
        return 0;
    }
    int status = flr_context_get_board(job->context, &board);
    if (status == 0)
        status = flr_board_print(board, 0, &text);
    fprintf(file, "{\"job\": \"%s\", \"status\": \"%s\", \"board\": ", job->options.id,
            state_name(job));
    if (status == 0)
        fwrite(flr_blob_get_data(text), 1, flr_blob_get_size(text), file);
    else
        fputs("null", file);
    fputs("}\n", file);
    flr_blob_unref(text);
    return status == FLR_E_STATE || status == FLR_E_NOTSUP ? 0 : status;
}

static int encode(int64_t id, const char *text, flr_frame **answer)
{
    flr_envelope envelope;
    flr_value *extra = NULL;
    flr_envelope_init(&envelope, sizeof envelope);
    envelope.kind = STATUS_ANSWER;
    envelope.id = id;
    int status = flr_value_new_map(&extra);
    if (status == 0)
        status = flr_map_set_text(&extra, "status", text);
    envelope.extra = extra;
    if (status == 0)
        status = flr_frame_encode(&envelope, answer);
    flr_value_unref(extra);
    return status;
}

int status_make(const struct job *jobs, size_t count, int64_t id, flr_frame **answer)
{
    char *text = NULL;
    size_t size;
    int status = 0;
    FILE *file = open_memstream(&text, &size);
    if (!file)
        return FLR_E_NOMEM;
    for (size_t i = 0; i < count && status == 0; i++)
        status = print_job(file, &jobs[i]);
    if (fclose(file) != 0 && status == 0)
        status = FLR_E_NOMEM;
    if (status == 0)
        status = encode(id, text, answer);
    free(text);
    return status;
}

/* ---- who asks: one thing after the other ---- */

static int wait_for(int fd, short events, int64_t until)
{
    struct pollfd watched = {fd, events, 0};
    int count;
    do
        count = poll(&watched, 1, moment_timeout(until, moment_now()));
    while (count < 0 && errno == EINTR);
    return count > 0 ? 0 : count < 0 ? FLR_E_IO : FLR_E_TIMEDOUT;
}

static int greet(int fd, const struct token *token, int64_t until)
{
    uint8_t hello[HELLO_BYTES], answer[HELLO_ANSWER];
    size_t got = 0;
    int status = wait_for(fd, POLLOUT, until);
    if (status < 0)
        return status;
    hello_write(token, hello);
    ssize_t sent = net_finish(fd) == 0 ? send(fd, hello, sizeof hello, MSG_NOSIGNAL) : -1;
    token_wipe(hello, sizeof hello);
    if (sent != (ssize_t)sizeof hello)
        return FLR_E_IO;
    while (got < sizeof answer) {
        status = wait_for(fd, POLLIN, until);
        ssize_t more = status == 0 ? read(fd, answer + got, sizeof answer - got) : 0;
        if (status < 0 || more <= 0)
            return status < 0 ? status : FLR_E_IO;
        got += (size_t)more;
    }
    char said = hello_read_answer(answer);
    return said == HELLO_ACCEPTED  ? 0
           : said == HELLO_REFUSED ? FLR_E_DENIED
           : said == HELLO_FULL    ? FLR_E_LIMIT
                                   : FLR_E_IO;
}

static int ask(struct connection *connection, int64_t until, flr_frame **answer)
{
    flr_envelope envelope;
    flr_frame *request = NULL;
    flr_envelope_init(&envelope, sizeof envelope);
    envelope.kind = STATUS_REQUEST;
    envelope.id = 1;
    int status = flr_frame_encode(&envelope, &request);
    if (status == 0)
        status = connection_send(connection, request, moment_now());
    flr_frame_unref(request);
    *answer = NULL;
    while (status == 0 && !*answer) {
        status =
            wait_for(connection->fd, connection_wants_write(connection) ? POLLOUT : POLLIN, until);
        if (status == 0)
            status = connection_flush(connection, moment_now());
        if (status == 0)
            status = connection_receive(connection, moment_now(), answer);
    }
    return status;
}

static int print_answer(const flr_frame *answer)
{
    flr_envelope envelope;
    flr_envelope_init(&envelope, sizeof envelope);
    int status = flr_frame_get_envelope(answer, &envelope);
    if (status == 0 && envelope.kind != STATUS_ANSWER)
        status = envelope.code < 0 ? envelope.code : FLR_E_IO;
    if (status < 0)
        return status;
    fputs(flr_value_get_text(flr_map_get(envelope.extra, "status"), ""), stdout);
    return fflush(stdout) == 0 ? 0 : FLR_E_IO;
}

int status_ask(const char *host, const char *port, const struct token *token, char *error,
               unsigned error_size)
{
    static const struct connection_times times = {TIME_LIMIT, TIME_LIMIT};
    struct connection connection = {.fd = -1};
    int64_t until = moment_after(moment_now(), TIME_LIMIT);
    flr_frame *answer = NULL;
    int fd = net_dial(host, port, error, error_size);
    if (fd < 0)
        return -1;
    int status = greet(fd, token, until);
    if (status == 0)
        status = connection_open(&connection, fd, NULL, &times, NULL);
    if (status < 0)
        close(fd); /* on success it belongs to the connection */
    if (status == 0)
        status = ask(&connection, until, &answer);
    if (status == 0)
        status = print_answer(answer);
    flr_frame_unref(answer);
    connection_close(&connection);
    if (status < 0)
        snprintf(error, error_size, "%s port %s: %s", host, port, flr_status_get_text(status));
    return status < 0 ? -1 : 0;
}
