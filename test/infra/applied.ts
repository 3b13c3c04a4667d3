import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { InfraCopy, Inputs } from "./terraform.ts";

/** What an apply to a new project leaves behind, as far as the providers' stand-ins know. */
export interface Applied {
  /** The ids of all resources of Google's, by address. Two resources with one id are one thing there. */
  readonly ids: ReadonlyMap<string, string>;
  readonly outputs: Readonly<Record<string, unknown>>;
  /** The state, as text. */
  readonly state: string;
  /** Addresses that a plan right after the apply would change; empty if it is done. */
  readonly unsettled: readonly string[];
}

interface State {
  readonly outputs: Readonly<Record<string, { readonly value: unknown }>>;
  readonly resources: readonly {
    readonly mode: string;
    readonly module?: string;
    readonly type: string;
    readonly name: string;
    readonly instances: readonly {
      readonly index_key?: string | number;
      readonly attributes: Readonly<Record<string, unknown>>;
    }[];
  }[];
}

const idsIn = ({ resources }: State): ReadonlyMap<string, string> =>
  new Map(
    resources
      .filter(({ mode, type }) => mode === "managed" && type.startsWith("google_"))
      .flatMap(({ module = "", type, name, instances }) =>
        instances.map(
          ({ index_key, attributes }) =>
            [`${module}.${type}.${name}[${JSON.stringify(index_key)}]`, `${type} ${attributes.id}`] as const,
        ),
      ),
  );

interface Applying {
  /** It applies these resources alone, with what they need. */
  readonly targets?: readonly string[];
  /** A plan of all resources that the copy has made with these inputs. */
  readonly planned?: string;
}

/** Applies to a new state, which the copy then forgets. */
export const applyTo = (copy: InfraCopy, inputs: Inputs, { targets = [], planned }: Applying = {}): Applied => {
  const only = targets.map((address) => `-target=${address}`);
  const state = join(copy.directory, "infra", "terraform.tfstate");
  copy.give(inputs);
  try {
    const what = planned === undefined ? ["-auto-approve", ...only] : [planned];
    const applied = copy.terraform("apply", "-input=false", "-no-color", ...what);
    if (applied.status !== 0) throw new Error(`terraform apply failed:\n${applied.output}`);
    const text = readFileSync(state, "utf8");
    const parsed: State = JSON.parse(text);
    const again = copy.terraform("plan", "-detailed-exitcode", ...only);
    const changes = [...again.output.matchAll(/^\s*# (\S+) (?:will|must) be /gm)].map(([, address = ""]) => address);
    return {
      ids: idsIn(parsed),
      outputs: Object.fromEntries(Object.entries(parsed.outputs).map(([name, { value }]) => [name, value])),
      state: text,
      unsettled: again.status === 0 ? [] : [...changes, `exit code ${again.status}`],
    };
  } finally {
    rmSync(state, { force: true });
  }
};
