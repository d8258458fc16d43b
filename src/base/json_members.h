/* SPDX-License-Identifier: MIT */
/* A record in a file: members of a JSON map that are members of a struct. One table says so for both ways, and what is read is
 * checked: each member is there and of its kind, or the first that is not is named. */
#ifndef BASE_JSON_MEMBERS_H
#define BASE_JSON_MEMBERS_H

#include "base/json.h"

/* What a member is in the file and in the struct. */
enum json_member_kind {
    MEMBER_COUNT,    /* a whole number that is not negative: uint64_t */
    MEMBER_BOOL,     /* true or false: bool */
    MEMBER_REAL,     /* a number: double */
    MEMBER_MEASURED, /* a number, or null for what was not measured: double, NaN */
    MEMBER_BITS,     /* 16 hexadecimal digits, the 64 bits of a double: it comes back exactly, whatever it is */
    MEMBER_TEXT      /* text that fits: char[size] */
};

struct json_member_row {
    const char *key; /* NULL ends a table */
    enum json_member_kind kind;
    size_t offset, size; /* of the struct's member, in bytes */
    bool optional; /* not written where it is 0 or ""; absent from the file, the struct's member stays as it was */
};

/* The row of a struct's member whose key is its name: JSON_ROW(struct run_data, MEMBER_TEXT, train_sha256). */
#define JSON_ROW_NAMED(type, kind, member, key, optional)                                                              \
    { key, kind, offsetof(type, member), sizeof(((type *)0)->member), optional }
#define JSON_ROW(type, kind, member)          JSON_ROW_NAMED(type, kind, member, #member, false)
#define JSON_ROW_OPTIONAL(type, kind, member) JSON_ROW_NAMED(type, kind, member, #member, true)

/* Fills the struct at `out`; other members of the map, and of the struct, are left alone. OCELLUS_BAD_CONTENT: "WHERE: KEY:
 * missing or not a count"; `where` is the file's path, or a place in it: "PATH: runs: 3". What was filled before the failure
 * stays. Allocates nothing. */
ocellus_status json_members_get(const json_value *map, const char *where, const struct json_member_row *rows,
                                void *out);

/* Sets the members in the map, in the table's order. False, with a message kept, without memory. */
bool json_members_set(json_value *map, const struct json_member_row *rows, const void *from);

/* A member that is a list. OCELLUS_BAD_CONTENT as above: also when it is missing. */
ocellus_status json_member_list(const json_value *map, const char *where, const char *key, const json_value **list);

#endif
