/*
 * A board's progress as texts, for tests to compare. Counts that are 0 are left out:
 * "standing:1 scheduled:2 sent:3". Each text is valid until the next of its kind.
 */
#ifndef FLR_TESTS_BOARDSHOW_H
#define FLR_TESTS_BOARDSHOW_H

#include "boardhost.h"

/* A growing text. */
typedef struct boardshow {
    char text[16384];
    size_t used;
} boardshow;

void boardshow_add(boardshow *s, const char *format, ...) FLR_PRINTF(2, 3);
void boardshow_item(boardshow *s); /* a blank, unless it is empty */
/* Visitors whose self is a boardshow. "NAME#NUMBER targets:3 sent:2"; a client's name. */
int boardshow_task(void *self, const flr_task_info *info);
int boardshow_name(void *self, const char *client);

flr_board_totals boardshow_get_totals(boardhost *h);
const char *boardshow_totals(boardhost *h);
const char *boardshow_tasks(boardhost *h); /* the standing ones */
/* The clients that this standing task waits for. */
const char *boardshow_missing(boardhost *h, int64_t number);
/* "heard:1000 gone:1002 open:1 results:2", times in seconds; NULL: it has no record. */
const char *boardshow_client(boardhost *h, int client);
const char *boardshow_printed(boardhost *h, uint32_t flags);
/* Whoever asks sees the same numbers from each side. */
void boardshow_adds_up(boardhost *h);

#endif
