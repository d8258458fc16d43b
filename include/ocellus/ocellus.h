/* SPDX-License-Identifier: MIT */
/* Ocellus as a library: data, a network, training, judging, predicting. Link with -locellus (pkg-config ocellus).
 *
 *     ocellus_dataset *train, *test;
 *     ocellus_model *model;
 *     ocellus_train_options options = ocellus_train_options_default();
 *     if (ocellus_cifar10_load(NULL, &train, &test) || ocellus_model_create("simcnn", train, NULL, &model) ||
 *         ocellus_model_train(model, train, NULL, &options))
 *         fprintf(stderr, "%s\n", ocellus_message());
 *
 * Every call that can fail answers a status (0 is good) and keeps one line that says why: ocellus_message(). What a call
 * gives through a pointer-to-pointer belongs to the caller, who releases it with the _free() function of its kind; these
 * accept NULL. Weights are the same to the last bit for any number of threads.
 *
 * Threads: any thread may call, also one older than the object; different models may be used by different threads at once. A
 * model serves one call at a time: a second one, from another thread or from within on_epoch, answers OCELLUS_IN_USE at once and
 * changes nothing. A dataset is only read, by any number of calls at once. Nothing may be freed while a call uses it.
 * The host's own: a call computes in its own floating-point mode, whatever rounding, flushing of subnormals or traps the
 * thread has, and gives the thread's back, exception flags too, before it returns and while on_epoch runs. It needs 64 KB of
 * the calling thread's stack (its workers have their own), leaves signals alone, and prints nothing.
 * Environment: OCELLUS_CPU (ref, avx2, avx512, neon) chooses the kernels, by default the fastest that the machine can run;
 * XDG_CACHE_HOME, or else HOME, says where the cache of ocellus_cifar10_load(NULL, ...) is. */
#ifndef OCELLUS_OCELLUS_H
#define OCELLUS_OCELLUS_H

#include <ocellus/status.h>
#include <ocellus/version.h>

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define OCELLUS_API __attribute__((visibility("default")))
#else
#define OCELLUS_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* OCELLUS_VERSION of the library that runs: "0.1.0". */
OCELLUS_API const char *ocellus_version(void);
/* Why this thread's last failed call failed; valid until the next failure on this thread. */
OCELLUS_API const char *ocellus_message(void);

/* --- Data --- */

typedef struct ocellus_dataset ocellus_dataset;

/* CIFAR-10 from its six .bin files. folder NULL: the cache that `ocellus data fetch cifar10` fills, verified by SHA-256; a
 * given folder is checked for sizes and labels only, and its classes are called by the lines of its batches.meta.txt or by
 * their numbers unless it holds the published images. */
OCELLUS_API ocellus_status ocellus_cifar10_load(const char *folder, ocellus_dataset **train, ocellus_dataset **test);
/* Images of your own: pixels[count][height][width][3], RGB, 0..255, and labels[count], each below `classes`, of which
 * there are at most 65536. Copied. */
OCELLUS_API ocellus_status ocellus_dataset_create(size_t count, size_t height, size_t width, size_t classes,
                                                  const uint8_t *pixels, const uint16_t *labels,
                                                  ocellus_dataset **dataset);
OCELLUS_API void ocellus_dataset_free(ocellus_dataset *dataset);
OCELLUS_API size_t ocellus_dataset_count(const ocellus_dataset *dataset);

/* --- Networks --- */

typedef struct ocellus_model ocellus_model;

typedef struct ocellus_model_options {
    size_t threads; /* 0: all that this process may use. Default 0 */
    uint64_t seed;  /* of the initial weights. Default 1 */
} ocellus_model_options;
OCELLUS_API ocellus_model_options ocellus_model_options_default(void);

/* A built-in network for images and classes as in `like`, with random weights: "simcnn"; "resnet50" and, with images scaled up
 * to 96 or 64 instead of 224, "resnet50-96" and "resnet50-64"; "resnet50-imagenet", for 224 x 224 and 1000 classes. options
 * NULL: the defaults. */
OCELLUS_API ocellus_status ocellus_model_create(const char *name, const ocellus_dataset *like,
                                                const ocellus_model_options *options, ocellus_model **model);
/* A model file (safetensors) as ocellus_model_save() and `ocellus train` write it; one whose network does not take colour
 * images (height, width, 3) is OCELLUS_BAD_CONTENT. options NULL: the defaults. */
OCELLUS_API ocellus_status ocellus_model_load(const char *path, const ocellus_model_options *options,
                                              ocellus_model **model);
/* Replaces the file, or leaves it as it was. */
OCELLUS_API ocellus_status ocellus_model_save(const ocellus_model *model, const char *path);
OCELLUS_API void ocellus_model_free(ocellus_model *model);
/* The size of an input image and the number of classes; 0 for a NULL model. */
OCELLUS_API void ocellus_model_sizes(const ocellus_model *model, size_t *height, size_t *width, size_t *classes);

/* --- Training and judging --- */

typedef struct ocellus_epoch {
    size_t epoch;                  /* from 0 */
    double accuracy, loss;         /* running means over the epoch, in training mode */
    double val_accuracy, val_loss; /* NaN without validation */
    double seconds;
} ocellus_epoch;

typedef struct ocellus_train_options {
    size_t epochs;                                              /* 1 to 1000000. Default 20 */
    size_t batch_size;                                          /* 1 to 1000000. Default 32 */
    size_t steps_per_epoch;                                     /* 0: all images. Default 0 */
    double learning_rate;                                       /* of Adam. Default 0.001 */
    uint64_t seed;                                              /* of the order of the images. Default 1 */
    int (*on_epoch)(void *context, const ocellus_epoch *epoch); /* not 0 stops: OCELLUS_STOPPED. Default NULL */
    void *context;
} ocellus_train_options;
OCELLUS_API ocellus_train_options ocellus_train_options_default(void);

/* Images of another size than the model's are resized to it, here and in ocellus_model_evaluate().
 * Trains with Adam as Keras's fit() does. Each call starts with a fresh optimizer. validation NULL: none. After a stop the
 * model holds what was trained so far; after any other failure it is as it was. */
OCELLUS_API ocellus_status ocellus_model_train(ocellus_model *model, const ocellus_dataset *train,
                                               const ocellus_dataset *validation, const ocellus_train_options *options);

typedef struct ocellus_score {
    size_t count, correct;
    double accuracy;
    double low, high; /* Wilson's 95 % interval of the accuracy */
    double loss;      /* mean cross-entropy */
} ocellus_score;

OCELLUS_API ocellus_status ocellus_model_evaluate(ocellus_model *model, const ocellus_dataset *dataset,
                                                  ocellus_score *score);

/* probabilities[count][classes] of pixels[count][height][width][3], RGB, 0..255, of the model's sizes. OCELLUS_DIVERGED names
 * the first image for which the network's output is not finite. */
OCELLUS_API ocellus_status ocellus_model_predict(ocellus_model *model, const uint8_t *pixels, size_t count,
                                                 float *probabilities);

#ifdef __cplusplus
}
#endif

#endif
