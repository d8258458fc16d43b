/* SPDX-License-Identifier: MIT */
/* Walking through folders of pictures: what cannot be read does not end the walk. tests/cli/cases/predict_folders.txt holds
 * the rest. */
#include "data/picture_files.h"

#include "temporary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct seen {
    char log[1024];
    const char *root;
    int stop_at, visits;
};

static ocellus_status note(void *context, const struct picture_file *file) {
    struct seen *seen = context;
    size_t used = strlen(seen->log);
    snprintf(seen->log + used, sizeof seen->log - used, "%s%s ", file->path + strlen(seen->root) + 1,
             file->status != OCELLUS_OK ? "!"
             : file->repeated           ? "="
             : file->passed_over        ? "-"
                                        : "");
    return ++seen->visits == seen->stop_at ? OCELLUS_STOPPED : OCELLUS_OK;
}

static void write_text(const char *root, const char *name, const char *text) {
    assert_int_equal(file_write(temporary_path(root, name), text, strlen(text)), OCELLUS_OK);
}

static const char *make_tree(const char *root) {
    chmod(root, 0755);
    assert_int_equal(mkdir(temporary_path(root, "closed"), 0755), 0);
    write_text(root, "a.jpg", "\xff\xd8\xff");
    write_text(root, "closed/b.jpg", "\xff\xd8\xff");
    write_text(root, "secret", "\xff\xd8\xff");
    write_text(root, "text", "text");
    write_text(root, "z", "\xff\xd8\xff");
    assert_int_equal(chmod(temporary_path(root, "closed"), 0), 0);
    assert_int_equal(chmod(temporary_path(root, "secret"), 0), 0);
    return root;
}

static void test_unreadable_ones_are_told(void **state) {
    const char *root = make_tree(*state);
    struct seen seen = {.root = root};
    bool is_root = geteuid() == 0; /* to whom nothing is closed */
    if (is_root) assert_int_equal(seteuid(65534), 0);
    ocellus_status status = picture_files_each(root, NULL, NULL, note, &seen);
    if (is_root) assert_int_equal(seteuid(0), 0);
    assert_int_equal(status, OCELLUS_OK);
    assert_string_equal(seen.log, "a.jpg closed! secret! text- z ");
    chmod(temporary_path(root, "closed"), 0755);
}

static void test_a_visit_may_end_the_walk(void **state) {
    struct seen seen = {.root = *state, .stop_at = 2};
    write_text(*state, "a.png", "");
    write_text(*state, "b.png", "");
    write_text(*state, "c.png", "");
    assert_int_equal(picture_files_each(*state, NULL, NULL, note, &seen), OCELLUS_STOPPED);
    assert_string_equal(seen.log, "a.png b.png ");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_unreadable_ones_are_told, temporary_setup, temporary_teardown),
        cmocka_unit_test_setup_teardown(test_a_visit_may_end_the_walk, temporary_setup, temporary_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
