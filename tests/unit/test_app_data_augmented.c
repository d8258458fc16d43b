/* SPDX-License-Identifier: MIT */
/* The batch that is drawn is the training's: order, split, augmentation, mixing, and back from the network's numbers. */
#include "app/data_augmented.h"

#include "base/random.h"
#include "data/augment_mix.h"
#include "data/image_file.h"
#include "data/memory_source.h"
#include "data/preview.h"
#include "temporary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 70, CLASSES = 10, SIDE = 32, VALUES = SIDE * SIDE * 3, SHOWN = 50, SCALE = 3 };

/* Each of one colour, which tells it from the others. */
static void colour_of(size_t index, uint8_t rgb[3]) {
    rgb[0] = (uint8_t)(3 * index + 20);
    rgb[1] = (uint8_t)(255 - index);
    rgb[2] = (uint8_t)(index * index % 251);
}

static void open_pictures(struct data_parts *parts) {
    struct memory_pictures pictures = {
        .count = COUNT, .height = SIDE, .width = SIDE, .channels = 3, .classes = CLASSES};
    assert_int_equal(memory_pictures_create(&pictures), OCELLUS_OK);
    for (size_t i = 0; i < COUNT; i++) {
        uint8_t rgb[3];
        colour_of(i, rgb);
        for (size_t v = 0; v < VALUES; v++)
            pictures.pixels[i * VALUES + v] = rgb[v % 3];
        pictures.labels[i] = (uint16_t)(i % CLASSES);
    }
    *parts = (struct data_parts){0};
    assert_int_equal(memory_source_open("test", "train", &pictures, &parts->train), OCELLUS_OK);
    /* Long enough for letters of the smallest size. */
    static const char *const names[] = {"the first one",   "the second one", "the third one", "the fourth one",
                                        "the fifth one",   "the sixth one",  "the seventh",   "the eighth one",
                                        "the ninth class", "the last one"};
    assert_int_equal(source_set_class_names(parts->train, names), OCELLUS_OK);
}

static void draw(const char *folder, const struct recipe *recipe, size_t epoch, struct image *grid) {
    struct data_parts parts;
    open_pictures(&parts);
    if (data_augmented_draw(recipe, &parts, epoch, folder) != OCELLUS_OK) fail_msg("%s", status_message());
    assert_int_equal(image_read(temporary_path(folder, DATA_AUGMENTED), grid), OCELLUS_OK);
    data_parts_close(&parts);
}

/* The middle of picture i of the grid. */
static const uint8_t *middle_of(const struct image *grid, size_t i) {
    const size_t cell_height = (grid->height - PREVIEW_GAP * SCALE) / 5,
                 cell_width = (grid->width - PREVIEW_GAP * SCALE) / 10;
    const size_t x = PREVIEW_GAP * SCALE + i % 10 * cell_width + SIDE * SCALE / 2;
    const size_t y = PREVIEW_GAP * SCALE + i / 10 * cell_height + SIDE * SCALE / 2;
    return grid->pixels + 3 * (y * grid->width + x);
}

static struct recipe recipe_of(const char *model, uint64_t seed) {
    struct recipe recipe;
    recipe_defaults(&recipe);
    strcpy(recipe.model_name, model);
    recipe.validation = RECIPE_VALIDATION_NONE;
    recipe.seed = seed;
    return recipe;
}

/* What the network gets becomes pixels again, whichever numbers it wants, in the epoch's order. */
static void pictures_stand_in_the_epochs_order(void **state) {
    static const char *const models[] = {"simcnn", "resnet50-64"};
    for (size_t epoch = 0; epoch < 2; epoch++) {
        const struct recipe recipe = recipe_of(models[epoch], 5 + epoch);
        size_t order[COUNT];
        struct image grid;
        random_permutation(recipe.seed, RANDOM_SHUFFLE, (uint32_t)epoch, order, COUNT);
        draw(*state, &recipe, epoch, &grid);
        for (size_t i = 0; i < SHOWN; i++) {
            uint8_t rgb[3];
            colour_of(order[i], rgb);
            assert_memory_equal(middle_of(&grid, i), rgb, 3);
        }
        image_free(&grid);
    }
}

static void pictures_are_mixed_as_the_place_says(void **state) {
    struct recipe recipe = recipe_of("simcnn", 3);
    const struct augmentation mixup = {.mixup = 0.5};
    const struct augment_form form = {SIDE, SIDE, 3};
    size_t order[COUNT];
    struct image plain, grid;
    draw(*state, &recipe, 1, &plain);
    recipe.mixup = 0.5;
    draw(*state, &recipe, 1, &grid);
    assert_int_equal(grid.height, plain.height + 5 * 9); /* a second line under each row */
    random_permutation(recipe.seed, RANDOM_SHUFFLE, 1, order, COUNT);
    for (uint32_t i = 0; i < SHOWN; i++) {
        const struct augment_mixture mixture = augment_mix(&mixup, &(struct augment_place){3, 1, i, 0}, COUNT, &form);
        uint8_t own[3], partner[3];
        colour_of(order[i], own);
        colour_of(order[mixture.partner], partner);
        augment_mix_pictures(&mixture, &(struct augment_form){1, 1, 3}, partner, own);
        assert_memory_equal(middle_of(&grid, i), own, 3);
    }
    image_free(&plain);
    image_free(&grid);
}

/* One view of each picture: the same in every epoch, wherever it stands. */
static void views_stay(void **state) {
    struct recipe recipe = recipe_of("simcnn", 4);
    uint8_t seen[COUNT][3] = {{0}};
    bool found[COUNT] = {false};
    recipe.brightness = 0.5;
    recipe.views = 1;
    for (size_t epoch = 0; epoch < 2; epoch++) {
        size_t order[COUNT];
        struct image grid;
        draw(*state, &recipe, epoch, &grid);
        random_permutation(4, RANDOM_SHUFFLE, (uint32_t)epoch, order, COUNT);
        for (size_t i = 0; i < SHOWN; i++) {
            if (found[order[i]]) assert_memory_equal(seen[order[i]], middle_of(&grid, i), 3);
            memcpy(seen[order[i]], middle_of(&grid, i), 3);
            found[order[i]] = true;
        }
        image_free(&grid);
    }
}

static void mistakes_are_refused(void **state) {
    struct recipe recipe = recipe_of("simcnn", 1);
    struct data_parts parts;
    open_pictures(&parts);
    assert_int_equal(data_augmented_draw(&recipe, &parts, 1000000, *state), OCELLUS_USAGE);
    assert_string_equal(status_message(), "augmented: epoch 1000001 (expected 1 to 1000000)");
    recipe.erasing_fill = 1;
    assert_int_equal(data_augmented_draw(&recipe, &parts, 0, *state), OCELLUS_USAGE);
    recipe.erasing_fill = 0;
    recipe.validation = RECIPE_VALIDATION_HELD_OUT;
    assert_int_equal(data_augmented_draw(&recipe, &parts, 0, *state), OCELLUS_USAGE);
    strcpy(recipe.model_name, "no such network");
    recipe.held_out = 10;
    assert_int_equal(data_augmented_draw(&recipe, &parts, 0, *state), OCELLUS_USAGE);
    data_parts_close(&parts);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pictures_stand_in_the_epochs_order, temporary_setup, temporary_teardown),
        cmocka_unit_test_setup_teardown(pictures_are_mixed_as_the_place_says, temporary_setup, temporary_teardown),
        cmocka_unit_test_setup_teardown(views_stay, temporary_setup, temporary_teardown),
        cmocka_unit_test_setup_teardown(mistakes_are_refused, temporary_setup, temporary_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
