/* SPDX-License-Identifier: MIT */
/* The figures: each is a table and a gnuplot script over it. Names that come from data stand only in the tables, never
 * in a script, so that none of them is ever run. */
#include "report/figures.h"

#include "base/memory.h"
#include "report/axis.h"
#include "report/figure_file.h"
#include "report/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct curves {
    const double *training, *validation; /* [epochs]; NaN where there is none */
    size_t epochs;
    const char *validation_name;
};

/* Names curves at their right ends; names that would meet are moved apart, upwards from the lowest. */
static void append_end_names(struct text *script, const double *values, const char *const *names,
                             const char *const *colors, size_t count, double x, const struct axis *axis) {
    enum { MOST_CURVES = 3 };
    size_t order[MOST_CURVES], shown = 0;
    for (size_t i = 0; i < count && i < MOST_CURVES; i++) {
        if (!isfinite(values[i])) continue;
        size_t place = shown++;
        for (; place > 0 && values[order[place - 1]] > values[i]; place--)
            order[place] = order[place - 1];
        order[place] = i;
    }
    double apart = 0.07 * (axis->high - axis->low), y[MOST_CURVES] = {0};
    for (size_t i = 0; i < shown; i++) {
        y[i] = fmin(fmax(values[order[i]], axis->low), axis->high);
        if (i > 0 && y[i] < y[i - 1] + apart) y[i] = y[i - 1] + apart;
    }
    double over = shown > 0 ? fmax(0.0, y[shown - 1] - axis->high) : 0.0;
    for (size_t i = 0; i < shown; i++)
        text_append(script, "set label %zu \"%s\" at first %.9g, first %.9g offset 0.9,0 textcolor rgb '%s'\n", i + 1,
                    names[order[i]], x, y[i] - over, colors[order[i]]);
}

static double percent_of(const struct figure_mark *mark) {
    return mark != NULL ? 100.0 * mark->accuracy : (double)NAN;
}

static void append_mark(struct text *script, const struct figure_mark *mark) {
    double percent = percent_of(mark);
    if (!isfinite(percent)) return;
    text_append(script,
                "set arrow 1 from graph 0, first %.9g to graph 1, first %.9g nohead linecolor rgb '" COLOR_MARKED
                "' linewidth 1.2 dashtype (6,4)\n"
                "set label 8 '%s %s' at graph 0, first %.9g offset 0.6,0.6 textcolor rgb "
                "'" COLOR_MARKED "'\n",
                percent, percent, mark->words, number_fixed(percent, 2).text, percent);
}

static ocellus_status draw_curves(const char *folder, const char *name, const char *title, const struct curves *curves,
                                  const struct axis *axis, const struct figure_mark *mark) {
    struct figure figure = {folder, name, 880, 380, {0}, {0}, {0}};
    bool any_validation = false;
    text_append(&figure.table, "epoch,training,validation\n");
    for (size_t i = 0; i < curves->epochs; i++) {
        text_append(&figure.table, "%zu", i + 1);
        figure_append_real(&figure.table, curves->training[i]);
        figure_append_real(&figure.table, curves->validation[i]);
        text_append(&figure.table, "\n");
        any_validation = any_validation || isfinite(curves->validation[i]);
    }
    double step = fmax(1.0, axis_step(1.0, (double)curves->epochs, 10.0));
    text_append(
        &figure.script,
        "set xrange [%.2f:%.2f]\nset xtics %.0f,%.0f\nset yrange [%.9g:%.9g]\nset ytics %.9g\nset format y '%%g'\n"
        "set grid ytics linestyle 9\n"
        "set xlabel 'epoch' textcolor rgb '" COLOR_TEXT "'\nset lmargin 4.5\nset rmargin 14\nset tmargin 2.2\n"
        "set label 9 '%s' at graph 0, graph 1 offset -3.6,1 textcolor rgb '" COLOR_TEXT "'\n",
        curves->epochs == 1 ? 0.5 : 1.0, curves->epochs == 1 ? 1.5 : (double)curves->epochs, step, step, axis->low,
        axis->high, axis->step, title);
    const double ends[] = {curves->training[curves->epochs - 1], curves->validation[curves->epochs - 1]};
    const char *const names[] = {"training", curves->validation_name}, *const colors[] = {COLOR_TRAINING, COLOR_TEST};
    append_end_names(&figure.script, ends, names, colors, 2, (double)curves->epochs, axis);
    append_mark(&figure.script, mark);
    const char *const curve = "'%s.csv' using 1:%d with linespoints linecolor rgb '%s' linewidth 2.2 pointtype 7 "
                              "pointsize %s";
    const char *size = curves->epochs == 1 ? "0.9" : "0.45";
    text_append(&figure.plot, "plot ");
    text_append(&figure.plot, curve, name, 2, COLOR_TRAINING, size);
    if (any_validation) {
        text_append(&figure.plot, ", ");
        text_append(&figure.plot, curve, name, 3, COLOR_TEST, size);
    }
    return figure_end(&figure);
}

/* Makes low..high hold a value; one that is not finite has no place on an axis. */
static void widen(double *low, double *high, double value) {
    if (!isfinite(value)) return;
    *low = fmin(*low, value);
    *high = fmax(*high, value);
}

/* Copies a measure out of the history and widens low..high to hold it. */
static void take_measure(const struct history *history, bool accuracy, double *training, double *validation,
                         double *low, double *high) {
    for (size_t i = 0; i < history->count; i++) {
        const struct history_row *row = &history->rows[i];
        training[i] = accuracy ? 100.0 * row->accuracy : row->loss;
        validation[i] = accuracy ? 100.0 * row->val_accuracy : row->val_loss;
        widen(low, high, training[i]);
        widen(low, high, validation[i]);
    }
}

static ocellus_status draw_history(const char *folder, const struct history *history, bool accuracy,
                                   const char *validation_name, const struct figure_mark *mark) {
    if (history->count == 0) return fail(OCELLUS_USAGE, "figure: the history holds no epoch yet");
    double *values = memory_allocate(history->count, 2 * sizeof *values);
    if (values == NULL) return OCELLUS_IO;
    struct curves curves = {values, values + history->count, history->count, validation_name};
    double low = accuracy ? 100.0 : 0.0, high = accuracy ? 0.0 : 1e-3;
    take_measure(history, accuracy, values, values + history->count, &low, &high);
    widen(&low, &high, percent_of(mark));
    widen(&low, &high, percent_of(mark) + 2.0); /* room for its words */
    struct axis axis = axis_covering(low, high);
    if (accuracy) axis.high = fmin(axis.high, 100.0);
    ocellus_status status = draw_curves(folder, accuracy ? FIGURE_ACCURACY : FIGURE_LOSS,
                                        accuracy ? "accuracy in %" : "loss (cross-entropy)", &curves, &axis, mark);
    memory_free(values);
    return status;
}

ocellus_status figure_loss(const char *folder, const struct history *history, const char *validation) {
    return draw_history(folder, history, false, validation, NULL);
}

ocellus_status figure_accuracy(const char *folder, const struct history *history, const char *validation,
                               const struct figure_mark *mark) {
    return draw_history(folder, history, true, validation, mark);
}

/* The mean over the images since the point before, out of the running means of the epoch. */
static double recent_mean(const struct run_progress *progress, size_t i, double running, double before) {
    const struct run_point *point = &progress->points[i], *last = i > 0 ? point - 1 : NULL;
    if (last == NULL || last->epoch != point->epoch || last->images >= point->images) return running;
    double images = (double)point->images, earlier = (double)last->images;
    return (running * images - before * earlier) / (images - earlier);
}

static ocellus_status draw_steps(const char *folder, const struct run_progress *progress, bool accuracy,
                                 double validation, const char *validation_name, const struct figure_mark *mark) {
    if (progress->count == 0) return fail(OCELLUS_USAGE, "figure: no step is recorded");
    struct figure figure = {folder, accuracy ? FIGURE_ACCURACY : FIGURE_LOSS, 880, 380, {0}, {0}, {0}};
    double low = accuracy ? 100.0 : 0.0, high = accuracy ? 0.0 : 1e-3, seen = 0.0, scale = accuracy ? 100.0 : 1.0;
    double recent = 0.0, running = 0.0;
    text_append(&figure.table, "training images,recent,running mean,validation\n");
    for (size_t i = 0; i < progress->count; i++) {
        const struct run_point *point = &progress->points[i];
        double before = running;
        bool last = i + 1 == progress->count;
        if (i > 0 && point->epoch != point[-1].epoch) seen += (double)point[-1].images;
        running = scale * (accuracy ? point->accuracy : point->loss);
        recent = recent_mean(progress, i, running, before);
        text_append(&figure.table, "%.0f", seen + (double)point->images);
        figure_append_real(&figure.table, recent);
        figure_append_real(&figure.table, running);
        figure_append_real(&figure.table, last ? scale * validation : NAN);
        text_append(&figure.table, "\n");
        widen(&low, &high, recent);
        widen(&low, &high, running);
    }
    seen += (double)progress->points[progress->count - 1].images;
    seen = fmax(seen, 1.0);
    widen(&low, &high, scale * validation);
    widen(&low, &high, percent_of(mark));
    widen(&low, &high, percent_of(mark) + 2.0);
    struct axis axis = axis_covering(low, high);
    if (accuracy) axis.high = fmin(axis.high, 100.0);
    const double names[] = {running, recent, scale * validation};
    const char *const words[] = {"running mean", "training", validation_name}, *const colors[] = {COLOR_FAINT,
                                                                                                  COLOR_TRAINING,
                                                                                                  COLOR_TEST};
    text_append(&figure.script,
                "set xrange [0:%.0f]\nset xtics %.0f\nset yrange [%.9g:%.9g]\nset ytics %.9g\nset format y '%%g'\n"
                "set grid ytics linestyle 9\nset xlabel 'training images seen' textcolor rgb '" COLOR_TEXT "'\n"
                "set lmargin 4.5\nset rmargin 14\nset tmargin 2.2\n"
                "set label 9 '%s' at graph 0, graph 1 offset -3.6,1 textcolor rgb '" COLOR_TEXT "'\n",
                seen, fmax(1.0, axis_step(0.0, seen, 6.0)), axis.low, axis.high, axis.step,
                accuracy ? "accuracy in %" : "loss (cross-entropy)");
    append_end_names(&figure.script, names, words, colors, 3, seen, &axis);
    append_mark(&figure.script, mark);
    text_append(&figure.plot,
                "plot '%s.csv' using 1:3 with lines linecolor rgb '" COLOR_FAINT "' linewidth 2"
                ", '' using 1:2 with linespoints linecolor rgb '" COLOR_TRAINING
                "' linewidth 2.2 pointtype 7 pointsize 0.35",
                figure.name);
    if (isfinite(validation))
        text_append(&figure.plot,
                    ", '' using 1:4 with points linecolor rgb '" COLOR_TEST "' pointtype 7 pointsize 0.9");
    return figure_end(&figure);
}

ocellus_status figure_loss_of_steps(const char *folder, const struct run_progress *progress, double validation,
                                    const char *validation_name) {
    return draw_steps(folder, progress, false, validation, validation_name, NULL);
}

ocellus_status figure_accuracy_of_steps(const char *folder, const struct run_progress *progress, double validation,
                                        const char *validation_name, const struct figure_mark *mark) {
    return draw_steps(folder, progress, true, validation, validation_name, mark);
}

ocellus_status figure_confusion(const char *folder, const char *const *names, const struct evaluation *evaluation) {
    enum { MOST_NUMBERS = 25 };
    size_t classes = evaluation->classes;
    int cell = classes <= 12 ? 56 : classes <= MOST_NUMBERS ? 38 : 12;
    struct figure figure = {
        folder, FIGURE_CONFUSION, 130 + 4 * cell / 3 * (int)classes, 90 + cell * (int)classes, {0}, {0}, {0}};
    text_append(&figure.table, "true,predicted,true name,predicted name,images,share of the true class\n");
    for (size_t i = 0; i < classes; i++)
        for (size_t j = 0; j < classes; j++) {
            size_t images = evaluation->confusion[i * classes + j], support = evaluation->per_class[i].support;
            text_append(&figure.table, "%zu,%zu,", i, j);
            figure_append_name(&figure.table, names[i]);
            text_append(&figure.table, ",");
            figure_append_name(&figure.table, names[j]);
            text_append(&figure.table, ",%zu", images);
            figure_append_real(&figure.table, support > 0 ? (double)images / (double)support : 0.0);
            text_append(&figure.table, "\n");
        }
    text_append(&figure.script,
                "set xrange [-0.5:%zu.5]\nset yrange [%zu.5:-0.5]\nset cbrange [0:1]\nunset colorbox\n"
                "set palette defined (0 '#f6f8fa', 0.25 '#cfe1f0', 0.5 '#8dbbdc', 0.75 '#3d8cc4', 1 '#00507d')\n"
                "set style fill solid 1.0 border rgb 'white'\n"
                "set lmargin 13\nset rmargin 1\nset tmargin 2\nset xtics %s\n"
                "set xlabel 'predicted class' textcolor rgb '" COLOR_TEXT "'\n"
                "set label 1 'true class' at graph 0, graph 1 right offset -1,1 textcolor rgb '" COLOR_TEXT "'\n",
                classes - 1, classes - 1, classes <= 12 ? "norotate" : "rotate by 90 right");
    /* The square root of the share, so that the errors' pattern shows beside the diagonal. */
    text_append(
        &figure.plot,
        "plot '%s.csv' using 2:1:($2-0.5):($2+0.5):($1-0.5):($1+0.5):(sqrt($6)):ytic(3):xtic(4) with boxxyerror "
        "linecolor palette",
        figure.name);
    if (classes <= MOST_NUMBERS)
        text_append(&figure.plot, ", '' using 2:(sqrt($6) < 0.6 ? $1 : NaN):5 with labels textcolor rgb '#22303c'"
                                  ", '' using 2:(sqrt($6) < 0.6 ? NaN : $1):5 with labels textcolor rgb 'white'");
    return figure_end(&figure);
}

ocellus_status figure_results(const char *folder, const struct figure_result *results, size_t count) {
    static const struct {
        const char *color, *points;
    } styles[] = {[FIGURE_MARKED] = {COLOR_MARKED, "using ($6 == 0 ? $3 : NaN):1:ytic(2) with points pointtype 12 "
                                                   "pointsize 1.2 linewidth 1.8"},
                  [FIGURE_TRAINING] = {COLOR_TRAINING, "using ($6 == 1 ? $3 : NaN):1:4:5:ytic(2) with xerrorbars "
                                                       "pointtype 7 pointsize 0.9"},
                  [FIGURE_VALIDATION] = {COLOR_VALIDATION, "using ($6 == 2 ? $3 : NaN):1:4:5:ytic(2) with xerrorbars "
                                                           "pointtype 7 pointsize 0.9"},
                  [FIGURE_TEST] = {COLOR_TEST, "using ($6 == 3 ? $3 : NaN):1:4:5:ytic(2) with xerrorbars pointtype 7 "
                                               "pointsize 0.9"},
                  [FIGURE_KEPT] = {COLOR_KEPT, "using ($6 == 4 ? $3 : NaN):1:4:5:ytic(2) with xerrorbars "
                                               "pointtype 13 pointsize 1.1"}};
    struct figure figure = {folder, FIGURE_RESULTS, 880, 0, {0}, {0}, {0}};
    double low = 1.0, high = 0.0, row = 0.0;
    text_append(&figure.table, "row,name,accuracy,low,high,kind,words\n");
    for (size_t i = 0; i < count; i++) {
        const struct figure_result *result = &results[i];
        if (i > 0) row += result->gap ? 1.6 : 1.0;
        text_append(&figure.table, "%.1f,", row);
        figure_append_name(&figure.table, result->label);
        figure_append_real(&figure.table, 100.0 * result->accuracy);
        figure_append_real(&figure.table, 100.0 * result->interval.low);
        figure_append_real(&figure.table, 100.0 * result->interval.high);
        text_append(&figure.table, ",%d,%s\n", (int)result->kind, number_fixed(100.0 * result->accuracy, 2).text);
        widen(&low, &high, result->interval.low);
        widen(&low, &high, result->interval.high);
    }
    figure.height = 94 + (int)(34.0 * row);
    struct axis axis = axis_covering(100.0 * low - 1.0, fmin(100.0 * high + 1.0, 100.0));
    text_append(&figure.script,
                "set xrange [%.9g:%.9g]\nset yrange [%.1f:-0.6]\nset xtics %.9g format '%%g %%%%'\n"
                "set grid xtics linestyle 9\n"
                "set lmargin 30\nset rmargin 7\nset tmargin 0.5\n",
                axis.low, axis.high, row + 0.6, axis.step);
    text_append(&figure.plot, "plot ");
    for (size_t kind = 0; kind < sizeof styles / sizeof styles[0]; kind++)
        text_append(&figure.plot,
                    "%s'%s.csv' %s linecolor rgb '%s', "
                    "'' using ($6 == %zu ? $5 : NaN):1:7 with labels left offset 1.2,0 textcolor rgb '%s'",
                    kind > 0 ? ", " : "", figure.name, styles[kind].points, styles[kind].color, kind,
                    styles[kind].color);
    return figure_end(&figure);
}
