/* SPDX-License-Identifier: MIT */
/* Images in and out: every PNG kind, JPEG and its orientations, damage of every sort, and the resize against Pillow. */
#include "base/sha256.h"
#include "data/image.h"
#include "data/image_file.h"
#include "data/image_png.h"
#include "data/resize.h"
#include "temporary.h"

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
#include <png.h>

static uint8_t pattern(size_t x, size_t y, size_t c) {
    return (uint8_t)(x * 37 + y * 91 + c * 53 + x * y * 7);
}

static struct image make_image(size_t width, size_t height) {
    struct image image;
    assert_int_equal(image_create(width, height, &image), OCELLUS_OK);
    for (size_t i = 0; i < width * height * 3; i++)
        image.pixels[i] = pattern(i / 3 % width, i / 3 / width, i % 3);
    return image;
}

static void write_bytes(const char *path, const void *bytes, size_t size) {
    FILE *stream = fopen(path, "wb"); /* not file_write(): flushing hundreds of files to the disk takes seconds */
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, size, stream), size);
    assert_int_equal(fclose(stream), 0);
}

/* Reading fails as bad content, with one line that starts with the path and holds these words. */
static void expect_refusal(const char *path, const char *words) {
    struct image image;
    assert_int_equal(image_read(path, &image), OCELLUS_BAD_CONTENT);
    if (strstr(status_message(), path) != status_message() || !strstr(status_message(), words)) {
        fail_msg("\"%s\" is not about %s or lacks \"%s\"", status_message(), path, words);
    }
    assert_null(image.pixels);
}

static void test_png_comes_back_as_it_was(void **state) {
    const char *path = temporary_path(*state, "x.jpg"); /* the content counts, not the name */
    struct image written = make_image(31, 17), read;
    assert_int_equal(image_write_png(path, &written), OCELLUS_OK);
    assert_int_equal(image_read(path, &read), OCELLUS_OK);
    assert_int_equal(read.width, 31);
    assert_int_equal(read.height, 17);
    assert_memory_equal(read.pixels, written.pixels, 31 * 17 * 3);
    image_free(&written);
    image_free(&read);
}

enum { SIDE = 8 };

/* An 8 x 8 PNG of any kind with these raw rows, `stride` bytes each, through libpng's own writer. */
static void write_kind(const char *path, int color_type, int depth, int interlace, const uint8_t *rows, size_t stride) {
    static const png_color palette[4] = {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {10, 20, 30}};
    static const png_byte palette_alpha[2] = {0, 128};
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, stream);
    png_set_IHDR(png, info, SIDE, SIDE, depth, color_type, interlace, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (color_type == PNG_COLOR_TYPE_PALETTE) {
        png_set_PLTE(png, info, palette, 4);
        png_set_tRNS(png, info, palette_alpha, 2, NULL);
    }
    png_write_info(png, info);
    const uint8_t *pointers[SIDE];
    for (size_t y = 0; y < SIDE; y++)
        pointers[y] = rows + y * stride;
    png_write_image(png, (png_bytepp)(uintptr_t)pointers);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    assert_int_equal(fclose(stream), 0);
}

static void expect_pixels(const char *path, const uint8_t *expected) {
    struct image image;
    assert_int_equal(image_read(path, &image), OCELLUS_OK);
    assert_int_equal(image.width, SIDE);
    assert_int_equal(image.height, SIDE);
    assert_memory_equal(image.pixels, expected, SIDE * SIDE * 3);
    image_free(&image);
}

static uint8_t over_white(uint8_t value, uint8_t alpha) {
    return (uint8_t)((value * alpha + 255 * (255 - alpha)) / 255.0 + 0.5);
}

static void test_every_png_kind(void **state) {
    const char *path = temporary_path(*state, "kind.png");
    uint8_t rows[SIDE * SIDE * 8], expected[SIDE * SIDE * 3];
    for (size_t i = 0; i < sizeof rows; i++)
        rows[i] = (uint8_t)(i * 83 + i / 64);

    for (int interlace = 0; interlace < 2; interlace++) {
        write_kind(path, PNG_COLOR_TYPE_RGB, 8, interlace, rows, 3 * SIDE);
        expect_pixels(path, rows);
    }
    for (size_t i = 0; i < SIDE * SIDE * 3; i++)
        expected[i] = rows[i / 3];
    write_kind(path, PNG_COLOR_TYPE_GRAY, 8, PNG_INTERLACE_NONE, rows, SIDE);
    expect_pixels(path, expected);

    for (size_t i = 0; i < SIDE * SIDE * 3; i++)
        expected[i] = rows[i / 24] >> (7 - i / 3 % 8) & 1 ? 255 : 0;
    write_kind(path, PNG_COLOR_TYPE_GRAY, 1, PNG_INTERLACE_NONE, rows, 1);
    expect_pixels(path, expected);

    for (size_t i = 0; i < SIDE * SIDE * 3; i++) /* big-endian 16 bits, rounded to 8 */
        expected[i] = (uint8_t)((rows[2 * i] * 256 + rows[2 * i + 1]) / 257.0 + 0.5);
    write_kind(path, PNG_COLOR_TYPE_RGB, 16, PNG_INTERLACE_NONE, rows, 6 * SIDE);
    expect_pixels(path, expected);

    for (int interlace = 0; interlace < 2; interlace++) {
        for (size_t i = 0; i < SIDE * SIDE * 3; i++)
            expected[i] = over_white(rows[i / 3 * 4 + i % 3], rows[i / 3 * 4 + 3]);
        write_kind(path, PNG_COLOR_TYPE_RGB_ALPHA, 8, interlace, rows, 4 * SIDE);
        expect_pixels(path, expected);
    }
    for (size_t i = 0; i < SIDE * SIDE * 3; i++)
        expected[i] = over_white(rows[i / 3 * 2], rows[i / 3 * 2 + 1]);
    write_kind(path, PNG_COLOR_TYPE_GRAY_ALPHA, 8, PNG_INTERLACE_NONE, rows, 2 * SIDE);
    expect_pixels(path, expected);

    static const uint8_t seen[4][3] = {{255, 255, 255}, {127, 255, 127}, {0, 0, 255}, {10, 20, 30}};
    for (size_t i = 0; i < SIDE * SIDE; i++) {
        rows[i] = (uint8_t)(i % 4);
        memcpy(expected + 3 * i, seen[i % 4], 3);
    }
    write_kind(path, PNG_COLOR_TYPE_PALETTE, 8, PNG_INTERLACE_NONE, rows, SIDE);
    expect_pixels(path, expected);
}

static void put_big_endian(unsigned char *at, uint32_t number) {
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(number >> (24 - 8 * i));
}

/* A good PNG with another size in its header, checksum made right. */
static void write_lying_png(const char *path, uint32_t width, uint32_t height) {
    struct image image = make_image(4, 4);
    unsigned char *bytes;
    size_t size;
    assert_int_equal(image_encode_png(&image, &bytes, &size), OCELLUS_OK);
    put_big_endian(bytes + 16, width);
    put_big_endian(bytes + 20, height);
    uint32_t checksum = 0xFFFFFFFF;
    for (size_t i = 12; i < 29; i++) {
        checksum ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            checksum = checksum >> 1 ^ (checksum & 1 ? 0xEDB88320 : 0);
    }
    put_big_endian(bytes + 29, ~checksum);
    write_bytes(path, bytes, size);
    free(bytes);
    image_free(&image);
}

static void test_claimed_sizes_are_checked_first(void **state) {
    static const struct {
        uint32_t width, height;
        const char *words;
    } cases[] = {{65535, 65535, "65535 x 65535 pixels"},
                 {10000, 10000, "10000 x 10000 pixels"},
                 {2147483647, 2147483647, "2147483647 x 2147483647 pixels"},
                 {65501, 1, "65501 x 1 pixels"},
                 {0, 4, "width is zero"},
                 {4294967295, 1, "damaged PNG"},
                 {8000, 8000, "cannot hold 8000 x 8000"},
                 {4, 5, "damaged PNG"}};
    const char *path = temporary_path(*state, "lie.png");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_lying_png(path, cases[i].width, cases[i].height);
        const clock_t start = clock();
        expect_refusal(path, cases[i].words);
        assert_true(clock() - start < CLOCKS_PER_SEC);
    }
    write_lying_png(path, 4, 4); /* the control: the same file, telling the truth */
    struct image image;
    assert_int_equal(image_read(path, &image), OCELLUS_OK);
    image_free(&image);
}

static void test_other_files_are_named(void **state) {
    static const struct {
        const char *content, *words;
    } cases[] = {{"", "is empty"},
                 {"hello, world\n", "is text"},
                 {"GIF89a....", "a GIF"},
                 {"BM........", "a BMP"},
                 {"II*.......", "a TIFF"},
                 {"<html><body>", "HTML"},
                 {"....ftypheic", "HEIF"},
                 {"\x01\x02\x03\x04", "unknown kind"},
                 {"\x89PNG\r\n\x1a", "unknown kind"}};
    const char *path = temporary_path(*state, "picture.png");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_bytes(path, cases[i].content, strlen(cases[i].content));
        expect_refusal(path, cases[i].words);
    }
    struct image image;
    assert_int_equal(image_read(temporary_path(*state, "nowhere.png"), &image), OCELLUS_IO);
    expect_refusal(*state, "folder");
}

/* A JPEG with quality 95; with an EXIF orientation when it is not 0, in either byte order. */
static size_t encode_jpeg(const struct image *image, J_COLOR_SPACE space, unsigned orientation, bool big_endian,
                          unsigned char **bytes) {
    static const unsigned char little_exif[] = "Exif\0\0II*\0\x08\0\0\0\x02\0\x0f\x01\x02\0\x01\0\0\0A\0\0\0"
                                               "\x12\x01\x03\0\x01\0\0\0O\0\0\0\0\0\0",
                               big_exif[] = "Exif\0\0MM\0*\0\0\0\x08\0\x02\x01\x0f\0\x02\0\0\0\x01"
                                            "A\0\0\0"
                                            "\x01\x12\0\x03\0\0\0\x01\0O\0\0\0\0\0";
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned long size = 0;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    *bytes = NULL;
    jpeg_mem_dest(&jpeg, bytes, &size);
    jpeg.image_width = (JDIMENSION)(image->width);
    jpeg.image_height = (JDIMENSION)image->height;
    jpeg.in_color_space = space;
    jpeg.input_components = 3;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 95, TRUE);
    jpeg_start_compress(&jpeg, TRUE);
    if (orientation > 0) {
        unsigned char marker[sizeof little_exif];
        memcpy(marker, big_endian ? big_exif : little_exif, sizeof marker);
        *(unsigned char *)memchr(marker + 20, 'O', sizeof marker - 20) = (unsigned char)orientation;
        jpeg_write_marker(&jpeg, JPEG_APP0 + 1, marker, sizeof marker - 1);
    }
    while (jpeg.next_scanline < jpeg.image_height) {
        JSAMPROW row = image->pixels + jpeg.next_scanline * image->width * 3;
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    return size;
}

/* Four areas of one colour each: top left, top right, bottom left, bottom right. */
static const uint8_t corners[4][3] = {{230, 30, 30}, {30, 200, 30}, {30, 30, 220}, {220, 220, 40}};

static struct image make_corners(void) {
    struct image image;
    assert_int_equal(image_create(48, 32, &image), OCELLUS_OK);
    for (size_t y = 0; y < 32; y++)
        for (size_t x = 0; x < 48; x++)
            memcpy(image.pixels + 3 * (y * 48 + x), corners[(y >= 16) * 2 + (x >= 24)], 3);
    return image;
}

static void expect_corner(const struct image *image, size_t x, size_t y, size_t corner) {
    for (size_t c = 0; c < 3; c++) {
        int distance = image->pixels[3 * (y * image->width + x) + c] - corners[corner][c];
        if (abs(distance) > 12) fail_msg("at (%zu, %zu): channel %zu is off by %d", x, y, c, distance);
    }
}

static void test_jpeg_is_turned_upright(void **state) {
    /* Which stored corner is shown top left, top right, bottom left, bottom right. */
    static const size_t shown[9][4] = {{0, 1, 2, 3}, {0, 1, 2, 3}, {1, 0, 3, 2}, {3, 2, 1, 0}, {2, 3, 0, 1},
                                       {0, 2, 1, 3}, {2, 0, 3, 1}, {3, 1, 2, 0}, {1, 3, 0, 2}};
    const char *path = temporary_path(*state, "turned.jpeg");
    struct image stored = make_corners();
    for (unsigned orientation = 0; orientation <= 8; orientation++) {
        for (int big_endian = 0; big_endian < 2; big_endian++) {
            unsigned char *bytes;
            const size_t size = encode_jpeg(&stored, JCS_RGB, orientation, big_endian != 0, &bytes);
            write_bytes(path, bytes, size);
            free(bytes);
            struct image image;
            assert_int_equal(image_read(path, &image), OCELLUS_OK);
            assert_int_equal(image.width, orientation >= 5 ? 32 : 48);
            assert_int_equal(image.height, orientation >= 5 ? 48 : 32);
            for (size_t corner = 0; corner < 4; corner++) {
                expect_corner(&image, corner % 2 ? image.width - 4 : 3, corner / 2 ? image.height - 4 : 3,
                              shown[orientation][corner]);
            }
            image_free(&image);
        }
    }
    image_free(&stored);
}

static void test_bad_jpegs(void **state) {
    const char *path = temporary_path(*state, "bad.jpg");
    struct image stored = make_corners();
    unsigned char *bytes;
    size_t size = encode_jpeg(&stored, JCS_RGB, 0, false, &bytes);
    for (size_t cut = 4; cut < size; cut += size / 40) {
        write_bytes(path, bytes, cut);
        expect_refusal(path, "damaged JPEG");
    }
    unsigned char *frame = memmem(bytes, size, "\xff\xc0", 2);
    assert_non_null(frame);
    memcpy(frame + 5, "\xff\xdc\xff\xdc", 4); /* 65500 x 65500 */
    write_bytes(path, bytes, size);
    expect_refusal(path, "65500 x 65500 pixels");
    free(bytes);
    image_free(&stored);
}

/* A valid progressive JPEG may hold a scan for each of 63 frequencies of 3 channels: 190, more than are decoded. */
static void test_too_many_scans(void **state) {
    enum { SCANS = 1 + 3 * 63 };
    static jpeg_scan_info scans[SCANS] = {{.comps_in_scan = 3, .component_index = {0, 1, 2}}};
    for (int i = 1; i < SCANS; i++) {
        const int frequency = 1 + (i - 1) % 63;
        scans[i] = (jpeg_scan_info){1, {(i - 1) / 63}, frequency, frequency, 0, 0};
    }
    struct image stored = make_corners();
    for (int few = 0; few < 2; few++) {
        struct jpeg_compress_struct jpeg;
        struct jpeg_error_mgr errors;
        unsigned char *bytes = NULL;
        unsigned long size = 0;
        jpeg.err = jpeg_std_error(&errors);
        jpeg_create_compress(&jpeg);
        jpeg_mem_dest(&jpeg, &bytes, &size);
        jpeg.image_width = 48;
        jpeg.image_height = 32;
        jpeg.in_color_space = JCS_RGB;
        jpeg.input_components = 3;
        jpeg_set_defaults(&jpeg);
        if (few) {
            jpeg_simple_progression(&jpeg);
        } else {
            jpeg.scan_info = scans;
            jpeg.num_scans = SCANS;
        }
        jpeg_start_compress(&jpeg, TRUE);
        while (jpeg.next_scanline < 32) {
            JSAMPROW row = stored.pixels + jpeg.next_scanline * 48 * 3;
            jpeg_write_scanlines(&jpeg, &row, 1);
        }
        jpeg_finish_compress(&jpeg);
        jpeg_destroy_compress(&jpeg);
        const char *path = temporary_path(*state, "scans.jpg");
        write_bytes(path, bytes, size);
        free(bytes);
        struct image image;
        if (!few) {
            expect_refusal(path, "more than 100 scans");
        } else {
            assert_int_equal(image_read(path, &image), OCELLUS_OK);
            image_free(&image);
        }
    }
    image_free(&stored);
}

static void test_damaged_pngs(void **state) {
    const char *path = temporary_path(*state, "bad.png");
    struct image image = make_image(20, 20);
    unsigned char *bytes;
    size_t size;
    assert_int_equal(image_encode_png(&image, &bytes, &size), OCELLUS_OK);
    image_free(&image);
    const size_t end = size - 12; /* of the picture data; what follows says that there is no more */
    for (size_t cut = 8; cut < end; cut += 13) {
        write_bytes(path, bytes, cut);
        expect_refusal(path, "damaged PNG");
    }
    for (size_t at = 8; at < end; at += 7) {
        bytes[at] ^= 0x55;
        write_bytes(path, bytes, size);
        expect_refusal(path, "");
        bytes[at] ^= 0x55;
    }
    write_bytes(path, bytes, size);
    assert_int_equal(image_read(path, &image), OCELLUS_OK);
    image_free(&image);
    free(bytes);
}

/* What Pillow 9.4 gives for make_image(), resize(..., BILINEAR):
 *     x, y, c = numpy.meshgrid(range(w), range(h), range(3), indexing="ij")
 *     Image.fromarray(((x*37 + y*91 + c*53 + x*y*7) % 256).astype("uint8").transpose(1, 0, 2).copy()) */
static void test_resize_is_pillows(void **state) {
    static const struct {
        size_t width, height, new_width, new_height;
        const char *sha256;
    } cases[] = {
        {13, 9, 5, 4, "e3de532b8135f4b6ed92a644d0908639ee56bef38f1744c1ec64a41939b5666e"},
        {5, 4, 8, 7, "0fd58da2e60cab32a11d093bbe363fb65f0544c28dcf821bba72406cd3f17ba2"},
        {640, 480, 32, 32, "d719a88790ced06b99f6f4c61afa71394a39beca7ff2cdafad21e22828bb789f"},
        {1, 100, 32, 32, "92bca02e4a0d9f0c0a3d0f0c7b5d8e9a68819fce206909d9030a362476b98677"},
        {32, 32, 32, 32, "637a3019c68e181ce5f9acbc16ea23c1a0db6ad89444b838d576a6454cfe31a5"},
    };
    static const uint8_t first[60] = {106, 131, 143, 120, 135, 146, 126, 124, 134, 115, 130, 137, 119, 144, 118,
                                      123, 134, 130, 140, 141, 132, 141, 128, 126, 127, 129, 127, 135, 144, 144,
                                      115, 147, 122, 128, 130, 113, 144, 134, 127, 124, 132, 109, 138, 106, 128,
                                      131, 105, 146, 132, 117, 138, 122, 121, 128, 128, 124, 132, 129, 100, 153};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct image src = make_image(cases[i].width, cases[i].height), dst;
        assert_int_equal(image_resize(&src, cases[i].new_width, cases[i].new_height, &dst), OCELLUS_OK);
        if (i == 0) assert_memory_equal(dst.pixels, first, sizeof first);
        char found[SHA256_TEXT_SIZE];
        sha256_bytes(dst.pixels, dst.width * dst.height * 3, found);
        assert_string_equal(found, cases[i].sha256);
        image_free(&src);
        image_free(&dst);
    }
}

static void test_resize_at_the_edges(void **state) {
    (void)state;
    struct image src = make_image(1, 1), dst;
    assert_int_equal(image_resize(&src, 0, 5, &dst), OCELLUS_BAD_CONTENT);
    assert_int_equal(image_resize(&src, 100000, 5, &dst), OCELLUS_BAD_CONTENT);
    assert_int_equal(image_resize(&src, 3, 2, &dst), OCELLUS_OK); /* one pixel spreads over all */
    for (size_t i = 0; i < 6; i++)
        assert_memory_equal(dst.pixels + 3 * i, src.pixels, 3);
    image_free(&src);
    image_free(&dst);
    src = make_image(10000, 1);
    assert_int_equal(image_resize(&src, 32, 32, &dst), OCELLUS_OK);
    image_free(&src);
    image_free(&dst);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, temporary_setup, temporary_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_png_comes_back_as_it_was),
        IN_FOLDER(test_every_png_kind),
        IN_FOLDER(test_claimed_sizes_are_checked_first),
        IN_FOLDER(test_damaged_pngs),
        IN_FOLDER(test_other_files_are_named),
        IN_FOLDER(test_jpeg_is_turned_upright),
        IN_FOLDER(test_bad_jpegs),
        IN_FOLDER(test_too_many_scans),
        cmocka_unit_test(test_resize_is_pillows),
        cmocka_unit_test(test_resize_at_the_edges),
    };
    return cmocka_run_group_tests_name("data/image", tests, NULL, NULL);
}
