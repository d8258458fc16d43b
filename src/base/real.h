/* SPDX-License-Identifier: MIT */
/* The number that is computed with. The plain kernels and the engine that checks the others are compiled a second time
 * in double; what crosses an engine's interface is float32 in both. */
#ifndef BASE_REAL_H
#define BASE_REAL_H

#include <stddef.h>
#include <string.h>

#ifdef OCELLUS_REAL_DOUBLE
typedef double real;
#else
typedef float real;
#endif

/* Values that cross; a plain copy where real is float. */
static inline void real_from_floats(real *dst, const float *src, size_t count) {
    if (sizeof *dst == sizeof *src) {
        memcpy(dst, src, count * sizeof *src);
        return;
    }
    for (size_t i = 0; i < count; i++)
        dst[i] = (real)src[i];
}
static inline void real_to_floats(float *dst, const real *src, size_t count) {
    if (sizeof *dst == sizeof *src) {
        memcpy(dst, src, count * sizeof *dst);
        return;
    }
    for (size_t i = 0; i < count; i++)
        dst[i] = (float)src[i];
}

#endif
