/*
 * Everything at once: transport threads ask, submit, beat and check; a meddler reports clients
 * dead, adds and removes them, saves, persists, subscribes, reads counters; the run goes through
 * two workflows, by flr_runner_run or by flr_runner_step under an event loop, and ends by
 * itself, by an abort or by a panic. Threads only record; the test's thread asserts. For the
 * thread sanitizer above all.
 */
#include "support/suite.h"

#include <check.h>
#include <errno.h>
#include <flrunner.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TRANSPORTS 4
#define CLIENTS    8 /* two for each transport */
#define ROUNDS     6

enum { END_ITSELF, END_ABORT, END_COLD, END_PANIC, ENDS };

typedef struct host {
    flr_runner *runner;
    flr_workflow *fedavg;
    atomic_int stop;  /* the run is over: threads may end */
    atomic_int wrong; /* codes that should not have been */
    atomic_int last_wrong;
    atomic_int tasks, accepted, done; /* answers, outcomes; calls of task_done */
    atomic_int inside;                /* callbacks of the controller's task: never two */
    atomic_int persisting;            /* calls of persist: never two */
    atomic_int overlaps;
    atomic_int destroyed;
    int end;              /* END_* */
    pthread_mutex_t lock; /* guards woken */
    pthread_cond_t changed;
    bool woken;
} host;

static void check(host *h, int status, int allowed)
{
    if (status != 0 && status != allowed) {
        atomic_fetch_add(&h->wrong, 1);
        atomic_store(&h->last_wrong, status);
    }
}

/* ---------------------------------------------------------------- engine, components */

static const char *client_name(int i)
{
    static const char *const names[CLIENTS] = {"site-0", "site-1", "site-2", "site-3",
                                               "site-4", "site-5", "site-6", "site-7"};
    return names[i];
}

static int list_clients(void *self, flr_client_list *list)
{
    int status = 0;
    (void)self;
    for (int i = 0; status == 0 && i < CLIENTS; i++)
        status = flr_client_list_add(list, client_name(i), i < 2 ? NULL : "site-0");
    return status;
}

static int send_aux(void *self, flr_aux_send *send)
{
    (void)self;
    for (size_t i = 0; i < flr_aux_send_get_target_count(send); i++)
        flr_aux_send_fail(send, i, FLR_E_IO);
    return 0;
}

static void enter(host *h, atomic_int *counter)
{
    if (atomic_fetch_add(counter, 1) != 0)
        atomic_fetch_add(&h->overlaps, 1);
}

static int persist(void *self, const flr_state *state, int completed)
{
    host *h = self;
    (void)completed;
    enter(h, &h->persisting);
    int status = flr_state_get_size(state) > 24 ? 0 : FLR_E_CORRUPT;
    atomic_fetch_sub(&h->persisting, 1);
    return status;
}

static int audit(void *self, const flr_audit_record *record)
{
    (void)self;
    return flr_audit_record_get_line(record)[0] == '[' ? 0 : FLR_E_CORRUPT;
}

static void wakeup(void *self)
{
    host *h = self;
    pthread_mutex_lock(&h->lock);
    h->woken = true;
    pthread_cond_signal(&h->changed);
    pthread_mutex_unlock(&h->lock);
}

static void take_log(void *self, int level, const char *line)
{
    (void)self;
    (void)level;
    (void)line;
}

static int hear(void *self, const char *event, flr_context *context)
{
    flr_value *event_id = NULL, *number;
    (void)self;
    (void)event;
    if (flr_context_get(context, FLR_PROP_EVENT_ID, &event_id) < 0)
        return FLR_E_NOTFOUND;
    flr_value_unref(event_id);
    if (flr_value_new_int(7, &number) == 0 &&
        flr_context_set_prop(context, "heard", number, FLR_PROP_FLAG_STICKY) < 0)
        flr_value_unref(number);
    return 0;
}

static int hear_named(void *self, const char *event, flr_context *context)
{
    (void)self;
    (void)event;
    (void)context;
    return 0;
}

static int save(void *self, flr_context *context, flr_value **state)
{
    host *h = self;
    (void)context;
    return flr_value_new_int(atomic_load(&h->accepted), state);
}

static void destroy(void *self)
{
    atomic_fetch_add(&((host *)self)->destroyed, 1);
}

static int pass(void *self, flr_context *context, flr_shareable *message, flr_shareable **output)
{
    (void)self;
    (void)context;
    *output = flr_shareable_ref(message);
    return 0;
}

/*
 * ---------------------------------------------------------------- a workflow with control_flow
 * and task callbacks
 */

static int in_turn(void *self, flr_assignment *assignment, flr_context *context)
{
    host *h = self;
    (void)context;
    enter(h, &h->inside);
    flr_shareable *result = flr_assignment_get_result(assignment);
    flr_shareable_unref(result);
    atomic_fetch_sub(&h->inside, 1);
    return 0;
}

static int task_done(void *self, flr_task *task, flr_context *context)
{
    host *h = self;
    (void)context;
    enter(h, &h->inside);
    atomic_fetch_add(&h->done, flr_task_get_status(task) == FLR_TASK_STANDING ? 0 : 1);
    atomic_fetch_sub(&h->inside, 1);
    return 0;
}

static int make_task(host *h, flr_task **task)
{
    flr_task_options options;
    flr_shareable *payload = NULL;
    flr_task_options_init(&options, sizeof options);
    options.name = "validate";
    options.before_task_sent = in_turn;
    options.after_task_sent = in_turn;
    options.result_received = in_turn;
    options.task_done = task_done;
    options.self = h;
    int status = flr_shareable_new(&payload);
    options.payload = payload;
    if (status == 0)
        status = flr_task_new(&options, task);
    flr_shareable_unref(payload);
    return status;
}

static int begin_round(host *h, flr_context *context, flr_task **task)
{
    flr_broadcast_options how;
    flr_board *board;
    flr_broadcast_options_init(&how, sizeof how);
    how.mode = FLR_TARGETS_OPEN;
    how.min_responses = 3;
    int status = flr_context_get_board(context, &board);
    if (status == 0)
        status = make_task(h, task);
    return status == 0 ? flr_board_broadcast(board, *task, &how, context) : status;
}

static int control_flow(void *self, flr_signal *abort, flr_context *context)
{
    host *h = self;
    int status = 0;
    for (int round = 0; status == 0 && round < ROUNDS; round++) {
        flr_task *task = NULL;
        status = begin_round(h, context, &task);
        if (status == 0 && h->end != END_ITSELF && round == ROUNDS / 2) {
            if (h->end == END_PANIC)
                status = flr_context_panic(context, "enough");
            else
                status = flr_runner_abort(h->runner, h->end == END_COLD);
        }
        if (status == 0)
            status = flr_task_wait(task, abort, -1.0, NULL);
        flr_task_unref(task);
    }
    return status;
}

/* The same as a state machine. */
typedef struct stepper {
    host *host;
    flr_task *task;
    int round;
} stepper;

static int step(void *self, flr_context *context, int64_t now, int64_t *due, int *ended)
{
    stepper *s = self;
    (void)now;
    (void)due;
    flr_signal *abort = flr_context_get_abort_signal(context);
    *ended = flr_signal_is_triggered(abort);
    flr_signal_unref(abort);
    if (*ended != 0 || (s->task != NULL && flr_task_get_status(s->task) == FLR_TASK_STANDING))
        return 0;
    flr_task_unref(s->task);
    s->task = NULL;
    *ended = s->round++ == ROUNDS;
    if (*ended != 0)
        return 0;
    if (s->round == ROUNDS / 2 && s->host->end != END_ITSELF)
        return s->host->end == END_PANIC
                   ? flr_context_panic(context, "enough")
                   : flr_runner_abort(s->host->runner, s->host->end == END_COLD);
    return begin_round(s->host, context, &s->task);
}

/* ---------------------------------------------------------------- transports */

static flr_value *peer_props(void)
{
    flr_value *props = NULL;
    if (flr_value_new_map(&props) == 0 && flr_map_set_text(&props, FLR_PROP_RUN_NUM, "job-1") < 0)
        abort();
    return props;
}

static flr_shareable *train(const flr_shareable *data)
{
    static const float numbers[3] = {3.0f, -1.5f, 0.25f};
    static const int64_t shape[1] = {3};
    flr_shareable *result = NULL;
    flr_value *model = NULL;
    (void)data;
    if (flr_shareable_new(&result) < 0 || flr_value_new_map(&model) < 0 ||
        flr_map_set_tensor(&model, "w", FLR_TYPE_F32, 1, shape, numbers) < 0 ||
        flr_shareable_set(result, "model", model) < 0 ||
        flr_shareable_set_int(result, "num_samples", 5) < 0)
        abort();
    return result;
}

static void submit(host *h, const char *client, flr_context *context, const flr_value *props,
                   const char *name, const char *id, const flr_shareable *result)
{
    int outcome = 0;
    check(h, flr_context_reset(context), 0);
    check(h, flr_context_set_peer_props(context, props), 0);
    check(h, flr_runner_process_submission(h->runner, client, context, name, id, result, &outcome),
          0);
    if (outcome == FLR_OUTCOME_ACCEPTED)
        atomic_fetch_add(&h->accepted, 1);
}

static void send_message(host *h, const char *client, flr_context *context, flr_value *props,
                         const char *topic, const char *id)
{
    flr_shareable *request = NULL;
    const flr_shareable *reply = NULL;
    if (flr_shareable_new(&request) < 0 ||
        flr_shareable_set_header(request, FLR_HEADER_PEER_PROPS, flr_value_ref(props)) < 0 ||
        flr_shareable_set_header_text(request, FLR_HEADER_TASK_ID, id) < 0)
        abort();
    check(h, flr_context_reset(context), 0);
    check(h, flr_runner_process_aux(h->runner, client, topic, context, request, &reply), 0);
    flr_shareable_unref(request);
}

/* One client's turn. */
static void act(host *h, const char *client, flr_context *context, flr_value *props)
{
    const flr_answer *answer = NULL;
    char name[64], id[64];
    check(h, flr_context_reset(context), 0);
    check(h, flr_context_set_peer_props(context, props), 0);
    int status = flr_runner_process_task_request(h->runner, client, context, &answer);
    check(h, status, 0);
    if (status < 0 || flr_answer_get_kind(answer) != FLR_ANSWER_TASK)
        return;
    atomic_fetch_add(&h->tasks, 1);
    snprintf(name, sizeof name, "%s", flr_answer_get_name(answer));
    snprintf(id, sizeof id, "%s", flr_answer_get_id(answer));
    flr_shareable *result = train(flr_answer_get_data(answer));
    send_message(h, client, context, props, "__task_check__", id);
    submit(h, client, context, props, name, id, result);
    submit(h, client, context, props, name, id, result);                 /* again */
    submit(h, client_name(0), context, props, name, id, result);         /* in another's name */
    submit(h, client, context, props, name, "0123456789abcdef", result); /* of no task */
    flr_shareable_unref(result);
}

static void pause_ms(long ms)
{
    struct timespec t = {0, ms * 1000000};
    nanosleep(&t, NULL);
}

typedef struct transport {
    host *host;
    int number;
    pthread_t thread;
} transport;

static void *transport_main(void *argument)
{
    transport *t = argument;
    host *h = t->host;
    flr_context *context = NULL;
    flr_value *props = peer_props();
    check(h, flr_runner_new_context(h->runner, &context), 0);
    for (int turn = 0; atomic_load(&h->stop) == 0; turn++) {
        act(h, client_name((t->number * 2 + turn) % CLIENTS), context,
            props); /* clients change their transport */
        send_message(h, client_name(t->number), context, props,
                     turn % 2 ? "__job_heartbeat__" : "__sync_runner__", "x");
        pause_ms(1);
    }
    flr_value_unref(props);
    flr_context_free(context);
    return NULL;
}

/* ---------------------------------------------------------------- the meddler */

static int look(void *self, const char *client, const char *parent, int64_t last_heard,
                int64_t disconnected)
{
    (void)parent;
    (void)last_heard;
    (void)disconnected;
    *(size_t *)self += strlen(client);
    return 0;
}

static void meddle(host *h, flr_context *context, int turn)
{
    char detail[64];
    flr_stats stats;
    flr_state *state = NULL;
    flr_value *v = NULL;
    size_t letters = 0;
    const char *client = client_name(turn % (CLIENTS - 1) + 1);
    flr_stats_init(&stats, sizeof stats);
    check(h, flr_runner_handle_dead_job(h->runner, client), 0);
    check(h, flr_runner_remove_client(h->runner, client), FLR_E_NOTFOUND);
    check(h, flr_runner_add_client(h->runner, client, "site-0"), FLR_E_EXISTS);
    check(h, flr_runner_add_client(h->runner, "a stranger", NULL), FLR_E_EXISTS);
    check(h, flr_runner_remove_client(h->runner, "a stranger"), FLR_E_NOTFOUND);
    check(h, flr_runner_visit_clients(h->runner, look, &letters), 0);
    check(h, flr_runner_get_stats(h->runner, &stats), 0);
    check(h, stats.resends <= stats.answer_task ? 0 : FLR_E_CORRUPT, 0);
    check(h, flr_runner_save(h->runner, &state), 0);
    flr_state_unref(state);
    check(h, flr_runner_persist(h->runner), 0);
    check(h,
          flr_runner_subscribe(h->runner, "ears",
                               turn % 2 ? FLR_EVENT_START_WORKFLOW : "some event", hear_named, h),
          0);
    check(h, flr_runner_wake(h->runner), 0);
    check(h, flr_runner_get_detail(h->runner, detail, sizeof detail), 0);
    check(h, flr_context_reset(context), 0);
    check(h, flr_context_fire(context, FLR_EVENT_GET_STATS), 0);
    check(h, flr_context_get(context, FLR_PROP_CLIENT_HIERARCHY, &v), FLR_E_NOTFOUND);
    flr_value_unref(v);
    check(h, flr_fedavg_get_model(h->fedavg, &v), 0);
    flr_value_unref(v);
}

static void *meddler_main(void *self)
{
    host *h = self;
    flr_context *context = NULL;
    check(h, flr_runner_new_context(h->runner, &context), 0);
    for (int turn = 0; atomic_load(&h->stop) == 0; turn++) {
        meddle(h, context, turn);
        pause_ms(1);
    }
    flr_context_free(context);
    return NULL;
}

/* ---------------------------------------------------------------- the run */

static void add_workflows(host *h, stepper *s, flr_config *config)
{
    static const float first[3] = {0};
    static const int64_t shape[1] = {3};
    flr_fedavg_options options;
    flr_controller_ops ops;
    flr_value *model = NULL;
    ck_assert_int_eq(flr_value_new_map(&model), 0);
    ck_assert_int_eq(flr_map_set_tensor(&model, "w", FLR_TYPE_F32, 1, shape, first), 0);
    flr_fedavg_options_init(&options, sizeof options);
    options.initial_model = model;
    options.rounds = ROUNDS;
    options.min_clients = 3;
    options.wait_time_after_min_received = 0.002;
    ck_assert_int_eq(flr_fedavg_new(&options, &h->fedavg), 0);
    flr_value_unref(model);
    ck_assert_int_eq(flr_config_add_workflow(config, "train", flr_workflow_ref(h->fedavg)), 0);
    flr_controller_ops_init(&ops, sizeof ops);
    ops.control_flow = s == NULL ? control_flow : NULL;
    ops.step = s == NULL ? NULL : step;
    ck_assert_int_eq(flr_config_add_controller(config, "validate", &ops,
                                               s == NULL ? (void *)h : (void *)s, NULL, NULL),
                     0);
}

static void add_parts(host *h, flr_config *config)
{
    flr_component_ops component;
    flr_filter_ops filter;
    flr_component_ops_init(&component, sizeof component);
    component.handle_event = hear;
    component.save = save;
    component.destroy = destroy;
    ck_assert_int_eq(flr_config_add_component(config, "ears", &component, h), 0);
    flr_filter_ops_init(&filter, sizeof filter);
    filter.process = pass;
    ck_assert_int_eq(flr_config_add_data_filter(config, "*", &filter, h), 0);
    ck_assert_int_eq(flr_config_add_result_filter(config, "train", &filter, h), 0);
    ck_assert_int_eq(flr_config_set_task_request_interval(config, 0.001), 0);
    ck_assert_int_eq(flr_config_set_dead_client_grace_period(config, 0.001), 0);
    ck_assert_int_eq(flr_config_set_heartbeat_timeout(config, 20.0), 0);
}

static void make_runner(host *h, stepper *s)
{
    flr_engine_ops engine;
    flr_config *config;
    ck_assert_int_eq(flr_config_new(&config), 0);
    add_workflows(h, s, config);
    add_parts(h, config);
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_clients;
    engine.send_aux = send_aux;
    engine.persist = persist;
    engine.audit = audit;
    engine.wakeup = wakeup;
    engine.log = take_log;
    ck_assert_int_eq(flr_runner_new(config, "job-1", &engine, h, &h->runner), 0);
}

static void await_wakeup(host *h, int64_t wait_ns)
{
    struct timespec until;
    int failed = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (time_t)(wait_ns / 1000000000);
    until.tv_nsec += (long)(wait_ns % 1000000000);
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&h->lock);
    while (!h->woken && failed != ETIMEDOUT)
        failed = wait_ns < 0 ? pthread_cond_wait(&h->changed, &h->lock)
                             : pthread_cond_timedwait(&h->changed, &h->lock, &until);
    h->woken = false;
    pthread_mutex_unlock(&h->lock);
}

static int step_to_the_end(host *h)
{
    flr_step_result result;
    flr_step_result_init(&result, sizeof result);
    for (;;) {
        int status = flr_runner_step(h->runner, &result);
        if (status < 0)
            return status;
        if (result.state == FLR_STEP_ENDED)
            return result.result;
        if (result.wait_ns != 0)
            await_wakeup(h, result.wait_ns);
    }
}

static void expect_model(host *h)
{
    flr_value *model = NULL;
    ck_assert_int_eq(flr_fedavg_get_model(h->fedavg, &model), 0);
    const float *w = flr_tensor_get_data(flr_map_get(model, "w"));
    ck_assert(w[0] == 3.0f && w[1] == -1.5f && w[2] == 0.25f); /* every client says the same */
    flr_value_unref(model);
}

static void expect_counters(host *h)
{
    flr_stats s;
    flr_stats_init(&s, sizeof s);
    ck_assert_int_eq(flr_runner_get_stats(h->runner, &s), 0);
    ck_assert_uint_eq(s.answer_task, (uint64_t)atomic_load(&h->tasks));
    ck_assert_uint_eq(s.accepted, (uint64_t)atomic_load(&h->accepted));
    ck_assert_uint_eq(s.tasks_scheduled, s.tasks_ok + s.tasks_timeout + s.tasks_error +
                                             s.tasks_cancelled + s.tasks_aborted +
                                             s.tasks_client_dead);
    ck_assert_uint_eq(s.task_callback_failures + s.handler_failures + s.communicator_failures, 0);
    ck_assert_int_ge(atomic_load(&h->done), 1);
}

static void run_all(int end, bool steps)
{
    host h = {.end = end, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    stepper s = {&h, NULL, 0};
    transport transports[TRANSPORTS];
    pthread_t meddler;
    flr_context *late;
    make_runner(&h, steps ? &s : NULL);
    ck_assert_int_eq(flr_runner_new_context(h.runner, &late), 0);
    for (int i = 0; i < TRANSPORTS; i++) {
        transports[i] = (transport){.host = &h, .number = i};
        ck_assert_int_eq(
            pthread_create(&transports[i].thread, NULL, transport_main, &transports[i]), 0);
    }
    ck_assert_int_eq(pthread_create(&meddler, NULL, meddler_main, &h), 0);
    int status = steps ? step_to_the_end(&h) : flr_runner_run(h.runner);
    atomic_store(&h.stop, 1);
    for (int i = 0; i < TRANSPORTS; i++)
        pthread_join(transports[i].thread, NULL);
    pthread_join(meddler, NULL);
    flr_task_unref(s.task);
    ck_assert_msg(atomic_load(&h.wrong) == 0, "%s",
                  flr_status_get_name(atomic_load(&h.last_wrong)));
    ck_assert_int_eq(atomic_load(&h.overlaps), 0);
    ck_assert_msg(status == (end == END_ITSELF ? 0 : FLR_E_ABORTED), "%s",
                  flr_status_get_name(status));
    expect_model(&h);
    expect_counters(&h);
    flr_workflow_unref(h.fedavg);
    flr_runner_free(h.runner);
    ck_assert_int_eq(atomic_load(&h.destroyed), 0); /* a context still holds it */
    flr_context_free(late);
    ck_assert_int_eq(atomic_load(&h.destroyed), 1);
    pthread_cond_destroy(&h.changed);
    pthread_mutex_destroy(&h.lock);
}

START_TEST(threads_run)
{
    run_all(_i, false);
}
END_TEST

START_TEST(threads_step)
{
    run_all(_i, true);
}
END_TEST

/*
 * ---------------------------------------------------------------- aborts from many threads, at
 * any moment
 */

static void *abort_main(void *self)
{
    host *h = self;
    for (int i = 0; i < 3; i++) {
        check(h, flr_runner_abort(h->runner, i == 2), 0);
        pause_ms(0);
    }
    return NULL;
}

START_TEST(threads_abort_while_starting)
{
    for (int turn = 0; turn < 20; turn++) {
        host h = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
        pthread_t aborts[3];
        make_runner(&h, NULL);
        for (int i = 0; i < 3; i++)
            ck_assert_int_eq(pthread_create(&aborts[i], NULL, abort_main, &h), 0);
        ck_assert_int_eq(flr_runner_run(h.runner), FLR_E_ABORTED);
        for (int i = 0; i < 3; i++)
            pthread_join(aborts[i], NULL);
        ck_assert_int_eq(atomic_load(&h.wrong), 0);
        flr_workflow_unref(h.fedavg);
        flr_runner_free(h.runner);
        ck_assert_int_eq(atomic_load(&h.destroyed), 1);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("threads");
    TCase *tcase = tcase_create("threads");

    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, threads_run, 0, ENDS);
    tcase_add_loop_test(tcase, threads_step, 0, ENDS);
    tcase_add_test(tcase, threads_abort_while_starting);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
