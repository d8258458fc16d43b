/* SPDX-License-Identifier: MIT */
/* The oracle behind engine.h. */
#include "oracle/engine_oracle.h"
#include "engine/engine_class.h"

#include "base/memory.h"
#include "model/graph.h"
#include "oracle/loss.h"
#include "oracle/operations.h"

#include <math.h>
#include <string.h>

enum { STATES = 2 };

struct oracle_engine {
    struct engine base;
    struct oracle *oracle;
    real **states[STATES];          /* [parameters]: of the optimizer, where it has them */
    struct parameter_group *groups; /* [parameters]: each one's */
    double **sums;  /* [operations]: of the statistics passes' means and variances, [2][c] of a NORMALIZATION */
    double *losses; /* [batch_size] */
};

static struct oracle_engine *own(struct engine *base) {
    return (struct oracle_engine *)(void *)base;
}
static const struct oracle_engine *own_const(const struct engine *base) {
    return (const struct oracle_engine *)(const void *)base;
}

static size_t size_of(const struct engine *base, size_t parameter) {
    return shape_size(&base->lowered->parameters[parameter].parameter->shape);
}

/* Mean and variance of each channel; 0 for what has none. */
static size_t statistics_of(const struct engine *base, size_t i) {
    const struct operation *operation = &base->lowered->operations[i];
    return operation->kind == OPERATION_NORMALIZATION ? 2 * extent_of(&operation->shape).c : 0;
}

/* --- opening --- */

static ocellus_status open_training(struct oracle_engine *engine) {
    const struct engine *base = &engine->base;
    const struct weights_list *list = weights_list(base->weights);
    engine->groups = memory_allocate(list->count + 1, sizeof *engine->groups);
    engine->sums = memory_allocate(base->lowered->count, sizeof *engine->sums);
    if (!engine->groups || !engine->sums) return OCELLUS_IO;
    for (size_t i = 0; i < base->lowered->count; i++) {
        engine->sums[i] = memory_allocate(statistics_of(base, i) + 1, sizeof **engine->sums);
        if (!engine->sums[i]) return OCELLUS_IO;
    }
    for (size_t p = 0; p < list->count; p++) {
        const size_t group = list->parameters[p].group;
        engine->groups[p] = group > 0 ? base->options.groups[group - 1] : (struct parameter_group){.rate_scale = 1};
    }
    for (size_t s = 0; s < base->state_count; s++) {
        engine->states[s] = memory_allocate(list->count + 1, sizeof *engine->states[s]);
        for (size_t p = 0; engine->states[s] && p < list->count; p++) {
            engine->states[s][p] = memory_allocate(size_of(base, p), sizeof **engine->states[s]);
            if (!engine->states[s][p]) return OCELLUS_IO;
        }
        if (!engine->states[s]) return OCELLUS_IO;
    }
    return OCELLUS_OK;
}

static ocellus_status open_engine(struct engine *base) {
    struct oracle_engine *engine = own(base);
    if (base->options.weights) return fail(OCELLUS_USAGE, "engine: \"%s\" shares no weights", base->class->name);
    engine->losses = memory_allocate(base->options.batch_size, sizeof *engine->losses);
    if (!engine->losses) return OCELLUS_IO;
    TRY(oracle_open(base->lowered, base->options.batch_size, &engine->oracle));
    return base->options.training ? open_training(engine) : OCELLUS_OK;
}

static void free_rows(void **rows, size_t count) {
    for (size_t i = 0; rows && i < count; i++)
        memory_free(rows[i]);
    memory_free(rows);
}

static void close_engine(struct engine *base) {
    struct oracle_engine *engine = own(base);
    oracle_close(engine->oracle);
    for (size_t s = 0; s < STATES; s++)
        free_rows((void **)engine->states[s], base->lowered ? base->lowered->parameter_count : 0);
    free_rows((void **)engine->sums, base->lowered ? base->lowered->count : 0);
    memory_free(engine->groups);
    memory_free(engine->losses);
}

/* --- tensors --- */

static real *values_at(const struct engine *base, const struct engine_place *place) {
    const struct oracle_engine *engine = own_const(base);
    switch (place->kind) {
    case PLACE_PARAMETER:
        return engine->oracle->parameters[place->index].values;
    case PLACE_STATE:
        return engine->states[place->state][place->index];
    case PLACE_GRADIENT:
        return engine->oracle->parameters[place->index].gradient;
    case PLACE_OUTPUT:
        return engine->oracle->operations[base->lowered->outputs[place->index]].values;
    case PLACE_OUTPUT_GRADIENT:
        break;
    }
    return engine->oracle->operations[base->lowered->outputs[place->index]].gradient;
}

static void set(struct engine *base, const struct engine_place *place, const float *values) {
    real *to = values_at(base, place);
    for (size_t i = 0; i < place->count; i++)
        to[i] = (real)values[i];
}

static ocellus_status get(const struct engine *base, const struct engine_place *place, float *values) {
    const real *from = values_at(base, place);
    for (size_t i = 0; i < place->count; i++)
        values[i] = (float)from[i];
    return OCELLUS_OK;
}

/* --- passes --- */

static ocellus_status forward(struct engine *base) {
    struct oracle_engine *engine = own(base);
    const struct engine_batch *batch = &base->batch;
    const float *images = base->inputs + batch->slot * base->options.batch_size * base->image_size;
    const struct oracle_place place = {base->options.seed, batch->epoch, (uint32_t)batch->first_place};
    for (size_t i = 0; i < batch->n * base->image_size; i++)
        engine->oracle->operations[0].values[i] = (real)images[i];
    oracle_forward(engine->oracle, base->mode, place, batch->n);
    for (size_t i = 0; base->mode == ENGINE_STATISTICS && i < base->lowered->count; i++) {
        for (size_t k = 0; k < statistics_of(base, i); k++)
            engine->sums[i][k] = (base->statistics_passes > 0 ? engine->sums[i][k] : 0) +
                                 (double)engine->oracle->operations[i].statistics[k];
    }
    return OCELLUS_OK;
}

static ocellus_status read_values(struct engine *base, enum engine_value value, float *dst) {
    const struct oracle_engine *engine = own_const(base);
    const size_t count = base->batch.n * base->classes;
    if (value == ENGINE_LOSSES) {
        for (size_t i = 0; i < base->batch.n; i++)
            dst[i] = (float)engine->losses[i];
        return OCELLUS_OK;
    }
    const real *logits = engine->oracle->operations[base->lowered->logits].values;
    real *values = memory_allocate(count, sizeof *values);
    if (!values) return OCELLUS_IO;
    if (value == ENGINE_PROBABILITIES) oracle_probabilities(engine->oracle, values);
    for (size_t i = 0; i < count; i++)
        dst[i] = (float)(value == ENGINE_PROBABILITIES ? values[i] : logits[i]);
    memory_free(values);
    return OCELLUS_OK;
}

/* Whether the first of the largest logits is that of the label, or of the first of the largest shares. */
static bool is_correct(const struct engine *base, const struct engine_targets *targets, size_t image) {
    const real *logits = own_const(base)->oracle->operations[base->lowered->logits].values + image * base->classes;
    size_t best = 0, wanted = 0;
    for (size_t c = 1; c < base->classes; c++) {
        const float *shares = targets->shares ? targets->shares + image * base->classes : NULL;
        if (logits[c] > logits[best]) best = c;
        if (shares && shares[c] > shares[wanted]) wanted = c;
    }
    return best == (targets->shares ? wanted : (size_t)targets->labels[image]);
}

static ocellus_status loss(struct engine *base, const struct engine_targets *targets, struct engine_metrics *metrics) {
    struct oracle_engine *engine = own(base);
    metrics->loss_sum = oracle_loss(engine->oracle, targets, engine->losses);
    for (size_t i = 0; i < base->batch.n; i++)
        metrics->correct += is_correct(base, targets, i);
    return OCELLUS_OK;
}

static ocellus_status backward(struct engine *base) {
    oracle_backward(own(base)->oracle);
    return OCELLUS_OK;
}

static ocellus_status backward_from(struct engine *base, const float *diff_logits) {
    struct oracle_engine *engine = own(base);
    real *gradient = engine->oracle->operations[base->lowered->logits].gradient;
    for (size_t i = 0; i < base->batch.n * base->classes; i++)
        gradient[i] = (real)diff_logits[i];
    oracle_backward(engine->oracle);
    return OCELLUS_OK;
}

/* --- optimizers, as Keras defines them: one value w with its gradient g --- */

static void sgd(const struct optimizer *optimizer, double rate, double t, double g, real *w, real *states[STATES]) {
    (void)t;
    double move = -rate * g;
    if (states[0]) {
        const double velocity = optimizer->momentum * (double)*states[0] + move;
        *states[0] = (real)velocity;
        move = optimizer->nesterov ? optimizer->momentum * velocity + move : velocity;
    }
    *w = (real)((double)*w + move);
}

static void adam(const struct optimizer *optimizer, double rate, double t, double g, real *w, real *states[STATES]) {
    const double m = optimizer->beta1 * (double)*states[0] + (1 - optimizer->beta1) * g,
                 v = optimizer->beta2 * (double)*states[1] + (1 - optimizer->beta2) * g * g;
    rate *= sqrt(1 - pow(optimizer->beta2, t)) / (1 - pow(optimizer->beta1, t));
    *states[0] = (real)m;
    *states[1] = (real)v;
    *w = (real)((double)*w - rate * m / (sqrt(v) + optimizer->epsilon));
}

static void (*const steps[OPTIMIZER_KINDS])(const struct optimizer *optimizer, double rate, double t, double g, real *w,
                                            real *states[STATES]) = {[OPTIMIZER_SGD] = sgd, [OPTIMIZER_ADAM] = adam};

static ocellus_status update(struct engine *base, const struct optimizer *optimizer) {
    struct oracle_engine *engine = own(base);
    for (size_t p = 0; p < base->lowered->parameter_count; p++) {
        const struct oracle_parameter *parameter = &engine->oracle->parameters[p];
        for (size_t i = 0; base->lowered->parameters[p].trained && i < size_of(base, p); i++) {
            real *states[STATES] = {engine->states[0] ? &engine->states[0][p][i] : NULL,
                                    engine->states[1] ? &engine->states[1][p][i] : NULL};
            steps[optimizer->kind](optimizer, optimizer->learning_rate * engine->groups[p].rate_scale,
                                   (double)engine_group_updates(&engine->groups[p], base->updates),
                                   (double)parameter->gradient[i], &parameter->values[i], states);
        }
    }
    return OCELLUS_OK;
}

static ocellus_status adopt_statistics(struct engine *base) {
    struct oracle_engine *engine = own(base);
    for (size_t i = 0; i < base->lowered->count; i++) {
        const struct operation *operation = &base->lowered->operations[i];
        const size_t count = statistics_of(base, i);
        for (size_t k = 0; k < count && !operation->frozen; k++) {
            const enum parameter_role role = k < count / 2 ? PARAMETER_MOVING_MEAN : PARAMETER_MOVING_VARIANCE;
            engine->oracle->parameters[operation->parameters[role]].values[k % (count / 2)] =
                (real)(engine->sums[i][k] / (double)base->statistics_passes);
        }
    }
    return OCELLUS_OK;
}

/* --- the rest --- */

static bool all_finite(const real *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) return false;
    }
    return true;
}

static const char *find_nonfinite(struct engine *base) {
    const struct oracle *oracle = own(base)->oracle;
    for (size_t i = 1; i < base->lowered->count; i++) {
        const struct operation *operation = &base->lowered->operations[i];
        if (!all_finite(oracle->operations[i].values, oracle->n * shape_size(&operation->shape)))
            return base->graph->nodes[operation->node].name;
    }
    for (size_t p = 0; p < base->lowered->parameter_count; p++) {
        if (!all_finite(oracle->parameters[p].values, size_of(base, p)) ||
            !all_finite(oracle->parameters[p].gradient, size_of(base, p)))
            return base->lowered->parameters[p].parameter->name;
    }
    return NULL;
}

static bool supports(const struct operation *operation) {
    (void)operation;
    return true;
}

/* Values and gradients; of parameters too, and the optimizer's. */
static void facts(const struct engine *base, struct engine_facts *facts) {
    size_t values = 0;
    for (size_t i = 0; i < base->lowered->count; i++)
        values += 2 * base->options.batch_size * shape_size(&base->lowered->operations[i].shape);
    for (size_t p = 0; p < base->lowered->parameter_count; p++)
        values += (2 + base->state_count) * size_of(base, p);
    *facts = (struct engine_facts){.kernels = base->class->name, .threads = 1, .planned_bytes = values * sizeof(real)};
}

const struct engine_class engine_oracle = {
    .name = sizeof(real) == sizeof(double) ? "oracle-double" : "oracle",
    .training = true,
    .supports = supports,
    .size = sizeof(struct oracle_engine),
    .open = open_engine,
    .close = close_engine,
    .set = set,
    .get = get,
    .forward = forward,
    .read = read_values,
    .loss = loss,
    .backward = backward,
    .backward_from = backward_from,
    .update = update,
    .adopt_statistics = adopt_statistics,
    .find_nonfinite = find_nonfinite,
    .facts = facts,
};
