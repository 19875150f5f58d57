/* What must hold when a federation has come to rest: each task and the counters of the run. */
#include "federation.h"

#include <inttypes.h>
#include <string.h>

static unsigned value(const atomic_uint *counter)
{
    return atomic_load((atomic_uint *)counter);
}

static int number(const atomic_int *counter)
{
    return atomic_load((atomic_int *)counter);
}

static void same(federation *f, const char *what, uint64_t expected, uint64_t got)
{
    if (expected != got) {
        fed_wrong(f, "%s: %" PRIu64 " were seen, the runner counts %" PRIu64, what, expected, got);
    }
}

/* ---------------------------------------------------------------- tasks */

static int no_assignment_open(void *self, flr_assignment *a)
{
    fed_task *t = self;

    if (flr_assignment_get_state(a) == FLR_ASSIGNMENT_OPEN ||
        flr_assignment_get_state(a) == FLR_ASSIGNMENT_GIVEN_UP) {
        fed_wrong(t->f, "an assignment of %s is open after its end", t->name);
    }
    return 0;
}

/* It was scheduled. */
static void check_task(federation *f, fed_task *t, flr_task *task)
{
    int expected = f->given_up && flr_task_get_status(task) == FLR_TASK_STANDING ? 0 : 1;
    int finished = number(&t->done);

    /* Of a run that was given up what has ended may still have waited for the next step. */
    if (finished != expected && !(f->given_up && finished == 0)) {
        fed_wrong(f, "task_done of %s was called %d times", t->name, finished);
    }
    if (number(&t->inside) != 0 || number(&t->before) != number(&t->after)) {
        fed_wrong(f, "callbacks of %s: %d inside, %d before, %d after", t->name, number(&t->inside),
                  number(&t->before), number(&t->after));
    }
    if ((t->traits & FED_TRAIT_RECEIVED) != 0 && number(&t->received) != number(&t->accepted)) {
        fed_wrong(f, "%s: %d results accepted, %d received", t->name, number(&t->accepted),
                  number(&t->received));
    }
    if (finished == 1 && flr_task_get_kind(task) != FLR_KIND_FOREVER &&
        t->answered_at_done != (unsigned)number(&t->accepted)) {
        fed_wrong(f, "%s: %d results accepted, %u assignments answered", t->name,
                  number(&t->accepted), t->answered_at_done);
    }
    if (t->enough > 0 && (unsigned)number(&t->accepted) > t->enough) {
        fed_wrong(f, "%s (kind %d): %d results accepted, %u were enough", t->name,
                  flr_task_get_kind(task), number(&t->accepted), t->enough);
    }
    if (finished == 1) {
        FED_EXPECT(f, flr_task_visit_assignments(task, no_assignment_open, t), 0);
    }
}

/* Each task by its final status; the runner counts the same. */
static void check_all_tasks(federation *f, const flr_stats *s)
{
    uint64_t scheduled = 0, ended[FLR_TASK_CLIENT_DEAD + 1] = {0};

    for (unsigned i = 0; i < value(&f->made); i++) {
        flr_task *task = fed_task_of(&f->tasks[i]);

        if (task != NULL && flr_task_get_kind(task) != 0) {
            check_task(f, &f->tasks[i], task);
            scheduled++;
            if (number(&f->tasks[i].done) == 1) {
                ended[flr_task_get_status(task)]++;
            }
        } else if (number(&f->tasks[i].done) != 0 || number(&f->tasks[i].before) != 0) {
            fed_wrong(f, "callbacks of %s, which was not scheduled", f->tasks[i].name);
        }
    }
    same(f, "tasks", scheduled, s->tasks_scheduled);
    same(f, "tasks ok", ended[FLR_TASK_OK], s->tasks_ok);
    same(f, "tasks timeout", ended[FLR_TASK_TIMEOUT], s->tasks_timeout);
    same(f, "tasks error", ended[FLR_TASK_ERROR], s->tasks_error);
    same(f, "tasks cancelled", ended[FLR_TASK_CANCELLED], s->tasks_cancelled);
    same(f, "tasks aborted", ended[FLR_TASK_ABORTED], s->tasks_aborted);
    same(f, "tasks client_dead", ended[FLR_TASK_CLIENT_DEAD], s->tasks_client_dead);
}

/* ---------------------------------------------------------------- counters */

static void check_messages(federation *f, const flr_stats *s)
{
    const uint64_t outcomes[] = {0,
                                 s->accepted,
                                 s->duplicate,
                                 s->late,
                                 s->unknown_task,
                                 s->wrong_client,
                                 s->wrong_task_name,
                                 s->wrong_workflow,
                                 s->wrong_job,
                                 s->no_peer,
                                 s->not_running,
                                 s->fatal_return_code,
                                 s->failed,
                                 0,
                                 0,
                                 0};

    for (unsigned i = 0; i < FED_OUTCOMES; i++) {
        if (value(&f->outcomes[i]) != outcomes[i]) {
            fed_wrong(f, "outcome %u: %u were seen, the runner counts %" PRIu64, i,
                      value(&f->outcomes[i]), outcomes[i]);
        }
    }
    same(f, "TASK", value(&f->answers[FLR_ANSWER_TASK]), s->answer_task);
    same(f, "TRY_AGAIN", value(&f->answers[FLR_ANSWER_TRY_AGAIN]),
         s->answer_try_not_started + s->answer_try_no_peer + s->answer_try_busy +
             s->answer_try_no_workflow + s->answer_try_no_task + s->answer_try_failed +
             s->answer_try_filter);
    same(f, "END_RUN", value(&f->answers[FLR_ANSWER_END_RUN]),
         s->answer_end_done + s->answer_end_job);
    same(f, "auxiliary messages", value(&f->aux),
         s->aux_ok + s->aux_bad_request + s->aux_topic_unknown + s->aux_no_peer +
             s->aux_handler_failed + s->aux_other);
    same(f, "results of unknown tasks", value(&f->unknown_calls),
         s->late + s->unknown_task + s->failed);
    same(f, "failed results", value(&f->unknown_failures), s->failed);
    same(f, "no failed requests", 0, s->answer_try_failed + s->communicator_failures);
}

/* What the boards count is what the runner counts. */
static void check_boards(federation *f, const flr_stats *s)
{
    flr_board_totals sum = {0}, t;

    for (unsigned i = 0; i < FED_WORKFLOWS && f->controls[i].board != NULL; i++) {
        flr_board_totals_init(&t, sizeof t);
        FED_EXPECT(f, flr_board_get_totals(f->controls[i].board, &t), 0);
        sum.scheduled += t.scheduled;
        sum.ok += t.ok + t.timeout + t.error + t.cancelled + t.aborted + t.client_dead;
        sum.results += t.results;
        sum.duplicates += t.duplicates;
        sum.late += t.late + t.rejected;
        sum.sent += t.sent + t.resends;
        if (!f->given_up && (t.standing != 0 || t.outstanding != 0)) {
            fed_wrong(f, "%" PRIu64 " tasks stand after the end", t.standing);
        }
    }
    same(f, "tasks of boards", sum.scheduled, s->tasks_scheduled);
    if (!f->given_up) /* else some wait for their task_done, which the runner counts by */
        same(f, "ended tasks of boards", sum.ok,
             s->tasks_ok + s->tasks_timeout + s->tasks_error + s->tasks_cancelled +
                 s->tasks_aborted + s->tasks_client_dead);
    same(f, "results of boards", sum.results, s->accepted);
    same(f, "duplicates of boards", sum.duplicates, s->duplicate);
    same(f, "late and rejected results of boards", sum.late,
         s->late + s->unknown_task + s->wrong_client + s->wrong_task_name + s->failed);
    if (sum.sent < s->answer_task) {
        fed_wrong(f, "boards sent %" PRIu64 ", the runner %" PRIu64, sum.sent, s->answer_task);
    }
}

static void check_failures(federation *f, const flr_stats *s)
{
    same(f, "callback failures", value(&f->callback_failures), s->task_callback_failures);
    same(f, "handler failures", value(&f->handler_failures), s->handler_failures);
    same(f, "data filter failures", value(&f->data_failures), s->data_filter_failures);
    same(f, "result filter failures", value(&f->result_failures), s->result_filter_failures);
    same(f, "disconnections", value(&f->disconnected), s->disconnections);
    same(f, "reconnections", value(&f->reconnected), s->reconnections);
    if (s->reconnections > s->disconnections || s->disconnections > s->dead_reports) {
        fed_wrong(f, "%" PRIu64 " reports, %" PRIu64 " disconnections, %" PRIu64 " reconnections",
                  s->dead_reports, s->disconnections, s->reconnections);
    }
}

/* The result of the run fits what was done to it. */
static void check_result(federation *f)
{
    enum fed_end end = f->options.end;
    bool panicked = value(&f->fatals) > 0;
    bool may_abort = panicked || end == FED_END_WARM || end == FED_END_COLD || f->given_up;

    if (f->result != 0 && !(f->result == FLR_E_ABORTED && may_abort) &&
        !(f->result == FED_CALLBACK && end == FED_END_FAILURE)) {
        fed_wrong(f, "the run ends with %s (%d)", flr_status_get_name(f->result), f->result);
    }
    if (panicked && end == FED_END_ITSELF && f->heartbeat == 0.0) {
        fed_wrong(f, "a panic out of nothing");
    }
    if (f->result == 0 && flr_runner_get_workflow_index(f->runner) != FED_WORKFLOWS) {
        fed_wrong(f, "the run ends well with workflow %zu under way",
                  flr_runner_get_workflow_index(f->runner));
    }
    if (f->result == 0 && !f->calm && value(&f->answers[FLR_ANSWER_TASK]) == 0) {
        fed_wrong(f, "no task was given to anybody");
    }
}

void fed_check(federation *f)
{
    flr_stats s;

    flr_stats_init(&s, sizeof s);
    FED_EXPECT(f, flr_runner_get_stats(f->runner, &s), 0);
    check_result(f);
    check_all_tasks(f, &s);
    check_messages(f, &s);
    check_failures(f, &s);
    check_boards(f, &s);
}

/* Tasks outlive their runner as long as somebody holds them. */
void fed_check_tasks(federation *f)
{
    for (unsigned i = 0; i < value(&f->made); i++) {
        fed_task *t = &f->tasks[i];
        flr_task *task = fed_task_of(t);

        if (task == NULL) {
            continue;
        }
        if (number(&t->destroyed) != 0) {
            fed_wrong(f, "%s is released while it is held", t->name);
            continue;
        }
        if (flr_task_get_kind(task) != 0 && flr_task_get_status(task) == FLR_TASK_STANDING) {
            fed_wrong(f, "%s stands without its runner", t->name);
        }
        flr_task_unref(task);
        if (number(&t->destroyed) != 1) {
            fed_wrong(f, "%s was released %d times", t->name, number(&t->destroyed));
        }
    }
}
