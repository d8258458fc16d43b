/* SPDX-License-Identifier: MIT */
/* Pictures that decoders warn of: read when every pixel is known, refused when one is not; turned as EXIF says; and no
 * crash whatever is changed in them. The files are made here from clean ones. */
#include "base/log.h"
#include "data/image.h"
#include "data/image_file.h"
#include "data/image_jpeg.h"
#include "data/image_png.h"
#include "temporary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jpeglib.h>
#include <png.h>

enum { WIDTH = 40, HEIGHT = 24, MOST_BYTES = 64 * 1024 };

/* A file in memory that is changed at will. */
struct file {
    unsigned char bytes[MOST_BYTES];
    size_t size;
};

static void insert(struct file *file, size_t at, const void *bytes, size_t size) {
    assert_true(at <= file->size && file->size + size <= MOST_BYTES);
    memmove(file->bytes + at + size, file->bytes + at, file->size - at);
    memcpy(file->bytes + at, bytes, size);
    file->size += size;
}

static void cut(struct file *file, size_t at, size_t size) {
    assert_true(at + size <= file->size);
    memmove(file->bytes + at, file->bytes + at + size, file->size - at - size);
    file->size -= size;
}

static size_t find(const struct file *file, const void *bytes, size_t size) {
    const unsigned char *found = memmem(file->bytes, file->size, bytes, size);
    assert_non_null(found);
    return (size_t)(found - file->bytes);
}

static ocellus_status read_file(const char *path, const struct file *file, struct image *image) {
    remove(path); /* cutting an old file to nothing makes some file systems flush the new one */
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(file->bytes, 1, file->size, stream), file->size);
    assert_int_equal(fclose(stream), 0);
    return image_read(path, image);
}

static void expect_same(const char *path, const struct file *file, const struct image *clean, const char *what) {
    struct image image;
    if (read_file(path, file, &image) != OCELLUS_OK) fail_msg("%s: %s", what, status_message());
    if (image.width != clean->width || image.height != clean->height ||
        memcmp(image.pixels, clean->pixels, 3 * clean->width * clean->height) != 0)
        fail_msg("%s: other pixels than the clean picture's", what);
    image_free(&image);
}

static void expect_refused(const char *path, const struct file *file, const char *what) {
    struct image image;
    if (read_file(path, file, &image) != OCELLUS_BAD_CONTENT) fail_msg("%s: not refused", what);
    assert_null(image.pixels);
}

/* A picture in which every pixel counts. */
static uint8_t value(size_t x, size_t y, size_t c) {
    return (uint8_t)(x * 5 + y * 9 + c * 60 + (x * y) % 17);
}

/* --- JPEG --- */

enum jpeg_form { BASELINE, RESTARTS, PROGRESSIVE, ARITHMETIC };

static struct file make_jpeg(enum jpeg_form form) {
    struct file file;
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &bytes, &size);
    jpeg.image_width = WIDTH;
    jpeg.image_height = HEIGHT;
    jpeg.in_color_space = JCS_RGB;
    jpeg.input_components = 3;
    jpeg_set_defaults(&jpeg);
    if (form == RESTARTS) jpeg.restart_interval = 2;
    if (form == PROGRESSIVE) jpeg_simple_progression(&jpeg);
    if (form == ARITHMETIC) jpeg.arith_code = TRUE;
    jpeg_start_compress(&jpeg, TRUE);
    uint8_t row[3 * WIDTH], *pointer = row;
    for (size_t y = 0; y < HEIGHT; y++) {
        for (size_t i = 0; i < sizeof row; i++)
            row[i] = value(i / 3, y, i % 3);
        jpeg_write_scanlines(&jpeg, &pointer, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    assert_true(size <= MOST_BYTES);
    memcpy(file.bytes, bytes, size);
    file.size = size;
    free(bytes);
    return file;
}

enum { JFIF_END = 20 }; /* of the first marker that libjpeg writes */

static void adobe(struct file *file) { /* with a transform code that nobody defined */
    cut(file, 2, JFIF_END - 2);        /* readers trust JFIF more */
    insert(file, 2,
           "\xff\xee\0\x0e"
           "Adobe\0\x64\0\0\0\0\x07",
           16);
}

static void unknown_revision(struct file *file) {
    file->bytes[11] = 2;
}

static void zero_scan_fields(struct file *file) { /* Ss, Se, Ah and Al of a scan of three components */
    memset(file->bytes + find(file, "\xff\xda", 2) + 11, 0, 3);
}

static void junk_before_end(struct file *file) {
    unsigned char junk[245];
    memset(junk, 0x7f, sizeof junk);
    insert(file, file->size - 2, junk, sizeof junk);
}

static void junk_with_markers_before_end(struct file *file) {
    insert(file, file->size - 2, "junk\xff\xd8\xff\x02\xff\xc4\0\1", 12);
}

static void junk_before_tables(struct file *file) {
    insert(file, find(file, "\xff\xdb", 2), "junk", 4);
}

static void junk_before_scan(struct file *file) {
    insert(file, find(file, "\xff\xda", 2), "\0\0\0", 3);
}

static void junk_before_restart(struct file *file) {
    insert(file, find(file, "\xff\xd1", 2), "\1\2\3", 3);
}

static void no_end(struct file *file) {
    file->size -= 2;
}

static void half(struct file *file) {
    file->size = file->size * 3 / 4;
}

static void few_bytes_less(struct file *file) {
    file->size -= 2 + 8;
}

static void no_restart(struct file *file) {
    cut(file, find(file, "\xff\xd1", 2), 2);
}

static void end_too_early(struct file *file) {
    cut(file, file->size - 2 - 20, 20);
}

static void bad_codes(struct file *file) {
    const size_t scan = find(file, "\xff\xda", 2) + 14;
    for (size_t i = scan + 40; i < scan + 80; i++)
        file->bytes[i] = i % 2 ? 0 : 0xff; /* sixteen ones in a row are no code */
}

static void changed_byte(struct file *file) {
    file->bytes[find(file, "\xff\xda", 2) + 60] ^= 4;
}

static size_t last_scan(const struct file *file) {
    size_t at = file->size - 2;
    while (memcmp(file->bytes + at, "\xff\xda", 2) != 0)
        at--;
    return at;
}

static void no_last_scan(struct file *file) {
    file->size = last_scan(file);
}

static void hidden_last_scan(struct file *file) { /* one byte is changed, and a scan is junk between markers */
    file->bytes[last_scan(file)] = 0;
}

struct doubt {
    const char *what;
    enum jpeg_form form;
    void (*change)(struct file *file);
};

static void test_jpegs_with_all_pixels(void **state) {
    static const struct doubt doubts[] = {
        {"Adobe transform", BASELINE, adobe},
        {"JFIF revision", BASELINE, unknown_revision},
        {"JFIF revision, progressive", PROGRESSIVE, unknown_revision},
        {"zero scan fields", BASELINE, zero_scan_fields},
        {"junk before the end", BASELINE, junk_before_end},
        {"junk before the end, restarts", RESTARTS, junk_before_end},
        {"junk before the end, progressive", PROGRESSIVE, junk_before_end},
        {"junk with markers", BASELINE, junk_with_markers_before_end},
        {"junk before tables", BASELINE, junk_before_tables},
        {"junk before tables, progressive", PROGRESSIVE, junk_before_tables},
        {"junk before the scan", BASELINE, junk_before_scan},
        {"junk before a restart", RESTARTS, junk_before_restart},
        {"no end", BASELINE, no_end},
        {"no end, progressive", PROGRESSIVE, no_end},
    };
    const char *path = temporary_path(*state, "doubt.jpg");
    for (size_t i = 0; i < sizeof doubts / sizeof *doubts; i++) {
        struct file file = make_jpeg(doubts[i].form);
        struct image clean;
        assert_int_equal(read_file(path, &file, &clean), OCELLUS_OK);
        doubts[i].change(&file);
        expect_same(path, &file, &clean, doubts[i].what);
        image_free(&clean);
    }
}

static void test_jpegs_that_lack_pixels(void **state) {
    static const struct doubt doubts[] = {
        {"half", BASELINE, half},
        {"half, restarts", RESTARTS, half},
        {"half, progressive", PROGRESSIVE, half},
        {"half, arithmetic", ARITHMETIC, half},
        {"a few bytes less", BASELINE, few_bytes_less},
        {"a few bytes less, arithmetic", ARITHMETIC, few_bytes_less},
        {"no restart marker", RESTARTS, no_restart},
        {"the end too early", BASELINE, end_too_early},
        {"bad codes", BASELINE, bad_codes},
        {"a changed byte, arithmetic", ARITHMETIC, changed_byte},
        {"no last scan", PROGRESSIVE, no_last_scan},
        {"the last scan hidden", PROGRESSIVE, hidden_last_scan},
    };
    const char *path = temporary_path(*state, "lost.jpg");
    for (size_t i = 0; i < sizeof doubts / sizeof *doubts; i++) {
        struct file file = make_jpeg(doubts[i].form);
        doubts[i].change(&file);
        expect_refused(path, &file, doubts[i].what);
    }
}

/* --- PNG --- */

static void put_big_endian(unsigned char *at, uint32_t number) {
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(number >> (24 - 8 * i));
}

static uint32_t checksum_of(const unsigned char *bytes, size_t size) {
    uint32_t checksum = 0xFFFFFFFF;
    for (size_t i = 0; i < size; i++) {
        checksum ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            checksum = checksum >> 1 ^ (checksum & 1 ? 0xEDB88320 : 0);
    }
    return ~checksum;
}

static void insert_chunk(struct file *file, size_t at, const char *name, const void *content, size_t size) {
    unsigned char chunk[1024];
    assert_true(size + 12 <= sizeof chunk);
    put_big_endian(chunk, (uint32_t)size);
    memcpy(chunk + 4, name, 4);
    memcpy(chunk + 8, content, size);
    put_big_endian(chunk + 8 + size, checksum_of(chunk + 4, size + 4));
    insert(file, at, chunk, size + 12);
}

static void add_bytes(png_structp png, png_bytep bytes, size_t size) {
    struct file *file = png_get_io_ptr(png);
    insert(file, file->size, bytes, size);
}

static void flush_nothing(png_structp png) {
    (void)png;
}

/* `rows` more rows than the header says, whose checksum is made right. */
static struct file make_png(int color_type, bool interlaced, uint32_t rows) {
    static const png_color palette[3] = {{255, 0, 0}, {0, 200, 0}, {10, 20, 30}};
    struct file file = {.size = 0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(png, &file, add_bytes, flush_nothing);
    png_set_IHDR(png, info, WIDTH, HEIGHT + rows, 8, color_type, interlaced, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    const bool has_palette = color_type == PNG_COLOR_TYPE_PALETTE;
    if (has_palette) png_set_PLTE(png, info, palette, 3);
    png_write_info(png, info);
    static uint8_t lines[HEIGHT + 8][4 * WIDTH], *pointers[HEIGHT + 8];
    const size_t channels = png_get_channels(png, info);
    for (size_t y = 0; y < HEIGHT + rows; y++) {
        pointers[y] = lines[y];
        for (size_t i = 0; i < channels * WIDTH; i++) {
            lines[y][i] = value(i / channels, y, i % channels);
            if (has_palette) lines[y][i] %= 3;
        }
    }
    png_write_image(png, pointers);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    put_big_endian(file.bytes + 20, HEIGHT);
    put_big_endian(file.bytes + 29, checksum_of(file.bytes + 12, 17));
    return file;
}

enum { HEADER_END = 33, END_CHUNK = 12 };

static size_t chunk_at(const struct file *file, const char *name) {
    return find(file, name, 4) - 4;
}

static void test_pngs_with_an_odd_chunk(void **state) {
    static const struct {
        const char *name, *content;
        size_t size;
        int color_type;
        bool bad_checksum;
    } chunks[] = {
        {"tRNS", "\0\1\0\1\0\1", 6, PNG_COLOR_TYPE_RGB_ALPHA, false},
        {"tRNS", "\0\1", 2, PNG_COLOR_TYPE_GRAY_ALPHA, false},
        {"tRNS", "\0\1\0\1\0\1\0\1", 8, PNG_COLOR_TYPE_RGB, false},
        {"tRNS", "\0", 1, PNG_COLOR_TYPE_RGB, false},
        {"tRNS", "", 0, PNG_COLOR_TYPE_GRAY, false},
        {"tRNS", "\1\1\1", 3, PNG_COLOR_TYPE_GRAY, false},
        {"PLTE", "\1\1\1\1", 4, PNG_COLOR_TYPE_RGB, false},
        {"PLTE", "\1\1\1", 3, PNG_COLOR_TYPE_GRAY, false},
        {"tEXt", "Comment\0hello", 13, PNG_COLOR_TYPE_RGB, true},
        {"gAMA", "\0\0\xb1\x8f", 4, PNG_COLOR_TYPE_RGB, true},
        {"pHYs", "\0\0\1\0\0\0\1\0\1", 9, PNG_COLOR_TYPE_GRAY, true},
        {"iCCP", "x\0\0not deflated", 14, PNG_COLOR_TYPE_RGB, false},
        {"cHRM", "\0\0\0\0", 4, PNG_COLOR_TYPE_RGB, false},
        {"sBIT", "\x20\x20\x20\x20", 4, PNG_COLOR_TYPE_RGB, false},
        {"bKGD", "\1", 1, PNG_COLOR_TYPE_RGB, false},
        {"hIST", "\1\2", 2, PNG_COLOR_TYPE_GRAY, false},
        {"sRGB", "\x09", 1, PNG_COLOR_TYPE_RGB, true},
        {"tIME", "", 0, PNG_COLOR_TYPE_RGB, true},
        {"eXIf", "??", 2, PNG_COLOR_TYPE_RGB, false},
        {"vpAg", "?", 1, PNG_COLOR_TYPE_RGB, false},
    };
    const char *path = temporary_path(*state, "odd.png");
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        for (int late = 0; late < 2; late++) {                            /* before the picture data and after it */
            if (late && memcmp(chunks[i].name, "tRNS", 4) == 0) continue; /* transparency that came too late */
            struct file file = make_png(chunks[i].color_type, false, 0);
            struct image clean;
            assert_int_equal(read_file(path, &file, &clean), OCELLUS_OK);
            const size_t at = late ? file.size - END_CHUNK : HEADER_END;
            insert_chunk(&file, at, chunks[i].name, chunks[i].content, chunks[i].size);
            if (chunks[i].bad_checksum) file.bytes[at + 8 + chunks[i].size] ^= 1;
            expect_same(path, &file, &clean, chunks[i].name);
            image_free(&clean);
        }
    }
}

static void test_pngs_that_end_oddly(void **state) {
    const char *path = temporary_path(*state, "end.png");
    for (int interlaced = 0; interlaced < 2; interlaced++) {
        struct file whole = make_png(PNG_COLOR_TYPE_RGB, interlaced != 0, 0);
        struct image clean;
        assert_int_equal(read_file(path, &whole, &clean), OCELLUS_OK);
        for (size_t less = 1; less <= END_CHUNK; less++) {
            struct file file = whole;
            file.size -= less;
            expect_same(path, &file, &clean, "no end");
        }
        struct file file = whole;
        insert(&file, file.size - END_CHUNK, "\0\0\0\1\1\2\3\4\5\6\7\x08", 12);
        expect_same(path, &file, &clean, "junk before the end");
        file = whole;
        insert_chunk(&file, file.size - END_CHUNK, "IDAT", "more", 4);
        expect_same(path, &file, &clean, "more picture data");
        image_free(&clean);
    }
    struct file file = make_png(PNG_COLOR_TYPE_RGB, false, 0);
    struct image clean;
    assert_int_equal(read_file(path, &file, &clean), OCELLUS_OK);
    file = make_png(PNG_COLOR_TYPE_RGB, false, 3);
    expect_same(path, &file, &clean, "more rows");
    image_free(&clean);
}

/* More values than the palette has colours: those that have one count. */
static void test_long_palette_transparency(void **state) {
    const char *path = temporary_path(*state, "long.png");
    struct file file = make_png(PNG_COLOR_TYPE_PALETTE, false, 0);
    const size_t at = chunk_at(&file, "IDAT");
    insert_chunk(&file, at, "tRNS", "\0\x80\xff", 3);
    struct image clean;
    assert_int_equal(read_file(path, &file, &clean), OCELLUS_OK);
    cut(&file, at, 15);
    insert_chunk(&file, at, "tRNS", "\0\x80\xff\1\2\3\4", 7);
    expect_same(path, &file, &clean, "long transparency");
    image_free(&clean);
}

static void test_pngs_that_lack_pixels(void **state) {
    const char *path = temporary_path(*state, "lost.png");
    struct file file = make_png(PNG_COLOR_TYPE_RGB, false, 0);
    static const char *const critical[] = {"IHDR", "IDAT", "IEND"};
    for (size_t i = 0; i < 3; i++) {
        struct file bad = file;
        const size_t at = chunk_at(&bad, critical[i]);
        const size_t size = (size_t)bad.bytes[at + 2] << 8 | bad.bytes[at + 3];
        bad.bytes[at + 8 + size] ^= 1;
        expect_refused(path, &bad, critical[i]);
    }
    struct file bad = file;
    bad.size -= END_CHUNK + 1;
    expect_refused(path, &bad, "picture data cut");
    bad = file;
    size_t at = chunk_at(&bad, "IDAT"), size = (size_t)bad.bytes[at + 2] << 8 | bad.bytes[at + 3];
    bad.bytes[at + 8 + size - 1] ^= 1; /* the checksum over all pixels */
    put_big_endian(bad.bytes + at + 8 + size, checksum_of(bad.bytes + at + 4, size + 4));
    expect_refused(path, &bad, "checksum of the pixels");
    bad = make_png(PNG_COLOR_TYPE_RGB, false, 0);
    put_big_endian(bad.bytes + 20, HEIGHT + 1);
    put_big_endian(bad.bytes + 29, checksum_of(bad.bytes + 12, 17));
    expect_refused(path, &bad, "a row less");
    bad = make_png(PNG_COLOR_TYPE_PALETTE, false, 0);
    insert_chunk(&bad, HEADER_END, "tRNS", "\0", 1);
    expect_refused(path, &bad, "transparency before its palette");
    static const char *const deciding[] = {"tRNS", "eXIf", "tRnS"}; /* the last: a damaged name */
    for (size_t i = 0; i < 3; i++) {
        bad = file;
        insert_chunk(&bad, HEADER_END, deciding[i], "\0\0\0\x3c\0\x78", 6);
        bad.bytes[HEADER_END + 8 + 6] ^= 1;
        expect_refused(path, &bad, deciding[i]);
    }
}

/* --- Orientation --- */

/* EXIF with one entry before the orientation, which is of this TIFF type. */
static size_t make_exif(unsigned char *exif, unsigned orientation, unsigned type, bool big_endian) {
    const size_t size = type == 1 || type == 6 ? 1 : type == 3 || type == 8 ? 2 : 4;
    const struct {
        size_t bytes;
        uint32_t number;
    } fields[] = {{2, 42},     {4, 8},    {2, 2}, {2, 0x010f},         {2, 2},        {4, 1}, {4, 65},
                  {2, 0x0112}, {2, type}, {4, 1}, {size, orientation}, {4 - size, 0}, {4, 0}};
    memcpy(exif, big_endian ? "MM" : "II", 2);
    size_t at = 2;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        for (size_t j = 0; j < fields[i].bytes; j++) {
            const size_t shift = 8 * (big_endian ? fields[i].bytes - 1 - j : j);
            exif[at++] = (unsigned char)(fields[i].number >> shift);
        }
    }
    return at;
}

/* Where the pixel shown at (x, y) is stored. */
static size_t stored_at(size_t x, size_t y, unsigned orientation) {
    const size_t right = WIDTH - 1, bottom = HEIGHT - 1;
    const size_t xs[9] = {x, x, right - x, right - x, x, y, y, right - y, right - y};
    const size_t ys[9] = {y, y, y, bottom - y, bottom - y, x, bottom - x, bottom - x, x};
    return ys[orientation] * WIDTH + xs[orientation];
}

static void expect_turned(const char *path, const struct file *file, const struct image *clean, unsigned orientation) {
    struct image image;
    assert_int_equal(read_file(path, file, &image), OCELLUS_OK);
    const unsigned turn = orientation >= 1 && orientation <= 8 ? orientation : 1;
    assert_int_equal(image.width, turn >= 5 ? HEIGHT : WIDTH);
    assert_int_equal(image.height, turn >= 5 ? WIDTH : HEIGHT);
    for (size_t y = 0; y < image.height; y++) {
        for (size_t x = 0; x < image.width; x++) {
            assert_memory_equal(image.pixels + 3 * (y * image.width + x), clean->pixels + 3 * stored_at(x, y, turn), 3);
        }
    }
    image_free(&image);
}

static void test_orientation_of_any_integer(void **state) {
    static const unsigned types[] = {1, 3, 4, 6, 8, 9};
    const char *path = temporary_path(*state, "turned");
    struct file png = make_png(PNG_COLOR_TYPE_RGB, false, 0), jpeg = make_jpeg(BASELINE);
    struct image clean_png, clean_jpeg;
    assert_int_equal(read_file(path, &png, &clean_png), OCELLUS_OK);
    assert_int_equal(read_file(path, &jpeg, &clean_jpeg), OCELLUS_OK);
    for (unsigned i = 0; i < 10 * 6 * 2; i++) {
        const unsigned orientation = i % 10; /* 0 and 9 mean nothing */
        unsigned char marker[128] = "\xff\xe1\0\0Exif\0";
        const size_t size = make_exif(marker + 10, orientation, types[i / 10 % 6], i >= 60);
        marker[3] = (unsigned char)(size + 8);
        struct file file = jpeg;
        insert(&file, JFIF_END, marker, size + 10);
        expect_turned(path, &file, &clean_jpeg, orientation);
        for (int late = 0; late < 2; late++) {
            file = png;
            insert_chunk(&file, late ? file.size - END_CHUNK : HEADER_END, "eXIf", marker + 10, size);
            expect_turned(path, &file, &clean_png, orientation);
        }
    }
    image_free(&clean_png);
    image_free(&clean_jpeg);
}

/* --- Anything --- */

/* Files with everything of the above in them, changed at random for a second: read or refused, never more. */
static void test_changed_at_random(void **state) {
    (void)state;
    unsigned char exif[64], marker[80] = "\xff\xe1\0\0Exif\0";
    struct file files[5] = {make_png(PNG_COLOR_TYPE_PALETTE, false, 2), make_png(PNG_COLOR_TYPE_RGB_ALPHA, true, 0),
                            make_jpeg(RESTARTS), make_jpeg(PROGRESSIVE), make_jpeg(ARITHMETIC)};
    for (int i = 0; i < 5; i++) {
        const size_t size = make_exif(exif, 6, 4, i % 2 != 0);
        marker[3] = (unsigned char)(size + 8);
        memcpy(marker + 10, exif, size);
        if (i < 2) insert_chunk(&files[i], HEADER_END, "eXIf", exif, size);
        else insert(&files[i], JFIF_END, marker, size + 10);
    }
    insert_chunk(&files[0], chunk_at(&files[0], "IDAT"), "tRNS", "\1\2\3\4\5\6", 6);
    uint32_t random = 1;
    const double end = clock_seconds() + 1;
    for (unsigned round = 0; clock_seconds() < end; round++) {
        struct file file = files[round % 5];
        for (unsigned changes = 1 + round / 5 % 4; changes > 0; changes--) {
            random = random * 1664525 + 1013904223;
            const size_t at = (random >> 8) % file.size;
            random = random * 1664525 + 1013904223;
            if (random >> 31) file.bytes[at] = (unsigned char)(random >> 16);
            else if (random >> 30) cut(&file, at, file.size - at > 3 ? 1 + (random >> 16) % 3 : 0);
            else insert(&file, at, &random, 1 + (random >> 16) % 4);
            for (size_t chunk = 8; round % 5 < 2 && round % 3 && file.size - chunk >= 12;) { /* make checksums right */
                const size_t size = (size_t)file.bytes[chunk + 2] << 8 | file.bytes[chunk + 3];
                if (size > file.size - chunk - 12) break;
                put_big_endian(file.bytes + chunk + 8 + size, checksum_of(file.bytes + chunk + 4, size + 4));
                chunk += size + 12;
            }
        }
        struct image image;
        const ocellus_status status = round % 5 < 2 ? image_decode_png(file.bytes, file.size, "random", &image)
                                                    : image_decode_jpeg(file.bytes, file.size, "random", NULL, &image);
        if (status == OCELLUS_OK) assert_non_null(image.pixels);
        else assert_null(image.pixels);
        image_free(&image);
    }
}

/* Any byte of a PNG, changed: the checksums leave only the same pixels or a refusal. */
static void test_no_changed_byte_of_a_png_passes(void **state) {
    (void)state;
    unsigned char exif[64];
    struct file clean_file = make_png(PNG_COLOR_TYPE_RGB, false, 0);
    insert_chunk(&clean_file, HEADER_END, "tEXt", "Comment\0hello", 13);
    insert_chunk(&clean_file, HEADER_END, "tRNS", "\0\0\0\x3c\0\x78", 6);
    insert_chunk(&clean_file, HEADER_END, "eXIf", exif, make_exif(exif, 6, 4, false));
    struct image clean, image;
    assert_int_equal(image_decode_png(clean_file.bytes, clean_file.size, "clean", &clean), OCELLUS_OK);
    assert_int_equal(clean.width, HEIGHT);
    for (size_t i = 0; i < 3 * clean_file.size; i++) {
        static const unsigned char changes[3] = {0x01, 0x20, 0xff};
        struct file file = clean_file;
        file.bytes[i / 3] ^= changes[i % 3];
        if (image_decode_png(file.bytes, file.size, "changed", &image) != OCELLUS_OK) continue;
        if (memcmp(image.pixels, clean.pixels, (size_t)3 * WIDTH * HEIGHT) != 0) fail_msg("byte %zu decides", i / 3);
        image_free(&image);
    }
    image_free(&clean);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, temporary_setup, temporary_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_jpegs_with_all_pixels),
        IN_FOLDER(test_jpegs_that_lack_pixels),
        IN_FOLDER(test_pngs_with_an_odd_chunk),
        IN_FOLDER(test_pngs_that_end_oddly),
        IN_FOLDER(test_long_palette_transparency),
        IN_FOLDER(test_pngs_that_lack_pixels),
        IN_FOLDER(test_orientation_of_any_integer),
        cmocka_unit_test(test_changed_at_random),
        cmocka_unit_test(test_no_changed_byte_of_a_png_passes),
    };
    return cmocka_run_group_tests_name("data/image doubts", tests, NULL, NULL);
}
