/* SPDX-License-Identifier: MIT */
/* Forms of pictures beside plain PNG and JPEG: inks, JPEG at a smaller scale, WebP, HEIC. tests/pictures holds small ones and
 * what Pillow reads in each. */
#include "data/image_file.h"
#include "data/image_heic.h"
#include "data/image_jpeg.h"
#include "data/image_webp.h"
#include "data/resize.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <jpeglib.h>

#define PICTURES TEST_SOURCE_DIR "/tests/pictures/"

enum { MOST_BYTES = 64 * 1024 };

struct file {
    unsigned char bytes[MOST_BYTES];
    size_t size;
};

static void load(const char *name, struct file *file) {
    char path[512];
    snprintf(path, sizeof path, PICTURES "%s", name);
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    file->size = fread(file->bytes, 1, MOST_BYTES, stream);
    assert_int_equal(fclose(stream), 0);
}

static ocellus_status decode(const struct file *file, const struct picture_wish *wish, struct image *image) {
    return image_decode(file->bytes, file->size, "it", wish, image);
}

static void expect_refusal(const struct file *file, const char *words) {
    struct image image;
    assert_int_equal(decode(file, NULL, &image), OCELLUS_BAD_CONTENT);
    assert_null(image.pixels);
    if (strncmp(status_message(), "it: ", 4) != 0 || !strstr(status_message(), words))
        fail_msg("\"%s\" lacks \"%s\"", status_message(), words);
}

static void expect_same(const struct image *image, const struct image *expected) {
    assert_int_equal(image->width, expected->width);
    assert_int_equal(image->height, expected->height);
    assert_memory_equal(image->pixels, expected->pixels, image->width * image->height * 3);
}

/* The picture as image_read() has it, and the same as Pillow has it. */
static void expect_pillow(const char *name) {
    char path[512];
    struct image image, expected;
    snprintf(path, sizeof path, PICTURES "%s", name);
    assert_int_equal(image_read(path, &image), OCELLUS_OK);
    snprintf(path, sizeof path, PICTURES "%s.png", name);
    assert_int_equal(image_read(path, &expected), OCELLUS_OK);
    expect_same(&image, &expected);
    image_free(&image);
    image_free(&expected);
}

/* --- Inks --- */

static uint8_t value(size_t x, size_t y, size_t c) {
    return (uint8_t)(20 + x / 2 + y * (c + 1) / 4 + 20 * c); /* at most 237 in 205 x 101 */
}

/* Of any size; `channels` 4: inks as Adobe stores them, which are then RGB at full black. */
static void make_jpeg(size_t width, size_t height, J_COLOR_SPACE space, unsigned orientation, struct file *file) {
    const unsigned char exif[] = {'E', 'x', 'i', 'f', 0,  0, 'M', 'M', 0, '*', 0, 0, 0,
                                  8,   0,   1,   1,   18, 0, 3,   0,   0, 0,   1, 0, (unsigned char)orientation,
                                  0,   0,   0,   0,   0,  0};
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *bytes = NULL, row[4096], *pointer = row;
    unsigned long size = 0;
    const size_t channels = space == JCS_CMYK || space == JCS_YCCK ? 4 : 3;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &bytes, &size);
    jpeg.image_width = (JDIMENSION)width;
    jpeg.image_height = (JDIMENSION)height;
    jpeg.in_color_space = channels == 4 ? JCS_CMYK : JCS_RGB;
    jpeg.input_components = (int)channels;
    jpeg_set_defaults(&jpeg);
    jpeg_set_colorspace(&jpeg, space);
    jpeg_set_quality(&jpeg, 100, TRUE);
    for (int i = 0; i < jpeg.num_components; i++)
        jpeg.comp_info[i].h_samp_factor = jpeg.comp_info[i].v_samp_factor = 1;
    jpeg_start_compress(&jpeg, TRUE);
    if (orientation) jpeg_write_marker(&jpeg, JPEG_APP0 + 1, exif, sizeof exif);
    for (size_t y = 0; y < height; y++) {
        for (size_t i = 0; i < width * channels; i++)
            row[i] = i % channels == 3 ? 255 : value(i / channels, y, i % channels);
        jpeg_write_scanlines(&jpeg, &pointer, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    assert_true(size <= MOST_BYTES);
    memcpy(file->bytes, bytes, size);
    file->size = size;
    free(bytes);
}

static void test_inks(void **state) {
    (void)state;
    static struct file file;
    static const J_COLOR_SPACE spaces[] = {JCS_RGB, JCS_CMYK, JCS_YCCK};
    expect_pillow("cmyk.jpg");
    expect_pillow("colour.jpg");
    expect_pillow("progressive.jpg");
    expect_pillow("grey.jpg");
    for (size_t i = 0; i < 3; i++) { /* full black: the inks are the complements of red, green and blue */
        struct image image;
        make_jpeg(40, 30, spaces[i], 0, &file);
        assert_int_equal(decode(&file, NULL, &image), OCELLUS_OK);
        for (size_t at = 0; at < (size_t)40 * 30 * 3; at++)
            assert_in_range(image.pixels[at] + 3 - value(at / 3 % 40, at / 120, at % 3), 0, 6);
        image_free(&image);
    }
    make_jpeg(40, 30, JCS_CMYK, 0, &file);
    for (size_t cut = 4; cut < file.size; cut += 41) {
        static struct file part;
        part = file;
        part.size = cut;
        expect_refusal(&part, "damaged JPEG");
    }
}

/* --- A wish --- */

static void test_jpeg_at_a_smaller_scale(void **state) {
    (void)state;
    static struct file file;
    static const struct {
        unsigned orientation;
        size_t wish_width, wish_height, width, height;
    } cases[] = {
        {0, 205, 101, 205, 101}, {0, 103, 51, 103, 51}, {0, 104, 51, 205, 101}, {0, 103, 52, 205, 101},
        {0, 52, 26, 52, 26},     {0, 53, 1, 103, 51},   {0, 26, 13, 26, 13},    {0, 1, 1, 26, 13},
        {0, 900, 1, 205, 101},   {6, 51, 103, 51, 103}, {6, 52, 103, 101, 205}, {3, 103, 51, 103, 51},
        {8, 13, 27, 26, 52},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct picture_wish wish = {.width = cases[i].wish_width, .height = cases[i].wish_height};
        struct image whole, image, small;
        make_jpeg(205, 101, JCS_YCbCr, cases[i].orientation, &file);
        assert_int_equal(decode(&file, &wish, &image), OCELLUS_OK);
        assert_int_equal(image.width, cases[i].width);
        assert_int_equal(image.height, cases[i].height);
        assert_int_equal(decode(&file, NULL, &whole), OCELLUS_OK);
        if (image.width == whole.width) expect_same(&image, &whole);
        assert_int_equal(image_resize(&whole, image.width, image.height, &small), OCELLUS_OK);
        size_t difference = 0, count = image.width * image.height * 3;
        for (size_t at = 0; at < count; at++)
            difference += (size_t)abs(image.pixels[at] - small.pixels[at]);
        assert_true(difference < 4 * count); /* it shows the same */
        image_free(&whole);
        image_free(&image);
        image_free(&small);
    }
    const struct picture_wish wish = {.width = 20, .height = 10};
    for (size_t size = 4; size < file.size - 3; size += 37) {
        static struct file part;
        struct image image;
        part = file;
        part.size = size;
        assert_int_equal(decode(&part, &wish, &image), OCELLUS_BAD_CONTENT);
        assert_null(image.pixels);
    }
}

/* --- WebP --- */

#ifdef OCELLUS_WEBP

static const char *const webps[] = {"lossy.webp",          "lossless.webp", "alpha.webp",
                                    "alpha-lossless.webp", "turned.webp",   "animated.webp"};
enum { WEBPS = sizeof webps / sizeof *webps };

static void put_little_endian(unsigned char *at, size_t bytes, size_t number) {
    for (size_t i = 0; i < bytes; i++)
        at[i] = (unsigned char)(number >> 8 * i);
}

static void test_webp(void **state) {
    (void)state;
    static struct file file;
    for (size_t i = 0; i < WEBPS; i++)
        expect_pillow(webps[i]);
    load("lossy.webp", &file); /* with an odd chunk that nobody knows behind the picture, and bytes behind the file */
    struct image image, expected;
    assert_int_equal(decode(&file, NULL, &expected), OCELLUS_OK);
    memcpy(file.bytes + file.size, "ODD \3\0\0\0abc\0garbage", 19);
    put_little_endian(file.bytes + 4, 4, file.size + 12 - 8);
    file.size += 19;
    assert_int_equal(decode(&file, NULL, &image), OCELLUS_OK);
    expect_same(&image, &expected);
    image_free(&image);
    image_free(&expected);
}

/* A canvas of 40 x 30 and one frame of 24 x 16 at 4, 6, from what lossless.webp holds. */
static void make_animation(struct file *file) {
    static struct file still;
    load("lossless.webp", &still);
    const size_t chunk = still.size - 12;
    memcpy(file->bytes,
           "RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\2\0\0\0\x27\0\0\x1d\0\0"
           "ANIM\6\0\0\0\0\0\0\0\0\0ANMF\0\0\0\0\2\0\0\3\0\0\x17\0\0\x0f\0\0\x0a\0\0\0",
           68);
    memcpy(file->bytes + 68, still.bytes + 12, chunk);
    file->size = 68 + chunk;
    put_little_endian(file->bytes + 4, 4, file->size - 8);
    put_little_endian(file->bytes + 48, 4, 16 + chunk);
}

static void test_webp_frame_on_its_canvas(void **state) {
    (void)state;
    static struct file file;
    struct image image, still;
    make_animation(&file);
    assert_int_equal(decode(&file, NULL, &image), OCELLUS_OK);
    assert_int_equal(image.width, 40);
    assert_int_equal(image.height, 30);
    assert_int_equal(image_read(PICTURES "lossless.webp", &still), OCELLUS_OK);
    for (size_t y = 0; y < 30; y++)
        for (size_t x = 0; x < 40; x++) {
            static const uint8_t white[3] = {255, 255, 255};
            const bool inside = x >= 4 && x < 28 && y >= 6 && y < 22;
            assert_memory_equal(image.pixels + (y * 40 + x) * 3,
                                inside ? still.pixels + ((y - 6) * 24 + x - 4) * 3 : white, 3);
        }
    image_free(&image);
    image_free(&still);
    file.bytes[52] = 9; /* further to the right than there is room */
    expect_refusal(&file, "a frame outside the canvas");
}

static void test_damaged_webp(void **state) {
    (void)state;
    static struct file file, whole;
    for (size_t i = 0; i < WEBPS; i++) {
        struct image expected, image;
        load(webps[i], &whole);
        assert_int_equal(decode(&whole, NULL, &expected), OCELLUS_OK);
        for (size_t size = 12; size < whole.size; size++) {
            file = whole;
            file.size = size;
            expect_refusal(&file, "damaged WebP: the file ends too early");
            put_little_endian(file.bytes + 4, 4, size - 8); /* says so itself; what decides no pixel may be missing */
            if (decode(&file, NULL, &image) != OCELLUS_OK) {
                assert_non_null(strstr(status_message(), "it: damaged WebP: "));
                continue;
            }
            if (strcmp(webps[i], "turned.webp") != 0) expect_same(&image, &expected);
            image_free(&image);
        }
        image_free(&expected);
    }
    load("lossless.webp", &file);
    memcpy(file.bytes + 21, "\xff\xff\xff\x0f", 4); /* 16384 x 16384 */
    expect_refusal(&file, "16384 x 16384 pixels");
    make_animation(&file);
    memcpy(file.bytes + 24, "\xff\xff\xff\xff\xff\xff", 6);
    expect_refusal(&file, "16777216 x 16777216 pixels");
    file.size = 30; /* the canvas alone */
    put_little_endian(file.bytes + 4, 4, 22);
    expect_refusal(&file, "no picture in it");
}

/* Whatever a file holds: pixels or a refusal, in no long time. The sanitizers' build looks on. */
static void test_webp_changed_at_random(void **state) {
    (void)state;
    static struct file whole[WEBPS], file;
    for (size_t i = 0; i < WEBPS; i++)
        load(webps[i], &whole[i]);
    uint32_t random = 1;
    const clock_t end = clock() + CLOCKS_PER_SEC / 2;
    for (size_t round = 0; clock() < end; round++) {
        file = whole[round % WEBPS];
        for (size_t changes = 1 + round / WEBPS % 4; changes > 0; changes--) {
            random = random * 1664525 + 1013904223;
            file.bytes[(random >> 8) % file.size] = (unsigned char)(random >> 3);
        }
        struct image image;
        const ocellus_status status = image_decode_webp(file.bytes, file.size, "random", &image);
        if (status == OCELLUS_OK) assert_non_null(image.pixels);
        else assert_null(image.pixels);
        image_free(&image);
    }
}

#else

static void test_without_webp(void **state) {
    (void)state;
    static struct file file;
    load("lossy.webp", &file);
    expect_refusal(&file, "is a WebP (expected a PNG or JPEG image; built without WebP)");
    assert_false(image_is_readable(&(struct file_kind){.format = FILE_FORMAT_WEBP}));
}

#endif

/* --- HEIC --- */

#ifdef OCELLUS_HEIC
#include <libheif/heif.h>

static struct heif_error keep_bytes(struct heif_context *context, const void *bytes, size_t size, void *to) {
    (void)context;
    struct file *file = to;
    assert_true(size <= MOST_BYTES);
    memcpy(file->bytes, bytes, size);
    file->size = size;
    return (struct heif_error){0};
}

static void must(struct heif_error error) {
    if (error.code != heif_error_Ok) fail_msg("%s", error.message);
}

static bool make_heic(size_t width, size_t height, struct file *file) {
    struct heif_context *context = heif_context_alloc();
    struct heif_encoder *encoder;
    struct heif_image *picture;
    struct heif_writer writer = {.writer_api_version = 1, .write = keep_bytes};
    if (!heif_have_encoder_for_format(heif_compression_HEVC)) return false;
    must(heif_context_get_encoder_for_format(context, heif_compression_HEVC, &encoder));
    must(heif_encoder_set_lossy_quality(encoder, 95));
    must(heif_image_create((int)width, (int)height, heif_colorspace_RGB, heif_chroma_interleaved_RGB, &picture));
    must(heif_image_add_plane(picture, heif_channel_interleaved, (int)width, (int)height, 8));
    int stride;
    uint8_t *plane = heif_image_get_plane(picture, heif_channel_interleaved, &stride);
    for (size_t y = 0; y < height; y++)
        for (size_t i = 0; i < width * 3; i++)
            plane[y * (size_t)stride + i] = value(i / 3 % 60, y % 30, i % 3);
    must(heif_context_encode_image(context, picture, encoder, NULL, NULL));
    must(heif_context_write(context, &writer, file));
    heif_image_release(picture);
    heif_encoder_release(encoder);
    heif_context_free(context);
    return true;
}

static void test_heic(void **state) {
    (void)state;
    static struct file file, part;
    struct image image;
    if (!make_heic(70, 50, &file)) skip();
    assert_int_equal(decode(&file, NULL, &image), OCELLUS_OK);
    assert_int_equal(image.width, 70);
    assert_int_equal(image.height, 50);
    size_t difference = 0;
    for (size_t at = 0; at < (size_t)70 * 50 * 3; at++)
        difference += (size_t)abs(image.pixels[at] - value(at / 3 % 70 % 60, at / 210 % 30, at % 3));
    assert_true(difference < (size_t)6 * 70 * 50 * 3);
    image_free(&image);
    for (size_t size = 16; size < file.size - 8; size += 23) {
        part = file;
        part.size = size;
        expect_refusal(&part, "HEIC");
    }
}

#else

static void test_without_heic(void **state) {
    (void)state;
    static struct file file = {.bytes = "\0\0\0\x18"
                                        "ftypheic\0\0\0\0",
                               .size = 16};
    expect_refusal(&file, "is a HEIC (HEIF) (expected a PNG");
    expect_refusal(&file, "built without HEIC)");
    assert_false(image_is_readable(&(struct file_kind){.format = FILE_FORMAT_HEIC}));
}

#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inks),         cmocka_unit_test(test_jpeg_at_a_smaller_scale),
#ifdef OCELLUS_WEBP
        cmocka_unit_test(test_webp),         cmocka_unit_test(test_webp_frame_on_its_canvas),
        cmocka_unit_test(test_damaged_webp), cmocka_unit_test(test_webp_changed_at_random),
#else
        cmocka_unit_test(test_without_webp),
#endif
#ifdef OCELLUS_HEIC
        cmocka_unit_test(test_heic),
#else
        cmocka_unit_test(test_without_heic),
#endif
    };
    return cmocka_run_group_tests_name("data/image forms", tests, NULL, NULL);
}
