/**
 * Loaded into a function's process before anything else (`node --import`). Wraps every way out of the process at the
 * platform itself: each commit of the embedded store, each request that writes to Firestore, Pub/Sub or Secret Manager,
 * each line to Gmail's SMTP and each request to its API, and each answer to them. So there is no list of points in
 * which one could be forgotten, and the built function runs unchanged. Each point has a name such as `store
 * messages:sending.data, before`. `KILL_TRACE`: a file that every name is appended to. `KILL_AT`: where SIGKILL
 * strikes. `KILL_ONCE`: a file without which no point counts yet. `KILL_PORTS`: what listens on which port, as JSON.
 */
import { appendFileSync, existsSync } from "node:fs";
import { Socket } from "node:net";
import { DatabaseSync, StatementSync } from "node:sqlite";
import { requestName, stateOf, wholeRequest, writesName } from "./request-names.ts";

const { KILL_TRACE: trace, KILL_AT: killAt, KILL_ONCE: once, KILL_PORTS: ports } = process.env;
const named: Readonly<Record<string, string>> = JSON.parse(ports ?? "{}");

const pass = (name: string): void => {
  if (once !== undefined && !existsSync(once)) return;
  if (trace !== undefined) appendFileSync(trace, `${name}\n`);
  if (name === killAt) process.kill(process.pid, "SIGKILL");
};

/** What the current transaction has written. */
let written: string[] = [];

const noteWrite = (sql: string, parameters: readonly unknown[]): void => {
  const [, act, table] = /^\s*(INSERT INTO|DELETE FROM|UPDATE) "?(\w+)"?/.exec(sql) ?? [];
  if (act === undefined || table === undefined || table === "versions") return;
  if (table === "messages") written.push(`messages:${stateOf(parameters[2])}`);
  else if (table === "queue") written.push(`queue:${String(parameters[0])}`);
  else written.push(act === "DELETE FROM" ? `${table} deleted` : table);
};

const { run } = StatementSync.prototype;
StatementSync.prototype.run = function (this: StatementSync, ...parameters: unknown[]) {
  noteWrite(this.sourceSQL, parameters);
  return Reflect.apply(run, this, parameters);
};

const { exec } = DatabaseSync.prototype;
DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string) {
  if (sql.startsWith("BEGIN")) written = [];
  const name = sql === "COMMIT" ? writesName(written) : undefined;
  if (name !== undefined) pass(`store ${name}, before`);
  exec.call(this, sql);
  if (name !== undefined) pass(`store ${name}, after`);
};

/** What was last said on a connection; the answer is named after it. */
const said = new WeakMap<Socket, string>();

/** The commands of a group, up to a chunk's; and whether the octets of a last chunk go with them. */
const groupIn = (text: string): { readonly verbs: readonly string[]; readonly isWhole: boolean } => {
  const verbs: string[] = [];
  let length = 0;
  for (const line of text.split("\r\n")) {
    verbs.push(line.slice(0, 4).trim());
    length += line.length + 2;
    const size = /^BDAT (\d+) LAST$/.exec(line)?.[1];
    if (size !== undefined) return { verbs, isWhole: text.length - length >= Number(size) };
  }
  return { verbs: verbs.filter((verb) => verb !== ""), isWhole: false };
};

const smtpName = (text: string, before: string | undefined): string => {
  if (text === ".\r\n") return "smtp end of message";
  if (before?.endsWith("DATA") === true || before === "smtp message") return "smtp message";
  const { verbs, isWhole } = groupIn(text);
  return isWhole ? "smtp end of message" : `smtp ${verbs.join(" ")}`;
};

/** How many replies each connection is still owed. */
const owed = new WeakMap<Socket, number>();

const noteOwed = (socket: Socket, text: string, name: string): void => {
  const replies = name === "smtp message" ? 0 : groupIn(text).verbs.length;
  owed.set(socket, (owed.get(socket) ?? 0) + replies);
};

/** Whether the last reply that is owed has come; what answers a part of a group is no answer yet. */
const isAnswered = (socket: Socket, bytes: unknown): boolean => {
  const left = (owed.get(socket) ?? 1) - (textOf(bytes).match(/^\d{3}(?: |\r)/gm)?.length ?? 0);
  owed.set(socket, Math.max(0, left));
  return left <= 0;
};

/** The bytes of a request that is not complete yet. */
const partOfRequest = new WeakMap<Socket, string>();

/** The name comes with the last bytes of a request that has one. */
const nameWithLastBytes = (socket: Socket, service: string, text: string): string | undefined => {
  const bytes = (partOfRequest.get(socket) ?? "") + text;
  const request = wholeRequest(bytes);
  partOfRequest.set(socket, request === undefined ? bytes : "");
  return request === undefined ? undefined : requestName(service, request);
};

const textOf = (bytes: unknown): string =>
  bytes instanceof Uint8Array ? Buffer.from(bytes).toString("latin1") : Buffer.from(String(bytes)).toString("latin1");

/** Keyed by the port that was asked for: what is written before the connection is open knows no remote port yet. */
const services = new WeakMap<Socket, string>();

const portIn = (parameters: readonly unknown[]): unknown => {
  const [first] = parameters.flat();
  return typeof first === "object" && first !== null ? Reflect.get(first, "port") : first;
};

const { connect, write, emit } = Socket.prototype;
Socket.prototype.connect = function (this: Socket, ...parameters: unknown[]) {
  const service = named[String(portIn(parameters))];
  if (service !== undefined) services.set(this, service);
  return Reflect.apply(connect, this, parameters);
};

const nameOf = (socket: Socket, bytes: unknown): string | undefined => {
  const service = services.get(socket);
  if (service === "smtp") return smtpName(textOf(bytes), said.get(socket));
  return service === undefined ? undefined : nameWithLastBytes(socket, service, textOf(bytes));
};

/**
 * The system has the bytes now; node may have held them back until the connection was open, or until others could go
 * with them.
 */
const whenHandedOver = (socket: Socket, then: () => void): void => {
  if (socket.connecting) socket.once("connect", () => setImmediate(then));
  else setImmediate(then);
};

Socket.prototype.write = function (this: Socket, ...parameters: unknown[]): boolean {
  const name = nameOf(this, parameters[0]);
  if (name === undefined) return Reflect.apply(write, this, parameters);
  said.set(this, name);
  if (services.get(this) === "smtp") noteOwed(this, textOf(parameters[0]), name);
  pass(`${name}, before`);
  const taken = Reflect.apply(write, this, parameters);
  if (services.get(this) === "smtp") pass(`${name}, after`);
  else whenHandedOver(this, () => pass(`${name}, under way`));
  return taken;
};

const noteAnswer = (socket: Socket, bytes: unknown): void => {
  const service = services.get(socket);
  if (service === undefined || (service === "smtp" && !isAnswered(socket, bytes))) return;
  const name = said.get(socket) ?? (service === "smtp" ? "smtp greeting" : undefined);
  if (name === undefined) return;
  // The rest of an HTTP answer is not a second answer.
  if (service !== "smtp") said.delete(socket);
  pass(`${name}, answered`);
};

Socket.prototype.emit = function (this: Socket, ...parameters: unknown[]): boolean {
  if (parameters[0] === "data") noteAnswer(this, parameters[1]);
  return Reflect.apply(emit, this, parameters);
};
