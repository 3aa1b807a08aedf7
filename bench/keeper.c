/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the keeper costs: CPU time of caller and keeper together, and elapsed time, for each element of a batch.
 *
 * usage: keeper DIRECTORY TOCSIN [REWRAPS]
 *
 * DIRECTORY is made with fresh keys and may not exist; remove it afterwards. REWRAPS: 1,000,000 by default.
 */
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/instant.h"
#include "store/keeper_files.h"

enum { ROUND = 20000, MOST = 1000 };

static double elapsed(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

/* Seconds of CPU that this process and the keeper have used, to a nanosecond and a tick of the scheduler. */
static double cpu(const struct keeper *keeper)
{
    struct timespec own, other = { 0 };
    clockid_t       clock;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
    if (keeper != NULL && clock_getcpuclockid(keeper_process(keeper), &clock) == 0)
        clock_gettime(clock, &other);
    return (double) (own.tv_sec + other.tv_sec) + 1e-9 * (double) (own.tv_nsec + other.tv_nsec);
}

static void must(int status, const struct keeper_error *error)
{
    if (status == 0)
        return;
    fprintf(stderr, "keeper: %s (%d)\n", error->what, status);
    exit(1);
}

static void print_row(const char *what, size_t batch, size_t num, double cpu_seconds, double seconds)
{
    printf("%-8s %8zu %12.3f %12.3f\n", what, batch, 1e6 * cpu_seconds / (double) num, 1e6 * seconds / (double) num);
}

struct data {
    struct id             owners[MOST];
    struct seal_key       keys[MOST];
    struct keeper_wrapped wrapped[MOST];
    struct keeper_text    texts[MOST];
    struct keeper_token   tokens[MOST];
};

static int do_wrap(struct keeper *keeper, struct data *data, size_t num, struct keeper_error *error)
{
    return keeper_wrap(keeper, data->owners, data->keys, num, data->wrapped, error);
}

static int do_unwrap(struct keeper *keeper, struct data *data, size_t num, struct keeper_error *error)
{
    return keeper_unwrap(keeper, KEEPER_UPKEEP, data->wrapped, num, data->keys, NULL, error);
}

static int do_token(struct keeper *keeper, struct data *data, size_t num, struct keeper_error *error)
{
    return keeper_token(keeper, 0, data->texts, num, data->tokens, error);
}

typedef int call(struct keeper *keeper, struct data *data, size_t num, struct keeper_error *error);

static void measure(struct keeper *keeper, const char *what, call *make, struct data *data)
{
    static const size_t batches[] = { 1, 64, 1000 };
    struct keeper_error error;
    for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
        double begun = elapsed(), cpu_begun = cpu(keeper);
        size_t num = 0;
        for (; num < ROUND; num += batches[i])
            must(make(keeper, data, batches[i], &error), &error);
        print_row(what, batches[i], num, cpu(keeper) - cpu_begun, elapsed() - begun);
    }
}

/* Sealing, beside it: no keeper has a part in it. */
static void measure_seal(const struct seal_key *key)
{
    static uint8_t            plain[4096], sealed[4096 + SEAL_EXTRA_BYTES];
    const struct seal_context context = { .record = "identity", .id = { { 1 } }, .purpose = "fields" };
    static const size_t       sizes[] = { 64, 4096 };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        double begun = cpu(NULL);
        for (int round = 0; round < ROUND; round++)
            seal(key, &context, plain, sizes[i], sealed);
        double middle = cpu(NULL);
        for (int round = 0; round < ROUND; round++)
            if (unseal(key, &context, sealed, sizes[i] + SEAL_EXTRA_BYTES, plain) != 0)
                exit(1);
        printf("seal %zu bytes: %.3f us; unseal: %.3f us\n", sizes[i], 1e6 * (middle - begun) / ROUND,
               1e6 * (cpu(NULL) - middle) / ROUND);
    }
}

static void measure_rewrap(struct keeper *keeper, size_t num, struct data *data)
{
    struct keeper_wrapped *all = malloc(num * sizeof *all);
    struct keeper_error    error;
    uint32_t               number;
    if (all == NULL)
        exit(1);
    for (size_t at = 0; at < num; at += MOST) {
        size_t batch = num - at < MOST ? num - at : MOST;
        must(keeper_wrap(keeper, data->owners, data->keys, batch, all + at, &error), &error);
    }
    must(keeper_new_generation(keeper, KEEPER_WRAP, instant_now(), &number, &error), &error);
    double begun = elapsed(), cpu_begun = cpu(keeper);
    must(keeper_rewrap(keeper, all, num, all, NULL, &error), &error);
    double took = elapsed() - begun, cpu_took = cpu(keeper) - cpu_begun;
    print_row("rewrap", KEEPER_BATCH, num, cpu_took, took);
    printf("%zu keys wrapped anew under generation %u: %.2f s elapsed, %.2f s CPU\n", num, all[num - 1].generation,
           took, cpu_took);
    free(all);
}

int main(int argc, char **argv)
{
    struct keeper_options options = { .rates = { [KEEPER_UPKEEP] = { 1e9, 1e9 } } };
    struct keeper_error   error;
    struct keeper        *keeper;
    struct data          *data = calloc(1, sizeof *data);
    struct keeper_ring   *ring = sodium_init() >= 0 ? keeper_ring_new() : NULL;
    if (argc < 3 || data == NULL || ring == NULL) {
        fprintf(stderr, "usage: keeper DIRECTORY TOCSIN [REWRAPS]\n");
        return 2;
    }
    must(keeper_ring_fresh(ring, instant_now(), &error), &error);
    must(keeper_directory_make(argv[1], ring, NULL, 0, &error), &error);
    keeper_ring_free(ring);
    options.directory = argv[1];
    options.program = argv[2];
    double begun = elapsed();
    must(keeper_start(&options, &keeper, &error), &error);
    printf("start: %.1f ms\n", 1e3 * (elapsed() - begun));
    for (size_t i = 0; i < MOST; i++)
        data->texts[i] = (struct keeper_text){ .kind = "name", .bytes = "次仁卓玛 1980", .size = 17 };
    seal_keys_make(data->keys, MOST);
    measure_seal(&data->keys[0]);
    printf("%-8s %8s %12s %12s\n", "call", "batch", "us CPU each", "us each");
    measure(keeper, "wrap", do_wrap, data);
    measure(keeper, "unwrap", do_unwrap, data);
    measure(keeper, "token", do_token, data);
    measure_rewrap(keeper, argc > 3 ? strtoul(argv[3], NULL, 10) : 1000000, data);
    keeper_stop(keeper);
    free(data);
    return 0;
}
