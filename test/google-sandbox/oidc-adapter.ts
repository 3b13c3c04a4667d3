import type { Adapter, AdapterPayload } from "oidc-provider";
import type { State } from "./state.ts";

/**
 * oidc-provider's storage in the sandbox's database. Ended tokens stay until replaced, since the provider checks `exp`.
 */
export const oidcAdapter = (state: State, kind: string): Adapter => {
  const { database } = state;
  const read = (row: Record<string, unknown> | undefined): AdapterPayload | undefined => {
    const payload = row?.payload;
    if (typeof payload !== "string") return undefined;
    const parsed: AdapterPayload = JSON.parse(payload);
    return row?.consumed === 1 ? { ...parsed, consumed: true } : parsed;
  };
  const find = async (id: string) =>
    read(database.prepare("SELECT payload, consumed FROM models WHERE kind = ? AND id = ?").get(kind, id));
  return {
    find,
    findByUserCode: async () => undefined,
    findByUid: async (uid) =>
      read(database.prepare("SELECT payload, consumed FROM models WHERE kind = ? AND uid = ?").get(kind, uid)),
    upsert: async (id, payload) => {
      database
        .prepare(
          `INSERT INTO models (kind, id, payload, account, client, grant_id, uid) VALUES (?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (kind, id) DO UPDATE SET payload = excluded.payload, uid = excluded.uid`,
        )
        .run(
          kind,
          id,
          JSON.stringify(payload),
          payload.accountId ?? null,
          payload.clientId ?? null,
          payload.grantId ?? null,
          payload.uid ?? null,
        );
    },
    consume: async (id) => {
      database.prepare("UPDATE models SET consumed = 1 WHERE kind = ? AND id = ?").run(kind, id);
    },
    destroy: async (id) => {
      database.prepare("DELETE FROM models WHERE kind = ? AND id = ?").run(kind, id);
    },
    revokeByGrantId: async (grantId) => {
      database.prepare("DELETE FROM models WHERE kind = ? AND grant_id = ?").run(kind, grantId);
    },
  };
};
