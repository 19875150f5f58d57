/* The rules of broadcast: BC-02 to BC-06. Takes no lock; see core.h. */
#include "base/abi.h"
#include "board/core.h"

/* Counting up by one, exactly one thread sees each number: so each moment at which the rule changes
 * is evaluated by somebody. */
static bool response(const flr__core_task *task, size_t answered)
{
    return answered == task->target_count ||
           (task->min_responses > 0 && answered == task->min_responses);
}

static int evaluate(flr__core_task *task, int64_t now)
{
    size_t answered = atomic_load(&task->answered);

    if (task->mode != FLR_TARGETS_OPEN && answered == task->target_count) {
        return FLR_TASK_OK;
    }
    if (task->min_responses == 0 || answered < task->min_responses) {
        return FLR_TASK_STANDING;
    }
    if (task->rule_at == FLR_TIME_NONE) {
        task->rule_at = flr__time_add(now, task->wait);
    }
    return now >= task->rule_at ? FLR_TASK_OK : FLR_TASK_STANDING;
}

const flr__policy flr__policy_broadcast = {response, evaluate};
