/*
 * The receiving side of reliable messages as a state machine: tables of events and decisions, and a random play in which it talks with
 * sender cores over a channel that drops, delays, duplicates and reorders. Rows RM-05 to RM-07, RM-13, RM-14. One thread, time is a number.
 */
#include "base/id.h"
#include "reliable/receiver.h"
#include "reliable/sender.h"
#include "support/suite.h"
#include <check.h>
#include <flrunner/clock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT 100

static flr__receiver r;
static size_t alive; /* transactions not yet forgotten */

static void setup(void)
{
    alive = 0;
    flr__receiver_init(&r, 4, 3);
}

static void release(flr__rx_left *left)
{
    if (left->forgotten != NULL)
        alive--;
    free(left->forgotten);
    *left = (flr__rx_left){0};
}

static void close_all(void)
{
    flr__rx_left left = {0};
    while (flr__receiver_close(&r, &left))
        release(&left);
}

static void teardown(void)
{
    close_all();
    ck_assert_uint_eq(alive, 0);
    ck_assert_uint_eq(r.transactions.count, 0);
    ck_assert_uint_eq(r.clients.count, 0);
    ck_assert_uint_eq(r.dues.count, 0);
    ck_assert_uint_eq(r.waiting, 0);
    flr__receiver_free(&r);
}

static flr__rx_tx *fresh(const char *id, int64_t timeout)
{
    flr__rx_tx *tx = calloc(1, sizeof *tx + strlen(id) + 1);
    ck_assert_ptr_nonnull(tx);
    memcpy(tx + 1, id, strlen(id) + 1);
    tx->id = (const char *)(tx + 1);
    tx->timeout = timeout;
    return tx;
}

/* A request; its transaction or, if it is a repeated one, what it repeats. */
static flr__rx_tx *request(const char *client, const char *id, int64_t now, flr__rx_answer expected)
{
    flr__rx_tx *made = fresh(id, TIMEOUT), *tx;
    flr__rx_answer answer = FLR__RX_FULL;
    ck_assert_int_eq(flr__receiver_request(&r, client, made, now, &tx, &answer), 0);
    ck_assert_int_eq(answer, expected);
    if (tx == made)
        alive++;
    else
        free(made);
    return tx;
}

static flr__rx_answer query(const char *id)
{
    flr__rx_tx *tx;
    return flr__receiver_query(&r, "a", id, &tx);
}

static flr__rx_left left;

static void finish(flr__rx_tx *tx, int64_t now, bool wanted)
{
    ck_assert(flr__receiver_finished(&r, tx, now, &left) == wanted);
    ck_assert_ptr_eq(left.over, wanted ? NULL : tx);
    ck_assert(!left.stop);
    release(&left);
}

static flr__rx_answer cancel(const char *id, int64_t now, flr__rx_left *out)
{
    bool taken = false;
    return flr__receiver_cancel(&r, "a", id, NULL, now, &taken, out);
}

/* A transaction of client a, begun at 1000, in each state. */
static flr__rx_tx *bring_to(flr__rx_state state)
{
    flr__rx_tx *tx = request("a", "t", 1000, FLR__RX_IN_PROCESS);
    if (state == FLR__RX_QUEUED)
        return tx;
    ck_assert_ptr_eq(flr__receiver_take(&r), tx);
    if (state == FLR__RX_RUNNING)
        return tx;
    finish(tx, 1010, true);
    if (state == FLR__RX_REPLYING)
        return tx;
    flr__receiver_pushed(&r, tx, state == FLR__RX_CONFIRMED, 1020, &left);
    ck_assert_ptr_eq(left.over, state == FLR__RX_CONFIRMED ? tx : NULL);
    release(&left);
    if (state == FLR__RX_CANCELLED)
        ck_assert_int_eq(cancel("t", 1020, &left), FLR__RX_ABORTED);
    if (state == FLR__RX_EXPIRED)
        ck_assert(flr__receiver_expire(&r, 1100, &left));
    release(&left);
    return tx;
}

START_TEST(rm_05_rm_06_rm_07_answers_by_state)
{
    static const struct {
        flr__rx_state state;
        flr__rx_answer repeated, queried;
    } cases[] = {
        {FLR__RX_QUEUED, FLR__RX_IN_PROCESS, FLR__RX_IN_PROCESS},
        {FLR__RX_RUNNING, FLR__RX_IN_PROCESS, FLR__RX_IN_PROCESS},
        {FLR__RX_REPLYING, FLR__RX_RESULT, FLR__RX_IN_REPLY},
        {FLR__RX_FINISHED, FLR__RX_RESULT, FLR__RX_RESULT},
        {FLR__RX_CONFIRMED, FLR__RX_DUPLICATE, FLR__RX_REPLIED},
        {FLR__RX_CANCELLED, FLR__RX_ABORTED, FLR__RX_ABORTED},
        {FLR__RX_EXPIRED, FLR__RX_ABORTED, FLR__RX_ABORTED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        flr__rx_tx *tx = bring_to(cases[i].state), *found;
        ck_assert_int_eq(tx->state, cases[i].state);
        ck_assert_ptr_eq(request("a", "t", 1030, cases[i].repeated), tx);
        ck_assert_int_eq(flr__receiver_query(&r, "a", "t", &found), cases[i].queried);
        ck_assert_ptr_eq(found, tx);
        ck_assert(cases[i].state == FLR__RX_QUEUED ? flr__receiver_take(&r) == tx
                                                   : flr__receiver_take(&r) == NULL);
        ck_assert_int_eq(query("u"), FLR__RX_NOT_RECEIVED);
        ck_assert_int_eq(flr__receiver_query(&r, "b", "t", &found), FLR__RX_NOT_RECEIVED);
        close_all();
        if (cases[i].state == FLR__RX_REPLYING) {
            flr__receiver_pushed(&r, tx, true, 1040, &left);
            release(&left);
        } else if (alive > 0) {
            finish(tx, 1040, false);
        }
        teardown();
        setup();
    }
}
END_TEST

START_TEST(rm_06_ids_belong_to_their_client)
{
    flr__rx_tx *of_a = request("a", "t", 0, FLR__RX_IN_PROCESS);
    flr__rx_tx *of_b = request("b", "t", 0, FLR__RX_IN_PROCESS);
    ck_assert_ptr_ne(of_a, of_b);
    ck_assert_ptr_eq(flr__receiver_take(&r), of_a); /* in the order of their arrival */
    ck_assert_ptr_eq(flr__receiver_take(&r), of_b);
    ck_assert_int_eq(cancel("t", 1, &left), FLR__RX_ABORTED);
    ck_assert_ptr_eq(left.over, of_a);
    ck_assert(left.stop);
    release(&left);
    ck_assert_int_eq(of_b->state, FLR__RX_RUNNING);
    finish(of_a, 2, false);
    finish(of_b, 2, true);
    flr__receiver_pushed(&r, of_b, true, 3, &left);
    release(&left);
}
END_TEST

START_TEST(rm_13_confirm_by_state)
{
    static const struct {
        flr__rx_state state;
        flr__rx_answer answer;
        flr__rx_state then;
    } cases[] = {
        {FLR__RX_QUEUED, FLR__RX_IN_PROCESS, FLR__RX_QUEUED},
        {FLR__RX_RUNNING, FLR__RX_IN_PROCESS, FLR__RX_RUNNING},
        {FLR__RX_REPLYING, FLR__RX_REPLIED, FLR__RX_CONFIRMED},
        {FLR__RX_FINISHED, FLR__RX_REPLIED, FLR__RX_CONFIRMED},
        {FLR__RX_CONFIRMED, FLR__RX_REPLIED, FLR__RX_CONFIRMED},
        {FLR__RX_CANCELLED, FLR__RX_ABORTED, FLR__RX_CANCELLED},
        {FLR__RX_EXPIRED, FLR__RX_ABORTED, FLR__RX_EXPIRED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        flr__rx_tx *tx = bring_to(cases[i].state);
        ck_assert_int_eq(flr__receiver_confirm(&r, "b", "t", 1040, &left), FLR__RX_NOT_RECEIVED);
        ck_assert_int_eq(flr__receiver_confirm(&r, "a", "t", 1040, &left), cases[i].answer);
        ck_assert_ptr_eq(left.over, cases[i].then != cases[i].state ? tx : NULL);
        ck_assert(!left.stop);
        release(&left);
        ck_assert_int_eq(tx->state, cases[i].then);
        if (cases[i].state == FLR__RX_REPLYING) { /* what comes of the push does not matter */
            flr__receiver_pushed(&r, tx, false, 1050, &left);
            ck_assert_ptr_null(left.over);
            ck_assert_int_eq(query("t"), FLR__RX_REPLIED);
        }
        close_all();
        if (alive > 0)
            finish(tx, 1050, false);
        teardown();
        setup();
    }
}
END_TEST

START_TEST(rm_13_cancel_by_state)
{
    static const struct {
        flr__rx_state state;
        flr__rx_answer answer;
        bool over, stop;
    } cases[] = {
        {FLR__RX_QUEUED, FLR__RX_ABORTED, true, false},
        {FLR__RX_RUNNING, FLR__RX_ABORTED, true, true},
        {FLR__RX_REPLYING, FLR__RX_ABORTED, true, false},
        {FLR__RX_FINISHED, FLR__RX_ABORTED, true, false},
        {FLR__RX_CONFIRMED, FLR__RX_REPLIED, false, false},
        {FLR__RX_CANCELLED, FLR__RX_ABORTED, false, false},
        {FLR__RX_EXPIRED, FLR__RX_ABORTED, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        flr__rx_tx *tx = bring_to(cases[i].state);
        ck_assert_int_eq(cancel("t", 1040, &left), cases[i].answer);
        ck_assert_ptr_eq(left.over, cases[i].over ? tx : NULL);
        ck_assert(left.stop == cases[i].stop);
        release(&left);
        ck_assert_ptr_null(flr__receiver_take(&r)); /* off the queue */
        if (cases[i].state == FLR__RX_RUNNING) {
            ck_assert_int_eq(query("t"), FLR__RX_ABORTED);
            finish(tx, 1050, false); /* nobody wants its result */
        }
        if (cases[i].state == FLR__RX_REPLYING) {
            flr__receiver_pushed(&r, tx, true, 1050, &left);
            ck_assert_int_eq(query("t"), FLR__RX_ABORTED);
        }
        teardown();
        setup();
    }
}
END_TEST

START_TEST(rm_13_rm_14_a_cancel_that_overtakes_its_request)
{
    flr__rx_tx *tx = fresh("t", TIMEOUT);
    bool taken = false;
    ck_assert_int_eq(cancel("t", 1000, &left), FLR__RX_NOT_RECEIVED); /* how long to remember? */
    ck_assert_int_eq(flr__receiver_cancel(&r, "a", "t", tx, 1000, &taken, &left), FLR__RX_ABORTED);
    ck_assert(taken);
    alive++;
    release(&left);
    ck_assert_ptr_eq(request("a", "t", 1199, FLR__RX_ABORTED), tx);
    ck_assert_ptr_null(flr__receiver_take(&r));
    ck_assert_int_eq(flr__receiver_due(&r), 1200);
    ck_assert(flr__receiver_expire(&r, 1200, &left));
    release(&left);
    ck_assert_uint_eq(alive, 0);
}
END_TEST

START_TEST(rm_14_expiry)
{
    static const flr__rx_state open[] = {FLR__RX_QUEUED, FLR__RX_RUNNING, FLR__RX_REPLYING,
                                         FLR__RX_FINISHED};
    for (size_t i = 0; i < 4; i++) {
        flr__rx_tx *tx = bring_to(open[i]);
        ck_assert_int_eq(flr__receiver_due(&r), 1100);
        ck_assert(!flr__receiver_expire(&r, 1099, &left));
        ck_assert(flr__receiver_expire(&r, 1100, &left));
        ck_assert_ptr_eq(left.over, tx);
        ck_assert(left.stop == (open[i] == FLR__RX_RUNNING));
        ck_assert_ptr_null(left.forgotten);
        release(&left);
        ck_assert(!flr__receiver_expire(&r, 1100, &left));
        ck_assert_int_eq(query("t"), FLR__RX_ABORTED);
        ck_assert_ptr_eq(request("a", "t", 1100, FLR__RX_ABORTED), tx);
        ck_assert_ptr_null(flr__receiver_take(&r));
        int64_t over = 1100;
        if (tx->busy) { /* it is not forgotten while its handler, or its reply, is at work */
            ck_assert_int_eq(flr__receiver_due(&r), FLR_TIME_NONE);
            over = 1500;
            if (open[i] == FLR__RX_RUNNING)
                finish(tx, over, false);
            else
                flr__receiver_pushed(&r, tx, true, over, &left);
        }
        ck_assert_int_eq(flr__receiver_due(&r), over + 2 * TIMEOUT);
        ck_assert(!flr__receiver_expire(&r, over + 199, &left));
        ck_assert_int_eq(query("t"), FLR__RX_ABORTED);
        ck_assert(flr__receiver_expire(&r, over + 200, &left));
        ck_assert_ptr_eq(left.forgotten, tx);
        release(&left);
        ck_assert_int_eq(query("t"), FLR__RX_NOT_RECEIVED);
        teardown();
        setup();
    }
}
END_TEST

START_TEST(rm_14_confirmed_ids_are_remembered)
{
    bring_to(FLR__RX_CONFIRMED); /* at 1020 */
    ck_assert_int_eq(flr__receiver_due(&r), 1220);
    ck_assert(!flr__receiver_expire(&r, 1219, &left));
    request("a", "t", 1219, FLR__RX_DUPLICATE);
    ck_assert(flr__receiver_expire(&r, 1220, &left));
    release(&left);
    ck_assert_uint_eq(r.clients.count, 0);
}
END_TEST

START_TEST(rm_14_open_transactions_are_bounded_per_client)
{
    char id[16];
    flr__rx_tx *tx[4];
    for (int i = 0; i < 4; i++) {
        snprintf(id, sizeof id, "%d", i);
        tx[i] = request("a", id, 0, FLR__RX_IN_PROCESS);
    }
    ck_assert_ptr_null(request("a", "more", 0, FLR__RX_FULL));
    ck_assert_int_eq(query("more"), FLR__RX_NOT_RECEIVED);
    request("a", "3", 0, FLR__RX_IN_PROCESS); /* a repeated one is none more */
    request("b", "more", 0, FLR__RX_IN_PROCESS);
    ck_assert_ptr_eq(flr__receiver_take(&r), tx[0]);
    ck_assert_int_eq(cancel("0", 1, &left), FLR__RX_ABORTED);
    release(&left);
    ck_assert_ptr_null(request("a", "more", 1, FLR__RX_FULL)); /* its handler is still at work */
    finish(tx[0], 2, false);
    request("a", "more", 2, FLR__RX_IN_PROCESS);
}
END_TEST

START_TEST(rm_14_remembered_ids_are_bounded_per_client)
{
    char id[16];
    for (int i = 0; i < 5; i++) {
        snprintf(id, sizeof id, "%d", i);
        request("a", id, i, FLR__RX_IN_PROCESS);
        cancel(id, i, &left);
        ck_assert((left.forgotten != NULL) == (i >= 3)); /* the oldest one */
        release(&left);
    }
    ck_assert_uint_eq(alive, 3);
    ck_assert_int_eq(query("1"), FLR__RX_NOT_RECEIVED);
    ck_assert_int_eq(query("2"), FLR__RX_ABORTED);
}
END_TEST

START_TEST(lc_15_close_leaves_only_what_is_busy)
{
    request("a", "queued", 0, FLR__RX_IN_PROCESS);
    flr__rx_tx *tx = flr__receiver_take(&r);
    request("b", "queued", 0, FLR__RX_IN_PROCESS);
    request("a", "gone", 0, FLR__RX_IN_PROCESS);
    cancel("gone", 0, &left);
    release(&left);
    size_t stops = 0;
    while (flr__receiver_close(&r, &left)) {
        stops += left.stop;
        release(&left);
    }
    ck_assert_uint_eq(stops, 1);
    ck_assert_uint_eq(alive, 1);
    ck_assert_ptr_null(flr__receiver_take(&r));
    finish(tx, 1, false);
    ck_assert_uint_eq(alive, 0);
}
END_TEST

/* ---- a random play ---- */

#define PLAY_SENDERS 12
#define PLAY_FLIGHTS 512
#define PLAY_TIMEOUT 300

/* A message of the play on its way; also each answer to one. */
typedef struct flight {
    bool used, answer;
    int64_t at;
    int sender;
    uint64_t number;
    flr__tx_message message; /* NOTHING: the pushed reply */
    flr__tx_heard heard;
} flight;

static struct {
    flr__rng rng;
    int64_t now;
    flr__sender senders[PLAY_SENDERS];
    int executed[PLAY_SENDERS];
    bool got[PLAY_SENDERS];
    struct {
        flr__rx_tx *tx;
        int64_t until;
    } running[PLAY_SENDERS], pushing[PLAY_SENDERS];
    flight flights[PLAY_FLIGHTS];
    unsigned loss; /* of 100 */
} play;

static unsigned below(unsigned n)
{
    return (unsigned)flr__rng_below(&play.rng, n);
}

/* Lost, once, or twice, each after a while. */
static void post(const flight *f)
{
    unsigned copies = below(100) < play.loss ? 0 : below(100) < 15 ? 2 : 1;
    for (size_t i = 0; copies > 0 && i < PLAY_FLIGHTS; i++) {
        if (play.flights[i].used)
            continue;
        play.flights[i] = *f;
        play.flights[i].used = true;
        play.flights[i].at = play.now + 1 + below(25);
        copies--;
    }
    ck_assert_uint_eq(copies, 0);
}

static int sender_of(const flr__rx_tx *tx)
{
    return atoi(tx->id);
}

static void after_sender(int i, bool send)
{
    flr__sender *s = &play.senders[i];
    if (send)
        post(&(flight){.sender = i, .number = s->number, .message = s->message});
    if (s->end != FLR__TX_UNDER_WAY && s->farewell != FLR__TX_NOTHING) {
        post(&(flight){.sender = i, .message = s->farewell});
        s->farewell = FLR__TX_NOTHING;
    }
}

static void settle(void)
{
    if (left.stop) /* a handler that is told stops soon */
        for (size_t i = 0; i < PLAY_SENDERS; i++)
            if (play.running[i].tx == left.over)
                play.running[i].until = play.now + 1;
    release(&left);
}

static flr__tx_heard heard_of(flr__rx_answer answer)
{
    switch (answer) {
    case FLR__RX_RESULT:
        return FLR__TX_SAYS_RESULT;
    case FLR__RX_ABORTED:
        return FLR__TX_SAYS_ABORTED;
    case FLR__RX_NOT_RECEIVED:
        return FLR__TX_SAYS_NOT_RECEIVED;
    case FLR__RX_FULL:
        return FLR__TX_SAYS_UNAVAILABLE;
    default:
        return FLR__TX_ACKED;
    }
}

static void receive(const flight *f)
{
    char id[16];
    flr__rx_tx *tx, *made;
    flr__rx_answer answer = FLR__RX_FULL;
    bool taken = false;
    snprintf(id, sizeof id, "%d", f->sender);
    made = fresh(id, PLAY_TIMEOUT);
    switch (f->message) {
    case FLR__TX_REQUEST:
        ck_assert_int_eq(flr__receiver_request(&r, "a", made, play.now, &tx, &answer), 0);
        taken = tx == made;
        break;
    case FLR__TX_QUERY:
        answer = query(id);
        break;
    case FLR__TX_CONFIRM:
        answer = flr__receiver_confirm(&r, "a", id, play.now, &left);
        break;
    default:
        answer = flr__receiver_cancel(&r, "a", id, made, play.now, &taken, &left);
        break;
    }
    if (taken)
        alive++;
    else
        free(made);
    settle();
    if (f->message == FLR__TX_REQUEST || f->message == FLR__TX_QUERY)
        post(&(flight){.answer = true,
                       .sender = f->sender,
                       .number = f->number,
                       .message = f->message,
                       .heard = heard_of(answer)});
}

static void end_push(int i, bool good)
{
    flr__rx_tx *tx = play.pushing[i].tx;
    if (tx == NULL)
        return; /* it has failed already, or this is another copy of the acknowledgement */
    play.pushing[i].tx = NULL;
    flr__receiver_pushed(&r, tx, good, play.now, &left);
    settle();
}

static void arrive(const flight *f)
{
    flr__sender *s = &play.senders[f->sender];
    if (f->message == FLR__TX_NOTHING && f->answer) {
        end_push(f->sender, true);
    } else if (f->message == FLR__TX_NOTHING) {
        if (flr__sender_pushed(s))
            play.got[f->sender] = true;
        after_sender(f->sender, false);
        flight back = *f;
        back.answer = true;
        post(&back);
    } else if (f->answer) {
        bool open = s->end == FLR__TX_UNDER_WAY;
        bool send = flr__sender_heard(s, f->number, f->heard, play.now);
        if (open && s->end == FLR__TX_RESULT)
            play.got[f->sender] = true;
        after_sender(f->sender, send);
    } else {
        receive(f);
    }
}

static void run_handlers(void)
{
    flr__rx_tx *tx;
    while (below(3) == 0 && (tx = flr__receiver_take(&r)) != NULL) {
        size_t i = (size_t)sender_of(tx);
        play.executed[i]++;
        ck_assert_ptr_null(play.running[i].tx);
        play.running[i].tx = tx;
        play.running[i].until = play.now + below(90);
    }
    for (size_t i = 0; i < PLAY_SENDERS; i++) {
        tx = play.running[i].tx;
        if (tx == NULL || play.running[i].until > play.now)
            continue;
        play.running[i].tx = NULL;
        if (flr__receiver_finished(&r, tx, play.now, &left)) {
            play.pushing[i].tx = tx;
            play.pushing[i].until = play.now + 20;
            post(&(flight){.sender = (int)i, .message = FLR__TX_NOTHING});
        }
        settle();
    }
    for (int i = 0; i < PLAY_SENDERS; i++)
        if (play.pushing[i].until <= play.now)
            end_push(i, false);
}

/* One instant; false: nothing is on its way and nobody waits any more. */
static bool tick(bool may_abort)
{
    bool any = false;
    play.now++;
    for (size_t i = 0; i < PLAY_FLIGHTS; i++) {
        flight f = play.flights[i];
        any = any || f.used;
        if (!f.used || f.at > play.now)
            continue;
        play.flights[i].used = false;
        arrive(&f);
    }
    run_handlers();
    while (flr__receiver_expire(&r, play.now, &left))
        settle();
    for (int i = 0; i < PLAY_SENDERS; i++) {
        flr__sender *s = &play.senders[i];
        any = any || s->end == FLR__TX_UNDER_WAY;
        if (may_abort && s->end == FLR__TX_UNDER_WAY && below(2000) == 0)
            flr__sender_abort(s);
        after_sender(i, flr__sender_time(s, play.now));
    }
    return any || r.transactions.count > 0;
}

static void play_once(uint64_t seed, unsigned loss, bool aborts, int *results)
{
    static const flr__tx_times times = {15, 20, PLAY_TIMEOUT};
    memset(&play, 0, sizeof play);
    setup();
    r.open_max = PLAY_SENDERS;
    r.remember_max = 64;
    flr__rng_seed(&play.rng, seed, "reliable play");
    play.loss = loss;
    for (int i = 0; i < PLAY_SENDERS; i++)
        after_sender(i, flr__sender_begin(&play.senders[i], &times, play.now));
    int instants = 0;
    while (tick(aborts)) {
        ck_assert_msg(++instants < 5000, "seed %llu: it does not end", (unsigned long long)seed);
        ck_assert_uint_le(r.transactions.count, 64 + PLAY_SENDERS);
    }
    for (int i = 0; i < PLAY_SENDERS; i++) {
        const flr__sender *s = &play.senders[i];
        ck_assert_msg(play.executed[i] <= 1, "seed %llu: handler %d ran %d times",
                      (unsigned long long)seed, i, play.executed[i]);
        ck_assert_msg(play.got[i] == (s->end == FLR__TX_RESULT), "seed %llu",
                      (unsigned long long)seed);
        ck_assert(!play.got[i] || play.executed[i] == 1);
        ck_assert(s->end == FLR__TX_RESULT || s->end == FLR__TX_TIMED_OUT ||
                  s->end == FLR__TX_GIVEN_UP || (aborts && s->end == FLR__TX_ABORTED));
        *results += play.got[i];
    }
    ck_assert_uint_eq(alive, 0);
    teardown();
}

START_TEST(rm_14_random_play_over_a_bad_channel)
{
    const char *given = getenv("FLR_SEED");
    uint64_t from = given == NULL ? 1 : strtoull(given, NULL, 10);
    for (uint64_t seed = from; seed < from + (given == NULL ? 400 : 1); seed++) {
        int without = 0, results = 0;
        play_once(seed, 0, false, &without);
        ck_assert_msg(without == PLAY_SENDERS, "seed %llu: %d replies over a good channel",
                      (unsigned long long)seed, without);
        play_once(seed, 10 + (unsigned)(seed % 60), seed % 2 == 0, &results);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reliable_receiver");
    TCase *t = tcase_create("core");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, rm_05_rm_06_rm_07_answers_by_state);
    tcase_add_test(t, rm_06_ids_belong_to_their_client);
    tcase_add_test(t, rm_13_confirm_by_state);
    tcase_add_test(t, rm_13_cancel_by_state);
    tcase_add_test(t, rm_13_rm_14_a_cancel_that_overtakes_its_request);
    tcase_add_test(t, rm_14_expiry);
    tcase_add_test(t, rm_14_confirmed_ids_are_remembered);
    tcase_add_test(t, rm_14_open_transactions_are_bounded_per_client);
    tcase_add_test(t, rm_14_remembered_ids_are_bounded_per_client);
    tcase_add_test(t, lc_15_close_leaves_only_what_is_busy);
    suite_add_tcase(suite, t);
    t = tcase_create("play");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, rm_14_random_play_over_a_bad_channel);
    suite_add_tcase(suite, t);
    return suite_run(suite);
}
