/*
 * The controllers: the first has control_flow for run mode and step for step mode, the second only
 * step. Both schedule in batches until their share of the tasks is used up, then let what stands
 * come to its end, or not.
 */
#include "federation.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#define STANDING 12 /* tasks at once */

static bool is_failing(const federation *f)
{
    return f->options.end == FED_END_FAILURE &&
           atomic_load_explicit(&((federation *)f)->ticks, memory_order_relaxed) >= f->abort_at;
}

static bool has_more(const federation *f)
{
    return atomic_load_explicit(&((federation *)f)->made, memory_order_relaxed) <
           atomic_load_explicit(&((federation *)f)->limit, memory_order_relaxed);
}

/* Callbacks of one controller, but process_result_of_unknown_task, never overlap. */
static void enter(fed_control *c)
{
    if (atomic_fetch_add_explicit(&c->f->in_control, 1, memory_order_relaxed) != 0) {
        fed_wrong(c->f, "two calls of the controllers at once");
    }
    c->f->controlled++;
}

static void leave(fed_control *c)
{
    atomic_fetch_sub_explicit(&c->f->in_control, 1, memory_order_relaxed);
}

/* ---------------------------------------------------------------- control_flow */

/* Wait for a task; now and then only for a moment, or until the signal says so. */
static void wait_for(federation *f, const fed_task *t)
{
    flr_task *task = fed_task_of(t);
    flr_signal *signal = fed_chance(f, 4) ? f->signal : NULL;
    double timeout = fed_chance(f, 3) ? 0.0005 * fed_random(f, 6) : -1.0;
    int status = 0, result;

    if (task == NULL || flr_task_get_kind(task) == 0) {
        return;
    }
    if (timeout < 0 && (t->traits & FED_TRAIT_TIMEOUT) == 0 && !f->options.notices) {
        timeout = 0.003; /* it may stand for ever */
    }
    result = FED_EXPECT(f, flr_task_wait(task, signal, timeout, &status), 0, FLR_E_TIMEDOUT,
                        FLR_E_ABORTED);
    if (result == FLR_E_TIMEDOUT && timeout < 0) {
        fed_wrong(f, "waiting for %s timed out without a deadline", t->name);
    }
    if (result == 0 && (status < FLR_TASK_OK || flr_task_get_status(task) != status)) {
        fed_wrong(f, "%s was waited for: status %d", t->name, status);
    }
    if (result != FLR_E_TIMEDOUT &&
        atomic_load_explicit(&((fed_task *)t)->done, memory_order_relaxed) != 1) {
        fed_wrong(f, "%s was waited for, but its task_done has not returned", t->name);
    }
}

/* So that not too much stands; the oldest goes first. */
static void make_room(federation *f, flr_board *board, flr_signal *abort)
{
    unsigned made = atomic_load_explicit(&f->made, memory_order_relaxed);

    for (unsigned i = 0;
         i < made && flr_board_get_count(board) > STANDING && !flr_signal_is_triggered(abort);
         i++) {
        wait_for(f, &f->tasks[i]);
    }
    if (flr_board_get_count(board) > 2 * STANDING && !f->options.notices) {
        FED_EXPECT(f, flr_board_cancel_all(board, FLR_TASK_CANCELLED), 0);
    }
}

/* Wait for all that will end; with notices that is everything. */
static void drain(federation *f, flr_signal *abort, flr_board *board)
{
    unsigned made = atomic_load_explicit(&f->made, memory_order_relaxed);
    int status;

    for (unsigned i = 0; i < made && !flr_signal_is_triggered(abort); i++) {
        flr_task *task = fed_task_of(&f->tasks[i]);

        if (task != NULL && flr_task_get_kind(task) != 0 &&
            (f->options.notices || (f->tasks[i].traits & FED_TRAIT_TIMEOUT) != 0)) {
            FED_EXPECT(f, flr_task_wait(task, NULL, -1.0, &status), 0, FLR_E_ABORTED);
        }
    }
    if (f->cancels_rest) {
        FED_EXPECT(f, flr_board_cancel_all(board, 0), 0);
    }
}

static int control_flow(void *self, flr_signal *abort, flr_context *context)
{
    fed_control *c = self;
    federation *f = c->f;
    flr_board *board = NULL;

    enter(c);
    FED_EXPECT(f, flr_context_get_board(context, &board), 0);
    while (has_more(f) && !flr_signal_is_triggered(abort) && !is_failing(f)) {
        bool waited = false;

        for (unsigned i = 1 + fed_random(f, 5); i > 0; i--) {
            fed_task *t = fed_schedule(f, board, context, &waited);
            if (t != NULL && fed_chance(f, 8)) {
                wait_for(f, t);
            }
        }
        make_room(f, board, abort);
        fed_tick(f, context);
    }
    if (!is_failing(f)) {
        drain(f, abort, board);
    }
    leave(c);
    return is_failing(f) ? flr_context_fail(context, FED_CALLBACK, "the controller") : 0;
}

/* ---------------------------------------------------------------- step */

static bool is_aborted(flr_context *context)
{
    flr_signal *abort = flr_context_get_abort_signal(context);
    bool aborted = flr_signal_is_triggered(abort) != 0;

    flr_signal_unref(abort);
    return aborted;
}

/* All is scheduled. true: the workflow may end. */
static bool rest(federation *f, flr_board *board)
{
    if (flr_board_get_count(board) == 0) {
        return true;
    }
    if (f->options.notices) {
        return false; /* the end of a task has it stepped */
    }
    if (f->cancels_rest) {
        FED_EXPECT(f, flr_board_cancel_all(board, 0), 0);
    }
    return true;
}

static int step(void *self, flr_context *context, int64_t now, int64_t *due, int *ended)
{
    fed_control *c = self;
    federation *f = c->f;
    flr_board *board = NULL;

    enter(c);
    FED_EXPECT(f, flr_context_get_board(context, &board), 0);
    *ended = is_aborted(context);
    if (*ended == 0 && is_failing(f)) {
        leave(c);
        return flr_context_fail(context, FED_CALLBACK, "the controller");
    }
    for (unsigned i = 1 + fed_random(f, 5); *ended == 0 && i > 0; i--) {
        if (flr_board_get_count(board) < STANDING) {
            fed_schedule(f, board, context, NULL);
        }
    }
    if (has_more(f)) {
        bool stands = flr_board_get_count(board) > 0;
        /* What stands may stand for ever, so only a due time is sure. */
        if (!stands || !f->options.notices) {
            *due = now + (int64_t)(stands ? 200000 * fed_random(f, 8) : 0);
        }
        if (flr_board_get_count(board) >= STANDING && !f->options.notices && fed_chance(f, 4)) {
            FED_EXPECT(f, flr_board_cancel_all(board, FLR_TASK_OK), 0);
        }
    } else if (*ended == 0) {
        *ended = rest(f, board);
    }
    fed_tick(f, context);
    leave(c);
    return 0;
}

/* ---------------------------------------------------------------- the other members */

static int start(void *self, flr_context *context)
{
    fed_control *c = self;
    federation *f = c->f;
    flr_board_options options;
    flr_board *board = NULL;

    enter(c);
    atomic_store_explicit(&f->limit, c->share, memory_order_relaxed);
    flr_board_options_init(&options, sizeof options);
    options.completed_memory = f->memory;
    options.flags = f->board_flags;
    if (FED_EXPECT(f, flr_context_get_board(context, &board), 0) == 0) {
        c->board = board;
        FED_EXPECT(f, flr_board_set_options(board, &options), 0, FLR_E_STATE);
        for (unsigned i = fed_random(f, 3); i > 0; i--) { /* before the gate opens */
            fed_schedule(f, board, context, NULL);
        }
    }
    fed_tick(f, context);
    leave(c);
    return 0;
}

static int stop(void *self, flr_context *context)
{
    fed_control *c = self;

    enter(c);
    fed_tick(c->f, context);
    leave(c);
    return 0;
}

static int process_unknown(void *self, flr_context *context, const char *client, const char *name,
                           const char *id, const flr_shareable *result)
{
    fed_control *c = self;
    federation *f = c->f;
    bool alone = c->number == 0; /* the second one is concurrent */

    if (atomic_fetch_add_explicit(&f->in_unknown[c->number], 1, memory_order_relaxed) != 0 &&
        alone) {
        fed_wrong(f, "two calls of process_result_of_unknown_task at once");
    }
    if (alone) {
        f->unknown[c->number]++;
    }
    atomic_fetch_add_explicit(&f->unknown_calls, 1, memory_order_relaxed);
    if (strncmp(client, "site-", 5) != 0 || *name == '\0' || *id == '\0' || result == NULL) {
        fed_wrong(f, "process_result_of_unknown_task of nothing");
    }
    fed_tick(f, context);
    sched_yield();
    atomic_fetch_sub_explicit(&f->in_unknown[c->number], 1, memory_order_relaxed);
    if (fed_chance(f, 40)) {
        atomic_fetch_add_explicit(&f->unknown_failures, 1, memory_order_relaxed);
        return FED_CALLBACK;
    }
    return 0;
}

int fed_add_workflows(federation *f, flr_config *config)
{
    int status = 0;

    for (unsigned i = 0; status == 0 && i < FED_WORKFLOWS; i++) {
        flr_controller_ops ops;
        char id[16];

        f->controls[i] = (fed_control){f, i, f->task_count * (i + 1) / FED_WORKFLOWS, NULL};
        flr_controller_ops_init(&ops, sizeof ops);
        ops.flags = i > 0 ? FLR_CONTROLLER_FLAG_CONCURRENT : 0;
        ops.control_flow = i == 0 ? control_flow : NULL;
        ops.step = step;
        ops.start = start;
        ops.stop = stop;
        ops.process_result_of_unknown_task = process_unknown;
        snprintf(id, sizeof id, "flow-%u", i);
        status = flr_config_add_controller(config, id, &ops, &f->controls[i], NULL, NULL);
    }
    return status;
}
