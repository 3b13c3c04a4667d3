/** Does a piece of work as soon as a lane is free, in the order in which the pieces came. */
export type Lanes = <T>(work: () => Promise<T>) => Promise<T>;

/** So many pieces of work at once. */
export const lanes = (count: number): Lanes => {
  let free = count;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
};
