/* SPDX-License-Identifier: MIT */
/* Batches are pure functions of what a loader was opened with: whoever makes them, and however often they are asked for. */
#include "base/memory.h"
#include "base/sha256.h"
#include "data/loader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#ifdef __SANITIZE_THREAD__
enum { STRIDE = 7 }; /* of all combinations: it takes its time */
#else
enum { STRIDE = 1 };
#endif
enum { COUNT = 77, CLASSES = 5, SIDE = 8, VALUES = SIDE * SIDE * 3, EPOCHS = 3 };

/* Pictures of every size from 5 x 3 to 13 x 11, of which some may be gone. */
static struct made_source {
    struct source source;
    atomic_size_t reads;
    bool gone[COUNT];
} made;

static const uint16_t labels[CLASSES] = {0, 1, 2, 3, 4};

static ocellus_status made_read(const struct source *source, size_t index, const struct picture_wish *wish,
                                struct picture *picture) {
    uint8_t *pixels;
    (void)source, (void)wish;
    atomic_fetch_add(&made.reads, 1);
    if (made.gone[index]) return (fail)(index % 2 ? OCELLUS_IO : OCELLUS_BAD_CONTENT, "gone");
    const size_t height = 5 + index % 9, width = 3 + index % 11, channels = index % 4 ? 3 : 1;
    TRY(picture_make_room(picture, height, width, channels, &pixels));
    for (size_t i = 0; i < height * width * channels; i++)
        pixels[i] = (uint8_t)((uint32_t)(i + index * 1000) * 2654435761U >> 11);
    return OCELLUS_OK;
}

static struct target made_target(const struct source *source, size_t index) {
    (void)source;
    return (struct target){labels + index % CLASSES, 1};
}

static const struct source_type made_type = {.read = made_read, .target = made_target};

static const struct pixel_form form = {{SIDE, SIDE, 3, RESIZE_CROP, false}, {.scale = 1.0f / 255}};
static const struct augmentation moved = {.flip = 0.5, .crop_padding = 2, .border = AUGMENT_REFLECT},
                                 mixed = {.flip = 0.5, .crop_padding = 2, .mixup = 0.4, .cutmix = 1};

static struct loader_options usual_options(const struct augmentation *augmentation) {
    made = (struct made_source){
        .source = {.type = &made_type, .name = "made", .split = "train", .count = COUNT, .classes = CLASSES}};
    return (struct loader_options){.set = image_set_all(&made.source),
                                   .images = COUNT,
                                   .epochs = EPOCHS,
                                   .shuffled = true,
                                   .keeps = true,
                                   .seed = 7,
                                   .batch_size = 16,
                                   .form = &form,
                                   .augmentation = augmentation,
                                   .limits = {LOADER_NO_THREADS, 1}};
}

static void check(ocellus_status status) {
    if (status != OCELLUS_OK) fail_msg("%s", status_message());
}

static struct loader *open_loader(const struct loader_options *options) {
    struct loader *loader;
    check(loader_open(options, &loader));
    return loader;
}

/* What an epoch gives, by place: no size of batch is in it. */
struct epoch {
    float images[COUNT][VALUES];
    float shares[COUNT][CLASSES];
};

static void take_batch(struct loader *loader, uint32_t epoch, size_t index, struct epoch *out) {
    static float room[COUNT * VALUES];
    struct loader_batch batch;
    check(loader_batch(loader, epoch, index, room, &batch));
    assert_int_equal(batch.epoch, epoch);
    for (size_t i = 0; i < batch.n; i++) {
        memcpy(out->images[batch.first_place + i], room + i * VALUES, sizeof out->images[0]);
        float *shares = out->shares[batch.first_place + i];
        if (batch.shares) memcpy(shares, batch.shares + i * CLASSES, sizeof out->shares[0]);
        else shares[batch.labels[i]] = 1;
    }
}

static void take_epochs(const struct loader_options *options, struct epoch epochs[EPOCHS]) {
    struct loader *loader = open_loader(options);
    memset(epochs, 0, EPOCHS * sizeof *epochs);
    for (uint32_t epoch = 0; epoch < EPOCHS; epoch++)
        for (size_t k = 0; k < (options->images + options->batch_size - 1) / options->batch_size; k++)
            take_batch(loader, epoch, k, &epochs[epoch]);
    loader_close(loader);
}

static void nothing_but_the_recipe_decides(void **state) {
    static struct epoch expected[EPOCHS], got[EPOCHS];
    static const size_t threads[] = {LOADER_NO_THREADS, 0, 1, 4}, memory[] = {1, 9000, 300000000, 4000000000},
                        batches[] = {16, 1, 7, 32, COUNT};
    const struct augmentation *const augments[] = {NULL, &moved, &mixed};
    struct thread_pool *pools[3] = {NULL};
    (void)state;
    check(thread_pool_create(1, &pools[1]));
    check(thread_pool_create(3, &pools[2]));
    for (size_t a = 0; a < 3; a++) {
        struct loader_options options = usual_options(augments[a]);
        take_epochs(&options, expected);
        for (size_t i = 0; i < 4 * 4 * 3 * 5 * 2; i += STRIDE) {
            options.limits = (struct loader_limits){threads[i % 4], memory[i / 4 % 4]};
            options.pool = pools[i / 16 % 3];
            options.batch_size = batches[i / 48 % 5];
            options.keeps = i < 240;
            take_epochs(&options, got);
            if (memcmp(expected, got, sizeof got) != 0)
                fail_msg("augmentation %zu: %zu threads, memory %zu, pool %zu, batch %zu: other values", a,
                         threads[i % 4], memory[i / 4 % 4], i / 16 % 3, options.batch_size);
        }
    }
    /* And they are what they should be. */
    assert_true(memcmp(expected[0].images, expected[1].images, sizeof expected[0].images) != 0);
    size_t shared = 0;
    for (size_t i = 0; i < COUNT; i++) {
        float sum = 0, largest = 0;
        for (size_t c = 0; c < CLASSES; c++) {
            sum += expected[0].shares[i][c];
            largest = expected[0].shares[i][c] > largest ? expected[0].shares[i][c] : largest;
        }
        assert_true(sum > 0.9999f && sum < 1.0001f);
        shared += largest < 1;
    }
    assert_true(shared > COUNT / 4);
    thread_pool_destroy(pools[1]);
    thread_pool_destroy(pools[2]);
}

/* Without a shuffle and an augmentation they are the views, in order. */
static void batches_are_the_views_in_order(void **state) {
    static struct epoch got[EPOCHS];
    (void)state;
    struct loader_options options = usual_options(NULL);
    options.shuffled = false;
    options.limits = (struct loader_limits){4, 0};
    take_epochs(&options, got);
    struct batch_room room = {0};
    for (size_t i = 0; i < COUNT; i++) {
        const uint8_t *view;
        check(batch_view(&options.set, i, &form.view, &room, &view));
        for (size_t v = 0; v < VALUES; v++)
            assert_true(got[1].images[i][v] == (float)view[v] * (1.0f / 255));
        assert_true(got[1].shares[i][i % CLASSES] == 1);
    }
    batch_room_free(&room);
}

/* As who resumes, tries again, or leaves an epoch early. */
static void batches_may_be_asked_for_in_any_order(void **state) {
    static struct epoch expected[EPOCHS], got[EPOCHS];
    static const struct {
        uint32_t epoch;
        size_t index;
    } asked[] = {{2, 3}, {0, 1}, {0, 1}, {0, 2}, {2, 4}, {1, 4}, {2, 0}, {1, 0}, {0, 4}, {2, 0}};
    (void)state;
    struct loader_options options = usual_options(&mixed);
    take_epochs(&options, expected);
    for (size_t threads = 0; threads < 4; threads++) {
        options.limits = (struct loader_limits){threads ? threads : LOADER_NO_THREADS, 0};
        struct loader *loader = open_loader(&options);
        for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
            const size_t first = asked[i].index * 16, n = COUNT - first < 16 ? COUNT - first : 16;
            memset(got, 0, sizeof got);
            take_batch(loader, asked[i].epoch, asked[i].index, &got[0]);
            assert_memory_equal(got[0].images + first, expected[asked[i].epoch].images + first,
                                n * sizeof got[0].images[0]);
        }
        float room[16 * VALUES];
        struct loader_batch batch;
        assert_int_equal(loader_batch(loader, 0, 5, room, &batch), OCELLUS_USAGE);
        assert_int_equal(loader_batch(loader, EPOCHS, 0, room, &batch), OCELLUS_USAGE);
        loader_close(loader);
    }
}

static void the_first_place_that_fails_is_told(void **state) {
    static float room[16 * VALUES];
    static struct epoch expected[EPOCHS], got[EPOCHS];
    (void)state;
    struct loader_options options = usual_options(NULL);
    options.shuffled = false;
    take_epochs(&options, expected);
    for (size_t threads = 0; threads < 5; threads++) {
        struct loader_batch batch;
        options.limits = (struct loader_limits){threads ? threads : LOADER_NO_THREADS, 1};
        struct loader *loader = open_loader(&options);
        made.gone[21] = made.gone[22] = made.gone[31] = made.gone[60] = true;
        check(loader_batch(loader, 0, 0, room, &batch));
        for (size_t again = 0; again < 3; again++) {
            assert_int_equal(loader_batch(loader, 0, 1, room, &batch), OCELLUS_IO);
            assert_string_equal(status_message(), "made, train: image 21: gone");
        }
        made.gone[21] = false;
        assert_int_equal(loader_batch(loader, 0, 1, room, &batch), OCELLUS_BAD_CONTENT);
        assert_string_equal(status_message(), "made, train: image 22: gone");
        made.gone[22] = made.gone[31] = false;
        take_batch(loader, 0, 1, &got[0]);
        assert_memory_equal(got[0].images + 16, expected[0].images + 16, 16 * sizeof got[0].images[0]);
        made.gone[60] = false;
        loader_close(loader);
    }
}

static size_t reads_of_epoch(struct loader *loader, uint32_t epoch) {
    static struct epoch out;
    const size_t before = atomic_load(&made.reads);
    for (size_t k = 0; k < 5; k++)
        take_batch(loader, epoch, k, &out);
    return atomic_load(&made.reads) - before;
}

static void what_fits_is_read_once(void **state) {
    char text[160];
    (void)state;
    struct loader_options options = usual_options(NULL);
    options.epochs = 1; /* asked for again and again, as a validation: nothing is read ahead */
    struct loader *loader = open_loader(&options); /* one thread that reads needs more than there is */
    assert_int_equal(loader_facts(loader).kept, 0);
    assert_int_equal(reads_of_epoch(loader, 0), COUNT);
    assert_int_equal(reads_of_epoch(loader, 0), COUNT);
    const size_t needed = loader_facts(loader).bytes;
    loader_text(loader, text);
    assert_string_equal(text,
                        "0 of 77 pictures are kept in memory (0.0 MB of 0.0 MB), the others are read again each epoch");
    loader_close(loader);

    options.limits.memory = needed + 30 * (VALUES + sizeof(void *));
    loader = open_loader(&options);
    struct loader_facts facts = loader_facts(loader);
    assert_true(facts.kept == 30 && facts.kept_bytes == 30 * VALUES && facts.bytes <= facts.memory && !facts.lent);
    assert_int_equal(reads_of_epoch(loader, 0), COUNT);
    assert_int_equal(reads_of_epoch(loader, 0), COUNT - 30);
    assert_int_equal(reads_of_epoch(loader, 0), COUNT - 30);
    loader_text(loader, text);
    assert_string_equal(
        text, "30 of 77 pictures are kept in memory (0.0 MB of 108.0 MB), the others are read again each epoch");
    loader_close(loader);

    options.limits.memory = 2 * needed;
    loader = open_loader(&options);
    assert_int_equal(reads_of_epoch(loader, 0), COUNT);
    assert_int_equal(reads_of_epoch(loader, 0), 0);
    loader_text(loader, text);
    assert_string_equal(text, "all 77 pictures are kept in memory (0.0 MB of 216.0 MB)");
    loader_close(loader);

    options.keeps = false;
    loader = open_loader(&options);
    assert_int_equal(loader_facts(loader).kept, 0);
    loader_close(loader);
}

/* Fewer threads rather than more memory: what one reads is counted. */
static void threads_give_way_to_memory(void **state) {
    (void)state;
    struct loader_options options = usual_options(NULL);
    struct thread_pool *pool;
    check(thread_pool_create(2, &pool));
    options.pool = pool;
    options.limits = (struct loader_limits){4, 4000000000};
    struct loader *loader = open_loader(&options);
    const struct loader_facts all = loader_facts(loader);
    assert_int_equal(all.threads, 4);
    loader_close(loader);
    size_t fewest = 4;
    for (size_t memory = 700000000; memory > 100000000; memory -= 100000000) {
        options.limits.memory = memory;
        loader = open_loader(&options);
        const struct loader_facts facts = loader_facts(loader);
        assert_true(facts.bytes <= memory || facts.threads == 0);
        assert_true(facts.threads <= fewest);
        fewest = facts.threads;
        loader_close(loader);
    }
    assert_int_equal(fewest, 0);
    made.source.most_pixels = 1000000; /* smaller ones than are taken for granted */
    options.limits.memory = 100000000;
    loader = open_loader(&options);
    assert_int_equal(loader_facts(loader).threads, 4);
    loader_close(loader);
    thread_pool_destroy(pool);
}

/* At any moment: before the first batch, and with threads at work on those ahead. */
static void a_loader_may_be_closed_while_it_works(void **state) {
    static float room[16 * VALUES];
    (void)state;
    struct loader_options options = usual_options(&mixed);
    options.limits.threads = 4;
    for (size_t i = 0; i < 200; i++) {
        struct loader_batch batch;
        struct loader *loader = open_loader(&options);
        for (size_t k = 0; k < i % 3; k++)
            check(loader_batch(loader, 0, k, room, &batch));
        if (i % 3) assert_true(loader_waited(loader) > 0);
        loader_close(loader);
    }
    options.limits.threads = 257;
    struct loader *loader;
    options.limits.memory = SIZE_MAX;
    assert_int_equal(loader_open(&options, &loader), OCELLUS_USAGE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_but_the_recipe_decides),
        cmocka_unit_test(batches_are_the_views_in_order),
        cmocka_unit_test(batches_may_be_asked_for_in_any_order),
        cmocka_unit_test(the_first_place_that_fails_is_told),
        cmocka_unit_test(what_fits_is_read_once),
        cmocka_unit_test(threads_give_way_to_memory),
        cmocka_unit_test(a_loader_may_be_closed_while_it_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
