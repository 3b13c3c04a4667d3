import { spawn } from "node:child_process";

/** The programs that a deployment runs. `node` runs scripts of this repository. */
export type ToolName = "gcloud" | "terraform" | "firebase" | "node";

export interface Ran {
  /** 127 if the program is not installed, as a shell says it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** What the program reads. A secret goes this way or by `env`, because everybody on the machine sees arguments. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Shows what the program prints while it runs. */
  readonly shown?: boolean;
}

/** The one way to everything outside: a program, its arguments as they are (never a shell), and what it answered. */
export interface Tools {
  run(tool: ToolName, args: readonly string[], options?: RunOptions): Promise<Ran>;
}

const MISSING: Ran = { status: 127, stdout: "", stderr: "not installed" };

/** No program may wait for somebody to answer a question that nobody sees. */
const UNATTENDED = { CLOUDSDK_CORE_DISABLE_PROMPTS: "1", TF_IN_AUTOMATION: "1", TF_INPUT: "0" };

const spawned = (
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  { input = "", shown = false }: RunOptions,
): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ["pipe", "pipe", "pipe"], shell: false });
    const said = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].setEncoding("utf8").on("data", (part: string) => {
        said[stream] += part;
        if (shown) process[stream].write(part);
      });
    }
    child.on("error", (error) =>
      "code" in error && (error.code === "ENOENT" || error.code === "EACCES") ? resolve(MISSING) : reject(error),
    );
    child.on("close", (status) => resolve({ status: status ?? 1, ...said }));
    // A program that does not read its input may have ended already.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });

/** Runs programs that are found by the PATH in `env`. */
export const toolsOf = (env: Readonly<Record<string, string | undefined>>): Tools => ({
  run: (tool, args, options = {}) =>
    spawned(tool === "node" ? process.execPath : tool, args, { ...env, ...UNATTENDED, ...options.env }, options),
});

/** A step of the deployment failed; what the program said is part of the message. */
export class ToolFailed extends Error {
  constructor(tool: ToolName, args: readonly string[], { status, stdout, stderr }: Ran) {
    const said = (stderr.trim() || stdout.trim()).split("\n").slice(-20).join("\n");
    super(`${tool} ${args.join(" ")} ended with status ${status}:\n${said}`);
  }
}

/** Runs a program that must succeed, and returns what it printed. Throws `ToolFailed`. */
export const mustRun = async (
  tools: Tools,
  tool: ToolName,
  args: readonly string[],
  options?: RunOptions,
): Promise<string> => {
  const ran = await tools.run(tool, args, options);
  if (ran.status !== 0) throw new ToolFailed(tool, args, ran);
  return ran.stdout;
};
