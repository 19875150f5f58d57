/* Auxiliary messages that a run sends. Rows AX-08, AX-09. */
#include "caller.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static flr_aux_send *sent; /* a reference */

static int keep_send(world *w, flr_aux_send *send)
{
    flr_aux_send_unref(sent);
    sent = flr_aux_send_ref(send);
    return w->aux_status;
}

static void drop_send(void)
{
    flr_aux_send_unref(sent);
    sent = NULL;
}

static char replies[128];

static void note_replies(void *self, flr_aux_send *send)
{
    size_t count = flr_aux_send_get_target_count(send);
    replies[0] = '\0';
    for (size_t i = 0; i < count; i++)
        snprintf(replies + strlen(replies), sizeof replies - strlen(replies), "%s%s", i ? " " : "",
                 flr_shareable_get_rc(flr_aux_send_get_reply(send, i)));
    world_note(self, "done");
}

static int start_send(world *w, double timeout, uint32_t flags, flr_aux_done done)
{
    flr_aux_options options;
    flr_shareable *request;
    flr_aux_options_init(&options, sizeof options);
    options.timeout = timeout;
    options.flags = flags;
    ck_assert_int_eq(flr_shareable_new(&request), 0);
    ck_assert_int_eq(flr_shareable_set_int(request, "x", 5), 0);
    int status = flr_context_send_aux(w->context, "hello", request, &options, done, w);
    flr_shareable_unref(request);
    return status;
}

START_TEST(ax_08_send_object)
{
    world *w = world_new(1);
    w->on_send = keep_send;
    world_start(w);
    world_step(w);
    world_clear(w);
    ck_assert_int_eq(start_send(w, 2.5, FLR_AUX_FLAG_SECURE, note_replies), 0);
    expect_trace(w, "aux:hello"); /* not done yet: nobody waited */
    ck_assert_str_eq(flr_aux_send_get_topic(sent), "hello");
    ck_assert_uint_eq(flr_aux_send_get_target_count(sent), 2);
    ck_assert_str_eq(flr_aux_send_get_target(sent, 0), "a");
    ck_assert_str_eq(flr_aux_send_get_target(sent, 1), "b");
    ck_assert_ptr_null(flr_aux_send_get_target(sent, 2));
    ck_assert_double_eq(flr_aux_send_get_timeout(sent), 2.5);
    ck_assert_int_eq(flr_aux_send_is_secure(sent), 1);
    ck_assert_int_eq(flr_aux_send_is_optional(sent), 0);
    const flr_shareable *request = flr_aux_send_get_request(sent);
    ck_assert_int_eq(flr_value_get_int(flr_shareable_get(request, "x"), 0), 5);
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get_peer_prop(request, "__run_num__"), "-"),
                     "job-1");
    flr_shareable *reply;
    ck_assert_int_eq(flr_shareable_new_reply("FROM_B", NULL, &reply), 0);
    ck_assert_int_eq(flr_aux_send_reply(sent, 1, reply), 0);
    flr_shareable_unref(reply);
    expect_trace(w, "");
    ck_assert_int_eq(flr_aux_send_fail(sent, 0, FLR_E_IO), 0);
    expect_trace(w, "done");
    ck_assert_str_eq(replies, "COMMUNICATION_ERROR FROM_B");
    drop_send();
    world_free(w);
}
END_TEST

START_TEST(ax_08_deadline)
{
    world *w = world_new(1);
    w->on_send = keep_send;
    world_start(w);
    flr_step_result stand = world_step(w);
    world_clear(w);
    ck_assert_int_eq(start_send(w, 2.5, 0, note_replies), 0);
    stand = world_step(w);
    ck_assert_int_eq(stand.wait_ns, 2500000000); /* the library owns the deadline */
    world_advance(w, 2.25);
    flr_shareable *reply;
    ck_assert_int_eq(flr_shareable_new_reply("FROM_A", NULL, &reply), 0);
    ck_assert_int_eq(flr_aux_send_reply(sent, 0, reply), 0);
    expect_trace(w, "aux:hello");
    world_advance(w, 0.25);
    expect_trace(w, "done");
    ck_assert_str_eq(replies, "FROM_A TIMEOUT");
    ck_assert_int_eq(flr_aux_send_reply(sent, 1, reply), 0); /* too late: ignored */
    ck_assert_str_eq(flr_shareable_get_rc(flr_aux_send_get_reply(sent, 1)), "TIMEOUT");
    flr_shareable_unref(reply);
    drop_send();
    world_free(w);
}
END_TEST

START_TEST(ax_08_failures_become_replies)
{
    static const struct {
        int code;
        const char *rc;
    } cases[] = {{FLR_E_TIMEDOUT, "TIMEOUT"},
                 {FLR_E_IO, "COMMUNICATION_ERROR"},
                 {FLR_E_CALLBACK, "EXECUTION_EXCEPTION"},
                 {FLR_E_NOMEM, "ERROR"},
                 {-20000, "ERROR"}};
    world *w = world_new(1);
    w->on_send = keep_send;
    w->client_count = 1;
    world_start(w);
    world_step(w);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_int_eq(start_send(w, 1, 0, note_replies), 0);
        ck_assert_int_eq(flr_aux_send_fail(sent, 0, cases[i].code), 0);
        ck_assert_str_eq(replies, cases[i].rc);
    }
    drop_send();
    world_free(w);
}
END_TEST

static int wait_status;

static int wait_inside(world_workflow *f, flr_context *context)
{
    flr_aux_options options;
    flr_shareable *request;
    flr_value *map = NULL;
    flr_aux_options_init(&options, sizeof options);
    options.timeout = 1;
    ck_assert_int_eq(flr_shareable_new(&request), 0);
    wait_status = flr_context_send_aux_and_wait(context, "hello", request, &options, NULL, &map);
    flr_shareable_unref(request);
    flr_value_unref(map);
    return f->steps < 0;
}

START_TEST(ax_08_no_waiting_on_the_stepping_thread)
{
    world *w = world_new(1);
    w->workflows[0].on_control = wait_inside;
    world_start(w);
    world_step(w);
    ck_assert_int_eq(wait_status, FLR_E_NOTSUP);
    world_free(w);
}
END_TEST

/* Another thread may wait; the reply comes from this one. */
typedef struct waiter {
    world *world;
    int status;
    char rc[32];
} waiter;

static stage sending = STAGE_INIT;

static int keep_and_tell(world *w, flr_aux_send *send)
{
    keep_send(w, send);
    stage_reach(&sending, 1);
    return 0;
}

static void *wait_thread(void *self)
{
    waiter *q = self;
    flr_context *context = NULL;
    flr_aux_options options;
    flr_shareable *request = NULL;
    flr_value *map = NULL;
    flr_aux_options_init(&options, sizeof options);
    options.timeout = 1;
    q->status = flr_runner_new_context(q->world->runner, &context);
    if (q->status == 0)
        q->status = flr_shareable_new(&request);
    if (q->status == 0)
        q->status = flr_context_send_aux_and_wait(context, "hello", request, &options, NULL, &map);
    const flr_shareable *reply = flr_value_get_pointer(flr_map_get(map, "a"), "flr_shareable");
    snprintf(q->rc, sizeof q->rc, "%s", reply == NULL ? "-" : flr_shareable_get_rc(reply));
    flr_value_unref(map);
    flr_shareable_unref(request);
    flr_context_free(context);
    return NULL;
}

START_TEST(ax_08_waiting)
{
    world *w = world_new(1);
    waiter q = {w, 1, ""};
    pthread_t thread;
    flr_shareable *reply;
    w->on_send = keep_and_tell;
    w->client_count = 1;
    world_start(w);
    world_step(w);
    ck_assert_int_eq(pthread_create(&thread, NULL, wait_thread, &q), 0);
    stage_await(&sending, 1);
    ck_assert_int_eq(flr_shareable_new_reply("FROM_A", NULL, &reply), 0);
    ck_assert_int_eq(flr_aux_send_reply(sent, 0, reply), 0);
    flr_shareable_unref(reply);
    pthread_join(thread, NULL);
    ck_assert_int_eq(q.status, 0);
    ck_assert_str_eq(q.rc, "FROM_A");
    drop_send();
    world_free(w);
}
END_TEST

START_TEST(ax_08_without_send_aux)
{
    world *w = world_new(1);
    w->with_aux = false;
    world_start(w);
    world_step(w);
    world_clear(w);
    ck_assert_int_eq(start_send(w, 1, 0, note_replies), FLR_E_NOTSUP);
    ck_assert_int_eq(start_send(w, 0, 0, NULL), FLR_E_NOTSUP);
    ck_assert_int_eq(world_finish(w), 0);
    expect_trace(w, "stop finalize_run _end_workflow _about_to_end_run persist(1) "
                    "_check_end_run_readiness _end_run");
    ck_assert_int_eq(flr_answer_get_kind(world_request(w, "a")), FLR_ANSWER_END_RUN);
    world_free(w);
}
END_TEST

START_TEST(ax_09_not_waiting)
{
    world *w = world_new(1);
    w->on_send = keep_send;
    world_start(w);
    world_step(w);
    world_clear(w);
    ck_assert_int_eq(start_send(w, 0, 0, note_replies), 0);
    expect_trace(w, "aux:hello done"); /* at once */
    ck_assert_ptr_null(flr_aux_send_get_reply(sent, 0));
    ck_assert_double_eq(flr_aux_send_get_timeout(sent), 0);
    flr_value *map = NULL;
    flr_shareable *request;
    ck_assert_int_eq(flr_shareable_new(&request), 0);
    ck_assert_int_eq(flr_context_send_aux_and_wait(w->context, "hello", request, NULL, NULL, &map),
                     0);
    ck_assert_ptr_null(map);
    flr_shareable_unref(request);
    drop_send();
    world_free(w);
}
END_TEST

START_TEST(ax_09_failing_as_a_whole)
{
    for (int optional = 0; optional < 2; optional++) {
        world *w = world_new(1);
        w->on_send = keep_send;
        w->trace_log_events = true;
        world_start(w);
        world_step(w);
        world_clear(w);
        w->aux_status = FLR_E_IO;
        w->log[0] = '\0';
        ck_assert_int_eq(start_send(w, 1, optional ? FLR_AUX_FLAG_OPTIONAL : 0, note_replies),
                         FLR_E_IO);
        expect_trace(w, optional ? "aux:hello" : "aux:hello _error_log_available");
        ck_assert_int_eq(strstr(w->log, "hello") != NULL, !optional); /* debug is off */
        drop_send();
        world_free(w);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sending auxiliary messages");
    TCase *one = tcase_create("sending");
    tcase_add_test(one, ax_08_send_object);
    tcase_add_test(one, ax_08_deadline);
    tcase_add_test(one, ax_08_failures_become_replies);
    tcase_add_test(one, ax_08_no_waiting_on_the_stepping_thread);
    tcase_add_test(one, ax_08_waiting);
    tcase_add_test(one, ax_08_without_send_aux);
    tcase_add_test(one, ax_09_not_waiting);
    tcase_add_test(one, ax_09_failing_as_a_whole);
    suite_add_tcase(suite, one);
    return suite_run(suite);
}
