/* SPDX-License-Identifier: MIT */
/* A source: a labelled set of pictures, wherever they lie. The one way to them for training, judging and showing. What is
 * open does not change, so every call but source_close() may come from any number of threads, each with a picture of its own. */
#ifndef DATA_SOURCE_H
#define DATA_SOURCE_H

#include "base/file_kind.h"
#include "base/sha256.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A picture that was read: 8 bits a value, rows from the top, dense. {0} before the first use; one may be read into again
 * and again, and what it holds lives until then, or until the source is closed. */
struct picture {
    size_t height, width, channels;
    const uint8_t *pixels; /* [height][width][channels], RGB where there are three; in `room`, or lent by the source */
    uint8_t *room;         /* owned: for a source that has to make the pixels */
    size_t room_size;      /* bytes */
    enum file_format format; /* of its file, also where that could not be decoded; FILE_FORMAT_UNKNOWN without a file */
};
void picture_free(struct picture *picture);
/* Whether it has no colours: one channel, or three that are alike in every pixel. */
bool picture_is_grey(const struct picture *picture);
/* For sources: a picture of that form whose pixels lie in its room, which *pixels points to, to be filled. */
ocellus_status picture_make_room(struct picture *picture, size_t height, size_t width, size_t channels,
                                 uint8_t **pixels);

/* A size that is enough for the reader: a source that can make a smaller picture sooner (JPEG's scaled decoding) may give one
 * whose sides are still at least these, before it is turned upright or after. Others give it as it is. */
struct picture_wish {
    size_t height, width;
};

/* A picture's file as it was: where all is alike, so is what it holds, as near as can be told without reading it. */
struct picture_stamp {
    uint64_t size, inode;
    int64_t modified; /* nanoseconds since 1970 */
};

/* The classes that a picture belongs to, each below the source's `classes`: in every source so far exactly one. */
struct target {
    const uint16_t *classes;
    size_t count;
};

enum { SOURCE_NAME_SIZE = 128, SOURCE_SPLIT_SIZE = 16 };

struct source_type;

struct source {
    const struct source_type *type;
    char name[SOURCE_NAME_SIZE];   /* for people and records: "cifar10" */
    char split[SOURCE_SPLIT_SIZE]; /* "train", "test"; "" where there is none */
    size_t count, classes;
    size_t height, width, channels;  /* of every picture; 0 where they are not all alike */
    size_t most_pixels;              /* of one picture, as it is read; 0: not known */
    char **class_names;              /* [classes] */
    char identity[SHA256_TEXT_SIZE]; /* where it is known without reading, else "": source_identity() says it */
};

/* What a source is to this interface. The struct of an implementation begins with struct source. */
struct source_type {
    bool lends; /* every picture lies in memory and is lent: reading costs nothing */
    /* Fills *picture with picture `index`, lent or in its room; `wish` NULL: as it is. May fail (a file is gone, or
     * damaged), and then says what is wrong with it; which picture it is, source_read() says. */
    ocellus_status (*read)(const struct source *source, size_t index, const struct picture_wish *wish,
                           struct picture *picture);
    struct target (*target)(const struct source *source, size_t index);
    /* What the picture is called: its path, relative to where the data lies. NULL where pictures have no names. */
    const char *(*name)(const struct source *source, size_t index);
    /* Its file as it is now; NULL where pictures have none. OCELLUS_IO where that cannot be told. */
    ocellus_status (*stamp)(const struct source *source, size_t index, struct picture_stamp *stamp);
    void (*close)(struct source *source); /* what is its own, and the struct */
};

void source_close(struct source *source); /* NULL is accepted */
/* index < count; `wish` NULL: the picture as it is. A failure names source and picture. */
ocellus_status source_read(const struct source *source, size_t index, const struct picture_wish *wish,
                           struct picture *picture);
/* For messages, pages and records; NULL where pictures have no names. Never an absolute path. */
const char *source_picture_name(const struct source *source, size_t index);
struct target source_target(const struct source *source, size_t index);
/* The first class of a target, for who can use no more than one. */
size_t source_label(const struct source *source, size_t index);
/* SHA-256 of what the source holds, by decoded pixels and labels: what a run records and a resume compares. Reads every
 * picture where it is not known; names do not count. */
ocellus_status source_identity(const struct source *source, char identity[SHA256_TEXT_SIZE]);

/* Names the classes, once, when a source is made. */
ocellus_status source_set_class_names(struct source *source, const char *const *names);
/* "(50000, 32, 32, 3)"; "?" for sides that are not all alike. */
void source_shape_text(const struct source *source, char out[96]);

#endif
