/**
 * Loaded into a function's process before anything of it (`node --import`). Wraps every way out of the process at the platform itself: each commit of the
 * store, each line to Gmail's SMTP and each request to its API, and each answer to them. So the points have no list to forget one in, and the built
 * function runs as it is. Each has a name, such as `store messages:sending.data, before`. `KILL_TRACE`: a file that every name is appended to;
 * `KILL_AT`: where SIGKILL strikes; `KILL_PORTS`: what listens at which port, as JSON.
 */
import { appendFileSync } from "node:fs";
import { ClientRequest } from "node:http";
import { Socket } from "node:net";
import { DatabaseSync, StatementSync } from "node:sqlite";

const { KILL_TRACE: trace, KILL_AT: killAt, KILL_PORTS: ports } = process.env;
const named: Readonly<Record<string, string>> = JSON.parse(ports ?? "{}");

const pass = (name: string): void => {
  if (trace !== undefined) appendFileSync(trace, `${name}\n`);
  if (name === killAt) process.kill(process.pid, "SIGKILL");
};

/** What the transaction under way has written. */
let written: string[] = [];

const stateOf = (json: unknown): string => {
  const { status, phase }: { status?: string; phase?: string } = JSON.parse(String(json));
  return [status, phase].filter((part) => part !== undefined).join(".");
};

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
  const name = sql === "COMMIT" && written.length > 0 ? `store ${[...new Set(written)].join(" + ")}` : null;
  if (name !== null) pass(`${name}, before`);
  exec.call(this, sql);
  if (name !== null) pass(`${name}, after`);
};

/** What was last said on a connection, by which its answer is named. */
const said = new WeakMap<Socket, string>();

const smtpName = (text: string, before: string | undefined): string => {
  if (text === ".\r\n") return "end of message";
  if (before === "DATA" || before === "message") return "message";
  return text.slice(0, 4).trim();
};

const textOf = (bytes: unknown): string =>
  bytes instanceof Uint8Array ? Buffer.from(bytes).toString("latin1") : String(bytes);

const serviceOf = (socket: Socket): string | undefined => named[String(socket.remotePort)];

const { write, emit } = Socket.prototype;
Socket.prototype.write = function (this: Socket, ...parameters: unknown[]): boolean {
  const service = serviceOf(this);
  const name = service === "smtp" ? smtpName(textOf(parameters[0]), said.get(this)) : undefined;
  if (name !== undefined) {
    said.set(this, name);
    pass(`${service} ${name}, before`);
  }
  const taken = Reflect.apply(write, this, parameters);
  if (name !== undefined) pass(`${service} ${name}, after`);
  return taken;
};

Socket.prototype.emit = function (this: Socket, ...parameters: unknown[]): boolean {
  if (parameters[0] === "data") {
    const service = serviceOf(this);
    if (service !== undefined)
      pass(`${service} ${said.get(this) ?? (service === "smtp" ? "greeting" : "request")}, answered`);
  }
  return Reflect.apply(emit, this, parameters);
};

const { end } = ClientRequest.prototype;
ClientRequest.prototype.end = function (this: ClientRequest, ...parameters: unknown[]) {
  const service = named[String(this.getHeader("host")).split(":")[1] ?? ""];
  const name = `${service} ${this.method} ${this.path.split("?")[0]?.split("/").at(-1)}`;
  if (service !== undefined) pass(`${name}, before`);
  const ended = Reflect.apply(end, this, parameters);
  if (service !== undefined) pass(`${name}, after`);
  return ended;
};
