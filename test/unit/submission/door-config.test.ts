import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ConfigError, type Environment } from "../../../functions/runtime/config-error.ts";
import { loadDoorConfig } from "../../../functions/submission/config.ts";
import { isLoopbackHost, parseListenAddress, showAddress } from "../../../functions/submission/listen-address.ts";
import { issueCertificates } from "../../google-sandbox/certificates.ts";

describe("the configuration of relais-smtp", () => {
  const folder = mkdtempSync(join(tmpdir(), "relais-door-config-"));
  const at = (name: string) => join(folder, name);
  const [one, other] = [issueCertificates(), issueCertificates()];
  before(() => {
    writeFileSync(at("cert.pem"), one.certificate);
    writeFileSync(at("key.pem"), one.key);
    writeFileSync(at("other-key.pem"), other.key);
  });
  after(() => rmSync(folder, { recursive: true }));
  const TLS = { SMTP_TLS_CERT: at("cert.pem"), SMTP_TLS_KEY: at("key.pem") };
  const URL = { RELAIS_URL: "https://relais.example.com/" };

  const mistakesOf = (env: Environment): readonly string[] => {
    try {
      loadDoorConfig(env);
      return [];
    } catch (error) {
      assert.ok(error instanceof ConfigError);
      return error.mistakes;
    }
  };

  it("needs only the URL of Relais", () => {
    assert.deepEqual(loadDoorConfig({ ...URL, SMTP_LISTEN: "", SMTP_TLS_CERT: "" }), {
      relaisUrl: "https://relais.example.com",
      listen: [{ host: "127.0.0.1", port: 2525 }],
      listenTls: [],
      certificate: null,
      allowClear: false,
    });
  });

  it("listens on the configured addresses, with the certificate from the files", () => {
    const { listen, listenTls, certificate } = loadDoorConfig({
      ...URL,
      ...TLS,
      SMTP_LISTEN: "0.0.0.0:587, [::1]:2525",
      SMTP_TLS_LISTEN: "mail.example.com:465",
    });
    assert.deepEqual(listen.map(showAddress), ["0.0.0.0:587", "[::1]:2525"]);
    assert.deepEqual(listenTls.map(showAddress), ["mail.example.com:465"]);
    assert.deepEqual(certificate?.first, { cert: one.certificate, key: one.key });
  });

  it("may listen beyond loopback with a certificate, or if that is explicitly allowed", () => {
    assert.deepEqual(mistakesOf({ ...URL, ...TLS, SMTP_LISTEN: "0.0.0.0:25" }), []);
    assert.deepEqual(mistakesOf({ ...URL, SMTP_LISTEN: "0.0.0.0:25", SMTP_ALLOW_CLEAR: "1" }), []);
    assert.deepEqual(mistakesOf({ ...URL, SMTP_LISTEN: "localhost:25,127.9.9.9:25,[::1]:25" }), []);
    for (const host of ["0.0.0.0", "[::]", "192.0.2.1", "mail.example.com", "localhost.example.com", "128.0.0.1"])
      assert.match(
        mistakesOf({ ...URL, SMTP_LISTEN: `127.0.0.1:25,${host}:25` }).join(),
        /^SMTP_LISTEN must be loopback/,
      );
    assert.equal(mistakesOf({ ...URL, SMTP_LISTEN: "0.0.0.0:25", SMTP_ALLOW_CLEAR: "0" }).length, 1);
  });

  const WRONG: readonly (readonly [what: string, env: Environment, says: RegExp])[] = [
    ["no URL", {}, /^RELAIS_URL is required/],
    ["a URL that is none", { RELAIS_URL: "relais" }, /^RELAIS_URL must be a URL/],
    ["plain http elsewhere", { RELAIS_URL: "http://relais.example.com" }, /^RELAIS_URL must be an https URL/],
    ["an address without a port", { ...URL, SMTP_LISTEN: "127.0.0.1" }, /^SMTP_LISTEN must be host:port/],
    ["a port that is none", { ...URL, SMTP_LISTEN: "127.0.0.1:65536" }, /^SMTP_LISTEN must be host:port/],
    ["port 0", { ...URL, SMTP_LISTEN: "127.0.0.1:0" }, /^SMTP_LISTEN must be host:port/],
    ["an empty entry", { ...URL, SMTP_LISTEN: "127.0.0.1:25," }, /^SMTP_LISTEN must be host:port/],
    ["an address twice", { ...URL, ...TLS, SMTP_TLS_LISTEN: "127.0.0.1:25", SMTP_LISTEN: "127.0.0.1:25" }, /once/],
    ["TLS without files", { ...URL, SMTP_TLS_LISTEN: "127.0.0.1:465" }, /^SMTP_TLS_LISTEN needs a certificate/],
    ["no key", { ...URL, SMTP_TLS_CERT: at("cert.pem") }, /^SMTP_TLS_KEY is required with SMTP_TLS_CERT/],
    ["no certificate", { ...URL, SMTP_TLS_KEY: at("key.pem") }, /^SMTP_TLS_CERT is required with SMTP_TLS_KEY/],
    ["a missing file", { ...URL, ...TLS, SMTP_TLS_CERT: at("nowhere.pem") }, /must be PEM files .*ENOENT/],
    ["the key of another", { ...URL, ...TLS, SMTP_TLS_KEY: at("other-key.pem") }, /must be PEM files .*mismatch/],
    [
      "files in each other's place",
      { ...URL, SMTP_TLS_CERT: at("key.pem"), SMTP_TLS_KEY: at("cert.pem") },
      /must be PEM/,
    ],
    ["a switch that is none", { ...URL, SMTP_ALLOW_CLEAR: "yes" }, /^SMTP_ALLOW_CLEAR must be 0 or 1/],
    ["TLS unverified", { ...URL, NODE_TLS_REJECT_UNAUTHORIZED: "0" }, /^NODE_TLS_REJECT_UNAUTHORIZED must not be 0/],
  ];
  for (const [what, env, says] of WRONG) {
    it(`refuses ${what}`, () => {
      const mistakes = mistakesOf(env);
      assert.equal(mistakes.length, 1, mistakes.join("\n"));
      assert.match(mistakes[0] ?? "", says);
    });
  }

  it("reports all mistakes at once", () => {
    const mistakes = mistakesOf({
      SMTP_LISTEN: "0.0.0.0:25",
      SMTP_TLS_LISTEN: "nonsense",
      SMTP_TLS_CERT: "",
      SMTP_ALLOW_CLEAR: "true",
    });
    assert.deepEqual(mistakes.map((mistake) => mistake.split(" ")[0]).sort(), [
      "RELAIS_URL",
      "SMTP_ALLOW_CLEAR",
      "SMTP_LISTEN",
      "SMTP_TLS_LISTEN",
      "SMTP_TLS_LISTEN",
    ]);
  });
});

describe("an address to listen on", () => {
  it("is a host and a port, with an IPv6 address in brackets", () => {
    assert.deepEqual(parseListenAddress("[::]:25"), { host: "::", port: 25 });
    for (const text of ["", ":25", "::1:25", "[127.0.0.1]:25", "[::1]", "host:25:25", "ho st:25", "https://host:25"])
      assert.equal(parseListenAddress(text), null, text);
  });

  it("is loopback only if no other machine can reach it", () => {
    for (const host of ["127.0.0.1", "127.1.2.3", "::1", "0:0:0:0:0:0:0:1", "localhost", "LOCALHOST"])
      assert.ok(isLoopbackHost(host), host);
    for (const host of ["0.0.0.0", "::", "10.0.0.1", "::ffff:10.0.0.1", "example.com", "127.example.com"])
      assert.ok(!isLoopbackHost(host), host);
  });
});
