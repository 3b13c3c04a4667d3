// One file, so that it is one module to load in a bundle.
import type { Clock } from "../../domain/clock.ts";
import type { Randomness } from "../../domain/randomness.ts";
import type { Records } from "../../domain/records.ts";
import type { Sealer } from "../../domain/sealer.ts";
import type { SecretVault } from "../../domain/secret-vault.ts";
import type { GoogleCalls } from "../google-cloud/google-calls.ts";
import { jweSealerWithRing } from "../sealing/jwe-sealer.ts";
import { sealedTokenVault } from "../sealing/sealed-token-vault.ts";
import { twoHomeVault } from "../sealing/two-home-vault.ts";
import { openSecretManager } from "./client.ts";
import type { SecretPlaces } from "./replication.ts";
import { secretManagerKeyRing } from "./secret-manager-key-ring.ts";
import { secretManagerVault } from "./secret-manager-vault.ts";

export interface SecretsOptions {
  readonly calls: GoogleCalls;
  readonly clock: Clock;
  readonly random: Randomness;
  /** For tokens that are kept sealed. */
  readonly records: Records;
  readonly projectId: string;
  /** Begins the names of secrets; empty for none. */
  readonly prefix: string;
  readonly places: SecretPlaces;
  readonly standInHost: string | null;
  readonly refreshTokens: "secrets" | "sealed";
}

/** The vault and the sealer, both by Secret Manager. Connects to nothing yet. */
export const openSecrets = (options: SecretsOptions): { readonly vault: SecretVault; readonly sealer: Sealer } => {
  const { calls, clock, random, records, projectId, prefix, places, refreshTokens } = options;
  const manager = { calls, client: openSecretManager(options.standInHost), projectId, prefix, places };
  const sealer = jweSealerWithRing(secretManagerKeyRing(manager, clock));
  const sealed = sealedTokenVault({ records, sealer, clock, random });
  return { sealer, vault: twoHomeVault({ secrets: secretManagerVault(manager), sealed, refreshTokens }) };
};
