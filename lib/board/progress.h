/* What can be told of a board at any moment (ST-05): copies of its counts, for visitors and for
 * printing. */
#ifndef FLR_LIB_BOARD_PROGRESS_H
#define FLR_LIB_BOARD_PROGRESS_H

#include "board/board.h"

/* A standing task as it was when it was copied. */
typedef struct flr__standing {
    flr_task *task; /* held */
    flr_task_info info;
} flr__standing;

/* All that is copied in one go. */
typedef struct flr__snapshot {
    int64_t now;
    flr_board_totals totals;
    flr__standing *tasks; /* in scheduling order */
    size_t count;
} flr__snapshot;

/* "Inside": between flr__board_enter and flr__board_leave. None of these is called under a lock. */

/* Only inside. 0 or FLR_E_NOMEM; after 0 it must be dropped. */
int flr__snapshot_take(flr_board *b, flr__snapshot *s);
void flr__snapshot_drop(flr__snapshot *s); /* also outside: it holds what it is made of */
/* Inside or not: then what became of the last workflow. */
void flr__board_copy_totals(flr_board *b, bool inside, flr_board_totals *totals);
/* Only inside. 0 or what the visitor returned. */
int flr__board_each_client(flr_board *b, flr_client_info_visitor visitor, void *self);

#endif
