import { useState } from "preact/hooks";
import type { ApiKey, Listing } from "../../api/types.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { type RemoteHandle, useRemote } from "../../state/remote.ts";
import { useServerNames } from "../../state/server-names.ts";
import { Card } from "../../widgets/card.tsx";
import { Confirm } from "../../widgets/confirm.tsx";
import { CopyButton } from "../../widgets/copy-button.tsx";
import { Notice } from "../../widgets/notice.tsx";
import { RemoteView } from "../../widgets/remote-view.tsx";
import { Ago, When } from "../../widgets/time.tsx";
import { KeyForm, type MadeKey } from "./key-form.tsx";
import { SendExample } from "./send-example.tsx";
import { SmtpValues } from "./smtp-values.tsx";

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

const KeyList = ({
  items,
  handle,
}: {
  readonly items: readonly ApiKey[];
  readonly handle: RemoteHandle<Listing<ApiKey>>;
}) => {
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
      {items.length === 0 ? (
        <p class="hint">{t("key.none")}</p>
      ) : (
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
      )}
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

/** The keys of programs. A new key is shown once and stored nowhere, not even on this page once it is left. */
export const KeysCard = () => {
  const keys = useRemote("keys", (signal) => api.keys.list(signal), { everyMs: 15_000 });
  const [made, setMade] = useState<MadeKey | null>(null);
  return (
    <Card title={t("key.title")} id="keys">
      <p class="hint">{t("key.text")}</p>
      <SendExample />
      <RemoteView handle={keys}>{({ items }) => <KeyList items={items} handle={keys} />}</RemoteView>
      {made !== null && (
        <Notice
          tone="good"
          title={t("key.made")}
          actions={
            <button type="button" class="button small" onClick={() => setMade(null)}>
              {t("key.hide")}
            </button>
          }
        >
          <p>{t("key.madeText")}</p>
          <p class="copy-row">
            <code>{made.key}</code>
            <CopyButton text={made.key} />
          </p>
          {made.permissions.includes("send") && <SmtpValues />}
        </Notice>
      )}
      <KeyForm
        onMade={(key) => {
          setMade(key);
          void keys.reload();
        }}
      />
    </Card>
  );
};
