/*
 * A load for the server in examples/tcp: many clients in one process, each a client runner of its own over a connection of its own, on one epoll loop. Each
 * answers every task with the model that it got.
 *
 *     tcp_load PORT TOKENS ROUNDS [JOB]
 *
 * One client per line of TOKENS. Prints `ROUNDS-TOTAL SECONDS`, the tasks done by all clients and the time from the first task to the last client's end; fails
 * if any client was disconnected, did not do each round, or did not end well.
 */
#include "../../examples/tcp/link.h"
#include <errno.h>
#include <flrunner/client_runner.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#define EVENTS     64
#define CONNECTING 32     /* at once: a server allows few that have not said who they are */
#define PATIENCE   3600.0 /* seconds: a client may wait long for its turn */

struct site {
    flr_client_runner *runner;
    struct link link;
    int64_t step_at, link_at;
    bool touched, opened, up, ended;
    int watched_fd;
    short watched; /* events */
    uint64_t tasks;
};

static struct site *sites;
static size_t site_count, opened_count, up_count, ended_count;
static int epoll;
static int64_t first_task_at;
static uint64_t failures;

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "tcp_load: %s: %s\n", what, why);
    failures++;
}

static void check(int status, const char *what)
{
    if (status == 0)
        return;
    fail(what, flr_status_get_text(status));
    exit(1);
}

/* ---- a client ---- */

static int on_request(void *self, flr_request *request)
{
    struct site *site = self;
    site->touched = true;
    return link_request(&site->link, request);
}

static void on_wakeup(void *self)
{
    struct site *site = self;
    site->step_at = 0;
}

static void on_log(void *self, int level, const char *line)
{
    const struct site *site = self;
    if (level >= FLR_LOG_WARNING)
        fail(site->link.options.token->name, line);
}

static void on_link_log(void *self, const char *text)
{
    struct site *site = self;
    if (strcmp(text, "connected") == 0 && !site->up) {
        site->up = true;
        up_count++;
    } else if (!site->ended) { /* at the end the server is the first to leave */
        fail(site->link.options.token->name, text);
    }
}

/* The server's own messages: the end of the run, above all. */
static void on_received(void *self, flr_frame *frame)
{
    struct site *site = self;
    flr_context *context = NULL;
    flr_frame *reply = NULL;
    check(flr_client_runner_new_context(site->runner, &context), "context");
    check(flr_client_runner_process_frame(site->runner, "server", context, frame, &reply),
          "a message of the server");
    if (reply)
        check(link_send(&site->link, reply, moment_now()), "a reply");
    flr_frame_unref(reply);
    flr_context_free(context);
    site->touched = true;
}

static const struct link_ops link_ops = {on_received, on_link_log};

static int execute(void *self, flr_context *context, const char *task_name,
                   const flr_shareable *data, flr_signal *abort, flr_shareable **result)
{
    struct site *site = self;
    flr_value *model = flr_value_ref(flr_shareable_get(data, "model"));
    (void)context;
    (void)task_name;
    (void)abort;
    if (first_task_at == 0)
        first_task_at = moment_now();
    site->tasks++;
    int status = flr_shareable_new(result);
    if (status == 0)
        status = flr_shareable_set(*result, "model", model);
    if (status < 0)
        flr_value_unref(model); /* on success it belongs to the result */
    if (status == 0)
        status = flr_shareable_set_int(*result, "num_samples", 1);
    return status;
}

static void open_site(struct site *site, const struct link_options *link, const char *job)
{
    flr_client_options options;
    flr_client_engine_ops engine;
    flr_executor_ops executor;
    site->watched_fd = -1;
    link_open(&site->link, link, &link_ops, site, moment_now());
    flr_client_options_init(&options, sizeof options);
    options.identity = link->token->name;
    options.sync_timeout = options.task_check_timeout = PATIENCE;
    options.max_sync_timeout = PATIENCE;
    flr_client_engine_ops_init(&engine, sizeof engine);
    engine.request = on_request;
    engine.wakeup = on_wakeup;
    engine.log = on_log;
    check(flr_client_runner_new(&options, job, &engine, site, &site->runner), "client");
    flr_executor_ops_init(&executor, sizeof executor);
    executor.execute = execute;
    check(flr_client_runner_add_executor(site->runner, "train", &executor, site), "executor");
    site->opened = true;
    opened_count++;
}

static void close_site(struct site *site)
{
    link_close(&site->link);
    flr_client_runner_free(site->runner);
}

/* ---- the loop ---- */

static void step(struct site *site, int64_t now)
{
    flr_step_result result;
    site->step_at = NEVER; /* wakeup may be called inside */
    flr_step_result_init(&result, sizeof result);
    check(flr_client_runner_step(site->runner, &result), "step");
    if (result.state == FLR_STEP_ENDED) {
        site->ended = true;
        ended_count++;
        if (result.result != 0)
            fail(site->link.options.token->name, flr_status_get_text(result.result));
    } else if (result.wait_ns >= 0) {
        site->step_at = moment_earlier(site->step_at, moment_plus(now, result.wait_ns));
    }
    site->touched = true;
}

/* No connection is made twice, so a descriptor is registered once. */
static void watch(struct site *site)
{
    struct epoll_event event;
    short events = 0;
    int fd = link_get_poll(&site->link, &events);
    if (fd < 0 || (fd == site->watched_fd && events == site->watched))
        return;
    memset(&event, 0, sizeof event);
    event.events = (events & POLLIN ? EPOLLIN : 0u) | (events & POLLOUT ? EPOLLOUT : 0u);
    event.data.ptr = site;
    if (epoll_ctl(epoll, fd == site->watched_fd ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) < 0)
        fail("epoll_ctl", strerror(errno));
    site->watched_fd = fd;
    site->watched = events;
}

static int64_t run_site(struct site *site, int64_t now)
{
    if (!site->ended && site->step_at <= now)
        step(site, now);
    if (site->touched || site->link_at <= now) {
        site->touched = false;
        site->link_at = link_run(&site->link, now);
        watch(site);
    }
    return moment_earlier(site->link_at, site->ended ? NEVER : site->step_at);
}

static void wait_for_events(int64_t until)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(epoll, events, EVENTS, moment_timeout(until, moment_now()));
    int64_t now = moment_now();
    for (int i = 0; i < count; i++) {
        struct site *site = events[i].data.ptr;
        short seen = (short)((events[i].events & EPOLLIN ? POLLIN : 0) |
                             (events[i].events & EPOLLOUT ? POLLOUT : 0) |
                             (events[i].events & (EPOLLHUP | EPOLLERR) ? POLLHUP : 0));
        link_handle_poll(&site->link, seen, now);
        site->touched = true;
    }
}

static void run(struct link_options *link, const struct tokens *tokens, const char *job)
{
    while (ended_count < site_count && failures == 0) {
        int64_t now = moment_now(), next = NEVER;
        while (opened_count < site_count && opened_count - up_count < CONNECTING) {
            link->token = &tokens->items[opened_count];
            open_site(&sites[opened_count], link, job);
        }
        for (size_t i = 0; i < opened_count; i++)
            next = moment_earlier(next, run_site(&sites[i], now));
        wait_for_events(next);
    }
}

static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* The server is measured, not how fast this process gets memory: what it once had it keeps. */
static void keep_memory(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}

int main(int argc, char **argv)
{
    struct link_options link;
    struct tokens tokens;
    char error[1200];
    uint64_t tasks = 0;
    if (argc < 4 || argc > 5) {
        fprintf(stderr, "usage: tcp_load PORT TOKENS ROUNDS [JOB]\n");
        return 2;
    }
    uint64_t rounds = strtoull(argv[3], NULL, 10);
    if (tokens_read(argv[2], &tokens, error, sizeof error) < 0) {
        fail("tokens", error);
        return 1;
    }
    raise_file_limit();
    keep_memory();
    epoll = epoll_create1(EPOLL_CLOEXEC);
    site_count = tokens.count;
    sites = calloc(site_count, sizeof *sites);
    if (!sites || epoll < 0) {
        fail("setting up", strerror(errno));
        return 1;
    }
    memset(&link, 0, sizeof link);
    link.host = "127.0.0.1";
    link.port = argv[1];
    link.times.frame = link.times.stall = PATIENCE;
    link.longest_pause = 1.0;
    flr_frame_limits_init(&link.limits, sizeof link.limits);
    run(&link, &tokens, argc == 5 ? argv[4] : "penguins");
    double seconds = (double)(moment_now() - first_task_at) / 1e9;
    for (size_t i = 0; i < opened_count; i++) {
        if (sites[i].tasks != rounds && failures == 0)
            fail(tokens.items[i].name, "did not do each round once");
        tasks += sites[i].tasks;
        close_site(&sites[i]);
    }
    free(sites);
    tokens_free(&tokens);
    if (failures == 0)
        printf("%llu %.6f\n", (unsigned long long)tasks, seconds);
    return failures != 0;
}
