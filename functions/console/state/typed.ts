import { type Dispatch, type StateUpdater, useEffect, useRef, useState } from "preact/hooks";
import { type SessionState, session } from "./session-signal.ts";

const PREFIX = "relais.typed ";

/** Storage may be forbidden (private windows, policies): what was typed is then lost with the session, as on any other site. */
const storage = (): Storage | null => {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
};

type Fields = Readonly<Record<string, unknown>>;
type Who = Extract<SessionState, { readonly kind: "signed_in" }>["session"];

/** Only what differs: the rest of the record may be another's work by the time the person is back. */
const changedIn = (before: object, after: object): Fields => {
  const known: Fields = { ...before };
  return Object.fromEntries(
    Object.entries(after).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(known[name])),
  );
};

const keep = (name: string, who: Who, typed: Fields): void => {
  if (Object.keys(typed).length === 0) return;
  try {
    storage()?.setItem(`${PREFIX}${name}`, JSON.stringify({ actor: who.actor, role: who.role, typed }));
  } catch {
    // Full: no worse than without.
  }
};

/** Whoever typed it, or an operator after an operator: the setup token's hour may end before the setup does, and Google's sign-in follows. */
const isTheirs = (kept: Fields, who: Who): boolean =>
  kept.actor === who.actor || (kept.role === "operator" && who.role === "operator");

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null;

/** Taken once: a form that is opened again later starts anew. */
const take = (name: string, who: Who): Fields => {
  const text = storage()?.getItem(`${PREFIX}${name}`) ?? null;
  storage()?.removeItem(`${PREFIX}${name}`);
  if (text === null) return {};
  const kept: unknown = JSON.parse(text);
  return isFields(kept) && isTheirs(kept, who) && isFields(kept.typed) ? kept.typed : {};
};

/** Who signs out leaves nothing behind. */
export const forgetTyped = (): void => {
  const kept = storage();
  if (kept === null) return;
  for (const name of Object.keys(kept)) if (name.startsWith(PREFIX)) kept.removeItem(name);
};

const signedIn = (): Who | null => {
  const state = session.peek();
  return state.kind === "signed_in" ? state.session : null;
};

const withTyped = <T extends object>(initial: T, typed: Fields): T => ({
  ...initial,
  ...Object.fromEntries(Object.entries(initial).map(([name, value]) => [name, typed[name] ?? value])),
});

export interface Typed<T> {
  readonly typed: T;
  readonly setTyped: Dispatch<StateUpdater<T>>;
  /** It was typed before the session ended, and is not saved yet. */
  readonly resumed: boolean;
}

/**
 * What is typed into a form, as state; should the session end meanwhile, it waits in this tab for the same person to sign in again and
 * come back to the page. Not for secrets. `form`: unlike the page's other forms; `initial`: what the form would hold untouched.
 */
export const useTyped = <T extends object>(form: string, initial: T): Typed<T> => {
  const [at] = useState(() => {
    const name = `${location.pathname} ${form}`;
    const who = signedIn();
    return { name, who, before: who === null ? {} : take(name, who) };
  });
  const [typed, setTyped] = useState(() => withTyped(initial, at.before));
  const latest = useRef({ initial, typed });
  latest.current = { initial, typed };
  useEffect(
    () => () => {
      const state = session.peek();
      if (at.who === null || state.kind !== "signed_out" || !state.ended) return;
      keep(at.name, at.who, changedIn(latest.current.initial, latest.current.typed));
    },
    [],
  );
  return {
    typed,
    setTyped,
    resumed: Object.keys(at.before).length > 0 && Object.keys(changedIn(initial, typed)).length > 0,
  };
};
