/* SPDX-License-Identifier: MIT */
/* Checked allocation and arenas. */
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_allocate_is_aligned_and_zero(void **state) {
    (void)state;
    for (size_t bytes = 0; bytes < 200; bytes++) {
        unsigned char *pointer = memory_allocate(bytes, 1);
        assert_non_null(pointer);
        assert_int_equal((uintptr_t)pointer % MEMORY_ALIGNMENT, 0);
        for (size_t i = 0; i < bytes; i++)
            assert_int_equal(pointer[i], 0);
        memset(pointer, 0xFF, bytes);
        memory_free(pointer);
    }
    memory_free(NULL);
}

static void test_allocate_refuses_overflow(void **state) {
    (void)state;
    size_t before = memory_allocation_count();
    assert_null(memory_allocate(SIZE_MAX, 2));
    assert_non_null(strstr(status_message(), "memory: "));
    assert_null(memory_allocate(SIZE_MAX, 1)); /* rounding up overflows */
    assert_null(memory_allocate(SIZE_MAX / 2 + 1, 2));
    assert_int_equal(memory_allocation_count(), before);
}

static void test_copy_text(void **state) {
    (void)state;
    char *copy = memory_copy_text("Augen");
    assert_string_equal(copy, "Augen");
    memory_free(copy);
}

static void test_grow(void **state) {
    (void)state;
    int *numbers = NULL;
    size_t capacity = 0, before = memory_allocation_count();
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(memory_grow((void **)&numbers, &capacity, (size_t)i + 1, sizeof *numbers), OCELLUS_OK);
        assert_true(capacity > (size_t)i);
        numbers[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(numbers[i], i);
    assert_int_equal(memory_allocation_count(), before + 11); /* doubling: 1, 2, 4, ... 1024 */
    int *same = numbers;
    assert_int_equal(memory_grow((void **)&numbers, &capacity, SIZE_MAX / 2, sizeof *numbers), OCELLUS_IO);
    assert_ptr_equal(numbers, same);
    assert_int_equal(capacity, 1024);
    free(numbers);
}

static void test_arena(void **state) {
    (void)state;
    struct arena arena = {0};
    size_t offsets[3];
    assert_int_equal(arena_reserve(&arena, 1, &offsets[0]), OCELLUS_OK);
    assert_int_equal(arena_reserve(&arena, 64, &offsets[1]), OCELLUS_OK);
    assert_int_equal(arena_reserve(&arena, 65, &offsets[2]), OCELLUS_OK);
    assert_int_equal(offsets[0], 0);
    assert_int_equal(offsets[1], 64);
    assert_int_equal(offsets[2], 128);
    assert_int_equal(arena.size, 256);
    size_t kept = 5;
    assert_int_equal(arena_reserve(&arena, SIZE_MAX, &kept), OCELLUS_IO);
    assert_int_equal(arena_reserve(&arena, SIZE_MAX - 255, &kept), OCELLUS_IO);
    assert_int_equal(kept, 5);
    assert_int_equal(arena.size, 256);
    assert_int_equal(arena_allocate(&arena), OCELLUS_OK);
    assert_int_equal((uintptr_t)arena.base % MEMORY_ALIGNMENT, 0);
    for (size_t i = 0; i < arena.size; i++)
        assert_int_equal(arena.base[i], 0);
    assert_int_equal(arena_reserve(&arena, 1, &kept), OCELLUS_ERROR);
    assert_int_equal(arena_allocate(&arena), OCELLUS_ERROR);
    arena_free(&arena);
    assert_null(arena.base);
    assert_int_equal(arena.size, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allocate_is_aligned_and_zero),
        cmocka_unit_test(test_allocate_refuses_overflow),
        cmocka_unit_test(test_copy_text),
        cmocka_unit_test(test_grow),
        cmocka_unit_test(test_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
