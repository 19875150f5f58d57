/* See boardshow.h. */
#include "boardshow.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void boardshow_add(boardshow *s, const char *format, ...)
{
    va_list args;
    int size;

    va_start(args, format);
    size = vsnprintf(s->text + s->used, sizeof s->text - s->used, format, args);
    va_end(args);
    ck_assert(size >= 0 && (size_t)size < sizeof s->text - s->used);
    s->used += (size_t)size;
}

void boardshow_item(boardshow *s)
{
    if (s->used > 0) {
        boardshow_add(s, " ");
    }
}

static void show_count(boardshow *s, const char *name, uint64_t count)
{
    if (count > 0) {
        boardshow_item(s);
        boardshow_add(s, "%s:%llu", name, (unsigned long long)count);
    }
}

flr_board_totals boardshow_get_totals(boardhost *h)
{
    flr_board_totals t;

    flr_board_totals_init(&t, sizeof t);
    ck_assert_int_eq(flr_board_get_totals(h->board, &t), 0);
    ck_assert_uint_eq(t.struct_size, sizeof t);
    ck_assert_uint_eq(t.flags, 0);
    return t;
}

const char *boardshow_totals(boardhost *h)
{
    static boardshow s;
    flr_board_totals t = boardshow_get_totals(h);

    s = (boardshow){.text = ""};
    show_count(&s, "standing", t.standing);
    show_count(&s, "scheduled", t.scheduled);
    show_count(&s, "clients", t.clients);
    show_count(&s, "outstanding", t.outstanding);
    show_count(&s, "sent", t.sent);
    show_count(&s, "resends", t.resends);
    show_count(&s, "results", t.results);
    show_count(&s, "duplicates", t.duplicates);
    show_count(&s, "late", t.late);
    show_count(&s, "rejected", t.rejected);
    show_count(&s, "ok", t.ok);
    show_count(&s, "timeout", t.timeout);
    show_count(&s, "error", t.error);
    show_count(&s, "cancelled", t.cancelled);
    show_count(&s, "aborted", t.aborted);
    show_count(&s, "client_dead", t.client_dead);
    return s.text;
}

int boardshow_task(void *self, const flr_task_info *info)
{
    boardshow *s = self;

    ck_assert_uint_eq(info->struct_size, sizeof *info);
    ck_assert_uint_eq(info->flags, 0);
    boardshow_item(s);
    boardshow_add(s, "%s#%lld", info->name, (long long)info->number);
    show_count(s, "targets", info->targets);
    show_count(s, "sent", info->sent);
    show_count(s, "answered", info->answered);
    show_count(s, "given_up", info->given_up);
    show_count(s, "outstanding", info->outstanding);
    return 0;
}

const char *boardshow_tasks(boardhost *h)
{
    static boardshow s;

    s = (boardshow){.text = ""};
    ck_assert_int_eq(flr_board_visit_tasks(h->board, boardshow_task, &s), 0);
    return s.text;
}

int boardshow_name(void *self, const char *client)
{
    boardshow_item(self);
    boardshow_add(self, "%s", client);
    return 0;
}

const char *boardshow_missing(boardhost *h, int64_t number)
{
    static boardshow s;

    s = (boardshow){.text = ""};
    ck_assert_int_eq(flr_board_visit_outstanding(h->board, number, boardshow_name, &s), 0);
    return s.text;
}

typedef struct wanted {
    const char *name;
    boardshow s;
    int seen;
} wanted;

static int show_client(void *self, const flr_client_info *info)
{
    wanted *w = self;

    ck_assert_uint_eq(info->struct_size, sizeof *info);
    ck_assert_uint_eq(info->flags, 0);
    if (strcmp(info->name, w->name) != 0) {
        return 0;
    }
    w->seen++;
    if (info->last_heard != FLR_TIME_NONE) {
        boardshow_add(&w->s, "heard:%g", (double)info->last_heard / 1e9);
    }
    if (info->disconnected != FLR_TIME_NONE) {
        boardshow_item(&w->s);
        boardshow_add(&w->s, "gone:%g", (double)info->disconnected / 1e9);
    }
    show_count(&w->s, "open", info->open);
    show_count(&w->s, "results", info->results);
    show_count(&w->s, "resends", info->resends);
    show_count(&w->s, "duplicates", info->duplicates);
    show_count(&w->s, "late", info->late);
    show_count(&w->s, "rejected", info->rejected);
    return 0;
}

const char *boardshow_client(boardhost *h, int client)
{
    static wanted w;

    w = (wanted){.name = boardhost_name(client)};
    ck_assert_int_eq(flr_board_visit_clients(h->board, show_client, &w), 0);
    ck_assert_int_le(w.seen, 1);
    return w.seen == 1 ? w.s.text : NULL;
}

const char *boardshow_printed(boardhost *h, uint32_t flags)
{
    static boardshow s;
    flr_blob *text = NULL;

    s = (boardshow){.text = ""};
    ck_assert_int_eq(flr_board_print(h->board, flags, &text), 0);
    boardshow_add(&s, "%.*s", (int)flr_blob_get_size(text), (const char *)flr_blob_get_data(text));
    ck_assert_uint_eq(s.used, flr_blob_get_size(text)); /* no NUL in it */
    flr_blob_unref(text);
    return s.text;
}

/* ---- sums ---- */

typedef struct sums {
    boardhost *h;
    flr_client_info clients; /* of all */
    flr_task_info tasks;
    uint64_t client_count, task_count;
} sums;

static int sum_client(void *self, const flr_client_info *info)
{
    sums *s = self;

    s->client_count++;
    s->clients.open += info->open;
    s->clients.results += info->results;
    s->clients.resends += info->resends;
    s->clients.duplicates += info->duplicates;
    s->clients.late += info->late;
    s->clients.rejected += info->rejected;
    return 0;
}

static int count_name(void *self, const char *name)
{
    ck_assert_ptr_nonnull(name);
    ++*(uint64_t *)self;
    return 0;
}

static int sum_task(void *self, const flr_task_info *info)
{
    sums *s = self;
    uint64_t names = 0;

    ck_assert_uint_eq(info->sent, info->answered + info->given_up + info->outstanding);
    ck_assert_int_eq(flr_board_visit_outstanding(s->h->board, info->number, count_name, &names), 0);
    ck_assert_uint_eq(names, info->outstanding);
    s->task_count++;
    s->tasks.outstanding += info->outstanding;
    return 0;
}

void boardshow_adds_up(boardhost *h)
{
    flr_board_totals t = boardshow_get_totals(h);
    sums s = {.h = h};

    ck_assert_int_eq(flr_board_visit_clients(h->board, sum_client, &s), 0);
    ck_assert_int_eq(flr_board_visit_tasks(h->board, sum_task, &s), 0);
    ck_assert_uint_eq(t.clients, s.client_count);
    ck_assert_uint_eq(t.standing, s.task_count);
    ck_assert_uint_eq(t.standing, flr_board_get_count(h->board));
    ck_assert_uint_eq(t.outstanding, s.tasks.outstanding);
    ck_assert_uint_eq(t.outstanding, s.clients.open);
    ck_assert_uint_eq(t.results, s.clients.results);
    ck_assert_uint_eq(t.resends, s.clients.resends);
    ck_assert_uint_eq(t.duplicates, s.clients.duplicates);
    ck_assert_uint_eq(t.late, s.clients.late);
    ck_assert_uint_eq(t.rejected, s.clients.rejected);
    ck_assert_uint_eq(t.scheduled, t.standing + t.ok + t.timeout + t.error + t.cancelled +
                                       t.aborted + t.client_dead);
}
