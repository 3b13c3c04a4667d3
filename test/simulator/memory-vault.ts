import type { Secret } from "../../functions/domain/secret.ts";
import type { SecretName, SecretVault } from "../../functions/domain/secret-vault.ts";

const keyOf = (name: SecretName): string =>
  name.kind === "client_secret" ? name.kind : `${name.kind} ${name.serverId}`;

/** Told of each secret that is added or, if `value` is null, destroyed. */
export type OnSecret = (name: SecretName, version: string, value: Secret | null) => void;

/** `SecretVault` in memory, for simulations. */
export class MemoryVault implements SecretVault {
  readonly #secrets = new Map<string, Map<string, Secret>>();
  readonly #onSecret: OnSecret;
  #serial = 0;

  constructor(onSecret: OnSecret = () => undefined) {
    this.#onSecret = onSecret;
  }

  has(name: SecretName, version: string): boolean {
    return this.#secrets.get(keyOf(name))?.has(version) === true;
  }

  async add(name: SecretName, value: Secret): Promise<string> {
    this.#serial += 1;
    const version = `v${this.#serial}`;
    const versions = this.#secrets.get(keyOf(name)) ?? new Map<string, Secret>();
    this.#secrets.set(keyOf(name), versions.set(version, value));
    this.#onSecret(name, version, value);
    return version;
  }

  async read(name: SecretName, version: string): Promise<Secret | undefined> {
    return this.#secrets.get(keyOf(name))?.get(version);
  }

  async destroy(name: SecretName, version: string): Promise<void> {
    if (this.#secrets.get(keyOf(name))?.delete(version)) this.#onSecret(name, version, null);
  }

  async remove(name: SecretName): Promise<void> {
    for (const version of await this.versions(name)) await this.destroy(name, version);
  }

  async home(): Promise<null> {
    return null;
  }

  async versions(name: SecretName): Promise<readonly string[]> {
    return [...(this.#secrets.get(keyOf(name))?.keys() ?? [])];
  }
}
