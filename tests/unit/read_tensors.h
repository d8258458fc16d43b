/* SPDX-License-Identifier: MIT */
/* For tests: the tensors alone of a file of any form. */
#ifndef TESTS_UNIT_READ_TENSORS_H
#define TESTS_UNIT_READ_TENSORS_H

#include "formats/network_file.h"

static inline ocellus_status read_tensors(const char *path, struct named_tensors *tensors) {
    struct network_file file;
    *tensors = (struct named_tensors){0};
    TRY(network_file_read(path, &network_forms_all, &file));
    *tensors = file.tensors;
    file.tensors = (struct named_tensors){0};
    network_file_free(&file);
    return OCELLUS_OK;
}

#endif
