import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { loadPublicSuffixes } from "../../../functions/domain/access/shared-domain.ts";
import { type LoadOptions, listsDomains, loadConfig } from "../../../functions/runtime/config.ts";
import { ConfigError, type Environment } from "../../../functions/runtime/config-error.ts";

const SANDBOX = {
  GOOGLE_ISSUER: "http://127.0.0.1:9000",
  GOOGLE_AUTHORIZATION_ENDPOINT: "http://127.0.0.1:9000/auth",
  GOOGLE_TOKEN_ENDPOINT: "http://127.0.0.1:9000/token",
  GOOGLE_REVOCATION_ENDPOINT: "http://127.0.0.1:9000/revoke",
  GOOGLE_JWKS_URI: "http://127.0.0.1:9000/certs",
  GOOGLE_RISC_CONFIGURATION: "http://127.0.0.1:9000/risc",
  GMAIL_SMTP_HOST: "127.0.0.1",
  GMAIL_API_ROOT_URL: "http://127.0.0.1:9000/",
};
const CLOUD = {
  K_SERVICE: "send-mail",
  RELAIS_STORE: "google",
  GOOGLE_CLOUD_PROJECT: "acme",
  RELAIS_PUBLIC_URL: "https://relais.example.com",
};

const kmsKey = (location: string): string => `projects/keys/locations/${location}/keyRings/r/cryptoKeys/k`;

const mistakesOf = (env: Environment, options: LoadOptions = {}): readonly string[] => {
  try {
    loadConfig(env, options);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.mistakes;
  }
};

describe("loadConfig", () => {
  it("refuses to start with the verification of TLS certificates turned off, on a laptop and on Google Cloud", () => {
    for (const env of [{}, SANDBOX, CLOUD]) {
      const [mistake, ...others] = mistakesOf({ ...env, NODE_TLS_REJECT_UNAUTHORIZED: "0" });
      assert.match(mistake ?? "", /^NODE_TLS_REJECT_UNAUTHORIZED must not be 0/);
      assert.deepEqual(others, []);
      // The programs of a test may share its environment; connections are verified all the same.
      assert.deepEqual(mistakesOf({ ...env, NODE_TLS_REJECT_UNAUTHORIZED: "0", RELAIS_ALLOW_EMULATORS: "1" }), []);
      for (const harmless of ["", "1", "false"])
        assert.deepEqual(mistakesOf({ ...env, NODE_TLS_REJECT_UNAUTHORIZED: harmless }), []);
    }
  });

  it("uses the real Google and the embedded store by default", () => {
    const config = loadConfig({});
    assert.equal(config.port, 8080);
    assert.equal(config.publicUrl, "http://localhost:8080");
    assert.equal(config.store, "embedded");
    assert.equal(config.dataDir, ".relais");
    assert.equal(config.google.issuer, "https://accounts.google.com");
    assert.deepEqual(config.gmail, {
      smtpHost: "smtp.gmail.com",
      smtpPort: 465,
      smtpSecurity: "tls",
      smtpCa: null,
      apiRootUrl: "https://gmail.googleapis.com",
    });
    assert.equal(config.production, false);
    assert.equal(config.setupToken, null);
    assert.equal(config.retentionDays, 30);
  });

  it("derives the public URL from the port", () => {
    assert.equal(loadConfig({ PORT: "9123" }).publicUrl, "http://localhost:9123");
  });

  it("removes the trailing slash of root URLs, and leaves endpoints unchanged", () => {
    const slashed = loadConfig({
      ...SANDBOX,
      GOOGLE_ISSUER: "http://127.0.0.1:9000/",
      GOOGLE_JWKS_URI: "http://[::1]/k/",
    });
    assert.equal(slashed.google.issuer, "http://127.0.0.1:9000");
    assert.equal(slashed.google.jwksUri, "http://[::1]/k/");
    assert.equal(
      loadConfig({ RELAIS_PUBLIC_URL: "https://relais.example.com/" }).publicUrl,
      "https://relais.example.com",
    );
    assert.equal(loadConfig(SANDBOX).gmail.apiRootUrl, "http://127.0.0.1:9000");
  });

  it("folds and splits lists of addresses", () => {
    const config = loadConfig({
      RELAIS_OPERATORS: "Ada@Example.com, @example.org ,ada@example.com",
      RELAIS_MEMBERS: "",
    });
    assert.deepEqual(config.operators, ["ada@example.com", "@example.org"]);
    assert.deepEqual(config.members, []);
  });

  it("treats an empty variable as unset", () => {
    assert.equal(loadConfig({ PORT: "", RELAIS_STORE: "", RELAIS_SETUP_TOKEN: "" }).port, 8080);
  });

  it("takes the name of a commit, and refuses what can be none", () => {
    assert.equal(loadConfig({}).commit, null);
    assert.equal(loadConfig({ RELAIS_COMMIT: "3f78685+local_1.2-dirty" }).commit, "3f78685+local_1.2-dirty");
    for (const wrong of ["a commit", "x".repeat(65), "<b>", "é"])
      assert.throws(() => loadConfig({ RELAIS_COMMIT: wrong }), /RELAIS_COMMIT must have 1 to 64/);
  });

  it("uses port 587 with starttls by default", () => {
    assert.equal(loadConfig({ GMAIL_SMTP_SECURITY: "starttls" }).gmail.smtpPort, 587);
    assert.equal(loadConfig({ GMAIL_SMTP_SECURITY: "starttls", GMAIL_SMTP_PORT: "2525" }).gmail.smtpPort, 2525);
  });

  it("stores at Google by default on Google Cloud", () => {
    const { RELAIS_STORE: _, ...rest } = CLOUD;
    assert.equal(loadConfig(rest).store, "google");
    assert.equal(loadConfig(rest).production, true);
  });

  it("never prints the setup token", () => {
    const config = loadConfig({ RELAIS_SETUP_TOKEN: "canary-setup-token-0123456789" });
    assert.equal(config.setupToken?.reveal(), "canary-setup-token-0123456789");
    assert.doesNotMatch(JSON.stringify(config) + inspect(config), /canary/);
  });

  const WRONG: readonly (readonly [string, Environment, RegExp])[] = [
    ["a port that is none", { PORT: "eighty" }, /^PORT /],
    ["a port out of range", { PORT: "70000" }, /^PORT /],
    ["port 0", { PORT: "0" }, /^PORT /],
    ["an unknown store", { RELAIS_STORE: "mysql" }, /^RELAIS_STORE /],
    ["a public URL with a path", { RELAIS_PUBLIC_URL: "https://a.example/relais" }, /^RELAIS_PUBLIC_URL .*origin/],
    ["a public URL that is none", { RELAIS_PUBLIC_URL: "relais.example.com" }, /^RELAIS_PUBLIC_URL .*URL/],
    [
      "a public URL by http off loopback",
      { RELAIS_PUBLIC_URL: "http://relais.example.com" },
      /^RELAIS_PUBLIC_URL .*https/,
    ],
    [
      "an endpoint by http off loopback",
      { GOOGLE_TOKEN_ENDPOINT: "http://10.0.0.1/token" },
      /^GOOGLE_TOKEN_ENDPOINT .*https/,
    ],
    [
      "a name that only looks like loopback",
      { GOOGLE_JWKS_URI: "http://127.0.0.1.evil.example/" },
      /^GOOGLE_JWKS_URI /,
    ],
    ["credentials in a URL", { GMAIL_API_ROOT_URL: "https://u:p@gmail.example" }, /^GMAIL_API_ROOT_URL /],
    ["an unknown SMTP security", { GMAIL_SMTP_SECURITY: "none" }, /^GMAIL_SMTP_SECURITY /],
    ["a CA file that is not there", { GMAIL_SMTP_CA: "/nowhere/ca.pem" }, /^GMAIL_SMTP_CA .*PEM/],
    ["a list with something that is no address", { RELAIS_OPERATORS: "ada@example.com,nobody" }, /^RELAIS_OPERATORS /],
    ["no retention", { RELAIS_RETENTION_DAYS: "0" }, /^RELAIS_RETENTION_DAYS /],
    ["a time scale below 1", { ...SANDBOX, RELAIS_TIME_SCALE: "0.5" }, /^RELAIS_TIME_SCALE /],
    ["a time scale with the real Google", { RELAIS_TIME_SCALE: "60" }, /^RELAIS_TIME_SCALE .*real Google/],
    [
      "a time scale with one endpoint of the real Google",
      { ...SANDBOX, GMAIL_SMTP_HOST: "smtp.gmail.com", RELAIS_TIME_SCALE: "60" },
      /^RELAIS_TIME_SCALE .*real Google/,
    ],
    ["Google's store without a project", { RELAIS_STORE: "google" }, /^GOOGLE_CLOUD_PROJECT /],
    ["Google Cloud without a public URL", { ...CLOUD, RELAIS_PUBLIC_URL: "" }, /^RELAIS_PUBLIC_URL /],
    ["a Firestore emulator on Google Cloud", { ...CLOUD, FIRESTORE_EMULATOR_HOST: "h:1" }, /^FIRESTORE_EMULATOR_HOST /],
    ["a Pub/Sub emulator on Google Cloud", { ...CLOUD, PUBSUB_EMULATOR_HOST: "h:1" }, /^PUBSUB_EMULATOR_HOST /],
    ["a database that Firestore refuses", { RELAIS_DATABASE: "Mine" }, /^RELAIS_DATABASE must be \(default\), or /],
    ["a prefix with a hyphen", { RELAIS_PREFIX: "a-b" }, /^RELAIS_PREFIX must be a lower-case letter/],
    ["a prefix that makes names too long", { RELAIS_PREFIX: "abcdefghijk" }, /^RELAIS_PREFIX /],
    [
      "a multi-region for secrets",
      { RELAIS_SECRET_LOCATIONS: "europe-west1, eu" },
      /^RELAIS_SECRET_LOCATIONS .*regions/,
    ],
    [
      "a region for secrets twice",
      { RELAIS_SECRET_LOCATIONS: "europe-west1,europe-west1" },
      /^RELAIS_SECRET_LOCATIONS must name each entry once/,
    ],
    [
      "a key without a location",
      { RELAIS_SECRET_KMS: "projects/p/cryptoKeys/k" },
      /^RELAIS_SECRET_KMS must be a comma/,
    ],
    [
      "a key in only one of two regions",
      { RELAIS_SECRET_LOCATIONS: "europe-west1,europe-west4", RELAIS_SECRET_KMS: kmsKey("europe-west1") },
      /^RELAIS_SECRET_KMS must name one key in each of: europe-west1, europe-west4/,
    ],
    [
      "a regional key where Google chooses the region",
      { RELAIS_SECRET_KMS: kmsKey("europe-west1") },
      /^RELAIS_SECRET_KMS must name one key in each of: global/,
    ],
    [
      "a Secret Manager emulator on Google Cloud",
      { ...CLOUD, SECRET_MANAGER_EMULATOR_HOST: "h:1" },
      /^SECRET_MANAGER_EMULATOR_HOST /,
    ],
  ];
  for (const [what, env, expected] of WRONG) {
    it(`refuses ${what}`, () => {
      const mistakes = mistakesOf(env);
      assert.equal(mistakes.length, 1, mistakes.join("\n"));
      assert.match(mistakes[0] ?? "", expected);
    });
  }

  it("allows emulators on Google Cloud with RELAIS_ALLOW_EMULATORS=1", () => {
    const config = loadConfig({ ...CLOUD, FIRESTORE_EMULATOR_HOST: "localhost:8081", RELAIS_ALLOW_EMULATORS: "1" });
    assert.equal(config.cloud?.firestoreEmulator, "localhost:8081");
  });

  it("takes the database, the prefix and the places of secrets of one installation, and has defaults", () => {
    const { cloud } = loadConfig({
      ...CLOUD,
      RELAIS_DATABASE: "relais-a",
      RELAIS_PREFIX: "a",
      RELAIS_SECRET_LOCATIONS: "europe-west4, europe-west1",
      RELAIS_SECRET_KMS: `${kmsKey("europe-west1")},${kmsKey("europe-west4")}`,
    });
    assert.deepEqual(cloud && [cloud.database, cloud.prefix, cloud.secretPlaces], [
      "relais-a",
      "a",
      { locations: ["europe-west4", "europe-west1"], kmsKeys: [kmsKey("europe-west1"), kmsKey("europe-west4")] },
    ]);
    const usual = loadConfig(CLOUD).cloud;
    const anywhere = { locations: [], kmsKeys: [] };
    assert.deepEqual(usual && [usual.database, usual.prefix, usual.secretPlaces], ["(default)", "", anywhere]);
  });

  it("allows a time scale if nothing is the real Google's", () => {
    assert.equal(loadConfig({ ...SANDBOX, RELAIS_TIME_SCALE: "3600" }).timeScale, 3600);
    // A stand-in without Gmail's REST API: Google would not know its tokens, nor its mail.
    const { GMAIL_API_ROOT_URL: _, ...withoutApi } = SANDBOX;
    assert.equal(loadConfig({ ...withoutApi, RELAIS_TIME_SCALE: "3600" }).timeScale, 3600);
  });

  it("reports all mistakes together, by name", () => {
    const mistakes = mistakesOf({
      PORT: "x",
      RELAIS_STORE: "google",
      RELAIS_TIME_SCALE: "60",
      GOOGLE_ISSUER: "ftp://x",
      RELAIS_SETUP_TOKEN: "several words in one token",
    });
    const names = mistakes.map((mistake) => mistake.split(" ")[0]).toSorted();
    assert.deepEqual(names, [
      "GOOGLE_CLOUD_PROJECT",
      "GOOGLE_ISSUER",
      "PORT",
      "RELAIS_SETUP_TOKEN",
      "RELAIS_TIME_SCALE",
    ]);
  });

  it("accepts any setup token on a laptop, and elsewhere only one that cannot be guessed", () => {
    assert.equal(loadConfig({ RELAIS_SETUP_TOKEN: "test" }, { laptop: true }).setupToken?.matches("test"), true);
    // A command on a laptop, for an installation on Google Cloud.
    const remote = { RELAIS_STORE: "google", GOOGLE_CLOUD_PROJECT: "p", RELAIS_SETUP_TOKEN: "test" };
    assert.equal(loadConfig(remote, { laptop: true }).setupToken?.matches("test"), true);
    assert.deepEqual(mistakesOf({ RELAIS_SETUP_TOKEN: "a".repeat(19) }), [
      "RELAIS_SETUP_TOKEN must have at least 20 characters",
    ]);
    assert.ok(loadConfig({ RELAIS_SETUP_TOKEN: "a".repeat(20) }).setupToken);
    const cloud = {
      K_SERVICE: "send-mail",
      GOOGLE_CLOUD_PROJECT: "p",
      RELAIS_PUBLIC_URL: "https://relais.example.com",
    };
    assert.match(mistakesOf({ ...cloud, RELAIS_SETUP_TOKEN: "test" }).join("\n"), /^RELAIS_SETUP_TOKEN must have/);
  });

  it("refuses public mail domains in a list of people, and reports them with the other mistakes", async () => {
    const isPublicSuffix = await loadPublicSuffixes();
    const mistakesIn = (env: Environment) => mistakesOf(env, { isPublicSuffix });
    for (const domain of [
      "@gmail.com",
      "@GoogleMail.com",
      "@co.uk",
      "@github.io",
      "@公司.cn",
      "@developer.gserviceaccount.com",
    ]) {
      for (const name of ["RELAIS_OPERATORS", "RELAIS_MEMBERS", "RELAIS_CALLERS"]) {
        const env = { [name]: `ada@example.com , ${domain}`, PORT: "x" };
        assert.deepEqual(
          mistakesIn(env)
            .map((mistake) => mistake.split(" ")[0])
            .toSorted(),
          ["PORT", name],
          domain,
        );
        assert.ok(listsDomains(env));
      }
    }
    assert.deepEqual(mistakesIn({ RELAIS_OPERATORS: "@example.co.uk,ada@gmail.com,@x.github.io" }), []);
    assert.equal(listsDomains({ RELAIS_OPERATORS: "ada@gmail.com", RELAIS_MEMBERS: "" }), false);
  });

  it("checks that a time scale is a number before the stand-ins' endpoints are known", () => {
    assert.equal(loadConfig({ RELAIS_TIME_SCALE: "60" }, { standIns: true }).timeScale, 60);
    assert.throws(() => loadConfig({ RELAIS_TIME_SCALE: "zero" }, { standIns: true }), ConfigError);
  });

  it("never repeats the value of a secret", () => {
    assert.doesNotMatch(mistakesOf({ RELAIS_SETUP_TOKEN: "canary canary" }).join("\n"), /canary/);
  });

  it("refuses a CA file without a certificate, and passes on the text of one that has it", (t) => {
    const dir = mkdtempSync(join(tmpdir(), "relais-config-"));
    t.after(() => rmSync(dir, { recursive: true }));
    const path = join(dir, "ca.pem");
    writeFileSync(path, "no certificate");
    assert.match(mistakesOf({ GMAIL_SMTP_CA: path })[0] ?? "", /^GMAIL_SMTP_CA /);
    writeFileSync(path, CERTIFICATE);
    assert.equal(loadConfig({ GMAIL_SMTP_CA: path }).gmail.smtpCa, CERTIFICATE);
  });
});

/** Self-signed; it only has to be readable. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBdDCCARugAwIBAgIUYMYeRRWB2DnfXJnbtX2unu9hwnQwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjIxNzAwMjlaGA8yMTI2MTAyOTE3MDAy
OVowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABGL2
3PtpNhOz6Xln4RRodLd9FT9ZQjQpWq2UU/O+nP5BTe9HZ55C1RrEfBX4E4E2Xpfc
JfaWpz5+VFfUp5z60fijUzBRMB0GA1UdDgQWBBTIqEibW3Ag0kkxR2K6XY7rA6oz
XDAfBgNVHSMEGDAWgBTIqEibW3Ag0kkxR2K6XY7rA6ozXDAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0cAMEQCICDLnc4GX7dRAfG2YiSbqkQ4Fa28h2ercZKL
paq5I5MPAiAntp4JdsfaYo+jIqKc8YSTd4C6fS26yi7BsBpWSqANQQ==
-----END CERTIFICATE-----
`;
