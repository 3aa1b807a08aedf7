// SPDX-License-Identifier: GPL-3.0-or-later
// The file of errors of a line list, into a table and back: what the server writes (src/formats/list/errors.c), no more.

export const ERRORS = "tocsin_errors";
export const ROW = "tocsin_row";

export interface Table {
  delimiter: string;
  header: string[];
  rows: string[][];
}

/** A cell that a spreadsheet would compute has an apostrophe before it, which is no part of it. */
const unguarded = (text: string) => (/^'+[=+\-@]/.test(text) ? text.slice(1) : text);
const guarded = (text: string) => (/^'*[=+\-@]/.test(text) ? `'${text}` : text);

/** What stands behind the first cell. */
function delimiterOf(text: string): string {
  const first = /^"(?:[^"]|"")*"(.)/.exec(text);
  return first?.[1] ?? ",";
}

export function readTable(file: string): Table {
  const text = file.replace(/^\ufeff/, "");
  const delimiter = delimiterOf(text);
  const rows: string[][] = [];
  let row: string[] = [];
  for (let at = 0; at < text.length; ) {
    let cell = "";
    if (text[at] === '"') {
      const found = /^"((?:[^"]|"")*)"?/.exec(text.slice(at, at + 300_000));
      cell = (found?.[1] ?? "").replaceAll('""', '"');
      at += found?.[0].length ?? 1;
    } else {
      const from = at;
      while (at < text.length && text[at] !== delimiter && text[at] !== "\n") at++;
      cell = text.slice(from, at);
    }
    row.push(unguarded(cell));
    const ends = at >= text.length || text[at] === "\n";
    at++;
    if (!ends) continue;
    rows.push(row);
    row = [];
  }
  const [header = [], ...rest] = rows;
  return { delimiter, header, rows: rest };
}

export function writeTable(table: Table): string {
  const line = (cells: string[]) => cells.map((cell) => `"${guarded(cell).replaceAll('"', '""')}"`).join(table.delimiter);
  return [table.header, ...table.rows].map((row) => `${line(row)}\n`).join("");
}

/** What is wrong with a row, by its column; under "" what is said of none. */
export function faultsOf(header: string[], said: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const one of said.split(/; (?=[A-Z]{1,3} )/)) {
    const rest = one.replace(/^[A-Z]{1,3} /, "");
    const column = header.find((name) => name !== "" && rest.startsWith(`${name}: `));
    const what = column === undefined ? one : rest.slice(column.length + 2);
    if (what !== "") found.set(column ?? "", [found.get(column ?? ""), what].filter(Boolean).join("; "));
  }
  return found;
}
