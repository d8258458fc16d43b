/* SPDX-License-Identifier: MIT */
/* Memory and the passes. */
#include "oracle/oracle.h"

#include "base/memory.h"
#include "oracle/operations.h"

#include <string.h>

static size_t value_count(const struct oracle *oracle, size_t operation, size_t n) {
    return n * shape_size(&oracle->lowered->operations[operation].shape);
}

static size_t parameter_count(const struct oracle *oracle, size_t place) {
    return shape_size(&oracle->lowered->parameters[place].parameter->shape);
}

static bool allocate(size_t count, real **values) {
    *values = memory_allocate(count + 1, sizeof **values);
    return *values != NULL;
}

static bool allocate_operation(struct oracle *oracle, size_t index) {
    const struct operation *operation = &oracle->lowered->operations[index];
    struct oracle_value *value = &oracle->operations[index];
    const size_t count = value_count(oracle, index, oracle->batch_size);
    const bool activated = operation->kind != OPERATION_UNARY && operation->unary.function != UNARY_LINEAR;
    if (!allocate(count, &value->values) || !allocate(count, &value->gradient)) return false;
    value->raw = value->values;
    value->diff_raw = value->gradient;
    if (activated && (!allocate(count, &value->raw) || !allocate(count, &value->diff_raw))) return false;
    return operation->kind != OPERATION_NORMALIZATION ||
           allocate(2 * extent_of(&operation->shape).c, &value->statistics);
}

static bool allocate_all(struct oracle *oracle) {
    const struct lowered *lowered = oracle->lowered;
    size_t largest = 0;
    oracle->operations = memory_allocate(lowered->count, sizeof *oracle->operations);
    oracle->parameters = memory_allocate(lowered->parameter_count + 1, sizeof *oracle->parameters);
    if (!oracle->operations || !oracle->parameters) return false;
    for (size_t i = 0; i < lowered->count; i++) {
        if (!allocate_operation(oracle, i)) return false;
        oracle->most_inputs = lowered->operations[i].input_count > oracle->most_inputs
                                  ? lowered->operations[i].input_count
                                  : oracle->most_inputs;
    }
    for (size_t i = 0; i < lowered->parameter_count; i++) {
        const size_t count = parameter_count(oracle, i);
        largest = count > largest ? count : largest;
        if (!allocate(count, &oracle->parameters[i].values) || !allocate(count, &oracle->parameters[i].gradient))
            return false;
    }
    oracle->src = memory_allocate(oracle->most_inputs + 1, sizeof *oracle->src);
    oracle->diff_src = memory_allocate(oracle->most_inputs + 1, sizeof *oracle->diff_src);
    return oracle->src && oracle->diff_src && allocate(largest, &oracle->scratch);
}

ocellus_status oracle_open(const struct lowered *lowered, size_t batch_size, struct oracle **out) {
    struct oracle *oracle = memory_allocate(1, sizeof *oracle);
    if (!oracle) return OCELLUS_IO;
    oracle->lowered = lowered;
    oracle->batch_size = batch_size;
    if (!allocate_all(oracle)) {
        oracle_close(oracle);
        return OCELLUS_IO;
    }
    *out = oracle;
    return OCELLUS_OK;
}

void oracle_close(struct oracle *oracle) {
    if (!oracle) return;
    for (size_t i = 0; oracle->operations && i < oracle->lowered->count; i++) {
        struct oracle_value *value = &oracle->operations[i];
        if (value->raw != value->values) memory_free(value->raw);
        if (value->diff_raw != value->gradient) memory_free(value->diff_raw);
        memory_free(value->values);
        memory_free(value->gradient);
        memory_free(value->statistics);
    }
    for (size_t i = 0; oracle->parameters && i < oracle->lowered->parameter_count; i++) {
        memory_free(oracle->parameters[i].values);
        memory_free(oracle->parameters[i].gradient);
    }
    memory_free(oracle->operations);
    memory_free(oracle->parameters);
    memory_free(oracle->src);
    memory_free(oracle->diff_src);
    memory_free(oracle->scratch);
    memory_free(oracle);
}

struct oracle_call oracle_call_of(const struct oracle *oracle, size_t index, const real **src, real **diff_src) {
    const struct operation *operation = &oracle->lowered->operations[index];
    const struct oracle_value *value = &oracle->operations[index];
    struct oracle_call call = {
        .operation = operation,
        .lowered = oracle->lowered,
        .n = oracle->n,
        .batch_statistics = oracle->mode != ENGINE_INFERENCE && !operation->frozen,
        .drops = oracle->mode == ENGINE_TRAINING && !operation->frozen,
        .place = oracle->place,
        .src = src,
        .dst = value->raw,
        .statistics = value->statistics,
        .diff_dst = value->diff_raw,
        .diff_src = diff_src,
        .scratch = oracle->scratch,
    };
    for (size_t i = 0; i < operation->input_count; i++) {
        src[i] = oracle->operations[operation->inputs[i]].values;
        diff_src[i] = oracle->operations[operation->inputs[i]].gradient;
    }
    for (size_t role = 0; role < PARAMETER_ROLES; role++) {
        const size_t place = operation->parameters[role];
        if (operation->kind == OPERATION_INPUT || place == PARAMETER_NONE) continue;
        call.parameters[role] = oracle->parameters[place].values;
        if (oracle->lowered->parameters[place].trained) call.diff_parameters[role] = oracle->parameters[place].gradient;
    }
    return call;
}

/* As Keras: moving = moving * momentum + batch's * (1 - momentum). */
static void move_statistics(const struct oracle_call *call, struct oracle *oracle) {
    const struct operation *operation = call->operation;
    const size_t c = extent_of(&operation->shape).c;
    real *mean = oracle->parameters[operation->parameters[PARAMETER_MOVING_MEAN]].values,
         *variance = oracle->parameters[operation->parameters[PARAMETER_MOVING_VARIANCE]].values;
    const real momentum = (real)operation->momentum, rest = (real)(1 - operation->momentum);
    for (size_t i = 0; i < c; i++) {
        mean[i] = mean[i] * momentum + call->statistics[i] * rest;
        variance[i] = variance[i] * momentum + call->statistics[c + i] * rest;
    }
}

void oracle_forward(struct oracle *oracle, enum engine_mode mode, struct oracle_place place, size_t n) {
    oracle->mode = mode;
    oracle->place = place;
    oracle->n = n;
    for (size_t i = 1; i < oracle->lowered->count; i++) {
        const struct operation *operation = &oracle->lowered->operations[i];
        const struct oracle_value *value = &oracle->operations[i];
        const struct oracle_call call = oracle_call_of(oracle, i, oracle->src, oracle->diff_src);
        oracle_operations[operation->kind]->forward(&call);
        for (size_t k = 0; value->raw != value->values && k < value_count(oracle, i, n); k++)
            value->values[k] = oracle_unary(&operation->unary, value->raw[k]);
        if (operation->kind == OPERATION_NORMALIZATION && call.batch_statistics && mode == ENGINE_TRAINING)
            move_statistics(&call, oracle);
    }
}

void oracle_backward_from(struct oracle *oracle, size_t from) {
    const struct lowered *lowered = oracle->lowered;
    for (size_t i = 0; i < from; i++)
        memset(oracle->operations[i].gradient, 0, value_count(oracle, i, oracle->n) * sizeof(real));
    for (size_t i = 0; i < lowered->parameter_count; i++)
        memset(oracle->parameters[i].gradient, 0, parameter_count(oracle, i) * sizeof(real));
    for (size_t i = from; i > 0; i--) {
        const struct operation *operation = &lowered->operations[i];
        const struct oracle_value *value = &oracle->operations[i];
        const struct oracle_call call = oracle_call_of(oracle, i, oracle->src, oracle->diff_src);
        for (size_t k = 0; value->raw != value->values && k < value_count(oracle, i, oracle->n); k++)
            value->diff_raw[k] = value->gradient[k] * oracle_slope(&operation->unary, value->raw[k]);
        oracle_operations[operation->kind]->backward(&call);
    }
}

void oracle_backward(struct oracle *oracle) {
    oracle_backward_from(oracle, oracle->lowered->logits);
}
