/**
 * @file value.h
 * Dynamic values: nil, bool, int, real, text, bytes, tensor, list, map, and pointers of this process.
 *
 * A value is reference counted (atomically). Scalars, text, bytes, tensors and pointers never change. Lists and maps are
 * changed through a `flr_value **`: if somebody else holds a reference, the caller's is replaced by a copy of
 * that one level first (copy-on-write), so a change is never seen through another reference. Copying a
 * tree is therefore taking a reference, and values may be read on any number of threads.
 *
 * Maps keep the order of insertion. Two values with the same content in the same order are equal.
 */
#ifndef FLRUNNER_VALUE_H
#define FLRUNNER_VALUE_H

#include <flrunner/blob.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A value. */
typedef struct flr_value flr_value;

/* ---- kinds ---- */
#define FLR_VALUE_NIL 0     /**< nothing */
#define FLR_VALUE_BOOL 1    /**< 0 or 1 */
#define FLR_VALUE_INT 2     /**< 64-bit signed integer */
#define FLR_VALUE_REAL 3    /**< IEEE 754 binary64, all values allowed */
#define FLR_VALUE_TEXT 4    /**< UTF-8 without NUL */
#define FLR_VALUE_BYTES 5   /**< any bytes, in a blob */
#define FLR_VALUE_TENSOR 6  /**< numbers of one type with a shape, in a blob */
#define FLR_VALUE_LIST 7    /**< values in order */
#define FLR_VALUE_MAP 8     /**< values under text keys */
#define FLR_VALUE_POINTER 9 /**< something of this process; has no wire form */

/* ---- element types of tensors; elements are little-endian and contiguous, the last dimension varies fastest ---- */
#define FLR_TYPE_F16 1  /**< IEEE 754 binary16 */
#define FLR_TYPE_F32 2  /**< IEEE 754 binary32 */
#define FLR_TYPE_F64 3  /**< IEEE 754 binary64 */
#define FLR_TYPE_BF16 4 /**< upper half of a binary32 */
#define FLR_TYPE_I8 5
#define FLR_TYPE_I16 6
#define FLR_TYPE_I32 7
#define FLR_TYPE_I64 8
#define FLR_TYPE_U8 9
#define FLR_TYPE_BOOL 10 /**< one byte, 0 or 1 */

/* ---- fixed maxima; exceeding one is FLR_E_LIMIT ---- */
#define FLR_VALUE_MAX_DEPTH 32          /**< levels of nesting; a scalar has depth 1 */
#define FLR_VALUE_MAX_COUNT 16777216    /**< values in one tree */
#define FLR_VALUE_MAX_KEY 65535         /**< bytes of a map key */
#define FLR_VALUE_MAX_TEXT 1073741824   /**< bytes of a text */
#define FLR_VALUE_MAX_RANK 16           /**< dimensions of a tensor */

/**
 * Make a value. All of these: @p value is [out, flr_value_unref].
 *
 * @returns 0, or FLR_E_INVAL  a NULL argument; text that is not UTF-8; an unknown type; a shape with a negative
 *                             dimension, or whose size is not that of the blob
 *                FLR_E_LIMIT  a maximum above
 *                FLR_E_NOMEM
 * @threads any   @callbacks may be called inside any callback   @blocks never
 * @since 1.0
 */
FLR_API int flr_value_new_nil(flr_value **value);
FLR_API int flr_value_new_bool(int truth, flr_value **value);
FLR_API int flr_value_new_int(int64_t number, flr_value **value);
FLR_API int flr_value_new_real(double number, flr_value **value);
/** @param text [copy] NUL-terminated UTF-8 */
FLR_API int flr_value_new_text(const char *text, flr_value **value);
/** @param text [copy] @p size bytes of UTF-8 without NUL */
FLR_API int flr_value_new_text_sized(const char *text, size_t size, flr_value **value);
/** @param blob [borrow] a reference is taken */
FLR_API int flr_value_new_bytes(flr_blob *blob, flr_value **value);
/**
 * @param type   FLR_TYPE_*
 * @param rank   number of dimensions, 0 for a single number
 * @param shape  [copy] @p rank sizes, each >= 0
 * @param blob   [borrow] exactly the bytes of all elements; a reference is taken
 */
FLR_API int flr_value_new_tensor(int type, size_t rank, const int64_t *shape, flr_blob *blob, flr_value **value);
FLR_API int flr_value_new_list(flr_value **value);
FLR_API int flr_value_new_map(flr_value **value);
/**
 * @param kind     [copy] a non-empty name for what is pointed to, asked for again by the getter
 * @param pointer  [give on 0 | keep on error]
 * @param release  called with @p pointer when the last reference is dropped; NULL: nothing. It must not call the library
 */
FLR_API int flr_value_new_pointer(const char *kind, void *pointer, void (*release)(void *pointer), flr_value **value);

/** Take one more reference. @returns @p value (NULL for NULL)   @threads any   @since 1.0 */
FLR_API flr_value *flr_value_ref(const flr_value *value);

/** Drop a reference; NULL is fine.   @threads any   @since 1.0 */
FLR_API void flr_value_unref(flr_value *value);

/** Get the kind, FLR_VALUE_*; FLR_VALUE_NIL for NULL.   @threads any   @since 1.0 */
FLR_API int flr_value_get_kind(const flr_value *value);

/** Get the number of levels: 1 for a scalar or an empty list; 0 for NULL.   @threads any   @since 1.0 */
FLR_API size_t flr_value_get_depth(const flr_value *value);

/** Get the number of values in the tree, itself included; 0 for NULL. Costs nothing.   @threads any   @since 1.0 */
FLR_API size_t flr_value_get_count(const flr_value *value);

/** Get the payload bytes of the tree: text, keys, bytes and tensors. Costs nothing.   @threads any   @since 1.0 */
FLR_API size_t flr_value_get_bytes(const flr_value *value);

/**
 * Read a scalar. A value of another kind, or NULL, gives the caller's default.
 * An int reads as real; a real does not read as int.
 *
 * @threads any   @callbacks may be called inside any callback   @blocks never
 * @since 1.0
 */
FLR_API int flr_value_get_bool(const flr_value *value, int missing);
FLR_API int64_t flr_value_get_int(const flr_value *value, int64_t missing);
FLR_API double flr_value_get_real(const flr_value *value, double missing);
/** @returns [view while a reference is held] NUL-terminated text, or @p missing */
FLR_API const char *flr_value_get_text(const flr_value *value, const char *missing);
/** @returns [view while a reference is held] the blob of bytes or of a tensor; NULL for other kinds */
FLR_API flr_blob *flr_value_get_blob(const flr_value *value);
/** @returns [view while a reference is held] the pointer if the value was made with this @p kind, else NULL */
FLR_API void *flr_value_get_pointer(const flr_value *value, const char *kind);

/** Get a tensor's element type; 0 for other kinds.   @threads any   @since 1.0 */
FLR_API int flr_tensor_get_type(const flr_value *value);
/** Get a tensor's number of dimensions; 0 for other kinds.   @threads any   @since 1.0 */
FLR_API size_t flr_tensor_get_rank(const flr_value *value);
/** Get the size of dimension @p i; -1 if there is none.   @threads any   @since 1.0 */
FLR_API int64_t flr_tensor_get_dim(const flr_value *value, size_t i);
/** Get a tensor's number of elements; 0 for other kinds.   @threads any   @since 1.0 */
FLR_API size_t flr_tensor_get_elements(const flr_value *value);
/** Get a tensor's elements. @returns [view while a reference is held] NULL for other kinds   @threads any   @since 1.0 */
FLR_API const void *flr_tensor_get_data(const flr_value *value);
/** Get the bytes of one element of a type; 0 for an unknown type.   @threads any   @since 1.0 */
FLR_API size_t flr_type_get_size(int type);
/** Get a type's name ("float32", "bfloat16", "int8", "bool"...); "?" for an unknown one.   @threads any   @since 1.0 */
FLR_API const char *flr_type_get_name(int type);

/** Get the number of elements of a list or entries of a map; 0 for other kinds.   @threads any   @since 1.0 */
FLR_API size_t flr_value_get_size(const flr_value *value);

/** Get a list's element. @returns [view while the list is unchanged and held] NULL if there is none   @threads any   @since 1.0 */
FLR_API const flr_value *flr_list_get(const flr_value *list, size_t i);

/**
 * Append to a list.
 *
 * @param list   [borrow] the caller's reference to a list; may be replaced (copy-on-write)
 * @param value  [give on 0 | keep on error]
 * @returns 0, or FLR_E_INVAL NULL or no list; FLR_E_LIMIT depth or count; FLR_E_NOMEM
 * @since 1.0
 */
FLR_API int flr_list_add(flr_value **list, flr_value *value);

/** Get a map's value. @returns [view while the map is unchanged and held] NULL if the key is absent or it is no map   @threads any   @since 1.0 */
FLR_API const flr_value *flr_map_get(const flr_value *map, const char *key);

/** Get the key of entry @p i, in insertion order. @returns [view while the map is unchanged and held] NULL if there is none   @threads any   @since 1.0 */
FLR_API const char *flr_map_get_key(const flr_value *map, size_t i);

/** Get the value of entry @p i, in insertion order. @returns [view while the map is unchanged and held] NULL if there is none   @threads any   @since 1.0 */
FLR_API const flr_value *flr_map_get_at(const flr_value *map, size_t i);

/**
 * Set a map's value; an existing key keeps its place.
 *
 * @param map    [borrow] the caller's reference to a map; may be replaced (copy-on-write)
 * @param key    [copy] non-empty UTF-8
 * @param value  [give on 0 | keep on error]
 * @returns 0, or FLR_E_INVAL NULL, empty key, or no map; FLR_E_LIMIT; FLR_E_NOMEM
 * @since 1.0
 */
FLR_API int flr_map_set(flr_value **map, const char *key, flr_value *value);

/** Set a map's value to a new scalar: flr_value_new_X() and flr_map_set() in one. @returns as those   @since 1.0 */
FLR_API int flr_map_set_bool(flr_value **map, const char *key, int truth);
FLR_API int flr_map_set_int(flr_value **map, const char *key, int64_t number);
FLR_API int flr_map_set_real(flr_value **map, const char *key, double number);
FLR_API int flr_map_set_text(flr_value **map, const char *key, const char *text);
/**
 * Set a map's value to a new tensor with a copy of the caller's numbers; to share memory instead, wrap it in a blob
 * and use flr_value_new_tensor().
 *
 * @param data  [copy] the elements, in the order and byte order that value.h gives; NULL if there are none
 * @returns as flr_value_new_tensor() and flr_map_set()
 * @since 1.0
 */
FLR_API int flr_map_set_tensor(flr_value **map, const char *key, int type, size_t rank, const int64_t *shape, const void *data);

/**
 * Remove a key.
 *
 * @returns 0, or FLR_E_INVAL NULL or no map; FLR_E_NOTFOUND; FLR_E_NOMEM (a shared map had to be copied)
 * @since 1.0
 */
FLR_API int flr_map_remove(flr_value **map, const char *key);

/** Compare two trees: kinds, numbers (by bits, so NaN equals itself), bytes, order. @returns 1 if equal, else 0   @threads any   @since 1.0 */
FLR_API int flr_value_equals(const flr_value *a, const flr_value *b);

#ifdef __cplusplus
}
#endif
#endif
