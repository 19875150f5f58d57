/* The rules of send: SE-02 to SE-06. Takes no lock; see core.h. */
#include "base/abi.h"
#include "board/core.h"

static int decide(flr__core_task *task, flr__target *target, int64_t now)
{
    if (flr__baton_may_take(task, flr__core_seat(target), now)) {
        return FLR__SEND;
    }
    return task->baton.holder == NULL && task->policy->sequential ? FLR__BLOCK : FLR__NO_BLOCK;
}

static enum flr__sequel response(flr__core_task *task, flr_assignment *a, size_t answered,
                                 int64_t now)
{
    (void)answered;
    flr__baton_answer(task, a, now);
    return FLR__OVER;
}

static int evaluate(flr__core_task *task, int64_t now)
{
    flr__baton_grow(task, now);
    return FLR_TASK_STANDING;
}

/* The window grows also while somebody holds the task. */
static int64_t due(const flr__core_task *task)
{
    const flr__baton *b = &task->baton;

    return b->step > 0 && b->end < b->leg_count
               ? flr__time_step(task->scheduled, b->step, b->wanted)
               : FLR_TIME_NONE;
}

static bool is_stuck(const flr__core_task *task)
{
    return task->mode != FLR_TARGETS_OPEN && task->baton.holder == NULL &&
           atomic_load(&((flr__core_task *)task)->lost) == task->target_count;
}

const flr__policy flr__policy_send = {.kind = FLR_KIND_SEND,
                                      .baton = true,
                                      .sequential = true,
                                      .repeats = true,
                                      .decide = decide,
                                      .response = response,
                                      .evaluate = evaluate,
                                      .due = due,
                                      .is_stuck = is_stuck};

const flr__policy flr__policy_send_any = {.kind = FLR_KIND_SEND_ANY,
                                          .baton = true,
                                          .repeats = true,
                                          .decide = decide,
                                          .response = response,
                                          .evaluate = evaluate,
                                          .is_stuck = is_stuck};
