/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Search tokens and names: whose they are; and, with a keeper, whether they are those that they should be. */
#include "store/check_internal.h"
#include "store/token_page.h"

static int check_owners(struct check *check)
{
    int64_t looked, wrong;
    int     ret = check_number(check, "SELECT COUNT(*) FROM \"search_token\"", &looked);
    if (ret == 0)
        ret = check_number(check,
                           "SELECT COUNT(*) FROM \"search_token\" t WHERE NOT EXISTS (SELECT 1 FROM \"person_key\" k "
                           "WHERE k.\"person\" = t.\"person\")",
                           &wrong);
    if (ret == 0)
        check_tell(check, looked, wrong, CHECK_RESTORE, "search tokens belong to persons with a key");
    return ret;
}

/* The names that are searched by their beginning: where their person lives, whose key is there. */
static int check_names(struct check *check)
{
    int64_t looked, wrong;
    int     ret = check_number(check, "SELECT COUNT(*) FROM \"search_name\"", &looked);
    if (ret == 0)
        ret = check_number(
            check,
            "SELECT COUNT(*) FROM \"search_name\" s WHERE NOT EXISTS (SELECT 1 FROM \"person\" p, "
            "\"person_key\" k, \"identity\" i WHERE p.\"id\" = s.\"person\" AND p.\"area\" = s.\"area\" AND "
            "k.\"person\" = s.\"person\" AND i.\"person\" = s.\"person\")",
            &wrong);
    if (ret == 0)
        check_tell(check, looked, wrong, CHECK_RESTORE, "search names stand where their persons live, with their keys");
    return ret;
}

/* Everybody's tokens, made anew and compared; identities are opened in memory and shown to nobody. */
static int check_whether_right(struct check *check, const struct area_tree *areas)
{
    struct token_source source = { .db = check->db,
                                   .keeper = check->options->keeper,
                                   .areas = areas,
                                   .county_depth = check->options->county_depth,
                                   .telephone_country = check->options->telephone_country };
    struct token_page   page = { .num_read = TOKEN_PAGE_PERSONS };
    int64_t             looked = 0, wrong = 0;
    double              wait = 0;
    int                 ret = 0;
    while (ret == 0 && (wait > 0 || page.num_read == TOKEN_PAGE_PERSONS)) {
        struct arena arena = ARENA_INIT;
        ret = token_page_read(&source, &page, &arena, &wait, check->error);
        looked += (int64_t) page.num_open;
        wrong += (int64_t) page.num_wrong;
        arena_wipe(&arena);
        if (ret == 0 && wait > 0)
            token_page_wait(wait);
    }
    token_page_clear(&page);
    if (ret == 0)
        check_tell(check, looked, wrong, "make them anew: tocsin node rotate --tokens DIR",
                   "search tokens are those of the county where people live, by the newest key");
    return ret;
}

int check_tokens(struct check *check)
{
    struct area_tree *areas = NULL;
    int               ret = check_owners(check);
    if (ret == 0)
        ret = check_names(check);
    if (ret != 0 || check->options->keeper == NULL)
        return ret;
    ret = area_tree_load(check->db, &areas, check->error);
    if (ret == 0)
        ret = check_whether_right(check, areas);
    area_tree_free(areas);
    return ret;
}
