/* SPDX-License-Identifier: MIT */
/* PNG, over libpng, which is named here alone. libpng leaves on an error by longjmp; what must survive that lives in a
 * struct, not in locals. */
#include "data/image_png.h"

#include "base/memory.h"
#include "data/image_upright.h"

#include <png.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_INFLATION = 1032 }; /* deflate cannot shrink more: a tiny file that claims a huge image lies */

struct png_reading {
    const char *source;
    const unsigned char *bytes;
    size_t size, position;
    uint8_t *rgba; /* [height][width][4], only for an image with alpha */
    struct image *image;
    bool no_memory;  /* libpng tells it as any other problem */
    bool has_pixels; /* every one: what follows in the file cannot change them */
    char doubt[200]; /* the first harmless warning; "" for none */
    ocellus_status status;
};

/* Chunks that are skipped unread; the first alone has a say in the picture, and is read elsewhere. */
static const png_byte skipped[] = "eXIf\0bKGD\0cHRM\0cICP\0cLLI\0gAMA\0hIST\0iCCP\0iTXt\0mDCV\0oFFs\0pCAL\0pHYs\0"
                                  "sBIT\0sCAL\0sPLT\0sRGB\0sTER\0tEXt\0tIME\0zTXt";

/* What libpng warns of begins with the chunk's name. A chunk with a wrong checksum and a strange name may be one that
 * decides pixels, its name damaged. */
static bool leaves_pixels_known(const char *message) {
    static const struct {
        const char *start;
        bool harmless;
    } warnings[] = {
        {"tRNS: invalid", true}, /* where there is an alpha channel, or of another length */
        {"tRNS: duplicate", true},
        {"tRNS chunk has out-of-range", true}, /* only the bits that count are compared */
        {"tRNS", false},                       /* its checksum or its place is wrong: transparency is lost */
        {"IDAT: Too much image data", true},
        {"IDAT: Extra compressed data", true},
        {"IDAT: ..Too many IDATs found", true},
        {"IDAT: chunk data is too large", true},
        {"IDAT", false}, /* the checksum over all pixels */
    };
    for (size_t i = 0; i < sizeof warnings / sizeof *warnings; i++) {
        if (strncmp(message, warnings[i].start, strlen(warnings[i].start)) == 0) return warnings[i].harmless;
    }
    if (!strstr(message, "CRC error")) return true;
    for (size_t at = 5; at < sizeof skipped; at += 5) {
        if (memcmp(message, skipped + at, 4) == 0) return true;
    }
    return false;
}

static void on_read_error(png_structp png, png_const_charp message) {
    struct png_reading *reading = png_get_error_ptr(png);
    if (reading->no_memory) {
        reading->status = fail(OCELLUS_IO, "%s: no memory to decode it", reading->source);
    } else if (reading->has_pixels && !strstr(message, "CRC error")) {
        if (!*reading->doubt) snprintf(reading->doubt, sizeof reading->doubt, "%s", message);
    } else {
        reading->status = fail(OCELLUS_BAD_CONTENT, "%s: damaged PNG: %s%s%s", reading->source, message,
                               *reading->doubt ? ": " : "", reading->doubt);
    }
    png_longjmp(png, 1);
}

static void on_read_warning(png_structp png, png_const_charp message) {
    struct png_reading *reading = png_get_error_ptr(png);
    if (reading->no_memory || !leaves_pixels_known(message)) {
        reading->has_pixels = false;
        on_read_error(png, message);
    }
    if (!*reading->doubt) snprintf(reading->doubt, sizeof reading->doubt, "%s", message);
}

/* libpng's memory; the context is the flag to set when there is none. */
static png_voidp take_memory(png_structp png, png_alloc_size_t size) {
    void *memory = malloc(size);
    if (!memory) *(bool *)png_get_mem_ptr(png) = true;
    return memory;
}

static void give_memory(png_structp png, png_voidp memory) {
    (void)png;
    free(memory);
}

static void take_bytes(png_structp png, png_bytep out, size_t count) {
    struct png_reading *reading = png_get_io_ptr(png);
    if (count > reading->size - reading->position) png_error(png, "the file ends too early");
    memcpy(out, reading->bytes + reading->position, count);
    reading->position += count;
}

/* Only what the pixels need is parsed: profiles, texts and times are skipped unread, and with them the bombs and the
 * harmless oddities (many programs write colour profiles that libpng warns about) they may hold. */
static void skip_ancillary_chunks(png_structp png) {
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, skipped, (int)(sizeof skipped / 5));
}

/* The content of the first chunk of this name, wherever it stands; NULL when there is none. */
static const unsigned char *find_chunk(const struct png_reading *reading, const char *name, size_t *length) {
    enum { SIGNATURE = 8, FRAME = 12 }; /* length and name before the content, a checksum after it */
    for (size_t at = SIGNATURE; reading->size - at >= FRAME; at += FRAME + *length) {
        *length = png_get_uint_32(reading->bytes + at);
        if (*length > reading->size - at - FRAME) break;
        if (memcmp(reading->bytes + at + 4, name, 4) == 0) return reading->bytes + at + 8;
    }
    *length = 0;
    return NULL;
}

/* All rows, `stride` bytes apart; an interlaced image takes several passes over them. */
static void read_rows(png_structp png, uint8_t *rows, size_t height, size_t stride) {
    const int passes = png_set_interlace_handling(png);
    for (int pass = 0; pass < passes; pass++) {
        for (size_t y = 0; y < height; y++)
            png_read_row(png, rows + y * stride, NULL);
    }
}

/* libpng drops the transparency of a palette when there are more values than colours; blended here, it is kept. */
static void blend_long_transparency(png_structp png, png_infop info, const struct png_reading *reading) {
    size_t length;
    int count = 0;
    png_colorp palette;
    png_color blended[PNG_MAX_PALETTE_LENGTH];
    const unsigned char *alpha = find_chunk(reading, "tRNS", &length);
    if (!alpha || png_get_valid(png, info, PNG_INFO_tRNS)) return;
    if (!png_get_PLTE(png, info, &palette, &count) || length <= (size_t)count) return;
    for (int i = 0; i < count; i++) {
        blended[i] =
            (png_color){image_over_white(palette[i].red, alpha[i]), image_over_white(palette[i].green, alpha[i]),
                        image_over_white(palette[i].blue, alpha[i])};
    }
    png_set_PLTE(png, info, blended, count);
}

/* Runs inside the jump trap; returns a failure of our own, or jumps out on one of libpng's. */
static ocellus_status read_png(png_structp png, png_infop info, struct png_reading *reading) {
    png_set_read_fn(png, reading, take_bytes);
    /* The claimed size is checked below, with a clearer message than libpng's. */
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    skip_ancillary_chunks(png);
    png_read_info(png, info);
    const size_t width = png_get_image_width(png, info), height = png_get_image_height(png, info);
    TRY(image_check_size(width, height, reading->source));
    if (png_get_rowbytes(png, info) * height / MOST_INFLATION > reading->size) {
        return fail(OCELLUS_BAD_CONTENT, "%s: %zu bytes cannot hold %zu x %zu pixels", reading->source, reading->size,
                    width, height);
    }
    if (png_get_color_type(png, info) == PNG_COLOR_TYPE_PALETTE) blend_long_transparency(png, info, reading);
    const bool alpha =
        (png_get_color_type(png, info) & PNG_COLOR_MASK_ALPHA) || png_get_valid(png, info, PNG_INFO_tRNS);
    png_set_expand(png);
    png_set_scale_16(png);
    png_set_gray_to_rgb(png);
    TRY(image_create(width, height, reading->image));
    if (alpha) {
        reading->rgba = memory_allocate(width * height, 4);
        if (!reading->rgba) return OCELLUS_IO;
        read_rows(png, reading->rgba, height, 4 * width);
        image_blend_over_white(reading->rgba, width * height, reading->image->pixels);
    } else {
        read_rows(png, reading->image->pixels, height, 3 * width);
    }
    reading->has_pixels = true;
    png_read_end(png, NULL);
    return OCELLUS_OK;
}

ocellus_status image_decode_png(const unsigned char *bytes, size_t size, const char *source, struct image *image) {
    *image = (struct image){0};
    struct png_reading reading = {.source = source, .bytes = bytes, .size = size, .image = image};
    png_structp png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &reading, on_read_error, on_read_warning,
                                               &reading.no_memory, take_memory, give_memory);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) reading.status = fail(OCELLUS_IO, "%s: no memory to decode it", source);
    else if (setjmp(png_jmpbuf(png)) == 0) reading.status = read_png(png, info, &reading);
    png_destroy_read_struct(&png, &info, NULL);
    memory_free(reading.rgba);
    if (reading.status == OCELLUS_OK) {
        size_t length;
        const unsigned char *exif = find_chunk(&reading, "eXIf", &length);
        if (exif) reading.status = image_turn_upright(image, image_exif_orientation(exif, length));
    }
    if (reading.status != OCELLUS_OK) image_free(image);
    else if (*reading.doubt) image_tell_doubt(source, reading.doubt);
    return reading.status;
}

struct png_writing {
    unsigned char *bytes;
    size_t size, capacity;
    bool no_memory;
    ocellus_status status;
};

static void on_write_error(png_structp png, png_const_charp message) {
    struct png_writing *writing = png_get_error_ptr(png);
    writing->status = fail(writing->no_memory ? OCELLUS_IO : OCELLUS_ERROR, "PNG: %s", message);
    png_longjmp(png, 1);
}

static void on_write_warning(png_structp png, png_const_charp message) {
    png_error(png, message);
}

static void add_bytes(png_structp png, png_bytep bytes, size_t count) {
    struct png_writing *writing = png_get_io_ptr(png);
    if (memory_grow((void **)&writing->bytes, &writing->capacity, writing->size + count, 1) != OCELLUS_OK) {
        writing->no_memory = true;
        png_error(png, "out of memory");
    }
    memcpy(writing->bytes + writing->size, bytes, count);
    writing->size += count;
}

static void flush_nothing(png_structp png) {
    (void)png;
}

/* Runs inside the jump trap. */
static void write_png(png_structp png, png_infop info, const struct image *image, struct png_writing *writing) {
    png_set_write_fn(png, writing, add_bytes, flush_nothing);
    png_set_IHDR(png, info, (png_uint_32)image->width, (png_uint_32)image->height, 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (size_t y = 0; y < image->height; y++)
        png_write_row(png, image->pixels + y * image->width * 3);
    png_write_end(png, info);
}

ocellus_status image_encode_png(const struct image *image, unsigned char **bytes, size_t *size) {
    struct png_writing writing = {0};
    png_structp png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, &writing, on_write_error, on_write_warning,
                                                &writing.no_memory, take_memory, give_memory);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) writing.status = fail(OCELLUS_IO, "PNG: no memory to encode it");
    else if (setjmp(png_jmpbuf(png)) == 0) write_png(png, info, image, &writing);
    png_destroy_write_struct(&png, &info);
    if (writing.status != OCELLUS_OK) {
        free(writing.bytes);
        writing.bytes = NULL;
        writing.size = 0;
    }
    *bytes = writing.bytes;
    *size = writing.size;
    return writing.status;
}
