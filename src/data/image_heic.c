/* SPDX-License-Identifier: MIT */
/* HEIC, over libheif, which is named here alone. */
#include "data/image_heic.h"

#ifdef OCELLUS_HEIC

#include <stdbool.h>
#include <string.h>

#include <libheif/heif.h>

struct heic_reading {
    const char *source;
    struct heif_context *context;
    struct heif_image_handle *handle;
    struct heif_decoding_options *options;
    struct heif_image *picture;
};

static ocellus_status judge(const struct heic_reading *reading, struct heif_error error) {
    if (error.code == heif_error_Ok) return OCELLUS_OK;
    if (error.code == heif_error_Memory_allocation_error && error.subcode != heif_suberror_Security_limit_exceeded)
        return fail(OCELLUS_IO, "%s: no memory to decode it", reading->source);
    return fail(OCELLUS_BAD_CONTENT, "%s: damaged HEIC: %s", reading->source, error.message);
}

static ocellus_status copy_pixels(const struct heic_reading *reading, bool alpha, struct image *image) {
    int stride = 0;
    const uint8_t *plane = heif_image_get_plane_readonly(reading->picture, heif_channel_interleaved, &stride);
    const int width = heif_image_get_width(reading->picture, heif_channel_interleaved),
              height = heif_image_get_height(reading->picture, heif_channel_interleaved);
    if (!plane || width < 1 || height < 1)
        return fail(OCELLUS_BAD_CONTENT, "%s: damaged HEIC: no pixels", reading->source);
    TRY(image_check_size((uint64_t)width, (uint64_t)height, reading->source));
    TRY(image_create((size_t)width, (size_t)height, image));
    for (size_t y = 0; y < image->height; y++) {
        const uint8_t *row = plane + y * (size_t)stride;
        uint8_t *rgb = image->pixels + y * image->width * 3;
        if (alpha) image_blend_over_white(row, image->width, rgb);
        else memcpy(rgb, row, image->width * 3);
    }
    return OCELLUS_OK;
}

static ocellus_status read_heic(struct heic_reading *reading, const unsigned char *bytes, size_t size,
                                struct image *image) {
    reading->context = heif_context_alloc();
    reading->options = heif_decoding_options_alloc();
    if (!reading->context || !reading->options) return fail(OCELLUS_IO, "%s: no memory to decode it", reading->source);
    heif_context_set_maximum_image_size_limit(reading->context, 8192); /* squared: IMAGE_MAX_PIXELS */
    heif_context_set_max_decoding_threads(reading->context, 0);
    TRY(judge(reading, heif_context_read_from_memory_without_copy(reading->context, bytes, size, NULL)));
    TRY(judge(reading, heif_context_get_primary_image_handle(reading->context, &reading->handle)));
    const int width = heif_image_handle_get_width(reading->handle),
              height = heif_image_handle_get_height(reading->handle);
    TRY(image_check_size(width > 0 ? (uint64_t)width : 0, height > 0 ? (uint64_t)height : 0, reading->source));
    const bool alpha = heif_image_handle_has_alpha_channel(reading->handle);
    reading->options->strict_decoding = 1;
    reading->options->convert_hdr_to_8bit = 1;
    TRY(judge(reading,
              heif_decode_image(reading->handle, &reading->picture, heif_colorspace_RGB,
                                alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB, reading->options)));
    return copy_pixels(reading, alpha, image);
}

ocellus_status image_decode_heic(const unsigned char *bytes, size_t size, const char *source, struct image *image) {
    struct heic_reading reading = {.source = source};
    *image = (struct image){0};
    const ocellus_status status = read_heic(&reading, bytes, size, image);
    if (status != OCELLUS_OK) image_free(image);
    if (reading.picture) heif_image_release(reading.picture);
    if (reading.handle) heif_image_handle_release(reading.handle);
    if (reading.options) heif_decoding_options_free(reading.options);
    if (reading.context) heif_context_free(reading.context);
    return status;
}

#else
typedef int image_heic_is_off;
#endif
