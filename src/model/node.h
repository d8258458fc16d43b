/* SPDX-License-Identifier: MIT */
/* A node of a graph: its layer, its inputs, its output shape and the parameters it needs. */
#ifndef MODEL_NODE_H
#define MODEL_NODE_H

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

#endif
