/* SPDX-License-Identifier: MIT */
#include "report/html.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Escapes at most `most` bytes of the text. */
static void append_escaped(struct text *out, const char *text, size_t most) {
    struct text part = {0};
    size_t size = strnlen(text, most);
    if (text[size] == '\0') {
        text_append_html(out, text);
        return;
    }
    text_append_bytes(&part, text, size);
    if (part.failed) out->failed = true;
    else text_append_html(out, part.bytes);
    text_free(&part);
}

void html_append(struct html *html, const char *format, ...) {
    struct text *out = &html->markup;
    va_list arguments;
    va_start(arguments, format);
    while (*format != '\0') {
        size_t plain = strcspn(format, "%"), most = SIZE_MAX;
        text_append_bytes(out, format, plain);
        format += plain;
        if (*format == '\0') break;
        format++;
        if (*format == '.') {
            char *end;
            most = strtoul(format + 1, &end, 10);
            format = end;
        }
        size_t length = strspn(format, "lz");
        if (strncmp(format, "llu", 3) == 0) text_append(out, "%llu", va_arg(arguments, unsigned long long));
        else if (strncmp(format, "zu", 2) == 0) text_append(out, "%zu", va_arg(arguments, size_t));
        else if (*format == 'u') text_append(out, "%u", va_arg(arguments, unsigned));
        else if (*format == 's') append_escaped(out, va_arg(arguments, const char *), most);
        else {
            assert(*format == '%');
            text_append_bytes(out, "%", 1);
        }
        format += length + 1;
    }
    va_end(arguments);
}

void html_append_markup(struct html *html, const char *markup, size_t size) {
    text_append_bytes(&html->markup, markup, size);
}

void html_free(struct html *html) {
    text_free(&html->markup);
}
