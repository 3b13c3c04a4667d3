import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect as plainSocket } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connect, type DetailedPeerCertificate } from "node:tls";
import { promisify } from "node:util";
import { freePort } from "../../../functions/runtime/local/free-port.ts";
import { readCertificate } from "../../../functions/submission/certificate.ts";
import { DoorProcess } from "../../builders/door-process.ts";
import { eventually } from "../../builders/eventually.ts";
import { type RelaisStandIn, STAND_IN_KEY, startRelaisStandIn } from "../../builders/relais-stand-in.ts";
import { MAIL, plain, sendBy, startDoor, type TestDoor } from "../../builders/smtp-door.ts";
import { issueCertificates } from "../../google-sandbox/certificates.ts";
import { type SmtpDialogue, smtpDialogue } from "../../google-sandbox/smtp-dialogue.ts";

/** An address of this machine that is not loopback; a machine without one cannot be reached either. */
const outside = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ internal, family }) => !internal && family === "IPv4")?.address;

const offered = (ehlo: string | null): readonly string[] =>
  (ehlo ?? "")
    .split("\r\n")
    .slice(1)
    .map((line) => line.slice(4));

describe("the SMTP door with a certificate", () => {
  const folder = mkdtempSync(join(tmpdir(), "relais-door-"));
  const files = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
  const issued = issueCertificates();
  let relais: RelaisStandIn;
  let door: TestDoor;
  const opened: SmtpDialogue[] = [];
  before(async () => {
    writeFileSync(files.cert, issued.certificate);
    writeFileSync(files.key, issued.key);
    relais = await startRelaisStandIn();
    door = await startDoor(relais.origin, {
      listen: [{ host: "0.0.0.0", port: 0 }],
      listenTls: [{ host: "127.0.0.1", port: 0 }],
      certificate: { files, first: readCertificate(files) },
      limits: { certificateMs: 20 },
    });
  });
  after(async () => {
    for (const dialogue of opened) dialogue.close();
    await door.close();
    await relais.close();
    rmSync(folder, { recursive: true });
  });
  const dialogue = async (host: string): Promise<SmtpDialogue> => {
    const made = await smtpDialogue({ host, port: door.port });
    opened.push(made);
    return made;
  };

  it("accepts a login after STARTTLS, and forgets what came before it", async () => {
    const client = await dialogue("127.0.0.1");
    assert.ok(offered(await client.say("EHLO client")).includes("STARTTLS"));
    assert.match((await client.say(plain("relais", STAND_IN_KEY))) ?? "", /^235 /);
    assert.match((await client.say("STARTTLS")) ?? "", /^220 /);
    await client.startTls(issued.ca);
    const secure = offered(await client.say("EHLO client"));
    assert.ok(secure.includes("AUTH PLAIN LOGIN"));
    assert.ok(!secure.includes("STARTTLS"));
    assert.match((await client.say("MAIL FROM:<>")) ?? "", /^530 5\.7\.0 /);
    assert.match((await client.say(plain("relais", STAND_IN_KEY))) ?? "", /^235 /);
    assert.equal(await sendBy(client), "250 2.0.0 msg_1");
  });

  it("discards what is sent in clear right after STARTTLS", async () => {
    const client = await dialogue("127.0.0.1");
    await client.say("EHLO client");
    assert.match((await client.write("STARTTLS\r\nEHLO evil\r\nNOOP\r\n")) ?? "", /^220 /);
    await client.startTls(issued.ca);
    assert.match((await client.say("MAIL FROM:<>")) ?? "", /^503 .*HELO\/EHLO first/);
  });

  it("speaks TLS from the first byte on the other port", async () => {
    const client = await smtpDialogue({ host: "127.0.0.1", port: door.tlsPort, ca: issued.ca });
    opened.push(client);
    const list = offered(await client.say("EHLO client"));
    assert.ok(list.includes("AUTH PLAIN LOGIN") && !list.includes("STARTTLS"));
    assert.match((await client.say(plain("relais", STAND_IN_KEY))) ?? "", /^235 /);
    assert.equal(await sendBy(client), "250 2.0.0 msg_1");
  });

  it("accepts neither a password nor a message in clear from another machine", {
    skip: outside === undefined,
  }, async () => {
    const client = await dialogue(outside ?? "");
    const asked = relais.sessions.length;
    const list = offered(await client.say("EHLO client"));
    assert.deepEqual(
      list.filter((one) => /^(AUTH|STARTTLS)/.test(one)),
      ["STARTTLS"],
    );
    assert.match((await client.say(plain("relais", STAND_IN_KEY))) ?? "", /^538 5\.7\.11 /);
    assert.match((await client.say("auth login")) ?? "", /^538 5\.7\.11 /);
    for (const line of ["MAIL FROM:<>", "MAIL FROM:<> SIZE=1"])
      assert.match((await client.say(line)) ?? "", /^530 5\.7\.0 .*STARTTLS/);
    assert.match((await client.say("RCPT TO:<client@example.org>")) ?? "", /^503 /);
    assert.match((await client.say("DATA")) ?? "", /^503 /);
    assert.equal(relais.sessions.length, asked);
    assert.match((await client.say("STARTTLS")) ?? "", /^220 /);
    await client.startTls(issued.ca, "127.0.0.1");
    assert.ok(offered(await client.say("EHLO client")).includes("AUTH PLAIN LOGIN"));
    assert.match((await client.say(plain("relais", STAND_IN_KEY))) ?? "", /^235 /);
  });

  it("is spoken to by curl and Python, by STARTTLS and from the first byte", async () => {
    const [ca, mail] = [join(folder, "ca.pem"), join(folder, "mail.eml")];
    writeFileSync(ca, issued.ca);
    writeFileSync(mail, MAIL);
    const run = promisify(execFile);
    const has = async (program: string): Promise<boolean> =>
      run(program, ["--version"]).then(
        () => true,
        () => false,
      );
    const before = relais.mails.length;
    const expected: string[] = [];
    if (await has("curl")) {
      const login = ["--user", `relais:${STAND_IN_KEY}`, "--cacert", ca, "--ssl-reqd", "-sS", "--upload-file", mail];
      for (const url of [`smtp://localhost:${door.port}`, `smtps://localhost:${door.tlsPort}`]) {
        await run("curl", [url, "--mail-from", "ada@example.com", "--mail-rcpt", "client@example.org", ...login]);
        expected.push(url);
      }
    }
    if (await has("python3")) {
      const program = [
        "import smtplib, ssl, sys",
        "port, tls_port, ca, key, mail = sys.argv[1:]",
        "context = ssl.create_default_context(cafile=ca)",
        "first = smtplib.SMTP('localhost', int(port))",
        "first.starttls(context=context)",
        "for smtp in (first, smtplib.SMTP_SSL('localhost', int(tls_port), context=context)):",
        "    smtp.login('relais', key)",
        "    smtp.sendmail('ada@example.com', ['client@example.org'], open(mail, 'rb').read())",
        "    smtp.quit()",
      ].join("\n");
      await run("python3", ["-c", program, String(door.port), String(door.tlsPort), ca, STAND_IN_KEY, mail]);
      expected.push("python starttls", "python smtps");
    }
    assert.equal(relais.mails.length - before, expected.length, expected.join());
  });

  it("waits for a handshake no longer than for a login", async () => {
    const silent = async (port: number, opening: string): Promise<void> => {
      const socket = plainSocket({ host: "127.0.0.1", port });
      socket.on("error", () => undefined);
      if (opening !== "") await once(socket, "data");
      socket.write(opening);
      socket.resume();
      await once(socket, "close");
    };
    const impatient = await startDoor(relais.origin, {
      listenTls: [{ host: "127.0.0.1", port: 0 }],
      certificate: { files, first: readCertificate(files) },
      limits: { loginMs: 2_000 },
    });
    await Promise.all([silent(impatient.tlsPort, ""), silent(impatient.port, "EHLO client\r\nSTARTTLS\r\n")]);
    await impatient.close();
  });

  it("refuses TLS before 1.2, even if all of Node is told to accept it", async () => {
    const port = await freePort();
    const lenient = await DoorProcess.start({
      RELAIS_URL: relais.origin,
      SMTP_TLS_LISTEN: `127.0.0.1:${port}`,
      SMTP_TLS_CERT: files.cert,
      SMTP_TLS_KEY: files.key,
      NODE_OPTIONS: "--tls-min-v1.0 --tls-cipher-list=DEFAULT@SECLEVEL=0",
    });
    const shakeHands = (version: "TLSv1" | "TLSv1.2"): Promise<string> =>
      new Promise((resolve) => {
        const ciphers = "DEFAULT@SECLEVEL=0";
        const limits = { minVersion: version, maxVersion: version } as const;
        const socket = connect({ host: "127.0.0.1", port, ca: issued.ca, ciphers, ...limits });
        socket.once("secureConnect", () => resolve("secure"));
        socket.once("error", (error) => resolve(String(error)));
        socket.once("close", () => resolve("closed"));
        socket.once("secureConnect", () => socket.destroy());
      });
    try {
      assert.equal(await shakeHands("TLSv1.2"), "secure");
      assert.match(await shakeHands("TLSv1"), /protocol version|handshake failure/i);
      await eventually("the log reports it", () => lenient.output.includes("door_connection_failed"));
    } finally {
      await lenient.end("SIGKILL");
    }
  });

  it("uses a renewed certificate without a restart, and keeps the former one while the files do not match", async () => {
    const shown = (): Promise<DetailedPeerCertificate> =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: "127.0.0.1", port: door.tlsPort, rejectUnauthorized: false }, () => {
          resolve(socket.getPeerCertificate(true));
          socket.destroy();
        });
        socket.once("error", reject);
      });
    const before = (await shown()).fingerprint256;
    const renewed = issueCertificates();
    writeFileSync(files.cert, renewed.certificate);
    await eventually("the log tells of the fault", () => door.codes().includes("door_certificate_unusable"));
    assert.equal((await shown()).fingerprint256, before);
    writeFileSync(files.key, renewed.key);
    await eventually("the new certificate", async () => (await shown()).fingerprint256 !== before);
    assert.ok(door.codes().includes("door_certificate_renewed"));
    const client = await smtpDialogue({ host: "127.0.0.1", port: door.tlsPort, ca: renewed.ca });
    opened.push(client);
    assert.match((await client.say("EHLO client")) ?? "", /^250/);
    const starting = await dialogue("127.0.0.1");
    await starting.say("EHLO client");
    await starting.say("STARTTLS");
    await starting.startTls(renewed.ca);
    assert.match((await starting.say("EHLO client")) ?? "", /^250/);
  });
});

describe("the SMTP door with passwords in clear allowed", () => {
  it("offers a login to another machine", { skip: outside === undefined }, async () => {
    const relais = await startRelaisStandIn();
    const door = await startDoor(relais.origin, { listen: [{ host: "0.0.0.0", port: 0 }], allowClear: true });
    const client = await smtpDialogue({ host: outside ?? "", port: door.port });
    const list = offered(await client.say("EHLO printer"));
    assert.ok(list.includes("AUTH PLAIN LOGIN") && !list.includes("STARTTLS"));
    assert.match((await client.say("STARTTLS")) ?? "", /^50\d /);
    assert.match((await client.say(plain("relais", STAND_IN_KEY))) ?? "", /^235 /);
    assert.equal(await sendBy(client), "250 2.0.0 msg_1");
    client.close();
    await door.close();
    await relais.close();
  });
});
