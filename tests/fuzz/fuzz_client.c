/*
 * A client's inbound paths: a stepped client whose calls are answered from the input, as frames and otherwise, with messages from outside in between. Whatever they hold, every
 * call returns and an abort ends the run.
 */
#include "fuzzinput.h"
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct world {
    fuzz_input in;
    flr_clock *clock;
    flr_client_runner *client;
    flr_context *context;
    flr_request *pending; /* answered later; NULL */
    bool over;
} world;

/* Answer a call; what the input says may be no answer at all. */
static void answer(world *w, flr_request *r)
{
    static const char *const names[] = {"train", "other", ""};
    static const int codes[] = {FLR_E_IO, FLR_E_DENIED, FLR_E_TIMEDOUT, FLR_E_NOMEM};
    char buffer[301];
    flr_shareable *message = NULL;
    flr_frame *frame = NULL;
    int kind = flr_request_get_kind(r), status = -1;
    switch (fuzz_byte(&w->in) % 4) {
    case 0:
        flr_request_fail(r, codes[fuzz_byte(&w->in) % 4]);
        return;
    case 1:
        frame = fuzz_frame(&w->in);
        if (frame != NULL)
            status = flr_request_answer_frame(r, frame);
        flr_frame_unref(frame);
        break;
    default:
        message = fuzz_message(&w->in);
        if (kind == FLR_REQUEST_TASK)
            status = flr_request_answer_task(r, fuzz_byte(&w->in) % 5,
                                             fuzz_word(&w->in, names, 3, buffer), message);
        else if (kind == FLR_REQUEST_SUBMISSION)
            status = flr_request_answer_submission(r, fuzz_byte(&w->in) % 16);
        else if (message != NULL)
            status = flr_request_answer_aux(r, message);
        flr_shareable_unref(message);
        break;
    }
    if (status < 0)
        flr_request_fail(r, FLR_E_IO);
}

static int request(void *self, flr_request *r)
{
    world *w = self;
    if (w->over || w->in.size == 0)
        return FLR_E_IO;
    uint8_t how = fuzz_byte(&w->in);
    if (how % 8 == 1)
        return FLR_E_IO;
    if (how % 8 == 2 && w->pending == NULL)
        w->pending = flr_request_ref(r);
    else if (flr_request_get_kind(r) == FLR_REQUEST_AUX && how % 2 == 0) {
        flr_shareable *ok = NULL; /* the way to the tasks */
        if (flr_shareable_new(&ok) == 0)
            flr_request_answer_aux(r, ok);
        flr_shareable_unref(ok);
    } else
        answer(w, r);
    return 0;
}

static int execute(void *self, flr_context *context, const char *task, const flr_shareable *data,
                   flr_signal *abort, flr_shareable **result)
{
    (void)self, (void)context, (void)task, (void)abort;
    return flr_shareable_copy_body(data, result);
}

static bool drive(world *w)
{
    flr_step_result result;
    flr_step_result_init(&result, sizeof result);
    int status = flr_client_runner_step(w->client, &result);
    assert(status == 0);
    return result.state == FLR_STEP_RUNNING;
}

static void take_frame(world *w)
{
    flr_frame *frame = fuzz_frame(&w->in), *reply = NULL;
    if (frame == NULL)
        return;
    int status = flr_client_runner_process_frame(w->client, "server", w->context, frame, &reply);
    assert(status == 0);
    flr_frame_unref(reply);
    flr_frame_unref(frame);
}

static void answer_pending(world *w)
{
    flr_request *r = w->pending;
    w->pending = NULL;
    if (r != NULL)
        answer(w, r);
    flr_request_unref(r);
}

static int make(world *w)
{
    flr_client_options options;
    flr_client_engine_ops engine;
    flr_executor_ops executor;
    if (flr_clock_new_manual(0, 0, &w->clock) < 0)
        return -1;
    flr_client_options_init(&options, sizeof options);
    options.clock = w->clock;
    options.flags = FLR_CLIENT_FLAG_SEEDED;
    options.log_level = FLR_LOG_CRITICAL;
    options.get_task_timeout = 30;
    options.submit_timeout = 30;
    flr_client_engine_ops_init(&engine, sizeof engine);
    engine.request = request;
    flr_executor_ops_init(&executor, sizeof executor);
    executor.execute = execute;
    if (flr_client_runner_new(&options, "job", &engine, w, &w->client) < 0 ||
        flr_client_runner_add_executor(w->client, "train", &executor, NULL) < 0)
        return -1;
    return flr_client_runner_new_context(w->client, &w->context);
}

/* An abort ends the run, whatever came before. */
static void finish(world *w)
{
    w->over = true;
    flr_request_unref(w->pending);
    w->pending = NULL;
    flr_client_runner_abort(w->client);
    for (int i = 0; drive(w); i++) {
        assert(i < 1000);
        flr_clock_advance(w->clock, 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    world w = {.in = {data, size}};
    if (make(&w) == 0) {
        bool running = drive(&w);
        while (running && w.in.size > 0) {
            switch (fuzz_byte(&w.in) % 6) {
            case 0:
                flr_clock_advance(w.clock, fuzz_byte(&w.in) / 8.0);
                break;
            case 1:
                take_frame(&w);
                break;
            case 2:
                answer_pending(&w);
                break;
            case 3:
                flr_client_runner_task_ready(w.client);
                break;
            default:
                flr_clock_advance(w.clock, 0.5);
                break;
            }
            running = drive(&w);
        }
        if (running)
            finish(&w);
        flr_request_unref(w.pending);
    }
    flr_context_free(w.context);
    flr_client_runner_free(w.client);
    flr_clock_unref(w.clock);
    return 0;
}
