/**
 * A program that leaks what it is given once through every channel, as a faulty Relais would. Run with
 * `canary-preload.ts`.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { DatabaseSync } from "node:sqlite";

const secret = process.argv[2] ?? "";
console.log(JSON.stringify({ message: "sent", token: Buffer.from(`Bearer ${secret}`).toString("base64") }));
console.error(new Error(`refused: ${secret}`).message);

const database = new DatabaseSync(":memory:");
database.exec('CREATE TABLE "messages" (id TEXT, value TEXT); CREATE TABLE queue (topic TEXT, data TEXT)');
database.prepare('INSERT INTO "messages" (id, value) VALUES (?, ?)').run("msg_1", JSON.stringify({ secret }));
database
  .prepare("INSERT INTO queue (topic, data) VALUES (?, ?)")
  .run("mail-events", Buffer.from(secret).toString("hex"));

const server = createServer((req, res) => {
  res.setHeader("X-Request-Id", "req_1");
  res.setHeader("Content-Type", req.url === "/page" ? "text/html" : "application/json");
  res.write("<p>");
  res.end(encodeURIComponent(secret));
}).listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo;
for (const path of ["/page", "/answer"]) await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
server.closeAllConnections();
server.close();
