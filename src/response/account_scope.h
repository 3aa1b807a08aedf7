/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/account_scope.h: what a user may do now: role × scope × purpose, from the grants that hold (DESIGN
 * section 6). Pure: grants and time are arguments.
 *
 * - A grant holds from `starts` until `ends`.
 * - The role is the one asked for; without a wish the only one held, or the wish of the session.
 * - The areas and facilities are those of the role's grants. A grant that names a purpose counts where that purpose is
 *   asked for, or none; no other. A grant reaches an area and all below it, what belongs to a facility, or everywhere;
 *   one that names two of them, or none, gives the role and reaches nothing.
 * - A purpose must be one for which the role may read identities at all (model/access.def), or `audit` for a supervisor
 *   or auditor, and some grant of the role must allow it.
 * - A break-glass is one grant more, for its hour.
 */
#ifndef RESPONSE_ACCOUNT_SCOPE_H
#define RESPONSE_ACCOUNT_SCOPE_H

#include "base/arena.h"
#include "store/account.h"

struct account_wish {
    enum access_role    role;    /* ACCESS_NO_ROLE = none named */
    enum access_purpose purpose; /* ACCESS_NO_PURPOSE = none named */
};

struct account_scope {
    struct access access;      /* areas and facilities in the arena */
    bool          break_glass; /* some of it comes from the break-glass */
    int64_t       until;       /* when the first grant that it comes from ends; INT64_MAX = never */
};

enum account_reach { ACCOUNT_NOWHERE, ACCOUNT_AREA, ACCOUNT_FACILITY, ACCOUNT_EVERYWHERE };
enum account_reach account_reach_of(const struct account_grant *grant);

/* What a new grant must meet: one reach, and not the role of the program; what a change of one may bring (`given`;
 * NULL: a new one): its end alone. 0, or BASE_ERR_INPUT with faults. */
int account_check_grant(const struct model_grant *grant, const struct model_set *given, struct fault_list *faults);

/* Returns 0; STORE_ERR_DENIED where a role or purpose is named that is not granted; TOC_ERR_NO_MEMORY. Where no role is
 * named and there are several, or none, the role is ACCESS_NO_ROLE: nothing may be done.
 *
 * glass   NULL = none */
int account_scope(const struct id *user, const struct account_grant *grants, size_t num,
                  const struct account_glass *glass, const struct account_wish *wish, int64_t now, struct arena *arena,
                  struct account_scope *scope);

/* The roles that are held now: bit = enum access_role. */
unsigned account_roles(const struct account_grant *grants, size_t num, int64_t now);

/* The purposes that a role may name, by the table and by its grants: bit = enum access_purpose. */
unsigned account_purposes(const struct account_grant *grants, size_t num, enum access_role role, int64_t now);

/* May the role read identities for the purpose at all? */
bool account_purpose_fits(enum access_role role, enum access_purpose purpose);

/* Does the role need the second factor whatever it does? Administrators do; reading identities does in any role. */
bool account_role_needs_factor(enum access_role role);

#endif
