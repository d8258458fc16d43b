/* SPDX-License-Identifier: MIT */
/* The figures and the whole page, over a small invented run whose class names try to break out. */
#include "report/bars.h"
#include "report/figures.h"
#include "report/figures_data.h"
#include "report/gnuplot.h"
#include "report/report.h"
#include "report_fixture.h"

#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The page of one run. */
static ocellus_status write_page(const struct fixture *fixture, char page[FILE_PATH_SIZE]) {
    struct report_row row = {.run = fixture->run};
    struct report_request request = {
        .folder = fixture->run, .rows = &row, .row_count = 1, .train = fixture->train, .test = fixture->test};
    return report_write(&request, page);
}

static void the_page_holds_its_numbers(void **state) {
    struct fixture *fixture = *state;
    char page[FILE_PATH_SIZE];
    assert_ok(write_page(fixture, page));
    char *html = read_text("", page);
    static const char *const needed[] = {
        "X_train  (60, 4, 4, 3)\ny_train  (60, 1)\nX_test   (30, 4, 4, 3)\ny_test   (30, 1)\n",
        "After 3 epochs the network classifies 70.00\u202f% of 30 test images",
        "95 % interval 52.12\u201383.34\u202f%",
        "<strong>The test set served as validation data</strong> (30 of its images)",
        "Model: &quot;simcnn&quot; &lt;&amp;&gt;",
        "<h1>simcnn on CIFAR-10</h1>",
        "<b>&lt;script&gt;alert(1)&lt;/script&gt;</b><em>cat 78.0\u202f%</em>", /* image 28 */
    };
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        assert_holds(html, needed[i]);
    assert_holds(html, "</span>beta_1</td>");
    assert_null(strstr(html, "</span>momentum</td>")); /* another optimizer's */
    char weights[SHA256_TEXT_SIZE];
    sha256_bytes("weights", 7, weights);
    assert_holds(html, weights);
    assert_holds(html, fixture->train->identity);
    free(html);
}

/* The page of one's own run is measured against nothing but itself. */
static void one_run_is_measured_against_no_claim(void **state) {
    struct fixture *fixture = *state;
    char page[FILE_PATH_SIZE], figures[FILE_PATH_SIZE];
    assert_ok(write_page(fixture, page));
    char *html = read_text("", page);
    static const char *const never[] = {"laim", "90.19", "riginal", "Discussion", "misprinted", "Prose against"};
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        if (strstr(html, never[i]) != NULL) fail_msg("\"%.60s\" is on the page", strstr(html, never[i]));
    free(html);
    assert_ok(path_join(figures, fixture->run, RUN_FIGURES));
    static const char *const files[] = {"accuracy.svg", "accuracy.gnuplot", "results.csv", "results.svg"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char *text = read_text(figures, files[i]);
        assert_null(strstr(text, "claimed"));
        free(text);
    }
}

/* Other data in CIFAR-10's layout keep their own name, also where evaluate wrote other names before. */
static void data_are_called_what_they_are(void **state) {
    struct fixture *fixture = *state;
    char page[FILE_PATH_SIZE];
    struct source *sets[] = {fixture->train, fixture->test};
    for (size_t i = 0; i < 2; i++) {
        snprintf(sets[i]->name, sizeof sets[i]->name, "own (CIFAR-10's layout)");
        memory_free(sets[i]->class_names[0]);
        sets[i]->class_names[0] = memory_copy_text("rock");
    }
    assert_ok(write_page(fixture, page));
    char *html = read_text("", page);
    assert_holds(html, "<h1>simcnn on own (CIFAR-10&#39;s layout)</h1>");
    assert_holds(html, "<td>rock</td>");
    assert_null(strstr(html, ">cat"));
    assert_null(strstr(html, " on CIFAR-10<"));
    free(html);
}

#define HOSTILE "<x-evil a='\">&`touch broken`"

/* Every text that a received run can bring: none of it is markup on the page or runs in a script. */
static void no_text_of_a_run_is_markup(void **state) {
    struct fixture *fixture = *state;
    struct run_folder run;
    char page[FILE_PATH_SIZE], path[FILE_PATH_SIZE], figures[FILE_PATH_SIZE];
    assert_ok(run_folder_open(&run, fixture->run));
    write_file(&run, RUN_RECIPE,
               "[model]\nname = " HOSTILE "\nweights = " HOSTILE "w\nfreeze = " HOSTILE "f\n[data]\nname = " HOSTILE
               "d\npath = " HOSTILE "p\nvalidation = test\n[training]\nepochs = 3\n");
    write_file(&run, RUN_SUMMARY, "summary " HOSTILE "\n");
    struct run_environment environment = {.threads = 2};
    char *const texts[] = {environment.version,   environment.compiler, environment.system,
                           environment.processor, environment.started,  environment.command_line};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        snprintf(texts[i], 32, HOSTILE);
    snprintf(environment.kernels, sizeof environment.kernels, "<x-evil>");
    assert_ok(run_environment_write(&run, &environment));
    write_file(&run, RUN_EVENTS,
               "{\"t\": 1, \"kind\": \"start\", \"step\": 0, \"weights_sha256\": \"<x-evil>\"}\n"
               "{\"t\": 1, \"kind\": \"epoch\", \"step\": 2}\n"
               "{\"t\": 1, \"kind\": \"resume\", \"step\": 2, \"kernels\": \"<x-evil>2\", \"version\": \"<x-evil>3\", "
               "\"threads\": 1, \"epochs\": 3}\n"
               "{\"t\": 1, \"kind\": \"end\", \"step\": 6, \"weights_sha256\": \"<x-evil>\"}\n");
    struct evaluation_record record;
    assert_ok(run_folder_file(&run, RUN_EVALUATION, path));
    assert_ok(evaluation_file_read(path, &record));
    snprintf(record.model, sizeof record.model, HOSTILE);
    memory_free(record.class_names[0]);
    record.class_names[0] = memory_copy_text(HOSTILE);
    assert_ok(evaluation_file_write(path, &record));
    evaluation_record_free(&record);
    for (size_t i = 0; i < 2; i++) {
        struct source *set = i == 0 ? fixture->train : fixture->test;
        snprintf(set->name, sizeof set->name, HOSTILE);
        memory_free(set->class_names[0]);
        set->class_names[0] = memory_copy_text(HOSTILE);
    }
    assert_ok(write_page(fixture, page));
    char *html = read_text("", page);
    if (strstr(html, "<x-evil") != NULL) fail_msg("markup: %.200s", strstr(html, "<x-evil") - 100);
    assert_true(count_of(html, "&lt;x-evil") > 20);
    free(html);
    assert_ok(path_join(figures, fixture->run, RUN_FIGURES));
    static const char *const scripts[] = {FIGURE_CLASSES, FIGURE_LOSS, FIGURE_ACCURACY, FIGURE_CONFUSION,
                                          FIGURE_RESULTS};
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        char file[128];
        snprintf(file, sizeof file, "%s.gnuplot", scripts[i]);
        char *script = read_text(figures, file);
        assert_null(strstr(script, "evil"));
        free(script);
    }
    assert_ok(path_join(path, figures, "broken"));
    assert_false(path_exists(path));
}

/* What is printed to do it again, for the events of a run of 3 epochs. */
static void check_again(const struct fixture *fixture, const char *recipe, const char *events,
                        const char *const *needed, const char *never) {
    struct run_folder run;
    char page[FILE_PATH_SIZE];
    assert_ok(run_folder_open(&run, fixture->run));
    if (recipe != NULL) write_file(&run, RUN_RECIPE, recipe);
    write_file(&run, RUN_EVENTS, events);
    assert_ok(write_page(fixture, page));
    char *html = read_text("", page), *again = strstr(html, "Doing it again");
    assert_non_null(again);
    for (; *needed != NULL; needed++)
        assert_holds(again, *needed);
    if (strstr(again, never) != NULL) fail_msg("\"%s\" is said", never);
    free(html);
}

static void what_does_it_again_is_decided_by_the_records(void **state) {
    struct fixture *fixture = *state;
#define START "{\"t\": 1, \"kind\": \"start\", \"step\": 0}\n"
#define END   "{\"t\": 1, \"kind\": \"end\", \"step\": 6}\n"
    static const char same[] = "gives model files with the same SHA-256, with the";
    /* The fixture's kernels are called "reference", which OCELLUS_CPU does not take. */
    check_again(fixture, NULL, START END,
                (const char *const[]){"<dd class=\"hash\">ocellus train --validation test --epochs 3</dd>", same, NULL},
                "Resumed");
    /* Lengthened on the same kernels: the command of the whole, not the first one. */
    check_again(
        fixture, "[model]\nfreeze = it's *\n[data]\npath = my data\nvalidation = test\n[training]\nepochs = 3\n",
        START "{\"t\": 1, \"kind\": \"resume\", \"step\": 2, \"kernels\": \"reference\", \"threads\": 1, "
              "\"epochs\": 3, \"version\": \"0.9\"}\n" END,
        (const char *const[]){"ocellus train --freeze &#39;it&#39;\\&#39;&#39;s *&#39; --data-path &#39;my data&#39; "
                              "--validation test --epochs 3</dd>",
                              "after step 2; 3 epochs in all; reference kernels, 1 thread, Ocellus", same, NULL},
        "no single command");
    /* On other kernels; the sitting before the last made no step. */
    check_again(
        fixture, NULL,
        START "{\"t\": 1, \"kind\": \"resume\", \"step\": 4, \"kernels\": \"neon\", \"threads\": 2, "
              "\"epochs\": 3, \"version\": \"0.9\"}\n"
              "{\"t\": 1, \"kind\": \"resume\", \"step\": 4, \"kernels\": \"avx2\", \"threads\": 2, "
              "\"epochs\": 3, \"version\": \"0.9\"}\n" END,
        (const char *const[]){"<dd class=\"\">reference; from step 4 on avx2</dd>", "no single command gives", NULL},
        same);
    /* As older programs left it. */
    check_again(fixture, NULL, START "{\"t\": 1, \"kind\": \"resume\", \"step\": 4}\n" END,
                (const char *const[]){"reference; from step 4 on not recorded",
                                      "kernels, threads and version not recorded", "is not known", NULL},
                same);
    /* Not whole. */
    check_again(fixture, "[data]\nvalidation = test\n[training]\nepochs = 4\n", START,
                (const char *const[]){"partial (6 of 8 steps): the command gives the whole run", NULL}, same);
}

static void the_page_needs_nothing_outside_it(void **state) {
    struct fixture *fixture = *state;
    char page[FILE_PATH_SIZE];
    assert_ok(write_page(fixture, page));
    char *html = read_text("", page);
    assert_int_equal(count_of(html, "<script"), 0);
    assert_int_equal(count_of(html, "<link"), 0);
    assert_int_equal(count_of(html, "url(http"), 0);
    assert_int_equal(count_of(html, "src=\""), count_of(html, "src=\"data:image/png;base64,"));
    assert_int_equal(count_of(html, "src=\"data:"), 40 + 9); /* preview and mistakes */
    assert_int_equal(count_of(html, "href="), count_of(html, "href='#"));
    assert_int_equal(count_of(html, "<svg "), 5);
    assert_int_equal(count_of(html, "id='run-loss-gpDot'"), 1); /* no id twice */
    assert_int_equal(count_of(html, "id='gpDot'"), 0);
    free(html);
}

static void the_figures_stand_beside_their_tables(void **state) {
    struct fixture *fixture = *state;
    char page[FILE_PATH_SIZE], figures[FILE_PATH_SIZE], path[FILE_PATH_SIZE];
    assert_ok(write_page(fixture, page));
    assert_ok(path_join(figures, fixture->run, RUN_FIGURES));
    static const char *const figure_names[] = {FIGURE_CLASSES, FIGURE_LOSS, FIGURE_ACCURACY, FIGURE_CONFUSION,
                                               FIGURE_RESULTS};
    char **files;
    size_t count;
    assert_ok(folder_names(figures, &files, &count));
    names_free(files);
    assert_int_equal(count, 4 * 5); /* and nothing that a class name made */
    for (size_t i = 0; i < 5; i++) {
        char file[128];
        snprintf(file, sizeof file, "%s.png", figure_names[i]);
        char *png = read_text(figures, file);
        assert_memory_equal(png, "\x89PNG\r\n\x1a\n", 8);
        free(png);
        snprintf(file, sizeof file, "%s.gnuplot", figure_names[i]);
        char *script = read_text(figures, file);
        assert_null(strstr(script, "touch")); /* names stand in the tables only */
        free(script);
        /* A stored script draws its pictures again. */
        snprintf(file, sizeof file, "%s.svg", figure_names[i]);
        char *svg = read_text(figures, file);
        assert_ok(path_join(path, figures, file));
        assert_int_equal(unlink(path), 0);
        snprintf(file, sizeof file, "%s.gnuplot", figure_names[i]);
        assert_ok(gnuplot_run(figures, file));
        snprintf(file, sizeof file, "%s.svg", figure_names[i]);
        char *again = read_text(figures, file);
        assert_string_equal(svg, again);
        free(svg);
        free(again);
    }
    char *classes = read_text(figures, FIGURE_CLASSES ".csv");
    assert_holds(classes, "\n2,\"'`touch broken`',{/*2 x}\",20,10\n");
    free(classes);
    char *table = read_text(figures, "loss.csv");
    assert_string_equal(table, "epoch,training,validation\n1,1,0.9\n2,0.7,0.9\n3,0.4,0.9\n");
    free(table);
}

static void a_run_without_validation_has_one_curve(void **state) {
    (void)state;
    char figures[FILE_PATH_SIZE];
    assert_ok(path_join(figures, folder, "one-curve"));
    struct history history = {0};
    assert_ok(history_append(&history, &(struct history_row){0.5, 0.001, 1.0, NAN, NAN, 1.0}));
    assert_ok(figure_accuracy(figures, &history, "validation", NULL));
    char *table = read_text(figures, "accuracy.csv");
    assert_string_equal(table, "epoch,training,validation\n1,50,\n");
    free(table);
    char *svg = read_text(figures, "accuracy.svg");
    assert_holds(svg, "training");
    assert_null(strstr(svg, "validation"));
    assert_null(strstr(svg, "claimed"));
    free(svg);
    history_free(&history);
    assert_int_equal(figure_loss(figures, &history, "validation"), OCELLUS_USAGE);
}

static void other_data_than_the_run_had_is_refused(void **state) {
    struct fixture *fixture = *state;
    char page[FILE_PATH_SIZE];
    char first = fixture->train->identity[0];
    fixture->train->identity[0] = 'x';
    assert_int_equal(write_page(fixture, page), OCELLUS_BAD_CONTENT);
    assert_holds(status_message(), "the run used other data");
    fixture->train->identity[0] = first;
    *(uint16_t *)(uintptr_t)source_target(fixture->test, 4).classes = 0;
    assert_int_equal(write_page(fixture, page), OCELLUS_BAD_CONTENT);
    assert_holds(status_message(), "predictions.csv: line 6: not of this test set");
}

static void predictions_of_another_evaluation_are_refused(void **state) {
    struct fixture *fixture = *state;
    char page[FILE_PATH_SIZE], path[FILE_PATH_SIZE];
    const struct prediction row = {0, (int32_t)source_label(fixture->test, 0), 0, 0.5F, 0.5F, NULL};
    assert_ok(path_join(path, fixture->run, RUN_PREDICTIONS));
    assert_ok(predictions_write(path, &row, 1));
    assert_int_equal(write_page(fixture, page), OCELLUS_BAD_CONTENT);
    assert_holds(status_message(), "test: 30 images of 3 classes (expected those of the 1 predictions");
}

static void a_run_that_is_not_evaluated_says_so(void **state) {
    struct fixture *fixture = *state;
    char page[FILE_PATH_SIZE], path[FILE_PATH_SIZE];
    assert_ok(path_join(path, fixture->run, RUN_EVALUATION));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(write_page(fixture, page), OCELLUS_USAGE);
    assert_holds(status_message(), "the run is not evaluated yet");
}

static void figures_of_earlier_weights_are_refused(void **state) {
    struct fixture *fixture = *state;
    struct run_folder run;
    struct evaluation_record record;
    char page[FILE_PATH_SIZE], path[FILE_PATH_SIZE];
    assert_ok(run_folder_open(&run, fixture->run));
    assert_ok(run_folder_file(&run, RUN_EVALUATION, path));
    assert_ok(evaluation_file_read(path, &record));
    sha256_bytes("weights", 7, record.weights_sha256);
    assert_ok(evaluation_file_write(path, &record));
    evaluation_record_free(&record);
    assert_ok(write_page(fixture, page));
    write_file(&run, RUN_LAST, "other weights");
    assert_int_equal(write_page(fixture, page), OCELLUS_USAGE);
    assert_holds(status_message(), "its evaluation is of earlier weights; the run went on (ocellus evaluate ");
}

static void a_missing_gnuplot_is_told_before_any_work(void **state) {
    struct fixture *fixture = *state;
    char page[FILE_PATH_SIZE], path[FILE_PATH_SIZE], before[FILE_PATH_SIZE];
    snprintf(before, sizeof before, "%s", getenv("PATH"));
    assert_int_equal(setenv("PATH", "/nonexistent", 1), 0);
    ocellus_status status = write_page(fixture, page);
    assert_int_equal(setenv("PATH", before, 1), 0);
    assert_int_equal(status, OCELLUS_IO);
    assert_string_equal(status_message(),
                        "gnuplot: program not found; it draws the figures (install the package gnuplot-nox)");
    assert_ok(path_join(path, fixture->run, RUN_FIGURES));
    assert_false(path_exists(path));
}

static void a_failing_script_is_told_in_gnuplots_words(void **state) {
    (void)state;
    char path[FILE_PATH_SIZE];
    assert_ok(path_join(path, folder, "broken.gnuplot"));
    assert_ok(file_write(path, "plot 'absent.csv' using 1:2\n", 28));
    assert_int_equal(gnuplot_run(folder, "broken.gnuplot"), OCELLUS_IO);
    assert_holds(status_message(), "gnuplot: broken.gnuplot: failed: \"broken.gnuplot\" line 1:");
}

/* As one that waits for somebody to read a pipe. */
static void a_gnuplot_that_never_ends_is_ended(void **state) {
    (void)state;
    char bin[FILE_PATH_SIZE], path[FILE_PATH_SIZE], with_bin[2 * FILE_PATH_SIZE];
    const char *before = getenv("PATH");
    assert_ok(path_join(bin, folder, "bin"));
    assert_ok(folder_make(bin));
    assert_ok(path_join(path, bin, "gnuplot"));
    assert_ok(file_write(path, "#!/bin/sh\nexec sleep 20\n", 24));
    assert_int_equal(chmod(path, 0755), 0);
    snprintf(with_bin, sizeof with_bin, "%s:%s", bin, before);
    char *kept = strdup(before);
    double limit = gnuplot_limit_seconds;
    gnuplot_limit_seconds = 0.1;
    assert_int_equal(setenv("PATH", with_bin, 1), 0);
    ocellus_status status = gnuplot_run(folder, "any.gnuplot");
    assert_int_equal(setenv("PATH", kept, 1), 0);
    gnuplot_limit_seconds = limit;
    free(kept);
    assert_int_equal(status, OCELLUS_IO);
    assert_holds(status_message(), "not done after 0.1 seconds");
}

static void bars_end_where_their_counts_say(void **state) {
    (void)state;
    const char *const classes[] = {"cat", "f\u00fcchse", "none"};
    const size_t counts[] = {2000, 1000, 0};
    const struct bars_part parts[] = {{"train", counts}, {"test", (const size_t[]){0, 0, 3}}};
    struct text text = {0};
    bars_append(&text, classes, 3, parts, 1, 34, false);
    /* 34 columns leave 18 for the longest bar: 2 + 6 + 1 + 18 + 2 + 5 = 34. */
    assert_string_equal(text.bytes,
                        "  class                      train\n"
                        "  cat    \u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588"
                        "\u2588\u2588\u2588\u2588  2,000\n"
                        "  f\u00fcchse \u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588           1,000\n"
                        "  none                           0\n");
    text_free(&text);
    bars_append(&text, classes, 3, parts, 2, 80, false);
    assert_holds(text.bytes, "  2,000     0\n");
    assert_holds(text.bytes, "      0     3\n");
    text_free(&text);
}

static void bars_of_a_thousand_classes_fit_a_screen(void **state) {
    (void)state;
    enum { MANY = 1000 };
    static char texts[MANY][8];
    static const char *pointers[MANY];
    static size_t counts[MANY];
    for (size_t i = 0; i < MANY; i++) {
        snprintf(texts[i], sizeof texts[i], "c%zu", i);
        pointers[i] = texts[i];
        counts[i] = 1 + i * 7 % 1000;
    }
    struct text text = {0};
    bars_append(&text, pointers, MANY, &(struct bars_part){"train", counts}, 1, 80, false);
    size_t lines = 0;
    for (const char *at = text.bytes; *at; at++)
        lines += *at == '\n';
    assert_int_equal(lines, 1 + 2 * BARS_ENDS + 1);
    assert_holds(text.bytes, "\n  c857 ");
    assert_holds(text.bytes, "\n  ... 980 classes between\n");
    assert_holds(text.bytes, "\n  c0 ");
    text_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_page_holds_its_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_run_is_measured_against_no_claim, set_up, tear_down),
        cmocka_unit_test_setup_teardown(data_are_called_what_they_are, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_text_of_a_run_is_markup, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_does_it_again_is_decided_by_the_records, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_page_needs_nothing_outside_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_figures_stand_beside_their_tables, set_up, tear_down),
        cmocka_unit_test(bars_of_a_thousand_classes_fit_a_screen),
        cmocka_unit_test(a_run_without_validation_has_one_curve),
        cmocka_unit_test_setup_teardown(other_data_than_the_run_had_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(predictions_of_another_evaluation_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_run_that_is_not_evaluated_says_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(figures_of_earlier_weights_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_missing_gnuplot_is_told_before_any_work, set_up, tear_down),
        cmocka_unit_test(a_failing_script_is_told_in_gnuplots_words),
        cmocka_unit_test(a_gnuplot_that_never_ends_is_ended),
        cmocka_unit_test(bars_end_where_their_counts_say),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
