import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { MINUTE } from "../../../functions/domain/clock.ts";
import { readCertificate } from "../../../functions/submission/certificate.ts";
import { eventually } from "../../builders/eventually.ts";
import {
  programSession,
  type RelaisStandIn,
  STAND_IN_KEY,
  startRelaisStandIn,
} from "../../builders/relais-stand-in.ts";
import { plain, sendBy, startDoor, type TestDoor } from "../../builders/smtp-door.ts";
import { issueCertificates } from "../../google-sandbox/certificates.ts";
import { smtpDialogue } from "../../google-sandbox/smtp-dialogue.ts";

/** So that nothing but the number of connections ends one. */
const FAR_AWAY_MS = 10 * MINUTE;

interface Flood {
  /** What each has heard, the oldest first. */
  readonly heard: readonly string[];
  /** How many the door has ended. */
  ended(): number;
}

describe("strangers at the SMTP door", () => {
  const folder = mkdtempSync(join(tmpdir(), "relais-strangers-"));
  const issued = issueCertificates();
  const sockets: Socket[] = [];
  let relais: RelaisStandIn;
  let door: TestDoor;
  before(async () => {
    relais = await startRelaisStandIn();
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await door.close();
  });
  after(async () => {
    await relais.close();
    rmSync(folder, { recursive: true });
  });

  /** Connections that never close their side. The first of them says something as soon as it is greeted. */
  const flood = async (port: number, count: number, words = ""): Promise<Flood> => {
    const heard = Array<string>(count).fill("");
    let ended = 0;
    for (let at = 0; at < count; at += 1) {
      const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
      sockets.push(socket);
      socket.on("error", () => undefined);
      socket.once("end", () => {
        ended += 1;
      });
      socket.on("data", (bytes) => {
        if (heard[at] === "" && words !== "") socket.write(words);
        heard[at] += String(bytes);
      });
      await once(socket, "connect");
    }
    return { heard, ended: () => ended };
  };

  for (const words of ["", "EHLO stranger\r\n"]) {
    it(`keep no program out, even 300 from its own address that say ${words === "" ? "nothing" : "EHLO"}`, async () => {
      door = await startDoor(relais.origin, { limits: { loginMs: FAR_AWAY_MS } });
      const idle = await door.logIn();
      const { heard, ended } = await flood(door.port, 300, words);
      const program = await door.logIn();
      assert.equal(await sendBy(program), "250 2.0.0 msg_1");
      assert.equal(await sendBy(idle), "250 2.0.0 msg_1");
      await eventually("those beyond the places are ended", () => ended() >= 200);
      assert.match(heard[0] ?? "", /^421 4\.3\.2 .*\r\n$/m);
      assert.doesNotMatch(heard.at(-1) ?? "", /421/);
      assert.equal(door.codes().filter((code) => code === "door_connections_full").length, 1);
    });
  }

  it("keep no program out by TLS handshakes that they do not finish, from the first byte or after STARTTLS", async () => {
    const files = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
    writeFileSync(files.cert, issued.certificate);
    writeFileSync(files.key, issued.key);
    door = await startDoor(relais.origin, {
      listenTls: [{ host: "127.0.0.1", port: 0 }],
      certificate: { files, first: readCertificate(files) },
      limits: { strangers: 10, loginMs: FAR_AWAY_MS },
    });
    const silent = await flood(door.tlsPort, 30);
    await eventually("the handshakes beyond the places are ended", () => silent.ended() >= 20);
    const upgrading = await flood(door.port, 30, "EHLO stranger\r\nSTARTTLS\r\n");
    await eventually("the handshakes make room", () => silent.ended() === 30);
    await eventually("the connections beyond the places are ended", () => upgrading.ended() >= 20);
    await eventually("the others shake hands", () => upgrading.heard.filter((text) => /TLS/.test(text)).length >= 10);
    await flood(door.port, 10);
    await eventually("they make room as well", () => upgrading.ended() === 30);
    const program = await smtpDialogue({ host: "127.0.0.1", port: door.tlsPort, ca: issued.ca });
    await program.say("EHLO client");
    assert.match((await program.say(plain("relais", STAND_IN_KEY))) ?? "", /^235 /);
    assert.equal(await sendBy(program), "250 2.0.0 msg_1");
    program.close();
  });

  it("take no place of a login that is being checked, and its time does not run out meanwhile", async () => {
    let answer = (): void => undefined;
    const slow = await startRelaisStandIn();
    const asked = new Promise<void>((resolve) => {
      slow.onSession = () =>
        new Promise((proceed) => {
          answer = () => proceed(programSession());
          resolve();
        });
    });
    door = await startDoor(slow.origin, { limits: { strangers: 3, loginMs: 2_500 } });
    const program = await door.greet();
    const reply = program.say(plain("relais", STAND_IN_KEY));
    await asked;
    const { heard } = await flood(door.port, 20);
    await eventually("a later one's time has run out", () => /^421 4\.4\.2 /m.test(heard.at(-1) ?? ""));
    assert.match(heard[0] ?? "", /^421 4\.3\.2 /m);
    answer();
    assert.match((await reply) ?? "", /^235 /);
    assert.equal(await sendBy(program), "250 2.0.0 msg_1");
    await slow.close();
  });
});
