/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules in words. */
#include <string.h>

#include "formats/credential/rules_reading.h"

const char *credential_fit_word(enum credential_fit fit)
{
    static const char *const words[] = { "fits", "does not fit", "open", "no rule" };
    return words[fit];
}

const char *credential_rule_verdict_word(enum credential_rule_verdict verdict)
{
    static const char *const words[] = { "met", "not met", "open" };
    return words[verdict];
}

const char *credential_fit_text(enum credential_fit fit, const char *language)
{
    static const char *const english[] = {
        "The proof fits the rules that hold here today.",
        "The proof does not fit the rules that hold here today. The rules below that are not met say why.",
        "It cannot be said whether the proof fits: what a rule needs is missing from it. Look at the proof together "
        "with its holder.",
        "No rule that holds here today speaks of this kind of proof. Ask the person in charge.",
    };
    static const char *const chinese[] = {
        "该凭证符合此处现行规则。",
        "该凭证不符合此处现行规则，原因见下列未满足的规则。",
        "无法判断该凭证是否符合规则：规则所需的信息在凭证中缺失。请与持证人一起核对凭证。",
        "此处现行规则未涉及此类凭证。请询问现场负责人。",
    };
    return strcmp(language, "zh") == 0 ? chinese[fit] : english[fit];
}

/* A text as it is, or of [{"lang", "desc"}] the asked language, English, or the first. */
static const struct value *in_language(const struct value *texts, const char *language)
{
    const struct value *english = NULL, *first = NULL;
    if (value_is(texts, VALUE_TEXT))
        return texts;
    for (VALUE_EACH(entry, texts)) {
        const struct value *text = value_get(entry, "desc"), *lang = value_get(entry, "lang");
        if (!value_is(text, VALUE_TEXT) || text->length == 0 || !value_is(lang, VALUE_TEXT))
            continue;
        if (value_is_text(lang, language))
            return text;
        first = first != NULL ? first : text;
        english = english == NULL && value_is_text(lang, "en") ? text : english;
    }
    return english != NULL ? english : first;
}

const struct value *credential_rule_description(const struct credential_rule *rule, const char *language)
{
    return in_language(value_get(rule->json, "Description"), language);
}

const struct value *credential_rule_legal_basis(const struct credential_rules *rules,
                                                const struct credential_rule *rule, const char *language)
{
    const struct value *own = in_language(value_get(rule->json, "LegalBasis"), language);
    return own != NULL ? own : in_language(rules->legal_basis, language);
}

const struct value *credential_rule_end(const struct credential_rule *rule)
{
    return value_get(rule->json, "ValidTo");
}

void credential_rules_other_way(const struct credential_rules *rules, const char *language, const char **text,
                                size_t *size)
{
    static const char english[] = "Without a proof that fits: offer a test here and now, or another way that the rule "
                                  "names; the person in charge here answers for it.";
    static const char chinese[] = "没有合适凭证时：请提供现场检测，或规则规定的其他途径，由现场负责人负责安排。";
    const struct value *own = in_language(rules->other_way, language);
    const char         *ours = strcmp(language, "zh") == 0 ? chinese : english;
    bool                said = own != NULL && own->length > 0;
    *text = said ? own->text : ours;
    *size = said ? own->length : strlen(ours);
}
