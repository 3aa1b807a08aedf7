// SPDX-License-Identifier: GPL-3.0-or-later
// @vitest-environment happy-dom
import { render } from "preact";
import { beforeEach, expect, test, vi } from "vitest";

const told: (() => void)[] = [];
vi.mock("./live", () => ({
  onChange: (_records: readonly string[], tell: () => void) => {
    told.push(tell);
    return () => void told.splice(told.indexOf(tell), 1);
  },
}));
const { keptFor, useData } = await import("./data");

interface Asked {
  signal: AbortSignal;
  answer: (text: string) => void;
  fail: (failure: Error) => void;
}
let asked: Asked[] = [];

function ask(signal: AbortSignal): Promise<string> {
  return new Promise((answer, fail) => asked.push({ signal, answer, fail }));
}

function Page({ of }: { of: string }) {
  const data = useData(of, ask, ["case"]);
  return <p>{`${data.value ?? "nothing"}${data.loading ? ", loading" : ""}${data.failure === null ? "" : ", failed"}`}</p>;
}

async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((done) => setTimeout(done, 5));
}

async function show(of: string): Promise<void> {
  render(<Page of={of} />, document.body);
  await settle();
}

beforeEach(() => {
  render(null, document.body);
  asked = [];
});

test("changes that come faster than answers do not keep the answers away", async () => {
  await show("a");
  for (let i = 0; i < 5; i++) told.forEach((tell) => tell());
  await settle();
  expect(asked).toHaveLength(1);
  expect(asked[0]?.signal.aborted).toBe(false);
  asked[0]?.answer("first");
  await settle();
  expect(document.body.textContent).toBe("first, loading"); // what came is shown; what changed meanwhile is asked for
  expect(asked).toHaveLength(2);
  asked[1]?.answer("second");
  await settle();
  expect(document.body.textContent).toBe("second");
  expect(asked).toHaveLength(2);
});

test("another key ends what was asked for, and its answer is not shown", async () => {
  await show("a");
  await show("b");
  expect(asked.map((one) => one.signal.aborted)).toEqual([true, false]);
  asked[1]?.answer("of b");
  await settle();
  asked[0]?.answer("of a, late");
  await settle();
  expect(document.body.textContent).toBe("of b");
  expect(told).toHaveLength(1);
});

test("after a failure the next change asks again and keeps what is there", async () => {
  await show("a");
  asked[0]?.answer("first");
  await settle();
  told.forEach((tell) => tell());
  await settle();
  asked[1]?.fail(new Error("no network"));
  await settle();
  expect(document.body.textContent).toBe("first, failed");
  told.forEach((tell) => tell());
  await settle();
  asked[2]?.answer("third");
  await settle();
  expect(document.body.textContent).toBe("third");
});

test("what is kept is asked for again when its key or its time says so", async () => {
  const keep = keptFor<number>(1000);
  let asked = 0;
  const ask = () => Promise.resolve(++asked);
  vi.useFakeTimers();
  try {
    expect([await keep("monday", ask), await keep("monday", ask)]).toEqual([1, 1]);
    expect(await keep("tuesday", ask)).toBe(2);
    vi.advanceTimersByTime(1001);
    expect(await keep("tuesday", ask)).toBe(3);
    await expect(keep("wednesday", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await keep("tuesday", ask)).toBe(3);
  } finally {
    vi.useRealTimers();
  }
});
