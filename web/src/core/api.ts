// SPDX-License-Identifier: GPL-3.0-or-later
// The server's API, typed by its own description: src/generated/api.ts is made from /openapi.json in each build.
import type { components, paths } from "../generated/api";

export type Schemas = components["schemas"];
type Method = "get" | "post" | "put" | "patch" | "delete";
type RoutesWith<M extends Method> = {
  [P in keyof paths]: paths[P][M] extends { responses: unknown } ? P : never;
}[keyof paths];
type Success<R> = { [S in keyof R]: S extends 200 | 201 ? R[S] : never }[keyof R];
type Reply<P extends keyof paths, M extends Method> = paths[P][M] extends { responses: infer R }
  ? Success<R> extends { content: { "application/json": infer T } }
    ? T
    : undefined
  : never;
type Query<P extends keyof paths, M extends Method> = paths[P][M] extends { parameters: { query?: infer Q } } ? Q : never;

/** One fault of what was sent: where, what was found, what is allowed. */
export type Fault = Schemas["fault"];

/** A problem document (RFC 9457), or that nobody answered (status 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly type: string,
    title: string,
    readonly faults: Fault[] = [],
  ) {
    super(title);
  }

  /** Whatever was thrown, as something that can be shown. */
  static of(failure: unknown): Problem {
    return failure instanceof Problem ? failure : new Problem(0, "/problems/program", String(failure));
  }
}

/** As whom a request is sent; src/core/session.ts keeps it. */
export const asWhom: { role: string | null; purpose: string | null } = { role: null, purpose: null };

export interface Request {
  path?: Record<string, string>;
  body?: unknown;
  bytes?: Blob; /** instead: as they are, of the type that the headers say */
  query?: URLSearchParams;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

function address(route: string, path: Record<string, string> = {}, query: Record<string, unknown> = {}): string {
  const filled = route.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ""));
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") words.set(name, String(value));
  }
  const text = words.toString();
  return text === "" ? filled : `${filled}?${text}`;
}

/** The headers that say who asks, in which role, for what. */
export function callerHeaders(): Record<string, string> {
  return {
    ...(asWhom.role === null ? {} : { "Tocsin-Role": asWhom.role }),
    ...(asWhom.purpose === null ? {} : { "Tocsin-Purpose": asWhom.purpose }),
  };
}

async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text();
  try {
    const document = JSON.parse(text) as Schemas["problem"];
    return new Problem(response.status, document.type, document.title, document.faults ?? []);
  } catch {
    return new Problem(response.status, "/problems/unknown", response.statusText);
  }
}

export async function ask(method: Method, target: string, request: Request): Promise<Response> {
  const headers: Record<string, string> = { ...callerHeaders(), ...request.headers };
  if (request.body !== undefined) headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(target, {
      method: method.toUpperCase(),
      headers,
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      ...(request.bytes === undefined ? {} : { body: request.bytes }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
  } catch (failure) {
    if (failure instanceof DOMException && failure.name === "AbortError") throw failure;
    throw new Problem(0, "/problems/offline", "The server does not answer");
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

export async function get<P extends RoutesWith<"get"> & string>(
  route: P,
  query: Query<P, "get"> | Record<string, never> = {},
  request: Request = {},
): Promise<Reply<P, "get">> {
  const response = await ask("get", address(route, request.path, query as Record<string, unknown>), request);
  return (await response.json()) as Reply<P, "get">;
}

async function send<P extends keyof paths & string, M extends Method>(method: M, route: P, request: Request): Promise<Reply<P, M>> {
  const response = await ask(method, address(route, request.path, Object.fromEntries(request.query ?? [])), request);
  const text = await response.text();
  return (text === "" ? undefined : JSON.parse(text)) as Reply<P, M>;
}

/** A write has a key of its own, so that the same one sent twice is done once. */
export function post<P extends RoutesWith<"post"> & string>(route: P, body: unknown, request: Request = {}): Promise<Reply<P, "post">> {
  return send("post", route, { ...request, body, headers: { "Idempotency-Key": newKey(), ...request.headers } });
}

/** version: the one that was read; another's change meanwhile is refused with status 412. */
export function patch<P extends RoutesWith<"patch"> & string>(
  route: P,
  path: Record<string, string>,
  version: number,
  body: unknown,
): Promise<Reply<P, "patch">> {
  const headers = { "If-Match": `"${version}"`, "Idempotency-Key": newKey() };
  return send("patch", route, { path, body, headers });
}

/** 128 random bits as text; crypto.randomUUID exists on https and loopback alone. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Get a file under the caller's role and hand it to the browser to keep. */
export async function download(route: string, query: Record<string, unknown>, name: string, headers: Record<string, string> = {}): Promise<void> {
  const response = await ask("get", address(route, {}, query), { headers });
  const place = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = place;
  link.download = name;
  link.click();
  URL.revokeObjectURL(place);
}
