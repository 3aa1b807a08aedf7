/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/sheet/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/memory.h"
#include "base/text.h"
#include "formats/sheet/sheet.h"
#include "formats/sheet/unpack_wire.h"
#include "tocsin/status.h"

struct unpacked {
    const char        *name; /* of the file */
    struct fault_list *faults;
    char              *bytes; /* all of the memory, mapped */
    size_t             size, first, at;
    const char        *sheet;
    struct sheet_cell  cells[SHEET_MAX_COLUMNS];
};

/* ---- the process ---- */

static int put(int memory, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t written = write(memory, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return errno == ENOMEM || errno == ENOSPC ? TOC_ERR_NO_MEMORY : BASE_ERR_SYSTEM;
        at += written;
        size -= (size_t) written;
    }
    return 0;
}

static int give(const void *bytes, size_t size, const char *wanted, bool takes_first, int *memory, size_t *given)
{
    const struct unpack_ask ask = { .name_bytes = wanted != NULL ? strlen(wanted) : UINT64_MAX,
                                    .file_bytes = size,
                                    .takes_first = takes_first };
    *memory = memfd_create("spreadsheet", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (*memory < 0)
        return BASE_ERR_SYSTEM;
    *given = sizeof ask + (wanted != NULL ? strlen(wanted) + 1 : 0) + size;
    int ret = put(*memory, &ask, sizeof ask);
    if (ret == 0 && wanted != NULL)
        ret = put(*memory, wanted, strlen(wanted) + 1);
    return ret == 0 ? put(*memory, bytes, size) : ret;
}

/* Has it ended before its time is up? Else it is ended here. *state: as waitpid has it. */
static bool wait_for(pid_t process, int *state)
{
    int  handle = pidfd_open(process, 0);
    bool ended = false;
    if (handle >= 0) {
        struct pollfd waits = { .fd = handle, .events = POLLIN };
        int           ready;
        while ((ready = poll(&waits, 1, 2 * UNPACK_SECONDS * 1000)) < 0 && errno == EINTR)
            continue; /* a signal: the whole time again */
        ended = ready > 0;
        close(handle);
    }
    if (!ended)
        kill(process, SIGKILL);
    while (waitpid(process, state, 0) < 0 && errno == EINTR)
        continue;
    return ended;
}

static int refuse(const struct unpacked *unpacked, const char *allowed, const char *found)
{
    fault_add(unpacked->faults, (struct fault_place){ .file = unpacked->name }, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

/* What the way in which it ended says of the file. */
static int judge(const struct unpacked *unpacked, bool ended, int state)
{
    if (ended && WIFEXITED(state) && WEXITSTATUS(state) == UNPACK_DONE)
        return 0;
    if (ended && WIFEXITED(state) && WEXITSTATUS(state) == UNPACK_FULL)
        return refuse(unpacked, "its rows in several files, or saved as CSV", "a sheet with more than 512 MiB of text");
    if (ended && WIFEXITED(state))
        return BASE_ERR_SYSTEM;
    if (!ended || WTERMSIG(state) == SIGXCPU || WTERMSIG(state) == SIGKILL)
        return refuse(unpacked, "its rows in several files, or saved as CSV",
                      "a spreadsheet that takes more than two minutes to read");
    return refuse(unpacked, "its rows saved as CSV",
                  "a spreadsheet that cannot be read safely: its reader was stopped");
}

static int run(struct unpacked *unpacked, const char *program, int memory)
{
    int   state = 0;
    pid_t process = fork();
    if (process < 0)
        return BASE_ERR_SYSTEM;
    if (process == 0)
        confine_become(program, UNPACK_WORD, memory, NULL);
    bool ended = wait_for(process, &state);
    return judge(unpacked, ended, state);
}

/* ---- what it wrote ---- */

static bool take(const struct unpacked *unpacked, size_t *at, void *into, size_t size)
{
    if (size > unpacked->size - *at)
        return false;
    memcpy(into, unpacked->bytes + *at, size);
    *at += size;
    return true;
}

static bool take_text(const struct unpacked *unpacked, size_t *at, struct sheet_cell *cell)
{
    struct unpack_text text;
    if (!take(unpacked, at, &text, sizeof text) || text.size > SHEET_MAX_CELL || text.kind > SHEET_ERROR ||
        (size_t) text.size + 1 > unpacked->size - *at)
        return false;
    *cell = (struct sheet_cell){ unpacked->bytes + *at, text.size, (uint8_t) text.kind };
    *at += (size_t) text.size + 1;
    return cell->text[cell->size] == '\0';
}

/* The next entry with its texts in the cells. */
static bool take_entry(struct unpacked *unpacked, size_t *at, struct unpack_entry *entry)
{
    if (!take(unpacked, at, entry, sizeof *entry) || entry->num_texts > SHEET_MAX_COLUMNS)
        return false;
    for (size_t i = 0; i < entry->num_texts; i++)
        if (!take_text(unpacked, at, &unpacked->cells[i]))
            return false;
    return true;
}

static bool is_plausible(const struct unpacked *unpacked, const struct unpack_entry *entry, bool first)
{
    for (size_t i = 0; i < entry->num_texts; i++)
        if (text_check_utf8(unpacked->cells[i].text, unpacked->cells[i].size) != unpacked->cells[i].size)
            return false;
    switch (entry->kind) {
    case UNPACK_SHEET: return first && entry->num_texts == 1;
    case UNPACK_ROW: return !first && entry->num_texts > 0 && entry->number <= UINT32_MAX;
    case UNPACK_FAULT: return entry->num_texts == 3;
    case UNPACK_END: return entry->num_texts == 0;
    default: return false;
    }
}

/* All of it once, whatever process wrote it: from here on it is only read. */
static bool check(struct unpacked *unpacked)
{
    struct unpack_entry entry = { .kind = UNPACK_ROW };
    size_t              at = unpacked->first;
    bool                faults = false;
    for (bool first = true; entry.kind != UNPACK_END; first = first && entry.kind == UNPACK_FAULT) {
        if (!take_entry(unpacked, &at, &entry) || !is_plausible(unpacked, &entry, first) ||
            (faults && entry.kind == UNPACK_ROW))
            return false;
        if (entry.kind == UNPACK_SHEET) {
            unpacked->sheet = unpacked->cells[0].text;
            unpacked->first = at;
        }
        faults = faults || entry.kind == UNPACK_FAULT;
    }
    return at == unpacked->size && (entry.detail == 0 || entry.detail == TOC_ERR_NO_MEMORY || faults) &&
           (unpacked->sheet != NULL || entry.detail != 0);
}

static int map(struct unpacked *unpacked, int memory, size_t given)
{
    struct stat status;
    unpacked->bytes = MAP_FAILED;
    if (fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0 || fstat(memory, &status) != 0)
        return BASE_ERR_SYSTEM;
    if (status.st_size < (off_t) given)
        return refuse(unpacked, "its rows saved as CSV", "a spreadsheet whose rows cannot be believed");
    unpacked->size = (size_t) status.st_size;
    unpacked->at = unpacked->first = given;
    unpacked->bytes = mmap(NULL, unpacked->size, PROT_READ, MAP_PRIVATE, memory, 0);
    if (unpacked->bytes == MAP_FAILED)
        return TOC_ERR_NO_MEMORY;
    return check(unpacked) ? 0
                           : refuse(unpacked, "its rows saved as CSV", "a spreadsheet whose rows cannot be believed");
}

/* ---- outside ---- */

int unpack_open(const char *program, const void *bytes, size_t size, const char *name, const char *wanted,
                bool takes_first, struct fault_list *faults, struct unpacked **unpacked)
{
    struct unpacked *made = memory_array(1, sizeof *made);
    int              memory = -1;
    size_t           given = 0;
    if (made == NULL)
        return TOC_ERR_NO_MEMORY;
    made->name = name;
    made->faults = faults;
    made->bytes = MAP_FAILED;
    int ret = give(bytes, size, wanted, takes_first, &memory, &given);
    if (ret == 0)
        ret = run(made, program, memory);
    if (ret == 0)
        ret = map(made, memory, given);
    if (memory >= 0)
        close(memory);
    unpacked_rewind(made);
    if (ret == 0 && made->sheet == NULL) { /* it could not be opened: tell what is wrong */
        struct sheet_row row;
        ret = unpacked_next(made, &row);
    }
    if (ret == 0)
        *unpacked = made;
    else
        unpack_close(made);
    return ret;
}

void unpack_close(struct unpacked *unpacked)
{
    if (unpacked == NULL)
        return;
    if (unpacked->bytes != MAP_FAILED)
        munmap(unpacked->bytes, unpacked->size);
    free(unpacked);
}

const char *unpacked_sheet(const struct unpacked *unpacked)
{
    return unpacked->sheet;
}

void unpacked_rewind(struct unpacked *unpacked)
{
    unpacked->at = unpacked->first;
}

static void tell(const struct unpacked *unpacked, const struct unpack_entry *entry)
{
    const struct sheet_cell *texts = unpacked->cells;
    fault_add(unpacked->faults,
              (struct fault_place){ .file = unpacked->name,
                                    .line = entry->number,
                                    .cell = (uint32_t) entry->detail,
                                    .name = texts[0].size > 0 ? texts[0].text : NULL },
              texts[2].size > 0 ? texts[2].text : NULL, "%s", texts[1].text);
}

int unpacked_next(struct unpacked *unpacked, struct sheet_row *row)
{
    struct unpack_entry entry;
    for (;;) {
        size_t before = unpacked->at;
        if (!take_entry(unpacked, &unpacked->at, &entry)) /* not to be: it was checked */
            return BASE_ERR_INPUT;
        if (entry.kind == UNPACK_ROW) {
            *row = (struct sheet_row){ unpacked->cells, (size_t) entry.num_texts, entry.number };
            return 1;
        }
        if (entry.kind == UNPACK_FAULT)
            tell(unpacked, &entry);
        if (entry.kind != UNPACK_END)
            continue;
        unpacked->at = before;
        if (entry.detail == TOC_ERR_NO_MEMORY)
            return refuse(unpacked, "its rows in several files, or saved as CSV",
                          "a spreadsheet that needs more than 1 GiB of memory to read");
        return entry.detail == 0 ? 0 : BASE_ERR_INPUT;
    }
}
