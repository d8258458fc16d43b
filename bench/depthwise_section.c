/* SPDX-License-Identifier: MIT */
/* MobileNetV2's depthwise convolutions, one by one: ours, a copy of the same bytes, oneDNN, and PyTorch where it is. */
#include "sections.h"

#include "base/files.h"

#include <string.h>

enum { OURS, COPY, ONEDNN, TORCH };

/* Of the whole network: seconds a batch by side and round. */
struct totals {
    double seconds[CONTEST_PEERS][CONTEST_PAIRS];
};

static double image_bytes(const struct layer *l) {
    return sizeof(float) * (double)(l->in * l->in * l->ic + l->out * l->out * l->oc);
}

static void say_ratio(struct spread ratio) {
    say(" %5.2f | %5.2f .. %5.2f |", ratio.median, ratio.least, ratio.most);
}

static struct spread total_ratio(const struct totals *totals, size_t other, size_t rounds) {
    double ratios[CONTEST_PAIRS];
    for (size_t r = 0; r < rounds; r++)
        ratios[r] = totals->seconds[other][r] / totals->seconds[OURS][r];
    return spread_of(ratios, rounds);
}

static ocellus_status run_case(const struct settings *settings, struct peer *const *peers, size_t count, size_t layer,
                               enum direction direction, struct totals *totals) {
    const struct layer *l = &depthwise_layers[layer];
    struct rounds rounds;
    for (size_t p = 0; p < count; p++)
        peers[p]->times = 0;
    TRY(contest_run(settings, peers, count, layer_case(layer, direction), settings->turn / 10, &rounds));
    say("| %-12s | %zu | %-15s | %5.1f | %4.0f %% |", l->name, l->how_many, direction_names[direction],
        image_bytes(l) * (double)settings->batch * contest_median(&rounds, OURS) / 1e9,
        100 * contest_ratio(&rounds, COPY).median);
    for (size_t p = ONEDNN; p < count; p++)
        say_ratio(contest_ratio(&rounds, p));
    say("\n");
    for (size_t p = 0; p < count; p++) {
        for (size_t r = 0; r < rounds.pairs; r++)
            totals->seconds[p][r] += (double)l->how_many / rounds.rates[p][r];
    }
    return OCELLUS_OK;
}

static void say_columns(const char *first, const char *line, size_t count) {
    say("%s", first);
    for (size_t p = ONEDNN; p < count; p++)
        say("%s", line);
    say("\n");
}

static ocellus_status run_layers(const struct settings *settings, struct peer *const *peers, size_t count) {
    struct totals totals[DIRECTIONS] = {0};
    say("Batch %zu, %s; then beside %s%s%s. GB/s of images read and written; copy: our share of a copy's.\n\n",
        settings->batch, peers[OURS]->about, peers[ONEDNN]->about, count > TORCH ? " and " : "",
        count > TORCH ? peers[TORCH]->about : "");
    say_columns("| layer        | n | pass            | GB/s  | copy   |", " ratio | least .. most  |", count);
    say_columns("|--------------|--:|-----------------|------:|-------:|", "------:|:--------------:|", count);
    for (size_t layer = 0; layer < DEPTHWISE_LAYERS; layer++) {
        for (int d = 0; d < DIRECTIONS; d++)
            TRY(run_case(settings, peers, count, layer, (enum direction)d, &totals[d]));
    }
    say_columns("\nAll of them:\n\n| pass            | copy   |", " ratio | least .. most  |", count);
    say_columns("|-----------------|-------:|", "------:|:--------------:|", count);
    for (int d = 0; d < DIRECTIONS; d++) {
        say("| %-15s | %4.0f %% |", direction_names[d], 100 * total_ratio(&totals[d], COPY, settings->pairs).median);
        for (size_t p = ONEDNN; p < count; p++)
            say_ratio(total_ratio(&totals[d], p, settings->pairs));
        say("\n");
    }
    return OCELLUS_OK;
}

/* "SIDE:CHANNELS:STRIDE,...": what PyTorch's side is told. */
static void describe_layers(char *text, size_t size) {
    size_t at = 0;
    for (size_t i = 0; i < DEPTHWISE_LAYERS && at < size; i++) {
        const struct layer *l = &depthwise_layers[i];
        const int more = snprintf(text + at, size - at, "%s%zu:%zu:%zu", i ? "," : "", l->in, l->ic, l->s);
        at += more > 0 ? (size_t)more : 0;
    }
}

ocellus_status compare_depthwise(const struct settings *settings) {
    static const char program[] = BENCH_PROGRAMS "/bench_ours_depthwise";
    char batch[NUMBER_SIZE], threads[NUMBER_SIZE], layers_text[256];
    snprintf(batch, sizeof batch, "%zu", settings->batch);
    snprintf(threads, sizeof threads, "%zu", settings->threads);
    describe_layers(layers_text, sizeof layers_text);
    const struct peer_command commands[CONTEST_PEERS] = {
        [OURS] = {{program, batch, threads, NULL}, NULL},
        [COPY] = {{program, "copy", batch, threads, NULL}, NULL},
        [ONEDNN] = {{BENCH_PROGRAMS "/bench_onednn_layers", batch, "depthwise", NULL}, NULL},
        [TORCH] = {{python, torch_script, "depthwise", layers_text, batch, threads, NULL}, torch_environment}};
    struct peer contenders[CONTEST_PEERS] = {0}, *peers[CONTEST_PEERS];
    ocellus_status status = OCELLUS_OK, missing = OCELLUS_OK;
    size_t count = 0;
    for (; status == OCELLUS_OK && count < TORCH; count++) {
        status = peer_start(&contenders[count], &commands[count]);
        peers[count] = &contenders[count];
    }
    if (status == OCELLUS_OK) missing = peer_start(&contenders[TORCH], &commands[TORCH]);
    if (missing == OCELLUS_OK) peers[count++] = &contenders[TORCH];
    else say("not measured: %s\n", status_message());
    if (status == OCELLUS_OK) status = run_layers(settings, peers, count);
    for (size_t p = 0; p < CONTEST_PEERS; p++)
        peer_stop(&contenders[p]);
    return status == OCELLUS_OK ? missing : status;
}
