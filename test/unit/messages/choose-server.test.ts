import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Principal } from "../../../functions/domain/access/records.ts";
import type { Connection, MailServer } from "../../../functions/domain/mail-servers/mail-server.ts";
import { bestServer, chooseServer } from "../../../functions/domain/messages/accept/choose-server.ts";
import { grant, mailServer, memberOf, OPERATOR, validConnection } from "../../builders/mail-server.ts";
import { messageBench } from "../../builders/messages.ts";

const dead = (): Connection => ({ state: "reconnect_required", grant: grant(), reason: "unclear", sinceMs: 0 });
const ADDRESSES = ["ada@example.com", "sales@example.com", "x@example.org"];
/** Verified send-as addresses that include every From of the table. */
const verified = validConnection({ sendAs: { addresses: ADDRESSES, readAtMs: 0 } });

const server = (id: string, changes: Partial<MailServer>) => ({
  id,
  version: "1",
  value: mailServer({ connection: verified, username: `${id}@example.net`, createdAtMs: 1, ...changes }),
});

type Case = readonly [
  what: string,
  from: string | null,
  servers: Readonly<Record<string, Partial<MailServer>>>,
  chosen: string | null,
];

const CASES: readonly Case[] = [
  [
    "an exact address beats a domain of better priority",
    "sales@example.com",
    { a: { fromFilter: ["@example.com"], priority: 1 }, b: { fromFilter: ["sales@example.com"], priority: 9 } },
    "b",
  ],
  [
    "the username counts as an exact address, even if the filter does not name it",
    "ada@example.com",
    {
      a: { fromFilter: ["@example.com"], priority: 1 },
      b: { username: "ada@example.com", fromFilter: ["x@example.org"], priority: 9 },
    },
    "b",
  ],
  [
    "a domain is enough if no address matches",
    "sales@example.com",
    { a: { fromFilter: ["x@example.org"] }, b: { fromFilter: ["@example.com"] } },
    "b",
  ],
  [
    "the lowest priority comes first",
    "sales@example.com",
    { a: { fromFilter: ["@example.com"], priority: 2 }, b: { fromFilter: ["@example.com"], priority: 1 } },
    "b",
  ],
  [
    "then the oldest comes first",
    "sales@example.com",
    { a: { fromFilter: ["@example.com"], createdAtMs: 2 }, b: { fromFilter: ["@example.com"], createdAtMs: 1 } },
    "b",
  ],
  [
    "a server that can send now beats a better match that must be reconnected",
    "ada@example.com",
    { a: { username: "ada@example.com", connection: dead() }, b: { fromFilter: ["@example.com"] } },
    "b",
  ],
  [
    "a server that must be reconnected is chosen if no other matches",
    "ada@example.com",
    { a: { username: "ada@example.com", connection: dead() }, b: {} },
    "a",
  ],
  ["a domain does not cover its subdomains", "x@mail.example.com", { a: { fromFilter: ["@example.com"] } }, null],
  ["an empty filter allows the username alone", "sales@example.com", { a: { username: "ada@example.com" } }, null],
  [
    "an archived server is never chosen",
    "ada@example.com",
    { a: { username: "ada@example.com", active: false } },
    null,
  ],
  [
    "a server that was never connected is never chosen",
    "ada@example.com",
    { a: { username: "ada@example.com", connection: { state: "not_connected", reason: null } } },
    null,
  ],
  ["without From the lowest priority is chosen", null, { a: { priority: 5 }, b: { priority: 3 } }, "b"],
  [
    "without From a server that can send now is chosen first",
    null,
    { a: { priority: 3, connection: dead() }, b: { priority: 5 } },
    "b",
  ],
  [
    "by SMTP a From that is not a verified send-as address would be rewritten, so no server is chosen",
    "x@example.org",
    {
      a: {
        fromFilter: ["@example.org"],
        connection: validConnection({ sendAs: { addresses: ["ada@example.com"], readAtMs: 0 } }),
      },
    },
    null,
  ],
  [
    "no server is chosen either if those addresses could not be read",
    "x@example.org",
    { a: { fromFilter: ["@example.org"], connection: validConnection({ sendAs: null }) } },
    null,
  ],
  [
    "an operator's word does not replace the check by SMTP",
    "x@example.org",
    { a: { fromFilter: ["@example.org"], sendAsUnchecked: true, connection: validConnection({ sendAs: null }) } },
    null,
  ],
  [
    "by the Gmail API other addresses need an operator's word",
    "x@example.org",
    { a: { transport: "gmail_api", fromFilter: ["@example.org"], connection: validConnection() } },
    null,
  ],
  [
    "with an operator's word the Gmail API sends from them",
    "x@example.org",
    {
      a: { transport: "gmail_api", fromFilter: ["@example.org"], sendAsUnchecked: true, connection: validConnection() },
    },
    "a",
  ],
];

suite("Which mail server a message takes", () => {
  for (const [what, from, servers, chosen] of CASES) {
    test(what, () => {
      const candidates = Object.entries(servers).map(([id, changes]) => server(id, changes));
      assert.equal(bestServer(candidates, from)?.id ?? null, chosen);
      assert.equal(bestServer(candidates.toReversed(), from)?.id ?? null, chosen, "whatever order the store gives");
    });
  }
});

suite("Which mail servers a caller may take", () => {
  const key = (...servers: string[]): Principal => ({
    kind: "key",
    id: "k",
    name: "k",
    servers,
    permissions: ["send"],
  });
  const outcome = async (principal: Principal, wanted: { server?: string; from?: string }) => {
    const bench = messageBench();
    try {
      await bench.addServer("srv_ada", { name: "Facturation" });
      await bench.addServer("srv_bob", { name: "Bob", username: "bob@example.com", priority: 1 });
      await bench.addServer("srv_old", { name: "Old", username: "old@example.com", active: false });
      await bench.addServer("srv_new", {
        name: "New",
        username: "new@example.com",
        connection: { state: "not_connected", reason: null },
      });
      const from = wanted.from === undefined ? null : { name: "", address: wanted.from };
      const choice = await chooseServer(bench.records, principal, { server: wanted.server ?? null, from });
      return choice.ok ? `${choice.value.id} ${choice.value.from.address}` : choice.problem.code;
    } finally {
      bench.close();
    }
  };

  const cases: readonly (readonly [string, Principal, { server?: string; from?: string }, string])[] = [
    ["an operator, any by id", OPERATOR, { server: "srv_ada" }, "srv_ada ada@example.com"],
    ["by name, whatever its case", OPERATOR, { server: "  facturation" }, "srv_ada ada@example.com"],
    ["none that is not there", OPERATOR, { server: "srv_none" }, "invalid_request"],
    ["none that is archived", OPERATOR, { server: "srv_old" }, "server_unavailable"],
    ["none that was never connected", OPERATOR, { server: "New" }, "server_unavailable"],
    ["none that may not send from there", OPERATOR, { server: "srv_ada", from: "bob@example.com" }, "from_not_allowed"],
    ["From decides where no server is named", OPERATOR, { from: "ADA@example.com" }, "srv_ada ADA@example.com"],
    ["a key, its own", key("srv_ada"), { server: "srv_ada" }, "srv_ada ada@example.com"],
    ["a key, its own without naming it", key("srv_ada"), {}, "srv_ada ada@example.com"],
    ["a key without servers, all", key(), {}, "srv_bob bob@example.com"],
    ["a key, no other", key("srv_ada"), { server: "srv_bob" }, "server_not_allowed"],
    ["a key, no other by name", key("srv_ada"), { server: "Bob" }, "server_not_allowed"],
    ["a key learns nothing of what is not there", key("srv_ada"), { server: "srv_none" }, "server_not_allowed"],
    ["a key, no other by From", key("srv_ada"), { from: "bob@example.com" }, "from_not_allowed"],
    ["a member, their own", memberOf("ada@example.com"), {}, "srv_ada ada@example.com"],
    ["a member, no trace of another's", memberOf("ada@example.com"), { server: "srv_bob" }, "not_found"],
    ["a member without a server, none", memberOf("eve@example.com"), {}, "server_unavailable"],
  ];
  for (const [what, principal, wanted, expected] of cases) {
    test(what, async () => assert.equal(await outcome(principal, wanted), expected));
  }
});
