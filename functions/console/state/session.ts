import { signal } from "@preact/signals";
import { type ApiFailure, type ApiResult, codeOf } from "../api/failure.ts";
import { setupTokenIn } from "../routing/next.ts";
import { api } from "./api.ts";
import { forgetDrafts } from "./draft.ts";
import { session } from "./session-signal.ts";

/** Why the token of a `/#setup=` link was refused; shown on the sign-in page. */
export const setupFailure = signal<ApiFailure | null>(null);

/** Asks who is signed in. 401 and 403 `not_admitted` (access was withdrawn) mean nobody. */
export const readSession = async (): Promise<void> => {
  const result = await api.session.read();
  if (result.ok) session.value = { kind: "signed_in", session: result.value };
  else if (["unauthenticated", "not_admitted"].includes(codeOf(result.failure) ?? ""))
    session.value = { kind: "signed_out" };
  else session.value = { kind: "failed", failure: result.failure };
};

export const openSession = async (setupToken: string): Promise<ApiResult<void>> => {
  const result = await api.session.open(setupToken);
  if (result.ok) await readSession();
  return result;
};

/** Reads the session again even if the call fails, to show whether the person is still signed in. */
export const closeSession = async (): Promise<void> => {
  const result = await api.session.close();
  forgetDrafts();
  if (result.ok) session.value = { kind: "signed_out" };
  else await readSession();
};

/** Takes the setup token out of the address bar, and so out of the history, before using it. */
const takeSetupToken = (): string | null => {
  const token = setupTokenIn(location.hash);
  if (token !== null) history.replaceState(null, "", `${location.pathname}${location.search}`);
  return token;
};

/** Runs when the console starts, and again when a setup link is pasted into an open page. */
export const startSession = async (): Promise<void> => {
  const token = takeSetupToken();
  if (token !== null) {
    const result = await openSession(token);
    setupFailure.value = result.ok ? null : result.failure;
    if (result.ok) return;
  }
  await readSession();
};
