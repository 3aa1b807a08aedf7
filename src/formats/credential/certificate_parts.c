/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/credential/certificate_parts.h"

#include <string.h>

enum tag {
    TAG_BOOLEAN = 0x01,
    TAG_INTEGER = 0x02,
    TAG_BITS = 0x03,
    TAG_OCTETS = 0x04,
    TAG_OBJECT = 0x06,
    TAG_UTC_TIME = 0x17,
    TAG_GENERALIZED_TIME = 0x18,
    TAG_SEQUENCE = 0x30,
    TAG_VERSION = 0xa0,
    TAG_EXTENSIONS = 0xa3,
};

#define SERIAL_MOST 20 /* bytes, as RFC 5280 bounds them */

/* What is not read yet. */
struct rest {
    const uint8_t *at, *end;
};

/* The length behind a tag, in its shortest form; *at moves behind it. More than there is: any number that is too large.
 */
static size_t take_length(struct rest *rest)
{
    if (rest->at == rest->end)
        return SIZE_MAX;
    size_t first = *rest->at++, bytes = first & 0x7f, length = 0;
    if (first < 0x80)
        return first;
    if (bytes == 0 || bytes > 3 || bytes > (size_t) (rest->end - rest->at) || *rest->at == 0)
        return SIZE_MAX;
    while (bytes-- > 0)
        length = length << 8 | *rest->at++;
    return length < 0x80 ? SIZE_MAX
                         : length; /* the short form would have done; that of two bytes begins with no zero */
}

/* The next part, which must have this tag: whole, and its content. */
static bool take(struct rest *rest, enum tag tag, struct certificate_part *whole, struct rest *content)
{
    struct rest next = *rest;
    if (next.at == next.end || *next.at != tag)
        return false;
    next.at++;
    size_t length = take_length(&next);
    if (length > (size_t) (next.end - next.at))
        return false;
    *content = (struct rest){ next.at, next.at + length };
    *whole = (struct certificate_part){ rest->at, (size_t) (content->end - rest->at) };
    rest->at = content->end;
    return true;
}

static bool take_content(struct rest *rest, enum tag tag, struct rest *content)
{
    struct certificate_part whole;
    return take(rest, tag, &whole, content);
}

static bool take_whole(struct rest *rest, enum tag tag, struct certificate_part *whole)
{
    struct rest content;
    return take(rest, tag, whole, &content);
}

/* These bytes, if they come next. */
static bool take_bytes(struct rest *rest, const void *bytes, size_t size)
{
    if ((size_t) (rest->end - rest->at) < size || memcmp(rest->at, bytes, size) != 0)
        return false;
    rest->at += size;
    return true;
}

/* An integer in as few bytes as it needs. */
static bool take_serial(struct rest *rest)
{
    struct rest number;
    if (!take_content(rest, TAG_INTEGER, &number))
        return false;
    size_t size = (size_t) (number.end - number.at);
    bool   padded =
        size > 1 && ((number.at[0] == 0 && number.at[1] < 0x80) || (number.at[0] == 0xff && number.at[1] > 0x7f));
    return size > 0 && size <= SERIAL_MOST && !padded;
}

/* An object identifier as it must be encoded: none of its numbers begins with zeros, the last one ends. */
static bool take_object(struct rest *rest, struct certificate_part *object)
{
    struct rest bytes;
    if (!take(rest, TAG_OBJECT, object, &bytes) || bytes.at == bytes.end || (bytes.end[-1] & 0x80) != 0)
        return false;
    for (const uint8_t *at = bytes.at; at < bytes.end; at++)
        if (*at == 0x80 && (at == bytes.at || (at[-1] & 0x80) == 0))
            return false;
    return true;
}

/* Which one it is does not matter: the list vouches for the certificate. */
static bool take_algorithm(struct rest *rest)
{
    static const uint8_t    null[] = { 0x05, 0x00 };
    struct certificate_part ignored;
    struct rest             algorithm;
    if (!take_content(rest, TAG_SEQUENCE, &algorithm) || !take_object(&algorithm, &ignored))
        return false;
    if (algorithm.at < algorithm.end && !take_bytes(&algorithm, null, sizeof null) &&
        !take_whole(&algorithm, TAG_SEQUENCE, &ignored))
        return false;
    return algorithm.at == algorithm.end;
}

static bool take_time(struct rest *rest, struct certificate_part *time)
{
    return take_whole(rest, TAG_UTC_TIME, time) || take_whole(rest, TAG_GENERALIZED_TIME, time);
}

static const uint8_t *take_key(struct rest *rest)
{
    /* SEQUENCE { SEQUENCE { id-ecPublicKey, prime256v1 }, BIT STRING 04 … } */
    static const uint8_t head[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                    0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04 };
    if (!take_bytes(rest, head, sizeof head) || rest->end - rest->at < 64)
        return NULL;
    rest->at += 64;
    return rest->at - 64;
}

static bool take_extension(struct rest *rest, struct certificate_parts *parts)
{
    static const uint8_t    usage[] = { 0x06, 0x03, 0x55, 0x1d, 0x25 };
    static const uint8_t    critical[] = { TAG_BOOLEAN, 0x01, 0xff };
    struct certificate_part object;
    struct rest             extension, value;
    if (!take_content(rest, TAG_SEQUENCE, &extension) || !take_object(&extension, &object))
        return false;
    (void) take_bytes(&extension, critical, sizeof critical);
    if (!take_content(&extension, TAG_OCTETS, &value) || extension.at != extension.end)
        return false;
    if (object.size != sizeof usage || memcmp(object.der, usage, sizeof usage) != 0)
        return true;
    if (parts->usage.der != NULL || !take_whole(&value, TAG_SEQUENCE, &parts->usage) || value.at != value.end)
        return false;
    return true;
}

static bool take_extensions(struct rest *rest, struct certificate_parts *parts)
{
    struct rest outer, list;
    if (rest->at == rest->end)
        return true; /* there are none */
    if (!take_content(rest, TAG_EXTENSIONS, &outer) || !take_content(&outer, TAG_SEQUENCE, &list) ||
        outer.at != outer.end || list.at == list.end)
        return false;
    while (list.at < list.end)
        if (!take_extension(&list, parts))
            return false;
    return true;
}

/* What is signed. */
static bool take_body(struct rest rest, struct certificate_parts *parts)
{
    static const uint8_t version[] = { TAG_VERSION, 0x03, TAG_INTEGER, 0x01, 0x02 };
    struct rest          times;
    if (!take_bytes(&rest, version, sizeof version) || !take_serial(&rest) || !take_algorithm(&rest) ||
        !take_whole(&rest, TAG_SEQUENCE, &parts->issuer) || !take_content(&rest, TAG_SEQUENCE, &times) ||
        !take_time(&times, &parts->from) || !take_time(&times, &parts->to) || times.at != times.end ||
        !take_whole(&rest, TAG_SEQUENCE, &parts->subject))
        return false;
    parts->point = take_key(&rest);
    return parts->point != NULL && take_extensions(&rest, parts) && rest.at == rest.end;
}

bool certificate_parts_find(const uint8_t *der, size_t size, struct certificate_parts *parts)
{
    struct certificate_parts found = { .point = NULL };
    struct rest              rest = { der, der + size }, whole, body, signature;
    if (!take_content(&rest, TAG_SEQUENCE, &whole) || rest.at != rest.end ||
        !take_content(&whole, TAG_SEQUENCE, &body) || !take_algorithm(&whole) ||
        !take_content(&whole, TAG_BITS, &signature) || whole.at != whole.end || signature.at == signature.end ||
        *signature.at != 0 || !take_body(body, &found))
        return false;
    *parts = found;
    return true;
}

const uint8_t *certificate_parts_point(const uint8_t *der, size_t size)
{
    struct rest    rest = { der, der + size };
    const uint8_t *point = take_key(&rest);
    return rest.at == rest.end ? point : NULL;
}
