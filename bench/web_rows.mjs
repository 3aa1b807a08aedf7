// SPDX-License-Identifier: GPL-3.0-or-later
// What the measuring programs of the pages say, for bench/show.py.

/** words: the command behind it, where it is another than the program's own. */
export function row(measure, bar, measured, holds, words = []) {
  console.log(["row", measure, bar, measured, holds ? "yes" : "no", ...(words.length > 0 ? [words.join(" ")] : [])].join("\t"));
}

/** The value below which that share of them lies. */
export function percentile(values, share) {
  const ordered = [...values].sort((a, b) => a - b);
  return ordered[Math.min(ordered.length - 1, Math.floor(share * ordered.length))] ?? NaN;
}
