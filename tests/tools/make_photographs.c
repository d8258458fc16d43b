/* SPDX-License-Identifier: MIT */
/* make_photographs OUT [--batch FILE] [--learn N] [--judge M] [--damaged K] [--large] [--seed S]: folders of photographs as
 * people have them, OUT/learn/CLASS/NAME and OUT/judge/CLASS/NAME, made of the pictures of one batch of CIFAR-10 (the fifth in
 * the cache): of mixed sizes and aspects, as PNG, baseline and progressive JPEG, grey, CMYK and YCCK JPEG, WebP where the
 * build has it, some of them lying on a side with an EXIF orientation. The classes take turns: the first N pictures are to learn
 * from, the next M to judge by, and K more lie damaged among the first. --large: JPEGs of 12 megapixels.
 * The same arguments give the same files. */
#include "base/files.h"
#include "base/folders.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/text.h"
#include "data/image_png.h"
#include "data/image_upright.h"
#include "data/resize.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#ifdef OCELLUS_WEBP
#include <webp/encode.h>
#endif

enum { CLASSES = 10, SIDE = 32, PLANE = SIDE * SIDE, RECORD = 1 + 3 * PLANE, MOST_RECORDS = 10000 };

static const char *const class_names[CLASSES] = {"airplane", "automobile", "bird",  "cat",  "deer",
                                                 "dog",      "frog",       "horse", "ship", "truck"};

enum form { PNG_FORM, BASELINE, PROGRESSIVE, GREY, CMYK, YCCK, WEBP, WEBP_LOSSLESS, FORMS };
static const char *const form_names[FORMS] = {
    "PNG", "baseline JPEG", "progressive JPEG", "grey JPEG", "CMYK JPEG", "YCCK JPEG", "WebP", "lossless WebP"};

enum damage { WHOLE, CUT, WRONG_BYTES, EMPTY, TEXT, DAMAGES };
static const char *const damage_names[DAMAGES] = {
    [CUT] = "cut", [WRONG_BYTES] = "with wrong bytes", [EMPTY] = "empty", [TEXT] = "a text named .jpg"};

static struct {
    const char *out, *batch;
    uint64_t learn, judge, damaged, seed;
    int large;
} wanted = {.seed = 1};

/* A file in the making; `bytes` by malloc(). */
struct file {
    unsigned char *bytes;
    size_t size;
    enum form form;
    unsigned orientation;
};

static _Noreturn void die(void) {
    fprintf(stderr, "make_photographs: %s\n", status_message());
    exit(4);
}

static _Noreturn void usage(void) {
    fprintf(stderr, "usage: make_photographs OUT [--batch FILE] [--learn N] [--judge M] [--damaged K] [--large] "
                    "[--seed S]\n");
    exit(2);
}

/* --- The picture --- */

static unsigned between(struct random_stream *random, unsigned low, unsigned high) {
    return low + random_below(random, high - low + 1);
}

/* Sides of 120 to 640 pixels, at most 3 : 2; 4000 x 3000 or 3000 x 4000 when large. */
static void draw_size(struct random_stream *random, size_t *width, size_t *height) {
    const unsigned longer = wanted.large ? 4000 : between(random, 180, 640);
    const unsigned shorter = wanted.large ? 3000 : between(random, (longer * 2 + 2) / 3, longer);
    const bool upright = random_below(random, 2);
    *width = upright ? shorter : longer;
    *height = upright ? longer : shorter;
}

static void enlarge(const unsigned char *record, struct random_stream *random, struct image *image) {
    struct image small;
    size_t width, height;
    draw_size(random, &width, &height);
    if (image_create(SIDE, SIDE, &small) != OCELLUS_OK) die();
    for (size_t i = 0; i < PLANE; i++)
        for (size_t c = 0; c < 3; c++)
            small.pixels[3 * i + c] = record[1 + c * PLANE + i];
    if (image_resize(&small, width, height, image) != OCELLUS_OK) die();
    image_free(&small);
}

/* As the camera stores it that was held so that the orientation turns it upright. */
static void lay_down(struct image *image, unsigned orientation) {
    static const unsigned back[] = {[6] = 8, [8] = 6};
    const unsigned turn = orientation == 6 || orientation == 8 ? back[orientation] : orientation;
    if (image_turn_upright(image, turn) != OCELLUS_OK) die();
}

/* --- Its file --- */

/* Inks as Adobe stores them, 255 for none, with as much black as there can be. */
static void to_inks(const uint8_t *rgb, unsigned char *cmyk) {
    const unsigned black = rgb[0] > rgb[1] ? (rgb[0] > rgb[2] ? rgb[0] : rgb[2]) : (rgb[1] > rgb[2] ? rgb[1] : rgb[2]);
    for (size_t c = 0; c < 3; c++)
        cmyk[c] = (unsigned char)(black ? (rgb[c] * 255u + black / 2) / black : 255);
    cmyk[3] = (unsigned char)black;
}

static void put_orientation(struct jpeg_compress_struct *jpeg, unsigned orientation) {
    const unsigned char exif[] = {'E', 'x', 'i', 'f', 0,  0, 'M', 'M', 0, '*', 0, 0, 0,
                                  8,   0,   1,   1,   18, 0, 3,   0,   0, 0,   1, 0, (unsigned char)orientation,
                                  0,   0,   0,   0,   0,  0};
    jpeg_write_marker(jpeg, JPEG_APP0 + 1, exif, sizeof exif);
}

static void set_colours(struct jpeg_compress_struct *jpeg, enum form form) {
    const bool inks = form == CMYK || form == YCCK;
    jpeg->input_components = inks ? 4 : 3;
    jpeg->in_color_space = inks ? JCS_CMYK : JCS_RGB;
    jpeg_set_defaults(jpeg);
    if (form == GREY) jpeg_set_colorspace(jpeg, JCS_GRAYSCALE);
    if (form == YCCK) jpeg_set_colorspace(jpeg, JCS_YCCK);
    if (form == PROGRESSIVE) jpeg_simple_progression(jpeg);
}

static void encode_jpeg(const struct image *image, int quality, struct file *file) {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors; /* the usual one ends the program */
    unsigned long size = 0;
    unsigned char *row = memory_allocate(image->width, 4);
    if (!row) die();
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &file->bytes, &size);
    jpeg.image_width = (JDIMENSION)image->width;
    jpeg.image_height = (JDIMENSION)image->height;
    set_colours(&jpeg, file->form);
    jpeg_set_quality(&jpeg, quality, TRUE);
    jpeg_start_compress(&jpeg, TRUE);
    if (file->orientation) put_orientation(&jpeg, file->orientation);
    while (jpeg.next_scanline < jpeg.image_height) {
        const uint8_t *rgb = image->pixels + (size_t)jpeg.next_scanline * image->width * 3;
        for (size_t x = 0; x < image->width; x++) {
            if (jpeg.input_components == 4) to_inks(rgb + 3 * x, row + 4 * x);
            else memcpy(row + 3 * x, rgb + 3 * x, 3);
        }
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    memory_free(row);
    file->size = size;
}

static void encode_webp(const struct image *image, int quality, struct file *file) {
#ifdef OCELLUS_WEBP
    const int width = (int)image->width, height = (int)image->height;
    uint8_t *bytes = NULL;
    if (file->form == WEBP) file->size = WebPEncodeRGB(image->pixels, width, height, 3 * width, (float)quality, &bytes);
    else file->size = WebPEncodeLosslessRGB(image->pixels, width, height, 3 * width, &bytes);
    file->bytes = malloc(file->size);
    if (!file->size || !file->bytes) die();
    memcpy(file->bytes, bytes, file->size);
    WebPFree(bytes);
#else
    (void)image, (void)quality, (void)file;
    abort(); /* draw_form() draws none */
#endif
}

/* Of a hundred pictures, how many are of each form. */
static enum form draw_form(struct random_stream *random) {
    static const unsigned shares[FORMS] = {20, 36, 16, 4, 4, 4, 13, 3};
    unsigned at = random_below(random, 100), form = 0;
    if (wanted.large) return at < 80 ? BASELINE : PROGRESSIVE;
    while (at >= shares[form])
        at -= shares[form++];
#ifndef OCELLUS_WEBP
    if (form == WEBP || form == WEBP_LOSSLESS) return BASELINE;
#endif
    return (enum form)form;
}

static bool is_jpeg(enum form form) {
    return form >= BASELINE && form <= YCCK;
}

static void encode(struct image *image, struct random_stream *random, struct file *file) {
    const int quality = (int)between(random, 60, 95);
    if (is_jpeg(file->form)) {
        if (random_below(random, 4) == 0) {
            file->orientation = between(random, 1, 8);
            lay_down(image, file->orientation);
        }
        encode_jpeg(image, quality, file);
    } else if (file->form == PNG_FORM) {
        if (image_encode_png(image, &file->bytes, &file->size) != OCELLUS_OK) die();
    } else {
        encode_webp(image, quality, file);
    }
}

/* Damage that every reader can tell: JPEG has no checksum, so that wrong bytes are put into PNGs. */
static void spoil(enum damage damage, struct random_stream *random, struct file *file) {
    static const char text[] = "This is no picture.\n";
    if (damage == CUT) file->size = file->size * between(random, 20, 80) / 100;
    if (damage == WRONG_BYTES) memset(file->bytes + file->size / 2, 0x55, 32);
    if (damage == EMPTY) file->size = 0;
    if (damage == TEXT) {
        memcpy(file->bytes, text, sizeof text - 1);
        file->size = sizeof text - 1;
        file->form = BASELINE; /* by its name */
    }
}

static const char *ending(const struct file *file) {
    if (file->form == PNG_FORM) return "png";
    if (file->form == WEBP || file->form == WEBP_LOSSLESS) return "webp";
    if (file->orientation) return "JPG"; /* as cameras have it */
    return file->form == PROGRESSIVE ? "jpeg" : "jpg";
}

static void make_photograph(const char *part, const unsigned char *record, size_t index, enum damage damage,
                            size_t counts[FORMS]) {
    struct random_stream random = random_at(wanted.seed, RANDOM_TEST, 0, (uint32_t)index);
    struct image image;
    struct file file = {0};
    enlarge(record, &random, &image);
    file.form = draw_form(&random);
    if (damage == WRONG_BYTES) file.form = PNG_FORM;
    encode(&image, &random, &file);
    if (!damage) counts[file.form]++;
    spoil(damage, &random, &file);
    char folder[FILE_PATH_SIZE], name[96], path[FILE_PATH_SIZE];
    snprintf(name, sizeof name, "%s/%s", part, class_names[record[0]]);
    if (path_join(folder, wanted.out, name) != OCELLUS_OK || folder_make(folder) != OCELLUS_OK) die();
    snprintf(name, sizeof name, "photo-%05zu.%s", index, ending(&file));
    if (path_join(path, folder, name) != OCELLUS_OK) die();
    FILE *stream = fopen(path, "wbx"); /* no flush to the disk for each of thousands */
    bool written = stream && fwrite(file.bytes, 1, file.size, stream) == file.size;
    if (stream && fclose(stream) != 0) written = false;
    if (!written) {
        fprintf(stderr, "make_photographs: %s: cannot write a new file\n", path);
        exit(4);
    }
    free(file.bytes);
    image_free(&image);
}

/* --- Which --- */

/* The batch's pictures with the classes taking turns: their places in the file. */
static size_t take_turns(const unsigned char *records, size_t count, size_t order[MOST_RECORDS]) {
    size_t at[CLASSES] = {0}, taken = 0;
    while (taken < count) {
        for (size_t class = 0; class < CLASSES; class ++) {
            while (at[class] < count && records[at[class] * RECORD] != class)
                at[class]++;
            if (at[class] < count) order[taken++] = at[class]++;
        }
    }
    return taken;
}

static void make_part(const char *part, const unsigned char *records, const size_t *order, size_t count, bool damaged) {
    size_t counts[FORMS] = {0}, spoilt[DAMAGES] = {0};
    for (size_t i = 0; i < count; i++) {
        const enum damage damage = damaged ? (enum damage)(1 + i % (DAMAGES - 1)) : WHOLE;
        make_photograph(part, records + order[i] * RECORD, order[i], damage, counts);
        spoilt[damage]++;
    }
    if (count == 0) return;
    printf("%s: %zu %s:", part, count, damaged ? "damaged" : "photographs");
    const char *between_them = " ";
    for (size_t i = 0; i < (damaged ? (size_t)DAMAGES : (size_t)FORMS); i++) {
        const size_t number = damaged ? spoilt[i] : counts[i];
        if (number > 0) printf("%s%zu %s", between_them, number, damaged ? damage_names[i] : form_names[i]);
        if (number > 0) between_them = ", ";
    }
    printf("\n");
}

static void parse(int argc, char **argv) {
    static const struct option options[] = {
        {"batch", required_argument, NULL, 'b'},
        {"learn", required_argument, NULL, 'l'},
        {"judge", required_argument, NULL, 'j'},
        {"damaged", required_argument, NULL, 'd'},
        {"seed", required_argument, NULL, 's'},
        {"large", no_argument, &wanted.large, 1},
        {0},
    };
    for (int letter; (letter = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        uint64_t *number = letter == 'l'   ? &wanted.learn
                           : letter == 'j' ? &wanted.judge
                           : letter == 'd' ? &wanted.damaged
                           : letter == 's' ? &wanted.seed
                                           : NULL;
        if (letter == 'b') wanted.batch = optarg;
        else if (letter == '?' || (number && !text_to_unsigned(optarg, number))) usage();
    }
    if (optind + 1 != argc) usage();
    wanted.out = argv[optind];
}

int main(int argc, char **argv) {
    static size_t order[MOST_RECORDS];
    char cache[FILE_PATH_SIZE], path[FILE_PATH_SIZE];
    parse(argc, argv);
    if (!wanted.batch) {
        if (folder_cache(cache) != OCELLUS_OK || path_join(path, cache, "cifar10/data_batch_5.bin") != OCELLUS_OK)
            die();
        wanted.batch = path;
    }
    unsigned char *records = NULL;
    size_t size = 0;
    if (file_read(wanted.batch, (size_t)MOST_RECORDS * RECORD, &records, &size) != OCELLUS_OK) die();
    const size_t count = size / RECORD;
    for (size_t i = 0; i < count; i++)
        if (records[i * RECORD] >= CLASSES) fail(OCELLUS_BAD_CONTENT, "%s: a label above 9", wanted.batch), die();
    take_turns(records, count, order);
    if (wanted.learn > count || wanted.judge > count - wanted.learn ||
        wanted.damaged > count - wanted.learn - wanted.judge) {
        fail(OCELLUS_USAGE, "%s: only %zu pictures", wanted.batch, count);
        die();
    }
    make_part("learn", records, order, wanted.learn, false);
    make_part("judge", records, order + wanted.learn, wanted.judge, false);
    make_part("learn", records, order + wanted.learn + wanted.judge, wanted.damaged, true);
    free(records);
    return 0;
}
