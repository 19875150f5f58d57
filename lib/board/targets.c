/* The targets of a task on its way to be scheduled: which clients, one target or seat for each, and
 * the legs of those that go through a list. The board's lock guards marks and places of clients. */
#include "board/board.h"

#include "base/abi.h"

/* Records for all named clients. Names that are not known are refused, or get a record. */
static int resolve_names(flr_board *b, flr__plan *p)
{
    flr__clients *cs = flr__runner_clients(b->runner);

    p->clients = flr__alloc_array(p->name_count, sizeof(flr__client *));
    if (p->clients == NULL) {
        return FLR_E_NOMEM;
    }
    for (size_t i = 0; i < p->name_count; i++) {
        const char *name = p->names[i];
        int status = flr__check_name(name, FLR_NAME_MAX);
        flr__client *c;

        if (status < 0) {
            return FLR__FAIL(p->context, status, "targets[%zu]", i);
        }
        c = p->unknown_allowed ? flr__clients_get(cs, name) : flr__clients_find(cs, name);
        if (c == NULL && p->unknown_allowed) {
            return FLR_E_NOMEM;
        }
        if (c == NULL || (!p->unknown_allowed && !atomic_load(&c->known))) {
            return FLR__FAIL(p->context, FLR_E_NOTFOUND, "no such client: %s", name);
        }
        p->clients[p->count++] = c;
    }
    return 0;
}

int flr__plan_list(flr_board *b, flr__plan *p)
{
    int status;

    if (p->mode == FLR_TARGETS_LIST) {
        return p->name_count == 0 ? 0 : resolve_names(b, p);
    }
    if (p->mode == FLR_TARGETS_OPEN) {
        return 0;
    }
    status = flr__runner_list_clients(b->runner);
    if (status == 0) {
        status = flr__clients_list(flr__runner_clients(b->runner), &p->clients, &p->count);
    }
    if (status == 0 && p->count == 0 && !p->dynamic) {
        status = FLR__FAIL(p->context, FLR_E_NOTFOUND, "no client is known");
    }
    return status;
}

static flr__target *target_at(const flr__plan *p, size_t i)
{
    return (flr__target *)(void *)((char *)p->targets + i * p->target_size);
}

/* One more leg for a seat. */
static void add_leg(flr__plan *p, flr__seat *seat)
{
    size_t place = p->leg_count++;

    seat->left++;
    if (p->legs == NULL) {
        return;
    }
    p->legs[place] = (flr__leg){seat, SIZE_MAX};
    if (seat->last == SIZE_MAX) {
        seat->first = place;
    } else {
        p->legs[seat->last].next = place;
    }
    seat->last = place;
}

/* The target of this client, made at its first occurrence; NULL: out of memory. *is_new says which.
 */
static flr__target *target_of(flr_board *b, flr__plan *p, flr__client *c, bool *is_new)
{
    flr__board_client *bc = atomic_load_explicit(&c->board, memory_order_acquire);

    if (bc == NULL) {
        flr__core_stripe *stripe = &b->core.stripes[flr__core_stripe_of(c)];

        flr__mutex_lock(&stripe->lock);
        bc = flr__core_client(&b->core, c);
        flr__mutex_unlock(&stripe->lock);
    }
    if (bc == NULL) {
        return NULL;
    }
    *is_new = bc->mark != b->mark;
    if (*is_new) {
        bc->mark = b->mark;
        bc->place = p->target_count++;
        target_at(p, bc->place)->owner = bc;
        if (p->policy->repeats) {
            flr__seat *seat = flr__core_seat(target_at(p, bc->place));

            seat->first = seat->last = SIZE_MAX;
        }
    }
    return target_at(p, bc->place);
}

static bool is_relay(const flr__plan *p)
{
    return p->policy->kind == FLR_KIND_RELAY || p->policy->kind == FLR_KIND_RELAY_ANY;
}

int flr__plan_make_targets(flr_board *b, flr__plan *p)
{
    p->target_size = p->policy->repeats ? sizeof(flr__seat) : sizeof(flr__target);
    if (p->count > 0) {
        p->targets = flr__zalloc_array(p->count, p->target_size);
        if (p->targets == NULL) {
            return FLR_E_NOMEM;
        }
        if (p->policy->sequential) {
            p->legs = flr__alloc_array(p->count, sizeof(flr__leg));
            if (p->legs == NULL) {
                return FLR_E_NOMEM;
            }
        }
    }
    b->mark++;
    for (size_t i = 0; i < p->count; i++) {
        bool is_new;
        flr__target *target = target_of(b, p, p->clients[i], &is_new);

        if (target == NULL) {
            return FLR_E_NOMEM;
        }
        if (is_relay(p) || (is_new && p->policy->sequential)) {
            add_leg(p, flr__core_seat(target));
        }
    }
    return p->mode != FLR_TARGETS_OPEN && p->min_responses > p->target_count
               ? FLR__FAIL(p->context, FLR_E_INVAL,
                           "min_responses is larger than the number of targets")
               : 0;
}
