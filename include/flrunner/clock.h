/**
 * @file clock.h
 * Clocks: the system's monotonic clock, and a manual one for tests and simulation.
 *
 * A clock gives monotonic nanoseconds (for every duration and deadline) and calendar time (for audit lines only). It is
 * reference counted and may be used on any thread. When a manual clock moves, whoever waits for a deadline on it wakes.
 */
#ifndef FLRUNNER_CLOCK_H
#define FLRUNNER_CLOCK_H

#include <flrunner/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A clock. */
typedef struct flr_clock flr_clock;

/** Make a handle of the system clock (CLOCK_MONOTONIC, CLOCK_REALTIME). @param clock [out, flr_clock_unref]
 * @returns 0, or FLR_E_INVAL, FLR_E_NOMEM   @threads any   @since 1.0 */
FLR_API int flr_clock_new_system(flr_clock **clock);

/**
 * Make a clock that stands still until it is told to move.
 *
 * @param now       its monotonic time, nanoseconds, >= 0
 * @param calendar  its calendar time at that moment, nanoseconds since 1970-01-01T00:00:00Z
 * @param clock     [out, flr_clock_unref]
 * @returns 0, or FLR_E_INVAL, FLR_E_NOMEM
 * @threads any   @since 1.0
 */
FLR_API int flr_clock_new_manual(int64_t now, int64_t calendar, flr_clock **clock);

/** Take one more reference. @returns @p clock (NULL for NULL)   @threads any   @since 1.0 */
FLR_API flr_clock *flr_clock_ref(flr_clock *clock);

/** Drop a reference; NULL is fine.   @threads any   @since 1.0 */
FLR_API void flr_clock_unref(flr_clock *clock);

/** Get the monotonic time in nanoseconds.   @threads any   @blocks never   @since 1.0 */
FLR_API int64_t flr_clock_get_now(const flr_clock *clock);

/** Get the calendar time in nanoseconds since 1970-01-01T00:00:00Z.   @threads any   @blocks never   @since 1.0 */
FLR_API int64_t flr_clock_get_calendar(const flr_clock *clock);

/**
 * Move a manual clock forward.
 *
 * @param seconds  >= 0 and finite
 * @returns 0, or FLR_E_INVAL, FLR_E_NOTSUP (a system clock), FLR_E_LIMIT (beyond the range)
 * @threads any   @callbacks may be called inside any callback   @blocks never
 * @since 1.0
 */
FLR_API int flr_clock_advance(flr_clock *clock, double seconds);

/** Move a manual clock to @p now, not before its present time. @returns as flr_clock_advance()   @threads any   @since 1.0 */
FLR_API int flr_clock_advance_to(flr_clock *clock, int64_t now);

#ifdef __cplusplus
}
#endif
#endif
