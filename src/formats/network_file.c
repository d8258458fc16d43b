/* SPDX-License-Identifier: MIT */
#include "formats/network_file.h"

#include "base/files.h"
#include "base/folders.h"
#include "base/memory.h"
#include "model/graph_from_json.h"

#include <stdlib.h>

/* What is being asked, and which form it turned out to be. */
struct choice {
    const char *path;
    const struct network_forms *forms;
    const struct network_form *form;
};

static ocellus_status choose(struct choice *choice, const struct file_kind *kind) {
    for (const struct network_form *form = choice->forms->forms; form->read; form++) {
        if (form->format != kind->format) continue;
        choice->form = form;
        return OCELLUS_OK;
    }
    return file_kind_refuse(choice->path, kind, choice->forms->expected);
}

static ocellus_status judge(void *context, const unsigned char *start, size_t size, size_t *limit) {
    struct choice *choice = context;
    const struct file_kind kind = file_kind_of(start, size);
    TRY(choose(choice, &kind));
    *limit = choice->form->limit;
    return OCELLUS_OK;
}

/* A folder stands for the file in it. */
static ocellus_status find_file(struct choice *choice, char path[FILE_PATH_SIZE]) {
    enum path_kind found;
    struct file_kind kind;
    TRY(path_look(choice->path, &found));
    if (found != PATH_FOLDER) return path_join(path, "", choice->path);
    TRY(file_kind_read(choice->path, &kind));
    TRY(choose(choice, &kind));
    return path_join(path, choice->path, FILE_KIND_TFJS_NAME);
}

/* A graph whose tensors are not there is none that can be run. */
static ocellus_status check_graph(struct network_file *file) {
    if (!file->graph || file->match.tensors) return OCELLUS_OK;
    const ocellus_status status = match_tensors(file->graph, &file->tensors, MATCH_WHOLE, &file->match);
    if (status == OCELLUS_OK) return OCELLUS_OK;
    graph_free(file->graph);
    file->graph = NULL;
    return network_file_no_graph(file, status);
}

ocellus_status network_file_read(const char *path, const struct network_forms *forms, struct network_file *file) {
    *file = (struct network_file){.epoch = -1};
    struct choice choice = {.path = path, .forms = forms};
    char found[FILE_PATH_SIZE];
    TRY(find_file(&choice, found));
    struct file_content content = {.path = found};
    TRY(file_read_judged(found, WEIGHT_FILE_LIMIT, judge, &choice, &content.bytes, &content.size));
    ocellus_status status = choice.form->read(&content, file);
    free(content.bytes);
    if (status == OCELLUS_OK) status = check_graph(file);
    if (status != OCELLUS_OK) network_file_free(file);
    return status;
}

void network_file_free(struct network_file *file) {
    match_free(&file->match);
    named_tensors_free(&file->tensors);
    graph_free(file->graph);
    memory_free(file->no_graph);
    *file = (struct network_file){0};
}

ocellus_status network_file_require_graph(const struct network_file *file) {
    return file->graph ? OCELLUS_OK : fail(OCELLUS_BAD_CONTENT, "%s", file->no_graph);
}

ocellus_status network_file_no_graph(struct network_file *file, ocellus_status status) {
    if (status == OCELLUS_IO) return status;
    file->no_graph = memory_copy_text(status_message());
    return file->no_graph ? OCELLUS_OK : OCELLUS_IO;
}

ocellus_status network_file_set_graph(struct network_file *file, const char *path, const json_value *json) {
    const ocellus_status status = graph_from_json(json, path, &file->graph);
    return status == OCELLUS_OK ? OCELLUS_OK : network_file_no_graph(file, status);
}
