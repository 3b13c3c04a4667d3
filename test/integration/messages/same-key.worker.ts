import { readFileSync } from "node:fs";
import { jweSealer } from "../../../functions/adapters/sealing/jwe-sealer.ts";
import { openSqliteStore } from "../../../functions/adapters/sqlite/open.ts";
import { acceptMessage } from "../../../functions/domain/messages/accept/accept.ts";
import { systemRandom } from "../../../functions/runtime/randomness.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";
import { telling } from "../../builders/telling.ts";

// One of several processes on one store. It requests the same message with one key many times at once, and prints the
// ids that it gets.
const [path = "", bodyFile = "", times = "0"] = process.argv.slice(2);
const clock = systemClock(1);
const random = systemRandom;
const sealer = jweSealer({ current: { kid: "test", key: new Uint8Array(32) } });
const store = openSqliteStore({ path, clock, random, sealer });
const json: unknown = JSON.parse(readFileSync(bodyFile, "utf8"));
const quiet = () => undefined;
const announce = async () => undefined;
const log = { info: quiet, warn: quiet, error: quiet };
const offersSmtpUtf8 = async () => null;
const deps = telling({ ...store, offersSmtpUtf8, clock, random, announce, log });
const submission = { principal: { kind: "setup" }, json, idempotencyKey: "order-42", sizeLimit: 24_000_000 } as const;
const results = await Promise.all(Array.from({ length: Number(times) }, () => acceptMessage(deps, submission)));
for (const result of results) {
  if (!result.ok) console.log(result.problem.code);
  else if (result.value.kind === "accepted") console.log(result.value.message.id, result.value.replayed);
}
store.close();
