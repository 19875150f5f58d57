/*
 * Handing out: a client asks, the core chooses, the client gets its own copy of the message. The
 * client's stripe is locked while it is chosen and recorded; send callbacks run outside, in the
 * task's turn, and what was chosen is looked at again afterwards.
 */
#include "base/abi.h"
#include "board/board.h"
#include "runner/offer.h"

/* A request under way, and what it gets. */
typedef struct request {
    flr_board *b;
    flr_context *context;
    flr__client *client;
    flr__core_stripe *stripe;
    flr__board_client *bc; /* NULL: nothing was ever for it */
    bool ruled;            /* while its stripe is locked: the rule lock is, too */
    int64_t now;
    flr_shareable *data; /* NULL: nothing; else the two below are there */
    flr_value *name, *id;
    flr_assignment
        *replaced; /* what its new assignment takes the place of, its record and result */
    flr__record *forgotten;
    flr_shareable *result;
    bool dropped; /* chosen, but not handed out: the search is over */
} request;

/* ---- its locks ---- */

/* Needs the stripe. Its silence is to be looked at, and is not yet. */
static bool must_watch(const flr_board *b, const flr__board_client *bc)
{
    return b->core.heartbeat > 0 && !bc->watched;
}

/* Lock the client's stripe, and the rule lock if its tasks need it. FLR_E_NOMEM: nothing is locked. */
static int lock(request *q) FLR__NO_TSA
{
    flr_board *b = q->b;
    int status = 0;

    flr__mutex_lock(&q->stripe->lock);
    q->bc = q->client->board;
    if (q->bc == NULL && b->core.open_count > 0) {
        q->bc = flr__core_client(&b->core, q->client);
        status = q->bc == NULL ? FLR_E_NOMEM : 0;
    }
    q->ruled = q->bc != NULL && (must_watch(b, q->bc) || flr__core_needs_rule(&b->core, q->bc));
    if (q->ruled) {
        flr__mutex_lock(&b->rule_lock);
        status = must_watch(b, q->bc) ? flr__core_watch(&b->core, q->bc) : 0;
    }
    if (status < 0) {
        if (q->ruled) {
            flr__mutex_unlock(&b->rule_lock);
        }
        flr__mutex_unlock(&q->stripe->lock);
    }
    return status;
}

static void unlock(const request *q) FLR__NO_TSA
{
    if (q->ruled) {
        flr__mutex_unlock(&q->b->rule_lock);
    }
    flr__mutex_unlock(&q->stripe->lock);
}

/* ---- what is handed out ---- */

/* What was prepared is not given to the client. */
static void drop_data(request *q)
{
    flr_shareable_unref(q->data);
    flr_value_unref(q->name);
    flr_value_unref(q->id);
    q->data = NULL;
    q->name = q->id = NULL;
}

static bool has_send_callbacks(const flr_task *t)
{
    return t->options.before_task_sent != NULL || t->options.after_task_sent != NULL;
}

/* What is added to the message on its way: id, cookies, audit id, wait time, peer context, timeout. */
#define HEADERS_TO_COME 6

/* Needs the stripe; the task stands. The client's own copy of the message. */
static int copy_message(request *q, const flr_task *t, const flr_assignment *a)
{
    int status = flr__shareable_copy_roomy(t->message, HEADERS_TO_COME, &q->data);

    if (status == 0) {
        q->name = flr_value_ref(
            (flr_value *)(uintptr_t)flr__shareable_header(t->message, FLR__STR(TASK_NAME)));
        status = flr_value_new_text_sized(a->id, FLR__ID_TEXT - 1, &q->id);
    }
    if (status == 0) {
        status = flr__shareable_put(q->data, FLR__STR(TASK_ID), q->id);
    }
    if (status < 0) {
        drop_data(q);
    }
    return status;
}

/* Needs the locks. What handing out the choice takes: the assignment (made if it is new) and the
 * data. 0 or FLR_E_NOMEM. */
static int prepare(request *q, const flr__choice *choice, flr_assignment **assignment)
{
    flr_assignment *a = choice->again;
    int status = 0;

    if (a == NULL) {
        status = flr__core_prepare(choice, q->bc, &a);
        if (status < 0) {
            return status;
        }
        status = flr__core_reserve_id(&q->b->core, a);
    }
    if (status == 0) {
        status = copy_message(q, flr__task_of(choice->task), a);
    }
    if (status < 0) {
        if (choice->again == NULL) {
            flr__core_assignment_drop(a);
        }
        return status;
    }
    *assignment = a;
    return 0;
}

/* Needs the locks. BC-12: what it takes the place of is dropped by drop_replaced. */
static bool record(request *q, const flr__choice *choice, flr_assignment *a)
{
    bool recorded = flr__core_record(&q->b->core, choice, a, q->now, &q->replaced, &q->forgotten);

    if (recorded && q->replaced != NULL) {
        q->result = q->replaced->result;
        q->replaced->result = NULL;
    }
    return recorded;
}

static void drop_replaced(request *q)
{
    if (q->replaced != NULL) {
        flr__board_remember(q->b, q->forgotten, q->forgotten, 1);
        flr_shareable_unref(q->result);
        flr__core_assignment_drop(q->replaced);
        q->replaced = NULL;
    }
}

/* BD-06: only a re-send says so; the runner has removed the property before. */
static void mark_resend(request *q, const flr__choice *choice)
{
    if (choice->again != NULL) {
        flr__context_put(q->context, FLR__S_IS_RESEND, flr__value_bool(true), 0);
    } else {
        flr__context_drop(q->context, FLR__S_IS_RESEND);
    }
}

/* BD-09, BD-10: both callbacks; the first failure counts. */
static int call_send_callbacks(const request *q, flr_task *t, flr_assignment *a,
                               flr__failure *failure)
{
    flr__failure second;
    int status;

    t->sending = q->data;
    status =
        flr__task_call(t, t->options.before_task_sent, "before_task_sent", a, q->context, failure);
    t->sending = NULL;
    if (flr__task_call(t, t->options.after_task_sent, "after_task_sent", a, q->context, &second) <
            0 &&
        status == 0) {
        *failure = second;
        status = second.code;
    }
    return status;
}

/* It was shown to callbacks and not recorded: it lives as long as its task all the same. */
static void keep_dropped(flr_task *t, flr_assignment *a)
{
    flr__mutex_lock(&t->lock);
    a->previous = t->dropped;
    t->dropped = a;
    flr__mutex_unlock(&t->lock);
}

/* Time has passed: what was due meanwhile comes first. */
static void catch_up(request *q)
{
    q->now = flr__board_now(q->b);
    flr__runner_decide(q->b->runner, q->now);
}

/* Has the turn. The callbacks, and what becomes of the hand-out. */
static int send_prepared(request *q, flr_task *t, const flr__choice *choice, flr_assignment *a)
{
    flr__failure failure;
    bool recorded = false;
    int status;

    mark_resend(q, choice);
    status = call_send_callbacks(q, t, a, &failure);
    catch_up(q);
    if (status < 0) {
        flr__end end = {FLR_TASK_ERROR, NULL, failure.code, failure.detail};
        flr__board_end(q->b, t, &end);
    }
    status = lock(q);
    if (status == 0) {
        status = flr__core_reserve_id(&q->b->core, a); /* others may have used the room meanwhile */
        recorded = status == 0 && record(q, choice, a);
        unlock(q);
        drop_replaced(q);
    }
    if (!recorded) {
        q->dropped = status == 0;
        drop_data(q);
        if (choice->again == NULL) {
            keep_dropped(t, a);
        }
    }
    return status;
}

/* Hand out a task with send callbacks, if it is still the client's choice. *again: it is not,
 * choose anew. */
static int send_in_turn(request *q, flr_task *t, bool *again)
{
    flr_assignment *a;
    int status;

    *again = !flr__turn_take(t);
    if (*again) {
        return 0;
    }
    catch_up(q);
    status = lock(q);
    if (status == 0) {
        flr__choice choice = flr__core_choose(&q->b->core, q->bc, q->now);

        status = choice.status;
        *again = status == 0 && choice.task != &t->core;
        if (!*again && status == 0) {
            status = prepare(q, &choice, &a);
        }
        unlock(q);
        if (!*again && status == 0) {
            status = send_prepared(q, t, &choice, a);
        }
    }
    flr__turn_release(t);
    return status;
}

/* Needs the locks; unlocks them. A task without send callbacks: nobody else comes between, but a
 * result that ends it may. *again: so it was. */
static int hand_out(request *q, const flr__choice *choice, bool *again)
{
    flr_assignment *a;
    int status = prepare(q, choice, &a);

    *again = status == 0 && !record(q, choice, a);
    unlock(q);
    drop_replaced(q);
    if (*again) {
        drop_data(q);
        if (choice->again == NULL) {
            flr__core_assignment_drop(a);
        }
    } else if (status == 0) {
        mark_resend(q, choice);
    }
    return status;
}

/* One choice. *again: the world has moved on, choose anew. */
static int try_choice(request *q, bool *again)
{
    flr__choice choice;
    flr_task *t;
    int status = lock(q);

    *again = false;
    if (status < 0) {
        return status;
    }
    if (q->bc == NULL) {
        unlock(q);
        return 0;
    }
    choice = flr__core_choose(&q->b->core, q->bc, q->now);
    if (choice.task == NULL) {
        unlock(q);
        return choice.status;
    }
    t = flr__task_of(choice.task);
    if (!has_send_callbacks(t)) {
        return hand_out(q, &choice, again);
    }
    flr_task_ref(t); /* it stands, so the board holds it still */
    unlock(q);
    status = flr__host_inside_turn(q->b->site) ? FLR_E_REENTRANT : send_in_turn(q, t, again);
    flr_task_unref(t);
    return status;
}

int flr__board_request(void *self, flr_context *context, const char *client, flr_offer *offer)
{
    flr_board *b = self;
    request q = {.b = b, .context = context};
    bool again = true;
    int status = 0;

    q.client = flr__served_client(context, client);
    if (q.client == NULL) {
        q.client = flr__clients_get(flr__runner_clients(b->runner), client);
    }
    if (q.client == NULL) {
        return FLR_E_NOMEM;
    }
    q.stripe = &b->core.stripes[flr__core_stripe_of(q.client)];
    /* Another thread may have had them last. */
    flr__fetch(q.stripe, sizeof *q.stripe);
    flr__fetch(atomic_load_explicit(&q.client->board, memory_order_relaxed),
               sizeof(flr__board_client));
    q.now = flr__call_now(context, b->clock);
    flr__runner_decide(b->runner, q.now);
    while (status == 0 && again) {
        status = try_choice(&q, &again);
    }
    flr__board_after(b);
    if (status == 0 && q.data != NULL) {
        flr__offer_give(offer, q.name, q.id, q.data);
    } else if (status == 0 && q.dropped && flr__runner_gate_is_open(b->runner)) {
        flr__runner_task_ready(b->runner,
                               client); /* the search ended early: a later task may stand for it */
    }
    return status;
}
