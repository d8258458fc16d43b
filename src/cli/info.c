/* SPDX-License-Identifier: MIT */
/* ocellus info */
#include "base/cpu.h"
#include "base/files.h"
#include "base/folders.h"
#include "base/threads.h"
#include "cli/command.h"
#include "cli/verbs.h"
#include "data/cache.h"
#include "data/data_sets.h"
#include "engine/engine.h"
#include "engine/instruction_sets.h"
#include "run/records.h"

#include <ocellus/version.h>
#include <stdio.h>

static const struct command info_command = {
    .name = "info",
    .arguments = "",
    .summary = "Shows version, compiler, processor, kernels, threads and the data cache.",
    .details = "OCELLUS_CPU=ref|avx2|avx512|neon forces a row of kernels.",
};
static bool json;
static const struct option info_options[] = {
    {"json", NULL, "print as JSON", OPTION_SWITCH, &json},
    {0},
};

struct feature {
    const char *name;
    bool present;
};
enum { FEATURES = 3 };

/* Where a data set's cache is; false where it has no place, or one that cannot be made: the kept message says why. */
static bool find_cache(const struct data_set *set, char folder[FILE_PATH_SIZE], bool *fetched) {
    const bool has_place = cache_folder(set->name, folder) == OCELLUS_OK;
    *fetched = has_place && path_is_folder(folder);
    return has_place;
}

static bool set_caches(json_value *root) {
    bool whole = root != NULL;
    for (const struct data_set *set = data_sets; set->name && whole; set++) {
        char folder[FILE_PATH_SIZE], key[64];
        bool fetched;
        if (!set->open || !set->fetch) continue;
        const bool has_place = find_cache(set, folder, &fetched);
        snprintf(key, sizeof key, "%s_fetched", set->name);
        whole = json_set(root, set->name, has_place ? json_new_text(folder) : json_new_null()) &&
                json_set(root, key, json_new_bool(fetched));
    }
    return whole;
}

static void append_caches(struct text *out) {
    for (const struct data_set *set = data_sets; set->name; set++) {
        char folder[FILE_PATH_SIZE];
        bool fetched;
        if (!set->open || !set->fetch) continue;
        const bool has_place = find_cache(set, folder, &fetched);
        text_append(out, "%-13s %s%s\n", set->name, has_place ? folder : status_message(),
                    fetched || !has_place ? "" : " (not fetched yet)");
    }
}

static ocellus_status print_json(const struct run_environment *here, const struct feature features[FEATURES],
                                 const struct engine_instruction_sets *sets) {
    json_value *root = json_new_map(), *present = json_new_list(), *available = json_new_list();
    bool whole = root && present && available;
    for (size_t i = 0; i < FEATURES && whole; i++)
        if (features[i].present) whole = json_append(present, json_new_text(features[i].name));
    for (size_t i = 0; i < sets->count && whole; i++)
        whole = json_append(available, json_new_text(sets->names[i]));
    whole = json_set(root, "features", present) && whole;
    whole = json_set(root, "kernels_available", available) && whole;
    whole = whole && json_set(root, "version", json_new_text(here->version)) &&
            json_set(root, "compiler", json_new_text(here->compiler)) &&
            json_set(root, "processor", json_new_text(here->processor)) &&
            json_set(root, "kernels", json_new_text(sets->chosen)) &&
            json_set(root, "threads", json_new_integer((int64_t)threads_available())) && set_caches(root);
    return command_print_json(command_json_whole(root, whole));
}

ocellus_status verb_info(int argc, char **argv) {
    struct words words;
    TRY(command_parse(&info_command, info_options, argc, argv, &words));
    struct engine_instruction_sets sets;
    TRY(engine_instruction_sets(&sets));
    struct cpu_features cpu = cpu_detect();
    const struct feature features[FEATURES] = {{"avx2", cpu.avx2}, {"avx512", cpu.avx512}, {"neon", cpu.neon}};
    struct run_environment here; /* what a run that is started here records */
    run_environment_fill(&here);
    if (json) return print_json(&here, features, &sets);

    struct text out = {0};
    text_append(&out, "ocellus       %s\ncompiler      %s\nprocessor     %s\nfeatures     ", here.version,
                here.compiler, here.processor);
    for (size_t i = 0; i < FEATURES; i++)
        if (features[i].present) text_append(&out, " %s", features[i].name);
    text_append(&out, "\nkernels       %s (of:", sets.chosen);
    for (size_t i = 0; i < sets.count; i++)
        text_append(&out, " %s", sets.names[i]);
    text_append(&out, ")\nthreads       %zu\n", threads_available());
    append_caches(&out);
    return command_print_text(&out);
}
