/* The sending side of one reliable message: see sender.h. The shell's lock guards it. */
#include "reliable/sender.h"
#include "base/abi.h"
#include <flrunner/clock.h>

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bool end(flr__sender *s, flr__tx_end how, flr__tx_message farewell)
{
    s->end = how;
    /* Of a message that never went out, and of a plain one, the receiver knows nothing. */
    s->farewell = s->number == 0 || s->plain ? FLR__TX_NOTHING : farewell;
    s->message = FLR__TX_NOTHING;
    s->due = FLR_TIME_NONE;
    return false;
}

static bool send(flr__sender *s, flr__tx_message message, int64_t now)
{
    s->message = message;
    s->number++;
    s->due = earlier(flr__time_add(now, s->times.message), s->deadline);
    return true;
}

/* A pause until the next message. */
static bool wait_for_next(flr__sender *s, int64_t now)
{
    int64_t next = flr__time_add(now, s->times.interval);
    if (!s->acked && next >= s->deadline)
        return end(s, FLR__TX_TIMED_OUT, FLR__TX_CANCEL);
    s->message = FLR__TX_NOTHING;
    s->due = earlier(next, s->deadline);
    return false;
}

bool flr__sender_begin(flr__sender *s, const flr__tx_times *times, int64_t now)
{
    bool plain = times->whole <= times->message;
    *s = (flr__sender){.times = *times, .plain = plain};
    s->deadline = flr__time_add(now, plain ? times->message : times->whole);
    return send(s, plain ? FLR__TX_PLAIN : FLR__TX_REQUEST, now);
}

bool flr__sender_time(flr__sender *s, int64_t now)
{
    if (s->end != FLR__TX_UNDER_WAY || now < s->due)
        return false;
    if (now >= s->deadline)
        return end(s, FLR__TX_TIMED_OUT, FLR__TX_CANCEL);
    if (s->message != FLR__TX_NOTHING)
        return flr__sender_heard(s, s->number, FLR__TX_LOST, now);
    return send(s, s->acked ? FLR__TX_QUERY : FLR__TX_REQUEST, now);
}

bool flr__sender_heard(flr__sender *s, uint64_t number, flr__tx_heard heard, int64_t now)
{
    bool present = s->message != FLR__TX_NOTHING && number == s->number;
    if (s->end != FLR__TX_UNDER_WAY || (!present && heard != FLR__TX_SAYS_RESULT))
        return false;
    switch (heard) {
    case FLR__TX_LOST:
        return s->plain ? end(s, FLR__TX_UNSENT, FLR__TX_NOTHING) : wait_for_next(s, now);
    case FLR__TX_ACKED:
        s->acked = true;
        return wait_for_next(s, now);
    case FLR__TX_SAYS_NOT_RECEIVED:
        return end(s, FLR__TX_NOT_RECEIVED, FLR__TX_NOTHING);
    case FLR__TX_SAYS_ABORTED:
        return end(s, FLR__TX_GIVEN_UP, FLR__TX_NOTHING);
    case FLR__TX_SAYS_UNKNOWN:
        return end(s, FLR__TX_NO_TOPIC, FLR__TX_NOTHING);
    case FLR__TX_SAYS_UNAVAILABLE:
        return end(s, FLR__TX_UNAVAILABLE, FLR__TX_NOTHING);
    case FLR__TX_SAYS_RESULT:
        break;
    }
    return end(s, FLR__TX_RESULT, FLR__TX_CONFIRM);
}

bool flr__sender_pushed(flr__sender *s)
{
    if (s->end != FLR__TX_UNDER_WAY || s->plain)
        return false;
    end(s, FLR__TX_RESULT, FLR__TX_NOTHING); /* its acknowledgement is the reply to that message */
    return true;
}

void flr__sender_abort(flr__sender *s)
{
    if (s->end == FLR__TX_UNDER_WAY)
        end(s, FLR__TX_ABORTED, FLR__TX_CANCEL);
}
