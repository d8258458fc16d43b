/* SPDX-License-Identifier: MIT */
/* A file of a network or of weights, of whatever form: bytes in, graph and named tensors out. It is opened, read, parsed and
 * checked once. */
#ifndef FORMATS_NETWORK_FILE_H
#define FORMATS_NETWORK_FILE_H

#include "base/file_kind.h"
#include "base/json.h"
#include "formats/match.h"
#include "formats/named_tensors.h"

#include <stdbool.h>
#include <stdint.h>

struct network_file {
    struct named_tensors tensors;
    struct graph *graph; /* NULL: weights alone, or a network that cannot be run here: `no_graph` says which, and why */
    char *no_graph;      /* a message, "PATH: ..." */
    struct match match;  /* of the tensors to the graph, where there is one: by name or, with its note, by order */
    bool
        knows_preprocessing; /* graph->preprocessing is the file's own word; else it is PREPROCESSING_UNIT, as a guess */
    int64_t epoch;           /* finished epochs of training; -1 where the file does not say */
};

/* A file's bytes, followed by a zero byte. A reader that keeps them sets `bytes` to NULL. */
struct file_content {
    const char *path;
    unsigned char *bytes; /* from malloc() */
    size_t size;
};

/* A form: what a file's first bytes must say, how many bytes it may have (a larger one is refused before anything is allocated; at
 * most WEIGHT_FILE_LIMIT), and its reader, which fills tensors, graph or no_graph, and what else it knows.
 * The match is made after it, unless it is there. On failure it may leave anything. */
struct network_form {
    enum file_format format;
    size_t limit;
    ocellus_status (*read)(struct file_content *content, struct network_file *file);
};
/* The forms that a caller reads, up to one without a reader; and how they are called in the refusal of another file. Of a file
 * of another kind, or of none that is known, no more is read than its first bytes. */
struct network_forms {
    const char *expected;
    const struct network_form *forms;
};
extern const struct network_forms
    network_forms_all; /* network_forms.c; needs HDF5 and libarchive where the build has them */
extern const struct network_forms network_forms_model; /* model files of this program alone (model_file.c) */

/* Reads `path`: a file, or the folder of a TensorFlow.js model. All that it says is checked against its true size. Release with
 * network_file_free(). OCELLUS_BAD_CONTENT, naming file, tensor and field; OCELLUS_IO; OCELLUS_USAGE where the build lacks what the
 * form needs. */
ocellus_status network_file_read(const char *path, const struct network_forms *forms, struct network_file *file);
void network_file_free(
    struct network_file *file); /* a caller that keeps the graph takes it out first: file->graph = NULL */
/* OCELLUS_BAD_CONTENT with the reason, where the file has no graph that can be run. */
ocellus_status network_file_require_graph(const struct network_file *file);

/* For readers: the graph of Keras's JSON, or why there is none. Fails for memory alone. */
ocellus_status network_file_set_graph(struct network_file *file, const char *path, const json_value *json);
/* The failure that just happened becomes the reason for having no graph; one of the machine stays a failure. */
ocellus_status network_file_no_graph(struct network_file *file, ocellus_status status);

#endif
