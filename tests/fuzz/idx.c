/* SPDX-License-Identifier: MIT */
/* idx, plain or packed by gzip. */
#include "data/idx.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct idx_array array;
    log_set_level(LOG_QUIET);
    if (idx_read(fuzz_file(data, size), &array, NULL) != OCELLUS_OK) return 0;
    size_t values = 1;
    for (size_t i = 0; i < array.rank; i++)
        values *= array.dims[i];
    fuzz_use(array.values, values);
    free(array.bytes);
    return 0;
}
