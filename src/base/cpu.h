/* SPDX-License-Identifier: MIT */
/* What the processor and the operating system together allow. */
#ifndef BASE_CPU_H
#define BASE_CPU_H

#include <stdbool.h>
#include <stddef.h>

struct cpu_features {
    bool avx2;   /* AVX2 and FMA, and the system saves ymm registers */
    bool avx512; /* AVX-512 F, BW, DQ, VL and FMA, and the system saves zmm registers */
    bool neon;   /* 64-bit ARM */
};

struct cpu_features cpu_detect(void);
/* The processor's name for people ("AMD EPYC ..."); "unknown" where the system does not say. Static storage. */
const char *cpu_name(void);

#endif
