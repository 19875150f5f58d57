/*
 * A client of the server beside it: trains on the penguins of one island.
 *
 *     tcp-client --port PORT --name NAME --token-file FILE --island ISLAND [options]
 *
 * Everything here goes over the network in CLEAR TEXT: the token, the model, the results. Use it on
 * loopback, inside a tunnel, or put TLS where connection.c and link.c read and write: TLS belongs to
 * the host.
 *
 * One thread: a poll loop around flr_client_runner_step(), one connection (link.c), which is made
 * again when it is lost. To make it your own, copy this directory, and put your training in the place
 * of trainer.c; training that takes time belongs on a thread of its own, which ends with
 * flr_execution_finish().
 */
#include "../demo/islands.h"
#include "link.h"
#include "token.h"
#include "trainer.h"
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define FRAME_TIME 60.0 /* seconds for one message of the server */
#define STALL_TIME 15.0 /* seconds without a byte of it */
#define TOKEN_ENV  "FLR_TOKEN"

struct options {
    const char *host, *port, *name, *token_file, *job, *data, *island;
    double delay, patience, timeout, retry, pause;
    int quiet;
};

struct client {
    const struct options *options;
    struct token token;
    struct islands data;
    struct trainer trainer;
    struct link link;
    flr_client_runner *runner;
    flr_context *context; /* one per transport thread: there is one */
    int64_t step_at;
    int ended, result; /* of the run */
    int failure;       /* why this program ended the run itself; 0 */
    int signals;
};

static int fail(const char *subject, const char *why)
{
    fprintf(stderr, "tcp-client: %s%s%s\n", subject, why[0] ? ": " : "", why);
    return -1;
}

/* ---- the engine ---- */

static int on_request(void *self, flr_request *request)
{
    struct client *client = self;
    return link_request(&client->link, request);
}

/* May be called inside any call of the library: it only takes a note. */
static void on_wakeup(void *self)
{
    struct client *client = self;
    client->step_at = 0;
}

static void on_log(void *self, int level, const char *line)
{
    const struct client *client = self;
    if (level >= FLR_LOG_WARNING && !client->options->quiet)
        fprintf(stderr, "%s: %s\n", client->options->name, line);
}

/* ---- the link ---- */

static void on_received(void *self, flr_frame *frame)
{
    struct client *client = self;
    flr_frame *reply = NULL;
    /* A message that could not be answered is repeated by who sent it, if it matters to him. */
    int status =
        flr_client_runner_process_frame(client->runner, "server", client->context, frame, &reply);
    if (status == 0 && reply)
        status = link_send(&client->link, reply, moment_now());
    if (status < 0)
        fail("a message of the server", flr_status_get_text(status));
    flr_frame_unref(reply);
}

static void on_link_log(void *self, const char *text)
{
    const struct client *client = self;
    if (!client->options->quiet)
        fprintf(stderr, "%s: %s\n", client->options->name, text);
}

static const struct link_ops link_ops = {on_received, on_link_log};

/* ---- the loop ---- */

static void give_up(struct client *client, int code)
{
    if (client->failure == 0 && !client->ended) {
        client->failure = code;
        flr_client_runner_abort(client->runner);
    }
}

static int64_t run_job(struct client *client, int64_t now)
{
    flr_step_result step;
    if (client->ended || client->step_at > now)
        return client->ended ? NEVER : client->step_at;
    client->step_at = NEVER; /* wakeup may be called inside */
    flr_step_result_init(&step, sizeof step);
    int status = flr_client_runner_step(client->runner, &step);
    if (status < 0 || step.state == FLR_STEP_ENDED) {
        client->ended = 1;
        client->result = status < 0 ? status : step.result;
    } else if (step.wait_ns >= 0) {
        client->step_at = moment_earlier(client->step_at, moment_plus(now, step.wait_ns));
    }
    return client->step_at;
}

static int64_t watch_link(struct client *client, int64_t now)
{
    int64_t next = link_run(&client->link, now);
    int64_t patience = moment_after(link_get_down_since(&client->link), client->options->patience);
    if (client->link.state == LINK_DENIED)
        give_up(client, FLR_E_DENIED);
    else if (patience <= now)
        give_up(client, FLR_E_TIMEDOUT);
    return moment_earlier(next, patience);
}

static int wait_for_events(struct client *client, int64_t until)
{
    struct pollfd watched[2];
    struct signalfd_siginfo info;
    memset(watched, 0, sizeof watched);
    watched[0].fd = link_get_poll(&client->link, &watched[0].events);
    watched[1].fd = client->signals;
    watched[1].events = POLLIN;
    if (poll(watched, 2, moment_timeout(until, moment_now())) < 0)
        return errno == EINTR ? 0 : fail("poll", strerror(errno));
    if (watched[0].fd >= 0)
        link_handle_poll(&client->link, watched[0].revents, moment_now());
    if (watched[1].revents && read(client->signals, &info, sizeof info) == (ssize_t)sizeof info)
        give_up(client, FLR_E_ABORTED);
    return 0;
}

/* The run has ended, and what it had to say is with the server, or will never be. */
static int is_over(const struct client *client)
{
    return client->ended && link_is_flushed(&client->link);
}

static int run_loop(struct client *client)
{
    for (;;) {
        int64_t now = moment_now();
        int64_t next = moment_earlier(trainer_run(&client->trainer, now), run_job(client, now));
        /* After the job: what it asked for just now is sent before anybody sleeps. */
        next = moment_earlier(next, watch_link(client, now));
        if (is_over(client))
            return 0;
        if (!client->ended)
            next = moment_earlier(next, client->step_at);
        if (wait_for_events(client, next) < 0)
            return -1;
    }
}

/* ---- setting up ---- */

static int read_token(struct client *client)
{
    const struct options *o = client->options;
    struct tokens tokens;
    char error[1200];
    if (!o->token_file) {
        const char *secret = getenv(TOKEN_ENV);
        if (!secret || token_set(&client->token, o->name, secret) < 0)
            return fail("neither --token-file nor a token of 16 to 127 bytes in " TOKEN_ENV, "");
        return 0;
    }
    if (tokens_read(o->token_file, &tokens, error, sizeof error) < 0)
        return fail(error, "");
    const struct token *own = tokens_find(&tokens, o->name);
    if (own)
        client->token = *own;
    tokens_free(&tokens);
    return own ? 0 : fail(o->token_file, "has no token for --name");
}

static int open_signals(struct client *client)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return fail("sigprocmask", strerror(errno));
    client->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return client->signals < 0 ? fail("signalfd", strerror(errno)) : 0;
}

static int open_runner(struct client *client)
{
    const struct options *o = client->options;
    flr_client_options options;
    flr_client_engine_ops engine;
    flr_client_options_init(&options, sizeof options);
    options.identity = o->name;
    options.max_sync_timeout = o->patience;
    options.get_task_timeout =
        o->timeout; /* TCP does not tell of a server that is gone without a word */
    options.submit_timeout = o->timeout;
    options.sync_timeout = options.task_check_timeout = o->timeout < 5.0 ? o->timeout : 5.0;
    options.task_check_interval = o->retry;
    if (o->retry < options.fetch_interval)
        options.fetch_interval = o->retry;
    flr_client_engine_ops_init(&engine, sizeof engine);
    engine.request = on_request;
    engine.wakeup = on_wakeup;
    engine.log = on_log;
    int status = flr_client_runner_new(&options, o->job, &engine, client, &client->runner);
    if (status == 0)
        status = trainer_add(&client->trainer, client->runner);
    if (status == 0)
        status = flr_client_runner_new_context(client->runner, &client->context);
    return status < 0 ? fail("the client", flr_status_get_text(status)) : 0;
}

static int open_client(struct client *client)
{
    const struct options *o = client->options;
    struct link_options options;
    char error[1200];
    int island = islands_find(o->island);
    if (island < 0)
        return fail(o->island, "no such island");
    if (read_token(client) < 0)
        return -1;
    if (islands_load(o->data, &client->data, error, sizeof error) < 0)
        return fail(error, "");
    client->trainer.samples = &client->data.islands[island];
    client->trainer.name = o->name;
    client->trainer.delay = o->delay;
    client->trainer.quiet = o->quiet;
    memset(&options, 0, sizeof options);
    options.host = o->host;
    options.port = o->port;
    options.token = &client->token;
    options.times.frame = FRAME_TIME;
    options.times.stall = STALL_TIME;
    options.longest_pause = o->pause;
    flr_frame_limits_init(&options.limits, sizeof options.limits);
    link_open(&client->link, &options, &link_ops, client, moment_now());
    if (open_signals(client) < 0)
        return -1;
    return open_runner(client);
}

static void close_client(struct client *client)
{
    trainer_close(&client->trainer);
    link_close(&client->link);
    flr_context_free(client->context);
    flr_client_runner_free(client->runner);
    if (client->signals >= 0)
        close(client->signals);
    islands_free(&client->data);
    token_wipe(&client->token, sizeof client->token);
}

static int judge_run(const struct client *client)
{
    char detail[512] = "";
    int code = client->failure < 0 ? client->failure : client->result;
    if (code == 0)
        return 0;
    flr_client_runner_get_detail(client->runner, detail, sizeof detail);
    const char *text = flr_status_get_text(code);
    return fail(text, strcmp(detail, text) == 0 ? "" : detail);
}

static int run(const struct options *options)
{
    struct client client;
    memset(&client, 0, sizeof client);
    client.options = options;
    client.signals = client.link.fd = client.link.connection.fd = -1;
    int status = open_client(&client);
    if (status == 0)
        status = run_loop(&client);
    if (status == 0)
        status = judge_run(&client);
    close_client(&client);
    return status;
}

/* ---- the command line ---- */

static const char usage[] =
    "usage: tcp-client --port PORT --name NAME --island ISLAND [options]\n"
    "  --host HOST         of the server (127.0.0.1)\n"
    "  --port PORT         of the server\n"
    "  --name NAME         of this client\n"
    "  --token-file FILE   with a line \"NAME TOKEN\"; without: the token is in " TOKEN_ENV "\n"
    "  --job ID            (penguins)\n"
    "  --data FILE         (examples/data/penguins.csv)\n"
    "  --island ISLAND     Biscoe, Dream or Torgersen\n"
    "  --delay SECONDS     that each training lasts longer (0)\n"
    "  --patience SECONDS  without the server, then it gives up (60)\n"
    "  --timeout SECONDS   of one call, longer than the server holds a request (60)\n"
    "  --retry SECONDS     until a call that failed is made again (5; a request for a task: 0.5 at most)\n"
    "  --pause SECONDS     between attempts to reach the server, at most (10)\n"
    "  --quiet\n";

enum {
    HOST = 256,
    PORT,
    NAME,
    TOKEN_FILE,
    JOB,
    DATA,
    ISLAND,
    DELAY,
    PATIENCE,
    TIMEOUT,
    RETRY,
    PAUSE,
    QUIET
};

static const struct option long_options[] = {
    {"host", 1, NULL, HOST},         {"port", 1, NULL, PORT},
    {"name", 1, NULL, NAME},         {"token-file", 1, NULL, TOKEN_FILE},
    {"job", 1, NULL, JOB},           {"data", 1, NULL, DATA},
    {"island", 1, NULL, ISLAND},     {"delay", 1, NULL, DELAY},
    {"patience", 1, NULL, PATIENCE}, {"timeout", 1, NULL, TIMEOUT},
    {"retry", 1, NULL, RETRY},       {"pause", 1, NULL, PAUSE},
    {"quiet", 0, NULL, QUIET},       {NULL, 0, NULL, 0}};

static int read_seconds(const char *text, double *seconds)
{
    char *end;
    *seconds = strtod(text, &end);
    return end == text || *end || !(*seconds >= 0 && *seconds < 1e9) ? -1 : 0;
}

/* 0; -1: the value does not do. */
static int take_option(struct options *o, int option, const char *value)
{
    const char **texts[] = {&o->host, &o->port, &o->name,  &o->token_file,
                            &o->job,  &o->data, &o->island};
    if (option >= HOST && option <= ISLAND) {
        *texts[option - HOST] = value;
        return 0;
    }
    if (option == QUIET) {
        o->quiet = 1;
        return 0;
    }
    double *times[] = {&o->delay, &o->patience, &o->timeout, &o->retry, &o->pause};
    return read_seconds(value, times[option - DELAY]);
}

static int read_options(int argc, char **argv, struct options *o)
{
    int option;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == '?')
            return -1; /* getopt has said what is wrong */
        if (take_option(o, option, optarg) < 0)
            return fail(optarg, "not a possible value");
    }
    if (optind < argc)
        return fail(argv[optind], "not expected");
    if (!o->port || !o->name || !o->island)
        return fail("--port, --name or --island is missing", "");
    return 0;
}

int main(int argc, char **argv)
{
    struct options options = {.host = "127.0.0.1",
                              .job = "penguins",
                              .data = "examples/data/penguins.csv",
                              .patience = 60,
                              .timeout = 60,
                              .retry = 5,
                              .pause = 10};
    if (read_options(argc, argv, &options) < 0) {
        fputs(usage, stderr);
        return 2;
    }
    return run(&options) < 0;
}
