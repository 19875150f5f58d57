/* What a broadcast forever sends: its payload, each hand-out's own copy. Rows BC-11, BD-09. */
#include "boardhost.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static boardhost h;

/* Three clients; a fourth is known and never dead, so no policy is violated. */
static void begin(void)
{
    boardhost_init(&h, 3);
    h.grace = 0;
    boardhost_begin(&h);
    ck_assert_int_eq(flr_runner_add_client(h.runner, "site-4", NULL), 0);
}

static void end(void)
{
    boardhost_close(&h);
    boardhost_free(&h);
}

static void expect_status(const flr_task *task, int status)
{
    ck_assert_str_eq(flr_task_status_get_name(flr_task_get_status(task)),
                     flr_task_status_get_name(status));
}

/* Results and end trace, hand-outs do not. */
static void quiet_options(flr_task_options *o)
{
    boardhost_task_options(&h, o);
    o->before_task_sent = o->after_task_sent = NULL;
}

/* To clients 1 to n. */
static flr_task *forever(int n, flr_task_options *o)
{
    flr_task_options quiet;
    flr_task *task;

    quiet_options(&quiet);
    task = boardhost_task(&h, "t", o == NULL ? &quiet : o);
    ck_assert_int_eq(boardhost_forever(&h, task, FLR_TARGETS_LIST, n), 0);
    boardhost_trace(&h);
    return task;
}

/* What the client's message says of the model. */
static int64_t model_of(const flr_answer *answer)
{
    ck_assert_ptr_nonnull(answer);
    return flr_value_get_int(flr_shareable_get(flr_answer_get_data(answer), "model"), -1);
}

/* ---- BC-11 ---- */

/* {"model": model} with the cookie base = model. */
static flr_shareable *payload_of(int64_t model)
{
    flr_shareable *payload;
    flr_value *base;

    ck_assert_int_eq(flr_shareable_new(&payload), 0);
    ck_assert_int_eq(flr_shareable_set_int(payload, "model", model), 0);
    ck_assert_int_eq(flr_value_new_int(model, &base), 0);
    ck_assert_int_eq(flr_shareable_set_cookie(payload, "base", base), 0);
    return payload;
}

static void replace(flr_task *task, int64_t model)
{
    flr_shareable *payload = payload_of(model);

    ck_assert_int_eq(flr_task_set_payload(task, payload, NULL), 0);
    ck_assert_int_eq(flr_shareable_is_frozen(payload), 1);
    flr_shareable_unref(payload);
}

static int64_t base_of(const flr_answer *answer)
{
    return flr_value_get_int(flr_shareable_get_cookie(flr_answer_get_data(answer), "base"), -1);
}

START_TEST(bc_11_hand_outs_and_resends_carry_the_new_one)
{
    flr_task *task = forever(3, NULL);
    const flr_answer *answer = boardhost_ask(&h, 1);
    flr_shareable *old = flr_shareable_ref(flr_answer_get_data(answer));
    char id[40];

    ck_assert_int_eq(model_of(answer), 7);
    snprintf(id, sizeof id, "%s", flr_answer_get_id(answer));
    replace(task, 8);
    answer = boardhost_ask(&h, 1); /* sent again */
    ck_assert_str_eq(flr_answer_get_id(answer), id);
    ck_assert_int_eq(model_of(answer), 8);
    ck_assert_int_eq(base_of(answer), 8);
    ck_assert_int_eq(model_of(boardhost_ask(&h, 2)), 8);
    replace(task, 9);
    replace(task, 10);
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    answer = boardhost_ask(&h, 1);
    ck_assert_int_eq(model_of(answer), 10);
    ck_assert_int_eq(base_of(answer), 10);
    ck_assert_int_eq(model_of(boardhost_ask(&h, 2)), 10);
    ck_assert_int_eq(model_of(boardhost_ask(&h, 3)), 10);
    /* what is on its way stays as it was */
    ck_assert_int_eq(flr_value_get_int(flr_shareable_get(old, "model"), 0), 7);
    flr_shareable_unref(old);
    flr_task_unref(task);
}
END_TEST

static const char *header_text(const flr_answer *answer, const char *key)
{
    return flr_value_get_text(flr_shareable_get_header(flr_answer_get_data(answer), key), "-");
}

/* BD-02, BD-13: what the task itself adds is the same before and after. */
START_TEST(bc_11_the_tasks_own_headers_stay)
{
    flr_task_options o;
    flr_task *task;
    flr_value *operation;
    const flr_answer *answer;
    const flr_value *map;
    char root[40];

    quiet_options(&o);
    ck_assert_int_eq(flr_value_new_map(&operation), 0);
    ck_assert_int_eq(flr_map_set_text(&operation, "op", "add"), 0);
    o.operation = operation;
    o.timeout = 60.0;
    task = forever(2, &o);
    flr_value_unref(operation);
    snprintf(root, sizeof root, "%s", header_text(boardhost_ask(&h, 1), FLR_HEADER_MSG_ROOT_ID));
    ck_assert_str_ne(root, "-");
    replace(task, 8);
    for (int i = 1; i <= 2; i++) {
        answer = boardhost_ask(&h, i);
        ck_assert_int_eq(model_of(answer), 8);
        ck_assert_str_eq(header_text(answer, FLR_HEADER_TASK_NAME), "t");
        ck_assert_str_eq(header_text(answer, FLR_HEADER_TASK_ID), flr_answer_get_id(answer));
        ck_assert_str_eq(header_text(answer, FLR_HEADER_MSG_ROOT_ID), root);
        ck_assert_double_eq(
            flr_value_get_real(
                flr_shareable_get_header(flr_answer_get_data(answer), FLR_HEADER_MSG_ROOT_TTL), -1),
            60.0);
        map = flr_shareable_get_header(flr_answer_get_data(answer), FLR_HEADER_TASK_OPERATOR);
        ck_assert_str_eq(flr_value_get_text(flr_map_get(map, "op"), "-"), "add");
    }
    flr_task_unref(task);
}
END_TEST

static int next_model(void *self, flr_assignment *a, flr_context *context)
{
    flr_shareable *result = flr_assignment_get_result(a), *payload;
    int status;

    payload = payload_of(flr_value_get_int(flr_shareable_get(result, "x"), 0) + 100);
    flr_shareable_unref(result);
    status = flr_task_set_payload(flr_assignment_get_task(a), payload, context);
    flr_shareable_unref(payload);
    boardhost_received(self, a, context);
    return status;
}

/* A controller that sends each client what the last result has made of the model. */
START_TEST(bc_11_inside_a_callback)
{
    flr_task_options o;
    flr_task *task;

    quiet_options(&o);
    o.result_received = next_model;
    task = forever(2, &o);
    ck_assert_int_eq(model_of(boardhost_ask(&h, 1)), 7);
    ck_assert_int_eq(boardhost_serve(&h, 1), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(model_of(boardhost_ask(&h, 2)), 101);
    ck_assert_int_eq(boardhost_serve(&h, 2), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(model_of(boardhost_ask(&h, 1)), 102);
    expect_status(task, FLR_TASK_STANDING);
    flr_task_unref(task);
}
END_TEST

START_TEST(bc_11_errors)
{
    flr_task *task = forever(1, NULL), *broadcast = boardhost_task(&h, "b", NULL),
             *send = boardhost_task(&h, "s", NULL), *unscheduled = boardhost_task(&h, "u", NULL);
    flr_shareable *payload = payload_of(8);

    ck_assert_int_eq(boardhost_broadcast(&h, broadcast, FLR_TARGETS_LIST, 2, 0, 0), 0);
    ck_assert_int_eq(boardhost_send(&h, send, "2", FLR_ORDER_ANY, 0), 0);
    ck_assert_int_eq(flr_task_set_payload(NULL, payload, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_task_set_payload(task, NULL, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_task_set_payload(broadcast, payload, NULL), FLR_E_STATE);
    ck_assert_int_eq(flr_task_set_payload(send, payload, NULL), FLR_E_STATE);
    ck_assert_int_eq(flr_task_set_payload(unscheduled, payload, NULL), FLR_E_STATE);
    ck_assert_int_eq(flr_shareable_is_frozen(payload), 0); /* nothing has changed */
    ck_assert_int_eq(model_of(boardhost_ask(&h, 1)), 7);
    ck_assert_int_eq(model_of(boardhost_ask(&h, 2)), 7);
    ck_assert_int_eq(flr_task_cancel(task, 0), 0);
    ck_assert_int_eq(flr_task_set_payload(task, payload, NULL), FLR_E_STATE);
    ck_assert_int_eq(flr_shareable_is_frozen(payload), 0);
    flr_shareable_unref(payload);
    flr_task_unref(task);
    flr_task_unref(broadcast);
    flr_task_unref(send);
    flr_task_unref(unscheduled);
}
END_TEST

/* ---- BD-09 ---- */

/* Each hand-out says whom it is for and how many there were; the payload stays as it is. */
static int sign(void *self, flr_assignment *a, flr_context *context)
{
    flr_shareable *data = flr_assignment_get_data(a);
    int64_t model = flr_value_get_int(flr_shareable_get(data, "model"), -1);

    (void)context;
    ck_assert_ptr_null(flr_assignment_get_user(a));
    flr_assignment_set_user(a, self);
    ck_assert_ptr_null(flr_shareable_get_header(data, "for"));
    ck_assert_int_eq(flr_shareable_set_header_text(data, "for", flr_assignment_get_client(a)), 0);
    return flr_shareable_set_int(data, "model", model * 10);
}

START_TEST(bd_09_each_hand_out_has_its_own_data)
{
    flr_task_options o;
    flr_task *task;

    quiet_options(&o);
    o.before_task_sent = sign;
    task = forever(2, &o);
    for (int round = 0; round < 3; round++) {
        for (int i = 1; i <= 2; i++) {
            const flr_answer *answer = boardhost_ask(&h, i);
            char id[40];

            ck_assert_int_eq(model_of(answer), 70);
            ck_assert_str_eq(header_text(answer, "for"), boardhost_name(i));
            snprintf(id, sizeof id, "%s", flr_answer_get_id(answer));
            ck_assert_int_eq(boardhost_answer(&h, i, "t", id, 1), FLR_OUTCOME_ACCEPTED);
        }
    }
    replace(task, 8);
    ck_assert_int_eq(model_of(boardhost_ask(&h, 1)), 80);
    flr_task_unref(task);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        bc_11_hand_outs_and_resends_carry_the_new_one,
        bc_11_the_tasks_own_headers_stay,
        bc_11_inside_a_callback,
        bc_11_errors,
        bd_09_each_hand_out_has_its_own_data,
    };
    Suite *suite = suite_create("board, payload of a broadcast forever");
    TCase *tcase = tcase_create("payload");

    tcase_add_checked_fixture(tcase, begin, end);
    SUITE_ADD(tcase, tests);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
