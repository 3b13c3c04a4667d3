import { jweSealer } from "../../../functions/adapters/sealing/jwe-sealer.ts";
import { openSqliteStore } from "../../../functions/adapters/sqlite/open.ts";
import { compose } from "../../../functions/runtime/compose.ts";
import { loadConfig } from "../../../functions/runtime/config.ts";
import { onPush } from "../../../functions/runtime/handlers/deliver-mail.ts";
import { systemRandom } from "../../../functions/runtime/randomness.ts";
import type { System } from "../../../functions/runtime/system.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";

// One of several `deliver-mail`s on one store: delivers the messages that it is given, all at once. As "mortal" it is killed between asking Google
// for a token and storing it. Says that it is ready, and begins at a word on its standard input, so that all begin together.
const [path = "", manner = "", ...ids] = process.argv.slice(2);
const config = loadConfig(process.env);
const clock = systemClock(config.timeScale);
const sealer = jweSealer({ current: { kid: "test", key: new Uint8Array(32) } });
const store = openSqliteStore({ path, clock, random: systemRandom, sealer });
const system = compose(config, {
  component: "worker",
  write: () => undefined,
  embedded: async () => ({ ...store, sealer }),
});
const mortal: System["records"] = {
  get: (kind, id) => store.records.get(kind, id),
  query: (name, args, page) => store.records.query(name, args, page),
  commit: (writes) => {
    const storesToken = writes.some(
      (write) => write.kind === "accessTokens" && write.op !== "delete" && write.value.sealed !== null,
    );
    if (storesToken) process.kill(process.pid, "SIGKILL");
    return store.records.commit(writes);
  },
};
const take = onPush(manner === "mortal" ? { ...system, records: mortal } : system);
console.log("ready");
await new Promise((resolve) => process.stdin.once("data", resolve));
await Promise.all(
  ids.map((id) =>
    take({
      data: Buffer.from(JSON.stringify({ id })),
      attributes: { relais: "deliver" },
      messageId: id,
      deliveryAttempt: 1,
    }),
  ),
);
await Promise.all(Object.values(system.transports).map((transport) => transport.close()));
store.close();
process.exit(0);
