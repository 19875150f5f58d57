/* The rules of broadcast (BC-02 to BC-08) and of broadcast forever (BC-10). Takes no lock; see
 * core.h. */
#include "base/abi.h"
#include "board/core.h"

/* Who has not answered and is live. What is counted in `lost` has not answered. */
static size_t live_unanswered(const flr__core_task *task, size_t answered)
{
    return task->target_count - answered - atomic_load(&((flr__core_task *)task)->lost);
}

static int decide(flr__core_task *task, flr__target *target, int64_t now)
{
    (void)task;
    (void)target;
    (void)now;
    return FLR__SEND; /* who got it is no longer pending */
}

/* Exactly one thread sees each number: so each moment at which the rule changes is seen by somebody.
 */
static enum flr__sequel response(flr__core_task *task, flr_assignment *a, size_t answered,
                                 int64_t now)
{
    (void)a;
    (void)now;
    if (answered == task->limit) {
        return FLR__OVER;
    }
    return answered == task->min_responses ||
                   (atomic_load(&task->lost) > 0 && live_unanswered(task, answered) == 0)
               ? FLR__EVALUATE
               : FLR__NOTHING;
}

static int evaluate(flr__core_task *task, int64_t now)
{
    size_t answered = atomic_load(&task->answered);
    bool open = task->mode == FLR_TARGETS_OPEN;

    if (!open && answered == task->target_count) {
        return FLR_TASK_OK;
    }
    if (task->min_responses == 0 || answered < task->min_responses) {
        return FLR_TASK_STANDING;
    }
    if (task->wait_until == FLR_TIME_NONE) {
        task->wait_until = flr__time_add(now, task->wait);
    }
    return now >= task->wait_until || (!open && live_unanswered(task, answered) == 0)
               ? FLR_TASK_OK
               : FLR_TASK_STANDING;
}

static int64_t due(const flr__core_task *task)
{
    return task->wait_until;
}

static bool is_stuck(const flr__core_task *task)
{
    size_t answered = atomic_load(&((flr__core_task *)task)->answered), live;

    if (task->mode == FLR_TARGETS_OPEN) {
        return false;
    }
    live = live_unanswered(task, answered);
    return task->min_responses > 0 ? answered + live < task->min_responses : live == 0;
}

const flr__policy flr__policy_broadcast = {.kind = FLR_KIND_BROADCAST,
                                           .decide = decide,
                                           .response = response,
                                           .evaluate = evaluate,
                                           .due = due,
                                           .is_stuck = is_stuck};

/* ---- forever ---- */

static int decide_forever(flr__core_task *task, flr__target *target, int64_t now)
{
    (void)task;
    (void)now;
    return target->barred ? FLR__NO_BLOCK : FLR__SEND;
}

/* Who is barred counts as lost for good. */
static enum flr__sequel response_forever(flr__core_task *task, flr_assignment *a, size_t answered,
                                         int64_t now)
{
    (void)task;
    (void)answered;
    (void)now;
    return a->target->barred ? FLR__EVALUATE : FLR__NOTHING;
}

static int evaluate_forever(flr__core_task *task, int64_t now)
{
    (void)task;
    (void)now;
    return FLR_TASK_STANDING;
}

static bool is_stuck_forever(const flr__core_task *task)
{
    return task->mode != FLR_TARGETS_OPEN &&
           atomic_load(&((flr__core_task *)task)->lost) == task->target_count;
}

const flr__policy flr__policy_forever = {.kind = FLR_KIND_FOREVER,
                                         .repeats = true,
                                         .counts_runs = true,
                                         .decide = decide_forever,
                                         .response = response_forever,
                                         .evaluate = evaluate_forever,
                                         .is_stuck = is_stuck_forever};
