import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api } from "./api.ts";
import { isOperator } from "./session-signal.ts";

/** Whether Google's OAuth client is saved; null while unknown, and for members, who may not read it. */
const isSaved = signal<boolean | null>(null);
let isAsking = false;

const read = async (): Promise<void> => {
  const found = await api.credentials.get();
  if (found.ok) isSaved.value = found.value.clientId !== null;
};

/** A saved client is never removed, only replaced, so there is nothing to read again. */
const ask = (): void => {
  if (isSaved.value === true || isAsking || !isOperator()) return;
  isAsking = true;
  void read().finally(() => {
    isAsking = false;
  });
};

/** False if connecting cannot work yet because no client is saved. */
export const useClientSaved = (): boolean => {
  useEffect(ask, []);
  return isSaved.value !== false;
};
