/* SPDX-License-Identifier: MIT */
/* A head, the records in the order of their names' bytes, the texts, and a SHA-256 over all of it as text. It is this machine's
 * own: numbers lie as they do in memory. */
#include "data/survey_cache.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/sizes.h"
#include "base/text.h"

#include <ocellus/version.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_LIMIT = 1 << 30, MAGIC_SIZE = 32, HASH_SIZE = SHA256_TEXT_SIZE - 1 };
static const char magic[MAGIC_SIZE] = "ocellus survey 1, " OCELLUS_VERSION;

struct head {
    char magic[MAGIC_SIZE];
    uint64_t records, texts; /* texts in bytes */
};

/* Without holes. */
struct record {
    uint64_t name, reason; /* offsets in the texts; reason 0: none */
    uint64_t size, inode, near;
    int64_t modified;
    uint32_t width, height;
    uint8_t pixels[PICTURE_HASH_SIZE];
    uint16_t variance;
    uint8_t mean, channels, format, fault, tiny, blank;
};
_Static_assert(sizeof(struct record) == 6 * 8 + 2 * 4 + PICTURE_HASH_SIZE + 8, "a record with holes");

/* A cache in memory. */
struct cache {
    unsigned char *bytes;
    const struct record *records;
    const char *texts;
    size_t count;
};

static ocellus_status cache_path(const char *cached_for, char path[FILE_PATH_SIZE]) {
    char folder[FILE_PATH_SIZE], name[SHA256_TEXT_SIZE];
    TRY(folder_cache(path));
    TRY(path_join(folder, path, "surveys"));
    sha256_bytes(cached_for, strlen(cached_for), name);
    return path_join(path, folder, name);
}

/* --- reading --- */

static bool is_sound_record(const struct record *record, const struct head *head) {
    return record->name < head->texts && record->reason < head->texts && record->fault < PICTURE_FAULTS &&
           (record->fault == PICTURE_SOUND) == (record->reason == 0) && record->tiny <= 1 && record->blank <= 1;
}

static bool parse(unsigned char *bytes, size_t size, struct cache *cache) {
    struct head head;
    size_t records, whole;
    char hash[SHA256_TEXT_SIZE];
    if (size < sizeof head + HASH_SIZE) return false;
    memcpy(&head, bytes, sizeof head);
    if (memcmp(head.magic, magic, MAGIC_SIZE) != 0) return false;
    if (!size_multiply(head.records, sizeof(struct record), &records) || !size_add(records, head.texts, &whole) ||
        !size_add(whole, sizeof head + HASH_SIZE, &whole) || whole != size)
        return false;
    sha256_bytes(bytes, size - HASH_SIZE, hash);
    if (memcmp(hash, bytes + size - HASH_SIZE, HASH_SIZE) != 0) return false;
    cache->bytes = bytes;
    cache->records = (const struct record *)(const void *)(bytes + sizeof head);
    cache->texts = (const char *)bytes + sizeof head + records;
    cache->count = head.records;
    if (cache->count == 0) return true;
    if (head.texts == 0 || cache->texts[head.texts - 1] != '\0') return false;
    for (size_t i = 0; i < cache->count; i++)
        if (!is_sound_record(&cache->records[i], &head)) return false;
    return true;
}

/* {0} where there is none. */
static void read_cache(const char *cached_for, struct cache *cache) {
    char path[FILE_PATH_SIZE];
    enum path_kind kind;
    unsigned char *bytes;
    size_t size;
    *cache = (struct cache){0};
    if (cache_path(cached_for, path) != OCELLUS_OK || path_look(path, &kind) != OCELLUS_OK || kind == PATH_NONE) return;
    if (file_read(path, CACHE_LIMIT, &bytes, &size) != OCELLUS_OK) return;
    if (parse(bytes, size, cache)) return;
    log_detail("%s: not taken: damaged, or of another version", path);
    free(bytes);
    *cache = (struct cache){0};
}

static const struct record *find(const struct cache *cache, const char *name) {
    size_t first = 0, last = cache->count;
    while (first < last) {
        const size_t middle = first + (last - first) / 2;
        const int order = strcmp(name, cache->texts + cache->records[middle].name);
        if (order == 0) return &cache->records[middle];
        if (order < 0) last = middle;
        else first = middle + 1;
    }
    return NULL;
}

static ocellus_status take(const struct cache *cache, const struct record *record, struct picture_facts *facts) {
    *facts = (struct picture_facts){.near = record->near,
                                    .stamp = {record->size, record->inode, record->modified},
                                    .width = record->width,
                                    .height = record->height,
                                    .variance = record->variance,
                                    .mean = record->mean,
                                    .channels = record->channels,
                                    .format = record->format,
                                    .fault = record->fault,
                                    .tiny = record->tiny,
                                    .blank = record->blank,
                                    .settled = true};
    memcpy(facts->pixels, record->pixels, PICTURE_HASH_SIZE);
    if (record->reason == 0) return OCELLUS_OK;
    facts->reason = memory_copy_text(cache->texts + record->reason);
    return facts->reason ? OCELLUS_OK : OCELLUS_IO;
}

static ocellus_status load(const struct cache *cache, const struct source *source, struct picture_facts *facts,
                           uint8_t *known) {
    for (size_t i = 0; i < source->count; i++) {
        const struct record *record = find(cache, source_picture_name(source, i));
        struct picture_stamp stamp;
        if (!record) continue;
        if (source->type->stamp(source, i, &stamp) != OCELLUS_OK) continue; /* reading tells why */
        if (record->size != stamp.size || record->inode != stamp.inode || record->modified != stamp.modified) continue;
        TRY(take(cache, record, &facts[i]));
        known[i] = 1;
    }
    return OCELLUS_OK;
}

ocellus_status survey_cache_load(const char *cached_for, const struct source *source, struct picture_facts *facts,
                                 uint8_t *known) {
    struct cache cache;
    read_cache(cached_for, &cache);
    const ocellus_status status = load(&cache, source, facts, known);
    free(cache.bytes);
    return status;
}

/* --- writing --- */

static size_t add_text(struct text *texts, const char *text) {
    const size_t offset = texts->size;
    text_append_bytes(texts, text, strlen(text) + 1);
    return offset;
}

static struct record record_of(const struct picture_facts *facts) {
    struct record record = {.size = facts->stamp.size,
                            .inode = facts->stamp.inode,
                            .near = facts->near,
                            .modified = facts->stamp.modified,
                            .width = facts->width,
                            .height = facts->height,
                            .variance = facts->variance,
                            .mean = facts->mean,
                            .channels = facts->channels,
                            .format = facts->format,
                            .fault = facts->fault,
                            .tiny = facts->tiny,
                            .blank = facts->blank};
    memcpy(record.pixels, facts->pixels, PICTURE_HASH_SIZE);
    return record;
}

/* Both are in the order of names, and so is what they become. */
struct merge {
    const struct cache *old;
    size_t next_old;
    struct record *records;
    size_t count;
    struct text texts;
};

static void keep_old_below(struct merge *merge, const char *name) {
    const struct cache *old = merge->old;
    for (; merge->next_old < old->count; merge->next_old++) {
        const struct record *record = &old->records[merge->next_old];
        const int order = name ? strcmp(old->texts + record->name, name) : -1;
        if (order > 0) return;
        if (order == 0) continue;
        struct record *kept = &merge->records[merge->count++];
        *kept = *record;
        kept->name = add_text(&merge->texts, old->texts + record->name);
        if (record->reason) kept->reason = add_text(&merge->texts, old->texts + record->reason);
    }
}

static void merge_facts(struct merge *merge, const struct source *source, const struct picture_facts *facts,
                        size_t count) {
    text_append_bytes(&merge->texts, "", 1); /* offset 0 is none */
    for (size_t i = 0; i < count; i++) {
        const char *name = source_picture_name(source, i);
        keep_old_below(merge, name);
        if (!facts[i].settled || facts[i].fault >= PICTURE_FAULTS) continue;
        struct record *record = &merge->records[merge->count++];
        *record = record_of(&facts[i]);
        record->name = add_text(&merge->texts, name);
        if (facts[i].reason) record->reason = add_text(&merge->texts, facts[i].reason);
    }
    keep_old_below(merge, NULL);
}

static ocellus_status write_merged(const char *cached_for, const struct merge *merge) {
    char path[FILE_PATH_SIZE], folder[FILE_PATH_SIZE], hash[SHA256_TEXT_SIZE];
    struct head head = {.records = merge->count, .texts = merge->texts.size};
    struct file_writer writer;
    struct sha256 sha256;
    memcpy(head.magic, magic, MAGIC_SIZE);
    TRY(folder_cache(path));
    TRY(path_join(folder, path, "surveys"));
    TRY(folder_make(folder));
    TRY(cache_path(cached_for, path));
    TRY(file_writer_begin(&writer, path));
    const void *const parts[] = {&head, merge->records, merge->texts.bytes};
    const size_t sizes[] = {sizeof head, merge->count * sizeof *merge->records, merge->texts.size};
    sha256_begin(&sha256);
    for (size_t i = 0; i < 3; i++) {
        fwrite(parts[i], 1, sizes[i], writer.stream);
        sha256_add(&sha256, parts[i], sizes[i]);
    }
    sha256_end(&sha256, hash);
    fwrite(hash, 1, HASH_SIZE, writer.stream);
    return file_writer_commit(&writer);
}

void survey_cache_save(const char *cached_for, const struct source *source, const struct picture_facts *facts,
                       size_t count, bool others) {
    struct cache old = {0};
    if (others) read_cache(cached_for, &old);
    struct merge merge = {.old = &old, .records = memory_allocate(count + old.count + 1, sizeof *merge.records)};
    ocellus_status status = OCELLUS_IO;
    if (merge.records) {
        merge_facts(&merge, source, facts, count);
        if (!merge.texts.failed) status = write_merged(cached_for, &merge);
    }
    if (status != OCELLUS_OK) log_detail("what is known of the pictures is not kept: %s", status_message());
    text_free(&merge.texts);
    memory_free(merge.records);
    free(old.bytes);
}
