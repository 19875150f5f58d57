/* Who has something to fetch (BD-16): notices that are collected where something becomes available
 * and made outside all locks. The rule lock guards them; see core.h. */
#include "board/core.h"

void flr__core_tell(flr__core *core, flr__board_client *bc)
{
    if (!core->announces || core->news_for_all || bc->told) {
        return;
    }
    bc->told = true;
    bc->news_next = NULL;
    *core->news_end = bc;
    core->news_end = &bc->news_next;
    atomic_store(&core->has_news, true);
}

void flr__core_tell_all(flr__core *core)
{
    if (core->announces) {
        core->news_for_all = true;
        atomic_store(&core->has_news, true);
    }
}

void flr__core_unblock(flr__core *core, const flr__core_task *task)
{
    if (task->policy->baton && !task->non_blocking && core->standing.prev != &core->standing &&
        FLR__OWNER(core->standing.prev, flr__core_task, standing)->order > task->order) {
        flr__core_tell_all(core);
    }
}

bool flr__core_take_news(flr__core *core, flr__board_client **bc)
{
    bool for_all = core->news_for_all;

    do {
        *bc = core->news;
        if (*bc != NULL) {
            (*bc)->told = false;
            core->news = (*bc)->news_next;
            if (core->news == NULL) {
                core->news_end = &core->news;
            }
        }
    } while (for_all && *bc != NULL); /* they are among everybody */
    core->news_for_all = false;
    atomic_store(&core->has_news, core->news != NULL);
    return for_all || *bc != NULL;
}
