/*
 * Cross-site validation: two models, each to be validated by all sites. Replies get lost, sites ask
 * again, answer late or twice, die and return, in every order. Rows BD-06, BD-07, BC-01, BC-02,
 * BC-09, SB-13, SB-14.
 */
#include "boardhost.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODELS 2
#define SITES  3 /* at most; the next one is never a target and never dead */

static boardhost h;

/* One task "validate", and what its callbacks saw. */
typedef struct validation {
    flr_task *task;
    int model; /* in its data */
    int received[SITES + 1], done;
} validation;

static int count_result(void *self, flr_assignment *a, flr_context *context)
{
    validation *v = self;

    (void)context;
    v->received[flr_assignment_get_client(a)[5] - '0']++; /* site-N */
    return 0;
}

static int count_end(void *self, flr_task *task, flr_context *context)
{
    validation *v = self;

    (void)context;
    ck_assert_int_ne(flr_task_get_status(task), FLR_TASK_STANDING);
    v->done++;
    return 0;
}

static void validate(validation *v, int model, int count)
{
    flr_task_options o;
    flr_shareable *payload;

    memset(v, 0, sizeof *v);
    v->model = model;
    ck_assert_int_eq(flr_shareable_new(&payload), 0);
    ck_assert_int_eq(flr_shareable_set_int(payload, "model", model), 0);
    flr_task_options_init(&o, sizeof o);
    o.payload = payload;
    o.result_received = count_result;
    o.task_done = count_end;
    o.self = v;
    v->task = boardhost_task(&h, "validate", &o);
    flr_shareable_unref(payload);
    ck_assert_int_eq(boardhost_broadcast(&h, v->task, FLR_TARGETS_LIST, count, 0, 0), 0);
}

/* A dead one is gone at once, but no task ends of it. */
static void begin(int count)
{
    boardhost_init(&h, (size_t)count + 1);
    h.grace = 0;
    h.lead = 1e6;
    boardhost_begin(&h);
}

static void end(void)
{
    boardhost_close(&h);
    boardhost_free(&h);
}

/* ---- every order ---- */

/* What a site has in hand: the task of the last answer that reached it. */
typedef struct site {
    const char *script; /* what it does next, see act */
    int model;          /* 0: nothing yet */
    char id[40];
    bool answered[MODELS]; /* at least once */
    char given[MODELS][40];
} site;

static validation two[MODELS];
static site sites[SITES + 1];
static char history[512]; /* of this order, for the message of a failed assertion */

/* It asks. What it has not answered comes first, always under the same id; then the next. */
static void ask(int client, bool lost)
{
    site *s = &sites[client];
    const flr_answer *answer = boardhost_ask(&h, client);
    int next = !s->answered[0] ? 0 : 1;
    int64_t model;

    if (s->answered[1]) {
        ck_assert_msg(answer == NULL, "%s: a third task", history);
        return;
    }
    ck_assert_msg(answer != NULL, "%s: no task", history);
    model = flr_value_get_int(flr_shareable_get(flr_answer_get_data(answer), "model"), 0);
    ck_assert_msg(model == two[next].model, "%s: model %d", history, (int)model);
    if (s->given[next][0] == '\0') {
        snprintf(s->given[next], 40, "%s", flr_answer_get_id(answer));
    }
    ck_assert_msg(strcmp(s->given[next], flr_answer_get_id(answer)) == 0, "%s: other id", history);
    if (!lost) {
        s->model = two[next].model;
        snprintf(s->id, sizeof s->id, "%s", flr_answer_get_id(answer));
    }
}

/* It answers what it has in hand, or answers it again. */
static void answer_it(int client)
{
    site *s = &sites[client];
    int outcome, expected;

    ck_assert_int_ne(s->model, 0); /* the script is wrong */
    expected = s->answered[s->model - 1] ? FLR_OUTCOME_DUPLICATE : FLR_OUTCOME_ACCEPTED;
    s->answered[s->model - 1] = true;
    outcome = boardhost_answer(&h, client, "validate", s->id, s->model);
    ck_assert_msg(outcome == expected, "%s: outcome %d", history, outcome);
}

/*
 * a asks; l asks, and the reply is lost; s answers; c checks first; d dies; h is heard.
 */
static void act(int client)
{
    site *s = &sites[client];
    size_t used = strlen(history);

    snprintf(history + used, sizeof history - used, "%c%d ", *s->script, client);
    switch (*s->script++) {
    case 'a':
        ask(client, false);
        break;
    case 'l':
        ask(client, true);
        break;
    case 's':
        answer_it(client);
        break;
    case 'c':
        ck_assert_str_eq(boardhost_check(&h, client, s->id),
                         s->answered[s->model - 1] ? "already received" : "OK");
        break;
    case 'd':
        boardhost_dead(&h, client);
        boardhost_step(&h);
        break;
    default:
        boardhost_heartbeat(&h, client);
    }
}

/* Whoever has not answered both in its script does now. */
static void finish(int count)
{
    for (int i = 1; i <= count; i++) {
        for (int j = 0; j < MODELS && !sites[i].answered[1]; j++) {
            sites[i].script = "as";
            act(i);
            act(i);
        }
    }
}

/* Both tasks end ok, at the last missing answer, and everybody was counted once. */
static void play(const char *order, int count, const char *const *scripts)
{
    memset(sites, 0, sizeof sites);
    history[0] = '\0';
    for (int i = 1; i <= count; i++) {
        sites[i].script = scripts[i - 1];
    }
    for (int i = 0; i < MODELS; i++) {
        validate(&two[i], i + 1, count);
    }
    for (const char *next = order; *next != '\0'; next++) {
        act(*next - '0');
        for (int i = 0; i < MODELS; i++) {
            bool all = true;

            for (int j = 1; j <= count; j++) {
                all = all && sites[j].answered[i];
            }
            ck_assert_msg(flr_task_get_status(two[i].task) ==
                              (all ? FLR_TASK_OK : FLR_TASK_STANDING),
                          "%s: model %d is %s", history, i + 1,
                          flr_task_status_get_name(flr_task_get_status(two[i].task)));
        }
    }
    finish(count);
    for (int i = 0; i < MODELS; i++) {
        ck_assert_msg(flr_task_get_status(two[i].task) == FLR_TASK_OK, "%s: not ok", history);
        ck_assert_msg(two[i].done == 1, "%s: done %d times", history, two[i].done);
        for (int j = 1; j <= count; j++) {
            ck_assert_msg(two[i].received[j] == 1, "%s: %d results of site-%d", history,
                          two[i].received[j], j);
        }
        flr_task_unref(two[i].task);
    }
    ck_assert_uint_eq(flr_board_get_count(h.board), 0);
    for (int i = 1; i <= count; i++) {
        boardhost_heartbeat(&h, i);
    }
    boardhost_step(&h);
}

/* The next order of these letters, in the order of dictionaries; false: that was the last. */
static bool next_order(char *order)
{
    size_t n = strlen(order), i = n - 1, j = n - 1;
    char c;

    while (i > 0 && order[i - 1] >= order[i]) {
        i--;
    }
    if (i == 0) {
        return false;
    }
    while (order[j] <= order[i - 1]) {
        j--;
    }
    c = order[i - 1];
    order[i - 1] = order[j];
    order[j] = c;
    for (j = n - 1; i < j; i++, j--) {
        c = order[i];
        order[i] = order[j];
        order[j] = c;
    }
    return true;
}

static uint64_t seed;

static int draw(int below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (int)((seed >> 33) % (uint64_t)below);
}

static void shuffle(char *order)
{
    for (size_t n = strlen(order); n > 1; n--) {
        size_t i = (size_t)draw((int)n);
        char c = order[i];

        order[i] = order[n - 1];
        order[n - 1] = c;
    }
}

/* The first of these orders: as often each site's number as its script is long. */
static void first_order(char *order, int count, const char *const *scripts)
{
    for (int i = 0; i < count; i++) {
        for (const char *c = scripts[i]; *c != '\0'; c++) {
            *order++ = (char)('1' + i);
        }
    }
    *order = '\0';
}

static const char *const scripts[] = {
    "asas",   /* nothing goes wrong */
    "lasas",  /* the first reply is lost */
    "asslas", /* it does not hear of its first answer; the second reply is lost */
    "adscas", /* it dies at work, and answers all the same */
    "lhdad",  /* it has hardly begun when the others are through */
};
#define SCRIPTS ((int)(sizeof scripts / sizeof *scripts))

/* Two sites, each pair of scripts (_i), every order of what they do. */
START_TEST(bc_02_two_sites_in_every_order)
{
    const char *pair[] = {scripts[_i / SCRIPTS], scripts[_i % SCRIPTS]};
    char order[32];
    int orders = 0;

    if (_i / SCRIPTS > _i % SCRIPTS) {
        return; /* the same pair, the other way round */
    }
    begin(2);
    first_order(order, 2, pair);
    do {
        play(order, 2, pair);
        orders++;
    } while (next_order(order));
    ck_assert_int_ge(orders, 70); /* 4 + 4 steps */
    end();
}
END_TEST

/* Three sites, each set of roles (_i), some of the orders: there are thousands of times as many. */
START_TEST(bc_02_three_sites_in_many_orders)
{
    const char *roles[3];
    char order[32];

    seed = UINT64_C(0x9e3779b97f4a7c15) * (uint64_t)(_i + 1);
    begin(3);
    for (int i = 0; i < 3; i++) {
        roles[i] = scripts[(_i + i * 2) % SCRIPTS];
    }
    first_order(order, 3, roles);
    for (int i = 0; i < 400; i++) {
        shuffle(order);
        play(order, 3, roles);
    }
    end();
}
END_TEST

/* ---- BD-06, the re-send of the one scheduled first ---- */

/* Ids tell the two tasks of one name apart, and nobody answers for another. */
START_TEST(bd_06_two_tasks_of_one_name)
{
    const flr_answer *answer;
    char first[40], second[40], other[40];

    begin(2);
    validate(&two[0], 1, 2);
    validate(&two[1], 2, 2);
    boardhost_take(&h, 1, first); /* the reply is lost */
    answer = boardhost_ask(&h, 1);
    ck_assert_str_eq(flr_answer_get_id(answer), first);
    ck_assert_int_eq(flr_value_get_int(flr_shareable_get(flr_answer_get_data(answer), "model"), 0),
                     1);
    boardhost_take(&h, 2, other);
    ck_assert_int_eq(boardhost_answer(&h, 2, "validate", first, 1), FLR_OUTCOME_WRONG_CLIENT);
    ck_assert_int_eq(boardhost_answer(&h, 1, "validate", first, 1), FLR_OUTCOME_ACCEPTED);
    boardhost_take(&h, 1, second);
    ck_assert_str_ne(second, first);
    ck_assert_int_eq(boardhost_answer(&h, 1, "validate", first, 1), FLR_OUTCOME_DUPLICATE);
    boardhost_take(&h, 1, first);
    ck_assert_str_eq(first, second); /* still not answered */
    ck_assert_uint_eq(boardhost_stats(&h).resends, 2);
    for (int i = 0; i < MODELS; i++) {
        ck_assert_int_eq(two[i].received[1], i == 0);
        ck_assert_int_eq(two[i].received[2], 0);
        ck_assert_int_eq(flr_task_cancel(two[i].task, 0), 0);
        ck_assert_int_eq(two[i].done, 1);
        flr_task_unref(two[i].task);
    }
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cross-site");
    TCase *tcase = tcase_create("cross-site");

    tcase_add_test(tcase, bd_06_two_tasks_of_one_name);
    tcase_add_loop_test(tcase, bc_02_two_sites_in_every_order, 0, SCRIPTS * SCRIPTS);
    tcase_add_loop_test(tcase, bc_02_three_sites_in_many_orders, 0, SCRIPTS);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
