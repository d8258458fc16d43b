/* SPDX-License-Identifier: MIT */
/* The host around the library: threads with small stacks, floating-point modes, data and model files of its own. */
#ifndef LIBRARY_HOST_H
#define LIBRARY_HOST_H

#include <stddef.h>
#include <stdint.h>

#include <ocellus/ocellus.h>

enum { SIDE = 8, IMAGES = 40, CLASSES = 3, VALUES = SIDE * SIDE * 3 };

/* Runs work(context) on a new thread with that much stack (0: the usual) and waits for it. */
void on_thread(size_t stack, void (*work)(void *context), void *context);

/* A host's floating-point mode, as its processor holds it. */
uint64_t mode_now(void);
void mode_put(uint64_t mode);
/* Modes that a host may have: as threads begin, subnormals flushed, rounded up, down, to zero, every exception a trap (with
 * which this program's own code may not compute either). */
enum { MODES = 6 };
uint64_t mode_of_kind(size_t kind);

/* Of all bytes of a file. */
uint64_t file_fingerprint(const char *path);

/* CIFAR-10's six files in a folder that is there, of two images each. */
void write_cifar10(const char *folder, unsigned label);
void remove_cifar10(const char *folder);

/* Images of CLASSES classes that can be told apart, always the same. */
void make_images(uint8_t pixels[IMAGES * VALUES], uint16_t labels[IMAGES]);
ocellus_dataset *new_dataset(void);

/* A model file by hand: one Dense over the flattened input of this shape (rank 1 to 3). gain multiplies its kernel. */
void write_model(const char *path, const size_t *dims, size_t rank, double gain);

#endif
