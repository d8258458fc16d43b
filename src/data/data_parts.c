/* SPDX-License-Identifier: MIT */
#include "data/data_parts.h"

void data_parts_close(struct data_parts *parts) {
    source_close(parts->train);
    source_close(parts->validation);
    source_close(parts->test);
    shared_collection_release(parts->pictures);
    *parts = (struct data_parts){0};
}
