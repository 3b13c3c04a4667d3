import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api } from "./api.ts";
import { isOperator } from "./session-signal.ts";

/** Whether the OAuth client for Google is saved; null while that is unknown, and to members, who may not read it. */
const isSaved = signal<boolean | null>(null);
let isAsking = false;

const read = async (): Promise<void> => {
  const found = await api.credentials.get();
  if (found.ok) isSaved.value = found.value.clientId !== null;
};

/** Once saved, a client is only ever replaced: then nothing needs to be asked again. */
const ask = (): void => {
  if (isSaved.value === true || isAsking || !isOperator()) return;
  isAsking = true;
  void read().finally(() => {
    isAsking = false;
  });
};

/** False where connecting cannot work yet, because no client is saved. */
export const useClientSaved = (): boolean => {
  useEffect(ask, []);
  return isSaved.value !== false;
};
