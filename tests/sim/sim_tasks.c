/* Tasks and their callbacks, filters, and what host code does while it is inside a callback. */
#include "sim.h"

#include <stdio.h>
#include <string.h>

enum { FAIL_SEND = FLR_E_HOST - 1, FAIL_RECEIVED = FLR_E_HOST - 2, FAIL_DONE = FLR_E_HOST - 3 };

/* ---- what host code does inside a callback ---- */

static bool may_ask(sim *s, int client)
{
    sim_choice choice;

    if (s->in_callback == 0) {
        return true;
    }
    choice = sim_choose(s, client, true); /* a refused request takes nobody up into a relay */
    return !s->data_filter && (choice.task == NULL || !sim_is_relay(choice.task) ||
                               sim_is_listed(choice.task, client));
}

static void nested_request(sim *s, enum sim_where where)
{
    int client = (int)sim_below(s, SIM_CLIENTS);

    if (s->submission != NULL && sim_chance(s, 30)) {
        client = s->submission->client; /* BD-17: it gets nothing of the task that it answers */
    }
    if (where == SIM_IN_SEND || where == SIM_IN_FILTER) { /* RQ-06: a second one of the client */
        if (s->request == NULL) {
            return;
        }
        client = s->request->client;
    }
    sim_settle(s);
    if (s->bulk == 0 && may_ask(s, client)) {
        sim_ask(s, client, SIM_PEER_OK, false);
    }
}

static void nested_submission(sim *s)
{
    sim_assign *a = sim_pick_assign(s, -1);

    if (s->in_callback > 0) {
        sim_submit_reentrant(s);
    } else if (s->bulk == 0 && a != NULL) {
        sim_submit(s, a->client, a->task->name, a->id, SIM_PEER_OK);
    }
}

static void nested_refused(sim *s)
{
    flr_step_result result;
    sim_task *t = sim_pick_task(s, true);
    int status;

    flr_step_result_init(&result, sizeof result);
    sim_expect_int(s, flr_runner_step(s->runner, &result), FLR_E_REENTRANT, "LC-26",
                   "a step inside a callback");
    if (t != NULL && s->bulk == 0) {
        status = flr_task_wait(t->task, NULL, 0.0, NULL);
        sim_expect(s, status == FLR_E_REENTRANT || status == FLR_E_NOTSUP, "BD-19",
                   "waiting inside a callback");
    }
}

static void nested_cancel(sim *s)
{
    sim_task *t = sim_pick_task(s, sim_chance(s, 80));

    if (s->bulk > 0 || t == NULL) {
        return;
    }
    if (sim_chance(s, 10)) {
        sim_cancel_all(s, FLR_TASK_STANDING);
    } else {
        sim_cancel(s, t, (int)sim_below(s, 7));
    }
}

static void nested_end(sim *s, flr_context *context)
{
    if (!sim_chance(s, 10)) {
        s->wanted = true;
        sim_expect_int(s, flr_runner_wake(s->runner), 0, "LC-32", "flr_runner_wake");
    } else if (sim_chance(s, 50)) {
        sim_abort(s, sim_chance(s, 50));
    } else {
        sim_note(s, "panic");
        s->panicking = true;
        sim_expect_int(s, flr_context_panic(context, "a reason"), 0, "EV-09", "flr_context_panic");
        s->panicking = false;
    }
}

static void nested_report(sim *s)
{
    bool busy = s->in_callback > 0 || s->request != NULL || s->submission != NULL;

    if (s->bulk == 0 && (s->grace > 0 || !busy)) {
        sim_report(s, (int)sim_below(s, SIM_CLIENTS));
    }
}

static void nested_look(sim *s)
{
    sim_task *t = sim_pick_task(s, false);

    sim_settle(s);
    if (s->bulk == 0 && s->under_way) {
        sim_check_inside(s);
    }
    if (t != NULL && t->kind == FLR_KIND_FOREVER && s->bulk == 0) {
        sim_replace_payload(s, t);
    }
}

/* Host code takes its time; what is due meanwhile comes before what it does next. */
static void nested_delay(sim *s, enum sim_where where)
{
    if (s->bulk == 0 && where != SIM_IN_CONTROL) {
        sim_advance(s, (1 + (int64_t)sim_below(s, 8)) * SIM_NS / 4);
        sim_settle(s);
    }
}

void sim_nested(sim *s, enum sim_where where, flr_context *context)
{
    uint32_t percent = where == SIM_IN_EVENT ? s->profile->chaos / 4u : s->profile->chaos;
    sim_assign *a;

    if (s->calm || s->failed || s->depth >= 5 || s->violated || !sim_chance(s, percent)) {
        return;
    }
    s->depth++;
    switch (sim_below(s, 12)) {
    case 0:
    case 1:
        sim_schedule(s);
        break;
    case 2:
    case 3:
        nested_cancel(s);
        break;
    case 4:
        sim_beat(s, (int)sim_below(s, SIM_CLIENTS));
        break;
    case 5:
        nested_report(s);
        break;
    case 6:
        a = sim_pick_assign(s, -1);
        if (a != NULL && s->bulk == 0) {
            sim_task_check(s, a->client, a->id);
        }
        break;
    case 7:
        nested_request(s, where);
        break;
    case 8:
        nested_submission(s);
        break;
    case 9:
        nested_refused(s);
        nested_look(s);
        break;
    case 10:
        nested_end(s, context);
        break;
    default:
        nested_delay(s, where);
    }
    s->depth--;
}

/* ---- callbacks of tasks ---- */

static bool fails(sim *s)
{
    return !s->calm && !s->failed && sim_chance(s, s->profile->failing);
}

static void enter(sim_task *t)
{
    sim *s = t->sim;

    s->depth++;
    s->in_callback++;
    sim_settle(s);
    sim_expect(s, t->running == 0, "BD-17", "callbacks of a task overlap");
    sim_expect(s, !t->done, "BD-26", "a callback after task_done");
    sim_expect(s, t->workflow == s->workflow && t - s->tasks >= s->first_task, "LC-14",
               "a callback after the end of its workflow");
    t->running++;
}

static int leave(sim_task *t, int status, flr_context *context)
{
    sim *s = t->sim;

    t->running--;
    s->in_callback--;
    s->depth--;
    if (t->status != FLR_TASK_STANDING && !t->has_done) {
        sim_finish(t); /* who has the turn does it */
    }
    if (status == 0) {
        return 0;
    }
    s->stats.task_callback_failures++;
    sim_note(s, "it fails with %d", status);
    return flr_context_fail(context, status, "failed on purpose");
}

static bool check_send(sim_task *t, flr_assignment *assignment, flr_context *context, int stage)
{
    sim *s = t->sim;
    sim_request *r = s->request;
    const char *id = flr_assignment_get_id(assignment);
    flr_value *again = NULL;

    if (r == NULL || r->choice.task != t || r->sending >= stage || r->assign != NULL) {
        sim_fail(s, "BD-09", "an unexpected send callback of #%d", t->order);
        return false;
    }
    r->sending = stage;
    if (r->id[0] == '\0') {
        snprintf(r->id, sizeof r->id, "%s", id);
    }
    sim_expect(s, strcmp(r->id, id) == 0, "BD-09", "the id has changed");
    sim_expect_int(s, sim_client_of(s, flr_assignment_get_client(assignment)), r->client, "BD-09",
                   "the assignment's client");
    flr_context_get(context, FLR_PROP_IS_RESEND, &again);
    sim_expect_int(s, flr_value_get_bool(again, 0), r->choice.again != NULL, "BD-06",
                   "__is_resend__");
    flr_value_unref(again);
    sim_expect(s, r->choice.again == NULL || strcmp(r->choice.again->id, id) == 0, "BD-06",
               "the id of a re-send");
    return true;
}

/* The last of the send callbacks returns (BD-10). */
static void finish_sending(sim_task *t)
{
    sim *s = t->sim;
    sim_request *r = s->request;

    if (r->failure != 0 && t->status == FLR_TASK_STANDING) {
        sim_end(t, FLR_TASK_ERROR, s->now, SIM_BY_CALL);
        t->error = r->failure;
    }
    /* SR-07: what was given up meanwhile is not sent again */
    if (t->status != FLR_TASK_STANDING ||
        (r->choice.again != NULL && r->choice.again->state != FLR_ASSIGNMENT_OPEN)) {
        r->dropped = true;
        return;
    }
    r->assign = sim_record(s, &r->choice, r->client);
    if (r->assign->id[0] == '\0') {
        snprintf(r->assign->id, sizeof r->assign->id, "%s", r->id);
    }
}

int sim_before(void *self, flr_assignment *assignment, flr_context *context)
{
    sim_task *t = self;
    sim *s = t->sim;
    int status = 0;

    sim_note(s, "before_task_sent of #%d", t->order);
    enter(t);
    if (check_send(t, assignment, context, 1)) {
        flr_shareable_set_int(flr_assignment_get_data(assignment), "mine", s->request->client);
        sim_nested(s, SIM_IN_SEND, context);
        status = fails(s) ? FAIL_SEND : 0;
        s->request->failure = status;
        if (!t->has_after) {
            finish_sending(t);
        }
    }
    return leave(t, status, context);
}

int sim_after(void *self, flr_assignment *assignment, flr_context *context)
{
    sim_task *t = self;
    sim *s = t->sim;
    int status = 0;

    sim_note(s, "after_task_sent of #%d", t->order);
    enter(t);
    if (check_send(t, assignment, context, 2)) {
        sim_nested(s, SIM_IN_SEND, context);
        status = fails(s) ? FAIL_SEND : 0;
        s->request->failure = s->request->failure != 0 ? s->request->failure : status;
        finish_sending(t);
    }
    return leave(t, status, context);
}

/* Whose result this is: of the submission under way, or the server's own (BD-24). */
static sim_assign *find_received(sim *s, const char *id, bool *by_server)
{
    sim_submission *u = s->submission;
    sim_request *r = s->request;

    *by_server = false;
    if (u != NULL && u->outcome == FLR_OUTCOME_ACCEPTED && !u->received &&
        strcmp(u->assign->id, id) == 0) {
        u->received = true;
        return u->assign;
    }
    *by_server = true;
    if (r != NULL && r->filter_failed && r->assign->claimed && strcmp(r->assign->id, id) == 0) {
        return r->assign;
    }
    return NULL;
}

static void check_received(sim *s, flr_assignment *assignment, const sim_assign *a, bool by_server)
{
    flr_shareable *result = flr_assignment_get_result(assignment);
    const char *rc = flr_shareable_get_rc(result);
    bool late = a->state == FLR_ASSIGNMENT_GIVEN_UP;

    sim_expect_int(s, flr_value_get_bool(flr_shareable_get_header(result, "__reply_is_late__"), 0),
                   late, "SR-08", "__reply_is_late__");
    if (by_server) {
        sim_expect(s, strcmp(rc, FLR_RC_TASK_DATA_FILTER_ERROR) == 0, "BD-24", "the return code");
    } else if (s->submission->filtered) {
        sim_expect(s, strcmp(rc, FLR_RC_TASK_RESULT_FILTER_ERROR) == 0, "SB-12", "the return code");
    } else {
        sim_expect_int(s, flr_value_get_int(flr_shareable_get(result, "x"), -1), s->submission->x,
                       "BD-20", "the result's content");
    }
    flr_shareable_unref(result);
}

/* BD-21: what the board keeps is what was put there on purpose. */
static void keep_result(sim *s, flr_assignment *assignment, bool keep)
{
    flr_shareable *result = flr_assignment_get_result(assignment);

    sim_expect_int(s, flr_assignment_set_result(assignment, keep ? result : NULL), 0, "BD-21",
                   "flr_assignment_set_result");
    flr_shareable_unref(result);
}

int sim_received(void *self, flr_assignment *assignment, flr_context *context)
{
    sim_task *t = self;
    sim *s = t->sim;
    bool by_server, stood;
    sim_assign *a = find_received(s, flr_assignment_get_id(assignment), &by_server);
    int status = 0;

    sim_note(s, "result_received of #%d%s", t->order, by_server ? ", the server's" : "");
    enter(t);
    if (a == NULL || a->task != t) {
        sim_fail(s, "BD-20", "an unexpected result_received of #%d", t->order);
        return leave(t, 0, context);
    }
    check_received(s, assignment, a, by_server);
    a->kept = !s->calm && sim_chance(s, 20);
    if (a->kept || sim_chance(s, 20)) {
        keep_result(s, assignment, a->kept);
    }
    sim_nested(s, SIM_IN_RECEIVED, context);
    status = fails(s) ? FAIL_RECEIVED : 0;
    stood = t->status == FLR_TASK_STANDING;
    sim_answer(s, a, by_server, status != 0);
    t->error = status != 0 && stood ? status : t->error;
    return leave(t, status, context);
}

static void check_done(sim_task *t, flr_task *task)
{
    sim *s = t->sim;
    int status = flr_task_get_status(task);
    /* an abort inside the task_done of another one, while all are being ended */
    bool may_differ = s->bulk > 0 && s->aborted && status == FLR_TASK_ABORTED;

    sim_note(s, "task_done of #%d: %s", t->order, flr_task_status_get_name(status));
    if (may_differ) {
        t->status = status;
    }
    sim_expect_int(s, status, t->status, "BD-25", "the status in task_done");
    sim_expect(s, t->status != FLR_TASK_STANDING, "BD-26", "task_done of a standing task");
    sim_expect(s, t->by != SIM_BY_DRIVER || s->stepping || t->held, "BD-26",
               "a deadline's task_done is the driver's, or who has the turn makes it");
    if (t->by == SIM_BY_DRIVER && s->bulk == 0 && !t->held) { /* oldest instant first */
        for (int i = 0; i < SIM_CLIENTS; i++) {
            sim_expect(s, !s->clients[i].untold || s->clients[i].gone > t->ended,
                       "General rules, Time", "task_done comes before a client's event");
        }
        sim_expect(s, t->decision > s->last_done, "General rules, Time",
                   "the order of the driver's callbacks");
        s->last_done = t->decision;
    }
}

int sim_done(void *self, flr_task *task, flr_context *context)
{
    sim_task *t = self;
    sim *s = t->sim;
    int status;

    enter(t);
    check_done(t, task);
    if (!t->held) {
        sim_finish_silent(s, t->decision, t->by == SIM_BY_DRIVER);
    }
    sim_finish(t);
    sim_nested(s, SIM_IN_DONE, context);
    status = t->status != FLR_TASK_ERROR && fails(s) ? FAIL_DONE : 0;
    if (status != 0) {
        t->status = FLR_TASK_ERROR;
        t->error = status;
    }
    t->done = true;
    return leave(t, status, context);
}

void sim_destroy(void *self)
{
    sim_task *t = self;

    t->destroyed++;
}

/* ---- filters, results of unknown tasks ---- */

static void close_for_client(sim *s, sim_assign *a)
{
    if (a->state != FLR_ASSIGNMENT_OPEN || a->task->status != FLR_TASK_STANDING) {
        return;
    }
    if (s->cancel_on_filter_error) {
        sim_end(a->task, FLR_TASK_CANCELLED, s->now, SIM_BY_CALL);
    } else if (a->task->has_received) {
        a->claimed = true;
    } else {
        sim_answer(s, a, true, false);
    }
}

int sim_filter_data(void *self, flr_context *context, flr_shareable *message,
                    flr_shareable **output)
{
    sim *s = self;
    sim_request *r = s->request;
    const char *id = flr_context_get_task_id(context);

    if (r == NULL || r->assign == NULL || id == NULL) {
        sim_fail(s, "RQ-11", "an unexpected call of a data filter");
        return 0;
    }
    if (r->assign->id[0] == '\0') {
        snprintf(r->assign->id, sizeof r->assign->id, "%s", id);
    }
    s->in_callback++;
    sim_nested(s, SIM_IN_FILTER, context);
    s->in_callback--;
    if (!s->calm && sim_chance(s, 12)) {
        sim_note(s, "a data filter fails for #%d", r->assign->task->order);
        sim_settle(s);
        r->filter_failed = true;
        s->stats.data_filter_failures++;
        close_for_client(s, r->assign);
        return sim_chance(s, 50) ? FLR_E_HOST - 4 : 0;
    }
    *output = flr_shareable_ref(message);
    return 0;
}

int sim_filter_result(void *self, flr_context *context, flr_shareable *message,
                      flr_shareable **output)
{
    sim *s = self;
    sim_submission *u = s->submission;

    if (u != NULL && !u->reentrant) {
        s->in_callback++;
        sim_nested(s, SIM_IN_FILTER, context);
        s->in_callback--;
        if (!s->calm && sim_chance(s, 12)) {
            u->filtered = true;
            s->stats.result_filter_failures++;
            return FLR_E_HOST - 5;
        }
    }
    *output = flr_shareable_ref(message);
    return 0;
}

int sim_unknown(void *self, flr_context *context, const char *client, const char *name,
                const char *id, const flr_shareable *result)
{
    sim *s = self;
    sim_submission *u = s->submission;

    sim_note(s, "process_result_of_unknown_task of %s", client);
    if (u == NULL || result == NULL || u->unknown_before != 1 ||
        (u->outcome != FLR_OUTCOME_LATE && u->outcome != FLR_OUTCOME_UNKNOWN_TASK)) {
        sim_fail(s, "SB-15", "an unexpected process_result_of_unknown_task");
        return 0;
    }
    u->unknown++;
    sim_expect_int(s, sim_client_of(s, client), u->client, "SB-15", "the client");
    sim_expect(s, strcmp(name == NULL ? "" : name, u->name == NULL ? "" : u->name) == 0, "SB-15",
               "the task name");
    sim_expect(s, strcmp(id == NULL ? "" : id, u->id == NULL ? "" : u->id) == 0, "SB-15",
               "the task id");
    s->depth++;
    s->in_callback++;
    sim_nested(s, SIM_IN_UNKNOWN, context);
    s->in_callback--;
    s->depth--;
    u->failed = fails(s);
    return u->failed ? FLR_E_HOST - 6 : 0;
}
