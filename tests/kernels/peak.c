/* SPDX-License-Identifier: MIT */
/* The machine's ceiling: independent chains of fused multiply-adds on registers, for each instruction set. */
#include "kernel_test.h"

#include <string.h>
#include <time.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

enum { CHAINS = 12, STEPS = 200000 };

double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static volatile float sink;

/* The chains are locals of a loop without branches, so that the compiler keeps them in registers; they start with
 * different values, none of them 2, or it would see that they are all the same, or stay the same. */
#define PEAK(name, attributes, vector, splat, fma, first)                                                              \
    attributes static void name(void) {                                                                                \
        vector c0 = splat(12), c1 = splat(1), c2 = splat(14), c3 = splat(3), c4 = splat(4), c5 = splat(5);             \
        vector c6 = splat(6), c7 = splat(7), c8 = splat(8), c9 = splat(9), c10 = splat(10), c11 = splat(11);           \
        const vector a = splat(0.5f), b = splat(1.0f);                                                                 \
        for (int i = 0; i < STEPS; i++) {                                                                              \
            c0 = fma(a, c0, b), c1 = fma(a, c1, b), c2 = fma(a, c2, b), c3 = fma(a, c3, b);                            \
            c4 = fma(a, c4, b), c5 = fma(a, c5, b), c6 = fma(a, c6, b), c7 = fma(a, c7, b);                            \
            c8 = fma(a, c8, b), c9 = fma(a, c9, b), c10 = fma(a, c10, b), c11 = fma(a, c11, b);                        \
        }                                                                                                              \
        sink = first(c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7 + c8 + c9 + c10 + c11);                                     \
    }
#if defined(__x86_64__)
PEAK(peak_avx2, __attribute__((target("avx2,fma"))), __m256, _mm256_set1_ps, _mm256_fmadd_ps, _mm256_cvtss_f32)
PEAK(peak_avx512, __attribute__((target("avx512f"))), __m512, _mm512_set1_ps, _mm512_fmadd_ps, _mm512_cvtss_f32)
#elif defined(__aarch64__)
#define NEON_FMA(a, c, b) vfmaq_f32(b, a, c)
#define NEON_FIRST(value) vgetq_lane_f32(value, 0)
PEAK(peak_neon, , float32x4_t, vdupq_n_f32, NEON_FMA, NEON_FIRST)
#endif

static double rate(void (*run)(void), double lanes) {
    const double start = seconds();
    run();
    return 2.0 * CHAINS * STEPS * lanes / (seconds() - start) / 1e9;
}

double peak_of(const char *row) {
#if defined(__x86_64__)
    if (strcmp(row, "avx2") == 0) return rate(peak_avx2, 8);
    if (strcmp(row, "avx512") == 0) return rate(peak_avx512, 16);
#elif defined(__aarch64__)
    if (strcmp(row, "neon") == 0) return rate(peak_neon, 4);
#endif
    return 0;
}
