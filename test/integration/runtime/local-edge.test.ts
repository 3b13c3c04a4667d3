import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { hostingEdge, keepSessionCookie } from "../../../functions/runtime/local/edge.ts";

const { hosting } = JSON.parse(readFileSync(join(import.meta.dirname, "../../../firebase.json"), "utf8"));

const cwd = mkdtempSync(join(tmpdir(), "relais-edge-"));

/** Reports which function was reached, and what arrived. */
const tell = (name: string) => (req: IncomingMessage, res: ServerResponse) => {
  if (req.url === "/v1/never") return;
  res.setHeader("Cache-Control", "private, no-store");
  res.setHeader("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  res.end(JSON.stringify({ name, url: req.url, cookie: req.headers.cookie ?? null }));
};
const FUNCTIONS = ["authorize-start", "confirm-callback", "mail-servers", "send-mail"];

const edge = (publicUrl: string, limitMs = 60_000) =>
  createServer(
    hostingEdge({
      hosting,
      cwd,
      functions: Object.fromEntries(FUNCTIONS.map((name) => [name, tell(name)])),
      limitMs,
      publicUrl,
    }),
  );
const server = edge("http://127.0.0.1:8080");
let origin: string;
before(async () => {
  mkdirSync(join(cwd, "dist/console/assets"), { recursive: true });
  writeFileSync(join(cwd, "dist/console/index.html"), "<title>console</title>");
  writeFileSync(join(cwd, "dist/console/404.html"), "<title>nothing here</title>");
  writeFileSync(join(cwd, "dist/console/assets/main-abc.js"), "1");
  writeFileSync(join(cwd, "secret.txt"), "outside");
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
  rmSync(cwd, { recursive: true });
});

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${origin}${path}`, { headers });

const rawStatus = (path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const { port } = server.address() as AddressInfo;
    request({ host: "127.0.0.1", port, path }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });

describe("the local edge", () => {
  for (const [path, name] of [
    ["/google_gmail/authorize?server=srv_1", "authorize-start"],
    ["/google_gmail/confirm?code=x", "confirm-callback"],
    ["/google_gmail/security-events", "confirm-callback"],
    ["/v1/messages", "send-mail"],
    ["/v1/messages?limit=1", "send-mail"],
    ["/v1/messages/msg_1/cancel", "send-mail"],
    ["/v1/mail-servers/srv_1/test", "mail-servers"],
    ["/v1/session", "mail-servers"],
    ["/v1/anything", "mail-servers"],
    ["/health", "mail-servers"],
  ] as const) {
    it(`sends ${path} to ${name}, with its query`, async () => {
      const reached = await (await get(path)).json();
      assert.equal(reached.name, name);
      assert.equal(reached.url, path);
    });
  }

  it("answers all of the console's paths with its page, with a strict policy", async () => {
    const app = readFileSync(join(import.meta.dirname, "../../../functions/console/app.tsx"), "utf8");
    const routes = [...app.matchAll(/\bpath(?:=|: )"([^"]+)"/g)].map(([, path = ""]) => path.replace(":id", "x_1"));
    assert.ok(routes.length > 5);
    for (const path of [...routes, "/index.html", "/servers/srv_1?connected=1", "/sign-in"]) {
      const response = await get(path);
      assert.equal(response.status, 200);
      assert.match(await response.text(), /console/);
      const policy = response.headers.get("content-security-policy") ?? "";
      assert.match(policy, /script-src 'self'/);
      assert.match(policy, /frame-ancestors 'none'/);
      assert.doesNotMatch(policy, /unsafe/);
      assert.equal(response.headers.get("x-content-type-options"), "nosniff");
      assert.equal(response.headers.get("referrer-policy"), "no-referrer");
      assert.equal(response.headers.get("cache-control"), "no-cache");
    }
  });

  it("answers 404 if nothing is there: a page for browsers, under the same policy, problem details for others", async () => {
    for (const path of ["/nowhere", "/v2/messages", "/serversx", "/favicon.ico"]) {
      const page = await get(path, { accept: "text/html,*/*" });
      assert.equal(page.status, 404, path);
      assert.match(await page.text(), /nothing here/);
      assert.match(page.headers.get("content-security-policy") ?? "", /frame-ancestors 'none'/);
      const problem = await get(path);
      assert.equal(problem.status, 404, path);
      assert.equal((await problem.json()).code, "not_found");
    }
  });

  it("offers the console's pages only for reading, and names the allowed methods", async () => {
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      const response = await fetch(`${origin}/servers/srv_1`, { method });
      assert.equal(response.status, 405);
      assert.equal(response.headers.get("allow"), "GET, HEAD");
      assert.equal(response.headers.get("content-type"), "application/problem+json; charset=utf-8");
      assert.equal((await response.json()).code, "method_not_allowed");
    }
    assert.equal((await fetch(`${origin}/servers/srv_1`, { method: "HEAD" })).status, 200);
  });

  it("leaves requests for the bare root of their paths to the functions", async () => {
    assert.equal((await (await get("/v1")).json()).name, "mail-servers");
    assert.equal((await (await get("/google_gmail")).json()).name, "confirm-callback");
  });

  describe("on another host than RELAIS_PUBLIC_URL's", () => {
    const ask = (path: string, headers: Record<string, string>, method = "GET"): Promise<IncomingMessage> =>
      new Promise((resolve, reject) => {
        const { port } = server.address() as AddressInfo;
        request({ host: "127.0.0.1", port, path, headers, method }, (answer) => resolve(answer.resume()))
          .on("error", reject)
          .end();
      });

    it("redirects every page to the same place on the public host, without caching", async () => {
      for (const path of [
        "/",
        "/messages",
        "/servers/srv_1?problem=x&a=%2F",
        "/index.html",
        "/nowhere",
        "/sign-in?next=/a",
      ]) {
        for (const method of ["GET", "HEAD"]) {
          const { statusCode, headers } = await ask(path, { host: "localhost:8080" }, method);
          assert.equal(statusCode, 308, path);
          assert.equal(headers.location, `http://127.0.0.1:8080${path}`);
          assert.equal(headers["set-cookie"], undefined);
          assert.match(headers["cache-control"] ?? "", /no-store/);
        }
      }
    });

    it("uses the browser's own host, in any spelling, and ignores the port", async () => {
      for (const [headers, status] of [
        [{ host: "127.0.0.1:9999" }, 200],
        [{ host: "[::1]:8080" }, 308],
        [{ host: "RELAIS.example.com." }, 308],
        [{ host: "127.0.0.1", "x-forwarded-host": "relais.web.app" }, 308],
        [{ host: "service-abc.a.run.app", "x-forwarded-host": "127.0.0.1:8080, proxy.internal" }, 200],
      ] as const) {
        assert.equal((await ask("/messages", headers)).statusCode, status, JSON.stringify(headers));
      }
    });

    it("redirects to no other site, whatever the path", async () => {
      for (const path of ["//evil.example/a", "http://evil.example/a"]) {
        const { headers } = await ask(path, { host: "localhost" });
        assert.ok(headers.location?.startsWith("http://127.0.0.1:8080/"), headers.location);
      }
    });

    it("serves programs as usual: functions, health, and what a page loads", async () => {
      for (const path of [
        "/health",
        "/v1/session",
        "/v1/messages",
        "/google_gmail/confirm?code=x",
        "/assets/main-abc.js",
      ]) {
        assert.equal((await ask(path, { host: "localhost" })).statusCode, 200, path);
      }
    });

    it("does not redirect a loopback address in front of a public name: a proxy that forwards no host would loop", async () => {
      const proxied = edge("https://relais.example.com");
      await new Promise<void>((resolve) => proxied.listen(0, "127.0.0.1", resolve));
      const { port } = proxied.address() as AddressInfo;
      assert.equal((await fetch(`http://127.0.0.1:${port}/messages`, { redirect: "manual" })).status, 200);
      const forwarded = { "x-forwarded-host": "relais.web.app" };
      const answer = await fetch(`http://127.0.0.1:${port}/messages`, { redirect: "manual", headers: forwarded });
      assert.equal(answer.headers.get("location"), "https://relais.example.com/messages");
      proxied.closeAllConnections();
      proxied.close();
    });
  });

  it("sends HSTS over https only", async () => {
    assert.equal((await get("/")).headers.get("strict-transport-security"), null);
    const secure = edge("https://relais.example.com");
    await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve));
    for (const path of ["/", "/nowhere"]) {
      const answer = await fetch(`http://127.0.0.1:${(secure.address() as AddressInfo).port}${path}`);
      assert.match(answer.headers.get("strict-transport-security") ?? "", /max-age=\d+/, path);
    }
    secure.closeAllConnections();
    secure.close();
  });

  it("does not present the console's page as a missing asset", async () => {
    const gone = await get("/assets/main-old.js");
    assert.equal(gone.status, 404);
    assert.equal((await gone.json()).code, "not_found");
  });

  describe("for a target in absolute form, as for a proxy", () => {
    const ask = (target: string, method: string): Promise<{ readonly status: number; readonly body: string }> =>
      new Promise((resolve, reject) => {
        const { port } = server.address() as AddressInfo;
        request({ host: "127.0.0.1", port, path: target, method }, async (answer) => {
          let body = "";
          for await (const chunk of answer) body += chunk;
          resolve({ status: answer.statusCode ?? 0, body });
        })
          .on("error", reject)
          .end();
      });

    it("reaches the function of the path that it names, whatever the method", async () => {
      for (const [target, url, name] of [
        ["http://localhost:8080/v1/messages", "/v1/messages", "send-mail"],
        ["HTTP://localhost/v1/messages/a%20b/cancel?c=d%26", "/v1/messages/a%20b/cancel?c=d%26", "send-mail"],
        ["https://[::1]:9/v1/keys/x", "/v1/keys/x", "mail-servers"],
        ["http://x/google_gmail/security-events", "/google_gmail/security-events", "confirm-callback"],
        [`http://x/v1/keys/:${"b".repeat(300)}`, `/v1/keys/:${"b".repeat(300)}`, "mail-servers"],
      ] as const) {
        for (const method of ["GET", "POST", "PATCH", "DELETE"]) {
          const { status, body } = await ask(target, method);
          assert.equal(status, 200, `${method} ${target}`);
          assert.deepEqual(JSON.parse(body), { name, url, cookie: null }, `${method} ${target}`);
        }
      }
    });

    it("serves the console, and offers it only for reading", async () => {
      for (const target of ["http://127.0.0.1", "http://127.0.0.1/servers/srv_1?a=b", "http://127.0.0.1/index.html"]) {
        assert.match((await ask(target, "GET")).body, /console/, target);
        assert.equal((await ask(target, "POST")).status, 405, target);
      }
      assert.equal((await ask("http://127.0.0.1/nowhere.png", "GET")).status, 404);
    });

    it("refuses one that is no URL", async () => {
      for (const target of ["http://[/v1/session", "http://x:99999/v1/messages", "https://"]) {
        for (const method of ["GET", "POST"]) {
          const { status, body } = await ask(target, method);
          assert.equal(status, 400, `${method} ${target}`);
          assert.equal(JSON.parse(body).code, "malformed_request");
        }
      }
    });
  });

  it("leaves a broken %-escape under a function's path to the function", async () => {
    for (const [path, name] of [
      ["/v1/messages/%", "send-mail"],
      ["/v1/mail-servers/%E0%A4%A", "mail-servers"],
      ["/google_gmail/%ff", "confirm-callback"],
    ] as const)
      assert.equal((await (await get(path)).json()).name, name, path);
  });

  it("leaves a path that is too long for a file system to the function to which it belongs", async () => {
    const long = (bytes: number) => "b".repeat(bytes);
    for (const [path, name] of [
      [`/v1/messages/a%20${long(5_000)}`, "send-mail"],
      [`/v1/messages/a:${long(5_000)}/cancel`, "send-mail"],
      [`/v1/mail-servers/${"%C3%A9".repeat(128)}`, "mail-servers"],
      [`/v1/mail-servers/${"a%2F".repeat(80)}`, "mail-servers"],
      [`/v1/mail-servers/:${`/${long(200)}`.repeat(20)}`, "mail-servers"],
      [`/google_gmail/a%20${long(300)}`, "confirm-callback"],
    ] as const) {
      for (const method of ["GET", "POST"]) {
        const answer = await fetch(`${origin}${path}`, { method });
        assert.equal(answer.status, 200, path.slice(0, 40));
        assert.equal((await answer.json()).name, name, path.slice(0, 40));
      }
    }
  });

  it("answers 404 to a path that is too long for a file system and belongs to no function", async () => {
    const long = "b".repeat(300);
    for (const path of [
      `/${"a".repeat(300)}`,
      `/servers/${"b".repeat(5_000)}`,
      `/assets/${"%E2%82%AC".repeat(86)}`,
      `/servers${`/${"b".repeat(200)}`.repeat(18)}?a=b`,
      `/v1${long}`,
    ]) {
      const answer = await get(path, { accept: "*/*" });
      assert.equal(answer.status, 404, path.slice(0, 40));
      assert.equal(answer.headers.get("content-type"), "application/problem+json; charset=utf-8");
      assert.equal((await answer.json()).code, "not_found");
      const page = await get(path, { accept: "text/html,*/*" });
      assert.equal(page.status, 404, path.slice(0, 40));
      assert.match(await page.text(), /nothing here/, path.slice(0, 40));
    }
    assert.equal((await fetch(`${origin}/${long}`, { method: "POST" })).status, 405);
    const longest = `/servers/${"b".repeat(255)}?q=${long}`;
    assert.match(await (await get(longest)).text(), /console/);
  });

  it("lets nobody cache a 404, because the path may exist after the next roll-out or roll-back", async () => {
    for (const path of [
      "/assets/main-old.js",
      "/assets/main-old.css",
      "/assets/",
      "/assets",
      "/nowhere",
      "/logo.png",
      "/messages/x/y.js",
    ])
      for (const accept of ["*/*", "text/html,*/*;q=0.8", "text/css,*/*;q=0.1", "image/avif,image/webp,*/*;q=0.8"]) {
        const { headers, status } = await get(path, { accept });
        assert.match(headers.get("cache-control") ?? "", /no-cache|no-store/, `${path} for ${accept}: ${status}`);
      }
  });

  it("sets no header by path that allows caching without revalidation, because Hosting sets it on a 404 as well", () => {
    const values: readonly string[] = hosting.headers.flatMap((rule: { headers: { key: string; value: string }[] }) =>
      rule.headers.filter(({ key }) => key.toLowerCase() === "cache-control").map(({ value }) => value),
    );
    assert.deepEqual(values, ["no-cache"]);
  });

  it("reaches a function by a plain path as by any other spelling, which Hosting's own code reads", async () => {
    for (const [plain, other] of [
      ["/v1/messages/msg_1/cancel", "/v1/messages/msg_1/cance%6C"],
      ["/v1/messages/msg_1?a=/../b", "/v1/messages/msg_%31?a=/../b"],
      ["/v1/mail-servers?limit=1", "/v1/mail-server%73?limit=1"],
      ["/google_gmail/confirm.html", "/google_gmail/confirm%2Ehtml"],
      ["/v1/a.b~c-d_e", "/v1/a.b~c-d_%65"],
    ] as const) {
      const [one, two] = [await get(plain), await get(other)];
      assert.equal((await one.json()).name, (await two.json()).name, plain);
      const headersOf = ({ headers }: Response) =>
        [...headers].filter(([name]) => !/^(date|content-length)$/.test(name));
      assert.deepEqual(headersOf(one), headersOf(two), plain);
    }
  });

  it("leaves the functions' own headers unchanged", async () => {
    for (const path of ["/v1/session", "/v1/messages/1", "/google_gmail/confirm", "/health"]) {
      const { headers } = await get(path);
      assert.equal(headers.get("cache-control"), "private, no-store", path);
      assert.equal(headers.get("content-security-policy"), "default-src 'none'; frame-ancestors 'none'", path);
    }
  });

  it("forwards no cookie except __session", async () => {
    const through = async (cookie: string) => (await (await get("/v1/session", { cookie })).json()).cookie;
    assert.equal(await through("a=1; __session=abc; b=2"), "__session=abc");
    assert.equal(await through("a=1; x__session=abc"), null);
    assert.equal(keepSessionCookie(undefined), undefined);
  });

  it("ends a request that takes too long", async () => {
    const hurried = edge("http://127.0.0.1", 300);
    await new Promise<void>((resolve) => hurried.listen(0, "127.0.0.1", resolve));
    const { port } = hurried.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}/v1/never`);
    assert.equal(answer.status, 504);
    assert.match(answer.headers.get("content-type") ?? "", /^application\/problem\+json/);
    const { code, retryable } = await answer.json();
    assert.deepEqual({ code, retryable }, { code: "no_answer_in_time", retryable: true });
    hurried.closeAllConnections();
    hurried.close();
  });

  it("serves nothing outside the console's folder, and survives a broken path", async () => {
    for (const path of ["/../secret.txt", "/..%2f..%2fsecret.txt", "/%2e%2e/%2e%2e/secret.txt"]) {
      const response = await get(path);
      assert.doesNotMatch(await response.text(), /outside/);
    }
    assert.equal(await rawStatus("/%E0%A4%A"), 400);
    assert.equal((await get("/health")).status, 200);
  });

  it("does not start if firebase.json names a function that does not exist", () => {
    assert.throws(
      () => hostingEdge({ hosting, cwd, functions: {}, limitMs: 1, publicUrl: "http://127.0.0.1" }),
      /authorize-start/,
    );
  });
});
