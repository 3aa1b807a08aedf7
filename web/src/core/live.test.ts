// SPDX-License-Identifier: GPL-3.0-or-later
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { onChange, readEvent, take } from "./live";

const aCase = { change: { type: "case", id: "1", version: 1 } };

beforeEach(() => vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => vi.useRealTimers());

test("an event of the stream is read as the standard says", () => {
  expect(readEvent('id: 4711\nevent: change\ndata: {"type":"case"}')).toEqual({ id: "4711", event: "change", data: '{"type":"case"}' });
  expect(readEvent("data:a\ndata: b")).toEqual({ event: "message", data: "ab" });
  expect(readEvent(": a comment that keeps the line open")).toEqual({ event: "message", data: "" });
});

test("a change after a quiet while is told soon, and of those that follow one every 400 ms", () => {
  const at: number[] = [];
  const deaf = onChange(["case"], () => at.push(Date.now() - 1_000_000));
  take({ change: { type: "signal", id: "2", version: 1 } });
  vi.advanceTimersByTime(100);
  expect(at).toEqual([]);
  for (let i = 0; i < 100; i++) {
    take(aCase);
    vi.advanceTimersByTime(10);
  }
  expect(at).toEqual([130, 530, 930]);
  vi.advanceTimersByTime(5000);
  expect(at).toEqual([130, 530, 930, 1330]);
  take(aCase);
  vi.advanceTimersByTime(30);
  expect(at.at(-1)).toBe(6130);
  take(aCase);
  deaf();
  vi.advanceTimersByTime(5000);
  expect(at).toHaveLength(5);
});

test("changes that are to be gathered are told once, so long after the first", () => {
  const at: number[] = [];
  const deaf = onChange(["case"], () => at.push(Date.now() - 1_000_000), { gathered: 2000 });
  for (let i = 0; i < 300; i++) {
    take(aCase);
    vi.advanceTimersByTime(10);
  }
  expect(at).toEqual([2000]);
  deaf();
});
