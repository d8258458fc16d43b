/* SPDX-License-Identifier: MIT */
/* JPEG, over libjpeg-turbo, which is named here alone. libjpeg leaves on an error by longjmp; what must survive that
 * lives in a struct, not in locals. */
#include "data/image_jpeg.h"

#include "base/memory.h"
#include "data/image_upright.h"

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
    const struct picture_wish *wish; /* NULL: none */
    struct image *image;
    unsigned char *inks; /* a row of CMYK; only where those are the colours */
    unsigned orientation;
    bool has_pixels;                 /* every one, and what follows in the file can say nothing of them */
    char doubt[JMSG_LENGTH_MAX + 1]; /* the first harmless warning; "" for none */
    ocellus_status status;
};

/* What libjpeg warns of: data was missing or wrong, and it went on. What is not here is refused. */
static bool leaves_pixels_known(const struct jpeg_reading *reading) {
    switch (reading->errors.msg_code) {
    case JWRN_JFIF_MAJOR:     /* the numbers say nothing of the pixels */
    case JWRN_ADOBE_XFORM:    /* an unknown code means the colours that every reader takes then */
    case JWRN_NOT_SEQUENTIAL: /* fields that have one right value and no use here; many old files hold zeros */
        return true;
    /* Blocks that lack bits, and codes that do not exist, warn by themselves. Not in arithmetic coding: it reads on
     * with zeros, and bytes left over are all that damage shows. */
    case JWRN_EXTRANEOUS_DATA: /* between two segments, or after the last block of a scan */
    case JWRN_JPEG_EOF:        /* no end: whether each scan came is looked at later */
        return !reading->jpeg.arith_code;
    case JWRN_HUFF_BAD_CODE:     /* blocks are invented */
    case JWRN_HIT_MARKER:        /* blocks are missing */
    case JWRN_MUST_RESYNC:       /* a restart marker is missing: blocks are lost */
    case JWRN_BOGUS_PROGRESSION: /* scans contradict each other */
    case JWRN_TOO_MUCH_DATA:     /* a fault of this file's */
    default:                     /* JWRN_ARITH_BAD_CODE too; its number depends on how libjpeg was built */
        return false;
    }
}

static void on_error(j_common_ptr jpeg) {
    struct jpeg_reading *reading = (struct jpeg_reading *)jpeg->err;
    char message[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, message);
    if (reading->has_pixels) {
        if (!*reading->doubt) memcpy(reading->doubt, message, sizeof message);
        longjmp(reading->trap, 1);
    }
    if (jpeg->err->msg_code == JERR_OUT_OF_MEMORY)
        reading->status = fail(OCELLUS_IO, "%s: no memory to decode it", reading->source);
    else reading->status = fail(OCELLUS_BAD_CONTENT, "%s: damaged JPEG: %s", reading->source, message);
    longjmp(reading->trap, 1);
}

/* Level -1 is a warning; the rest is chatter. */
static void on_message(j_common_ptr jpeg, int level) {
    struct jpeg_reading *reading = (struct jpeg_reading *)jpeg->err;
    if (level >= 0) return;
    if (!leaves_pixels_known(reading)) on_error(jpeg);
    if (!*reading->doubt) jpeg->err->format_message(jpeg, reading->doubt);
}

static void on_progress(j_common_ptr jpeg) {
    struct jpeg_reading *reading = (struct jpeg_reading *)jpeg->err;
    if (reading->jpeg.input_scan_number <= MAX_SCANS) return;
    reading->status = fail(OCELLUS_BAD_CONTENT, "%s: more than %d scans", reading->source, MAX_SCANS);
    longjmp(reading->trap, 1);
}

/* Whether all coefficients of all components came. libjpeg does not tell when a whole scan is missing; a file with one
 * scan for everything that ended too early within it has been refused before. */
static bool every_scan_came(struct jpeg_decompress_struct *jpeg) {
    if (!jpeg_has_multiple_scans(jpeg)) return true;
    for (int i = 0; i < jpeg->num_components; i++) {
        if (!jpeg->comp_info[i].quant_table) return false; /* kept when its first scan begins */
        for (int k = 0; jpeg->progressive_mode && k < DCTSIZE2; k++) {
            if (jpeg->coef_bits[i][k] != 0) return false; /* the bits to come; -1: none came */
        }
    }
    return true;
}

/* The smallest scale that is enough; the sides are wished for as they are when the picture stands upright. */
static void choose_scale(struct jpeg_reading *reading) {
    struct jpeg_decompress_struct *jpeg = &reading->jpeg;
    const bool lies = reading->orientation >= 5;
    const size_t width = lies ? reading->wish->height : reading->wish->width,
                 height = lies ? reading->wish->width : reading->wish->height;
    jpeg->scale_denom = 8;
    for (jpeg->scale_num = 1; jpeg->scale_num < 8; jpeg->scale_num *= 2) {
        jpeg_calc_output_dimensions(jpeg);
        if (jpeg->output_width >= width && jpeg->output_height >= height) return;
    }
}

static void inks_to_rgb(const unsigned char *inks, size_t width, uint8_t *rgb) {
    for (size_t x = 0; x < width; x++) {
        for (size_t c = 0; c < 3; c++)
            rgb[3 * x + c] = (uint8_t)((inks[4 * x + c] * inks[4 * x + 3] + 127) / 255);
    }
}

/* Inside the jump trap; after the header. */
static ocellus_status read_rows(struct jpeg_reading *reading) {
    struct jpeg_decompress_struct *jpeg = &reading->jpeg;
    const bool inks = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
    jpeg->out_color_space = inks ? JCS_CMYK : JCS_RGB;
    if (reading->wish) choose_scale(reading);
    jpeg_start_decompress(jpeg);
    const size_t width = jpeg->output_width;
    TRY(image_create(width, jpeg->output_height, reading->image));
    if (inks && !(reading->inks = memory_allocate(width, 4))) return OCELLUS_IO;
    while (jpeg->output_scanline < jpeg->output_height) {
        uint8_t *rgb = reading->image->pixels + (size_t)jpeg->output_scanline * width * 3;
        JSAMPROW row = inks ? reading->inks : rgb;
        jpeg_read_scanlines(jpeg, &row, 1);
        if (inks) inks_to_rgb(row, width, rgb);
    }
    return OCELLUS_OK;
}

/* Runs inside the jump trap; returns a failure of our own, or jumps out on one of libjpeg's. */
static ocellus_status read_jpeg(struct jpeg_reading *reading, const unsigned char *bytes, size_t size) {
    struct jpeg_decompress_struct *jpeg = &reading->jpeg;
    jpeg_mem_src(jpeg, bytes, size);
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, MAX_MARKER);
    jpeg_read_header(jpeg, TRUE);
    TRY(image_check_size(jpeg->image_width, jpeg->image_height, reading->source));
    for (jpeg_saved_marker_ptr marker = jpeg->marker_list; marker && reading->orientation == 1; marker = marker->next) {
        reading->orientation = image_exif_orientation(marker->data, marker->data_length);
    }
    TRY(read_rows(reading));
    if (*reading->doubt && !every_scan_came(jpeg)) {
        return fail(OCELLUS_BAD_CONTENT, "%s: damaged JPEG: %s", reading->source, reading->doubt);
    }
    reading->status = OCELLUS_OK;
    reading->has_pixels = !jpeg->arith_code;
    jpeg_finish_decompress(jpeg);
    return OCELLUS_OK;
}

ocellus_status image_decode_jpeg(const unsigned char *bytes, size_t size, const char *source,
                                 const struct picture_wish *wish, struct image *image) {
    *image = (struct image){0};
    struct jpeg_reading reading = {
        .source = source, .wish = wish, .image = image, .orientation = 1, .status = OCELLUS_BAD_CONTENT};
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
    memory_free(reading.inks);
    if (reading.status == OCELLUS_OK) reading.status = image_turn_upright(image, reading.orientation);
    if (reading.status != OCELLUS_OK) image_free(image);
    else if (*reading.doubt) image_tell_doubt(source, reading.doubt);
    return reading.status;
}
