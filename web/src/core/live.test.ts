// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from "vitest";
import { readEvent } from "./live";

test("an event of the stream is read as the standard says", () => {
  expect(readEvent('id: 4711\nevent: change\ndata: {"type":"case"}')).toEqual({ id: "4711", event: "change", data: '{"type":"case"}' });
  expect(readEvent("data:a\ndata: b")).toEqual({ event: "message", data: "ab" });
  expect(readEvent(": a comment that keeps the line open")).toEqual({ event: "message", data: "" });
});
