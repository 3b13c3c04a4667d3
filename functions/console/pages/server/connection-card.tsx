import type { MailServer } from "../../api/types.ts";
import { problemText } from "../../i18n/problem-text.ts";
import { useClientSaved } from "../../state/google-client.ts";
import { language, t } from "../../state/language.ts";
import { ConnectionBadge } from "../../widgets/badge.tsx";
import { Card } from "../../widgets/card.tsx";
import { Notice } from "../../widgets/notice.tsx";
import { Ago, When } from "../../widgets/time.tsx";
import { ConnectLink } from "./connect-link.tsx";
import { connectOffer } from "./connect-offer.ts";
import { ConnectionTest } from "./connection-test.tsx";
import { hasAccess } from "./needing-attention.ts";

const ReasonNotice = ({ server: { connection } }: { readonly server: MailServer }) => {
  if (connection.reason === null) return null;
  const { title, advice } = problemText(connection.reason, language.value);
  const tone = connection.state === "not_connected" ? "info" : hasAccess(connection) ? "warn" : "bad";
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
  /** A problem that the page tells of already, with the link to connect. */
  readonly told: string | null;
  readonly onTested: () => Promise<void>;
}

export const ConnectionCard = ({ server, told, onTested }: Props) => {
  const { state, reason } = server.connection;
  const connected = state !== "not_connected";
  const isPrimary = server.active && connectOffer(server.connection) !== null;
  const link = told === null && (
    <ConnectLink
      server={server}
      class={isPrimary ? "button primary" : "button"}
      label={connected ? t("connect.again") : t("connect.first")}
    />
  );
  return (
    <Card title={t("connection.title")} actions={<ConnectionBadge state={state} />}>
      {told !== reason && <ReasonNotice server={server} />}
      {connected ? <Facts server={server} /> : <HowToConnect server={server} />}
      {connected ? (
        <ConnectionTest server={server} onTested={onTested}>
          {link}
        </ConnectionTest>
      ) : (
        link && <div class="actions">{link}</div>
      )}
    </Card>
  );
};
