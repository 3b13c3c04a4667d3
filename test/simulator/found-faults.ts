/** A fault that a simulated month has found. */
interface FoundFault {
  readonly fault: string;
  /** The command that showed it, on the sources of that time. */
  readonly replay: string;
  /** The test that finds it since. */
  readonly test: string;
}

export const FOUND: readonly FoundFault[] = [
  {
    fault: "simulator: a roll-out ended the run if an instance had not been asked for anything yet",
    replay: "npm run simulate -- --seed 1 --servers 1 --days 10 --mails 0",
    test: "test/unit/simulator/parts-of-the-world.test.ts",
  },
  {
    fault:
      "simulator: a burst that outlasts the rest counted as stuck, although the day was full for the first in line",
    replay: "npm run simulate -- --seed 7000022 --servers 100 --days 30 --mails 30 --together 100",
    test: "test/unit/simulator/parts-of-the-world.test.ts",
  },
  {
    fault: "simulator: a message that was called off after some recipients had it counted as lost",
    replay: "npm run simulate -- --seed 4000013 --servers 100 --days 30 --mails 30 --together 100",
    test: "test/unit/simulator/watch-mail.test.ts",
  },
  {
    fault: "simulator: held mail counted as stuck as soon as its server could send again",
    replay: "npm run simulate -- --seed 1 --servers 100 --days 30 --mails 30 --together 100",
    test: "test/unit/simulator/watch-mail.test.ts",
  },
];
