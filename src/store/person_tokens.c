/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/person_tokens.h"

#include <stdlib.h>

#include "base/fault.h"
#include "base/memory.h"
#include "tocsin/status.h"

const char *person_token_word(enum person_form_kind kind)
{
    switch (kind) {
    case PERSON_FORM_NAME: return "name";
    case PERSON_FORM_LETTERS: return "letters";
    case PERSON_FORM_NAME_YEAR: return "name-year";
    case PERSON_FORM_IDENTIFIER: return "identifier";
    case PERSON_FORM_PHONE: return "phone";
    }
    return "";
}

static int make_room(struct person_tokens *tokens, size_t more)
{
    if (tokens->num + more <= tokens->room)
        return 0;
    size_t              room = tokens->room * 2 + more;
    struct keeper_text *texts = memory_resize(tokens->texts, room, sizeof *texts);
    if (texts == NULL)
        return TOC_ERR_NO_MEMORY;
    tokens->texts = texts;
    struct id *persons = memory_resize(tokens->persons, room, sizeof *persons);
    if (persons == NULL)
        return TOC_ERR_NO_MEMORY;
    tokens->persons = persons;
    tokens->room = room;
    return 0;
}

int person_tokens_add(struct person_tokens *tokens, const struct model_identity *identity, const struct id *county,
                      unsigned telephone_country, struct arena *arena)
{
    struct person_country country;
    struct person_form   *forms;
    size_t                num;
    int ret = person_forms(identity, person_country(telephone_country, &country), arena, &forms, &num);
    if (ret == BASE_ERR_INPUT)
        return 0;
    if (ret == 0)
        ret = make_room(tokens, num);
    if (ret != 0)
        return ret;
    for (size_t i = 0; i < num; i++) {
        tokens->texts[tokens->num] = (struct keeper_text){
            .kind = person_token_word(forms[i].kind), .area = *county, .bytes = forms[i].bytes, .size = forms[i].size
        };
        tokens->persons[tokens->num++] = identity->person;
    }
    return 0;
}

int person_tokens_make(struct person_tokens *tokens, struct keeper *keeper, struct arena *arena,
                       struct keeper_error *error)
{
    tokens->tokens = arena_array(arena, tokens->num, sizeof *tokens->tokens);
    return tokens->tokens == NULL ? TOC_ERR_NO_MEMORY
                                  : keeper_token(keeper, 0, tokens->texts, tokens->num, tokens->tokens, error);
}

void person_tokens_free(struct person_tokens *tokens)
{
    free(tokens->texts);
    free(tokens->persons);
    *tokens = (struct person_tokens){ .num = 0 };
}
