// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from "vitest";
import { inOrder, minutesTo, stepsOf, type SignalRow, type TaskRow } from "./signals";

const signal = (id: string, noticed_time = "2026-11-01T00:00:00Z") => ({ id, noticed_time }) as SignalRow;
const task = (of: string, due: string, priority = "normal") => ({ id: `${of}-${due}`, signal: of, due, priority }) as TaskRow;
const ids = (list: { signal: SignalRow }[]) => list.map((one) => one.signal.id);

test("the nearest deadline comes first, what is beyond the budget stays listed below, what is not due is apart", () => {
  const found = inOrder(
    [signal("late"), signal("soon"), signal("deferred"), signal("watched", "2026-11-01T00:00:00Z"), signal("newer", "2026-11-03T00:00:00Z")],
    [task("soon", "2026-11-05T00:00:00Z"), task("late", "2026-11-04T00:00:00Z"), task("deferred", "2026-11-03T00:00:00Z", "low")],
  );
  expect(ids(found.above)).toEqual(["late", "soon"]);
  expect(ids(found.below)).toEqual(["deferred"]);
  expect(ids(found.undue)).toEqual(["newer", "watched"]);
});

test("in a wave what is urgent, and what is something else, stands on top", () => {
  const wave = ["1", "2", "3", "4", "5", "6"];
  const found = inOrder(
    [...wave.map((id) => ({ ...signal(id), disease: "influenza" })), { ...signal("other"), disease: "hepatitis-a" }, signal("told"), { ...signal("plague"), disease: "plague" }],
    [...wave.map((id) => task(id, `2026-11-0${id}T00:00:00Z`)), task("other", "2026-11-08T00:00:00Z"), task("told", "2026-11-07T00:00:00Z"), task("plague", "2026-11-09T00:00:00Z", "urgent")],
  );
  expect(ids(found.above)).toEqual(["plague", "told", "other", ...wave]);
});

test("of several open tasks of a signal the nearest one is its clock", () => {
  const { above } = inOrder([signal("one")], [task("one", "2026-11-05T00:00:00Z"), task("one", "2026-11-04T00:00:00Z")]);
  expect(above[0]?.task?.due).toBe("2026-11-04T00:00:00Z");
});

test("minutes to a deadline count down and go on behind it", () => {
  const now = Date.parse("2026-11-04T10:00:00Z");
  expect(minutesTo("2026-11-04T12:00:30Z", now)).toBe(120);
  expect(minutesTo("2026-11-04T09:59:00Z", now)).toBe(-1);
});

test("a closed signal takes no step", () => {
  expect(stepsOf("closed")).toEqual([]);
  expect(stepsOf("new")[0]).toBe("triage");
});
