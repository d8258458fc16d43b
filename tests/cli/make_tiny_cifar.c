/* SPDX-License-Identifier: MIT */
/* make_tiny_cifar FOLDER RECORDS: six files in CIFAR-10's layout with that many records each, and something to learn in
 * them: a class is a hue and a direction of stripes, under noise. The same bytes every time. */
#include "base/files.h"
#include "base/folders.h"
#include "base/random.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

enum { CLASSES = 10, SIDE = 32, PLANE = SIDE * SIDE, RECORD = 1 + 3 * PLANE };

static void make_record(uint32_t index, unsigned char record[RECORD]) {
    struct random_stream noise = random_at(7, RANDOM_TEST, 0, index);
    unsigned label = index % CLASSES;
    record[0] = (unsigned char)label;
    for (unsigned channel = 0; channel < 3; channel++) {
        for (unsigned i = 0; i < PLANE; i++) {
            unsigned x = i % SIDE, y = i / SIDE;
            unsigned stripe = (label % 2 ? x : y) / (2 + label / 4) % 2;
            unsigned value = 40 + 30 * ((label + channel * 3) % 5) + 40 * stripe + random_below(&noise, 48);
            record[1 + channel * PLANE + i] = (unsigned char)value;
        }
    }
}

int main(int argc, char **argv) {
    static const char *const names[] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                        "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"};
    uint64_t records;
    if (argc != 3 || !text_to_unsigned(argv[2], &records) || records < 1 || records > 10000) {
        fprintf(stderr, "usage: make_tiny_cifar FOLDER RECORDS\n");
        return 2;
    }
    unsigned char *bytes = malloc(records * RECORD);
    ocellus_status status = bytes ? folder_make(argv[1]) : fail(OCELLUS_IO, "no memory");
    for (uint32_t file = 0; file < 6 && status == OCELLUS_OK; file++) {
        char path[FILE_PATH_SIZE];
        for (uint32_t i = 0; i < records; i++)
            make_record(file * 10000 + i, bytes + (size_t)i * RECORD);
        status = path_join(path, argv[1], names[file]);
        if (status == OCELLUS_OK) status = file_write(path, bytes, records * RECORD);
    }
    free(bytes);
    if (status != OCELLUS_OK) fprintf(stderr, "make_tiny_cifar: %s\n", status_message());
    return (int)status;
}
