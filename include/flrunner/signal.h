/**
 * @file signal.h
 * Abort signals: a trigger with a value, inherited from parents, that can be waited on.
 *
 * A signal is reference counted and may be used on any thread. It is triggered if it or any ancestor is.
 */
#ifndef FLRUNNER_SIGNAL_H
#define FLRUNNER_SIGNAL_H

#include <flrunner/clock.h>
#include <flrunner/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An abort signal. */
typedef struct flr_signal flr_signal;

/**
 * Make a signal.
 *
 * @param parent  [borrow] held until the new signal is released; NULL: none
 * @param clock   [borrow] held; the clock of trigger times and of deadlines; NULL: the parent's, else the system clock
 * @param signal  [out, flr_signal_unref]
 * @returns 0, or FLR_E_INVAL, FLR_E_NOMEM
 * @threads any   @callbacks may be called inside any callback   @blocks never
 * @since 1.0
 */
FLR_API int flr_signal_new(flr_signal *parent, flr_clock *clock, flr_signal **signal);

/** Take one more reference. @returns @p signal (NULL for NULL)   @threads any   @since 1.0 */
FLR_API flr_signal *flr_signal_ref(flr_signal *signal);

/** Drop a reference; NULL is fine.   @threads any   @since 1.0 */
FLR_API void flr_signal_unref(flr_signal *signal);

/**
 * Trigger: store value and time, wake every waiter of this signal and its descendants at once. A later trigger overwrites both.
 * Allocates nothing.
 *
 * @param value  [give always] may be NULL (nil)
 * @returns 0, or FLR_E_INVAL @p signal is NULL
 * @threads any   @callbacks may be called inside any callback   @blocks never
 * @since 1.0
 */
FLR_API int flr_signal_trigger(flr_signal *signal, flr_value *value);

/** Clear the signal's own trigger, value and time; ancestors stay as they are.   @threads any   @since 1.0 */
FLR_API void flr_signal_reset(flr_signal *signal);

/** Tell whether the signal or an ancestor is triggered; 0 for NULL.   @threads any   @blocks never   @since 1.0 */
FLR_API int flr_signal_is_triggered(const flr_signal *signal);

/** Get the value of the signal's own trigger. @returns [out, flr_value_unref] NULL if there is none   @threads any   @since 1.0 */
FLR_API flr_value *flr_signal_get_value(const flr_signal *signal);

/** Get the time of the signal's own trigger, in its clock's nanoseconds; FLR_TIME_NONE if untriggered.   @threads any   @since 1.0 */
FLR_API int64_t flr_signal_get_time(const flr_signal *signal);

/**
 * Wait until the signal is triggered.
 *
 * @param timeout  seconds from now; negative: no limit; NaN or infinite is refused
 * @returns 0 triggered, FLR_E_TIMEDOUT, or FLR_E_INVAL
 * @threads any   @callbacks only where blocking is acceptable   @blocks until triggered or timed out
 * @since 1.0
 */
FLR_API int flr_signal_wait(flr_signal *signal, double timeout);

#ifdef __cplusplus
}
#endif
#endif
