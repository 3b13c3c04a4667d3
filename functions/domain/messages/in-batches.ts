/** Eight at once are enough to hide the store's latency. */
const AT_ONCE = 8;

/** Handles the items in order, a batch at a time. */
export const forEachInBatches = async <T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> => {
  for (let start = 0; start < items.length; start += AT_ONCE) {
    await Promise.all(items.slice(start, start + AT_ONCE).map(act));
  }
};
