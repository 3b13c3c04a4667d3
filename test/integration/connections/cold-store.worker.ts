import { jweSealer } from "../../../functions/adapters/sealing/jwe-sealer.ts";
import { openSqliteStore } from "../../../functions/adapters/sqlite/open.ts";
import type { Write } from "../../../functions/domain/records.ts";
import { compose } from "../../../functions/runtime/compose.ts";
import { loadConfig } from "../../../functions/runtime/config.ts";
import { onPush } from "../../../functions/runtime/handlers/deliver-mail.ts";
import { systemRandom } from "../../../functions/runtime/randomness.ts";
import type { System } from "../../../functions/runtime/system.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";
import { telling } from "../../builders/telling.ts";

// One of several `deliver-mail` processes on one store. It delivers all its messages at once. As "mortal" it is killed
// between asking Google for a token and storing it. It reports that it is ready, and starts at a signal on its standard
// input, so that all start together.
const [path = "", manner = "", ...ids] = process.argv.slice(2);
const config = loadConfig(process.env);

/** The store in that file, or the one that the environment names. */
const composed = (): System => {
  const options = { component: "worker", write: () => undefined };
  if (config.store === "google") return compose(config, options);
  const sealer = jweSealer({ current: { kid: "test", key: new Uint8Array(32) } });
  const clock = systemClock(config.timeScale);
  const store = openSqliteStore({ path, clock, random: systemRandom, sealer });
  return compose(config, { ...options, embedded: async () => ({ ...store, sealer }) });
};

/** What is published reaches nobody here: the test gives each worker its messages and handles the rest itself. */
const system: System = telling({
  ...composed(),
  publisher: { publish: async () => undefined },
  announce: async () => undefined,
});
const { records } = system;

const storesToken = (write: Write): boolean =>
  write.kind === "accessTokens" && write.op !== "delete" && write.value.sealed !== null;
const mortal: System["records"] = {
  get: (kind, id) => records.get(kind, id),
  query: (name, args, page) => records.query(name, args, page),
  commit: (writes) => {
    if (writes.some(storesToken)) process.kill(process.pid, "SIGKILL");
    return records.commit(writes);
  },
};
const take = onPush(manner === "mortal" ? { ...system, records: mortal } : system);
// Loads now what would be loaded at the first use.
await records.get("settings", "settings");
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
process.exit(0);
