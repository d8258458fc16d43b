/* SPDX-License-Identifier: MIT */
/* JPEG, whole and at the scale that is wished for by the first byte. */
#include "data/image_jpeg.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct image image;
    log_set_level(LOG_QUIET);
    if (size == 0) return 0;
    const struct picture_wish wish = {.width = data[0], .height = 1};
    if (image_decode_jpeg(data + 1, size - 1, "it", data[0] ? &wish : NULL, &image) != OCELLUS_OK) return 0;
    fuzz_use(image.pixels, image.width * image.height * 3);
    image_free(&image);
    return 0;
}
