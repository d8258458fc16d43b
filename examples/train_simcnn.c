/* SPDX-License-Identifier: MIT */
/* Trains SimCNN on CIFAR-10, judges it on the test images and saves it.
 *
 *     cc train_simcnn.c $(pkg-config --cflags --libs ocellus) -o train_simcnn
 *     ./train_simcnn [STEPS] [FOLDER]      STEPS: of the one epoch (0: all); FOLDER: of the .bin files (the cache) */
#include <ocellus/ocellus.h>

#include <stdio.h>
#include <stdlib.h>

static int show_epoch(void *context, const ocellus_epoch *epoch) {
    (void)context;
    printf("epoch %zu: accuracy %.4f, loss %.4f, %.1f s\n", epoch->epoch + 1, epoch->accuracy, epoch->loss,
           epoch->seconds);
    return 0; /* go on */
}

static ocellus_status train_and_save(ocellus_model *model, const ocellus_dataset *train, const ocellus_dataset *test,
                                     size_t steps) {
    ocellus_train_options options = ocellus_train_options_default();
    options.epochs = 1;
    options.steps_per_epoch = steps;
    options.on_epoch = show_epoch;
    ocellus_status status = ocellus_model_train(model, train, NULL, &options);
    if (status != OCELLUS_OK) return status;

    ocellus_score score;
    status = ocellus_model_evaluate(model, test, &score);
    if (status != OCELLUS_OK) return status;
    printf("test: %zu of %zu right, accuracy %.4f (95 %% interval %.4f to %.4f)\n", score.correct, score.count,
           score.accuracy, score.low, score.high);

    status = ocellus_model_save(model, "simcnn.safetensors");
    if (status == OCELLUS_OK) printf("saved simcnn.safetensors\n");
    return status;
}

int main(int argc, char **argv) {
    size_t steps = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    const char *folder = argc > 2 ? argv[2] : NULL;
    ocellus_dataset *train = NULL, *test = NULL;
    ocellus_model *model = NULL;

    ocellus_status status = ocellus_cifar10_load(folder, &train, &test);
    if (status == OCELLUS_OK) status = ocellus_model_create("simcnn", train, NULL, &model);
    if (status == OCELLUS_OK) status = train_and_save(model, train, test, steps);
    if (status != OCELLUS_OK) fprintf(stderr, "train_simcnn: %s\n", ocellus_message());

    ocellus_model_free(model);
    ocellus_dataset_free(test);
    ocellus_dataset_free(train);
    return (int)status;
}
