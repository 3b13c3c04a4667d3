import { useState } from "preact/hooks";
import type { Disconnected, MailServer } from "../../api/types.ts";
import { problemText } from "../../i18n/problem-text.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { useClientSaved } from "../../state/google-client.ts";
import { language, t } from "../../state/language.ts";
import { ConnectionBadge } from "../../widgets/badge.tsx";
import { Card } from "../../widgets/card.tsx";
import { Confirm } from "../../widgets/confirm.tsx";
import { Notice } from "../../widgets/notice.tsx";
import { Ago, When } from "../../widgets/time.tsx";
import { ConnectLink } from "./connect-link.tsx";

const ReasonNotice = ({ server: { connection } }: { readonly server: MailServer }) => {
  if (connection.reason === null) return null;
  const { title, advice } = problemText(connection.reason, language.value);
  const canSend = connection.state === "valid" || connection.state === "expiring";
  const tone = connection.state === "not_connected" ? "info" : canSend ? "warn" : "bad";
  return (
    <Notice tone={tone} title={title} live={false}>
      <p>{advice}</p>
    </Notice>
  );
};

const Facts = ({ server: { connection } }: { readonly server: MailServer }) => (
  <dl class="facts">
    {connection.email !== null && (
      <div>
        <dt>{t("connection.account")}</dt>
        <dd>{connection.email}</dd>
      </div>
    )}
    {connection.connectedAt !== null && (
      <div>
        <dt>{t("connection.since")}</dt>
        <dd>
          <When iso={connection.connectedAt} />
        </dd>
      </div>
    )}
    {connection.lastVerifiedAt !== null && (
      <div>
        <dt>{t("connection.verifiedAt")}</dt>
        <dd>
          <Ago iso={connection.lastVerifiedAt} />
        </dd>
      </div>
    )}
    {connection.expiresAt !== null && (
      <div>
        <dt>{t("connection.expiresAt")}</dt>
        <dd>
          <When iso={connection.expiresAt} /> (<Ago iso={connection.expiresAt} />)
        </dd>
      </div>
    )}
  </dl>
);

const HowToConnect = ({ server }: { readonly server: MailServer }) => (
  <p>{useClientSaved() ? t("connection.notConnectedText", { username: server.username }) : t("connect.notReady")}</p>
);

interface Props {
  readonly server: MailServer;
  readonly onChanged: () => Promise<void>;
}

export const ConnectionCard = ({ server, onChanged }: Props) => {
  const [confirming, setConfirming] = useState(false);
  const [done, setDone] = useState<Disconnected | null>(null);
  const disconnect = useAction(() => api.servers.disconnect(server.id));
  const connected = server.connection.state !== "not_connected";
  const confirm = async () => {
    const result = await disconnect.run();
    if (!result?.ok) return;
    setDone(result.value);
    setConfirming(false);
    await onChanged();
  };
  return (
    <Card title={t("connection.title")} actions={<ConnectionBadge state={server.connection.state} />}>
      {done && !connected ? (
        <Notice tone="good" title={t("disconnect.done")}>
          <p>{done.revoked ? t("disconnect.revoked") : t("disconnect.shared", { count: done.sharedWith.length })}</p>
        </Notice>
      ) : (
        <ReasonNotice server={server} />
      )}
      {connected ? <Facts server={server} /> : <HowToConnect server={server} />}
      <div class="actions">
        <ConnectLink
          server={server}
          class={server.connection.state === "valid" ? "button" : "button primary"}
          label={connected ? t("connect.again") : t("connect.first")}
        />
        {connected && (
          <button
            type="button"
            class="button danger"
            onClick={() => {
              disconnect.clear();
              setConfirming(true);
            }}
          >
            {t("disconnect.action")}
          </button>
        )}
      </div>
      <Confirm
        open={confirming}
        title={t("disconnect.title")}
        confirmLabel={t("disconnect.action")}
        danger
        busy={disconnect.busy}
        failure={disconnect.failure}
        onConfirm={() => void confirm()}
        onClose={() => setConfirming(false)}
      >
        <p>{t("disconnect.text")}</p>
        <p>{t("disconnect.sharedClient")}</p>
      </Confirm>
    </Card>
  );
};
