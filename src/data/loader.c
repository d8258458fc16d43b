/* SPDX-License-Identifier: MIT */
/* Batches lie in a ring of cells: the one at `head` will be asked for next, the others follow it. What a cell holds is written
 * by the caller's thread while the cell is not open, and read by others while it is. */
#include "data/loader.h"

#include "base/crew.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/memory_available.h"
#include "base/monitor.h"
#include "base/random.h"
#include "base/sizes.h"
#include "base/text.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { CELLS_MOST = 8 };

struct cell {
    bool open;    /* it holds a batch */
    bool offered; /* and the loader's own threads may take its pictures: `next` and `left` are the monitor's */
    uint32_t epoch;
    size_t index, first; /* of the batch; place of its first picture */
    size_t n, count;     /* its pictures, and with partners that are in none of them behind those */
    size_t next, left;   /* the first picture that nobody has begun; how many are not done */
    struct loader_picture *pictures;
    struct loader_failure *failures;
    uint8_t *rooms; /* [pictures][values]; NULL where no view has to last */
};

struct loader {
    struct loader_options options;
    struct loader_task task;
    struct loader_facts facts;
    bool mixes;
    size_t workers; /* of the pool that read at once */
    struct cell cells[CELLS_MOST];
    size_t cell_count, head;
    struct monitor *monitor;
    struct crew *crew;
    size_t at_work; /* threads of the crew, the monitor's */
    bool ending, is_guest;
    struct loader_scratch *scratch; /* [workers, then threads of the crew] */
    size_t scratch_count;
    size_t *orders[2];   /* [set.count]: of two epochs that follow each other */
    uint64_t ordered[2]; /* which */
    int32_t *labels;
    float *shares;
    double waited;
};

/* --- what a batch is --- */

static size_t step_count(const struct loader *loader) {
    return (loader->options.images + loader->options.batch_size - 1) / loader->options.batch_size;
}

/* The permutation of an epoch; NULL: the set's own order. */
static const size_t *order_of(struct loader *loader, uint32_t epoch) {
    const size_t slot = epoch % 2;
    if (!loader->options.shuffled) return NULL;
    if (loader->ordered[slot] != epoch)
        random_permutation(loader->options.seed, RANDOM_SHUFFLE, epoch, loader->orders[slot],
                           loader->options.set.count);
    loader->ordered[slot] = epoch;
    return loader->orders[slot];
}

static void add_picture(struct cell *cell, const size_t *order, size_t place) {
    struct loader_picture *picture = &cell->pictures[cell->count++];
    uint8_t *room = picture->room;
    *picture = (struct loader_picture){.position = order ? order[place] : place,
                                       .epoch = cell->epoch,
                                       .place = (uint32_t)place,
                                       .partner = (size_t)(picture - cell->pictures),
                                       .room = room};
}

/* Partners that are in the batch themselves are made once; the others come behind it. */
static void add_partners(const struct loader *loader, struct cell *cell, const size_t *order) {
    for (size_t i = 0; i < cell->n; i++) {
        struct loader_picture *picture = &cell->pictures[i];
        const struct augment_place at = {loader->options.seed, cell->epoch, picture->place, 0};
        picture->mixture =
            augment_mix(loader->task.augments, &at, (uint32_t)loader->options.set.count, &loader->task.size);
        const size_t place = picture->mixture.partner;
        if (place >= cell->first && place < cell->first + cell->n) {
            picture->partner = place - cell->first;
        } else {
            picture->partner = cell->count;
            add_picture(cell, order, place);
        }
    }
}

/* Whether every picture of a batch is there already, so that it costs little to make. */
static bool is_cheap(const struct loader *loader, const struct cell *cell) {
    for (size_t i = 0; i < cell->count && !loader->facts.lent; i++)
        if (!kept_views_find(&loader->task.kept, cell->pictures[i].position)) return false;
    return true;
}

static void plan_batch(struct loader *loader, struct cell *cell, uint32_t epoch, size_t index) {
    const struct loader_options *options = &loader->options;
    const size_t *order = order_of(loader, epoch);
    const size_t first = index * options->batch_size, left = options->images - first;
    cell->epoch = epoch;
    cell->index = index;
    cell->first = first;
    cell->n = left < options->batch_size ? left : options->batch_size;
    cell->count = cell->next = 0;
    for (size_t i = 0; i < cell->n; i++)
        add_picture(cell, order, first + i);
    if (loader->mixes) add_partners(loader, cell, order);
    cell->left = cell->count;
    /* Who says how many threads there are to be wants them to work. */
    cell->offered = loader->crew && (options->limits.threads > 0 || !is_cheap(loader, cell));
}

/* --- the loader's own threads --- */

static void make(struct loader *loader, struct cell *cell, size_t i, size_t scratch) {
    loader_picture_make(&loader->task, &cell->pictures[i], &cell->failures[i], &loader->scratch[scratch]);
}

/* The pool's threads do not spin while there is work that threads could do. */
static void be_guest(struct loader *loader, bool guest) {
    if (guest == loader->is_guest || !loader->options.pool) return;
    loader->is_guest = guest;
    if (guest) thread_pool_guest_comes(loader->options.pool);
    else thread_pool_guest_leaves(loader->options.pool);
}

/* Inside the monitor: the next picture that nobody has begun. */
static bool take_picture(struct loader *loader, struct cell **taken, size_t *picture) {
    for (size_t i = 0; i < loader->cell_count; i++) {
        struct cell *cell = &loader->cells[(loader->head + i) % loader->cell_count];
        if (!cell->open || !cell->offered || cell->next >= cell->count) continue;
        *taken = cell;
        *picture = cell->next++;
        return true;
    }
    return false;
}

/* Inside the monitor. */
static void picture_done(struct loader *loader, struct cell *cell) {
    if (--cell->left == 0) monitor_ring(loader->monitor);
}

static void work_ahead(void *context, size_t worker) {
    struct loader *loader = context;
    const size_t scratch = loader->scratch_count - loader->facts.threads + worker;
    struct cell *cell;
    size_t picture;
    monitor_enter(loader->monitor);
    while (!loader->ending) {
        if (!take_picture(loader, &cell, &picture)) {
            if (loader->at_work == 0) be_guest(loader, false);
            monitor_wait(loader->monitor);
            continue;
        }
        loader->at_work++;
        monitor_leave(loader->monitor);
        make(loader, cell, picture, scratch);
        monitor_enter(loader->monitor);
        loader->at_work--;
        picture_done(loader, cell);
    }
    monitor_leave(loader->monitor);
}

static void end_work(void *context) {
    struct loader *loader = context;
    monitor_enter(loader->monitor);
    loader->ending = true;
    monitor_ring(loader->monitor);
    monitor_leave(loader->monitor);
}

/* Forgets the batches that are ahead, once the pictures at work are done. */
static void forget(struct loader *loader) {
    monitor_enter(loader->monitor);
    for (size_t i = 0; i < loader->cell_count; i++) {
        struct cell *cell = &loader->cells[i];
        cell->left -= cell->open && cell->offered ? cell->count - cell->next : cell->left;
        cell->next = cell->count;
        while (cell->left > 0)
            monitor_wait(loader->monitor);
        cell->open = false;
    }
    monitor_leave(loader->monitor);
}

/* Opens the cells from the one at `head` on with the batch that is asked for and those after it. */
static void plan_ahead(struct loader *loader, uint32_t epoch, size_t index) {
    bool offered = false;
    for (size_t i = 0; i < loader->cell_count && epoch < loader->options.epochs; i++) {
        struct cell *cell = &loader->cells[(loader->head + i) % loader->cell_count];
        if (!cell->open) {
            plan_batch(loader, cell, epoch, index);
            monitor_enter(loader->monitor);
            cell->open = true;
            if (cell->offered) be_guest(loader, true);
            monitor_leave(loader->monitor);
            offered = offered || cell->offered;
        }
        index++;
        if (index == step_count(loader)) {
            index = 0;
            epoch++;
        }
    }
    monitor_enter(loader->monitor);
    if (offered) monitor_ring(loader->monitor);
    monitor_leave(loader->monitor);
}

/* --- making a batch whole --- */

/* A job of the pool: `next` hands out the pictures, so that no more chunks are at work than may read at once. */
struct job {
    struct loader *loader;
    struct cell *cell;
    float *dst;
    atomic_size_t next;
};

static void finish(const struct job *job, size_t i, size_t scratch) {
    const struct loader_task *task = &job->loader->task;
    const struct loader_picture *picture = &job->cell->pictures[i];
    loader_picture_finish(task, picture, &job->cell->pictures[picture->partner], &job->loader->scratch[scratch],
                          job->dst + i * task->values);
}

static void finish_all(void *context, size_t chunk, size_t worker) {
    struct job *job = context;
    (void)worker; /* scratch goes with the chunk: there are as many as may read at once */
    for (size_t i; (i = atomic_fetch_add_explicit(&job->next, 1, memory_order_relaxed)) < job->cell->n;)
        finish(job, i, chunk);
}

static void make_all(void *context, size_t chunk, size_t worker) {
    struct job *job = context;
    (void)worker;
    for (size_t i; (i = atomic_fetch_add_explicit(&job->next, 1, memory_order_relaxed)) < job->cell->count;)
        make(job->loader, job->cell, i, chunk);
}

static void read_all_features(void *context, size_t chunk, size_t worker) {
    struct job *job = context;
    const struct loader_task *task = &job->loader->task;
    (void)chunk;
    (void)worker;
    for (size_t i; (i = atomic_fetch_add_explicit(&job->next, 1, memory_order_relaxed)) < job->cell->n;)
        loader_picture_features(task, &job->cell->pictures[i], &job->cell->failures[i], job->dst + i * task->values);
}

static void make_and_finish_all(void *context, size_t chunk, size_t worker) {
    struct job *job = context;
    (void)worker;
    for (size_t i; (i = atomic_fetch_add_explicit(&job->next, 1, memory_order_relaxed)) < job->cell->n;) {
        make(job->loader, job->cell, i, chunk);
        finish(job, i, chunk);
    }
}

/* What the loader's threads have not begun. */
static void make_rest(void *context, size_t chunk, size_t worker) {
    const struct job *job = context;
    struct loader *loader = job->loader;
    struct cell *cell = job->cell;
    (void)worker;
    monitor_enter(loader->monitor);
    while (cell->next < cell->count) {
        const size_t picture = cell->next++;
        monitor_leave(loader->monitor);
        make(loader, cell, picture, chunk);
        monitor_enter(loader->monitor);
        picture_done(loader, cell);
    }
    monitor_leave(loader->monitor);
}

static void run(struct job *job, size_t chunks, void (*body)(void *context, size_t chunk, size_t worker)) {
    struct thread_pool *pool = job->loader->options.pool;
    atomic_store(&job->next, 0);
    if (pool) {
        parallel_for(pool, chunks, body, job);
        return;
    }
    const struct float_mode before = float_mode_set();
    body(job, 0, 0); /* one chunk does all */
    float_mode_restore(before);
}

static void make_whole(struct loader *loader, struct cell *cell, float *dst) {
    struct job job = {.loader = loader, .cell = cell, .dst = dst};
    const size_t workers = loader->workers;
    if (loader->task.features) {
        run(&job, workers, read_all_features);
        return;
    }
    if (!cell->offered && !loader->mixes) {
        run(&job, workers, make_and_finish_all);
        return;
    }
    if (cell->offered) {
        run(&job, workers, make_rest);
        monitor_enter(loader->monitor);
        while (cell->left > 0)
            monitor_wait(loader->monitor);
        monitor_leave(loader->monitor);
    } else {
        run(&job, workers, make_all);
    }
    run(&job, workers, finish_all);
}

/* The status of the first picture that has none, own ones before partners from elsewhere. */
static ocellus_status failure_of(const struct cell *cell) {
    for (size_t i = 0; i < cell->count; i++)
        if (cell->failures[i].status != OCELLUS_OK)
            return fail(cell->failures[i].status, "%s", cell->failures[i].message);
    return OCELLUS_OK;
}

static size_t label_of(const struct loader *loader, const struct loader_picture *picture) {
    return source_label(loader->task.set.source, image_set_index(&loader->task.set, picture->position));
}

static void tell_targets(struct loader *loader, const struct cell *cell) {
    const size_t classes = loader->task.set.source->classes;
    for (size_t i = 0; i < cell->n; i++)
        loader->labels[i] = (int32_t)label_of(loader, &cell->pictures[i]);
    if (!loader->mixes) return;
    memset(loader->shares, 0, cell->n * classes * sizeof *loader->shares);
    for (size_t i = 0; i < cell->n; i++) {
        const struct loader_picture *picture = &cell->pictures[i];
        float *shares = loader->shares + i * classes;
        shares[loader->labels[i]] = picture->mixture.target;
        shares[label_of(loader, &cell->pictures[picture->partner])] += 1.0f - picture->mixture.target;
    }
}

static ocellus_status hand_out(struct loader *loader, struct cell *cell, struct loader_batch *batch) {
    TRY(failure_of(cell));
    tell_targets(loader, cell);
    *batch = (struct loader_batch){.n = cell->n,
                                   .epoch = cell->epoch,
                                   .first_place = cell->first,
                                   .labels = loader->labels,
                                   .shares = loader->shares};
    return OCELLUS_OK;
}

ocellus_status loader_batch(struct loader *loader, uint32_t epoch, size_t index, float *dst,
                            struct loader_batch *batch) {
    const double started = clock_seconds();
    if (index >= step_count(loader) || epoch >= loader->options.epochs)
        return fail(OCELLUS_USAGE, "loader: there is no batch %zu of epoch %u", index, (unsigned)epoch);
    struct cell *cell = &loader->cells[loader->head];
    if (!cell->open || cell->epoch != epoch || cell->index != index) forget(loader);
    plan_ahead(loader, epoch, index);
    const struct loader_features *features = &loader->options.features;
    make_whole(loader, cell, features->run ? features->input : dst);
    const ocellus_status status = hand_out(loader, cell, batch);
    if (status == OCELLUS_OK) {
        const bool last = index + 1 == step_count(loader);
        monitor_enter(loader->monitor);
        cell->open = false;
        loader->head = (loader->head + 1) % loader->cell_count;
        monitor_leave(loader->monitor);
        plan_ahead(loader, last ? epoch + 1 : epoch, last ? 0 : index + 1);
    } else {
        forget(loader);
    }
    loader->waited += clock_seconds() - started;
    return status == OCELLUS_OK && features->run ? features->run(features->owner, batch->n, dst) : status;
}

double loader_waited(const struct loader *loader) {
    return loader->waited;
}

/* --- opening --- */

/* What a thread takes while it reads: a decoded picture, and what decoders keep beside it (all coefficients of a progressive
 * JPEG: 6 bytes a pixel). */
enum { READING_BYTES_A_PIXEL = 9, USUAL_PIXELS = 12000000 };

static size_t reading_bytes(const struct loader *loader) {
    const struct source *source = loader->options.set.source;
    const bool alike = source->height > 0 && source->width > 0;
    if (loader->facts.lent) return 0;
    if (source->most_pixels > 0) return source->most_pixels * READING_BYTES_A_PIXEL;
    return (alike ? source->height * source->width : USUAL_PIXELS) * READING_BYTES_A_PIXEL;
}

static bool is_lent(const struct loader_options *options) {
    const struct source *source = options->set.source;
    const struct view_form *view = &options->form->view;
    if (options->features.store) return true;
    return source->type->lends && source->height == view->height && source->width == view->width &&
           source->channels == view->channels;
}

/* Cells enough that each thread has a picture to make while one batch is whole. */
static size_t cells_for(const struct loader *loader, size_t threads) {
    const size_t cells = 2 + 2 * threads / loader->options.batch_size;
    return threads == 0 ? 1 : cells < CELLS_MOST ? cells : CELLS_MOST;
}

/* Bytes of views that wait for their batch. */
static size_t waiting_bytes(const struct loader *loader, size_t threads) {
    if (threads == 0 && !loader->mixes) return 0;
    return cells_for(loader, threads) * loader->options.batch_size * (loader->mixes ? 2 : 1) * loader->task.values;
}

/* Fewer threads rather than more memory than there may be; what is left is for views that stay. */
static void share_memory(struct loader *loader) {
    const struct loader_limits *limits = &loader->options.limits;
    struct loader_facts *facts = &loader->facts;
    const size_t reading = reading_bytes(loader), view = loader->task.values;
    facts->memory = limits->memory ? limits->memory : memory_available() / 2;
    facts->threads = limits->threads == LOADER_NO_THREADS ? 0 : limits->threads;
    if (loader->options.features.store) facts->threads = 0;
    if (limits->threads == 0 && !facts->lent) facts->threads = crew_usual_size();
    loader->workers = loader->options.pool ? thread_pool_size(loader->options.pool) : 1;
    facts->bytes = waiting_bytes(loader, facts->threads) + (loader->workers + facts->threads) * reading;
    while (facts->bytes > facts->memory && loader->workers + facts->threads > 1) {
        if (facts->threads > 0) facts->threads--;
        else loader->workers--;
        facts->bytes = waiting_bytes(loader, facts->threads) + (loader->workers + facts->threads) * reading;
    }
    loader->cell_count = cells_for(loader, facts->threads);
    if (!loader->options.keeps || facts->lent || facts->bytes >= facts->memory) return;
    facts->kept = (facts->memory - facts->bytes) / (view + sizeof(uint8_t *));
    if (facts->kept > loader->options.set.count) facts->kept = loader->options.set.count;
    facts->kept_bytes = facts->kept * view;
    facts->bytes += facts->kept_bytes;
}

static ocellus_status create_cell(struct loader *loader, struct cell *cell) {
    const size_t pictures = loader->options.batch_size * (loader->mixes ? 2 : 1);
    cell->pictures = memory_allocate(pictures, sizeof *cell->pictures);
    cell->failures = cell->pictures ? memory_allocate(pictures, sizeof *cell->failures) : NULL;
    if (!cell->failures) return OCELLUS_IO;
    if (waiting_bytes(loader, loader->facts.threads) == 0) return OCELLUS_OK;
    cell->rooms = memory_allocate(pictures, loader->task.values);
    if (!cell->rooms) return OCELLUS_IO;
    for (size_t i = 0; i < pictures; i++)
        cell->pictures[i].room = cell->rooms + i * loader->task.values;
    return OCELLUS_OK;
}

static ocellus_status create_scratch(struct loader *loader) {
    const size_t count = loader->workers + loader->facts.threads;
    loader->scratch = memory_allocate(count, sizeof *loader->scratch);
    if (!loader->scratch) return OCELLUS_IO;
    loader->scratch_count = count;
    for (size_t i = 0; i < loader->scratch_count; i++)
        TRY(loader_scratch_create(&loader->task, &loader->scratch[i]));
    return OCELLUS_OK;
}

static ocellus_status create_all(struct loader *loader) {
    const struct loader_options *options = &loader->options;
    const size_t classes = options->set.source->classes;
    TRY(monitor_create(&loader->monitor));
    for (size_t i = 0; i < loader->cell_count; i++)
        TRY(create_cell(loader, &loader->cells[i]));
    TRY(create_scratch(loader));
    TRY(kept_views_create(loader->facts.kept, loader->task.values, &loader->task.kept));
    for (size_t i = 0; i < 2 && options->shuffled; i++) {
        loader->orders[i] = memory_allocate(options->set.count, sizeof **loader->orders);
        if (!loader->orders[i]) return OCELLUS_IO;
        loader->ordered[i] = UINT64_MAX;
    }
    loader->labels = memory_allocate(options->batch_size, sizeof *loader->labels);
    if (!loader->labels) return OCELLUS_IO;
    if (loader->mixes) loader->shares = memory_allocate(options->batch_size, classes * sizeof *loader->shares);
    if (loader->mixes && !loader->shares) return OCELLUS_IO;
    return loader->facts.threads ? crew_start(loader->facts.threads, work_ahead, end_work, loader, &loader->crew)
                                 : OCELLUS_OK;
}

ocellus_status loader_open(const struct loader_options *options, struct loader **loader) {
    const struct view_form *view = &options->form->view;
    const struct augmentation *augments = options->augmentation;
    struct loader *made = memory_allocate(1, sizeof *made);
    if (!made) return OCELLUS_IO;
    if (augments && (augmentation_is_none(augments) || options->features.store)) augments = NULL;
    made->options = *options;
    made->mixes = augments && augmentation_mixes(augments);
    made->task = (struct loader_task){.set = options->set,
                                      .form = *options->form,
                                      .size = {view->height, view->width, view->channels},
                                      .values = view->height * view->width * view->channels,
                                      .augments = augments,
                                      .seed = options->seed,
                                      .views = options->views,
                                      .features = options->features.store};
    made->options.form = &made->task.form;
    if (options->features.store) made->task.values = feature_store_form(options->features.store)->values;
    made->facts.lent = is_lent(options);
    share_memory(made);
    const ocellus_status status = create_all(made);
    if (status == OCELLUS_OK) *loader = made;
    else loader_close(made);
    return status;
}

void loader_close(struct loader *loader) {
    if (!loader) return;
    crew_end(loader->crew);
    be_guest(loader, false);
    for (size_t i = 0; i < loader->cell_count; i++) {
        memory_free(loader->cells[i].pictures);
        memory_free(loader->cells[i].failures);
        memory_free(loader->cells[i].rooms);
    }
    for (size_t i = 0; i < loader->scratch_count; i++)
        loader_scratch_free(&loader->scratch[i]);
    memory_free(loader->scratch);
    kept_views_free(&loader->task.kept);
    memory_free(loader->orders[0]);
    memory_free(loader->orders[1]);
    memory_free(loader->labels);
    memory_free(loader->shares);
    monitor_free(loader->monitor);
    memory_free(loader);
}

struct loader_facts loader_facts(const struct loader *loader) {
    return loader->facts;
}

void loader_text(const struct loader *loader, char out[160]) {
    const struct loader_facts *facts = &loader->facts;
    const size_t count = loader->options.set.count;
    char kept[32], all[32];
    text_with_commas(facts->kept, kept);
    text_with_commas(count, all);
    if (facts->kept == count)
        snprintf(out, 160, "all %s pictures are kept in memory (%.1f MB of %.1f MB)", all,
                 size_megabytes(facts->kept_bytes), size_megabytes(facts->memory));
    else
        snprintf(out, 160,
                 "%s of %s pictures are kept in memory (%.1f MB of %.1f MB), the others are read again each "
                 "epoch",
                 kept, all, size_megabytes(facts->kept_bytes), size_megabytes(facts->memory));
}
