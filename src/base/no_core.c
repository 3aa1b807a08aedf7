/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/no_core.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/fault.h"

int no_core(void)
{
    const struct rlimit none = { 0, 0 };
    return setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : BASE_ERR_SYSTEM;
}
