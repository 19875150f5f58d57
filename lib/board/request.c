/*
 * Handing out: a client asks, the core chooses, the client gets its own copy of the message. The
 * client's stripe is locked while it is chosen and recorded; send callbacks run outside, in the
 * task's turn, and what was chosen is looked at again afterwards.
 */
#include "base/abi.h"
#include "board/board.h"

/* A request under way, and what it gets. */
typedef struct request {
    flr_board *b;
    flr_context *context;
    flr__core_stripe *stripe;
    flr__board_client *bc;
    int64_t now;
    flr_shareable *data; /* NULL: nothing */
    bool dropped;        /* chosen, but not handed out: the search is over */
    char name[FLR_NAME_MAX + 1];
    char id[FLR__ID_TEXT];
} request;

static bool has_send_callbacks(const flr_task *t)
{
    return t->options.before_task_sent != NULL || t->options.after_task_sent != NULL;
}

/* Needs the stripe; the task stands. The client's own copy of the message. */
static int copy_message(const flr_task *t, const flr_assignment *a, flr_shareable **data)
{
    flr_value *id = NULL;
    int status = flr_shareable_copy(t->message, NULL, data);

    if (status < 0) {
        return status;
    }
    status = flr_value_new_text_sized(a->id, FLR__ID_TEXT - 1, &id);
    if (status == 0) {
        status = flr__shareable_set_header(*data, FLR__STR(TASK_ID), id);
        if (status < 0) {
            flr_value_unref(id);
        }
    }
    if (status < 0) {
        flr_shareable_unref(*data);
        *data = NULL;
    }
    return status;
}

/* Needs the stripe. What handing out the choice takes: the assignment (made if it is new) and the
 * data. 0 or FLR_E_NOMEM. */
static int prepare(request *q, const flr__choice *choice, flr_assignment **assignment,
                   flr_shareable **data)
{
    flr_assignment *a = choice->again;
    int status = 0;

    if (a == NULL) {
        status = flr__core_prepare(choice->task, q->bc, &a);
        if (status < 0) {
            return status;
        }
        status = flr__core_reserve_id(&q->b->core, a);
    }
    if (status == 0) {
        status = copy_message(flr__task_of(choice->task), a, data);
    }
    if (status < 0) {
        if (choice->again == NULL) {
            flr__core_assignment_free(a);
        }
        return status;
    }
    *assignment = a;
    return 0;
}

/* Needs the stripe. Record it; the answer is copied, as the task may end as soon as the stripe is
 * free. */
static bool record(request *q, const flr__choice *choice, flr_assignment *a)
{
    if (!flr__core_record(&q->b->core, choice, a, q->now)) {
        return false;
    }
    memcpy(q->name, choice->task->name->text, choice->task->name->size + 1);
    memcpy(q->id, a->id, sizeof q->id);
    return true;
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
static int call_send_callbacks(request *q, flr_task *t, flr_assignment *a, flr_shareable *data,
                               flr__failure *failure)
{
    flr__failure second;
    int status;

    a->data = data;
    status =
        flr__task_call(t, t->options.before_task_sent, "before_task_sent", a, q->context, failure);
    a->data = NULL;
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

/* Hand out a task with send callbacks, if it is still the client's choice. *again: it is not,
 * choose anew. */
static int send_in_turn(request *q, flr_task *t, bool *again)
{
    flr__failure failure;
    flr_assignment *a;
    flr_shareable *data = NULL;
    bool recorded;
    int status = 0;

    *again = !flr__turn_take(t);
    if (*again) {
        return 0;
    }
    flr__mutex_lock(&q->stripe->lock);
    flr__choice choice = flr__core_choose(&q->b->core, q->bc);
    *again = choice.task != &t->core;
    if (!*again) {
        status = prepare(q, &choice, &a, &data);
    }
    flr__mutex_unlock(&q->stripe->lock);
    if (*again || status < 0) {
        flr__turn_release(t);
        return status;
    }
    mark_resend(q, &choice);
    if (call_send_callbacks(q, t, a, data, &failure) < 0) {
        flr__end end = {FLR_TASK_ERROR, NULL, failure.code, failure.detail};
        flr__board_end(q->b, t, &end);
    }
    flr__mutex_lock(&q->stripe->lock);
    status = flr__core_reserve_id(&q->b->core, a); /* others may have used the room meanwhile */
    recorded = status == 0 && record(q, &choice, a);
    flr__mutex_unlock(&q->stripe->lock);
    if (recorded) {
        q->data = data;
    } else {
        q->dropped = status == 0;
        flr_shareable_unref(data);
        if (choice.again == NULL) {
            keep_dropped(t, a);
        }
    }
    flr__turn_release(t);
    return status;
}

/* One choice. *again: the world has moved on, choose anew. */
static int try_choice(request *q, bool *again)
{
    flr_assignment *a;
    flr_shareable *data = NULL;
    flr_task *t;
    int status = 0;

    *again = false;
    flr__mutex_lock(&q->stripe->lock);
    flr__choice choice = flr__core_choose(&q->b->core, q->bc);
    t = choice.task == NULL ? NULL : flr__task_of(choice.task);
    if (t != NULL && !has_send_callbacks(t)) {
        status = prepare(q, &choice, &a, &data);
        if (status == 0) {
            record(q, &choice, a); /* the stripe was locked all the time: it can be handed out */
            q->data = data;
        }
        flr__mutex_unlock(&q->stripe->lock);
        if (status == 0) {
            mark_resend(q, &choice);
        }
        return status;
    }
    flr_task_ref(t); /* it stands, so the board holds it still */
    flr__mutex_unlock(&q->stripe->lock);
    if (t != NULL) {
        status = flr__host_inside_turn(q->b->site) ? FLR_E_REENTRANT : send_in_turn(q, t, again);
        flr_task_unref(t);
    }
    return status;
}

/* Needs nothing. false: out of memory. q->bc stays NULL if there is nothing that this client could
 * ever get now. */
static bool find_client(request *q, flr__client *c)
{
    bool made = true;

    flr__mutex_lock(&q->stripe->lock);
    q->bc = c->board;
    if (q->bc == NULL && q->b->core.open_count > 0) {
        q->bc = flr__core_client(&q->b->core, c);
        made = q->bc != NULL;
    }
    flr__mutex_unlock(&q->stripe->lock);
    return made;
}

int flr__board_request(void *self, flr_context *context, const char *client, flr_offer *offer)
{
    flr_board *b = self;
    flr__client *c = flr__clients_get(flr__runner_clients(b->runner), client);
    request q;
    bool again = true;
    int status = 0;

    if (c == NULL) {
        return FLR_E_NOMEM;
    }
    q.b = b;
    q.context = context;
    q.stripe = &b->core.stripes[flr__core_stripe_of(c)];
    q.data = NULL;
    q.dropped = false;
    q.now = flr__board_now(b);
    flr__board_decide(b, q.now);
    if (!find_client(&q, c)) {
        return FLR_E_NOMEM;
    }
    while (status == 0 && again && q.bc != NULL) {
        status = try_choice(&q, &again);
    }
    if (status < 0) {
        return status;
    }
    if (q.data != NULL) {
        status = flr_offer_set(offer, q.name, q.id, q.data);
        if (status < 0) {
            flr_shareable_unref(q.data);
        }
    } else if (q.dropped && flr__runner_gate_is_open(b->runner)) {
        flr__runner_task_ready(b->runner,
                               client); /* the search ended early: a later task may stand for it */
    }
    return status;
}
