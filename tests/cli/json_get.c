/* SPDX-License-Identifier: MIT */
/* json_get [KEY|INDEX...]: checks that standard input is one JSON document and prints the value at that place: a text or
 * a number as it is, a list or a map as the number of its members. */
#include "base/json.h"
#include "base/json_parse.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static char document[4 * 1024 * 1024];

static const json_value *step(const json_value *value, const char *word) {
    uint64_t index;
    if (json_type_of(value) == JSON_TYPE_LIST && text_to_unsigned(word, &index)) return json_element(value, index);
    return json_member(value, word);
}

static void print_value(const json_value *value) {
    const char *text;
    int64_t integer;
    double real;
    bool truth;
    if (json_get_text(value, &text)) puts(text);
    else if (json_get_integer(value, &integer)) printf("%" PRId64 "\n", integer);
    else if (json_get_real(value, &real)) printf("%.4f\n", real);
    else if (json_get_bool(value, &truth)) puts(truth ? "true" : "false");
    else if (json_type_of(value) == JSON_TYPE_NULL) puts("null");
    else printf("%zu members\n", json_count(value));
}

int main(int argc, char **argv) {
    size_t size = fread(document, 1, sizeof document, stdin);
    json_value *root = NULL;
    if (json_parse(document, size, "standard input", &root) != OCELLUS_OK) {
        fprintf(stderr, "json_get: %s\n", status_message());
        return 3;
    }
    const json_value *value = root;
    for (int i = 1; i < argc && value; i++)
        value = step(value, argv[i]);
    if (value) print_value(value);
    else fprintf(stderr, "json_get: there is no such member\n");
    json_release(root);
    return value ? 0 : 1;
}
