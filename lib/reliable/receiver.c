/* The receiving side of reliable messages: see receiver.h. The shell's lock guards it. */
#include "reliable/receiver.h"
#include "base/abi.h"
#include "base/str.h"
#include <flrunner/clock.h>
#include <string.h>

/* Who has transactions here; goes with the last of them. */
typedef struct flr__rx_client {
    uint32_t hash;
    size_t open, remembered;
    flr__rx_list over; /* those that are remembered, the oldest first */
    size_t size;
    char name[];
} flr__rx_client;

typedef struct key {
    const char *client, *id;
} key;

static bool match_client(const void *item, const void *name, size_t size)
{
    const flr__rx_client *c = item;
    return c->size == size && memcmp(c->name, name, size) == 0;
}

static bool match_tx(const void *item, const void *wanted, size_t size)
{
    const flr__rx_tx *tx = item;
    const key *k = wanted;
    (void)size;
    return strcmp(tx->id, k->id) == 0 && strcmp(tx->client->name, k->client) == 0;
}

static uint32_t hash_of(const char *id)
{
    return flr__hash32(id, strlen(id));
}

static flr__rx_tx *find(const flr__receiver *r, const char *client, const char *id)
{
    key k = {client, id};
    return flr__table_get(&r->transactions, &k, sizeof k, hash_of(id));
}

void flr__receiver_init(flr__receiver *r, size_t open_max, size_t remember_max)
{
    memset(r, 0, sizeof *r);
    flr__table_init(&r->transactions, match_tx);
    flr__table_init(&r->clients, match_client);
    flr__heap_init(&r->dues);
    r->open_max = open_max;
    r->remember_max = remember_max;
}

void flr__receiver_free(flr__receiver *r)
{
    flr__table_free(&r->transactions);
    flr__table_free(&r->clients);
    flr__heap_free(&r->dues);
}

/* ---- lists ---- */

static void append(flr__rx_list *list, flr__rx_tx *tx)
{
    tx->next = NULL;
    tx->previous = list->last;
    if (list->last != NULL)
        list->last->next = tx;
    else
        list->first = tx;
    list->last = tx;
}

static void take_out(flr__rx_list *list, flr__rx_tx *tx)
{
    if (tx->previous != NULL)
        tx->previous->next = tx->next;
    else
        list->first = tx->next;
    if (tx->next != NULL)
        tx->next->previous = tx->previous;
    else
        list->last = tx->previous;
    tx->next = tx->previous = NULL;
}

static void leave_queue(flr__receiver *r, flr__rx_tx *tx)
{
    take_out(&r->queue, tx);
    r->waiting--;
}

/* ---- clients ---- */

static flr__rx_client *client_of(flr__receiver *r, const char *name)
{
    size_t size = strlen(name);
    uint32_t hash = flr__hash32(name, size);
    flr__rx_client *c = flr__table_get(&r->clients, name, size, hash);
    if (c != NULL)
        return c;
    c = flr__zalloc(sizeof *c + size + 1);
    if (c == NULL)
        return NULL;
    c->hash = hash;
    c->size = size;
    memcpy(c->name, name, size + 1);
    if (flr__table_add(&r->clients, c, hash) < 0) {
        flr__free(c);
        return NULL;
    }
    return c;
}

static void leave_client(flr__receiver *r, flr__rx_client *c)
{
    if (c->open > 0 || c->remembered > 0)
        return;
    flr__table_remove(&r->clients, c->name, c->size, c->hash);
    flr__free(c);
}

/* ---- the end of a transaction ---- */

static bool is_over(const flr__rx_tx *tx)
{
    return tx->state >= FLR__RX_CONFIRMED;
}

/* Off every list; the shell frees it. */
static void forget(flr__receiver *r, flr__rx_tx *tx, flr__rx_left *left)
{
    key k = {tx->client->name, tx->id};
    flr__table_remove(&r->transactions, &k, sizeof k, tx->hash);
    flr__heap_remove(&r->dues, &tx->due);
    leave_client(r, tx->client);
    tx->client = NULL;
    left->forgotten = tx;
}

static void forget_remembered(flr__receiver *r, flr__rx_tx *tx, flr__rx_left *left)
{
    take_out(&tx->client->over, tx);
    tx->client->remembered--;
    forget(r, tx, left);
}

/* It is over and nobody is at work on it. */
static void remember(flr__receiver *r, flr__rx_tx *tx, int64_t now, flr__rx_left *left)
{
    flr__rx_client *c = tx->client;
    c->open--;
    if (r->closed) {
        forget(r, tx, left);
        return;
    }
    append(&c->over, tx);
    c->remembered++;
    flr__heap_set(&r->dues, &tx->due, flr__time_step(now, tx->timeout, 2));
    if (c->remembered > r->remember_max)
        forget_remembered(r, c->over.first, left);
}

static void end(flr__receiver *r, flr__rx_tx *tx, flr__rx_state how, int64_t now,
                flr__rx_left *left)
{
    if (tx->state == FLR__RX_QUEUED)
        leave_queue(r, tx);
    left->over = tx;
    left->stop = tx->state == FLR__RX_RUNNING;
    tx->state = how;
    flr__heap_remove(&r->dues, &tx->due);
    if (!tx->busy)
        remember(r, tx, now, left);
}

/* ---- messages ---- */

static flr__rx_answer answer_of(const flr__rx_tx *tx, bool repeated)
{
    if (tx == NULL)
        return FLR__RX_NOT_RECEIVED;
    switch (tx->state) {
    case FLR__RX_QUEUED:
    case FLR__RX_RUNNING:
        return FLR__RX_IN_PROCESS;
    case FLR__RX_REPLYING:
        return repeated ? FLR__RX_RESULT : FLR__RX_IN_REPLY;
    case FLR__RX_FINISHED:
        return FLR__RX_RESULT;
    case FLR__RX_CONFIRMED:
        return repeated ? FLR__RX_DUPLICATE : FLR__RX_REPLIED;
    case FLR__RX_CANCELLED:
    case FLR__RX_EXPIRED:
        break;
    }
    return FLR__RX_ABORTED;
}

/* Room for one more, and whose it is; FLR_E_LIMIT: this client has too many. */
static int admit(flr__receiver *r, const char *name, flr__rx_tx *fresh, int64_t now)
{
    size_t count = r->transactions.count + 1;
    flr__rx_client *c;
    if (flr__table_reserve(&r->transactions, count) < 0 || flr__heap_reserve(&r->dues, count) < 0 ||
        (c = client_of(r, name)) == NULL)
        return FLR_E_NOMEM;
    if (c->open >= r->open_max)
        return FLR_E_LIMIT; /* it has some, so it stays */
    c->open++;
    fresh->client = c;
    fresh->hash = hash_of(fresh->id);
    fresh->busy = false;
    fresh->arrived = now;
    fresh->due.order = r->order++;
    flr__table_add(&r->transactions, fresh, fresh->hash);
    return 0;
}

int flr__receiver_request(flr__receiver *r, const char *client, flr__rx_tx *fresh, int64_t now,
                          flr__rx_tx **tx, flr__rx_answer *answer)
{
    *tx = find(r, client, fresh->id);
    if (*tx != NULL) {
        *answer = answer_of(*tx, true);
        return 0;
    }
    int status = admit(r, client, fresh, now);
    if (status == FLR_E_LIMIT) {
        *answer = FLR__RX_FULL;
        return 0;
    }
    if (status < 0)
        return status;
    fresh->state = FLR__RX_QUEUED;
    flr__heap_set(&r->dues, &fresh->due, flr__time_add(now, fresh->timeout));
    append(&r->queue, fresh);
    r->waiting++;
    *tx = fresh;
    *answer = FLR__RX_IN_PROCESS;
    return 0;
}

flr__rx_answer flr__receiver_query(const flr__receiver *r, const char *client, const char *id,
                                   flr__rx_tx **tx)
{
    *tx = find(r, client, id);
    return answer_of(*tx, false);
}

flr__rx_answer flr__receiver_confirm(flr__receiver *r, const char *client, const char *id,
                                     int64_t now, flr__rx_left *left)
{
    flr__rx_tx *tx = find(r, client, id);
    if (tx != NULL && (tx->state == FLR__RX_REPLYING || tx->state == FLR__RX_FINISHED)) {
        end(r, tx, FLR__RX_CONFIRMED, now, left);
        return FLR__RX_REPLIED;
    }
    return answer_of(tx, false);
}

flr__rx_answer flr__receiver_cancel(flr__receiver *r, const char *client, const char *id,
                                    flr__rx_tx *fresh, int64_t now, bool *taken, flr__rx_left *left)
{
    flr__rx_tx *tx = find(r, client, id);
    if (tx == NULL && fresh != NULL && admit(r, client, fresh, now) == 0) {
        fresh->state = FLR__RX_CANCELLED;
        *taken = true;
        remember(r, fresh, now, left);
        return FLR__RX_ABORTED;
    }
    if (tx != NULL && !is_over(tx)) {
        end(r, tx, FLR__RX_CANCELLED, now, left);
        return FLR__RX_ABORTED;
    }
    return answer_of(tx, false);
}

/* ---- handlers ---- */

const flr__rx_tx *flr__receiver_first(const flr__receiver *r)
{
    return r->queue.first;
}

flr__rx_tx *flr__receiver_take(flr__receiver *r)
{
    flr__rx_tx *tx = r->queue.first;
    if (tx == NULL)
        return NULL;
    leave_queue(r, tx);
    tx->state = FLR__RX_RUNNING;
    tx->busy = true;
    return tx;
}

bool flr__receiver_finished(flr__receiver *r, flr__rx_tx *tx, int64_t now, flr__rx_left *left)
{
    if (!is_over(tx)) {
        tx->state = FLR__RX_REPLYING;
        return true;
    }
    tx->busy = false;
    left->over = tx;
    remember(r, tx, now, left);
    return false;
}

void flr__receiver_pushed(flr__receiver *r, flr__rx_tx *tx, bool acknowledged, int64_t now,
                          flr__rx_left *left)
{
    tx->busy = false;
    if (is_over(tx))
        remember(r, tx, now, left);
    else if (acknowledged)
        end(r, tx, FLR__RX_CONFIRMED, now, left);
    else
        tx->state = FLR__RX_FINISHED;
}

/* ---- time, and the end ---- */

int64_t flr__receiver_due(const flr__receiver *r)
{
    const flr__due *first = flr__heap_first(&r->dues);
    return first == NULL ? FLR_TIME_NONE : first->at;
}

bool flr__receiver_expire(flr__receiver *r, int64_t now, flr__rx_left *left)
{
    flr__due *first = flr__heap_first(&r->dues);
    if (first == NULL || first->at > now)
        return false;
    flr__rx_tx *tx = (flr__rx_tx *)(void *)first;
    if (is_over(tx))
        forget_remembered(r, tx, left);
    else
        end(r, tx, FLR__RX_EXPIRED, now, left);
    return true;
}

bool flr__receiver_close(flr__receiver *r, flr__rx_left *left)
{
    r->closed = true;
    /* What is not over, or is remembered, has a due time; what is left is over, but busy. */
    flr__due *first = flr__heap_first(&r->dues);
    if (first == NULL)
        return false;
    flr__rx_tx *tx = (flr__rx_tx *)(void *)first;
    if (is_over(tx))
        forget_remembered(r, tx, left);
    else
        end(r, tx, FLR__RX_EXPIRED, 0, left);
    return true;
}
