/*
 * The bench: measures figures and prints median, minimum and maximum of at least five repeats (three where a million clients are involved)
 * and the ratio to a reference measured in the same run. Environment: BENCH=prefix picks figures (their references come along),
 * QUICK=1 shortens, JSON=1 prints one object per line. With the id of a figure as its argument it makes one repeat of it and prints the
 * plain number: that is how it measures in a process of its own.
 */
#include "bench.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REPEATS     5
#define REPEATS_BIG 3
#define BIG         1000000
#define FIGURES_MAX 128

typedef struct outcome {
    const figure *figure;
    double median, min, max;
} outcome;

bool bench_quick;
static bool json;
static outcome outcomes[FIGURES_MAX];
static size_t outcome_count;

static const figure *const groups[] = {dispatch_figures, relay_figures, outstanding_figures,
                                       scale_figures,    round_figures, memory_figures,
                                       frame_figures,    save_figures};
#define GROUPS (sizeof groups / sizeof groups[0])

double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void give_up(const char *what, const char *why)
{
    fprintf(stderr, "bench: %s: %s\n", what, why);
    exit(1);
}

void bench_check(int status, const char *what)
{
    if (status < 0)
        give_up(what, flr_status_get_text(status));
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void bench_sort(double *values, long count)
{
    qsort(values, (size_t)count, sizeof *values, compare);
}

static const outcome *find_outcome(const char *id)
{
    for (size_t i = 0; id != NULL && i < outcome_count; i++)
        if (strcmp(outcomes[i].figure->id, id) == 0)
            return &outcomes[i];
    return NULL;
}

static const figure *find_figure(const char *id)
{
    for (size_t g = 0; g < GROUPS; g++)
        for (const figure *f = groups[g]; f->id != NULL; f++)
            if (strcmp(f->id, id) == 0)
                return f;
    give_up(id, "no such figure");
    return NULL;
}

/* ---- printing ---- */

/* Small numbers need their decimals. */
static void print_number(double x)
{
    printf(" %14.*f", fabs(x) < 1000 ? 3 : 0, x);
}

static void print(const outcome *o)
{
    const outcome *reference = find_outcome(o->figure->reference);
    double ratio = reference == NULL ? 0 : o->median / reference->median;
    if (json) {
        printf("{\"figure\": \"%s\", \"median\": %.6g, \"min\": %.6g, \"max\": %.6g, "
               "\"unit\": \"%s\", ",
               o->figure->id, o->median, o->min, o->max, o->figure->unit);
        if (reference == NULL)
            printf("\"reference\": null, \"ratio\": null}\n");
        else
            printf("\"reference\": \"%s\", \"ratio\": %.4g}\n", reference->figure->id, ratio);
    } else {
        printf("%-27s", o->figure->id);
        print_number(o->median);
        print_number(o->min);
        print_number(o->max);
        printf("  %-8s", o->figure->unit);
        if (reference != NULL)
            printf(" %8.3f x %s", ratio, reference->figure->id);
        printf("\n");
    }
    fflush(stdout);
}

static bool is_rate(const figure *f)
{
    const char *slash = strchr(f->unit, '/');
    return slash != NULL && strcmp(slash, "/s") == 0;
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
    if (first == last)
        return;
    double growth = log(last->median / first->median);
    double exponent = (is_rate(first->figure) ? -growth : growth) /
                      log((double)last->figure->size / (double)first->figure->size);
    printf("growth of %-16s cost ~ size^%.3f\n", series, exponent);
}

static void print_all_growth(void)
{
    for (size_t i = 0; i < outcome_count; i++) {
        const char *series = outcomes[i].figure->series;
        bool seen = series == NULL;
        for (size_t j = 0; j < i && !seen; j++)
            seen = outcomes[j].figure->series != NULL &&
                   strcmp(outcomes[j].figure->series, series) == 0;
        if (!seen)
            print_growth(series);
    }
}

/* ---- measuring ---- */

/* One repeat in a process of its own, whose memory no other figure has touched. */
static double measure_alone(const figure *f)
{
    char text[64] = "";
    int ends[2], status = 0;
    fflush(stdout);
    if (pipe(ends) != 0)
        give_up(f->id, "no pipe");
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execl("/proc/self/exe", "bench", f->id, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    if (child < 0 || read(ends[0], text, sizeof text - 1) <= 0 ||
        waitpid(child, &status, 0) != child || status != 0)
        give_up(f->id, "its process has failed");
    close(ends[0]);
    return strtod(text, NULL);
}

static void measure(const figure *f)
{
    double values[REPEATS];
    int repeats = f->size >= BIG ? REPEATS_BIG : REPEATS;
    if (find_outcome(f->id) != NULL)
        return;
    if (outcome_count == FIGURES_MAX)
        give_up(f->id, "too many figures");
    for (int i = 0; i < repeats; i++)
        values[i] = f->alone ? measure_alone(f) : f->measure(f->size);
    bench_sort(values, repeats);
    outcome *o = &outcomes[outcome_count++];
    *o = (outcome){f, values[repeats / 2], values[0], values[repeats - 1]};
    print(o);
}

/* A figure whose reference has one comes after both. */
static void measure_with_references(const figure *f)
{
    const figure *chain[8];
    size_t count = 0;
    for (; f != NULL && count < 8; f = f->reference == NULL ? NULL : find_figure(f->reference))
        chain[count++] = f;
    while (count-- > 0)
        measure(chain[count]);
}

static bool is_on(const char *variable)
{
    const char *text = getenv(variable);
    return text != NULL && *text != '\0' && *text != '0';
}

int main(int argc, char **argv)
{
    const char *prefix = getenv("BENCH");
    bench_quick = is_on("QUICK");
    json = is_on("JSON");
    if (argc == 2) {
        const figure *f = find_figure(argv[1]);
        printf("%.17g\n", f->measure(f->size));
        return 0;
    }
    if (!json)
        printf("%-27s %14s %14s %14s\n", "figure", "median", "min", "max");
    for (size_t g = 0; g < GROUPS; g++)
        for (const figure *f = groups[g]; f->id != NULL; f++)
            if (prefix == NULL || strncmp(f->id, prefix, strlen(prefix)) == 0)
                measure_with_references(f);
    if (!json)
        print_all_growth();
    return 0;
}
