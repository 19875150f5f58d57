/* Inside the library: values by interned key, for hot paths. Semantics as the public functions
 * in flrunner/value.h. */
#ifndef FLR_LIB_VALUE_H
#define FLR_LIB_VALUE_H

#include "base/str.h"
#include <flrunner/value.h>

const flr_value *flr__map_get(const flr_value *map, const flr__str *key);
/* takes a reference of key itself; [give on 0] */
int flr__map_set(flr_value **map, const flr__str *key, flr_value *value);
/* the same with a borrowed value */
int flr__map_put(flr_value **map, const flr__str *key, const flr_value *value);
const flr__str *flr__map_key(const flr_value *map, size_t i);
/* with room for that many entries in its one allocation */
int flr__map_new(size_t room, flr_value **map);
/* text over an interned string, no copy */
int flr__value_new_str(const flr__str *text, flr_value **value);
/* A map of its own with the same entries and room for so many more. */
int flr__map_copy(const flr_value *map, size_t room, flr_value **copy);
/* A map with the same entries for many threads: their references to it, and to copies that are made
 * here of the texts and numbers in it (scalars), are counted apart. Whoever made it ends that,
 * instead of dropping a reference. */
int flr__map_new_spread(const flr_value *map, bool scalars, flr_value **spread);
void flr__value_end_spread(flr_value *value);
/* A static value, never released, that may be used wherever a value is: nil, the bools, the
 * empty text, list and map, the texts "in" and "out". */
flr_value *flr__value_nil(void);
flr_value *flr__value_bool(bool truth);
flr_value *flr__value_empty_list(void);
flr_value *flr__value_empty_map(void);
flr_value *flr__value_empty_text(void);
flr_value *flr__value_in_or_out(bool out);

/* Elements of a tensor must be aligned to their size, for whoever reads them by their type; memory of the host's, or a part of other
 * bytes, need not be: *blob becomes a copy then. 0 or FLR_E_NOMEM. */
int flr__blob_align(flr_blob **blob, size_t alignment);

/* One value's text as JSON (tensors as {"type","shape"}, bytes as {"bytes": n}, pointers as
 * their kind); for logs and status lines. */
struct flr__text;
void flr__value_print_json(struct flr__text *out, const flr_value *v);
#endif
