/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/parse.h: what the formats of `tocsin parse` share. Each format is one file parse_<format>.c with one function. */
#ifndef CLI_PARSE_H
#define CLI_PARSE_H

#include "base/sink.h"
#include "cli/command.h"
#include "formats/code_tables.h"

struct parse_settings {
    int         format;  /* of parse_formats; -1 = not given */
    const char *codes;   /* folder of code tables; NULL = ours */
    const char *charset; /* NULL = what the message says */
    const char *path;    /* of the output; NULL = standard output */
    bool        pooled;
    /* of tables; NULL = as the file decides */
    const char *encoding, *sheet, *delimiter;
    const char *mapping; /* path; NULL = as proposed */
    const char *errors;  /* path; NULL = no file of errors */
    const char *disease;
    int         dates; /* of --dates; -1 = ask */
    bool        propose;
};

/* What a format works with, for one file at a time. */
struct parse_job {
    const struct cli_command    *command;
    const struct parse_settings *settings;
    const struct code_tables    *tables;
    struct sink                 *sink;
    const char                  *file; /* as the person named it */
    const char                  *bytes;
    size_t                       size;
    uint64_t                     num_read, num_unusable, num_faults; /* so far; faults of severity error and worse */
};

/* The code tables that came with the program, and those of a folder (NULL = none). CLI_DONE, or what to exit with. */
int parse_load_tables(const struct cli_command *command, const char *codes, struct code_tables **tables);

/* Write one object a message, then one for the file. CLI_DONE, or CLI_MACHINE after complaining. */
int parse_hl7(struct parse_job *job);
int parse_fhir(struct parse_job *job);

/* Write one object a row, then one for the file. As above. */
int parse_table(struct parse_job *job);

/* One line on standard error for every fault that kept something from being used: "FILE: message 3: OBX(2)-5: …". */
void parse_tell_faults(const struct parse_job *job, const char *part, uint64_t number, const struct report *report);

#endif
