/* SPDX-License-Identifier: MIT */
/* UTF-8, and what of it may be shown. */
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

size_t utf8_length(const char *bytes, size_t size) {
    if (size == 0) return 0;
    const unsigned char *b = (const unsigned char *)bytes;
    if (b[0] < 0x80) return 1;
    size_t length = b[0] >= 0xC2 && b[0] <= 0xDF ? 2 : (b[0] & 0xF0) == 0xE0 ? 3 : b[0] >= 0xF0 && b[0] <= 0xF4 ? 4 : 0;
    if (length == 0 || length > size) return 0;
    for (size_t i = 1; i < length; i++)
        if ((b[i] & 0xC0) != 0x80) return 0;
    if (b[0] == 0xE0 && b[1] < 0xA0) return 0;  /* overlong */
    if (b[0] == 0xED && b[1] >= 0xA0) return 0; /* surrogate */
    if (b[0] == 0xF0 && b[1] < 0x90) return 0;  /* overlong */
    if (b[0] == 0xF4 && b[1] >= 0x90) return 0; /* beyond U+10FFFF */
    return length;
}

bool utf8_is_unsafe(const char *character, size_t length) {
    const unsigned char *c = (const unsigned char *)character;
    if (length == 1) return c[0] < 0x20 || c[0] == 0x7F;
    if (length == 2) return c[0] == 0xC2 && c[1] < 0xA0;                      /* C1 controls */
    return c[0] == 0xE2 && ((c[1] == 0x80 && c[2] >= 0xA8 && c[2] <= 0xAE) || /* separators, direction overrides */
                            (c[1] == 0x81 && c[2] >= 0xA6 && c[2] <= 0xA9));  /* direction isolates */
}

size_t utf8_escape_first(const char *raw, size_t left, size_t *taken, char out[UTF8_ESCAPED_SIZE]) {
    size_t length = utf8_length(raw, left);
    *taken = length ? length : 1;
    if (length && !utf8_is_unsafe(raw, length)) {
        memcpy(out, raw, length);
        return length;
    }
    for (size_t i = 0; i < *taken; i++)
        snprintf(out + 4 * i, 5, "\\x%02x", (unsigned)(unsigned char)raw[i]);
    return 4 * *taken;
}

void utf8_escape(const char *raw, char *out, size_t size) {
    char character[UTF8_ESCAPED_SIZE];
    size_t left = strlen(raw), used = 0, taken;
    for (; left > 0; raw += taken, left -= taken) {
        size_t needed = utf8_escape_first(raw, left, &taken, character);
        if (used + needed >= size) break;
        memcpy(out + used, character, needed);
        used += needed;
    }
    out[used] = '\0';
}
