/* SPDX-License-Identifier: MIT */
/* The discussion's sentences follow the numbers: other numbers, other sentences. And kept whole runs are read as they were
 * written. */
#include "reproduce/discussion.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { SIMCNN, BASE, CUSTOM, ROWS };

static struct evaluation tests[ROWS];

/* Whole runs, judged on 10,000 images of which these are right; 0: not run. */
static void make_rows(struct discussion_row rows[ROWS], size_t simcnn, size_t base, size_t custom) {
    static const char *const keys[ROWS] = {"simcnn", "resnet50-base", "resnet50-custom"};
    const size_t correct[ROWS] = {simcnn, base, custom};
    for (size_t i = 0; i < ROWS; i++) {
        tests[i] = (struct evaluation){.count = 10000,
                                       .correct = correct[i],
                                       .accuracy = (double)correct[i] / 1e4,
                                       .interval = wilson_interval(correct[i], 10000)};
        rows[i] = (struct discussion_row){.claim = original_claim_named(keys[i]),
                                          .test = correct[i] > 0 ? &tests[i] : NULL,
                                          .share = 1.0,
                                          .training = correct[i] > 0 ? 0.88 : (double)NAN,
                                          .pretrained = i != SIMCNN};
    }
}

static struct discussion_optimizers optimizers;

static char *discuss(const struct discussion_row *rows, const struct page_pair *pairs, size_t count) {
    static char words[8192];
    struct text out = {0};
    discussion_write(rows, ROWS, pairs, count, &optimizers, &out);
    assert_false(out.failed);
    snprintf(words, sizeof words, "%s", out.size > 0 ? out.bytes : "");
    text_free(&out);
    return words;
}

static void assert_says(const char *words, const char *part) {
    if (strstr(words, part) == NULL) fail_msg("\"%s\" is not in \"%s\"", part, words);
}

static void claims_are_counted_and_placed(void **state) {
    (void)state;
    struct discussion_row rows[ROWS];
    make_rows(rows, 7020, 9250, 9000);
    rows[SIMCNN].training = 0.947;
    const char *words = discuss(rows, NULL, 0);
    assert_says(words, "Of three claimed accuracies that whole runs can judge, one agrees with the measurement.");
    assert_says(words, "SimCNN: claimed 90.19\u202f%, measured 70.20\u202f%");
    assert_says(words,
                "the claim lies 20.0\u202fpoints higher. Its training accuracy does reach the claim (94.70\u202f%).");
    rows[SIMCNN].training = 0.88;
    assert_null(strstr(discuss(rows, NULL, 0), "does reach the claim"));
    words = discuss(rows, NULL, 0);
    assert_says(words, "ResNet50, base: claimed 55.95\u202f%");
    assert_says(words, "the claim lies 36.6\u202fpoints lower.");
    assert_says(words, "in the whole run, which agrees."); /* custom: 89.84 in 89.40 to 90.57 */
    make_rows(rows, 9019, 5600, 8990);
    words = discuss(rows, NULL, 0);
    assert_says(words, "Of three claimed accuracies that whole runs can judge, three agree with the measurement.");
    assert_null(strstr(words, "points higher"));
    make_rows(rows, 7020, 0, 0);
    words = discuss(rows, NULL, 0);
    assert_null(strstr(words, "claimed accuracies")); /* there is one */
    assert_says(words, "ResNet50, base: claimed 55.95\u202f%, not measured here.");
    assert_null(strstr(words, "best row"));
}

static void the_order_and_the_odd_row_follow_the_numbers(void **state) {
    (void)state;
    struct discussion_row rows[ROWS];
    make_rows(rows, 7020, 9250, 9000);
    const char *words = discuss(rows, NULL, 0);
    assert_says(words, "has SimCNN in front; measured, ResNet50, base is.");
    assert_says(
        words,
        "The best row that starts from pretrained weights lies 22.3\u202fpoints above the best from random ones.");
    assert_says(words, "puts ResNet50, base 33.9\u202fpoints behind ResNet50, custom. Measured, it is the other way "
                       "round by 2.5\u202fpoints");
    assert_says(words, "(88.00\u202f%) does not lie above its test accuracy (92.50\u202f%), so there is none to see.");
    make_rows(rows, 9500, 8800, 9000);
    words = discuss(rows, NULL, 0);
    assert_says(words, "The best row is the same as claimed: SimCNN.");
    assert_says(words, "starts from pretrained weights lies 5.0\u202fpoints behind the best from random ones.");
    assert_says(words, "Measured, the gap is 2.0\u202fpoints: the settings that are told do not explain");
    make_rows(rows, 7020, 5600, 9000);
    words = discuss(rows, NULL, 0);
    assert_says(words, "A gap of that kind is seen here too (34.0\u202fpoints).");
    assert_says(words, "the training accuracy of ResNet50, base lies 32.0\u202fpoints above its test accuracy.");
}

static void a_kept_whole_run_counts_more_than_a_part(void **state) {
    (void)state;
    struct discussion_row rows[ROWS];
    make_rows(rows, 7020, 8000, 9000);
    struct full_run full = {.row = "resnet50-base", .running_accuracy = 0.87, .test = {9280, 10000}};
    rows[BASE].share = 0.05;
    assert_int_equal(discussion_evidence(&rows[BASE]).kind, EVIDENCE_PART);
    assert_says(discuss(rows, NULL, 0), "Only whole runs of both can tell whether that is so.");
    assert_says(discuss(rows, NULL, 0), "ResNet50, base here is 5.0\u202f% of its run, judged on 10000 test images.");
    assert_says(discuss(rows, NULL, 0), "in part of a run, which cannot decide about the claim.");
    assert_null(strstr(discuss(rows, NULL, 0), "best row"));
    rows[BASE].full = &full;
    assert_says(discuss(rows, NULL, 0), "measured, ResNet50, base is.");
    assert_int_equal(discussion_evidence(&rows[BASE]).kind, EVIDENCE_KEPT);
    assert_true(discussion_evidence(&rows[BASE]).accuracy == 0.928);
    assert_says(discuss(rows, NULL, 0), "measured 92.80\u202f% (92.28\u201393.29\u202f%) in the kept whole run");
    rows[BASE].share = 1.0;
    assert_int_equal(discussion_evidence(&rows[BASE]).kind, EVIDENCE_WHOLE);
    assert_null(strstr(discuss(rows, NULL, 0), "here is"));
}

static void differences_are_told_from_noise(void **state) {
    (void)state;
    struct discussion_row rows[ROWS];
    make_rows(rows, 7020, 9250, 9200);
    const struct page_pair pairs[] = {{SIMCNN, BASE, 10000, mcnemar_from_counts(300, 2530)},
                                      {BASE, CUSTOM, 10000, mcnemar_from_counts(310, 260)},
                                      {SIMCNN, CUSTOM, 500, mcnemar_from_counts(9, 5)}};
    const char *words = discuss(rows, pairs, 3);
    assert_says(words, "ResNet50, base is better than SimCNN, by more than chance would make (p below 0.0001);");
    assert_says(words, "ResNet50, base is better than ResNet50, custom, by more than chance would make (p = 0.0");
    assert_says(words, "the difference of SimCNN and ResNet50, custom may be chance (p = 0.42). That counts");
    assert_says(words, "Between rows, on the same test images:");
    rows[CUSTOM].share = 0.2;
    assert_says(discuss(rows, pairs, 1), "Between rows, on the same test images:");
    assert_says(discuss(rows, pairs, 2), "Between the rows as far as each came here, on the same test images:");
}

static void kept_runs_come_back_as_they_were(void **state) {
    (void)state;
    const struct full_run written[2] = {{.row = "simcnn",
                                         .started = "2026-11-05T10:00:00+00:00",
                                         .processor = "two \"cores\"",
                                         .version = "0.1.0",
                                         .seed = 1,
                                         .steps = 31260,
                                         .images = 1000000,
                                         .seconds = 321.5,
                                         .running_accuracy = 0.947,
                                         .validation_accuracy = NAN,
                                         .train = {47000, 50000},
                                         .test = {7020, 10000},
                                         .weights_sha256 = "00ff"},
                                        {.row = "resnet50-base",
                                         .started = "later",
                                         .processor = "",
                                         .version = "",
                                         .validation_accuracy = 0.925,
                                         .test = {9250, 10000},
                                         .reestimated = {9300, 10000}}};
    char path[] = "/tmp/ocellus-full-runs-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    unsigned char *text;
    size_t size, count;
    struct full_run *read;
    assert_int_equal(full_runs_write(path, written, 2), OCELLUS_OK);
    assert_int_equal(file_read(path, 1 << 20, &text, &size), OCELLUS_OK);
    assert_int_equal(full_runs_parse((const char *)text, "kept", &read, &count), OCELLUS_OK);
    assert_int_equal(count, 2);
    assert_true(isnan(read[0].validation_accuracy));
    assert_true(read[1].validation_accuracy == 0.925);
    assert_string_equal(read[0].processor, written[0].processor);
    assert_int_equal(read[0].images, 1000000);
    assert_true(read[0].seconds == 321.5 && read[0].running_accuracy == 0.947);
    assert_memory_equal(&read[0].train, &written[0].train, sizeof written[0].train);
    assert_memory_equal(&read[1].reestimated, &written[1].reestimated, sizeof written[1].reestimated);
    assert_int_equal(read[1].train.count, 0);
    assert_ptr_equal(full_run_named(read, count, "resnet50-base"), &read[1]);
    assert_null(full_run_named(read, count, "resnet50-custom"));
    free(read);
    free(text);
    unlink(path);
}

static void wrong_kept_runs_are_refused_by_name(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"{\"format\": 2, \"runs\": []}", "kept: format: expected 1"},
        {"{\"format\": 1, \"runs\": [{\"row\": 5}]}", "kept: runs: 0: row: missing or not text"},
        {"{\"format\": 1, \"runs\": [{\"row\": \"a\", \"started\": \"\", \"processor\": \"\", \"version\": \"\", "
         "\"seed\": 1, \"steps\": 1, \"images\": 1, \"seconds\": 1, \"running_accuracy\": 0.5, "
         "\"validation_accuracy\": null, \"weights_sha256\": \"\", \"test\": {\"correct\": 11, \"count\": 10}}]}",
         "kept: runs: 0: test: 11 of 10 correct"},
        {"{\"format\": 1}", "kept: runs: missing or not a list"},
        {"{", "kept"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct full_run *runs;
        size_t count;
        assert_int_equal(full_runs_parse(wrong[i].text, "kept", &runs, &count), OCELLUS_BAD_CONTENT);
        assert_says(status_message(), wrong[i].says);
        assert_null(runs);
    }
}

/* Kept runs of two optimizers, judged on 10,000 images of which these are right. */
static void the_optimizers_follow_the_numbers(void **state) {
    (void)state;
    struct discussion_row rows[ROWS];
    struct full_run sgd = {.test = {8600, 10000}, .reestimated = {8610, 10000}};
    struct full_run adam = {.test = {5200, 10000}, .reestimated = {8000, 10000}};
    make_rows(rows, 7020, 9250, 9000);
    assert_null(strstr(discuss(rows, NULL, 0), "names no optimizer"));
    optimizers = (struct discussion_optimizers){&sgd, &adam};
    const char *words = discuss(rows, NULL, 0);
    assert_says(words, "SGD 0.01 gives 86.00\u202f%");
    assert_says(words, "Adam 0.001 gives 52.00\u202f%");
    assert_says(words, "with re-estimated statistics 80.00\u202f%. Adam costs 34.0\u202fpoints.");
    assert_says(words, "Statistics re-estimated afterwards give back most of that");
    adam.reestimated.correct = 6000;
    assert_says(discuss(rows, NULL, 0), "give back 8.0\u202fpoints of it; the rest lies in the weights.");
    adam.reestimated.correct = 5100;
    assert_says(discuss(rows, NULL, 0), "Statistics re-estimated afterwards give nothing of it back");
    adam.reestimated.count = 0;
    words = discuss(rows, NULL, 0);
    assert_says(words, "Adam costs 34.0\u202fpoints.\n");
    adam.test.correct = 8590;
    assert_says(discuss(rows, NULL, 0), "Adam is not behind here");
    optimizers = (struct discussion_optimizers){0};
}

int main(void) {
    const struct CMUnitTest list[] = {
        cmocka_unit_test(claims_are_counted_and_placed),
        cmocka_unit_test(the_order_and_the_odd_row_follow_the_numbers),
        cmocka_unit_test(a_kept_whole_run_counts_more_than_a_part),
        cmocka_unit_test(differences_are_told_from_noise),
        cmocka_unit_test(kept_runs_come_back_as_they_were),
        cmocka_unit_test(wrong_kept_runs_are_refused_by_name),
        cmocka_unit_test(the_optimizers_follow_the_numbers),
    };
    return cmocka_run_group_tests(list, NULL, NULL);
}
