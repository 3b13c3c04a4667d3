import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type PackedBody, packRaw, storeBody } from "../../functions/domain/messages/body-store.ts";
import { eraseMessages, type Person } from "../../functions/domain/messages/commands/erase-messages.ts";
import { isInChunks, type Message } from "../../functions/domain/messages/message.ts";
import { searchEntries } from "../../functions/domain/messages/views/message-search.ts";
import { Unavailable } from "../../functions/domain/problem.ts";
import type { Records } from "../../functions/domain/records.ts";
import { testClock } from "../builders/clock.ts";
import { acceptedMessage } from "../builders/delivery.ts";
import { mailServer } from "../builders/mail-server.ts";
import { testRandom } from "../builders/store.ts";

const LEA = "lea@example.org";
const [LARGE, SMALL]: readonly PackedBody[] = [
  packRaw({ bytes: Buffer.alloc(120_000, "x"), missing: [] }),
  packRaw({ bytes: Buffer.from("x"), missing: [] }),
];

interface Stored {
  readonly id: string;
  readonly to?: readonly string[];
  readonly status: string;
  readonly server?: string;
  readonly from?: string;
}

const STORED: readonly Stored[] = [
  { id: "msg_sent", status: "sent" },
  { id: "msg_failed", status: "failed" },
  { id: "msg_to_two", status: "canceled", to: [LEA, "bob@example.net"] },
  { id: "msg_queued", status: "queued" },
  { id: "msg_later", status: "awaiting_approval" },
  { id: "msg_of_bob", status: "sent", to: ["bob@example.net"], server: "srv_bob", from: "team@example.com" },
  { id: "msg_alias", status: "sent", to: ["bob@example.net"], from: "alias@example.com" },
  { id: "msg_gone_server", status: "sent", to: ["bob@example.net"], server: "srv_gone" },
];

/** What concerns one person goes, whole, and nothing else. */
export const erasureContract = (
  name: string,
  open: () => Promise<{ readonly records: Records; readonly close: () => Promise<void> }>,
): void => {
  describe(`${name}: erasing what concerns one person`, () => {
    let store: Awaited<ReturnType<typeof open>>;
    const clock = testClock();
    const sets: string[] = [];

    const put = async ({
      id,
      status,
      to = [LEA],
      server = "srv_ada",
      from = "ada@example.com",
    }: Stored): Promise<void> => {
      const { records } = store;
      const body = await storeBody(
        { records, clock, random: testRandom },
        id,
        (status === "failed" ? LARGE : SMALL) ?? assert.fail(),
      );
      if (isInChunks(body)) sets.push(body.set);
      const message = { ...acceptedMessage(clock, id, to), serverId: server, from, body };
      const value = { ...message, status, finalAtMs: 1, searchPrefixes: searchEntries(message) } as unknown as Message;
      await records.commit([{ op: "put", kind: "messages", id, value }]);
    };
    before(async () => {
      store = await open();
      const servers = { srv_ada: "ada@example.com", srv_bob: "team@example.com" };
      for (const [id, username] of Object.entries(servers))
        await store.records.commit([{ op: "put", kind: "mailServers", id, value: mailServer({ name: id, username }) }]);
      for (const one of STORED) await put(one);
    });
    after(() => store.close());

    const there = async (): Promise<readonly string[]> => {
      const found = await Promise.all(STORED.map(({ id }) => store.records.get("messages", id)));
      return found.flatMap((one) => (one === undefined ? [] : [one.id]));
    };
    const chunks = async (): Promise<number> => {
      const ids = sets.flatMap((set) => [`${set}.0`, `${set}.marker`]);
      const found = await Promise.all(ids.map((id) => store.records.get("bodyChunks", id)));
      return found.filter((one) => one !== undefined).length;
    };
    const erase = (person: Person, dryRun = false) => eraseMessages({ records: store.records, dryRun }, person);

    test("counts first, and changes nothing", async () => {
      const counted = await erase({ as: "recipient", address: LEA }, true);
      assert.deepEqual({ ...counted, left: counted.left.toSorted() }, { erased: 3, left: ["msg_later", "msg_queued"] });
      assert.deepEqual([(await there()).length, await chunks()], [STORED.length, 2]);
    });

    test("a recipient's messages go with their bodies, though it is interrupted at each write", async () => {
      for (let writes = 0; ; writes += 1) {
        let made = 0;
        const failing: Records = {
          ...store.records,
          get: (kind, id) => store.records.get(kind, id),
          query: (...query) => store.records.query(...query),
          commit: (all) => {
            made += 1;
            return made > writes
              ? Promise.reject(new Unavailable("erase", { cause: null }))
              : store.records.commit(all);
          },
        };
        const done = await eraseMessages({ records: failing, dryRun: false }, { as: "recipient", address: LEA }).then(
          () => true,
          () => false,
        );
        if (done) break;
      }
      const kept = ["msg_queued", "msg_later", "msg_of_bob", "msg_alias", "msg_gone_server"];
      assert.deepEqual([(await there()).toSorted(), await chunks()], [kept.toSorted(), 0]);
    });

    test("a mailbox's messages go by its server and by its address, and no other mailbox's", async () => {
      const { erased, left } = await erase({ as: "mailbox", address: "ada@example.com" });
      assert.deepEqual([erased, left.toSorted()], [2, ["msg_later", "msg_queued"]]);
      assert.deepEqual((await there()).toSorted(), ["msg_later", "msg_of_bob", "msg_queued"]);
    });
  });
};
