/* SPDX-License-Identifier: MIT */
#include "app/own_pictures.h"

#include "app/look.h"
#include "base/log.h"
#include "data/data_sets.h"
#include "data/fetch_resnet50.h"
#include "data/resnet50.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

ocellus_status path_from_here_to(const char *path, char out[FILE_PATH_SIZE]) {
    char here[FILE_PATH_SIZE];
    TRY(path_join(out, path, ""));
    for (size_t size = strlen(out); size > 1 && out[size - 1] == '/'; size--)
        out[size - 1] = '\0';
    if (*path != '/') return OCELLUS_OK;
    char *there = realpath(path, NULL);
    if (!there || !getcwd(here, sizeof here)) {
        free(there);
        return fail_errno(errno, "%s: cannot be looked at", path);
    }
    size_t same = 0; /* what both begin with, up to a slash or the end of either */
    while (here[same] && here[same] == there[same])
        same++;
    if ((here[same] && here[same] != '/') || (there[same] && there[same] != '/') || (same > 0 && here[same - 1] == '/'))
        while (same > 0 && here[--same] != '/') {}
    struct text way = {0};
    for (const char *rest = here + same; *rest; rest++)
        if (*rest == '/' && rest[1]) text_append(&way, "../");
    text_append(&way, "%s", there[same] == '/' ? there + same + 1 : there[same] ? there + same : ".");
    const bool fits = !way.failed && way.size < FILE_PATH_SIZE;
    if (fits) memcpy(out, way.bytes, way.size + 1);
    text_free(&way);
    free(there);
    return fits ? OCELLUS_OK : fail(OCELLUS_IO, "%s: no memory or room for the way to it", path);
}

/* Whether ImageNet's weights are at hand, fetched if need be. */
static bool have_imagenet(void) {
    char path[FILE_PATH_SIZE];
    if (resnet50_find(path) == OCELLUS_OK) return true;
    log_info("ResNet50's ImageNet weights are fetched, once: about 100 MB");
    if (fetch_resnet50(&(struct fetch_options){0}) == OCELLUS_OK && resnet50_find(path) == OCELLUS_OK) return true;
    log_warning("ImageNet's weights cannot be had: %s", status_message());
    return false;
}

static ocellus_status look(const struct own_pictures_request *request, struct choose_facts *facts, double *decode) {
    const struct data_request asked = {
        .path = request->path, .split = request->split, .threads = request->threads, .quiet = true};
    struct data_parts parts;
    TRY(data_set_open(request->data_name, &asked, &parts));
    const ocellus_status status = look_at_pictures(&parts, facts, decode);
    data_parts_close(&parts);
    return status;
}

ocellus_status own_pictures_choose(const struct own_pictures_request *request, struct recipe *recipe,
                                   struct text *explanation) {
    struct choose_facts facts;
    struct choose_speed speed;
    struct choice choice;
    double decode;
    char path[FILE_PATH_SIZE];
    double used = -clock_seconds();
    TRY(look(request, &facts, &decode));
    used += clock_seconds();
    facts.pretrained = true;
    facts.small = request->small;
    if (choose_network(&facts) == CHOOSE_PRETRAINED) facts.pretrained = have_imagenet();
    used -= clock_seconds(); /* what fetching takes is no part of the budget */
    TRY(look_at_machine(choose_network(&facts), &facts, decode, request->threads, &speed));
    used += clock_seconds();
    choose_recipe(&facts, &speed, &request->wish, request->budget - used, &choice);
    choose_explain(&facts, &choice, request->budget, explanation);
    recipe_defaults(recipe);
    TRY(choose_apply(&choice, recipe));
    TRY(recipe_set(recipe, RECIPE_KEY(data_name), request->data_name, "data"));
    TRY(path_from_here_to(request->path, path));
    return recipe_set(recipe, RECIPE_KEY(data_path), path, request->path);
}
