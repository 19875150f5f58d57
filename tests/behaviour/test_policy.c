/* Deployment policy: how many clients, and which, must be live. Rows DC-09, DC-10. */
#include "boardhost.h"
#include "caller.h"
#include "support/suite.h"

#include <check.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VIOLATED "panic(Aborting job due to deployment policy violation)"

static boardhost h;
static int min_sites; /* negative: not set */
static const char *required[4];

static void note_name(const char *what, flr_context *context, const char *key)
{
    flr_value *name = NULL;

    ck_assert_int_eq(flr_context_get(context, key, &name), 0);
    boardhost_note(&h, "%s(%s)", what, flr_value_get_text(name, "?"));
    flr_value_unref(name);
}

static int hear(void *self, const char *event, flr_context *context)
{
    (void)self;
    if (strcmp(event, FLR_EVENT_CLIENT_DISCONNECTED) == 0) {
        note_name("gone", context, "_disconnected_client_name");
    } else if (strcmp(event, FLR_EVENT_CLIENT_RECONNECTED) == 0) {
        note_name("back", context, "_reconnected_client_name");
    } else if (strcmp(event, FLR_EVENT_FATAL_SYSTEM_ERROR) == 0) {
        note_name("panic", context, FLR_PROP_EVENT_DATA);
    }
    return 0;
}

static void configure(flr_config *config)
{
    flr_component_ops ears;

    flr_component_ops_init(&ears, sizeof ears);
    ears.handle_event = hear;
    ck_assert_int_eq(flr_config_add_component(config, "ears", &ears, NULL), 0);
    if (min_sites >= 0) {
        ck_assert_int_eq(flr_config_set_min_sites(config, (size_t)min_sites), 0);
    }
    if (required[0] != NULL) {
        ck_assert_int_eq(flr_config_set_required_sites(config, required), 0);
    }
}

/* Three clients, site-1 to site-3, at 1000 s; one that must be live, or NULL. */
static void begin(double grace, int sites, const char *one_required)
{
    min_sites = sites;
    required[0] = one_required;
    required[1] = NULL;
    boardhost_init(&h, 3);
    h.grace = grace;
    h.lead = 0;
    h.configure = configure;
    boardhost_begin(&h);
    boardhost_trace(&h);
}

static void end(void)
{
    boardhost_close(&h);
    boardhost_free(&h);
}

static void die(int client)
{
    boardhost_dead(&h, client);
    boardhost_step(&h);
}

static void expect(const char *trace)
{
    ck_assert_str_eq(boardhost_trace(&h), trace);
}

/* After the panic, or not. */
static void expect_run(int status)
{
    flr_signal *abort = flr_runner_get_abort_signal(h.runner);

    ck_assert_int_eq(flr_runner_get_status(h.runner), status);
    ck_assert_int_eq(flr_signal_is_triggered(abort), status == FLR_STATUS_DONE);
}

static int count_of(const char *trace, const char *word)
{
    int n = 0;

    for (const char *p = trace; (p = strstr(p, word)) != NULL; p += strlen(word)) {
        n++;
    }
    return n;
}

/* ---- what violates it ---- */

START_TEST(dc_10_without_a_policy_one_must_be_live)
{
    begin(0, -1, NULL);
    die(1);
    die(3);
    expect("gone(site-1) gone(site-3)");
    expect_run(FLR_STATUS_STARTED);
    die(2);
    expect("gone(site-2) " VIOLATED);
    expect_run(FLR_STATUS_DONE);
    end();
}
END_TEST

START_TEST(dc_09_min_sites)
{
    begin(0, 2, NULL);
    die(1);
    boardhost_heartbeat(&h, 1);
    die(2); /* two are live all the time */
    expect("gone(site-1) back(site-1) gone(site-2)");
    expect_run(FLR_STATUS_STARTED);
    die(1);
    expect("gone(site-1) " VIOLATED);
    expect_run(FLR_STATUS_DONE);
    end();
}
END_TEST

START_TEST(dc_09_required_site)
{
    begin(0, 1, "site-2");
    die(1);
    die(3);
    expect("gone(site-1) gone(site-3)");
    expect_run(FLR_STATUS_STARTED);
    boardhost_heartbeat(&h, 1);
    boardhost_heartbeat(&h, 3);
    boardhost_trace(&h);
    die(2);
    expect("gone(site-2) " VIOLATED);
    expect_run(FLR_STATUS_DONE);
    end();
}
END_TEST

/* The second of two required ones; a name twice counts once. */
START_TEST(dc_09_required_sites)
{
    min_sites = -1;
    required[0] = required[1] = "site-1";
    required[2] = "site-3";
    required[3] = NULL;
    boardhost_init(&h, 3);
    h.grace = 0;
    h.configure = configure;
    boardhost_begin(&h);
    die(2);
    expect("gone(site-2)");
    die(3);
    expect("gone(site-3) " VIOLATED);
    end();
}
END_TEST

/* More sites than there are: nothing is violated as long as no known client is disconnected. */
START_TEST(dc_09_only_if_a_known_client_is_disconnected)
{
    begin(0, 5, "site-9");
    expect_run(FLR_STATUS_STARTED); /* the gate has opened */
    boardhost_dead(&h, 7);          /* nobody knows it */
    boardhost_step(&h);
    expect("gone(site-7)");
    expect_run(FLR_STATUS_STARTED);
    die(1);
    expect("gone(site-1) " VIOLATED);
    expect_run(FLR_STATUS_DONE);
    end();
}
END_TEST

/* A required site that is not known does not count; it is not looked at when it becomes known, but
 * after the next disconnection. */
START_TEST(dc_09_known_clients_only)
{
    begin(0, 1, "site-7");
    die(7);
    die(1);
    expect("gone(site-7) gone(site-1)");
    ck_assert_int_eq(flr_runner_remove_client(h.runner, "site-1"), 0);
    ck_assert_int_eq(flr_runner_add_client(h.runner, "site-7", NULL), 0);
    boardhost_step(&h);
    boardhost_advance(&h, 1000.0);
    expect("");
    expect_run(FLR_STATUS_STARTED);
    die(8); /* nobody knows that one either */
    expect("gone(site-8) " VIOLATED);
    end();
}
END_TEST

/* Of two known clients the live one leaves the table: none of the known is live then. */
START_TEST(dc_09_those_who_left_do_not_count)
{
    begin(0, -1, NULL);
    ck_assert_int_eq(flr_runner_remove_client(h.runner, "site-2"), 0);
    die(1);
    expect("gone(site-1)");
    ck_assert_int_eq(flr_runner_remove_client(h.runner, "site-3"), 0);
    boardhost_step(&h);
    expect("");
    die(2); /* unknown by now, but a disconnection */
    expect("gone(site-2) " VIOLATED);
    end();
}
END_TEST

START_TEST(dc_09_arguments)
{
    static const char *const empty_name[] = {"site-1", "", NULL}, *const none[] = {NULL};
    char too_long[257];
    const char *names[] = {too_long, NULL};
    flr_config *config;

    memset(too_long, 'x', 256);
    too_long[256] = '\0';
    ck_assert_int_eq(flr_config_new(&config), 0);
    ck_assert_int_eq(flr_config_set_min_sites(NULL, 1), FLR_E_INVAL);
    ck_assert_int_eq(flr_config_set_min_sites(config, 3), 0);
    ck_assert_int_eq(flr_config_set_required_sites(NULL, none), FLR_E_INVAL);
    ck_assert_int_eq(flr_config_set_required_sites(config, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_config_set_required_sites(config, empty_name), FLR_E_INVAL);
    ck_assert_int_eq(flr_config_set_required_sites(config, names), FLR_E_LIMIT);
    ck_assert_str_ne(flr_config_get_detail(config), "");
    ck_assert_int_eq(flr_config_set_required_sites(config, none), 0);
    flr_config_free(config);
}
END_TEST

/* What is set later replaces what was set before. */
static void configure_twice(flr_config *config)
{
    static const char *const none[] = {NULL};

    configure(config);
    ck_assert_int_eq(flr_config_set_required_sites(config, none), 0);
}

START_TEST(dc_09_the_last_setting_counts)
{
    min_sites = -1;
    required[0] = "site-1";
    required[1] = NULL;
    boardhost_init(&h, 3);
    h.grace = 0;
    h.configure = configure_twice;
    boardhost_begin(&h);
    die(1);
    expect("gone(site-1)");
    expect_run(FLR_STATUS_STARTED);
    end();
}
END_TEST

/* ---- when ---- */

START_TEST(dc_09_after_all_events_of_the_instant)
{
    begin(10.0, 3, "site-3");
    boardhost_dead(&h, 3);
    boardhost_dead(&h, 1);
    boardhost_dead(&h, 2);
    boardhost_advance(&h, 10.0);
    expect("gone(site-3) gone(site-1) gone(site-2) " VIOLATED);
    end();
}
END_TEST

/* Once per run, though two instants violate it and both are due. */
START_TEST(dc_09_once)
{
    const char *trace;

    begin(10.0, 3, NULL);
    boardhost_dead(&h, 1);
    boardhost_advance(&h, 5.0);
    boardhost_dead(&h, 2);
    boardhost_advance(&h, 500.0);
    boardhost_heartbeat(&h, 1);
    boardhost_dead(&h, 1);
    boardhost_advance(&h, 500.0);
    trace = boardhost_trace(&h);
    ck_assert_int_eq(count_of(trace, "panic("), 1);
    ck_assert_int_eq(strncmp(trace, "gone(site-1) ", 13), 0);
    boardhost_close(&h);
    ck_assert_int_eq(count_of(boardhost_trace(&h), "panic("), 0);
    boardhost_free(&h);
}
END_TEST

/* Disconnected at an instant, heard after it, before the driver came by: it was violated all the
 * same. */
START_TEST(dc_09_decided_at_the_instant)
{
    begin(10.0, 1, "site-2");
    boardhost_dead(&h, 2);
    ck_assert_int_eq(flr_clock_advance(h.clock, 10.0), 0);
    boardhost_heartbeat(&h, 2);
    expect("gone(site-2) back(site-2)");
    boardhost_step(&h);
    expect(VIOLATED);
    expect_run(FLR_STATUS_DONE);
    end();
}
END_TEST

/* Heard before the grace period was over: nothing has happened. */
START_TEST(dc_09_heard_in_time)
{
    begin(10.0, 3, "site-2");
    boardhost_dead(&h, 2);
    boardhost_advance(&h, 9.999);
    boardhost_heartbeat(&h, 2);
    boardhost_advance(&h, 500.0);
    expect("");
    expect_run(FLR_STATUS_STARTED);
    end();
}
END_TEST

static flr_task *broadcast(const char *name, int client, double timeout)
{
    const char *target = boardhost_name(client);
    flr_broadcast_options options;
    flr_task_options o;
    flr_task *task;

    boardhost_task_options(&h, &o);
    o.before_task_sent = o.after_task_sent = NULL;
    o.timeout = timeout;
    task = boardhost_task(&h, name, &o);
    flr_broadcast_options_init(&options, sizeof options);
    options.targets = &target;
    options.target_count = 1;
    ck_assert_int_eq(flr_board_broadcast(h.board, task, &options, NULL), 0);
    return task;
}

/* At one instant: client events, the panic, task callbacks. */
START_TEST(dc_09_before_the_tasks_of_the_instant)
{
    begin(10.0, 1, "site-2");
    flr_task *before = broadcast("a", 1, 9.0), *timeout = broadcast("b", 1, 10.0),
             *dead = broadcast("c", 2, 0);

    boardhost_dead(&h, 2);
    boardhost_advance(&h, _i == 0 ? 10.0 : 500.0);
    expect("done(a,timeout) gone(site-2) " VIOLATED " done(b,timeout) done(c,client_dead)");
    expect_run(FLR_STATUS_DONE);
    flr_task_unref(before);
    flr_task_unref(timeout);
    flr_task_unref(dead);
    end();
}
END_TEST

/* Until the workflow has ended deadlines act and messages are answered. */
START_TEST(dc_09_messages_and_deadlines_go_on)
{
    begin(0, 1, "site-2");
    flr_task *task = broadcast("t", 1, 100.0), *left = broadcast("u", 1, 0);
    const flr_answer *answer = NULL;
    flr_step_result result;
    char id[40];

    boardhost_take(&h, 1, id);
    boardhost_advance(&h, 10.0);
    die(2);
    expect("gone(site-2) " VIOLATED);
    ck_assert_int_eq(
        flr_runner_process_task_request(h.runner, "site-1", boardhost_context(&h, 1), &answer), 0);
    ck_assert_int_eq(flr_answer_get_kind(answer), FLR_ANSWER_END_RUN);
    ck_assert_int_eq(boardhost_answer(&h, 1, "t", id, 1), FLR_OUTCOME_NOT_RUNNING);
    ck_assert_str_eq(boardhost_check(&h, 1, id), "no workflow");
    boardhost_heartbeat(&h, 2); /* answered, but nobody is credited any more */
    boardhost_advance(&h, 89.999);
    expect("");
    ck_assert_int_eq(flr_task_get_status(task), FLR_TASK_STANDING);
    boardhost_advance(&h, 0.001);
    expect("done(t,timeout)");
    atomic_store(&h.end, true);
    ck_assert_int_eq(flr_runner_wake(h.runner), 0);
    do {
        flr_step_result_init(&result, sizeof result);
        ck_assert_int_eq(flr_runner_step(h.runner, &result), 0);
    } while (result.state == FLR_STEP_RUNNING);
    expect("done(u,aborted)");
    ck_assert_int_eq(result.result, FLR_E_ABORTED);
    flr_task_unref(task);
    flr_task_unref(left);
    boardhost_free(&h);
}
END_TEST

/* ---- right before a gate opens ---- */

static int know_b(world_workflow *f, flr_context *context)
{
    (void)context;
    f->world->clients[1] = "b";
    f->world->client_count = 2;
    return 0;
}

/* Disconnected while it was unknown; the listing before the second gate makes it known. */
START_TEST(dc_09_before_a_gate_opens)
{
    static const char *const sites[] = {"b", NULL};
    world *w = world_new(2);

    w->client_count = 1;
    w->trace_lists = w->trace_reasons = true;
    w->workflows[1].on_start = know_b;
    ck_assert_int_eq(flr_config_set_required_sites(w->config, sites), 0);
    ck_assert_int_eq(flr_config_set_dead_client_grace_period(w->config, 0), 0);
    world_start(w);
    world_step(w);
    ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, "b"), 0);
    world_step(w);
    world_clear(w);
    ck_assert_int_eq(world_finish(w), FLR_E_ABORTED);
    expect_trace(w, "stop finalize_run _end_workflow initialize_run2 start2 _start_workflow "
                    "list_clients _fatal_system_error <Aborting job due to deployment policy "
                    "violation> stop2 finalize_run2 _end_workflow _about_to_end_run fatal=1 "
                    "aux:__end_run__ persist(1) _check_end_run_readiness _end_run");
    world_free(w);
}
END_TEST

/* The same with a policy that is kept: the second workflow goes on. */
START_TEST(dc_09_kept_before_a_gate_opens)
{
    world *w = world_new(2);

    w->client_count = 1;
    w->workflows[1].on_start = know_b;
    ck_assert_int_eq(flr_config_set_min_sites(w->config, 1), 0);
    ck_assert_int_eq(flr_config_set_dead_client_grace_period(w->config, 0), 0);
    world_start(w);
    world_step(w);
    ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, "b"), 0);
    world_step(w);
    world_clear(w);
    ck_assert_int_eq(world_finish(w), 0);
    ck_assert_ptr_nonnull(strstr(world_trace(w), " control2 "));
    ck_assert_ptr_null(strstr(world_trace(w), "_fatal_system_error"));
    world_free(w);
}
END_TEST

/* Reported before the run began: gone from its start, and no gate opens. _i 1 runs it. */
START_TEST(dc_09_at_the_first_gate)
{
    static const char *const sites[] = {"b", NULL};
    world *w = world_new(1);
    const char *trace;

    w->trace_reasons = true;
    w->workflows[0].with_flow = _i == 1;
    w->workflows[0].ended = true;
    ck_assert_int_eq(flr_config_set_required_sites(w->config, sites), 0);
    ck_assert_int_eq(flr_config_set_dead_client_grace_period(w->config, 0), 0);
    world_start(w);
    ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, "b"), 0);
    ck_assert_int_eq(world_complete(w, _i == 1), FLR_E_ABORTED);
    trace = world_trace(w);
    ck_assert_int_eq(count_of(trace, "<Aborting job due to deployment policy violation>"), 1);
    ck_assert_int_eq(count_of(trace, " control"), 0);
    ck_assert_int_eq(count_of(trace, " stop"), count_of(trace, " start"));
    ck_assert_int_eq(count_of(trace, " finalize_run"), count_of(trace, " initialize_run"));
    ck_assert_int_eq(count_of(trace, "_client_disconnected"), 1);
    world_free(w);
}
END_TEST

/* ---- run mode ---- */

static struct {
    flr_task *task;
    int result, status, run_result;
    atomic_bool ready;
} waiting;

static int wait_for_all(boardhost *host, flr_signal *abort, flr_context *context)
{
    atomic_store(&waiting.ready, true);
    waiting.result = flr_board_broadcast_and_wait(host->board, waiting.task, NULL, abort, context,
                                                  &waiting.status);
    return 0;
}

static void *run(void *self)
{
    (void)self;
    waiting.run_result = flr_runner_run(h.runner);
    return NULL;
}

/* The driver sees to it while control_flow waits, and the wait ends. */
START_TEST(dc_09_ends_a_wait)
{
    pthread_t thread;
    flr_task_options o;

    min_sites = 3;
    required[0] = NULL;
    memset(&waiting, 0, sizeof waiting);
    boardhost_init(&h, 3);
    h.grace = 10.0;
    h.configure = configure;
    h.run_mode = true;
    h.control = wait_for_all;
    boardhost_begin(&h);
    boardhost_task_options(&h, &o);
    waiting.task = boardhost_task(&h, "t", &o);
    ck_assert_int_eq(pthread_create(&thread, NULL, run, NULL), 0);
    while (!atomic_load(&waiting.ready) || flr_board_get_count(h.board) == 0) {
        sched_yield();
    }
    boardhost_dead(&h, 3);
    ck_assert_int_eq(flr_clock_advance(h.clock, 10.0), 0);
    pthread_join(thread, NULL);
    ck_assert_int_eq(waiting.result, FLR_E_ABORTED);
    ck_assert_int_eq(waiting.status, FLR_TASK_ABORTED);
    ck_assert_int_eq(waiting.run_result, FLR_E_ABORTED);
    ck_assert_str_eq(h.trace, "gone(site-3) " VIOLATED " done(t,aborted)");
    flr_task_unref(waiting.task);
    boardhost_free(&h);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        dc_10_without_a_policy_one_must_be_live,
        dc_09_min_sites,
        dc_09_required_site,
        dc_09_required_sites,
        dc_09_only_if_a_known_client_is_disconnected,
        dc_09_known_clients_only,
        dc_09_those_who_left_do_not_count,
        dc_09_arguments,
        dc_09_the_last_setting_counts,
        dc_09_after_all_events_of_the_instant,
        dc_09_once,
        dc_09_decided_at_the_instant,
        dc_09_heard_in_time,
        dc_09_messages_and_deadlines_go_on,
        dc_09_before_a_gate_opens,
        dc_09_kept_before_a_gate_opens,
        dc_09_ends_a_wait,
    };
    Suite *suite = suite_create("deployment policy");
    TCase *tcase = tcase_create("policy");

    SUITE_ADD(tcase, tests);
    tcase_add_loop_test(tcase, dc_09_before_the_tasks_of_the_instant, 0, 2);
    tcase_add_loop_test(tcase, dc_09_at_the_first_gate, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
