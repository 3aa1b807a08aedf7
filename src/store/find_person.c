/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/find_person.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/person_tokens.h"
#include "store/schema.h"
#include "store/sealed_fields.h"
#include "store/search_name.h"
#include "store/select_many.h"

struct search {
    const struct find_source *source;
    struct arena             *arena;
    struct fault_list        *faults;
    struct db_error          *error;
    struct area_set           areas;   /* query ∩ grant */
    struct id                *persons; /* candidates */
    size_t                    num_persons, most_persons;
    bool                      too_many;
};

static int say(struct search *search, const char *what, const char *allowed)
{
    fault_add(search->faults, (struct fault_place){ .name = "typed" }, allowed, "%s", what);
    return BASE_ERR_INPUT;
}

static int check(struct search *search, const struct access *who, const struct find_query *query)
{
    const struct find_source *source = search->source;
    struct area_set           grant, wanted;
    if (!access_may_identify(who, model_record(MODEL_IDENTITY)) || source->keeper == NULL || source->audit == NULL)
        return STORE_ERR_DENIED;
    int ret = area_set_of_grant(source->areas, who, search->arena, &grant);
    search->areas = grant;
    if (ret == 0 && !id_is_missing(&query->area)) {
        ret = area_set_of(source->areas, &query->area, 1, search->arena, &wanted);
        if (ret == 0)
            ret = area_set_intersect(&grant, &wanted, search->arena, &search->areas);
    }
    if (ret == 0 && search->areas.num_intervals == 0)
        ret = STORE_ERR_ABSENT;
    search->persons = arena_array(search->arena, search->most_persons, sizeof *search->persons);
    return ret == 0 && search->persons == NULL ? TOC_ERR_NO_MEMORY : ret;
}

/* ---- opening identities ---- */

/* A person's row and identity as they stand in the database. */
struct closed {
    struct find_result    result;
    struct model_text     sealed;
    struct keeper_wrapped wrapped;
};

struct opening {
    struct search *search;
    struct closed *closed;
    size_t         num, room;
    /* Whom to keep. */
    bool (*wanted)(const void *context, const struct find_result *result);
    const void         *context;
    struct find_answer *answer;
};

#define PERSON_COLUMNS "p.\"id\",p.\"area\",p.\"version\",p.\"sex\",p.\"birth_year\",p.\"merged_into\""
#define CLOSED_FROM                                                                                                    \
    "SELECT " PERSON_COLUMNS ",i.\"id\",i.\"version\",i.\"sealed\",k.\"generation\",k.\"wrapped\" "                    \
    "FROM \"person\" AS p JOIN \"identity\" AS i ON i.\"person\" = p.\"id\" "                                          \
    "JOIN \"person_key\" AS k ON k.\"person\" = p.\"id\" WHERE "
enum { P_ID, P_AREA, P_VERSION, P_SEX, P_BIRTH_YEAR, P_MERGED, I_ID, I_VERSION, I_SEALED, K_GENERATION, K_WRAPPED };

static struct id id_of(const struct db_value *value)
{
    struct id id = { { 0 } };
    if (value->type == DB_BYTES && value->size == ID_BYTES)
        memcpy(id.bytes, value->bytes, ID_BYTES);
    return id;
}

static int keep_text(struct arena *arena, const struct db_value *value, struct model_text *text)
{
    *text = (struct model_text){ 0 };
    if ((value->type != DB_TEXT && value->type != DB_BYTES) || value->size == 0)
        return 0;
    text->bytes = arena_copy(arena, value->bytes, value->size);
    text->size = value->size;
    return text->bytes == NULL ? TOC_ERR_NO_MEMORY : 0;
}

static int keep_closed(const struct db_value *row, struct arena *arena, struct closed *closed)
{
    struct model_person *person = &closed->result.person;
    model_init(model_record(MODEL_PERSON), person);
    model_init(model_record(MODEL_IDENTITY), &closed->result.identity);
    person->head.id = id_of(&row[P_ID]);
    person->head.version = row[P_VERSION].integer;
    person->area = id_of(&row[P_AREA]);
    person->merged_into = id_of(&row[P_MERGED]);
    if (row[P_BIRTH_YEAR].type == DB_INTEGER)
        person->birth_year = row[P_BIRTH_YEAR].integer;
    closed->result.identity.head.id = id_of(&row[I_ID]);
    closed->result.identity.head.version = row[I_VERSION].integer;
    closed->result.identity.person = person->head.id;
    closed->wrapped.owner = person->head.id;
    closed->wrapped.generation = (uint32_t) row[K_GENERATION].integer;
    if (row[K_WRAPPED].type != DB_BYTES || row[K_WRAPPED].size != KEEPER_WRAPPED_BYTES)
        return DB_ERR_CORRUPT;
    memcpy(closed->wrapped.bytes, row[K_WRAPPED].bytes, KEEPER_WRAPPED_BYTES);
    int ret = keep_text(arena, &row[P_SEX], &person->sex);
    return ret == 0 ? keep_text(arena, &row[I_SEALED], &closed->sealed) : ret;
}

static int compare_results(const void *a, const void *b)
{
    const struct find_result *x = a, *y = b;
    return id_compare(&x->person.head.id, &y->person.head.id);
}

/* A copy of what was found whose texts live in the answer's arena. */
static int keep_result(struct arena *arena, const struct find_result *result, struct find_result *kept)
{
    *kept = *result;
    struct model_text *texts[] = {
        &kept->person.sex,     &kept->identity.name,    &kept->identity.name_latin,     &kept->identity.identifier,
        &kept->identity.phone, &kept->identity.address, &kept->identity.identifier_kind
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i]->bytes != NULL) {
            texts[i]->bytes = arena_copy(arena, texts[i]->bytes, texts[i]->size);
            if (texts[i]->bytes == NULL)
                return TOC_ERR_NO_MEMORY;
        }
    return 0;
}

/* Open what was gathered, keep whom is wanted, clear the rest. */
static int open_gathered(struct opening *opening)
{
    struct search         *search = opening->search;
    size_t                 num = opening->num;
    struct arena           arena = ARENA_INIT; /* plain texts */
    struct keeper_error    failure = { 0 };
    struct keeper_wrapped *wrapped = memory_array(num + 1, sizeof *wrapped);
    struct seal_key       *keys = memory_array(num + 1, sizeof *keys);
    int                   *statuses = memory_array(num + 1, sizeof *statuses);
    int                    ret = wrapped == NULL || keys == NULL || statuses == NULL ? TOC_ERR_NO_MEMORY : 0;
    for (size_t i = 0; i < num && ret == 0; i++)
        wrapped[i] = opening->closed[i].wrapped;
    if (ret == 0 && num > 0)
        ret = keeper_unwrap(search->source->keeper, KEEPER_SHOW, wrapped, num, keys, statuses, &failure);
    if (ret != 0 && search->error != NULL && failure.what[0] != '\0')
        snprintf(search->error->what, sizeof search->error->what, "%s", failure.what);
    for (size_t i = 0; i < num && ret == 0; i++) {
        struct closed *closed = &opening->closed[i];
        if (statuses[i] != 0 || closed->sealed.bytes == NULL)
            continue; /* its key is gone: nobody by that name */
        ret = sealed_fields_open(&keys[i], model_record(MODEL_IDENTITY), closed->sealed, &arena,
                                 &closed->result.identity);
        if (ret != 0 || !opening->wanted(opening->context, &closed->result))
            continue;
        struct find_answer *answer = opening->answer;
        if (answer->num_results == FIND_MOST_PERSONS) {
            answer->more = true;
            break;
        }
        ret = keep_result(search->arena, &closed->result, &answer->results[answer->num_results]);
        if (ret == 0)
            answer->num_results++;
    }
    if (keys != NULL)
        seal_keys_wipe(keys, num);
    free(wrapped);
    free(keys);
    free(statuses);
    if (opening->closed != NULL)
        sodium_memzero(opening->closed, opening->room * sizeof *opening->closed);
    arena_wipe(&arena);
    opening->num = 0;
    return ret;
}

/* ---- the whole form ---- */

/* The counties whose tokens may name somebody in the areas; and the areas above the counties, which stand for
 * themselves (store_county). */
static int find_counties(struct search *search, struct id **counties, size_t *num_counties)
{
    const struct area_tree *tree = search->source->areas;
    unsigned                depth = search->source->county_depth;
    struct id              *found = arena_array(search->arena, FIND_MOST_COUNTIES, sizeof *found);
    uint32_t                newest = AREA_NONE;
    size_t                  num = 0;
    if (found == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < search->areas.num_intervals; i++)
        for (uint32_t area = search->areas.intervals[i].first; area < search->areas.intervals[i].end;) {
            uint32_t county = area_tree_up(tree, area, depth);
            /* ascending: what follows lies in this county, or behind it */
            uint32_t next = area_tree_depth(tree, county) < depth ? area + 1 : area_tree_subtree(tree, county).end;
            if (county != newest) {
                if (num == FIND_MOST_COUNTIES)
                    return say(search, "it is looked for in more than 1,024 counties", "an area: city or county");
                found[num++] = *area_tree_id(tree, county);
            }
            newest = county;
            area = next;
        }
    *counties = found;
    *num_counties = num;
    return 0;
}

static int keep_person(void *context, const struct db_value *row, size_t num_columns)
{
    struct search *search = context;
    (void) num_columns;
    if (search->num_persons == search->most_persons) {
        search->too_many = true;
        return 0;
    }
    search->persons[search->num_persons++] = id_of(&row[0]);
    return 0;
}

/* Tokens made under each key that still exists: while the node changes to a new one, both kinds stand in the table. */
static int make_tokens(struct search *search, const struct keeper_text *texts, size_t num, struct db_value **keys,
                       size_t *num_keys)
{
    enum { MOST = KEEPER_NUM_KINDS * KEEPER_MAX_GENERATIONS };
    struct keeper            *keeper = search->source->keeper;
    struct keeper_error       failure = { 0 };
    struct keeper_generation *generations = arena_array(search->arena, MOST, sizeof *generations);
    size_t                    num_generations = 0, made = 0;
    int                       ret = generations == NULL ? TOC_ERR_NO_MEMORY
                                                        : keeper_generations(keeper, generations, MOST, &num_generations, &failure);
    struct db_value          *values = arena_array(search->arena, num * num_generations + 1, sizeof *values);
    struct keeper_token      *tokens = arena_array(search->arena, num * num_generations + 1, sizeof *tokens);
    if (ret == 0 && (values == NULL || tokens == NULL))
        ret = TOC_ERR_NO_MEMORY;
    for (size_t g = 0; g < num_generations && ret == 0; g++) {
        if (generations[g].kind != KEEPER_TOKEN)
            continue;
        ret = keeper_token(keeper, generations[g].number, texts, num, tokens + made, &failure);
        made += num;
    }
    if (ret != 0 && search->error != NULL && failure.what[0] != '\0')
        snprintf(search->error->what, sizeof search->error->what, "%s", failure.what);
    for (size_t i = 0; i < made && ret == 0; i++)
        values[i] = db_bytes(tokens[i].bytes, KEEPER_TOKEN_BYTES);
    *keys = values;
    *num_keys = made;
    return ret;
}

/* The persons who have one of the forms' tokens in one of the counties. */
static int find_candidates(struct search *search, const struct person_query *forms)
{
    struct id       *counties = NULL;
    struct db_value *keys;
    size_t           num_counties = 0, num = 0, num_keys;
    int              ret = find_counties(search, &counties, &num_counties);
    if (ret != 0)
        return ret;
    struct keeper_text *texts = arena_array(search->arena, num_counties * forms->num_forms, sizeof *texts);
    if (texts == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t c = 0; c < num_counties; c++)
        for (size_t f = 0; f < forms->num_forms; f++)
            texts[num++] = (struct keeper_text){ .kind = person_token_word(forms->forms[f].kind),
                                                 .area = counties[c],
                                                 .bytes = forms->forms[f].bytes,
                                                 .size = forms->forms[f].size };
    ret = make_tokens(search, texts, num, &keys, &num_keys);
    if (ret == 0)
        ret = select_many(search->source->db, "SELECT \"person\" FROM \"search_token\" WHERE \"token\"", "", keys,
                          num_keys, keep_person, search, search->error);
    return ret;
}

static int gather_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct opening *opening = context;
    struct search  *search = opening->search;
    struct id       area = id_of(&row[P_AREA]);
    (void) num_columns;
    if (opening->num == opening->room || !area_set_has(&search->areas, area_tree_find(search->source->areas, &area)))
        return 0;
    int ret = keep_closed(row, search->arena, &opening->closed[opening->num]);
    opening->num += ret == 0;
    return ret;
}

static bool born_in_year(const void *context, const struct find_result *result)
{
    const struct person_query *forms = context;
    if (forms->birth_year == 0)
        return true;
    int64_t year = result->person.birth_year;
    if (year == MODEL_MISSING_INTEGER && result->identity.birth_date != MODEL_MISSING_DATE)
        year = toc_date_to_civil(result->identity.birth_date).year;
    return year == MODEL_MISSING_INTEGER || year == forms->birth_year;
}

static int compare_ids(const void *a, const void *b)
{
    return id_compare(a, b);
}

/* Some at a time, each of them once, and no more than it takes to know the answer: of a common name a thousand may be
 * candidates. */
static int open_candidates(struct search *search, bool (*wanted)(const void *context, const struct find_result *result),
                           const void *context, struct find_answer *answer)
{
    struct opening   opening = { .search = search, .wanted = wanted, .context = context, .answer = answer };
    struct db_value *keys = arena_array(search->arena, search->num_persons + 1, sizeof *keys);
    size_t           num = 0;
    bool             more = answer->more; /* of those who are no candidates */
    int              ret = 0;
    answer->more = false;
    opening.room = FIND_MOST_PERSONS + 1; /* if all are wanted, these are the answer, and that there are more */
    opening.closed = arena_array(search->arena, opening.room, sizeof *opening.closed);
    if (keys == NULL || opening.closed == NULL)
        return TOC_ERR_NO_MEMORY;
    qsort(search->persons, search->num_persons, sizeof *search->persons, compare_ids);
    for (size_t i = 0; i < search->num_persons; i++)
        if (i == 0 || !id_equal(&search->persons[i], &search->persons[i - 1]))
            keys[num++] = db_id(&search->persons[i]);
    for (size_t first = 0; first < num && ret == 0 && !answer->more; first += opening.room) {
        size_t at_once = num - first < opening.room ? num - first : opening.room;
        ret = select_many(search->source->db, CLOSED_FROM "p.\"id\"", "", keys + first, at_once, gather_row, &opening,
                          search->error);
        if (ret == 0)
            ret = open_gathered(&opening);
    }
    answer->more |= more;
    return ret;
}

/* ---- the beginning of a name ---- */

static bool begins_so(const void *context, const struct find_result *result)
{
    return person_prefix_matches(context, &result->identity);
}

static int compare_keys(const void *a, const void *b)
{
    const struct db_value *x = a, *y = b;
    return memcmp(x->bytes, y->bytes, ID_BYTES);
}

/* In the order of search_name, of which no more is read than the answer takes. */
static int areas_as_keys(struct search *search, struct db_value **keys, size_t *num_keys)
{
    size_t           num = 0;
    struct db_value *values = arena_array(search->arena, area_set_count(&search->areas) + 1, sizeof *values);
    if (values == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < search->areas.num_intervals; i++)
        for (uint32_t area = search->areas.intervals[i].first; area < search->areas.intervals[i].end; area++)
            values[num++] = db_id(area_tree_id(search->source->areas, area));
    qsort(values, num, sizeof *values, compare_keys);
    *keys = values;
    *num_keys = num;
    return 0;
}

static int open_areas(struct search *search, const struct person_prefix *prefix, struct find_answer *answer)
{
    struct db_value *keys;
    size_t           num_keys;
    if (area_set_count(&search->areas) > FIND_PREFIX_PERSONS)
        return say(search, "there are more than 50,000 areas", "a smaller area, or the whole name");
    int ret = areas_as_keys(search, &keys, &num_keys);
    if (ret == 0) {
        const struct search_name_query query = { .db = search->source->db,
                                                 .keeper = search->source->keeper,
                                                 .areas = keys,
                                                 .num_areas = num_keys,
                                                 .prefix = prefix,
                                                 .most_persons = FIND_PREFIX_PERSONS };
        ret = search_name_find(&query, search->persons, search->most_persons, &search->num_persons, &answer->more,
                               search->error);
    }
    if (ret == TOC_ERR_TOO_LARGE)
        return say(search, "more than 50,000 people live there, and few of them are called so",
                   "a smaller area, or the whole name");
    return ret == 0 ? open_candidates(search, begins_so, prefix, answer) : ret;
}

/* ---- both ---- */

static int finish(struct search *search, const struct access *who, struct find_answer *made, struct find_answer *answer)
{
    struct id persons[FIND_MOST_PERSONS];
    made->more |= search->too_many;
    qsort(made->results, made->num_results, sizeof *made->results, compare_results);
    for (size_t i = 0; i < made->num_results; i++)
        persons[i] = made->results[i].person.head.id;
    int ret = made->num_results == 0
                  ? 0
                  : search->source->audit(search->source->audit_context, who, persons, made->num_results);
    if (ret == 0)
        *answer = *made;
    return ret;
}

int find_person_whole(const struct find_source *source, const struct access *who, const struct find_query *query,
                      struct arena *arena, struct find_answer *answer, struct fault_list *faults,
                      struct db_error *error)
{
    struct person_country country;
    struct search         search = { .source = source, .arena = arena, .faults = faults, .error = error };
    struct person_query   forms;
    struct find_answer    made = { .results = arena_array(arena, FIND_MOST_PERSONS, sizeof *made.results) };
    search.most_persons = FIND_MOST_CANDIDATES;
    int ret = made.results == NULL ? TOC_ERR_NO_MEMORY : check(&search, who, query);
    if (ret == 0)
        ret = person_query_read(query->typed, query->size, person_country(source->telephone_country, &country), arena,
                                &forms);
    if (ret == BASE_ERR_INPUT)
        return say(&search, "not text in UTF-8", NULL);
    if (ret == 0 && forms.num_forms == 0)
        return say(&search, "too little to find somebody by", "a whole name, an identifier, a telephone number");
    if (ret == 0)
        ret = find_candidates(&search, &forms);
    if (ret == 0)
        ret = open_candidates(&search, born_in_year, &forms, &made);
    return ret == 0 ? finish(&search, who, &made, answer) : ret;
}

int find_person_prefix(const struct find_source *source, const struct access *who, const struct find_query *query,
                       struct arena *arena, struct find_answer *answer, struct fault_list *faults,
                       struct db_error *error)
{
    struct search         search = { .source = source, .arena = arena, .faults = faults, .error = error };
    struct find_answer    made = { .results = arena_array(arena, FIND_MOST_PERSONS, sizeof *made.results) };
    struct person_prefix *prefix = arena_array(arena, 1, sizeof *prefix);
    search.most_persons = FIND_MOST_PERSONS;
    int ret = made.results == NULL || prefix == NULL ? TOC_ERR_NO_MEMORY : check(&search, who, query);
    if (ret == 0)
        ret = person_prefix_read(query->typed, query->size, prefix);
    if (ret == BASE_ERR_INPUT)
        return say(&search, "nothing to look for", "the beginning of a name");
    if (ret == 0)
        ret = open_areas(&search, prefix, &made);
    return ret == 0 ? finish(&search, who, &made, answer) : ret;
}
