/* SPDX-License-Identifier: MIT */
#include "cli/recipe_flags.h"

#include <stdio.h>

/* What --help calls the value: N, X, TEXT, or the choices. */
static const char *value_name(const struct recipe_key *key, char room[64]) {
    switch (key->type) {
    case RECIPE_COUNT:
        return "N";
    case RECIPE_REAL:
        return "X";
    case RECIPE_BOOL:
        return "true|false";
    case RECIPE_TEXT:
        return "TEXT";
    case RECIPE_CHOICE:
        break;
    }
    size_t used = 0;
    room[0] = '\0';
    for (const char *const *choice = key->choices; *choice && used < 64; choice++)
        used += (size_t)snprintf(room + used, 64 - used, "%s%s", choice == key->choices ? "" : "|", *choice);
    return room;
}

void recipe_flags_append(const struct option *own, struct settings *settings,
                         struct option options[RECIPE_FLAGS_SIZE]) {
    static char rooms[RECIPE_FLAGS_SIZE][64], helps[RECIPE_FLAGS_SIZE][160];
    struct recipe defaults;
    recipe_defaults(&defaults);
    size_t count = 0;
    for (; own->name && count + 1 < RECIPE_FLAGS_SIZE; own++)
        options[count++] = *own;
    for (size_t i = 0; i < recipe_key_count() && count + 1 < RECIPE_FLAGS_SIZE; i++, count++) {
        const struct recipe_key *key = recipe_key_at(i);
        char value[RECIPE_TEXT_SIZE];
        recipe_value(&defaults, key, value);
        if (*value) snprintf(helps[count], sizeof helps[count], "%s [%.32s]", key->help, value);
        else snprintf(helps[count], sizeof helps[count], "%s", key->help);
        options[count] =
            (struct option){key->flag, value_name(key, rooms[count]), helps[count], OPTION_SETTING, settings};
    }
    options[count] = (struct option){0};
}

ocellus_status recipe_flags_apply(const struct settings *settings, struct recipe *recipe) {
    for (size_t i = 0; i < settings->count; i++) {
        const struct setting *setting = &settings->items[i];
        char source[64];
        snprintf(source, sizeof source, "--%s", setting->key);
        TRY(recipe_set(recipe, recipe_key_for_flag(setting->key), setting->value, source));
    }
    return OCELLUS_OK;
}
