/*
 * The chart: fixed size, scaled by whoever shows it. Colours: Okabe and Ito, Color Universal Design
 * (2008), told apart by all eyes.
 */
#include "svg.h"

#define WIDTH     760
#define HEIGHT    440
#define LEFT      64
#define RIGHT     180 /* room for the labels of the lines */
#define TOP       48
#define BOTTOM    56
#define LABEL_GAP 17.0
#define INK       "#1b1f24"
#define GRID      "#d8dde3"

/* Attributes give the light look to viewers that know no style sheets; the dark one needs one. */
static const char style[] =
    "<style>\n"
    "  text { font: 13px system-ui, sans-serif; } .title { font-size: 16px; font-weight: 600; }\n"
    "  @media (prefers-color-scheme: dark) {\n"
    "    .paper { fill: #14181d; } .ink { fill: #e6e9ed; }\n"
    "    .axis { stroke: #e6e9ed; } .grid { stroke: #343b44; }\n"
    "    .s0 { stroke: #56b4e9; } .s1 { stroke: #f0883e; } .s2 { stroke: #3fc79a; }\n"
    "    .s3 { stroke: #dd99cc; } .s4 { stroke: #a0a8b2; } .s5 { stroke: #f0e442; }\n"
    "    .f0 { fill: #56b4e9; } .f1 { fill: #f0883e; } .f2 { fill: #3fc79a; }\n"
    "    .f3 { fill: #dd99cc; } .f4 { fill: #a0a8b2; } .f5 { fill: #f0e442; }\n"
    "  }\n"
    "</style>\n";

static const char *const colours[SVG_MAX_LINES] = {"#0072b2", "#c24e00", "#007f5f",
                                                   "#aa4499", "#5b6470", "#8a6d00"};
static const char *const dashes[SVG_MAX_LINES] = {"none", "7 4", "2 3", "9 3 2 3", "none", "4 2"};

static double x_of(const struct svg_chart *chart, size_t i)
{
    return LEFT + (WIDTH - LEFT - RIGHT) * (double)i / (double)(chart->points - 1);
}

static double y_of(double percent)
{
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * percent / 100.0;
}

static void write_axes(FILE *file, const struct svg_chart *chart)
{
    size_t tick = 1;
    for (size_t decade = 1; chart->points > 11 * tick; decade *= 10) {
        tick = 2 * decade;
        if (chart->points > 11 * tick)
            tick = 5 * decade;
        if (chart->points > 11 * tick)
            tick = 10 * decade;
    }
    for (int percent = 0; percent <= 100; percent += 20) {
        double y = y_of(percent);
        fprintf(file,
                "<line class=\"%s\" stroke=\"%s\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>\n",
                percent ? "grid" : "axis", percent ? GRID : INK, LEFT, WIDTH - RIGHT, y, y);
        fprintf(file,
                "<text class=\"ink\" fill=\"" INK
                "\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d</text>\n",
                LEFT - 8, y + 4.5, percent);
    }
    fprintf(file,
            "<line class=\"axis\" stroke=\"" INK
            "\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>\n",
            LEFT, LEFT, y_of(0), y_of(100));
    for (size_t i = 0; i < chart->points; i += tick) {
        double x = x_of(chart, i);
        fprintf(file,
                "<line class=\"axis\" stroke=\"" INK
                "\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>\n",
                x, x, y_of(0), y_of(0) + 5);
        fprintf(file,
                "<text class=\"ink\" fill=\"" INK
                "\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%zu</text>\n",
                x, y_of(0) + 20, i);
    }
    fprintf(file,
            "<text class=\"ink\" fill=\"" INK
            "\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
            x_of(chart, chart->points - 1) / 2 + LEFT / 2.0, HEIGHT - 14, chart->x_label);
    fprintf(file,
            "<text class=\"ink\" fill=\"" INK
            "\" transform=\"translate(18 %.1f) rotate(-90)\" text-anchor=\"middle\">%s</text>\n",
            y_of(50), chart->y_label);
}

static void write_line(FILE *file, const struct svg_chart *chart, size_t n)
{
    fprintf(file,
            "<polyline class=\"s%zu\" fill=\"none\" stroke=\"%s\" stroke-width=\"%s\" "
            "stroke-linejoin=\"round\" stroke-dasharray=\"%s\" points=\"",
            n, colours[n], n == 0 ? "3.5" : "1.8", dashes[n]);
    for (size_t i = 0; i < chart->points; i++)
        fprintf(file, "%s%.1f,%.1f", i ? " " : "", x_of(chart, i), y_of(chart->line[n].values[i]));
    fprintf(file, "\"/>\n");
}

/*
 * Labels stand at the ends of the lines, pushed down where they would overlap; where that leaves
 * the chart, all are pushed back up.
 */
static void place_labels(const struct svg_chart *chart, size_t order[SVG_MAX_LINES],
                         double y[SVG_MAX_LINES])
{
    for (size_t n = 0; n < chart->lines; n++) {
        size_t at = n;
        double end = y_of(chart->line[n].values[chart->points - 1]);
        for (; at > 0 && y[at - 1] > end; at--) {
            y[at] = y[at - 1];
            order[at] = order[at - 1];
        }
        y[at] = end;
        order[at] = n;
    }
    for (size_t n = 1; n < chart->lines; n++)
        if (y[n] < y[n - 1] + LABEL_GAP)
            y[n] = y[n - 1] + LABEL_GAP;
    for (size_t n = chart->lines; n > 0; n--) {
        double lowest = HEIGHT - BOTTOM - LABEL_GAP * (double)(chart->lines - n);
        if (y[n - 1] > lowest)
            y[n - 1] = lowest;
    }
}

static void write_labels(FILE *file, const struct svg_chart *chart)
{
    size_t order[SVG_MAX_LINES];
    double y[SVG_MAX_LINES];
    place_labels(chart, order, y);
    for (size_t i = 0; i < chart->lines; i++) {
        size_t n = order[i];
        fprintf(file, "<text class=\"f%zu\" fill=\"%s\" x=\"%d\" y=\"%.1f\">%s %.1f %%</text>\n", n,
                colours[n], WIDTH - RIGHT + 8, y[i] + 4.5, chart->line[n].label,
                chart->line[n].values[chart->points - 1]);
    }
}

int svg_write_chart(FILE *file, const struct svg_chart *chart)
{
    fprintf(file,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
            "width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"13\" role=\"img\">\n"
            "<title>%s</title>\n%s",
            WIDTH, HEIGHT, WIDTH, HEIGHT, chart->title, style);
    fprintf(file,
            "<rect class=\"paper\" fill=\"#ffffff\" width=\"%d\" height=\"%d\"/>\n"
            "<text class=\"title ink\" fill=\"" INK "\" x=\"%d\" y=\"28\">%s</text>\n",
            WIDTH, HEIGHT, LEFT, chart->title);
    write_axes(file, chart);
    for (size_t n = chart->lines; n > 0; n--)
        write_line(file, chart, n - 1);
    write_labels(file, chart);
    fprintf(file, "</svg>\n");
    return ferror(file) ? -1 : 0;
}
