/* SPDX-License-Identifier: MIT */
/* The graph of a network: nodes in execution order, each with a layer, its inputs, its output shape and the parameters
 * it needs. It holds no values: those belong to an engine, under the names given here ("conv2d/kernel"). */
#ifndef MODEL_GRAPH_H
#define MODEL_GRAPH_H

#include "base/json.h"
#include "base/status.h"
#include "base/unary.h"
#include "model/shape.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GRAPH_MAX_PARAMETERS = 4, GRAPH_NAME_SIZE = 96, GRAPH_MAX_NODES = 4096 };

/* What a parameter is to its layer; its name ends in the role's. */
enum parameter_role {
    PARAMETER_KERNEL,
    PARAMETER_BIAS,
    PARAMETER_GAMMA,
    PARAMETER_BETA,
    PARAMETER_MOVING_MEAN,
    PARAMETER_MOVING_VARIANCE,
    PARAMETER_ROLES
};

enum initializer { INITIAL_ZEROS, INITIAL_ONES, INITIAL_GLOROT_UNIFORM };

struct parameter {
    char name[GRAPH_NAME_SIZE]; /* NODE/ROLE, roles as in Keras: kernel, bias, gamma, beta, moving_mean, ... */
    enum parameter_role role;
    struct shape shape; /* kernels HWIO or (in, out) */
    bool trainable;     /* false for moving statistics; a frozen node's are not trained either */
    enum initializer initializer;
    size_t fan_in, fan_out; /* of kernels; limit of Glorot uniform: sqrt(6 / (fan_in + fan_out)) */
};

enum padding { PADDING_VALID, PADDING_SAME };

/* What a layer was made with; the member is chosen by the node's layer type. Named as in Keras. */
union layer_config {
    struct {
        int64_t filters, kernel_size[2], strides[2];
        enum padding padding;
        struct unary activation;
        bool use_bias;
    } conv2d;
    struct {
        int64_t kernel_size[2], strides[2], depth_multiplier;
        enum padding padding;
        struct unary activation;
        bool use_bias;
    } depthwise_conv2d;
    struct {
        int64_t units;
        struct unary activation;
        bool use_bias;
    } dense;
    struct {
        double momentum, epsilon;
        int64_t axis; /* as in a file, the batch counted; 0 and -1 mean the last one, all that is supported */
        bool without_scale, without_center; /* no gamma, no beta: Keras's scale and center the other way round */
    } batch_normalization;
    struct {
        int64_t pool_size[2], strides[2];
        enum padding padding;
    } pooling2d; /* MaxPooling2D, AveragePooling2D */
    struct {
        bool keepdims;
    } global_average_pooling2d;
    struct {
        int64_t padding[2][2];
    } zero_padding2d; /* [rows, columns][before, after] */
    struct {
        int64_t size[2];
    } up_sampling2d; /* nearest */
    struct {
        struct unary activation;
    } activation; /* and the layers that are a function: ReLU, LeakyReLU, ELU, Softmax */
    struct {
        int64_t axis; /* as in a file, the batch counted; 0 means the last one */
    } concatenate;
    struct {
        double rate;
        int64_t seed; /* kept for the file: here, random numbers come from the training's seed */
        bool has_seed;
    } dropout;
    struct {
        struct shape target; /* one dimension may be -1: what is left */
    } reshape;
    struct {
        struct shape shape;
    } input_layer;
};

struct layer_type;

struct node {
    char name[GRAPH_NAME_SIZE]; /* unique in the graph; current Keras's canonical name */
    char path[GRAPH_NAME_SIZE]; /* the nested model it belongs to ("resnet50"), or "" */
    const struct layer_type *type;
    union layer_config config;
    size_t *inputs, input_count; /* indices of earlier nodes */
    struct shape shape;          /* of the output, set by the layer's rule */
    struct parameter parameters[GRAPH_MAX_PARAMETERS];
    size_t parameter_count;
    bool frozen; /* not trained; a frozen BatchNormalization runs in inference mode, as in Keras */
};

/* How pixels 0..255 RGB become the network's input. Belongs to the model and is saved with it. */
enum preprocessing {
    PREPROCESSING_UNIT,  /* x / 255 */
    PREPROCESSING_CAFFE, /* BGR, minus (103.939, 116.779, 123.68): Keras's "caffe" mode */
    PREPROCESSING_NONE,  /* as they are */
    PREPROCESSINGS
};
const char *preprocessing_name(enum preprocessing preprocessing); /* "unit", "caffe", "none" */
/* The one of that name, for a network that takes `input`; OCELLUS_USAGE, naming what is known, when there is none. */
ocellus_status preprocessing_find(const char *name, const struct shape *input, enum preprocessing *preprocessing);

struct graph {
    char name[GRAPH_NAME_SIZE]; /* "simcnn" */
    struct node *nodes;         /* in execution order; node 0 is the InputLayer, the last one is the output */
    size_t count, capacity;
    bool sequential; /* a Keras Sequential: its summary does not list the InputLayer */
    enum preprocessing preprocessing;
    char **class_names; /* NULL, or as many as the output has values */
    size_t class_count;
};

ocellus_status graph_create(const char *name, struct graph **graph);
void graph_free(struct graph *graph);

/* Appends a node of a layer (the rows that layer.h lists): its name is `name`, or when NULL Keras's automatic one ("conv2d", "conv2d_1", ...). Checks the inputs,
 * runs the layer's shape rule and names both shapes when it fails (OCELLUS_USAGE from code, the reader of a file turns
 * it into OCELLUS_BAD_CONTENT). *index gets the node's index; NULL is accepted. */
ocellus_status graph_add(struct graph *graph, const struct layer_type *type, const char *name, const char *path,
                         const union layer_config *config, const size_t *inputs, size_t input_count, size_t *index);
/* For the rules of layers (infer() in layer.h): appends a parameter NODE/ROLE. */
void graph_add_parameter(struct node *node, enum parameter_role role, struct shape shape, bool trainable,
                         enum initializer initializer, size_t fan_in, size_t fan_out);
/* One past the last node of the nested model that node `first` begins; first + 1 for a node that is in none. The nodes
 * of a nested model follow one another, take one value from outside, and only the last one's output is used outside:
 * graph_add() sees to that. */
size_t graph_nested_end(const struct graph *graph, size_t first);
const struct node *graph_node(const struct graph *graph, const char *name); /* NULL when there is none */
const struct parameter *graph_parameter(const struct graph *graph, const char *name, const struct node **node);
const struct shape *graph_input_shape(const struct graph *graph);
const struct shape *graph_output_shape(const struct graph *graph);
ocellus_status graph_set_class_names(struct graph *graph, const char *const *names, size_t count); /* copies */
/* Freezes the nodes whose names match a shell pattern ("conv1_*"); *matched counts them. */
ocellus_status graph_freeze(struct graph *graph, const char *pattern, size_t *matched);

struct parameter_totals {
    size_t total, trainable, non_trainable;
};
struct parameter_totals graph_totals(const struct graph *graph);

#endif
