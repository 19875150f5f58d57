/**
 * @file log.h
 * Log levels. The engine's log member is the sink (engine.h); components write through their context
 * (flr_context_log in context.h). Below the configured level nothing is formatted.
 */
#ifndef FLRUNNER_LOG_H
#define FLRUNNER_LOG_H

#include <flrunner/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FLR_LOG_DEBUG 10
#define FLR_LOG_INFO 20
#define FLR_LOG_WARNING 30
#define FLR_LOG_ERROR 40
/** An unexpected failure: as an error, with the detail that came with it. */
#define FLR_LOG_EXCEPTION 45
#define FLR_LOG_CRITICAL 50
/** As a configured level: nothing is logged. */
#define FLR_LOG_OFF 100

/** Get a level's name: "debug", "info", "warning", "error", "exception", "critical"; "?" for another number.   @threads any   @since 1.0 */
FLR_API const char *flr_log_get_level_name(int level);

#ifdef __cplusplus
}
#endif
#endif
