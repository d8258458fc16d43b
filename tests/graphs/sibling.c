/* SPDX-License-Identifier: MIT */
#include "sibling.h"

#include "oracle/loss.h"
#include "oracle/oracle.h"

#include <string.h>

/* The oracle's struct, which in another file is that of the double one. */
static struct oracle *oracle_of(const struct sibling *sibling) {
    return (struct oracle *)(uintptr_t)sibling;
}

ocellus_status sibling_open(const struct lowered *lowered, size_t n, struct sibling **sibling) {
    struct oracle *oracle;
    TRY(oracle_open(lowered, n, &oracle));
    *sibling = (struct sibling *)oracle;
    return OCELLUS_OK;
}

void sibling_close(struct sibling *sibling) {
    oracle_close(oracle_of(sibling));
}

void sibling_run(struct sibling *sibling, float *const *parameters, const float *images,
                 const struct engine_targets *targets, uint64_t seed, uint32_t epoch, uint32_t first) {
    struct oracle *oracle = oracle_of(sibling);
    for (size_t p = 0; p < oracle->lowered->parameter_count; p++)
        memcpy(oracle->parameters[p].values, parameters[p],
               shape_size(&oracle->lowered->parameters[p].parameter->shape) * sizeof(float));
    memcpy(oracle->operations[0].values, images,
           oracle->batch_size * shape_size(&oracle->lowered->operations[0].shape) * sizeof(float));
    oracle_forward(oracle, targets ? ENGINE_TRAINING : ENGINE_INFERENCE, (struct oracle_place){seed, epoch, first},
                   oracle->batch_size);
    if (!targets) return;
    oracle_loss(oracle, targets, NULL);
    oracle_backward(oracle);
}

const float *sibling_raw(const struct sibling *sibling, size_t operation) {
    return oracle_of(sibling)->operations[operation].raw;
}

const float *sibling_values(const struct sibling *sibling, size_t operation) {
    return oracle_of(sibling)->operations[operation].values;
}

const float *sibling_parameter(const struct sibling *sibling, size_t parameter) {
    return oracle_of(sibling)->parameters[parameter].values;
}

const float *sibling_gradient(const struct sibling *sibling, size_t parameter) {
    return oracle_of(sibling)->parameters[parameter].gradient;
}
