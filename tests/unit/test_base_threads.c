/* SPDX-License-Identifier: MIT */
/* The pool under many chunks, thread counts, pauses; the processor limits; the floating-point mode. */
#include "base/cgroup.h"
#include "base/cpu.h"
#include "base/folders.h"
#include "base/threads.h"
#include "temporary.h"

#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { CHUNKS_MOST = 5000, THREADS_MOST = 256 };

/* Plain, not atomic: the pool itself must order these writes before the caller reads them. */
struct tally {
    unsigned times[CHUNKS_MOST];
    size_t last[THREADS_MOST];
    size_t threads;
    atomic_bool bad;
};

static void count_chunk(void *context, size_t chunk, size_t worker) {
    struct tally *tally = context;
    if (worker >= tally->threads || chunk >= CHUNKS_MOST) {
        atomic_store(&tally->bad, true);
        return;
    }
    tally->times[chunk]++;
    if (tally->last[worker] > chunk) atomic_store(&tally->bad, true); /* out of order */
    tally->last[worker] = chunk;
}

static void check_once_each(struct thread_pool *pool, size_t chunks) {
    static struct tally tally;
    tally = (struct tally){.threads = thread_pool_size(pool)};
    parallel_for(pool, chunks, count_chunk, &tally);
    assert_false(atomic_load(&tally.bad));
    for (size_t i = 0; i < CHUNKS_MOST; i++)
        assert_int_equal(tally.times[i], i < chunks);
}

static void test_each_chunk_once(void **state) {
    (void)state;
    static const size_t threads[] = {1, 2, 3, 4, 7, 16, 64}, chunks[] = {0, 1, 2, 3, 15, 16, 17, 100, 4999, 5000};
    for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
        struct thread_pool *pool;
        assert_int_equal(thread_pool_create(threads[t], &pool), OCELLUS_OK);
        assert_int_equal(thread_pool_size(pool), threads[t]);
        for (size_t c = 0; c < sizeof chunks / sizeof *chunks; c++)
            check_once_each(pool, chunks[c]);
        thread_pool_destroy(pool);
    }
    thread_pool_destroy(NULL);
}

static void add_chunk(void *context, size_t chunk, size_t worker) {
    (void)worker;
    size_t *sums = context;
    sums[8 * (chunk % 16)] += chunk + 1;
}

/* Jobs of few chunks one upon the other, with pauses now and then that put the workers to sleep. */
static void test_many_small_jobs(void **state) {
    (void)state;
    for (size_t threads = 2; threads <= 8; threads *= 2) {
        struct thread_pool *pool;
        size_t sums[8 * 16] = {0};
        assert_int_equal(thread_pool_create(threads, &pool), OCELLUS_OK);
        enum { JOBS = 3000 };
        for (int job = 0; job < JOBS; job++) {
            parallel_for(pool, 2 + (size_t)job % 15, add_chunk, sums);
            if (job % 500 == 0) nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        }
        size_t expected[16] = {0};
        for (size_t job = 0; job < JOBS; job++)
            for (size_t chunk = 0; chunk < 2 + job % 15; chunk++)
                expected[chunk] += chunk + 1;
        for (size_t i = 0; i < 16; i++)
            assert_int_equal(sums[8 * i], expected[i]);
        thread_pool_destroy(pool);
    }
}

/* Two threads with jobs of their own on one pool: each has every chunk done once, by the time that its call returns. */
enum { GUEST_JOBS = 4000, GUEST_CHUNKS = 13 };
struct guest {
    struct thread_pool *pool;
    size_t sums[8 * 16], wrong;
};

/* Slow enough for the other's call to come while it runs. */
static void add_slowly(void *context, size_t chunk, size_t worker) {
    add_chunk(context, chunk, worker);
    sched_yield();
}

static void *run_guest(void *argument) {
    struct guest *guest = argument;
    for (size_t job = 1; job <= GUEST_JOBS; job++) {
        parallel_for(guest->pool, GUEST_CHUNKS, add_slowly, guest->sums);
        for (size_t i = 0; i < GUEST_CHUNKS; i++)
            guest->wrong += guest->sums[8 * i] != job * (i + 1);
    }
    return NULL;
}

static void test_two_callers(void **state) {
    (void)state;
    struct thread_pool *pool;
    pthread_t thread;
    assert_int_equal(thread_pool_create(4, &pool), OCELLUS_OK);
    struct guest one = {.pool = pool}, other = {.pool = pool};
    alarm(120);
    assert_int_equal(pthread_create(&thread, NULL, run_guest, &other), 0);
    run_guest(&one);
    assert_int_equal(pthread_join(thread, NULL), 0);
    alarm(0);
    assert_int_equal(one.wrong, 0);
    assert_int_equal(other.wrong, 0);
    thread_pool_destroy(pool);
}

/* A job inside a job runs where it is called. */
struct nest {
    struct thread_pool *pool;
    size_t sums[GUEST_CHUNKS][8 * 16];
};

static void run_nested(void *context, size_t chunk, size_t worker) {
    struct nest *nest = context;
    (void)worker;
    parallel_for(nest->pool, 16, add_chunk, nest->sums[chunk]);
}

static void test_nested(void **state) {
    (void)state;
    struct nest nest = {0};
    assert_int_equal(thread_pool_create(3, &nest.pool), OCELLUS_OK);
    alarm(60);
    for (int job = 0; job < 200; job++)
        parallel_for(nest.pool, GUEST_CHUNKS, run_nested, &nest);
    alarm(0);
    for (size_t chunk = 0; chunk < GUEST_CHUNKS; chunk++)
        for (size_t i = 0; i < 16; i++)
            assert_int_equal(nest.sums[chunk][8 * i], 200 * (i + 1));
    thread_pool_destroy(nest.pool);
}

static void sleep_in_chunk(void *context, size_t chunk, size_t worker) {
    (void)worker;
    unsigned *times = context;
    nanosleep(&(struct timespec){.tv_nsec = chunk == 0 ? 5000000 : 1000000}, NULL);
    times[chunk]++;
}

/* Long chunks: the caller, too, goes to sleep before the others are done. */
static void count_one(void *context, size_t chunk, size_t worker) {
    (void)worker;
    atomic_uint *counts = context;
    atomic_fetch_add_explicit(&counts[chunk], 1, memory_order_relaxed);
}

/* A small job, then a large one, over and over, with more workers than processors: a worker that is put aside between
 * looking at the small job and taking a chunk of it must not take one that only the large job has. */
static void test_sizes_that_change(void **state) {
    (void)state;
    enum { JOBS = 200000, SMALL = 2, LARGE = 16 };
    static atomic_uint counts[2][LARGE];
    struct thread_pool *pool;
    memset(counts, 0, sizeof counts);
    assert_int_equal(thread_pool_create(5, &pool), OCELLUS_OK);
    alarm(120); /* a lost or a surplus chunk makes the caller wait forever */
    for (int job = 0; job < JOBS; job++) {
        parallel_for(pool, SMALL, count_one, counts[0]);
        parallel_for(pool, LARGE, count_one, counts[1]);
    }
    alarm(0);
    thread_pool_destroy(pool);
    for (size_t i = 0; i < LARGE; i++) {
        assert_int_equal(counts[0][i], i < SMALL ? JOBS : 0);
        assert_int_equal(counts[1][i], JOBS);
    }
}

static void test_long_chunks(void **state) {
    (void)state;
    struct thread_pool *pool;
    unsigned times[4] = {0};
    assert_int_equal(thread_pool_create(3, &pool), OCELLUS_OK);
    for (int job = 0; job < 20; job++)
        parallel_for(pool, 4, sleep_in_chunk, times);
    for (int i = 0; i < 4; i++)
        assert_int_equal(times[i], 20);
    thread_pool_destroy(pool);
}

static void test_pools_that_never_worked(void **state) {
    (void)state;
    for (int i = 0; i < 50; i++) {
        struct thread_pool *pool;
        assert_int_equal(thread_pool_create(4, &pool), OCELLUS_OK);
        thread_pool_destroy(pool);
    }
}

static void test_sizes(void **state) {
    (void)state;
    struct thread_pool *pool = NULL;
    assert_int_equal(thread_pool_create(257, &pool), OCELLUS_USAGE);
    assert_int_equal(thread_pool_create(SIZE_MAX, &pool), OCELLUS_USAGE);
    assert_null(pool);
    assert_int_equal(thread_pool_create(0, &pool), OCELLUS_OK);
    assert_int_equal(thread_pool_size(pool), threads_available());
    thread_pool_destroy(pool);
}

struct rendezvous {
    atomic_uint arrived;
    unsigned expected;
    atomic_uint nonzero;
};

/* Waits until every worker holds a chunk, so that each is asked. */
static void check_float_mode(void *context, size_t chunk, size_t worker) {
    (void)chunk;
    (void)worker;
    struct rendezvous *all = context;
    atomic_fetch_add(&all->arrived, 1);
    while (atomic_load(&all->arrived) < all->expected)
        sched_yield();
    volatile float smallest = 0x1p-126f, subnormal = 0x1p-127f;
    if (smallest * 0.5f != 0.0f) atomic_fetch_add(&all->nonzero, 1);      /* flushed going out */
    if (subnormal * 0x1p100f != 0.0f) atomic_fetch_add(&all->nonzero, 1); /* and coming in */
}

static void test_a_job_flushes_subnormals(void **state) {
    (void)state;
#if !defined(__x86_64__) && !defined(__aarch64__)
    skip();
#endif
    struct thread_pool *pool;
    struct rendezvous all = {.expected = 5};
    assert_int_equal(thread_pool_create(5, &pool), OCELLUS_OK);
    parallel_for(pool, 5, check_float_mode, &all);
    assert_int_equal(atomic_load(&all.nonzero), 0);
    volatile float smallest = 0x1p-126f;
    assert_true(smallest * 0.5f != 0.0f); /* the caller has its own mode again */
    thread_pool_destroy(pool);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static void test_allocates_nothing(void **state) {
    (void)state;
    struct thread_pool *pool;
    static struct tally tally;
    assert_int_equal(thread_pool_create(4, &pool), OCELLUS_OK);
    tally.threads = 4;
    parallel_for(pool, 100, count_chunk, &tally);
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < 100; i++)
        parallel_for(pool, 100, count_chunk, &tally);
    assert_int_equal(mallinfo2().uordblks, before);
    thread_pool_destroy(pool);
}
#endif

static void test_affinity_counts(void **state) {
    (void)state;
    cpu_set_t before, one;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    size_t allowed = threads_available();
    assert_in_range(allowed, 1, CPU_COUNT(&before));
    CPU_ZERO(&one);
    for (size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(threads_available(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
    assert_int_equal(threads_available(), allowed);
}

static void put(const char *folder, const char *sub, const char *name, const char *content) {
    char path[FILE_PATH_SIZE];
    assert_int_equal(path_join(path, folder, sub), OCELLUS_OK);
    assert_int_equal(folder_make(path), OCELLUS_OK);
    assert_int_equal(temporary_file(temporary_path(path, name), content), 0);
}

static size_t limit_of(const char *folder, const char *membership) {
    const char *path = temporary_path(folder, "membership");
    assert_int_equal(temporary_file(path, membership), 0);
    return cgroup_processors(path, temporary_path(folder, "mount"));
}

static void test_cgroup_v2(void **state) {
    put(*state, "mount/a/b", "cpu.max", "max 100000\n");
    assert_int_equal(limit_of(*state, "0::/a/b\n"), 0);
    put(*state, "mount/a", "cpu.max", "250000 100000\n");
    assert_int_equal(limit_of(*state, "0::/a/b\n"), 3); /* 2.5, from the group above */
    put(*state, "mount/a/b", "cpu.max", "200000 100000\n");
    assert_int_equal(limit_of(*state, "0::/a/b\n"), 2);
    put(*state, "mount/a/b", "cpu.max", "1000 100000\n");
    assert_int_equal(limit_of(*state, "0::/a/b\n"), 1);
    assert_int_equal(limit_of(*state, "0::/elsewhere\n"), 0);
    put(*state, "mount", "cpu.max", "400000 100000\n");
    assert_int_equal(limit_of(*state, "0::/\n"), 4); /* a container's own group */
    assert_int_equal(limit_of(*state, "0::/not/visible/here\n"), 4);
}

static void test_cgroup_v1(void **state) {
    put(*state, "mount/cpu/docker/x", "cpu.cfs_quota_us", "-1\n");
    put(*state, "mount/cpu/docker/x", "cpu.cfs_period_us", "100000\n");
    const char *membership = "9:cpuset:/\n4:cpu,cpuacct:/docker/x\n0::/\n";
    assert_int_equal(limit_of(*state, membership), 0);
    put(*state, "mount/cpu/docker/x", "cpu.cfs_quota_us", "150000\n");
    assert_int_equal(limit_of(*state, membership), 2);
    assert_int_equal(limit_of(*state, "4:cpuacct:/docker/x\n9:cpuset:/docker/x\n"), 0);
    put(*state, "mount/cpu", "cpu.cfs_quota_us", "50000\n");
    put(*state, "mount/cpu", "cpu.cfs_period_us", "100000\n");
    assert_int_equal(limit_of(*state, "1:cpu:/hidden\n"), 1);
}

static void test_cgroup_nonsense(void **state) {
    put(*state, "mount", "cpu.max", "much\n");
    assert_int_equal(limit_of(*state, "0::/\n"), 0);
    put(*state, "mount", "cpu.max", "100000 0\n");
    assert_int_equal(limit_of(*state, "0::/\n"), 0);
    put(*state, "mount", "cpu.max", "");
    assert_int_equal(limit_of(*state, "no colons\n:\n::\n"), 0);
    assert_int_equal(cgroup_processors(temporary_path(*state, "none"), temporary_path(*state, "none")), 0);
}

static size_t memory_of(const char *folder, const char *membership) {
    const char *path = temporary_path(folder, "membership");
    assert_int_equal(temporary_file(path, membership), 0);
    return cgroup_memory(path, temporary_path(folder, "mount"));
}

static void test_cgroup_memory(void **state) {
    put(*state, "mount/a/b", "memory.max", "max\n");
    put(*state, "mount/a/b", "memory.current", "500\n");
    assert_int_equal(memory_of(*state, "0::/a/b\n"), 0);
    put(*state, "mount/a", "memory.max", "1000\n");
    put(*state, "mount/a", "memory.current", "900\n");
    assert_int_equal(memory_of(*state, "0::/a/b\n"), 100); /* of the group above */
    put(*state, "mount/a", "memory.stat", "anon 100\nfile 800\ninactive_file 700\n");
    assert_int_equal(memory_of(*state, "0::/a/b\n"), 800); /* what is cached can be had */
    put(*state, "mount/a", "memory.current", "2000\n");
    assert_int_equal(memory_of(*state, "0::/a/b\n"), 1); /* none, which is not no limit */
    assert_int_equal(memory_of(*state, "0::/elsewhere\n"), 0);
    put(*state, "mount/memory/docker/x", "memory.limit_in_bytes", "9223372036854771712\n");
    put(*state, "mount/memory/docker/x", "memory.usage_in_bytes", "300\n");
    assert_int_equal(memory_of(*state, "3:memory:/docker/x\n"), 0);
    put(*state, "mount/memory/docker/x", "memory.limit_in_bytes", "400\n");
    put(*state, "mount/memory/docker/x", "memory.stat", "inactive_file 50\ntotal_inactive_file 60\n");
    assert_int_equal(memory_of(*state, "4:cpu,memory:/docker/x\n"), 160);
    assert_int_equal(memory_of(*state, "4:cpu:/docker/x\n"), 0);
}

static void test_cpu(void **state) {
    (void)state;
    struct cpu_features features = cpu_detect();
    assert_true(strlen(cpu_name()) > 0);
    assert_ptr_equal(cpu_name(), cpu_name());
    assert_false(features.avx512 && !features.avx2); /* no such processor exists */
#if defined(__aarch64__)
    assert_true(features.neon);
#else
    assert_false(features.neon);
#endif
    /* What the kernel lists is what we find. */
    unsigned char *bytes;
    size_t size;
    if (file_read("/proc/cpuinfo", 1 << 24, &bytes, &size) != OCELLUS_OK) skip();
    const char *flags = (const char *)bytes;
#if defined(__x86_64__)
    assert_int_equal(features.avx2, strstr(flags, " avx2 ") && strstr(flags, " fma "));
    assert_int_equal(features.avx512, strstr(flags, " avx512f ") && strstr(flags, " avx512bw ") &&
                                          strstr(flags, " avx512dq ") && strstr(flags, " avx512vl "));
#endif
    assert_non_null(flags);
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_chunk_once),
        cmocka_unit_test(test_many_small_jobs),
        cmocka_unit_test(test_two_callers),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_sizes_that_change),
        cmocka_unit_test(test_long_chunks),
        cmocka_unit_test(test_pools_that_never_worked),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_a_job_flushes_subnormals),
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
        cmocka_unit_test(test_allocates_nothing),
#endif
        cmocka_unit_test(test_affinity_counts),
        cmocka_unit_test_setup_teardown(test_cgroup_v2, temporary_setup, temporary_teardown),
        cmocka_unit_test_setup_teardown(test_cgroup_v1, temporary_setup, temporary_teardown),
        cmocka_unit_test_setup_teardown(test_cgroup_nonsense, temporary_setup, temporary_teardown),
        cmocka_unit_test_setup_teardown(test_cgroup_memory, temporary_setup, temporary_teardown),
        cmocka_unit_test(test_cpu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
