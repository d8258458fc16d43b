/* SPDX-License-Identifier: MIT */
/* What the graph says of its values, before any task is emitted: which are needed, who reads them, which are stored, in which
 * phase each can be had, and which are read by another segment than makes them. */
#include "engine/plan_values.h"

#include "base/memory.h"
#include "engine/planner.h"
#include "model/graph.h"

#include <string.h>

/* Values of an image above which an output with several readers is made again rather than stored, when one pass over stored
 * values makes it: a third of the memory of ResNet50's first stages for two percent of the time. */
enum { REMAKE_VALUES = 256 * 1024 };

const struct operation *planner_operation(const struct planner *planner, size_t operation) {
    return &planner->plan->lowered->operations[operation];
}

const struct operation_type *planner_operator(const struct planner *planner, size_t operation) {
    return planner->operators[planner_operation(planner, operation)->kind];
}

const char *planner_layer(const struct planner *planner, size_t operation) {
    return planner->plan->lowered->graph->nodes[planner_operation(planner, operation)->node].name;
}

static size_t reader_count(const struct planner *planner, size_t operation) {
    return planner->first_reader[operation + 1] - planner->first_reader[operation];
}

int planner_only_reader(const struct planner *planner, size_t operation) {
    return reader_count(planner, operation) == 1 ? (int)planner->readers[planner->first_reader[operation]] : PLAN_NONE;
}

static bool is_asked_for(const struct planner *planner, size_t operation) {
    return operation == planner->plan->lowered->logits || planner->plan->keeping[operation] != KEEPING_NONE;
}

bool planner_can_fold(const struct planner *planner, size_t operation) {
    const int reader = planner_only_reader(planner, operation);
    return planner_operator(planner, operation)->folded && !planner->needs_gradient[operation] &&
           !is_asked_for(planner, operation) && planner_operation(planner, operation)->unary.function == UNARY_LINEAR &&
           reader != PLAN_NONE && planner_operator(planner, (size_t)reader)->folds && !planner->needs_gradient[reader];
}

bool planner_can_ride(const struct planner *planner, size_t operation, enum operation_kind kind) {
    return planner_operation(planner, operation)->kind == kind && !planner->stored[operation] &&
           planner_only_reader(planner, operation) != PLAN_NONE && !view_exists(planner->made[operation]);
}

/* --- who is needed, and who reads whom --- */

static void find_live(struct planner *planner) {
    const struct lowered *lowered = planner->plan->lowered;
    planner->live[lowered->logits] = true;
    for (size_t i = 0; i < planner->options->keep_count; i++)
        planner->live[planner->options->keep[i]] = true;
    for (size_t i = lowered->count; i-- > 0;) {
        for (size_t k = 0; planner->live[i] && k < lowered->operations[i].input_count; k++)
            planner->live[lowered->operations[i].inputs[k]] = true;
    }
}

static ocellus_status find_readers(struct planner *planner) {
    const struct lowered *lowered = planner->plan->lowered;
    size_t *first = planner->first_reader, total = 0;
    for (size_t i = 0; i < lowered->count; i++) {
        for (size_t k = 0; planner->live[i] && k < lowered->operations[i].input_count; k++, total++)
            first[lowered->operations[i].inputs[k] + 1]++;
    }
    for (size_t i = 0; i < lowered->count; i++)
        first[i + 1] += first[i];
    planner->readers = memory_allocate(total + 1, sizeof *planner->readers);
    if (!planner->readers) return OCELLUS_IO;
    for (size_t i = lowered->count; i-- > 0;) { /* backwards, each from its end: first[] is right again at the end */
        for (size_t k = lowered->operations[i].input_count; planner->live[i] && k-- > 0;)
            planner->readers[--first[lowered->operations[i].inputs[k] + 1]] = i;
    }
    for (size_t i = 0; i < lowered->count; i++)
        first[i] = first[i + 1];
    first[lowered->count] = total;
    return OCELLUS_OK;
}

bool planner_trains(const struct planner *planner, size_t operation, enum parameter_role role) {
    const size_t place = planner_operation(planner, operation)->parameters[role];
    return planner->plan->training && place != PARAMETER_NONE && planner->plan->lowered->parameters[place].trained;
}

static void find_needs_gradient(struct planner *planner) {
    const struct lowered *lowered = planner->plan->lowered;
    const int to = planner->options->gradient_to;
    planner->needs_gradient[0] = to == 0;
    for (size_t i = 1; planner->plan->backward && i < lowered->count; i++) {
        const struct operation *operation = &lowered->operations[i];
        const bool varies = planner->plan->training && planner_operator(planner, i)->varies && !operation->frozen;
        planner->needs_gradient[i] = to == (int)i || varies;
        for (size_t role = 0; role < PARAMETER_ROLES; role++)
            planner->needs_gradient[i] |= planner_trains(planner, i, (enum parameter_role)role);
        for (size_t k = 0; k < operation->input_count; k++)
            planner->needs_gradient[i] |= planner->needs_gradient[operation->inputs[k]];
    }
}

/* --- what is stored --- */

/* One pass over stored values makes it: its inputs are stored, or such cheap ones of stored ones. */
static bool can_remake(const struct planner *planner, size_t operation) {
    const struct operation *o = planner_operation(planner, operation);
    for (size_t k = 0; k < o->input_count; k++) {
        const size_t input = o->inputs[k];
        if (input == 0 || planner->stored[input]) continue;
        if (reader_count(planner, input) != 1 || !planner_operator(planner, input)->passes ||
            !can_remake(planner, input))
            return false;
    }
    return true;
}

/* Cheap, and of nothing but the network's input: it can be had in any phase. */
static void find_of_input(struct planner *planner) {
    const struct lowered *lowered = planner->plan->lowered;
    planner->of_input[0] = true;
    for (size_t i = 1; i < lowered->count; i++) {
        planner->of_input[i] = planner_operator(planner, i)->cheap;
        for (size_t k = 0; k < lowered->operations[i].input_count; k++)
            planner->of_input[i] &= planner->of_input[lowered->operations[i].inputs[k]];
    }
}

/* What is made as in inference is read by something that has a gradient. */
static bool is_frontier(const struct planner *planner, size_t operation) {
    for (size_t r = planner->first_reader[operation]; r < planner->first_reader[operation + 1]; r++) {
        if (planner->needs_gradient[planner->readers[r]]) return !planner->needs_gradient[operation];
    }
    return false;
}

/* Stored: all that are dear to make, all that several read (but for large ones that one pass makes), what runs once
 * over the images of a shard reads, what batch statistics are taken of, and what was asked for. */
static void decide_stored(struct planner *planner) {
    const struct lowered *lowered = planner->plan->lowered;
    for (size_t i = 1; i < lowered->count; i++) {
        const struct operation *o = &lowered->operations[i];
        const struct operation_type *row = planner_operator(planner, i);
        if (!planner->live[i]) continue;
        if (!row->cheap || is_asked_for(planner, i)) planner->stored[i] = !planner_can_fold(planner, i);
        if (reader_count(planner, i) > 1 || (is_frontier(planner, i) && !planner->of_input[i])) {
            const bool again = planner->needs_gradient[i] && row->remade && shape_size(&o->shape) >= REMAKE_VALUES &&
                               can_remake(planner, i);
            planner->stored[i] = planner->stored[i] || !again;
        }
        for (size_t k = 0; k < o->input_count; k++) {
            if ((row->per_shard || planner->plan->batch_statistics[i]) && o->inputs[k] != 0)
                planner->stored[o->inputs[k]] = true;
        }
    }
}

/* Noted beside what would be stored if nothing were asked for. */
static void keep(struct planner *planner, size_t operation) {
    enum keeping *keeping = &planner->plan->keeping[operation];
    if (*keeping != KEEPING_NONE) return;
    if (operation == 0 || planner->stored[operation]) *keeping = KEEPING_ANYWAY;
    else *keeping = planner_can_fold(planner, operation) ? KEEPING_UNFOLDED : KEEPING_STORED;
}

static void keep_by_name(struct planner *planner) {
    const struct plan_options *options = planner->options;
    for (size_t i = 0; i < options->keep_count; i++)
        keep(planner, options->keep[i]);
    if (options->gradient_to != PLAN_NONE) keep(planner, (size_t)options->gradient_to);
    memset(planner->stored, 0, planner->plan->lowered->count * sizeof *planner->stored);
    decide_stored(planner);
}

/* The first phase in which a value can be had: one more for every pass over batch statistics before it. */
static void find_forward_phases(struct planner *planner) {
    const struct lowered *lowered = planner->plan->lowered;
    for (size_t i = 1; i < lowered->count; i++) {
        size_t phase = 0;
        for (size_t k = 0; k < lowered->operations[i].input_count; k++) {
            const size_t input = planner->forward_phase[lowered->operations[i].inputs[k]];
            phase = input > phase ? input : phase;
        }
        planner->forward_phase[i] = phase + (planner->plan->batch_statistics[i] ? 1 : 0);
    }
}

/* --- where they live --- */

/* Large weights pass through the cache with every image; small outputs stay in it for several. So the end of a network
 * runs layer-major, where all outputs are small and the convolutions' weights are more than a cache has; with a backward
 * half when a shard has several images, and no more than there is room for. */
static void find_layer_major(struct planner *planner) {
    enum { MOST_PIXELS = 256, LEAST_WEIGHTS = 1024 * 1024 };
    const struct lowered *lowered = planner->plan->lowered;
    size_t first = lowered->count, weights = 0;
    for (; first > 1; first--) {
        const struct operation *o = &lowered->operations[first - 1];
        const struct extent extent = shape_extent(&o->shape);
        if (!planner->live[first - 1]) continue;
        if (extent.h * extent.w > MOST_PIXELS) break;
        if (planner_operator(planner, first - 1)->weighs)
            weights += shape_size(&lowered->parameters[o->parameters[PARAMETER_KERNEL]].parameter->shape);
    }
    const size_t images = plan_shard_images(planner->plan);
    const bool fits = !planner->plan->backward || (images > 1 && images <= PLAN_SHARD_IMAGES);
    planner->first_layer_major = fits && weights >= LEAST_WEIGHTS ? first : lowered->count;
}

bool planner_is_batch_value(const struct planner *planner, size_t operation) {
    if (planner->needs_gradient[operation] || is_asked_for(planner, operation) || is_frontier(planner, operation) ||
        planner_operator(planner, operation)->per_shard)
        return true;
    for (size_t r = planner->first_reader[operation]; r < planner->first_reader[operation + 1]; r++) {
        if (planner_operator(planner, planner->readers[r])->per_shard) return true;
    }
    return false;
}

/* The segments of stored values, as plan_begin_segment() will number them. */
static void find_segments(struct planner *planner) {
    const struct lowered *lowered = planner->plan->lowered;
    size_t number = 0;
    for (size_t phase = 0; phase <= planner->forward_phase[lowered->logits]; phase++) {
        bool per_shard = false, layer_major = false;
        number++;
        for (size_t i = 1; i < lowered->count; i++) {
            if (!planner->stored[i] || planner->forward_phase[i] != phase) continue;
            const bool shard = planner_operator(planner, i)->per_shard,
                       major = i >= planner->first_layer_major && !shard;
            number += shard != per_shard || major != layer_major;
            per_shard = shard;
            layer_major = major;
            planner->made_in[i] = number;
        }
    }
}

static bool is_read_outside(const struct planner *planner, size_t operation, size_t segment) {
    for (size_t r = planner->first_reader[operation]; r < planner->first_reader[operation + 1]; r++) {
        const size_t reader = planner->readers[r];
        if (planner->stored[reader] ? planner->made_in[reader] != segment : is_read_outside(planner, reader, segment))
            return true;
    }
    return false;
}

bool planner_is_read_elsewhere(const struct planner *planner, size_t operation) {
    return is_read_outside(planner, operation, planner->made_in[operation]);
}

ocellus_status planner_decide(struct planner *planner) {
    const struct lowered *lowered = planner->plan->lowered;
    find_live(planner);
    TRY(find_readers(planner));
    find_needs_gradient(planner);
    find_of_input(planner);
    for (size_t i = 0; i < lowered->count; i++)
        planner->plan->batch_statistics[i] = planner->plan->training && planner->live[i] &&
                                             planner_operator(planner, i)->observe && !lowered->operations[i].frozen;
    decide_stored(planner);
    keep_by_name(planner);
    find_forward_phases(planner);
    find_layer_major(planner);
    find_segments(planner);
    return OCELLUS_OK;
}
