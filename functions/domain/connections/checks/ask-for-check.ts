import type { Publisher } from "../../publisher.ts";

/**
 * `due` checks only if the server is still due, because an earlier tick may have asked already. `now` always checks,
 * because Google has reported something.
 */
export type CheckWhen = "due" | "now";

/** `refresh-tokens` runs the check. Throws `Unavailable`. */
export const askForCheck = (deps: { readonly publisher: Publisher }, server: string, when: CheckWhen): Promise<void> =>
  deps.publisher.publish("token-checks", {
    data: when === "due" ? { server, due: true } : { server },
    attributes: { relais: "check" },
  });
