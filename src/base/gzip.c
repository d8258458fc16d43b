/* SPDX-License-Identifier: MIT */
#include "base/gzip.h"

#include "base/memory.h"

#include <limits.h>
#include <stdlib.h>

#define ZLIB_CONST
#include <zlib.h>

struct unpacking {
    z_stream stream;
    const char *source;
    size_t limit, left; /* of the input, what the stream has not been given yet */
    unsigned char *content;
    size_t size, capacity;
};

bool gzip_is(const unsigned char *bytes, size_t size) {
    return size >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

/* zlib counts in unsigned int. */
static unsigned part(size_t size) {
    return size < UINT_MAX / 2 ? (unsigned)size : UINT_MAX / 2;
}

static ocellus_status make_room(struct unpacking *unpacking) {
    enum { STEP = 256 * 1024 };
    if (unpacking->size > unpacking->limit)
        return fail(OCELLUS_BAD_CONTENT, "%s: more than %zu bytes unpacked", unpacking->source, unpacking->limit);
    TRY(memory_grow((void **)&unpacking->content, &unpacking->capacity, unpacking->size + STEP, 1));
    unpacking->stream.next_out = unpacking->content + unpacking->size;
    unpacking->stream.avail_out = part(unpacking->capacity - unpacking->size);
    return OCELLUS_OK;
}

static ocellus_status fail_code(const struct unpacking *unpacking, int code) {
    if (code == Z_MEM_ERROR) return fail(OCELLUS_IO, "%s: no memory to unpack it", unpacking->source);
    const char *what = code == Z_BUF_ERROR ? "the file ends too early" : unpacking->stream.msg;
    return fail(OCELLUS_BAD_CONTENT, "%s: damaged gzip file: %s", unpacking->source, what ? what : "bad codes");
}

static ocellus_status unpack(struct unpacking *unpacking) {
    z_stream *stream = &unpacking->stream;
    for (;;) {
        if (stream->avail_in == 0) {
            stream->avail_in = part(unpacking->left);
            unpacking->left -= stream->avail_in;
        }
        TRY(make_room(unpacking));
        const unsigned room = stream->avail_out;
        const int code = inflate(stream, Z_NO_FLUSH);
        unpacking->size += room - stream->avail_out;
        if (code != Z_OK && code != Z_STREAM_END) return fail_code(unpacking, code);
        if (code == Z_OK) continue;
        if (unpacking->size > unpacking->limit) return make_room(unpacking);
        if (stream->avail_in + unpacking->left == 0) return OCELLUS_OK;
        if (inflateReset(stream) != Z_OK) return fail_code(unpacking, Z_STREAM_ERROR); /* another member */
    }
}

ocellus_status gzip_unpack(const unsigned char *bytes, size_t size, size_t limit, const char *source,
                           unsigned char **content, size_t *content_size) {
    enum { GZIP_ALONE = 16 + MAX_WBITS };
    struct unpacking unpacking = {.source = source, .limit = limit, .left = size};
    unpacking.stream.next_in = bytes;
    *content = NULL;
    const int code = inflateInit2(&unpacking.stream, GZIP_ALONE);
    ocellus_status status = code == Z_OK ? unpack(&unpacking) : fail_code(&unpacking, code);
    inflateEnd(&unpacking.stream);
    if (status == OCELLUS_OK) *content = unpacking.content;
    else free(unpacking.content);
    *content_size = unpacking.size;
    return status;
}
