/* SPDX-License-Identifier: MIT */
#include "base/file_kind.h"

#include "base/files.h"
#include "base/folders.h"

#include <stdint.h>
#include <string.h>

#define KIND(article, name)                                                                                            \
    { article, name, FILE_FORMAT_OTHER, false }
#define PICTURE(article, name)                                                                                         \
    { article, name, FILE_FORMAT_OTHER, true }

static bool has_at(const unsigned char *bytes, size_t size, size_t offset, const char *magic, size_t length) {
    return size >= offset + length && memcmp(bytes + offset, magic, length) == 0;
}

static bool contains(const unsigned char *bytes, size_t size, const char *words) {
    return memmem(bytes, size, words, strlen(words)) != NULL;
}

/* Signatures. The first row that fits counts: "ftyp" stands at the start of a whole family. */
static bool has_signature(const unsigned char *bytes, size_t size, struct file_kind *kind) {
#define MAGIC(text) text, sizeof(text) - 1
    static const struct {
        size_t offset;
        const char *magic;
        size_t length;
        struct file_kind kind;
    } kinds[] = {
        {0, MAGIC("\x89PNG\r\n\x1a\n"), {"a", "PNG", FILE_FORMAT_PNG, true}},
        {0, MAGIC("\xff\xd8\xff"), {"a", "JPEG", FILE_FORMAT_JPEG, true}},
        {0, MAGIC("GIF8"), PICTURE("a", "GIF")},
        {0, MAGIC("II*"), PICTURE("a", "TIFF")},
        {0, MAGIC("MM\0*"), PICTURE("a", "TIFF")},
        {8, MAGIC("WEBP"), {"a", "WebP", FILE_FORMAT_WEBP, true}},
        {4, MAGIC("ftypavi"), PICTURE("an", "AVIF")},
        {4, MAGIC("ftyphe"), {"a", "HEIC (HEIF)", FILE_FORMAT_HEIC, true}},
        {4, MAGIC("ftypmif1"), {"a", "HEIC (HEIF)", FILE_FORMAT_HEIC, true}},
        {4, MAGIC("ftypmsf1"), {"a", "HEIC (HEIF)", FILE_FORMAT_HEIC, true}},
        {4, MAGIC("jP  \r\n"), PICTURE("a", "JPEG 2000")},
        {0, MAGIC("\xff\x4f\xff\x51"), PICTURE("a", "JPEG 2000")},
        {4, MAGIC("JXL \r\n"), PICTURE("a", "JPEG XL")},
        {0, MAGIC("8BPS"), PICTURE("a", "Photoshop picture")},
        {4, MAGIC("ftyp"), KIND("a", "video")},
        {0, MAGIC("%PDF"), KIND("a", "PDF")},
        {0, MAGIC("\x89HDF\r\n\x1a\n"), {"an", "HDF5 file", FILE_FORMAT_HDF5, false}},
        {0, MAGIC("GGUF"), KIND("a", "GGUF model")},
        {4, MAGIC("TFL3"), KIND("a", "TensorFlow Lite model")},
        {0, MAGIC("\x93NUMPY"), KIND("a", "NumPy array")},
        {0, MAGIC("MATLAB 5.0 MAT-file"), KIND("a", "MATLAB file")},
        /* The number that torch.save() pickled first, before it wrote ZIP files. */
        {0, MAGIC("\x80\x02\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19"), KIND("an", "old PyTorch file, a pickle")},
        {257, MAGIC("ustar"), KIND("a", "tar archive")},
        {0, MAGIC("\x1f\x8b\x08"), KIND("a", "gzip file")},
        {0, MAGIC("BZh"), KIND("a", "bzip2 file")},
        {0,
         MAGIC("\xfd"
               "7zXZ"),
         KIND("an", "xz file")},
        {0, MAGIC("\x28\xb5\x2f\xfd"), KIND("a", "Zstandard file")},
        {0, MAGIC("7z\xbc\xaf\x27\x1c"), KIND("a", "7z archive")},
        {0, MAGIC("Rar!\x1a\x07"), KIND("a", "RAR archive")},
        {0,
         MAGIC("\x7f"
               "ELF"),
         KIND("an", "ELF program or library")},
        {0, MAGIC("SQLite format 3"), KIND("an", "SQLite data base")},
        {0, MAGIC("version https://git-lfs"), KIND("a", "Git LFS pointer, not the file itself")},
    };
#undef MAGIC
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!has_at(bytes, size, kinds[i].offset, kinds[i].magic, kinds[i].length)) continue;
        *kind = kinds[i].kind;
        return true;
    }
    return false;
}

/* Little-endian, as ZIP has it. */
static size_t number_at(const unsigned char *bytes, size_t size) {
    size_t number = 0;
    for (size_t i = size; i > 0; i--)
        number = number << 8 | bytes[i - 1];
    return number;
}

static bool ends_with(const char *name, size_t length, const char *ending) {
    const size_t size = strlen(ending);
    return length >= size && memcmp(name + length - size, ending, size) == 0;
}

/* A ZIP file by the names of its first members, as far as their sizes stand before them. */
static struct file_kind zip_kind(const unsigned char *bytes, size_t size) {
    enum { HEADER = 30 };
    static const struct {
        const char *ending;
        struct file_kind kind;
    } members[] = {
        {"metadata.json", {"a", ".keras archive", FILE_FORMAT_KERAS, false}},
        {"config.json", {"a", ".keras archive", FILE_FORMAT_KERAS, false}},
        {"model.weights.h5", {"a", ".keras archive", FILE_FORMAT_KERAS, false}},
        {"data.pkl", KIND("a", "PyTorch file")},
        {".npy", KIND("a", "NumPy .npz archive")},
    };
    for (size_t at = 0; has_at(bytes, size, at, "PK\3\4", 4) && at + HEADER <= size;) {
        const size_t length = number_at(bytes + at + 26, 2), packed = number_at(bytes + at + 18, 4),
                     extra = number_at(bytes + at + 28, 2);
        if (at + HEADER + length > size) break;
        for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
            if (ends_with((const char *)bytes + at + HEADER, length, members[i].ending)) return members[i].kind;
        }
        at += HEADER + length + extra + packed;
    }
    return (struct file_kind)KIND("a", "ZIP file");
}

static bool is_printable(const unsigned char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (bytes[i] < 0x20 || bytes[i] > 0x7e) return false;
    return true;
}

/* Formats that say little by their first bytes: text may begin so, or a number of any file. */
static bool has_weak_signature(const unsigned char *bytes, size_t size, struct file_kind *kind) {
    static const char pickled[] = "}])(cXKJMNG\x95\x8a"; /* what a pickle begins with, after its version */
    if (has_at(bytes, size, 0, "PK\3\4", 4) || has_at(bytes, size, 0, "PK\5\6", 4)) *kind = zip_kind(bytes, size);
    else if (has_at(bytes, size, 0, "BM", 2) && (size < 18 || bytes[15] == 0))
        *kind = (struct file_kind)PICTURE("a", "BMP");
    else if (size > 3 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '6' &&
             (bytes[2] == '\n' || bytes[2] == ' ') && ((bytes[3] >= '0' && bytes[3] <= '9') || bytes[3] == '#'))
        *kind = (struct file_kind)PICTURE("a", "PNM");
    else if (size > 2 && bytes[0] == 0x80 && bytes[1] >= 2 && bytes[1] <= 5 &&
             memchr(pickled, bytes[2], sizeof pickled - 1))
        *kind = (struct file_kind){"a", "Python pickle", FILE_FORMAT_PICKLE, false};
    /* Protocol buffers: a small number (the version), then a text or a message with its length. */
    else if (size > 4 && bytes[0] == 0x08 && bytes[1] == 1 && bytes[2] == 0x12 && bytes[3] >= 0x80)
        *kind = (struct file_kind)KIND("a", "TensorFlow SavedModel");
    else if (size > 4 && bytes[0] == 0x08 && bytes[1] >= 1 && bytes[1] < 32 &&
             (bytes[2] == 0x3a || bytes[2] == 0x42 ||
              (bytes[2] == 0x12 && bytes[3] < 128 && size >= 4U + bytes[3] && is_printable(bytes + 4, bytes[3]))))
        *kind = (struct file_kind)KIND("an", "ONNX model");
    else return false;
    return true;
}

/* Bytes from 0x80 on count as text in any encoding; a zero or another control character does not. */
static bool is_text(const unsigned char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        if ((bytes[i] < 0x20 && (bytes[i] < '\t' || bytes[i] > '\r')) || bytes[i] == 0x7f) return false;
    return true;
}

static struct file_kind text_kind(const unsigned char *bytes, size_t size) {
    size_t start = has_at(bytes, size, 0, "\xef\xbb\xbf", 3) ? 3 : 0;
    while (start < size && (bytes[start] == ' ' || (bytes[start] >= '\t' && bytes[start] <= '\r')))
        start++;
    const unsigned char first = start < size ? bytes[start] : ' ';
    if (first == '<') return (struct file_kind)KIND("", "HTML or XML text");
    if (first != '{' && first != '[') return (struct file_kind)KIND("", "text");
    if (contains(bytes, size, "modelTopology") || contains(bytes, size, "weightsManifest"))
        return (struct file_kind){"a", "TensorFlow.js model", FILE_FORMAT_TFJS, false};
    if (contains(bytes, size, "\"class_name\""))
        return (struct file_kind)KIND("a", "Keras network as JSON, without weights");
    return (struct file_kind){"", "JSON text", FILE_FORMAT_JSON, false};
}

struct file_kind file_kind_of(const unsigned char *bytes, size_t size) {
    if (size > FILE_KIND_BYTES) size = FILE_KIND_BYTES;
    struct file_kind kind;
    if (size == 0) return (struct file_kind)KIND("", "empty");
    /* First, so that a sound one is never taken for anything else: the header's size, far below 4 GiB, and the header. */
    if (has_at(bytes, size, 4, "\0\0\0\0{", 5))
        return (struct file_kind){"a", "safetensors file", FILE_FORMAT_SAFETENSORS, false};
    if (has_signature(bytes, size, &kind) || has_weak_signature(bytes, size, &kind)) return kind;
    if (is_text(bytes, size)) return text_kind(bytes, size);
    return (struct file_kind){"of an", "unknown kind", FILE_FORMAT_UNKNOWN, false};
}

static ocellus_status folder_kind(const char *path, struct file_kind *kind) {
    static const struct {
        const char *member;
        struct file_kind kind;
    } members[] = {
        {"saved_model.pb", KIND("a", "TensorFlow SavedModel folder")},
        {FILE_KIND_TFJS_NAME, {"a", "folder of a TensorFlow.js model", FILE_FORMAT_TFJS, false}},
    };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        char member[FILE_PATH_SIZE];
        enum path_kind found;
        TRY(path_join(member, path, members[i].member));
        TRY(path_look(member, &found));
        *kind = members[i].kind;
        if (found != PATH_NONE) return OCELLUS_OK;
    }
    *kind = (struct file_kind)KIND("a", "folder");
    return OCELLUS_OK;
}

ocellus_status file_kind_read(const char *path, struct file_kind *kind) {
    enum path_kind found;
    TRY(path_look(path, &found));
    if (found == PATH_FOLDER) return folder_kind(path, kind);
    unsigned char bytes[FILE_KIND_BYTES];
    size_t size;
    TRY(file_read_start(path, sizeof bytes, bytes, &size));
    *kind = file_kind_of(bytes, size);
    return OCELLUS_OK;
}

ocellus_status file_kind_refuse(const char *path, const struct file_kind *kind, const char *expected) {
    return fail(OCELLUS_BAD_CONTENT, "%s: is %s%s%s (expected %s)", path, kind->article, *kind->article ? " " : "",
                kind->name, expected);
}
