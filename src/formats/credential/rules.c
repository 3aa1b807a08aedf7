/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/credential/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/memory.h"
#include "formats/credential/rules_reading.h"
#include "tocsin/status.h"

#define ENGINE "CERTLOGIC"
static const uint16_t engine_version[3] = { 1, 3, 3 };

/* ---- the file ---- */

struct reading {
    struct credential_rules *set;
    const char              *file;
    const char              *bytes;
    struct fault_list       *faults;
    bool                     no_memory;
};

static void fault_at(struct reading *reading, const struct value *at, const char *name, const char *allowed,
                     const char *found)
{
    uint64_t line, column;
    json_position(reading->bytes, at->place, &line, &column);
    fault_add(reading->faults, (struct fault_place){ reading->file, line, 0, name }, allowed, "%s", found);
}

/* Read the bytes, which are copied, as JSON. */
static int read_tree(struct reading *reading, const char *bytes, size_t size, char **copy, struct value_tree *tree)
{
    struct json_limits limits = { .max_bytes = CREDENTIAL_RULES_FILE_BYTES };
    struct json_fault  fault;
    *copy = malloc(size + 1);
    if (*copy == NULL)
        return TOC_ERR_NO_MEMORY;
    memcpy(*copy, bytes, size);
    reading->bytes = *copy;
    int status = json_read(*copy, size, &limits, tree, &fault);
    if (status == TOC_ERR_NO_MEMORY || status == 0)
        return status;
    fault_add(reading->faults, (struct fault_place){ reading->file, fault.line, 0, fault.path }, fault.allowed, "%s",
              fault.found);
    return BASE_ERR_INPUT;
}

/* ---- the fields of a rule ---- */

/* A text of the rule, with '\0' behind it; "" where there is none. */
static const char *text_of(struct reading *reading, const struct value *rule, const char *key, bool needed)
{
    const struct value *value = value_get(rule, key);
    if (value == NULL && !needed)
        return "";
    if (!value_is(value, VALUE_TEXT) || value->length > CREDENTIAL_RULE_TEXT || (needed && value->length == 0)) {
        fault_at(reading, value != NULL ? value : rule, key, "a text of 1 to 200 bytes", value_kind_text(value));
        return "";
    }
    const char *copy = arena_copy(&reading->set->arena, value->text, value->length);
    reading->no_memory = reading->no_memory || copy == NULL;
    return copy != NULL ? copy : "";
}

/* "1.2.3", "1.2" or "1", perhaps with more behind the third. */
static bool version_of(const char *text, uint16_t version[3])
{
    memset(version, 0, 3 * sizeof *version);
    for (int i = 0; i < 3; i++) {
        char *end;
        if (*text < '0' || *text > '9')
            return false;
        unsigned long number = strtoul(text, &end, 10);
        if (number > UINT16_MAX)
            return false;
        version[i] = (uint16_t) number;
        if (*end != '.')
            return *end == '\0' || i == 2;
        text = end + 1;
    }
    return true;
}

static int version_order(const uint16_t a[3], const uint16_t b[3])
{
    for (int i = 0; i < 3; i++) {
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    }
    return 0;
}

static void read_version(struct reading *reading, const struct value *rule, const char *key, uint16_t version[3])
{
    const char *text = text_of(reading, rule, key, true);
    if (text[0] != '\0' && !version_of(text, version))
        fault_at(reading, value_get(rule, key), key, "numbers with points between: 1.0.3", text);
}

/* A day alone lasts to its end where it ends something. */
static int64_t read_date(struct reading *reading, const struct value *rule, const char *key, bool to_its_end)
{
    const char *text = text_of(reading, rule, key, true);
    int64_t     date = 0;
    if (text[0] != '\0' && (!logic_date_from_text(text, strlen(text), &date) || date == LOGIC_NO_DATE))
        fault_at(reading, value_get(rule, key), key, "a date and time: 2021-06-01T00:00:00Z", text);
    return to_its_end && strchr(text, 'T') == NULL ? date + 86399999 : date;
}

static uint8_t read_kinds(struct reading *reading, const struct value *rule)
{
    static const char *const words[] = { "Vaccination", "Test", "Recovery" };
    const char              *text = text_of(reading, rule, "CertificateType", true);
    for (unsigned i = 0; i < 3; i++) {
        if (strcmp(text, words[i]) == 0)
            return (uint8_t) (1U << i);
    }
    if (text[0] != '\0' && strcmp(text, "General") != 0)
        fault_at(reading, value_get(rule, "CertificateType"), "CertificateType",
                 "General, Vaccination, Test or Recovery", text);
    return CREDENTIAL_PASS_VACCINATION | CREDENTIAL_PASS_TEST | CREDENTIAL_PASS_RECOVERY;
}

/* The logic that a newer engine is asked for may hold what this one does not know: then there is none. */
static const struct logic_program *read_logic(struct reading *reading, const struct value *rule, bool newer_engine)
{
    static const char *const    paths[] = { "payload", "external.valueSets", "external" };
    const struct logic_names    names = { paths, RULES_NUM_PARTS };
    const struct value         *logic = value_get(rule, "Logic");
    const struct logic_program *program = NULL;
    struct logic_fault          fault;
    if (logic == NULL) {
        fault_at(reading, rule, "Logic", "a condition in CertLogic", "nothing");
        return NULL;
    }
    int status = logic_compile(logic, &names, &reading->set->arena, &program, &fault);
    if (status == BASE_ERR_INPUT && !newer_engine) {
        char name[FAULT_NAME_BYTES];
        snprintf(name, sizeof name, "Logic%s%.40s", fault.path[0] != '\0' ? "." : "", fault.path);
        fault_at(reading, logic, name, fault.allowed, fault.found);
    }
    reading->no_memory = reading->no_memory || status == TOC_ERR_NO_MEMORY;
    return program;
}

static void read_rule(struct reading *reading, const struct value *json, struct credential_rule *rule)
{
    uint16_t engine[3] = { 0 };
    if (json->kind != VALUE_OBJECT) {
        fault_at(reading, json, "rule", "an object", value_kind_text(json));
        return;
    }
    rule->json = json;
    rule->identifier = text_of(reading, json, "Identifier", true);
    rule->country = text_of(reading, json, "Country", true);
    rule->region = text_of(reading, json, "Region", false);
    if (strcasecmp(rule->region, rule->country) == 0)
        rule->region = "";
    rule->type = text_of(reading, json, "Type", true);
    rule->kinds = read_kinds(reading, json);
    read_version(reading, json, "Version", rule->version);
    rule->from = read_date(reading, json, "ValidFrom", false);
    rule->to = read_date(reading, json, "ValidTo", true);
    if (rule->to < rule->from)
        fault_at(reading, json, "ValidTo", "ValidFrom or later", "an end before the beginning");
    read_version(reading, json, "EngineVersion", engine);
    rule->newer_engine =
        strcmp(text_of(reading, json, "Engine", true), ENGINE) != 0 || version_order(engine, engine_version) > 0;
    rule->program = read_logic(reading, json, rule->newer_engine);
}

int credential_rule_order(const struct credential_rule *a, const struct credential_rule *b)
{
    int order = strcasecmp(a->country, b->country);
    if (order == 0)
        order = strcmp(a->type, b->type);
    if (order == 0)
        order = strcmp(a->identifier, b->identifier);
    return order != 0 ? order : version_order(b->version, a->version);
}

static int compare_sorted(const void *a, const void *b)
{
    const struct credential_rule *const *first = a, *const *second = b;
    int                                  order = credential_rule_order(*first, *second);
    return order != 0 ? order : (*first > *second) - (*first < *second);
}

static int read_rules(struct reading *reading, const struct value *list)
{
    struct credential_rules *set = reading->set;
    if (!value_is(list, VALUE_ARRAY)) {
        fault_at(reading, list != NULL ? list : set->tree.values, "rules", "an array of rules", value_kind_text(list));
        return BASE_ERR_INPUT;
    }
    set->arena.limit = (size_t) 16 * CREDENTIAL_RULES_FILE_BYTES;
    set->rules = arena_array(&set->arena, list->count, sizeof *set->rules);
    set->sorted = arena_array(&set->arena, list->count, sizeof *set->sorted);
    if (set->rules == NULL || set->sorted == NULL)
        return TOC_ERR_NO_MEMORY;
    for (VALUE_EACH(json, list)) {
        read_rule(reading, json, &set->rules[set->num_rules]);
        set->sorted[set->num_rules] = &set->rules[set->num_rules];
        set->num_rules++;
    }
    if (reading->no_memory)
        return TOC_ERR_NO_MEMORY;
    if (reading->faults->num_all > 0)
        return BASE_ERR_INPUT;
    qsort(set->sorted, set->num_rules, sizeof *set->sorted, compare_sorted);
    return 0;
}

/* ---- value sets ---- */

static void write_codes(struct json_writer *json, const struct value *codes)
{
    json_begin_array(json);
    for (VALUE_EACH(code, codes)) {
        if (code->kind == VALUE_TEXT)
            json_put_string_of(json, code->text, code->length);
    }
    for (VALUE_EACH_PAIR(code, codes))
        json_put_string_of(json, code->text, code->length);
    json_end(json);
}

static void write_name(struct json_writer *json, const struct value *name)
{
    char text[CREDENTIAL_RULE_TEXT + 1];
    snprintf(text, sizeof text, "%.*s", (int) (name->length < sizeof text ? name->length : sizeof text - 1),
             name->text);
    json_key(json, text);
}

/* One set as the EU publishes it, or an object of lists of codes. */
static void write_sets(struct reading *reading, struct json_writer *json, const struct value *sets)
{
    const struct value *name = value_get(sets, "valueSetId"), *values = value_get(sets, "valueSetValues");
    if (value_is(name, VALUE_TEXT) && value_is(values, VALUE_OBJECT)) {
        write_name(json, name);
        write_codes(json, values);
        return;
    }
    if (sets->kind != VALUE_OBJECT)
        fault_at(reading, sets, "valueSets", "{\"NAME\": [\"CODE\", …], …}, or the EU's valueSetId and valueSetValues",
                 value_kind_text(sets));
    for (VALUE_EACH_PAIR(key, sets)) {
        if (key[1].kind != VALUE_ARRAY) {
            fault_at(reading, key, "valueSets", "an array of codes", value_kind_text(key + 1));
            continue;
        }
        write_name(json, key);
        write_codes(json, key + 1);
    }
}

/* All value sets as one object of arrays, so that rules find them where they look for them. */
static int take_value_sets(struct reading *reading, const struct value *sets)
{
    struct sink        sink;
    struct json_writer json;
    struct value_tree  tree = VALUE_TREE_INIT;
    uint64_t           faults = reading->faults->num_all;
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    json_begin_object(&json);
    if (sets->kind == VALUE_ARRAY) {
        for (VALUE_EACH(set, sets))
            write_sets(reading, &json, set);
    } else {
        write_sets(reading, &json, sets);
    }
    json_end(&json);
    int status = sink.failure != 0 ? TOC_ERR_NO_MEMORY : reading->faults->num_all > faults ? BASE_ERR_INPUT : 0;
    if (status == 0)
        status = json_read(sink.bytes, sink.used, NULL, &tree, NULL);
    if (status == BASE_ERR_INPUT && reading->faults->num_all == faults)
        fault_at(reading, sets, "valueSets", "each set once", "a value set of the same name twice");
    if (status != 0) {
        value_tree_free(&tree);
        sink_free(&sink);
        return status;
    }
    value_tree_free(&reading->set->sets);
    free(reading->set->set_bytes);
    reading->set->sets = tree;
    reading->set->set_bytes = sink.bytes; /* the sink's memory is the set's now */
    return 0;
}

/* ---- the whole ---- */

int credential_rules_read(const char *bytes, size_t size, const char *file, struct credential_rules **rules,
                          struct fault_list *faults)
{
    struct credential_rules *set = calloc(1, sizeof *set);
    struct fault_list        own = FAULT_LIST_INIT;
    struct reading           reading = { .set = set, .file = file, .faults = &own };
    if (set == NULL)
        return TOC_ERR_NO_MEMORY;
    int status = read_tree(&reading, bytes, size, &set->bytes, &set->tree);
    if (status == 0) {
        const struct value *root = set->tree.values, *sets = value_get(root, "valueSets");
        bool                plain = root->kind == VALUE_ARRAY;
        set->legal_basis = value_get(root, "legalBasis");
        set->other_way = value_get(root, "otherWay");
        status = sets != NULL ? take_value_sets(&reading, sets) : 0;
        if (status == 0)
            status = read_rules(&reading, plain ? root : value_get(root, "rules"));
    }
    if (status == 0)
        *rules = set;
    else
        credential_rules_free(set);
    fault_list_merge(faults, faults->num_kept, &own, &file, 1);
    fault_list_free(&own);
    return status;
}

int credential_rules_read_value_sets(struct credential_rules *rules, const char *bytes, size_t size, const char *file,
                                     struct fault_list *faults)
{
    struct reading    reading = { .set = rules, .file = file, .faults = faults };
    struct value_tree tree = VALUE_TREE_INIT;
    char             *copy = NULL;
    int               status = read_tree(&reading, bytes, size, &copy, &tree);
    if (status == 0)
        status = take_value_sets(&reading, tree.values);
    value_tree_free(&tree);
    free(copy);
    return status;
}

void credential_rules_free(struct credential_rules *rules)
{
    if (rules == NULL)
        return;
    value_tree_free(&rules->tree);
    value_tree_free(&rules->sets);
    free(rules->bytes);
    free(rules->set_bytes);
    arena_free(&rules->arena);
    free(rules);
}

size_t credential_rules_count(const struct credential_rules *rules)
{
    return rules->num_rules;
}

const struct credential_rule *credential_rules_at(const struct credential_rules *rules, size_t index)
{
    return &rules->rules[index];
}
