/* What the host calls, each with what the oracle foretells of it; and picking tasks and ids. */
#include "sim.h"

/* ---- picking ---- */

sim_assign *sim_pick_assign(sim *s, int client)
{
    int offset;

    if (s->assign_count == 0) {
        return NULL;
    }
    offset = (int)sim_below(s, (uint32_t)s->assign_count);
    for (int i = 0; i < s->assign_count; i++) {
        sim_assign *a = &s->assigns[(offset + i) % s->assign_count];
        if (a->id[0] != '\0' && (client < 0 || a->client == client)) {
            return a;
        }
    }
    return NULL;
}

sim_task *sim_pick_task(sim *s, bool standing)
{
    int count = s->task_count - s->first_task, offset;

    if (count == 0) {
        return NULL;
    }
    offset = (int)sim_below(s, (uint32_t)count);
    for (int i = 0; i < count; i++) {
        sim_task *t = &s->tasks[s->first_task + (offset + i) % count];
        if (t->task != NULL && (!standing || t->status == FLR_TASK_STANDING)) {
            return t;
        }
    }
    return NULL;
}

/* ---- calls ---- */

void sim_report(sim *s, int client)
{
    sim_settle(s);
    sim_note(s, "%s is reported dead", s->clients[client].name);
    sim_report_dead(s, client);
    sim_expect_int(s, flr_runner_handle_dead_job(s->runner, s->clients[client].name), 0, "DC-01",
                   "flr_runner_handle_dead_job");
    sim_settle(s); /* without a grace period it is disconnected now */
}

void sim_cancel(sim *s, sim_task *t, int status)
{
    sim_settle(s);
    sim_note(s, "cancel #%d with %d", t->order, status);
    sim_end(t, status == 0 ? FLR_TASK_CANCELLED : status, s->now, SIM_BY_CALL);
    s->depth++;
    sim_expect_int(s, flr_task_cancel(t->task, status), 0, "BD-27", "flr_task_cancel");
    s->depth--;
}

void sim_cancel_all(sim *s, int status)
{
    sim_settle(s);
    sim_note(s, "cancel all with %d", status);
    s->bulk++;
    for (int i = s->first_task; i < s->task_count; i++) {
        sim_end(&s->tasks[i], status == 0 ? FLR_TASK_CANCELLED : status, s->now, SIM_BY_CALL);
    }
    s->depth++;
    sim_expect_int(s, flr_board_cancel_all(s->board, status), 0, "BD-27", "flr_board_cancel_all");
    sim_finish_silent(s, s->decisions, false);
    s->bulk--;
    s->depth--;
}

void sim_abort(sim *s, bool cold)
{
    sim_settle(s);
    sim_note(s, "abort%s", cold ? " cold" : "");
    s->status = FLR_STATUS_DONE;
    s->wanted = s->aborted = true;
    s->result = s->result == 0 ? FLR_E_ABORTED : s->result;
    sim_expect_int(s, flr_runner_abort(s->runner, cold), 0, "LC-18", "flr_runner_abort");
}

static void wait_with_signal(sim *s, sim_task *t)
{
    flr_signal *signal = NULL;
    bool stood = t->status == FLR_TASK_STANDING;
    int status = -1, got;

    sim_expect_int(s, flr_signal_new(NULL, s->clock, &signal), 0, "SH-06", "a new signal");
    sim_expect_int(s, flr_signal_trigger(signal, NULL), 0, "SH-06", "trigger");
    sim_end(t, FLR_TASK_ABORTED, s->now, SIM_BY_CALL);
    s->depth++;
    got = flr_task_wait(t->task, signal, -1.0, &status);
    s->depth--;
    if (!stood || t->status != FLR_TASK_ERROR || got != 0) { /* unless task_done has failed */
        sim_expect_int(s, got, stood ? FLR_E_ABORTED : 0, "BD-28", "flr_task_wait with a signal");
    }
    sim_expect_int(s, status, t->status, "BD-28", "the status that flr_task_wait tells");
    flr_signal_unref(signal);
}

/* BD-28. A task whose task_done is left to the driver cannot be waited for on this thread. */
void sim_wait(sim *s, sim_task *t, bool signal)
{
    int status = -1, got;

    sim_settle(s);
    if (s->aborted || (t->status != FLR_TASK_STANDING && (!t->done || !t->has_done))) {
        return;
    }
    sim_note(s, "wait for #%d%s", t->order, signal ? " with a signal" : "");
    if (signal) {
        wait_with_signal(s, t);
        return;
    }
    got = flr_task_wait(t->task, NULL, 0.0, &status);
    sim_expect_int(s, got, t->status == FLR_TASK_STANDING ? FLR_E_TIMEDOUT : 0, "BD-28",
                   "flr_task_wait");
    sim_expect(s, got != 0 || status == t->status, "BD-28", "the status that it tells");
}

void sim_replace_payload(sim *s, sim_task *t)
{
    flr_shareable *payload = NULL;
    bool stands;

    sim_settle(s);
    stands = t->kind == FLR_KIND_FOREVER && t->status == FLR_TASK_STANDING;
    t->version += stands;
    flr_shareable_new(&payload);
    flr_shareable_set_int(payload, "version", t->version);
    sim_note(s, "replace the payload of #%d", t->order);
    sim_expect_int(s, flr_task_set_payload(t->task, payload, NULL), stands ? 0 : FLR_E_STATE,
                   "BC-11", "flr_task_set_payload");
    flr_shareable_unref(payload);
}

void sim_change_clients(sim *s)
{
    int client = (int)sim_below(s, SIM_CLIENTS);
    sim_client *c = &s->clients[client];

    sim_settle(s);
    switch (sim_below(s, 3)) {
    case 0:
        sim_note(s, "add %s", c->name);
        sim_expect_int(s, flr_runner_add_client(s->runner, c->name, NULL),
                       c->known ? FLR_E_EXISTS : 0, "LC-31", "flr_runner_add_client");
        c->known = true;
        break;
    case 1:
        sim_note(s, "remove %s", c->name);
        sim_expect_int(s, flr_runner_remove_client(s->runner, c->name),
                       c->known ? 0 : FLR_E_NOTFOUND, "LC-31", "flr_runner_remove_client");
        c->known = false;
        break;
    default:
        if (client != 0) { /* the engine always names somebody */
            c->listed = !c->listed;
            sim_note(s, "the engine %s %s", c->listed ? "names" : "drops", c->name);
        }
    }
}
