/* Which clients of a run were heard, and which are gone. Rows DC-01 to DC-05. */
#include "boardhost.h"
#include "caller.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GRACE 60.0

static int note_active(world_workflow *f, flr_context *context, const char *client,
                       const char *reason)
{
    (void)context;
    world_note(f->world, "active%d(%s,%s)", f->number, client, reason);
    return 0;
}

static int note_dead(world_workflow *f, flr_context *context, const char *client, int64_t when)
{
    (void)context;
    world_note(f->world, "dead%d(%s,%d)", f->number, client, (int)(when / SECOND));
    return 0;
}

static world *new_world(int workflows)
{
    world *w = world_new(workflows);
    for (int i = 0; i < workflows; i++) {
        w->workflows[i].on_active = note_active;
        w->workflows[i].on_dead = note_dead;
    }
    return w;
}

static world *opened(void)
{
    world *w = new_world(1);
    world_start(w);
    world_step(w);
    world_clear(w);
    return w;
}

static void report(world *w, const char *client)
{
    ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, client), 0);
}

static void end_workflow(world *w, int i)
{
    w->workflows[i].ended = true;
    ck_assert_int_eq(flr_runner_wake(w->runner), 0);
    world_step(w);
}

/* The table as text: "a<parent:heard:gone", seconds, "-" for none; divided by blanks. */
typedef struct table_text {
    char text[512];
} table_text;

static void add_time(char *text, size_t size, int64_t time)
{
    size_t used = strlen(text);
    if (time == FLR_TIME_NONE)
        snprintf(text + used, size - used, ":-");
    else
        snprintf(text + used, size - used, ":%g", (double)time / 1e9);
}

static int add_client(void *self, const char *client, const char *parent, int64_t last_heard,
                      int64_t disconnected)
{
    table_text *t = self;
    size_t used = strlen(t->text);
    snprintf(t->text + used, sizeof t->text - used, "%s%s%s%s", used > 0 ? " " : "", client,
             parent == NULL ? "" : "<", parent == NULL ? "" : parent);
    add_time(t->text, sizeof t->text, last_heard);
    add_time(t->text, sizeof t->text, disconnected);
    return 0;
}

static void expect_table(world *w, const char *expected)
{
    table_text t = {""};
    ck_assert_int_eq(flr_runner_visit_clients(w->runner, add_client, &t), 0);
    ck_assert_str_eq(t.text, expected);
}

/* ---- DC-01, DC-02 ---- */

START_TEST(dc_01_reports)
{
    world *w = opened();
    report(w, "a");
    flr_clock_advance(w->clock, 10);
    report(w, "a"); /* listed already: discarded */
    report(w, "b");
    expect_trace(w, "dead1(a,1) dead1(b,11)");
    ck_assert_uint_eq(world_stats(w).dead_reports, 2);
    world_advance(w, 50); /* from the first report */
    expect_trace(w, "_client_disconnected");
    expect_table(w, "a:-:61 b:-:-");
    report(w, "a"); /* gone already */
    expect_trace(w, "");
    ck_assert_int_eq(world_request(w, "a") != NULL, 1);
    world_clear(w);
    report(w, "a"); /* a new one, after its return */
    expect_trace(w, "dead1(a,61)");
    world_free(w);
}
END_TEST

static int report_b(world_workflow *f, flr_context *context)
{
    (void)context;
    report(f->world, "b");
    return 0;
}

/* The list belongs to the run: what is reported before and between workflows counts in the next
 * one. */
START_TEST(dc_01_before_and_between_workflows)
{
    world *w = new_world(2);
    world_start(w);
    report(w, "a"); /* before the run */
    w->workflows[0].on_finalize = report_b;
    flr_clock_advance(w->clock, 5);
    world_step(w);
    expect_trace(w, "_start_run persist(0) initialize_run dead1(a,1) start _start_workflow "
                    "control");
    flr_clock_advance(w->clock, 5);
    end_workflow(w, 0);
    /* told of both, oldest first, before start */
    expect_trace(w, "stop finalize_run _end_workflow initialize_run2 dead2(a,1) dead2(b,11) "
                    "start2 _start_workflow control2");
    world_advance(w, 50);
    expect_table(w, "a:-:61 b:-:-");
    world_advance(w, 10);
    expect_table(w, "a:-:61 b:-:71");
    world_free(w);
}
END_TEST

START_TEST(dc_01_done)
{
    world *w = opened();
    flr_runner_abort(w->runner, 0);
    report(w, "a");
    expect_trace(w, "");
    ck_assert_uint_eq(world_stats(w).dead_reports, 0);
    world_finish(w);
    world_clear(w);
    report(w, "a");
    ck_assert_uint_eq(world_stats(w).dead_reports, 0);
    expect_table(w, "a:-:- b:-:-");
    world_free(w);
}
END_TEST

static flr_context *event_context;

static int check_disconnected(world *w, const char *event, flr_context *context)
{
    flr_value *name = NULL;
    uint32_t flags = 9;
    bool gone = strcmp(event, FLR_EVENT_CLIENT_DISCONNECTED) == 0;
    if (!gone && strcmp(event, FLR_EVENT_CLIENT_RECONNECTED) != 0)
        return 0;
    event_context = context;
    ck_assert_int_eq(flr_context_get_prop(
                         context, gone ? "_disconnected_client_name" : "_reconnected_client_name",
                         &name, &flags),
                     0);
    ck_assert_uint_eq(flags, 0); /* private, not sticky */
    world_note(w, "%s", flr_value_get_text(name, "-"));
    flr_value_unref(name);
    return 0;
}

START_TEST(dc_02_disconnected)
{
    world *w = opened();
    flr_value *name = NULL;
    w->on_event = check_disconnected;
    report(w, "b");
    world_clear(w);
    flr_step_result stand = world_step(w);
    ck_assert_int_eq(stand.wait_ns, 60 * SECOND); /* a deadline, not a poll */
    world_advance(w, 59.999);
    expect_trace(w, "");
    expect_table(w, "a:-:- b:-:-");
    world_advance(w, 0.001);
    expect_trace(w, "_client_disconnected b");
    expect_table(w, "a:-:- b:-:61");
    ck_assert_ptr_ne(event_context, w->context); /* a fresh one */
    ck_assert_int_eq(flr_context_get(w->context, "_disconnected_client_name", &name),
                     FLR_E_NOTFOUND);
    world_advance(w, 1000);
    expect_trace(w, ""); /* once */
    ck_assert_uint_eq(world_stats(w).disconnections, 1);
    world_free(w);
}
END_TEST

/* The time is the report's plus the grace, however late it is noticed; events come in the order of
 * the times. */
START_TEST(dc_02_time)
{
    world *w = new_world(1);
    w->clients[2] = "c"; /* it stays, DC-10 */
    w->client_count = 3;
    w->on_event = check_disconnected;
    world_start(w);
    world_step(w);
    report(w, "b");
    flr_clock_advance(w->clock, 1);
    report(w, "a");
    world_clear(w);
    world_advance(w, 500);
    expect_trace(w, "_client_disconnected b _client_disconnected a");
    expect_table(w, "a:-:62 b:-:61 c:-:-");
    world_free(w);
}
END_TEST

START_TEST(dc_02_at_once)
{
    world *w = new_world(1);
    ck_assert_int_eq(flr_config_set_dead_client_grace_period(w->config, 0), 0);
    w->on_event = check_disconnected;
    world_start(w);
    world_step(w);
    world_clear(w);
    report(w, "a");
    expect_table(w, "a:-:1 b:-:-");
    world_step(w);
    expect_trace(w, "dead1(a,1) _client_disconnected a");
    world_free(w);
}
END_TEST

/* Nobody becomes disconnected before the run has started: then at its start. */
START_TEST(dc_02_not_before_the_start)
{
    world *w = new_world(1);
    w->on_event = check_disconnected;
    world_start(w);
    report(w, "a");
    flr_clock_advance(w->clock, 30);
    report(w, "b");
    flr_clock_advance(w->clock, 69);
    expect_table(w, "");
    world_step(w);
    /* the driver looks at it as soon as it comes by */
    expect_table(w, "a:-:100 b:-:100");
    const char *trace = world_trace(w);
    ck_assert_ptr_nonnull(strstr(trace, "_client_disconnected a _client_disconnected b"));
    ck_assert_ptr_nonnull(strstr(trace, "_start_run"));
    ck_assert(strstr(trace, "_start_run") < strstr(trace, "_client_disconnected"));
    world_free(w);
}
END_TEST

/* While the status is `started` only. */
START_TEST(dc_02_not_after_the_end)
{
    world *w = opened();
    w->on_event = check_disconnected;
    report(w, "a");
    world_clear(w);
    flr_clock_advance(w->clock, 59);
    flr_runner_abort(w->runner, 0);
    flr_clock_advance(w->clock, 100);
    world_request(w, "b"); /* each entry looks at what is due */
    world_finish(w);
    ck_assert_ptr_null(strstr(world_trace(w), "_client_disconnected"));
    expect_table(w, "a:-:- b:-:-");
    world_free(w);
}
END_TEST

/* ---- DC-03 ---- */

START_TEST(dc_03_disconnect_time)
{
    boardhost h;
    int64_t when = 7;
    boardhost_init(&h, 2);
    boardhost_begin(&h); /* its clock stands at 1000 s */
    ck_assert_int_eq(flr_board_get_disconnect_time(h.board, "site-1", &when), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr_board_get_disconnect_time(h.board, "nobody", &when), FLR_E_NOTFOUND);
    ck_assert_int_eq(when, 7);
    ck_assert_int_eq(flr_runner_handle_dead_job(h.runner, "site-1"), 0);
    ck_assert_int_eq(flr_board_get_disconnect_time(h.board, "site-1", &when), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr_clock_advance(h.clock, GRACE), 0);
    ck_assert_int_eq(flr_board_get_disconnect_time(h.board, "site-1", &when), 0); /* no step yet */
    ck_assert_int_eq(when, 1060 * SECOND);
    boardhost_ask(&h, 1);
    ck_assert_int_eq(flr_board_get_disconnect_time(h.board, "site-1", &when), FLR_E_NOTFOUND);
    boardhost_dead(&h, 1); /* and again: the new time */
    boardhost_advance(&h, GRACE);
    ck_assert_int_eq(flr_board_get_disconnect_time(h.board, "site-1", &when), 0);
    ck_assert_int_eq(when, 1120 * SECOND);
    boardhost_close(&h);
    boardhost_free(&h);
}
END_TEST

START_TEST(dc_03_arguments)
{
    boardhost h;
    char too_long[257];
    int64_t when = 7;
    memset(too_long, 'x', 256);
    too_long[256] = '\0';
    boardhost_init(&h, 1);
    boardhost_begin(&h);
    ck_assert_int_eq(flr_board_get_disconnect_time(NULL, "site-1", &when), FLR_E_INVAL);
    ck_assert_int_eq(flr_board_get_disconnect_time(h.board, NULL, &when), FLR_E_INVAL);
    ck_assert_int_eq(flr_board_get_disconnect_time(h.board, "", &when), FLR_E_INVAL);
    ck_assert_int_eq(flr_board_get_disconnect_time(h.board, "site-1", NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_board_get_disconnect_time(h.board, too_long, &when), FLR_E_LIMIT);
    ck_assert_int_eq(when, 7);
    boardhost_close(&h);
    boardhost_free(&h);
}
END_TEST

static int note_disconnect_time(world_workflow *f, flr_context *context)
{
    flr_board *board;
    int64_t when = 0;
    ck_assert_int_eq(flr_context_get_board(context, &board), 0);
    int status = flr_board_get_disconnect_time(board, "a", &when);
    world_note(f->world, "gone%d(%s,%d)", f->number, flr_status_get_name(status),
               (int)(when / SECOND));
    return 0;
}

/* The disconnection is the run's: each workflow's board knows it, whenever it happened. */
START_TEST(dc_03_on_every_workflows_board)
{
    world *w = new_world(2);
    for (int i = 0; i < 2; i++) {
        w->workflows[i].with_board = true;
        w->workflows[i].on_start = w->workflows[i].on_stop = note_disconnect_time;
    }
    w->with_aux = w->with_persist = false;
    world_start(w);
    world_step(w);
    report(w, "a");
    world_advance(w, GRACE);
    w->workflows[1].ended = true;
    end_workflow(w, 0);
    expect_trace(w, "_start_run start gone1(FLR_E_NOTFOUND,0) _start_workflow control "
                    "_client_disconnected stop gone1(FLR_OK,61) _end_workflow "
                    "start2 gone2(FLR_OK,61) _start_workflow control2 stop2 gone2(FLR_OK,61) "
                    "_end_workflow _about_to_end_run _check_end_run_readiness _end_run");
    world_free(w);
}
END_TEST

/* ---- DC-04 ---- */

enum { BY_REQUEST, BY_SUBMISSION, BY_SYNC, BY_HEARTBEAT, BY_CHECK, WAYS };
static const char *const reasons[] = {"getTask", "submitTaskResult", "syncRunner", "jobHeartbeat",
                                      "taskCheck"};

/* One message of client a with this job id (NULL: no peer context). */
static void send(world *w, int way, const char *job)
{
    static const char *const topics[] = {NULL, NULL, "__sync_runner__", "__job_heartbeat__",
                                         "__task_check__"};
    const flr_answer *answer;
    const flr_shareable *reply;
    flr_shareable *message;
    flr_value *props;
    int outcome;
    ck_assert_int_eq(flr_shareable_new(&message), 0);
    ck_assert_int_eq(flr_shareable_set_header_text(message, "__task_id__", "id"), 0);
    world_peer(w, w->context, job);
    if (way == BY_REQUEST) {
        ck_assert_int_eq(flr_runner_process_task_request(w->runner, "a", w->context, &answer), 0);
    } else if (way == BY_SUBMISSION) {
        ck_assert_int_eq(flr_runner_process_submission(w->runner, "a", w->context, "train", "id",
                                                       message, &outcome),
                         0);
    } else {
        if (job != NULL) {
            ck_assert_int_eq(flr_value_new_map(&props), 0);
            ck_assert_int_eq(flr_map_set_text(&props, "__run_num__", job), 0);
            ck_assert_int_eq(flr_map_set_text(&props, "__identity_name__", "b"), 0);
            ck_assert_int_eq(flr_shareable_set_header(message, "__peer_props__", props), 0);
        }
        ck_assert_int_eq(
            flr_runner_process_aux(w->runner, "a", topics[way], w->context, message, &reply), 0);
    }
    flr_shareable_unref(message);
}

/* The first word of the trace, which is forgotten. */
static const char *first_words(world *w, int count)
{
    static char words[256];
    const char *trace = world_trace(w), *end = trace;
    for (int i = 0; i < count && *end != '\0'; i++)
        end += strcspn(end + (i > 0), " ") + (i > 0);
    snprintf(words, sizeof words, "%.*s", (int)(end - trace), trace);
    world_clear(w);
    return words;
}

START_TEST(dc_04_credit)
{
    char expected[64], table[64];
    for (int way = 0; way < WAYS; way++) {
        world *w = opened();
        flr_clock_advance(w->clock, 9);
        send(w, way, NULL);
        send(w, way, "");
        send(w, way, "other");
        ck_assert_ptr_null(strstr(world_trace(w), "active"));
        expect_table(w, "a:-:- b:-:-");
        world_clear(w);
        send(w, way, WORLD_JOB);
        snprintf(expected, sizeof expected, "active1(a,%s)", reasons[way]);
        ck_assert_str_eq(first_words(w, 1), expected);
        expect_table(w, "a:10:- b:-:-"); /* only the authenticated client */
        flr_clock_advance(w->clock, 1);
        send(w, way, WORLD_JOB); /* renewed */
        expect_table(w, "a:11:- b:-:-");
        flr_runner_abort(w->runner, 0); /* done: no more */
        flr_clock_advance(w->clock, 1);
        world_clear(w);
        send(w, way, WORLD_JOB);
        snprintf(table, sizeof table, "a:11:- b:-:-");
        expect_table(w, table);
        expect_trace(w, "");
        world_free(w);
    }
}
END_TEST

START_TEST(dc_04_off_the_watch_list)
{
    for (int way = 0; way < WAYS; way++) {
        world *w = opened();
        report(w, "a");
        flr_clock_advance(w->clock, 30);
        send(w, way, "other"); /* does not count */
        send(w, way, NULL);
        flr_clock_advance(w->clock, 29);
        send(w, way, WORLD_JOB);
        ck_assert_ptr_null(strstr(world_trace(w), "_client_reconnected")); /* it was never gone */
        world_clear(w);
        world_advance(w, 1000);
        expect_trace(w, "");
        report(w, "a"); /* can be listed again */
        world_advance(w, 60);
        expect_trace(w, "dead1(a,1060) _client_disconnected");
        world_free(w);
    }
}
END_TEST

START_TEST(dc_04_reconnected)
{
    char expected[128];
    for (int way = 0; way < WAYS; way++) {
        world *w = opened();
        w->on_event = check_disconnected;
        report(w, "a");
        world_advance(w, 60);
        world_clear(w);
        send(w, way, "other");
        send(w, way, NULL);
        ck_assert_ptr_null(strstr(world_trace(w), "_client_reconnected"));
        expect_table(w, "a:-:61 b:-:-");
        world_clear(w);
        send(w, way, WORLD_JOB);
        ck_assert_ptr_eq(event_context, w->context); /* the message's */
        snprintf(expected, sizeof expected, "_client_reconnected a active1(a,%s)", reasons[way]);
        ck_assert_str_eq(first_words(w, 3), expected);
        expect_table(w, "a:61:- b:-:-");
        send(w, way, WORLD_JOB);
        ck_assert_ptr_null(strstr(world_trace(w), "_client_reconnected")); /* once */
        ck_assert_uint_eq(world_stats(w).reconnections, 1);
        world_free(w);
    }
}
END_TEST

/* The message came after the deadline and before the driver: it meets the state after the deadline,
 * and both events come, in order. */
START_TEST(dc_04_quicker_than_the_driver)
{
    world *w = opened();
    w->on_event = check_disconnected;
    report(w, "a");
    world_clear(w);
    flr_clock_advance(w->clock, 60);
    send(w, BY_HEARTBEAT, WORLD_JOB);
    expect_trace(w, "_client_disconnected a _client_reconnected a active1(a,jobHeartbeat)");
    world_step(w);
    expect_trace(w, "");
    ck_assert_uint_eq(world_stats(w).disconnections, 1);
    ck_assert_uint_eq(world_stats(w).reconnections, 1);
    world_free(w);
}
END_TEST

/* ---- DC-05 ---- */

static int report_and_hear(world_workflow *f, flr_context *context)
{
    static const char *const names[] = {"p", "q", "r", "s", "t", "u", "v", "x", "y", "z"};
    static size_t next;
    (void)context;
    world_note(f->world, "{");
    report(f->world, names[next++ % 10]);
    world_aux(f->world, "a", "__job_heartbeat__", NULL);
    world_note(f->world, "}");
    return 0;
}

/* From the end of initialize_run until the gate closes. */
START_TEST(dc_05_when_the_communicator_is_told)
{
    world *w = new_world(1);
    world_workflow *f = &w->workflows[0];
    w->with_aux = w->with_persist = false;
    f->on_initialize = f->on_start = f->on_stop = f->on_finalize = report_and_hear;
    world_start(w);
    report(w, "b");
    world_step(w);
    expect_trace(w, "_start_run initialize_run { } dead1(b,1) dead1(p,1) start { dead1(q,1) "
                    "active1(a,jobHeartbeat) } _start_workflow control");
    report(w, "c");
    world_aux(w, "c", "__sync_runner__", NULL);
    expect_trace(w, "dead1(c,1) active1(c,syncRunner)");
    end_workflow(w, 0);
    expect_trace(w, "stop { } finalize_run { } _end_workflow _about_to_end_run "
                    "_check_end_run_readiness _end_run");
    world_free(w);
}
END_TEST

static int fail_active(world_workflow *f, flr_context *context, const char *client,
                       const char *reason)
{
    note_active(f, context, client, reason);
    return flr_context_fail(context, FLR_E_IO, "deaf");
}

static int fail_dead(world_workflow *f, flr_context *context, const char *client, int64_t when)
{
    note_dead(f, context, client, when);
    return flr_context_fail(context, FLR_E_IO, "blind");
}

/* A failure to take notice is logged; nothing else. */
START_TEST(dc_05_communicator_fails)
{
    world *w = opened();
    w->workflows[0].on_active = fail_active;
    w->workflows[0].on_dead = fail_dead;
    report(w, "a");
    ck_assert_int_eq(flr_answer_get_kind(world_request(w, "a")), FLR_ANSWER_TRY_AGAIN);
    expect_trace(w, "dead1(a,1) active1(a,getTask) _before_process_task_request "
                    "_after_process_task_request");
    ck_assert_ptr_nonnull(strstr(w->log, "deaf"));
    ck_assert_ptr_nonnull(strstr(w->log, "blind"));
    ck_assert_uint_eq(world_stats(w).communicator_failures, 2);
    ck_assert_int_eq(flr_runner_get_status(w->runner), FLR_STATUS_STARTED);
    world_free(w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("clients");
    TCase *dead = tcase_create("dead");
    tcase_add_test(dead, dc_01_reports);
    tcase_add_test(dead, dc_01_before_and_between_workflows);
    tcase_add_test(dead, dc_01_done);
    tcase_add_test(dead, dc_02_disconnected);
    tcase_add_test(dead, dc_02_time);
    tcase_add_test(dead, dc_02_at_once);
    tcase_add_test(dead, dc_02_not_before_the_start);
    tcase_add_test(dead, dc_02_not_after_the_end);
    tcase_add_test(dead, dc_03_disconnect_time);
    tcase_add_test(dead, dc_03_arguments);
    tcase_add_test(dead, dc_03_on_every_workflows_board);
    tcase_add_test(dead, dc_04_credit);
    tcase_add_test(dead, dc_04_off_the_watch_list);
    tcase_add_test(dead, dc_04_reconnected);
    tcase_add_test(dead, dc_04_quicker_than_the_driver);
    tcase_add_test(dead, dc_05_when_the_communicator_is_told);
    tcase_add_test(dead, dc_05_communicator_fails);
    suite_add_tcase(suite, dead);
    return suite_run(suite);
}
