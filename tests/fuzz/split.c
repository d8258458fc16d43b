/* SPDX-License-Identifier: MIT */
/* The file that keeps which picture is for what. */
#include "data/split_file.h"
#include "fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct split_file file;
    log_set_level(LOG_QUIET);
    if (split_file_read(fuzz_file(data, size), &file) != OCELLUS_OK) return 0;
    for (size_t i = 0; i < file.count; i++) {
        const struct split_row *row = &file.rows[i];
        const char *path = split_file_path(&file, row), *group = split_file_group(&file, row);
        fuzz_use(group, strlen(group) + 1);
        if (!split_file_find(&file, row->pixels, path)) abort();
    }
    split_file_free(&file);
    return 0;
}
