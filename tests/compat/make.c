/* SPDX-License-Identifier: MIT */
/* Makes run folders for the test of later versions: make_compat FOLDER. Each is a small training stopped in an epoch; beside
 * its files, `weights` holds the hash that the same training ends with when nothing stops it. */
#include "../unit/tiny_training.h"

#include "base/files.h"
#include "base/folders.h"
#include "base/log.h"

#include <stdio.h>

struct kind {
    const char *name;
    int optimizer;
    double momentum;
    bool nesterov;
    uint64_t batch_size, checkpoint_every, stop_after;
};

static struct tiny start(const struct kind *kind) {
    struct tiny tiny = {0};
    tiny_recipe(&tiny.recipe);
    tiny.recipe.optimizer = kind->optimizer;
    tiny.recipe.momentum = kind->momentum;
    tiny.recipe.nesterov = kind->nesterov;
    tiny.recipe.batch_size = kind->batch_size;
    tiny.recipe.checkpoint_every = kind->checkpoint_every;
    return tiny;
}

static void make(const char *parent, const struct kind *kind) {
    char run[FILE_PATH_SIZE], weights[FILE_PATH_SIZE];
    assert_int_equal(path_join(run, parent, kind->name), OCELLUS_OK);
    assert_int_equal(path_join(weights, run, "weights"), OCELLUS_OK);
    struct tiny whole = start(kind), stopped = start(kind);
    assert_int_equal(tiny_run(&whole), OCELLUS_OK);
    stopped.run = run;
    stopped.stop_after = kind->stop_after;
    assert_int_equal(tiny_run(&stopped), OCELLUS_INTERRUPTED);
    FILE *stream = fopen(weights, "w");
    assert_non_null(stream);
    fprintf(stream, "%s\n", whole.result.weights_hash);
    assert_int_equal(fclose(stream), 0);
    tiny_free(&whole);
    tiny_free(&stopped);
}

int main(int argc, char **argv) {
    static const struct kind kinds[] = {
        {"adam", OPTIMIZER_ADAM, 0, false, 8, 0, 13},        /* in the second epoch */
        {"adam-every-3", OPTIMIZER_ADAM, 0, false, 7, 3, 9}, /* at an epoch's last step, of 4 images */
        {"sgd", OPTIMIZER_SGD, 0, false, 8, 0, 3},           /* no state, one checkpoint */
        {"momentum", OPTIMIZER_SGD, 0.9, false, 8, 0, 13},   /* one state a parameter */
        {"nesterov", OPTIMIZER_SGD, 0.8, true, 25, 2, 5},
    };
    if (argc != 2) {
        fprintf(stderr, "usage: OCELLUS_CPU=ref make_compat FOLDER\n");
        return 2;
    }
    log_set_level(LOG_QUIET);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        make(argv[1], &kinds[i]);
    return 0;
}
