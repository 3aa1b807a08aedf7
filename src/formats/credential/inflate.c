/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/credential/inflate.h"

#include <libdeflate.h>
#include <math.h>

#include "base/fault.h"

struct libdeflate_decompressor *credential_inflater_new(void)
{
    return libdeflate_alloc_decompressor();
}

void credential_inflater_free(struct libdeflate_decompressor *inflater)
{
    if (inflater != NULL)
        libdeflate_free_decompressor(inflater);
}

int credential_inflate(struct libdeflate_decompressor *inflater, enum credential_deflate form, const uint8_t *packed,
                       size_t size, uint8_t *bytes, size_t room, size_t *num_bytes, struct toc_error *error)
{
    size_t                 used = 0, num = 0;
    enum libdeflate_result result =
        form == CREDENTIAL_ZLIB ? libdeflate_zlib_decompress_ex(inflater, packed, size, bytes, room, &used, &num)
                                : libdeflate_deflate_decompress_ex(inflater, packed, size, bytes, room, &used, &num);
    const char *allowed = NULL;
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE)
        allowed = "content that is not larger than the room for it (64 KiB)";
    else if (result != LIBDEFLATE_SUCCESS)
        allowed = form == CREDENTIAL_ZLIB ? "content compressed by zlib" : "content compressed by deflate";
    else if (used != size)
        allowed = "nothing behind the compressed content";
    if (allowed == NULL) {
        *num_bytes = num;
        return 0;
    }
    if (error != NULL)
        *error = (struct toc_error){ BASE_ERR_INPUT, "compressed content", TOC_NOWHERE, NAN, allowed };
    return BASE_ERR_INPUT;
}
