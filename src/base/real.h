/* SPDX-License-Identifier: MIT */
/* The number that is computed with. The plain kernels and the engine that checks the others are compiled a second time
 * in double; what crosses an engine's interface is float32 in both. */
#ifndef BASE_REAL_H
#define BASE_REAL_H

#ifdef OCELLUS_REAL_DOUBLE
typedef double real;
#else
typedef float real;
#endif

#endif
