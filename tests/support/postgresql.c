/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/postgresql.h"
#include "support/power_journal.h"
#include "support/test.h"

enum { MAX_WORDS = 32, LINE_SIZE = 2048, FOLDER_SIZE = 128, NAME_SIZE = 64 };

/* The keeper: postgresql.py and the two ends of our conversation with it. */
static struct {
    pid_t       process;
    pid_t       owner; /* who started it: a forked child of the test ends without ending the cluster */
    FILE       *commands;
    FILE       *answers;
    const char *words[MAX_WORDS];
    unsigned    num_words;
    char        folder[FOLDER_SIZE];
    char        url[TEST_POSTGRESQL_URL];
} keeper;

static _Noreturn void give_up(const char *what, const char *why)
{
    fprintf(stderr, "PostgreSQL for the tests: %s: %s\n", what, why);
    printf("Bail out! PostgreSQL for the tests: %s\n", what);
    exit(1);
}

static void end_keeper(void)
{
    if (keeper.process == 0 || keeper.owner != getpid())
        return;
    fclose(keeper.commands);
    waitpid(keeper.process, NULL, 0);
    keeper.process = 0;
}

/* Become the keeper's program. */
static _Noreturn void run_keeper(int commands, int answers)
{
    const char *argv[MAX_WORDS + 3] = { "python3", TESTS_ROOT "/support/postgresql.py" };
    for (unsigned i = 0; i < keeper.num_words; i++)
        argv[2 + i] = keeper.words[i];
    char *words[MAX_WORDS + 3];
    memcpy(words, argv, sizeof words);
    dup2(commands, STDIN_FILENO);
    dup2(answers, STDOUT_FILENO);
    execvp("python3", words);
    _exit(127);
}

static void read_answer(char line[LINE_SIZE])
{
    if (fgets(line, LINE_SIZE, keeper.answers) == NULL)
        give_up("no answer from tests/support/postgresql.py", strerror(errno));
    line[strcspn(line, "\n")] = '\0';
}

/* The keeper's first answer: ready, absent or failed. */
static void start_keeper(char line[LINE_SIZE])
{
    int commands[2], answers[2];
    if (pipe2(commands, O_CLOEXEC) != 0 || pipe2(answers, O_CLOEXEC) != 0)
        give_up("pipe", strerror(errno));
    fflush(NULL);
    pid_t process = fork();
    if (process < 0)
        give_up("fork", strerror(errno));
    if (process == 0)
        run_keeper(commands[0], answers[1]);
    close(commands[0]);
    close(answers[1]);
    keeper.process = process;
    keeper.owner = getpid();
    keeper.commands = fdopen(commands[1], "w");
    keeper.answers = fdopen(answers[0], "r");
    if (keeper.commands == NULL || keeper.answers == NULL)
        give_up("fdopen", strerror(errno));
    atexit(end_keeper);
    read_answer(line);
}

static void need_keeper(void)
{
    if (keeper.process != 0)
        return;
    char line[LINE_SIZE];
    start_keeper(line);
    if (strncmp(line, "ready ", 6) != 0)
        give_up("it does not start", line);
    size_t length = strlen(line + 6);
    if (length >= FOLDER_SIZE)
        give_up("its folder's name is too long", line);
    memcpy(keeper.folder, line + 6, length + 1);
    snprintf(keeper.url, sizeof keeper.url, "postgresql:///tocsin?host=%s&user=tocsin", keeper.folder);
}

/* One command; *rest = what follows "ok " in the answer. */
static void command(const char *word, const char *argument, char line[LINE_SIZE], const char **rest)
{
    need_keeper();
    fprintf(keeper.commands, "%s %s\n", word, argument);
    fflush(keeper.commands);
    read_answer(line);
    if (strncmp(line, "ok", 2) != 0)
        give_up(word, line);
    *rest = line[2] == ' ' ? line + 3 : line + 2;
}

bool test_postgresql_installed(void)
{
    static const char probe[] = "python3 " TESTS_ROOT "/support/postgresql.py --probe";
    const char       *databases = getenv("TOCSIN_TEST_DATABASES");
    if (databases != NULL && strcmp(databases, "sqlite") == 0) {
        fprintf(stderr, "\n*** SKIPPED: PostgreSQL, as TOCSIN_TEST_DATABASES says ***\n\n");
        return false;
    }
    if (keeper.process != 0 || system(probe) == 0)
        return true;
    fprintf(stderr,
            "\n*** SKIPPED: no PostgreSQL server (package postgresql-15); nothing is proved on it here ***\n\n");
    return false;
}

void test_postgresql_configure(const char *const *words, unsigned num_words)
{
    if (keeper.process != 0 || num_words > MAX_WORDS)
        give_up("configure", keeper.process != 0 ? "the cluster runs already" : "too many words");
    for (unsigned i = 0; i < num_words; i++)
        keeper.words[i] = words[i];
    keeper.num_words = num_words;
}

const char *test_postgresql_url(void)
{
    need_keeper();
    return keeper.url;
}

void test_postgresql_database(char url[TEST_POSTGRESQL_URL])
{
    char        line[LINE_SIZE];
    const char *name;
    command("database", "", line, &name);
    snprintf(url, TEST_POSTGRESQL_URL, "postgresql:///%.*s?host=%s&user=tocsin", NAME_SIZE, name, keeper.folder);
}

const char *test_postgresql_folder(void)
{
    need_keeper();
    return keeper.folder;
}

void test_postgresql_crash(void)
{
    char        line[LINE_SIZE];
    const char *rest;
    command("crash", "", line, &rest);
}

void test_postgresql_stop(void)
{
    char        line[LINE_SIZE];
    const char *rest;
    command("stop", "", line, &rest);
}

void test_postgresql_start(void)
{
    char        line[LINE_SIZE];
    const char *rest;
    command("start", "", line, &rest);
}

void test_postgresql_set(const char *setting)
{
    char        line[LINE_SIZE];
    const char *rest;
    command("set", setting, line, &rest);
}

bool test_postgresql_try_start(char *why, size_t room)
{
    char line[LINE_SIZE];
    need_keeper();
    fprintf(keeper.commands, "start\n");
    fflush(keeper.commands);
    read_answer(line);
    snprintf(why, room, "%s", line);
    return strncmp(line, "ok", 2) == 0;
}

void test_postgresql_plan(const struct power_plan *plan)
{
    char        line[LINE_SIZE], words[128];
    const char *rest;
    snprintf(words, sizeof words, "%" PRIu64 " %" PRIu64 " %" PRId64, plan->cut_at, plan->fail_sync_at,
             plan->bytes_allowed);
    command("plan", words, line, &rest);
}

/* Read numbers; *rest as `command` has it. */
static void read_numbers(const char *rest, uint64_t *numbers, size_t num)
{
    for (size_t i = 0; i < num; i++) {
        char *end;
        numbers[i] = strtoull(rest, &end, 10);
        if (end == rest)
            give_up("numbers are missing", rest);
        rest = end;
    }
}

void test_postgresql_cut(uint64_t seed, unsigned sector, struct power_loss *loss)
{
    char        line[LINE_SIZE], words[64];
    const char *rest;
    uint64_t    n[6];
    snprintf(words, sizeof words, "%" PRIu64 " %u", seed, sector);
    command("cut", words, line, &rest);
    read_numbers(rest, n, 6);
    if (loss != NULL)
        *loss = (struct power_loss){ n[0], n[1], n[2], n[3], n[4], n[5] };
}

void test_postgresql_state(struct power_state *state)
{
    char        line[LINE_SIZE];
    const char *rest;
    uint64_t    n[3];
    command("state", "", line, &rest);
    read_numbers(rest, n, 3);
    *state = (struct power_state){ .cut = n[0], .changes = n[1], .syncs = n[2] };
}
