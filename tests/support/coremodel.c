/* A naive model of sends and relays: see coremodel.h. */
#include "coremodel.h"

#include <string.h>

#define NEVER INT64_MAX

enum { SEND = 1, BLOCK, NO_BLOCK };

static int64_t min_of(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t max_of(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* SR-11 counts while there is somebody who could ask. */
static void note_able(coremodel *m)
{
    bool able = coremodel_waiting(m, true) > 0;

    if (able && !m->able) {
        m->able_since = m->time;
    }
    m->able = able;
}

void coremodel_begin(coremodel *m, const char *list)
{
    m->leg_count = m->begin = m->hand_count = 0;
    memset(m->listed, 0, sizeof m->listed);
    memset(m->barred, 0, sizeof m->barred);
    for (; list != NULL && *list != '\0'; list++) {
        int client = *list - '0';

        if (m->relay || !m->listed[client]) {
            m->legs[m->leg_count++] = client;
        }
        m->listed[client] = true;
    }
    m->opened = m->time = m->scheduled;
    m->able_since = m->scheduled;
    m->able = false;
    note_able(m);
    m->status = FLR_TASK_STANDING;
    m->ended = NEVER;
}

/* ---- what is so now ---- */

bool coremodel_is_live(const coremodel *m, int client)
{
    return !m->clients->dead[client] && !m->barred[client];
}

int coremodel_holder(const coremodel *m)
{
    for (size_t i = 0; i < m->hand_count; i++) {
        if (m->hands[i].state == FLR_ASSIGNMENT_OPEN) {
            return (int)i;
        }
    }
    return -1;
}

size_t coremodel_wanted(const coremodel *m, int64_t now)
{
    int64_t since = m->relay ? m->opened : m->scheduled;

    return m->step == 0 ? 1 : 1 + (size_t)((now - since) / m->step);
}

/* Legs of live targets from `begin` up to `end`. */
static size_t count_live(const coremodel *m, size_t end)
{
    size_t count = 0;

    for (size_t i = m->begin; i < end; i++) {
        count += coremodel_is_live(m, m->legs[i]) ? 1 : 0;
    }
    return count;
}

size_t coremodel_end(const coremodel *m, int64_t now)
{
    size_t wanted = coremodel_wanted(m, now), end = m->begin;

    while (end < m->leg_count && count_live(m, end) < wanted) {
        end++;
    }
    return end;
}

/* AR-01: occurrences of a client that are left. */
static size_t left(const coremodel *m, int client)
{
    size_t count = 0;

    for (size_t i = 0; i < m->leg_count; i++) {
        count += m->legs[i] == client ? 1 : 0;
    }
    for (size_t i = 0; i < m->hand_count; i++) {
        count -= m->hands[i].client == client ? 1 : 0;
    }
    return count;
}

size_t coremodel_waiting(const coremodel *m, bool live)
{
    size_t count = 0;

    for (int c = 0; m->any && c < COREMODEL_CLIENTS; c++) {
        count += m->barred[c] || (live && m->clients->dead[c]) ? 0 : left(m, c);
    }
    for (size_t i = m->begin; !m->any && i < m->leg_count; i++) {
        int c = m->legs[i];

        count += m->barred[c] || (live && m->clients->dead[c]) ? 0 : 1;
    }
    return count;
}

size_t coremodel_given_up(const coremodel *m)
{
    size_t count = 0;

    for (size_t i = 0; i < m->hand_count; i++) {
        count += m->hands[i].state == FLR_ASSIGNMENT_GIVEN_UP ? 1 : 0;
    }
    return count;
}

size_t coremodel_lost(const coremodel *m)
{
    size_t count = 0;

    for (int c = 0; c < COREMODEL_CLIENTS; c++) {
        count += m->listed[c] && !coremodel_is_live(m, c) ? 1 : 0;
    }
    return count;
}

static bool is_claimed(const coremodel *m, int client)
{
    for (size_t i = 0; i < m->hand_count; i++) {
        if (m->hands[i].client == client && m->hands[i].claimed) {
            return true;
        }
    }
    return false;
}

static bool is_in_window(const coremodel *m, int client, int64_t now)
{
    size_t end = coremodel_end(m, now);

    for (size_t i = m->begin; i < end; i++) {
        if (m->legs[i] == client) {
            return true;
        }
    }
    /* its leg would be the one behind the last */
    return !m->listed[client] && count_live(m, m->leg_count) < coremodel_wanted(m, now);
}

static int send_verdict(const coremodel *m, int client, int64_t now)
{
    bool is_free = coremodel_holder(m) < 0 && coremodel_is_live(m, client);

    if (m->any) {
        return is_free ? SEND : NO_BLOCK;
    }
    if (coremodel_holder(m) >= 0) {
        return NO_BLOCK;
    }
    return is_free && is_in_window(m, client, now) ? SEND : BLOCK;
}

static int relay_verdict(const coremodel *m, int client, int64_t now)
{
    bool has_left = m->any && (!m->listed[client] || left(m, client) > 0);
    int holder = coremodel_holder(m);

    if (m->barred[client] || (holder >= 0 && m->hands[holder].client == client)) {
        return NO_BLOCK;
    }
    if (holder >= 0) {
        return !m->any || has_left ? BLOCK : NO_BLOCK;
    }
    if (!coremodel_is_live(m, client)) {
        return NO_BLOCK;
    }
    return (m->any ? has_left : is_in_window(m, client, now)) ? SEND : NO_BLOCK;
}

int coremodel_verdict(const coremodel *m, int client, int64_t now)
{
    int verdict;

    if (m->status != FLR_TASK_STANDING || (!m->listed[client] && !m->dynamic && !m->open)) {
        return NO_BLOCK;
    }
    verdict = m->relay ? relay_verdict(m, client, now) : send_verdict(m, client, now);
    /* BD-17: nothing new while a result of it is processed */
    return verdict == SEND && is_claimed(m, client) ? NO_BLOCK : verdict;
}

/* ---- how it ends ---- */

static bool is_latest_answered(const coremodel *m)
{
    const coremodel_hand *last = m->hand_count == 0 ? NULL : &m->hands[m->hand_count - 1];

    return last != NULL &&
           (last->state == FLR_ASSIGNMENT_ANSWERED || last->state == FLR_ASSIGNMENT_CLOSED);
}

/* No leg is open or waiting, and there was one. */
static bool is_through(const coremodel *m)
{
    return m->relay && m->leg_count > 0 && coremodel_holder(m) < 0 &&
           coremodel_waiting(m, false) == 0;
}

/* SR-10, of a relay whose latest leg is not answered: its owner was disconnected. */
static bool is_latest_lost(const coremodel *m)
{
    return m->hand_count > 0 && m->hands[m->hand_count - 1].state == FLR_ASSIGNMENT_GIVEN_UP &&
           !m->hands[m->hand_count - 1].by_time;
}

static bool could_grow(const coremodel *m)
{
    for (int c = 0; m->dynamic && c < COREMODEL_CLIENTS; c++) {
        if (!m->listed[c] && m->clients->known[c] && !m->clients->dead[c]) {
            return true;
        }
    }
    return false;
}

/* SE-06, SR-10, SR-12. */
static bool is_stuck(const coremodel *m)
{
    if (coremodel_holder(m) >= 0) {
        return false;
    }
    if (!m->relay) {
        for (int c = 0; c < COREMODEL_CLIENTS; c++) {
            if (m->open || (m->listed[c] && coremodel_is_live(m, c))) {
                return false;
            }
        }
        return true;
    }
    if (is_through(m)) {
        return is_latest_lost(m);
    }
    return coremodel_waiting(m, false) > 0 && coremodel_waiting(m, true) == 0 && !could_grow(m);
}

/* Its own rule at this moment, without what only time brings. */
static int rule(const coremodel *m)
{
    if (!m->relay) {
        for (size_t i = 0; i < m->hand_count; i++) {
            int state = m->hands[i].state;

            if (state == FLR_ASSIGNMENT_ANSWERED || state == FLR_ASSIGNMENT_CLOSED) {
                return FLR_TASK_OK;
            }
        }
        return FLR_TASK_STANDING;
    }
    if (is_through(m) && !is_latest_lost(m)) {
        return is_latest_answered(m) ? FLR_TASK_OK : FLR_TASK_TIMEOUT;
    }
    return FLR_TASK_STANDING;
}

static int64_t give_up_at(const coremodel *m)
{
    int holder = coremodel_holder(m);

    return holder < 0 || m->hands[holder].claimed || m->result_timeout == 0
               ? NEVER
               : m->hands[holder].sent + m->result_timeout;
}

/* SR-11. */
static int64_t silent_at(const coremodel *m)
{
    size_t live = coremodel_waiting(m, true);

    return !m->relay || m->any || m->step == 0 || coremodel_holder(m) >= 0 || live == 0
               ? NEVER
               : max_of(m->opened, m->able_since) + (int64_t)(live + 1) * m->step;
}

static int64_t stuck_at(const coremodel *m)
{
    return is_stuck(m) ? m->scheduled + m->lead : NEVER;
}

int64_t coremodel_due(const coremodel *m)
{
    return min_of(min_of(give_up_at(m), silent_at(m)), min_of(m->timeout_at, stuck_at(m)));
}

static void end_at(coremodel *m, int status, int64_t at)
{
    m->status = status;
    m->ended = at;
}

static void give_up(coremodel *m, bool by_time, int64_t at)
{
    coremodel_hand *hand = &m->hands[coremodel_holder(m)];

    hand->state = FLR_ASSIGNMENT_GIVEN_UP;
    hand->by_time = by_time;
    m->opened = at;
}

/* Everything at one instant, in the order of section 1 of the behaviour. */
static void decide_instant(coremodel *m, int64_t at)
{
    if (give_up_at(m) <= at) {
        give_up(m, true, at);
    }
    if (rule(m) != FLR_TASK_STANDING) {
        end_at(m, rule(m), at);
    } else if (silent_at(m) <= at) {
        end_at(m, is_latest_answered(m) ? FLR_TASK_OK : FLR_TASK_TIMEOUT, at);
    } else if (m->timeout_at <= at) {
        end_at(m, FLR_TASK_TIMEOUT, at);
    } else if (stuck_at(m) <= at) {
        end_at(m, FLR_TASK_CLIENT_DEAD, at);
    }
}

void coremodel_advance(coremodel *m, int64_t now)
{
    note_able(m);
    while (m->status == FLR_TASK_STANDING) {
        /* what was changed since the last call may be due as of now */
        int64_t at = rule(m) != FLR_TASK_STANDING ? m->time : max_of(coremodel_due(m), m->time);

        if (at > now) {
            m->time = now;
            return;
        }
        m->time = at;
        decide_instant(m, at);
    }
}

/* ---- what happens ---- */

void coremodel_join(coremodel *m, int client)
{
    m->listed[client] = true;
    if (m->relay) {
        m->legs[m->leg_count++] = client;
    }
}

void coremodel_hand_out(coremodel *m, int client, int64_t now)
{
    m->hands[m->hand_count++] =
        (coremodel_hand){.client = client, .sent = now, .state = FLR_ASSIGNMENT_OPEN};
    while (m->relay && !m->any && m->legs[m->begin++] != client) {
    }
}

void coremodel_answer(coremodel *m, size_t hand, int state, int64_t now)
{
    coremodel_hand *h = &m->hands[hand];

    if (h->state == FLR_ASSIGNMENT_OPEN) {
        m->opened = now;
    }
    h->claimed = false;
    h->state = state;
    if (state == FLR_ASSIGNMENT_CLOSED) {
        m->barred[h->client] = true;
    }
}

void coremodel_lose(coremodel *m, int client, int64_t now)
{
    int holder = coremodel_holder(m);

    if (holder >= 0 && m->hands[holder].client == client && !m->hands[holder].claimed) {
        give_up(m, false, now);
    }
}
