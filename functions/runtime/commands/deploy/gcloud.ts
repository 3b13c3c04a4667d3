import type * as z from "zod";
import { fail, ok, type Result } from "../../../domain/result.ts";
import { mustRun, type RunOptions, type Tools } from "./tools.ts";

/** A question that a program refused to answer, and its words. */
export interface Refused {
  readonly said: string;
}

const parsed = <T>(schema: z.ZodType<T>, text: string): Result<T, Refused> => {
  try {
    const found = schema.safeParse(JSON.parse(text === "" ? "null" : text));
    return found.success ? ok(found.data) : fail({ said: `an unexpected answer: ${found.error.message}` });
  } catch {
    return fail({ said: `no JSON: ${text.slice(0, 200)}` });
  }
};

/** `gcloud` on one project. */
export class Gcloud {
  readonly #tools: Tools;
  readonly project: string;

  constructor(tools: Tools, project: string) {
    this.#tools = tools;
    this.project = project;
  }

  /** Asks without changing anything. */
  async ask<T>(schema: z.ZodType<T>, ...args: readonly string[]): Promise<Result<T, Refused>> {
    const ran = await this.#tools.run("gcloud", [...args, `--project=${this.project}`, "--format=json"]);
    return ran.status === 0 ? parsed(schema, ran.stdout) : fail({ said: ran.stderr.trim() });
  }

  /** The text that a command prints, for what is no JSON. */
  async text(...args: readonly string[]): Promise<Result<string, Refused>> {
    const ran = await this.#tools.run("gcloud", [...args, `--project=${this.project}`]);
    return ran.status === 0 ? ok(ran.stdout) : fail({ said: ran.stderr.trim() });
  }

  /** Changes something. Throws `ToolFailed`. */
  do(args: readonly string[], options?: RunOptions): Promise<string> {
    return mustRun(this.#tools, "gcloud", [...args, `--project=${this.project}`, "--quiet"], options);
  }
}

/** `firebase … --json` wraps its answer: `{"status": "success", "result": …}`. */
export const askFirebase = async <T>(
  tools: Tools,
  schema: z.ZodType<T>,
  ...args: readonly string[]
): Promise<Result<T, Refused>> => {
  const ran = await tools.run("firebase", [...args, "--json"]);
  if (ran.status !== 0) return fail({ said: ran.stderr.trim() || ran.stdout.trim() });
  try {
    const { result } = JSON.parse(ran.stdout);
    return parsed(schema, JSON.stringify(result ?? null));
  } catch {
    return fail({ said: `no JSON: ${ran.stdout.slice(0, 200)}` });
  }
};
