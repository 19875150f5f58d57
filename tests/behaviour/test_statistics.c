/*
 * Statistics and audit through the runner: rows ST-01, ST-03, ST-04, ST-07, ST-08. (ST-02 is in
 * test_board_tasks.c, ST-06 in test_stats.c.)
 */
#include "world.h"
#include "support/suite.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static flr_collector *ask_all(world *w)
{
    flr_collector *collector;
    flr_value *pointer;
    ck_assert_int_eq(flr_collector_new(&collector), 0);
    ck_assert_int_eq(flr_context_reset(w->context), 0);
    ck_assert_int_eq(flr_value_new_pointer("flr_collector", collector, NULL, &pointer), 0);
    ck_assert_int_eq(flr_context_set_prop(w->context, FLR_PROP_STATS_COLLECTOR, pointer, 0), 0);
    ck_assert_int_eq(flr_context_fire(w->context, FLR_EVENT_GET_STATS), 0);
    return collector;
}

static const char *text_of(const flr_collector *c, const char *group, const char *key)
{
    return flr_value_get_text(flr_map_get(flr_map_get(flr_collector_get(c), group), key), "-");
}

/* ---------------------------------------------------------------- groups */

START_TEST(st_01_the_runner_sets_its_group_while_a_workflow_is_open)
{
    world *w = world_new(2);
    world_start(w);
    flr_collector *c = ask_all(w); /* not begun */
    ck_assert_uint_eq(flr_value_get_size(flr_collector_get(c)), 0);
    flr_collector_unref(c);
    world_step(w);
    c = ask_all(w);
    ck_assert_uint_eq(flr_value_get_size(flr_collector_get(c)), 1);
    ck_assert_uint_eq(flr_value_get_size(flr_map_get(flr_collector_get(c), "ServerRunner")), 3);
    ck_assert_str_eq(text_of(c, "ServerRunner", "job_id"), WORLD_JOB);
    ck_assert_str_eq(text_of(c, "ServerRunner", "status"), "started");
    ck_assert_str_eq(text_of(c, "ServerRunner", "workflow"), "wf1");
    flr_collector_unref(c);
    w->workflows[0].ended = true;
    flr_runner_wake(w->runner);
    world_step(w);
    c = ask_all(w);
    ck_assert_str_eq(text_of(c, "ServerRunner", "workflow"), "wf2");
    flr_collector_unref(c);
    ck_assert_int_eq(world_finish(w), 0);
    c = ask_all(w);
    ck_assert_uint_eq(flr_value_get_size(flr_collector_get(c)), 0);
    flr_collector_unref(c);
    world_free(w);
}
END_TEST

START_TEST(st_01_what_is_no_collector_is_a_failure_of_the_handler)
{
    world *w = world_begin(1, false);
    flr_value *v;
    world_step(w);
    ck_assert_int_eq(flr_context_reset(w->context), 0);
    ck_assert_int_eq(flr_value_new_int(7, &v), 0);
    ck_assert_int_eq(flr_context_set_prop(w->context, FLR_PROP_STATS_COLLECTOR, v, 0), 0);
    uint64_t before = world_stats(w).handler_failures;
    ck_assert_int_eq(flr_context_fire(w->context, FLR_EVENT_GET_STATS), 0);
    ck_assert_uint_eq(world_stats(w).handler_failures, before + 1);
    ck_assert_int_eq(flr_context_get(w->context, FLR_PROP_EXCEPTIONS, &v), 0);
    ck_assert_uint_eq(flr_value_get_size(v), 1);
    flr_value_unref(v);
    ck_assert_ptr_null(flr_collector_from_context(w->context));
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
}
END_TEST

/* Components that contribute: one sets a group, a later one adds to it or replaces it. */
static int contribute(void *self, const char *event, flr_context *context)
{
    const char *what = self;
    flr_value *group = NULL;
    (void)event;
    flr_collector *c = flr_collector_from_context(context);
    if (c == NULL)
        return FLR_E_INVAL;
    int status = flr_value_new_map(&group);
    if (status == 0)
        status = flr_map_set_text(&group, "by", what);
    if (status == 0)
        status = flr_map_set_int(&group, what, 1);
    if (status == 0)
        status = strcmp(what, "second") == 0 ? flr_collector_add(c, "group", group)
                                             : flr_collector_set(c, "group", group);
    flr_value_unref(group);
    return status;
}

static void add_contributor(world *w, const char *id)
{
    static const char *const events[] = {FLR_EVENT_GET_STATS, NULL};
    flr_component_ops ops;
    flr_component_ops_init(&ops, sizeof ops);
    ops.handle_event = contribute;
    ops.events = events;
    ck_assert_int_eq(flr_config_add_component(w->config, id, &ops, (void *)(uintptr_t)id), 0);
}

START_TEST(st_03_set_replaces_and_add_merges)
{
    world *w = world_new(1);
    add_contributor(w, "first");
    add_contributor(w, "second");
    if (_i == 1)
        add_contributor(w, "third"); /* sets again: what the others said is gone */
    world_start(w);
    world_step(w);
    flr_collector *c = ask_all(w);
    const flr_value *group = flr_map_get(flr_collector_get(c), "group");
    ck_assert_str_eq(text_of(c, "group", "by"),
                     _i == 1 ? "third" : "second"); /* later values win */
    ck_assert_uint_eq(flr_value_get_size(group), _i == 1 ? 2 : 3);
    ck_assert_int_eq(flr_value_get_int(flr_map_get(group, "first"), 0), _i == 1 ? 0 : 1);
    flr_collector_unref(c);
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
}
END_TEST

/* ---------------------------------------------------------------- counters */

static int64_t asked; /* nested requests of busy_request */

static int busy_request(world_workflow *wf, flr_context *context, const char *client,
                        flr_offer *offer)
{
    world *w = wf->world;
    const flr_answer *answer;
    flr_context *other;
    flr_stats inside;
    (void)offer;
    (void)context;
    flr_stats_init(&inside, sizeof inside);
    ck_assert_int_eq(flr_runner_get_stats(w->runner, &inside),
                     0); /* at any time, also in callbacks */
    ck_assert_uint_eq(inside.answer_try_busy, 0);
    ck_assert_int_eq(flr_runner_new_context(w->runner, &other), 0);
    world_peer(w, other, WORLD_JOB);
    ck_assert_int_eq(flr_runner_process_task_request(w->runner, client, other, &answer), 0);
    ck_assert_int_eq(flr_answer_get_kind(answer), FLR_ANSWER_TRY_AGAIN);
    flr_context_free(other);
    asked++;
    return 0;
}

static int fail_request(world_workflow *wf, flr_context *context, const char *client,
                        flr_offer *offer)
{
    (void)wf;
    (void)context;
    (void)client;
    (void)offer;
    return FLR_E_IO;
}

static int refuse_data(void *self, flr_context *context, flr_shareable *message,
                       flr_shareable **output)
{
    (void)context;
    *output = flr_shareable_ref(message);
    return *(int *)self;
}

static int request_at_start(world *w, const char *event, flr_context *context)
{
    const flr_answer *answer;
    flr_context *own;
    (void)context;
    if (strcmp(event, FLR_EVENT_START_WORKFLOW) != 0)
        return 0;
    ck_assert_int_eq(flr_runner_new_context(w->runner, &own), 0);
    world_peer(w, own, WORLD_JOB);
    ck_assert_int_eq(flr_runner_process_task_request(w->runner, "a", own, &answer), 0);
    flr_context_free(own);
    return 0;
}

static const flr_answer *request_as(world *w, const char *job)
{
    const flr_answer *answer;
    world_peer(w, w->context, job);
    ck_assert_int_eq(flr_runner_process_task_request(w->runner, "a", w->context, &answer), 0);
    return answer;
}

static uint64_t answers(const flr_stats *s)
{
    return s->answer_task + s->answer_try_not_started + s->answer_try_no_peer + s->answer_try_busy +
           s->answer_try_no_workflow + s->answer_try_no_task + s->answer_try_failed +
           s->answer_try_filter + s->answer_end_done + s->answer_end_job;
}

START_TEST(st_04_answers_by_kind_and_cause)
{
    int refused = 0;
    flr_filter_ops filter;
    world *w = world_new(1);
    flr_filter_ops_init(&filter, sizeof filter);
    filter.process = refuse_data;
    ck_assert_int_eq(flr_config_add_data_filter(w->config, "*", &filter, &refused), 0);
    w->on_event = request_at_start; /* no workflow is open then */
    world_start(w);
    request_as(w, WORLD_JOB); /* not started */
    world_step(w);
    request_as(w, NULL); /* no peer context */
    request_as(w, "another job");
    request_as(w, WORLD_JOB); /* no task */
    w->workflows[0].on_request = busy_request;
    request_as(w, WORLD_JOB); /* no task, and inside it: busy */
    w->workflows[0].on_request = fail_request;
    request_as(w, WORLD_JOB); /* failed */
    w->workflows[0].on_request = world_offer_train;
    request_as(w, WORLD_JOB); /* a task */
    refused = FLR_E_IO;
    request_as(w, WORLD_JOB); /* its filter fails */
    ck_assert_int_eq(world_finish(w), 0);
    request_as(w, WORLD_JOB); /* done */
    flr_stats s = world_stats(w);
    ck_assert_uint_eq(s.answer_try_not_started, 1);
    ck_assert_uint_eq(s.answer_try_no_workflow, 1);
    ck_assert_uint_eq(s.answer_try_no_peer, 1);
    ck_assert_uint_eq(s.answer_end_job, 1);
    ck_assert_uint_eq(s.answer_try_no_task, 2);
    ck_assert_uint_eq(s.answer_try_busy, 1);
    ck_assert_uint_eq(s.answer_try_failed, 1);
    ck_assert_uint_eq(s.answer_task, 1);
    ck_assert_uint_eq(s.answer_try_filter, 1);
    ck_assert_uint_eq(s.answer_end_done, 1);
    ck_assert_uint_eq(s.resends, 0);
    ck_assert_uint_eq(s.data_filter_failures, 1);
    ck_assert_uint_eq(s.communicator_failures, 1);
    ck_assert_uint_eq(answers(&s), 11); /* their sum is the number of requests answered */
    world_free(w);
}
END_TEST

static int told; /* what the communicator reports next */

static int report(world_workflow *wf, flr_context *context, const char *client, const char *task,
                  const char *id, flr_shareable *result, int *outcome)
{
    (void)wf;
    (void)context;
    (void)client;
    (void)task;
    (void)id;
    (void)result;
    *outcome = told;
    return told < 0 ? told : 0;
}

static int submit_as(world *w, const char *job, const char *cookie)
{
    flr_shareable *result;
    flr_value *v;
    int outcome = 0;
    ck_assert_int_eq(flr_shareable_new(&result), 0);
    if (cookie != NULL) {
        ck_assert_int_eq(flr_value_new_text(cookie, &v), 0);
        ck_assert_int_eq(flr_shareable_set_cookie(result, FLR_COOKIE_WORKFLOW, v), 0);
    }
    world_peer(w, w->context, job);
    ck_assert_int_eq(
        flr_runner_process_submission(w->runner, "a", w->context, "train", "x", result, &outcome),
        0);
    flr_shareable_unref(result);
    return outcome;
}

START_TEST(st_04_submissions_by_outcome)
{
    int refused = 0;
    flr_filter_ops filter;
    world *w = world_new(1);
    flr_filter_ops_init(&filter, sizeof filter);
    filter.process = refuse_data;
    ck_assert_int_eq(flr_config_add_result_filter(w->config, "*", &filter, &refused), 0);
    world_start(w);
    ck_assert_int_eq(submit_as(w, WORLD_JOB, NULL), FLR_OUTCOME_NOT_RUNNING);
    world_step(w);
    w->workflows[0].on_submission = report;
    for (told = FLR_OUTCOME_ACCEPTED; told <= FLR_OUTCOME_WRONG_TASK_NAME; told++)
        ck_assert_int_eq(submit_as(w, WORLD_JOB, "wf1"), told);
    told = FLR_OUTCOME_ACCEPTED;
    refused = FLR_E_IO; /* counts, and is delivered all the same */
    ck_assert_int_eq(submit_as(w, WORLD_JOB, NULL), FLR_OUTCOME_ACCEPTED);
    refused = 0;
    ck_assert_int_eq(submit_as(w, WORLD_JOB, "another"), FLR_OUTCOME_WRONG_WORKFLOW);
    ck_assert_int_eq(submit_as(w, "another job", NULL), FLR_OUTCOME_WRONG_JOB);
    ck_assert_int_eq(submit_as(w, NULL, NULL), FLR_OUTCOME_NO_PEER);
    told = FLR_E_IO;
    ck_assert_int_eq(submit_as(w, WORLD_JOB, NULL), FLR_OUTCOME_FAILED);
    ck_assert_int_eq(world_submit(w, "a", "train", "x", FLR_RC_UNSAFE_JOB),
                     FLR_OUTCOME_FATAL_RETURN_CODE);
    flr_stats s = world_stats(w);
    ck_assert_uint_eq(s.accepted, 2);
    ck_assert_uint_eq(s.duplicate, 1);
    ck_assert_uint_eq(s.late, 1);
    ck_assert_uint_eq(s.unknown_task, 1);
    ck_assert_uint_eq(s.wrong_client, 1);
    ck_assert_uint_eq(s.wrong_task_name, 1);
    ck_assert_uint_eq(s.wrong_workflow, 1);
    ck_assert_uint_eq(s.wrong_job, 1);
    ck_assert_uint_eq(s.no_peer, 1);
    ck_assert_uint_eq(s.not_running, 1);
    ck_assert_uint_eq(s.fatal_return_code, 1);
    ck_assert_uint_eq(s.failed, 1);
    ck_assert_uint_eq(s.result_filter_failures, 1);
    ck_assert_int_eq(world_finish(w), FLR_E_ABORTED);
    world_free(w);
}
END_TEST

static int answer_aux(void *self, flr_context *context, const char *topic,
                      const flr_shareable *request, flr_shareable **reply)
{
    const char *rc = self;
    (void)context;
    (void)topic;
    (void)request;
    return rc == NULL ? FLR_E_IO : flr_shareable_new_reply(rc, NULL, reply);
}

START_TEST(st_04_auxiliary_messages_by_result)
{
    static const char other[] = "A_CODE_OF_THE_HOST";
    world *w = world_begin(1, false);
    const flr_shareable *reply;
    flr_shareable *request;
    world_step(w);
    ck_assert_int_eq(flr_context_register_aux(w->context, "fails", answer_aux, NULL), 0);
    ck_assert_int_eq(
        flr_context_register_aux(w->context, "other", answer_aux, (void *)(uintptr_t)other), 0);
    world_aux(w, "a", "__job_heartbeat__", NULL);
    world_aux(w, "a", "__sync_runner__", NULL);
    world_aux(w, "a", "nobody's", NULL);
    world_aux(w, "a", "fails", NULL);
    world_aux(w, "a", "other", NULL);
    ck_assert_int_eq(flr_context_reset(w->context), 0);
    ck_assert_int_eq(flr_runner_process_aux(w->runner, "a", "other", w->context, NULL, &reply), 0);
    ck_assert_int_eq(flr_shareable_new(&request), 0);
    ck_assert_int_eq(flr_context_reset(w->context), 0);
    ck_assert_int_eq(flr_runner_process_aux(w->runner, "a", "other", w->context, request, &reply),
                     0);
    flr_shareable_unref(request);
    flr_stats s = world_stats(w);
    ck_assert_uint_eq(s.aux_ok, 2);
    ck_assert_uint_eq(s.aux_bad_request, 1);
    ck_assert_uint_eq(s.aux_topic_unknown, 1);
    ck_assert_uint_eq(s.aux_no_peer, 1);
    ck_assert_uint_eq(s.aux_handler_failed, 1);
    ck_assert_uint_eq(s.aux_other, 1);
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
}
END_TEST

static flr_task *schedule(world *w, flr_board *board, double timeout)
{
    flr_task_options options;
    flr_shareable *payload;
    flr_task *task;
    ck_assert_int_eq(flr_shareable_new(&payload), 0);
    flr_task_options_init(&options, sizeof options);
    options.name = "train";
    options.payload = payload;
    options.timeout = timeout;
    ck_assert_int_eq(flr_task_new(&options, &task), 0);
    flr_shareable_unref(payload);
    ck_assert_int_eq(flr_board_broadcast(board, task, NULL, w->context), 0);
    return task;
}

static flr_board *found;

static int find_board(world_workflow *wf, flr_context *context)
{
    (void)wf;
    return flr_context_get_board(context, &found);
}

START_TEST(st_04_tasks_by_final_status_and_resends)
{
    world *w = world_new(1);
    flr_task *tasks[3];
    w->workflows[0].with_board = true;
    w->workflows[0].on_start = find_board;
    world_start(w);
    world_step(w);
    tasks[0] = schedule(w, found, 5.0);
    tasks[1] = schedule(w, found, 0.0);
    tasks[2] = schedule(w, found, 0.0);
    ck_assert_int_eq(flr_answer_get_kind(request_as(w, WORLD_JOB)), FLR_ANSWER_TASK);
    ck_assert_int_eq(flr_answer_get_kind(request_as(w, WORLD_JOB)),
                     FLR_ANSWER_TASK); /* the same again */
    world_advance(w, 5.0);
    ck_assert_int_eq(flr_task_cancel(tasks[1], 0), 0);
    ck_assert_int_eq(flr_task_cancel(tasks[2], FLR_TASK_OK), 0);
    flr_stats s = world_stats(w);
    ck_assert_uint_eq(s.tasks_scheduled, 3);
    ck_assert_uint_eq(s.tasks_timeout, 1);
    ck_assert_uint_eq(s.tasks_cancelled, 1);
    ck_assert_uint_eq(s.tasks_ok, 1);
    ck_assert_uint_eq(s.tasks_error + s.tasks_aborted + s.tasks_client_dead, 0);
    ck_assert_uint_eq(s.answer_task, 2);
    ck_assert_uint_eq(s.resends, 1);
    for (int i = 0; i < 3; i++)
        flr_task_unref(tasks[i]);
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
}
END_TEST

START_TEST(st_04_failures_clients_and_states)
{
    world *w = world_new(1);
    ck_assert_int_eq(flr_config_set_dead_client_grace_period(w->config, 1.0), 0);
    world_start(w);
    world_step(w);
    ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, "a"), 0);
    ck_assert_int_eq(flr_runner_handle_dead_job(w->runner, "a"), 0); /* discarded */
    world_advance(w, 1.0);
    world_request(w, "a");
    w->persist_status = FLR_E_IO;
    ck_assert_int_eq(flr_runner_persist(w->runner), FLR_E_IO);
    w->persist_status = 0;
    w->workflows[0].stop_status = FLR_E_IO;
    w->workflows[0].finalize_status = FLR_E_IO;
    ck_assert_int_eq(world_finish(w), 0);
    flr_stats s = world_stats(w);
    ck_assert_uint_eq(s.dead_reports, 1);
    ck_assert_uint_eq(s.disconnections, 1);
    ck_assert_uint_eq(s.reconnections, 1);
    ck_assert_uint_eq(s.persists, 2);
    ck_assert_uint_eq(s.engine_failures, 1);
    ck_assert_uint_eq(s.controller_failures, 1);
    ck_assert_uint_eq(s.communicator_failures, 1);
    world_free(w);
}
END_TEST

/* A callback that does not return until the test's thread has its counters. */
static atomic_int let_go;

static int linger(world_workflow *wf, flr_context *context, const char *client, flr_offer *offer)
{
    (void)context;
    (void)client;
    (void)offer;
    world_note(wf->world, "inside");
    pthread_mutex_lock(&wf->world->lock);
    while (atomic_load(&let_go) == 0)
        pthread_cond_wait(&wf->world->changed, &wf->world->lock);
    pthread_mutex_unlock(&wf->world->lock);
    return 0;
}

static void *request_thread(void *self)
{
    world *w = self;
    const flr_answer *answer;
    flr_context *context = NULL;
    int status = flr_runner_new_context(w->runner, &context);
    if (status == 0) {
        world_peer(w, context, WORLD_JOB);
        status = flr_runner_process_task_request(w->runner, "a", context, &answer);
    }
    flr_context_free(context);
    return status == 0 ? NULL : self;
}

START_TEST(st_04_does_not_wait_for_host_code)
{
    pthread_t thread;
    void *failed;
    world *w = world_new(1);
    w->serial = true;
    world_start(w);
    world_step(w);
    atomic_store(&let_go, 0);
    w->workflows[0].on_request = linger;
    ck_assert_int_eq(pthread_create(&thread, NULL, request_thread, w), 0);
    world_await(w, "inside", 1);
    ck_assert_uint_eq(world_stats(w).answer_try_no_task, 0); /* the communicator is in use */
    pthread_mutex_lock(&w->lock);
    atomic_store(&let_go, 1);
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    pthread_join(thread, &failed);
    ck_assert_ptr_null(failed);
    ck_assert_uint_eq(world_stats(w).answer_try_no_task, 1);
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
}
END_TEST

/* ---------------------------------------------------------------- audit */

static bool is_id(const char *text)
{
    return strlen(text) == 32 && strspn(text, "0123456789abcdef") == 32;
}

START_TEST(st_07_lines_of_a_task_and_its_result)
{
    char expected[256], id[40];
    world *w = world_new(1);
    w->with_audit = true;
    w->workflows[0].on_request = world_offer_train;
    world_start(w);
    world_step(w);
    const flr_answer *answer = world_request(w, "a");
    snprintf(
        id, sizeof id, "%s",
        flr_value_get_text(
            flr_shareable_get_header(flr_answer_get_data(answer), FLR_HEADER_AUDIT_EVENT_ID), "-"));
    ck_assert(is_id(id));
    snprintf(
        expected, sizeof expected,
        "[E:%s][T:2026-01-02T03:04:05.000000Z][S:?][J:job-1][A:train#id-a]sent task to client \"a\"\n",
        id);
    ck_assert_str_eq(w->audit, expected);
    w->audit[0] = '\0';
    flr_shareable *result;
    ck_assert_int_eq(flr_shareable_new(&result), 0);
    ck_assert_int_eq(flr_shareable_set_header_text(result, FLR_HEADER_AUDIT_EVENT_ID, id), 0);
    ck_assert_int_eq(world_submit_message(w, "a", "train", "id-a", result), FLR_OUTCOME_ACCEPTED);
    flr_shareable_unref(result);
    snprintf(
        expected, sizeof expected,
        "][R:%s][T:2026-01-02T03:04:05.000000Z][S:?][J:job-1][A:train#id-a]received result from client 'a'\n",
        id);
    ck_assert_str_eq(w->audit + strlen("[E:") + 32, expected);
    ck_assert_int_ne(strncmp(w->audit + 3, id, 32), 0);
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
}
END_TEST

START_TEST(st_08_without_auditor_or_with_one_that_fails_the_id_is_empty)
{
    world *w = world_new(1);
    w->with_audit = _i == 1;
    w->audit_status = _i == 1 ? FLR_E_IO : 0;
    w->workflows[0].on_request = world_offer_train;
    world_start(w);
    world_step(w);
    const flr_answer *answer = world_request(w, "a");
    ck_assert_int_eq(flr_answer_get_kind(answer), FLR_ANSWER_TASK);
    ck_assert_str_eq(
        flr_value_get_text(
            flr_shareable_get_header(flr_answer_get_data(answer), FLR_HEADER_AUDIT_EVENT_ID), "-"),
        "");
    ck_assert_int_eq(world_submit(w, "a", "train", "id-a", NULL), FLR_OUTCOME_ACCEPTED);
    ck_assert_int_eq(world_finish(w), 0);
    world_free(w);
}
END_TEST

START_TEST(st_08_ids_come_from_the_seed)
{
    char first[40] = "";
    for (int turn = 0; turn < 2; turn++) {
        world *w = world_new(1);
        char id[33];
        w->with_audit = true;
        world_start(w);
        ck_assert_int_eq(flr_context_audit(w->context, NULL, "something", id), 0);
        ck_assert(is_id(id));
        if (turn == 0)
            snprintf(first, sizeof first, "%s", id);
        ck_assert_str_eq(id, first);
        ck_assert_int_eq(world_finish(w), 0);
        world_free(w);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("statistics");
    TCase *tests = tcase_create("ST");
    tcase_add_test(tests, st_01_the_runner_sets_its_group_while_a_workflow_is_open);
    tcase_add_test(tests, st_01_what_is_no_collector_is_a_failure_of_the_handler);
    tcase_add_loop_test(tests, st_03_set_replaces_and_add_merges, 0, 2);
    tcase_add_test(tests, st_04_answers_by_kind_and_cause);
    tcase_add_test(tests, st_04_submissions_by_outcome);
    tcase_add_test(tests, st_04_auxiliary_messages_by_result);
    tcase_add_test(tests, st_04_tasks_by_final_status_and_resends);
    tcase_add_test(tests, st_04_failures_clients_and_states);
    tcase_add_test(tests, st_04_does_not_wait_for_host_code);
    tcase_add_test(tests, st_07_lines_of_a_task_and_its_result);
    tcase_add_loop_test(tests, st_08_without_auditor_or_with_one_that_fails_the_id_is_empty, 0, 2);
    tcase_add_test(tests, st_08_ids_come_from_the_seed);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
