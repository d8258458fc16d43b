/* SPDX-License-Identifier: MIT */
/* What every source promises, by one that lends its pixels and one that copies and fails; and the table of data sets. */
#include "base/threads.h"
#include "data/batch.h"
#include "data/data_sets.h"
#include "data/memory_source.h"
#include "data/preview.h"
#include "data/source_summary.h"
#include "unsteady_source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 20, HEIGHT = 4, WIDTH = 6, CHANNELS = 3, CLASSES = 5, VALUES = HEIGHT * WIDTH * CHANNELS };

static uint8_t value_at(size_t image, size_t value) {
    return (uint8_t)(image * 7 + value * 3);
}

/* What is not 0 in `change` is another than usual. */
struct change {
    int pixel, label, sides, count, classes;
};

static struct source *make_source(struct change change) {
    static const char *const names[CLASSES + 1] = {"a", "b", "c", "d", "e", "f"};
    struct memory_pictures pictures = {.count = COUNT - (change.count != 0),
                                       .height = change.sides ? WIDTH : HEIGHT,
                                       .width = change.sides ? HEIGHT : WIDTH,
                                       .channels = CHANNELS,
                                       .classes = CLASSES + (change.classes != 0)};
    struct source *source = NULL;
    assert_int_equal(memory_pictures_create(&pictures), OCELLUS_OK);
    for (size_t i = 0; i < pictures.count; i++) {
        pictures.labels[i] = (uint16_t)(i % CLASSES);
        for (size_t v = 0; v < VALUES; v++)
            pictures.pixels[i * VALUES + v] = value_at(i, v);
    }
    if (change.pixel) pictures.pixels[pictures.count * VALUES - 1]++;
    if (change.label) pictures.labels[pictures.count - 1] = 0;
    assert_int_equal(memory_source_open("own", "train", &pictures, &source), OCELLUS_OK);
    assert_int_equal(source_set_class_names(source, names), OCELLUS_OK);
    return source;
}

static void expect_words(const char *words) {
    if (!strstr(status_message(), words)) fail_msg("\"%s\" lacks \"%s\"", status_message(), words);
}

static void a_memory_source_lends_its_pixels(void **state) {
    (void)state;
    struct source *source = make_source((struct change){0});
    struct picture first = {0}, second = {0};
    char shape[96];
    assert_int_equal(source_read(source, 3, NULL, &first), OCELLUS_OK);
    assert_int_equal(source_read(source, 4, NULL, &second), OCELLUS_OK);
    assert_ptr_equal(first.pixels + VALUES, second.pixels);
    assert_null(first.room);
    assert_true(first.height == HEIGHT && first.width == WIDTH && first.channels == CHANNELS);
    for (size_t v = 0; v < VALUES; v++)
        assert_int_equal(first.pixels[v], value_at(3, v));
    assert_int_equal(source_target(source, 3).count, 1);
    assert_int_equal(source_label(source, 3), 3);
    source_shape_text(source, shape);
    assert_string_equal(shape, "(20, 4, 6, 3)");
    picture_free(&first);
    source_close(source);
    source_close(NULL);
}

static void identify(struct change change, char identity[SHA256_TEXT_SIZE]) {
    struct source *source = make_source(change);
    assert_int_equal(source_identity(source, identity), OCELLUS_OK);
    assert_int_equal(strlen(identity), 64);
    source_close(source);
}

static void identity_is_of_pixels_and_labels(void **state) {
    (void)state;
    static const struct change changes[] = {
        {0}, {.pixel = 1}, {.label = 1}, {.sides = 1}, {.count = 1}, {.classes = 1},
    };
    enum { CHANGES = sizeof changes / sizeof changes[0] };
    char identities[CHANGES][SHA256_TEXT_SIZE], again[SHA256_TEXT_SIZE];
    for (size_t i = 0; i < CHANGES; i++) {
        identify(changes[i], identities[i]);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(identities[i], identities[j]);
    }
    /* Names, and how the pixels come, are none of it. */
    struct source *source = make_source((struct change){0});
    struct unsteady_source unsteady;
    unsteady_open(&unsteady, source, 0, OCELLUS_OK);
    strcpy(unsteady.source.name, "other");
    assert_int_equal(source_identity(&unsteady.source, again), OCELLUS_OK);
    assert_string_equal(again, identities[0]);
    /* One that is known is not worked out. */
    strcpy(unsteady.source.identity, "known");
    unsteady.reads = 0;
    assert_int_equal(source_identity(&unsteady.source, again), OCELLUS_OK);
    assert_string_equal(again, "known");
    assert_int_equal(unsteady.reads, 0);
    source_close(source);
}

/* Each walk over a source, with every one of its reads failing once. */
struct walk {
    const char *name;
    size_t reads;
    ocellus_status (*walk)(const struct source *source);
    bool threads; /* several read: some may have begun when one fails */
};

static ocellus_status walk_identity(const struct source *source) {
    char identity[SHA256_TEXT_SIZE];
    const ocellus_status status = source_identity(source, identity);
    if (status != OCELLUS_OK) assert_string_equal(identity, "");
    return status;
}

static ocellus_status walk_summary(const struct source *source) {
    struct source_summary summary;
    const ocellus_status status = source_summarize(source, &summary);
    if (status == OCELLUS_OK) source_summary_free(&summary);
    return status;
}

static ocellus_status walk_grid(const struct source *source) {
    struct image grid;
    const ocellus_status status = preview_grid(source, 1, 6, 3, 1, &grid, NULL);
    if (status == OCELLUS_OK) image_free(&grid);
    else assert_null(grid.pixels);
    return status;
}

static ocellus_status walk_terminal(const struct source *source) {
    static const size_t indices[] = {4, 0, 19};
    FILE *nowhere = fopen("/dev/null", "w");
    assert_non_null(nowhere);
    const ocellus_status status = preview_terminal(source, indices, 3, 2, nowhere);
    fclose(nowhere);
    return status;
}

static ocellus_status walk_batch(const struct source *source) {
    const struct pixel_form form = {{HEIGHT, WIDTH, CHANNELS, RESIZE_STRETCH, false}, {.scale = 1}};
    const struct image_set all = image_set_all(source);
    struct batch_room room = {0};
    float values[7 * VALUES];
    int32_t labels[7];
    const ocellus_status status = batch_fill(&all, 11, 7, &form, &room, values, labels);
    for (size_t i = 0; i < 7 * VALUES && status == OCELLUS_OK; i++)
        assert_true(values[i] == (float)value_at(11 + i / VALUES, i % VALUES));
    for (size_t i = 0; i < 7 && status == OCELLUS_OK; i++)
        assert_int_equal(labels[i], (11 + i) % CLASSES);
    batch_room_free(&room);
    return status;
}

static void a_failed_read_ends_every_walk(void **state) {
    (void)state;
    static const struct walk walks[] = {{"identity", COUNT, walk_identity, false},
                                        {"summary", COUNT, walk_summary, true},
                                        {"grid", 6, walk_grid, false},
                                        {"terminal", 3, walk_terminal, false},
                                        {"batch", 7, walk_batch, false}};
    struct source *source = make_source((struct change){0});
    for (size_t w = 0; w < sizeof walks / sizeof walks[0]; w++) {
        struct unsteady_source unsteady;
        for (size_t k = 1; k <= walks[w].reads; k++) {
            const ocellus_status wanted = k % 2 ? OCELLUS_IO : OCELLUS_BAD_CONTENT;
            unsteady_open(&unsteady, source, k, wanted);
            if (walks[w].walk(&unsteady.source) != wanted) fail_msg("%s: read %zu did not fail", walks[w].name, k);
            expect_words("own, train: image ");
            expect_words(": the file is gone");
            if (walks[w].threads) assert_true(unsteady.reads >= k && unsteady.reads <= COUNT);
            else assert_int_equal(unsteady.reads, k); /* it is the end */
        }
        unsteady_open(&unsteady, source, walks[w].reads + 1, OCELLUS_IO);
        assert_int_equal(walks[w].walk(&unsteady.source), OCELLUS_OK);
        assert_int_equal(unsteady.reads, walks[w].reads);
    }
    source_close(source);
}

static const char *call_it(const struct source *source, size_t index) {
    (void)source;
    return index == 17 ? "cats/a\nb.jpg" : "another";
}

static void a_failed_read_is_named(void **state) {
    (void)state;
    struct source *source = make_source((struct change){0});
    struct unsteady_source unsteady;
    struct picture picture = {0};
    assert_null(source_picture_name(source, 17)); /* pictures in memory have none */
    unsteady_open(&unsteady, source, 2, OCELLUS_IO);
    assert_int_equal(source_read(&unsteady.source, 16, NULL, &picture), OCELLUS_OK);
    assert_int_equal(source_read(&unsteady.source, 17, NULL, &picture), OCELLUS_IO);
    assert_string_equal(status_message(), "own, train: image 17: the file is gone");
    assert_int_equal(source_read(&unsteady.source, 17, NULL, &picture), OCELLUS_OK); /* and may be back */
    assert_true(picture.pixels[0] == value_at(17, 0) && picture.pixels[1] == value_at(17, 1));
    const struct source_type named = {.read = unsteady_read, .target = unsteady_target, .name = call_it};
    unsteady_open(&unsteady, source, 1, OCELLUS_BAD_CONTENT);
    unsteady.source.type = &named;
    assert_int_equal(source_read(&unsteady.source, 17, NULL, &picture), OCELLUS_BAD_CONTENT);
    assert_string_equal(status_message(), "own, train: cats/a\\x0ab.jpg: the file is gone");
    assert_string_equal(source_picture_name(&unsteady.source, 17), "cats/a\nb.jpg");
    picture_free(&picture);
    source_close(source);
}

static void pictures_may_differ_in_size(void **state) {
    (void)state;
    struct source *source = make_source((struct change){0});
    struct unsteady_source unsteady;
    struct source_summary summary;
    char shape[96];
    unsteady_open(&unsteady, source, 0, OCELLUS_OK);
    unsteady.odd = 13;
    unsteady.source.height = unsteady.source.width = 0; /* as such a source says */
    const struct image_set all = image_set_all(&unsteady.source);
    const struct view_form form = {HEIGHT, WIDTH, CHANNELS, RESIZE_STRETCH, false};
    struct batch_room room = {0};
    const uint8_t *view;
    assert_int_equal(batch_view(&all, 12, &form, &room, &view), OCELLUS_OK);
    assert_ptr_equal(view, room.picture.pixels); /* of the network's size already: nothing is made */
    assert_int_equal(batch_view(&all, 13, &form, &room, &view), OCELLUS_OK);
    assert_ptr_equal(view, room.view.view);
    const struct view_form four = {HEIGHT, WIDTH, 4, RESIZE_STRETCH, false};
    assert_int_equal(batch_view(&all, 13, &four, &room, &view), OCELLUS_BAD_CONTENT);
    assert_string_equal(status_message(), "own: image 13: channels: 3 cannot be shown as 4");
    batch_room_free(&room);
    assert_int_equal(walk_grid(&unsteady.source), OCELLUS_OK);
    assert_int_equal(walk_terminal(&unsteady.source), OCELLUS_OK);
    assert_int_equal(preview_terminal_columns(&unsteady.source, 80), 3);
    assert_int_equal(source_summarize(&unsteady.source, &summary), OCELLUS_OK);
    assert_int_equal(summary.channels, CHANNELS);
    source_summary_free(&summary);
    source_shape_text(&unsteady.source, shape);
    assert_string_equal(shape, "(20, ?, ?, 3)");
    source_close(source);
}

static void read_some(void *context, size_t chunk, size_t worker) {
    (void)worker;
    struct source *source = context;
    struct picture picture = {0};
    for (size_t turn = 0; turn < 200; turn++) {
        const size_t index = (chunk * 11 + turn) % COUNT;
        if (source_read(source, index, NULL, &picture) != OCELLUS_OK)
            abort(); /* cmocka's checks are for the main thread */
        for (size_t v = 0; v < VALUES; v++)
            if (picture.pixels[v] != value_at(index, v)) abort();
    }
    picture_free(&picture);
}

static void any_number_of_threads_may_read(void **state) {
    (void)state;
    struct source *source = make_source((struct change){0});
    struct unsteady_source unsteady;
    unsteady_open(&unsteady, source, 0, OCELLUS_OK);
    struct thread_pool *pool = NULL;
    assert_int_equal(thread_pool_create(4, &pool), OCELLUS_OK);
    parallel_for(pool, 16, read_some, source);
    parallel_for(pool, 16, read_some, &unsteady.source);
    thread_pool_destroy(pool);
    source_close(source);
}

static void data_sets_are_known_by_name(void **state) {
    (void)state;
    struct data_parts parts;
    const struct data_request from_cache = {0}, from_nowhere = {.path = "/nowhere"};
    struct text names = {0};
    size_t sets = 0;
    for (const struct data_set *row = data_sets; row->name; row++, sets++) {
        assert_ptr_equal(data_set_find(row->name), row);
        assert_true(row->title && row->help && (row->fetch || row->open));
    }
    assert_true(sets >= 3);
    assert_null(data_set_find("imagenet"));
    assert_null(data_set_find(""));
    assert_int_equal(data_set_open("imagenet", &from_cache, &parts), OCELLUS_USAGE);
    expect_words("data: no such data set 'imagenet' (known: cifar10, ");
    assert_int_equal(data_set_open("resnet50", &from_cache, &parts), OCELLUS_USAGE); /* weights have no pictures */
    assert_int_equal(data_set_open("cifar10", &from_nowhere, &parts), OCELLUS_IO);
    expect_words("/nowhere: there is no such folder");
    assert_true(parts.train == NULL && parts.validation == NULL && parts.test == NULL);
    data_set_append_names(true, &names);
    assert_string_equal(names.bytes, "cifar10, mnist, fashion-mnist, resnet50"); /* weights too, no form of files */
    text_free(&names);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_memory_source_lends_its_pixels), cmocka_unit_test(identity_is_of_pixels_and_labels),
        cmocka_unit_test(a_failed_read_ends_every_walk),    cmocka_unit_test(a_failed_read_is_named),
        cmocka_unit_test(pictures_may_differ_in_size),      cmocka_unit_test(any_number_of_threads_may_read),
        cmocka_unit_test(data_sets_are_known_by_name),
    };
    return cmocka_run_group_tests_name("data/source", tests, NULL, NULL);
}
