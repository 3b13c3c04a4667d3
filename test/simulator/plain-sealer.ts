import type { Sealer } from "../../functions/domain/sealer.ts";
import { Secret } from "../../functions/domain/secret.ts";

const SEPARATOR = "\u0000";

/** Binds a text to its context without hiding it: in a simulation nothing is secret, and encryption is slow. */
export const plainSealer: Sealer = {
  seal: async (value, context) => context + SEPARATOR + value.reveal(),
  currentKey: async () => "plain",
  isShut: async () => false,
  open: async (sealed, context) =>
    sealed.startsWith(context + SEPARATOR) ? new Secret(sealed.slice(context.length + 1)) : undefined,
};
