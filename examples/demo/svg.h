/* A line chart of percentages as SVG, readable on light and dark screens. */
#ifndef DEMO_SVG_H
#define DEMO_SVG_H

#include <stddef.h>
#include <stdio.h>

#define SVG_MAX_LINES 6

struct svg_line {
    const char *label;
    const double *values; /* percent; value i stands at x = i */
};

struct svg_chart {
    const char *title, *x_label, *y_label; /* plain text without markup characters */
    size_t points;                         /* of every line, at least 2 */
    size_t lines; /* at most SVG_MAX_LINES; the first one is drawn thick, on top */
    struct svg_line line[SVG_MAX_LINES];
};

/* 0, or -1 if writing failed. */
int svg_write_chart(FILE *file, const struct svg_chart *chart);

#endif
