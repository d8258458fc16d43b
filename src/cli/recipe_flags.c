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

void recipe_flags_append(const struct option *own, bool (*wanted)(const struct recipe_key *key),
                         struct settings *settings, struct option *options) {
    static char rooms[RECIPE_KEYS_MOST][64], helps[RECIPE_KEYS_MOST][160];
    struct recipe defaults;
    recipe_defaults(&defaults);
    for (; own->name; own++)
        *options++ = *own;
    for (size_t i = 0; i < recipe_key_count(); i++) {
        const struct recipe_key *key = recipe_key_at(i);
        char value[RECIPE_TEXT_SIZE];
        if (wanted && !wanted(key)) continue;
        recipe_value(&defaults, key, value);
        if (*value) snprintf(helps[i], sizeof helps[i], "%s [%.32s]", key->help, value);
        else snprintf(helps[i], sizeof helps[i], "%s", key->help);
        *options++ = (struct option){key->flag, value_name(key, rooms[i]), helps[i], OPTION_SETTING, settings};
    }
    *options = (struct option){0};
}

ocellus_status recipe_flags_apply(const struct settings *settings, struct recipe *recipe) {
    for (size_t i = 0; i < settings->count; i++) {
        const struct setting *setting = &settings->items[i];
        char source[64];
        snprintf(source, sizeof source, "--%s", setting->flag);
        TRY(recipe_set(recipe, recipe_key_for_flag(setting->flag), setting->value, source));
    }
    return OCELLUS_OK;
}
