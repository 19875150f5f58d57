/* Inside the library: values by interned key, for hot paths. Semantics as the public functions
 * in flrunner/value.h. */
#ifndef FLR_LIB_VALUE_H
#define FLR_LIB_VALUE_H

#include "base/str.h"
#include <flrunner/value.h>

const flr_value *flr__map_get(const flr_value *map, const flr__str *key);
/* takes a reference of key itself; [give on 0] */
int flr__map_set(flr_value **map, const flr__str *key, flr_value *value);
const flr__str *flr__map_key(const flr_value *map, size_t i);
/* with room for that many entries in its one allocation */
int flr__map_new(size_t room, flr_value **map);
/* text over an interned string, no copy */
int flr__value_new_str(const flr__str *text, flr_value **value);
/* A static value, never released, that may be used wherever a value is: nil, the bools, the
 * empty list and map. */
flr_value *flr__value_nil(void);
flr_value *flr__value_bool(bool truth);
flr_value *flr__value_empty_list(void);
flr_value *flr__value_empty_map(void);

/* One value's text as JSON (tensors as {"type","shape"}, bytes as {"bytes": n}, pointers as
 * their kind); for logs and status lines. */
struct flr__text;
void flr__value_print_json(struct flr__text *out, const flr_value *v);
#endif
