/* SPDX-License-Identifier: MIT */
/* What is said of values before any task is emitted: what is needed, stored, made again; in which phase and segment. */
#ifndef ENGINE_PLAN_VALUES_H
#define ENGINE_PLAN_VALUES_H

#include "engine/planner.h"

const struct operation *planner_operation(const struct planner *planner, size_t operation);
const struct operation_type *planner_operator(const struct planner *planner, size_t operation);
const char *planner_layer(const struct planner *planner, size_t operation); /* its name, for messages */
/* It has this parameter, and training changes it. */
bool planner_trains(const struct planner *planner, size_t operation, enum parameter_role role);
/* The reader when there is exactly one, else PLAN_NONE. */
int planner_only_reader(const struct planner *planner, size_t operation);
/* The kernel's only reader is a NORMALIZATION on moving statistics that its weights take in. */
bool planner_can_fold(const struct planner *planner, size_t operation);
/* The operation is of this kind, cheap and read once: it can be part of its reader's pass. */
bool planner_can_ride(const struct planner *planner, size_t operation, enum operation_kind kind);
/* What is said of values before any is emitted: liveness, readers, what is stored, phases, segments. */
ocellus_status planner_decide(struct planner *planner);
/* A stored value that another segment reads, and that SCOPE_BATCH does not hold. */
bool planner_is_read_elsewhere(const struct planner *planner, size_t operation);
bool planner_is_batch_value(const struct planner *planner, size_t operation);

#endif
