/* SPDX-License-Identifier: MIT */
/* Figures as gnuplot draws them, of numbers and names out of the common. */
#include "base/folders.h"
#include "group_folder.h"
#include "report/figures.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_ok(ocellus_status status) {
    if (status != OCELLUS_OK) fail_msg("%s", status_message());
}

static void assert_holds(const char *text, const char *part) {
    if (strstr(text, part) == NULL) fail_msg("\"%s\" is missing", part);
}

static char *read_text(const char *directory, const char *name) {
    char path[FILE_PATH_SIZE];
    unsigned char *bytes;
    size_t size;
    assert_ok(path_join(path, directory, name));
    assert_ok(file_read(path, 64 << 20, &bytes, &size));
    return (char *)bytes;
}

static size_t count_of(const char *text, const char *part) {
    size_t count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

/* The numbers on the axes of a figure as drawn. */
static size_t count_ticks(const char *directory, const char *name) {
    char file[128];
    snprintf(file, sizeof file, "%s.svg", name);
    char *svg = read_text(directory, file);
    assert_null(strstr(svg, "nan"));
    assert_null(strstr(svg, "inf"));
    size_t texts = count_of(svg, "<text>");
    free(svg);
    return texts;
}

static void an_axis_has_few_ticks_whatever_was_measured(void **state) {
    (void)state;
    static const double losses[] = {1e-30, 1e8, 1.7e308, -1e30, NAN, INFINITY};
    char figures[FILE_PATH_SIZE];
    assert_ok(path_join(figures, folder, "axes"));
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        struct history history = {0};
        for (int epoch = 0; epoch < 30; epoch++)
            assert_ok(history_append(&history, &(struct history_row){losses[i], 0.001, epoch == 29 ? losses[i] : 2.0,
                                                                     0.5, -losses[i], 1.0}));
        assert_ok(figure_loss(figures, &history, "validation"));
        assert_true(count_ticks(figures, "loss") <= 12 + 12 + 4);
        const struct figure_mark mark = {losses[i], "marked"};
        assert_ok(figure_accuracy(figures, &history, "validation", &mark));
        assert_true(count_ticks(figures, "accuracy") <= 12 + 12 + 5);
        history_free(&history);
        struct run_point points[2] = {
            {.step = 1, .position = 1, .images = i % 2 == 0 ? 0 : UINT64_MAX, .loss = losses[i]},
            {.step = 2, .position = 2, .images = 100, .loss = 1.0}};
        struct run_progress progress = {.points = points, .count = 1 + i / 2 % 2};
        assert_ok(figure_loss_of_steps(figures, &progress, losses[i], "validation"));
        assert_true(count_ticks(figures, "loss") <= 12 + 12 + 5);
    }
}

/* gnuplot reads a % in a name as a format, and a backslash as an escape; spreadsheets run what begins with =. */
static void names_stand_in_figures_as_they_are(void **state) {
    (void)state;
    static const char *const odd[] = {"50% of %s %n %d", "a\\n{/*2 b}^2_3@c", "=1+1", "-2", "%%", "\\"};
    static const char *const drawn[] = {"50% of %s %n %d", "a\\n{/*2 b}^2_3@c", "'=1+1", "-2", "%%", "\\"};
    const size_t counts[] = {3, 2, 1, 1, 1, 1};
    char figures[FILE_PATH_SIZE];
    assert_ok(path_join(figures, folder, "odd-names"));
    assert_ok(figure_class_distribution(figures, odd, counts, counts, 6));
    char *svg = read_text(figures, FIGURE_CLASSES ".svg");
    for (size_t i = 0; i < 6; i++) {
        char needed[64];
        snprintf(needed, sizeof needed, "<text>%s</text>", drawn[i]);
        assert_holds(svg, needed);
    }
    free(svg);
    char *table = read_text(figures, FIGURE_CLASSES ".csv");
    assert_holds(table, "\n2,\"'=1+1\",1,1\n3,\"-2\",1,1\n");
    free(table);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_axis_has_few_ticks_whatever_was_measured),
                                       cmocka_unit_test(names_stand_in_figures_as_they_are)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
