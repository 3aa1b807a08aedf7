// SPDX-License-Identifier: GPL-3.0-or-later
// The pages, in the order of the rail. The server has a line for each of their paths too (src/server/routes.def).
import type { TextKey } from "../core/language";
import { administers, may, role } from "../core/session";

export interface Page {
  path: string;
  title: TextKey;
  key: string; /** pressed after g */
  holds: (path: string) => boolean;
  shown: () => boolean; /** has the present role something to see there? */
}

const under = (folder: string) => (path: string) => path === folder || path.startsWith(`${folder}/`);

/** Who may confirm what the columns of a list mean (upload_send in src/server/upload.c). */
export const takesLists = () => role.value?.role === "data-manager";

export const pages: Page[] = [
  { path: "/", title: "page.situation", key: "s", holds: (path) => path === "/", shown: () => true },
  { path: "/signals", title: "page.signals", key: "i", holds: under("/signals"), shown: () => may("signal", "read") },
  { path: "/cases", title: "page.cases", key: "c", holds: under("/cases"), shown: () => may("case", "read") },
  { path: "/streams", title: "page.streams", key: "t", holds: under("/streams"), shown: () => may("stream", "read") },
  { path: "/reports", title: "page.reports", key: "r", holds: under("/reports"), shown: () => may("daily_report", "read") },
  { path: "/senders", title: "page.senders", key: "n", holds: under("/senders"), shown: () => may("feed", "read") },
  { path: "/import", title: "page.import", key: "f", holds: under("/import"), shown: takesLists },
  { path: "/administration", title: "page.administration", key: "a", holds: under("/administration"), shown: administers },
  { path: "/pass", title: "page.pass", key: "p", holds: () => false, shown: () => true },
];
