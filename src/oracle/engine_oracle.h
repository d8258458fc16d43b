/* SPDX-License-Identifier: MIT */
/* The oracle as an engine: slow, and right. It runs every operation, on the calling thread, and gives every layer's
 * output; its weights are its own (options.weights is refused). */
#ifndef ORACLE_ENGINE_ORACLE_H
#define ORACLE_ENGINE_ORACLE_H

/* One name a precision: whoever is compiled in double may have another word for the first (names.h). */
extern const struct engine_class engine_oracle;
extern const struct engine_class engine_oracle_double;

#endif
