/* SPDX-License-Identifier: MIT */
/* For tests: folders of small pictures, each another. */
#ifndef TESTS_UNIT_MADE_PICTURES_H
#define TESTS_UNIT_MADE_PICTURES_H

#include "base/random.h"
#include "data/image_file.h"
#include "temporary.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

/* The folder of a path, and those above it. */
static inline void make_folder_of(const char *path) {
    char folder[FILE_PATH_SIZE];
    snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = '\0';
    assert_int_equal(folder_make(folder), OCELLUS_OK);
}

static inline void make_text(const char *root, const char *name, const char *text) {
    const char *path = temporary_path(root, name);
    make_folder_of(path);
    assert_int_equal(file_write(path, text, strlen(text)), OCELLUS_OK);
}

/* Noise by a number: no two look alike. `shade` is added to one pixel. */
static inline void make_shaded(const char *root, const char *name, uint32_t number, size_t side, uint8_t shade) {
    const char *path = temporary_path(root, name);
    struct image image;
    struct random_stream stream = random_at(11, RANDOM_TEST, 0, number);
    make_folder_of(path);
    assert_int_equal(image_create(side, side, &image), OCELLUS_OK);
    for (size_t i = 0; i < side * side * 3; i++)
        image.pixels[i] = (uint8_t)random_below(&stream, 256);
    image.pixels[5] = (uint8_t)(image.pixels[5] + shade);
    assert_int_equal(image_write_png(path, &image), OCELLUS_OK);
    image_free(&image);
}

static inline void make_picture(const char *root, const char *name, uint32_t number) {
    make_shaded(root, name, number, 16, 0);
}

/* As if it had not changed for an hour. */
static inline void make_old(const char *root, const char *name) {
    const struct timespec times[2] = {{.tv_sec = time(NULL) - 3600, .tv_nsec = 5},
                                      {.tv_sec = time(NULL) - 3600, .tv_nsec = 5}};
    assert_int_equal(utimensat(AT_FDCWD, temporary_path(root, name), times, 0), 0);
}

#endif
