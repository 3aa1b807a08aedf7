/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/rules_reading.h: a set of rules from within; for the files rules*.c alone. */
#ifndef FORMATS_CREDENTIAL_RULES_READING_H
#define FORMATS_CREDENTIAL_RULES_READING_H

#include "formats/credential/rules.h"

struct credential_rules {
    char                          *bytes; /* of the file: the tree's texts point into it */
    struct value_tree              tree;
    char                          *set_bytes; /* of the value sets, each an array of codes */
    struct value_tree              sets;
    struct arena                   arena;  /* programs and texts */
    struct credential_rule        *rules;  /* in file order */
    const struct credential_rule **sorted; /* by country, type, identifier, then the highest version first */
    size_t                         num_rules;
    const struct value            *legal_basis, *other_way;
};

/* The parts that a rule's data come in, in this order. */
enum { RULES_PAYLOAD, RULES_VALUE_SETS, RULES_EXTERNAL, RULES_NUM_PARTS };

/* Order of `sorted`. */
int credential_rule_order(const struct credential_rule *a, const struct credential_rule *b);

#endif
