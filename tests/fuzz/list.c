/* SPDX-License-Identifier: MIT */
/* A list of pictures: tables of any kind. The files that it names are not there, so that most rows end it: what is before counts. */
#include "data/list.h"
#include "data/csv.h"
#include "fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct collection collection;
    struct csv csv;
    bool got = true;
    log_set_level(LOG_QUIET);
    if (collection_open_list(fuzz_file(data, size), &collection) == OCELLUS_OK) collection_free(&collection);
    unsigned char *bytes = calloc(size + 1, 1);
    if (!bytes) abort();
    memcpy(bytes, data, size);
    if (csv_begin(&csv, "fuzz", bytes, size) == OCELLUS_OK)
        while (got && csv_next(&csv, &got) == OCELLUS_OK)
            for (size_t i = 0; got && i < csv.count; i++)
                fuzz_use(csv.fields[i], strlen(csv.fields[i]) + 1);
    free(bytes);
    return 0;
}
