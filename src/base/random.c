/* SPDX-License-Identifier: MIT */
/* Philox4x32-10 and what is drawn from it. */
#include "base/random.h"

#include <assert.h>

static void philox_round(const uint32_t key[2], uint32_t counter[4]) {
    uint64_t a = UINT64_C(0xD2511F53) * counter[0];
    uint64_t b = UINT64_C(0xCD9E8D57) * counter[2];
    uint32_t next0 = (uint32_t)(b >> 32) ^ counter[1] ^ key[0];
    uint32_t next2 = (uint32_t)(a >> 32) ^ counter[3] ^ key[1];
    counter[0] = next0;
    counter[1] = (uint32_t)b;
    counter[2] = next2;
    counter[3] = (uint32_t)a;
}

void philox(const uint32_t key[2], const uint32_t counter[4], uint32_t out[4]) {
    uint32_t round_key[2] = {key[0], key[1]};
    uint32_t state[4] = {counter[0], counter[1], counter[2], counter[3]};
    for (int round = 0; round < 10; round++) {
        philox_round(round_key, state);
        round_key[0] += UINT32_C(0x9E3779B9);
        round_key[1] += UINT32_C(0xBB67AE85);
    }
    for (int i = 0; i < 4; i++)
        out[i] = state[i];
}

struct random_stream random_at(uint64_t seed, enum random_purpose purpose, uint32_t epoch, uint32_t index) {
    return (struct random_stream){
        .key = {(uint32_t)seed, (uint32_t)(seed >> 32)}, .counter = {0, (uint32_t)purpose, epoch, index}, .used = 4};
}

/* The part's number stands beside the purpose, which is small. */
struct random_stream random_part(uint64_t seed, enum random_purpose purpose, uint32_t part, uint32_t epoch,
                                 uint32_t index) {
    struct random_stream stream = random_at(seed, purpose, epoch, index);
    stream.counter[1] |= (part + 1) << 8;
    return stream;
}

uint32_t random_bits(struct random_stream *stream) {
    if (stream->used == 4) {
        philox(stream->key, stream->counter, stream->block);
        stream->counter[0]++;
        stream->used = 0;
    }
    return stream->block[stream->used++];
}

float random_unit(struct random_stream *stream) {
    return (float)(random_bits(stream) >> 8) * 0x1p-24f;
}

double random_middle(struct random_stream *stream) {
    return ((double)random_bits(stream) + 0.5) * 0x1p-32;
}

uint32_t random_below(struct random_stream *stream, uint32_t bound) {
    /* Lemire: the high half of bits * bound is uniform once the few lowest products, 2^32 mod bound, are drawn again. */
    uint32_t refused = (0U - bound) % bound;
    uint64_t product;
    do
        product = (uint64_t)random_bits(stream) * bound;
    while ((uint32_t)product < refused);
    return (uint32_t)(product >> 32);
}

void random_permutation(uint64_t seed, enum random_purpose purpose, uint32_t epoch, size_t *order, size_t count) {
    assert((uint64_t)count <= UINT32_MAX);
    struct random_stream stream = random_at(seed, purpose, epoch, 0);
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    for (size_t i = count; i > 1; i--) {
        size_t j = random_below(&stream, (uint32_t)i);
        size_t kept = order[i - 1];
        order[i - 1] = order[j];
        order[j] = kept;
    }
}
