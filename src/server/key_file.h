/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/key_file.h: a small secret of the server's own, in a file of the node's directory for this user alone. */
#ifndef SERVER_KEY_FILE_H
#define SERVER_KEY_FILE_H

#include <stddef.h>

/* Read the key, or make it where there is none: it is the same after a restart. 0 or BASE_ERR_SYSTEM. */
int key_file_read(const char *path, unsigned char *key, size_t size);

#endif
