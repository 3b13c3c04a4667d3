import { type TellDeps, teller } from "../../functions/domain/notices/tell.ts";

type Untold = Omit<TellDeps, "alert"> & Partial<Pick<TellDeps, "alert">>;

/** Adds `tell` to these ports, as the system does. Without `alert`, no operator is told. */
export const telling = <D extends Untold>(deps: D): D & { readonly tell: ReturnType<typeof teller> } => ({
  ...deps,
  tell: teller({ alert: async () => undefined, ...deps }),
});
