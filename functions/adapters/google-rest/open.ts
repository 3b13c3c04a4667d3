import type { Clock } from "../../domain/clock.ts";
import type { Sealer, SecretVault } from "../../domain/connections/ports.ts";
import type { Publisher } from "../../domain/publisher.ts";
import type { Randomness } from "../../domain/randomness.ts";
import type { Records } from "../../domain/records.ts";
import { firestoreRecords } from "../firestore/firestore-records.ts";
import { pubsubPublisher } from "../pubsub/pubsub-publisher.ts";
import { jweSealerBy } from "../sealing/jwe-sealer.ts";
import { secretManagerKeyRing } from "../secret-manager/secret-manager-key-ring.ts";
import { secretManagerVault } from "../secret-manager/secret-manager-vault.ts";
import { applicationDefaultToken } from "./credentials.ts";
import { googleCloudApi } from "./google-cloud.ts";

export interface GoogleStoreOptions {
  readonly projectId: string;
  /** `host:port` of what stands in for a service; null: the service itself. */
  readonly firestoreEmulator: string | null;
  readonly pubsubEmulator: string | null;
  readonly secretManagerEmulator: string | null;
}

export interface GoogleStore {
  readonly records: Records;
  readonly vault: SecretVault;
  readonly sealer: Sealer;
  readonly publisher: Publisher;
}

/** The store on Google Cloud. Nothing is loaded, read or connected to before a port's first call. */
export const openGoogleStore = (
  { clock, random }: { readonly clock: Clock; readonly random: Randomness },
  { projectId, firestoreEmulator, pubsubEmulator, secretManagerEmulator }: GoogleStoreOptions,
): GoogleStore => {
  const options = { clock, random, accessToken: applicationDefaultToken() };
  const secretManager = googleCloudApi(options, "secretmanager", secretManagerEmulator);
  return {
    records: firestoreRecords({ api: googleCloudApi(options, "firestore", firestoreEmulator), random, projectId }),
    vault: secretManagerVault(secretManager, projectId),
    sealer: jweSealerBy(secretManagerKeyRing(secretManager, clock, projectId)),
    publisher: pubsubPublisher(googleCloudApi(options, "pubsub", pubsubEmulator), projectId),
  };
};
