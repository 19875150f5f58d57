/*
 * A simulated federation: one stepped runner under a manual clock, its board, and up to eight
 * clients that ask, answer, ask and answer twice, too late, for others, vanish and return, while
 * tasks of all kinds are scheduled, cancelled and time out, and callbacks of the host misbehave.
 *
 * A schedule is a function of its seed. Beside the library runs an oracle (sim_model.c, sim_rules.c):
 * plain arrays and the rows of the behaviour, nothing of the library. Whatever a client or a
 * callback sees is compared with what the oracle foretells; after the steps sim_check.c compares
 * all that can be asked. The first difference is kept as the failure, and the schedule goes on
 * unchecked to its end.
 *
 * Everything runs on one thread; nothing here needs a lock.
 */
#ifndef FLR_TESTS_SIM_H
#define FLR_TESTS_SIM_H

#include <flrunner/board.h>
#include <stdbool.h>

#define SIM_CLIENTS 8
#define SIM_TASKS   40
#define SIM_ASSIGNS 400
#define SIM_LEGS    24
#define SIM_DEPTH   6 /* messages inside each other */
#define SIM_ID      40
#define SIM_JOB     "job"
#define SIM_NS      INT64_C(1000000000)
#define SIM_BEGIN   (1000 * SIM_NS)

typedef struct sim sim;
typedef struct sim_task sim_task;
typedef struct sim_assign sim_assign;

/* ---- the oracle's facts ---- */

typedef struct sim_counts {
    uint64_t results, resends, duplicates, late, rejected;
} sim_counts;

typedef struct sim_client {
    char name[24];
    bool listed;      /* the engine names it */
    bool known;       /* LC-31 */
    bool away;        /* sends nothing for the time being */
    bool quiet;       /* got TRY_AGAIN and no notice since (BD-16) */
    bool record;      /* the present board has a record of it */
    bool untold;      /* gone, its event is to come */
    int64_t heard;    /* FLR_TIME_NONE: never */
    int64_t reported; /* when it came on the watch list; FLR_TIME_NONE: it is not there */
    uint64_t report;  /* its place there */
    int64_t gone;     /* when it was disconnected; FLR_TIME_NONE: it is live */
    sim_counts counts;
} sim_client;

struct sim_assign {
    sim_task *task;
    sim_assign *next; /* of the task, in hand-out order */
    int client, leg, state;
    char id[SIM_ID]; /* "" while nobody has seen it */
    bool claimed;    /* a result is being processed */
    bool by_server;  /* answered in the client's place (BD-24) */
    bool expired;    /* given up by the result timeout */
    bool delivered;  /* as LATE */
    bool superseded; /* of a broadcast forever: not the client's latest */
    bool forgotten;
    bool kept; /* the board holds its result */
    bool seen; /* its client got the task and did not lose it */
    uint64_t remembered;
    int64_t first, last, received;
    uint64_t sends;
};

enum { SIM_WAITING, SIM_HANDED, SIM_SKIPPED };

typedef struct sim_leg {
    int client, state;
} sim_leg;

/* Who makes task_done: the call that ended the task, the driver, or either of them. */
enum { SIM_BY_CALL, SIM_BY_DRIVER, SIM_BY_EITHER };

struct sim_task {
    sim *sim;
    flr_task *task; /* our reference; NULL: dropped */
    int order;      /* of scheduling, in the whole schedule */
    int workflow, kind, mode;
    const char *name;
    int64_t number;
    bool non_blocking, fixed; /* fixed: a static relay */
    sim_leg legs[SIM_LEGS];   /* the targets; of a relay its legs */
    int leg_count, last_leg;  /* last_leg: handed out last; -1 */
    sim_assign *first, *latest;
    int64_t scheduled, timeout_at, wait, wait_end;
    int64_t window;       /* when it opened */
    int64_t silent_since; /* then, or when a live client could ask again */
    bool had_live;        /* before a client's return: waiting legs of live targets */
    int64_t assign_after, give_up_after;
    uint64_t min, answers, sent;
    int64_t version; /* of the payload */
    bool excluded[SIM_CLIENTS];
    bool has_before, has_after, has_received, has_done;
    int status, error;
    int64_t ended;
    uint64_t decision; /* place among all ends */
    int by;
    int running; /* callbacks under way */
    bool done, compared;
    bool held;     /* it ended inside one of its callbacks */
    bool finished; /* its assignments are remembered: right before task_done */
    int destroyed;
};

typedef struct sim_choice {
    sim_task *task;    /* NULL: nothing */
    sim_assign *again; /* a re-send */
    int leg;
    bool listed; /* a dynamic relay took the client up just now */
} sim_choice;

/* ---- messages under way ---- */

typedef struct sim_request {
    struct sim_request *outer;
    int client, before, after; /* events */
    bool reserved, reentrant, dropped, filter_failed;
    bool told;   /* a notice came after the choice (BD-16) */
    int failure; /* of a send callback */
    int64_t version;
    sim_choice choice;
    sim_assign *assign;
    char id[SIM_ID]; /* as the callbacks saw it */
    int sending;     /* 1: before_task_sent was called, 2: after_task_sent too */
} sim_request;

typedef struct sim_submission {
    struct sim_submission *outer;
    int client, before, after, unknown_before, unknown_after; /* events */
    const char *name, *id;
    sim_assign *assign;
    int outcome; /* foretold; 0: not yet */
    int unknown; /* calls of process_result_of_unknown_task */
    int64_t x;
    bool reentrant, filtered, failed, received;
} sim_submission;

/* ---- the whole ---- */

enum {
    SIM_OP_ASK,
    SIM_OP_LOSE, /* ask, and forget the answer */
    SIM_OP_ANSWER,
    SIM_OP_SERVE, /* ask and answer */
    SIM_OP_AGAIN, /* answer something old */
    SIM_OP_STRANGE,
    SIM_OP_BEAT,
    SIM_OP_CHECK,
    SIM_OP_VANISH,
    SIM_OP_RETURN,
    SIM_OP_REPORT,
    SIM_OP_SCHEDULE,
    SIM_OP_INVALID,
    SIM_OP_CANCEL,
    SIM_OP_CANCEL_ALL,
    SIM_OP_CLOCK,
    SIM_OP_LEAP,
    SIM_OP_STEP,
    SIM_OP_CLIENTS,
    SIM_OP_PAYLOAD,
    SIM_OP_WAIT,
    SIM_OP_DROP,
    SIM_OP_PRINT,
    SIM_OP_END,
    SIM_OP_ABORT,
    SIM_OPS
};

typedef struct sim_profile {
    const char *name;
    uint8_t op[SIM_OPS];
    uint8_t kind[7];     /* by FLR_KIND_* */
    uint8_t chaos;       /* percent of callbacks that do something of their own */
    uint8_t failing;     /* percent of callbacks that fail */
    uint8_t bad_filters; /* percent of schedules with filters that fail */
} sim_profile;

/* Where host code is: what it may do there. */
enum sim_where {
    SIM_IN_SEND,
    SIM_IN_RECEIVED,
    SIM_IN_DONE,
    SIM_IN_UNKNOWN,
    SIM_IN_FILTER,
    SIM_IN_EVENT,
    SIM_IN_CONTROL
};

struct sim {
    uint64_t seed, random, hash;
    bool tracing, hashing;
    const sim_profile *profile;
    /* what was drawn for this schedule */
    int workflows, events;
    int64_t grace, lead, heartbeat;
    size_t min_sites;
    const char *required;
    bool data_filter, result_filter, cancel_on_filter_error, calm;
    uint64_t memory;
    /* the library's */
    flr_clock *clock;
    flr_runner *runner;
    flr_board *board;
    flr_context *contexts[SIM_DEPTH];
    /* the oracle: the run */
    sim_client clients[SIM_CLIENTS];
    int status, workflow; /* workflow: index of the one under way, or the next */
    bool under_way;       /* from start until finalize_run begins */
    bool open;            /* the gate */
    bool begun;           /* a first step was made */
    bool aborted, violated, panic_made, ended;
    int result;
    int64_t now, settled, started_at, step_due;
    uint64_t reports;
    /* the oracle: the board */
    sim_task tasks[SIM_TASKS];
    sim_assign assigns[SIM_ASSIGNS];
    int task_count, first_task, assign_count; /* first_task: of the present workflow */
    uint64_t remembered, forgotten;
    uint64_t totals_sent;
    flr_stats stats;
    /* under way */
    sim_request *request;
    sim_submission *submission;
    int depth, messages, in_callback, bulk;
    bool stepping, end, wanted, woken, moved, panicking, failing;
    int steps;                     /* of the controller, in this step */
    int pending_gone;              /* disconnections without their event yet */
    int expect_back;               /* the client whose _client_reconnected is due; -1 */
    uint64_t step_decisions;       /* when this step began */
    uint64_t decisions, last_done; /* last_done: the decision of the driver's last task_done */
    uint64_t event;                /* number of the present event */
    bool failed;
    char failure[600];
};

/* ---- sim_world.c: random numbers, failures, runner, engine, controller, component ---- */
extern const sim_profile sim_profiles[];
extern const int sim_profile_count;
uint32_t sim_below(sim *s, uint32_t n);
bool sim_chance(sim *s, uint32_t percent);
void sim_note(sim *s, const char *format, ...) FLR_PRINTF(2, 3); /* to trace and hash */
/* Keep the first failure. */
void sim_fail(sim *s, const char *row, const char *format, ...) FLR_PRINTF(3, 4);
void sim_expect(sim *s, bool holds, const char *row, const char *what);
void sim_expect_int(sim *s, int64_t got, int64_t expected, const char *row, const char *what);
void sim_open_world(sim *s);
void sim_close_world(sim *s);
void sim_step(sim *s); /* until nothing can be done now */
void sim_advance(sim *s, int64_t by);
int sim_client_of(const sim *s, const char *name); /* -1: none */
flr_context *sim_context(sim *s, int peer);        /* for one message; see sim_ask */
void sim_leave_context(sim *s);
sim_task *sim_find_number(sim *s, int64_t number); /* of the present workflow */

/* ---- sim_model.c: clients, hand-outs and results ---- */
void sim_settle(sim *s);      /* all that is due by now */
int64_t sim_next_due(sim *s); /* when the state changes by time alone, or somebody must be told */
bool sim_is_live(const sim *s, int client);
void sim_credit(sim *s, int client);
void sim_report_dead(sim *s, int client);
bool sim_policy_is_violated(const sim *s);
sim_choice sim_choose(sim *s, int client, bool dry);
sim_assign *sim_record(sim *s, const sim_choice *choice, int client);
sim_assign *sim_find(sim *s, const char *id); /* of the present workflow, or an earlier one */
int sim_judge(sim *s, int client, const char *name, sim_assign *a); /* a NULL: an unknown id */
const char *sim_judge_check(const sim *s, int client, const sim_assign *a);
void sim_count_outcome(sim *s, int client, int outcome, sim_assign *a);
void sim_answer(sim *s, sim_assign *a, bool by_server, bool failed);
void sim_end(sim_task *t, int status, int64_t at, int by);
/* Remember the assignments of an ended task (BD-32). */
void sim_finish(sim_task *t);
/* Finish those without a task_done that ended before `decision`, by the driver or by a call. */
void sim_finish_silent(sim *s, uint64_t decision, bool by_driver);
int sim_count_standing(const sim *s);

/* ---- sim_rules.c: what a kind of task does ---- */
enum { SIM_SEND = 1, SIM_BLOCK, SIM_NO_BLOCK };
bool sim_is_live_for(const sim_task *t, int client);
bool sim_is_relay(const sim_task *t);
bool sim_is_listed(const sim_task *t, int client);
int sim_count_waiting(const sim_task *t, bool live_only); /* legs */
void sim_open_window(sim_task *t, int64_t at);
bool sim_is_awaited(
    const sim_task *t); /* an assignment is open, its result may be being processed */
bool sim_is_answered(const sim_assign *a);
sim_assign *sim_latest_of(const sim_task *t, int client);
int sim_ask_task(sim_task *t, int client, bool dry, sim_choice *choice);
void sim_evaluate(sim_task *t, int64_t at, int by);
int64_t sim_task_due(const sim_task *t, int64_t after);    /* next instant of its own after that */
int64_t sim_task_growth(const sim_task *t, int64_t after); /* when its window grows */

/* ---- sim_tasks.c: tasks, their callbacks, filters, and what host code does inside ---- */
void sim_schedule(sim *s);
void sim_schedule_kind(sim *s, int kind);
void sim_schedule_invalid(sim *s);
void sim_nested(sim *s, enum sim_where where, flr_context *context);
int sim_before(void *self, flr_assignment *assignment, flr_context *context);
int sim_after(void *self, flr_assignment *assignment, flr_context *context);
int sim_received(void *self, flr_assignment *assignment, flr_context *context);
int sim_done(void *self, flr_task *task, flr_context *context);
void sim_destroy(void *self);
int sim_filter_data(void *self, flr_context *context, flr_shareable *message,
                    flr_shareable **output);
int sim_filter_result(void *self, flr_context *context, flr_shareable *message,
                      flr_shareable **output);
int sim_unknown(void *self, flr_context *context, const char *client, const char *name,
                const char *id, const flr_shareable *result);

/* ---- sim_clients.c: what clients send ---- */
enum { SIM_PEER_OK, SIM_PEER_NONE, SIM_PEER_WRONG };
sim_assign *sim_ask(sim *s, int client, int peer, bool lose); /* what it was given */
void sim_submit(sim *s, int client, const char *name, const char *id, int peer);
void sim_submit_fatal(sim *s, int client);
void sim_submit_reentrant(sim *s);
void sim_beat(sim *s, int client);
void sim_task_check(sim *s, int client, const char *id);
/* events of messages, from the component */
void sim_on_before_request(sim *s, flr_context *context);
void sim_on_after_request(sim *s);
void sim_on_before_submission(sim *s, flr_context *context);
void sim_on_after_submission(sim *s);
void sim_on_unknown_events(sim *s, int before, int after);

/* ---- sim_host.c: what the host calls ---- */
void sim_report(sim *s, int client);
void sim_cancel(sim *s, sim_task *t, int status);
void sim_cancel_all(sim *s, int status);
void sim_abort(sim *s, bool cold);
void sim_wait(sim *s, sim_task *t, bool signal);
void sim_replace_payload(sim *s, sim_task *t);
void sim_change_clients(sim *s);
sim_assign *sim_pick_assign(sim *s, int client); /* with an id; client -1: anybody's; may be NULL */
sim_task *sim_pick_task(sim *s, bool standing);  /* of the present workflow, still held, or NULL */

/* ---- sim_check.c: after a step ---- */
void sim_check(sim *s, bool full);
void sim_check_inside(sim *s);
void sim_check_notices(sim *s, bool after_step);
void sim_check_ended(sim *s, bool after_step);
void sim_check_end(sim *s); /* of the schedule, before the runner is freed */

/* ---- sim_play.c ---- */
typedef struct sim_result {
    bool failed;
    uint64_t events, hash;
    char text[700];
} sim_result;
extern bool sim_tracing; /* every event to stderr */
/* One schedule. hashing: hash all that happens. */
sim_result sim_play(uint64_t seed, bool hashing);

#endif
