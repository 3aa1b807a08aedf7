/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/own_folder.h: the files that came with the program: lists, scenarios. */
#ifndef CLI_OWN_FOLDER_H
#define CLI_OWN_FOLDER_H

/* The folder `name` installed beside the program (../share/tocsin/NAME), or, where it runs in the tree it was built in,
 * `in_tree` of it ("../share/lists"). NULL where there is neither. The path lives until the next call. */
const char *own_folder(const char *name, const char *in_tree);

#endif
