/** Where Google keeps new secrets. It cannot be changed for a secret that exists. */
export interface SecretPlaces {
  /** Regions; empty means that Google chooses. */
  readonly locations: readonly string[];
  /**
   * Full names of Cloud KMS keys: one in each of the regions, or a global one if Google chooses. Empty means Google's
   * own keys.
   */
  readonly kmsKeys: readonly string[];
}

export const ANYWHERE: SecretPlaces = { locations: [], kmsKeys: [] };

/** `projects/…/locations/<location>/keyRings/…/cryptoKeys/…` */
export const locationOfKey = (kmsKey: string): string => kmsKey.split("/")[3] ?? "";

const encryption = (kmsKeyName: string | undefined) =>
  kmsKeyName === undefined ? {} : { customerManagedEncryption: { kmsKeyName } };

/** `Secret.replication` (cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets#Replication). */
export const replicationIn = ({ locations, kmsKeys }: SecretPlaces) => {
  if (locations.length === 0) return { automatic: encryption(kmsKeys[0]) };
  const replicas = locations.map((location) => ({
    location,
    ...encryption(kmsKeys.find((key) => locationOfKey(key) === location)),
  }));
  return { userManaged: { replicas } };
};
