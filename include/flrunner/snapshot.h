/**
 * @file snapshot.h
 * A run's state as checked, versioned bytes.
 *
 * The bytes, all numbers little-endian: magic "FLRSTATE" (8), format version u32 (1), number of blob segments u32 (n), length of the
 * head u64, the n segment lengths u64 each, CRC-32C (RFC 3720) of all bytes before it u32, CRC-32C of the head and all segments u32, the head
 * (MessagePack), the segments. Nothing follows. A state is handed out as a list of segments over shared memory, so that saving a
 * large model copies nothing.
 */
#ifndef FLRUNNER_SNAPSHOT_H
#define FLRUNNER_SNAPSHOT_H

#include <flrunner/blob.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A saved state: immutable, reference counted (atomically). */
typedef struct flr_state flr_state;

/** Take one more reference. @returns @p state (NULL for NULL)   @threads any   @since 1.0 */
FLR_API flr_state *flr_state_ref(const flr_state *state);
/** Drop a reference; NULL is fine.   @threads any   @since 1.0 */
FLR_API void flr_state_unref(flr_state *state);
/** Get the number of bytes in all segments.   @since 1.0 */
FLR_API size_t flr_state_get_size(const flr_state *state);
/** Get the number of segments, at least 1.   @since 1.0 */
FLR_API size_t flr_state_get_segment_count(const flr_state *state);
/**
 * Get a segment.
 *
 * @param size  [out] its bytes; may be NULL
 * @returns [view while a reference is held] its first byte; NULL beyond the last
 * @since 1.0
 */
FLR_API const void *flr_state_get_segment(const flr_state *state, size_t i, size_t *size);
/**
 * Copy all segments into one buffer.
 *
 * @param buffer  [borrow] at least flr_state_get_size() bytes
 * @param size    its size
 * @returns 0, or FLR_E_INVAL, FLR_E_LIMIT (too small)
 * @since 1.0
 */
FLR_API int flr_state_copy(const flr_state *state, void *buffer, size_t size);

#ifdef __cplusplus
}
#endif
#endif
