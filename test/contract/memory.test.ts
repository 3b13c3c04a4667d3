import { SECOND } from "../../functions/domain/clock.ts";
import { Chance } from "../simulator/chance.ts";
import { MemoryQueue } from "../simulator/memory-queue.ts";
import { MemoryRecords } from "../simulator/memory-records.ts";
import { MemoryVault } from "../simulator/memory-vault.ts";
import { Timeline } from "../simulator/timeline.ts";
import { messageListContract } from "./message-list-contract.ts";
import { publisherContract } from "./publisher-contract.ts";
import { recordsContract } from "./records-contract.ts";
import { secretVaultContract } from "./secret-vault-contract.ts";

// The simulator stands on these, so they keep the contracts that the stores of the product keep.
const open = async () => {
  const records = new MemoryRecords();
  return { records, other: records, close: async () => undefined };
};

recordsContract("the simulator's memory", open);

messageListContract("the simulator's memory", open, { filters: 200 });

secretVaultContract("the simulator's memory", async () => ({
  vault: new MemoryVault(),
  close: async () => undefined,
}));

publisherContract("the simulator's queue", async (subscriber) => {
  const timeline = new Timeline(0);
  const around = { timeline, chance: new Chance(1), faults: { twice: 0.2, late: 0.2, lostAck: 0.2, dead: 0 } };
  const queue = new MemoryQueue(around, ({ topic, attributes, json }) =>
    subscriber(topic, { data: JSON.parse(json), attributes }).catch(() => "nack" as const),
  );
  let open = true;
  const live = async (): Promise<void> => {
    while (open) {
      await timeline.run(timeline.nowMs + SECOND);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  let lived = Promise.resolve();
  return {
    publisher: queue,
    start: async () => {
      lived = live();
    },
    close: async () => {
      open = false;
      await lived;
    },
  };
});
