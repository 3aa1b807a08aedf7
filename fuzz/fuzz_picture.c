/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a picture: never more pixels than the limits, codes no longer than a code can be, each fault in words.
 */
#include <stdlib.h>

#include "formats/picture.h"
#include "fuzz.h"

#define SMALL ((size_t) 1 << 18) /* pixels: larger ones take longer than a search can spare */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct picture_codes codes;
    struct picture              picture;
    enum picture_fault          fault = picture_decode(data, size, &picture);
    MUST(fault == PICTURE_NO_FAULT || picture_error(fault).allowed != NULL);
    MUST(fault == PICTURE_OTHER_FORM || picture_is(data, size));
    if (fault != PICTURE_NO_FAULT)
        return 0;
    MUST(picture.width <= PICTURE_SIDE && picture.height <= PICTURE_SIDE &&
         picture.width * picture.height <= PICTURE_PIXELS);
    if (picture.width * picture.height <= SMALL) {
        fault = picture_find(&picture, &codes);
        MUST((fault == PICTURE_NO_FAULT) == (codes.num > 0) || fault == PICTURE_TOO_MANY_CODES);
        for (size_t i = 0; i < codes.num; i++)
            MUST(codes.codes[i].size > 0 && codes.codes[i].size <= PICTURE_TEXT_BYTES);
    }
    free(picture.grey);
    return 0;
}
