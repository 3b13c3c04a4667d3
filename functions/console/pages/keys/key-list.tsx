import { useState } from "preact/hooks";
import type { ApiKey, Listing } from "../../api/types.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import type { RemoteHandle } from "../../state/remote.ts";
import { useServerNames } from "../../state/server-names.ts";
import { Confirm } from "../../widgets/confirm.tsx";
import { type Column, Sheet } from "../../widgets/sheet.tsx";
import { Ago, When } from "../../widgets/time.tsx";
import { filterPath } from "../audit/filter.ts";

type NameOf = (serverId: string) => string;

const columnsWith = (nameOf: NameOf, onRevoke: (apiKey: ApiKey) => void): readonly Column<ApiKey>[] => [
  { label: t("key.name"), cell: ({ name }) => name },
  {
    label: t("key.server"),
    cell: ({ servers }) => (servers.length === 0 ? t("key.allServers") : servers.map(nameOf).join(", ")),
  },
  {
    label: t("key.permissions"),
    cell: ({ permissions }) => permissions.map((permission) => t(`key.permission.${permission}`)).join(", "),
  },
  { label: t("key.expiresAt"), cell: ({ expiresAt }) => (expiresAt ? <When iso={expiresAt} /> : t("key.never")) },
  { label: t("key.used"), cell: ({ lastUsedAt }) => (lastUsedAt ? <Ago iso={lastUsedAt} /> : t("key.unused")) },
  {
    label: t("key.traces"),
    cell: ({ id, name }) => (
      <span class="links">
        <a href={`/messages?key=${encodeURIComponent(id)}`} aria-label={t("key.messagesOf", { name })}>
          {t("nav.messages")}
        </a>
        <a href={filterPath({ actor: `key:${id}` })} aria-label={t("key.auditOf", { name })}>
          {t("key.audit")}
        </a>
      </span>
    ),
  },
  {
    label: t("key.revoke"),
    isActions: true,
    cell: (apiKey) => (
      <button
        type="button"
        class="button small danger"
        aria-label={t("key.revokeNamed", { name: apiKey.name })}
        onClick={() => onRevoke(apiKey)}
      >
        {t("key.revoke")}
      </button>
    ),
  },
];

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
  const ask = (apiKey: ApiKey) => {
    revoke.clear();
    setRevoking(apiKey);
  };
  return (
    <>
      <div class="card">
        <Sheet label={t("key.title")} columns={columnsWith(nameOf, ask)} items={items} keyOf={({ id }) => id} />
      </div>
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
