/* The host of clienthost.h. In step mode all happens on the test's thread; of what other threads do only the texts are shared, which the lock guards. */
#include "clienthost.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND     INT64_C(1000000000)
#define ZERO(call) ck_assert_int_eq((call), 0)

typedef struct worker {
    clienthost *host;
    char name[32];
} worker;

/* ---------------------------------------------------------------- texts */

static void append(clienthost *h, char *text, size_t size, const char *word, const char *between)
{
    pthread_mutex_lock(&h->lock);
    if (strlen(text) + strlen(word) + 2 < size) {
        strcat(text, word);
        strcat(text, between);
    }
    pthread_mutex_unlock(&h->lock);
}

void clienthost_note(clienthost *h, const char *format, ...)
{
    char word[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(word, sizeof word, format, arguments);
    va_end(arguments);
    append(h, h->trace, sizeof h->trace, word, " ");
}

void clienthost_expect(clienthost *h, const char *trace)
{
    char now[sizeof h->trace], then[sizeof h->trace];
    pthread_mutex_lock(&h->lock);
    snprintf(now, sizeof now, "%s", h->trace);
    h->trace[0] = '\0';
    pthread_mutex_unlock(&h->lock);
    size_t blank = strlen(trace) > 0 && trace[strlen(trace) - 1] != ' ';
    snprintf(then, sizeof then, "%s%s", trace, blank ? " " : "");
    ck_assert_str_eq(now, then);
}

double clienthost_now(const clienthost *h)
{
    return (double)(flr_clock_get_now(h->clock) - SECOND) / 1e9;
}

const char *clienthost_header(const flr_shareable *message, const char *key)
{
    return flr_value_get_text(flr_shareable_get_header(message, key), "-");
}

const char *clienthost_prop(const flr_context *context, const char *key)
{
    static char text[128];
    flr_value *value = NULL;
    uint32_t flags = 0;
    if (flr_context_get_prop(context, key, &value, &flags) < 0)
        return "-";
    const char *word = flr_value_get_text(value, "*");
    if (flr_value_get_kind(value) == FLR_VALUE_BOOL)
        word = flr_value_get_bool(value, 0) ? "true" : "false";
    if (flr_value_get_pointer(value, "flr_shareable") != NULL)
        word = "message";
    snprintf(text, sizeof text, "%s%s%s", word, flags & FLR_PROP_FLAG_PUBLIC ? " p" : "",
             flags & FLR_PROP_FLAG_STICKY ? " s" : "");
    flr_value_unref(value);
    return text;
}

/* ---------------------------------------------------------------- the server's answers */

static flr_value *server_props(void)
{
    flr_value *props = NULL;
    ZERO(flr_value_new_map(&props));
    ZERO(flr_map_set_text(&props, FLR_PROP_RUN_NUM, CLIENTHOST_JOB));
    ZERO(flr_map_set_text(&props, FLR_PROP_IDENTITY_NAME, "server"));
    return props;
}

static flr_shareable *task_data(const char *id)
{
    flr_shareable *data = NULL;
    flr_value *cookie = NULL;
    ZERO(flr_shareable_new(&data));
    ZERO(flr_shareable_set_header(data, FLR_HEADER_PEER_CTX, server_props()));
    ZERO(flr_shareable_set_header_text(data, FLR_HEADER_TASK_ID, id));
    ZERO(flr_shareable_set_header_text(data, FLR_HEADER_AUDIT_EVENT_ID, "audit-of-server"));
    ZERO(flr_value_new_text("wf1", &cookie));
    ZERO(flr_shareable_set_cookie(data, FLR_COOKIE_WORKFLOW, cookie));
    ZERO(flr_shareable_set_int(data, "x", 7));
    return data;
}

/* Split WORD[:A[:B]] in place; parts that are missing are "". */
static void split(char *word, const char *parts[3])
{
    for (int i = 0; i < 3; i++) {
        char *end = word + strcspn(word, ":");
        parts[i] = word;
        word = *end == ':' ? end + 1 : end;
        *end = '\0';
    }
}

static void answer_pull(clienthost *h, flr_request *r, const char *parts[3])
{
    const char *name = *parts[1] == '\0' ? "train" : parts[1];
    flr_shareable *data = NULL;
    char id[64];
    int kind = FLR_ANSWER_TASK;
    snprintf(id, sizeof id, "id-%d", h->tasks + 1);
    if (strcmp(parts[0], "task") == 0) {
        data = task_data(*parts[2] == '\0' ? id : parts[2]);
    } else if (strcmp(parts[0], "again") == 0) {
        kind = FLR_ANSWER_TRY_AGAIN;
        ZERO(flr_shareable_new(&data));
        if (*parts[1] != '\0')
            ZERO(flr_shareable_set_header_real(data, FLR_HEADER_WAIT_TIME, atof(parts[1])));
    } else if (strcmp(parts[0], "end") == 0) {
        kind = FLR_ANSWER_END_RUN;
    } else {
        ck_assert_str_eq(parts[0], "bare");
    }
    h->tasks += kind == FLR_ANSWER_TASK;
    if (data != NULL && h->on_data != NULL)
        h->on_data(h, data);
    ZERO(flr_request_answer_task(r, kind, name, data));
    flr_shareable_unref(data);
}

static void answer_aux(flr_request *r, const char *parts[3])
{
    flr_shareable *reply = NULL;
    char error[64];
    ZERO(flr_shareable_new_reply(parts[0], NULL, &reply));
    snprintf(error, sizeof error, "%s", parts[1]);
    for (char *p = error; *p != '\0'; p++)
        *p = *p == '-' ? ' ' : *p;
    if (*error != '\0')
        ZERO(flr_shareable_set_header_text(reply, FLR_HEADER_ERROR, error));
    ZERO(flr_request_answer_aux(r, reply));
    flr_shareable_unref(reply);
}

/* What the host's function returns. */
static int answer(clienthost *h, flr_request *r, const char *how)
{
    char word[128];
    const char *parts[3];
    snprintf(word, sizeof word, "%s", how);
    split(word, parts);
    if (strcmp(parts[0], "hold") == 0)
        return 0;
    if (strcmp(parts[0], "return") == 0)
        return FLR_E_IO;
    if (strcmp(parts[0], "fail") == 0 || strcmp(parts[0], "denied") == 0) {
        ZERO(flr_request_fail(r, *parts[0] == 'f' ? FLR_E_IO : FLR_E_DENIED));
        return 0;
    }
    switch (flr_request_get_kind(r)) {
    case FLR_REQUEST_TASK:
        answer_pull(h, r, parts);
        break;
    case FLR_REQUEST_SUBMISSION:
        ZERO(flr_request_answer_submission(r, *parts[1] == '\0' ? FLR_OUTCOME_ACCEPTED
                                                                : atoi(parts[1])));
        break;
    default:
        answer_aux(r, parts);
        break;
    }
    return 0;
}

void clienthost_answer(clienthost *h, clienthost_call call, const char *word)
{
    ck_assert_ptr_nonnull(h->last[call]);
    ZERO(answer(h, h->last[call], word));
}

/* The next word of a script. */
static void next_word(const char **script, const char *missing, char word[64])
{
    const char *at = *script == NULL ? "" : *script;
    size_t length = strcspn(at, " ");
    snprintf(word, 64, "%.*s", length == 0 ? (int)strlen(missing) : (int)length,
             length == 0 ? missing : at);
    if (length == 0)
        return;
    const char *rest = at + length + strspn(at + length, " ");
    if (strcmp(rest, "...") != 0)
        *script = rest;
}

/* ---------------------------------------------------------------- the host */

static clienthost_call call_of(const flr_request *r)
{
    static const struct {
        const char *topic;
        clienthost_call call;
    } topics[] = {{"__sync_runner__", CLIENTHOST_SYNC},
                  {"__job_heartbeat__", CLIENTHOST_BEAT},
                  {"__task_check__", CLIENTHOST_CHECK}};
    if (flr_request_get_kind(r) != FLR_REQUEST_AUX)
        return flr_request_get_kind(r) == FLR_REQUEST_TASK ? CLIENTHOST_PULL : CLIENTHOST_SUBMIT;
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++)
        if (strcmp(topics[i].topic, flr_request_get_topic(r)) == 0)
            return topics[i].call;
    return CLIENTHOST_AUX;
}

static void record_call(clienthost *h, clienthost_call call, const flr_request *r)
{
    const flr_shareable *message = flr_request_get_message(r);
    char word[256] = "", time[32] = "";
    if (h->without_calls || (call == CLIENTHOST_BEAT && !h->with_beats))
        return;
    if (call == CLIENTHOST_CHECK)
        snprintf(word, sizeof word, "check(%s)", clienthost_header(message, FLR_HEADER_TASK_ID));
    else if (call == CLIENTHOST_SUBMIT)
        snprintf(word, sizeof word, "submit(%s,%s,%s)", flr_request_get_task_name(r),
                 flr_request_get_task_id(r), flr_shareable_get_rc(message));
    else if (call == CLIENTHOST_AUX)
        snprintf(word, sizeof word, "aux(%s)", flr_request_get_topic(r));
    else
        snprintf(word, sizeof word, "%s",
                 call == CLIENTHOST_SYNC   ? "sync"
                 : call == CLIENTHOST_BEAT ? "beat"
                                           : "pull");
    if (h->with_times)
        snprintf(time, sizeof time, "@%g", clienthost_now(h));
    clienthost_note(h, "%s%s", word, time);
}

static int request(void *self, flr_request *r)
{
    static const char *const usual[] = {"OK", "OK", "OK", "end", "ok", "OK"};
    clienthost *h = self;
    clienthost_call call = call_of(r);
    flr_request *before = h->last[call];
    char word[64];
    record_call(h, call, r);
    h->last[call] = flr_request_ref(r);
    flr_request_unref(before);
    next_word(&h->script[call], usual[call], word);
    if (h->on_request != NULL)
        h->on_request(h, call, r);
    return answer(h, r, word);
}

static int audit(void *self, const flr_audit_record *record)
{
    clienthost *h = self;
    char line[512];
    snprintf(line, sizeof line, "%s|%s|%s|%s", flr_audit_record_get_message(record),
             flr_audit_record_get_reference(record), flr_audit_record_get_task_name(record),
             flr_audit_record_get_id(record));
    append(h, h->audit, sizeof h->audit, line, "\n");
    if (h->with_audit)
        clienthost_note(h, "audit");
    return 0;
}

static void take_log(void *self, int level, const char *line)
{
    clienthost *h = self;
    (void)level;
    append(h, h->log, sizeof h->log, line, "\n");
}

static void wakeup(void *self)
{
    clienthost *h = self;
    pthread_mutex_lock(&h->lock);
    h->wakeups++;
    pthread_mutex_unlock(&h->lock);
}

static int hear(void *self, const char *event, flr_context *context)
{
    clienthost *h = self;
    if (strstr(event, "_log_available") != NULL)
        return 0;
    if (!h->without_events)
        clienthost_note(h, "%s", event);
    return h->on_event == NULL ? 0 : h->on_event(h, event, context);
}

static void count_destroyed(void *self)
{
    ((clienthost *)self)->destroyed++;
}

static void drop_worker(void *self)
{
    ((worker *)self)->host->destroyed++;
    free(self);
}

flr_shareable *clienthost_result(int64_t number)
{
    flr_shareable *result = NULL;
    ZERO(flr_shareable_new(&result));
    ZERO(flr_shareable_set_int(result, "y", number));
    return result;
}

static flr_shareable *usual_result(const flr_shareable *data)
{
    return clienthost_result(2 * flr_value_get_int(flr_shareable_get(data, "x"), 0));
}

static int execute(void *self, flr_context *context, const char *name, const flr_shareable *data,
                   flr_signal *abort, flr_shareable **result)
{
    worker *w = self;
    clienthost_note(w->host, "%s(%s)", w->name, name);
    if (w->host->on_execute != NULL)
        return w->host->on_execute(w->host, context, data, abort, result);
    *result = usual_result(data);
    return 0;
}

static int start(void *self, flr_context *context, flr_execution *execution)
{
    worker *w = self;
    flr_shareable *result = NULL;
    clienthost_note(w->host, "%s(%s)", w->name, flr_execution_get_task_name(execution));
    if (w->host->on_execute != NULL) {
        int status = w->host->on_execute(w->host, context, flr_execution_get_data(execution),
                                         flr_execution_get_abort_signal(execution), &result);
        if (status != CLIENTHOST_LATER)
            flr_execution_finish(execution, status, result);
        flr_shareable_unref(result);
        if (status != CLIENTHOST_LATER)
            return 0;
    }
    w->host->execution = flr_execution_ref(execution);
    return 0;
}

/* ---------------------------------------------------------------- making it */

clienthost *clienthost_new(const char *pulls)
{
    clienthost *h = calloc(1, sizeof *h);
    ck_assert_ptr_nonnull(h);
    pthread_mutex_init(&h->lock, NULL);
    ZERO(flr_clock_new_manual(SECOND, SECOND, &h->clock));
    flr_client_options_init(&h->options, sizeof h->options);
    h->options.clock = h->clock;
    h->options.flags = FLR_CLIENT_FLAG_SEEDED;
    h->options.identity = "site-1";
    h->script[CLIENTHOST_PULL] = pulls;
    flr_step_result_init(&h->result, sizeof h->result);
    return h;
}

void clienthost_make(clienthost *h)
{
    flr_client_engine_ops engine;
    flr_component_ops ears;
    flr_client_engine_ops_init(&engine, sizeof engine);
    engine.request = request;
    engine.audit = audit;
    engine.log = take_log;
    engine.wakeup = h->with_wakeup ? wakeup : NULL;
    ZERO(flr_client_runner_new(&h->options, CLIENTHOST_JOB, &engine, h, &h->client));
    flr_component_ops_init(&ears, sizeof ears);
    ears.handle_event = hear;
    ears.destroy = count_destroyed;
    ZERO(flr_client_runner_add_component(h->client, "ears", &ears, h));
    h->given++;
    ZERO(flr_client_runner_new_context(h->client, &h->context));
}

clienthost *clienthost_usual(const char *pulls)
{
    clienthost *h = clienthost_new(pulls);
    clienthost_make(h);
    ZERO(clienthost_add(h, "train", "trainer", false));
    return h;
}

clienthost *clienthost_timed(const char *pulls, const char *checks, const char *submissions)
{
    clienthost *h = clienthost_usual(pulls);
    h->script[CLIENTHOST_CHECK] = checks;
    h->script[CLIENTHOST_SUBMIT] = submissions;
    h->without_events = h->with_times = true;
    return h;
}

int clienthost_add(clienthost *h, const char *task, const char *name, bool starts)
{
    flr_component_ops component;
    flr_executor_ops ops;
    worker *w = calloc(1, sizeof *w);
    ck_assert_ptr_nonnull(w);
    w->host = h;
    snprintf(w->name, sizeof w->name, "%s", name);
    flr_component_ops_init(&component, sizeof component);
    component.name = name;
    component.destroy = drop_worker;
    flr_executor_ops_init(&ops, sizeof ops);
    ops.component = &component;
    if (starts)
        ops.start = start;
    else
        ops.execute = execute;
    int status = flr_client_runner_add_executor(h->client, task, &ops, w);
    h->given += status == 0;
    if (status < 0)
        free(w);
    return status;
}

static flr_filter_ops filter_ops(clienthost *h, flr_component_ops *component,
                                 clienthost_filter process)
{
    flr_filter_ops ops;
    flr_component_ops_init(component, sizeof *component);
    component->destroy = count_destroyed;
    flr_filter_ops_init(&ops, sizeof ops);
    ops.component = component;
    ops.process = process;
    h->given++;
    return ops;
}

void clienthost_filter_data(clienthost *h, clienthost_filter process)
{
    flr_component_ops component;
    flr_filter_ops ops = filter_ops(h, &component, process);
    ZERO(flr_client_runner_add_data_filter(h->client, "*", &ops, h));
}

void clienthost_filter_result(clienthost *h, clienthost_filter process)
{
    flr_component_ops component;
    flr_filter_ops ops = filter_ops(h, &component, process);
    ZERO(flr_client_runner_add_result_filter(h->client, "*", &ops, h));
}

int clienthost_pass(void *self, flr_context *context, flr_shareable *message,
                    flr_shareable **output)
{
    (void)context;
    clienthost_note(self, "filter");
    *output = flr_shareable_ref(message);
    return 0;
}

void clienthost_free(clienthost *h)
{
    for (int i = 0; i < CLIENTHOST_CALLS; i++)
        flr_request_unref(h->last[i]);
    flr_execution_unref(h->execution);
    flr_context_free(h->context);
    flr_client_runner_free(h->client);
    flr_clock_unref(h->clock);
    ck_assert_int_eq(h->destroyed, h->given);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

/* ---------------------------------------------------------------- driving it */

bool clienthost_step(clienthost *h)
{
    do {
        flr_step_result_init(&h->result, sizeof h->result);
        ZERO(flr_client_runner_step(h->client, &h->result));
    } while (h->result.state == FLR_STEP_RUNNING && h->result.wait_ns == 0);
    return h->result.state == FLR_STEP_RUNNING;
}

bool clienthost_advance(clienthost *h, double seconds)
{
    int64_t end = flr_clock_get_now(h->clock) + (int64_t)(seconds * 1e9 + 0.5);
    while (clienthost_step(h)) {
        int64_t now = flr_clock_get_now(h->clock), wait = h->result.wait_ns;
        if (now == end)
            return true;
        ZERO(flr_clock_advance_to(h->clock, wait < 0 || wait > end - now ? end : now + wait));
    }
    return false;
}

int clienthost_finish(clienthost *h)
{
    for (int turn = 0; clienthost_step(h); turn++) {
        ck_assert_msg(turn < 1000, "it does not end");
        ck_assert_msg(h->result.wait_ns > 0, "it waits for ever");
        ZERO(flr_clock_advance_to(h->clock, flr_clock_get_now(h->clock) + h->result.wait_ns));
    }
    return h->result.result;
}

void clienthost_finish_task(clienthost *h, int status)
{
    flr_execution *x = h->execution;
    ck_assert_ptr_nonnull(x);
    flr_shareable *result = status < 0 ? NULL : usual_result(flr_execution_get_data(x));
    h->execution = NULL;
    ZERO(flr_execution_finish(x, status, result));
    flr_shareable_unref(result);
    flr_execution_unref(x);
}

const char *clienthost_aux(clienthost *h, const char *topic)
{
    const flr_shareable *reply = NULL;
    flr_shareable *message = NULL;
    ZERO(flr_shareable_new(&message));
    ZERO(flr_shareable_set_header(message, FLR_HEADER_PEER_PROPS, server_props()));
    ZERO(flr_context_reset(h->context));
    ZERO(flr_client_runner_process_aux(h->client, "server", topic, h->context, message, &reply));
    flr_shareable_unref(message);
    return flr_shareable_get_rc(reply);
}

flr_client_stats clienthost_stats(const clienthost *h)
{
    flr_client_stats stats;
    flr_client_stats_init(&stats, sizeof stats);
    ZERO(flr_client_runner_get_stats(h->client, &stats));
    return stats;
}

void clienthost_expect_counts(clienthost *h, uint64_t delivered, uint64_t dropped, uint64_t retries)
{
    flr_client_stats stats = clienthost_stats(h);
    ck_assert_uint_eq(stats.delivered, delivered);
    ck_assert_uint_eq(stats.dropped, dropped);
    ck_assert_uint_eq(stats.submit_retries, retries);
    ck_assert_int_eq(strstr(h->log, "was not delivered") != NULL, dropped > 0);
}

const flr_shareable *clienthost_submitted(const clienthost *h)
{
    return flr_request_get_message(h->last[CLIENTHOST_SUBMIT]);
}
