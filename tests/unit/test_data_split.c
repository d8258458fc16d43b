/* SPDX-License-Identifier: MIT */
/* Which picture is for what: shares, what stays together, what is added later, folds; and the file that keeps it. */
#include "base/random.h"
#include "data/split.h"
#include "data/split_file.h"
#include "temporary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 2000, CLASSES = 4 };

/* A collection made up: picture i has a path, a class, and facts by chance. */
struct made {
    struct collection collection;
    struct picture_facts facts[MOST];
    uint8_t aside[MOST], recorded[MOST], parts[MOST];
};

static struct made made;

static const struct split_request usual = {.seed = 1, .test_share = 0.15, .validation_share = 0.15};

/* `size` bytes by chance. */
static void fill(void *to, size_t size, uint32_t number) {
    struct random_stream stream = random_at(21, RANDOM_TEST, 0, number);
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)to)[i] = (uint8_t)random_bits(&stream);
}

static void begin(void) {
    collection_free(&made.collection);
    memset(&made, 0, sizeof made);
    snprintf(made.collection.name, sizeof made.collection.name, "made");
}

static size_t add(uint32_t number, const char *group, enum picture_part given) {
    char path[32], class_name[16];
    const size_t place = made.collection.count;
    struct collection_entry entry = {.given = (uint8_t)given};
    snprintf(path, sizeof path, "%06u", (unsigned)number); /* in the order of numbers */
    snprintf(class_name, sizeof class_name, "c%u", (unsigned)(number % CLASSES));
    assert_int_equal(collection_add_text(&made.collection, path, &entry.path), OCELLUS_OK);
    assert_int_equal(collection_add_text(&made.collection, class_name, &entry.class_name), OCELLUS_OK);
    assert_int_equal(collection_add_text(&made.collection, group, &entry.group), OCELLUS_OK);
    assert_int_equal(collection_add(&made.collection, &entry), OCELLUS_OK);
    made.facts[place] = (struct picture_facts){0};
    fill(made.facts[place].pixels, PICTURE_HASH_SIZE, number);
    fill(&made.facts[place].near, 8, 100000 + number);
    return place;
}

static void complete(void) {
    const size_t count = made.collection.count;
    assert_int_equal(collection_complete(&made.collection, COLLECTION_BY_BYTES), OCELLUS_OK);
    for (size_t i = 0; i < count; i++) { /* as they were added: paths are numbers in order */
        char path[32];
        snprintf(path, sizeof path, "%s", collection_path(&made.collection, i));
        assert_true(i == 0 || strcmp(collection_path(&made.collection, i - 1), path) < 0);
    }
}

static struct split run(const struct split_request *request) {
    struct split split = {.collection = &made.collection,
                          .facts = made.facts,
                          .aside = made.aside,
                          .recorded = made.recorded,
                          .parts = made.parts};
    if (split_make(request, &split) != OCELLUS_OK) fail_msg("%s", status_message());
    return split;
}

static size_t count_part(enum picture_part part, size_t label) {
    size_t count = 0;
    for (size_t i = 0; i < made.collection.count; i++)
        count += made.parts[i] == part && (label == CLASSES || made.collection.entries[i].label == label);
    return count;
}

static void begin_plain(uint32_t count) {
    begin();
    for (uint32_t i = 0; i < count; i++)
        add(i, "", PICTURE_PART_NONE);
    complete();
}

static void every_class_gets_its_shares(void **state) {
    (void)state;
    begin_plain(400);
    made.aside[17] = 1;
    const struct split split = run(&usual);
    assert_int_equal(split.added, 399);
    assert_int_equal(split.joined, 0);
    assert_int_equal(made.parts[17], PICTURE_PART_NONE);
    for (size_t c = 0; c < CLASSES; c++) {
        assert_int_equal(count_part(PICTURE_PART_TEST, c), 15);
        assert_int_equal(count_part(PICTURE_PART_VALIDATION, c), 15);
    }
    uint8_t first[MOST];
    memcpy(first, made.parts, sizeof first);
    run(&usual);
    assert_memory_equal(first, made.parts, sizeof first);
    run(&(struct split_request){.seed = 2, .test_share = 0.15, .validation_share = 0.15});
    assert_memory_not_equal(first, made.parts, sizeof first);
    run(&(struct split_request){.seed = 1, .validation_share = 0.5});
    assert_int_equal(count_part(PICTURE_PART_TEST, CLASSES), 0);
    assert_int_equal(count_part(PICTURE_PART_VALIDATION, 2), 50);
}

static void a_class_of_few_has_one_to_learn_from(void **state) {
    (void)state;
    for (uint32_t each = 1; each <= 3; each++) {
        begin_plain(each * CLASSES);
        run(&(struct split_request){.seed = 1, .test_share = 0.4, .validation_share = 0.5});
        for (size_t c = 0; c < CLASSES; c++) {
            assert_int_equal(count_part(PICTURE_PART_TRAIN, c), 1);
            assert_int_equal(count_part(PICTURE_PART_TEST, c), each > 1);
        }
    }
}

static void added_pictures_move_none(void **state) {
    (void)state;
    begin_plain(400);
    run(&usual);
    uint8_t before[MOST];
    memcpy(before, made.parts, sizeof before);
    begin(); /* a hundred more, before, between and after */
    for (uint32_t i = 0; i < 500; i++)
        add(i, "", PICTURE_PART_NONE);
    complete();
    for (size_t i = 0; i < 400; i++)
        made.recorded[i] = before[i];
    const struct split split = run(&(struct split_request){.seed = 9, .test_share = 0.15, .validation_share = 0.15});
    assert_memory_equal(made.parts, before, 400);
    assert_int_equal(split.added, 100);
    for (size_t c = 0; c < CLASSES; c++) {
        assert_int_equal(count_part(PICTURE_PART_TEST, c), 19); /* 0.15 of 125 */
        assert_int_equal(count_part(PICTURE_PART_VALIDATION, c), 19);
    }
}

static void groups_twins_and_what_looks_alike_stay_together(void **state) {
    (void)state;
    begin();
    for (uint32_t i = 0; i < 600; i++) {
        char group[16] = "";
        if (i % 3 == 0) snprintf(group, sizeof group, "person %u", (unsigned)(i / 30));
        const size_t place = add(i, group, PICTURE_PART_NONE);
        if (i % 12 == 5) made.facts[place].near = made.facts[place - 4].near ^ 0x8000000000000101U; /* of its class */
        if (i % 12 == 7) memcpy(made.facts[place].pixels, made.facts[place - 2].pixels, PICTURE_HASH_SIZE);
    }
    complete();
    run(&usual);
    size_t together = 0;
    for (size_t i = 12; i < 600; i++) {
        if (i % 30 != 0 && i % 3 == 0) assert_int_equal(made.parts[i], made.parts[i / 30 * 30]);
        if (i % 12 == 5) assert_int_equal(made.parts[i], made.parts[i - 4]);
        if (i % 12 == 7) assert_int_equal(made.parts[i], made.parts[i - 2]);
        together += made.parts[i] != PICTURE_PART_TRAIN;
    }
    assert_true(together > 120 && together < 240); /* near 0.3 of 600 */
}

/* Pictures of two groups look alike: the list's word is that they are two. One of one colour looks like nothing. */
static void a_group_rules_over_looks(void **state) {
    (void)state;
    begin();
    for (uint32_t i = 0; i < 8; i++)
        add(i, i < 4 ? "a" : "b", PICTURE_PART_NONE);
    add(8, "", PICTURE_PART_NONE);
    add(9, "", PICTURE_PART_NONE);
    complete();
    for (size_t i = 0; i < 10; i++) {
        made.facts[i].near = 0;
        made.facts[i].blank = i >= 8;
    }
    for (size_t i = 0; i < 3; i++)
        made.recorded[i] = PICTURE_PART_TEST;
    for (size_t i = 4; i < 7; i++)
        made.recorded[i] = PICTURE_PART_TRAIN;
    const struct split split = run(&usual);
    assert_int_equal(made.parts[3], PICTURE_PART_TEST);
    assert_int_equal(made.parts[7], PICTURE_PART_TRAIN);
    assert_int_equal(split.joined, 2);
    assert_int_equal(split.between, 0);
}

static void new_ones_join_who_they_are_like(void **state) {
    (void)state;
    begin_plain(40);
    for (size_t i = 0; i < 36; i++)
        made.recorded[i] = i % 4 == 0 ? PICTURE_PART_TEST : i % 4 == 1 ? PICTURE_PART_VALIDATION : PICTURE_PART_TRAIN;
    made.facts[36].near = made.facts[4].near ^ 3;                           /* of the test */
    memcpy(made.facts[37].pixels, made.facts[5].pixels, PICTURE_HASH_SIZE); /* validation */
    made.facts[6].near = made.facts[1].near ^ 7;
    made.facts[38].near = made.facts[1].near ^ 1; /* training and validation */
    made.facts[7].near = made.facts[8].near ^ 7;
    made.facts[39].near = made.facts[8].near ^ 2; /* training and the test */
    const struct split split = run(&usual);
    assert_int_equal(made.parts[36], PICTURE_PART_TEST);
    assert_int_equal(made.parts[37], PICTURE_PART_VALIDATION);
    assert_int_equal(made.parts[38], PICTURE_PART_TRAIN);
    assert_int_equal(made.parts[39], PICTURE_PART_NONE);
    assert_int_equal(split.joined, 3);
    assert_int_equal(split.between, 1);
    for (size_t i = 0; i < 36; i++)
        assert_int_equal(made.parts[i], made.recorded[i]);
}

static void what_folder_or_list_say_rules(void **state) {
    (void)state;
    begin();
    for (uint32_t i = 0; i < 400; i++)
        add(i, "", i < 300 ? PICTURE_PART_TRAIN : PICTURE_PART_TEST);
    complete();
    made.recorded[0] = PICTURE_PART_TEST; /* an old file says otherwise */
    made.recorded[300] = PICTURE_PART_TRAIN;
    run(&usual);
    assert_int_equal(count_part(PICTURE_PART_TEST, CLASSES), 100);
    assert_int_equal(made.parts[300], PICTURE_PART_TEST);
    assert_int_not_equal(made.parts[0], PICTURE_PART_TEST);
    for (size_t c = 0; c < CLASSES; c++)
        assert_int_equal(count_part(PICTURE_PART_VALIDATION, c), 11); /* 0.15 of 75 */
    begin();
    for (uint32_t i = 0; i < 400; i++)
        add(i, "", i < 300 ? PICTURE_PART_TRAIN : PICTURE_PART_VALIDATION);
    complete();
    const struct split split = run(&usual);
    assert_int_equal(split.added, 0);
    assert_int_equal(count_part(PICTURE_PART_TRAIN, CLASSES), 300);
    assert_int_equal(count_part(PICTURE_PART_TEST, CLASSES), 0);
}

static void folds_take_turns(void **state) {
    (void)state;
    enum { FOLDS = 5, COUNT = 402 };
    int times[COUNT] = {0};
    begin_plain(COUNT);
    for (size_t i = 8; i < 48; i += 8)
        made.facts[i + 4].near = made.facts[i].near ^ 1;
    made.collection.entries[COUNT - 1].given = PICTURE_PART_TEST;
    made.recorded[3] = PICTURE_PART_TEST; /* the file is not looked at */
    for (uint64_t fold = 1; fold <= FOLDS; fold++) {
        run(&(struct split_request){.seed = 4, .folds = FOLDS, .fold = fold});
        assert_int_equal(count_part(PICTURE_PART_TEST, CLASSES), 1);
        for (size_t c = 0; c < CLASSES; c++) {
            const size_t count = count_part(PICTURE_PART_VALIDATION, c);
            assert_true(count >= 19 && count <= 21);
        }
        for (size_t i = 0; i < COUNT; i++)
            times[i] += made.parts[i] == PICTURE_PART_VALIDATION;
        for (size_t i = 8; i < 48; i += 8)
            assert_int_equal(made.parts[i + 4], made.parts[i]);
    }
    for (size_t i = 0; i < COUNT - 1; i++)
        assert_int_equal(times[i], 1);
}

static void shares_that_make_no_sense_are_refused(void **state) {
    (void)state;
    static const struct split_request wrong[] = {
        {.test_share = 0.5, .validation_share = 0.5},
        {.test_share = -0.1},
        {.folds = 5},
        {.folds = 5, .fold = 6},
        {.folds = 1, .fold = 1},
        {.fold = 1},
    };
    begin_plain(8);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct split split = {.collection = &made.collection,
                              .facts = made.facts,
                              .aside = made.aside,
                              .recorded = made.recorded,
                              .parts = made.parts};
        assert_int_equal(split_make(&wrong[i], &split), OCELLUS_USAGE);
    }
    collection_free(&made.collection);
}

/* --- the file --- */

#define HASH_A "aa00000000000000000000000000000000000000000000000000000000000001"
#define HASH_B "bb00000000000000000000000000000000000000000000000000000000000002"

static void the_file_comes_back(void **state) {
    const char *path = temporary_path(*state, "split.csv");
    struct text text = {0};
    struct split_file file;
    uint8_t pixels[PICTURE_HASH_SIZE] = {0xaa}, others[PICTURE_HASH_SIZE] = {0xbb}, none[PICTURE_HASH_SIZE] = {0};
    text_append(&text, "path,pixels,group,split\n");
    split_file_append(&text, "cats/a, \"b\"\n.jpg", pixels, "burst 1", PICTURE_PART_TEST);
    split_file_append(&text, "z.jpg", others, "", PICTURE_PART_TRAIN);
    split_file_append(&text, "by path.jpg", none, "", PICTURE_PART_VALIDATION);
    assert_int_equal(file_write(path, text.bytes, text.size), OCELLUS_OK);
    text_free(&text);
    assert_int_equal(split_file_read(path, &file), OCELLUS_OK);
    assert_int_equal(file.count, 3);
    const struct split_row *row = split_file_find(&file, pixels, "z.jpg"); /* the pixels count first */
    assert_string_equal(split_file_path(&file, row), "cats/a, \"b\"\n.jpg");
    assert_string_equal(split_file_group(&file, row), "burst 1");
    assert_int_equal(row->part, PICTURE_PART_TEST);
    uint8_t unknown[PICTURE_HASH_SIZE] = {0xcc};
    assert_int_equal(split_file_find(&file, unknown, "z.jpg")->part, PICTURE_PART_TRAIN);
    assert_int_equal(split_file_find(&file, none, "by path.jpg")->part, PICTURE_PART_VALIDATION);
    assert_null(split_file_find(&file, unknown, "y.jpg"));
    split_file_free(&file);
    /* Copies on two sides: each is what its path says, and one that is elsewhere is what the first line says. */
    static const char two[] = "path,pixels,split\nb," HASH_A ",test\na," HASH_A ",train\n";
    uint8_t both[PICTURE_HASH_SIZE] = {0xaa, [PICTURE_HASH_SIZE - 1] = 1};
    assert_int_equal(file_write(path, two, sizeof two - 1), OCELLUS_OK);
    assert_int_equal(split_file_read(path, &file), OCELLUS_OK);
    assert_int_equal(split_file_find(&file, both, "a")->part, PICTURE_PART_TRAIN);
    assert_int_equal(split_file_find(&file, both, "b")->part, PICTURE_PART_TEST);
    assert_int_equal(split_file_find(&file, both, "c")->part, PICTURE_PART_TEST);
    split_file_free(&file);
    assert_int_equal(file_write(path, "path,split\n", 11), OCELLUS_OK); /* nothing in it */
    assert_int_equal(split_file_read(path, &file), OCELLUS_OK);
    assert_null(split_file_find(&file, unknown, "y.jpg"));
    split_file_free(&file);
}

static void files_that_are_wrong_are_refused(void **state) {
    static const struct {
        const char *text, *words;
    } wrong[] = {
        {"", "line 1: expected the columns path, pixels, group, split"},
        {"pixels,split\n" HASH_A ",train\n", "line 1: expected the columns"},
        {"path,pixels,split\na," HASH_A ",\n", "line 2: split: expected train, validation or test (got \"\")"},
        {"path,pixels,split\na," HASH_A ",none\n", "line 2: split: expected train, validation or test (got \"none\")"},
        {"path,pixels,split\na,12,test\n", "line 2: pixels: expected 64 digits"},
        {"path,pixels,split\na," HASH_A "0,test\n", "line 2: pixels: expected 64 digits"},
        {"path,pixels,split\na,zz00,test\n", "line 2: pixels: expected 64 digits"},
        {"path,pixels,split\n/a," HASH_A ",test\n", "line 2: path: is absolute"},
        {"path,pixels,split\na," HASH_A ",test\na," HASH_B ",test\n", "line 3: a path comes twice, first in line 2: a"},
        {"path,pixels,split\n\"a," HASH_A ",test\n", "line 2: a quote is not closed"},
    };
    const char *path = temporary_path(*state, "split.csv");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct split_file file;
        assert_int_equal(file_write(path, wrong[i].text, strlen(wrong[i].text)), OCELLUS_OK);
        assert_int_equal(split_file_read(path, &file), OCELLUS_BAD_CONTENT);
        if (!strstr(status_message(), wrong[i].words))
            fail_msg("\"%s\" does not say \"%s\"", status_message(), wrong[i].words);
    }
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, temporary_setup, temporary_teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_class_gets_its_shares),
        cmocka_unit_test(a_class_of_few_has_one_to_learn_from),
        cmocka_unit_test(added_pictures_move_none),
        cmocka_unit_test(groups_twins_and_what_looks_alike_stay_together),
        cmocka_unit_test(a_group_rules_over_looks),
        cmocka_unit_test(new_ones_join_who_they_are_like),
        cmocka_unit_test(what_folder_or_list_say_rules),
        cmocka_unit_test(folds_take_turns),
        cmocka_unit_test(shares_that_make_no_sense_are_refused),
        IN_FOLDER(the_file_comes_back),
        IN_FOLDER(files_that_are_wrong_are_refused),
    };
    return cmocka_run_group_tests_name("data/split", tests, NULL, NULL);
}
