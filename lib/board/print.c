/* What stands on a board and who is missing, as one line of JSON (ST-05). No lock. */
#include "board/progress.h"

#include "base/text.h"
#include <inttypes.h>
#include <stdio.h>

#define NAMES_PRINTED 100 /* of one task */

typedef struct field {
    const char *name;
    size_t offset; /* of a uint64_t */
} field;

#define COUNT_OF(fields) (sizeof(fields) / sizeof(fields)[0])

/* In the order in which they are printed. */
#define FIELD(type, member) #member, offsetof(type, member)
static const field totals_fields[] = {
    {FIELD(flr_board_totals, standing)}, {FIELD(flr_board_totals, scheduled)},
    {FIELD(flr_board_totals, clients)},  {FIELD(flr_board_totals, outstanding)},
    {FIELD(flr_board_totals, sent)},     {FIELD(flr_board_totals, resends)},
    {FIELD(flr_board_totals, results)},  {FIELD(flr_board_totals, duplicates)},
    {FIELD(flr_board_totals, late)},     {FIELD(flr_board_totals, rejected)},
    {FIELD(flr_board_totals, ok)},       {FIELD(flr_board_totals, timeout)},
    {FIELD(flr_board_totals, error)},    {FIELD(flr_board_totals, cancelled)},
    {FIELD(flr_board_totals, aborted)},  {FIELD(flr_board_totals, client_dead)},
};
static const field task_fields[] = {
    {FIELD(flr_task_info, targets)},     {FIELD(flr_task_info, sent)},
    {FIELD(flr_task_info, answered)},    {FIELD(flr_task_info, given_up)},
    {FIELD(flr_task_info, outstanding)},
};
static const field client_fields[] = {
    {FIELD(flr_client_info, open)},    {FIELD(flr_client_info, results)},
    {FIELD(flr_client_info, resends)}, {FIELD(flr_client_info, duplicates)},
    {FIELD(flr_client_info, late)},    {FIELD(flr_client_info, rejected)},
};

static const char *const kind_names[] = {
    [FLR_KIND_BROADCAST] = "broadcast", [FLR_KIND_FOREVER] = "forever",
    [FLR_KIND_SEND] = "send",           [FLR_KIND_SEND_ANY] = "send_any",
    [FLR_KIND_RELAY] = "relay",         [FLR_KIND_RELAY_ANY] = "relay_any",
};

/* "a":1,"b":2 */
static void print_fields(flr__text *out, const void *from, const field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t value;

        memcpy(&value, (const char *)from + fields[i].offset, sizeof value);
        flr__text_addf(out, "%s\"%s\":%" PRIu64, i == 0 ? "" : ",", fields[i].name, value);
    }
}

/* Seconds, exact: a binary fraction would show digits that nobody measured. Less than none: what was
 * copied after the moment that the line tells of. */
static void print_seconds(flr__text *out, int64_t nanoseconds)
{
    int64_t span = nanoseconds > 0 ? nanoseconds : 0, rest = span % 1000000000;

    flr__text_addf(out, "%" PRId64, span / 1000000000);
    if (rest > 0) {
        char digits[24];
        size_t size = 9;

        snprintf(digits, sizeof digits, "%09" PRId64, rest);
        while (digits[size - 1] == '0') {
            size--;
        }
        flr__text_add(out, ".");
        flr__text_add_sized(out, digits, size);
    }
}

/* A line under way. */
typedef struct line {
    flr__text text;
    int64_t now;
    size_t items; /* of the present list */
} line;

static void begin_item(line *l)
{
    if (l->items++ > 0) {
        flr__text_add(&l->text, ",");
    }
}

static int print_open(void *self, flr_assignment *a)
{
    line *l = self;

    if (flr_assignment_get_state(a) != FLR_ASSIGNMENT_OPEN) {
        return 0;
    }
    begin_item(l);
    flr__text_add_json(&l->text, flr_assignment_get_client(a));
    return l->items < NAMES_PRINTED ? 0 : 1; /* enough */
}

static int print_task(line *l, const flr__standing *s)
{
    const flr_task_info *info = &s->info;
    flr__text *out = &l->text;
    int status = 0;

    flr__text_add(out, "{\"name\":");
    flr__text_add_json(out, info->name);
    flr__text_addf(out, ",\"kind\":\"%s\",\"number\":%" PRId64 ",\"age\":", kind_names[info->kind],
                   info->number);
    print_seconds(out, info->age);
    flr__text_add(out, ",\"time_left\":");
    if (info->time_left == FLR_TIME_NONE) {
        flr__text_add(out, "null");
    } else {
        print_seconds(out, info->time_left);
    }
    flr__text_add(out, ",");
    print_fields(out, info, task_fields, COUNT_OF(task_fields));
    flr__text_add(out, ",\"outstanding_clients\":[");
    l->items = 0;
    if (info->outstanding > 0) {
        status = flr_task_visit_assignments(s->task, print_open, l);
    }
    flr__text_add(out, "]}");
    return status < 0 ? status : 0;
}

static void print_since(line *l, const char *name, int64_t when)
{
    flr__text_addf(&l->text, ",\"%s\":", name);
    if (when == FLR_TIME_NONE) {
        flr__text_add(&l->text, "null");
    } else {
        print_seconds(&l->text, l->now - when);
    }
}

static int print_client(void *self, const flr_client_info *info)
{
    line *l = self;

    begin_item(l);
    flr__text_add(&l->text, "{\"name\":");
    flr__text_add_json(&l->text, info->name);
    print_since(l, "silent", info->last_heard);
    print_since(l, "disconnected", info->disconnected);
    flr__text_add(&l->text, ",");
    print_fields(&l->text, info, client_fields, COUNT_OF(client_fields));
    flr__text_add(&l->text, "}");
    return l->text.status;
}

static int print_tasks(line *l, const flr__snapshot *s)
{
    int status = 0;

    for (size_t i = 0; status == 0 && i < s->count; i++) {
        flr__text_add(&l->text, i == 0 ? "" : ",");
        status = print_task(l, &s->tasks[i]);
    }
    return status;
}

static int print_board(line *l, flr_board *b, bool inside, uint32_t flags, const flr__snapshot *s)
{
    int status;

    l->now = s->now;
    flr__text_add(&l->text, "{\"workflow\":");
    flr__text_add_json(&l->text, b->workflow->id->text);
    flr__text_add(&l->text, ",\"totals\":{");
    print_fields(&l->text, &s->totals, totals_fields, COUNT_OF(totals_fields));
    flr__text_add(&l->text, "},\"tasks\":[");
    status = print_tasks(l, s);
    flr__text_add(&l->text, "]");
    if ((flags & FLR_BOARD_PRINT_FLAG_BRIEF) == 0) {
        flr__text_add(&l->text, ",\"clients\":[");
        l->items = 0;
        if (inside && status == 0) {
            status = flr__board_each_client(b, print_client, l);
        }
        flr__text_add(&l->text, "]");
    }
    flr__text_add(&l->text, "}");
    return status < 0 ? status : l->text.status;
}

int flr_board_print(flr_board *board, uint32_t flags, flr_blob **text)
{
    line l = {FLR__TEXT_INIT, 0, 0};
    flr__snapshot s = {.tasks = NULL};
    bool inside;
    int status = 0;

    if (board == NULL || text == NULL || (flags & ~FLR_BOARD_PRINT_FLAG_BRIEF) != 0) {
        return FLR_E_INVAL;
    }
    inside = flr__board_enter(board);
    if (inside) {
        status = flr__snapshot_take(board, &s);
    } else {
        flr__board_copy_totals(board, inside, &s.totals);
    }
    if (status == 0) {
        status = print_board(&l, board, inside, flags, &s);
        flr__snapshot_drop(&s);
    }
    if (inside) {
        flr__board_leave(board);
    }
    if (status == 0) {
        status = flr_blob_new_copy(l.text.data, l.text.size, text);
    }
    flr__text_free(&l.text);
    return status;
}
