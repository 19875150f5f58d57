/* Tests of auxiliary messages: rows AX-01 to AX-03, AX-07 to AX-09. */
#include "support/failalloc.h"
#include "support/site.h"
#include "support/suite.h"

#include <check.h>
#include <flrunner/aux.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- an engine that sends: it reports as it is told ---- */

enum { SEND_MAX = 8 };

typedef struct sender {
    int status;          /* what send_aux returns */
    bool keep;           /* take a reference and report later */
    bool answer;         /* report a reply for every target before returning */
    size_t answer_first; /* report so many targets before returning */
    int calls;
    flr_aux_send *kept[SEND_MAX];
    char topic[64], targets[64], root[64], peer_job[64];
    double timeout, ttl;
    int optional, secure, frozen;
} sender;

static flr_shareable *reply_with(const char *rc)
{
    flr_shareable *reply;

    ck_assert_int_eq(flr_shareable_new_reply(rc, NULL, &reply), 0);
    return reply;
}

static void report(flr_aux_send *send, size_t target, const char *rc)
{
    flr_shareable *reply = reply_with(rc);

    ck_assert_int_eq(flr_aux_send_reply(send, target, reply), 0);
    flr_shareable_unref(reply);
}

static void note(sender *s, const flr_aux_send *send)
{
    const flr_shareable *request = flr_aux_send_get_request(send);

    s->calls++;
    s->targets[0] = '\0';
    for (size_t i = 0; i < flr_aux_send_get_target_count(send); i++) {
        strcat(s->targets, flr_aux_send_get_target(send, i));
        strcat(s->targets, " ");
    }
    snprintf(s->topic, sizeof s->topic, "%s", flr_aux_send_get_topic(send));
    snprintf(s->root, sizeof s->root, "%s",
             flr_value_get_text(flr_shareable_get_header(request, FLR_HEADER_MSG_ROOT_ID), "?"));
    snprintf(s->peer_job, sizeof s->peer_job, "%s",
             flr_value_get_text(flr_shareable_get_peer_prop(request, FLR_PROP_RUN_NUM), "?"));
    s->ttl = flr_value_get_real(flr_shareable_get_header(request, FLR_HEADER_MSG_ROOT_TTL), -1.0);
    s->timeout = flr_aux_send_get_timeout(send);
    s->optional = flr_aux_send_is_optional(send);
    s->secure = flr_aux_send_is_secure(send);
    s->frozen = flr_shareable_is_frozen(request);
}

static int send_aux(void *self, flr_aux_send *send)
{
    sender *s = self;

    note(s, send);
    if (s->keep)
        s->kept[s->calls - 1] = flr_aux_send_ref(send);
    for (size_t i = 0;
         i < flr_aux_send_get_target_count(send) && (s->answer || i < s->answer_first); i++)
        report(send, i, "OK");
    return s->status;
}

/* ---- the fixture ---- */

static test_site *woken_site;
static int woken;

static void wake_driver(flr__site *site)
{
    ck_assert_ptr_eq(site, &woken_site->site);
    woken++;
}

static int list_two(flr__site *site, int (*add)(void *self, const flr__str *name), void *self)
{
    static const char *const names[] = {"site-1", "site-2"};
    int status = 0;

    (void)site;
    for (size_t i = 0; i < 2 && status == 0; i++) {
        const flr__str *name = flr__str_new(names[i], strlen(names[i]));

        status = name == NULL ? FLR_E_NOMEM : add(self, name);
        flr__str_unref(name);
    }
    return status;
}

typedef struct fixture {
    test_site *t;
    flr_context *context;
    sender s;
    flr_shareable *request;
} fixture;

static void begin(fixture *f)
{
    memset(f, 0, sizeof *f);
    f->t = test_site_new(NULL, NULL, "job", "server");
    ck_assert_ptr_nonnull(f->t);
    f->t->site.list_targets = list_two;
    f->t->site.wake_driver = wake_driver;
    woken_site = f->t;
    woken = 0;
    f->context = test_site_context(f->t);
    ck_assert_ptr_nonnull(f->context);
    ck_assert_int_eq(flr_shareable_new(&f->request), 0);
}

/* With the sending engine; the log goes nowhere. */
static void begin_sending(fixture *f)
{
    begin(f);
    f->t->site.engine.send_aux = send_aux;
    f->t->site.engine.log = NULL;
    f->t->site.engine_self = &f->s;
}

static void end(fixture *f)
{
    flr_shareable_unref(f->request);
    flr_context_free(f->context);
    ck_assert_int_eq(test_site_free(f->t), 0);
}

static void add_peer(flr_shareable *request, const char *name, const char *job)
{
    flr_value *props;

    ck_assert_int_eq(flr_value_new_map(&props), 0);
    ck_assert_int_eq(flr_map_set_text(&props, FLR_PROP_IDENTITY_NAME, name), 0);
    ck_assert_int_eq(flr_map_set_text(&props, FLR_PROP_RUN_NUM, job), 0);
    ck_assert_int_eq(flr_map_set_text(&props, "color", "blue"), 0);
    ck_assert_int_eq(flr_shareable_set_header(request, FLR_HEADER_PEER_PROPS, props), 0);
}

/* ---- handlers ---- */

typedef struct answerer {
    int calls;
    int status;
    flr_shareable *reply; /* what is given: a new reference */
    bool echo;            /* the request itself */
    char peer[64], color[64];
} answerer;

static int answer(void *self, flr_context *context, const char *topic, const flr_shareable *request,
                  flr_shareable **reply)
{
    answerer *a = self;
    flr_context *peer = flr_context_get_peer(context);
    flr_value *value;
    uint32_t flags;

    (void)topic;
    a->calls++;
    snprintf(a->peer, sizeof a->peer, "%s", flr_context_get_identity(peer));
    ck_assert_int_eq(flr_context_get_prop(peer, FLR_PROP_IDENTITY_NAME, &value, &flags), 0);
    ck_assert_uint_eq(flags, FLR_PROP_FLAG_PUBLIC);
    flr_value_unref(value);
    ck_assert_int_eq(flr_context_get_prop(peer, "color", &value, &flags), 0);
    ck_assert_uint_eq(flags, FLR_PROP_FLAG_PUBLIC);
    snprintf(a->color, sizeof a->color, "%s", flr_value_get_text(value, "?"));
    flr_value_unref(value);
    ck_assert(flr__host_inside(FLR__HOST_AUX, NULL, NULL));
    if (a->status != 0)
        return flr_context_fail(context, a->status, "the detail");
    if (a->echo)
        *reply = flr_shareable_ref(request);
    else if (a->reply != NULL)
        *reply = flr_shareable_ref(a->reply);
    return 0;
}

/* The reply's return code; it is a view of the context. */
static const flr_shareable *process(fixture *f, const char *topic, const flr_shareable *request)
{
    const flr_shareable *reply = NULL;

    ck_assert_int_eq(flr__aux_process(&f->t->site, "site-1", topic, f->context, request, &reply),
                     0);
    ck_assert_ptr_nonnull(reply);
    ck_assert(flr_shareable_is_frozen(reply));
    return reply;
}

START_TEST(ax_01_order_of_the_checks)
{
    fixture f;
    answerer a = {0};
    flr_value *value;
    char longest[FLR_NAME_MAX + 2];

    begin(&f);
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    ck_assert_int_eq(flr__aux_register(&f.t->site, "topic", answer, &a), 0);
    ck_assert_str_eq(flr_shareable_get_rc(process(&f, "nothing", NULL)), "BAD_REQUEST_DATA");
    ck_assert_str_eq(flr_shareable_get_rc(process(&f, "topic", NULL)), "BAD_REQUEST_DATA");
    ck_assert_str_eq(flr_shareable_get_rc(process(&f, "nothing", f.request)), "TOPIC_UNKNOWN");
    ck_assert_str_eq(flr_shareable_get_rc(process(&f, longest, f.request)), "TOPIC_UNKNOWN");
    ck_assert_str_eq(flr_shareable_get_rc(process(&f, "\xff\xfe", f.request)), "TOPIC_UNKNOWN");
    ck_assert_str_eq(flr_shareable_get_rc(process(&f, "topic", f.request)), "MISSING_PEER_CONTEXT");
    ck_assert_int_eq(flr_value_new_map(&value), 0);
    ck_assert_int_eq(flr_shareable_set_header(f.request, FLR_HEADER_PEER_PROPS, value), 0);
    ck_assert_str_eq(flr_shareable_get_rc(process(&f, "topic", f.request)), "MISSING_PEER_CONTEXT");
    ck_assert_int_eq(flr_shareable_set_header_text(f.request, FLR_HEADER_PEER_PROPS, "site-2"), 0);
    ck_assert_str_eq(flr_shareable_get_rc(process(&f, "topic", f.request)), "BAD_PEER_CONTEXT");
    ck_assert_int_eq(a.calls, 0);
    add_peer(f.request, "site-1", "job");
    ck_assert_str_eq(flr_shareable_get_rc(process(&f, "topic", f.request)), "OK");
    ck_assert_int_eq(a.calls, 1);
    ck_assert_uint_eq(f.t->aux_counts, 9);
    end(&f);
}
END_TEST

START_TEST(ax_01_arguments)
{
    fixture f;
    const flr_shareable *reply = NULL;
    char longest[FLR_NAME_MAX + 2];
    flr__site *site;

    begin(&f);
    site = &f.t->site;
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    ck_assert_int_eq(flr__aux_process(site, NULL, "topic", f.context, f.request, &reply),
                     FLR_E_INVAL);
    ck_assert_int_eq(flr__aux_process(site, "", "topic", f.context, f.request, &reply),
                     FLR_E_INVAL);
    ck_assert_int_eq(flr__aux_process(site, longest, "topic", f.context, f.request, &reply),
                     FLR_E_LIMIT);
    ck_assert_int_eq(flr__aux_process(site, "site-1", NULL, f.context, f.request, &reply),
                     FLR_E_INVAL);
    ck_assert_int_eq(flr__aux_process(site, "site-1", "", f.context, f.request, &reply),
                     FLR_E_INVAL);
    ck_assert_int_eq(flr__aux_process(site, "site-1", "topic", NULL, f.request, &reply),
                     FLR_E_INVAL);
    ck_assert_int_eq(flr__aux_process(site, "site-1", "topic", f.context, f.request, NULL),
                     FLR_E_INVAL);
    ck_assert_ptr_null(reply);
    ck_assert_uint_eq(f.t->aux_counts, 0);
    end(&f);
}
END_TEST

START_TEST(ax_02_peer_context_and_outcome_of_the_handler)
{
    fixture f;
    answerer a = {0};
    const flr_shareable *reply;

    begin(&f);
    add_peer(f.request, "an impostor", "job");
    ck_assert_int_eq(flr_context_register_aux(f.context, "topic", answer, &a), 0);
    ck_assert_str_eq(flr_shareable_get_rc(process(&f, "topic", f.request)),
                     "OK"); /* no reply given */
    ck_assert_str_eq(a.peer, "site-1");
    ck_assert_str_eq(a.color, "blue");
    a.status = FLR_E_IO;
    reply = process(&f, "topic", f.request);
    ck_assert_str_eq(flr_shareable_get_rc(reply), "HANDLER_EXCEPTION");
    ck_assert_ptr_null(flr_shareable_get_header(reply, FLR_HEADER_ERROR));
    ck_assert_ptr_nonnull(test_site_line(f.t, 0, "the detail"));
    test_site_clear_lines(f.t);
    a.status = 5;
    f.t->site.secure = true;
    ck_assert_str_eq(flr_shareable_get_rc(process(&f, "topic", f.request)), "HANDLER_EXCEPTION");
    ck_assert_ptr_nonnull(test_site_line(f.t, 0, "FLR_E_CALLBACK"));
    ck_assert_ptr_null(test_site_line(f.t, 0, "the detail"));
    a.status = 0;
    a.reply = reply_with("BAD_TASK_DATA");
    ck_assert_ptr_eq(process(&f, "topic", f.request), a.reply);
    ck_assert_str_eq(flr_shareable_get_rc(a.reply), "BAD_TASK_DATA");
    flr_shareable_unref(a.reply);
    end(&f);
}
END_TEST

START_TEST(ax_03_every_reply_has_cookies_and_the_peer_context)
{
    fixture f;
    answerer a = {0};
    const flr_shareable *reply;
    flr_value *value;

    begin(&f);
    ck_assert_int_eq(flr__aux_register(&f.t->site, "topic", answer, &a), 0);
    ck_assert_int_eq(flr_value_new_text("vanilla", &value), 0);
    ck_assert_int_eq(flr_shareable_set_cookie(f.request, "flavour", value), 0);
    for (int i = 0; i < 4; i++) {
        const flr_value *peer;

        if (i == 1)
            add_peer(f.request, "site-1", "job");
        a.echo = i == 2;
        a.status = i == 3 ? FLR_E_IO : 0;
        reply = process(&f, i == 0 ? "nothing" : "topic", f.request);
        ck_assert_str_eq(flr_value_get_text(flr_shareable_get_cookie(reply, "flavour"), "?"),
                         "vanilla");
        peer = flr_shareable_get_header(reply, FLR_HEADER_PEER_CTX);
        ck_assert_str_eq(flr_value_get_text(flr_map_get(peer, FLR_PROP_IDENTITY_NAME), "?"),
                         "server");
        ck_assert_str_eq(flr_value_get_text(flr_map_get(peer, FLR_PROP_RUN_NUM), "?"), "job");
    }
    ck_assert(!flr_shareable_is_frozen(f.request)); /* echoing it did not touch it */
    ck_assert_ptr_null(flr_shareable_get_header(f.request, FLR_HEADER_PEER_CTX));
    reply = process(&f, "topic", NULL);
    ck_assert_ptr_null(flr_shareable_get_cookie_jar(reply));
    ck_assert_ptr_nonnull(flr_shareable_get_header(reply, FLR_HEADER_PEER_CTX));
    ck_assert_int_eq(flr_shareable_set_header_text(f.request, FLR_HEADER_COOKIE_JAR, "no jar"), 0);
    ck_assert_ptr_null(
        flr_shareable_get_header(process(&f, "nothing", f.request), FLR_HEADER_COOKIE_JAR));
    end(&f);
}
END_TEST

START_TEST(ax_03_a_frozen_reply_is_copied)
{
    fixture f;
    answerer a = {0};
    const flr_shareable *reply;

    begin(&f);
    add_peer(f.request, "site-1", "job");
    ck_assert_int_eq(flr__aux_register(&f.t->site, "topic", answer, &a), 0);
    a.reply = reply_with("OK");
    ck_assert_int_eq(flr_shareable_set_text(a.reply, "body", "text"), 0);
    flr_shareable_freeze(a.reply);
    reply = process(&f, "topic", f.request);
    ck_assert_ptr_ne(reply, a.reply);
    ck_assert_str_eq(flr_value_get_text(flr_shareable_get(reply, "body"), "?"), "text");
    ck_assert_ptr_null(flr_shareable_get_header(a.reply, FLR_HEADER_PEER_CTX));
    flr_shareable_unref(a.reply);
    end(&f);
}
END_TEST

START_TEST(ax_07_registering)
{
    fixture f;
    answerer a = {0}, b = {0};
    char longest[FLR_NAME_MAX + 2];
    flr__site *site;

    begin(&f);
    site = &f.t->site;
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    ck_assert_int_eq(flr__aux_register(site, NULL, answer, &a), FLR_E_INVAL);
    ck_assert_int_eq(flr__aux_register(site, "", answer, &a), FLR_E_INVAL);
    ck_assert_int_eq(flr__aux_register(site, "topic", NULL, &a), FLR_E_INVAL);
    ck_assert_int_eq(flr__aux_register(site, longest, answer, &a), FLR_E_LIMIT);
    ck_assert_int_eq(flr__aux_register(site, longest + 1, answer, &a), 0);
    ck_assert_int_eq(flr_context_register_aux(NULL, "topic", answer, &a), FLR_E_INVAL);
    ck_assert_int_eq(flr_context_register_aux(f.context, "topic", answer, &a), 0);
    ck_assert_int_eq(flr__aux_register(site, "topic", answer, &b), FLR_E_EXISTS);
    add_peer(f.request, "site-1", "job");
    process(&f, "topic", f.request);
    ck_assert_int_eq(flr_context_register_aux(flr_context_get_peer(f.context), "other", answer, &a),
                     FLR_E_STATE);
    ck_assert_int_eq(flr__aux_unregister(site, "topic"), 0);
    ck_assert_int_eq(flr__aux_unregister(site, "topic"), FLR_E_NOTFOUND);
    ck_assert_int_eq(flr__aux_unregister(site, ""), FLR_E_INVAL);
    ck_assert_int_eq(flr__aux_register(site, "topic", answer, &b), 0);
    process(&f, "topic", f.request);
    ck_assert_int_eq(a.calls, 1);
    ck_assert_int_eq(b.calls, 1);
    end(&f);
}
END_TEST

/* ---- sending ---- */

typedef struct completion {
    int calls;
    char codes[64];
} completion;

static void complete(void *self, flr_aux_send *send)
{
    completion *c = self;

    c->calls++;
    c->codes[0] = '\0';
    for (size_t i = 0; i < flr_aux_send_get_target_count(send); i++) {
        const flr_shareable *reply = flr_aux_send_get_reply(send, i);

        strcat(c->codes, reply == NULL ? "none" : flr_shareable_get_rc(reply));
        strcat(c->codes, " ");
        if (reply != NULL)
            ck_assert(flr_shareable_is_frozen(reply));
    }
}

static const flr__aux_options to_all = {NULL, 0, 10.0, false, false};

static flr_aux_send *start(fixture *f, const flr__aux_options *options, completion *c)
{
    flr_aux_send *send = NULL;

    ck_assert_int_eq(flr__aux_start(f->context, "topic", f->request, options, complete, c, &send),
                     0);
    return send;
}

static void advance(fixture *f, double seconds)
{
    ck_assert_int_eq(flr_clock_advance(f->t->clock, seconds), 0);
    flr__aux_advance(&f->t->site, flr_clock_get_now(f->t->clock));
}

START_TEST(ax_08_what_the_engine_gets)
{
    static const char *const targets[] = {"site-2", "site-3", "site-2"};
    flr__aux_options options = {targets, 3, 2.5, true, true};
    fixture f;
    completion c = {0};
    char root[64];

    begin_sending(&f);
    f.s.answer = true;
    flr__aux_drop(start(&f, &options, &c));
    ck_assert_str_eq(f.s.topic, "topic");
    ck_assert_str_eq(f.s.targets, "site-2 site-3 ");
    ck_assert_str_eq(f.s.peer_job, "job");
    ck_assert(f.s.timeout == 2.5 && f.s.ttl == 2.5);
    ck_assert(f.s.optional && f.s.secure && f.s.frozen);
    ck_assert_uint_eq(strlen(f.s.root), 32);
    ck_assert(!flr_shareable_is_frozen(f.request));
    ck_assert_ptr_null(flr_shareable_get_header(f.request, FLR_HEADER_MSG_ROOT_ID));
    ck_assert_int_eq(c.calls, 1); /* reported before returning */
    ck_assert_str_eq(c.codes, "OK OK ");
    strcpy(root, f.s.root);
    flr__aux_drop(start(&f, &to_all, &c));
    ck_assert_str_eq(f.s.targets, "site-1 site-2 ");
    ck_assert_str_ne(f.s.root, root);
    ck_assert(!f.s.optional && !f.s.secure);
    ck_assert_int_eq(flr_shareable_set_header_text(f.request, FLR_HEADER_MSG_ROOT_ID, "mine"), 0);
    ck_assert_int_eq(flr_shareable_set_header_real(f.request, FLR_HEADER_MSG_ROOT_TTL, 60.0), 0);
    flr__aux_drop(start(&f, &to_all, &c));
    ck_assert_str_eq(f.s.root, "mine");
    ck_assert(f.s.ttl == 60.0);
    ck_assert_int_eq(flr__aux_due(&f.t->site) == FLR_TIME_NONE, 1);
    end(&f);
}
END_TEST

START_TEST(ax_08_reports_later_twice_and_out_of_range)
{
    fixture f;
    completion c = {0};
    flr_aux_send *send;
    flr_shareable *reply;

    begin_sending(&f);
    f.s.keep = true;
    send = start(&f, &to_all, &c);
    ck_assert_int_eq(woken, 1);
    ck_assert_int_eq(c.calls, 0);
    ck_assert_ptr_null(flr_aux_send_get_reply(send, 0));
    report(send, 1, "TASK_UNKNOWN");
    report(send, 1, "OK");
    ck_assert_int_eq(flr_aux_send_fail(send, 1, FLR_E_IO), 0);
    ck_assert_int_eq(c.calls, 0);
    reply = reply_with("OK");
    ck_assert_int_eq(flr_aux_send_reply(send, 2, reply), FLR_E_INVAL);
    ck_assert_int_eq(flr_aux_send_reply(NULL, 0, reply), FLR_E_INVAL);
    ck_assert_int_eq(flr_aux_send_reply(send, 0, NULL), FLR_E_INVAL);
    ck_assert_int_eq(flr_aux_send_fail(send, 0, 0), FLR_E_INVAL);
    ck_assert_int_eq(flr_aux_send_fail(send, 2, FLR_E_IO), FLR_E_INVAL);
    ck_assert_int_eq(c.calls, 0);
    ck_assert(!flr_shareable_is_frozen(reply));
    ck_assert_int_eq(flr_aux_send_reply(send, 0, reply), 0);
    ck_assert(flr_shareable_is_frozen(reply));
    ck_assert_int_eq(c.calls, 1);
    ck_assert_str_eq(c.codes, "OK TASK_UNKNOWN ");
    ck_assert_ptr_eq(flr__aux_reply_of(send, 0), reply);
    report(send, 0, "ERROR"); /* too late */
    ck_assert_ptr_eq(flr__aux_reply_of(send, 0), reply);
    ck_assert_int_eq(flr__aux_code_of(send, 0), 0);
    advance(&f, 100.0);
    flr_aux_send_unref(f.s.kept[0]);
    ck_assert_int_eq(c.calls, 1);
    flr__aux_drop(send);
    flr_shareable_unref(reply);
    end(&f);
}
END_TEST

START_TEST(ax_08_failures_become_replies)
{
    static const struct {
        int code;
        const char *rc;
    } table[] = {
        {FLR_E_TIMEDOUT, "TIMEOUT "},
        {FLR_E_IO, "COMMUNICATION_ERROR "},
        {FLR_E_CALLBACK, "EXECUTION_EXCEPTION "},
        {FLR_E_DENIED, "ERROR "},
        {-20000, "ERROR "},
    };
    static const char *const targets[] = {"site-1"};
    flr__aux_options options = {targets, 1, 1.0, false, false};
    fixture f;

    begin_sending(&f);
    f.s.keep = true;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        completion c = {0};
        flr_aux_send *send = start(&f, &options, &c);

        ck_assert_int_eq(flr_aux_send_fail(f.s.kept[i], 0, table[i].code), 0);
        ck_assert_int_eq(c.calls, 1);
        ck_assert_str_eq(c.codes, table[i].rc);
        ck_assert_int_eq(flr__aux_code_of(send, 0), table[i].code);
        flr_aux_send_unref(f.s.kept[i]);
        flr__aux_drop(send);
    }
    end(&f);
}
END_TEST

START_TEST(ax_08_dropped_references_fail_what_is_unreported)
{
    fixture f;
    completion c = {0};

    begin_sending(&f);
    flr__aux_drop(start(&f, &to_all, &c)); /* no reference was taken at all */
    ck_assert_int_eq(c.calls, 1);
    ck_assert_str_eq(c.codes, "COMMUNICATION_ERROR COMMUNICATION_ERROR ");
    f.s.keep = true;
    f.s.calls = 0;
    flr__aux_drop(start(&f, &to_all, &c)); /* the library's own references do not hide it */
    flr_aux_send_ref(f.s.kept[0]);
    report(f.s.kept[0], 0, "OK");
    flr_aux_send_unref(f.s.kept[0]);
    ck_assert_int_eq(c.calls, 1);
    flr_aux_send_unref(f.s.kept[0]);
    ck_assert_int_eq(c.calls, 2);
    ck_assert_str_eq(c.codes, "OK COMMUNICATION_ERROR ");
    flr_aux_send_unref(NULL);
    ck_assert_ptr_null(flr_aux_send_ref(NULL));
    end(&f);
}
END_TEST

START_TEST(ax_08_deadlines_are_the_library_s)
{
    flr__aux_options longer = {NULL, 0, 20.0, false, false};
    fixture f;
    completion c[3] = {{0}, {0}, {0}};
    int64_t now;

    begin_sending(&f);
    f.s.keep = true;
    now = flr_clock_get_now(f.t->clock);
    ck_assert(flr__aux_due(&f.t->site) == FLR_TIME_NONE);
    flr__aux_drop(start(&f, &longer, &c[0]));
    flr__aux_drop(start(&f, &to_all, &c[1]));
    flr__aux_drop(start(&f, &longer, &c[2]));
    ck_assert_int_eq(woken, 2); /* only when it became nearer */
    ck_assert_int_eq(flr__aux_due(&f.t->site), now + INT64_C(10000000000));
    report(f.s.kept[1], 0, "OK");
    advance(&f, 9.5);
    ck_assert_int_eq(c[1].calls, 0);
    ck_assert_int_eq(flr_clock_advance(f.t->clock, 0.5), 0);
    report(f.s.kept[1], 1, "OK"); /* at the deadline: too late */
    ck_assert_int_eq(c[1].calls, 0);
    advance(&f, 0.0);
    ck_assert_int_eq(c[1].calls, 1);
    ck_assert_str_eq(c[1].codes, "OK TIMEOUT ");
    ck_assert_int_eq(flr__aux_due(&f.t->site), now + INT64_C(20000000000));
    report(f.s.kept[0], 0, "OK");
    report(f.s.kept[0], 1, "OK");
    ck_assert_int_eq(c[0].calls, 1);
    advance(&f, 10.0);
    ck_assert_int_eq(c[0].calls, 1);
    ck_assert_int_eq(c[2].calls, 1);
    ck_assert_str_eq(c[2].codes, "TIMEOUT TIMEOUT ");
    ck_assert(flr__aux_due(&f.t->site) == FLR_TIME_NONE);
    for (size_t i = 0; i < 3; i++)
        flr_aux_send_unref(f.s.kept[i]);
    ck_assert_int_eq(c[0].calls + c[1].calls + c[2].calls, 3);
    end(&f);
}
END_TEST

START_TEST(ax_08_when_the_driver_is_gone)
{
    flr__aux_options at_once = {NULL, 0, 0.0, false, false};
    fixture f;
    completion c = {0};

    begin_sending(&f);
    f.s.keep = true;
    flr__aux_drop(start(&f, &to_all, &c));
    flr__aux_close(&f.t->site);
    ck_assert_int_eq(c.calls, 1);
    ck_assert_str_eq(c.codes, "ERROR ERROR ");
    ck_assert_int_eq(flr__aux_start(f.context, "topic", f.request, &to_all, complete, &c, NULL),
                     FLR_E_STATE);
    ck_assert_int_eq(f.s.calls, 1);
    ck_assert_int_eq(flr__aux_start(f.context, "topic", f.request, &at_once, NULL, NULL, NULL), 0);
    ck_assert_int_eq(f.s.calls, 2);
    flr_aux_send_unref(f.s.kept[0]);
    flr_aux_send_unref(f.s.kept[1]);
    ck_assert_int_eq(c.calls, 1);
    end(&f);
}
END_TEST

START_TEST(ax_08_without_send_aux)
{
    fixture f;
    completion c = {0};
    flr_value *replies;

    begin(&f);
    ck_assert_int_eq(flr__aux_start(f.context, "topic", f.request, &to_all, complete, &c, NULL),
                     FLR_E_NOTSUP);
    ck_assert_int_eq(flr__aux_send_and_wait(f.context, "topic", f.request, &to_all, NULL, &replies),
                     FLR_E_NOTSUP);
    ck_assert_int_eq(c.calls, 0);
    ck_assert_uint_eq(test_site_count_lines(f.t, FLR_LOG_ERROR, "topic"), 2);
    end(&f);
}
END_TEST

START_TEST(ax_08_arguments)
{
    static const char *const targets[] = {"site-1", ""};
    flr__aux_options options = to_all;
    char longest[FLR_NAME_MAX + 2];
    flr_value *replies;
    completion c = {0};
    fixture f;

    begin_sending(&f);
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    ck_assert_int_eq(flr__aux_start(NULL, "topic", f.request, &options, complete, &c, NULL),
                     FLR_E_INVAL);
    ck_assert_int_eq(flr__aux_start(f.context, NULL, f.request, &options, complete, &c, NULL),
                     FLR_E_INVAL);
    ck_assert_int_eq(flr__aux_start(f.context, "", f.request, &options, complete, &c, NULL),
                     FLR_E_INVAL);
    ck_assert_int_eq(flr__aux_start(f.context, longest, f.request, &options, complete, &c, NULL),
                     FLR_E_LIMIT);
    ck_assert_int_eq(flr__aux_start(f.context, "topic", NULL, &options, complete, &c, NULL),
                     FLR_E_INVAL);
    ck_assert_int_eq(flr__aux_start(f.context, "topic", f.request, NULL, complete, &c, NULL),
                     FLR_E_INVAL);
    ck_assert_int_eq(flr__aux_start(f.context, "topic", f.request, &options, NULL, NULL, NULL),
                     FLR_E_INVAL);
    ck_assert_int_eq(flr__aux_send_and_wait(f.context, "topic", f.request, &options, NULL, NULL),
                     FLR_E_INVAL);
    options.timeout = -1.0;
    ck_assert_int_eq(flr__aux_start(f.context, "topic", f.request, &options, complete, &c, NULL),
                     FLR_E_INVAL);
    options.timeout = INFINITY;
    ck_assert_int_eq(
        flr__aux_send_and_wait(f.context, "topic", f.request, &options, NULL, &replies),
        FLR_E_INVAL);
    options = to_all;
    options.target_count = 1;
    ck_assert_int_eq(flr__aux_start(f.context, "topic", f.request, &options, complete, &c, NULL),
                     FLR_E_INVAL);
    options.targets = targets;
    options.target_count = 2;
    ck_assert_int_eq(flr__aux_start(f.context, "topic", f.request, &options, complete, &c, NULL),
                     FLR_E_INVAL);
    ck_assert_int_eq(f.s.calls, 0);
    options.target_count = 0; /* a list of nobody: complete at once, without the engine */
    ck_assert_int_eq(flr__aux_start(f.context, "topic", f.request, &options, complete, &c, NULL),
                     0);
    ck_assert_int_eq(c.calls, 1);
    ck_assert_int_eq(f.s.calls, 0);
    ck_assert_ptr_null(flr_aux_send_get_request(NULL));
    ck_assert_ptr_null(flr_aux_send_get_target(NULL, 0));
    ck_assert_uint_eq(flr_aux_send_get_target_count(NULL), 0);
    end(&f);
}
END_TEST

START_TEST(ax_09_nobody_waits)
{
    flr__aux_options options = {NULL, 0, 0.0, true, false};
    fixture f;
    completion c = {0};
    flr_value *replies;

    begin_sending(&f);
    f.s.keep = true;
    ck_assert_int_eq(flr__aux_start(f.context, "topic", f.request, &options, NULL, NULL, NULL), 0);
    report(f.s.kept[0], 0, "OK"); /* ignored */
    flr_aux_send_unref(f.s.kept[0]);
    f.s.keep = false;
    f.s.answer = true;
    flr__aux_drop(start(&f, &options, &c));
    ck_assert_int_eq(c.calls, 1);
    ck_assert_str_eq(c.codes, "none none ");
    replies = flr__value_nil();
    ck_assert_int_eq(
        flr__aux_send_and_wait(f.context, "topic", f.request, &options, NULL, &replies), 0);
    ck_assert_ptr_null(replies);
    ck_assert_int_eq(f.s.calls, 3);
    ck_assert_int_eq(woken, 0);
    end(&f);
}
END_TEST

START_TEST(ax_09_a_send_that_fails_as_a_whole)
{
    flr__aux_options options = to_all;
    fixture f;
    completion c = {0};
    flr_value *replies = NULL;

    begin_sending(&f);
    f.t->site.engine.log = NULL;
    f.s.status = FLR_E_IO;
    f.s.keep = true;
    ck_assert_int_eq(flr__aux_start(f.context, "topic", f.request, &options, complete, &c, NULL),
                     FLR_E_IO);
    report(f.s.kept[0], 0, "OK"); /* it is over */
    flr_aux_send_unref(f.s.kept[0]);
    f.s.keep = false;
    ck_assert_int_eq(
        flr__aux_send_and_wait(f.context, "topic", f.request, &options, NULL, &replies), FLR_E_IO);
    ck_assert_ptr_null(replies);
    options.timeout = 0.0;
    f.s.status = 3;
    ck_assert_int_eq(flr__aux_start(f.context, "topic", f.request, &options, complete, &c, NULL),
                     FLR_E_CALLBACK);
    ck_assert_int_eq(c.calls, 0);
    ck_assert(flr__aux_due(&f.t->site) == FLR_TIME_NONE);
    ck_assert_uint_eq(test_site_count(f.t, offsetof(flr_stats, engine_failures)), 3);
    end(&f);
}
END_TEST

START_TEST(ax_09_a_failing_return_fails_the_others)
{
    fixture f;
    completion c = {0};

    begin_sending(&f);
    f.s.status = FLR_E_IO;
    f.s.answer_first = 1;
    flr__aux_drop(start(&f, &to_all, &c));
    ck_assert_int_eq(c.calls, 1);
    ck_assert_str_eq(c.codes, "OK COMMUNICATION_ERROR ");
    f.s.answer = true;
    flr__aux_drop(start(&f, &to_all, &c));
    ck_assert_int_eq(c.calls, 2);
    ck_assert_str_eq(c.codes, "OK OK ");
    end(&f);
}
END_TEST

/* An engine whose self is the test site, for the log. */
static int refuse_to_send(void *self, flr_aux_send *send)
{
    (void)self;
    (void)send;
    return FLR_E_IO;
}

START_TEST(ax_09_failures_are_logged_by_importance)
{
    flr__aux_options options = {NULL, 0, 0.0, false, false};
    fixture f;

    begin(&f);
    f.t->site.engine.send_aux = refuse_to_send;
    ck_assert_int_eq(flr__aux_start(f.context, "loud", f.request, &options, NULL, NULL, NULL),
                     FLR_E_IO);
    options.optional = true;
    ck_assert_int_eq(flr__aux_start(f.context, "quiet", f.request, &options, NULL, NULL, NULL),
                     FLR_E_IO);
    ck_assert_uint_eq(test_site_count_lines(f.t, FLR_LOG_ERROR, "loud"), 1);
    ck_assert_uint_eq(test_site_count_lines(f.t, FLR_LOG_DEBUG, "quiet"), 1);
    ck_assert_uint_eq(test_site_count_lines(f.t, FLR_LOG_ERROR, "quiet"), 0);
    end(&f);
}
END_TEST

/* ---- waiting ---- */

START_TEST(ax_08_waiting_on_the_stepping_thread_is_not_supported)
{
    flr__aux_options at_once = {NULL, 0, 0.0, false, false};
    flr__host_frame frame;
    flr_value *replies;
    fixture f;

    begin_sending(&f);
    f.s.answer = true;
    flr__host_enter(&frame, FLR__HOST_STEP, &f.t->site, NULL);
    ck_assert_int_eq(flr__aux_send_and_wait(f.context, "topic", f.request, &to_all, NULL, &replies),
                     FLR_E_NOTSUP);
    ck_assert_int_eq(
        flr__aux_send_and_wait(f.context, "topic", f.request, &at_once, NULL, &replies), 0);
    flr__host_leave(&frame);
    flr__host_enter(&frame, FLR__HOST_STEP, &f, NULL); /* somebody else's run is stepped */
    ck_assert_int_eq(flr__aux_send_and_wait(f.context, "topic", f.request, &to_all, NULL, &replies),
                     0);
    flr__host_leave(&frame);
    flr_value_unref(replies);
    end(&f);
}
END_TEST

START_TEST(ax_08_waiting_gives_a_map_of_replies)
{
    fixture f;
    flr_value *replies;
    flr_shareable *reply;

    begin_sending(&f);
    f.s.answer_first = 1;
    ck_assert_int_eq(flr__aux_send_and_wait(f.context, "topic", f.request, &to_all, NULL, &replies),
                     0);
    ck_assert_uint_eq(flr_value_get_size(replies), 2);
    reply = flr_value_get_pointer(flr_map_get(replies, "site-1"), "flr_shareable");
    ck_assert_str_eq(flr_shareable_get_rc(reply), "OK");
    reply = flr_value_get_pointer(flr_map_get(replies, "site-2"), "flr_shareable");
    ck_assert_str_eq(flr_shareable_get_rc(reply), "COMMUNICATION_ERROR");
    flr_value_unref(replies);
    ck_assert_int_eq(woken, 0); /* who waits acts on the deadline */
    end(&f);
}
END_TEST

START_TEST(ax_08_waiting_is_over_before_it_begins_when_aborted)
{
    fixture f;
    flr_signal *abort_signal;
    flr_value *replies;

    begin_sending(&f);
    ck_assert_int_eq(flr_signal_new(NULL, f.t->clock, &abort_signal), 0);
    ck_assert_int_eq(flr_signal_trigger(abort_signal, NULL), 0);
    ck_assert_int_eq(
        flr__aux_send_and_wait(f.context, "topic", f.request, &to_all, abort_signal, &replies),
        FLR_E_ABORTED);
    ck_assert_int_eq(f.s.calls, 0);
    flr_signal_unref(abort_signal);
    end(&f);
}
END_TEST

/* What another thread does once the engine has got the message. */
typedef struct other {
    pthread_mutex_t lock;
    pthread_cond_t sent;
    flr_aux_send *send;
    flr_clock *clock;
    flr_signal *abort;
    int what; /* 0 report, 1 let time pass, 2 abort */
} other;

static int pass_on(void *self, flr_aux_send *send)
{
    other *o = self;

    pthread_mutex_lock(&o->lock);
    o->send = flr_aux_send_ref(send);
    pthread_cond_signal(&o->sent);
    pthread_mutex_unlock(&o->lock);
    return 0;
}

static void *act(void *arg)
{
    other *o = arg;
    flr_shareable *reply = NULL;

    pthread_mutex_lock(&o->lock);
    while (o->send == NULL)
        pthread_cond_wait(&o->sent, &o->lock);
    pthread_mutex_unlock(&o->lock);
    if (o->what == 0) {
        flr_shareable_new_reply("EMPTY_RESULT", NULL, &reply);
        flr_aux_send_reply(o->send, 0, reply);
        flr_aux_send_reply(o->send, 1, reply);
        flr_shareable_unref(reply);
        flr_aux_send_unref(o->send);
    } else if (o->what == 1) {
        flr_clock_advance(o->clock, 10.0);
    } else {
        flr_signal_trigger(o->abort, NULL);
    }
    return NULL;
}

static int wait_with(fixture *f, int what, flr_value **replies)
{
    other o = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, f->t->clock, NULL, what};
    pthread_t thread;
    int status;

    ck_assert_int_eq(flr_signal_new(NULL, f->t->clock, &o.abort), 0);
    f->t->site.engine.send_aux = pass_on;
    f->t->site.engine_self = &o;
    ck_assert_int_eq(pthread_create(&thread, NULL, act, &o), 0);
    status = flr__aux_send_and_wait(f->context, "topic", f->request, &to_all, o.abort, replies);
    pthread_join(thread, NULL);
    if (what != 0)
        flr_aux_send_unref(o.send); /* late reports and references harm nobody */
    flr_signal_unref(o.abort);
    return status;
}

START_TEST(ax_08_waiting_ends_with_the_last_report_the_deadline_or_the_abort)
{
    static const char *const expected[] = {"EMPTY_RESULT", "TIMEOUT"};
    fixture f;

    begin_sending(&f);
    for (int what = 0; what < 2; what++) {
        flr_value *replies = NULL;
        flr_shareable *reply;

        ck_assert_int_eq(wait_with(&f, what, &replies), 0);
        reply = flr_value_get_pointer(flr_map_get(replies, "site-2"), "flr_shareable");
        ck_assert_str_eq(flr_shareable_get_rc(reply), expected[what]);
        flr_value_unref(replies);
    }
    {
        flr_value *replies = NULL;

        ck_assert_int_eq(wait_with(&f, 2, &replies), FLR_E_ABORTED);
        ck_assert_ptr_null(replies);
    }
    end(&f);
}
END_TEST

/* ---- many threads ---- */

enum { RACES = 200 };

typedef struct racer {
    flr_aux_send *send;
    flr_clock *clock;
    flr__site *site;
    size_t target;
} racer;

static void *race_report(void *arg)
{
    racer *r = arg;

    flr_aux_send_fail(r->send, r->target, FLR_E_IO);
    flr_aux_send_unref(r->send);
    return NULL;
}

static void *race_clock(void *arg)
{
    racer *r = arg;

    flr_clock_advance(r->clock, 10.0);
    flr__aux_advance(r->site, flr_clock_get_now(r->clock));
    return NULL;
}

static void count_once(void *self, flr_aux_send *send)
{
    (void)send;
    atomic_fetch_add((atomic_int *)self, 1);
}

START_TEST(ax_08_done_is_called_exactly_once)
{
    fixture f;

    begin_sending(&f);
    f.s.keep = true;
    for (int i = 0; i < RACES; i++) {
        atomic_int done;
        racer r[3];
        pthread_t threads[3];

        atomic_init(&done, 0);
        f.s.calls = 0;
        ck_assert_int_eq(
            flr__aux_start(f.context, "topic", f.request, &to_all, count_once, &done, NULL), 0);
        for (size_t k = 0; k < 3; k++)
            r[k] = (racer){f.s.kept[0], f.t->clock, &f.t->site, k};
        flr_aux_send_ref(f.s.kept[0]);
        ck_assert_int_eq(pthread_create(&threads[0], NULL, race_report, &r[0]), 0);
        ck_assert_int_eq(pthread_create(&threads[1], NULL, race_report, &r[1]), 0);
        ck_assert_int_eq(pthread_create(&threads[2], NULL, race_clock, &r[2]), 0);
        for (size_t k = 0; k < 3; k++)
            pthread_join(threads[k], NULL);
        ck_assert_int_eq(atomic_load(&done), 1);
    }
    end(&f);
}
END_TEST

/* ---- the host's way ---- */

START_TEST(aux_sending_for_the_host)
{
    static const char *const targets[] = {"site-9"};
    flr_aux_options options;
    fixture f;
    completion c = {0};
    flr_value *replies;

    begin_sending(&f);
    f.s.answer = true;
    ck_assert_int_eq(flr_context_send_aux(f.context, "topic", f.request, NULL, NULL, NULL), 0);
    ck_assert_str_eq(f.s.targets, "site-1 site-2 ");
    ck_assert(f.s.timeout == 0.0 && !f.s.optional && !f.s.secure);
    flr_aux_options_init(&options, sizeof options);
    options.flags = FLR_AUX_FLAG_OPTIONAL | FLR_AUX_FLAG_SECURE;
    options.targets = targets;
    options.target_count = 1;
    options.timeout = 3.0;
    ck_assert_int_eq(flr_context_send_aux(f.context, "topic", f.request, &options, complete, &c),
                     0);
    ck_assert_int_eq(c.calls, 1);
    ck_assert_str_eq(c.codes, "OK ");
    ck_assert(f.s.optional && f.s.secure);
    ck_assert_int_eq(
        flr_context_send_aux_and_wait(f.context, "topic", f.request, &options, NULL, &replies), 0);
    ck_assert_ptr_nonnull(flr_value_get_pointer(flr_map_get(replies, "site-9"), "flr_shareable"));
    flr_value_unref(replies);
    options.flags = 4;
    ck_assert_int_eq(flr_context_send_aux(f.context, "topic", f.request, &options, complete, &c),
                     FLR_E_INVAL);
    ck_assert_int_eq(
        flr_context_send_aux_and_wait(f.context, "topic", f.request, &options, NULL, &replies),
        FLR_E_INVAL);
    end(&f);
}
END_TEST

/* ---- memory ---- */

static int exchange(void *self)
{
    fixture *f = self;
    const flr_shareable *reply;
    completion c = {0};
    answerer a = {0};
    flr_value *replies = NULL;
    flr_context *context;
    int status = flr__aux_register(&f->t->site, "topic", answer, &a);

    if (status < 0)
        return status;
    context = test_site_context(f->t);
    if (context == NULL)
        status = FLR_E_NOMEM;
    if (status == 0)
        status = flr__aux_process(&f->t->site, "site-1", "nothing", context, f->request, &reply);
    if (status == 0)
        status = flr__aux_start(context, "topic", f->request, &to_all, complete, &c, NULL);
    if (status == 0) {
        flr_aux_send_unref(f->s.kept[0]); /* this never needs memory */
        ck_assert_int_eq(c.calls, 1);
    } else {
        ck_assert_int_eq(c.calls, 0);
    }
    f->s.calls = 0;
    f->s.keep = false;
    if (status == 0)
        status = flr__aux_send_and_wait(context, "topic", f->request, &to_all, NULL, &replies);
    f->s.calls = 0;
    f->s.keep = true;
    flr_value_unref(replies);
    if (context != NULL)
        flr_context_free(context);
    flr__aux_unregister(&f->t->site, "topic");
    flr__heap_free(&f->t->site.aux.pending);
    flr__table_free(&f->t->site.aux.topics);
    flr__table_init(&f->t->site.aux.topics, f->t->site.aux.topics.match);
    return status;
}

START_TEST(aux_without_memory)
{
    const char *wrong;
    fixture f;

    ck_assert_int_eq(failalloc_install(), 0);
    begin_sending(&f);
    f.s.keep = true;
    add_peer(f.request, "site-1", "job");
    wrong = failalloc_sweep(exchange, &f, NULL);
    ck_assert_msg(wrong == NULL, "%s", wrong == NULL ? "" : wrong);
    end(&f);
    ck_assert_int_eq(failalloc_uninstall(), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("aux");
    TCase *tc = tcase_create("all");

    tcase_add_test(tc, ax_01_order_of_the_checks);
    tcase_add_test(tc, ax_01_arguments);
    tcase_add_test(tc, ax_02_peer_context_and_outcome_of_the_handler);
    tcase_add_test(tc, ax_03_every_reply_has_cookies_and_the_peer_context);
    tcase_add_test(tc, ax_03_a_frozen_reply_is_copied);
    tcase_add_test(tc, ax_07_registering);
    tcase_add_test(tc, ax_08_what_the_engine_gets);
    tcase_add_test(tc, ax_08_reports_later_twice_and_out_of_range);
    tcase_add_test(tc, ax_08_failures_become_replies);
    tcase_add_test(tc, ax_08_dropped_references_fail_what_is_unreported);
    tcase_add_test(tc, ax_08_deadlines_are_the_library_s);
    tcase_add_test(tc, ax_08_when_the_driver_is_gone);
    tcase_add_test(tc, ax_08_without_send_aux);
    tcase_add_test(tc, ax_08_arguments);
    tcase_add_test(tc, ax_09_nobody_waits);
    tcase_add_test(tc, ax_09_a_send_that_fails_as_a_whole);
    tcase_add_test(tc, ax_09_a_failing_return_fails_the_others);
    tcase_add_test(tc, ax_09_failures_are_logged_by_importance);
    tcase_add_test(tc, ax_08_waiting_on_the_stepping_thread_is_not_supported);
    tcase_add_test(tc, ax_08_waiting_gives_a_map_of_replies);
    tcase_add_test(tc, ax_08_waiting_is_over_before_it_begins_when_aborted);
    tcase_add_test(tc, ax_08_waiting_ends_with_the_last_report_the_deadline_or_the_abort);
    tcase_add_test(tc, ax_08_done_is_called_exactly_once);
    tcase_add_test(tc, aux_sending_for_the_host);
    tcase_add_test(tc, aux_without_memory);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}
