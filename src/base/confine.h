/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/base/confine.h: what a process gives up before it touches what strangers made, or keeps what nobody else may see.
 *
 * Each of a node's processes has its own rules (the keeper's, the worker's); here is what they have in common, and the
 * narrowest: a process that reads (a picture, a spreadsheet) and has nothing but memory, time and files to write to
 * that are open already.
 */
#ifndef BASE_CONFINE_H
#define BASE_CONFINE_H

#include <stddef.h>
#include <stdint.h>

/* With a sanitizer, which takes memory of its own and calls for more? */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CONFINE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CONFINE_SANITIZED 1
#endif
#endif
#ifndef CONFINE_SANITIZED
#define CONFINE_SANITIZED 0
#endif

/* In a child that was forked a moment ago, of a program of many threads: start `program WORD --serve-fd FILE` in its
 * place, with this environment (NULL = none). Nothing but system calls; where it fails the child ends with 127. */
void confine_become(const char *program, const char *word, int file, char *const *environment)
    __attribute__((noreturn));

/* In main: is it started as confine_become does with that word? The file, else -1. */
int confine_asked(int argc, char **argv, const char *word);

/* Standard error and this file are all that stays open, the file as number 3. 0 or -1. */
int confine_files(int *file);

#define CONFINE_AS_IT_IS UINT64_MAX

/* No more than so much from here on, and never more than it was. */
struct confine_limits {
    uint64_t memory;     /* bytes of its own; not looked at with a sanitizer */
    uint64_t file_bytes; /* of a file that it writes */
    uint64_t seconds;    /* of the processor; then the kernel ends it */
    uint64_t files;      /* open at a time */
};
int confine_limits(const struct confine_limits *limits);

/* Nothing but memory, time, and writing to what is open: no new rights, no core, and whatever else is called ends the
 * process (seccomp). 0 or -1. */
int confine_to_memory(void);

#endif
