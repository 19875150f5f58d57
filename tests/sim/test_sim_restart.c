/*
 * Simulated federations whose server dies. A stepped server with two FedAvg workflows and stepped clients; the test is the network: it delivers, delays, doubles and loses every frame by a seed,
 * and it kills the server at any moment, also inside persist, and starts it again from what persist was given last. In the end each round's model has the bits of a server that never died, no
 * round was lost or run again but the one in flight, each client worked once for each round, and no memory is left. Rows PS-01, PS-05 to PS-09, CL-36.
 *
 * A failing seed names itself; FLR_SEED=n plays it again, FLR_SEEDS=n that many from FLR_SEED (default 1) on.
 */
#include "failalloc.h"

#include <check.h>
#include <flrunner.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SCHEDULES 400 /* an instrumented one takes many times as long */
#else
#define SCHEDULES 4000
#endif
#define PARTS     10
#define CLIENTS   4 /* at most */
#define ROUNDS    4 /* at most, of each workflow */
#define WORKFLOWS 2
#define CALLS     64
#define JOB       "job-1"
#define UNREST    400    /* events with losses and deaths; then all goes well */
#define PATIENCE  100000 /* events until the end */

typedef struct world world;

typedef struct site {
    world *world;
    int number;
    flr_client_runner *client;
    flr_step_result last;
    int executed[WORKFLOWS][ROUNDS];
    int64_t ids;
} site;

/* A call on its way: the frame to the server, then the one back. */
typedef struct call {
    site *from;
    flr_request *request;
    flr_frame *there, *back;
} call;

/* What hears of one workflow's rounds. */
typedef struct listener {
    world *world;
    int next, deaths;      /* the round after the last one that was completed; deaths until then */
    double models[ROUNDS]; /* after each round */
} listener;

struct world {
    uint64_t random, seed;
    int clients, rounds[WORKFLOWS];
    bool calm;
    flr_clock *clock;
    flr_runner *runner; /* NULL: the server is down */
    flr_context *context;
    flr_step_result last;
    site sites[CLIENTS];
    call calls[CALLS];
    size_t call_count;
    void *kept; /* what persist was given last */
    size_t kept_size;
    int deaths;
    bool doomed; /* the process is dead as of now */
    listener listeners[WORKFLOWS];
    const world *reference; /* one that never died; NULL: this one */
    char wrong[300];
};

static const char *const site_names[CLIENTS] = {"north", "east", "south", "west"};
static const char *const workflow_ids[WORKFLOWS] = {"first", "second"};

static unsigned draw(world *w, unsigned n)
{
    uint64_t z = w->random += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (unsigned)((z ^ (z >> 31)) % n);
}

static void wrong(world *w, const char *format, ...) FLR_PRINTF(2, 3);
static void wrong(world *w, const char *format, ...)
{
    va_list arguments;
    if (w->wrong[0] != '\0')
        return;
    va_start(arguments, format);
    vsnprintf(w->wrong, sizeof w->wrong, format, arguments);
    va_end(arguments);
}

/* What must not fail. */
static void must(world *w, int status, const char *what)
{
    if (status < 0)
        wrong(w, "%s: %s", what, flr_status_get_name(status));
}

/* ---- the clients ---- */

static flr_frame *pass(world *w, const flr_frame *frame)
{
    flr_blob *blob = NULL;
    flr_frame *arrived = NULL;
    void *bytes;
    must(w, flr_blob_new(flr_frame_get_size(frame), &blob, &bytes), "a blob");
    must(w, flr_frame_copy(frame, bytes, flr_frame_get_size(frame)), "a copy");
    must(w, flr_frame_decode(blob, NULL, &arrived, NULL), "decoding");
    flr_blob_unref(blob);
    return arrived;
}

static int request(void *self, flr_request *r)
{
    site *s = self;
    world *w = s->world;
    flr_frame *frame = NULL;
    call *c = &w->calls[w->call_count];
    if (w->call_count == CALLS)
        return FLR_E_IO; /* the network is full */
    must(w, flr_request_encode(r, ++s->ids, &frame), "encoding");
    *c = (call){s, flr_request_ref(r), pass(w, frame), NULL};
    w->call_count++;
    flr_frame_unref(frame);
    return 0;
}

static double read_x(const flr_value *model)
{
    return *(const double *)flr_tensor_get_data(flr_map_get(model, "x"));
}

static int train(void *self, flr_context *context, const char *task, const flr_shareable *data,
                 flr_signal *abort, flr_shareable **result)
{
    site *s = self;
    flr_value *model = NULL;
    int64_t round = flr_value_get_int(flr_shareable_get_header(data, "current_round"), -1);
    int workflow = strcmp(task, workflow_ids[1]) == 0;
    double x = read_x(flr_shareable_get(data, "model"));
    (void)context, (void)abort;
    if (round < 0 || round >= ROUNDS)
        wrong(s->world, "round %" PRId64, round);
    else if (++s->executed[workflow][round] > 1)
        wrong(s->world, "%s worked again for round %" PRId64 " of %s", site_names[s->number], round,
              task);
    x += 0.1 * (s->number + 1) * (7.0 + s->number - x);
    must(s->world, flr_value_new_map(&model), "a map");
    must(s->world, flr_map_set_tensor(&model, "x", FLR_TYPE_F64, 0, NULL, &x), "a tensor");
    must(s->world, flr_shareable_new(result), "a result");
    must(s->world, flr_shareable_set(*result, "model", model), "a model");
    must(s->world, flr_shareable_set_int(*result, "num_samples", 3 + s->number), "a number");
    return 0;
}

static void add_client(world *w, int i)
{
    flr_client_options options;
    flr_client_engine_ops engine;
    flr_executor_ops executor;
    site *s = &w->sites[i];
    s->world = w;
    s->number = i;
    flr_client_options_init(&options, sizeof options);
    options.identity = site_names[i];
    options.clock = w->clock;
    options.max_sync_timeout = 1e6;
    flr_client_engine_ops_init(&engine, sizeof engine);
    engine.request = request;
    flr_executor_ops_init(&executor, sizeof executor);
    executor.execute = train;
    must(w, flr_client_runner_new(&options, JOB, &engine, s, &s->client), "a client");
    must(w, flr_client_runner_add_executor(s->client, "*", &executor, s), "an executor");
}

static void step_client(world *w, site *s)
{
    if (s->last.state == FLR_STEP_ENDED)
        return;
    flr_step_result_init(&s->last, sizeof s->last);
    must(w, flr_client_runner_step(s->client, &s->last), "a client's step");
}

/* ---- the server ---- */

static int list_clients(void *self, flr_client_list *list)
{
    world *w = self;
    int status = 0;
    for (int i = 0; status == 0 && i < w->clients; i++)
        status = flr_client_list_add(list, site_names[i], NULL);
    return status;
}

/* The job's end is told by the answer END_RUN, too. */
static int send_aux(void *self, flr_aux_send *send)
{
    (void)self;
    for (size_t i = 0; i < flr_aux_send_get_target_count(send); i++)
        flr_aux_send_fail(send, i, FLR_E_IO);
    return 0;
}

static bool dies(world *w, unsigned one_in)
{
    return !w->calm && draw(w, one_in) == 0;
}

/* A process that dies here has kept the old state or the new one; what it does afterwards never happened. */
static int persist(void *self, const flr_state *state, int completed)
{
    world *w = self;
    size_t size = flr_state_get_size(state);
    void *bytes;
    (void)completed;
    if (w->doomed)
        return 0;
    if (dies(w, 8)) {
        w->doomed = true;
        if (draw(w, 2) == 0)
            return 0;
    }
    bytes = malloc(size);
    must(w, bytes == NULL ? FLR_E_NOMEM : flr_state_copy(state, bytes, size), "a state");
    free(w->kept);
    w->kept = bytes;
    w->kept_size = size;
    return 0;
}

/* Every client took part, and the model has the bits that it should have. */
static void check_round(const listener *l, const flr_round *round)
{
    world *w = l->world;
    int n = (int)flr_round_get_number(round), workflow = (int)(l - w->listeners);
    if (flr_round_get_contributor_count(round) != (size_t)w->clients)
        wrong(w, "round %d of %s has %zu contributors", n, workflow_ids[workflow],
              flr_round_get_contributor_count(round));
    if (w->reference != NULL && memcmp(&l->models[n], &w->reference->listeners[workflow].models[n],
                                       sizeof l->models[n]) != 0)
        wrong(w, "round %d of %s has another model", n, workflow_ids[workflow]);
}

static int on_round(void *self, const flr_round *round, const flr_value *model)
{
    listener *l = self;
    world *w = l->world;
    int n = (int)flr_round_get_number(round);
    if (w->doomed)
        return 0;
    if (n != l->next && !(n == l->next - 1 && l->deaths < w->deaths))
        wrong(w, "round %d of %s comes after round %d", n, workflow_ids[l - w->listeners],
              l->next - 1);
    l->next = n + 1;
    l->deaths = w->deaths;
    l->models[n] = read_x(model);
    check_round(l, round);
    return 0;
}

static void add_workflow(world *w, flr_config *config, int i)
{
    flr_fedavg_options options;
    flr_workflow *workflow = NULL;
    flr_value *model = NULL;
    double zero = 0;
    must(w, flr_value_new_map(&model), "a map");
    must(w, flr_map_set_tensor(&model, "x", FLR_TYPE_F64, 0, NULL, &zero), "a tensor");
    flr_fedavg_options_init(&options, sizeof options);
    options.task_name = workflow_ids[i];
    options.initial_model = model;
    options.rounds = (uint64_t)w->rounds[i];
    options.min_clients = (uint64_t)w->clients;
    options.on_round = on_round;
    options.self = &w->listeners[i];
    must(w, flr_fedavg_new(&options, &workflow), "a workflow");
    must(w, flr_config_add_workflow(config, workflow_ids[i], workflow), "adding a workflow");
    flr_value_unref(model);
}

static void start_server(world *w)
{
    flr_engine_ops engine;
    flr_config *config = NULL;
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_clients;
    engine.send_aux = send_aux;
    engine.persist = persist;
    must(w, flr_config_new(&config), "a configuration");
    must(w, flr_config_set_clock(config, w->clock), "a clock");
    must(w, flr_config_set_seed(config, w->seed + (uint64_t)w->deaths), "a seed");
    for (int i = 0; i < WORKFLOWS; i++)
        add_workflow(w, config, i);
    must(w, flr_runner_new(config, JOB, &engine, w, &w->runner), "a runner");
    must(w, flr_runner_new_context(w->runner, &w->context), "a context");
    if (w->kept != NULL)
        must(w, flr_runner_restore(w->runner, w->kept, w->kept_size), "restoring");
    flr_step_result_init(&w->last, sizeof w->last);
}

static void stop_server(world *w)
{
    flr_context_free(w->context);
    flr_runner_free(w->runner);
    w->context = NULL;
    w->runner = NULL;
}

static void kill_server(world *w)
{
    stop_server(w);
    w->doomed = false;
    w->deaths++;
}

static void step_server(world *w)
{
    if (w->runner == NULL) {
        start_server(w);
        return;
    }
    if (w->last.state == FLR_STEP_ENDED)
        return;
    flr_step_result_init(&w->last, sizeof w->last);
    must(w, flr_runner_step(w->runner, &w->last), "the server's step");
    if (w->doomed || (w->last.state != FLR_STEP_ENDED && dies(w, 30)))
        kill_server(w);
}

/* ---- the network ---- */

static void drop(world *w, size_t i)
{
    call *c = &w->calls[i];
    flr_request_fail(c->request, FLR_E_IO);
    flr_request_unref(c->request);
    flr_frame_unref(c->there);
    flr_frame_unref(c->back);
    *c = w->calls[--w->call_count];
}

/* The server answers a frame. NULL: it does not. */
static flr_frame *serve(world *w, const call *c)
{
    flr_frame *reply = NULL, *back = NULL;
    if (w->runner == NULL)
        return NULL;
    must(w,
         flr_runner_process_frame(w->runner, site_names[c->from->number], w->context, c->there,
                                  &reply),
         "a frame");
    if (w->doomed)
        kill_server(w);
    else if (reply != NULL)
        back = pass(w, reply);
    flr_frame_unref(reply);
    return back;
}

static void move(world *w, size_t i)
{
    call *c = &w->calls[i];
    if (!w->calm && draw(w, 12) == 0) {
        drop(w, i);
        return;
    }
    if (c->back != NULL) {
        must(w, flr_request_answer_frame(c->request, c->back), "an answer");
        drop(w, i);
        return;
    }
    if (!w->calm && draw(w, 12) == 0)
        flr_frame_unref(serve(w, c)); /* it comes twice */
    c->back = serve(w, c);
    if (c->back == NULL)
        drop(w, i);
}

/* ---- playing ---- */

static void play_event(world *w)
{
    switch (draw(w, 8)) {
    case 0:
    case 1:
        step_server(w);
        break;
    case 2:
    case 3:
        step_client(w, &w->sites[draw(w, (unsigned)w->clients)]);
        break;
    case 4:
        must(w, flr_clock_advance(w->clock, draw(w, 2000) / 1000.0), "the clock");
        break;
    case 5:
        if (w->runner != NULL && w->last.state != FLR_STEP_ENDED && dies(w, 12))
            kill_server(w);
        break;
    default:
        if (w->call_count > 0)
            move(w, draw(w, (unsigned)w->call_count));
    }
}

static bool is_over(const world *w)
{
    bool over = w->runner != NULL && w->last.state == FLR_STEP_ENDED;
    for (int i = 0; i < w->clients; i++)
        over = over && w->sites[i].last.state == FLR_STEP_ENDED;
    return over;
}

static void check_end(world *w)
{
    if (w->last.result != 0)
        wrong(w, "the run ends with %s", flr_status_get_name(w->last.result));
    for (int i = 0; i < w->clients; i++)
        if (w->sites[i].last.result != 0)
            wrong(w, "%s ends with %s", site_names[i],
                  flr_status_get_name(w->sites[i].last.result));
    for (int k = 0; k < WORKFLOWS; k++) {
        if (w->listeners[k].next != w->rounds[k])
            wrong(w, "%s ends after %d rounds of %d", workflow_ids[k], w->listeners[k].next,
                  w->rounds[k]);
        for (int i = 0; i < w->clients; i++)
            for (int n = 0; n < w->rounds[k]; n++)
                if (w->sites[i].executed[k][n] != 1)
                    wrong(w, "%s worked %d times for round %d of %s", site_names[i],
                          w->sites[i].executed[k][n], n, workflow_ids[k]);
    }
}

static void world_free(world *w)
{
    while (w->call_count > 0)
        drop(w, 0);
    if (w->runner != NULL)
        stop_server(w);
    for (int i = 0; i < w->clients; i++)
        flr_client_runner_free(w->sites[i].client);
    flr_clock_unref(w->clock);
    free(w->kept);
}

/* Play a seed to its end, in peace or not. */
static void play(world *w, uint64_t seed, const world *reference)
{
    memset(w, 0, sizeof *w);
    w->random = w->seed = seed;
    w->clients = 1 + (int)draw(w, CLIENTS);
    for (int k = 0; k < WORKFLOWS; k++) {
        w->rounds[k] = 1 + (int)draw(w, ROUNDS);
        w->listeners[k].world = w;
    }
    w->reference = reference;
    w->calm = reference == NULL;
    must(w, flr_clock_new_manual(0, 0, &w->clock), "a clock");
    for (int i = 0; i < w->clients; i++)
        add_client(w, i);
    for (int n = 0; !is_over(w) && w->wrong[0] == '\0'; n++) {
        w->calm = w->calm || n >= UNREST;
        if (n == PATIENCE)
            wrong(w, "it does not end");
        play_event(w);
    }
    if (w->wrong[0] == '\0')
        check_end(w);
    world_free(w);
}

/* NULL, or what was wrong. */
static const char *play_seed(uint64_t seed, int *deaths)
{
    static world peaceful, w;
    static char text[700];
    size_t blocks = failalloc_get_live_count();
    play(&peaceful, seed, NULL);
    play(&w, seed, &peaceful);
    *deaths += w.deaths;
    if (failalloc_get_live_count() != blocks)
        wrong(&w, "%zu blocks are left", failalloc_get_live_count() - blocks);
    if (peaceful.wrong[0] == '\0' && w.wrong[0] == '\0')
        return NULL;
    snprintf(text, sizeof text, "FLR_SEED=%" PRIu64 " (%d deaths): %s%s", seed, w.deaths,
             peaceful.wrong, w.wrong);
    return text;
}

START_TEST(ps_09_servers_die_and_nothing_is_lost)
{
    int deaths = 0;
    for (uint64_t i = 1; i <= SCHEDULES / PARTS; i++) {
        const char *failed = play_seed((uint64_t)_i * (SCHEDULES / PARTS) + i, &deaths);
        ck_assert_msg(failed == NULL, "%s", failed);
    }
    ck_assert_int_gt(deaths, SCHEDULES / PARTS); /* else it shows nothing */
}
END_TEST

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL || *text == '\0' ? otherwise : strtoull(text, NULL, 10);
}

START_TEST(chosen_seeds)
{
    uint64_t first = number_from("FLR_SEED", 1), count = number_from("FLR_SEEDS", 1);
    int deaths = 0, failures = 0;
    for (uint64_t seed = first; seed < first + count && failures < 50; seed++) {
        const char *failed = play_seed(seed, &deaths);
        if (failed != NULL) {
            fprintf(stderr, "%s\n", failed);
            failures++;
        }
    }
    printf("%d deaths\n", deaths);
    ck_assert_int_eq(failures, 0);
}
END_TEST

int main(void)
{
    bool chosen = getenv("FLR_SEED") != NULL || getenv("FLR_SEEDS") != NULL;
    if (failalloc_install() < 0)
        return EXIT_FAILURE;
    Suite *suite = suite_create("sim, restart");
    TCase *tests = tcase_create("restart");
    tcase_set_timeout(tests, 300);
    SRunner *runner = srunner_create(suite);
    if (chosen) {
        tcase_add_test(tests, chosen_seeds);
        srunner_set_fork_status(runner, CK_NOFORK);
    } else {
        tcase_add_loop_test(tests, ps_09_servers_die_and_nothing_is_lost, 0, PARTS);
    }
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
