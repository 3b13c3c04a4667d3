import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { jwtVerify, SignJWT } from "jose";
import { programPath } from "../../builders/program-path.ts";

const ROOT = join(import.meta.dirname, "../../..");
const ACCOUNT = "relais-risc@a-project.iam.gserviceaccount.com";
const AUDIENCE = "https://risc.googleapis.com/google.identity.risc.v1beta.RiscManagementService";

describe("npm run risc", () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  let google: Server;
  let origin: string;
  let asked: { readonly path: string; readonly body: unknown }[] = [];
  let stream: { readonly delivery?: { readonly url: string }; readonly events_requested?: readonly string[] } | null;

  const bodyOf = async (req: IncomingMessage): Promise<string> => {
    let text = "";
    for await (const chunk of req) text += chunk;
    return text;
  };
  /** IAM's signJwt and the RISC API, as far as the tests need them. */
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const text = await bodyOf(req);
    const body = text === "" ? null : JSON.parse(text);
    const bearer = (req.headers.authorization ?? "").replace("Bearer ", "");
    const send = (status: number, json: unknown) =>
      void res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
    if (req.url?.endsWith(":signJwt")) {
      if (bearer !== "the operator's") return send(403, { error: { message: "iam.serviceAccounts.signJwt denied" } });
      assert.equal(req.url, `/v1/projects/-/serviceAccounts/${encodeURIComponent(ACCOUNT)}:signJwt`);
      const token = new SignJWT(JSON.parse(body.payload)).setProtectedHeader({ alg: "RS256", kid: "k" });
      return send(200, { keyId: "k", signedJwt: await token.sign(privateKey) });
    }
    const { payload } = await jwtVerify(bearer, publicKey, { audience: AUDIENCE, issuer: ACCOUNT, subject: ACCOUNT });
    assert.ok((payload.exp ?? 0) - (payload.iat ?? 0) <= 3_600);
    asked.push({ path: req.url ?? "", body });
    if (req.url === "/v1beta/stream:update") stream = body;
    if (req.url === "/v1beta/stream" && stream === null) return send(404, { error: { message: "no stream" } });
    if (req.url === "/v1beta/stream/status") return send(200, { status: "enabled" });
    send(200, req.url === "/v1beta/stream" ? stream : {});
  };
  before(async () => {
    google = createServer((req, res) => {
      answer(req, res).catch((error) => res.writeHead(500).end(String(error)));
    });
    google.listen(0, "127.0.0.1");
    await once(google, "listening");
    origin = `http://127.0.0.1:${(google.address() as AddressInfo).port}`;
  });
  after(() => google.close());
  beforeEach(() => {
    asked = [];
    stream = null;
  });

  const risc = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const child = spawn(process.execPath, [programPath("risc"), ...args], {
      cwd: ROOT,
      env: {
        PATH: process.env.PATH,
        GOOGLE_ACCESS_TOKEN: "the operator's",
        RISC_SERVICE_ACCOUNT: ACCOUNT,
        RISC_ROOT_URL: origin,
        IAM_ROOT_URL: origin,
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const pipe of [child.stdout, child.stderr]) pipe.on("data", (chunk) => (output += chunk));
    const [code] = await once(child, "close");
    return { code, output };
  };

  it("registers the receiver for every event, and enabled, with a token that IAM signed", async () => {
    const { code, output } = await risc(["register", "--url", "https://relais.example.com/"]);
    assert.equal(code, 0, output);
    assert.deepEqual(
      asked.map(({ path }) => path),
      ["/v1beta/stream:update", "/v1beta/stream/status:update"],
    );
    assert.equal(stream?.delivery?.url, "https://relais.example.com/google_gmail/security-events");
    const types = (stream?.events_requested ?? []).map((uri) => uri.split("/").at(-1));
    for (const type of ["tokens-revoked", "account-disabled", "account-purged", "sessions-revoked", "verification"]) {
      assert.ok(types.includes(type), type);
    }
    const status = await risc(["status"]);
    assert.match(status.output, /google_gmail\/security-events: enabled/);
  });

  it("says so if nothing is registered", async () => {
    const { code, output } = await risc(["status"]);
    assert.equal(code, 0);
    assert.match(output, /Nothing is registered/);
  });

  it("requests a verification", async () => {
    assert.equal((await risc(["verify"])).code, 0);
    assert.equal(asked[0]?.path, "/v1beta/stream:verify");
  });

  it("says in Google's words what is missing, and never prints the token", async () => {
    const { code, output } = await risc(["verify"], { GOOGLE_ACCESS_TOKEN: "someone else's" });
    assert.equal(code, 1);
    assert.match(output, /iam\.serviceAccounts\.signJwt denied/);
    assert.doesNotMatch(output, /someone else's/);
  });

  it("registers no http address, and explains its use", async () => {
    assert.equal((await risc(["register", "--url", "http://localhost:8080"])).code, 2);
    assert.match((await risc([])).output, /npm run risc -- register\|status\|verify/);
    assert.equal(asked.length, 0);
  });
});
