/* The rules of the relays: SR-02 to SR-12, AR-01 to AR-04. Takes no lock; see core.h. */
#include "base/abi.h"
#include "board/core.h"

/* While a leg is open, whoever is listed, or could get one later, waits behind this task; but its own
 * client, whose result is being processed then. */
static int decide(flr__core_task *task, flr__target *target, int64_t now)
{
    const flr__baton *b = &task->baton;
    const flr__seat *seat = flr__core_seat(target);

    if (flr__baton_may_take(task, seat, now)) {
        return FLR__SEND;
    }
    if (b->holder == NULL || b->holder->target == target || target->barred) {
        return FLR__NO_BLOCK;
    }
    return task->policy->sequential || seat->left > 0 ? FLR__BLOCK : FLR__NO_BLOCK;
}

/* A known live client that is not listed could still join. */
static bool could_grow(const flr__core_task *task)
{
    size_t listed = 0;

    if (!task->baton.dynamic) {
        return false;
    }
    for (size_t i = 0; i < task->target_count; i++) {
        const flr__client *c = flr__core_target(task, i)->owner->client;

        listed += flr__client_counts(c) ? 1 : 0;
    }
    for (const flr__seat *seat = task->joined; seat != NULL; seat = seat->next) {
        listed += flr__client_counts(seat->target.owner->client) ? 1 : 0;
    }
    return flr__clients_live(task->core->clients) > listed;
}

/* No leg is open or waiting, and there was one. */
static bool is_through(const flr__baton *b)
{
    return b->holder == NULL && b->waiting == 0 && b->leg_count > 0;
}

static bool is_stuck(const flr__core_task *task)
{
    const flr__baton *b = &task->baton;

    if (is_through(b)) {
        return b->fate == FLR__FATE_LOST;
    }
    return b->holder == NULL && b->waiting > 0 && b->live_waiting == 0 && !could_grow(task);
}

static enum flr__sequel response(flr__core_task *task, flr_assignment *a, size_t answered,
                                 int64_t now)
{
    const flr__baton *b = &task->baton;

    (void)answered;
    flr__baton_answer(task, a, now);
    if (is_through(b) && b->fate == FLR__FATE_ANSWERED) {
        return FLR__OVER;
    }
    return b->holder == NULL && b->live_waiting == 0 ? FLR__EVALUATE : FLR__NOTHING;
}

/* Waiting clients could have asked for so long that each of them had its time, and one more. It
 * counts from the opening of the window, or from when there was somebody who could ask again. */
static int64_t silence_ends(const flr__baton *b)
{
    return b->live_waiting == 0 ? FLR_TIME_NONE
                                : flr__time_step(b->silent_since, b->step, b->live_waiting + 1);
}

static int64_t result_due(const flr__baton *b)
{
    return b->holder == NULL || b->holder->claimed || b->result_timeout == 0
               ? FLR_TIME_NONE
               : flr__time_add(atomic_load(&b->holder->first_sent), b->result_timeout);
}

static int64_t due(const flr__core_task *task)
{
    const flr__baton *b = &task->baton;
    int64_t at = result_due(b), grows;

    if (b->holder == NULL && task->policy->sequential && b->step > 0) {
        at = silence_ends(b);
        if (b->end < b->leg_count || (b->dynamic && b->live == b->wanted)) {
            grows = flr__time_step(b->opened, b->step, b->wanted);
            at = grows < at ? grows : at;
        }
    }
    return at;
}

static int evaluate(flr__core_task *task, int64_t now)
{
    flr__baton *b = &task->baton;
    int64_t given_up_at = result_due(b);
    int over = b->fate == FLR__FATE_ANSWERED ? FLR_TASK_OK : FLR_TASK_TIMEOUT;

    if (given_up_at <= now) {
        flr__baton_give_up(task, FLR__FATE_TIMEOUT, given_up_at);
        over = FLR_TASK_TIMEOUT;
    }
    if (is_through(b)) {
        return b->fate == FLR__FATE_LOST ? FLR_TASK_STANDING : over;
    }
    if (b->holder == NULL && task->policy->sequential && b->step > 0 && silence_ends(b) <= now) {
        return over;
    }
    flr__baton_grow(task, now);
    return FLR_TASK_STANDING;
}

const flr__policy flr__policy_relay = {.kind = FLR_KIND_RELAY,
                                       .baton = true,
                                       .sequential = true,
                                       .repeats = true,
                                       .counts_runs = true,
                                       .decide = decide,
                                       .response = response,
                                       .evaluate = evaluate,
                                       .due = due,
                                       .is_stuck = is_stuck};

const flr__policy flr__policy_relay_any = {.kind = FLR_KIND_RELAY_ANY,
                                           .baton = true,
                                           .repeats = true,
                                           .counts_runs = true,
                                           .decide = decide,
                                           .response = response,
                                           .evaluate = evaluate,
                                           .due = due,
                                           .is_stuck = is_stuck};
