/* SPDX-License-Identifier: MIT */
#include "data/image_webp.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct image image;
    log_set_level(LOG_QUIET);
    if (image_decode_webp(data, size, "it", &image) != OCELLUS_OK) return 0;
    fuzz_use(image.pixels, image.width * image.height * 3);
    image_free(&image);
    return 0;
}
