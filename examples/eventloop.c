/*
 * A host with one thread: epoll waits for sockets and for an eventfd, flr_runner_step() does the
 * rest.
 *
 * The server owns one end of a socket pair per client, the clients, small state machines, the
 * others; all are driven by the same loop here, but the server's half would look the same with TCP
 * connections that were accepted and authenticated. What the library sees:
 *
 *     a REQUEST frame  -> flr_runner_process_task_request()  -> a TASK, WAIT or END frame
 *     a RESULT frame   -> flr_runner_process_submission()
 *     wakeup           -> the eventfd: step soon
 *     task_ready       -> a READY frame: this client need not wait any longer
 *     send_aux         -> an END frame, when the run is over
 *
 * The job is that of minimal.c: the weighted mean of numbers that stay with their owners.
 */
#include <errno.h>
#include <flrunner.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS 3
#define JOB     "job-1"
#define NEVER   INT64_MAX

/*
 * ---- frames: what goes over a socket. Both ends are this program; a real protocol has a byte
 * order and checks lengths. ----
 */

enum kind { REQUEST = 1, RESULT, TASK, WAIT, READY, END };

struct frame {
    int32_t kind, samples;
    double mean;                                  /* the model */
    double wait;                                  /* WAIT: seconds */
    char job[32], task[32], id[64], workflow[32]; /* RESULT: as the task had them */
};

static int send_frame(int fd, const struct frame *frame)
{
    return send(fd, frame, sizeof *frame, MSG_NOSIGNAL) == (ssize_t)sizeof *frame ? 0 : FLR_E_IO;
}

/* 1: a frame; 0: none left; or FLR_E_IO. */
static int receive_frame(int fd, struct frame *frame)
{
    ssize_t got = recv(fd, frame, sizeof *frame, MSG_DONTWAIT);
    if (got == (ssize_t)sizeof *frame) {
        frame->job[sizeof frame->job - 1] = frame->task[sizeof frame->task - 1] = '\0';
        frame->id[sizeof frame->id - 1] = frame->workflow[sizeof frame->workflow - 1] = '\0';
        return 1;
    }
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : FLR_E_IO;
}

static void put_text(char *to, size_t size, const char *text)
{
    snprintf(to, size, "%s", text ? text : "");
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- clients ---- */

struct client {
    const char *name;
    int count;
    double values[4];
    int fd;
    int over;       /* told that the run has ended */
    int64_t ask_at; /* when to ask again; NEVER: an answer is on its way */
};

static int ask(struct client *client)
{
    struct frame frame = {0};
    frame.kind = REQUEST;
    put_text(frame.job, sizeof frame.job, JOB);
    client->ask_at = NEVER;
    return send_frame(client->fd, &frame);
}

/* Move the model half-way to the mean of this client's numbers, hand it in, and ask for more. */
static int train(struct client *client, const struct frame *task)
{
    struct frame result = *task;
    double mean = 0;
    for (int i = 0; i < client->count; i++)
        mean += client->values[i] / client->count;
    result.kind = RESULT;
    result.mean += 0.5 * (mean - result.mean);
    result.samples = client->count;
    int status = send_frame(client->fd, &result);
    return status < 0 ? status : ask(client);
}

static void end(struct client *client)
{
    client->over = 1;
    client->ask_at = NEVER;
}

static int client_readable(struct client *client)
{
    struct frame frame;
    int status;
    while ((status = receive_frame(client->fd, &frame)) > 0) {
        if (frame.kind == TASK)
            status = train(client, &frame);
        else if (frame.kind == WAIT)
            client->ask_at = now_ns() + (int64_t)(frame.wait * 1e9);
        else if (frame.kind == READY && client->ask_at != NEVER)
            status = ask(client);
        else if (frame.kind == END)
            end(client);
        if (status < 0)
            break;
    }
    return status;
}

/* ---- the server: the engine's members, which the library calls ---- */

struct host {
    struct client *clients;
    int fds[CLIENTS];   /* the server's ends */
    int ready[CLIENTS]; /* a READY frame is to be sent */
    int wakeup, epoll;
    flr_runner *runner;
    flr_context *context; /* one per transport thread; there is one thread */
    flr_workflow *fedavg; /* a view: the runner holds it */
};

static int list_clients(void *self, flr_client_list *list)
{
    struct host *host = self;
    int status = 0;
    for (int i = 0; i < CLIENTS && status == 0; i++)
        status = flr_client_list_add(list, host->clients[i].name, NULL);
    return status;
}

static int find_client(const struct host *host, const char *name)
{
    for (int i = 0; i < CLIENTS; i++)
        if (strcmp(host->clients[i].name, name) == 0)
            return i;
    return -1;
}

/* The only message of a run without reliable messaging: its end. Nobody waits for replies. */
static int send_aux(void *self, flr_aux_send *message)
{
    struct host *host = self;
    struct frame frame = {0};
    frame.kind = END;
    if (strcmp(flr_aux_send_get_topic(message), "__end_run__") != 0)
        return FLR_E_NOTSUP;
    for (size_t i = 0; i < flr_aux_send_get_target_count(message); i++) {
        int at = find_client(host, flr_aux_send_get_target(message, i));
        if (at < 0 || send_frame(host->fds[at], &frame) < 0)
            flr_aux_send_fail(message, i, FLR_E_IO);
    }
    return 0;
}

/* These two may be called inside any call of the library: they only take notes and signal. */
static void wakeup(void *self)
{
    struct host *host = self;
    uint64_t one = 1;
    if (write(host->wakeup, &one, sizeof one) < 0)
        return; /* full: it is readable already */
}

static void task_ready(void *self, const char *client)
{
    struct host *host = self;
    for (int i = 0; i < CLIENTS; i++)
        if (!client || strcmp(host->clients[i].name, client) == 0)
            host->ready[i] = 1;
    wakeup(host);
}

/* ---- the server: frames in, calls of the library, frames out ---- */

static const char *cookie(const flr_shareable *data, const char *key)
{
    return flr_value_get_text(flr_shareable_get_cookie(data, key), "");
}

/*
 * The properties that the client sent with its message. The library replaces a name in them by the
 * authenticated one.
 */
static int set_peer(struct host *host, const struct frame *frame)
{
    flr_value *props = NULL;
    int status = flr_context_reset(host->context);
    if (status == 0)
        status = flr_value_new_map(&props);
    if (status == 0)
        status = flr_map_set_text(&props, FLR_PROP_RUN_NUM, frame->job);
    if (status == 0)
        status = flr_context_set_peer_props(host->context, props);
    flr_value_unref(props);
    return status;
}

static int on_request(struct host *host, int i, const struct frame *request)
{
    struct frame reply = *request;
    const flr_answer *answer;
    int status = set_peer(host, request);
    if (status == 0)
        status = flr_runner_process_task_request(host->runner, host->clients[i].name, host->context,
                                                 &answer);
    if (status < 0)
        return status;
    const flr_shareable *data = flr_answer_get_data(answer);
    switch (flr_answer_get_kind(answer)) {
    case FLR_ANSWER_TASK: {
        const flr_value *model = flr_map_get(flr_shareable_get(data, "model"), "mean");
        reply.kind = TASK;
        reply.mean = *(const double *)flr_blob_get_data(flr_value_get_blob(model));
        put_text(reply.task, sizeof reply.task, flr_answer_get_name(answer));
        put_text(reply.id, sizeof reply.id, cookie(data, FLR_COOKIE_TASK_ID));
        put_text(reply.workflow, sizeof reply.workflow, cookie(data, FLR_COOKIE_WORKFLOW));
        break;
    }
    case FLR_ANSWER_TRY_AGAIN:
        reply.kind = WAIT;
        reply.wait = flr_answer_get_wait_time(answer);
        break;
    default:
        reply.kind = END;
        break;
    }
    return send_frame(host->fds[i], &reply);
}

/* A model: a map with one tensor, here a single number. */
static int make_model(double number, flr_value **model)
{
    flr_blob *blob = NULL;
    flr_value *tensor = NULL;
    int status = flr_blob_new_copy(&number, sizeof number, &blob);
    if (status == 0)
        status = flr_value_new_tensor(FLR_TYPE_F64, 0, NULL, blob, &tensor);
    if (status == 0)
        status = flr_value_new_map(model);
    if (status == 0)
        status = flr_map_set(model, "mean", tensor); /* on success the tensor belongs to the map */
    if (status < 0)
        flr_value_unref(tensor);
    flr_blob_unref(blob);
    return status;
}

/*
 * The message that the frame stands for. The workflow's cookie lets the library tell stragglers of
 * an earlier workflow.
 */
static int make_result(const struct frame *frame, flr_shareable **result)
{
    flr_value *model = NULL, *workflow = NULL;
    int status = flr_shareable_new(result);
    if (status == 0)
        status = make_model(frame->mean, &model);
    if (status == 0)
        status = flr_shareable_set(*result, "model", model);
    if (status < 0)
        flr_value_unref(model);
    if (status == 0)
        status = flr_shareable_set_int(*result, "num_samples", frame->samples);
    if (status < 0)
        return status;
    status = flr_value_new_text(frame->workflow, &workflow);
    if (status == 0)
        status = flr_shareable_set_cookie(*result, FLR_COOKIE_WORKFLOW, workflow);
    if (status < 0)
        flr_value_unref(workflow);
    return status;
}

static int on_result(struct host *host, int i, const struct frame *frame)
{
    flr_shareable *result = NULL;
    int outcome = 0, status = make_result(frame, &result);
    if (status == 0)
        status = set_peer(host, frame);
    if (status == 0)
        status = flr_runner_process_submission(host->runner, host->clients[i].name, host->context,
                                               frame->task, frame->id, result, &outcome);
    if (status == 0 && outcome != FLR_OUTCOME_ACCEPTED)
        fprintf(stderr, "result of %s: %s\n", host->clients[i].name, flr_outcome_get_name(outcome));
    flr_shareable_unref(result);
    return status;
}

static int server_readable(struct host *host, int i)
{
    struct frame frame;
    int status;
    while ((status = receive_frame(host->fds[i], &frame)) > 0) {
        if (frame.kind == REQUEST)
            status = on_request(host, i, &frame);
        else if (frame.kind == RESULT)
            status = on_result(host, i, &frame);
        if (status < 0)
            break;
    }
    return status;
}

/* ---- the loop ---- */

static int send_notices(struct host *host)
{
    struct frame frame = {0};
    int status = 0;
    frame.kind = READY;
    for (int i = 0; i < CLIENTS && status == 0; i++) {
        if (!host->ready[i])
            continue;
        host->ready[i] = 0;
        status = send_frame(host->fds[i], &frame);
    }
    return status;
}

/* Clients whose time has come ask; *next is when the next one will. */
static int ask_due(struct host *host, int64_t *next)
{
    int status = 0;
    for (int i = 0; i < CLIENTS && status == 0; i++) {
        struct client *client = &host->clients[i];
        if (client->ask_at <= now_ns())
            status = ask(client);
        if (client->ask_at < *next)
            *next = client->ask_at;
    }
    return status;
}

static int wait_for_events(struct host *host, int64_t until)
{
    struct epoll_event events[2 * CLIENTS + 1];
    uint64_t ignored;
    int64_t left = until - now_ns();
    int timeout = until == NEVER         ? -1
                  : left <= 0            ? 0
                  : left > 3600000000000 ? 3600000
                                         : (int)((left + 999999) / 1000000);
    int status = 0, count = epoll_wait(host->epoll, events, 2 * CLIENTS + 1, timeout);
    if (count < 0)
        return errno == EINTR ? 0 : FLR_E_IO;
    for (int i = 0; i < count && status == 0; i++) {
        uint32_t who = events[i].data.u32; /* clients' ends, then the server's, then the eventfd */
        if (who < CLIENTS)
            status = client_readable(&host->clients[who]);
        else if (who < 2 * CLIENTS)
            status = server_readable(host, (int)who - CLIENTS);
        else if (read(host->wakeup, &ignored, sizeof ignored) < 0 && errno != EAGAIN)
            status = FLR_E_IO;
    }
    return status;
}

static int all_over(const struct host *host)
{
    int over = 0;
    for (int i = 0; i < CLIENTS; i++)
        over += host->clients[i].over;
    return over == CLIENTS;
}

/* Step whenever something may have happened: a step with nothing to do costs next to nothing. */
static int run_loop(struct host *host)
{
    flr_step_result step;
    flr_step_result_init(&step, sizeof step);
    for (;;) {
        int64_t next = NEVER;
        int status = 0;
        if (step.state == FLR_STEP_RUNNING) {
            status = flr_runner_step(host->runner, &step);
            if (status == 0 && step.state == FLR_STEP_RUNNING && step.wait_ns >= 0)
                next = now_ns() + step.wait_ns;
        }
        if (status == 0 && step.state == FLR_STEP_ENDED && all_over(host))
            return step.result;
        if (status == 0)
            status = send_notices(host);
        if (status == 0)
            status = ask_due(host, &next);
        if (status == 0)
            status = wait_for_events(host, next);
        if (status < 0)
            return status;
    }
}

/* ---- setting up ---- */

static int watch(struct host *host, int fd, uint32_t who)
{
    struct epoll_event event = {0};
    event.events = EPOLLIN;
    event.data.u32 = who;
    return epoll_ctl(host->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? FLR_E_IO : 0;
}

static int open_sockets(struct host *host)
{
    host->epoll = epoll_create1(EPOLL_CLOEXEC);
    host->wakeup = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (host->epoll < 0 || host->wakeup < 0)
        return FLR_E_IO;
    int status = watch(host, host->wakeup, 2 * CLIENTS);
    for (uint32_t i = 0; i < CLIENTS && status == 0; i++) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0)
            return FLR_E_IO;
        host->clients[i].fd = pair[0];
        host->fds[i] = pair[1];
        status = watch(host, pair[0], i);
        if (status == 0)
            status = watch(host, pair[1], CLIENTS + i);
    }
    return status;
}

static void close_sockets(struct host *host)
{
    for (int i = 0; i < CLIENTS; i++) {
        if (host->clients[i].fd >= 0)
            close(host->clients[i].fd);
        if (host->fds[i] >= 0)
            close(host->fds[i]);
    }
    if (host->wakeup >= 0)
        close(host->wakeup);
    if (host->epoll >= 0)
        close(host->epoll);
}

static int make_runner(struct host *host)
{
    flr_fedavg_options train_options;
    flr_engine_ops engine;
    flr_config *config = NULL;
    flr_value *model = NULL;
    int status = make_model(0, &model);
    flr_fedavg_options_init(&train_options, sizeof train_options);
    train_options.initial_model = model;
    train_options.rounds = 20;
    train_options.min_clients = CLIENTS;
    if (status == 0)
        status = flr_fedavg_new(&train_options, &host->fedavg);
    if (status == 0)
        status = flr_config_new(&config);
    if (status == 0)
        status = flr_config_add_workflow(config, "train", host->fedavg);
    if (status < 0)
        flr_workflow_unref(host->fedavg); /* on success it belongs to the configuration */
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_clients;
    engine.send_aux = send_aux;
    engine.wakeup = wakeup;
    engine.task_ready = task_ready;
    if (status == 0)
        status = flr_runner_new(config, JOB, &engine, host, &host->runner);
    if (status < 0)
        flr_config_free(config); /* on success it belongs to the runner */
    if (status == 0)
        status = flr_runner_new_context(host->runner, &host->context);
    flr_value_unref(model);
    return status;
}

static int print_model(struct host *host)
{
    flr_value *model = NULL;
    int status = flr_fedavg_get_model(host->fedavg, &model);
    if (status == 0)
        printf("mean of all: %.4f\n",
               *(const double *)flr_blob_get_data(flr_value_get_blob(flr_map_get(model, "mean"))));
    flr_value_unref(model);
    return status;
}

int main(void)
{
    struct client clients[CLIENTS] = {{"north", 4, {9.0, 9.5, 8.7, 9.2}, -1, 0, 0},
                                      {"east", 2, {10.1, 10.3}, -1, 0, 0},
                                      {"south", 3, {8.1, 8.4, 8.0}, -1, 0, 0}};
    struct host host = {clients, {-1, -1, -1}, {0, 0, 0}, -1, -1, NULL, NULL, NULL};
    char detail[256] = "";
    int status = open_sockets(&host);
    if (status == 0)
        status = make_runner(&host);
    if (status == 0)
        status = run_loop(&host);
    if (status == 0)
        status = print_model(&host);
    if (status < 0) {
        flr_runner_get_detail(host.runner, detail, sizeof detail);
        fprintf(stderr, "failed: %s %s\n", flr_status_get_text(status), detail);
    }
    flr_context_free(host.context);
    flr_runner_free(host.runner);
    close_sockets(&host);
    return status != 0;
}
