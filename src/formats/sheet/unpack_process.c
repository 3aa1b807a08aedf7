/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process that unpacks one spreadsheet. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/sink.h"
#include "formats/sheet/sheet.h"
#include "formats/sheet/unpack.h"
#include "formats/sheet/unpack_wire.h"

#define WRITE_BYTES ((size_t) 64 << 10)

struct process {
    int         memory; /* the file without a name */
    struct sink rows;
};

static void write_out(struct process *process)
{
    const char *at = process->rows.bytes;
    size_t      left = process->rows.used;
    if (process->rows.failure != 0)
        _exit(UNPACK_FULL);
    while (left > 0) {
        ssize_t written = write(process->memory, at, left);
        if (written <= 0)
            _exit(UNPACK_FULL);
        at += written;
        left -= (size_t) written;
    }
    process->rows.used = 0;
}

static void put_entry(struct process *process, struct unpack_entry entry)
{
    if (process->rows.used >= WRITE_BYTES)
        write_out(process);
    sink_write(&process->rows, (const char *) &entry, sizeof entry);
}

static void put_text(struct process *process, const char *bytes, size_t size, uint8_t kind)
{
    const struct unpack_text text = { .size = (uint32_t) size, .kind = kind };
    sink_write(&process->rows, (const char *) &text, sizeof text);
    sink_write(&process->rows, bytes, size);
    sink_character(&process->rows, '\0');
}

static void put_fault(struct process *process, const struct fault *fault)
{
    const char *texts[] = { fault->name, fault->found, fault->allowed };
    put_entry(process,
              (struct unpack_entry){
                  .kind = UNPACK_FAULT, .number = fault->line, .detail = (int32_t) fault->cell, .num_texts = 3 });
    for (size_t i = 0; i < 3; i++)
        put_text(process, texts[i] != NULL ? texts[i] : "", texts[i] != NULL ? strlen(texts[i]) : 0, SHEET_TEXT);
}

static void put_rows(struct process *process, const char *file, size_t size, const char *wanted, bool takes_first)
{
    struct fault_list    faults = FAULT_LIST_INIT;
    struct sheet        *sheet = NULL;
    struct sheet_options options = { .sheet = wanted, .takes_first = takes_first };
    struct sheet_row     row;
    int                  ret = sheet_open(file, size, "", &options, &faults, &sheet);
    if (ret == 0) {
        const char *name = sheet_form(sheet)->sheet != NULL ? sheet_form(sheet)->sheet : "";
        put_entry(process, (struct unpack_entry){ .kind = UNPACK_SHEET, .num_texts = 1 });
        put_text(process, name, strlen(name), SHEET_TEXT);
    }
    while (ret == 0 && (ret = sheet_next(sheet, &row)) == 1) {
        put_entry(process,
                  (struct unpack_entry){ .kind = UNPACK_ROW, .number = row.number, .num_texts = row.num_cells });
        for (size_t i = 0; i < row.num_cells; i++)
            put_text(process, row.cells[i].text, row.cells[i].size, row.cells[i].kind);
        ret = 0;
    }
    for (size_t i = 0; i < faults.num_kept; i++)
        put_fault(process, &faults.faults[i]);
    put_entry(process, (struct unpack_entry){ .kind = UNPACK_END, .detail = ret });
    write_out(process);
}

/* The whole of the memory as it was given; NULL = it is not what it should be. */
static const char *map(int memory, struct unpack_ask *ask)
{
    struct stat status;
    if (fstat(memory, &status) != 0 || status.st_size < (off_t) sizeof *ask)
        return NULL;
    size_t size = (size_t) status.st_size, rest = size - sizeof *ask;
    char  *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, memory, 0);
    if (bytes == MAP_FAILED)
        return NULL;
    memcpy(ask, bytes, sizeof *ask);
    size_t name = ask->name_bytes == UINT64_MAX ? 0 : ask->name_bytes + 1;
    return name <= rest && ask->file_bytes == rest - name && (name == 0 || bytes[sizeof *ask + name - 1] == '\0')
               ? bytes
               : NULL;
}

static void unpack_run(int memory) __attribute__((noreturn));
static void unpack_run(int memory)
{
    static const int  ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT, SIGUSR1, SIGUSR2, SIGXFSZ };
    struct process    process = { .memory = memory };
    struct unpack_ask ask;
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    setenv("TZ", "UTC0", 1);
    tzset(); /* libzip asks for the zone; a named one is looked up once, now */
    sink_init_memory(&process.rows);
    if (confine_files(&process.memory) != 0)
        _exit(UNPACK_NOT_CONFINED);
    const char *bytes = map(process.memory, &ask);
    if (bytes == NULL)
        _exit(UNPACK_MALFORMED);
    const char                 *name = bytes + sizeof ask;
    const char                 *file = ask.name_bytes == UINT64_MAX ? name : name + ask.name_bytes + 1;
    const off_t                 behind = file - bytes + (off_t) ask.file_bytes;
    const struct confine_limits limits = { .memory = UNPACK_MEMORY_BYTES,
                                           .file_bytes = (uint64_t) behind + UNPACK_ROWS_BYTES,
                                           .seconds = UNPACK_SECONDS };
    if (lseek(process.memory, behind, SEEK_SET) != behind || confine_limits(&limits) != 0 || confine_to_memory() != 0)
        _exit(UNPACK_NOT_CONFINED);
    put_rows(&process, file, (size_t) ask.file_bytes, ask.name_bytes == UINT64_MAX ? NULL : name, ask.takes_first == 1);
    _exit(UNPACK_DONE);
}

void unpack_run_if_asked(int argc, char **argv)
{
    int memory = confine_asked(argc, argv, UNPACK_WORD);
    if (memory >= 0)
        unpack_run(memory);
}
