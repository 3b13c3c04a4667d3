import type { Randomness } from "../../domain/randomness.ts";
import type { Sealer } from "../../domain/sealer.ts";
import type { SecretName, SecretVault } from "../../domain/secret-vault.ts";
import type { Connection } from "./connection.ts";

/**
 * `SecretVault` in the SQLite file: each seal is bound to the secret's name and version, and the key lies elsewhere.
 */
export const sqliteSecretVault = (
  connection: Connection,
  { sealer, random }: { readonly sealer: Sealer; readonly random: Randomness },
): SecretVault => ({
  add: async (secret, value) => {
    const name = rowName(secret);
    const version = random.token(12);
    const sealed = await sealer.seal(value, context(name, version));
    const insert = "INSERT INTO secrets (name, version, sealed) VALUES (?, ?, ?)";
    await connection.writeTogether("keep a secret", () => connection.sql(insert).run(name, version, sealed));
    return version;
  },

  read: async (secret, version) => {
    const name = rowName(secret);
    const select = "SELECT sealed FROM secrets WHERE name = ? AND version = ?";
    const row = await connection.whenUnlocked(() =>
      connection.read("read a secret", () => connection.sql(select).get(name, version)),
    );
    return row === undefined ? undefined : sealer.open(String(row.sealed), context(name, version));
  },

  destroy: async (secret, version) => {
    const remove = "DELETE FROM secrets WHERE name = ? AND version = ?";
    await connection.writeTogether("destroy a secret", () => connection.sql(remove).run(rowName(secret), version));
  },

  remove: async (secret) => {
    const remove = "DELETE FROM secrets WHERE name = ?";
    await connection.writeTogether("destroy a secret", () => connection.sql(remove).run(rowName(secret)));
  },

  home: async () => null,

  versions: async (secret) => {
    const select = "SELECT version FROM secrets WHERE name = ? ORDER BY at";
    const rows = await connection.whenUnlocked(() =>
      connection.read("list a secret's versions", () => connection.sql(select).all(rowName(secret))),
    );
    return rows.map(({ version }) => String(version));
  },
});

const rowName = (secret: SecretName): string =>
  secret.kind === "client_secret" ? "client_secret" : `refresh_token/${secret.serverId}`;

const context = (name: string, version: string): string => `secret ${name} ${version}`;
