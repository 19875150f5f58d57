/*
 * Results, task checks, and results that the server gives in a client's place. The stripe of the
 * id's client is locked while an assignment is claimed and answered; result_received runs between
 * the two, in the task's turn.
 */
#include "base/abi.h"
#include "board/board.h"
#include "runner/offer.h"

/* What a lookup does with a record it found, under that record's stripe. */
typedef struct lookup {
    flr_board *b;
    flr__id id;
    flr__client *client; /* who asks; NULL: one that no request ever came from */
    const char *task_name;
    bool check; /* a task check, else a claim */
} lookup;

static int apply(const lookup *l, flr__record *record, const flr__board_client *bc)
{
    if (l->check) {
        return flr__core_check(&l->b->core, record, bc);
    }
    return flr__core_claim(&l->b->core, record, bc, l->task_name);
}

/* The id is in no record of its client: bogus, or somebody else's. One stripe at a time. */
static int look_elsewhere(const lookup *l)
{
    for (unsigned i = 0; i < FLR__BOARD_STRIPES; i++) {
        flr__core_stripe *stripe = &l->b->core.stripes[i];
        int found = 0;

        flr__mutex_lock(&stripe->lock);
        flr__record *record = flr__core_find(&l->b->core, i, &l->id);
        if (record != NULL) {
            found = apply(l, record, NULL);
        }
        flr__mutex_unlock(&stripe->lock);
        if (record != NULL) {
            return found;
        }
    }
    return l->check ? FLR_CHECK_UNKNOWN : FLR_OUTCOME_UNKNOWN_TASK;
}

/*
 * PS-09: in a restored run an id that this client would get now is one that it was given before the
 * restart. 0, whether it is or not, or FLR_E_NOMEM.
 */
static int look_back(lookup *l, const char *client, int64_t now)
{
    flr_board *b = l->b;
    flr__core_stripe *stripe;
    flr__board_client *bc;
    int status = 0;

    if (!flr__runner_is_restored(b->runner)) {
        return 0;
    }
    if (l->client == NULL) {
        l->client = flr__clients_get(flr__runner_clients(b->runner), client);
        if (l->client == NULL) {
            return FLR_E_NOMEM;
        }
    }
    stripe = &b->core.stripes[flr__core_stripe_of(l->client)];
    flr__mutex_lock(&stripe->lock);
    if (flr__core_find(&b->core, flr__core_stripe_of(l->client), &l->id) == NULL) {
        flr__mutex_lock(&b->rule_lock);
        bc = flr__core_client(&b->core, l->client);
        status = bc == NULL ? FLR_E_NOMEM : 0;
        if (status == 0) {
            flr__choice found = flr__core_seek(&b->core, bc, l->task_name, &l->id, now);

            if (found.task != NULL) {
                status = flr__core_readmit(&b->core, bc, &found, now);
            }
        }
        flr__mutex_unlock(&b->rule_lock);
    }
    flr__mutex_unlock(&stripe->lock);
    return status;
}

/* A claimed assignment and the result that it was claimed for. */
typedef struct delivery {
    flr_board *b;
    flr_context *context;
    flr_task *t; /* held by the caller */
    flr_assignment *a;
    int state; /* ANSWERED, or CLOSED: answered in the client's place */
    int64_t now;
    bool tell; /* its client asked meanwhile, and may get something now */
} delivery;

/* Needs the stripe. Count the response: what follows. */
static enum flr__sequel count_answer(delivery *d, bool shown, int64_t now) FLR__NO_TSA
{
    bool baton = d->a->task->policy->baton;
    enum flr__sequel sequel;

    if (baton) {
        flr__mutex_lock(&d->b->rule_lock);
    }
    sequel = flr__core_answer(&d->b->core, d->a, d->state, shown, now, &d->tell);
    if (baton) {
        flr__mutex_unlock(&d->b->rule_lock);
    }
    return sequel;
}

static flr__core_stripe *stripe_of(const delivery *d)
{
    return &d->b->core.stripes[d->a->stripe];
}

/* The task has ended while the claim waited for the turn. */
static int come_late(const delivery *d)
{
    flr__core_stripe *stripe = stripe_of(d);
    flr_shareable *result;

    flr__mutex_lock(&stripe->lock);
    result = d->a->result;
    d->a->result = NULL;
    flr__core_drop_claim(d->a);
    flr__mutex_unlock(&stripe->lock);
    flr_shareable_unref(result);
    return FLR_OUTCOME_LATE;
}

/* Has the turn. The callback has returned: keep what it wants kept, count the response. */
static void answer(delivery *d)
{
    flr__core_stripe *stripe = stripe_of(d);
    flr_shareable *dropped = NULL;
    int64_t now = flr__board_now(d->b);
    enum flr__sequel sequel;

    /* The callback took time: what was due before this response comes first. */
    flr__runner_decide(d->b->runner, now);
    flr__mutex_lock(&stripe->lock);
    if (d->a->kept) {
        flr_shareable_freeze(d->a->result);
    } else {
        dropped = d->a->result;
        d->a->result = NULL;
    }
    sequel = count_answer(d, true, now);
    flr__mutex_unlock(&stripe->lock);
    flr_shareable_unref(dropped);
    flr__board_follow(d->b, d->t, sequel, now);
}

/* BD-20 for a task with result_received: its outcome. The result is in the assignment. */
static int deliver_in_turn(delivery *d)
{
    flr__failure failure;

    if (!flr__turn_take(d->t)) {
        return come_late(d);
    }
    d->a->kept = false;
    d->a->receiving = true;
    flr__task_call(d->t, d->t->options.result_received, "result_received", d->a, d->context,
                   &failure);
    d->a->receiving = false;
    if (failure.code < 0) {
        flr__end end = {FLR_TASK_ERROR, NULL, failure.code, failure.detail};
        flr__runner_decide(d->b->runner,
                           flr__board_now(d->b)); /* what was due before the failure */
        flr__board_end(d->b, d->t, &end);
    }
    answer(d);
    flr__turn_release(d->t);
    return FLR_OUTCOME_ACCEPTED;
}

/* Needs the stripe; the assignment was just claimed. Store the result, and count it if nobody wants
 * to see it. What follows is for finish(), outside the stripe; FLR__EVALUATE and FLR__OVER: with the
 * task held, also if the callback is still to be called. */
static enum flr__sequel store(delivery *d, flr_shareable *result)
{
    enum flr__sequel sequel = FLR__EVALUATE;

    d->t = flr__task_of(d->a->task);
    if (d->t->options.result_received == NULL) {
        sequel = count_answer(d, false, d->now);
    }
    if (sequel != FLR__TOO_LATE) {
        d->a->result = flr_shareable_ref(result);
    }
    if (d->t->options.result_received == NULL && sequel != FLR__TOO_LATE) {
        flr_shareable_freeze(result);
    }
    if (sequel == FLR__EVALUATE || sequel == FLR__OVER) {
        flr_task_ref(d->t);
    }
    return sequel;
}

/* The outcome. */
static int finish(delivery *d, enum flr__sequel sequel)
{
    int outcome = FLR_OUTCOME_ACCEPTED;

    if (sequel == FLR__TOO_LATE || sequel == FLR__NOTHING) {
        return sequel == FLR__TOO_LATE ? FLR_OUTCOME_LATE : outcome;
    }
    if (d->t->options.result_received != NULL) {
        outcome = deliver_in_turn(d);
    } else if (flr__board_follow(d->b, d->t, sequel, d->now)) {
        flr__task_finish(d->t);
    }
    flr_task_unref(d->t);
    return outcome;
}

/* Needs the stripe. A result for a given-up assignment says so; the claim is undone if memory is
 * short. */
static int mark_late(flr_assignment *a, flr_shareable *result)
{
    int status;

    if (atomic_load(&a->state) != FLR_ASSIGNMENT_GIVEN_UP) {
        return 0;
    }
    status = flr__shareable_set_header(result, FLR__STR(REPLY_IS_LATE), flr__value_bool(true));
    if (status < 0) {
        flr__core_undo_claim(a);
    }
    return status;
}

/* Count the outcome for the client that submitted, unless that is done, and make the notices of what
 * has changed. */
static void conclude(const lookup *l, const delivery *d, const char *client, int outcome,
                     bool counted)
{
    flr_board *b = l->b;

    if (l->client != NULL && !counted) {
        flr__core_stripe *stripe = &b->core.stripes[flr__core_stripe_of(l->client)];

        flr__mutex_lock(&stripe->lock);
        /* Without memory for a record it is counted in the totals only. */
        flr__core_count(&b->core, stripe, flr__core_client(&b->core, l->client), outcome);
        flr__mutex_unlock(&stripe->lock);
    }
    flr__board_after(b);
    if (d->tell && flr__runner_gate_is_open(b->runner)) {
        flr__runner_task_ready(b->runner, client);
    }
}

int flr__board_submit(void *self, flr_context *context, const char *client, const char *task_name,
                      const char *task_id, flr_shareable *result, int *outcome)
{
    flr_board *b = self;
    lookup l = {.b = b, .task_name = task_name};
    delivery d = {.b = b,
                  .context = context,
                  .state = FLR_ASSIGNMENT_ANSWERED,
                  .now = flr__call_now(context, b->clock)};
    enum flr__sequel sequel = FLR__NOTHING;
    flr__record *record = NULL;
    bool parsed, counted = false;
    int status = 0;

    flr__runner_decide(b->runner, d.now);
    *outcome = FLR_OUTCOME_UNKNOWN_TASK;
    parsed = task_id != NULL && flr__id_parse(task_id, &l.id) == 0;
    l.client = flr__served_client(context, client);
    if (l.client == NULL) {
        l.client = flr__clients_find(flr__runner_clients(b->runner), client);
    }
    if (parsed && (status = look_back(&l, client, d.now)) < 0) {
        return status;
    }
    if (parsed && l.client != NULL) {
        unsigned number = flr__core_stripe_of(l.client);
        flr__core_stripe *stripe = &b->core.stripes[number];

        flr__mutex_lock(&stripe->lock);
        record = flr__core_find(&b->core, number, &l.id);
        if (record != NULL) {
            *outcome = apply(&l, record, l.client->board);
        }
        if (record != NULL && *outcome == FLR_OUTCOME_ACCEPTED) {
            d.a = record->assignment;
            status = mark_late(d.a, result);
            sequel = status == 0 ? store(&d, result) : FLR__NOTHING;
            counted =
                status == 0 && sequel != FLR__TOO_LATE && d.t->options.result_received == NULL;
        }
        if (counted) { /* the usual case: no second look at the stripe */
            flr__core_count(&b->core, stripe, l.client->board, *outcome);
        }
        flr__mutex_unlock(&stripe->lock);
    }
    if (status < 0) {
        return status;
    }
    if (parsed && record == NULL) {
        *outcome = look_elsewhere(&l);
    } else if (record != NULL && *outcome == FLR_OUTCOME_ACCEPTED) {
        *outcome = finish(&d, sequel);
    }
    conclude(&l, &d, client, *outcome, counted);
    return 0;
}

int flr__board_check(void *self, flr_context *context, const char *client, const char *task_id,
                     int *found)
{
    flr_board *b = self;
    lookup l = {.b = b, .check = true};
    flr__record *record = NULL;
    bool early = false;
    int64_t now = flr__board_now(b);
    int status;

    (void)context;
    flr__runner_decide(b->runner, now);
    *found = FLR_CHECK_UNKNOWN;
    if (task_id == NULL || flr__id_parse(task_id, &l.id) < 0) {
        return 0;
    }
    l.client = flr__clients_find(flr__runner_clients(b->runner), client);
    status = look_back(&l, client, now);
    flr__board_after(b);
    if (status < 0) {
        return status;
    }
    if (l.client != NULL) {
        unsigned number = flr__core_stripe_of(l.client);
        flr__core_stripe *stripe = &b->core.stripes[number];

        flr__mutex_lock(&stripe->lock);
        record = flr__core_find(&b->core, number, &l.id);
        if (record != NULL) {
            *found = apply(&l, record, l.client->board);
        }
        early = b->core.scheduled == 0;
        flr__mutex_unlock(&stripe->lock);
    }
    if (record == NULL) {
        *found = look_elsewhere(&l);
        if (*found == FLR_CHECK_UNKNOWN && early && flr__runner_is_restored(b->runner)) {
            return FLR_E_NOT_READY; /* its task may be scheduled yet */
        }
    }
    return 0;
}

/* ---- BD-24 ---- */

/* The open assignment of this id, with its task held; NULL: there is none. */
static flr_assignment *find_open(flr_board *b, const flr__id *id)
{
    flr_assignment *a = NULL;

    for (unsigned i = 0; i < FLR__BOARD_STRIPES && a == NULL; i++) {
        flr__core_stripe *stripe = &b->core.stripes[i];

        flr__mutex_lock(&stripe->lock);
        flr__record *record = flr__core_find(&b->core, i, id);
        a = record == NULL ? NULL : record->assignment;
        if (a != NULL && !(flr__core_is_open(a) && flr__core_stands(a->task))) {
            a = NULL;
        }
        if (a != NULL) {
            flr_task_ref(flr__task_of(a->task));
        }
        flr__mutex_unlock(&stripe->lock);
        if (record != NULL) {
            break;
        }
    }
    return a;
}

/* [give always] the value */
static int put_header(flr_shareable *message, const flr__str *key, flr_value *value)
{
    int status = flr__shareable_set_header(message, key, value);

    if (status < 0) {
        flr_value_unref(value);
    }
    return status;
}

/* The reply that the server gives in the client's place. */
static int make_reply(flr_context *context, const flr_assignment *a, flr_shareable **out)
{
    flr_context *peer = flr_context_get_peer(context);
    flr_shareable *reply;
    flr_value *name = NULL, *id = NULL, *props = NULL;
    int status = flr_shareable_new_reply(FLR_RC_TASK_DATA_FILTER_ERROR, NULL, &reply);

    if (status < 0) {
        return status;
    }
    if ((status = flr__value_new_str(a->task->name, &name)) == 0) {
        status = put_header(reply, FLR__STR(TASK_NAME), name);
    }
    if (status == 0 && (status = flr_value_new_text(a->id, &id)) == 0) {
        status = put_header(reply, FLR__STR(TASK_ID), id);
    }
    if (status == 0 && peer != NULL && (status = flr_context_get_public(peer, &props)) == 0) {
        status = put_header(reply, FLR__STR(PEER_PROPS), props);
    }
    if (status < 0) {
        flr_shareable_unref(reply);
        return status;
    }
    *out = reply;
    return 0;
}

static void cancel_task(flr_board *b, flr_task *t)
{
    static const flr__end cancelled = {FLR_TASK_CANCELLED, NULL, 0, NULL};

    if (flr__board_end(b, t, &cancelled)) {
        flr__task_finish(t);
    }
}

/* Answer it in the client's place, unless it is no longer open. */
static void close_assignment(delivery *d, flr_shareable *reply)
{
    flr__core_stripe *stripe = stripe_of(d);
    enum flr__sequel sequel = FLR__NOTHING;

    flr__mutex_lock(&stripe->lock);
    if (flr__core_is_open(d->a) && flr__core_stands(d->a->task) &&
        flr__core_claim(&d->b->core, d->a->record, flr__core_owner(d->a), d->a->task->name->text) ==
            FLR_OUTCOME_ACCEPTED) {
        sequel = store(d, reply);
    }
    flr__mutex_unlock(&stripe->lock);
    finish(d, sequel);
}

int flr__board_handle_exception(void *self, flr_context *context, const char *task_id)
{
    flr_board *b = self;
    delivery d = {
        .b = b, .context = context, .state = FLR_ASSIGNMENT_CLOSED, .now = flr__board_now(b)};
    flr_shareable *reply;
    flr__id id;
    flr_task *t;
    int status = 0;

    flr__runner_decide(b->runner, d.now);
    if (task_id == NULL || flr__id_parse(task_id, &id) < 0 || (d.a = find_open(b, &id)) == NULL) {
        if (context->client != NULL && flr__runner_gate_is_open(b->runner)) {
            flr__runner_task_ready(b->runner, context->client->name->text); /* as below */
        }
        return 0;
    }
    t = flr__task_of(d.a->task);
    if ((atomic_load(&b->flags) & FLR_BOARD_FLAG_CANCEL_ON_FILTER_ERROR) != 0) {
        cancel_task(b, t);
    } else if (t->options.result_received != NULL && flr__host_inside_turn(b->site)) {
        status = FLR_E_REENTRANT;
    } else {
        status = make_reply(context, d.a, &reply);
        if (status == 0) {
            close_assignment(&d, reply);
            flr_shareable_unref(reply);
        }
    }
    flr__board_after(b);
    if (status == 0 && flr__runner_gate_is_open(b->runner)) {
        /* Its request is answered without a task, and a later one may stand for it. */
        flr__runner_task_ready(b->runner, d.a->client->text);
    }
    flr_task_unref(t);
    return status;
}
