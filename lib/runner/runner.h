/*
 * The server runner from inside: what its parts share, and what the board may ask of it.
 */
#ifndef FLR_LIB_RUNNER_H
#define FLR_LIB_RUNNER_H

#include "base/wait.h"
#include "fl/context.h"
#include "fl/site.h"
#include "runner/clients.h"
#include "runner/workflow.h"
#include <flrunner/runner.h>

#define FLR__COUNTER(name) offsetof(flr_stats, name)

/* ---- what the board uses ---- */
flr__site *flr__runner_site(flr_runner *r);
flr__clients *flr__runner_clients(flr_runner *r);
const uint8_t *flr__runner_secret(const flr_runner *r); /* 16 bytes */
bool flr__runner_is_aborted(const flr_runner *r);       /* the run's abort signal is triggered */
int64_t flr__runner_lead_time(const flr_runner *r); /* dead_client_check_lead_time, nanoseconds */
uint64_t flr__runner_begun(const flr_runner *r); /* the number of begun runs, with those before a restore */
int64_t flr__runner_heartbeat_timeout(const flr_runner *r); /* nanoseconds; 0: off */
flr_workflow *
flr__runner_workflow(flr_runner *r); /* between its initialize_run and finalize_run; else NULL */
bool flr__runner_gate_is_open(const flr_runner *r);
/* LC-31: ask the engine for its clients and replace the known set (at each SNAPSHOT). Not under a lock. */
int flr__runner_list_clients(flr_runner *r);
/* A nearer deadline: the driver (or `wakeup`) must come at `at`. Not under a lock. */
void flr__runner_due(flr_runner *r, int64_t at);
/* Callbacks wait to be made by the driver: it comes now. Not under a lock. */
void flr__runner_kick(flr_runner *r);
/* A task of the open workflow has ended, its task_done has returned: the controller is stepped. Not under a lock. */
void flr__runner_task_ended(flr_runner *r);
/* engine.task_ready, if there is one; client NULL: everybody. Not under a lock. */
void flr__runner_task_ready(flr_runner *r, const char *client);
/* Add to a counter: FLR__COUNTER(tasks_ok). Any thread, also under locks of lower rank. */
void flr__runner_count(flr_runner *r, size_t counter);
/*
 * Every entry into the library decides what is due first (general rules: Time): for each instant silent clients, disconnections, policy,
 * tasks. Not under a lock.
 */
void flr__runner_decide(flr_runner *r, int64_t now);
/* It goes on where a saved state ends: clients may hold tasks of the process before. */
bool flr__runner_is_restored(const flr_runner *r);

#endif
