/*
 * The baton of a send or a relay: at most one client holds it; who may take it next, through a
 * window over the legs that opens with time and passes over dead clients. Rows SE, SR, AR. Takes no
 * lock; see core.h.
 *
 * The window is the run of legs [begin, end) that holds as many legs of live targets as are wanted;
 * it is kept up to date by what changes it, so that nothing is searched when a client asks.
 */
#include "base/abi.h"
#include "board/core.h"
#include <assert.h>

static bool is_live(const flr__seat *seat)
{
    return !seat->target.dead && !seat->target.barred;
}

/* More legs of live targets wait; the first one after none begins the time in which it may ask. */
static void add_live(flr__baton *b, size_t legs, int64_t now)
{
    if (b->live_waiting == 0 && legs > 0) {
        b->silent_since = now;
    }
    b->live_waiting += legs;
}

/* Its first leg that may be waiting; SIZE_MAX: none. */
static size_t first_leg(const flr__baton *b, flr__seat *seat)
{
    while (seat->first < b->begin) {
        seat->first = b->legs[seat->first].next;
    }
    return seat->first;
}

/* How many legs it has in the window. */
static size_t legs_in_window(const flr__baton *b, flr__seat *seat)
{
    size_t count = 0;

    if (b->legs != NULL) {
        for (size_t i = first_leg(b, seat); i < b->end; i = b->legs[i].next) {
            count++;
        }
    }
    return count;
}

/* ---- the window ---- */

static void extend(flr__core_task *task)
{
    flr__baton *b = &task->baton;

    if (!task->policy->sequential) {
        return;
    }
    while (b->live < b->wanted && b->end < b->leg_count) {
        flr__seat *seat = b->legs[b->end++].seat;

        if (is_live(seat)) {
            b->live++;
            flr__core_tell(task->core, seat->target.owner);
        }
    }
    if (b->live < b->wanted && b->dynamic) {
        flr__core_tell_all(task->core); /* there is room for somebody who is not listed yet */
    }
}

static void shrink(flr__baton *b)
{
    while (b->live > b->wanted) {
        b->live -= is_live(b->legs[--b->end].seat) ? 1 : 0;
    }
}

/* A new window, or another chance for whoever asks first. */
static void reopen(flr__core_task *task, int64_t now)
{
    flr__baton *b = &task->baton;

    b->opened = b->silent_since = now;
    if (task->policy->sequential) {
        if (b->relay) {
            b->wanted = 1; /* empty since its last leg was handed out */
        } else {
            for (size_t i = 0; i < b->end; i++) { /* of a send: the same window, open again */
                if (is_live(b->legs[i].seat)) {
                    flr__core_tell(task->core, b->legs[i].seat->target.owner);
                }
            }
        }
        extend(task);
        if (b->relay) {
            flr__core_unblock(task->core, task);
        }
    } else if (!b->relay || b->waiting > 0 || b->dynamic) {
        flr__core_tell_all(task->core);
    }
}

void flr__baton_grow(flr__core_task *task, int64_t now)
{
    flr__baton *b = &task->baton;

    if (task->policy->sequential && b->step > 0 && (b->holder == NULL || !b->relay)) {
        int64_t since = b->relay ? b->opened : task->scheduled;
        uint64_t steps = now > since ? (uint64_t)(now - since) / (uint64_t)b->step : 0;

        if (steps >= b->wanted) {
            b->wanted = steps < SIZE_MAX ? (size_t)steps + 1 : SIZE_MAX;
            extend(task);
        }
    }
}

/* ---- legs ---- */

/* One of its legs does not wait any longer. */
static void consume(flr__baton *b, flr__seat *seat)
{
    if (!seat->target.barred) {
        seat->left--;
        b->waiting--;
        b->live_waiting -= seat->target.dead ? 0 : 1;
    }
}

void flr__baton_begin(flr__core_task *task, int64_t now)
{
    flr__baton *b = &task->baton;

    b->holder = b->latest = NULL;
    b->fate = FLR__FATE_NONE;
    b->begin = b->end = b->live = 0;
    b->wanted = 1;
    b->opened = b->silent_since = now;
    b->waiting = b->live_waiting = b->relay ? b->leg_count : 0;
    for (size_t i = 0; b->relay && atomic_load(&task->lost) > 0 && i < task->target_count; i++) {
        const flr__seat *seat = flr__core_seat(flr__core_target(task, i));

        b->live_waiting -= seat->target.dead ? seat->left : 0;
    }
    extend(task);
}

bool flr__baton_may_take(flr__core_task *task, const flr__seat *seat, int64_t now)
{
    flr__baton *b = &task->baton;

    if (b->holder != NULL || !is_live(seat)) {
        return false;
    }
    if (!task->policy->sequential) {
        return !b->relay || seat->left > 0;
    }
    flr__baton_grow(task, now);
    return first_leg(b, (flr__seat *)seat) < b->end;
}

void flr__baton_hand_out(flr__core_task *task, flr__seat *seat, flr_assignment *a)
{
    flr__baton *b = &task->baton;

    assert(b->holder == NULL);
    b->holder = b->latest = a;
    b->fate = FLR__FATE_OPEN;
    if (b->relay && task->policy->sequential) {
        size_t taken = first_leg(b, seat);

        for (; b->begin <= taken; b->begin++) { /* those before it are skipped for good */
            consume(b, b->legs[b->begin].seat);
        }
        b->end = b->begin;
        b->live = 0;
    } else if (b->relay) {
        consume(b, seat);
    } else {
        flr__core_unblock(task->core, task); /* of a send that is taken nobody waits for a turn */
    }
}

int flr__baton_add_leg(flr__core_task *task, flr__seat *seat, int64_t now)
{
    flr__baton *b = &task->baton;

    if (task->policy->sequential) {
        void *legs = b->legs;
        int status = flr__grow(&legs, &b->leg_capacity, b->leg_count, sizeof(flr__leg));

        b->legs = legs;
        if (status < 0) {
            return status;
        }
        b->legs[b->leg_count] = (flr__leg){seat, SIZE_MAX};
    }
    seat->first = seat->last = b->leg_count++;
    seat->left = 1;
    b->waiting++;
    add_live(b, is_live(seat) ? 1 : 0, now);
    if (b->holder == NULL) {
        flr__baton_grow(task, now);
        extend(task);
    }
    return 0;
}

/* ---- what becomes of who holds it ---- */

/* The server answered in its place: it never gets the task again, its waiting legs are skipped. */
static void bar(flr__core_task *task, flr__seat *seat)
{
    flr__baton *b = &task->baton;

    if (is_live(seat)) {
        b->live_waiting -= b->relay ? seat->left : 0;
        b->live -= legs_in_window(b, seat);
        atomic_fetch_add(&task->lost, 1);
    }
    b->waiting -= b->relay ? seat->left : 0;
    seat->left = 0;
    seat->target.barred = true;
}

void flr__baton_answer(flr__core_task *task, flr_assignment *a, int64_t now)
{
    flr__baton *b = &task->baton;

    if (atomic_load(&a->state) == FLR_ASSIGNMENT_CLOSED) {
        bar(task, flr__core_seat(a->target));
    }
    if (a == b->latest || !b->relay) {
        b->fate = FLR__FATE_ANSWERED;
    }
    if (a == b->holder) {
        b->holder = NULL;
        if (b->relay) { /* a send is over */
            reopen(task, now);
        }
    }
}

void flr__baton_give_up(flr__core_task *task, enum flr__fate fate, int64_t at)
{
    flr__baton *b = &task->baton;
    flr_assignment *a = b->holder;

    assert(a != NULL && !a->claimed);
    flr__link_remove(&a->open);
    atomic_store(&a->state, FLR_ASSIGNMENT_GIVEN_UP);
    task->given_up++;
    b->holder = NULL;
    b->fate = fate;
    reopen(task, at);
}

void flr__baton_lose(flr__core_task *task, flr__seat *seat, int64_t now)
{
    flr__baton *b = &task->baton;

    b->live_waiting -= b->relay ? seat->left : 0;
    b->live -= legs_in_window(b, seat);
    if (b->holder != NULL && b->holder->target == &seat->target && !b->holder->claimed) {
        flr__baton_give_up(task, FLR__FATE_LOST, now);
    } else if (b->holder == NULL || !b->relay) {
        flr__baton_grow(task, now);
        extend(task);
    }
}

void flr__baton_regain(flr__core_task *task, flr__seat *seat, int64_t now)
{
    flr__baton *b = &task->baton;

    add_live(b, b->relay ? seat->left : 0, now);
    b->live += legs_in_window(b, seat);
    if (b->holder != NULL && b->relay) {
        return; /* the window opens when it is given back */
    }
    flr__baton_grow(task, now);
    shrink(b);
    extend(task);
    if (flr__baton_may_take(task, seat, now)) {
        flr__core_tell(task->core, seat->target.owner);
    }
}
