#include "job.h"
#include "../demo/model.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRY_AGAIN_TIME    0.1  /* seconds: who was held for long may come back soon */
#define HEARTBEAT_TIMEOUT 60.0 /* seconds: clients send one every 10 */

struct held {
    struct held *next;
    struct peer *peer;
    flr_frame *frame; /* a reference */
    int64_t until;
    int due;
};

/* ---- requests that are held ---- */

static void hold(struct job *job, struct peer *peer, flr_frame *frame, int64_t until, int due)
{
    struct held *held = malloc(sizeof *held);
    if (!held) { /* the client notices, and asks again */
        peers_drop(job->options.peers, peer, "closed: out of memory", 0);
        return;
    }
    held->next = NULL;
    held->peer = peer;
    held->frame = flr_frame_ref(frame);
    held->until = until;
    held->due = due;
    if (job->last)
        job->last->next = held;
    else
        job->first = held;
    job->last = held;
    job->due |= due;
    job->expire_at = moment_earlier(job->expire_at, until);
}

/* Take out what stands after `previous` (NULL: the first). */
static struct held *take_out(struct job *job, struct held *previous)
{
    struct held *held = previous ? previous->next : job->first;
    if (previous)
        previous->next = held->next;
    else
        job->first = held->next;
    if (job->last == held)
        job->last = previous;
    return held;
}

static void drop_held(struct job *job, const struct peer *peer)
{
    struct held *previous = NULL, *at = job->first;
    while (at) {
        struct held *next = at->next;
        if (!peer || at->peer == peer) {
            take_out(job, previous);
            flr_frame_unref(at->frame);
            free(at);
        } else {
            previous = at;
        }
        at = next;
    }
}

static void wake_all(struct job *job)
{
    for (struct held *held = job->first; held; held = held->next)
        held->due = 1;
    job->due = 1;
}

/* ---- the engine: what the library asks of its host ---- */

/* Who once sent a frame for this job takes part in it, also while it is away. */
static int list_clients(void *self, flr_client_list *list)
{
    const struct job *job = self;
    int status = 0;
    for (const struct member *m = job->members.first; m && status == 0; m = m->next)
        status = flr_client_list_add(list, m->name, NULL);
    return status;
}

static int send_to(struct job *job, flr_aux_send *send, size_t target)
{
    int64_t id = 0, now = moment_now();
    flr_frame *frame = NULL;
    struct peer *peer = peers_find(job->options.peers, flr_aux_send_get_target(send, target));
    if (!peer)
        return FLR_E_IO;
    if (flr_aux_send_get_timeout(send) > 0)
        id = calls_add(job->options.calls, send, target, peer, now);
    int status = id < 0 ? FLR_E_NOMEM : flr_aux_send_encode(send, target, id, &frame);
    if (status == 0)
        status = peers_send(job->options.peers, peer, frame, now);
    flr_frame_unref(frame);
    return status;
}

static int send_aux(void *self, flr_aux_send *send)
{
    struct job *job = self;
    for (size_t i = 0; i < flr_aux_send_get_target_count(send); i++) {
        int status = send_to(job, send, i);
        if (status < 0)
            flr_aux_send_fail(send, i, status);
    }
    return 0;
}

/* The loop waits for the disk: a round's result is kept before the next round begins. */
static int persist(void *self, const flr_state *state, int completed)
{
    const struct job *job = self;
    char detail[512] = "";
    (void)completed;
    int status = flr_file_store_save(job->store, state);
    if (status < 0) {
        flr_file_store_get_detail(job->store, detail, sizeof detail);
        fprintf(stderr, "%s: the state cannot be kept: %s\n", job->options.id, detail);
    }
    return status;
}

/*
 * These two may be called inside any call of the library, so they only take notes. One thread does
 * everything here, and looks at the notes before it sleeps; a host with more threads would write to
 * an eventfd as well.
 */
static void wakeup(void *self)
{
    struct job *job = self;
    job->step_at = 0;
}

static void task_ready(void *self, const char *client)
{
    struct job *job = self;
    job->notices++;
    for (struct held *held = job->first; held; held = held->next)
        if (!client || strcmp(held->peer->name, client) == 0)
            held->due = job->due = 1;
}

static void write_log(void *self, int level, const char *line)
{
    const struct job *job = self;
    if (level >= FLR_LOG_WARNING || job->options.loud)
        fprintf(stderr, "%s: %s\n", job->options.id, line);
}

/* ---- the workflow ---- */

static int on_round(void *self, const flr_round *round, const flr_value *model)
{
    const struct job *job = self;
    double weights[WEIGHTS];
    int status = model_read(model, weights);
    if (status < 0)
        return status;
    if (job->options.prefix)
        printf("%-16s", job->options.id);
    printf("%5llu  %7zu  %6.4f  %6.1f %%  %8.3f ms\n",
           (unsigned long long)flr_round_get_number(round) + 1,
           flr_round_get_contributor_count(round), softmax_loss(weights, job->options.held_out),
           softmax_accuracy(weights, job->options.held_out), 1e3 * flr_round_get_seconds(round));
    return 0;
}

/* What is not trained, but sent and averaged all the same. */
static int add_zeros(flr_value **model, size_t bytes)
{
    const int64_t elements = (int64_t)(bytes / sizeof(float));
    flr_value *tensor = NULL;
    flr_blob *blob = NULL;
    void *zeros;
    int status = flr_blob_new((size_t)elements * sizeof(float), &blob, &zeros);
    if (status < 0)
        return status;
    memset(zeros, 0, (size_t)elements * sizeof(float));
    status = flr_value_new_tensor(FLR_TYPE_F32, 1, &elements, blob, &tensor);
    if (status == 0)
        status = flr_map_set(model, "zeros", tensor);
    if (status < 0)
        flr_value_unref(tensor); /* on success it belongs to the model */
    flr_blob_unref(blob);
    return status;
}

static int make_workflow(struct job *job, flr_workflow **workflow)
{
    static const double zeros[WEIGHTS];
    flr_fedavg_options options;
    flr_value *start = NULL;
    int status = model_make(zeros, &start);
    if (status == 0 && job->options.model_bytes > 0)
        status = add_zeros(&start, job->options.model_bytes);
    flr_fedavg_options_init(&options, sizeof options);
    options.initial_model = start;
    options.rounds = job->options.rounds;
    options.min_clients = job->options.min_clients;
    options.models = job->store;
    options.model_name = job->options.id;
    options.on_round = on_round;
    options.self = job;
    if (status == 0)
        status = flr_fedavg_new(&options, workflow);
    flr_value_unref(start);
    return status;
}

static int make_config(struct job *job, flr_config **config)
{
    flr_workflow *workflow = NULL;
    int status = make_workflow(job, &workflow);
    if (status == 0)
        status = flr_config_new(config);
    if (status == 0)
        status = flr_config_add_workflow(*config, "fedavg", workflow);
    if (status < 0)
        flr_workflow_unref(workflow); /* on success it belongs to the configuration */
    if (status == 0)
        status = members_register(&job->members, *config);
    if (status == 0)
        status = flr_config_set_task_request_interval(*config, TRY_AGAIN_TIME);
    if (status == 0)
        status = flr_config_set_heartbeat_timeout(*config, HEARTBEAT_TIMEOUT);
    return status;
}

static int make_runner(struct job *job)
{
    flr_engine_ops engine;
    flr_config *config = NULL;
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_clients;
    engine.send_aux = send_aux;
    engine.persist = job->store ? persist : NULL;
    engine.wakeup = wakeup;
    engine.task_ready = task_ready;
    engine.log = write_log;
    int status = make_config(job, &config);
    if (status == 0)
        status = flr_runner_new(config, job->options.id, &engine, job, &job->runner);
    if (status < 0)
        flr_config_free(config); /* on success it belongs to the runner */
    if (status == 0)
        status = flr_runner_new_context(job->runner, &job->context);
    return status;
}

static void release_runner(struct job *job)
{
    flr_context_free(job->context);
    flr_runner_free(job->runner);
    job->context = NULL;
    job->runner = NULL;
}

int job_open(struct job *job, const struct job_options *options, char *error, unsigned error_size)
{
    memset(job, 0, sizeof *job);
    job->options = *options;
    job->expire_at = NEVER;
    if (options->directory &&
        keeper_open(options->directory, options->id, &job->store, error, error_size) < 0)
        return -1;
    int status = make_runner(job);
    if (status < 0) {
        snprintf(error, error_size, "%s", flr_status_get_text(status));
        return -1;
    }
    if (job->store && keeper_resume(job->store, options->id, options->rounds, job->runner,
                                    &job->found, error, error_size) < 0)
        return -1;
    if (job->found == KEEPER_DONE) {
        release_runner(job);
        job->ended = 1;
    }
    return 0;
}

void job_close(struct job *job)
{
    drop_held(job, NULL);
    release_runner(job);
    members_free(&job->members);
    flr_file_store_unref(job->store);
    job->store = NULL;
}

/* ---- answering ---- */

static int make_error(int64_t id, int code, flr_frame **frame)
{
    flr_envelope envelope;
    flr_envelope_init(&envelope, sizeof envelope);
    envelope.kind = FLR_FRAME_ERROR;
    envelope.id = id;
    envelope.code = code;
    return flr_frame_encode(&envelope, frame);
}

static int is_try_again(const flr_frame *reply)
{
    flr_envelope envelope;
    flr_envelope_init(&envelope, sizeof envelope);
    return flr_frame_get_envelope(reply, &envelope) == 0 &&
           envelope.kind == FLR_FRAME_TASK_ANSWER && envelope.code == FLR_ANSWER_TRY_AGAIN;
}

/* Answer a request, or hold it until a moment (0: it must not be held any longer). */
static void answer(struct job *job, struct peer *peer, flr_frame *request, int64_t until,
                   int64_t now)
{
    flr_envelope envelope;
    flr_frame *reply = NULL;
    uint64_t notices = job->notices;
    int status = flr_runner_process_frame(job->runner, peer->name, job->context, request, &reply);
    flr_envelope_init(&envelope, sizeof envelope);
    flr_frame_get_envelope(request, &envelope);
    if (status < 0 && envelope.id > 0)
        status = make_error(envelope.id, status, &reply);
    if (reply && until > now && !job->ended && is_try_again(reply)) {
        /* A task that became ready meanwhile might be missed otherwise. */
        hold(job, peer, request, until, notices != job->notices);
    } else if (reply && peer->state == PEER_OPEN) {
        status = peers_send(job->options.peers, peer, reply, now);
    }
    flr_frame_unref(reply);
    if (status < 0) /* who asks gets an answer or the end of the connection, and may ask again */
        peers_drop(job->options.peers, peer, flr_status_get_text(status), 0);
}

/* The first frame of this connection for this job. */
static int join(struct job *job, struct peer *peer)
{
    struct member *member = members_find(&job->members, peer->name);
    if (!member) {
        int status = flr_runner_add_client(job->runner, peer->name, NULL);
        if (status == 0 || status == FLR_E_EXISTS)
            status = members_add(&job->members, peer->name, &member);
        if (status < 0)
            return status;
    }
    member->seen = 1;
    peer->jobs |= job->options.bit;
    return 0;
}

void job_receive(struct job *job, struct peer *peer, flr_frame *frame, int64_t now)
{
    flr_envelope envelope;
    int64_t until = 0;
    flr_envelope_init(&envelope, sizeof envelope);
    flr_frame_get_envelope(frame, &envelope);
    int status = peer->jobs & job->options.bit ? 0 : join(job, peer);
    if (status < 0) {
        peers_drop(job->options.peers, peer, flr_status_get_text(status), 0);
        return;
    }
    if (envelope.kind == FLR_FRAME_TASK_REQUEST) {
        drop_held(job,
                  peer); /* who asks again does not wait for the answer to its older question */
        if (flr_frame_get_size(frame) <= HOLD_BYTES)
            until = moment_after(now, job->options.hold_time);
    }
    answer(job, peer, frame, until, now);
}

/* Take out one that is to be answered now; NULL: there is none. */
static struct held *take_due(struct job *job, int64_t now)
{
    struct held *previous = NULL;
    job->expire_at = NEVER;
    for (struct held *held = job->first; held; previous = held, held = held->next) {
        if (connection_is_full(&held->peer->connection))
            continue; /* until it has drained */
        if (held->due || held->until <= now) {
            job->expire_at = now; /* what follows was not looked at */
            return take_out(job, previous);
        }
        job->expire_at = moment_earlier(job->expire_at, held->until);
    }
    job->due = 0;
    return NULL;
}

/* Each of those that are held now once at most: others have their turn, too. */
static void serve_held(struct job *job, int64_t now)
{
    size_t count = 0;
    if (!job->due && job->expire_at > now)
        return;
    for (struct held *held = job->first; held; held = held->next)
        count++;
    while (count-- > 0) {
        struct held *held = take_due(job, now);
        if (!held)
            return;
        answer(job, held->peer, held->frame, held->until, now);
        flr_frame_unref(held->frame);
        free(held);
    }
    job->due = job->first != NULL;
}

int64_t job_run(struct job *job, int64_t now)
{
    flr_step_result step;
    if (!job->ended && job->step_at <= now) {
        job->step_at = NEVER; /* wakeup may be called inside */
        flr_step_result_init(&step, sizeof step);
        int status = flr_runner_step(job->runner, &step);
        if (status < 0 || step.state == FLR_STEP_ENDED) {
            job->ended = 1;
            job->result = status < 0 ? status : step.result;
            wake_all(job);
        } else if (step.wait_ns >= 0) {
            job->step_at = moment_earlier(job->step_at, moment_plus(now, step.wait_ns));
        }
    }
    serve_held(job, now);
    int64_t next = job->ended ? NEVER : job->step_at;
    return job->due ? now : moment_earlier(next, job->expire_at);
}

int job_awaits(const struct job *job)
{
    return job->ended && job->runner && members_are_awaited(&job->members);
}

int job_finish(struct job *job, char *error, unsigned error_size)
{
    if (!job->store || !job->ended || job->result < 0)
        return 0;
    int status = flr_file_store_remove(job->store);
    if (status < 0)
        flr_file_store_get_detail(job->store, error, error_size);
    return status < 0 ? -1 : 0;
}

void job_abort(struct job *job)
{
    if (!job->ended)
        flr_runner_abort(job->runner, 0);
}

void job_forget(struct job *job, struct peer *peer, int replaced)
{
    drop_held(job, peer);
    if (!replaced && !job->ended && (peer->jobs & job->options.bit))
        flr_runner_handle_dead_job(job->runner, peer->name);
}

void job_drained(struct job *job)
{
    job->due = 1;
}
