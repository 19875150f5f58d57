/*
 * The oracle: who is known, heard, watched and gone; what is handed out; what a result meets; and
 * what is due when. Facts only, no object of the library.
 */
#include "sim.h"

#include <string.h>

/* ---- clients ---- */

bool sim_is_live(const sim *s, int client)
{
    return s->clients[client].gone == FLR_TIME_NONE;
}

/* Relays that nobody live could have asked for can be asked for from now on. */
static void come_back(sim *s, int client)
{
    for (int i = s->first_task; i < s->task_count; i++) {
        s->tasks[i].had_live = sim_count_waiting(&s->tasks[i], true) > 0;
    }
    s->clients[client].gone = FLR_TIME_NONE;
    for (int i = s->first_task; i < s->task_count; i++) {
        if (!s->tasks[i].had_live && sim_count_waiting(&s->tasks[i], true) > 0) {
            s->tasks[i].silent_since = s->now;
        }
    }
}

void sim_credit(sim *s, int client)
{
    sim_client *c = &s->clients[client];

    c->heard = s->now;
    c->reported = FLR_TIME_NONE;
    c->known = true;
    if (c->gone != FLR_TIME_NONE) {
        come_back(s, client);
        s->stats.reconnections++;
        sim_expect_int(s, s->expect_back, -1, "DC-04", "an earlier _client_reconnected");
        s->expect_back = client;
    }
}

static void watch(sim *s, int client, int64_t at)
{
    sim_client *c = &s->clients[client];

    if (s->status != FLR_STATUS_DONE && c->reported == FLR_TIME_NONE && c->gone == FLR_TIME_NONE) {
        c->reported = at;
        c->report = ++s->reports;
    }
}

void sim_report_dead(sim *s, int client)
{
    sim_client *c = &s->clients[client];

    if (s->status != FLR_STATUS_DONE && c->reported == FLR_TIME_NONE && c->gone == FLR_TIME_NONE) {
        s->stats.dead_reports++;
    }
    watch(s, client, s->now);
}

bool sim_policy_is_violated(const sim *s)
{
    size_t live = 0;
    bool gone = false, required = false;

    for (int i = 0; i < SIM_CLIENTS; i++) {
        const sim_client *c = &s->clients[i];
        if (!c->known) {
            continue;
        }
        live += sim_is_live(s, i);
        gone = gone || !sim_is_live(s, i);
        required = required ||
                   (!sim_is_live(s, i) && s->required != NULL && strcmp(s->required, c->name) == 0);
    }
    return gone && (live == 0 || live < s->min_sites || required);
}

/* ---- what is due ---- */

static bool has_open(const sim *s, int client)
{
    for (int i = s->first_task; i < s->task_count; i++) {
        if (s->tasks[i].status != FLR_TASK_STANDING) {
            continue;
        }
        for (const sim_assign *a = s->tasks[i].first; a != NULL; a = a->next) {
            if (a->client == client && a->state == FLR_ASSIGNMENT_OPEN && !a->claimed) {
                return true;
            }
        }
    }
    return false;
}

/* When this client is put on the watch list for its silence (DC-07). */
static int64_t silent_at(const sim *s, int client)
{
    const sim_client *c = &s->clients[client];

    if (s->heartbeat == 0 || c->reported != FLR_TIME_NONE || c->gone != FLR_TIME_NONE ||
        s->status != FLR_STATUS_STARTED || !has_open(s, client)) {
        return FLR_TIME_NONE;
    }
    return c->heard + s->heartbeat;
}

static int64_t gone_at(const sim *s, int client)
{
    const sim_client *c = &s->clients[client];
    int64_t at;

    if (c->reported == FLR_TIME_NONE || c->gone != FLR_TIME_NONE ||
        s->status != FLR_STATUS_STARTED) {
        return FLR_TIME_NONE;
    }
    at = c->reported + s->grace;
    return at > s->started_at ? at : s->started_at;
}

/* SE-05, SR-09, AR-03 */
static void give_up(sim *s, int client, int64_t at)
{
    for (int i = s->first_task; i < s->task_count; i++) {
        sim_task *t = &s->tasks[i];
        sim_assign *a = t->latest;
        bool moves_on = sim_is_relay(t) || t->kind == FLR_KIND_SEND || t->kind == FLR_KIND_SEND_ANY;

        if (t->status == FLR_TASK_STANDING && moves_on && a != NULL && a->client == client &&
            a->state == FLR_ASSIGNMENT_OPEN && !a->claimed) {
            a->state = FLR_ASSIGNMENT_GIVEN_UP;
            sim_open_window(t, at);
        }
    }
}

/* The client reported first of those that are due. */
static int next_gone(const sim *s, int64_t at)
{
    int found = -1;

    for (int i = 0; i < SIM_CLIENTS; i++) {
        if (gone_at(s, i) <= at && (found < 0 || s->clients[i].report < s->clients[found].report)) {
            found = i;
        }
    }
    return found;
}

static void act_at(sim *s, int64_t at)
{
    bool disconnected = false;
    int c;

    for (int i = 0; i < SIM_CLIENTS; i++) {
        if (silent_at(s, i) <= at) {
            watch(s, i, silent_at(s, i));
        }
    }
    while ((c = next_gone(s, at)) >= 0) {
        s->clients[c].gone = gone_at(s, c);
        s->stats.disconnections++;
        s->pending_gone++;
        s->clients[c].untold = true;
        sim_note(s, "(%s is gone)", s->clients[c].name);
        give_up(s, c, s->clients[c].gone);
        disconnected = true;
    }
    if (disconnected && !s->panic_made && sim_policy_is_violated(s)) {
        s->violated = true;
    }
    for (int i = s->first_task; i < s->task_count; i++) {
        sim_evaluate(&s->tasks[i], at, SIM_BY_DRIVER);
    }
}

static int64_t next_instant(const sim *s, int64_t after)
{
    int64_t due = FLR_TIME_NONE, at;

    for (int i = 0; i < SIM_CLIENTS; i++) {
        at = silent_at(s, i);
        due = at > after && at < due ? at : due;
        at = gone_at(s, i);
        due = at > after && at < due ? at : due;
    }
    for (int i = s->first_task; i < s->task_count; i++) {
        if (s->tasks[i].status == FLR_TASK_STANDING) {
            at = sim_task_due(&s->tasks[i], after);
            due = at < due ? at : due;
        }
    }
    return due;
}

void sim_settle(sim *s)
{
    int64_t at;

    s->now = flr_clock_get_now(s->clock);
    while ((at = next_instant(s, s->settled)) <= s->now) {
        act_at(s, at);
        s->settled = at;
    }
    s->settled = s->now;
    act_at(s, s->now);
}

/* A quiet client would be served at that instant; nothing else having happened by then. */
static bool would_serve(sim *s, int64_t at)
{
    int64_t now = s->now;
    bool serves = false;

    s->now = at;
    for (int i = 0; i < SIM_CLIENTS && !serves; i++) {
        serves = s->clients[i].quiet && sim_is_live(s, i) && sim_choose(s, i, true).task != NULL;
    }
    s->now = now;
    return serves;
}

int64_t sim_next_due(sim *s)
{
    int64_t due = next_instant(s, s->now);

    for (int i = s->first_task; i < s->task_count && s->open; i++) {
        const sim_task *t = &s->tasks[i];
        int64_t at = t->status == FLR_TASK_STANDING ? sim_task_growth(t, s->now) : FLR_TIME_NONE;
        if (at < due && would_serve(s, at)) {
            due = at;
        }
    }
    return due;
}

/* ---- handing out ---- */

static sim_assign *open_in(const sim_task *t, int client)
{
    for (sim_assign *a = t->first; a != NULL; a = a->next) {
        if (a->client == client && a->state == FLR_ASSIGNMENT_OPEN && !a->claimed) {
            return a;
        }
    }
    return NULL;
}

sim_choice sim_choose(sim *s, int client, bool dry)
{
    sim_choice choice = {NULL, NULL, -1, false};

    for (int i = s->first_task; i < s->task_count; i++) { /* BD-06 */
        if (s->tasks[i].status == FLR_TASK_STANDING &&
            (choice.again = open_in(&s->tasks[i], client)) != NULL) {
            choice.task = &s->tasks[i];
            choice.leg = choice.again->leg;
            return choice;
        }
    }
    for (int i = s->first_task; i < s->task_count; i++) { /* BD-07 */
        sim_task *t = &s->tasks[i];
        int said;
        if (t->status != FLR_TASK_STANDING) {
            continue;
        }
        choice.listed = false;
        said = sim_ask_task(t, client, dry, &choice);
        if (said == SIM_SEND) {
            choice.task = t;
            return choice;
        }
        if (said == SIM_BLOCK) {
            break;
        }
    }
    choice.leg = -1;
    return choice;
}

static void forget_oldest(sim *s)
{
    sim_assign *oldest = NULL;

    for (int i = 0; i < s->assign_count; i++) {
        sim_assign *a = &s->assigns[i];
        if (a->remembered > s->forgotten &&
            (oldest == NULL || a->remembered < oldest->remembered)) {
            oldest = a;
        }
    }
    oldest->forgotten = true;
    s->forgotten = oldest->remembered;
}

/* BD-32 */
static void remember(sim *s, sim_assign *a)
{
    a->remembered = ++s->remembered;
    while (s->remembered - s->forgotten > s->memory) {
        forget_oldest(s);
    }
}

static sim_assign *new_assign(sim *s, sim_task *t, int client)
{
    sim_assign *a = &s->assigns[s->assign_count++], *before = sim_latest_of(t, client);

    memset(a, 0, sizeof *a);
    a->task = t;
    a->client = client;
    a->leg = -1;
    a->state = FLR_ASSIGNMENT_OPEN;
    a->first = s->now;
    a->received = FLR_TIME_NONE;
    if (t->kind == FLR_KIND_FOREVER && before != NULL) { /* BC-12 */
        before->superseded = true;
        remember(s, before);
    }
    if (t->latest == NULL) {
        t->first = a;
    } else {
        t->latest->next = a;
    }
    t->latest = a;
    t->sent++;
    s->totals_sent++;
    s->clients[client].record = true;
    return a;
}

sim_assign *sim_record(sim *s, const sim_choice *choice, int client)
{
    sim_task *t = choice->task;
    sim_assign *a = choice->again;

    if (a != NULL) {
        s->clients[client].counts.resends++;
    } else {
        a = new_assign(s, t, client);
        a->leg = choice->leg;
    }
    if (choice->again == NULL && sim_is_relay(t)) {
        for (int i = 0; i < choice->leg && t->kind == FLR_KIND_RELAY; i++) {
            if (t->legs[i].state == SIM_WAITING) {
                t->legs[i].state = SIM_SKIPPED; /* SR-06 */
            }
        }
        t->legs[choice->leg].state = SIM_HANDED;
        t->last_leg = choice->leg;
    }
    a->sends++;
    a->last = s->now;
    if (!sim_is_live(s, client)) { /* gone while its send callbacks ran */
        give_up(s, client, s->now);
    }
    return a;
}

/* ---- results ---- */

sim_assign *sim_find(sim *s, const char *id)
{
    for (int i = s->assign_count - 1; id != NULL && *id != '\0' && i >= 0; i--) {
        if (strcmp(s->assigns[i].id, id) == 0) {
            return &s->assigns[i];
        }
    }
    return NULL;
}

static bool is_received(const sim_assign *a)
{
    return a->claimed || a->state == FLR_ASSIGNMENT_ANSWERED;
}

/* With a memory of 0 an ended task's ids are gone at once, whoever is still busy with its end. */
static bool is_unknown(const sim *s, const sim_assign *a)
{
    return a == NULL || a->task->workflow != s->workflow || a->forgotten ||
           (s->memory == 0 && a->task->status != FLR_TASK_STANDING);
}

int sim_judge(sim *s, int client, const char *name, sim_assign *a)
{
    bool same_name;

    if (is_unknown(s, a)) {
        return FLR_OUTCOME_UNKNOWN_TASK;
    }
    same_name = name != NULL && strcmp(name, a->task->name) == 0;
    if (a->task->status == FLR_TASK_STANDING && !a->superseded) {
        if (a->client != client) {
            return FLR_OUTCOME_WRONG_CLIENT;
        }
        if (!same_name) {
            return FLR_OUTCOME_WRONG_TASK_NAME;
        }
        if (!is_received(a) && a->state != FLR_ASSIGNMENT_CLOSED) {
            return FLR_OUTCOME_ACCEPTED;
        }
    } else if (a->client != client || !same_name) {
        return FLR_OUTCOME_UNKNOWN_TASK;
    }
    return is_received(a) || a->delivered ? FLR_OUTCOME_DUPLICATE : FLR_OUTCOME_LATE;
}

const char *sim_judge_check(const sim *s, int client, const sim_assign *a)
{
    if (is_unknown(s, a)) {
        return "unknown";
    }
    if (a->client != client) {
        return "not yours";
    }
    if (is_received(a)) {
        return "already received";
    }
    return a->state == FLR_ASSIGNMENT_CLOSED ? "closed" : FLR_RC_OK;
}

void sim_count_outcome(sim *s, int client, int outcome, sim_assign *a)
{
    sim_client *c = &s->clients[client];

    c->record = true;
    switch (outcome) {
    case FLR_OUTCOME_ACCEPTED:
        c->counts.results++;
        break;
    case FLR_OUTCOME_DUPLICATE:
        c->counts.duplicates++;
        break;
    case FLR_OUTCOME_LATE:
        c->counts.late++;
        a->delivered = true;
        break;
    default:
        c->counts.rejected++;
    }
}

/* What a response means for the task, but for its end. */
static void respond(sim *s, sim_assign *a, bool was_given_up)
{
    sim_task *t = a->task;

    t->answers++;
    if (t->min > 0 && t->answers == t->min) {
        t->wait_end = s->now + t->wait;
    }
    if (!was_given_up) {
        sim_open_window(t, s->now);
    }
    if (!a->by_server) {
        return;
    }
    t->excluded[a->client] = true;
    for (int i = 0; i < t->leg_count; i++) {
        if (t->legs[i].client == a->client && t->legs[i].state == SIM_WAITING) {
            t->legs[i].state = SIM_SKIPPED;
        }
    }
}

void sim_answer(sim *s, sim_assign *a, bool by_server, bool failed)
{
    bool was_given_up = a->state == FLR_ASSIGNMENT_GIVEN_UP;

    a->claimed = false;
    a->by_server = by_server;
    a->state = by_server ? FLR_ASSIGNMENT_CLOSED : FLR_ASSIGNMENT_ANSWERED;
    a->received = s->now;
    a->kept = a->kept || !a->task->has_received; /* BD-21 */
    if (a->task->status != FLR_TASK_STANDING) {
        return;
    }
    respond(s, a, was_given_up);
    if (failed) {
        sim_end(a->task, FLR_TASK_ERROR, s->now, SIM_BY_CALL);
    } else {
        sim_evaluate(a->task, s->now, SIM_BY_CALL);
    }
}

void sim_end(sim_task *t, int status, int64_t at, int by)
{
    if (t->status != FLR_TASK_STANDING) {
        return;
    }
    t->status = status;
    t->ended = at;
    t->decision = ++t->sim->decisions;
    t->by = by;
    t->held = t->running > 0;
    t->sim->wanted = true; /* LC-32 */
    sim_note(t->sim, "(#%d ends: %s)", t->order, flr_task_status_get_name(status));
    for (sim_assign *a = t->first; a != NULL; a = a->next) {
        if (!a->claimed && a->state != FLR_ASSIGNMENT_ANSWERED) {
            a->state = FLR_ASSIGNMENT_CLOSED;
        }
    }
    if (by != SIM_BY_DRIVER && !t->has_done && t->running == 0 && t->sim->bulk == 0) {
        sim_finish(t);
    }
}

void sim_finish(sim_task *t)
{
    for (sim_assign *a = t->first; a != NULL && !t->finished; a = a->next) {
        if (!a->superseded) {
            remember(t->sim, a);
        }
    }
    t->finished = true;
}

void sim_finish_silent(sim *s, uint64_t decision, bool by_driver)
{
    sim_task *next;

    do {
        next = NULL;
        for (int i = s->first_task; i < s->task_count; i++) {
            sim_task *t = &s->tasks[i];
            if (t->status != FLR_TASK_STANDING && !t->finished && !t->has_done && t->running == 0 &&
                t->decision <= decision && (t->by == SIM_BY_DRIVER) == by_driver &&
                (next == NULL || t->decision < next->decision)) {
                next = t;
            }
        }
        if (next != NULL) {
            sim_finish(next);
        }
    } while (next != NULL);
}

int sim_count_standing(const sim *s)
{
    int count = 0;

    for (int i = s->first_task; i < s->task_count; i++) {
        count += s->tasks[i].status == FLR_TASK_STANDING;
    }
    return count;
}
