/*
 * Sends and relays under random requests, results, deaths, returns, and time: after every step the
 * core agrees with a naive model (coremodel.h) on who may take what, on the window that it keeps up
 * to date, on how and when tasks end; and nobody who asked in vain and would be served now was left
 * without a notice (BD-16). Several tasks stand at once, so that one hides another (BD-08).
 */
#include "coremodel.h"
#include "coretest.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define STANDING 4

/* A task and its model; a broadcast to whoever asks once has none. */
typedef struct play {
    flr__core_task *t;
    bool is_broadcast;
    bool got[COREMODEL_CLIENTS]; /* of a broadcast */
    coremodel m;
    flr_assignment *hands[COREMODEL_HANDS]; /* as in the model */
} play;

/* A hand-out whose send callbacks run: chosen, not recorded yet. */
typedef struct pending {
    bool is;
    int client;
    coretest_offer offer;
} pending;

static coretest c;
static flr__rng rng;
static coremodel_clients clients;
static play plays[STANDING]; /* in scheduling order */
static size_t play_count;
static bool vain[COREMODEL_CLIENTS]; /* it asked, got nothing, and was not told since */
static pending held;
static flr__core_task *unburied; /* it has ended, which the board's lists do not know yet */
static int64_t now;
static bool only_windows; /* sequential tasks alone, one at a time */
static uint64_t seed;
static int step_number;

/* Without a word of Check's when it holds: that costs more than all the rest. */
#define AGREE(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            ck_abort_msg("seed %u, step %d: %s", (unsigned)seed, step_number, #condition);         \
        }                                                                                          \
    } while (0)

static int below(int bound)
{
    return (int)flr__rng_below(&rng, (uint64_t)bound);
}

static bool chance(int percent)
{
    return below(100) < percent;
}

static bool stands(const play *p)
{
    return p->is_broadcast ? flr__core_stands(p->t) : p->m.status == FLR_TASK_STANDING;
}

/* ---- what the model says of a request ---- */

typedef struct answer {
    int play; /* -1: nothing */
    int hand; /* a re-send; -1: a new one */
    bool joins;
} answer;

static int find_resend(const play *p, int client)
{
    for (size_t i = 0; stands(p) && !p->is_broadcast && i < p->m.hand_count; i++) {
        const coremodel_hand *h = &p->m.hands[i];

        if (h->client == client && h->state == FLR_ASSIGNMENT_OPEN && !h->claimed) {
            return (int)i;
        }
    }
    return -1;
}

static int verdict_of(const play *p, int client)
{
    if (p->is_broadcast) {
        return p->got[client] || !stands(p) ? FLR__NO_BLOCK : FLR__SEND;
    }
    return coremodel_verdict(&p->m, client, now);
}

/* BD-06, BD-07. join: who is reached by the search joins. */
static answer search(int client, bool join)
{
    answer nothing = {-1, -1, false};

    for (int i = 0; i < (int)play_count; i++) {
        int hand = find_resend(&plays[i], client);

        if (hand >= 0) {
            return (answer){i, hand, false};
        }
    }
    for (int i = 0; i < (int)play_count; i++) {
        play *p = &plays[i];
        bool joins =
            !p->is_broadcast && stands(p) && (p->m.dynamic || p->m.open) && !p->m.listed[client];
        int verdict = verdict_of(p, client);

        if (joins && join) {
            coremodel_join(&p->m, client);
            AGREE(verdict_of(p, client) == verdict);
        }
        if (verdict == FLR__SEND) {
            return (answer){i, -1, joins};
        }
        if (verdict == FLR__BLOCK && !p->t->non_blocking) {
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
static void check_window(const play *p)
{
    const flr__baton *b = &p->t->baton;
    const coremodel *m = &p->m;
    size_t wanted, end;

    AGREE(b->live == live_in_window(b));
    AGREE(b->leg_count == m->leg_count && b->begin == (m->relay ? m->begin : 0));
    for (size_t i = 0; i < m->leg_count; i++) {
        AGREE(b->legs[i].seat->target.owner == c.clients[m->legs[i]]->board);
    }
    if (m->relay && b->holder != NULL) {
        return; /* there is none */
    }
    wanted = coremodel_wanted(m, now);
    end = coremodel_end(m, now);
    AGREE(b->end < b->leg_count ? b->wanted == wanted : b->wanted <= wanted);
    AGREE(b->end >= end);
    for (size_t i = end; i < b->end; i++) {
        AGREE(!coremodel_is_live(m, m->legs[i]));
    }
}

static void check_play(const play *p)
{
    const flr__baton *b = &p->t->baton;
    const coremodel *m = &p->m;
    int holder = coremodel_holder(m);

    AGREE(coretest_status(p->t) == m->status);
    if (m->status != FLR_TASK_STANDING) {
        AGREE(p->t->ended == m->ended);
        return;
    }
    AGREE(b->holder == (holder < 0 ? NULL : p->hands[holder]));
    AGREE(p->t->given_up == coremodel_given_up(m));
    AGREE(atomic_load(&p->t->lost) == coremodel_lost(m));
    AGREE(flr__core_sent(p->t) == m->hand_count);
    for (size_t i = 0; i < m->hand_count; i++) {
        AGREE(atomic_load(&p->hands[i]->state) == m->hands[i].state);
    }
    if (m->relay) {
        AGREE(b->waiting == coremodel_waiting(m, false));
        AGREE(b->live_waiting == coremodel_waiting(m, true));
    }
    if (!m->any) {
        check_window(p);
    }
    /* It is looked at in time, and not for nothing now. */
    AGREE(coremodel_due(m) > now);
    AGREE(p->t->due.place == 0 ? coremodel_due(m) == INT64_MAX : p->t->due.at <= coremodel_due(m));
    AGREE(p->t->due.place == 0 || p->t->due.at > now);
}

/* BD-16. What a task hid is announced when it is buried. */
static void check_news(void)
{
    if (unburied != NULL) {
        return;
    }
    for (const char *told = coretest_news(&c); *told != '\0'; told++) {
        if (*told == '*') {
            memset(vain, 0, sizeof vain);
        } else if (*told != ' ') {
            vain[*told - '0'] = false;
        }
    }
    for (int i = 0; i < COREMODEL_CLIENTS; i++) {
        AGREE(!vain[i] || clients.dead[i] || search(i, false).play < 0);
    }
}

/* Asking the core about everybody changes nothing, but it may catch up with time. */
static void check_verdicts(void)
{
    for (size_t i = 0; i < play_count; i++) {
        for (int client = 0; !plays[i].is_broadcast && client < COREMODEL_CLIENTS; client++) {
            const flr__target *target = coretest_target(plays[i].t, coretest_client(&c, client));

            if (target != NULL && target->claims == 0) {
                AGREE(coretest_verdict(&c, plays[i].t, client, now) ==
                      verdict_of(&plays[i], client));
            }
        }
    }
}

/* What has ended leaves; results of it that are being processed come late. */
static void retire(size_t i)
{
    play *p = &plays[i];

    coretest_settle(&c, p->t);
    for (size_t hand = 0; hand < p->m.hand_count; hand++) {
        if (p->m.hands[hand].claimed) {
            flr__core_drop_claim(p->hands[hand]);
        }
    }
    memmove(&plays[i], &plays[i + 1], (--play_count - i) * sizeof *plays);
}

/* After each step: what is due has been decided in the core. */
static void check(void)
{
    size_t standing = 0;

    for (size_t i = 0; i < play_count; i++) {
        if (!plays[i].is_broadcast) {
            coremodel_advance(&plays[i].m, now);
            check_play(&plays[i]);
        }
    }
    for (size_t i = play_count; i-- > 0;) {
        standing += flr__core_stands(plays[i].t) ? 1 : 0;
        if (!flr__core_stands(plays[i].t) && plays[i].t != unburied) {
            retire(i);
        }
    }
    AGREE(atomic_load(&c.core->count) == standing);
    check_news();
    if (chance(10)) {
        check_verdicts();
    }
}

/* ---- steps ---- */

static void random_list(char *list, size_t size)
{
    size_t count = (size_t)below((int)size);

    for (size_t i = 0; i < count; i++) {
        list[i] = (char)('0' + below(COREMODEL_CLIENTS));
    }
    list[count] = '\0';
}

static void schedule_play(play *p)
{
    static const flr__policy *const policies[] = {&flr__policy_send, &flr__policy_relay,
                                                  &flr__policy_send_any, &flr__policy_relay_any};
    int kind = below(only_windows ? 2 : 4);
    coretest_options o = {.policy = policies[kind]};
    char list[11];

    random_list(list, sizeof list);
    p->m.relay = kind == 1 || kind == 3;
    p->m.any = kind >= 2;
    p->m.dynamic = o.dynamic = p->m.relay && chance(40);
    p->m.open = kind == 2 && chance(40);
    if (*list == '\0' && !p->m.dynamic) {
        strcpy(list, "3");
    }
    o.list = p->m.open ? NULL : list;
    p->m.step = o.step = p->m.any || chance(25) ? 0 : 1 + below(12);
    p->m.result_timeout = o.result_timeout = p->m.relay && chance(50) ? 1 + below(20) : 0;
    o.timeout = chance(20) ? 1 + below(150) : 0;
    p->m.timeout_at = o.timeout > 0 ? now + o.timeout : INT64_MAX;
    p->m.scheduled = now;
    p->m.lead = c.core->lead;
    p->m.clients = &clients;
    o.non_blocking = chance(20);
    coremodel_begin(&p->m, o.list);
    p->t = coretest_schedule(&c, "baton", &o, now);
}

static void do_schedule(void)
{
    play *p = &plays[play_count];

    if (play_count == (only_windows ? 1 : STANDING)) {
        return;
    }
    memset(p, 0, sizeof *p);
    play_count++;
    if (!only_windows && chance(25)) {
        p->is_broadcast = true;
        p->t = coretest_schedule(
            &c, "broadcast",
            &(coretest_options){.policy = &flr__policy_broadcast, .min_responses = 1000}, now);
    } else {
        schedule_play(p);
    }
    if (p->is_broadcast || p->m.any) { /* the shell announces these to all that may have it */
        memset(vain, 0, sizeof vain);
    }
    coretest_expire(&c, now); /* perhaps nobody can progress it */
}

static void do_heard(int client)
{
    flr__clients_add(&c.table, c.clients[client]->name->text, NULL); /* if it is not known */
    clients.known[client] = true;
    clients.dead[client] = false;
    coretest_regain(&c, client, now);
    coretest_expire(&c, now);
}

static void do_die(int client)
{
    if (!clients.dead[client]) {
        clients.dead[client] = true;
        for (size_t i = 0; i < play_count; i++) {
            if (!plays[i].is_broadcast && stands(&plays[i])) {
                coremodel_lose(&plays[i].m, client, now);
            }
        }
        coretest_lose(&c, client, now);
        coretest_expire(&c, now);
    }
}

static void do_forget_client(int client)
{
    clients.known[client] = false;
    flr__clients_remove(&c.table, c.clients[client]->name->text);
    flr__core_clients_changed(c.core, now);
    coretest_expire(&c, now);
}

/* BD-27 */
static void cancel(play *p)
{
    p->m.status = FLR_TASK_CANCELLED;
    p->m.ended = now;
    flr__core_end(c.core, p->t, FLR_TASK_CANCELLED, now);
}

static void note_hand_out(play *p, int client, flr_assignment *a)
{
    if (p->is_broadcast) { /* answered at once */
        p->got[client] = true;
        AGREE(coretest_submit(&c, client, "broadcast", a->id, now) == FLR_OUTCOME_ACCEPTED);
        return;
    }
    p->hands[p->m.hand_count] = a;
    coremodel_hand_out(&p->m, client, now);
    if (p->m.hand_count == COREMODEL_HANDS || p->m.leg_count > COREMODEL_LEGS - 8) {
        cancel(p);
    }
}

/* BD-10: what was chosen is handed out unless the task has ended; nobody else could take the turn.
 * Who was disconnected meanwhile has lost it at once. */
static void do_record_held(void)
{
    play *p = NULL;

    if (!held.is) {
        return;
    }
    for (size_t i = 0; i < play_count; i++) {
        p = plays[i].t == held.offer.choice.task && stands(&plays[i]) ? &plays[i] : p;
    }
    held.is = false;
    AGREE(coretest_record(&c, &held.offer, now) == (p != NULL));
    if (p != NULL) {
        note_hand_out(p, held.client, held.offer.a);
        if (clients.dead[held.client]) {
            coremodel_lose(&p->m, held.client, now);
            coretest_expire(&c, now);
        }
    }
}

static void do_ask(int client)
{
    answer expected;
    coretest_offer offer;

    if (held.is && held.client == client) {
        return; /* it is being served */
    }
    do_heard(client);
    check();
    expected = search(client, false);
    if (held.is && expected.play >= 0 && plays[expected.play].t == held.offer.choice.task) {
        do_record_held(); /* who asks waits for the turn */
        check();
    }
    expected = search(client, true);
    offer = coretest_choose(&c, client, now);
    vain[client] = expected.play < 0;
    if (expected.play < 0) {
        AGREE(offer.choice.task == NULL);
        return;
    }
    AGREE(offer.choice.task == plays[expected.play].t);
    if (expected.hand >= 0) {
        AGREE(offer.choice.again == plays[expected.play].hands[expected.hand]);
        AGREE(coretest_record(&c, &offer, now));
        return;
    }
    AGREE(offer.choice.again == NULL);
    if (!held.is && !plays[expected.play].is_broadcast && chance(15)) {
        held = (pending){true, client, offer};
        return;
    }
    AGREE(coretest_record(&c, &offer, now));
    note_hand_out(&plays[expected.play], client, offer.a);
}

static void do_claim(void)
{
    play *p = &plays[below((int)play_count)];
    coremodel_hand *h;
    int outcome;

    if (p->is_broadcast || !stands(p) || p->m.hand_count == 0) {
        return;
    }
    h = &p->m.hands[below((int)p->m.hand_count)];
    if (h->state == FLR_ASSIGNMENT_CLOSED) {
        return;
    }
    do_heard(h->client);
    outcome = coretest_claim(&c, h->client, p->t->name->text, p->hands[h - p->m.hands]->id);
    AGREE((outcome == FLR_OUTCOME_ACCEPTED) ==
          (!h->claimed && h->state != FLR_ASSIGNMENT_ANSWERED));
    h->claimed = h->claimed || outcome == FLR_OUTCOME_ACCEPTED;
}

static void bury(void)
{
    if (unburied != NULL) {
        flr__core_bury(c.core, unburied);
        unburied = NULL;
    }
}

/* As coretest_deliver; others may come before what has ended is buried. */
static bool deliver(flr_assignment *a, int state)
{
    bool tell;
    enum flr__sequel sequel = flr__core_answer(c.core, a, state, false, now, &tell);

    if (sequel == FLR__EVALUATE) {
        flr__core_evaluate(c.core, a->task, now);
    } else if (sequel == FLR__OVER) {
        bury();
        unburied = a->task;
    }
    return tell;
}

/* A result that was claimed is answered; the server's own, for what is open, closes it. */
static void do_deliver(void)
{
    play *p = &plays[below((int)play_count)];

    for (size_t i = 0; !p->is_broadcast && stands(p) && i < p->m.hand_count; i++) {
        coremodel_hand *h = &p->m.hands[i];
        int state = h->state == FLR_ASSIGNMENT_OPEN && chance(20) ? FLR_ASSIGNMENT_CLOSED
                                                                  : FLR_ASSIGNMENT_ANSWERED;

        if (h->claimed && chance(70)) {
            coremodel_answer(&p->m, i, state, now);
            if (deliver(p->hands[i], state)) {
                vain[h->client] = false;
            }
            return;
        }
    }
}

static void do_something(void)
{
    int client = below(COREMODEL_CLIENTS), what = below(100);

    if (play_count == 0 || what < 5) {
        do_schedule();
    } else if (what < 45) {
        do_ask(client);
    } else if (what < 60) {
        do_claim();
    } else if (what < 75) {
        do_deliver();
    } else if (what < 82) {
        do_die(client);
    } else if (what < 89) {
        do_heard(client);
    } else if (what < 93) {
        do_record_held();
    } else if (what < 95) {
        do_forget_client(client);
    } else if (what < 96) {
        play *p = &plays[below((int)play_count)];

        if (stands(p)) {
            cancel(p);
        }
    }
}

static void play_seed(uint64_t number)
{
    static const int64_t leads[] = {0, 15, 60};

    coretest_begin(&c);
    seed = number;
    flr__rng_seed(&rng, seed, "board");
    play_count = 0;
    held.is = false;
    unburied = NULL;
    now = 0;
    c.core->lead = leads[below(3)];
    c.core->announces = true;
    memset(vain, 0, sizeof vain);
    for (int i = 0; i < COREMODEL_CLIENTS; i++) {
        clients.dead[i] = false;
        clients.known[i] = true;
    }
    for (step_number = 0; step_number < 3000; step_number++) {
        now += chance(50) ? 0 : below(chance(10) ? 60 : 6);
        coretest_expire(&c, now);
        check();
        do_something();
        check();
        if (chance(60)) {
            bury();
        }
    }
    bury();
    do_record_held();
    AGREE(c.task_count > 30);
    coretest_end(&c);
}

START_TEST(se_04_sr_04_the_window_is_what_the_list_says)
{
    only_windows = true;
    play_seed((uint64_t)_i);
}
END_TEST

START_TEST(bd_16_several_tasks_and_who_is_told)
{
    only_windows = false;
    play_seed((uint64_t)_i);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("random sends and relays");
    TCase *tcase = tcase_create("rows");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, se_04_sr_04_the_window_is_what_the_list_says, 0, 20);
    tcase_add_loop_test(tcase, bd_16_several_tasks_and_who_is_told, 0, 20);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
