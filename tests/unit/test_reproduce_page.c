/* SPDX-License-Identifier: MIT */
/* The page of several rows with their claims: one whole, one not run, one stopped. */
#include "report_fixture.h"
#include "reproduce/page.h"

#include <stdlib.h>

/* Makes of a run one that was stopped in its only epoch, after 2 of 6 steps of 10 images, and judged on 12 test images, all
 * right but one that the whole run gets right. */
static void make_part(const struct fixture *fixture, const char *run_path) {
    struct run_folder run;
    char path[FILE_PATH_SIZE];
    assert_ok(run_folder_open(&run, run_path));
    write_file(&run, RUN_RECIPE,
               "[model]\nname = resnet50\nweights = imagenet\n[data]\nvalidation = test\n[training]\nepochs = 1\n"
               "batch_size = 10\nsteps_per_epoch = 6\nvalidation_steps = 1\n");
    write_file(&run, RUN_HISTORY, "epoch,accuracy,learning_rate,loss,val_accuracy,val_loss,time\n");
    write_file(&run, RUN_EVENTS,
               "{\"t\": 1, \"kind\": \"start\", \"step\": 0, \"weights_sha256\": \"abcdef\"}\n"
               "{\"t\": 1, \"kind\": \"step\", \"step\": 1, \"epoch\": 0, \"position\": 1, \"images\": 10, "
               "\"accuracy\": 0.5, \"loss\": 2.0, \"time\": 3.0}\n"
               "{\"t\": 1, \"kind\": \"stop\", \"step\": 2, \"epoch\": 0, \"position\": 2, \"images\": 20, "
               "\"accuracy\": 0.75, \"loss\": 1.25, \"time\": 6.0}\n");
    int32_t labels[12], predicted[12];
    float losses[12] = {0};
    struct prediction rows[12];
    for (size_t i = 0; i < 12; i++) {
        labels[i] = (int32_t)source_label(fixture->test, 2 * i);
        predicted[i] = i == 1 ? (labels[i] + 1) % CLASSES : labels[i]; /* image 2, which the other run gets right */
        rows[i] = (struct prediction){2 * i, labels[i], predicted[i], 0.9F, 0.1F, NULL};
    }
    struct evaluation_record record;
    assert_ok(evaluation_record_create(RUN_LAST, names, CLASSES, &record));
    assert_ok(evaluation_compute(12, CLASSES, labels, predicted, losses, &record.splits[EVALUATION_TEST]));
    record.present[EVALUATION_TEST] = true;
    assert_ok(run_folder_file(&run, RUN_EVALUATION, path));
    assert_ok(evaluation_file_write(path, &record));
    evaluation_record_free(&record);
    assert_ok(run_folder_file(&run, RUN_PREDICTIONS, path));
    assert_ok(predictions_write(path, rows, 12));
}

static const char *const needed[] = {
    "55.95\u202f%",
    "\u201coverfitting observed\u201d",
    "<strong>Not run.</strong> No weights &lt;here&gt;.",
    "91.67\u202f%",                           /* 11 of 12 */
    "33.3\u202f% of the run, 12 test images", /* beside its figure */
    "91.20\u202f%",                           /* the kept whole run */
    "10,000 test images, 2026-11-05",
    "2 of 6 steps (20 images, 33.3\u202f% of the run)",
    "<span class=\"partial\">75.00\u202f%</span>", /* its running training accuracy */
    /* The whole run is large, the part small beside it. */
    ("<dt>ResNet50, custom</dt><dd>91.20\u202f%<small>claimed 89.84\u202f%<br>a whole run, measured before<br>here "
     "91.67\u202f%, partial: 2 of 6 steps</small>"),
    "<dt>ResNet50, base</dt><dd>\u2013<small>claimed 55.95\u202f%<br>no whole run<br>not run here</small>",
    "<dt>SimCNN</dt><dd>70.00\u202f%<small>claimed 90.19\u202f%<br>the whole run</small>",
    "SimCNN \u2013 ResNet50, custom</td><td>12</td><td>1</td><td>2</td>", /* McNemar's counts */
    "chance?",
    "abcdef\u2026", /* where its weights come from */
    "Prose against table",
    "Preprocessing not named",
    "Its 10 validation images are test images; the last weights were judged: no epoch was chosen by them.",
    "the recipe here has adam with 0.001.",
    "in <strong>epoch 3</strong>", /* whose running accuracy is 95 % */
    "epochs 3 instead of 20, training images 60 instead of 50000",
};

/* What is claimed stands in the figures; the curve of the part is what the second step alone gave, 10 of 10 right. */
static void check_figures(const struct fixture *fixture, const char *whole, const char *part) {
    char figures[FILE_PATH_SIZE];
    assert_ok(path_join(figures, fixture->run, RUN_FIGURES));
    char *script = read_text(figures, "accuracy.gnuplot");
    assert_holds(script, "'claimed test accuracy 90.19'");
    free(script);
    assert_ok(path_join(figures, whole, RUN_FIGURES));
    char *results = read_text(figures, "results.csv");
    assert_holds(results, "\"SimCNN: claimed\",90.19,90.19,90.19,0,90.19\n");
    assert_holds(results, "\"ResNet50, custom: test, whole run\",91.2,");
    assert_null(strstr(results, "ResNet50, base: test")); /* not run, and none kept */
    free(results);
    assert_ok(path_join(figures, part, RUN_FIGURES));
    char *table = read_text(figures, "accuracy.csv");
    assert_string_equal(table, "training images,recent,running mean,validation\n10,50,50,\n20,100,75,\n");
    free(table);
}

static void rows_stand_beside_each_other(void **state) {
    struct fixture *fixture = *state;
    char page[FILE_PATH_SIZE], whole[FILE_PATH_SIZE], part[FILE_PATH_SIZE];
    assert_ok(path_join(whole, folder, "rows"));
    assert_ok(folder_make(whole));
    assert_ok(path_join(part, whole, "part"));
    make_run(part, fixture->train, fixture->test);
    make_part(fixture, part);
    const struct full_run full = {
        .row = "resnet50-custom", .started = "2026-11-05T10:00:00", .test = {9120, 10000}, .running_accuracy = 0.8};
    const struct reproduce_page_row rows[] = {{.claim = "simcnn", .run = fixture->run},
                                              {.claim = "resnet50-base", .reason = "No weights <here>."},
                                              {.claim = "resnet50-custom", .run = part}};
    struct reproduce_page_request request = {.folder = whole,
                                             .rows = rows,
                                             .row_count = 3,
                                             .train = fixture->train,
                                             .test = fixture->test,
                                             .full = &full,
                                             .full_count = 1};
    assert_ok(reproduce_page_write(&request, page));
    char *html = read_text("", page);
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        assert_holds(html, needed[i]);
    assert_int_equal(count_of(html, "by mistake: the labels have the shape"), 2); /* with the data, and in the audit */
    assert_int_equal(count_of(html, "its own table has two"), 2);                 /* with the model, and in the audit */
    assert_int_equal(count_of(html, "<tr class=\"mark\"><td>3</td>"), 1);
    assert_int_equal(count_of(html, "id='simcnn-loss-gpDot'"), 1); /* no id twice */
    assert_int_equal(count_of(html, "id='resnet50-custom-loss-gpDot'"), 1);
    free(html);
    check_figures(fixture, whole, part);
}

static void a_claim_that_is_none_is_refused(void **state) {
    struct fixture *fixture = *state;
    char page[FILE_PATH_SIZE];
    const struct reproduce_page_row row = {.claim = "another", .run = fixture->run};
    struct reproduce_page_request request = {
        .folder = fixture->run, .rows = &row, .row_count = 1, .train = fixture->train, .test = fixture->test};
    assert_int_equal(reproduce_page_write(&request, page), OCELLUS_USAGE);
    assert_holds(status_message(), "row \"another\": no such claim");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_stand_beside_each_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_claim_that_is_none_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
