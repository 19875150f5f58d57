/*
 * Wrong arguments for reliable messages, through the shared library and the public headers only: each gives its documented code, changes
 * nothing and writes no output.
 */
#include "sweep.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

static int handle(void *self, flr_context *context, const char *topic, const flr_shareable *request,
                  flr_signal *cancel, flr_shareable **reply)
{
    (void)self, (void)context, (void)topic, (void)request, (void)cancel, (void)reply;
    return 0;
}

static int completions;
static void on_done(void *self, flr_shareable *reply)
{
    (void)self, (void)reply;
    completions++;
}

START_TEST(arguments_of_registering)
{
    flr_context *peer = flr_context_get_peer(h.context);
    INVAL(flr_context_register_reliable(NULL, "t", handle, NULL));
    INVAL(flr_context_register_reliable(h.context, NULL, handle, NULL));
    INVAL(flr_context_register_reliable(h.context, "", handle, NULL));
    INVAL(flr_context_register_reliable(h.context, "\xff", handle, NULL));
    INVAL(flr_context_register_reliable(h.context, "t", NULL, NULL));
    LIMIT(flr_context_register_reliable(h.context, longer, handle, NULL));
    IS(flr_context_register_reliable(h.foreign, "t", handle, NULL), FLR_E_STATE); /* not begun */
    if (peer != NULL)
        IS(flr_context_register_reliable(peer, "t", handle, NULL), FLR_E_STATE);
    ZERO(flr_context_register_reliable(h.context, "t", handle, NULL)); /* nothing was registered */
    IS(flr_context_register_reliable(h.context, "t", handle, NULL), FLR_E_EXISTS);
    IS(flr_context_register_reliable(h.context, "__job_heartbeat__", handle, NULL), FLR_E_EXISTS);
}
END_TEST

START_TEST(arguments_of_sending)
{
    flr_reliable_options o;
    flr_shareable *reply = NULL;
    const flr_shareable *m = h.message;
    flr_context *c = h.context;
    flr_reliable_options_init(&o, sizeof o);
    INVAL(flr_context_send_reliable(NULL, "a", "t", m, &o, NULL, on_done, NULL));
    INVAL(flr_context_send_reliable(c, NULL, "t", m, &o, NULL, on_done, NULL));
    INVAL(flr_context_send_reliable(c, "", "t", m, &o, NULL, on_done, NULL));
    INVAL(flr_context_send_reliable(c, "a", NULL, m, &o, NULL, on_done, NULL));
    INVAL(flr_context_send_reliable(c, "a", "", m, &o, NULL, on_done, NULL));
    INVAL(flr_context_send_reliable(c, "a", "t", NULL, &o, NULL, on_done, NULL));
    INVAL(flr_context_send_reliable(c, "a", "t", m, &o, NULL, NULL, NULL));
    LIMIT(flr_context_send_reliable(c, longer, "t", m, &o, NULL, on_done, NULL));
    LIMIT(flr_context_send_reliable(c, "a", longer, m, &o, NULL, on_done, NULL));
    IS(flr_context_send_reliable(h.foreign, "a", "t", m, &o, NULL, on_done, NULL), FLR_E_STATE);
    INVAL(flr_context_send_reliable_and_wait(NULL, "a", "t", m, &o, NULL, &reply));
    INVAL(flr_context_send_reliable_and_wait(c, NULL, "t", m, &o, NULL, &reply));
    INVAL(flr_context_send_reliable_and_wait(c, "a", NULL, m, &o, NULL, &reply));
    INVAL(flr_context_send_reliable_and_wait(c, "a", "t", NULL, &o, NULL, &reply));
    INVAL(flr_context_send_reliable_and_wait(c, "a", "t", m, &o, NULL, NULL));
    LIMIT(flr_context_send_reliable_and_wait(c, longer, "t", m, &o, NULL, &reply));
    IS(flr_context_send_reliable_and_wait(h.foreign, "a", "t", m, &o, NULL, &reply), FLR_E_STATE);
    NOTHING(reply);
    ck_assert_int_eq(completions, 0);
}
END_TEST

START_TEST(options_of_sending)
{
    static const double none[] = {-1.0, NAN, INFINITY, -INFINITY};
    flr_reliable_options o;
    struct {
        flr_reliable_options o;
        uint64_t tail;
    } newer;
    flr_reliable_options_init(NULL, sizeof o);
    flr_reliable_options_init(&o, sizeof o);
    ck_assert_uint_eq(o.struct_size, sizeof o);
    ck_assert_uint_eq(o.flags, 0);
    ck_assert(o.per_message_timeout == 2.0 && o.transaction_timeout == 600.0);
    for (size_t i = 0; i < 4; i++) {
        flr_reliable_options_init(&o, sizeof o);
        o.per_message_timeout = none[i];
        INVAL(flr_context_send_reliable(h.context, "a", "t", h.message, &o, NULL, on_done, NULL));
        flr_reliable_options_init(&o, sizeof o);
        o.transaction_timeout = none[i];
        INVAL(flr_context_send_reliable(h.context, "a", "t", h.message, &o, NULL, on_done, NULL));
    }
    flr_reliable_options_init(&o, sizeof o);
    o.per_message_timeout = 0.0;
    INVAL(flr_context_send_reliable(h.context, "a", "t", h.message, &o, NULL, on_done, NULL));
    flr_reliable_options_init(&o, sizeof o);
    o.flags = 4u;
    INVAL(flr_context_send_reliable(h.context, "a", "t", h.message, &o, NULL, on_done, NULL));
    flr_reliable_options_init(&o, sizeof o);
    o.struct_size = sizeof o - 8;
    IS(flr_context_send_reliable(h.context, "a", "t", h.message, &o, NULL, on_done, NULL),
       FLR_E_ABI);
    memset(&newer, 0, sizeof newer);
    flr_reliable_options_init(&newer.o, sizeof newer);
    ck_assert(newer.o.per_message_timeout == 2.0 && newer.tail == 0);
    newer.tail = 1;
    IS(flr_context_send_reliable(h.context, "a", "t", h.message, &newer.o, NULL, on_done, NULL),
       FLR_E_ABI);
    ck_assert_int_eq(completions, 0);
}
END_TEST

START_TEST(arguments_of_configuring)
{
    INVAL(flr_config_set_reliable(NULL, 1, 1.0));
    INVAL(flr_config_set_reliable(h.config, 1, -1.0));
    INVAL(flr_config_set_reliable(h.config, 1, NAN));
    INVAL(flr_config_set_reliable(h.config, 1, INFINITY));
    ck_assert_str_ne(flr_config_get_detail(h.config), "");
    ZERO(flr_config_set_reliable(h.config, 0, 0.0));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arguments of reliable messages");
    TCase *tests = tcase_create("api");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, arguments_of_registering);
    tcase_add_test(tests, arguments_of_sending);
    tcase_add_test(tests, options_of_sending);
    tcase_add_test(tests, arguments_of_configuring);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
