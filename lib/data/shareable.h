/* Inside the library: messages by interned key. */
#ifndef FLR_LIB_SHAREABLE_H
#define FLR_LIB_SHAREABLE_H

#include "data/value.h"
#include <flrunner/shareable.h>

const flr_value *flr__shareable_header(const flr_shareable *s, const flr__str *key);
/* [give on 0] */
int flr__shareable_set_header(flr_shareable *s, const flr__str *key, flr_value *value);
const flr_value *flr__shareable_cookie(const flr_shareable *s, const flr__str *key);
int flr__shareable_set_cookie(flr_shareable *s, const flr__str *key, flr_value *value);
/* [give on 0] A frozen message of two maps. 0, FLR_E_INVAL (the body has the key "__headers__"), FLR_E_NOMEM. */
int flr__shareable_new_of(flr_value *headers, flr_value *body, flr_shareable **message);
/* As flr_shareable_copy, with headers of its own that have room for so many more. */
int flr__shareable_copy_roomy(const flr_shareable *message, size_t room, flr_shareable **copy);
/* A frozen copy that many threads will copy at once: they do not meet in its reference counts. */
int flr__shareable_copy_spread(const flr_shareable *message, flr_shareable **copy);
/* The same with a borrowed value: a reference is taken. */
int flr__shareable_put(flr_shareable *s, const flr__str *key, const flr_value *value);
int flr__shareable_put_cookie(flr_shareable *s, const flr__str *key, const flr_value *value);
/* It will be released soon: have it brought into the cache, and once it is there, what it holds. NULL: nothing. */
void flr__shareable_fetch(const flr_shareable *s);
void flr__shareable_fetch_parts(const flr_shareable *s);

#endif
