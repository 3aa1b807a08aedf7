/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/target.h"

#include <string.h>

#include "base/text.h"
#include "base/unicode.h"

static int refuse(struct exchange *exchange, const char *found, const char *allowed)
{
    fault_add(&exchange->faults, (struct fault_place){ .name = "target" }, allowed, "%s", found);
    return SERVER_ERR_REQUEST;
}

static int digit_of(char character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    return character >= 'A' && character <= 'F' ? character - 'A' + 10 : -1;
}

/* Decode into `to`, which is as long as `from`; *size the length. False: a % without its digits. */
static bool decode(const char *from, size_t length, bool plus, char *to, size_t *size)
{
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        char character = from[i];
        if (character == '+' && plus) {
            character = ' ';
        } else if (character == '%') {
            int high = i + 2 < length ? digit_of(from[i + 1]) : -1, low = i + 2 < length ? digit_of(from[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            character = (char) (high * 16 + low);
            i += 2;
        }
        to[used++] = character;
    }
    *size = used;
    return true;
}

/* UTF-8 without control characters, marks of direction, NUL. */
static bool is_plain(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char) text[i] < 0x20 || text[i] == 0x7f)
            return false;
    return text_check_utf8(text, size) == size && unicode_check_plain(text, size) == size;
}

static int copy_decoded(struct exchange *exchange, const char *from, size_t length, bool plus, const char **text)
{
    size_t size;
    char  *copy = arena_array(&exchange->arena, length + 1, 1);
    if (copy == NULL)
        return TOC_ERR_NO_MEMORY;
    if (!decode(from, length, plus, copy, &size))
        return refuse(exchange, "a % without two hexadecimal digits", "%41");
    if (!is_plain(copy, size))
        return refuse(exchange, "bytes that are not UTF-8, or control characters", "UTF-8 text");
    copy[size] = '\0';
    *text = copy;
    return 0;
}

static bool has_encoded_slash(const char *path, size_t size)
{
    for (size_t i = 0; i + 2 < size; i++)
        if (path[i] == '%' && path[i + 1] == '2' && (path[i + 2] == 'F' || path[i + 2] == 'f'))
            return true;
    return false;
}

/* Is "." or ".." a part of the path? */
static bool has_dots(const char *path)
{
    for (const char *at = path; (at = strchr(at, '/')) != NULL;) {
        size_t size = strcspn(++at, "/");
        if ((size == 1 && at[0] == '.') || (size == 2 && at[0] == '.' && at[1] == '.'))
            return true;
    }
    return false;
}

static int read_path(struct exchange *exchange, const char *path, size_t size)
{
    if (has_encoded_slash(path, size))
        return refuse(exchange, "%2F in the path", "/ between parts of a path alone");
    int ret = copy_decoded(exchange, path, size, false, &exchange->path);
    if (ret == 0 && (has_dots(exchange->path) || strchr(exchange->path, '\\') != NULL))
        ret = refuse(exchange, "a path with \".\", \"..\" or a backslash", "the path itself");
    return ret;
}

static int read_parameter(struct exchange *exchange, const char *text, size_t size)
{
    struct http_pair pair;
    const char      *equals = memchr(text, '=', size);
    size_t           name = equals != NULL ? (size_t) (equals - text) : size;
    size_t           value = equals != NULL ? size - name - 1 : 0;
    if (exchange->num_query == EXCHANGE_MAX_QUERY)
        return refuse(exchange, "too many parameters", "at most 32");
    int ret = copy_decoded(exchange, text, name, true, &pair.name);
    if (ret == 0)
        ret = copy_decoded(exchange, equals != NULL ? equals + 1 : text, value, true, &pair.value);
    if (ret == 0)
        exchange->query[exchange->num_query++] = pair;
    return ret;
}

int target_read(struct exchange *exchange, const char *target, size_t size)
{
    if (size > TARGET_MAX_BYTES)
        return SERVER_ERR_LONG_PATH;
    if (size == 0 || target[0] != '/')
        return refuse(exchange, "not a path", "a path that begins with /");
    for (size_t i = 0; i < size; i++)
        if (target[i] <= 0x20 || target[i] >= 0x7f || target[i] == '#')
            return refuse(exchange, "a byte that no address has", "printable ASCII; other characters as %XX");
    const char *query = memchr(target, '?', size);
    int         ret = read_path(exchange, target, query != NULL ? (size_t) (query - target) : size);
    for (const char *end = target + size; ret == 0 && query != NULL;) {
        const char *begin = query + 1;
        query = memchr(begin, '&', (size_t) (end - begin));
        const char *stop = query != NULL ? query : end;
        if (stop > begin)
            ret = read_parameter(exchange, begin, (size_t) (stop - begin));
    }
    return ret;
}
