// SPDX-License-Identifier: GPL-3.0-or-later
// Who freezes, writes and publishes reports (src/model/access.def): records that are made by verbs alone have no "create"
// that the model could tell of. The server decides all the same.
import { role } from "../core/session";

export const writes = (): boolean => role.value?.role === "epidemiologist" || role.value?.role === "supervisor";
