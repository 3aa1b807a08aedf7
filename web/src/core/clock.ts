// SPDX-License-Identifier: GPL-3.0-or-later
// The time that it is now, for what is shown against it; twice a minute is enough.
import { signal } from "@preact/signals";

const EVERY_MS = 30_000;
export const now = signal(Date.now());

setInterval(() => (now.value = Date.now()), EVERY_MS);
addEventListener("visibilitychange", () => (now.value = Date.now()));
