import { type Dispatch, type StateUpdater, useEffect, useRef, useState } from "preact/hooks";
import { type SessionState, session } from "./session-signal.ts";

const PREFIX = "relais.typed ";

/** Storage may be forbidden (private windows, policies); what was draft is then lost with the session. */
const storage = (): Storage | null => {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
};

type Fields = Readonly<Record<string, unknown>>;
type Person = Extract<SessionState, { readonly kind: "signed_in" }>["session"];

/** Keeps only what differs: by the time the person is back, others may have changed the rest of the record. */
const changedIn = (before: object, after: object): Fields => {
  const known: Fields = { ...before };
  return Object.fromEntries(
    Object.entries(after).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(known[name])),
  );
};

const keep = (name: string, person: Person, draft: Fields): void => {
  if (Object.keys(draft).length === 0) return;
  try {
    storage()?.setItem(`${PREFIX}${name}`, JSON.stringify({ actor: person.actor, role: person.role, typed: draft }));
  } catch {
    // Storage is full: no worse than having none.
  }
};

/** The same person, or two operators: a setup begun with the setup token may go on with Google's sign-in. */
const isTheirs = (kept: Fields, person: Person): boolean =>
  kept.actor === person.actor || (kept.role === "operator" && person.role === "operator");

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null;

/** Reads the draft once: a form opened again later starts afresh. */
const take = (name: string, person: Person): Fields => {
  const text = storage()?.getItem(`${PREFIX}${name}`) ?? null;
  storage()?.removeItem(`${PREFIX}${name}`);
  if (text === null) return {};
  const kept: unknown = JSON.parse(text);
  return isFields(kept) && isTheirs(kept, person) && isFields(kept.typed) ? kept.typed : {};
};

/** Signing out leaves nothing behind. */
export const forgetDrafts = (): void => {
  const kept = storage();
  if (kept === null) return;
  for (const name of Object.keys(kept)) if (name.startsWith(PREFIX)) kept.removeItem(name);
};

const signedIn = (): Person | null => {
  const state = session.peek();
  return state.kind === "signed_in" ? state.session : null;
};

const withDraft = <T extends object>(initial: T, draft: Fields): T => ({
  ...initial,
  ...Object.fromEntries(Object.entries(initial).map(([name, value]) => [name, draft[name] ?? value])),
});

export interface Draft<T> {
  readonly draft: T;
  readonly setDraft: Dispatch<StateUpdater<T>>;
  /** It was draft before the session ended, and is not saved yet. */
  readonly resumed: boolean;
}

/**
 * The state of a form. If the session ends, it stays in this tab until the same person signs in and comes back. Not for
 * secrets. `form` must be unique on the page; `initial` is the untouched form.
 */
export const useDraft = <T extends object>(form: string, initial: T): Draft<T> => {
  const [at] = useState(() => {
    const name = `${location.pathname} ${form}`;
    const person = signedIn();
    return { name, person, before: person === null ? {} : take(name, person) };
  });
  const [draft, setDraft] = useState(() => withDraft(initial, at.before));
  const latest = useRef({ initial, draft });
  latest.current = { initial, draft };
  useEffect(
    () => () => {
      const state = session.peek();
      if (at.person === null || state.kind !== "signed_out" || !state.ended) return;
      keep(at.name, at.person, changedIn(latest.current.initial, latest.current.draft));
    },
    [],
  );
  return {
    draft,
    setDraft,
    resumed: Object.keys(at.before).length > 0 && Object.keys(changedIn(initial, draft)).length > 0,
  };
};
