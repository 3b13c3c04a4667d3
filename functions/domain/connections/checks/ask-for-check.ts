import type { Publisher } from "../../publisher.ts";

/** `due`: if it still is by then; another tick may have asked before, and been heard. `now`: Google has told of something. */
export type CheckWhen = "due" | "now";

/** Has a server's grant checked by `refresh-tokens`. Throws `Unavailable`. */
export const askForCheck = (deps: { readonly publisher: Publisher }, server: string, when: CheckWhen): Promise<void> =>
  deps.publisher.publish("token-checks", {
    data: when === "due" ? { server, due: true } : { server },
    attributes: { relais: "check" },
  });
