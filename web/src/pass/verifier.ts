// The checking of passes inside the device: the server's own C (web/wasm/pass.c), which asks back for what a browser does
// better, inflating and signatures. Nothing of a pass stays behind: its bytes are cleared in the program's memory before
// the answer is given away, and the answer is the caller's to forget.

/** What the program asks for; a browser has all of it, tests bring their own. */
export interface Machine {
  /** At most `most` bytes; "too large" or "damaged" where there are more or it is not compressed so. */
  inflate(packed: Uint8Array, form: "zlib" | "raw", most: number): Promise<Uint8Array | "too large" | "damaged">;
  subtle: SubtleCrypto;
}

export interface RuleResult {
  rule: string;
  verdict: "met" | "not met" | "open";
  says?: string;
  legal_basis?: string;
  ends?: string;
}

export type Outcome = "fits" | "does not fit" | "cannot be checked";

/** As `tocsin verify --format json --holder --rules` writes it. */
export interface Report {
  verdict: string;
  text: string;
  next: string;
  because?: string;
  wanted?: string;
  form?: string;
  kind?: string;
  issuer?: string;
  kid?: string;
  issued?: string;
  expires?: string;
  trust_list?: string;
  trust_dated?: string;
  trust_age_days?: number;
  revocation_dated?: string;
  outcome: Outcome;
  other_way?: string;
  rules?: { fit: string; text: string; results: RuleResult[] };
  holder?: { name?: string; born?: string };
}

interface Program {
  memory: WebAssembly.Memory;
  _initialize(): void;
  pass_room(size: number): number;
  pass_trust(size: number): number;
  pass_rules(size: number): number;
  pass_language(language: number): void;
  pass_scan(size: number, now: number): number;
  pass_again(): number;
  pass_asked(): number;
  pass_asked_size(): number;
  pass_inflated_room(): number;
  pass_inflated(size: number): void;
  pass_signer(): number;
  pass_signature(): number;
  pass_signature_size(): number;
  pass_verified(good: number): void;
  pass_report(): number;
  pass_report_size(): number;
  pass_wipe(): void;
}

const CONTENT_BYTES = 65536; // CREDENTIAL_CONTENT_BYTES
const DONE = 0;
const INFLATE_ZLIB = 1;
const INFLATE_RAW = 2;
const languages = ["en", "zh", "bo"];

interface Key {
  algorithm: "ES256" | "PS256";
  key: string;
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
}

/** Inflate with the browser's stream, and stop as soon as there is too much. */
async function inflate(packed: Uint8Array, form: "zlib" | "raw", most: number): Promise<Uint8Array | "too large" | "damaged"> {
  const stream = new DecompressionStream(form === "zlib" ? "deflate" : "deflate-raw");
  const writer = stream.writable.getWriter();
  const ignore = () => undefined;
  writer.write(packed.slice()).catch(ignore);
  writer.close().catch(ignore);
  const reader = stream.readable.getReader();
  const bytes = new Uint8Array(most);
  let used = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return bytes.subarray(0, used);
      if (used + value.length > most) {
        reader.cancel().catch(ignore);
        bytes.fill(0);
        return "too large";
      }
      bytes.set(value, used);
      used += value.length;
      value.fill(0);
    }
  } catch {
    bytes.fill(0);
    return "damaged";
  }
}

export class Verifier {
  private keys: Key[] = [];
  private imported = new Map<number, Promise<CryptoKey>>();
  private turn: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly program: Program,
    private readonly machine: Machine,
  ) {}

  static async start(code: WebAssembly.Module, machine?: Machine): Promise<Verifier> {
    // The program opens nothing and prints nothing: what its C library would ask of a system is not there (8: no such file).
    const nothing = () => 8;
    const system = Object.fromEntries(WebAssembly.Module.imports(code).map((one) => [one.name, nothing]));
    const instance = await WebAssembly.instantiate(code, { wasi_snapshot_preview1: { ...system, environ_sizes_get: () => 52, environ_get: () => 52 } });
    const program = instance.exports as unknown as Program;
    program._initialize();
    return new Verifier(program, machine ?? { inflate, subtle: crypto.subtle });
  }

  /** One after the other: the program has one place for what it works on, and a check waits for answers in between. What
   * comes meanwhile, a scan or newer lists, waits; nothing is dropped. */
  private inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => undefined);
    return done;
  }

  /** Signers and revocation lists, as GET /api/v1/pass/trust gives them. */
  trust(text: string): Promise<void> {
    return this.inTurn(() => this.trustNow(text));
  }

  /** As GET /api/v1/pass/rules gives them. */
  rules(text: string): Promise<void> {
    return this.inTurn(() => this.rulesNow(text));
  }

  /** Check one text; the parts of a SMART card one a line. */
  check(text: string, now: number, language = "en"): Promise<Report> {
    return this.inTurn(() => this.checkNow(text, now, language));
  }

  private trustNow(text: string): void {
    const status = this.program.pass_trust(this.put(text));
    this.keys = status === 0 ? (JSON.parse(text) as { signers: Key[] }).signers : [];
    this.imported.clear();
    if (status !== 0) throw new Error(`the lists of issuers cannot be read (${status})`);
  }

  private rulesNow(text: string): void {
    const status = this.program.pass_rules(this.put(text));
    if (status !== 0) throw new Error(`the rules cannot be read (${status})`);
  }

  private async checkNow(text: string, now: number, language: string): Promise<Report> {
    const program = this.program;
    program.pass_language(languages.indexOf(language));
    try {
      let step = program.pass_scan(this.put(text), now);
      while (step !== DONE) {
        if (step < 0) throw new Error("there are no lists or no rules");
        if (step === INFLATE_ZLIB || step === INFLATE_RAW) await this.answerInflate(step);
        else await this.answerSignature();
        step = program.pass_again();
      }
      return JSON.parse(new TextDecoder().decode(this.bytes(program.pass_report(), program.pass_report_size()))) as Report;
    } finally {
      program.pass_wipe();
    }
  }

  private bytes(at: number, size: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.program.memory.buffer as ArrayBuffer, at, size);
  }

  private put(text: string): number {
    const bytes = new TextEncoder().encode(text);
    const at = this.program.pass_room(bytes.length);
    if (at === 0 && bytes.length > 0) throw new Error("out of memory");
    this.bytes(at, bytes.length).set(bytes);
    return bytes.length;
  }

  private async answerInflate(step: number): Promise<void> {
    const program = this.program;
    const packed = this.bytes(program.pass_asked(), program.pass_asked_size()).slice();
    const found = await this.machine.inflate(packed, step === INFLATE_ZLIB ? "zlib" : "raw", CONTENT_BYTES);
    packed.fill(0);
    if (typeof found === "string") {
      program.pass_inflated(found === "too large" ? -2 : -1);
      return;
    }
    this.bytes(program.pass_inflated_room(), found.length).set(found);
    program.pass_inflated(found.length);
    found.fill(0);
  }

  private key(index: number): Promise<CryptoKey> {
    let key = this.imported.get(index);
    const from = this.keys[index];
    if (key === undefined) {
      if (from === undefined) return Promise.reject(new Error("no such signer"));
      const kind = from.algorithm === "ES256" ? { name: "ECDSA", namedCurve: "P-256" } : { name: "RSA-PSS", hash: "SHA-256" };
      key = this.machine.subtle.importKey("spki", fromBase64(from.key), kind, false, ["verify"]);
      this.imported.set(index, key);
    }
    return key;
  }

  private async answerSignature(): Promise<void> {
    const program = this.program;
    const index = program.pass_signer();
    const message = this.bytes(program.pass_asked(), program.pass_asked_size()).slice();
    const signature = this.bytes(program.pass_signature(), program.pass_signature_size()).slice();
    const kind =
      this.keys[index]?.algorithm === "ES256" ? { name: "ECDSA", hash: "SHA-256" } : { name: "RSA-PSS", saltLength: 32 };
    const good = await this.machine.subtle.verify(kind, await this.key(index), signature, message);
    message.fill(0);
    program.pass_verified(good ? 1 : 0);
  }
}
