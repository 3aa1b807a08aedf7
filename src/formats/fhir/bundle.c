/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The entries of a bundle, found by their names; the rules of bundles (bdl-1 … bdl-12). */
#include <string.h>

#include "formats/fhir/parts.h"

/* ---- names: fullUrl, and type/id ---- */

static uint64_t hash_of(struct report_text name, struct report_text more)
{
    uint64_t hash = text_hash(name.bytes, name.size);
    return more.size > 0 ? (hash * 31) ^ text_hash(more.bytes, more.size) : hash;
}

static struct report_text type_name(const struct fhir_entry *entry)
{
    return report_text_of(fhir_type_of(entry->type)->name);
}

static bool same_text(struct report_text a, struct report_text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

static bool has_name(const struct fhir_entry *entry, struct report_text name, struct report_text more)
{
    if (more.size > 0)
        return same_text(entry->id, more) && same_text(type_name(entry), name);
    return same_text(entry->full_url, name);
}

uint32_t fhir_find_name(const struct fhir_document *document, struct report_text name, struct report_text more)
{
    if (document->room_names == 0 || name.size == 0)
        return REPORT_NONE;
    uint32_t mask = document->room_names - 1, hash = (uint32_t) hash_of(name, more);
    for (uint32_t at = hash & mask; document->names[at].entry != 0; at = (at + 1) & mask) {
        uint32_t entry = document->names[at].entry - 1;
        if (document->names[at].hash == hash && has_name(&document->entries[entry], name, more))
            return entry;
    }
    return REPORT_NONE;
}

static void put(struct fhir_name *names, uint32_t room, struct fhir_name name)
{
    uint32_t at = name.hash & (room - 1);
    while (names[at].entry != 0)
        at = (at + 1) & (room - 1);
    names[at] = name;
}

/* At most half full. */
static bool make_room(struct fhir_context *context)
{
    struct fhir_document *document = context->document;
    uint32_t              room = document->room_names < 16 ? 16 : 2 * document->room_names;
    if (2 * (document->num_names + 1) <= document->room_names)
        return true;
    struct fhir_name *names = arena_array(context->report->arena, room, sizeof *names);
    if (names == NULL) {
        context->report->out_of_memory = true;
        return false;
    }
    for (uint32_t i = 0; i < document->room_names; i++)
        if (document->names[i].entry != 0)
            put(names, room, document->names[i]);
    document->names = names;
    document->room_names = room;
    return true;
}

void fhir_put_name(struct fhir_context *context, uint32_t entry, struct report_text name, struct report_text more)
{
    if (name.size == 0 || !make_room(context))
        return;
    put(context->document->names, context->document->room_names,
        (struct fhir_name){ (uint32_t) hash_of(name, more), entry + 1 });
    context->document->num_names++;
}

/* ---- entries ---- */

uint32_t fhir_add_entry(struct fhir_context *context, struct fhir_entry entry)
{
    struct fhir_document *document = context->document;
    if (document->num_entries == document->room_entries) {
        uint32_t           room = document->room_entries < 4 ? 4 : 2 * document->room_entries;
        struct fhir_entry *larger = arena_array(context->report->arena, room, sizeof *larger);
        if (larger == NULL) {
            context->report->out_of_memory = true;
            return REPORT_NONE;
        }
        if (document->num_entries > 0)
            memcpy(larger, document->entries, document->num_entries * sizeof *larger);
        document->entries = larger;
        document->room_entries = room;
    }
    entry.record = entry.order = REPORT_NONE;
    document->entries[document->num_entries] = entry;
    return document->num_entries++;
}

static struct report_text raw_text(const struct value *value)
{
    return value_is(value, VALUE_TEXT) ? (struct report_text){ value->text, value->length } : (struct report_text){ 0 };
}

static void index_entry(struct fhir_context *context, const struct value *entry, uint32_t number)
{
    const struct value *resource = value_get(entry, "resource"), *request = value_get(entry, "request");
    struct fhir_entry   made = { .number = number, .within = REPORT_NONE };
    made.resource = value_is(resource, VALUE_OBJECT) ? resource : NULL;
    made.request = value_is(request, VALUE_OBJECT) ? request : NULL;
    made.full_url = raw_text(value_get(entry, "fullUrl"));
    made.id = raw_text(value_get(made.resource, "id"));
    made.type = (uint16_t) fhir_resource_type(raw_text(value_get(made.resource, "resourceType")));
    uint32_t index = fhir_add_entry(context, made);
    if (index == REPORT_NONE)
        return;
    fhir_put_name(context, index, made.full_url, (struct report_text){ 0 });
    if (made.id.size > 0 && made.type != FHIR_NO_TYPE)
        fhir_put_name(context, index, type_name(&made), made.id);
}

static enum fhir_kind kind_of(const struct value *root)
{
    static const struct {
        const char    *type;
        enum fhir_kind kind;
    } kinds[] = {
        { "transaction", FHIR_TRANSACTION }, { "batch", FHIR_BATCH },           { "message", FHIR_MESSAGE },
        { "document", FHIR_DOCUMENT },       { "collection", FHIR_COLLECTION },
    };
    if (!value_is_text(value_get(root, "resourceType"), "Bundle"))
        return FHIR_SINGLE;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (value_is_text(value_get(root, "type"), kinds[i].type))
            return kinds[i].kind;
    return FHIR_OTHER;
}

bool fhir_index(struct fhir_context *context)
{
    struct fhir_document *document = context->document;
    const struct value   *root = document->tree.values, *entries = value_get(root, "entry");
    uint32_t              number = 0, num = value_is(entries, VALUE_ARRAY) ? entries->count : 1;
    document->kind = kind_of(root);
    if (document->kind == FHIR_SINGLE) {
        struct fhir_entry only = { .resource = root, .within = REPORT_NONE, .id = raw_text(value_get(root, "id")) };
        only.type = (uint16_t) fhir_resource_type(raw_text(value_get(root, "resourceType")));
        document->num_bundle_entries = 1;
        return fhir_add_entry(context, only) != REPORT_NONE;
    }
    if (num > FHIR_MAX_ENTRIES) {
        fhir_fault(context, entries, "entry", REPORT_ERROR, REPORT_LIMIT, "more entries than a bundle may have",
                   "20000");
        return false;
    }
    for (VALUE_EACH(entry, entries))
        index_entry(context, entry, number++);
    document->num_bundle_entries = document->num_entries;
    return !context->report->out_of_memory;
}

void fhir_enter(struct fhir_context *context, const struct value *resource, uint16_t type)
{
    struct fhir_document *document = context->document;
    bool                  bundled = document->kind != FHIR_SINGLE;
    if (context->num_steps == 1) {
        context->entry = context->top = bundled ? REPORT_NONE : 0;
        return;
    }
    if (bundled && context->num_steps == 3 && context->entry < document->num_bundle_entries &&
        document->entries[context->entry].resource == resource)
        return;
    if (document->num_entries == FHIR_MAX_RESOURCES) {
        fhir_fault(context, resource, "", REPORT_ERROR, REPORT_LIMIT, "more resources than one transmission may have",
                   "40000");
        return;
    }
    struct fhir_entry made = {
        .resource = resource,
        .type = type,
        .within = context->top,
        .id = raw_text(value_get(resource, "id")),
        .number = context->top != REPORT_NONE ? document->entries[context->top].number : 0,
    };
    uint32_t index = fhir_add_entry(context, made);
    if (index != REPORT_NONE)
        context->entry = index;
}

/* ---- the rules of a bundle ---- */

static void bundle_fault(struct fhir_context *context, const struct value *at, const char *name, enum report_rule rule,
                         const char *what)
{
    fhir_fault(context, at, name, REPORT_ERROR, rule, what, NULL);
}

static bool type_is_one_of(const struct value *root, const char *types)
{
    return fhir_is_listed(types, raw_text(value_get(root, "type")));
}

/* The same fullUrl twice is right for two versions of one resource. */
static void check_twice(struct fhir_context *context, uint32_t index, const struct value *entry)
{
    const struct fhir_document *document = context->document;
    const struct fhir_entry    *made = &document->entries[index];
    uint32_t                    first = fhir_find_name(document, made->full_url, (struct report_text){ 0 });
    if (first == REPORT_NONE || first == index)
        return;
    struct report_text version = raw_text(value_get(value_get(made->resource, "meta"), "versionId"));
    struct report_text other = raw_text(value_get(value_get(document->entries[first].resource, "meta"), "versionId"));
    if (same_text(version, other))
        bundle_fault(context, value_get(entry, "fullUrl"), "fullUrl", REPORT_INVARIANT,
                     "two entries have this fullUrl (bdl-7)");
}

static bool has_part(struct report_text text, const char *part)
{
    return text.size > 0 && memmem(text.bytes, text.size, part, strlen(part)) != NULL;
}

static void check_entry(struct fhir_context *context, const struct value *root, const struct value *entry,
                        uint32_t index)
{
    const struct value *request = value_get(entry, "request"), *response = value_get(entry, "response");
    const struct value *resource = value_get(entry, "resource"), *search = value_get(entry, "search");
    bool                asks = type_is_one_of(root, "batch|transaction|history");
    bool                answers = type_is_one_of(root, "batch-response|transaction-response|history");
    if (search != NULL && !type_is_one_of(root, "searchset"))
        bundle_fault(context, search, "search", REPORT_INVARIANT, "search in a bundle that is no search set (bdl-2)");
    if (asks && request == NULL)
        bundle_fault(context, entry, "request", REPORT_REQUIRED, "no request in a batch or transaction (bdl-3)");
    if (!asks && request != NULL)
        bundle_fault(context, request, "request", REPORT_INVARIANT,
                     "request in a bundle that is no batch, transaction or history (bdl-3)");
    if (answers && response == NULL)
        bundle_fault(context, entry, "response", REPORT_REQUIRED, "no response in a response bundle (bdl-4)");
    if (!answers && response != NULL)
        bundle_fault(context, response, "response", REPORT_INVARIANT,
                     "response in a bundle that is no response or history (bdl-4)");
    if (resource == NULL && request == NULL && response == NULL)
        bundle_fault(context, entry, "resource", REPORT_REQUIRED, "neither resource, request nor response (bdl-5)");
    const struct value *method = value_get(request, "method");
    if (resource == NULL && (value_is_text(method, "POST") || value_is_text(method, "PUT")))
        bundle_fault(context, entry, "resource", REPORT_REQUIRED, "nothing to create or update");
    if (!type_is_one_of(root, "history"))
        check_twice(context, index, entry);
    if (has_part(context->document->entries[index].full_url, "/_history/"))
        bundle_fault(context, value_get(entry, "fullUrl"), "fullUrl", REPORT_INVARIANT,
                     "fullUrl names one version (bdl-8)");
}

static bool first_is(const struct fhir_document *document, uint16_t type)
{
    return document->num_bundle_entries > 0 && document->entries[0].type == type;
}

void fhir_check_bundle(struct fhir_context *context)
{
    const struct fhir_document *document = context->document;
    const struct value         *root = document->tree.values, *identifier = value_get(root, "identifier");
    uint32_t                    number = 0;
    context->entry = context->top = REPORT_NONE;
    if (value_get(root, "total") != NULL && !type_is_one_of(root, "searchset|history"))
        bundle_fault(context, value_get(root, "total"), "total", REPORT_INVARIANT,
                     "total in a bundle that is no search set or history (bdl-1)");
    if (document->kind == FHIR_DOCUMENT) {
        if (value_get(identifier, "system") == NULL || value_get(identifier, "value") == NULL)
            bundle_fault(context, root, "identifier", REPORT_REQUIRED,
                         "a document without identifier.system and identifier.value (bdl-9)");
        if (value_get(root, "timestamp") == NULL)
            bundle_fault(context, root, "timestamp", REPORT_REQUIRED, "a document without its date (bdl-10)");
        if (!first_is(document, FHIR_Composition))
            bundle_fault(context, root, "entry[0].resource", REPORT_INVARIANT,
                         "a document whose first resource is no Composition (bdl-11)");
    }
    if (document->kind == FHIR_MESSAGE && !first_is(document, FHIR_MessageHeader))
        bundle_fault(context, root, "entry[0].resource", REPORT_INVARIANT,
                     "a message whose first resource is no MessageHeader (bdl-12)");
    if (!type_is_one_of(root, "document|message|transaction|transaction-response|batch|batch-response|history|"
                              "searchset|collection"))
        return; /* told already */
    for (VALUE_EACH(entry, value_get(root, "entry"))) {
        if (entry->kind != VALUE_OBJECT || number >= document->num_bundle_entries) {
            number++;
            continue;
        }
        context->entry = context->top = number;
        fhir_push(context, "entry", 5, number);
        check_entry(context, root, entry, number++);
        fhir_pop(context);
    }
    if (document->kind == FHIR_TRANSACTION || document->kind == FHIR_BATCH)
        fhir_check_requests(context);
    context->entry = context->top = REPORT_NONE;
}
