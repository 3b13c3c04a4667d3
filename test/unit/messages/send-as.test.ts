import assert from "node:assert/strict";
import { afterEach, beforeEach, suite, test } from "node:test";
import fc from "fast-check";
import { sendAsAddresses } from "../../../functions/adapters/gmail-api/send-as-addresses.ts";
import type { MailServer } from "../../../functions/domain/mail-servers/mail-server.ts";
import { chooseServer } from "../../../functions/domain/messages/accept/choose-server.ts";
import { problemBody } from "../../../functions/runtime/problem-json.ts";
import { memberOf, OPERATOR, validConnection } from "../../builders/mail-server.ts";
import { type MessageBench, messageBench } from "../../builders/messages.ts";

const ME = "ada@example.com";

suite("Aliases that Gmail lists", () => {
  const usable = (alias: Parameters<typeof sendAsAddresses>[1][number]): boolean =>
    sendAsAddresses(ME, [{ sendAsEmail: "alias@example.com", ...alias }]).includes("alias@example.com");

  for (const [what, alias] of [
    ["no status", { treatAsAlias: true }],
    ["null", { verificationStatus: null }],
    ["an empty status", { verificationStatus: "" }],
    ["an unspecified status", { verificationStatus: "verificationStatusUnspecified" }],
    ["the unspecified status of the proto", { verificationStatus: "VERIFICATION_STATUS_UNSPECIFIED" }],
    ["accepted", { verificationStatus: "accepted" }],
    ["a status that Google adds later", { verificationStatus: "acceptedByAdmin" }],
    ["pending, yet the primary address", { isPrimary: true, verificationStatus: "pending" }],
  ] as const) {
    test(`may be sent from with ${what}`, () => assert.equal(usable(alias), true));
  }

  for (const status of ["pending", "PENDING", "Pending", " pending "]) {
    test(`may not be sent from while ${JSON.stringify(status)}`, () => {
      assert.equal(usable({ verificationStatus: status }), false);
    });
  }

  test("may be used with any status except pending, in any mix of entries, and always include the account's own address", () => {
    const statuses = fc.option(fc.oneof(fc.constantFrom("pending", "accepted", ""), fc.string()), { nil: null });
    fc.assert(
      fc.property(fc.array(statuses, { maxLength: 20 }), (list) => {
        const aliases = list.map((verificationStatus, at) => ({
          sendAsEmail: `a${at}@example.com`,
          verificationStatus,
        }));
        const expected = aliases
          .filter(({ verificationStatus }) => verificationStatus?.trim().toLowerCase() !== "pending")
          .map(({ sendAsEmail }) => sendAsEmail);
        assert.deepEqual(sendAsAddresses(ME, aliases), [ME, ...expected]);
      }),
    );
  });

  test("are compared after folding, each once; entries without an address are ignored", () => {
    const list = [{ sendAsEmail: "ADA@Example.com" }, { sendAsEmail: "b@BÜCHER.example" }, {}, { sendAsEmail: "" }];
    assert.deepEqual(sendAsAddresses(ME, list), [ME, "b@xn--bcher-kva.example"]);
  });
});

suite("A From that is not allowed", () => {
  let bench: MessageBench;
  beforeEach(() => {
    bench = messageBench();
  });
  afterEach(() => bench.close());

  const sendAs = { addresses: [ME, "billing@example.com", "sales@example.org"], readAtMs: 0 };
  const add = (id: string, changes: Partial<MailServer>) =>
    bench.addServer(id, { connection: validConnection({ sendAs }), ...changes });
  const detail = async (from: string, server: string | null, language: "fr" | "en" = "en", principal = OPERATOR) => {
    const choice = await chooseServer(bench.records, principal, { server, from: { name: "", address: from } });
    assert.ok(!choice.ok);
    const body = problemBody(choice.problem, { requestId: "r", language });
    assert.deepEqual([body.code, body.status], ["from_not_allowed", 422]);
    return body.detail;
  };

  test("is explained with what the account may send as: what Gmail keeps and the filter includes", async () => {
    await add("srv_ada", { fromFilter: ["@example.com", "extra@example.net"] });
    const said = await detail("pending@example.com", "srv_ada");
    assert.match(
      said,
      /pending@example\.com.*verified send-as.*Allowed senders: ada@example\.com, billing@example\.com\.$/,
    );
    assert.doesNotMatch(said, /sales@|extra@/, "neither what the filter lacks nor what Gmail would rewrite");
    assert.match(
      await detail("pending@example.com", "srv_ada", "fr"),
      /Expéditeurs autorisés\u00a0: ada@example\.com, billing@/,
    );
  });

  test("is distinguished if Gmail would keep it and only the filter lacks it", async () => {
    await add("srv_ada", { fromFilter: ["@example.com"] });
    assert.match(
      await detail("sales@example.org", "srv_ada"),
      /Gmail would accept sales@example\.org.*From filter.*add/,
    );
  });

  test("is explained with the username alone if the aliases could not be read", async () => {
    await add("srv_ada", { fromFilter: ["@example.com"], connection: validConnection({ sendAs: null }) });
    assert.match(await detail("billing@example.com", "srv_ada"), /Allowed senders: ada@example\.com\.$/);
  });

  test("is explained with the domains of a Gmail API server that an operator vouches for", async () => {
    const vouched = {
      transport: "gmail_api",
      sendAsUnchecked: true,
      connection: validConnection({ sendAs: null }),
    } as const;
    await add("srv_ada", { ...vouched, fromFilter: ["@example.com", "x@example.net"] });
    const said = await detail("y@example.org", "srv_ada");
    assert.match(said, /Allowed senders: ada@example\.com, x@example\.net, @example\.com\.$/);
  });

  test("is explained, without a server, with what the caller's own servers may send as, and no others'", async () => {
    await add("srv_ada", {});
    await add("srv_bob", { username: "bob@example.com", connection: validConnection({ sendAs: null }) });
    assert.match(
      await detail("eve@example.com", null),
      /No connected.*Allowed senders: ada@example\.com, bob@example\.com\.$/,
    );
    const bob = await detail("eve@example.com", null, "en", memberOf("bob@example.com"));
    assert.match(bob, /Allowed senders: bob@example\.com\.$/);
    assert.doesNotMatch(bob, /ada@/);
  });

  test("is explained without archived or unconnected servers, and briefly if there are very many addresses", async () => {
    await add("srv_gone", { username: "gone@example.com", active: false });
    assert.doesNotMatch(await detail("eve@example.com", null), /gone@|Allowed/);
    const addresses = Array.from({ length: 300 }, (_, at) => `alias${at}@example.com`);
    const connection = validConnection({ sendAs: { addresses, readAtMs: 0 } });
    await add("srv_ada", { fromFilter: ["@example.com"], connection });
    assert.ok((await detail("eve@example.com", null)).length < 1_000);
  });
});
