// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from "vitest";
import { faultsOf, readTable, writeTable } from "./csv";

test("a file of errors is read with its quotes, breaks of lines and apostrophes, and written so that it reads the same", () => {
  const file = '\ufeff"no";"note";tocsin_errors\n"1";"a ""b""\nc; d";"A no: is wrong"\n"2";"\'=1+1";""\n';
  const table = readTable(file);
  expect(table).toEqual({
    delimiter: ";",
    header: ["no", "note", "tocsin_errors"],
    rows: [
      ["1", 'a "b"\nc; d', "A no: is wrong"],
      ["2", "=1+1", ""],
    ],
  });
  expect(writeTable(table)).toContain("\"'=1+1\"");
  expect(readTable(writeTable(table))).toEqual(table);
  expect(readTable("").rows).toEqual([]);
});

test("what is wrong is told by column", () => {
  const said = "C sex: is not in the table of values; AB date: of birth: is no date (allowed: 2024-01-31; 31/01/2024); two names";
  const faults = faultsOf(["case number", "sex", "date: of birth", "date"], said);
  expect(faults.get("sex")).toBe("is not in the table of values");
  expect(faults.get("date: of birth")).toBe("is no date (allowed: 2024-01-31; 31/01/2024); two names");
  expect(faultsOf(["a"], "the row has 3 cells").get("")).toBe("the row has 3 cells");
  expect(faultsOf(["a"], "").size).toBe(0);
});
