/* SPDX-License-Identifier: MIT */
/* The thread pool. A job is published by one word that holds the job's number and how many chunks are not taken yet;
 * workers take chunks by compare-and-swap on it, so a worker that wakes late finds either chunks of the present job or
 * nothing at all, and the caller never waits for workers that took no part. */
#include "base/threads.h"

#include "base/cgroup.h"
#include "base/memory.h"
#include "base/thread_start.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { THREADS_MOST = 256, SPIN_NANOSECONDS = 40000 };

typedef void (*chunk_body)(void *context, size_t chunk, size_t worker);

struct thread_pool {
    /* The job. Relaxed atomics: a worker may read them while the next job is being written, and then takes no chunk. */
    _Atomic chunk_body body;
    _Atomic(void *) context;
    atomic_uint chunks;
    atomic_bool busy; /* a caller's job is published: another's runs on its own thread */
    /* Job number in the high half, chunks not taken yet in the low half: the word alone says whether the job is open. */
    _Alignas(MEMORY_ALIGNMENT) atomic_uint_fast64_t ticket;
    /* Chunks of the job that are done. */
    _Alignas(MEMORY_ALIGNMENT) atomic_uint done;
    _Alignas(MEMORY_ALIGNMENT) atomic_uint sleepers; /* workers asleep on `work` */
    atomic_bool caller_sleeps;
    atomic_bool stopping;
    pthread_mutex_t mutex;
    pthread_cond_t work, finished;
    size_t size;
    bool spin;          /* who waits may, */
    atomic_uint guests; /* while there are no others who want the processors */
    struct worker {
        struct thread_pool *pool;
        size_t index;
        pthread_t thread;
    } workers[THREADS_MOST]; /* [0], the caller, has no thread */
};

size_t threads_available(void) {
    size_t allowed = 1;
    /* The kernel refuses a set smaller than its own, whose size it does not tell. */
    for (size_t processors = 1024; processors <= 1 << 20; processors *= 2) {
        cpu_set_t *set = CPU_ALLOC(processors);
        if (!set) break;
        size_t size = CPU_ALLOC_SIZE(processors);
        bool known = sched_getaffinity(0, size, set) == 0;
        if (known) allowed = (size_t)CPU_COUNT_S(size, set);
        CPU_FREE(set);
        if (known) break;
    }
    size_t quota = cgroup_processors("/proc/self/cgroup", "/sys/fs/cgroup");
    if (quota > 0 && quota < allowed) allowed = quota;
    return allowed > 0 ? allowed : 1;
}

#if defined(__x86_64__)
/* Flush to zero, all traps masked, subnormals are zero; the rounding bits are zero: to nearest. */
enum { MXCSR_RAISED = 0x3f, MXCSR_OURS = 0x8000 | 0x1f80 | 0x0040 };
/* The older unit too: the C library asks it how decimals are to be rounded. */
static const uint16_t x87_ours = 0x037f;

static bool is_ours(struct float_mode mode) {
    return (mode.control & ~(uint64_t)MXCSR_RAISED) == MXCSR_OURS && mode.x87 == x87_ours;
}
#endif

/* Writing the mode costs what a hundred additions do, and jobs follow each other within a call: only a change is written. */
struct float_mode float_mode_set(void) {
    struct float_mode before = {0};
#if defined(__x86_64__)
    __asm__ volatile("fnstcw %0" : "=m"(before.x87));
    before.control = _mm_getcsr();
    if (is_ours(before)) return before;
    __asm__ volatile("fldcw %0" : : "m"(x87_ours));
    _mm_setcsr(MXCSR_OURS);
#elif defined(__aarch64__)
    const uint64_t flush_to_zero = UINT64_C(1) << 24;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before.control) : : "memory");
    __asm__ volatile("msr fpcr, %0" : : "r"(flush_to_zero) : "memory");
#endif
    return before;
}

void float_mode_restore(struct float_mode before) {
#if defined(__x86_64__)
    if (is_ours(before)) return;
    __asm__ volatile("fldcw %0" : : "m"(before.x87));
    _mm_setcsr((unsigned)before.control);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(before.control) : "memory");
#else
    (void)before;
#endif
}

static void pause_briefly(void) {
#if defined(__x86_64__)
    _mm_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#endif
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static uint32_t job_of(uint64_t ticket) {
    return (uint32_t)(ticket >> 32);
}

/* Takes chunks of the job numbered `job` until none is left. Returns true when this worker finished the last one. */
static bool take_chunks(struct thread_pool *pool, uint32_t job, size_t worker) {
    uint64_t ticket = atomic_load_explicit(&pool->ticket, memory_order_acquire);
    chunk_body body = atomic_load_explicit(&pool->body, memory_order_relaxed);
    void *context = atomic_load_explicit(&pool->context, memory_order_relaxed);
    unsigned chunks = atomic_load_explicit(&pool->chunks, memory_order_relaxed);
    unsigned taken = 0;
    while (job_of(ticket) == job && (uint32_t)ticket > 0) {
        /* Success proves that the job was open all the while, so that body, context and chunks are its own: the next job
         * is written only when no chunk of this one is left. */
        if (!atomic_compare_exchange_weak_explicit(&pool->ticket, &ticket, ticket - 1, memory_order_acq_rel,
                                                   memory_order_acquire))
            continue;
        body(context, chunks - (uint32_t)ticket, worker);
        taken++;
        ticket = atomic_load_explicit(&pool->ticket, memory_order_acquire);
    }
    return taken > 0 && atomic_fetch_add(&pool->done, taken) + taken == chunks;
}

static bool may_spin(const struct thread_pool *pool) {
    return pool->spin && atomic_load_explicit(&pool->guests, memory_order_relaxed) == 0;
}

/* Waits for another job than `job`: spinning, then asleep. False when the pool ends. */
static bool wait_for_job(struct thread_pool *pool, uint32_t job) {
    int64_t end = may_spin(pool) ? now() + SPIN_NANOSECONDS : 0;
    while (may_spin(pool)) {
        for (int i = 0; i < 16; i++) {
            if (job_of(atomic_load_explicit(&pool->ticket, memory_order_relaxed)) != job) return true;
            pause_briefly();
        }
        if (now() > end) break;
    }
    pthread_mutex_lock(&pool->mutex);
    /* Sequentially consistent on both sides: either this sees the new job, or its publisher sees the sleeper. */
    atomic_fetch_add(&pool->sleepers, 1);
    while (job_of(atomic_load(&pool->ticket)) == job && !atomic_load(&pool->stopping))
        pthread_cond_wait(&pool->work, &pool->mutex);
    atomic_fetch_sub(&pool->sleepers, 1);
    pthread_mutex_unlock(&pool->mutex);
    return !atomic_load(&pool->stopping);
}

static void *work(void *argument) {
    struct worker *self = argument;
    struct thread_pool *pool = self->pool;
    uint32_t job = 0;
    float_mode_set();
    while (wait_for_job(pool, job)) {
        job = job_of(atomic_load_explicit(&pool->ticket, memory_order_acquire));
        if (!take_chunks(pool, job, self->index)) continue;
        if (atomic_load(&pool->caller_sleeps)) {
            pthread_mutex_lock(&pool->mutex);
            pthread_cond_signal(&pool->finished);
            pthread_mutex_unlock(&pool->mutex);
        }
    }
    return NULL;
}

static void wait_until_done(struct thread_pool *pool, unsigned chunks) {
    int64_t end = may_spin(pool) ? now() + SPIN_NANOSECONDS : 0;
    while (may_spin(pool)) {
        for (int i = 0; i < 16; i++) {
            if (atomic_load_explicit(&pool->done, memory_order_acquire) == chunks) return;
            pause_briefly();
        }
        if (now() > end) break;
    }
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->caller_sleeps, true);
    while (atomic_load(&pool->done) != chunks)
        pthread_cond_wait(&pool->finished, &pool->mutex);
    atomic_store(&pool->caller_sleeps, false);
    pthread_mutex_unlock(&pool->mutex);
}

static void run_job(struct thread_pool *pool, size_t chunks, chunk_body body, void *context) {
    /* More chunks than the ticket can count are no use of a pool, only correct. The exchange also orders what one caller
     * published before what the next does. */
    if (pool->size == 1 || chunks <= 1 || chunks > UINT32_MAX || atomic_exchange(&pool->busy, true)) {
        for (size_t chunk = 0; chunk < chunks; chunk++)
            body(context, chunk, 0);
        return;
    }
    atomic_store_explicit(&pool->body, body, memory_order_relaxed);
    atomic_store_explicit(&pool->context, context, memory_order_relaxed);
    atomic_store_explicit(&pool->chunks, (unsigned)chunks, memory_order_relaxed);
    atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
    uint32_t job = job_of(atomic_load_explicit(&pool->ticket, memory_order_relaxed)) + 1;
    atomic_store(&pool->ticket, (uint64_t)job << 32 | chunks);
    if (atomic_load(&pool->sleepers) > 0) {
        pthread_mutex_lock(&pool->mutex);
        pthread_cond_broadcast(&pool->work);
        pthread_mutex_unlock(&pool->mutex);
    }
    if (!take_chunks(pool, job, 0)) wait_until_done(pool, (unsigned)chunks);
    atomic_store(&pool->busy, false);
}

void parallel_for(struct thread_pool *pool, size_t chunks, void (*body)(void *context, size_t chunk, size_t worker),
                  void *context) {
    const struct float_mode before = float_mode_set();
    run_job(pool, chunks, body, context);
    float_mode_restore(before);
}

ocellus_status thread_pool_create(size_t threads, struct thread_pool **pool) {
    size_t available = threads_available();
    if (threads == 0) threads = available < THREADS_MOST ? available : THREADS_MOST;
    if (threads > THREADS_MOST) return fail(OCELLUS_USAGE, "threads: %zu (expected 1 to %d)", threads, THREADS_MOST);
    struct thread_pool *made = memory_allocate(1, sizeof *made);
    if (!made) return OCELLUS_IO;
    pthread_mutex_init(&made->mutex, NULL);
    pthread_cond_init(&made->work, NULL);
    pthread_cond_init(&made->finished, NULL);
    /* With more workers than processors, who spins keeps another from working. */
    made->spin = threads <= available;
    made->size = 1;
    while (made->size < threads) {
        struct worker *worker = &made->workers[made->size];
        worker->pool = made;
        worker->index = made->size;
        const int error = thread_start(&worker->thread, work, worker);
        if (error) {
            thread_pool_destroy(made);
            return fail_errno(error, "threads: cannot start thread %zu of %zu", worker->index + 1, threads);
        }
        made->size++;
    }
    *pool = made;
    return OCELLUS_OK;
}

void thread_pool_destroy(struct thread_pool *pool) {
    if (!pool) return;
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->stopping, true);
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 1; i < pool->size; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->finished);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->mutex);
    memory_free(pool);
}

size_t thread_pool_size(const struct thread_pool *pool) {
    return pool->size;
}

void thread_pool_guest_comes(struct thread_pool *pool) {
    atomic_fetch_add_explicit(&pool->guests, 1, memory_order_relaxed);
}
void thread_pool_guest_leaves(struct thread_pool *pool) {
    atomic_fetch_sub_explicit(&pool->guests, 1, memory_order_relaxed);
}
