/*
 * Sends and relays under random requests, results, deaths, returns, and time: after every step the
 * core agrees with naive models (coremodel.h) on who may take what, on the window that it keeps up
 * to date, on how and when tasks end; and nobody who asked in vain and would be served now was left
 * without a notice (BD-16). Several tasks stand at once, so that one hides another (BD-08).
 */
#include "coreplay.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

#define STEPS 3000

#define AGREE(condition) COREPLAY_AGREE(&w, condition)

/* A hand-out whose send callbacks run: chosen, not recorded yet. */
typedef struct pending {
    bool is;
    int client;
    coretest_offer offer;
} pending;

static coreplay w;
static flr__rng rng;
static int crowd;         /* how many clients there are */
static bool only_windows; /* sequential tasks alone, one at a time */
static pending held;
static coreplay_task coming; /* the next one, its targets linked; t NULL: none */
static char coming_list[11];
static flr__core_task *unburied; /* it has ended, which the board's lists do not know yet */

static int below(int bound)
{
    return (int)flr__rng_below(&rng, (uint64_t)bound);
}

static bool chance(int percent)
{
    return below(100) < percent;
}

/* One that stands and has a model; NULL: none was found. */
static coreplay_task *any_task(void)
{
    coreplay_task *task = w.count == 0 ? NULL : &w.tasks[below((int)w.count)];

    return task == NULL || task->is_broadcast || !coreplay_stands(task) ? NULL : task;
}

/* What has ended leaves; results of it that are being processed come late. */
static void retire(size_t i)
{
    coreplay_task *task = &w.tasks[i];

    coretest_settle(&w.c, task->t);
    for (size_t hand = 0; hand < task->m.hand_count; hand++) {
        if (task->m.hands[hand].claimed) {
            flr__core_drop_claim(task->hands[hand]);
        }
    }
    memmove(&w.tasks[i], &w.tasks[i + 1], (--w.count - i) * sizeof *w.tasks);
}

/* After each step: what is due has been decided in the core. */
static void check(void)
{
    size_t standing = 0;

    for (size_t i = 0; i < w.count; i++) {
        if (!w.tasks[i].is_broadcast) {
            coremodel_advance(&w.tasks[i].m, w.now);
            coreplay_check_task(&w, &w.tasks[i]);
        }
    }
    for (size_t i = w.count; i-- > 0;) {
        standing += flr__core_stands(w.tasks[i].t) ? 1 : 0;
        if (!flr__core_stands(w.tasks[i].t) && w.tasks[i].t != unburied) {
            retire(i);
        }
    }
    AGREE(atomic_load(&w.c.core->count) == standing);
    if (unburied == NULL) { /* what a task hid is announced when it is buried */
        coreplay_check_news(&w);
    }
    if (chance(10)) {
        coreplay_check_verdicts(&w);
    }
}

/* ---- steps ---- */

static void random_list(char *list, size_t size)
{
    size_t count = (size_t)below((int)size);

    for (size_t i = 0; i < count; i++) {
        list[i] = (char)('0' + below(crowd));
    }
    list[count] = '\0';
}

/* Its targets are linked; it does not stand yet. */
static void come(coreplay_task *task)
{
    static const flr__policy *const policies[] = {&flr__policy_send, &flr__policy_relay,
                                                  &flr__policy_send_any, &flr__policy_relay_any};
    int kind = below(only_windows ? 2 : 4);
    coretest_options o = {.policy = policies[kind]};

    random_list(coming_list, sizeof coming_list);
    task->m.relay = kind == 1 || kind == 3;
    task->m.any = kind >= 2;
    task->m.dynamic = o.dynamic = task->m.relay && chance(40);
    task->m.open = kind == 2 && chance(40);
    if (*coming_list == '\0' && !task->m.dynamic) {
        strcpy(coming_list, "0");
    }
    o.list = task->m.open ? NULL : coming_list;
    task->m.step = o.step = task->m.any || chance(25) ? 0 : 1 + below(12);
    task->m.result_timeout = o.result_timeout = task->m.relay && chance(50) ? 1 + below(20) : 0;
    task->m.lead = w.c.core->lead;
    task->m.clients = &w.clients;
    o.non_blocking = chance(20);
    task->t = coretest_come(&w.c, "baton", &o);
}

static void do_schedule(void)
{
    if (coming.t == NULL && w.count < (only_windows ? 1 : COREPLAY_TASKS)) {
        memset(&coming, 0, sizeof coming);
        coming.is_broadcast = !only_windows && chance(25);
        if (coming.is_broadcast) {
            coming.t = coretest_come(
                &w.c, "broadcast",
                &(coretest_options){.policy = &flr__policy_broadcast, .min_responses = 1000});
        } else {
            come(&coming);
        }
    }
}

static void do_stand(void)
{
    coreplay_task *task = &w.tasks[w.count];
    int64_t timeout = chance(20) ? 1 + below(150) : 0;

    if (coming.t == NULL) {
        return;
    }
    *task = coming;
    coming.t = NULL;
    w.count++;
    if (!task->is_broadcast) {
        task->m.scheduled = w.now;
        task->m.timeout_at = timeout > 0 ? w.now + timeout : INT64_MAX;
        coremodel_begin(&task->m, task->m.open ? NULL : coming_list);
    }
    coretest_stand(&w.c, task->t, task->is_broadcast ? 0 : timeout, w.now);
    if (task->is_broadcast || task->m.any) { /* the shell announces these to all that may have it */
        memset(w.vain, 0, sizeof w.vain);
    }
    coretest_expire(&w.c, w.now); /* perhaps nobody can progress it */
}

static void do_heard(int client)
{
    flr__clients_add(&w.c.table, w.c.clients[client]->name->text, NULL); /* if it is not known */
    w.clients.known[client] = true;
    w.clients.dead[client] = false;
    coretest_regain(&w.c, client, w.now);
    coretest_expire(&w.c, w.now);
}

static void do_die(int client)
{
    if (!w.clients.dead[client]) {
        w.clients.dead[client] = true;
        for (size_t i = 0; i < w.count; i++) {
            if (!w.tasks[i].is_broadcast && coreplay_stands(&w.tasks[i])) {
                coremodel_lose(&w.tasks[i].m, client, w.now);
            }
        }
        coretest_lose(&w.c, client, w.now);
        coretest_expire(&w.c, w.now);
    }
}

static void do_forget_client(int client)
{
    w.clients.known[client] = false;
    flr__clients_remove(&w.c.table, w.c.clients[client]->name->text);
    flr__core_clients_changed(w.c.core, w.now);
    coretest_expire(&w.c, w.now);
}

/* BD-27 */
static void cancel(coreplay_task *task)
{
    task->m.status = FLR_TASK_CANCELLED;
    task->m.ended = w.now;
    flr__core_end(w.c.core, task->t, FLR_TASK_CANCELLED, w.now);
}

static void note_hand_out(coreplay_task *task, int client, flr_assignment *a)
{
    if (task->is_broadcast) { /* answered at once */
        task->got[client] = true;
        AGREE(coretest_submit(&w.c, client, "broadcast", a->id, w.now) == FLR_OUTCOME_ACCEPTED);
        return;
    }
    task->hands[task->m.hand_count] = a;
    coremodel_hand_out(&task->m, client, w.now);
    if (task->m.hand_count == COREMODEL_HANDS || task->m.leg_count > COREMODEL_LEGS - 8) {
        cancel(task);
    }
}

/* BD-10: what was chosen is handed out unless the task has ended; nobody else could take the turn.
 * Who was disconnected meanwhile has lost it at once. */
static void do_record_held(void)
{
    coreplay_task *task = NULL;

    if (!held.is) {
        return;
    }
    for (size_t i = 0; i < w.count; i++) {
        if (w.tasks[i].t == held.offer.choice.task && coreplay_stands(&w.tasks[i])) {
            task = &w.tasks[i];
        }
    }
    held.is = false;
    AGREE(coretest_record(&w.c, &held.offer, w.now) == (task != NULL));
    if (task != NULL) {
        note_hand_out(task, held.client, held.offer.a);
        if (w.clients.dead[held.client]) {
            coremodel_lose(&task->m, held.client, w.now);
            coretest_expire(&w.c, w.now);
        }
    }
}

static void do_ask(int client)
{
    coreplay_answer expected;
    coretest_offer offer;

    if (held.is && held.client == client) {
        return; /* it is being served */
    }
    do_heard(client);
    check();
    expected = coreplay_search(&w, client, false);
    if (held.is && expected.task >= 0 && w.tasks[expected.task].t == held.offer.choice.task) {
        do_record_held(); /* who asks waits for the turn */
        check();
    }
    expected = coreplay_search(&w, client, true);
    offer = coretest_choose(&w.c, client, w.now);
    w.vain[client] = expected.task < 0;
    if (expected.task < 0) {
        AGREE(offer.choice.task == NULL);
        return;
    }
    AGREE(offer.choice.task == w.tasks[expected.task].t);
    if (expected.hand >= 0) {
        AGREE(offer.choice.again == w.tasks[expected.task].hands[expected.hand]);
        AGREE(coretest_record(&w.c, &offer, w.now));
        return;
    }
    AGREE(offer.choice.again == NULL);
    if (!held.is && !w.tasks[expected.task].is_broadcast && chance(15)) {
        held = (pending){true, client, offer};
        return;
    }
    AGREE(coretest_record(&w.c, &offer, w.now));
    note_hand_out(&w.tasks[expected.task], client, offer.a);
}

static void do_claim(void)
{
    coreplay_task *task = any_task();
    coremodel_hand *h;
    int outcome;

    if (task == NULL || task->m.hand_count == 0) {
        return;
    }
    h = &task->m.hands[below((int)task->m.hand_count)];
    if (h->state == FLR_ASSIGNMENT_CLOSED) {
        return;
    }
    do_heard(h->client);
    outcome =
        coretest_claim(&w.c, h->client, task->t->name->text, task->hands[h - task->m.hands]->id);
    AGREE((outcome == FLR_OUTCOME_ACCEPTED) ==
          (!h->claimed && h->state != FLR_ASSIGNMENT_ANSWERED));
    h->claimed = h->claimed || outcome == FLR_OUTCOME_ACCEPTED;
}

static void bury(void)
{
    if (unburied != NULL) {
        flr__core_bury(w.c.core, unburied);
        unburied = NULL;
    }
}

/* As coretest_deliver; others may come before what has ended is buried. */
static bool deliver(flr_assignment *a, int state)
{
    bool tell;
    enum flr__sequel sequel = flr__core_answer(w.c.core, a, state, false, w.now, &tell);

    if (sequel == FLR__EVALUATE) {
        flr__core_evaluate(w.c.core, a->task, w.now);
    } else if (sequel == FLR__OVER) {
        bury();
        unburied = a->task;
    }
    return tell;
}

/* A result that was claimed is answered; the server's own, for what is open, closes it. */
static void do_deliver(void)
{
    coreplay_task *task = any_task();

    for (size_t i = 0; task != NULL && i < task->m.hand_count; i++) {
        coremodel_hand *h = &task->m.hands[i];
        int state = h->state == FLR_ASSIGNMENT_OPEN && chance(20) ? FLR_ASSIGNMENT_CLOSED
                                                                  : FLR_ASSIGNMENT_ANSWERED;

        if (h->claimed && chance(70)) {
            coremodel_answer(&task->m, i, state, w.now);
            if (deliver(task->hands[i], state)) {
                w.vain[h->client] = false;
            }
            return;
        }
    }
}

static void do_cancel(void)
{
    coreplay_task *task = &w.tasks[below((int)w.count + 1)];

    if (task < w.tasks + w.count && flr__core_stands(task->t)) {
        cancel(task);
    }
}

static void do_something(void)
{
    int client = below(crowd), what = below(100);

    if (what < 4) {
        do_schedule();
    } else if (what < 18) {
        do_stand();
    } else if (what < 48) {
        do_ask(client);
    } else if (what < 62) {
        do_claim();
    } else if (what < 76) {
        do_deliver();
    } else if (what < 84) {
        do_die(client);
    } else if (what < 91) {
        do_heard(client);
    } else if (what < 95) {
        do_record_held();
    } else if (what < 98) {
        do_forget_client(client);
    } else {
        do_cancel();
    }
}

static void play_seed(unsigned number)
{
    static const int64_t leads[] = {0, 15, 60};

    memset(&w, 0, sizeof w);
    w.seed = number;
    flr__rng_seed(&rng, number, "board");
    coretest_begin(&w.c);
    w.c.core->lead = leads[below(3)];
    w.c.core->announces = true;
    coming.t = NULL;
    unburied = NULL;
    held.is = false;
    crowd = 2 + (int)(number % (COREMODEL_CLIENTS - 1));
    for (int i = 0; i < COREMODEL_CLIENTS; i++) {
        w.clients.known[i] = i < crowd;
        if (i >= crowd) {
            flr__clients_remove(&w.c.table, w.c.clients[i]->name->text);
        }
    }
    for (w.step = 0; w.step < STEPS; w.step++) {
        w.now += chance(50) ? 0 : below(chance(10) ? 60 : 6);
        coretest_expire(&w.c, w.now);
        check();
        do_something();
        check();
        if (chance(60)) {
            bury();
        }
    }
    bury();
    do_record_held();
    AGREE(w.c.task_count > 30);
    coretest_end(&w.c);
}

START_TEST(se_04_sr_04_the_window_is_what_the_list_says)
{
    only_windows = true;
    play_seed((unsigned)_i);
}
END_TEST

START_TEST(bd_16_several_tasks_and_who_is_told)
{
    only_windows = false;
    play_seed((unsigned)_i);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("random sends and relays");
    TCase *tcase = tcase_create("rows");

    tcase_add_loop_test(tcase, se_04_sr_04_the_window_is_what_the_list_says, 0, 20);
    tcase_add_loop_test(tcase, bd_16_several_tasks_and_who_is_told, 0, 20);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
