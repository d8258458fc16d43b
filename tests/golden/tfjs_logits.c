/* SPDX-License-Identifier: MIT */
/* A TensorFlow.js model beside TensorFlow.js itself (see the script `tfjs`).
 *   tfjs_logits pictures PIXELS SIDE COUNT PHOTOGRAPHS CIFAR   writes COUNT pictures of SIDE x SIDE, RGB bytes, resized by
 *                                                              our rule: the PNGs of a folder, then CIFAR-10's test images
 *   tfjs_logits compare PIXELS MODEL LOGITS                    runs the model on them, x / 255, and compares with the other
 *                                                              side's logits, float32 */
#include "app/network.h"
#include "base/files.h"
#include "data/image.h"
#include "data/image_file.h"
#include "data/resize.h"
#include "run/run_folder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CIFAR_SIDE = 32, CIFAR_PLANE = CIFAR_SIDE * CIFAR_SIDE, CIFAR_RECORD = 1 + 3 * CIFAR_PLANE };

static _Noreturn void die(void) {
    fprintf(stderr, "tfjs_logits: %s\n", status_message());
    exit(1);
}
static void check(ocellus_status status) {
    if (status != OCELLUS_OK) die();
}

/* Resizes a picture and writes it; frees it. */
static void put(FILE *stream, struct image *image, size_t side) {
    struct image resized = {0};
    check(image_resize(image, side, side, &resized));
    fwrite(resized.pixels, 3, side * side, stream);
    image_free(&resized);
    image_free(image);
}

static size_t put_photographs(FILE *stream, const char *folder, size_t side, size_t most) {
    char **names, path[FILE_PATH_SIZE];
    size_t count, done = 0;
    check(folder_names(folder, &names, &count));
    for (size_t i = 0; i < count && done < most; i++) {
        const char *end = strrchr(names[i], '.');
        struct image image = {0};
        if (!end || strcmp(end, ".png") != 0) continue;
        check(path_join(path, folder, names[i]));
        check(image_read(path, &image));
        put(stream, &image, side);
        done++;
    }
    names_free(names);
    return done;
}

/* Records of a label and three planes. */
static void put_cifar(FILE *stream, const char *path, size_t side, size_t count) {
    unsigned char *bytes;
    size_t size;
    check(file_read(path, (size_t)64 << 20, &bytes, &size));
    if (size < count * CIFAR_RECORD) check(fail(OCELLUS_BAD_CONTENT, "%s: too short", path));
    for (size_t i = 0; i < count; i++) {
        struct image image = {0};
        const unsigned char *planes = bytes + i * CIFAR_RECORD + 1;
        check(image_create(CIFAR_SIDE, CIFAR_SIDE, &image));
        for (size_t p = 0; p < 3 * CIFAR_PLANE; p++)
            image.pixels[p] = planes[p % 3 * CIFAR_PLANE + p / 3];
        put(stream, &image, side);
    }
    free(bytes);
}

static int write_pictures(char **words) {
    const size_t side = strtoul(words[1], NULL, 10), count = strtoul(words[2], NULL, 10);
    FILE *stream = fopen(words[0], "wb");
    if (!stream || side == 0) check(fail(OCELLUS_IO, "%s: cannot be written", words[0]));
    const size_t photographs = put_photographs(stream, words[3], side, count);
    put_cifar(stream, words[4], side, count - photographs);
    if (fclose(stream) != 0) check(fail(OCELLUS_IO, "%s: cannot be written", words[0]));
    printf("%zu photographs and %zu images of CIFAR-10, %zu x %zu\n", photographs, count - photographs, side, side);
    return 0;
}

static int compare(char **words) {
    struct network network;
    unsigned char *pixels, *expected;
    size_t pixels_size, expected_size, wrong = 0;
    check(network_open(words[1], RUN_LAST, 0, 1, &network));
    const size_t values = shape_size(graph_input_shape(network.graph));
    const size_t classes = shape_size(graph_output_shape(network.graph));
    check(file_read(words[0], (size_t)1 << 30, &pixels, &pixels_size));
    check(file_read(words[2], (size_t)1 << 30, &expected, &expected_size));
    const size_t count = pixels_size / values;
    if (count == 0 || expected_size != count * classes * sizeof(float))
        check(fail(OCELLUS_BAD_CONTENT, "%s: %zu bytes (expected %zu)", words[2], expected_size,
                   count * classes * sizeof(float)));
    const float *theirs = (const float *)(const void *)expected;
    float *ours = malloc(classes * sizeof *ours);
    double largest = 0, difference = 0;
    for (size_t i = 0; i < count; i++) {
        float *input = engine_input(network.engine, 0);
        for (size_t p = 0; p < values; p++)
            input[p] = (float)pixels[i * values + p] / 255.0F;
        check(engine_forward(network.engine, ENGINE_INFERENCE, &(struct engine_batch){.n = 1}));
        check(engine_read(network.engine, ENGINE_LOGITS, ours, classes));
        size_t best = 0, their_best = 0;
        for (size_t k = 0; k < classes; k++) {
            const double their = (double)theirs[i * classes + k];
            if (!(fabs(their) <= largest)) largest = fabs(their);
            if (!(fabs((double)ours[k] - their) <= difference)) difference = fabs((double)ours[k] - their);
            if (ours[k] > ours[best]) best = k;
            if (theirs[i * classes + k] > theirs[i * classes + their_best]) their_best = k;
        }
        wrong += best != their_best;
    }
    printf("%zu pictures, %zu classes: largest logit %.6g, largest difference %.3g, %.3g of it; another class: %zu\n",
           count, classes, largest, difference, difference / largest, wrong);
    free(ours);
    free(pixels);
    free(expected);
    network_close(&network);
    return wrong == 0 && difference <= 1e-4 * largest ? 0 : 1;
}

int main(int argc, char **argv) {
    if (argc == 7 && strcmp(argv[1], "pictures") == 0) return write_pictures(argv + 2);
    if (argc == 5 && strcmp(argv[1], "compare") == 0) return compare(argv + 2);
    return 2;
}
