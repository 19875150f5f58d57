/*
 * Ending tasks: by their rules, deadlines, cancelling, and the end of the workflow. The status is
 * set with all stripes held; task_done follows outside (turn.c), for deadlines on the driver, from
 * the queue of decided tasks, which the queue lock guards.
 */
#include "board/board.h"

#include "base/abi.h"

/* Needs all stripes. End it, if it stands; why is noted first: who sees the end sees why. */
static bool end_noted(flr_board *b, flr_task *t, const flr__end *end, int64_t now)
{
    if (!flr__core_stands(&t->core)) {
        return false;
    }
    t->cause = flr_signal_ref(end->cause);
    if (end->error != 0) {
        flr__task_set_error(t, end->error, end->detail);
    }
    flr__core_end(&b->core, &t->core, end->status, now);
    flr__waker_notify(&t->waker); /* who waits for the turn need not wait any longer */
    return true;
}

bool flr__board_end(flr_board *b, flr_task *t, const flr__end *end)
{
    bool ended;

    if (!flr__core_stands(&t->core)) {
        return false;
    }
    flr__board_lock_all(b);
    ended = end_noted(b, t, end, flr__board_now(b));
    flr__board_unlock_all(b);
    return ended;
}

void flr__board_end_all(flr_board *b, const flr__end *end)
{
    flr_task *first = NULL, **link = &first, *t;
    flr__link *standing;
    int64_t now = flr__board_now(b);

    flr__board_lock_all(b);
    while ((standing = flr__link_first(&b->core.standing)) != NULL) {
        t = flr__task_of(FLR__OWNER(standing, flr__core_task, standing));
        if (!end_noted(b, t, end, now)) {
            flr__core_bury(&b->core, &t->core); /* it was sealed: who did so finishes it */
            continue;
        }
        flr_task_ref(t); /* who has its turn may finish it before we get there */
        t->next_ended = NULL;
        *link = t;
        link = &t->next_ended;
    }
    flr__board_unlock_all(b);
    while ((t = first) != NULL) {
        first = t->next_ended;
        flr__task_finish(t);
        flr_task_unref(t);
    }
}

bool flr__board_follow(flr_board *b, flr_task *t, enum flr__sequel sequel, int64_t now)
{
    bool ended = sequel == FLR__OVER;

    if (sequel != FLR__OVER && sequel != FLR__EVALUATE) {
        return false;
    }
    flr__board_lock_all(b);
    if (ended) {
        flr__core_bury(&b->core, &t->core);
    } else if (flr__core_stands(&t->core)) {
        ended = flr__core_evaluate(&b->core, &t->core, now) != FLR_TASK_STANDING;
    }
    flr__board_unlock_all(b);
    if (ended) {
        flr__waker_notify(&t->waker);
    }
    return ended;
}

/* ---- deadlines ---- */

bool flr__board_decide(flr_board *b, int64_t now)
{
    flr__core_task *core;
    bool queued = false;

    flr__board_lock_all(b);
    while ((core = flr__core_expire(&b->core, now)) != NULL) {
        flr_task *t = flr_task_ref(flr__task_of(core)); /* make_done waits for our stripes */

        flr__waker_notify(&t->waker);
        flr__mutex_lock(&b->queue_lock);
        t->next_decided = NULL;
        if (b->decided_first == NULL) {
            b->decided_first = t;
        } else {
            b->decided_last->next_decided = t;
        }
        b->decided_last = t;
        flr__mutex_unlock(&b->queue_lock);
        queued = true;
    }
    flr__board_unlock_all(b);
    return queued;
}

flr_task *flr__board_take_decided(flr_board *b, int64_t now)
{
    flr_task *t;

    flr__mutex_lock(&b->queue_lock);
    t = b->decided_first;
    if (t != NULL && t->core.ended <= now) {
        b->decided_first = t->next_decided;
    } else {
        t = NULL;
    }
    flr__mutex_unlock(&b->queue_lock);
    return t;
}

int flr__board_advance(void *self, flr_context *context, int64_t now, int64_t *due)
{
    flr_board *b = self;
    flr_task *t;

    (void)context;
    flr__runner_decide(b->runner, now);
    while ((t = flr__board_take_decided(b, now)) != NULL) {
        flr__task_finish(t);
        flr_task_unref(t);
    }
    *due = atomic_load(&b->core.next_due);
    flr__mutex_lock(&b->queue_lock);
    if (b->decided_first != NULL && b->decided_first->core.ended < *due) {
        *due = b->decided_first->core.ended;
    }
    flr__mutex_unlock(&b->queue_lock);
    return 0;
}

/* ---- the end of the workflow ---- */

/* What the host still holds of it lives on without results, clients and runner. */
static void let_go(flr_board *b, flr_task *t)
{
    flr__walk walk = flr__walk_begin(&t->core);

    for (flr_assignment *a; (a = flr__walk_next(&walk)) != NULL;) {
        flr__core_stripe *stripe = &b->core.stripes[a->stripe];
        flr_shareable *result;

        flr__mutex_lock(&stripe->lock);
        result = a->result;
        a->result = NULL;
        flr__mutex_unlock(&stripe->lock);
        flr_shareable_unref(result);
        flr__core_outlive(a);
    }
    flr__mutex_lock(&t->lock);
    for (flr_assignment *a = t->dropped; a != NULL; a = a->previous) {
        flr__core_outlive(a);
    }
    flr__mutex_unlock(&t->lock);
}

/* A task whose last reference is being dropped releases its results itself. */
static bool ref_if_alive(flr_task *t)
{
    size_t refs = atomic_load(&t->refs);

    while (refs > 0 && !atomic_compare_exchange_weak(&t->refs, &refs, refs + 1)) {
    }
    return refs > 0;
}

void flr__board_let_go(flr_board *b)
{
    flr__link *link;

    for (;;) {
        flr_task *t = NULL;
        bool alive = false;

        flr__mutex_lock(&b->queue_lock);
        link = flr__link_first(&b->tasks);
        if (link != NULL) {
            t = FLR__OWNER(link, flr_task, known);
            flr__link_remove(link);
            alive = ref_if_alive(t);
        }
        flr__mutex_unlock(&b->queue_lock);
        if (link == NULL) {
            return;
        }
        if (alive) {
            let_go(b, t);
            flr_task_unref(t);
        }
    }
}

/* ---- the host's calls ---- */

static int final_status(int status)
{
    if (status == 0) {
        return FLR_TASK_CANCELLED;
    }
    return status >= FLR_TASK_OK && status <= FLR_TASK_CLIENT_DEAD ? status : FLR_E_INVAL;
}

int flr_task_cancel(flr_task *task, int status)
{
    flr__end end = {final_status(status), NULL, 0, NULL};
    flr_board *b;

    if (task == NULL || end.status < 0) {
        return FLR_E_INVAL;
    }
    if (atomic_load(&task->phase) != FLR__TASK_SCHEDULED) {
        return FLR_E_STATE;
    }
    b = task->board;
    if (!flr__core_stands(&task->core) || !flr__board_enter(b)) {
        return 0;
    }
    flr__runner_decide(b->runner, flr__board_now(b));
    flr_task_ref(task);
    if (flr__board_end(b, task, &end)) {
        flr__task_finish(task);
    }
    flr_task_unref(task);
    flr__board_after(b);
    flr__board_leave(b);
    return 0;
}

int flr_board_cancel_all(flr_board *board, int status)
{
    flr__end end = {final_status(status), NULL, 0, NULL};

    if (board == NULL || end.status < 0) {
        return FLR_E_INVAL;
    }
    if (flr__board_enter(board)) {
        flr__runner_decide(board->runner, flr__board_now(board));
        flr__board_end_all(board, &end);
        flr__board_after(board);
        flr__board_leave(board);
    }
    return 0;
}
