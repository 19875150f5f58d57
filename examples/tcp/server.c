/*
 * A federated-learning server over TCP: one thread, one epoll loop, several jobs.
 *
 *     tcp-server --tokens FILE [options]              serve
 *     tcp-server --status HOST PORT --tokens FILE --name NAME    ask a running server how it stands
 *
 * Everything here goes over the network in CLEAR TEXT: tokens, models, results. Whoever can listen
 * can read them, whoever can alter packets can alter them. Use it on loopback, inside a tunnel, or put
 * TLS where connection.c and peers.c read and write: TLS belongs to the host.
 *
 * To make it your own, copy this directory. What is about penguins is in job.c (the workflow, and
 * what is printed after a round) and in open_server() (the data); nothing else knows what is trained:
 *
 *     moment, net, budget   time, sockets, a limit of bytes
 *     token, hello          who may connect, and how that is found out before any frame is read
 *     connection            frames over a socket: bounded queue, deadlines
 *     peers                 all connections of the server
 *     job, calls, status    what their frames are for
 *     members, keeper       what of a job outlives this process
 *     options               the command line
 */
#include "hello.h"
#include "job.h"
#include "net.h"
#include "options.h"
#include "status.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define EVENTS   64  /* of one turn */
#define END_TIME 3.0 /* seconds for clients to take their last messages */

/*
 * Of one message, besides its size: values in memory are larger than in a frame, so a small frame of
 * many values would cost much more than the budget says.
 */
#define HEADER_BYTES 1048576
#define VALUES       100000

#define OTHER_FILES 32 /* descriptors besides those of connections */

struct server {
    const struct options *options;
    struct tokens tokens;
    struct islands data;
    int epoll, signals;
    struct peers peers;
    struct calls calls;
    struct job jobs[JOBS];
    size_t job_count;
    int signalled;  /* signals that asked for the end */
    int64_t end_at; /* the loop ends then at the latest; NEVER: it does not end yet */
};

/* One line; `why` may be empty. */
static int fail(const char *subject, const char *why)
{
    fflush(stdout);
    fprintf(stderr, "tcp-server: %s%s%s\n", subject, why[0] ? ": " : "", why);
    return -1;
}

/* ---- what comes from clients ---- */

static void log_peer(void *self, const char *name, const char *text)
{
    const struct server *server = self;
    if (!server->options->quiet)
        fprintf(stderr, "%.*s: %s\n", TOKEN_NAME, name, text);
}

static struct job *find_job(struct server *server, const char *id)
{
    for (size_t i = 0; i < server->job_count; i++)
        if (server->jobs[i].runner && strcmp(server->jobs[i].options.id, id) == 0)
            return &server->jobs[i];
    return NULL;
}

static int refuse_request(struct server *server, struct peer *peer, int64_t id, int code,
                          int64_t now)
{
    flr_envelope envelope;
    flr_frame *frame = NULL;
    flr_envelope_init(&envelope, sizeof envelope);
    envelope.kind = FLR_FRAME_ERROR;
    envelope.id = id;
    envelope.code = code;
    int status = flr_frame_encode(&envelope, &frame);
    if (status == 0)
        status = peers_send(&server->peers, peer, frame, now);
    flr_frame_unref(frame);
    return status;
}

static int send_status(struct server *server, struct peer *peer, int64_t id, int64_t now)
{
    flr_frame *frame = NULL;
    int status = status_make(server->jobs, server->job_count, id, &frame);
    if (status == 0)
        status = peers_send(&server->peers, peer, frame, now);
    flr_frame_unref(frame);
    return status;
}

static void on_received(void *self, struct peer *peer, flr_frame *frame)
{
    struct server *server = self;
    int64_t now = moment_now();
    struct job *job;
    flr_envelope envelope;
    int status = 0;
    flr_envelope_init(&envelope, sizeof envelope);
    flr_frame_get_envelope(frame, &envelope);
    switch (envelope.kind) {
    case FLR_FRAME_TASK_REQUEST:
    case FLR_FRAME_SUBMISSION:
    case FLR_FRAME_AUX_REQUEST:
        job = find_job(server, envelope.job);
        if (job)
            job_receive(job, peer, frame, now);
        else if (envelope.id > 0)
            status = refuse_request(server, peer, envelope.id, FLR_E_NOTFOUND, now);
        break;
    case FLR_FRAME_AUX_REPLY:
    case FLR_FRAME_ERROR:
        calls_answer(&server->calls, peer, envelope.id, frame);
        break;
    case STATUS_REQUEST:
        status = send_status(server, peer, envelope.id, now);
        break;
    default:
        peers_refuse(&server->peers, peer, FLR_E_INVAL, "a kind of frame that no client sends",
                     now);
        break;
    }
    if (status < 0)
        peers_drop(&server->peers, peer, flr_status_get_text(status), 0);
}

static void on_drained(void *self, struct peer *peer)
{
    struct server *server = self;
    (void)peer;
    for (size_t i = 0; i < server->job_count; i++)
        job_drained(&server->jobs[i]);
}

static void on_lost(void *self, struct peer *peer, int replaced)
{
    struct server *server = self;
    calls_forget(&server->calls, peer);
    for (size_t i = 0; i < server->job_count; i++)
        job_forget(&server->jobs[i], peer, replaced);
}

static const struct peers_ops peers_ops = {on_received, on_drained, on_lost, log_peer};

/* ---- the loop ---- */

/*
 * The first signal ends the runs as they should end: clients are told, and have END_TIME to hear it. The
 * second one ends the loop.
 */
static void handle_signal(struct server *server, int64_t now)
{
    struct signalfd_siginfo info;
    if (read(server->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    server->end_at = server->signalled++ == 0 ? moment_after(now, END_TIME) : now;
    peers_stop_listening(&server->peers);
    for (size_t i = 0; i < server->job_count; i++)
        job_abort(&server->jobs[i]);
}

static int run_jobs(struct server *server, int64_t now, int64_t *next)
{
    int running = 0;
    for (size_t i = 0; i < server->job_count; i++) {
        *next = moment_earlier(*next, job_run(&server->jobs[i], now));
        running |= !server->jobs[i].ended;
    }
    return running;
}

static int wait_for_events(struct server *server, int64_t until)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(server->epoll, events, EVENTS, moment_timeout(until, moment_now()));
    if (count < 0)
        return errno == EINTR ? 0 : fail("epoll_wait", strerror(errno));
    int64_t now = moment_now();
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr == server)
            handle_signal(server, now);
        else
            peers_handle_event(&server->peers, events[i].data.ptr, events[i].events, now);
    }
    return 0;
}

static int is_awaiting(const struct server *server)
{
    int awaiting = 0;
    for (size_t i = 0; i < server->job_count; i++)
        awaiting |= job_awaits(&server->jobs[i]);
    return awaiting;
}

/* 1: all jobs have ended, and there is nobody left who should hear that. */
static int is_over(struct server *server, int running, int64_t now)
{
    if (!running && server->end_at == NEVER && !server->options->stay)
        server->end_at =
            moment_after(now, is_awaiting(server) ? server->options->linger_time : END_TIME);
    if (server->end_at <= now)
        return 1;
    /* Clients that were told close their connections. */
    return server->end_at != NEVER && !running && server->peers.open == 0 && !is_awaiting(server);
}

static int run_loop(struct server *server)
{
    for (;;) {
        int64_t now = moment_now(), next = NEVER;
        int running = run_jobs(server, now, &next);
        next = moment_earlier(next, calls_check(&server->calls, now));
        next = moment_earlier(next, peers_check(&server->peers, now));
        if (is_over(server, running, now))
            return 0;
        next = moment_earlier(next, server->end_at);
        if (wait_for_events(server, next) < 0)
            return -1;
    }
}

/* 0 if every run completed, or was ended by a signal. */
static int judge_runs(struct server *server)
{
    char detail[512];
    int status = 0;
    for (size_t i = 0; i < server->job_count; i++) {
        struct job *job = &server->jobs[i];
        if (!job->ended || job->result == 0 || (job->result == FLR_E_ABORTED && server->signalled))
            continue;
        flr_runner_get_detail(job->runner, detail, sizeof detail);
        fprintf(stderr, "tcp-server: job %s: %s: %s\n", job->options.id,
                flr_status_get_text(job->result), detail);
        status = -1;
    }
    return status;
}

static int finish_jobs(struct server *server)
{
    char error[512] = "";
    int status = 0;
    for (size_t i = 0; i < server->job_count; i++)
        if (job_finish(&server->jobs[i], error, sizeof error) < 0)
            status = fail(server->jobs[i].options.id, error);
    return status;
}

/* ---- setting up ---- */

/* As many descriptors as may be needed and are allowed; without them fewer clients find room. */
static void raise_file_limit(size_t connections)
{
    struct rlimit limit;
    rlim_t wanted = connections + HALF_OPEN + OTHER_FILES;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int open_signals(struct server *server)
{
    sigset_t set;
    struct epoll_event event;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -1;
    server->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (server->signals < 0)
        return -1;
    memset(&event, 0, sizeof event);
    event.events = EPOLLIN;
    event.data.ptr = server;
    return epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->signals, &event);
}

/* For scripts: written under another name first, so that who sees the file sees all of it. */
static int write_port(const char *path, int port)
{
    char name[1024];
    int used = snprintf(name, sizeof name, "%s.new", path);
    if (used < 0 || (size_t)used >= sizeof name)
        return fail(path, strerror(ENAMETOOLONG));
    FILE *file = fopen(name, "w");
    if (!file)
        return fail(name, strerror(errno));
    int failed = fprintf(file, "%d\n", port) < 0;
    failed |= fclose(file) != 0;
    if (failed || rename(name, path) < 0)
        return fail(path, strerror(errno));
    return 0;
}

static int open_peers(struct server *server)
{
    const struct options *o = server->options;
    char error[512];
    struct peers_options options;
    int listener = net_listen(o->host, o->port, error, sizeof error);
    if (listener < 0)
        return fail(error, "");
    memset(&options, 0, sizeof options);
    options.tokens = &server->tokens;
    options.max_clients = o->max_clients;
    options.hello_time = o->hello_time;
    options.times.frame = o->frame_time;
    options.times.stall = o->stall_time;
    flr_frame_limits_init(&options.limits, sizeof options.limits);
    options.limits.bytes = o->max_frame;
    options.limits.header = HEADER_BYTES;
    options.limits.count = VALUES;
    if (peers_open(&server->peers, server->epoll, listener, o->budget, &options, &peers_ops,
                   server) < 0)
        return fail("epoll", strerror(errno));
    int port = net_port(listener);
    if (port < 0)
        return fail("getsockname", strerror(errno));
    if (!o->quiet)
        fprintf(stderr, "listening on %s port %d, in clear text\n", o->host, port);
    return o->port_file ? write_port(o->port_file, port) : 0;
}

static void report_job(const struct server *server, const struct job *job)
{
    char detail[512] = "";
    const char *id = job->options.id, *directory = server->options->state;
    if (job->found == KEEPER_PREVIOUS) {
        flr_file_store_get_detail(job->store, detail, sizeof detail);
        fprintf(stderr, "%s: goes on from the state before the last: %s\n", id, detail);
    } else if (job->found != KEEPER_NOTHING && !server->options->quiet) {
        fprintf(stderr, "%s: %s (%s)\n", id,
                job->found == KEEPER_NEWEST ? "goes on from its last state"
                                            : "was done before: its model is there",
                directory);
    }
}

static int open_jobs(struct server *server)
{
    const struct options *o = server->options;
    char error[1200];
    for (size_t i = 0; i < o->job_count; i++) {
        struct job_options options;
        memset(&options, 0, sizeof options);
        options.id = o->jobs[i];
        options.bit = UINT32_C(1) << i;
        options.prefix = o->job_count > 1;
        options.loud = o->verbose;
        options.rounds = o->rounds;
        options.min_clients = o->min_clients;
        options.model_bytes = o->model_bytes;
        options.hold_time = o->hold_time;
        options.directory = o->state;
        options.held_out = &server->data.held_out;
        options.peers = &server->peers;
        options.calls = &server->calls;
        int status = job_open(&server->jobs[i], &options, error, sizeof error);
        server->job_count++; /* to be closed also if it failed half-way */
        if (status < 0)
            return fail(o->jobs[i], error);
        report_job(server, &server->jobs[i]);
    }
    printf("%s%-5s  clients    loss  accuracy         time\n",
           o->job_count > 1 ? "job             " : "", "round");
    return 0;
}

static int open_server(struct server *server)
{
    const struct options *o = server->options;
    char error[1200];
    if (tokens_read(o->tokens, &server->tokens, error, sizeof error) < 0 ||
        islands_load(o->data, &server->data, error, sizeof error) < 0)
        return fail(error, "");
    raise_file_limit(o->max_clients);
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (server->epoll < 0 || open_signals(server) < 0)
        return fail("epoll or signalfd", strerror(errno));
    if (open_jobs(server) < 0)
        return -1;
    return open_peers(server); /* last: from now on clients come */
}

static void close_server(struct server *server)
{
    peers_close(&server->peers);
    for (size_t i = 0; i < server->job_count; i++)
        job_close(&server->jobs[i]);
    calls_free(&server->calls);
    if (server->signals >= 0)
        close(server->signals);
    if (server->epoll >= 0)
        close(server->epoll);
    islands_free(&server->data);
    tokens_free(&server->tokens);
}

static int serve(const struct options *options)
{
    struct server *server = calloc(1, sizeof *server);
    if (!server)
        return fail("out of memory", "");
    server->options = options;
    server->epoll = server->signals = server->peers.listener = -1;
    server->end_at = NEVER;
    int status = open_server(server);
    if (status == 0)
        status = run_loop(server);
    if (status == 0)
        status = judge_runs(server);
    if (finish_jobs(server) < 0)
        status = -1;
    close_server(server);
    free(server);
    return status;
}

static int ask_for_status(const struct options *o)
{
    char error[1200];
    struct tokens tokens;
    if (tokens_read(o->tokens, &tokens, error, sizeof error) < 0)
        return fail(error, "");
    const struct token *token = tokens_find(&tokens, o->name);
    int status = token ? status_ask(o->host, o->port, token, error, sizeof error)
                       : fail(o->tokens, "has no token for --name");
    if (token && status < 0)
        fail(error, "");
    tokens_free(&tokens);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    if (options_read(argc, argv, &options) < 0)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0); /* who reads along sees a round when it is over */
    return (options.status ? ask_for_status(&options) : serve(&options)) < 0;
}
