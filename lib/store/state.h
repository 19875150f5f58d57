/* A state's bytes from inside: made of a value, read back into one. The layout stands in flrunner/snapshot.h. */
#ifndef FLR_LIB_STATE_H
#define FLR_LIB_STATE_H

#include <flrunner/snapshot.h>

/* A state that says `head`; large payloads stay where they are. 0, FLR_E_INVAL (a pointer in it), FLR_E_LIMIT, FLR_E_NOMEM. */
int flr__state_new(const flr_value *head, flr_state **state);
/* The value of a whole state, with its large payloads as views into `whole`. As flr_state_check(), or FLR_E_LIMIT, FLR_E_NOMEM. */
int flr__state_read(flr_blob *whole, flr_value **head);

#endif
