/* SPDX-License-Identifier: MIT */
/* Which images are judged when not all are: the same for every run, class by class, and part of every larger choice. */
#include "app/evaluation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { IMAGES = 400, CLASSES = 4 };

static uint16_t labels[IMAGES];

static struct target label_of(const struct source *source, size_t index) {
    (void)source;
    return (struct target){&labels[index], 1};
}

static const struct source_type labels_alone = {.target = label_of};
static const struct source source = {.type = &labels_alone, .name = "small", .count = IMAGES, .classes = CLASSES};

static int set_labels(void **state) {
    (void)state;
    for (size_t i = 0; i < IMAGES; i++)
        labels[i] = (uint16_t)(i * 7 / 3 % CLASSES);
    return 0;
}

static bool holds(const struct image_set *set, size_t index) {
    for (size_t i = 0; i < set->count; i++)
        if (set->indices[i] == index) return true;
    return false;
}

static void a_balanced_choice_has_as_many_of_each_class(void **state) {
    (void)state;
    struct image_set all = image_set_all(&source), chosen, again, larger;
    size_t *indices, *indices_again, *indices_larger, counts[CLASSES] = {0};
    assert_int_equal(evaluation_subset(&all, 40, true, &chosen, &indices), OCELLUS_OK);
    assert_int_equal(evaluation_subset(&all, 40, true, &again, &indices_again), OCELLUS_OK);
    assert_int_equal(evaluation_subset(&all, 100, true, &larger, &indices_larger), OCELLUS_OK);
    assert_int_equal(chosen.count, 40);
    assert_ptr_equal(chosen.indices, indices);
    for (size_t i = 0; i < chosen.count; i++) {
        counts[labels[indices[i]]]++;
        assert_true(holds(&larger, indices[i]));
        assert_true(i == 0 || indices[i] > indices[i - 1]);
    }
    for (size_t c = 0; c < CLASSES; c++)
        assert_int_equal(counts[c], 10);
    assert_memory_equal(indices, indices_again, 40 * sizeof *indices);
    assert_true(indices[39] > 300 && indices[0] < 100); /* from everywhere, not the first ones */
    free(indices);
    free(indices_again);
    free(indices_larger);
}

static void a_random_choice_stays_within_its_set(void **state) {
    (void)state;
    size_t even[IMAGES / 2], *indices, *indices_larger;
    for (size_t i = 0; i < IMAGES / 2; i++)
        even[i] = 2 * i;
    struct image_set set = {&source, even, IMAGES / 2}, chosen, larger;
    assert_int_equal(evaluation_subset(&set, 30, false, &chosen, &indices), OCELLUS_OK);
    assert_int_equal(evaluation_subset(&set, 60, false, &larger, &indices_larger), OCELLUS_OK);
    assert_int_equal(chosen.count, 30);
    for (size_t i = 0; i < 30; i++) {
        assert_int_equal(indices[i] % 2, 0);
        assert_int_equal(indices[i], indices_larger[i]);
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(indices[i], indices[j]);
    }
    free(indices);
    free(indices_larger);
}

static void a_choice_of_all_is_the_set_itself(void **state) {
    (void)state;
    struct image_set all = image_set_all(&source), chosen;
    size_t *indices;
    assert_int_equal(evaluation_subset(&all, EVALUATION_ALL, true, &chosen, &indices), OCELLUS_OK);
    assert_null(indices);
    assert_null(chosen.indices);
    assert_int_equal(chosen.count, IMAGES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_balanced_choice_has_as_many_of_each_class),
        cmocka_unit_test(a_random_choice_stays_within_its_set),
        cmocka_unit_test(a_choice_of_all_is_the_set_itself),
    };
    return cmocka_run_group_tests(tests, set_labels, NULL);
}
