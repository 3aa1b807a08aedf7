/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/forward.h: a database has one writer. A command that must write while a server is at work on the node hands its
 * words to it, over a socket in the node's directory, and prints what comes back: the server runs the same code with
 * the writer that it has.
 *
 * The socket lets in the user that the server runs as, and root (as far as the server's system shows it as such): who
 * reads the node's keys may do whatever these commands do. One command at a time.
 *
 *     request     number of words, then each, then one line of input: 32-bit lengths and bytes
 *     answer      exit code, length of output, length of messages (32 bits each), both
 */
#ifndef CLI_FORWARD_H
#define CLI_FORWARD_H

#include <stddef.h>
#include <stdio.h>

#define FORWARD_SOCKET "operator" /* in the node's directory */
#define FORWARD_MOST_WORDS 32
#define FORWARD_MOST_BYTES 8192 /* of a request */
#define FORWARD_MOST_ANSWER (1 << 20)
#define FORWARD_SECONDS 10 /* to send a request, or to take an answer */

struct forward;

/* Runs the words of a command (words[0] its name, words[num] NULL); `input` has what it would read, `out` and
 * `messages` take what it would print. Returns the exit code. */
typedef int forward_run(void *context, int num, char **words, FILE *input, FILE *out, FILE *messages);

/* Take requests for the node in a directory, in a thread of its own. The caller holds the node's writer: a socket that
 * is there already is nobody's. 0 or BASE_ERR_SYSTEM, TOC_ERR_NO_MEMORY. */
int  forward_listen(const char *directory, forward_run *run, void *context, struct forward **forward);
void forward_stop(struct forward *forward); /* NULL is fine */

/* Hand a command over: prints what it prints; returns its exit code, or -1 where no server listens. `line`: its input.
 */
int forward_send(const char *directory, int num, char *const *words, const char *line);

#endif
