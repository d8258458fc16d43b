/* SPDX-License-Identifier: MIT */
#include "cli/data_words.h"

#include "app/look.h"

#include <stdio.h>

ocellus_status command_fail_data(const char *what, const char *name, bool fetched) {
    struct text names = {0};
    data_set_append_names(fetched, &names);
    const ocellus_status status =
        fail(OCELLUS_USAGE, "%s '%s' (known: %s)", what, name, names.bytes && !names.failed ? names.bytes : "?");
    text_free(&names);
    return status;
}

ocellus_status command_open_data(const char *word, const struct data_request *request, struct data_parts *parts,
                                 const char **called) {
    const struct data_set *set = data_set_find(word);
    const char *name = word;
    struct data_request asked = *request;
    *called = word;
    if (!set || !set->open) {
        enum path_kind kind;
        TRY(path_look(word, &kind));
        if (kind == PATH_NONE && !set) return command_fail_data("data: no such file, folder or data set", word, false);
        if (kind != PATH_NONE) {
            TRY(look_recognise(word, &name));
            if (!name)
                return fail(OCELLUS_USAGE,
                            "%s: is no set of pictures (expected a folder of pictures, or a list of them)", word);
            asked.path = word;
        }
    }
    TRY(data_set_open(name, &asked, parts));
    if (asked.path == word) *called = parts->train->name;
    return OCELLUS_OK;
}

ocellus_status command_data_folder(const char *out, bool nowhere, const char *called, char folder[FILE_PATH_SIZE]) {
    char beside[SOURCE_NAME_SIZE + sizeof "-data"];
    *folder = '\0';
    if (out) return path_join(folder, "", out);
    if (nowhere) return OCELLUS_OK;
    snprintf(beside, sizeof beside, "%s-data", called);
    return path_join(folder, "runs", beside);
}
