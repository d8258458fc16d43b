/* SPDX-License-Identifier: MIT */
#include "engine/cache.h"

#include "base/memory.h"
#include "base/monitor.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct entry {
    struct entry *next;
    struct cache_key key;
    char *text;
    bool made; /* else its maker is at work */
    struct cache_item item;
    size_t holders;
    uint64_t used; /* on the cache's clock */
};

struct cache {
    struct monitor *monitor;
    struct entry *entries;
    size_t limit, bytes, made;
    uint64_t clock;
};

ocellus_status cache_create(size_t limit, struct cache **out) {
    struct cache *cache = memory_allocate(1, sizeof *cache);
    if (!cache) return OCELLUS_IO;
    cache->limit = limit;
    const ocellus_status status = monitor_create(&cache->monitor);
    if (status == OCELLUS_OK) *out = cache;
    else memory_free(cache);
    return status;
}

/* Takes the entry out of the list and frees it with its thing. */
static void drop(struct cache *cache, struct entry *dropped) {
    struct entry **link = &cache->entries;
    while (*link != dropped)
        link = &(*link)->next;
    *link = dropped->next;
    if (dropped->made) {
        cache->bytes -= dropped->item.bytes;
        dropped->item.free(dropped->item.thing);
    }
    memory_free(dropped->text);
    memory_free(dropped);
}

void cache_free(struct cache *cache) {
    if (!cache) return;
    while (cache->entries)
        drop(cache, cache->entries);
    monitor_free(cache->monitor);
    memory_free(cache);
}

static const char *text_of(const struct cache_key *key) {
    return key->text ? key->text : "";
}

static struct entry *find(const struct cache *cache, const struct cache_key *key) {
    for (struct entry *entry = cache->entries; entry; entry = entry->next) {
        if (entry->key.maker == key->maker && entry->key.first == key->first && entry->key.second == key->second &&
            strcmp(entry->text, text_of(key)) == 0)
            return entry;
    }
    return NULL;
}

/* The one that was longest not asked for, of those that nobody holds. */
static struct entry *find_oldest(const struct cache *cache) {
    struct entry *oldest = NULL;
    for (struct entry *entry = cache->entries; entry; entry = entry->next) {
        if (entry->made && entry->holders == 0 && (!oldest || entry->used < oldest->used)) oldest = entry;
    }
    return oldest;
}

static void keep_limit(struct cache *cache) {
    struct entry *oldest;
    while (cache->bytes > cache->limit && (oldest = find_oldest(cache)))
        drop(cache, oldest);
}

/* An entry whose thing is to be made by the caller; NULL without memory. */
static struct entry *add(struct cache *cache, const struct cache_key *key) {
    struct entry *entry = memory_allocate(1, sizeof *entry);
    if (!entry) return NULL;
    entry->key = *key;
    entry->text = memory_copy_text(text_of(key));
    if (!entry->text) {
        memory_free(entry);
        return NULL;
    }
    entry->next = cache->entries;
    cache->entries = entry;
    return entry;
}

/* Inside the monitor, which is left while the thing is made. */
static ocellus_status make_entry(struct cache *cache, struct entry *entry, cache_maker make, void *context) {
    struct cache_item item = {0};
    monitor_leave(cache->monitor);
    const ocellus_status status = make(context, &item);
    monitor_enter(cache->monitor);
    monitor_ring(cache->monitor);
    if (status != OCELLUS_OK) {
        drop(cache, entry);
        return status;
    }
    entry->item = item;
    entry->made = true;
    cache->bytes += item.bytes;
    cache->made++;
    return OCELLUS_OK;
}

static ocellus_status take(struct cache *cache, const struct cache_key *key, cache_maker make, void *context,
                           void **thing) {
    struct entry *entry = find(cache, key);
    while (entry && !entry->made) { /* when its making fails, it is gone */
        monitor_wait(cache->monitor);
        entry = find(cache, key);
    }
    if (!entry) {
        entry = add(cache, key);
        if (!entry) return OCELLUS_IO;
        TRY(make_entry(cache, entry, make, context));
    }
    entry->holders++;
    entry->used = ++cache->clock;
    *thing = entry->item.thing;
    keep_limit(cache);
    return OCELLUS_OK;
}

ocellus_status cache_take(struct cache *cache, const struct cache_key *key, cache_maker make, void *context,
                          void **thing) {
    monitor_enter(cache->monitor);
    const ocellus_status status = take(cache, key, make, context, thing);
    monitor_leave(cache->monitor);
    return status;
}

void cache_give(struct cache *cache, const void *thing) {
    monitor_enter(cache->monitor);
    for (struct entry *entry = cache->entries; entry; entry = entry->next) {
        if (entry->made && entry->item.thing == thing) entry->holders--;
    }
    keep_limit(cache);
    monitor_leave(cache->monitor);
}

void cache_clear(struct cache *cache) {
    struct entry *entry;
    monitor_enter(cache->monitor);
    while ((entry = find_oldest(cache)))
        drop(cache, entry);
    monitor_leave(cache->monitor);
}

struct cache_facts cache_facts(struct cache *cache) {
    struct cache_facts facts = {0};
    monitor_enter(cache->monitor);
    for (const struct entry *entry = cache->entries; entry; entry = entry->next)
        facts.count += entry->made ? 1 : 0;
    facts.bytes = cache->bytes;
    facts.made = cache->made;
    monitor_leave(cache->monitor);
    return facts;
}
