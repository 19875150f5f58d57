/* The sending side of reliable messages on a stepped run; the test is the receiver. Rows RM-02 to RM-04, RM-10 to RM-13, RM-15, LC-15. */
#include "caller.h"
#include "support/suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static world *w;
static flr_aux_send *sent; /* the last message that went out */
static char
    ops[512]; /* the ops of all that went out, "plain" of others, each with a blank behind it */
static int completions;
static flr_shareable *completed; /* the reply */
static flr_signal *abort_signal;
static stage gone = STAGE_INIT; /* so many messages went out */

static const char *header_of(const flr_shareable *m, const char *key)
{
    return flr_value_get_text(flr_shareable_get_header(m, key), "-");
}

static double real_of(const flr_shareable *m, const char *key)
{
    return flr_value_get_real(flr_shareable_get_header(m, key), -1.0);
}

static int keep_send(world *of, flr_aux_send *send)
{
    const flr_shareable *m = flr_aux_send_get_request(send);
    bool plain = strcmp(flr_aux_send_get_topic(send), "RM.RELIABLE_REQUEST") != 0;
    if (strcmp(flr_aux_send_get_topic(send), "__end_run__") == 0)
        return 0;
    snprintf(ops + strlen(ops), sizeof ops - strlen(ops), "%s ",
             plain ? "plain" : header_of(m, "rm.op"));
    flr_aux_send_unref(sent);
    sent = flr_aux_send_ref(send);
    stage_step(&gone);
    return of->aux_status;
}

static void expect_ops(const char *expected)
{
    ck_assert_str_eq(ops, expected);
    ops[0] = '\0';
}

static void on_done(void *self, flr_shareable *reply)
{
    ck_assert_ptr_eq(self, w);
    ck_assert(flr_shareable_is_frozen(reply));
    completions++;
    flr_shareable_unref(completed);
    completed = flr_shareable_ref(reply);
}

static void setup(void)
{
    ops[0] = '\0';
    completions = 0;
    w = world_new(1);
    w->on_send = keep_send;
    ck_assert_int_eq(flr_config_set_reliable(w->config, 1, 3.0), 0);
    world_start(w);
    world_step(w);
    world_clear(w);
    ck_assert_int_eq(flr_signal_new(NULL, w->clock, &abort_signal), 0);
}

static void teardown(void)
{
    flr_aux_send_unref(sent);
    sent = NULL;
    flr_shareable_unref(completed);
    completed = NULL;
    flr_signal_unref(abort_signal);
    world_free(w);
}

/* To site "a", topic "echo": message timeout 2, an interval of 3. */
static int start(double message, double whole, uint32_t flags, const char *root)
{
    flr_reliable_options options;
    flr_shareable *m;
    flr_reliable_options_init(&options, sizeof options);
    options.per_message_timeout = message;
    options.transaction_timeout = whole;
    options.flags = flags;
    ck_assert_int_eq(flr_shareable_new(&m), 0);
    ck_assert_int_eq(flr_shareable_set_int(m, "x", 5), 0);
    if (root != NULL)
        ck_assert_int_eq(flr_shareable_set_header_text(m, "__msg_root_id__", root), 0);
    int status =
        flr_context_send_reliable(w->context, "a", "echo", m, &options, abort_signal, on_done, w);
    flr_shareable_unref(m);
    return status;
}

static void begin(void)
{
    ck_assert_int_eq(start(2.0, 20.0, 0, NULL), 0);
    expect_ops("req ");
    ck_assert_int_eq(completions, 0);
}

static flr_shareable *make_reply(const char *rc, const char *status)
{
    flr_shareable *reply;
    ck_assert_int_eq(flr_shareable_new_reply(rc, NULL, &reply), 0);
    if (status != NULL)
        ck_assert_int_eq(flr_shareable_set_header_text(reply, "rm.status", status), 0);
    return reply;
}

static void answer_with(flr_shareable *reply)
{
    ck_assert_ptr_nonnull(sent);
    flr_aux_send *to = sent;
    sent = NULL;
    ck_assert_int_eq(flr_aux_send_reply(to, 0, reply), 0);
    flr_aux_send_unref(to);
    flr_shareable_unref(reply);
}

static void answer(const char *rc, const char *status)
{
    answer_with(make_reply(rc, status));
}

static flr_shareable *make_result(const char *id)
{
    flr_shareable *result = make_reply("DONE", NULL);
    ck_assert_int_eq(flr_shareable_set_int(result, "y", 9), 0);
    ck_assert_int_eq(flr_shareable_set_header_text(result, "rm.op", "reply"), 0);
    ck_assert_int_eq(flr_shareable_set_header_text(result, "rm.tx_id", id), 0);
    ck_assert_int_eq(flr_shareable_set_header_text(result, "rm.topic", "echo"), 0);
    return result;
}

static char id[64]; /* of the last message */
static const char *present_id(void)
{
    snprintf(id, sizeof id, "%s", header_of(flr_aux_send_get_request(sent), "rm.tx_id"));
    return id;
}

static const char *push_from(const char *client, const char *tx)
{
    flr_shareable *result = make_result(tx);
    const char *rc = flr_shareable_get_rc(world_aux(w, client, "RM.RELIABLE_REPLY", result));
    flr_shareable_unref(result);
    return rc;
}

static void expect_result(void)
{
    ck_assert_int_eq(completions, 1);
    ck_assert_str_eq(flr_shareable_get_rc(completed), "DONE");
    ck_assert_int_eq(flr_value_get_int(flr_shareable_get(completed, "y"), 0), 9);
    ck_assert_ptr_null(flr_shareable_get_header(completed, "rm.op"));
    ck_assert_ptr_null(flr_shareable_get_header(completed, "__peer_props__"));
}

static void expect_failure(const char *rc, const char *error)
{
    ck_assert_int_eq(completions, 1);
    ck_assert_str_eq(flr_shareable_get_rc(completed), rc);
    if (error != NULL)
        ck_assert_str_eq(header_of(completed, "__error__"), error);
    else
        ck_assert_str_ne(header_of(completed, "__error__"), "-");
    ck_assert_int_eq(world_step(w).wait_ns, -1); /* nothing is left */
}

START_TEST(rm_03_one_plain_message)
{
    static const double wholes[] = {0.0, 1.0, 2.0};
    ck_assert_int_eq(start(2.0, wholes[_i], 0, NULL), 0);
    expect_ops("plain ");
    ck_assert_str_eq(flr_aux_send_get_topic(sent), "echo");
    ck_assert_double_eq(flr_aux_send_get_timeout(sent), 2.0);
    ck_assert_str_eq(header_of(flr_aux_send_get_request(sent), "rm.op"), "-");
    answer("FINE", NULL);
    ck_assert_int_eq(completions, 1);
    ck_assert_str_eq(flr_shareable_get_rc(completed), "FINE");
    ck_assert_int_eq(start(2.0, wholes[_i], 0, NULL), 0);
    world_advance(w, 2.0);
    ck_assert_int_eq(completions, 2);
    ck_assert_str_eq(flr_shareable_get_rc(completed), "TIMEOUT");
    w->aux_status = FLR_E_IO;
    ck_assert_int_eq(start(2.0, wholes[_i], 0, NULL), 0);
    ck_assert_int_eq(completions, 3);
    ck_assert_str_eq(flr_shareable_get_rc(completed), "COMMUNICATION_ERROR");
    w->aux_status = 0;
    ck_assert_int_eq(start(2.0, wholes[_i], 0, NULL), 0);
    ck_assert_int_eq(flr_signal_trigger(abort_signal, NULL), 0);
    ck_assert_int_eq(completions, 4);
    ck_assert_str_eq(flr_shareable_get_rc(completed), "TASK_ABORTED");
    expect_ops("plain plain plain "); /* no query, no cancel */
    ck_assert_int_eq(world_step(w).wait_ns, -1);
}
END_TEST

START_TEST(rm_03_timeouts_that_are_none)
{
    static const double wrong[] = {0.0, -1.0, NAN, INFINITY};
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(start(wrong[i], 20.0, 0, NULL), FLR_E_INVAL);
    for (size_t i = 1; i < 4; i++)
        ck_assert_int_eq(start(2.0, wrong[i], 0, NULL), FLR_E_INVAL);
    expect_ops("");
    ck_assert_int_eq(completions, 0);
}
END_TEST

START_TEST(rm_04_headers_of_a_request)
{
    char first[64];
    begin();
    const flr_shareable *m = flr_aux_send_get_request(sent);
    ck_assert_str_eq(flr_aux_send_get_target(sent, 0), "a");
    ck_assert_double_eq(flr_aux_send_get_timeout(sent), 2.0);
    ck_assert_str_eq(header_of(m, "rm.topic"), "echo");
    ck_assert_double_eq(real_of(m, "rm.per_msg_timeout"), 2.0);
    ck_assert_double_eq(real_of(m, "rm.tx_timeout"), 20.0);
    ck_assert_double_eq(real_of(m, "__msg_root_ttl__"), 2.0);
    ck_assert_uint_eq(strlen(present_id()), 32);
    ck_assert_str_eq(header_of(m, "__msg_root_id__"), id);
    ck_assert_int_eq(flr_value_get_int(flr_shareable_get(m, "x"), 0), 5);
    snprintf(first, sizeof first, "%s", id);
    ck_assert_int_eq(start(2.0, 20.0, FLR_AUX_FLAG_SECURE, "root-1"), 0);
    m = flr_aux_send_get_request(sent);
    ck_assert_str_eq(header_of(m, "__msg_root_id__"), "root-1"); /* part of something larger */
    ck_assert_str_ne(present_id(), first);
    ck_assert_int_eq(flr_aux_send_is_secure(sent), 1);
    ck_assert_int_eq(flr_aux_send_is_optional(sent), 0);
}
END_TEST

START_TEST(rm_04_public_properties_of_the_context)
{
    flr_value *v;
    ck_assert_int_eq(flr_context_reset(w->context), 0);
    ck_assert_int_eq(flr_value_new_text("blue", &v), 0);
    ck_assert_int_eq(flr_context_set_prop(w->context, "colour", v, FLR_PROP_FLAG_PUBLIC), 0);
    begin();
    ck_assert_int_eq(flr_context_reset(w->context), 0);
    world_advance(w, 2.0);
    world_advance(w, 3.0);
    expect_ops("req "); /* the second one says the same of its sender */
    ck_assert_str_eq(
        flr_value_get_text(flr_shareable_get_peer_prop(flr_aux_send_get_request(sent), "colour"),
                           "-"),
        "blue");
}
END_TEST

START_TEST(rm_10_rm_11_lost_messages)
{
    begin();
    ck_assert_int_eq(world_step(w).wait_ns, INT64_C(2000000000));
    world_advance(w, 2.0); /* the first request is lost */
    ck_assert_int_eq(world_step(w).wait_ns, INT64_C(3000000000));
    world_advance(w, 2.75);
    expect_ops("");
    world_advance(w, 0.25);
    expect_ops("req ");
    answer("HANDLER_EXCEPTION", NULL); /* no ack: as if lost */
    world_advance(w, 3.0);
    expect_ops("req ");
    present_id();
    answer("OK", "in_process"); /* at 8 s */
    world_advance(w, 2.75);
    expect_ops("");
    world_advance(w, 0.25);
    expect_ops("query ");
    ck_assert_str_eq(header_of(flr_aux_send_get_request(sent), "rm.tx_id"), id);
    ck_assert_str_eq(header_of(flr_aux_send_get_request(sent), "rm.topic"), "echo");
    world_advance(w, 2.0);
    world_advance(w, 3.0);
    expect_ops("query ");
    answer("OK", "in_reply");
    ck_assert_str_eq(push_from("a", id), "OK");
    expect_result();
    ck_assert_str_eq(header_of(completed, "__peer_ctx__"), "-"); /* a map */
    ck_assert_ptr_nonnull(flr_shareable_get_header(completed, "__peer_ctx__"));
    expect_ops(""); /* the reply to the push confirmed it */
    ck_assert_str_eq(push_from("a", id), "OK");
    ck_assert_int_eq(completions, 1);
    ck_assert_int_eq(world_step(w).wait_ns, -1);
}
END_TEST

START_TEST(rm_10_never_acknowledged)
{
    w->aux_status = FLR_E_IO; /* each fails at once, the next is due in 3 s: at 0, 3 .. 18 */
    ck_assert_int_eq(start(2.0, 20.0, 0, NULL), 0);
    for (int i = 0; i < 6; i++) {
        ck_assert_int_eq(completions, 0);
        world_advance(w, 3.0);
    }
    expect_failure("COMMUNICATION_ERROR", "max tx timeout (20) reached");
    expect_ops("req req req req req req req cancel ");
}
END_TEST

START_TEST(rm_11_no_reply_in_time)
{
    begin();
    answer("OK", "in_process");
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(completions, 0);
        world_advance(w, 1.0);
    }
    expect_failure("COMMUNICATION_ERROR", "max tx timeout (20) reached");
    expect_ops("query query query query cancel ");
    ck_assert_double_eq(flr_aux_send_get_timeout(sent), 0.0); /* not waited for */
    ck_assert_int_eq(flr_aux_send_is_optional(sent), 1);
    ck_assert_double_eq(real_of(flr_aux_send_get_request(sent), "rm.tx_timeout"), 20.0);
}
END_TEST

START_TEST(rm_10_rm_11_rm_12_final_answers)
{
    static const struct {
        const char *rc, *status, *end;
    } cases[] = {
        {"OK", "not_received", "EXECUTION_EXCEPTION"},
        {"OK", "aborted", "EXECUTION_EXCEPTION"},
        {"TOPIC_UNKNOWN", NULL, "TOPIC_UNKNOWN"},
        {"SERVICE_UNAVAILABLE", NULL, "SERVICE_UNAVAILABLE"},
    };
    begin();
    if (_i % 2 == 1) { /* in the second phase */
        answer("OK", "in_process");
        world_advance(w, 3.0);
        expect_ops("query ");
    }
    answer(cases[_i / 2].rc, cases[_i / 2].status);
    expect_failure(cases[_i / 2].end, NULL);
    expect_ops("");
}
END_TEST

START_TEST(rm_13_fetched_results_are_confirmed)
{
    begin();
    present_id();
    if (_i == 1) {
        answer("OK", "in_process");
        world_advance(w, 3.0);
        expect_ops("query ");
    }
    answer_with(make_result(id));
    expect_result();
    expect_ops("confirm ");
    ck_assert_str_eq(header_of(flr_aux_send_get_request(sent), "rm.tx_id"), id);
    ck_assert_double_eq(flr_aux_send_get_timeout(sent), 0.0);
    ck_assert_int_eq(world_step(w).wait_ns, -1);
}
END_TEST

START_TEST(rm_13_not_every_reply_is_the_result)
{
    begin();
    present_id();
    answer_with(make_result("another")); /* of another exchange: no ack either */
    ck_assert_int_eq(completions, 0);
    ck_assert_str_eq(push_from("b", id), "OK"); /* not from who was asked */
    ck_assert_str_eq(push_from("a", "another"), "OK");
    ck_assert_int_eq(completions, 0);
    ck_assert_str_eq(push_from("a", id), "OK");
    expect_result();
}
END_TEST

START_TEST(rm_10_rm_11_rm_13_abort_at_once)
{
    flr_signal *run = flr_runner_get_abort_signal(w->runner);
    begin();
    if (_i >= 1)
        answer("OK", "in_process");
    if (_i >= 2) {
        world_advance(w, 3.0);
        expect_ops("query ");
    }
    /* not stepped any more: the thread that triggers ends it */
    ck_assert_int_eq(flr_signal_trigger(_i == 3 ? run : abort_signal, NULL), 0);
    ck_assert_int_eq(completions, 1);
    ck_assert_str_eq(flr_shareable_get_rc(completed), "TASK_ABORTED");
    expect_ops("cancel ");
    ck_assert_str_eq(push_from("a", present_id()), "OK"); /* nobody waits */
    ck_assert_int_eq(completions, 1);
}
END_TEST

START_TEST(rm_10_aborted_before)
{
    ck_assert_int_eq(flr_signal_trigger(abort_signal, NULL), 0);
    ck_assert_int_eq(start(2.0, _i == 0 ? 20.0 : 0.0, 0, NULL), 0);
    expect_failure("TASK_ABORTED", NULL);
    expect_ops(""); /* it never went out */
}
END_TEST

START_TEST(lc_15_close_ends_what_is_under_way)
{
    begin();
    ck_assert_int_eq(world_finish(w), 0);
    ck_assert_int_eq(completions, 1);
    ck_assert_str_eq(flr_shareable_get_rc(completed), "TASK_ABORTED");
    expect_ops("cancel ");
}
END_TEST

/* ---- waiting ---- */

static int wait_status;
static int wait_inside(world_workflow *f, flr_context *context)
{
    flr_shareable *m, *reply = NULL;
    (void)f;
    ck_assert_int_eq(flr_shareable_new(&m), 0);
    wait_status = flr_context_send_reliable_and_wait(context, "a", "echo", m, NULL, NULL, &reply);
    ck_assert_ptr_null(reply);
    flr_shareable_unref(m);
    return 0;
}

START_TEST(rm_15_no_waiting_inside_step)
{
    w->workflows[0].on_control = wait_inside;
    flr_runner_wake(w->runner);
    world_step(w);
    ck_assert_int_eq(wait_status, FLR_E_NOTSUP);
    expect_ops("");
}
END_TEST

typedef struct waiter {
    pthread_t thread;
    flr_context *context;
    int status;
    flr_shareable *reply;
} waiter;

static void *wait_main(void *self)
{
    waiter *t = self;
    flr_shareable *m;
    t->status = flr_shareable_new(&m);
    if (t->status == 0)
        t->status = flr_context_send_reliable_and_wait(t->context, "a", "echo", m, NULL,
                                                       abort_signal, &t->reply);
    flr_shareable_unref(m);
    return NULL;
}

START_TEST(rm_15_waiting_on_another_thread)
{
    static const char *const expected[] = {"DONE", "TASK_ABORTED", "COMMUNICATION_ERROR"};
    waiter t = {.status = 1};
    int gone_before = stage_get(&gone);
    ck_assert_int_eq(flr_runner_new_context(w->runner, &t.context), 0);
    ck_assert_int_eq(pthread_create(&t.thread, NULL, wait_main, &t), 0);
    if (_i == 0) {
        stage_await(&gone, gone_before + 1);
        ck_assert_str_eq(push_from("a", present_id()), "OK");
    } else if (_i == 1) {
        ck_assert_int_eq(flr_signal_trigger(abort_signal, NULL), 0);
    } else { /* nobody steps: who waits looks at the time itself */
        stage_await(&gone, gone_before + 1);
        ck_assert_int_eq(flr_clock_advance(w->clock, 600.0), 0);
    }
    pthread_join(t.thread, NULL);
    ck_assert_int_eq(t.status, 0);
    ck_assert_str_eq(flr_shareable_get_rc(t.reply), expected[_i]);
    flr_shareable_unref(t.reply);
    flr_context_free(t.context);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reliable messages, sending");
    TCase *t = tcase_create("stepped");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, rm_03_one_plain_message, 0, 3);
    tcase_add_test(t, rm_03_timeouts_that_are_none);
    tcase_add_test(t, rm_04_headers_of_a_request);
    tcase_add_test(t, rm_04_public_properties_of_the_context);
    tcase_add_test(t, rm_10_rm_11_lost_messages);
    tcase_add_test(t, rm_10_never_acknowledged);
    tcase_add_test(t, rm_11_no_reply_in_time);
    tcase_add_loop_test(t, rm_10_rm_11_rm_12_final_answers, 0, 8);
    tcase_add_loop_test(t, rm_13_fetched_results_are_confirmed, 0, 2);
    tcase_add_test(t, rm_13_not_every_reply_is_the_result);
    tcase_add_loop_test(t, rm_10_rm_11_rm_13_abort_at_once, 0, 4);
    tcase_add_loop_test(t, rm_10_aborted_before, 0, 2);
    tcase_add_test(t, lc_15_close_ends_what_is_under_way);
    tcase_add_test(t, rm_15_no_waiting_inside_step);
    tcase_add_loop_test(t, rm_15_waiting_on_another_thread, 0, 3);
    suite_add_tcase(suite, t);
    return suite_run(suite);
}
