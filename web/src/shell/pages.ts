// SPDX-License-Identifier: GPL-3.0-or-later
// The pages, in the order of the rail. The server has a line for each of their paths too (src/server/routes.def).
import type { TextKey } from "../core/language";

export interface Page {
  path: string;
  title: TextKey;
  key: string; /** pressed after g */
  holds: (path: string) => boolean;
}

export const pages: Page[] = [
  { path: "/", title: "page.situation", key: "s", holds: (path) => path === "/" },
  { path: "/cases", title: "page.cases", key: "c", holds: (path) => path.startsWith("/cases") },
  { path: "/pass", title: "page.pass", key: "p", holds: () => false },
];
