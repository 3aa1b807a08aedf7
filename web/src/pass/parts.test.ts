import { expect, test } from "vitest";
import { gather } from "./parts.js";

test("parts of one card are gathered in any order, each once", () => {
  const second = gather([], "shc:/2/3/56");
  expect(second).toEqual({ parts: ["shc:/2/3/56"], done: false });
  const again = gather(second.parts, "shc:/2/3/56");
  expect(again.parts).toEqual(["shc:/2/3/56"]);
  const first = gather(again.parts, "shc:/1/3/12");
  expect(first.done).toBe(false);
  expect(gather(first.parts, "shc:/3/3/99")).toEqual({ parts: ["shc:/2/3/56", "shc:/1/3/12", "shc:/3/3/99"], done: true });
});

test("another text begins anew", () => {
  expect(gather(["shc:/1/2/12"], "HC1:ABC")).toEqual({ parts: ["HC1:ABC"], done: true });
  expect(gather(["shc:/1/2/12"], "shc:/1/3/12")).toEqual({ parts: ["shc:/1/3/12"], done: false });
  expect(gather([], "shc:/1/1/12").done).toBe(true);
});
