/*
 * Clients on threads of their own against a server in the same process: each call is a frame, made while the client waits for it, and gets lost now and then on either way. Meanwhile others tell
 * them of tasks, send them messages, send messages as them, answer late what they asked, finish what they execute, read their counters, abort them, end them, and drop the host's reference, at
 * moments that a seed draws. Nobody sleeps; the rounds of the server bound it all. Threads record; the test's thread asserts. Rows CL-05, CL-08, CL-22 to CL-27, CL-34, CL-35.
 */
#include "support/suite.h"

#include <check.h>
#include <flrunner.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define JOB      "job"
#define SITES    4
#define ROUNDS   8
#define MEDDLERS 2
#define FOREVER  600.0 /* seconds: longer than any test may take */

typedef struct stage stage;

/* An answer that waits for somebody to report it. */
typedef struct late {
    flr_request *request;
    flr_frame *reply;
} late;

typedef struct site {
    stage *stage;
    char name[8];
    flr_client_runner *client; /* valid as long as the guard is */
    flr_context *guard;
    pthread_t thread;
    int status; /* of its run */
    atomic_bool begun, ended, aborted, freed;
    atomic_int executed, destroyed, greeted, heard;
    _Atomic(flr_execution *) execution;
    _Atomic(late *) late;
    bool news; /* guarded by the stage's lock: the server has something for it */
} site;

struct stage {
    bool calm, aborts, ends; /* see play */
    uint64_t seed;
    atomic_uint_fast64_t draws;
    flr_runner *runner;
    flr_context *guard;
    site sites[SITES];
    pthread_t server, notifier, meddlers[MEDDLERS];
    int server_status;
    atomic_int_fast64_t ids;
    atomic_bool server_ended, over;
    atomic_int received, sum, sent, done;
    atomic_int wrong;
    _Atomic(const char *) what; /* was wrong first */
    pthread_mutex_t lock;       /* guards each site's news, and quit */
    pthread_cond_t changed;
    bool quit;
};

static void expect(stage *s, bool right, const char *what)
{
    const char *none = NULL;
    if (right)
        return;
    atomic_fetch_add(&s->wrong, 1);
    atomic_compare_exchange_strong(&s->what, &none, what);
}
#define EXPECT(s, condition) expect(s, condition, #condition)

/* A number below n. Relaxed: it is to order nothing between threads. */
static unsigned draw(stage *s, unsigned n)
{
    uint64_t x = s->seed + (atomic_fetch_add_explicit(&s->draws, 1, memory_order_relaxed) + 1) *
                               UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return (unsigned)((x ^ x >> 31) % n);
}

/* ---- the network ---- */

/* As it arrives: [out] */
static flr_frame *passed(stage *s, flr_frame *frame)
{
    flr_blob *blob = NULL;
    flr_frame *arrived = NULL;
    void *bytes;
    size_t size = flr_frame_get_size(frame);
    bool made = flr_blob_new(size, &blob, &bytes) == 0;
    EXPECT(s, made && flr_frame_copy(frame, bytes, size) == 0);
    EXPECT(s, made && flr_frame_decode(blob, NULL, &arrived, NULL) == 0);
    flr_blob_unref(blob);
    flr_frame_unref(frame);
    return arrived;
}

/* [give] frame. The server's reply as it arrives, or NULL. */
static flr_frame *ask_server(site *c, flr_frame *frame)
{
    stage *s = c->stage;
    flr_context *context = NULL;
    flr_frame *arrived = passed(s, frame), *reply = NULL;
    EXPECT(s, flr_runner_new_context(s->runner, &context) == 0);
    EXPECT(s, flr_runner_process_frame(s->runner, c->name, context, arrived, &reply) == 0);
    flr_context_free(context);
    flr_frame_unref(arrived);
    return reply == NULL ? NULL : passed(s, reply);
}

/* The same to a client. */
static flr_frame *ask_client(site *c, flr_frame *frame)
{
    stage *s = c->stage;
    flr_context *context = NULL;
    flr_frame *arrived = passed(s, frame), *reply = NULL;
    EXPECT(s, flr_client_runner_new_context(c->client, &context) == 0);
    EXPECT(s, flr_client_runner_process_frame(c->client, "server", context, arrived, &reply) == 0);
    flr_context_free(context);
    flr_frame_unref(arrived);
    return reply == NULL ? NULL : passed(s, reply);
}

static void report(stage *s, late *l)
{
    if (l == NULL)
        return;
    EXPECT(s, flr_request_answer_frame(l->request, l->reply) == 0);
    flr_frame_unref(l->reply);
    flr_request_unref(l->request);
    free(l);
}

/* Somebody else reports it, sooner or later. */
static void report_late(site *c, flr_request *request, const flr_frame *reply)
{
    late *l = malloc(sizeof *l);
    if (l == NULL)
        abort();
    *l = (late){flr_request_ref(request), flr_frame_ref(reply)};
    report(c->stage, atomic_exchange(&c->late, l));
}

static int request(void *self, flr_request *r)
{
    site *c = self;
    stage *s = c->stage;
    flr_frame *frame = NULL, *reply;
    const char *topic = flr_request_get_topic(r);
    bool sync = strcmp(topic, "__sync_runner__") == 0;   /* the run's first; repeated slowly */
    bool ours = strcmp(topic, "__job_heartbeat__") == 0; /* a meddler's, who may wait for it */
    bool waits = flr_request_get_kind(r) != FLR_REQUEST_AUX || flr_request_get_timeout(r) != 0.0;
    unsigned fate = sync ? 9 : draw(s, 10);
    if (sync)
        atomic_store(&c->begun, true);
    EXPECT(s, strcmp(flr_request_get_target(r), "server") == 0);
    if (fate == 0)
        return FLR_E_IO; /* lost on its way */
    EXPECT(s, flr_request_encode(r, waits ? atomic_fetch_add(&s->ids, 1) + 1 : 0, &frame) == 0);
    reply = ask_server(c, frame);
    EXPECT(s, (reply != NULL) == waits);
    if (reply == NULL)
        return 0;
    if (fate == 1) /* its answer is lost */
        EXPECT(s, flr_request_fail(r, FLR_E_IO) == 0);
    else if (fate == 2 && !ours)
        report_late(c, r, reply);
    else
        EXPECT(s, flr_request_answer_frame(r, reply) == 0);
    if (fate == 3) /* and arrives twice */
        EXPECT(s, flr_request_answer_frame(r, reply) == 0);
    flr_frame_unref(reply);
    return 0;
}

static site *site_of(stage *s, const char *name)
{
    for (int i = 0; i < SITES; i++)
        if (strcmp(s->sites[i].name, name) == 0)
            return &s->sites[i];
    return NULL;
}

static int send_aux(void *self, flr_aux_send *send)
{
    stage *s = self;
    bool waits = flr_aux_send_get_timeout(send) != 0.0;
    for (size_t i = 0; i < flr_aux_send_get_target_count(send); i++) {
        flr_frame *frame = NULL, *reply;
        if (!s->calm && draw(s, 10) == 0) {
            EXPECT(s, flr_aux_send_fail(send, i, FLR_E_IO) == 0);
            continue;
        }
        EXPECT(s, flr_aux_send_encode(send, i, waits, &frame) == 0);
        reply = ask_client(site_of(s, flr_aux_send_get_target(send, i)), frame);
        EXPECT(s, (reply != NULL) == waits);
        if (reply != NULL)
            EXPECT(s, flr_aux_send_reply_frame(send, i, reply) == 0);
        flr_frame_unref(reply);
    }
    return 0;
}

/* ---- the server ---- */

static int list_clients(void *self, flr_client_list *list)
{
    stage *s = self;
    int status = 0;
    for (int i = 0; status == 0 && i < SITES; i++)
        status = flr_client_list_add(list, s->sites[i].name, NULL);
    return status;
}

static void task_ready(void *self, const char *client)
{
    stage *s = self;
    pthread_mutex_lock(&s->lock);
    for (int i = 0; i < SITES; i++)
        if (client == NULL || strcmp(s->sites[i].name, client) == 0)
            s->sites[i].news = true;
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static int take_result(void *self, flr_assignment *a, flr_context *context)
{
    stage *s = self;
    flr_shareable *result = flr_assignment_get_result(a);
    (void)context;
    EXPECT(s, strcmp(flr_shareable_get_rc(result), FLR_RC_OK) == 0);
    atomic_fetch_add(&s->received, 1);
    atomic_fetch_add(&s->sum, (int)flr_value_get_int(flr_shareable_get(result, "x"), 0));
    flr_shareable_unref(result);
    return 0;
}

static int control(void *self, flr_signal *abort, flr_context *context)
{
    stage *s = self;
    flr_board *board = NULL;
    int status = flr_context_get_board(context, &board);
    for (int round = 0; status == 0 && round < ROUNDS; round++) {
        flr_task_options options;
        flr_shareable *payload = NULL;
        flr_task *task = NULL;
        int end = 0;
        flr_task_options_init(&options, sizeof options);
        options.name = round % 2 == 0 ? "execute" : "start";
        options.result_received = take_result;
        options.self = s;
        status = flr_shareable_new(&payload);
        if (status == 0)
            status = flr_shareable_set_int(payload, "round", round);
        options.payload = payload;
        if (status == 0)
            status = flr_task_new(&options, &task);
        if (status == 0)
            status = flr_board_broadcast_and_wait(board, task, NULL, abort, context, &end);
        flr_task_unref(task);
        flr_shareable_unref(payload);
    }
    return status;
}

static void *serve(void *self)
{
    stage *s = self;
    s->server_status = flr_runner_run(s->runner);
    atomic_store(&s->server_ended, true);
    return NULL;
}

/* Tells clients of tasks, in both ways that there are. */
static void *notify(void *self)
{
    stage *s = self;
    for (;;) {
        site *c = NULL;
        pthread_mutex_lock(&s->lock);
        while (c == NULL && !s->quit) {
            for (int i = 0; i < SITES; i++)
                if (s->sites[i].news)
                    c = &s->sites[i];
            if (c == NULL)
                pthread_cond_wait(&s->changed, &s->lock);
        }
        if (c != NULL)
            c->news = false;
        pthread_mutex_unlock(&s->lock);
        if (c == NULL)
            return NULL;
        EXPECT(s, flr_client_runner_task_ready(c->client) == 0);
    }
}

/* ---- the clients ---- */

/* [out] the round and the site's number; NULL: no memory. */
static flr_shareable *result_of(site *c, const flr_shareable *data)
{
    flr_shareable *result = NULL;
    int64_t round = flr_value_get_int(flr_shareable_get(data, "round"), -1);
    EXPECT(c->stage, round >= 0 && round < ROUNDS);
    if (flr_shareable_new(&result) == 0)
        EXPECT(c->stage, flr_shareable_set_int(result, "x", 100 + round) == 0);
    return result;
}

static int execute(void *self, flr_context *context, const char *task, const flr_shareable *data,
                   flr_signal *abort, flr_shareable **result)
{
    site *c = self;
    (void)context, (void)abort;
    EXPECT(c->stage, strcmp(task, "execute") == 0);
    atomic_fetch_add(&c->executed, 1);
    *result = result_of(c, data);
    return 0;
}

/* Drops the reference. */
static void finish(site *c, flr_execution *x)
{
    if (x == NULL)
        return;
    flr_shareable *result = result_of(c, flr_execution_get_data(x));
    EXPECT(c->stage, flr_execution_finish(x, 0, result) == 0);
    flr_shareable_unref(result);
    flr_execution_unref(x);
}

/* A meddler finishes it; one that was left over from before is not wanted any more. */
static int start(void *self, flr_context *context, flr_execution *execution)
{
    site *c = self;
    (void)context;
    EXPECT(c->stage, strcmp(flr_execution_get_task_name(execution), "start") == 0);
    atomic_fetch_add(&c->executed, 1);
    finish(c, atomic_exchange(&c->execution, flr_execution_ref(execution)));
    return 0;
}

static int greet(void *self, flr_context *context, const char *topic, const flr_shareable *message,
                 flr_shareable **reply)
{
    site *c = self;
    (void)context, (void)topic, (void)message, (void)reply;
    atomic_fetch_add(&c->greeted, 1);
    return 0;
}

static int hear(void *self, const char *event, flr_context *context)
{
    site *c = self;
    (void)event, (void)context;
    atomic_fetch_add(&c->heard, 1);
    return 0;
}

static void destroy(void *self)
{
    site *c = self;
    atomic_fetch_add(&c->destroyed, 1);
}

static void *run_client(void *self)
{
    site *c = self;
    c->status = flr_client_runner_run(c->client);
    atomic_store(&c->ended, true);
    return NULL;
}

/* ---- meddling ---- */

/* [out] a message as the server or another site of the job sends it */
static flr_shareable *message_of(stage *s)
{
    flr_shareable *message = NULL;
    flr_value *props = NULL;
    bool made = flr_shareable_new(&message) == 0 && flr_value_new_map(&props) == 0;
    EXPECT(s, made && flr_map_set_text(&props, FLR_PROP_RUN_NUM, JOB) == 0);
    EXPECT(s, made && flr_shareable_set_header(message, FLR_HEADER_PEER_PROPS, props) == 0);
    return message;
}

static void send_frame(site *c, const char *topic, const char *rc)
{
    stage *s = c->stage;
    flr_envelope e;
    flr_frame *frame = NULL, *reply;
    flr_shareable *message = message_of(s);
    flr_envelope_init(&e, sizeof e);
    e.kind = FLR_FRAME_AUX_REQUEST;
    e.id = 1;
    e.topic = topic;
    e.message = message;
    EXPECT(s, flr_frame_encode(&e, &frame) == 0);
    reply = ask_client(c, frame);
    EXPECT(s, flr_frame_get_envelope(reply, &e) == 0 && e.kind == FLR_FRAME_AUX_REPLY);
    EXPECT(s, strcmp(flr_shareable_get_rc(e.message), rc) == 0);
    flr_frame_unref(reply);
    flr_shareable_unref(message);
}

static void on_done(void *self, flr_aux_send *send)
{
    stage *s = self;
    EXPECT(s, flr_aux_send_get_reply(send, 0) != NULL);
    atomic_fetch_add(&s->done, 1);
}

/* As the owner of the context, which is reset: a client's or the server's. It may be too late for that. */
static void send_message(stage *s, flr_context *context, const char *topic, const char *target)
{
    flr_aux_options options;
    flr_value *replies = NULL;
    flr_shareable *message = message_of(s);
    int status;
    flr_aux_options_init(&options, sizeof options);
    options.targets = &target;
    options.target_count = 1;
    options.timeout = FOREVER;
    EXPECT(s, flr_context_reset(context) == 0);
    if (draw(s, 2) == 0) {
        atomic_fetch_add(&s->sent, 1);
        status = flr_context_send_aux(context, topic, message, &options, on_done, s);
        if (status < 0)
            atomic_fetch_sub(&s->sent, 1);
    } else {
        status = flr_context_send_aux_and_wait(context, topic, message, &options, NULL, &replies);
        EXPECT(s, status < 0 || flr_value_get_size(replies) == 1);
        flr_value_unref(replies);
    }
    EXPECT(s, status == 0 || status == FLR_E_STATE);
    flr_shareable_unref(message);
}

/* No counter goes back, and they agree with each other at any moment. */
static void read_stats(site *c, flr_client_stats *last)
{
    stage *s = c->stage;
    flr_client_stats now;
    char text[64];
    flr_client_stats_init(&now, sizeof now);
    EXPECT(s, flr_client_runner_get_stats(c->client, &now) == 0);
    EXPECT(s, flr_client_runner_get_detail(c->client, text, sizeof text) == 0);
    EXPECT(s, now.pulls >= last->pulls && now.pull_failures >= last->pull_failures);
    EXPECT(s, now.tasks >= last->tasks && now.executed >= last->executed);
    EXPECT(s, now.delivered >= last->delivered && now.heartbeats >= last->heartbeats);
    EXPECT(s, now.pull_failures + now.tasks <= now.pulls && now.executed <= now.tasks);
    EXPECT(s, now.delivered + now.dropped <= now.tasks);
    *last = now;
}

/* It runs already, or it has ended. */
static void try_again(site *c)
{
    stage *s = c->stage;
    flr_step_result result;
    flr_executor_ops ops;
    flr_executor_ops_init(&ops, sizeof ops);
    ops.execute = execute;
    flr_step_result_init(&result, sizeof result);
    EXPECT(s, flr_client_runner_run(c->client) == FLR_E_STATE);
    EXPECT(s, flr_client_runner_step(c->client, &result) == FLR_E_STATE);
    EXPECT(s, flr_client_runner_add_executor(c->client, "more", &ops, c) == FLR_E_STATE);
}

/* Ends of a client, one in many; the first one is left alone, so that the server comes to its end by itself. */
static void end_client(site *c)
{
    stage *s = c->stage;
    if (c == &s->sites[0] || draw(s, 60) != 0)
        return;
    if (s->aborts && draw(s, 2) == 0) {
        atomic_store(&c->aborted, true);
        EXPECT(s, flr_client_runner_abort(c->client) == 0);
    } else if (s->ends) {
        send_frame(c, "__end_run__", FLR_RC_OK);
    }
}

static void meddle(site *c, flr_context *context, flr_context *server, flr_client_stats *last)
{
    stage *s = c->stage;
    switch (draw(s, 10)) {
    case 0:
        read_stats(c, last);
        break;
    case 1:
        if (!s->calm)
            EXPECT(s, flr_client_runner_task_ready(c->client) == 0);
        break;
    case 2:
        send_frame(c, draw(s, 2) == 0 || s->calm ? "greet" : "__task_ready__", FLR_RC_OK);
        break;
    case 3:
        send_frame(c, "nobody's", FLR_RC_TOPIC_UNKNOWN);
        break;
    case 4:
        send_message(s, context, "__job_heartbeat__", "server");
        break;
    case 5:
        send_message(s, server, "greet", c->name);
        break;
    case 6:
        EXPECT(s, flr_client_runner_subscribe(c->client, "ear", "_after_pull_task", hear, c) == 0);
        break;
    case 7:
        if (atomic_load(&c->begun))
            try_again(c);
        break;
    case 8:
        if (atomic_load(&c->begun) && !atomic_exchange(&c->freed, true))
            flr_client_runner_free(c->client);
        break;
    default:
        end_client(c);
    }
    finish(c, atomic_exchange(&c->execution, NULL));
    report(s, atomic_exchange(&c->late, NULL));
    if (atomic_load(&c->ended)) /* a message of its may have come after the last report */
        EXPECT(s, flr_runner_handle_dead_job(s->runner, c->name) == 0);
}

static void *meddle_main(void *self)
{
    stage *s = self;
    flr_context *contexts[SITES], *server = NULL;
    flr_client_stats last[SITES];
    EXPECT(s, flr_runner_new_context(s->runner, &server) == 0);
    for (int i = 0; i < SITES; i++) {
        flr_client_stats_init(&last[i], sizeof last[i]);
        EXPECT(s, flr_client_runner_new_context(s->sites[i].client, &contexts[i]) == 0);
    }
    while (!atomic_load(&s->over)) {
        unsigned i = draw(s, SITES);
        meddle(&s->sites[i], contexts[i], server, &last[i]);
        sched_yield();
    }
    for (int i = 0; i < SITES; i++)
        flr_context_free(contexts[i]);
    flr_context_free(server);
    return NULL;
}

/* ---- the stage ---- */

static void make_site(stage *s, int i)
{
    site *c = &s->sites[i];
    flr_client_options options;
    flr_client_engine_ops engine;
    flr_executor_ops one, other;
    flr_component_ops ear;
    c->stage = s;
    memcpy(c->name, "site-0", 7);
    c->name[5] = (char)('0' + i);
    flr_client_options_init(&options, sizeof options);
    options.identity = c->name;
    options.log_level = FLR_LOG_CRITICAL;
    options.fetch_interval = options.task_check_interval = 0.0005;
    options.heartbeat_interval = 0.002;
    options.readiness_interval = 0.001;
    options.max_sync_timeout = FOREVER;
    flr_client_engine_ops_init(&engine, sizeof engine);
    engine.request = request;
    flr_executor_ops_init(&one, sizeof one);
    one.execute = execute;
    flr_executor_ops_init(&other, sizeof other);
    other.start = start;
    flr_component_ops_init(&ear, sizeof ear);
    ear.handle_event = hear;
    ear.destroy = destroy;
    ck_assert_int_eq(flr_client_runner_new(&options, JOB, &engine, c, &c->client), 0);
    ck_assert_int_eq(flr_client_runner_add_executor(c->client, "execute", &one, c), 0);
    ck_assert_int_eq(flr_client_runner_add_executor(c->client, "sta*", &other, c), 0);
    ck_assert_int_eq(flr_client_runner_add_component(c->client, "ear", &ear, c), 0);
    ck_assert_int_eq(flr_client_runner_new_context(c->client, &c->guard), 0);
    ck_assert_int_eq(flr_context_register_aux(c->guard, "greet", greet, c), 0);
}

static void make_server(stage *s)
{
    flr_engine_ops engine;
    flr_controller_ops controller;
    flr_config *config = NULL;
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_clients;
    engine.send_aux = send_aux;
    engine.task_ready = task_ready;
    flr_controller_ops_init(&controller, sizeof controller);
    controller.control_flow = control;
    ck_assert_int_eq(flr_config_new(&config), 0);
    ck_assert_int_eq(flr_config_set_log_level(config, FLR_LOG_CRITICAL), 0);
    ck_assert_int_eq(flr_config_set_task_request_interval(config, s->calm ? FOREVER : 0.001), 0);
    ck_assert_int_eq(flr_config_set_dead_client_grace_period(config, 0), 0);
    ck_assert_int_eq(flr_config_set_dead_client_check_lead_time(config, 0), 0);
    ck_assert_int_eq(flr_config_add_controller(config, "wf", &controller, s, NULL, NULL), 0);
    ck_assert_int_eq(flr_runner_new(config, JOB, &engine, s, &s->runner), 0);
    ck_assert_int_eq(flr_runner_new_context(s->runner, &s->guard), 0);
}

/* What every play has in common. */
static void expect_sound(stage *s)
{
    flr_stats stats;
    flr_stats_init(&stats, sizeof stats);
    ck_assert_msg(atomic_load(&s->wrong) == 0, "%s", atomic_load(&s->what));
    ck_assert_int_eq(s->server_status, 0);
    ck_assert_int_eq(flr_runner_get_stats(s->runner, &stats), 0);
    ck_assert_uint_eq(stats.accepted, (uint64_t)atomic_load(&s->received));
    uint64_t delivered = 0, executed = 0;
    for (int i = 0; i < SITES; i++) {
        site *c = &s->sites[i];
        flr_client_stats own;
        flr_client_stats_init(&own, sizeof own);
        ck_assert_int_eq(flr_client_runner_get_stats(c->client, &own), 0);
        ck_assert_uint_eq(own.executed, (uint64_t)atomic_load(&c->executed));
        ck_assert_uint_le(own.executed, ROUNDS);
        ck_assert(c->status == 0 || (c->status == FLR_E_ABORTED && atomic_load(&c->aborted)));
        delivered += own.delivered;
        executed += own.executed;
    }
    ck_assert_uint_le(delivered, stats.accepted);
    ck_assert_uint_le(stats.accepted, executed);
}

/* Those that nobody ended did every task of theirs once, and the last answer alone may not have reached them before the end of the run. */
static void expect_whole(stage *s, int sites)
{
    for (int i = 0; i < sites; i++) {
        site *c = &s->sites[i];
        flr_client_stats own;
        flr_client_stats_init(&own, sizeof own);
        ck_assert_int_eq(flr_client_runner_get_stats(c->client, &own), 0);
        ck_assert_int_eq(c->status, 0);
        ck_assert_uint_eq(own.executed, ROUNDS);
        ck_assert_uint_eq(own.delivered + own.dropped, ROUNDS);
        ck_assert_uint_ge(own.delivered, ROUNDS - 1);
    }
    if (sites < SITES)
        return;
    ck_assert_int_eq(atomic_load(&s->received), SITES * ROUNDS);
    ck_assert_int_eq(atomic_load(&s->sum), SITES * (100 * ROUNDS + ROUNDS * (ROUNDS - 1) / 2));
}

static void let_go(stage *s)
{
    for (int i = 0; i < SITES; i++) {
        site *c = &s->sites[i];
        finish(c, atomic_exchange(&c->execution, NULL));
        report(s, atomic_exchange(&c->late, NULL));
        if (!atomic_load(&c->freed))
            flr_client_runner_free(c->client);
        ck_assert_int_eq(atomic_load(&c->destroyed), 0);
        flr_context_free(c->guard);
    }
    flr_context_free(s->guard);
    flr_runner_free(s->runner);
    for (int i = 0; i < SITES; i++)
        ck_assert_int_eq(atomic_load(&s->sites[i].destroyed), 1);
    ck_assert_int_eq(atomic_load(&s->done), atomic_load(&s->sent));
    ck_assert_int_eq(atomic_load(&s->wrong), 0);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
}

static void spawn(pthread_t *thread, void *(*body)(void *), void *self)
{
    ck_assert_int_eq(pthread_create(thread, NULL, body, self), 0);
}

/* To the end of all threads. */
static void play(stage *s)
{
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    for (int i = 0; i < SITES; i++)
        make_site(s, i);
    make_server(s);
    spawn(&s->notifier, notify, s);
    for (int i = 0; i < MEDDLERS; i++)
        spawn(&s->meddlers[i], meddle_main, s);
    for (int i = 0; i < SITES; i++)
        spawn(&s->sites[i].thread, run_client, &s->sites[i]);
    spawn(&s->server, serve, s);
    for (int i = 0; i < SITES; i++)
        pthread_join(s->sites[i].thread, NULL);
    pthread_join(s->server, NULL);
    atomic_store(&s->over, true);
    for (int i = 0; i < MEDDLERS; i++)
        pthread_join(s->meddlers[i], NULL);
    pthread_mutex_lock(&s->lock);
    s->quit = true;
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->notifier, NULL);
}

/* ---- tests ---- */

START_TEST(cl_22_cl_23_everything_at_once)
{
    stage s = {.seed = (uint64_t)_i + 1};
    play(&s);
    expect_sound(&s);
    expect_whole(&s, SITES);
    let_go(&s);
}
END_TEST

/* Who waits for a task is told of it, and who waits when the run ends is told of that: nobody's time comes by itself. */
START_TEST(cl_08_cl_26_no_notice_is_lost)
{
    stage s = {.seed = (uint64_t)_i + 100, .calm = true};
    play(&s);
    expect_sound(&s);
    expect_whole(&s, SITES);
    let_go(&s);
}
END_TEST

START_TEST(cl_26_cl_34_aborts_at_any_moment)
{
    stage s = {.seed = (uint64_t)_i + 200, .aborts = true};
    play(&s);
    expect_sound(&s);
    expect_whole(&s, 1);
    let_go(&s);
}
END_TEST

START_TEST(cl_26_cl_27_ends_at_any_moment)
{
    stage s = {.seed = (uint64_t)_i + 300, .aborts = _i % 2 != 0, .ends = true};
    play(&s);
    expect_sound(&s);
    expect_whole(&s, 1);
    let_go(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("clients, threads");
    TCase *t = tcase_create("threads");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, cl_22_cl_23_everything_at_once, 0, 8);
    tcase_add_loop_test(t, cl_08_cl_26_no_notice_is_lost, 0, 8);
    tcase_add_loop_test(t, cl_26_cl_34_aborts_at_any_moment, 0, 8);
    tcase_add_loop_test(t, cl_26_cl_27_ends_at_any_moment, 0, 8);
    suite_add_tcase(suite, t);
    return suite_run(suite);
}
