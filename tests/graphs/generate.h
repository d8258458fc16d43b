/* SPDX-License-Identifier: MIT */
/* Networks by chance. What a plan fuses, folds, shares and makes again depends on a layer's neighbourhood; here most
 * neighbourhoods come up: any layer after any other, branches, several readers, heads of vectors between images, frozen
 * parts, and sizes from a single pixel to what runs in bands, by Winograd, or layer by layer. */
#ifndef GRAPHS_GENERATE_H
#define GRAPHS_GENERATE_H

#include "model/graph.h"

#include <stddef.h>
#include <stdint.h>

/* What a network is like; its name is its number's. */
enum size_class { SIZE_TINY, SIZE_WIDE, SIZE_LARGE, SIZE_HEAVY, SIZE_CLASSES };

struct generated {
    struct graph *graph; /* the caller's to free */
    size_t n;            /* images in its batch */
    enum size_class size;
};

/* Network number `number` of all there are, always the same one. most_products: multiplications of one pass over a batch
 * of a tiny one; the others may have more. */
ocellus_status generate(uint32_t number, double most_products, struct generated *generated);

/* A dense layer or a global pooling stands before a layer of images: values must outlive what comes between. */
bool has_early_vector(const struct graph *graph);

#endif
