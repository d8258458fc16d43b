/* SPDX-License-Identifier: MIT */
/* The optimizers that there are: a word that recipes and engines share. */
#ifndef BASE_OPTIMIZER_KIND_H
#define BASE_OPTIMIZER_KIND_H

enum optimizer_kind { OPTIMIZER_SGD, OPTIMIZER_ADAM, OPTIMIZER_KINDS };

/* "sgd", "adam", by kind: in recipes for ever. NULL at the end. */
extern const char *const optimizer_names[OPTIMIZER_KINDS + 1];

#endif
