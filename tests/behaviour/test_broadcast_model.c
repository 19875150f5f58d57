/*
 * Two broadcasts to the same sites, against a model of the rows that goes second by second: sites
 * ask, answer, die and return at random. Rows BD-06, BD-07, BD-29, BC-01 to BC-04, BC-07 to BC-09,
 * DC-02, DC-08, SB-13, SB-14, SB-16, AX-06, and the general rule "Time".
 */
#include "boardhost.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODELS 2
#define SITES  4 /* at most; the next one is never a target and never dead */

static boardhost h;

/* One task "validate", and what its callbacks saw. */
typedef struct validation {
    flr_task *task;
    int model; /* in its data */
    int received[SITES + 1], done;
} validation;

static int count_result(void *self, flr_assignment *a, flr_context *context)
{
    validation *v = self;

    (void)context;
    v->received[flr_assignment_get_client(a)[5] - '0']++; /* site-N */
    return 0;
}

static int count_end(void *self, flr_task *task, flr_context *context)
{
    validation *v = self;

    (void)context;
    ck_assert_int_ne(flr_task_get_status(task), FLR_TASK_STANDING);
    v->done++;
    return 0;
}

static void validate(validation *v, int model, int sites, uint64_t min, double wait, double timeout)
{
    flr_task_options o;
    flr_shareable *payload;

    memset(v, 0, sizeof *v);
    v->model = model;
    ck_assert_int_eq(flr_shareable_new(&payload), 0);
    ck_assert_int_eq(flr_shareable_set_int(payload, "model", model), 0);
    flr_task_options_init(&o, sizeof o);
    o.payload = payload;
    o.timeout = timeout;
    o.result_received = count_result;
    o.task_done = count_end;
    o.self = v;
    v->task = boardhost_task(&h, "validate", &o);
    flr_shareable_unref(payload);
    ck_assert_int_eq(boardhost_broadcast(&h, v->task, FLR_TARGETS_LIST, sites, min, wait), 0);
}

static validation two[MODELS];
static char history[2048]; /* of this round, for the message of a failed assertion */

static uint64_t seed;

static int draw(int below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (int)((seed >> 33) % (uint64_t)below);
}

#define GRACE 10
#define LEAD  30

/* What the rows say of one broadcast to sites 1 to n. Times are seconds; -1: not yet, never. */
typedef struct expected {
    int scheduled, ready, wait, timeout, min;
    int status;
    bool given[SITES + 1], answered[SITES + 1], late[SITES + 1];
    char id[SITES + 1][40];
} expected;

static struct {
    int n, now, begun; /* sites, the clock, tasks scheduled so far */
    expected tasks[MODELS];
    int listed[SITES + 1]; /* when it was reported dead; -1: it was not */
    bool dead[SITES + 1];
    int task[SITES + 1]; /* of the answer that reached it; -1: none */
    int last[SITES + 1]; /* the step from which on it is silent in this round */
} fed;

/* BC-02 to BC-04, BC-07, BC-08, BD-29, DC-08, in this order. */
static void decide(expected *e)
{
    int answers = 0, live = 0;

    for (int i = 1; i <= fed.n; i++) {
        answers += e->answered[i];
        live += !e->answered[i] && !fed.dead[i];
    }
    if (e->status != FLR_TASK_STANDING) {
        return;
    }
    if (e->min > 0 && answers >= e->min && e->ready < 0) {
        e->ready = fed.now;
    }
    if (answers == fed.n || (e->ready >= 0 && (fed.now >= e->ready + e->wait || live == 0))) {
        e->status = FLR_TASK_OK;
    } else if (e->timeout > 0 && fed.now >= e->scheduled + e->timeout) {
        e->status = FLR_TASK_TIMEOUT;
    } else if (fed.now >= e->scheduled + LEAD &&
               (e->min == 0 ? live == 0 : answers + live < e->min)) {
        e->status = FLR_TASK_CLIENT_DEAD;
    }
}

static void decide_all(void)
{
    for (int i = 0; i < fed.begun; i++) {
        decide(&fed.tasks[i]);
    }
}

static void pass(int seconds)
{
    for (int i = 0; i < seconds; i++) {
        fed.now++;
        for (int j = 1; j <= fed.n; j++) {
            if (fed.listed[j] >= 0 && fed.listed[j] + GRACE == fed.now) {
                fed.dead[j] = true;
                fed.listed[j] = -1;
            }
        }
        decide_all();
    }
    ck_assert_int_eq(flr_clock_advance(h.clock, seconds), 0);
}

static void heard(int client)
{
    fed.listed[client] = -1;
    fed.dead[client] = false;
}

/* Which task a request of the client gets; -1: none. */
static int due_task(int client)
{
    for (int i = 0; i < fed.begun; i++) {
        expected *e = &fed.tasks[i];

        if (e->status == FLR_TASK_STANDING && e->given[client] && !e->answered[client]) {
            return i;
        }
    }
    for (int i = 0; i < fed.begun; i++) {
        if (fed.tasks[i].status == FLR_TASK_STANDING && !fed.tasks[i].given[client]) {
            return i;
        }
    }
    return -1;
}

static void fed_ask(int client, bool lost)
{
    const flr_answer *answer = boardhost_ask(&h, client);
    int task = due_task(client);
    expected *e = &fed.tasks[task < 0 ? 0 : task];

    heard(client);
    ck_assert_msg((answer != NULL) == (task >= 0), "%s: task expected: %d", history, task);
    if (task < 0) {
        return;
    }
    ck_assert_msg(flr_value_get_int(flr_shareable_get(flr_answer_get_data(answer), "model"), 0) ==
                      task + 1,
                  "%s: model %d expected", history, task + 1);
    if (!e->given[client]) {
        e->given[client] = true;
        snprintf(e->id[client], 40, "%s", flr_answer_get_id(answer));
    }
    ck_assert_msg(strcmp(e->id[client], flr_answer_get_id(answer)) == 0, "%s: other id", history);
    if (!lost) {
        fed.task[client] = task;
    }
}

static void fed_answer(int client)
{
    expected *e = &fed.tasks[fed.task[client]];
    int outcome = boardhost_answer(&h, client, "validate", e->id[client], 1), right;

    heard(client);
    if (e->answered[client] || e->late[client]) {
        right = FLR_OUTCOME_DUPLICATE;
    } else if (e->status == FLR_TASK_STANDING) {
        right = FLR_OUTCOME_ACCEPTED;
        e->answered[client] = true;
    } else {
        right = FLR_OUTCOME_LATE;
        e->late[client] = true;
    }
    ck_assert_msg(outcome == right, "%s: outcome %d, not %d", history, outcome, right);
}

static void fed_check(int client)
{
    expected *e = &fed.tasks[fed.task[client]];
    const char *reply = boardhost_check(&h, client, e->id[client]), *right;

    heard(client);
    if (e->late[client]) {
        return; /* closed, or received: the rows do not say */
    }
    right = e->answered[client]              ? "already received"
            : e->status == FLR_TASK_STANDING ? "OK"
                                             : "closed";
    ck_assert_msg(strcmp(reply, right) == 0, "%s: check %s, not %s", history, reply, right);
}

static void schedule(void)
{
    static const int timeouts[] = {0, 0, 25, 40};
    expected *e = &fed.tasks[fed.begun];

    memset(e, 0, sizeof *e);
    e->scheduled = fed.now;
    e->ready = -1;
    e->min = draw(fed.n + 1);
    e->wait = draw(2) * 7;
    e->timeout = timeouts[draw(4)];
    boardhost_step(&h); /* what is due is decided before */
    validate(&two[fed.begun], fed.begun + 1, fed.n, (uint64_t)e->min, e->wait, e->timeout);
    fed.begun++;
    decide_all();
}

static void fed_act(int step)
{
    int client = 1 + draw(fed.n), what = draw(12), seconds = 1 + draw(12);
    size_t used = strlen(history);

    if (what <= 8 && step >= fed.last[client]) {
        what = 9; /* it is reported dead, for good */
    } else if (what >= 4 && what <= 7 && fed.task[client] < 0) {
        what = 0; /* nothing in hand */
    }
    snprintf(history + used, sizeof history - used, "%d:%d@%d ", what, client, fed.now);
    switch (what) {
    case 0:
    case 1:
    case 2:
        fed_ask(client, false);
        break;
    case 3:
        fed_ask(client, true);
        break;
    case 4:
    case 5:
    case 6:
        fed_answer(client);
        break;
    case 7:
        fed_check(client);
        break;
    case 8:
        boardhost_heartbeat(&h, client);
        heard(client);
        break;
    case 9:
    case 10:
        boardhost_dead(&h, client);
        if (fed.listed[client] < 0 && !fed.dead[client]) {
            fed.listed[client] = fed.now;
        }
        break;
    default:
        pass(seconds);
        if (draw(2) == 0) {
            return; /* the driver does not come by before the next message */
        }
        boardhost_step(&h);
    }
    decide_all();
    for (int i = 0; i < fed.begun; i++) {
        ck_assert_msg(flr_task_get_status(two[i].task) == fed.tasks[i].status,
                      "%s: model %d is %s, not %s", history, i + 1,
                      flr_task_status_get_name(flr_task_get_status(two[i].task)),
                      flr_task_status_get_name(fed.tasks[i].status));
    }
}

/* Both models, until both tasks have ended; at most so many steps. */
static void fed_round(void)
{
    history[0] = '\0';
    fed.begun = 0;
    for (int i = 1; i <= fed.n; i++) {
        boardhost_heartbeat(&h, i);
        heard(i);
        fed.task[i] = -1;
        fed.last[i] = draw(2) == 0 ? draw(30) : 1000;
    }
    schedule();
    for (int step = 0; step < 120; step++) {
        if (fed.begun < MODELS && draw(5) == 0) {
            schedule();
        }
        fed_act(step);
        if (fed.begun == MODELS && fed.tasks[0].status != FLR_TASK_STANDING &&
            fed.tasks[1].status != FLR_TASK_STANDING && draw(10) == 0) {
            break; /* some late ones have come meanwhile */
        }
    }
    for (int i = 0; i < fed.begun; i++) {
        expected *e = &fed.tasks[i];

        boardhost_step(&h);
        ck_assert_int_eq(flr_task_get_status(two[i].task), e->status);
        ck_assert_msg(two[i].done == (e->status != FLR_TASK_STANDING), "%s: done %d times", history,
                      two[i].done);
        ck_assert_int_eq(flr_task_cancel(two[i].task, 0), 0);
        ck_assert_int_eq(two[i].done, 1);
        for (int j = 1; j <= fed.n; j++) {
            ck_assert_msg(two[i].received[j] == e->answered[j], "%s: %d results of site-%d",
                          history, two[i].received[j], j);
        }
        flr_task_unref(two[i].task);
    }
    boardhost_trace(&h);
}

/* _i is the seed. */
START_TEST(bc_08_as_the_rows_say)
{
    int ends[8] = {0};

    seed = UINT64_C(0x9e3779b97f4a7c15) * (uint64_t)_i;
    memset(&fed, 0, sizeof fed);
    fed.n = 2 + _i % (SITES - 1);
    boardhost_init(&h, (size_t)fed.n + 1);
    h.grace = GRACE;
    h.lead = LEAD;
    boardhost_begin(&h);
    for (int i = 0; i < 40; i++) {
        fed_round();
        ends[fed.tasks[0].status]++;
        ends[fed.tasks[1].status]++;
    }
    /* the rounds are worth something */
    ck_assert_int_gt(ends[FLR_TASK_OK], 0);
    ck_assert_int_gt(ends[FLR_TASK_TIMEOUT], 0);
    ck_assert_int_gt(ends[FLR_TASK_CLIENT_DEAD], 0);
    boardhost_close(&h);
    boardhost_free(&h);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("broadcast, against a model");
    TCase *tcase = tcase_create("model");

    tcase_add_loop_test(tcase, bc_08_as_the_rows_say, 1, 25);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
