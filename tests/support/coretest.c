/* The board's core for unit tests: see coretest.h. */
#include "coretest.h"
#include "failalloc.h"

#include "base/abi.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- beginning and end ---- */

void coretest_begin(coretest *c)
{
    memset(c, 0, sizeof *c);
    ck_assert_int_eq(failalloc_install(), 0);
    ck_assert_int_eq(flr__clients_init(&c->table, 0), 0);
    flr__clients_start(&c->table, 0);
    for (int i = 0; i < CORETEST_CLIENTS; i++) {
        char name[32];

        snprintf(name, sizeof name, "site-%d", i);
        ck_assert_int_eq(flr__clients_add(&c->table, name, NULL), 0);
        c->clients[i] = flr__clients_find(&c->table, name);
    }
    c->core = calloc(1, sizeof *c->core);
    ck_assert_ptr_nonnull(c->core);
    flr__core_init(c->core);
    c->core->clients = &c->table;
    atomic_init(&c->core->memory, 100);
}

static void free_task(flr__core_task *t)
{
    flr__walk walk = flr__walk_begin(t);

    for (flr_assignment *a; (a = flr__walk_next(&walk)) != NULL;) {
        flr__core_assignment_drop(a);
    }
    while (t->joined != NULL) {
        flr__seat *seat = t->joined;

        t->joined = seat->next;
        flr__free(seat);
    }
    flr__free(t->targets);
    flr__free(t->baton.legs);
    flr__str_unref(t->name);
    free(t);
}

void coretest_end(coretest *c)
{
    failalloc_reset();
    for (size_t i = 0; i < c->task_count; i++) {
        free_task(c->tasks[i]);
    }
    free(c->tasks);
    flr__core_free(c->core);
    free(c->core);
    for (int i = 0; i < CORETEST_CLIENTS; i++) {
        ck_assert_ptr_null(c->clients[i]->board);
    }
    flr__clients_free(&c->table);
    ck_assert_uint_eq(failalloc_get_live_count(), 0);
    ck_assert_int_eq(failalloc_uninstall(), 0);
}

flr__board_client *coretest_client(coretest *c, int i)
{
    flr__board_client *bc = flr__core_client(c->core, c->clients[i]);

    ck_assert_ptr_nonnull(bc);
    return bc;
}

/* ---- tasks ---- */

static bool is_relay(const flr__policy *policy)
{
    return policy->kind == FLR_KIND_RELAY || policy->kind == FLR_KIND_RELAY_ANY;
}

/* The next leg of a seat that is being made. */
static void add_leg(flr__core_task *t, flr__seat *seat)
{
    flr__baton *b = &t->baton;
    size_t place = b->leg_count++;

    seat->left++;
    if (b->legs == NULL) {
        return;
    }
    b->legs[place] = (flr__leg){seat, SIZE_MAX};
    if (seat->last == SIZE_MAX) {
        seat->first = place;
    } else {
        b->legs[seat->last].next = place;
    }
    seat->last = place;
}

/* One target for each client of the list, one leg for each position that counts. */
static void make_targets(coretest *c, flr__core_task *t, const char *list)
{
    size_t count = strlen(list);

    t->targets = flr__zalloc_array(count + 1, t->target_size);
    ck_assert_ptr_nonnull(t->targets);
    if (t->policy->sequential) {
        t->baton.legs = flr__alloc_array(count + 1, sizeof(flr__leg));
        ck_assert_ptr_nonnull(t->baton.legs);
        t->baton.leg_capacity = count + 1;
    }
    for (size_t i = 0; i < count; i++) {
        flr__board_client *bc = coretest_client(c, list[i] - '0');
        flr__target *target = coretest_target(t, bc);
        bool is_new = target == NULL;

        if (is_new) {
            target = flr__core_target(t, t->target_count++);
            target->owner = bc;
            if (t->policy->repeats) {
                flr__core_seat(target)->first = flr__core_seat(target)->last = SIZE_MAX;
            }
        }
        if (t->baton.relay || (is_new && t->policy->sequential)) {
            add_leg(t, flr__core_seat(target));
        }
    }
}

static void keep(coretest *c, flr__core_task *t)
{
    if (c->task_count == c->task_capacity) {
        c->task_capacity = c->task_capacity * 2 + 16;
        c->tasks = realloc(c->tasks, c->task_capacity * sizeof *c->tasks);
        ck_assert_ptr_nonnull(c->tasks);
    }
    c->tasks[c->task_count++] = t;
}

flr__core_task *coretest_come(coretest *c, const char *name, const coretest_options *o)
{
    static const uint8_t key[16] = {1, 2, 3};
    flr__core_task *t = calloc(1, sizeof *t);

    ck_assert_ptr_nonnull(t);
    t->name = flr__str_new(name, strlen(name));
    ck_assert_ptr_nonnull(t->name);
    t->policy = o->policy;
    t->number = (int64_t)c->task_count;
    t->mode = o->list == NULL ? FLR_TARGETS_OPEN : FLR_TARGETS_LIST;
    t->non_blocking = o->non_blocking;
    t->target_size = o->policy->repeats ? sizeof(flr__seat) : sizeof(flr__target);
    t->min_responses = o->min_responses;
    t->wait = o->wait;
    t->begun = 1;
    t->baton.relay = is_relay(o->policy);
    t->baton.dynamic = o->dynamic;
    t->baton.step = o->step;
    t->baton.result_timeout = o->result_timeout;
    if (o->list != NULL) {
        make_targets(c, t, o->list);
    }
    flr__siphash128_begin(&t->id_prefix, key);
    flr__siphash_u64(&t->id_prefix, (uint64_t)t->number);
    flr__core_begin(c->core, t);
    for (size_t i = 0; i < t->target_count; i++) {
        flr__core_link(t, flr__core_target(t, i));
    }
    keep(c, t);
    return t;
}

void coretest_stand(coretest *c, flr__core_task *t, int64_t timeout, int64_t now)
{
    t->timeout_at = timeout > 0 ? now + timeout : FLR_TIME_NONE;
    ck_assert_int_eq(flr__core_reserve(c->core), 0);
    flr__core_schedule(c->core, t, now);
}

flr__core_task *coretest_schedule(coretest *c, const char *name, const coretest_options *o,
                                  int64_t now)
{
    flr__core_task *t = coretest_come(c, name, o);

    coretest_stand(c, t, o->timeout, now);
    return t;
}

int coretest_status(const flr__core_task *t)
{
    return atomic_load(&((flr__core_task *)t)->status);
}

flr__target *coretest_target(const flr__core_task *t, const flr__board_client *bc)
{
    for (size_t i = 0; i < t->target_count; i++) {
        if (flr__core_target(t, i)->owner == bc) {
            return flr__core_target(t, i);
        }
    }
    for (flr__seat *seat = t->joined; seat != NULL; seat = seat->next) {
        if (seat->target.owner == bc) {
            return &seat->target;
        }
    }
    return NULL;
}

int coretest_verdict(coretest *c, flr__core_task *t, int i, int64_t now)
{
    flr__target *target = coretest_target(t, coretest_client(c, i));

    return target == NULL || !flr__core_stands(t) ? FLR__NO_BLOCK
                                                  : t->policy->decide(t, target, now);
}

const char *coretest_verdicts(coretest *c, flr__core_task *t, int count, int64_t now)
{
    for (int i = 0; i < count; i++) {
        int verdict = coretest_verdict(c, t, i, now);

        c->verdicts[i] = verdict == FLR__SEND ? 'S' : verdict == FLR__BLOCK ? 'B' : '-';
    }
    c->verdicts[count] = '\0';
    return c->verdicts;
}

void coretest_stands(coretest *c, const flr__core_task *t, int64_t now)
{
    ck_assert_uint_eq(coretest_expire(c, now), 0);
    ck_assert_int_eq(coretest_status(t), FLR_TASK_STANDING);
}

void coretest_ends(coretest *c, const flr__core_task *t, int64_t at, int status)
{
    coretest_stands(c, t, at - 1);
    ck_assert_uint_eq(coretest_expire(c, at + 1000), 1); /* however late somebody looks */
    coretest_ended(t, at, status);
}

void coretest_ended(const flr__core_task *t, int64_t at, int status)
{
    ck_assert_int_eq(coretest_status(t), status);
    ck_assert_int_eq(t->ended, at);
}

/* ---- requests ---- */

coretest_offer coretest_choose(coretest *c, int i, int64_t now)
{
    flr__board_client *bc = coretest_client(c, i);
    coretest_offer offer = {flr__core_choose(c->core, bc, now), NULL};

    ck_assert_int_eq(offer.choice.status, 0);
    offer.a = offer.choice.again;
    if (offer.choice.task != NULL && offer.a == NULL) {
        ck_assert_int_eq(flr__core_prepare(&offer.choice, bc, &offer.a), 0);
    }
    return offer;
}

bool coretest_record(coretest *c, coretest_offer *offer, int64_t now)
{
    flr_assignment *replaced;
    flr__record *forgotten;

    ck_assert_int_eq(flr__core_reserve_id(c->core, offer->a), 0);
    if (!flr__core_record(c->core, &offer->choice, offer->a, now, &replaced, &forgotten)) {
        if (offer->choice.again == NULL) {
            flr__core_assignment_drop(offer->a);
        }
        offer->a = NULL;
        return false;
    }
    if (replaced != NULL) {
        flr__core_remember(c->core, forgotten, forgotten, 1);
        flr__core_assignment_drop(replaced);
    }
    return true;
}

flr_assignment *coretest_ask(coretest *c, int i, int64_t now)
{
    coretest_offer offer = coretest_choose(c, i, now);

    if (offer.a != NULL) {
        ck_assert(coretest_record(c, &offer, now));
    }
    return offer.a;
}

/* ---- results ---- */

flr__record *coretest_find(coretest *c, const char *id_text)
{
    flr__record *record = NULL;
    flr__id id;

    ck_assert_int_eq(flr__id_parse(id_text, &id), 0);
    for (unsigned i = 0; i < FLR__BOARD_STRIPES && record == NULL; i++) {
        record = flr__core_find(c->core, i, &id);
    }
    return record;
}

int coretest_claim(coretest *c, int i, const char *name, const char *id)
{
    return flr__core_claim(c->core, coretest_find(c, id), coretest_client(c, i), name);
}

int coretest_check(coretest *c, int i, const char *id)
{
    return flr__core_check(c->core, coretest_find(c, id), coretest_client(c, i));
}

bool coretest_deliver(coretest *c, flr_assignment *a, int state, int64_t now)
{
    bool tell;

    switch (flr__core_answer(c->core, a, state, false, now, &tell)) {
    case FLR__EVALUATE:
        flr__core_evaluate(c->core, a->task, now);
        break;
    case FLR__OVER:
        flr__core_bury(c->core, a->task);
        break;
    default:
        break;
    }
    return tell;
}

int coretest_submit(coretest *c, int i, const char *name, const char *id, int64_t now)
{
    flr__record *record = coretest_find(c, id);
    int outcome = flr__core_claim(c->core, record, coretest_client(c, i), name);

    if (outcome == FLR_OUTCOME_ACCEPTED) {
        coretest_deliver(c, record->assignment, FLR_ASSIGNMENT_ANSWERED, now);
    }
    return outcome;
}

void coretest_close(coretest *c, flr_assignment *a, int64_t now)
{
    ck_assert(flr__link_is_in(&a->open));
    ck_assert_int_eq(flr__core_claim(c->core, a->record, flr__core_owner(a), a->task->name->text),
                     FLR_OUTCOME_ACCEPTED);
    coretest_deliver(c, a, FLR_ASSIGNMENT_CLOSED, now);
}

/* ---- clients and time ---- */

void coretest_lose(coretest *c, int i, int64_t now)
{
    ck_assert(flr__clients_report(&c->table, c->clients[i], now));
    ck_assert_ptr_eq(flr__clients_expire(&c->table, now), c->clients[i]);
    flr__core_lose(c->core, c->clients[i]->board, now);
}

void coretest_regain(coretest *c, int i, int64_t now)
{
    bool unannounced;

    flr__clients_credit(&c->table, c->clients[i], now, &unannounced);
    flr__core_regain(c->core, c->clients[i]->board, now);
}

size_t coretest_expire(coretest *c, int64_t now)
{
    size_t count = 0;

    while (flr__core_expire(c->core, now) != NULL) {
        count++;
    }
    return count;
}

/* ---- after the end ---- */

static void unlink_targets(flr__core_task *t)
{
    for (size_t i = 0; i < t->target_count; i++) {
        flr__core_unlink(flr__core_target(t, i));
    }
    for (flr__seat *seat = t->joined; seat != NULL; seat = seat->next) {
        flr__core_unlink(&seat->target);
    }
}

void coretest_settle(coretest *c, flr__core_task *t)
{
    flr__record *first = NULL, *last = NULL, *record;
    flr__walk walk = flr__walk_begin(t);
    size_t count = 0;

    for (flr_assignment *a; (a = flr__walk_next(&walk)) != NULL; count++) {
        record = flr__core_settle(a);
        flr__str_ref(record->name);
        record->next = first;
        first = record;
        last = last == NULL ? record : last;
    }
    if (count > 0) {
        flr__core_remember(c->core, first, last, count);
    }
    count = flr__core_forget_begin(c->core, SIZE_MAX, &record);
    for (size_t i = 0; i < count; i++) {
        flr__record *next = record->next;

        flr__core_forget(c->core, record);
        flr__str_unref(record->name);
        flr__block_free(record, sizeof *record);
        record = next;
    }
    if (count > 0) {
        flr__core_forget_end(c->core, record);
    }
    unlink_targets(t);
}

/* ---- notices ---- */

const char *coretest_news(coretest *c)
{
    flr__board_client *bc;
    size_t used = 0;

    c->news[0] = '\0';
    while (flr__core_take_news(c->core, &bc)) {
        const char *who = bc == NULL ? "*" : bc->client->name->text + strlen("site-");

        ck_assert_uint_lt(used + strlen(who) + 1, sizeof c->news);
        used += (size_t)sprintf(c->news + used, "%s%s", used > 0 ? " " : "", who);
    }
    ck_assert(!atomic_load(&c->core->has_news));
    return c->news;
}
