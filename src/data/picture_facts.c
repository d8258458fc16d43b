/* SPDX-License-Identifier: MIT */
#include "data/picture_facts.h"

#include "data/near_hash.h"

const char *const picture_fault_names[PICTURE_FAULTS] = {"sound", "damaged", "of an unsupported form", "too large"};

enum { BLANK_VARIANCE = 4 };

static unsigned from_hex(char digit) {
    return (unsigned)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

void picture_hash(const struct picture *picture, uint8_t hash[PICTURE_HASH_SIZE]) {
    const size_t sides[] = {picture->height, picture->width, picture->channels};
    struct sha256 sha256;
    char text[SHA256_TEXT_SIZE];
    sha256_begin(&sha256);
    for (size_t i = 0; i < 3; i++) {
        unsigned char bytes[8];
        for (size_t b = 0; b < sizeof bytes; b++)
            bytes[b] = (unsigned char)((uint64_t)sides[i] >> 8 * b);
        sha256_add(&sha256, bytes, sizeof bytes);
    }
    sha256_add(&sha256, picture->pixels, picture->height * picture->width * picture->channels);
    sha256_end(&sha256, text);
    for (size_t i = 0; i < PICTURE_HASH_SIZE; i++)
        hash[i] = (uint8_t)(from_hex(text[2 * i]) << 4 | from_hex(text[2 * i + 1]));
}

/* Green stands for the light of a colour: what has no contrast in it has none. */
static void measure(const struct picture *picture, struct picture_facts *facts) {
    const size_t pixels = picture->height * picture->width, channels = picture->channels;
    const uint8_t *value = picture->pixels + (channels >= 3 ? 1 : 0);
    uint64_t sum = 0, squares = 0; /* at most 2^26 * 2^16 */
    for (size_t i = 0; i < pixels; i++, value += channels) {
        sum += *value;
        squares += (uint64_t)*value * *value;
    }
    const uint64_t mean = sum / pixels;
    facts->mean = (uint8_t)mean;
    facts->variance = (uint16_t)((squares + pixels * mean * mean - 2 * mean * sum) / pixels);
}

void picture_facts_note(const struct picture *picture, struct picture_facts *facts) {
    picture_hash(picture, facts->pixels);
    measure(picture, facts);
    facts->near = near_hash(picture);
    facts->width = (uint32_t)picture->width;
    facts->height = (uint32_t)picture->height;
    facts->channels = (uint8_t)picture->channels;
    facts->tiny = picture->width < PICTURE_TINY_SIDE || picture->height < PICTURE_TINY_SIDE;
    facts->blank = facts->variance < BLANK_VARIANCE;
}
