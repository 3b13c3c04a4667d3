import { changeOnCondition } from "../../change-on-condition.ts";
import { type Grant, grantOf, isSameGrant } from "../../mail-servers/mail-server.ts";
import { type ServerDeps, saveServer } from "../../mail-servers/save-server.ts";
import { isUnderstoodServer, withConnection } from "../../mail-servers/understood.ts";
import type { Secret } from "../../secret.ts";
import type { SecretVault } from "../../secret-vault.ts";
import { beginSecretChange, tidySecrets } from "../endings/secret-sweep.ts";

export interface ReplaceDeps extends ServerDeps {
  readonly vault: SecretVault;
}

interface Of {
  readonly serverId: string;
  /** The grant as it was read. */
  readonly grant: Grant;
}

interface NewToken {
  readonly refreshToken: Secret;
  readonly marks: readonly string[];
  /** Asked once the token is stored: whether it is the grant's account's. */
  readonly isOurs: () => Promise<boolean>;
}

/**
 * Google has replaced the grant's refresh token. Returns the grant with the new one; the same grant if the new token is
 * another account's, or if the server has another grant or none by now. Throws `Contended`, `Unavailable`.
 */
export const rotateToken = async (
  deps: ReplaceDeps,
  of: Of,
  { refreshToken, marks, isOurs }: NewToken,
): Promise<Grant> => {
  const add = () => deps.vault.add(nameOf(of), refreshToken, of.grant.secretVersion);
  // The old token may have been moved to another home since it was read: it is the same grant, and its token is over.
  const next = async (held: Grant, secretVersion: string): Promise<Grant | null> =>
    isSameGrant(held, of.grant) && (await isOurs())
      ? { ...held, secretVersion, tokenMarks: marks, generation: held.generation + 1 }
      : null;
  return (await replaceSecret(deps, of, { add, next })) ?? of.grant;
};

/** A server's token after an attempt to move it: gone home, unreadable where it is, or changed by somebody else. */
export type MoveOutcome = "moved" | "unreadable" | "changed";

/**
 * Moves the grant's refresh token to its home. It remains the same token, so a refresh that is under way with it can
 * still store what Google replaces it with. Throws `Contended`, `Unavailable`.
 */
export const moveToken = async (deps: ReplaceDeps, of: Of): Promise<MoveOutcome> => {
  const { secretVersion: from } = of.grant;
  const token = await deps.vault.read(nameOf(of), from);
  if (token === undefined) return "unreadable";
  const add = () => deps.vault.add(nameOf(of), token);
  const next = async (held: Grant, secretVersion: string): Promise<Grant | null> =>
    held.secretVersion === from ? { ...held, secretVersion } : null;
  return (await replaceSecret(deps, of, { add, next })) === null ? "changed" : "moved";
};

const nameOf = ({ serverId }: Of) => ({ kind: "refresh_token", serverId }) as const;

interface Replacement {
  /** Returns the new version. */
  readonly add: () => Promise<string>;
  /** The grant that points to the new version; null if what the server holds by now must stay. */
  readonly next: (held: Grant, secretVersion: string) => Promise<Grant | null>;
}

/**
 * Stores the new secret, moves the pointer, then destroys the old secret: a crash in between leaves a spare secret for
 * the sweep, never a pointer to a missing one. Null if the pointer stays.
 */
const replaceSecret = async (deps: ReplaceDeps, of: Of, { add, next }: Replacement): Promise<Grant | null> => {
  const change = await beginSecretChange(deps, of.serverId);
  const secretVersion = await add();
  const { grant, unused } = await movePointer(deps, of, { secretVersion, next });
  await tidySecrets(deps, of.serverId, { unused, change });
  return grant;
};

/** `unused` is the secret that nothing points to afterwards. */
interface Moved {
  readonly grant: Grant | null;
  readonly unused: string;
}

const movePointer = (
  deps: ReplaceDeps,
  { serverId }: Of,
  { secretVersion, next }: Pick<Replacement, "next"> & { readonly secretVersion: string },
): Promise<Moved> =>
  changeOnCondition<Moved>(deps, "point to a replaced secret", async () => {
    const server = await deps.records.get("mailServers", serverId);
    const held = server === undefined ? null : grantOf(server.value);
    const grant = held === null ? null : await next(held, secretVersion);
    if (server === undefined || held === null || grant === null || !isUnderstoodServer(server.value))
      return { grant: null, unused: secretVersion };
    const { connection } = server.value;
    if (connection.state === "not_connected") return { grant: null, unused: secretVersion };
    const value = withConnection(server.value, { ...connection, grant });
    const saved = await saveServer(deps, server, { value });
    return saved.done ? { grant, unused: held.secretVersion } : "contended";
  });
