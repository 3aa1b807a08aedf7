/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/account_password.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "base/unicode.h"
#include "tocsin/status.h"

/* What stands in every list of passwords that were found in use, without digits and signs, in small letters: words that
 * are made long by adding 123456 or by saying them twice. Words of our own trade are as easy to guess here. */
static const char *const common[] = {
    "password",  "passwort",    "passw",    "pass",       "letmein",    "welcome",  "admin",    "administrator",
    "root",      "superuser",   "user",     "guest",      "login",      "test",     "testing",  "default",
    "changeme",  "change",      "secret",   "qwerty",     "qwertyuiop", "qwertz",   "azerty",   "asdfgh",
    "asdfghjkl", "zxcvbn",      "zxcvbnm",  "qazwsx",     "qazwsxedc",  "iloveyou", "loveyou",  "monkey",
    "dragon",    "football",    "baseball", "superman",   "batman",     "princess", "sunshine", "shadow",
    "master",    "michael",     "jordan",   "starwars",   "computer",   "internet", "whatever", "trustno",
    "abc",       "abcd",        "abcdef",   "abcdefg",    "abcdefgh",   "aaa",      "woaini",   "woaiwojia",
    "nihao",     "zhongguo",    "beijing",  "shanghai",   "lhasa",      "tibet",    "xizang",   "china",
    "mima",      "wodemima",    "yonghu",   "guanliyuan", "huawei",     "tencent",  "alibaba",  "jiankang",
    "tocsin",    "outbreak",    "epidemic", "pandemic",   "health",     "hospital", "disease",  "covid",
    "corona",    "coronavirus", "vaccine",  "virus",      "doctor",     "nurse",    "jibing",   "jikong",
    "cdc",       "weisheng",    "yiqing",   "fangyi",     "spring",     "summer",   "autumn",   "winter",
    "january",   "february",    "march",    "april",      "june",       "july",     "august",   "september",
    "october",   "november",    "december", "monday",     "company",    "office",   "server",   "database",
};

/* Rows that a finger runs along, forwards and backwards. */
static const char *const runs[] = { "01234567890123456789",       "abcdefghijklmnopqrstuvwxyz",
                                    "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
                                    "qazwsxedcrfvtgbyhnujmikolp", "112233445566778899",
                                    "1q2w3e4r5t6y7u8i9o0p",       "a1b2c3d4e5f6g7h8i9j0" };

enum { LONGEST_UNIT = 4, LEAST_BESIDE_LOGIN = 6 };

static bool is_letter(char character)
{
    return (character >= 'a' && character <= 'z') || ((unsigned char) character & 0x80) != 0;
}

/* A short text over and over. */
static bool is_repeated(const char *text, size_t size)
{
    for (size_t unit = 1; unit <= LONGEST_UNIT && unit < size; unit++)
        if (memcmp(text, text + unit, size - unit) == 0)
            return true;
    return false;
}

static bool is_run(const char *text, size_t size)
{
    char backwards[PASSWORD_MOST_BYTES];
    for (size_t i = 0; i < size && i < sizeof backwards; i++)
        backwards[i] = text[size - 1 - i];
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++)
        if (memmem(runs[i], strlen(runs[i]), text, size) != NULL ||
            memmem(runs[i], strlen(runs[i]), backwards, size) != NULL)
            return true;
    return false;
}

/* Letters alone, as others put digits and signs for letters and around words: p@ssw0rd. */
static size_t letters_of(const char *text, size_t size, char *letters)
{
    static const char digits[] = "0134578@$!", stand_for[] = "oieastbasi";
    size_t            first = 0, last = size, num = 0;
    while (first < last && !is_letter(text[first]))
        first++;
    while (last > first && !is_letter(text[last - 1]))
        last--;
    for (size_t i = first; i < last; i++) {
        const char *at = strchr(digits, text[i]);
        if (is_letter(text[i]))
            letters[num++] = text[i];
        else if (text[i] != '\0' && at != NULL)
            letters[num++] = stand_for[at - digits];
    }
    return num;
}

/* The whole is one well-known word, or such words one behind the other. */
static bool is_common(const char *letters, size_t size)
{
    bool reached[PASSWORD_MOST_BYTES + 1] = { true };
    for (size_t at = 0; at < size; at++) {
        for (size_t i = 0; reached[at] && i < sizeof common / sizeof *common; i++) {
            size_t length = strlen(common[i]);
            if (length <= size - at && memcmp(letters + at, common[i], length) == 0)
                reached[at + length] = true;
        }
    }
    return reached[size];
}

static bool holds_login(const char *text, size_t size, const char *login, size_t login_size)
{
    return login_size >= 3 && memmem(text, size, login, login_size) != NULL && size < login_size + LEAST_BESIDE_LOGIN;
}

static const char *fault_of(const char *text, size_t size, const char *login, size_t login_size)
{
    char   letters[PASSWORD_MOST_BYTES];
    size_t num = letters_of(text, size, letters);
    if (is_repeated(text, size))
        return "a few characters repeated";
    if (is_run(text, size))
        return "a run of neighbouring characters";
    if (is_common(letters, num))
        return "among the passwords that are tried first";
    if (holds_login(text, size, login, login_size))
        return "little more than the login";
    return NULL;
}

int account_password_normal(const char *password, size_t size, struct arena *arena, const char **normal,
                            size_t *normal_size)
{
    if (size > PASSWORD_MOST_BYTES || text_check_utf8(password, size) != size)
        return BASE_ERR_INPUT;
    return unicode_normalize(password, size, UNICODE_NFC, arena, normal, normal_size);
}

int account_password_check(const char *password, size_t size, const char *login, struct fault_list *faults)
{
    static const char allowed[] = "12 to 128 characters that nobody would try first; a sentence is good";
    struct arena      arena = ARENA_INIT;
    const char       *normal, *folded, *folded_login = "", *fault = NULL;
    size_t            normal_size, folded_size, login_size = 0;
    int               ret = account_password_normal(password, size, &arena, &normal, &normal_size);
    if (ret == BASE_ERR_INPUT)
        fault = "too long, or not text";
    else if (ret == 0)
        ret = unicode_normalize(normal, normal_size, UNICODE_NFKC, &arena, &folded, &folded_size);
    if (ret == 0 && login != NULL)
        ret = unicode_normalize(login, strlen(login), UNICODE_NFKC, &arena, &folded_login, &login_size);
    if (ret == 0) {
        size_t length = unicode_length(normal, normal_size);
        if (length < PASSWORD_LEAST_CHARACTERS)
            fault = "too short";
        else if (length > PASSWORD_MOST_CHARACTERS || folded_size > PASSWORD_MOST_BYTES)
            fault = "too long, or not text";
        else if (unicode_check_plain(normal, normal_size) != normal_size)
            fault = "has a character that cannot be typed";
        else
            fault = fault_of(folded, folded_size, folded_login, login_size);
    }
    arena_wipe(&arena);
    if (fault == NULL)
        return ret;
    fault_add(faults, (struct fault_place){ .name = "/password" }, allowed, "%s", fault);
    return BASE_ERR_INPUT;
}
