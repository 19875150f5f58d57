/*
 * The federation as a whole: its allocator, generators, engine, runner and threads. Counters are
 * relaxed atomics: recording must not order what the library does not order itself, or the thread
 * sanitizer would see less.
 */
#include "federation.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PATIENCE 100 /* seconds for one federation: for hangs, not for speed */

/* ---------------------------------------------------------------- the allocator */

typedef union block {
    size_t size;
    max_align_t align;
} block;

static atomic_size_t live_bytes;

static void count_bytes(size_t added, size_t removed)
{
    atomic_fetch_add_explicit(&live_bytes, added - removed, memory_order_relaxed);
}

static void *allocate(void *self, size_t size)
{
    block *b = malloc(sizeof *b + size);

    (void)self;
    if (b == NULL) {
        return NULL;
    }
    b->size = size;
    count_bytes(size, 0);
    return b + 1;
}

static void release(void *self, void *old)
{
    (void)self;
    if (old != NULL) {
        block *b = (block *)old - 1;

        count_bytes(0, b->size);
        free(b);
    }
}

static void *reallocate(void *self, void *old, size_t size)
{
    block *b;
    size_t before;

    if (old == NULL) {
        return allocate(self, size);
    }
    before = ((block *)old - 1)->size;
    b = realloc((block *)old - 1, sizeof *b + size);
    if (b == NULL) {
        return NULL;
    }
    b->size = size;
    count_bytes(size, before);
    return b + 1;
}

int fed_install_allocator(void)
{
    flr_allocator_ops ops;

    flr_allocator_ops_init(&ops, sizeof ops);
    ops.allocate = allocate;
    ops.reallocate = reallocate;
    ops.release = release;
    return flr_allocator_set(&ops, NULL);
}

/* ---------------------------------------------------------------- random numbers, records */

static _Thread_local const federation *seeded_for;
static _Thread_local uint64_t random_state;

void fed_seed(federation *f, uint64_t stream)
{
    seeded_for = f;
    random_state =
        f->options.seed * UINT64_C(0x9e3779b97f4a7c15) + stream * UINT64_C(0xbf58476d1ce4e5b9);
}

/* splitmix64 */
unsigned fed_random(federation *f, unsigned n)
{
    uint64_t x;

    if (seeded_for != f) { /* a thread of the library */
        fed_seed(f, 1000 + atomic_fetch_add_explicit(&f->streams, 1, memory_order_relaxed));
    }
    x = random_state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (unsigned)((x ^ (x >> 31)) % n);
}

bool fed_chance(federation *f, unsigned one_in)
{
    return fed_random(f, one_in) == 0;
}

void fed_wrong(federation *f, const char *format, ...)
{
    va_list arguments;

    if (atomic_fetch_add_explicit(&f->wrong, 1, memory_order_relaxed) != 0) {
        return;
    }
    va_start(arguments, format);
    pthread_mutex_lock(&f->lock);
    vsnprintf(f->text, sizeof f->text, format, arguments);
    pthread_mutex_unlock(&f->lock);
    va_end(arguments);
}

int fed_expect(federation *f, const char *call, int status, const int *allowed)
{
    while (*allowed != 1 && *allowed != status) {
        allowed++;
    }
    if (*allowed == 1) {
        fed_wrong(f, "%.150s is %s (%d)", call, flr_status_get_name(status), status);
    }
    return status;
}

const char *fed_client(unsigned i)
{
    static const char *const names[FED_CLIENTS] = {
        "site-0", "site-1", "site-2",  "site-3",  "site-4",  "site-5",  "site-6",  "site-7",
        "site-8", "site-9", "site-10", "site-11", "site-12", "site-13", "site-14", "site-15"};

    return names[i];
}

const char *fed_guest(unsigned i)
{
    static const char *const names[FED_GUESTS] = {"guest-0", "guest-1", "guest-2"};

    return names[i];
}

/* ---------------------------------------------------------------- moments that were drawn */

static void drop_runner(federation *f)
{
    if (atomic_exchange(&f->owned, false)) {
        flr_runner_free(f->runner);
    }
}

void fed_wake_stepper(federation *f)
{
    pthread_mutex_lock(&f->lock);
    f->woken = true;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static void end_now(federation *f, flr_context *context)
{
    switch (f->options.end) {
    case FED_END_WARM:
        FED_EXPECT(f, flr_runner_abort(f->runner, 0), 0);
        break;
    case FED_END_COLD:
        FED_EXPECT(f, flr_runner_abort(f->runner, 1), 0);
        break;
    case FED_END_PANIC:
        FED_EXPECT(f, flr_context_panic(context, "enough"), 0, FLR_E_LIMIT);
        break;
    case FED_END_GIVEN_UP:
        fed_wake_stepper(f);
        break;
    default: /* transports and controllers see to it */
        break;
    }
}

void fed_tick(federation *f, flr_context *context)
{
    unsigned now = atomic_fetch_add_explicit(&f->ticks, 1, memory_order_relaxed) + 1;

    if (now == f->free_at && f->when_free == FED_FREE_MEANWHILE) {
        drop_runner(f);
    }
    if (now == f->abort_at) {
        end_now(f, context);
    }
}

/* ---------------------------------------------------------------- making it */

/* Small numbers are as likely as large ones. */
static unsigned some_moment(federation *f)
{
    return 1 + fed_random(f, 1u << (1 + fed_random(f, 13)));
}

static void draw(federation *f, const fed_options *options)
{
    f->options = *options;
    fed_seed(f, 0);
    f->transports = 4 + fed_random(f, FED_TRANSPORTS - 3);
    f->clients = 2 * f->transports;
    f->calm = options->notices && !fed_chance(f, 3);
    f->task_count = f->calm ? 2 + fed_random(f, 1u << (1 + fed_random(f, 7))) : options->tasks;
    f->grace = fed_chance(f, 2) ? 0.0 : 0.002;
    f->lead = fed_chance(f, 2) ? 0.0 : 0.003;
    f->heartbeat = f->calm || fed_chance(f, 2) ? 0.0 : 0.004;
    f->memory = (const uint64_t[]){0, 3, 10000}[fed_random(f, 3)];
    f->board_flags = fed_chance(f, 4) ? FLR_BOARD_FLAG_CANCEL_ON_FILTER_ERROR : 0;
    f->when_free = (enum fed_free)fed_random(f, 3);
    f->abort_at = options->end == FED_END_ITSELF ? 0 : some_moment(f);
    f->free_at = some_moment(f);
    f->abort_early = options->end != FED_END_ITSELF && fed_chance(f, 5);
    f->guests = !options->notices && fed_chance(f, 2);
    f->cancels_rest = fed_chance(f, 2);
}

static int configure(federation *f, flr_config *config)
{
    int status = flr_config_set_task_request_interval(config, 0.001);

    if (status == 0) {
        status = flr_config_set_dead_client_grace_period(config, f->grace);
    }
    if (status == 0) {
        status = flr_config_set_dead_client_check_lead_time(config, f->lead);
    }
    if (status == 0) {
        status = flr_config_set_heartbeat_timeout(config, f->heartbeat);
    }
    if (status == 0) {
        status = flr_config_set_end_run_readiness(config, 0.005, 0.001);
    }
    if (status == 0) {
        status = flr_config_set_seed(config, f->options.seed);
    }
    if (status == 0) {
        status = fed_add_parts(f, config);
    }
    return status == 0 ? fed_add_workflows(f, config) : status;
}

static void add_thread(federation *f, uint64_t stream, unsigned number)
{
    fed_thread *t = &f->threads[f->thread_count++];

    t->f = f;
    t->number = number;
    t->stream = stream;
    FED_EXPECT(f, flr_runner_new_context(f->runner, &t->context), 0);
    FED_EXPECT(f, flr_value_new_map(&t->props), 0);
    FED_EXPECT(f, flr_map_set_text(&t->props, FLR_PROP_RUN_NUM, FED_JOB), 0);
}

/* Contexts are made here, since the host's reference may go at any moment after. */
static int make(federation *f)
{
    flr_engine_ops engine;
    flr_config *config = NULL;
    int status = flr_config_new(&config);

    fed_fill_engine(f, &engine);
    if (status == 0) {
        status = configure(f, config);
    }
    if (status == 0) {
        status = flr_runner_new(config, FED_JOB, &engine, f, &f->runner);
    }
    if (status == 0) {
        status = flr_signal_new(NULL, NULL, &f->signal);
    }
    if (status < 0) {
        fed_wrong(f, "no runner: %s", flr_status_get_name(status));
        return status;
    }
    atomic_store(&f->owned, true);
    FED_EXPECT(f, flr_runner_new_context(f->runner, &f->late), 0);
    for (unsigned i = 0; i < f->transports; i++) {
        add_thread(f, 1 + i, i);
    }
    for (unsigned i = 0; i < FED_MEDDLERS; i++) {
        add_thread(f, 20 + i, i);
    }
    add_thread(f, 30, 0);
    if (f->abort_early) {
        add_thread(f, 31, 0);
    }
    return 0;
}

/* ---------------------------------------------------------------- the run */

static void until(struct timespec *moment, int64_t ns)
{
    clock_gettime(CLOCK_REALTIME, moment);
    moment->tv_sec += (time_t)(ns / 1000000000);
    moment->tv_nsec += (long)(ns % 1000000000);
    moment->tv_sec += moment->tv_nsec / 1000000000;
    moment->tv_nsec %= 1000000000;
}

static void await_wakeup(federation *f, int64_t wait_ns)
{
    struct timespec moment;
    int failed = 0;

    until(&moment, wait_ns < 0 ? 0 : wait_ns);
    pthread_mutex_lock(&f->lock);
    while (!f->woken && failed != ETIMEDOUT) {
        failed = wait_ns < 0 ? pthread_cond_wait(&f->changed, &f->lock)
                             : pthread_cond_timedwait(&f->changed, &f->lock, &moment);
    }
    f->woken = false;
    pthread_mutex_unlock(&f->lock);
}

static int step_to_the_end(federation *f)
{
    flr_step_result result;

    flr_step_result_init(&result, sizeof result);
    for (;;) {
        int status = flr_runner_step(f->runner, &result);

        if (status < 0) {
            return status;
        }
        if (result.state == FLR_STEP_ENDED) {
            return result.result;
        }
        if (f->options.end == FED_END_GIVEN_UP && atomic_load(&f->ticks) >= f->abort_at) {
            f->given_up = true;
            return FLR_E_ABORTED;
        }
        if (result.wait_ns != 0) {
            await_wakeup(f, result.wait_ns);
        }
    }
}

/* One thread more has come so far. */
static void note(federation *f, unsigned *counter)
{
    pthread_mutex_lock(&f->lock);
    ++*counter;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static void *run(void *self)
{
    federation *f = self;

    fed_seed(f, 40);
    f->result = f->options.steps ? step_to_the_end(f) : flr_runner_run(f->runner);
    atomic_store(&f->over, true);
    pthread_mutex_lock(&f->lock);
    f->ended = true; /* who waits for notices need not wait any longer */
    pthread_mutex_unlock(&f->lock);
    note(f, &f->resting);
    return NULL;
}

/* Each thread plays its part, then rests, so that the test's thread can look; then it lets go. */
static void *play_part(void *self)
{
    fed_thread *t = self;
    federation *f = t->f;

    fed_seed(f, t->stream);
    if (t->stream < 20) {
        fed_transport(t);
    } else if (t->stream < 30) {
        fed_meddler(t);
    } else if (t->stream == 30) {
        fed_reporter(t);
    } else {
        fed_aborter(t);
    }
    note(f, &f->resting);
    pthread_mutex_lock(&f->lock);
    while (!f->may_go) {
        pthread_cond_wait(&f->changed, &f->lock);
    }
    pthread_mutex_unlock(&f->lock);
    flr_context_free(t->context);
    flr_value_unref(t->props);
    note(f, &f->gone);
    return NULL;
}

/* It hangs: say what can be said without waiting for anything, and stop. */
static void give_alarm(federation *f)
{
    flr_board *board;
    flr_blob *print = NULL;

    fprintf(stderr,
            "seed %" PRIu64 ", end %d, %s%s: no end after %d s; %u ticks, %u tasks made, run %s, "
            "%u of %u threads at rest\n",
            f->options.seed, (int)f->options.end, f->options.steps ? "steps" : "run",
            f->options.notices ? ", notices" : "", PATIENCE, atomic_load(&f->ticks),
            atomic_load(&f->made), f->ended ? "ended" : "under way", f->resting,
            f->thread_count + 1);
    if (f->late != NULL && flr_context_get_board(f->late, &board) == 0 &&
        flr_board_print(board, 0, &print) == 0) {
        fprintf(stderr, "%.*s\n", (int)flr_blob_get_size(print),
                (const char *)flr_blob_get_data(print));
        flr_blob_unref(print);
    }
    abort();
}

/* The test's thread is the guard: it waits until so many have come so far. */
static void await_threads(federation *f, const unsigned *counter, unsigned wanted)
{
    struct timespec moment;
    int failed = 0;

    until(&moment, (int64_t)PATIENCE * 1000000000);
    pthread_mutex_lock(&f->lock);
    while (*counter < wanted && failed != ETIMEDOUT) {
        failed = pthread_cond_timedwait(&f->changed, &f->lock, &moment);
    }
    pthread_mutex_unlock(&f->lock);
    if (failed == ETIMEDOUT) {
        give_alarm(f);
    }
}

static void play(federation *f)
{
    if (f->when_free == FED_FREE_FIRST) {
        drop_runner(f);
    }
    pthread_create(&f->runner_thread, NULL, run, f);
    for (unsigned i = 0; i < f->thread_count; i++) {
        pthread_create(&f->threads[i].thread, NULL, play_part, &f->threads[i]);
    }
    await_threads(f, &f->resting, f->thread_count + 1);
    fed_check(f);
    drop_runner(f);
    flr_context_free(f->late);
    f->late = NULL;
    pthread_mutex_lock(&f->lock);
    f->may_go = true;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    await_threads(f, &f->gone, f->thread_count);
    pthread_join(f->runner_thread, NULL);
    for (unsigned i = 0; i < f->thread_count; i++) {
        pthread_join(f->threads[i].thread, NULL);
    }
    if (atomic_load(&f->destroyed) != 1) {
        fed_wrong(f, "%u calls of destroy", atomic_load(&f->destroyed));
    }
}

const char *fed_play(const fed_options *options)
{
    static federation f;
    static char text[400];
    size_t before = atomic_load(&live_bytes), left;

    memset(&f, 0, sizeof f);
    pthread_mutex_init(&f.lock, NULL);
    pthread_cond_init(&f.changed, NULL);
    draw(&f, options);
    if (make(&f) == 0) {
        play(&f);
    }
    fed_check_tasks(&f);
    flr_signal_unref(f.signal);
    left = atomic_load(&live_bytes) - before;
    if (left != 0) {
        fed_wrong(&f, "%zu bytes are left", left);
    }
    pthread_cond_destroy(&f.changed);
    pthread_mutex_destroy(&f.lock);
    if (atomic_load(&f.wrong) == 0) {
        return NULL;
    }
    snprintf(text, sizeof text, "seed %" PRIu64 ", end %d, %s%s: %s (%d in all)", options->seed,
             (int)options->end, options->steps ? "steps" : "run",
             options->notices ? ", notices" : "", f.text, atomic_load(&f.wrong));
    return text;
}
