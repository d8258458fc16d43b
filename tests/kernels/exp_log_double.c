/* SPDX-License-Identifier: MIT */
/* exp and log once more, as the gradient checks build them: with real = double. */
#define OCELLUS_REAL_DOUBLE
#define kernel_exp exp_as_double
#define kernel_log log_as_double
#include "kernels/exp_log.c"
