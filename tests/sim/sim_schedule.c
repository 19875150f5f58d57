/* Tasks of all kinds, with options drawn at random, valid ones and invalid ones. */
#include "sim.h"

#include <string.h>

/* What is given to the library, and the same for the oracle. */
typedef struct draft {
    sim_task *t;
    const char *names[SIM_LEGS];
    size_t name_count;
    int64_t mode; /* as given: may be FLR_TARGETS_DEFAULT */
    uint32_t flags;
    double timeout, wait, assign_after, give_up_after;
    int expected;
} draft;

static double draw_time(sim *s, const double *times, uint32_t count)
{
    return times[sim_below(s, count)];
}

static int64_t to_ns(double seconds)
{
    return (int64_t)(seconds * 1e9);
}

static bool is_relay_kind(int kind)
{
    return kind == FLR_KIND_RELAY || kind == FLR_KIND_RELAY_ANY;
}

static int draw_kind(sim *s)
{
    uint32_t sum = 0, at;

    for (int i = 1; i < 7; i++) {
        sum += s->profile->kind[i];
    }
    at = sim_below(s, sum);
    for (int i = 1; i < 7; i++) {
        if (at < s->profile->kind[i]) {
            return i;
        }
        at -= s->profile->kind[i];
    }
    return FLR_KIND_BROADCAST;
}

/* ---- targets ---- */

static void add_target(draft *d, int client)
{
    sim_task *t = d->t;

    d->names[d->name_count++] = t->sim->clients[client].name;
    if (is_relay_kind(t->kind) || !sim_is_listed(t, client)) {
        t->legs[t->leg_count++] = (sim_leg){client, SIM_WAITING};
    }
}

static void draw_list(sim *s, draft *d)
{
    uint32_t count = 1 + sim_below(s, is_relay_kind(d->t->kind) ? 6 : 4);

    d->mode = sim_chance(s, 50) ? FLR_TARGETS_LIST : FLR_TARGETS_DEFAULT;
    d->flags = sim_chance(s, 85) ? FLR_TARGETS_FLAG_ALLOW_UNKNOWN : 0;
    for (uint32_t i = 0; i < count; i++) {
        int client = (int)sim_below(s, SIM_CLIENTS);
        if (!s->clients[client].listed && sim_chance(s, 70)) {
            client = 0;
        }
        add_target(d, client);
        if (!s->clients[client].known && d->flags == 0) {
            d->expected = FLR_E_NOTFOUND;
        }
    }
}

static void take_snapshot(sim *s, draft *d)
{
    for (int i = 0; i < SIM_CLIENTS; i++) {
        if (s->clients[i].listed) {
            d->t->legs[d->t->leg_count++] = (sim_leg){i, SIM_WAITING};
        }
    }
}

static void draw_targets(sim *s, draft *d)
{
    sim_task *t = d->t;
    uint32_t dice = sim_below(s, 100);
    bool dynamic = is_relay_kind(t->kind) && !t->fixed;

    if (dice < 50) {
        draw_list(s, d);
        t->mode = FLR_TARGETS_LIST;
    } else if (dice < 75 || t->kind == FLR_KIND_SEND || (is_relay_kind(t->kind) && !dynamic)) {
        bool may_default = t->kind != FLR_KIND_SEND && t->kind != FLR_KIND_SEND_ANY &&
                           (!is_relay_kind(t->kind) || dynamic);
        d->mode = may_default && sim_chance(s, 50) ? FLR_TARGETS_DEFAULT : FLR_TARGETS_SNAPSHOT;
        t->mode = FLR_TARGETS_SNAPSHOT;
        take_snapshot(s, d);
    } else if (dynamic && sim_chance(s, 30)) { /* BD-04: an empty LIST waits for whoever asks */
        d->mode = t->mode = FLR_TARGETS_LIST;
    } else {
        d->mode = t->mode = FLR_TARGETS_OPEN;
    }
}

/* ---- times ---- */

static void draw_times(sim *s, draft *d)
{
    static const double timeouts[] = {0, 0, 0, 1, 2, 5, 10}, waits[] = {0, 0, 0.5, 1, 2},
                        windows[] = {0, 0.5, 1, 2}, limits[] = {0, 0, 1, 2, 4};
    sim_task *t = d->t;

    d->timeout = draw_time(s, timeouts, 7);
    d->wait = draw_time(s, waits, 5);
    d->assign_after = draw_time(s, windows, 4);
    d->give_up_after = draw_time(s, limits, 5);
    if (d->timeout > 0 && d->assign_after > d->timeout) {
        d->assign_after = d->timeout;
    }
    if (d->timeout > 0 && d->give_up_after > d->timeout) {
        d->give_up_after = d->timeout;
    }
    t->wait = to_ns(d->wait);
    t->assign_after = to_ns(d->assign_after);
    t->give_up_after = is_relay_kind(t->kind) ? to_ns(d->give_up_after) : 0;
    if (t->kind == FLR_KIND_BROADCAST) {
        t->min = sim_below(s, t->mode == FLR_TARGETS_OPEN ? 3 : (uint32_t)t->leg_count + 1);
        t->min += t->mode == FLR_TARGETS_OPEN;
    }
}

/* ---- the calls ---- */

static flr_task *make_task(draft *d)
{
    sim_task *t = d->t;
    sim *s = t->sim;
    flr_task_options options;
    flr_task *task = NULL;

    flr_task_options_init(&options, sizeof options);
    options.name = t->name;
    options.flags = t->non_blocking ? FLR_TASK_FLAG_NON_BLOCKING : 0;
    options.timeout = d->timeout;
    options.before_task_sent = t->has_before ? sim_before : NULL;
    options.after_task_sent = t->has_after ? sim_after : NULL;
    options.result_received = t->has_received ? sim_received : NULL;
    options.task_done = t->has_done ? sim_done : NULL;
    options.self = t;
    options.destroy = sim_destroy;
    flr_shareable_new(&options.payload);
    flr_shareable_set_int(options.payload, "version", 0);
    sim_expect_int(s, flr_task_new(&options, &task), 0, "BD-01", "flr_task_new");
    flr_shareable_unref(options.payload);
    return task;
}

static int call_broadcast(draft *d, flr_task *task)
{
    flr_broadcast_options options;

    flr_broadcast_options_init(&options, sizeof options);
    options.flags = d->flags;
    options.targets = d->name_count > 0 ? d->names : NULL;
    options.target_count = d->name_count;
    options.mode = d->mode;
    options.min_responses = d->t->min;
    options.wait_time_after_min_received = d->wait;
    return flr_board_broadcast(d->t->sim->board, task, &options, NULL);
}

static int call_forever(draft *d, flr_task *task)
{
    flr_forever_options options;

    flr_forever_options_init(&options, sizeof options);
    options.flags = d->flags;
    options.targets = d->name_count > 0 ? d->names : NULL;
    options.target_count = d->name_count;
    options.mode = d->mode;
    return flr_board_broadcast_forever(d->t->sim->board, task, &options, NULL);
}

static int call_send(draft *d, flr_task *task)
{
    flr_send_options options;

    flr_send_options_init(&options, sizeof options);
    options.flags = d->flags;
    options.targets = d->name_count > 0 ? d->names : NULL;
    options.target_count = d->name_count;
    options.mode = d->mode;
    options.order = d->t->kind == FLR_KIND_SEND ? FLR_ORDER_SEQUENTIAL : FLR_ORDER_ANY;
    options.task_assignment_timeout = d->assign_after;
    return flr_board_send(d->t->sim->board, task, &options, NULL);
}

static int call_relay(draft *d, flr_task *task)
{
    flr_relay_options options;

    flr_relay_options_init(&options, sizeof options);
    options.flags = d->flags | (d->t->fixed ? FLR_RELAY_FLAG_STATIC : 0);
    options.targets = d->name_count > 0 ? d->names : NULL;
    options.target_count = d->name_count;
    options.mode = d->mode;
    options.order = d->t->kind == FLR_KIND_RELAY ? FLR_ORDER_SEQUENTIAL : FLR_ORDER_ANY;
    options.task_assignment_timeout = d->assign_after;
    options.task_result_timeout = d->give_up_after;
    return flr_board_relay(d->t->sim->board, task, &options, NULL);
}

static int call(draft *d, flr_task *task)
{
    switch (d->t->kind) {
    case FLR_KIND_BROADCAST:
        return call_broadcast(d, task);
    case FLR_KIND_FOREVER:
        return call_forever(d, task);
    case FLR_KIND_SEND:
    case FLR_KIND_SEND_ANY:
        return call_send(d, task);
    default:
        return call_relay(d, task);
    }
}

/* ---- drafts ---- */

static void draw(sim *s, draft *d, int kind)
{
    static const char *const names[] = {"train", "validate", "validate"};
    sim_task *t = &s->tasks[s->task_count];

    memset(d, 0, sizeof *d);
    memset(t, 0, sizeof *t);
    d->t = t;
    t->sim = s;
    t->kind = kind;
    t->order = s->task_count;
    t->workflow = s->workflow;
    t->name = names[sim_below(s, 3)];
    t->last_leg = -1;
    t->non_blocking = sim_chance(s, 25);
    t->fixed = is_relay_kind(kind) && sim_chance(s, 50);
    t->has_before = sim_chance(s, 25);
    t->has_after = sim_chance(s, 20);
    t->has_received = sim_chance(s, 65);
    t->has_done = sim_chance(s, 90);
    t->wait_end = t->timeout_at = FLR_TIME_NONE;
    draw_targets(s, d);
    draw_times(s, d);
    if (s->board == NULL || !s->under_way) {
        d->expected = FLR_E_STATE; /* BD-03, LC-14 */
    }
}

static void take_up(sim *s, draft *d, flr_task *task)
{
    sim_task *t = d->t;

    t->task = task;
    t->scheduled = s->now;
    sim_open_window(t, s->now);
    t->number = flr_task_get_number(task);
    if (d->timeout > 0) {
        t->timeout_at = s->now + to_ns(d->timeout);
    }
    for (int i = 0; i < t->leg_count; i++) {
        s->clients[t->legs[i].client].record = true;
    }
    s->task_count++;
    s->stats.tasks_scheduled++;
    sim_expect_int(s, flr_task_get_kind(task), t->kind, "board.h", "flr_task_get_kind");
    if (sim_chance(s, 15)) { /* the board holds it as long as it stands */
        t->task = NULL;
        flr_task_unref(task);
    }
}

static void note_draft(sim *s, const draft *d)
{
    static const char *const kinds[] = {"?",        "broadcast", "forever",  "send",
                                        "send any", "relay",     "relay any"};
    static const char *const modes[] = {"?", "LIST", "SNAPSHOT", "OPEN"};
    char legs[SIM_LEGS + 1];

    for (int i = 0; i < d->t->leg_count; i++) {
        legs[i] = (char)('1' + d->t->legs[i].client);
    }
    legs[d->t->leg_count] = '\0';
    sim_note(s,
             "#%d: %s %s%s [%s] timeout %g min %d wait %g window %g limit %g%s%s, callbacks "
             "%s%s%s%s",
             d->t->order, kinds[d->t->kind], d->t->fixed ? "static " : "", modes[d->t->mode], legs,
             d->timeout, (int)d->t->min, d->wait, d->assign_after, d->give_up_after,
             d->t->non_blocking ? " non-blocking" : "", d->expected != 0 ? " (refused)" : "",
             d->t->has_before ? "b" : "", d->t->has_after ? "a" : "", d->t->has_received ? "r" : "",
             d->t->has_done ? "d" : "");
}

void sim_schedule_kind(sim *s, int kind)
{
    draft d;
    flr_task *task;
    int status;

    if (s->task_count == SIM_TASKS || s->board == NULL) {
        return;
    }
    sim_settle(s);
    draw(s, &d, kind);
    note_draft(s, &d);
    task = make_task(&d);
    status = call(&d, task);
    sim_expect_int(s, status, d.expected, "BD-03", "scheduling");
    if (status == 0) {
        take_up(s, &d, task);
    } else {
        flr_task_unref(task);
    }
}

void sim_schedule(sim *s)
{
    sim_schedule_kind(s, draw_kind(s));
}

/* ---- what must be refused ---- */

static bool spoil(sim *s, draft *d)
{
    sim_task *t = d->t;

    if (t->mode != FLR_TARGETS_LIST || d->name_count == 0) {
        return false;
    }
    switch (sim_below(s, 3)) {
    case 0: /* BD-04: a list together with another mode */
        d->mode = sim_chance(s, 50) ? FLR_TARGETS_SNAPSHOT : FLR_TARGETS_OPEN;
        return true;
    case 1: /* BC-05 */
        t->min = (uint64_t)t->leg_count + 1;
        return t->kind == FLR_KIND_BROADCAST;
    default: /* SE-01, SR-01 */
        d->timeout = 1;
        d->assign_after = 2;
        return t->kind == FLR_KIND_SEND || t->kind == FLR_KIND_RELAY;
    }
}

void sim_schedule_invalid(sim *s)
{
    draft d;
    flr_task *task;

    if (s->task_count == SIM_TASKS || s->board == NULL || !s->under_way) {
        return;
    }
    sim_settle(s);
    draw(s, &d, draw_kind(s));
    if (d.expected != 0 || !spoil(s, &d)) {
        return;
    }
    sim_note(s, "an invalid task");
    task = make_task(&d);
    sim_expect_int(s, call(&d, task), FLR_E_INVAL, "BC-05, SE-01, SR-01, BD-04", "scheduling");
    sim_expect_int(s, flr_task_get_status(task), FLR_TASK_STANDING, "BD-03", "its status");
    flr_task_unref(task);
}
