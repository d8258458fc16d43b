/* SPDX-License-Identifier: MIT */
/* Every reader, and the writers that are not simple, with one allocation failing after another: it says OCELLUS_IO and that
 * it is memory, never that the file is damaged, and gives in the end what it gave before. The allocations are counted here: these functions take the C library's place for all libraries. */
#include "base/folders.h"
#include "base/json.h"
#include "base/json_parse.h"
#include "base/sha256.h"
#include "base/text.h"
#include "data/cifar100.h"
#include "data/data_record.h"
#include "data/feature_store.h"
#include "data/idx.h"
#include "data/image.h"
#include "data/image_file.h"
#include "data/image_png.h"
#include "data/loader.h"
#include "data/memory_source.h"
#include "data/own_data.h"
#include "formats/model_file.h"
#include "formats/network_file.h"
#include "formats/safetensors_write.h"
#include "model/builtin.h"
#include "reproduce/full_runs.h"
#include "reproduce/full_runs_text.h"
#include "run/evaluation_file.h"
#include "run/events.h"
#include "run/history.h"
#include "run/progress.h"
#include "run/records.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <zlib.h>
#ifdef OCELLUS_HDF5
#include <hdf5.h>
#include <pthread.h>
#endif
#ifdef OCELLUS_ARCHIVES
#include <archive.h>
#include <archive_entry.h>
#endif

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

#define PUBLIC __attribute__((visibility("default"))) /* for the libraries too */

static long until_failure; /* allocations; 0: none fails */
static bool failed;

static bool fails(void) {
    if (until_failure == 0 || --until_failure > 0) return false;
    errno = ENOMEM;
    return failed = true;
}

PUBLIC void *malloc(size_t size) {
    return fails() ? NULL : __libc_malloc(size);
}
PUBLIC void *calloc(size_t count, size_t size) {
    return fails() ? NULL : __libc_calloc(count, size);
}
PUBLIC void *realloc(void *memory, size_t size) {
    return fails() ? NULL : __libc_realloc(memory, size);
}
PUBLIC void *aligned_alloc(size_t alignment, size_t size) {
    return fails() ? NULL : __libc_memalign(alignment, size);
}
PUBLIC int posix_memalign(void **memory, size_t alignment, size_t size) {
    void *made = fails() ? NULL : __libc_memalign(alignment, size);
    if (made) *memory = made;
    return made ? 0 : ENOMEM;
}

static char folder[64] = "/tmp/ocellus-readers-XXXXXX";
static char png[FILE_PATH_SIZE], alpha[FILE_PATH_SIZE], jpeg[FILE_PATH_SIZE], model[FILE_PATH_SIZE],
    halves[FILE_PATH_SIZE];
#ifdef OCELLUS_HDF5
static char hdf5[FILE_PATH_SIZE];
#ifdef OCELLUS_ARCHIVES
static char keras[FILE_PATH_SIZE];
#endif
#endif
static struct run_folder run;

static _Noreturn void die(const char *what) {
    fprintf(stderr, "readers: %s: %s\n", what, status_message());
    exit(1);
}

/* --- the readers; each gives a number that stands for what it read --- */

static const char json[] =
    "{\"long\": \"0123456789 0123456789 0123456789\\n\\u00e9\\ud83d\\ude00 \\\"and\\\" so on, and so on\","
    " \"list\": [1, -2.5e3, true, null, {\"key of more than sixteen bytes\": [[], {}]}]}";

static ocellus_status read_json(uint64_t *sum) {
    json_value *root;
    TRY(json_parse(json, sizeof json - 1, "x.json", &root));
    const char *text = "";
    json_get_text(json_member(root, "long"), &text);
    *sum = strlen(text) + json_count(json_member(root, "list"));
    json_release(root);
    return OCELLUS_OK;
}

/* What a run is recorded with: a value that was not made leaves its message, here as elsewhere. */
static ocellus_status write_json(uint64_t *sum) {
    char path[FILE_PATH_SIZE];
    json_value *map = json_new_map(), *list = json_new_list();
    TRY(path_join(path, folder, "x.json"));
    bool made = json_append(list, json_new_real(0.5)) && json_append(list, json_new_text("\xFF of any bytes"));
    made = json_set(map, "list", list) && made;
    if (!made) json_release(map);
    if (!made) return OCELLUS_IO;
    TRY(json_write_file(path, map, 2));
    return file_size(path, sum);
}

static ocellus_status read_picture(const char *path, uint64_t *sum) {
    struct image image;
    TRY(image_read(path, &image));
    for (size_t i = 0; i < image.width * image.height * 3; i++)
        *sum = *sum * 31 + image.pixels[i];
    image_free(&image);
    return OCELLUS_OK;
}
static ocellus_status read_png(uint64_t *sum) {
    return read_picture(png, sum);
}
static ocellus_status read_alpha(uint64_t *sum) {
    return read_picture(alpha, sum);
}
static ocellus_status read_inks(uint64_t *sum) {
    return read_picture(TEST_SOURCE_DIR "/tests/pictures/cmyk.jpg", sum);
}
#ifdef OCELLUS_WEBP /* not a lossless one: libwebp 1.2.4 itself crashes there */
static ocellus_status read_webp(uint64_t *sum) {
    return read_picture(TEST_SOURCE_DIR "/tests/pictures/lossy.webp", sum);
}
#endif
static ocellus_status read_jpeg(uint64_t *sum) {
    return read_picture(jpeg, sum);
}

/* A data set's two parts as one number. */
static ocellus_status add_parts(struct data_parts *parts, uint64_t *sum) {
    ocellus_status status = OCELLUS_OK;
    struct picture picture = {0};
    for (size_t i = 0; i < parts->train->count && status == OCELLUS_OK; i++) {
        status = source_read(parts->train, i, NULL, &picture);
        if (status != OCELLUS_OK) break;
        *sum = *sum * 31 + picture.pixels[i] + source_label(parts->train, i) +
               (unsigned char)parts->train->class_names[1][0];
    }
    picture_free(&picture);
    data_parts_close(parts);
    return status;
}
static ocellus_status read_idx(uint64_t *sum) { /* images packed by gzip */
    struct data_parts parts = {0};
    TRY(idx_open(&(struct data_request){.path = folder}, &parts));
    return add_parts(&parts, sum);
}
static ocellus_status read_cifar100(uint64_t *sum) {
    struct data_parts parts = {0};
    TRY(cifar100_open(&(struct data_request){.path = folder}, &parts));
    return add_parts(&parts, sum);
}

/* Written and read: a file of features is its own reader's alone. */
static ocellus_status use_features(uint64_t *sum) {
    const struct feature_form form = {.count = 2, .values = 3, .views = 1};
    const float values[6] = {1, 2, 3, 4, 5, 6};
    struct feature_writer writer;
    struct feature_store *store = NULL;
    char path[FILE_PATH_SIZE];
    float read[3] = {0};
    TRY(path_join(path, folder, "a.features"));
    TRY(feature_writer_begin(&writer, path, &form));
    feature_writer_add(&writer, values, 6);
    TRY(feature_writer_commit(&writer));
    TRY(feature_store_open(path, &form, &store));
    if (!store) return fail(OCELLUS_BAD_CONTENT, "features that were just written are not there");
    const ocellus_status status = feature_store_read(store, 1, 0, read);
    *sum = (uint64_t)(read[0] * 100 + read[1] * 10 + read[2]);
    feature_store_close(store);
    return status;
}

static ocellus_status sum_batches(struct loader *loader, uint64_t *sum) {
    float values[3 * 7 * 7 * 3];
    struct loader_batch batch;
    *sum = 0;
    for (size_t i = 0; i < 4; i++) {
        TRY(loader_batch(loader, (uint32_t)i / 2, i % 2, values, &batch));
        for (size_t v = 0; v < batch.n * 7 * 7 * 3; v++)
            *sum = *sum * 31 + (uint64_t)values[v];
    }
    return OCELLUS_OK;
}

/* Pictures that are resized, kept and mixed; without threads of its own, as allocations are counted. */
static ocellus_status load_batches(uint64_t *sum) {
    static const struct augmentation mixing = {.flip = 0.5, .mixup = 1};
    static const struct pixel_form form = {{7, 7, 3, RESIZE_PAD, false}, {.scale = 1}};
    struct memory_pictures pictures = {.count = 5, .height = 4, .width = 6, .channels = 1, .classes = 2};
    struct source *source = NULL;
    struct loader *loader = NULL;
    TRY(memory_pictures_create(&pictures));
    for (size_t i = 0; i < 5 * 4 * 6; i++)
        pictures.pixels[i] = (uint8_t)(i * i);
    TRY(memory_source_open("some", "", &pictures, &source));
    const struct loader_options options = {.set = image_set_all(source),
                                           .images = 5,
                                           .epochs = 2,
                                           .shuffled = true,
                                           .keeps = true,
                                           .batch_size = 3,
                                           .form = &form,
                                           .augmentation = &mixing,
                                           .limits = {LOADER_NO_THREADS, 1000000}};
    ocellus_status status = loader_open(&options, &loader);
    if (status == OCELLUS_OK) status = sum_batches(loader, sum);
    loader_close(loader);
    source_close(source);
    return status;
}

/* One's own pictures: walk or list, looking at all, what looks alike, parts, the split file written and read. */
static ocellus_status read_own(ocellus_status (*open)(const struct data_request *request, struct data_parts *parts),
                               const char *name, uint64_t *sum) {
    struct data_parts parts = {0};
    char path[FILE_PATH_SIZE], record[FILE_PATH_SIZE];
    TRY(path_join(path, folder, name));
    TRY(path_join(record, folder, "own-record.csv"));
    struct data_request request = {
        .path = path, .test_share = 0.25, .validation_share = 0.25, .threads = 1, .keep_split = true};
    TRY(open(&request, &parts));
    ocellus_status status = data_record_write(parts.pictures, record);
    if (status == OCELLUS_OK) status = data_record_write_aside(parts.pictures, record);
    data_parts_close(&parts);
    TRY(status);
    TRY(open(&request, &parts));
    return add_parts(&parts, sum);
}
static ocellus_status read_own_folder(uint64_t *sum) {
    return read_own(own_data_open_folder, "own", sum);
}
static ocellus_status read_own_list(uint64_t *sum) {
    return read_own(own_data_open_list, "own/list.csv", sum);
}

static ocellus_status make_picture(struct image *image) {
    TRY(image_create(200, 120, image));
    for (size_t i = 0; i < image->width * image->height * 3; i++)
        image->pixels[i] = (uint8_t)(i * i / 7);
    return OCELLUS_OK;
}

static ocellus_status write_png(uint64_t *sum) {
    struct image image;
    unsigned char *bytes = NULL;
    TRY(make_picture(&image));
    size_t size = 0;
    ocellus_status status = image_encode_png(&image, &bytes, &size);
    *sum = size;
    free(bytes);
    image_free(&image);
    return status;
}

/* A newer version's file is not taken for one that may go where memory is short. */
static ocellus_status guard_files(uint64_t *sum) {
    static const char *const names[] = {"newer.json", "newer.safetensors"};
    for (size_t i = 0; i < 2; i++) {
        char path[FILE_PATH_SIZE];
        TRY(path_join(path, folder, names[i]));
        ocellus_status status = i == 0 ? evaluation_file_guard(path) : model_file_guard(path);
        if (status == OCELLUS_IO) return status;
        *sum = *sum * 31 + status;
    }
    return OCELLUS_OK;
}

static ocellus_status hash_recipe(uint64_t *sum) {
    struct recipe recipe;
    char hash[SHA256_TEXT_SIZE];
    recipe_defaults(&recipe);
    TRY(recipe_hash(&recipe, RECIPE_HASH_FORMAT_2, hash));
    for (size_t i = 0; hash[i]; i++)
        *sum = *sum * 31 + (unsigned char)hash[i];
    return OCELLUS_OK;
}

static ocellus_status read_history(uint64_t *sum) {
    struct history history;
    char path[FILE_PATH_SIZE];
    TRY(run_folder_file(&run, RUN_HISTORY, path));
    TRY(history_read(path, &history));
    *sum = history.count;
    history_free(&history);
    return OCELLUS_OK;
}

static ocellus_status read_progress(uint64_t *sum) {
    struct run_progress progress;
    TRY(run_progress_read(&run, &progress));
    *sum = progress.step;
    run_progress_free(&progress);
    return OCELLUS_OK;
}

static ocellus_status read_records(uint64_t *sum) {
    struct run_environment environment;
    struct run_data data;
    TRY(run_environment_read(&run, &environment));
    TRY(run_data_read(&run, &data));
    *sum = environment.threads * 31 + data.train_images;
    return OCELLUS_OK;
}

static ocellus_status read_evaluation(uint64_t *sum) {
    struct evaluation_record record;
    char path[FILE_PATH_SIZE];
    TRY(run_folder_file(&run, RUN_EVALUATION, path));
    TRY(evaluation_file_read(path, &record));
    *sum = record.splits[EVALUATION_TEST].correct;
    evaluation_record_free(&record);
    return OCELLUS_OK;
}

static ocellus_status read_kept_runs(uint64_t *sum) {
    struct full_run *runs;
    size_t count;
    TRY(full_runs_parse(full_runs_text, "kept", &runs, &count));
    *sum = count;
    free(runs);
    return OCELLUS_OK;
}

/* As at a resume: what was recorded stays, whatever fails. */
static ocellus_status open_events(uint64_t *sum) {
    struct run_events events;
    ocellus_status status = run_events_open(&run, 1000, &events);
    if (status == OCELLUS_OK) run_events_close(&events);
    char path[FILE_PATH_SIZE];
    TRY(status);
    TRY(run_folder_file(&run, RUN_EVENTS, path));
    return file_size(path, sum);
}

/* A network or weights of any form: what is read, and whether it can be run. */
static ocellus_status read_network(const char *path, uint64_t *sum) {
    struct network_file file;
    TRY(network_file_read(path, &network_forms_all, &file));
    *sum = file.tensors.count + (file.graph ? 1000 * file.graph->count : 0);
    network_file_free(&file);
    return OCELLUS_OK;
}
static ocellus_status read_model(uint64_t *sum) {
    return read_network(model, sum);
}

static ocellus_status zeros(void *context, const char *name, float *values, size_t count) {
    (void)context, (void)name;
    memset(values, 0, count * sizeof *values);
    return OCELLUS_OK;
}

/* Headers of every length modulo 8: they are filled up to a multiple of it. */
static ocellus_status write_headers(uint64_t *sum) {
    static const struct shape shape = {.rank = 1, .dims = {3}};
    static const struct safetensors_entry entry = {"a/kernel", &shape};
    char path[FILE_PATH_SIZE];
    TRY(path_join(path, folder, "b.safetensors"));
    for (size_t i = 0; i < 8; i++) {
        const struct safetensors_text metadata = {"key", &"1234567"[i]};
        TRY(safetensors_write(path, &entry, 1, &metadata, 1, zeros, NULL));
        uint64_t size;
        TRY(file_size(path, &size));
        *sum = *sum * 31 + size;
    }
    return OCELLUS_OK;
}

static ocellus_status read_halves(uint64_t *sum) {
    return read_network(halves, sum);
}
#ifdef OCELLUS_HDF5
static ocellus_status read_hdf5(uint64_t *sum) {
    return read_network(hdf5, sum);
}
#ifdef OCELLUS_ARCHIVES
static ocellus_status read_keras(uint64_t *sum) {
    return read_network(keras, sum);
}
#endif
#endif

static ocellus_status read_tfjs(uint64_t *sum) {
    return read_network(folder, sum);
}

static const struct reader {
    const char *name;
    ocellus_status (*read)(uint64_t *sum);
} readers[] = {{"JSON", read_json},
               {"writing JSON", write_json},
               {"PNG", read_png},
               {"PNG with alpha", read_alpha},
               {"JPEG", read_jpeg},
               {"JPEG of inks", read_inks},
               {"idx", read_idx},
               {"CIFAR-100", read_cifar100},
               {"features", use_features},
               {"loader", load_batches},
               {"a folder of pictures", read_own_folder},
               {"a list of pictures", read_own_list},
#ifdef OCELLUS_WEBP
               {"WebP", read_webp},
#endif
               {"writing PNG", write_png},
               {"recipe's hash", hash_recipe},
               {"history", read_history},
               {"progress", read_progress},
               {"records", read_records},
               {"evaluation", read_evaluation},
               {"kept runs", read_kept_runs},
               {"opening events", open_events},
               {"model file", read_model},
               {"files that may go", guard_files},
               {"writing headers", write_headers},
#ifdef OCELLUS_HDF5
               {"Keras's .h5", read_hdf5},
#ifdef OCELLUS_ARCHIVES
               {".keras", read_keras},
#endif
#endif
               {"halves", read_halves},
               {"tfjs", read_tfjs}};

/* --- what they read --- */

static void put(const char *name, const void *bytes, size_t size, char path[FILE_PATH_SIZE]) {
    if (path_join(path, folder, name) != OCELLUS_OK || file_write(path, bytes, size) != OCELLUS_OK) die(name);
}

/* Three images of 20 x 20 with two classes, the images packed; and three records of CIFAR-100's with their names. */
static void put_sets(void) {
    static unsigned char images[16 + 1200] = {0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 20, 0, 0, 0, 20}, records[3 * 3074];
    static const unsigned char labels[] = {0, 0, 8, 1, 0, 0, 0, 3, 0, 1, 0};
    char path[FILE_PATH_SIZE];
    for (size_t i = 0; i < 1200; i++)
        images[16 + i] = (unsigned char)(i * i);
    put("train-labels.idx", labels, sizeof labels, path);
    put("train.bin", records, sizeof records, path);
    put("fine_label_names.txt", "one\ntwo\n", 8, path);
    if (path_join(path, folder, "train-images.idx.gz") != OCELLUS_OK) die("idx");
    gzFile packed = gzopen(path, "wb");
    if (!packed || gzwrite(packed, images, sizeof images) != sizeof images || gzclose(packed) != Z_OK) die("idx");
}

/* Four small pictures of each of two classes, and a list of them. */
static void put_own(void) {
    char path[FILE_PATH_SIZE], name[32];
    struct text list = {0};
    text_append(&list, "path,label,group\n");
    for (unsigned i = 0; i < 8; i++) {
        struct image image;
        snprintf(name, sizeof name, "own/%s/%u.png", i % 2 ? "cats" : "dogs", i);
        if (path_join(path, folder, i % 2 ? "own/cats" : "own/dogs") != OCELLUS_OK || folder_make(path) != OCELLUS_OK ||
            path_join(path, folder, name) != OCELLUS_OK || image_create(9, 9, &image) != OCELLUS_OK)
            die("own");
        for (size_t k = 0; k < 243; k++)
            image.pixels[k] = (uint8_t)((k * k + i) * (2 * i + 1));
        if (image_write_png(path, &image) != OCELLUS_OK) die("own");
        image_free(&image);
        text_append(&list, "%s,%u,%u\n", name + 4, i % 2, i / 4);
    }
    put("own/dogs/broken.png", "\x89PNG\r\n\x1a\n", 8, path);
    put("own/list.csv", list.bytes, list.size, path);
    text_free(&list);
    if (path_join(path, folder, "cache") != OCELLUS_OK || setenv("XDG_CACHE_HOME", path, 1) != 0) die("cache");
}

static void put_jpeg(const struct image *image) {
    struct jpeg_compress_struct compress;
    struct jpeg_error_mgr errors;
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    compress.err = jpeg_std_error(&errors);
    jpeg_create_compress(&compress);
    jpeg_mem_dest(&compress, &bytes, &size);
    compress.image_width = (JDIMENSION)image->width;
    compress.image_height = (JDIMENSION)image->height;
    compress.input_components = 3;
    compress.in_color_space = JCS_RGB;
    jpeg_set_defaults(&compress);
    jpeg_simple_progression(&compress);
    jpeg_start_compress(&compress, TRUE);
    while (compress.next_scanline < compress.image_height) {
        JSAMPROW row = image->pixels + (size_t)compress.next_scanline * image->width * 3;
        jpeg_write_scanlines(&compress, &row, 1);
    }
    jpeg_finish_compress(&compress);
    jpeg_destroy_compress(&compress);
    put("a.jpg", bytes, size, jpeg);
    free(bytes);
}

/* 2 x 1 pixels, half seen: RGBA, so that the decoder needs rows of its own. */
static const unsigned char alpha_bytes[] = {
    0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00, 0x00, 0x00, 0x0D, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00,
    0x02, 0x00, 0x00, 0x00, 0x01, 0x08, 0x06, 0x00, 0x00, 0x00, 0xF4, 0x22, 0x7F, 0x8A, 0x00, 0x00, 0x00, 0x11, 0x49,
    0x44, 0x41, 0x54, 0x78, 0x9C, 0x63, 0xF8, 0xCF, 0xC0, 0xD0, 0xC0, 0xC0, 0xF0, 0xBF, 0x01, 0x00, 0x0C, 0xFF, 0x02,
    0xFF, 0x4B, 0x8A, 0x90, 0xA0, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82};

static void put_model(void) {
    struct graph *graph;
    if (graph_builtin("simcnn", 32, 32, 3, 10, &graph) != OCELLUS_OK ||
        path_join(model, folder, "a.safetensors") != OCELLUS_OK ||
        model_file_write(model, graph, 1, zeros, NULL) != OCELLUS_OK)
        die("model");
    graph_free(graph);
}

/* As a newer version would number them. */
static void put_newer(void) {
    static const char evaluation[] = "{\"format\": 9}";
    char path[FILE_PATH_SIZE], *number;
    unsigned char *bytes;
    size_t size;
    if (path_join(path, folder, "newer.json") != OCELLUS_OK ||
        file_write(path, evaluation, sizeof evaluation - 1) != OCELLUS_OK ||
        path_join(path, folder, "newer.safetensors") != OCELLUS_OK ||
        file_read(model, 1 << 20, &bytes, &size) != OCELLUS_OK || !(number = memmem(bytes, size, "format\\\": 1", 11)))
        die("newer files");
    number[10] = '9';
    if (file_write(path, bytes, size) != OCELLUS_OK) die("newer files");
    free(bytes);
}

/* float16 beside float32 that lies at no multiple of 4. */
static void put_halves(void) {
    static const char header[] = "{\"a/kernel\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,2]},"
                                 "\"a/bias\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}}";
    unsigned char bytes[8 + sizeof header - 1 + 6] = {sizeof header - 1};
    memcpy(bytes + 8, header, sizeof header - 1);
    put("halves.safetensors", bytes, sizeof bytes, halves);
}

#ifdef OCELLUS_HDF5
/* Of libhdf5's own allocations none fails: they are made in the child, which has a test of its own. */
static void nothing_fails(void) {
    until_failure = 0;
}

/* One dataset in Keras 3's layout. */
static void put_hdf5(void) {
    const float values[3] = {1, 2, 3};
    const hsize_t dims[] = {3};
    if (path_join(hdf5, folder, "w.h5") != OCELLUS_OK) die("HDF5");
    const hid_t file = H5Fcreate(hdf5, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), links = H5Pcreate(H5P_LINK_CREATE),
                space = H5Screate_simple(1, dims, NULL);
    H5Pset_create_intermediate_group(links, 1);
    const hid_t set = H5Dcreate2(file, "layers/dense/vars/0", H5T_IEEE_F32LE, space, links, H5P_DEFAULT, H5P_DEFAULT);
    if (set < 0 || H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) die("HDF5");
    H5Dclose(set);
    H5Sclose(space);
    H5Pclose(links);
    H5Fclose(file);
    pthread_atfork(NULL, NULL, nothing_fails);
}

#ifdef OCELLUS_ARCHIVES
static void put_keras(void) {
    static const char config[] = "{\"class_name\": \"Sequential\", \"config\": {\"name\": \"m\", \"layers\": []}}";
    unsigned char *weights;
    size_t size;
    if (file_read(hdf5, 1 << 20, &weights, &size) != OCELLUS_OK || path_join(keras, folder, "m.keras") != OCELLUS_OK)
        die(".keras");
    struct archive *zip = archive_write_new();
    archive_write_set_format_zip(zip);
    archive_write_open_filename(zip, keras);
    for (int i = 0; i < 2; i++) {
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, i ? "model.weights.h5" : "config.json");
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_size(entry, (la_int64_t)(i ? size : sizeof config - 1));
        archive_write_header(zip, entry);
        if (archive_write_data(zip, i ? (const void *)weights : config, i ? size : sizeof config - 1) < 0)
            die(".keras");
        archive_entry_free(entry);
    }
    if (archive_write_free(zip) != ARCHIVE_OK) die(".keras");
    free(weights);
}
#endif
#endif

static void put_run(void) {
    char path[FILE_PATH_SIZE];
    struct run_events events;
    if (path_join(path, folder, "run") != OCELLUS_OK || run_folder_create(&run, path) != OCELLUS_OK) die("run");
    struct history history = {0};
    if (history_append(&history, &(struct history_row){.loss = 1.5}) != OCELLUS_OK ||
        run_folder_file(&run, RUN_HISTORY, path) != OCELLUS_OK || history_write(&history, path) != OCELLUS_OK ||
        run_events_open(&run, 0, &events) != OCELLUS_OK)
        die("run");
    history_free(&history);
    for (uint64_t step = 0; step < 20; step++)
        if (run_events_append(&events, run_event("step", step)) != OCELLUS_OK) die("run");
    run_events_close(&events);
}

static void put_records(void) {
    static const char *const names[] = {"cat", "dog"};
    static const size_t confusion[] = {5, 1, 2, 3};
    struct run_environment environment;
    struct evaluation_record record;
    char path[FILE_PATH_SIZE];
    run_environment_fill(&environment);
    environment.threads = 2;
    if (run_environment_write(&run, &environment) != OCELLUS_OK ||
        run_data_write(&run, &(struct run_data){.name = "x", .train_images = 7}) != OCELLUS_OK ||
        evaluation_record_create("last.safetensors", names, 2, &record) != OCELLUS_OK ||
        evaluation_from_confusion(2, confusion, 0.5, &record.splits[EVALUATION_TEST]) != OCELLUS_OK)
        die("records");
    record.present[EVALUATION_TEST] = true;
    if (run_folder_file(&run, RUN_EVALUATION, path) != OCELLUS_OK || evaluation_file_write(path, &record) != OCELLUS_OK)
        die("evaluation");
    evaluation_record_free(&record);
}

static void put_all(void) {
    static const char manifest[] =
        "{\"weightsManifest\": [{\"paths\": [\"a.bin\"], \"weights\": [{\"name\": \"a/kernel\", \"shape\": [2],"
        " \"dtype\": \"float32\"}, {\"name\": \"a/bias\", \"shape\": [1], \"dtype\": \"float32\"}]}]}";
    char path[FILE_PATH_SIZE];
    struct image image;
    if (!mkdtemp(folder) || make_picture(&image) != OCELLUS_OK || path_join(png, folder, "a.png") != OCELLUS_OK ||
        image_write_png(png, &image) != OCELLUS_OK)
        die("pictures");
    put_jpeg(&image);
    put_sets();
    put_own();
    image_free(&image);
    put("alpha.png", alpha_bytes, sizeof alpha_bytes, alpha);
    put("model.json", manifest, sizeof manifest - 1, path);
    put("a.bin", (const char[12]){0}, 12, path);
    put_model();
    put_newer();
    put_halves();
#ifdef OCELLUS_HDF5
    put_hdf5();
#ifdef OCELLUS_ARCHIVES
    put_keras();
#endif
#endif
    put_run();
    put_records();
}

/* --- */

static long walk(const struct reader *reader) {
    uint64_t expected = 0, sum;
    long at = 1, wrong = 0;
    if (reader->read(&expected) != OCELLUS_OK) die(reader->name);
    for (;; at++) {
        sum = 0;
        failed = false;
        fail(OCELLUS_ERROR, "nothing yet");
        until_failure = at;
        ocellus_status status = reader->read(&sum);
        until_failure = 0;
        if (!failed && status == OCELLUS_OK && sum == expected) break;
        bool told = status == OCELLUS_IO && strstr(status_message(), "memory");
        if (failed && (told || (status == OCELLUS_OK && sum == expected))) continue;
        fprintf(stderr, "BAD  %s, allocation %ld: status %d: %s\n", reader->name, at, (int)status,
                status == OCELLUS_OK ? "read as something else" : status_message());
        if (++wrong == 10 || !failed) break;
    }
    printf("%-16s %5ld allocations\n", reader->name, at - 1);
    return wrong;
}

int main(void) {
    long wrong = 0;
    put_all();
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        wrong += walk(&readers[i]);
    run_folder_close(&run);
    folder_remove(folder);
    return wrong > 0;
}
