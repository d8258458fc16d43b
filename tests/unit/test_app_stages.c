/* SPDX-License-Identifier: MIT */
/* Frozen layers, layers that begin to learn later, rates of their own; runs that are killed in any stage. */
#include "staged_network.h"

/* conv_1 112, norm_1 8, conv_2 222, norm_2 12, predictions 28 values that can be trained. */
static void staged(struct recipe *recipe) {
    recipe->epochs = 5;
    strcpy(recipe->model_freeze, "conv_*, norm_*");
    strcpy(recipe->model_unfreeze, "1:norm_2, 1:conv_2, 3: *_1");
    strcpy(recipe->rates, "*_1:0.25, predictions:2");
}

static void layers_learn_by_stages(void **state) {
    (void)state;
    struct one one = {.model = model, .run = at("stages"), .change = staged};
    if (train(&one) != OCELLUS_OK) fail_msg("%s", status_message());
    assert_string_equal(one.trained, "262 262 382 382 382 ");
    one_free(&one);
}

static void threads_do_not_matter(void **state) {
    (void)state;
    struct one one = whole(at("threads-1"), 1, staged), two = whole(at("threads-2"), 2, staged),
               three = whole(at("threads-3"), 3, staged);
    assert_string_equal(one.last, two.last);
    assert_string_equal(one.last, three.last);
    one_free(&one);
    one_free(&two);
    one_free(&three);
}

static void staged_often(struct recipe *recipe) {
    staged(recipe);
    recipe->checkpoint_every = 3;
}

/* 8 steps an epoch; killed in each stage and on both sides of its beginnings. */
static void killed_runs_go_on_to_the_same_bits(void **state) {
    (void)state;
    static const uint64_t deaths[] = {5, 8, 9, 14, 24, 26, 30, 39};
    struct one expected = whole(at("never-killed"), 1, staged_often);
    for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++) {
        char run[FILE_PATH_SIZE];
        snprintf(run, sizeof run, "%s/killed-%zu", folder, i);
        struct one one = {.model = model, .run = run, .change = staged_often};
        train_and_die(one, deaths[i]);
        one.resume = true;
        if (train(&one) != OCELLUS_OK) fail_msg("%s", status_message());
        assert_string_equal(one.last, expected.last);
        assert_int_equal(one.history.count, expected.history.count);
        for (size_t e = 0; e < one.history.count; e++)
            assert_memory_equal(&one.history.rows[e], &expected.history.rows[e], offsetof(struct history_row, time));
        one_free(&one);
    }
    one_free(&expected);
}

static void five_epochs_later(struct recipe *recipe) {
    staged(recipe);
    strcpy(recipe->model_unfreeze, "6:norm_2");
}

/* The values of a tensor of the network and of a run's last one. */
static bool has_changed(const char *run, const char *name) {
    float values[2][256];
    for (int i = 0; i < 2; i++) {
        struct network_file file;
        const char *path = i ? within(run, RUN_LAST) : model;
        assert_int_equal(network_file_read(path, &network_forms_model, &file), OCELLUS_OK);
        const struct named_tensor *tensor = named_tensors_find(&file.tensors, name);
        assert_non_null(tensor);
        memcpy(values[i], tensor->values, shape_size(&tensor->shape) * sizeof(float));
        if (i == 1 && memcmp(values[0], values[1], shape_size(&tensor->shape) * sizeof(float)) == 0) {
            network_file_free(&file);
            return false;
        }
        network_file_free(&file);
    }
    return true;
}

/* Frozen layers, their moving statistics too, stay to the bit; the last checkpoint takes up a stage that begins behind it. */
static void frozen_layers_stay(void **state) {
    (void)state;
    char run[FILE_PATH_SIZE];
    snprintf(run, sizeof run, "%s/frozen", folder);
    struct one one = whole(run, 1, five_epochs_later);
    assert_string_equal(one.trained, "28 28 28 28 28 ");
    assert_false(has_changed(run, "conv_1/kernel"));
    assert_false(has_changed(run, "norm_2/gamma"));
    assert_false(has_changed(run, "norm_2/moving_mean"));
    assert_true(has_changed(run, "predictions/kernel"));
    one_free(&one);
    snprintf(run, sizeof run, "%s/stages", folder);
    assert_true(has_changed(run, "norm_1/moving_variance"));
    assert_true(has_changed(run, "conv_1/kernel"));
}

static void at_once(struct recipe *recipe) {
    recipe->epochs = 2;
    strcpy(recipe->model_freeze, "norm_2");
    recipe->optimizer = OPTIMIZER_SGD;
}

static void rates_of_one(struct recipe *recipe) {
    at_once(recipe);
    strcpy(recipe->rates, "conv_1:1, *:1");
}

static void rates_of_a_half(struct recipe *recipe) {
    at_once(recipe);
    recipe->learning_rate *= 4;
    strcpy(recipe->rates, "*:0.25, conv_1:9");
}

static void first_rate_of_none(struct recipe *recipe) {
    at_once(recipe);
    strcpy(recipe->rates, "conv_1:0");
}

static void three_epochs(struct recipe *recipe) {
    recipe->epochs = 3;
}

static void opened_again(struct recipe *recipe) {
    three_epochs(recipe);
    strcpy(recipe->model_freeze, "relu_*");
    strcpy(recipe->model_unfreeze, "1:relu_1, 2:relu_2");
}

/* Layers without values can be frozen; that they are not any more opens another engine, and changes nothing. */
static void nothing_is_lost_between_engines(void **state) {
    (void)state;
    struct one plain = whole(at("one-engine"), 1, three_epochs), again = whole(at("three-engines"), 1, opened_again);
    assert_string_equal(plain.last, again.last);
    one_free(&plain);
    one_free(&again);
}

/* Powers of two scale a rate exactly; the first pattern counts. */
static void rates_scale(void **state) {
    (void)state;
    struct one plain = whole(at("plain"), 1, at_once), ones = whole(at("ones"), 1, rates_of_one),
               half = whole(at("half"), 1, rates_of_a_half);
    char run[FILE_PATH_SIZE];
    snprintf(run, sizeof run, "%s/none", folder);
    struct one none = whole(run, 1, first_rate_of_none);
    assert_string_equal(plain.last, ones.last);
    assert_string_equal(plain.last, half.last);
    assert_string_not_equal(plain.last, none.last);
    assert_false(has_changed(run, "conv_1/kernel"));
    assert_true(has_changed(run, "conv_2/kernel"));
    one_free(&plain);
    one_free(&ones);
    one_free(&half);
    one_free(&none);
}

static struct {
    const char *freeze, *unfreeze, *rates, *message;
} refused[] = {
    {"conv_3", "", "", "freeze: 'conv_3' matches no layer of staged"},
    {"conv_1", "2:conv_2", "", "unfreeze: 'conv_2' matches no frozen layer of staged"},
    {"conv_1", "2:conv_9", "", "unfreeze: 'conv_9' matches no frozen layer of staged"},
    {"conv_1", "conv_1", "", "unfreeze: 'conv_1' is no EPOCH:PATTERN"},
    {"conv_1", "0:conv_1", "", "unfreeze: '0:conv_1' is no EPOCH:PATTERN"},
    {"conv_1", "1.5:conv_1", "", "unfreeze: '1.5:conv_1' is no EPOCH:PATTERN"},
    {"", "", "conv_9:1", "rates: 'conv_9' matches no layer of staged"},
    {"", "", "conv_1", "rates: 'conv_1' is no PATTERN:SCALE"},
    {"", "", "conv_1:", "rates: 'conv_1:' is no PATTERN:SCALE"},
    {"", "", "conv_1:-1", "rates: 'conv_1:-1' is no PATTERN:SCALE"},
    {"", "", "conv_1:nan", "rates: 'conv_1:nan' is no PATTERN:SCALE"},
    {"", "", "conv_1:1,,conv_2:1", "rates: '' is no PATTERN:SCALE"},
};
static size_t refusal;

static void mistake(struct recipe *recipe) {
    strcpy(recipe->model_freeze, refused[refusal].freeze);
    strcpy(recipe->model_unfreeze, refused[refusal].unfreeze);
    strcpy(recipe->rates, refused[refusal].rates);
}

static void mistakes_are_named(void **state) {
    (void)state;
    for (refusal = 0; refusal < sizeof refused / sizeof *refused; refusal++) {
        struct one one = {.model = model, .run = at("mistake"), .change = mistake};
        assert_int_equal(train(&one), OCELLUS_USAGE);
        if (!strstr(status_message(), refused[refusal].message)) fail_msg("%s", status_message());
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_learn_by_stages),
        cmocka_unit_test(threads_do_not_matter),
        cmocka_unit_test(killed_runs_go_on_to_the_same_bits),
        cmocka_unit_test(frozen_layers_stay),
        cmocka_unit_test(nothing_is_lost_between_engines),
        cmocka_unit_test(rates_scale),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, make_model, remove_folder);
}
