// One of several processes that claim from the same servers at once. It sends nothing, because only claims are counted.
// It ends with its standard input.
import { pump } from "../../../functions/adapters/sqlite/pump.ts";
import type { MailTransport } from "../../../functions/domain/google/transports.ts";
import { compose, openEmbedded } from "../../../functions/runtime/compose.ts";
import { loadConfig } from "../../../functions/runtime/config.ts";
import { subscribers } from "../../../functions/runtime/local/functions.ts";
import { deliverTo } from "../../../functions/runtime/local/queue.ts";
import { runTicks } from "../../../functions/runtime/local/ticks.ts";
import { systemRandom } from "../../../functions/runtime/randomness.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";

const config = loadConfig(process.env);
const clock = systemClock(config.timeScale);
const open = openEmbedded({ config, clock, random: systemRandom });
const smtp: MailTransport = {
  send: async (mail, _login, beforeData) => {
    if (!(await beforeData([]))) return { kind: "abandoned" };
    const reply = { code: 250, enhanced: null, response: "OK" };
    return { kind: "accepted", accepted: mail.envelope.to, refused: [], reply, providerId: null };
  },
  probe: async () => [],
  close: async () => undefined,
};
const composed = compose(config, { component: "ledger", embedded: open });
const system = { ...composed, transports: { ...composed.transports, smtp } };
const { signal } = new AbortController();
process.stdin.on("end", () => process.exit(0)).resume();
const { queue: embedded } = await open();
/**
 * Pub/Sub pushes at once, whereas the embedded queue looks only once a second for what other processes published, which
 * is a third of these minutes.
 */
const LOOK_MS = 20;
const queue = {
  ...embedded,
  onPublish: (wake: (lane: string) => void) => {
    const timer = setInterval(() => wake(""), LOOK_MS);
    return () => clearInterval(timer);
  },
};
await Promise.all([
  pump(queue, deliverTo(subscribers(system), system), { concurrency: 8, clock, signal }),
  // One scheduler for all.
  process.argv[2] === "ticks" ? runTicks(system, [], signal) : undefined,
]);
