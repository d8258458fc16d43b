/* SPDX-License-Identifier: MIT */
#include "sections.h"

#include "base/files.h"
#include "base/folders.h"
#include "layers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { IMAGENET_SIDE = 224, SIMCNN_SIDE = 32, PREDICTIONS = 10 };

const char python[] = "/usr/bin/python3"; /* Debian's, which has Debian's PyTorch */
const char torch_script[] = BENCH_SCRIPTS "/torch_peer.py";

/* Without these PyTorch loses more to page faults and to threads that fight than to its kernels. */
const char *const torch_environment[] = {"OPENBLAS_NUM_THREADS=1", "MALLOC_MMAP_THRESHOLD_=4000000000",
                                         "MALLOC_TRIM_THRESHOLD_=8000000000", "MALLOC_TOP_PAD_=268435456", NULL};
static const char *const node_environment[] = {"NODE_PATH=" BENCH_YARDSTICKS "/node_modules", NULL};

/* --- whole networks: ours, and one or two others --- */

struct match {
    const struct settings *settings;
    const char *task, *network; /* "train" or "infer" */
    size_t batch, side;
    char batch_text[NUMBER_SIZE], side_text[NUMBER_SIZE], threads_text[NUMBER_SIZE], model[FILE_PATH_SIZE];
    struct peer contenders[CONTEST_PEERS];
    struct peer *peers[CONTEST_PEERS];
    size_t count;
};

/* A yardstick that is not there is said; the others go on. */
static ocellus_status enter(struct match *match, const struct peer_command *command) {
    struct peer *peer = &match->contenders[match->count];
    TRY(peer_start(peer, command));
    match->peers[match->count++] = peer;
    double expected = match->contenders[0].parameters;
    if (peer->parameters > 0 && peer->parameters != expected)
        return fail(OCELLUS_BAD_CONTENT, "%s: another network (expected %.0f parameters, got %.0f)", peer->name,
                    expected, peer->parameters);
    return OCELLUS_OK;
}

static struct peer_command torch_command(const struct match *match, const char *layout) {
    return (struct peer_command){
        {python, torch_script, match->task, match->network, match->batch_text, match->threads_text, layout, NULL},
        torch_environment};
}

static ocellus_status enter_ours(struct match *match) {
    const struct peer_command command = {
        {BENCH_PROGRAMS "/bench_ours", match->task, match->network, match->batch_text, match->threads_text, NULL},
        NULL};
    return enter(match, &command);
}

static ocellus_status enter_torch(struct match *match, const char *layout) {
    const struct peer_command command = torch_command(match, layout);
    return enter(match, &command);
}

static bool is_newer(const char *path, const char *than) {
    struct stat a, b;
    return stat(path, &a) == 0 && stat(than, &b) == 0 && a.st_mtime > b.st_mtime;
}

/* The network as PyTorch exports it, its batch fixed; kept from one bench to the next. */
static ocellus_status export_model(struct match *match) {
    char part[FILE_PATH_SIZE + 8];
    snprintf(match->model, sizeof match->model, "%s/%s-%zu.onnx", BENCH_YARDSTICKS, match->network, match->batch);
    if (is_newer(match->model, torch_script)) return OCELLUS_OK;
    snprintf(part, sizeof part, "%s.part", match->model);
    const struct peer_command command = {
        {python, torch_script, "export", match->network, match->batch_text, part, NULL}, torch_environment};
    TRY(peer_run_once(&command, NULL));
    return rename(part, match->model) == 0 ? OCELLUS_OK : fail_errno(errno, "%s", match->model);
}

static ocellus_status enter_onnxruntime(struct match *match) {
    TRY(export_model(match));
    const struct peer_command command = {{"node", BENCH_SCRIPTS "/onnxruntime_peer.js", match->model, match->batch_text,
                                          match->side_text, match->threads_text, NULL},
                                         node_environment};
    return enter(match, &command);
}

static ocellus_status play(struct match *match) {
    struct rounds rounds;
    const struct peer *ours = match->peers[0];
    TRY(contest_run(match->settings, match->peers, match->count, 0, match->settings->turn, &rounds));
    double batch = (double)match->batch, flops = ours->flops;
    for (size_t p = 1; p < match->count; p++) {
        struct spread ratio = contest_ratio(&rounds, p);
        say("| %5zu | %8.1f | %4.0f %% | %8.1f | %4.0f %% | %5.2f | %5.2f .. %5.2f | %6.0f | %6.0f | %s |\n",
            match->batch, batch * contest_median(&rounds, 0), contest_share(&rounds, 0, flops),
            batch * contest_median(&rounds, p), contest_share(&rounds, p, flops), ratio.median, ratio.least, ratio.most,
            peer_peak_bytes(ours) / 1e6, peer_peak_bytes(match->peers[p]) / 1e6, match->peers[p]->about);
    }
    return OCELLUS_OK;
}

typedef ocellus_status (*enter_function)(struct match *match);

static ocellus_status enter_torch_nhwc(struct match *match) {
    return enter_torch(match, "nhwc");
}

static ocellus_status enter_torch_nchw(struct match *match) {
    return enter_torch(match, "nchw");
}

static ocellus_status play_batch(struct match *match, const enter_function *others) {
    ocellus_status missing = OCELLUS_OK;
    TRY(enter_ours(match));
    for (; *others; others++) {
        ocellus_status status = (*others)(match);
        if (status == OCELLUS_OK) continue;
        missing = status;
        say("not measured at batch %zu: %s\n", match->batch, status_message());
    }
    if (match->count > 1) TRY(play(match));
    return missing;
}

/* All batches, each with fresh processes; the first failure is answered at the end. */
static ocellus_status play_all(const struct settings *settings, const char *task, const char *network, size_t side,
                               const size_t *batches, size_t count, const enter_function *others) {
    ocellus_status answer = OCELLUS_OK;
    say("| batch | ours/s   | peak   | theirs/s | peak   | ratio | least .. most  | our MB | th. MB | them |\n"
        "|------:|---------:|-------:|---------:|-------:|------:|:--------------:|-------:|-------:|------|\n");
    for (size_t i = 0; i < count; i++) {
        struct match match = {
            .settings = settings, .task = task, .network = network, .batch = batches[i], .side = side};
        snprintf(match.batch_text, NUMBER_SIZE, "%zu", match.batch);
        snprintf(match.side_text, NUMBER_SIZE, "%zu", match.side);
        snprintf(match.threads_text, NUMBER_SIZE, "%zu", settings->threads);
        ocellus_status status = play_batch(&match, others);
        for (size_t p = 0; p < CONTEST_PEERS; p++)
            peer_stop(&match.contenders[p]);
        if (status != OCELLUS_OK) answer = status;
    }
    return answer;
}

static ocellus_status simcnn_train(const struct settings *settings) {
    const enter_function others[] = {enter_torch_nhwc, NULL};
    return play_all(settings, "train", "simcnn", SIMCNN_SIDE, (size_t[]){32, 128, 512}, 3, others);
}

static ocellus_status simcnn_infer(const struct settings *settings) {
    const enter_function others[] = {enter_torch_nhwc, enter_onnxruntime, NULL};
    return play_all(settings, "infer", "simcnn", SIMCNN_SIDE, (size_t[]){1, 32, 512}, 3, others);
}

static ocellus_status resnet_train(const struct settings *settings) {
    const enter_function others[] = {enter_torch_nhwc, enter_torch_nchw, NULL};
    return play_all(settings, "train", "resnet50", SIMCNN_SIDE, &settings->batch, 1, others);
}

static ocellus_status resnet_infer(const struct settings *settings) {
    const enter_function others[] = {enter_onnxruntime, NULL};
    return play_all(settings, "infer", "resnet50-imagenet", IMAGENET_SIDE, (size_t[]){1, 8, 32}, 3, others);
}

/* --- ResNet50's convolutions, one by one --- */

const char *const direction_names[DIRECTIONS] = {"forward", "input gradient", "weight gradient"};

/* Of the whole network: seconds an image by side and round, and the peaks behind them. */
struct layer_totals {
    double seconds[2][CONTEST_PAIRS], peaks[CONTEST_PAIRS], flops;
    size_t cases;
};

static void add_case(struct layer_totals *totals, const struct layer *layer, double batch,
                     const struct rounds *rounds) {
    const double count = (double)layer->how_many;
    for (size_t r = 0; r < rounds->pairs; r++) {
        for (size_t side = 0; side < 2; side++)
            totals->seconds[side][r] += count / (rounds->rates[side][r] * batch);
        totals->peaks[r] += rounds->peaks[r];
    }
    totals->flops += count * layer_flops(layer);
    totals->cases++;
}

static ocellus_status run_case(const struct settings *settings, struct peer *const *peers, size_t layer,
                               enum direction direction, struct layer_totals *totals) {
    struct rounds rounds;
    peers[0]->times = peers[1]->times = 0;
    TRY(contest_run(settings, peers, 2, layer_case(layer, direction), settings->turn / 10, &rounds));
    struct spread ratio = contest_ratio(&rounds, 1);
    double flops = layer_flops(&layers[layer]) * (double)settings->batch;
    say("| %-18s | %zu | %-15s | %6.1f | %4.0f %% | %6.1f | %4.0f %% | %5.2f | %5.2f .. %5.2f |\n", layers[layer].name,
        layers[layer].how_many, direction_names[direction], flops / 1e9 * contest_median(&rounds, 0),
        contest_share(&rounds, 0, flops), flops / 1e9 * contest_median(&rounds, 1), contest_share(&rounds, 1, flops),
        ratio.median, ratio.least, ratio.most);
    add_case(totals, &layers[layer], (double)settings->batch, &rounds);
    return OCELLUS_OK;
}

static void say_totals(const struct settings *settings, enum direction direction, const struct layer_totals *totals) {
    struct spread seconds[2], shares[2], ratio;
    double ratios[CONTEST_PAIRS], share[CONTEST_PAIRS];
    for (size_t r = 0; r < settings->pairs; r++)
        ratios[r] = totals->seconds[1][r] / totals->seconds[0][r];
    ratio = spread_of(ratios, settings->pairs);
    for (size_t side = 0; side < 2; side++) {
        for (size_t r = 0; r < settings->pairs; r++)
            share[r] = totals->flops / 1e7 / totals->seconds[side][r] / (totals->peaks[r] / (double)totals->cases);
        seconds[side] = spread_of(totals->seconds[side], settings->pairs);
        shares[side] = spread_of(share, settings->pairs);
    }
    say("| %-15s | %7.1f | %4.0f %% | %7.1f | %4.0f %% | %5.2f | %5.2f .. %5.2f |\n", direction_names[direction],
        1e3 * seconds[0].median, shares[0].median, 1e3 * seconds[1].median, shares[1].median, ratio.median, ratio.least,
        ratio.most);
}

static ocellus_status run_layers(const struct settings *settings, struct peer *const *peers) {
    struct layer_totals totals[DIRECTIONS] = {0};
    say("Batch %zu, %s beside %s. Direct FLOPs over time.\n\n", settings->batch, peers[0]->about, peers[1]->about);
    say("| layer              | n | pass            | ours   | peak   | theirs | peak   | ratio | least .. most  |\n"
        "|--------------------|--:|-----------------|-------:|-------:|-------:|-------:|------:|:--------------:|\n");
    for (size_t layer = 0; layer < LAYERS; layer++)
        for (int direction = 0; direction < DIRECTIONS; direction++)
            if (layer_has(layer, (enum direction)direction))
                TRY(run_case(settings, peers, layer, (enum direction)direction, &totals[direction]));
    say("\nAll 53 convolutions, ms an image (input gradient: all but the first):\n\n"
        "| pass            | ours    | peak   | theirs  | peak   | ratio | least .. most  |\n"
        "|-----------------|--------:|-------:|--------:|-------:|------:|:--------------:|\n");
    for (int direction = 0; direction < DIRECTIONS; direction++)
        say_totals(settings, (enum direction)direction, &totals[direction]);
    return OCELLUS_OK;
}

static ocellus_status compare_layers(const struct settings *settings) {
    char batch[NUMBER_SIZE], threads[NUMBER_SIZE];
    snprintf(batch, sizeof batch, "%zu", settings->batch);
    snprintf(threads, sizeof threads, "%zu", settings->threads);
    const struct peer_command our_command = {{BENCH_PROGRAMS "/bench_ours_layers", batch, threads, NULL}, NULL},
                              their_command = {{BENCH_PROGRAMS "/bench_onednn_layers", batch, NULL}, NULL};
    struct peer ours = {0}, theirs = {0};
    ocellus_status status = peer_start(&ours, &our_command);
    if (status == OCELLUS_OK) status = peer_start(&theirs, &their_command);
    if (status == OCELLUS_OK) status = run_layers(settings, (struct peer *[]){&ours, &theirs});
    peer_stop(&ours);
    peer_stop(&theirs);
    return status;
}

/* --- a whole process --- */

static ocellus_status compare_predict(const struct settings *settings) {
    static const char model[] = BENCH_YARDSTICKS "/predict/simcnn.safetensors",
                      image[] = BENCH_YARDSTICKS "/predict/image.png";
    const struct peer_command save = {{BENCH_PROGRAMS "/bench_ours", "save", BENCH_YARDSTICKS "/predict", NULL}, NULL},
                              ours = {{BENCH_OCELLUS, "predict", model, image, NULL}, NULL},
                              import = {{python, "-c", "import torch", NULL}, torch_environment};
    double our_seconds[CONTEST_PAIRS], their_seconds[CONTEST_PAIRS], ratios[CONTEST_PAIRS];
    TRY(peer_run_once(&save, NULL));
    TRY(peer_run_once(&ours, NULL)); /* both once, for the cache of files */
    TRY(peer_run_once(&import, NULL));
    for (size_t r = 0; r < settings->pairs; r++) {
        our_seconds[r] = 0;
        for (int i = 0; i < PREDICTIONS; i++) {
            double seconds;
            TRY(peer_run_once(&ours, &seconds));
            our_seconds[r] += seconds / PREDICTIONS;
        }
        TRY(peer_run_once(&import, &their_seconds[r]));
        ratios[r] = their_seconds[r] / our_seconds[r];
    }
    struct spread ratio = spread_of(ratios, settings->pairs);
    say("| what                                          | ms      |\n"
        "|-----------------------------------------------|--------:|\n"
        "| ocellus predict simcnn.safetensors image.png  | %7.1f |\n"
        "| python3 -c 'import torch'                     | %7.1f |\n\n"
        "Ratio %.1f (%.1f .. %.1f).\n",
        1e3 * spread_of(our_seconds, settings->pairs).median, 1e3 * spread_of(their_seconds, settings->pairs).median,
        ratio.median, ratio.least, ratio.most);
    return OCELLUS_OK;
}

const struct section sections[] = {
    {"simcnn-train", "SimCNN: training, images/s, beside PyTorch", simcnn_train},
    {"simcnn-infer", "SimCNN: inference, images/s, beside PyTorch and ONNX Runtime", simcnn_infer},
    {"layers", "ResNet50 at 224: each convolution, GFLOP/s, beside oneDNN", compare_layers},
    {"depthwise", "MobileNetV2 at 224: each depthwise convolution, GFLOP/s, beside oneDNN and PyTorch",
     compare_depthwise},
    {"resnet-train", "ResNet50 at 224: training, images/s, beside PyTorch", resnet_train},
    {"resnet-infer", "ResNet50 at 224: inference, images/s, beside ONNX Runtime", resnet_infer},
    {"predict", "One image, the whole process, beside PyTorch's import alone", compare_predict},
};
const size_t section_count = sizeof sections / sizeof sections[0];
