/* SPDX-License-Identifier: MIT */
/* Checked sizes at every boundary. */
#include "base/sizes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { BEFORE = 77 };

static void test_add(void **state) {
    (void)state;
    size_t result = BEFORE;
    assert_true(size_add(0, 0, &result));
    assert_int_equal(result, 0);
    assert_true(size_add(SIZE_MAX, 0, &result));
    assert_true(result == SIZE_MAX);
    assert_true(size_add(SIZE_MAX - 1, 1, &result));
    assert_true(result == SIZE_MAX);
    result = BEFORE;
    assert_false(size_add(SIZE_MAX, 1, &result));
    assert_false(size_add(1, SIZE_MAX, &result));
    assert_false(size_add(SIZE_MAX, SIZE_MAX, &result));
    assert_false(size_add(SIZE_MAX / 2 + 1, SIZE_MAX / 2 + 1, &result));
    assert_int_equal(result, BEFORE);
}

static void test_multiply(void **state) {
    (void)state;
    size_t result = BEFORE;
    assert_true(size_multiply(SIZE_MAX, 1, &result));
    assert_true(result == SIZE_MAX);
    assert_true(size_multiply(SIZE_MAX, 0, &result));
    assert_int_equal(result, 0);
    for (unsigned bits = 0; bits < 64; bits++) {
        size_t power = (size_t)1 << bits;
        assert_true(size_multiply(power, SIZE_MAX / power, &result));
        assert_true(result == power * (SIZE_MAX / power));
        result = BEFORE;
        if (bits > 0) assert_false(size_multiply(power, SIZE_MAX / power + 1, &result));
        if (bits > 0) assert_int_equal(result, BEFORE);
    }
}

static void check_product(const int64_t *dims, size_t count, bool fits, size_t expected) {
    size_t result = BEFORE;
    assert_int_equal(size_product(dims, count, &result), fits);
    assert_true(result == (fits ? expected : BEFORE));
}

static void test_product(void **state) {
    (void)state;
    const int64_t image[] = {32, 32, 3}, square[] = {INT64_C(1) << 32, INT64_C(1) << 32};
    const int64_t edge[] = {INT64_C(1) << 32, INT64_C(1) << 31}, most[] = {INT64_MAX, 2}, over[] = {INT64_MAX, 3};
    const int64_t zero[] = {INT64_MAX, INT64_MAX, 0}, negative[] = {2, -1}, both[] = {-1, 0, INT64_MIN};
    check_product(NULL, 0, true, 1);
    check_product(image, 3, true, 3072);
    check_product(image, 1, true, 32);
    check_product(edge, 2, true, (size_t)1 << 63);
    check_product(most, 2, true, SIZE_MAX - 1);
    check_product(square, 2, false, 0);
    check_product(over, 2, false, 0);
    check_product(zero, 3, true, 0); /* the true product fits, wherever the zero stands */
    check_product(negative, 2, false, 0);
    check_product(both, 3, false, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add),
        cmocka_unit_test(test_multiply),
        cmocka_unit_test(test_product),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
