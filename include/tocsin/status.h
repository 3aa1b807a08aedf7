/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin/status.h: what a function of libtocsin answers, and how it says what was wrong.
 *
 * Every function that can fail returns 0 or a negative enum toc_status. Detail goes to a struct toc_error that the
 * caller owns and may leave out (NULL). Outputs come last among the data and are untouched on failure.
 */
#ifndef TOCSIN_STATUS_H
#define TOCSIN_STATUS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum toc_status {
    TOC_OK = 0,
    /* the machine */
    TOC_ERR_NO_MEMORY = -1, /* the allocator answered NULL; remedy: more memory or a smaller job */
    TOC_ERR_TOO_LARGE = -2, /* a size does not fit in size_t; remedy: split the input */
    /* the caller's data */
    TOC_ERR_DOMAIN = -100,       /* a value lies outside the domain of the method; remedy: correct the value */
    TOC_ERR_OPTION = -101,       /* an option lies outside its range; remedy: the header gives the range */
    TOC_ERR_SHAPE = -102,        /* lengths or positions that do not fit together; remedy: see `what` */
    TOC_ERR_UNKNOWN_NAME = -103, /* no method, parameter or word of that name; remedy: toc_methods() lists them */
    TOC_ERR_UNSUPPORTED = -104,  /* options that exclude each other; remedy: see `allowed` */
    /* the numbers */
    TOC_ERR_NO_CONVERGENCE = -200 /* an iteration did not settle where no missing-value answer exists */
};

#define TOC_NOWHERE ((size_t) -1)

/* What was wrong. The texts are static; nothing needs to be freed. */
struct toc_error {
    int         status;  /* the value that the function returned */
    const char *what;    /* the argument or field, as it is called in the header: "options.alpha" */
    size_t      where;   /* element of that argument (0-based), or TOC_NOWHERE */
    double      found;   /* the value found there; NaN where there is no number to show */
    const char *allowed; /* what would have been accepted: "0 < alpha < 1" */
};

/* One sentence for a status, in English, static; never NULL. */
const char *toc_status_text(int status);

#ifdef __cplusplus
}
#endif
#endif
