/* The sending side of one reliable message as a state machine. Rows RM-03, RM-10 to RM-13. One thread, time is a number. */
#include "reliable/sender.h"
#include "support/suite.h"
#include <check.h>
#include <flrunner/clock.h>
#include <stdlib.h>

/* Message 20, interval 30, whole 200; begun at 1000. */
static const flr__tx_times usual = {30, 20, 200};
static flr__sender s;

static void begin(void)
{
    ck_assert(flr__sender_begin(&s, &usual, 1000));
    ck_assert_int_eq(s.message, FLR__TX_REQUEST);
    ck_assert_uint_eq(s.number, 1);
    ck_assert_int_eq(s.due, 1020);
}

/* In the second phase at 1010, the first query is due at 1040. */
static void begin_acked(void)
{
    begin();
    ck_assert(!flr__sender_heard(&s, 1, FLR__TX_ACKED, 1010));
    ck_assert_int_eq(s.message, FLR__TX_NOTHING);
    ck_assert_int_eq(s.due, 1040);
}

static void expect_pause(int64_t due)
{
    ck_assert_int_eq(s.end, FLR__TX_UNDER_WAY);
    ck_assert_int_eq(s.message, FLR__TX_NOTHING);
    ck_assert_int_eq(s.due, due);
}

static void expect_end(flr__tx_end how, flr__tx_message farewell)
{
    ck_assert_int_eq(s.end, how);
    ck_assert_int_eq(s.farewell, farewell);
    ck_assert_int_eq(s.message, FLR__TX_NOTHING);
    ck_assert_int_eq(s.due, FLR_TIME_NONE);
}

/* Whatever comes after the end changes nothing. */
static void expect_stays_over(void)
{
    flr__sender before = s;
    ck_assert(!flr__sender_time(&s, 100000));
    ck_assert(!flr__sender_heard(&s, s.number, FLR__TX_SAYS_RESULT, 100000));
    ck_assert(!flr__sender_heard(&s, s.number, FLR__TX_ACKED, 100000));
    ck_assert(!flr__sender_pushed(&s));
    flr__sender_abort(&s);
    ck_assert_int_eq(s.end, before.end);
    ck_assert_int_eq(s.farewell, before.farewell);
    ck_assert_int_eq(s.due, FLR_TIME_NONE);
    ck_assert_uint_eq(s.number, before.number);
}

START_TEST(rm_10_repeats_until_acked)
{
    begin();
    ck_assert(!flr__sender_time(&s, 1019));
    ck_assert_int_eq(s.message, FLR__TX_REQUEST);
    ck_assert(!flr__sender_time(&s, 1020)); /* nobody answered: it failed */
    expect_pause(1050);
    ck_assert(!flr__sender_time(&s, 1049));
    ck_assert(flr__sender_time(&s, 1050));
    ck_assert_int_eq(s.message, FLR__TX_REQUEST);
    ck_assert_uint_eq(s.number, 2);
    ck_assert(!flr__sender_heard(&s, 2, FLR__TX_LOST, 1055)); /* a failure that was reported */
    expect_pause(1085);
    ck_assert(flr__sender_time(&s, 1085));
    ck_assert(!flr__sender_heard(&s, 2, FLR__TX_ACKED, 1090)); /* of the message before */
    ck_assert_int_eq(s.message, FLR__TX_REQUEST);
    ck_assert(!flr__sender_heard(&s, 3, FLR__TX_ACKED, 1090));
    expect_pause(1120);
    ck_assert(flr__sender_time(&s, 1120));
    ck_assert_int_eq(s.message, FLR__TX_QUERY);
}
END_TEST

START_TEST(rm_10_gives_up_before_a_wait_that_is_too_long)
{
    begin();
    int64_t now = 1000;
    for (int i = 0; i < 3; i++) { /* lost at 1020, 1070, 1120 */
        ck_assert(!flr__sender_time(&s, now + 20));
        now += 50;
        expect_pause(now);
        ck_assert(flr__sender_time(&s, now));
    }
    ck_assert(!flr__sender_heard(&s, s.number, FLR__TX_LOST, 1169)); /* 1199 is before 1200 */
    expect_pause(1199);
    begin();
    ck_assert(!flr__sender_heard(&s, 1, FLR__TX_LOST, 1170)); /* 1200 is not */
    expect_end(FLR__TX_TIMED_OUT, FLR__TX_CANCEL);
    expect_stays_over();
}
END_TEST

START_TEST(rm_10_a_message_under_way_ends_with_the_whole)
{
    static const flr__tx_times slow = {30, 150, 200};
    ck_assert(flr__sender_begin(&s, &slow, 1000));
    ck_assert_int_eq(s.due, 1150);
    ck_assert(!flr__sender_heard(&s, 1, FLR__TX_LOST, 1100));
    ck_assert(flr__sender_time(&s, 1130));
    ck_assert_int_eq(s.due, 1200);
    ck_assert(!flr__sender_time(&s, 1200));
    expect_end(FLR__TX_TIMED_OUT, FLR__TX_CANCEL);
}
END_TEST

START_TEST(rm_11_queries_until_the_end)
{
    begin_acked();
    for (int64_t at = 1040; at < 1200; at += 40) {
        ck_assert(flr__sender_time(&s, at));
        ck_assert_int_eq(s.message, FLR__TX_QUERY);
        if (at + 10 + 30 < 1200) {
            ck_assert(!flr__sender_heard(&s, s.number, at == 1080 ? FLR__TX_LOST : FLR__TX_ACKED,
                                         at + 10));
            expect_pause(at + 40);
        }
    }
    ck_assert(!flr__sender_heard(&s, s.number, FLR__TX_LOST, 1170));
    expect_pause(1200); /* in this phase it waits to the end: the reply may be pushed */
    ck_assert(!flr__sender_time(&s, 1200));
    expect_end(FLR__TX_TIMED_OUT, FLR__TX_CANCEL);
}
END_TEST

START_TEST(rm_11_rm_12_what_answers_mean)
{
    static const struct {
        flr__tx_heard heard;
        flr__tx_end end;
        flr__tx_message farewell;
    } cases[] = {
        {FLR__TX_SAYS_NOT_RECEIVED, FLR__TX_NOT_RECEIVED, FLR__TX_NOTHING},
        {FLR__TX_SAYS_ABORTED, FLR__TX_GIVEN_UP, FLR__TX_NOTHING},
        {FLR__TX_SAYS_UNKNOWN, FLR__TX_NO_TOPIC, FLR__TX_NOTHING},
        {FLR__TX_SAYS_UNAVAILABLE, FLR__TX_UNAVAILABLE, FLR__TX_NOTHING},
        {FLR__TX_SAYS_RESULT, FLR__TX_RESULT, FLR__TX_CONFIRM}, /* RM-13 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin(); /* as the answer to the request */
        ck_assert(!flr__sender_heard(&s, 1, cases[i].heard, 1005));
        expect_end(cases[i].end, cases[i].farewell);
        expect_stays_over();
        begin_acked(); /* as the answer to a query */
        ck_assert(flr__sender_time(&s, 1040));
        ck_assert(!flr__sender_heard(&s, 2, cases[i].heard, 1045));
        expect_end(cases[i].end, cases[i].farewell);
        expect_stays_over();
    }
}
END_TEST

START_TEST(rm_11_pushed_reply_in_each_phase)
{
    begin();
    ck_assert(flr__sender_pushed(&s)); /* before the request was acknowledged */
    expect_end(FLR__TX_RESULT, FLR__TX_NOTHING);
    expect_stays_over();
    begin_acked();
    ck_assert(flr__sender_pushed(&s));
    expect_end(FLR__TX_RESULT, FLR__TX_NOTHING);
    begin_acked();
    ck_assert(flr__sender_time(&s, 1040));
    ck_assert(flr__sender_pushed(&s)); /* while a query is under way */
    expect_end(FLR__TX_RESULT, FLR__TX_NOTHING);
    expect_stays_over();
}
END_TEST

START_TEST(rm_11_a_late_result_is_taken)
{
    begin();
    ck_assert(!flr__sender_time(&s, 1020));
    expect_pause(1050);
    ck_assert(!flr__sender_heard(&s, 1, FLR__TX_SAYS_ABORTED, 1030)); /* late: nothing to go by */
    expect_pause(1050);
    ck_assert(!flr__sender_heard(&s, 1, FLR__TX_SAYS_RESULT, 1030));
    expect_end(FLR__TX_RESULT, FLR__TX_CONFIRM);
}
END_TEST

START_TEST(rm_10_rm_11_rm_13_abort)
{
    begin();
    flr__sender_abort(&s);
    expect_end(FLR__TX_ABORTED, FLR__TX_CANCEL);
    expect_stays_over();
    begin_acked();
    flr__sender_abort(&s);
    expect_end(FLR__TX_ABORTED, FLR__TX_CANCEL);
    s = (flr__sender){0}; /* before anything was sent there is nothing to cancel */
    flr__sender_abort(&s);
    expect_end(FLR__TX_ABORTED, FLR__TX_NOTHING);
}
END_TEST

START_TEST(rm_03_plain)
{
    static const int64_t wholes[] = {0, 19, 20};
    for (size_t i = 0; i < 3; i++) {
        flr__tx_times times = {30, 20, wholes[i]};
        ck_assert(flr__sender_begin(&s, &times, 1000));
        ck_assert_int_eq(s.message, FLR__TX_PLAIN);
        ck_assert_int_eq(s.due, 1020);
        ck_assert(!flr__sender_pushed(&s));
        ck_assert(!flr__sender_heard(&s, 1, FLR__TX_SAYS_RESULT, 1010));
        expect_end(FLR__TX_RESULT, FLR__TX_NOTHING);
        ck_assert(flr__sender_begin(&s, &times, 1000));
        ck_assert(!flr__sender_heard(&s, 1, FLR__TX_LOST, 1010)); /* nothing is repeated */
        expect_end(FLR__TX_UNSENT, FLR__TX_NOTHING);
        ck_assert(flr__sender_begin(&s, &times, 1000));
        ck_assert(!flr__sender_time(&s, 1020));
        expect_end(FLR__TX_TIMED_OUT, FLR__TX_NOTHING);
        ck_assert(flr__sender_begin(&s, &times, 1000));
        flr__sender_abort(&s);
        expect_end(FLR__TX_ABORTED, FLR__TX_NOTHING);
    }
    flr__tx_times more = {30, 20, 21};
    ck_assert(flr__sender_begin(&s, &more, 1000));
    ck_assert_int_eq(s.message, FLR__TX_REQUEST);
}
END_TEST

START_TEST(rm_10_times_that_do_not_end)
{
    static const flr__tx_times forever = {30, 20, INT64_MAX / 2};
    ck_assert(flr__sender_begin(&s, &forever, INT64_MAX / 2 + 1000));
    ck_assert_int_eq(s.deadline, FLR_TIME_NONE);
    ck_assert_int_eq(s.due, INT64_MAX / 2 + 1020);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reliable_sender");
    TCase *t = tcase_create("core");
    tcase_add_test(t, rm_10_repeats_until_acked);
    tcase_add_test(t, rm_10_gives_up_before_a_wait_that_is_too_long);
    tcase_add_test(t, rm_10_a_message_under_way_ends_with_the_whole);
    tcase_add_test(t, rm_11_queries_until_the_end);
    tcase_add_test(t, rm_11_rm_12_what_answers_mean);
    tcase_add_test(t, rm_11_pushed_reply_in_each_phase);
    tcase_add_test(t, rm_11_a_late_result_is_taken);
    tcase_add_test(t, rm_10_rm_11_rm_13_abort);
    tcase_add_test(t, rm_03_plain);
    tcase_add_test(t, rm_10_times_that_do_not_end);
    suite_add_tcase(suite, t);
    return suite_run(suite);
}
