/* SPDX-License-Identifier: MIT */
/* Training on what a frozen prefix gave once: the bits of training on the pictures. And which file is taken for which. */
#include "data/feature_store.h"
#include "staged_network.h"

/* A cache folder of the test's own, and how many files of features are in it. */
static int make_all(void **state) {
    if (make_model(state)) return 1;
    return setenv("XDG_CACHE_HOME", folder, 1);
}

static size_t list_files(char paths[16][FILE_PATH_SIZE]) {
    char **found_names, features[FILE_PATH_SIZE];
    size_t count = 0, found = 0;
    assert_int_equal(path_join(features, folder, "ocellus/features"), OCELLUS_OK);
    if (!path_is_folder(features)) return 0;
    assert_int_equal(folder_names(features, &found_names, &count), OCELLUS_OK);
    for (size_t i = 0; i < count; i++, found++) {
        assert_true(found < 16 && strstr(found_names[i], ".features"));
        assert_int_equal(path_join(paths[found], features, found_names[i]), OCELLUS_OK);
    }
    names_free(found_names);
    return found;
}

static size_t files(void) {
    char paths[16][FILE_PATH_SIZE];
    return list_files(paths);
}

static void forget_files(void) {
    char paths[16][FILE_PATH_SIZE];
    const size_t count = list_files(paths);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(unlink(paths[i]), 0);
}

/* --- the same bits --- */

static bool cached;

static void frozen(struct recipe *recipe) {
    recipe->epochs = 3;
    strcpy(recipe->model_freeze, "conv_*, norm_*");
    recipe->model_features = cached ? RECIPE_FEATURES_CACHED : RECIPE_FEATURES_NONE;
}

static void viewed(struct recipe *recipe) {
    frozen(recipe);
    recipe->epochs = 5;
    recipe->views = 2;
    recipe->flip = 0.5;
    recipe->crop_padding = 2;
}

static void in_stages(struct recipe *recipe) {
    viewed(recipe);
    strcpy(recipe->model_unfreeze, "2:*_2, 4:*");
    recipe->checkpoint_every = 3;
}

/* Batches of other sizes, and an epoch of some of the pictures. */
static void some(struct recipe *recipe) {
    viewed(recipe);
    recipe->batch_size = 7;
    recipe->steps_per_epoch = 4;
    recipe->validation_steps = 1;
}

/* In inference a convolution takes in the normalization behind it, which here learns. */
static void before_norm(struct recipe *recipe) {
    viewed(recipe);
    strcpy(recipe->model_freeze, "*_1, conv_2");
}

static void assert_same_run(const struct one *a, const struct one *b) {
    assert_string_equal(a->last, b->last);
    assert_int_equal(a->history.count, b->history.count);
    for (size_t e = 0; e < a->history.count; e++)
        assert_memory_equal(&a->history.rows[e], &b->history.rows[e], offsetof(struct history_row, time));
}

static const char *numbered(const char *name, size_t number) {
    static char path[4][FILE_PATH_SIZE];
    static size_t next;
    char *room = path[next++ % 4];
    snprintf(room, FILE_PATH_SIZE, "%s/%s-%zu", folder, name, number);
    return room;
}

/* Live, then made, then found; with any number of threads. Each epoch of the history too, validation among it. */
static void cached_bits_are_live_bits(void **state) {
    (void)state;
    void (*const recipes[])(struct recipe *) = {frozen, viewed, in_stages, some, before_norm};
    static const size_t expected[] = {2, 2, 4, 2,
                                      2}; /* of training and validation; of a second cut; the third has none */
    for (size_t r = 0; r < 5; r++) {
        forget_files();
        cached = false;
        struct one live = whole(numbered("live", r), 2, recipes[r]);
        assert_int_equal(files(), 0);
        cached = true;
        for (size_t threads = 1; threads <= 3; threads++) {
            struct one one = whole(numbered("cached", 10 * r + threads), threads, recipes[r]);
            assert_same_run(&one, &live);
            assert_string_equal(one.first, live.first);
            assert_int_equal(files(), expected[r]);
            one_free(&one);
        }
        one_free(&live);
    }
}

/* Where the cache cannot be written, each batch's features are made for it: in every stage, and after a kill. */
static void without_room_the_bits_are_the_same(void **state) {
    (void)state;
    void (*const recipes[])(struct recipe *) = {in_stages, some, before_norm};
    char nowhere[FILE_PATH_SIZE];
    assert_int_equal(path_join(nowhere, model, "below-a-file"), OCELLUS_OK);
    cached = true;
    for (size_t r = 0; r < 3; r++) {
        struct one stored = whole(numbered("stored", r), 2, recipes[r]);
        forget_files();
        assert_int_equal(setenv("XDG_CACHE_HOME", nowhere, 1), 0);
        struct one made = whole(numbered("streamed", r), 3, recipes[r]),
                   killed = {.model = model, .run = numbered("streamed-killed", r), .change = recipes[r]};
        train_and_die(killed, 9 + 2 * r);
        killed.resume = true;
        if (train(&killed) != OCELLUS_OK) fail_msg("%s", status_message());
        assert_int_equal(setenv("XDG_CACHE_HOME", folder, 1), 0);
        assert_int_equal(files(), 0);
        assert_same_run(&made, &stored);
        assert_same_run(&killed, &stored);
        one_free(&stored);
        one_free(&made);
        one_free(&killed);
    }
}

static void views_are_fixed(void **state) {
    (void)state;
    cached = false;
    struct one fixed = whole(numbered("fixed", 0), 1, viewed);
    struct recipe recipe;
    recipe_neutral(&recipe);
    viewed(&recipe);
    assert_int_equal(recipe.views, 2);
    struct one fresh = {.model = model, .run = numbered("fresh", 0)};
    fresh.change = frozen;
    assert_int_equal(train(&fresh), OCELLUS_OK);
    assert_string_not_equal(fixed.last, fresh.last);
    one_free(&fixed);
    one_free(&fresh);
}

/* 8 steps an epoch; killed in each stage, and on both sides of its beginnings. */
static void killed_runs_go_on_to_the_same_bits(void **state) {
    (void)state;
    static const uint64_t deaths[] = {4, 16, 17, 23, 31, 35};
    cached = false;
    struct one live = whole(numbered("never", 0), 1, in_stages);
    for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++) {
        struct one one = {.model = model, .run = numbered("killed", i), .change = in_stages};
        cached = true;
        train_and_die(one, deaths[i]);
        one.resume = true;
        if (train(&one) != OCELLUS_OK) fail_msg("%s", status_message());
        assert_same_run(&one, &live);
        one_free(&one);
    }
    one_free(&live);
}

/* --- which file is whose --- */

static void other_seed(struct recipe *recipe) {
    viewed(recipe);
    recipe->seed = 2; /* another split too */
}
static void other_augmentation(struct recipe *recipe) {
    viewed(recipe);
    recipe->flip = 0.25;
}
static void more_views(struct recipe *recipe) {
    viewed(recipe);
    recipe->views = 3;
}
static void other_cut(struct recipe *recipe) {
    viewed(recipe);
    strcpy(recipe->model_freeze, "*_1");
}
static void other_rate(struct recipe *recipe) {
    viewed(recipe);
    recipe->learning_rate = 0.02;
    recipe->epochs = 1;
    recipe->batch_size = 16;
}

static void what_decides_the_values_decides_the_file(void **state) {
    (void)state;
    static const struct {
        void (*change)(struct recipe *recipe);
        size_t made; /* of training, and of validation where its pictures or the prefix are others */
    } cases[] = {{viewed, 2},     {other_rate, 0}, {other_augmentation, 1}, {more_views, 1}, {other_cut, 2},
                 {other_seed, 2}, {viewed, 0}};
    cached = true;
    forget_files();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t before = files();
        struct one one = whole(numbered("key", i), 1, cases[i].change);
        assert_int_equal(files() - before, cases[i].made);
        one_free(&one);
    }
    /* Another file of weights, and what other values stand behind the cut of. */
    const size_t before = files();
    char other[FILE_PATH_SIZE], first[FILE_PATH_SIZE];
    snprintf(other, sizeof other, "%s/other.safetensors", folder);
    strcpy(first, model);
    struct graph *graph;
    struct network_file file;
    struct engine *engine;
    const struct engine_options options = {.threads = 1, .batch_size = 1};
    for (int behind = 1; behind >= 0; behind--) {
        float value[TINY_CLASSES] = {1, 2, 3, 4};
        assert_int_equal(network_file_read(first, &network_forms_model, &file), OCELLUS_OK);
        graph = file.graph;
        check(engine_open(NULL, graph, &options, &engine));
        check(weights_apply(engine, graph, &file.match));
        check(engine_set(engine, behind ? "predictions/bias" : "conv_1/bias", value, TINY_CLASSES));
        check(weights_write(engine, graph, 0, other));
        engine_close(engine);
        network_file_free(&file);
        struct one one = {.model = other, .run = numbered("weights", (size_t)behind), .change = viewed};
        assert_int_equal(train(&one), OCELLUS_OK);
        assert_int_equal(files() - before, behind ? 0 : 2);
        one_free(&one);
    }
}

static void flip_a_byte(const char *path, long offset, int origin) {
    FILE *stream = fopen(path, "r+b");
    assert_non_null(stream);
    assert_int_equal(fseek(stream, offset, origin), 0);
    const int byte = fgetc(stream);
    assert_int_equal(fseek(stream, offset, origin), 0);
    fputc(byte ^ 1, stream);
    fclose(stream);
}

static void damaged_files_are_made_again(void **state) {
    (void)state;
    cached = true;
    forget_files();
    struct one good = whole(numbered("whole", 0), 1, viewed);
    for (size_t damage = 0; damage < 6; damage++) {
        char paths[16][FILE_PATH_SIZE];
        assert_int_equal(list_files(paths), 2);
        for (size_t i = 0; i < 2; i++) {
            if (damage == 0) flip_a_byte(paths[i], 0, SEEK_SET);
            if (damage == 1) flip_a_byte(paths[i], 9, SEEK_SET);
            if (damage == 2) flip_a_byte(paths[i], 75, SEEK_SET);
            for (long at = 99; damage == 3 && at < 300; at += 4) /* exponents of the first values */
                flip_a_byte(paths[i], at, SEEK_SET);
            if (damage == 4) flip_a_byte(paths[i], -1, SEEK_END);
            if (damage == 5) assert_int_equal(truncate(paths[i], 300), 0);
        }
        struct one one = whole(numbered("damaged", damage), 1, viewed);
        assert_same_run(&one, &good);
        assert_int_equal(files(), 2);
        one_free(&one);
    }
    one_free(&good);
}

/* --- refused --- */

static void without_views(struct recipe *recipe) {
    viewed(recipe);
    recipe->views = 0;
}
static void mixed(struct recipe *recipe) {
    viewed(recipe);
    recipe->mixup = 0.2;
}

static void what_has_no_features_is_refused(void **state) {
    (void)state;
    static const struct {
        void (*change)(struct recipe *recipe);
        const char *message;
    } cases[] = {{without_views, "features: cached: augmented pictures need a number of fixed views"},
                 {mixed, "features: cached: pictures that are mixed"}};
    cached = true;
    for (size_t i = 0; i < 2; i++) {
        struct one one = {.model = model, .run = numbered("refused", i), .change = cases[i].change};
        assert_int_equal(train(&one), OCELLUS_USAGE);
        if (!strstr(status_message(), cases[i].message)) fail_msg("%s", status_message());
    }
}

/* --- ResNet50, whose blocks are what it is for --- */

static void resnet(struct recipe *recipe) {
    frozen(recipe);
    recipe->epochs = 1;
    recipe->batch_size = 4;
    recipe->steps_per_epoch = 1;
    recipe->validation_steps = 1;
    recipe->model_input_size = 32;
}
static void resnet_head(struct recipe *recipe) {
    resnet(recipe);
    strcpy(recipe->model_freeze, "conv*");
}
static void resnet_end(struct recipe *recipe) {
    resnet(recipe);
    strcpy(recipe->model_freeze, "conv[1-4]*, *_bn, conv5_block[12]*");
}

static void resnet50_has_the_same_bits(void **state) {
    (void)state;
    void (*const recipes[])(struct recipe *) = {resnet_head, resnet_end};
    for (size_t r = 0; r < 2; r++) {
        struct one runs[2] = {{.threads = 2}, {.threads = 2}};
        for (size_t i = 0; i < 2; i++) {
            cached = i == 1;
            runs[i].model = "resnet50";
            runs[i].run = numbered("resnet", 2 * r + i);
            runs[i].change = recipes[r];
            if (train(&runs[i]) != OCELLUS_OK) fail_msg("%s", status_message());
        }
        assert_same_run(&runs[0], &runs[1]);
        one_free(&runs[0]);
        one_free(&runs[1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cached_bits_are_live_bits),
        cmocka_unit_test(without_room_the_bits_are_the_same),
        cmocka_unit_test(views_are_fixed),
        cmocka_unit_test(killed_runs_go_on_to_the_same_bits),
        cmocka_unit_test(what_decides_the_values_decides_the_file),
        cmocka_unit_test(damaged_files_are_made_again),
        cmocka_unit_test(what_has_no_features_is_refused),
        cmocka_unit_test(resnet50_has_the_same_bits),
    };
    return cmocka_run_group_tests(tests, make_all, remove_folder);
}
