/* SPDX-License-Identifier: MIT */
/* Folders and lists as collections: which pictures, of which classes, in which order; and what is refused, in one line. */
#include "data/folder.h"
#include "data/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "made_pictures.h"

#define JPEG_START "\xff\xd8\xff"

/* What is in a collection: "PATH=CLASS/PART+GROUP ", in its order. */
static const char *told(const struct collection *collection) {
    static char text[4096];
    size_t used = 0;
    *text = '\0';
    for (size_t i = 0; i < collection->count; i++) {
        const struct collection_entry *entry = &collection->entries[i];
        const char *group = collection_group(collection, i);
        used += (size_t)snprintf(text + used, sizeof text - used, "%s=%s%s%s%s%s ", collection_path(collection, i),
                                 collection->class_names[entry->label], entry->given ? "/" : "",
                                 picture_part_names[entry->given], *group ? "+" : "", group);
    }
    return text;
}

static void expect_folder(const char *root, const char *expected) {
    struct collection collection;
    if (collection_open_folder(root, &collection) != OCELLUS_OK) fail_msg("%s", status_message());
    assert_string_equal(told(&collection), expected);
    collection_free(&collection);
}

static void expect_refused(ocellus_status (*open)(const char *path, struct collection *collection), const char *path,
                           ocellus_status status, const char *words) {
    struct collection collection;
    assert_int_equal(open(path, &collection), status);
    if (!strstr(status_message(), words)) fail_msg("\"%s\" does not say \"%s\"", status_message(), words);
    assert_null(collection.entries);
}

static void a_folder_is_a_class(void **state) {
    const char *root = *state;
    make_text(root, "dogs/b.jpg", JPEG_START);
    make_text(root, "dogs/a/z.jpg", JPEG_START);
    make_text(root, "dogs/a.jpg", JPEG_START);
    make_text(root, "dogs/notes.txt", "a text");
    make_text(root, "dogs/.hidden.jpg", JPEG_START);
    make_text(root, "dogs/.cache/x.jpg", JPEG_START);
    make_text(root, "cats/train/1.jpg", JPEG_START); /* deeper than parts are */
    make_text(root, "cats/2.gif", "GIF89a");         /* a picture: reading tells that it is of no use */
    make_text(root, "__MACOSX/cats/1.jpg", JPEG_START);
    make_text(root, ".git/1.jpg", JPEG_START);
    make_text(root, "README.md", "a text");
    make_text(root, FOLDER_SPLIT_FILE, "ours");
    expect_folder(root, "cats/2.gif=cats cats/train/1.jpg=cats dogs/a.jpg=dogs dogs/a/z.jpg=dogs dogs/b.jpg=dogs ");
    struct collection collection;
    assert_int_equal(collection_open_folder(root, &collection), OCELLUS_OK);
    size_t junk = 0;
    for (size_t i = 0; i < collection.junk_kinds; i++)
        junk += collection.junk[i].count;
    assert_int_equal(junk, 6); /* a text, two hidden ones in dogs, two above, one outside of any class */
    assert_string_equal(collection.name, path_base_name(root));
    assert_int_equal(collection_find(&collection, "dogs/a.jpg"), 2);
    assert_true(collection_find(&collection, "dogs/c.jpg") == SIZE_MAX);
    collection_free(&collection);
    char with_slash[FILE_PATH_SIZE];
    snprintf(with_slash, sizeof with_slash, "%s//", root);
    expect_folder(with_slash,
                  "cats/2.gif=cats cats/train/1.jpg=cats dogs/a.jpg=dogs dogs/a/z.jpg=dogs dogs/b.jpg=dogs ");
}

static void names_may_be_anything(void **state) {
    const char *root = *state;
    char longest[256];
    memset(longest, 'y', 255);
    longest[255] = '\0';
    make_text(root, "a b\n c/\xff.jpg", JPEG_START);
    make_text(root, "\xe4\xb8\xad/1.jpg", JPEG_START);
    make_text(root, "\xff\xfe/1.jpg", JPEG_START);
    char path[300];
    snprintf(path, sizeof path, "%s/1.jpg", longest);
    make_text(root, path, JPEG_START);
    struct collection collection;
    assert_int_equal(collection_open_folder(root, &collection), OCELLUS_OK);
    assert_int_equal(collection.classes, 4);
    assert_string_equal(collection.class_names[0], "a b\\x0a c");
    assert_string_equal(collection.class_names[1], longest);
    assert_string_equal(collection.class_names[2], "\xe4\xb8\xad");
    assert_string_equal(collection.class_names[3], "\\xff\\xfe");
    assert_string_equal(collection_path(&collection, 0), "a b\n c/\xff.jpg");
    collection_free(&collection);
}

static void parts_stand_at_the_top(void **state) {
    const char *root = *state;
    make_text(root, "train/cats/1.jpg", JPEG_START);
    make_text(root, "train/dogs/1.jpg", JPEG_START);
    make_text(root, "Val/cats/1.jpg", JPEG_START);
    make_text(root, "test/dogs/deep/1.jpg", JPEG_START);
    assert_int_equal(folder_make(temporary_path(root, "test/cats")), OCELLUS_OK); /* none of these: others have some */
    expect_folder(root, "Val/cats/1.jpg=cats/validation test/dogs/deep/1.jpg=dogs/test train/cats/1.jpg=cats/train "
                        "train/dogs/1.jpg=dogs/train ");
    assert_int_equal(folder_make(temporary_path(root, "test/birds")), OCELLUS_OK);
    expect_refused(collection_open_folder, root, OCELLUS_BAD_CONTENT, ": birds: the class has no pictures");
    assert_int_equal(folder_remove(temporary_path(root, "test/birds")), OCELLUS_OK);
    make_text(root, "other/1.jpg", JPEG_START);
    expect_refused(collection_open_folder, root, OCELLUS_BAD_CONTENT, "stand beside a folder that is no part (other)");
    assert_int_equal(folder_remove(temporary_path(root, "other")), OCELLUS_OK);
    assert_int_equal(folder_remove(temporary_path(root, "train")), OCELLUS_OK);
    expect_refused(collection_open_folder, root, OCELLUS_BAD_CONTENT, "and no train");
    make_text(root, "train/1.jpg", JPEG_START);
    expect_refused(collection_open_folder, root, OCELLUS_BAD_CONTENT, "there are no folders in train/");
}

static void a_train_may_be_a_vehicle(void **state) {
    make_text(*state, "train/1.jpg", JPEG_START);
    make_text(*state, "boat/1.jpg", JPEG_START);
    expect_folder(*state, "boat/1.jpg=boat train/1.jpg=train ");
}

static void links_are_followed_and_lead_nowhere_twice(void **state) {
    const char *root = *state;
    make_text(root, "photos/cats/1.jpg", JPEG_START);
    make_text(root, "photos/dogs/1.jpg", JPEG_START);
    make_text(root, "elsewhere/2.jpg", JPEG_START);
    char photos[FILE_PATH_SIZE];
    assert_int_equal(path_join(photos, root, "photos"), OCELLUS_OK);
    assert_int_equal(symlink("../../elsewhere", temporary_path(photos, "cats/more")), 0);
    assert_int_equal(symlink("..", temporary_path(photos, "cats/up")), 0);        /* would show dogs as cats */
    assert_int_equal(symlink("../dogs", temporary_path(photos, "cats/dogs")), 0); /* and so would this */
    assert_int_equal(symlink(".", temporary_path(photos, "dogs/self")), 0);
    assert_int_equal(symlink("nowhere", temporary_path(photos, "dogs/gone.jpg")), 0);
    assert_int_equal(symlink("../../elsewhere/2.jpg", temporary_path(photos, "dogs/0.jpg")), 0);
    expect_folder(photos, "cats/1.jpg=cats cats/more/2.jpg=cats dogs/0.jpg=dogs dogs/1.jpg=dogs ");
    assert_int_equal(symlink("cats", temporary_path(photos, "felines")), 0);
    expect_refused(collection_open_folder, photos, OCELLUS_BAD_CONTENT, "felines: is a link to a folder that another");
}

static void folders_of_no_use_are_refused(void **state) {
    const char *root = *state;
    expect_refused(collection_open_folder, "/nowhere/at/all", OCELLUS_IO, "there is no such folder");
    expect_refused(collection_open_folder, root, OCELLUS_BAD_CONTENT, "there are no folders in it");
    make_text(root, "a.jpg", JPEG_START);
    expect_refused(collection_open_folder, temporary_path(root, "a.jpg"), OCELLUS_BAD_CONTENT, "is no folder");
    expect_refused(collection_open_folder, root, OCELLUS_BAD_CONTENT, "there are no folders in it");
    make_text(root, "cats/a.jpg", JPEG_START);
    expect_refused(collection_open_folder, root, OCELLUS_BAD_CONTENT, "there is one class alone (cats)");
    make_text(root, "dogs/a.txt", "text");
    expect_refused(collection_open_folder, root, OCELLUS_BAD_CONTENT, ": dogs: the class has no pictures");
    make_text(root, "dogs/a.jpg", JPEG_START);
    make_text(root, "Cats/a.jpg", JPEG_START);
    expect_refused(collection_open_folder, root, OCELLUS_BAD_CONTENT,
                   "the classes Cats and cats differ by capitals only");
}

/* --- lists --- */

static const char *write_list(const char *root, const char *text) {
    make_text(root, "l/list.csv", text);
    return temporary_path(root, "l/list.csv");
}

static void expect_list(const char *root, const char *text, const char *expected) {
    struct collection collection;
    if (collection_open_list(write_list(root, text), &collection) != OCELLUS_OK) fail_msg("%s", status_message());
    assert_string_equal(told(&collection), expected);
    assert_string_equal(collection.name, "list");
    collection_free(&collection);
}

static void make_listed(const char *root) {
    static const char *const names[] = {"a.jpg", "b.jpg", "sub/c.jpg", "d, \"e\".jpg", "f\ng.jpg"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[64];
        snprintf(path, sizeof path, "l/%s", names[i]);
        make_text(root, path, JPEG_START);
    }
}

static void lists_are_read_as_they_come(void **state) {
    make_listed(*state);
    expect_list(*state, "path,label\nb.jpg,x\na.jpg,y\n", "a.jpg=y b.jpg=x ");
    expect_list(*state, "\xef\xbb\xbfLabel;Path\r\nx;b.jpg\r\n\r\ny;sub/c.jpg", "b.jpg=x sub/c.jpg=y ");
    expect_list(*state, "group\tpath\tsplit\tlabel\textra\n7\ta.jpg\tval\tx\t1\n\tb.jpg\t\ty\n8\tsub/c.jpg\tTest\tx",
                "a.jpg=x/validation+7 b.jpg=y sub/c.jpg=x/test+8 ");
    expect_list(*state, "path,label\n\"d, \"\"e\"\".jpg\",\"x y\"\n\"f\ng.jpg\",z\n", "d, \"e\".jpg=x y f\ng.jpg=z ");
    expect_list(*state, "path,label\na.jpg,10\nb.jpg,9\nsub/c.jpg,10\n", "a.jpg=10 b.jpg=9 sub/c.jpg=10 ");
    struct collection collection;
    assert_int_equal(collection_open_list(write_list(*state, "path,label\na.jpg,10\nb.jpg,9\n"), &collection),
                     OCELLUS_OK);
    assert_string_equal(collection.class_names[0], "9"); /* by number */
    collection_free(&collection);
    assert_int_equal(collection_open_list(write_list(*state, "path,label\na.jpg,10\nb.jpg,9x\n"), &collection),
                     OCELLUS_OK);
    assert_string_equal(collection.class_names[0], "10"); /* by bytes */
    collection_free(&collection);
}

static void lists_that_are_wrong_are_refused(void **state) {
    static const struct {
        const char *text, *words;
    } wrong[] = {
        {"", "list.csv: is empty"},
        {"\n\n", "list.csv: is empty"},
        {"a.jpg,x\nb.jpg,y\n", "line 1: expected a row that names the columns path and label"},
        {"path,class\na.jpg,x\n", "line 1: expected a row that names"},
        {"path,label\n", "there are no pictures"},
        {"path,label\na.jpg,x\nb.jpg,x\n", "there is one class alone (x)"},
        {"path,label\na.jpg,x\nb.jpg\n", "line 3: label: is empty"},
        {"path,label\na.jpg,x\n,y\n", "line 3: path: is empty"},
        {"path,label\na.jpg,x\n\"b\nc.jpg\",y\nnone.jpg,y\n", "line 3: b\\x0ac.jpg: there is no such file"},
        {"path,label\na.jpg,x\n\nnone.jpg,y\n", "line 4: none.jpg: there is no such file"},
        {"path,label\na.jpg,x\nsub,y\n", "line 3: sub: is a folder"},
        {"path,label\na.jpg,x\n/etc/passwd,y\n", "line 3: path: is absolute"},
        {"path,label,split\na.jpg,x,train\nb.jpg,y,tests\n",
         "line 3: split: expected train, validation or test (got \"tests\")"},
        {"path,label\nb.jpg,x\na.jpg,x\nb.jpg,y\n", "line 4: a path comes twice, first in line 2: b.jpg"},
        {"path,label\na.jpg,x\n\"b.jpg,y\n", "line 3: a quote is not closed"},
        {"path,label\na.jpg,x\n\"b.jpg\"z,y\n", "line 3: text after a closing quote"},
        {"path,label\na.jpg,x\nb\".jpg,y\n", "line 3: a quote in the middle of a field"},
        {"path,label\na.jpg,Cat\nb.jpg,cat\n", "the classes Cat and cat differ by capitals only"},
    };
    make_listed(*state);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_refused(collection_open_list, write_list(*state, wrong[i].text), OCELLUS_BAD_CONTENT, wrong[i].words);
    expect_refused(collection_open_list, temporary_path(*state, "none.csv"), OCELLUS_IO, "none.csv");
}

static void lists_from_anywhere_do_no_harm(void **state) {
    make_listed(*state);
    const char *path = temporary_path(*state, "l/list.csv");
    static const char zero[] = "path,label\na.jpg,x\nb.jpg\0,y\n";
    assert_int_equal(file_write(path, zero, sizeof zero - 1), OCELLUS_OK);
    expect_refused(collection_open_list, path, OCELLUS_BAD_CONTENT, "line 3: a zero byte");
    struct text long_row = {0};
    text_append(&long_row, "path,label\na.jpg,");
    for (int i = 0; i < 70000; i++)
        text_append(&long_row, "x");
    assert_int_equal(file_write(path, long_row.bytes, long_row.size), OCELLUS_OK);
    expect_refused(collection_open_list, path, OCELLUS_BAD_CONTENT, "line 2: more than 65536 bytes");
    text_free(&long_row);
    struct text wide = {0};
    for (int i = 0; i < 70; i++)
        text_append(&wide, "path,");
    assert_int_equal(file_write(path, wide.bytes, wide.size), OCELLUS_OK);
    expect_refused(collection_open_list, path, OCELLUS_BAD_CONTENT, "line 1: more fields than 64");
    text_free(&wide);
    static const char many[] = "path,label\na.jpg,x\nb.jpg,\"y\"\"\n\",z\n\xff,\x01,\"\n"; /* cut anywhere */
    for (size_t size = 0; size < sizeof many - 1; size++) {
        struct collection collection;
        assert_int_equal(file_write(path, many, size), OCELLUS_OK);
        if (collection_open_list(path, &collection) == OCELLUS_OK) collection_free(&collection);
    }
}

static void there_are_65536_classes_at_most(void **state) {
    struct collection collection = {.name = "many"};
    (void)state;
    for (int extra = 0; extra < 2; extra++) {
        for (int i = 0; i < COLLECTION_MOST_CLASSES + extra; i++) {
            char name[16];
            struct collection_entry entry = {0};
            snprintf(name, sizeof name, "%d", i);
            assert_int_equal(collection_add_text(&collection, name, &entry.class_name), OCELLUS_OK);
            assert_int_equal(collection_add_text(&collection, name, &entry.path), OCELLUS_OK);
            assert_int_equal(collection_add(&collection, &entry), OCELLUS_OK);
        }
        assert_int_equal(collection_complete(&collection, COLLECTION_BY_NUMBER),
                         extra ? OCELLUS_BAD_CONTENT : OCELLUS_OK);
        if (extra) assert_string_equal(status_message(), "many: 65537 classes (expected at most 65536)");
        else assert_int_equal(collection.entries[collection_find(&collection, "65535")].label, 65535);
        collection_free(&collection);
        snprintf(collection.name, sizeof collection.name, "many");
    }
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, temporary_setup, temporary_teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_folder_is_a_class),
        IN_FOLDER(names_may_be_anything),
        IN_FOLDER(parts_stand_at_the_top),
        IN_FOLDER(a_train_may_be_a_vehicle),
        IN_FOLDER(links_are_followed_and_lead_nowhere_twice),
        IN_FOLDER(folders_of_no_use_are_refused),
        IN_FOLDER(lists_are_read_as_they_come),
        IN_FOLDER(lists_that_are_wrong_are_refused),
        IN_FOLDER(lists_from_anywhere_do_no_harm),
        cmocka_unit_test(there_are_65536_classes_at_most),
    };
    return cmocka_run_group_tests_name("data/folder, data/list", tests, NULL, NULL);
}
