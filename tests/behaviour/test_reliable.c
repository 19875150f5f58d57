/* The receiving side of reliable messages on a run, stepped unless a row is about threads. Rows RM-01, RM-02, RM-05 to RM-09, RM-13 to RM-15, LC-04, LC-05, LC-15. */
#include "caller.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a handler that records, and what the run sends ---- */

static struct {
    int calls, status;
    int triggered; /* whether the cancel signal was, when the handler ended */
    int frozen;
    char sender[64], body[64], own_signal[8];
    flr_shareable *reply; /* to give; NULL: none */
    void (*inside)(void); /* called by the handler */
} seen;
static world *w;
static flr_aux_send *sent; /* the last message that went out; a reference */
static int register_status;

static int echo(void *self, flr_context *context, const char *topic, const flr_shareable *request,
                flr_signal *cancel, flr_shareable **reply)
{
    flr_value *name = NULL;
    flr_signal *own = flr_context_get_abort_signal(context);
    (void)topic;
    seen.calls++;
    seen.frozen = flr_shareable_is_frozen(request);
    if (flr_context_get(flr_context_get_peer(context), "__identity_name__", &name) == 0)
        snprintf(seen.sender, sizeof seen.sender, "%s", flr_value_get_text(name, "-"));
    flr_value_unref(name);
    snprintf(seen.body, sizeof seen.body, "%s",
             flr_value_get_text(flr_shareable_get(request, "say"), "-"));
    snprintf(seen.own_signal, sizeof seen.own_signal, "%s", own == cancel ? "same" : "other");
    flr_signal_unref(own);
    world_note(self, "echo");
    if (seen.inside != NULL)
        seen.inside();
    seen.triggered = flr_signal_is_triggered(cancel);
    if (seen.status < 0)
        return flr_context_fail(context, seen.status, "out of paper");
    *reply = flr_shareable_ref(seen.reply);
    return 0;
}

static int register_echo(world *of, const char *event, flr_context *context)
{
    if (strcmp(event, FLR_EVENT_START_RUN) == 0)
        register_status = flr_context_register_reliable(context, "echo", echo, of);
    return 0;
}

static int keep_send(world *of, flr_aux_send *send)
{
    if (strcmp(flr_aux_send_get_topic(send), FLR_RELIABLE_TOPIC_REPLY) != 0)
        return of->aux_status;
    flr_aux_send_unref(sent);
    sent = flr_aux_send_ref(send);
    return of->aux_status;
}

static void setup(void)
{
    memset(&seen, 0, sizeof seen);
    register_status = 1;
    w = world_new(1);
    w->on_event = register_echo;
    w->on_send = keep_send;
}

static void begin(void)
{
    world_start(w);
    world_step(w);
    ck_assert_int_eq(register_status, 0);
    world_clear(w);
}

static void teardown(void)
{
    flr_aux_send_unref(sent);
    sent = NULL;
    flr_shareable_unref(seen.reply);
    world_free(w);
}

/* ---- messages ---- */

static const flr_shareable *last;

/* Send one; "RC" or "RC status" of the reply. Headers that are NULL or negative are left out. */
static const char *send_from(const char *client, const char *op, const char *id, const char *topic,
                             double message, double whole)
{
    static char text[128];
    flr_shareable *m;
    ck_assert_int_eq(flr_shareable_new(&m), 0);
    ck_assert_int_eq(flr_shareable_set_text(m, "say", "hello"), 0);
    if (op != NULL)
        ck_assert_int_eq(flr_shareable_set_header_text(m, "rm.op", op), 0);
    if (id != NULL)
        ck_assert_int_eq(flr_shareable_set_header_text(m, "rm.tx_id", id), 0);
    if (topic != NULL)
        ck_assert_int_eq(flr_shareable_set_header_text(m, "rm.topic", topic), 0);
    if (message >= 0)
        ck_assert_int_eq(flr_shareable_set_header_real(m, "rm.per_msg_timeout", message), 0);
    if (whole >= 0)
        ck_assert_int_eq(flr_shareable_set_header_real(m, "rm.tx_timeout", whole), 0);
    last = world_aux(w, client, "RM.RELIABLE_REQUEST", m);
    flr_shareable_unref(m);
    const flr_value *status = flr_shareable_get_header(last, "rm.status");
    snprintf(text, sizeof text, "%s%s%s", flr_shareable_get_rc(last), status == NULL ? "" : " ",
             flr_value_get_text(status, ""));
    return text;
}

static const char *req(const char *id)
{
    return send_from("a", "req", id, "echo", 2, 10);
}

static const char *query(const char *id)
{
    return send_from("a", "query", id, "echo", -1, -1);
}

static const char *cancel(const char *id)
{
    return send_from("a", "cancel", id, "echo", -1, 10);
}

static const char *header_of(const flr_shareable *m, const char *key)
{
    return flr_value_get_text(flr_shareable_get_header(m, key), "-");
}

/* Answer the reply that was pushed. */
static void acknowledge(const char *rc)
{
    flr_shareable *reply;
    ck_assert_ptr_nonnull(sent);
    ck_assert_int_eq(flr_shareable_new_reply(rc, NULL, &reply), 0);
    ck_assert_int_eq(flr_aux_send_reply(sent, 0, reply), 0);
    flr_shareable_unref(reply);
    flr_aux_send_unref(sent);
    sent = NULL;
}

static void give_reply(const char *rc)
{
    ck_assert_int_eq(flr_shareable_new_reply(rc, NULL, &seen.reply), 0);
    ck_assert_int_eq(flr_shareable_set_int(seen.reply, "x", 7), 0);
}

static void expect_result(const char *id)
{
    ck_assert_str_eq(flr_shareable_get_rc(last), "DONE");
    ck_assert_int_eq(flr_value_get_int(flr_shareable_get(last, "x"), 0), 7);
    ck_assert_str_eq(header_of(last, "rm.op"), "reply");
    ck_assert_str_eq(header_of(last, "rm.tx_id"), id);
    ck_assert_str_eq(header_of(last, "rm.topic"), "echo");
}

/* ---- RM-01, RM-02 ---- */

static int ignore_reply_calls;
static void ignore_reply(void *self, flr_shareable *reply)
{
    (void)self, (void)reply;
    ignore_reply_calls++;
}

static int try_send(void)
{
    flr_shareable *m;
    ck_assert_int_eq(flr_shareable_new(&m), 0);
    int status = flr_context_send_reliable(w->context, "a", "t", m, NULL, NULL, ignore_reply, NULL);
    flr_shareable_unref(m);
    return status;
}

START_TEST(rm_01_rm_02_lc_04_only_within_the_run)
{
    world_start(w);
    ck_assert_str_eq(req("1"), "TOPIC_UNKNOWN");
    ck_assert_int_eq(flr_context_register_reliable(w->context, "early", echo, w), FLR_E_STATE);
    ck_assert_int_eq(try_send(), FLR_E_STATE);
    world_step(w);
    ck_assert_int_eq(register_status, 0); /* inside `_start_run` */
    ck_assert_int_eq(flr_context_register_reliable(w->context, "late", echo, w), 0);
    ck_assert_str_eq(req("1"), "OK in_process");
    ck_assert_int_eq(world_finish(w), 0);
    ck_assert_str_eq(req("1"), "SERVICE_UNAVAILABLE");
    ck_assert_str_eq(query("1"), "SERVICE_UNAVAILABLE");
    ck_assert_int_eq(flr_context_register_reliable(w->context, "too late", echo, w), FLR_E_STATE);
    ck_assert_int_eq(try_send(), FLR_E_STATE);
    ck_assert_int_eq(ignore_reply_calls, 0);
}
END_TEST

START_TEST(rm_01_a_later_run_has_its_own)
{
    begin();
    ck_assert_str_eq(req("1"), "OK in_process");
    ck_assert_int_eq(world_finish(w), 0);
    teardown();
    setup();
    begin();
    ck_assert_str_eq(query("1"), "OK not_received");
    ck_assert_str_eq(req("1"), "OK in_process");
}
END_TEST

START_TEST(rm_02_also_a_plain_topic)
{
    flr_shareable *m;
    begin();
    ck_assert_int_eq(flr_context_register_reliable(w->context, "echo", echo, w), FLR_E_EXISTS);
    give_reply("DONE");
    ck_assert_int_eq(flr_shareable_new(&m), 0);
    last = world_aux(w, "a", "echo", m);
    flr_shareable_unref(m);
    ck_assert_str_eq(flr_shareable_get_rc(last), "DONE");
    ck_assert_int_eq(seen.frozen, 1);
    ck_assert_str_eq(seen.sender, "a");
    ck_assert_int_eq(seen.triggered, 0);
    seen.status = FLR_E_IO;
    ck_assert_str_eq(flr_shareable_get_rc(world_aux(w, "a", "echo", NULL)), "HANDLER_EXCEPTION");
    ck_assert_int_eq(world_finish(w), 0);
    ck_assert_str_eq(flr_shareable_get_rc(world_aux(w, "a", "echo", NULL)), "SERVICE_UNAVAILABLE");
    ck_assert_int_eq(seen.calls, 2);
}
END_TEST

/* ---- RM-05 to RM-07 ---- */

START_TEST(rm_05_one_transaction)
{
    begin();
    give_reply("DONE");
    int wakeups = w->wakeups;
    ck_assert_str_eq(req("1"), "OK in_process");
    ck_assert_int_gt(w->wakeups, wakeups); /* the stepping thread is to come */
    ck_assert_int_eq(seen.calls, 0);       /* RM-02: inside step */
    ck_assert_str_eq(query("1"), "OK in_process");
    world_step(w);
    expect_trace(w, "echo aux:RM.RELIABLE_REPLY");
    ck_assert_int_eq(seen.frozen, 1);
    ck_assert_str_eq(seen.sender, "a");
    ck_assert_str_eq(seen.body, "hello");
    ck_assert_str_eq(seen.own_signal, "same");
    ck_assert_uint_eq(flr_aux_send_get_target_count(sent), 1);
    ck_assert_str_eq(flr_aux_send_get_target(sent, 0), "a");
    ck_assert_double_eq(flr_aux_send_get_timeout(sent), 2.0);
    last = flr_aux_send_get_request(sent);
    expect_result("1");
    ck_assert_str_eq(query("1"), "OK in_reply");
    acknowledge("OK");
    ck_assert_str_eq(query("1"), "OK replied");
    ck_assert_str_eq(req("1"), "OK dup_request");
    world_step(w);
    ck_assert_int_eq(seen.calls, 1);
}
END_TEST

START_TEST(rm_05_a_reply_is_of_no_use_after_the_transaction)
{
    begin();
    ck_assert_str_eq(send_from("a", "req", "1", "echo", 1e9, 10), "OK in_process");
    world_step(w);
    ck_assert_double_eq(flr_aux_send_get_timeout(sent), 10.0);
}
END_TEST

START_TEST(rm_05_only_ok_confirms)
{
    static const char *const codes[] = {"TOPIC_UNKNOWN", "HANDLER_EXCEPTION", "TIMEOUT"};
    begin();
    give_reply("DONE");
    for (int i = 0; i < 3; i++) {
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        req(id);
        world_step(w);
        acknowledge(codes[i]);
        query(id);
        expect_result(id);
    }
    req("lost");
    world_step(w);
    world_advance(w, 2.0); /* nobody answered */
    query("lost");
    expect_result("lost");
}
END_TEST

START_TEST(rm_06_rm_07_rm_13_unconfirmed_result_is_fetched)
{
    begin();
    give_reply("DONE");
    w->aux_status = FLR_E_IO; /* the reply cannot be sent */
    req("1");
    ck_assert_str_eq(req("1"), "OK in_process");
    world_step(w);
    req("1");
    expect_result("1");
    query("1");
    expect_result("1");
    ck_assert_ptr_nonnull(flr_shareable_get_header(last, "__peer_ctx__"));
    ck_assert_str_eq(send_from("a", "confirm", "1", "echo", -1, -1), "OK replied");
    ck_assert_str_eq(query("1"), "OK replied");
    ck_assert_str_eq(req("1"), "OK dup_request");
    world_step(w);
    ck_assert_int_eq(seen.calls, 1);
}
END_TEST

START_TEST(rm_06_another_client_another_transaction)
{
    begin();
    req("1");
    ck_assert_str_eq(send_from("b", "query", "1", "echo", -1, -1), "OK not_received");
    ck_assert_str_eq(send_from("b", "cancel", "1", "echo", -1, -1), "OK not_received");
    ck_assert_str_eq(send_from("b", "confirm", "1", "echo", -1, -1), "OK not_received");
    ck_assert_str_eq(send_from("b", "req", "1", "echo", 2, 10), "OK in_process");
    world_step(w);
    ck_assert_int_eq(seen.calls, 2);
}
END_TEST

/* ---- RM-08, RM-09 ---- */

START_TEST(rm_08_refusals)
{
    char longer[300];
    flr_shareable *m;
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    begin();
    ck_assert_str_eq(send_from("a", "req", "1", "nobody", 2, 10), "TOPIC_UNKNOWN");
    ck_assert_str_eq(send_from("a", "req", "1", NULL, 2, 10), "TOPIC_UNKNOWN");
    ck_assert_str_eq(send_from("a", "dance", "1", "echo", 2, 10), "BAD_REQUEST_DATA");
    ck_assert_str_eq(send_from("a", NULL, "1", "echo", 2, 10), "BAD_REQUEST_DATA");
    ck_assert_str_eq(send_from("a", "req", NULL, "echo", 2, 10), "HANDLER_EXCEPTION");
    ck_assert_str_eq(send_from("a", "req", "", "echo", 2, 10), "HANDLER_EXCEPTION");
    ck_assert_str_eq(send_from("a", "req", longer, "echo", 2, 10), "HANDLER_EXCEPTION");
    ck_assert_str_eq(send_from("a", "query", NULL, "echo", 2, 10), "HANDLER_EXCEPTION");
    ck_assert_str_eq(send_from("a", "req", "1", "echo", -1, 10), "HANDLER_EXCEPTION");
    ck_assert_str_eq(send_from("a", "req", "1", "echo", 2, -1), "HANDLER_EXCEPTION");
    ck_assert_str_eq(send_from("a", "req", "1", "echo", 0, 10), "HANDLER_EXCEPTION");
    ck_assert_str_eq(send_from("a", "req", "1", "echo", 2, 0), "HANDLER_EXCEPTION");
    ck_assert_str_eq(query("1"), "OK not_received");
    /* a reply that nobody waits for; and what is none */
    ck_assert_int_eq(flr_shareable_new(&m), 0);
    ck_assert_str_eq(flr_shareable_get_rc(world_aux(w, "a", "RM.RELIABLE_REPLY", m)),
                     "BAD_REQUEST_DATA");
    ck_assert_int_eq(flr_shareable_set_header_text(m, "rm.op", "reply"), 0);
    ck_assert_str_eq(flr_shareable_get_rc(world_aux(w, "a", "RM.RELIABLE_REPLY", m)), "OK");
    ck_assert_int_eq(flr_shareable_set_header_text(m, "rm.tx_id", "unknown"), 0);
    ck_assert_str_eq(flr_shareable_get_rc(world_aux(w, "a", "RM.RELIABLE_REPLY", m)), "OK");
    flr_shareable_unref(m);
    world_step(w);
    ck_assert_int_eq(seen.calls, 0);
}
END_TEST

START_TEST(rm_09_the_handler_fails)
{
    begin();
    seen.status = FLR_E_IO;
    req("1");
    world_step(w);
    last = flr_aux_send_get_request(sent);
    ck_assert_str_eq(flr_shareable_get_rc(last), "EXECUTION_EXCEPTION");
    ck_assert_str_eq(header_of(last, "__error__"), "FLR_E_IO: out of paper");
    ck_assert_str_eq(header_of(last, "rm.tx_id"), "1");
    acknowledge("OK");
    ck_assert_str_eq(query("1"), "OK replied");
    seen.status = 0; /* no reply is an empty OK */
    req("2");
    world_step(w);
    ck_assert_str_eq(flr_shareable_get_rc(flr_aux_send_get_request(sent)), "OK");
}
END_TEST

/* ---- RM-13, RM-14 ---- */

static void cancel_inside(void)
{
    ck_assert_str_eq(cancel("1"), "OK aborted");
}

START_TEST(rm_13_cancel)
{
    begin();
    give_reply("DONE");
    seen.inside = cancel_inside;
    req("1");
    world_step(w);
    ck_assert_int_eq(seen.calls, 1);
    ck_assert_int_eq(seen.triggered, 1);
    ck_assert_ptr_null(sent); /* its result is dropped */
    ck_assert_str_eq(query("1"), "OK aborted");
    ck_assert_str_eq(req("1"), "OK aborted");
    seen.inside = NULL;
    req("2"); /* one that waits */
    ck_assert_str_eq(cancel("2"), "OK aborted");
    world_step(w);
    ck_assert_int_eq(seen.calls, 1);
    req("3"); /* one whose reply is on its way */
    world_step(w);
    ck_assert_str_eq(cancel("3"), "OK aborted");
    acknowledge("OK");
    ck_assert_str_eq(query("3"), "OK aborted");
    ck_assert_str_eq(cancel("4"), "OK aborted"); /* a cancel that comes before its request */
    ck_assert_str_eq(req("4"), "OK aborted");
    world_step(w);
    ck_assert_int_eq(seen.calls, 2);
}
END_TEST

static void expire_inside(void)
{
    ck_assert_int_eq(flr_clock_advance(w->clock, 10.0), 0);
    flr_runner_wake(w->runner);
}

START_TEST(rm_14_expiry)
{
    begin();
    give_reply("DONE");
    w->aux_status = FLR_E_IO;
    req("1");
    world_step(w);
    flr_step_result stand = world_step(w);
    ck_assert_int_eq(stand.wait_ns, INT64_C(10000000000));
    world_advance(w, 9.75);
    req("1");
    expect_result("1");
    world_advance(w, 0.25);
    ck_assert_str_eq(query("1"), "OK aborted");
    ck_assert_str_eq(req("1"), "OK aborted");
    world_advance(w, 19.75);
    ck_assert_str_eq(req("1"), "OK aborted");
    world_advance(w, 0.25);
    ck_assert_str_eq(query("1"), "OK not_received");
    ck_assert_int_eq(world_step(w).wait_ns, -1); /* nothing is left */
    ck_assert_int_eq(seen.calls, 1);
}
END_TEST

START_TEST(rm_14_expired_while_it_runs)
{
    begin();
    seen.inside = expire_inside;
    req("1");
    world_step(w); /* stepped, expiry comes after the handler: its result finds nobody */
    seen.inside = NULL;
    world_step(w);
    ck_assert_str_eq(req("1"), "OK aborted");
    ck_assert_int_eq(seen.calls, 1);
}
END_TEST

START_TEST(rm_14_confirmed_ids_are_remembered)
{
    begin();
    req("1");
    world_step(w);
    acknowledge("OK");
    world_advance(w, 19.75);
    ck_assert_str_eq(req("1"), "OK dup_request");
    world_advance(w, 0.25);
    ck_assert_str_eq(query("1"), "OK not_received");
    ck_assert_int_eq(world_step(w).wait_ns, -1);
}
END_TEST

START_TEST(rm_14_a_client_has_only_so_many)
{
    begin();
    for (int i = 0; i < 1024; i++) {
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        ck_assert_str_eq(req(id), "OK in_process");
    }
    ck_assert_str_eq(req("more"), "SERVICE_UNAVAILABLE");
    ck_assert_str_eq(send_from("b", "req", "more", "echo", 2, 10), "OK in_process");
    ck_assert_str_eq(cancel("0"), "OK aborted");
    ck_assert_str_eq(req("more"), "OK in_process");
}
END_TEST

/* ---- the run ---- */

static int take_topic(void *self, flr_context *context, const char *topic,
                      const flr_shareable *request, flr_shareable **reply)
{
    (void)self, (void)context, (void)topic, (void)request, (void)reply;
    return 0;
}

START_TEST(lc_05_reliable_messages_cannot_start)
{
    static const char *const topics[] = {"RM.RELIABLE_REQUEST", "RM.RELIABLE_REPLY"};
    w->trace_reasons = true;
    world_start(w);
    ck_assert_int_eq(flr_context_register_aux(w->context, topics[_i], take_topic, NULL), 0);
    ck_assert_int_eq(world_finish(w), FLR_E_EXISTS);
    expect_trace(w, "_start_run persist(0) _about_to_end_run fatal=1 aux:__end_run__ persist(1) "
                    "_check_end_run_readiness _end_run");
    ck_assert_int_eq(register_status, FLR_E_STATE);
    ck_assert_ptr_nonnull(strstr(w->log, "reliable messages"));
    ck_assert_str_eq(flr_shareable_get_rc(world_aux(w, "a", topics[1 - _i], NULL)),
                     "TOPIC_UNKNOWN"); /* neither is left behind */
}
END_TEST

START_TEST(lc_15_what_waits_is_dropped)
{
    begin();
    req("1");
    req("2");
    seen.inside = cancel_inside;
    flr_runner_abort(w->runner, 0);
    ck_assert_int_eq(world_finish(w), FLR_E_ABORTED);
    ck_assert_str_eq(req("2"), "SERVICE_UNAVAILABLE");
}
END_TEST

START_TEST(lc_33_a_run_given_up_in_the_middle)
{
    begin();
    give_reply("DONE");
    req("1");
    world_step(w);
    acknowledge("ERROR");
    req("2"); /* finished and unconfirmed, waiting, remembered: all are released */
    cancel("3");
    ck_assert_int_eq(try_send(), 0);
    int calls = ignore_reply_calls;
    flr_context_free(w->context);
    flr_runner_free(w->runner);
    ck_assert_int_eq(ignore_reply_calls, calls + 1); /* each send is completed */
    w->context = NULL;
    w->runner = NULL;
    ck_assert_int_eq(w->workflows[0].destroyed, 2);
}
END_TEST

/* ---- threads ---- */

static stage begun = STAGE_INIT, go = STAGE_INIT;
static int begun_before;

static void hold(void)
{
    stage_step(&begun);
    stage_await(&go, 1);
}

static void await_abort(void)
{
    stage_step(&begun);
}

static int block(void *self, flr_context *context, const char *topic, const flr_shareable *request,
                 flr_signal *cancel, flr_shareable **reply)
{
    flr_signal *own = flr_context_get_abort_signal(context);
    (void)self, (void)topic, (void)request, (void)reply, (void)cancel;
    await_abort();
    flr_signal_wait(own, -1.0);
    flr_signal_unref(own);
    return 0;
}

static int held(void *self, flr_context *context, const char *topic, const flr_shareable *request,
                flr_signal *cancel, flr_shareable **reply)
{
    (void)self, (void)context, (void)topic, (void)request, (void)reply, (void)cancel;
    hold();
    return 0;
}

static int register_both(world *of, const char *event, flr_context *context)
{
    if (strcmp(event, FLR_EVENT_START_RUN) != 0)
        return 0;
    register_status = flr_context_register_reliable(context, "held", held, of);
    if (register_status == 0)
        register_status = flr_context_register_reliable(context, "block", block, of);
    return 0;
}

static void begin_run(size_t workers)
{
    w->on_event = register_both;
    w->on_send = NULL;
    w->workflows[0].with_flow = true;
    ck_assert_int_eq(flr_config_set_reliable(w->config, workers, 0.0), 0);
    world_start(w);
    begun_before = stage_get(&begun);
    world_run(w);
    world_await(w, "control", 1);
    ck_assert_int_eq(register_status, 0);
}

START_TEST(rm_02_rm_15_so_many_workers)
{
    char id[16];
    begin_run(2);
    for (int i = 0; i < 5; i++) {
        snprintf(id, sizeof id, "%d", i);
        ck_assert_str_eq(send_from("a", "req", id, "held", 2, 10), "OK in_process");
    }
    stage_await(&begun, begun_before + 2);
    give_way(w);
    ck_assert_int_eq(stage_get(&begun), begun_before + 2);
    stage_reach(&go, 1);
    world_await(w, "aux:RM.RELIABLE_REPLY", 5);
    ck_assert_int_eq(stage_get(&begun), begun_before + 5);
    flr_runner_abort(w->runner, 0);
    ck_assert_int_eq(world_join(w), FLR_E_ABORTED);
}
END_TEST

START_TEST(lc_15_a_handler_that_waits_for_the_end)
{
    begin_run(1);
    ck_assert_str_eq(send_from("a", "req", "1", "block", 2, 10), "OK in_process");
    ck_assert_str_eq(send_from("a", "req", "2", "block", 2, 10), "OK in_process");
    stage_await(&begun, begun_before + 1);
    if (_i == 0) /* the run's signal is what it waits for; else it is told by the close */
        flr_runner_abort(w->runner, 0);
    else
        ck_assert_int_eq(flr_signal_trigger(flr_runner_get_abort_signal(w->runner), NULL), 0);
    ck_assert_int_eq(world_join(w), FLR_E_ABORTED);
    ck_assert_str_eq(query("1"), "SERVICE_UNAVAILABLE");
}
END_TEST

static int begin_block_and_end(world_workflow *f, flr_signal *abort, flr_context *context)
{
    (void)abort, (void)context;
    world_note(f->world, "flow");
    stage_await(&begun, begun_before + 1);
    return 0;
}

START_TEST(lc_15_a_handler_at_the_end_of_a_run_that_completes)
{
    w->workflows[0].on_flow = begin_block_and_end;
    begin_run(1);
    ck_assert_str_eq(send_from("a", "req", "1", "block", 2, 10), "OK in_process");
    ck_assert_int_eq(world_join(w), 0);
    ck_assert(!flr_signal_is_triggered(flr_runner_get_abort_signal(w->runner)));
}
END_TEST

START_TEST(rm_13_cancel_wakes_the_handler)
{
    begin_run(1);
    ck_assert_str_eq(send_from("a", "req", "1", "block", 2, 10), "OK in_process");
    stage_await(&begun, begun_before + 1);
    ck_assert_str_eq(send_from("a", "req", "2", "held", 2, 10), "OK in_process");
    stage_reach(&go, 1);
    ck_assert_str_eq(cancel("1"), "OK aborted");
    stage_await(&begun, begun_before + 2); /* the only worker is free again */
    world_await(w, "aux:RM.RELIABLE_REPLY", 1);
    flr_runner_abort(w->runner, 0);
    ck_assert_int_eq(world_join(w), FLR_E_ABORTED);
}
END_TEST

START_TEST(rm_14_expiry_wakes_the_handler)
{
    begin_run(1);
    ck_assert_str_eq(send_from("a", "req", "1", "block", 2, 10), "OK in_process");
    stage_await(&begun, begun_before + 1);
    ck_assert_str_eq(send_from("a", "req", "2", "held", 2, 100), "OK in_process");
    stage_reach(&go, 1);
    ck_assert_int_eq(flr_clock_advance(w->clock, 10.0), 0); /* the driver sees to it */
    stage_await(&begun, begun_before + 2);
    world_await(w, "aux:RM.RELIABLE_REPLY", 1);
    ck_assert_str_eq(query("1"), "OK aborted");
    flr_runner_abort(w->runner, 0);
    ck_assert_int_eq(world_join(w), FLR_E_ABORTED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reliable messages, receiving");
    TCase *t = tcase_create("stepped");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, rm_01_rm_02_lc_04_only_within_the_run);
    tcase_add_test(t, rm_01_a_later_run_has_its_own);
    tcase_add_test(t, rm_02_also_a_plain_topic);
    tcase_add_test(t, rm_05_one_transaction);
    tcase_add_test(t, rm_05_a_reply_is_of_no_use_after_the_transaction);
    tcase_add_test(t, rm_05_only_ok_confirms);
    tcase_add_test(t, rm_06_rm_07_rm_13_unconfirmed_result_is_fetched);
    tcase_add_test(t, rm_06_another_client_another_transaction);
    tcase_add_test(t, rm_08_refusals);
    tcase_add_test(t, rm_09_the_handler_fails);
    tcase_add_test(t, rm_13_cancel);
    tcase_add_test(t, rm_14_expiry);
    tcase_add_test(t, rm_14_expired_while_it_runs);
    tcase_add_test(t, rm_14_confirmed_ids_are_remembered);
    tcase_add_test(t, rm_14_a_client_has_only_so_many);
    tcase_add_loop_test(t, lc_05_reliable_messages_cannot_start, 0, 2);
    tcase_add_test(t, lc_15_what_waits_is_dropped);
    tcase_add_test(t, lc_33_a_run_given_up_in_the_middle);
    suite_add_tcase(suite, t);
    t = tcase_create("run");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 30);
    tcase_add_test(t, rm_02_rm_15_so_many_workers);
    tcase_add_loop_test(t, lc_15_a_handler_that_waits_for_the_end, 0, 2);
    tcase_add_test(t, lc_15_a_handler_at_the_end_of_a_run_that_completes);
    tcase_add_test(t, rm_13_cancel_wakes_the_handler);
    tcase_add_test(t, rm_14_expiry_wakes_the_handler);
    suite_add_tcase(suite, t);
    return suite_run(suite);
}
