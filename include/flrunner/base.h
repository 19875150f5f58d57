/**
 * @file base.h
 * Version, export macro, status codes and the allocator: what every other header needs.
 *
 * Ownership words used on pointers in all headers: [borrow] valid for the call; [keep] kept until the
 * named event; [copy]; [give] passes over to the library ("on 0" or "always"); [out] the caller releases
 * it with the named function; [view] valid until the named call.
 *
 * Functions return 0 or a negative code (FLR_E_*). Unless a function says otherwise it may be called on
 * any thread, objects that are not documented as shared must not be used by two threads at once, and a
 * call that fails has changed nothing.
 */
#ifndef FLRUNNER_BASE_H
#define FLRUNNER_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Marks what the shared library exports. */
#if defined(_WIN32)
#define FLR_API
#elif defined(__GNUC__)
#define FLR_API __attribute__((visibility("default")))
#else
#define FLR_API
#endif

/** Lets compilers check printf-style arguments: @p fmt and @p first are parameter numbers from 1. */
#if defined(__GNUC__)
#define FLR_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#else
#define FLR_PRINTF(fmt, first)
#endif

/** Version of these headers, semantic versioning (semver.org 2.0.0). */
#define FLR_VERSION_MAJOR 1
#define FLR_VERSION_MINOR 0
#define FLR_VERSION_PATCH 0
/** One number for comparisons: major * 1000000 + minor * 1000 + patch. */
#define FLR_VERSION_NUMBER 1000000
#define FLR_VERSION_STRING "1.0.0"

/**
 * Get the version of the library that is linked, as FLR_VERSION_NUMBER counts.
 *
 * @threads any   @callbacks may be called inside any callback   @blocks never
 * @since 1.0
 */
FLR_API int32_t flr_version_get(void);

/**
 * Get the version of the library that is linked, as text ("1.0.0").
 *
 * @returns [view, for ever] the text
 * @threads any   @callbacks may be called inside any callback   @blocks never
 * @since 1.0
 */
FLR_API const char *flr_version_get_text(void);

/* ---- Status codes. Numbers are never reused. Codes at or below FLR_E_HOST are the host's own: the library
 * passes them through untouched. -1 is never used. ---- */

/** Success. */
#define FLR_OK 0

/* usage: the caller can avoid these */
/** An argument is NULL, empty, out of range or contradicts another; the detail text names it. */
#define FLR_E_INVAL (-100)
/** The right call at the wrong time. */
#define FLR_E_STATE (-101)
/** The call would wait for host code that its own thread is inside of. */
#define FLR_E_REENTRANT (-102)
/** A struct that crosses the boundary has a size or content that this library cannot read. */
#define FLR_E_ABI (-103)
/** Not supported here: by this component, in this mode of driving, or in this version. */
#define FLR_E_NOTSUP (-104)

/* resources */
/** Out of memory; nothing has changed, the call may be tried again. */
#define FLR_E_NOMEM (-200)
/** A documented or configured limit would be exceeded. */
#define FLR_E_LIMIT (-201)
/** A thread could not be started. */
#define FLR_E_THREAD (-202)

/* outcome */
/** The deadline has passed. */
#define FLR_E_TIMEDOUT (-300)
/** An abort signal ended it. */
#define FLR_E_ABORTED (-301)
/** There is no such thing. */
#define FLR_E_NOTFOUND (-302)
/** There is such a thing already. */
#define FLR_E_EXISTS (-303)
/** Bytes are truncated, altered or not what they claim to be. */
#define FLR_E_CORRUPT (-304)
/** Input or output failed. */
#define FLR_E_IO (-305)
/** A vote: not ready to end the run yet. */
#define FLR_E_NOT_READY (-306)
/** An executor or filter says that the job is unsafe. */
#define FLR_E_UNSAFE_JOB (-307)
/** This client or session is refused for good. */
#define FLR_E_DENIED (-308)

/* host */
/** A callback of the host failed, or returned a positive value. */
#define FLR_E_CALLBACK (-400)
/** This code and all below it belong to the host. */
#define FLR_E_HOST (-10000)

/**
 * Get the name of a code: "FLR_E_NOMEM"; "FLR_E_HOST" for the host's own codes; "FLR_E_?" for an undefined one.
 *
 * @returns [view, for ever] the name, never NULL
 * @threads any   @callbacks may be called inside any callback   @blocks never
 * @since 1.0
 */
FLR_API const char *flr_status_get_name(int status);

/**
 * Get a sentence in English that says what a code means.
 *
 * @returns [view, for ever] the text, never NULL
 * @threads any   @callbacks may be called inside any callback   @blocks never
 * @since 1.0
 */
FLR_API const char *flr_status_get_text(int status);

/** Longest name that a host may give (client, task, workflow, component, topic, event, property key), in bytes. */
#define FLR_NAME_MAX 255

/** No point in time: "no deadline", "not due". Points in time are nanoseconds of the run's clock. */
#define FLR_TIME_NONE INT64_MAX

/**
 * The allocator hook. All three members are required and behave like malloc, realloc and free of C11 but
 * take @p self first. They may be called on any thread, also while the library holds locks, and must not call the library.
 */
typedef struct flr_allocator_ops {
    uint32_t struct_size; /**< sizeof(flr_allocator_ops); set by flr_allocator_ops_init() */
    uint32_t flags;       /**< 0 */
    /** Allocate @p size > 0 bytes aligned for any type, or return NULL. */
    void *(*allocate)(void *self, size_t size);
    /** Resize @p old (may be NULL) to @p size > 0 bytes, or return NULL and leave it as it is. */
    void *(*reallocate)(void *self, void *old, size_t size);
    /** Release @p old; NULL is fine. */
    void (*release)(void *self, void *old);
    /* ---- end of 1.0 ---- */
} flr_allocator_ops;

/**
 * Fill an allocator struct with its defaults: all members NULL.
 *
 * @param ops   [borrow] the struct to fill; NULL does nothing
 * @param size  sizeof(flr_allocator_ops) of the host's header
 * @threads any   @since 1.0
 */
FLR_API void flr_allocator_ops_init(flr_allocator_ops *ops, size_t size);

/**
 * Set the allocator of the whole process, before any other call of the library.
 *
 * @param ops   [copy] the hook; NULL: back to malloc, realloc and free
 * @param self  [keep until the allocator is set again or the process ends] passed to each call
 * @returns 0, or FLR_E_INVAL  a required member is NULL
 *                FLR_E_ABI    the struct cannot be read
 *                FLR_E_STATE  objects of the library exist already
 * @threads one thread, while no other is inside the library   @callbacks no   @blocks never
 * @since 1.0
 */
FLR_API int flr_allocator_set(const flr_allocator_ops *ops, void *self);

/**
 * Give back the memory that the library keeps for reuse. Unless the host has set an allocator, small objects
 * (512 bytes and less) that are released are kept for the next ones: up to 64 of each size for each thread that releases
 * them, and 4 MiB for all threads together. Freeing a runner gives all of it back, so only a host needs this that wants
 * the memory of an idle runner, or uses messages and values without one.
 *
 * @threads any   @callbacks no   @blocks never
 * @since 1.0
 */
FLR_API void flr_allocator_trim(void);

#ifdef __cplusplus
}
#endif
#endif
