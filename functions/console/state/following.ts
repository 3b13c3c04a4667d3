import { useState } from "preact/hooks";
import { type Draft, useDraft } from "./draft.ts";

export interface Following<T> extends Draft<T> {
  /** The value that the person began with. */
  readonly base: T;
  readonly begin: (from: T) => void;
}

export const alike = <T extends object>(one: T, other: T): boolean => JSON.stringify(one) === JSON.stringify(other);

/** A draft of what others may change too. It follows their changes until something is typed. */
export const useFollowing = <T extends object>(form: string, now: T): Following<T> => {
  const [base, setBase] = useState(now);
  const draft = useDraft(form, base);
  const begin = (from: T) => {
    setBase(from);
    draft.setDraft(from);
  };
  const losesNothing = alike(draft.draft, base) || alike(draft.draft, now);
  if (losesNothing && !alike(now, base)) begin(now);
  return { ...draft, base, begin };
};
