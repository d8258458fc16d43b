/* SPDX-License-Identifier: MIT */
#include "data/source.h"

#include "base/memory.h"
#include "base/sizes.h"

#include <stdio.h>
#include <string.h>

void picture_free(struct picture *picture) {
    memory_free(picture->room);
    *picture = (struct picture){0};
}

ocellus_status picture_make_room(struct picture *picture, size_t height, size_t width, size_t channels,
                                 uint8_t **pixels) {
    size_t size;
    if (!size_multiply(height, width, &size) || !size_multiply(size, channels, &size))
        return fail(OCELLUS_BAD_CONTENT, "%zu x %zu pixels are too many", width, height);
    if (size > picture->room_size) {
        uint8_t *room = memory_allocate(size, 1);
        if (!room) return OCELLUS_IO;
        memory_free(picture->room);
        picture->room = room;
        picture->room_size = size;
    }
    picture->height = height;
    picture->width = width;
    picture->channels = channels;
    picture->pixels = *pixels = picture->room;
    return OCELLUS_OK;
}

bool picture_is_grey(const struct picture *picture) {
    const size_t channels = picture->channels, pixels = picture->height * picture->width;
    for (size_t i = 0; i < pixels && channels >= 3; i++) {
        const uint8_t *pixel = picture->pixels + i * channels;
        if (pixel[0] != pixel[1] || pixel[1] != pixel[2]) return false;
    }
    return true;
}

void source_close(struct source *source) {
    if (!source) return;
    for (size_t i = 0; source->class_names && i < source->classes; i++)
        memory_free(source->class_names[i]);
    memory_free(source->class_names);
    source->type->close(source);
}

ocellus_status source_read(const struct source *source, size_t index, const struct picture_wish *wish,
                           struct picture *picture) {
    const ocellus_status status = source->type->read(source, index, wish, picture);
    if (status == OCELLUS_OK) return OCELLUS_OK;
    const char *between = *source->split ? ", " : "", *name = source_picture_name(source, index);
    if (name) return fail_within(status, "%s%s%s: %s", source->name, between, source->split, name);
    return fail_within(status, "%s%s%s: image %zu", source->name, between, source->split, index);
}

const char *source_picture_name(const struct source *source, size_t index) {
    return source->type->name ? source->type->name(source, index) : NULL;
}

struct target source_target(const struct source *source, size_t index) {
    return source->type->target(source, index);
}

size_t source_label(const struct source *source, size_t index) {
    return source_target(source, index).classes[0];
}

static void add_number(struct sha256 *hash, size_t number) {
    unsigned char bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)((uint64_t)number >> 8 * i);
    sha256_add(hash, bytes, sizeof bytes);
}

/* Every number is in front of what it counts, so that no two sources give the same bytes. */
ocellus_status source_identity(const struct source *source, char identity[SHA256_TEXT_SIZE]) {
    memcpy(identity, source->identity, SHA256_TEXT_SIZE);
    if (*identity) return OCELLUS_OK;
    struct sha256 hash;
    struct picture picture = {0};
    ocellus_status status = OCELLUS_OK;
    sha256_begin(&hash);
    add_number(&hash, source->count);
    add_number(&hash, source->classes);
    for (size_t i = 0; i < source->count && status == OCELLUS_OK; i++) {
        status = source_read(source, i, NULL, &picture);
        if (status != OCELLUS_OK) break;
        add_number(&hash, picture.height);
        add_number(&hash, picture.width);
        add_number(&hash, picture.channels);
        sha256_add(&hash, picture.pixels, picture.height * picture.width * picture.channels);
        const struct target target = source_target(source, i);
        add_number(&hash, target.count);
        for (size_t c = 0; c < target.count; c++)
            add_number(&hash, target.classes[c]);
    }
    sha256_end(&hash, identity);
    if (status != OCELLUS_OK) *identity = '\0';
    picture_free(&picture);
    return status;
}

ocellus_status source_set_class_names(struct source *source, const char *const *names) {
    source->class_names = memory_allocate(source->classes, sizeof *source->class_names);
    if (!source->class_names) return OCELLUS_IO;
    for (size_t i = 0; i < source->classes; i++) {
        source->class_names[i] = memory_copy_text(names[i]);
        if (!source->class_names[i]) return OCELLUS_IO;
    }
    return OCELLUS_OK;
}

void source_shape_text(const struct source *source, char out[96]) {
    const size_t sides[] = {source->height, source->width, source->channels};
    int used = snprintf(out, 96, "(%zu", source->count);
    for (size_t i = 0; i < 3; i++)
        used += sides[i] ? snprintf(out + used, 96 - (size_t)used, ", %zu", sides[i])
                         : snprintf(out + used, 96 - (size_t)used, ", ?");
    snprintf(out + used, 96 - (size_t)used, ")");
}
