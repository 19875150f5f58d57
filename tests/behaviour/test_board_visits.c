/* Asking a board for its progress: inside callbacks, by visitors that do what they like, of many
 * clients, without memory. Row ST-05. */
#include "boardshow.h"
#include "failalloc.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANY 3000 /* so many clients that each stripe holds more than one chunk of them */

static boardhost h;
static char ids[BOARDHOST_CLIENTS + 1][40]; /* of what each client was given last */

static void begin(void)
{
    boardhost_init(&h, 3);
    h.grace = 0;
    boardhost_begin(&h);
}

static void end(void)
{
    boardhost_close(&h);
    boardhost_free(&h);
}

static void takes(int who)
{
    boardhost_take(&h, who, ids[who]);
}

static int answers(int who, const char *name)
{
    return boardhost_answer(&h, who, name, ids[who], who);
}

static flr_task *broadcast(const char *name, int n)
{
    flr_task *task = boardhost_task(&h, name, NULL);

    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_LIST, n, 0, 0), 0);
    return task;
}

/* ---- inside callbacks ---- */

/* All calls at once; the task is number 0. */
static void note_all(const char *where)
{
    boardshow s = {.text = ""};
    flr_blob *text = NULL;
    int found = flr_board_visit_outstanding(h.board, 0, boardshow_name, &s);

    boardhost_note(&h, "%s{%s|%s|%s|%s}", where, boardshow_totals(&h), boardshow_tasks(&h),
                   found == 0 ? s.text : "-", boardshow_client(&h, 1));
    ck_assert_int_eq(flr_board_print(h.board, 0, &text), 0);
    flr_blob_unref(text);
    if (boardshow_get_totals(&h).clients > 0) { /* the workflow is under way */
        boardshow_adds_up(&h);
    }
}

static int look_before(void *self, flr_assignment *a, flr_context *context)
{
    (void)self, (void)a, (void)context;
    note_all("before");
    return 0;
}

static int look_after(void *self, flr_assignment *a, flr_context *context)
{
    (void)self, (void)a, (void)context;
    note_all("after");
    return 0;
}

static int look_received(void *self, flr_assignment *a, flr_context *context)
{
    (void)self, (void)a, (void)context;
    note_all("received");
    return 0;
}

static int look_done(void *self, flr_task *task, flr_context *context)
{
    (void)self, (void)task, (void)context;
    note_all("done");
    return 0;
}

static flr_task *watching_task(void)
{
    flr_task_options o;

    flr_task_options_init(&o, sizeof o);
    o.before_task_sent = look_before;
    o.after_task_sent = look_after;
    o.result_received = look_received;
    o.task_done = look_done;
    o.self = &h;
    return boardhost_task(&h, "t", &o);
}

START_TEST(st_05_inside_task_callbacks)
{
    flr_task *task = watching_task();

    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_LIST, 1, 0, 0), 0);
    takes(1);
    ck_assert_str_eq(boardhost_trace(&h),
                     "before{standing:1 scheduled:1 clients:1|t#0 targets:1||heard:1000} "
                     "after{standing:1 scheduled:1 clients:1|t#0 targets:1||heard:1000}");
    ck_assert_int_eq(answers(1, "t"), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_trace(&h),
                     "received{standing:1 scheduled:1 clients:1 outstanding:1 sent:1|"
                     "t#0 targets:1 sent:1 outstanding:1|site-1|heard:1000 open:1} "
                     "done{scheduled:1 clients:1 sent:1 ok:1||-|heard:1000}");
    ck_assert_str_eq(boardshow_totals(&h), "scheduled:1 clients:1 sent:1 results:1 ok:1");
    flr_task_unref(task);
}
END_TEST

static int look_on_event(void *self, const char *event, flr_context *context)
{
    (void)self, (void)context;
    if (h.board != NULL && strstr(event, "_log_available") == NULL) {
        note_all(event);
    }
    return 0;
}

static void add_watcher(flr_config *config)
{
    static const char *const events[] = {FLR_EVENT_BEFORE_PROCESS_TASK_REQUEST,
                                         FLR_EVENT_AFTER_PROCESS_SUBMISSION, FLR_EVENT_END_WORKFLOW,
                                         NULL};
    flr_component_ops ops;

    flr_component_ops_init(&ops, sizeof ops);
    ops.events = events;
    ops.handle_event = look_on_event;
    ck_assert_int_eq(flr_config_add_component(config, "watcher", &ops, NULL), 0);
}

static int look_filter(flr_context *context, flr_shareable *message)
{
    (void)context, (void)message;
    note_all("filter");
    return 0;
}

static int look_start(boardhost *host, flr_context *context)
{
    (void)host, (void)context;
    note_all("start");
    return 0;
}

START_TEST(st_05_inside_handlers_filters_and_controllers)
{
    flr_task_options o;
    flr_task *task;

    boardhost_init(&h, 1);
    h.configure = add_watcher;
    h.filter = look_filter;
    h.start = look_start;
    boardhost_begin(&h);
    ck_assert_str_eq(boardhost_trace(&h), "start{||-|(null)}");
    flr_task_options_init(&o, sizeof o);
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_LIST, 1, 0, 0), 0);
    takes(1);
    ck_assert_str_eq(boardhost_trace(&h), "_before_process_task_request{standing:1 scheduled:1 "
                                          "clients:1|t#0 targets:1||heard:1000} "
                                          "filter{standing:1 scheduled:1 clients:1 outstanding:1 "
                                          "sent:1|t#0 targets:1 sent:1 outstanding:1|site-1|"
                                          "heard:1000 open:1}");
    ck_assert_int_eq(answers(1, "t"), FLR_OUTCOME_ACCEPTED);
    ck_assert_str_eq(boardhost_trace(&h), "_after_process_submission{scheduled:1 clients:1 sent:1 "
                                          "results:1 ok:1||-|heard:1000 results:1}");
    boardhost_close(&h);
    ck_assert_str_eq(boardhost_trace(&h),
                     "_end_workflow{scheduled:1 sent:1 results:1 ok:1||-|(null)}");
    flr_task_unref(task);
    boardhost_free(&h);
}
END_TEST

/* ---- visitors ---- */

typedef struct stopper {
    int calls, after, status;
} stopper;

static int stop(stopper *s)
{
    return ++s->calls == s->after ? s->status : 0;
}

static int stop_at_task(void *self, const flr_task_info *info)
{
    (void)info;
    return stop(self);
}

static int stop_at_name(void *self, const char *name)
{
    (void)name;
    return stop(self);
}

static int stop_at_client(void *self, const flr_client_info *info)
{
    (void)info;
    return stop(self);
}

START_TEST(st_05_a_visitor_ends_the_visit)
{
    static const int statuses[] = {1, 7, -20004, FLR_E_NOMEM};
    flr_task *list[3];

    for (int i = 0; i < 3; i++) {
        list[i] = broadcast("t", 3);
    }
    for (int i = 1; i <= 3; i++) {
        takes(i);
    }
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        for (int after = 1; after <= 4; after++) {
            int expected = after <= 3 ? statuses[i] : 0, calls = after <= 3 ? after : 3;
            stopper s = {0, after, statuses[i]};

            ck_assert_int_eq(flr_board_visit_tasks(h.board, stop_at_task, &s), expected);
            ck_assert_int_eq(s.calls, calls);
            s.calls = 0;
            ck_assert_int_eq(flr_board_visit_outstanding(h.board, 0, stop_at_name, &s), expected);
            ck_assert_int_eq(s.calls, calls);
            s.calls = 0;
            ck_assert_int_eq(flr_board_visit_clients(h.board, stop_at_client, &s), expected);
            ck_assert_int_eq(s.calls, calls);
        }
    }
    for (int i = 0; i < 3; i++) {
        flr_task_unref(list[i]);
    }
}
END_TEST

/* Whatever it sees, the board is empty from then on. */
static void meddle(void)
{
    flr_blob *text;

    ck_assert_int_eq(flr_board_cancel_all(h.board, 0), 0);
    ck_assert_uint_eq(boardshow_get_totals(&h).standing, 0);
    ck_assert_str_eq(boardshow_tasks(&h), "");
    ck_assert_int_eq(flr_board_print(h.board, 0, &text), 0);
    flr_blob_unref(text);
}

static int meddle_at_task(void *self, const flr_task_info *info)
{
    meddle();
    return boardshow_task(self, info);
}

static int meddle_at_name(void *self, const char *name)
{
    meddle();
    return boardshow_name(self, name);
}

static int meddle_at_client(void *self, const flr_client_info *info)
{
    (void)info;
    meddle();
    ++*(size_t *)self;
    return 0;
}

/* What is visited was copied, and is held: these are the last references. */
START_TEST(st_05_visitors_may_change_everything)
{
    boardshow s = {.text = ""};
    size_t clients = 0;

    for (int how = 0; how < 3; how++) {
        for (int i = 0; i < 3; i++) {
            flr_task_unref(broadcast("t", 3));
        }
        for (int i = 1; i <= 3; i++) {
            takes(i);
        }
        if (how == 0) {
            ck_assert_int_eq(flr_board_visit_tasks(h.board, meddle_at_task, &s), 0);
            ck_assert_str_eq(s.text, "t#0 targets:3 sent:3 outstanding:3 t#1 targets:3 "
                                     "t#2 targets:3");
        } else if (how == 1) {
            s = (boardshow){.text = ""};
            ck_assert_int_eq(flr_board_visit_outstanding(h.board, 3, meddle_at_name, &s), 0);
            ck_assert_str_eq(s.text, "site-1 site-2 site-3");
        } else {
            ck_assert_int_eq(flr_board_visit_clients(h.board, meddle_at_client, &clients), 0);
            ck_assert_uint_eq(clients, 3);
        }
        ck_assert_uint_eq(boardshow_get_totals(&h).standing, 0);
    }
    ck_assert_str_eq(boardshow_totals(&h), "scheduled:9 clients:3 sent:9 cancelled:9");
}
END_TEST

static int answer_in_visitor(void *self, const char *name)
{
    int who = name[strlen(name) - 1] - '0';

    boardshow_name(self, name);
    ck_assert_int_eq(answers(who, "t"), FLR_OUTCOME_ACCEPTED);
    return 0;
}

START_TEST(st_05_a_visitor_may_submit)
{
    flr_task *task = broadcast("t", 3);
    boardshow s = {.text = ""};

    takes(2);
    takes(1);
    takes(3);
    ck_assert_int_eq(flr_board_visit_outstanding(h.board, 0, answer_in_visitor, &s), 0);
    ck_assert_str_eq(s.text, "site-2 site-1 site-3");
    ck_assert_str_eq(boardshow_totals(&h), "scheduled:1 clients:3 sent:3 results:3 ok:1");
    flr_task_unref(task);
}
END_TEST

/* ---- many clients ---- */

static const char *number_of(const char *name, size_t *number)
{
    unsigned long n;
    char behind;

    ck_assert_int_eq(sscanf(name, "client-%lu%c", &n, &behind), 1);
    ck_assert_uint_lt(n, 2 * MANY);
    *number = n;
    return name;
}

static void ask_as(size_t number)
{
    const flr_answer *answer;
    char name[32];

    snprintf(name, sizeof name, "client-%zu", number);
    ck_assert_int_eq(
        flr_runner_process_task_request(h.runner, name, boardhost_context(&h, 1), &answer), 0);
    ck_assert_int_eq(flr_answer_get_kind(answer), FLR_ANSWER_TASK);
}

static flr_task *asked_by_many(size_t count)
{
    flr_task_options o;
    flr_task *task;

    flr_task_options_init(&o, sizeof o);
    task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(boardhost_broadcast(&h, task, FLR_TARGETS_OPEN, 0, 2 * MANY, 0), 0);
    for (size_t i = 0; i < count; i++) {
        ask_as(i);
    }
    return task;
}

typedef struct crowd {
    unsigned char seen[2 * MANY];
    size_t calls;
    bool grow; /* each visit makes one more client */
} crowd;

static int see_client(void *self, const flr_client_info *info)
{
    crowd *c = self;
    size_t number;

    number_of(info->name, &number);
    c->seen[number]++;
    ck_assert_uint_eq(info->open, 1);
    if (c->grow && number < MANY) {
        ask_as(MANY + number);
    }
    c->calls++;
    return 0;
}

START_TEST(st_05_clients_in_chunks)
{
    static crowd c;
    flr_task *task = asked_by_many(MANY);

    for (int pass = 0; pass < 3; pass++) {
        c = (crowd){.grow = pass == 1};
        ck_assert_int_eq(flr_board_visit_clients(h.board, see_client, &c), 0);
        for (size_t i = 0; i < 2 * MANY; i++) { /* new ones may be seen, but never twice */
            bool always = i < MANY || pass == 2;

            ck_assert_uint_le(c.seen[i], pass == 0 && i >= MANY ? 0 : 1);
            ck_assert_uint_ge(c.seen[i], always ? 1 : 0);
        }
        ck_assert_uint_eq(boardshow_get_totals(&h).clients, pass == 0 ? MANY : 2 * MANY);
    }
    boardshow_adds_up(&h);
    flr_task_unref(task);
}
END_TEST

/* ---- without memory ---- */

static flr_blob *printed_text;
static boardshow visited;

static int print_all(void)
{
    return flr_board_print(h.board, 0, &printed_text);
}

static int visit_all_tasks(void)
{
    visited = (boardshow){.text = ""};
    return flr_board_visit_tasks(h.board, boardshow_task, &visited);
}

static int visit_one_task(void)
{
    visited = (boardshow){.text = ""};
    return flr_board_visit_outstanding(h.board, 1, boardshow_name, &visited);
}

static int count_client(void *self, const flr_client_info *info)
{
    (void)info;
    ++*(size_t *)self;
    return 0;
}

static int visit_all_clients(void)
{
    size_t clients = 0;
    int status = flr_board_visit_clients(h.board, count_client, &clients);

    ck_assert_uint_eq(clients, 3);
    return status;
}

static int read_totals(void)
{
    return flr_board_get_totals(h.board,
                                &(flr_board_totals){.struct_size = sizeof(flr_board_totals)});
}

/* How many allocations it makes; each fails once, then all from one on. */
static size_t sweep(int (*call)(void))
{
    bool failed = true;
    size_t k = 0, live = failalloc_get_live_bytes();

    while (failed) {
        failed = false;
        k++;
        for (int once = 0; once < 2; once++) {
            int status;

            printed_text = NULL;
            (once ? failalloc_fail_at : failalloc_fail_from)(k);
            status = call();
            failed = failalloc_get_failures() > 0;
            failalloc_reset();
            ck_assert_int_eq(status, failed ? FLR_E_NOMEM : 0);
            ck_assert(status == 0 || (printed_text == NULL && visited.used == 0));
            flr_blob_unref(printed_text);
            printed_text = NULL;
            ck_assert_uint_eq(failalloc_get_live_bytes(), live);
        }
    }
    return k - 1;
}

START_TEST(st_05_without_memory)
{
    flr_task *list[2] = {broadcast("a", 3), boardhost_task(&h, "b", NULL)};

    ck_assert_int_eq(boardhost_forever(&h, list[1], FLR_TARGETS_LIST, 3), 0);
    for (int i = 1; i <= 3; i++) {
        takes(i);
        ck_assert_int_eq(answers(i, "a"), FLR_OUTCOME_ACCEPTED);
        takes(i);
    }
    flr_task_unref(list[0]);
    list[0] = broadcast("c", 3);
    visited = (boardshow){.text = ""};
    ck_assert_uint_gt(sweep(print_all), 3);
    ck_assert_uint_gt(sweep(visit_one_task), 1);
    ck_assert_str_eq(visited.text, "site-1 site-2 site-3");
    visited = (boardshow){.text = ""};
    ck_assert_uint_eq(sweep(visit_all_tasks), 1);
    ck_assert_str_eq(visited.text, "b#1 targets:3 sent:3 outstanding:3 c#2 targets:3");
    ck_assert_uint_eq(sweep(visit_all_clients), 0);
    ck_assert_uint_eq(sweep(read_totals), 0);
    flr_task_unref(list[0]);
    flr_task_unref(list[1]);
}
END_TEST

int main(void)
{
    const TTest *const begun[] = {
        st_05_inside_task_callbacks,
        st_05_a_visitor_ends_the_visit,
        st_05_visitors_may_change_everything,
        st_05_a_visitor_may_submit,
        st_05_clients_in_chunks,
        st_05_without_memory,
    };
    const TTest *const own[] = {
        st_05_inside_handlers_filters_and_controllers,
    };
    Suite *suite = suite_create("asking for progress");
    TCase *with = tcase_create("begun"), *without = tcase_create("own");

    if (failalloc_install() < 0) {
        return EXIT_FAILURE;
    }
    tcase_add_checked_fixture(with, begin, end);
    tcase_set_timeout(with, 60);
    SUITE_ADD(with, begun);
    SUITE_ADD(without, own);
    suite_add_tcase(suite, with);
    suite_add_tcase(suite, without);
    return suite_run(suite);
}
