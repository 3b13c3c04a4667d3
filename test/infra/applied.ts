import type { SideBySide } from "./side-by-side.ts";
import type { StateStore } from "./state-store.ts";

type Attributes = Readonly<Record<string, unknown>>;

/** What an apply to a new project leaves behind of an installation, as far as the providers' stand-ins know. */
export interface Applied {
  /** The ids of all resources of Google's, by address. Two resources with one id are one thing there. */
  readonly ids: ReadonlyMap<string, string>;
  readonly outputs: Attributes;
  /** Those of this type. */
  ofType(type: string): readonly Attributes[];
}

interface State {
  readonly outputs: Readonly<Record<string, { readonly value: unknown }>>;
  readonly resources: readonly {
    readonly mode: string;
    readonly module: string;
    readonly type: string;
    readonly name: string;
    readonly instances: readonly { readonly index_key?: string | number; readonly attributes: Attributes }[];
  }[];
}

/** The part of an installation. */
const appliedOf = (state: State, name: string): Applied => {
  const own = state.resources
    .filter(({ mode }) => mode === "managed")
    .filter(({ module }) => module === `module.${name}` || module.startsWith(`module.${name}.`));
  const ids = own
    .filter(({ type }) => type.startsWith("google_"))
    .flatMap(({ module, type, name, instances }) =>
      instances.map(
        ({ index_key, attributes }) =>
          [`${module}.${type}.${name}[${JSON.stringify(index_key)}]`, `${type} ${attributes.id}`] as const,
      ),
    );
  const outputs = Object.entries(state.outputs)
    .filter(([output]) => output.startsWith(`${name}-`))
    .map(([output, { value }]) => [output.slice(name.length + 1), value]);
  return {
    ids: new Map(ids),
    outputs: Object.fromEntries(outputs),
    ofType: (wanted) =>
      own
        .filter(({ type }) => type === wanted)
        .flatMap(({ instances }) => instances.map(({ attributes }) => attributes)),
  };
};

interface Settled {
  readonly installation: (name: string) => Applied;
  /** Addresses that a plan right after the apply would change; empty if it is done. */
  readonly unsettled: readonly string[];
}

/** A plan in a file, or these resources alone with what they need. `again` says what is planned after the apply. */
type Applying =
  | { readonly planned: string; readonly again: readonly string[] }
  | { readonly targets: readonly string[] };

/** Applies to a new state. */
export const applyTo = async (project: SideBySide, store: StateStore, what: Applying): Promise<Settled> => {
  const targets = (addresses: readonly string[]) => addresses.map((address) => `-target=${address}`);
  const args = "planned" in what ? [what.planned] : ["-auto-approve", ...targets(what.targets)];
  const only = targets("planned" in what ? what.again : what.targets);
  await project.prepare();
  const applied = await project.terraform("apply", "-input=false", "-no-color", ...args);
  if (applied.status !== 0) throw new Error(`terraform apply failed:\n${applied.output}`);
  const state: State = JSON.parse(store.state);
  // A refresh would show what others have changed meanwhile, and nobody else changes what stand-ins hold.
  const again = await project.terraform("plan", "-detailed-exitcode", "-refresh=false", ...only);
  const changes = [...again.output.matchAll(/^\s*# (\S+) (?:will|must) be /gm)].map(([, address = ""]) => address);
  return {
    installation: (name) => appliedOf(state, name),
    unsettled: again.status === 0 ? [] : [...changes, `exit code ${again.status}`],
  };
};
