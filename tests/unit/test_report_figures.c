/* SPDX-License-Identifier: MIT */
/* Figures as gnuplot draws them, of numbers and names out of the common. */
#include "base/folders.h"
#include "group_folder.h"
#include "report/figures.h"
#include "report/figures_data.h"

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
    const struct figure_part parts[] = {{"training", counts}, {"test", counts}};
    char figures[FILE_PATH_SIZE];
    assert_ok(path_join(figures, folder, "odd-names"));
    assert_ok(figure_class_distribution(figures, odd, 6, parts, 2));
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

static size_t lines_of(const char *directory, const char *name) {
    char *table = read_text(directory, name);
    const size_t lines = count_of(table, "\n");
    free(table);
    return lines;
}

/* A bar for each of a thousand classes would be a picture that nothing draws and nobody reads. */
static void many_classes_are_one_curve(void **state) {
    (void)state;
    enum { CLASSES = 1000 };
    static char texts[CLASSES][8];
    static const char *names[CLASSES];
    static size_t counts[CLASSES], few[CLASSES];
    for (size_t i = 0; i < CLASSES; i++) {
        snprintf(texts[i], sizeof texts[i], "c%zu", i);
        names[i] = texts[i];
        counts[i] = 10 + i * 7 % 500;
        few[i] = i % 3;
    }
    const struct figure_part parts[] = {{"training", counts}, {"validation", few}, {"test", few}};
    char figures[FILE_PATH_SIZE];
    assert_ok(path_join(figures, folder, "many-classes"));
    assert_ok(figure_class_distribution(figures, names, CLASSES, parts, 3));
    assert_int_equal(lines_of(figures, FIGURE_CLASSES ".csv"), CLASSES + 1);
    char *svg = read_text(figures, FIGURE_CLASSES ".svg");
    assert_holds(svg, "viewBox=\"0 0 880 380\"");
    assert_holds(svg, "1000 classes, the largest first");
    free(svg);
    char *table = read_text(figures, FIGURE_CLASSES ".csv");
    assert_holds(table, "class,name,training images,validation images,test images\n857,\"c857\",509,2,2\n");
    free(table);
    assert_ok(figure_class_distribution(figures, names, 2, parts, 3));
    svg = read_text(figures, FIGURE_CLASSES ".svg");
    assert_holds(svg, "validation images");
    assert_holds(svg, "<text>c1</text>");
    free(svg);
}

static void sizes_are_few_dots(void **state) {
    (void)state;
    enum { SIZES = 5000 };
    static struct figure_size sizes[SIZES];
    for (uint32_t i = 0; i < SIZES; i++)
        sizes[i] = (struct figure_size){.width = 100 + i, .height = 65500 - i, .images = 1};
    char figures[FILE_PATH_SIZE];
    assert_ok(path_join(figures, folder, "sizes"));
    assert_ok(figure_sizes(figures, sizes, SIZES));
    const size_t lines = lines_of(figures, FIGURE_SIZES ".csv");
    assert_true(lines > 50 && lines < 200);
    struct figure_size few[] = {{40, 30, 2}, {30, 40, 1}, {40, 30, 5}};
    assert_ok(figure_sizes(figures, few, 3));
    char *table = read_text(figures, FIGURE_SIZES ".csv");
    assert_string_equal(table, "width,height,images\n30,40,1\n40,30,7\n");
    free(table);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_axis_has_few_ticks_whatever_was_measured),
                                       cmocka_unit_test(names_stand_in_figures_as_they_are),
                                       cmocka_unit_test(many_classes_are_one_curve),
                                       cmocka_unit_test(sizes_are_few_dots)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
