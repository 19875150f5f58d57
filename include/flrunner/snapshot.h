/**
 * @file snapshot.h
 * A run's state as checked, versioned bytes, and a directory that keeps states and models through crashes.
 *
 * The bytes, all numbers little-endian: magic "FLRSTATE" (8), format version u32 (1), number of blob segments u32 (n), length of the
 * head u64, the n segment lengths u64 each, CRC-32C (RFC 3720) of all bytes before it u32, CRC-32C of the head and all segments u32, the head
 * (MessagePack), the segments. Nothing follows. A state is handed out as a list of segments over shared memory, so that saving a
 * large model copies nothing.
 */
#ifndef FLRUNNER_SNAPSHOT_H
#define FLRUNNER_SNAPSHOT_H

#include <flrunner/blob.h>
#include <flrunner/value.h>

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
/**
 * Check that bytes are one whole, undamaged state; whose it is, is not looked at.
 *
 * @param data  [borrow]
 * @returns 0, or FLR_E_INVAL, FLR_E_NOTFOUND (NULL or empty), FLR_E_CORRUPT (truncated, altered or followed by other bytes), FLR_E_NOTSUP
 *          (of a newer format)
 * @threads any   @since 1.0
 */
FLR_API int flr_state_check(const void *data, size_t size);

/* ---- a directory of states and models ---- */

/**
 * A file store: one run's saved states and models in one directory, which it holds alone. A save is either whole or not there:
 * it goes to a temporary file, which is flushed to the disk, renamed and its directory flushed, before the call returns 0. The state before
 * stays as the previous generation. With a store named `state` the files are `state.flr` (newest), `state.previous.flr`, `state.tmp`, `state.lock`,
 * `state.damaged.flr` (a newest generation found damaged, put aside by the next save), and one `MODEL.safetensors` per model. Files
 * are made with mode 0600, a directory with 0700.
 *
 * What fails has its reason in words: flr_file_store_get_detail().
 */
typedef struct flr_file_store flr_file_store;

/** Options of a file store. Filled with defaults by flr_file_store_options_init(). */
typedef struct flr_file_store_options {
    uint32_t struct_size; /**< sizeof(flr_file_store_options) */
    uint32_t flags;       /**< 0 */
    /** [copy] required; made by flr_file_store_open() if only its last part is missing */
    const char *directory;
    /** [copy] of the states, 1 to 64 bytes of letters, digits, `-`, `_` and (not first) `.`, not ending in `.previous` or `.damaged`; default "state" */
    const char *name;
    /** Bytes of the largest file that is read; default 4 GiB. */
    uint64_t max_size;
    /* ---- end of 1.0 ---- */
} flr_file_store_options;

/** Fill with defaults. @param size sizeof(flr_file_store_options) of the host's header; NULL does nothing   @since 1.0 */
FLR_API void flr_file_store_options_init(flr_file_store_options *options, size_t size);

/**
 * Make a store; no file is touched yet.
 *
 * @param options  [copy]
 * @param store    [out, flr_file_store_unref]
 * @returns 0, or FLR_E_INVAL, FLR_E_LIMIT, FLR_E_ABI, FLR_E_NOMEM
 * @since 1.0
 */
FLR_API int flr_file_store_new(const flr_file_store_options *options, flr_file_store **store);
/** Take one more reference. @returns @p store (NULL for NULL)   @threads any   @since 1.0 */
FLR_API flr_file_store *flr_file_store_ref(flr_file_store *store);
/** Drop a reference; NULL is fine. With the last one the directory is given up.   @threads any   @since 1.0 */
FLR_API void flr_file_store_unref(flr_file_store *store);

/**
 * Take hold of the directory and of the name in it. Whoever holds it, in this process or another, keeps it until its store is released or its
 * process ends, however it ends; a process forked from it that does not execute another program holds it as well.
 *
 * @returns 0, or FLR_E_INVAL, FLR_E_STATE (open already), FLR_E_EXISTS (another store holds it), FLR_E_IO, FLR_E_NOMEM; after an error it may be tried again
 * @threads any   @blocks on the disk   @since 1.0
 */
FLR_API int flr_file_store_open(flr_file_store *store);

/**
 * Keep a state: what an engine's persist does. When it returns 0, a load finds this state whatever happens to process and machine. After an error the
 * directory holds this state or the one before, whole: the one before, but for a flush of the directory that fails after the renaming, which leaves this one.
 *
 * @param state  [borrow]
 * @returns 0, or FLR_E_INVAL, FLR_E_STATE (not open), FLR_E_IO (the disk is full, the directory read-only, ...), FLR_E_NOMEM
 * @threads any, one at a time per store: others wait   @blocks on the disk   @since 1.0
 */
FLR_API int flr_file_store_save(flr_file_store *store, const flr_state *state);

/**
 * Load the newest undamaged state, for flr_runner_restore(). A damaged newest generation is passed over for the previous one, and the detail
 * says so; no file is changed.
 *
 * @param bytes       [out, flr_blob_unref] a whole, undamaged state
 * @param generation  [out] 0: the newest, 1: the previous one; may be NULL
 * @returns 0, or FLR_E_INVAL, FLR_E_STATE (not open), FLR_E_NOTFOUND (nothing was ever saved), FLR_E_CORRUPT (no generation is undamaged),
 *          FLR_E_NOTSUP (the newest is of a newer format), FLR_E_LIMIT (larger than max_size), FLR_E_IO, FLR_E_NOMEM
 * @threads any, one at a time per store: others wait   @blocks on the disk   @since 1.0
 */
FLR_API int flr_file_store_load(flr_file_store *store, flr_blob **bytes, int *generation);

/**
 * Remove all generations of the state, for a job that is done; models stay.
 *
 * @returns 0 (also if there were none), or FLR_E_INVAL, FLR_E_STATE (not open), FLR_E_IO
 * @threads any, one at a time per store: others wait   @blocks on the disk   @since 1.0
 */
FLR_API int flr_file_store_remove(flr_file_store *store);

/**
 * Write a model as `NAME.safetensors`, as safely as a state, in place of one of that name.
 *
 * The file is in safetensors layout (version 0.4 of its format): the length of the header as u64, little-endian; the header, a JSON object padded with
 * blanks to a multiple of 8 bytes; the tensors' elements, little-endian, row by row, without gaps. The header has for each tensor
 * `"NAME":{"dtype":"F32","shape":[2,3],"data_offsets":[BEGIN,END]}`, offsets counted from the end of the header, in bytes; and, if there is metadata,
 * `"__metadata__":{"KEY":"TEXT"}`. Types: BOOL, U8, I8, I16, I32, I64, F16, BF16, F32, F64. Tensors are
 * laid out by descending element size, then by name, so that each is aligned to its elements.
 *
 * @param name      [borrow] 1 to 64 bytes of letters, digits, `-`, `_` and (not first) `.`
 * @param model     [borrow] a map of text to tensor, none named `__metadata__`; may be empty
 * @param metadata  [borrow] a map of text to text; NULL: none
 * @returns 0, or FLR_E_INVAL, FLR_E_LIMIT (the name), FLR_E_STATE (not open), FLR_E_IO, FLR_E_NOMEM
 * @threads any, one at a time per store: others wait   @blocks on the disk   @since 1.0
 */
FLR_API int flr_file_store_save_model(flr_file_store *store, const char *name, const flr_value *model, const flr_value *metadata);

/**
 * Read a model that this or any other program wrote in safetensors layout.
 *
 * @param model     [out, flr_value_unref] a map of text to tensor, over one buffer of the file's size
 * @param metadata  [out, flr_value_unref] a map of text to text, empty if the file has none; may be NULL
 * @returns 0, or FLR_E_INVAL, FLR_E_STATE (not open), FLR_E_NOTFOUND, FLR_E_CORRUPT, FLR_E_NOTSUP (a type that flr_value has not), FLR_E_LIMIT, FLR_E_IO,
 *          FLR_E_NOMEM
 * @threads any, one at a time per store: others wait   @blocks on the disk   @since 1.0
 */
FLR_API int flr_file_store_load_model(flr_file_store *store, const char *name, flr_value **model, flr_value **metadata);

/** Copy what the last call that did not just return 0 had to say, cut to @p size - 1 bytes; empty if nothing. @returns 0, or FLR_E_INVAL   @threads any   @since 1.0 */
FLR_API int flr_file_store_get_detail(flr_file_store *store, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
