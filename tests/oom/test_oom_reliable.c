/*
 * Reliable messages without memory: the calls give 0 or FLR_E_NOMEM and can be made again; a request is handled at most once; what ends an
 * exchange or a transaction needs no memory at all.
 */
#include "failalloc.h"
#include "oomcase.h"
#include "oomhost.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    int handled, done;
    char rc[32], detail[64];
    flr_signal *abort;
    flr_shareable *message;
} t;

static int handle(void *self, flr_context *context, const char *topic, const flr_shareable *request,
                  flr_signal *cancel, flr_shareable **reply)
{
    (void)self, (void)context, (void)topic, (void)request, (void)cancel;
    t.handled++;
    return flr_shareable_new_reply("DONE", NULL, reply);
}

static void on_done(void *self, flr_shareable *reply)
{
    (void)self;
    t.done++;
    snprintf(t.rc, sizeof t.rc, "%s", flr_shareable_get_rc(reply));
    snprintf(t.detail, sizeof t.detail, "%s",
             flr_value_get_text(flr_shareable_get_header(reply, "__error__"), "-"));
}

static int register_handler(void)
{
    return flr_context_register_reliable(host.context, "a topic of the test", handle, NULL);
}

static void build(void)
{
    memset(&t, 0, sizeof t);
    oomhost_build_open();
    ck_assert_int_eq(flr_shareable_new(&t.message), 0);
    ck_assert_int_eq(flr_signal_new(NULL, NULL, &t.abort), 0);
}

static void build_handler(void)
{
    build();
    ck_assert_int_eq(register_handler(), 0);
}

static void drop(void)
{
    oomhost_drop();
    flr_shareable_unref(t.message);
    flr_signal_unref(t.abort);
}

/* ---- messages ---- */

static void set_op(const char *op)
{
    ck_assert_int_eq(flr_shareable_set_header_text(t.message, "rm.op", op), 0);
}

static void make_request(void)
{
    set_op("req");
    ck_assert_int_eq(flr_shareable_set_header_text(t.message, "rm.tx_id", "1"), 0);
    ck_assert_int_eq(flr_shareable_set_header_text(t.message, "rm.topic", "a topic of the test"),
                     0);
    ck_assert_int_eq(flr_shareable_set_header_real(t.message, "rm.per_msg_timeout", 2.0), 0);
    ck_assert_int_eq(flr_shareable_set_header_real(t.message, "rm.tx_timeout", 20.0), 0);
    ck_assert_int_eq(flr_shareable_set_header(t.message, FLR_HEADER_PEER_PROPS, oomhost_props()),
                     0);
}

static char answer[64];

/* The reply, as text; a handler that had no memory is FLR_E_NOMEM. */
static int process(void)
{
    const flr_shareable *reply = NULL;
    flr_context_reset(host.context);
    int status = flr_runner_process_aux(host.runner, "site-1", FLR_RELIABLE_TOPIC_REQUEST,
                                        host.context, t.message, &reply);
    if (status < 0)
        return status;
    snprintf(answer, sizeof answer, "%s %s", flr_shareable_get_rc(reply),
             flr_value_get_text(flr_shareable_get_header(reply, "rm.status"), "-"));
    return strcmp(flr_shareable_get_rc(reply), "HANDLER_EXCEPTION") == 0 ? FLR_E_NOMEM : 0;
}

static const char *ask(const char *op)
{
    set_op(op);
    ck_assert_int_eq(process(), 0);
    return answer;
}

static void build_request(void)
{
    build_handler();
    make_request();
}

static void drop_request(void)
{
    ck_assert_str_eq(answer, "OK in_process");
    oomhost_step();
    ck_assert_int_eq(t.handled, 1);
    ck_assert_str_eq(ask("query"), "OK replied");
    drop();
}

static void build_waiting(void)
{
    build_request();
    ck_assert_int_eq(process(), 0);
}

static int step(void)
{
    flr_step_result result;
    flr_step_result_init(&result, sizeof result);
    return flr_runner_step(host.runner, &result);
}

/* Whatever could not be done: the sender gets a result, and that once. */
static void drop_waiting(void)
{
    ck_assert_int_le(t.handled, 1);
    oomhost_step();
    ask("query");
    ck_assert_msg(strcmp(answer, "OK replied") == 0 || strcmp(answer, "DONE -") == 0 ||
                      strcmp(answer, "EXECUTION_EXCEPTION -") == 0,
                  "%s", answer);
    ck_assert_str_eq(ask("req"), strcmp(answer, "OK replied") == 0 ? "OK dup_request" : answer);
    drop();
}

static void build_cancel(void)
{
    build_waiting();
    set_op("cancel");
}

static void drop_cancel(void)
{
    ck_assert_str_eq(answer, "OK aborted");
    oomhost_step();
    ck_assert_int_eq(t.handled, 0);
    ck_assert_str_eq(ask("req"), "OK aborted");
    drop();
}

static void build_early_cancel(void)
{
    build_request();
    set_op("cancel");
}

static void drop_early_cancel(void)
{
    /* without memory it cannot be remembered */
    ck_assert(strcmp(answer, "OK aborted") == 0 || strcmp(answer, "OK not_received") == 0);
    drop();
}

/* ---- sending ---- */

static int send_whole(double whole)
{
    flr_reliable_options options;
    flr_reliable_options_init(&options, sizeof options);
    options.transaction_timeout = whole;
    return flr_context_send_reliable(host.context, "a site with a longer name", "echo", t.message,
                                     &options, t.abort, on_done, NULL);
}

static int send_one(void)
{
    return send_whole(20.0);
}

static int send_plain(void)
{
    return send_whole(0.0);
}

static void not_done(void)
{
    ck_assert_int_eq(t.done, 0);
}

static void drop_send(void)
{
    ck_assert_int_eq(t.done, 0);
    oomhost_finish();
    ck_assert_int_eq(t.done, 1);
    ck_assert_str_eq(t.rc, "TASK_ABORTED");
    drop();
}

static void drop_plain(void)
{
    ck_assert_int_eq(t.done, 1);
    drop();
}

static void build_sent(void)
{
    build();
    ck_assert_int_eq(send_one(), 0);
}

static int abort_it(void)
{
    return flr_signal_trigger(t.abort, NULL);
}

static void drop_aborted(void)
{
    ck_assert_int_eq(t.done, 1);
    ck_assert_str_eq(t.rc, "TASK_ABORTED");
    drop();
}

static void build_late(void)
{
    build_sent();
    ck_assert_int_eq(flr_clock_advance(host.clock, 20.0), 0);
}

static void drop_late(void)
{
    ck_assert_int_eq(t.done, 1);
    ck_assert_str_eq(t.rc, "COMMUNICATION_ERROR");
    ck_assert_str_eq(t.detail, "max tx timeout (20) reached");
    drop();
}

static const oomcase cases[] = {
    {"register", build, register_handler, NULL, drop},
    {"send", build, send_one, not_done, drop_send},
    {"send plain", build, send_plain, not_done, drop_plain},
    {"abort", build_sent, abort_it, NULL, drop_aborted},
    {"timeout", build_late, step, NULL, drop_late},
    {"request", build_request, process, NULL, drop_request},
    {"handle", build_waiting, step, NULL, drop_waiting},
    {"cancel", build_cancel, process, NULL, drop_cancel},
    {"early cancel", build_early_cancel, process, NULL, drop_early_cancel},
};

START_TEST(oom_reliable)
{
    oomcase_sweep(&cases[_i]);
}
END_TEST

int main(void)
{
    if (failalloc_install() < 0)
        return EXIT_FAILURE;
    Suite *suite = suite_create("oom reliable");
    TCase *tc = tcase_create("cases");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, oom_reliable, 0, OOMCASE_COUNT(cases));
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}
