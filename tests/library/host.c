/* SPDX-License-Identifier: MIT */
#include "host.h"

#include <fenv.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

struct job {
    void (*work)(void *context);
    void *context;
};

static void *run_job(void *argument) {
    const struct job *job = argument;
    job->work(job->context);
    return NULL;
}

static void need(int good, const char *what) {
    if (good) return;
    fprintf(stderr, "host: %s: %s\n", what, ocellus_message());
    abort();
}

void on_thread(size_t stack, void (*work)(void *context), void *context) {
    pthread_t thread;
    pthread_attr_t attributes;
    struct job job = {work, context};
    need(pthread_attr_init(&attributes) == 0, "attributes");
    if (stack > 0) need(pthread_attr_setstacksize(&attributes, stack) == 0, "stack");
    need(pthread_create(&thread, &attributes, run_job, &job) == 0, "thread");
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
}

#if defined(__x86_64__)
static uint16_t x87_control(void) {
    uint16_t control;
    __asm__ volatile("fnstcw %0" : "=m"(control));
    return control;
}
#endif

uint64_t mode_now(void) {
#if defined(__x86_64__)
    return (uint64_t)x87_control() << 32 | (_mm_getcsr() & ~0x3fu); /* without what was raised */
#elif defined(__aarch64__)
    uint64_t mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
#else
    return (uint64_t)fegetround();
#endif
}

void mode_put(uint64_t mode) {
#if defined(__x86_64__)
    const uint16_t x87 = (uint16_t)(mode >> 32);
    __asm__ volatile("fldcw %0" : : "m"(x87));
    _mm_setcsr((unsigned)mode);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(mode));
#else
    fesetround((int)mode);
#endif
}

uint64_t mode_of_kind(size_t kind) {
#if defined(__x86_64__)
    /* As fesetround() and feenableexcept() set both units: the C library's own conversions look at the older one. */
    const unsigned modes[MODES] = {0x1f80, 0x9fc0, 0x5f80, 0x3f80, 0x7f80, 0x0040};
    const uint64_t x87[MODES] = {0x037f, 0x037f, 0x0b7f, 0x077f, 0x0f7f, 0x0340};
    return x87[kind] << 32 | modes[kind];
#elif defined(__aarch64__)
    const uint64_t modes[MODES] = {0, 1 << 24, 1 << 22, 2 << 22, 3 << 22, 0};
    return modes[kind];
#else
    const int modes[MODES] = {FE_TONEAREST, FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO, FE_TONEAREST};
    return (uint64_t)modes[kind];
#endif
}

uint64_t file_fingerprint(const char *path) {
    uint64_t hash = UINT64_C(14695981039346656037);
    FILE *file = fopen(path, "rb");
    need(file != NULL, path);
    for (int byte; (byte = getc(file)) != EOF;)
        hash = (hash ^ (uint64_t)byte) * UINT64_C(1099511628211);
    fclose(file);
    return hash;
}

void write_cifar10(const char *folder, unsigned label) {
    enum { RECORD = 1 + 3 * 32 * 32, RECORDS = 2 };
    for (int i = 0; i < 6; i++) {
        char path[256];
        if (i < 5) snprintf(path, sizeof path, "%s/data_batch_%d.bin", folder, i + 1);
        else snprintf(path, sizeof path, "%s/test_batch.bin", folder);
        FILE *file = fopen(path, "wb");
        need(file != NULL, path);
        for (int byte = 0; byte < RECORDS * RECORD; byte++)
            putc(byte % RECORD == 0 ? (int)label : byte % 251, file);
        need(fclose(file) == 0, path);
    }
}

void remove_cifar10(const char *folder) {
    for (int i = 0; i < 6; i++) {
        char path[256];
        if (i < 5) snprintf(path, sizeof path, "%s/data_batch_%d.bin", folder, i + 1);
        else snprintf(path, sizeof path, "%s/test_batch.bin", folder);
        remove(path);
    }
    remove(folder);
}

void make_images(uint8_t pixels[IMAGES * VALUES], uint16_t labels[IMAGES]) {
    unsigned random = 1;
    for (size_t i = 0; i < IMAGES; i++) {
        labels[i] = (uint16_t)(i % CLASSES);
        for (size_t v = 0; v < VALUES; v++) {
            random = random * 1664525u + 1013904223u;
            pixels[i * VALUES + v] = (uint8_t)((v % 3 == labels[i] ? 128 : 0) + (random >> 25));
        }
    }
}

ocellus_dataset *new_dataset(void) {
    static uint8_t pixels[IMAGES * VALUES];
    uint16_t labels[IMAGES];
    ocellus_dataset *dataset = NULL;
    make_images(pixels, labels);
    need(ocellus_dataset_create(IMAGES, SIDE, SIDE, CLASSES, pixels, labels, &dataset) == OCELLUS_OK, "dataset");
    return dataset;
}

/* The JSON of the network, escaped as a string within the header's metadata. */
static int print_network(char *text, size_t size, const size_t *dims, size_t rank) {
    char shape[96] = "null";
    for (size_t i = 0; i < rank; i++)
        snprintf(shape + strlen(shape), sizeof shape - strlen(shape), ", %zu", dims[i]);
    return snprintf(
        text, size,
        "{\\\"format\\\": 1, \\\"preprocessing\\\": \\\"unit\\\", \\\"epoch\\\": 0, \\\"graph\\\": "
        "{\\\"class_name\\\": "
        "\\\"Sequential\\\", \\\"config\\\": {\\\"name\\\": \\\"hand\\\", \\\"layers\\\": [{\\\"class_name\\\": "
        "\\\"InputLayer\\\", \\\"config\\\": {\\\"name\\\": \\\"input\\\", \\\"batch_shape\\\": [%s]}}, "
        "%s{\\\"class_name\\\": \\\"Dense\\\", \\\"config\\\": {\\\"name\\\": \\\"dense\\\", \\\"units\\\": 3, "
        "\\\"activation\\\": \\\"softmax\\\", \\\"use_bias\\\": true}}]}}}",
        shape,
        rank > 1 ? "{\\\"class_name\\\": \\\"Flatten\\\", \\\"config\\\": {\\\"name\\\": \\\"flatten\\\"}}, " : "");
}

void write_model(const char *path, const size_t *dims, size_t rank, double gain) {
    char network[2048], header[4096];
    size_t values = 1;
    for (size_t i = 0; i < rank; i++)
        values *= dims[i];
    print_network(network, sizeof network, dims, rank);
    int length = snprintf(header, sizeof header,
                          "{\"__metadata__\": {\"ocellus\": \"%s\"}, \"dense/kernel\": {\"dtype\": \"F32\", \"shape\": "
                          "[%zu, 3], \"data_offsets\": [0, %zu]}, \"dense/bias\": {\"dtype\": \"F32\", \"shape\": [3], "
                          "\"data_offsets\": [%zu, %zu]}}",
                          network, values, values * 12, values * 12, values * 12 + 12);
    while (length % 8 != 0)
        header[length++] = ' ';
    const uint64_t size = (uint64_t)length;
    FILE *file = fopen(path, "wb");
    need(file != NULL, path);
    fwrite(&size, sizeof size, 1, file);
    fwrite(header, 1, (size_t)length, file);
    for (size_t i = 0; i < (values + 1) * 3; i++) {
        const float value = (float)(gain * ((double)(i * 7 % 11) - 5) / 10);
        fwrite(&value, sizeof value, 1, file);
    }
    need(fclose(file) == 0, path);
}
