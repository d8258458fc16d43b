/* SPDX-License-Identifier: MIT */
/* What is known of a picture that was looked at. */
#ifndef DATA_PICTURE_FACTS_H
#define DATA_PICTURE_FACTS_H

#include "data/source.h"

#include <stdbool.h>

/* Why a picture is set aside. */
enum picture_fault { PICTURE_SOUND, PICTURE_DAMAGED, PICTURE_UNSUPPORTED, PICTURE_TOO_LARGE, PICTURE_FAULTS };
extern const char
    *const picture_fault_names[PICTURE_FAULTS]; /* "sound", "damaged", "of an unsupported form", "too large" */

enum { PICTURE_HASH_SIZE = 32, PICTURE_TINY_SIDE = 8 };

struct picture_facts {
    uint8_t
        pixels[PICTURE_HASH_SIZE]; /* SHA-256 of height, width, channels and the decoded pixels; 0 where not sound */
    uint64_t near;                 /* near_hash.h */
    struct picture_stamp stamp;    /* of its file; {0} without */
    char *reason;                  /* why it is not sound; else NULL */
    uint32_t width, height;
    uint16_t variance; /* of the grey values, rounded down */
    uint8_t mean;      /* of the grey values, rounded down */
    uint8_t channels;
    uint8_t format; /* enum file_format */
    uint8_t fault;  /* enum picture_fault */
    bool tiny;      /* a side is below PICTURE_TINY_SIDE */
    bool blank;     /* of one colour, as near as can be seen: variance below 4 */
    bool settled;   /* the file had not changed for two seconds: a later one of the same stamp is the same */
};

/* Fills all of a sound picture's facts but stamp, settled and format. */
void picture_facts_note(const struct picture *picture, struct picture_facts *facts);
/* The hash of a picture's pixels. */
void picture_hash(const struct picture *picture, uint8_t hash[PICTURE_HASH_SIZE]);

#endif
