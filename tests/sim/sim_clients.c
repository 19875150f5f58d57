/* What clients send, each message with what the oracle foretells of it. */
#include "sim.h"

#include <stdio.h>
#include <string.h>

/* ---- requests ---- */

static bool has_send_callbacks(const sim_task *t)
{
    return t->has_before || t->has_after;
}

/* The communicator is asked next: here the choice falls. */
void sim_on_before_request(sim *s, flr_context *context)
{
    sim_request *r = s->request;

    if (r == NULL || r->before > 0) {
        sim_fail(s, "RQ-07", "_before_process_task_request without a request");
        return;
    }
    r->before++;
    r->reserved = true;
    sim_nested(s, SIM_IN_EVENT, context);
    sim_settle(s);
    r->choice = sim_choose(s, r->client, false);
    if (r->choice.task == NULL) {
        return;
    }
    if (s->in_callback > 0 && (has_send_callbacks(r->choice.task) || s->data_filter)) {
        r->reentrant = true;
        return;
    }
    r->version = r->choice.task->version; /* its copy is made now */
    if (!has_send_callbacks(r->choice.task)) {
        r->assign = sim_record(s, &r->choice, r->client);
    }
}

void sim_on_after_request(sim *s)
{
    if (s->request == NULL || s->request->before != 1 || s->request->after != 0) {
        sim_fail(s, "RQ-07", "_after_process_task_request in the wrong place");
        return;
    }
    s->request->after++;
}

static bool is_served_now(const sim *s, int client)
{
    for (const sim_request *r = s->request; r != NULL; r = r->outer) {
        if (r->client == client && r->reserved) {
            return true;
        }
    }
    return false;
}

/* A message is over; `outer`: whom the message around it waits for. */
static void expect_nobody_back(sim *s, int outer)
{
    sim_expect_int(s, s->expect_back, -1, "DC-04", "_client_reconnected did not come for");
    s->expect_back = outer;
}

static int expect_answer(sim *s, uint64_t *counter, int kind)
{
    (void)s;
    (*counter)++;
    return kind;
}

/* What a request must get that met no open workflow; 0: it goes on. */
static int expect_early(sim *s, int client, int peer)
{
    if (s->status == FLR_STATUS_INIT) {
        return expect_answer(s, &s->stats.answer_try_not_started, FLR_ANSWER_TRY_AGAIN);
    }
    if (s->status == FLR_STATUS_DONE) {
        return expect_answer(s, &s->stats.answer_end_done, FLR_ANSWER_END_RUN);
    }
    if (peer == SIM_PEER_NONE) {
        return expect_answer(s, &s->stats.answer_try_no_peer, FLR_ANSWER_TRY_AGAIN);
    }
    if (peer == SIM_PEER_WRONG) {
        return expect_answer(s, &s->stats.answer_end_job, FLR_ANSWER_END_RUN);
    }
    sim_credit(s, client);
    if (is_served_now(s, client)) {
        return expect_answer(s, &s->stats.answer_try_busy, FLR_ANSWER_TRY_AGAIN);
    }
    return s->open ? 0 : expect_answer(s, &s->stats.answer_try_no_workflow, FLR_ANSWER_TRY_AGAIN);
}

static int expect_late(sim *s, const sim_request *r, int kind)
{
    if (r->choice.task == NULL || r->dropped) {
        return expect_answer(s, &s->stats.answer_try_no_task, FLR_ANSWER_TRY_AGAIN);
    }
    if (r->filter_failed && kind != FLR_ANSWER_END_RUN) {
        return expect_answer(s, &s->stats.answer_try_filter, FLR_ANSWER_TRY_AGAIN);
    }
    if (s->status == FLR_STATUS_DONE) { /* RQ-14; after a failed filter either of the two */
        return expect_answer(s, &s->stats.answer_end_done, FLR_ANSWER_END_RUN);
    }
    s->stats.resends += r->choice.again != NULL;
    return expect_answer(s, &s->stats.answer_task, FLR_ANSWER_TASK);
}

static const char *cookie_of(const flr_shareable *data, const char *key)
{
    return flr_value_get_text(flr_shareable_get_cookie(data, key), "?");
}

static bool is_id(const char *id)
{
    return strlen(id) == 32 && strspn(id, "0123456789abcdef") == 32;
}

/* Keep the id of a new assignment; that of an old one must be the same again. */
static void learn_id(sim *s, sim_assign *a, const char *id)
{
    if (a->id[0] == '\0') {
        sim_expect(s, is_id(id), "BD-15", "the form of a task id");
        sim_expect(s, sim_find(s, id) == NULL, "PS-07", "the same task id twice");
        snprintf(a->id, sizeof a->id, "%s", id);
    }
    sim_expect(s, strcmp(a->id, id) == 0, "BD-06", "a re-send carries another id");
}

static void check_task_answer(sim *s, const sim_request *r, const flr_answer *answer)
{
    const flr_shareable *data = flr_answer_get_data(answer);
    const char *id = flr_answer_get_id(answer), *name = flr_answer_get_name(answer);
    char workflow[16];
    const sim_task *t = r->choice.task;

    sim_note(s, "-> #%d %s %s%s", t->order, name, id, r->choice.again != NULL ? " again" : "");
    learn_id(s, r->assign, id);
    snprintf(workflow, sizeof workflow, "wf%d", s->workflow + 1);
    sim_expect(s, strcmp(name, t->name) == 0, "BD-07", "the name of another task");
    sim_expect(s, strcmp(cookie_of(data, FLR_COOKIE_TASK_ID), id) == 0, "RQ-10", "cookie");
    sim_expect(s, strcmp(cookie_of(data, FLR_COOKIE_WORKFLOW), workflow) == 0, "RQ-10", "cookie");
    sim_expect_int(s, flr_value_get_int(flr_shareable_get(data, "version"), -1), r->version,
                   "BC-11", "the payload");
    sim_expect_int(s, flr_value_get_int(flr_shareable_get(data, "mine"), -1),
                   t->has_before ? r->client : -1, "BD-09", "the client's own copy");
}

/* The answer against what was foretold. */
static void check_answer(sim *s, const sim_request *r, int kind, int expected, bool early)
{
    if (kind != expected) {
        sim_fail(s, "BD-07", "%s asked: expected answer %d (task #%d%s), got %d",
                 s->clients[r->client].name, expected,
                 r->choice.task == NULL ? -1 : r->choice.task->order,
                 r->choice.again != NULL ? ", a re-send" : "", kind);
    }
    sim_expect_int(s, r->before, early ? 0 : 1, "RQ-18", "_before_process_task_request");
    sim_expect_int(s, r->after, early ? 0 : 1, "RQ-07", "_after_process_task_request");
    sim_expect(s, early || r->choice.task == NULL || r->dropped || r->assign != NULL, "BD-09",
               "the send callbacks were not called");
    sim_expect(s, !r->filter_failed || !r->assign->claimed, "BD-24",
               "result_received was not called");
}

sim_assign *sim_ask(sim *s, int client, int peer, bool lose)
{
    sim_request r = {.outer = s->request, .client = client, .choice.leg = -1};
    const flr_answer *answer = NULL;
    int expected, kind, status, back = s->expect_back;
    bool early;

    if (s->messages == SIM_DEPTH || s->assign_count == SIM_ASSIGNS) {
        return NULL;
    }
    s->expect_back = -1;
    sim_settle(s);
    sim_note(s, "%s asks%s", s->clients[client].name, peer == SIM_PEER_OK ? "" : " oddly");
    expected = expect_early(s, client, peer);
    early = expected != 0;
    s->request = &r;
    s->depth++;
    status = flr_runner_process_task_request(s->runner, s->clients[client].name,
                                             sim_context(s, peer), &answer);
    s->depth--;
    s->request = r.outer;
    sim_leave_context(s);
    expect_nobody_back(s, back);
    sim_expect_int(s, status, r.reentrant ? FLR_E_REENTRANT : 0, "BD-18", "a request");
    if (r.reentrant || s->failed || status != 0) {
        return NULL;
    }
    kind = flr_answer_get_kind(answer);
    expected = early ? expected : expect_late(s, &r, kind);
    check_answer(s, &r, kind, expected, early);
    if (s->failed || kind != FLR_ANSWER_TASK) {
        /* of two requests at once the first one counts */
        s->clients[client].quiet = kind == FLR_ANSWER_TRY_AGAIN && peer == SIM_PEER_OK && !r.told &&
                                   !is_served_now(s, client);
        sim_note(s, "-> %s", kind == FLR_ANSWER_TRY_AGAIN ? "try again" : "end");
        return NULL;
    }
    sim_expect(s, !r.filter_failed, "RQ-13", "a task whose filter failed");
    s->clients[client].quiet = false;
    check_task_answer(s, &r, answer);
    r.assign->seen = r.assign->seen || !lose;
    return lose ? NULL : r.assign;
}

/* ---- submissions ---- */

/* The communicator is called next: here the outcome falls. */
void sim_on_before_submission(sim *s, flr_context *context)
{
    sim_submission *u = s->submission;

    if (u == NULL || (u->before > 0 && !u->reentrant)) {
        sim_fail(s, "SB-11", "_before_process_submission without a submission");
        return;
    }
    u->before++;
    if (u->reentrant) {
        return;
    }
    sim_nested(s, SIM_IN_EVENT, context);
    sim_settle(s);
    u->outcome = sim_judge(s, u->client, u->name, u->assign);
    sim_count_outcome(s, u->client, u->outcome, u->assign);
    if (u->outcome != FLR_OUTCOME_ACCEPTED) {
        return;
    }
    u->assign->claimed = true;
    if (!u->assign->task->has_received) {
        u->received = true;
        sim_answer(s, u->assign, false, false);
    }
}

void sim_on_after_submission(sim *s)
{
    sim_submission *u = s->submission;

    if (u == NULL || u->before != 1 || u->after != 0 || u->reentrant) {
        sim_fail(s, "SB-23", "_after_process_submission in the wrong place");
        return;
    }
    u->after++;
}

void sim_on_unknown_events(sim *s, int before, int after)
{
    sim_submission *u = s->submission;

    if (u == NULL || u->before != 1 || u->after != 0 || u->unknown != after) {
        sim_fail(s, "SB-24", "events of unknown tasks in the wrong place");
        return;
    }
    u->unknown_before += before;
    u->unknown_after += after;
}

/* 0: it goes on to the communicator. */
static int expect_dropped(sim *s, int client, int peer, bool fatal, int workflow)
{
    if (s->status != FLR_STATUS_STARTED || !s->open) {
        return FLR_OUTCOME_NOT_RUNNING;
    }
    if (peer == SIM_PEER_NONE) {
        return FLR_OUTCOME_NO_PEER;
    }
    if (peer == SIM_PEER_WRONG) {
        return FLR_OUTCOME_WRONG_JOB;
    }
    sim_credit(s, client);
    if (fatal) {
        return FLR_OUTCOME_FATAL_RETURN_CODE;
    }
    return workflow >= 0 && workflow != s->workflow ? FLR_OUTCOME_WRONG_WORKFLOW : 0;
}

static void count_stats(sim *s, int outcome)
{
    uint64_t *const counters[] = {
        NULL,
        &s->stats.accepted,
        &s->stats.duplicate,
        &s->stats.late,
        &s->stats.unknown_task,
        &s->stats.wrong_client,
        &s->stats.wrong_task_name,
        &s->stats.wrong_workflow,
        &s->stats.wrong_job,
        &s->stats.no_peer,
        &s->stats.not_running,
        &s->stats.fatal_return_code,
        &s->stats.failed,
    };

    (*counters[outcome])++;
}

static int finish_submission(sim *s, const sim_submission *u, int dropped)
{
    bool unknown = u->outcome == FLR_OUTCOME_LATE || u->outcome == FLR_OUTCOME_UNKNOWN_TASK;
    int expected = dropped != 0 ? dropped : u->failed ? FLR_OUTCOME_FAILED : u->outcome;

    sim_expect_int(s, u->before, dropped == 0, "SB-25", "_before_process_submission");
    sim_expect_int(s, u->after, u->before, "SB-23", "_after_process_submission");
    sim_expect_int(s, u->unknown, unknown, "SB-15", "calls of process_result_of_unknown_task");
    sim_expect_int(s, u->unknown_before, unknown, "SB-24", "events before it");
    sim_expect_int(s, u->unknown_after, unknown, "SB-24", "events after it");
    sim_expect(s, u->outcome != FLR_OUTCOME_ACCEPTED || u->received, "BD-20",
               "result_received was not called");
    return expected == 0 ? FLR_OUTCOME_FAILED : expected;
}

static flr_shareable *make_result(sim *s, sim_submission *u, bool fatal, int workflow)
{
    flr_shareable *result = NULL;
    flr_value *text = NULL;
    char cookie[16];

    sim_expect_int(s, flr_shareable_new(&result), 0, "SH-01", "a new message");
    u->x = (int64_t)(s->event * 1000 + s->stats.accepted);
    flr_shareable_set_int(result, "x", u->x);
    if (fatal) {
        flr_shareable_set_rc(result, FLR_RC_RUN_MISMATCH);
    } else if (sim_chance(s, 10)) {
        flr_shareable_set_rc(result, FLR_RC_EXECUTION_EXCEPTION); /* SB-08: counts all the same */
    }
    if (workflow >= 0) {
        snprintf(cookie, sizeof cookie, "wf%d", workflow + 1);
        flr_value_new_text(cookie, &text);
        flr_shareable_set_cookie(result, FLR_COOKIE_WORKFLOW, text);
    }
    return result;
}

static void submit(sim *s, sim_submission *u, int peer, bool fatal, int workflow)
{
    flr_shareable *result = make_result(s, u, fatal, workflow);
    int dropped, expected, outcome = 0, status, back = s->expect_back;

    s->expect_back = -1;
    sim_settle(s);
    dropped = expect_dropped(s, u->client, peer, fatal, workflow);
    s->submission = u;
    s->depth++;
    s->panicking = dropped == FLR_OUTCOME_FATAL_RETURN_CODE;
    status = flr_runner_process_submission(s->runner, s->clients[u->client].name,
                                           sim_context(s, peer), u->name, u->id, result, &outcome);
    s->panicking = false;
    s->depth--;
    s->submission = u->outer;
    sim_leave_context(s);
    flr_shareable_unref(result);
    expect_nobody_back(s, back);
    sim_expect_int(s, status, 0, "SB-01", "a submission");
    if (s->failed) {
        return;
    }
    expected = finish_submission(s, u, dropped);
    sim_note(s, "-> %s", flr_outcome_get_name(outcome));
    if (outcome != expected) {
        sim_fail(s, "SB-13", "%s answered %s (#%d): expected %s, got %s",
                 s->clients[u->client].name, u->id, u->assign == NULL ? -1 : u->assign->task->order,
                 flr_outcome_get_name(expected), flr_outcome_get_name(outcome));
    }
    count_stats(s, expected);
}

void sim_submit(sim *s, int client, const char *name, const char *id, int peer)
{
    sim_submission u = {.outer = s->submission, .client = client, .name = name, .id = id};
    int workflow = -1;

    if (s->messages == SIM_DEPTH || s->in_callback > 0) {
        return;
    }
    u.assign = sim_find(s, id);
    if (u.assign != NULL && sim_chance(s, 50)) {
        workflow = u.assign->task->workflow;
    }
    sim_note(s, "%s answers %s %s (#%d)", s->clients[client].name, name == NULL ? "-" : name,
             id == NULL ? "-" : id, u.assign == NULL ? -1 : u.assign->task->order);
    submit(s, &u, peer, false, workflow);
}

void sim_submit_fatal(sim *s, int client)
{
    sim_submission u = {.outer = s->submission, .client = client, .name = "train", .id = "x"};

    if (s->messages == SIM_DEPTH || s->in_callback > 0) {
        return;
    }
    sim_note(s, "%s answers with a fatal return code", s->clients[client].name);
    submit(s, &u, SIM_PEER_OK, true, -1);
}

/* BD-18. Only for a client whose credit changes nothing. */
void sim_submit_reentrant(sim *s)
{
    sim_submission u = {.outer = s->submission, .reentrant = true, .name = "train", .id = "x"};
    flr_shareable *result;
    int outcome = 0, status;

    for (u.client = 0; u.client < SIM_CLIENTS; u.client++) {
        if (s->clients[u.client].heard == s->now && s->clients[u.client].known &&
            s->clients[u.client].reported == FLR_TIME_NONE) {
            break;
        }
    }
    if (u.client == SIM_CLIENTS || s->messages == SIM_DEPTH || !s->open ||
        s->status != FLR_STATUS_STARTED || s->in_callback == 0) {
        return;
    }
    sim_note(s, "%s answers inside a callback", s->clients[u.client].name);
    result = make_result(s, &u, false, -1);
    s->submission = &u;
    status =
        flr_runner_process_submission(s->runner, s->clients[u.client].name,
                                      sim_context(s, SIM_PEER_OK), u.name, u.id, result, &outcome);
    s->submission = u.outer;
    sim_leave_context(s);
    flr_shareable_unref(result);
    sim_expect_int(s, status, FLR_E_REENTRANT, "BD-18", "a submission inside a callback");
}

/* ---- auxiliary messages ---- */

static const flr_shareable *send_aux(sim *s, int client, const char *topic, const char *id)
{
    flr_shareable *request = NULL;
    const flr_shareable *reply = NULL;
    flr_value *props = NULL;
    int back = s->expect_back;

    s->expect_back = -1;
    flr_shareable_new(&request);
    flr_value_new_map(&props);
    flr_map_set_text(&props, FLR_PROP_RUN_NUM, SIM_JOB);
    flr_shareable_set_header(request, FLR_HEADER_PEER_PROPS, props);
    if (id != NULL) {
        flr_shareable_set_header_text(request, FLR_HEADER_TASK_ID, id);
    }
    if (s->status != FLR_STATUS_DONE) {
        sim_credit(s, client);
    }
    s->depth++;
    sim_expect_int(s,
                   flr_runner_process_aux(s->runner, s->clients[client].name, topic,
                                          sim_context(s, SIM_PEER_OK), request, &reply),
                   0, "AX-01", "an auxiliary message");
    s->depth--;
    flr_shareable_unref(request);
    expect_nobody_back(s, back);
    return reply;
}

void sim_beat(sim *s, int client)
{
    const flr_shareable *reply;

    if (s->messages == SIM_DEPTH) {
        return;
    }
    sim_settle(s);
    sim_note(s, "%s's heartbeat", s->clients[client].name);
    reply = send_aux(s, client, sim_chance(s, 70) ? "__job_heartbeat__" : "__sync_runner__", NULL);
    sim_expect(s, strcmp(flr_shareable_get_rc(reply), FLR_RC_OK) == 0, "AX-04", "a heartbeat");
    s->stats.aux_ok++;
    sim_leave_context(s);
}

void sim_task_check(sim *s, int client, const char *id)
{
    const flr_shareable *reply;
    const char *expected, *got;
    sim_assign *a = sim_find(s, id);

    if (s->messages == SIM_DEPTH) {
        return;
    }
    sim_settle(s);
    sim_note(s, "%s checks %s", s->clients[client].name, id);
    reply = send_aux(s, client, "__task_check__", id);
    expected =
        s->open && s->status == FLR_STATUS_STARTED ? sim_judge_check(s, client, a) : "no workflow";
    got = flr_shareable_get_rc(reply);
    if (strcmp(got, FLR_RC_TASK_UNKNOWN) == 0) {
        got = flr_value_get_text(flr_shareable_get_header(reply, FLR_HEADER_ERROR), "?");
    }
    sim_note(s, "-> %s", got);
    if (strcmp(got, expected) != 0) {
        sim_fail(s, "AX-06", "%s checks #%d: expected %s, got %s", s->clients[client].name,
                 a == NULL ? -1 : a->task->order, expected, got);
    }
    s->stats.aux_ok += strcmp(expected, FLR_RC_OK) == 0;
    s->stats.aux_other += strcmp(expected, FLR_RC_OK) != 0;
    sim_leave_context(s);
}
