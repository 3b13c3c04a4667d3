import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Tools } from "../../../functions/runtime/commands/deploy/tools.ts";
import type { Answer, Cloud } from "./cloud.ts";
import { runFirebase } from "./firebase-stand-in.ts";
import { runGcloud } from "./gcloud-stand-in.ts";
import { runTerraform } from "./terraform-stand-in.ts";

/** A command that was run, as a person would type it. */
export interface Recorded {
  readonly tool: string;
  readonly args: readonly string[];
  readonly input: string;
  readonly changed: boolean;
}

/** Sends the arguments and the input to this process, and prints its answer. Bash starts much faster than Node. */
const SCRIPT = `#!/usr/bin/env bash
exec 3<>"/dev/tcp/127.0.0.1/$STAND_IN_PORT"
input=$(cat; printf x)
printf '%s\\0' "\${0##*/}" "$#" "$@" "\${input%x}" >&3
IFS= read -r -d '' status <&3
IFS= read -r -d '' out <&3
IFS= read -r -d '' err <&3
printf '%s' "$out"
printf '%s' "$err" >&2
exit "$status"
`;

const RUN: Readonly<Record<string, (cloud: Cloud, args: readonly string[], input: string) => Answer>> = {
  gcloud: runGcloud,
  firebase: runFirebase,
  terraform: runTerraform,
};

/** The three tools as executables that stand first on a PATH, and what they were asked. */
export class StandIns {
  cloud: Cloud;
  readonly recorded: Recorded[] = [];
  /** Called after a command has changed something, and before it answers. */
  onChange: (command: string) => void = () => undefined;
  readonly #folder: string;
  readonly #server: Server;

  private constructor(cloud: Cloud, folder: string, server: Server) {
    this.cloud = cloud;
    this.#folder = folder;
    this.#server = server;
  }

  static async start(cloud: Cloud): Promise<StandIns> {
    const folder = mkdtempSync(join(tmpdir(), "relais-tools-"));
    mkdirSync(join(folder, "bin"));
    for (const tool of Object.keys(RUN)) {
      const path = join(folder, "bin", tool);
      writeFileSync(path, SCRIPT);
      chmodSync(path, 0o755);
    }
    const server = createServer();
    const standIns = new StandIns(cloud, folder, server);
    server.on("connection", (socket) => standIns.#serve(socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return standIns;
  }

  /** What a program needs to meet the stand-ins instead of Google. */
  environment(): Readonly<Record<string, string>> {
    const address = this.#server.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    return {
      PATH: `${join(this.#folder, "bin")}:${dirname(process.execPath)}:/usr/bin:/bin`,
      STAND_IN_PORT: `${port}`,
    };
  }

  /** Answers what a program would be told by the executables, without starting them. */
  get tools(): Tools {
    return { run: async (tool, args, { input = "" } = {}) => this.#run(tool, args, input) };
  }

  #serve(socket: Socket): void {
    let text = "";
    socket.setEncoding("utf8").on("data", (part) => {
      text += part;
      const parts = text.split("\0");
      const [tool = "", count = ""] = parts;
      // The name, the count, the arguments, the input, and nothing after the last separator.
      if (count === "" || parts.length < Number(count) + 4) return;
      const args = parts.slice(2, 2 + Number(count));
      const { status, stdout, stderr } = this.#run(tool, args, parts[2 + Number(count)] ?? "");
      socket.end(`${status}\0${stdout}\0${stderr}\0`);
    });
    // A killed program takes its questions back.
    socket.on("error", () => undefined);
  }

  #run(tool: string, args: readonly string[], input: string): Answer {
    const answer = RUN[tool]?.(this.cloud, args, input);
    if (answer === undefined) throw new Error(`no stand-in for ${tool}`);
    this.recorded.push({ tool, args, input, changed: answer.changed });
    if (answer.changed) this.onChange(this.changes().at(-1) ?? "");
    return answer;
  }

  /** Forgets what was asked so far. */
  rewind(): void {
    this.recorded.length = 0;
  }

  /** The commands that have changed something, without what differs from run to run. */
  changes(): readonly string[] {
    return this.recorded
      .filter(({ changed }) => changed)
      .map(({ tool, args }) =>
        `${tool} ${args.join(" ")}`.replaceAll(/\S*\/(relais-hosting-\w+|deploy\/relais-test)\S*/g, "…"),
      );
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
