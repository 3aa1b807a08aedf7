// SPDX-License-Identifier: GPL-3.0-or-later
// Local dates as ISO texts.

const DAY = 86_400_000;

export function plusDays(iso: string, days: number): string {
  return new Date(Date.parse(`${iso}T00:00:00Z`) + days * DAY).toISOString().slice(0, 10);
}

export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY);
}

/** Today where the browser is. */
export function today(): string {
  const now = new Date();
  return plusDays("1970-01-01", Math.floor((now.getTime() - now.getTimezoneOffset() * 60_000) / DAY));
}

export function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`)) && plusDays(text, 0) === text;
}
