/* One schedule: what is drawn for it, its events, and its end, at which all must come to rest. */
#include "failalloc.h"
#include "sim.h"

#include <stdio.h>
#include <string.h>

/* Weights of events; each kind of schedule looks closer at something. Events in the order of SIM_OP_*. */
const sim_profile sim_profiles[] = {
    {"mixed",
     {20, 4, 16, 8, 5, 5, 4, 4, 3, 4, 4, 10, 1, 3, 1, 12, 3, 12, 2, 2, 2, 1, 1, 1, 1},
     {0, 4, 2, 3, 3, 3, 3},
     12,
     2,
     20},
    {"cross-site", /* two tasks for the same clients, with lost replies */
     {20, 16, 16, 2, 8, 6, 3, 8, 2, 3, 2, 2, 0, 1, 0, 6, 1, 8, 0, 0, 1, 0, 1, 1, 0},
     {0, 1, 0, 0, 0, 0, 0},
     4,
     0,
     10},
    {"relays",
     {24, 4, 20, 8, 5, 3, 2, 2, 3, 5, 5, 6, 1, 1, 0, 16, 3, 14, 2, 0, 1, 0, 1, 1, 0},
     {0, 1, 0, 1, 0, 8, 5},
     5,
     1,
     10},
    {"sends",
     {22, 4, 16, 6, 5, 3, 2, 2, 4, 5, 6, 9, 1, 1, 0, 16, 3, 14, 1, 0, 1, 0, 1, 1, 0},
     {0, 1, 0, 8, 4, 1, 0},
     5,
     1,
     10},
    {"death",
     {16, 3, 12, 5, 3, 1, 4, 1, 8, 5, 14, 8, 0, 1, 0, 18, 6, 16, 4, 0, 1, 0, 1, 1, 0},
     {0, 4, 3, 3, 2, 3, 2},
     4,
     1,
     0},
    {"forever",
     {24, 4, 20, 12, 6, 4, 2, 3, 2, 3, 3, 6, 0, 2, 1, 10, 2, 10, 1, 8, 1, 1, 1, 1, 0},
     {0, 1, 10, 1, 1, 1, 1},
     8,
     1,
     20},
    {"chaos",
     {18, 3, 16, 10, 5, 4, 2, 3, 2, 3, 3, 12, 1, 4, 1, 10, 2, 10, 1, 2, 2, 2, 1, 1, 1},
     {0, 4, 2, 3, 3, 3, 3},
     45,
     8,
     40},
    {"ends",
     {18, 3, 12, 6, 4, 4, 3, 3, 3, 3, 4, 12, 0, 2, 2, 10, 3, 12, 1, 1, 2, 1, 1, 5, 4},
     {0, 3, 2, 3, 3, 3, 3},
     15,
     2,
     20},
};
const int sim_profile_count = (int)(sizeof sim_profiles / sizeof sim_profiles[0]);

/* ---- what is drawn ---- */

static void draw_clients(sim *s)
{
    int listed = 2 + (int)sim_below(s, SIM_CLIENTS - 3);

    for (int i = 0; i < SIM_CLIENTS; i++) {
        sim_client *c = &s->clients[i];
        snprintf(c->name, sizeof c->name, "site-%d", i + 1);
        c->listed = i < listed;
        c->heard = c->reported = c->gone = FLR_TIME_NONE;
    }
    s->min_sites = sim_chance(s, 15) ? 2 : 1;
    s->required = sim_chance(s, 8) ? s->clients[1].name : NULL;
}

static void draw_schedule(sim *s)
{
    static const int64_t graces[] = {0, 0, 2, 4, 60}, leads[] = {0, 0, 2, 6, 30},
                         beats[] = {0, 0, 0, 3, 6, 20};
    static const uint64_t memories[] = {0, 1, 3, 8};

    s->profile = &sim_profiles[s->seed % (uint64_t)sim_profile_count];
    s->workflows = 1 + (int)sim_below(s, 2);
    s->events = 20 + (int)sim_below(s, sim_chance(s, 15) ? 180 : 60);
    s->grace = graces[sim_below(s, 5)] * SIM_NS / 2;
    s->lead = leads[sim_below(s, 5)] * SIM_NS / 2;
    s->heartbeat = beats[sim_below(s, 6)] * SIM_NS;
    s->data_filter = sim_chance(s, s->profile->bad_filters);
    s->result_filter = sim_chance(s, s->profile->bad_filters);
    s->cancel_on_filter_error = sim_chance(s, 15);
    s->memory = sim_chance(s, 15) ? memories[sim_below(s, 4)] : 10000;
    draw_clients(s);
}

/* ---- events ---- */

static int pick_client(sim *s)
{
    int client = (int)sim_below(s, SIM_CLIENTS);

    if (!s->clients[client].listed && sim_chance(s, 60)) {
        client = (int)sim_below(s, 3);
    }
    return s->clients[client].away ? -1 : client;
}

/* What the client has got and not answered; sometimes what it has answered. */
static sim_assign *pick_own(sim *s, int client)
{
    sim_assign *a = NULL;

    for (int tries = 0; tries < 4; tries++) {
        a = sim_pick_assign(s, client);
        if (a != NULL && a->seen && a->state == FLR_ASSIGNMENT_OPEN) {
            return a;
        }
    }
    return a != NULL && a->seen ? a : NULL;
}

static void answer(sim *s, int client, bool own)
{
    sim_assign *a = own ? pick_own(s, client) : sim_pick_assign(s, client);

    if (a != NULL) {
        sim_submit(s, client, a->task->name, a->id, SIM_PEER_OK);
    }
}

static void serve(sim *s, int client)
{
    sim_assign *a = sim_ask(s, client, SIM_PEER_OK, false);

    if (a != NULL && !s->clients[client].away) {
        sim_submit(s, client, a->task->name, a->id, SIM_PEER_OK);
    }
}

/* Answers for others, of another name, of unknown ids, without or with a wrong peer context. */
static void act_strangely(sim *s, int client)
{
    static const char too_long[] = "0123456789abcdef0123456789abcdef0123456789abcdef";
    sim_assign *a = sim_pick_assign(s, -1);
    const char *id = a == NULL ? too_long : a->id, *name = a == NULL ? "train" : a->task->name;

    switch (sim_below(s, 8)) {
    case 0:
        sim_ask(s, client, SIM_PEER_NONE, false);
        break;
    case 1:
        sim_ask(s, client, SIM_PEER_WRONG, false);
        break;
    case 2:
        sim_submit(s, client, name, id, 1 + (int)sim_below(s, 2));
        break;
    case 3:
        sim_submit(s, a == NULL ? client : a->client, "other", id, SIM_PEER_OK);
        break;
    case 4:
        sim_submit(s, client, sim_chance(s, 50) ? NULL : name, sim_chance(s, 50) ? NULL : too_long,
                   SIM_PEER_OK);
        break;
    case 5:
        if (sim_chance(s, 4)) {
            sim_submit_fatal(s, client);
        }
        break;
    default:
        sim_submit(s, client, name, id, SIM_PEER_OK);
    }
}

static void act_as_client(sim *s, int op)
{
    int client = pick_client(s);
    sim_assign *a;

    if (client < 0) {
        return;
    }
    switch (op) {
    case SIM_OP_ASK:
    case SIM_OP_LOSE:
        sim_ask(s, client, SIM_PEER_OK, op == SIM_OP_LOSE);
        break;
    case SIM_OP_ANSWER:
        answer(s, client, true);
        break;
    case SIM_OP_SERVE:
        serve(s, client);
        break;
    case SIM_OP_AGAIN:
        answer(s, client, false);
        break;
    case SIM_OP_STRANGE:
        act_strangely(s, client);
        break;
    case SIM_OP_BEAT:
        sim_beat(s, client);
        break;
    default:
        a = sim_pick_assign(s, sim_chance(s, 70) ? client : -1);
        sim_task_check(s, client, a == NULL ? "nothing" : a->id);
    }
}

static void move_clock(sim *s, bool far)
{
    static const int64_t short_steps[] = {1, 1, 2, 2, 4, 4, 6, 8}, leaps[] = {10, 20, 40, 100, 400};
    int64_t due;

    sim_settle(s);
    due = sim_next_due(s);
    if (!far && due != FLR_TIME_NONE && sim_chance(s, 30)) {
        sim_advance(s, due - s->now - (sim_chance(s, 30) ? 1 : 0)); /* exactly, or just before */
    } else {
        sim_advance(s, (far ? leaps[sim_below(s, 5)] : short_steps[sim_below(s, 8)]) * SIM_NS / 4);
    }
}

static void act_on_task(sim *s, int op)
{
    sim_task *t = sim_pick_task(s, op != SIM_OP_PAYLOAD && sim_chance(s, 85));

    if (t == NULL) {
        return;
    }
    switch (op) {
    case SIM_OP_CANCEL:
        sim_cancel(s, t, sim_chance(s, 50) ? 0 : (int)sim_below(s, 7));
        break;
    case SIM_OP_PAYLOAD:
        sim_replace_payload(s, t);
        break;
    case SIM_OP_WAIT:
        sim_wait(s, t, sim_chance(s, 30));
        break;
    default:
        sim_note(s, "drop our reference to #%d", t->order);
        flr_task_unref(t->task);
        t->task = NULL;
    }
}

static void print_board(sim *s)
{
    flr_blob *text = NULL;

    if (s->board == NULL || !s->under_way) {
        return;
    }
    sim_expect_int(s, flr_board_print(s->board, 0, &text), 0, "board.h", "flr_board_print");
    sim_expect(s, s->failed || flr_blob_get_size(text) > 2, "board.h", "what it prints");
    flr_blob_unref(text);
}

static void act_as_host(sim *s, int op)
{
    int client = (int)sim_below(s, SIM_CLIENTS);

    switch (op) {
    case SIM_OP_VANISH:
        s->clients[client].away = true;
        break;
    case SIM_OP_RETURN:
        s->clients[client].away = false;
        if (sim_chance(s, 50)) {
            sim_ask(s, client, SIM_PEER_OK, false);
        }
        break;
    case SIM_OP_REPORT:
        sim_report(s, client);
        break;
    case SIM_OP_SCHEDULE:
        sim_schedule(s);
        break;
    case SIM_OP_INVALID:
        sim_schedule_invalid(s);
        break;
    case SIM_OP_CANCEL_ALL:
        if (s->board != NULL) {
            sim_cancel_all(s, 0);
        }
        break;
    case SIM_OP_CLOCK:
    case SIM_OP_LEAP:
        move_clock(s, op == SIM_OP_LEAP);
        break;
    case SIM_OP_STEP:
        sim_step(s);
        break;
    case SIM_OP_CLIENTS:
        sim_change_clients(s);
        break;
    case SIM_OP_PRINT:
        print_board(s);
        break;
    case SIM_OP_END:
        sim_note(s, "the controller shall end");
        s->end = s->wanted = true;
        sim_expect_int(s, flr_runner_wake(s->runner), 0, "LC-32", "flr_runner_wake");
        break;
    case SIM_OP_ABORT:
        sim_abort(s, sim_chance(s, 50));
        break;
    default:
        act_on_task(s, op);
    }
}

static int draw_op(sim *s)
{
    uint32_t sum = 0, at;

    for (int i = 0; i < SIM_OPS; i++) {
        sum += s->profile->op[i];
    }
    at = sim_below(s, sum);
    for (int i = 0; i < SIM_OPS; i++) {
        if (at < s->profile->op[i]) {
            return i;
        }
        at -= s->profile->op[i];
    }
    return SIM_OP_STEP;
}

static void play_event(sim *s)
{
    int op = draw_op(s);

    s->event++;
    if (op <= SIM_OP_CHECK) {
        act_as_client(s, op);
    } else {
        act_as_host(s, op);
    }
    if (s->failed || s->ended) {
        return;
    }
    /* what looks enters the library too: without it the next message meets what is due */
    if (!s->moved || sim_chance(s, 50)) {
        sim_settle(s);
        sim_check_ended(s, false);
        sim_check(s, sim_chance(s, 30));
        sim_check_notices(s, false);
    }
    if (sim_chance(s, 35)) {
        sim_step(s);
    }
}

/* ---- the end ---- */

static void be_good(sim *s)
{
    for (int i = 0; i < SIM_CLIENTS && !s->failed && !s->ended; i++) {
        for (int n = 0; n < 8; n++) {
            sim_assign *a = sim_ask(s, i, SIM_PEER_OK, false);
            if (a == NULL) {
                break;
            }
            sim_submit(s, i, a->task->name, a->id, SIM_PEER_OK);
        }
    }
    s->event++;
    sim_step(s);
}

/* Liveness: with good clients, and time going by, every task that can end does. */
static void come_to_rest(sim *s)
{
    int rounds = 0;

    s->calm = true;
    sim_note(s, "all is well from now on");
    for (int i = s->first_task; i < s->task_count; i++) {
        sim_task *t = &s->tasks[i];
        if (t->kind == FLR_KIND_FOREVER && t->task != NULL && t->status == FLR_TASK_STANDING) {
            sim_cancel(s, t, 0);
        } else if (t->kind == FLR_KIND_FOREVER && t->status == FLR_TASK_STANDING) {
            sim_cancel_all(s, 0); /* there is no other way to end it */
        }
    }
    for (int i = 0; i < SIM_CLIENTS; i++) {
        s->clients[i].away = false;
    }
    while (!s->failed && !s->ended && sim_count_standing(s) > 0 && rounds++ < 40 &&
           s->assign_count < SIM_ASSIGNS) {
        be_good(s);
        if (!s->ended) {
            sim_advance(s, SIM_NS / 2);
        }
    }
    if (s->assign_count < SIM_ASSIGNS && !s->ended) {
        sim_settle(s);
        sim_expect_int(s, sim_count_standing(s), 0, "liveness", "tasks that never end");
    }
}

static void play_before_the_run(sim *s)
{
    for (int i = (int)sim_below(s, 4); i > 0; i--) {
        int client = (int)sim_below(s, SIM_CLIENTS);
        switch (sim_below(s, 4)) {
        case 0:
            sim_ask(s, client, SIM_PEER_OK, false);
            break;
        case 1:
            sim_beat(s, client);
            break;
        case 2:
            sim_report(s, client);
            break;
        default:
            sim_advance(s, SIM_NS);
        }
    }
    if (sim_below(s, 400) == 0) {
        sim_abort(s, false);
    }
    sim_step(s);
}

static void end_run(sim *s)
{
    s->calm = true;
    for (int i = 0; i < 12 && !s->failed && !s->ended; i++) {
        s->event++;
        s->end = s->wanted = true;
        sim_expect_int(s, flr_runner_wake(s->runner), 0, "LC-32", "flr_runner_wake");
        sim_step(s);
    }
    sim_expect(s, s->ended, "LC-26", "the run does not end");
    sim_check_end(s);
    if (!s->failed) {
        sim_ask(s, 0, SIM_PEER_OK, false);
        sim_submit(s, 0, "train", "x", SIM_PEER_OK);
        sim_beat(s, 0);
    }
}

static void play(sim *s)
{
    bool abandoned = sim_chance(s, 3);

    sim_open_world(s);
    play_before_the_run(s);
    for (int i = 0; i < s->events && !s->failed && !s->ended; i++) {
        play_event(s);
    }
    if (!s->failed && !s->ended && !abandoned && sim_chance(s, 70)) {
        s->event++;
        sim_step(s);
        come_to_rest(s);
    }
    if (!s->failed && !abandoned) {
        end_run(s);
    }
    sim_note(s, "release");
    s->first_task = s->task_count; /* an abandoned run calls nothing any more */
    sim_close_world(s);
}

bool sim_tracing;

sim_result sim_play(uint64_t seed, bool hashing)
{
    static sim s;
    sim_result result = {0};
    size_t before = failalloc_get_live_bytes(), after;

    memset(&s, 0, offsetof(sim, assigns));
    memset(&s.task_count, 0, sizeof s - offsetof(sim, task_count));
    s.seed = seed;
    s.random = seed * UINT64_C(0xd1342543de82ef95);
    s.hash = UINT64_C(0xcbf29ce484222325);
    s.tracing = sim_tracing;
    s.hashing = hashing;
    s.expect_back = -1;
    s.step_due = FLR_TIME_NONE;
    s.settled = s.now = SIM_BEGIN;
    draw_schedule(&s);
    sim_note(&s, "seed %llu, %s, grace %g lead %g heartbeat %g memory %llu",
             (unsigned long long)seed, s.profile->name, (double)s.grace / 1e9, (double)s.lead / 1e9,
             (double)s.heartbeat / 1e9, (unsigned long long)s.memory);
    play(&s);
    after = failalloc_get_live_bytes();
    if (after != before && !s.failed) {
        s.failed = true;
        snprintf(s.failure, sizeof s.failure, "memory: %zu bytes before, %zu after", before, after);
    }
    result.failed = s.failed;
    result.events = s.event;
    result.hash = s.hash;
    snprintf(result.text, sizeof result.text, "seed %llu (%s): %s", (unsigned long long)seed,
             s.profile->name, s.failure);
    return result;
}
