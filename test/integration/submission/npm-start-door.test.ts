import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, describe, it } from "node:test";
import { freePort } from "../../../functions/runtime/local/free-port.ts";
import { RelaisProcess } from "../../builders/relais-process.ts";
import { plain } from "../../builders/smtp-door.ts";
import { smtpDialogue } from "../../google-sandbox/smtp-dialogue.ts";

const hold = async (port: number) => {
  const server = createServer();
  server.listen({ port, host: "127.0.0.1", exclusive: true });
  // Whoever has it already holds it as well. (`once` of node:events would reject with the error.)
  await new Promise((resolve) => server.once("listening", resolve).once("error", resolve));
  return () => server.close();
};

describe("npm start and the SMTP door", () => {
  const started: RelaisProcess[] = [];
  after(async () => {
    for (const relais of started) await relais.stop();
  });
  const start = async (environment: Readonly<Record<string, string>>): Promise<RelaisProcess> => {
    const relais = await RelaisProcess.start({ environment });
    started.push(relais);
    return relais;
  };
  const doorOf = async (relais: RelaisProcess): Promise<unknown> =>
    (await (await relais.operate("GET", "/v1/settings")).json()).smtpDoor;

  it("opens it on loopback, says where, and lets a key log in there", async () => {
    const port = await freePort();
    const relais = await start({ RELAIS_SMTP_PORT: String(port) });
    assert.match(relais.output, new RegExp(`^ {2}SMTP +127\\.0\\.0\\.1:${port} `, "m"));
    assert.deepEqual(await doorOf(relais), { host: "127.0.0.1", port });
    const made = await relais.operate("POST", "/v1/keys", { name: "ERP", permissions: ["send"] });
    const { key } = await made.json();
    const client = await smtpDialogue({ host: "localhost", port });
    await client.say("EHLO client");
    assert.match((await client.say(plain("relais", relais.setupToken))) ?? "", /^535 /, "people do not log in here");
    assert.match((await client.say(plain("relais", key))) ?? "", /^235 /);
    assert.equal(await relais.stop(), 0, relais.output);
  });

  it("starts without it where another program has the usual port, and says so", async () => {
    const release = await hold(2525);
    const relais = await start({ RELAIS_SMTP_PORT: "" });
    assert.match(relais.output, /^ {2}SMTP +not available: another program has port 2525 .*RELAIS_SMTP_PORT=2526/m);
    assert.doesNotMatch(relais.output, /door_connection_failed/);
    assert.equal(await doorOf(relais), null);
    release();
  });

  it("does not start where another program has the port that was asked for", async () => {
    const port = await freePort();
    const release = await hold(port);
    await assert.rejects(
      start({ RELAIS_SMTP_PORT: String(port) }),
      new RegExp(`Port ${port} is taken by another program.*RELAIS_SMTP_PORT=0`, "s"),
    );
    release();
  });

  it("has none for port 0", async () => {
    const relais = await start({ RELAIS_SMTP_PORT: "0" });
    assert.doesNotMatch(relais.output, /^ {2}SMTP /m);
    assert.equal(await doorOf(relais), null);
  });
});
