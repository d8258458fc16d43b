/* SPDX-License-Identifier: MIT */
/* A graph of Keras's layers, lowered to primitive operations: padding, strides and what results pass are explicit,
 * parameters have roles, and every operation does one thing. Engines and exporters read this and no layer's
 * configuration. A layer becomes one operation or several, in its lower(); the softmax or sigmoid that ends a
 * classifier is taken off, for the loss takes logits. */
#ifndef MODEL_LOWERED_H
#define MODEL_LOWERED_H

#include "base/unary.h"
#include "model/node.h"

struct graph;

enum operation_kind {
    OPERATION_INPUT,
    OPERATION_CONVOLUTION, /* kernel HWIO, bias; `window`; results pass `unary`: linear or a plain ReLU */
    OPERATION_DEPTHWISE, /* kernel (kh, kw, in, multiplier), bias; as CONVOLUTION; output channel c * multiplier + m */
    OPERATION_DENSE,     /* kernel (in, out), bias; `unary` as CONVOLUTION; of vectors */
    OPERATION_NORMALIZATION, /* gamma (none: 1), beta (none: 0), moving_mean, moving_variance; over all axes but the last */
    OPERATION_UNARY,
    OPERATION_ADD,          /* of two, of equal shapes */
    OPERATION_MULTIPLY,     /* of two, of one rank; a dimension of 1 is repeated */
    OPERATION_CONCATENATE,  /* of two or more, along `axis` */
    OPERATION_MAX_POOL,     /* `window`; padding loses to every value */
    OPERATION_AVERAGE_POOL, /* `window`; padding is not counted */
    OPERATION_GLOBAL_AVERAGE,
    OPERATION_PAD,      /* zeros of window.pad */
    OPERATION_UPSAMPLE, /* every pixel repeated window.strides times */
    OPERATION_RESHAPE,  /* the same values in the same order */
    OPERATION_DROPOUT,  /* in training: values * (random >= rate) / (1 - rate); else nothing */
    OPERATION_KINDS
};
/* "convolution", "max_pool", ... */
const char *operation_name(enum operation_kind kind);

/* A window that slides over rows and columns: [rows, columns]. */
struct window {
    size_t size[2], strides[2];
    size_t pad[2][2]; /* before and after */
};

struct operation {
    enum operation_kind kind;
    size_t node; /* the layer it comes from */
    bool frozen; /* that layer is: its parameters are not trained, and a NORMALIZATION uses its moving statistics */
    size_t *inputs, input_count; /* earlier operations */
    struct shape shape;          /* of the output, without the batch */
    struct window window;
    struct unary unary;
    size_t axis;                        /* CONCATENATE: of the shape */
    double momentum, epsilon;           /* NORMALIZATION */
    double rate;                        /* DROPOUT */
    size_t dropout;                     /* DROPOUT: its number among them, from 0 */
    size_t parameters[PARAMETER_ROLES]; /* places in lowered.parameters; PARAMETER_NONE where it has none */
};
#define PARAMETER_NONE SIZE_MAX

/* What follows the logits. */
enum output_link { LINK_SOFTMAX, LINK_SIGMOID };

struct lowered_parameter {
    const struct parameter *parameter;
    size_t node;
    bool trained;
};

struct lowered {
    const struct graph *graph;    /* not owned: must outlive this, unchanged */
    struct operation *operations; /* in execution order; 0 is the INPUT */
    size_t count, capacity;
    size_t *outputs; /* [graph->count]: the operation whose value is a layer's output; of the last one, the logits */
    size_t logits;   /* the operation that ends the network */
    enum output_link link;                /* a network without one is read as if softmax followed */
    struct lowered_parameter *parameters; /* all of the graph, in its order */
    size_t parameter_count;
};

/* OCELLUS_USAGE, with the layer's name, for a graph that no engine can run: a softmax in the middle, an output that is no
 * vector. */
ocellus_status lower_graph(const struct graph *graph, struct lowered **lowered);
void lowered_free(struct lowered *lowered);
/* Every parameter's name has a place: SIZE_MAX where there is none. */
size_t lowered_parameter_place(const struct lowered *lowered, const char *name);

/* --- for a layer's lower() --- */

/* One layer on its way. */
struct lowering {
    struct lowered *lowered;
    const struct node *node;
    size_t index; /* of the node */
    size_t value; /* the operation whose value the layer has so far; at first its first input's */
};
/* Appends an operation of one input, the value so far, and makes it the value. Node, frozen, inputs and, where its rank is 0,
 * the shape (the node's) are set here. */
ocellus_status lowering_append(struct lowering *lowering, struct operation operation);
/* The same on all inputs of the node, or on these operations. */
ocellus_status lowering_append_all(struct lowering *lowering, struct operation operation);
ocellus_status lowering_append_on(struct lowering *lowering, struct operation operation, const size_t *inputs,
                                  size_t count);
/* What results pass: nothing for linear; part of the operation before where that can take it; else a UNARY. */
ocellus_status lowering_append_unary(struct lowering *lowering, struct unary unary);
/* A window of Keras's sizes, its padding made explicit: 'same' gives ceil(size / stride) values, and what is missing is
 * split, the odd one behind. */
struct window lowering_window(const struct shape *input, const int64_t size[2], const int64_t strides[2],
                              enum padding padding);

#endif
