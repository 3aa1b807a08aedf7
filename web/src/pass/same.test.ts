// The device's program beside the server's, over the conformance sets and invented issuers: the same report, byte for
// byte, for each pass. tests/credential/device_cases.c writes what the server's says.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { webcrypto } from "node:crypto";
import { inflateRawSync, inflateSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Verifier, type Machine } from "./verifier.js";

const build = join(__dirname, "../../../build/tests/credential");

/** Node's inflate, told to say what is left behind the content, as libdeflate and browsers do. */
const machine: Machine = {
  subtle: webcrypto.subtle as SubtleCrypto,
  async inflate(packed, form, most) {
    try {
      const options = { maxOutputLength: most, info: true };
      const found = (form === "zlib" ? inflateSync(packed, options) : inflateRawSync(packed, options)) as unknown as {
        buffer: Uint8Array;
        engine: { bytesWritten: number };
      };
      return found.engine.bytesWritten === packed.length ? found.buffer : "damaged";
    } catch (error) {
      return (error as { code?: string }).code === "ERR_BUFFER_TOO_LARGE" ? "too large" : "damaged";
    }
  },
};

interface Line {
  rules?: string;
  device?: string;
  id: string;
  text: string;
  now: number;
  report: string;
}

let verifier: Verifier;
let folder: string;
let lines: Line[] = [];

beforeAll(async () => {
  const code = readFileSync(join(__dirname, "pass.wasm"));
  verifier = await Verifier.start(new WebAssembly.Module(code), machine);
  folder = mkdtempSync(join(tmpdir(), "tocsin-pass-"));
  if (!existsSync(join(build, "device_cases"))) return;
  execFileSync(join(build, "make_credentials"), [folder]);
  const shared = process.env.TOCSIN_SHARED_DATA ?? join(__dirname, "../../../../shared/data");
  const text = execFileSync(join(build, "device_cases"), [folder], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: { ...process.env, TOCSIN_SHARED_DATA: shared },
  });
  lines = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
});

afterAll(() => rmSync(folder, { recursive: true }));

test("the device says of every pass what the server says", async (context) => {
  if (lines.length === 0) {
    console.error("SKIPPED: build/tests/credential/device_cases is not built (./dev build)");
    return context.skip();
  }
  const verdicts = new Map<string, number>();
  for (const line of lines) {
    if (line.rules !== undefined) await verifier.rules(line.rules);
    else if (line.device !== undefined) await verifier.trust(line.device);
    else {
      const report = await verifier.check(line.text, line.now);
      expect(report, line.id).toEqual(JSON.parse(line.report));
      verdicts.set(report.verdict, (verdicts.get(report.verdict) ?? 0) + 1);
    }
  }
  console.log(`# ${[...verdicts.values()].reduce((a, b) => a + b)} passes: ${JSON.stringify(Object.fromEntries(verdicts))}`);
  expect(verdicts.get("genuine")).toBeGreaterThan(0);
  expect(verdicts.get("revoked")).toBeGreaterThan(0);
}, 120_000);

test("nothing of a pass is left in the program's memory", async (context) => {
  const genuine = lines.find((line) => line.id === "genuine");
  if (genuine === undefined) return context.skip();
  const first = (what: "rules" | "device") => lines.find((line) => line[what] !== undefined)?.[what] ?? "";
  await verifier.rules(first("rules"));
  await verifier.trust(first("device"));
  const report = await verifier.check(genuine.text, genuine.now);
  const held = [...(report.holder?.name?.split(", ") ?? []), report.holder?.born ?? ""];
  expect(held.length).toBe(3);
  const { memory } = (verifier as unknown as { program: { memory: WebAssembly.Memory } }).program;
  for (const part of [...held, genuine.text.slice(0, 40), genuine.text.slice(-40)]) {
    expect(part.length).toBeGreaterThan(2);
    expect(Buffer.from(memory.buffer).includes(part), part).toBe(false);
  }
});

test("a scan waits for the one before and for newer lists: each has its own answer", async (context) => {
  const genuine = lines.find((line) => line.id === "genuine");
  if (genuine === undefined) return context.skip();
  const device = lines.find((line) => line.device !== undefined)?.device ?? "";
  await verifier.rules(lines.find((line) => line.rules !== undefined)?.rules ?? "");
  await verifier.trust(device);
  const spoilt = genuine.text.slice(0, -1) + (genuine.text.endsWith("0") ? "1" : "0");
  const all = [verifier.check(genuine.text, genuine.now), verifier.check(spoilt, genuine.now)];
  const renewed = verifier.trust(device);
  all.push(verifier.check(genuine.text, genuine.now));
  await renewed;
  const [one, other, again] = await Promise.all(all);
  expect([one?.verdict, again?.verdict]).toEqual(["genuine", "genuine"]);
  expect(other?.verdict).not.toBe("genuine");
  await expect(verifier.trust("{")).rejects.toThrow("cannot be read");
});
