/*
 * The host of tests/support/oomclient.h. What is counted on several threads is atomic; the rest belongs to the loop's calls or to the test's thread.
 */
#include "oomclient.h"
#include "failalloc.h"

#include <stdio.h>
#include <string.h>

#define NOT_TWO (FLR_E_HOST - 7) /* what an executor of the test says */

/* ---------------------------------------------------------------- the server */

static int reply_aux(oomclient *s, flr_request *r, const char *rc, const char *status)
{
    flr_shareable *reply = NULL;
    flr_frame *frame = NULL;
    flr_envelope e;
    int code = flr_shareable_new_reply(rc, NULL, &reply);
    if (code == 0 && status != NULL)
        code = flr_shareable_set_header_text(reply, FLR_RELIABLE_HEADER_STATUS, status);
    if (code == 0 && !s->frames)
        code = flr_request_answer_aux(r, reply);
    if (code == 0 && s->frames) {
        flr_envelope_init(&e, sizeof e);
        e.kind = FLR_FRAME_AUX_REPLY;
        e.id = 1;
        e.message = reply;
        code = flr_frame_encode(&e, &frame);
        if (code == 0)
            code = flr_request_answer_frame(r, frame);
        flr_frame_unref(frame);
    }
    flr_shareable_unref(reply);
    return code;
}

static oomclient_task *task_of(oomclient *s, const char *id)
{
    for (int i = 0; i < OOMCLIENT_TASKS; i++)
        if (strcmp(s->tasks[i].id, id) == 0)
            return &s->tasks[i];
    return NULL;
}

static const char *header(const flr_shareable *message, const char *key)
{
    return flr_value_get_text(flr_shareable_get_header(message, key), "");
}

static int answer_aux(oomclient *s, flr_request *r)
{
    const char *topic = flr_request_get_topic(r);
    const flr_shareable *message = flr_request_get_message(r);
    if (strcmp(topic, "__job_heartbeat__") == 0)
        atomic_fetch_add(&s->heartbeats, 1);
    if (strcmp(topic, "__task_check__") == 0) {
        const oomclient_task *t = task_of(s, header(message, FLR_HEADER_TASK_ID));
        return reply_aux(s, r, t == NULL || t->accepted ? FLR_RC_TASK_UNKNOWN : FLR_RC_OK, NULL);
    }
    if (strcmp(topic, FLR_RELIABLE_TOPIC_REPLY) == 0)
        atomic_fetch_add(&s->pushed, 1);
    if (strcmp(topic, FLR_RELIABLE_TOPIC_REQUEST) == 0) {
        const char *op = header(message, FLR_RELIABLE_HEADER_OP);
        if (strcmp(op, FLR_RELIABLE_OP_REQUEST) == 0)
            return reply_aux(s, r, FLR_RC_OK, FLR_RELIABLE_STATUS_IN_PROCESS);
        if (strcmp(op, FLR_RELIABLE_OP_QUERY) == 0)
            return reply_aux(s, r, "DONE", NULL);
    }
    return reply_aux(s, r, FLR_RC_OK, NULL);
}

static int make_props(flr_value **props)
{
    int status = flr_value_new_map(props);
    if (status == 0)
        status = flr_map_set_text(props, FLR_PROP_RUN_NUM, "job-1");
    if (status < 0) {
        flr_value_unref(*props);
        *props = NULL;
    }
    return status;
}

/* [give always] */
static int set_props(flr_shareable *message, const char *key, flr_value *props)
{
    int status = flr_shareable_set_header(message, key, props);
    if (status < 0)
        flr_value_unref(props);
    return status;
}

static int make_data(const oomclient_task *t, flr_shareable **data)
{
    flr_value *props = NULL, *jar = NULL;
    int status = flr_shareable_new(data);
    if (status == 0)
        status = make_props(&props);
    if (status == 0)
        status = set_props(*data, FLR_HEADER_PEER_CTX, props);
    if (status == 0)
        status = make_props(&jar);
    if (status == 0)
        status = set_props(*data, FLR_HEADER_COOKIE_JAR, jar);
    if (status == 0)
        status = flr_shareable_set_header_text(*data, FLR_HEADER_TASK_ID, t->id);
    return status == 0 ? flr_shareable_set_int(*data, "x", 35000) : status;
}

static int answer_with_frame(flr_request *r, const flr_envelope *e)
{
    flr_frame *frame = NULL;
    int status = flr_frame_encode(e, &frame);
    if (status == 0)
        status = flr_request_answer_frame(r, frame);
    flr_frame_unref(frame);
    return status;
}

static int answer_pull(oomclient *s, flr_request *r)
{
    const oomclient_task *t = NULL;
    flr_shareable *data = NULL;
    flr_envelope e;
    int status = 0;
    s->pulls++;
    for (int i = OOMCLIENT_TASKS - 1; i >= 0; i--)
        if (!s->tasks[i].accepted)
            t = &s->tasks[i];
    if (t != NULL)
        status = make_data(t, &data);
    if (status == 0 && s->frames) {
        flr_envelope_init(&e, sizeof e);
        e.kind = FLR_FRAME_TASK_ANSWER;
        e.id = 1;
        e.code = t == NULL ? FLR_ANSWER_END_RUN : FLR_ANSWER_TASK;
        e.task = t == NULL ? NULL : t->name;
        e.message = data;
        status = answer_with_frame(r, &e);
    } else if (status == 0) {
        status = t == NULL ? flr_request_answer_task(r, FLR_ANSWER_END_RUN, NULL, NULL)
                           : flr_request_answer_task(r, FLR_ANSWER_TASK, t->name, data);
    }
    flr_shareable_unref(data);
    return status;
}

/* What was taken is taken, even if the answer gets lost. */
static int answer_submission(oomclient *s, flr_request *r)
{
    const flr_shareable *result = flr_request_get_message(r);
    oomclient_task *t = task_of(s, flr_request_get_task_id(r));
    flr_envelope e;
    if (t == NULL || strcmp(flr_request_get_task_name(r), t->name) != 0)
        return FLR_E_INVAL;
    t->submissions++;
    if (!t->accepted) {
        t->accepted = true;
        snprintf(t->rc, sizeof t->rc, "%s", flr_shareable_get_rc(result));
        t->x = flr_value_get_int(flr_shareable_get(result, "x"), -1);
    }
    if (!s->frames)
        return flr_request_answer_submission(r, FLR_OUTCOME_ACCEPTED);
    flr_envelope_init(&e, sizeof e);
    e.kind = FLR_FRAME_SUBMISSION_ANSWER;
    e.id = 1;
    e.code = FLR_OUTCOME_ACCEPTED;
    return answer_with_frame(r, &e);
}

/* ---------------------------------------------------------------- the host: it passes the code of what fails */

int oomclient_answer(oomclient *s, flr_request *r)
{
    flr_frame *frame = NULL;
    int status = s->frames ? flr_request_encode(r, 1, &frame) : 0;
    flr_frame_unref(frame);
    if (status < 0)
        return status;
    switch (flr_request_get_kind(r)) {
    case FLR_REQUEST_TASK:
        return answer_pull(s, r);
    case FLR_REQUEST_SUBMISSION:
        return answer_submission(s, r);
    default:
        return answer_aux(s, r);
    }
}

int oomclient_request(void *self, flr_request *r)
{
    oomclient *s = self;
    atomic_fetch_add(&s->requests, 1);
    if (flr_request_get_kind(r) == s->hold && s->held == NULL) {
        s->held = flr_request_ref(r);
        return 0;
    }
    return oomclient_answer(s, r);
}

static int audit(void *self, const flr_audit_record *record)
{
    (void)self, (void)record;
    return 0;
}

static void take_log(void *self, int level, const char *line)
{
    (void)self, (void)level, (void)line;
}

static int make_result(const flr_shareable *data, flr_shareable **result)
{
    int status = flr_shareable_new(result);
    if (status == 0)
        status = flr_shareable_set_int(*result, "x",
                                       2 * flr_value_get_int(flr_shareable_get(data, "x"), 0));
    if (status < 0) {
        flr_shareable_unref(*result);
        *result = NULL;
    }
    return status;
}

static void on_done(void *self, flr_shareable *reply)
{
    oomclient *s = self;
    (void)reply;
    atomic_fetch_add(&s->done, 1);
}

static int train(void *self, flr_context *context, const char *name, const flr_shareable *data,
                 flr_signal *abort, flr_shareable **result)
{
    oomclient *s = self;
    flr_reliable_options options;
    int status = 0;
    (void)name, (void)abort;
    flr_reliable_options_init(&options, sizeof options);
    if (s->reliable)
        status =
            flr_context_send_reliable(context, "server", "echo", data, &options, NULL, on_done, s);
    atomic_fetch_add(&s->sent, s->reliable && status == 0);
    return status < 0 ? status : make_result(data, result);
}

static int begin_score(void *self, flr_context *context, flr_execution *execution)
{
    oomclient *s = self;
    (void)context;
    if (atomic_load(&s->execution) != NULL)
        return NOT_TWO; /* never two at once */
    atomic_store(&s->execution, flr_execution_ref(execution));
    return 0;
}

static void finish_score(oomclient *s)
{
    flr_execution *x = atomic_exchange(&s->execution, NULL);
    flr_shareable *result = NULL;
    if (x == NULL)
        return;
    int status = make_result(flr_execution_get_data(x), &result);
    flr_execution_finish(x, status, result);
    flr_shareable_unref(result);
    flr_execution_unref(x);
}

/* Makes a message of its own. */
int oomclient_replace(void *self, flr_context *context, flr_shareable *message,
                      flr_shareable **output)
{
    (void)self, (void)context;
    return flr_shareable_copy(message, NULL, output);
}

static int handle_reliable(void *self, flr_context *context, const char *topic,
                           const flr_shareable *message, flr_signal *cancel, flr_shareable **reply)
{
    oomclient *s = self;
    (void)context, (void)topic, (void)message, (void)cancel;
    atomic_fetch_add(&s->handled, 1);
    return flr_shareable_new_reply("DONE", NULL, reply);
}

int oomclient_on_start(void *self, const char *event, flr_context *context)
{
    oomclient *s = self;
    (void)event;
    return s->reliable ? flr_context_register_reliable(context, "work", handle_reliable, s) : 0;
}

void oomclient_destroy(void *self)
{
    ((oomclient *)self)->destroyed++;
}

/* ---------------------------------------------------------------- making it; 0 or a code */

int oomclient_make_parts(oomclient *s)
{
    flr_filter_ops ops;
    int status = flr_clock_new_manual(1000000000, 1000000000, &s->clock);
    flr_filter_ops_init(&ops, sizeof ops);
    ops.process = oomclient_replace;
    if (status == 0)
        status = flr_filter_new(&ops, s, &s->filter);
    if (status == 0)
        status = flr_filter_chain_new(&s->chain);
    if (status == 0)
        status = flr_filter_chain_add(s->chain, s->filter);
    if (status == 0)
        status = flr_scope_new("strict", &s->scope);
    return status == 0 ? flr_scope_add_data_filter(s->scope, FLR_FILTER_INOUT, s->filter) : status;
}

int oomclient_make_runner(oomclient *s)
{
    flr_client_options options;
    flr_client_engine_ops engine;
    flr_client_options_init(&options, sizeof options);
    options.flags = FLR_CLIENT_FLAG_SEEDED;
    options.identity = "site-1";
    options.clock = s->clock;
    options.max_sync_timeout = 1e6; /* time may pass faster than a thread runs */
    options.heartbeat_interval = 0.5;
    options.reliable_interval = 0.25;
    options.reliable_workers = 2;
    options.task_check_interval = 1.0;
    options.scopes = &s->scope;
    options.scope_count = 1;
    options.default_scope = "strict";
    flr_client_engine_ops_init(&engine, sizeof engine);
    engine.request = oomclient_request;
    engine.audit = audit;
    engine.log = take_log;
    return flr_client_runner_new(&options, "job-1", &engine, s, &s->client);
}

int oomclient_add_component(oomclient *s, const char *id)
{
    flr_component_ops ops;
    flr_component_ops_init(&ops, sizeof ops);
    ops.destroy = oomclient_destroy;
    int status = flr_client_runner_add_component(s->client, id, &ops, s);
    s->components += status == 0;
    return status;
}

int oomclient_add_executor(oomclient *s, const char *name, bool starts)
{
    flr_component_ops component;
    flr_executor_ops ops;
    flr_component_ops_init(&component, sizeof component);
    component.name = "an executor with a name of its own";
    component.destroy = oomclient_destroy;
    flr_executor_ops_init(&ops, sizeof ops);
    ops.component = &component;
    if (starts)
        ops.start = begin_score;
    else
        ops.execute = train;
    int status = flr_client_runner_add_executor(s->client, name, &ops, s);
    s->components += status == 0;
    return status;
}

static int add_info(oomclient *s)
{
    int status = flr_info_collector_new(&s->info);
    if (status < 0)
        return status;
    status =
        flr_client_runner_add_component(s->client, "info", flr_info_collector_get_ops(), s->info);
    if (status < 0) {
        flr_info_collector_free(s->info);
        s->info = NULL;
    }
    return status;
}

static int add_all(oomclient *s)
{
    int status = oomclient_add_component(s, "ears");
    if (status == 0)
        status = flr_client_runner_subscribe(s->client, "ears", FLR_EVENT_START_RUN,
                                             oomclient_on_start, s);
    if (status == 0)
        status = add_info(s);
    if (status == 0)
        status = oomclient_add_executor(s, "train", false);
    if (status == 0)
        status = oomclient_add_executor(s, "sc*", true);
    if (status == 0)
        status = flr_client_runner_add_data_filters(s->client, "*", FLR_FILTER_IN, s->chain);
    return status == 0
               ? flr_client_runner_add_result_filters(s->client, "*", FLR_FILTER_OUT, s->chain)
               : status;
}

static int label(flr_shareable *message)
{
    int status = flr_shareable_set_header_text(message, FLR_RELIABLE_HEADER_OP, "req");
    if (status == 0)
        status = flr_shareable_set_header_text(message, FLR_RELIABLE_HEADER_TX_ID, "tx-1");
    if (status == 0)
        status = flr_shareable_set_header_text(message, FLR_RELIABLE_HEADER_TOPIC, "work");
    if (status == 0)
        status = flr_shareable_set_header_real(message, FLR_RELIABLE_HEADER_PER_MSG_TIMEOUT, 2.0);
    return status == 0
               ? flr_shareable_set_header_real(message, FLR_RELIABLE_HEADER_TX_TIMEOUT, 600.0)
               : status;
}

static int make_incoming(oomclient *s)
{
    flr_value *props = NULL;
    int status = flr_shareable_new(&s->incoming);
    if (status == 0)
        status = make_props(&props);
    if (status == 0)
        status = set_props(s->incoming, FLR_HEADER_PEER_PROPS, props);
    return status == 0 ? label(s->incoming) : status;
}

int oomclient_make(oomclient *s)
{
    int status = oomclient_make_parts(s);
    if (status == 0)
        status = oomclient_make_runner(s);
    if (status == 0)
        status = add_all(s);
    if (status == 0)
        status = make_incoming(s);
    return status == 0 ? flr_client_runner_new_context(s->client, &s->context) : status;
}

void oomclient_begin(oomclient *s)
{
    s->tasks[0] = (oomclient_task){.name = "train", .id = "id-0"};
    s->tasks[1] = (oomclient_task){.name = "score", .id = "id-1"};
}

void oomclient_drop(oomclient *s)
{
    flr_request_unref(s->held);
    flr_execution_unref(atomic_load(&s->execution));
    flr_context_free(s->context);
    flr_client_runner_free(s->client);
    flr_filter_chain_unref(s->chain);
    flr_filter_unref(s->filter);
    flr_scope_unref(s->scope);
    flr_shareable_unref(s->incoming);
    flr_clock_unref(s->clock);
    ck_assert_int_eq(s->destroyed, s->components);
    ck_assert_int_eq(atomic_load(&s->done), atomic_load(&s->sent));
}

/* ---------------------------------------------------------------- running it */

void oomclient_restore_memory(oomclient *s)
{
    s->failures += failalloc_get_failures();
    failalloc_reset();
}

/* What happens on the server's side and in the host between two steps. */
void oomclient_act(oomclient *s, int turn)
{
    const flr_shareable *reply = NULL;
    if (failalloc_get_failures() > 0 && ++s->without == OOMCLIENT_COME_BACK)
        oomclient_restore_memory(s);
    if (turn % 5 == 4)
        finish_score(s);
    if (!s->reliable || s->acked || turn < 2)
        return;
    flr_context_reset(s->context);
    int status = flr_client_runner_process_aux(s->client, "server", FLR_RELIABLE_TOPIC_REQUEST,
                                               s->context, s->incoming, &reply);
    s->acked = status == 0 && strcmp(flr_shareable_get_rc(reply), FLR_RC_HANDLER_EXCEPTION) != 0;
}

int oomclient_play(oomclient *s)
{
    for (int turn = 0; turn < 2000; turn++) {
        flr_step_result result;
        flr_step_result_init(&result, sizeof result);
        int status = flr_client_runner_step(s->client, &result);
        if (status == FLR_E_NOMEM) { /* the first one: nothing has happened */
            ck_assert_int_eq(atomic_load(&s->requests), 0);
            oomclient_restore_memory(s);
            continue;
        }
        if (status < 0 || result.state == FLR_STEP_ENDED)
            return status < 0 ? status : result.result;
        oomclient_act(s, turn);
        flr_clock_advance(s->clock, 0.25);
    }
    ck_abort_msg("it does not end");
    return 0;
}

/* A result may say that there was no memory to make one; lost it must not be. */
void oomclient_check_tasks(const oomclient *s)
{
    static const char *const allowed[] = {FLR_RC_OK, FLR_RC_EXECUTION_EXCEPTION,
                                          FLR_RC_TASK_DATA_FILTER_ERROR,
                                          FLR_RC_TASK_RESULT_FILTER_ERROR};
    for (int i = 0; i < OOMCLIENT_TASKS; i++) {
        bool known = false;
        for (size_t k = 0; k < sizeof allowed / sizeof allowed[0]; k++)
            known = known || strcmp(s->tasks[i].rc, allowed[k]) == 0;
        ck_assert_msg(s->tasks[i].accepted && known, "task %d: \"%s\"", i, s->tasks[i].rc);
        ck_assert(strcmp(s->tasks[i].rc, FLR_RC_OK) != 0 || s->tasks[i].x == 70000);
    }
}
