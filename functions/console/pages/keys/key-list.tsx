import { useState } from "preact/hooks";
import type { ApiKey, Listing } from "../../api/types.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import type { RemoteHandle } from "../../state/remote.ts";
import { useServerNames } from "../../state/server-names.ts";
import { Confirm } from "../../widgets/confirm.tsx";
import { Ago, When } from "../../widgets/time.tsx";

interface RowProps {
  readonly apiKey: ApiKey;
  readonly nameOf: (serverId: string) => string;
  readonly onRevoke: () => void;
}

const KeyRow = ({ apiKey, nameOf, onRevoke }: RowProps) => (
  <li>
    <div class="row-main">
      <span class="row-title">{apiKey.name}</span>
      <span class="fine">
        {apiKey.permissions.map((permission) => t(`key.permission.${permission}`)).join(", ")} ·{" "}
        {apiKey.servers.length === 0 ? t("key.allServers") : apiKey.servers.map(nameOf).join(", ")}
      </span>
      <span class="fine">
        {apiKey.lastUsedAt ? (
          <>
            {t("key.used")} <Ago iso={apiKey.lastUsedAt} />
          </>
        ) : (
          t("key.unused")
        )}
        {apiKey.expiresAt && (
          <>
            {" · "}
            {t("key.expires")} <When iso={apiKey.expiresAt} />
          </>
        )}
      </span>
    </div>
    <div class="row-side">
      <button
        type="button"
        class="button small danger"
        aria-label={t("key.revokeNamed", { name: apiKey.name })}
        onClick={onRevoke}
      >
        {t("key.revoke")}
      </button>
    </div>
  </li>
);

interface ListProps {
  readonly items: readonly ApiKey[];
  readonly handle: RemoteHandle<Listing<ApiKey>>;
}

export const KeyList = ({ items, handle }: ListProps) => {
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const nameOf = useServerNames();
  const revoke = useAction((id: string) => api.keys.revoke(id));
  const confirm = async () => {
    if (revoking === null) return;
    const result = await revoke.run(revoking.id);
    if (result?.ok) setRevoking(null);
    await handle.reload();
  };
  return (
    <>
      <ul class="rows">
        {items.map((apiKey) => (
          <KeyRow
            key={apiKey.id}
            apiKey={apiKey}
            nameOf={nameOf}
            onRevoke={() => {
              revoke.clear();
              setRevoking(apiKey);
            }}
          />
        ))}
      </ul>
      <Confirm
        open={revoking !== null}
        title={t("key.revokeTitle", { name: revoking?.name ?? "" })}
        confirmLabel={t("key.revoke")}
        danger
        busy={revoke.busy}
        failure={revoke.failure}
        onConfirm={() => void confirm()}
        onClose={() => setRevoking(null)}
      >
        <p>{t("key.revokeText")}</p>
      </Confirm>
    </>
  );
};
