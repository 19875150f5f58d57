/*
 * The bench: measures figures and prints median, minimum and maximum of at least five repeats and the ratio to a reference measured in
 * the same run. Environment: BENCH=prefix picks figures (their references come along), QUICK=1 shortens, JSON=1 prints one object per line.
 */
#include "bench.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REPEATS     5
#define FIGURES_MAX 64

typedef struct outcome {
    const figure *figure;
    double median, min, max;
} outcome;

bool bench_quick;
static bool json;
static outcome outcomes[FIGURES_MAX];
static size_t outcome_count;

double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void bench_check(int status, const char *what)
{
    if (status >= 0)
        return;
    fprintf(stderr, "bench: %s: %s\n", what, flr_status_get_text(status));
    exit(1);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static const outcome *find_outcome(const char *id)
{
    for (size_t i = 0; id != NULL && i < outcome_count; i++)
        if (strcmp(outcomes[i].figure->id, id) == 0)
            return &outcomes[i];
    return NULL;
}

static void print(const outcome *o)
{
    const outcome *reference = find_outcome(o->figure->reference);
    double ratio = reference == NULL ? 0 : o->median / reference->median;
    if (json) {
        printf(
            "{\"figure\": \"%s\", \"median\": %.6g, \"min\": %.6g, \"max\": %.6g, \"unit\": \"%s\", ",
            o->figure->id, o->median, o->min, o->max, o->figure->unit);
        if (reference == NULL)
            printf("\"reference\": null, \"ratio\": null}\n");
        else
            printf("\"reference\": \"%s\", \"ratio\": %.4g}\n", reference->figure->id, ratio);
    } else {
        printf("%-24s %14.1f %14.1f %14.1f  %-8s", o->figure->id, o->median, o->min, o->max,
               o->figure->unit);
        if (reference != NULL)
            printf(" %8.3f x %s", ratio, reference->figure->id);
        printf("\n");
    }
    fflush(stdout);
}

static const outcome *measure(const figure *f)
{
    double values[REPEATS];
    const outcome *known = find_outcome(f->id);
    if (known != NULL)
        return known;
    for (int i = 0; i < REPEATS; i++)
        values[i] = f->measure(f->size);
    qsort(values, REPEATS, sizeof values[0], compare);
    outcome *o = &outcomes[outcome_count++];
    *o = (outcome){f, values[REPEATS / 2], values[0], values[REPEATS - 1]};
    print(o);
    return o;
}

static const figure *const groups[] = {dispatch_figures, round_figures, memory_figures};
#define GROUPS (sizeof groups / sizeof groups[0])

static const figure *find_figure(const char *id)
{
    for (size_t g = 0; g < GROUPS; g++)
        for (const figure *f = groups[g]; f->id != NULL; f++)
            if (strcmp(f->id, id) == 0)
                return f;
    return NULL;
}

/* How the cost of one grows with its size: slope of log cost over log size from the first to the last of a series. */
static void print_growth(const char *series)
{
    const outcome *first = NULL, *last = NULL;
    for (size_t i = 0; i < outcome_count; i++) {
        if (outcomes[i].figure->series == NULL || strcmp(outcomes[i].figure->series, series) != 0)
            continue;
        first = first == NULL ? &outcomes[i] : first;
        last = &outcomes[i];
    }
    if (first == NULL || first == last || json)
        return;
    double exponent = log(first->median / last->median) /
                      log((double)last->figure->size / (double)first->figure->size);
    printf("growth of %-14s cost ~ size^%.3f\n", series, exponent);
}

int main(void)
{
    static const char *const series[] = {"null_dispatch", "pairs_1t", "pairs_2t", "foreign_tasks"};
    const char *prefix = getenv("BENCH"), *quick = getenv("QUICK"), *wants_json = getenv("JSON");
    bench_quick = quick != NULL && *quick != '\0' && *quick != '0';
    json = wants_json != NULL && *wants_json != '\0' && *wants_json != '0';
    if (!json)
        printf("%-24s %14s %14s %14s\n", "figure", "median", "min", "max");
    for (size_t g = 0; g < GROUPS; g++)
        for (const figure *f = groups[g]; f->id != NULL; f++) {
            if (prefix != NULL && strncmp(f->id, prefix, strlen(prefix)) != 0)
                continue;
            if (f->reference != NULL)
                measure(find_figure(f->reference));
            measure(f);
        }
    for (size_t i = 0; i < sizeof series / sizeof series[0]; i++)
        print_growth(series[i]);
    return 0;
}
