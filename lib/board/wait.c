/* Waiting for a task: for its end, a signal, or a deadline. No lock is held while waiting; the
 * task's waker tells of changes. */
#include "base/abi.h"
#include "board/board.h"
#include <math.h>

/* BD-19: control_flow and the host's own threads may wait. */
static int may_wait(void)
{
    if (flr__host_inside(FLR__HOST_STEP, NULL, NULL)) {
        return FLR_E_NOTSUP;
    }
    return flr__host_may_wait() ? 0 : FLR_E_REENTRANT;
}

/* Who waits decides what is due, and ends the task if a signal of the call is triggered. */
static void act(flr_task *t, flr_signal *abort, int64_t now)
{
    flr_board *b = t->board;
    flr__end end = {FLR_TASK_ABORTED, NULL, 0, NULL};

    if (!flr__board_enter(b)) {
        return; /* it is being ended */
    }
    flr__runner_decide(b->runner, now);
    if (flr_signal_is_triggered(b->abort)) {
        end.cause = b->abort;
    } else if (flr_signal_is_triggered(abort)) {
        end.cause = abort;
    }
    if (end.cause != NULL && flr__board_end(b, t, &end)) {
        flr__task_finish(t);
    }
    flr__board_after(b);
    flr__board_leave(b);
}

static int wait_for_done(flr_task *t, flr_signal *abort, int64_t deadline)
{
    flr_board *b = t->board;

    for (;;) {
        uint64_t ticket = flr__waker_ticket(&t->waker);
        int64_t now = flr__board_now(b);

        if (atomic_load(&t->done)) {
            return 0;
        }
        act(t, abort, now);
        if (!atomic_load(&t->done)) {
            if (now >= deadline) {
                return FLR_E_TIMEDOUT; /* its task_done may take its time, too */
            }
            flr__waker_wait(&t->waker, ticket, b->clock, deadline);
        }
    }
}

/* The answer, once task_done has returned. */
static int outcome(flr_task *t, const flr_signal *abort, int *status)
{
    int final = atomic_load(&t->core.status);

    if (status != NULL) {
        *status = final;
    }
    return final == FLR_TASK_ABORTED && t->cause != NULL &&
                   (t->cause == t->board->abort || t->cause == abort)
               ? FLR_E_ABORTED
               : 0;
}

int flr_task_wait(flr_task *task, flr_signal *abort, double timeout, int *status)
{
    flr__signal_link run_link, call_link;
    int64_t deadline = FLR_TIME_NONE, span = 0;
    int result;

    if (task == NULL || !isfinite(timeout) || (timeout >= 0 && flr__seconds(timeout, &span) < 0)) {
        return FLR_E_INVAL;
    }
    if (atomic_load(&task->phase) != FLR__TASK_SCHEDULED) {
        return FLR_E_STATE;
    }
    result = may_wait();
    if (result < 0) {
        return result;
    }
    if (timeout >= 0) {
        deadline = flr__time_add(flr__board_now(task->board), span);
    }
    flr_task_ref(task);
    flr__signal_attach(task->board->abort, &run_link, &task->waker);
    if (abort != NULL) {
        flr__signal_attach(abort, &call_link, &task->waker);
    }
    result = wait_for_done(task, abort, deadline);
    if (abort != NULL) {
        flr__signal_detach(&call_link);
    }
    flr__signal_detach(&run_link);
    if (result == 0) {
        result = outcome(task, abort, status);
    }
    flr_task_unref(task);
    return result;
}

/* ---- schedule and wait ---- */

/* How each kind is scheduled. */
typedef int (*scheduler)(flr_board *board, flr_task *task, const void *options,
                         flr_context *context);

static int schedule_and_wait(scheduler schedule, flr_board *board, flr_task *task,
                             const void *options, flr_signal *abort, flr_context *context,
                             int *status)
{
    char detail[FLR__DETAIL_MAX];
    int result, error;

    if (board == NULL || task == NULL) {
        return FLR_E_INVAL;
    }
    result = may_wait();
    if (result == 0) {
        result = schedule(board, task, options, context);
    }
    if (result == 0) {
        result = flr_task_wait(task, abort, -1.0, status);
        error = flr_task_get_error(task);
        if (error < 0 && context != NULL) {
            flr_task_get_detail(task, detail, sizeof detail);
            flr_context_fail(context, error, "%s", detail);
        }
    }
    return result;
}

static int broadcast(flr_board *board, flr_task *task, const void *options, flr_context *context)
{
    return flr_board_broadcast(board, task, options, context);
}

static int forever(flr_board *board, flr_task *task, const void *options, flr_context *context)
{
    return flr_board_broadcast_forever(board, task, options, context);
}

static int send_task(flr_board *board, flr_task *task, const void *options, flr_context *context)
{
    return flr_board_send(board, task, options, context);
}

static int relay(flr_board *board, flr_task *task, const void *options, flr_context *context)
{
    return flr_board_relay(board, task, options, context);
}

int flr_board_broadcast_and_wait(flr_board *board, flr_task *task,
                                 const flr_broadcast_options *options, flr_signal *abort,
                                 flr_context *context, int *status)
{
    return schedule_and_wait(broadcast, board, task, options, abort, context, status);
}

int flr_board_broadcast_forever_and_wait(flr_board *board, flr_task *task,
                                         const flr_forever_options *options, flr_signal *abort,
                                         flr_context *context, int *status)
{
    return schedule_and_wait(forever, board, task, options, abort, context, status);
}

int flr_board_send_and_wait(flr_board *board, flr_task *task, const flr_send_options *options,
                            flr_signal *abort, flr_context *context, int *status)
{
    return schedule_and_wait(send_task, board, task, options, abort, context, status);
}

int flr_board_relay_and_wait(flr_board *board, flr_task *task, const flr_relay_options *options,
                             flr_signal *abort, flr_context *context, int *status)
{
    return schedule_and_wait(relay, board, task, options, abort, context, status);
}
