/* SPDX-License-Identifier: MIT */
#include "data/cache.h"

ocellus_status cache_folder(const char *name, char out[FILE_PATH_SIZE]) {
    char cache[FILE_PATH_SIZE];
    TRY(folder_cache(cache));
    return path_join(out, cache, name);
}
