/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of a node, by hand; and the keeper's process itself, which the server starts (src/store/keeper.h). */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/instant.h"
#include "base/nearest.h"
#include "cli/cmd.h"
#include "cli/command.h"
#include "store/keeper_recovery.h"
#include "store/keeper_wire.h"
#include "store/node_settings.h"
#include "tocsin/status.h"

struct settings {
    const char *node;
    const char *keys; /* NULL: as the node's settings say */
    const char *to;
    int         kind;
    bool        force;
    long        serve_fd; /* 0 = not asked */
};

static const char *const kinds[] = {
#define X(name, word, meaning) word,
    KEEPER_KINDS(X)
#undef X
        NULL
};

/* One run of a subcommand. */
struct work {
    const struct cli_command *command;
    struct settings           settings;
    const char               *operand; /* NULL = none */
    char                      keys[2 * NODE_SETTING_BYTES + 4096];
    double                    backup_days;
    struct keeper_error       error;
};

static int complain(const struct work *work, int status)
{
    int exit_code = status == BASE_ERR_SYSTEM || status == TOC_ERR_NO_MEMORY || status == TOC_ERR_TOO_LARGE
                        ? CLI_MACHINE
                        : CLI_INPUT;
    return cli_complain(work->command, exit_code, "%s", work->error.what);
}

/* To the second, for people. */
static const char *instant_text(int64_t instant, char text[INSTANT_TEXT_BYTES])
{
    if (instant == INSTANT_MISSING || instant_to_text(instant, text) == 0)
        return "-";
    memcpy(text + 19, "Z", 2);
    return text;
}

/* ---- the directory with its keys ---- */

struct opened {
    struct keeper_directory directory;
    struct keeper_ring     *ring;
};

static void close_keys(struct opened *opened)
{
    keeper_directory_close(&opened->directory);
    keeper_ring_free(opened->ring);
}

static int open_keys(struct work *work, struct opened *opened)
{
    int ret = keeper_directory_open(work->keys, true, &opened->directory, &work->error);
    if (ret != 0)
        return ret;
    opened->ring = keeper_ring_new();
    ret = opened->ring != NULL ? keeper_directory_load(&opened->directory, opened->ring, &work->error)
                               : keeper_fail(&work->error, TOC_ERR_NO_MEMORY, "no memory for the keys");
    if (ret != 0)
        close_keys(opened);
    return ret;
}

/* The erasure list as it lies on the disk. free() it. */
static int read_erasures(struct work *work, const struct opened *opened, uint8_t **records, size_t *num)
{
    struct stat status;
    uint8_t    *read = NULL;
    size_t      size = 0, at = 0;
    int         fd, ret = keeper_directory_erasures(&opened->directory, &fd, &work->error);
    if (ret != 0)
        return ret;
    if (fstat(fd, &status) == 0 && status.st_size >= 0) {
        size = (size_t) status.st_size;
        read = malloc(size + 1);
    }
    while (read != NULL && at < size) {
        ssize_t got = pread(fd, read + at, size - at, (off_t) at);
        if (got <= 0)
            break;
        at += (size_t) got;
    }
    close(fd);
    if (read == NULL || at < size) {
        free(read);
        return keeper_fail(&work->error, BASE_ERR_SYSTEM, "the erasure list cannot be read");
    }
    *records = read;
    *num = size / KEEPER_ERASURE_BYTES;
    return 0;
}

/* ---- init, status, rotate, destroy ---- */

static int run_init(struct work *work)
{
    if (work->operand != NULL)
        snprintf(work->keys, sizeof work->keys, "%s", work->operand);
    struct keeper_ring *ring = keeper_ring_new();
    int                 ret = ring != NULL ? keeper_ring_fresh(ring, instant_now(), &work->error)
                                           : keeper_fail(&work->error, TOC_ERR_NO_MEMORY, "no memory for the keys");
    if (ret == 0)
        ret = keeper_directory_make(work->keys, ring, NULL, 0, &work->error);
    keeper_ring_free(ring);
    if (ret != 0)
        return complain(work, ret);
    printf("%s: made, with one key of each kind\n"
           "Now make a recovery copy and keep it, and its code, away from this machine:\n"
           "  tocsin keeper seal-recovery --keys %s --to FILE\n",
           work->keys, work->keys);
    return CLI_DONE;
}

static void print_generation(const struct keeper_generation *generation, double backup_days)
{
    char    created[INSTANT_TEXT_BYTES], replaced[INSTANT_TEXT_BYTES], from[INSTANT_TEXT_BYTES];
    int64_t end = INSTANT_MISSING;
    if (generation->replaced != INSTANT_MISSING)
        end = generation->replaced + (int64_t) (backup_days * (double) INSTANT_DAY);
    printf("%5s-%04u  %-20s  %-20s  %s\n", keeper_kind_word(generation->kind), generation->number,
           instant_text(generation->created, created), instant_text(generation->replaced, replaced),
           instant_text(end, from));
}

/* A key that is in no copy is lost with the directory. */
static void print_copied(const struct keeper_copied *copied, const struct keeper_ring *ring)
{
    char made[INSTANT_TEXT_BYTES];
    bool lacks = false;
    if (copied->made == INSTANT_MISSING) {
        printf("recovery copy: none was made here; 'tocsin keeper seal-recovery' makes one\n");
        return;
    }
    printf("recovery copy: the newest is of %s", instant_text(copied->made, made));
    for (int kind = 0; kind < KEEPER_NUM_KINDS; kind++) {
        uint32_t newest = keeper_ring_newest(ring, (enum keeper_kind) kind);
        for (uint32_t number = copied->newest[kind] + 1; number <= newest; number++) {
            if (keeper_ring_find(ring, (enum keeper_kind) kind, number) == NULL)
                continue; /* destroyed since */
            printf("%s %s-%04u", lacks ? "," : " and lacks", keeper_kind_word((enum keeper_kind) kind), number);
            lacks = true;
        }
    }
    printf("%s\n", lacks ? ": make a new one" : "");
}

static int run_status(struct work *work)
{
    struct keeper_generation generations[KEEPER_NUM_KINDS * KEEPER_MAX_GENERATIONS];
    struct opened            opened;
    struct keeper_erasure    erasure;
    uint8_t                 *records = NULL;
    size_t                   num = 0, damaged = 0;
    int                      ret = open_keys(work, &opened);
    if (ret != 0)
        return complain(work, ret);
    size_t               num_generations = keeper_ring_list(opened.ring, generations);
    struct keeper_copied copied = keeper_directory_copied(&opened.directory);
    ret = read_erasures(work, &opened, &records, &num);
    if (ret != 0) {
        close_keys(&opened);
        return complain(work, ret);
    }
    for (size_t i = 0; i < num; i++)
        damaged += !keeper_erasure_read(records + i * KEEPER_ERASURE_BYTES, &erasure);
    free(records);
    printf("key         created               replaced              may be destroyed from\n");
    for (size_t i = 0; i < num_generations; i++)
        print_generation(&generations[i], work->backup_days);
    print_copied(&copied, opened.ring);
    close_keys(&opened);
    printf("erasure list: %zu records", num - damaged);
    if (damaged > 0)
        printf(", and %zu damaged or never finished: compare it with the one in a backup", damaged);
    putchar('\n');
    return CLI_DONE;
}

static int run_rotate(struct work *work)
{
    struct opened    opened;
    enum keeper_kind kind = (enum keeper_kind) work->settings.kind;
    int              ret = open_keys(work, &opened);
    if (ret != 0)
        return complain(work, ret);
    ret = keeper_directory_add(&opened.directory, opened.ring, kind, instant_now(), &work->error);
    uint32_t number = keeper_ring_find(opened.ring, kind, 0)->number;
    close_keys(&opened);
    if (ret != 0)
        return complain(work, ret);
    printf("%s-%04u is made and is the newest; a running server uses it from now on\n"
           "No recovery copy holds it yet:\n"
           "  tocsin keeper seal-recovery --keys %s --to FILE\n",
           keeper_kind_word(kind), number, work->keys);
    return CLI_DONE;
}

static int run_destroy(struct work *work)
{
    struct opened    opened;
    enum keeper_kind kind = (enum keeper_kind) work->settings.kind;
    char            *end;
    unsigned long    number = strtoul(work->operand, &end, 10);
    if (*work->operand < '0' || *work->operand > '9' || *end != '\0' || number == 0 || number > UINT32_MAX)
        return cli_complain(work->command, CLI_USE, "destroy: found '%s'; allowed: the number of a generation",
                            work->operand);
    int ret = open_keys(work, &opened);
    if (ret != 0)
        return complain(work, ret);
    ret = keeper_directory_destroy(&opened.directory, opened.ring, kind, (uint32_t) number, instant_now(),
                                   work->backup_days, work->settings.force, &work->error);
    close_keys(&opened);
    if (ret != 0)
        return complain(work, ret);
    printf("%s-%04lu is overwritten and removed; a running server forgets it with its next call\n"
           "A file system that copies on write, a journal or a flash drive may keep the old blocks.\n"
           "Recovery copies made while it existed still hold it: make a new one and destroy the old ones.\n",
           keeper_kind_word(kind), number);
    return CLI_DONE;
}

/* ---- recovery ---- */

/* Remember which keys a copy holds. */
static int note_copy(struct work *work, const struct keeper_ring *ring, int64_t now)
{
    struct keeper_copied    copied = { .made = now };
    struct keeper_directory directory;
    for (int kind = 0; kind < KEEPER_NUM_KINDS; kind++)
        copied.newest[kind] = keeper_ring_newest(ring, (enum keeper_kind) kind);
    int ret = keeper_directory_open(work->keys, true, &directory, &work->error);
    if (ret != 0)
        return ret;
    ret = keeper_directory_note_copy(&directory, &copied, &work->error);
    keeper_directory_close(&directory);
    return ret;
}

static int run_seal_recovery(struct work *work)
{
    struct opened      opened;
    struct keeper_code code;
    char               text[KEEPER_CODE_TEXT_BYTES];
    uint8_t           *records = NULL;
    size_t             num = 0;
    if (work->settings.to == NULL)
        return cli_complain(work->command, CLI_USE, "seal-recovery needs --to FILE");
    if (isatty(STDOUT_FILENO) == 0)
        return cli_complain(work->command, CLI_INPUT,
                            "the recovery code is shown once, on a terminal; standard output "
                            "is none");
    int ret = open_keys(work, &opened);
    if (ret != 0)
        return complain(work, ret);
    ret = read_erasures(work, &opened, &records, &num);
    keeper_directory_close(&opened.directory); /* the copy may go to a slow medium */
    int64_t now = instant_now();
    if (ret == 0)
        ret = keeper_copy_write(work->settings.to, opened.ring, records, num, now, &code, &work->error);
    int noted = ret == 0 ? note_copy(work, opened.ring, now) : 0;
    close_keys(&opened);
    free(records);
    if (ret != 0)
        return complain(work, ret);
    keeper_code_to_text(&code, text);
    setvbuf(stdout, NULL, _IONBF, 0); /* no copy of the code stays in a buffer */
    printf("%s: written and opened again\n"
           "The code that opens it, shown this once. Write it down, check it with 'tocsin keeper\n"
           "rehearse-recovery', and keep it apart from the file:\n\n    ",
           work->settings.to);
    for (size_t at = 0; at < sizeof text - 1; at += 30) /* five groups a line */
        printf("%.*s\n    ", 29, text + at);
    putchar('\n');
    sodium_memzero(text, sizeof text);
    sodium_memzero(&code, sizeof code);
    return noted == 0 ? CLI_DONE : complain(work, noted); /* the copy is good all the same */
}

/* Read the code from standard input, on a terminal without showing it. */
static int read_code(struct work *work, struct keeper_code *code)
{
    char           typed[KEEPER_CODE_MAX_TYPED];
    struct termios shown, hidden;
    size_t         size = 0;
    bool           terminal = tcgetattr(STDIN_FILENO, &shown) == 0;
    if (terminal) {
        hidden = shown;
        hidden.c_lflag &= ~(tcflag_t) ECHO;
        fputs("Recovery code (it is not shown): ", stderr);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    }
    while (size < sizeof typed) {
        ssize_t got = read(STDIN_FILENO, typed + size, sizeof typed - size);
        if (got <= 0)
            break;
        size += (size_t) got;
        if (terminal && typed[size - 1] == '\n')
            break;
    }
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
        fputc('\n', stderr);
    }
    int ret = keeper_code_from_text(typed, size, code, &work->error);
    sodium_memzero(typed, sizeof typed);
    return ret;
}

static int open_copy(struct work *work, struct keeper_copy *copy)
{
    struct keeper_code code;
    int                ret = read_code(work, &code);
    if (ret == 0)
        ret = keeper_copy_read(work->operand, &code, copy, &work->error);
    sodium_memzero(&code, sizeof code);
    return ret;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static int run_rehearse(struct work *work)
{
    struct keeper_copy copy = { 0 };
    struct opened      opened;
    char               made[INSTANT_TEXT_BYTES];
    int                ret = open_keys(work, &opened);
    if (ret != 0)
        return complain(work, ret);
    keeper_directory_close(&opened.directory); /* nobody is to wait for its lock while the code is typed */
    double begun = seconds();
    ret = open_copy(work, &copy);
    if (ret != 0) {
        close_keys(&opened);
        return complain(work, ret);
    }
    struct keeper_comparison found = keeper_copy_compare(&copy, opened.ring);
    double                   took = seconds() - begun;
    printf("%s: of %s; opens; %zu keys equal to those in use; %zu records of the erasure list; %.3f seconds\n",
           work->operand, instant_text(copy.made, made), found.num_equal, copy.num_erasures, took);
    close_keys(&opened);
    keeper_copy_free(&copy);
    if (found.num_different > 0)
        cli_complain(work->command, 0, "%zu keys are not those in use: the copy is of another node",
                     found.num_different);
    if (found.num_newer > 0)
        cli_complain(work->command, 0, "%zu keys in use are not in the copy: make a new one", found.num_newer);
    if (found.num_destroyed > 0)
        cli_complain(work->command, 0,
                     "%zu keys of the copy have been destroyed here: with it, what was erased can be "
                     "read; make a new copy and destroy this one",
                     found.num_destroyed);
    return found.num_different + found.num_newer + found.num_destroyed > 0 ? CLI_INPUT : CLI_DONE;
}

static int run_recover(struct work *work)
{
    struct keeper_copy copy = { 0 };
    if (work->settings.to == NULL)
        return cli_complain(work->command, CLI_USE, "recover needs --to DIR");
    int ret = open_copy(work, &copy);
    if (ret == 0)
        ret = keeper_directory_make(work->settings.to, copy.ring, copy.erasures, copy.num_erasures, &work->error);
    if (ret == 0) {
        char made[INSTANT_TEXT_BYTES];
        printf("%s: made, with the keys and the erasure list of %s\n"
               "Persons erased since then are not on that list: restore a backup together with its own.\n",
               work->settings.to, instant_text(copy.made, made));
    }
    keeper_copy_free(&copy);
    return ret == 0 ? CLI_DONE : complain(work, ret);
}

/* ---- the command ---- */

static const struct subcommand {
    const char *name;
    int         least, most; /* operands behind it */
    int (*run)(struct work *work);
} subcommands[] = {
    { "init", 0, 1, run_init },
    { "status", 0, 0, run_status },
    { "rotate", 0, 0, run_rotate },
    { "destroy", 1, 1, run_destroy },
    { "seal-recovery", 0, 0, run_seal_recovery },
    { "rehearse-recovery", 1, 1, run_rehearse },
    { "recover", 1, 1, run_recover },
};
#define NUM_SUBCOMMANDS (sizeof subcommands / sizeof *subcommands)

static int complain_unknown(const struct cli_command *command, const char *name)
{
    struct nearest nearest = { .word = name };
    for (size_t i = 0; i < NUM_SUBCOMMANDS; i++)
        nearest_offer(&nearest, subcommands[i].name);
    if (nearest.best != NULL)
        return cli_complain(command, CLI_USE, "unknown '%s'; did you mean '%s'?", name, nearest.best);
    return cli_complain(command, CLI_USE, "unknown '%s'; 'tocsin help keeper' lists what it can do", name);
}

/* Where the keys are and how long backups live: as the node says, where it says anything. */
static int read_node(struct work *work)
{
    struct node_settings node = NODE_SETTINGS_INIT;
    struct fault_list    faults = { 0 };
    char                 path[4096];
    work->backup_days = KEEPER_BACKUP_DAYS;
    int length = snprintf(path, sizeof path, "%s/%s", work->settings.node, NODE_SETTINGS_FILE);
    if (length < 0 || (size_t) length >= sizeof path)
        return cli_complain(work->command, CLI_USE, "--node: the path is too long");
    snprintf(work->keys, sizeof work->keys, "%s/%s", work->settings.node, node.keys);
    if (access(path, F_OK) == 0) {
        if (node_settings_read(work->settings.node, &node, &faults) != 0) {
            fault_list_write(&faults, stderr);
            fault_list_free(&faults);
            return CLI_INPUT;
        }
        snprintf(work->keys, sizeof work->keys, "%s", node.keys);
        work->backup_days = (double) node.backup_keep_days;
    }
    if (work->settings.keys != NULL)
        snprintf(work->keys, sizeof work->keys, "%s", work->settings.keys);
    return -1;
}

static int serve(const struct cli_command *command, int fd)
{
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISSOCK(status.st_mode))
        return cli_complain(command, CLI_USE, "--serve-fd: file %d is no socket; the server starts the keeper itself",
                            fd);
    keeper_run(fd);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct work work = { .command = command, .settings = { .node = "tocsin-node", .kind = KEEPER_WRAP } };
    int         first, exit_code = cli_parse(command, argc, argv, &work.settings, &first);
    if (exit_code >= 0)
        return exit_code;
    if (work.settings.serve_fd != 0)
        return serve(command, (int) work.settings.serve_fd);
    if (first == argc)
        return cli_complain(command, CLI_USE, "what to do? 'tocsin help keeper' lists it");
    const struct subcommand *found = NULL;
    for (size_t i = 0; i < NUM_SUBCOMMANDS; i++)
        if (strcmp(subcommands[i].name, argv[first]) == 0)
            found = &subcommands[i];
    if (found == NULL)
        return complain_unknown(command, argv[first]);
    int num = argc - first - 1;
    if (num < found->least || num > found->most)
        return cli_complain(command, CLI_USE, "%s: found %d names behind it; 'tocsin help keeper' says which it takes",
                            found->name, num);
    work.operand = num == 1 ? argv[first + 1] : NULL;
    exit_code = read_node(&work);
    if (exit_code >= 0)
        return exit_code;
    if (sodium_init() < 0)
        return cli_complain(command, CLI_MACHINE, "libsodium cannot be started");
    int ret = keeper_harden(&work.error);
    exit_code = ret == 0 ? found->run(&work) : complain(&work, ret);
    return cli_finish_stdout(command, exit_code);
}

static const struct cli_option options[] = {
    { .name = "node",
      .value = "DIR",
      .initial = "tocsin-node",
      .meaning = "The node's directory; its tocsin.conf says where the keys are and how long backups live.",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, node),
      .completion = CLI_COMPLETE_FILE },
    { .name = "keys",
      .value = "DIR",
      .initial = "as the node says",
      .meaning = "The key directory.",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, keys),
      .completion = CLI_COMPLETE_FILE },
    { .name = "to",
      .value = "PATH",
      .meaning = "seal-recovery: the file to write; recover: the key directory to make. It must not exist yet.",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, to),
      .completion = CLI_COMPLETE_FILE },
    { .name = "kind",
      .value = "KIND",
      .initial = "gen",
      .meaning =
          "rotate, destroy: which keys. gen wraps the keys of persons, token makes search tokens, sign signs heads "
          "of the audit chain, hash makes hashes of raw messages.",
      .kind = CLI_CHOICE,
      .offset = offsetof(struct settings, kind),
      .words = kinds },
    { .name = "force",
      .meaning = "destroy: although backups made under the generation may still live.",
      .kind = CLI_FLAG,
      .offset = offsetof(struct settings, force) },
    { .name = "serve-fd",
      .value = "N",
      .meaning = "Be the keeper behind socket N; used by Tocsin itself.",
      .kind = CLI_WHOLE,
      .offset = offsetof(struct settings, serve_fd),
      .low = 3,
      .high = 1048576 },
};
static const struct cli_group groups[] = {
    { .title = "Keys", .options = options, .num_options = sizeof options / sizeof *options },
};

static const char *const usage[] = { "init [DIR]",
                                     "status",
                                     "rotate [--kind KIND]",
                                     "destroy N [--kind KIND] [--force]",
                                     "seal-recovery --to FILE",
                                     "rehearse-recovery FILE",
                                     "recover FILE --to DIR",
                                     NULL };

static const struct cli_example examples[] = {
    { "tocsin keeper init keys", "make the keys of a new node" },
    { "tocsin keeper seal-recovery --to /media/usb/tocsin.recovery", "copy them, sealed; shows the code once" },
    { "tocsin keeper rehearse-recovery /media/usb/tocsin.recovery", "does the copy open? Asks for the code" },
    { "tocsin keeper rotate", "a new generation for the keys of persons" },
    { NULL, NULL },
};

const struct cli_command cli_command_keeper = {
    .name = "keeper",
    .summary = "make, rotate, destroy and recover the keys of a node",
    .usage = usage,
    .text =
        "The keys of persons lie in the database, wrapped by node keys; node keys lie in a directory outside the "
        "database "
        "and its backups, and only the keeper process reads it. These subcommands look after that directory.\n\n"
        "init makes it. status lists the keys and when each may be destroyed. rotate makes a new generation, which is "
        "used from then on. destroy removes an old one: refused for the newest, and, without --force, while backups "
        "made "
        "under it may live. Whatever is still wrapped under a destroyed generation is lost.\n\n"
        "seal-recovery writes all keys and the erasure list to FILE, sealed under a code that is shown once. "
        "rehearse-recovery reads the code from standard input, opens the copy and compares each key with the one in "
        "use. "
        "recover makes a key directory from a copy.\n\n"
        "A code or key is never an argument or in the environment.",
    .groups = groups,
    .num_groups = 1,
    .examples = examples,
    .run = run,
};
