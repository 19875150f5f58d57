/**
 * @file blob.h
 * Immutable shared bytes. A payload is in memory once: messages, tensors and states share blobs by
 * reference. A blob may own its bytes or wrap the host's memory with a release callback.
 *
 * Reference counts are atomic: references of one blob may be used and dropped on any threads.
 */
#ifndef FLRUNNER_BLOB_H
#define FLRUNNER_BLOB_H

#include <flrunner/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Shared bytes that do not change. */
typedef struct flr_blob flr_blob;

/**
 * Called once when the last reference of a wrapping blob is dropped, on the thread that dropped it, never under a lock
 * of the library. Must not call the library.
 */
typedef void (*flr_blob_release)(void *self, const void *data, size_t size);

/**
 * Make a blob of @p size bytes that the caller fills before the blob is shared.
 *
 * @param size   bytes, 0 allowed
 * @param blob   [out, flr_blob_unref] the blob
 * @param bytes  [view until the blob is shared or released] where to write; 64-byte aligned; not cleared
 * @returns 0, or FLR_E_INVAL an output is NULL; FLR_E_NOMEM
 * @threads any   @callbacks may be called inside any callback   @blocks never
 * @since 1.0
 */
FLR_API int flr_blob_new(size_t size, flr_blob **blob, void **bytes);

/**
 * Make a blob with a copy of the caller's bytes.
 *
 * @param data  [copy] may be NULL if @p size is 0
 * @param blob  [out, flr_blob_unref]
 * @returns 0, or FLR_E_INVAL, FLR_E_NOMEM
 * @threads any   @callbacks may be called inside any callback   @blocks never
 * @since 1.0
 */
FLR_API int flr_blob_new_copy(const void *data, size_t size, flr_blob **blob);

/**
 * Make a blob over the host's memory, without a copy.
 *
 * @param data     [give on 0 | keep on error] the bytes; they must not change until @p release is called
 * @param release  called when nobody needs the bytes any more; NULL: nothing to release (static data)
 * @param self     [keep until release] passed to @p release
 * @param blob     [out, flr_blob_unref]
 * @returns 0, or FLR_E_INVAL, FLR_E_NOMEM (then @p release is not called)
 * @threads any   @callbacks may be called inside any callback   @blocks never
 * @since 1.0
 */
FLR_API int flr_blob_new_wrap(const void *data, size_t size, flr_blob_release release, void *self, flr_blob **blob);

/**
 * Make a blob over a part of another one, which it holds.
 *
 * @param blob    [borrow] the whole
 * @param offset  first byte; offset + size must lie inside @p blob
 * @param part    [out, flr_blob_unref]
 * @returns 0, or FLR_E_INVAL (also for a range outside), FLR_E_NOMEM
 * @threads any   @callbacks may be called inside any callback   @blocks never
 * @since 1.0
 */
FLR_API int flr_blob_new_slice(flr_blob *blob, size_t offset, size_t size, flr_blob **part);

/** Take one more reference. @returns @p blob (NULL for NULL)   @threads any   @since 1.0 */
FLR_API flr_blob *flr_blob_ref(flr_blob *blob);

/** Drop a reference; the last one releases the bytes. NULL is fine.   @threads any   @since 1.0 */
FLR_API void flr_blob_unref(flr_blob *blob);

/** Get the bytes. @returns [view while a reference is held] never NULL for a blob with bytes; NULL for NULL   @threads any   @since 1.0 */
FLR_API const void *flr_blob_get_data(const flr_blob *blob);

/** Get the number of bytes; 0 for NULL.   @threads any   @since 1.0 */
FLR_API size_t flr_blob_get_size(const flr_blob *blob);

#ifdef __cplusplus
}
#endif
#endif
