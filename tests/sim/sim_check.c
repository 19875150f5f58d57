/* The invariants: what the library says of itself against what the oracle and the clients saw. */
#include "sim.h"

#include <stdio.h>
#include <string.h>

static void expect_count(sim *s, uint64_t got, uint64_t expected, const char *row,
                         const char *whose, const char *what)
{
    if (got != expected) {
        sim_fail(s, row, "%s: %s is %llu, should be %llu", whose, what, (unsigned long long)got,
                 (unsigned long long)expected);
    }
}

/* ---- ends and notices ---- */

/* BD-26: task_done has come for what has ended, as far as it must have by now. */
void sim_check_ended(sim *s, bool after_step)
{
    for (int i = s->first_task; i < s->task_count; i++) {
        sim_task *t = &s->tasks[i];
        if (t->status == FLR_TASK_STANDING || t->done || (!after_step && t->by != SIM_BY_CALL)) {
            continue;
        }
        if (t->has_done) {
            sim_fail(s, "BD-26", "#%d has ended (%s), its task_done did not come", t->order,
                     flr_task_status_get_name(t->status));
        }
        t->done = true;
    }
    if (after_step) {
        sim_finish_silent(s, s->decisions, true);
    }
}

/* BD-16 */
void sim_check_notices(sim *s, bool after_step)
{
    if (!s->open || s->status != FLR_STATUS_STARTED || (!after_step && (s->moved || s->woken))) {
        return;
    }
    for (int i = 0; i < SIM_CLIENTS; i++) {
        sim_choice choice;
        if (!s->clients[i].quiet || !sim_is_live(s, i)) {
            continue;
        }
        choice = sim_choose(s, i, true);
        if (choice.task != NULL) {
            sim_fail(s, "BD-16", "%s got TRY_AGAIN, would be served by #%d now, was not told",
                     s->clients[i].name, choice.task->order);
        }
    }
}

/* ---- one task ---- */

typedef struct task_visit {
    sim *s;
    sim_task *t; /* the task; or the one visited last */
    sim_assign *next;
    uint64_t count;
} task_visit;

static uint64_t count_state(const sim_task *t, int state)
{
    uint64_t count = 0;

    for (const sim_assign *a = t->first; a != NULL; a = a->next) {
        count += a->state == state;
    }
    return count;
}

static int visit_task(void *self, const flr_task_info *info)
{
    task_visit *v = self;
    sim *s = v->s;
    sim_task *t = sim_find_number(s, info->number);
    char whose[32];

    v->count++;
    if (t == NULL || t->status != FLR_TASK_STANDING || (v->t != NULL && t->order <= v->t->order)) {
        sim_fail(s, "BD-30", "task number %lld is visited in the wrong place",
                 (long long)info->number);
        return 1;
    }
    v->t = t;
    snprintf(whose, sizeof whose, "flr_task_info of #%d", t->order);
    sim_expect(s, strcmp(info->name, t->name) == 0, "board.h", "the name of a task");
    expect_count(s, (uint64_t)info->kind, (uint64_t)t->kind, "board.h", whose, "kind");
    expect_count(s, (uint64_t)info->age, (uint64_t)(s->now - t->scheduled), "board.h", whose,
                 "age");
    expect_count(
        s, (uint64_t)info->time_left,
        (uint64_t)(t->timeout_at == FLR_TIME_NONE ? FLR_TIME_NONE : t->timeout_at - s->now),
        "board.h", whose, "time_left");
    if (t->mode != FLR_TARGETS_OPEN) {
        expect_count(s, info->targets, (uint64_t)t->leg_count, "board.h", whose, "targets");
    }
    expect_count(s, info->sent, t->sent, "board.h", whose, "sent");
    expect_count(s, info->answered, t->answers, "board.h", whose, "answered");
    expect_count(s, info->given_up, count_state(t, FLR_ASSIGNMENT_GIVEN_UP), "board.h", whose,
                 "given_up");
    expect_count(s, info->outstanding, count_state(t, FLR_ASSIGNMENT_OPEN), "board.h", whose,
                 "outstanding");
    return 0;
}

static sim_assign *next_open(sim_assign *a)
{
    while (a != NULL && a->state != FLR_ASSIGNMENT_OPEN) {
        a = a->next;
    }
    return a;
}

static int visit_outstanding(void *self, const char *client)
{
    task_visit *v = self;

    v->next = next_open(v->next);
    if (v->next == NULL || sim_client_of(v->s, client) != v->next->client) {
        sim_fail(v->s, "board.h", "%s is visited as outstanding in #%d, in the wrong place", client,
                 v->t->order);
        return 1;
    }
    v->next = v->next->next;
    return 0;
}

static sim_assign *next_kept(sim_assign *a)
{
    while (a != NULL && a->superseded) { /* BC-12 */
        a = a->next;
    }
    return a;
}

static void compare_assign(sim *s, flr_assignment *assignment, sim_assign *a)
{
    const char *id = flr_assignment_get_id(assignment);
    flr_shareable *result = flr_assignment_get_result(assignment);
    char whose[40];

    snprintf(whose, sizeof whose, "assignment of #%d to %s", a->task->order,
             s->clients[a->client].name);
    if (a->id[0] == '\0') {
        sim_expect(s, sim_find(s, id) == NULL, "PS-07", "the same task id twice");
        snprintf(a->id, sizeof a->id, "%s", id);
    }
    sim_expect(s, strcmp(a->id, id) == 0, "BD-33", "an assignment's id");
    expect_count(s, (uint64_t)flr_assignment_get_state(assignment), (uint64_t)a->state, "BD-14",
                 whose, "state");
    expect_count(s, flr_assignment_get_send_count(assignment), a->sends, "BD-06", whose,
                 "send count");
    expect_count(s, (uint64_t)flr_assignment_get_first_sent(assignment), (uint64_t)a->first,
                 "BD-12", whose, "first sent time");
    expect_count(s, (uint64_t)flr_assignment_get_last_sent(assignment), (uint64_t)a->last, "BD-12",
                 whose, "last sent time");
    expect_count(s, (uint64_t)flr_assignment_get_received(assignment), (uint64_t)a->received,
                 "BD-20", whose, "received time");
    expect_count(s, result != NULL, a->kept, "BD-21", whose, "kept result");
    flr_shareable_unref(result);
}

static int visit_assignment(void *self, flr_assignment *assignment)
{
    task_visit *v = self;
    int client = sim_client_of(v->s, flr_assignment_get_client(assignment));

    v->next = next_kept(v->next);
    if (v->next == NULL || v->next->client != client) {
        sim_fail(v->s, "BD-33", "an assignment of #%d to client %d too many, or in another order",
                 v->t->order, client);
        return 1;
    }
    compare_assign(v->s, assignment, v->next);
    v->next = v->next->next;
    return 0;
}

static void check_outstanding(sim *s, sim_task *t)
{
    task_visit v = {.s = s, .t = t, .next = t->first};
    int status = flr_board_visit_outstanding(s->board, t->number, visit_outstanding, &v);

    if (s->failed) {
        return;
    }
    sim_expect_int(s, status, t->status == FLR_TASK_STANDING ? 0 : FLR_E_NOTFOUND, "board.h",
                   "flr_board_visit_outstanding");
    sim_expect(s, status != 0 || next_open(v.next) == NULL, "board.h",
               "flr_board_visit_outstanding leaves somebody out");
}

static void check_task(sim *s, sim_task *t, bool full)
{
    task_visit v = {.s = s, .t = t, .next = t->first};

    if (t->task == NULL || t->compared) {
        return;
    }
    sim_expect_int(s, flr_task_get_status(t->task), t->status, "BD-25", "the status of a task");
    if (!full || (t->status != FLR_TASK_STANDING && !t->done)) {
        return;
    }
    sim_expect_int(s, flr_task_get_error(t->task), t->error, "BD-33", "the error of a task");
    flr_task_visit_assignments(t->task, visit_assignment, &v);
    sim_expect(s, s->failed || next_kept(v.next) == NULL, "BD-33", "an assignment is missing");
    t->compared = t->status != FLR_TASK_STANDING;
}

static void check_tasks(sim *s, bool full)
{
    task_visit v = {.s = s};

    flr_board_visit_tasks(s->board, visit_task, &v);
    expect_count(s, v.count, (uint64_t)sim_count_standing(s), "BD-30", "flr_board_visit_tasks",
                 "number of tasks");
    for (int i = s->first_task; i < s->task_count; i++) {
        check_task(s, &s->tasks[i], full);
        if (full && s->tasks[i].status == FLR_TASK_STANDING) {
            check_outstanding(s, &s->tasks[i]);
        }
    }
}

/* ---- clients ---- */

typedef struct client_visit {
    sim *s;
    bool seen[SIM_CLIENTS];
} client_visit;

static uint64_t count_open(const sim *s, int client)
{
    uint64_t count = 0;

    for (int i = s->first_task; i < s->task_count; i++) {
        for (const sim_assign *a = s->tasks[i].first; a != NULL; a = a->next) {
            count += a->client == client && a->state == FLR_ASSIGNMENT_OPEN;
        }
    }
    return count;
}

static int visit_client(void *self, const flr_client_info *info)
{
    client_visit *v = self;
    sim *s = v->s;
    int client = sim_client_of(s, info->name);
    const sim_client *c = &s->clients[client];

    if (client < 0 || v->seen[client]) {
        sim_fail(s, "board.h", "client %s is visited twice, or never was", info->name);
        return 1;
    }
    v->seen[client] = true;
    expect_count(s, (uint64_t)info->last_heard, (uint64_t)c->heard, "DC-04", c->name, "last_heard");
    expect_count(s, (uint64_t)info->disconnected, (uint64_t)c->gone, "DC-02", c->name,
                 "disconnected");
    expect_count(s, info->open, count_open(s, client), "board.h", c->name, "open");
    expect_count(s, info->results, c->counts.results, "board.h", c->name, "results");
    expect_count(s, info->resends, c->counts.resends, "board.h", c->name, "resends");
    expect_count(s, info->duplicates, c->counts.duplicates, "board.h", c->name, "duplicates");
    expect_count(s, info->late, c->counts.late, "board.h", c->name, "late");
    expect_count(s, info->rejected, c->counts.rejected, "board.h", c->name, "rejected");
    return 0;
}

static void check_clients(sim *s)
{
    client_visit v = {.s = s};
    int64_t when, status;

    flr_board_visit_clients(s->board, visit_client, &v);
    for (int i = 0; i < SIM_CLIENTS; i++) {
        const sim_client *c = &s->clients[i];
        expect_count(s, v.seen[i], c->record, "board.h", c->name, "in flr_board_visit_clients");
        when = 0;
        status = flr_board_get_disconnect_time(s->board, c->name, &when);
        sim_expect_int(s, status, sim_is_live(s, i) ? FLR_E_NOTFOUND : 0, "DC-03",
                       "flr_board_get_disconnect_time");
        sim_expect(s, status != 0 || when == c->gone, "DC-02", "the disconnect time");
    }
}

static int visit_known(void *self, const char *client, const char *parent, int64_t last_heard,
                       int64_t disconnected)
{
    client_visit *v = self;
    sim *s = v->s;
    int i = sim_client_of(s, client);

    (void)parent;
    if (i < 0 || v->seen[i]) {
        sim_fail(s, "LC-31", "client %s is visited twice, or never was", client);
        return 1;
    }
    v->seen[i] = true;
    sim_expect_int(s, last_heard, s->clients[i].heard, "DC-04", "a known client's last_heard");
    sim_expect_int(s, disconnected, s->clients[i].gone, "DC-02", "a known client's disconnected");
    return 0;
}

static void check_known(sim *s)
{
    client_visit v = {.s = s};

    flr_runner_visit_clients(s->runner, visit_known, &v);
    for (int i = 0; i < SIM_CLIENTS; i++) {
        expect_count(s, v.seen[i], s->clients[i].known, "LC-31", s->clients[i].name, "known");
    }
}

/* ---- counters ---- */

typedef struct counter {
    const char *name;
    uint64_t got, expected;
} counter;

static void compare(sim *s, const counter *counters, size_t count, const char *whose)
{
    for (size_t i = 0; i < count; i++) {
        expect_count(s, counters[i].got, counters[i].expected, "counters add up", whose,
                     counters[i].name);
    }
}

/* Ended tasks by final status, from task `first` on; in [0] those whose task_done is to come. */
static void count_ended(const sim *s, int first, uint64_t ended[7])
{
    memset(ended, 0, 7 * sizeof ended[0]);
    for (int i = first; i < s->task_count; i++) {
        const sim_task *t = &s->tasks[i];
        if (t->status != FLR_TASK_STANDING) {
            ended[t->done ? t->status : 0]++;
        }
    }
}

static void check_totals(sim *s)
{
    flr_board_totals got;
    sim_counts sum = {0};
    uint64_t records = 0, open = 0, ended[7];

    flr_board_totals_init(&got, sizeof got);
    sim_expect_int(s, flr_board_get_totals(s->board, &got), 0, "board.h", "flr_board_get_totals");
    for (int i = 0; i < SIM_CLIENTS; i++) {
        const sim_counts *c = &s->clients[i].counts;
        sum.results += c->results;
        sum.resends += c->resends;
        sum.duplicates += c->duplicates;
        sum.late += c->late;
        sum.rejected += c->rejected;
        records += s->clients[i].record;
        open += count_open(s, i);
    }
    count_ended(s, s->first_task, ended);
    const counter counters[] = {
        {"standing", got.standing, (uint64_t)sim_count_standing(s)},
        {"scheduled", got.scheduled, (uint64_t)(s->task_count - s->first_task)},
        {"clients", s->under_way ? got.clients : records, records},
        {"outstanding", got.outstanding, open},
        {"sent", got.sent, s->totals_sent},
        {"resends", got.resends, sum.resends},
        {"results", got.results, sum.results},
        {"duplicates", got.duplicates, sum.duplicates},
        {"late", got.late, sum.late},
        {"rejected", got.rejected, sum.rejected},
        {"ok", got.ok, ended[FLR_TASK_OK]},
        {"timeout", got.timeout, ended[FLR_TASK_TIMEOUT]},
        {"error", got.error, ended[FLR_TASK_ERROR]},
        {"cancelled", got.cancelled, ended[FLR_TASK_CANCELLED]},
        {"aborted", got.aborted, ended[FLR_TASK_ABORTED]},
        {"client_dead", got.client_dead, ended[FLR_TASK_CLIENT_DEAD]},
    };
    compare(s, counters, ended[0] == 0 ? 16 : 10, "flr_board_totals");
}

#define SAME(member)                                                                               \
    {                                                                                              \
#member, got.member, s->stats.member                                                       \
    }
static void check_stats(sim *s)
{
    flr_stats got;
    uint64_t ended[7];

    flr_stats_init(&got, sizeof got);
    sim_expect_int(s, flr_runner_get_stats(s->runner, &got), 0, "stats.h", "flr_runner_get_stats");
    count_ended(s, 0, ended);
    const counter counters[] = {
        SAME(answer_task),
        SAME(answer_try_not_started),
        SAME(answer_try_no_peer),
        SAME(answer_try_busy),
        SAME(answer_try_no_workflow),
        SAME(answer_try_no_task),
        SAME(answer_try_failed),
        SAME(answer_try_filter),
        SAME(answer_end_done),
        SAME(answer_end_job),
        SAME(resends),
        SAME(accepted),
        SAME(duplicate),
        SAME(late),
        SAME(unknown_task),
        SAME(wrong_client),
        SAME(wrong_task_name),
        SAME(wrong_workflow),
        SAME(wrong_job),
        SAME(no_peer),
        SAME(not_running),
        SAME(fatal_return_code),
        SAME(failed),
        SAME(data_filter_failures),
        SAME(result_filter_failures),
        SAME(aux_ok),
        SAME(aux_other),
        SAME(tasks_scheduled),
        SAME(task_callback_failures),
        SAME(reconnections),
        /* counted when decided, or with its event */
        {"disconnections", s->pending_gone > 0 ? s->stats.disconnections : got.disconnections,
         s->stats.disconnections},
        {"tasks_ok", got.tasks_ok, ended[FLR_TASK_OK]},
        {"tasks_timeout", got.tasks_timeout, ended[FLR_TASK_TIMEOUT]},
        {"tasks_error", got.tasks_error, ended[FLR_TASK_ERROR]},
        {"tasks_cancelled", got.tasks_cancelled, ended[FLR_TASK_CANCELLED]},
        {"tasks_aborted", got.tasks_aborted, ended[FLR_TASK_ABORTED]},
        {"tasks_client_dead", got.tasks_client_dead, ended[FLR_TASK_CLIENT_DEAD]},
    };
    compare(s, counters, ended[0] == 0 ? 37 : 31, "flr_stats");
}

/* ---- all of it ---- */

static int sum_open(void *self, const flr_client_info *info)
{
    *(uint64_t *)self += info->open;
    return 0;
}

/* Inside a callback: what it says of itself agrees. */
void sim_check_inside(sim *s)
{
    task_visit v = {.s = s};
    flr_board_totals totals;
    uint64_t open = 0, expected = 0;

    sim_settle(s);
    flr_board_totals_init(&totals, sizeof totals);
    flr_board_get_totals(s->board, &totals);
    flr_board_visit_clients(s->board, sum_open, &open);
    flr_board_visit_tasks(s->board, visit_task, &v);
    for (int i = 0; i < SIM_CLIENTS; i++) {
        expected += count_open(s, i);
    }
    expect_count(s, flr_board_get_count(s->board), (uint64_t)sim_count_standing(s), "BD-30",
                 "inside a callback", "number of tasks");
    expect_count(s, totals.outstanding, expected, "board.h", "inside a callback", "outstanding");
    expect_count(s, open, expected, "board.h", "inside a callback", "sum of the clients' open");
}

void sim_check(sim *s, bool full)
{
    if (s->failed || s->board == NULL) {
        return;
    }
    sim_settle(s);
    expect_count(s, flr_board_get_count(s->board), (uint64_t)sim_count_standing(s), "BD-30",
                 "flr_board_get_count", "number of tasks");
    check_totals(s);
    sim_expect_int(s, flr_runner_get_status(s->runner), s->status, "LC", "the status of the run");
    sim_expect_int(s, (int64_t)flr_runner_get_workflow_index(s->runner), s->workflow, "LC-11",
                   "the index of the workflow");
    if (s->under_way) {
        check_tasks(s, full);
    }
    if (full) {
        check_known(s);
        check_stats(s);
    }
    if (full && s->under_way) {
        check_clients(s);
    }
}

void sim_check_end(sim *s)
{
    if (s->failed || s->board == NULL) {
        return;
    }
    sim_expect_int(s, sim_count_standing(s), 0, "BD-31", "tasks that stand after the end");
    s->first_task = s->ended ? s->first_task : 0;
    sim_check_ended(s, true);
    sim_check(s, true);
}
