/*
 * The oracle's rules for each kind of task: whom it is given to, when it ends, what it does at
 * which instant. Written from the rows BC, SE, SR, AR and DC, with plain scans.
 */
#include "sim.h"

/* ---- what can be said of a task ---- */

bool sim_is_relay(const sim_task *t)
{
    return t->kind == FLR_KIND_RELAY || t->kind == FLR_KIND_RELAY_ANY;
}

static bool is_send(const sim_task *t)
{
    return t->kind == FLR_KIND_SEND || t->kind == FLR_KIND_SEND_ANY;
}

bool sim_is_live_for(const sim_task *t, int client)
{
    return sim_is_live(t->sim, client) && !t->excluded[client];
}

bool sim_is_listed(const sim_task *t, int client)
{
    for (int i = 0; i < t->leg_count; i++) {
        if (t->legs[i].client == client) {
            return true;
        }
    }
    return false;
}

bool sim_is_awaited(const sim_task *t)
{
    return t->latest != NULL && t->latest->state == FLR_ASSIGNMENT_OPEN;
}

bool sim_is_answered(const sim_assign *a)
{
    return a->state == FLR_ASSIGNMENT_ANSWERED || a->by_server;
}

sim_assign *sim_latest_of(const sim_task *t, int client)
{
    sim_assign *latest = NULL;

    for (sim_assign *a = t->first; a != NULL; a = a->next) {
        if (a->client == client) {
            latest = a;
        }
    }
    return latest;
}

int sim_count_waiting(const sim_task *t, bool live_only)
{
    int count = 0;

    for (int i = 0; i < t->leg_count; i++) {
        if (t->legs[i].state == SIM_WAITING &&
            (!live_only || sim_is_live_for(t, t->legs[i].client))) {
            count++;
        }
    }
    return count;
}

void sim_open_window(sim_task *t, int64_t at)
{
    t->window = t->silent_since = at;
}

static bool any_live_target(const sim_task *t)
{
    for (int i = 0; i < t->leg_count; i++) {
        if (sim_is_live_for(t, t->legs[i].client)) {
            return true;
        }
    }
    return false;
}

/* ---- whom it is given to ---- */

static int ask_broadcast(const sim_task *t, int client)
{
    const sim_assign *a = sim_latest_of(t, client);

    if (t->mode != FLR_TARGETS_OPEN && !sim_is_listed(t, client)) {
        return SIM_NO_BLOCK;
    }
    if (a == NULL) {
        return SIM_SEND;
    }
    /* BC-10: again after its answer */
    return t->kind == FLR_KIND_FOREVER && a->state == FLR_ASSIGNMENT_ANSWERED ? SIM_SEND
                                                                              : SIM_NO_BLOCK;
}

/* SE-04: how many live targets may take it by now. */
static int64_t opened(const sim_task *t, int64_t since)
{
    return t->assign_after == 0 ? 1 : 1 + (t->sim->now - since) / t->assign_after;
}

static int ask_send(const sim_task *t, int client)
{
    int64_t left;

    if (t->mode != FLR_TARGETS_OPEN && !sim_is_listed(t, client)) {
        return SIM_NO_BLOCK;
    }
    if (sim_is_awaited(t)) {
        return SIM_NO_BLOCK;
    }
    if (t->kind == FLR_KIND_SEND_ANY) {
        return SIM_SEND;
    }
    left = opened(t, t->scheduled);
    for (int i = 0; i < t->leg_count && left > 0; i++) {
        if (t->legs[i].client == client) {
            return SIM_SEND;
        }
        left -= sim_is_live_for(t, t->legs[i].client);
    }
    return SIM_BLOCK;
}

/* The client's first leg inside the window; -1: none. With `extra` there is one more leg of it. */
static int leg_in_window(const sim_task *t, int client, bool extra)
{
    int64_t left = t->kind == FLR_KIND_RELAY ? opened(t, t->window) : INT64_MAX;

    for (int i = 0; i < t->leg_count && left > 0; i++) {
        if (t->legs[i].state != SIM_WAITING) {
            continue;
        }
        if (t->legs[i].client == client) {
            return i;
        }
        left -= sim_is_live_for(t, t->legs[i].client);
    }
    return extra && left > 0 ? t->leg_count : -1;
}

static int ask_relay(sim_task *t, int client, bool dry, sim_choice *choice)
{
    bool extra = !sim_is_listed(t, client), waiting = extra;

    if (extra && t->fixed) {
        return SIM_NO_BLOCK;
    }
    for (int i = 0; i < t->leg_count; i++) {
        waiting = waiting || (t->legs[i].client == client && t->legs[i].state == SIM_WAITING);
    }
    if (extra && !dry) {
        if (sim_count_waiting(t, true) == 0) {
            t->silent_since = t->sim->now;
        }
        t->legs[t->leg_count++] = (sim_leg){client, SIM_WAITING};
        t->sim->clients[client].record = true;
        choice->listed = true;
        extra = false;
    }
    if (sim_is_awaited(t)) { /* SR-06: every other listed client; AR-02: with occurrences left */
        return t->kind == FLR_KIND_RELAY || waiting ? SIM_BLOCK : SIM_NO_BLOCK;
    }
    choice->leg = leg_in_window(t, client, extra);
    return choice->leg >= 0 ? SIM_SEND : SIM_NO_BLOCK;
}

int sim_ask_task(sim_task *t, int client, bool dry, sim_choice *choice)
{
    int said;

    choice->leg = -1;
    for (const sim_assign *a = t->first; a != NULL; a = a->next) {
        if (a->client == client && a->claimed) {
            return SIM_NO_BLOCK; /* BD-17 */
        }
    }
    if (t->excluded[client]) {
        return SIM_NO_BLOCK;
    }
    if (sim_is_relay(t)) {
        said = ask_relay(t, client, dry, choice);
    } else if (is_send(t)) {
        said = ask_send(t, client);
    } else {
        said = ask_broadcast(t, client);
    }
    return said == SIM_BLOCK && t->non_blocking ? SIM_NO_BLOCK : said;
}

/* ---- when it ends ---- */

typedef struct targets_count {
    uint64_t unanswered, live; /* live: of the unanswered */
} targets_count;

static targets_count count_targets(const sim_task *t)
{
    targets_count count = {0, 0};

    for (int i = 0; i < t->leg_count; i++) {
        const sim_assign *a = sim_latest_of(t, t->legs[i].client);
        if (a == NULL || !sim_is_answered(a)) {
            count.unanswered++;
            count.live += sim_is_live_for(t, t->legs[i].client);
        }
    }
    return count;
}

static int rule_broadcast(const sim_task *t, int64_t at)
{
    targets_count count = count_targets(t);
    bool is_open = t->mode == FLR_TARGETS_OPEN;

    if (!is_open && count.unanswered == 0) {
        return FLR_TASK_OK; /* BC-02 */
    }
    if (t->min > 0 && t->answers >= t->min &&
        (at >= t->wait_end || (!is_open && count.live == 0))) {
        return FLR_TASK_OK; /* BC-04, BC-07 */
    }
    return FLR_TASK_STANDING;
}

static int rule_send(const sim_task *t)
{
    for (const sim_assign *a = t->first; a != NULL; a = a->next) {
        if (sim_is_answered(a)) {
            return FLR_TASK_OK;
        }
    }
    return FLR_TASK_STANDING;
}

/* SR-11: when the silence has lasted too long. With nobody live to ask it is SR-12's. */
static int64_t silence_ends(const sim_task *t)
{
    int64_t live = sim_count_waiting(t, true);

    if (t->kind != FLR_KIND_RELAY || t->assign_after == 0 || live == 0 || sim_is_awaited(t)) {
        return FLR_TIME_NONE;
    }
    return t->silent_since + (live + 1) * t->assign_after;
}

static int rule_relay(sim_task *t, int64_t at)
{
    sim_assign *a = t->latest;

    if (sim_is_awaited(t) && !a->claimed && t->give_up_after > 0 &&
        at >= a->first + t->give_up_after) {
        a->state = FLR_ASSIGNMENT_GIVEN_UP; /* SR-07 */
        a->expired = true;
        sim_open_window(t, a->first + t->give_up_after);
    }
    if (sim_is_awaited(t)) {
        return FLR_TASK_STANDING;
    }
    if (at >= silence_ends(t)) {
        return a != NULL && sim_is_answered(a) ? FLR_TASK_OK : FLR_TASK_TIMEOUT;
    }
    if (a == NULL || sim_count_waiting(t, false) > 0) {
        return FLR_TASK_STANDING;
    }
    if (sim_is_answered(a)) {
        return FLR_TASK_OK; /* SR-10 */
    }
    return a->expired ? FLR_TASK_TIMEOUT : FLR_TASK_STANDING;
}

static int rule(sim_task *t, int64_t at)
{
    switch (t->kind) {
    case FLR_KIND_BROADCAST:
        return rule_broadcast(t, at);
    case FLR_KIND_FOREVER:
        return FLR_TASK_STANDING;
    case FLR_KIND_SEND:
    case FLR_KIND_SEND_ANY:
        return rule_send(t);
    default:
        return rule_relay(t, at);
    }
}

/* SR-12, AR-04: somebody could still join a dynamic relay. */
static bool can_be_joined(const sim_task *t)
{
    for (int i = 0; i < SIM_CLIENTS && !t->fixed; i++) {
        if (t->sim->clients[i].known && sim_is_live(t->sim, i) && !sim_is_listed(t, i)) {
            return true;
        }
    }
    return false;
}

static bool is_relay_dead(const sim_task *t)
{
    if (sim_is_awaited(t)) {
        return false;
    }
    if (sim_count_waiting(t, false) == 0) { /* SR-10: its owner was disconnected */
        return t->latest != NULL && t->latest->state == FLR_ASSIGNMENT_GIVEN_UP;
    }
    return sim_count_waiting(t, true) == 0 && !can_be_joined(t);
}

/* Nobody live can progress it. */
static bool is_dead(const sim_task *t)
{
    targets_count count;

    if (sim_is_relay(t)) {
        return is_relay_dead(t);
    }
    if (t->mode == FLR_TARGETS_OPEN) {
        return false; /* BC-06, SE-06, BC-10 */
    }
    if (t->kind != FLR_KIND_BROADCAST) {
        return !any_live_target(t);
    }
    count = count_targets(t);
    if (t->min == 0) {
        return count.unanswered > 0 && count.live == 0; /* BC-08 */
    }
    return t->answers < t->min && t->answers + count.live < t->min; /* BC-07 */
}

void sim_evaluate(sim_task *t, int64_t at, int by)
{
    int status;

    if (t->status != FLR_TASK_STANDING) {
        return;
    }
    status = rule(t, at);
    if (status == FLR_TASK_STANDING && at >= t->timeout_at) {
        status = FLR_TASK_TIMEOUT;
        by = SIM_BY_DRIVER;
    }
    if (status == FLR_TASK_STANDING && at >= t->scheduled + t->sim->lead && is_dead(t)) {
        status = FLR_TASK_CLIENT_DEAD;
        by = by == SIM_BY_CALL ? SIM_BY_EITHER : by;
    }
    if (status != FLR_TASK_STANDING) {
        sim_end(t, status, at, by);
    }
}

/* ---- its instants ---- */

static int64_t earliest(int64_t a, int64_t b, int64_t after)
{
    return b > after && b < a ? b : a;
}

int64_t sim_task_due(const sim_task *t, int64_t after)
{
    int64_t due = earliest(FLR_TIME_NONE, t->timeout_at, after);

    if (is_dead(t)) {
        due = earliest(due, t->scheduled + t->sim->lead, after);
    }
    if (t->kind == FLR_KIND_BROADCAST) {
        due = earliest(due, t->wait_end, after);
    }
    if (sim_is_relay(t) && sim_is_awaited(t) && t->give_up_after > 0) {
        due = earliest(due, t->latest->first + t->give_up_after, after);
    }
    due = earliest(due, silence_ends(t), after);
    return due;
}

int64_t sim_task_growth(const sim_task *t, int64_t after)
{
    int64_t since = t->kind == FLR_KIND_RELAY ? t->window : t->scheduled;

    if ((t->kind != FLR_KIND_RELAY && t->kind != FLR_KIND_SEND) || t->assign_after == 0 ||
        sim_is_awaited(t)) {
        return FLR_TIME_NONE;
    }
    return since + ((after - since) / t->assign_after + 1) * t->assign_after;
}
