/* Filters from inside: what scopes and chains share. */
#ifndef FLR_LIB_FILTER_H
#define FLR_LIB_FILTER_H

#include "fl/site.h"

/* A list of filters, each with the directions it is for. */
typedef struct flr__filter_item {
    flr_filter *filter;
    int direction; /* FLR_FILTER_* */
} flr__filter_item;

typedef struct flr__filter_list {
    flr__filter_item *items;
    size_t count, capacity;
} flr__filter_list;

int flr__filter_list_add(flr__filter_list *list, int direction,
                         flr_filter *filter); /* takes a reference; 0 or FLR_E_NOMEM */
void flr__filter_list_free(flr__filter_list *list);
bool flr__filter_list_any(const flr__filter_list *list, int direction);
/* Pass the message through the filters for this direction, as flr__filters_apply does; list NULL:
 * nothing. */
int flr__filter_list_apply(const flr__filter_list *list, flr_context *context, int direction,
                           flr_shareable **message);

void flr__filter_chain_use(flr_filter_chain *chain); /* from now on it cannot be changed */
const flr__filter_list *flr__filter_chain_list(const flr_filter_chain *chain);
const flr__filter_list *flr__scope_list(const flr_scope *scope,
                                        bool results); /* scope NULL: NULL */

#endif
