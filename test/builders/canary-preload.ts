/**
 * Preloaded (`node --import`) into every process of a suite with `RELAIS_CANARY_DIR`: records what leaves Relais. An
 * answer is Relais's if it has `X-Request-Id`, and a row if its table is one of Relais's; the sandbox has neither.
 */
import { ServerResponse } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { type Channel, noteOutput, noteSecret } from "./canary.ts";

/** Bodies of 24 MB are not worth scanning, because a test sent them. */
const MAX_TEXT = 300_000;
const LOG_LIMIT = 20_000;

/** Without decoding it: a character of UTF-16 takes at most three bytes. */
const isTooLong = (chunk: unknown): boolean =>
  typeof chunk === "string" ? chunk.length >= MAX_TEXT : chunk instanceof Uint8Array && chunk.length >= 3 * MAX_TEXT;

const textOf = (chunk: unknown): string =>
  typeof chunk === "string" ? chunk : chunk instanceof Uint8Array ? Buffer.from(chunk).toString("utf8") : "";

const program = process.argv[1]?.replace(/^.*\/(functions|infra|test|dist)\//, "$1/") ?? "";
/** The sandbox as a program of its own prints its client's secret, as Google's console would show it. */
const isSandbox = program.startsWith("test/google-sandbox/");
noteOutput("arguments", program, [...process.execArgv, ...process.argv].join(" "));

for (const [stream, channel] of [
  [process.stdout, "log"],
  [process.stderr, "error"],
] as const) {
  const write = stream.write.bind(stream);
  const noted = (...args: Parameters<typeof write>): boolean => {
    if (!isSandbox) noteOutput(channel, program, textOf(args[0]).slice(0, LOG_LIMIT));
    return write(...args);
  };
  stream.write = noted as typeof stream.write;
}

const parts = new WeakMap<ServerResponse, string[]>();
const remember = (response: ServerResponse, chunk: unknown): void => {
  if (isTooLong(chunk)) return;
  const text = textOf(chunk);
  if (text !== "" && text.length < MAX_TEXT) parts.set(response, [...(parts.get(response) ?? []), text]);
};

/** Headers passed to `writeHead` are sent without being stored on the response. */
const headersOfWriteHead = new WeakMap<ServerResponse, Record<string, unknown>>();
const headersOf = (response: ServerResponse): ReadonlyMap<string, string> =>
  new Map(
    Object.entries({ ...response.getHeaders(), ...headersOfWriteHead.get(response) }).map(([name, value]) => [
      name.toLowerCase(),
      [value].flat().join("\n"),
    ]),
  );

const noteAnswer = (response: ServerResponse): void => {
  const headers = headersOf(response);
  if (!headers.has("x-request-id")) return;
  const body = (parts.get(response) ?? []).join("");
  const where = `${response.req.method} ${response.req.url?.split("?")[0]} ${response.statusCode}`;
  noteSecret("session", /^__session=([^;]+)/m.exec(headers.get("set-cookie") ?? "")?.[1]);
  // The only answer that shows a new key.
  const key = response.statusCode === 201 ? /"key":"(rk_[^"]+)"/.exec(body)?.[1] : undefined;
  noteSecret("key", key);
  // Google's authorization URL contains state and challenge by design, and the cookie its session.
  const shown = [...headers].filter(
    ([name, value]) => name !== "set-cookie" && !(name === "location" && value.includes("code_challenge=")),
  );
  const page = headers.get("content-type")?.startsWith("text/html") ?? false;
  const text = `${shown.map(([name, value]) => `${name}: ${value}`).join("\n")}\n${key === undefined ? body : ""}`;
  noteOutput(page ? "page" : "answer", where, text);
};

const { write, writeHead, end } = ServerResponse.prototype;
ServerResponse.prototype.writeHead = function (this: ServerResponse, ...args: unknown[]) {
  const last = args.at(-1);
  if (typeof last === "object" && last !== null && !Array.isArray(last)) headersOfWriteHead.set(this, { ...last });
  return Reflect.apply(writeHead, this, args);
} as typeof writeHead;
ServerResponse.prototype.write = function (this: ServerResponse, ...args: Parameters<typeof write>) {
  remember(this, args[0]);
  return write.apply(this, args);
} as typeof write;
ServerResponse.prototype.end = function (this: ServerResponse, ...args: Parameters<typeof end>) {
  remember(this, args[0]);
  const answered = end.apply(this, args);
  noteAnswer(this);
  return answered;
} as typeof end;

const WRITES = /^\s*(?:INSERT|UPDATE|REPLACE)/i;
const TABLES =
  /(?:INTO|UPDATE)\s+"?(mailServers|serverNames|settings|sessions|keys|oauthStates|accessTokens|messages|bodyChunks|quotas|audit|securityEvents|queue|secrets?)\b/i;

const prepare = DatabaseSync.prototype.prepare;
DatabaseSync.prototype.prepare = function (this: DatabaseSync, ...args: Parameters<typeof prepare>) {
  const statement = prepare.apply(this, args);
  const table = WRITES.test(args[0]) ? TABLES.exec(args[0])?.[1] : undefined;
  if (table === undefined) return statement;
  for (const method of ["run", "get", "all"] as const) {
    const call = statement[method].bind(statement) as (...values: unknown[]) => unknown;
    const noted = (...values: unknown[]): unknown => {
      const flat = values.flatMap((value) =>
        typeof value === "object" && value !== null && !(value instanceof Uint8Array) ? Object.values(value) : [value],
      );
      if (!flat.some(isTooLong)) {
        const text = flat.map((value) => textOf(value)).join("\n");
        const channel: Channel = text.includes("mail-events") ? "event" : "store";
        if (text.length < MAX_TEXT) noteOutput(channel, table, text);
      }
      return call(...values);
    };
    Object.defineProperty(statement, method, { value: noted });
  }
  return statement;
};
