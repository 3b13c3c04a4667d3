import { isSealedVersion, type SecretName, type SecretVault, VAULT_HOME } from "../../domain/secret-vault.ts";

interface Homes {
  /** Has the client secret, whatever the setting. */
  readonly secrets: SecretVault;
  readonly sealed: SecretVault;
  /** Where refresh tokens go (`RELAIS_REFRESH_TOKENS`). */
  readonly refreshTokens: "secrets" | "sealed";
}

/** `SecretVault` with two homes for refresh tokens. A version says in which one it is, whatever the setting. */
export const twoHomeVault = ({ secrets, sealed, refreshTokens }: Homes): SecretVault => {
  const isToken = ({ kind }: SecretName): boolean => kind === "refresh_token";
  const holderOf = (name: SecretName, version: string): SecretVault =>
    isToken(name) && isSealedVersion(version) ? sealed : secrets;
  return {
    // What replaces a sealed token is sealed, too: its server may have no secret yet, and few functions may create one.
    add: (name, value, replaces = "") => {
      const seals = isToken(name) && (refreshTokens === "sealed" || isSealedVersion(replaces));
      return (seals ? sealed : secrets).add(name, value);
    },
    read: (name, version) => holderOf(name, version).read(name, version),
    destroy: (name, version) => holderOf(name, version).destroy(name, version),
    remove: async (name) => {
      await secrets.remove(name);
      if (isToken(name)) await sealed.remove(name);
    },
    versions: async (name) =>
      isToken(name)
        ? (await Promise.all([secrets.versions(name), sealed.versions(name)])).flat()
        : secrets.versions(name),
    home: async () => (refreshTokens === "sealed" ? sealed.home() : VAULT_HOME),
  };
};
