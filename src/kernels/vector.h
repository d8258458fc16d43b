/* SPDX-License-Identifier: MIT */
/* One vector of floats, as wide as the instruction set that the including file is compiled for. Arithmetic and
 * comparisons are the compilers' vector extensions; only what these lack is spelled in intrinsics. */
#ifndef KERNELS_VECTOR_H
#define KERNELS_VECTOR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX512F__)
#include <immintrin.h>
enum { LANES = 16 };
typedef __mmask16 vec_mask;
#elif defined(__AVX2__)
#include <immintrin.h>
enum { LANES = 8 };
typedef __m256i vec_mask;
#elif defined(__ARM_NEON)
#include <arm_neon.h>
enum { LANES = 4 };
typedef size_t vec_mask; /* how many lanes */
#else
#error "compile this file for AVX-512, AVX2 or NEON"
#endif

typedef float vec __attribute__((vector_size(LANES * 4)));
typedef int32_t vec_int __attribute__((vector_size(LANES * 4)));

/* Before a loop of known length over registers. Clang warns where the length is one and nothing is left to unroll. */
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed"
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif
#define INLINE static inline __attribute__((always_inline))

INLINE vec vec_load(const float *from) {
    vec value;
    memcpy(&value, from, sizeof value);
    return value;
}

INLINE void vec_store(float *to, vec value) {
    memcpy(to, &value, sizeof value);
}

#if defined(__AVX512F__)

INLINE vec vec_splat(float value) {
    return _mm512_set1_ps(value);
}
/* mask ? a : b, the mask all ones or all zeros in each lane, as a comparison gives it. */
INLINE vec vec_choose(vec_int mask, vec a, vec b) {
    return _mm512_mask_blend_ps(_mm512_movepi32_mask((__m512i)mask), b, a);
}
INLINE vec vec_sqrt(vec value) {
    return _mm512_sqrt_ps(value);
}
/* max(0, value), NaN stays NaN: the instruction gives its second operand where one is not a number. */
INLINE vec vec_relu(vec value) {
    return _mm512_max_ps(_mm512_setzero_ps(), value);
}
/* a * b + c, rounded once. */
INLINE vec vec_fma(vec a, vec b, vec c) {
    return _mm512_fmadd_ps(a, b, c);
}
/* The first `count` lanes, 0 to LANES. Masked loads give zero in the other lanes and touch only the first. */
INLINE vec_mask vec_first(size_t count) {
    return (vec_mask)((1u << count) - 1);
}
INLINE vec vec_load_masked(const float *from, vec_mask mask) {
    return _mm512_maskz_loadu_ps(mask, from);
}
INLINE void vec_store_masked(float *to, vec_mask mask, vec value) {
    _mm512_mask_storeu_ps(to, mask, value);
}
typedef __m128i vec_bytes;
INLINE vec_int vec_widen(vec_bytes bytes) {
    return (vec_int)_mm512_cvtepu8_epi32(bytes);
}
INLINE vec_bytes vec_narrow(vec_int value) {
    return _mm512_cvtepi32_epi8((__m512i)value);
}

#elif defined(__AVX2__)

INLINE vec vec_splat(float value) {
    return _mm256_set1_ps(value);
}
INLINE vec vec_choose(vec_int mask, vec a, vec b) {
    return _mm256_blendv_ps(b, a, (__m256)mask);
}
INLINE vec vec_sqrt(vec value) {
    return _mm256_sqrt_ps(value);
}
INLINE vec vec_relu(vec value) {
    return _mm256_max_ps(_mm256_setzero_ps(), value);
}
INLINE vec vec_fma(vec a, vec b, vec c) {
    return _mm256_fmadd_ps(a, b, c);
}
INLINE vec_mask vec_first(size_t count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
INLINE vec vec_load_masked(const float *from, vec_mask mask) {
    return _mm256_maskload_ps(from, mask);
}
INLINE void vec_store_masked(float *to, vec_mask mask, vec value) {
    _mm256_maskstore_ps(to, mask, value);
}
typedef int64_t vec_bytes;
INLINE vec_int vec_widen(vec_bytes bytes) {
    return (vec_int)_mm256_cvtepu8_epi32(_mm_cvtsi64_si128(bytes));
}
INLINE vec_bytes vec_narrow(vec_int value) {
    const __m128i low = _mm256_castsi256_si128((__m256i)value), high = _mm256_extracti128_si256((__m256i)value, 1);
    const __m128i shorts = _mm_packs_epi32(low, high);
    return _mm_cvtsi128_si64(_mm_packus_epi16(shorts, shorts));
}

#else

INLINE vec vec_splat(float value) {
    return vdupq_n_f32(value);
}
INLINE vec vec_choose(vec_int mask, vec a, vec b) {
    return vbslq_f32((uint32x4_t)mask, a, b);
}
INLINE vec vec_sqrt(vec value) {
    return vsqrtq_f32(value);
}
INLINE vec vec_relu(vec value) {
    return vec_choose(value < 0, (vec){0}, value);
}
INLINE vec vec_fma(vec a, vec b, vec c) {
    return vfmaq_f32(c, a, b);
}
INLINE vec_mask vec_first(size_t count) {
    return count;
}
INLINE vec vec_load_masked(const float *from, vec_mask mask) {
    vec value = {0};
    memcpy(&value, from, mask * sizeof *from);
    return value;
}
INLINE void vec_store_masked(float *to, vec_mask mask, vec value) {
    memcpy(to, &value, mask * sizeof *to);
}
typedef uint32_t vec_bytes;
INLINE vec_int vec_widen(vec_bytes bytes) {
    return (vec_int)vmovl_u16(vget_low_u16(vmovl_u8(vcreate_u8(bytes))));
}
INLINE vec_bytes vec_narrow(vec_int value) {
    const uint16x4_t shorts = vmovn_u32((uint32x4_t)value);
    return vget_lane_u32(vreinterpret_u32_u8(vmovn_u16(vcombine_u16(shorts, shorts))), 0);
}

#endif

/* The first values of a run of `count` that is not yet at its end: a whole vector, or what is left of it. */
INLINE vec vec_load_upto(const float *from, size_t count) {
    return count >= LANES ? vec_load(from) : vec_load_masked(from, vec_first(count));
}

INLINE void vec_store_upto(float *to, size_t count, vec value) {
    if (count >= LANES) vec_store(to, value);
    else vec_store_masked(to, vec_first(count), value);
}

/* The same for one byte a lane (vec_bytes), widened to integers and back. */
INLINE vec_int vec_load_bytes(const uint8_t *from, size_t count) {
    vec_bytes bytes = {0};
    if (count >= LANES) memcpy(&bytes, from, sizeof bytes);
    else memcpy(&bytes, from, count);
    return vec_widen(bytes);
}

INLINE void vec_store_bytes(uint8_t *to, size_t count, vec_int value) {
    const vec_bytes bytes = vec_narrow(value);
    if (count >= LANES) memcpy(to, &bytes, sizeof bytes);
    else memcpy(to, &bytes, count);
}

#endif
