/* Tasks and their models side by side: see coreplay.h. */
#include "coreplay.h"

#include <string.h>

bool coreplay_stands(const coreplay_task *task)
{
    return task->is_broadcast ? flr__core_stands(task->t) : task->m.status == FLR_TASK_STANDING;
}

/* ---- what the models say of a request ---- */

static int find_resend(const coreplay_task *task, int client)
{
    bool has_hands = coreplay_stands(task) && !task->is_broadcast;

    for (size_t i = 0; has_hands && i < task->m.hand_count; i++) {
        const coremodel_hand *h = &task->m.hands[i];

        if (h->client == client && h->state == FLR_ASSIGNMENT_OPEN && !h->claimed) {
            return (int)i;
        }
    }
    return -1;
}

static bool may_join(const coreplay_task *task, int client)
{
    return coreplay_stands(task) && !task->is_broadcast && (task->m.dynamic || task->m.open) &&
           !task->m.listed[client];
}

int coreplay_verdict(const coreplay *p, const coreplay_task *task, int client)
{
    if (task->is_broadcast) {
        return task->got[client] || !coreplay_stands(task) ? FLR__NO_BLOCK : FLR__SEND;
    }
    return coremodel_verdict(&task->m, client, p->now);
}

coreplay_answer coreplay_search(coreplay *p, int client, bool join)
{
    const coreplay_answer nothing = {-1, -1, false};

    for (int i = 0; i < (int)p->count; i++) {
        int hand = find_resend(&p->tasks[i], client);

        if (hand >= 0) {
            return (coreplay_answer){i, hand, false};
        }
    }
    for (int i = 0; i < (int)p->count; i++) {
        coreplay_task *task = &p->tasks[i];
        bool joins = may_join(task, client);
        int verdict = coreplay_verdict(p, task, client);

        if (joins && join) {
            coremodel_join(&task->m, client);
            COREPLAY_AGREE(p, coreplay_verdict(p, task, client) == verdict);
        }
        if (verdict == FLR__SEND) {
            return (coreplay_answer){i, -1, joins};
        }
        if (verdict == FLR__BLOCK && !task->t->non_blocking) {
            return nothing;
        }
    }
    return nothing;
}

/* ---- agreement ---- */

static size_t live_in_window(const flr__baton *b)
{
    size_t count = 0;

    for (size_t i = b->begin; i < b->end; i++) {
        const flr__target *target = &b->legs[i].seat->target;

        count += !target->dead && !target->barred ? 1 : 0;
    }
    return count;
}

/* SE-04, SR-04: the library's window may end behind more legs of dead targets, and need not grow
 * once it reaches the last leg. */
static void check_window(const coreplay *p, const coreplay_task *task)
{
    const flr__baton *b = &task->t->baton;
    const coremodel *m = &task->m;
    size_t wanted, end;

    COREPLAY_AGREE(p, b->live == live_in_window(b));
    COREPLAY_AGREE(p, b->leg_count == m->leg_count && b->begin == (m->relay ? m->begin : 0));
    for (size_t i = 0; i < m->leg_count; i++) {
        COREPLAY_AGREE(p, b->legs[i].seat->target.owner == p->c.clients[m->legs[i]]->board);
    }
    if (m->relay && b->holder != NULL) {
        return; /* there is none */
    }
    wanted = coremodel_wanted(m, p->now);
    end = coremodel_end(m, p->now);
    COREPLAY_AGREE(p, b->end < b->leg_count ? b->wanted == wanted : b->wanted <= wanted);
    COREPLAY_AGREE(p, b->end >= end);
    for (size_t i = end; i < b->end; i++) {
        COREPLAY_AGREE(p, !coremodel_is_live(m, m->legs[i]));
    }
}

/* It is looked at in time, and not for nothing now. */
static void check_due(const coreplay *p, const coreplay_task *task)
{
    const flr__due *due = &task->t->due;
    int64_t at = coremodel_due(&task->m);

    COREPLAY_AGREE(p, at > p->now);
    COREPLAY_AGREE(p, due->place == 0 ? at == INT64_MAX : due->at <= at && due->at > p->now);
    COREPLAY_AGREE(p, due->place == 0 || atomic_load(&p->c.core->next_due) <= due->at);
}

void coreplay_check_task(const coreplay *p, const coreplay_task *task)
{
    const flr__core_task *t = task->t;
    const coremodel *m = &task->m;
    int holder = coremodel_holder(m);

    COREPLAY_AGREE(p, coretest_status(t) == m->status);
    if (m->status != FLR_TASK_STANDING) {
        COREPLAY_AGREE(p, t->ended == m->ended);
        return;
    }
    COREPLAY_AGREE(p, t->baton.holder == (holder < 0 ? NULL : task->hands[holder]));
    COREPLAY_AGREE(p, t->given_up == coremodel_given_up(m));
    COREPLAY_AGREE(p, atomic_load(&((flr__core_task *)t)->lost) == coremodel_lost(m));
    COREPLAY_AGREE(p, flr__core_sent(t) == m->hand_count);
    for (size_t i = 0; i < m->hand_count; i++) {
        COREPLAY_AGREE(p, atomic_load(&task->hands[i]->state) == m->hands[i].state);
    }
    if (m->relay) {
        COREPLAY_AGREE(p, t->baton.waiting == coremodel_waiting(m, false));
        COREPLAY_AGREE(p, t->baton.live_waiting == coremodel_waiting(m, true));
    }
    if (!m->any) {
        check_window(p, task);
    }
    check_due(p, task);
}

void coreplay_check_verdicts(coreplay *p)
{
    for (size_t i = 0; i < p->count; i++) {
        coreplay_task *task = &p->tasks[i];

        for (int client = 0; !task->is_broadcast && client < COREMODEL_CLIENTS; client++) {
            flr__target *target = coretest_target(task->t, coretest_client(&p->c, client));

            if (target != NULL && target->claims == 0) {
                COREPLAY_AGREE(p, coretest_verdict(&p->c, task->t, client, p->now) ==
                                      coreplay_verdict(p, task, client));
            }
        }
    }
}

void coreplay_check_news(coreplay *p)
{
    for (const char *told = coretest_news(&p->c); *told != '\0'; told++) {
        if (*told == '*') {
            memset(p->vain, 0, sizeof p->vain);
        } else if (*told != ' ') {
            p->vain[*told - '0'] = false;
        }
    }
    for (int i = 0; i < COREMODEL_CLIENTS; i++) {
        COREPLAY_AGREE(p,
                       !p->vain[i] || p->clients.dead[i] || coreplay_search(p, i, false).task < 0);
    }
}
