/*
 * Reliable messages, both sides: a stepped run whose handler answers requests with any headers, and which sends requests that are answered by any messages, under a clock that jumps. Whatever
 * they hold, every call returns and each request that was sent is completed exactly once.
 */
#include "fuzzinput.h"
#include <assert.h>
#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SENDS 8

typedef struct world {
    fuzz_input in;
    flr_clock *clock;
    flr_runner *runner;
    flr_context *context;
    flr_shareable *request;
    int sent, done[SENDS];
} world;

static int list_clients(void *self, flr_client_list *list)
{
    (void)self;
    flr_client_list_add(list, "a", NULL);
    return flr_client_list_add(list, "b", NULL);
}

/* A message with the headers that matter here, well formed more often than not. */
static flr_shareable *make_message(fuzz_input *in)
{
    static const char *const ops[] = {"req", "query", "reply", "confirm", "cancel", ""};
    static const char *const ids[] = {"tx-0", "tx-1", "tx-2", ""};
    static const char *const statuses[] = {"in_process", "in_reply", "not_received",
                                           "replied",    "aborted",  "dup_request"};
    static const char *const codes[] = {"OK", "TOPIC_UNKNOWN", "SERVICE_UNAVAILABLE", "ERROR"};
    char buffer[301];
    flr_shareable *m = fuzz_byte(in) % 8 == 0 ? fuzz_message(in) : NULL;
    if (m == NULL && flr_shareable_new(&m) < 0)
        return NULL;
    uint8_t set = fuzz_byte(in);
    if (set & 1)
        flr_shareable_set_header_text(m, FLR_RELIABLE_HEADER_OP, fuzz_word(in, ops, 6, buffer));
    if (set & 2)
        flr_shareable_set_header_text(m, FLR_RELIABLE_HEADER_TX_ID, fuzz_word(in, ids, 4, buffer));
    if (set & 4)
        flr_shareable_set_header_text(m, FLR_RELIABLE_HEADER_TOPIC, set & 128 ? "nobody" : "echo");
    if (set & 8) {
        flr_shareable_set_header_real(m, FLR_RELIABLE_HEADER_PER_MSG_TIMEOUT,
                                      fuzz_byte(in) / 8.0 - 1.0);
        flr_shareable_set_header_real(m, FLR_RELIABLE_HEADER_TX_TIMEOUT, fuzz_byte(in) / 4.0 - 1.0);
    }
    if (set & 16)
        flr_shareable_set_header_text(m, FLR_RELIABLE_HEADER_STATUS,
                                      fuzz_word(in, statuses, 6, buffer));
    if (set & 32)
        flr_shareable_set_rc(m, codes[fuzz_byte(in) % 4]);
    return m;
}

static int send_aux(void *self, flr_aux_send *send)
{
    world *w = self;
    for (size_t i = 0; i < flr_aux_send_get_target_count(send); i++) {
        uint8_t how = fuzz_byte(&w->in);
        flr_shareable *reply = how % 4 == 0 ? NULL : make_message(&w->in);
        if (reply != NULL)
            flr_aux_send_reply(send, i, reply);
        else
            flr_aux_send_fail(send, i, how % 8 == 0 ? FLR_E_IO : FLR_E_TIMEDOUT);
        flr_shareable_unref(reply);
    }
    return 0;
}

static int echo(void *self, flr_context *context, const char *topic, const flr_shareable *request,
                flr_signal *cancel, flr_shareable **reply)
{
    world *w = self;
    (void)context, (void)topic, (void)cancel;
    return fuzz_byte(&w->in) % 8 == 0 ? FLR_E_IO : flr_shareable_copy_body(request, reply);
}

static int register_echo(void *self, const char *event, flr_context *context)
{
    (void)event;
    return flr_context_register_reliable(context, "echo", echo, self);
}

static int step(void *self, flr_context *context, int64_t now, int64_t *due, int *ended)
{
    (void)self, (void)context, (void)now, (void)due, (void)ended;
    return 0;
}

static void drive(world *w)
{
    flr_step_result result;
    flr_step_result_init(&result, sizeof result);
    flr_runner_step(w->runner, &result);
}

static void receive(world *w)
{
    const flr_shareable *reply;
    flr_value *peer = NULL;
    flr_shareable *m = make_message(&w->in);
    const char *client = fuzz_byte(&w->in) % 2 ? "a" : "b";
    const char *topic =
        fuzz_byte(&w->in) % 4 ? FLR_RELIABLE_TOPIC_REQUEST : FLR_RELIABLE_TOPIC_REPLY;
    flr_context_reset(w->context);
    if (m != NULL && flr_value_new_map(&peer) == 0 &&
        flr_map_set_text(&peer, "__run_num__", "job") == 0 &&
        flr_shareable_set_header(m, FLR_HEADER_PEER_PROPS, peer) == 0)
        peer = NULL;
    int status = flr_runner_process_aux(w->runner, client, topic, w->context, m, &reply);
    assert(status == 0 && reply != NULL);
    flr_value_unref(peer);
    flr_shareable_unref(m);
}

static void on_done(void *self, flr_shareable *reply)
{
    assert(reply != NULL);
    ++*(int *)self;
}

static void begin_send(world *w)
{
    flr_reliable_options options;
    if (w->sent == SENDS)
        return;
    flr_reliable_options_init(&options, sizeof options);
    options.per_message_timeout = 1.0 + fuzz_byte(&w->in) / 16.0;
    options.transaction_timeout = fuzz_byte(&w->in) / 4.0;
    int status = flr_context_send_reliable(w->context, "a", "echo", w->request, &options, NULL,
                                           on_done, &w->done[w->sent]);
    if (status == 0)
        w->sent++;
}

static int make(world *w)
{
    flr_controller_ops controller;
    flr_component_ops component;
    flr_engine_ops engine;
    flr_config *config = NULL;
    flr_controller_ops_init(&controller, sizeof controller);
    controller.step = step;
    flr_component_ops_init(&component, sizeof component);
    component.handle_event = register_echo;
    component.events = (const char *const[]){FLR_EVENT_START_RUN, NULL};
    flr_engine_ops_init(&engine, sizeof engine);
    engine.list_clients = list_clients;
    engine.send_aux = send_aux;
    if (flr_clock_new_manual(0, 0, &w->clock) < 0 || flr_shareable_new(&w->request) < 0 ||
        flr_config_new(&config) < 0)
        return -1;
    flr_config_set_clock(config, w->clock);
    flr_config_set_seed(config, 1);
    flr_config_set_log_level(config, FLR_LOG_CRITICAL);
    if (flr_config_add_component(config, "echo", &component, w) < 0 ||
        flr_config_add_controller(config, "wf", &controller, NULL, NULL, NULL) < 0 ||
        flr_runner_new(config, "job", &engine, w, &w->runner) < 0) {
        flr_config_free(config);
        return -1;
    }
    return flr_runner_new_context(w->runner, &w->context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    world w = {.in = {data, size}};
    if (make(&w) == 0) {
        drive(&w);
        while (w.in.size > 0) {
            switch (fuzz_byte(&w.in) % 8) {
            case 0:
                begin_send(&w);
                break;
            case 1:
                flr_clock_advance(w.clock, fuzz_byte(&w.in) / 4.0);
                break;
            case 2:
            case 3:
                drive(&w);
                break;
            default:
                receive(&w);
                break;
            }
        }
        flr_runner_abort(w.runner, 1);
        drive(&w);
        for (int i = 0; i < w.sent; i++)
            assert(w.done[i] == 1);
    }
    flr_context_free(w.context);
    flr_runner_free(w.runner);
    flr_shareable_unref(w.request);
    flr_clock_unref(w.clock);
    return 0;
}
