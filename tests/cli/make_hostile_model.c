/* SPDX-License-Identifier: MIT */
/* make_hostile_model overflow|names IN OUT: a copy of a model file that reads well and yet does harm. Of `overflow` every
 * kernel is so large that the network's output is not finite; of `names` the first classes' names hold what moves a
 * terminal's cursor, and one is long and wide. */
#include "formats/model_file.h"

#include <stdio.h>
#include <string.h>

static bool overflow;

static ocellus_status get(void *context, const char *name, float *values, size_t count) {
    const struct named_tensor *tensor = named_tensors_find(context, name);
    const char *role = strrchr(name, '/');
    bool scaled = overflow && role && strcmp(role, "/kernel") == 0;
    for (size_t i = 0; i < count; i++)
        values[i] = scaled ? tensor->values[i] * 1e33f : tensor->values[i];
    return OCELLUS_OK;
}

static ocellus_status copy(const char *in, const char *out) {
    static const char *const evil[] = {
        "evil\033[2J\nfake.png: cat 99.99 %",                                  /* clears the screen, fakes a line */
        "\302\23331m\302\205red",                                              /* the same by C1 controls */
        "\342\200\256gnp.\342\201\246x\342\200\250y",                          /* directions, a line separator */
        "\347\214\253\347\214\253 a name as long as no table has room for it", /* and wide characters */
    };
    enum { EVIL = sizeof evil / sizeof *evil };
    struct network_file file;
    TRY(network_file_read(in, &network_forms_model, &file));
    const char *names[64];
    for (size_t i = 0; i < file.graph->class_count && i < 64; i++)
        names[i] = i < EVIL ? evil[i] : file.graph->class_names[i];
    ocellus_status status = OCELLUS_OK;
    if (!overflow) status = graph_set_class_names(file.graph, names, file.graph->class_count);
    if (status == OCELLUS_OK) status = model_file_write(out, file.graph, file.epoch, get, &file.tensors);
    network_file_free(&file);
    return status;
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    overflow = strcmp(argv[1], "overflow") == 0;
    if (copy(argv[2], argv[3]) == OCELLUS_OK) return 0;
    fprintf(stderr, "%s\n", status_message());
    return 1;
}
