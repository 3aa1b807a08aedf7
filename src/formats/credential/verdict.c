/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/credential/verdict.h"

#include <string.h>

static const struct {
    const char *word;
    const char *texts[CREDENTIAL_NUM_LANGUAGES][2];
} verdicts[CREDENTIAL_NUM_VERDICTS] = {
#define X(name, word, text, next, text_zh, next_zh, text_bo, next_bo)                                                  \
    [CREDENTIAL_##name] = { word, { { text, next }, { text_zh, next_zh }, { text_bo, next_bo } } },
#include "formats/credential/verdict.def"
#undef X
};

static const char *const codes[CREDENTIAL_NUM_LANGUAGES] = { "en", "zh", "bo" };

const char *credential_verdict_word(enum credential_verdict verdict)
{
    return verdicts[verdict].word;
}

const char *credential_verdict_text(enum credential_verdict verdict, enum credential_language language)
{
    return verdicts[verdict].texts[language][0];
}

const char *credential_verdict_next(enum credential_verdict verdict, enum credential_language language)
{
    return verdicts[verdict].texts[language][1];
}

const char *credential_nameless_next(enum credential_language language)
{
    static const char *const texts[CREDENTIAL_NUM_LANGUAGES] = {
        [CREDENTIAL_ENGLISH] = "It names nobody, so there is nothing to compare. Look at the rule of the day.",
        [CREDENTIAL_CHINESE] = "此证明不含姓名，无需核对证件。请查看当日适用的规则。",
        [CREDENTIAL_TIBETAN] = "དཔང་རྟགས་འདིར་མིང་མེད་པས་བསྡུར་རྒྱུ་མེད། དེ་རིང་གི་སྒྲིག་གཞིར་གཟིགས།",
    };
    return texts[language];
}

bool credential_verdict_reviewed(enum credential_language language)
{
    return language == CREDENTIAL_ENGLISH;
}

const char *credential_language_code(enum credential_language language)
{
    return codes[language];
}

enum credential_language credential_language_find(const char *code)
{
    for (int i = 0; i < CREDENTIAL_NUM_LANGUAGES; i++)
        if (strcmp(codes[i], code) == 0)
            return (enum credential_language) i;
    return CREDENTIAL_NUM_LANGUAGES;
}
