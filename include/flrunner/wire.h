/**
 * @file wire.h
 * Messages as bytes: one frame holds an envelope (what this is, of which job, between whom) and a message. Any transport carries them.
 *
 * Encoding copies no payload: a frame is a list of parts over the message's own blobs, ready for `writev`. Decoding copies none either: the
 * blobs of a decoded message are views into the bytes that were received, and hold them.
 *
 * A frame is neither encrypted nor signed: authentication and TLS belong to the host. The checksum finds accidents, not attackers.
 *
 * Layout of a frame, version 1.0. Integers of the prefix and the table are little-endian.
 *
 *     offset  size
 *          0     4  magic "FLRF"
 *          4     1  major version, 1: another one cannot be read
 *          5     1  minor version, 0: a higher one may have more header keys, which are skipped
 *          6     2  flags, 0
 *          8     4  h: size of the header, bytes
 *         12     4  n: number of segments
 *         16     8  size of the whole frame, bytes, from the magic to its last byte
 *         24     4  0
 *         28     4  CRC-32C (Castagnoli; RFC 3720, B.4) of bytes 0 to 27, the table and the header
 *         32  16 n  the table: per segment u64 offset from the magic, u64 size
 *    32+16n     h  the header: one MessagePack map (msgpack.org, 2013) that fills its h bytes
 *                   then the segments in order of the table. Each begins at the next multiple of 64 after what stands before it, the
 *                   gap is filled with zeros; the frame ends with its last segment, or with the header
 *
 * The header's keys are texts; each may be missing, none may come twice, unknown ones are skipped, one of the wrong kind makes the frame
 * corrupt:
 *
 *     "kind" int, "code" int, "id" int, "time" float 64, "job" "client" "topic" "task" "task_id" text, "peer" "extra" map: as in flr_envelope
 *     "headers" map, "body" map: the message; neither: there is none
 *
 * In the maps, values are what MessagePack has for nil, bool, int, float 64, text (str), list (array) and map with text keys. Bytes and tensors are
 * ext types, whose own integers are big-endian as MessagePack's:
 *
 *     ext 1  the bytes
 *     ext 2  u32 segment, u64 its size: these bytes stand in that segment
 *     ext 3  u8 element type (FLR_TYPE_*), u8 rank, rank times i64 dimension, then the elements, little-endian, the last dimension varying fastest
 *     ext 4  u8 element type, u8 rank, rank times i64 dimension, u32 segment, u64 its size: the elements stand in that segment
 *
 * A reader also takes bin (as bytes) and float 32, and numbers and lengths in longer forms than they need.
 *
 * Segments are numbered from 0 in the order in which the header refers to them, each referred to exactly once. Payloads of FLR_FRAME_SEGMENT bytes
 * and more become segments; a reader takes any size.
 *
 * Frames are immutable: they may be read and dropped on any threads. A reader belongs to one thread at a time.
 */
#ifndef FLRUNNER_WIRE_H
#define FLRUNNER_WIRE_H

#include <flrunner/shareable.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------ the envelope */

/* ---- kinds of frames ---- */
#define FLR_FRAME_TASK_REQUEST 1      /**< client to server: job, client, peer, time */
#define FLR_FRAME_TASK_ANSWER 2       /**< server to client: code FLR_ANSWER_*, task, task_id, time (to wait), message */
#define FLR_FRAME_SUBMISSION 3        /**< client to server: job, client, peer, task, task_id, message */
#define FLR_FRAME_SUBMISSION_ANSWER 4 /**< server to client: code FLR_OUTCOME_* */
#define FLR_FRAME_AUX_REQUEST 5       /**< both ways: job, client, topic, time, message */
#define FLR_FRAME_AUX_REPLY 6         /**< both ways: message */
#define FLR_FRAME_ERROR 7             /**< both ways, instead of an answer: code, a negative FLR_E_* or the host's own */
#define FLR_FRAME_HOST 128            /**< this kind and all above, to 65535, are the host's own */

/* ---- kinds of answers to a task request ---- */
#define FLR_ANSWER_TASK 1
#define FLR_ANSWER_TRY_AGAIN 2
#define FLR_ANSWER_END_RUN 3

/** Payloads of at least this many bytes become segments. */
#define FLR_FRAME_SEGMENT 4096
/** Bytes of the fixed part at the beginning of a frame. */
#define FLR_FRAME_PREFIX 32

/** What a frame says besides its message. Filled with nothing by flr_envelope_init(). */
typedef struct flr_envelope {
    uint32_t struct_size; /**< sizeof(flr_envelope); set by flr_envelope_init() */
    uint32_t flags;       /**< 0 */
    uint32_t kind;        /**< FLR_FRAME_*, or the host's own from FLR_FRAME_HOST to 65535 */
    int32_t code;         /**< answers: FLR_ANSWER_*, FLR_OUTCOME_*, a negative code; else 0 */
    int64_t id;           /**< >= 0: chosen by who asks, and the same in the answer; 0: there will be no answer */
    double time;          /**< seconds, >= 0: of a request, how long its sender waits (0: for nothing, or without limit); of a task answer, the wait time */
    /** [copy] texts, NULL or "" if there is none; at most FLR_NAME_MAX bytes each. What a client calls itself is a claim: the host knows better. */
    const char *job, *client, *topic, *task, *task_id;
    /** [borrow] maps, NULL if there is none: the sender's public properties; what hosts add. */
    const flr_value *peer, *extra;
    /** [borrow] NULL: there is none. */
    const flr_shareable *message;
    /* ---- end of 1.0 ---- */
} flr_envelope;

/** Fill a struct with its defaults: everything 0 or NULL. @param size sizeof(flr_envelope) of the host's header; NULL does nothing   @since 1.0 */
FLR_API void flr_envelope_init(flr_envelope *envelope, size_t size);

/* ------------------------------------------------------------------ frames */

/** A frame: bytes in parts, immutable, reference counted (atomically). */
typedef struct flr_frame flr_frame;

/**
 * Encode a frame.
 *
 * @param envelope  [borrow] references to values, message and payloads are taken: what is not frozen must not be changed while the frame lives
 * @param frame     [out, flr_frame_unref]
 * @returns 0, or FLR_E_INVAL (a NULL argument, kind 0 or above 65535, a negative id, a time that is negative or no number, a text that is not UTF-8,
 *          a map that is none, a value of kind pointer), FLR_E_LIMIT (a text, the header above 4 GiB), FLR_E_ABI, FLR_E_NOMEM
 * @threads any   @callbacks may be called inside any callback   @blocks never
 * @since 1.0
 */
FLR_API int flr_frame_encode(const flr_envelope *envelope, flr_frame **frame);

/** Take one more reference. @returns @p frame (NULL for NULL)   @threads any   @since 1.0 */
FLR_API flr_frame *flr_frame_ref(const flr_frame *frame);
/** Drop a reference; NULL is fine.   @threads any   @since 1.0 */
FLR_API void flr_frame_unref(flr_frame *frame);
/** Get the number of bytes of the whole frame; 0 for NULL.   @threads any   @since 1.0 */
FLR_API size_t flr_frame_get_size(const flr_frame *frame);

/**
 * Get the bytes from a position on, as parts for `writev`: after a short write go on from the position reached.
 *
 * @param offset  first byte wanted
 * @param data    [borrow] array of @p max: where each part begins [view while a reference to the frame is held]
 * @param sizes   [borrow] array of @p max: its bytes, > 0
 * @param max     room in both arrays
 * @returns the number of parts given; 0 at and beyond the end, and for NULL arguments
 * @threads any   @callbacks may be called inside any callback   @blocks never
 * @since 1.0
 */
FLR_API size_t flr_frame_get_parts(const flr_frame *frame, size_t offset, const void **data, size_t *sizes, size_t max);

/**
 * Copy the whole frame into one buffer, for transports that want it so.
 *
 * @param buffer  [borrow] @p size bytes, at least flr_frame_get_size()
 * @returns 0, or FLR_E_INVAL, FLR_E_LIMIT (too small)
 * @since 1.0
 */
FLR_API int flr_frame_copy(const flr_frame *frame, void *buffer, size_t size);

/**
 * Get what a frame says, encoded here or received.
 *
 * @param envelope  [out] initialised; its pointers are [view while a reference to the frame is held]; texts are "" if there is none. The message of
 *                  a received frame is frozen
 * @returns 0, or FLR_E_INVAL, FLR_E_ABI
 * @threads any   @since 1.0
 */
FLR_API int flr_frame_get_envelope(const flr_frame *frame, flr_envelope *envelope);

/* ------------------------------------------------------------------ receiving */

/** What a frame may hold at most; one that says it holds more is refused before anything is allocated for it. */
typedef struct flr_frame_limits {
    uint32_t struct_size; /**< sizeof(flr_frame_limits); set by flr_frame_limits_init() */
    uint32_t flags;       /**< 0 */
    uint64_t bytes;       /**< of the whole frame; default 1 GiB */
    uint64_t header;      /**< bytes of table and header; default 16 MiB */
    uint64_t segments;    /**< default 65536 */
    uint64_t depth;       /**< levels of values; default FLR_VALUE_MAX_DEPTH */
    uint64_t count;       /**< values; default FLR_VALUE_MAX_COUNT */
    /* ---- end of 1.0 ---- */
} flr_frame_limits;

/** Fill a struct with its defaults. A member set to 0 means the default, too. @param size sizeof(flr_frame_limits) of the host's header; NULL does nothing   @since 1.0 */
FLR_API void flr_frame_limits_init(flr_frame_limits *limits, size_t size);

/** Where and why bytes are no frame. */
typedef struct flr_frame_fault {
    uint32_t struct_size; /**< sizeof(flr_frame_fault); set by flr_frame_fault_init() */
    uint32_t flags;       /**< 0 */
    uint64_t offset;      /**< from the frame's first byte */
    const char *reason;   /**< [view, for ever] in English; "" if there is no fault */
    /* ---- end of 1.0 ---- */
} flr_frame_fault;

/** Fill a struct with its defaults. @param size sizeof(flr_frame_fault) of the host's header; NULL does nothing   @since 1.0 */
FLR_API void flr_frame_fault_init(flr_frame_fault *fault, size_t size);

/**
 * Tell how many bytes a frame has, from its beginning.
 *
 * @param data    [borrow] the first bytes received
 * @param size    how many there are
 * @param limits  [borrow] NULL: the defaults
 * @param need    [out] bytes of the whole frame; FLR_FRAME_PREFIX as long as @p size is less than that
 * @returns 0, or FLR_E_INVAL, FLR_E_ABI; FLR_E_CORRUPT no frame begins like this; FLR_E_NOTSUP another major version; FLR_E_LIMIT it is too large
 * @threads any   @since 1.0
 */
FLR_API int flr_frame_measure(const void *data, size_t size, const flr_frame_limits *limits, size_t *need);

/**
 * Decode a whole frame that is in memory. No payload is copied: the message's blobs are parts of @p bytes.
 *
 * @param bytes   [borrow] exactly one frame; a reference is taken. Payloads are aligned to 64 bytes if its first byte is
 * @param limits  [borrow] NULL: the defaults
 * @param frame   [out, flr_frame_unref]
 * @param fault   [out] initialised; NULL: not wanted
 * @returns 0, or FLR_E_INVAL, FLR_E_ABI, FLR_E_CORRUPT, FLR_E_NOTSUP, FLR_E_LIMIT, FLR_E_NOMEM
 * @threads any   @callbacks may be called inside any callback   @blocks never
 * @since 1.0
 */
FLR_API int flr_frame_decode(flr_blob *bytes, const flr_frame_limits *limits, flr_frame **frame, flr_frame_fault *fault);

/** Takes a stream of bytes apart into frames. */
typedef struct flr_frame_reader flr_frame_reader;

/** Make a reader. @param limits [copy] NULL: the defaults @param reader [out, flr_frame_reader_free] @returns 0, or FLR_E_INVAL, FLR_E_ABI, FLR_E_NOMEM   @since 1.0 */
FLR_API int flr_frame_reader_new(const flr_frame_limits *limits, flr_frame_reader **reader);
/** Release a reader with what it has of an unfinished frame; NULL is fine.   @since 1.0 */
FLR_API void flr_frame_reader_free(flr_frame_reader *reader);

/**
 * Get the place for the next bytes of the stream: read straight into it, then call flr_frame_reader_add(). What is allocated grows with
 * what was checked: the prefix first, then table and header as long as the prefix says, then, after the checksum held, the segments.
 *
 * @param space  [out, view until flr_frame_reader_add()] where to write
 * @param size   [out] how many bytes are wanted there, > 0; fewer may be added
 * @returns 0, or FLR_E_INVAL; FLR_E_NOMEM try again later; what flr_frame_reader_add() said if the stream is broken
 * @threads one at a time   @callbacks may be called inside any callback   @blocks never
 * @since 1.0
 */
FLR_API int flr_frame_reader_get_space(flr_frame_reader *reader, void **space, size_t *size);

/**
 * Say how many bytes were written to the place.
 *
 * @param got    bytes, at most what was wanted
 * @param frame  [out, flr_frame_unref] a frame that is complete now, else NULL
 * @returns 0, or FLR_E_INVAL, FLR_E_STATE (no place was asked for), FLR_E_NOMEM (nothing is lost: add 0 bytes to try again); FLR_E_CORRUPT, FLR_E_NOTSUP,
 *          FLR_E_LIMIT: the stream is broken for good, see flr_frame_reader_get_fault()
 * @threads one at a time   @callbacks may be called inside any callback   @blocks never
 * @since 1.0
 */
FLR_API int flr_frame_reader_add(flr_frame_reader *reader, size_t got, flr_frame **frame);

/**
 * Copy bytes out of the host's own buffer into the reader, up to the end of a frame at most.
 *
 * @param data   [copy]
 * @param taken  [out] how many were taken: call again with the rest
 * @param frame  [out, flr_frame_unref] a frame that is complete now, else NULL
 * @returns as flr_frame_reader_add()
 * @since 1.0
 */
FLR_API int flr_frame_reader_put(flr_frame_reader *reader, const void *data, size_t size, size_t *taken, flr_frame **frame);

/** Tell how many bytes of an unfinished frame are here; 0 between two frames.   @since 1.0 */
FLR_API size_t flr_frame_reader_get_pending(const flr_frame_reader *reader);
/** Get the bytes of the whole frame under way, as its prefix says; 0 as long as that is not complete. A host that gives all its readers together a budget asks before it goes on.   @since 1.0 */
FLR_API size_t flr_frame_reader_get_need(const flr_frame_reader *reader);
/** Get why the stream is broken. @param fault [out] initialised @returns 0, or FLR_E_INVAL, FLR_E_ABI   @since 1.0 */
FLR_API int flr_frame_reader_get_fault(const flr_frame_reader *reader, flr_frame_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
