/* Who is heard and who is not: rows DC-01 to DC-05, AX-04, AX-05, ST-04, through the runner. */
#include "world.h"

#include <string.h>

static int note_dead(world_workflow *w, flr_context *context, const char *client, int64_t when)
{
    (void)context;
    world_note(w->world, "dead:%s@%d", client, (int)(when / 1000000000));
    return 0;
}

static int note_active(world_workflow *w, flr_context *context, const char *client, const char *reason)
{
    (void)context;
    world_note(w->world, "active:%s:%s", client, reason);
    return 0;
}

/* The event's property names the client; it is private and not sticky. */
static int note_client(world *w, const char *event, flr_context *context)
{
    const char *key = strcmp(event, FLR_EVENT_CLIENT_DISCONNECTED) == 0   ? FLR_PROP_DISCONNECTED_CLIENT_NAME
                      : strcmp(event, FLR_EVENT_CLIENT_RECONNECTED) == 0 ? FLR_PROP_RECONNECTED_CLIENT_NAME
                                                                          : NULL;
    flr_value *value = NULL;
    uint32_t flags = 99;
    if (key == NULL)
        return 0;
    ck_assert_int_eq(flr_context_get_prop(context, key, &value, &flags), 0);
    ck_assert_uint_eq(flags, 0);
    world_note(w, "%s", flr_value_get_text(value, "?"));
    flr_value_unref(value);
    return 0;
}

static world *begin(void)
{
    world *w = world_new(1);
    w->workflows[0].on_dead = note_dead;
    w->workflows[0].on_active = note_active;
    w->on_event = note_client;
    world_start(w);
    world_step(w);
    world_clear(w);
    return w;
}

static void end(world *w)
{
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
}

START_TEST(dc_01_reports_are_listed_once)
{
    world *w = begin();
    ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, "a"), 0);
    world_advance(w, 1);
    ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, "a"), 0); /* while listed: discarded */
    ck_assert_uint_eq(world_stats(w).dead_reports, 1);
    ck_assert_str_eq(world_trace(w), "dead:a@1");
    world_advance(w, 58.9);
    ck_assert_str_eq(world_trace(w), "dead:a@1");
    world_advance(w, 0.1); /* the first report counts */
    ck_assert_str_eq(world_trace(w), "dead:a@1 _client_disconnected a");
    ck_assert_int_eq(world_finish(w), 0);
    ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, "b"), 0); /* done: ignored */
    ck_assert_uint_eq(world_stats(w).dead_reports, 1);
    ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, ""), FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_runner_handle_dead_job(NULL, "a"), FLR_E_INVAL);
    world_free(w);
}
END_TEST

START_TEST(dc_01_reports_before_the_run_count)
{
    world *w = world_new(1);
    w->on_event = note_client;
    ck_assert_int_eq(flr_config_set_dead_client_grace_period(w->config, 2), 0);
    world_start(w);
    ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, "a"), 0);
    ck_assert_int_eq(flr_clock_advance(w->clock, 5), 0); /* longer than the grace: yet not before the start */
    ck_assert_str_eq(world_trace(w), "");
    world_step(w);
    ck_assert_ptr_nonnull(strstr(world_trace(w), "_client_disconnected a"));
    end(w);
}
END_TEST

static int64_t disconnected;

static int look_for_a(void *self, const char *client, const char *parent, int64_t last_heard, int64_t when)
{
    (void)self;
    (void)parent;
    (void)last_heard;
    if (strcmp(client, "a") == 0)
        disconnected = when;
    return 0;
}

START_TEST(dc_02_disconnected_at_report_plus_grace)
{
    world *w = begin();
    ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, "a"), 0);
    world_advance(w, 100); /* later than it was due: the instant counts, not the moment of looking */
    ck_assert_int_eq(flr_runner_visit_clients(w->runner, look_for_a, NULL), 0);
    ck_assert_int_eq(disconnected, INT64_C(61000000000));
    ck_assert_uint_eq(world_stats(w).disconnections, 1);
    end(w);
}
END_TEST

START_TEST(dc_02_without_grace_at_once)
{
    world *w = world_new(1);
    w->on_event = note_client;
    ck_assert_int_eq(flr_config_set_dead_client_grace_period(w->config, 0), 0);
    world_start(w);
    world_step(w);
    world_clear(w);
    ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, "b"), 0);
    world_step(w);
    ck_assert_str_eq(world_trace(w), "_client_disconnected b");
    end(w);
}
END_TEST

/* A board as the communicator: it answers for who is disconnected. */
static flr_board *board;

static int take_board(void *self, flr_context *context)
{
    (void)self;
    return flr_context_get_board(context, &board);
}

static int never_ends(void *self, flr_context *context, int64_t now, int64_t *due, int *ended)
{
    (void)self;
    (void)context;
    (void)now;
    (void)due;
    (void)ended;
    return 0;
}

START_TEST(dc_03_disconnect_time)
{
    world *w = world_new(0);
    flr_controller_ops ops;
    int64_t when = 0;
    flr_controller_ops_init(&ops, sizeof ops);
    ops.start = take_board;
    ops.step = never_ends;
    ck_assert_int_eq(flr_config_add_controller(w->config, "wf", &ops, NULL, NULL, NULL), 0);
    world_start(w);
    world_step(w);
    ck_assert_int_eq(flr_board_get_disconnect_time(board, "a", &when), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr_board_get_disconnect_time(board, "nobody", &when), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, "a"), 0);
    world_advance(w, 10);
    ck_assert_int_eq(flr_board_get_disconnect_time(board, "a", &when), FLR_E_NOTFOUND);
    world_advance(w, 50);
    ck_assert_int_eq(flr_board_get_disconnect_time(board, "a", &when), 0);
    ck_assert_int_eq(when, INT64_C(61000000000));
    flr_runner_abort(w->runner, 0);
    world_free(w); /* given up before its end: nothing leaks */
}
END_TEST

START_TEST(dc_04_a_credit_takes_off_the_list)
{
    world *w = begin();
    ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, "a"), 0);
    world_advance(w, 59);
    world_request(w, "a");
    world_advance(w, 100);
    ck_assert_ptr_null(strstr(world_trace(w), "_client_disconnected"));
    ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, "a"), 0);
    world_advance(w, 61);
    world_clear(w);
    world_request(w, "a"); /* back: the event comes in the message's context, before its own */
    ck_assert_str_eq(world_trace(w), "_client_reconnected a active:a:getTask _before_process_task_request "
                                     "_after_process_task_request");
    ck_assert_uint_eq(world_stats(w).reconnections, 1);
    end(w);
}
END_TEST

START_TEST(dc_04_who_is_quicker_than_the_driver_tells_both)
{
    world *w = begin();
    ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, "a"), 0);
    ck_assert_int_eq(flr_clock_advance(w->clock, 60), 0);
    world_clear(w);
    world_request(w, "a");
    ck_assert_ptr_eq(strstr(world_trace(w), "_client_disconnected a _client_reconnected a"), world_trace(w));
    world_step(w);
    ck_assert_uint_eq(world_stats(w).disconnections, 1);
    end(w);
}
END_TEST

START_TEST(dc_04_only_for_the_jobs_own_messages)
{
    world *w = begin();
    const flr_answer *answer;
    ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, "a"), 0);
    world_peer(w, w->context, NULL);
    ck_assert_int_eq(flr_runner_process_task_request(w->runner, "a", w->context, &answer), 0);
    world_peer(w, w->context, "another job");
    ck_assert_int_eq(flr_runner_process_task_request(w->runner, "a", w->context, &answer), 0);
    world_request(w, "liar"); /* the name that the peer claims is never used, the authenticated one is */
    world_advance(w, 60);
    ck_assert_ptr_nonnull(strstr(world_trace(w), "_client_disconnected a"));
    ck_assert_ptr_null(strstr(world_trace(w), "active:a"));
    ck_assert_ptr_nonnull(strstr(world_trace(w), "active:liar:getTask"));
    end(w);
}
END_TEST

static int note_start(world_workflow *w, flr_context *context)
{
    (void)context;
    world_note(w->world, "begin");
    return 0;
}

START_TEST(dc_05_the_communicator_is_told)
{
    world *w = world_new(1);
    w->workflows[0].on_dead = note_dead;
    w->workflows[0].on_active = note_active;
    w->workflows[0].on_start = note_start;
    world_start(w);
    ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, "b"), 0); /* listed already: told before start */
    ck_assert_str_eq(world_trace(w), "");
    world_step(w);
    ck_assert_ptr_nonnull(strstr(world_trace(w), "initialize_run dead:b@1 start begin"));
    world_clear(w);
    world_aux(w, "a", "__job_heartbeat__", NULL);
    world_aux(w, "a", "__sync_runner__", NULL);
    world_aux(w, "a", "__task_check__", NULL);
    world_submit(w, "a", "t", "x", NULL);
    ck_assert_ptr_nonnull(strstr(world_trace(w), "active:a:jobHeartbeat active:a:syncRunner active:a:taskCheck active:a:submitTaskResult"));
    ck_assert_int_eq(world_finish(w), 0);
    world_clear(w);
    world_aux(w, "a", "__job_heartbeat__", NULL); /* its gate has closed */
    ck_assert_str_eq(world_trace(w), "");
    world_free(w);
}
END_TEST

START_TEST(ax_04_sync_and_heartbeat_are_ok_in_every_status)
{
    static const char *const topics[] = {"__sync_runner__", "__job_heartbeat__"};
    world *w = world_new(1);
    world_start(w);
    for (int phase = 0; phase < 3; phase++) {
        for (int i = 0; i < 2; i++)
            ck_assert_str_eq(flr_shareable_get_rc(world_aux(w, "a", topics[i], NULL)), "OK");
        if (phase == 0)
            world_step(w);
        if (phase == 1)
            ck_assert_int_eq(world_finish(w), 0);
    }
    flr_shareable *request; /* whatever the job id is */
    flr_value *props;
    ck_assert_int_eq(flr_shareable_new(&request), 0);
    ck_assert_int_eq(flr_value_new_map(&props), 0);
    ck_assert_int_eq(flr_map_set_text(&props, FLR_PROP_RUN_NUM, "another"), 0);
    ck_assert_int_eq(flr_shareable_set_header(request, FLR_HEADER_PEER_PROPS, props), 0);
    ck_assert_str_eq(flr_shareable_get_rc(world_aux(w, "a", topics[0], request)), "OK");
    flr_shareable_unref(request);
    world_free(w);
}
END_TEST

static int found_now;

static int find(world_workflow *w, flr_context *context, const char *client, const char *id, int *found)
{
    (void)w;
    (void)context;
    ck_assert_str_eq(client, "a");
    ck_assert_str_eq(id, "id-1");
    *found = found_now;
    return 0;
}

static const flr_shareable *check(world *w, const char *id)
{
    flr_shareable *request;
    ck_assert_int_eq(flr_shareable_new(&request), 0);
    if (id != NULL)
        ck_assert_int_eq(flr_shareable_set_header_text(request, FLR_HEADER_TASK_ID, id), 0);
    const flr_shareable *reply = world_aux(w, "a", "__task_check__", request);
    flr_shareable_unref(request);
    return reply;
}

static const char *error_of(const flr_shareable *reply)
{
    ck_assert_str_eq(flr_shareable_get_rc(reply), "TASK_UNKNOWN");
    return flr_value_get_text(flr_shareable_get_header(reply, FLR_HEADER_ERROR), "");
}

START_TEST(ax_05_task_check)
{
    world *w = world_new(1);
    w->workflows[0].on_check = find;
    world_start(w);
    ck_assert_str_eq(error_of(check(w, "id-1")), "no workflow");
    world_step(w);
    ck_assert_str_eq(flr_shareable_get_rc(check(w, NULL)), "BAD_REQUEST_DATA");
    ck_assert_str_eq(flr_shareable_get_rc(check(w, "")), "BAD_REQUEST_DATA");
    found_now = FLR_CHECK_OK;
    ck_assert_str_eq(flr_shareable_get_rc(check(w, "id-1")), "OK");
    found_now = FLR_CHECK_ALREADY_RECEIVED; /* and AX-06's causes */
    ck_assert_str_eq(error_of(check(w, "id-1")), "already received");
    found_now = FLR_CHECK_CLOSED;
    ck_assert_str_eq(error_of(check(w, "id-1")), "closed");
    found_now = FLR_CHECK_NOT_YOURS;
    ck_assert_str_eq(error_of(check(w, "id-1")), "not yours");
    found_now = FLR_CHECK_UNKNOWN;
    ck_assert_str_eq(error_of(check(w, "id-1")), "unknown");
    ck_assert_int_eq(world_finish(w), 0);
    ck_assert_str_eq(error_of(check(w, "id-1")), "no workflow");
    world_free(w);
}
END_TEST

START_TEST(st_04_counters_add_up)
{
    world *w = world_new(1);
    w->workflows[0].on_request = world_offer_train;
    world_start(w);
    world_request(w, "a");
    world_step(w);
    world_request(w, "a");
    world_submit(w, "a", "train", "id-a", NULL);
    world_aux(w, "a", "__job_heartbeat__", NULL);
    world_aux(w, "a", "nothing", NULL);
    flr_stats s = world_stats(w);
    ck_assert_uint_eq(s.answer_try_not_started, 1);
    ck_assert_uint_eq(s.answer_task, 1);
    ck_assert_uint_eq(s.resends, 0);
    ck_assert_uint_eq(s.accepted, 1);
    ck_assert_uint_eq(s.aux_ok, 1);
    ck_assert_uint_eq(s.aux_topic_unknown, 1);
    ck_assert_int_eq(world_finish(w), 0);
    world_request(w, "a");
    world_submit(w, "a", "train", "id-a", NULL);
    s = world_stats(w);
    ck_assert_uint_eq(s.answer_end_done, 1);
    ck_assert_uint_eq(s.not_running, 1);
    ck_assert_uint_eq(s.persists, 2);
    ck_assert_int_eq(flr_runner_get_stats(w->runner, NULL), FLR_E_INVAL);
    s.struct_size = 4;
    ck_assert_int_eq(flr_runner_get_stats(w->runner, &s), FLR_E_ABI);
    world_free(w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("clients");
    TCase *tests = tcase_create("DC");
    tcase_add_test(tests, dc_01_reports_are_listed_once);
    tcase_add_test(tests, dc_01_reports_before_the_run_count);
    tcase_add_test(tests, dc_02_disconnected_at_report_plus_grace);
    tcase_add_test(tests, dc_02_without_grace_at_once);
    tcase_add_test(tests, dc_03_disconnect_time);
    tcase_add_test(tests, dc_04_a_credit_takes_off_the_list);
    tcase_add_test(tests, dc_04_who_is_quicker_than_the_driver_tells_both);
    tcase_add_test(tests, dc_04_only_for_the_jobs_own_messages);
    tcase_add_test(tests, dc_05_the_communicator_is_told);
    tcase_add_test(tests, ax_04_sync_and_heartbeat_are_ok_in_every_status);
    tcase_add_test(tests, ax_05_task_check);
    tcase_add_test(tests, st_04_counters_add_up);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
