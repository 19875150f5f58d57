/**
 * @file flrunner.h
 * libflrunner: the server of a federated-learning system as an embeddable library. This header includes all others.
 *
 * Begin with runner.h (configuration, the runner), engine.h (what the host supplies), workflows.h (ready-made workflows) and local.h (a
 * federation in one process).
 */
#ifndef FLRUNNER_H
#define FLRUNNER_H

#include <flrunner/aux.h>
#include <flrunner/base.h>
#include <flrunner/blob.h>
#include <flrunner/board.h>
#include <flrunner/client_runner.h>
#include <flrunner/clock.h>
#include <flrunner/communicator.h>
#include <flrunner/component.h>
#include <flrunner/context.h>
#include <flrunner/controller.h>
#include <flrunner/engine.h>
#include <flrunner/event.h>
#include <flrunner/filter.h>
#include <flrunner/local.h>
#include <flrunner/log.h>
#include <flrunner/reliable.h>
#include <flrunner/runner.h>
#include <flrunner/shareable.h>
#include <flrunner/signal.h>
#include <flrunner/snapshot.h>
#include <flrunner/stats.h>
#include <flrunner/step.h>
#include <flrunner/value.h>
#include <flrunner/wire.h>
#include <flrunner/workflows.h>

#endif
