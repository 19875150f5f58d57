/*
 * Reading the CSV file: a header line with the columns' names, then rows with as many fields,
 * separated by commas, without quotes.
 */
#include "penguins.h"
#include <errno.h>
#include <flrunner/base.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LINE   512
#define MAX_FIELDS 32
#define COLUMNS    (2 + MEASURES)

const char *const species_names[SPECIES] = {"Adelie", "Chinstrap", "Gentoo"};
const char *const island_names[ISLANDS] = {"Biscoe", "Dream", "Torgersen"};

static const char *const column_names[COLUMNS] = {
    "species", "island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"};

struct reader {
    FILE *file;
    const char *path;
    size_t line, fields; /* number of the present line, from 1; fields of every line */
    size_t columns[COLUMNS];
    char text[MAX_LINE];
    char *parts[MAX_FIELDS];
    char *error;
    size_t error_size;
};

static int fail(struct reader *r, const char *format, ...) FLR_PRINTF(2, 3);

/* Writes the message; for `return fail(...)`. */
static int fail(struct reader *r, const char *format, ...)
{
    va_list args;
    int used = r->line ? snprintf(r->error, r->error_size, "%s, line %zu: ", r->path, r->line)
                       : snprintf(r->error, r->error_size, "%s: ", r->path);
    va_start(args, format);
    if (used >= 0 && (size_t)used < r->error_size)
        vsnprintf(r->error + used, r->error_size - (size_t)used, format, args);
    va_end(args);
    return -1;
}

/* 1: a line was read and split into *count parts; 0: the end; -1: an error. */
static int next_line(struct reader *r, size_t *count)
{
    size_t n = 0;
    r->line++;
    if (!fgets(r->text, sizeof r->text, r->file))
        return ferror(r->file) ? fail(r, "%s", strerror(errno)) : 0;
    size_t size = strlen(r->text);
    if (size + 1 == sizeof r->text && r->text[size - 1] != '\n')
        return fail(r, "longer than %d bytes", MAX_LINE - 2);
    r->text[strcspn(r->text, "\r\n")] = '\0';
    for (char *at = r->text; at; n++) {
        if (n == MAX_FIELDS)
            return fail(r, "more than %d fields", MAX_FIELDS);
        char *comma = strchr(at, ',');
        if (comma)
            *comma = '\0';
        r->parts[n] = at;
        at = comma ? comma + 1 : NULL;
    }
    *count = n;
    return 1;
}

static int read_header(struct reader *r)
{
    int got = next_line(r, &r->fields);
    if (got <= 0)
        return got < 0 ? -1 : fail(r, "there is no header");
    for (size_t c = 0; c < COLUMNS; c++) {
        size_t i = 0;
        while (i < r->fields && strcmp(r->parts[i], column_names[c]) != 0)
            i++;
        if (i == r->fields)
            return fail(r, "the header has no column %s", column_names[c]);
        r->columns[c] = i;
    }
    return 0;
}

static int read_name(struct reader *r, size_t column, const char *const *names, size_t count,
                     int *index)
{
    const char *text = r->parts[r->columns[column]];
    for (size_t i = 0; i < count; i++)
        if (strcmp(text, names[i]) == 0) {
            *index = (int)i;
            return 0;
        }
    return fail(r, "unknown %s \"%.40s\"", column_names[column], text);
}

/* 1: a number; 0: NA; -1: neither. */
static int read_number(struct reader *r, size_t column, double *number)
{
    const char *text = r->parts[r->columns[column]];
    char *end;
    if (strcmp(text, "NA") == 0)
        return 0;
    *number = strtod(text, &end);
    if (end == text || *end || !isfinite(*number))
        return fail(r, "%s is no number: \"%.40s\"", column_names[column], text);
    return 1;
}

/* 1: a penguin; 0: one that was not measured; -1: an error. */
static int read_row(struct reader *r, size_t count, struct penguin *p)
{
    int complete = 1;
    if (count != r->fields)
        return fail(r, "%zu fields instead of %zu", count, r->fields);
    if (read_name(r, 0, species_names, SPECIES, &p->species) < 0)
        return -1;
    if (read_name(r, 1, island_names, ISLANDS, &p->island) < 0)
        return -1;
    for (size_t i = 0; i < MEASURES; i++) {
        int got = read_number(r, 2 + i, &p->measures[i]);
        if (got < 0)
            return -1;
        if (got == 0)
            complete = 0;
    }
    return complete;
}

static int read_rows(struct reader *r, struct penguins *penguins)
{
    size_t capacity = 0, fields;
    int got;
    while ((got = next_line(r, &fields)) > 0) {
        struct penguin penguin;
        int kept = read_row(r, fields, &penguin);
        if (kept < 0)
            return -1;
        if (kept == 0)
            continue;
        if (penguins->count == capacity) {
            capacity = capacity ? 2 * capacity : 64;
            struct penguin *items = realloc(penguins->items, capacity * sizeof *items);
            if (!items)
                return fail(r, "out of memory");
            penguins->items = items;
        }
        penguins->items[penguins->count++] = penguin;
    }
    return got;
}

int penguins_read(const char *path, struct penguins *penguins, char *error, size_t error_size)
{
    struct reader r = {.path = path, .error = error, .error_size = error_size};
    penguins->items = NULL;
    penguins->count = 0;
    r.file = fopen(path, "r");
    if (!r.file)
        return fail(&r, "%s", strerror(errno));
    int status = read_header(&r);
    if (status == 0)
        status = read_rows(&r, penguins);
    fclose(r.file);
    if (status < 0)
        penguins_free(penguins);
    return status;
}

void penguins_free(struct penguins *penguins)
{
    free(penguins->items);
    penguins->items = NULL;
    penguins->count = 0;
}
