/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the keeper reads: requests over its socket, its first request, key files, recovery copies, typed codes. The
 * first byte says which. */
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fault.h"
#include "fuzz.h"
#include "store/keeper_recovery.h"
#include "store/keeper_wire.h"
#include "tocsin/status.h"

static double now;

static double seconds(void)
{
    return now += 0.001;
}

/* Keys that are the same in every run, so that a finding can be played again. */
static void fill_ring(struct keeper_ring *ring)
{
    for (int kind = 0; kind < KEEPER_NUM_KINDS; kind++)
        for (uint32_t number = 1; number <= 2; number++) {
            struct keeper_key key = { .number = number, .created = number };
            memset(key.bytes, 0xa0 + 2 * kind + (int) number, sizeof key.bytes);
            MUST(keeper_ring_add(ring, (enum keeper_kind) kind, &key, NULL) == 0);
        }
}

/* No answer holds a node key, unless the input does: what cannot be wrapped anew comes back as it is. */
static void check_answer(const struct keeper_ring *ring, const uint8_t *input, size_t size,
                         const struct wire_answer *answer, const uint8_t *result)
{
    MUST(answer->magic == WIRE_MAGIC && answer->size <= WIRE_MAX_BYTES && answer->count <= KEEPER_BATCH);
    MUST(answer->status == 0 || answer->size == sizeof(struct wire_failure));
    for (int kind = 0; kind < KEEPER_NUM_KINDS; kind++)
        for (size_t i = 0; i < ring->num[kind]; i++)
            MUST(memmem(result, answer->size, ring->keys[kind][i].bytes, KEEPER_KEY_BYTES) == NULL ||
                 memmem(input, size, ring->keys[kind][i].bytes, KEEPER_KEY_BYTES) != NULL);
    fuzz_look(result, answer->size);
}

/* Requests one behind the other, as the process reads them; the first malformed one ends it. */
static void check_requests(const uint8_t *data, size_t size)
{
    static struct keeper_service service = { .erasures = -1, .seconds = seconds };
    static uint8_t              *result;
    if (service.ring == NULL) {
        service.ring = keeper_ring_new();
        service.erasures = memfd_create("erasures", MFD_CLOEXEC);
        result = malloc(WIRE_MAX_BYTES);
        MUST(service.ring != NULL && service.erasures >= 0 && result != NULL);
        MUST(fcntl(service.erasures, F_SETFL, O_APPEND) == 0);
        fill_ring(service.ring);
    }
    const uint8_t *input = data;
    const size_t   input_size = size;
    MUST(ftruncate(service.erasures, 0) == 0);
    for (int i = 0; i < KEEPER_NUM_PURPOSES; i++)
        service.buckets[i] = (struct keeper_bucket){ .per_second = 1, .burst = 10, .left = 10, .filled = now };
    struct wire_request request;
    while (size >= sizeof request) {
        struct wire_answer answer;
        memcpy(&request, data, sizeof request);
        data += sizeof request;
        size -= sizeof request;
        if (keeper_check_request(&request) != 0 || request.size > size)
            return;
        uint8_t *payload = malloc(request.size + 1); /* as tight as can be, for the sanitizers */
        memcpy(payload, data, request.size);
        payload = realloc(payload, request.size > 0 ? request.size : 1);
        int ret = keeper_answer(&service, &request, payload, &answer, result);
        MUST(ret == 0 || ret == WIRE_MALFORMED);
        if (ret == 0)
            check_answer(service.ring, input, input_size, &answer, result);
        free(payload);
        if (ret != 0)
            return;
        data += request.size;
        size -= request.size;
    }
}

static void check_hello(const uint8_t *data, size_t size)
{
    struct wire_request request = { .magic = WIRE_MAGIC, .operation = WIRE_HELLO, .size = (uint32_t) size };
    struct wire_hello   hello;
    char                path[WIRE_MAX_PATH + 1];
    if (size > WIRE_MAX_BYTES || keeper_read_hello(&request, data, &hello, path) != 0)
        return;
    MUST(strlen(path) == hello.path_size && hello.kind < KEEPER_NUM_KINDS);
    struct keeper_service service = { .seconds = seconds };
    keeper_fill_buckets(&service, &hello);
    for (int i = 0; i < KEEPER_NUM_PURPOSES; i++)
        MUST(service.buckets[i].left >= 1);
}

static void check_files(const uint8_t *data, size_t size)
{
    struct keeper_erasure erasure;
    struct keeper_key     key;
    enum keeper_kind      kind;
    uint8_t               again[KEEPER_FILE_BYTES];
    if (size >= KEEPER_ERASURE_BYTES && keeper_erasure_read(data, &erasure)) {
        keeper_erasure_write(&erasure, again);
        MUST(memcmp(again, data, KEEPER_ERASURE_BYTES) == 0);
    }
    if (size < KEEPER_FILE_BYTES || keeper_key_read(data, &kind, &key) != 0)
        return;
    MUST(kind < KEEPER_NUM_KINDS && key.number > 0);
    keeper_key_write(kind, &key, again);
    fuzz_look(again, sizeof again);
}

static void check_code(const char *text, size_t size)
{
    struct keeper_code  code, again;
    struct keeper_error error = { 0 };
    char                right[KEEPER_CODE_TEXT_BYTES];
    int                 ret = keeper_code_from_text(text, size, &code, &error);
    MUST(ret == 0 || (ret == BASE_ERR_INPUT && error.what[0] != '\0'));
    if (ret != 0)
        return;
    keeper_code_to_text(&code, right);
    MUST(keeper_code_from_text(right, sizeof right - 1, &again, NULL) == 0);
    MUST(memcmp(&code, &again, sizeof code) == 0);
}

static void check_copy(const uint8_t *data, size_t size)
{
    const struct keeper_code code = { { 0 } };
    struct keeper_copy       copy = { 0 };
    int                      ret = keeper_copy_read(fuzz_file(0, data, size), &code, &copy, NULL);
    MUST(ret == 0 ? copy.ring != NULL : copy.ring == NULL);
    keeper_copy_free(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    MUST(sodium_init() >= 0);
    if (size == 0)
        return 0;
    switch (data[0]) {
    case 'r': check_requests(data + 1, size - 1); break;
    case 'h': check_hello(data + 1, size - 1); break;
    case 'f': check_files(data + 1, size - 1); break;
    case 'c': check_code((const char *) data + 1, size - 1); break;
    case 'p': check_copy(data + 1, size - 1); break;
    default: break;
    }
    return 0;
}
