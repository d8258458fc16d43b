/* SPDX-License-Identifier: MIT */
/* What is said of a data set, from facts made up here. */
#include "app/data_check_json.h"
#include "app/data_check_text.h"
#include "base/memory.h"
#include "base/text_layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 200 };
static struct picture_facts facts[MOST];
static struct checked_picture pictures[MOST];
static struct checked_data data;
static const char *const class_names[] = {"cat", "dog", "fox"};

static int begin(void **state) {
    (void)state;
    memset(facts, 0, sizeof facts);
    memset(pictures, 0, sizeof pictures);
    data = (struct checked_data){.name = "photos", .pictures = pictures, .class_names = class_names, .classes = 3};
    return 0;
}

/* A sound picture that is like no other. */
static struct picture_facts *add(enum picture_part part, uint16_t label, const char *name) {
    const size_t place = data.count++;
    assert_true(place < MOST);
    facts[place] = (struct picture_facts){.width = 40, .height = 30, .channels = 3, .format = FILE_FORMAT_JPEG};
    facts[place].pixels[0] = (uint8_t)(place + 1);
    facts[place].stamp.size = 1000;
    pictures[place] = (struct checked_picture){
        .facts = &facts[place], .name = name, .number = (uint32_t)place, .label = label, .part = (uint8_t)part};
    return &facts[place];
}

static void add_many(enum picture_part part, uint16_t label, size_t count) {
    for (size_t i = 0; i < count; i++)
        add(part, label, NULL);
}

static struct data_findings find(struct copy_pair *pairs, size_t count) {
    struct data_findings findings;
    struct copy_groups exact;
    const struct copies near = {pairs, count};
    assert_int_equal(copy_groups_exact(&data, &exact), OCELLUS_OK);
    assert_int_equal(data_findings_make(&data, &exact, &near, &findings), OCELLUS_OK);
    return findings;
}

/* The text, once each of its lines was seen to fit. */
static char *text_of(const struct data_findings *findings) {
    struct text text = {0};
    data_findings_append(findings, "out/pictures.csv", "out/copies.csv", &text);
    assert_false(text.failed);
    char line[4096];
    for (const char *at = text.bytes; *at; at += strcspn(at, "\n") + 1) {
        const size_t length = strcspn(at, "\n");
        assert_true(length < sizeof line);
        memcpy(line, at, length);
        line[length] = '\0';
        if (text_columns(line) > TEXT_COLUMNS) fail_msg("too wide: %s", line);
    }
    return text.bytes;
}

static void expect(const struct data_findings *findings, const char *words) {
    char *text = text_of(findings);
    if (!strstr(text, words)) fail_msg("\"%s\" is missing in:\n%s", words, text);
    free(text);
}

static void expect_not(const struct data_findings *findings, const char *words) {
    char *text = text_of(findings);
    if (strstr(text, words)) fail_msg("\"%s\" stands in:\n%s", words, text);
    free(text);
}

static void sound_data_have_nothing_to_say(void **state) {
    (void)state;
    for (uint16_t label = 0; label < 3; label++) {
        add_many(PICTURE_PART_TRAIN, label, 25);
    }
    for (uint16_t label = 0; label < 3; label++)
        add_many(PICTURE_PART_TEST, label, 5);
    struct data_findings findings = find(NULL, 0);
    assert_int_equal(findings.part_count, 2);
    assert_int_equal(findings.parts[0].class_counts[2], 25);
    assert_int_equal(findings.parts[1].class_counts[2], 5);
    assert_int_equal(data_findings_count(&findings), 0);
    assert_null(findings.stops);
    expect(&findings, "photos: 90 pictures in 3 classes, 0.1 MB\n");
    expect(&findings, "balance      every class has 25 training pictures\n");
    expect(&findings, "size         all are 40 x 30\n");
    expect(&findings, "format       JPEG 90\n");
    expect(&findings, "copies       none\n");
    expect(&findings, "\nverdict      nothing was found that is in the way of a training\n");
    data_findings_free(&findings);
}

static void classes_are_weighed(void **state) {
    (void)state;
    add_many(PICTURE_PART_TRAIN, 0, 120);
    add_many(PICTURE_PART_TRAIN, 1, 10);
    add_many(PICTURE_PART_TEST, 2, 1);
    struct data_findings findings = find(NULL, 0);
    assert_int_equal(findings.few_count, 2);
    assert_int_equal(findings.empty_count, 1);
    assert_int_equal(data_findings_count(&findings), 2); /* few, out of balance */
    expect(&findings, "smallest: cat 120, dog 10\n");
    expect(&findings,
           "few          2 classes have fewer than 20 training pictures, 1 of them none\n  dog: 10\n  fox: 0\n");
    expect(&findings, "verdict      a training can begin; 2 things above are worth a look before\n");
    data_findings_free(&findings);
}

static void what_stops_a_training_is_said(void **state) {
    (void)state;
    add_many(PICTURE_PART_TEST, 0, 3);
    struct data_findings findings = find(NULL, 0);
    expect(&findings, "verdict      no training can begin: no picture is to train on\n");
    data_findings_free(&findings);
    begin(NULL);
    add_many(PICTURE_PART_TRAIN, 1, 3);
    findings = find(NULL, 0);
    assert_string_equal(findings.stops, "all training pictures are of one class");
    data_findings_free(&findings);
    begin(NULL);
    add(PICTURE_PART_TRAIN, 1, "dog/a.jpg")->fault = PICTURE_DAMAGED;
    findings = find(NULL, 0);
    assert_string_equal(findings.stops, "no training picture can be read");
    assert_int_equal(findings.sound, 0);
    expect(&findings, "cannot read  1 picture is set aside: no training uses it\n  dog/a.jpg\n    damaged\n");
    data_findings_free(&findings);
}

static void sizes_have_names(void **state) {
    (void)state;
    add(PICTURE_PART_TRAIN, 0, "cat/a.jpg");
    struct picture_facts *small = add(PICTURE_PART_TRAIN, 0, "cat/small.png");
    small->width = 4;
    small->height = 3;
    small->tiny = true;
    small->format = FILE_FORMAT_PNG;
    struct picture_facts *wide = add(PICTURE_PART_TRAIN, 1, "dog/wide.jpg");
    wide->width = 4000;
    wide->height = 1000;
    struct data_findings findings = find(NULL, 0);
    expect(&findings, "size         smallest 4 x 3  cat/small.png\n             largest  4000 x 1000  dog/wide.jpg\n"
                      "             median   40 x 30\naspect       width to height from 1.33 to 4.00, median 1.33\n");
    expect(&findings, "format       PNG 1, JPEG 2\n");
    expect(&findings, "tiny         1 picture is tiny: a side has fewer than 8 pixels\n  cat/small.png\n");
    data_findings_free(&findings);
}

static void names_are_escaped_and_cut(void **state) {
    (void)state;
    static char longest[3000];
    memset(longest, 'x', sizeof longest - 5);
    strcpy(longest + sizeof longest - 5, ".jpg");
    add(PICTURE_PART_TRAIN, 0, "cat/a\n\x1b[31m\xff.jpg")->blank = true;
    add(PICTURE_PART_TRAIN, 1, longest)->blank = true;
    add(PICTURE_PART_TRAIN, 1, "dog/A.jpg");
    add(PICTURE_PART_TRAIN, 1, "Dog/a.jpg");
    struct data_findings findings = find(NULL, 0);
    expect(&findings, "\n  cat/a\\x0a\\x1b[31m\\xff.jpg\n");
    expect(&findings, "xxx.jpg\n");
    expect(&findings, "  Dog/a.jpg, dog/A.jpg\n");
    data_findings_free(&findings);
}

/* Ten of a list stand in the text, the rest in a file. */
static void long_lists_are_short(void **state) {
    (void)state;
    for (size_t i = 0; i < 30; i++) {
        struct picture_facts *one = add(PICTURE_PART_TRAIN, (uint16_t)(i % 3), NULL);
        one->fault = i < 13 ? PICTURE_DAMAGED : PICTURE_SOUND;
        one->reason = i < 13 ? (char *)(uintptr_t) "the file ends too early" : NULL;
    }
    struct data_findings findings = find(NULL, 0);
    expect(&findings, "  train image 9\n    the file ends too early\n  and 3 more, all in out/pictures.csv\n");
    expect_not(&findings, "train image 10\n");
    assert_int_equal(findings.faulty.count, 13);
    data_findings_free(&findings);
}

static void same(size_t a, size_t b) {
    memcpy(facts[b].pixels, facts[a].pixels, PICTURE_HASH_SIZE);
}

static void copies_are_told_by_groups(void **state) {
    (void)state;
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    for (size_t i = 0; i < 10; i++)
        add(i < 7 ? PICTURE_PART_TRAIN : PICTURE_PART_TEST, i == 5, names[i]);
    same(0, 1);
    same(2, 5); /* another class */
    same(3, 8); /* another side */
    same(3, 6);
    struct copy_pair pairs[] = {{0, 4, 0.9}, {4, 9, 0.95}};
    struct data_findings findings = find(pairs, 2);
    assert_int_equal(findings.exact.count, 3);
    assert_int_equal(findings.exact.pictures, 7);
    assert_int_equal(findings.exact.leaks, 1);
    assert_int_equal(findings.exact.labels, 1);
    assert_int_equal(findings.exact.items[0].members[0], 3);
    assert_true(findings.exact.items[0].leak && findings.exact.items[1].labels);
    expect(&findings, "  train d = test i +1\n  train cat: c = train dog: f\n  train a = train b\n");
    expect(&findings, "same pixels  7 pictures in 3 groups of the same pixels; 1 group is both to train\n");
    /* a, its exact copy b, e and j; the other exact copies are no near ones */
    assert_int_equal(findings.near.count, 1);
    assert_int_equal(findings.near.pictures, 4);
    assert_true(findings.near.items[0].leak);
    expect(&findings, "  train a = test j +2\n");
    data_findings_free(&findings);
}

/* A picture that cannot be read has no pixels, like the next one. */
static void what_cannot_be_read_is_no_copy(void **state) {
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct picture_facts *one = add(PICTURE_PART_TRAIN, i % 2, NULL);
        memset(one->pixels, 0, sizeof one->pixels);
        one->fault = PICTURE_DAMAGED;
    }
    struct data_findings findings = find(NULL, 0);
    assert_int_equal(findings.exact.count, 0);
    data_findings_free(&findings);
}

static void what_is_left_out_is_not_counted(void **state) {
    (void)state;
    add_many(PICTURE_PART_TRAIN, 0, 5);
    pictures[3].left_out = "the same picture as one of another class, dog/x.jpg";
    struct data_findings findings = find(NULL, 0);
    assert_int_equal(findings.parts[0].pictures, 5);
    assert_int_equal(findings.parts[0].used, 4);
    assert_int_equal(findings.parts[0].class_counts[0], 4);
    expect(&findings, "left out     1 picture takes no part\n  train image 3\n    the same picture as one of");
    data_findings_free(&findings);
}

static void json_holds_the_same(void **state) {
    (void)state;
    add(PICTURE_PART_TRAIN, 0, "cat/a\n\xff.jpg");
    add(PICTURE_PART_TRAIN, 1, "dog/b.jpg")->blank = true;
    add(PICTURE_PART_TEST, 0, "dog/c.jpg");
    same(0, 2);
    struct data_findings findings = find(NULL, 0);
    json_value *json = data_findings_to_json(&findings);
    const char *text = NULL;
    bool leak = false;
    int64_t count = 0;
    const json_value *group = json_element(json_member(json, "same_pixels"), 0);
    assert_true(json_get_text(json_member(json_element(json_member(group, "pictures"), 1), "path"), &text));
    assert_string_equal(text, "dog/c.jpg");
    assert_true(json_get_text(json_member(json_element(json_member(group, "pictures"), 0), "path"), &text));
    assert_string_equal(text, "cat/a\n\xef\xbf\xbd.jpg");
    assert_true(json_get_bool(json_member(group, "trains_and_judges"), &leak) && leak);
    assert_int_equal(json_count(json_member(json, "blank")), 1);
    assert_true(json_get_integer(json_member(json_member(json_member(json, "parts"), "test"), "used"), &count));
    assert_int_equal(count, 1);
    assert_int_equal(json_type_of(json_member(json, "stops")), JSON_TYPE_NULL);
    json_release(json);
    data_findings_free(&findings);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(sound_data_have_nothing_to_say, begin),
        cmocka_unit_test_setup(classes_are_weighed, begin),
        cmocka_unit_test_setup(what_stops_a_training_is_said, begin),
        cmocka_unit_test_setup(sizes_have_names, begin),
        cmocka_unit_test_setup(names_are_escaped_and_cut, begin),
        cmocka_unit_test_setup(long_lists_are_short, begin),
        cmocka_unit_test_setup(copies_are_told_by_groups, begin),
        cmocka_unit_test_setup(what_cannot_be_read_is_no_copy, begin),
        cmocka_unit_test_setup(what_is_left_out_is_not_counted, begin),
        cmocka_unit_test_setup(json_holds_the_same, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
