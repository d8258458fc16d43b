/* SPDX-License-Identifier: MIT */
/* WebP, over libwebp, which is named here alone. A file is a RIFF list of chunks: "VP8 " or "VP8L" alone, or after "VP8X" (the
 * canvas) with "ALPH", "ANMF" (a frame: its place, then such chunks) and "EXIF". libwebp decodes the bits of one picture; the
 * list is walked here, so that whatever is missing from it is seen. */
#include "data/image_webp.h"

#ifdef OCELLUS_WEBP

#include "base/memory.h"
#include "data/image_upright.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <webp/decode.h>

enum { RIFF_HEADER = 12, CHUNK_HEADER = 8, CANVAS_SIZE = 10, FRAME_HEADER = 16 };

/* A piece of the file. */
struct piece {
    const unsigned char *bytes;
    size_t size;
};

struct webp_parts {
    struct piece picture; /* what libwebp decodes: the whole file, or what an animation's first frame holds */
    struct piece exif;    /* {0}: none */
    size_t width, height; /* of the canvas; 0: the picture is all */
    size_t left, top;     /* where the picture lies on it */
    bool framed;          /* an animation's */
    bool has_pixels;      /* there was a chunk that holds them */
};

static size_t number_at(const unsigned char *bytes, size_t size) {
    size_t number = 0;
    for (size_t i = size; i > 0; i--)
        number = number << 8 | bytes[i - 1];
    return number;
}

static ocellus_status fail_damaged(const char *source, const char *what) {
    return fail(OCELLUS_BAD_CONTENT, "%s: damaged WebP: %s", source, what);
}

/* An animation's first frame: its place, in steps of two pixels, then its size, which its bits say too. */
static ocellus_status take_frame(struct piece chunk, const char *source, struct webp_parts *parts) {
    if (chunk.size < FRAME_HEADER) return fail_damaged(source, "a frame without its place");
    parts->left = 2 * number_at(chunk.bytes, 3);
    parts->top = 2 * number_at(chunk.bytes + 3, 3);
    parts->picture = (struct piece){chunk.bytes + FRAME_HEADER, chunk.size - FRAME_HEADER};
    parts->framed = parts->has_pixels = true;
    return OCELLUS_OK;
}

static ocellus_status take_chunk(const unsigned char *name, struct piece chunk, const char *source,
                                 struct webp_parts *parts) {
    if (memcmp(name, "VP8X", 4) == 0) {
        if (chunk.size < CANVAS_SIZE) return fail_damaged(source, "a canvas without its size");
        parts->width = 1 + number_at(chunk.bytes + 4, 3);
        parts->height = 1 + number_at(chunk.bytes + 7, 3);
    } else if (memcmp(name, "ANMF", 4) == 0) {
        if (!parts->has_pixels) return take_frame(chunk, source, parts);
    } else if (memcmp(name, "VP8 ", 4) == 0 || memcmp(name, "VP8L", 4) == 0) {
        parts->has_pixels = true;
    } else if (memcmp(name, "EXIF", 4) == 0 && !parts->exif.bytes) {
        parts->exif = chunk;
    }
    return OCELLUS_OK;
}

/* Walks the list, all of which must be there. What lies behind it is nobody's. */
static ocellus_status find_parts(const unsigned char *bytes, size_t size, const char *source,
                                 struct webp_parts *parts) {
    *parts = (struct webp_parts){0};
    if (size < RIFF_HEADER || memcmp(bytes, "RIFF", 4) != 0) return fail_damaged(source, "no list of chunks");
    const size_t claimed = number_at(bytes + 4, 4);
    if (claimed < 4 || claimed > size - CHUNK_HEADER) return fail_damaged(source, "the file ends too early");
    const size_t end = CHUNK_HEADER + claimed;
    parts->picture = (struct piece){bytes, end};
    for (size_t at = RIFF_HEADER; end - at >= CHUNK_HEADER;) {
        const size_t length = number_at(bytes + at + 4, 4), rest = end - at - CHUNK_HEADER;
        if (length > rest) return fail_damaged(source, "a chunk ends too early");
        TRY(take_chunk(bytes + at, (struct piece){bytes + at + CHUNK_HEADER, length}, source, parts));
        at += CHUNK_HEADER + length + (length % 2 && length < rest);
    }
    return parts->has_pixels ? OCELLUS_OK : fail_damaged(source, "no picture in it");
}

/* libwebp tells a lack of memory for alpha as damage; malloc() leaves it in errno. */
static ocellus_status fail_code(const char *source, VP8StatusCode code) {
    static const char *const words[] = {[VP8_STATUS_BITSTREAM_ERROR] = "bad codes",
                                        [VP8_STATUS_UNSUPPORTED_FEATURE] = "a feature that no decoder knows",
                                        [VP8_STATUS_SUSPENDED] = "the picture ends too early",
                                        [VP8_STATUS_NOT_ENOUGH_DATA] = "the picture ends too early"};
    if (code == VP8_STATUS_OUT_OF_MEMORY || errno == ENOMEM)
        return fail(OCELLUS_IO, "%s: no memory to decode it", source);
    const size_t index = (size_t)code;
    return fail_damaged(source, index < sizeof words / sizeof *words && words[index] ? words[index] : "bad codes");
}

/* Into `pixels`, of 3 values each, or 4 with `alpha`. */
static ocellus_status decode(const struct webp_parts *parts, const char *source, bool alpha, size_t width,
                             size_t height, uint8_t *pixels) {
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) return fail(OCELLUS_ERROR, "WebP: another libwebp than was built for");
    const size_t stride = width * (alpha ? 4 : 3);
    config.output.colorspace = alpha ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = pixels;
    config.output.u.RGBA.stride = (int)stride;
    config.output.u.RGBA.size = height * stride;
    errno = 0;
    const VP8StatusCode code = WebPDecode(parts->picture.bytes, parts->picture.size, &config);
    return code == VP8_STATUS_OK ? OCELLUS_OK : fail_code(source, code);
}

/* A picture with alpha, or a frame on its canvas, which is white and stays so outside. */
static ocellus_status decode_and_blend(const struct webp_parts *parts, const char *source, size_t width, size_t height,
                                       struct image *image) {
    uint8_t *rgba = memory_allocate(width * height, 4);
    if (!rgba) return OCELLUS_IO;
    const ocellus_status status = decode(parts, source, true, width, height, rgba);
    memset(image->pixels, 255, image->width * image->height * 3);
    for (size_t y = 0; status == OCELLUS_OK && y < height; y++) {
        uint8_t *row = image->pixels + ((parts->top + y) * image->width + parts->left) * 3;
        image_blend_over_white(rgba + y * width * 4, width, row);
    }
    memory_free(rgba);
    return status;
}

static ocellus_status read_webp(struct webp_parts *parts, const char *source, struct image *image) {
    WebPBitstreamFeatures features;
    errno = 0;
    const VP8StatusCode code = WebPGetFeatures(parts->picture.bytes, parts->picture.size, &features);
    if (code != VP8_STATUS_OK) return fail_code(source, code);
    const size_t width = (size_t)features.width, height = (size_t)features.height;
    if (!parts->framed) parts->width = width, parts->height = height; /* libwebp has compared the canvas with it */
    TRY(image_check_size(width, height, source));
    TRY(image_check_size(parts->width, parts->height, source));
    if (parts->left + width > parts->width || parts->top + height > parts->height)
        return fail_damaged(source, "a frame outside the canvas");
    TRY(image_create(parts->width, parts->height, image));
    if (parts->framed || features.has_alpha) return decode_and_blend(parts, source, width, height, image);
    return decode(parts, source, false, width, height, image->pixels);
}

ocellus_status image_decode_webp(const unsigned char *bytes, size_t size, const char *source, struct image *image) {
    struct webp_parts parts;
    *image = (struct image){0};
    TRY(find_parts(bytes, size, source, &parts));
    ocellus_status status = read_webp(&parts, source, image);
    if (status == OCELLUS_OK && parts.exif.bytes)
        status = image_turn_upright(image, image_exif_orientation(parts.exif.bytes, parts.exif.size));
    if (status != OCELLUS_OK) image_free(image);
    return status;
}

#else
typedef int image_webp_is_off;
#endif
