/* SPDX-License-Identifier: MIT */
/* Recipes: every mistake is refused by file, line and key; what is written reads back the same. */
#include "run/recipe.h"

#include "base/folders.h"
#include "base/sha256.h"
#include "run/recipe_ini.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void mistakes_are_refused_by_line_and_key(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"[training]\nepoch = 3\n", "r.ini:2: [training] epoch: unknown key; did you mean \"epochs\"?"},
        {"[training]\nmomentum = 0.9\n", "r.ini:2: [training] momentum: unknown key; it belongs to [optimizer]"},
        {"[training]\nqqqqqqqqqq = 3\n", "r.ini:2: [training] qqqqqqqqqq: unknown key"},
        {"\n[trainig]\nepochs = 3\n", "r.ini:3: [trainig]: unknown section; did you mean [training]?"},
        {"epochs = 3\n", "r.ini:1: epochs: key before any section"},
        {"[training]\nepochs = 3\nseed = 4\nepochs = 5\n",
         "r.ini:4: [training] epochs: key given twice (first in line 2)"},
        {"[training]\nepochs = 0\n",
         "r.ini:2: [training] epochs: not a valid value (expected a whole number from 1 to 1000000, got \"0\")"},
        {"[training]\nbatch_size = 32x\n",
         "r.ini:2: [training] batch_size: not a valid value (expected a whole number from 1 to 1000000, got \"32x\")"},
        {"[training]\nseed = -1\n", "r.ini:2: [training] seed: not a valid value (expected a whole number from 0 to "
                                    "18446744073709551615, got \"-1\")"},
        {"[optimizer]\nlearning_rate = nan\n",
         "r.ini:2: [optimizer] learning_rate: not a valid value (expected a number from 0 to 1e+30, got \"nan\")"},
        {"[optimizer]\nlearning_rate = 0,001\n",
         "r.ini:2: [optimizer] learning_rate: not a valid value (expected a number from 0 to 1e+30, got \"0,001\")"},
        {"[optimizer]\nname = adm\n", "r.ini:2: [optimizer] name: not a valid value (expected one of sgd, adam, got "
                                      "\"adm\"); did you mean \"adam\"?"},
        {"[optimizer]\nnesterov = 1\n",
         "r.ini:2: [optimizer] nesterov: not a valid value (expected true or false, got \"1\")"},
        {"[training]\nepochs\n", "r.ini:2: neither [section] nor key = value"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct recipe recipe, before;
        recipe_defaults(&recipe);
        before = recipe;
        assert_int_equal(recipe_parse(cases[i].text, "r.ini", &recipe), OCELLUS_USAGE);
        assert_string_equal(status_message(), cases[i].message);
        assert_memory_equal(&recipe, &before, sizeof recipe);
    }
}

static void long_lines_are_refused(void **state) {
    (void)state;
    struct recipe recipe;
    recipe_defaults(&recipe);
    char text[4096] = "[data]\npath = ";
    memset(text + strlen(text), 'x', 1023);
    assert_int_equal(recipe_parse(text, "r.ini", &recipe), OCELLUS_OK);
    assert_int_equal(strlen(recipe.data_path), 1023);
    memset(text + strlen(text), 'x', 1);
    assert_int_equal(recipe_parse(text, "r.ini", &recipe), OCELLUS_USAGE);
    memset(text + strlen(text), 'x', 2000);
    assert_int_equal(recipe_parse(text, "r.ini", &recipe), OCELLUS_USAGE);
    assert_string_equal(status_message(), "r.ini:2: line is too long (expected at most 1151 bytes)");
}

/* Every key away from its default, so that a key that is written wrongly or not read is seen. */
static void fill_differently(struct recipe *recipe) {
    recipe_neutral(recipe); /* keys of later versions: what the hashes below are of does not change */
    strcpy(recipe->model_weights, "/some where/weights=1.safetensors");
    strcpy(recipe->model_freeze, "conv1_*,conv2_*");
    strcpy(recipe->data_path, "/data; or not");
    recipe->validation = RECIPE_VALIDATION_NONE;
    recipe->held_out = 17;
    recipe->epochs = 3;
    recipe->batch_size = 7;
    recipe->steps_per_epoch = 11;
    recipe->validation_steps = 2;
    recipe->seed = UINT64_MAX;
    recipe->checkpoint_every = 5;
    recipe->optimizer = OPTIMIZER_SGD;
    recipe->learning_rate = 0.1 + 0.2;
    recipe->momentum = 0.9;
    recipe->nesterov = true;
    recipe->beta_1 = 0.5;
    recipe->beta_2 = 0.75;
    recipe->epsilon = 1e-3;
}

static void written_recipes_read_back_the_same(void **state) {
    (void)state;
    struct recipe recipe, again;
    struct text text = {0};
    fill_differently(&recipe);
    recipe_write(&recipe, &text);
    recipe_defaults(&again);
    assert_int_equal(recipe_parse(text.bytes, "written", &again), OCELLUS_OK);
    for (size_t i = 0; i < recipe_key_count(); i++) {
        char a[RECIPE_TEXT_SIZE], b[RECIPE_TEXT_SIZE];
        recipe_value(&recipe, recipe_key_at(i), a);
        recipe_value(&again, recipe_key_at(i), b);
        assert_string_equal(a, b);
    }
    assert_true(again.learning_rate == recipe.learning_rate);
    text_free(&text);
}

static void texts_that_ini_would_change_are_refused(void **state) {
    (void)state;
    struct recipe recipe;
    recipe_defaults(&recipe);
    const struct recipe_key *key = RECIPE_KEY(data_path);
    static const char *const bad[] = {" x", "x ", "a ;b", ";a", "a\nb"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(recipe_set(&recipe, key, bad[i], "--data-path"), OCELLUS_USAGE);
    assert_string_equal(recipe.data_path, "");
}

/* Every text is refused, or the written recipe reads back to the same one. */
static void check_reads_back(const char *text) {
    struct recipe recipe, again;
    struct text written = {0};
    recipe_defaults(&recipe);
    recipe_defaults(&again);
    const struct recipe_key *key = RECIPE_KEY(model_weights);
    ocellus_status status = recipe_set(&recipe, key, text, "--weights");
    if (status == OCELLUS_USAGE) return;
    assert_int_equal(status, OCELLUS_OK);
    recipe_write(&recipe, &written);
    if (recipe_parse(written.bytes, "x.ini", &again) != OCELLUS_OK) fail_msg("\"%s\": %s", text, status_message());
    if (strcmp(again.model_weights, text) != 0) fail_msg("\"%s\" reads back as \"%s\"", text, again.model_weights);
    text_free(&written);
}

static void any_text_reads_back_or_is_refused(void **state) {
    (void)state;
    static const char special[] = " \t\n\v\f\r;#=:[]\"'\\%a\xEF\xBB\xBF\x85\xA0\x01\x7F";
    enum { SPECIAL = sizeof special - 1 };
    for (int c = 1; c < 256; c++) {
        static const char *const forms[] = {"%c", "%cx", "x%c", "x%cy", "x %cy", "x%c y", "%c%c"};
        for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
            char text[8];
            snprintf(text, sizeof text, forms[i], c, c);
            check_reads_back(text);
        }
    }
    for (size_t i = 0; i < SPECIAL * SPECIAL * SPECIAL; i++)
        check_reads_back(
            (const char[]){special[i % SPECIAL], special[i / SPECIAL % SPECIAL], special[i / SPECIAL / SPECIAL], '\0'});
    char longest[RECIPE_TEXT_SIZE];
    memset(longest, ';', sizeof longest - 1);
    longest[0] = 'x';
    longest[sizeof longest - 1] = '\0';
    check_reads_back(longest);
    struct recipe recipe;
    recipe_defaults(&recipe); /* and what a file may be called is not refused */
    static const char *const good[] = {"a b", "a;b", "#a", "[a]", "a = b", "\"a\"", "a\vb", "\xEF\xBB\xBF"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(recipe_set(&recipe, RECIPE_KEY(model_weights), good[i], "--weights"), OCELLUS_OK);
    assert_int_equal(recipe_set(&recipe, RECIPE_KEY(model_weights), longest, "--weights"), OCELLUS_OK);
}

static void flags_and_members_have_one_key_each(void **state) {
    (void)state;
    for (size_t i = 0; i < recipe_key_count(); i++)
        assert_ptr_equal(recipe_key_for_flag(recipe_key_at(i)->flag), recipe_key_at(i));
    assert_null(recipe_key_for_flag("no-such-flag"));
    static const size_t sizes[] = {[RECIPE_TEXT] = RECIPE_TEXT_SIZE,
                                   [RECIPE_COUNT] = sizeof(uint64_t),
                                   [RECIPE_REAL] = sizeof(double),
                                   [RECIPE_BOOL] = sizeof(bool),
                                   [RECIPE_CHOICE] = sizeof(int)};
    size_t padding = 0;
    for (size_t at = 0; at < sizeof(struct recipe);) {
        const struct recipe_key *key = recipe_key_for_offset(at);
        padding = key ? 0 : padding + 1;
        at += key ? sizes[key->type] : 1;
        if (padding >= sizeof(double)) fail_msg("byte %zu of struct recipe belongs to no key", at);
    }
    struct recipe recipe;
    recipe_defaults(&recipe);
    assert_int_equal(recipe_set(&recipe, RECIPE_KEY(validation), "test", "--validation"), OCELLUS_OK);
    assert_string_equal(recipe_validation_names[recipe.validation], "test");
}

static void check_own_value(const struct recipe_key *key, const char *value) {
    struct recipe recipe = {0};
    char written[RECIPE_TEXT_SIZE];
    if (recipe_set(&recipe, key, value, key->flag) != OCELLUS_OK) fail_msg("%s", status_message());
    recipe_value(&recipe, key, written);
    assert_string_equal(written, value);
}

static void the_table_is_sound(void **state) {
    (void)state;
    for (size_t i = 0; i < recipe_key_count(); i++) {
        const struct recipe_key *key = recipe_key_at(i);
        check_own_value(key, key->neutral);
        if (key->usual) check_own_value(key, key->usual);
        for (int kind = 0; kind < OPTIMIZER_KINDS; kind++) /* the help says whose a key is */
            assert_true(!(key->optimizers >> kind & 1) || strstr(key->help, optimizer_names[kind]));
        assert_true(key->optimizers >> OPTIMIZER_KINDS == 0);
    }
    assert_null(optimizer_names[OPTIMIZER_KINDS]);
}

static void check_hash(const struct recipe *recipe, enum recipe_hash_format format, const char *wanted) {
    char hash[SHA256_TEXT_SIZE];
    assert_int_equal(recipe_hash(recipe, format, hash), OCELLUS_OK);
    assert_string_equal(hash, wanted);
}

/* What lies in checkpoints: none of these may ever change. */
static void hashes_stay(void **state) {
    (void)state;
    struct recipe recipe;
    recipe_neutral(&recipe);
    check_hash(&recipe, RECIPE_HASH_FORMAT_1, "86ee0df5f95940e75e896e80135a271d041c1f1edcbbbef1287dda719292f50b");
    check_hash(&recipe, RECIPE_HASH_FORMAT_2,
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"); /* of nothing */
    fill_differently(&recipe);
    check_hash(&recipe, RECIPE_HASH_FORMAT_1, "a09a6f14d20649b8440ff7fe5ab5b6aecee8c5accdfbcd9278f3a70220f51862");
    check_hash(&recipe, RECIPE_HASH_FORMAT_2, "b886cad1118e21d8719f8d179c2b6199059384acab1f4a6401fcc7ccde7d1041");
}

/* A later version's recipe, with a member more, and its table, with that key among the others. */
struct later {
    struct recipe recipe;
    uint64_t warm_up;
};

static void later_hash(const struct later *later, enum recipe_hash_format format, char hash[SHA256_TEXT_SIZE]) {
    struct recipe_key keys[RECIPE_KEYS_MOST + 1];
    size_t count = 0;
    for (size_t i = 0; i < recipe_key_count(); i++) {
        if (recipe_key_at(i) == RECIPE_KEY(seed))
            keys[count++] = (struct recipe_key){.section = "training",
                                                .key = "warm_up",
                                                .type = RECIPE_COUNT,
                                                .offset = offsetof(struct later, warm_up),
                                                .neutral = "0",
                                                .usual = "100"};
        keys[count++] = *recipe_key_at(i);
    }
    assert_int_equal(count, recipe_key_count() + 1);
    assert_int_equal(recipe_hash_keys(keys, count, &later->recipe, format, hash), OCELLUS_OK);
}

static void a_new_key_breaks_no_checkpoint(void **state) {
    (void)state;
    struct later neutral = {0}, said;
    for (int different = 0; different < 2; different++) {
        if (different) fill_differently(&neutral.recipe);
        else recipe_neutral(&neutral.recipe);
        said = neutral;
        said.warm_up = 100; /* its default: said all the same */
        for (enum recipe_hash_format format = RECIPE_HASH_FORMAT_1; format <= RECIPE_HASH_FORMAT_2; format++) {
            char before[SHA256_TEXT_SIZE], hash[SHA256_TEXT_SIZE];
            assert_int_equal(recipe_hash(&neutral.recipe, format, before), OCELLUS_OK);
            later_hash(&neutral, format, hash);
            assert_string_equal(hash, before);
            later_hash(&said, format, hash);
            assert_string_not_equal(hash, before);
        }
    }
}

static void keys_of_another_optimizer_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"[optimizer]\nmomentum = 0.9\n",
         "recipe: [optimizer] momentum: used by sgd, not by adam (expected 0, got 0.9)"},
        {"[optimizer]\nnesterov = true\n",
         "recipe: [optimizer] nesterov: used by sgd, not by adam (expected false, got true)"},
        {"[optimizer]\nname = sgd\nepsilon = 0.1\n",
         "recipe: [optimizer] epsilon: used by adam, not by sgd (expected 1e-07, got 0.1)"},
        {"[optimizer]\nmomentum = 0\nepsilon = 0.1\n", NULL},
        {"[optimizer]\nname = sgd\nmomentum = 0.9\nbeta_1 = 0.9\n", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct recipe recipe;
        recipe_defaults(&recipe);
        assert_int_equal(recipe_parse(cases[i].text, "r.ini", &recipe), OCELLUS_OK); /* as runs of before may hold */
        assert_int_equal(recipe_check(&recipe), cases[i].message ? OCELLUS_USAGE : OCELLUS_OK);
        if (cases[i].message) assert_string_equal(status_message(), cases[i].message);
    }
}

static void keys_that_contradict_each_other_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"[augment]\nerasing_fill = noise\n",
         "recipe: [augment] erasing_fill: of no effect without erasing (expected zero, got noise)"},
        {"[augment]\nborder = nearest\nflip = 0.5\n", "recipe: [augment] border: of no effect without "
                                                      "crop_padding, rotation, shift, zoom (expected reflect, got "
                                                      "nearest)"},
        {"[augment]\nresized_crop_aspect = 2\n", "recipe: [augment] resized_crop_aspect: of no effect without "
                                                 "resized_crop_smallest (expected 1.3333, got 2)"},
        {"[augment]\nalternating_flip = true\nflip = 0.5\n",
         "recipe: [augment] alternating_flip: does not go with flip"},
        {"[augment]\ncrop_padding = 4\nresized_crop_smallest = 0.5\n",
         "recipe: [augment] resized_crop_smallest: does not go with crop_padding"},
        {"[augment]\ncrop_padding = 4\nalternating_flip = true\nerasing = 0.1\nerasing_fill = mean\nborder = "
         "zero\n"
         "zoom = 0.5\ntrivial_augment = true\nmixup = 0.2\ncutmix = 1\n",
         NULL},
        {"[augment]\nresized_crop_smallest = 0.08\nresized_crop_aspect = 2\nflip = 0.5\nzoom = 1\nborder = zero\n",
         NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct recipe recipe;
        recipe_defaults(&recipe);
        assert_int_equal(recipe_parse(cases[i].text, "r.ini", &recipe), OCELLUS_OK);
        assert_int_equal(recipe_check(&recipe), cases[i].message ? OCELLUS_USAGE : OCELLUS_OK);
        if (cases[i].message) assert_string_equal(status_message(), cases[i].message);
    }
}

static void the_shipped_recipes_are_read(void **state) {
    (void)state;
    struct recipe recipe, defaults;
    recipe_defaults(&defaults);
    recipe_defaults(&recipe);
    assert_int_equal(recipe_read(TEST_SOURCE_DIR "/recipes/simcnn.ini", &recipe), OCELLUS_OK);
    assert_null(recipe_difference(&recipe, &defaults));
    assert_int_equal(recipe_read(TEST_SOURCE_DIR "/recipes/simcnn-report.ini", &recipe), OCELLUS_OK);
    assert_int_equal(recipe.validation, RECIPE_VALIDATION_TEST);
    assert_int_equal(recipe.epochs, 20);
    assert_int_equal(recipe_read("/no/such/recipe.ini", &recipe), OCELLUS_IO);
    char **names;
    size_t count, read = 0;
    assert_int_equal(folder_names(TEST_SOURCE_DIR "/recipes", &names, &count), OCELLUS_OK);
    for (size_t i = 0; i < count; i++) {
        if (!strstr(names[i], ".ini")) continue;
        char path[FILE_PATH_SIZE];
        assert_int_equal(path_join(path, TEST_SOURCE_DIR "/recipes", names[i]), OCELLUS_OK);
        recipe_defaults(&recipe);
        assert_int_equal(recipe_read(path, &recipe), OCELLUS_OK);
        assert_int_equal(recipe_check(&recipe), OCELLUS_OK);
        read++;
    }
    assert_true(read >= 6);
    names_free(names);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_refused_by_line_and_key),
        cmocka_unit_test(long_lines_are_refused),
        cmocka_unit_test(written_recipes_read_back_the_same),
        cmocka_unit_test(texts_that_ini_would_change_are_refused),
        cmocka_unit_test(any_text_reads_back_or_is_refused),
        cmocka_unit_test(flags_and_members_have_one_key_each),
        cmocka_unit_test(the_table_is_sound),
        cmocka_unit_test(hashes_stay),
        cmocka_unit_test(a_new_key_breaks_no_checkpoint),
        cmocka_unit_test(keys_of_another_optimizer_are_refused),
        cmocka_unit_test(keys_that_contradict_each_other_are_refused),
        cmocka_unit_test(the_shipped_recipes_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
