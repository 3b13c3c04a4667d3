import type { Publisher } from "../publisher.ts";

/** Has a server's grant checked now, by `refresh-tokens`. Throws `Unavailable`. */
export const askForCheck = (deps: { readonly publisher: Publisher }, serverId: string): Promise<void> =>
  deps.publisher.publish("token-checks", { data: { server: serverId }, attributes: { relais: "check" } });
