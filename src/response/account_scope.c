/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/account_scope.h"

#include <stdio.h>

#include "base/instant.h"
#include "model/records.h"
#include "tocsin/status.h"

static bool holds(const struct account_grant *grant, int64_t now)
{
    return grant->role != ACCESS_NO_ROLE && grant->role != ACCESS_PROGRAM && grant->starts <= now &&
           (grant->ends == INSTANT_MISSING || grant->ends > now);
}

enum account_reach account_reach_of(const struct account_grant *grant)
{
    bool has_area = !id_is_missing(&grant->area), has_facility = !id_is_missing(&grant->facility);
    if (has_area + has_facility + grant->everywhere != 1)
        return ACCOUNT_NOWHERE;
    return has_area ? ACCOUNT_AREA : has_facility ? ACCOUNT_FACILITY : ACCOUNT_EVERYWHERE;
}

static int refuse(struct fault_list *faults, const char *where, const char *found, const char *allowed)
{
    fault_add(faults, (struct fault_place){ .name = where }, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

int account_check_grant(const struct model_grant *grant, const struct model_set *given, struct fault_list *faults)
{
    const struct model_record *record = model_record(MODEL_GRANT);
    const struct account_grant made = { .area = grant->area,
                                        .facility = grant->facility,
                                        .everywhere = grant->everywhere == 1 };
    for (size_t i = 0; given != NULL && i < record->num_fields; i++) {
        char where[FAULT_NAME_BYTES];
        snprintf(where, sizeof where, "/%s", record->fields[i].name);
        if (model_set_has(given, i) && i != model_grant_ends)
            return refuse(faults, where, "a grant is never changed: it is ended, and another one given", "ends");
    }
    if (given != NULL)
        return 0;
    if (account_reach_of(&made) == ACCOUNT_NOWHERE)
        return refuse(faults, "/area", "none of them, or more than one", "one of area, facility and everywhere");
    if (grant->role.bytes != NULL && access_role_find(grant->role.bytes, grant->role.size) == ACCESS_PROGRAM)
        return refuse(faults, "/role", "the role of the program itself", "a role of people");
    return 0;
}

static bool glass_holds(const struct account_glass *glass, int64_t now)
{
    return glass != NULL && glass->starts <= now && glass->ends > now;
}

bool account_purpose_fits(enum access_role role, enum access_purpose purpose)
{
    size_t                     num;
    const struct model_record *records = model_records(&num);
    const struct access        who = { .role = role, .purpose = purpose };
    if (purpose == ACCESS_AUDIT)
        return role == ACCESS_SUPERVISOR || role == ACCESS_AUDITOR;
    for (size_t i = 0; i < num; i++)
        if (access_may_identify(&who, &records[i]))
            return true;
    return false;
}

bool account_role_needs_factor(enum access_role role)
{
    return role == ACCESS_ADMINISTRATOR || role == ACCESS_AUDITOR;
}

unsigned account_roles(const struct account_grant *grants, size_t num, int64_t now)
{
    unsigned roles = 0;
    for (size_t i = 0; i < num; i++)
        if (holds(&grants[i], now))
            roles |= 1U << grants[i].role;
    return roles;
}

unsigned account_purposes(const struct account_grant *grants, size_t num, enum access_role role, int64_t now)
{
    unsigned purposes = 0;
    for (size_t i = 0; i < num; i++) {
        if (!holds(&grants[i], now) || grants[i].role != role)
            continue;
        for (int purpose = 1; purpose < ACCESS_NUM_PURPOSES; purpose++)
            if ((grants[i].purpose == ACCESS_NO_PURPOSE || (int) grants[i].purpose == purpose) &&
                account_purpose_fits(role, (enum access_purpose) purpose))
                purposes |= 1U << purpose;
    }
    return purposes;
}

static enum access_role choose(const struct account_wish *wish, unsigned roles)
{
    if (wish->role != ACCESS_NO_ROLE || roles == 0 || (roles & (roles - 1)) != 0)
        return wish->role;
    int role = 0;
    while ((roles >> role & 1) == 0)
        role++;
    return (enum access_role) role;
}

static bool fits(const struct account_grant *grant, enum access_role role, enum access_purpose purpose)
{
    return grant->role == role &&
           (purpose == ACCESS_NO_PURPOSE || grant->purpose == ACCESS_NO_PURPOSE || grant->purpose == purpose);
}

static void earlier(int64_t *until, int64_t ends)
{
    if (ends != INSTANT_MISSING && ends < *until)
        *until = ends;
}

int account_scope(const struct id *user, const struct account_grant *grants, size_t num,
                  const struct account_glass *glass, const struct account_wish *wish, int64_t now, struct arena *arena,
                  struct account_scope *scope)
{
    struct account_scope made = { .access = { .user = *user }, .until = INT64_MAX };
    enum access_role     role = choose(wish, account_roles(grants, num, now));
    bool                 any = false;
    if (role == ACCESS_NO_ROLE) {
        *scope = made;
        return wish->purpose == ACCESS_NO_PURPOSE ? 0 : STORE_ERR_DENIED;
    }
    struct id *areas = arena_array(arena, num + 1, sizeof *areas);
    struct id *facilities = arena_array(arena, num + 1, sizeof *facilities);
    if (areas == NULL || facilities == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < num; i++) {
        if (!holds(&grants[i], now) || !fits(&grants[i], role, wish->purpose))
            continue;
        any = true;
        switch (account_reach_of(&grants[i])) {
        case ACCOUNT_EVERYWHERE: made.access.everywhere = true; break;
        case ACCOUNT_AREA: areas[made.access.num_areas++] = grants[i].area; break;
        case ACCOUNT_FACILITY: facilities[made.access.num_facilities++] = grants[i].facility; break;
        case ACCOUNT_NOWHERE: break;
        }
        earlier(&made.until, grants[i].ends);
    }
    if (glass_holds(glass, now) && glass->role == role &&
        (wish->purpose == ACCESS_NO_PURPOSE || wish->purpose == glass->purpose)) {
        any = made.break_glass = true;
        areas[made.access.num_areas++] = glass->area;
        earlier(&made.until, glass->ends);
    }
    if (!any || (wish->purpose != ACCESS_NO_PURPOSE && !account_purpose_fits(role, wish->purpose)))
        return STORE_ERR_DENIED;
    made.access.role = role;
    made.access.purpose = wish->purpose;
    made.access.areas = areas;
    made.access.facilities = facilities;
    *scope = made;
    return 0;
}
