/* SPDX-License-Identifier: MIT */
/* The test of the kernels, and their benchmark: every row this machine can run, random shapes with all edges.
 *     kernel_test [--seed N] [--rounds N] [--bench]
 * OCELLUS_CPU narrows it to one row; it fails when another row than that would run. */
#include "kernel_test.h"

#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { RED_ZONE = 64, PAGE = 65536, BUFFERS = 64, SHOWN = 20 }; /* PAGE: a multiple of any system's */

struct random_stream random_now;
bool buffers_aligned;

static unsigned long checks, failures, seed = 1;
static const char *row_name = "none";
static char case_text[256];
static struct block {
    unsigned char *base, *data;
    size_t bytes, mapped, zone; /* zone: bytes of the red zone behind the data */
} blocks[BUFFERS];
static size_t block_count;

void tested_case(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(case_text, sizeof case_text, format, arguments);
    va_end(arguments);
}

void check(bool good, const char *format, ...) {
    checks++;
    if (good || failures++ >= SHOWN) return;
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "FAILED row %s, seed %lu, %s: ", row_name, seed, case_text);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

size_t pick(size_t count, const size_t *values) {
    return values[random_below(&random_now, (uint32_t)count)];
}
float random_real(void) {
    return 2 * random_unit(&random_now) - 1;
}
float random_integer(void) {
    return (float)random_below(&random_now, 9) - 4;
}

/* Every other buffer ends where memory ends, so that reading past it is seen too. */
static void *new_block(size_t bytes, bool aligned) {
    if (block_count == BUFFERS) abort();
    struct block *block = &blocks[block_count++];
    const size_t shift = aligned ? 0 : 4 + 4 * random_below(&random_now, 15);
    const bool at_end = !aligned && random_below(&random_now, 2);
    const size_t usable = (RED_ZONE + shift + bytes + RED_ZONE + PAGE - 1) / PAGE * PAGE;
    block->mapped = usable + PAGE;
    block->base = mmap(NULL, block->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block->base == MAP_FAILED || mprotect(block->base + usable, PAGE, PROT_NONE) != 0) abort();
    block->data = at_end ? block->base + usable - bytes : block->base + RED_ZONE + shift;
    block->bytes = bytes;
    block->zone = at_end ? 0 : RED_ZONE;
    memset(block->data - RED_ZONE, 0x5a, RED_ZONE);
    memset(block->data, 0xa5, bytes);
    memset(block->data + bytes, 0x5a, block->zone);
    return block->data;
}

void *buffer_bytes(size_t bytes) {
    return new_block(bytes, buffers_aligned);
}
void *scratch(size_t bytes) {
    return new_block(bytes, true);
}

float *buffer(size_t count) {
    float *data = buffer_bytes(count * sizeof(float));
    for (size_t i = 0; i < count; i++)
        data[i] = NAN;
    return data;
}

float *conv2d_room(const struct kernels *row) {
    static float *room;
    static const struct kernels *owner;
    if (owner != row) {
        const size_t bytes = (row->conv2d_scratch * sizeof *room + 63) / 64 * 64;
        free(room);
        room = aligned_alloc(64, bytes > 0 ? bytes : 64);
        owner = row;
        check(room != NULL, "no memory");
    }
    return room;
}

float *buffer_filled(size_t count, float (*next)(void)) {
    float *data = buffer(count);
    for (size_t i = 0; i < count; i++)
        data[i] = next();
    return data;
}

float *buffer_rows(size_t rows, size_t row, size_t row_stride, float (*next)(void)) {
    float *data = buffer(rows * row_stride);
    for (size_t i = 0; i < rows * row; i++)
        data[i / row * row_stride + i % row] = next();
    return data;
}

float *buffer_copy(size_t count, const float *from) {
    return memcpy(buffer(count), from, count * sizeof *from);
}

void buffers_end(void) {
    for (; block_count > 0; block_count--) {
        const struct block *block = &blocks[block_count - 1];
        bool whole = true;
        for (size_t i = 0; i < RED_ZONE; i++)
            whole = whole && block->data[-1 - (ptrdiff_t)i] == 0x5a;
        for (size_t i = 0; i < block->zone; i++)
            whole = whole && block->data[block->bytes + i] == 0x5a;
        check(whole, "the red zone of buffer %zu was written", block_count - 1);
        munmap(block->base, block->mapped);
    }
}

static uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

void check_same(const char *what, size_t count, const float *got, const float *expected) {
    for (size_t i = 0; i < count; i++) {
        const bool same = isnan(expected[i]) ? isnan(got[i]) : bits_of(got[i]) == bits_of(expected[i]);
        if (same) continue;
        check(false, "%s: value %zu of %zu is %.9g (expected %.9g)", what, i, count, (double)got[i],
              (double)expected[i]);
        return;
    }
    check(true, "%s", what);
}

void check_bound(const char *what, size_t count, const float *got, const double *expected, const double *bound) {
    for (size_t i = 0; i < count; i++) {
        if (fabs((double)got[i] - expected[i]) <= bound[i]) continue;
        if (isnan(expected[i]) ? isnan(got[i]) : isinf(expected[i]) && (double)got[i] == expected[i]) continue;
        check(false, "%s: value %zu of %zu is %.9g (expected %.9g within %.3g)", what, i, count, (double)got[i],
              expected[i], bound[i]);
        return;
    }
    check(true, "%s", what);
}

double gamma_bound(size_t n) {
    const double product = (double)n * 0x1p-24;
    return product / (1 - product);
}

const struct kernels *first_fast(const struct kernels *row) {
    const struct kernels *const *rows = kernels_available();
    return row == rows[0] ? row : rows[1];
}

static void past_the_end(int number) {
    (void)number;
    static const char text[] = "FAILED: a kernel read or wrote past the end of a buffer: row, case: ";
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    (void)!write(STDERR_FILENO, row_name, strlen(row_name));
    (void)!write(STDERR_FILENO, ", ", 2);
    (void)!write(STDERR_FILENO, case_text, strlen(case_text));
    (void)!write(STDERR_FILENO, "\n", 1);
    _exit(1);
}

static void test_row(const struct kernels *row, unsigned long rounds) {
    row_name = row->name;
    const unsigned long before = checks;
    const bool fused = strcmp(row->name, "ref") != 0;
    const struct kernels *reference = kernels_available()[0];
    tested_case("table");
    check(fused == (row->conv2d != reference->conv2d), "the row's convolution must be its own");
    for (unsigned long round = 0; round < rounds; round++) {
        random_now = random_at(seed, RANDOM_TEST, 0, (uint32_t)round);
        test_convolution(row, fused);
        test_panels(row, fused);
        test_winograd(row);
        test_values(row);
        test_channels(row);
        test_pooling(row);
        test_softmax(row);
        test_depthwise(row);
        test_average_pool(row);
        test_unary(row);
        test_multiply(row);
        test_dropout(row);
        test_entropies(row);
        test_optimizers(row);
    }
    printf("row %s: %lu checks, seed %lu\n", row->name, checks - before, seed);
}

/* Every row is selected by its name, and nothing else is. */
static void test_selection(void) {
    row_name = "any", tested_case("selection");
    const char *why = NULL;
    for (const struct kernels *const *row = kernels_available(); *row; row++) {
        setenv("OCELLUS_CPU", (*row)->name, 1);
        check(kernels_select(NULL) == *row, "OCELLUS_CPU=%s selects another row", (*row)->name);
    }
    setenv("OCELLUS_CPU", "avx1024", 1);
    check(!kernels_select(&why) && why, "OCELLUS_CPU=avx1024 selects a row");
    unsetenv("OCELLUS_CPU");
    const struct kernels *best = NULL;
    for (const struct kernels *const *row = kernels_available(); *row; row++)
        best = *row;
    check(kernels_select(NULL) == best, "the best row is not the default");
}

int main(int argc, char **argv) {
    unsigned long rounds = 100;
    bool measure = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--bench") == 0) measure = true;
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) seed = strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc) rounds = strtoul(argv[++i], NULL, 10);
        else return fprintf(stderr, "usage: kernel_test [--seed N] [--rounds N] [--bench]\n"), 2;
    }
    signal(SIGSEGV, past_the_end);
    const char *why = NULL, *forced = getenv("OCELLUS_CPU");
    const struct kernels *only = forced ? kernels_select(&why) : NULL;
    if (forced && (!only || strcmp(only->name, forced) != 0))
        return fprintf(stderr, "OCELLUS_CPU=%s: %s\n", forced, only ? only->name : why), 1;
    for (const struct kernels *const *row = kernels_available(); *row; row++) {
        if (only && *row != only) continue;
        if (measure) bench(*row);
        else test_row(*row, rounds);
    }
    if (measure) return 0;
    test_winograd_exactness();
    test_exp_log();
    test_functions();
    test_selection();
    printf("%lu checks, %lu failed\n", checks, failures);
    return failures > 0;
}
