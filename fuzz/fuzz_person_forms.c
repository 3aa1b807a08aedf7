/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as an identity and as what somebody types: the lines are name, name in Latin letters, identifier, telephone
 * and birth date (two bytes of days). The forms keep the promises of store/person_forms.h, and a person is found by
 * what their identity says. */
#include <string.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/text.h"
#include "fuzz.h"
#include "store/person_forms.h"

static const struct person_form_options options = PERSON_FORM_OPTIONS_INIT;

static struct model_text next_line(const uint8_t **data, size_t *size)
{
    const uint8_t    *begin = *data, *end = *size > 0 ? memchr(begin, '\n', *size) : NULL;
    size_t            length = end != NULL ? (size_t) (end - begin) : *size;
    struct model_text text = { length > 0 ? (const char *) begin : NULL, length };
    *data += length + (end != NULL);
    *size -= length + (end != NULL);
    return text;
}

static size_t characters(const struct person_form *form)
{
    size_t count = 0;
    for (size_t at = 0; at < form->size; count++)
        script_next(form->bytes, &at);
    return count;
}

static void check_forms(const struct person_form *forms, size_t num_forms, size_t max_forms)
{
    MUST(num_forms <= max_forms);
    for (size_t i = 0; i < num_forms; i++) {
        MUST(forms[i].kind >= PERSON_FORM_NAME && forms[i].kind <= PERSON_FORM_PHONE);
        MUST(strlen(forms[i].bytes) == forms[i].size);
        MUST(text_check_utf8(forms[i].bytes, forms[i].size) == forms[i].size);
        MUST(characters(&forms[i]) >= 2);
        for (size_t k = 0; k < i; k++)
            MUST(forms[k].kind != forms[i].kind || strcmp(forms[k].bytes, forms[i].bytes) != 0);
    }
}

static bool has_digit(struct model_text text)
{
    static struct script_char chars[6000];
    size_t                    num = 0;
    MUST(script_fold(text.bytes, text.size, chars, 6000, &num) == 0);
    for (size_t i = 0; i < num && i < 6000; i++)
        if (chars[i].class == SCRIPT_DIGIT)
            return true;
    return num > PERSON_MAX_CHARS;
}

static bool read_query(struct arena *arena, struct model_text typed, struct person_query *query)
{
    if (typed.bytes == NULL || person_query_read(typed.bytes, typed.size, &options, arena, query) != 0)
        return false;
    check_forms(query->forms, query->num_forms, 2 * PERSON_MAX_QUERY_WORDS + 2 + PERSON_MAX_PHONES);
    return true;
}

static bool finds(struct arena *arena, struct model_text typed, const struct person_form *form)
{
    struct person_query query;
    bool                found = false;
    if (typed.bytes == NULL)
        return false;
    if (!read_query(arena, typed, &query))
        return true; /* longer than a query may be */
    for (size_t k = 0; k < query.num_forms; k++)
        found = found || (form->kind == query.forms[k].kind && strcmp(form->bytes, query.forms[k].bytes) == 0);
    return found || has_digit(typed); /* a number may be a year of birth */
}

static void check_prefix(struct model_text typed, const struct model_identity *identity, bool must)
{
    struct person_prefix prefix;
    if (typed.bytes == NULL || person_prefix_read(typed.bytes, typed.size, &prefix) != 0)
        return;
    bool matches = person_prefix_matches(&prefix, identity);
    MUST(matches || !must);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena          arena = ARENA_INIT;
    struct person_form   *forms = NULL;
    size_t                num_forms = 0;
    struct model_identity identity;
    if (size > 5000)
        return 0;
    model_init(model_record(MODEL_IDENTITY), &identity);
    identity.name = next_line(&data, &size);
    identity.name_latin = next_line(&data, &size);
    identity.identifier = next_line(&data, &size);
    identity.phone = next_line(&data, &size);
    if (size >= 2)
        identity.birth_date = data[0] * 256 + data[1];
    int status = person_forms(&identity, &options, &arena, &forms, &num_forms);
    MUST(status == 0 || status == BASE_ERR_INPUT);
    check_prefix(identity.name_latin, &identity, false);
    check_prefix(identity.name, &identity, status == 0);
    if (status == 0) {
        struct person_query query;
        check_forms(forms, num_forms, PERSON_MAX_FORMS);
        for (size_t i = 0; i < num_forms; i++) /* who has a form of a name is found by typing that name */
            MUST(forms[i].kind != PERSON_FORM_NAME || finds(&arena, identity.name, &forms[i]) ||
                 finds(&arena, identity.name_latin, &forms[i]));
        read_query(&arena, identity.name, &query);
        read_query(&arena, identity.name_latin, &query);
        read_query(&arena, identity.identifier, &query);
        read_query(&arena, identity.phone, &query);
    }
    arena_wipe(&arena);
    return 0;
}
