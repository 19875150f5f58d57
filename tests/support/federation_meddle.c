/*
 * Threads of the host beside the transports: the meddlers read, wait, cancel, replace payloads, add
 * and remove clients; the reporter reports dead clients and sends heartbeats; the aborter ends the
 * run before it has well begun.
 */
#include "federation.h"

#include <sched.h>
#include <stddef.h>
#include <string.h>

/* ---------------------------------------------------------------- reading */

static uint64_t counter_at(const flr_stats *stats, size_t offset)
{
    uint64_t value;

    memcpy(&value, (const char *)stats + offset, sizeof value);
    return value;
}

/* Each snapshot is consistent, and no counter goes back. */
static void read_stats(federation *f, flr_stats *last)
{
    flr_stats s;
    char detail[64];

    if (flr_runner_get_status(f->runner) > FLR_STATUS_DONE ||
        flr_runner_get_workflow_index(f->runner) > FED_WORKFLOWS) {
        fed_wrong(f, "a run that stands nowhere");
    }
    FED_EXPECT(f, flr_runner_get_detail(f->runner, detail, sizeof detail), 0);
    flr_stats_init(&s, sizeof s);
    FED_EXPECT(f, flr_runner_get_stats(f->runner, &s), 0);
    for (size_t at = offsetof(flr_stats, answer_task); at < sizeof s; at += sizeof(uint64_t)) {
        if (counter_at(&s, at) < counter_at(last, at)) {
            fed_wrong(f, "the counter at %zu went back", at);
        }
    }
    if (s.resends > s.answer_task) {
        fed_wrong(f, "more re-sends than tasks sent");
    }
    *last = s;
}

static int look_at_assignment(void *self, flr_assignment *a)
{
    federation *f = self;
    flr_shareable *result = flr_assignment_get_result(a);

    if (strlen(flr_assignment_get_id(a)) != 32 || flr_assignment_get_send_count(a) == 0 ||
        strncmp(flr_assignment_get_client(a), "site-", 5) != 0 ||
        flr_assignment_get_first_sent(a) > flr_assignment_get_last_sent(a) ||
        flr_assignment_get_state(a) < FLR_ASSIGNMENT_OPEN ||
        flr_assignment_get_state(a) > FLR_ASSIGNMENT_CLOSED) {
        fed_wrong(f, "an assignment of %s for %s is none", flr_assignment_get_id(a),
                  flr_assignment_get_client(a));
    }
    if (result != NULL && strlen(flr_shareable_get_rc(result)) == 0) {
        fed_wrong(f, "a result without a return code");
    }
    flr_shareable_unref(result);
    return 0;
}

static int look_at_client(void *self, const char *client, const char *parent, int64_t last_heard,
                          int64_t disconnected)
{
    (void)parent, (void)last_heard, (void)disconnected;
    *(size_t *)self += strlen(client);
    return 0;
}

static int look_at_name(void *self, const char *client)
{
    *(size_t *)self += strlen(client);
    return 0;
}

typedef struct view {
    federation *f;
    flr_board *board;
    size_t letters;
} view;

static int look_at_task(void *self, const flr_task_info *info)
{
    view *v = self;

    if (info->sent < info->outstanding || info->answered + info->outstanding > info->sent ||
        strncmp(info->name, "task-", 5) != 0 || info->age < 0) {
        fed_wrong(v->f, "the counts of %s do not fit", info->name);
    }
    FED_EXPECT(v->f, flr_board_visit_outstanding(v->board, info->number, look_at_name, &v->letters),
               0, FLR_E_NOTFOUND);
    return 0;
}

static int look_at_records(void *self, const flr_client_info *info)
{
    view *v = self;

    v->letters += strlen(info->name);
    return 0;
}

static void look_at_board(federation *f, flr_board *board)
{
    view v = {f, board, 0};
    flr_board_totals totals;
    flr_blob *text = NULL;
    int64_t when;

    switch (fed_random(f, 5)) {
    case 0:
        flr_board_totals_init(&totals, sizeof totals);
        FED_EXPECT(f, flr_board_get_totals(board, &totals), 0);
        /* What has ended is counted when its task_done has returned. */
        if (totals.standing + totals.ok + totals.timeout + totals.error + totals.cancelled +
                totals.aborted + totals.client_dead >
            totals.scheduled) {
            fed_wrong(f, "the totals of the board do not fit");
        }
        break;
    case 1:
        FED_EXPECT(f, flr_board_visit_tasks(board, look_at_task, &v), 0);
        break;
    case 2:
        FED_EXPECT(f, flr_board_visit_clients(board, look_at_records, &v), 0);
        break;
    case 3:
        FED_EXPECT(f, flr_board_print(board, fed_random(f, 2), &text), 0);
        flr_blob_unref(text);
        break;
    default:
        FED_EXPECT(
            f, flr_board_get_disconnect_time(board, fed_client(fed_random(f, f->clients)), &when),
            0, FLR_E_NOTFOUND);
        break;
    }
}

static void save(federation *f)
{
    flr_state *state = NULL;

    FED_EXPECT(f, flr_runner_save(f->runner, &state), 0);
    flr_state_unref(state);
}

static void read_groups(federation *f)
{
    flr_value *groups = NULL;

    FED_EXPECT(f, flr_info_collector_get_stats(f->collector, &groups), 0);
    flr_value_unref(groups);
    FED_EXPECT(f, flr_info_collector_get(f->collector, &groups), 0);
    flr_value_unref(groups);
}

/* ---------------------------------------------------------------- changing */

static void replace_payload(federation *f, const fed_task *t)
{
    flr_shareable *payload = NULL;

    FED_EXPECT(f, fed_make_shareable(1000 + fed_random(f, 1000), &payload), 0);
    FED_EXPECT(f, flr_task_set_payload(fed_task_of(t), payload, NULL), 0, FLR_E_STATE);
    flr_shareable_unref(payload);
}

/* The first client stays known, so that the deployment policy is not violated. */
static void change_clients(federation *f)
{
    const char *client = fed_client(1 + fed_random(f, f->clients - 1));

    if (fed_chance(f, 2)) {
        FED_EXPECT(f, flr_runner_remove_client(f->runner, client), 0, FLR_E_NOTFOUND);
    } else {
        FED_EXPECT(f, flr_runner_add_client(f->runner, client, "site-0"), 0, FLR_E_EXISTS);
    }
    if (f->guests) {
        client = fed_guest(fed_random(f, FED_GUESTS));
        FED_EXPECT(f, flr_runner_add_client(f->runner, client, NULL), 0, FLR_E_EXISTS);
        FED_EXPECT(f, flr_runner_remove_client(f->runner, client), 0, FLR_E_NOTFOUND);
    }
}

static void change_props(federation *f, const fed_task *t)
{
    flr_value *value = NULL;

    FED_EXPECT(f, flr_value_new_int(t->index, &value), 0);
    FED_EXPECT(f, flr_task_set_prop(fed_task_of(t), "index", value), 0);
    value = NULL;
    FED_EXPECT(f, flr_task_get_prop(fed_task_of(t), "index", &value), 0);
    if (flr_value_get_int(value, -1) != t->index) {
        fed_wrong(f, "a property of %s is lost", t->name);
    }
    flr_value_unref(value);
}

static void wait_a_moment(federation *f, const fed_task *t)
{
    FED_EXPECT(f,
               flr_task_wait(fed_task_of(t), fed_chance(f, 4) ? f->signal : NULL,
                             0.0002 * fed_random(f, 6), NULL),
               0, FLR_E_STATE, FLR_E_TIMEDOUT, FLR_E_ABORTED);
}

static void end_waits(federation *f)
{
    FED_EXPECT(f, flr_signal_trigger(f->signal, NULL), 0);
    sched_yield();
    flr_signal_reset(f->signal);
}

/* ---------------------------------------------------------------- threads */

/* What disturbs a task's course. */
static void disturb(federation *f, flr_board *board, const fed_task *t)
{
    if (fed_chance(f, 4)) {
        end_waits(f);
    } else if (board != NULL && fed_chance(f, 40)) {
        FED_EXPECT(f, flr_board_cancel_all(board, (int)fed_random(f, 7)), 0);
    } else if (t != NULL) {
        FED_EXPECT(f, flr_task_cancel(fed_task_of(t), (int)fed_random(f, 7)), 0, FLR_E_STATE);
    }
}

static void meddle(fed_thread *me, flr_stats *last)
{
    federation *f = me->f;
    const fed_task *t = fed_some_task(f);
    flr_board *board = NULL;
    size_t letters = 0;

    if (flr_context_get_board(me->context, &board) == 0) {
        look_at_board(f, board);
    }
    switch (fed_random(f, t == NULL ? 6 : 11)) {
    case 0:
        read_stats(f, last);
        break;
    case 1:
        read_groups(f);
        break;
    case 2:
        change_clients(f);
        break;
    case 3:
        FED_EXPECT(f, flr_runner_visit_clients(f->runner, look_at_client, &letters), 0);
        break;
    case 4:
        FED_EXPECT(f, flr_runner_wake(f->runner), 0);
        break;
    case 5:
        save(f);
        break;
    case 6:
        FED_EXPECT(f, flr_task_visit_assignments(fed_task_of(t), look_at_assignment, f), 0);
        break;
    case 7:
        replace_payload(f, t);
        break;
    case 8:
        change_props(f, t);
        break;
    case 9:
        wait_a_moment(f, t);
        break;
    default:
        if (fed_chance(f, 8)) {
            disturb(f, board, t);
        }
        break;
    }
}

void *fed_meddler(void *self)
{
    fed_thread *me = self;
    flr_stats last;

    flr_stats_init(&last, sizeof last);
    while (!me->f->calm && !atomic_load_explicit(&me->f->over, memory_order_relaxed)) {
        meddle(me, &last);
        sched_yield();
    }
    return NULL;
}

/* In a run that shall end by itself the first client is never reported. */
void *fed_reporter(void *self)
{
    fed_thread *me = self;
    federation *f = me->f;

    while (!f->calm && !atomic_load_explicit(&f->over, memory_order_relaxed)) {
        unsigned spared = f->options.end == FED_END_ITSELF ? 1 : 0;
        unsigned client = spared + fed_random(f, f->clients - spared);

        if (fed_chance(f, 2)) {
            FED_EXPECT(f, flr_runner_handle_dead_job(f->runner, fed_client(client)), 0);
        }
        if (f->guests && fed_chance(f, 16)) {
            FED_EXPECT(f, flr_runner_handle_dead_job(f->runner, fed_guest(0)), 0);
        }
        fed_heartbeat(f, me->context, me->props, fed_client(fed_random(f, f->clients)));
        fed_tick(f, me->context);
        sched_yield();
    }
    return NULL;
}

void *fed_aborter(void *self)
{
    fed_thread *me = self;
    federation *f = me->f;

    if (f->options.end == FED_END_PANIC) {
        FED_EXPECT(f, flr_context_panic(me->context, "at once"), 0);
    } else if (f->options.end == FED_END_WARM || f->options.end == FED_END_COLD) {
        FED_EXPECT(f, flr_runner_abort(f->runner, f->options.end == FED_END_COLD), 0);
    }
    return NULL;
}
