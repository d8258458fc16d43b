/* SPDX-License-Identifier: MIT */
/* JPEG, over libjpeg-turbo, which is named here alone, and the EXIF orientation that cameras put beside it. libjpeg
 * leaves on an error by longjmp; what must survive that lives in a struct, not in locals. */
#include "data/image_codec.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

/* A progressive image is decoded once a scan; thousands of empty scans would keep a processor busy for hours. */
enum { MAX_SCANS = 100, MAX_MARKER = 0xFFFF };

struct jpeg_reading {
    struct jpeg_error_mgr errors; /* first: libjpeg hands back a pointer to it */
    struct jpeg_progress_mgr progress;
    struct jpeg_decompress_struct jpeg;
    jmp_buf trap;
    const char *source;
    struct image *image;
    ocellus_status status;
};

static void on_error(j_common_ptr jpeg) {
    struct jpeg_reading *reading = (struct jpeg_reading *)jpeg->err;
    char message[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, message);
    if (jpeg->err->msg_code == JERR_OUT_OF_MEMORY)
        reading->status = fail(OCELLUS_IO, "%s: no memory to decode it", reading->source);
    else reading->status = fail(OCELLUS_BAD_CONTENT, "%s: damaged JPEG: %s", reading->source, message);
    longjmp(reading->trap, 1);
}

/* Level -1 is a warning (data was missing or wrong and libjpeg went on with a guess); the rest is chatter. */
static void on_message(j_common_ptr jpeg, int level) {
    if (level < 0) on_error(jpeg);
}

static void on_progress(j_common_ptr jpeg) {
    struct jpeg_reading *reading = (struct jpeg_reading *)jpeg->err;
    if (reading->jpeg.input_scan_number <= MAX_SCANS) return;
    reading->status = fail(OCELLUS_BAD_CONTENT, "%s: more than %d scans", reading->source, MAX_SCANS);
    longjmp(reading->trap, 1);
}

static unsigned exif_number(const unsigned char *at, size_t bytes, bool big_endian) {
    unsigned number = 0;
    for (size_t i = 0; i < bytes; i++)
        number = number << 8 | at[big_endian ? i : bytes - 1 - i];
    return number;
}

/* The orientation (1 to 8) in an APP1 marker, 1 when there is none that makes sense. EXIF is a TIFF file: byte order,
 * 42, the offset of a directory of 12-byte entries (tag, type, count, value). */
static unsigned exif_orientation(const unsigned char *marker, size_t size) {
    enum { TIFF_HEADER = 8, ENTRY = 12, TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3 };
    if (size < 6 + TIFF_HEADER || memcmp(marker, "Exif\0\0", 6) != 0) return 1;
    const unsigned char *tiff = marker + 6;
    const size_t length = size - 6;
    const bool big_endian = tiff[0] == 'M';
    if (memcmp(tiff, big_endian ? "MM\0*" : "II*\0", 4) != 0) return 1;
    const size_t directory = exif_number(tiff + 4, 4, big_endian);
    if (directory > length - 2) return 1;
    const size_t entries = exif_number(tiff + directory, 2, big_endian);
    for (size_t i = 0; i < entries; i++) {
        const size_t at = directory + 2 + i * ENTRY;
        if (at + ENTRY > length) return 1;
        if (exif_number(tiff + at, 2, big_endian) != TAG_ORIENTATION) continue;
        const unsigned orientation = exif_number(tiff + at + 8, 2, big_endian);
        const bool is_short = exif_number(tiff + at + 2, 2, big_endian) == TYPE_SHORT;
        return is_short && orientation >= 1 && orientation <= 8 ? orientation : 1;
    }
    return 1;
}

/* Turns the image upright. Orientations 5 to 8 swap the sides; the name says where the stored first row and column are
 * shown: 2 top right, 3 bottom right, 4 bottom left, 5 left top, 6 right top, 7 right bottom, 8 left bottom. */
static ocellus_status turn_upright(struct image *image, unsigned orientation) {
    if (orientation == 1) return OCELLUS_OK;
    const bool swap = orientation >= 5;
    const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    const bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    const size_t width = image->width, height = image->height;
    struct image turned;
    TRY(image_create(swap ? height : width, swap ? width : height, &turned));
    for (size_t y = 0; y < turned.height; y++) {
        for (size_t x = 0; x < turned.width; x++) {
            size_t src_x = swap ? y : x, src_y = swap ? x : y;
            if (from_right) src_x = width - 1 - src_x;
            if (from_bottom) src_y = height - 1 - src_y;
            memcpy(turned.pixels + 3 * (y * turned.width + x), image->pixels + 3 * (src_y * width + src_x), 3);
        }
    }
    image_free(image);
    *image = turned;
    return OCELLUS_OK;
}

/* Runs inside the jump trap; returns a failure of our own, or jumps out on one of libjpeg's. */
static ocellus_status read_jpeg(struct jpeg_reading *reading, const unsigned char *bytes, size_t size) {
    struct jpeg_decompress_struct *jpeg = &reading->jpeg;
    jpeg_mem_src(jpeg, bytes, size);
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, MAX_MARKER);
    jpeg_read_header(jpeg, TRUE);
    TRY(image_check_size(jpeg->image_width, jpeg->image_height, reading->source));
    if (jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK) {
        return fail(OCELLUS_BAD_CONTENT, "%s: a JPEG in CMYK colours (expected RGB or grey)", reading->source);
    }
    unsigned orientation = 1;
    for (jpeg_saved_marker_ptr marker = jpeg->marker_list; marker && orientation == 1; marker = marker->next) {
        orientation = exif_orientation(marker->data, marker->data_length);
    }
    jpeg->out_color_space = JCS_RGB;
    jpeg_start_decompress(jpeg);
    TRY(image_create(jpeg->output_width, jpeg->output_height, reading->image));
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = reading->image->pixels + (size_t)jpeg->output_scanline * reading->image->width * 3;
        jpeg_read_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_decompress(jpeg);
    return turn_upright(reading->image, orientation);
}

ocellus_status image_decode_jpeg(const unsigned char *bytes, size_t size, const char *source, struct image *image) {
    *image = (struct image){0};
    struct jpeg_reading reading = {.source = source, .image = image, .status = OCELLUS_BAD_CONTENT};
    reading.jpeg.err = jpeg_std_error(&reading.errors);
    reading.errors.error_exit = on_error;
    reading.errors.emit_message = on_message;
    reading.progress.progress_monitor = on_progress;
    if (setjmp(reading.trap) == 0) {
        jpeg_create_decompress(&reading.jpeg);
        reading.jpeg.progress = &reading.progress;
        reading.status = read_jpeg(&reading, bytes, size);
    }
    jpeg_destroy_decompress(&reading.jpeg);
    if (reading.status != OCELLUS_OK) image_free(image);
    return reading.status;
}
