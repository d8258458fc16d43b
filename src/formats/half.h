/* SPDX-License-Identifier: MIT */
/* Floating-point numbers of 16 bits, as files hold them. */
#ifndef FORMATS_HALF_H
#define FORMATS_HALF_H

#include <stdint.h>
#include <string.h>

static inline float half_from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* IEEE 754's binary16: 1 bit of sign, 5 of exponent, 10 of mantissa. Exact; so are numbers below its normal ones, and infinities
 * and NaN stay what they are. */
static inline float half_to_float(uint16_t half) {
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, mantissa = half & 1023;
    if (exponent == 31) return half_from_bits(sign | 0x7f800000 | mantissa << 13);
    if (exponent > 0) return half_from_bits(sign | (exponent + 127 - 15) << 23 | mantissa << 13);
    const float value = (float)mantissa * 0x1p-24F;
    return sign ? -value : value;
}

/* bfloat16: the upper half of a float32. */
static inline float bfloat16_to_float(uint16_t value) {
    return half_from_bits((uint32_t)value << 16);
}

#endif
