import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

/** Answers its parent's `cpu` with the CPU that this process has used, in ms. */
export const cpuOnRequest = (): void => {
  process.on("message", (asked) => {
    const { user, system } = process.cpuUsage();
    if (asked === "cpu") process.send?.({ cpuMs: (user + system) / 1_000 });
  });
  // Without its parent it is of no use.
  process.once("disconnect", () => process.exit());
};

/** The next message of a child that has this member. */
const nextWith = <T>(child: ChildProcess, member: string): Promise<T> =>
  new Promise((resolve, reject) => {
    const take = (message: unknown): void => {
      if (typeof message !== "object" || message === null || !(member in message)) return;
      child.off("message", take);
      resolve(Reflect.get(message, member));
    };
    child.on("message", take);
    child.once("exit", (code) => reject(new Error(`a process of the rig ended with ${code}`)));
  });

export interface Rigged<T> {
  readonly ready: T;
  readonly child: ChildProcess;
  cpuMs(): Promise<number>;
  end(): Promise<void>;
}

/** Starts a program of the rig (`throughput/<name>.ts`) and waits for what it tells its parent first. */
export const startRigged = async <T>(
  name: string,
  args: readonly (string | number)[],
  {
    environment = {},
    profileDir,
  }: { readonly environment?: Readonly<Record<string, string>>; readonly profileDir?: string | undefined } = {},
): Promise<Rigged<T>> => {
  const child = fork(new URL(`${name}.ts`, import.meta.url), args.map(String), {
    env: { ...process.env, ...environment },
    ...(profileDir !== undefined && { execArgv: [...process.execArgv, "--cpu-prof", `--cpu-prof-dir=${profileDir}`] }),
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  child.setMaxListeners(0);
  const ready = await nextWith<T>(child, "ready");
  return {
    ready,
    child,
    cpuMs: () => {
      const answer = nextWith<number>(child, "cpuMs");
      child.send("cpu");
      return answer;
    },
    end: async () => {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
};
